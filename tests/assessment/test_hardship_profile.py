"""Need before aid and priority after it, by hand: means, tenths, the curve of aid and how far ranks move."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from tests.built_county_fixtures import CountyOf, check, computed, records
from tests.county_fixtures import person, scores

from relapse_risk.assessment import INDICATORS, CountyData
from relapse_risk.scores import Scores

BY_NAME = {item.name: item for item in INDICATORS}
NOBODY = Scores(None, None, None, None, None, None)
# Needs of the hand-made county: H1 10, H2 50, H3 30, H4 20, H5 40; priorities 10, 45, 24, 20, 40.  Aid in cash within the
# year: H3 1,000 (three persons) and H2 500; what H1 got is of 2019.
TWELVE = """
    household_id  town_code  need  priority  sub_income  sub_house  sub_none  rank_county_low  rank_county_high
    X01           371425101  100   80        90          -          -         1                3
    X02           371425101  100   90        80          10         -         1                2
    X03           371425101  0     0         0           20         -         10               10
    X04           371425101  9.9   10        10          -          -         8                11
    X05           371425102  10    -         20          30         -         -                -
    X06           371425102  20    20        -           -          -         5                9
    X07           371425102  50    50        30          -          -         3                5
    X08           371425102  60    40        40          40         -         2                6
    X09           371425102  -     70        99          99         -         1                11
    X10           371425102  30    30        50          50         -         4                8
    X11           371425102  40    40        60          60         -         4                7
    """
# X09 has no need and is left out everywhere.  Ten are left: the neediest tenth is one, X01, the first of the two with 100.


def with_needs(county: CountyData, text: str = TWELVE, card: dict[str, object] | None = None) -> CountyData:
    return replace(county, scores=replace(NOBODY, hardship=records(text), index_card=card), _kept={})


def test_need_by_town_the_neediest_first(county: CountyData) -> None:
    # Jia: 100 100 0 9.9; mean 209.9 / 4, ninth decile at the 2.7th step of 0 9.9 100 100: 100.  Priorities 180 of four.
    # The other town: 10 20 30 40 50 60; mean 210 / 6 = 35, ninth decile at 4.5: 55; priorities 180 (X05 has none) of six.
    check("hardship_by_town", with_needs(county), """
        town       scored  need_sum  mean_need  p90_need  priority_sum  mean_priority  top_tenth
        甲镇|Jia   4       209.9     52.475     100       180           45             1
        371425102  6       210       35         55        180           30             0
        """)  # fmt: skip


def test_households_by_class_of_need_and_of_priority(county: CountyData) -> None:
    # Needs 0 and 9.9 are below 10; 10 to 60 are each the lower edge of a class; 100 belongs to the last.
    # Priorities 0 10 20 30 40 40 50 80 90.
    check("hardship_histogram", with_needs(county), """
        index_band  by_need  by_priority
        0–10        2        1
        10–20       1        1
        20–30       1        1
        30–40       1        1
        40–50       1        2
        50–60       1        1
        60–70       1        0
        70–80       0        0
        80–90       0        1
        90–100      2        1
        """)  # fmt: skip


def test_sub_indexes_of_all_and_of_the_neediest_tenth(county: CountyData) -> None:
    card = {"weights": [["income", "收入", "Income", 25.0]]}
    # Income: 90 80 0 10 20 30 40 50 60 = 380 of nine (of X06 it is not known); X01 90.  Housing: 10 20 30 40 50 60 = 210
    # of six; of X01 it is not known.  sub_none was never computed.
    check("hardship_profile", with_needs(county, card=card), """
        subindex     all_sum  scored  all    top_sum  top_scored  top_tenth
        收入|Income  380      9       380/9  90       1           90
        sub_house    210      6       35     0        0           -
        """)  # fmt: skip


def test_how_far_ranks_move(county: CountyData) -> None:
    # Widths: X01 2, X02 1, X03 0, X04 3, X06 4, X07 2, X08 4, X10 4, X11 3; X05 has none.
    # 0 1 2 2 3 3 4 4 4: the median is 3, the ninth decile at step 7.2: 4.  The neediest tenth is X01.
    check("rank_stability", with_needs(county), """
        group      households  median_width  p90_width
        all        9           3             4
        top_tenth  1           2             2
        """)  # fmt: skip


def test_the_neediest_tenth_of_twenty_are_two(county: CountyData) -> None:
    twenty = pd.DataFrame({"household_id": [f"X{k}" for k in range(20)], "town_code": ["371425101"] * 10 + ["371425102"] * 10,
                           "need": [float(k) for k in range(20)], "priority": 1.0})  # fmt: skip
    data = replace(county, scores=replace(NOBODY, hardship=twenty), _kept={})
    found = computed("hardship_by_town", data)
    assert found["top_tenth"].tolist() == [2, 0]  # 18 and 19 live in the second town, which has the higher mean


def test_by_tenth_of_need(county: CountyData) -> None:
    # Five households: the k-th neediest is in tenth 2k.
    check("need_priority", county, """
        tenth  scored  need_sum  need  priority_sum  priority  aid_sum  heads  aid_per_head
        2      1       50        50    45            45        500      1      500
        4      1       40        40    40            40        0        1      0
        6      1       30        30    24            24        1000     3      1000/3
        8      1       20        20    20            20        0        1      0
        10     1       10        10    10            10        0        2      0
        """)  # fmt: skip


def test_tenths_of_three_households_begin_where_the_share_does(county: CountyData) -> None:
    few = scores().hardship
    assert few is not None
    few = few[few["household_id"].isin(["H1", "H2", "H3"])]
    data = replace(county, scores=replace(NOBODY, hardship=few), _kept={})
    # A third is the end of the fourth tenth (10 / 3 = 3.33), two thirds of the seventh.
    assert computed("need_priority", data)["tenth"].tolist() == ["4", "7", "10"]


def test_the_curve_of_aid_from_the_neediest_on(county: CountyData) -> None:
    # 1,500 CNY: H2 (a fifth of the households) has a third; H5 nothing; H3 the rest, and H4 and H1 nothing.
    # Within a fifth the curve is a line: a quarter of the third after 5 %, and so on.
    third = 1 / 3
    steps = [0, third / 4, third / 2, third * 3 / 4, third, third, third, third, third]
    steps += [third + k / 4 * 2 / 3 for k in (1, 2, 3)] + [1.0] * 9
    found = computed("aid_curve", county)
    assert found["population"].tolist() == pytest.approx([k / 20 for k in range(21)])
    assert found["aid"].tolist() == pytest.approx(steps)


def test_without_aid_there_is_no_curve_and_without_cash_no_priority(county_of: CountyOf) -> None:
    bare = county_of(scores=scores())
    assert computed("aid_curve", bare).empty
    nothing = BY_NAME["aid_to_neediest_fifth"].compute(bare)
    assert (nothing.numerator, nothing.denominator) == (0, 0)
    # Aid was not collected: what comes after it is not known, and is not need.
    check("hardship_by_town", bare, """
        town      scored  mean_need  p90_need  mean_priority  top_tenth
        甲镇|Jia  5       30         46        -              1
        """)  # fmt: skip
    assert computed("hardship_histogram", bare)["by_priority"].isna().all()


def test_who_the_neediest_are(county_of: CountyOf) -> None:
    data = county_of(scores=scores(), person=person())
    # The neediest is H2: 75, alone, severely disabled, without a carer.  All five: old only H2 and H4; a child at school
    # with H3, where nobody works; unable H2 and H4 (60 that day); alone H2, H4 and H5.  Nobody is seriously ill.
    # Who is married was not asked, but H3 has two adults and the others have no child.
    check("top_tenth_segments", data, """
        segment            top_n  top_all  top_share  all_n  all_all  all_share
        elderly_only       1      1        1          2      5        0.4
        severe_disability  1      1        1          1      5        0.2
        no_labour          1      1        1          2      5        0.4
        without_care       1      1        1          1      5        0.2
        sole_person        1      1        1          3      5        0.6
        serious_illness    0      1        0          0      5        0
        children           0      1        0          1      5        0.2
        pupils             0      1        0          1      5        0.2
        single_parent      0      1        0          0      5        0
        zero_employment    0      1        0          1      5        0.2
        """)  # fmt: skip


def test_who_was_not_scored_is_in_neither_column(county_of: CountyOf) -> None:
    some = scores()
    assert some.hardship is not None
    kept = replace(some, hardship=some.hardship[some.hardship["household_id"] != "H4"])
    found = computed("top_tenth_segments", county_of(scores=kept, person=person())).set_index("segment")
    assert found.loc["elderly_only", ["all_n", "all_all"]].tolist() == [1, 4]


def test_nobody_was_scored(county: CountyData) -> None:
    data = with_needs(county, "\n".join([*TWELVE.splitlines()[:2], TWELVE.splitlines()[10]]))
    for name in ("hardship_by_town", "need_priority", "aid_curve", "hardship_profile"):
        assert computed(name, data).empty, name
    assert computed("rank_stability", data)["households"].tolist() == [0, 0]
    assert BY_NAME["mean_need"].compute(data).ratio is None
