"""Row labels: every public function that takes two columns aligns them or refuses; none is forgotten."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import area_under_curve, select_top, targeting
from relapse_risk.hardship.normalise import goalposts, minmax
from relapse_risk.hardship.tie_order import rank_scores
from relapse_risk.poverty import (
    Fgt,
    dominance_curves,
    estimate,
    fgt,
    gini,
    mld_change,
    replicate_design,
    survey_design,
    tip_curves,
)
from relapse_risk.rows import by_row, in_order
from relapse_risk.rows import numbers as numbers_of

UNITS = ("poverty", "evaluation", "hardship", "ranking", "relapse")
COLUMNS = ("ArrayLike", "Series")
# Functions of two arrays that hold no value per row, or whose frames carry their own keys.
NOT_BY_ROW = {
    "interval": "estimates and their errors, not rows of data",
    "deprivation_scores": "a matrix and weights of its columns, aligned by name",
    "synthetic_panel": "two samples of different households",
    "rank_intervals": "sub-scores of dimensions and draws of weights",
    "topsis": "a matrix and weights of its columns",
    "disagreement": "aligned by household_id inside",
    "shortlist": "one column, put in the order of the index",
    "poor_at": "households asked of a panel, by key",
    "data_digest": "a fingerprint of rows in the order they were fitted",
    "draw_weights": "weights of indicators",
    "cluster_draws": "one column",
    "shift_rate": "one column and two rates",
    **dict.fromkeys(
        ("aras", "codas", "copras", "edas", "moora", "promethee", "vikor", "weighted_product", "weighted_sum",
         "adjusted_posts", "directional_benefit_of_the_doubt"),
        "a matrix and one value for each of its columns, aligned by name: test_one_value_for_each_column",
    ),
    "ordered_weighted_average": "a matrix and weights of places in the order of each row",
    "dominance_test": "two samples of different people",
    "dominance_curves": "distributions of different people, each with its weights: test_weights_of_each_distribution",
    "tip_curves": "the same",
    "mld_change": "two times of different people, each aligned inside: test_weights_of_each_time",
}  # fmt: skip
N = 40
RNG = np.random.default_rng(7)
INCOME = np.round(RNG.lognormal(8.5, 0.6, N), 2)
EVENT = (RNG.random(N) < 0.4).astype(float)
CHANCE = np.round(RNG.uniform(0.05, 0.95, N), 3)
GROUP = RNG.choice(["a", "b", "c"], N)
WEIGHT = np.round(RNG.gamma(2, 50, N)) + 1
STRATA, PSU = np.repeat([0, 1, 2, 3], 10), np.tile(np.repeat(np.arange(5), 2), 4)
MATRIX = pd.DataFrame((RNG.random((N, 3)) < 0.4).astype(float), columns=["x", "y", "z"])
PAIR = pd.DataFrame({"t1": INCOME, "t2": INCOME[::-1]})
BY_NAME: dict[str, Any] = {
    "income": INCOME, "x": INCOME, "rank_by": CHANCE, "line": np.where(GROUP == "a", 4000.0, 6000.0), "weights": WEIGHT,
    "weight": WEIGHT, "groups": GROUP, "group": GROUP, "domain": GROUP != "c", "strata": STRATA, "psu": PSU,
    "population_psu": np.full(N, 50.0), "influence": INCOME, "outcome": EVENT, "score": CHANCE, "other": CHANCE[::-1].copy(),
    "probability": CHANCE, "event": EVENT, "selected": (CHANCE > 0.6).astype(float), "poor": EVENT, "county": GROUP,
    "cluster": GROUP, "later": EVENT.copy(), "truth": CHANCE, "band": np.where(CHANCE > 0.5, "high", "low"),
    "household_id": np.array([f"h{i:02d}" for i in range(N)]), "incomes": PAIR, "g0": MATRIX, "gaps": MATRIX * 0.5,
    "rounds": np.tile([1, 2], N // 2), "first": INCOME, "second": INCOME[::-1] * 1.1, "weights_first": WEIGHT,
    "weights_second": WEIGHT, "y": INCOME, "covariates": pd.DataFrame({"a": CHANCE, "b": EVENT}), "sources": PAIR,
    "replicates": pd.DataFrame(RNG.uniform(0.5, 1.5, (N, 4)) * WEIGHT[:, None], columns=list("abcd")),
    "auxiliary": pd.DataFrame({"one": 1.0, "chance": CHANCE}),
}  # fmt: skip
OTHERS: dict[str, Any] = {
    "measure": Fgt(5000.0), "cutoffs": ["1/3"], "alpha": 1.0, "duration": 0.5, "method": "jackknife", "order": 0.3,
    "measures": [Fgt(5000.0, alpha) for alpha in (2, 0, 1)], "years": (2015.0, 2020.0), "indicators": ["x", "y", "z"],
    "budgets": [0.2], "budget": 0.2, "high": 0.2, "medium": 0.3, "sizes": {"a": 900.0, "b": 1200.0, "c": 1900.0},
    "totals": [4000.0, 2100.0],
}  # fmt: skip
LINE_IS_A_NUMBER = {"chronic_transient", "duration_poverty", "fgt_decomposition", "watts_decomposition"}
WEIGHTS_OF_COLUMNS = {"alkire_foster", "alkire_foster_change"}
TESTED_ELSEWHERE = {"beside_truth", "make_card"}  # need a fitted model: tests/evaluation and tests/relapse
POORER = np.sort(INCOME)
OF_ITS_OWN: dict[str, dict[str, Any]] = {  # arguments that mean something else there
    "fit_lorenz": {"population": np.arange(1, N + 1) / N, "income": np.cumsum(POORER) / POORER.sum()},
    "replicate_design": {"method": "BRR"},
}


def public() -> dict[str, Callable[..., Any]]:
    found = {}
    for unit in UNITS:
        module = import_module(f"relapse_risk.{unit}")
        found |= {name: one for name in module.__all__ if inspect.isfunction(one := getattr(module, name))}
    return found


def columns_of(function: Callable[..., Any]) -> list[str]:
    return [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if any(kind in str(parameter.annotation) for kind in COLUMNS)
    ]


DECORATED = {name: one for name, one in public().items() if hasattr(one, "by_row")}


def test_no_function_of_two_columns_is_forgotten() -> None:
    several = {name for name, one in public().items() if len(columns_of(one)) > 1}
    assert several - set(DECORATED) - set(NOT_BY_ROW) == set()
    assert len(DECORATED) > 35


def arguments(name: str, order: np.ndarray | None) -> dict[str, Any]:
    """Arguments of a function; with ``order`` every column but the first labelled and shuffled."""
    function, given = DECORATED[name], {}
    rows = [one for one in function.by_row if one in inspect.signature(function).parameters]  # type: ignore[attr-defined]
    for one, parameter in inspect.signature(function).parameters.items():
        if one == "line" and name in LINE_IS_A_NUMBER:
            given[one] = 5000.0
        elif one == "weights" and name in WEIGHTS_OF_COLUMNS:
            given[one] = [1, 2, 1]
        elif one == "design":
            design = survey_design(pd.Series(WEIGHT), STRATA, PSU)
            if name == "replicate_estimate":
                design = replicate_design(pd.Series(WEIGHT), BY_NAME["replicates"], "BRR")
            given[one] = design if one in rows else None
        elif one in rows:
            values = OF_ITS_OWN.get(name, BY_NAME).get(one, BY_NAME.get(one))
            labelled = values if isinstance(values, pd.DataFrame) else pd.Series(values)
            first = one == rows[0] and "design" not in rows
            given[one] = labelled if order is None or first else labelled.iloc[order]
        elif parameter.default is inspect.Parameter.empty:
            other = OF_ITS_OWN.get(name, OTHERS).get(one, OTHERS.get(one))
            given[one] = np.ones((1, N)) if (name, one) == ("measures", "weights") else other
    return given


def numbers(result: Any) -> np.ndarray:
    if hasattr(result, "frame"):
        result = result.frame
    if hasattr(result, "psu"):
        result = np.concatenate([result.weights, result.psu, result.fraction])
    if isinstance(result, pd.DataFrame):
        return result.select_dtypes("number").to_numpy(dtype=float)
    if isinstance(result, pd.Series):
        return (result.sort_index() if result.dtype != object else result.sort_index().rank()).to_numpy()
    if hasattr(result, "__dataclass_fields__"):
        return np.array([v for f in result.__dataclass_fields__ if isinstance(v := getattr(result, f), float)])
    return np.asarray(result)


@pytest.mark.parametrize("name", sorted(set(DECORATED) - TESTED_ELSEWHERE))
def test_shuffled_rows_give_the_same_result(name: str) -> None:
    order = np.random.default_rng(3).permutation(N)
    plain = numbers(DECORATED[name](**arguments(name, None)))
    shuffled = numbers(DECORATED[name](**arguments(name, order)))
    if plain.dtype.kind in "OU":
        assert plain.tolist() == shuffled.tolist()
    else:
        np.testing.assert_allclose(shuffled.astype(float), plain.astype(float), rtol=1e-9, equal_nan=True)


# A null in these columns has a meaning of its own, which their documentation states.
NULL_MEANS = {
    "band_limits": {"probability", "band"},  # not scored, of no band
    "risk_bands": {"probability", "household_id"},  # not scored: no band
    "fairness": {"group"},  # left out
    "fit_spread": {"event", "later"},  # not seen at that visit
}


@pytest.mark.parametrize("name", sorted(set(DECORATED) - TESTED_ELSEWHERE))
def test_a_null_in_any_column_is_refused_or_stays_null(name: str) -> None:
    """One missing cell in each column by row in turn: never a number as if nothing were missing."""
    base = arguments(name, None)
    whole = numbers(DECORATED[name](**base))
    columns = [one for one in DECORATED[name].by_row if isinstance(base.get(one), pd.Series | pd.DataFrame)]  # type: ignore[attr-defined]
    for one in sorted(set(columns) - NULL_MEANS.get(name, set())):
        given = {**base, one: with_null(base[one])}
        try:
            found = numbers(DECORATED[name](**given))
        except ModelError:
            continue
        assert found.dtype.kind == "f", f"{name}: {one}"
        assert np.isnan(found).sum() > np.isnan(whole.astype(float)).sum(), f"{name}: {one}"


def with_null(values: pd.Series | pd.DataFrame) -> pd.Series | pd.DataFrame:
    """The column, or frame, with its fourth cell missing."""
    if isinstance(values, pd.DataFrame):
        frame = values.astype(float)
        frame.iloc[3, 0] = np.nan
        return frame
    column = values.astype(float if values.dtype.kind in "iuf" else object)
    column.iloc[3] = np.nan if column.dtype == float else None
    return column


SEVERAL = {name for name, one in DECORATED.items() if len(one.by_row) > 1}  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(SEVERAL - TESTED_ELSEWHERE))
def test_other_labels_are_refused_by_name(name: str) -> None:
    given = arguments(name, None)
    rows = [one for one in DECORATED[name].by_row if one in given]  # type: ignore[attr-defined]
    last = next(one for one in reversed(rows) if isinstance(given[one], pd.Series | pd.DataFrame))
    given[last] = given[last].set_axis([f"z{i}" for i in range(N)])
    with pytest.raises(ModelError, match="rows are labelled differently"):
        DECORATED[name](**given)


COLUMN_WISE = (
    "aras", "codas", "copras", "edas", "moora", "promethee", "vikor", "weighted_product", "weighted_sum", "topsis",
    "adjusted_posts", "directional_benefit_of_the_doubt",
)  # fmt: skip


@pytest.mark.parametrize("name", COLUMN_WISE)
def test_one_value_for_each_column(name: str) -> None:
    """Weights, directions and references go by the names of the columns, or are refused."""
    function = public()[name]
    matrix = pd.DataFrame(RNG.uniform(1, 9, (6, 3)), columns=["x", "y", "z"])
    values = pd.Series({"x": 5.0, "y": 1.0, "z": 2.0})
    wanted = numbers(function(matrix, values.to_numpy()))
    np.testing.assert_allclose(numbers(function(matrix, values[["z", "x", "y"]])), wanted)
    np.testing.assert_allclose(numbers(function(matrix, values.reset_index(drop=True))), wanted)
    with pytest.raises(ModelError, match="rows are labelled differently"):
        function(matrix, values.set_axis(["x", "y", "w"]))


def test_weights_of_each_distribution() -> None:
    x, w = pd.Series([50.0, 80, 200, 300], index=list("abcd")), pd.Series([1.0, 2, 3, 4], index=list("abcd"))
    for function, line in ((tip_curves, 100.0), (dominance_curves, [100.0, 250.0])):
        plain = function({"all": x}, line, weights={"all": w}).frame
        pd.testing.assert_frame_equal(function({"all": x}, line, weights={"all": w[::-1]}).frame, plain)
        with pytest.raises(ModelError, match="weights of all: rows are labelled differently"):
            function({"all": x}, line, weights={"all": w.set_axis(list("abcz"))})


def test_weights_of_each_time() -> None:
    x, w = pd.Series([50.0, 80, 200, 300], index=list("abcd")), pd.Series([1.0, 2, 3, 4], index=list("abcd"))
    groups = pd.Series(list("uuvv"), index=list("abcd"))
    plain = mld_change(x, groups, x * 2, groups, w, w)
    pd.testing.assert_frame_equal(mld_change(x, groups[::-1], x[::-1] * 2, groups, w[::-1], w), plain)


@by_row("income", "weights")
def total(income: Any, weights: Any) -> float:
    return float((np.asarray(income, dtype=float) * np.asarray(weights, dtype=float)).sum())


def test_arrays_go_by_position_and_labels_by_label() -> None:
    x, w = pd.Series([1.0, 2.0], index=["a", "b"]), pd.Series([10.0, 100.0], index=["b", "a"])
    assert total(x, w) == 1 * 100 + 2 * 10
    assert total(x.to_numpy(), w) == total(x, w.to_numpy()) == 1 * 10 + 2 * 100


def test_repeated_labels_are_one_order_or_refused() -> None:
    twice = ["a", "a"]
    assert total(pd.Series([1.0, 2.0], twice), pd.Series([3.0, 4.0], twice)) == 11
    with pytest.raises(ModelError, match="total: weights and income: rows are labelled differently"):
        total(pd.Series([1.0, 2.0], twice), pd.Series([3.0, 4.0], ["a", "b"]))
    assert total(pd.Series([1.0, 2.0], twice), pd.Series([3.0, 4.0])) == 11, (
        "never labelled: only positions can be meant"
    )


def test_masked_entries_are_missing() -> None:
    assert np.isnan(total(np.ma.array([1.0, 2.0], mask=[True, False]), [1.0, 1.0]))


def test_one_column_in_the_order_of_labels() -> None:
    assert in_order(pd.Series([9.0, 1.0], index=["b", "a"]), pd.Index(["a", "b"]), "cost").tolist() == [1.0, 9.0]
    with pytest.raises(ModelError, match="cost: rows are labelled differently"):
        in_order(pd.Series([9.0]), pd.Index(["a"]), "cost")


COLUMNS_OF_NUMBERS = {
    "fgt": lambda x: fgt(x, 5000.0), "gini": gini, "auc": lambda x: area_under_curve(EVENT, x).value,
    "minmax": minmax, "goalposts": lambda x: goalposts(x, 0, 9000), "rank_scores": rank_scores,
    "weights": lambda x: fgt(INCOME, 5000.0, weights=x), "select_top": lambda x: select_top(x, 5),
    "targeting": lambda x: targeting(EVENT, x).coverage, "estimate": lambda x: estimate(Fgt(5000.0), x, survey_design(WEIGHT)),
}  # fmt: skip
KEEPS_NULLS = ("minmax", "goalposts", "rank_scores")


@pytest.mark.parametrize("name", COLUMNS_OF_NUMBERS)
@pytest.mark.parametrize(
    "kind", ["datetime", "timedelta", "complex", "dict", "set", "words", "dates", "text", "iterator"]
)
def test_what_holds_no_numbers_is_refused(name: str, kind: str) -> None:
    given = {
        "datetime": pd.to_datetime(pd.Series(INCOME)), "timedelta": pd.to_timedelta(pd.Series(INCOME)), "complex": INCOME + 0j,
        "dict": dict(enumerate(INCOME)), "set": set(INCOME), "words": ["many"] * N, "dates": [date(2020, 1, 1)] * N,
        "text": "1234", "iterator": iter(INCOME),
    }[kind]  # fmt: skip
    with pytest.raises(ModelError):
        COLUMNS_OF_NUMBERS[name](given)


@pytest.mark.parametrize("name", COLUMNS_OF_NUMBERS)
@pytest.mark.parametrize("null", [None, pd.NA, np.nan, "masked"])
def test_an_unknown_number_is_refused_or_stays_unknown(name: str, null: object) -> None:
    values: Any = [*EVENT] if name == "targeting" else [*INCOME]
    if isinstance(null, str):
        values = np.ma.array(values, mask=np.arange(N) == 3)
    else:
        values[3] = null
    if name in KEEPS_NULLS:
        assert np.isnan(COLUMNS_OF_NUMBERS[name](values)[3])
    else:
        with pytest.raises(ModelError):
            COLUMNS_OF_NUMBERS[name](values)


def test_numbers_of_any_type_are_the_same() -> None:
    plain = numbers_of(INCOME, "x")
    arrow = pd.Series(INCOME, dtype="double[pyarrow]")
    for given in (
        INCOME.tolist(),
        tuple(INCOME),
        pd.Series(INCOME, dtype="Float64"),
        arrow,
        INCOME.astype(object),
        INCOME.astype(str),
    ):
        assert numbers_of(given, "x").tolist() == plain.tolist()
    assert numbers_of([[1, None], [pd.NA, 2]], "x").shape == (2, 2)
