"""Section 3, responsibility: who answers for each household, and whether they come."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.county_data import CountyData, counted, hits, in_code_order, up_to
from relapse_risk.assessment.sections.baseline import TOWN_HOMES
from relapse_risk.exhibits import Action, Columns, Dots, Exhibit, Section, largest, share_in, smallest
from relapse_risk.measures import Bins, FactColumn, FactTable, Fraction, Indicator
from relapse_risk.schema import code_list

__all__ = ["ACTIONS", "EXHIBITS", "INDICATORS", "SECTION", "TABLES", "visited_in_time"]

SECTION = Section(3)
C = FactColumn
DAYS = Bins((0, 8, 15, 32, 62, 93, 10_000), ("0–7", "8–14", "15–31", "32–61", "62–92", "93+"))
OVER_A_MONTH = 32  # days
NEVER = "无记录|no visit"
LOADS = Bins((1, 3, 6, 11, 21, 51, 1_000_000), ("1–2", "3–5", "6–10", "11–20", "21–50", "51+"))
ASKS = ("ask_medical", "ask_schooling", "ask_production", "ask_wage", "ask_aspiration", "ask_policy", "ask_difficulty")
LOOKS = ("look_food_clothes", "look_environment", "look_body", "look_house_water", "ask_satisfaction")
LOW_GRADE = 2  # of five


def _month_visits(data: CountyData) -> pd.DataFrame:
    visits = up_to(data.table("visit_record"), "visited_on", data.day)
    return visits[visits["visited_on"] >= pd.Timestamp(data.day).replace(day=1)]


def assignments(data: CountyData) -> pd.DataFrame:
    """Households with a named officer, by town."""
    named = data.now["responsible_cadre_id"].notna()
    grouped = named.groupby(data.now["town_code"])
    return data.by_town(pd.DataFrame({"households": grouped.size(), "with_officer": grouped.sum()}))


def assignment_matrix(data: CountyData) -> pd.DataFrame:
    """Officers by tier, their units, and the towns, villages and households they answer for.

    Town offices and village committees often bear one name in the register: each counts once per town or village.
    """
    rows = data.table("assignment")
    rows = rows.assign(unit=rows["unit_name"] + "|" + _place(data, rows))
    frame = rows.groupby("cadre_tier").agg(officers=("cadre_id", "nunique"), units=("unit", "nunique"))
    for kind in ("town", "village", "household"):
        mine = rows[rows["target_kind"] == kind]
        frame[f"{kind}s_covered"] = mine.groupby("cadre_tier")["target_id"].nunique()
    return in_code_order(frame.fillna(0), code_list("tier").words, "tier")


def _place(data: CountyData, rows: pd.DataFrame) -> pd.Series:
    """The town or village an officer of that tier answers for; empty for offices of the county."""
    kind, target, tier = rows["target_kind"], rows["target_id"], rows["cadre_tier"]
    village = target.map(data.now.set_index("household_id")["village_code"]).where(kind != "village", target)
    town = village.map(data.table("village").set_index("village_code")["town_code"]).where(kind != "town", target)
    return town.where(tier == "town", village.where(tier == "village", ""))


def officer_load(data: CountyData) -> pd.DataFrame:
    """Officers by the number of households they answer for."""
    load = data.now.groupby("responsible_cadre_id").size()
    return pd.DataFrame({"load": LOADS.labels, "officers": LOADS.counts(load)})


def visits_by_tier(data: CountyData) -> pd.DataFrame:
    """Visits of the month by tier of the visitor, and how many fell in the help week."""
    visits = _month_visits(data)
    frame = visits.groupby("visitor_tier").agg(
        visits=("visit_id", "size"), homes=("household_id", "nunique"), help_week=("in_help_week", hits)
    )
    return in_code_order(frame, code_list("tier").words, "tier")


def visits_due(data: CountyData) -> pd.DataFrame:
    """Households by how often they should be visited, and those visited in time."""
    in_time = visited_in_time(data).astype(int)
    weekly = data.now["weekly_class"].fillna(False).astype(bool)
    rows = [("weekly", weekly), ("monthly", ~weekly)]
    return pd.DataFrame(
        {
            "cadence": [name for name, _ in rows], "households": [int(flags.sum()) for _, flags in rows],
            "in_time": [int(in_time[flags].sum()) for _, flags in rows],
            "late": [int((1 - in_time)[flags].sum()) for _, flags in rows],
        }
    )  # fmt: skip


def visits_by_town(data: CountyData) -> pd.DataFrame:
    """Households visited as often as their class asks (weekly class within 7 days, others within 31), by town."""
    homes = data.now["town_code"].value_counts().rename("households")
    return data.by_town(homes.to_frame().join(counted({"in_time": visited_in_time(data)}, data.now["town_code"])))


def visited_in_time(data: CountyData) -> pd.Series:
    """Whether each household was visited within the interval of its class; never visited is late."""
    weekly = data.now["weekly_class"].fillna(False).to_numpy(dtype=bool)
    limit = np.where(weekly, data.limit("weekly_visit_days"), data.limit("monthly_visit_days"))
    days = data.now["days_since_visit"].astype("Float64").to_numpy(dtype=float, na_value=np.inf)
    return pd.Series(days <= limit, index=data.now.index)


def days_since_visit(data: CountyData) -> pd.DataFrame:
    """Households by days since the last visit; never visited apart."""
    days = data.now["days_since_visit"].astype("Float64").astype(float)
    return pd.DataFrame({"days": [*DAYS.labels, NEVER], "households": [*DAYS.counts(days), int(days.isna().sum())]})


def visit_asks(data: CountyData) -> pd.DataFrame:
    """The eight asks of this year's visits: asked, a problem found, solved on the spot."""
    visits = up_to(data.table("visit_record"), "visited_on", data.day)
    visits = visits[visits["visited_on"] >= pd.Timestamp(f"{data.year}-01-01")]
    rows = []
    for name in ASKS:
        counts = visits[name].value_counts()
        problem, solved = int(counts.get("problem", 0)), int(counts.get("solved", 0))
        asked = problem + solved + int(counts.get("no_problem", 0))
        rows.append({"ask": name, "asked": asked, "problem": problem + solved, "solved": solved})
    return pd.DataFrame(rows)


def visit_looks(data: CountyData) -> pd.DataFrame:
    """Grades 1-5 of the month's visits: the four looks and satisfaction; low means 1 or 2."""
    visits = _month_visits(data)
    known = {name: visits[name].dropna().astype(float) for name in LOOKS}
    return pd.DataFrame(
        {
            "look": LOOKS, "visits": [len(v) for v in known.values()], "sum": [v.sum() for v in known.values()],
            "low_grades": [int((v <= LOW_GRADE).sum()) for v in known.values()],
        }
    )  # fmt: skip


def _coverage(data: CountyData) -> Fraction:
    return data.households(data.now["responsible_cadre_id"].notna())


def _in_time(data: CountyData) -> Fraction:
    return data.households(visited_in_time(data))


def _help_week(data: CountyData) -> Fraction:
    visits = _month_visits(data)
    seen = visits.loc[visits["in_help_week"].fillna(False).to_numpy(dtype=bool), "household_id"]
    return data.households(data.now["household_id"].isin(seen))


def _villages_covered(data: CountyData) -> Fraction:
    rows = data.table("assignment")
    named = set(rows.loc[rows["target_kind"] == "village", "target_id"])
    village = data.table("village")["village_code"]
    return Fraction(float(village.isin(named).sum()), float(len(village)))


VISITS = ("visit_record",)
TABLES = (
    FactTable("assignments", 3,
              (C("town", "town"), TOWN_HOMES, C("with_officer", "count"),
               C("share", "share", of=("with_officer", "households"))),
              ("household.responsible_cadre_id",), assignments, city="counties", order="share"),
    FactTable("assignment_matrix", 3,
              (C("tier", "code", "tier"), C("officers", "count"), C("units", "count"), C("towns_covered", "count"),
               C("villages_covered", "count"), C("households_covered", "households", counts="covered_by_tier.{tier}.yes")), ("assignment",), assignment_matrix),
    FactTable("officer_load", 3, (C("load", "bin"), C("officers", "count")), ("household.responsible_cadre_id",),
              officer_load),
    FactTable("visits_by_tier", 3,
              (C("tier", "code", "tier"), C("visits", "count"), C("homes", "count"), C("help_week", "count")),
              VISITS, visits_by_tier),
    FactTable("visits_due", 3,
              (C("cadence", "label", "cadence"), C("households", "households", counts="households.yes"), C("in_time", "count", rests_on=("households",)),
               C("late", "count", rests_on=("households",)), C("share", "share", of=("in_time", "households"))),
              VISITS, visits_due),
    FactTable("visits_by_town", 3,
              (C("town", "town"), TOWN_HOMES, C("in_time", "count", rests_on=("households",)), C("share", "share", of=("in_time", "households"), limit="visit_target")),
              VISITS, visits_by_town, city="counties", order="share"),
    FactTable("days_since_visit", 3, (C("days", "bin"), C("households", "count")), VISITS, days_since_visit),
    FactTable("visit_asks", 3,
              (C("ask", "label", "ask"), C("asked", "records", counts="{ask}_problem.known"),
               C("problem", "records", counts="{ask}_problem.yes"), C("solved", "records", counts="{ask}_solved.yes"),
               C("problem_share", "share", of=("problem", "asked")), C("solved_share", "share", of=("solved", "problem"))),
              VISITS, visit_asks),
    FactTable("visit_looks", 3,
              (C("look", "label", "look"), C("visits", "records", counts="{look}_low.known"), C("sum", "number", hidden=True, adds=True),
               C("mean_grade", "coefficient", of=("sum", "visits")), C("low_grades", "records", counts="{look}_low.yes")),
              VISITS, visit_looks),
)  # fmt: skip
INDICATORS = (
    Indicator("officer_coverage", 3, "share", "higher_better", ("household.responsible_cadre_id",), _coverage,
              limit="completeness_target", source="ART-QIHE", people=False),
    Indicator("village_coverage", 3, "share", "higher_better", ("assignment",), _villages_covered,
              limit="completeness_target", source="ART-QIHE", history=False, people=False),
    Indicator("visited_in_time", 3, "share", "higher_better", VISITS, _in_time, limit="visit_target",
              source="ART-QIHE", headline=True, history=False, people=False),
    Indicator("help_week_visits", 3, "share", "higher_better", ("visit_record.in_help_week",), _help_week,
              source="ART-QIHE", history=False, people=False),
)  # fmt: skip
ACTIONS = (Action("visited_in_time", "households", 3, where=("visits_by_town", "share")),)
EXHIBITS = (
    Exhibit("officer_load", Columns("load", ("officers",)), largest("officers", "load"), half=True),
    Exhibit("visits_by_town", Dots("town", "share"), smallest("share", "town", all_same=True)),
    Exhibit("days_since_visit", Columns("days", ("households",), marks=(*DAYS.at_least(OVER_A_MONTH), NEVER)),
            share_in("days", DAYS.below(OVER_A_MONTH), "households"), half=True, edges={"days": str(OVER_A_MONTH - 1)}),
)  # fmt: skip
