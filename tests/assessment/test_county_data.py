"""What a county's facts are computed from, by hand: counts, shares and means, in a register and in a sample."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from relapse_risk.assessment import CountyData
from relapse_risk.assessment.county_data import counted, hits, in_code_order, in_last_year, share, up_to

DAY = date(2020, 12, 31)
LACKS = pd.array([True, False, None, True, False], dtype="boolean")  # H1 to H5


def sampled(county: CountyData) -> CountyData:
    """The same five households, standing for 1, 2, 3, 4 and 5 each."""
    data = replace(county, _kept={})
    data.once("now", lambda: county.now.assign(weight=[1.0, 2.0, 3.0, 4.0, 5.0]))
    return data


def flags(data: CountyData) -> pd.Series:
    return pd.Series(LACKS, index=data.now.index)


def test_households_are_counted_or_weighed(county: CountyData) -> None:
    """H1 and H4 of the four that answered; as a sample 1 + 4 of 1 + 2 + 4 + 5."""
    found = county.households(flags(county))
    assert (found.numerator, found.denominator, found.low, found.weighted) == (2.0, 4.0, None, False)
    inside = pd.Series(pd.array([True, True, True, None, False], dtype="boolean"), index=county.now.index)
    few = county.households(flags(county), inside)
    assert (few.numerator, few.denominator) == (1.0, 2.0)  # of H1 and H2
    weighed = sampled(county).households(flags(county))
    assert (weighed.numerator, weighed.denominator, weighed.population, weighed.cases, weighed.n, weighed.weighted) == (
        5.0,
        12.0,
        12.0,
        2.0,
        4.0,
        True,
    )
    assert weighed.ratio == pytest.approx(5 / 12)
    assert weighed.low is not None
    assert weighed.low < 5 / 12 < weighed.high
    # Residuals w (x - 5/12) / 12: 7, -10, 28, -25 in 144ths; se = sqrt(4/3 (49 + 100 + 784 + 625)) / 144.
    assert weighed.se == pytest.approx((4 / 3 * 1558) ** 0.5 / 144)


def test_members_count_the_persons_of_their_household(county: CountyData) -> None:
    """H1 two, H2 one, H3 three (no answer), H4 one, H5 one; as a sample times the weight; an unknown size is one."""
    found = county.members(flags(county))
    assert (found.numerator, found.denominator) == (3.0, 5.0)
    inside = pd.Series([True, True, True, False, False], index=county.now.index)
    assert (county.members(flags(county), inside).numerator, county.members(flags(county), inside).denominator) == (
        2.0,
        3.0,
    )
    weighed = sampled(county).members(flags(county))
    assert (weighed.numerator, weighed.denominator, weighed.cases, weighed.n, weighed.weighted) == (
        6.0,
        13.0,
        2.0,
        4.0,
        True,
    )
    unknown = replace(county, _kept={})
    unknown.once("now", lambda: county.now.assign(size=pd.array([2, 1, 3, None, 1], dtype="Int64")))
    assert (unknown.members(flags(county)).numerator, unknown.members(flags(county)).denominator) == (3.0, 5.0)


def test_a_mean_leaves_out_what_is_unknown(county: CountyData) -> None:
    values, weight = pd.Series([10.0, 20.0, None, 40.0]), pd.Series([1.0, 3.0, 5.0, None])
    found = county.mean(values, weight)
    assert (found.numerator, found.denominator, found.ratio, found.low, found.weighted) == (
        70.0,
        4.0,
        17.5,
        None,
        False,
    )
    assert (found.n, found.cases) == (2.0, 2.0)
    weighed = sampled(county).mean(values, weight)
    # Residuals 1 x -7.5 / 4 and 3 x 2.5 / 4: se = sqrt(2 x 2 x 1.875^2) = 3.75.
    assert weighed.se == pytest.approx(3.75)
    # Student's t with one degree of freedom (two answers): 12.7062.
    assert (weighed.low, weighed.high) == pytest.approx((17.5 - 12.706205 * 3.75, 17.5 + 12.706205 * 3.75), abs=1e-4)
    assert weighed.weighted


def test_what_a_sample_adds_to_a_value(county: CountyData) -> None:
    assert county.of_sample(7) == {}
    added = sampled(county).of_sample(7)
    assert pd.isna(added["cases"])
    assert (added["n"], added["weighted"]) == (7.0, True)
    assert county.weights(pd.Series(["H2", "H9"])).fillna(-1).tolist() == [1.0, -1.0]
    assert sampled(county).weights(pd.Series(["H2", "H1"])).tolist() == [2.0, 1.0]


def test_tables_are_those_of_the_county_and_the_month(county: CountyData) -> None:
    assert county.table("person")["person_id"].tolist() == [f"P{i}" for i in range(1, 9)]
    assert set(county.table("income")["period_end"]) == {"2020-12", "2019-12"}
    assert county.table("person") is county.table("person")
    assert (county.day, county.year, county.limit("small_cell")) == (DAY, "2020", 5)
    assert county.towns == {"371425101": "甲镇|Jia"}
    assert county.villages == {code: f"{code}|{code}" for code in ("371425101001", "371425101002")}
    assert county.town_of["H5"] == "371425101"
    assert county.persons["age"].tolist()[0] == 70


def test_the_period_before_is_the_same_county_then(county: CountyData) -> None:
    earlier = county.earlier
    assert earlier is not None
    assert (earlier.county, earlier.month, earlier.previous) == ("371425", "2019-12", None)
    assert earlier.parameters is county.parameters
    assert earlier.place is county.place
    assert earlier.scores is county.scores
    assert county.before["income_pc_year"].tolist() == [4000.0, 7200.0, 4000.0, 4800.0, 10000.0]
    alone = replace(county, previous=None, _kept={})
    assert alone.earlier is None
    assert len(alone.before) == 0


def test_counts_by_town_carry_its_name_first(county: CountyData) -> None:
    found = county.by_town(pd.DataFrame({"households": [4, 1]}, index=["371425101", "371425999"]))
    assert found.to_dict("list") == {"town": ["甲镇|Jia", "371425999"], "households": [4, 1]}
    assert list(found.columns) == ["town", "households"]


def test_rows_up_to_a_day_and_of_the_year_before_it() -> None:
    days = pd.to_datetime(["2019-12-31", "2020-01-01", "2020-12-31", "2021-01-01", None])
    frame = pd.DataFrame({"on": days, "name": list("abcde")})
    assert up_to(frame, "on", DAY)["name"].tolist() == ["a", "b", "c"]
    assert in_last_year(frame, "on", DAY)["name"].tolist() == ["b", "c"]


def test_unknown_is_no_hit_and_no_answer() -> None:
    answers = pd.Series(pd.array([True, None, False, True], dtype="boolean"))
    assert hits(answers) == 2
    found = share(answers)
    assert (found.numerator, found.denominator) == (2.0, 3.0)
    by = pd.Series(["b", "a", "b", "a"])
    table = counted({"yes": answers, "all": pd.Series([True] * 4)}, by)
    assert table.index.tolist() == ["a", "b"]
    assert table.to_dict("list") == {"yes": [1, 1], "all": [2, 2]}


def test_rows_in_the_order_of_their_code_list() -> None:
    frame = pd.DataFrame({"n": [1, 2, 3]}, index=["c", "x", "a"])
    assert in_code_order(frame, ("a", "b", "c"), "word").to_dict("list") == {"word": ["a", "c"], "n": [3, 1]}
