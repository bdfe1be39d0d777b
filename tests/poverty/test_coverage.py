"""Intervals by the degrees of freedom of their design, and how often they hold the truth (docs/measurement.md)."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from relapse_risk.errors import ModelError
from relapse_risk.poverty import (
    Atkinson,
    Fgt,
    Gini,
    Mean,
    QuantileShareRatio,
    Sst,
    alkire_foster_change,
    estimate,
    estimate_few_clusters,
    survey_design,
    transitions,
)

LINE = 6000.0
DRAWS = 1000


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


def test_few_clusters_by_hand() -> None:
    """Incomes 1, 2, 6: mean 3, and 4, 3.5, 1.5 without each; on the log scale, two degrees of freedom."""
    found = estimate_few_clusters(Mean(), [1, 2, 6], survey_design([1, 1, 1]), scale="log").frame.iloc[0]
    step = student.ppf(0.975, 2) * sqrt(2 / 3 * (log(4 / 3) ** 2 + log(3.5 / 3) ** 2 + log(1.5 / 3) ** 2))
    assert found[["value", "low", "high"]].tolist() == pytest.approx([3, 3 * exp(-step), 3 * exp(step)])
    assert found["se"] == pytest.approx(sqrt(7 / 3)), "of a mean s / sqrt(n): squares of -2, -1, 3 are 14, 14 / 2 / 3"


def test_few_clusters_count_the_strata_that_vary() -> None:
    """Two strata of two clusters: where one holds all the variance there is one degree of freedom, not two."""
    design = survey_design([1] * 4, strata=["a", "a", "b", "b"])
    one = estimate_few_clusters(Mean(), [1, 3, 2, 2], design, scale="log").frame.iloc[0]
    # Without a household of stratum a the other counts twice: means 2.5 and 1.5 about 2.
    step = student.ppf(0.975, 1) * sqrt((log(2.5 / 2) ** 2 + log(1.5 / 2) ** 2) / 2)
    assert one["high"] == pytest.approx(2 * exp(step))
    both = estimate_few_clusters(Mean(), [1, 3, 1, 3], design, scale="log").frame.iloc[0]
    assert both["high"] == pytest.approx(2 * exp(student.ppf(0.975, 2) * sqrt(log(2.5 / 2) ** 2 + log(1.5 / 2) ** 2)))


def test_few_clusters_where_the_scale_ends() -> None:
    everybody = estimate_few_clusters(Fgt(10, 0), [1, 2, 3], survey_design([1, 1, 1])).frame.iloc[0]
    assert everybody["value"] == 1
    assert everybody[["low", "high"]].isna().all()
    with pytest.raises(ModelError, match="estimate_few_clusters"):
        estimate_few_clusters(Fgt(10, 0), [1, 2, 3], survey_design([1, 1, 1]), scale="normal")  # type: ignore[arg-type]


MEASURES: dict[str, tuple[Any, Any]] = {
    "FGT0": (Fgt(LINE, 0), "logit"), "FGT1": (Fgt(LINE, 1), "logit"), "FGT2": (Fgt(LINE, 2), "logit"),
    "SST": (Sst(LINE), "logit"), "Gini": (Gini(), "logit"), "Atkinson": (Atkinson(), "logit"),
    "QSR": (QuantileShareRatio(), "log"),
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize(("strata", "clusters", "size"), [(4, 2, 12), (5, 3, 10), (15, 4, 8)])
def test_intervals_cover(strata: int, clusters: int, size: int) -> None:
    """Lognormal incomes in clusters that differ, strata of unequal weight; the figures of docs/measurement.md."""
    rng = np.random.default_rng(11)

    def draw(m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        of = np.repeat(np.arange(strata), m)
        mean = 9 + 0.25 * np.sin(of * 2.0) + rng.normal(0, 0.35, strata * m)
        sizes = rng.integers(size, 2 * size, strata * m)
        psu = np.repeat(np.arange(strata * m), sizes)
        return np.exp(mean[psu] + rng.normal(0, 0.6, psu.size)), np.repeat(1 + 0.5 * (of % 3), sizes), of[psu], psu

    x, w, *_ = draw(40000 // strata)
    everybody = np.ones(x.size, dtype=bool)
    truth = {name: measure.value(x, w, everybody) for name, (measure, _) in MEASURES.items()}
    few, linear = dict.fromkeys(MEASURES, 0), dict.fromkeys(MEASURES, 0)
    for _ in range(DRAWS):
        x, w, stratum, psu = draw(clusters)
        design = survey_design(w, stratum, psu)
        for name, (measure, scale) in MEASURES.items():
            row = estimate_few_clusters(measure, x, design, scale=scale).frame.iloc[0]
            few[name] += row["low"] <= truth[name] <= row["high"]
            row = estimate(measure, x, design, kind="normal" if scale == "log" else "logit").frame.iloc[0]
            linear[name] += row["low"] <= truth[name] <= row["high"]
    for name in MEASURES:
        print(f"{strata * (clusters - 1)} df, {name}: {few[name] / DRAWS:.3f} ({linear[name] / DRAWS:.3f} linearised)")
    assert all(0.925 <= held / DRAWS <= 0.99 for held in few.values())


@pytest.mark.long
@pytest.mark.parametrize("villages", [5, 11, 46])
def test_intervals_of_transitions_cover(villages: int) -> None:
    """Villages whose rates of exit differ; of each some thirty households, followed over one pair of years."""
    rng, held = np.random.default_rng(7), 0
    spread, size = 0.5, 30
    truth = float((1 / (1 + np.exp(-(np.log(0.3 / 0.7) + spread * rng.normal(size=400_000))))).mean())
    for _ in range(DRAWS):
        rate = 1 / (1 + np.exp(-(np.log(0.3 / 0.7) + spread * rng.normal(size=villages))))
        home = np.repeat(np.arange(villages), size)
        leaves = rng.random(home.size) < rate[home]
        ids = [f"h{k}" for k in range(home.size)]
        panel = pd.DataFrame({"household_id": ids * 2, "month": np.repeat([1, 2], home.size),
                              "poor": np.concatenate([np.ones(home.size, dtype=bool), ~leaves]),
                              "village": np.concatenate([home, home]).astype(str)})  # fmt: skip
        row = transitions(panel, cluster="village").rates.set_index("rate").loc["exit"]
        held += row["low"] <= truth <= row["high"]
    print(f"{villages - 1} df, exit: {held / DRAWS:.3f}")
    assert 0.925 <= held / DRAWS <= 0.985
