"""Visits, homes, groups, interviews and the log on the hand-made county; seeded copies in the demonstration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.built_county_fixtures import CountyOf, check, computed
from tests.fact_rows import fraction, homes

from relapse_risk.assessment import TABLES, CountyData
from relapse_risk.assessment.agreement import intraclass, outlying_observers
from relapse_risk.assessment.facts import _computed
from relapse_risk.assessment.sections.visit_quality import ANSWERS, copied_forms
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


def test_offices_of_one_name_are_distinguished_by_their_place(county: CountyData) -> None:
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


def test_seeded_copies_are_found_and_nobody_else(small_register: Path) -> None:
    """The demonstration lets the fourth town officer of each county copy from July on (demo/fieldwork.py)."""
    visits = Register.open(small_register).read("visit_record").dropna(subset=["visitor_id"])
    lazy = visits["visitor_id"].str.endswith("T0003") & (visits["visited_on"] >= "2020-07-01")
    forms, copies = visits["visitor_id"].value_counts(), visits.loc[lazy, "visitor_id"].value_counts()
    seeded = set(copies.index[(forms.reindex(copies.index) >= 12) & (copies >= 5)])
    assert len(seeded) > 5
    assert set(copied_forms(visits)["officer"]) == seeded


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


def test_visits_by_risk_every_column(county: CountyData) -> None:
    # Weekly H2, 11 days, V2.  High risk: H1 scored high (21 days, V1), H3 monitored (0 days, V3), H4 monitored, never.
    # Other: H5, 46 days, V5 of 15 November.  All four visits lie within three months.
    check("visits_by_risk", county, """
        risk_cadence   cadence   allowed   households   risk_in_time   risk_late   share   visits   visits_per_household
        weekly         weekly    7         1            0              1           0       1        1
        high_risk      monthly   14        3            1              2           1/3     2        2/3
        other          monthly   31        1            0              1           0       1        1
    """)  # fmt: skip


def test_days_allowed_by_risk_to_the_day(county_of: CountyOf) -> None:
    # Monitored and not eliminated: H1 to H3.  Others: H4 (eliminated) to H7.  14 days before is 17 December, 15 the
    # 16th; 31 days before is 30 November, 32 the 29th.  Three months before is 30 September.
    data = county_of(
        household=homes(
            7, monitor_type=["edge"] * 3 + ["edge", "none", None, "none"], risk_eliminated=[False, None, False, True] + [None] * 3
        ),
        visit_record="""
            visit_id   household_id   visited_on
            V1         H1             2020-12-17
            V2         H1             2020-10-01
            V3         H2             2020-12-16
            V4         H3             2021-01-01
            V5         H4             2020-11-30
            V6         H4             2020-09-30
            V7         H5             2020-11-29
        """,
    )  # fmt: skip
    check("visits_by_risk", data, """
        risk_cadence   cadence   allowed   households   risk_in_time   risk_late   share   visits   visits_per_household
        high_risk      monthly   14        3            1              2           1/3     3        1
        other          monthly   31        4            1              3           1/4     2        1/2
    """)  # fmt: skip
    assert fraction("visited_by_risk", data) == (2, 7)
    # High risk first; nobody is scored, so by identifier; H3, H6 and H7 were never seen by the data date.
    late = computed("visits_overdue", data)
    assert late["household_id"].tolist() == ["H2", "H3", "H5", "H6", "H7"]
    assert late["days"].fillna(-1).tolist() == [15, -1, 32, -1, -1]


def test_visits_overdue_every_column(county: CountyData) -> None:
    # Weekly first, then high risk by probability (H1 0.1, H4 not scored), then the others.
    check("visits_overdue", county, """
        household_id   village_code   officer   risk_cadence   days   probability
        H2             371425101001   C1        weekly         11     -
        H1             371425101001   C1        high_risk      21     0.1
        H4             371425101002   C2        high_risk      -      -
        H5             371425101002   -         other          46     0.02
    """)  # fmt: skip


def test_nobody_is_overdue(county_of: CountyOf) -> None:
    visits = """
        visit_id   household_id   visited_on
        V1         H1             2020-12-31
        V2         H2             2020-12-31
    """
    data = county_of(household=homes(2, responsible_cadre_id="C1"), visit_record=visits)
    assert computed("visits_overdue", data).empty


def test_duty_gaps_of_a_matrix_with_few_holes(county_of: CountyOf) -> None:
    # Officers: C1 answers for ten households (as many as allowed), C2 for eleven, C3 for one; two have no officer.
    officers = ["C1"] * 10 + ["C2"] * 11 + ["C3"] + [None] * 2
    data = county_of(
        village="""
            village_code   town_code   county_code
            371425101001   371425101   371425
            371425102001   371425102   371425
            371425102002   371425102   371425
        """,
        household=homes(24, responsible_cadre_id=officers),
        assignment="""
            assignment_id   cadre_id   cadre_tier   target_kind   target_id
            G1              L1         county       town          371425101
            G2              D1         department   town          371425101
            G3              D2         department   town          371425102
            G4              C1         village      village       371425101001
            G5              L1         county       village       371425102001
            G6              C2         village      household     H1
            G7              T1         town         town          371425102
        """,
        visit_record="""
            visit_id   household_id   visited_on   visitor_id
            V1         H1             2020-12-01   C1
            V2         H1             2020-11-30   C2
            V3         H1             2021-01-01   C2
            V4         H1             2020-12-31   C3
            V5         H1             2020-12-30   C3
        """,
    )
    # No leader for town 102 (a town officer is none); village 102002 without anybody; a month back is 30 November, which
    # is out, so that C2 came to nobody; C3 stands in no assignment.
    check("duty_gaps", data, """
        duty_gap                  gaps   out_of   share
        town_without_leader       1      2        1/2
        town_without_unit         0      2        0
        village_without_officer   1      3        1/3
        officer_overloaded        1      3        1/3
        officer_not_visiting      1      3        1/3
        officer_not_assigned      1      3        1/3
    """)  # fmt: skip
    check("officers_to_relieve", data, """
        officer   load   visits
        C2        11     0
    """)  # fmt: skip


def test_officers_to_relieve_heaviest_load_first(county_of: CountyOf) -> None:
    officers = ["C1"] * 11 + ["C2"] * 12 + ["C3"] + ["C4"] + ["C5"] * 10
    visits = """
        visit_id   household_id   visited_on   visitor_id
        V1         H1             2020-12-31   C2
        V2         H2             2020-12-31   C2
        V3         H3             2020-12-31   C5
    """
    # C2 has too many, though it comes; C1 too many and does not come; C3 and C4 do not come; C5 has ten and comes.
    data = county_of(household=homes(35, responsible_cadre_id=officers), visit_record=visits)
    check("officers_to_relieve", data, """
        officer   load   visits
        C2        12     2
        C1        11     0
        C3        1      0
        C4        1      0
    """)  # fmt: skip


def test_nobody_to_relieve(county: CountyData) -> None:
    # C1 answers for two and made V1 and V2 in December, C2 for two and made V3.
    assert computed("officers_to_relieve", county).empty


def test_forms_of_the_county(county: CountyData) -> None:
    # Four forms of two town officers; of each only the question about medical care is filled in.
    check("form_quality", county, """
        tier   visitors   forms   filled   asked_all   filled_share
        town   2          4       0        0           0
    """)  # fmt: skip
    # Nobody has twelve forms; four are too few to tell visitors apart.
    check("suspected_forms", county, """
        tier   visitors   suspected   same
        town   0          0           0
    """)  # fmt: skip
    assert computed("copied_answers", county).empty
    assert computed("interviewer_effects", county).empty


def forms(who: str, n: int, tier: str = "town", **answers: object) -> pd.DataFrame:
    """``n`` forms of one visitor, all fourteen fields filled in and alike but for the ``answers`` given."""
    filled = dict.fromkeys(ANSWERS[:4], 4) | dict.fromkeys(ANSWERS[4:11], "no_problem") | {"ask_satisfaction": 4}
    filled |= {"help_problem_solved": True, "help_confidence": False}
    names = [f"{who}{k}" for k in range(n)]
    frame = pd.DataFrame({"visit_id": names, "household_id": "H1", "visited_on": "2020-06-01"})
    return frame.assign(**({"visitor_id": who, "visitor_tier": tier} | filled | answers))


def test_form_quality(county_of: CountyOf) -> None:
    visits = pd.concat(
        [
            forms("T1", 3, look_body=[None, 3, 3]),  # one field empty
            forms("T2", 2, help_confidence=[None, True], ask_wage=["no_problem", "not_asked"]),  # empty; not asked
            forms("V1", 2, "village", visited_on=["2019-12-31", "2020-01-01"]),  # one of the year before
            forms("V2", 1, "village", visited_on="2021-01-01"),  # after the data date
            forms("V3", 1, "village", visitor_id=None),  # nobody's
        ]
    )
    # T1 fills in two of three, T2 one of two; that one left out a question.
    check("form_quality", county_of(visit_record=visits), """
        tier      visitors   forms   filled   asked_all   filled_share
        town      2          5       3        2           3/5
        village   1          1       1        1           1
    """)  # fmt: skip


def test_interviewer_effects(county_of: CountyOf) -> None:
    """Two visitors of thirteen forms: all of the spread between them, none of it, no answer, no spread."""
    ups = [1, 3] * 6 + [2]
    visits = pd.concat(
        [
            forms(
                "A",
                13,
                look_food_clothes=4,
                look_environment=ups,
                look_body=None,
                ask_wage=["problem"] + ["solved"] * 12,
            ),
            forms("B", 13, look_food_clothes=2, look_environment=ups, look_body=None, ask_wage="not_asked"),
        ]
    )
    # Food and clothes, any problem: A always one, B always another: icc 1, design effect 1 + 12 x 1.  26 answers lie 1
    # (and 1/2) from their mean: z = 2 / (sqrt(26 / 25) x sqrt(2 / 13)) = 5 beyond 2.24 (0.05 / 4), so both stand out.
    # Surroundings: the same from both: B = 0, icc = -W / (12 W), no effect.  House and water, satisfaction: no spread.
    check("interviewer_effects", county_of(visit_record=visits), """
        look                forms   visitors   icc     design_effect   stand_out
        look_food_clothes   26      2          1       13              2
        look_environment    26      2          -1/12   1               0
        look_house_water    26      2          -       -               0
        ask_satisfaction    26      2          -       -               0
        any_problem         26      2          1       13              2
    """)  # fmt: skip


@pytest.mark.parametrize(("each", "rows"), [(6, 0), (7, 6)])
def test_twelve_answers_are_too_few_to_tell_visitors_apart(county_of: CountyOf, each: int, rows: int) -> None:
    visits = pd.concat([forms("A", each), forms("B", each)])
    assert len(computed("interviewer_effects", county_of(visit_record=visits))) == rows


def distinct(who: str, n: int, first: int, tier: str = "town") -> pd.DataFrame:
    """``n`` forms, no two alike (four grades of five and more count to the base of five)."""
    place = np.arange(first, first + n)
    return forms(who, n, tier, **{name: place // 5**k % 5 + 1 for k, name in enumerate(ANSWERS[:4])})


def test_suspected_forms_and_copied_answers(county_of: CountyOf) -> None:
    visits = pd.concat(
        [
            distinct("A", 30, 0), distinct("B", 30, 30), distinct("C", 11, 60, "village"),
            forms("L", 12, look_body=5, look_house_water=5, look_environment=5, look_food_clothes=5, ask_satisfaction=1),
            forms("M", 11, ask_satisfaction=2),  # eleven forms are not compared
        ]
    )  # fmt: skip
    data = county_of(visit_record=visits)
    # A, B and L have twelve forms or more.  L wrote one form twelve times; nobody else did: one more than none of the
    # other 94 - 12 forms, plus one: (0 + 1) / (82 + 1).
    check("copied_answers", data, """
        officer   tier   forms   same   elsewhere
        L         town   12      12     1/83
    """)  # fmt: skip
    check("suspected_forms", data, """
        tier      visitors   suspected   same
        town      3          1           12
        village   0          0           0
    """)  # fmt: skip
    assert fraction("forms_believed", data) == (82, 94)


@pytest.mark.parametrize(("same", "suspects"), [(4, []), (5, ["L"])])
def test_five_forms_alike_are_the_least_to_suspect(county_of: CountyOf, same: int, suspects: list[str]) -> None:
    # By chance alone four would do: C(12, 4) (1 / 101)^4 x 12 = 6e-5 is below 0.01 / 2.
    visits = pd.concat(
        [distinct("A", 100, 0), distinct("L", 12 - same, 100), forms("L", same, visit_id=list("abcdef")[:same])]
    )
    found = computed("copied_answers", county_of(visit_record=visits))
    assert (found["officer"].tolist() if len(found) else []) == suspects
