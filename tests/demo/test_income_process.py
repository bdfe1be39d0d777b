"""The arithmetic of the process: shares, generations, heads, leaving, ids, posts; by hand or by invariant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relapse_risk.demo import read_calibration
from relapse_risk.demo.geography import apportion
from relapse_risk.demo.heads import RELATIONS, heads, relations
from relapse_risk.demo.leaving import choose_stayers
from relapse_risk.demo.life import Lives, capacity, death_hazard, student_stage
from relapse_risk.demo.people import ROLES, age_on
from relapse_risk.demo.synthetic_city import City, draw_city


@pytest.fixture(scope="module")
def tiny() -> City:
    return draw_city(read_calibration(), 3, 0.03)


@given(st.integers(0, 5000), st.lists(st.floats(0.01, 1.0), min_size=1, max_size=12))
def test_apportioned_parts_sum_to_the_whole(total: int, shares: list[float]) -> None:
    parts = apportion(total, np.array(shares))
    assert parts.sum() == total
    assert (np.abs(parts - total * np.array(shares) / sum(shares)) < 1 + 1e-6).all()


def test_key_villages_by_county_are_those_of_the_assumed_table() -> None:
    """755 by the assumed shares: 15, 68, 60, 45, 68, 76, 68, 98, 91, 98, 68 (counties.csv)."""
    shares = np.array([county.target_share for county in read_calibration().counties])
    assert apportion(755, shares).tolist() == [15, 68, 60, 45, 68, 76, 68, 98, 91, 98, 68]


def test_stayers_hold_the_asked_persons_exactly() -> None:
    rng = np.random.default_rng(0)
    size = rng.integers(1, 6, 400)
    stay = choose_stayers(rng.normal(size=400), size, 300, int(size.sum()) - 260)
    assert size[stay].sum() == size.sum() - 260
    assert abs(int(stay.sum()) - 300) <= 5


def test_without_a_target_of_persons_the_best_off_leave() -> None:
    stay = choose_stayers(np.array([1.0, 3.0, 2.0]), np.array([1, 1, 1]), 2, None)
    assert stay.tolist() == [True, False, True]


def test_the_net_income_is_the_sum_of_its_parts(tiny: City) -> None:
    """Wage + business - cost + property + transfers, from the parts the income table is written from."""
    for year in tiny.years:
        market, relief, factor = year.market, year.relief, year.factor
        parts = factor * market.wage + market.post_wage + factor * (market.farm_gross - market.farm_cost)
        parts = parts + relief.dividend + relief.idle_gain + market.rent + relief.transfers + factor * market.support
        np.testing.assert_allclose(parts, year.net_income, rtol=1e-10)


def test_the_mean_income_meets_the_documented_ends(tiny: City) -> None:
    """2,519 in 2015 and 8,608 in 2020 (DZ-2021)."""
    for year, documented in ((tiny.years[0], 2519), (tiny.years[-1], 8608)):
        inside = year.inside
        assert year.net_income[inside].sum() / year.size[inside].sum() == pytest.approx(documented, rel=0.001)


def test_relief_goes_to_the_needier(tiny: City) -> None:
    year = tiny.years[-1]
    inside, dibao = year.inside, year.relief.dibao
    before = (year.net_income - year.relief.dibao_received) / np.maximum(year.size, 1)
    # The review looks a year back and errs, so the margin is wide.
    assert np.median(before[inside & dibao]) < 0.85 * np.median(before[inside & ~dibao])


def test_nobody_rises_from_the_dead(tiny: City) -> None:
    for earlier, later in zip(tiny.years, tiny.years[1:], strict=False):
        dead = ~earlier.lives.alive & (earlier.lives.died_on > 0) & (tiny.world.birth < earlier.lives.died_on)
        gone = dead & (earlier.lives.died_on > tiny.world.birth)
        assert not later.lives.alive[gone].any()


def test_death_is_likelier_for_the_older_and_the_sicker() -> None:
    def lives(health: int) -> Lives:
        zero, no = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=bool)
        return Lives(~no, zero, zero, np.full(2, health), no, no, no, zero, zero)

    hazard = death_hazard(np.array([60, 80]), lives(0), 1.0)
    assert hazard[1] / hazard[0] == pytest.approx(np.exp(0.093 * 20))
    np.testing.assert_allclose(death_hazard(np.array([60, 80]), lives(2), 1.0), 2.6 * hazard)


def test_ages_count_birthdays() -> None:
    born = np.array(["2000-02-29", "2000-03-01"], dtype="datetime64[D]").astype(np.int64)
    day = int(np.datetime64("2020-02-29", "D").astype(np.int64))
    assert age_on(born, day).tolist() == [20, 19]


def test_school_stages_follow_age_and_september(tiny: City) -> None:
    world = tiny.world
    none = np.zeros(len(world.hh), dtype=np.int64)
    day = int(np.datetime64("2020-12-31", "D").astype(np.int64))
    stage, age = student_stage(world, none, none, day), age_on(world.birth, day)
    assert (stage[(age >= 8) & (age <= 11)] == 2).all()
    assert (stage[age >= 24] == 0).all()
    assert (stage[age >= 7] != 1).all()


def test_pupils_and_the_severely_disabled_do_not_count_as_strong_labour(tiny: City) -> None:
    year = tiny.years[-1]
    able = capacity(tiny.world, year.lives, year.stage, int(np.datetime64("2020-12-31", "D").astype(np.int64)))
    severe = (year.lives.level > 0) & (year.lives.level <= 2)
    assert (able[year.stage > 0] == 3).all()
    assert np.isin(able[severe], [2, 3, 4]).all()


def test_the_spouse_heads_the_household_when_the_head_dies(tiny: City) -> None:
    world = tiny.world
    couple = np.flatnonzero(world.role == ROLES.index("e"))[0]
    members = np.flatnonzero(world.hh == world.hh[couple])
    alive = np.zeros(len(world.hh), dtype=bool)
    alive[members] = True
    founder = members[world.role[members] == ROLES.index("E")][0]
    age = np.full(len(world.hh), 50)
    assert heads(world, alive, age)[world.hh[couple]] == founder
    assert RELATIONS[relations(world, heads(world, alive, age))[couple]] == "spouse"
    alive[founder] = False
    assert heads(world, alive, age)[world.hh[couple]] == couple
    assert RELATIONS[relations(world, heads(world, alive, age))[couple]] == "head"


def test_a_shock_is_behind_every_sharp_fall_of_the_edge(tiny: City) -> None:
    """Households outside the register enter it only below the line or after an urgent loss."""
    edge = (tiny.edge_on > 0) & tiny.moment("2020-12").inside
    low = tiny.years[-1].per_head < 5000
    before = tiny.years[-2].per_head < 5000
    struck = np.zeros(tiny.world.n_hh, dtype=bool)
    events = tiny.spendings[-1].events
    struck[events.loc[events["loss"] - events["paid"] >= 10_000, "hh"]] = True
    assert (low | struck | before)[edge].all()
