"""What a person or a dwelling simply is: fixed draws that the snapshots turn into columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Floats, Ints, day_number
from relapse_risk.demo.year_state import Year

__all__ = ["Traits", "build_traits", "pick"]

REBUILT_2020, CLEAN_2020 = 3450, 7650


@dataclass(frozen=True, slots=True)
class Traits:
    """Fixed draws.

    Attributes
    ----------
    person : float array (n_person, 24), household : float array (n_household, 44)
        Independent uniforms, one column per attribute they settle.
    graded_on, graded_level, graded_kind : int array (n_person,)
        Day of the disability grading of 2020 (``NO_DAY``: not among the suspected) and what it found.
    grade_before, grade_after : int array (n_household,)
        Dwelling grade (0 A … 3 D) before and after rebuilding.
    rebuilt_on, clean_on : int array (n_household,)
        Day on which the dwelling was rebuilt and the courtyard completed.
    cause : int array (n_household,)
        Main cause, index into the code list.
    exit_year, register_year : int array (n_household,)
    """

    person: Floats
    household: Floats
    graded_on: Ints
    graded_level: Ints
    graded_kind: Ints
    grade_before: Ints
    grade_after: Ints
    rebuilt_on: Ints
    clean_on: Ints
    cause: Ints
    exit_year: Ints
    register_year: Ints


def pick(candidates: Bools, count: int, rng: np.random.Generator, score: Floats | None = None) -> Bools:
    """``count`` of the candidates (all, if fewer), by the smallest score or at random.

    Examples
    --------
    >>> pick(np.array([True, False, True]), 1, np.random.default_rng(0), np.array([3.0, 1.0, 2.0])).tolist()
    [False, False, True]
    """
    rank = rng.random(len(candidates)) if score is None else score + 1e-9 * rng.random(len(candidates))
    rank = np.where(candidates, rank, np.inf)
    out = np.zeros(len(candidates), dtype=bool)
    order = np.argsort(rank, kind="stable")[: max(min(count, int(candidates.sum())), 0)]
    out[order] = True
    return out


def build_traits(
    world: World, years: tuple[Year, ...], calibration: Calibration, scale: float, rng: np.random.Generator
) -> Traits:
    """Draw everything that stays fixed, calibrated on the households that are in the register at the end of 2020."""
    last = years[-1]
    final = last.inside
    person, household = rng.random((len(world.hh), 24)), rng.random((world.n_hh, 44))
    graded_on, level, kind = _gradings(world, years, calibration, scale, rng)
    first, spring = day_number("2020-01-01"), day_number("2020-03-10")
    rebuilt = pick(final, round(REBUILT_2020 * scale), rng)
    earlier = ~rebuilt & (household[:, 0] < 0.16)
    rebuilt_on = np.where(rebuilt, spring + (household[:, 1] * 108).astype(np.int64), NO_DAY)
    earlier_day = day_number("2016-03-01") + (household[:, 1] * (first - day_number("2016-03-01") - 40)).astype(
        np.int64
    )
    rebuilt_on = np.where(earlier, earlier_day, rebuilt_on)
    unsafe = rebuilt | earlier
    before = np.where(unsafe, np.where(household[:, 2] < 0.68, 2, 3), (household[:, 2] < 0.62).astype(np.int64))
    after = np.where(unsafe, np.where(before == 2, 1, 0), before)
    clean = pick(final, round(CLEAN_2020 * scale), rng)
    day = day_number("2020-04-01") + (household[:, 3] * 240).astype(np.int64)
    return Traits(
        person=person,
        household=household,
        graded_on=graded_on,
        graded_level=level,
        graded_kind=kind,
        grade_before=before,
        grade_after=after,
        rebuilt_on=rebuilt_on,
        clean_on=np.where(clean, day, NO_DAY),
        cause=_causes(world, years, rng),
        exit_year=_exit_years(world, years, calibration),
        register_year=np.where(household[:, 4] < 0.7, 2014, 2015),
    )


def _gradings(
    world: World, years: tuple[Year, ...], calibration: Calibration, scale: float, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """The suspected disabled of 2020: ungraded, ill or old, alive at the end of the year; three in five get a grade."""
    last = years[-1]
    able = last.lives.alive & last.inside[world.hh] & (last.lives.level == 0) & (last.age >= 5)
    score = rng.random(len(able)) - 0.4 * (last.lives.health > 0) - 0.3 * (last.age >= 65)
    suspected = pick(able, round(calibration.number("suspected_found") * scale), rng, score)
    n = len(able)
    day = day_number("2020-03-15") + rng.integers(0, 100, n)
    graded = suspected & (rng.random(n) < calibration.number("suspected_graded_share"))
    level = np.where(graded, rng.choice([1, 2, 3, 4], n, p=[0.1, 0.25, 0.3, 0.35]), 0)
    kind = np.where(graded, rng.choice([1, 2, 4, 7], n, p=[0.15, 0.2, 0.55, 0.1]), 0)
    return np.where(suspected, day, NO_DAY), level, kind


def _causes(world: World, years: tuple[Year, ...], rng: np.random.Generator) -> Ints:
    """Main causes in the shares remembered (C67-C70) among the households of 2020, given to those they fit."""
    first, final = years[0], years[-1].inside
    disabled = world.count(first.lives.alive & (first.lives.level > 0)) > 0
    chance = rng.random(world.n_hh)
    is_disabled = disabled & (chance < min(0.22 / max(float(disabled[final].mean()), 1e-6), 0.98))
    left = ~is_disabled & (first.labour == 0)
    no_labour = left & (rng.random(world.n_hh) < min(0.20 / max(float(left[final].mean()), 1e-6), 0.98))
    other = ~is_disabled & ~no_labour
    others = other & (rng.random(world.n_hh) < 0.13 / max(float(other[final].mean()), 1e-6))
    # schooling, disaster, no land, no skill, no funds, low drive, other
    few = rng.choice([2, 3, 4, 6, 8, 10, 11], world.n_hh, p=[0.22, 0.12, 0.06, 0.24, 0.16, 0.1, 0.1])
    return np.where(is_disabled, 1, np.where(no_labour, 7, np.where(others, few, 0)))


def _exit_years(world: World, years: tuple[Year, ...], calibration: Calibration) -> Ints:
    """The first year whose income per head reaches the exit standard; everybody has exited by the end of 2020."""
    out = np.full(world.n_hh, 2020)
    for year in reversed(years[1:-1]):
        out = np.where(year.per_head >= calibration.line("poverty", year.year), year.year, out)
    return out
