"""Gains, net benefit and the parts of a loss: by hand, by identity, and against the counts they are made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import brier, decision_curve, decompose, gains, log_loss, select_top, targeting


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    p = rng.beta(1, 4, 2000)
    return pd.DataFrame({"p": p, "event": (rng.random(2000) < p).astype(float), "place": rng.integers(0, 40, 2000),
                         "weight": rng.integers(1, 4, 2000).astype(float)})  # fmt: skip


def test_net_benefit_is_falls_reached_less_needless_visits_at_their_price() -> None:
    """Ten households, t = 0.2: three visited, two of them fall: 2/10 - 1/10 x 0.25 = 0.175 (Vickers and Elkin)."""
    frame = pd.DataFrame({"event": [1, 1, 0, 1, 0, 0, 0, 0, 0, 0], "p": [0.9, 0.5, 0.3, *[0.1] * 7], "c": [0, 1] * 5})
    found = decision_curve(frame, ["p"], [0.2], cluster="c", rng=np.random.default_rng(1), draws=20)
    by = found.set_index("score")["value"]
    assert by["p"] == pytest.approx(0.175)
    assert by["everybody"] == pytest.approx(3 / 10 - 7 / 10 * 0.25)


def test_a_calibrated_score_is_worth_more_than_everybody_and_nobody_at_every_price(rows: pd.DataFrame) -> None:
    found = decision_curve(rows, ["p"], [0.05, 0.1, 0.2, 0.4], cluster="place", rng=np.random.default_rng(1), draws=50)
    by = found.pivot(index="threshold", columns="score", values="value")
    assert (by["p"] > by["everybody"].clip(lower=0)).all()
    assert ((found["low"] <= found["value"]) & (found["value"] <= found["high"])).all()
    with pytest.raises(ModelError, match="thresholds"):
        decision_curve(rows, ["p"], [1.0], cluster="place", rng=np.random.default_rng(1))


def test_gains_are_the_counts_of_the_list(rows: pd.DataFrame) -> None:
    found = gains(rows["event"], rows["p"], [0.05, 0.2])
    for line, k in zip(found.itertuples(), (100, 400), strict=True):
        exact = targeting(rows["event"], select_top(rows["p"], k))
        assert line.coverage == pytest.approx(exact.coverage)
        assert line.leakage == pytest.approx(exact.leakage)
        assert line.lift == pytest.approx(exact.cgh)  # Coady, Grosh and Hoddinott's ratio is the lift
    assert gains(rows["event"], rows["p"], [1.0])["coverage"].tolist() == [1.0]
    with pytest.raises(ModelError, match="shares"):
        gains(rows["event"], rows["p"], [0.0])


@pytest.mark.parametrize("loss", ["brier", "log_loss"])
def test_the_parts_of_a_loss_add_up_and_mean_what_they_say(rows: pd.DataFrame, loss: str) -> None:
    measure = {"brier": brier, "log_loss": log_loss}[loss]
    found = decompose(rows["event"], rows["p"], rows["weight"], loss)
    assert found.loss == pytest.approx(measure(rows["event"], rows["p"], rows["weight"]))
    assert found.loss == pytest.approx(found.miscalibration - found.discrimination + found.uncertainty)
    # Any map that keeps the order keeps discrimination, and moves only miscalibration.
    bent = decompose(rows["event"], rows["p"] ** 2, rows["weight"], loss)
    assert bent.discrimination == pytest.approx(found.discrimination)
    assert bent.miscalibration > found.miscalibration + 0.005
    base = float(np.average(rows["event"], weights=rows["weight"]))
    if loss == "brier":
        assert found.uncertainty == pytest.approx(base * (1 - base))  # the variance of the outcome
    with pytest.raises(ModelError, match="no such loss"):
        decompose([0, 1], [0.1, 0.9], loss="hinge")
