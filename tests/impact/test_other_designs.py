"""Staggered start and weighting where they do not hold: diverging trends, no overlap, too few."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.impact.staggered import average_effect, group_time_effects, two_way_fixed_effects
from relapse_risk.impact.weighting import weighted_means, weighting_effect


def panel(drift: float = 0.0, effect: float = 2.0, households: int = 300, seed: int = 2) -> pd.DataFrame:
    """Periods 1 … 5; a third starts in 3, a third in 4, a third never; those who start drift apart by ``drift`` a period."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"household_id": np.repeat(np.arange(households), 5), "time": [1, 2, 3, 4, 5] * households})
    frame["start"] = frame["household_id"].map(lambda h: (3.0, 4.0, np.nan)[h % 3])
    since = frame["time"] - frame["start"]
    noise = rng.normal(size=len(frame)) + np.repeat(rng.normal(size=households), 5)
    frame["income"] = (
        frame["time"]
        + noise
        + drift * frame["time"] * frame["start"].notna()
        + effect * (since >= 0) * (1 + since.fillna(0))
    )
    return frame


def test_a_growing_effect_is_averaged_as_named() -> None:
    """Planted: 2, 4, 6 in the first, second and third period; group 3 has three, group 4 two of them.

    Simple: (2+4+6+2+4)/5; group: mean of 4 and 3; dynamic: 2, 4, 6.  Two-way fixed effects give none of them.
    """
    effects = group_time_effects(panel(households=6000), "income")
    found = {of: average_effect(effects, of) for of in ("simple", "group", "dynamic")}
    for of, value in {"simple": 18 / 5, "group": 3.5, "dynamic": 4.0}.items():
        assert found[of].low < value < found[of].high, of
        assert found[of].says == "raises"
    after = found["dynamic"].table.query("at >= 0")
    assert after["effect"].tolist() == pytest.approx([2, 4, 6], abs=0.2)
    slope, error = two_way_fixed_effects(panel(households=6000), "income")
    assert slope < 3.5 - 4 * error


def test_diverging_trends_are_refused() -> None:
    effect = average_effect(group_time_effects(panel(drift=0.6, effect=0.0), "income"))
    assert effect.estimate > 0.5
    assert effect.says == "does_not_hold"


def test_without_a_period_before_trends_are_unknown_not_passed() -> None:
    frame = panel()
    two = frame[frame["time"].isin([2, 3]) & ~(frame["start"] == 4)]
    effect = average_effect(group_time_effects(two, "income"))
    assert [check.verdict for check in effect.checks] == ["unknown"]
    assert effect.says == "raises"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.iloc[1:], "not balanced; got '1 of 300 households"),
        (lambda f: f.assign(income=f["income"].where(f.index != 7)), "income is not known for every household"),
        (lambda f: f.assign(start=f["start"].where(f.index != 0, 5.0)), "start of a household changes"),
        (lambda f: pd.concat([f, f.iloc[:1]]), "two rows of a period"),
        (lambda f: f[f["household_id"] < 6], "no group that started can be compared"),
        (lambda f: f.drop(columns="start"), r"no such column; got \['start'\]"),
    ],
)  # fmt: skip
def test_what_is_no_panel_is_refused(change, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        group_time_effects(change(panel()), "income")


def test_a_group_without_a_period_before_is_named() -> None:
    frame = panel()
    frame.loc[frame["household_id"] % 9 == 0, "start"] = 1.0
    assert group_time_effects(frame, "income").skipped == ("1: treated from the first period on",)


def confounded(strength: float, n: int = 3000, seed: int = 1) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(rng.normal(size=(n, 2)), columns=["need", "age"])
    treated = rng.random(n) < 1 / (1 + np.exp(-strength * x["need"]))
    return 1.0 * treated - 2 * x["need"].to_numpy() + rng.normal(size=n), treated, x


def test_doubly_robust_takes_out_what_the_naive_difference_keeps() -> None:
    effect = weighting_effect(*confounded(1.0))
    assert effect.details["naive"] < 0
    assert effect.low < 1 < effect.high
    assert effect.holds


def test_no_overlap_is_refused() -> None:
    effect = weighting_effect(*confounded(6.0))
    assert {c.name: c.verdict for c in effect.checks}["overlap"] == "fails"
    assert effect.says == "does_not_hold"


def test_a_rule_that_decides_everything_is_refused() -> None:
    outcome, _, x = confounded(1.0)
    with pytest.raises(ModelError, match="nobody is comparable"):
        weighting_effect(outcome, x["need"] > 0, x)


def test_too_few_and_unknown_are_refused() -> None:
    outcome, treated, x = confounded(1.0, n=30)
    with pytest.raises(ModelError, match="too few households in a group"):
        weighting_effect(outcome, treated, x)
    outcome, treated, x = confounded(1.0)
    x.iloc[3, 0] = np.nan
    with pytest.raises(ModelError, match="covariates is not known for every household; got 1"):
        weighting_effect(outcome, treated, x)
    with pytest.raises(ModelError, match="chances of being treated"):
        weighted_means([1.0, 2.0], [0, 1], [0.5, 1.0])
