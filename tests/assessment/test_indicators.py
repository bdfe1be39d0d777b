"""Every indicator on the hand-made county of ``conftest.py``; each expected value is worked out beside it."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest

from relapse_risk.assessment import INDICATORS, TABLES, CountyData
from relapse_risk.assessment.indicators import county_samples, indicator_rows, verdict, with_city
from relapse_risk.assessment.sections.risk_of_relapse import risk_reasons
from relapse_risk.measures import Fraction, Indicator
from relapse_risk.measures.fact_tables import Direction, Kind, Unit
from relapse_risk.parameters import read_place

BY_NAME = {item.name: item for item in INDICATORS}
# Per head: H1 5,000 (2 persons), H2 3,600, H3 4,200 (3 persons), H4 4,800, H5 20,000.  Poverty line 4,000 (2020),
# monitoring line 5,000; sums of income 10,000 + 3,600 + 12,600 + 4,800 + 20,000 = 51,000, a year before 42,000.
EXPECTED: dict[str, tuple[float, float]] = {
    "elderly_share": (3, 8),  # P1 70, P3 75, P7 60 on the very day
    "no_labour_households": (2, 5),  # H2 (lost capacity) and H4 (60)
    "mean_household_size": (8, 5),
    "officer_coverage": (4, 5),  # H5 has none
    "village_coverage": (1, 2),
    "visited_in_time": (2, 5),  # H1 21 days, H3 0; H2 is weekly and 11 days late, H5 46 days, H4 never
    "help_week_visits": (1, 5),  # H3
    "visited_by_risk": (1, 5),  # H2 weekly, H1 scored high (21 days), H3 and H4 monitored, H5 46 days; only H3 in time
    "forms_believed": (4, 4),  # nobody has twelve forms
    "mean_income": (51000, 8),
    "income_growth": (9000, 42000),
    "below_line": (1, 8),  # H2
    "below_monitor_line": (5, 8),  # H2, three of H3, H4; H1 is exactly on the line
    "near_line": (3, 5),  # 4,000 to below 6,000: H1, H3, H4
    "steadily_above": (3, 4),  # of H1 H2 H3 H5: H2 is not; H1 and H3 had exactly 4,000 a head
    "poor_households": (1, 5),  # H2, 3,600
    "transfer_share": (22000, 51000),  # 1,000 + 3,600 + 12,600 + 4,800
    "sharp_fall": (1, 5),  # H2: 3,600 of 7,200
    "food_clothes_ok": (4, 5),  # H4 lacks clothes
    "education_ok": (4, 5),  # H3
    "medical_ok": (4, 5),  # H2
    "house_safe": (4, 5),  # H2 C
    "water_safe": (4, 5),  # H5 cut off 40 days
    "guarantees_ok": (1, 5),  # only H1
    "insured_persons": (7, 8),
    "dropped_out": (1, 1),  # P6, 10, the only child of that age
    "layers_agree": (1, 2),
    "environment_complete": (1, 2),  # H2 has neither television nor weatherproof openings
    "homes_complete": (1, 2),  # H1 yes, H2 no television, the others not asked
    "three_reviews": (1, 2),  # J2 was never filed; J3 is only proposed
    "papers_complete": (1, 2),
    "assets_registered": (1, 2),
    "assets_not_normal": (1, 2),
    "yield_realised": (8000, 14000),  # promised 10 % of 100,000 and 8 % of 50,000
    "dividend_per_person": (800, 2),  # P1 300, P3 500; 200 of P1 are not paid, 2019 is another year
    "fund_per_person": (260000, 60),  # J1 and J3; J2 covers nobody
    "reviews_in_time": (5, 8),  # 12 13 12 11 12 days; 24 and 22 are late, J3 has waited for 60
    "funds_disbursed": (200000, 300000),
    "funds_used": (100000, 200000),
    "worth_it": (1, 2),  # J1 pays 10 %, more than 6; J2 gives back 0.58 of each yuan
    "promised_per_household": (20000, 20),  # J1; J2 is linked to nobody
    "dividends_in_arrears": (200, 1999),
    "largest_operator": (100000, 150000),
    "take_up": (1, 4),  # below 5,300: H1 H2 H3 H4; only H3 got it within the year
    "unclaimed_households": (3, 4),  # H1 H2 H4 of those four
    "forgone_per_household": (3600, 5),  # three households, twelve times 100
    "decision_days": (16, 2),  # 6 and 10 days; the third application is of 2018
    "employed_of_labour": (2, 4),  # P2 and P8 of P2 P4 P5 P8
    "zero_employment": (1, 3),  # H3 of H1 H3 H5
    "served_per_post": (3, 2),  # O1 two, O3 one; O2 has ended
    "post_holders_fit": (1, 2),  # P1 is 70
    "pupils_sponsored": (1, 1),
    "sales_traced": (100, 350),  # 2019 is another year
    "idle_land_household_part": (4000, 23000),
    "idle_land_per_household": (4000, 5),
    "villages_pass": (1, 2),
    "collective_income": (40000, 2),
    "work_in_province": (1, 2),  # P8 of P2 and P8
    "rectified_in_time": (1, 2),  # I3 is not due yet
    "days_to_close": (10, 1),
    "weeks_with_meeting": (1, 52),  # two in the tenth week; 31 December is beyond the last whole week
    "findings_closed": (3, 4),
    "monitored_share": (2, 5),  # H3, H4; H5 was eliminated
    "monitored_persons": (4, 8),
    "expected_relapse": (0.42, 3),
    "high_risk_unmonitored": (1, 2),  # H1 of H1, H3
    "mean_need": (150, 5),
    "aid_to_neediest_fifth": (500, 1500),  # H2 is the neediest of five
    "alerts_closed_in_time": (1, 2),  # A3 is not due yet
    "alert_hit_rate": (1, 2),
    "referrals_in_time": (1, 2),
    "survey_contact": (4, 4),
    "survey_response": (3, 4),  # H2 was reached and would not answer
    "missed_rate": (1, 1),  # H4, never registered, a guarantee unmet
    "wrong_exit_rate": (5, 7),  # H2 1, H3 3, H5 1 of the seven lifted
    "combined_poverty_rate": (6, 1000),  # those five and H4, of the rural population
    "missed_monitoring": (2, 3),  # of H1 H2 H5: H2 and H5
    "failed_help": (1, 2),  # H3 after 10 days; H4 not in 41
    "wrong_elimination": (1, 1),  # 4,500 is below 5,000
    "relapse_rate": (5, 7),
    "timeliness": (1, 2),  # 9 and 19 days
}  # fmt: skip
# Households in the verification sample stand for 1 / 0.5, 1 / 0.8, 1, 1 / 0.5 and 1 / 0.5.
VERIFIED = {
    "verified_wrong_exit": (1, 4, 1.25 / 6.25),  # H2 of H1 H2 H3 H5
    "verified_missed_monitoring": (1, 3, 1.25 / 5.25),  # H2 of H1 H2 H5
    "verified_failed_help": (1, 2, 1 / 3),  # H3 of H3 H4
}
WITH_OWN_VALUE = {
    "persons", "median_income", "income_gini", "approval_rate", "recognises_policy", "recognises_cadre", *VERIFIED,
}  # fmt: skip


def test_what_an_indicator_is_declared_with_is_there() -> None:
    """Directions, units and kinds of columns are the words of their lists; a source stands in the list of sources."""
    assert {item.direction for item in INDICATORS} == set(get_args(Direction))
    assert {item.unit for item in INDICATORS} <= set(get_args(Unit))
    assert {column.kind for spec in TABLES for column in spec.columns} <= set(get_args(Kind))
    ids = re.findall(r"^\| ([A-Z0-9-]+) \|", Path("docs/sources.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {item.source for item in INDICATORS} - {""} <= set(ids)


@pytest.mark.parametrize(
    ("names", "better", "limit", "source", "section", "sampled"),
    [
        (("food_clothes_ok", "education_ok", "medical_ok", "house_safe", "guarantees_ok"), "higher_better", "share_target", "DEF-3G", 5, ""),
        (("water_safe",), "higher_better", "share_target", "DEF-WATER", 5, ""),
        (("verified_wrong_exit",), "lower_better", "wrong_exit_limit", "DEF-RATES", 16, "survey"),
        (("verified_missed_monitoring", "verified_failed_help"), "lower_better", "zero_target", "MEM", 16, "survey"),
        (("approval_rate",), "higher_better", "approval_limit", "DEF-RATES", 16, "survey"),
        (("recognises_policy", "recognises_cadre"), "higher_better", "", "DEF-RATES", 15, "survey"),
    ],
)  # fmt: skip
def test_what_families_of_indicators_are_assessed_by(
    names: tuple[str, ...], better: str, limit: str, source: str, section: int, sampled: str
) -> None:
    for item in (BY_NAME[name] for name in names):
        assert (item.direction, item.limit, item.source, item.section, item.sampled, item.unit) == (
            better, limit, source, section, sampled, "share",
        ), item.name  # fmt: skip
        assert item.headline == (item.name in ("guarantees_ok", "approval_rate"))
        assert item.history == (not item.sampled)


def test_every_indicator_is_worked_out_by_hand() -> None:
    assert set(EXPECTED) | WITH_OWN_VALUE == set(BY_NAME)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.usefixtures("one_item")
def test_numerator_and_denominator(name: str, county: CountyData) -> None:
    found = BY_NAME[name].compute(county)
    assert (found.numerator, found.denominator) == pytest.approx(EXPECTED[name])
    assert found.ratio == pytest.approx(EXPECTED[name][0] / EXPECTED[name][1])


@pytest.mark.parametrize("name", VERIFIED)
def test_verified_rates_weigh_by_the_chance_to_be_asked(name: str, county: CountyData) -> None:
    found = BY_NAME[name].compute(county)
    assert (found.numerator, found.denominator, found.ratio) == pytest.approx(VERIFIED[name])
    assert found.low is not None
    assert found.high is not None
    assert found.low < VERIFIED[name][2] < found.high


def test_persons_is_a_total(county: CountyData) -> None:
    assert BY_NAME["persons"].compute(county).ratio == 8


def test_median_is_weighted_by_persons(county: CountyData) -> None:
    # 3,600 · 4,200 three times | 4,800 · 5,000 twice · 20,000: half of the eight lies between 4,200 and 4,800.
    assert 4200 <= float(BY_NAME["median_income"].compute(county).ratio or 0) <= 4800


def test_gini_by_all_pairs(county: CountyData) -> None:
    incomes = [3600, 4200, 4200, 4200, 4800, 5000, 5000, 20000]
    gaps = sum(abs(a - b) for a, b in product(incomes, incomes))
    assert BY_NAME["income_gini"].compute(county).ratio == pytest.approx(gaps / (2 * 64 * np.mean(incomes)))


def test_approval_weighs_the_strata(county: CountyData) -> None:
    # Answers: H1 yes (10), H5 no (10), H3 yes (5); H2 was not reached.
    found = BY_NAME["approval_rate"].compute(county)
    assert found.ratio == pytest.approx(15 / 25)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.6 < found.high
    assert BY_NAME["recognises_cadre"].compute(county).ratio == pytest.approx(15 / 25)
    assert BY_NAME["recognises_policy"].compute(county).ratio == 1.0


def test_modelled_interval_is_the_mean_of_its_limits(county: CountyData) -> None:
    found = BY_NAME["expected_relapse"].compute(county)
    assert (found.low, found.high) == pytest.approx((0.26 / 3, 0.63 / 3))


def test_full_counts_carry_no_interval(county: CountyData) -> None:
    for item in INDICATORS:
        if not item.sampled and "take_up" not in item.name and "forgone" not in item.name:
            assert item.compute(county).low is None, item.name


@pytest.mark.usefixtures("one_item")
def test_last_period_limit_and_verdict(county: CountyData) -> None:
    rows = indicator_rows(county, INDICATORS, {"take_up": "assistance_record"}).set_index("indicator")
    # Last year H2 had 7,200 and nobody was below 3,747.
    assert rows.loc["below_line", ["previous", "previous_period"]].tolist() == [0.0, "2019-12"]
    assert rows.loc["below_line", "verdict"] == "no_limit", (
        "the 2 % belong to the combined rate of the rural population"
    )
    assert rows.loc["wrong_exit_rate", ["limit", "verdict", "limit_confidence"]].tolist() == [
        0.02,
        "not_met",
        "documented",
    ]
    assert rows.loc["take_up", ["verdict", "reason"]].tolist() == ["not_collected", "assistance_record"]
    assert rows.loc["near_line", "verdict"] == "no_limit"
    assert rows["headline"].sum() == 10
    assert rows.loc[["expected_relapse", "approval_rate", "persons"], "sampled"].tolist() == ["model", "survey", ""]
    assert rows.loc[["verified_wrong_exit", "approval_rate"], "previous"].isna().all(), "asked of one year only"


@pytest.mark.parametrize(
    ("value", "limit", "direction", "low", "high", "wanted"),
    [
        (0.95, 0.9, "higher_better", 0.93, 0.97, "met"),
        (0.95, 0.9, "higher_better", 0.88, 0.99, "cannot_tell"),
        (0.85, 0.9, "higher_better", 0.80, 0.899, "not_met"),
        (0.85, 0.9, "higher_better", 0.80, 0.90, "cannot_tell"),  # exactly the limit is met, and possible
        (0.01, 0.02, "lower_better", 0.0, 0.05, "cannot_tell"),
        (0.01, 0.02, "lower_better", 0.0, 0.02, "met"),
        (0.03, 0.02, "lower_better", 0.021, 0.05, "not_met"),
        (0.0, 0.0, "lower_better", 0.0, 0.06, "cannot_tell"),  # none of forty asked is not none
        (1.0, 1.0, "higher_better", 0.93, 1.0, "cannot_tell"),
        (0.0, 0.0, "lower_better", float("nan"), float("nan"), "met"),
        (0.0, 0.0, "lower_better", None, None, "met"),
        (0.5, None, "lower_better", 0.4, 0.6, "no_limit"),
        (None, 0.1, "lower_better", None, None, "not_collected"),
    ],
)
def test_an_interval_on_both_sides_of_the_limit_cannot_be_told(
    value: float | None, limit: float | None, direction: str, low: float | None, high: float | None, wanted: str
) -> None:
    assert verdict(value, limit, direction, low, high) == wanted


def test_verdicts_at_the_limit() -> None:
    assert verdict(0.02, 0.02, "lower_better") == "met"
    assert verdict(0.0200001, 0.02, "lower_better") == "not_met"
    assert verdict(0.9, 0.9, "higher_better") == "met"
    assert verdict(0.905, 0.9, "higher_better") == "watch"
    assert verdict(0.5, None, "higher_better") == "no_limit"
    assert verdict(float("nan"), 0.9, "higher_better") == "not_collected"


@pytest.mark.usefixtures("one_item")
def test_the_city_sums_numerators_and_denominators(county: CountyData) -> None:
    once = indicator_rows(county, INDICATORS, {})
    twice = with_city(pd.concat([once, once.assign(county_code="371481")], ignore_index=True), INDICATORS)
    city = twice[twice["county_code"] == "city"].set_index("indicator")
    assert city.loc["guarantees_ok", ["numerator", "denominator", "value"]].tolist() == [2, 10, 0.2]
    assert city.loc["persons", "value"] == 16
    approval = once.set_index("indicator").loc["approval_rate"]
    # Two counties alike: the same share, and an interval narrower by the root of two on the logit scale.
    assert city.loc["approval_rate", "value"] == pytest.approx(0.6)
    assert city.loc["approval_rate", "se"] == pytest.approx(approval["se"] / np.sqrt(2))


@pytest.mark.parametrize(
    ("value", "limit", "direction", "word"),
    [
        (0.9099, 0.9, "higher_better", "watch"),  # a tenth of the way from the limit to all is 0.01
        (0.9101, 0.9, "higher_better", "met"),
        (0.0181, 0.02, "lower_better", "watch"),  # a tenth of the limit is 0.002
        (0.0179, 0.02, "lower_better", "met"),
        (2.25, 2.5, "lower_better", "met"),  # exactly a tenth away is no longer near
        (0.9 - 1e-13, 0.9, "higher_better", "watch"),  # an error of rounding is no miss
        (0.9 - 1e-9, 0.9, "higher_better", "not_met"),
        (1.0, 1.0, "higher_better", "met"),  # nothing is nearer to failing than all
        (1000.5, 1000.0, "higher_better", "met"),
        (0.0, 0.0, "lower_better", "met"),
        (0.5, 0.9, "none", "no_limit"),  # neither way is better
        (None, None, "none", "not_collected"),
    ],
)
def test_verdicts_near_the_limit(value: float | None, limit: float | None, direction: str, word: str) -> None:
    assert verdict(value, limit, direction) == word


def item(**more: Any) -> Indicator:
    given = {"name": "x", "section": 4, "unit": "share", "direction": "higher_better", "needs": ()} | more
    return Indicator(compute=lambda data: Fraction(0.0, 0.0), **given)  # type: ignore[arg-type]


def one_of(code: str, numerator: float, denominator: float, **more: Any) -> dict[str, Any]:
    """A county's row as :func:`indicator_rows` makes it."""
    empty = dict.fromkeys(
        ("low", "high", "previous", "previous_numerator", "previous_denominator", "previous_cases", "previous_n", "limit",
         "se", "population"), np.nan,
    )  # fmt: skip
    value = numerator / denominator if denominator > 0 else np.nan
    return empty | {
        "county_code": code, "indicator": "x", "section": 4, "numerator": numerator, "denominator": denominator,
        "value": value, "cases": numerator, "n": denominator, "unit": "share", "reason": "", "weighted": False, "sampled": "",
        "limit_confidence": None, "limit_source": None, "previous_period": None,
    } | more  # fmt: skip


def city_of(spec: Indicator, *rows: dict[str, Any]) -> pd.Series:
    return with_city(pd.DataFrame(list(rows)), [spec]).set_index("county_code").loc["city"]


def test_the_city_of_a_ratio() -> None:
    before = {"previous_numerator": 1.0, "previous_denominator": 4.0}
    found = city_of(item(), one_of("a", 1, 2, limit=0.6, **before), one_of("b", 3, 4, limit=0.6, **before))
    # 4 of 6, and 2 of 8 a year before; better than 0.6 by more than a tenth of what is left of it.
    assert found[["numerator", "denominator", "value", "previous"]].tolist() == pytest.approx([4, 6, 4 / 6, 2 / 8])
    assert found["verdict"] == "met"
    assert found[["low", "high"]].isna().all()


def test_a_median_and_a_gini_of_the_city_are_of_its_households(county: CountyData) -> None:
    # County a: 2 persons on 10 and 1 on 20; county b: 3 persons on 40.  Of six persons the third has 20, and half of them
    # have no more; the mean of the counties' medians, 10 and 40, would be 25.
    medians, ginis = (next(i for i in INDICATORS if i.name == name) for name in ("median_income", "income_gini"))
    a, b = (np.array([10.0, 20.0]), np.array([2.0, 1.0])), (np.array([40.0]), np.array([3.0]))
    samples = [{("x", "now"): a, ("x", "before"): a}, {("x", "now"): b}]
    rows = one_of("a", np.nan, 3, value=10.0), one_of("b", np.nan, 3, value=40.0)

    def city(spec: Indicator, *given: dict[str, Any]) -> pd.Series:
        found = item(unit="money", city="pooled", pooled=spec.pooled)
        return with_city(pd.DataFrame(list(given)), [found], samples).set_index("county_code").loc["city"]

    assert city(medians, *rows)[["value", "previous"]].tolist() == [20, 10]
    # Differences of all pairs of persons: 2 x 1 x 10 + 2 x 3 x 30 + 1 x 3 x 20 = 260, each twice; over twice the 36
    # pairs times the mean 160 / 6: 520 / 1920.
    assert city(ginis, *rows)["value"] == pytest.approx(520 / 1920)
    assert city(medians, rows[0] | {"reason": "not_received:income"}, rows[1])[["value", "previous"]].isna().all()
    # The county of the hand-made tables gives the households that have an income, each with its persons.
    assert county_samples(county, [medians], {"median_income": "income"}) == {}
    values, weights = county_samples(county, [medians], {})["median_income", "now"]
    known = county.now.dropna(subset=["income_pc_year"])
    assert values.tolist() == known["income_pc_year"].tolist()
    assert weights.tolist() == known["size"].tolist()


def test_the_city_of_a_total() -> None:
    found = city_of(
        item(unit="count", city="total"), one_of("a", 3, 1, previous=2.0), one_of("b", 4, 1, previous=5.0),
        one_of("c", 0, 0),
    )  # fmt: skip
    assert found[["value", "previous"]].tolist() == [7, 7]


def test_the_city_of_a_sampled_share_weighs_by_population() -> None:
    rows = one_of("a", 4, 10, se=0.1, population=100.0), one_of("b", 6, 10, se=0.1, population=300.0)
    found = city_of(item(sampled="survey"), *rows)
    # (0.4 + 3 x 0.6) / 4; root of 0.1^2 + 0.3^2, over 4; worth 0.55 x 0.45 / se^2 = 39.6 answers, but only 20 were given.
    se = np.sqrt(0.1) / 4
    z2 = 1.959963985**2
    low, high = sorted(np.roots([1 + z2 / 20, -1.1 - z2 / 20, 0.55**2]).real)
    assert found[["value", "se", "low", "high"]].tolist() == pytest.approx([0.55, se, low, high])


def test_the_city_says_why_it_has_no_value_only_where_it_has_none() -> None:
    none = one_of("a", 0, 0, reason="visit_record")
    found = city_of(item(), none, none | {"county_code": "b", "reason": "no_cases"})
    assert found[["reason", "verdict"]].tolist() == ["visit_record", "not_collected"]
    assert city_of(item(), none, one_of("b", 1, 2))[["reason", "value"]].tolist() == ["", 0.5]


def test_small_counties_are_pulled_to_the_city_in_the_evaluation_only() -> None:
    rows = [one_of("a", 1, 10, section=16), one_of("b", 1, 10, section=16), one_of("c", 0, 0, section=16)]

    def pulled(spec: Indicator, rows: list[dict[str, Any]]) -> list[float]:
        return with_city(pd.DataFrame(rows), [spec])["shrunk"].fillna(-1).tolist()

    assert pulled(item(section=16), rows) == [0.1, 0.1, -1, -1]  # no spread but noise: the common tenth
    assert pulled(item(section=15), rows) == [-1, -1, -1, -1]
    assert pulled(item(section=16, unit="days"), rows) == [-1, -1, -1, -1]
    assert pulled(item(section=16), rows[1:]) == [-1, -1, -1], "one county has nobody to be pulled to"


@pytest.mark.parametrize("error", [0.0, np.nan])
def test_a_sampled_county_where_all_say_yes_is_no_certainty(error: float) -> None:
    # 10 of 10 with a standard error of zero, beside 5 of 10: its variance is at least that of 0.75 in ten, 0.01875, as
    # is the other's.  Spread (0.25^2 x 2) = A + D at one degree of freedom: A = 0.125 - 0.01875 = 0.10625, and each keeps
    # 0.10625 / 0.125 = 0.85 of its distance of 0.25 from the mean.
    rows = [one_of("a", 10, 10, se=error, section=16), one_of("b", 5, 10, se=error, section=16)]
    found = with_city(pd.DataFrame(rows), [item(section=16, sampled="survey")])["shrunk"]
    assert found.tolist()[:2] == pytest.approx([0.75 + 0.2125, 0.75 - 0.2125])


@pytest.mark.parametrize("cases", [0, 10])
def test_where_all_sampled_counties_say_the_same_there_is_nothing_to_pull(cases: int) -> None:
    rows = [one_of(code, cases, 10, se=0.0, section=16) for code in "ab"]
    found = with_city(pd.DataFrame(rows), [item(section=16, sampled="survey")])["shrunk"]
    assert found.tolist()[:2] == pytest.approx([cases / 10] * 2)


@pytest.mark.parametrize(("cases", "word"), [(1, "cannot_tell"), (2, "cannot_tell"), (3, "not_met")])
def test_a_lower_bound_may_miss_a_limit_and_never_meets_it(county: CountyData, cases: int, word: str) -> None:
    """Of a hundred; the limit is 2 %, and something that would be added was not collected."""
    spec = replace(item(limit="combined_poverty_limit", direction="lower_better", history=False),
                   compute=lambda data: Fraction(cases, 100.0))  # fmt: skip
    row = indicator_rows(county, [spec], {}, least={"x"})
    assert row.loc[0, ["value", "sampled", "verdict"]].tolist() == [cases / 100, "least", word]
    assert row.loc[0, ["low", "high"]].isna().all(), "no interval is printed of it"
    city = with_city(pd.concat([row, row.assign(county_code="b")]), [spec]).set_index("county_code").loc["city"]
    assert city[["value", "sampled", "verdict"]].tolist() == [cases / 100, "least", word]
    assert indicator_rows(county, [spec], {}).loc[0, "verdict"] == ("met" if cases < 3 else word)


def test_a_row_says_why_it_has_no_value(county: CountyData) -> None:
    spec = item(limit="share_target", history=True)
    row = indicator_rows(county, [spec], {}).iloc[0]
    assert row[["reason", "verdict", "limit"]].tolist() == ["no_cases", "not_collected", 1.0]
    gone = indicator_rows(county, [spec], {"x": "visit_record"}).iloc[0]
    assert gone[["reason", "verdict"]].tolist() == ["visit_record", "not_collected"]
    assert np.isnan(gone["limit"]), "what was not computed is not assessed"
    abroad = replace(county, place=read_place("argentina_eph"), _kept={})  # its limits are nobody's there
    assert np.isnan(indicator_rows(abroad, [item(limit="share_target", history=False)], {}).iloc[0]["limit"])


@pytest.mark.parametrize("high", [4, 5])
def test_what_raises_the_score_of_a_few_is_withheld(county: CountyData, high: int) -> None:
    homes = [f"H{i}" for i in range(high)]
    points = pd.DataFrame({"household_id": homes, "reason": "x", "family": "income", "points": 3.0})
    risk = pd.DataFrame({"household_id": homes, "band": "high"})
    found = risk_reasons(replace(county, scores=replace(county.scores, risk=risk, risk_reasons=points), _kept={}))
    # Cells below five are withheld; five households with three points each: fifteen in all.
    assert found.empty if high == 4 else found[["points_sum", "high"]].to_numpy().tolist() == [[15.0, 5.0]]
