"""What a project is worth: net present value, internal rate of return, payback, and how far they hold."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.assessment.county_data import CountyData, in_code_order
from relapse_risk.exhibits import Bars, Exhibit, Section, smallest
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.schema import code_list

__all__ = [
    "EXHIBITS",
    "INDICATORS",
    "SCENARIOS",
    "SECTION",
    "TABLES",
    "internal_rate",
    "payback_years",
    "present_value",
]

SECTION = Section(6, place=3)
C = FactColumn
Array = npt.NDArray[np.float64]
LOWEST, HIGHEST, HALVINGS = -0.99, 1.0, 60
# What may go wrong, one at a time: factor on the yield, points on the discount rate, years lost, factor on what is left.
SCENARIOS: Mapping[str, tuple[float, float, float, float]] = MappingProxyType(
    {
        "as_promised": (1.0, 0.0, 0.0, 1.0), "yield_less_20": (0.8, 0.0, 0.0, 1.0),
        "yield_less_40": (0.6, 0.0, 0.0, 1.0), "rate_plus_2": (1.0, 0.02, 0.0, 1.0),
        "two_years_lost": (1.0, 0.0, 2.0, 1.0), "nothing_left": (1.0, 0.0, 0.0, 0.0),
    }
)  # fmt: skip


def present_value(yearly: Array, term: Array, residual: Array, rate: Array | float) -> Array:
    """Net present value of one yuan invested.

    Parameters
    ----------
    yearly : array
        Yield a year, as a ratio to the fund, at the end of years 1 to ``term``.
    term : array
        Years.
    residual : array
        What is left at the end of the term, as a ratio to the fund.
    rate : float or array
        Discount rate a year.

    Returns
    -------
    array
        -1 + yearly x annuity(rate, term) + residual / (1 + rate)^term; the annuity is ``term`` at a rate of zero.

    Examples
    --------
    >>> round(float(present_value(np.array([0.1]), np.array([2.0]), np.array([1.0]), 0.05)[0]), 6)
    0.092971
    """
    r = np.broadcast_to(np.asarray(rate, dtype=np.float64), yearly.shape)
    discount = (1.0 + r) ** -term
    flat = np.abs(r) < 1e-12
    annuity = np.where(flat, term, (1.0 - discount) / np.where(flat, 1.0, r))
    return np.asarray(-1.0 + yearly * annuity + residual * discount)


def internal_rate(yearly: Array, term: Array, residual: Array) -> Array:
    """Discount rate at which the net present value is zero, by halving; NaN where there is none below 100 %.

    Where everything comes back at the end the rate is the yield itself.

    Examples
    --------
    >>> internal_rate(np.array([0.08]), np.array([5.0]), np.array([1.0])).round(6).tolist()
    [0.08]
    """
    low, high = np.full(yearly.shape, LOWEST), np.full(yearly.shape, HIGHEST)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = present_value(yearly, term, residual, middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    nothing = yearly * term + residual <= 0
    return np.where(nothing | (low > HIGHEST - 1e-9), np.nan, low)


def payback_years(yearly: Array, term: Array, residual: Array) -> Array:
    """Years until the yields have paid the fund back; the term where only what is left does; NaN where never.

    Examples
    --------
    >>> payback_years(np.array([0.25, 0.1, 0.1]), np.array([5.0, 5, 5]), np.array([0.0, 0.5, 0.4])).tolist()
    [4.0, 5.0, nan]
    """
    years = np.divide(1.0, yearly, out=np.full(yearly.shape, np.inf), where=yearly > 0)
    whole = yearly * term + residual >= 1 - 1e-12
    return np.where(years <= term, years, np.where(whole, term, np.nan))


def _appraised(data: CountyData) -> pd.DataFrame:
    """Projects whose promise is stated in full, with npv (CNY), irr and payback; computed once."""

    def compute() -> pd.DataFrame:
        project = data.table("project")
        stated = project[["fund_amount", "expected_yield_rate", "term_years", "residual_rate"]].notna().all(axis=1)
        rows = project[stated & (project["fund_amount"] > 0)].reset_index(drop=True)
        y, t, left = _promise(rows)
        rate = data.limit("discount_rate")
        return rows.assign(
            npv=rows["fund_amount"] * present_value(y, t, left, rate), irr=internal_rate(y, t, left),
            payback=payback_years(y, t, left),
        )  # fmt: skip

    return data.once("appraised", compute)


def _promise(rows: pd.DataFrame) -> tuple[Array, Array, Array]:
    names = ("expected_yield_rate", "term_years", "residual_rate")
    first, second, third = (rows[name].to_numpy(dtype=np.float64) for name in names)
    return first, second, third


def appraisals(data: CountyData) -> pd.DataFrame:
    """Projects by type: worth at the discount rate, return, payback, and the promise per household linked."""
    rows = _appraised(data)
    linked = rows[(rows["households_linked"] > 0).fillna(False).to_numpy(dtype=bool)]
    promised = linked["fund_amount"] * linked["expected_yield_rate"]
    frame = rows.groupby("project_type").agg(
        projects=("project_id", "size"), fund=("fund_amount", "sum"), npv=("npv", "sum"),
        worth=("npv", lambda values: int((values >= 0).sum())), irr=("irr", "median"), payback=("payback", "median"),
    )  # fmt: skip
    frame["promised"] = promised.groupby(linked["project_type"]).sum()
    frame["linked"] = linked.groupby("project_type")["households_linked"].sum().astype("float64")
    return in_code_order(frame, code_list("project_type").words, "project_type")


def appraisal_sensitivity(data: CountyData) -> pd.DataFrame:
    """The same projects if one thing goes worse than promised."""
    rows = _appraised(data)
    if rows.empty:
        return pd.DataFrame()
    y, t, left = _promise(rows)
    fund, rate = rows["fund_amount"].to_numpy(dtype=np.float64), data.limit("discount_rate")
    found = []
    for name, (factor, points, years, remains) in SCENARIOS.items():
        npv = fund * present_value(y * factor, np.maximum(t - years, 0.0), left * remains, rate + points)
        found.append({"scenario": name, "projects": len(rows), "npv": float(npv.sum()), "worth": int((npv >= 0).sum())})
    return pd.DataFrame(found)


def _worth(data: CountyData) -> Fraction:
    rows = _appraised(data)
    return Fraction(float((rows["npv"] >= 0).sum()), float(len(rows)))


def _benefit(data: CountyData) -> Fraction:
    """Yield promised a year over the households linked to it."""
    rows = _appraised(data)
    linked = rows[(rows["households_linked"] > 0).fillna(False).to_numpy(dtype=bool)]
    return Fraction(
        float((linked["fund_amount"] * linked["expected_yield_rate"]).sum()),
        float(linked["households_linked"].sum()),
    )


STATED = ("project.expected_yield_rate", "project.term_years", "project.residual_rate")
WORTH = (C("npv", "money_wan"), C("worth", "count"), C("worth_share", "share", of=("worth", "projects")))
TABLES = (
    FactTable("appraisals", 6,
              (C("project_type", "code", "project_type"), C("projects", "count"), C("fund", "money_wan"), *WORTH,
               C("irr", "share"), C("payback", "number"),
               C("promised", "money", hidden=True, adds=True), C("linked", "count", hidden=True),
               C("promised_per_household", "money", of=("promised", "linked"))),
              STATED, appraisals),
    FactTable("appraisal_sensitivity", 6, (C("scenario", "label", "scenario"), C("projects", "count"), *WORTH),
              STATED, appraisal_sensitivity),
)  # fmt: skip
INDICATORS = (
    Indicator("worth_it", 6, "share", "higher_better", STATED, _worth, source="ART-DEZHOU", history=False, people=False),
    Indicator("promised_per_household", 6, "money", "none", (*STATED, "project.households_linked"), _benefit,
              source="ART-DEZHOU", history=False, people=False),
)  # fmt: skip
EXHIBITS = (
    Exhibit("appraisal_sensitivity", Bars("scenario", "worth_share", whole=True, in_order=True),
            smallest("worth_share", "scenario"), half=True),
)  # fmt: skip
