"""The demonstration's answer key, stored apart from the register: the seeded errors, and the true risk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.files import write_parquet, write_text
from relapse_risk.seeded_errors.multi_row_errors import duplicate_numbers, remove_measures
from relapse_risk.seeded_errors.rule_errors import SEEDED_ERRORS
from relapse_risk.seeded_errors.seeding import KEY_COLUMNS, Tables, row_keys, seed_cells

__all__ = ["errors_per_rule", "seed_errors", "write_answers"]

NEWEST = "2020-12"


def errors_per_rule(rate: float, rows: int) -> int:
    """Errors of each kind so that all kinds together are ``rate`` of ``rows``; at least one.

    Examples
    --------
    >>> errors_per_rule(0.003, 84_000) > 2
    True
    """
    return max(round(rate * rows / (len(SEEDED_ERRORS) + 3)), 1)


def seed_errors(
    tables: Mapping[str, pd.DataFrame], rate: float, line: float, rng: np.random.Generator
) -> tuple[Tables, pd.DataFrame]:
    """Seed errors of every kind at ``rate`` of the newest month's household and person rows; ``line``: poverty line.

    The key also lists, as ``genuine``, the households that are truly below the poverty line: rule s18 reports them
    although nothing is wrong with their rows.
    """
    count = errors_per_rule(rate, len(tables["household"]) + len(tables["person"]))
    state = seed_cells(tables, SEEDED_ERRORS, count, rng)
    seeded, numbers = duplicate_numbers(state.tables, state.used, count, rng)
    owner = tables["person"].set_index("person_id")["household_id"]
    used = state.used | set(owner.reindex(numbers["row_key"]).dropna())
    seeded, late = remove_measures(seeded, used, count, rng)
    key = pd.concat([*state.key, numbers, late], ignore_index=True)
    return seeded, pd.concat([key, _genuinely_poor(seeded, key, line)], ignore_index=True)


def _genuinely_poor(tables: Tables, key: pd.DataFrame, line: float) -> pd.DataFrame:
    household = tables["household"]
    income = tables["income"][tables["income"]["period_end"] == NEWEST].set_index("household_id")
    earned = income[["wage_income", "business_gross", "property_income", "transfer_income"]].sum(axis=1)
    head = household["household_id"].map(earned - income["business_cost"]) / household["household_size"].astype(float)
    keys = row_keys("household", household[head < line])
    keys = keys[~keys.isin(key.loc[key["rule"] == "s18", "row_key"])]
    blank = dict.fromkeys(KEY_COLUMNS, "")
    said = blank | {"rule": "s18", "table": "household", "column": "net_income_per_head", "origin": "genuine"}
    return pd.DataFrame({"row_key": keys.to_numpy()}).assign(**{k: v for k, v in said.items() if k != "row_key"})


def write_answers(folder: Path, key: pd.DataFrame, truth: pd.DataFrame) -> None:
    """Write ``seeded_errors.csv`` and ``true_risk.parquet``, each whole or not at all, for their owner only."""
    write_text(folder / "seeded_errors.csv", key.to_csv(index=False, lineterminator="\n"), restricted=True)
    data = pa.Table.from_pandas(truth, preserve_index=False).replace_schema_metadata(None)
    write_parquet(folder / "true_risk.parquet", data, [len(data)], restricted=True)
