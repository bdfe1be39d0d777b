"""Who is taken into monitoring, when, why, and whose risk is eliminated: from the state, by the rules of 2020.

Sources: the three types [DEF-3TYPES], the income line and shock triggers [LAW-2020], elimination [DEF-ELIM].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.spending import Spending
from relapse_risk.demo.traits import pick
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Floats, Ints, dates, day_number, flags, text
from relapse_risk.demo.year_state import Year

__all__ = ["MONITOR_TYPES", "RISKS", "Watch", "elimination_table", "watch_households"]

MONITOR_TYPES = ("none", "lifted_unstable", "edge", "sudden_hardship")
RISKS = ("illness", "disability", "schooling", "disaster", "accident", "project_failure", "unstable_work", "no_labour")
HANDFUL = 12


@dataclass(frozen=True, slots=True)
class Watch:
    """Monitoring of each household, arrays (n_household,).

    Attributes
    ----------
    kind : int
        Index into ``MONITOR_TYPES``; 0 = never monitored.
    identified_on, eliminated_on : int
        Day numbers, ``NO_DAY`` where it did not happen.
    by_help : bool
        Eliminated by help (else naturally).
    risks : object array of str
        Words of ``risk_type`` joined by ``;``.
    """

    kind: Ints
    identified_on: Ints
    eliminated_on: Ints
    by_help: Bools
    risks: np.ndarray

    def shown(self, day: int) -> tuple[Bools, Bools]:
        """Who is in monitoring records on ``day``, and whose risk is eliminated by then."""
        seen = (self.identified_on != NO_DAY) & (self.identified_on <= day)
        return seen, seen & (self.eliminated_on != NO_DAY) & (self.eliminated_on <= day)


def watch_households(
    world: World, before: Year, last: Year, spending: Spending, calibration: Calibration, rng: np.random.Generator
) -> Watch:
    """Identify and eliminate over 2020."""
    n = world.n_hh
    line, urgent = calibration.line("monitoring", 2020), calibration.threshold("urgent_loss", 2020)
    first, end = day_number("2020-01-01"), day_number("2020-12-28")
    lag = np.minimum(rng.gamma(2.0, calibration.number("identify_days_mean") / 2, n), 27).astype(np.int64)
    poor_now = last.per_head < line
    income_day = first + _crossing_day(before.per_head, last.per_head, line, rng)
    shock_day = _shock_day(spending, urgent, n)
    shocked = (shock_day != NO_DAY) & ~poor_now & (rng.random(n) < 0.6)
    recovered = ~poor_now & (before.per_head < line)
    # Some whose income has recovered since were identified before; never fewer than a handful, however small the city.
    sound = recovered & (last.labour > 0) & (last.per_head >= 1.1 * line) & last.inside
    earlier = (recovered & (rng.random(n) < 0.09)) | pick(sound, HANDFUL, rng)
    early_day = day_number("2019-09-01") + rng.integers(0, 200, n)
    early_day = np.where(world.registered, early_day, np.maximum(early_day, first + 5))
    noticed = rng.random(n) < np.where(world.registered, 1.0, 0.45)
    held = np.where(world.registered, last.inside, (last.size > 0)) & noticed
    on_list = held & (poor_now | shocked | earlier)
    trigger = np.where(poor_now, income_day, np.where(shocked, shock_day, early_day))
    # A shock before the income falls below the line brings identification forward.
    trigger = np.where(poor_now & (shock_day != NO_DAY), np.minimum(trigger, shock_day), trigger)
    identified = np.where(on_list, np.minimum(trigger + lag, end), NO_DAY)
    kind = np.where(~world.registered, 2, np.where(poor_now | earlier, 1, 3)) * on_list
    eliminated = _eliminations(last, identified, on_list & ~poor_now, line, rng)
    return Watch(
        kind=kind,
        identified_on=identified,
        eliminated_on=eliminated,
        by_help=rng.random(n) < 0.85,
        risks=_risks(world, last, spending, on_list),
    )


def _crossing_day(then: Floats, now: Floats, line: float, rng: np.random.Generator) -> Ints:
    """Day of 2020 on which the trailing income of twelve months falls below the line (linear between year ends)."""
    share = np.clip((then - line) / np.maximum(then - now, 1.0), 0.0, 1.0)
    already = rng.integers(15, 120, len(then))
    return np.where(then < line, already, np.clip(share * 366, 20, 345)).astype(np.int64)


def _shock_day(spending: Spending, least: float, n: int) -> Ints:
    """Day of the first shock whose uncompensated loss is urgent."""
    events = spending.events
    net = events["loss"] - events["paid"]
    struck = events[(net >= least) & events["kind"].isin([0, 1, 2, 3, 4])]
    out = np.full(n, NO_DAY)
    earliest = struck.groupby("hh")["day"].min()
    out[earliest.index.to_numpy()] = earliest.to_numpy()
    return out


def _eliminations(last: Year, identified: Ints, may: Bools, line: float, rng: np.random.Generator) -> Ints:
    """At least half a year after identification, with income back above the line; never where nobody can work."""
    n = len(identified)
    day = np.where(identified != NO_DAY, identified, 0) + 184 + rng.integers(0, 75, n)
    allowed = may & (last.labour > 0) & (last.per_head >= line * 1.05) & (day <= day_number("2020-12-25"))
    return np.where(allowed & (rng.random(n) < 0.8), day, NO_DAY)


def _risks(world: World, last: Year, spending: Spending, on_list: Bools) -> np.ndarray:
    """The risk words that the state gives reason for; at least one."""
    alive = last.lives.alive
    kinds = spending.events.groupby("kind")["hh"].apply(lambda hh: set(hh.tolist()))

    def struck(*codes: int) -> Bools:
        out = np.zeros(world.n_hh, dtype=bool)
        for code in codes:
            out[list(kinds.get(code, set()))] = True
        return out

    reasons = (
        world.count(alive & (last.lives.health == 2)) > 0,
        world.count(alive & (last.lives.level > 0) & (last.lives.level <= 2)) > 0,
        world.count(alive & (last.stage >= 4)) > 0,
        struck(2, 4),
        struck(1, 3),
        struck(7),
        struck(6, 8),
        last.labour == 0,
    )
    out = np.full(world.n_hh, "", dtype=object)
    for word, present in zip(RISKS, reasons, strict=True):
        out = np.where(present & on_list, out + (word + ";"), out)
    out = np.where(on_list & (out == ""), "other;", out)
    return np.array([value[:-1] if value else None for value in out], dtype=object)


def elimination_table(world: World, last: Year, watch: Watch, income: pd.DataFrame, hh_ids: pa.Array) -> pd.DataFrame:
    """The ``elimination`` table: income of the year at elimination and the guarantees, all met."""
    rows = np.flatnonzero(watch.eliminated_on != NO_DAY)
    keys = text(hh_ids.take(pa.array(rows)))
    mine = income.set_index("household_id").loc[keys.tolist()].reset_index(drop=True)
    parts = ["wage_income", "business_gross", "property_income", "transfer_income", "business_cost"]
    net = mine[parts[:-1]].sum(axis=1) - mine["business_cost"]
    yes = flags(np.ones(len(rows), dtype=bool))
    return pd.DataFrame(
        {
            "household_id": keys,
            "eliminated_on": dates(watch.eliminated_on[rows]),
            **{name: yes for name in ("education_ok", "medical_ok", "house_safe", "water_safe")},
            **{name: mine[name] for name in parts},
            "net_income": net,
            "net_income_per_head": np.round(net / last.size[rows], 2),
            "claims_income": mine["claims_income"],
            "medical_self_paid": mine["medical_self_paid"],
        }
    )
