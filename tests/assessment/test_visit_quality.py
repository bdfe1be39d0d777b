"""Visits, homes, groups, interviews and the log on the hand-made county; planted copies in the demonstration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relapse_risk.assessment import TABLES, CountyData
from relapse_risk.assessment.agreement import intraclass, outlying_observers
from relapse_risk.assessment.facts import _computed
from relapse_risk.assessment.visit_quality import ANSWERS, copied_forms
from relapse_risk.register import Register

BY_NAME = {spec.name: spec for spec in TABLES}


def test_visits_by_the_cadence_of_the_risk(county: CountyData) -> None:
    rows = _computed(BY_NAME["visits_by_risk"], county).set_index("risk_cadence")
    assert rows["allowed"].tolist() == ["7", "14", "31"]
    assert rows[["households", "risk_in_time", "risk_late"]].to_numpy().tolist() == [[1, 0, 1], [3, 1, 2], [1, 0, 1]]
    late = _computed(BY_NAME["visits_overdue"], county)
    # Weekly first; then by probability: H1 0.1, H4 not scored; H5 is monthly.
    assert late["household_id"].tolist() == ["H2", "H1", "H4", "H5"]
    assert late["days"].fillna(-1).tolist() == [11, 21, -1, 46]


def test_holes_in_the_matrix(county: CountyData) -> None:
    rows = _computed(BY_NAME["duty_gaps"], county).set_index("duty_gap")
    assert rows["gaps"].to_dict() == {
        "town_without_leader": 1, "town_without_unit": 1, "village_without_officer": 1, "officer_overloaded": 0,
        "officer_not_visiting": 0, "officer_not_assigned": 2,
    }  # fmt: skip
    assert rows["out_of"].tolist() == [1, 1, 2, 2, 2, 2]


def test_offices_of_one_name_are_told_apart_by_their_place(county: CountyData) -> None:
    """Town halls are all called town hall: one a town; a department keeps one office, however many towns it helps."""
    rows = [
        ("a", "department", "Water Bureau", "town", "371425101"), ("b", "department", "Water Bureau", "town", "371425102"),
        ("c", "town", "Town hall", "household", "H1"), ("d", "town", "Town hall", "town", "371425102"),
        ("e", "village", "Committee", "village", "371425101001"), ("f", "village", "Committee", "village", "371425101002"),
        ("g", "village", "Committee", "household", "H2"), ("h", "town", "Town hall", "household", "H2"),
    ]  # fmt: skip
    columns = ["cadre_id", "cadre_tier", "unit_name", "target_kind", "target_id"]
    county.once("table assignment", lambda: pd.DataFrame(rows, columns=columns).astype("str"))
    found = _computed(BY_NAME["assignment_matrix"], county).set_index("tier")
    assert found["units"].to_dict() == {"department": 1, "town": 2, "village": 2}
    assert found["officers"].to_dict() == {"department": 2, "town": 3, "village": 3}


def test_intraclass_by_the_table_of_shrout_and_fleiss() -> None:
    # Six targets, four judges (Shrout and Fleiss 1979, doi:10.1037/0033-2909.86.2.420): ICC(1,1) = 0.17.
    table = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float)
    icc, size = intraclass(table.ravel(), np.repeat(np.arange(6), 4))
    assert icc == pytest.approx(0.17, abs=0.005)
    assert size == 4


def test_noise_has_no_intraclass_correlation_and_few_outliers() -> None:
    rng = np.random.default_rng(5)
    x, who = rng.normal(size=20_000), rng.integers(0, 200, 20_000).astype(str)
    assert abs(intraclass(x, who)[0]) < 0.005
    # Bonferroni: one false alarm in twenty whole trials.
    alarms = [
        len(outlying_observers(pd.Series(rng.normal(size=2000)), pd.Series(rng.integers(0, 40, 2000).astype(str)), 10))
        for _ in range(60)
    ]
    assert np.count_nonzero(alarms) <= 9  # binomial(60, 0.05): 10 or more in 1 of 1,000 trials


def test_planted_copies_are_found_and_nobody_else(small_register: Path) -> None:
    """The demonstration lets the fourth town officer of each county copy from July on (demo/fieldwork.py)."""
    visits = Register.open(small_register).read("visit_record").dropna(subset=["visitor_id"])
    lazy = visits["visitor_id"].str.endswith("T0003") & (visits["visited_on"] >= "2020-07-01")
    forms, copies = visits["visitor_id"].value_counts(), visits.loc[lazy, "visitor_id"].value_counts()
    planted = set(copies.index[(forms.reindex(copies.index) >= 12) & (copies >= 5)])
    assert len(planted) > 5
    assert set(copied_forms(visits)["officer"]) == planted


def test_copies_need_more_than_a_common_form() -> None:
    # Everybody says that all is well: the commonest form is common to all, and proves nothing.
    forms = pd.DataFrame(dict.fromkeys(ANSWERS, ["1"] * 400)).assign(visitor_tier="town")
    assert copied_forms(forms.assign(visitor_id=np.repeat(list("abcd"), 100))).empty


def test_home_checklists(county: CountyData) -> None:
    rows = _computed(BY_NAME["home_checklists"], county).set_index("checklist")
    assert rows.loc["three_three", ["checked", "complete", "one_short", "more_short"]].tolist() == [2, 1, 1, 0]
    assert rows.loc["one_two_three_four", ["checked", "complete", "one_short", "more_short"]].tolist() == [2, 1, 0, 1]
    town = _computed(BY_NAME["homes_by_town"], county).iloc[0]
    assert town[["households", "three_three", "one_two_three_four"]].tolist() == [5, 0.5, 0.5]


def test_dwelling_disputes(county: CountyData) -> None:
    # H1 all A; H2 C B C C: the cross-county check overlooked the danger.
    rows = _computed(BY_NAME["dwelling_disputes"], county).set_index("dispute")["dwellings"]
    assert rows.to_dict() == {
        "all_alike": 1, "danger_overlooked": 1, "danger_not_confirmed": 0, "grade_only": 0, "layer_missing": 0,
    }  # fmt: skip


def test_groups_lack_and_move(county: CountyData) -> None:
    lacks = _computed(BY_NAME["segment_lacks"], county).set_index("segment")
    assert lacks.loc["severe_disability", ["households", "not_insured", "unsafe_house", "no_schooling"]].tolist() == [
        1, 1, 1, 0,
    ]  # fmt: skip
    moves = _computed(BY_NAME["segment_moves"], county).set_index("segment")
    # The same households a year before; H4 turned 60 on the last day, so that it joined those without labour.
    assert moves.loc["no_labour", ["before", "stayed", "joined", "households"]].tolist() == [1, 1, 1, 2]
    assert moves.loc["severe_disability", "income_growth"] == pytest.approx(-0.5)  # H2: 3,600 after 7,200


def test_interviews(county: CountyData) -> None:
    again = _computed(BY_NAME["repeat_agreement"], county).set_index("question")
    assert again.loc["water_safe", ["pairs", "same"]].tolist() == [1, 0]
    assert again.loc["house_safe", ["pairs", "same"]].tolist() == [1, 1]
    who = _computed(BY_NAME["enumerators"], county).set_index("enumerator_tier")
    assert who.loc["survey_staff", ["enumerators", "trained", "active", "interviews", "most"]].tolist() == [
        1,
        1,
        1,
        4,
        4,
    ]
    found = _computed(BY_NAME["interview_findings"], county)
    assert found[["household_id", "interview_finding"]].to_numpy().tolist() == [
        ["H2", "exit_fails"], ["H2", "not_monitored"], ["H3", "no_help"],
    ]  # fmt: skip
    sample = _computed(BY_NAME["interview_sample"], county).set_index("sample_part")
    assert sample.loc["core", ["interviews", "stands_for", "failing"]].tolist() == [3, 6, 0]


def test_activity_log(county: CountyData) -> None:
    rows = _computed(BY_NAME["activities"], county).set_index("activity_kind")
    assert rows.loc["meeting", ["held", "this_month", "last_held", "found", "findings_closed"]].tolist() == [
        3, 1, "2020-12-31", 3, 2,
    ]  # fmt: skip


def test_survey_reasons_and_spread(county: CountyData) -> None:
    rows = _computed(BY_NAME["survey_reasons"], county)
    assert rows[["dissatisfied_with", "answers", "share"]].to_numpy().tolist() == [["income", 1, 1.0]]
    by_town = _computed(BY_NAME["survey_by_town"], county).iloc[0]
    assert by_town[["called", "reached", "responded", "ranks"]].tolist() == [4, 4, 3, "1–1"]
    assert by_town["differs"] == "not_told_apart"
    assert _computed(BY_NAME["survey_spread"], county).empty  # one town
