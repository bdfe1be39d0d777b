"""Later stages, replicate weights, calibration, shares, quantiles and regressions: by hand, invariants, refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.poverty import (
    Fgt,
    Mean,
    Ratio,
    SamplingStage,
    Total,
    alkire_foster,
    calibrate,
    calibrated_weights,
    design_effect,
    estimate,
    estimate_replicated,
    jackknife_replicates,
    post_stratify,
    rake,
    replicate_design,
    replicate_estimate,
    share_interval,
    survey_design,
    survey_quantile,
    survey_regression,
    trim_weights,
)

X = np.array([1.0, 2.0, 4.0, 3.0, 5.0, 9.0])
CLUSTERS = list("aabbcc")


def test_two_stages_by_hand() -> None:
    """Three of six clusters, two of four units in each: (1 - 1/2) between, and 1/2 × (1 - 1/2) within."""
    stage = SamplingStage(list("uvuvuv"), [4] * 6)
    design = survey_design([4.0] * 6, psu=CLUSTERS, population_psu=[6] * 6, later_stages=[stage])
    totals = 4 * np.array([3.0, 7.0, 14.0])
    between = 0.5 * 3 / 2 * ((totals - totals.mean()) ** 2).sum()
    within = (
        0.5
        * 0.5
        * 2
        * sum(
            (4 * np.array(pair) - 2 * sum(pair)) @ (4 * np.array(pair) - 2 * sum(pair))
            for pair in [(1, 2), (4, 3), (5, 9)]
        )
    )
    row = estimate(Total(), X, design).frame.iloc[0]
    assert row["se"] ** 2 == pytest.approx(between + within)
    first_only = survey_design([4.0] * 6, psu=CLUSTERS, population_psu=[6] * 6)
    assert estimate(Total(), X, first_only).frame["se"][0] ** 2 == pytest.approx(between)


def test_a_census_has_no_error() -> None:
    stage = SamplingStage(list("uvuvuv"), [2] * 6)
    design = survey_design([1.0] * 6, psu=CLUSTERS, population_psu=[3] * 6, later_stages=[stage])
    assert estimate(Mean(), X, design).frame["se"][0] == pytest.approx(0, abs=1e-12)


def test_measures_without_later_stages_refuse_them() -> None:
    stage = SamplingStage(list("uvuvuv"), [4] * 6)
    design = survey_design([4.0] * 6, psu=CLUSTERS, population_psu=[6] * 6, later_stages=[stage])
    with pytest.raises(ModelError, match="calibrated weights or later stages"):
        alkire_foster(np.eye(6), np.ones(6), [0.1], design)


def test_replicates_of_a_mean_are_linearisation() -> None:
    design = survey_design([1, 2, 1, 1, 2, 1], psu=CLUSTERS)
    made = jackknife_replicates(design)
    assert replicate_estimate(Total(), X, made).frame["se"][0] == pytest.approx(
        estimate(Total(), X, design).frame["se"][0]
    )
    old = estimate_replicated(Fgt(3.5), X, design, "jackknife").frame["se"][0]
    assert replicate_estimate(Fgt(3.5), X, made).frame["se"][0] == pytest.approx(old)
    assert made.degrees_of_freedom == 2
    domain = replicate_estimate(Mean(), X, made, [True] * 4 + [False] * 2).frame
    assert domain["value"][0] == pytest.approx((1 + 4 + 4 + 3) / 5)


def test_a_jackknife_takes_the_finite_population_correction() -> None:
    design = survey_design([2.0] * 6, psu=CLUSTERS, population_psu=[6] * 6)
    assert estimate_replicated(Total(), X, design, "jackknife").frame["se"][0] == pytest.approx(
        estimate(Total(), X, design).frame["se"][0]
    )


def test_calibration_meets_its_totals_and_lowers_the_error() -> None:
    rng = np.random.default_rng(2)
    size = rng.uniform(1, 9, 200)
    y = 3 * size + rng.normal(0, 0.5, 200)
    design = survey_design(np.full(200, 10.0))
    auxiliary = np.column_stack([np.ones(200), size])
    wanted = [2000.0, 10_400.0]
    for method, bounds in (("linear", None), ("raking", None), ("logit", (0.5, 2.0)), ("linear", (0.5, 2.0))):
        made = calibrate(design, auxiliary, wanted, method, bounds)
        assert auxiliary.T @ made.weights == pytest.approx(wanted)
        assert estimate(Total(), y, made).frame["se"][0] < estimate(Total(), y, design).frame["se"][0] / 5
        if bounds:
            assert made.weights.min() >= 5
            assert made.weights.max() <= 20
    known = estimate(Total(), size, calibrate(design, auxiliary, wanted)).frame
    assert known["value"][0] == pytest.approx(10_400)
    assert known["se"][0] == pytest.approx(0, abs=1e-6)  # a known total has no sampling error
    trimmed = trim_weights(calibrate(design, auxiliary, wanted), 9, 11)
    assert trimmed.weights.sum() == pytest.approx(2000)


def test_raking_meets_both_margins() -> None:
    design = survey_design([1.0] * 6)
    raked = rake(design, [(list("xxyyxy"), {"x": 30, "y": 50}), (list("mnmnmn"), {"m": 20, "n": 60})])
    frame = pd.DataFrame({"w": raked.weights, "one": list("xxyyxy"), "two": list("mnmnmn")})
    assert frame.groupby("one")["w"].sum().tolist() == pytest.approx([30, 50])
    assert frame.groupby("two")["w"].sum().tolist() == pytest.approx([20, 60])
    assert raked.weights.min() > 0


def test_share_intervals_stay_inside() -> None:
    for kind in ("beta", "arcsine", "logit"):
        low, high = share_interval(0.02, 0.02, 40, 39, kind=kind)
        assert 0 <= low < 0.02 < high < 0.2
    assert share_interval(0.0, 0.0, 50, 49)[1] == pytest.approx(1 - 0.025 ** (1 / 50))  # Clopper-Pearson of 0 of 50
    assert np.isnan(share_interval(0.5, 0.1, 2, 0)).all()


def test_regression_is_weighted_least_squares() -> None:
    w = np.array([1.0, 2.0, 1.0, 1.0, 2.0, 3.0])
    z = pd.DataFrame({"z": [0.0, 1.0, 2.0, 1.0, 3.0, 4.0]})
    fitted = survey_regression(X, z, survey_design(w, psu=CLUSTERS))
    table = np.column_stack([np.ones(6), z["z"]])
    assert fitted.frame["value"].tolist() == pytest.approx(
        np.linalg.solve(table.T @ (table * w[:, None]), table.T @ (w * X)).tolist()
    )
    shuffled = [5, 3, 1, 0, 2, 4]
    again = survey_regression(
        X[shuffled], z.iloc[shuffled], survey_design(w[shuffled], psu=np.array(CLUSTERS)[shuffled])
    )
    assert again.frame["se"].tolist() == pytest.approx(fitted.frame["se"].tolist())
    poisson = survey_regression(X, pd.DataFrame({"g": list("aaabbb")}), survey_design(w), "poisson").frame["value"]
    assert np.exp(poisson[0]) == pytest.approx(np.average(X[:3], weights=w[:3]))  # log link of a group is its log mean


def test_labels_are_aligned() -> None:
    index = pd.Index([f"h{i}" for i in range(6)])
    design = survey_design(pd.Series([1.0, 2, 1, 1, 2, 1], index=index), psu=CLUSTERS)
    turned = pd.Series(X, index=index)[::-1]
    made = jackknife_replicates(design)
    assert replicate_estimate(Mean(), turned, made).frame["value"][0] == pytest.approx(
        np.average(X, weights=design.weights)
    )
    groups = pd.Series(list("xxyyyy"), index=index)[::-1]
    assert post_stratify(design, groups, {"x": 30.0, "y": 50.0}).weights[:2].sum() == pytest.approx(30)
    assert rake(design, [(groups, {"x": 30.0, "y": 50.0})]).weights[:2].sum() == pytest.approx(30)


SIMPLE = survey_design([1.0] * 6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: survey_design([1.0] * 6, psu=CLUSTERS, later_stages=[SamplingStage(list("uvuvuv"), [4] * 6)]), "without the number"),
        (lambda: survey_design([1.0] * 6, psu=CLUSTERS, population_psu=[6] * 6, later_stages=[SamplingStage(list("uvuvuv"), [1] * 6)]), "holds those drawn"),
        (lambda: survey_design([1.0] * 6, psu=CLUSTERS, population_psu=[6] * 6, later_stages=[SamplingStage(list("uuuuuu"), [2] * 6)]), "single unit"),
        (lambda: replicate_design([1, 1], [[1, 2], [2, 1]], "Fay"), "belong together"),
        (lambda: replicate_design([1, 1], [[1, 2], [2, 1]], "JKn"), "scale per replicate"),
        (lambda: replicate_design([1, 1], [[1, None], [2, 1]], "BRR"), "replicate weights"),
        (lambda: calibrated_weights([1, 1], [[1, 0], [1, 0]], [2, 5]), "cannot be met"),
        (lambda: calibrated_weights([1, 1], [[1], [1]], [2], "logit"), "must hold 1"),
        (lambda: calibrate(calibrate(SIMPLE, np.ones((6, 1)), [12]), np.ones((6, 1)), [6]), "calibrated before"),
        (lambda: post_stratify(SIMPLE, list("aabbcc"), {"a": 1, "b": 2}), "differ"),
        (lambda: rake(SIMPLE, [(list("aabbcc"), {"a": 1, "b": 2, "c": 3}), (list("xxxyyy"), {"x": 9, "y": 9})]), "different populations"),
        (lambda: trim_weights(SIMPLE, 2, 3), "no weight lies between"),
        (lambda: design_effect([2.0] * 6, SIMPLE), "no variance"),
        (lambda: survey_quantile(X, SIMPLE, [1.5]), "not quantile orders"),
        (lambda: survey_regression([0, 1, 2, 0, 1, 1], pd.DataFrame({"z": X}), SIMPLE, "logit"), "not yes or no"),
        (lambda: survey_regression([0, 0, 0, 1, 1, 1], pd.DataFrame({"z": [1.0, 2, 3, 4, 5, 6]}), SIMPLE, "logit"), "separate"),
        (lambda: survey_regression(X, pd.DataFrame({"z": [1.0, None, 3, 4, 5, 6]}), SIMPLE), "missing covariate"),
        (lambda: estimate(Ratio(np.zeros(6)), X, SIMPLE), "is zero"),
    ],
)  # fmt: skip
def test_refusals_say_what_was_wrong(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        call()
