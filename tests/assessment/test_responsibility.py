"""Who answers for whom, and whether they come, by hand: every day count at its limit."""

from __future__ import annotations

import pandas as pd
from tests.built_county_fixtures import CountyOf, check
from tests.fact_rows import TWO_TOWNS, fraction, homes

from relapse_risk.assessment import CountyData

# Days before 2020-12-31: 0, 7, 8, 14, 15, 31, 32, 61, 62, 92, 93; the day after; never.
DAYS = (
    "2020-12-31", "2020-12-24", "2020-12-23", "2020-12-17", "2020-12-16", "2020-11-30", "2020-11-29", "2020-10-31",
    "2020-10-30", "2020-09-30", "2020-09-29", "2021-01-01", None,
)  # fmt: skip


def visited(**household: object) -> dict[str, pd.DataFrame]:
    """Thirteen households, the k-th visited on the k-th of ``DAYS``; the first also long before."""
    seen = [(f"H{k}", day) for k, day in enumerate(DAYS, start=1) if day] + [("H1", "2020-01-05")]
    visits = pd.DataFrame(seen, columns=["household_id", "visited_on"])
    visits.insert(0, "visit_id", [f"V{k}" for k in range(len(visits))])
    return {"household": homes(len(DAYS), **household), "visit_record": visits}


def test_assignments(county: CountyData) -> None:
    # H5 has no officer.
    check("assignments", county, """
        town      households   with_officer   share
        甲镇|Jia   5            4              4/5
    """)  # fmt: skip


def test_assignments_lowest_share_first(county_of: CountyOf) -> None:
    village = ["371425101001", "371425101001", "371425102001", "371425102001"]
    household = homes(4).assign(village_code=village, responsible_cadre_id=["C1", "C1", "C2", None])
    check("assignments", county_of(village=TWO_TOWNS, household=household), """
        town      households   with_officer   share
        乙镇|Yi    2            1              1/2
        甲镇|Jia   2            2              1
    """)  # fmt: skip


def test_assignment_matrix(county_of: CountyOf) -> None:
    data = county_of(
        village=TWO_TOWNS,
        household=homes(3).assign(village_code=["371425101001", "371425101001", "371425102001"]),
        assignment="""
            assignment_id   cadre_id   cadre_tier   unit_name   target_kind   target_id
            G1              C1         village      Office      household     H1
            G2              C1         village      Office      household     H2
            G3              C2         village      Office      household     H3
            G4              C2         village      Office      village       371425102001
            G5              C3         county       Committee   town          371425101
            G6              C3         county       Committee   town          371425102
            G7              C4         county       -           town          371425102
            G8              C5         town         Hall        household     H1
            G9              C5         town         Hall        household     H3
            GA              C6         town         Hall        village       371425102001
        """,
    )
    # County: C3 and C4, one named unit, both towns.  Town: C5 and C6; the hall of Jia (by H1) and that of Yi (by H3 and
    # the village).  Village: C1 and C2; the office of 101001 and that of 102001.
    check("assignment_matrix", data, """
        tier      officers   units   towns_covered   villages_covered   households_covered
        county    2          1       2               0                  0
        town      2          2       0               1                  2
        village   2          2       0               1                  3
    """)  # fmt: skip
    assert fraction("village_coverage", data) == (1, 2)


def test_officer_load(county: CountyData) -> None:
    # C1 has H1 and H2, C2 has H3 and H4.
    check("officer_load", county, """
        load    officers
        1–2     2
        3–5     0
        6–10    0
        11–20   0
        21–50   0
        51+     0
    """)  # fmt: skip


def test_officer_load_at_the_edges(county_of: CountyOf) -> None:
    loads = {"C1": 1, "C2": 2, "C3": 3, "C4": 5, "C5": 6, "C6": 10, "C7": 11, "C8": 20, "C9": 21, "D1": 50, "D2": 51}
    officers = [name for name, load in loads.items() for _ in range(load)]
    check("officer_load", county_of(household=homes(180, responsible_cadre_id=officers)), """
        load    officers
        1–2     2
        3–5     2
        6–10    2
        11–20   2
        21–50   2
        51+     1
    """)  # fmt: skip


def test_visits_by_tier(county: CountyData) -> None:
    # In December: V1 H1, V2 H2, V3 H3, of which V3 in the help week; V5 was in November.
    check("visits_by_tier", county, """
        tier   visits   homes   help_week
        town   3        3       1
    """)  # fmt: skip


def test_visits_of_the_month(county_of: CountyOf) -> None:
    visits = """
        visit_id   household_id   visited_on   visitor_tier   in_help_week
        V1         H1             2020-11-30   village        yes
        V2         H1             2020-12-01   village        yes
        V3         H1             2020-12-31   village        -
        V4         H2             2021-01-01   village        yes
        V5         H2             2020-12-15   county         no
        V6         H2             2020-12-16   -              yes
    """
    data = county_of(household=homes(2), visit_record=visits)
    # The first and the last day count, those beside them do not; a help week that is not known is none.
    check("visits_by_tier", data, """
        tier      visits   homes   help_week
        county    1        1       0
        village   2        1       1
    """)  # fmt: skip
    assert fraction("help_week_visits", data) == (2, 2)  # H1 by V2, H2 by V6


def test_visits_due(county: CountyData) -> None:
    # Weekly H2, 11 days.  Monthly H1 21 days and H3 0: in time; H5 46 days and H4 never: late.
    check("visits_due", county, """
        cadence   households   in_time   late   share
        weekly    1            0         1      0
        monthly   4            2         2      1/2
    """)  # fmt: skip


def test_days_allowed_to_the_day(county_of: CountyOf) -> None:
    # Monthly: 0 7 8 14 15 31 days in time; 32 and more, after the data date, never: late.
    monthly = county_of(**visited())
    check("visits_due", monthly, """
        cadence   households   in_time   late   share
        weekly    0            0         0      -
        monthly   13           6         7      6/13
    """)  # fmt: skip
    assert fraction("visited_in_time", monthly) == (6, 13)
    # Weekly by relief status: 0 and 7 days in time, 8 late.
    weekly = county_of(**visited(relief_status="tekun"))
    check("visits_due", weekly, """
        cadence   households   in_time   late   share
        weekly    13           2         11     2/13
        monthly   0            0         0      -
    """)  # fmt: skip


def test_visits_by_town(county_of: CountyOf) -> None:
    tables = visited()
    tables["household"]["village_code"] = ["371425101001"] * 3 + ["371425102001"] * 10
    # Jia: H1 H2 H3 in time.  Yi: H4 H5 H6 of ten.  Lowest share first.
    check("visits_by_town", county_of(village=TWO_TOWNS, **tables), """
        town      households   in_time   share
        乙镇|Yi    10           3         3/10
        甲镇|Jia   3            3         1
    """)  # fmt: skip


def test_days_since_visit(county: CountyData) -> None:
    # H3 0 days, H2 11, H1 21, H5 46, H4 never.
    check("days_since_visit", county, """
        days           households
        0–7            1
        8–14           1
        15–31          1
        32–61          1
        62–92          0
        93+            0
        无记录|no visit   1
    """)  # fmt: skip


def test_days_since_visit_at_the_edges(county_of: CountyOf) -> None:
    check("days_since_visit", county_of(**visited()), """
        days           households
        0–7            2
        8–14           2
        15–31          2
        32–61          2
        62–92          2
        93+            1
        无记录|no visit   2
    """)  # fmt: skip


def test_visit_asks(county: CountyData) -> None:
    # Medical care: V1 no problem, V2 a problem, V3 solved; V5 did not ask.  Solved is a problem too.
    check("visit_asks", county, """
        ask              asked   problem   solved   problem_share   solved_share
        ask_medical      3       2         1        2/3             1/2
        ask_schooling    0       0         0        -               -
        ask_production   0       0         0        -               -
        ask_wage         0       0         0        -               -
        ask_aspiration   0       0         0        -               -
        ask_policy       0       0         0        -               -
        ask_difficulty   0       0         0        -               -
    """)  # fmt: skip


def test_asks_are_those_of_the_year(county_of: CountyOf) -> None:
    visits = """
        visit_id   household_id   visited_on   ask_schooling   ask_wage
        V1         H1             2019-12-31   problem         problem
        V2         H1             2020-01-01   solved          -
        V3         H1             2020-12-31   problem         no_problem
        V4         H1             2021-01-01   problem         problem
    """
    check("visit_asks", county_of(visit_record=visits), """
        ask              asked   problem   solved   problem_share   solved_share
        ask_medical      0       0         0        -               -
        ask_schooling    2       2         1        1               1/2
        ask_production   0       0         0        -               -
        ask_wage         1       0         0        0               -
        ask_aspiration   0       0         0        -               -
        ask_policy       0       0         0        -               -
        ask_difficulty   0       0         0        -               -
    """)  # fmt: skip


def test_visit_looks(county_of: CountyOf) -> None:
    visits = """
        visit_id   household_id   visited_on   look_food_clothes   look_environment   look_body   ask_satisfaction
        V1         H1             2020-11-30   1                   1                  1           1
        V2         H1             2020-12-01   2                   5                  -           4
        V3         H2             2020-12-31   3                   1                  -           -
        V4         H2             2020-12-31   5                   2                  -           5
        V5         H2             2021-01-01   1                   1                  1           1
    """
    # Low is 1 or 2.  Food and clothes 2 + 3 + 5; surroundings 5 + 1 + 2; health was not looked at in December.
    check("visit_looks", county_of(household=homes(2), visit_record=visits), """
        look                visits   sum   mean_grade   low_grades
        look_food_clothes   3        10    10/3         1
        look_environment    3        8     8/3          2
        look_body           0        0     -            0
        look_house_water    0        0     -            0
        ask_satisfaction    2        9     9/2          0
    """)  # fmt: skip


def test_no_visits_at_all(county_of: CountyOf) -> None:
    data = county_of(village=TWO_TOWNS, household=homes(2, responsible_cadre_id=["C1", None]))
    check("visits_by_town", data, """
        town      households   in_time   share
        甲镇|Jia   2            0         0
    """)  # fmt: skip
    assert fraction("visited_in_time", data) == (0, 2)
    assert fraction("officer_coverage", data) == (1, 2)
    assert fraction("help_week_visits", data) == (0, 2)
    assert fraction("village_coverage", data) == (0, 2)
