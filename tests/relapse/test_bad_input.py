"""Bad input is a clear error or a stated behaviour, never a number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.languages import Label
from relapse_risk.relapse import (
    RelapseBoost,
    RelapseLogit,
    at_risk_rows,
    feature_matrix,
    followed,
    unlike_training,
    without_outcomes,
)
from relapse_risk.relapse.features import Feature


def parts(panel: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series, pd.Series, pd.Series]:
    rows = followed(at_risk_rows(panel, 12))
    return without_outcomes(rows), rows["event"], rows["weight"], rows["village_code"]


def test_no_events_is_too_few(panel: pd.DataFrame) -> None:
    rows, event, weight, cluster = parts(panel)
    for value in (0.0, 1.0):
        with pytest.raises(ModelError, match="too few events"):
            RelapseLogit().fit_rows(rows, event * 0 + value, weight, cluster)


def test_one_wave_has_no_outcome(panel: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="12 months apart"):
        at_risk_rows(panel[panel["month"] == "2015-12"], 12)
    with pytest.raises(ModelError, match="seen twice"):
        at_risk_rows(panel[panel["month"] == "2015-12"], None)


def test_a_household_twice_in_a_wave_is_named(panel: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match=r"h00000, 2015-12"):
        at_risk_rows(pd.concat([panel, panel.head(1)], ignore_index=True), 12)


def test_weights_of_zero_count_for_nothing_and_all_zero_is_refused(panel: pd.DataFrame) -> None:
    rows, event, weight, cluster = parts(panel)
    out = np.arange(len(rows)) % 3 == 0
    model = RelapseLogit(newest_level=False)
    # Left out and weighted zero are one and the same, up to the reference of each term, which is the plain mean.
    zero = model.fit_rows(rows, event, weight.mask(out, 0.0), cluster)
    less = model.fit_rows(rows[~out], event[~out], weight[~out], cluster[~out])
    assert {t.name for t in zero.terms} == {t.name for t in less.terms}
    assert zero.predict(rows)["probability"].to_numpy() == pytest.approx(
        less.predict(rows)["probability"].to_numpy(), abs=0.005
    )
    for wrong in (weight * 0, weight.mask(out, -1.0), weight.mask(out)):
        with pytest.raises(ModelError, match="weights must be finite"):
            model.fit_rows(rows, event, wrong, cluster)


def test_separation_is_left_out_and_said(panel: pd.DataFrame) -> None:
    rows, event, weight, cluster = parts(panel)
    tells = Feature(
        "tells", Label(zh="x", en="x"), "0/1", "work", ("tells",), lambda frame: frame["tells"].astype(float), 1
    )
    # A sign only some of those who fall show: nobody without the fall has it.
    known = ((event == 1) & (np.arange(len(event)) % 4 == 0)).astype(float)
    fitted = RelapseLogit((*RelapseLogit().offered, tells)).fit_rows(rows.assign(tells=known), event, weight, cluster)
    assert {t.name: t.reason for t in fitted.left_out}["tells"] == "separates"
    assert np.isfinite(fitted.predict(rows)["probability"]).all()


def test_an_unseen_category_is_not_one_of_the_named_ones_and_flagged_when_it_moves_far(panel: pd.DataFrame) -> None:
    rows, event, weight, cluster = parts(panel)
    tenure = pd.Series(np.where(rows["n_serious"] == 1, "rented", "own"), index=rows.index)
    fitted = RelapseLogit().fit_rows(rows.assign(dwelling_tenure=tenure), event, weight, cluster)
    unseen = fitted.matrix(rows.assign(dwelling_tenure="yurt"))
    if "not_owner" in unseen:
        assert (unseen["not_owner"] == 0).all()
    far = fitted.matrix(rows.assign(n_serious=40, dwelling_tenure="own")).head(50)
    assert (unlike_training(fitted, far) == "unlike_training").all()


def test_all_missing_is_flagged_and_scored_at_the_base_only(panel: pd.DataFrame) -> None:
    rows, event, weight, cluster = parts(panel)
    fitted = RelapseLogit().fit_rows(rows, event, weight, cluster)
    nothing = fitted.matrix(rows).head(20) * np.nan
    assert (unlike_training(fitted, nothing) == "mostly_missing").all()
    empty = rows.assign(income_pc_year=np.nan, n_serious=np.nan)
    assert not {"income_over_line", "serious_share"} & set(feature_matrix(empty))
    # Income decides who is at risk: where it is unknown for all, nobody is.
    with pytest.raises(ModelError, match="no household is seen"):
        at_risk_rows(panel.assign(income_pc_year=np.nan), 12)


def test_a_period_gap_is_no_outcome_at_the_horizon_and_a_longer_way_to_the_next_visit(panel: pd.DataFrame) -> None:
    gap = panel[panel["month"] != "2017-12"]
    year = at_risk_rows(gap, 12)
    assert not year.loc[year["month"] == "2016-12", "observed"].any()
    assert year.loc[year["month"] == "2015-12", "observed"].any()
    following = at_risk_rows(gap, None)
    assert (following.loc[following["month"] == "2016-12", "gap_months"] == 24).all()


def test_the_challenger_takes_missing_values_as_they_are(panel: pd.DataFrame) -> None:
    rows, event, weight, _ = parts(panel)
    matrix = feature_matrix(rows)
    fitted = RelapseBoost(rounds=5).fit_matrix(matrix, event, weight)
    assert np.isfinite(fitted.predict_matrix(matrix * np.nan)).all()
