"""Masks and values from which the seeded errors are composed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from relapse_risk.seeded_errors.array_types import Bools
from relapse_risk.seeded_errors.seeding import Tables

__all__ = [
    "INCOMES",
    "NEWEST",
    "active",
    "age",
    "day",
    "earlier",
    "fixed",
    "living",
    "monitored",
    "newest",
    "of_household",
    "per_head",
    "true",
    "unmonitored",
]

NEWEST = "2020-12"
INCOMES = ("wage_income", "business_gross", "property_income", "transfer_income")


def true(values: pd.Series) -> Bools:
    """Where the answer is yes; unknown is no."""
    return values.fillna(False).to_numpy(dtype=bool)


def per_head(t: Tables) -> pd.Series:
    """Net income per head of 2020 of each household row."""
    income = t["income"][t["income"]["period_end"] == NEWEST].set_index("household_id")
    net = income[list(INCOMES)].sum(axis=1) - income["business_cost"]
    return t["household"]["household_id"].map(net) / t["household"]["household_size"].astype("float64")


def monitored(t: Tables) -> Bools:
    """Households on the monitoring list, eliminated or not."""
    return true(t["household"]["monitor_type"] != "none")


def active(t: Tables) -> Bools:
    """Monitored households whose risk is not eliminated."""
    return monitored(t) & ~true(t["household"]["risk_eliminated"])


def unmonitored(t: Tables) -> Bools:
    """Households that enjoy policies and are not monitored."""
    return ~monitored(t) & true(t["household"]["policy_enjoying"])


def of_household(t: Tables, name: str, mask: Bools) -> Bools:
    """A household mask carried to the rows of another table."""
    keys = t["household"].loc[mask, "household_id"]
    return true(t[name]["household_id"].isin(keys))


def age(t: Tables) -> np.ndarray:
    """Whole years at the end of 2020, by person."""
    return (2021 - t["person"]["birth_date"].dt.year - 1).to_numpy(dtype=float)


def living(t: Tables) -> Bools:
    """Persons not recorded as deceased."""
    return t["person"]["deceased_on"].isna().to_numpy()


def newest(t: Tables) -> Bools:
    """Income rows of the newest period, of households that are shown."""
    shown = t["income"]["household_id"].isin(t["household"]["household_id"])
    return true((t["income"]["period_end"] == NEWEST) & shown)


def fixed(value: object) -> Callable[[pd.DataFrame, Tables], object]:
    """The same value on every row."""
    return lambda rows, t: [value] * len(rows)


def day(value: str) -> Callable[[pd.DataFrame, Tables], object]:
    """The same day on every row."""
    return lambda rows, t: pd.Series([value] * len(rows)).astype("datetime64[s]").to_numpy()


def earlier(column: str, days: int) -> Callable[[pd.DataFrame, Tables], object]:
    """The value of the row, moved back by so many days."""
    return lambda rows, t: (rows[column] - pd.Timedelta(days=days)).to_numpy()
