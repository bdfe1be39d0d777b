"""What the register shows on a day: a year's end, or a month's end of 2020 between two year ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relapse_risk.demo.life import Lives, capacity, student_stage
from relapse_risk.demo.people import World, age_on
from relapse_risk.demo.relief import Relief
from relapse_risk.demo.traits import Traits
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Floats, Ints, day_number
from relapse_risk.demo.work_year import AWAY, LOCAL, POST
from relapse_risk.demo.year_state import Year

__all__ = ["Moment", "WorkCalendar", "moment_of_month", "moment_of_year", "month_day", "work_calendar"]


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """When the jobs of 2020 began, stopped and ended, day numbers (n_person,); ``NO_DAY``: did not."""

    begins: Ints
    ends: Ints
    pause_from: Ints
    pause_to: Ints


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of every person and household on the last day of ``month``.

    Attributes
    ----------
    listed : bool array (n_person,)
        Has a row: alive, or died in this very month.
    inside : bool array (n_household,)
        Has a row: in the register with a living member.
    """

    month: str
    day: int
    lives: Lives
    age: Ints
    stage: Ints
    capacity: Ints
    job: Ints
    work_months: Ints
    suspected: Bools
    listed: Bools
    inside: Bools
    size: Floats
    labour: Floats
    dibao: Bools
    tekun: Bools


def month_day(month: str) -> int:
    """Day number of the last day of a month.

    Examples
    --------
    >>> month_day("2020-02") - day_number("2020-02-01")
    28
    """
    return int((np.datetime64(month, "M") + 1).astype("datetime64[D]").astype(np.int64)) - 1


def work_calendar(last: Year, before: Year, traits: Traits) -> WorkCalendar:
    """Days for the job changes of 2020 that agree with the months worked."""
    n = len(last.age)
    first = day_number("2020-01-01")
    u = traits.person[:, 0]
    wage_now, wage_then = np.isin(last.jobs.job, [AWAY, LOCAL]), np.isin(before.jobs.job, [AWAY, LOCAL])
    begun = wage_now & ~wage_then
    ended = wage_then & ~wage_now
    begins = np.where(begun, first + (366 - last.jobs.months * 30.5).astype(np.int64), NO_DAY)
    ends = np.where(ended, first + (last.jobs.months * 30.5 + u * 25).astype(np.int64), NO_DAY)
    post_new = (last.jobs.job == POST) & (before.jobs.job != POST)
    begins = np.where(post_new, first + 5 + (u * 60).astype(np.int64), begins)
    post_over = (last.jobs.job != POST) & (before.jobs.job == POST)
    ends = np.where(post_over, first + (u * 300).astype(np.int64), ends)
    hit = last.jobs.hit
    pause_to = first + 55 + (u * 70).astype(np.int64)
    return WorkCalendar(
        begins, ends, np.where(hit, first + 24, np.full(n, NO_DAY)), np.where(hit, pause_to, np.full(n, NO_DAY))
    )


def moment_of_year(world: World, year: Year, registered: Bools) -> Moment:
    """The register at the end of a year before 2020; who died in December is still listed."""
    day = day_number(f"{year.year}-12-31")
    return _moment(
        world, f"{year.year}-12", day, year.lives, year.jobs.job, year.jobs.months, year.inside & registered,
        np.zeros(len(year.age), dtype=bool), year.relief,
    )  # fmt: skip


def moment_of_month(
    world: World,
    month: str,
    before: Year,
    last: Year,
    traits: Traits,
    calendar: WorkCalendar,
    edge_on: Ints,
) -> Moment:
    """The register at the end of a month of 2020: each change shows from its day on.

    ``edge_on`` is the day on which a household outside the register is identified and enters it.
    """
    day = month_day(month)
    now = last.lives
    seen = (now.changed_on != NO_DAY) & (now.changed_on <= day)
    accident = np.where(seen | (month >= "2020-06"), now.accident, before.lives.accident)
    graded = (traits.graded_on != NO_DAY) & (traits.graded_on <= day)

    def mixed(new: Ints | Bools, old: Ints | Bools) -> np.ndarray:
        return np.where(seen, new, old)

    level = np.where(graded & (traits.graded_level > 0), traits.graded_level, mixed(now.level, before.lives.level))
    kind = np.where(graded & (traits.graded_level > 0), traits.graded_kind, mixed(now.kind, before.lives.kind))
    born = before.lives.alive | (world.birth <= day) & (now.alive | (now.died_on > day))
    alive = (
        born
        & (before.lives.alive | (world.birth > day_number("2019-12-31")))
        & ~((now.died_on != NO_DAY) & (now.died_on <= day))
    )
    lives = Lives(
        alive=alive,
        died_on=now.died_on,
        changed_on=now.changed_on,
        health=mixed(now.health, before.lives.health),
        hypertension=mixed(now.hypertension, before.lives.hypertension),
        diabetes=mixed(now.diabetes, before.lives.diabetes),
        accident=accident.astype(bool),
        level=level,
        kind=kind,
    )
    job = _jobs_on(day, before, last, calendar)
    worked = _months_worked(day, before, last, calendar)
    inside = before.inside if month < "2020-12" else last.inside
    inside = inside | ((edge_on != NO_DAY) & (edge_on <= day))
    suspected = (traits.graded_on != NO_DAY) & (traits.graded_on > day) & (month >= "2020-02")
    relief = before.relief if month < "2020-04" else last.relief
    return _moment(world, month, day, lives, job, worked, inside, suspected, relief)


def _jobs_on(day: int, before: Year, last: Year, calendar: WorkCalendar) -> Ints:
    job = np.where((calendar.begins != NO_DAY) & (calendar.begins > day), 0, last.jobs.job)
    still = (calendar.ends != NO_DAY) & (calendar.ends > day)
    job = np.where(still, before.jobs.job, job)
    paused = (calendar.pause_from != NO_DAY) & (calendar.pause_from <= day) & (calendar.pause_to > day)
    return np.asarray(np.where(paused, 0, job))


def _months_worked(day: int, before: Year, last: Year, calendar: WorkCalendar) -> Ints:
    """Months worked in the twelve months up to ``day``."""
    gone = min((day - day_number("2019-12-31")) / 366, 1.0)
    return np.round((1 - gone) * before.jobs.months + gone * last.jobs.months).astype(np.int64)


def _moment(
    world: World,
    month: str,
    day: int,
    lives: Lives,
    job: Ints,
    work_months: Ints,
    inside: Bools,
    suspected: Bools,
    relief: Relief,
) -> Moment:
    age = age_on(world.birth, day)
    # Children left alone are taken in by kin, and the household ends.
    inside = inside & (world.count(lives.alive & (age >= 16)) > 0)
    alive = lives.alive & inside[world.hh]
    size = world.count(alive)
    died = (lives.died_on != NO_DAY) & (lives.died_on <= day) & (lives.died_on > day - 31) & inside[world.hh]
    first = int(np.datetime64(month, "M").astype("datetime64[D]").astype(np.int64))
    died &= lives.died_on >= first
    stage = np.where(alive, student_stage(world, lives.level, lives.kind, day), 0)
    able = capacity(world, lives, stage, day)
    labour = alive & np.isin(able, [0, 1, 4]) & (age >= 16) & (age < 60) & (stage == 0)
    # A post is for those still fit to hold it; wages stop with the capacity to work.
    fit = np.isin(able, [0, 1, 4]) & (age >= 16) & (age < 70) & alive & (stage == 0)
    fit &= ~relief.tekun[world.hh] | (job != AWAY)
    return Moment(
        month=month,
        day=day,
        lives=lives,
        age=age,
        stage=stage,
        capacity=able,
        job=np.where(fit & ((age < 60) | (job == POST)), job, 0),
        work_months=np.where(alive & (age >= 16), np.clip(work_months, 0, 12), 0),
        suspected=suspected & alive,
        listed=alive | died,
        inside=inside,
        size=size,
        labour=world.count(labour),
        dibao=relief.dibao & inside,
        tekun=relief.tekun & inside,
    )
