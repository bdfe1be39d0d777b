"""Verification interviews by hand: who is in the sample, what each stands for, who is asked twice, and by whom."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.built_county_fixtures import CountyOf, check, computed, records

from relapse_risk.assessment import INDICATORS, CountyData

BY_NAME = {item.name: item for item in INDICATORS}
INTERVIEWS = """
    interview_id  household_id  enumerator_id  interviewed_on  is_repeat  sample_part  inclusion_probability  food_clothes_ok  education_ok  medical_ok  house_safe  water_safe  income_short  at_risk  need_unmet
    I1            H1            N1             2019-12-31      no         core         0.5                    no               no            no          no          no          yes           yes      yes
    I2            H1            N1             2020-01-01      -          core         0.5                    yes              yes           yes         yes         yes         no            no       no
    I3            H2            N1             2020-06-01      no         targeted     0.8                    yes              yes           yes         no          yes         no            yes      no
    I4            H3            N2             2020-06-01      no         both         1                      yes              -             yes         yes         yes         -             -        yes
    I5            H4            N2             2020-06-01      no         core         0                      no               no            no          no          no          yes           yes      yes
    I6            H5            N1             2020-06-01      no         core         0.25                   yes              yes           yes         yes         yes         yes           -        -
    I7            H5            N2             2020-06-08      yes        core         0.25                   yes              -             yes         no          yes         no            yes      no
    I8            H2            N2             2020-12-31      yes        targeted     0.8                    no               -             yes         no          yes         no            yes      yes
    I9            H1            N2             2021-01-01      no         core         0.5                    no               no            no          no          no          yes           yes      yes
    I10           H3            N3             2020-06-02      no         both         1                      no               no            no          no          no          yes           yes      no
    I11           H4            N2             2020-07-01      no         core         0.5                    yes              yes           yes         no          yes         no            yes      -
    """
# I1 is a year old to the day, I9 of tomorrow; I5 had no chance to be asked; I7 and I8 are repeated (I8 today); of H3 the
# earlier of two counts.
# Left: H1 (stands for 2), H2 (1.25), H3 (1), H4 (2), H5 (4).  Failing: H2 and H4 by their dwelling, H5 by its income; what
# H3 was not asked does not fail.  Lifted are H1 H2 H3 H5; monitored H3 and H4.
ENUMERATORS = """
    enumerator_id  county_code  enumerator_tier  trained_on
    N1             371425       survey_staff     2020-03-01
    N2             371425       third_party      -
    N3             371425       survey_staff     2020-03-01
    N4             371425       delegate         -
    N9             371481       delegate         2020-03-01
    """


@pytest.fixture
def data(county_of: CountyOf) -> CountyData:
    return county_of(interview=records(INTERVIEWS), enumerator=records(ENUMERATORS))


def test_the_sample_by_part(data: CountyData) -> None:
    check("interview_sample", data, """
        sample_part  interviews  stands_for  failing
        core         3           8           2
        targeted     1           1.25        1
        both         1           1           0
        """)  # fmt: skip


def test_what_the_interviews_contradict(data: CountyData) -> None:
    # H2: out of poverty and failing, at risk and not monitored (of H5 nobody can say).  H3 is monitored and not helped.
    # H4 fails but was never lifted, is at risk but monitored, and of its need nobody can say.
    check("interview_findings", data, """
        household_id  interview_finding  interviewed_on  sample_part
        H2            exit_fails         2020-06-01      targeted
        H5            exit_fails         2020-06-01      core
        H2            not_monitored      2020-06-01      targeted
        H3            no_help            2020-06-01      both
        """)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "found", "of", "share"),
    [
        ("verified_wrong_exit", 2, 4, 5.25 / 8.25),  # H2 and H5 of H1 H2 H3 H5
        ("verified_missed_monitoring", 1, 2, 1.25 / 3.25),  # H2 of H1 and H2; of H5 nobody can say
        ("verified_failed_help", 1, 1, 1.0),  # H3; of H4 nobody can say
    ],
)
def test_verified_rates(data: CountyData, name: str, found: int, of: int, share: float) -> None:
    rate = BY_NAME[name].compute(data)
    assert (rate.numerator, rate.denominator, rate.ratio) == (found, of, pytest.approx(share))


def test_enumerators_by_tier_with_their_load(data: CountyData) -> None:
    # N1 made I2 I3 I6, N3 I10, N2 I4 I5 I7 I8 I11; N4 is not trained and made none.
    check("enumerators", data, """
        enumerator_tier  enumerators  trained  active  interviews  most
        survey_staff     2            2        2       4           3
        delegate         1            0        0       0           0
        third_party      1            0        1       5           5
        """)  # fmt: skip


def test_households_asked_twice(data: CountyData) -> None:
    # H2 and H5.  Food: yes then no, yes yes: one alike, as by chance; the dwelling: no no, yes no, and income: no no, yes
    # no: likewise.  Water and medical care: both alike, as chance gives for certain: no kappa.  At risk and in need: H2
    # only.  Schooling was not asked again.
    check("repeat_agreement", data, """
        question         pairs  same  same_share  kappa
        food_clothes_ok  2      1     1/2         0
        medical_ok       2      2     1           -
        house_safe       2      1     1/2         0
        water_safe       2      2     1           -
        income_short     2      1     1/2         0
        at_risk          1      1     1           -
        need_unmet       1      0     0           0
        """)  # fmt: skip


def test_an_interview_of_which_nobody_says_that_it_repeats_another_is_no_repeat(county_of: CountyOf) -> None:
    lines = [line for line in INTERVIEWS.strip().splitlines() if line.split()[0] in ("interview_id", "I3", "I6")]
    rows = records("\n".join(lines))
    twice = rows.assign(is_repeat=pd.array([False, None], dtype="boolean"), household_id="H2")
    assert computed("repeat_agreement", county_of(interview=twice, enumerator=records(ENUMERATORS))).empty


def asked_by(county_of: CountyOf, first: int, second: int) -> CountyData:
    """So many households of N1, all at risk, and of N2, none at risk; every second of each has a need unmet."""
    homes = [f"H{k:02d}" for k in range(first + second)]
    rows = pd.DataFrame(
        {"interview_id": homes, "household_id": homes, "enumerator_id": ["N1"] * first + ["N2"] * second,
         "interviewed_on": pd.Timestamp("2020-06-01"), "is_repeat": False, "sample_part": "core",
         "inclusion_probability": 0.5, "at_risk": [True] * first + [False] * second,
         "need_unmet": [k % 2 == 0 for k in range(first + second)], "house_safe": True}
    )  # fmt: skip
    home = pd.DataFrame({"household_id": homes, "village_code": "371425101001"})
    return county_of(interview=rows, enumerator=records(ENUMERATORS), household=home)


def test_how_much_depends_on_who_asked(county_of: CountyOf) -> None:
    # At risk: all the spread lies between the two, so that 16 interviews are worth 16 / (1 + 7 x 1); both stand out:
    # 1 / (0.5164 x root of 1/8 + 1/8) = 3.87 standard errors.  Need: none lies between: mean squares 0 and 4 / 14, and
    # (0 - 4/14) / (0 + 7 x 4/14) = -1/7.  Nobody fails: no spread, no row.
    check("enumerator_effects", asked_by(county_of, 8, 8), """
        question    interviews  observers  icc   design_effect  stand_out
        at_risk     16          2          1     8              2
        need_unmet  16          2          -1/7  1              0
        """)  # fmt: skip


def test_enumerators_are_compared_from_nine_interviews_on(county_of: CountyOf) -> None:
    assert computed("enumerator_effects", asked_by(county_of, 4, 4)).empty
    found = computed("enumerator_effects", asked_by(county_of, 7, 2)).set_index("question")
    assert found.loc["at_risk", ["interviews", "stand_out"]].tolist() == [9, 0]  # nobody has eight


def test_nobody_was_interviewed_in_the_year(county_of: CountyOf) -> None:
    data = county_of(interview=records(INTERVIEWS).iloc[[0]], enumerator=records(ENUMERATORS))
    for name in ("interview_sample", "interview_findings", "repeat_agreement", "enumerator_effects"):
        assert computed(name, data).empty, name
    check("enumerators", data, """
        enumerator_tier  enumerators  trained  active  interviews  most
        survey_staff     2            2        0       0           0
        delegate         1            0        0       0           0
        third_party      1            0        0       0           0
        """)  # fmt: skip
    assert BY_NAME["verified_wrong_exit"].compute(data).ratio is None
