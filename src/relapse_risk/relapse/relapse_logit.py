"""The official score: an additive logit that an inspector can recompute by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from relapse_risk.poverty.survey import SurveyDesign
from relapse_risk.relapse.features import (
    FEATURES,
    Direction,
    Feature,
    check_features,
    feature_matrix,
    refuse_leakage,
)
from relapse_risk.relapse.fitted_logit import POINTS_PER_LOGIT, TAILS, FittedRelapseLogit, LeftOutTerm, Term
from relapse_risk.relapse.glm import (
    Array,
    Link,
    clustered_covariance,
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
    pass

__all__ = ["RelapseLogit"]


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
