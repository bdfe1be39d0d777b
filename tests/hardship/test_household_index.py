"""The default hardship index: hand arithmetic, and every property index_designs.yaml requires."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relapse_risk.errors import ModelError
from relapse_risk.hardship import IndexDesign, hardship_index, read_index, score_units
from relapse_risk.hardship.household_index import index_lines
from relapse_risk.parameters import Parameters, Place, read_parameters, read_place

DAY = date(2020, 12, 31)
DESIGN, PARAMETERS, PLACE = read_index("dz_hardship"), read_parameters(), read_place("dezhou")
# Columns whose increase is hardship, and those whose increase is relief.
WORSE = ["rigid_burden", "n_serious", "n_chronic", "n_disabled_severe", "n_pupils", "n_dropped_out"]
WORSE += ["uncompensated_loss_12m"]
BETTER = ["income_pc_year", "labour_count", "work_months"]


def one(**changes: object) -> pd.DataFrame:
    """A household of four, comfortable on every count, with some columns changed."""
    row: dict[str, object] = {
        "household_id": "h1", "county_code": "371402", "town_code": "371402100", "income_pc_year": 20000.0,
        "rigid_burden": 0.1, "n_serious": 0, "n_chronic": 0, "size": 4, "n_disabled_severe": 0, "labour_count": 2,
        "all_no_labour": False, "zero_employment": False, "work_months": 20, "house_safe": True, "water_safe": True,
        "n_pupils": 0, "n_dropped_out": 0, "uncompensated_loss_12m": 0.0, "aid_received_12m": 0.0,
    }  # fmt: skip
    return pd.DataFrame([{**row, **changes}])


def need(**changes: object) -> float:
    return float(hardship_index(one(**changes), DESIGN, PARAMETERS, PLACE, DAY).frame["need"].iloc[0])


households = st.fixed_dictionaries(
    {
        "income_pc_year": st.floats(-5000, 50000),
        "rigid_burden": st.floats(0, 3),
        "size": st.integers(1, 8),
        "n_serious": st.integers(0, 4),
        "n_chronic": st.integers(0, 4),
        "n_disabled_severe": st.integers(0, 4),
        "labour_count": st.integers(1, 4),
        "work_months": st.integers(0, 40),
        "zero_employment": st.booleans(),
        "house_safe": st.booleans(),
        "water_safe": st.booleans(),
        "n_pupils": st.integers(0, 4),
        "n_dropped_out": st.integers(0, 2),
        "uncompensated_loss_12m": st.floats(0, 1e5),
        "aid_received_12m": st.floats(0, 1e5),
    }
)


def test_comfortable_household_scores_nothing() -> None:
    assert need() == 0


def test_hand_arithmetic() -> None:
    """Income 2,500: 75 against the monitoring line of 5,000, 100 × (1 - 2500 / 10600) against the dibao line of 5,300.

    One of four seriously ill: 50 × 2/3. House unsafe: 50. Points 25 × income + 12 × health + 8 × housing, over 100.
    """
    income = (75 + 100 * (1 - 2500 / 10600)) / 2
    expected = 0.25 * income + 0.12 * (50 * 2 / 3) + 0.08 * 50
    assert need(income_pc_year=2500.0, n_serious=1, house_safe=False) == pytest.approx(expected)


def test_aid_lowers_priority_never_need() -> None:
    """Aid of 5,300 to four people is 5300 / (4 × 5300) = 25 % of their dibao; more than 30 % counts as 30 %."""
    for aid, share in ((0.0, 0.0), (5300.0, 0.25), (50000.0, 0.3)):
        row = hardship_index(one(income_pc_year=0.0, aid_received_12m=aid), DESIGN, PARAMETERS, PLACE, DAY).frame.iloc[
            0
        ]
        assert row["aid_share"] == pytest.approx(share)
        assert row["priority"] == pytest.approx(row["need"] * (1 - share))
        assert row["need"] == pytest.approx(need(income_pc_year=0.0))


@settings(max_examples=60, deadline=None)
@given(households, st.sampled_from(WORSE + BETTER), st.floats(0.1, 3))
def test_monotone_in_each_input(household: dict[str, object], column: str, step: float) -> None:
    moved = {**household, column: household[column] + (step if column.endswith(("burden", "12m", "year")) else 1)}  # type: ignore[operator]
    change = need(**moved) - need(**household)
    assert change >= -1e-9 if column in WORSE else change <= 1e-9


@settings(max_examples=40, deadline=None)
@given(households, st.integers(1, 16))
def test_gaining_an_unemployed_worker_is_no_hardship(household: dict[str, object], size: int) -> None:
    none = {"labour_count": 0, "all_no_labour": True, "zero_employment": False, "work_months": None}
    idle = {"labour_count": 1, "all_no_labour": False, "zero_employment": True, "work_months": 0}
    assert need(**{**household, "size": size, **idle}) <= need(**{**household, "size": size, **none}) + 1e-9


@settings(max_examples=40, deadline=None)
@given(households, st.sampled_from(["house_safe", "water_safe"]))
def test_losing_a_guarantee_never_lowers_need(household: dict[str, object], column: str) -> None:
    assert need(**{**household, column: False}) >= need(**{**household, column: True})


@settings(max_examples=60, deadline=None)
@given(households)
def test_bounded_and_reasons_sum_to_need(household: dict[str, object]) -> None:
    index = hardship_index(one(**household), DESIGN, PARAMETERS, PLACE, DAY)
    row = index.frame.iloc[0]
    subs = row[[c for c in index.frame if c.startswith("sub_")]].astype(float)
    assert 0 <= row["priority"] <= row["need"] <= 100
    assert subs.between(0, 100).all()
    assert index.reasons["points"].sum() == pytest.approx(row["need"], abs=1e-9)
    assert (index.reasons["points"] >= 0).all()


@settings(max_examples=40, deadline=None)
@given(households, st.integers(2, 4))
def test_household_size_alone_changes_nothing(household: dict[str, object], times: int) -> None:
    """A household and ``times`` copies of it under one roof score the same: counts and totals grow with size."""
    counts = ["size", "n_serious", "n_chronic", "n_disabled_severe", "labour_count", "work_months", "n_pupils"]
    counts += ["uncompensated_loss_12m", "aid_received_12m", "n_dropped_out"]
    larger = {k: v * times if k in counts else v for k, v in household.items()}  # type: ignore[operator]
    assert need(**larger) == pytest.approx(need(**household), abs=1e-9)


def test_thresholds_are_closed_on_one_side() -> None:
    """Exactly at a goalpost the score is the goalpost's, and it is continuous there: no one-yuan cliff."""
    assert need(income_pc_year=10600.0) == 0
    assert 0 < need(income_pc_year=10599.0) < 0.01
    assert need(income_pc_year=0.0) == pytest.approx(25)
    assert need(income_pc_year=-100.0) == pytest.approx(25)
    assert need(rigid_burden=0.2) == 0
    assert need(rigid_burden=float("inf")) == pytest.approx(20)


def test_no_protected_group_is_an_input(design: IndexDesign) -> None:
    assert not set(design.inputs) & set(design.protected)
    assert {"sex", "ethnicity"} <= set(design.protected)


def test_never_collected_inputs_are_left_out_with_their_weight_shared() -> None:
    frame = one(income_pc_year=2500.0).drop(columns=["house_safe", "water_safe", "rigid_burden"])
    index = hardship_index(frame, DESIGN, PARAMETERS, PLACE, DAY)
    assert {item.indicator for item in index.left_out} == {"house_unsafe", "water_unsafe", "rigid_burden"}
    assert all("not collected" in item.reason for item in index.left_out)
    assert index.frame["sub_rigid"].isna().all()
    # 28 of 100 points of weight are gone: what is left counts 100 / 72 times.
    income = (75 + 100 * (1 - 2500 / 10600)) / 2
    assert index.frame["need"].iloc[0] == pytest.approx(0.25 * income / 0.72)
    assert index.frame["answered"].iloc[0] == pytest.approx(0.72)


def test_a_missing_answer_of_one_household_shares_its_weight_there_only() -> None:
    frame = pd.concat([one(house_safe=False), one(household_id="h2", house_safe=False, water_safe=None)])
    index = hardship_index(frame, DESIGN, PARAMETERS, PLACE, DAY)
    assert index.frame["sub_housing_water"].tolist() == [50, 100]
    assert not index.left_out


def test_a_place_without_a_dibao_line_drops_that_anchor(place: Place, parameters: Parameters) -> None:
    bare = place.model_copy(update={"lines": {"poverty": "national_line_b"}})
    index = hardship_index(one(income_pc_year=2000.0), DESIGN, parameters, bare, DAY)
    assert {item.indicator for item in index.left_out} == {"income_dibao"}
    assert index.frame["sub_income"].iloc[0] == pytest.approx(75)


def test_a_household_scores_the_same_alone_and_in_the_city(city: pd.DataFrame) -> None:
    whole = hardship_index(city, DESIGN, PARAMETERS, PLACE, DAY).frame.set_index("household_id")["need"]
    county = city[city["county_code"] == "371403"]
    part = hardship_index(county, DESIGN, PARAMETERS, PLACE, DAY).frame.set_index("household_id")["need"]
    pd.testing.assert_series_equal(part, whole.loc[part.index])


def test_inputs_are_not_changed(city: pd.DataFrame) -> None:
    before = city.copy(deep=True)
    hardship_index(city, DESIGN, PARAMETERS, PLACE, DAY)
    pd.testing.assert_frame_equal(city, before)


def test_repeated_households_are_refused() -> None:
    with pytest.raises(ModelError, match=r"household_id is missing or repeated.*h1"):
        hardship_index(pd.concat([one(), one()]), DESIGN, PARAMETERS, PLACE, DAY)


def test_no_collected_input_is_an_error_naming_the_design() -> None:
    frame = pd.DataFrame({"household_id": ["h1"], "county_code": ["371402"], "town_code": ["371402100"]})
    with pytest.raises(ModelError, match=r"indexes/dz_hardship\.yaml: no indicator of the design was collected"):
        hardship_index(frame, DESIGN, PARAMETERS, PLACE, DAY)


def test_score_units_is_the_same_arithmetic(city: pd.DataFrame) -> None:
    lines = {code: line.value for code, line in index_lines(DESIGN, PARAMETERS, PLACE, DAY).items() if code != "aid"}
    scores = score_units(city, DESIGN, lines).scores["need"]
    index = hardship_index(city, DESIGN, PARAMETERS, PLACE, DAY)
    np.testing.assert_allclose(scores, index.frame["need"])
    np.testing.assert_allclose(index.reasons.groupby("household_id", sort=False)["points"].sum(), scores)


def test_the_jinan_style_table_has_none_of_its_faults(city: pd.DataFrame) -> None:
    """Bounded, an income term, size neutral, one aid rule; missing weights are errors (see test_design)."""
    design = read_index("jinan_points")
    frame = city.assign(n_elderly_60=0, single_parent=False)
    index = hardship_index(frame, design, PARAMETERS, PLACE, DAY)
    assert index.frame["need"].between(0, 100).all()
    doubled = frame.copy()
    for column in ("size", "n_serious", "n_pupils", "n_disabled_severe", "uncompensated_loss_12m", "n_elderly_60"):
        doubled[column] = doubled[column] * 2
    again = hardship_index(doubled, design, PARAMETERS, PLACE, DAY)
    np.testing.assert_allclose(again.frame["need"], index.frame["need"])
    assert "income_monitoring" in design.codes
