"""Placements, push lists and what comes back, by hand: who is matched, offered, in work, lost; which lists are back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from tests.assistance.test_referrals import reminders

from relapse_risk.assistance import (
    assign_jobs,
    declined_of,
    enter_matches,
    follow_register,
    free_of,
    hand_over,
    job_rows,
    note_back,
    open_aid_log,
    placement_lines,
    push,
    read_catalogue,
    read_push_list,
    sendings,
    social_rows,
    take_replies,
    worklists_sent,
)
from relapse_risk.assistance.placement_log import match_identity
from relapse_risk.errors import RegisterError, SourceError
from relapse_risk.events import Event, KeptLog
from relapse_risk.parameters import read_parameters

PARAMETERS, CATALOGUE, KEY = read_parameters(), read_catalogue("dezhou"), bytes(32)
DAY = date(2021, 1, 5)
SEEKERS = pd.DataFrame({
    "person_id": ["P1", "P2", "P3"], "household_id": ["H1", "H2", "H3"], "county_code": "371425", "age": [30, 40, 50],
    "education_level": "junior", "labour_capacity": "ordinary", "disability_level": "none", "need": [60.0, 50.0, 40.0],
})  # fmt: skip
OPENINGS = pd.DataFrame({
    "opening_id": ["V1-1", "V2-1"], "kind": "vacancy", "county_code": "371425", "age_min": 18, "age_max": 60, "education_min": None,
    "disability_friendly": False, "heavy_labour": False, "monthly_pay": [2000.0, 3000.0],
})  # fmt: skip


def log_of(folder: Path) -> KeptLog:
    return open_aid_log(folder, PARAMETERS, "dezhou")


def match(folder: Path, day: date = DAY, openings: pd.DataFrame = OPENINGS) -> None:
    log = log_of(folder)
    seekers, free = free_of(log, SEEKERS, openings)
    enter_matches(log, assign_jobs(seekers, free, declined_of(log)).frame, openings, f"{day:%Y-%m}", day, "office")


def states(folder: Path) -> dict[tuple[str, str], str]:
    found = placement_lines(log_of(folder))
    return dict(zip(zip(found["seeker"], found["opening_id"], strict=True), found["state"], strict=True))


def say(folder: Path, seeker: str, opening: str, step: str, on: str, role: str = "platform", reason: str = "", **facts: str) -> None:  # fmt: skip
    log_of(folder).append([Event("placement", match_identity(seeker, opening), 0, step, on, on, "x", role, reason=reason, facts=facts)])  # fmt: skip


def test_whoever_holds_an_opening_is_not_matched_again_until_it_ends(tmp_path: Path) -> None:
    """Two openings, three seekers: the neediest two are matched, the third seeks; a second run changes nothing."""
    match(tmp_path)
    first = {("P1", "V2-1"): "matched", ("P2", "V1-1"): "matched", ("P3", ""): "sought"}
    assert set(states(tmp_path).values()) == {"matched", "sought"}
    assert states(tmp_path)["P3", ""] == "sought"
    assert {name for name, _ in states(tmp_path)} == {name for name, _ in first}
    before = states(tmp_path)
    match(tmp_path, date(2021, 1, 6))
    assert states(tmp_path) == before
    seeker, opening = next(pair for pair, state in before.items() if pair[0] == "P1")
    say(tmp_path, seeker, opening, "declined", "2021-01-08", reason="too far")
    match(tmp_path, date(2021, 2, 5))
    now = states(tmp_path)
    assert now["P3", opening] == "matched", "what P1 declined is free for P3"
    assert now["P3", ""] == "answered"
    assert now["P1", ""] == "sought", "and is not offered to P1 again"


def test_an_opening_that_is_gone_lapses_and_one_taken_up_does_not(tmp_path: Path) -> None:
    match(tmp_path)
    (one,), (two,) = ([p for p in states(tmp_path) if p[0] == name] for name in ("P1", "P2"))
    say(tmp_path, *two, "accepted", "2021-01-07")
    match(tmp_path, date(2021, 2, 5), OPENINGS.iloc[:0])
    assert (states(tmp_path)[one], states(tmp_path)[two]) == ("lapsed", "accepted")


def test_pay_is_followed_up_and_work_lost_is_seen_in_the_register(tmp_path: Path) -> None:
    match(tmp_path)
    (one,) = [p for p in states(tmp_path) if p[0] == "P1"]
    (two,) = [p for p in states(tmp_path) if p[0] == "P2"]
    for pair in (one, two):
        say(tmp_path, *pair, "offered", "2021-01-06", "office")
        say(tmp_path, *pair, "started", "2021-01-10", pay="2500")
    log = log_of(tmp_path)
    assert log.due_on(log.now_of("placement")[match_identity(*one)]) == "2021-03-11", "60 days after the start"
    with pytest.raises(RegisterError, match="pay_checked must say it"):
        say(tmp_path, *one, "pay_checked", "2021-02-10")
    say(tmp_path, *one, "pay_checked", "2021-02-10", pay="2600")
    work = pd.DataFrame({"person_id": ["P1", "P2"], "employment_status": ["employed", None]})
    assert follow_register(log_of(tmp_path), work, "2021-03", date(2021, 4, 1)).written == (), "unknown is not lost"
    work["employment_status"] = ["none", "employed"]
    assert follow_register(log_of(tmp_path), work, "2021-02", date(2021, 4, 1)).written == (), (
        "the pay was seen that month"
    )
    (lost,) = follow_register(log_of(tmp_path), work, "2021-03", date(2021, 4, 1)).written
    assert (lost.thing, lost.reason) == (
        match_identity(*one),
        "2021-03登记册显示未就业|not in work in the register of 2021-03",
    )


def pushed(folder: Path, key: bytes | None = KEY) -> tuple[Path, Path]:
    match(folder)
    rows = job_rows(log_of(folder), SEEKERS.assign(town_code="t1"), {"t1": "甲镇"}, key, "zh")
    _, files, _ = push(log_of(folder), "jobs", rows, "platform A", "2020-12", DAY, "office", folder / "push", "zh")
    return files[0], files[1]


def test_a_push_list_shows_nobody_and_carries_a_hash_over_everything(tmp_path: Path) -> None:
    lines, book = pushed(tmp_path)
    text = lines.read_text(encoding="utf-8")
    assert not any(name in text for name in ("P1", "P2", "H1", "H2")), "pseudonyms under the key only"
    made = read_push_list(lines)
    assert (made.head["rows"], made.head["to"], len(made.rows)) == (3, "platform A", 3)
    assert {row["age"] for row in made.rows} == {30, 40, 50}
    assert "disability" not in text, "nobody's health, unless --health says that the receiver may know"
    assert made.head["digest"] in openpyxl.load_workbook(book)["岗位推荐"].oddFooter.left.text
    for old, new in (
        ('"age": 30', '"age": 31'),
        ('"platform A"', '"platform B"'),
        ('"monthly_pay": 2000.0', '"monthly_pay": 2000.5'),
    ):
        lines.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(SourceError, match="changed after it was made"):
            read_push_list(lines)
    lines.write_text(text.rsplit("\n", 2)[0] + "\n", encoding="utf-8")
    with pytest.raises(SourceError, match="changed after it was made"):
        read_push_list(lines)


def test_acknowledgements_come_back_line_by_line_and_in_the_workbook(tmp_path: Path) -> None:
    lines, book = pushed(tmp_path, None)
    head, *rows = (json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines())
    matched = [row["match_id"] for row in rows if row["opening_id"]]
    said = [
        head, {"list": head["list"], "reply": "received", "replied_on": "2021-01-06", "by": "A"},
        {"match_id": matched[0], "reply": "accepted", "replied_on": "2021-01-08", "by": "A"},
        {"match_id": matched[1], "reply": "declined", "replied_on": "2021-01-08", "by": "A"},
        {"match_id": "J0", "reply": "accepted", "replied_on": "2021-01-08"},
    ]  # fmt: skip
    back = tmp_path / "ack.jsonl"
    back.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in said), encoding="utf-8")
    taken = take_replies(back, log_of(tmp_path), date(2021, 1, 9))
    assert sorted(step.step for step in taken.steps) == ["accepted", "received"]
    assert taken.faults[["row", "column", "en"]].to_numpy().tolist() == [
        [4, "说明", "say why"], [5, "匹配编号", "no such number was sent out"],
    ]  # fmt: skip
    note_back(log_of(tmp_path), date(2021, 1, 9))
    (row,) = sendings(log_of(tmp_path), date(2021, 1, 19)).to_dict("records")
    assert (row["state"], row["answered"], row["rows"], row["due_on"], row["overdue"]) == (
        "partly_back",
        1,
        3,
        "2021-01-22",
        0,
    )
    sheets = openpyxl.load_workbook(book)
    sheet = sheets["岗位推荐"]
    at = {cell.value: cell.column for cell in sheet[1]}
    for number in range(2, sheet.max_row + 1):
        if sheet.cell(number, at["匹配编号"]).value != matched[0]:
            for name, value in (("办理结果", "不接受"), ("办理日期", "2021-01-10"), ("说明", "太远")):
                sheet.cell(number, at[name]).value = value
    sheets.save(book)
    assert len(take_replies(book, log_of(tmp_path), date(2021, 1, 11)).steps) == 2
    note_back(log_of(tmp_path), date(2021, 1, 11))
    assert sendings(log_of(tmp_path), DAY)[["state", "answered"]].to_numpy().tolist() == [["back", 3]]


def test_a_list_and_its_answers_may_hold_any_character(tmp_path: Path) -> None:
    """A line separator of Unicode inside a text is no end of a line."""
    match(tmp_path)
    rows = job_rows(log_of(tmp_path), SEEKERS.assign(town_code="t1"), {"t1": "North\u2028Town\x85"}, None, "en")
    made, (lines, _), _ = push(log_of(tmp_path), "jobs", rows, "platform A", "2020-12", DAY, "office", tmp_path, "en")
    assert read_push_list(lines) == made
    said = {"match_id": rows[0]["match_id"], "reply": "declined", "replied_on": "2021-01-08", "note": "too\u2028far"}
    back = tmp_path / "ack.jsonl"
    back.write_text(json.dumps(said, ensure_ascii=False) + "\n", encoding="utf-8")
    (step,) = take_replies(back, log_of(tmp_path), date(2021, 1, 9)).steps
    assert (step.step, step.reason) == ("declined", "too\u2028far")


def test_a_line_that_names_nothing_sent_is_one_error(tmp_path: Path) -> None:
    back = tmp_path / "ack.jsonl"
    for text, told in (
        ('{"match_id"', "not a line of acknowledgements"),
        ('{"a": 1}\n{"b": 2}', "names nothing that was sent"),
        ("[1]", "not a line"),
    ):
        back.write_text(text, encoding="utf-8")
        with pytest.raises(SourceError, match=told):
            take_replies(back, log_of(tmp_path), DAY)


def test_households_needs_go_to_a_social_organisation_once(tmp_path: Path) -> None:
    found = pd.concat([reminders("R1", "R2"), reminders("R3").assign(household_id="H2", item_code="MZ07")])
    given = (found, {"H1": 3}, CATALOGUE, "charity", {"t1": "A town"}, None, "en")
    assert [row["household"] for row in social_rows(log_of(tmp_path), *given)[0]] == ["H1"], (
        "MZ07 tells of a disability"
    )
    rows, homes = social_rows(log_of(tmp_path), *given, health=True)
    assert [(row["household"], row["persons"], row["needs"]) for row in rows] == [
        ("H1", 3, "Rural minimum living allowance"), ("H2", None, CATALOGUE.item("MZ07").label.en),
    ]  # fmt: skip
    push(log_of(tmp_path), "social", rows, "charity", "2020-12", DAY, "office", tmp_path, "en", homes)
    assert social_rows(log_of(tmp_path), *given, health=True) == ([], {})
    again, _ = social_rows(log_of(tmp_path), *given[:3], "another", *given[4:], most=1)
    assert [row["household"] for row in again] == ["H1"]


def test_which_worklists_have_come_back(tmp_path: Path) -> None:
    """Two rows of Civil Affairs: one answer is part of it, two are all; the same content is not sent again."""
    hand_over(log_of(tmp_path), reminders("R1", "R2"), "office", date(2020, 12, 1))
    sheet = [("371425", "MZ", 2, "d1"), ("371425", "YB", 0, "d0")]
    assert len(worklists_sent(log_of(tmp_path), sheet, "2020-11", date(2020, 12, 1), "office").written) == 1
    assert worklists_sent(log_of(tmp_path), sheet, "2020-11", date(2020, 12, 2), "office").written == ()
    seen = []
    for name in ("R1", "R2"):
        event = Event("reminder", name, 0, "accepted", "2020-12-04", "2020-12-04", "Li", "department", "371425")
        log_of(tmp_path).append([event])
        note_back(log_of(tmp_path), date(2020, 12, 4))
        seen += sendings(log_of(tmp_path), date(2020, 12, 31))[["state", "answered"]].to_numpy().tolist()
    assert seen == [["partly_back", 1], ["back", 2]]
