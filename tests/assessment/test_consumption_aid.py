"""Products, their sales and idle land by hand: what counts as this year, as traced, and as a promise kept."""

from __future__ import annotations

import pandas as pd
from tests.built_county_fixtures import CountyOf, check, computed, records

from relapse_risk.assessment import INDICATORS

BY_NAME = {item.name: item for item in INDICATORS}
PRODUCTS = """
    product_id  county_code  product_class
    D1          371425       pears
    D2          371425       pears
    D3          371425       eggs
    D4          371425       honey
    D9          371481       pears
    """
SALES = """
    sale_id  product_id  sold_on     sale_amount  household_id  household_amount
    L1       D1          2019-12-31  900          H1            900
    L2       D1          2020-01-01  100          H1            60
    L3       D1          2020-12-31  50           H1            -
    L4       D1          2021-01-01  900          H2            900
    L5       D2          2020-05-01  250          -             -
    L6       D2          2020-06-01  25           -             99
    L7       D3          2020-05-01  300          H2            200
    L8       D3          2020-05-01  -            H4            20
    L9       D9          2020-05-01  777          K1            777
    """


def test_the_directory_by_class(county_of: CountyOf) -> None:
    data = county_of(product=records(PRODUCTS), product_sale=records(SALES))
    # Pears: 100 + 50 of D1, both traced to H1, and 250 + 25 of D2; of the traced H1 got 60 and an unknown sum (L6 names
    # nobody).  Eggs: 300 traced to H2, a sum that nobody wrote down to H4; 200 + 20.  Honey did not sell.
    check("products", data, """
        product_class  products  sold  sales  traced_sales  traced_share  households  to_households
        pears          2         2     425    150           150/425       1           60
        eggs           1         1     300    300           1             2           220
        honey          1         0     0      0             -             0           0
        """)  # fmt: skip
    found = BY_NAME["sales_traced"].compute(data)
    assert (found.numerator, found.denominator) == (450, 725)


def test_products_that_sold_and_lead_to_nobody_largest_first(county_of: CountyOf) -> None:
    more = pd.concat([records(SALES), records("""
        sale_id  product_id  sold_on     sale_amount
        L10      D4          2020-02-29  1000
        L11      D9          2020-02-29  5000
        """)])  # fmt: skip
    # D1 and D3 are traced, D9 is the neighbour's.
    check("untraced_products", county_of(product=records(PRODUCTS), product_sale=more), """
        product_id  product_class  sales
        D4          honey          1000
        D2          pears          275
        """)  # fmt: skip


def test_nothing_was_sold_this_year(county_of: CountyOf) -> None:
    old = records(SALES).iloc[:1]
    data = county_of(product=records(PRODUCTS), product_sale=old)
    check("products", data, """
        product_class  products  sold  sales  traced_sales  traced_share  households  to_households
        eggs           1         0     0      0             -             0           0
        honey          1         0     0      0             -             0           0
        pears          2         0     0      0             -             0           0
        """)  # fmt: skip
    assert computed("untraced_products", data).empty
    assert BY_NAME["sales_traced"].compute(data).ratio is None


PARCELS = """
    parcel_id  year  village_code  land_type  area_mu  parcel_income  to_collective  to_households  households_paid
    B1         2020  371425101001  pond       10       12400          10000          2400           3
    B2         2020  371425101002  pond       20       12399          9999           2400           4
    B3         2020  371425101002  pond       5        10000          10000          0              0
    B4         2020  371425101001  homestead  2.5      1598           -              1598           2
    B5         2020  371425101001  homestead  1        900            0              900            -
    B1         2019  371425101001  pond       10       99999          99999          99999          9
    B9         2020  371481001001  pond       10       99999          99999          99999          9
    """
# A household: B1 800 (the promise exactly), B2 600, B3 nothing, B4 799; of B5 nobody knows how many were paid.
# The village: B1 and B3 10,000 (the promise exactly), B2 one yuan less, B4 unknown, B5 nothing.


def test_idle_land_by_type(county_of: CountyOf) -> None:
    data = county_of(land_parcel=records(PARCELS))
    # Ponds: 35 mu, 12,400 + 12,399 + 10,000 = 34,799 of income, 10,000 + 9,999 + 10,000 = 29,999 to the collective and
    # 4,800 to 7 households.  Homesteads: 3.5 mu, 2,498, nothing known but 0, 2,498 to households; a household of the two
    # whose number is known got 1,598 / 2.
    check("parcels", data, """
        idle_land_type  parcels  area  parcel_income  to_collective  to_households  household_part  households  per_household  village_met  household_met
        homestead       2        3.5   2498           0              2498           1               2           799            0            0
        pond            3        35    34799          29999          4800           4800/34799      7           4800/7         2            1
        """)  # fmt: skip
    part, each = (BY_NAME[f"idle_land_{name}"].compute(data) for name in ("household_part", "per_household"))
    assert (part.numerator, part.denominator) == (2498 + 4800, 2498 + 34799)
    assert (each.numerator, each.denominator) == (1598 + 4800, 2 + 7)


def test_parcels_short_of_the_promise_the_shortest_first(county_of: CountyOf) -> None:
    # 0, 600 and 799 CNY; at 800 the promise is kept, and of B5 nobody can say.
    check("parcels_short", county_of(land_parcel=records(PARCELS)), """
        town      village                    area  to_collective  to_households  per_household
        甲镇|Jia  371425101002|371425101002  5     10000          0              0
        甲镇|Jia  371425101002|371425101002  20    9999           2400           600
        甲镇|Jia  371425101001|371425101001  2.5   -              1598           799
        """)  # fmt: skip


def test_only_the_twenty_parcels_furthest_short_are_listed(county_of: CountyOf) -> None:
    # 21 parcels that gave one household 1, 2, … 21 CNY: the last is left out.
    many = pd.DataFrame(
        {"parcel_id": [f"B{k:02d}" for k in range(1, 22)], "year": 2020, "village_code": "371425101001",
         "land_type": "pond", "area_mu": 1.0, "to_households": [float(k) for k in range(21, 0, -1)], "households_paid": 1}
    )  # fmt: skip
    found = computed("parcels_short", county_of(land_parcel=many))
    assert found["per_household"].tolist() == list(range(1, 21))


def test_no_parcel_this_year(county_of: CountyOf) -> None:
    data = county_of(land_parcel=records(PARCELS).iloc[5:6])
    assert computed("parcels", data).empty
    assert computed("parcels_short", data).empty
    assert BY_NAME["idle_land_household_part"].compute(data).ratio is None
