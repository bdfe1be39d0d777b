"""Who is entitled to what, who receives it, and how long it took, by hand: a catalogue of three items, each date at its edge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tests.built_county_fixtures import CountyOf, check, computed
from tests.fact_rows import fraction, homes, persons

from relapse_risk.assessment import CountyData

CATALOGUE = """
YB01:
  label: {zh: 医保, en: Insurance}
  department: YB
  direction: medical
  level: household
  kind: cash
  cadence: monthly
  source: test
  confidence: documented
  versions:
    - {start: 2016-01-01, requires: [income_below_dibao], amount: {fixed: 10}}
MZ01:
  label: {zh: 低保, en: Dibao}
  department: MZ
  direction: livelihood
  level: household
  kind: cash
  cadence: monthly
  source: test
  confidence: assumed
  versions:
    - {start: 2016-01-01, requires: [income_below_dibao], amount: {fixed: 100}}
MZ03:
  label: {zh: 边缘, en: Edge}
  department: MZ
  direction: livelihood
  level: household
  kind: eligibility
  cadence: yearly
  source: test
  confidence: from_memory
  versions:
    - {start: 2016-01-01, requires: [income_below_dibao], amount: {fixed: 0}}
"""


@pytest.fixture
def catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parameters_folder: Callable[[Path], None]
) -> Callable[[str], None]:
    """Puts a catalogue of one's own in the place of the package's."""

    def put(text: str) -> None:
        parameters_folder(tmp_path / "params")
        (tmp_path / "params" / "assistance" / "dezhou.yaml").write_text(text, encoding="utf-8")
        monkeypatch.setenv("RELAPSE_RISK_PARAMS", str(tmp_path / "params"))

    return put


@pytest.mark.usefixtures("one_item")
def test_take_up(county: CountyData) -> None:
    # Below 5,300: H1 H2 H3 H4; within the year only H3 got it (H1 in January 2019, H2 was refused).  Three times 1,200.
    check("take_up", county, """
        item        department   entitled   receiving   missing   share   forgone   cannot_tell   confidence
        低保|Dibao   MZ           4          1           3         1/4     3600      0             assumed
    """)  # fmt: skip
    check("take_up_by_department", county, """
        department   entitled   receiving   missing   share   forgone
        MZ           4          1           3         1/4     3600
    """)  # fmt: skip


def test_take_up_at_the_line_and_at_a_year(county_of: CountyOf, catalogue: Callable[[str], None]) -> None:
    catalogue(CATALOGUE)  # two payments and a status, all for who is below the dibao line of 5,300
    data = county_of(
        household=homes(6, relief_status=["none", "dibao", "tekun", "dibao", "dibao_edge", "monitored"]),
        income="""
            household_id   period_end   months   wage_income
            H1             2020-12      12       5299
            H2             2020-12      12       5299
            H3             2020-12      12       5300
            H5             2020-12      12       5299
            H6             2020-12      12       5299
        """,
        assistance_record="""
            record_id   household_id   item_code   delivered_on
            R1          H1             MZ01        2019-12-31
            R2          H2             MZ01        2020-01-01
            R3          H2             MZ01        2020-06-01
            R4          H3             MZ01        2020-06-01
            R5          H5             MZ01        2021-01-01
            R6          H6             YB01        2020-12-31
            R7          H6             MZ01        -
        """,
    )
    # Entitled: H1 H2 H5 H6; H3 is exactly on the line; of H4 nobody knows.  MZ01: H2 (twice is once); H1 a day too long
    # ago, H5 after the data date, H6 was never paid.  YB01: H6.  Who holds dibao, tekun or the edge has the status: H2
    # and H5.  Forgone: 3 x 120, 3 x 1,200; a status pays nothing.
    check("take_up", data, """
        item           department   entitled   receiving   missing   share   forgone   cannot_tell   confidence
        医保|Insurance   YB           4          1           3         1/4     360       1             documented
        低保|Dibao       MZ           4          1           3         1/4     3600      1             assumed
        边缘|Edge        MZ           4          2           2         1/2     0         1             from_memory
    """)  # fmt: skip
    # Lowest share first.
    check("take_up_by_department", data, """
        department   entitled   receiving   missing   share   forgone
        YB           4          1           3         1/4     360
        MZ           8          3           5         3/8     3600
    """)  # fmt: skip
    assert fraction("take_up", data) == (4, 12)
    assert fraction("forgone_per_household", data) == (3960, 6)


def test_an_item_for_persons_counts_the_household_once(county_of: CountyOf, catalogue: Callable[[str], None]) -> None:
    catalogue("""
MZ08:
  label: {zh: 护理, en: Nursing}
  department: MZ
  direction: disability
  level: person
  kind: cash
  cadence: monthly
  source: test
  confidence: assumed
  versions:
    - {start: 2016-01-01, requires: [severely_disabled], amount: {fixed: 100}}
""")
    people = persons(
        "1990-01-01 " * 5,
        household=["H1", "H1", "H2", "H3", "H3"],
        disability_level=["level_1", "level_2", "level_3", None, "none"],
    )
    # H1 twice 1,200 a year; H2 not severe; of one person in H3 it is unknown.
    data = county_of(household=homes(3, household_size=pd.array([2, 1, 2], dtype="Int64")), person=people)
    check("take_up", data, """
        item         department   entitled   receiving   missing   share   forgone   cannot_tell   confidence
        护理|Nursing   MZ           1          0           1         0       2400      1             assumed
    """)  # fmt: skip


def test_processing(county: CountyData) -> None:
    # R1 6 days, R3 10; R2 was applied for in 2018, R4 not at all.  A tenth of the way from 6 to 10 is 6.4.  3 + 5 papers.
    check("processing", county, """
        department   cases   decided   p10_days   p25_days   median_days   p75_days   p90_days   with_papers   papers_sum   papers
        MZ           2       2         6.4        7          8             9          9.6        2             8            4
    """)  # fmt: skip


APPLIED = """
    record_id   household_id   item_code   applied_on   decided_on   material_count
    R1          H1             YB01        2019-12-31   2020-01-09   9
    R2          H1             YB01        2020-01-01   2020-01-01   1
    R3          H1             YB02        2020-02-01   2020-02-11   -
    R4          H1             YB01        2020-03-01   2020-03-21   2
    R5          H1             YB01        2020-06-30   2020-07-30   3
    R6          H1             YB01        2020-07-01   2020-08-10   -
    R7          H1             YB01        2020-12-31   -            6
    R8          H1             YB01        2021-01-01   2021-01-02   9
    R9          H1             CL01        2020-05-01   2020-06-20   -
    RA          H1             CL01        -            2020-06-20   4
    RB          H1             MZ01        2018-12-31   2019-01-02   5
    RC          H1             MZ01        2019-01-01   2019-01-03   5
"""


def test_processing_of_twelve_months(county_of: CountyOf) -> None:
    # YB, R2 to R7: 0, 10, 20, 30, 40 days and one open; a tenth lies at 4, a quarter at 10.  Papers 1 + 2 + 3 + 6.
    # CL: 50 days, no papers recorded.  Slowest first.
    data = county_of(assistance_record=APPLIED)
    check("processing", data, """
        department   cases   decided   p10_days   p25_days   median_days   p75_days   p90_days   with_papers   papers_sum   papers
        CL           1       1         50         50         50            50         50         0             0            -
        YB           6       5         4          10         20            30         36         4             12           3
    """)  # fmt: skip
    assert fraction("decision_days", data) == (150, 6)


@pytest.mark.parametrize("name", ["processing", "processing_trend"])
def test_a_decision_after_the_data_date_is_not_known(county_of: CountyOf, name: str) -> None:
    records = """
        record_id   household_id   item_code   applied_on   decided_on
        R1          H1             YB01        2020-12-01   2020-12-31
        R2          H1             YB01        2020-12-01   2021-01-01
    """
    assert computed(name, county_of(assistance_record=records))["decided"].tolist() == [1]


def test_processing_trend(county: CountyData) -> None:
    # R1 and R3 of March and May 2020; R2 of December 2018 is before the last four half-years.
    check("processing_trend", county, """
        half_year   cases   decided   days_sum   mean_days   with_papers   papers_sum   papers
        2020H1      2       2         16         8           2             8            4
    """)  # fmt: skip


def test_half_years_end_in_june_and_december(county_of: CountyOf) -> None:
    # 2018-12-31 is before the first of the four; 2019-01-01 is in it.  2019H2: R1, 9 days.  2020H1: R2 R3 R4 R5 R9, 0 +
    # 10 + 20 + 30 + 50; papers of R2 R4 R5.  2020H2: R6 40 days, R7 open with 6 papers.
    check("processing_trend", county_of(assistance_record=APPLIED), """
        half_year   cases   decided   days_sum   mean_days   with_papers   papers_sum   papers
        2019H1      1       1         2          2           1             5            5
        2019H2      1       1         9          9           1             9            9
        2020H1      5       5         110        22          3             6            2
        2020H2      2       1         40         40          1             6            6
    """)  # fmt: skip


def test_nobody_applied(county_of: CountyOf) -> None:
    data = county_of()
    assert computed("processing", data).empty
    assert computed("processing_trend", data).empty
    assert fraction("decision_days", data) == (0, 0)


def test_work_of_who_can_work(county_of: CountyOf) -> None:
    works = ("away", "local", "public_post", "farming", "self_employed", "none", "unable", None, "local")
    people = persons(
        "1990-01-01 " * 9,
        household=["H1", "H1", "H1", "H1", "H1", "H1", "H2", "H3", "H4"],
        employment_status=works,
        labour_capacity=["ordinary"] * 8 + ["lost"],
        student_stage="none",
    )
    data = county_of(household=homes(4, household_size=pd.array([6, 1, 1, 1], dtype="Int64")), person=people)
    # Five of the seven with an answer; P9 cannot work.
    assert fraction("employed_of_labour", data) == (5, 7)
    # Of H1 and H2, H2; of H3 it is not known; in H4 nobody can work.
    assert fraction("zero_employment", data) == (1, 2)
