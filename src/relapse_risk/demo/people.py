"""The start population: households by type, their members, and what is permanent about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relapse_risk.demo.geography import Geography, apportion
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.typed_columns import Bools, Floats, Ints, day_number

__all__ = ["ROLES", "World", "build_world"]

ROLES = ("E", "e", "H", "S", "C", "Y", "P", "D", "A", "G", "B")
START = day_number("2015-12-31")
# Age ranges at the start of 2016 by role: youngest, oldest, and how far ages lean to the young end (1 = flat).
AGES = {
    "E": (59, 92, 1.5),
    "e": (58, 90, 1.6),
    "H": (33, 54, 0.9),
    "S": (31, 53, 0.9),
    "C": (0, 17, 0.9),
    "Y": (16, 22, 1.0),
    "P": (60, 90, 1.3),
    "D": (28, 57, 0.9),
    "A": (25, 50, 1.0),
    "G": (1, 16, 1.0),
}


@dataclass(frozen=True, slots=True)
class World:
    """What never changes: one entry per household, one per person ever alive (children yet unborn included).

    Attributes
    ----------
    county, village : int array (n_household,)
    registered : bool array (n_household,)
        ``False`` marks ordinary households near the line, which enter the register only when identified.
    arable_mu, farm_skill, support_skill : float array (n_household,)
        Land; permanent log productivity; permanent log level of support from kin.
    has_supporter, assets_fail : bool array (n_household,)
    hh, role : int array (n_person,)
        Household position and index into ``ROLES``.
    female : bool array; birth : int array (day number); skill : float array (permanent log wage)
    luck : float array (n_person, 6)
        Fixed uniforms that settle thresholds, so that a person does not flip back and forth.
    """

    county: Ints
    village: Ints
    registered: Bools
    arable_mu: Floats
    farm_skill: Floats
    support_skill: Floats
    has_supporter: Bools
    assets_fail: Bools
    hh: Ints
    role: Ints
    female: Bools
    birth: Ints
    skill: Floats
    luck: Floats

    @property
    def n_hh(self) -> int:
        return len(self.county)

    def subset(self, keep: Bools) -> tuple[World, Ints]:
        """The world of the households kept, and the positions of their persons in this one."""
        persons = np.flatnonzero(keep[self.hh])
        renumber = np.cumsum(keep) - 1
        return World(
            county=self.county[keep],
            village=self.village[keep],
            registered=self.registered[keep],
            arable_mu=self.arable_mu[keep],
            farm_skill=self.farm_skill[keep],
            support_skill=self.support_skill[keep],
            has_supporter=self.has_supporter[keep],
            assets_fail=self.assets_fail[keep],
            hh=renumber[self.hh[persons]],
            role=self.role[persons],
            female=self.female[persons],
            birth=self.birth[persons],
            skill=self.skill[persons],
            luck=self.luck[persons],
        ), persons

    def count(self, members: Bools | Floats) -> Floats:
        """Sum of a person array per household."""
        return np.bincount(self.hh, weights=members, minlength=self.n_hh).astype(np.float64)


def build_world(calibration: Calibration, geography: Geography, scale: float, rng: np.random.Generator) -> World:
    """The start population at ``scale`` (1 = 45,800 households, 95,900 persons) and the edge pool beside it."""
    n_start = round(calibration.number("start_households") * scale)
    n_persons = round(calibration.number("start_persons") * scale)
    n_edge = max(round(n_start * calibration.number("edge_pool_share")), 44)
    types = _types(calibration.population.registered, n_start, n_persons)
    types = np.concatenate([rng.permutation(types), rng.permutation(_types(calibration.population.edge, n_edge, None))])
    registered = np.arange(len(types)) < n_start
    county = np.concatenate([_counties(calibration, n, rng) for n in (n_start, n_edge)])
    order = np.lexsort((~registered, county))
    types, registered, county = types[order], registered[order], county[order]
    sizes = np.char.str_len(types)
    hh = np.repeat(np.arange(len(types)), sizes)
    role = np.array([ROLES.index(letter) for letter in "".join(types.tolist())])
    n = len(types)
    births = _plausible_births(_births(role, rng), role, hh)
    world = World(
        county=county,
        village=_villages(geography, county, rng),
        registered=registered,
        arable_mu=np.clip(sizes * rng.gamma(5.0, 0.3, n), 0.3, 12.0).astype(np.float64).round(1),
        farm_skill=rng.normal(0, calibration.number("farm_skill_sd"), n),
        support_skill=rng.normal(0, calibration.number("support_skill_sd"), n),
        has_supporter=rng.random(n) < np.where(np.isin(types, ["E", "H", "EG"]), 0.78, 0.93),
        assets_fail=rng.random(n) < np.where(registered, 0.02, 0.15),
        hh=hh,
        role=role,
        female=_sexes(role, hh, rng),
        birth=births,
        skill=rng.normal(0, calibration.number("skill_sd"), len(hh)),
        luck=rng.random((len(hh), 6)),
    )
    return _with_births(world, calibration, rng)


def _types(shares: dict[str, float], count: int, persons: int | None) -> np.ndarray:
    """Household types in the asked shares whose sizes add up to ``persons`` exactly."""
    names = np.array(list(shares))
    types = np.repeat(names, apportion(count, np.array(list(shares.values()))))
    if persons is None:
        return types
    gap = persons - int(np.char.str_len(types).sum())
    # Singles become couples, or couples singles, until the published number of persons is met.
    swap, to = ("E", "Ee") if gap > 0 else ("Ee", "E")
    types[np.flatnonzero(types == swap)[: abs(gap)]] = to
    return types


def _counties(calibration: Calibration, count: int, rng: np.random.Generator) -> Ints:
    shares = np.array([c.target_share for c in calibration.counties])
    return np.repeat(np.arange(len(shares)), apportion(count, shares, least=2))


def _villages(geography: Geography, county: Ints, rng: np.random.Generator) -> Ints:
    """A village of the right county for each household; key villages hold more of them."""
    out = np.empty(len(county), dtype=np.int64)
    weight = np.where(geography.is_key, 1.8, 1.0) * rng.gamma(6.0, 1.0, len(geography.is_key))
    for place in range(len(geography.county_codes)):
        here = np.flatnonzero(geography.village_county == place)
        mine = np.flatnonzero(county == place)
        out[mine] = np.sort(rng.choice(here, len(mine), p=weight[here] / weight[here].sum()))
    return out


def _sexes(role: Ints, hh: Ints, rng: np.random.Generator) -> Bools:
    female = rng.random(len(role)) < 0.5
    is_role = {letter: role == place for place, letter in enumerate(ROLES)}
    female[is_role["E"]] = rng.random(int(is_role["E"].sum())) < 0.42
    female[is_role["H"]] = rng.random(int(is_role["H"].sum())) < 0.18
    female[is_role["D"] | is_role["A"]] = rng.random(int((is_role["D"] | is_role["A"]).sum())) < 0.24
    head_female = np.zeros(int(hh.max()) + 1, dtype=bool)
    heads = is_role["E"] | is_role["H"]
    head_female[hh[heads]] = female[heads]
    spouse = is_role["e"] | is_role["S"]
    female[spouse] = ~head_female[hh[spouse]]
    return female


def _births(role: Ints, rng: np.random.Generator) -> Ints:
    low = np.array([AGES.get(r, (0, 0, 1.0))[0] for r in ROLES])[role]
    high = np.array([AGES.get(r, (0, 0, 1.0))[1] for r in ROLES])[role]
    lean = np.array([AGES.get(r, (0, 0, 1.0))[2] for r in ROLES])[role]
    age = low + (high + 1 - low) * rng.random(len(role)) ** lean
    return START - np.floor(age * 365.25).astype(np.int64)


def _plausible_births(birth: Ints, role: Ints, hh: Ints) -> Ints:
    """A generation is at least 23 years (20 to a grandchild's parent), spouses are within six years."""
    gap, short = int(23 * 365.25), int(20 * 365.25)
    place = {letter: role == index for index, letter in enumerate(ROLES)}
    head = np.full(int(hh.max()) + 1, START, dtype=np.int64)
    heads = place["E"] | place["H"]
    head[hh[heads]] = birth[heads]
    out = np.where(np.isin(role, [ROLES.index(r) for r in "DACY"]), np.maximum(birth, head[hh] + gap), birth)
    out = np.where(place["P"], np.minimum(out, head[hh] - gap), out)
    spouse = place["e"] | place["S"]
    years = np.clip(birth - head[hh], -int(6 * 365.25), int(6 * 365.25))
    out = np.where(spouse, head[hh] + years, out)
    # A grandchild is born when its parent in the household, or else a generation after the head, is old enough.
    parent = head + gap
    parent[hh[place["A"]]] = out[place["A"]]
    # Nobody is born after the start: a young parent is made older instead.
    late = place["A"] & (parent[hh] + short > START - 400)
    with_child = np.isin(hh, hh[place["G"]])
    out = np.where(late & with_child, START - 400 - short - (birth % 3000), out)
    parent[hh[place["A"]]] = out[place["A"]]
    out = np.where(place["G"], np.minimum(np.maximum(out, parent[hh] + short), START - (birth % 360)), out)
    return np.asarray(out, dtype=np.int64)


def _with_births(world: World, calibration: Calibration, rng: np.random.Generator) -> World:
    """Append the children that will be born in 2016-2021 if their mother is then alive and in the household."""
    age = (START - world.birth) / 365.25
    mothers = np.flatnonzero(np.isin(world.role, [ROLES.index("S"), ROLES.index("A")]) & world.female & (age < 42))
    year = rng.integers(0, 6, len(mothers))
    born = rng.random(len(mothers)) < 6 * calibration.number("birth_rate")
    chosen, year = mothers[born], year[born]
    n = len(chosen)
    # A child of an elder's grown child is the grandchild of the household.
    newborn = np.where(world.role[chosen] == ROLES.index("A"), ROLES.index("G"), ROLES.index("B"))
    day = START + 1 + (year * 365.25 + rng.random(n) * 364).astype(np.int64)
    return World(
        county=world.county,
        village=world.village,
        registered=world.registered,
        arable_mu=world.arable_mu,
        farm_skill=world.farm_skill,
        support_skill=world.support_skill,
        has_supporter=world.has_supporter,
        assets_fail=world.assets_fail,
        hh=np.concatenate([world.hh, world.hh[chosen]]),
        role=np.concatenate([world.role, newborn]),
        female=np.concatenate([world.female, rng.random(n) < 0.48]),
        birth=np.concatenate([world.birth, day]),
        skill=np.concatenate([world.skill, rng.normal(0, 0.3, n)]),
        luck=np.concatenate([world.luck, rng.random((n, 6))]),
    )


def age_on(birth: Ints, day: int) -> Ints:
    """Whole years between birth and a day number (a 365.25-day year; exact enough away from birthdays).

    Examples
    --------
    >>> age_on(np.array([0]), day_number("2020-07-01")).tolist()
    [50]
    """
    born = pd.DatetimeIndex(np.asarray(birth).astype("datetime64[D]").astype("datetime64[s]"))
    now = pd.Timestamp(np.datetime64(day, "D"))
    before = (born.month > now.month) | ((born.month == now.month) & (born.day > now.day))
    return np.asarray(now.year - born.year - before, dtype=np.int64)
