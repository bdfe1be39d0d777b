"""Benchmark models of the official score: other models, plain machine learning, and the rules a county would use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from relapse_risk.errors import ModelError
from relapse_risk.relapse.boost import RelapseBoost
from relapse_risk.relapse.features import Feature
from relapse_risk.relapse.fitted_logit import FittedRelapseLogit, predict_matrix
from relapse_risk.relapse.glm import Array, fit_glm, inverse_link
from relapse_risk.relapse.outcome import clusters
from relapse_risk.relapse.relapse_logit import RelapseLogit
from relapse_risk.relapse.scorecard import make_card
from relapse_risk.relapse.simple_rules import income_gap, trigger_rules
from relapse_risk.research.hazard import CLOCKED, DURATIONS
from relapse_risk.research.transition import TransitionModel
from relapse_risk.research.vulnerability import ExpectedPoverty

__all__ = [
    "ABLATIONS",
    "BENCHMARKS",
    "COUNTY_RULES",
    "MODELS",
    "BenchmarkModel",
    "Fold",
    "learned",
    "official",
]

FROM_INCOME = ("income_pc_year", "since_exit", "poor_before", "spells", "ratio_lowest", "ratio_mean", "ratio_sd")
REAL_FALL = 0.75
CHAINED, CHAIN_NODES = 12_000, 9


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to learn from, rows to score, and what is known of each.

    Attributes
    ----------
    train, test : DataFrame
        At-risk rows without outcomes, aligned with ``train_matrix`` and ``test_matrix``.
    train_matrix, test_matrix : DataFrame
        Every feature, the extended ones included.
    features : tuple of Feature
        Those of the official score.
    extended : mapping of str to tuple of Feature
        Extended features by group.
    event, weight : Series
        Of the rows to learn from.
    depth : Series
        Income over the line at the visit after, of the rows to learn from.
    households : DataFrame
        Every household, poor or not, of the newest year that was known, for models of a cross-section.
    visits, history : DataFrame
        Every visit of the households to learn from, and of those to score (beyond a row's month they are not looked at).
    raw : tuple of str
        Columns as collected.
    seed : int
    update : bool
        Whether the base is taken from the newest twelve months learned from: out of time.
    min_events : int
        Events, and other rows, that a score needs.
    score : FittedRelapseLogit or None
        The official score of this fold.
    against : frozenset of str
        Features it left out because they moved the risk against their declared direction.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    train_matrix: pd.DataFrame
    test_matrix: pd.DataFrame
    features: tuple[Feature, ...]
    extended: Mapping[str, tuple[Feature, ...]]
    event: pd.Series
    weight: pd.Series
    depth: pd.Series
    households: pd.DataFrame
    visits: pd.DataFrame
    history: pd.DataFrame
    raw: tuple[str, ...]
    seed: int
    update: bool = True
    min_events: int = 30
    score: FittedRelapseLogit | None = None
    against: frozenset[str] = frozenset()


BenchmarkModel = Callable[[Fold], Array]


def _fitted(
    fold: Fold, features: Sequence[Feature], event: pd.Series | None = None, newest: bool | None = None
) -> FittedRelapseLogit:
    """An additive score; features the official one leaves out for their direction are not offered again."""
    offered = tuple(f for f in features if f.name in fold.train_matrix and f.name not in fold.against)
    model = RelapseLogit(
        features=offered, min_events=fold.min_events, newest_level=fold.update if newest is None else newest
    )
    return model.fit_matrix(
        fold.train_matrix[[f.name for f in offered]], fold.train["month"], fold.event if event is None else event,
        fold.weight, clusters(fold.train),
    )  # fmt: skip


def learned(fold: Fold) -> Fold:
    """The fold with the official score fitted."""
    score = _fitted(fold, fold.features)
    against = frozenset(term.name for term in score.left_out if term.reason == "direction")
    return replace(fold, score=score, against=against)


def _score(fold: Fold) -> FittedRelapseLogit:
    return _fitted(fold, fold.features) if fold.score is None else fold.score


def _chance(fitted: FittedRelapseLogit, fold: Fold) -> Array:
    return predict_matrix(fitted, fold.test_matrix)["probability"].to_numpy()


def official(fold: Fold) -> Array:
    """The official additive score; out of time its base is that of the newest twelve months that were known."""
    return _chance(_score(fold), fold)


def frozen_level(fold: Fold) -> Array:
    """The official score without the update of its base: the average of all years learned from."""
    return _chance(_fitted(fold, fold.features, newest=False), fold)


def card(fold: Fold) -> Array:
    """The official score in whole points."""
    paper = make_card(_score(fold), fold.train_matrix, fold.event, fold.weight)
    return paper.chance(paper.total(fold.test_matrix))


def hazard(fold: Fold) -> Array:
    """Complementary log-log with the clock of visits since exit."""
    dropped = {*CLOCKED, *fold.against}
    features = tuple(f for f in (*DURATIONS, *fold.features) if f.name in fold.train_matrix and f.name not in dropped)
    fitted = RelapseLogit(features=features, link="cloglog", min_events=fold.min_events, newest_level=fold.update).fit_matrix(
        fold.train_matrix[[f.name for f in features]], fold.train["month"], fold.event, fold.weight,
        clusters(fold.train),
    )  # fmt: skip
    return _chance(fitted, fold)


def challenger(fold: Fold) -> Array:
    """Monotone gradient boosting on the same features."""
    names = [feature.name for feature in fold.features if feature.name in fold.train_matrix]
    boost = RelapseBoost(fold.features, fold.seed, rounds=150, rate=0.05, leaves=8, smallest_leaf=100)
    return boost.fit_matrix(fold.train_matrix[names], fold.event, fold.weight).predict_matrix(fold.test_matrix)


def expected_poverty(fold: Fold) -> Array:
    """Vulnerability as expected poverty from the newest year's cross-section."""
    traits = tuple(f for f in fold.features if not set(f.needs) & set(FROM_INCOME) and f.name != "gap_months")
    fitted = ExpectedPoverty(traits).fit(fold.households)
    return fitted.predict(fold.test).to_numpy()


def expected_poverty_multilevel(fold: Fold) -> Array:
    """The multilevel variant: idiosyncratic and covariate (county) risk separated."""
    if "county_code" not in fold.train:
        raise ModelError("the rows name no county", where="expected_poverty_multilevel", expected="county_code")
    traits = tuple(f for f in fold.features if not set(f.needs) & set(FROM_INCOME) and f.name != "gap_months")
    fitted = ExpectedPoverty(traits, place="county_code").fit(fold.households)
    return fitted.predict(fold.test).to_numpy()


def transition(fold: Fold) -> Array:
    """Dynamic random-effects probit over all visits, fitted on 12,000 households because quadrature is expensive."""
    ids = fold.visits["household_id"].unique()
    drawn = ids[np.argsort(pd.util.hash_array(ids.astype(object)), kind="stable")[:CHAINED]]
    traits = tuple(f for f in fold.features if f.family != "history")
    fitted = TransitionModel(traits, CHAIN_NODES).fit(fold.visits[fold.visits["household_id"].isin(drawn)])
    # Each row to score is a household of its own that ends with that row: nothing after it is looked at.
    rows = fold.test[["household_id", "month"]].rename(columns={"month": "until"})
    past = rows.merge(fold.history, on="household_id")
    past = past[(past["month"] <= past["until"]).to_numpy(dtype=bool)]
    chance = fitted.predict(past.assign(household_id=past["household_id"] + "|" + past["until"]))
    return chance.reindex(rows["household_id"] + "|" + rows["until"]).to_numpy(dtype=np.float64)


def _raw(fold: Fold, rows: pd.DataFrame) -> Array:
    names = [name for name in fold.raw if fold.train[name].notna().any()]
    return np.asarray(rows[names].astype("float64").to_numpy(dtype=np.float64, na_value=np.nan))


def raw_logistic(fold: Fold) -> Array:
    """scikit-learn's logistic regression with default settings on the raw columns (standardised, means for missing)."""
    model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=2000))
    with threadpool_limits(limits=1):
        model.fit(_raw(fold, fold.train), fold.event, logisticregression__sample_weight=fold.weight.to_numpy())
        return np.asarray(model.predict_proba(_raw(fold, fold.test))[:, 1])


def raw_boosting(fold: Fold) -> Array:
    """scikit-learn's histogram gradient boosting with default settings on the raw columns."""
    model = HistGradientBoostingClassifier(random_state=fold.seed)
    with threadpool_limits(limits=1):
        model.fit(_raw(fold, fold.train), fold.event.to_numpy(dtype=int), sample_weight=fold.weight.to_numpy())
        return np.asarray(model.predict_proba(_raw(fold, fold.test))[:, 1])


def _one_variable(fold: Fold, train: pd.Series, test: pd.Series) -> Array:
    """A rule as a probability: a logit of it alone; the order of the rows stays that of the rule."""
    mean, spread = float(train.mean()), float(train.std(ddof=0)) or 1.0
    x = np.column_stack([np.ones(len(train)), (train - mean) / spread])
    fit = fit_glm(x, fold.event.to_numpy(dtype=float), fold.weight.to_numpy(dtype=float))
    return inverse_link(fit.params[0] + fit.params[1] * ((test - mean) / spread).to_numpy(), "logit")


def last_income(fold: Fold) -> Array:
    """Last income per head, lowest first."""
    return _one_variable(fold, -np.log(fold.train["income_pc_year"]), -np.log(fold.test["income_pc_year"]))


def distance_to_line(fold: Fold) -> Array:
    """Income over the poverty line, lowest first, capped at four times the line."""
    return _one_variable(fold, *(income_gap(rows).clip(lower=-4.0) for rows in (fold.train, fold.test)))


def triggers(fold: Fold) -> Array:
    """Number of official triggers met; ties by income over the line."""
    return _one_variable(fold, *(_triggered(rows) for rows in (fold.train, fold.test)))


def _triggered(rows: pd.DataFrame) -> pd.Series:
    return trigger_rules(rows) + 0.01 * income_gap(rows).clip(lower=-40.0)


def _extended(*names: str) -> BenchmarkModel:
    def run(fold: Fold) -> Array:
        more = {feature.name: feature for name in names for feature in fold.extended[name]}
        return _chance(_fitted(fold, (*fold.features, *more.values())), fold)

    run.__doc__ = f"The official score with the features of {' and '.join(names)}."
    return run


def without_history(fold: Fold) -> Array:
    """The official score without anything seen before this visit."""
    kept = [f for f in fold.features if f.family != "history" or f.name == "gap_months"]
    return _chance(_fitted(fold, kept), fold)


def churn_apart(fold: Fold) -> Array:
    """Separate additive scores for falls below three quarters of the line and for falls just below it."""
    deep = ((fold.event == 1) & (fold.depth < REAL_FALL)).astype(float)
    real = _fitted(fold, fold.features, deep)
    kept = (deep == 0).to_numpy()
    rest = replace(
        fold, train=fold.train[kept], train_matrix=fold.train_matrix[kept], event=fold.event[kept],
        weight=fold.weight[kept],
    )  # fmt: skip
    falls, slips = _chance(real, fold), _chance(_fitted(rest, fold.features), fold)
    return falls + (1 - falls) * slips


MODELS: Mapping[str, BenchmarkModel] = MappingProxyType(
    {
        "official": official,
        "frozen_level": frozen_level,
        "card": card,
        "hazard": hazard,
        "challenger": challenger,
        "expected_poverty": expected_poverty,
        "expected_poverty_multilevel": expected_poverty_multilevel,
        "transition": transition,
    }
)
COUNTY_RULES: Mapping[str, BenchmarkModel] = MappingProxyType(
    {
        "last_income": last_income,
        "distance_to_line": distance_to_line,
        "triggers": triggers,
        "raw_logistic": raw_logistic,
        "raw_boosting": raw_boosting,
    }
)
ABLATIONS: Mapping[str, BenchmarkModel] = MappingProxyType(
    {
        "without_history": without_history,
        "whole_history": _extended("whole_history"),
        "churn_apart": churn_apart,
        "place_and_quarter": _extended("place_and_quarter"),
        "measurement_error": _extended("measurement_error"),
        "all_extensions": _extended("whole_history", "place_and_quarter", "measurement_error"),
    }
)
BENCHMARKS: Mapping[str, BenchmarkModel] = MappingProxyType({**MODELS, **COUNTY_RULES, **ABLATIONS})
