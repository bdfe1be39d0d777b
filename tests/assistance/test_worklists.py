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
    Step,
    append_steps,
    hand_over,
    read_catalogue,
    read_replies,
    read_steps,
    referral_states,
    remind,
    take_replies,
    write_worklists,
)  # fmt: skip
from relapse_risk.assistance import replies as replies_module
from relapse_risk.errors import RegisterError, SourceError

CATALOGUE = read_catalogue("dezhou")
TODAY = date(2021, 2, 1)
NONE = {"household_id": "H99", "item_code": "CL03"}


@pytest.fixture
def office(tmp_path: Path) -> tuple[Path, Path, pd.DataFrame]:
    """A register, the worklist of Civil Affairs sent out, and its reminders."""
    claims = entitled(*((f"H{i}", f"P{i}", "MZ07") for i in range(12)), ("=1+1", "P=", "MZ08"))
    reminders = remind(claims, records(NONE), CATALOGUE).frame
    register = tmp_path / "register"
    register.mkdir()
    hand_over(register, reminders, "扶贫办", DAY)
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
    assert lists[0].formula1 == '"已受理,退回,已办结"'
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.print_title_rows in ("1:1", "$1:$1")
    items = {item.label.zh: item.confidence for item in CATALOGUE.items}
    told = {
        sheet.cell(row, at["依据"]).value
        for row in range(2, sheet.max_row + 1)
        if items[sheet.cell(row, at["事项"]).value] != "documented"
    }
    assert told == {"待核实，请核对文件"}, "an item without a document says so"
    values = {cell.value for row in sheet.iter_rows() for cell in row}
    assert "'=1+1" in values, "a formula in the data is text"
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_the_json_twin_holds_the_same_reminders(office: tuple[Path, Path, pd.DataFrame]) -> None:
    _, path, reminders = office
    twin = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert {row["reminder_id"] for row in twin["reminders"]} == set(reminders["reminder_id"])
    summary = json.loads((path.parent / "summary.json").read_text(encoding="utf-8"))
    assert sum(row["reminders"] for row in summary) == len(reminders)


FILLED: list[tuple[dict[str, object], str]] = [
    ({"办理结果": "已办结", "办理日期": datetime(2021, 1, 15), "办理人": "王某", "说明": "已发放"}, ""),
    ({"办理结果": "已受理", "办理日期": "2021-01-16", "办理人": "李某"}, ""),
    ({"办理结果": "退回", "办理日期": "2021年1月17日", "说明": "=cmd()"}, ""),
    ({"办理结果": "办好了", "办理日期": "2021-01-17"}, "请从下拉列表中选择"),
    ({"办理结果": "已办结", "办理日期": "昨天"}, "请填写日期，如 2020-12-31"),
    ({"办理结果": "已办结", "办理日期": datetime(2031, 1, 1)}, "日期在今天之后"),
    ({"办理结果": "已办结", "办理日期": datetime(2020, 1, 1)}, "日期早于转办日期"),
    ({"办理日期": datetime(2021, 1, 1)}, "填写了日期或说明，但没有选择办理结果"),
    ({"提醒编号": "R000", "办理结果": "已办结", "办理日期": datetime(2021, 1, 1)}, "没有这个提醒编号"),
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
    replies = take_replies(path, register, TODAY)
    assert [step.step for step in replies.steps] == ["finished", "accepted", "returned"]
    assert [step.on for step in replies.steps] == ["2021-01-15", "2021-01-16", "2021-01-17"]
    wanted = {(row, said) for row, (_, said) in enumerate(FILLED, 2) if said} | {(15, "同一提醒填写了两次")}
    assert set(replies.faults[["row", "zh"]].itertuples(index=False, name=None)) == wanted
    assert set(replies.faults["sheet"]) == {"办理"}
    assert replies.faults.set_index("row").loc[6, ["column", "value"]].tolist() == ["办理日期", "昨天"]
    states = referral_states(read_steps(register), TODAY)["state"].value_counts().to_dict()
    assert states == {"handed_over": 10, "finished": 1, "accepted": 1, "returned": 1}


def test_the_second_import_changes_nothing(office: tuple[Path, Path, pd.DataFrame]) -> None:
    register, path, _ = office
    fill(path)
    take_replies(path, register, TODAY)
    before = (register / "referrals.jsonl").read_bytes()
    assert take_replies(path, register, TODAY).steps == ()
    assert (register / "referrals.jsonl").read_bytes() == before


def test_what_others_answered_meanwhile_stays(office: tuple[Path, Path, pd.DataFrame]) -> None:
    register, path, reminders = office
    fill(path)
    other = reminders["reminder_id"].iloc[-1]
    append_steps(register, [Step(other, "accepted", "2021-01-20", "another office")])
    take_replies(path, register, TODAY)
    states = referral_states(read_steps(register), TODAY).set_index("reminder_id")["state"]
    assert states[other] == "accepted"
    assert (states == "finished").sum() == 1


def test_two_writers_at_once_lose_nothing(office: tuple[Path, Path, pd.DataFrame]) -> None:
    register, _, reminders = office
    ids = reminders["reminder_id"].tolist()
    threads = [
        threading.Thread(target=append_steps, args=(register, [Step(one, "accepted", "2021-01-05", "x")]))
        for one in ids
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_steps(register)) == 2 * len(ids)


def test_a_finished_referral_takes_no_further_reply(office: tuple[Path, Path, pd.DataFrame]) -> None:
    register, path, reminders = office
    first = reminders["reminder_id"].iloc[0]
    append_steps(register, [Step(first, "finished", "2021-01-02", "x")])
    fill(path, twice=False)
    faults = read_replies(path, register, TODAY).faults
    assert "该提醒已办结或已退回" in set(faults["zh"])
    with pytest.raises(RegisterError, match="this step cannot follow"):
        append_steps(register, [Step(first, "accepted", "2021-01-03", "x")])


def test_a_line_cut_short_by_a_crash_is_no_step_and_heals(office: tuple[Path, Path, pd.DataFrame]) -> None:
    register, _, reminders = office
    log = register / "referrals.jsonl"
    whole = read_steps(register)
    log.write_bytes(log.read_bytes() + b'{"reminder_id": "R')
    assert read_steps(register) == whole
    append_steps(register, [Step(reminders["reminder_id"].iloc[0], "accepted", "2021-01-03", "x")])
    assert len(read_steps(register)) == len(whole) + 1
    log.write_bytes(b"nonsense\n" + log.read_bytes())
    with pytest.raises(RegisterError, match=r"line 1: not a step of a referral; got 'nonsense'"):
        read_steps(register)


def test_a_file_that_is_no_worklist(office: tuple[Path, Path, pd.DataFrame], tmp_path: Path) -> None:
    register, path, _ = office
    text = tmp_path / "a.xlsx"
    text.write_text("no workbook")
    with pytest.raises(SourceError, match="not a workbook"):
        read_replies(text, register, TODAY)
    book = openpyxl.load_workbook(path)
    book["办理"].cell(1, heads(book["办理"])["办理结果"]).value = "结果"
    book.save(text)
    with pytest.raises(SourceError, match="a column is gone"):
        read_replies(text, register, TODAY)
    book["办理"].title = "x"
    book.save(text)
    with pytest.raises(SourceError, match="no worklist in it"):
        read_replies(text, register, TODAY)


def test_an_answer_given_while_the_workbook_is_read_is_named_and_the_others_come_in(
    office: tuple[Path, Path, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading and writing somebody else finishes the first referral: its row becomes a fault, the rest is taken."""
    register, path, reminders = office
    fill(path, twice=False)
    first = reminders["reminder_id"].iloc[0]
    real, calls = replies_module.append_steps, []

    def meanwhile(folder: Path, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        if not calls:
            calls.append(1)
            real(folder, [Step(first, "finished", "2021-01-02", "another office")])
        return real(folder, steps)

    monkeypatch.setattr(replies_module, "append_steps", meanwhile)
    taken = take_replies(path, register, TODAY)
    assert [step.step for step in taken.steps] == ["accepted", "returned"]
    assert "该提醒已办结或已退回" in set(taken.faults["zh"])
    assert [step.by for step in read_steps(register) if step.step == "finished"] == ["another office"]
