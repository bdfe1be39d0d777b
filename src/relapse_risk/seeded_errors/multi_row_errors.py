"""Two seeded errors that change more than one cell: an identity number in two households, and help never recorded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from relapse_risk.seeded_errors.array_types import Bools
from relapse_risk.seeded_errors.seeding import KEY_COLUMNS, Tables, row_keys

__all__ = ["duplicate_numbers", "remove_measures"]


def duplicate_numbers(
    tables: Mapping[str, pd.DataFrame], used: set[str], count: int, rng: np.random.Generator
) -> tuple[Tables, pd.DataFrame]:
    """Give ``count`` monitored persons the number of someone in another monitored household (1_01_dup).

    Both rows are found; the copied number also disagrees with the birth date or sex of who got it.
    """
    identity, person = tables["identity"], tables["person"].set_index("person_id")
    household = tables["household"]
    free = household[(household["monitor_type"] != "none") & ~household["household_id"].isin(used)]["household_id"]
    heads = person[(person["relation_to_head"] == "head") & person["household_id"].isin(free)]
    chosen = rng.permutation(heads.index.to_numpy())[: 2 * count]
    takers, givers = chosen[::2][: len(chosen) // 2], chosen[1::2]
    number = identity.set_index("person_id")["id_number"]
    out = identity["id_number"].copy()
    position = pd.Series(np.arange(len(identity)), index=identity["person_id"])
    out.iloc[position[takers].to_numpy()] = number[givers].to_numpy()
    born = person.loc[takers, "birth_date"].to_numpy() != person.loc[givers, "birth_date"].to_numpy()
    sexes = person.loc[takers, "sex"].to_numpy() != person.loc[givers, "sex"].to_numpy()
    parts = [
        _rows("1_01_dup", takers, "seeded", takers, number, givers),
        _rows("1_01_dup", givers, "implied", takers, number, givers),
        _rows("id_two_households", takers, "implied", takers, number, givers),
        _rows("id_two_households", givers, "implied", takers, number, givers),
        _rows("id_birth_differs", takers[born], "implied", takers[born], number, givers[born]),
        _rows("id_sex_differs", takers[sexes], "implied", takers[sexes], number, givers[sexes]),
    ]
    return {**tables, "identity": identity.assign(id_number=out)}, pd.concat(parts, ignore_index=True)


def _rows(
    rule: str, found: np.ndarray, origin: str, changed: np.ndarray, number: pd.Series, givers: np.ndarray
) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "rule": rule,
            "table": "identity",
            "row_key": found,
            "column": "id_number",
            "origin": origin,
            "seeded": number[givers].to_numpy(),
            "original": number[changed].to_numpy(),
            "changed_table": "identity",
            "changed_row_key": changed,
            "changed_column": "id_number",
        }
    )
    return frame[list(KEY_COLUMNS)]


def remove_measures(
    tables: Mapping[str, pd.DataFrame], used: set[str], count: int, rng: np.random.Generator
) -> tuple[Tables, pd.DataFrame]:
    """Delete every aid record of a few monitored households.

    What remains is help that came late (1_12_001), or a risk eliminated by help nobody recorded (1_11_009).
    """
    household, aid = tables["household"], tables["assistance_record"]
    free = ~household["household_id"].isin(used)
    long_ago = household["monitor_identified_on"] < pd.Timestamp("2020-11-20")
    gone = household["risk_eliminated"].fillna(False).astype(bool)
    late = free & (household["monitor_type"] != "none") & ~gone & long_ago
    helped = free & gone & (household["risk_elimination_way"] == "help")
    parts, keys = [], []
    for rule, mask, column in (
        ("1_12_001", late, "monitor_identified_on"),
        ("1_11_009", helped, "risk_elimination_way"),
    ):
        rows = _some(mask.fillna(False).to_numpy(dtype=bool), count, rng)
        mine = household.iloc[rows]
        removed = aid["household_id"].isin(mine["household_id"]).groupby(aid["household_id"]).sum()
        keys.append(mine["household_id"])
        parts.append(
            pd.DataFrame(
                {
                    "rule": rule,
                    "table": "household",
                    "row_key": row_keys("household", mine).to_numpy(),
                    "column": column,
                    "origin": "seeded",
                    "seeded": "0 records",
                    "original": mine["household_id"].map(removed).astype("str").to_numpy() + " records",
                    "changed_table": "assistance_record",
                    "changed_row_key": "",
                    "changed_column": "",
                }
            )
        )
    kept = aid[~aid["household_id"].isin(pd.concat(keys))].reset_index(drop=True)
    return {**tables, "assistance_record": kept}, pd.concat(parts, ignore_index=True)[list(KEY_COLUMNS)]


def _some(mask: Bools, count: int, rng: np.random.Generator) -> np.ndarray:
    return np.sort(rng.permutation(np.flatnonzero(mask))[:count])
