"""The two home checklists and what the layers of dwelling checks contradict each other in, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.assessment.test_guarantees import CHECKS
from tests.built_county_fixtures import CountyOf, check, computed
from tests.fact_rows import TWO_TOWNS, fraction, homes

from relapse_risk.assessment import CountyData
from relapse_risk.assessment.sections.homes import CHECKLISTS


def with_items(lacking: dict[str, str], unknown: dict[str, str], n: int) -> pd.DataFrame:
    """``n`` households with every item of both lists but those ``lacking`` and ``unknown`` (item by item, words apart)."""
    household = homes(n, **dict.fromkeys(CHECKLISTS["one_two_three_four"], True)).set_index("household_id", drop=False)
    for answers, value in ((lacking, False), (unknown, None)):
        for name, items in answers.items():
            for item in items.split():
                household[item] = household[item].astype("object")
                household.loc[name, item] = value
    return household.reset_index(drop=True)


@pytest.fixture
def seven(county_of: CountyOf) -> CountyData:
    """H1 has everything; H2 H3 lack a television, H4 greenery, H5 two items; H6 one, another unknown; H7 one unknown."""
    lacking = {"H2": "has_tv", "H3": "has_tv", "H4": "greened", "H5": "greened has_fan", "H6": "greened"}
    household = with_items(lacking, {"H6": "has_heating", "H7": "hard_path_to_door"}, 7)
    household["village_code"] = ["371425101001"] * 3 + ["371425102001"] * 4
    return county_of(village=TWO_TOWNS, household=household)


def test_home_checklists(county: CountyData, seven: CountyData) -> None:
    # H1 has everything; H2 lacks the television (three and three) and the openings too; the others were not asked.
    check("home_checklists", county, """
        checklist            checked   complete   one_short   more_short   share
        three_three          2         1          1           0            1/2
        one_two_three_four   2         1          0           1            1/2
    """)  # fmt: skip
    # Three and three holds neither greenery nor path: H1 H4 H7 complete, H2 H3 H5 (fan) one short; of H6 (heating) it is
    # not known.  The long list: H1; H2 H3 H4 one short, H5 two; H6 lacks one and another is not known, so that it is not
    # complete, and by how much is not known; of H7, whose other items are there, nothing is known.
    check("home_checklists", seven, """
        checklist            checked   complete   one_short   more_short   share
        three_three          6         3          3           0            1/2
        one_two_three_four   6         1          3           1            1/6
    """)  # fmt: skip


def test_home_worklist(county: CountyData, seven: CountyData) -> None:
    # H2 of the hand-made county lacks two items: nobody there is one short.
    assert computed("home_worklist", county)["households"].sum() == 0
    check("home_worklist", seven, """
        home_item                   households
        has_tv                      2
        greened                     1
        hard_path_to_door           0
        beautified                  0
        courtyard_clean             0
        indoor_clean                0
        personal_clean              0
        has_fan                     0
        has_heating                 0
        has_weatherproof_openings   0
    """)  # fmt: skip


def test_homes_by_town(seven: CountyData) -> None:
    # Jia H1 H2 H3: H1 complete in both.  Yi H4 to H7: three and three known of H4 H5 H7, complete H4 H7; the long list
    # known of H4 H5 H6, complete none.  Lowest share of the long list first.
    check("homes_by_town", seven, """
        town      households   three_three_n   three_three_known   three_three   one_two_three_four_n   one_two_three_four_known   one_two_three_four
        乙镇|Yi    4            2               3                   2/3           0                      3                          0
        甲镇|Jia   3            1               3                   1/3           1                      3                          1/3
    """)  # fmt: skip


def test_environment_complete(county_of: CountyOf) -> None:
    # H1 complete, H2 one short, of H3 one item is not known.
    household = with_items({"H2": "greened"}, {"H3": "greened"}, 3)
    assert fraction("environment_complete", county_of(household=household)) == (1, 2)


def test_what_lacks_one_item_is_not_complete(county_of: CountyOf) -> None:
    household = with_items({"H2": "greened"}, {"H2": "has_tv"}, 2)
    assert fraction("environment_complete", county_of(household=household)) == (1, 2)


def test_homes_nobody_asked_about(county_of: CountyOf) -> None:
    data = county_of(household=homes(2))
    assert computed("home_checklists", data).empty
    assert computed("homes", data).empty
    assert fraction("environment_complete", data) == (0, 0)


def test_danger_overlooked_by_one_layer(county: CountyData) -> None:
    # H1 A A A A; H2 C B C C: one layer saw no danger where the last found it.
    check("dwelling_disputes", county, """
        dispute                dwellings
        all_alike              1
        danger_overlooked      1
        danger_not_confirmed   0
        grade_only             0
        layer_missing          0
    """)  # fmt: skip


def test_dwelling_disputes_of_every_kind(county_of: CountyOf) -> None:
    # Self, cross, third, city:  H1 A A A A alike.  H2 A A A C and H7 - A A D: danger overlooked.  H3 C A A B: danger not
    # confirmed.  H4 A B A B and H6 C C D D: only the grade.  H5, H7 and H8 lack a layer.
    check("dwelling_disputes", county_of(household=homes(8), dwelling_check=CHECKS), """
        dispute                dwellings
        all_alike              1
        danger_overlooked      2
        danger_not_confirmed   1
        grade_only             2
        layer_missing          3
    """)  # fmt: skip
