"""The back-test: no row is scored by a model that saw its outcome, and benchmark models stand beside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import area_under_curve
from relapse_risk.relapse import at_risk_rows, backtest, followed, risk_bands
from relapse_risk.relapse.bands import band_limits, bands_at
from relapse_risk.relapse.simple_rules import trigger_rules


@pytest.fixture(scope="module")
def tests(panel: pd.DataFrame) -> dict:
    return {test.design: test for test in backtest(at_risk_rows(panel, 12))}


def test_both_designs_are_there_and_the_test_year_is_the_last(tests: dict) -> None:
    assert set(tests) == {"out_of_time", "leave_counties_out"}
    for test in tests.values():
        assert (test.test_from, test.test_to) == ("2018-12", "2019-12")
        assert sum(row.n for row in test.bins) == test.test_n
        assert sum(row.events for row in test.bins) == test.test_events


def test_out_of_time_trains_only_on_outcomes_known_before_the_test(panel: pd.DataFrame, tests: dict) -> None:
    rows = at_risk_rows(panel, 12)
    known = rows[rows["observed"] & (rows["month_next"] <= "2018-12")]
    assert tests["out_of_time"].train_n <= len(known)
    # Outcomes of the test year changed at will leave the fitted score as it was: only the events differ.
    turned = rows.copy()
    test_rows = turned["month"] == "2018-12"
    turned.loc[test_rows, "event"] = 1 - turned.loc[test_rows, "event"]
    other = next(t for t in backtest(turned) if t.design == "out_of_time")
    expected = [row.expected for row in tests["out_of_time"].bins]
    assert [row.expected for row in other.bins] == pytest.approx(expected, abs=1e-12)


def test_the_score_is_near_the_truth_and_calibrated_in_a_stable_process(panel: pd.DataFrame, tests: dict) -> None:
    rows = followed(at_risk_rows(panel, 12))
    last = rows[rows["month"] == "2018-12"]
    oracle = area_under_curve(last["event"], last["true_risk"]).value
    for test in tests.values():
        by_name = {score.name: score for score in test.scores}
        assert by_name["official"].auc > oracle - 0.015
        assert by_name["official"].auc > by_name["trigger_rules"].auc
        assert by_name["official"].brier < test.brier_of_base_rate
        # Nothing drifts in this process: two standard errors of chance around 0 and 1, and a little.
        assert abs(test.calibration_intercept) < 3 * test.calibration_intercept_se
        assert abs(test.calibration_slope - 1) < 3 * test.calibration_slope_se
    # The truth is additive, so the challenger has nothing to find.
    assert tests["out_of_time"].gives_up.low < 0.01


def test_a_single_transition_of_a_single_county_allows_no_back_test(panel: pd.DataFrame) -> None:
    one = panel[(panel["month"] <= "2016-12") & (panel["county_code"] == "371400")]
    assert backtest(at_risk_rows(one, 12)) == ()


def test_triggers_count_and_what_was_not_collected_does_not_fire() -> None:
    rows = pd.DataFrame({
        "income_pc_year": [5999.0, 9000.0], "poverty_line": 4000.0, "income_change": [0.5, np.nan],
        "rigid_burden": [1.2, np.nan], "uncompensated_loss_12m": [10000.0, np.nan],
        "house_safe": pd.array([False, None], dtype="boolean"),
        "zero_employment": pd.array([True, None], dtype="boolean"),
    })  # fmt: skip
    assert trigger_rules(rows).tolist() == [6, 0]


def test_bands_hold_the_budget_and_ties_go_by_identifier() -> None:
    probability = pd.Series([0.2, 0.2, 0.2, 0.1] + [0.01] * 96)
    names = pd.Series([f"h{i:03d}" for i in range(100)])
    band = risk_bands(probability, names, 0.02, 0.02)
    assert band.value_counts().to_dict() == {"low": 96, "high": 2, "medium": 2}
    assert band.tolist()[:4] == ["high", "high", "medium", "medium"]
    limits = band_limits(probability, band)
    assert (limits.high_from, limits.medium_from) == (0.2, 0.1)
    assert pd.isna(risk_bands(pd.Series([np.nan, 0.1]), names[:2], 0.5, 0.5).iloc[0])


def test_bands_at_stated_probabilities() -> None:
    assert bands_at(pd.Series([0.5, 0.49, 0.2, np.nan]), 0.5, 0.2).fillna("none").tolist() == [
        "high", "medium", "medium", "none",
    ]  # fmt: skip
    with pytest.raises(ModelError, match="out of order"):
        bands_at(pd.Series([0.5]), 0.2, 0.5)


def test_shares_over_one_are_refused() -> None:
    with pytest.raises(ModelError, match="at most one"):
        risk_bands(pd.Series([0.5]), pd.Series(["a"]), 0.9, 0.2)
