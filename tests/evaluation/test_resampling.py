"""Measures under resampling: they agree with the exact ones, ties share, clusters move whole."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import (
    bootstrap_measures,
    brier,
    calibration,
    calibration_error,
    cluster_draws,
    cluster_interval,
    log_loss,
    measures,
    missed,
    select_top,
    targeting,
)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    city = np.repeat(np.arange(40), 25)
    p = 1 / (1 + np.exp(-(rng.normal(-1, 1, 1000) + rng.normal(0, 0.3, 40)[city])))
    noise = rng.normal(0, 1, 1000)
    return pd.DataFrame({"city": city, "event": (rng.random(1000) < p).astype(float), "good": p.round(2), "bad": p * 0 + 1 / (1 + np.exp(-noise))})  # fmt: skip


def test_point_values_are_those_of_scikit_learn_and_of_the_exact_functions(rows: pd.DataFrame) -> None:
    found = measures(rows["event"], rows["good"], np.ones((1, len(rows))))
    value = dict(zip(found.names, found.value, strict=True))
    exact = calibration(rows["event"], rows["good"])
    assert value["auc"] == pytest.approx(roc_auc_score(rows["event"], rows["good"]), abs=1e-12)
    assert value["pr_auc"] == pytest.approx(average_precision_score(rows["event"], rows["good"]), abs=1e-12)
    assert value["brier"] == pytest.approx(brier(rows["event"], rows["good"]), abs=1e-12)
    assert value["log_loss"] == pytest.approx(log_loss(rows["event"], rows["good"]), abs=1e-12)
    assert (value["intercept"], value["slope"]) == pytest.approx((exact.intercept, exact.slope), abs=1e-7)


def test_counting_a_row_twice_is_writing_it_twice(rows: pd.DataFrame) -> None:
    counts = np.random.default_rng(4).integers(0, 3, len(rows)).astype(float)
    twice = rows.loc[np.repeat(rows.index, counts.astype(int))]
    counted = measures(rows["event"], rows["good"], counts[None, :]).value
    written = measures(twice["event"], twice["good"], np.ones((1, len(twice)))).value
    assert counted == pytest.approx(written, abs=1e-9)


def test_any_measure_has_an_interval_that_whole_clusters_give(rows: pd.DataFrame) -> None:
    """The same draws give the bootstrap table's own interval, and one for measures it does not hold."""
    counted = np.vstack([np.ones(len(rows)), cluster_draws(rows["city"], 60, np.random.default_rng(6))])
    y, p = rows["event"].to_numpy(), rows["good"].to_numpy()
    table = bootstrap_measures(rows, ["good"], reference="good", cluster="city", draws=60, rng=np.random.default_rng(6))
    own = table.set_index("measure").loc["brier", ["value", "low", "high"]]
    assert cluster_interval(lambda w: brier(y, p, w), counted) == pytest.approx(tuple(own), abs=1e-12)
    chosen = select_top(p, 200)
    value, low, high = cluster_interval(lambda w: targeting(y, chosen, w).cgh, counted)
    assert value == pytest.approx(targeting(y, chosen).cgh)
    assert low < value < high
    doubled = calibration_error(np.tile(y, 2), np.tile(p, 2))
    assert calibration_error(y, p, weights=np.full(len(y), 2.0)) == pytest.approx(doubled, abs=0.01)
    value, low, high = cluster_interval(lambda w: calibration_error(y, p, weights=w), counted)
    assert low < high


def test_equals_share_the_last_places_by_hand() -> None:
    # One place is sure (0.9, an event); two equals (one event) share the second: half an event is reached.
    assert missed([1, 1, 0, 0], [0.9, 0.5, 0.5, 0.1], 0.5) == pytest.approx(1 - 1.5 / 2)


def test_draws_move_whole_clusters(rows: pd.DataFrame) -> None:
    drawn = cluster_draws(rows["city"], 50, np.random.default_rng(5))
    assert drawn.shape == (50, 1000)
    assert (pd.DataFrame(drawn.T).groupby(rows["city"]).nunique() == 1).all(axis=None)
    assert (drawn.sum(axis=1) == 1000).all()  # cities are of one size here


def test_the_interval_of_a_mean_is_that_of_the_clusters(rows: pd.DataFrame) -> None:
    """The spread of a bootstrapped Brier score is the clustered standard error, by the textbook formula."""
    table = bootstrap_measures(
        rows, ["good", "bad"], reference="good", cluster="city", draws=2000, rng=np.random.default_rng(6)
    ).set_index(["score", "measure"])
    means = ((rows["good"] - rows["event"]) ** 2).groupby(rows["city"]).mean()
    own = table.loc[("good", "brier")]
    assert (own["high"] - own["low"]) / 3.92 == pytest.approx(means.std(ddof=0) / np.sqrt(40), rel=0.1)
    assert table.loc[("good", "auc"), ["difference", "difference_low", "difference_high"]].tolist() == [0, 0, 0]
    assert table.loc[("bad", "auc"), "difference_low"] > 0


def test_one_cluster_has_no_interval() -> None:
    with pytest.raises(ModelError, match="needs two"):
        cluster_draws(["a", "a"], 10, np.random.default_rng(1))
