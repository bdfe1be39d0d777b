"""Completeness: of every table, county and month, whether it has been received, so that nothing late counts as not done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

from relapse_risk.errors import unknown
from relapse_risk.months import add_months
from relapse_risk.parameters import params_dir
from relapse_risk.register.register import Register
from relapse_risk.schema import table, tables
from relapse_risk.yaml_reading import check_model, read_yaml

__all__ = ["Cadence", "completeness", "read_expected", "waiting_for"]

Cadence = Literal["monthly", "quarterly", "yearly"]
FILE = "expected.yaml"
_MONTHS: Mapping[str, int] = {"monthly": 1, "quarterly": 3, "yearly": 12}


class _Expected(BaseModel):
    """How often each table is expected from every county."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    expected: dict[str, Cadence] = {}


def read_expected(folder: str | Path | None = None) -> dict[str, Cadence]:
    """Table to how often it is expected, from ``expected.yaml``; nothing where a parameter folder has none.

    Raises
    ------
    ParameterError
        For an unknown table, or a word that is no cadence.

    Examples
    --------
    >>> read_expected()["visit_record"]
    'monthly'
    """
    path = params_dir(folder) / FILE
    if not path.is_file():
        return {}
    found: dict[str, Cadence] = check_model(_Expected, read_yaml(path), FILE).expected
    for name in found:
        if name not in tables():
            raise unknown("table", name, tables(), f"{FILE}: expected")
    return found


def _sent(register: Register) -> tuple[dict[tuple[str, str], str], str]:
    """Last month delivered by table and county, and the last month written without a delivery (or nothing).

    What was written without a delivery (the demo, a programme of one's own) is received through that month.
    """
    rows = register.read_all("delivery", columns=["table_name", "county_code", "snapshot_month"])
    latest = rows.groupby(["table_name", "county_code"])["snapshot_month"].max()
    sent = {(str(key[0]), str(key[1])): str(month) for key, month in latest.items()}
    snapshots = {name for name, spec in tables().items() if spec.is_snapshot}
    delivered = set(rows.loc[rows["table_name"].isin(snapshots), "snapshot_month"])
    return sent, max((month for month in register.months if month not in delivered), default="")


def waiting_for(
    register: Register, month: str, expected: Mapping[str, Cadence], counties: tuple[str, ...] | None = None
) -> dict[tuple[str, str], str]:
    """Tables that are expected by ``month`` and not yet received: (table, county) to the last month received.

    Parameters
    ----------
    register : Register
    month : str
    expected : mapping of str to str
        :func:`read_expected`.
    counties : tuple of str, optional
        Only these.

    Returns
    -------
    dict
        Value ``""`` where nothing was ever received.  A table no county ever sent is not waited for: it is not collected.
    """
    sent, direct = _sent(register)
    found = {}
    for name, cadence in expected.items():
        if not register.has(name):
            continue
        due = _due(month, cadence)
        for county in counties or register.counties:
            last = max(sent.get((name, county), ""), direct)
            if last < due:
                found[name, county] = last
    return found


def _due(month: str, cadence: Cadence) -> str:
    """The last month that ends a period of ``cadence`` by ``month``.

    Examples
    --------
    >>> _due("2021-02", "monthly"), _due("2021-02", "quarterly"), _due("2021-02", "yearly"), _due("2021-03", "quarterly")
    ('2021-02', '2020-12', '2020-12', '2021-03')
    """
    every = _MONTHS[cadence]
    return add_months(month, -(int(month[5:]) % every))


def completeness(register: Register, month: str, expected: Mapping[str, Cadence]) -> pd.DataFrame:
    """Who has delivered what: one row per expected table, one column per county, for ``month``.

    Returns
    -------
    DataFrame
        Index: table.  ``complete``, ``received`` (in part, or not said), ``not yet received``, ``not collected``.
    """
    waiting = waiting_for(register, month, expected)
    rows = register.read("delivery", month) if register.has("delivery") else register.read_all("delivery")
    whole = {(str(r.table_name), str(r.county_code)) for r in rows[rows["complete"].eq(True)].itertuples()}

    def word(name: str, county: str) -> str:
        if not register.has(name):
            return "not collected"
        if (name, county) in waiting:
            return "not yet received"
        return "complete" if (name, county) in whole else "received"

    names = [table(name).name for name in ("household", "person", *expected)]
    matrix = {county: [word(name, county) for name in names] for county in register.counties}
    return pd.DataFrame(matrix, index=pd.Index(names, name="table"))
