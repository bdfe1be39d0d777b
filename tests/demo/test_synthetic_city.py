"""Invariants of the register: keys, references, ages, sizes, the income identity, months that move."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from relapse_risk.register import Register
from relapse_risk.schema import tables

WAVES = ["2015-12", "2016-12", "2017-12", "2018-12", "2019-12"]
MONTHS = [f"2020-{month:02d}" for month in range(1, 13)]
# A month without seeded errors.
CLEAN = "2020-11"


@pytest.fixture(params=["city", "small"])
def any_city(request: pytest.FixtureRequest) -> Register:
    found: Register = request.getfixturevalue(request.param)
    return found


def test_every_table_has_rows(any_city: Register) -> None:
    assert [name for name in tables() if not any_city.has(name)] == []


def test_every_county_has_households(any_city: Register) -> None:
    assert len(any_city.counties) == 11


def test_the_waves_and_the_months_of_2020(any_city: Register) -> None:
    assert list(any_city.months) == [*WAVES, *MONTHS]


def test_every_december_of_a_household_has_one_income(any_city: Register) -> None:
    lacking = any_city.query(
        "select count(*) from household h left join income i on i.household_id = h.household_id "
        "and i.period_end = h.snapshot_month where h.snapshot_month like '%-12' and i.household_id is null"
    )
    assert lacking.iloc[0, 0] == 0


@pytest.mark.parametrize("month", [*WAVES, "2020-03", CLEAN])
def test_household_size_counts_living_members(any_city: Register, month: str) -> None:
    wrong = any_city.query(
        "select count(*) from household h left join (select household_id, count(*) as members from person "
        f"where snapshot_month = '{month}' and deceased_on is null group by 1) p using (household_id) "
        f"where h.snapshot_month = '{month}' and h.household_size <> coalesce(members, 0)"
    )
    assert wrong.iloc[0, 0] == 0


@pytest.mark.parametrize("month", ["2016-12", CLEAN])
def test_each_household_has_one_living_head_of_age(any_city: Register, month: str) -> None:
    heads = any_city.query(
        f"select h.household_id, count(p.person_id) as heads, min(date_diff('year', p.birth_date, date '{month}-28')) "
        "as age from household h left join person p on p.person_id = h.head_person_id and p.snapshot_month = "
        f"h.snapshot_month and p.relation_to_head = 'head' and p.deceased_on is null where h.snapshot_month = '{month}' "
        "group by 1"
    )
    assert (heads["heads"] == 1).all()
    assert (heads["age"] >= 16).all()


def test_nobody_is_older_than_a_parent_by_less_than_seventeen_years(any_city: Register) -> None:
    pairs = any_city.query(
        "select min(date_diff('year', h.birth_date, c.birth_date)) from person c join person h "
        f"on h.household_id = c.household_id and h.snapshot_month = c.snapshot_month where c.snapshot_month = '{CLEAN}' "
        "and h.relation_to_head = 'head' and c.relation_to_head in ('son', 'daughter', 'grandchild')"
    )
    assert pairs.iloc[0, 0] >= 17


def test_income_parts_do_not_exceed_their_totals(any_city: Register) -> None:
    wrong = any_city.query(
        "select count(*) from income where period_end < '2020-12' and (dibao_received + tekun_received + "
        "pension_received + eco_compensation > transfer_income or asset_dividend > property_income)"
    )
    assert wrong.iloc[0, 0] == 0


def test_aid_follows_its_dates(any_city: Register) -> None:
    wrong = any_city.query(
        "select count(*) from assistance_record where item_code not in ('WJ02', 'MZ09', 'YB05') and not "
        "(applied_on <= accepted_on and accepted_on <= decided_on and decided_on <= delivered_on)"
    )
    assert wrong.iloc[0, 0] == 0


def test_months_move(city: Register) -> None:
    """Deaths, work, health, monitoring and relief differ between months."""
    for column, table in (
        ("employment_status", "person"),
        ("health_status", "person"),
        ("disability_level", "person"),
        ("monitor_type", "household"),
        ("relief_status", "household"),
        ("dwelling_grade", "household"),
        ("courtyard_clean", "household"),
        ("household_size", "household"),
    ):
        key = "person_id" if table == "person" else "household_id"
        moved = city.query(
            f"select count(*) from {table} a join {table} b using ({key}) where a.snapshot_month = '2020-03' "
            f"and b.snapshot_month = '2020-04' and a.{column} <> b.{column}"
        )
        assert moved.iloc[0, 0] > 0, column


def test_work_away_collapses_in_february_and_recovers(city: Register) -> None:
    away = city.query(
        "select snapshot_month, count(*) as n from person where employment_status = 'away' and snapshot_month like "
        "'2020%' group by 1 order by 1"
    ).set_index("snapshot_month")["n"]
    assert away["2020-02"] < 0.8 * away["2020-12"]
    assert away["2020-06"] > 0.9 * away["2020-12"]


def test_leaving_follows_income(city: Register) -> None:
    """Who left between 2018 and 2019 and did not die out was better off: leaving is attrition one must model."""
    income = city.query(
        "with pc as (select household_id, (wage_income + business_gross - business_cost + property_income + "
        "transfer_income) / household_size as v from income join household using (household_id) where period_end = "
        "'2018-12' and snapshot_month = '2018-12') select household_id in (select household_id from household where "
        "snapshot_month = '2019-12') as stays, median(v) as v from pc group by 1"
    ).set_index("stays")["v"]
    assert income[False] > 1.05 * income[True]


def test_ids_are_impossible_but_well_formed(any_city: Register) -> None:
    """Region 999999 does not exist; the last character is right (GB 11643), seeded errors apart."""
    numbers = any_city.read_identity()["id_number"]
    assert numbers.str.startswith("999999").all()
    whole = numbers[numbers.str.len() == 18]
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]

    def right(number: str) -> bool:
        return "10X98765432"[sum(w * int(d) for w, d in zip(weights, number, strict=False)) % 11] == number[17]

    sample = whole.iloc[:: max(len(whole) // 2000, 1)]
    assert sample.map(right).mean() > 0.99


def test_names_are_invented_from_common_characters(any_city: Register) -> None:
    """Every Chinese word of the register can be written in GB 2312."""
    texts = pd.concat(
        [
            any_city.read_identity()["person_name"],
            any_city.read("village")["village_name_zh"],
            any_city.read("village")["town_name_zh"],
            any_city.read("assignment")["unit_name"],
        ]
    ).unique()
    assert all(text.encode("gb2312") for text in texts)
    assert all(re.fullmatch(r"[\u4e00-\u9fff]+", text) for text in texts)


def test_towns_and_villages_are_named_once_where_they_are(city: Register) -> None:
    towns = city.query("select count(distinct town_code) as codes, count(distinct town_name_zh) as names from village")
    assert towns["codes"].iloc[0] == towns["names"].iloc[0]
    twice = city.query(
        "select count(*) from (select 1 from village group by town_code, village_name_zh having count(*) > 1)"
    )
    assert twice.iloc[0, 0] == 0
    per_county = city.query("select county_code, count(distinct town_code) as n from village group by 1")
    assert per_county["n"].between(3, 15).all()


def test_edge_households_enter_when_they_are_identified(city: Register) -> None:
    first = city.query(
        "select household_id, min(snapshot_month) as first, min(monitor_identified_on) as identified from household "
        "where register_year is null group by 1"
    )
    assert len(first) > 100
    assert (first["first"] == first["identified"].dt.strftime("%Y-%m")).all()


def test_all_have_exited_by_the_end_of_2020(city: Register) -> None:
    open_ = city.query(
        "select count(*) from household where snapshot_month = '2020-12' and register_year is not null and not policy_enjoying"
    )
    assert open_.iloc[0, 0] == 0
