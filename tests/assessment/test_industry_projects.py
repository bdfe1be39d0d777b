"""Projects, funds, assets and their issues, by hand: edges of every band, the data date, what was not recorded."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.built_county_fixtures import CountyOf, check, computed
from tests.county_fixtures import COUNTY
from tests.fact_rows import fraction

from relapse_risk.assessment import CountyData

# Q1 runs, Q2 was built without the city's filing, Q3 filed before it was approved and has ended, Q4 is approved and
# filed only, Q5 waits for the county; of Q6 little is known.
PROJECTS = """
    project_id   county_code   project_type     stage             town_review_on   county_approve_on   city_file_on   fund_year   fund_amount   expected_yield_rate   beneficiaries   paper_complete
    Q1           371425        planting         operating         2019-01-01       2019-01-11          2019-01-11     2019        1000          0.1                   2               yes
    Q2           371425        planting         building          2020-01-01       2020-01-31          -              2020        3000          0.08                  2               -
    Q3           371425        infrastructure   ended             2020-02-01       2020-03-02          2020-03-01     2020        5000          0.05                  10              yes
    Q4           371425        breeding         city_filing       2020-05-01       2020-05-02          2020-06-01     2020        7000          -                     7               no
    Q5           371425        breeding         county_approval   2020-11-01       2020-12-01          -              2020        9000          0.1                   1               yes
    Q6           371425        other            accepted          -                -                   -              -           -             -                     -               -
"""
ASSETS = """
    asset_id   project_id   asset_type   original_value   registered   on_three_assets_platform   operating_state   annual_yield
    S1         Q1           operating    800              yes          yes                        normal            40
    S2         Q1           operating    200              no           -                          low_yield         30
    S3         Q2           operating    1000             yes          no                         -                 -
    S4         Q3           public       4000             yes          yes                        idle              400
    S5         Q4           household    500              no           yes                        lost              50
    S6         Q2           household    -                yes          no                         disposed          9
"""


@pytest.fixture
def six(county_of: CountyOf) -> CountyData:
    return county_of(project=PROJECTS, asset=ASSETS)


def test_project_stages(county: CountyData, six: CountyData) -> None:
    # J3 60,000 proposed; J2 100,000 under way; J1 200,000 runs and went through all three reviews.
    check("project_stages", county, """
        stage       projects   reviewed   fund
        proposed    1          0          60000
        building    1          0          100000
        operating   1          1          200000
    """)  # fmt: skip
    # All three dates: Q1, Q3 and Q4.  In the order of the stages; a fund that was not recorded adds nothing.
    check("project_stages", six, """
        stage             projects   reviewed   fund
        county_approval   1          0          9000
        city_filing       1          1          7000
        building          1          0          3000
        accepted          1          0          0
        operating         1          1          1000
        ended             1          1          5000
    """)  # fmt: skip


def test_review_steps(county: CountyData, six: CountyData) -> None:
    # J1 and J2 approved after 31 days each; J1 filed after 28.
    check("review_steps", county, """
        review           projects   done   share   out_of_order   median_days
        town_review      2          2      1       0              -
        county_approve   2          2      1       0              31
        city_file        2          1      1/2     0              28
    """)  # fmt: skip
    # Q1 Q2 Q3 Q4 Q6; Q5 is not past the county.  Approved after 10, 30, 30 and 1 days: 20 in the middle.  Filed after
    # 0 (the same day is in order), -1 (not in order) and 30 days.
    check("review_steps", six, """
        review           projects   done   share   out_of_order   median_days
        town_review      5          4      4/5     0              -
        county_approve   5          4      4/5     0              20
        city_file        5          3      3/5     1              0
    """)  # fmt: skip
    assert fraction("three_reviews", six) == (3, 5)
    assert fraction("papers_complete", six) == (3, 4)  # Q1 Q3 Q5 of those with an answer; Q4 has not


def test_a_review_after_the_data_date_is_not_done(county_of: CountyOf) -> None:
    data = county_of(project="""
        project_id   county_code   project_type   stage         town_review_on   county_approve_on   city_file_on
        Q1           371425        planting       city_filing   2020-11-01       2020-12-01          2021-01-01
    """)  # fmt: skip
    assert computed("review_steps", data)["done"].tolist() == [1, 1, 0]


def test_project_types(county: CountyData, six: CountyData) -> None:
    # J1 and J2: 300,000 for 40 persons; promised 10 % of 100,000 and 8 % of 50,000, brought in 8,000.
    check("project_types", county, """
        project_type   projects   fund     beneficiaries   fund_per_person   original_value   promised   annual_yield   yield_expected   yield_realised
        solar          2          300000   40              7500              150000           14000      8000           14/150           8/150
    """)  # fmt: skip
    # Planting: S1 and S2, 10 % of 1,000 promised, 70 came in; of S3 the yield, of S6 the value is not known.  Breeding:
    # Q4 promised nothing.  Public works earn nothing by nature, whatever S4 brought in.
    check("project_types", six, """
        project_type     projects   fund   beneficiaries   fund_per_person   original_value   promised   annual_yield   yield_expected   yield_realised
        planting         2          4000   4               1000              1000             100        70             1/10             7/100
        breeding         1          7000   7               1000              -                -          -              -                -
        infrastructure   1          5000   10              500               -                -          -              -                -
        other            1          0      0               -                 -                -          -              -                -
    """)  # fmt: skip
    assert fraction("yield_realised", six) == (70, 100)


def test_cost_per_person_of_who_is_known(county_of: CountyOf) -> None:
    data = county_of(project="""
        project_id   county_code   project_type   stage       fund_amount   beneficiaries
        Q1           371425        planting       operating   1000          10
        Q2           371425        planting       operating   5000          -
    """)  # fmt: skip
    # The indicator leaves Q2 out of both.
    assert fraction("fund_per_person", data) == (1000, 10)
    assert computed("project_types", data)["fund_per_person"].tolist() == [100]


def with_yields(*pairs: tuple[float, float]) -> dict[str, pd.DataFrame]:
    """Assets of 1,000 CNY with the yield promised and the yield realised, in percent."""
    names = [f"Q{k}" for k in range(len(pairs))]
    project = pd.DataFrame({"project_id": names, "county_code": COUNTY, "project_type": "solar", "stage": "operating"})
    asset = pd.DataFrame({"asset_id": names, "project_id": names, "original_value": 1000.0})
    return {
        "project": project.assign(expected_yield_rate=[promised / 100 for promised, _ in pairs]),
        "asset": asset.assign(annual_yield=[10.0 * realised for _, realised in pairs]),
    }


def test_yield_scatter(county: CountyData) -> None:
    # S1 promised 10 % and brought in 8 %, S2 promised 8 % and brought in nothing: each band holds its upper edge.
    check("yield_scatter", county, """
        promised_bin   realised_bin   assets
        6–8%           0%             1
        8–10%          6–8%           1
    """)  # fmt: skip


def test_yield_bands_hold_their_upper_edge(county_of: CountyOf) -> None:
    pairs = ((0, 0), (2, 2.5), (2.5, 2), (4, 4), (6, 6), (8, 8), (10, 10), (10, 10), (11, 13), (13, 11))
    check("yield_scatter", county_of(**with_yields(*pairs)), """
        promised_bin   realised_bin   assets
        0%             0%             1
        0–2%           2–4%           1
        2–4%           0–2%           1
        2–4%           2–4%           1
        4–6%           4–6%           1
        6–8%           6–8%           1
        8–10%          8–10%          2
        10–12%         >12%           1
        >12%           10–12%         1
    """)  # fmt: skip


def test_twelve_percent_is_not_more_than_twelve(county_of: CountyOf) -> None:
    found = computed("yield_scatter", county_of(**with_yields((12, 12), (12, 12.1))))
    assert found["realised_bin"].tolist() == ["10–12%", ">12%"]


def test_fund_by_year(county: CountyData, six: CountyData) -> None:
    check("fund_by_year", county, """
        year   projects   fund     beneficiaries
        2019   1          200000   40
        2020   1          100000   0
    """)  # fmt: skip
    # 2020: Q2 Q3 Q4, 3,000 + 5,000 + 7,000 for 2 + 10 + 7; Q5 has no money yet; Q6 has no year.
    check("fund_by_year", six, """
        year   projects   fund    beneficiaries
        2019   1          1000    2
        2020   3          15000   19
    """)  # fmt: skip


def test_fund_waterfall(six: CountyData) -> None:
    # Q1 to Q4: 16,000.  Papers Q1 and Q3.  All reviews Q1 Q3 Q4.  At work Q1 and Q2 (Q3 has ended, Q4 waits).  Assets
    # 800 + 200 + 1,000 + 4,000 + 500; registered without S2 and S5.
    check("fund_waterfall", six, """
        fund_step    fund
        allocated    16000
        papers       6000
        reviewed     13000
        working      4000
        assets       6500
        registered   5800
    """)  # fmt: skip


def test_cost_per_person(county: CountyData, six: CountyData) -> None:
    # J1 200,000 / 40 = 5,000; J2 covers nobody.
    check("cost_per_person", county, """
        cost            projects
        <1,000          0
        1,000–2,500     0
        2,500–5,000     0
        5,000–10,000    1
        10,000–20,000   0
        20,000–50,000   0
        ≥50,000         0
        未知|unknown      1
    """)  # fmt: skip
    # Q1 500, Q2 1,500, Q3 500, Q4 1,000; of Q6 nothing is known.
    found = computed("cost_per_person", six).set_index("cost")["projects"]
    assert found[found > 0].to_dict() == {"<1,000": 2, "1,000–2,500": 2, "未知|unknown": 1}
    # J1's county: projects with beneficiaries, those proposed too; here 1,000 + 3,000 + 5,000 + 7,000 + 9,000 for 22.
    assert fraction("fund_per_person", six) == (25000, 22)


def test_cost_bands_start_at_their_lower_edge(county_of: CountyOf) -> None:
    edges = (1000, 2500, 5000, 10000, 20000, 50000)
    costs = [cost for edge in edges for cost in (edge - 1, edge)]
    project = pd.DataFrame(
        {"project_id": [f"Q{k}" for k in range(12)], "county_code": COUNTY, "stage": "operating", "fund_amount": costs,
         "beneficiaries": 1}
    )  # fmt: skip
    check("cost_per_person", county_of(project=project), """
        cost            projects
        <1,000          1
        1,000–2,500     2
        2,500–5,000     2
        5,000–10,000    2
        10,000–20,000   2
        20,000–50,000   2
        ≥50,000         1
        未知|unknown      0
    """)  # fmt: skip


def test_assets(county: CountyData, six: CountyData) -> None:
    # S1 registered, on the platform and running; S2 not registered, idle, whether on the platform is not known.
    check("assets", county, """
        asset_type   assets   value    registered   registered_share   on_platform   not_normal
        operating    2        150000   1            1/2                1             1
    """)  # fmt: skip
    # How S3 runs is not known: it is not counted as not normal.  The value of S6 is not known.
    check("assets", six, """
        asset_type   assets   value   registered   registered_share   on_platform   not_normal
        operating    3        2000    2            2/3                1             1
        public       1        4000    1            1                  1             1
        household    2        500     1            1/2                1             2
    """)  # fmt: skip
    assert fraction("assets_registered", six) == (4, 6)
    assert fraction("assets_not_normal", six) == (4, 5)


def test_registration_not_recorded_is_not_no(county_of: CountyOf) -> None:
    asset = """
        asset_id   project_id   asset_type   registered
        S1         Q1           operating    yes
        S2         Q1           operating    -
    """
    data = county_of(project=PROJECTS, asset=asset)
    assert fraction("assets_registered", data) == (1, 1)
    assert computed("assets", data)["registered_share"].tolist() == [1]


def test_asset_states(county: CountyData, six: CountyData) -> None:
    check("asset_states", county, """
        operating_state   assets   value
        normal            1        100000
        idle              1        50000
    """)  # fmt: skip
    # In the order of the code list; S3 has no state and is in no row.
    check("asset_states", six, """
        operating_state   assets   value
        normal            1        800
        low_yield         1        200
        idle              1        4000
        lost              1        500
        disposed          1        0
    """)  # fmt: skip


def test_issue_ageing(county: CountyData) -> None:
    # I1 closed after 10 days; I2 was due on 1 November and is open; I3 is due in February.
    check("issue_ageing", county, """
        issue_type   found   closed   open   overdue   median_days
        papers       3       1        2      1         10
    """)  # fmt: skip


def test_issues_at_the_data_date(county_of: CountyOf) -> None:
    issues = """
        issue_id   project_id   issue_type   found_on     due_on       closed_on
        I1         Q1           papers       2020-12-31   2020-12-31   2020-12-31
        I2         Q1           papers       2021-01-01   2021-02-01   -
        I3         Q1           papers       2020-12-01   2020-12-31   2021-01-01
        I4         Q1           papers       2020-12-01   2020-12-30   -
        I5         Q1           papers       2020-12-01   2020-12-02   2020-12-05
        I6         Q1           funds        2020-12-01   -            -
        I7         Q1           papers       2020-12-01   2020-12-31   2020-12-03
    """
    # Closed that day is closed; found the day after is not there yet; closed the day after is open, and, due that very
    # day, not overdue; due the day before and open is overdue.  Closed after 0, 4 and 2 days.  In the order of the codes.
    check("issue_ageing", county_of(project=PROJECTS, project_issue=issues), """
        issue_type   found   closed   open   overdue   median_days
        papers       5       3        2      1         2
        funds        1       0        1      0         -
    """)  # fmt: skip


def test_issue_age_bins(county: CountyData) -> None:
    # I2 91 days, I3 30; I1 is closed.
    check("issue_age_bins", county, """
        age_days   issues
        0–30       1
        31–60      0
        61–90      0
        91–180     1
        181+       0
    """)  # fmt: skip


def test_issue_ages_at_the_edges(county_of: CountyOf) -> None:
    # 0, 30, 31, 60, 61, 90, 91, 180, 181 days before 2020-12-31; and three that are not open or not there yet.
    found = [pd.Timestamp("2020-12-31") - pd.Timedelta(days=age) for age in (0, 30, 31, 60, 61, 90, 91, 180, 181)]
    issues = pd.DataFrame(
        {
            "issue_id": [f"I{k}" for k in range(12)], "project_id": "Q1",
            "found_on": [*found, "2021-01-01", "2020-01-01", "2020-01-01"],
            "closed_on": [*[None] * 8, "2021-01-01", None, "2020-12-31", "2020-02-01"],
        }
    )  # fmt: skip
    check("issue_age_bins", county_of(project=PROJECTS, project_issue=issues), """
        age_days   issues
        0–30       2
        31–60      2
        61–90      2
        91–180     2
        181+       1
    """)  # fmt: skip


def test_no_projects_no_rows(county_of: CountyOf) -> None:
    data = county_of()
    for name in (
        "project_stages",
        "project_types",
        "yield_scatter",
        "fund_by_year",
        "assets",
        "asset_states",
        "issue_ageing",
    ):
        assert computed(name, data).empty, name
    assert computed("review_steps", data)["projects"].tolist() == [0, 0, 0]
    assert computed("fund_waterfall", data)["fund"].sum() == 0
    assert computed("issue_age_bins", data)["issues"].sum() == 0
