"""Weighted and paired measures: a weight of k is k equal rows; hand arithmetic for the rest."""

from __future__ import annotations

import numpy as np
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import (
    area_under_curve,
    auc_difference,
    average_precision,
    brier,
    calibration,
    log_loss,
)

RNG = np.random.default_rng(17)
P = np.round(RNG.uniform(0.05, 0.95, 240), 2)  # rounded: ties
Y = (RNG.random(240) < P).astype(float)
W = RNG.integers(1, 4, 240)
ROWS = np.repeat(np.arange(240), W)


def test_a_weight_of_k_is_k_equal_rows() -> None:
    assert area_under_curve(Y, P, W).value == pytest.approx(area_under_curve(Y[ROWS], P[ROWS]).value, abs=1e-12)
    assert brier(Y, P, W) == pytest.approx(brier(Y[ROWS], P[ROWS]), abs=1e-12)
    assert log_loss(Y, P, W) == pytest.approx(log_loss(Y[ROWS], P[ROWS]), abs=1e-12)
    assert average_precision(Y, P, W) == pytest.approx(average_precision(Y[ROWS], P[ROWS]), abs=1e-12)
    weighted, repeated = calibration(Y, P, W), calibration(Y[ROWS], P[ROWS])
    assert (weighted.intercept, weighted.slope) == pytest.approx((repeated.intercept, repeated.slope), abs=1e-8)


def test_ties_count_half() -> None:
    """Events 2, 1; others 1, 0: pairs (2>1) 1, (2>0) 1, (1=1) 1/2, (1>0) 1: 3.5 of 4."""
    assert area_under_curve([1, 1, 0, 0], [2, 1, 1, 0]).value == 0.875


def test_scale_of_weights_and_order_of_rows_do_not_matter() -> None:
    first = area_under_curve(Y, P, W)
    order = RNG.permutation(240)
    other = area_under_curve(Y[order], P[order], 7.5 * W[order])
    assert (other.value, other.se) == pytest.approx((first.value, first.se), abs=1e-12)


def test_a_score_differs_from_itself_by_exactly_nothing() -> None:
    found = auc_difference(Y, P, P)
    assert (found.value, found.se) == (0.0, 0.0)
    # Any rising function of a score orders the same.
    assert auc_difference(Y, P, np.exp(P)).value == 0.0


def test_a_paired_difference_is_the_difference_of_areas_and_narrower_than_unpaired() -> None:
    noisy = P + RNG.normal(0, 0.15, 240)
    found = auc_difference(Y, P, noisy)
    one, two = area_under_curve(Y, P), area_under_curve(Y, noisy)
    assert found.value == pytest.approx(one.value - two.value, abs=1e-12)
    assert found.se < np.hypot(one.se, two.se)


@pytest.mark.parametrize("weights", [[0.0] * 4, [1, 1, -1, 1], [1, 1, 1], [1, 1, np.nan, 1]])
def test_weights_that_are_no_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(ModelError, match="weights must be finite"):
        area_under_curve([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], weights)
