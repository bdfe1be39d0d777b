"""The project library by hand: days of each review, money that waits, papers that lack, and the list of what is wrong."""

from __future__ import annotations

import pytest
from tests.built_county_fixtures import CountyOf, check, computed
from tests.fact_rows import fraction

from relapse_risk.assessment import CountyData

PROJECTS = """
    project_id   county_code   project_type     stage        fund_year   fund_amount   expected_yield_rate
    Q1           371425        planting         operating    2019        1000          0.1
    Q2           371425        planting         building     2020        3000          0.1
    Q3           371425        infrastructure   operating    2020        2000          0.1
    Q4           371425        breeding         town_review  -           4000          -
"""


def test_review_outcomes(county: CountyData) -> None:
    # Town: W0 passed after 12 days, W4 returned after 11, W5 passed after 12; W7 waits since 1 November, 60 days.
    # Expert 13 days; county 12 and 22; city 24.
    check("review_outcomes", county, """
        review_step   reviews   passed   returned   rejected   waiting   overdue   median_days   reviewers
        town          4         2        1          0          1         1         12            1
        expert        1         1        0          0          0         0         13            1
        county        2         2        0          0          0         0         17            1
        city          1         1        0          0          0         0         24            1
    """)  # fmt: skip


def test_reviews_at_the_data_date_and_at_twenty_days(county_of: CountyOf) -> None:
    reviews = """
        review_id   project_id   review_step   submitted_on   reviewed_on   reviewer_id   review_outcome
        W1          Q1           town          2020-12-11     -             -             -
        W2          Q1           town          2020-12-10     -             -             -
        W3          Q1           town          2020-12-30     2021-01-01    T1            passed
        W4          Q1           town          2021-01-01     -             -             -
        W5          Q1           town          2020-12-11     2020-12-31    T1            rejected
        W6          Q1           town          2020-12-01     2020-12-22    T2            passed
        W7          Q1           expert        2020-12-31     2020-12-31    X1            returned
    """
    data = county_of(project=PROJECTS, project_review=reviews)
    # W1 has waited for 20 days, which is allowed, W2 for 21.  W3 was reviewed only the day after: it waits (and its
    # outcome is not known yet); W4 is not there yet.  W5 took 20 days, W6 21.  T1 and T2 are the reviewers named.
    check("review_outcomes", data, """
        review_step   reviews   passed   returned   rejected   waiting   overdue   median_days   reviewers
        town          5         1        0          1          3         1         20.5          2
        expert        1         0        1          0          0         0         0             1
    """)  # fmt: skip
    # In time W5 and W7, of those done (W5 W6 W7) and overdue (W2).
    assert fraction("reviews_in_time", data) == (2, 4)


def test_experts(county: CountyData) -> None:
    # X1 marked J1 in January 2019: 80, 90, 70; nobody within the year.
    check("experts", county, """
        expert_field   experts   active   reviews   score_mode_sum   score_mode_n   score_mode   score_yield_sum   score_yield_n   score_yield   score_link_sum   score_link_n   score_link
        agriculture    1         0        1         80               1              80           90                1               90            70               1              70
        finance        1         0        0         0                0              -            0                 0               -             0                0              -
    """)  # fmt: skip


def test_experts_active_within_the_year(county_of: CountyOf) -> None:
    data = county_of(
        project=PROJECTS,
        expert="""
            expert_id   county_code   expert_field
            X1          371425        law
            X2          371425        law
            X3          371425        law
            X4          371425        audit
            X5          371425        -
        """,
        project_review="""
            review_id   project_id   review_step   submitted_on   reviewed_on   reviewer_id   score_mode   score_link
            W1          Q1           expert        2019-12-01     2019-12-31    X1            60           -
            W2          Q1           expert        2019-12-02     2020-01-01    X2            80           50
            W3          Q2           expert        2020-12-01     2020-12-31    X2            -            70
            W4          Q2           expert        2020-12-01     2021-01-01    X3            10           10
            W5          Q2           county        2020-12-01     2020-12-02    X4            10           10
        """,
    )
    # A year back is 2019-12-31, which is out (X1), 2020-01-01 is in (X2); X3 marked after the data date; X4 as the
    # county, not as an expert.  Marks: 60 and 80; 50 and 70; nobody marked the yield.
    check("experts", data, """
        expert_field   experts   active   reviews   score_mode_sum   score_mode_n   score_mode   score_yield_sum   score_yield_n   score_yield   score_link_sum   score_link_n   score_link
        law            3         1        3         140              2              70           0                 0               -             120              2              60
        audit          1         0        0         0                0              -            0                 0               -             0                0              -
    """)  # fmt: skip


def test_fund_flows(county: CountyData) -> None:
    # J1 (2019): 200,000 allocated and disbursed, half used.  J2 (2020): 100,000 allocated.
    check("fund_flows", county, """
        year   projects   allocated   disbursed   used     disbursed_share   used_share
        2019   1          200000      200000      100000   1                 1/2
        2020   1          100000      0           0        0                 -
    """)  # fmt: skip


# Allocated 60 days before 2020-12-31 (1 November) and 61 (31 October); disbursed a year before and a day later.
FLOWS = """
    flow_id   project_id   flow_kind   flow_on      amount
    F1        Q1           allocated   2019-11-01   1000
    F2        Q1           disbursed   2019-12-31   1000
    F3        Q1           used        2020-03-01   900
    F4        Q1           used        2020-12-31   40
    F5        Q1           used        2021-01-01   60
    F6        Q2           allocated   2020-10-31   2000
    F7        Q2           allocated   2020-12-01   1000
    F8        Q3           allocated   2020-11-01   2000
    F9        Q3           disbursed   2021-01-01   2000
"""


def test_fund_flows_up_to_the_data_date(county_of: CountyOf) -> None:
    # What was used and disbursed on 2021-01-01 is not there yet; the year is that of the project.
    data = county_of(project=PROJECTS, fund_flow=FLOWS)
    check("fund_flows", data, """
        year   projects   allocated   disbursed   used   disbursed_share   used_share
        2019   1          1000        1000        940    1                 0.94
        2020   2          5000        0           0      0                 -
    """)  # fmt: skip
    assert fraction("funds_disbursed", data) == (1000, 6000)
    assert fraction("funds_used", data) == (940, 1000)


def test_papers(county: CountyData) -> None:
    # Allocation: J1 4 of 4, J2 2 of 4.  Distribution: J1 3 of 4.
    check("papers", county, """
        paper_step     projects   complete   complete_share   papers_missing
        allocation     2          1          1/2              2
        distribution   1          0          0                1
    """)  # fmt: skip


PAPERS = """
    project_id   paper_step     papers_required   papers_filed
    Q1           distribution   4                 3
    Q1           appraisal      4                 5
    Q2           appraisal      4                 -
    Q2           allocation     2                 2
    Q3           appraisal      2                 0
"""


def test_papers_beyond_what_is_required_make_up_for_nothing(county_of: CountyOf) -> None:
    # How many Q2 filed for the appraisal is not known; in the order of the steps.
    check("papers", county_of(project=PROJECTS, project_paper=PAPERS), """
        paper_step     projects   complete   complete_share   papers_missing
        allocation     1          1          1                0
        appraisal      2          1          1/2              2
        distribution   1          0          0                1
    """)  # fmt: skip


def test_project_worklist(county: CountyData) -> None:
    # In the order of what is wrong, the largest fund first.  J3 has waited for 60 days.  No expert marked J2.  J2 was
    # allocated on 1 March, 305 days before.  J1 has not used half.  Papers: J1 one, J2 two.  J2 brings in nothing.
    check("project_worklist", county, """
        project_id   project_type   stage       fund_amount   wrong              evidence   evidence_unit
        J3           solar          proposed    60000         review_overdue     60         days
        J2           solar          building    100000        no_expert_review   -          -
        J2           solar          building    100000        not_disbursed      305        days
        J1           solar          operating   200000        not_used           50         unused_percent
        J1           solar          operating   200000        papers_missing     1          papers
        J2           solar          building    100000        papers_missing     2          papers
        J2           solar          building    100000        yield_short        0          yield_percent
    """)  # fmt: skip


def test_project_worklist_at_its_limits(county_of: CountyOf) -> None:
    data = county_of(
        project=PROJECTS,
        fund_flow=FLOWS,
        project_paper="""
            project_id   paper_step     papers_required   papers_filed
            Q1           appraisal      4                 2
            Q1           distribution   4                 3
            Q2           appraisal      4                 4
        """,
        project_review="""
            review_id   project_id   review_step   submitted_on   reviewed_on   reviewer_id
            W1          Q1           expert        2019-01-01     2019-01-05    X1
            W2          Q4           town          2020-12-11     -             -
            W3          Q2           town          2020-12-10     -             -
            W4          Q2           county        2020-12-01     -             -
        """,
        asset="""
            asset_id   project_id   original_value   annual_yield
            S1         Q1           1000             30
            S2         Q1           1000             69
            S3         Q2           1000             50
            S4         Q3           1000             0
            S5         Q1           5000             -
        """,
    )
    # Overdue beyond 20 days: Q2, 30 at the longest; Q4 has 20.  Q2 and Q3 are past the county and no expert marked them;
    # Q4 is not there yet.  Not disbursed beyond 60 days: Q2, counted from the first allocation; Q3 has 60.  Not used a
    # year after 2019-12-31: Q1, 6 % (94 % used by that day).  Yield below half of 10 %: Q1 99 of 200; Q2 50 of 100 is not
    # below; Q3 is public works.
    check("project_worklist", data, """
        project_id   project_type     stage       fund_amount   wrong              evidence   evidence_unit
        Q2           planting         building    3000          review_overdue     30         days
        Q2           planting         building    3000          no_expert_review   -          -
        Q3           infrastructure   operating   2000          no_expert_review   -          -
        Q2           planting         building    3000          not_disbursed      61         days
        Q1           planting         operating   1000          not_used           6          unused_percent
        Q1           planting         operating   1000          papers_missing     3          papers
        Q1           planting         operating   1000          yield_short        49.5       yield_percent
    """)  # fmt: skip


@pytest.mark.parametrize(("value", "brought", "listed"), [(5, 0.2, True), (5, 0.25, False), (0, 0.2, False)])
def test_a_yield_is_short_of_whatever_was_promised(
    county_of: CountyOf, value: float, brought: float, listed: bool
) -> None:
    """A tenth of 5 is half a yuan: 0.2 is 40 % of it, 0.25 is half and not below; of nothing promised nothing is short."""
    asset = f"""
        asset_id   project_id   original_value   annual_yield
        S1         Q1           {value}          {brought}
    """
    found = computed("project_worklist", county_of(project=PROJECTS, asset=asset))
    assert ("yield_short" in set(found.get("wrong", []))) is listed


@pytest.mark.parametrize(
    ("disbursed_on", "used", "listed"),
    [("2019-12-31", 950, False), ("2019-12-31", 949, True), ("2020-01-01", 0, False)],
)
def test_all_but_a_twentieth_used_within_a_year(
    county_of: CountyOf, disbursed_on: str, used: int, listed: bool
) -> None:
    flows = f"""
        flow_id   project_id   flow_kind   flow_on          amount
        F1        Q1           allocated   2019-12-01       1000
        F2        Q1           disbursed   {disbursed_on}   1000
        F3        Q1           used        2020-06-01       {used}
    """
    found = computed("project_worklist", county_of(project=PROJECTS, fund_flow=flows))
    assert ("not_used" in set(found.get("wrong", []))) is listed


def test_a_surplus_in_one_step_does_not_hide_what_lacks_in_another(county_of: CountyOf) -> None:
    found = computed("project_worklist", county_of(project=PROJECTS, project_paper=PAPERS))
    # Q1 lacks one for the distribution, Q3 two; larger fund first.
    assert found[["project_id", "evidence"]].to_numpy().tolist() == [["Q3", 2.0], ["Q1", 1.0]]


def test_an_expert_who_has_not_marked_yet_has_not_marked(county_of: CountyOf) -> None:
    reviews = """
        review_id   project_id   review_step   submitted_on   reviewed_on   reviewer_id
        W1          Q1           expert        2020-12-20     -             X1
        W2          Q2           expert        2020-12-20     2020-12-21    X1
        W3          Q3           expert        2020-12-20     2020-12-21    X1
    """
    found = computed("project_worklist", county_of(project=PROJECTS, project_review=reviews))
    assert found["project_id"].tolist() == ["Q1"]


def test_an_empty_library(county_of: CountyOf) -> None:
    data = county_of(project=PROJECTS)
    for name in ("review_outcomes", "experts", "fund_flows", "papers", "project_worklist"):
        assert computed(name, data).empty, name
    for name in ("reviews_in_time", "funds_disbursed", "funds_used"):
        assert fraction(name, data) == (0, 0), name
