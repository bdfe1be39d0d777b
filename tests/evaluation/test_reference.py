"""Reference cases R10 (R CalibrationCurves, pROC), R14 (exact fractions by hand) and R15 (fairlearn)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import (
    area_under_curve,
    average_precision,
    brier,
    calibration,
    calibration_error,
    log_loss,
    select_top,
    targeting,
)

# R14: ten households, four poor; the fractions are worked out by hand in the reference.
POOR = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
SCORE = np.array([0.9, 0.8, 0.3, 0.7, 0.2, 0.25, 0.75, 0.1, 0.15, 0.05])
WEIGHT = np.array([2, 1, 1, 1, 1, 1, 1, 1, 1, 2])


def case(shared: Path, name: str) -> dict:
    cases = json.loads((shared / "reference/risk/expected/cases.json").read_text(encoding="utf-8"))["cases"]
    return next(c["expected"] for c in cases if c["id"] == name)


def test_targeting_unweighted_matches_the_fractions() -> None:
    found = targeting(POOR, select_top(SCORE, 4))
    assert found.coverage == 3 / 4
    assert found.leakage == 1 / 4
    assert found.inclusion_of_nonpoor == pytest.approx(1 / 6, abs=1e-15)
    assert found.differential == pytest.approx(7 / 12, abs=1e-15)
    assert found.cgh == pytest.approx(15 / 8, abs=1e-15)
    assert found.bpac == pytest.approx(75, abs=1e-12)


def test_targeting_weighted_matches_the_fractions() -> None:
    found = targeting(POOR, select_top(SCORE, 4), WEIGHT)
    assert found.exclusion_error == pytest.approx(1 / 5, abs=1e-15)
    assert found.inclusion_of_nonpoor == pytest.approx(1 / 7, abs=1e-15)
    assert found.differential == pytest.approx(23 / 35, abs=1e-15)
    assert found.cgh == pytest.approx(48 / 25, abs=1e-15)
    assert found.headcount == found.budget_share == pytest.approx(5 / 12, abs=1e-15)


@pytest.mark.shared
def test_calibration_and_discrimination_match_r(shared_dir: Path) -> None:
    data = pd.read_csv(shared_dir / "reference/risk/data/calibration_case_y_p.csv")
    expected = case(shared_dir, "R10")
    y, p = data["y"], data["p"]
    found = calibration(y, p)
    assert found.intercept == pytest.approx(expected["R"]["intercept"], rel=1e-6)
    assert found.intercept_se == pytest.approx(expected["R"]["intercept_se"], rel=1e-5)
    assert found.slope == pytest.approx(expected["R"]["slope"], rel=1e-6)
    assert found.observed_over_expected == pytest.approx(expected["R"]["OE"], rel=1e-8)
    auc = area_under_curve(y, p)
    assert (auc.value, auc.se) == pytest.approx(
        (expected["R"]["delong"]["auc"], expected["R"]["delong"]["se"]), rel=1e-9
    )
    assert brier(y, p) == pytest.approx(expected["R"]["brier"], rel=1e-9)
    assert log_loss(y, p) == pytest.approx(expected["R"]["logloss"], rel=1e-9)
    assert average_precision(y, p) == pytest.approx(expected["python"]["average_precision"], rel=1e-9)
    assert calibration_error(y, p, 10, "width") == pytest.approx(expected["python"]["ECE_10_equal_width"], rel=1e-9)
    assert calibration_error(y, p, 10, "mass") == pytest.approx(expected["python"]["ECE_10_equal_mass"], rel=1e-9)


@pytest.mark.shared
@pytest.mark.parametrize(("share", "k"), [("0.05", 25), ("0.1", 50), ("0.2", 100), ("0.3", 150)])
def test_gain_at_k_matches_the_reference(shared_dir: Path, share: str, k: int) -> None:
    data = pd.read_csv(shared_dir / "reference/risk/data/calibration_case_y_p.csv")
    expected = case(shared_dir, "R10")["gain_at_k"][share]
    found = targeting(data["y"], select_top(data["p"], k))
    assert found.coverage == pytest.approx(expected["recall_coverage"], abs=1e-12)
    assert found.leakage == pytest.approx(expected["leakage"], abs=1e-12)
    assert found.exclusion_error == pytest.approx(expected["undercoverage"], abs=1e-12)


def test_a_perfect_and_a_useless_score() -> None:
    assert area_under_curve([0, 0, 1, 1], [1, 2, 3, 4]).value == 1.0
    assert area_under_curve([0, 1, 0, 1], [5, 5, 5, 5]).value == 0.5


@pytest.mark.parametrize(
    ("y", "p", "words"),
    [
        ([0, 0], [0.1, 0.2], "both 0 and 1"),
        ([0, 1], [0.1, float("nan")], "missing outcome or score"),
        ([0, 1], [0.1], "differ in shape"),
        ([0, 2], [0.1, 0.2], "both 0 and 1"),
        ([0, 1], [0.1, 1.2], "not probabilities"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(y: list[int], p: list[float], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        brier(y, p)
