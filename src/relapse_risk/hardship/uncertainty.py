"""What is uncertain in an index, as points of a unit cube, and the scores of every household at each point.

Weights, cut-offs (goalposts), the normaliser, the top aggregate and the meaning of missing answers all move at once.
The same engine serves shortlists (random points) and Sobol indices (designed points); each point is a whole rerun of
the design from the raw indicator values. Households are taken by pattern of missing answers, so that inside a block
no mask is needed and a thousand reruns of a city take seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from relapse_risk.errors import ModelError
from relapse_risk.hardship.aggregate import AGGREGATES
from relapse_risk.hardship.design import TOP, IndexDesign
from relapse_risk.hardship.normalise import NORMALISERS

__all__ = ["Draws", "Uncertainty", "draw_weights", "draws_at", "factors_of", "random_draws", "score_draws"]

Array = npt.NDArray[np.float64]
MissingDraw = Literal["share", "worst", "best", "donor"]
Perturbation = Literal["uniform", "dirichlet"]
# Rows handled at a time, so that 15 indicators of a block stay in the processor's cache.
BLOCK = 4096
# Scores kept at once: households × draws.
CELLS = 4_000_000
# A geometric or harmonic top needs scores above zero: COINr's 1-100 scale.
FLOOR = 1.0


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Which choices vary and how far.

    Attributes
    ----------
    weights : float
        Every weight (dimensions and indicators) moves uniformly within this share of itself.
    cutoffs : float
        Both goalposts move uniformly within this share of their distance.
    normalise : tuple of str
        Equally likely normalisers; ``goalposts`` means the design's own.
    aggregate : tuple of str
        Equally likely aggregates at the top.
    missing : tuple of str
        Equally likely meanings of a missing answer: ``share`` its weight, ``worst``, ``best``, or ``donor`` (the answer
        of a random answered household).
    """

    weights: float = 0.25
    cutoffs: float = 0.0
    normalise: tuple[str, ...] = ("goalposts",)
    aggregate: tuple[str, ...] = ("arithmetic",)
    missing: tuple[MissingDraw, ...] = ("share",)


@dataclass(frozen=True, slots=True)
class Draws:
    """Choices at D points.

    Attributes
    ----------
    top, inner : arrays, shapes (D, dimensions) and (D, p)
        Weights.
    worst, best : arrays, shape (D, p)
        Goalposts.
    normalise, aggregate, missing : integer arrays, shape (D,)
        Positions in the tuples of the :class:`Uncertainty`.
    seeds : integer array, shape (D,)
        Of the donors.
    """

    top: Array
    inner: Array
    worst: Array
    best: Array
    normalise: npt.NDArray[np.intp]
    aggregate: npt.NDArray[np.intp]
    missing: npt.NDArray[np.intp]
    seeds: npt.NDArray[np.intp]

    @property
    def count(self) -> int:
        return self.top.shape[0]


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
    draws : int
    spread : float
        Share of itself by which a weight moves.
    weights : array_like, shape (p,)
        Weights of the design; a zero weight stays zero.
    method : {"uniform", "dirichlet"}
        ``uniform``: each weight times U(1 - spread, 1 + spread), then rescaled. ``dirichlet``: Dirichlet whose mean is
        the design and whose relative spread for an average weight is ``spread``.
    generator : numpy.random.Generator

    Returns
    -------
    array, shape (draws, p)
        Each row sums to one.

    Raises
    ------
    ModelError
        For weights that are negative, infinite or all zero, no draw, a spread outside [0, 1) or an unknown method.

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), doi:10.1111/j.1467-985X.2005.00350.x.

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


def check_uncertainty(uncertainty: Uncertainty, design: IndexDesign) -> Uncertainty:
    """Return ``uncertainty`` if its ranges and names are known and the design has one level of sub-indexes."""
    where = f"{design.file}: uncertainty"
    for name, value in (("weights", uncertainty.weights), ("cutoffs", uncertainty.cutoffs)):
        if not 0 <= value < 0.5 + 0.5 * (name == "weights"):
            raise ModelError(
                "range outside the limits", where=f"{where}.{name}", got=value, expected="0 to below 0.5 (1)"
            )
    known = {"normalise": set(NORMALISERS), "aggregate": set(AGGREGATES), "missing": set(get_args(MissingDraw))}
    for name, words in known.items():
        chosen = getattr(uncertainty, name)
        if not chosen or not set(chosen) <= words:
            raise ModelError("unknown choice", where=f"{where}.{name}", got=chosen, expected=" | ".join(sorted(words)))
    if any(s.parent != TOP or s.aggregate != "arithmetic" for s in design.subindexes):
        raise ModelError(
            "the engine handles one level of arithmetic sub-indexes",
            where=where,
            fix="flatten the hierarchy or make its inner aggregates arithmetic",
        )
    return uncertainty


def factors_of(uncertainty: Uncertainty, design: IndexDesign) -> tuple[str, ...]:
    """Names of the coordinates of the unit cube: only what really varies.

    Parameters
    ----------
    uncertainty : Uncertainty
    design : IndexDesign

    Returns
    -------
    tuple of str
        Names of what varies.

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), doi:10.1111/j.1467-985X.2005.00350.x.

    Examples
    --------
    >>> from relapse_risk.hardship.design_file import read_index
    >>> factors_of(Uncertainty(), read_index())[0]
    'weight_income'
    """
    names: list[str] = []
    if uncertainty.weights:
        names += [f"weight_{code}" for code in design.dimensions]
        names += [f"weight_{item.code}" for item in design.indicators if item.parent != TOP]
    if uncertainty.cutoffs:
        names += [f"cutoffs_{item.code}" for item in design.indicators if item.normalise == "goalposts"]
    names += [name for name in ("normalise", "aggregate", "missing") if len(getattr(uncertainty, name)) > 1]
    return tuple(names)


def draws_at(points: npt.ArrayLike, uncertainty: Uncertainty, design: IndexDesign, seed: int = 0) -> Draws:
    """Choices at points of the unit cube; ``points`` has shape (D, factors).

    Parameters
    ----------
    points : array_like, shape (D, factors)
        In [0, 1]; one column per name of :func:`factors_of`.
    uncertainty : Uncertainty
    design : IndexDesign
    seed : int
        Of the donors of missing answers.

    Returns
    -------
    Draws
        At 0.5 every weight is the design's.

    Raises
    ------
    ModelError
        For points outside the cube or of another width, or ranges outside their limits.

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), doi:10.1111/j.1467-985X.2005.00350.x.

    Examples
    --------
    >>> from relapse_risk.hardship.design_file import read_index
    >>> design, choice = read_index(), Uncertainty()
    >>> draws = draws_at(np.full((1, len(factors_of(choice, design))), 0.5), choice, design)
    >>> round(float(draws.top.sum()), 9)
    1.0
    """
    check_uncertainty(uncertainty, design)
    u = np.asarray(points, dtype=np.float64)
    at = {name: j for j, name in enumerate(factors_of(uncertainty, design))}
    if u.ndim != 2 or u.shape[1] != len(at) or not np.all((u >= 0) & (u <= 1)):
        raise ModelError("points outside the cube", where="draws_at", got=u.shape, expected=f"(D, {len(at)}) in 0-1")

    def move(name: str, spread: float) -> Array:
        return 1 + spread * (2 * u[:, at[name]] - 1) if name in at else np.ones(u.shape[0])

    def pick(name: str) -> npt.NDArray[np.intp]:
        count = len(getattr(uncertainty, name))
        column = u[:, at[name]] if name in at else np.zeros(u.shape[0])
        return np.minimum((column * count).astype(np.intp), count - 1)

    items = design.indicators
    top = np.column_stack([design.node(c).weight * move(f"weight_{c}", uncertainty.weights) for c in design.dimensions])
    own = [move("" if i.parent == TOP else f"weight_{i.code}", uncertainty.weights) for i in items]
    inner = np.column_stack([i.weight * moved for i, moved in zip(items, own, strict=True)])
    # One coordinate slides both goalposts of an indicator together: easier or harder to count as hardship.
    slide = np.column_stack(
        [(move(f"cutoffs_{i.code}", uncertainty.cutoffs) - 1) * abs(i.worst - i.best) for i in items]
    )
    slide = np.nan_to_num(slide)
    worst, best = np.array([i.worst for i in items]), np.array([i.best for i in items])
    return Draws(
        top / top.sum(axis=1, keepdims=True),
        inner,
        worst + slide,
        best + slide,
        pick("normalise"),
        pick("aggregate"),
        pick("missing"),
        np.arange(seed, seed + u.shape[0]),
    )


def random_draws(uncertainty: Uncertainty, design: IndexDesign, draws: int, generator: np.random.Generator) -> Draws:
    """``draws`` independent points.

    Parameters
    ----------
    uncertainty : Uncertainty
    design : IndexDesign
    draws : int
    generator : numpy.random.Generator

    Returns
    -------
    Draws

    Raises
    ------
    ModelError
        For fewer than one draw, or ranges outside their limits.

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), doi:10.1111/j.1467-985X.2005.00350.x.

    Examples
    --------
    >>> from relapse_risk.hardship.design_file import read_index
    >>> design = read_index()
    >>> random_draws(Uncertainty(), design, 4, np.random.default_rng(1)).top.shape == (4, len(design.dimensions))
    True
    """
    if draws < 1:
        raise ModelError("needs a draw", where="random_draws", got=draws, expected=">= 1")
    points = generator.random((draws, len(factors_of(uncertainty, design))))
    return draws_at(points, uncertainty, design, int(generator.integers(2**31)))


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
