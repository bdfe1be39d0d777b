"""Worth of a project against the annuity by hand, invariants, and the tables of the hand-made county."""

from __future__ import annotations

import numpy as np
import pytest
from tests.built_county_fixtures import CountyOf, check, computed
from tests.fact_rows import fraction

from relapse_risk.assessment import TABLES, CountyData
from relapse_risk.assessment.facts import _computed
from relapse_risk.assessment.sections.appraisal import internal_rate, payback_years, present_value

BY_NAME = {spec.name: spec for spec in TABLES}


def one(*values: float) -> tuple[np.ndarray, ...]:
    return tuple(np.array([value]) for value in values)


def test_present_value_by_hand() -> None:
    # J1: -1 + 0.1 / 1.06 + (0.1 + 1) / 1.06^2 = -1 + 0.0943396 + 0.9789961
    assert present_value(*one(0.1, 2, 1.0), 0.06)[0] == pytest.approx(0.0733357, abs=1e-7)
    # At a rate of zero the yuan are simply counted: 5 x 0.1 + 0.3 - 1.
    assert present_value(*one(0.1, 5, 0.3), 0.0)[0] == pytest.approx(-0.2)


def test_internal_rate_is_where_the_present_value_is_zero() -> None:
    rng = np.random.default_rng(3)
    yearly, term, residual = rng.uniform(0.02, 0.3, 50), rng.integers(1, 25, 50).astype(float), rng.uniform(0, 1.2, 50)
    rate = internal_rate(yearly, term, residual)
    assert np.abs(present_value(yearly, term, residual, rate)).max() < 1e-9
    # A loan paid back 1.21 after two years earns 10 %; nothing ever paid back has no rate.
    assert internal_rate(*one(0.0, 2, 1.21))[0] == pytest.approx(0.1)
    assert np.isnan(internal_rate(*one(0.0, 2, 0.0))[0])


def test_payback_by_hand() -> None:
    assert payback_years(*one(0.2, 10, 0.0))[0] == 5
    assert payback_years(*one(0.1, 4, 0.6))[0] == 4  # 0.4 + 0.6 at the end
    assert np.isnan(payback_years(*one(0.1, 4, 0.5))[0])


def test_appraisals_of_the_hand_made_county(county: CountyData) -> None:
    row = _computed(BY_NAME["appraisals"], county).set_index("project_type").loc["solar"]
    # J1 14,667.14; J2 100,000 x (0.58 / 1.06 - 1) = -45,283.02
    assert row["npv"] == pytest.approx(200_000 * 0.0733357 - 45_283.02, abs=1)
    assert row[["projects", "worth", "worth_share", "promised_per_household"]].tolist() == [2, 1, 0.5, 1000]
    assert row["irr"] == pytest.approx((0.10 + (0.58 - 1)) / 2)
    by_scenario = _computed(BY_NAME["appraisal_sensitivity"], county).set_index("scenario")
    # With a yield of 6 % and everything back, J1 is worth exactly zero at 6 %; without what is left, nothing is.
    assert by_scenario.loc["yield_less_40", "worth"] == pytest.approx(1)
    assert by_scenario.loc["nothing_left", "worth"] == 0
    assert by_scenario.loc["as_promised", "npv"] == pytest.approx(float(row["npv"]))


def test_sensitivity_never_helps(county: CountyData) -> None:
    npv = _computed(BY_NAME["appraisal_sensitivity"], county).set_index("scenario")["npv"]
    assert (npv <= npv["as_promised"]).all()


def test_reviews_by_step(county: CountyData) -> None:
    rows = _computed(BY_NAME["review_outcomes"], county).set_index("review_step")
    assert rows.loc["town", ["reviews", "passed", "returned", "waiting", "overdue"]].tolist() == [4, 2, 1, 1, 1]
    assert rows.loc["town", "median_days"] == 12  # 12, 11, 12
    assert rows.loc["city", ["reviews", "passed", "median_days"]].tolist() == [1, 1, 24]
    experts = _computed(BY_NAME["experts"], county).set_index("expert_field")
    assert experts.loc["agriculture", ["experts", "reviews", "score_mode", "score_yield", "score_link"]].tolist() == [
        1, 1, 80, 90, 70,
    ]  # fmt: skip
    assert experts.loc["agriculture", "active"] == 0  # the review is of 2019


def test_project_worklist_names_what_is_wrong_and_the_number(county: CountyData) -> None:
    rows = _computed(BY_NAME["project_worklist"], county)
    assert rows[["project_id", "wrong"]].to_numpy().tolist() == [
        ["J3", "review_overdue"], ["J2", "no_expert_review"], ["J2", "not_disbursed"], ["J1", "not_used"],
        ["J1", "papers_missing"], ["J2", "papers_missing"], ["J2", "yield_short"],
    ]  # fmt: skip
    assert rows["evidence"].fillna(-1).tolist() == [60, -1, 305, 50, 1, 2, 0]


def test_funds_papers_and_dividends(county: CountyData) -> None:
    flows = _computed(BY_NAME["fund_flows"], county).set_index("year")
    assert flows.loc["2019", ["allocated", "disbursed", "used", "used_share"]].tolist() == [200000, 200000, 100000, 0.5]
    assert flows.loc["2020", ["allocated", "disbursed"]].tolist() == [100000, 0]
    papers = _computed(BY_NAME["papers"], county).set_index("paper_step")
    assert papers.loc["allocation", ["projects", "complete", "papers_missing"]].tolist() == [2, 1, 2]
    late = _computed(BY_NAME["dividend_arrears"], county).set_index("year")
    assert late.loc["2020", ["due_amount", "arrears", "waiting", "arrears_share"]].tolist() == [1000, 200, 1, 0.2]
    shared = _computed(BY_NAME["yield_not_shared"], county).set_index("shared_part")
    assert shared.loc["0–25%", ["assets", "yielded", "shared"]].tolist() == [1, 8000, 800]
    held = _computed(BY_NAME["operators"], county)
    assert held["value_share"].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_products_and_parcels(county: CountyData) -> None:
    rows = _computed(BY_NAME["products"], county).set_index("product_class")
    assert rows.loc["pears", ["products", "sold", "sales", "traced_sales", "households", "to_households"]].tolist() == [
        1, 1, 300, 100, 1, 60,
    ]  # fmt: skip
    assert _computed(BY_NAME["untraced_products"], county)["product_id"].tolist() == ["D2"]
    pond = _computed(BY_NAME["parcels"], county).set_index("idle_land_type").loc["pond"]
    assert pond[["parcels", "area", "per_household", "village_met", "household_met"]].tolist() == [2, 30, 800, 1, 1]
    assert _computed(BY_NAME["parcels_short"], county)["per_household"].tolist() == [500]


def test_conflicts_with_evidence(county: CountyData) -> None:
    assert _computed(BY_NAME["cross_check"], county).iloc[0].tolist() == ["vehicle", 5, 1, 0, 0]
    found = _computed(BY_NAME["conflict_list"], county)
    assert found[["household_id", "conflict", "evidence"]].to_numpy().tolist() == [["H1", "vehicle", 1.0]]


def test_appraisals_every_column(county: CountyData) -> None:
    # J1: worth 200,000 x 0.0733357; pays back with what is left, after its two years.  J2 gives back 0.58 of each yuan
    # after a year: never pays back, so that the median is that of J1.  J3 states no promise.
    worth = 200_000 * (0.1 / 1.06 + 1.1 / 1.06**2 - 1) + 100_000 * (0.58 / 1.06 - 1)
    check("appraisals", county, f"""
        project_type   projects   fund     npv       worth   worth_share   irr     payback   promised   linked   promised_per_household
        solar          2          300000   {worth}   1       1/2           -0.16   2         20000      20       1000
    """)  # fmt: skip


def test_appraisals_of_promises_stated_in_full(county_of: CountyOf) -> None:
    data = county_of(project="""
        project_id   county_code   project_type   stage       fund_amount   expected_yield_rate   term_years   residual_rate   households_linked
        Q1           371425        workshop       operating   1000          0.25                  8            0               4
        Q2           371425        workshop       operating   1000          0.5                   4            0               -
        Q3           371425        workshop       operating   1000          0.5                   -            0               5
        Q4           371425        workshop       operating   0             0.5                   4            0               5
        Q5           371425        planting       operating   1000          0                     1            1.06            0
    """)  # fmt: skip
    # Q1 pays back after 4 years, Q2 after 2: 3 in the middle.  Q3 states no term, Q4 has no fund.  Q5 gives back 1.06 after
    # a year, just what a rate of 6 % asks: worth it, at zero.
    found = computed("appraisals", data).set_index("project_type")
    assert found.loc["workshop", ["projects", "fund", "worth", "payback", "promised", "linked"]].tolist() == [
        2,
        2000,
        2,
        3,
        250,
        4,
    ]
    assert found.loc["workshop", "promised_per_household"] == 62.5
    eight, four = (1 - 1.06**-8) / 0.06, (1 - 1.06**-4) / 0.06
    assert found.loc["workshop", "npv"] == pytest.approx(1000 * (0.25 * eight - 1) + 1000 * (0.5 * four - 1))
    assert found.loc["planting", ["projects", "worth", "linked"]].fillna(-1).tolist() == [1, 1, -1]
    assert found.loc["planting", "npv"] == pytest.approx(0)
    assert found.loc["planting", ["irr", "payback"]].tolist() == pytest.approx([0.06, 1])
    assert fraction("worth_it", data) == (3, 3)
    assert fraction("promised_per_household", data) == (250, 4)


def test_appraisal_sensitivity_every_column(county: CountyData) -> None:
    # J1: 200,000 for two years at 10 %, everything left.  J2: 100,000 for one year at 8 %, half left.
    def both(y1: float, y2: float, left1: float, left2: float, rate: float = 1.06) -> float:
        return 200_000 * (y1 / rate + (y1 + left1) / rate**2 - 1) + 100_000 * ((y2 + left2) / rate - 1)

    scenarios = {
        "as_promised": (both(0.1, 0.08, 1, 0.5), 1), "yield_less_20": (both(0.08, 0.064, 1, 0.5), 1),
        "yield_less_40": (both(0.06, 0.048, 1, 0.5), 1),  # J1 then yields just what the rate asks
        "rate_plus_2": (both(0.1, 0.08, 1, 0.5, 1.08), 1),
        "two_years_lost": (-50_000, 1),  # no year is left: J1 gets all back at once, J2 half
        "nothing_left": (both(0.1, 0.08, 0, 0), 0),
    }  # fmt: skip
    rows = "\n".join(f"{name}   2   {npv}   {worth}   {worth}/2" for name, (npv, worth) in scenarios.items())
    check("appraisal_sensitivity", county, "scenario   projects   npv   worth   worth_share\n" + rows)


def test_nothing_promised_nothing_appraised(county_of: CountyOf) -> None:
    data = county_of()
    assert computed("appraisals", data).empty
    assert computed("appraisal_sensitivity", data).empty
    assert fraction("worth_it", data) == (0, 0)
