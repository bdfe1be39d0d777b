"""How long the reviews took, read from the log: days with the village, the town, the county, and in all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise

import pandas as pd

from relapse_risk.events import Standing
from relapse_risk.identification.identification_log import IdentificationLog

__all__ = ["STAGES", "review_timing"]

STAGES = ("village", "town", "county", "whole")
COLUMNS = ("review_stage", "households", "median_days", "p90_days", "within")


def review_timing(log: IdentificationLog, county: str, after: date, until: date) -> pd.DataFrame:
    """Days that identification took in a county, by who had to act, and how many were in time.

    A stage of a household is known once it has ended, or once its limit is over; before that it is not known to be late.
    Days with the village include the notice, whose own length is no delay: its limit runs from its last day.

    Parameters
    ----------
    log : IdentificationLog
    county : str
    after, until : datetime.date
        Stages that ended, or whose limit ran out, after the first and by the second day.

    Returns
    -------
    DataFrame
        review_stage (``village`` | ``town`` | ``county`` | ``whole``: from clue to decision), households (episodes known),
        median_days and p90_days (of those ended), within (ended by the limit).

    Notes
    -----
    Quantiles are interpolated linearly between order statistics (Hyndman and Fan 1996, definition 7).
    """
    found: dict[str, list[tuple[float | None, bool]]] = {stage: [] for stage in STAGES}
    for episodes in log.episodes.values():
        for one in episodes:
            if one.place[0] == county:
                for stage, days, in_time in _stages(log, one, after, until):
                    found[stage].append((days, in_time))
    rows = []
    for stage, mine in found.items():
        days = pd.Series([one for one, _ in mine if one is not None], dtype=float)
        row = (stage, len(mine), days.median(), days.quantile(0.9), sum(in_time for _, in_time in mine))
        rows += [row] if mine else []
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _stages(
    log: IdentificationLog, one: Standing, after: date, until: date
) -> Iterator[tuple[str, float | None, bool]]:
    """Each stage of an episode known in the period: its days (nothing while it lasts), and whether it was in time."""
    spent: dict[str, list[tuple[float | None, bool, date]]] = {}
    for holder, began, ended, due in _holdings(log, one, until):
        late = due is not None and (ended or until) > due
        if ended is None and not late:
            continue
        known_on = ended if ended is not None else due
        assert known_on is not None
        days = None if ended is None else float((ended - began).days)
        spent.setdefault(holder, []).append((days, not late, known_on))
    for holder, parts in spent.items():
        if after < max(on for _, _, on in parts) <= until and holder in STAGES:
            lasts = any(days is None for days, _, _ in parts)
            yield holder, None if lasts else sum(days or 0.0 for days, _, _ in parts), all(ok for _, ok, _ in parts)
    yield from _whole(log, one, after, until)


def _holdings(log: IdentificationLog, one: Standing, until: date) -> Iterator[tuple[str, date, date | None, date | None]]:  # fmt: skip
    """Holder, first day, last day (none while it lasts) and limit of each state that an episode was in by ``until``."""
    events = [event for event in one.events if event.on <= until.isoformat()]
    states = one.states[: len(events)]
    begins = [at for at, state in enumerate(states) if at == 0 or states[at - 1] != state]
    facts: dict[str, str] = {}
    for at, following in pairwise([*begins, len(states)]):
        for event in events[: at + 1]:
            facts |= event.facts
        state = log.machine.states[states[at]]
        if state.holder:
            due = log.due.of_state(log.machine, states[at], events[at].on, facts)
            ended = date.fromisoformat(events[following].on) if following < len(states) else None
            yield state.holder, date.fromisoformat(events[at].on), ended, date.fromisoformat(due) if due else None


def _whole(log: IdentificationLog, one: Standing, after: date, until: date) -> Iterator[tuple[str, float | None, bool]]:
    whole = log.machine.whole
    if whole is None or log.machine.states[one.states[0]].holder == "":  # taken over: never reviewed here
        return
    due = date.fromisoformat(log.due.of_whole(log.machine, one.begun))
    decided = _first(event.on for event, state in zip(one.events, one.states, strict=True) if state in whole.until)
    if decided is not None and after < decided <= until:
        yield "whole", float((decided - date.fromisoformat(one.begun)).days), decided <= due
    elif (decided is None or decided > until) and after < due < until:
        yield "whole", None, False


def _first(days: Iterable[str]) -> date | None:
    return next((date.fromisoformat(day) for day in days), None)
