"""Section 5: the two home checklists, and where the four layers of dwelling checks contradict each other."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.county_data import CountyData, counted, hits
from relapse_risk.assessment.sections.baseline import TOWN_HOMES
from relapse_risk.assessment.sections.guarantees import layer_grades
from relapse_risk.exhibits import Bars, Exhibit, Section, smallest
from relapse_risk.measures import FactColumn, FactTable, Indicator

__all__ = ["CHECKLISTS", "EXHIBITS", "INDICATORS", "SECTION", "TABLES"]

SECTION = Section(5, place=2)
C = FactColumn
CLEAN = ("courtyard_clean", "indoor_clean", "personal_clean")
HAVE = ("has_tv", "has_fan", "has_heating")
# Three haves, three cleans (S20); one access, two greens, three cleans, four haves (S37; the fourth have is
# weatherproof openings, a reading of ours).
CHECKLISTS = {
    "three_three": (*HAVE, *CLEAN),
    "one_two_three_four": (
        "hard_path_to_door", "greened", "beautified", *CLEAN, *HAVE, "has_weatherproof_openings",
    ),
}  # fmt: skip
LAYERS = ("county_self", "county_cross", "third_party", "city_review")
SAFE = ("A", "B")


def _missing(data: CountyData, name: str) -> pd.DataFrame:
    """Of a checklist, how many items a household lacks, and how many nobody asked about."""
    items = data.table("household")[list(CHECKLISTS[name])]
    return pd.DataFrame({"lacks": items.eq(False).fillna(False).sum(axis=1), "unasked": items.isna().sum(axis=1)})


def _complete(data: CountyData, name: str) -> pd.Series:
    """Whether a household has every item of a checklist: no where one is lacking, whatever was not asked."""
    missing = _missing(data, name)
    whole = missing["lacks"].eq(0).astype("boolean")
    return whole.mask(missing["lacks"].eq(0) & missing["unasked"].gt(0))


def _one_short(data: CountyData, name: str) -> pd.Series:
    """Whether a household was asked about every item of a checklist and lacks one."""
    missing = _missing(data, name)
    return missing["lacks"].eq(1) & missing["unasked"].eq(0)


def home_checklists(data: CountyData) -> pd.DataFrame:
    """Households by checklist: every item in order, one item short, more; one lacking and others not asked: neither."""
    rows = []
    for name in CHECKLISTS:
        complete = _complete(data, name)
        if complete.notna().any():
            rows.append(
                {"checklist": name, "checked": hits(complete.notna()), "complete": hits(complete),
                 "one_short": hits(_one_short(data, name)), "more_short": hits(_missing(data, name)["lacks"].gt(1))}
            )  # fmt: skip
    return pd.DataFrame(rows)


def homes_by_town(data: CountyData) -> pd.DataFrame:
    """Households whose checklists are complete, by town, and the item most often lacking."""
    home = data.table("household")
    town = home["household_id"].map(data.town_of)
    flags = {f"{name}_n": _complete(data, name) for name in CHECKLISTS}
    flags |= {f"{name}_known": _complete(data, name).notna() for name in CHECKLISTS}
    inside = town.notna().to_numpy()
    frame = counted({name: values[inside] for name, values in flags.items()}, town[inside])
    return data.by_town(frame.join(town.value_counts().rename("households")))


def home_worklist(data: CountyData) -> pd.DataFrame:
    """Homes one item short, by the item: the quickest to put right."""
    home = data.table("household")
    short = _one_short(data, "one_two_three_four").to_numpy()
    items = CHECKLISTS["one_two_three_four"]
    lacking = {name: hits(home.loc[short, name].eq(False)) for name in items}
    return pd.DataFrame({"home_item": list(lacking), "households": list(lacking.values())})


def dwelling_disputes(data: CountyData) -> pd.DataFrame:
    """Dwellings by how the layers contradict each other; the last layer, the city's review, decides."""
    grades = layer_grades(data).reindex(columns=list(LAYERS))
    safe = grades.isin(SAFE).astype("boolean").mask(grades.isna())
    last, before = safe["city_review"], safe[list(LAYERS[:-1])]
    whole = grades.notna().all(axis=1)
    alike = grades.nunique(axis=1) == 1
    tests = {
        "all_alike": whole & alike,
        "danger_overlooked": last.eq(False) & before.eq(True).any(axis=1),
        "danger_not_confirmed": last.eq(True) & before.eq(False).any(axis=1),
        "grade_only": whole & ~alike & (safe.nunique(axis=1) == 1),
        "layer_missing": ~whole,
    }
    return pd.DataFrame({"dispute": list(tests), "dwellings": [hits(flags) for flags in tests.values()]})


MEASURES = {"three_three": "homes_complete", "one_two_three_four": "environment_complete"}


def _of(count: str) -> dict[str, str]:
    """``count`` of the measure of each checklist."""
    return {checklist: count.format(measure) for checklist, measure in MEASURES.items()}


NEEDS = tuple(f"household.{name}" for name in CHECKLISTS["one_two_three_four"])
TABLES = (
    FactTable("home_checklists", 5,
              (C("checklist", "label", "checklist"), C("checked", "households", counts=_of("{}.known")),
               C("complete", "households", counts=_of("{}.yes")),
               C("one_short", "households", counts=_of("{}.no by short=one")),
               C("more_short", "households", counts=_of("{}.no by short=more")), C("share", "share", of=("complete", "checked"))),
              ("household.courtyard_clean",), home_checklists),
    FactTable("home_worklist", 5, (C("home_item", "label", "home_item"),
               C("households", "households", counts="environment_complete.no by short=one")), NEEDS,
              home_worklist, order="-households"),
    FactTable("homes_by_town", 5,
              (C("town", "town"), TOWN_HOMES,
               *(column for name, measure in MEASURES.items() for column in (
                   C(f"{name}_n", "households", hidden=True, counts=f"{measure}.yes"),
                   C(f"{name}_known", "households", hidden=True, counts=f"{measure}.known"),
                   C(name, "share", of=(f"{name}_n", f"{name}_known"))))),
              (*NEEDS, "village.town_code"), homes_by_town, city="counties", order="one_two_three_four"),
    FactTable("dwelling_disputes", 5, (C("dispute", "label", "dispute"), C("dwellings", "records", counts="dwelling_dispute.{dispute}.yes")), ("dwelling_check",),
              dwelling_disputes),
)  # fmt: skip
INDICATORS = (
    Indicator("environment_complete", 5, "share", "higher_better", NEEDS,
              lambda d: d.households(_by_home(d)), source="ART-QIHE"),
)  # fmt: skip


def _by_home(data: CountyData) -> pd.Series:
    """Whether the one-two-three-four checklist is complete, by row of the county's households."""
    whole = _complete(data, "one_two_three_four")
    found = pd.Series(whole.to_numpy(), index=data.table("household")["household_id"].to_numpy())
    return pd.Series(found.reindex(data.now["household_id"]).to_numpy(), index=data.now.index, dtype="boolean")


EXHIBITS = (
    Exhibit("homes_by_town", Bars("town", "one_two_three_four", in_order=True), smallest("one_two_three_four", "town"),
            half=True),
)  # fmt: skip
