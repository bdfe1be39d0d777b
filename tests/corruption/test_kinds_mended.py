"""The kinds of fault that the trials found, each with siblings: readings that changed in silence, damage that was not seen."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relapse_risk.editions.publish import Outcome, publish_files, read_manifest, run_files
from relapse_risk.errors import ParameterError, RegisterError, RelapseRiskError, SourceError
from relapse_risk.files import write_parquet
from relapse_risk.json_reading import read_json
from relapse_risk.measures.facts_folder import read_facts_manifest
from relapse_risk.register.candidates import candidates
from relapse_risk.register.cell_readers import (
    Refused,
    code_reader,
    date_reader,
    key_reader,
    month_reader,
    number_reader,
    read_code_list,
    read_text,
    read_yes_no,
    value_reader,
)
from relapse_risk.register.cell_texts import folded, header_text, plain_text
from relapse_risk.register.csv_files import decoded, read_csv_file
from relapse_risk.register.intake import typed_frame
from relapse_risk.register.journal import Journal
from relapse_risk.register.mapping import SourceMapping
from relapse_risk.register.pseudonyms import pseudonym
from relapse_risk.register.readers import read_source
from relapse_risk.register.survey_files import read_survey_file
from relapse_risk.schema import code_list
from relapse_risk.scores import read_scores
from relapse_risk.sealed_tables import sealed
from relapse_risk.yaml_reading import read_yaml

SIGNS = ["¹", "²", "⁴", "₂", "①", "⑿", "⒈", "½", "㏠"]


# --- signs that are no digits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_behind_a_number_is_not_its_last_digit(sign: str) -> None:
    assert number_reader()(f"1200{sign}") == f"1200{sign}", "kept as it is, for the type check to report"
    assert date_reader()(f"2020-12-3{sign}") == f"2020-12-3{sign}"
    assert month_reader(f"2020-1{sign}") == f"2020-1{sign}"
    assert value_reader({"12": True, "1": False})(f"1{sign}") == Refused("value_not_listed")
    assert code_reader(code_list("poverty_cause"), numbers=True)(f"1{sign}") == f"1{sign}"
    assert read_yes_no(sign) == sign


@pytest.mark.parametrize("sign", SIGNS)
def test_a_sign_behind_a_key_makes_it_nobody_elses(sign: str) -> None:
    assert key_reader(read_text)(f"K1{sign}") == f"K1{sign}"
    assert len({pseudonym(bytes(32), f"K1{end}", "H") for end in (sign, "", "1", "2")}) == 4


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=12))
def test_folding_twice_is_folding_once_and_no_digit_comes_from_a_sign(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert sum(one.isdecimal() for one in once) == sum(one.isdecimal() for one in text)


def test_units_and_full_width_forms_are_still_folded() -> None:
    assert header_text("面积（㎡）") == "面积(㎡)"
    assert folded("Ｋ１２　ﾃｽﾄ") == "K12 テスト"


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["3.5", ".5", "1234.5", "0.500", "12.34.567"])
def test_where_the_comma_is_decimal_a_point_marks_thousands_or_is_refused(text: str) -> None:
    read = number_reader(decimal=",")(text)
    assert read in (Refused("other_decimal_mark"), text), f"{text} is not ten or a thousand times as much"
    assert number_reader(decimal=",")("1.234.567,5") == 1234567.5


@pytest.mark.parametrize("text", ["0,500", "00,500", "-0,125"])
def test_thousands_do_not_begin_with_zero(text: str) -> None:
    assert number_reader()(text) == text
    assert number_reader(decimal=".")("1,500") == 1500


def test_a_comma_that_may_be_decimal_is_refused_and_one_that_cannot_is_read() -> None:
    read = number_reader(comma_doubtful=True)
    assert read("61,500") == Refused("comma_doubtful")
    assert [read("1,234,567"), read("1,234.5"), read("61500")] == [1234567, 1234.5, 61500]


@pytest.mark.parametrize("text", ["1e300", "9007199254740994", "10000000000000000000", "9" * 400, "1e400"])
@pytest.mark.parametrize("column", ["household_size", "loan_balance"])
def test_a_number_too_large_to_be_told_from_its_neighbour_is_refused(tmp_path: Path, text: str, column: str) -> None:
    source = tmp_path / "a.csv"
    source.write_text(f"household_id,{column}\nH1,{text}\nH2,3\n", encoding="utf-8")
    given = {
        "name": "a",
        "label": {"zh": "a", "en": "a"},
        "kind": "csv",
        "tables": [{"table": "household", "source": "a*"}],
    }
    mapping = SourceMapping(**given)
    found = candidates(read_source(source, mapping).tables, mapping, month="2020-12")["household"]
    frame, faults = typed_frame(found.frame, "household")
    assert frame[column].isna().tolist() == [True, False]
    assert [fault.rows.tolist() for fault in faults] == [[0]]


# --- days and months --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [2020.1, "2020.1", "20201", "2020-12-99", "2020-12-00"])
def test_a_month_that_may_be_another_is_not_guessed(value: object) -> None:
    assert month_reader(value) in (Refused("month_doubtful"), plain_text(value))
    assert [month_reader(v) for v in (2020.12, "2020.3", "2020-1", "20200", "2020年3月")] == [
        "2020-12", "2020-03", "2020-01", "20200", "2020-03",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["2020-12-31 to 2021-03-01", "2020-12-31T16:00:00Z", "2020-12-31T20:00:00-05:00", "2020-12-31 ?", "2020-12-31 或次日", "2020-12-31+08:00"],
)  # fmt: skip
def test_a_day_with_something_behind_it_is_not_cut_to_the_day(text: str) -> None:
    frame, faults = typed_frame(pd.DataFrame({"person_id": ["P1"], "birth_date": [text]}), "person")
    assert frame["birth_date"].isna().all()
    assert [(fault.rule, fault.values) for fault in faults] == [("not_a_date", (text,))]


def test_a_day_with_a_time_of_the_place_is_that_day() -> None:
    texts = ["2020-12-31", "2020-12-31 00:00:00", "2020-12-31T23:59:59.5", "2020-12-31 8:05"]
    frame, faults = typed_frame(pd.DataFrame({"person_id": list("abcd"), "birth_date": texts}), "person")
    assert not faults
    assert frame["birth_date"].eq(pd.Timestamp("2020-12-31")).all()


def test_a_moment_of_universal_time_has_no_day_unless_it_is_midnight() -> None:
    read, beijing = date_reader(), timezone(timedelta(hours=8))
    assert read(datetime(2020, 12, 30, 16, 0, tzinfo=UTC)) == Refused("moment_of_utc")
    assert read(datetime(2020, 12, 31, 0, 0, tzinfo=UTC)) == date(2020, 12, 31)
    assert read(datetime(2020, 12, 31, 16, 0, tzinfo=beijing)) == date(2020, 12, 31)
    assert read(datetime(2020, 12, 31, 16, 0)) == date(2020, 12, 31)


# --- text -------------------------------------------------------------------------------------------------------------


def test_times_bytes_and_lost_characters_are_no_text_or_key() -> None:
    assert read_text(time(3, 1)) == read_text(timedelta(hours=30)) == Refused("date_where_text")
    assert read_text("东村".encode("gbk")) == Refused("not_text")
    assert read_text("东村".encode()) == "东村"
    assert key_reader(read_text)("H\ufffd1") == Refused("not_text")
    assert read_text(Decimal("1001.00")) == "1001"


def test_a_list_of_codes_holds_each_once() -> None:
    assert read_code_list(code_reader(code_list("risk_type")))("Illness; Illness") == "illness"


# --- CSV --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "quoted", ['K1,2,3,"Dong\nK2,2,3,Xi\nK3,2,3,Nan"\nK4,2,3,Bei\n', 'K1,2,"3,a\nK2,2,4",b\nK3,1,1,c\n']
)
def test_rows_between_two_stray_quotation_marks_do_not_vanish(quoted: str) -> None:
    with pytest.raises(SourceError, match=r"line 2: a cell in quotation marks holds whole rows"):
        read_csv_file(f"id,size,rooms,name\n{quoted}".encode(), "a.csv")


def test_a_cell_of_several_lines_is_one_cell() -> None:
    file = read_csv_file(b'id,size,rooms,name\nK1,2,3,"first line, and\nsecond"\nK2,1,1,x\n', "a.csv")
    assert [record[0] for record in file.records] == ["id", "K1", "K2"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("id,name\n1,Gérard\n", "cp1252"), ("id,name\n1,Łąka\n", "iso8859-2"), ("id,name\n1,Село\n", "cp1251"), ("id,name\n1,村\n", "shift-jis")],
)  # fmt: skip
def test_another_encoding_is_not_taken_for_chinese(text: str, encoding: str) -> None:
    with pytest.raises(SourceError, match=r"set encoding in the mapping"):
        decoded(text.encode(encoding), "a.csv")
    assert decoded(text.encode(encoding), "a.csv", encoding) == text


@pytest.mark.parametrize("text", ["id,name\n1,东村\n", "户编号,村代码\n", "id,name\n1,𠮷家村\n", "户，编号\n１,㐀\n"])
def test_chinese_is_still_read(text: str) -> None:
    assert decoded(text.encode("gb18030"), "a.csv") == text


@pytest.mark.parametrize("suffix", [".dta", ".sav"])
def test_a_damaged_survey_file_is_read_or_refused(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame({"hhid": ["H1", "H2"], "water": [1.0, None], "seen": [date(2020, 1, 2), date(2021, 3, 4)]})
    path = tmp_path / f"a{suffix}"
    write = pyreadstat.write_dta if suffix == ".dta" else pyreadstat.write_sav
    write(frame, path, variable_value_labels={"water": {1: "yes", 2: "no"}})
    whole = path.read_bytes()
    refused = 0
    for at in range(0, len(whole), max(1, len(whole) // 150)):
        path.write_bytes(whole[:at] + bytes(16) + whole[at + 16 :])
        try:
            read_survey_file(path)
        except SourceError:
            refused += 1
    assert refused > 5


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["what", "where", "got", "expected", "fix"])
def test_an_error_is_one_line_of_a_length_that_is_read(part: str) -> None:
    given = {"what": "damaged", "where": "a.csv", "got": "x", "expected": "y", "fix": "z"} | {
        part: "line\nand line\r" * 9_000
    }
    words = str(RelapseRiskError(given.pop("what"), **given))
    assert len(words.splitlines()) == 1
    assert len(words) < 2_000


# --- our own files ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Move:
    name: str
    step: str
    on: str
    value: float | None = None


JOURNAL = Journal("moves.jsonl", Move, "door", "name", {"": ("open",), "open": ("shut",), "shut": ("open",)})


@pytest.mark.parametrize(
    "change",
    [("2020-01-02", "2020-01-03"), ('"value": 1200.0', '"value": 1300.0'), ('"name": "a"', '"name": "b"'), ('"open"', '"shut"')],
)  # fmt: skip
def test_a_step_that_was_changed_is_no_step(tmp_path: Path, change: tuple[str, str]) -> None:
    JOURNAL.append(tmp_path, [Move("a", "open", "2020-01-02", 1200.0)])
    file = tmp_path / "moves.jsonl"
    file.write_text(file.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    with pytest.raises(RegisterError, match=r"line 1: not a step of a door: it was changed after it was written"):
        JOURNAL.read(tmp_path)


def test_a_step_that_is_lost_from_the_middle_is_missed(tmp_path: Path) -> None:
    JOURNAL.append(tmp_path, [Move("a", "open", "2020-01-02"), Move("b", "open", "2020-01-02")])
    JOURNAL.append(tmp_path, [Move("a", "shut", "2020-01-03")])
    file = tmp_path / "moves.jsonl"
    first, second, third = file.read_bytes().splitlines(keepends=True)
    assert len(JOURNAL.read(tmp_path)) == 3
    for lines in (first + third, second + third, second + first + third):
        file.write_bytes(lines)
        with pytest.raises(RegisterError, match="a line before it is gone"):
            JOURNAL.read(tmp_path)
    for noise in (b"[[[", b"\0\0", b"x" + first[:-1]):
        file.write_bytes(first + noise)
        with pytest.raises(RegisterError, match=r"line 2: not a step of a door: nor the beginning of one"):
            JOURNAL.read(tmp_path)


@pytest.mark.parametrize(
    "change", [{"on": 5}, {"step": "gone"}, {"on": "2020-13-01"}, {"value": "much"}, {"name": None}]
)
def test_a_step_of_other_kinds_is_no_step_and_an_old_line_is(tmp_path: Path, change: dict[str, object]) -> None:
    line = asdict(Move("a", "open", "2020-01-02", 1))
    (tmp_path / "moves.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert JOURNAL.read(tmp_path) == (Move("a", "open", "2020-01-02", 1),), "lines of older versions carry no check"
    (tmp_path / "moves.jsonl").write_text(json.dumps(line | change) + "\n[" + "[" * 5_000 + "\n", encoding="utf-8")
    with pytest.raises(RegisterError, match=r"line 1: not a step of a door"):
        JOURNAL.read(tmp_path)


@pytest.mark.parametrize("content", ["[]", "{", "null", '{"month": 5}', "[" * 50_000, "{}", "\u00ff"])
def test_json_of_ours_that_is_damaged_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "facts.json"
    file.write_text(content, encoding="latin-1")
    with pytest.raises(RelapseRiskError, match=r"facts\.json: damaged.*Fix: run it again") as error:
        read_json(file, RelapseRiskError, "run it again", {"month": str})
    assert len(str(error.value).splitlines()) == 1
    with pytest.raises(RelapseRiskError, match="damaged"):
        read_facts_manifest(tmp_path)


def _flipped(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def test_no_flipped_bit_of_a_score_is_another_score(tmp_path: Path) -> None:
    base = tmp_path / "2020-12"
    frame = pd.DataFrame(
        {
            "county_code": ["371425"] * 50,
            "household_id": [f"H{i}" for i in range(50)],
            "need": [i / 7 for i in range(50)],
        }
    )
    path = write_parquet(base / "hardship.parquet", sealed(pa.Table.from_pandas(frame, preserve_index=False)), [50])
    good, whole = read_scores(tmp_path, "2020-12").hardship, path.read_bytes()
    assert good is not None
    for at in range(4, len(whole) - 8, 7):
        path.write_bytes(whole)
        _flipped(path, at)
        try:
            found = read_scores(tmp_path, "2020-12").hardship
        except RelapseRiskError:
            continue
        assert found is not None
        pd.testing.assert_frame_equal(found, good)  # the bit carried nothing that is read


@pytest.mark.parametrize(
    ("name", "value"),
    [("files", {"../../secret.txt": "0"}), ("files", ["a"]), ("stem", 5), ("key", None), ("undrawn", "x"), ("unheard_of", 1)],
)  # fmt: skip
def test_a_damaged_manifest_of_an_edition_names_no_file_and_is_none(tmp_path: Path, name: str, value: object) -> None:
    files = publish_files(tmp_path, {"a.html": b"<p>"})
    publish_files(tmp_path, run_files({"edition": "e"}, [Outcome("1", "A", "en", "a", "published", "k", files)]))
    assert set(read_manifest(tmp_path)) == {"a"}
    content = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    content["reports"][0][name] = value
    (tmp_path / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    assert read_manifest(tmp_path) == {}


@pytest.mark.parametrize("text", ["x: 2024-02-30", "x: " + "9" * 6_000, "x: [1"])
def test_odd_yaml_is_named_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError, match=r"a\.yaml: not valid YAML") as error:
        read_yaml(tmp_path / "a.yaml")
    assert len(str(error.value).splitlines()) == 1
