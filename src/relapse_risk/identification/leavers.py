"""Whoever a month no longer has: found by comparing it with the month before, asked of the county, nobody without a reason."""

from __future__ import annotations

from datetime import date

from relapse_risk.events import Event
from relapse_risk.identification.identification_log import KIND, LEAVING, IdentificationLog, whereabouts
from relapse_risk.register import Register

__all__ = ["find_leavers", "follow_up"]


def find_leavers(register: Register, month: str, log: IdentificationLog, day: date) -> tuple[Event, ...]:
    """Steps for the households that the month before had and ``month`` has not, and for those that are back.

    Parameters
    ----------
    register : Register
    month : str
    log : IdentificationLog
    day : datetime.date
        On which they are written down.
    """
    earlier = [one for one in register.months if one < month]
    if not earlier:
        return ()
    before, now = whereabouts(register, earlier[-1]), whereabouts(register, month)
    known = log.now_of(LEAVING)
    steps = []
    for household in sorted(set(before.frame.index) - set(now.frame.index)):
        one = known.get(household)
        if one is None or (log.machines[LEAVING].states[one.state].final and one.facts.get("month") != month):
            steps.append(_event(household, "missed", day, month, before.of(household)))
    for household, one in sorted(known.items()):
        if one.state == "unexplained" and household in now.frame.index:
            steps.append(_event(household, "came_back", day, month, now.of(household)))
    return tuple(steps)


def _event(household: str, step: str, day: date, month: str, place: tuple[str, str, str]) -> Event:
    on = day.isoformat()
    return Event(LEAVING, household, 0, step, on, on, "register", "delivery", *place, source=f"month {month}", facts={"month": month})  # fmt: skip


def follow_up(said: Event, log: IdentificationLog) -> tuple[Event, ...]:
    """What a reason for leaving means for the household's identification: an open episode has ended."""
    now = log.last(KIND, said.thing)
    if now is None or log.machine.states[now.state].final:
        return ()
    return (
        Event(
            KIND, said.thing, 0, "ended", said.on, said.recorded_on, said.by, "county", *now.place, said.reason, said.evidence,
            said.source, {"leaving": said.facts["leaving"]},
        ),
    )  # fmt: skip
