"""The check of candidate rows and of a whole register."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import RegisterError, SchemaError
from relapse_risk.parameters import Parameters, Place, read_parameters, read_place
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.register.answer_key_check import compare_with_key
from relapse_risk.register.check_register import check_register
from relapse_risk.register.findings import Findings
from relapse_risk.register.intake import typed_frame
from relapse_risk.register.named_checks import id_check_character
from relapse_risk.register.quality import check_frames
from relapse_risk.register.rules import RuleBook, read_rules
from relapse_risk.schema import check_table, empty_table, table, tables

MONTH = "2020-12"
QIHE, XIAJIN = "371425101001", "371427101001"


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return read_parameters()


@pytest.fixture(scope="module")
def book(parameters: Parameters) -> RuleBook:
    return read_rules(parameters=parameters)


def homes(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{"snapshot_month": MONTH, "village_code": QIHE, **row} for row in rows], dtype="object")


def people(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{"snapshot_month": MONTH, **row} for row in rows], dtype="object")


def income_of(wage: float, period_end: str = MONTH) -> pd.DataFrame:
    row = {"household_id": "H1", "period_end": period_end, "months": 12, "wage_income": wage, "transfer_income": 0}
    return pd.DataFrame([row])


def check(frames: dict[str, pd.DataFrame], book: RuleBook, parameters: Parameters, **options: Any) -> Findings:
    return check_frames(frames, MONTH, parameters, "dezhou", rules=book, **options)


def rules_of(found: Findings) -> list[tuple[str, str, int]]:
    return [tuple(row) for row in found.frame[["rule", "column", "row"]].itertuples(index=False)]


# ---------------------------------------------------------------------------------------------------------- intake


@pytest.mark.parametrize(
    ("column", "value", "rule", "words"),
    [
        ("household_size", "二", "not_a_number", ["家庭人口数", "二", "不是数字"]),
        ("household_size", "2.5", "not_whole", ["2.5", "整数"]),
        ("household_size", True, "not_a_number", ["True"]),
        ("dwelling_area", "inf", "not_finite", ["inf"]),
        ("dwelling_area", "3 mu", "not_a_number", ["3 mu"]),
        ("monitor_identified_on", "2020-02-30", "not_a_date", ["2020-02-30", "不是日期"]),
        ("monitor_identified_on", "soon", "not_a_date", ["soon"]),
        ("risk_eliminated", "maybe", "not_yes_or_no", ["maybe"]),
        ("dwelling_grade", "E", "code_unknown", ["E", "A | B | C | D"]),
    ],
)
def test_a_cell_that_cannot_be_read_is_an_error_that_names_the_value(
    column: str, value: object, rule: str, words: list[str], book: RuleBook, parameters: Parameters
) -> None:
    frame = homes({"household_id": "H1", column: None}, {"household_id": "H2", column: value})
    found = check({"household": frame}, book, parameters)
    assert rules_of(found) == [(rule, column, 1)]
    finding = found.frame.iloc[0]
    assert finding["severity"] == "error"
    assert finding["row_key"] == f"H2|{MONTH}"
    for word in words:
        assert word in finding["zh"]
    assert str(value) in finding["en"]
    assert found.rejected_rows("household").tolist() == [1]


@pytest.mark.parametrize("value", ["2", " 2 ", 2, 2.0, "2.0", np.int64(2)])
def test_a_number_is_read_however_a_spreadsheet_gives_it(value: object) -> None:
    typed, faults = typed_frame(pd.DataFrame({"household_size": [value]}, dtype="object"), "household")
    assert faults == []
    assert typed["household_size"].tolist() == [2]


@pytest.mark.parametrize("value", ["2020-12-01", pd.Timestamp("2020-12-01"), date(2020, 12, 1), "2020-12-01T00:00:00"])
def test_a_date_is_read_however_it_comes(value: object) -> None:
    typed, faults = typed_frame(pd.DataFrame({"monitor_identified_on": [value]}, dtype="object"), "household")
    assert faults == []
    assert typed["monitor_identified_on"].tolist() == [pd.Timestamp("2020-12-01")]


def test_a_bare_number_is_no_date() -> None:
    _, faults = typed_frame(pd.DataFrame({"birth_date": [44166, np.nan]}), "person")
    assert [(fault.rule, fault.rows.tolist()) for fault in faults] == [("not_a_date", [0])]


def test_a_code_that_a_spreadsheet_made_a_number_keeps_its_digits() -> None:
    typed, _ = typed_frame(pd.DataFrame({"village_code": [371425101001.0, np.nan]}), "household")
    assert typed["village_code"].tolist()[0] == "371425101001"
    assert typed["village_code"].isna().tolist() == [False, True]


def test_blank_text_is_empty_not_wrong() -> None:
    typed, faults = typed_frame(pd.DataFrame({"household_size": ["  "], "dwelling_grade": [""]}), "household")
    assert faults == []
    assert typed[["household_size", "dwelling_grade"]].isna().all(axis=None)


def test_an_unknown_column_is_told_and_rejects_nothing(book: RuleBook, parameters: Parameters) -> None:
    found = check({"household": homes({"household_id": "H1", "colour": "red"})}, book, parameters)
    assert found.frame[["rule", "value", "severity"]].values.tolist() == [["column_unknown", "colour", "warning"]]
    assert found.rejected_rows("household").tolist() == []


def test_a_column_that_stands_twice_is_refused(book: RuleBook, parameters: Parameters) -> None:
    frame = pd.DataFrame([["H1", "H2"]], columns=["household_id", "household_id"])
    with pytest.raises(SchemaError, match=r"same column twice.*household_id"):
        check({"household": frame}, book, parameters)


def test_an_unknown_table_is_named_with_the_nearest(book: RuleBook, parameters: Parameters) -> None:
    with pytest.raises(SchemaError, match=r"unknown table.*houshold.*did you mean 'household'"):
        check({"houshold": homes({"household_id": "H1"})}, book, parameters)


def test_tables_without_rows_give_no_findings(book: RuleBook, parameters: Parameters) -> None:
    found = check({name: empty_table(name) for name in tables()}, book, parameters)
    assert found.frame.empty
    assert found.counts().empty


JUNK = (
    None, "", " ", "x", "2", "-1", 3.5, 7, True, float("nan"), float("inf"), "2020-12-01", "2099-01-01", "none",
    "=1+1", "371425101001", "2020-12", date(2020, 2, 29), pd.Timestamp("2020-01-01 10:00"), 10**20, "１２", "户",
)  # fmt: skip


@pytest.mark.parametrize("name", ["household", "person", "income", "assistance_record", "identity", "village"])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_stands_in_the_cells_what_is_left_passes_the_schema(
    name: str, seed: int, book: RuleBook, parameters: Parameters
) -> None:
    rng = np.random.default_rng(seed)
    names = table(name).names
    rows = [[JUNK[i] for i in rng.integers(0, len(JUNK), len(names))] for _ in range(6)]
    frame = pd.DataFrame(rows, columns=list(names), dtype="object")
    found = check({name: frame}, book, parameters)
    rejected = found.rejected_rows(name)
    typed, _ = typed_frame(frame, name)
    assert len(check_table(typed.drop(index=rejected), name)) == len(frame) - len(rejected)
    assert found.frame[["zh", "en", "rule", "severity"]].notna().all(axis=None)


def test_an_empty_or_repeated_key_is_an_error(book: RuleBook, parameters: Parameters) -> None:
    frame = homes({"household_id": "H1"}, {"household_id": None}, {"household_id": "H1"})
    found = check({"household": frame}, book, parameters)
    assert rules_of(found) == [("key_empty", "household_id", 1), ("key_twice", "household_id", 2)]
    assert found.rejected_rows("household").tolist() == [1, 2]


def test_rows_of_another_month_are_errors(book: RuleBook, parameters: Parameters) -> None:
    frame = homes({"household_id": "H1"}, {"household_id": "H1", "snapshot_month": "2020-11"})
    assert rules_of(check({"household": frame}, book, parameters)) == [("other_month", "snapshot_month", 1)]


def test_a_rejected_household_takes_its_persons_and_their_aid_with_it(book: RuleBook, parameters: Parameters) -> None:
    aid = pd.DataFrame({"record_id": ["R1", "R2"], "household_id": ["H2", "H2"], "person_id": ["P1", "P2"]})
    frames = {
        "assistance_record": aid,
        "household": homes({"household_id": "H1", "household_size": "x"}, {"household_id": "H2", "household_size": 1}),
        "person": people({"person_id": "P1", "household_id": "H1"}, {"person_id": "P2", "household_id": "H2"}),
    }  # fmt: skip
    found = check(frames, book, parameters)
    errors = found.error_frame
    assert set(zip(errors["table"], errors["row"], errors["rule"], strict=True)) == {
        ("household", 0, "not_a_number"),
        ("person", 0, "reference_rejected"),
        ("assistance_record", 0, "reference_rejected"),
    }


def test_a_second_good_row_of_the_same_key_still_stands_for_its_references(
    book: RuleBook, parameters: Parameters
) -> None:
    frames = {
        "household": homes({"household_id": "H1"}, {"household_id": "H1"}),
        "person": people({"person_id": "P1", "household_id": "H1"}),
    }
    found = check(frames, book, parameters)
    assert found.rejected_rows("household").tolist() == [1]
    assert found.rejected_rows("person").tolist() == []


def test_an_orphan_row_is_an_error_unless_the_register_knows_its_household(
    book: RuleBook, parameters: Parameters
) -> None:
    frames = {"person": people({"person_id": "P1", "household_id": "H1"}, {"person_id": "P2", "household_id": "H2"})}
    found = check({**frames, "household": homes({"household_id": "H1"})}, book, parameters)
    assert [r for r in rules_of(found) if r[0].startswith("reference")] == [("reference_unknown", "household_id", 1)]
    known = {"household": pd.Series(["371425", "371427"], index=["H1", "H2"])}
    assert check(frames, book, parameters, known=known).errors == 0


def test_the_county_of_an_income_comes_from_the_register(book: RuleBook, parameters: Parameters) -> None:
    income = pd.DataFrame({"household_id": ["H2"], "period_end": [MONTH], "months": [12], "wage_income": [-1]})
    known = {"household": pd.Series(["371427"], index=["H2"])}
    found = check({"income": income}, book, parameters, known=known)
    assert found.frame[["rule", "county_code"]].values.tolist() == [["amount_negative", "371427"]]


def test_a_household_without_a_county_cannot_be_placed(book: RuleBook, parameters: Parameters) -> None:
    found = check({"household": homes({"household_id": "H1", "village_code": None})}, book, parameters)
    assert rules_of(found) == [("county_unknown", "village_code", 0)]
    assert found.rejected_rows("household").tolist() == [0]


# ----------------------------------------------------------------------------------------------------------- rules


def test_a_rule_on_data_nobody_collected_is_listed_not_applied(book: RuleBook, parameters: Parameters) -> None:
    found = check({"household": homes({"household_id": "H1", "household_size": 1})}, book, parameters)
    assert found.frame.empty
    reasons = found.skipped.groupby("rule")["reason"].first()
    assert reasons["1_02_001"] == "not collected: household.dwelling_grade, household.monitor_type"
    assert reasons["s17"] == "not collected: household.distance_to_road_km"


def test_a_rule_with_alternatives_uses_those_collected(book: RuleBook, parameters: Parameters) -> None:
    frame = homes({"household_id": "H1", "water_outage_days": 40, "monitor_type": "none"})
    found = check({"household": frame}, book, parameters).frame
    assert found["rule"].tolist() == ["1_02_002"]
    assert "水质合格：空" in found["zh"].iloc[0]


def test_a_rule_that_needs_a_line_the_place_lacks_says_so(book: RuleBook, parameters: Parameters) -> None:
    full = read_place("dezhou")
    bare: Place = full.model_copy(update={"lines": {"poverty": full.lines["poverty"]}})
    frames = {
        "household": homes({"household_id": "H1", "household_size": 1, "exit_year": 2018, "monitor_type": "none"}),
        "income": pd.DataFrame(
            {
                "household_id": ["H1"],
                "period_end": [MONTH],
                "months": [12],
                "wage_income": [100],
                "transfer_income": [0],
            }
        ),
    }
    found = check_frames(frames, MONTH, parameters, bare, rules=book)
    assert "1_02_006" not in set(found.frame["rule"])
    assert "has no monitoring line" in found.skipped.set_index("rule")["reason"]["1_02_006"]


def test_a_line_without_a_value_on_the_day_is_noted(book: RuleBook, parameters: Parameters) -> None:
    frames = {
        "household": homes({"household_id": "H1", "household_size": 1, "snapshot_month": "2013-12"}),
        "income": income_of(100, "2013-12"),
    }  # fmt: skip
    found = check_frames(frames, "2013-12", parameters, "dezhou", rules=book)
    assert "national_line_b has no value on 2013-12-31" in found.skipped.set_index("rule")["reason"]["s18"]


def test_a_rule_not_yet_in_force_is_listed_not_applied(book: RuleBook, parameters: Parameters) -> None:
    home = homes({"household_id": "H1", "dwelling_grade": "D", "monitor_type": "none", "snapshot_month": "2020-02"})
    found = check_frames({"household": home}, "2020-02", parameters, "dezhou", rules=book)
    assert "1_02_001" not in set(found.frame["rule"])
    assert found.skipped.set_index("rule")["reason"]["1_02_001"] == "not in force on 2020-02-29"
    later = home.assign(snapshot_month="2020-03")
    found = check_frames({"household": later}, "2020-03", parameters, "dezhou", rules=book)
    assert "1_02_001" in set(found.frame["rule"])


def test_the_message_names_value_and_limit_in_both_languages(book: RuleBook, parameters: Parameters) -> None:
    frames = {
        "household": homes({"household_id": "H1", "household_size": 2, "exit_year": 2018, "monitor_type": "none"}),
        "income": pd.DataFrame(
            {
                "household_id": ["H1"],
                "period_end": [MONTH],
                "months": [12],
                "wage_income": [9998],
                "transfer_income": [0],
            }
        ),
    }
    found = check(frames, book, parameters).frame.set_index("rule")
    assert found.loc["1_02_006", "zh"] == "脱贫户 2020-12 人均纯收入 4999 元，低于当年监测范围 5000 元，但未纳入监测"
    assert (
        "4999 CNY per head in the year to 2020-12, below the monitoring line of that year (5000)"
        in found.loc["1_02_006", "en"]
    )


def test_no_identity_reaches_a_finding(book: RuleBook, parameters: Parameters) -> None:
    frames = {
        "household": homes({"household_id": "H1"}),
        "person": people({"person_id": "P1", "household_id": "H1"}),
        "identity": pd.DataFrame({"person_id": ["P1"], "person_name": ["张三丰"], "id_number": ["110105194912310021"],
                                  "disability_certificate": ["11010519491231002X99"]}),
    }  # fmt: skip
    found = check(frames, book, parameters).frame
    assert set(found["rule"]) == {"1_01_003", "dis_cert"}
    text = found.to_csv()
    assert "110105" not in text
    assert "张三丰" not in text
    assert "…0021" in text


def test_a_later_data_date_lets_later_events_stand(book: RuleBook, parameters: Parameters) -> None:
    frames = {
        "household": homes({"household_id": "H1"}),
        "visit_record": pd.DataFrame({"visit_id": ["V1"], "household_id": ["H1"], "visited_on": ["2021-01-15"]}),
    }
    assert set(check(frames, book, parameters).frame["rule"]) == {"date_future"}
    assert check(frames, book, parameters, data_date=date(2021, 1, 31)).frame.empty


def test_the_order_of_rows_does_not_matter_and_inputs_stay(book: RuleBook, parameters: Parameters) -> None:
    frame = homes(
        {"household_id": "H1", "dwelling_grade": "C", "monitor_type": "none", "household_size": "x"},
        {"household_id": "H2", "dwelling_grade": "A", "monitor_type": "none", "household_size": 40},
        {"household_id": "H3", "dwelling_grade": "D", "monitor_type": "none", "household_size": 2},
    )
    before = frame.copy()
    one = check({"household": frame}, book, parameters).frame
    two = check({"household": frame.iloc[::-1].reset_index(drop=True)}, book, parameters).frame
    pd.testing.assert_frame_equal(frame, before)
    columns = ["row_key", "rule", "column", "value", "zh", "en"]
    assert sorted(one[columns].values.tolist()) == sorted(two[columns].values.tolist())


def test_checking_again_what_stands_finds_no_error(book: RuleBook, parameters: Parameters) -> None:
    frames = {
        "household": homes(
            {"household_id": "H1", "household_size": "x"}, {"household_id": "H2"}, {"household_id": "H2"}
        ),
        "person": people({"person_id": "P1", "household_id": "H1"}, {"person_id": "P2", "household_id": "H2"}),
    }  # fmt: skip
    first = check(frames, book, parameters)
    kept = {name: frame.drop(index=frame.index[first.rejected_rows(name)]) for name, frame in frames.items()}
    assert [len(frame) for frame in kept.values()] == [1, 1]
    assert check(kept, book, parameters).errors == 0


@pytest.mark.parametrize(
    ("digits", "character"),
    # Standard's two worked examples, then by hand: sum of digit x weight modulo 11 → 1 0 X 9 8 7 6 5 4 3 2.
    # 000…0: sum 0, remainder 0 → 1.   1 then zeros: sum 7 → 5.   2 at the last place: 2 x 2 = 4 → 8.
    [
        ("11010519491231002", "X"),
        ("44052418800101001", "4"),
        ("0" * 17, "1"),
        ("1" + "0" * 16, "5"),
        ("0" * 16 + "2", "8"),
    ],
)
def test_check_characters_are_those_worked_by_hand(digits: str, character: str) -> None:
    assert id_check_character(digits) == character


@pytest.mark.parametrize("position", range(17))
def test_one_wrong_digit_is_always_noticed(position: int, book: RuleBook, parameters: Parameters) -> None:
    right = "44052418800101001" + "4"
    wrong = right[:position] + str((int(right[position]) + 1) % 10) + right[position + 1 :]
    frame = pd.DataFrame({"person_id": ["P1", "P2"], "id_number": [right, wrong]})
    assert rules_of(check({"identity": frame}, book, parameters)) == [("1_01_003", "id_number", 1)]


# -------------------------------------------------------------------------------------------------- whole register


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """Two counties with one household each; one identity number stands in both, one dwelling is dangerous."""
    path = tmp_path_factory.mktemp("quality") / "register"
    rows = {"monitor_type": "edge", "monitor_identified_on": pd.Timestamp("2020-12-20"), "household_size": 1}
    with RegisterWriter(path, place="dezhou") as writer:
        writer.put("village", pd.DataFrame({"village_code": [QIHE, XIAJIN], "county_code": ["371425", "371427"]}))
        homes_ = homes(
            {"household_id": "H1", "head_person_id": "P1", "dwelling_grade": "C", **rows, "monitor_type": "none"},
            {"household_id": "H3", "head_person_id": "P3", "dwelling_grade": "A", **rows},
            {"household_id": "H2", "village_code": XIAJIN, "head_person_id": "P2", "dwelling_grade": "A", **rows},
        )
        persons = people(
            {"person_id": "P1", "household_id": "H1", "relation_to_head": "head"},
            {"person_id": "P2", "household_id": "H2", "relation_to_head": "head"},
            {"person_id": "P3", "household_id": "H3", "relation_to_head": "head"},
        )
        writer.put("household", homes_.infer_objects(), month=MONTH)
        writer.put("person", persons.infer_objects(), month=MONTH)
        ids = ["440524188001010014", "11010519491231002X", "11010519491231002X"]
        writer.put("identity", pd.DataFrame({"person_id": ["P1", "P2", "P3"], "id_number": ids}))
        visits = {"visit_id": ["V1"], "household_id": ["H2"], "visited_on": [pd.Timestamp("2021-02-01")]}
        writer.put("visit_record", pd.DataFrame(visits))
        writer.commit(created="2020-12-31T00:00:00")
    return Register.open(path)


def test_a_register_is_checked_by_county_and_across(register: Register, book: RuleBook, parameters: Parameters) -> None:
    told: list[tuple[int, int, str]] = []
    found = check_register(register, MONTH, parameters, "dezhou", lambda *step: told.append(step), rules=book)
    got = found.frame[["county_code", "table", "row_key", "rule"]].values.tolist()
    assert got == [
        ["371425", "household", "H1|2020-12", "1_02_001"],
        ["371425", "household", "H1|2020-12", "identified_not_monitored"],
        ["371425", "identity", "P3", "1_01_dup"],
        ["371425", "identity", "P3", "id_two_households"],
        ["371427", "identity", "P2", "1_01_dup"],
        ["371427", "identity", "P2", "id_two_households"],
        ["371427", "visit_record", "V1", "date_future"],
    ]
    assert found.frame["row"].isna().all()
    assert [step[0] for step in told] == [0, 1, 2]
    assert {step[1] for step in told} == {2}


def test_a_register_and_its_frames_give_the_same_findings(
    register: Register, book: RuleBook, parameters: Parameters
) -> None:
    names = ["village", "household", "person", "visit_record"]
    frames = {name: register.read(name).dropna(axis=1, how="all") for name in names}
    frames["identity"] = register.read_identity().dropna(axis=1, how="all")
    columns = ["county_code", "table", "row_key", "column", "rule", "zh", "en"]
    whole = check(frames, book, parameters).frame[columns].values.tolist()
    parts = check_register(register, MONTH, parameters, "dezhou", rules=book).frame[columns].values.tolist()
    assert sorted(whole) == sorted(parts)


def test_a_month_the_register_does_not_hold_is_named(register: Register, parameters: Parameters) -> None:
    with pytest.raises(RegisterError, match=r"2019-12.*2020-12"):
        check_register(register, "2019-12", parameters, "dezhou")


# ------------------------------------------------------------------------------------------------------- fault key


def test_the_key_tells_found_missed_implied_and_the_rest(
    register: Register, book: RuleBook, parameters: Parameters, tmp_path: Path
) -> None:
    found = check_register(register, MONTH, parameters, "dezhou", rules=book)
    key = pd.DataFrame(
        [
            ["1_02_001", "household", "H1|2020-12", "seeded"],
            ["1_02_001", "household", "H2|2020-12", "seeded"],
            ["1_01_dup", "identity", "P2", "seeded"],
            ["1_01_dup", "identity", "P3", "seeded"],
            ["id_two_households", "identity", "P2", "implied"],
            ["id_two_households", "identity", "P3", "implied"],
            ["identified_not_monitored", "household", "H1|2020-12", "genuine"],
        ],
        columns=["rule", "table", "row_key", "origin"],
    )
    report = compare_with_key(found, key)
    rows = report.frame.set_index("rule")[["seeded", "found", "missed", "implied", "genuine", "other"]]
    assert rows.loc["1_02_001"].tolist() == [2, 1, 1, 0, 0, 0]
    assert rows.loc["1_01_dup"].tolist() == [2, 2, 0, 0, 0, 0]
    assert rows.loc["id_two_households"].tolist() == [0, 0, 0, 2, 0, 0]
    assert rows.loc["date_future"].tolist() == [0, 0, 0, 0, 0, 1]
    assert report.missed["row_key"].tolist() == ["H2|2020-12"]
    assert report.other["rule"].tolist() == ["date_future"]
    assert report.summary() == (
        "3 of 4 seeded errors found, 1 missed; 2 findings implied by them, 1 genuine, 1 false alarms"
    )


def test_a_key_without_its_columns_is_refused(register: Register, parameters: Parameters, book: RuleBook) -> None:
    found = check_register(register, MONTH, parameters, "dezhou", rules=book)
    with pytest.raises(SchemaError, match="row_key"):
        compare_with_key(found, pd.DataFrame({"rule": ["s17"], "table": ["household"]}))
