"""One year of life: schooling, deaths, illness, disability, and what these leave of the capacity to work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relapse_risk.demo.people import ROLES, World, age_on
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Floats, Ints, day_number

__all__ = ["CAPACITY", "HEALTH", "STAGES", "Lives", "capacity", "first_lives", "live_one_year", "student_stage"]

HEALTH = ("healthy", "chronic", "serious")
CAPACITY = ("ordinary", "skilled", "lost", "none", "weak")
ORDINARY, SKILLED, LOST, NO_CAPACITY, WEAK = range(5)
STAGES = (
    "none",
    "preschool",
    "primary",
    "junior",
    "senior",
    "vocational_secondary",
    "vocational_college",
    "bachelor",
    "special",
)
KIND_SHARES = (0.10, 0.10, 0.03, 0.50, 0.09, 0.10, 0.08)


@dataclass(frozen=True, slots=True)
class Lives:
    """Persons at the end of a year; every attribute is an array (n_person,).

    Attributes
    ----------
    alive : bool
    died_on, changed_on : int
        Day of death; the one day of the year on which health, disability or capacity changed (``NO_DAY``: none).
    health : int
        0 healthy, 1 chronic, 2 serious.
    hypertension, diabetes, accident : bool
        ``accident`` marks capacity lost for good in an accident.
    level, kind : int
        Disability level 0-4 and type 0-7.
    """

    alive: Bools
    died_on: Ints
    changed_on: Ints
    health: Ints
    hypertension: Bools
    diabetes: Bools
    accident: Bools
    level: Ints
    kind: Ints

    def take(self, index: Ints) -> Lives:
        """The same for some persons only."""
        return Lives(*(getattr(self, name)[index] for name in self.__slots__))


def student_stage(world: World, lives_level: Ints, lives_kind: Ints, day: int) -> Ints:
    """Index into ``STAGES`` on a day: the school year starts on 1 September."""
    when = np.datetime64(day, "D").astype("datetime64[M]").astype(int)
    year = 1970 + when // 12 - (0 if when % 12 >= 8 else 1)
    age = age_on(world.birth, day_number(f"{year}-09-01"))
    track = world.luck[:, 0]
    stage = np.zeros(len(age), dtype=np.int64)
    stage[(age >= 3) & (age <= 5)] = 1
    stage[(age >= 6) & (age <= 11)] = 2
    stage[(age >= 12) & (age <= 14)] = 3
    upper = (age >= 15) & (age <= 17)
    stage[upper & (track < 0.55)] = 4
    stage[upper & (track >= 0.55) & (track < 0.92)] = 5
    stage[(age >= 18) & (age <= 20) & (track >= 0.28) & (track < 0.62)] = 6
    stage[(age >= 18) & (age <= 21) & (track < 0.28)] = 7
    mind = (lives_level > 0) & (lives_level <= 2) & np.isin(lives_kind, [5, 6, 7])
    stage[mind & (age >= 6) & (age <= 14)] = 8
    stage[mind & (age >= 15)] = 0
    born = world.birth <= day
    return np.where(born, stage, 0)


def capacity(world: World, lives: Lives, stage: Ints, day: int) -> Ints:
    """Index into ``CAPACITY``: settled by age, school, illness, disability and a person's fixed threshold."""
    age = age_on(world.birth, day)
    luck = world.luck[:, 1]
    out = np.where(luck < 0.15, SKILLED, ORDINARY)
    out = np.where((lives.health == 1) & (luck > 0.60), WEAK, out)
    out = np.where((lives.level >= 3) & (out != WEAK), np.where(luck < 0.75, WEAK, LOST), out)
    out = np.where(lives.health == 2, np.where(luck < 0.55, WEAK, LOST), out)
    severe = (lives.level > 0) & (lives.level <= 2)
    out = np.where(severe, np.where(luck < 0.25, WEAK, np.where(np.isin(lives.kind, [5, 6]), NO_CAPACITY, LOST)), out)
    old = np.where((age < 70) & (lives.health < 2) & ~severe & (luck < 0.55), WEAK, NO_CAPACITY)
    out = np.where(age >= 60, old, out)
    out = np.where(lives.accident & (age < 60), LOST, out)
    return np.asarray(np.where((age < 16) | (stage > 0), NO_CAPACITY, out))


def first_lives(world: World, calibration: Calibration, rng: np.random.Generator) -> Lives:
    """Health and disability at the end of 2015."""
    n = len(world.hh)
    age = age_on(world.birth, day_number("2015-12-31"))
    is_d = world.role == ROLES.index("D")
    lean = np.clip(0.35 + 0.013 * age, 0.2, 1.5) * np.where(is_d, 3.4, 1.0)
    registered = np.where(world.registered[world.hh], 1.0, 0.3)
    adult = age >= 0
    disabled = rng.random(n) < np.clip(calibration.number("disabled_share_start") * lean * registered, 0, 0.92)
    severe = rng.random(n) < np.where(is_d, 0.75, calibration.number("severe_share"))
    level = np.where(disabled & adult, np.where(severe, 1 + (rng.random(n) < 0.6), 3 + (rng.random(n) < 0.5)), 0)
    kind = np.where(level > 0, 1 + rng.choice(7, n, p=KIND_SHARES), 0)
    mind = is_d & (level > 0) & (rng.random(n) < 0.55)
    kind = np.where(mind, 5 + (rng.random(n) < 0.5), kind)
    chronic = rng.random(n) < calibration.number("chronic_share_start") * np.clip((age - 15) / 42, 0, 1.5)
    serious = rng.random(n) < 0.05 * np.clip((age - 10) / 50, 0.05, 1.4) * registered
    return Lives(
        alive=world.birth <= day_number("2015-12-31"),
        died_on=np.full(n, NO_DAY),
        changed_on=np.full(n, NO_DAY),
        health=np.where(serious, 2, np.where(chronic, 1, 0)),
        hypertension=rng.random(n) < np.clip((age - 34) / 73, 0, 0.58),
        diabetes=rng.random(n) < np.clip((age - 34) / 160, 0, 0.28),
        accident=np.zeros(n, dtype=bool),
        level=level,
        kind=kind,
    )


def death_hazard(age: Ints, lives: Lives, scale: float) -> Floats:
    """Yearly probability of death: Gompertz in age, higher for the seriously ill and the severely disabled."""
    base = scale * 4.2e-5 * np.exp(0.093 * np.asarray(age, dtype=float))
    worse = np.where(lives.health == 2, 2.6, 1.0) * np.where((lives.level > 0) & (lives.level <= 2), 1.35, 1.0)
    return np.clip(base * worse, 0.0, 0.6)


def live_one_year(world: World, lives: Lives, year: int, calibration: Calibration, rng: np.random.Generator) -> Lives:
    """Deaths, births, onsets and recoveries of ``year``."""
    n = len(world.hh)
    first, last = day_number(f"{year}-01-01"), day_number(f"{year}-12-31")
    age = age_on(world.birth, last)
    older = np.exp(0.035 * (age - 60.0))
    u = rng.random((n, 7))
    died = lives.alive & (u[:, 0] < death_hazard(age, lives, calibration.number("death_scale")))
    day = first + (rng.random(n) * (last - first)).astype(np.int64)
    falls_ill = (lives.health < 2) & (
        u[:, 1] < calibration.number("serious_onset_rate") * older * np.where(lives.health == 1, 1.6, 0.8)
    )
    chronic = (lives.health == 0) & ~falls_ill & (u[:, 2] < calibration.number("chronic_onset_rate") * older)
    recovers = (lives.health == 2) & (u[:, 1] < 0.16)
    health = np.where(falls_ill, 2, np.where(chronic | recovers, 1, lives.health))
    newly = (lives.level == 0) & (u[:, 3] < calibration.number("disability_onset_rate") * older)
    level = np.where(newly, np.where(u[:, 4] < 0.5, 2, 3 + (u[:, 4] > 0.75)), lives.level)
    kind = np.where(newly, 1 + np.searchsorted(np.cumsum(KIND_SHARES)[:-1], u[:, 5]), lives.kind)
    hyper = lives.hypertension | ((age >= 40) & (u[:, 6] < 0.020 * np.clip(older, 0, 1.3)))
    diabetes = lives.diabetes | ((age >= 40) & (u[:, 6] > 1 - 0.009 * np.clip(older, 0, 1.3)))
    changed = (health != lives.health) | newly | (hyper != lives.hypertension) | (diabetes != lives.diabetes)
    return Lives(
        alive=(lives.alive | ((world.birth >= first) & (world.birth <= last))) & ~died,
        died_on=np.where(died, np.maximum(day, world.birth + 1), lives.died_on),
        changed_on=np.where(changed, day, NO_DAY),
        health=health,
        hypertension=hyper,
        diabetes=diabetes,
        accident=lives.accident,
        level=level,
        kind=kind,
    )
