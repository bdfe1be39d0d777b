"""Social help by hand: sponsors of pupils, special posts and who holds them, idle land, donations."""

from __future__ import annotations

from tests.built_county_fixtures import CountyOf, check, computed, records
from tests.county_fixtures import person, tables

from relapse_risk.assessment import INDICATORS, CountyData

BY_NAME = {item.name: item for item in INDICATORS}
# Persons of the hand-made county: P1 is 70, P2 40, P3 75 and has lost labour capacity, P4 45, P5 42, P6 10, P7 60, P8 30.


def posts(text: str) -> dict[str, object]:
    return {"special_post": records(text), "person": person()}


def test_sponsors_are_counted_once_in_each_role(county_of: CountyOf) -> None:
    sponsors = records("""
        person_id  sponsor_role  sponsor_id  fund_amount
        P6         money         X1          800
        P4         money         X1          250.5
        P5         money         X2          -
        P6         will          X3          -
        P4         will          -           -
        """)
    # In the order of the code list: will, learning, money.  Money: 800 + 250.5; that of X2 was not put down.
    check("pupil_sponsors", county_of(pupil_sponsor=sponsors, person=person()), """
        sponsor_role  pupils  sponsors  fund
        will          2       1         0
        money         3       2         1050.5
        """)  # fmt: skip


POSTS = """
    post_id  village_code  post_kind  holder_id  start_on    end_on      monthly_pay  hours_month  served_person_ids
    O1       371425101001  cleaning   P2         2020-12-31  -           300          20           -
    O2       371425101001  help_old   P4         2020-01-01  2020-12-31  300          20           P7
    O3       371425101001  help_old   P4         2020-01-01  2021-01-01  500          30           P1;P3
    O4       371425101002  help_old   P5         2020-01-01  -           -            -            P7;
    O5       371425101002  help_old   P5         2021-01-01  -           900          90           P7
    """
# On 31 December: O1 starts that day, O3 ends the day after, O4 runs on.  O2 ended that day, O5 starts the day after.


def test_posts_filled_on_the_data_date(county_of: CountyOf) -> None:
    # Help for the old: O3 serves two at 500 CNY and 30 hours; O4 one (nothing behind its semicolon), pay unknown.
    check("special_posts", county_of(**posts(POSTS)), """
        post_kind  posts  served  pay_sum  paid  pay  hours_sum  timed  hours
        help_old   2      3       500      1     500  30         1      30
        cleaning   1      0       300      1     300  20         1      20
        """)  # fmt: skip


def test_a_post_of_two_holders_is_one_post(county_of: CountyOf) -> None:
    shared = records("""
        post_id  village_code  post_kind  holder_id  start_on    monthly_pay  hours_month  served_person_ids
        O1       371425101001  help_old   P2         2020-01-01  300          20           P1
        O1       371425101001  help_old   P4         2020-02-01  200          10           P3;P7
        """)  # fmt: skip
    data = county_of(special_post=shared, person=person())
    # Three persons served, 300 + 200 of pay over two holders, 20 + 10 hours over two.
    check("special_posts", data, """
        post_kind  posts  served  pay  hours
        help_old   1      3       250  15
        """)  # fmt: skip
    found = BY_NAME["served_per_post"].compute(data)
    assert (found.numerator, found.denominator) == (3, 1)


def test_posts_of_every_town_also_of_one_without(county_of: CountyOf) -> None:
    villages = tables()["village"].assign(
        town_code=["371425101", "371425102", "371481001"], town_name_zh=["甲镇", "丙镇", "乙镇"],
        town_name_en=["Jia", "Bing", "Yi"], village_code=["371425101001", "371425102001", "371481001001"],
    )  # fmt: skip
    homes = records("""
        household_id  village_code
        H1            371425101001
        H2            371425101001
        H3            371425101001
        H4            371425102001
        """)
    filled = records(POSTS)
    filled = filled[filled["village_code"] == "371425101001"].assign(served_person_ids="P1;P3;P7")
    # O1 and O3, three served by each, for the three households of Jia: 200 / 3 for a hundred; Bing has a household and no post.
    check("posts_by_town", county_of(special_post=filled, household=homes, village=villages), """
        town       households  posts  served  posts_100  posts_per_100
        甲镇|Jia   3           2      6       200        200/3
        丙镇|Bing  1           0      0       0          0
        """)  # fmt: skip


HOLDERS = """
    person_id  household_id  birth_date  labour_capacity
    P1         H1            1950-12-31  ordinary
    P2         H1            1951-01-01  ordinary
    P3         H2            2005-01-01  ordinary
    P4         H3            2004-12-31  weak
    P5         H3            1980-01-01  lost
    P6         H3            1980-01-01  none
    P7         H4            1980-01-01  skilled
    P8         H5            1980-01-01  -
    """
# On 31 December 2020 P1 is 70 (too old), P2 69, P3 15 (too young), P4 16; P5 and P6 cannot work; of P8 nobody knows.


def test_who_may_not_hold_a_post(county_of: CountyOf) -> None:
    held = records("""
        post_id  village_code  post_kind  holder_id  start_on
        O1       371425101001  cleaning   P1         2020-01-01
        O2       371425101001  cleaning   P2         2020-01-01
        O3       371425101001  cleaning   P3         2020-01-01
        O4       371425101001  cleaning   P4         2020-01-01
        O5       371425101001  cleaning   P5         2020-01-01
        O6       371425101001  cleaning   P6         2020-01-01
        O7       371425101001  cleaning   P7         2020-01-01
        O8       371425101001  cleaning   P8         2020-01-01
        O9       371425101001  cleaning   Z9         2020-01-01
        """)
    data = county_of(special_post=held, person=records(HOLDERS))
    # P1 is 70; P3 15; P5 and P6; Z9 is nobody's member.
    check("post_checks", data, """
        post_check       persons  holders
        too_young        1        9
        too_old          1        9
        no_capacity      2        9
        not_in_register  1        9
        """)  # fmt: skip
    # P2, P4 and P7 of the seven in the register of whom it is known; nobody knows whether P8 can work.
    found = BY_NAME["post_holders_fit"].compute(data)
    assert (found.numerator, found.denominator) == (3, 7)


def test_a_holder_of_two_posts_is_one_person(county_of: CountyOf) -> None:
    held = records("""
        post_id  village_code  post_kind  holder_id  start_on
        O1       371425101001  cleaning   P5         2020-01-01
        O2       371425101001  help_old   P5         2020-01-01
        """)
    check("post_checks", county_of(special_post=held, person=records(HOLDERS)), """
        post_check       persons  holders
        too_young        0        1
        too_old          0        1
        no_capacity      1        1
        not_in_register  0        1
        """)  # fmt: skip


def test_nobody_holds_a_post(county_of: CountyOf) -> None:
    over = records("""
        post_id  village_code  post_kind  holder_id  start_on    end_on
        O1       371425101001  cleaning   P1         2020-01-01  2020-06-30
        """)
    data = county_of(special_post=over, person=person())
    assert computed("special_posts", data).empty
    check("posts_by_town", data, """
        town      households  posts  served  posts_per_100
        甲镇|Jia  5           0      0       0
        """)  # fmt: skip
    check("post_checks", data, """
        post_check       persons  holders
        too_young        0        0
        too_old          0        0
        no_capacity      0        0
        not_in_register  0        0
        """)  # fmt: skip
    assert BY_NAME["served_per_post"].compute(data).ratio is None
    assert BY_NAME["post_holders_fit"].compute(data).ratio is None


def test_pupils_from_primary_school_on(county_of: CountyOf) -> None:
    people = records("""
        person_id  household_id  student_stage
        P1         H1            preschool
        P2         H1            primary
        P3         H2            bachelor
        P4         H3            none
        P5         H3            -
        """)
    sponsors = records("""
        person_id  sponsor_role  sponsor_id
        P1         money         X1
        P2         will          X2
        P2         money         X1
        P4         money         X1
        """)
    # Of P2 and P3 only P2 is sponsored, by two; P1 is not at school yet, P4 no longer, of P5 nobody knows.
    found = BY_NAME["pupils_sponsored"].compute(county_of(person=people, pupil_sponsor=sponsors))
    assert (found.numerator, found.denominator) == (1, 2)


def test_idle_land_in_use(county_of: CountyOf) -> None:
    villages = records("""
        village_code  county_code  town_code  idle_land_mu  idle_land_type
        371425101001  371425       371425101  12.5          pond
        371425101002  371425       371425101  0             pond
        371425101003  371425       371425101  0.5           pond
        371425101004  371425       371425101  3             homestead
        371425101005  371425       371425101  -             scattered
        371481001001  371481       371481001  90            pond
        """)
    # Homesteads before ponds; 12.5 + 0.5 mu; nothing, and nobody knows, are no village; the last is of another county.
    check("idle_land", county_of(village=villages), """
        idle_land_type  villages  area
        homestead       1         3
        pond            2         13
        """)  # fmt: skip


def test_donations_are_the_facts_that_start_with_the_word(county_of: CountyOf) -> None:
    said = records("""
        fact_id  county_code  metric                  value  unit        confidence
        1        371425       donations of Companies  12.5   10,000 CNY  documented
        2        371425       Donation of books       300    books       assumed
        3        371425       funds by donation       1      CNY         assumed
        4        371425       donation of rice        -      -           from_memory
        5        371481       donation of coal        4      t           documented
        6        371425       -                       9      CNY         assumed
        """)
    # Two start with it (a capital letter is another word); 5 is the neighbour's.
    check("donations", county_of(place_fact=said), """
        metric                  value  unit        confidence
        donations_of_companies  12.5   10,000 CNY  documented
        donation_of_rice        -      -           from_memory
        """)  # fmt: skip


def test_a_county_of_which_no_fact_is_known(county: CountyData) -> None:
    assert computed("donations", county).empty
