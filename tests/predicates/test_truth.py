"""Predicates in three values: Kleene's tables, every comparison at its edge, members of a household, dated limits."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pandas as pd
import pytest

from relapse_risk.errors import ParameterError
from relapse_risk.parameters import Label, read_parameters, read_place
from relapse_risk.predicates import Predicate, Setting, holds, needs, setting_on, shortfall
from relapse_risk.predicates.clauses import Clause
from relapse_risk.predicates.truth import is_decidable

PARAMETERS, PLACE, DAY = read_parameters(), read_place("dezhou"), date(2020, 12, 31)
SETTING = setting_on(PARAMETERS, PLACE, DAY)
YES, NO, OPEN = True, False, None
WORDS = Label(zh="甲", en="a")


def answers(when: Any, setting: Setting = SETTING, **columns: list[Any]) -> list[bool | None]:
    found = holds(Clause.model_validate(when), pd.DataFrame(columns), setting)
    assert found.dtype == "boolean"
    return [None if pd.isna(value) else bool(value) for value in found]


def test_all_any_and_not_are_those_of_kleene() -> None:
    """Kleene (1952): and is the least, or the greatest, of no < unknown < yes."""
    order = {NO: 0, OPEN: 1, YES: 2}
    words = {rank: value for value, rank in order.items()}
    pairs = list(product((YES, NO, OPEN), repeat=2))
    a, b = ([pair[side] for pair in pairs] for side in (0, 1))
    flags = [{"column": "a", "is": True}, {"column": "b", "is": True}]
    frame = {"a": a, "b": b}
    assert answers({"all": flags}, **frame) == [words[min(order[x], order[y])] for x, y in pairs]
    assert answers({"any": flags}, **frame) == [words[max(order[x], order[y])] for x, y in pairs]
    assert answers({"not": flags[0]}, a=[YES, NO, OPEN]) == [NO, YES, OPEN]


@pytest.mark.parametrize(
    ("operation", "values", "expected"),
    [
        ({"below": 5}, [4.9, 5.0, None], [YES, NO, OPEN]),
        ({"at_most": 5}, [5.0, 5.1, None], [YES, NO, OPEN]),
        ({"above": 5}, [5.1, 5.0, None], [YES, NO, OPEN]),
        ({"at_least": 5}, [5.0, 4.9, None], [YES, NO, OPEN]),
        ({"between": [1, 3]}, [1.0, 3.0, 3.1, None], [YES, YES, NO, OPEN]),
        ({"outside": [1, 3]}, [0.9, 1.0, 3.0, None], [YES, NO, NO, OPEN]),
        ({"is": "x"}, ["x", "y", None], [YES, NO, OPEN]),
        ({"is_not": "x"}, ["x", "y", None], [NO, YES, OPEN]),
        ({"in": ["x", "y"]}, ["x", "z", None], [YES, NO, OPEN]),
        ({"not_in": ["x", "y"]}, ["x", "z", None], [NO, YES, OPEN]),
        ({"missing": True}, ["x", None], [NO, YES]),
        ({"present": True}, ["x", None], [YES, NO]),
        ({"digits": 2}, ["12", "1", "1a", None], [YES, NO, NO, OPEN]),
        ({"not_digits": 2}, ["12", "1", "1a", None], [NO, YES, YES, OPEN]),
        ({"length_in": [2]}, ["ab", "a", None], [YES, NO, OPEN]),
        ({"length_not_in": [2]}, ["ab", "a", None], [NO, YES, OPEN]),
        ({"before": {"day": "2020-06-01"}}, pd.to_datetime(["2020-05-31", "2020-06-01", None]), [YES, NO, OPEN]),
        ({"after": {"day": "month_end", "days": -1}}, pd.to_datetime(["2020-12-31", "2020-12-30", None]), [YES, NO, OPEN]),
    ],
)  # fmt: skip
def test_a_comparison_at_its_edge(operation: dict[str, Any], values: Any, expected: list[bool | None]) -> None:
    assert answers({"column": "v", **operation}, v=list(values)) == expected


@pytest.mark.parametrize(
    ("operation", "other", "expected"),
    [
        ({"same_as": {"column": "o"}}, ["ab", "b", None], [YES, NO, OPEN]),
        ({"starts_with": {"column": "o"}}, ["a", "b", None], [YES, NO, OPEN]),
        ({"not_starts_with": {"column": "o"}}, ["a", "b", None], [NO, YES, OPEN]),
    ],
)
def test_another_column_that_is_unknown_leaves_it_open(
    operation: dict[str, Any], other: list[str | None], expected: list[bool | None]
) -> None:
    assert answers({"column": "v", **operation}, v=["ab"] * 3, o=other) == expected


def test_limits_are_dated_multiplied_and_per_head() -> None:
    """Dibao 4,600 in 2019 and 5,300 in 2020, its edge 1.5 times that; 10,600 of savings a person (params)."""
    line = {"column": "v", "below": {"line": "dibao"}}
    assert answers(line, v=[5299.0, 5300.0]) == [YES, NO]
    assert answers(line, setting_on(PARAMETERS, PLACE, date(2019, 12, 31)), v=[4599.0, 4600.0]) == [YES, NO]
    at = {"column": "v", "below": {"line": "dibao", "at": "month"}}
    assert answers(at, v=[5000.0, 5000.0, 5000.0], month=["2019-12", "2020-12", None]) == [NO, YES, OPEN]
    edge = {"column": "v", "below": {"line": "dibao", "times": "dibao_edge_ratio"}}
    assert answers(edge, v=[7949.0, 7950.0]) == [YES, NO]
    cap = {"column": "v", "at_most": {"parameter": "asset_cap_per_person", "per": "n"}}
    assert answers(cap, v=[21200.0, 21201.0, 1.0], n=[2, 2, None]) == [YES, NO, OPEN]


def test_what_was_never_collected_is_unknown_not_missing() -> None:
    assert answers({"column": "nowhere", "missing": True}, v=[1]) == [OPEN]
    assert answers({"column": "nowhere", "is": True}, v=[1]) == [OPEN]
    assert answers({"somebody": "is_labour"}, v=[1]) == [OPEN]
    assert answers({"column": "v", "below": {"column": "nowhere"}}, v=[1]) == [OPEN]


def test_a_line_the_place_does_not_have_is_unknown_and_noted() -> None:
    elsewhere = setting_on(PARAMETERS, read_place("argentina_eph"), date(2010, 12, 31))
    assert answers({"column": "v", "below": {"line": "dibao"}}, elsewhere, v=[1.0]) == [OPEN]
    assert "argentina_eph has no dibao line" in elsewhere.notes[0]


def test_no_limit_is_looked_up_for_values_nobody_has() -> None:
    """On a day without monitoring line nothing is wrong as long as nothing is held against it."""
    early = setting_on(PARAMETERS, PLACE, date(2010, 1, 1))
    assert answers({"column": "v", "below": {"line": "monitoring"}}, early, v=[None]) == [OPEN]
    with pytest.raises(ParameterError, match="monitoring_line_dezhou has no value on 2010-01-01"):
        answers({"column": "v", "below": {"line": "monitoring"}}, early, v=[1.0])


def test_an_answer_the_frame_carries_is_taken_at_its_word() -> None:
    frame = pd.DataFrame({"house_safe": [False], "dwelling_grade": ["A"]})
    assert holds("house_safe", frame, SETTING).tolist() == [False]
    assert holds("house_safe", frame[["dwelling_grade"]], SETTING).tolist() == [True]


def test_shortfall_is_what_is_missing_to_a_number() -> None:
    """312 above a line of 5,300 that must be undercut; 1 below a loss of 10,000 that must be reached."""
    frame = pd.DataFrame({"income_pc_year": [5612.0], "uncompensated_loss_12m": [9999.0]})
    assert shortfall("income_below_dibao", frame, SETTING).tolist() == [312.0]
    assert shortfall("loss_is_urgent", frame, SETTING).tolist() == [1.0]
    none = shortfall("assets_within_cap", frame, SETTING)
    assert none.isna().all(), "of several conditions there is no one number"
    assert none.dtype == shortfall("loss_is_urgent", frame, SETTING).dtype


def test_needs_follow_the_predicates_named() -> None:
    assert set(needs("water_safe", SETTING.predicates)) == {
        "water_quality_ok", "water_litres_per_person_day", "water_fetch_minutes", "water_outage_days",
    }  # fmt: skip
    assert needs("education_ok", SETTING.predicates) == ("somebody_out_of_compulsory_school",)
    assert is_decidable(Clause(predicate="water_safe"), {"water_quality_ok"}, SETTING.predicates)
    assert not is_decidable(Clause(predicate="water_safe"), {"dwelling_grade"}, SETTING.predicates)


def test_an_unknown_predicate_names_the_nearest() -> None:
    with pytest.raises(ParameterError, match=r"unknown predicate; got 'hous_safe'.*did you mean 'house_safe'"):
        holds("hous_safe", pd.DataFrame({"v": [1]}), SETTING)


def test_each_predicate_is_computed_once_for_a_frame() -> None:
    known: dict[str, pd.Series] = {}
    one = Predicate("one", "f", "household", WORDS, "", "assumed", when=Clause(column="v", is_=True))
    setting = Setting(PARAMETERS, PLACE, DAY, {"one": one})
    frame = pd.DataFrame({"v": [True]})
    assert holds("one", frame, setting, known) is holds(Clause(predicate="one"), frame, setting, known)


def test_answers_are_kept_and_each_predicate_is_asked_once() -> None:
    """``known`` is filled during evaluation, and what it holds already is taken as it is."""
    frame = pd.DataFrame({"income_pc_year": [5299.0, 5300.0, None]})
    known: dict[str, pd.Series] = {}
    first = holds("income_below_dibao", frame, SETTING, known)
    assert known["income_below_dibao"] is first
    assert holds(Clause.model_validate({"predicate": "income_below_dibao"}), frame, SETTING, known) is first
    said = pd.Series([False, True, False], dtype="boolean")
    clause = Clause.model_validate({"not": {"predicate": "income_below_dibao"}})
    assert holds(clause, frame, SETTING, {"income_below_dibao": said}).tolist() == [True, False, True]
    both = Clause.model_validate(
        {"all": [{"predicate": "income_below_dibao"}, {"column": "income_pc_year", "above": 0}]}
    )
    assert holds(both, frame, SETTING, {"income_below_dibao": said}).tolist() == [False, True, False]
