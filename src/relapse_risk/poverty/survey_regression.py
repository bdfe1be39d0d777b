"""Regressions with design-based standard errors: linear, logit, probit, complementary log-log, Poisson."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import f as f_distribution
from scipy.stats import norm

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes
from relapse_risk.poverty.inference import check_domain, check_rows
from relapse_risk.poverty.rif import design_columns
from relapse_risk.poverty.survey import SurveyDesign, covariance, interval
from relapse_risk.rows import by_row

__all__ = ["SurveyRegression", "survey_regression"]

Family = Literal["linear", "logit", "probit", "cloglog", "poisson"]
STEPS, TOLERANCE = 100, 1e-12


@dataclass(frozen=True, slots=True)
class SurveyRegression:
    """A regression under a survey design.

    Attributes
    ----------
    frame : DataFrame
        Columns term, value, se, low, high.
    covariance : array, shape (k, k)
    degrees_of_freedom : int
        Clusters minus strata, minus terms but the intercept.
    family : str
    """

    frame: pd.DataFrame
    covariance: Array
    degrees_of_freedom: int
    family: str

    def wald_test(self, terms: Sequence[str]) -> tuple[float, float]:
        """F statistic and p of "these coefficients are all zero".

        Raises
        ------
        ModelError
            For a term that is not in the regression.
        """
        names = self.frame["term"].tolist()
        unknown = [term for term in terms if term not in names]
        if unknown or not terms:
            raise ModelError("not terms of the regression", where="wald_test", got=unknown, expected=", ".join(names))
        at = [names.index(term) for term in terms]
        value = self.frame["value"].to_numpy()[at]
        statistic = float(value @ np.linalg.solve(self.covariance[np.ix_(at, at)], value) / len(at))
        return statistic, float(f_distribution.sf(statistic, len(at), self.degrees_of_freedom))

    def summary(self) -> str:
        """One line per term."""
        rows = self.frame.itertuples(index=False)
        return "\n".join(f"{r.term}: {r.value:.6g} (se {r.se:.3g}, {r.low:.6g} to {r.high:.6g})" for r in rows)

    def _repr_html_(self) -> str:
        return f"<p>{self.family}</p>{self.frame.to_html(index=False)}"


def _mean(eta: Array, family: Family) -> tuple[Array, Array, Array]:
    """Mean, its derivative by the linear predictor, and the variance of the outcome."""
    if family == "linear":
        return eta, np.ones(eta.size), np.ones(eta.size)
    if family == "poisson":
        mean = np.exp(np.minimum(eta, 700))
        return mean, mean, mean
    if family == "logit":
        mean = 1 / (1 + np.exp(-np.clip(eta, -30, 30)))
        return mean, mean * (1 - mean), mean * (1 - mean)
    if family == "probit":
        mean, slope = norm.cdf(eta), norm.pdf(eta)
    else:
        rate = np.exp(np.clip(eta, -30, 3.5))
        mean, slope = -np.expm1(-rate), rate * np.exp(-rate)
    return mean, slope, np.maximum(mean * (1 - mean), 1e-300)


def _start(y: Array, w: Array, family: Family) -> Array:
    """Linear predictor of the overall mean."""
    mean = float(w @ y / w.sum())
    if family == "linear":
        return np.full(y.size, mean)
    if family == "poisson":
        return np.full(y.size, np.log(mean))
    inverse = {"logit": np.log(mean / (1 - mean)), "probit": norm.ppf(mean), "cloglog": np.log(-np.log1p(-mean))}
    return np.full(y.size, inverse[family])


def _check_outcome(y: Array, w: Array, family: Family) -> None:
    if family not in ("linear", "logit", "probit", "cloglog", "poisson"):
        raise ModelError("unknown family", where="survey_regression", got=family,
                         expected="linear | logit | probit | cloglog | poisson")  # fmt: skip
    if family == "poisson" and ((y < 0).any() or not (w @ y) > 0):
        raise ModelError("not counts", where="survey_regression: y", got=float(y.min()), expected=">= 0, not all zero")
    if family in ("logit", "probit", "cloglog"):
        if not np.isin(y, (0, 1)).all():
            raise ModelError(
                "not yes or no", where="survey_regression: y", got=sorted(set(y.tolist()))[:3], expected="0 and 1"
            )
        if not 0 < w @ y < w.sum():
            raise ModelError("everybody has the same outcome", where="survey_regression: y", got=float(y[0]))


@by_row("y", "covariates", "design", "domain")
def survey_regression(
    y: npt.ArrayLike,
    covariates: pd.DataFrame,
    design: SurveyDesign,
    family: Family = "linear",
    domain: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> SurveyRegression:
    """Weighted (pseudo-) maximum likelihood with linearised standard errors.

    Parameters
    ----------
    y : array_like, shape (n,)
        Outcome: numbers, 0 and 1, or counts.
    covariates : DataFrame, shape (n, k)
        Numbers, or text and categories (coded against their first level).
    design : SurveyDesign
    family : {"linear", "logit", "probit", "cloglog", "poisson"}
        The last with log link; its variance need not be that of Poisson.
    domain : boolean array_like, shape (n,), optional
        Rows to fit; the rest still counts as sample.
    level : float
        Coverage of the intervals.

    Returns
    -------
    SurveyRegression

    Raises
    ------
    ModelError
        For missing values, an outcome that does not fit the family, covariates that depend on each other, or data that
        separate the outcome.

    References
    ----------
    Binder (1983), doi:10.2307/1402588; bread is the expected information, as in R ``survey::svyglm``.

    Examples
    --------
    >>> from relapse_risk.poverty.survey import survey_design
    >>> fitted = survey_regression([1.0, 2.0, 4.0, 5.0], pd.DataFrame({"urban": [0, 0, 1, 1]}), survey_design([1] * 4))
    >>> fitted.frame["value"].round(6).tolist()
    [1.5, 3.0]
    """
    outcome = check_rows(check_incomes(y, "survey_regression: y"), design)
    mask = check_domain(domain, outcome.size)
    table = design_columns(covariates)
    w = np.where(mask, design.weights, 0.0)
    _check_outcome(outcome[mask], w[mask], family)
    x = table.to_numpy()
    scale = np.maximum(np.abs(x[mask]).max(axis=0), 1e-300)
    coefficients, bread, score = _fit(x / scale, outcome, w, family)
    coefficients, bread = coefficients / scale, bread / np.outer(scale, scale)
    matrix = covariance(design, (x * np.where(mask, score, 0.0)[:, None]) @ bread)
    freedom = design.degrees_of_freedom_in(mask) - x.shape[1] + 1
    se = np.sqrt(np.diag(matrix))
    low, high = interval(coefficients, se, level, degrees_of_freedom=freedom)
    frame = pd.DataFrame({"term": table.columns, "value": coefficients, "se": se, "low": low, "high": high})
    return SurveyRegression(frame, matrix, freedom, family)


def _fit(x: Array, y: Array, w: Array, family: Family) -> tuple[Array, Array, Array]:
    """Coefficients, inverse expected information, and derivative of each row's log-likelihood by its predictor."""
    eta = _start(y, w, family)
    coefficients = np.zeros(x.shape[1])
    if np.linalg.matrix_rank(x * np.sqrt(w)[:, None]) < x.shape[1]:
        raise ModelError(
            "covariates depend on each other linearly", where="survey_regression", fix="leave one of them out"
        )
    for _ in range(STEPS):
        mean, slope, variance = _mean(eta, family)
        information = w * slope**2 / variance
        working = eta + (y - mean) / slope
        bread = np.linalg.inv((x * information[:, None]).T @ x)
        found = bread @ (x.T @ (information * working))
        moved = np.abs(found - coefficients).max()
        coefficients, eta = found, x @ found
        if moved <= TOLERANCE * max(1.0, np.abs(found).max()):
            mean, slope, variance = _mean(eta, family)
            return (
                coefficients,
                np.linalg.inv((x * (w * slope**2 / variance)[:, None]).T @ x).astype(np.float64),
                (y - mean) * slope / variance,
            )
    raise ModelError("the fit does not settle: something may separate the outcome", where="survey_regression",
                     got=np.round(coefficients, 1).tolist(), fix="leave the column with the largest coefficient out")  # fmt: skip
