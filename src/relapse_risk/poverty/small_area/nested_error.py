"""Nested-error regression of units in areas (Battese, Harter and Fuller), predictors of area means, bootstrap of their error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize_scalar

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, IntArray, check_incomes, group_codes
from relapse_risk.poverty.rif import design_columns
from relapse_risk.rows import by_row, numbers

__all__ = ["NestedError", "area_means", "bootstrap_mse", "nested_error"]

UnitMethod = Literal["reml", "ml"]


@dataclass(frozen=True, slots=True)
class NestedError:
    """A fitted nested-error regression y = x'beta + u of the area + e.

    Attributes
    ----------
    coefficients : DataFrame
        Columns term, value, se.
    area_variance, unit_variance : float
        Of u and e.
    effects : DataFrame
        One row per area of the sample: area, n, shrinkage (gamma), effect (predicted u), mean_y, and the mean of each
        term under its name.
    log_likelihood : float
        Restricted under ``reml``.
    method : {"reml", "ml"}
    """

    coefficients: pd.DataFrame
    area_variance: float
    unit_variance: float
    effects: pd.DataFrame
    log_likelihood: float
    method: UnitMethod

    @property
    def terms(self) -> list[str]:
        return self.coefficients["term"].tolist()

    @property
    def beta(self) -> Array:
        return self.coefficients["value"].to_numpy(dtype=np.float64)

    def summary(self) -> str:
        """Model in short."""
        rows = self.coefficients.itertuples(index=False)
        head = f"nested error ({self.method}): {len(self.effects)} areas, variances {self.area_variance:.4g} and {self.unit_variance:.4g}"
        return "\n".join([head, *(f"{r.term}: {r.value:.6g} (se {r.se:.3g})" for r in rows)])

    def _repr_html_(self) -> str:
        return f"<p>{self.summary().splitlines()[0]}</p>{self.coefficients.to_html(index=False)}"


@dataclass(frozen=True, slots=True)
class _Sums:
    """Cross products of the whole and sums by area, of x and of the residuals of least squares: all that a profile needs."""

    rows: int
    start: Array
    xx: Array
    rr: float
    x_of: Array
    r_of: Array
    count: Array

    def profile(self, ratio: float, method: UnitMethod) -> tuple[float, Array, Array, float]:
        """Log-likelihood at a ratio of area to unit variance, coefficients, their unscaled covariance, unit variance."""
        n, p = self.rows, self.start.size
        shrink = ratio / (1 + self.count * ratio)
        cross = self.xx - (self.x_of * shrink[:, None]).T @ self.x_of
        bread: Array = np.linalg.inv(cross).astype(np.float64)
        right = -(self.x_of * shrink[:, None]).T @ self.r_of
        moved = bread @ right
        squares = self.rr - float(shrink @ self.r_of**2) - float(moved @ right)
        free = n - p if method == "reml" else n
        sigma = squares / free
        value = -0.5 * (free * np.log(2 * np.pi * sigma) + np.log1p(self.count * ratio).sum() + free)
        if method == "reml":
            value -= 0.5 * np.linalg.slogdet(cross)[1]
        return float(value), self.start + moved, bread, sigma


def _sums(x: Array, area: IntArray, areas: int) -> Array:
    return np.column_stack([np.bincount(area, column, areas) for column in x.T])


def _reduced(y: Array, x: Array, area: IntArray) -> _Sums:
    start: Array = np.linalg.lstsq(x, y, rcond=None)[0].astype(np.float64)
    rest = y - x @ start
    count = np.bincount(area).astype(np.float64)
    return _Sums(
        y.size,
        start,
        x.T @ x,
        float(rest @ rest),
        _sums(x, area, count.size),
        np.bincount(area, rest).astype(np.float64),
        count,
    )


@by_row("y", "covariates", "areas")
def nested_error(y: npt.ArrayLike, covariates: pd.DataFrame, areas: Any, method: UnitMethod = "reml") -> NestedError:
    """Fit y = x'beta + u of the area + e by (restricted) maximum likelihood.

    Parameters
    ----------
    y : array_like, shape (n,)
    covariates : DataFrame, shape (n, k)
        Numbers, or text and categories (coded against their first level); an intercept is added.
    areas : sequence, shape (n,)
    method : {"reml", "ml"}

    Returns
    -------
    NestedError

    Raises
    ------
    ModelError
        For missing values, covariates that depend on each other, fewer than two areas, or as many areas as rows.

    References
    ----------
    Battese, Harter and Fuller (1988), doi:10.1080/01621459.1988.10478561. Profile likelihood of one parameter.

    Examples
    --------
    >>> table = pd.DataFrame({"x": [0.0, 1, 2, 0, 1, 2]})
    >>> fitted = nested_error([0.1, 1.0, 2.1, 3.0, 4.1, 4.9], table, list("aaabbb"))
    >>> fitted.effects["effect"].round(1).tolist()
    [-1.5, 1.5]
    """
    outcome = check_incomes(y, "nested_error: y")
    table = design_columns(covariates)
    codes, labels = group_codes(areas, outcome.size)
    n, p = len(table), table.shape[1]
    if n != outcome.size or n <= p or not 2 <= len(labels) < n:
        raise ModelError("rows, terms and areas do not fit", where="nested_error", got=(outcome.size, p, len(labels)),
                         expected="more rows than terms and areas, at least two areas")  # fmt: skip
    if method not in ("reml", "ml"):
        raise ModelError("unknown method", where="nested_error", got=method, expected="reml | ml")
    x = table.to_numpy()
    scale = np.abs(x).max(axis=0)
    if (scale == 0).any() or np.linalg.matrix_rank(x / scale) < p:
        raise ModelError("covariates depend on each other linearly", where="nested_error", fix="leave one of them out")
    units = _reduced(outcome, x / scale, codes)
    ratio = _best_ratio(units, method)
    value, beta, bread, sigma = units.profile(ratio, method)
    if method == "reml":
        value -= float(np.log(scale).sum())
    beta = beta / scale
    count = units.count
    gamma = ratio * count / (1 + ratio * count)
    means = pd.DataFrame(_sums(x, codes, count.size) / count[:, None], columns=table.columns)
    mean_y = np.bincount(codes, outcome) / count
    effect = gamma * (mean_y - means.to_numpy() @ beta)
    head = {"area": labels, "n": count.astype(int), "shrinkage": gamma, "effect": effect, "mean_y": mean_y}
    frame = pd.concat([pd.DataFrame(head), means], axis=1)
    se = np.sqrt(np.diag(bread) * sigma) / scale
    coefficients = pd.DataFrame({"term": table.columns, "value": beta, "se": se})
    return NestedError(coefficients, ratio * sigma, sigma, frame, value, method)


def _best_ratio(units: _Sums, method: UnitMethod) -> float:
    """Ratio of the variances with the largest likelihood, found on a log scale and compared with zero."""
    grid = np.linspace(-12, 8, 41)
    values = [units.profile(float(np.exp(at)), method)[0] for at in grid]
    best = int(np.argmax(values))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = minimize_scalar(
        lambda at: -units.profile(float(np.exp(at)), method)[0],
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-11},
    )
    if units.profile(0.0, method)[0] >= -found.fun:
        return 0.0
    return _polished(units, float(found.x), method)


def _polished(units: _Sums, at: float, method: UnitMethod) -> float:
    """Two Newton steps on a smooth stretch, since a likelihood flat to 1e-16 locates its top to 1e-8 only."""
    step = 1e-3
    for _ in range(3):
        below, here, above = (units.profile(float(np.exp(at + s)), method)[0] for s in (-step, 0.0, step))
        bend = above - 2 * here + below
        if bend < 0:
            at -= step * (above - below) / (2 * bend)
    return float(np.exp(at))


@by_row("means", "sizes", "areas")
def area_means(fitted: NestedError, means: pd.DataFrame, sizes: npt.ArrayLike, areas: Any) -> pd.DataFrame:
    """Predictors of the means of finite populations: what was observed, and the model for the rest.

    f × mean of the sample + (mean of all x - f × mean of the sample's x)'beta + (1 - f) u, f = n / N.

    Parameters
    ----------
    fitted : NestedError
    means : DataFrame, shape (m, k)
        Population mean of each term of the fit (without the intercept) by area.
    sizes : array_like, shape (m,)
        Units of the population.
    areas : sequence, shape (m,)
        Which; one that the sample has not gets x'beta.

    Returns
    -------
    DataFrame
        Columns area, n, value.

    Raises
    ------
    ModelError
        For a missing term, or a population smaller than its sample.

    References
    ----------
    Rao and Molina (2015), section 7.1.1; R ``sae::eblupBHF``.

    Examples
    --------
    >>> fitted = nested_error([0.1, 1.0, 2.1, 3.0, 4.1, 4.9], pd.DataFrame({"x": [0.0, 1, 2, 0, 1, 2]}), list("aaabbb"))
    >>> area_means(fitted, pd.DataFrame({"x": [1.0, 1.0]}), [3, 3], ["a", "b"])["value"].round(6).tolist()
    [1.066667, 4.0]
    """
    x = _terms_of(fitted, means, "area_means: means")
    size = numbers(sizes, "area_means: sizes")
    names = list(areas)
    if not len(x) == size.size == len(names):
        raise ModelError(
            "means, sizes and areas differ in length", where="area_means", got=(len(x), size.size, len(names))
        )
    known = fitted.effects.set_index("area").reindex(names)
    n = known["n"].fillna(0).to_numpy()
    if not (np.isfinite(size) & (size >= n) & (size > 0)).all():
        raise ModelError(
            "a population smaller than its sample", where="area_means: sizes", expected="at least the rows sampled"
        )
    share = n / size
    seen = known[fitted.terms].fillna(0).to_numpy()
    observed = share * known["mean_y"].fillna(0).to_numpy()
    value = observed + (x - share[:, None] * seen) @ fitted.beta + (1 - share) * known["effect"].fillna(0).to_numpy()
    return pd.DataFrame({"area": names, "n": n.astype(int), "value": value})


def _terms_of(fitted: NestedError, table: pd.DataFrame, where: str) -> Array:
    """Columns of the fit, with the intercept, in its order."""
    missing = [term for term in fitted.terms[1:] if term not in table.columns]
    if missing:
        raise ModelError("a term of the fit is missing", where=where, got=missing, expected=", ".join(fitted.terms[1:]))
    return np.column_stack([np.ones(len(table)), numbers(table[fitted.terms[1:]], where)])


@by_row("covariates", "areas")
def bootstrap_mse(
    fitted: NestedError,
    covariates: pd.DataFrame,
    areas: Any,
    means: pd.DataFrame,
    sizes: npt.ArrayLike,
    names: Any,
    generator: np.random.Generator,
    draws: int = 200,
) -> pd.DataFrame:
    """Mean squared error of :func:`area_means` by parametric bootstrap.

    Parameters
    ----------
    fitted : NestedError
    covariates : DataFrame, shape (n, k)
        Of the sample, as fitted.
    areas : sequence, shape (n,)
    means, sizes, names
        As ``means``, ``sizes`` and ``areas`` of :func:`area_means`.
    generator : numpy.random.Generator
    draws : int
        Bootstrap populations.

    Returns
    -------
    DataFrame
        Columns area, mse.

    Raises
    ------
    ModelError
        For fewer than two draws, and as :func:`area_means`.

    References
    ----------
    González-Manteiga et al. (2008), doi:10.1080/00949650601141811; R ``sae::pbmseBHF``.

    Examples
    --------
    >>> table, where = pd.DataFrame({"x": [0.0, 1, 2, 0, 1, 2]}), list("aaabbb")
    >>> fitted = nested_error([0.1, 1.0, 2.1, 3.0, 4.1, 4.9], table, where)
    >>> means = pd.DataFrame({"x": [1.0, 1.0]})
    >>> bool((bootstrap_mse(fitted, table, where, means, [30, 30], ["a", "b"], np.random.default_rng(1), 20)["mse"] > 0).all())
    True
    """
    if draws < 2:
        raise ModelError("needs draws", where="bootstrap_mse", got=draws, expected=">= 2")
    x = _terms_of(fitted, design_columns(covariates), "bootstrap_mse: covariates")
    population = _terms_of(fitted, means, "bootstrap_mse: means")
    codes, labels = group_codes(areas, len(x))
    known, size = pd.Index(labels).get_indexer(pd.Index(names)), numbers(sizes, "bootstrap_mse: sizes")
    n = np.where(known >= 0, np.bincount(codes, minlength=len(labels))[known], 0)
    squares = np.zeros(len(known))
    share = n / size
    mean_x = (_sums(x, codes, len(labels)) / np.bincount(codes)[:, None])[known] * (known >= 0)[:, None]
    scale = np.abs(x).max(axis=0)
    for _ in range(draws):
        u = generator.normal(0, np.sqrt(fitted.area_variance), len(labels))
        e = generator.normal(0, np.sqrt(fitted.unit_variance), len(x))
        beyond = generator.normal(0, np.sqrt(fitted.area_variance), len(known))
        unseen = generator.normal(0, 1, len(known)) * np.sqrt(fitted.unit_variance * np.maximum(size - n, 0))
        seen = np.where(known >= 0, np.bincount(codes, e, len(labels))[known], 0.0)
        truth = population @ fitted.beta + np.where(known >= 0, u[known], beyond) + (seen + unseen) / size
        y = x @ fitted.beta + u[codes] + e
        units = _reduced(y, x / scale, codes)
        ratio = _best_ratio(units, fitted.method)
        beta = units.profile(ratio, fitted.method)[1] / scale
        mean_y = np.where(known >= 0, (np.bincount(codes, y) / units.count)[known], 0.0)
        effect = ratio * n / (1 + ratio * n) * (mean_y - mean_x @ beta)
        found = share * mean_y + (population - share[:, None] * mean_x) @ beta + (1 - share) * effect
        squares += (found - truth) ** 2
    return pd.DataFrame({"area": list(names), "mse": squares / draws})
