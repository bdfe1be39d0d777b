"""Gates: what a delivery may change in a month without somebody answering for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relapse_risk.errors import GateError, RelapseRiskError
from relapse_risk.months import month_end
from relapse_risk.parameters import Parameters

__all__ = ["Turnover", "check_acceptance", "check_gates"]

DROP, ADD = "delivery_drop_share", "delivery_add_share"


@dataclass(frozen=True, slots=True)
class Turnover:
    """What a delivery does to one table of one month.

    Attributes
    ----------
    table, month : str
    since : str
        The month compared with.
    before, in_file, dropped, added : int
        Rows before, rows in the file, rows of before that would be gone, and rows that are new.
    emptied : tuple of str
        Counties that would be left without a row.
    lost_monitored : int
        Monitored households among the rows the file has and the check rejected.
    """

    table: str
    month: str
    since: str
    before: int
    in_file: int
    dropped: int
    added: int
    emptied: tuple[str, ...] = ()
    lost_monitored: int = 0


def check_acceptance(text: str) -> str:
    """``text`` if it says who lets a delivery through and why; raise otherwise.

    Examples
    --------
    >>> check_acceptance("Wang Fang: village 7 was merged into village 8")
    'Wang Fang: village 7 was merged into village 8'
    >>> check_acceptance("ok")
    Traceback (most recent call last):
        ...
    relapse_risk.errors.RelapseRiskError: --accept: who lets the delivery through, and why, is not said; got 'ok',
    expected 'who: why'. Fix: such as --accept 'Wang Fang: village 7 was merged into village 8'.
    """
    who, _, why = text.replace("：", ":").partition(":")
    if text and not (who.strip() and why.strip()):
        raise RelapseRiskError(
            "who lets the delivery through, and why, is not said", where="--accept", got=text, expected="'who: why'",
            fix="such as --accept 'Wang Fang: village 7 was merged into village 8'",
        )  # fmt: skip
    return text


def check_gates(turnovers: Sequence[Turnover], parameters: Parameters, accepted: str) -> tuple[str, ...]:
    """What went through a gate because somebody answers for it; raise at the first delivery nobody answers for.

    Parameters
    ----------
    turnovers : sequence of Turnover
    parameters : Parameters
        With the dated limits ``delivery_drop_share`` and ``delivery_add_share``.
    accepted : str
        Who lets the delivery through, and why; empty where nobody does.

    Raises
    ------
    GateError
        Naming the counts and the ways on.

    Examples
    --------
    >>> from relapse_risk.parameters import read_parameters
    >>> check_gates([Turnover("household", "2021-01", "2020-12", 1521, 1521, 0, 0)], read_parameters(), "")
    ()
    >>> check_gates([Turnover("household", "2021-01", "2020-12", 1521, 1, 1521, 1)], read_parameters(), "")
    Traceback (most recent call last):
        ...
    relapse_risk.errors.GateError: household, 2021-01: stopped at a gate, nothing was written; got '1,521 before
    (2020-12), 1 in the file, 1,521 dropped, 1 new', expected at most 2% dropped. Fix: leave out --complete to
    carry what the file does not name; name the counties it is complete for (--county 371425); or let it through
    with --accept 'who: why'.
    """
    through = []
    for one in turnovers:
        reasons = _reasons(one, parameters)
        if not reasons:
            continue
        counts = f"{one.before:,} before ({one.since}), {one.in_file:,} in the file, {one.dropped:,} dropped, {one.added:,} new"
        if accepted:
            through.append(f"{one.table}, {one.month}: {counts}; let through by {accepted}")
            continue
        raise GateError(
            "stopped at a gate, nothing was written", where=f"{one.table}, {one.month}", got=counts,
            expected=" and ".join(reasons), fix=_ways_on(one),
        )  # fmt: skip
    return tuple(through)


def _ways_on(one: Turnover) -> str:
    last = "let it through with --accept 'who: why'"
    if not one.dropped and not one.emptied:
        return f"check that the file is of this place and month and keeps the register's identifiers, or {last}"
    return (
        "leave out --complete to carry what the file does not name; name the counties it is complete for "
        f"(--county 371425); or {last}"
    )


def _reasons(one: Turnover, parameters: Parameters) -> list[str]:
    if not one.before:
        return []
    day = month_end(one.month)
    drop, add = (parameters.on(name, day).value for name in (DROP, ADD))
    reasons = [f"at most {drop:.0%} dropped"] if one.dropped > drop * one.before else []
    if one.since != one.month:  # a month that is there already may still be filling, town by town
        reasons += [f"at most {add:.0%} new"] if one.added > add * one.before else []
    reasons += [f"households left in {', '.join(one.emptied)}"] if one.emptied else []
    reasons += [f"none of {one.lost_monitored} monitored households rejected"] if one.lost_monitored else []
    return reasons
