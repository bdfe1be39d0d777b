"""Scores of every household at each point of an uncertain design, a block of households and draws at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from relapse_risk.hardship.aggregate import AGGREGATES
from relapse_risk.hardship.design import TOP, IndexDesign
from relapse_risk.hardship.normalise import NORMALISERS
from relapse_risk.hardship.uncertainty import Draws, Uncertainty, check_uncertainty

__all__ = ["score_draws"]

Array = npt.NDArray[np.float64]
# Rows handled at a time, so that 15 indicators of a block stay in the processor's cache.
BLOCK = 4096
# Scores kept at once: households × draws.
CELLS = 4_000_000
# A geometric or harmonic top needs scores above zero: COINr's 1-100 scale.
FLOOR = 1.0


def _normalised(values: Array, design: IndexDesign, uncertainty: Uncertainty) -> dict[str, Array]:
    """Scores 0-100 of each data-driven normaliser, shape (p, n); goalposts are scored draw by draw."""
    out: dict[str, Array] = {}
    for name in uncertainty.normalise:
        if name == "goalposts" and all(i.normalise == "goalposts" for i in design.indicators):
            continue
        rows = []
        for j, item in enumerate(design.indicators):
            method = item.normalise if name == "goalposts" else name
            up = item.worst > item.best if np.isfinite(item.worst) else item.direction == "up"
            column = values[j] if up else -values[j]
            known = column[np.isfinite(column)]
            constant = known.size == 0 or known.min() == known.max()
            clean = np.where(np.isinf(column), np.nan, column)
            rows.append(np.where(np.isnan(clean), np.nan, 0.0) if constant else NORMALISERS[method](clean))
        out[name] = np.stack(rows)
    return out


@dataclass(frozen=True, slots=True)
class _Block:
    """Households with the same unanswered indicators: their positions, raw or normalised numbers, and the pattern."""

    rows: npt.NDArray[np.intp]
    known: npt.NDArray[np.bool_]


def _blocks(raw: Array) -> list[_Block]:
    """Rows by pattern of missing answers, at most :data:`BLOCK` at a time."""
    known = ~np.isnan(raw)
    patterns, codes = np.unique(known, axis=1, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(patterns.shape[1] + 1))
    return [
        _Block(order[first : min(first + BLOCK, edges[p + 1])], patterns[:, p])
        for p in range(patterns.shape[1])
        for first in range(edges[p], edges[p + 1], BLOCK)
    ]


def _membership(design: IndexDesign) -> Array:
    """1 where an indicator belongs to a dimension; shape (dimensions, p)."""
    codes = design.dimensions
    out = np.zeros((len(codes), len(design.indicators)))
    for j, item in enumerate(design.indicators):
        out[codes.index(item.code if item.parent == TOP else item.parent), j] = 1
    return out


def _need(scores: Array, known: npt.NDArray[np.bool_], top: Array, inner: Array, method: str) -> Array:
    """Need of a block from scores (p, b); unanswered rows of ``scores`` carry no weight. Shape (b,).

    ``inner`` has shape (dimensions, p): each indicator's weight in the row of its dimension.
    """
    live = inner * known
    total = live.sum(axis=1)
    answered = total > 0
    if not answered.any():
        return np.full(scores.shape[1], np.nan)
    share = live[answered] / total[answered, None]
    weight = top[answered] / top[answered].sum()
    if method == "arithmetic":
        return np.asarray((weight @ share) @ scores)
    sub = share @ scores
    lifted = FLOOR + sub * (100 - FLOOR) / 100 if method in ("geometric", "harmonic") else sub
    return AGGREGATES[method](lifted.T, weight)


def _answers(
    numbers: Array, block: _Block, policy: str, donors: tuple[np.random.Generator, list[Array]]
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Numbers (p, b) of a block with donors in place of missing ones where asked, and which rows carry weight."""
    if policy != "donor" or block.known.all():
        return numbers, block.known
    generator, pool = donors
    out = numbers.copy()
    for j in np.flatnonzero(~block.known):
        if pool[j].size:
            out[j] = generator.choice(pool[j], out.shape[1])
    return out, block.known | np.array([column.size > 0 for column in pool])


def score_draws(values: pd.DataFrame, design: IndexDesign, uncertainty: Uncertainty, draws: Draws) -> Iterator[Array]:
    """Need of every household at each draw, in blocks of draws; each block has shape (draws in block, n).

    Parameters
    ----------
    values : DataFrame, shape (n, p)
        Raw indicator values by code (:attr:`HardshipIndex.values`), NaN unanswered.
    design : IndexDesign
    uncertainty : Uncertainty
    draws : Draws

    Yields
    ------
    array, shape (d, n)

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), doi:10.1111/j.1467-985X.2005.00350.x.

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.hardship import hardship_index, read_index
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> homes = pd.DataFrame({"household_id": ["a", "b", "c"], "county_code": "371425", "town_code": "371425100",
    ...                       "income_pc_year": [3000.0, 4500.0, 9000.0]})
    >>> index = hardship_index(homes, read_index(), read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> from relapse_risk.hardship.uncertainty import random_draws
    >>> draws = random_draws(Uncertainty(), index.design, 4, np.random.default_rng(1))
    >>> next(iter(score_draws(index.values, index.design, Uncertainty(), draws))).shape
    (4, 3)
    """
    check_uncertainty(uncertainty, design)
    raw = np.ascontiguousarray(values[list(design.codes)].to_numpy(dtype=np.float64).T)
    ready = _normalised(raw, design, uncertainty)
    blocks = _blocks(raw)
    sources = {name: (matrix, _pool(matrix)) for name, matrix in ready.items()}
    sources["goalposts"] = sources.get("goalposts", (raw, _pool(raw)))
    cut = {
        name: [np.ascontiguousarray(matrix[:, block.rows]) for block in blocks] for name, (matrix, _) in sources.items()
    }
    step = max(1, CELLS // max(raw.shape[1], 1))
    for start in range(0, draws.count, step):
        out = np.empty((min(step, draws.count - start), raw.shape[1]))
        with threadpool_limits(limits=1):  # small products: threads only wait for each other
            for place in range(out.shape[0]):
                d = start + place
                name = uncertainty.normalise[draws.normalise[d]]
                donors = (np.random.default_rng(int(draws.seeds[d])), sources[name][1])
                for block, numbers in zip(blocks, cut[name], strict=True):
                    out[place, block.rows] = _one_draw(
                        numbers, block, design, uncertainty, draws, d, donors, name in ready
                    )
        yield out


def _pool(matrix: Array) -> list[Array]:
    """The answered numbers of each indicator."""
    return [row[~np.isnan(row)] for row in matrix]


def _one_draw(
    numbers: Array,
    block: _Block,
    design: IndexDesign,
    uncertainty: Uncertainty,
    draws: Draws,
    d: int,
    donors: tuple[np.random.Generator, list[Array]],
    is_ready: bool,
) -> Array:
    """Need of one block at one draw; shape (b,)."""
    policy = uncertainty.missing[draws.missing[d]]
    numbers, known = _answers(numbers, block, policy, donors)
    if is_ready:
        scores = numbers
    else:
        best = draws.best[d][:, None]
        scores = numbers - best
        scores *= 100 / (draws.worst[d][:, None] - best)
        np.clip(scores, 0.0, 100.0, out=scores)
    if not known.all():
        scores = scores.copy() if is_ready else scores
        scores[~known] = 100.0 if policy == "worst" else 0.0
        known = known | (policy in ("worst", "best"))
    inner = _membership(design) * draws.inner[d]
    return _need(scores, known, draws.top[d], inner, uncertainty.aggregate[draws.aggregate[d]])
