"""The true one-year-ahead probability of being poor of every household: the process run forward many times.

The transitory log factor of a household's market income is normal and independent of everything else, so it is
integrated in closed form inside each replicate (Rao-Blackwell); the replicates only have to average over
deaths, health, jobs, harvests, relief and accidents.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from scipy.special import ndtr

from relapse_risk.demo.income_process import advance, after
from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.typed_columns import Bools, Floats, flags, text
from relapse_risk.demo.year_state import State, Year

__all__ = ["poor_probability", "true_risk", "true_risk_table"]

REPLICATES = 48


def poor_probability(fixed: Floats, variable: Floats, line: Floats, level: float, sd: float) -> Floats:
    """P(fixed + level * variable * exp(sd * Z) < line) for standard normal Z.

    A household whose market income is not positive has no transitory part: it is poor or it is not.

    Examples
    --------
    >>> poor_probability(np.array([0.0]), np.array([100.0]), np.array([100.0]), 1.0, 0.3).tolist()
    [0.5]
    """
    room = line - fixed
    market = level * variable
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = ndtr(np.log(room / market) / sd)
    out = np.where(room <= 0, 0.0, np.where(market > 0, inner, 1.0))
    return np.asarray(np.where(market <= 0, (market < room).astype(float), out))


def true_risk(
    world: World,
    year: Year,
    listed: Bools,
    line: float,
    level: float | None,
    calibration: Calibration,
    rng: np.random.Generator,
    replicates: int = REPLICATES,
) -> pd.DataFrame:
    """Probability that income per head a year after ``year`` is below ``line``, given the true state.

    Parameters
    ----------
    world, year
        The city and the finished year to start from.
    listed : bool array (n_household,)
        Households in the register at that year's end.
    line : float
        CNY per person per year.
    level : float or None
        Income level of the year ahead; ``None``: the level that meets the assumed path is solved for.

    Returns
    -------
    DataFrame
        hh (position in the world), probability, standard_error (of the simulation).
    """
    here, state = _sub_state(world, after(year, world), listed)
    sd = calibration.number("household_shock_sd")
    total, square, seen = np.zeros(here.n_hh), np.zeros(here.n_hh), np.zeros(here.n_hh)
    for _ in range(replicates):
        ahead = advance(here, state, year.year + 1, calibration, rng)
        if level is None:
            level = _level(ahead, calibration.number("income_pc_path", year.year + 1), sd)
        alive = ahead.size > 0
        poor = poor_probability(ahead.fixed, ahead.market.variable, line * ahead.size, level, sd)
        total += np.where(alive, poor, 0.0)
        square += np.where(alive, poor**2, 0.0)
        seen += alive
    seen = np.maximum(seen, 1.0)
    mean = total / seen
    error = np.sqrt(np.maximum(square / seen - mean**2, 0.0) / seen)
    return pd.DataFrame({"hh": np.flatnonzero(listed), "probability": mean, "standard_error": error})


def _sub_state(world: World, state: State, listed: Bools) -> tuple[World, State]:
    """World and state of the listed households only; all of them are followed as registered or not."""
    here, persons = world.subset(listed)
    return here, State(
        lives=state.lives.take(persons),
        jobs=state.jobs.take(persons),
        capacity=state.capacity[persons],
        support_z=state.support_z[listed],
        means=state.means.take(np.flatnonzero(listed)),
        inside=state.inside[listed] & here.registered,
    )


def _level(ahead: Year, target: float, sd: float) -> float:
    """The level at which mean income per head of the registered meets the assumed path."""
    who = ahead.was_inside & (ahead.size > 0)
    market = float(ahead.market.variable[who].sum()) * float(np.exp(sd**2 / 2))
    return (target * float(ahead.size[who].sum()) - float(ahead.fixed[who].sum())) / market


def true_risk_table(
    world: World,
    years: tuple[Year, ...],
    edge: Bools,
    lines: tuple[float, ...],
    calibration: Calibration,
    hh_ids: pa.Array,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Truth at 2019-12 and 2020-12.

    Parameters
    ----------
    lines : tuple of 3 float
        Poverty lines of 2019, 2020 and 2021; the last is that of 2020 held.

    Returns
    -------
    DataFrame
        household_id, month, probability, standard_error, poor_now, poor_next (null for 2020-12 and the dead),
        leaves (left the register within the year; null for 2020-12).
    """
    then, now = years[-2], years[-1]
    first = true_risk(world, then, then.inside, lines[1], now.level, calibration, rng)
    second = true_risk(world, now, now.inside | edge, lines[2], None, calibration, rng)
    a, b = first["hh"].to_numpy(), second["hh"].to_numpy()
    known = np.concatenate([now.size[a] > 0, np.zeros(len(b), dtype=bool)])
    hh = np.concatenate([a, b])
    observed = np.concatenate([np.ones(len(a), dtype=bool), np.zeros(len(b), dtype=bool)])
    return pd.DataFrame(
        {
            "household_id": text(hh_ids.take(pa.array(hh))),
            "month": ["2019-12"] * len(a) + ["2020-12"] * len(b),
            "probability": np.concatenate([first["probability"], second["probability"]]),
            "standard_error": np.concatenate([first["standard_error"], second["standard_error"]]),
            "poor_now": flags(np.concatenate([then.per_head[a] < lines[0], now.per_head[b] < lines[1]])),
            "poor_next": flags(now.per_head[hh] < lines[1], ~known),
            "leaves": flags(~now.inside[hh], ~observed),
        }
    )
