"""Who leaves the register at a year's end, and the income level that the year's households reach together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from relapse_risk.demo.geography import apportion
from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.typed_columns import Bools, Floats, Ints
from relapse_risk.demo.work_year import POST
from relapse_risk.demo.year_state import Year

__all__ = ["choose_stayers", "remaining_households"]
ROUNDS = 5


def remaining_households(world: World, year: Year, calibration: Calibration, rng: np.random.Generator) -> Year:
    """``year`` with its transitory shock drawn, its level set and its leavers gone.

    Level and leaving depend on each other (the better-off leave, the mean is that of who stays), so both are
    solved together in a few rounds.
    """
    shock = rng.normal(0, calibration.number("household_shock_sd"), world.n_hh)
    year = replace(year, shock=shock)
    noise = rng.normal(0, calibration.number("leaving_noise"), world.n_hh)
    merging = rng.random(world.n_hh) < 0.004
    target = calibration.number("income_pc_path", year.year)
    stay = year.inside & world.registered
    for _ in range(ROUNDS):
        year = replace(year, level=_level(year, stay, target))
        if year.year > 2015:
            stay = _stay(world, year, calibration, noise, merging)
    return replace(year, level=_level(year, stay, target), inside=stay)


def _level(year: Year, stay: Bools, target: float) -> float:
    market = float((year.market.variable * np.exp(year.shock))[stay].sum())
    return (target * float(year.size[stay].sum()) - float(year.fixed[stay].sum())) / market


def _stay(world: World, year: Year, calibration: Calibration, noise: Floats, merging: Bools) -> Bools:
    """Stable graduation: the better-off without relief or a special post leave, county by county."""
    scale = float((world.registered).sum()) / calibration.number("start_households")
    inside = year.inside & world.registered
    shares = np.array([c.target_share for c in calibration.counties])
    final = year.year >= 2020
    households = apportion(round(calibration.number("households_path", year.year) * scale), shares)
    persons = apportion(round(calibration.number("end_persons") * scale), shares) if final else None
    held = world.count(year.jobs.job == POST) > 0
    fixed = year.relief.dibao | year.relief.tekun | held
    score = np.log(np.clip(year.per_head, 100.0, None)) + noise - 9.0 * fixed + 9.0 * (merging & ~fixed)
    stay = np.zeros(world.n_hh, dtype=bool)
    for county in range(len(shares)):
        here = np.flatnonzero(inside & (world.county == county))
        size = year.size[here].astype(np.int64)
        exact = None if persons is None else int(persons[county])
        stay[here[choose_stayers(score[here], size, int(households[county]), exact)]] = True
    return stay


def choose_stayers(score: Floats, size: Ints, households: int, persons: int | None) -> Bools:
    """Which of a county's households stay: ``households`` of them, and exactly ``persons`` persons when asked."""
    surplus = max(len(score) - households, 0)
    if persons is None:
        stay = np.ones(len(score), dtype=bool)
        stay[np.argsort(-score, kind="stable")[:surplus]] = False
        return stay
    tilt = _tilt(score, size, surplus, int(size.sum()) - persons)
    order = np.argsort(-(score + tilt * size), kind="stable")
    gone = np.cumsum(size[order])
    cut = int(np.searchsorted(gone, size.sum() - persons, side="right"))
    stay = np.ones(len(score), dtype=bool)
    stay[order[:cut]] = False
    rest = int(size[stay].sum()) - persons
    later = order[cut:]
    # The last few persons leave as the next households of the fitting size.
    while rest > 0:
        fit = later[(size[later] <= rest) & stay[later]]
        if len(fit) == 0:
            break
        exact = fit[size[fit] == rest]
        chosen = exact[0] if len(exact) else fit[0]
        stay[chosen] = False
        rest -= int(size[chosen])
    return stay


def _tilt(score: Floats, size: Ints, households: int, persons: int) -> float:
    """The weight on size in the leaving score at which ``households`` leavers hold about ``persons`` persons."""
    low, high = -20.0, 20.0
    for _ in range(30):
        middle = (low + high) / 2
        leavers = np.argsort(-(score + middle * size), kind="stable")[:households]
        low, high = (middle, high) if size[leavers].sum() < persons else (low, middle)
    return (low + high) / 2
