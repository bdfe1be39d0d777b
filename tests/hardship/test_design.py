"""Designs: what is wrong is said with file, indicator and what was expected."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.hardship.conftest import some_households

from relapse_risk.errors import ModelError, ParameterError
from relapse_risk.hardship import (
    IndexDesign,
    check_design,
    design_from_table,
    design_to_table,
    hardship_index,
    read_index,
    score_units,
)
from relapse_risk.hardship.design_file import parse_design
from relapse_risk.parameters import params_dir, read_parameters, read_place
from relapse_risk.yaml_reading import read_yaml


@pytest.fixture
def content() -> dict[str, Any]:
    return copy.deepcopy(read_yaml(params_dir() / "indexes" / "dz_hardship.yaml"))


def test_default_weights_are_the_proposed_ones(design: IndexDesign) -> None:
    """index_designs.yaml, DZ_HARDSHIP_V0."""
    proposed = {
        "income": 25, "rigid": 20, "health": 12, "disability": 10, "labour": 10, "employment": 7, "housing_water": 8,
        "education": 4, "shock": 4,
    }  # fmt: skip
    assert {code: design.node(code).weight for code in design.dimensions} == proposed
    assert sum(proposed.values()) == 100


def test_effective_weights_of_leaves_sum_to_one(design: IndexDesign) -> None:
    weights = design.effective_weights()
    assert sum(weights[code] for code in design.codes) == pytest.approx(1)
    assert weights["serious_illness"] == pytest.approx(0.12 * 2 / 3)


def test_unknown_index_names_what_exists() -> None:
    with pytest.raises(ParameterError, match=r"unknown index.*dz_hardship"):
        read_index("dz_hardshp")


def test_unknown_indicator_names_file_and_nearest(design: IndexDesign) -> None:
    with pytest.raises(
        ParameterError, match=r"indexes/dz_hardship.yaml: unknown indicator.*did you mean 'rigid_burden'"
    ):
        design.node("rigid_burdn")


EMPTY = {"code": "x", "label": {"zh": "x", "en": "x"}}
BROKEN = {
    "a negative weight": (
        lambda c: c["indicators"][0].update(weight=-1),
        r"income_monitoring.weight: not a weight; got -1",
    ),
    "an infinite weight": (
        lambda c: c["subindexes"][0].update(weight=float("inf")),
        r"income.weight: not a weight; got inf",
    ),
    "weights of zero sum": (
        lambda c: [i.update(weight=0) for i in c["indicators"][:2]],
        r"income: weights sum to zero",
    ),
    "an unknown parent": (
        lambda c: c["indicators"][0].update(parent="incom"),
        r"income_monitoring: unknown parent; got 'incom'",
    ),
    "a cycle": (
        lambda c: (c["subindexes"][0].update(parent="rigid"), c["subindexes"][1].update(parent="income")),
        r"a cycle in the hierarchy; got .*expected a path to 'need'",
    ),
    "a code twice": (
        lambda c: c["indicators"][1].update(code="income_monitoring"),
        r"income_monitoring: code written twice",
    ),
    "equal goalposts": (
        lambda c: c["indicators"][0].update(worst=2),
        r"income_monitoring: goalposts need a worst and a best",
    ),
    "no goalposts": (lambda c: c["indicators"][0].pop("worst"), r"income_monitoring: goalposts need"),
    "an unknown normaliser": (
        lambda c: c["indicators"][0].update(normalise="log"),
        r"unknown normalise; got 'log'.*minmax",
    ),
    "an unknown aggregate": (lambda c: c.update(aggregate="mean"), r"unknown aggregate; got 'mean'.*arithmetic"),
    "a protected input": (lambda c: c["indicators"][0].update(columns={"sex": 1}), r"sex is a protected trait"),
    "an empty sub-index": (lambda c: c["subindexes"].append(EMPTY), r"x: has no indicator"),
    "a misspelt key": (
        lambda c: c["indicators"][0].update(wieght=1),
        r"indicators.0 \(income_monitoring\): unknown key; got .wieght.*did you mean .weight.",
    ),
    "a misspelt column": (
        lambda c: c["indicators"][2].update(columns={"rigid_burdn": 1}),
        r"rigid_burden.columns: unknown column; got 'rigid_burdn'.*did you mean 'rigid_burden'",
    ),
    "a misspelt divisor": (lambda c: c["indicators"][3].update(per="sise"), r"serious_illness.per: .*mean 'size'"),
    "a misspelt column of aid": (
        lambda c: c["aid"].update(column="aid_recieved_12m"),
        r"aid.column: .*'aid_received_12m'",
    ),
    "a misspelt tie": (
        lambda c: c.update(ties=["income_pc_yaer"]),
        r"ties: unknown column.*did you mean 'income_pc_year'",
    ),
    "a misspelt trait": (
        lambda c: c.update(protected=["ethncity"]),
        r"protected: unknown trait.*did you mean 'ethnicity'",
    ),
    "a misspelt option": (
        lambda c: c["indicators"][0].update(options={"hihg": 100}),
        r"income_monitoring.options: unknown option of goalposts; got 'hihg'.*did you mean 'high'",
    ),
    "a misspelt word": (lambda c: c.update(missing="shrae"), r"missing.*got 'shrae'.*did you mean 'share'"),
    "an unknown line": (
        lambda c: c["indicators"][0].update(over=["povrty"]),
        r"indicators.0.over.0 .*got .povrty.*did you mean .poverty.",
    ),
    "an aid share above one": (lambda c: c["aid"].update(most=1.2), r"aid.most"),
    "no indicator": (lambda c: c.update(indicators=[]), r"indicators"),
    "a text weight": (
        lambda c: c["indicators"][0].update(weight="ten"),
        r"indicators.0.weight \(income_monitoring\).*got 'ten'",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_design_is_named(fault: str, content: dict[str, Any]) -> None:
    change, words = BROKEN[fault]
    change(content)
    with pytest.raises(ParameterError, match=rf"(?s)broken\.yaml.*{words}"):
        parse_design(content, "broken.yaml")


UNITS = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [3.0, 1.0, 2.0]})
TABLE = pd.DataFrame(
    {"code": ["a", "b", "top"], "parent": ["top", "top", None], "weight": 1.0, "direction": [1, -1, None]}
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda u: u.assign(a=5.0), "test: a: the column is constant"),
        (lambda u: u.assign(a=np.nan), "test: a: nothing was answered"),
        (lambda u: u.assign(a=[1.0, np.inf, 2.0]), "test: a: infinite value"),
        (lambda u: u.drop(columns="a"), "test: a: unknown column; got 'a', expected one of b"),
    ],
)
def test_bad_columns_name_design_and_indicator(change: Any, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        score_units(change(UNITS), design_from_table(TABLE, "test"))


def test_a_missing_answer_may_be_refused() -> None:
    design = design_from_table(TABLE, "test")
    strict = replace(design, indicators=tuple(replace(i, missing="refuse") for i in design.indicators))
    with pytest.raises(ModelError, match="test: a: 1 unanswered, first in row 1"):
        score_units(UNITS.assign(a=[1.0, np.nan, 2.0]), strict)


@pytest.mark.parametrize(("policy", "expected"), [("worst", 100.0), ("best", 0.0), ("median", 50.0)])
def test_missing_policies(policy: Any, expected: float) -> None:
    design = design_from_table(TABLE, "test").without(["b"])
    filled = replace(design, indicators=tuple(replace(i, missing=policy) for i in design.indicators))
    scores = score_units(pd.DataFrame({"a": [0.0, 1.0, 2.0, np.nan]}), filled).scores["need"]
    assert scores.tolist() == [0.0, 50.0, 100.0, expected]


def test_adding_an_irrelevant_indicator_changes_nothing() -> None:
    """An indicator of weight zero, however wild, moves no score."""
    design = design_from_table(TABLE, "test")
    wild = pd.concat([TABLE, pd.DataFrame({"code": ["c"], "parent": ["top"], "weight": [0.0], "direction": [1]})])
    before = score_units(UNITS, design).scores["need"]
    after = score_units(UNITS.assign(c=[9.0, -9.0, 100.0]), design_from_table(wild, "test")).scores["need"]
    pd.testing.assert_series_equal(before, after)


def test_tables_round_trip(design: IndexDesign) -> None:
    table = design_to_table(design)
    assert table.loc[table["code"].isin(design.codes), "share"].sum() == pytest.approx(1)
    assert check_design(design) is design


def test_a_table_needs_one_top() -> None:
    with pytest.raises(ParameterError, match="exactly one code without a parent"):
        design_from_table(TABLE.assign(parent=None), "test")


def test_a_frame_of_ones_own_is_checked_where_the_design_is_applied(content: dict[str, Any]) -> None:
    """``reads: own`` says so; what the frame lacks is then an error with the nearest column, not "not collected"."""
    content["reads"] = "own"
    content["indicators"][2]["columns"] = {"rigid_burdn": 1}
    design = parse_design(content, "own.yaml")
    homes = some_households(20)
    with pytest.raises(ModelError, match=r"own\.yaml: unknown column; got 'rigid_burdn'.*did you mean 'rigid_burden'"):
        hardship_index(homes, design, read_parameters(), read_place("dezhou"), date(2020, 12, 31))
