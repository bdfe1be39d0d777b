"""The official score: an additive logit that an inspector can recompute by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from scipy.stats import norm

from relapse_risk.errors import ModelError
from relapse_risk.relapse.features import FEATURES, Feature, feature_matrix

__all__ = ["FittedRelapseLogit", "RelapseLogit", "Term"]

Array = npt.NDArray[np.float64]
POINTS_PER_LOGIT = 20 / np.log(2)  # twenty points double the odds


@dataclass(frozen=True, slots=True)
class Term:
    """One line of the score: add ``coefficient × (value - reference)``; a missing value counts as the reference."""

    name: str
    zh: str
    en: str
    unit: str
    family: str
    coefficient: float
    se: float
    reference: float
    points_per_unit: float


@dataclass(frozen=True, slots=True)
class RelapseLogit:
    """Logit of falling within the horizon on additive features, covariance clustered by village.

    Parameters
    ----------
    min_events : int
        Fewer events than this refuse the fit.
    min_spread : float
        Features whose standard deviation is below this are left out.
    """

    min_events: int = 30
    min_spread: float = 1e-3

    def fit(self, rows: pd.DataFrame, event: pd.Series, weight: pd.Series, cluster: pd.Series) -> FittedRelapseLogit:
        """Fit on at-risk rows.

        Parameters
        ----------
        rows : DataFrame, shape (n, columns)
            Household frame with spell clock; no outcomes.
        event : Series, shape (n,)
            1 fell, 0 did not.
        weight : Series, shape (n,)
            Sampling weights; normalised to mean one.
        cluster : Series, shape (n,)
            What standard errors are clustered by.

        Raises
        ------
        ModelError
            For too few events or non-events, or a fit that does not settle.
        """
        y = event.to_numpy(dtype=float)
        if min(y.sum(), (1 - y).sum()) < self.min_events:
            raise ModelError(
                "too few events to fit a score", where="RelapseLogit", got=int(y.sum()),
                expected=f"at least {self.min_events} events and non-events", fix="use more waves or a longer horizon",
            )  # fmt: skip
        raw = feature_matrix(rows)
        reference = raw.mean()
        centred = raw.fillna(reference) - reference
        kept = independent_columns(centred.loc[:, centred.std(ddof=0) > self.min_spread])
        x = sm.add_constant(centred[kept].to_numpy(), has_constant="add")
        w = weight.to_numpy(dtype=float) / float(weight.mean())
        result = sm.GLM(y, x, family=sm.families.Binomial(), var_weights=w).fit(maxiter=100)
        codes = pd.factorize(cluster)[0]
        if not result.converged or np.abs(result.params).max() > 25:
            raise ModelError(
                "the fit did not settle", where="RelapseLogit",
                got=dict(zip(["intercept", *kept], np.round(result.params, 1), strict=True)),
                fix="a feature separates the outcome; leave it out",
            )  # fmt: skip
        cov = clustered_covariance(x, w * (y - result.fittedvalues), result.normalized_cov_params, codes)
        return _fitted(result.params, cov, kept, reference, len(y), int(y.sum()), int(codes.max()) + 1)


def independent_columns(matrix: pd.DataFrame, tolerance: float = 1e-6) -> list[str]:
    """Columns in order, leaving out each that the ones before it already determine.

    Examples
    --------
    >>> independent_columns(pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [2.0, 4.0, 8.0], "c": [1.0, 0.0, 0.0]}))
    ['a', 'c']
    """
    basis = np.empty((len(matrix), 0))
    kept = []
    for name in matrix.columns:
        column = matrix[name].to_numpy(dtype=float)
        rest = column - basis @ (basis.T @ column)
        size = np.linalg.norm(rest)
        if size > tolerance * float(np.linalg.norm(column)):
            basis = np.column_stack([basis, rest / size])
            kept.append(name)
    return kept


def clustered_covariance(x: Array, residual: Array, bread: Array, cluster: npt.NDArray[np.intp]) -> Array:
    """Sandwich covariance of a logit clustered by ``cluster``: G/(G-1) · (n-1)/(n-k) · bread · meat · bread.

    Parameters
    ----------
    x : ndarray, shape (n, k)
    residual : ndarray, shape (n,)
        Weighted score residuals, w (y - p).
    bread : ndarray, shape (k, k)
        Inverse of the expected information.
    cluster : ndarray of int, shape (n,)
        From 0 to G - 1.

    References
    ----------
    Liang and Zeger (1986); the small-sample factor is the one Stata and statsmodels use.
    """
    groups, n, k = int(cluster.max()) + 1, *x.shape
    scores = x * residual[:, None]
    totals = np.column_stack([np.bincount(cluster, scores[:, j], groups) for j in range(k)])
    factor = groups / max(groups - 1, 1) * (n - 1) / (n - k)
    covariance: Array = factor * bread @ (totals.T @ totals) @ bread
    return covariance


def _fitted(
    params: Array, cov: Array, kept: list[str], reference: pd.Series, n: int, events: int, clusters: int
) -> FittedRelapseLogit:
    se = np.sqrt(np.diag(cov))
    by_name = {feature.name: feature for feature in FEATURES}
    terms = tuple(_term(by_name[name], params[i], se[i], reference[name]) for i, name in enumerate(kept, start=1))
    return FittedRelapseLogit(float(params[0]), float(se[0]), terms, cov, n, events, clusters)


def _term(feature: Feature, coefficient: float, se: float, reference: float) -> Term:
    return Term(
        feature.name, feature.zh, feature.en, feature.unit, feature.family, float(coefficient), float(se),
        float(reference), float(coefficient * POINTS_PER_LOGIT),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FittedRelapseLogit:
    """The score: base plus one contribution per term, on the log-odds scale.

    Attributes
    ----------
    base, base_se : float
        Log-odds of a household at the reference of every term.
    terms : tuple of Term
    covariance : ndarray, shape (k + 1, k + 1)
        Clustered covariance of base and coefficients.
    n, events, clusters : int
        Rows, events and clusters it was fitted on.
    """

    base: float
    base_se: float
    terms: tuple[Term, ...]
    covariance: Array = field(repr=False)
    n: int
    events: int
    clusters: int

    def _centred(self, rows: pd.DataFrame) -> pd.DataFrame:
        raw = feature_matrix(rows)
        reference = pd.Series({term.name: term.reference for term in self.terms})
        return raw.reindex(columns=reference.index).fillna(reference) - reference

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Log-odds each term adds for each row; they sum with ``base`` to the linear predictor exactly."""
        coefficients = pd.Series({term.name: term.coefficient for term in self.terms})
        return self._centred(rows) * coefficients

    def predict(self, rows: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
        """Probability of falling within the horizon, with the interval of its log-odds (delta method).

        Returns
        -------
        DataFrame
            probability, low, high on ``rows``'s index.
        """
        centred = self._centred(rows).to_numpy()
        x = np.column_stack([np.ones(len(centred)), centred])
        beta = np.array([self.base, *(term.coefficient for term in self.terms)])
        eta = x @ beta
        se = np.sqrt(np.einsum("ij,jk,ik->i", x, self.covariance, x).clip(min=0))
        z = norm.ppf(0.5 + level / 2)
        return pd.DataFrame(
            {"probability": _expit(eta), "low": _expit(eta - z * se), "high": _expit(eta + z * se)}, index=rows.index
        )

    def summary(self) -> str:
        """The card as text."""
        lines = [f"base {self.base:+.3f}; n {self.n}, events {self.events}, clusters {self.clusters}"]
        lines += [
            f"{t.name:<24} {t.coefficient:+.3f} ({t.se:.3f}) per {t.unit}, from {t.reference:.3f}" for t in self.terms
        ]
        return "\n".join(lines)


def _expit(eta: Array) -> Array:
    return 1 / (1 + np.exp(-eta))
