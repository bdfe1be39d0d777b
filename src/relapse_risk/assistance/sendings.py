"""Lists that were sent, and which of them have come back: worklists, order lists, push lists."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import pandas as pd

from relapse_risk.assistance.aid_log import ORDER, PLACEMENT, PLEDGE, REMINDER, SENDING
from relapse_risk.events import Added, Event, KeptLog, Standing

__all__ = ["note_back", "sending_event", "sendings", "worklists_sent"]

BOTH = {"worklist": REMINDER, "order": ORDER, "jobs": PLACEMENT, "social": PLEDGE}  # what a list's rows are about
ANSWERS = ("department", "platform")  # roles that answer


def sending_event(
    name: str, day: date, by: str, what: str, to: str, rows: int, digest: str, month: str, county: str = ""
) -> Event:  # fmt: skip
    """The step of a list that goes to somebody."""
    on, facts = day.isoformat(), {"what": what, "to": to, "rows": str(rows), "digest": digest, "month": month}
    return Event(SENDING, name, 0, "sent", on, on, by, "office", county, source=f"{what} {month}", facts=facts)


def worklists_sent(
    log: KeptLog, lists: Collection[tuple[str, str, int, str]], month: str, day: date, by: str
) -> Added:  # fmt: skip
    """Note which worklists of a month were written; one that says the same as when it was sent is not sent again.

    Parameters
    ----------
    log : KeptLog
    lists : collection of (str, str, int, str)
        County, department, rows to answer, and digest of the content.
    month : str
    day : datetime.date
    by : str
    """
    events = []
    for county, department, rows, digest in lists:
        name = f"worklist|{month}|{county}|{department}"
        now = log.last(SENDING, name)
        if rows and (now is None or now.facts["digest"] != digest):
            when = max(day.isoformat(), now.last_on if now else "")
            events.append(sending_event(name, date.fromisoformat(when), by, "worklist", department, rows, digest, month, county))  # fmt: skip
    return log.append(events)


def note_back(log: KeptLog, day: date) -> Added:
    """Note of every list that is out how many of its rows have been answered since it was sent.

    Parameters
    ----------
    log : KeptLog
        Opened after the replies were taken.
    day : datetime.date
    """
    answered: dict[tuple[str, ...], list[str]] = {}  # day of the newest answer of each thing, by what list it is on
    for (kind, _), every in log.things.items():
        days = [event.on for event in every[-1].events if event.role in ANSWERS] if kind in BOTH.values() else []
        for key in _lists_of(every[-1]) if days else ():
            answered.setdefault(key, []).append(days[-1])
    events = []
    for one in log.now_of(SENDING).values():
        if not log.is_open(one):
            continue
        sent = max(event.on for event in one.events if event.step == "sent")
        count = sum(on >= sent for on in answered.get(_key(one), ()))
        if count > int(one.facts.get("answered", 0)):
            step = "back" if count >= int(one.facts["rows"]) else "partly_back"
            on = max(day.isoformat(), one.last_on)
            events.append(Event(SENDING, one.thing, 0, step, on, on, one.facts["to"], "receiver", one.place[0], source="replies", facts={"answered": str(count)}))  # fmt: skip
    return log.append(events)


def _key(one: Standing) -> tuple[str, ...]:
    """How the rows of a list that was sent name it."""
    facts = one.facts
    if facts["what"] == "worklist":
        return "worklist", one.place[0], facts["to"]
    return ("order", facts["digest"]) if facts["what"] == "order" else ("push", one.thing)


def _lists_of(one: Standing) -> set[tuple[str, ...]]:
    """Lists that a thing is on."""
    if one.kind == REMINDER:
        return {("worklist", one.place[0], one.facts["department"])}
    return {("order", one.facts["list"])} if one.kind == ORDER else {("push", event.source) for event in one.events}


def sendings(log: KeptLog, day: date) -> pd.DataFrame:
    """Which lists were sent, to whom, and which have come back.

    Returns
    -------
    DataFrame
        list, what, to, county_code, month, sent_on, rows, answered, state, due_on, overdue (days), those that are out and
        longest overdue first.
    """
    rows = []
    for one in log.now_of(SENDING).values():
        f, due = one.facts, log.due_on(one)
        over = max((day - date.fromisoformat(due)).days, 0) if due else 0
        sent = max(event.on for event in one.events if event.step == "sent")
        rows.append((one.thing, f["what"], f["to"], one.place[0], f.get("month", ""), sent, int(f["rows"]), int(f.get("answered", 0)), one.state, due, over))  # fmt: skip
    columns = [
        "list",
        "what",
        "to",
        "county_code",
        "month",
        "sent_on",
        "rows",
        "answered",
        "state",
        "due_on",
        "overdue",
    ]
    return pd.DataFrame(rows, columns=columns).sort_values(
        ["overdue", "list"], ascending=[False, True], ignore_index=True
    )
