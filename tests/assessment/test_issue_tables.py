"""Aspects, issues and measures by hand: what is assessed, how severe a miss is, and what comes first."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from tests.built_county_fixtures import CountyOf, check, computed, records

from relapse_risk.assessment import CountyData
from relapse_risk.assessment.sections.issue_tables import severity


def with_indicators(county: CountyData, text: str) -> CountyData:
    data = replace(county, _kept={})
    data.once("indicator", lambda: records(text))
    return data


def test_the_nine_aspects(county: CountyData) -> None:
    rows = """
        indicator  section  verdict        limit
        a          3        met            0.9
        b          3        watch          0.9
        c          3        not_met        0.9
        d          3        no_limit       -
        e          3        not_collected  0.9
        f          3        not_collected  -
        g          11       not_met        1
        h          2        not_met        1
        i          12       met            1
        """
    # Met and watch both keep the limit; e has a limit and no value; sections 2 and 12 are no aspects.
    check("aspect_profile", with_indicators(county, rows), """
        aspect  judged  met  watch  not_met  not_judged  share
        3       3       2    1      1        1           2/3
        4       0       0    0      0        0           -
        5       0       0    0      0        0           -
        6       0       0    0      0        0           -
        7       0       0    0      0        0           -
        8       0       0    0      0        0           -
        9       0       0    0      0        0           -
        10      0       0    0      0        0           -
        11      1       0    0      1        0           0
        """)  # fmt: skip


@pytest.mark.parametrize(
    ("indicator", "value", "limit", "unit", "grade"),
    [
        ("take_up", 0.90, 1.0, "share", "severe"),  # ten points
        ("take_up", 0.901, 1.0, "share", "major"),
        ("take_up", 0.98, 1.0, "share", "major"),  # two points
        ("take_up", 0.981, 1.0, "share", "minor"),
        ("below_line", 0.12, 0.02, "share", "severe"),  # on either side
        ("dividend_per_person", 750, 1000, "money", "severe"),  # a quarter
        ("dividend_per_person", 751, 1000, "money", "major"),
        ("dividend_per_person", 900, 1000, "money", "major"),  # a tenth
        ("dividend_per_person", 901, 1000, "money", "minor"),
        ("papers_complete", 0.1, 1.0, "share", "major"),  # a paper is never severe
        ("papers_complete", 0.99, 1.0, "share", "minor"),
        ("insured_persons", 0.9999, 1.0, "share", "severe"),  # a guarantee always is
    ],
)
def test_how_severe_a_miss_is(indicator: str, value: float, limit: float, unit: str, grade: str) -> None:
    assert severity(indicator, value, limit, unit) == grade


def test_issues_with_their_office_and_day_what_comes_first_first(county: CountyData) -> None:
    rows = """
        indicator            verdict  value  limit  unit
        papers_complete      not_met  0.1    1      share
        dividend_per_person  not_met  950    1000   money
        failed_help          not_met  0.05   0      share
        take_up              not_met  0.5    1      share
        below_line           not_met  0.3    0.02   share
        visited_in_time      met      1      0.95   share
        three_reviews        watch    0.99   0.9    share
        house_safe           not_met  0.999  1      share
        water_safe           not_met  0.9    1      share
        """
    # 31 December and 15 days for the severe, 30 for the major, 60 for the minor.  Guarantees first, the further from the
    # limit before (water misses by 10 points); then by how far: take-up 50 points, below the line 28.  Papers come last of
    # the major, though they miss by 90.  Nobody is named for the line and for help: the lead office.
    check("issue_list", with_indicators(county, rows), """
        indicator            severity  department  due_on      times  remedy               order
        water_safe           severe    NY          2021-01-15  1      water_safe           0
        house_safe           severe    ZJ          2021-01-15  1      house_safe           1
        take_up              severe    MZ          2021-01-15  1      take_up              2
        below_line           severe    FP          2021-01-15  1      below_line           3
        failed_help          major     FP          2021-01-30  1      failed_help          4
        papers_complete      major     NY          2021-01-30  1      papers_complete      5
        dividend_per_person  minor     NY          2021-03-01  1      dividend_per_person  6
        """)  # fmt: skip


def test_no_limit_is_missed(county: CountyData) -> None:
    data = with_indicators(county, """
        indicator  verdict        value  limit  unit
        take_up    met            1      1      share
        below_line not_collected  -      0.02   share
        """.replace("below_line not", "below_line  not"))  # fmt: skip
    assert computed("issue_list", data).empty


def test_main_causes_with_measure_and_office_most_frequent_first(county_of: CountyOf) -> None:
    homes = pd.DataFrame(
        {"household_id": [f"H{k}" for k in range(8)], "village_code": "371425101001",
         "cause_main": ["other", "other", "other", "disability", "illness", "schooling", "illness", None],
         "cause_other_1": ["disaster"] + [None] * 7}
    )  # fmt: skip
    # A disaster is nobody's main cause; of one household nobody knows; the rest class stands last.
    check("cause_measures", county_of(household=homes), """
        cause       main  department  cause_remedy
        illness     2     WJ          illness
        disability  1     CL          disability
        schooling   1     JT          schooling
        other       3     FP          other
        """)  # fmt: skip


def test_every_cause_has_an_office(county_of: CountyOf) -> None:
    causes = ["illness", "disability", "schooling", "disaster", "no_land", "no_water", "no_skill", "no_labour", "no_funds",
              "poor_transport", "low_drive", "other"]  # fmt: skip
    homes = pd.DataFrame(
        {"household_id": [f"H{k:02d}" for k in range(12)], "village_code": "371425101001", "cause_main": causes}
    )
    found = computed("cause_measures", county_of(household=homes)).set_index("cause")["department"]
    # Health, the disabled, schools, emergencies, farming, work, civil affairs; the rest is the lead office's.
    assert found.to_dict() == dict(
        zip(causes, ["WJ", "CL", "JT", "YJ", "NY", "NY", "RS", "MZ", "NY", "FP", "FP", "FP"], strict=True)
    )
