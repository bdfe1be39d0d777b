"""Aid for pupils, workers and households: grants, dividends, dwellings, posts, urgent aid and the small items."""

from __future__ import annotations

import numpy as np

from relapse_risk.demo.grants import FOUND, AidInput, Grant, enjoying_persons, grant, of_persons, spread
from relapse_risk.demo.people import ROLES
from relapse_risk.demo.typed_columns import NO_DAY, Bools, day_number

__all__ = ["monitoring_aid", "small_aid", "student_aid", "urgent_aid", "work_aid"]

# Published person-times and sum of the first half of 2020 (F05, F06), and the mean gain from idle land (F30).
STUDENT_TIMES, STUDENT_SUM, IDLE_GAIN = 6_940, 6_720_000.0, 815.0
STUDENT_ITEMS = ("JT01", "JT02", "JT03", "JT04", "JT05")
# By student stage: item, and the amount of half a year (JT01-JT05).
ITEM_OF_STAGE = np.array(["", "JT01", "JT02", "JT02", "JT03", "JT04", "JT05", "JT05", "JT02"])
HALF_YEAR = np.array([0.0, 600.0, 250.0, 312.5, 1000.0, 1000.0, 1500.0, 1500.0, 250.0])
VOCATIONAL = 5
LAST_DAY = day_number("2020-12-31")


def student_aid(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Grants of the first half of 2020 as published, of the autumn term, and the vocational subsidy (FP02)."""
    stage = a.december.stage
    now = np.flatnonzero(enjoying_persons(a) & (stage > 0) & (rng.random(len(stage)) < 0.95))
    autumn = [
        of_persons(a, item, mine, ("2020-10-10", 50), rng, cash=HALF_YEAR[stage[mine]])
        for item in STUDENT_ITEMS
        if len(mine := now[ITEM_OF_STAGE[stage[now]] == item])
    ]
    yulu = enjoying_persons(a) & np.isin(stage, [VOCATIONAL, 6]) & (rng.random(len(stage)) < 0.95)
    return [*_first_half(a, rng), *autumn, of_persons(a, "FP02", yulu, ("2020-10-10", 60), rng, cash=1500.0)]


def _first_half(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """6,900 person-times and more: a spring grant each, and late autumn-term grants of January for some."""
    june, december = a.june, a.december
    enjoying = (june.inside & a.world.registered)[a.world.hh] & june.lives.alive
    # Vocational aid only to those who are still in such a school, so that no record outlives its reason.
    fits = (june.stage > 0) & ((june.stage != VOCATIONAL) | (december.stage == VOCATIONAL))
    pool = np.flatnonzero(enjoying & fits)
    # One pupil in forty is not reached.
    order = rng.permutation(pool[pool % 40 != 0])
    need = round(STUDENT_TIMES * a.scale)
    who = np.resize(order, need)
    spring = np.arange(need) < len(order)
    day = np.where(spring, spread(need, "2020-04-20", 60, rng), spread(need, "2020-01-06", 12, rng))
    cash = HALF_YEAR[june.stage[who]]
    cash = np.round(cash * (STUDENT_SUM * a.scale / cash.sum()))
    item = ITEM_OF_STAGE[june.stage[who]]
    out = []
    for code in STUDENT_ITEMS:
        mine = item == code
        out.append(grant(code, a.world.hh[who[mine]], day[mine], person=who[mine], cash=cash[mine]))
    return out


def _workers(a: AidInput) -> Bools:
    m = a.december
    able = np.isin(m.capacity, [0, 1, 4]) & m.lives.alive & (m.stage == 0)
    return np.asarray(able & (m.age >= 16) & (m.age < 60))


def work_aid(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Dividends, gains from idle land, special posts, training with premiums, and job aid where nobody works."""
    last, mask = a.years[-1], enjoying_persons(a)
    farms = last.market.farm_gross * last.factor >= 1.0
    gain = np.flatnonzero(a.enjoying & (last.relief.idle_gain > 0) & farms)
    amount = np.round(IDLE_GAIN + rng.normal(0, 90, len(gain)))
    post = mask & (a.december.job == 3)
    trained = mask & _workers(a) & (rng.random(len(mask)) < 0.9)
    working = np.isin(a.view_column(a.view.employment), [1, 2, 3, 4, 5])
    zero = (a.world.count(_workers(a)) > 0) & (a.world.count(_workers(a) & working) == 0)
    helped = np.flatnonzero(a.december.inside & zero & (rng.random(a.world.n_hh) < 0.6))
    return [
        of_persons(a, "FP01", mask, ("2020-11-20", 35), rng, cash=1000.0, year=2020),
        grant("NY01", gain, spread(len(gain), "2020-09-20", 80, rng), cash=amount, year=2020),
        of_persons(a, "RS01", post, ("2020-01-12", 20), rng, cash=3600.0, year=2020),
        of_persons(a, "RS03", trained, ("2020-03-01", 120), rng, value=100.0, goods="养老保险代缴", year=2020),
        grant("RS02", helped, spread(len(helped), "2020-05-01", 220, rng), hours=2.0),
    ]


def urgent_aid(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Dwellings rebuilt (F11); urgent aid and disaster relief soon after the loss they answer; dibao edge."""
    last, enjoying = a.years[-1], a.enjoying
    rebuilt = np.flatnonzero(enjoying & (a.traits.rebuilt_on >= day_number("2020-01-01")))
    cost = np.where(a.traits.grade_before[rebuilt] == 3, 20_000.0, 8_000.0)
    struck = a.losses.number > 0
    urgent = np.flatnonzero(enjoying & (last.relief.urgent > 0) & struck)
    disaster = np.flatnonzero(enjoying & struck & (a.spendings[-1].disaster >= 3000))
    soon = np.minimum(a.losses.day + rng.integers(3, 20, a.world.n_hh), LAST_DAY)
    relieved = last.relief.dibao | last.relief.tekun
    edge = np.flatnonzero(enjoying & (rng.random(a.world.n_hh) < 0.012) & ~relieved)
    return [
        grant("ZJ01", rebuilt, a.traits.rebuilt_on[rebuilt], cash=cost),
        grant("MZ04", urgent, soon[urgent], cash=5000.0, channel=FOUND, event=a.losses.number[urgent]),
        grant("YJ01", disaster, soon[disaster], cash=1000.0, event=a.losses.number[disaster]),
        grant("MZ03", edge, spread(len(edge), "2020-04-01", 60, rng), year=2020),
    ]


def small_aid(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Legal aid, veterans, workers, children without parents, sponsorship: nine in ten who qualify are served."""
    m, u = a.december, a.traits.person
    served = enjoying_persons(a) & (rng.random(len(m.age)) < 0.9)
    child = (a.world.role == ROLES.index("G")) & (m.age < 18)
    employed = a.view_column(a.view.employment) == 2
    window = ("2020-03-01", 200)
    return [
        of_persons(a, "SF01", served & (m.age >= 18) & (u[:, 17] > 0.9965), window, rng, hours=6.0),
        of_persons(a, "TY01", served & ~a.world.female & (m.age >= 55) & (u[:, 23] > 0.98), window, rng, cash=3000.0),
        of_persons(a, "GH01", served & employed & (u[:, 19] > 0.985), window, rng, cash=3000.0),
        of_persons(a, "MZ05", served & child & (u[:, 15] < 0.02), window, rng, cash=16_800.0),
        of_persons(a, "MZ06", served & child & (u[:, 15] >= 0.02) & (u[:, 15] < 0.12), window, rng, cash=16_800.0),
        of_persons(a, "TW01", served & (m.stage >= 2), window, rng, cash=1300.0),
    ]


def monitoring_aid(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """A first measure within a month of identification for every monitored household (FP03)."""
    identified = a.watch.identified_on
    rows = np.flatnonzero((identified != NO_DAY) & a.december.inside)
    day = np.minimum(identified[rows] + rng.integers(1, 26, len(rows)), LAST_DAY)
    return [grant("FP03", rows, day, hours=4.0, channel=FOUND)]
