"""Journals that older versions kept beside the register, moved into the log of events once, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from relapse_risk.assistance.reminders import reminder_identity
from relapse_risk.events import Event, KeptLog
from relapse_risk.files import refusals, write_bytes
from relapse_risk.languages import Label
from relapse_risk.register import Register
from relapse_risk.register.area_codes import areas_of
from relapse_risk.register.journal import Journal

__all__ = ["MOVED", "move_journals"]

OFF_ITS_LIST = Label(zh="从名单中移出", en="taken off its list")
MOVED = ".moved"  # added to the name of a journal whose steps are in the log


@dataclass(frozen=True, slots=True)
class _Referral:
    """A line of ``referrals.jsonl``."""

    reminder_id: str
    step: str
    on: str
    by: str
    household_id: str = ""
    person_id: str = ""
    item_code: str = ""
    department: str = ""
    due_on: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of ``orders.jsonl``."""

    line: str
    step: str
    on: str
    list: str
    household_id: str
    person_id: str = ""


_ANY = ("handed_over", "accepted", "returned", "finished")
_REFERRALS = Journal("referrals.jsonl", _Referral, "referral", "reminder_id", dict.fromkeys(("", *_ANY), _ANY))
_ORDERS = Journal("orders.jsonl", _Line, "line of an order list", "line", {"": ("drawn",), "drawn": ("cancelled",), "cancelled": ("drawn",)})  # fmt: skip


def move_journals(log: KeptLog) -> bool:
    """Add the steps of ``referrals.jsonl`` and ``orders.jsonl`` to the log, and set the files aside; whether there were any.

    A run that is stopped in between is done again: a step said before changes nothing.  Two steps that an old journal
    holds against the order of their days bear the later day; a step that may not follow is left out, and the file set aside
    still holds it.
    """
    moved = False
    for journal, events_of in ((_REFERRALS, _referral_events), (_ORDERS, _order_events)):
        path = log.register / journal.file
        if path.is_file():
            log.append(events_of(journal.read(log.register), counties_of(log.register)), leave_out=True)
            with refusals(path), suppress(FileNotFoundError):  # another command may have moved it meanwhile
                write_bytes(path.with_name(path.name + MOVED), path.read_bytes())
                path.unlink()
            moved = True
    return moved


def counties_of(register: Path) -> dict[str, str]:
    """County of every household that the register ever held; none where the folder holds no register."""
    if not (register / "manifest.json").is_file():
        return {}
    opened = Register.open(register)
    rows = opened.read_all("household", columns=["household_id", "village_code"]).drop_duplicates("household_id")
    counties = areas_of(opened).county_of(rows["village_code"]).astype("str").fillna("")
    return dict(zip(rows["household_id"].astype("str"), counties, strict=True))


def _referral_events(steps: tuple[Any, ...], counties: Mapping[str, str]) -> Iterator[Event]:
    last: dict[str, Event] = {}
    for step in steps:
        before = last.get(step.reminder_id)
        on = max(step.on, before.on if before else "")
        about = {"household": step.household_id, "person": step.person_id, "item": step.item_code, "department": step.department, "due_on": step.due_on}  # fmt: skip
        county = before.county if before else counties.get(step.household_id, "")
        event = Event(
            "reminder", step.reminder_id, 0, step.step, on, on, step.by, "department", county, source=_REFERRALS.file
        )
        if step.step == "handed_over":
            claim = next((c for c in ("missing", "over") if reminder_identity(c, step.household_id, step.person_id, step.item_code) == step.reminder_id), "missing")  # fmt: skip
            facts = {"claim": claim} | {name: said for name, said in about.items() if said}
            event = replace(event, role="office", facts=facts)
            if before is not None and before.step == "finished":
                yield replace(event, step="contested", role="ledger", by="aid records", facts={"month": on[:7]})
        elif step.step == "returned":
            event = replace(event, reason=step.note)
        else:
            event = replace(event, evidence=step.note)
        last[step.reminder_id] = event
        yield event


def _order_events(steps: tuple[Any, ...], counties: Mapping[str, str]) -> Iterator[Event]:
    last: dict[str, str] = {}
    for step in steps:
        item, cycle, *_ = step.line.split("|")
        on = last[step.line] = max(step.on, last.get(step.line, ""))
        event = Event(
            "order",
            step.line,
            0,
            step.step,
            on,
            on,
            "order",
            "office",
            counties.get(step.household_id, ""),
            source=_ORDERS.file,
        )
        facts = {"list": step.list, "household": step.household_id, "item": item, "cycle": cycle}
        facts |= {"person": step.person_id} if step.person_id else {}
        yield replace(event, facts=facts) if step.step == "drawn" else replace(event, reason=OFF_ITS_LIST.cell)
