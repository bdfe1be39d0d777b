"""Fay-Herriot: direct estimates of areas and what areas have in common, weighed by how well each is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array
from relapse_risk.poverty.rif import design_columns
from relapse_risk.rows import by_row, numbers

__all__ = ["FayHerriot", "fay_herriot"]

AreaMethod = Literal["reml", "ml", "moment"]


@dataclass(frozen=True, slots=True)
class FayHerriot:
    """A fitted area-level model.

    Attributes
    ----------
    frame : DataFrame
        One row per area: area, direct, value (EBLUP; synthetic where there is no direct estimate), mse, shrinkage
        (gamma: weight of the direct estimate).
    coefficients : DataFrame
        Columns term, value, se.
    area_variance : float
        Of the area effects; 0 where the data show none.
    log_likelihood : float
        Of the fitted variance (the ML form under every method, as sae and emdi print it).
    method : {"reml", "ml", "moment"}
    adjusted_r_squared : float
        Of the regression of the direct estimates on the covariates; the true means are explained better than that.
    """

    frame: pd.DataFrame
    coefficients: pd.DataFrame
    area_variance: float
    log_likelihood: float
    method: AreaMethod
    adjusted_r_squared: float

    @property
    def aic(self) -> float:
        return -2 * self.log_likelihood + 2 * (len(self.coefficients) + 1)

    @property
    def bic(self) -> float:
        known = int(self.frame["direct"].notna().sum())
        return float(-2 * self.log_likelihood + np.log(known) * (len(self.coefficients) + 1))

    def summary(self) -> str:
        """Model in short."""
        lines = [
            f"Fay-Herriot ({self.method}): {len(self.frame)} areas, variance of area effects {self.area_variance:.4g}"
        ]
        rows = self.coefficients.itertuples(index=False)
        return "\n".join([*lines, *(f"{r.term}: {r.value:.6g} (se {r.se:.3g})" for r in rows)])

    def _repr_html_(self) -> str:
        return f"<p>{self.summary().splitlines()[0]}</p>{self.frame.to_html(index=False, max_rows=20)}"


@dataclass(frozen=True, slots=True)
class _Data:
    """Areas with a direct estimate."""

    y: Array
    x: Array
    d: Array

    def at(self, variance: float) -> tuple[Array, Array, Array]:
        """Total variances, coefficients and their covariance."""
        v = variance + self.d
        bread: Array = np.linalg.inv((self.x / v[:, None]).T @ self.x).astype(np.float64)
        return v, bread @ (self.x.T @ (self.y / v)), bread

    def log_likelihood(self, variance: float) -> float:
        v, beta, _ = self.at(variance)
        rest = self.y - self.x @ beta
        return float(-0.5 * (self.y.size * np.log(2 * np.pi) + np.log(v).sum() + rest @ (rest / v)))

    def score(self, variance: float, method: AreaMethod) -> float:
        """Function of the area variance whose zero is the estimate, falling through it."""
        v, beta, bread = self.at(variance)
        rest = self.y - self.x @ beta
        if method == "moment":
            return float(rest @ (rest / v)) - (self.y.size - self.x.shape[1])
        trace = (1 / v).sum()
        if method == "reml":
            trace -= np.trace(bread @ ((self.x / v[:, None] ** 2).T @ self.x))
        return float((rest / v) @ (rest / v) - trace) / 2

    def estimate(self, method: AreaMethod) -> float:
        """The area variance; 0 where the data show none."""
        scale = max(float(np.var(self.y)), float(np.median(self.d)))
        grid = np.concatenate(([0.0], scale * np.logspace(-6, 3, 60)))
        signs = np.array([self.score(at, method) for at in grid])
        falls = np.flatnonzero((signs[:-1] > 0) & (signs[1:] <= 0))
        if falls.size == 0:
            return 0.0
        found = [
            brentq(self.score, grid[k], grid[k + 1], args=(method,), xtol=1e-14 * scale, rtol=1e-14) for k in falls
        ]
        if method == "moment":
            return float(found[0])

        def likelihood(variance: float) -> float:
            restricted = np.linalg.slogdet(self.at(variance)[2])[1] / 2 if method == "reml" else 0.0
            return self.log_likelihood(variance) + float(restricted)

        return float(max([*found, 0.0], key=likelihood))


@by_row("direct", "variances", "covariates", "areas")
def fay_herriot(
    direct: npt.ArrayLike,
    variances: npt.ArrayLike,
    covariates: pd.DataFrame | None = None,
    areas: Sequence[object] | None = None,
    method: AreaMethod = "reml",
) -> FayHerriot:
    """Empirical best linear unbiased predictors of area means with their mean squared errors.

    direct = x'beta + u + e, u of variance A, e of the known sampling variance; value = x'beta + gamma (direct - x'beta).

    Parameters
    ----------
    direct : array_like, shape (m,)
        Direct estimates; NaN for areas without a sample, which get x'beta.
    variances : array_like, shape (m,)
        Their sampling variances, taken as known; above 0 where there is an estimate.
    covariates : DataFrame, shape (m, k), optional
        Known for every area; only the overall mean when left out.
    areas : sequence, shape (m,), optional
        Names; the row labels of ``covariates``, or numbers, when left out.
    method : {"reml", "ml", "moment"}
        How A is estimated.

    Returns
    -------
    FayHerriot
        MSE after Prasad and Rao: g1 + g2 + 2 g3, less the bias of A under ``ml`` and ``moment``.

    Raises
    ------
    ModelError
        For variances that are missing or not above 0, missing covariates, ones that depend on each other, or fewer
        areas than terms.

    References
    ----------
    Fay and Herriot (1979), doi:10.1080/01621459.1979.10482505; Prasad and Rao (1990), doi:10.1080/01621459.1990.10475320;
    Datta and Lahiri (2000); Rao and Molina (2015), ch. 6.

    Examples
    --------
    >>> found = fay_herriot([1.0, 2.0, 3.0, float("nan")], [0.5, 0.5, 0.5, float("nan")])
    >>> found.frame["value"].round(3).tolist()
    [1.5, 2.0, 2.5, 2.0]
    """
    y, d = numbers(direct, "fay_herriot: direct"), numbers(variances, "fay_herriot: variances")
    if y.ndim != 1 or d.shape != y.shape:
        raise ModelError("estimates and variances differ in length", where="fay_herriot", got=(y.shape, d.shape))
    if method not in ("reml", "ml", "moment"):
        raise ModelError("unknown method", where="fay_herriot", got=method, expected="reml | ml | moment")
    known = np.isfinite(y)
    if not (np.isfinite(d[known]) & (d[known] > 0)).all():
        raise ModelError("not a sampling variance", where="fay_herriot: variances", got=float(np.min(d[known])) if known.any() else None,
                         expected="finite and above 0 wherever there is an estimate")  # fmt: skip
    table = pd.DataFrame({"(intercept)": np.ones(y.size)}) if covariates is None else design_columns(covariates)
    if len(table) != y.size or known.sum() <= table.shape[1]:
        raise ModelError("areas and terms do not fit", where="fay_herriot", got=(int(known.sum()), table.shape[1]),
                         expected="more areas with an estimate than terms, one row of covariates per area")  # fmt: skip
    x = table.to_numpy()
    scale = np.abs(x).max(axis=0)
    if (scale == 0).any() or np.linalg.matrix_rank(x[known] / scale) < x.shape[1]:
        raise ModelError("covariates depend on each other linearly", where="fay_herriot", fix="leave one of them out")
    data = _Data(y[known], x[known] / scale, d[known])
    variance = data.estimate(method)
    _, beta, bread = data.at(variance)
    frame = _areas(data, x / scale, known, y, d, variance, method)
    frame.insert(0, "area", _names(areas, covariates, y.size))
    coefficients = pd.DataFrame({"term": table.columns, "value": beta / scale, "se": np.sqrt(np.diag(bread)) / scale})
    return FayHerriot(frame, coefficients, variance, data.log_likelihood(variance), method, _fit_of(data))


def _names(areas: Sequence[object] | None, covariates: pd.DataFrame | None, count: int) -> list[object]:
    given = areas if areas is not None else range(count) if covariates is None else covariates.index
    names: list[object] = [*given]
    if len(names) != count:
        raise ModelError("one name per area", where="fay_herriot: areas", got=len(names), expected=str(count))
    return names


def _areas(
    data: _Data, x: Array, known: npt.NDArray[np.bool_], y: Array, d: Array, variance: float, method: AreaMethod
) -> pd.DataFrame:
    v, beta, bread = data.at(variance)
    synthetic = x @ beta
    leverage = np.einsum("ij,jk,ik->i", x, bread, x)
    weight = np.where(known, variance / (variance + np.where(known, d, 1.0)), 0.0)
    value = np.where(known, weight * np.where(known, y, 0.0) + (1 - weight) * synthetic, synthetic)
    spread, bias = _of_variance(data, v, bread, method)
    with np.errstate(invalid="ignore"):
        shrunk = weight * d + (1 - weight) ** 2 * (leverage - bias) + 2 * (1 - weight) ** 2 / (variance + d) * spread
    mse = np.where(known, shrunk, variance + leverage)
    return pd.DataFrame({"direct": y, "value": value, "mse": mse, "shrinkage": weight})


def _of_variance(data: _Data, v: Array, bread: Array, method: AreaMethod) -> tuple[float, float]:
    """Asymptotic variance of the area variance, and its bias."""
    first, second = float((1 / v).sum()), float((1 / v**2).sum())
    if method == "reml":
        return 2 / second, 0.0
    if method == "ml":
        trace = float(np.trace(bread @ ((data.x / v[:, None] ** 2).T @ data.x)))
        return 2 / second, -trace / second
    m = v.size
    return 2 * m / first**2, 2 * (m * second - first**2) / first**3


def _fit_of(data: _Data) -> float:
    """Adjusted R² of least squares; null where the direct estimates do not differ."""
    m, p = data.x.shape
    rest = data.y - data.x @ np.linalg.lstsq(data.x, data.y, rcond=None)[0]
    total = float(np.var(data.y, ddof=1))
    return 1 - float(rest @ rest) / (m - p) / total if total else float("nan")
