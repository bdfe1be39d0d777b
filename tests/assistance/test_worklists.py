"""There and back: a worklist goes out, a clerk fills it in, and every good reply comes home."""

from __future__ import annotations

import json
import threading
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from tests.assistance.test_ledger import records
from tests.assistance.test_reminders import DAY, entitled

from relapse_risk.assistance import (
    hand_over,
    open_aid_log,
    read_catalogue,
    referral_states,
    remind,
    take_replies,
    write_worklists,
)  # fmt: skip
from relapse_risk.assistance.department_lists import WorkList
from relapse_risk.assistance.worklists import worklist_content, worklist_files
from relapse_risk.errors import RegisterError, SourceError
from relapse_risk.events import Event, KeptLog, read_events
from relapse_risk.parameters import read_parameters

CATALOGUE = read_catalogue("dezhou")
TODAY = date(2021, 2, 1)
NONE = {"household_id": "H99", "item_code": "CL03"}


PARAMETERS = read_parameters()


def log_of(register: Path) -> KeptLog:
    return open_aid_log(register, PARAMETERS, "dezhou")


def say(register: Path, name: str, step: str, on: str, by: str = "x", role: str = "department", **facts: str) -> None:
    log_of(register).append([Event("reminder", name, 0, step, on, TODAY.isoformat(), by, role, facts=facts)])


def handed(register: Path, *names: str) -> None:
    about = {"household": "H1", "item": "MZ01", "department": "MZ", "due_on": "2021-01-30"}
    for name in names:
        say(register, name, "handed_over", "2020-12-31", "office", "office", **about)


@pytest.fixture
def office(tmp_path: Path) -> tuple[Path, Path, pd.DataFrame]:
    """A register, the worklist of Civil Affairs sent out, and its reminders."""
    claims = entitled(*((f"H{i}", f"P{i}", "MZ07") for i in range(12)), ("=1+1", "P=", "MZ08"))
    reminders = remind(claims, records(NONE), CATALOGUE).frame
    register = tmp_path / "register"
    register.mkdir()
    hand_over(log_of(register), reminders, "扶贫办", DAY)
    files = write_worklists(reminders, CATALOGUE, DAY, tmp_path / "out")
    return register, next(file for file in files if file.name == "371425-MZ.xlsx"), reminders


def heads(sheet: openpyxl.worksheet.worksheet.Worksheet) -> dict[str, int]:
    return {cell.value: cell.column for cell in sheet[1]}


def test_the_sheet_is_ready_for_a_clerk_and_harmless(office: tuple[Path, Path, pd.DataFrame]) -> None:
    _, path, reminders = office
    sheet = openpyxl.load_workbook(path)["办理"]
    at = heads(sheet)
    assert sheet.max_row == 1 + len(reminders)
    assert sheet.protection.sheet
    assert not sheet.cell(2, at["办理结果"]).protection.locked
    assert sheet.cell(2, at["户编号"]).protection.locked
    lists = [v for v in sheet.data_validations.dataValidation if v.type == "list"]
    assert lists[0].formula1 == '"已受理,退回,已办结,办结后未落实"'
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.print_title_rows in ("1:1", "$1:$1")
    items = {item.label.zh: item.confidence for item in CATALOGUE.items}
    sentences = {
        sheet.cell(row, at["依据"]).value
        for row in range(2, sheet.max_row + 1)
        if items[sheet.cell(row, at["事项"]).value] != "documented"
    }
    assert sentences == {"待核实，请核对文件"}, "an item without a document says so"
    values = {cell.value for row in sheet.iter_rows() for cell in row}
    assert "'=1+1" in values, "a formula in the data is text"
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_the_json_copy_holds_the_same_reminders(office: tuple[Path, Path, pd.DataFrame]) -> None:
    _, path, reminders = office
    copy = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert {row["reminder_id"] for row in copy["reminders"]} == set(reminders["reminder_id"])
    summary = json.loads((path.parent / "summary.json").read_text(encoding="utf-8"))
    assert sum(row["reminders"] for row in summary) == len(reminders)


FILLED: list[tuple[dict[str, object], str]] = [
    ({"办理结果": "已办结", "办理日期": datetime(2021, 1, 15), "办理人": "王某", "说明": "已发放"}, ""),
    ({"办理结果": "已受理", "办理日期": "2021-01-16", "办理人": "李某"}, ""),
    ({"办理结果": "退回", "办理日期": "2021年1月17日", "说明": "=cmd()"}, ""),
    ({"办理结果": "办好了", "办理日期": "2021-01-17"}, "请从下拉列表中选择"),
    ({"办理结果": "已办结", "办理日期": "昨天"}, "请填写日期，如 2020-12-31"),
    ({"办理结果": "已办结", "办理日期": datetime(2031, 1, 1)}, "日期在今天之后"),
    ({"办理结果": "已办结", "办理日期": datetime(2020, 1, 1)}, "日期早于上一环节"),
    ({"办理日期": datetime(2021, 1, 1)}, "填写了日期或说明，但没有选择办理结果"),
    ({"提醒编号": "R000", "办理结果": "已办结", "办理日期": datetime(2021, 1, 1)}, "没有这个编号"),
    ({}, ""),
]


def fill(path: Path, twice: bool = True) -> None:
    book = openpyxl.load_workbook(path)
    sheet = book["办理"]
    at = heads(sheet)
    for row, (values, _) in enumerate(FILLED, 2):
        for name, value in values.items():
            sheet.cell(row, at[name]).value = value
    if twice:  # the first reminder copied to the foot of the list
        foot = sheet.max_row + 1
        for name, value in {
            "提醒编号": sheet.cell(2, at["提醒编号"]).value,
            "办理结果": "退回",
            "办理日期": datetime(2021, 1, 2),
        }.items():
            sheet.cell(foot, at[name]).value = value
    book.save(path)


def test_every_good_reply_comes_home_and_every_bad_one_is_named(office: tuple[Path, Path, pd.DataFrame]) -> None:
    register, path, _ = office
    fill(path)
    replies = take_replies(path, log_of(register), TODAY)
    assert [step.step for step in replies.steps] == ["finished", "accepted", "returned"]
    assert [step.on for step in replies.steps] == ["2021-01-15", "2021-01-16", "2021-01-17"]
    wanted = {(row, said) for row, (_, said) in enumerate(FILLED, 2) if said} | {(15, "同一编号填写了两次")}
    assert set(replies.faults[["row", "zh"]].itertuples(index=False, name=None)) == wanted
    assert set(replies.faults["sheet"]) == {"办理"}
    assert replies.faults.set_index("row").loc[6, ["column", "value"]].tolist() == ["办理日期", "昨天"]
    states = referral_states(log_of(register), TODAY)["state"].value_counts().to_dict()
    assert states == {"handed_over": 10, "finished": 1, "accepted": 1, "returned": 1}


def test_the_second_import_changes_nothing(office: tuple[Path, Path, pd.DataFrame]) -> None:
    register, path, _ = office
    fill(path)
    take_replies(path, log_of(register), TODAY)
    before = read_events(register)
    assert take_replies(path, log_of(register), TODAY).steps == ()
    assert read_events(register) == before


def test_what_others_answered_meanwhile_stays(office: tuple[Path, Path, pd.DataFrame]) -> None:
    register, path, reminders = office
    fill(path)
    other = reminders["reminder_id"].iloc[-1]
    say(register, other, "accepted", "2021-01-20", "another office")
    take_replies(path, log_of(register), TODAY)
    states = referral_states(log_of(register), TODAY).set_index("reminder_id")["state"]
    assert states[other] == "accepted"
    assert (states == "finished").sum() == 1


def test_two_writers_at_once_lose_nothing(office: tuple[Path, Path, pd.DataFrame]) -> None:
    register, _, reminders = office
    ids = reminders["reminder_id"].tolist()
    threads = [threading.Thread(target=say, args=(register, one, "accepted", "2021-01-05")) for one in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_events(register)) == 2 * len(ids)


def test_a_finished_referral_may_be_said_finished_again_and_is_not_accepted_anew(
    office: tuple[Path, Path, pd.DataFrame],
) -> None:
    register, path, reminders = office
    first = reminders["reminder_id"].iloc[0]
    say(register, first, "finished", "2021-01-02")
    fill(path, twice=False)
    taken = take_replies(path, log_of(register), TODAY)
    assert "现在状态不能这样办理" not in set(taken.faults["zh"])
    states = referral_states(log_of(register), TODAY).set_index("reminder_id")
    assert states.loc[first, "state"] == "finished"
    with pytest.raises(RegisterError, match="this step cannot follow"):
        say(register, first, "accepted", "2021-01-16")


def test_a_file_that_is_no_worklist(office: tuple[Path, Path, pd.DataFrame], tmp_path: Path) -> None:
    register, path, _ = office
    text = tmp_path / "a.xlsx"
    text.write_text("no workbook")
    with pytest.raises(SourceError, match="not a workbook"):
        take_replies(text, log_of(register), TODAY)
    book = openpyxl.load_workbook(path)
    book["办理"].cell(1, heads(book["办理"])["办理结果"]).value = "结果"
    book.save(text)
    with pytest.raises(SourceError, match="a column is missing"):
        take_replies(text, log_of(register), TODAY)
    book["办理"].title = "x"
    book.save(text)
    with pytest.raises(SourceError, match="no worklist sheet"):
        take_replies(text, log_of(register), TODAY)


def test_an_answer_given_since_the_log_was_opened_is_named_and_the_others_come_in(
    office: tuple[Path, Path, pd.DataFrame],
) -> None:
    """Somebody else returned the first referral meanwhile: its row is a fault that says where it stands, the rest is taken."""
    register, path, reminders = office
    fill(path, twice=False)
    first, log = reminders["reminder_id"].iloc[0], log_of(register)
    say(register, first, "returned", "2021-01-02", "another office")
    taken = take_replies(path, log, TODAY)
    assert [step.step for step in taken.steps] == ["accepted", "returned"]
    (told,) = taken.faults.loc[taken.faults["zh"] == "现在状态不能这样办理", "expected"]
    assert told == "— (已退回 / returned, 转办单位 / office)"


OVER = {"household_id": "H98", "item_code": "MZ08", "person_id": "P98"}
PLACES = pd.DataFrame({"household_id": ["H98"], "county_code": "371425", "town_code": "t2"})


def two_reminders() -> pd.DataFrame:
    """One missing (H1, MZ01: 1,200 a year) and one over (H98, MZ08: no amount), of 31 December, due in 30 days."""
    return remind(entitled(("H1", None, "MZ01")), records(OVER), CATALOGUE, None, PLACES).frame


def test_a_row_of_the_sheet_says_what_when_and_why_in_either_language(tmp_path: Path) -> None:
    frame = two_reminders().sort_values("kind", ignore_index=True)
    rows = {}
    for language, name in (("zh", "办理"), ("en", "Worklist")):
        content = worklist_content(frame, CATALOGUE, DAY, ("齐河县", "MZ"), language, {"t": "甲镇"})  # type: ignore[arg-type]
        (tmp_path / "book.xlsx").write_bytes(content[".xlsx"])
        sheet = openpyxl.load_workbook(tmp_path / "book.xlsx")[name]
        rows[language] = list(sheet.iter_rows(values_only=True))
    first, second = frame["reminder_id"]
    assert rows["zh"] == [
        ("提醒编号", "户编号", "人员编号", "乡镇", "事项", "类型", "理由", "依据", "年金额（元）", "数据日期", "办理期限", "优先度", "办理状态",
         "经办人", "办理结果", "办理日期", "办理人", "说明", "应转部门（退回时）"),
        (first, "H1", None, "甲镇", "农村最低生活保障", "应享未享", "人均纯收入低于低保标准（不计低保、特困供养金）；财产核对通过", "有文件依据", 1200, "2020-12-31",
         "2021-01-30", frame["priority"][0], None, None, *[None] * 5),
        (second, "H98", "P98", "t2", "重度残疾人护理补贴", "在享存疑", rows["zh"][2][6], "待核实，请核对文件", None, "2020-12-31", "2021-01-30",
         frame["priority"][1], None, None, *[None] * 5),
    ]  # fmt: skip
    assert rows["zh"][2][6].startswith("正在享受，但不再同时符合：")
    assert rows["en"][0][:4] == ("Reminder", "Household", "Person", "Town")
    assert rows["en"][1][4:8] == (
        "Rural minimum living allowance", "entitled, not receiving",
        "net income per head is below the dibao line, relief not counted; the property test is passed", "documented",
    )  # fmt: skip
    assert rows["en"][2][5] == "receiving, entitlement in doubt"


def test_the_sheet_prints_and_protects_itself(tmp_path: Path) -> None:
    """A4 landscape, one page wide; the list to choose from and a day; what the office wrote is locked, not what it asks."""
    content = worklist_content(two_reminders(), CATALOGUE, DAY, ("A & B", "MZ"), "en", {})
    (tmp_path / "book.xlsx").write_bytes(content[".xlsx"])
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert book.sheetnames == ["Worklist"]
    assert book.properties.created == datetime(2020, 12, 31)
    sheet = book["Worklist"]
    setup = sheet.page_setup
    assert (setup.paperSize, setup.orientation, setup.fitToWidth or 1, setup.fitToHeight) == (9, "landscape", 1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.oddHeader.left.text == "A && B Civil Affairs 2020-12-31"
    assert sheet.oddFooter.right.text == "&P / &N"
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("B2", "A1:S3")
    rights = sheet.protection
    assert not any((rights.sort, rights.autoFilter, rights.formatColumns, rights.formatRows)), "false here: allowed"
    assert rights.insertRows
    rules = {rule.type: rule for rule in sheet.data_validations.dataValidation}
    assert (str(rules["list"].sqref), rules["list"].formula1) == (
        "O2:O3",
        '"accepted,returned,finished,not delivered after all"',
    )
    assert (str(rules["date"].sqref), rules["date"].operator, rules["date"].formula1) == (
        "P2:P3",
        "greaterThanOrEqual",
        "36526",
    )  # 1 January 2000
    widths = {letter: sheet.column_dimensions[letter].width for letter in ("A", "B", "G", "R")}
    assert {letter: round(width) for letter, width in widths.items()} == {
        "A": 16,
        "B": 17,
        "G": 47,
        "R": 25,
    }  # Excel adds 0.7
    assert [sheet.cell(2, column).protection.locked for column in (14, 15, 16, 17, 18, 19)] == [
        True,
        False,
        False,
        False,
        False,
        False,
    ]
    assert (sheet.cell(2, 16).number_format, sheet.cell(2, 9).number_format) == ("yyyy-mm-dd", "#,##0")
    answer, head = sheet.cell(2, 15), sheet.cell(1, 1)
    assert (answer.fill.fgColor.rgb, answer.border.left.style, answer.border.top.color.rgb) == (
        "FFFFF7E6",
        "thin",
        "FFD9D9D9",
    )
    assert (answer.alignment.wrap_text, answer.alignment.vertical) == (True, "top")
    assert (head.font.bold, head.border.bottom.style, head.alignment.wrap_text, head.alignment.vertical) == (
        True,
        "thin",
        True,
        "top",
    )
    assert (sheet.cell(2, 1).alignment.wrap_text, sheet.cell(2, 1).alignment.vertical) == (True, "top")


def test_a_list_beside_the_reminders_has_a_sheet_of_its_own_where_it_has_rows(tmp_path: Path) -> None:
    due = pd.DataFrame(
        {
            "household_id": ["H1", "=H2"],
            "town_code": ["t", None],
            "labour_count": [2, 1],
            "need": [40.25, None],
            "due_on": pd.Timestamp("2021-01-10"),
        }
    )
    lists = [WorkList("zero_employment", due), WorkList("drop_outs", pd.DataFrame({"person_id": []}))]
    content = worklist_content(two_reminders().iloc[:0], CATALOGUE, DAY, ("371425", "RS"), "zh", {}, lists)
    (tmp_path / "book.xlsx").write_bytes(content[".xlsx"])
    book = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert book.sheetnames == ["办理", "零就业家庭"]
    sheet = book["零就业家庭"]
    assert list(sheet.iter_rows(values_only=True)) == [
        ("户编号", "乡镇代码", "劳动力", "困难指数", "办理期限"), ("H1", "t", 2, 40.2, "2021-01-10"), ("'=H2", None, 1, None, "2021-01-10"),
    ]  # fmt: skip
    assert sheet.oddHeader.left.text == "371425 人力资源和社会保障局 2020-12-31 零就业家庭"
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.protection.sheet) == ("B2", "A1:E3", True)
    rights, wide, head, cell = sheet.protection, sheet.column_dimensions["A"], sheet.cell(1, 1), sheet.cell(2, 1)
    assert not any((rights.sort, rights.autoFilter, rights.formatColumns, rights.formatRows)), "false here: allowed"
    assert (round(wide.width), wide.min, wide.max) == (19, 1, 5)  # Excel adds 0.7
    assert (head.font.bold, head.border.bottom.style, cell.font.bold, cell.border.bottom.style) == (
        True,
        "thin",
        False,
        None,
    )
    assert {one.alignment.wrap_text for one in (head, cell)} == {True}
    assert {one.alignment.vertical for one in (head, cell)} == {"top"}
    assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$1:$1")
    copy = json.loads(content[".json"])
    assert (copy["county"], copy["department"], copy["day"], copy["reminders"]) == ("371425", "RS", "2020-12-31", [])
    assert list(copy["lists"]) == ["zero_employment", "drop_outs"]
    assert copy["lists"]["zero_employment"][0] == {
        "household_id": "H1", "town_code": "t", "labour_count": 2, "need": 40.25, "due_on": "2021-01-10T00:00:00.000",
    }  # fmt: skip


def test_the_files_of_a_city_and_their_summary(tmp_path: Path) -> None:
    """A reminder without a county has no file; a department without reminders has one where a list has rows."""
    frame = two_reminders()
    frame = pd.concat(
        [
            frame,
            frame.assign(county_code="371402", reminder_id=["Ra", "Rb"], amount_year=[1.0, 2.0]),
            frame.iloc[:1].assign(county_code=None),
        ]
    )
    assert worklist_files(frame, tmp_path) == {
        ("371402", "MZ"): tmp_path / "371402-MZ.xlsx", ("371425", "MZ"): tmp_path / "371425-MZ.xlsx",
    }  # fmt: skip
    due = WorkList("zero_employment", pd.DataFrame({"household_id": ["H1"]}))
    none = WorkList("zero_employment", pd.DataFrame({"household_id": []}))
    lists = {("371402", "RS"): [due], ("371425", "RS"): [none]}
    files = write_worklists(frame, CATALOGUE, DAY, tmp_path / "a" / "b", "en", {}, lists)
    names = [
        "371402-MZ.xlsx",
        "371402-MZ.json",
        "371402-RS.xlsx",
        "371402-RS.json",
        "371425-MZ.xlsx",
        "371425-MZ.json",
        "summary.xlsx",
        "summary.json",
    ]
    assert [file.name for file in files] == names
    assert sorted(file.name for file in files[0].parent.iterdir()) == sorted(names)
    assert json.loads(files[-1].read_text(encoding="utf-8")) == [
        {"county_code": county, "department": "MZ", "kind": kind, "reminders": 1, "households": 1, "amount_year": amount, "first_due": "2021-01-30"}
        for county, kind, amount in (("371402", "missing", 1.0), ("371402", "over", 2.0), ("371425", "missing", 1200.0), ("371425", "over", 0.0))
    ]  # fmt: skip
    sheet = openpyxl.load_workbook(files[-2])["Summary"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == ("County", "Department", "Kind", "Reminders", "Households", "Amount per year", "First due")
    assert rows[1] == ("371402", "Civil Affairs", "entitled, not receiving", 1, 1, 1, "2021-01-30")
    assert sheet.oddHeader.left.text == "2020-12-31"
    assert (sheet.page_setup.orientation, sheet.cell(1, 1).font.bold, sheet.cell(1, 7).border.bottom.style) == (
        "landscape",
        True,
        "thin",
    )
    wide = sheet.column_dimensions["A"]  # Excel adds 0.7
    assert (round(wide.width), wide.min, wide.max) == (17, 1, len(rows[0]))
    zh = openpyxl.load_workbook(write_worklists(frame, CATALOGUE, DAY, tmp_path / "zh")[-2])["汇总"]
    assert [cell.value for cell in zh[1]] == ["县代码", "部门", "类型", "提醒", "户数", "年金额（元）", "最早期限"]
    assert [cell.value for cell in zh[2]][1:3] == ["民政局", "应享未享"]


def test_the_same_rows_make_the_same_bytes() -> None:
    given = (two_reminders(), CATALOGUE, DAY, ("371425", "MZ"), "zh", {})
    assert worklist_content(*given) == worklist_content(*given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "step"),
    [("已受理", "accepted"), (" 已办结 ", "finished"), ("Returned", "returned"), ("FINISHED", "finished")],
)
@pytest.mark.parametrize(
    "day", ["2021-01-15", "2021/1/15", "2021年1月15日", " 2021-01-15 ", datetime(2021, 1, 15, 8, 30), date(2021, 1, 15)]
)
def test_a_reply_in_whatever_way_a_clerk_writes_it(tmp_path: Path, said: str, step: str, day: object) -> None:
    handed(tmp_path, "R1")
    path = returned(tmp_path, {"Reminder": " R1 ", "Reply": said, "Replied on": day, "By": " Li ", "Note": " paid "})
    replies = take_replies(path, log_of(tmp_path), TODAY)
    (one,) = replies.steps
    assert (one.thing, one.step, one.on, one.by, one.reason or one.evidence) == ("R1", step, "2021-01-15", "Li", "paid")
    assert replies.summary() == "1 replies taken, 0 rejected"
    assert list(replies.faults.columns) == ["file", "sheet", "row", "column", "value", "expected", "zh", "en"]


def returned(folder: Path, *rows: dict[str, object]) -> Path:
    """A workbook as a department sends it back: only the columns that are read, in another order."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Worklist"
    names = ["Note", "Reply", "Replied on", "Reminder", "By"]
    sheet.append(names)
    for row in rows:
        sheet.append([row.get(name) for name in names])
    book.save(folder / "back.xlsx")
    return folder / "back.xlsx"


def test_a_fault_names_file_sheet_row_column_and_value(tmp_path: Path) -> None:
    """The day of the hand-over and today itself may be written; a day before or after may not."""
    handed(tmp_path, *(f"R{i}" for i in range(6)))
    path = returned(
        tmp_path, {"Reminder": "R0", "Reply": "finished", "Replied on": "2020-12-30"}, {"Reminder": "R1", "Reply": "finished", "Replied on": "2020-12-31"},
        {"Reminder": "R2", "Reply": "finished", "Replied on": "2021-02-01"}, {"Reminder": "R3", "Reply": "finished", "Replied on": "2021-02-02"},
        {"Reminder": "R4", "Note": "?"}, {"Reminder": "R9", "By": "Li"}, {"Reminder": "R5", "Reply": "finished", "Replied on": "2021-02-30"}, {"Reminder": "R5"},
        {"Reminder": "R5", "Reply": "accepted", "Replied on": "2021-01-05"},
    )  # fmt: skip
    replies = take_replies(path, log_of(tmp_path), TODAY)
    assert [(step.thing, step.by, step.evidence) for step in replies.steps] == [("R1", "MZ", ""), ("R2", "MZ", "")], (
        "signed by its department"
    )
    assert replies.faults.drop(columns="expected").to_numpy().tolist() == [
        ["back.xlsx", "Worklist", 2, "办理日期", "2020-12-30", "日期早于上一环节", "the day is before the step before it"],
        ["back.xlsx", "Worklist", 5, "办理日期", "2021-02-02", "日期在今天之后", "the day is in the future"],
        ["back.xlsx", "Worklist", 6, "办理结果", "", "填写了日期或说明，但没有选择办理结果", "a day or a note without a reply"],
        ["back.xlsx", "Worklist", 7, "提醒编号", "R9", "没有这个编号", "no such number was sent out"],
        ["back.xlsx", "Worklist", 8, "办理日期", "2021-02-30", "请填写日期，如 2020-12-31", "write a day such as 2020-12-31"],
        ["back.xlsx", "Worklist", 10, "提醒编号", "R5", "同一编号填写了两次", "the same number is answered twice"],
    ]  # fmt: skip


def test_what_is_finished_or_came_back_takes_no_other_reply_but_the_same_again(tmp_path: Path) -> None:
    handed(tmp_path, "R0", "R1", "R2")
    for name, last in (("R0", "finished"), ("R1", "returned"), ("R2", "accepted")):
        say(tmp_path, name, last, "2021-01-05", "Li")
    rows = [{"Reminder": f"R{i}", "Reply": "finished", "Replied on": "2021-01-05", "By": "Li"} for i in range(3)]
    replies = take_replies(returned(tmp_path, *rows), log_of(tmp_path), TODAY)
    assert [step.thing for step in replies.steps] == ["R2"], "R0 said so already; R1 was sent back"
    assert replies.faults[["row", "column", "value", "en"]].to_numpy().tolist() == [
        [3, "办理结果", "finished", "this cannot follow where it stands"]
    ]
