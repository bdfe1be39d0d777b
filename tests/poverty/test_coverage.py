"""Intervals by the degrees of freedom of their design, and how often they hold the truth (docs/measurement.md)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from relapse_risk.poverty import Fgt, Mean, alkire_foster_change, estimate, survey_design, transitions

LINE = 6000.0


def moving(households: int, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    ids = [f"h{k}" for k in range(households)]
    return pd.DataFrame({"household_id": ids * 2, "month": [1] * households + [2] * households, "poor": rng.random(2 * households) < 0.5,
                         "village": [f"v{k % 4}" for k in range(households)] * 2})  # fmt: skip


def test_transitions_use_the_clusters_at_risk() -> None:
    """Of four villages all hold somebody poor: the logit step is t(3) times se / (p (1 - p))."""
    rates = transitions(moving(80), cluster="village").rates.set_index("rate")
    exit_ = rates.loc["exit"]
    step = np.log(exit_["high"] / (1 - exit_["high"])) - np.log(exit_["value"] / (1 - exit_["value"]))
    assert step == pytest.approx(student.ppf(0.975, 3) * exit_["se"] / (exit_["value"] * (1 - exit_["value"])))


def test_with_one_cluster_there_is_no_interval() -> None:
    rates = transitions(moving(30).assign(village="v0"), cluster="village").rates
    assert rates[["low", "high"]].isna().all(axis=None)
    g0 = [[1, 1], [0, 0], [1, 1], [1, 1]]
    one = survey_design([1] * 4, psu=["a"] * 4, single_psu="certainty")
    changes = alkire_foster_change(g0, [1, 1], ["1/2"], one, [1, 1, 2, 2], (2018, 2020), ["a", "b"])
    assert changes[["low", "high"]].isna().all(axis=None)


def test_a_domain_has_the_degrees_of_freedom_of_its_clusters() -> None:
    design = survey_design([1] * 8, psu=[1, 1, 2, 2, 3, 3, 4, 4])
    domain = [True, True, True, True, False, False, False, False]
    found = estimate(Mean(), [1.0, 2, 3, 9, 4, 6, 5, 5], design, domain=domain).frame.iloc[0]
    assert (found["high"] - found["value"]) / found["se"] == pytest.approx(student.ppf(0.975, 1))


@pytest.mark.long
@pytest.mark.parametrize(("strata", "clusters", "size"), [(4, 2, 12), (5, 3, 10), (15, 4, 8)])
def test_intervals_of_the_headcount_cover(strata: int, clusters: int, size: int) -> None:
    rng = np.random.default_rng(11)

    def draw(m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        of = np.repeat(np.arange(strata), m)
        mean = 9 + 0.25 * np.sin(of * 2.0) + rng.normal(0, 0.35, strata * m)
        sizes = rng.integers(size, 2 * size, strata * m)
        psu = np.repeat(np.arange(strata * m), sizes)
        return np.exp(mean[psu] + rng.normal(0, 0.6, psu.size)), np.repeat(1 + 0.5 * (of % 3), sizes), of[psu], psu

    x, w, *_ = draw(40000 // strata)
    truth = Fgt(LINE, 0).value(x, w, np.ones(x.size, dtype=bool))
    held = 0
    for _ in range(400):
        x, w, stratum, psu = draw(clusters)
        found = estimate(Fgt(LINE, 0), x, survey_design(w, stratum, psu), kind="logit").frame.iloc[0]
        held += found["low"] <= truth <= found["high"]
    assert 0.92 <= held / 400 <= 0.99
