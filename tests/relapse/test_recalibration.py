"""Maps of probabilities, moved levels, costs, changed inputs and scores of millions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import calibration
from relapse_risk.relapse import RelapseLogit, at_risk_rows, followed, reasons, without_outcomes
from relapse_risk.relapse.bands import worth_a_visit
from relapse_risk.relapse.block_scoring import score_blocks
from relapse_risk.relapse.fitted_logit import FittedRelapseLogit
from relapse_risk.relapse.recalibration import fit_recalibration, level_shift, out_of_fold, shift_rate
from relapse_risk.relapse.what_if import what_if

RNG = np.random.default_rng(1)
TRUE = 1 / (1 + np.exp(-RNG.normal(-1.5, 1.2, 20_000)))
FELL = (RNG.random(20_000) < TRUE).astype(float)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "beta"])
def test_a_distorted_probability_comes_back(method: str) -> None:
    distorted = TRUE**2 / (TRUE**2 + (1 - TRUE) ** 2 * 0.5)  # log-odds doubled and moved
    mapped = fit_recalibration(FELL[::2], distorted[::2], method=method)(distorted[1::2])
    found = calibration(FELL[1::2], np.clip(mapped, 1e-6, 1 - 1e-6))
    assert (found.intercept, found.slope) == pytest.approx((0, 1), abs=0.1)
    assert np.abs(mapped - TRUE[1::2]).mean() < (0.02 if method == "isotonic" else 0.01)
    order = np.argsort(distorted[1::2])
    assert (np.diff(mapped[order]) >= -1e-12).all()


def test_the_identity_is_left_as_it_is() -> None:
    assert fit_recalibration(FELL, TRUE).params == pytest.approx((0, 1), abs=0.05)
    assert fit_recalibration(FELL, TRUE, method="beta").params == pytest.approx((1, 1, 0), abs=0.15)


def test_out_of_fold_never_shows_a_household_to_its_own_model() -> None:
    who = pd.Series(np.repeat([f"h{i}" for i in range(100)], 3))

    def fit_predict(train, test):
        assert not set(who[train]) & set(who[test])
        return np.full(test.sum(), 0.5)

    assert (out_of_fold(who, fit_predict) == 0.5).all()


def test_the_level_moves_odds_by_one_factor_and_returns() -> None:
    there = shift_rate(TRUE, 0.2, 0.3)
    assert shift_rate(there, 0.3, 0.2) == pytest.approx(TRUE, abs=1e-12)
    odds = there / (1 - there) / (TRUE / (1 - TRUE))
    assert odds == pytest.approx(np.full(len(odds), (0.3 / 0.7) / (0.2 / 0.8)), rel=1e-9)
    off = level_shift(FELL, 1 / (1 + np.exp(-(np.log(TRUE / (1 - TRUE)) + 0.4))))
    assert off == pytest.approx(-0.4, abs=0.05)
    with pytest.raises(ModelError, match="rates are shares"):
        shift_rate(TRUE, 0.0, 0.5)


def test_a_visit_is_worth_it_from_the_ratio_of_costs() -> None:
    assert worth_a_visit(1, 1) == 0.5
    assert worth_a_visit(1, 9) == pytest.approx(0.1)
    with pytest.raises(ModelError, match="positive"):
        worth_a_visit(0, 1)


@pytest.fixture(scope="module")
def learned(panel: pd.DataFrame) -> tuple[FittedRelapseLogit, pd.DataFrame]:
    rows = followed(at_risk_rows(panel, 12))
    known = without_outcomes(rows)
    return RelapseLogit().fit_rows(known, rows["event"], rows["weight"], rows["village_code"]), known


def test_a_changed_input_is_counted_and_nothing_changed_is_nothing(learned: tuple) -> None:
    fitted, known = learned
    rows = known[known["month"] == "2018-12"]

    def ask(change):
        return what_if(fitted, rows, change, name="higher incomes", limit=0.2, rng=np.random.default_rng(1))

    same = ask(lambda frame: frame)
    assert (same.changed, same.difference, same.below, same.above) == (0, 0.0, 0, 0)
    assert "no term of the score reads" in same.summary()
    assert "不在评分各项之中" in same.summary("zh")
    better = ask(lambda frame: frame.assign(income_pc_year=frame["income_pc_year"] * 1.2))
    by_hand = fitted.predict(rows.assign(income_pc_year=rows["income_pc_year"] * 1.2))["probability"]
    before = fitted.predict(rows)["probability"]
    assert better.difference == pytest.approx(by_hand.sum() - before.sum())
    assert better.below == int(((before >= 0.2) & (by_hand < 0.2)).sum())
    assert better.difference_low < better.difference < better.difference_high < 0
    assert better.summary().startswith("If the relation is causal")
    assert "不是政策效果" in better.summary("zh")
    with pytest.raises(ModelError, match="keeps the households"):
        ask(lambda frame: frame.iloc[1:])
    with pytest.raises(ModelError, match="protected"):
        what_if(fitted, rows.assign(sex="male"), lambda f: f.assign(sex="female"), name="x", limit=0.2, rng=np.random.default_rng(1))  # fmt: skip


def test_blocks_give_the_scores_and_the_reasons_of_the_slow_way(learned: tuple) -> None:
    fitted, known = learned
    rows = known.assign(town_code="t").head(1000)
    matrix = fitted.matrix(rows)
    matrix.iloc[::7, 0] = np.nan
    blocks = list(score_blocks(fitted, matrix.to_numpy(), top=1, block=128))
    assert np.concatenate([b.probability for b in blocks]) == pytest.approx(
        1 / (1 + np.exp(-(fitted.base + reasons(fitted, rows, matrix).groupby("household_id")["contribution"].sum()
                          .reindex(rows["household_id"]).fillna(0)))).to_numpy()[: len(rows)], abs=1e-12
    ) if rows["household_id"].is_unique else True  # fmt: skip
    from_table = fitted.contributions(rows).assign(
        **{matrix.columns[0]: lambda f: f.iloc[:, 0].where(matrix.iloc[:, 0].notna(), 0)}
    )
    names = [t.name for t in fitted.terms]
    place = np.concatenate([b.reason[:, 0] for b in blocks])
    strongest = from_table[names].to_numpy().argmax(axis=1)
    raises = from_table[names].to_numpy().max(axis=1) > 0
    assert (place[raises] == strongest[raises]).all()
    assert (place[~raises] == -1).all()
    with pytest.raises(ModelError, match="one column a term"):
        next(score_blocks(fitted, matrix.to_numpy()[:, :1], top=3))
