"""The log of events: what it keeps, what it refuses, and how damage is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from relapse_risk.errors import ParameterError, RegisterError, WriteError
from relapse_risk.events import (
    DueDays,
    Event,
    append_events,
    current,
    read_calendar,
    read_events,
    read_machines,
    standings,
    tip_of,
)
from relapse_risk.parameters import read_parameters

KIND = "identification"
MACHINES = read_machines()
DUE = DueDays(read_parameters(), read_calendar("dezhou"))


def said(step: str, on: str, role: str, household: str = "H1", **more: Any) -> Event:
    facts = {name: more.pop(name) for name in list(more) if name not in ("reason", "evidence", "source", "recorded_on")}
    return Event(
        KIND, household, 0, step, on, more.pop("recorded_on", on), "somebody", role, "NK-A1", facts=facts, **more
    )


# One household's way through every state to elimination, in the order of the machine; 2021-03-01 is a Monday.
WAY = (
    said("proposed", "2021-02-22", "rule", channel="rule", reason="income", type="edge"),
    said("visited", "2021-02-24", "village", evidence="form 12"),
    said("voted_for", "2021-02-26", "village", evidence="meeting of 26 February"),
    said("notice_begun", "2021-03-01", "town", first_day="2021-03-01", last_day="2021-03-05", digest="77ab"),
    said("objected", "2021-03-03", "household", reason="owns a lorry"),
    said("objection_dismissed", "2021-03-04", "town", reason="sold in 2019"),
    said("notice_ended", "2021-03-06", "village"),
    said("town_passed", "2021-03-08", "town"),
    said("county_approved", "2021-03-10", "county", type="edge"),
    said("helped", "2021-03-20", "department", evidence="post from 20 March"),
    said("elimination_proposed", "2021-11-30", "rule", reason="held"),
    said("voted_for", "2021-12-02", "village", evidence="meeting of 2 December"),
    said("notice_begun", "2021-12-06", "town", first_day="2021-12-06", last_day="2021-12-10", digest="99cd"),
    said("notice_ended", "2021-12-13", "village"),
    said("town_passed", "2021-12-14", "town"),
    said("county_eliminated", "2021-12-15", "county"),
)  # fmt: skip
STATES = (
    "clue", "verified", "to_post", "on_notice", "disputed", "on_notice", "town_review", "county_review", "monitored", "monitored",
    "out_verified", "out_to_post", "out_on_notice", "out_town_review", "out_county_review", "eliminated",
)  # fmt: skip


@pytest.fixture
def register(tmp_path: Path) -> Path:
    folder = tmp_path / "register"
    folder.mkdir()
    return folder


def test_a_text_may_hold_any_character(register: Path) -> None:
    """U+2028, U+0085 and a form feed end lines for Python, and not for a file of lines."""
    odd = replace(WAY[0], reason='income\u2028fell\x85by \x0c half\nand "more"')
    append_events(register, [odd], MACHINES, DUE)
    append_events(register, WAY[1:3], MACHINES, DUE)
    assert read_events(register)[0].reason == odd.reason
    assert len(read_events(register)) == 3


def test_a_household_goes_the_whole_way_and_begins_anew_afterwards(register: Path) -> None:
    for event in WAY:
        append_events(register, [event], MACHINES, DUE)
    (standing,) = standings(read_events(register), MACHINES)[KIND, "H1"]
    assert standing.states == STATES
    assert (standing.name, standing.state, standing.since, standing.begun) == ("H1#1", "eliminated", "2021-12-15", "2021-02-22")  # fmt: skip
    again = said("proposed", "2022-03-01", "household", channel="self_application", reason="fell ill")
    (written,) = append_events(register, [again], MACHINES, DUE).written
    assert written.name == "H1#2"
    assert current(standings(read_events(register), MACHINES), KIND)["H1"].state == "clue"


def test_the_same_file_again_changes_nothing(register: Path) -> None:
    first = append_events(register, WAY, MACHINES, DUE)
    tip = tip_of(register)
    later = [replace(event, recorded_on="2022-01-01", source="sent again.xlsx") for event in WAY]
    again = append_events(register, later, MACHINES, DUE)
    assert (len(first.written), len(again.written), len(again.known)) == (16, 0, 16)
    assert tip_of(register) == tip


@pytest.mark.parametrize(
    ("done", "event", "words"),
    [
        (1, said("county_approved", "2021-02-25", "county", type="edge"), "step: this step cannot follow in state clue since 2021-02-22, held by village; got 'county_approved', expected clue_added | visited | screened_out | ended"),
        (1, said("visited", "2021-02-24", "county", evidence="x"), "role: visited is not for this level to say; got 'county', expected village | town"),
        (1, said("visited", "2021-02-24", "village"), "evidence: visited must say it; got 'nothing', expected a text"),
        (1, said("visited", "2021-02-20", "village", evidence="x"), "on: earlier than the step before it; got '2021-02-20', expected 2021-02-22 or later"),
        (1, said("visited", "2021-02-24", "village", evidence="x", recorded_on="2021-02-23"), "on: in the future; got '2021-02-24', expected 2021-02-23 or earlier"),
        (2, said("voted_for", "2021-02-26", "village", evidence="x", type="rich"), "type: not a value of it; got 'rich', expected none | lifted_unstable | edge | sudden_hardship"),
        (2, said("voted_for", "2021-02-26", "village", evidence="x", digest="77"), "digest: voted_for says nothing of this; got '77'"),
        (3, said("notice_begun", "2021-03-01", "town", first_day="2021-02-28", last_day="2021-03-05", digest="77"), "on: notice_begun cannot be so; got '2021-03-01'"),
        (4, said("objected", "2021-03-06", "household", reason="x"), "expected a day of the notice, 2021-03-01 to 2021-03-05"),
        (6, said("notice_ended", "2021-03-05", "village"), "expected a day after 2021-03-05, the last of the notice"),
        (8, said("county_approved", "2021-03-10", "county", type="none"), "type: county_approved cannot be so; got 'none', expected a type, not none"),
        (16, said("helped", "2021-12-20", "town", evidence="x"), "expected proposed | taken_over"),
    ],
)  # fmt: skip
def test_what_may_not_follow_is_refused_in_one_line(register: Path, done: int, event: Event, words: str) -> None:
    append_events(register, WAY[:done], MACHINES, DUE)
    tip = tip_of(register)
    with pytest.raises(RegisterError) as refused:
        append_events(register, [said("clue_added", "2021-12-31", "town", "H2", channel="visit", reason="x"), event][1:], MACHINES, DUE)  # fmt: skip
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert tip_of(register) == tip


def test_a_refused_event_leaves_the_good_ones(register: Path) -> None:
    bad = said("county_approved", "2021-02-25", "county", type="edge")
    other = said("proposed", "2021-02-22", "visit", "H2", channel="visit", reason="x")
    added = append_events(register, [WAY[0], bad, other, WAY[1]], MACHINES, DUE, leave_out=True)
    assert [event.step for event in added.written] == ["proposed", "visited"]
    assert [event.step for event, _ in added.refused] == ["county_approved", "proposed"]
    with pytest.raises(RegisterError, match="cannot follow"):
        append_events(register, [WAY[2], bad], MACHINES, DUE)
    assert len(read_events(register)) == 2


def test_an_appeal_comes_in_time_or_not_at_all(register: Path) -> None:
    """Thirty days after 26 February 2021 is 28 March."""
    against = said("voted_against", "2021-02-26", "village", reason="has means")
    append_events(register, [*WAY[:2], against], MACHINES, DUE)
    late = said("appealed", "2021-03-29", "household", reason="not so")
    with pytest.raises(RegisterError, match=r"got '2021-03-29', expected 2021-03-28 or earlier"):
        append_events(register, [late], MACHINES, DUE)
    steps = [replace(late, on="2021-03-28"), said("appeal_upheld", "2021-04-01", "county", reason="papers seen")]
    append_events(register, steps, MACHINES, DUE)
    assert current(standings(read_events(register), MACHINES), KIND)["H1"].state == "verified"


def test_a_step_entered_in_error_is_taken_back_a_level_higher_and_stays_in_the_log(register: Path) -> None:
    append_events(register, WAY[:2], MACHINES, DUE)
    back = said("taken_back", "2021-02-25", "village", reason="the wrong house")
    with pytest.raises(RegisterError, match=r"one level higher; got 'village', expected town | county"):
        append_events(register, [back], MACHINES, DUE)
    append_events(register, [replace(back, role="town")], MACHINES, DUE)
    standing = current(standings(read_events(register), MACHINES), KIND)["H1"]
    assert (standing.state, len(read_events(register))) == ("clue", 3)


def test_what_was_known_on_a_day(register: Path) -> None:
    append_events(register, WAY[:1], MACHINES, DUE)
    append_events(register, [replace(WAY[1], recorded_on="2021-03-15")], MACHINES, DUE)
    append_events(register, [replace(WAY[2], recorded_on="2021-03-01")], MACHINES, DUE)  # a day given that lies back
    assert [len(read_events(register, date(2021, 3, day))) for day in (1, 14, 15)] == [1, 1, 3]


def damaged(register: Path, number: int, change: Any) -> str:
    path = register / "events" / f"{number:06d}.jsonl"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(RegisterError) as error:
        read_events(register)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_damaged_log_is_told_in_one_line(register: Path) -> None:
    for event in WAY[:3]:
        append_events(register, [event], MACHINES, DUE)
    files = {path: path.read_bytes() for path in (register / "events").iterdir()}

    def restore() -> None:
        for path, content in files.items():
            path.write_bytes(content)

    told = damaged(register, 2, lambda text: text.replace("form 12", "form 13"))
    assert "000002.jsonl: the log was changed after it was written" in told
    restore()
    assert "000003.jsonl" in damaged(register, 3, lambda text: text.rsplit("\n", 2)[0] + "\n"), "a line is gone"
    restore()
    assert "000001.jsonl" in damaged(register, 1, lambda text: "{" + text)
    restore()
    (register / "events/000002.jsonl").unlink()
    with pytest.raises(
        RegisterError, match=r"a file of the log is missing; got '000003\.jsonl', expected 000002\.jsonl"
    ):
        read_events(register)
    restore()
    (register / "events/000003.jsonl").unlink()
    with pytest.raises(
        RegisterError, match=r"the end of the log is missing.*got '000002\.jsonl', expected 000003\.jsonl"
    ):
        read_events(register)
    restore()
    # A log of another register put in place of the last file does not follow the one before.
    content = json.loads(files[register / "events/000003.jsonl"].decode().split("\n", 1)[0])
    assert "does not follow" in damaged(register, 3, lambda text: text.replace(content["previous"], "0" * 64))
    restore()
    assert len(read_events(register)) == 3


def test_a_killed_writer_leaves_what_was_there(register: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append_events(register, WAY[:1], MACHINES, DUE)

    def killed(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", killed)
        with pytest.raises(WriteError):
            append_events(register, WAY[1:2], MACHINES, DUE)
    assert len(read_events(register)) == 1
    # Killed between the file and the note of it: the file counts.
    append_events(register, WAY[1:2], MACHINES, DUE)
    tip = register / "events/tip.json"
    note = json.loads(tip.read_text())
    tip.write_text(json.dumps({**note, "number": 1, "digest": json.loads((register / "events/000001.jsonl").read_text().split("\n")[0])["digest"]}))  # fmt: skip
    assert len(read_events(register)) == 2
    append_events(register, WAY[2:3], MACHINES, DUE)
    assert len(read_events(register)) == 3


def test_no_register_no_log(tmp_path: Path) -> None:
    assert read_events(tmp_path) == ()
    with pytest.raises(RegisterError, match="no such register"):
        append_events(tmp_path / "nowhere", WAY[:1], MACHINES, DUE)


def test_a_step_no_machine_declares_any_more_is_named(register: Path, tmp_path: Path) -> None:
    append_events(register, WAY[:2], MACHINES, DUE)
    machine = MACHINES[KIND]
    without = {KIND: replace(machine, steps={k: v for k, v in machine.steps.items() if k != "visited"})}
    with pytest.raises(ParameterError, match="unknown step in the log; got 'visited'"):
        standings(read_events(register), without)
