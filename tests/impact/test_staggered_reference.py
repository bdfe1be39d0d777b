"""Staggered start against R's did, csdid and pyfixest: case E05."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest
from tests.impact.conftest import Case, Data

from relapse_risk.impact.staggered import GroupTime, average_effect, group_time_effects, two_way_fixed_effects

pytestmark = pytest.mark.shared
NAMES = {"household": "countyreal", "time": "year", "start": "start"}
SCENARIOS = {
    "mpdta_nev_dr": {"controls": "never"}, "mpdta_nyt_dr": {"controls": "not_yet"},
    "mpdta_nev_reg_cov": {"controls": "never", "method": "regression", "covariates": ("lpop",)},
    "mpdta_nev_dr_cov": {"controls": "never", "covariates": ("lpop",)},
    "mpdta_nev_ipw_cov": {"controls": "never", "method": "weighting", "covariates": ("lpop",)},
}  # fmt: skip


@pytest.fixture(scope="module")
def panel(data: Data) -> pd.DataFrame:
    frame = data("mpdta.csv.gz")
    return frame.assign(start=frame["first.treat"].where(frame["first.treat"] > 0))


@pytest.fixture(scope="module")
def effects(panel: pd.DataFrame):
    return cache(lambda scenario: group_time_effects(panel, "lemp", **NAMES, **SCENARIOS[scenario]))


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_group_time_effects(case: Case, effects, scenario: str) -> None:
    found = case("E05")
    want = pd.DataFrame(found["expected"]["att_gt"][scenario])
    got: GroupTime = effects(scenario)
    assert got.frame[["group", "time"]].astype(int).to_numpy().tolist() == want[["group", "year"]].to_numpy().tolist()
    assert got.frame["effect"].tolist() == pytest.approx(want["att"].tolist(), abs=found["tolerance"]["att"])
    assert got.frame["standard_error"].tolist() == pytest.approx(want["se"].tolist(), abs=found["tolerance"]["se"])


def test_averages(case: Case, effects) -> None:
    found = case("E05")
    want = pd.DataFrame(found["expected"]["aggte"])
    near = {"abs": found["tolerance"]["att"]}
    assert set(want["scenario"]) <= set(SCENARIOS)
    for (scenario, of), rows in want.groupby(["scenario", "type"]):
        effect = average_effect(effects(scenario), of)
        overall = rows.iloc[0]
        assert effect.estimate == pytest.approx(overall["overall_att"], **near), (scenario, of)
        assert effect.standard_error == pytest.approx(overall["overall_se"], **near), (scenario, of)
        if of != "simple":
            assert effect.table["at"].tolist() == rows["egt"].tolist()
            assert effect.table["effect"].tolist() == pytest.approx(rows["att_egt"].tolist(), **near)
            assert effect.table["standard_error"].tolist() == pytest.approx(rows["se_egt"].tolist(), **near)


def test_by_calendar_by_hand(case: Case, effects) -> None:
    want = case("E05")["expected"]
    effect = average_effect(effects("mpdta_nev_dr"), "calendar")
    assert effect.table["effect"].tolist() == pytest.approx(list(want["calendar"].values()), abs=1e-9)
    assert effect.estimate == pytest.approx(want["calendar_overall"], abs=1e-9)


def test_two_way_fixed_effects(case: Case, panel: pd.DataFrame) -> None:
    found = case("E05")
    want, near = found["expected"]["twfe"], {"abs": found["tolerance"]["twfe"]}
    slope, error = two_way_fixed_effects(panel, "lemp", **NAMES)
    assert slope == pytest.approx(want["coef"], **near)
    assert error == pytest.approx(want["se_no_small_sample"], **near)
