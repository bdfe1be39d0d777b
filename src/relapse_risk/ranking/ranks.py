"""Ranks with a stated tie rule, and rank intervals under changed weights.

Rank 1 is the worst off. Need and priority are ranked apart, so that aid never hides need.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError, unknown
from relapse_risk.hardship import (
    HardshipIndex,
    draw_weights,
    order_of,
)
from relapse_risk.hardship.aggregate import AGGREGATES
from relapse_risk.hardship.uncertainty import Perturbation
from relapse_risk.pictures import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Ranking", "rank_households", "rank_intervals", "rank_within"]

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
COUNTY = "county_code"
CITY_DIGITS = 4  # of a county's code (GB/T 2260)
GB_COUNTY = r"[0-9]{6}"
# A block of draws small enough that n × draws floats stay near 100 MB.
BLOCK_CELLS = 12_000_000


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranked households (or other units).

    Attributes
    ----------
    frame : DataFrame
        The unit, its groups, need, priority, and for each of the two ``rank_<what>_<level>`` (1 = worst off; null where
        there is no score), plus rank_low and rank_high, the interval of the rank of need.  In a register the levels are
        village (where known), town, county, city, and nation where there are several cities, and ``rank_county_low`` and
        ``rank_county_high`` are added; else they are the groups the caller named, each with its interval, and the whole:
        ``rank_need``.  There is no rank of priority where the design has no rule of aid.
    draws, level : int, float
        Number of perturbed weightings and coverage of the interval.
    mean_shift : float
        Mean absolute change of the rank between the design's weights and the draws, in places.
    unit : str
        Column that names each row.
    whole : str
        Column of the rank that the interval is of: ``rank_need_city`` or ``rank_need``.
    """

    frame: pd.DataFrame
    draws: int
    level: float
    mean_shift: float
    unit: str = "household_id"
    whole: str = "rank_need_city"

    def summary(self) -> str:
        """One line on size and stability."""
        width = (self.frame["rank_high"] - self.frame["rank_low"]).median()
        called = "households" if self.unit == "household_id" else "units"
        if not self.draws:
            return f"{len(self.frame)} {called} ranked, without intervals"
        return (
            f"{len(self.frame)} {called} ranked; {self.draws} weightings move a rank by {self.mean_shift:.1f} places "
            f"on average; median {self.level:.0%} interval {width:.0f} places wide"
        )

    def plot(self, ax: Axes | None = None, first: int = 40) -> Axes:
        """Rank and interval of the ``first`` units on ``ax``, or on new axes."""
        return picture(
            "relapse_risk.hardship.index_plots.plot_rank_intervals",
            ax,
            self.frame,
            rank=self.whole,
            unit=self.unit,
            first=first,
        )

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>{self.frame.head(10).to_html(index=False)}"


def rank_within(order: IntArray, groups: npt.NDArray[Any] | None, scored: npt.NDArray[np.bool_]) -> Array:
    """Ordinal rank within groups, given the order of all rows; NaN where not scored. Shape (n,).

    Parameters
    ----------
    order : integer array, shape (n,)
        Positions from worst off to best off (:func:`relapse_risk.hardship.order_of`).
    groups : integer array, shape (n,), optional
        One group when left out.
    scored : bool array, shape (n,)

    Returns
    -------
    array, shape (n,)
        From 1; NaN where not scored.

    References
    ----------
    rank = 1 + number of the group's households before it (ordinal ranks; source: ours).

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


def _scores_of(sub: Array, weights: Array, aggregate: str = "arithmetic") -> Array:
    """Need of each household under each weighting, unanswered weights shared; shape (n, draws)."""
    if aggregate != "arithmetic":
        return np.column_stack([AGGREGATES[aggregate](sub, one) for one in weights])
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
    aggregate: str = "arithmetic",
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
    aggregate : str
        How the sub-indexes make the whole: a name in :data:`relapse_risk.hardship.aggregate.AGGREGATES`.

    Returns
    -------
    low, high : integer arrays, shape (n,)
    shift : array, shape (n,)
        Mean absolute change of rank over the draws, in places.

    Raises
    ------
    ModelError
        For a coverage outside (0, 1).

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), doi:10.1111/j.1467-985X.2005.00350.x.

    Examples
    --------
    >>> low, high, shift = rank_intervals([[100, 0], [0, 100]], [[0.9, 0.1], [0.1, 0.9]], [0.9, 0.1])
    >>> low.tolist(), high.tolist(), shift.tolist()
    ([1, 1], [2, 2], [0.5, 0.5])
    """
    scores = np.asarray(sub, dtype=np.float64)
    draws = np.asarray(weights, dtype=np.float64)
    n = scores.shape[0]
    if not 0 < level < 1:
        raise ModelError("not a coverage", where="rank_intervals", got=level, expected="between 0 and 1")
    if aggregate not in AGGREGATES:
        raise unknown("aggregate", aggregate, AGGREGATES, "rank_intervals", ModelError)
    position = np.arange(n) if tie_order is None else np.asarray(tie_order)
    start = np.argsort(position, kind="stable")
    sorted_scores = scores[start]
    codes = None if groups is None else groups[start]
    ranks = np.empty((draws.shape[0], n), dtype=np.int32)
    step = max(1, BLOCK_CELLS // max(n, 1))
    for first in range(0, draws.shape[0], step):
        need = _scores_of(sorted_scores, draws[first : first + step], aggregate)
        ranks[first : first + step, start] = _ranks_of(need, codes)
    tail = (1 - level) / 2
    bounds = np.quantile(ranks, [tail, 1 - tail], axis=0, method="nearest")
    now = np.empty(n)
    now[start] = _ranks_of(
        _scores_of(sorted_scores, np.atleast_2d(np.asarray(base, dtype=np.float64)), aggregate), codes
    )[0]
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
    """Rank households (or other units) by need and by priority within each group, with an interval under changed weights.

    Groups: those of the index.  In a register these are village (where known), town and county, and with a county come the
    city (the first four digits of county_code), and the nation where the frame holds several cities.

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
        Null in a group nobody knows.

    Notes
    -----
    Ties are broken by the design's ``ties`` (income, then household_id), so every rank is held by one household.

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), doi:10.1111/j.1467-985X.2005.00350.x, for the interval.

    Examples
    --------
    >>> from relapse_risk.hardship import hardship_index, index_design
    >>> homes = pd.DataFrame({"home": ["a", "b", "c"], "income": [4500.0, 3000.0, 9000.0], "county": [1, 1, 2]})
    >>> design = index_design({"indicators": [{"code": "income", "worst": 0, "best": 10000}]})
    >>> ranking = rank_households(hardship_index(homes, design, unit="home", groups="county"))
    >>> ranking.frame[["rank_need_county", "rank_need"]].values.tolist()
    [[2, 2], [1, 1], [1, 3]]
    """
    source = index.frame
    frame = source[[index.unit, *reversed(index.groups), "need", "priority"]].copy()
    codes = {name: _codes(frame[name]) for name in index.groups}
    register = COUNTY in index.groups
    cities = _cities(frame[COUNTY]) if register else None
    wide: list[tuple[str, npt.NDArray[Any] | None]] = [("_city" if register else "", cities)]
    wide += [("_nation", None)] if cities is not None else []
    suffixes = [(f"_{name.removesuffix('_code')}", one) for name, one in codes.items()]
    for what in ("need", "priority") if index.design.aid is not None else ("need",):
        order = order_of(source, what, index.ties)
        scored = frame[what].notna().to_numpy()
        for suffix, group in [*suffixes, *wide]:
            known = scored if group is None else scored & (group >= 0)  # no rank in a place nobody knows
            frame[f"rank_{what}{suffix}"] = _places(rank_within(order, _unknown_last(group), known))
    inner = {f"rank{suffix}": group for suffix, group in suffixes if not register or suffix == "_county"}
    whole = "rank_need_city" if register else "rank_need"
    if generator is None:
        for name in ("rank", *inner):
            frame[f"{name}_low"] = frame[f"{name}_high"] = pd.array([pd.NA] * len(frame), dtype="Int64")
        return Ranking(frame, 0, level, float("nan"), index.unit, whole)
    shift = _add_intervals(frame, index, {"rank": cities, **inner}, (generator, draws, method, spread, level))
    return Ranking(frame, draws, level, shift, index.unit, whole)


def _places(rank: npt.ArrayLike) -> Any:
    """Ranks as whole numbers, null where there is none."""
    return pd.array(rank, dtype="Float64").astype("Int64")


def _codes(groups: pd.Series) -> IntArray:
    """Codes of the groups in the order of their names (of their text, where the names are of several kinds); null -1."""
    named = groups.astype("object")
    try:
        return pd.factorize(named, sort=True)[0]
    except TypeError:
        return pd.factorize(named.map(str, na_action="ignore"), sort=True)[0]


def _unknown_last(codes: IntArray | None) -> IntArray | None:
    """Group codes with the unknown in a group of their own."""
    return None if codes is None else np.where(codes >= 0, codes, codes.max(initial=-1) + 1)


def _cities(county: pd.Series) -> IntArray | None:
    """City of each row as a whole number; ``None`` where all are of one, or the codes are not of GB/T 2260."""
    numeric = pd.api.types.is_numeric_dtype(county)  # with a null among them, whole numbers are floats
    written = county.astype("Int64" if numeric and (county.dropna() % 1 == 0).all() else "object").astype("str")
    if not written[county.notna()].str.fullmatch(GB_COUNTY).all():  # a place's own codes say nothing about cities
        return None
    codes, known = pd.factorize(written.str[:CITY_DIGITS].where(county.notna()), sort=True)
    return codes if len(known) > 1 else None


def _add_intervals(
    frame: pd.DataFrame,
    index: HardshipIndex,
    groups: dict[str, IntArray | None],
    options: tuple[np.random.Generator, int, Perturbation, float, float],
) -> float:
    """Add ``<name>_low`` and ``<name>_high`` of the rank of need within each grouping; the mean shift within the first."""
    generator, draws, method, spread, level = options
    codes, aggregate = index.design.dimensions, index.design.aggregate
    sub = index.frame[[f"sub_{code}" for code in codes]].to_numpy(dtype=np.float64)
    base = np.array([index.design.node(code).weight for code in codes])
    weights = draw_weights(base, draws, generator, method, spread)
    position = np.empty(len(frame), dtype=np.intp)
    position[order_of(index.frame, None, index.ties)] = np.arange(len(frame))
    shifts = []
    unscored = frame["need"].isna().to_numpy()
    for name, group in groups.items():
        low, high, shift = rank_intervals(sub, weights, base, position, _unknown_last(group), level, aggregate)
        # A household without a score, or in a place nobody knows, has no rank, so no interval either.
        none = unscored if group is None else unscored | (group < 0)
        for side, limit in (("low", low), ("high", high)):
            frame[f"{name}_{side}"] = _places(np.where(none, np.nan, limit.astype(np.float64)))
        shifts.append(float(shift.mean()))
    return shifts[0]
