"""Two no-worries, three guarantees and safe water, by hand: each limit met exactly and missed by the least, and unknowns."""

from __future__ import annotations

import pytest
from tests.built_county_fixtures import CountyOf, check, computed
from tests.fact_rows import TWO_TOWNS, fraction, homes, persons

from relapse_risk.assessment import CountyData

# Water: 35 litres, 20 minutes, 36 days without are allowed.  H1 has everything at its limit.
HOUSEHOLDS = """
    household_id   village_code   dwelling_grade   water_quality_ok   water_litres_per_person_day   water_fetch_minutes   water_outage_days   staple_food_enough   protein_food_regular   seasonal_clothes
    H1             371425101001   B                yes                35                            20                    36                  yes                  yes                    yes
    H2             371425101001   A                yes                34.9                          0                     0                   yes                  yes                    yes
    H3             371425101001   A                yes                50                            20.5                  0                   yes                  yes                    yes
    H4             371425101001   A                yes                50                            0                     37                  yes                  yes                    yes
    H5             371425102001   C                -                  50                            0                     0                   yes                  yes                    yes
    H6             371425102001   -                yes                50                            0                     0                   yes                  yes                    yes
    H7             371425102001   D                yes                50                            0                     0                   yes                  yes                    yes
    H8             371425102001   A                -                  50                            0                     37                  -                    yes                    yes
    H9             371425102001   A                yes                50                            0                     0                   yes                  no                     -
"""
# On 2020-12-31 P1 and P2 are 6, P3 5, P4 16, P5 15 years old; the others are grown up.
PERSONS = """
    person_id   household_id   birth_date   dropped_out   medical_insurance
    P1          H1             2014-12-31   no            yes
    P2          H2             2014-12-31   -             yes
    P3          H3             2015-01-01   yes           yes
    P4          H4             2004-12-31   yes           yes
    P5          H5             2005-01-01   yes           yes
    P6          H6             1990-01-01   no            -
    P7          H7             1990-01-01   no            no
    P8          H7             1990-01-01   no            -
    P9          H8             1990-01-01   -             yes
    PA          H9             1990-01-01   no            yes
"""


@pytest.fixture
def nine(county_of: CountyOf) -> CountyData:
    """Nine households, each with something at a limit, beyond it, or not known."""
    return county_of(village=TWO_TOWNS, household=HOUSEHOLDS, person=PERSONS)


def test_guarantee_pass(county: CountyData) -> None:
    # Clothes H4, school H3, insurance and dwelling H2, water H5: only H1 has all.
    check("guarantee_pass", county, """
        criterion         checked   passed   failed   share   unknown
        food_clothes_ok   5         4        1        4/5     0
        education_ok      5         4        1        4/5     0
        medical_ok        5         4        1        4/5     0
        house_safe        5         4        1        4/5     0
        water_safe        5         4        1        4/5     0
        guarantees_ok     5         1        4        1/5     0
    """)  # fmt: skip


def test_unknown_is_unknown_unless_another_part_fails(nine: CountyData) -> None:
    # Food and clothes: H9 fails by protein, H8 is not known.  School: P5 is 15 and out; P2 is not known; P3 (5) and P4
    # (16) are not of school age.  Insurance: P7 has none (whatever P8 has), P6 is not known.  Dwelling: H5 C, H7 D, H6
    # not known.  Water: H2 H3 H4, and H8 by the days without (its quality is not known); H5 is not known.
    # All of it: only H1; H6 is not known, for nothing of it is known to fail; the others fail by something.
    check("guarantee_pass", nine, """
        criterion         checked   passed   failed   share   unknown
        food_clothes_ok   8         7        1        7/8     1
        education_ok      8         7        1        7/8     1
        medical_ok        8         7        1        7/8     1
        house_safe        8         6        2        6/8     1
        water_safe        8         4        4        4/8     1
        guarantees_ok     8         1        7        1/8     1
    """)  # fmt: skip
    assert fraction("guarantees_ok", nine) == (1, 8)
    assert fraction("water_safe", nine) == (4, 8)


def test_guarantee_reasons(nine: CountyData) -> None:
    # Days without water: H4 and H8; the others once each, in the order of the tests.
    check("guarantee_reasons", nine, """
        reason           households
        water_outage     2
        dwelling_c       1
        dwelling_d       1
        water_amount     1
        water_distance   1
        dropped_out      1
        uninsured        1
        protein_food     1
    """)  # fmt: skip


def test_failure_list(county: CountyData, nine: CountyData) -> None:
    # By village and household; a household stands there once for each reason.
    check("failure_list", county, """
        household_id   village_code   reason
        H2             371425101001   dwelling_c
        H2             371425101001   uninsured
        H3             371425101001   dropped_out
        H4             371425101002   clothes
        H5             371425101002   water_outage
    """)  # fmt: skip
    check("failure_list", nine, """
        household_id   village_code   reason
        H2             371425101001   water_amount
        H3             371425101001   water_distance
        H4             371425101001   water_outage
        H5             371425102001   dwelling_c
        H5             371425102001   dropped_out
        H7             371425102001   dwelling_d
        H7             371425102001   uninsured
        H8             371425102001   water_outage
        H9             371425102001   protein_food
    """)  # fmt: skip


def test_who_lacks_nothing_is_on_no_list(county_of: CountyOf) -> None:
    data = county_of(household=homes(2, dwelling_grade=["A", None], seasonal_clothes=[None, True]))
    assert computed("failure_list", data).empty
    assert computed("guarantee_reasons", data).empty


def test_staples_clothes_and_quality_of_water_each_fail_alone(county_of: CountyOf) -> None:
    answers = {
        "staple_food_enough": [False, True, True],
        "seasonal_clothes": [True, False, True],
        "water_quality_ok": [True, True, False],
    }
    household = homes(3, **answers).assign(village_code=["371425101002", "371425101001", "371425101001"])
    # The village of H2 and H3 comes before that of H1.
    check("failure_list", county_of(household=household), """
        household_id   village_code   reason
        H2             371425101001   clothes
        H3             371425101001   water_quality
        H1             371425101002   staple_food
    """)  # fmt: skip


def test_guarantee_by_town(nine: CountyData) -> None:
    # Jia H1 to H4, Yi H5 to H9, each over those with an answer; lowest share of all guarantees first.
    found = computed("guarantee_by_town", nine)
    assert found["town"].tolist() == ["乙镇|Yi", "甲镇|Jia"]
    assert found["households"].tolist() == [5, 4]
    expected = {
        "food_clothes_ok": [(3, 4), (4, 4)], "education_ok": [(4, 5), (3, 3)], "medical_ok": [(3, 4), (4, 4)],
        "house_safe": [(2, 4), (4, 4)], "water_safe": [(3, 4), (1, 4)], "guarantees_ok": [(0, 4), (1, 4)],
    }  # fmt: skip
    for name, towns in expected.items():
        assert list(zip(found[f"{name}_n"], found[f"{name}_known"], strict=True)) == towns, name
        assert found[name].tolist() == [passed / known for passed, known in towns], name
    assert set(found.columns) == {"town", "households", *(n + t for n in expected for t in ("", "_n", "_known"))}


def test_insurance(county: CountyData, nine: CountyData) -> None:
    # P3 has none; the other two insurances were never asked about.
    check("insurance", county, """
        insurance           persons   insured   uninsured   insured_share
        medical_insurance   8         7         1           7/8
    """)  # fmt: skip
    # P6 and P8 are not known, P7 has none.
    check("insurance", nine, """
        insurance           persons   insured   uninsured   insured_share
        medical_insurance   8         7         1           7/8
    """)  # fmt: skip
    assert fraction("insured_persons", nine) == (7, 8)


def test_each_insurance_over_its_own_answers(county_of: CountyOf) -> None:
    people = persons(
        "1990-01-01 " * 4,
        medical_insurance=True,
        serious_illness_insurance=[True, False, None, None],
        pension_insurance=[False] * 3 + [None],
    )
    check("insurance", county_of(person=people), """
        insurance                   persons   insured   uninsured   insured_share
        medical_insurance           4         4         0           1
        serious_illness_insurance   2         1         1           1/2
        pension_insurance           3         0         3           0
    """)  # fmt: skip


def test_schooling(county: CountyData, county_of: CountyOf) -> None:
    # P6 is at primary school and has dropped out of it.
    check("schooling", county, """
        stage                  persons
        preschool              0
        primary                1
        junior                 0
        senior                 0
        vocational_secondary   0
        vocational_college     0
        bachelor               0
        special                0
        dropped_out            1
    """)  # fmt: skip
    # 5, 6, 15 and 16 on 2020-12-31, all out of school; one of 10 of whom it is not known; three at school.
    people = persons(
        "2015-01-01 2014-12-31 2005-01-01 2004-12-31 2010-01-01 2010-01-01 2003-01-01 1999-01-01",
        dropped_out=[True] * 4 + [None] + [False] * 3,
        student_stage=["none"] * 4 + [None, "special", "senior", "bachelor"],
    )
    data = county_of(person=people)
    found = computed("schooling", data).set_index("stage")["persons"]
    assert found[found > 0].to_dict() == {"senior": 1, "bachelor": 1, "special": 1, "dropped_out": 2}
    assert fraction("dropped_out", data) == (2, 3)  # of 6, 15 and the pupil of 10


def test_dwelling_layers(county: CountyData) -> None:
    # H1 A A A A; H2 C, B (passed), C, C.
    check("dwelling_layers", county, """
        layer          checked   passed   dangerous   compared   same   agreement
        county_self    2         1        1           2          2      1
        county_cross   2         2        0           2          1      1/2
        third_party    2         1        1           2          2      1
        city_review    2         1        1           2          2      1
    """)  # fmt: skip


CHECKS = """
    household_id   layer          grade_found   passed
    H1             county_self    A             yes
    H1             county_cross   A             yes
    H1             third_party    A             yes
    H1             city_review    A             yes
    H2             county_self    A             yes
    H2             county_cross   A             -
    H2             third_party    A             yes
    H2             city_review    C             no
    H3             county_self    C             no
    H3             county_cross   A             yes
    H3             third_party    A             yes
    H3             city_review    B             yes
    H4             county_self    A             yes
    H4             county_cross   B             yes
    H4             third_party    A             yes
    H4             city_review    B             yes
    H5             county_self    A             yes
    H5             county_cross   A             yes
    H5             city_review    A             yes
    H6             county_self    C             no
    H6             county_cross   C             no
    H6             third_party    D             no
    H6             city_review    D             no
    H7             county_cross   A             yes
    H7             third_party    A             yes
    H7             city_review    D             no
    H8             county_self    A             yes
"""


def test_dwelling_layers_without_some_checks(county_of: CountyOf) -> None:
    # The city has H1 to H7: A C B B A D D.  Self H1 to H6, H8: A A C A A C A: the same for H1 and H5 of six compared.
    # Cross H1 to H7: A A A B A C A: H1 H4 H5.  Third party without H5: A A A A D A: H1 and H6.
    # Whether the cross-county check passed H2 is not known: it is not counted as passed.
    check("dwelling_layers", county_of(household=homes(8), dwelling_check=CHECKS), """
        layer          checked   passed   dangerous   compared   same   agreement
        county_self    7         5        2           6          2      1/3
        county_cross   7         5        1           7          3      3/7
        third_party    6         5        1           6          2      1/3
        city_review    7         4        3           7          7      1
    """)  # fmt: skip


def test_a_grade_not_recorded_is_not_compared(county_of: CountyOf) -> None:
    checks = """
        household_id   layer         grade_found
        H1             county_self   A
        H1             city_review   -
        H2             county_self   -
        H2             city_review   B
        H3             county_self   B
        H3             city_review   B
    """
    found = computed("dwelling_layers", county_of(household=homes(3), dwelling_check=checks)).set_index("layer")
    assert found.loc["county_self", ["compared", "same"]].tolist() == [1, 1]  # H3


def test_layer_agreement(county: CountyData) -> None:
    # H1 A A A A, H2 C B C C.  Two layers alike in both: kappa 1.  Cross against another: one of two the same; by chance
    # A with A 1/2 x 1/2, so (1/2 - 1/4) / (3/4).  Fleiss: pairs alike 1 and (3 + 0) / 6, mean 3/4; by chance
    # (1/2)^2 + (3/8)^2 + (1/8)^2 = 26/64; (48 - 26) / (64 - 26).
    check("layer_agreement", county, """
        layer          other_layer    compared   same   same_share   kappa   fleiss
        county_self    county_cross   2          1      1/2          1/3     11/19
        county_self    third_party    2          2      1            1       11/19
        county_self    city_review    2          2      1            1       11/19
        county_cross   third_party    2          1      1/2          1/3     11/19
        county_cross   city_review    2          1      1/2          1/3     11/19
        third_party    city_review    2          2      1            1       11/19
    """)  # fmt: skip


def test_layer_agreement_of_two_layers(county_of: CountyOf) -> None:
    checks = """
        household_id   layer         grade_found
        H1             city_review   A
        H1             third_party   A
        H2             city_review   A
        H2             third_party   B
        H3             city_review   B
        H3             third_party   B
        H4             city_review   C
        H4             third_party   -
        H5             third_party   D
    """
    # Compared H1 H2 H3: A A, B A, B B.  Third party A 1/3, B 2/3; city A 2/3, B 1/3: by chance 4/9, kappa
    # (6/9 - 4/9) / (5/9).  Fleiss: 2/3 alike, by chance (3/6)^2 + (3/6)^2 = 1/2: (2/3 - 1/2) / (1/2).
    check("layer_agreement", county_of(household=homes(5), dwelling_check=checks), """
        layer         other_layer   compared   same   same_share   kappa   fleiss
        third_party   city_review   3          2      2/3          2/5     1/3
    """)  # fmt: skip


def test_one_layer_agrees_with_nobody(county_of: CountyOf) -> None:
    checks = """
        household_id   layer         grade_found
        H1             city_review   A
    """
    data = county_of(dwelling_check=checks)
    assert computed("layer_agreement", data).empty
    assert computed("layer_disagreements", data).empty
    assert fraction("layers_agree", data) == (0, 0)


def test_layer_disagreements(county: CountyData, county_of: CountyOf) -> None:
    check("layer_disagreements", county, """
        household_id   county_self   county_cross   third_party   city_review
        H2             C             B              C             C
    """)  # fmt: skip
    data = county_of(household=homes(8), dwelling_check=CHECKS)
    # H1, H5 and H8 are not contradicted.
    check("layer_disagreements", data, """
        household_id   county_self   county_cross   third_party   city_review
        H2             A             A              A             C
        H3             C             A              A             B
        H4             A             B              A             B
        H6             C             C              D             D
        H7             -             A              A             D
    """)  # fmt: skip
    assert fraction("layers_agree", data) == (2, 7)  # H1 and H5; H8 was graded once


def test_homes(county: CountyData) -> None:
    # Only H1 and H2 were asked; H2 has neither television nor weatherproof openings; nobody was asked about toilets.
    check("homes", county, """
        home_item                  checked   passed   share
        has_tv                     2         1        1/2
        has_fan                    2         2        1
        has_heating                2         2        1
        has_weatherproof_openings  2         1        1/2
        courtyard_clean            2         2        1
        indoor_clean               2         2        1
        personal_clean             2         2        1
        hard_path_to_door          2         2        1
        greened                    2         2        1
        beautified                 2         2        1
    """)  # fmt: skip


def test_homes_over_who_was_asked(county_of: CountyOf) -> None:
    data = county_of(household=homes(4, sanitary_toilet=[True, False, None, False], has_tv=[None, None, False, None]))
    check("homes", data, """
        home_item         checked   passed   share
        has_tv            1         0        0
        sanitary_toilet   3         1        1/3
    """)  # fmt: skip


def test_homes_complete_is_no_where_one_item_lacks(county_of: CountyOf) -> None:
    items = dict.fromkeys(("has_fan", "has_heating", "courtyard_clean", "indoor_clean"), True)
    household = homes(4, **items, has_tv=[True, False, None, None], personal_clean=[True, True, False, True])
    # H1 complete; H2 and H3 lack one item for certain; of H4 it is unknown.
    assert fraction("homes_complete", county_of(household=household)) == (1, 3)
