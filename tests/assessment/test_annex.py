"""The annex by hand: the model card and the weights of the index as tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.built_county_fixtures import check, computed, told

from relapse_risk.assessment import CountyData
from relapse_risk.exhibits import Cell, Finding, Number
from relapse_risk.scores import Scores

NOBODY = Scores(None, None, None, None, None, None)
TERMS = [
    {"name": "income_change", "zh": "收入变化", "en": "Income change", "family": "income", "coefficient": -1.2, "se": 0.1,
     "reference": 0.05, "points_per_unit": -12.0},
    {"name": "no_labour", "zh": "无劳动力", "en": "Nobody able to work", "family": "work", "coefficient": 0.7, "se": 0.2,
     "reference": None, "points_per_unit": 7.0},
]  # fmt: skip
CARD: dict[str, Any] = {"fitted": True, "why_not": "", "base": -3.0, "base_se": 0.1, "terms": TERMS, "backtests": []}


def with_card(county: CountyData, **more: Any) -> CountyData:
    return replace(county, scores=replace(NOBODY, model_card=CARD | more), _kept={})


def test_the_score_line_by_line(county: CountyData) -> None:
    check("model_terms", with_card(county), """
        term                           family  coefficient  se   reference  points
        基准（对数几率）|Base (log-odds)  base    -3           0.1  -          -
        收入变化|Income change          income  -1.2         0.1  0.05       -12
        无劳动力|Nobody able to work    work    0.7          0.2  -          7
        """)  # fmt: skip


@pytest.mark.parametrize("name", ["model_terms", "paper_points", "paper_chances", "group_checks", "drift"])
def test_what_was_not_fitted_has_no_lines(county: CountyData, name: str) -> None:
    assert computed(name, with_card(county, fitted=False)).empty
    assert computed(name, replace(county, scores=NOBODY, _kept={})).empty


def _score(name: str, auc: float, brier: float | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "auc": auc,
        "auc_low": auc - 0.1,
        "auc_high": auc + 0.1,
        "brier": brier,
        "recall_at_fifth": 0.5,
    }


def test_backtests_of_the_score_and_of_the_simple_rules(county: CountyData) -> None:
    first = {"design": "out_of_time", "test_n": 1000, "test_events": 20, "scores": [_score("score", 0.8, 0.02), _score("last_income", 0.6)]}  # fmt: skip
    second = {"design": "by_household", "test_n": 500, "test_events": 9, "scores": [_score("score", 0.7, 0.03)]}
    check("backtests", with_card(county, backtests=[first, second]), """
        design        score        n     events  auc  low  high  brier  recall
        out_of_time   score        1000  20      0.8  0.7  0.9   0.02   0.5
        out_of_time   last_income  1000  20      0.6  0.5  0.7   -      0.5
        by_household  score        500   9       0.7  0.6  0.8   0.03   0.5
        """)  # fmt: skip
    assert computed("backtests", with_card(county)).empty


def test_reliability_is_that_out_of_time(county: CountyData) -> None:
    def bins(n: int) -> list[dict[str, float]]:
        return [{"n": n, "events": 1, "expected": 0.01, "observed": 1 / n, "low": 0.0, "high": 0.2}]

    within, later = {"design": "by_household", "bins": bins(10)}, {"design": "out_of_time", "bins": bins(20)}
    check("reliability", with_card(county, backtests=[within, later]), """
        n   events  expected  observed  low  high
        20  1       0.01      0.05      0    0.2
        """)  # fmt: skip
    assert computed("reliability", with_card(county, backtests=[within]))["n"].tolist() == [10], (
        "where there is no other"
    )
    assert computed("reliability", with_card(county)).empty


def test_whole_points_with_what_an_unknown_counts(county: CountyData) -> None:
    def line(name: str, low: float | None, high: float | None, points: int) -> dict[str, Any]:
        return {"name": name, "zh": f"甲{name}", "en": f"Term {name}", "low": low, "high": high, "points": points}

    paper = {
        "lines": [line("a", None, 0.5, 0), line("a", 0.5, 1.25, 2), line("a", 1.25, None, 5), line("b", None, None, 3)],
        "unknown": [["a", 1], ["b", 4]], "chances": [],
    }  # fmt: skip
    # After the last line of each term what counts where nobody knows.
    check("paper_points", with_card(county, paper=paper), """
        term        span             whole_points
        甲a|Term a  < 0.50           0
        甲a|Term a  0.50 ≤ · < 1.25  2
        甲a|Term a  ≥ 1.25           5
        甲a|Term a  不详|unknown      1
        甲b|Term b  任意|any          3
        甲b|Term b  不详|unknown      4
        """)  # fmt: skip


def test_what_a_total_of_points_stands_for(county: CountyData) -> None:
    chances = [
        {"points_from": 0, "points_to": 4, "n": 900, "events": 9, "chance": 0.01},
        {"points_from": 5, "points_to": 9, "n": 100, "events": 11, "chance": 0.11},
    ]
    check("paper_chances", with_card(county, paper={"lines": [], "unknown": [], "chances": chances}), """
        points_from  points_to  n    events  chance
        0            4          900  9       0.01
        5            9          100  11      0.11
        """)  # fmt: skip


def test_who_is_found_and_who_is_missed(county: CountyData) -> None:
    def line(trait: str, group: str, events: int) -> dict[str, Any]:
        rates = {"reached": 0.4, "reached_low": 0.3, "reached_high": 0.5, "false_alarms": 0.05, "observed": 0.02,
                 "expected": 0.025, "ratio": 0.8, "ratio_shrunk": 0.9}  # fmt: skip
        return {"trait": trait, "group": group, "n": 200, "events": events, **rates}

    groups = [
        line("sex", "female", 5),
        line("disability", "severe", 4),
        line("county", "371425", 50),
        line("county", "999999", 50),
    ]
    tests = [{"design": "by_household", "groups": []}, {"design": "out_of_time", "groups": groups}]
    # Rates of four events tell of persons and are not shown, those of five are; a county is called by its name if it has
    # one.
    check("group_checks", with_card(county, backtests=tests), """
        trait       subgroup                             n    caught  low  high  false_alarms  observed  expected  over_expected  drawn_in
        sex         女|female                            200  0.4     0.3  0.5   0.05          0.02      0.025     0.8            0.9
        disability  有重度残疾成员|severely disabled member  200  -       -    -     -             -         -         -              -
        county      齐河县|Qihe County                   200  0.4     0.3  0.5   0.05          0.02      0.025     0.8            0.9
        county      999999                               200  0.4     0.3  0.5   0.05          0.02      0.025     0.8            0.9
        """)  # fmt: skip
    assert computed("group_checks", with_card(county, backtests=tests[:1])).empty


def test_drift_first_of_the_lines_then_of_the_stability_index_the_largest_first(county: CountyData) -> None:
    def line(name: str, measure: str, value: float) -> dict[str, Any]:
        return {"name": name, "measure": measure, "value": value, "status": "watch"}

    drift = [line("income_change", "psi", 0.3), line("no_labour", "shift", 0.1), line("income_change", "shift", -0.4),
             line("level", "psi", 0.5)]  # fmt: skip
    check("drift", with_card(county, drift=drift), """
        term                               drift_measure  value  drift_status
        收入变化|Income change              shift          -0.4   watch
        无劳动力|Nobody able to work        shift          0.1    watch
        总体水平（截距）|Level (intercept)   psi            0.5    watch
        收入变化|Income change              psi            0.3    watch
        """)  # fmt: skip
    assert computed("drift", with_card(county, drift=[])).empty


def test_weights_of_the_index_add_up_to_one(county: CountyData) -> None:
    card = {"weights": [["income", "收入", "Income", 30.0], ["house", "住房", "Housing", 10.0]], "left_out": []}
    check("index_weights", replace(county, scores=replace(NOBODY, index_card=card), _kept={}), """
        subindex      weight
        收入|Income   0.75
        住房|Housing  0.25
        """)  # fmt: skip
    assert computed("index_weights", replace(county, scores=NOBODY, _kept={})).empty


def test_what_the_index_leaves_out_and_why(county: CountyData) -> None:
    card = {"weights": [], "left_out": [["no_such", "not collected here"], ["rigid_burden", "no line of this name"]]}
    check("index_left_out", replace(county, scores=replace(NOBODY, index_card=card), _kept={}), """
        indicator                                    reason
        no_such                                      未采集|not collected
        刚性支出占纯收入比|Rigid spending over net income  此地没有这样的标准|no such line in this place
        """)  # fmt: skip
    assert computed("index_left_out", replace(county, scores=NOBODY, _kept={})).empty


def test_the_score_is_told_beside_the_best_rule_of_the_first_design() -> None:
    """0.8 of the score; of the rules 0.7 is best: a challenger is no rule, and the other design another test."""
    rows = """
        design        score        auc
        out_of_time   last_income  0.6
        out_of_time   official     0.8
        out_of_time   challenger   0.85
        out_of_time   income_line  0.7
        by_household  official     0.9
        by_household  last_income  0.95
        """
    assert told("backtests", rows) == Finding(words={"auc": Cell("auc", 1), "best": Number(0.7, "coefficient")})
    assert told("backtests", rows.replace("official", "unofficial")) is None
    assert (
        told(
            "backtests",
            rows.replace("last_income  0.6", "last_income  -").replace("income_line  0.7", "income_line  -"),
        )
        is None
    )


def test_a_group_agrees_where_its_prediction_lies_within_the_interval_of_what_was_seen() -> None:
    """On the lower limit, on the upper one, beyond either."""
    rows = """
        expected  low   high
        0.20      0.20  0.30
        0.30      0.20  0.30
        0.19      0.20  0.30
        0.31      0.20  0.30
        """
    assert told("reliability", rows) == Finding(words={"inside": "2", "n": "4"})
    for column in ("0.19      0.20  0.30", "0.31      0.20  0.30"):
        for place in range(3):
            words = column.split("  ")
            words = [word for word in words if word.strip()]
            words[place] = "-"
            assert told("reliability", rows.replace(column, "  ".join(words))) is None, "one of them is not known"
