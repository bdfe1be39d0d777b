"""Weights for those who are not seen again: they bring the rate back, and leave everything alone when nobody is lost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.relapse import RelapseLogit, at_risk_rows, without_outcomes
from relapse_risk.research import attrition_weights


@pytest.fixture(scope="module")
def rows(panel: pd.DataFrame) -> pd.DataFrame:
    return at_risk_rows(panel, 12)


def test_the_rate_of_all_comes_back_when_the_worse_off_are_lost(rows: pd.DataFrame) -> None:
    """Households near the line leave twice as often: those who stay look safer than all, weighted they do not."""
    due = rows[rows["month_next"] <= "2019-12"].reset_index(drop=True)
    near = (due["income_pc_year"] < 1.5 * due["poverty_line"]).to_numpy()
    gone = np.random.default_rng(3).random(len(due)) < np.where(near, 0.6, 0.1)
    thinned = due.assign(observed=~gone, event=due["event"].where(~gone))
    whole, stayed = due["event"].mean(), thinned["event"].mean()
    found = attrition_weights(thinned)
    weighted = np.average(thinned.loc[~gone, "event"], weights=found.weight[~gone])
    error = np.sqrt(whole * (1 - whole) / (~gone).sum())
    assert stayed < whole - 4 * error
    assert weighted == pytest.approx(whole, abs=2.5 * error)
    assert found.lost == pytest.approx(gone.mean())
    assert (found.weight[gone] == 0).all()
    assert found.weight[~gone].mean() == pytest.approx(1, abs=0.02)  # stabilised
    assert 0.5 < found.effective < 1
    shift = found.shifts.set_index("name").loc["income_over_line"]
    assert shift["lost"] < shift["stayed"]
    seen = thinned[~gone]
    fitted = RelapseLogit().fit_rows(without_outcomes(seen), seen["event"], found.weight[~gone], seen["village_code"])
    assert fitted.n == (~gone).sum()


def test_where_nobody_is_lost_every_weight_is_one_and_what_is_not_due_is_not_lost(rows: pd.DataFrame) -> None:
    found = attrition_weights(rows, last="2019-12")
    due = (rows["month_next"] <= "2019-12").to_numpy()
    assert found.lost == 0
    assert (found.weight[due] == 1).all()
    assert (found.weight[~due] == 0).all()
    assert found.effective == pytest.approx(1)
    with pytest.raises(ModelError, match="no outcome is due"):
        attrition_weights(rows, last="2001-12")
