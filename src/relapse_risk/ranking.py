"""Ranks with a stated tie rule, rank intervals under changed weights, and shortlists with probabilities.

Rank 1 is the worst off. Need and priority are ranked apart, so that aid never hides need.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.hardship import HardshipIndex

__all__ = [
    "Band",
    "Ranking",
    "Shortlist",
    "draw_weights",
    "order_of",
    "rank_households",
    "rank_intervals",
    "rank_scores",
    "rank_within",
    "shortlist",
]

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
Perturbation = Literal["uniform", "dirichlet"]
TieRule = Literal["min", "dense", "ordinal", "average", "max"]
Band = Literal["surely_in", "review", "surely_out"]
LEVELS = ("village_code", "town_code", "county_code")
# A block of draws small enough that n × draws floats stay near 100 MB.
BLOCK_CELLS = 12_000_000
BAND_ORDER = ("surely_in", "review", "surely_out")


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranked households.

    Attributes
    ----------
    frame : DataFrame
        household_id, county_code, town_code, need, priority, and for each of the two ``rank_<what>_<level>`` (1 =
        worst off; levels town, county, city; null where there is no score), plus rank_low and rank_high (interval of
        the city rank of need) and ``rank_county_low`` and ``rank_county_high``.
    draws, level : int, float
        Number of perturbed weightings and coverage of the interval.
    mean_shift : float
        Mean absolute change of the city rank between the design's weights and the draws, in places.
    """

    frame: pd.DataFrame
    draws: int
    level: float
    mean_shift: float

    def summary(self) -> str:
        """One line on size and stability."""
        width = (self.frame["rank_high"] - self.frame["rank_low"]).median()
        return (
            f"{len(self.frame)} households ranked; {self.draws} weightings move a rank by {self.mean_shift:.1f} places "
            f"on average; median {self.level:.0%} interval {width:.0f} places wide"
        )

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>{self.frame.head(10).to_html(index=False)}"


def rank_scores(scores: npt.ArrayLike, ties: TieRule = "min") -> Array:
    """Ranks of scores, 1 = highest; NaN scores have no rank. Shape (n,).

    Parameters
    ----------
    scores : array_like, shape (n,)
    ties : {"min", "dense", "ordinal", "average", "max"}
        ``min`` as COINr, ``dense`` as scikit-criteria, ``ordinal`` by position.

    Examples
    --------
    >>> rank_scores([10, 30, 30, 20]).tolist(), rank_scores([10, 30, 30, 20], "dense").tolist()
    ([4.0, 1.0, 1.0, 3.0], [3.0, 1.0, 1.0, 2.0])
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1:
        raise ModelError("not a vector", where="rank_scores", got=values.shape, expected="(n,)")
    if ties not in ("min", "dense", "ordinal", "average", "max"):
        raise ModelError("unknown tie rule", where="rank_scores", got=ties, expected="min | dense | ordinal | ...")
    order = np.argsort(-values, kind="stable")
    n = values.size - int(np.isnan(values).sum())
    out = np.full(values.size, np.nan)
    if not n:
        return out
    seen = values[order[:n]]
    first = np.concatenate(([True], seen[1:] != seen[:-1]))
    block = np.cumsum(first) - 1
    starts = np.flatnonzero(first)
    ends = np.append(starts[1:], n)
    place = {
        "ordinal": np.arange(1.0, n + 1),
        "dense": block + 1.0,
        "min": starts[block] + 1.0,
        "max": ends[block] * 1.0,
        "average": (starts[block] + 1.0 + ends[block]) / 2,
    }[ties]
    out[order[:n]] = place
    return out


def order_of(frame: pd.DataFrame, by: str, ties: Sequence[str]) -> IntArray:
    """Row positions from worst off to best off: ``by`` descending, then each of ``ties`` ascending; NaN last.

    Raises
    ------
    ModelError
        If a column is absent.
    """
    for name in (by, *ties):
        if name not in frame:
            raise ModelError("no such column to rank by", where="ranking", got=name, expected=" | ".join(frame.columns))
    keys: list[Any] = [_sortable(frame[name]) for name in reversed(ties)]
    keys.append(-frame[by].to_numpy(dtype=np.float64, na_value=np.nan))
    return np.lexsort(keys)


def _sortable(column: pd.Series) -> npt.NDArray[Any]:
    """A key for lexsort: numbers as they are, text as the position of its sorted value."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.factorize(column, sort=True)[0]


def rank_within(order: IntArray, groups: npt.NDArray[Any] | None, scored: npt.NDArray[np.bool_]) -> Array:
    """Ordinal rank within groups, given the order of all rows; NaN where not scored. Shape (n,).

    Examples
    --------
    >>> rank_within(np.array([2, 0, 1]), np.array([0, 1, 1]), np.ones(3, bool)).tolist()
    [1.0, 2.0, 1.0]
    """
    n = order.size
    codes = np.zeros(n, dtype=np.intp) if groups is None else groups
    sorted_codes = codes[order]
    by_group = np.argsort(sorted_codes, kind="stable")
    counts = np.bincount(sorted_codes, minlength=1)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    rank = np.empty(n)
    rank[order[by_group]] = np.arange(n) - starts + 1.0
    return np.where(scored, rank, np.nan)


def draw_weights(
    weights: npt.ArrayLike,
    draws: int,
    generator: np.random.Generator,
    method: Perturbation = "uniform",
    spread: float = 0.25,
) -> Array:
    """Perturbed weightings, each summing to one; shape (draws, p).

    Parameters
    ----------
    weights : array_like, shape (p,)
        Weights of the design; a zero weight stays zero.
    method : {"uniform", "dirichlet"}
        ``uniform``: each weight times U(1 - spread, 1 + spread), then rescaled. ``dirichlet``: Dirichlet whose mean is
        the design and whose relative spread for an average weight is ``spread``.
    generator : numpy.random.Generator

    Examples
    --------
    >>> w = draw_weights([3, 1], 1000, np.random.default_rng(1))
    >>> w.shape, bool(np.allclose(w.sum(axis=1), 1)), bool(abs(w[:, 0].mean() - 0.75) < 0.01)
    ((1000, 2), True, True)
    """
    base = np.asarray(weights, dtype=np.float64)
    if base.ndim != 1 or not np.all(np.isfinite(base) & (base >= 0)) or base.sum() <= 0:
        raise ModelError("weights must be finite, >= 0 and not all zero", where="draw_weights", got=base.tolist())
    if draws < 1 or not 0 <= spread < 1:
        raise ModelError("needs draws >= 1 and 0 <= spread < 1", where="draw_weights", got=(draws, spread))
    base = base / base.sum()
    if method == "uniform":
        out = base * generator.uniform(1 - spread, 1 + spread, size=(draws, base.size))
    elif method == "dirichlet":
        live = base > 0
        # Var(w) = m (1 - m) / (a + 1); choose a so that sd / m = spread at m = 1 / p.
        total = max((live.sum() - 1) / max(spread, 1e-9) ** 2 - 1, 1.0)
        out = np.zeros((draws, base.size))
        out[:, live] = generator.dirichlet(base[live] * total, size=draws)
    else:
        raise ModelError("unknown perturbation", where="draw_weights", got=method, expected="uniform | dirichlet")
    scaled: Array = out / out.sum(axis=1, keepdims=True)
    return scaled


def _scores_of(sub: Array, weights: Array) -> Array:
    """Need of each household under each weighting, unanswered weights shared; shape (n, draws)."""
    known = ~np.isnan(sub)
    if known.all():
        return sub @ weights.T
    with np.errstate(invalid="ignore", divide="ignore"):
        need: Array = (np.where(known, sub, 0.0) @ weights.T) / (known.astype(np.float64) @ weights.T)
    return need


def rank_intervals(
    sub: npt.ArrayLike,
    weights: npt.ArrayLike,
    base: npt.ArrayLike,
    tie_order: npt.ArrayLike | None = None,
    groups: npt.NDArray[Any] | None = None,
    level: float = 0.9,
) -> tuple[IntArray, IntArray, Array]:
    """Interval of each row's rank over weightings, and the mean absolute shift from its rank under given weights.

    Parameters
    ----------
    sub : array_like, shape (n, p)
        Scores of the sub-indexes; NaN unanswered.
    weights : array_like, shape (draws, p)
    base : array_like, shape (p,)
        Weights of the design, from whose ranks the shift is counted.
    tie_order : array_like, shape (n,), optional
        Position used to break equal scores, lower first.
    groups : integer array, shape (n,), optional
        Rank within groups.
    level : float
        Coverage, such as 0.9 for the 5th to the 95th percentile.

    Returns
    -------
    low, high : integer arrays, shape (n,)
    shift : array, shape (n,)
        Mean absolute change of rank over the draws, in places.
    """
    scores = np.asarray(sub, dtype=np.float64)
    draws = np.asarray(weights, dtype=np.float64)
    n = scores.shape[0]
    if not 0 < level < 1:
        raise ModelError("not a coverage", where="rank_intervals", got=level, expected="between 0 and 1")
    position = np.arange(n) if tie_order is None else np.asarray(tie_order)
    start = np.argsort(position, kind="stable")
    sorted_scores = scores[start]
    codes = None if groups is None else groups[start]
    ranks = np.empty((draws.shape[0], n), dtype=np.int32)
    step = max(1, BLOCK_CELLS // max(n, 1))
    for first in range(0, draws.shape[0], step):
        need = _scores_of(sorted_scores, draws[first : first + step])
        ranks[first : first + step, start] = _ranks_of(need, codes)
    tail = (1 - level) / 2
    bounds = np.quantile(ranks, [tail, 1 - tail], axis=0, method="nearest")
    now = np.empty(n)
    now[start] = _ranks_of(_scores_of(sorted_scores, np.atleast_2d(np.asarray(base, dtype=np.float64))), codes)[0]
    return bounds[0].astype(np.intp), bounds[1].astype(np.intp), np.abs(ranks - now).mean(axis=0)


def _ranks_of(need: Array, codes: npt.NDArray[Any] | None) -> Array:
    """Ordinal ranks of each column of scores, rows in tie order; shape (draws, n)."""
    scored = np.ones(need.shape[0], dtype=np.bool_)
    orders = (np.argsort(-need[:, column], kind="stable") for column in range(need.shape[1]))
    return np.stack([rank_within(order, codes, scored) for order in orders])


def rank_households(
    index: HardshipIndex,
    generator: np.random.Generator | None = None,
    draws: int = 100,
    method: Perturbation = "uniform",
    spread: float = 0.25,
    level: float = 0.9,
) -> Ranking:
    """Rank households by need and by priority within town, county and city, with an interval under changed weights.

    Parameters
    ----------
    index : HardshipIndex
    generator : numpy.random.Generator, optional
        Randomness of the perturbed weightings; ``None`` leaves the intervals null.
    draws, method, spread
        See :func:`draw_weights`; by default every weight moves within 25 % of itself.
    level : float
        Coverage of the intervals.

    Returns
    -------
    Ranking

    Notes
    -----
    Ties are broken by the design's ``ties`` (income, then household_id), so every rank is held by one household.
    """
    source, design = index.frame, index.design
    ties = [name for name in design.ties if name in source]
    frame = source[[c for c in ("household_id", *reversed(LEVELS), "need", "priority") if c in source]].copy()
    groups = {level_: pd.factorize(frame[level_], sort=True)[0] for level_ in LEVELS if level_ in frame}
    for what in ("need", "priority"):
        order = order_of(source, what, ties)
        scored = frame[what].notna().to_numpy()
        for name, codes in [*groups.items(), ("city", None)]:
            column = f"rank_{what}_{name.removesuffix('_code')}"
            frame[column] = pd.array(rank_within(order, codes, scored), dtype="Float64").astype("Int64")
    if generator is None:
        for name in ("rank_low", "rank_high", "rank_county_low", "rank_county_high"):
            frame[name] = pd.array([pd.NA] * len(frame), dtype="Int64")
        return Ranking(frame, 0, level, float("nan"))
    return _with_intervals(frame, index, ties, groups.get("county_code"), (generator, draws, method, spread, level))


def _with_intervals(
    frame: pd.DataFrame,
    index: HardshipIndex,
    ties: list[str],
    counties: npt.NDArray[Any] | None,
    options: tuple[np.random.Generator, int, Perturbation, float, float],
) -> Ranking:
    """Add rank intervals of need within city and county."""
    generator, draws, method, spread, level = options
    codes = index.design.dimensions
    sub = index.frame[[f"sub_{code}" for code in codes]].to_numpy(dtype=np.float64)
    base = np.array([index.design.node(code).weight for code in codes])
    weights = draw_weights(base, draws, generator, method, spread)
    position = np.empty(len(frame), dtype=np.intp)
    position[order_of(index.frame.assign(_one=0.0), "_one", ties)] = np.arange(len(frame))
    low, high, shift = rank_intervals(sub, weights, base, position, None, level)
    frame["rank_low"], frame["rank_high"] = pd.array(low, dtype="Int64"), pd.array(high, dtype="Int64")
    if counties is not None:
        county_low, county_high, _ = rank_intervals(sub, weights, base, position, counties, level)
        frame["rank_county_low"] = pd.array(county_low, dtype="Int64")
        frame["rank_county_high"] = pd.array(county_high, dtype="Int64")
    return Ranking(frame, draws, level, float(shift.mean()))


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Who belongs to a list of fixed length or budget, over many ways to make the index.

    Attributes
    ----------
    frame : DataFrame
        household_id, need, listed (under the design as it is), probability (share of draws in which it is listed),
        band (``surely_in``, ``review``, ``surely_out``).
    quota : int
        Length of the list under the design as it is.
    draws : int
    sure : float
        Probability from which a household is surely in; one minus it and below, surely out.
    """

    frame: pd.DataFrame
    quota: int
    draws: int
    sure: float

    def summary(self) -> str:
        """One line: length of the list and size of each band."""
        counts = self.frame["band"].value_counts()
        bands = ", ".join(f"{band.replace('_', ' ')} {counts.get(band, 0)}" for band in BAND_ORDER)
        return f"shortlist of {self.quota} over {self.draws} draws: {bands}"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>{self.frame.head(10).to_html(index=False)}"


def listed_by_quota(scores: Array, quota: int) -> npt.NDArray[np.bool_]:
    """The ``quota`` highest scores of each column, ties to the earlier row; shape as ``scores``."""
    n, columns = scores.shape
    listed = np.zeros((n, columns), dtype=np.bool_)
    if quota <= 0:
        return listed
    for column in range(columns):
        values = np.where(np.isnan(scores[:, column]), -np.inf, scores[:, column])
        threshold = np.partition(values, n - quota)[n - quota]
        above = values > threshold
        room = quota - int(above.sum())
        above[np.flatnonzero(values == threshold)[:room]] = True
        listed[:, column] = above
    return listed


def listed_by_budget(scores: Array, cost: Array, budget: float) -> npt.NDArray[np.bool_]:
    """Rows from the highest score down while their cost fits the budget; stops at the first that does not."""
    n, columns = scores.shape
    listed = np.zeros((n, columns), dtype=np.bool_)
    for column in range(columns):
        order = np.argsort(-scores[:, column], kind="stable")
        fits = np.cumsum(cost[order]) <= budget
        listed[order[: int(np.argmin(fits)) if not fits.all() else n], column] = True
    return listed


def shortlist(
    index: HardshipIndex,
    generator: np.random.Generator,
    quota: int | None = None,
    budget: float | None = None,
    cost: npt.ArrayLike | None = None,
    draws: int = 1000,
    spread: float = 0.25,
    sure: float = 0.95,
) -> Shortlist:
    """Shortlist for a quota or a budget with the probability that each household belongs to it over weightings.

    Parameters
    ----------
    index : HardshipIndex
    generator : numpy.random.Generator
    quota : int, optional
        Number of households; or
    budget : float, optional
        Currency, with ``cost`` of shape (n,) per household.
    draws : int
    spread : float
        Each weight moves uniformly within this share of itself.
    sure : float
        Band limit, above one half.

    Raises
    ------
    ModelError
        If not exactly one of quota and budget is given, or the quota is not between 1 and the number of households.

    Notes
    -----
    Weights only. For cut-offs, normalisation, aggregation and missing answers as well, see
    :func:`relapse_risk.hardship.robust_shortlist`.
    """
    n = len(index.frame)
    costs = _check_limits(n, quota, budget, cost, sure)
    codes = index.design.dimensions
    position = order_of(index.frame.assign(_one=0.0), "_one", [t for t in index.design.ties if t in index.frame])
    sub = index.frame[[f"sub_{code}" for code in codes]].to_numpy(dtype=np.float64)[position]
    base = np.array([index.design.node(code).weight for code in codes])
    weights = draw_weights(base, draws, generator, "uniform", spread)
    hits = np.zeros(n)
    step = max(1, BLOCK_CELLS // n)
    for first in range(0, draws, step):
        hits += _listed(_scores_of(sub, weights[first : first + step]), quota, budget, costs, position).sum(axis=1)
    now = _listed(_scores_of(sub, (base / base.sum())[None, :]), quota, budget, costs, position)[:, 0]
    probability, listed = np.empty(n), np.empty(n, dtype=np.bool_)
    probability[position], listed[position] = hits / draws, now
    frame = index.frame[["household_id", "need"]].assign(
        listed=listed,
        probability=probability,
        band=np.select([probability >= sure, probability <= 1 - sure], ["surely_in", "surely_out"], "review"),
    )
    return Shortlist(frame.astype({"band": "str"}), int(listed.sum()), draws, sure)


def _listed(
    scores: Array, quota: int | None, budget: float | None, costs: Array | None, position: IntArray
) -> npt.NDArray[np.bool_]:
    if quota is not None:
        return listed_by_quota(scores, quota)
    assert costs is not None
    assert budget is not None
    return listed_by_budget(scores, costs[position], budget)


def _check_limits(
    n: int, quota: int | None, budget: float | None, cost: npt.ArrayLike | None, sure: float
) -> Array | None:
    """Exactly one of quota and budget; costs as an array when there is a budget."""
    if (quota is None) == (budget is None):
        raise ModelError("give a quota or a budget", where="shortlist", got=(quota, budget), expected="exactly one")
    if not 0.5 < sure <= 1:
        raise ModelError("not a band limit", where="shortlist: sure", got=sure, expected="above 0.5, at most 1")
    if quota is not None:
        if not 1 <= quota <= n:
            raise ModelError("quota outside the range", where="shortlist", got=quota, expected=f"1 to {n}")
        return None
    costs = np.asarray(cost, dtype=np.float64)
    if costs.shape != (n,) or not np.all(np.isfinite(costs) & (costs > 0)):
        raise ModelError("a budget needs a positive cost per household", where="shortlist: cost", got=costs.shape)
    return costs
