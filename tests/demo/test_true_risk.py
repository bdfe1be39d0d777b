"""The true risk: closed form, agreement with what happened, and what a model may hope for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from relapse_risk.demo.true_risk import poor_probability
from relapse_risk.register import Register


@pytest.fixture(scope="module")
def truth(demo_register: Path) -> pd.DataFrame:
    return pd.read_parquet(demo_register.parent / "demo_key" / "true_risk.parquet")


def test_the_closed_form_is_the_lognormal_distribution() -> None:
    """P(A + s M e^(sd Z) < L) = Phi(ln((L - A) / (s M)) / sd): by hand, ln(3000 / 2500) / 0.25 = 0.7293."""
    found = poor_probability(np.array([1000.0]), np.array([2500.0]), np.array([4000.0]), 1.0, 0.25)
    assert found[0] == pytest.approx(norm.cdf(0.72929), abs=1e-5)


def test_the_closed_form_agrees_with_draws() -> None:
    rng = np.random.default_rng(1)
    drawn = (1500.0 + 0.9 * 3000.0 * np.exp(0.3 * rng.standard_normal(200_000)) < 4000.0).mean()
    exact = poor_probability(np.array([1500.0]), np.array([3000.0]), np.array([4000.0]), 0.9, 0.3)[0]
    # Four standard errors of the simulated share.
    assert drawn == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 200_000))


@pytest.mark.parametrize(
    ("fixed", "market", "expected"),
    [(4500.0, 100.0, 0.0), (3000.0, -200.0, 1.0), (5000.0, -1500.0, 1.0), (5000.0, -100.0, 0.0)],
)
def test_households_without_market_income_are_poor_or_not(fixed: float, market: float, expected: float) -> None:
    assert poor_probability(np.array([fixed]), np.array([market]), np.array([4000.0]), 1.0, 0.3)[0] == expected


def test_probabilities_are_probabilities(truth: pd.DataFrame) -> None:
    assert truth["probability"].between(0, 1).all()
    assert set(truth["month"]) == {"2019-12", "2020-12"}
    assert not truth.duplicated(["household_id", "month"]).any()


def test_the_truth_of_2019_is_calibrated_on_what_happened(truth: pd.DataFrame) -> None:
    """Sum of probabilities against relapses counted: within four standard deviations of a Bernoulli sum."""
    risk = truth[(truth["month"] == "2019-12") & ~truth["poor_now"] & truth["poor_next"].notna()]
    p, poor = risk["probability"], risk["poor_next"].astype(bool)
    # Villages share harvests and disasters, so the sum varies more than independent draws would: factor 1.5.
    assert abs(poor.sum() - p.sum()) < 4 * 1.5 * np.sqrt((p * (1 - p)).sum())


def test_the_truth_ranks_better_than_income_and_leaves_room(truth: pd.DataFrame, city: Register) -> None:
    """The true risk is the ceiling of any model; last income alone is far below it."""
    risk = truth[(truth["month"] == "2019-12") & ~truth["poor_now"] & truth["poor_next"].notna()]
    poor = risk["poor_next"].astype(bool)
    ceiling = roc_auc_score(poor, risk["probability"])
    income = city.query(
        "select household_id, (wage_income + business_gross - business_cost + property_income + transfer_income) "
        "/ household_size as pc from income join household using (household_id) where period_end = '2019-12' "
        "and snapshot_month = '2019-12'"
    ).set_index("household_id")["pc"]
    simple = roc_auc_score(poor, -risk["household_id"].map(income))
    assert 0.80 < ceiling < 0.97
    assert simple < ceiling - 0.1


def test_about_one_in_a_hundred_relapses(truth: pd.DataFrame) -> None:
    """C73, from memory: about 1% a year; anything from half to double is in its spirit."""
    risk = truth[(truth["month"] == "2019-12") & ~truth["poor_now"]]
    assert 0.005 < risk["probability"].mean() < 0.02


def test_the_simulation_error_is_small(truth: pd.DataFrame) -> None:
    assert truth["standard_error"].mean() < 0.005


def test_the_truth_is_not_in_the_register(city: Register) -> None:
    names = {column for table in ("household", "person", "income") for column in city.read(table).columns}
    assert not {name for name in names if "prob" in name or "true" in name}
