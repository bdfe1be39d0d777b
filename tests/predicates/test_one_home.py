"""A definition changes in one file and every reader follows: a dwelling counts as safe only with grade A."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from tests.built_county_fixtures import BY_NAME, records

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.assessment.facts import _computed, county_data
from relapse_risk.assistance import entitlements, read_catalogue
from relapse_risk.assistance.reminders import reason_of
from relapse_risk.parameters import Parameters, params_dir, read_parameters, read_place
from relapse_risk.poverty import guarantee_test, read_deprivation
from relapse_risk.predicates import setting_on
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.register.quality import check_frames
from relapse_risk.register.rules import read_rules
from relapse_risk.relapse import eliminations, entry_types

DAY, PLACE = date(2020, 12, 31), read_place("dezhou")
SAFE = "when: [{column: dwelling_grade, in: [A, B]}]"
ONLY_A = SAFE.replace("[A, B]", "[A]")
HOMES = """
    household_id  village_code  household_size  monitor_type  monitor_identified_on  exit_year  dwelling_grade  policy_enjoying
    A             371425101001  1               none          -                      2018       A               yes
    B             371425101001  1               none          -                      2018       B               yes
    C             371425101001  1               edge          2020-05-01             2018       C               yes
    """
Reader = Callable[[Parameters, Path], list[str]]


def homes() -> pd.DataFrame:
    return records(HOMES).assign(
        snapshot_month="2020-12",
        household_class="lifted_policy",
        arable_mu=[0.5, 1.0, None],
        distance_to_road_km=[4.0, 3.0, None],
    )


def county(parameters: Parameters, folder: Path) -> CountyData:
    """The three households as a county of a register of its own."""
    path = folder / "register"
    if not path.exists():
        with RegisterWriter(path, place="dezhou") as writer:
            writer.put("household", homes(), month="2020-12")
            writer.put("village", records("village_code  county_code  town_code\n371425101001  371425  371425101"))
            writer.put("county", records("county_code  county_name_zh\n371425  甲"))
            writer.commit(created="2021-01-05T00:00:00")
    return county_data(Register.open(path), "371425", "2020-12", None, parameters, PLACE, None)


def derived(parameters: Parameters, folder: Path) -> list[str]:
    now = county(parameters, folder).now
    return now.loc[now["house_safe"].eq(False).fillna(False), "household_id"].tolist()


def entitled(parameters: Parameters, folder: Path) -> list[str]:
    """ZJ01, the dangerous dwelling made safe."""
    data = county(parameters, folder)
    catalogue = read_catalogue("dezhou", str(parameters.folder))
    people = data.persons
    found = entitlements(data.now, people, catalogue, setting_on(parameters, PLACE, DAY)).granted()
    return found.loc[found["item_code"] == "ZJ01", "household_id"].tolist()


def quality(parameters: Parameters, folder: Path) -> list[str]:
    """Rule 1_02_001: the dwelling is not safe and the household not monitored; C is."""
    rules = read_rules(parameters.folder, parameters)
    found = check_frames({"household": homes()}, "2020-12", parameters, PLACE, rules=rules).frame
    return found.loc[found["rule"] == "1_02_001", "row_key"].str.split("|").str[0].tolist()


def guarantees(parameters: Parameters, folder: Path) -> list[str]:
    table = _computed(BY_NAME["guarantee_pass"], county(parameters, folder)).set_index("criterion")
    return [str(int(table.loc["house_safe", "failed"]))]


def reasons(parameters: Parameters, folder: Path) -> list[str]:
    return _computed(BY_NAME["failure_list"], county(parameters, folder))["household_id"].tolist()


def missed(parameters: Parameters, folder: Path) -> list[str]:
    found = _computed(BY_NAME["missed_list"], county(parameters, folder))
    return found["household_id"].tolist() if len(found) else []


def entered(parameters: Parameters, folder: Path) -> list[str]:
    now = county(parameters, folder).now
    return now.loc[entry_types(now, setting_on(parameters, PLACE, DAY))["type"].notna(), "household_id"].tolist()


def not_eliminable(parameters: Parameters, folder: Path) -> list[str]:
    now = county(parameters, folder).now.assign(
        water_safe=True, education_ok=True, medical_ok=True, food_clothes_ok=True, guarantees_ok=pd.NA
    )
    found = eliminations(now.drop(columns="guarantees_ok"), now.iloc[:0], setting_on(parameters, PLACE, DAY))
    return found.loc[~found["guarantees_hold"], "household_id"].tolist()


def deprived(parameters: Parameters, folder: Path) -> list[str]:
    frame = homes().assign(education_ok=True, medical_ok=True)
    names = ("water_quality_ok", "staple_food_enough", "protein_food_regular", "seasonal_clothes")
    frame = frame.assign(**dict.fromkeys(names, True), water_litres_per_person_day=50.0, water_fetch_minutes=0.0, water_outage_days=0)  # fmt: skip
    found = guarantee_test(frame, read_deprivation("guarantees", parameters.folder), parameters, PLACE, DAY).frame
    return found.loc[found["verdict"] == "not_met", "household_id"].tolist()


READERS: dict[str, tuple[Reader, list[str], list[str]]] = {
    "household frame": (derived, ["C"], ["B", "C"]),
    "entitlement": (entitled, ["C"], ["B", "C"]),
    "quality rule": (quality, [], ["B"]),
    "guarantee table": (guarantees, ["1"], ["2"]),
    "reasons of the report": (reasons, ["C"], ["B", "C"]),
    "missed by monitoring": (missed, [], ["B"]),
    "taken into monitoring": (entered, ["C"], ["B", "C"]),
    "elimination": (not_eliminable, ["C"], ["B", "C"]),
    "deprivation": (deprived, ["C"], ["B", "C"]),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A parameter folder in which only grade A is safe: one line of one file differs."""
    root = tmp_path / "params"
    shutil.copytree(params_dir(), root, ignore=shutil.ignore_patterns("demo", "editions", "sources"))
    file = root / "predicates" / "guarantees.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(SAFE) == 1
    file.write_text(text.replace(SAFE, ONLY_A), encoding="utf-8")
    return root


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_follows_the_definition(reader: str, folder: Path, tmp_path: Path) -> None:
    read, before, after = READERS[reader]
    assert read(read_parameters(), tmp_path) == before
    assert read(read_parameters(folder), tmp_path) == after


def test_an_indicator_added_to_the_design_reaches_the_report(folder: Path, tmp_path: Path) -> None:
    """One entry in one file: too little land stands among the reasons, in the design's words."""
    file = folder / "indexes" / "deprivation" / "guarantees.yaml"
    entry = (
        "  - {code: stale, dimension: housing, weight: 1, column: arable_mu, deprived_when: below, cutoff: 1,\n"
        "     missing: unknown, label: {zh: 耕地不足一亩, en: Less than a mu of land}}\n"
    )
    file.write_text(file.read_text(encoding="utf-8") + entry, encoding="utf-8")
    data = county(read_parameters(folder), tmp_path)
    found = _computed(BY_NAME["guarantee_reasons"], data).set_index("reason")["households"].to_dict()
    assert found["耕地不足一亩|Less than a mu of land"] == 1


def test_an_item_with_a_new_kind_of_condition_is_an_entry_in_each_of_two_files(folder: Path, tmp_path: Path) -> None:
    """Of a column no rule has read before: four kilometres from the road are far, three are not, unknown is open."""
    predicate = (
        "far_from_the_road:\n  unit: household\n  label: {zh: 远离公路, en: far from a road}\n"
        "  ask: {zh: 距公路几公里？, en: How far is the road?}\n  when: [{column: distance_to_road_km, above: 3}]\n"
        "  source: ASSUME\n  confidence: assumed\n"
    )
    item = (
        "X1:\n  label: {zh: 甲, en: x}\n  department: MZ\n  direction: livelihood\n  level: household\n  kind: cash\n"
        "  cadence: monthly\n  source: ASSUME\n  confidence: assumed\n"
        "  versions: [{start: 2016-01-01, requires: [far_from_the_road, {not: zero_employment}], amount: {fixed: 1}}]\n"
    )
    for file, entry in (("predicates/households.yaml", predicate), ("assistance/dezhou.yaml", item)):
        path = folder / file
        path.write_text(path.read_text(encoding="utf-8") + entry, encoding="utf-8")
    parameters = read_parameters(folder)
    now = county(parameters, tmp_path).now.assign(zero_employment=False)
    assert now["distance_to_road_km"].tolist()[:2] == [4.0, 3.0]
    catalogue = read_catalogue("dezhou", str(folder))
    people = pd.DataFrame([{"person_id": "p", "household_id": "A"}])
    found = entitlements(now, people, catalogue, setting_on(parameters, PLACE, DAY)).frame
    states = found[found["item_code"] == "X1"].set_index("household_id")["state"].to_dict()
    assert states == {"A": "yes", "C": "cannot_tell"}
    assert (
        reason_of(catalogue.item("X1"), DAY, "missing", "en")
        == "far from a road; not someone is able to work and nobody is in work"
    )
