"""Section 5: two no-worries, three guarantees and safe water.  One failing item fails all."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from relapse_risk.assessment.agreement import cohen_kappa, fleiss_kappa
from relapse_risk.assessment.county_data import CountyData, counted, hits, in_code_order, share
from relapse_risk.assessment.sections.baseline import TOWN_HOMES
from relapse_risk.exhibits import Action, Bars, Dots, Exhibit, Heat, Section, largest, smallest
from relapse_risk.measures import FactColumn, FactTable, Fraction, Indicator
from relapse_risk.poverty.deprivation import cutoff_of, deprived
from relapse_risk.poverty.deprivation_design import Deprivation, read_deprivation
from relapse_risk.predicates import holds
from relapse_risk.schema import code_list
from relapse_risk.text import has_text

__all__ = ["CRITERIA", "EXHIBITS", "INDICATORS", "SECTION", "STAGES", "TABLES", "failing_reasons", "layer_grades"]

SECTION = Section(5)
C = FactColumn
CRITERIA = ("food_clothes_ok", "education_ok", "medical_ok", "house_safe", "water_safe", "guarantees_ok")
INSURANCES = ("medical_insurance", "serious_illness_insurance", "pension_insurance")
STAGES = (
    "preschool",
    "primary",
    "junior",
    "senior",
    "vocational_secondary",
    "vocational_college",
    "bachelor",
    "special",
)
HOME_ITEMS = (
    "has_tv", "has_fan", "has_heating", "has_weatherproof_openings", "courtyard_clean", "indoor_clean",
    "personal_clean", "hard_path_to_door", "greened", "beautified", "sanitary_toilet",
)  # fmt: skip
THREE_AND_THREE = ("has_tv", "has_fan", "has_heating", "courtyard_clean", "indoor_clean", "personal_clean")


def guarantee_pass(data: CountyData) -> pd.DataFrame:
    """Households that pass each criterion, of those with an answer."""
    rows = []
    for name in CRITERIA:
        flags = data.now[name]
        checked, passed = int(flags.notna().sum()), hits(flags)
        rows.append(
            {"criterion": name, "checked": checked, "passed": passed, "failed": checked - passed,
             "unknown": int(flags.isna().sum())}
        )  # fmt: skip
    return pd.DataFrame(rows)


def failing_reasons(data: CountyData) -> dict[str, pd.Series]:
    """Per reason, which households fail a guarantee by it; null where unknown.

    The reasons are the indicators of the design of the guarantees (``params/indexes/deprivation/guarantees.yaml``), split
    by the categories of a code where an indicator says so (the grade of a dwelling).
    """
    return data.once("failing_reasons", lambda: _failing_reasons(data))


def _failing_reasons(data: CountyData) -> dict[str, pd.Series]:
    design = read_deprivation("guarantees", data.parameters.folder, data.setting.predicates)
    home = data.table("household").set_index("household_id").reindex(data.now["household_id"]).reset_index()
    frame = pd.concat([data.now, home[home.columns.difference(data.now.columns)]], axis=1)
    found: dict[str, pd.Series] = {}
    for item in design.indicators:
        cutoff = float("nan") if item.predicate else cutoff_of(item, data.setting)
        fails = deprived(frame, item, cutoff, f"{design.file}: {item.code}", data.setting)
        flags = pd.Series(pd.arrays.BooleanArray(fails == 1, np.isnan(fails)), index=frame.index)
        found |= {_reason(code, item): part for code, part in _apart(item, flags, frame).items()}
    return found


def _apart(item: Deprivation, flags: pd.Series, frame: pd.DataFrame) -> dict[str, pd.Series]:
    """The households an indicator fails, by the category of the code that splits it."""
    if not item.by:
        return {item.code: flags}
    failing = frame.loc[flags.fillna(False), item.by].dropna()
    return {f"{item.code}_{word.lower()}": flags & frame[item.by].eq(word) for word in sorted(failing.unique())}


def _reason(code: str, item: Deprivation) -> str:
    """The code of a reason that messages have words for; else the words of the design itself, ``zh|en``."""
    word = code.removeprefix(f"{item.code}_").upper() if item.by and code != item.code else ""
    more = f" {word}" if word else ""
    return code if has_text(f"value.reason.{code}") else f"{item.label.zh}{more}|{item.label.en}{more}"


def guarantee_reasons(data: CountyData) -> pd.DataFrame:
    """Households by what exactly fails; a household may fail by several."""
    tests = failing_reasons(data)
    frame = pd.DataFrame({"reason": list(tests), "households": [hits(flags) for flags in tests.values()]})
    return frame[frame["households"] > 0]


def failure_list(data: CountyData) -> pd.DataFrame:
    """Every failing household with its reason: the worklist."""
    parts = [
        data.now.loc[flags.fillna(False).to_numpy(dtype=bool), ["household_id", "village_code"]].assign(reason=reason)
        for reason, flags in failing_reasons(data).items()
    ]
    return pd.concat(parts).sort_values(["village_code", "household_id"])


def guarantee_by_town(data: CountyData) -> pd.DataFrame:
    """Pass rate of each criterion by town."""
    town = data.now["town_code"]
    flags = {f"{name}_n": data.now[name] for name in CRITERIA}
    known = {f"{name}_known": data.now[name].notna() for name in CRITERIA}
    return data.by_town(counted(flags | known, town).join(town.value_counts().rename("households")))


def dwelling_layers(data: CountyData) -> pd.DataFrame:
    """Dwellings checked, passed and graded dangerous by layer, and agreement of each layer with the city's review."""
    checks = data.table("dwelling_check")
    city = checks[checks["layer"] == "city_review"].set_index("household_id")["grade_found"]
    last = checks["household_id"].map(city)
    both = checks["grade_found"].notna() & last.notna()
    same = both & checks["grade_found"].eq(last).fillna(False).astype(bool)
    frame = counted(
        {"checked": checks["household_id"].notna(), "passed": checks["passed"],
         "dangerous": checks["grade_found"].isin(["C", "D"]), "compared": both, "same": same},
        checks["layer"],
    )  # fmt: skip
    return in_code_order(frame, code_list("check_layer").words, "layer")


def layer_grades(data: CountyData) -> pd.DataFrame:
    """Grade found by dwelling (rows) and layer (columns); computed once."""
    return data.once(
        "layer_grades",
        lambda: data.table("dwelling_check").pivot_table(
            index="household_id", columns="layer", values="grade_found", aggfunc="first"
        ),
    )


def layer_agreement(data: CountyData) -> pd.DataFrame:
    """Pairs of layers: dwellings both graded, share graded the same, Cohen's kappa; all layers: Fleiss' kappa."""
    grades = layer_grades(data)
    layers = [word for word in code_list("check_layer").words if word in grades]
    rows = []
    for one, other in combinations(layers, 2):
        both = grades[[one, other]].dropna()
        same = int((both[one] == both[other]).sum())
        rows.append(
            {"layer": one, "other_layer": other, "compared": len(both), "same": same,
             "kappa": cohen_kappa(both[one], both[other])}
        )  # fmt: skip
    whole = grades[layers].dropna()
    return pd.DataFrame(rows).assign(fleiss=fleiss_kappa(whole)) if rows else pd.DataFrame()


def layer_disagreements(data: CountyData) -> pd.DataFrame:
    """Dwellings whose layers do not agree, with the grade each found."""
    grades = layer_grades(data)
    grades = grades.reindex(columns=code_list("check_layer").words)
    split = grades[grades.nunique(axis=1) > 1].reset_index()
    return split.astype(dict.fromkeys(code_list("check_layer").words, "str"))


def insurance(data: CountyData) -> pd.DataFrame:
    """Persons with each insurance, of those with an answer."""
    rows = []
    for name in INSURANCES:
        flags = data.persons[name].dropna()
        if len(flags):
            rows.append({"insurance": name, "persons": len(flags), "insured": hits(flags),
                         "uninsured": len(flags) - hits(flags)})  # fmt: skip
    return pd.DataFrame(rows)


def schooling(data: CountyData) -> pd.DataFrame:
    """Pupils by stage, and drop-outs of compulsory-school age."""
    pupils = data.persons["student_stage"].value_counts()
    out = holds("out_of_compulsory_school", data.persons, data.setting)
    rows = [{"stage": stage, "persons": int(pupils.get(stage, 0))} for stage in STAGES]
    return pd.DataFrame([*rows, {"stage": "dropped_out", "persons": hits(out)}])


def homes(data: CountyData) -> pd.DataFrame:
    """Households with each item of the home checklists, of those with an answer."""
    home = data.table("household")
    items = [name for name in HOME_ITEMS if home[name].notna().any()]
    return pd.DataFrame(
        {
            "home_item": items, "checked": [int(home[name].notna().sum()) for name in items],
            "passed": [hits(home[name]) for name in items],
        }
    )  # fmt: skip


def _homes_complete(data: CountyData) -> Fraction:
    """All of three haves (television, fan, heating) and three cleans (courtyard, rooms, persons)."""
    home = data.table("household")
    whole = home[THREE_AND_THREE[0]]
    for name in THREE_AND_THREE[1:]:
        whole = whole & home[name]
    return share(whole)


def _agreement(data: CountyData) -> Fraction:
    """Dwellings on whose grade all layers agree."""
    checks = data.table("dwelling_check").dropna(subset=["grade_found"]).groupby("household_id")["grade_found"]
    several = checks.size() > 1
    return Fraction(float((checks.nunique()[several] == 1).sum()), float(several.sum()))


NEEDS = {
    "food_clothes_ok": ("household.staple_food_enough", "household.seasonal_clothes"),
    "education_ok": ("person.dropped_out",),
    "medical_ok": ("person.medical_insurance",),
    "house_safe": ("household.dwelling_grade",),
    "water_safe": ("household.water_quality_ok",),
    "guarantees_ok": ("household.dwelling_grade", "person.medical_insurance", "household.water_quality_ok"),
}


def _criterion(name: str) -> Indicator:
    return Indicator(
        name, 5, "share", "higher_better", NEEDS[name], lambda data: data.households(data.now[name]),
        limit="share_target", source="DEF-WATER" if name == "water_safe" else "DEF-3G",
        headline=name == "guarantees_ok",
    )  # fmt: skip


def _rate(name: str) -> tuple[FactColumn, ...]:
    return (
        C(f"{name}_n", "households", hidden=True, counts=f"{name}.yes"),
        C(f"{name}_known", "households", hidden=True, counts=f"{name}.known"),
        C(name, "share", of=(f"{name}_n", f"{name}_known")),
    )  # fmt: skip


BY_STAGE = {
    "preschool": "preschool.yes", "dropped_out": "dropped_out.yes", "*": "pupils_sponsored.known by stage={stage}",
}  # fmt: skip
HOUSE, CHECK = ("household.dwelling_grade",), ("dwelling_check",)
LAYERS = tuple(
    C(word, "code", "dwelling_grade") for word in ("county_self", "county_cross", "third_party", "city_review")
)
TABLES = (
    FactTable("guarantee_pass", 5,
              (C("criterion", "label", "indicator"), C("checked", "households", counts="{criterion}.known"),
               C("passed", "households", counts="{criterion}.yes"), C("failed", "households", counts="{criterion}.no"),
               C("share", "share", of=("passed", "checked"), limit="share_target"), C("unknown", "count")),
              HOUSE, guarantee_pass),
    FactTable("guarantee_reasons", 5, (C("reason", "label", "reason"), C("households", "households", counts="reason.{reason}.yes")),
              HOUSE, guarantee_reasons, order="-households"),
    FactTable("guarantee_by_town", 5,
              (C("town", "town"), TOWN_HOMES, *(column for name in CRITERIA for column in _rate(name))),
              (*HOUSE, "village.town_code"), guarantee_by_town, city="counties", order="guarantees_ok"),
    FactTable("dwelling_layers", 5,
              (C("layer", "code", "check_layer"), C("checked", "records", counts="checked_by.{layer}.yes"),
               C("passed", "records", counts="passed_by.{layer}.yes", within="checked"),
               C("dangerous", "records", counts="dangerous_by.{layer}.yes", within="checked"),
               C("compared", "count", hidden=True), C("same", "count", hidden=True),
               C("agreement", "share", of=("same", "compared"))), CHECK, dwelling_layers),
    FactTable("layer_agreement", 5,
              (C("layer", "code", "check_layer"), C("other_layer", "code", "check_layer"), C("compared", "count"),
               C("same", "count"), C("same_share", "share", of=("same", "compared")), C("kappa", "coefficient"),
               C("fleiss", "coefficient")), CHECK, layer_agreement),
    FactTable("insurance", 5,
              (C("insurance", "label", "insurance"), C("persons", "persons", counts="{insurance}.known"),
               C("insured", "persons", counts="{insurance}.yes"), C("uninsured", "persons", counts="{insurance}.no"), C("insured_share", "share", of=("insured", "persons"))),
              ("person.medical_insurance",), insurance),
    FactTable("schooling", 5, (C("stage", "label", "stage"), C("persons", "persons", counts=BY_STAGE)),
              ("person.student_stage", "person.dropped_out"), schooling),
    FactTable("homes", 5,
              (C("home_item", "label", "home_item"), C("checked", "households", counts="{home_item}.known"),
               C("passed", "households", counts="{home_item}.yes"), C("share", "share", of=("passed", "checked"))),
              ("household.courtyard_clean",), homes),
    FactTable("failure_list", 5,
              (C("household_id", "text"), C("village_code", "text"), C("reason", "label", "reason")),
              HOUSE, failure_list, city="none", restricted=True),
    FactTable("layer_disagreements", 5, (C("household_id", "text"), *LAYERS), CHECK, layer_disagreements, city="none",
              restricted=True),
)  # fmt: skip
INDICATORS = (
    *(_criterion(name) for name in CRITERIA),
    Indicator("insured_persons", 5, "share", "higher_better", ("person.medical_insurance",),
              lambda d: share(d.persons["medical_insurance"]), limit="share_target", source="DEF-3G",
              measure="medical_insurance"),
    Indicator("dropped_out", 5, "share", "lower_better", ("person.dropped_out",),
              lambda d: share(d.persons.loc[holds("of_compulsory_age", d.persons, d.setting).fillna(False), "dropped_out"]),
              limit="zero_target", source="DEF-3G"),
    Indicator("layers_agree", 5, "share", "higher_better", CHECK, _agreement, history=False, source="ART-DEZHOU",
              people=False),
    Indicator("homes_complete", 5, "share", "higher_better",
              tuple(f"household.{name}" for name in THREE_AND_THREE), _homes_complete, source="ART-DEZHOU"),
)  # fmt: skip
ACTIONS = (
    Action("dropped_out", "children", 1),
    *(Action(name, "households", 1, where=("guarantee_by_town", name)) for name in ("food_clothes_ok", "medical_ok", "house_safe", "water_safe")),
)  # fmt: skip
EXHIBITS = (
    Exhibit("guarantee_pass", Dots("criterion", "share"), smallest("share", "criterion", all_same=True)),
    Exhibit("guarantee_reasons", Bars("reason", "households"), largest("households", "reason")),
    Exhibit("guarantee_by_town", Heat("town"), smallest("guarantees_ok", "town", all_same=True)),
    Exhibit("homes", Bars("home_item", "share", whole=True), smallest("share", "home_item"), half=True),
)  # fmt: skip
