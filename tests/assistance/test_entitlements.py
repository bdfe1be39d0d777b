"""Entitlements by hand: boundaries, missing answers, exclusions, and a catalogue that refuses what is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.assistance import entitlements, explain, near_misses, read_catalogue
from relapse_risk.assistance.entitlements import person_frame
from relapse_risk.demo import read_calibration
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


def assessed(household: dict[str, object], person: dict[str, object] | None = None) -> dict[str, str]:
    """State of every item that is not a clear no."""
    keys = {"household_id": "h", "county_code": "371425", "town_code": "371425101", "size": 2}
    homes = pd.DataFrame([keys | CLEAN | household])
    people = pd.DataFrame([{"person_id": "p", "household_id": "h"} | (person or {})])
    frame = entitlements(homes, people, CATALOGUE, SETTING).frame
    return dict(zip(frame["item_code"], frame["state"], strict=True))


@pytest.mark.parametrize(("income", "state"), [(5299.99, "yes"), (5300.0, None), (None, "cannot_tell")])
def test_dibao_is_strictly_below_its_line(income: float | None, state: str | None) -> None:
    assert assessed({"income_pc_year": income}).get("MZ01") == state


@pytest.mark.parametrize(("income", "state"), [(5300.0, "yes"), (7949.99, "yes"), (7950.0, None), (5299.0, None)])
def test_the_dibao_edge_runs_from_the_line_to_one_and_a_half(income: float, state: str | None) -> None:
    assert assessed({"income_pc_year": income}).get("MZ03") == state


def test_a_failed_property_test_decides_even_where_income_is_unknown() -> None:
    """False and unknown is false: nothing the income could be would make it a yes."""
    assert "MZ01" not in assessed({"income_pc_year": None, "vehicle_count": 1})


@pytest.mark.parametrize(
    ("person", "state"),
    [
        ({"student_stage": "primary"}, "yes"),
        ({"student_stage": "senior"}, None),
        ({"student_stage": None}, "cannot_tell"),
    ],
)
def test_compulsory_school_allowance_follows_the_stage(person: dict[str, object], state: str | None) -> None:
    assert assessed({"policy_enjoying": True}, person).get("JT02") == state


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
    found = assessed({"income_pc_year": 1000.0}, old)
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


def test_the_catalogue_has_every_published_item() -> None:
    """F21 and F22: 41 items of 17 departments (the demo's list holds the totals); a place may add its own."""
    published = {(item.code, item.department) for item in read_calibration().items}
    assert published <= {(item.code, item.department) for item in CATALOGUE.items}
    assert (len(published), len({department for _, department in published})) == (41, 17)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"versions": "[{start: 2016-01-01, requires: [enjoy_policies], amount: {fixed: 1}}]"}, "did you mean 'enjoys_policies'"),
        ({"versions": "[{start: 2016-01-01, requires: [under_18], amount: {fixed: 1}}]"}, "cannot ask a person condition"),
        ({"versions": "[{start: 2016-01-01, requires: [{column: size, above: 1}], amount: {fixed: 1}}]"}, "an item names its predicates"),
        ({"versions": "[{start: 2016-01-01, requires: [{any: [enjoys_policies, {column: size, above: 1}]}], amount: {fixed: 1}}]"}, "an item names its predicates"),
        ({"versions": "[{start: 2016-01-01, requires: [{somebody: under_18}], amount: {fixed: 1}}]"}, "an item names its predicates"),
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
    abroad = setting_on(read_parameters(), read_place("argentina_eph"), DAY)
    with pytest.raises(ParameterError, match=r"places/argentina_eph\.yaml: lines: .* has no dibao line"):
        entitlements(homes.assign(county_code="1", town_code="1"), people, CATALOGUE, abroad)


def test_a_new_law_does_not_apply_to_an_old_month(tmp_path: Path) -> None:
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


THREE = """
A1: {label: {zh: 甲, en: a}, department: MZ, direction: livelihood, level: household, kind: cash, cadence: monthly, source: MEM, confidence: assumed,
  versions: [{start: 2016-01-01, requires: [enjoys_policies], amount: {fixed: 100}}]}
B1: {label: {zh: 乙, en: b}, department: YB, direction: medical, level: person, kind: reimbursement, cadence: event, source: MEM, confidence: assumed,
  versions: [{start: 2016-01-01, requires: [aged_60, medical_spending_any], keeps: [aged_60], amount: {share: 0.5, column: medical_self_paid}}]}
C1: {label: {zh: 丙, en: c}, department: ZJ, direction: housing, level: household, kind: cash, cadence: once, source: MEM, confidence: assumed,
  versions: [{start: 2016-01-01, requires: [dwelling_dangerous], keeps: [on_dibao], amount: {by_word: {C: 14000, D: 28000}, column: dwelling_grade}}]}
D1: {label: {zh: 丁, en: d}, department: ZJ, direction: housing, level: household, kind: cash, cadence: once, source: MEM, confidence: assumed,
  versions: [{start: 2021-01-01, requires: [enjoys_policies], amount: {fixed: 1}}]}
"""  # fmt: skip


def test_every_row_of_a_small_catalogue_by_hand(tmp_path: Path) -> None:
    """h: policies yes, dwelling D, bills of 1,000, one member of 70, one of unknown age; k: policies unknown, dwelling A.

    D1 begins a day after; the amount of what nobody graded or billed is unknown.
    """
    homes = pd.DataFrame({
        "household_id": ["h", "k", "n"], "county_code": ["1", "2", "2"], "town_code": ["t", "u", "v"], "size": [2, 1, 1],
        "policy_enjoying": pd.array([True, None, False], dtype="boolean"), "dwelling_grade": ["D", "A", None], "medical_self_paid": [1000.0, 0.0, None],
        "relief_status": ["dibao", "none", None],
    })  # fmt: skip
    people = pd.DataFrame({"person_id": ["p", "q", "r", "s"], "household_id": ["h", "h", "k", "n"], "age": pd.array([70, None, 70, 59], dtype="Int64"), "size": [9, 9, 9, 9]})  # fmt: skip
    found = entitlements(homes, people, read_catalogue("here", written(tmp_path, THREE)), SETTING)
    frame = found.frame
    assert list(frame.columns) == [
        "household_id",
        "county_code",
        "town_code",
        "person_id",
        "item_code",
        "state",
        "amount",
        "amount_year",
    ]
    assert frame.index.tolist() == list(range(len(frame)))
    told = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    assert told == [
        ["h", "1", "t", None, "A1", "yes", 100.0, 1200.0],
        ["k", "2", "u", None, "A1", "cannot_tell", 100.0, 1200.0],
        ["h", "1", "t", None, "C1", "yes", 28000.0, 28000.0],
        ["n", "2", "v", None, "C1", "cannot_tell", None, None],
        ["h", "1", "t", "p", "B1", "yes", 500.0, 500.0],
        ["h", "1", "t", "q", "B1", "cannot_tell", 500.0, 500.0],
    ]
    assert found.day == DAY
    assert found.granted()["item_code"].tolist() == ["A1", "C1", "B1"]
    kept = found.kept
    assert list(kept.columns) == ["household_id", "person_id", "item_code"]
    # Dibao may keep C1, and who may be on it; 60 or older, or of unknown age, may keep B1.
    assert kept.astype(object).where(kept.notna(), None).to_numpy().tolist() == [
        ["h", None, "C1"], ["n", None, "C1"], ["h", "p", "B1"], ["h", "q", "B1"], ["k", "r", "B1"],
    ]  # fmt: skip


def test_nothing_in_force_is_an_empty_table_of_the_same_columns(tmp_path: Path) -> None:
    catalogue = read_catalogue("here", written(tmp_path, THREE))
    early = setting_on(read_parameters(), read_place("dezhou"), date(2015, 12, 31))
    homes = pd.DataFrame({"household_id": ["h"], "county_code": "1", "town_code": "t"})
    found = entitlements(homes, pd.DataFrame({"person_id": ["p"], "household_id": ["h"]}), catalogue, early)
    assert list(found.frame.columns) == [
        "household_id",
        "county_code",
        "town_code",
        "person_id",
        "item_code",
        "state",
        "amount",
        "amount_year",
    ]
    assert len(found.frame) == 0
    assert list(found.kept.columns) == ["household_id", "person_id", "item_code"]
    assert (found.frame["amount"].dtype, found.frame["amount_year"].dtype) == ("float64", "float64")


def test_a_column_nobody_collected_leaves_the_amount_unknown(tmp_path: Path) -> None:
    catalogue = read_catalogue(
        "here",
        written(
            tmp_path,
            THREE.replace("[dwelling_dangerous]", "[enjoys_policies]").replace(
                "[aged_60, medical_spending_any]", "[aged_60]"
            ),
        ),
    )
    homes = pd.DataFrame({"household_id": ["h"], "county_code": "1", "town_code": "t", "policy_enjoying": [True]})
    frame = entitlements(
        homes, pd.DataFrame({"person_id": ["p"], "household_id": ["h"], "age": [60]}), catalogue, SETTING
    ).frame
    amounts = frame.set_index("item_code")["amount"]
    assert amounts["A1"] == 100
    assert amounts[["B1", "C1"]].isna().all()


def test_a_person_inherits_the_household_but_keeps_what_is_its_own() -> None:
    persons = pd.DataFrame({"person_id": ["p", "q"], "household_id": ["h", "gone"], "size": [1, 1]})
    homes = pd.DataFrame(
        {
            "household_id": ["h"],
            "county_code": "1",
            "town_code": "t",
            "village_code": "v",
            "month": "m",
            "size": [4],
            "relief_status": "dibao",
        }
    )
    found = person_frame(persons, homes)
    assert found.to_dict("list") == {
        "person_id": ["p"], "household_id": ["h"], "size": [1], "county_code": ["1"], "town_code": ["t"], "relief_status": ["dibao"],
    }  # fmt: skip
    assert "county_code" not in person_frame(persons, homes[["household_id", "size"]])


def excluding(tmp_path: Path, first: str, second: str) -> str:
    """Two items, the first of which rules the second out: of households or persons, both for who enjoys policies."""
    item = ("{{label: {{zh: 甲, en: a}}, department: MZ, direction: livelihood, level: {level}, kind: cash, cadence: monthly, source: MEM, confidence: assumed, "
            "excludes: {excludes}, versions: [{{start: 2016-01-01, requires: [{requires}], amount: {{fixed: 1}}}}]}}\n")  # fmt: skip
    return written(
        tmp_path,
        "E1: " + item.format(level=first, excludes="[E2]", requires="enjoys_policies" if first == "household" else "aged_60")
        + "E2: " + item.format(level=second, excludes="[]", requires="enjoys_policies" if second == "household" else "adult"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        ("person", "person", {("h", "q", "E2"), ("h", "p", "E1"), ("k", "r", "E2")}),  # p alone loses E2
        ("household", "person", {("h", None, "E1"), ("k", "r", "E2")}),  # the household's rules it out for its members
        (
            "person",
            "household",
            {("h", "p", "E1")},
        ),  # one member's rules the household's out; k does not enjoy policies
        ("household", "household", {("h", None, "E1")}),
    ],
)
def test_whom_an_item_rules_another_out_for(
    tmp_path: Path, first: str, second: str, left: set[tuple[str, str | None, str]]
) -> None:
    homes = pd.DataFrame(
        {"household_id": ["h", "k"], "county_code": "1", "town_code": "t", "policy_enjoying": [True, False]}
    )
    people = pd.DataFrame({"person_id": ["r", "q", "p"], "household_id": ["k", "h", "h"], "age": [40, 40, 70]})
    frame = entitlements(homes, people, read_catalogue("here", excluding(tmp_path, first, second)), SETTING).frame
    rows = frame.astype(object).where(frame.notna(), None)
    assert set(rows[["household_id", "person_id", "item_code"]].itertuples(index=False, name=None)) == left


def test_an_open_question_rules_nothing_out(tmp_path: Path) -> None:
    homes = pd.DataFrame(
        {
            "household_id": ["h"],
            "county_code": "1",
            "town_code": "t",
            "policy_enjoying": pd.array([None], dtype="boolean"),
        }
    )
    people = pd.DataFrame({"person_id": ["p"], "household_id": ["h"], "age": [40]})
    frame = entitlements(
        homes, people, read_catalogue("here", excluding(tmp_path, "household", "person")), SETTING
    ).frame
    assert frame[["item_code", "state"]].to_numpy().tolist() == [["E1", "cannot_tell"], ["E2", "yes"]]


def test_an_explanation_asks_what_is_unknown_in_either_language() -> None:
    """Income one yuan short of the line is met; nobody knows what is owned: the question of the property test."""
    row = pd.DataFrame([{"income_pc_year": 5299.0, "size": 1}])
    lines = explain(CATALOGUE.item("MZ01"), row, SETTING)
    assert list(lines.columns) == ["condition", "state", "reason", "shortfall", "question", "source"]
    assert lines["condition"].tolist() == ["income_below_dibao", "assets_within_cap"]
    assert lines["state"].tolist() == ["yes", "cannot_tell"]
    assert lines["shortfall"].isna().all()
    assert lines.loc[1, ["reason", "question", "source"]].tolist() == [
        "财产核对通过",
        "核实车辆、第二住房、工商登记和金融资产？",
        "DEF-EDGE",
    ]
    assert lines.loc[0, "question"] == ""
    en = explain(CATALOGUE.item("MZ01"), row, SETTING, "en")
    assert en.loc[1, ["reason", "question"]].tolist() == [
        "the property test is passed",
        "Check vehicles, second dwelling, business and financial assets.",
    ]
    early = setting_on(read_parameters(), read_place("dezhou"), date(2015, 12, 31))
    assert len(explain(CATALOGUE.item("MZ01"), row, early)) == 0


def test_a_near_miss_misses_one_number_only_and_by_no_more_than_was_asked() -> None:
    """200 is still near, 200.5 not; who also fails the property test, or whose property is unknown, misses two."""
    homes = pd.DataFrame([
        {"household_id": name, "size": 1, "income_pc_year": income} | CLEAN | more
        for name, income, more in (("at", 5500.0, {}), ("beyond", 5500.5, {}), ("car", 5400.0, {"vehicle_count": 1}), ("open", 5400.0, {"financial_assets": None}),
                                   ("met", 5000.0, {}), ("owns", 5000.0, {"vehicle_count": 1}))
    ])  # fmt: skip
    found = near_misses(homes, CATALOGUE.item("MZ01"), SETTING, within=200)
    assert found.to_dict("split") == {
        "index": [0], "columns": ["household_id", "condition", "shortfall"], "data": [["at", "income_below_dibao", 200.0]],
    }  # fmt: skip
    early = setting_on(read_parameters(), read_place("dezhou"), date(2015, 12, 31))
    none = near_misses(homes, CATALOGUE.item("MZ01"), early, within=200)
    assert (list(none.columns), len(none)) == (["household_id", "condition", "shortfall"], 0)


def test_a_near_miss_of_a_person_names_the_person(tmp_path: Path) -> None:
    """B1 asks an age of 60 or more: 59 misses it by one year; D1 by itself asks nothing in numbers."""
    item = read_catalogue("here", written(tmp_path, THREE)).item("B1")
    people = pd.DataFrame(
        {"household_id": ["h", "k"], "person_id": ["p", "q"], "age": [59, 50], "medical_self_paid": [1.0, 1.0]}
    )
    assert near_misses(people, item, SETTING, within=2).to_dict("records") == [
        {"household_id": "h", "person_id": "p", "condition": "aged_60", "shortfall": 1.0}
    ]
    assert near_misses(
        pd.DataFrame({"household_id": ["h"], "policy_enjoying": [False]}), CATALOGUE.item("YB01"), SETTING, within=2
    ).empty
