"""A second and a third month: late, partial, faulty and contradicting files of an invented prefecture.

The prefecture has codes of its own (county 999901 and 999902) and the place file of the demo: only lines and limits are
read from it.  Five households in December; every number below is counted by hand from the files written here.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.office_fixtures import DECEMBER, HEAD, december, take

from relapse_risk.cli import main
from relapse_risk.errors import GateError, SourceError
from relapse_risk.register import Register
from relapse_risk.register.importing import import_source
from relapse_risk.register.mapping import SourceMapping


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """Five households and six persons in December 2020."""
    return december(tmp_path)


def homes(office: Path, month: str) -> pd.DataFrame:
    return Register.open(office / "register").read("household", month=month).set_index("household_id")


def carried(office: Path, month: str, table: str = "household") -> dict[tuple[str, str], str]:
    """Columns carried, by row and the month they are from."""
    rows = Register.open(office / "register").read("carried", month=month)
    rows = rows[rows["table_name"] == table]
    return {(r.row_key, r.said_in): r.columns for r in rows.itertuples()}


# --- a partial file ---------------------------------------------------------------------------------------------------


def test_a_partial_file_starts_from_the_last_month_and_says_so(office: Path) -> None:
    report = take(office, f"{HEAD}\nH2,999901001001,2,1,无,无,安全\n", "2021-01")
    january = homes(office, "2021-01")
    assert january["household_size"].to_dict() == {"H1": 2, "H2": 2, "H3": 3, "H4": 1, "H5": 4}
    assert carried(office, "2021-01") == {(one, "2020-12"): "all" for one in ("H1", "H3", "H4", "H5")}
    assert len(Register.open(office / "register").read("person", month="2021-01")) == 6
    assert carried(office, "2021-01", "person") == {(f"P{n}", "2020-12"): "all" for n in range(1, 7)}
    assert [n for n in report.notes if n.startswith("household")] == [
        "household, 2021-01: starts from 2020-12: 4 of 5 rows carried, 1 in the file (0 new), 0 dropped"
    ]
    assert homes(office, "2020-12")["household_size"].to_dict()["H2"] == 1


def test_what_was_carried_twice_is_as_old_as_it_is(office: Path) -> None:
    take(office, f"{HEAD}\nH2,999901001001,2,1,无,无,安全\n", "2021-01")
    take(office, f"{HEAD}\nH3,999901001002,3,2,无,无,安全\n", "2021-02")
    assert carried(office, "2021-02") == {
        ("H1", "2020-12"): "all", ("H2", "2021-01"): "all", ("H4", "2020-12"): "all", ("H5", "2020-12"): "all",
    }  # fmt: skip


def test_what_arrives_later_is_carried_no_more(office: Path) -> None:
    take(office, f"{HEAD}\nH2,999901001001,2,1,无,无,安全\n", "2021-01")
    report = take(
        office, f"{HEAD}\nH1,999901001001,3,3,无,无,安全\nH3,999901001002,3,2,无,无,安全\n", "2021-01", name="后.csv"
    )
    assert set(carried(office, "2021-01")) == {("H4", "2020-12"), ("H5", "2020-12")}
    assert report.conflicts == 0, "a value that was only carried contradicts nothing"


def test_a_month_before_every_other_starts_from_nothing(office: Path) -> None:
    take(office, f"{HEAD}\nH2,999901001001,2,1,无,无,安全\n", "2020-11")
    assert homes(office, "2020-11").index.tolist() == ["H2"]
    assert carried(office, "2020-11") == {}


def test_two_months_in_one_file_each_start_from_the_one_before(office: Path) -> None:
    head = "数据月份," + HEAD
    text = f"{head}\n2021-01,H1,999901001001,6,3,无,无,安全\n2021-02,H2,999901001001,7,1,无,无,安全\n"
    take(office, text, None)
    assert homes(office, "2021-02")["household_size"].to_dict() == {"H1": 6, "H2": 7, "H3": 3, "H4": 1, "H5": 4}
    assert carried(office, "2021-02")["H1", "2021-01"] == "all"
    assert carried(office, "2021-02")["H3", "2020-12"] == "all"


# --- gates ------------------------------------------------------------------------------------------------------------


def complete(text: str) -> dict[str, Any]:
    return {"text": text, "month": "2021-01", "complete": True}


def files(office: Path) -> dict[str, bytes]:
    """Everything a reader may see: the manifest, and what was found."""
    seen = [office / "register" / "manifest.json", *(office / "findings").rglob("*.*")]
    return {str(path): path.read_bytes() for path in seen if path.is_file()}


def test_a_complete_file_of_one_household_stops_with_its_counts_and_writes_nothing(office: Path) -> None:
    before = files(office)
    with pytest.raises(GateError, match=r"5 before \(2020-12\), 1 in the file, 4 dropped, 0 new.*--county.*--accept"):
        take(office, **complete(f"{HEAD}\nH2,999901001001,2,1,无,无,安全\n"))
    assert files(office) == before
    assert Register.open(office / "register").months == ("2020-12",)


def test_who_lets_it_through_and_why_is_kept(office: Path) -> None:
    text = f"{HEAD}\nH2,999901001001,2,1,无,无,安全\n"
    report = take(office, **complete(text), accept="Wang Fang: the county was divided")
    assert homes(office, "2021-01").index.tolist() == ["H2"]
    people = Register.open(office / "register").read("person", month="2021-01")
    assert people["person_id"].tolist() == ["P3"], "nobody stays without a household"
    assert any("4 dropped" in note and "Wang Fang" in note for note in report.notes)
    told = Register.open(office / "register").read("delivery", month="2021-01")
    assert set(told["accepted_by"]) == {"Wang Fang: the county was divided"}


@pytest.mark.parametrize("said", ["ok", ":why", "who:"])
def test_a_name_without_a_reason_lets_nothing_through(office: Path, said: str) -> None:
    with pytest.raises(Exception, match="who lets the delivery through"):
        take(office, **complete(f"{HEAD}\nH2,999901001001,2,1,无,无,安全\n"), accept=said)


def test_complete_for_one_county_leaves_the_others_carried(office: Path) -> None:
    text = f"{HEAD}\nH4,999902001001,1,4,无,无,安全\nH5,999902001001,4,5,无,无,安全\n"
    take(office, **complete(text), counties=("999902",))
    assert homes(office, "2021-01").index.tolist() == ["H1", "H2", "H3", "H4", "H5"]
    assert set(carried(office, "2021-01")) == {("H1", "2020-12"), ("H2", "2020-12"), ("H3", "2020-12")}


def test_a_county_is_not_emptied_in_silence(office: Path) -> None:
    rows = "".join(f"B{n},999901001001,1,1,无,无,安全\n" for n in range(98))
    take(office, f"{HEAD}\n{rows}", "2020-12", name="多.csv")
    # 103 households; a complete file without H4 and H5 drops 1.9 %, within the limit, and all of county 999902
    text = DECEMBER[: DECEMBER.index("H4,")] + rows
    with pytest.raises(GateError, match=r"2 dropped, 0 new', expected households left in 999902"):
        take(office, **complete(text))


def test_too_many_new_households_stop(office: Path) -> None:
    rows = "".join(f"N{n},999901001001,1,1,无,无,安全\n" for n in range(1, 3))
    with pytest.raises(
        GateError, match=r"5 before \(2020-12\), 2 in the file, 0 dropped, 2 new', expected at most 10% new"
    ):
        take(office, f"{HEAD}\n{rows}", "2021-01")


def test_a_new_monitored_household_that_is_rejected_stops_the_month(office: Path) -> None:
    with pytest.raises(GateError, match="none of 1 monitored households rejected"):
        take(office, f"{HEAD}\nH9,,2,1,边缘易致贫户,无,安全\n", "2021-01")


# --- the month a file speaks of ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["2020-12", "202012", "2020年12月"])
def test_december_is_not_taken_in_as_january(office: Path, written: str) -> None:
    with pytest.raises(SourceError, match=r"1 of 1 rows say another month.*got '2020-12', expected 2021-01"):
        take(office, f"数据月份,{HEAD}\n{written},H2,999901001001,2,1,无,无,安全\n", "2021-01")


def test_a_month_the_mapping_does_not_name_is_read_all_the_same(office: Path) -> None:
    mapping = SourceMapping.model_validate(
        {"name": "m", "label": {"zh": "表", "en": "table"}, "kind": "csv", "place": "dezhou",
         "tables": [{"table": "household", "source": "*", "columns": {"household_id": "户编号", "household_size": "人口"}}]}
    )  # fmt: skip
    source = office / "民政.csv"
    source.write_text("户编号,人口,数据月份\nH2,2,2020-12\n", encoding="utf-8")
    with pytest.raises(SourceError, match="say another month"):
        import_source(source, mapping, office / "register", "2021-01", as_of=date(2021, 1, 31))


# --- one bad cell -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("cell", "text"), [("耕地面积", "-2"), ("家庭人口数", "许多"), ("住房安全等级", "摇晃")])
def test_a_bad_cell_costs_the_cell_and_not_the_family(office: Path, cell: str, text: str) -> None:
    columns = HEAD.split(",")
    row = ["H1", "999901001001", "2", "3", "边缘易致贫户", "无", "安全"]
    row[columns.index(cell)] = text
    report = take(office, f"{HEAD}\n{','.join(row)}\n", "2021-01")
    one = homes(office, "2021-01").loc["H1"]
    assert (one["arable_mu"], one["household_size"], one["dwelling_grade"]) == (
        3.0, 2, "B" if cell == "住房安全等级" else "A",
    )  # fmt: skip
    assert one["relief_status"] == "none", "the other cells of the row are taken"
    assert (report.rejected, report.cells) == (0, 1)
    column = {"耕地面积": "arable_mu", "家庭人口数": "household_size", "住房安全等级": "dwelling_grade"}[cell]
    assert carried(office, "2021-01")["H1", "2020-12"] == column
    found = pd.read_csv(report.files[0], dtype=str)
    assert found.loc[found["severity"] == "cell", ["row_key", "column"]].to_numpy().tolist() == [["H1|2021-01", column]]
    assert len(Register.open(office / "register").read("person", month="2021-01")) == 6


def test_a_bad_cell_of_a_new_household_is_unknown(office: Path) -> None:
    rows = "".join(f"B{n},999901001001,1,1,无,无,安全\n" for n in range(5))
    take(office, f"{HEAD}\n{rows}", "2020-12", name="多.csv")
    take(office, f"{HEAD}\nH9,999901001001,1,-1,边缘易致贫户,无,安全\n", "2021-01")
    nine = homes(office, "2021-01").loc["H9"]
    assert pd.isna(nine["arable_mu"])
    assert nine["monitor_type"] == "edge"


def test_a_bad_key_rejects_the_row_and_the_register_keeps_the_household(office: Path) -> None:
    text = f"{HEAD}\nH1,999901001001,5,3,无,无,安全\nH1,999901001001,9,3,无,无,安全\n,999901001001,9,3,无,无,安全\n"
    report = take(office, text, "2021-01")
    assert report.rejected == 2
    assert homes(office, "2021-01")["household_size"].to_dict() == {"H1": 5, "H2": 1, "H3": 3, "H4": 1, "H5": 4}


# --- departments ------------------------------------------------------------------------------------------------------


def test_a_department_sends_the_key_and_its_own_columns(office: Path) -> None:
    report = take(office, "户编号,社会救助类别\nH2,最低生活保障\nH8,无\n", "2021-01", sender="MZ")
    one = homes(office, "2021-01").loc["H2"]
    assert (one["relief_status"], one["household_size"], one["village_code"]) == ("dibao", 1, "999901001001")
    assert report.rejected == 1, "H8 is nobody the register knows"
    columns = carried(office, "2021-01")["H2", "2020-12"].split(";")
    assert "relief_status" not in columns
    assert {"household_size", "village_code", "dwelling_grade"} <= set(columns)


def test_a_village_nobody_knows_does_not_cost_a_known_household(office: Path) -> None:
    take(
        office,
        "村代码,县代码\n999901001001,999901\n999901001002,999901\n999902001001,999902\n",
        "2020-12",
        name="村.csv",
        table="village",
    )
    report = take(office, f"{HEAD}\nH2,999901009999,2,1,无,无,安全\n", "2021-01")
    assert homes(office, "2021-01").loc["H2", ["village_code", "household_size"]].tolist() == ["999901001001", 2]
    assert any("unknown village_code" in note and "H2" in note for note in report.notes)


def test_the_department_that_answers_keeps_its_word(office: Path) -> None:
    take(office, "户编号,社会救助类别\nH1,最低生活保障\nH2,无\n", "2020-12", name="民政.csv", sender="MZ")
    report = take(office, "户编号,社会救助类别,住房安全等级\nH1,无,局部危险\n", "2020-12", name="扶贫.csv", sender="FP")
    one = homes(office, "2020-12").loc["H1"]
    assert (one["relief_status"], one["dwelling_grade"]) == ("dibao", "C")
    listed = pd.read_csv(next(f for f in report.files if f.name == "conflicts.csv"), dtype=str, keep_default_na=False)
    assert listed[["row_key", "column", "held", "held_by", "said", "said_by", "kept", "rule"]].to_numpy().tolist() == [
        ["H1|2020-12", "relief_status", "dibao", "MZ", "none", "FP", "dibao", "answering department"],
        ["H1|2020-12", "dwelling_grade", "B", "", "C", "FP", "C", "later delivery"],
    ]
    assert "2 values differ" in report.summary()


def test_the_answering_department_has_the_last_word_when_it_comes_later(office: Path) -> None:
    take(office, "户编号,社会救助类别\nH1,无\n", "2020-12", name="扶贫.csv", sender="FP")
    report = take(office, "户编号,社会救助类别\nH1,最低生活保障\n", "2020-12", name="民政.csv", sender="MZ")
    assert homes(office, "2020-12").loc["H1", "relief_status"] == "dibao"
    assert report.conflicts == 1


def test_a_sender_nobody_knows_is_named_with_the_nearest(office: Path) -> None:
    with pytest.raises(SourceError, match="--from: unknown department"):
        take(office, DECEMBER, "2020-12", sender="MZZ")


def test_a_second_file_of_the_same_name_leaves_the_first_list_of_rejected_rows(office: Path) -> None:
    first = take(office, f"{HEAD}\n,999901001001,5,3,无,无,安全\n", "2020-12")
    second = take(office, f"{HEAD}\nH1,999901001001,2,3,边缘易致贫户,最低生活保障,基本安全\n", "2020-12")
    again = take(office, f"{HEAD}\n,999901001001,5,3,无,无,安全\n", "2020-12")
    lists = [[f for f in report.files if f.name == "rejected_household.csv"] for report in (first, second, again)]
    assert [len(one) for one in lists] == [1, 0, 1]
    assert lists[0] == lists[2]
    assert lists[0][0].is_file()


def test_a_delivery_says_what_it_spoke_of(office: Path) -> None:
    take(office, "户编号,社会救助类别\nH1,无\nH4,无\n", "2020-12", name="民政.csv", sender="MZ")
    rows = Register.open(office / "register").read("delivery", month="2020-12")
    rows = rows[rows["source"].str.endswith("民政.csv")]
    assert rows[["table_name", "county_code", "sender", "rows", "complete", "columns"]].to_numpy().tolist() == [
        ["household", "999901", "MZ", 1, False, "household_id;relief_status;snapshot_month"],
        ["household", "999902", "MZ", 1, False, "household_id;relief_status;snapshot_month"],
    ]


# --- the commands -----------------------------------------------------------------------------------------------------


def command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """Exit code of a command, as a scheduler sees it."""
    monkeypatch.setattr(sys, "argv", ["relapse-risk", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_what_the_commands_say(
    office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = office / "m.yaml"
    mapping.write_text(
        "{name: m, label: {zh: 表, en: table}, kind: csv, tables: [{table: household, source: '*.csv'}]}",
        encoding="utf-8",
    )
    file = office / "一月.csv"
    file.write_text(f"{HEAD}\nH1,999901001001,2,-3,无,无,安全\n", encoding="utf-8")
    given = (
        "import",
        file,
        "--mapping",
        mapping,
        "--register",
        office / "register",
        "--month",
        "2021-01",
        "--as-of",
        "2021-01-31",
    )
    assert command(monkeypatch, *given, "--complete") == 3
    said = capsys.readouterr()
    assert "stopped at a gate, nothing was written; got '5 before (2020-12), 1 in the file, 4 dropped" in said.err
    assert len([line for line in said.err.splitlines() if line.startswith("relapse-risk: ")]) == 1
    assert command(monkeypatch, *given, "--from", "MZ") == 1, "a cell was not taken"
    said = capsys.readouterr()
    assert "1 cells not taken, last value kept" in said.out
    assert "starts from 2020-12: 4 of 5 rows carried" in said.out
    assert command(monkeypatch, "deliveries", "--register", office / "register", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["month"] == "2021-01"
    assert {"table": "household", "said_in": "2020-12", "rows": 4} in told["carried"]
    assert told["completeness"]["999901"]["visit_record"] == "not collected"
