"""One year of work and market income: jobs found and lost, wages, harvests, support from kin, and their shocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relapse_risk.demo.life import ORDINARY, SKILLED, WEAK
from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.typed_columns import Bools, Floats, Ints

__all__ = ["JOBS", "Jobs", "Market", "Shocks", "draw_shocks", "first_jobs", "market_income", "work_one_year"]

JOBS = ("none", "away", "local", "post")
NO_JOB, AWAY, LOCAL, POST = range(4)


@dataclass(frozen=True, slots=True)
class Jobs:
    """Work at the end of a year, arrays (n_person,).

    Attributes
    ----------
    job : int, index into ``JOBS``
    months : int, months worked in the year
    z : float, persistent log wage component
    lost, hit : bool
        Lost a job this year; stopped for some months by the epidemic.
    """

    job: Ints
    months: Ints
    z: Floats
    lost: Bools
    hit: Bools

    def take(self, index: Ints) -> Jobs:
        return Jobs(*(getattr(self, name)[index] for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Shocks:
    """Household shocks of a year, bool arrays (n_household,)."""

    traffic: Bools
    fire: Bools
    disaster: Bools
    project_failure: Bools
    petty: Bools
    support_collapse: Bools
    work_accident: Bools


@dataclass(frozen=True, slots=True)
class Market:
    """Market income of a year before the common factor, CNY per household at the 2020 level."""

    wage: Floats
    farm_gross: Floats
    farm_cost: Floats
    support: Floats
    rent: Floats
    post_wage: Floats
    support_z: Floats

    @property
    def variable(self) -> Floats:
        """The part that moves with the year's level and the household's transitory shock."""
        return self.wage + self.farm_gross - self.farm_cost + self.support


def first_jobs(world: World, capacity: Ints, age: Ints, rng: np.random.Generator) -> Jobs:
    """Jobs at the end of 2015."""
    n = len(capacity)
    able = np.isin(capacity, [ORDINARY, SKILLED, WEAK]) & (age >= 16) & (age < 60)
    has = able & (rng.random(n) < _employability(world, capacity, age) * 0.85)
    away = _goes_away(world, capacity, age, rng)
    job = np.where(has, np.where(away, AWAY, LOCAL), NO_JOB)
    z = rng.normal(0, 0.33, n)
    return Jobs(job, np.where(has, 9, 0), z, np.zeros(n, bool), np.zeros(n, bool))


def _employability(world: World, capacity: Ints, age: Ints) -> Floats:
    base = np.where(capacity == WEAK, 0.34, 0.78) * np.where(age >= 52, 0.75, 1.0)
    return np.clip(base * (0.6 + 0.8 * world.luck[:, 4]), 0, 0.97)


def _goes_away(world: World, capacity: Ints, age: Ints, rng: np.random.Generator) -> Bools:
    chance = np.where(capacity == WEAK, 0.12, 0.5) * np.where(age >= 50, 0.5, 1.0)
    return np.asarray(rng.random(len(age)) < chance)


def draw_shocks(world: World, jobs: Jobs, inside: Bools, calibration: Calibration, rng: np.random.Generator) -> Shocks:
    """Household shocks; a disaster hits a whole village and half its farms."""
    n = world.n_hh
    u = rng.random((n, 7))
    rate = calibration.number
    hit_village = rng.random(int(world.village.max()) + 1) < rate("disaster_village_rate")
    workers = world.count((jobs.job == AWAY) | (jobs.job == LOCAL))
    return Shocks(
        traffic=inside & (u[:, 0] < rate("traffic_rate")),
        fire=inside & (u[:, 1] < rate("fire_rate")),
        disaster=inside & hit_village[world.village] & (u[:, 2] < 0.5),
        project_failure=inside & (u[:, 3] < rate("project_failure_rate")),
        petty=inside & (u[:, 4] < rate("petty_rate")),
        support_collapse=u[:, 5] < rate("support_collapse_rate"),
        work_accident=inside & (u[:, 6] < rate("work_accident_rate") * workers),
    )


def work_one_year(
    world: World,
    jobs: Jobs,
    capacity: Ints,
    age: Ints,
    posts: Bools,
    alive: Bools,
    year: int,
    calibration: Calibration,
    rng: np.random.Generator,
) -> Jobs:
    """Jobs at the end of ``year``: losing, finding, months worked and the persistent wage component."""
    n = len(age)
    u = rng.random((n, 4))
    able = alive & np.isin(capacity, [ORDINARY, SKILLED, WEAK]) & (age >= 16) & (age < 60)
    had = ((jobs.job == AWAY) | (jobs.job == LOCAL)) & alive
    unstable = calibration.number("job_loss_rate", year) * np.where(capacity == WEAK, 1.6, 0.9)
    lost = had & (~able | (u[:, 0] < unstable))
    finds = able & ~had & (u[:, 1] < calibration.number("job_find_rate") * _employability(world, capacity, age))
    keeps = had & ~lost
    job = np.where(keeps, jobs.job, np.where(finds, np.where(_goes_away(world, capacity, age, rng), AWAY, LOCAL), 0))
    job = np.where(posts & alive, POST, job)
    usual = 8 + np.floor(4 * world.luck[:, 4]).astype(np.int64)
    hit = keeps & (job == AWAY) & (u[:, 2] < calibration.number("epidemic_hit_share", year))
    months = np.where(keeps, usual - hit * (1 + np.floor(3 * u[:, 3]).astype(np.int64)), 0)
    months = np.where(finds, 2 + np.floor(7 * u[:, 3]).astype(np.int64), months)
    months = np.where(lost, np.floor(9 * u[:, 3]).astype(np.int64), months)
    months = np.where(job == POST, 12, months)
    sd = calibration.number("wage_shock_sd")
    z = calibration.number("wage_persistence") * jobs.z + rng.normal(0, sd, n)
    return Jobs(job, months, z, lost & able, hit)


def market_income(
    world: World,
    jobs: Jobs,
    before: Jobs,
    capacity: Ints,
    age: Ints,
    alive: Bools,
    support_z: Floats,
    shocks: Shocks,
    calibration: Calibration,
    rng: np.random.Generator,
) -> Market:
    """Wages, farm income, rent and support from kin of each household."""
    n = world.n_hh
    number = calibration.number
    kind = np.where(jobs.job == NO_JOB, before.job, jobs.job)
    monthly = np.where(kind == AWAY, number("wage_away"), number("wage_local"))
    pay = monthly * np.exp(world.skill + jobs.z) * np.where(capacity == WEAK, 0.72, 1.0)
    wage = world.count(np.where((jobs.job != POST) & (kind != POST), pay * jobs.months, 0.0))
    post_wage = world.count(np.where((jobs.job == POST) & alive, number("post_pay") * 12, 0.0))
    able = alive & np.isin(capacity, [ORDINARY, SKILLED, WEAK]) & (jobs.job != AWAY)
    hands = world.count(able * np.where(capacity == WEAK, 0.6, 1.0) * np.where(age >= 60, 0.6, 1.0))
    farms = hands > 0
    village = rng.normal(0, number("harvest_village_sd"), int(world.village.max()) + 1)
    harvest = village[world.village] + rng.normal(0, number("harvest_household_sd"), n)
    harvest = (
        harvest + np.log(np.where(shocks.disaster, 0.35, 1.0)) + np.log(np.where(shocks.project_failure, 0.5, 1.0))
    )
    usual = (
        world.arable_mu * number("farm_gross_per_mu") * np.exp(world.farm_skill) * np.clip(0.5 + 0.4 * hands, 0, 1.3)
    )
    gross = np.where(farms, usual * np.exp(harvest), 0.0)
    # Inputs are bought before the weather is known.
    cost = np.where(farms, usual * number("farm_cost_share"), 0.0)
    elders = world.count(alive & (age >= 60))
    z = number("support_persistence") * support_z + rng.normal(0, number("support_shock_sd"), n)
    z = np.where(shocks.support_collapse, z - 1.6, z)
    support = elders * number("support_mean") * np.exp(world.support_skill + z - 0.1) * world.has_supporter
    rent = np.where(farms, 0.0, world.arable_mu * number("land_rent_per_mu"))
    return Market(wage, gross, cost, support, rent, post_wage, z)
