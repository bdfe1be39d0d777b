"""The official score: an additive logit that an inspector can recompute by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from relapse_risk.errors import ModelError
from relapse_risk.months import add_months
from relapse_risk.poverty.survey import SurveyDesign
from relapse_risk.relapse.features import (
    FEATURES,
    Feature,
    check_features,
    feature_matrix,
    learned_features,
    refuse_leakage,
)
from relapse_risk.relapse.glm import (
    Array,
    GlmFit,
    Link,
    Separation,
    clustered_covariance,
    design_covariance,
    fit_glm,
    inverse_link,
    logit,
)
from relapse_risk.rows import by_row

__all__ = ["POINTS_PER_LOGIT", "FittedRelapseLogit", "LeftOutTerm", "RelapseLogit", "Term"]

POINTS_PER_LOGIT = 20 / np.log(2)  # twenty points double the odds
LEVEL_MONTHS = 12
TAILS = (0.001, 0.999)
FEWEST = 30


@dataclass(frozen=True, slots=True)
class Term:
    """One line of the score: add ``coefficient × (value - reference)``; a missing value counts as the reference.

    ``reference`` is the mean, ``spread`` the standard deviation, ``low`` and ``high`` the 0.1 and 99.9 % points of the
    rows it was fitted on.
    """

    name: str
    zh: str
    en: str
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
    zh: str
    en: str
    reason: str


@dataclass(frozen=True, slots=True)
class RelapseLogit:
    """Logit of falling within the horizon on additive features, covariance clustered by village.

    A feature that moves the risk against its declared direction is left out and the rest fitted again, so that no
    line of the score contradicts its declared direction.  The level (not the slopes) is that of the newest twelve months:
    rates drift, slopes do not.

    Parameters
    ----------
    features : sequence of Feature
    min_events : int
        Fewer events, or non-events, than this refuse the fit.
    min_spread : float
        Features whose standard deviation is below this are left out.
    newest_level : bool
        Whether the base is refitted on the newest twelve months.
    link : {"logit", "cloglog"}
        The official score is a logit; see :class:`relapse_risk.research.hazard.RelapseHazard` for the other.
    """

    features: Sequence[Feature] = FEATURES
    min_events: int = 30
    min_spread: float = 1e-3
    newest_level: bool = True
    link: Link = "logit"

    @by_row("rows", "event", "weight", "cluster", "design")
    def fit(
        self, rows: pd.DataFrame, event: pd.Series, weight: pd.Series, cluster: pd.Series,
        design: SurveyDesign | None = None,
    ) -> FittedRelapseLogit:  # fmt: skip
        """Fit on at-risk rows.

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
        _check_rows(event, cluster)
        check_counts(int(event.sum()), int(len(event) - event.sum()), self.min_events)
        matrix = feature_matrix(rows, check_features(self.features))
        refuse_leakage(matrix, event.to_numpy(dtype=float))
        return self.fit_matrix(matrix, rows["month"], event, weight, cluster, design)

    def fit_matrix(
        self, matrix: pd.DataFrame, month: pd.Series, event: pd.Series, weight: pd.Series, cluster: pd.Series,
        design: SurveyDesign | None = None,
    ) -> FittedRelapseLogit:  # fmt: skip
        """Fit on features already computed (:func:`relapse_risk.relapse.features.feature_matrix`)."""
        y = event.to_numpy(dtype=float)
        check_counts(int(y.sum()), int(len(y) - y.sum()), self.min_events)
        w = _normalised(weight)
        codes = pd.factorize(cluster)[0]
        by_name = {feature.name: feature for feature in self.features}
        reference = matrix.mean()
        centred = matrix.fillna(reference) - reference
        varied = centred.loc[:, centred.std(ddof=0).fillna(0) > self.min_spread]
        dropped = {name: "constant" for name in matrix if name not in varied}
        varied, separating = _without_separators(varied, y)
        kept = independent_columns(varied)
        dropped |= dict.fromkeys(separating, "separates")
        dropped |= {name: "determined" for name in varied if name not in kept}
        fit, separating = _settled(centred, kept, y, w, self.link)
        dropped |= dict.fromkeys(separating, "separates")
        while wrong := against_direction(kept, fit.params, fit.bread, by_name):
            dropped[wrong] = "direction"
            start = np.delete(fit.params, kept.index(wrong) + 1)
            kept.remove(wrong)
            fit, separating = _settled(centred, kept, y, w, self.link, start)
            dropped |= dict.fromkeys(separating, "separates")
        x = _design(centred[kept])
        covariance = clustered_covariance(x, fit, codes) if design is None else _of_design(x, fit, weight, design)
        newest = (month > add_months(month.max(), -LEVEL_MONTHS)).to_numpy(dtype=bool)
        params = fit.params.copy()
        if self.newest_level and not newest.all() and y[newest].sum() >= self.min_events:
            level = _level(x[newest], y[newest], w[newest], params, self.link)
            params[0], covariance[0, :], covariance[:, 0] = level.params[0], 0.0, 0.0
            covariance[0, 0] = clustered_covariance(x[newest, :1], level, pd.factorize(codes[newest])[0])[0, 0]
        terms = tuple(
            _term(by_name[name], params[i], covariance[i, i], matrix[name]) for i, name in enumerate(kept, start=1)
        )
        out = tuple(LeftOutTerm(n, by_name[n].zh, by_name[n].en, reason) for n, reason in sorted(dropped.items()))
        return FittedRelapseLogit(
            float(params[0]), float(np.sqrt(covariance[0, 0])), terms, out, tuple(self.features), covariance,
            len(y), int(y.sum()), int(codes.max()) + 1, self.link,
        )  # fmt: skip


def check_counts(events: int, others: int, least: int) -> None:
    """Raise if there are too few rows with, or without, the event to fit a score."""
    if min(events, others) < least:
        raise ModelError(
            "too few events to fit a score", where="RelapseLogit", got=events,
            expected=f"at least {least} events and {least} non-events", fix="use more waves or a longer horizon",
        )  # fmt: skip


def _check_rows(event: pd.Series, cluster: pd.Series) -> None:
    wrong = np.flatnonzero(~event.isin([0, 1]).to_numpy(dtype=bool))
    if wrong.size:
        raise ModelError(
            "neither 0 nor 1", where=f"event, row {event.index[wrong[0]]}", got=event.iloc[wrong[0]], expected="0 or 1",
            fix="leave out rows whose outcome was not observed",
        )  # fmt: skip
    missing = np.flatnonzero(cluster.isna().to_numpy())
    if missing.size:
        raise ModelError(
            "a row without a cluster",
            where=f"cluster, row {cluster.index[missing[0]]}",
            expected="a cluster for every row",
        )


def _normalised(weight: pd.Series) -> Array:
    w = weight.to_numpy(dtype=float)
    if not np.isfinite(w).all() or (w < 0).any() or w.sum() <= 0:
        raise ModelError(
            "weights must be finite, none negative, not all zero", where="RelapseLogit", got=(w.min(), w.max())
        )
    return np.asarray(w / w.mean())


def _of_design(x: Array, fit: GlmFit, weight: pd.Series, design: SurveyDesign) -> Array:
    if not np.array_equal(weight.to_numpy(dtype=float), design.weights):
        raise ModelError("the weights are not those of the design", where="RelapseLogit", fix="pass design.weights")
    return design_covariance(x, fit, design)


def _design(centred: pd.DataFrame) -> Array:
    return np.column_stack([np.ones(len(centred)), centred.to_numpy(dtype=float)])


def _without_separators(centred: pd.DataFrame, y: Array) -> tuple[pd.DataFrame, list[str]]:
    """Columns, and the names of two-valued ones with a value under which everybody, or nobody, fell (or too few are)."""
    separating = []
    for name in centred:
        values = centred[name].to_numpy()
        lower = values == values.min()
        if not (lower | (values == values.max())).all():
            continue
        sides = [(y[side].sum(), side.sum()) for side in (lower, ~lower)]
        if any(n < FEWEST or events in (0, n) for events, n in sides):
            separating.append(str(name))
    return centred.drop(columns=separating), separating


def _fit(centred: pd.DataFrame, y: Array, w: Array, link: Link, start: Array | None) -> GlmFit:
    # One thread: on a busy machine BLAS threads wait for each other longer than they work.
    with threadpool_limits(limits=1):
        return fit_glm(_design(centred), y, w, link=link, start=start, names=("base", *centred.columns))


def _level(x: Array, y: Array, w: Array, params: Array, link: Link) -> GlmFit:
    """The base alone, refitted with the slopes held."""
    held = x[:, 1:] @ params[1:]
    expected = np.average(inverse_link(params[0] + held, link), weights=w)
    start = np.array([params[0] + float(logit(np.average(y, weights=w)) - logit(expected))])
    return fit_glm(x[:, :1], y, w, link=link, offset=held, start=start, names=("base",))


def _settled(
    centred: pd.DataFrame, kept: list[str], y: Array, w: Array, link: Link, start: Array | None = None
) -> tuple[GlmFit, list[str]]:
    """The fit without the columns that separate the outcome; they leave ``kept`` and are named."""
    separating: list[str] = []
    while True:
        try:
            return _fit(centred[kept], y, w, link, start), separating
        except Separation as error:
            if not error.column:
                raise
            separating.append(kept.pop(error.column - 1))
            start = None


def against_direction(kept: list[str], params: Array, bread: Array, by_name: dict[str, Feature]) -> str | None:
    """The feature that contradicts its direction the most, in standard errors."""
    se = np.sqrt(np.diag(bread))
    against = {
        name: -by_name[name].direction * params[i] / se[i]
        for i, name in enumerate(kept, start=1)
        if by_name[name].direction * params[i] < 0
    }
    return max(against, key=lambda name: against[name]) if against else None


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


def _term(feature: Feature, coefficient: float, variance: float, values: pd.Series) -> Term:
    low, high = values.quantile(list(TAILS))
    return Term(
        feature.name, feature.zh, feature.en, feature.unit, feature.family, float(coefficient),
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
        lines += [
            f"{t.name:<24} {t.coefficient:+.3f} ({t.se:.3f}) per {t.unit}, from {t.reference:.3f}" for t in self.terms
        ]
        lines += [f"{t.name:<24} left out: {t.reason}" for t in self.left_out]
        return "\n".join(lines)


def contributions_of(fitted: FittedRelapseLogit, matrix: pd.DataFrame) -> pd.DataFrame:
    """coefficient × (value - reference) of each term; zero where the value is unknown."""
    reference = pd.Series({term.name: term.reference for term in fitted.terms}, dtype=float)
    coefficients = pd.Series({term.name: term.coefficient for term in fitted.terms}, dtype=float)
    known = matrix.reindex(columns=reference.index)
    return ((known.fillna(reference) - reference) * coefficients).astype("float64")


def predict_matrix(fitted: FittedRelapseLogit, matrix: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Probability and its interval from the values of the terms."""
    reference = pd.Series({term.name: term.reference for term in fitted.terms}, dtype=float)
    x = _design(matrix.reindex(columns=reference.index).fillna(reference) - reference)
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
    """
    size = pd.Series({t.name: abs(t.coefficient) * t.spread for t in fitted.terms}, dtype=float)
    held = pd.DataFrame({t.name: matrix[t.name].clip(t.low, t.high) for t in fitted.terms}, index=matrix.index)
    slope = pd.Series({t.name: abs(t.coefficient) for t in fitted.terms}, dtype=float)
    beyond = ((matrix[size.index] - held).abs().fillna(0) * slope).sum(axis=1) > 0.5
    known = matrix[size.index].notna().astype(float) @ size / (size.sum() or 1.0)
    words: npt.NDArray[np.object_] = np.select([known < 0.5, beyond], ["mostly_missing", "unlike_training"], "")
    return pd.Series(words, index=matrix.index, dtype="str").replace("", pd.NA)
