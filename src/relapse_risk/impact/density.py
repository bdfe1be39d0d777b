"""Was the score sorted at the cut-off: densities on both sides by local polynomials of the distribution function."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.integrate import quad
from scipy.stats import binomtest, norm

from relapse_risk.errors import ModelError
from relapse_risk.impact.effect import Array
from relapse_risk.rows import numbers

__all__ = ["DensityTest", "density_test"]

ORDER = 2  # of the polynomial that the bandwidth is chosen for; the test uses one more
LEAST = 20  # households, and different scores, that a bandwidth holds beside the coefficients
# Variance over squared bias of derivatives of the distribution function under a uniform kernel and a normal density
# (Cattaneo, Jansson and Ma 2020, supplement): of the third derivative from order 4, and of the density from order 2.
PILOT_DERIVATIVE, PILOT_DENSITY = 3430865.4551236177795, 548.57142857142857
NEAREST, REPEATED = (
    50,
    0.2,
)  # households of the count next to the cut-off, and the share of equal scores that forbids it
BANDS = (0.5, 0.75, 1.0, 1.5, 2.0)  # of the selected bandwidth, for the table


@dataclass(frozen=True, slots=True)
class DensityTest:
    """Test that the density of the score is the same just below and just above the cut-off.

    Attributes
    ----------
    statistic, p_value : float
        Normal; positive where the density is higher above.
    below, above : float
        Estimated densities at the cut-off.
    bandwidth_below, bandwidth_above : float
        In the unit of the score.
    households_below, households_above : int
        Within the bandwidths.
    nearest_above : int
        Of the 50 households nearest to the cut-off, those above it.
    p_nearest : float
        Binomial test that it is half of them: sees sorting too close to the cut-off for a bandwidth.  NaN where a fifth
        of those scores repeat.
    table : DataFrame
        times, bandwidth_below, bandwidth_above, statistic, p_value at other bandwidths: one test is no proof.
    """

    statistic: float
    p_value: float
    below: float
    above: float
    bandwidth_below: float
    bandwidth_above: float
    households_below: int
    households_above: int
    nearest_above: int
    p_nearest: float
    table: pd.DataFrame

    @property
    def p_either(self) -> float:
        """p-value of both tests together (Bonferroni)."""
        return self.p_value if np.isnan(self.p_nearest) else min(1.0, 2 * min(self.p_value, self.p_nearest))


def density_test(
    score: npt.ArrayLike, cutoff: float = 0.0, bandwidth: float | None = None, mass_points: bool = True
) -> DensityTest:
    """Manipulation test at a cut-off with a jackknife variance.

    A cubic is fitted on each side to the empirical distribution function, weighted by a triangular kernel; its slopes
    at the cut-off are the densities.  Bandwidths minimise the mean squared error of the quadratic fit's density (the
    middle of those for each side, the difference and the sum).

    Parameters
    ----------
    score : array_like, shape (n,)
        What was compared with the cut-off; households at the cut-off are above.
    cutoff : float
    bandwidth : float, optional
        The same for both sides; selected from the data when left out.
    mass_points : bool
        Treat equal scores as one step of the distribution function.

    Returns
    -------
    DensityTest

    Raises
    ------
    ModelError
        For missing scores, a cut-off outside their range, fewer than 23 households on a side, or a fit that breaks down.

    References
    ----------
    Cattaneo, Jansson and Ma (2020), doi:10.1080/01621459.2019.1635480; McCrary (2008) for the idea; Cattaneo, Titiunik and
    Vazquez-Bare (2017), doi:10.1002/pam.21985, for the count next to the cut-off.

    Examples
    --------
    >>> test = density_test(np.random.default_rng(1).uniform(-1, 1, 4000))
    >>> test.p_value > 0.05
    True
    """
    x = np.sort(numbers(score, "density_test: score")) - cutoff
    if x.ndim != 1 or not np.isfinite(x).all():
        raise ModelError("a score is not known", where="density_test", got=x.shape, expected="a number in every row")
    least = LEAST + ORDER + 1
    sides = (int((x < 0).sum()), int((x >= 0).sum()))
    if min(sides) < least:
        raise ModelError(
            "too few households on a side of the cut-off", where="density_test", got=sides, expected=f"{least} or more"
        )
    steps = _distribution(x, mass_points)
    h = _selected(x, steps, mass_points) if bandwidth is None else (bandwidth, bandwidth)
    main = _slopes(x, steps, h, ORDER + 1, mass_points)
    rows = []
    for times in BANDS:
        own = (h[0] * times, h[1] * times)
        try:
            one = _slopes(x, steps, own, ORDER + 1, mass_points)
            rows.append((times, *own, one.statistic, one.p_value))
        except ModelError:
            rows.append((times, *own, np.nan, np.nan))
    table = pd.DataFrame(rows, columns=["times", "bandwidth_below", "bandwidth_above", "statistic", "p_value"])
    below, above = main.density
    return DensityTest(main.statistic, main.p_value, below, above, *h, *main.households, *_nearest(x), table)


@dataclass(frozen=True, slots=True)
class _Slopes:
    density: tuple[float, float]
    derivative: tuple[float, float]
    spread: Array  # covariance of both densities
    households: tuple[int, int]

    @property
    def statistic(self) -> float:
        return float((self.density[1] - self.density[0]) / np.sqrt(np.array([-1, 1]) @ self.spread @ np.array([-1, 1])))

    @property
    def p_value(self) -> float:
        return float(2 * norm.sf(abs(self.statistic)))


def _nearest(x: Array) -> tuple[int, float]:
    near = x[np.argsort(np.abs(x), kind="stable")[:NEAREST]]
    above = int((near >= 0).sum())
    repeated = 1 - np.unique(near).size / len(near)
    return above, float("nan") if repeated >= REPEATED else float(binomtest(above, len(near)).pvalue)


def _distribution(x: Array, mass_points: bool) -> Array:
    """Empirical distribution function at sorted scores, (0 … n-1)/(n-1); equal scores share their last step."""
    steps = np.arange(len(x)) / (len(x) - 1)
    return steps[np.searchsorted(x, x, side="right") - 1] if mass_points else steps


def _slopes(
    x: Array, steps: Array, h: tuple[float, float], order: int, mass_points: bool, derivative: int = 1
) -> _Slopes:
    """Local polynomials of ``order`` on both sides: densities with their covariance, and coefficient ``derivative``."""
    near = (x >= -h[0]) & (x <= h[1])
    z, y, n = x[near], steps[near], len(x)
    scale = np.where(z < 0, h[0], h[1])
    u = z / scale
    weights = (1 - np.abs(u)) / scale
    columns = np.vander(u, order + 1, increasing=True)
    design = np.hstack([columns * (z < 0)[:, None], columns * (z >= 0)[:, None]])
    gram = design.T @ (design * weights[:, None])
    if np.linalg.matrix_rank(gram) < gram.shape[0]:
        raise ModelError(
            "too few different scores next to the cut-off", where="density_test", got=len(np.unique(z)),
            expected=f"over {order} on each side", fix="a wider bandwidth",
        )  # fmt: skip
    inverse = np.linalg.inv(gram)
    weighted = design * weights[:, None]
    back = np.concatenate([h[0] ** -np.arange(order + 1.0), h[1] ** -np.arange(order + 1.0)])
    b = back * (inverse @ (weighted.T @ y))
    after = np.vstack([np.cumsum(weighted[::-1], axis=0)[::-1][1:], np.zeros(design.shape[1])]) / (n - 1)
    if mass_points:
        after = after[np.searchsorted(z, z, side="left")]
    spread = (back[:, None] * inverse) @ (after.T @ after) @ (inverse * back)
    at = np.array([1, order + 2])
    return _Slopes(
        (float(b[1]), float(b[order + 2])), (float(b[derivative]), float(b[order + 1 + derivative])),
        spread[np.ix_(at, at)], (int((z < 0).sum()), int((z >= 0).sum())),
    )  # fmt: skip


def _selected(x: Array, steps: Array, mass_points: bool) -> tuple[float, float]:
    """Bandwidths of least mean squared error on each side: the middle of side's own, difference's and sum's."""
    n, p, sd = len(x), ORDER, x.std(ddof=1)
    at = x.mean() / sd
    normal = norm.pdf(at)
    hermite = {2: at**2 - 1, 4: at**4 - 6 * at**2 + 3}
    wide = ((2 * p + 1) / 4 / (hermite[p + 2] ** 2 * normal) * PILOT_DERIVATIVE / n) ** (1 / (2 * p + 5)) * sd
    narrow = (1 / (2 * p) / (hermite[p] ** 2 * normal) * PILOT_DENSITY / n) ** (1 / (2 * p + 1)) * sd
    wide, narrow = (
        max(min(pilot, np.abs(x).max()), *_least(x, more)) for pilot, more in ((wide, p + 3), (narrow, p + 1))
    )
    higher = _slopes(x, steps, (wide, wide), p + 2, mass_points, p + 1)
    density = _slopes(x, steps, (narrow, narrow), p, mass_points)
    moment, reach = _kernel_moments(p)
    constant = np.linalg.solve(moment, reach)[1]
    bias = np.array([higher.derivative[0] * (-1) ** p, higher.derivative[1]]) * constant
    sides = np.array([[1, 0], [0, 1], [-1, 1], [1, 1]])
    variance = n * narrow * np.einsum("ij,jk,ik->i", sides, density.spread, sides)
    squares = (sides @ bias) ** 2
    h = (variance / (2 * p) / squares / n) ** (1 / (2 * p + 1))
    least = _least(x, p + 1)
    far = np.array([-x[0], x[-1], np.abs(x).max(), np.abs(x).max()])
    floor = np.array([*least, max(least), max(least)])
    h = np.maximum(np.minimum(h, far), floor)
    return float(np.median(h[[0, 2, 3]])), float(np.median(h[[1, 2, 3]]))


def _least(x: Array, more: int) -> tuple[float, float]:
    """Distances within which each side holds 20 + ``more`` households and as many different scores."""
    found = []
    for side in (np.sort(-x[x < 0]), x[x >= 0]):
        different = np.unique(side)
        found.append(max(float(one[min(LEAST + more, len(one)) - 1]) for one in (side, different)))
    return found[0], found[1]


def _kernel_moments(order: int) -> tuple[Array, Array]:
    """∫ x^(i+j) K and ∫ x^(i+order+1) K over 0 … 1, K triangular."""

    def moment(power: int) -> float:
        return float(quad(lambda x: x**power * (1 - x), 0, 1)[0])

    gram = np.array([[moment(i + j) for j in range(order + 1)] for i in range(order + 1)])
    return gram, np.array([moment(i + order + 1) for i in range(order + 1)])
