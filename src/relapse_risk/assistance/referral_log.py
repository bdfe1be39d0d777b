"""Reminders handed to departments: what the log of events says of each claim, and the steps an office adds to it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import pandas as pd

from relapse_risk.assistance.aid_log import REMINDER
from relapse_risk.events import Added, Event, KeptLog, Standing
from relapse_risk.languages import Label, Language
from relapse_risk.months import add_months
from relapse_risk.schema import code_list

__all__ = [
    "STATES",
    "escalate",
    "hand_over",
    "not_listed",
    "referral_answers",
    "referral_states",
    "with_standing",
]

STATES = (
    "handed_over",
    "accepted",
    "escalated",
    "returned",
    "finished",
    "confirmed",
    "contested",
    "ceased",
    "withdrawn",
)
WITH_DEPARTMENT = ("handed_over", "accepted", "escalated")
COLUMNS = (
    "reminder_id", "household_id", "person_id", "item_code", "department", "handed_on", "due_on", "state", "assignee",
    "last_on", "days", "overdue", "open", "name", "county_code", "since",
)  # fmt: skip


def hand_over(
    log: KeptLog, reminders: pd.DataFrame, by: str, day: date, chosen: pd.Series | None = None, due_on: date | None = None,
    assignee: str = "",
) -> Added:  # fmt: skip
    """Hand reminders over to their departments; the others are noted as found, so that they wait in the log.

    One that is with a department already is left as it is.  One that came back is handed over again to the department
    it was said to belong to; otherwise, where it was not chosen by name, only once the records of a later month still
    show it.  One that the ledger contested, or that came up again after it was confirmed, begins a new episode.  One
    that was withdrawn is handed over again only by choice, or after ``propose_again_months``.

    Parameters
    ----------
    log : KeptLog
        :func:`relapse_risk.assistance.open_aid_log`.
    reminders : DataFrame
        Rows of :attr:`relapse_risk.assistance.Reminders.frame`.
    by : str
        The office that hands over.
    day : datetime.date
    chosen : Series of bool, optional
        Which of them are handed over; all when left out.
    due_on : datetime.date, optional
        Deadline; when left out that of the item, which runs from the data's day, or from ``day`` where it would be past.
    assignee : str
        To whom in the department.

    Raises
    ------
    RegisterError
        If a step would be earlier than the one before it; nothing is written then.
    """
    picked = [True] * len(reminders) if chosen is None else chosen.to_list()
    months = round(log.due.parameters.on("propose_again_months", day).value)
    events = []
    for row, mine in zip(reminders.to_dict("records"), picked, strict=True):
        now = log.last(REMINDER, row["reminder_id"])
        if _waits(log, now, row, day, months, by_choice=chosen is not None):
            continue
        if mine:
            events.append(_handed(row, now, by, day, due_on, assignee))
        elif not log.is_open(now):
            events.append(_event(row, "found", day, "rules", "rule", _claim(row)))
    return log.append(events)


def _waits(log: KeptLog, now: Standing | None, row: dict[str, Any], day: date, months: int, *, by_choice: bool) -> bool:
    """Whether a reminder is not for the office to hand over now."""
    if now is None or now.state in ("found", "confirmed", "contested", "ceased"):
        return False
    if now.state == "returned":
        again = _month_of(row) > now.since[:7] or bool(now.events[-1].facts.get("to_department"))
        return not (again or by_choice)
    if now.state == "withdrawn":
        return not by_choice and f"{day:%Y-%m}" < add_months(now.last_on[:7], months)
    return True


def _month_of(row: dict[str, Any]) -> str:
    seen = row.get("evidence_on")
    return "" if seen is None or pd.isna(seen) else f"{pd.Timestamp(seen):%Y-%m}"


def _claim(row: dict[str, Any]) -> dict[str, str]:
    person, month = row["person_id"], _month_of(row)
    said = {"household": row["household_id"], "item": row["item_code"], "department": row["department"]}
    said |= {"claim": row["kind"]} if "kind" in row else {}
    return said | ({} if pd.isna(person) or not person else {"person": person}) | ({"month": month} if month else {})


def _deadline(row: dict[str, Any], day: date) -> date:
    """The reminder's own deadline; where that is past on the day of handing over, its days run from that day."""
    due, seen = pd.Timestamp(row["due_on"]).date(), row.get("evidence_on")
    if due >= day or seen is None or pd.isna(seen):
        return due
    return day + (due - pd.Timestamp(seen).date())


def _handed(
    row: dict[str, Any], now: Standing | None, by: str, day: date, due_on: date | None, assignee: str
) -> Event:  # fmt: skip
    due = (due_on or _deadline(row, day)).isoformat()
    facts = _claim(row) | {"due_on": due} | ({"assignee": assignee} if assignee else {})
    reason = ""
    if now is not None and now.state == "returned" and (other := now.events[-1].facts.get("to_department")):
        facts["department"], reason = other, _returned_by(now.facts["department"])
    elif now is not None and now.state == "contested":
        reason = Label(
            zh=f"{now.name}报告办结，台账未见",
            en=f"{now.name} was said to be finished, and the aid records do not show it",
        ).cell
    return _event(row, "handed_over", day, by, "office", facts, reason)


def _returned_by(department: str) -> str:
    office = code_list("department").of(department)
    return Label(zh=f"{office.zh}退回", en=f"returned by {office.en}").cell


def _event(
    row: dict[str, Any], step: str, day: date, by: str, role: str, facts: dict[str, str], reason: str = ""
) -> Event:  # fmt: skip
    place = [str(row[name]) if name in row and not pd.isna(row[name]) else "" for name in ("county_code", "town_code")]
    on, month = day.isoformat(), facts.get("month", "")
    return Event(REMINDER, row["reminder_id"], 0, step, on, on, by, role, place[0], place[1], "", reason, source=f"refer {month}".strip(), facts=facts)  # fmt: skip


def escalate(log: KeptLog, by: str, day: date, departments: Collection[str] = ()) -> Added:
    """Tell the county leading group of every referral that is with its department beyond its deadline.

    Parameters
    ----------
    log : KeptLog
    by : str
    day : datetime.date
    departments : collection of str
        Only theirs; all when left out.
    """
    on = day.isoformat()
    events = [
        Event(REMINDER, one.thing, 0, "escalated", on, on, by, "office", *one.place, _overdue(due), source="refer --escalate")
        for one in log.now_of(REMINDER).values()
        if one.state in ("handed_over", "accepted") and (due := log.due_on(one)) and due < on
        and (not departments or one.facts["department"] in departments)
    ]  # fmt: skip
    return log.append(events)


def _overdue(due: str) -> str:
    return Label(zh=f"应于{due}前办结", en=f"due {due}").cell


def not_listed(log: KeptLog, reminders: pd.DataFrame) -> pd.Series:
    """Reminders that no worklist asks for: said to be finished and not contested yet, or withdrawn.

    Returns
    -------
    Series of bool
        Aligned with ``reminders``.
    """
    states = [one.state if (one := log.last(REMINDER, name)) else "" for name in reminders["reminder_id"]]
    return pd.Series([state in ("finished", "withdrawn") for state in states], index=reminders.index, dtype=bool)


def with_standing(reminders: pd.DataFrame, log: KeptLog, language: Language) -> pd.DataFrame:
    """Reminders as a worklist shows them: without those it does not ask for, and with where each stands in the log.

    Returns
    -------
    DataFrame
        The rows with ``stands`` (in words; empty where it was not handed over yet) and ``assignee``; department and due_on
        are those of the referral, where one is open.
    """
    listed = reminders[~not_listed(log, reminders)].reset_index(drop=True)
    machine, rows = log.machines[REMINDER], []
    for name, department, due in listed[["reminder_id", "department", "due_on"]].itertuples(index=False):
        now = log.last(REMINDER, name)
        if now is None or not log.is_open(now):
            rows.append(("", "", department, due))
            continue
        facts = now.facts
        who = facts.get("assignee") or next((e.by for e in reversed(now.events) if e.step == "accepted"), "")
        when = pd.Timestamp(facts["due_on"]) if "due_on" in facts else due
        rows.append((machine.state_label(now.state)[language], who, facts["department"], when))
    shown = pd.DataFrame(rows, columns=["stands", "assignee", "department", "due_on"], index=listed.index)
    return listed.assign(
        **{name: shown[name].astype(listed[name].dtype if name in listed else "str") for name in shown}
    )


def referral_states(log: KeptLog, day: date) -> pd.DataFrame:
    """Where every referral stands as its steps up to ``day`` left it.

    Returns
    -------
    DataFrame
        reminder_id, household_id, person_id, item_code, department, handed_on, due_on (of the referral), state
        (:data:`STATES`), assignee (who accepted), last_on, days (from hand-over to the last step, or to ``day`` while it
        is with the department), overdue (with the department after its deadline), open (somebody has to act), name
        (with its episode), county_code, since (the state began).
    """
    rows = []
    for (kind, _), episodes in log.things.items():
        if kind == REMINDER:
            known = [one for episode in episodes if (one := episode.as_of(day.isoformat())).events]
            handed = [one for one in known if any(event.step == "handed_over" for event in one.events)]
            rows += [_state(log, handed[-1], day)] if handed else []
    return pd.DataFrame(rows, columns=list(COLUMNS))


def referral_answers(log: KeptLog, day: date) -> pd.DataFrame:
    """Every hand-over to a department and its first answer, as table ``referral`` has them, by the steps up to ``day``.

    Returns
    -------
    DataFrame
        referral_id (with its episode), to_department, pushed_on, due_on, replied_on (null while there is none), result
        (``open`` | ``done`` | ``returned``, by the newest answer).
    """
    rows = []
    for (kind, _), episodes in log.things.items():
        for one in episodes if kind == REMINDER else ():
            known = one.as_of(day.isoformat())
            handed = [event for event in known.events if event.step == "handed_over"]
            if handed:
                answers = [event for event in known.events if event.role == "department"]
                result = {"returned": "returned", "finished": "done"}.get(answers[-1].step if answers else "", "open")
                facts, first = known.facts, answers[0].on if answers else None
                rows.append((known.name, facts["department"], handed[0].on, facts["due_on"], first, result))
    columns = ["referral_id", "to_department", "pushed_on", "due_on", "replied_on", "result"]
    days = dict.fromkeys(("pushed_on", "due_on", "replied_on"), "datetime64[s]")
    return pd.DataFrame(rows, columns=columns).astype(days)


def _state(log: KeptLog, one: Standing, day: date) -> tuple[object, ...]:
    since = max(at for at, event in enumerate(one.events) if event.step == "handed_over")  # as it was handed over last
    accepted = [event.facts.get("assignee") or event.by for event in one.events[since:] if event.step == "accepted"]
    facts, handed = one.facts, one.events[since].on
    waits = one.state in WITH_DEPARTMENT
    until = day if waits else date.fromisoformat(one.last_on)
    return (
        one.thing, facts.get("household", ""), facts.get("person", ""), facts.get("item", ""), facts.get("department", ""),
        handed, facts.get("due_on", ""), one.state, accepted[-1] if accepted else "", one.last_on,
        (until - date.fromisoformat(handed)).days, waits and day.isoformat() > facts.get("due_on", "9999"),
        bool(log.holder_of(one)), one.name, one.place[0], one.since,
    )  # fmt: skip
