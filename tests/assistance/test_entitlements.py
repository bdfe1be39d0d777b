"""Entitlements by hand: boundaries, missing answers, exclusions, and a catalogue that refuses what is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.assistance import entitlements, explain, near_misses, read_catalogue
from relapse_risk.errors import ParameterError
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.predicates import setting_on

DAY = date(2020, 12, 31)
# On this day dibao is 5,300, the monitoring line 5,000, tekun 1.3 and the edge 1.5 times dibao (params/lines.yaml, thresholds.yaml).
SETTING = setting_on(read_parameters(), read_place("dezhou"), DAY)
CATALOGUE = read_catalogue("dezhou")
CLEAN = {"second_dwelling": False, "vehicle_count": 0, "business_registration": False, "financial_assets": 500.0}
ITEM = """X1:
  label: {{zh: 甲, en: x}}
  department: {department}
  direction: livelihood
  level: household
  kind: cash
  cadence: monthly
  source: MEM
  confidence: assumed
  excludes: {excludes}
  versions: {versions}
"""
VERSION = "[{start: 2016-01-01, requires: [enjoys_policies], amount: {fixed: 1}}]"


def judged(household: dict[str, object], person: dict[str, object] | None = None) -> dict[str, str]:
    """State of every item that is not a clear no."""
    keys = {"household_id": "h", "county_code": "371425", "town_code": "371425101", "size": 2}
    homes = pd.DataFrame([keys | CLEAN | household])
    people = pd.DataFrame([{"person_id": "p", "household_id": "h"} | (person or {})])
    frame = entitlements(homes, people, CATALOGUE, SETTING).frame
    return dict(zip(frame["item_code"], frame["state"], strict=True))


@pytest.mark.parametrize(("income", "state"), [(5299.99, "yes"), (5300.0, None), (None, "cannot_tell")])
def test_dibao_is_strictly_below_its_line(income: float | None, state: str | None) -> None:
    assert judged({"income_pc_year": income}).get("MZ01") == state


@pytest.mark.parametrize(("income", "state"), [(5300.0, "yes"), (7949.99, "yes"), (7950.0, None), (5299.0, None)])
def test_the_dibao_edge_runs_from_the_line_to_one_and_a_half(income: float, state: str | None) -> None:
    assert judged({"income_pc_year": income}).get("MZ03") == state


def test_a_failed_property_test_decides_even_where_income_is_unknown() -> None:
    """False and unknown is false: nothing the income could be would make it a yes."""
    assert "MZ01" not in judged({"income_pc_year": None, "vehicle_count": 1})


@pytest.mark.parametrize(
    ("person", "state"),
    [
        ({"student_stage": "primary"}, "yes"),
        ({"student_stage": "senior"}, None),
        ({"student_stage": None}, "cannot_tell"),
    ],
)
def test_compulsory_school_allowance_follows_the_stage(person: dict[str, object], state: str | None) -> None:
    assert judged({"policy_enjoying": True}, person).get("JT02") == state


def test_the_top_up_is_the_gap_for_everybody_by_month() -> None:
    """(5,300 - 4,100) x 2 / 12 = 200 a month, 2,400 a year."""
    homes = pd.DataFrame(
        [{"household_id": "h", "county_code": "371425", "town_code": "t", "size": 2, "income_pc_year": 4100.0} | CLEAN]
    )
    people = pd.DataFrame([{"person_id": "p", "household_id": "h"}])
    frame = entitlements(homes, people, CATALOGUE, SETTING).granted().set_index("item_code")
    assert frame.loc["MZ01", ["amount", "amount_year"]].tolist() == [200.0, 2400.0]


def test_a_destitute_person_rules_the_households_dibao_out() -> None:
    old = {"age": 70, "disability_type": "none", "disability_level": "none", "has_supporter": False}
    found = judged({"income_pc_year": 1000.0}, old)
    assert found["MZ02"] == "yes"
    assert "MZ01" not in found


def test_an_orphan_rules_nothing_out_for_the_other_child() -> None:
    home = pd.DataFrame([{"household_id": "h", "county_code": "371425", "town_code": "t", "size": 3}])
    people = pd.DataFrame(
        [
            {"person_id": name, "household_id": "h", "age": 9, "orphan_status": status}
            for name, status in (("a", "orphan"), ("b", "de_facto"))
        ]
    )
    frame = entitlements(home, people, CATALOGUE, SETTING).granted()
    held = set(frame[["person_id", "item_code"]].itertuples(index=False, name=None))
    assert {("a", "MZ05"), ("b", "MZ06")} <= held


def test_whoever_holds_a_post_may_keep_it_though_no_longer_out_of_work() -> None:
    home = pd.DataFrame(
        [{"household_id": "h", "county_code": "371425", "town_code": "t", "size": 1, "policy_enjoying": True}]
    )
    holder = {"is_labour": True, "labour_capacity": "weak", "employment_status": "public_post"}
    people = pd.DataFrame(
        [{"person_id": name, "household_id": "h"} | holder | change for name, change in (("a", {}), ("b", {"labour_capacity": "lost"}))]
    )  # fmt: skip
    found = entitlements(home, people, CATALOGUE, SETTING)
    assert "RS01" not in set(found.granted()["item_code"])
    kept = found.kept[found.kept["item_code"] == "RS01"]
    assert kept["person_id"].tolist() == ["a"], "b cannot work at all"


def test_an_explanation_names_what_fails_and_by_how_much() -> None:
    row = pd.DataFrame([{"income_pc_year": 5312.0, "size": 1} | CLEAN])
    lines = explain(CATALOGUE.item("MZ01"), row, SETTING, "en").set_index("condition")
    assert lines.loc["income_below_dibao", ["state", "shortfall"]].tolist() == ["no", 12.0]
    assert lines.loc["assets_within_cap", "state"] == "yes"


def test_a_near_miss_is_listed_nearest_first() -> None:
    homes = pd.DataFrame(
        [
            {"household_id": name, "size": 1, "income_pc_year": income} | CLEAN
            for name, income in (("a", 5400.0), ("b", 5312.0), ("c", 9000.0))
        ]
    )
    found = near_misses(homes, CATALOGUE.item("MZ01"), SETTING, within=200)
    assert found[["household_id", "shortfall"]].to_numpy().tolist() == [["b", 12.0], ["a", 100.0]]


def test_the_published_totals() -> None:
    """F21 and F22: 17 departments, 41 items."""
    assert len(CATALOGUE) == 41
    assert len({item.department for item in CATALOGUE.items}) == 17


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"versions": "[{start: 2016-01-01, requires: [enjoy_policies], amount: {fixed: 1}}]"}, "did you mean 'enjoys_policies'"),
        ({"versions": "[{start: 2016-01-01, requires: [under_18], amount: {fixed: 1}}]"}, "cannot ask a person condition"),
        ({"versions": "[{start: 2016-01-01, requires: [enjoys_policies], amount: {fixed: -1}}]"}, "greater than or equal to 0"),
        ({"versions": "[{start: 2016-01-01, requires: [enjoys_policies], amount: {rule: dibao_topup}}]"}, "unknown amount rule.*did you mean .dibao_top_up."),
        ({"versions": VERSION[:-1] + ", {start: 2018-01-01, requires: [enjoys_policies], amount: {fixed: 2}}]"}, "versions overlap"),
        ({"versions": "[{start: 2016-01-01, end: 2016-12-31, requires: [enjoys_policies], amount: {fixed: 1}}, {start: 2018-01-01, requires: [enjoys_policies], amount: {fixed: 2}}]"}, "gap between versions"),
        ({"department": "XX"}, "X1: unknown department; got .XX."),
        ({"excludes": "[X1]"}, "excludes itself"),
        ({"excludes": "[X9]"}, "X1: unknown item in excludes; got .X9."),
        ({"versions": "[{start: 2016-01-01, requires: [enjoys_policies], keeps: [on_dibo], amount: {fixed: 1}}]"}, "did you mean 'on_dibao'"),
        ({"versions": "[{start: 2016-01-01, requires: [enjoys_policies], amount: {share: 1.2, column: medical_self_paid}}]"}, "less than or equal to 1"),
        ({"versions": "[{start: 2016-01-01, requires: [enjoys_policies], amount: {share: 0.7, column: medical_selfpaid}}]"}, "unknown column of an amount.*did you mean .medical_self_paid."),
        ({"versions": "[{start: 2016-01-01, requires: [enjoys_policies], amount: {by_word: {C: 1, E: 2}, column: dwelling_grade}}]"}, "dwelling_grade: unknown word of an amount; got .E."),
        ({"versions": "[{start: 2016-01-01, requires: [enjoys_policies], amount: {by_word: {C: -1}, column: dwelling_grade}}]"}, "greater than or equal to 0"),
        ({"versions": "[{start: 2016-01-01, requires: [enjoys_policies], amount: {fixed: 1, limit: dibao}}]"}, "limit"),
        ({"versions": "[{start: 2016-01-01, requires: [], amount: {fixed: 1}}]"}, "lists at least one clause"),
        ({"versions": "[]"}, "at least 1"),
    ],
)  # fmt: skip
def test_a_wrong_catalogue_is_refused(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    (tmp_path / "lines.yaml").touch()
    (tmp_path / "assistance").mkdir()
    content = ITEM.format(**{"department": "MZ", "excludes": "[]", "versions": VERSION} | changes)
    (tmp_path / "assistance" / "here.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(ParameterError, match=words) as caught:
        read_catalogue("here", str(tmp_path))
    assert "assistance/here.yaml" in str(caught.value)


def written(folder: Path, content: str) -> str:
    (folder / "assistance").mkdir()
    (folder / "assistance" / "here.yaml").write_text(content, encoding="utf-8")
    return str(folder)


def test_items_that_rule_each_other_out_in_a_circle_are_named(tmp_path: Path) -> None:
    base = ITEM.format(department="MZ", excludes="[X2]", versions=VERSION)
    other = base.replace("X1:", "X3:").replace("[X2]", "[X1]") + base.replace("X1:", "X2:").replace("[X2]", "[X3]")
    with pytest.raises(ParameterError, match="circular exclusion; got 'X1 → X2 → X3 → X1'"):
        read_catalogue("here", written(tmp_path, base + other))


def test_a_place_without_the_lines_is_named() -> None:
    homes, people = pd.DataFrame([{"household_id": "h"}]), pd.DataFrame([{"person_id": "p", "household_id": "h"}])
    elsewhere = setting_on(read_parameters(), read_place("argentina_eph"), DAY)
    with pytest.raises(ParameterError, match=r"places/argentina_eph\.yaml: lines: .* has no dibao line"):
        entitlements(homes.assign(county_code="1", town_code="1"), people, CATALOGUE, elsewhere)


def test_a_new_law_does_not_judge_an_old_month(tmp_path: Path) -> None:
    versions = (
        "[{start: 2016-01-01, end: 2020-06-30, requires: [enjoys_policies], amount: {fixed: 1}},"
        " {start: 2020-07-01, requires: [on_dibao], amount: {fixed: 2}}]"
    )
    (tmp_path / "assistance").mkdir()
    content = ITEM.format(department="MZ", excludes="[]", versions=versions)
    (tmp_path / "assistance" / "here.yaml").write_text(content, encoding="utf-8")
    item = read_catalogue("here", str(tmp_path)).item("X1")
    assert item.on(date(2020, 6, 30)).requires.names() == ("enjoys_policies",)
    assert item.on(date(2020, 7, 1)).requires.names() == ("on_dibao",)
    assert item.on(date(2015, 12, 31)) is None
