"""Who receives which public money in a year: pensions, dibao and tekun by last year's means, dividends, subsidies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.typed_columns import Bools, Floats, Ints

__all__ = ["Means", "Relief", "grant_relief"]

# Yearly grants by student stage (JT01-JT05: documented tiers; the middle tier is used).
GRANTS = np.array([0.0, 1200.0, 500.0, 625.0, 2000.0, 5000.0, 6000.0, 3000.0, 500.0])
URGENT_AID = 5000.0
# The yearly review takes effect in April: a quarter of the year is still paid as before.
REVIEW = 0.25


@dataclass(frozen=True, slots=True)
class Means:
    """What last year's review knew, arrays (n_household,): income per head before relief, and who was on relief.

    ``dibao_rate`` is the yearly dibao that goes on being paid until the review in April.
    """

    assessed: Floats
    dibao: Bools
    tekun: Bools
    dibao_rate: Floats

    def take(self, keep: Bools | Ints) -> Means:
        return Means(self.assessed[keep], self.dibao[keep], self.tekun[keep], self.dibao_rate[keep])


@dataclass(frozen=True, slots=True)
class Relief:
    """Public money of a year, CNY per household, arrays (n_household,)."""

    dibao: Bools
    tekun: Bools
    dibao_rate: Floats
    dibao_received: Floats
    tekun_received: Floats
    pension: Floats
    subsidies: Floats
    land_subsidy: Floats
    grants: Floats
    urgent: Floats
    dividend: Floats
    idle_gain: Floats

    @property
    def transfers(self) -> Floats:
        """Formal transfers, the two kinds of relief included."""
        return (
            self.dibao_received
            + self.tekun_received
            + self.pension
            + self.subsidies
            + self.land_subsidy
            + self.grants
            + self.urgent
        )


@dataclass(frozen=True, slots=True)
class Need:
    """Household facts that relief looks at, arrays (n_household,)."""

    size: Floats
    labour: Floats
    elders: Floats
    severe: Floats
    disabled: Floats
    serious: Floats
    loss: Bools
    grants: Floats


def _tekun(world: World, need: Need, means: Means, inside: Bools, quota: float) -> Bools:
    """No labour, no income to speak of, nobody able to support: those on it stay, the poorest join up to the quota."""
    able = inside & (need.labour == 0) & ~world.has_supporter & (need.elders + need.severe > 0) & (need.size <= 2)
    score = np.where(able, means.assessed - 1e6 * means.tekun, np.inf)
    order = np.argsort(score, kind="stable")
    within = np.cumsum(need.size[order]) <= quota
    chosen = np.zeros(len(score), dtype=bool)
    chosen[order[within & np.isfinite(score[order])]] = True
    return chosen


def _dibao(world: World, need: Need, means: Means, seen: Floats, inside: Bools, line: float, quota: float) -> Bools:
    """The households furthest below the line as last year's review saw them, in order, until the quota is met."""
    score = np.log(line / seen) + 0.25 * (need.labour == 0) + 0.12 * (need.severe > 0) + 0.12 * (need.serious > 0)
    score = score + 0.30 * means.dibao
    fit = inside & ~world.assets_fail & (need.size > 0) & (seen < line * 1.25)
    score = np.where(fit, score, -np.inf)
    order = np.argsort(-score, kind="stable")
    within = (np.cumsum(need.size[order]) <= quota) & np.isfinite(score[order])
    chosen = np.zeros(len(score), dtype=bool)
    chosen[order[within]] = True
    return chosen


def grant_relief(
    world: World,
    need: Need,
    means: Means,
    inside: Bools,
    year: int,
    calibration: Calibration,
    rng: np.random.Generator,
) -> Relief:
    """Public money of ``year`` given what last year's review found."""
    number = calibration.number
    line = calibration.line("dibao", year)
    persons = float((need.size * (inside & world.registered)).sum())
    tekun = _tekun(world, need, means, inside, number("tekun_share") * persons)
    quota = number("relief_share", year) * persons - float(need.size[tekun].sum())
    # The review counts income with error, and stops the relief of some who still need it.
    seen = np.clip(means.assessed, 50.0, None) * np.exp(rng.normal(0, number("review_error_sd"), world.n_hh))
    stopped = means.dibao & (rng.random(world.n_hh) < number("review_stop_rate"))
    dibao = _dibao(world, need, means, seen, inside & ~tekun & ~stopped, line, quota)
    gap = np.clip(line - seen, 0.23 * line, 0.92 * line)
    rate = np.where(dibao, gap * need.size, 0.0)
    relieved = dibao | tekun
    old_age = 960.0 * need.elders * relieved * (year >= 2018)
    care = 1200.0 * need.severe * (year >= 2016) + 1200.0 * need.disabled * dibao * (year >= 2016)
    target = inside & world.registered
    helped = target & (need.labour > 0) & (rng.random(world.n_hh) < 0.62) & (year >= 2019)
    return Relief(
        dibao=dibao,
        tekun=tekun,
        dibao_rate=rate,
        dibao_received=np.where(need.size > 0, REVIEW * means.dibao_rate + (1 - REVIEW) * rate, 0.0),
        tekun_received=np.where(tekun, calibration.threshold("tekun_ratio", max(year, 2016)) * line * need.size, 0.0),
        pension=number("pension_year", year) * need.elders,
        subsidies=old_age + care,
        land_subsidy=number("land_subsidy_per_mu") * world.arable_mu,
        grants=np.where(target, need.grants, 0.3 * need.grants),
        urgent=np.where(need.loss & (rng.random(world.n_hh) < 0.6), URGENT_AID, 0.0),
        dividend=np.where(target, number("dividend_year", year) * need.size, 0.0),
        idle_gain=np.where(helped, 815.0, 0.0),
    )


def read_need(
    world: World, alive: Bools, age: Ints, labour: Bools, level: Ints, health: Ints, stage: Ints, loss: Bools
) -> Need:
    """Add persons up to what relief looks at."""
    return Need(
        size=world.count(alive),
        labour=world.count(labour),
        elders=world.count(alive & (age >= 60)),
        severe=world.count(alive & (level > 0) & (level <= 2)),
        disabled=world.count(alive & (level > 0)),
        serious=world.count(alive & (health == 2)),
        loss=loss,
        grants=world.count(np.where(alive, GRANTS[stage], 0.0)),
    )
