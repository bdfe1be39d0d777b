"""Referrals by hand: what is handed over, where it stands on a day, which steps may follow, what the ledger says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from tests.assistance.test_ledger import records
from tests.assistance.test_reminders import entitled

from relapse_risk.assistance import (
    Assessed,
    close_reminders,
    escalate,
    hand_over,
    not_listed,
    open_aid_log,
    read_catalogue,
    referral_states,
    remind,
    with_standing,
)
from relapse_risk.assistance.entitlements import Entitlements
from relapse_risk.assistance.reminders import reminder_identity
from relapse_risk.errors import RegisterError
from relapse_risk.events import Event, KeptLog, read_events
from relapse_risk.parameters import read_parameters

PARAMETERS, CATALOGUE = read_parameters(), read_catalogue("dezhou")
DAY = date(2021, 1, 5)


def log_of(folder: Path) -> KeptLog:
    return open_aid_log(folder, PARAMETERS, "dezhou")


def reminders(*ids: str, seen: str = "2020-11-30") -> pd.DataFrame:
    return pd.DataFrame({
        "reminder_id": list(ids), "kind": "missing", "household_id": "H1", "person_id": ["P1", *[None] * (len(ids) - 1)],
        "county_code": "371425", "town_code": "t1", "item_code": "MZ01", "department": "MZ",
        "evidence_on": pd.Timestamp(seen), "due_on": pd.Timestamp("2020-12-31"),
    })  # fmt: skip


def say(folder: Path, name: str, step: str, on: str, by: str = "Wang", role: str = "department", **more: str) -> None:
    facts = {key: value for key, value in more.items() if key not in ("reason", "evidence")}
    said = {key: value for key, value in more.items() if key in ("reason", "evidence")}
    log_of(folder).append([Event("reminder", name, 0, step, on, max(on, "2021-01-05"), by, role, facts=facts, **said)])


def hand(folder: Path, *ids: str, day: date = date(2020, 12, 1), seen: str = "2020-11-30") -> list[str]:
    return [event.name for event in hand_over(log_of(folder), reminders(*ids, seen=seen), "office", day).written]


def state(folder: Path, name: str, day: date = DAY) -> list[object]:
    found = referral_states(log_of(folder), day).set_index("reminder_id").loc[name]
    return found[["state", "assignee", "last_on", "days", "overdue"]].tolist()


def test_a_reminder_is_handed_over_with_its_deadline_once(tmp_path: Path) -> None:
    (first, second) = hand_over(log_of(tmp_path), reminders("R1", "R2"), "office", date(2020, 12, 1)).written
    about = {"household": "H1", "item": "MZ01", "department": "MZ", "claim": "missing", "month": "2020-11", "due_on": "2020-12-31"}  # fmt: skip
    assert (first.facts, second.facts) == (about | {"person": "P1"}, about)
    assert (first.on, first.by, first.role, first.county, first.town) == ("2020-12-01", "office", "office", "371425", "t1")  # fmt: skip
    assert hand(tmp_path, "R1", "R3", day=date(2020, 12, 2)) == ["R3#1"]


def test_some_are_handed_over_to_somebody_by_a_day_and_the_others_wait(tmp_path: Path) -> None:
    rows = reminders("R1", "R2")
    chosen = rows["reminder_id"].eq("R2")
    hand_over(log_of(tmp_path), rows, "office", date(2020, 12, 1), chosen, date(2020, 12, 20), "Wang")
    now = log_of(tmp_path).now_of("reminder")
    assert {name: one.state for name, one in now.items()} == {"R1": "found", "R2": "handed_over"}
    assert (now["R2"].facts["due_on"], now["R2"].facts["assignee"]) == ("2020-12-20", "Wang")
    assert referral_states(log_of(tmp_path), DAY)["reminder_id"].tolist() == ["R2"], "R1 is no referral yet"
    assert hand(tmp_path, "R1", "R2", day=date(2020, 12, 2)) == ["R1#1"], "what waited is the same episode"


def test_what_came_back_waits_for_later_records_or_goes_where_it_belongs(tmp_path: Path) -> None:
    hand(tmp_path, "R1", "R2", "R3")
    say(tmp_path, "R1", "returned", "2020-12-03", reason="not ours", to_department="RS")
    say(tmp_path, "R2", "returned", "2020-12-03", reason="has it")
    say(tmp_path, "R3", "accepted", "2020-12-03")
    assert hand(tmp_path, "R1", "R2", "R3", day=date(2020, 12, 10)) == ["R1#1"], "records of November say nothing new"
    now = log_of(tmp_path).last("reminder", "R1")
    assert now is not None
    assert (now.facts["department"], now.events[-1].reason) == ("RS", "民政局退回|returned by Civil Affairs")
    assert hand(tmp_path, "R2", day=date(2021, 2, 1), seen="2021-01-31") == ["R2#1"]


@pytest.mark.parametrize(
    ("later", "stands"),
    [
        ([], ["handed_over", "", "2020-12-01", 35, True]),  # open: until the day, after its deadline
        ([("accepted", "2020-12-03", "Wang")], ["accepted", "Wang", "2020-12-03", 35, True]),
        ([("accepted", "2020-12-03", "Wang"), ("finished", "2020-12-11", "Li")], ["finished", "Wang", "2020-12-11", 10, False]),
        ([("returned", "2021-01-02", "Wang")], ["returned", "", "2021-01-02", 32, False]),
        ([("finished", "2021-01-06", "Li")], ["handed_over", "", "2020-12-01", 35, True]),  # tomorrow's step is not known yet
        ([("finished", "2021-01-05", "Li")], ["finished", "", "2021-01-05", 35, False]),
    ],
)  # fmt: skip
def test_where_a_referral_stands(tmp_path: Path, later: list[tuple[str, str, str]], stands: list[object]) -> None:
    hand(tmp_path, "R1")
    for step, on, by in later:
        say(tmp_path, "R1", step, on, by)
    assert state(tmp_path, "R1") == stands
    assert referral_states(log_of(tmp_path), date(2020, 11, 30)).empty


def test_finished_is_a_claim_until_the_ledger_shows_it(tmp_path: Path) -> None:
    """Contested by the records of February: the same claim is handed over as a second episode, which says why."""
    hand(tmp_path, "R1", "R2")
    for name in ("R1", "R2"):
        say(tmp_path, name, "finished", "2020-12-20")
    assert not_listed(log_of(tmp_path), reminders("R1", "R9")).tolist() == [True, False]
    assert hand(tmp_path, "R1", day=date(2021, 1, 5), seen="2020-12-31") == [], "no records of a later month"
    say(tmp_path, "R1", "contested", "2021-02-28", "aid records", "ledger", month="2021-02")
    say(tmp_path, "R2", "confirmed", "2021-02-28", "aid records", "ledger", month="2021-02")
    assert hand(tmp_path, "R1", day=date(2021, 3, 2), seen="2021-02-28") == ["R1#2"]
    one = log_of(tmp_path).last("reminder", "R1")
    assert one is not None
    assert "R1#1 was said to be finished" in one.events[0].reason
    assert state(tmp_path, "R1", date(2021, 3, 31)) == ["handed_over", "", "2021-03-02", 29, True]
    assert state(tmp_path, "R2", date(2021, 3, 31))[0] == "confirmed"
    assert state(tmp_path, "R1", DAY)[0] == "finished", "as it was then"


def test_a_finished_one_may_turn_out_not_delivered(tmp_path: Path) -> None:
    hand(tmp_path, "R1")
    say(tmp_path, "R1", "finished", "2020-12-20")
    with pytest.raises(RegisterError, match="not_delivered must say it"):
        say(tmp_path, "R1", "not_delivered", "2020-12-22")
    say(tmp_path, "R1", "not_delivered", "2020-12-22", reason="account closed")
    assert state(tmp_path, "R1")[0] == "accepted"


def test_what_is_overdue_is_told_to_the_county_and_nothing_else(tmp_path: Path) -> None:
    hand(tmp_path, "R1", "R2")
    say(tmp_path, "R2", "finished", "2020-12-20")
    assert escalate(log_of(tmp_path), "office", date(2020, 12, 31)).written == (), "its last day is in time"
    with pytest.raises(RegisterError, match="a day after 2020-12-31"):
        say(tmp_path, "R1", "escalated", "2020-12-31", "office", "office")
    assert [event.thing for event in escalate(log_of(tmp_path), "office", DAY).written] == ["R1"]
    assert escalate(log_of(tmp_path), "office", DAY).written == ()
    log = log_of(tmp_path)
    one = log.last("reminder", "R1")
    assert one is not None
    assert (log.holder_of(one), log.due_on(one)) == ("county", "2021-01-12"), "five working days from Tuesday the 5th"


@pytest.mark.parametrize(
    ("step", "role", "told"),
    [
        ("accepted", "department", r"this step cannot follow in state finished since 2020-12-20, held by department"),
        ("finished", "office", "finished is not for this level to say"),
        ("withdrawn", "office", "withdrawn must say it"),
        ("lost", "office", "expected returned | finished"),
    ],
)
def test_a_step_that_may_not_follow_is_refused_with_who_holds_it(tmp_path: Path, step: str, role: str, told: str) -> None:  # fmt: skip
    hand(tmp_path, "R1")
    say(tmp_path, "R1", "finished", "2020-12-20")
    before = read_events(tmp_path)
    with pytest.raises(RegisterError) as error:
        say(tmp_path, "R1", step, "2020-12-21", role=role)
    assert told in str(error.value)
    assert read_events(tmp_path) == before


def test_a_withdrawn_one_stays_so_for_six_months_unless_it_is_chosen(tmp_path: Path) -> None:
    hand(tmp_path, "R1")
    say(tmp_path, "R1", "withdrawn", "2020-12-02", "office", "office", reason="entered for the wrong house")
    assert hand(tmp_path, "R1", day=date(2021, 5, 31)) == []
    rows = reminders("R1")
    assert len(hand_over(log_of(tmp_path), rows, "office", date(2021, 2, 1), rows["reminder_id"].eq("R1")).written) == 1


def test_a_worklist_shows_where_each_stands(tmp_path: Path) -> None:
    hand(tmp_path, "R1", "R2")
    say(tmp_path, "R1", "accepted", "2020-12-03", "Li")
    say(tmp_path, "R2", "finished", "2020-12-03", "Li")
    shown = with_standing(reminders("R1", "R2", "R3"), log_of(tmp_path), "en")
    assert shown[["reminder_id", "stands", "assignee"]].to_numpy().tolist() == [["R1", "accepted", "Li"], ["R3", "", ""]]  # fmt: skip


def test_a_journal_of_an_older_version_is_moved_into_the_log_once(tmp_path: Path) -> None:
    """Returned and handed over again; finished and handed over again, which the log calls contested and a new episode."""
    name = reminder_identity("missing", "H1", "P1", "MZ01")
    about = {"household_id": "H1", "person_id": "P1", "item_code": "MZ01", "department": "MZ", "due_on": "2020-12-31"}
    lines = [
        ("handed_over", "2020-12-01", "office", about), ("returned", "2020-12-03", "Wang", {"note": "moved"}),
        ("handed_over", "2020-12-05", "office", about), ("finished", "2020-12-04", "Li", {"note": "paid"}),
        ("handed_over", "2021-02-05", "office", about | {"due_on": "2021-03-05"}),
    ]  # fmt: skip
    text = "".join(
        json.dumps({"reminder_id": name, "step": step, "on": on, "by": by} | more) + "\n"
        for step, on, by, more in lines
    )
    (tmp_path / "referrals.jsonl").write_text(text, encoding="utf-8")
    log = log_of(tmp_path)
    assert not (tmp_path / "referrals.jsonl").exists()
    assert (tmp_path / "referrals.jsonl.moved").read_text(encoding="utf-8") == text
    assert [(e.name, e.step, e.on, e.reason or e.evidence) for e in read_events(tmp_path)] == [
        (f"{name}#1", "handed_over", "2020-12-01", ""), (f"{name}#1", "returned", "2020-12-03", "moved"),
        (f"{name}#1", "handed_over", "2020-12-05", ""), (f"{name}#1", "finished", "2020-12-05", "paid"),
        (f"{name}#1", "contested", "2021-02-05", ""), (f"{name}#2", "handed_over", "2021-02-05", ""),
    ]  # fmt: skip
    (row,) = referral_states(log, date(2021, 2, 10)).to_dict("records")
    assert (row["state"], row["due_on"], row["handed_on"]) == ("handed_over", "2021-03-05", "2021-02-05")
    (tmp_path / "referrals.jsonl").write_text(text, encoding="utf-8")  # killed before it was set aside
    log_of(tmp_path)
    assert len(read_events(tmp_path)) == 6, "moved again, and nothing twice"


def month(day: date, *rows: dict[str, object], claims: tuple[tuple[str, str | None, str], ...], gone: tuple[str, ...] = (),
          awaited: frozenset[tuple[str, str]] = frozenset()) -> tuple[Assessed, pd.DataFrame]:  # fmt: skip
    """A month of six households, its aid records and claims, and the reminders that follow."""
    ids = [f"H{i}" for i in range(1, 7) if f"H{i}" not in gone]
    homes = pd.DataFrame({"household_id": ids, "county_code": "371425", "town_code": "t"})
    found = Entitlements(entitled(*claims).frame, day)
    ledger = records({"household_id": "H99", "item_code": "CL03"}, *rows)
    at = Assessed(day, homes, pd.DataFrame(), ledger, found, awaited)
    return at, remind(found, ledger, CATALOGUE, None, homes, at.counties_awaited("assistance_record")).frame


def test_the_months_records_confirm_contest_or_end_what_is_open(tmp_path: Path) -> None:
    """H1 is paid; H2 finished and unpaid; H3 no longer entitled; H4 refused; H5 moved away; H6 only applied: still open."""
    claims = tuple((f"H{i}", None, "MZ01") for i in range(1, 7))
    december, found = month(date(2020, 12, 31), claims=claims)
    hand_over(log_of(tmp_path), found, "office", date(2021, 1, 4))
    assert close_reminders(log_of(tmp_path), december, found, CATALOGUE, date(2021, 1, 4)).written == ()
    (second,) = found.loc[found["household_id"] == "H2", "reminder_id"]
    say(tmp_path, second, "finished", "2021-01-20")
    january, _ = month(date(2021, 1, 31), claims=claims)
    assert close_reminders(log_of(tmp_path), january, found, CATALOGUE, date(2021, 2, 3)).written == ()
    paid = {
        "household_id": "H1",
        "item_code": "MZ01",
        "delivered_on": "2021-02-05",
        "period_start": "2021-01-01",
        "period_end": "2021-12-31",
    }
    applied = {
        "item_code": "MZ01",
        "applied_on": "2021-02-01",
        "decided_on": None,
        "delivered_on": None,
        "period_start": None,
        "period_end": None,
    }
    turned = applied | {"household_id": "H4", "decision": "refused", "decided_on": "2021-02-10"}
    waits = applied | {"household_id": "H6", "decision": "open"}
    late = frozenset({("assistance_record", "371425")})
    given = (paid, turned, waits)
    mine = (("H1", None, "MZ01"), ("H2", None, "MZ01"), ("H4", None, "MZ01"), ("H6", None, "MZ01"))
    unknown, rows = month(date(2021, 2, 28), *given, claims=mine, gone=("H5",), awaited=late)
    day = date(2021, 3, 2)
    assert [e.facts["end"] for e in close_reminders(log_of(tmp_path), unknown, rows, CATALOGUE, day).written] == [
        "not_in_month"
    ]
    february, rows = month(date(2021, 2, 28), *given, claims=mine, gone=("H5",))
    added = close_reminders(log_of(tmp_path), february, rows, CATALOGUE, day)
    assert sorted((e.facts and e.thing, e.step, e.facts.get("end", ""), e.on) for e in added.written) == sorted(
        (reminder_identity("missing", home, "", "MZ01"), step, end, "2021-02-28")
        for home, step, end in (
            ("H1", "confirmed", ""),
            ("H2", "contested", ""),
            ("H3", "ceased", "not_entitled"),
            ("H4", "ceased", "refused"),
        )
    )
    assert close_reminders(log_of(tmp_path), february, rows, CATALOGUE, day).written == (), "said once"
    again = hand_over(log_of(tmp_path), rows, "office", day).written
    assert [event.name for event in again] == [f"{second}#2"], "H6 is with its department, and H2 is asked for anew"
    assert close_reminders(log_of(tmp_path), january, found, CATALOGUE, day).written == (), (
        "an older month says nothing new"
    )


def test_what_was_received_in_doubt_is_confirmed_when_it_stops(tmp_path: Path) -> None:
    receives = {"household_id": "H1", "person_id": "P1", "item_code": "MZ08", "delivered_on": "2020-12-05"}
    _, found = month(date(2020, 12, 31), receives, claims=())
    assert found["kind"].tolist() == ["over"]
    hand_over(log_of(tmp_path), found, "office", date(2021, 1, 4))
    entitled_now, rows = month(date(2021, 1, 31), receives, claims=(("H1", "P1", "MZ08"),))
    assert rows.empty
    unclear = replace(
        entitled_now, claims=replace(entitled_now.claims, frame=entitled_now.claims.frame.assign(state="cannot_tell"))
    )
    assert close_reminders(log_of(tmp_path), unclear, rows, CATALOGUE, date(2021, 2, 2)).written == (), (
        "unknown is not entitled"
    )
    (gone,) = close_reminders(log_of(tmp_path), entitled_now, rows, CATALOGUE, date(2021, 2, 2)).written
    assert (gone.step, gone.facts["end"]) == ("ceased", "entitled")
    other = tmp_path / "other"
    other.mkdir()
    hand_over(log_of(other), found, "office", date(2021, 1, 4))
    stopped, rows = month(date(2021, 4, 30), receives, claims=())
    assert rows.empty, "paid until December, more than 62 days ago"
    assert [e.step for e in close_reminders(log_of(other), stopped, rows, CATALOGUE, date(2021, 5, 2)).written] == [
        "confirmed"
    ]
