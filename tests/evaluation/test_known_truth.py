"""A score beside the truth: expected areas by hand, and intervals that hold what they hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import beside_truth, read_truth


def scored(probability: list[float], own_high: list[float]) -> pd.DataFrame:
    p = np.array(probability)
    return pd.DataFrame({"probability": p, "low": p - 0.01, "high": p + 0.01, "own_high": own_high})


def test_the_expected_area_and_the_share_held_by_hand() -> None:
    """Two of risk 0.8, two of 0.2: an event is the first kind with chance 0.8, a non-event with 0.2, so the oracle's
    area is 0.8 x 0.8 + (0.8 x 0.2 + 0.2 x 0.8) / 2 = 0.8; a score the other way round has 0.2."""
    truth = pd.Series([0.8, 0.8, 0.2, 0.2])
    place = pd.Series(["a", "b", "a", "b"])
    found = beside_truth(scored([0.1, 0.1, 0.9, 0.9], [0.9, 0.7, 0.9, 0.9]), truth, place, np.random.default_rng(1), 20)
    auc = found.loss.set_index("measure").loc["auc"]
    assert auc["oracle"] == pytest.approx(0.8)
    assert auc["score"] == pytest.approx(0.2)
    assert auc["loss"] == pytest.approx(0.6)
    assert found.coverage == 0.75  # the second household's 0.8 lies over 0.7
    assert found.coverage_low <= 0.75 <= found.coverage_high


def test_a_perfect_score_loses_nothing() -> None:
    truth = pd.Series(np.random.default_rng(2).random(200))
    risk = scored(truth.tolist(), [1.0] * 200)
    found = beside_truth(risk, truth, pd.Series(np.arange(200) % 20), np.random.default_rng(3), 20)
    assert found.loss[["loss", "low", "high"]].abs().to_numpy().max() == 0
    assert found.coverage == 1
    assert found.tenths["mean_held"].all()


def test_what_is_no_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="shares"):
        beside_truth(scored([0.1], [0.2]), pd.Series([1.5]), pd.Series(["a"]), np.random.default_rng(1))
    with pytest.raises(ModelError, match="no file of true risks"):
        read_truth(tmp_path / "nothing.parquet")
