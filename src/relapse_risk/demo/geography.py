"""Counties, invented towns and villages, and the idle land that villages put to use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.published_targets import Calibration, Names
from relapse_risk.demo.typed_columns import Bools, Floats, Ints, flags, text, whole, words

__all__ = ["Geography", "apportion", "build_geography", "county_table", "village_table"]

IDLE_VILLAGES, IDLE_MU = 1216, 48000
LAND_TYPES = ("homestead", "scattered", "pond")


@dataclass(frozen=True, slots=True)
class Geography:
    """Places as arrays.

    Attributes
    ----------
    county_codes : tuple of str, shape (n_county,)
    village_county, village_town : int array (n_village,)
        Position of the county and of the town.
    town_county : int array (n_town,)
    village_code, town_code, village_zh, town_zh, town_en : object arrays
    is_key, has_idle : bool array (n_village,)
    idle_mu, collective_income : float array (n_village,)
    """

    county_codes: tuple[str, ...]
    village_county: Ints
    village_town: Ints
    town_county: Ints
    village_code: np.ndarray
    town_code: np.ndarray
    village_zh: np.ndarray
    town_zh: np.ndarray
    town_en: np.ndarray
    is_key: Bools
    has_idle: Bools
    idle_mu: Floats
    collective_income: Floats
    residents: Ints


def apportion(total: int, shares: Floats, least: int = 0) -> Ints:
    """Whole numbers summing to ``total`` in proportion to ``shares`` (largest remainder).

    Examples
    --------
    >>> apportion(10, np.array([0.55, 0.25, 0.2])).tolist()
    [6, 2, 2]
    """
    exact = total * np.asarray(shares) / np.sum(shares)
    floor = np.maximum(np.floor(exact + 1e-9).astype(np.int64), least)
    order = np.argsort(-(exact - floor), kind="stable")
    short = total - int(floor.sum())
    floor[order[: max(short, 0)]] += 1
    while short < 0:
        floor[np.argmax(floor)] -= 1
        short += 1
    return floor


def build_geography(calibration: Calibration, scale: float, rng: np.random.Generator) -> Geography:
    """Towns and villages of the eleven divisions; ``scale`` shrinks the number of villages, never of counties."""
    shares = np.array([c.target_share for c in calibration.counties])
    n_county = len(shares)
    total = round(calibration.number("villages_per_county") * n_county * scale)
    villages = apportion(max(total, 4 * n_county), shares, least=4)
    towns = np.clip(villages // 16, 2, None)
    towns = np.minimum(np.where(villages >= 100, np.clip(towns, 10, 15), towns), villages // 2)
    village_county = np.repeat(np.arange(n_county), villages)
    town_county = np.repeat(np.arange(n_county), towns)
    first_town = np.concatenate([[0], np.cumsum(towns)[:-1]])
    place = np.arange(len(village_county)) - np.concatenate([[0], np.cumsum(villages)[:-1]])[village_county]
    village_town = first_town[village_county] + place % towns[village_county]
    codes = np.array([c.code for c in calibration.counties])
    town_code = np.char.add(codes[town_county], np.char.zfill((100 + _rank_in(town_county)).astype(str), 3))
    village_code = np.char.add(town_code[village_town], np.char.zfill((200 + _rank_in(village_town)).astype(str), 3))
    town_zh, town_en = _town_names(calibration.names, town_county, rng)
    keys = apportion(max(round(calibration.number("key_villages") * scale), n_county), shares, least=1)
    is_key = _pick_per_group(village_county, keys, rng)
    idle = np.zeros(len(village_county), dtype=bool)
    n_idle = min(max(round(IDLE_VILLAGES * scale), n_county), len(idle))
    idle[rng.permutation(len(idle))[:n_idle]] = True
    weight = np.where(idle, rng.gamma(4.0, 1.0, len(idle)), 0.0)
    # Land in use is published for the city (48,000 mu); a scaled-down city keeps the 40 mu per village.
    idle_mu = np.round(weight / weight.sum() * IDLE_MU * min(n_idle / IDLE_VILLAGES, 1.0), 1)
    income = rng.lognormal(np.log(52000), 0.35, len(idle)) + np.where(idle, rng.normal(11500, 600, len(idle)), 0.0)
    return Geography(
        county_codes=tuple(codes.tolist()),
        village_county=village_county,
        village_town=village_town,
        town_county=town_county,
        village_code=village_code,
        town_code=town_code,
        village_zh=_village_names(calibration.names, village_town, rng),
        town_zh=town_zh,
        town_en=town_en,
        is_key=is_key,
        has_idle=idle,
        idle_mu=idle_mu,
        collective_income=np.round(income),
        residents=np.round(rng.lognormal(np.log(640), 0.4, len(idle))).astype(np.int64) + 60,
    )


def _rank_in(group: Ints) -> Ints:
    """Position of each element within its group, in order."""
    return pd.Series(group).groupby(group).cumcount().to_numpy()


def _pick_per_group(group: Ints, counts: Ints, rng: np.random.Generator) -> Bools:
    order = pd.Series(rng.random(len(group))).groupby(group).rank(method="first").to_numpy()
    return np.asarray(order <= counts[group])


def _town_names(names: Names, county: Ints, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    zh, en = [], []
    first, second = list(names.town_first.items()), list(names.town_second.items())
    pairs = rng.permutation(len(first) * len(second))[: len(county)]
    for pair in pairs:
        (a, pa_), (b, pb) = first[pair // len(second)], second[pair % len(second)]
        zh.append(f"{a}{b}镇")
        en.append(f"{pa_}{pb} Town")
    return np.array(zh), np.array(en)


def _village_names(names: Names, town: Ints, rng: np.random.Generator) -> np.ndarray:
    """Surname + optional side + ending, no two alike in a town."""
    plain = [a + c for a in names.village_first for c in names.village_last]
    sided = [a + b + c for a in names.village_first for b in names.village_second for c in names.village_last]
    pool = np.array(plain + sided)
    rank = _rank_in(town)
    start = rng.integers(0, len(pool), int(town.max()) + 1)
    # A stride coprime to the pool size walks it without repeating inside a town.
    stride = next(step for step in range(len(names.village_last) * 7 + 1, 10**6) if np.gcd(step, len(pool)) == 1)
    return np.asarray(pool[(start[town] + rank * stride) % len(pool)])


def county_table(calibration: Calibration, geography: Geography) -> pd.DataFrame:
    """The ``county`` table; rural population and disposable income are assumed (urbanisation rate, city mean)."""
    rows = calibration.counties
    residents = np.array([c.resident_persons for c in rows], dtype=np.int64)
    towns = np.bincount(geography.town_county, minlength=len(rows))
    rural = np.round(residents * (1 - calibration.figures["C52"].value)).astype(np.int64)
    return pd.DataFrame(
        {
            "county_code": [c.code for c in rows],
            "county_name_zh": [c.zh for c in rows],
            "county_name_en": [c.en for c in rows],
            "county_type": [c.type for c in rows],
            "resident_population": residents,
            "rural_population": rural,
            "rural_disposable_income": calibration.figures["C74"].value,
            "dibao_rural_year": calibration.line("dibao", 2020),
            "monitor_line_year": calibration.line("monitoring", 2020),
            "leader_lead_count": 2 * towns,
        }
    )


def village_table(geography: Geography, rng: np.random.Generator) -> pd.DataFrame:
    """The ``village`` table; key villages pass all fifteen exit flags in 2020."""
    g = geography
    n = len(g.village_code)
    passed = rng.random((n, 15)) < np.where(g.is_key, 1.0, 0.94)[:, None]
    exit_flags = np.where(passed, "1", "0").astype(object).sum(axis=1)
    clinic = g.is_key | (rng.random(n) < 0.93)
    return pd.DataFrame(
        {
            "village_code": text(pa.array(g.village_code)),
            "town_code": text(pa.array(g.town_code[g.village_town])),
            "county_code": text(pa.array(np.array(g.county_codes)[g.village_county])),
            "village_name_zh": text(pa.array(g.village_zh)),
            "is_key_village": flags(g.is_key),
            "households_total": whole(np.round(g.residents / 2.77).astype(np.int64)),
            "population_total": whole(g.residents),
            "collective_income": g.collective_income,
            "exit_flags": exit_flags,
            "idle_land_mu": g.idle_mu,
            "idle_land_type": words(np.where(g.has_idle, rng.integers(0, 3, n), -1), LAND_TYPES),
            "has_standard_clinic": flags(clinic),
            "has_qualified_doctor": flags(clinic & (rng.random(n) < 0.97)),
            "town_name_zh": text(pa.array(g.town_zh[g.village_town])),
            "town_name_en": text(pa.array(g.town_en[g.village_town])),
            "primary_school_count": whole((rng.random(n) < 0.3).astype(np.int64)),
            "passenger_bus": flags(g.is_key | (rng.random(n) < 0.96)),
        }
    )
