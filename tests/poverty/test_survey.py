"""Survey designs: textbook variances, single clusters, replication against linearisation."""

from __future__ import annotations

import numpy as np
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.poverty import (
    Fgt,
    Gini,
    Mean,
    Measure,
    QuantileShareRatio,
    RelativeFgt,
    RelativeLine,
    RelativeMedianGap,
    estimate,
    estimate_by_group,
    estimate_replicated,
    interval,
    survey_design,
)
from relapse_risk.poverty.survey import covariance, replicate_weights


def test_stratified_mean_by_hand() -> None:
    """Two strata of two: sum over strata of n_h s_h² × (1/4)² = 2 × 0.5 / 16 + 2 × 8 / 16 = 1.0625."""
    x = np.array([1.0, 2.0, 4.0, 8.0])
    row = estimate(Mean(), x, survey_design(np.ones(4), strata=["a", "a", "b", "b"])).frame.iloc[0]
    assert row["value"] == 3.75
    assert row["se"] ** 2 == pytest.approx(2 * 0.5 / 16 + 2 * 8 / 16)


def test_finite_population_correction_by_hand() -> None:
    """Four of eight drawn: half the variance s² / n."""
    x = np.array([1.0, 2.0, 3.0, 4.0])
    design = survey_design(np.full(4, 2.0), population_psu=np.full(4, 8))
    assert estimate(Mean(), x, design).frame["se"].iloc[0] ** 2 == pytest.approx(x.var(ddof=1) / 4 / 2)


def test_clusters_with_the_same_label_in_two_strata_are_two() -> None:
    assert survey_design(np.ones(4), strata=[1, 1, 2, 2], psu=[1, 2, 1, 2]).n_psu == 4


def test_a_single_cluster_is_a_stated_choice() -> None:
    """Strata {1, 3} and {8}: the first alone gives (0 - 1)² + ... ; each choice by hand on totals 1, 3, 8."""
    arguments = {"weights": np.ones(3), "strata": ["a", "a", "b"]}
    z = np.array([1.0, 3.0, 8.0])
    with pytest.raises(ModelError, match=r'1 strata with a single cluster.*choose single_psu="certainty"'):
        survey_design(**arguments)
    certainty = covariance(survey_design(**arguments, single_psu="certainty"), z)[0, 0]
    centre = covariance(survey_design(**arguments, single_psu="centre"), z)[0, 0]
    average = covariance(survey_design(**arguments, single_psu="average"), z)[0, 0]
    assert certainty == pytest.approx(2 * (1 + 1))
    assert centre == pytest.approx(4 + (8 - 4) ** 2)
    assert average == pytest.approx(2 * 4)


def sample(n: int = 800) -> tuple[np.ndarray, object]:
    g = np.random.default_rng(1)
    psu = np.repeat(np.arange(n // 10), 10)
    x = np.exp(8.5 + 0.5 * g.normal(size=n) + 0.2 * g.normal(size=n // 10)[psu])
    return x, survey_design(g.uniform(1, 3, n), psu % 8, psu)


@pytest.mark.parametrize("measure", [Mean(), Fgt(4000.0, 1), Gini()])
def test_replication_agrees_with_linearisation(measure: object) -> None:
    """Jackknife within 5 % (80 clusters), bootstrap of 400 within 15 %."""
    x, design = sample()
    taylor = estimate(measure, x, design).frame["se"].iloc[0]  # type: ignore[arg-type]
    jackknife = estimate_replicated(measure, x, design, "jackknife").frame["se"].iloc[0]  # type: ignore[arg-type]
    bootstrap = estimate_replicated(measure, x, design, "bootstrap", np.random.default_rng(2), 400).frame["se"].iloc[0]  # type: ignore[arg-type]
    assert jackknife == pytest.approx(taylor, rel=0.05)
    assert bootstrap == pytest.approx(taylor, rel=0.15)


def test_bootstrap_weights_keep_the_population() -> None:
    _, design = sample()
    totals = [w.sum() for w, _ in replicate_weights(design, "bootstrap", np.random.default_rng(1), 200)]
    assert np.mean(totals) == pytest.approx(design.weights.sum(), rel=0.01)


def test_domains_add_up_and_are_correlated_only_through_clusters() -> None:
    x, design = sample()
    groups = np.arange(x.size) % 2
    result = estimate_by_group(Fgt(4000.0), x, design, groups)
    share = np.array([design.weights[groups == g].sum() for g in (0, 1)]) / design.weights.sum()
    whole = estimate(Fgt(4000.0), x, design).frame["value"].iloc[0]
    assert share @ result.frame["value"] == pytest.approx(whole)
    assert result.covariance.shape == (2, 2)


def test_logit_limits_stay_inside() -> None:
    low, high = interval(0.01, 0.02, kind="logit")
    assert 0 < low < 0.01 < high < 1
    assert np.isnan(interval(0.0, 0.0, kind="logit")[0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: survey_design([1, -1]), "negative, missing or infinite weight in row 1"),
        (lambda: survey_design([0, 0]), "weights sum to zero"),
        (lambda: survey_design([1, 1], strata=["a"]), "wrong length"),
        (lambda: survey_design([1, 1], psu=["a", None]), "missing group"),
        (lambda: survey_design([1, 1], population_psu=[1, 1]), "more clusters drawn than exist"),
        (lambda: estimate(Mean(), [1, 2], survey_design([1, 1]), domain=[False, False]), "a domain needs rows"),
        (lambda: interval(0.5, 0.1, level=95), "not a coverage; got 95"),
        (
            lambda: estimate_replicated(Mean(), [1, 2], survey_design([1, 1]), "bootstrap"),
            "bootstrap needs a generator",
        ),
    ],
)
def test_bad_input_is_named(call: object, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        call()  # type: ignore[operator]


@pytest.mark.parametrize("measure", [RelativeLine(), RelativeFgt(), RelativeMedianGap()])
def test_a_relative_line_of_zero_is_an_error(measure: Measure) -> None:
    with pytest.raises(ModelError, match="relative line is not positive; got 0"):
        estimate(measure, [0, 0, 0, 5], survey_design(np.ones(4)))


def test_a_lower_fifth_without_income_is_an_error() -> None:
    with pytest.raises(ModelError, match="the lower group has no income; got -1"):
        estimate(QuantileShareRatio(), [-1, 2, 3, 4], survey_design(np.ones(4)))
