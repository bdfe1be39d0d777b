"""Mobility from two cross-sections: bounds of a synthetic panel (Dang, Lanjouw, Luoto and McKenzie 2014)."""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import multivariate_normal

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes, check_weights

__all__ = ["SyntheticPanel", "synthetic_panel"]

CELLS = ("poor_poor", "poor_out", "out_poor", "out_out")


@dataclass(frozen=True, slots=True)
class SyntheticPanel:
    """Joint shares of poverty status in two rounds nobody was followed between.

    Attributes
    ----------
    frame : DataFrame
        cell (poor_poor, poor_out: exit, out_poor: entry, out_out), least_mobility (errors perfectly correlated),
        most_mobility (errors independent), and one column ``rho_<value>`` per parametric correlation asked for.
    coefficients : DataFrame
        Round, variable, value of the two income models.
    error_sd : tuple of float
        Standard deviation of the errors of each round.
    """

    frame: pd.DataFrame
    coefficients: pd.DataFrame
    error_sd: tuple[float, float]

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"

    def summary(self) -> str:
        """Bounds of exit and entry."""
        bounds = self.frame.set_index("cell")[["least_mobility", "most_mobility"]]
        parts = [
            f"{name} {bounds.loc[cell].min():.4f} to {bounds.loc[cell].max():.4f}"
            for name, cell in (("exit", "poor_out"), ("entry", "out_poor"))
        ]
        return "; ".join(parts)


def _regression(y: Array, x: Array, w: Array) -> tuple[Array, Array, float]:
    """Weighted least squares with intercept: coefficients, errors and their standard deviation."""
    design = np.column_stack([np.ones(y.size), x])
    root = np.sqrt(w)
    beta, _, rank, _ = np.linalg.lstsq(design * root[:, None], y * root, rcond=None)
    if rank < design.shape[1]:
        raise ModelError(
            "the variables are collinear", where="synthetic_panel", got=int(rank), expected=design.shape[1]
        )
    errors = y - design @ beta
    return beta, errors, float(np.sqrt(w @ errors**2 / w.sum()))


def _shares(first: Array, second: Array, w: Array) -> Array:
    """Joint shares of two vectors of poverty probabilities or indicators in the order of :data:`CELLS`."""
    cells = [first * second, first * (1 - second), (1 - first) * second, (1 - first) * (1 - second)]
    return np.array([float(w @ cell / w.sum()) for cell in cells])


def synthetic_panel(
    income_1: npt.ArrayLike,
    x_1: pd.DataFrame,
    income_2: npt.ArrayLike,
    x_2: pd.DataFrame,
    lines: tuple[float, float],
    generator: np.random.Generator,
    weights_1: npt.ArrayLike | None = None,
    weights_2: npt.ArrayLike | None = None,
    correlations: tuple[float, ...] = (),
    repeats: int = 50,
) -> SyntheticPanel:
    """Bounds on exits and entries between two cross-sections.

    Parameters
    ----------
    weights_1, weights_2 : array_like, optional
    income_1, income_2 : array_like, shapes (n1,) and (n2,)
        Log or level incomes of each round; lines in the same unit.
    x_1, x_2 : DataFrame
        The same time-invariant variables in both rounds (birth year, place, schooling of a settled head).
    lines : (float, float)
        Poverty lines of the rounds.
    generator : numpy.random.Generator
        Draws errors for the upper bound.
    correlations : tuple of float
        Also give parametric shares at these correlations of the errors (bivariate normal).
    repeats : int
        Draws of the upper bound.

    Returns
    -------
    SyntheticPanel

    Raises
    ------
    ModelError
        For different variables in the two rounds, collinear variables or a correlation outside -1..1.

    Notes
    -----
    Round-1 incomes of round-2 households: x b1 + error, the error drawn from round-1 errors (upper bound of mobility)
    or the household's own round-2 error scaled by sd1 / sd2 (lower bound). doi:10.1016/j.jdeveco.2013.10.003.

    References
    ----------
    Dang, Lanjouw, Luoto and McKenzie (2014), doi:10.1016/j.jdeveco.2013.10.003.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = pd.DataFrame({"born": rng.integers(1950, 1980, 400)})
    >>> income = [0.02 * (1980 - x["born"]) + rng.normal(0, 1, 400) for _ in range(2)]
    >>> bounds = synthetic_panel(income[0], x, income[1], x, (0.0, 0.0), rng)
    >>> type(bounds).__name__
    'SyntheticPanel'
    """
    y1, y2 = check_incomes(income_1, "income_1"), check_incomes(income_2, "income_2")
    w1, w2 = check_weights(weights_1, y1.size), check_weights(weights_2, y2.size)
    if list(x_1.columns) != list(x_2.columns):
        raise ModelError(
            "different variables", where="synthetic_panel", got=list(x_2.columns), expected=str(list(x_1.columns))
        )
    beta1, errors1, sd1 = _regression(y1, x_1.to_numpy(dtype=np.float64), w1)
    beta2, errors2, sd2 = _regression(y2, x_2.to_numpy(dtype=np.float64), w2)
    design = np.column_stack([np.ones(y2.size), x_2.to_numpy(dtype=np.float64)])
    fitted1, poor2 = design @ beta1, (y2 < lines[1]).astype(np.float64)
    upper = np.zeros(4)
    for _ in range(repeats):
        drawn = generator.choice(errors1, y2.size, p=w1 / w1.sum())
        upper += _shares((fitted1 + drawn < lines[0]).astype(np.float64), poor2, w2) / repeats
    lower = _shares((fitted1 + errors2 * sd1 / sd2 < lines[0]).astype(np.float64), poor2, w2)
    frame = pd.DataFrame({"cell": CELLS, "least_mobility": lower, "most_mobility": upper})
    limits = np.column_stack([(lines[0] - fitted1) / sd1, (lines[1] - design @ beta2) / sd2])
    for rho in correlations:
        frame[f"rho_{rho:g}"] = _parametric(limits, rho, w2)
    names = ["intercept", *x_1.columns]
    coefficients = pd.DataFrame(
        {"round": np.repeat([1, 2], len(names)), "variable": names * 2, "value": np.concatenate([beta1, beta2])}
    )
    return SyntheticPanel(frame, coefficients, (sd1, sd2))


def _parametric(limits: Array, rho: float, w: Array) -> Array:
    """Joint shares under bivariate normal errors of correlation ``rho``."""
    if not -1 < rho < 1:
        raise ModelError("not a correlation", where="synthetic_panel", got=rho, expected="between -1 and 1")
    one = multivariate_normal(np.zeros(1), np.eye(1))
    both = multivariate_normal(np.zeros(2), np.array([[1, rho], [rho, 1]])).cdf(limits)
    first, second = one.cdf(limits[:, 0]), one.cdf(limits[:, 1])
    cells = [both, first - both, second - both, 1 - first - second + both]
    return np.array([float(w @ cell / w.sum()) for cell in cells])
