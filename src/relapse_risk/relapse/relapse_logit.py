"""The official score: an additive logit that an inspector can recompute by hand."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm
from sklearn.utils.validation import check_is_fitted

from relapse_risk.languages import Label
from relapse_risk.pictures import picture
from relapse_risk.poverty.survey import SurveyDesign
from relapse_risk.relapse.features import (
    FEATURES,
    Direction,
    Feature,
    check_features,
    feature_matrix,
    learned_features,
    refuse_leakage,
)
from relapse_risk.relapse.glm import (
    Array,
    Link,
    clustered_covariance,
    inverse_link,
)
from relapse_risk.relapse.logit_steps import (
    against_direction,
    check_counts,
    check_rows,
    covariance_of_design,
    independent_columns,
    level_fit,
    newest_rows,
    normalised,
    null_log_likelihood,
    settled,
    shrinkage,
    with_base,
    without_separators,
)
from relapse_risk.relapse.risk_estimator import Learning, RiskEstimator, own_features
from relapse_risk.rows import by_row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["POINTS_PER_LOGIT", "FittedRelapseLogit", "LeftOutTerm", "RelapseLogit", "Term"]

POINTS_PER_LOGIT = 20 / np.log(2)  # twenty points double the odds
TAILS = (0.001, 0.999)


@dataclass(frozen=True, slots=True)
class Term:
    """One line of the score: add ``coefficient × (value - reference)``; a missing value counts as the reference.

    ``reference`` is the mean, ``spread`` the standard deviation, ``low`` and ``high`` the 0.1 and 99.9 % points of the
    rows it was fitted on.
    """

    name: str
    label: Label
    unit: str
    family: str
    coefficient: float
    se: float
    reference: float
    spread: float
    low: float
    high: float
    points_per_unit: float


@dataclass(frozen=True, slots=True)
class LeftOutTerm:
    """A feature that is not in the score, and why.

    ``constant``; ``determined`` by others; ``separates``: a yes or no under which nobody, everybody or too few fell to
    learn from; ``direction``: it would move the risk against its declared direction.
    """

    name: str
    label: Label
    reason: str


@dataclass(repr=False, eq=False)
class RelapseLogit(RiskEstimator):
    """Logit of falling within the horizon on additive features, covariance clustered by village.

    A feature that moves the risk against its declared direction is left out and the rest fitted again, so that no
    line of the score contradicts its declared direction.  The level (not the slopes) is that of the newest twelve months:
    rates drift, slopes do not.  Slopes learned from few events are multiplied by ``fitted_.shrinkage``, or the fit is
    refused: fitted to chance, they would spread new households too far apart.

    An estimator of scikit-learn: ``fit``, ``predict_proba``, ``predict``; what was learned is ``fitted_``.

    Parameters
    ----------
    features : sequence of Feature, optional
        When left out: every column of ``X`` in ``fit``, the register's :data:`FEATURES` in ``fit_rows``.
    min_events : int
        Fewer events, or non-events, than this refuse the fit.
    min_spread : float
        Features whose standard deviation is below this are left out.
    newest_level : bool
        Whether the base is refitted on the newest twelve months (of rows that have a month).
    shrink : bool
        Whether slopes are shrunk, and a fit that is mostly chance is refused.
    link : {"logit", "cloglog"}
        The official score is a logit; see :class:`relapse_risk.research.hazard.RelapseHazard` for the other.
    directions : mapping of column to -1, 0 or 1, optional
        Of the columns of ``X``, where ``features`` are left out.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> X = pd.DataFrame({"income": rng.normal(size=400), "size": rng.integers(1, 6, 400)})
    >>> fell = rng.random(400) < 1 / (1 + np.exp(1 + X["income"]))
    >>> model = RelapseLogit(directions={"income": -1}).fit(X, fell)
    >>> [term.name for term in model.fitted_.terms], model.predict_proba(X).shape
    (['income', 'size'], (400, 2))
    """

    features: Sequence[Feature] | None = None
    min_events: int = 30
    min_spread: float = 1e-3
    newest_level: bool = True
    link: Link = "logit"
    shrink: bool = True
    directions: Mapping[str, Direction] | None = None

    @property
    def offered(self) -> tuple[Feature, ...]:
        """The features it fits rows of a register on."""
        return FEATURES if self.features is None else tuple(self.features)

    @by_row("X", "y", "sample_weight", "groups", "design")
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, design: SurveyDesign | None = None
    ) -> Self:
        """Fit on rows of a frame or array, as scikit-learn does.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n, columns)
            The register's columns where ``features`` are given; else every column is a feature, NaN where unknown.
        y : array_like, shape (n,)
            Two classes; the second in sorted order (1, True) is the event.
        sample_weight : array_like, shape (n,), optional
            Sampling weights; equal when left out.
        groups : array_like, shape (n,), optional
            Clusters (villages) of the standard errors; every row its own when left out.
        design : SurveyDesign, optional
            Standard errors are those of this design instead; ``sample_weight`` must be its weights.

        Returns
        -------
        self

        Raises
        ------
        ValueError, ModelError
            For other than two classes, too few events, invalid weights or labels that differ; a separating column is left
            out and named in ``fitted_.left_out``.
        """
        return self._fit(X, y, sample_weight, groups, design)

    def _learn(self, given: Learning) -> FittedRelapseLogit:
        if self.features is not None:
            return self.fit_rows(given.rows, given.event, given.weight, given.cluster, given.design)
        own = replace(self, features=own_features(given.rows, self.directions))
        matrix = feature_matrix(given.rows, own.offered)
        return own.fit_matrix(matrix, None, given.event, given.weight, given.cluster, given.design)

    def _chance(self, rows: pd.DataFrame) -> Array:
        return self.fitted_.predict(rows)["probability"].to_numpy()

    def decision_function(self, X: Any) -> Array:
        """Log-odds of the event (the linear predictor under another link), shape (n,)."""
        check_is_fitted(self)
        rows = self._frame(X, reset=False)
        return np.asarray(self.fitted_.base + self.fitted_.contributions(rows).sum(axis=1).to_numpy())

    @by_row("rows", "event", "weight", "cluster", "design")
    def fit_rows(
        self, rows: pd.DataFrame, event: pd.Series, weight: pd.Series, cluster: pd.Series,
        design: SurveyDesign | None = None,
    ) -> FittedRelapseLogit:  # fmt: skip
        """The immutable score of at-risk rows of a register.

        Parameters
        ----------
        rows : DataFrame, shape (n, columns)
            Household frame with history; no outcomes.
        event : Series, shape (n,)
            1 fell, 0 did not.
        weight : Series, shape (n,)
            Sampling weights; normalised to mean one.
        cluster : Series, shape (n,)
            What standard errors are clustered by.
        design : SurveyDesign, optional
            Standard errors are those of this design instead; ``weight`` must be its weights.

        Raises
        ------
        ModelError
            For row labels that differ, an event that is neither 0 nor 1, a row without a cluster, too few events or
            non-events, invalid weights, a feature that leaks the outcome, or a fit
            that does not settle.
        """
        check_rows(event, cluster)
        check_counts(int(event.sum()), int(len(event) - event.sum()), self.min_events)
        matrix = feature_matrix(rows, check_features(self.offered))
        refuse_leakage(matrix, event.to_numpy(dtype=float))
        return self.fit_matrix(matrix, rows["month"], event, weight, cluster, design)

    def fit_matrix(
        self, matrix: pd.DataFrame, month: pd.Series | None, event: pd.Series, weight: pd.Series, cluster: pd.Series,
        design: SurveyDesign | None = None,
    ) -> FittedRelapseLogit:  # fmt: skip
        """Fit on features already computed (:func:`relapse_risk.relapse.features.feature_matrix`), without a month all of
        one period."""
        y = event.to_numpy(dtype=float)
        check_counts(int(y.sum()), int(len(y) - y.sum()), self.min_events)
        w = normalised(weight)
        codes = pd.factorize(cluster)[0]
        by_name = {feature.name: feature for feature in self.offered}
        reference = matrix.mean()
        centred = matrix.fillna(reference) - reference
        varied = centred.loc[:, centred.std(ddof=0).fillna(0) > self.min_spread]
        dropped = {name: "constant" for name in matrix if name not in varied}
        varied, separating = without_separators(varied, y)
        kept = independent_columns(varied)
        dropped |= dict.fromkeys(separating, "separates")
        dropped |= {name: "determined" for name in varied if name not in kept}
        fit, separating = settled(centred, kept, y, w, self.link)
        dropped |= dict.fromkeys(separating, "separates")
        while wrong := against_direction(kept, fit.params, fit.bread, by_name):
            dropped[wrong] = "direction"
            start = np.delete(fit.params, kept.index(wrong) + 1)
            kept.remove(wrong)
            fit, separating = settled(centred, kept, y, w, self.link, start)
            dropped |= dict.fromkeys(separating, "separates")
        x = with_base(centred[kept])
        covariance = (
            clustered_covariance(x, fit, codes) if design is None else covariance_of_design(x, fit, weight, design)
        )
        newest = newest_rows(month, len(y))
        params, factor = fit.params.copy(), 1.0
        if self.shrink:
            factor = shrinkage(2 * (fit.log_likelihood - null_log_likelihood(y, w, self.link)), len(kept))
        if factor < 1:
            params[1:] *= factor
            params[0] = level_fit(x, y, w, params, self.link).params[0]
        if self.newest_level and not newest.all() and y[newest].sum() >= self.min_events:
            level = level_fit(x[newest], y[newest], w[newest], params, self.link)
            params[0], covariance[0, :], covariance[:, 0] = level.params[0], 0.0, 0.0
            covariance[0, 0] = clustered_covariance(x[newest, :1], level, pd.factorize(codes[newest])[0])[0, 0]
        terms = tuple(
            _term(by_name[name], params[i], covariance[i, i], matrix[name]) for i, name in enumerate(kept, start=1)
        )
        out = tuple(LeftOutTerm(n, by_name[n].label, reason) for n, reason in sorted(dropped.items()))
        return FittedRelapseLogit(
            float(params[0]), float(np.sqrt(covariance[0, 0])), terms, out, self.offered, covariance,
            len(y), int(y.sum()), int(codes.max()) + 1, self.link, factor,
        )  # fmt: skip


def _term(feature: Feature, coefficient: float, variance: float, values: pd.Series) -> Term:
    low, high = values.quantile(list(TAILS))
    return Term(
        feature.name, feature.label, feature.unit, feature.family, float(coefficient),
        float(np.sqrt(variance)), float(values.mean()), float(values.std(ddof=0)), float(low), float(high),
        float(coefficient * POINTS_PER_LOGIT),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FittedRelapseLogit:
    """The score: base plus one contribution per term, on the log-odds scale.

    Attributes
    ----------
    base, base_se : float
        Log-odds of a household at the reference of every term.
    terms : tuple of Term
    left_out : tuple of LeftOutTerm
    features : tuple of Feature
        What it was offered; computes the terms of new rows.
    covariance : ndarray, shape (k + 1, k + 1)
        Clustered covariance of base and coefficients.
    n, events, clusters : int
        Rows, events and clusters it was fitted on.
    shrinkage : float
        What the fitted slopes were multiplied by; 1 where events are enough.  ``covariance`` is that of the fit.
    """

    base: float
    base_se: float
    terms: tuple[Term, ...]
    left_out: tuple[LeftOutTerm, ...]
    features: tuple[Feature, ...] = field(repr=False)
    covariance: Array = field(repr=False)
    n: int
    events: int
    clusters: int
    link: Link = "logit"
    shrinkage: float = 1.0

    def matrix(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Values of the terms, one column each; null where unknown.

        Raises
        ------
        ModelError
            If a column that a term is computed from is not there.
        """
        return learned_features(rows, self.features, [term.name for term in self.terms])

    def contributions(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Log-odds each term adds for each row; they sum with ``base`` to the linear predictor exactly."""
        return contributions_of(self, self.matrix(rows))

    def predict(self, rows: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
        """Probability of falling within the horizon, with the interval of its log-odds (delta method).

        Returns
        -------
        DataFrame
            probability, low, high on ``rows``'s index.
        """
        return predict_matrix(self, self.matrix(rows), level)

    def at_level(self, base: float) -> FittedRelapseLogit:
        """The same slopes on another base: for a place or a year with another rate."""
        return replace(self, base=base)

    def summary(self) -> str:
        """The card as text."""
        lines = [f"base {self.base:+.3f}; n {self.n}, events {self.events}, clusters {self.clusters}"]
        lines += [f"slopes shrunk to {self.shrinkage:.3f} of what was fitted: few events"] if self.shrinkage < 1 else []
        lines += [
            f"{t.name:<24} {t.coefficient:+.3f} ({t.se:.3f}) per {t.unit}, from {t.reference:.3f}" for t in self.terms
        ]
        lines += [f"{t.name:<24} left out: {t.reason}" for t in self.left_out]
        return "\n".join(lines)

    def plot(self, ax: Axes | None = None, level: float = 0.95) -> Axes:
        """Log-odds of one standard deviation of each term with its interval, on ``ax`` or new axes."""
        z = norm.ppf(0.5 + level / 2)
        rows = [(t.name, t.coefficient * t.spread, z * t.se * t.spread) for t in self.terms]
        frame = pd.DataFrame([(name, b, b - e, b + e) for name, b, e in rows], columns=["term", "value", "low", "high"])
        return picture("relapse_risk.evaluation.evaluation_plots.plot_coefficients", ax, frame, level=level)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"


def contributions_of(fitted: FittedRelapseLogit, matrix: pd.DataFrame) -> pd.DataFrame:
    """coefficient × (value - reference) of each term; zero where the value is unknown."""
    reference = pd.Series({term.name: term.reference for term in fitted.terms}, dtype=float)
    coefficients = pd.Series({term.name: term.coefficient for term in fitted.terms}, dtype=float)
    known = matrix.reindex(columns=reference.index)
    return ((known.fillna(reference) - reference) * coefficients).astype("float64")


def predict_matrix(fitted: FittedRelapseLogit, matrix: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Probability and its interval from the values of the terms."""
    reference = pd.Series({term.name: term.reference for term in fitted.terms}, dtype=float)
    x = with_base(matrix.reindex(columns=reference.index).fillna(reference) - reference)
    eta = x @ np.array([fitted.base, *(term.coefficient for term in fitted.terms)])
    se = np.sqrt(np.einsum("ij,ij->i", x @ fitted.covariance, x).clip(min=0))
    z = norm.ppf(0.5 + level / 2)
    return pd.DataFrame(
        {
            name: inverse_link(eta + side * z * se, fitted.link)
            for name, side in (("probability", 0), ("low", -1), ("high", 1))
        },
        index=matrix.index,
    )


def unlike_training(fitted: FittedRelapseLogit, matrix: pd.DataFrame) -> pd.Series:
    """Rows outside what the score can be applied to: ``mostly_missing``, ``unlike_training``, or null where it may.

    Mostly missing: the terms that are known carry under half of the score's spread.  Unlike training: values beyond
    the 0.1 and 99.9 % points of the rows it was fitted on move the score by more than half a logit.

    Examples
    --------
    >>> X = pd.DataFrame({"income": np.linspace(0, 1, 400)})
    >>> score = RelapseLogit().fit(X, np.tile([0, 0, 0, 1, 1, 0, 1, 1], 50)).fitted_
    >>> unlike_training(score, pd.DataFrame({"income": [0.5, np.nan]})).tolist()
    [nan, 'mostly_missing']
    """
    size = pd.Series({t.name: abs(t.coefficient) * t.spread for t in fitted.terms}, dtype=float)
    held = pd.DataFrame({t.name: matrix[t.name].clip(t.low, t.high) for t in fitted.terms}, index=matrix.index)
    slope = pd.Series({t.name: abs(t.coefficient) for t in fitted.terms}, dtype=float)
    beyond = ((matrix[size.index] - held).abs().fillna(0) * slope).sum(axis=1) > 0.5
    known = matrix[size.index].notna().astype(float) @ size / (size.sum() or 1.0)
    words: npt.NDArray[np.object_] = np.select([known < 0.5, beyond], ["mostly_missing", "unlike_training"], "")
    return pd.Series(words, index=matrix.index, dtype="str").replace("", pd.NA)
