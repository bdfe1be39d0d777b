"""Section 3, responsibility: who answers for each household, and whether they come."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.base import CountyData, FactColumn, FactTable, Fraction, Indicator, hits, share, up_to
from relapse_risk.assessment.baseline import by_town
from relapse_risk.schema import code_list

__all__ = ["INDICATORS", "TABLES"]

C = FactColumn
DAY_BINS = (0, 8, 15, 32, 62, 93, 10_000)
DAY_LABELS = ("0–7", "8–14", "15–31", "32–61", "62–92", "93+")


def _month_visits(data: CountyData) -> pd.DataFrame:
    visits = up_to(data.table("visit_record"), "visited_on", data.day)
    return visits[visits["visited_on"] >= pd.Timestamp(data.day).replace(day=1)]


def assignments(data: CountyData) -> pd.DataFrame:
    """Households with a named officer, by town."""
    named = data.now["responsible_cadre_id"].notna()
    grouped = named.groupby(data.now["town_code"])
    frame = pd.DataFrame({"households": grouped.size(), "with_officer": grouped.sum()})
    frame["share"] = frame["with_officer"] / frame["households"]
    return by_town(data, frame.sort_values("share"))


def visits_by_tier(data: CountyData) -> pd.DataFrame:
    """Visits of the month by tier of the visitor, and how many fell in the help week."""
    visits = _month_visits(data)
    frame = visits.groupby("visitor_tier").agg(
        visits=("visit_id", "size"), homes=("household_id", "nunique"), help_week=("in_help_week", hits)
    )
    order = [word for word in code_list("tier").words if word in frame.index]
    return frame.loc[order].reset_index(names="tier")


def visits_by_town(data: CountyData) -> pd.DataFrame:
    """Households visited as often as their class asks (weekly class within 7 days, others within 31), by town."""
    due = _visited_in_time(data)
    grouped = due.groupby(data.now["town_code"])
    frame = pd.DataFrame({"households": grouped.size(), "in_time": grouped.sum()})
    frame["share"] = frame["in_time"].astype(float) / frame["households"]
    return by_town(data, frame.sort_values("share"))


def _visited_in_time(data: CountyData) -> pd.Series:
    weekly = data.now["weekly_class"].fillna(False).to_numpy(dtype=bool)
    limit = pd.Series(data.limit("monthly_visit_days"), index=data.now.index).mask(
        weekly, data.limit("weekly_visit_days")
    )
    return (data.now["days_since_visit"].astype("Float64") <= limit).fillna(False)


def days_since_visit(data: CountyData) -> pd.DataFrame:
    """Households by days since the last visit; never visited apart."""
    days = data.now["days_since_visit"].astype("Float64").astype(float)
    band = pd.cut(days, DAY_BINS, right=False, labels=DAY_LABELS).value_counts().reindex(DAY_LABELS)
    never = pd.Series({"—": int(days.isna().sum())})
    counts = pd.concat([band, never]) if never.iloc[0] else band
    return pd.DataFrame({"days": counts.index.astype(str), "households": counts.to_numpy()})


def _coverage(data: CountyData) -> Fraction:
    return Fraction(float(data.now["responsible_cadre_id"].notna().sum()), float(len(data.now)))


def _in_time(data: CountyData) -> Fraction:
    return share(_visited_in_time(data))


def _help_week(data: CountyData) -> Fraction:
    visits = _month_visits(data)
    homes = visits.loc[visits["in_help_week"].fillna(False).to_numpy(dtype=bool), "household_id"].nunique()
    return Fraction(float(homes), float(len(data.now)))


TABLES = (
    FactTable("assignments", 3,
              (C("town", "town"), C("households", "households"), C("with_officer", "households"), C("share", "share")),
              ("household.responsible_cadre_id",), assignments),
    FactTable("visits_by_tier", 3,
              (C("tier", "code", "tier"), C("visits", "count"), C("homes", "households"), C("help_week", "count")),
              ("visit_record",), visits_by_tier),
    FactTable("visits_by_town", 3,
              (C("town", "town"), C("households", "households"), C("in_time", "households"), C("share", "share")),
              ("visit_record",), visits_by_town),
    FactTable("days_since_visit", 3, (C("days", "bin"), C("households", "households")), ("visit_record",),
              days_since_visit),
)  # fmt: skip
INDICATORS = (
    Indicator("officer_coverage", 3, "share", "higher_better", ("household.responsible_cadre_id",), _coverage,
              limit="share_target", source="ART-QIHE"),
    Indicator("visited_in_time", 3, "share", "higher_better", ("visit_record",), _in_time, limit="visit_target",
              source="ART-QIHE", headline=True),
    Indicator("help_week_visits", 3, "share", "higher_better", ("visit_record.in_help_week",), _help_week,
              source="ART-QIHE"),
)  # fmt: skip
