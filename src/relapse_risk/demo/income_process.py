"""The income process: one year forward from a true state, and the six years that make the register."""

from __future__ import annotations

import numpy as np

from relapse_risk.demo.leaving import remaining_households
from relapse_risk.demo.life import (
    ORDINARY,
    SKILLED,
    WEAK,
    Lives,
    capacity,
    first_lives,
    live_one_year,
    student_stage,
)
from relapse_risk.demo.people import World, age_on
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.relief import Means, grant_relief, read_need
from relapse_risk.demo.typed_columns import Bools, Ints, day_number
from relapse_risk.demo.work_year import (
    POST,
    Jobs,
    Shocks,
    draw_shocks,
    first_jobs,
    market_income,
    work_one_year,
)
from relapse_risk.demo.year_state import State, Year

__all__ = ["advance", "first_state", "run_years", "year_end"]


def year_end(year: int) -> int:
    """Day number of 31 December."""
    return day_number(f"{year}-12-31")


def first_state(world: World, calibration: Calibration, rng: np.random.Generator) -> State:
    """The state from which 2015 is simulated."""
    lives = first_lives(world, calibration, rng)
    day = year_end(2015)
    age = age_on(world.birth, day)
    stage = student_stage(world, lives.level, lives.kind, day)
    able = capacity(world, lives, stage, day)
    n = world.n_hh
    # Before the first review, need is guessed from the members: few hands, many old and disabled.
    hands = world.count(np.isin(able, [ORDINARY, SKILLED, WEAK]) & (age < 60) & lives.alive)
    guess = 1500.0 + 900.0 * hands / np.maximum(world.count(lives.alive), 1) + rng.normal(0, 500, n)
    none = np.zeros(n, dtype=bool)
    return State(
        lives=lives,
        jobs=first_jobs(world, able, age, rng),
        capacity=able,
        support_z=rng.normal(0, 0.4, n),
        means=Means(np.clip(guess, 100, None), none, none, np.zeros(n)),
        inside=world.registered,
    )


def advance(world: World, state: State, year: int, calibration: Calibration, rng: np.random.Generator) -> Year:
    """Simulate ``year`` from ``state``; the level is left at one and the transitory shock at zero.

    The year 2015 only sets the baseline: nobody dies or is born in it.
    """
    lives = state.lives if year == 2015 else live_one_year(world, state.lives, year, calibration, rng)
    shocks = draw_shocks(world, state.jobs, np.ones(world.n_hh, dtype=bool), calibration, rng)
    lives = _with_accidents(world, lives, state.jobs, shocks, rng)
    day = year_end(year)
    age = age_on(world.birth, day)
    stage = np.where(lives.alive, student_stage(world, lives.level, lives.kind, day), 0)
    able = capacity(world, lives, stage, day)
    posts = _post_holders(world, state, lives.alive, able, age, year, calibration)
    jobs = work_one_year(world, state.jobs, able, age, posts, lives.alive, year, calibration, rng)
    worked = lives.alive | state.lives.alive
    market = market_income(world, jobs, state.jobs, able, age, worked, state.support_z, shocks, calibration, rng)
    labour = lives.alive & np.isin(able, [ORDINARY, SKILLED, WEAK]) & (age >= 16) & (age < 60) & (stage == 0)
    loss = shocks.traffic | shocks.fire | shocks.work_accident | shocks.disaster
    need = read_need(world, lives.alive, age, labour, lives.level, lives.health, stage, loss)
    relief = grant_relief(world, need, state.means, state.inside, year, calibration, rng)
    fixed = relief.transfers + relief.dividend + relief.idle_gain + market.rent + market.post_wage
    return Year(
        year=year,
        lives=lives,
        jobs=jobs,
        capacity=able,
        stage=stage,
        age=age,
        market=market,
        relief=relief,
        shocks=shocks,
        size=need.size,
        labour=need.labour,
        fixed=fixed,
        level=1.0,
        shock=np.zeros(world.n_hh),
        inside=state.inside & (world.count(lives.alive & (age >= 16)) > 0),
        was_inside=state.inside,
    )


def _with_accidents(world: World, lives: Lives, jobs: Jobs, shocks: Shocks, rng: np.random.Generator) -> Lives:
    """A traffic or work accident costs one member of working age the capacity to work, one time in two."""
    hit = (shocks.traffic | shocks.work_accident)[world.hh] & lives.alive & (rng.random(len(lives.alive)) < 0.25)
    hit &= ~lives.accident
    return Lives(
        alive=lives.alive,
        died_on=lives.died_on,
        changed_on=lives.changed_on,
        health=lives.health,
        hypertension=lives.hypertension,
        diabetes=lives.diabetes,
        accident=lives.accident | hit,
        level=lives.level,
        kind=lives.kind,
    )


def _post_holders(
    world: World, state: State, alive: Bools, able: Ints, age: Ints, year: int, calibration: Calibration
) -> Bools:
    """Holders of special posts: weak labour under 70 without a job; who holds one keeps it while fit."""
    full = calibration.number("special_post_share")
    share = {2018: 0.20, 2019: 0.62}.get(year, 1.0 if year >= 2020 else 0.0) * full
    inside = (state.inside & world.registered)[world.hh]
    count = round(share * float((alive & inside).sum()))
    fit = alive & inside & (able == WEAK) & (age >= 18) & (age < 69)
    fit &= (state.jobs.job == 0) | (state.jobs.job == POST)
    score = np.where(fit, world.luck[:, 5] - (state.jobs.job == POST), np.inf)
    chosen = np.zeros(len(alive), dtype=bool)
    order = np.argpartition(score, min(count, len(score) - 1))[:count] if count else np.array([], dtype=int)
    chosen[order] = np.isfinite(score[order])
    return chosen


def after(year: Year, world: World) -> State:
    """The true state at the end of a finished year."""
    relief = year.relief
    before_relief = (year.net_income - relief.dibao_received - relief.tekun_received) / np.maximum(year.size, 1.0)
    return State(
        lives=year.lives,
        jobs=year.jobs,
        capacity=year.capacity,
        support_z=year.market.support_z,
        means=Means(before_relief, relief.dibao, relief.tekun, relief.dibao_rate),
        inside=year.inside,
    )


def run_years(world: World, calibration: Calibration, rng: np.random.Generator) -> tuple[Year, ...]:
    """Simulate 2015-2020; households leave at each year's end and mean income meets the documented path."""
    state = first_state(world, calibration, rng)
    years: list[Year] = []
    for number in range(2015, 2021):
        drawn = advance(world, state, number, calibration, rng)
        done = remaining_households(world, drawn, calibration, rng)
        years.append(done)
        state = after(done, world)
    return tuple(years)
