"""Section 6: what other offices' data says of registered households; conflicts to look into, never an exclusion."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.county_data import CountyData, hits
from relapse_risk.exhibits import Section
from relapse_risk.measures import FactColumn, FactTable

__all__ = ["SECTION", "TABLES", "in_conflict"]

SECTION = Section(6, place=5)
C = FactColumn
# The column that was cross-checked, and what it is called in a conflict.
CHECKED = {
    "vehicle": "vehicle_count", "second_dwelling": "second_dwelling", "business": "business_registration",
    "public_payroll": "public_payroll_member", "financial_assets": "financial_assets",
}  # fmt: skip
RELIEF = ("dibao", "tekun")


def _conflicts(data: CountyData) -> dict[str, tuple[pd.Series, pd.Series]]:
    """By conflict: which households have it, and the evidence (number found); only what was collected."""
    home = data.table("household")
    cap = home["household_size"].astype("float64") * data.limit("asset_cap_per_person")
    found = {}
    for name, column in CHECKED.items():
        value = home[column].astype("Float64")
        if value.notna().any():
            flags = (value > (cap if name == "financial_assets" else 0)).astype("boolean").mask(value.isna())
            found[name] = (flags, value.astype("float64"))
    return found


def in_conflict(data: CountyData) -> pd.Index:
    """Households with any conflict."""
    found = [flags.fillna(False).to_numpy(dtype=bool) for flags, _ in _conflicts(data).values()]
    home = pd.Index(data.table("household")["household_id"])
    return home[np.logical_or.reduce(found)] if found else home[:0]


def cross_check(data: CountyData) -> pd.DataFrame:
    """Households checked, in conflict, of those on dibao or tekun, and with two conflicts or more."""
    found = _conflicts(data)
    if not found:
        return pd.DataFrame()
    poor = data.table("household")["relief_status"].isin(RELIEF)
    several = sum(flags.fillna(False).astype(int) for flags, _ in found.values()) > 1
    return pd.DataFrame(
        {
            "conflict": list(found),
            "checked": [int(flags.notna().sum()) for flags, _ in found.values()],
            "households": [hits(flags) for flags, _ in found.values()],
            "on_relief": [hits(flags & poor) for flags, _ in found.values()],
            "several": [hits(flags & several) for flags, _ in found.values()],
        }
    )


def conflict_list(data: CountyData) -> pd.DataFrame:
    """Every conflict with its evidence and what the household is registered as; most conflicts first."""
    home = data.table("household").reset_index(drop=True)
    parts = [
        home[["household_id", "village_code", "household_class", "relief_status"]].assign(
            conflict=name, evidence=value
        )[flags.fillna(False).to_numpy(dtype=bool)]
        for name, (flags, value) in _conflicts(data).items()
    ]
    rows = pd.concat(parts) if parts else pd.DataFrame(columns=["household_id"])
    if rows.empty:
        return pd.DataFrame()
    count = rows.groupby("household_id")["conflict"].transform("size")
    return rows.assign(n=-count).sort_values(["n", "village_code", "household_id"])


CROSS = ("household.vehicle_count",)
TABLES = (
    FactTable("cross_check", 6,
              (C("conflict", "label", "conflict"), C("checked", "households", counts="conflict.{conflict}.known"),
               C("households", "households", counts="conflict.{conflict}.yes"),
               C("on_relief", "households", counts="conflict.{conflict}.on_relief.yes", within="households"),
               C("several", "households", counts="conflict.{conflict}.several.yes", within="households")),
              CROSS, cross_check),
    FactTable("conflict_list", 6,
              (C("household_id", "text"), C("village_code", "text"),
               C("household_class", "code", "household_class", descriptive=True),
               C("relief_status", "code", "relief_status", descriptive=True),
               C("conflict", "label", "conflict"), C("evidence", "count")),
              CROSS, conflict_list, city="none", restricted=True),
)  # fmt: skip
