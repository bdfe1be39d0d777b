"""Recentred influence functions and their regressions: what moves a quantile, the variance or the Gini of incomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes, check_positive, check_weights
from relapse_risk.poverty.inequality import gini
from relapse_risk.poverty.linearised import density
from relapse_risk.rows import by_row

__all__ = ["RifRegression", "design_columns", "rif", "rif_regression", "weighted_least_squares"]

Statistic = Literal["quantile", "variance", "gini"]


def interpolated_quantile(x: Array, w: Array, order: float) -> float:
    """Quantile between the units at the places 1 + (N - 1) × order, N the sum of the weights (R ``Hmisc::wtd.quantile``)."""
    ranked = np.argsort(x, kind="stable")
    upto = np.cumsum(w[ranked])
    place = 1 + (upto[-1] - 1) * order
    low = np.floor(place)
    at = np.searchsorted(upto, [low, min(low + 1, upto[-1])], side="left")
    one, next_one = x[ranked][np.minimum(at, x.size - 1)]
    return float(one + (place - low) * (next_one - one))


def reference_bandwidth(x: Array) -> float:
    """0.9 × min(standard deviation, interquartile range / 1.34) × n^(-1/5) (Silverman 1986, eq. 3.31)."""
    quarter = np.quantile(x, [0.25, 0.75])
    spread = min(x.std(ddof=1), (quarter[1] - quarter[0]) / 1.34) or x.std(ddof=1)
    return float(0.9 * spread * x.size**-0.2)


@by_row("income", "weights")
def rif(
    income: npt.ArrayLike, statistic: Statistic = "gini", weights: npt.ArrayLike | None = None, order: float = 0.5
) -> Array:
    """Recentred influence function: the statistic plus the influence each unit has on it; its mean is the statistic.

    quantile q + (order - 1[x < q]) / f(q); variance (x - mean)²; Gini after Firpo, Fortin and Lemieux.

    Parameters
    ----------
    income : array_like, shape (n,)
        Not negative for the Gini.
    statistic : {"quantile", "variance", "gini"}
    weights : array_like, shape (n,), optional
    order : float
        Of the quantile, between 0 and 1.

    Returns
    -------
    array, shape (n,)
        Of the quantile it depends on the bandwidth of the density (Silverman's rule on the unweighted incomes).

    Raises
    ------
    ModelError
        For missing incomes, bad weights, an unknown statistic, an order outside (0, 1) or no spread of incomes.

    References
    ----------
    Firpo, Fortin and Lemieux (2009), doi:10.3982/ECTA6822, and (2018), doi:10.3390/econometrics6020028.

    Examples
    --------
    >>> rif([1.0, 2.0, 3.0], "variance").tolist()
    [1.0, 0.0, 1.0]
    """
    x = check_incomes(income)
    w = check_weights(weights, x.size)
    if statistic == "gini":
        return _rif_gini(check_positive(x, "rif of the gini", strictly=False), w)
    if statistic == "variance":
        return np.asarray((x - w @ x / w.sum()) ** 2)
    if statistic != "quantile":
        raise ModelError("unknown statistic", where="rif", got=statistic, expected="quantile | variance | gini")
    if not 0 < order < 1:
        raise ModelError("not a quantile order", where="rif", got=order, expected="between 0 and 1")
    at, h = interpolated_quantile(x, w, order), reference_bandwidth(x)
    if h == 0:
        raise ModelError("incomes do not differ, so there is no density", where="rif", got=float(x[0]))
    return np.asarray(at + (order - (x < at)) / density(x, w, at, h))


def _rif_gini(x: Array, w: Array) -> Array:
    """1 + (1 - G) x / mean - 2 (x (1 - p) + GL(p)) / mean, p and GL the shares of people and of income per head upto x."""
    ranked = np.argsort(x, kind="stable")
    v, d = x[ranked], w[ranked] / w.sum()
    mean = d @ v
    upto, income = np.cumsum(d), np.cumsum(d * v)
    out = np.empty(x.size)
    out[ranked] = 1 + (1 - gini(x, w)) * v / mean - 2 * (v * (1 - upto) + income) / mean
    return out


@dataclass(frozen=True, slots=True)
class RifRegression:
    """A regression of a recentred influence function.

    Attributes
    ----------
    frame : DataFrame
        Columns term, value, se (of ordinary least squares); the first term is ``(intercept)``.
    r_squared, adjusted_r_squared : float
    statistic : str
        What was explained, such as ``gini`` or ``quantile 0.9``.
    """

    frame: pd.DataFrame
    r_squared: float
    adjusted_r_squared: float
    statistic: str

    def summary(self) -> str:
        """One line per term."""
        rows = self.frame.itertuples(index=False)
        lines = [f"{r.term}: {r.value:.6g} (se {r.se:.3g})" for r in rows]
        return "\n".join([f"RIF regression of the {self.statistic}, R² {self.r_squared:.3f}", *lines])

    def _repr_html_(self) -> str:
        return f"<p>RIF regression of the {self.statistic}</p>{self.frame.to_html(index=False)}"


def design_columns(covariates: pd.DataFrame) -> pd.DataFrame:
    """Numbers as they are; of text, categories and yes-no one column ``name=level`` per level but the first."""
    if not isinstance(covariates, pd.DataFrame) or covariates.shape[1] == 0:
        raise ModelError(
            "not a table of covariates", where="covariates", got=type(covariates).__name__, expected="DataFrame"
        )
    empty = covariates.isna().any()
    if empty.any():
        raise ModelError(
            "missing covariate", where=f"covariates: {empty.idxmax()}", fix="leave these rows out, and say so"
        )
    columns: dict[str, npt.NDArray[np.float64]] = {"(intercept)": np.ones(len(covariates))}
    for name, values in covariates.items():
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            columns[str(name)] = values.to_numpy(dtype=np.float64)
        else:
            for level in sorted(values.unique())[1:]:
                columns[f"{name}={level}"] = values.eq(level).to_numpy(dtype=np.float64)
    return pd.DataFrame(columns, index=covariates.index)


def weighted_least_squares(matrix: Array, y: Array, w: Array) -> tuple[Array, Array, float]:
    """Coefficients, their standard errors under equal error variance / weight, and R²."""
    root = np.sqrt(w)
    if np.linalg.matrix_rank(matrix * root[:, None]) < matrix.shape[1]:
        raise ModelError("covariates depend on each other linearly", where="regression", fix="leave one of them out")
    scale = np.abs(matrix).max(axis=0)
    bread: Array = np.linalg.inv((matrix / scale).T @ (matrix / scale * w[:, None]))
    coefficients: Array = np.linalg.lstsq(matrix * root[:, None], y * root, rcond=None)[0].astype(np.float64)
    rest = w @ (y - matrix @ coefficients) ** 2
    errors = np.sqrt(np.diag(bread) * rest / (y.size - matrix.shape[1])) / scale
    return coefficients, errors, float(1 - rest / (w @ (y - w @ y / w.sum()) ** 2))


@by_row("income", "covariates", "weights")
def rif_regression(
    income: npt.ArrayLike,
    covariates: pd.DataFrame,
    statistic: Statistic = "gini",
    weights: npt.ArrayLike | None = None,
    order: float = 0.5,
) -> RifRegression:
    """Regression of :func:`rif` on covariates: the effect of a small shift of each on the statistic of the whole.

    Parameters
    ----------
    income : array_like, shape (n,)
    covariates : DataFrame, shape (n, k)
        Numbers, or text and categories (coded against their first level).
    statistic, weights, order
        As in :func:`rif`.

    Returns
    -------
    RifRegression

    Raises
    ------
    ModelError
        As :func:`rif`; for missing covariates, ones that depend on each other, or fewer rows than terms.

    References
    ----------
    Firpo, Fortin and Lemieux (2009), doi:10.3982/ECTA6822; R ``dineq::rifr``.

    Examples
    --------
    >>> found = rif_regression([1.0, 2.0, 3.0, 6.0], pd.DataFrame({"urban": [0, 0, 1, 1]}), "variance")
    >>> found.frame["value"].round(6).tolist()
    [2.5, 2.0]
    """
    y = rif(income, statistic, weights, order)
    table = design_columns(covariates)
    if len(table) != y.size or y.size <= table.shape[1]:
        raise ModelError(
            "rows and terms do not fit", where="rif_regression", got=table.shape, expected=f"{y.size} rows, fewer terms"
        )
    coefficients, errors, fit = weighted_least_squares(table.to_numpy(), y, check_weights(weights, y.size))
    frame = pd.DataFrame({"term": table.columns, "value": coefficients, "se": errors})
    adjusted = 1 - (1 - fit) * (y.size - 1) / (y.size - table.shape[1])
    return RifRegression(frame, fit, adjusted, f"quantile {order:g}" if statistic == "quantile" else statistic)
