"""Features: only what is known at t, no protected trait, and the guard that says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.languages import NO_LABEL, Label
from relapse_risk.relapse import (
    FEATURES,
    Feature,
    RelapseLogit,
    at_risk_rows,
    check_features,
    feature_matrix,
    followed,
    refuse_later,
    without_outcomes,
)
from relapse_risk.relapse.features import PROTECTED


@pytest.fixture(scope="module")
def seen(panel: pd.DataFrame) -> pd.DataFrame:
    return followed(at_risk_rows(panel, 12))


def test_declared_features_are_unique_labelled_and_read_no_protected_trait() -> None:
    check_features(FEATURES)
    for feature in FEATURES:
        assert feature.label.zh
        assert feature.label.en
        assert feature.unit
        assert not set(feature.needs) & set(PROTECTED)
        may_lower = feature.unit == "0/1" and feature.direction != 1
        assert (feature.absent != NO_LABEL) == may_lower, f"{feature.name}: what a 0 says"


def test_a_feature_on_sex_is_refused() -> None:
    wrong = Feature(
        "woman", Label(zh="女", en="Woman"), "0/1", "income", ("head_sex",), lambda f: (f["head_sex"] == "female") * 1.0
    )
    with pytest.raises(ModelError, match="no score may read"):
        check_features((wrong,))


def test_an_income_of_a_later_period_is_refused(seen: pd.DataFrame) -> None:
    late = without_outcomes(seen).copy()
    late.loc[5, "income_period"] = "2025-12"
    with pytest.raises(ModelError, match=f"income_period is dated after.*{late.loc[5, 'household_id']}|{'2025-12'}"):
        feature_matrix(late)


def test_a_date_after_the_month_is_refused(seen: pd.DataFrame) -> None:
    late = without_outcomes(seen).assign(identified_on=pd.Timestamp("2030-01-01"))
    with pytest.raises(ModelError, match="identified_on is dated after"):
        refuse_later(late)


def test_the_outcome_itself_is_refused(seen: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="an outcome among the features"):
        feature_matrix(seen)


def test_a_seeded_leak_without_a_date_is_caught_when_fitting(panel: pd.DataFrame, seen: pd.DataFrame) -> None:
    """Income of the year after, in a column with an innocent name."""
    later = panel.set_index(["household_id", "month"])["income_pc_year"]
    key = pd.MultiIndex.from_arrays([seen["household_id"], seen["month_next"]])
    leaked = without_outcomes(seen).assign(assessed_income=np.log(later.reindex(key).to_numpy()))
    leak = Feature(
        "assessed",
        Label(zh="评估", en="Assessed"),
        "ln",
        "income",
        ("assessed_income",),
        lambda f: f["assessed_income"],
    )
    model = RelapseLogit(features=(*FEATURES, leak))
    with pytest.raises(ModelError, match=r"feature assessed.*nearly determines the outcome"):
        model.fit_rows(leaked, seen["event"], seen["weight"], seen["village_code"])


def test_a_feature_is_given_only_the_columns_it_declares(seen: pd.DataFrame) -> None:
    sly = Feature("sly", Label(zh="偷", en="Sly"), "1", "income", ("size",), lambda f: f["true_risk"])
    with pytest.raises(KeyError):
        feature_matrix(without_outcomes(seen), (sly,))


def test_what_nobody_collected_gives_no_feature(seen: pd.DataFrame) -> None:
    names = set(feature_matrix(without_outcomes(seen)).columns)
    assert {"income_over_line", "serious_share", "county_poor_share"} <= names
    assert not {"house_unsafe", "zero_employment", "rigid_burden", "chronic_share"} & names


def test_the_two_parts_of_income_add_up(seen: pd.DataFrame) -> None:
    """Below and beyond one and a half times the line: their sum is ln(income / line) within e^-2 … e^2."""
    matrix = feature_matrix(without_outcomes(seen))
    whole = np.log(seen["income_pc_year"] / seen["poverty_line"]).clip(-2, 2)
    assert (matrix["income_over_line"] + matrix["income_well_over_line"]).to_numpy() == pytest.approx(whole.to_numpy())
    assert matrix["income_over_line"].max() == pytest.approx(np.log(1.5))


def test_wages_of_a_household_where_nobody_works_now_are_gone() -> None:
    """Income 12,000 of which wages 6,000, two heads, line 4,000: from 1.5 to 0.75 times the line, a fall of ln 2."""
    rows = pd.DataFrame({"month": "2020-12", "net_income": 12000.0, "wage_income": 6000.0, "scale": 2.0,
                         "poverty_line": 4000.0, "employed_count": pd.array([0, 1, None], dtype="Int64")})  # fmt: skip
    found = feature_matrix(rows)["wage_gone"]
    assert found.iloc[0] == pytest.approx(np.log(2))
    assert found.iloc[1] == 0
    assert pd.isna(found.iloc[2])
