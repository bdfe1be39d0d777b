"""What is uncertain in an index, as points of a unit cube: weights, cut-offs, normaliser, top aggregate, missing answers.

Shortlists take random points and Sobol indices designed ones; each point is a whole rerun of the design from the raw
indicator values (:mod:`relapse_risk.hardship.draw_scores`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.hardship.aggregate import AGGREGATES
from relapse_risk.hardship.design import TOP, IndexDesign
from relapse_risk.hardship.normalise import NORMALISERS

__all__ = ["Draws", "Uncertainty", "draw_weights", "draws_at", "factors_of", "random_draws"]

Array = npt.NDArray[np.float64]
MissingDraw = Literal["share", "worst", "best", "donor"]
Perturbation = Literal["uniform", "dirichlet"]


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

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), doi:10.1111/j.1467-985X.2005.00350.x.

    Examples
    --------
    Where nothing varies, a village is on the list or not; where every weight varies, some are on it at times.

    >>> import relapse_risk as rr
    >>> index = rr.hardship_index(rr.datasets.villages(), rr.datasets.village_design(), unit="village", groups="county")
    >>> for how in (Uncertainty(weights=0.0), Uncertainty(weights=0.25)):
    ...     listed = rr.shortlist(index, np.random.default_rng(1), quota=10, uncertainty=how, draws=50)
    ...     print(listed.frame["probability"].between(0, 1, inclusive="neither").any())
    False
    True
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
