"""Numbers that two tables tell of the same thing are the same number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.assessment.facts import county_data
from relapse_risk.assessment.sections.hardship_profile import _neediest
from relapse_risk.assessment.sections.monitored_households import monitor_flow, monitored_now
from relapse_risk.assessment.sections.satisfaction_survey import _told_apart, weighted_share
from relapse_risk.assessment.sections.social_help import INDICATORS as SOCIAL
from relapse_risk.assessment.sections.social_help import pupil_sponsors
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register


@pytest.fixture(scope="module")
def counties(small_register: Path) -> list[CountyData]:
    register, parameters, place = Register.open(small_register), read_parameters(), read_place("dezhou")
    return [county_data(register, code, "2020-12", "2019-12", parameters, place, None) for code in register.counties]


def test_who_entered_and_left_monitoring_is_counted_alike(counties: list[CountyData]) -> None:
    passed_through = 0
    for data in counties:
        flow = monitor_flow(data).set_index("step")["households"]
        types = monitored_now(data)[["current", "entered", "eliminated"]].sum()
        assert flow[["entered", "end"]].tolist() == types[["entered", "current"]].tolist()
        assert flow["eliminated"] == types["eliminated"]
        assert flow["start"] + flow["entered"] - flow["eliminated"] - flow["left_register"] == flow["end"]
        now = data.now
        came = (now["monitor_identified_on"] > "2019-12-31").fillna(False)
        passed_through += int((came & now["risk_eliminated_on"].notna()).sum())
    assert passed_through, "the register holds a household that was found and eliminated within the year"


def test_pupils_with_a_sponsor_are_the_sponsored_pupils(counties: list[CountyData]) -> None:
    sponsored = next(one for one in SOCIAL if one.name == "pupils_sponsored")
    for data in counties:
        assert sponsored.compute(data).numerator == pupil_sponsors(data)["pupils"].max()


@pytest.mark.parametrize(("n", "tenth"), [(57, 5), (3657, 365), (40, 4), (3, 1)])
def test_a_tenth_is_a_tenth_in_every_table(n: int, tenth: int) -> None:
    """The first of ten classes of rank x 10 / n, rounded up: as the table of need by tenth counts them."""
    need = pd.DataFrame({"need": np.arange(n, dtype=float)})
    assert int(_neediest(need, 1).sum()) == tenth


def test_a_town_where_all_are_satisfied_is_not_beyond_doubt() -> None:
    """57 of 57: 0.025 ** (1 / 57) = 0.937 (Clopper and Pearson); the linearised error would be zero."""
    rows = pd.DataFrame({
        "satisfied": pd.array([True] * 57 + [True] * 50 + [False] * 50, dtype="boolean"),
        "sampling_weight": 1.0, "stratum": "ordinary",
    })  # fmt: skip
    town = pd.Series([True] * 57 + [False] * 100)
    found = weighted_share(rows, "satisfied", town)
    assert (found.ratio, found.high, found.se) == (1.0, 1.0, 0.0)
    assert found.low == pytest.approx(0.9373, abs=5e-5)


def test_a_town_where_all_are_satisfied_differs_only_beyond_what_all_towns_allow() -> None:
    """Of 15 towns together: (0.05 / 30) ** (1 / 57) = 0.894; a county at 0.90 is not surely lower, one at 0.88 is."""
    low = 0.025 ** (1 / 57)
    frame = pd.DataFrame({
        "satisfied": [1.0] + [0.85] * 13 + [0.5], "responded": 57, "low": [low] + [0.74] * 13 + [0.37],
        "high": [1.0] + [0.92] * 13 + [0.63],
    })  # fmt: skip
    assert _told_apart(frame, 0.90)["differs"].iloc[0] == "not_told_apart"
    assert _told_apart(frame, 0.88)["differs"].iloc[0] == "above"


def test_towns_that_differ_by_chance_have_no_ranks() -> None:
    frame = pd.DataFrame({"satisfied": [0.9, 0.91], "responded": 57, "low": [0.80, 0.9], "high": [0.85, 0.95]})
    assert _told_apart(frame, 0.9)["ranks"].tolist() == ["1–2", "1–2"]
