"""Withheld cells taken out by hand: what goes with them, in which order rows then stand, and what may still be said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.disclosure.control import withhold
from relapse_risk.disclosure.masking import masked_indicator, masked_table, where_described, withheld_columns
from relapse_risk.disclosure.published_cells import published_cells
from relapse_risk.measures import CITY, Cell, FactColumn, FactTable, Fraction, Indicator

C = FactColumn
NAMES = {"a": "甲|A", "b": "乙|B"}
CAUSES = FactTable(
    "causes", 2,
    (C("cause", "text"), C("known", "households", counts="asked.known"), C("main", "households", counts="main.yes"),
     C("villages", "count"), C("share", "share", of=("main", "known")), C("mean", "money"), C("own", "money", rests_on=("known",)),
     C("free", "money", rests_on=()), C("note", "text", descriptive=True), C("sum", "money", hidden=True)),
    (), lambda data: pd.DataFrame(), order="-main",
)  # fmt: skip


def causes(**more: list[object]) -> pd.DataFrame:
    """Three causes of county a, of which y and z have few households, and one of b."""
    rows = {
        "county_code": ["a", "a", "a", "b"], "cause": ["x", "z", "y", "x"], "known": [100.0, 90.0, 80.0, 70.0], "main": [40.0, 4.0, 3.0, 6.0],
        "villages": [3.0, 2.0, 1.0, None], "share": [0.4, 4 / 90, 3 / 80, 6 / 70], "mean": [1.0, 2.0, 3.0, 4.0], "own": [5.0, 6.0, 7.0, 8.0],
        "free": [1.5, 2.5, 3.5, 4.5], "note": list("stuv"), "sum": [9.0] * 4,
    }  # fmt: skip
    return pd.DataFrame(rows | more)


def masked(
    frame: pd.DataFrame, *hidden: tuple[str, str, str], spec: FactTable = CAUSES
) -> tuple[pd.DataFrame, list[tuple[str, str, int]]]:
    """The table with the cells (measure, county, cause) withheld."""
    published = published_cells({spec.name: frame}, [spec], NO_ROWS, [], 5, NAMES)
    sides = {"asked": "known", "main": "yes"}
    cells = {Cell(measure, sides[measure], county, (("cause", cause),)) for measure, county, cause in hidden}
    return masked_table(spec, frame, published, cells)


COLUMNS = [
    "county_code", "indicator", "cases", "n", "value", "unit", "numerator", "denominator", "low", "high", "shrunk", "previous", "previous_cases",
    "previous_n", "verdict", "limit", "weighted",
]  # fmt: skip
NO_ROWS = pd.DataFrame(columns=COLUMNS)


def test_what_rests_on_a_withheld_count_goes_with_it_and_its_row_last() -> None:
    """z and y have few: their share and mean go, not what rests on the known; they stand by name at the end of a."""
    found, counts = masked(causes(), ("main", "a", "z"), ("main", "a", "y"))
    assert list(found.columns) == [
        "county_code",
        "cause",
        "known",
        "main",
        "villages",
        "share",
        "mean",
        "own",
        "free",
        "note",
    ]
    assert found[["county_code", "cause"]].to_numpy().tolist() == [["a", "x"], ["a", "y"], ["a", "z"], ["b", "x"]]
    assert found["main"].fillna(-1).tolist() == [40, -1, -1, 6]
    assert found["known"].tolist() == [100, 80, 90, 70]
    assert found["share"].fillna(-1).tolist() == [0.4, -1, -1, 6 / 70]
    assert found["mean"].fillna(-1).tolist() == [1.0, -1, -1, 4.0]
    assert found["own"].tolist() == [5.0, 7.0, 6.0, 8.0]
    assert found["free"].tolist() == [1.5, 3.5, 2.5, 4.5]
    assert found["note"].tolist() == ["s", "u", "t", "v"]
    assert found["villages"].fillna(-1).tolist() == [3, 1, 2, -1]
    assert {found[name].dtype for name in ("known", "main", "villages")} == {pd.Int64Dtype()}
    assert counts == [("a", "causes", 1), ("a", "causes", 1)]
    assert found.index.tolist() == [0, 1, 2, 3]


def test_a_withheld_denominator_takes_the_share_and_what_rests_on_it() -> None:
    found, counts = masked(causes(), ("asked", "a", "x"))
    row = found[(found["county_code"] == "a") & (found["cause"] == "x")].iloc[0]
    assert row[["known", "share", "mean", "own"]].isna().all()
    assert row[["main", "free"]].tolist() == [40, 1.5]
    assert counts == [("a", "causes", 1)]
    assert found["cause"].tolist() == ["x", "z", "y", "x"], "sorted by what is shown: no rank to hide"


def test_a_table_in_the_order_computed_stays_so_and_nothing_to_mask_changes_nothing() -> None:
    spec = FactTable("causes", 2, CAUSES.columns, (), lambda data: pd.DataFrame())
    found, _ = masked(causes(), ("main", "a", "z"), spec=spec)
    assert found["cause"].tolist() == ["x", "z", "y", "x"]
    whole, counts = masked(causes())
    assert counts == []
    assert whole["main"].tolist() == [40, 4, 3, 6]
    assert causes()["sum"].tolist() == [9.0] * 4
    empty, none = masked(causes().iloc[:0])
    assert (list(empty.columns), none) == (list(whole.columns), [])


def test_which_columns_are_left_no_value_by_county() -> None:
    """County a loses main, share and mean; b keeps a value of each; villages of b never had one."""
    before = causes()
    after, _ = masked(before, ("main", "a", "x"), ("main", "a", "y"), ("main", "a", "z"))
    assert list(withheld_columns(CAUSES, before, after)) == [("a", "causes", "main,share,mean")]
    assert list(withheld_columns(CAUSES, before, masked(before)[0])) == []


def test_a_table_stands_only_where_the_count_it_describes_is_shown() -> None:
    frame = pd.DataFrame({"county_code": ["a", "a", "b", "c"], "reason": list("xyzw")}, index=[5, 6, 7, 8])
    cells = {county: Cell("scored", "yes", county, (("band", "high"),)) for county in "abc"}
    values = {cells["a"]: 9.0, cells["b"]: 3.0}
    found = where_described(frame, "scored.yes by band=high", values, {cells["b"]})
    assert found.to_dict("split") == {
        "index": [0, 1],
        "columns": ["county_code", "reason"],
        "data": [["a", "x"], ["a", "y"]],
    }


ITEM = Indicator("unsafe", 5, "share", "lower_better", (), lambda data: Fraction(0.0, 0.0))


def rows(**more: list[object]) -> pd.DataFrame:
    """The indicator of county a (3 of 100), b (40 of 60) and the city, and a year before."""
    given = {
        "county_code": ["a", "b", CITY], "indicator": ["unsafe"] * 3, "unit": ["share"] * 3, "cases": [3.0, 40.0, 43.0], "n": [100.0, 60.0, 160.0],
        "numerator": [3.0, 40.0, 43.0], "denominator": [100.0, 60.0, 160.0], "value": [0.03, 2 / 3, 43 / 160], "low": [0.01] * 3, "high": [0.9] * 3,
        "shrunk": [0.04, 0.5, None], "previous": [0.1, 0.2, 0.3], "previous_cases": [10.0, 12.0, 22.0], "previous_n": [100.0, 60.0, 160.0],
        "verdict": ["no_limit"] * 3, "limit": [None] * 3, "weighted": [False] * 3,
    }  # fmt: skip
    return pd.DataFrame(given | more)


def told(frame: pd.DataFrame, *hidden: tuple[str, str, bool]) -> tuple[pd.DataFrame, list[tuple[str, str, int]]]:
    """The indicator table with the cells (side, county, a year before) withheld."""
    published = published_cells({}, [], frame, [ITEM], 5, NAMES)
    return masked_indicator(
        frame, published, {Cell("unsafe", side, county, (), before) for side, county, before in hidden}
    )


@pytest.mark.parametrize("side", ["yes", "no"])
def test_a_withheld_value_goes_with_its_interval_and_leaves_limits(side: str) -> None:
    """3 of 100: ten people lie between 0 and 10%, so that is what may be said; the denominator is public."""
    found, counts = told(rows(), (side, "a", False))
    assert found["withheld"].tolist() == [True, False, False]
    row = found.iloc[0]
    assert row[["numerator", "value", "low", "high", "cases", "shrunk"]].isna().all()
    assert row[["denominator", "n", "previous"]].tolist() == [100.0, 100.0, 0.1]
    assert row[["at_least", "at_most"]].tolist() == [0.0, 0.1]
    assert found.iloc[1][["numerator", "value", "low", "high", "cases", "shrunk"]].tolist() == [
        40.0,
        2 / 3,
        0.01,
        0.9,
        40.0,
        0.5,
    ]
    assert found[["at_least", "at_most"]].iloc[1:].isna().all(axis=None)
    assert counts == [("a", "indicator", 1)]


def test_a_few_looked_at_go_with_how_many_they_were() -> None:
    found, _ = told(rows(), ("known", "a", False))
    assert found.iloc[0][["denominator", "n", "value"]].isna().all()
    assert found.iloc[1][["denominator", "n"]].tolist() == [60.0, 60.0]
    zero, counts = told(
        rows(cases=[0.0, 40.0, 40.0], value=[0.0, 0.6, 0.25], numerator=[0.0, 40.0, 40.0]), ("known", "a", False)
    )
    assert zero["withheld"].tolist() == [False] * 3, "nobody of a few: that is no small count"
    assert zero.iloc[0][["value", "numerator"]].tolist() == [0.0, 0.0]
    assert zero.iloc[0][["denominator", "n"]].isna().all()
    assert counts == []


def test_a_zero_that_is_itself_withheld_stays_withheld() -> None:
    found, _ = told(rows(cases=[0.0, 40.0, 40.0]), ("yes", "a", False), ("known", "a", False))
    assert found["withheld"].tolist() == [True, False, False]


@pytest.mark.parametrize("side", ["yes", "no", "known"])
def test_the_year_before_is_withheld_by_its_own_cells(side: str) -> None:
    found, counts = told(rows(), (side, "b", True))
    assert found["previous"].fillna(-1).tolist() == [0.1, -1, 0.3]
    assert found["withheld"].tolist() == [False] * 3
    assert counts == []


def test_of_a_sample_what_is_printed_is_the_sample() -> None:
    """Weighted sums form the value and are never printed: cases of n, and no numerator of a mean."""
    frame = rows(
        numerator=[300.0, 4000.0, 4300.0],
        denominator=[10000.0, 6000.0, 16000.0],
        weighted=[True, True, False],
        unit=["share", "money", "share"],
    )
    found, _ = told(frame)
    assert found["numerator"].fillna(-1).tolist() == [3.0, -1, 4300.0]
    assert found["denominator"].tolist() == [100.0, 60.0, 16000.0]


@pytest.mark.parametrize(
    ("value", "n", "low", "high"),
    [
        (0.03, 100, 0.0, 0.1), (0.13, 100, 0.1, 0.2), (0.97, 100, 0.9, 1.0), (1.0, 100, 0.9, 1.0), (0.1, 100, 0.1, 0.2),
        (0.03, 1000, 0.03, 0.04),  # ten of a thousand are one per cent
        (0.031, 500, 0.02, 0.04), (0.03, 200, 0.0, 0.05), (0.3, 40, 0.25, 0.5), (0.3, 39, 0.0, 0.5), (0.6, 20, 0.5, 1.0),
        (0.6, 19, 0.0, 1.0), (0.6, 10, 0.0, 1.0), (0.6, 9, 0.0, 1.0),
    ],
)  # fmt: skip
def test_limits_so_round_that_ten_people_lie_between_them(value: float, n: int, low: float, high: float) -> None:
    frame = rows(value=[value, 0.5, 0.5], n=[float(n), 60.0, 160.0], cases=[round(value * n), 40.0, 43.0])
    found, _ = told(frame, ("yes", "a", False))
    assert found.iloc[0][["at_least", "at_most"]].tolist() == [low, high]


def test_only_a_share_has_limits() -> None:
    frame = rows(unit=["money"] * 3)
    found, _ = told(frame, ("yes", "a", False))
    assert found["withheld"].tolist() == [True, False, False]
    assert found[["at_least", "at_most"]].isna().all(axis=None)


def test_all_together_a_small_count_takes_another_with_it_and_both_are_counted() -> None:
    """3 of 100 in a: of the city's 43 the 40 of b must go too; the table by cause is counted apart."""
    table = causes()
    tables, indicator, counts = withhold({"causes": table}, [CAUSES], rows(), [ITEM], 5, NAMES)
    assert indicator["withheld"].tolist() == [True, True, False]
    assert list(counts.columns) == ["county_code", "table", "withheld", "gone"]
    by = counts.set_index(["county_code", "table"])
    assert by.loc[("a", "indicator"), "withheld"] == by.loc[("b", "indicator"), "withheld"] == 1
    assert by.loc[("a", "causes"), "withheld"] >= 2
    assert np.isnan(by.loc[("a", "indicator"), "gone"])
    assert tables["causes"]["main"].isna().sum() >= 2
