"""The official score: recomputable, explainable, calibrated against a known truth, and clear about what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import area_under_curve, calibration
from relapse_risk.languages import Label
from relapse_risk.relapse import (
    FEATURES,
    POINTS_PER_LOGIT,
    Feature,
    FittedRelapseLogit,
    RelapseBoost,
    RelapseLogit,
    at_risk_rows,
    base_points,
    feature_matrix,
    followed,
    make_card,
    reasons,
    unlike_training,
    without_outcomes,
)
from relapse_risk.relapse.glm import logit


@pytest.fixture(scope="module")
def seen(panel: pd.DataFrame) -> pd.DataFrame:
    return followed(at_risk_rows(panel, 12))


def fit(rows: pd.DataFrame, **options: object) -> FittedRelapseLogit:
    model = RelapseLogit(**options)  # type: ignore[arg-type]
    return model.fit_rows(without_outcomes(rows), rows["event"], rows["weight"], rows["village_code"])


@pytest.fixture(scope="module")
def fitted(seen: pd.DataFrame) -> FittedRelapseLogit:
    return fit(seen)


def test_an_inspector_recomputes_a_household_with_pencil_and_paper(
    seen: pd.DataFrame, fitted: FittedRelapseLogit
) -> None:
    rows = without_outcomes(seen.head(50))
    values = fitted.matrix(rows)
    by_hand = fitted.base + sum(
        t.coefficient * (values[t.name].fillna(t.reference) - t.reference) for t in fitted.terms
    )
    assert logit(fitted.predict(rows)["probability"]) == pytest.approx(by_hand.to_numpy(), abs=1e-10)


def test_reasons_and_base_sum_to_the_score_and_its_points(seen: pd.DataFrame, fitted: FittedRelapseLogit) -> None:
    rows = without_outcomes(seen[seen["month"] == "2018-12"].head(300))
    why = reasons(fitted, rows)
    odds = logit(fitted.predict(rows)["probability"])
    summed = why.groupby("household_id")[["contribution", "points"]].sum().reindex(rows["household_id"])
    assert (fitted.base + summed["contribution"]).to_numpy() == pytest.approx(odds, abs=1e-10)
    assert (base_points(fitted) + summed["points"]).to_numpy() == pytest.approx(odds * POINTS_PER_LOGIT, abs=1e-8)
    first = why[why["household_id"] == why["household_id"].iloc[0]]
    assert first["contribution"].is_monotonic_decreasing


def test_twenty_points_double_the_odds() -> None:
    assert np.exp(20 / POINTS_PER_LOGIT) == pytest.approx(2)


def test_same_coefficients_as_statsmodels(seen: pd.DataFrame) -> None:
    own = fit(seen, newest_level=False)
    matrix = own.matrix(without_outcomes(seen))
    x = np.column_stack([np.ones(len(seen)), matrix.fillna(matrix.mean()) - matrix.mean()])
    peer = sm.GLM(seen["event"], x, family=sm.families.Binomial()).fit(
        tol=1e-13, cov_type="cluster", cov_kwds={"groups": pd.factorize(seen["village_code"])[0]}
    )
    assert [own.base, *(t.coefficient for t in own.terms)] == pytest.approx(peer.params.tolist(), abs=1e-7)
    # statsmodels adds (n - 1) / (n - k), which Stata uses for linear models only.
    n, k = x.shape
    assert [t.se for t in own.terms] == pytest.approx((peer.bse * np.sqrt((n - k) / (n - 1))).tolist()[1:], rel=1e-6)


def test_probabilities_match_the_truth_of_a_known_process(seen: pd.DataFrame, fitted: FittedRelapseLogit) -> None:
    """Mean within 1 point of the true mean, correlation above 0.95, slope of truth on score within 0.9 … 1.1."""
    known = fitted.predict(without_outcomes(seen))["probability"]
    truth = seen["true_risk"]
    assert known.mean() == pytest.approx(truth.mean(), abs=0.01)
    assert known.corr(truth) > 0.95
    assert 0.9 < np.polyfit(known, truth, 1)[0] < 1.1


def test_the_base_is_calibrated_on_the_newest_year(seen: pd.DataFrame, fitted: FittedRelapseLogit) -> None:
    """A logit with its own base reproduces the number of events it was given (score equation)."""
    newest = seen[seen["month"] == seen["month"].max()]
    expected = fitted.predict(without_outcomes(newest))["probability"].sum()
    assert expected == pytest.approx(newest["event"].sum(), rel=1e-6)
    assert calibration(newest["event"], fitted.predict(without_outcomes(newest))["probability"]).intercept == (
        pytest.approx(0, abs=1e-6)
    )


def test_intervals_hold_the_mean_risk_of_alike_households(panel: pd.DataFrame) -> None:
    """Refitted on 40 samples of villages, the 95 % interval of a fixed household holds the pooled value 85-100 %."""
    rows = followed(at_risk_rows(panel, 12))
    target = fit(rows).predict(without_outcomes(rows.head(1)))["probability"].iloc[0]
    codes = rows["village_code"].unique()
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(40):
        sample = rows[rows["village_code"].isin(rng.choice(codes, len(codes) // 8, replace=False))]
        one = fit(sample).predict(without_outcomes(rows.head(1))).iloc[0]
        held += bool(one["low"] <= target <= one["high"])
    assert held >= 34


def test_a_missing_value_adds_nothing(seen: pd.DataFrame, fitted: FittedRelapseLogit) -> None:
    rows = without_outcomes(seen.head(5)).assign(n_serious=pd.array([None] * 5, dtype="Int64"))
    assert (fitted.contributions(rows)["serious_share"] == 0).all()


def test_a_feature_against_common_sense_is_left_out(seen: pd.DataFrame) -> None:
    """Serious illness raises the risk here; declared to lower it, it goes, and the card says why."""
    turned = tuple(replace(f, direction=-1) if f.name == "serious_share" else f for f in FEATURES)
    found = fit(seen, features=turned)
    assert {t.name: t.reason for t in found.left_out}["serious_share"] == "direction"
    assert "serious_share" not in {t.name for t in found.terms}
    for term in found.terms:
        direction = next(f.direction for f in turned if f.name == term.name)
        assert direction * term.coefficient >= 0


def test_weights_of_two_are_rows_twice(seen: pd.DataFrame) -> None:
    some = seen.head(2000)
    twice = pd.concat([some, some[some["n_serious"] == 1]], ignore_index=True)
    weighted = some.assign(weight=np.where(some["n_serious"] == 1, 2.0, 1.0))
    pair = [fit(rows, features=FEATURES[:2], newest_level=False) for rows in (twice, weighted)]
    slopes = [[t.coefficient for t in one.terms] for one in pair]
    assert slopes[0] == pytest.approx(slopes[1], abs=1e-8)


@pytest.mark.parametrize("weights", [0.0, -1.0, np.nan, np.inf])
def test_weights_that_are_no_weights_are_refused(seen: pd.DataFrame, weights: float) -> None:
    with pytest.raises(ModelError, match="weights must be finite"):
        fit(seen.assign(weight=weights))


def test_no_events_is_an_error_with_the_count(seen: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match=r"too few events.*got 0"):
        fit(seen.assign(event=0.0))


def test_a_yes_under_which_nobody_fell_is_left_out_not_a_crash(seen: pd.DataFrame) -> None:
    safe = (seen["event"] == 0) & (seen.index % 5 == 0)
    found = fit(seen.assign(house_safe=pd.array(~safe, dtype="boolean")))
    assert {t.name: t.reason for t in found.left_out}["house_unsafe"] == "separates"


def test_unlike_households_are_sent_a_visitor(seen: pd.DataFrame, fitted: FittedRelapseLogit) -> None:
    matrix = fitted.matrix(without_outcomes(seen.head(3))).copy()
    matrix.loc[1] = np.nan
    matrix.loc[2, "serious_share"] = 40.0
    assert unlike_training(fitted, matrix).fillna("fine").tolist() == ["fine", "mostly_missing", "unlike_training"]


def test_the_paper_card_adds_whole_points_and_orders_as_the_score(
    seen: pd.DataFrame, fitted: FittedRelapseLogit
) -> None:
    matrix = fitted.matrix(without_outcomes(seen))
    card = make_card(fitted, matrix, seen["event"], seen["weight"])
    total = card.total(matrix)
    best = {name: max(line.points for line in card.lines if line.name == name) for name, _ in card.unknown}
    # Rounding each line can move the sum of the best answers by half a point a line.
    assert abs(sum(best.values()) - 100) <= len(best) / 2
    assert total.between(0, 100 + len(best)).all()
    assert total.corr(fitted.predict(without_outcomes(seen))["probability"], method="spearman") > 0.9
    # Its chances are those of a logit of the event on the total: expected and observed events agree.
    assert card.chance(total).sum() == pytest.approx(seen["event"].sum(), rel=1e-6)
    assert sum(row.n for row in card.chances) == len(seen)
    # By hand, one household.
    row, points = matrix.iloc[0], 0
    for name, unknown in card.unknown:
        value = row[name]
        lines = [line for line in card.lines if line.name == name]
        points += unknown if pd.isna(value) else next(
            line.points for line in lines
            if (line.low is None or value >= line.low) and (line.high is None or value < line.high)
        )  # fmt: skip
    assert points == total.iloc[0]


def test_the_challenger_and_the_paper_card_speak_like_the_score(seen: pd.DataFrame, fitted: FittedRelapseLogit) -> None:
    known = without_outcomes(seen)
    boost = RelapseBoost(rounds=20).fit_rows(known, seen["event"], seen["weight"])
    assert boost.predict(known).to_numpy() == pytest.approx(boost.predict_matrix(feature_matrix(known)), abs=1e-12)
    assert area_under_curve(seen["event"], boost.predict(known)).value > 0.7
    assert "20 trees" in boost.summary()
    leak = Feature("leak", Label(zh="漏", en="leak"), "0/1", "income", ("fell",), lambda frame: frame["fell"], 0)
    with pytest.raises(ModelError, match="nearly determines the outcome"):
        RelapseBoost((leak,)).fit_rows(known.assign(fell=seen["event"]), seen["event"], seen["weight"])
    paper = make_card(fitted, fitted.matrix(known), seen["event"], seen["weight"])
    text = paper.summary()
    assert text.count("\n") + 1 == len(paper.lines) + len(paper.unknown) + len(paper.chances)
