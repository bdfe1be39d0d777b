"""Local polynomials at a cut-off: one side's fit, its residual variance, and bandwidths that balance bias and variance.

Calonico, Cattaneo and Titiunik (2014), doi:10.3982/ECTA11757; Calonico, Cattaneo and Farrell (2018, 2020),
doi:10.1080/01621459.2017.1285776 and doi:10.1093/ectj/utz022.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError

__all__ = ["Bandwidths", "Kernel", "Residuals", "Side", "Variance", "bandwidths", "kernel_weights", "side_of", "within"]

Array = npt.NDArray[np.float64]
Kernel = Literal["triangular", "uniform", "epanechnikov"]
Residuals = Literal["neighbours", "hc1"]
PILOT = {"triangular": 2.576, "uniform": 1.843, "epanechnikov": 2.34}  # of Silverman's rule for a density, by kernel
NEIGHBOURS = 3  # on whom a residual is based (Abadie and Imbens 2006)
MASS_SHARE, MASS_LEAST = 0.2, 10  # with so many repeated scores, a bandwidth holds so many distinct ones


@dataclass(frozen=True, slots=True)
class Side:
    """Households on one side of the cut-off, in order of their score.

    Attributes
    ----------
    x, y : array, shape (n,)
        Score minus cut-off, and outcome.
    cluster : integer array, shape (n,), or None
    """

    x: Array
    y: Array
    cluster: npt.NDArray[np.int64] | None

    @property
    def distinct(self) -> Array:
        """Distances of the distinct scores from the cut-off, rising."""
        return np.sort(np.unique(np.abs(self.x)))


@dataclass(frozen=True, slots=True)
class Variance:
    """How the variance of residuals is estimated: from nearest neighbours or HC1 (with clusters always CR1)."""

    residuals: Residuals
    kernel: Kernel


class Bandwidths(NamedTuple):
    """Bandwidth of the estimate and of its bias."""

    main: float
    bias: float


class Pieces(NamedTuple):
    """Variance, bias, regularisation and rate of one step of the bandwidth choice."""

    variance: float
    bias: float
    regularisation: float
    rate: float


def side_of(x: Array, y: Array, cluster: npt.NDArray[np.int64] | None, rows: npt.NDArray[np.bool_]) -> Side:
    """The rows chosen, in order of their score."""
    order = np.flatnonzero(rows)[np.argsort(x[rows], kind="stable")]
    return Side(x[order], y[order], None if cluster is None else cluster[order])


def kernel_weights(x: Array, bandwidth: float, kernel: Kernel) -> Array:
    """K(x/h)/h.

    Examples
    --------
    >>> kernel_weights(np.array([0.0, 1.0, 2.0]), 2.0, "triangular").tolist()
    [0.5, 0.25, 0.0]
    """
    u = x / bandwidth
    inside = np.abs(u) <= 1
    shape = {"triangular": 1 - np.abs(u), "uniform": np.full(len(u), 0.5), "epanechnikov": 0.75 * (1 - u**2)}[kernel]
    return inside * shape / bandwidth


def within(side: Side, bandwidth: float, kernel: Kernel, columns: int) -> tuple[Side, Array]:
    """Households with a weight, and their weights.

    Raises
    ------
    ModelError
        If they are no more than the columns of the polynomial.
    """
    weights = kernel_weights(side.x, bandwidth, kernel)
    held = weights > 0
    if np.unique(side.x[held]).size <= columns:
        raise ModelError(
            "too few households next to the cut-off", where="regression discontinuity",
            got=f"{int(held.sum())} within {bandwidth:.4g}", expected=f"more than {columns} different scores on each side",
            fix="a wider bandwidth, or wait for more households",
        )  # fmt: skip
    cluster = None if side.cluster is None else side.cluster[held]
    return Side(side.x[held], side.y[held], cluster), weights[held]


def powers(x: Array, order: int) -> Array:
    """Columns 1, x, …, x^order."""
    return np.vander(x, order + 1, increasing=True)


def gram_inverse(design: Array, weights: Array) -> Array:
    """(X'WX)⁻¹, with columns scaled before they are inverted."""
    root = design * np.sqrt(weights)[:, None]
    scale = np.sqrt((root**2).sum(axis=0))
    r = np.linalg.qr(root / scale, mode="r")
    inverse = np.linalg.inv(r) / scale[:, None]
    return inverse @ inverse.T


def neighbour_residuals(x: Array, y: Array) -> Array:
    """sqrt(J/(J+1)) (y - mean of the J nearest): three neighbours, and all that tie with the last.

    Scores that are equal enter together; of two that are equally far on either side, both enter.

    Examples
    --------
    >>> neighbour_residuals(np.arange(4.0), np.array([0.0, 0.0, 0.0, 4.0])).round(3).tolist()
    [-1.155, -1.155, -1.155, 3.464]
    """
    n = len(x)
    starts = np.flatnonzero(np.r_[True, x[1:] != x[:-1]])
    ends = np.r_[starts[1:], n]
    sums = np.r_[0.0, np.cumsum(y)]
    least = min(NEIGHBOURS, n - 1)
    mean = np.empty(n)
    count = np.empty(n)
    for g, (start, end) in enumerate(zip(starts, ends, strict=True)):
        low, high, first, last = start, end, g, g
        while high - low - 1 < least:
            below = x[start] - x[starts[first - 1]] if first else inf
            above = x[starts[last + 1]] - x[start] if last + 1 < len(starts) else inf
            if below <= above:
                first -= 1
                low = starts[first]
            if above <= below:
                last += 1
                high = ends[last]
        mean[start:end], count[start:end] = sums[high] - sums[low], high - low - 1
    return np.sqrt(count / (count + 1)) * (y - (mean - y) / count)


def residuals_of(side: Side, fitted: Array, columns: int, how: Residuals) -> Array:
    """Residuals of households near the cut-off, as the variance needs them (with clusters: of the fit, CR1)."""
    if side.cluster is not None:
        return side.y - fitted
    if how == "neighbours":
        return neighbour_residuals(side.x, side.y)
    n = len(side.y)
    return np.sqrt(n / (n - columns)) * (side.y - fitted)


def meat(scores: Array, residuals: Array, cluster: npt.NDArray[np.int64] | None, columns: int) -> Array:
    """Σ e² x x', or over totals of clusters with (n-1)/(n-k) · g/(g-1), k ``columns`` of the fit of the residuals."""
    own = scores * residuals[:, None]
    if cluster is None:
        return own.T @ own
    codes = np.unique(cluster, return_inverse=True)[1]
    totals = np.zeros((codes.max() + 1, own.shape[1]))
    np.add.at(totals, codes, own)
    n, g = len(residuals), len(totals)
    return totals.T @ totals * ((n - 1) / (n - columns) * g / (g - 1))


def _pieces(
    side: Side, order: int, derivative: int, bias_order: int, pilot: float, bias_bandwidth: float, regularise: bool,
    how: Variance,
) -> Pieces:  # fmt: skip
    """Variance and bias of the ``derivative`` of a polynomial of ``order``, the next derivative from ``bias_order``."""
    near, w = within(side, pilot, how.kernel, order + 1)
    design = powers(near.x, order)
    inverse = gram_inverse(design, w)
    fitted = design @ (inverse @ (design.T @ (w * near.y)))
    e = residuals_of(near, fitted, order + 1, how.residuals)
    spread = (inverse @ meat(design * w[:, None], e, near.cluster, order + 1) @ inverse)[derivative, derivative]
    moment = design.T @ (w * (near.x / pilot) ** (order + 1))
    constant = pilot**derivative * (inverse @ moment)[derivative]

    wide, v = within(side, bias_bandwidth, how.kernel, bias_order + 1)
    higher = powers(wide.x, bias_order)
    inverse_b = gram_inverse(higher, v)
    beta = inverse_b @ (higher.T @ (v * wide.y))
    penalty = 0.0
    if regularise:
        e_b = residuals_of(wide, higher @ beta, bias_order + 1, how.residuals)
        spread_b = (inverse_b @ meat(higher * v[:, None], e_b, wide.cluster, bias_order + 1) @ inverse_b)[
            order + 1, order + 1
        ]
        penalty = 3 * constant**2 * spread_b
    steps = 2 * (order + 1 - derivative)
    return Pieces(
        (2 * derivative + 1) * pilot ** (2 * derivative + 1) * spread,
        np.sqrt(steps) * constant * beta[order + 1],
        steps * penalty,
        1 / (2 * order + 3),
    )


def bandwidths(
    below: Side,
    above: Side,
    order: int,
    how: Variance,
    rule: Literal["mse", "coverage"] = "mse",
    mass_points: bool = True,
) -> Bandwidths:
    """Bandwidths of least mean squared error of the jump (or of least error of coverage), the same on both sides.

    Parameters
    ----------
    below, above : Side
    order : int
        Of the polynomial; its bias is estimated with one more.
    how : Variance
    rule : {"mse", "coverage"}
    mass_points : bool
        Count repeated scores once, and hold ten distinct ones on each side where a fifth of them repeat.

    Returns
    -------
    Bandwidths

    Raises
    ------
    ModelError
        Where a side has too few households.

    References
    ----------
    Calonico, Cattaneo and Titiunik (2014), doi:10.3982/ECTA11757, section 5 and supplement.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.uniform(-1, 1, 2000)
    >>> y = x**3 + (x >= 0) + rng.normal(0, 0.2, 2000)
    >>> sides = [side_of(x, y, None, rows) for rows in (x < 0, x >= 0)]
    >>> found = bandwidths(*sides, 1, Variance("neighbours", "triangular"))
    >>> 0.1 < found.main < found.bias < 1
    True
    """
    x = np.concatenate([below.x, above.x])
    n = len(x)
    distinct = (len(below.distinct), len(above.distinct))
    low, high = np.percentile(x, [25, 75])
    counted = sum(distinct) if mass_points else n
    pilot = PILOT[how.kernel] * min(x.std(ddof=1), (high - low) / 1.349) * counted ** (-1 / 5)
    furthest = max(-below.x[0], above.x[-1])
    pilot = min(pilot, furthest)
    repeated = mass_points and max(1 - distinct[0] / len(below.x), 1 - distinct[1] / len(above.x)) >= MASS_SHARE
    least = [
        side.distinct[min(MASS_LEAST, len(side.distinct)) - 1] + 1e-8 if repeated else 0.0 for side in (below, above)
    ]

    def choose(orders: tuple[int, int, int], ranges: tuple[float, float], regularise: bool) -> float:
        pieces = [
            _pieces(side, *orders, max(pilot, own), far, regularise, how)
            for side, own, far in zip((below, above), least, ranges, strict=True)
        ]
        variance = pieces[0].variance + pieces[1].variance
        bias = (pieces[1].bias - pieces[0].bias) ** 2 + pieces[0].regularisation + pieces[1].regularisation
        return min(float((variance / bias) ** pieces[0].rate), furthest)

    p, q = order, order + 1
    all_of_it = (-below.x[0] + 1e-8, above.x[-1] + 1e-8)
    third = max(choose((q + 1, q + 1, q + 2), all_of_it, False), *least)
    second = max(choose((q, p + 1, q + 1), (third, third), True), *least)
    first = max(choose((p, 0, q), (second, second), True), *least)
    if rule == "coverage":
        first *= n ** (-p / ((3 + p) * (3 + 2 * p)))
    return Bandwidths(first, second)
