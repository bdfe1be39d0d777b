"""Seekers matched with openings in the log of events: matched, offered, taken up, pay looked at, kept or lost."""

from __future__ import annotations

from datetime import date

import pandas as pd

from relapse_risk.assistance.aid_log import PLACEMENT
from relapse_risk.events import Added, Event, KeptLog, Standing
from relapse_risk.files import sha256
from relapse_risk.languages import Label

__all__ = ["declined_of", "enter_matches", "follow_register", "free_of", "match_identity", "placement_lines"]

IN_WORK = ("started", "kept")
NO_OPENING = Label(zh="岗位已不存在", en="the opening is no longer there")


def match_identity(seeker: str, opening: str = "") -> str:
    """Number of a seeker's placement in an opening, or of the search where there is none yet.

    Examples
    --------
    >>> match_identity("P1", "V1-1") == match_identity("P1", "V1-2")
    False
    """
    return "J" + sha256([f"{seeker}|{opening}"])[:12]


def free_of(log: KeptLog, seekers: pd.DataFrame, openings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Seekers and openings that no live placement holds: every way out frees both.

    Parameters
    ----------
    log : KeptLog
        :func:`relapse_risk.assistance.open_aid_log`.
    seekers : DataFrame
        With ``person_id``.
    openings : DataFrame
        With ``opening_id``.
    """
    live = [one for one in log.now_of(PLACEMENT).values() if log.is_open(one) and one.state != "sought"]
    held, taken = {one.facts["seeker"] for one in live}, {one.facts.get("opening") for one in live}
    return (
        seekers[~seekers["person_id"].isin(held)].reset_index(drop=True),
        openings[~openings["opening_id"].isin(taken)].reset_index(drop=True),
    )


def declined_of(log: KeptLog) -> set[tuple[str, str]]:
    """Seeker and opening of every placement that was declined or lost: not matched again."""
    return {
        (one.facts["seeker"], one.facts["opening"])
        for (kind, _), every in log.things.items()
        for one in (every if kind == PLACEMENT else ())
        if one.state in ("declined", "lost") and "opening" in one.facts
    }


def enter_matches(
    log: KeptLog, placement: pd.DataFrame, openings: pd.DataFrame, month: str, day: date, by: str
) -> Added:
    """Write down whom the month matched with what, and whom it found nothing for; what is no longer open has lapsed.

    Parameters
    ----------
    log : KeptLog
    placement : DataFrame
        :attr:`relapse_risk.assistance.Placement.frame`.
    openings : DataFrame
        Everything open on the day, free or held.
    month : str
    day : datetime.date
    by : str
    """
    there, events = set(openings["opening_id"]), []
    for one in log.now_of(PLACEMENT).values():
        if one.state in ("matched", "offered") and one.facts["opening"] not in there:
            events.append(_event(one.thing, "lapsed", day, by, "office", one.place, NO_OPENING.cell))
    placed = set(placement.loc[placement["outcome"] == "placed", "person_id"])
    for one in log.now_of(PLACEMENT).values():
        if one.state == "sought" and one.facts["seeker"] in placed:
            events.append(_event(one.thing, "found", day, by, "office", one.place))
    for row in placement.to_dict("records"):
        opening = row["opening_id"] if row["outcome"] == "placed" else ""
        name = match_identity(row["person_id"], opening)
        if log.is_open(log.last(PLACEMENT, name)):
            continue
        facts = {"seeker": row["person_id"], "household": row["household_id"], "month": month}
        if opening:
            facts |= {"opening": opening, "opening_kind": row["kind"]}
            facts |= {} if pd.isna(row["monthly_pay"]) else {"pay": f"{float(row['monthly_pay']):g}"}
        events.append(_event(name, "matched" if opening else "sought", day, by, "office", (row["county_code"], "", ""), facts=facts))  # fmt: skip
    return log.append(events)


def follow_register(log: KeptLog, persons: pd.DataFrame, month: str, day: date) -> Added:
    """Note who started work in an earlier month and, by the register of ``month``, is not in work.

    Whose work the register does not know stays as it is: unknown is not lost.

    Parameters
    ----------
    log : KeptLog
    persons : DataFrame
        Of the month: person_id, employment_status.
    month : str
    day : datetime.date
    """
    known = persons.drop_duplicates("person_id").set_index("person_id")["employment_status"]
    events = [
        _event(one.thing, "lost", day, "register", "delivery", one.place, _out_of_work(month))
        for one in log.now_of(PLACEMENT).values()
        if one.state in IN_WORK and one.last_on[:7] < month and known.get(one.facts["seeker"]) == "none"
    ]
    return log.append(events)


def _out_of_work(month: str) -> str:
    return Label(zh=f"{month}登记册显示未就业", en=f"not in work in the register of {month}").cell


def _event(
    name: str, step: str, day: date, by: str, role: str, place: tuple[str, str, str], reason: str = "",
    facts: dict[str, str] | None = None,
) -> Event:  # fmt: skip
    on = day.isoformat()
    return Event(PLACEMENT, name, 0, step, on, on, by, role, *place, reason, source="jobs", facts=facts or {})


def placement_lines(log: KeptLog) -> pd.DataFrame:
    """Where every placement stands: match_id, seeker, household_id, opening_id, pay, state, since, due_on, county_code."""
    rows = [_line(log, one) for one in log.now_of(PLACEMENT).values()]
    columns = ["match_id", "seeker", "household_id", "opening_id", "pay", "state", "since", "due_on", "county_code"]
    return pd.DataFrame(rows, columns=columns)


def _line(log: KeptLog, one: Standing) -> tuple[str, ...]:
    facts = one.facts
    return (
        one.thing, facts["seeker"], facts["household"], facts.get("opening", ""), facts.get("pay", ""), one.state, one.since,
        log.due_on(one), one.place[0],
    )  # fmt: skip
