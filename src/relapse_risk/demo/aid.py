"""Aid delivered: the item list and the ledger, with the published person-times, sums and handling times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.calibration import Calibration
from relapse_risk.demo.frames import NO_DAY, Bools, Floats, Ints, dates, day_number, labels, text, words
from relapse_risk.demo.monitoring import Watch
from relapse_risk.demo.monthly import Moment
from relapse_risk.demo.people import World
from relapse_risk.demo.process import Year
from relapse_risk.demo.snapshots import PersonView
from relapse_risk.demo.spending import Spending
from relapse_risk.demo.traits import Traits, pick

__all__ = ["AidInput", "aid_table", "item_table"]

DECISIONS = ("open", "approved", "refused", "withdrawn")
CHANNELS = ("web", "phone_app", "telephone", "oral", "window", "found")
REFORM = day_number("2020-05-09")
DAYS_BEFORE, PAPERS_BEFORE = 20.0, 10.0
# Published counts (F05, F10, F12, F13) and sums (F06, F30) the ledger is drawn to.
STUDENT_TIMES, STUDENT_SUM = 6940, 6_720_000.0
TWO_DISEASES, BARRIER_FREE, AID_DEVICES = 27_700, 7_230, 14_040
CENTRAL_CARE, PSYCHIATRIC = 22, 4
QIHE = "371425"


@dataclass(frozen=True, slots=True)
class AidInput:
    """What the ledger is drawn from."""

    world: World
    years: tuple[Year, ...]
    spendings: tuple[Spending, ...]
    june: Moment
    december: Moment
    view: PersonView
    watch: Watch
    traits: Traits
    calibration: Calibration
    scale: float


@dataclass(frozen=True, slots=True)
class Grant:
    """A batch of records of one item, arrays of one length; ``person`` is -1 for household items.

    ``day`` is the day of delivery; ``start`` and ``end`` the period it pays for (``NO_DAY``: none).
    """

    item: str
    hh: Ints
    person: Ints
    day: Ints
    cash: Floats
    value: Floats
    hours: Floats
    start: Ints
    end: Ints
    goods: str | None = None
    channel: int = -1
    event: Ints | None = None


def item_table(calibration: Calibration) -> pd.DataFrame:
    """The ``assistance_item`` table: 41 items of 17 departments (F21, F22; the list is a reconstruction)."""
    items = calibration.items
    return pd.DataFrame(
        {
            "item_code": [i.code for i in items],
            "department": [i.department for i in items],
            "direction": [i.direction for i in items],
            "eligibility_rule": [i.rule for i in items],
            "valid_from": pd.Series(["2016-01-01"] * len(items)).astype("datetime64[s]"),
            "valid_to": pd.Series([pd.NaT] * len(items)).astype("datetime64[s]"),
        }
    )


def _grant(
    item: str,
    hh: Ints,
    day: Ints | int,
    *,
    person: Ints | None = None,
    cash: Floats | float = 0.0,
    value: float = 0.0,
    hours: float = 0.0,
    year: int | None = None,
    goods: str | None = None,
    channel: int = -1,
    event: Ints | None = None,
) -> Grant:
    n = len(hh)
    start = NO_DAY if year is None else day_number(f"{year}-01-01")
    end = NO_DAY if year is None else day_number(f"{year}-12-31")
    return Grant(
        item=item,
        hh=hh,
        person=np.full(n, -1) if person is None else person,
        day=np.broadcast_to(np.asarray(day, dtype=np.int64), n),
        cash=np.broadcast_to(np.asarray(cash, dtype=float), n),
        value=np.full(n, value),
        hours=np.full(n, hours),
        start=np.full(n, start),
        end=np.full(n, end),
        goods=goods,
        channel=channel,
        event=event,
    )


def _spread(n: int, first: str, days: int, rng: np.random.Generator) -> Ints:
    return day_number(first) + rng.integers(0, max(days, 1), n)


def _relief(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Dibao, tekun and the monthly subsidies, one record per year they were paid."""
    out = []
    for year in a.years[-2:]:
        number = year.year
        inside = year.was_inside & (year.size > 0)
        dibao, tekun = np.flatnonzero(year.relief.dibao & inside), np.flatnonzero(year.relief.tekun & inside)
        out.append(
            _grant(
                "MZ01",
                dibao,
                _spread(len(dibao), f"{number}-01-10", 20, rng),
                cash=np.round(year.relief.dibao_received[dibao]),
                year=number,
            )
        )
        member = np.flatnonzero(year.lives.alive & (year.relief.tekun & inside)[a.world.hh])
        pay = np.round(year.relief.tekun_received / np.maximum(year.size, 1))[a.world.hh[member]]
        out.append(
            _grant(
                "MZ02",
                a.world.hh[member],
                _spread(len(member), f"{number}-01-10", 20, rng),
                person=member,
                cash=pay,
                year=number,
            )
        )
        del tekun
        relieved = (year.relief.dibao | year.relief.tekun) & inside
        alive = year.lives.alive & inside[a.world.hh]
        severe = (year.lives.level > 0) & (year.lives.level <= 2)
        on_dibao = (year.relief.dibao & inside)[a.world.hh]
        for item, who, pay_year in (
            ("MZ07", alive & (year.lives.level > 0) & on_dibao, 1200.0),
            ("MZ08", alive & severe, 1200.0),
            ("MZ09", alive & (year.age >= 60) & relieved[a.world.hh], 960.0),
        ):
            # Three in a hundred who qualify have not applied: they become reminders.
            member = np.flatnonzero(who & (rng.random(len(who)) < 0.97))
            out.append(
                _grant(
                    item,
                    a.world.hh[member],
                    _spread(len(member), f"{number}-01-15", 40, rng),
                    person=member,
                    cash=pay_year,
                    year=number,
                )
            )
    return out


def _listed(a: AidInput) -> tuple[Ints, Bools]:
    """Positions of the persons living in December in households that enjoy policies, and that mask."""
    enjoying = a.december.inside & a.world.registered
    mask = a.december.listed & a.december.lives.alive & enjoying[a.world.hh]
    return np.flatnonzero(mask), mask


def _column(a: AidInput, values: np.ndarray) -> np.ndarray:
    """A December view column spread to all persons."""
    out = np.zeros(len(a.world.hh), dtype=values.dtype)
    out[a.view.index] = values
    return out


def _health(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Insurance for everybody, drugs for the two diseases (F10), visits to the seriously ill, family doctors."""
    who, mask = _listed(a)
    hh = a.world.hh
    out = [
        _grant(
            "YB01",
            hh[who],
            _spread(len(who), "2020-01-05", 30, rng),
            person=who,
            value=280.0,
            year=2020,
            goods="参保补贴",
        ),
        _grant("YB05", hh[who], _spread(len(who), "2020-01-05", 30, rng), person=who, year=2020),
    ]
    lives = a.december.lives
    # One person-time per disease: high blood pressure, diabetes, other registered out-patient chronic disease.
    chronic = mask & (lives.health >= 1) & ~lives.hypertension & ~lives.diabetes
    times = np.concatenate(
        [np.flatnonzero(mask & lives.hypertension), np.flatnonzero(mask & lives.diabetes), np.flatnonzero(chronic)]
    )
    two = len(times) - int(chronic.sum())
    need = round(TWO_DISEASES * a.scale)
    keep = np.concatenate([rng.permutation(two), two + rng.permutation(len(times) - two)])[:need]
    times = times[np.sort(keep)]
    out.append(
        _grant(
            "YB04",
            hh[times],
            _spread(len(times), "2020-01-10", 300, rng),
            person=times,
            cash=np.round(rng.gamma(3, 110, len(times))),
            year=2020,
        )
    )
    serious = np.flatnonzero(mask & (lives.health == 2))
    for quarter, start in enumerate(("2020-01-15", "2020-04-10", "2020-07-10", "2020-10-10")):
        seen = serious[rng.random(len(serious)) < 0.97 - 0.1 * (quarter == 0)]
        out.append(_grant("WJ01", hh[seen], _spread(len(seen), start, 60, rng), person=seen, hours=1.0))
    ill = np.flatnonzero(mask & np.isin(_column(a, a.view.health), [1, 2]) & (rng.random(len(mask)) < 0.98))
    out.append(_grant("WJ02", hh[ill], _spread(len(ill), "2020-01-10", 60, rng), person=ill, hours=2.0, year=2020))
    mind = np.flatnonzero(mask & _column(a, a.view.mind_severe))
    mind = mind[rng.random(len(mind)) < 0.95]
    out.append(_grant("WJ03", hh[mind], _spread(len(mind), "2020-02-10", 60, rng), person=mind, cash=2400.0, year=2020))
    cancer = np.flatnonzero(
        mask
        & a.world.female
        & (_column(a, a.view.disease) == 1)
        & (a.december.age >= 30)
        & (a.traits.person[:, 11] < 0.3)
    )
    out.append(_grant("FL01", hh[cancer], _spread(len(cancer), "2020-02-10", 250, rng), person=cancer, cash=10000.0))
    child = np.flatnonzero(mask & np.isin(_column(a, a.view.disease), [3, 4]) & (a.december.age < 14))
    out.append(_grant("HS01", hh[child], _spread(len(child), "2020-02-10", 250, rng), person=child, cash=30000.0))
    return out


def _medical_bills(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    out = []
    for year, spending in zip(a.years[-2:], a.spendings[-2:], strict=True):
        inside = year.was_inside & (year.size > 0)
        high = np.flatnonzero(inside & (spending.medical >= 3000) & (rng.random(a.world.n_hh) < 0.9))
        out.append(
            _grant(
                "YB02",
                high,
                _spread(len(high), f"{year.year}-03-01", 290, rng),
                cash=np.round(0.7 * spending.medical[high]),
            )
        )
        top = np.flatnonzero(inside & (spending.medical >= 10000) & (rng.random(a.world.n_hh) < 0.95))
        out.append(
            _grant(
                "YB03",
                top,
                _spread(len(top), f"{year.year}-03-01", 290, rng),
                cash=np.round(0.6 * spending.medical[top]),
            )
        )
        rigid = spending.medical + spending.education + spending.care + spending.disaster - spending.claims
        heavy = np.flatnonzero(inside & (rigid > 0.5 * year.net_income) & (rng.random(a.world.n_hh) < 0.7))
        out.append(_grant("CS01", heavy, _spread(len(heavy), f"{year.year}-04-01", 260, rng), cash=3000.0))
    return out


def _students(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Grants of the first half of 2020: 6,900 person-times and more, 6.7 million CNY and more (F05, F06)."""
    world, june = a.world, a.june
    enjoying = (june.inside & world.registered)[world.hh] & june.lives.alive
    item_of = np.array(["", "JT01", "JT02", "JT02", "JT03", "JT04", "JT05", "JT05", "JT02"])
    half = np.array([0.0, 600.0, 250.0, 312.5, 1000.0, 1000.0, 1500.0, 1500.0, 250.0])
    december = a.december.stage
    # Vocational aid only to those who are still in such a school, so that no record outlives its reason.
    fits = (june.stage > 0) & ((june.stage != 5) | (december == 5))
    pool = np.flatnonzero(enjoying & fits)
    pool = pool[pool % 40 != 0]
    need = round(STUDENT_TIMES * a.scale)
    order = rng.permutation(pool)
    who = np.concatenate([order] * (need // max(len(order), 1) + 1))[:need]
    first = np.arange(len(who)) < len(order)
    day = np.where(first, _spread(len(who), "2020-04-20", 60, rng), _spread(len(who), "2020-01-06", 12, rng))
    cash = half[june.stage[who]]
    cash = np.round(cash * (STUDENT_SUM * a.scale / cash.sum()))
    out = [
        _grant(item, world.hh[who[item_of[june.stage[who]] == item]], day[item_of[june.stage[who]] == item],
               person=who[item_of[june.stage[who]] == item], cash=cash[item_of[june.stage[who]] == item])
        for item in ("JT01", "JT02", "JT03", "JT04", "JT05")
    ]  # fmt: skip
    now = np.flatnonzero((a.december.inside & world.registered)[world.hh] & a.december.lives.alive & (december > 0))
    autumn = now[((december[now] != 5) | (december[now] == 5)) & (rng.random(len(now)) < 0.95)]
    for item in ("JT01", "JT02", "JT03", "JT04", "JT05"):
        mine = autumn[item_of[december[autumn]] == item]
        out.append(
            _grant(
                item, world.hh[mine], _spread(len(mine), "2020-10-10", 50, rng), person=mine, cash=half[december[mine]]
            )
        )
    yulu = np.flatnonzero(
        np.isin(december, [5, 6]) & a.december.lives.alive & (a.december.inside & world.registered)[world.hh]
    )
    yulu = yulu[rng.random(len(yulu)) < 0.95]
    out.append(_grant("FP02", world.hh[yulu], _spread(len(yulu), "2020-10-10", 60, rng), person=yulu, cash=1500.0))
    return out


def _disability(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Gradings (F14), barrier-free homes (F12), rehabilitation and aids (F13)."""
    who, mask = _listed(a)
    hh, level = a.world.hh, a.december.lives.level
    suspected = np.flatnonzero(a.traits.graded_on != NO_DAY)
    out = [_grant("CL01", hh[suspected], a.traits.graded_on[suspected], person=suspected, hours=1.5, channel=5)]
    severe = mask & (level > 0) & (level <= 2) & (a.traits.person[:, 10] < 0.985)
    homes = pick(a.world.count(severe) > 0, round(BARRIER_FREE * a.scale), rng)
    rows = np.flatnonzero(homes)
    out.append(_grant("CL02", rows, _spread(len(rows), "2019-09-01", 295, rng), value=3500.0, goods="无障碍改造"))
    need = pick(mask & (level > 0) & (a.traits.person[:, 9] < 0.90), round(AID_DEVICES * a.scale), rng)
    rows = np.flatnonzero(need)
    out.append(
        _grant(
            "CL03",
            hh[rows],
            _spread(len(rows), "2020-01-10", 160, rng),
            person=rows,
            value=400.0,
            goods="辅具",
            year=2020,
        )
    )
    del who
    return out


def _placements(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Qihe, June 2020: 22 persons to a care home, 4 to psychiatric care (F42, F43); a few elsewhere."""
    who, mask = _listed(a)
    del who
    tekun = a.years[-1].relief.tekun[a.world.hh] & mask
    mind = _column(a, a.view.mind_severe) & mask
    qihe = next((k for k, c in enumerate(a.calibration.counties) if c.code == QIHE), -1)
    here = a.world.county[a.world.hh] == qihe
    care = _column(a, a.view.self_care) * -1.0
    home = pick(tekun & here, max(round(CENTRAL_CARE * a.scale), 1), rng, care)
    home |= pick(tekun & ~here, max(round(60 * a.scale), 1), rng, care)
    ward = pick(mind & here & ~home, max(round(PSYCHIATRIC * a.scale), 1), rng)
    ward |= pick(mind & ~here & ~home, max(round(14 * a.scale), 1), rng)
    out = []
    for item, chosen, goods in (("MZ02", home, "集中供养"), ("WJ03", ward, "集中收治")):
        rows = np.flatnonzero(chosen)
        out.append(
            _grant(
                item,
                a.world.hh[rows],
                _spread(len(rows), "2020-06-02", 27, rng),
                person=rows,
                goods=goods,
                hours=0.0,
                channel=5,
            )
        )
    return out


def _livelihood(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Dividends, dwellings, posts, training, idle land, urgent aid, disaster relief and the small items."""
    world, last, december = a.world, a.years[-1], a.december
    who, mask = _listed(a)
    hh = world.hh
    enjoying = december.inside & world.registered
    out = [_grant("FP01", hh[who], _spread(len(who), "2020-11-20", 35, rng), person=who, cash=0.0, year=2020)]
    out[0] = _grant("FP01", hh[who], _spread(len(who), "2020-11-20", 35, rng), person=who, cash=1000.0, year=2020)
    rebuilt = np.flatnonzero(enjoying & (a.traits.rebuilt_on >= day_number("2020-01-01")))
    amount = np.where(a.traits.grade_before[rebuilt] == 3, 20000.0, 8000.0)
    out.append(_grant("ZJ01", rebuilt, a.traits.rebuilt_on[rebuilt], cash=amount))
    gain = np.flatnonzero(enjoying & (last.relief.idle_gain > 0) & (last.market.farm_gross * last.factor >= 1.0))
    out.append(
        _grant(
            "NY01",
            gain,
            _spread(len(gain), "2020-09-20", 80, rng),
            cash=np.round(815 + rng.normal(0, 90, len(gain))),
            year=2020,
        )
    )
    post = np.flatnonzero(mask & (december.job == 3))
    out.append(_grant("RS01", hh[post], _spread(len(post), "2020-01-12", 20, rng), person=post, cash=3600.0, year=2020))
    fit = (
        mask
        & np.isin(december.capacity, [0, 1, 4])
        & (december.age >= 16)
        & (december.age < 60)
        & (december.stage == 0)
    )
    trained = np.flatnonzero(fit & (rng.random(len(fit)) < 0.9))
    out.append(
        _grant(
            "RS03",
            hh[trained],
            _spread(len(trained), "2020-03-01", 120, rng),
            person=trained,
            value=100.0,
            goods="养老保险代缴",
            year=2020,
        )
    )
    urgent = np.flatnonzero(enjoying & (last.relief.urgent > 0))
    out.append(_grant("MZ04", urgent, _spread(len(urgent), "2020-03-01", 290, rng), cash=5000.0, channel=5))
    disaster = np.flatnonzero(enjoying & (a.spendings[-1].disaster >= 3000))
    out.append(_grant("YJ01", disaster, _spread(len(disaster), "2020-08-10", 120, rng), cash=1000.0))
    edge = np.flatnonzero(enjoying & (rng.random(world.n_hh) < 0.012) & ~last.relief.dibao & ~last.relief.tekun)
    out.append(_grant("MZ03", edge, _spread(len(edge), "2020-04-01", 60, rng), year=2020))
    few = mask & (rng.random(len(mask)) < 0.9)
    u = a.traits.person
    groups = {
        "SF01": (few & (december.age >= 18) & (u[:, 6] > 0.9965), 0.0),
        "TY01": (few & ~world.female & (december.age >= 55) & (u[:, 5] > 0.98), 3000.0),
        "GH01": (few & (_column(a, a.view.employment) == 2) & (u[:, 7] > 0.985), 3000.0),
        "MZ05": (few & _orphan(a, 0.0, 0.05), 1400.0 * 12),
        "MZ06": (few & _orphan(a, 0.05, 0.35), 1400.0 * 12),
        "TW01": (few & (december.stage >= 2), 1300.0),
    }
    for item, (chosen, cash) in groups.items():
        rows = np.flatnonzero(chosen)
        out.append(_grant(item, hh[rows], _spread(len(rows), "2020-03-01", 200, rng), person=rows, cash=cash))
    return out


def _orphan(a: AidInput, low: float, high: float) -> Bools:
    child = (a.world.role == 9) & (a.december.age < 18)
    u = a.traits.person[:, 11]
    return np.asarray(child & (u >= low) & (u < high))


def _monitored(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """A first measure within a month of identification for every monitored household; job aid where nobody works."""
    w = a.watch
    rows = np.flatnonzero((w.identified_on != NO_DAY) & a.december.inside)
    day = np.minimum(w.identified_on[rows] + rng.integers(1, 26, len(rows)), day_number("2020-12-31"))
    out = [_grant("FP03", rows, day, hours=4.0, channel=5)]
    fit = (
        np.isin(a.december.capacity, [0, 1, 4])
        & a.december.lives.alive
        & (a.december.age >= 16)
        & (a.december.age < 60)
        & (a.december.stage == 0)
    )
    working = _column(a, a.view.employment)
    employed = a.world.count(fit & np.isin(working, [1, 2, 3, 4, 5]))
    none = np.flatnonzero(
        a.december.inside & (a.world.count(fit) > 0) & (employed == 0) & (rng.random(a.world.n_hh) < 0.6)
    )
    out.append(_grant("RS02", none, _spread(len(none), "2020-05-01", 220, rng), hours=2.0))
    return out


def aid_table(a: AidInput, hh_ids: pa.Array, person_ids: pa.Array, rng: np.random.Generator) -> pd.DataFrame:
    """The ``assistance_record`` table, oldest delivery first.

    The reform of 9 May 2020 halves the days from application to decision and cuts papers by 30% (F23, F24).
    """
    grants = [
        g
        for draw in (_relief, _health, _medical_bills, _students, _disability, _placements, _livelihood, _monitored)
        for g in draw(a, rng)
        if len(g.hh)
    ]
    items = tuple(dict.fromkeys(g.item for g in grants))
    goods = tuple(dict.fromkeys(g.goods for g in grants if g.goods))
    length = [len(g.hh) for g in grants]
    hh, person, day = (np.concatenate([getattr(g, name) for g in grants]) for name in ("hh", "person", "day"))
    cash, value, hours = (np.concatenate([getattr(g, name) for g in grants]) for name in ("cash", "value", "hours"))
    start, end = (np.concatenate([getattr(g, name) for g in grants]) for name in ("start", "end"))
    item = np.repeat([items.index(g.item) for g in grants], length)
    thing = np.repeat([goods.index(g.goods) if g.goods else -1 for g in grants], length)
    channel = np.repeat([g.channel for g in grants], length)
    order = np.argsort(day, kind="stable")
    hh, person, day, cash, value, hours = hh[order], person[order], day[order], cash[order], value[order], hours[order]
    start, end, item, thing, channel = start[order], end[order], item[order], thing[order], channel[order]
    n = len(day)
    late = day - 25 >= REFORM
    took = np.clip(np.round(rng.gamma(25, np.where(late, DAYS_BEFORE / 2, DAYS_BEFORE) / 25)), 1, 45).astype(np.int64)
    papers = np.clip(np.round(rng.normal(np.where(late, 0.7 * PAPERS_BEFORE, PAPERS_BEFORE), 1.0)), 1, 20).astype(
        np.int64
    )
    # The decision precedes delivery by a few days; what was applied for before the reform took the old time.
    decided = day - rng.integers(0, 5, n)
    applied = decided - took
    moved = np.where(~late & (applied >= REFORM), REFORM - 1 - rng.integers(0, 30, n), applied)
    applied = np.where(late, np.maximum(applied, REFORM), moved)
    return pd.DataFrame(
        {
            "record_id": text(labels("AR", np.arange(1, n + 1), 8)),
            "household_id": text(hh_ids.take(pa.array(hh))),
            "person_id": text(person_ids.take(pa.array(person, mask=person < 0))),
            "item_code": words(item, items),
            "plan_id": text(labels("PL", hh, 7)),
            "applied_on": dates(applied),
            "accepted_on": dates(np.minimum(applied + 1, decided)),
            "decided_on": dates(decided),
            "delivered_on": dates(day),
            "decision": words(np.ones(n, dtype=np.int64), DECISIONS),
            "channel": words(np.where(channel >= 0, channel, rng.integers(0, 6, n)), CHANNELS),
            "material_count": pd.array(papers, dtype="Int64"),
            "cash_amount": cash,
            "goods_name": words(thing, goods),
            "goods_value": value,
            "service_hours": hours,
            "period_start": dates(start),
            "period_end": dates(end),
        }
    )
