"""Aid for the sick and the disabled, and the monthly relief payments."""

from __future__ import annotations

import numpy as np

from relapse_risk.demo.grants import FOUND, AidInput, Grant, enjoying_persons, grant, of_persons, spread
from relapse_risk.demo.traits import pick
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Floats
from relapse_risk.demo.year_state import Year

__all__ = ["disability_aid", "health_aid", "medical_aid", "placements", "relief_aid"]

# Published counts (F10, F12, F13, F42, F43) the ledger is drawn to.
TWO_DISEASES, BARRIER_FREE, AID_DEVICES = 27_700, 7_230, 14_040
CENTRAL_CARE, PSYCHIATRIC = 22, 4
CENTRAL_CARE_ELSEWHERE, PSYCHIATRIC_ELSEWHERE = 60, 14
QIHE = "371425"
QUARTERS = ("2020-01-15", "2020-04-10", "2020-07-10", "2020-10-10")


def relief_aid(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Dibao, tekun and the monthly subsidies of 2019 and 2020, one record per year they were paid."""
    return [batch for year in a.years[-2:] for batch in _relief_of(a, year, rng)]


def _relief_of(a: AidInput, year: Year, rng: np.random.Generator) -> list[Grant]:
    inside = year.was_inside & (year.size > 0)
    hh = a.world.hh
    label = year.year
    dibao = np.flatnonzero((year.relief.dibao_received > 0) & inside)
    alive = year.lives.alive & inside[hh]
    tekun = np.flatnonzero(alive & year.relief.tekun[hh])
    share = np.round(year.relief.tekun_received / np.maximum(year.size, 1))[hh[tekun]]
    early = (f"{label}-01-10", 20)
    amount = np.round(year.relief.dibao_received[dibao])
    out = [
        grant("MZ01", dibao, spread(len(dibao), *early, rng), cash=amount, year=label),
        of_persons(a, "MZ02", tekun, early, rng, cash=share, year=label),
    ]
    relieved = (year.relief.dibao | year.relief.tekun)[hh]
    severe = (year.lives.level > 0) & (year.lives.level <= 2)
    for item, who, pay in (
        ("MZ07", alive & (year.lives.level > 0) & year.relief.dibao[hh], 1200.0),
        ("MZ08", alive & severe, 1200.0),
        ("MZ09", alive & (year.age >= 60) & relieved, 960.0),
    ):
        # Three in a hundred who qualify have not applied: they become reminders.
        applied = who & (rng.random(len(who)) < 0.97)
        out.append(of_persons(a, item, applied, (f"{label}-01-15", 40), rng, cash=pay, year=label))
    return out


def health_aid(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Insurance for everybody, visits to the seriously ill, family doctors, severe mental disorder, two cancers."""
    mask = enjoying_persons(a)
    ill = mask & np.isin(a.view_column(a.view.health), [1, 2]) & (rng.random(len(mask)) < 0.98)
    mind = mask & a.view_column(a.view.mind_severe) & (rng.random(len(mask)) < 0.95)
    disease = a.view_column(a.view.disease)
    cancer = mask & a.world.female & (disease == 1) & (a.december.age >= 30) & (a.traits.person[:, 11] < 0.3)
    child = mask & np.isin(disease, [3, 4]) & (a.december.age < 14)
    serious = mask & (a.december.lives.health == 2)
    year_round = ("2020-02-10", 250)
    return [
        of_persons(a, "YB01", mask, ("2020-01-05", 30), rng, value=280.0, year=2020, goods="参保补贴"),
        of_persons(a, "YB05", mask, ("2020-01-05", 30), rng, year=2020),
        *_two_diseases(a, mask, rng),
        *[
            of_persons(a, "WJ01", serious & (rng.random(len(mask)) < 0.96), (start, 60), rng, hours=1.0)
            for start in QUARTERS
        ],
        of_persons(a, "WJ02", ill, ("2020-01-10", 60), rng, hours=2.0, year=2020),
        of_persons(a, "WJ03", mind, ("2020-02-10", 60), rng, cash=2400.0, year=2020),
        of_persons(a, "FL01", cancer, year_round, rng, cash=10_000.0),
        of_persons(a, "HS01", child, year_round, rng, cash=30_000.0),
    ]


def _two_diseases(a: AidInput, mask: Bools, rng: np.random.Generator) -> list[Grant]:
    """One person-time per disease: high blood pressure, diabetes, another registered chronic disease (F10)."""
    lives = a.december.lives
    groups = (
        np.flatnonzero(mask & lives.hypertension),
        np.flatnonzero(mask & lives.diabetes),
        np.flatnonzero(mask & (lives.health >= 1) & ~lives.hypertension & ~lives.diabetes),
    )
    left = round(TWO_DISEASES * a.scale)
    out = []
    for number, group in enumerate(groups):
        who = np.sort(rng.permutation(group)[:left])
        left -= len(who)
        # Amounts of the two diseases differ in the last digit, so that two claims of one day stay two.
        cash = 3 * np.round(rng.gamma(3, 110, len(who)) / 3) + number
        out.append(of_persons(a, "YB04", who, ("2020-01-10", 300), rng, cash=cash, year=2020))
    return out


def medical_aid(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Reimbursement of large bills, and charity where rigid spending weighs heavily."""
    out = []
    for year, spending in zip(a.years[-2:], a.spendings[-2:], strict=True):
        inside = year.was_inside & (year.size > 0)
        rigid = spending.medical + spending.education + spending.care + spending.disaster - spending.claims
        for item, who, cash in (
            ("YB02", (spending.medical >= 3000) & (rng.random(a.world.n_hh) < 0.90), 0.7 * spending.medical),
            ("YB03", (spending.medical >= 10000) & (rng.random(a.world.n_hh) < 0.95), 0.6 * spending.medical),
            ("CS01", (rigid > 0.5 * year.net_income) & (rng.random(a.world.n_hh) < 0.70), np.full(a.world.n_hh, 3e3)),
        ):
            rows = np.flatnonzero(inside & who)
            day = spread(len(rows), f"{year.year}-03-01", 290, rng)
            out.append(grant(item, rows, day, cash=np.round(cash[rows])))
    return out


def disability_aid(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """Gradings (F14), barrier-free homes (F12), rehabilitation and aids (F13)."""
    mask = enjoying_persons(a)
    level = a.december.lives.level
    suspected = np.flatnonzero(a.traits.graded_on != NO_DAY)
    severe = mask & (level > 0) & (level <= 2) & (a.traits.person[:, 20] < 0.985)
    homes = np.flatnonzero(pick(a.world.count(severe) > 0, round(BARRIER_FREE * a.scale), rng))
    need = pick(mask & (level > 0) & (a.traits.person[:, 9] < 0.90), round(AID_DEVICES * a.scale), rng)
    return [
        grant("CL01", a.world.hh[suspected], a.traits.graded_on[suspected], person=suspected, hours=1.5, channel=FOUND),
        grant("CL02", homes, spread(len(homes), "2019-09-01", 295, rng), value=3500.0, goods="无障碍改造"),
        of_persons(a, "CL03", need, ("2020-01-10", 160), rng, value=400.0, goods="辅具", year=2020),
    ]


def placements(a: AidInput, rng: np.random.Generator) -> list[Grant]:
    """June 2020: 22 persons of Qihe to a care home and 4 to psychiatric care (F42, F43), a few in other counties (assumed)."""
    mask = enjoying_persons(a)
    tekun = a.years[-1].relief.tekun[a.world.hh] & mask
    mind = a.view_column(a.view.mind_severe) & mask
    codes = [county.code for county in a.calibration.counties]
    here = a.world.county[a.world.hh] == codes.index(QIHE)
    helpless = -a.view_column(a.view.self_care).astype(float)
    home = _some(tekun & here, CENTRAL_CARE, a, rng, helpless)
    home |= _some(tekun & ~here, CENTRAL_CARE_ELSEWHERE, a, rng, helpless)
    ward = _some(mind & here & ~home, PSYCHIATRIC, a, rng)
    ward |= _some(mind & ~here & ~home, PSYCHIATRIC_ELSEWHERE, a, rng)
    june = ("2020-06-02", 27)
    return [
        of_persons(a, "MZ02", home, june, rng, goods="集中供养", channel=FOUND),
        of_persons(a, "WJ03", ward, june, rng, goods="集中收治", channel=FOUND),
    ]


def _some(who: Bools, count: int, a: AidInput, rng: np.random.Generator, score: Floats | None = None) -> Bools:
    return pick(who, max(round(count * a.scale), 1), rng, score)
