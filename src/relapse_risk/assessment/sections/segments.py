"""Section 2: the groups a county must look after: where they live, what they lack, and how they moved in a year."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.county_data import CountyData, counted, hits
from relapse_risk.assessment.sections.baseline import TOWN_HOMES, segment_flags
from relapse_risk.exhibits import Section
from relapse_risk.measures import FactColumn, FactTable

__all__ = ["SECTION", "SEGMENTS", "TABLES"]

SECTION = Section(2, place=2)
C = FactColumn
SEGMENTS = (
    "elderly_only", "serious_illness", "severe_disability", "children", "single_parent", "no_labour",
    "zero_employment", "without_care",
)  # fmt: skip


def _inside(data: CountyData) -> dict[str, pd.Series]:
    """Which households belong to each group, as plain truth values."""
    return data.once(
        "segments", lambda: {name: f.fillna(False).astype(bool) for name, f in segment_flags(data).items()}
    )


def segment_towns(data: CountyData) -> pd.DataFrame:
    """Households of each group by town."""
    flags = {name: _inside(data)[name] for name in SEGMENTS}
    town = data.now["town_code"]
    return data.by_town(counted(flags, town).join(town.value_counts().rename("households")))


def segment_lacks(data: CountyData) -> pd.DataFrame:
    """What the households of each group lack: guarantees, help within a year, an officer."""
    now = data.now
    lacks = {
        "no_food_clothes": now["food_clothes_ok"].eq(False), "no_schooling": now["education_ok"].eq(False),
        "not_insured": now["medical_ok"].eq(False), "unsafe_house": now["house_safe"].eq(False),
        "unsafe_water": now["water_safe"].eq(False), "no_aid": now["aid_received_12m"].eq(0),
        "no_officer": now["responsible_cadre_id"].isna(),
    }  # fmt: skip
    rows = []
    for name, inside in _inside(data).items():
        if inside.any():
            counts = {lack: hits(flags & inside) for lack, flags in lacks.items()}
            rows.append({"segment": name, "households": int(inside.sum()), **counts})
    return pd.DataFrame(rows)


def segment_moves(data: CountyData) -> pd.DataFrame:
    """Each group a year ago and now: stayed, left the group, left the register, joined it, and income of who stayed."""
    if data.earlier is None:
        return pd.DataFrame()
    now = data.now.set_index("household_id")
    before = data.before.set_index("household_id")
    here = before.index.isin(now.index)
    rows = []
    for name, flags in _inside(data).items():
        then = _inside(data.earlier)[name]
        was, is_in = before.index[then.to_numpy()], now.index[flags.to_numpy()]
        stayed = was.intersection(is_in)
        gone = int((then.to_numpy() & ~here).sum())
        earned = now.loc[stayed, "net_income"].astype("float64"), before.loc[stayed, "net_income"].astype("float64")
        both = earned[0].notna() & earned[1].notna()
        if len(was) or len(is_in):
            rows.append(
                {"segment": name, "before": len(was), "stayed": len(stayed), "left_group": len(was) - len(stayed) - gone,
                 "left_register": gone, "joined": len(is_in) - len(stayed), "households": len(is_in),
                 "income_now": float(earned[0][both].sum()), "income_before": float(earned[1][both].sum())}
            )  # fmt: skip
    frame = pd.DataFrame(rows)
    return frame.assign(income_gain=frame["income_now"] - frame["income_before"]) if rows else frame


LACKS = ("no_food_clothes", "no_schooling", "not_insured", "unsafe_house", "unsafe_water", "no_aid")
MOVES = ("stayed", "left_group", "left_register", "joined")
GROUP = C("households", "households", counts="segment.{segment}.yes")
TABLES = (
    FactTable("segment_towns", 2,
              (C("town", "town"), TOWN_HOMES, *(C(name, "households", counts=f"segment.{name}.yes", within="households") for name in SEGMENTS)),
              ("person.birth_date", "village.town_code"), segment_towns, city="counties", order="-households"),
    FactTable("segment_lacks", 2,
              (C("segment", "label", "segment"), GROUP,
               *(C(name, "households", counts=f"segment.{{segment}}.{name}.yes", within="households") for name in LACKS),
               C("no_officer", "count")),
              ("person.birth_date", "household.dwelling_grade"), segment_lacks),
    FactTable("segment_moves", 2,
              (C("segment", "label", "segment"),
               C("before", "households", counts="segment.{segment}.yes before"),
               *(C(name, "households", counts=f"segment.{{segment}}.{name}.yes") for name in MOVES), GROUP,
               *(C(name, "money", hidden=True, adds=True) for name in ("income_gain", "income_now", "income_before")),
               C("income_growth", "share", of=("income_gain", "income_before"))),
              ("person.birth_date",), segment_moves),
)  # fmt: skip
