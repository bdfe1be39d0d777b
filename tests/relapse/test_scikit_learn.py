"""scikit-learn's contract: its own checks, and what a user builds from its parts around a risk model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import relapse_risk as rr
from relapse_risk.errors import ModelError
from relapse_risk.relapse import FEATURES
from relapse_risk.research import ExpectedPoverty, RelapseHazard, TransitionModel

MODELS = (rr.RelapseLogit(), rr.RelapseBoost())
WEIGHTS = "check_sample_weight_equivalence_on_dense_data"
# Every other check of scikit-learn passes.
EXCEPTIONS = {
    "RelapseLogit": {
        WEIGHTS: "15 rows of 30 columns: columns that others determine are left out, and which depends on the rows; where "
        "there are more rows than columns, weights equal repetitions (test_a_weight_is_a_repetition)"
    },
}


def exceptions(model: Any) -> dict[str, str]:
    return EXCEPTIONS.get(type(model).__name__, {})


# The checks fit on 10 to 60 rows: the least number of events, by default 30, is one parameter of the model.
@parametrize_with_checks(
    [rr.RelapseLogit(min_events=1, shrink=False), rr.RelapseBoost()], expected_failed_checks=exceptions
)
def test_the_checks_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


def sample(n: int = 600, seed: int = 1) -> tuple[pd.DataFrame, pd.Series, pd.Series, pd.Series]:
    g = np.random.default_rng(seed)
    X = pd.DataFrame({"income": g.normal(size=n), "size": g.integers(1, 7, n).astype(float), "noise": g.normal(size=n)})
    y = pd.Series((g.random(n) < 1 / (1 + np.exp(0.5 + 1.2 * X["income"] - 0.2 * X["size"]))).astype(int))
    return X, y, pd.Series(g.uniform(0.5, 2, n)), pd.Series(g.integers(0, 40, n))


def test_the_fit_is_that_of_statsmodels_with_weights_and_clusters() -> None:
    X, y, w, village = sample()
    model = rr.RelapseLogit().fit(X, y, sample_weight=w, groups=village)
    peer = sm.GLM(y, sm.add_constant(X), family=sm.families.Binomial(), var_weights=w / w.mean()).fit(
        cov_type="cluster", cov_kwds={"groups": village, "use_correction": False}
    )
    assert [term.coefficient for term in model.fitted_.terms] == pytest.approx(peer.params[1:].tolist(), rel=1e-6)
    g = village.nunique()
    theirs = np.sqrt(g / (g - 1)) * peer.bse[1:]
    assert [term.se for term in model.fitted_.terms] == pytest.approx(theirs.tolist(), rel=1e-6)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], peer.predict(sm.add_constant(X)), rtol=1e-6)
    assert "clusters 40" in model.summary()
    design = rr.survey_design(w, psu=village)
    designed = rr.RelapseLogit().fit(X, y, sample_weight=w, design=design)
    assert [term.se for term in designed.fitted_.terms] == pytest.approx(theirs.tolist(), rel=1e-6)


@pytest.mark.parametrize("model", MODELS, ids=["logit", "boost"])
def test_a_user_builds_with_it_as_with_any_classifier(model: Any) -> None:
    X, y, w, village = sample()
    assert clone(model).get_params() == model.get_params()
    assert clone(model).set_params(directions={"income": -1}).get_params()["directions"] == {"income": -1}
    folds = GroupKFold(4)
    areas = cross_val_score(model, X, y, groups=village, cv=folds, scoring="roc_auc", params={"sample_weight": w})
    assert areas.shape == (4,)
    assert 0.65 < areas.mean() < 0.95
    pipe = make_pipeline(StandardScaler(), clone(model)).fit(X, y)
    assert pipe.predict_proba(X).sum(axis=1) == pytest.approx(np.ones(len(X)))
    found = permutation_importance(clone(model).fit(X, y), X, y, scoring="roc_auc", n_repeats=3, random_state=1)
    assert found.importances_mean.argmax() == 0, "income"
    calibrated = CalibratedClassifierCV(clone(model), cv=3).fit(X, y, sample_weight=w)
    assert calibrated.predict_proba(X)[:, 1].mean() == pytest.approx(np.average(y, weights=w), abs=0.02)


def test_a_grid_search_goes_over_its_parameters() -> None:
    X, y, _, _ = sample()
    search = GridSearchCV(rr.RelapseLogit(), {"min_spread": [1e-3, 1.2]}, scoring="roc_auc", cv=3).fit(X, y)
    assert search.best_params_ == {"min_spread": 1e-3}, "above 1.2 income, of spread one, is left out"


def test_a_weight_is_a_repetition() -> None:
    X, y, _, _ = sample(200)
    twice = np.where(np.arange(200) % 3 == 0, 2.0, np.where(np.arange(200) % 3 == 1, 1.0, 0.0))
    weighted = rr.RelapseLogit().fit(X, y, sample_weight=twice)
    rows = np.repeat(np.arange(200), twice.astype(int))
    repeated = rr.RelapseLogit().fit(X.iloc[rows], y.iloc[rows])
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-7)


@pytest.mark.parametrize("model", MODELS, ids=["logit", "boost"])
def test_a_missing_column_at_predict_is_named(model: Any) -> None:
    X, y, _, _ = sample()
    fitted = clone(model).fit(X, y)
    with pytest.raises(ValueError, match=r"now missing:\n- size"):
        fitted.predict_proba(X.drop(columns="size"))
    assert np.isfinite(fitted.predict_proba(X.assign(size=np.nan))).all(), "not known, though there"


def test_labels_of_rows_are_aligned_or_refused() -> None:
    X, y, w, village = sample(200)
    straight = rr.RelapseLogit().fit(X, y, w, village).fitted_
    turned = rr.RelapseLogit().fit(X, y[::-1], w.sample(frac=1, random_state=1), village).fitted_
    assert turned.terms == straight.terms
    with pytest.raises(ModelError, match="labelled differently"):
        rr.RelapseLogit().fit(X, y.set_axis(y.index + 1))


def test_a_declared_direction_is_held() -> None:
    X, y, _, _ = sample()
    against = rr.RelapseLogit(directions={"income": 1}).fit(X, y).fitted_
    assert {item.name: item.reason for item in against.left_out} == {"income": "direction"}
    with pytest.raises(ModelError, match="did you mean 'income'"):
        rr.RelapseLogit(directions={"incme": 1}).fit(X, y)


def test_an_outcome_among_the_columns_is_refused() -> None:
    X, y, _, _ = sample()
    with pytest.raises(ModelError, match="an outcome among the features; got 'poor_next'"):
        rr.RelapseLogit().fit(X.assign(poor_next=y), y)


def test_the_hazard_takes_the_contract_on_rows_with_a_clock() -> None:
    """Twice the hazard at the first visit; by hand the cloglog coefficient of a later visit is ln(-ln(1 - q)) differences."""
    rows = pd.DataFrame({"since_exit": np.repeat([1.0, 2.0], 1000)})
    y = np.concatenate([np.repeat([1, 0], [200, 800]), np.repeat([1, 0], [100, 900])])
    model = clone(RelapseHazard()).fit(rows, y)
    second = next(term for term in model.fitted_.terms if term.name == "second_visit")
    assert second.coefficient == pytest.approx(np.log(-np.log(0.9)) - np.log(-np.log(0.8)), rel=1e-6)
    assert model.predict_proba(rows)[[0, -1], 1] == pytest.approx([0.2, 0.1])
    assert RelapseHazard(rr.RelapseLogit(min_events=7)).get_params()["model__min_events"] == 7
    with pytest.raises(ModelError, match="add since_exit"):
        RelapseHazard().fit(pd.DataFrame({"income": [1.0, 2.0]}), [0, 1])


@pytest.mark.parametrize("model", [ExpectedPoverty(), TransitionModel(FEATURES[:2])], ids=["expected", "transition"])
def test_models_that_learn_no_outcome_of_a_row_are_named(model: Any) -> None:
    """Expected poverty learns incomes of one wave, the transition model chains of visits: neither takes X and y, so that
    neither claims to be a classifier."""
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model, "get_params")
