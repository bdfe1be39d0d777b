"""Section 6: who gets the yield of the assets, who waits for it, and whose hands the assets are in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.exhibits import Columns, Curve, Exhibit, Section, nearest, single
from relapse_risk.measures import Bins, FactColumn, FactTable, Fraction, Indicator
from relapse_risk.poverty import gini, lorenz_curve

__all__ = ["EXHIBITS", "INDICATORS", "SECTION", "TABLES"]

SECTION = Section(6, place=4)
C = FactColumn
CURVE_STEPS = 10
OF_MEDIAN = Bins((0.0, 0.5, 0.8, 1.25, 2.0, np.inf), ("<0.5×", "0.5–0.8×", "0.8–1.25×", "1.25–2×", "≥2×"))
SHARED = Bins(
    (-np.inf, 0.0, 0.25, 0.5, 0.75, 1.0, np.inf), ("0%", "0–25%", "25–50%", "50–75%", "75–100%", ">100%"), right=True
)
MOST_OPERATORS = 5


def _paid_by_person(data: CountyData) -> pd.Series:
    """What each person was paid by the data date of each year's dividends; 0 where it was decided and not paid."""
    rows = up_to_year(data)
    paid = rows["amount"].where((rows["paid_on"] <= pd.Timestamp(data.day)).fillna(False), 0.0)
    return paid.groupby([rows["year"], rows["person_id"]]).sum()


def dividends(data: CountyData) -> pd.DataFrame:
    """Dividends by year: persons due one, amount paid, amount per person due; Gini coefficient among those who got any."""
    grouped = _paid_by_person(data).groupby("year")
    frame = pd.DataFrame({"persons": grouped.size(), "amount": grouped.sum()})
    frame["gini"] = grouped.apply(lambda s: float(gini(s[s > 0].to_numpy())) if (s > 0).sum() > 1 else np.nan)
    return frame.reset_index(names="year").assign(year=lambda f: f["year"].astype(str)).tail(5)


def _of_this_year(data: CountyData) -> pd.Series:
    """What those who got any got this year."""
    paid = _paid_by_person(data)
    return paid[(paid.index.get_level_values("year") == int(data.year)) & (paid > 0)]


def dividend_curve(data: CountyData) -> pd.DataFrame:
    """Lorenz curve of this year's dividends among those who got any."""
    mine = _of_this_year(data)
    if len(mine) < 2 or mine.sum() <= 0:
        return pd.DataFrame()
    return lorenz_curve(mine.to_numpy(), points=CURVE_STEPS).frame.rename(columns={"share": "dividends"})


def dividend_outliers(data: CountyData) -> pd.DataFrame:
    """Persons by this year's dividend over the median: the far ends are where to look."""
    mine = _of_this_year(data)
    if not len(mine) or mine.median() <= 0:
        return pd.DataFrame()
    return pd.DataFrame({"of_median": OF_MEDIAN.labels, "persons": OF_MEDIAN.counts(mine / mine.median())})


def _unpaid(data: CountyData) -> pd.DataFrame:
    """Dividends decided for a year up to this one that were not paid by the data date."""
    rows = up_to_year(data)
    return rows[~(rows["paid_on"] <= pd.Timestamp(data.day)).fillna(False).to_numpy(dtype=bool)]


def dividend_arrears(data: CountyData) -> pd.DataFrame:
    """By year: dividends decided, and those not paid yet, in money and persons."""
    rows = up_to_year(data)
    late = _unpaid(data).groupby("year").agg(arrears=("amount", "sum"), waiting=("person_id", "nunique"))
    frame = (
        rows.groupby("year").agg(due_amount=("amount", "sum"), persons=("person_id", "nunique")).join(late).fillna(0)
    )
    return frame.reset_index(names="year").assign(year=lambda f: f["year"].astype(str)).tail(5)


def yield_not_shared(data: CountyData) -> pd.DataFrame:
    """Assets that brought in something: yield of the year, shared out, kept; largest kept first."""
    asset = data.table("asset").dropna(subset=["annual_yield"])
    asset = asset[asset["annual_yield"] > 0]
    paid = data.table("dividend")
    shared = paid[(paid["year"] == int(data.year)).to_numpy(dtype=bool)].groupby("asset_id")["amount"].sum()
    rows = pd.DataFrame({"yielded": asset["annual_yield"].to_numpy()}, index=asset["asset_id"].to_numpy())
    rows["shared"] = shared.reindex(rows.index).fillna(0.0)
    band = SHARED.cut(rows["shared"] / rows["yielded"])
    frame = rows.groupby(band, observed=False).agg(
        assets=("yielded", "size"), yielded=("yielded", "sum"), shared=("shared", "sum")
    )
    return frame.reset_index(names="shared_part").assign(shared_part=lambda f: f["shared_part"].astype(str))


def operators(data: CountyData) -> pd.DataFrame:
    """The operators that hold most, by rank (names are withheld): assets, value, part of all, yield on the value of
    those whose yield is known.
    """
    asset = data.table("asset").dropna(subset=["operator_name"])
    both = asset["annual_yield"].notna() & asset["original_value"].notna()
    asset = asset.assign(yield_of=asset["original_value"].where(both), yielded=asset["annual_yield"].where(both))
    held = asset.groupby("operator_name").agg(
        assets=("asset_id", "size"), held_value=("original_value", "sum"), annual_yield=("yielded", "sum"),
        yield_of=("yield_of", "sum"),
    )  # fmt: skip
    held = held.sort_values("held_value", ascending=False, kind="stable").reset_index(drop=True)
    frame = held.head(MOST_OPERATORS).assign(total=float(held["held_value"].sum()))
    frame["operator"] = [str(place) for place in range(1, len(frame) + 1)]
    return frame


def _dividend_per_person(data: CountyData) -> Fraction:
    """What was paid of this year's dividends, over everybody who is due one."""
    paid = _paid_by_person(data)
    mine = paid[paid.index.get_level_values("year") == int(data.year)]
    return Fraction(float(mine.sum()), float(len(mine)))


def _arrears(data: CountyData) -> Fraction:
    """Money decided up to this year and not paid, over money decided."""
    rows = up_to_year(data)
    return Fraction(float(_unpaid(data)["amount"].sum()), float(rows["amount"].sum()))


def up_to_year(data: CountyData) -> pd.DataFrame:
    """Dividends of this year and before; one without an amount is not known and left out."""
    rows = data.table("dividend").dropna(subset=["amount"])
    return rows[(rows["year"] <= int(data.year)).fillna(False).to_numpy(dtype=bool)]


def _largest(data: CountyData) -> Fraction:
    """Asset value in the hands of the largest operator, of all that have one."""
    asset = data.table("asset").dropna(subset=["operator_name"])
    held = asset.groupby("operator_name")["original_value"].sum()
    return Fraction(float(held.max()) if len(held) else 0.0, float(held.sum()))


DIVIDEND, OPERATOR = ("dividend.paid_on",), ("asset.operator_name",)
TABLES = (
    FactTable("dividends", 6,
              (C("year", "text"), C("persons", "persons", counts="dividend_receivers.{year}.yes"), C("amount", "money_wan"),
               C("per_person", "money", of=("amount", "persons")), C("gini", "coefficient")),
              DIVIDEND, dividends, order="year"),
    FactTable("dividend_curve", 6, (C("population", "share"), C("dividends", "share")), DIVIDEND, dividend_curve,
              city="none"),
    FactTable("dividend_outliers", 6, (C("of_median", "bin"), C("persons", "persons", counts="dividend_receivers.yes")), DIVIDEND, dividend_outliers),
    FactTable("dividend_arrears", 6,
              (C("year", "text"), C("due_amount", "money_wan"), C("persons", "persons", counts="dividend_receivers.{year}.yes"),
               C("arrears", "money_wan"), C("waiting", "persons", counts="dividend_waiting.{year}.yes"), C("arrears_share", "share", of=("arrears", "due_amount"))),
              DIVIDEND, dividend_arrears, order="year"),
    FactTable("yield_not_shared", 6,
              (C("shared_part", "bin"), C("assets", "count"), C("yielded", "money_wan"), C("shared", "money_wan")),
              (*DIVIDEND, "asset.annual_yield"), yield_not_shared),
    FactTable("operators", 6,
              (C("operator", "text"), C("assets", "count"), C("held_value", "money_wan"),
               C("total", "money", hidden=True), C("value_share", "share", of=("held_value", "total")),
               C("annual_yield", "money", hidden=True), C("yield_of", "money", hidden=True),
               C("yield_realised", "share", of=("annual_yield", "yield_of"))),
              OPERATOR, operators, city="none"),
)  # fmt: skip
INDICATORS = (
    Indicator("dividend_per_person", 6, "money", "higher_better", DIVIDEND, _dividend_per_person,
              source="ART-DEZHOU", people=False, history=False),
    Indicator("dividends_in_arrears", 6, "share", "lower_better", ("dividend.paid_on",), _arrears, limit="zero_target",
              source="ART-DEZHOU", people=False, history=False),
    Indicator("largest_operator", 6, "share", "none", OPERATOR, _largest, people=False, history=False),
)  # fmt: skip
EXHIBITS = (
    Exhibit("dividend_curve", Curve("population", "dividends"), nearest("population", 0.5), half=True),
    Exhibit("dividend_outliers", Columns("of_median", ("persons",)), single("persons"), half=True),
)
