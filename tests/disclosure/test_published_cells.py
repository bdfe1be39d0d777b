"""What is withheld with a small count, and what is not."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.assessment import TABLES
from relapse_risk.assessment.linked_counts import LINKS
from relapse_risk.disclosure.control import withhold
from relapse_risk.disclosure.published_cells import published_cells
from relapse_risk.measures import CITY, FactColumn, FactTable, Fraction, Indicator

COLUMNS = (
    FactColumn("town", "town"), FactColumn("known", "households", counts="poor.known"),
    FactColumn("poor", "households", counts="poor.yes"),
    FactColumn("income", "money", rests_on=("known",)), FactColumn("poor_share", "share"),
)  # fmt: skip
EMPTY = pd.DataFrame(
    columns=["county_code", "indicator", "cases", "n", "value", "unit", "numerator", "denominator", "low", "high",
             "shrunk", "previous", "previous_cases", "previous_n", "verdict", "limit", "weighted"]
)  # fmt: skip
TABLE = FactTable("by_town", 4, COLUMNS, (), lambda data: pd.DataFrame(), city="none")


def test_a_mean_goes_with_its_own_households_and_a_share_with_any_of_its_row() -> None:
    rows = pd.DataFrame(
        {
            "county_code": ["1"] * 3, "town": ["a", "b", "c"], "known": [100, 80, 3], "poor": [3, 40, 0],
            "income": [8000.0, 7000.0, 6000.0], "poor_share": [0.03, 0.5, 0.0],
        }
    )  # fmt: skip
    tables, _, counts = withhold({"by_town": rows}, [TABLE], EMPTY, [], 5, {})
    written = tables["by_town"]
    assert written["income"].isna().tolist() == [False, False, True], "8,000 rests on 100 households, 6,000 on three"
    assert written["poor_share"].isna().tolist() == [True, False, True]
    assert counts["withheld"].tolist() == [2]


def test_a_column_that_is_withheld_to_the_last_number_is_named() -> None:
    rows = pd.DataFrame(
        {
            "county_code": ["1"] * 2, "town": ["a", "b"], "known": [100, 80], "poor": [3, 4], "income": [8000.0, None],
            "poor_share": [0.03, 0.05],
        }
    )  # fmt: skip
    _, _, counts = withhold({"by_town": rows}, [TABLE], EMPTY, [], 5, {})
    assert counts["gone"].tolist() == ["poor,poor_share"], "incomes are told, the known are no small count"


@pytest.mark.parametrize(("few", "gone"), [(3.0, [True, True, False, False]), (5.0, [False] * 4)])
def test_the_few_of_one_county_are_not_left_over_from_the_city(few: float, gone: list[bool]) -> None:
    # Looked at: 3, 6 and 9 households, 18 in the city: were 6 and 9 both told, 18 - 15 would give the 3 back.  Five are
    # no longer few.
    item = Indicator("wrong", 16, "share", "lower_better", (), lambda data: Fraction(0.0, 0.0))
    rows = pd.DataFrame({"county_code": ["1", "2", "3", CITY], "cases": 0.0, "n": [few, 6.0, 9.0, few + 15]}).assign(
        indicator="wrong", unit="share", value=0.0, numerator=0.0, denominator=lambda f: f["n"], low=None, high=None,
        shrunk=None, previous=None, previous_cases=None, previous_n=None, verdict="no_limit", limit=None, weighted=False,
    )  # fmt: skip
    empty = {t.name: pd.DataFrame(columns=["county_code", *(c.name for c in t.columns)]) for t in TABLES}
    _, told, _ = withhold(empty, TABLES, rows, [item], 5, {}, LINKS)
    assert told["n"].isna().tolist() == gone


@pytest.mark.parametrize(("few", "known"), [(3.0, False), (5.0, True)])
def test_what_a_reader_knows_of_an_indicator_in_any_case(few: float, known: bool) -> None:
    """How many were looked at, unless they were a few in one county; and nobody, where the verdict says that none was allowed."""
    item = Indicator("wrong", 16, "share", "lower_better", (), lambda data: Fraction(0.0, 0.0))
    rows = pd.DataFrame(
        {"county_code": ["1", "2", "3"], "cases": [0.0, 0.0, 4.0], "n": [few, 60.0, 90.0], "value": [0.0, 0.0, 4 / 90],
         "limit": [None, 0.0, 0.0], "verdict": ["no_limit", "met", "not_met"]}
    ).assign(indicator="wrong", unit="share", previous_cases=None, previous_n=None, weighted=False)  # fmt: skip
    fixed = published_cells({}, [], rows, [item], 5, {}).fixed
    assert {cell.county for cell in fixed if cell.side == "known"} == ({"1", "2", "3"} if known else set())
    assert {(cell.side, cell.county) for cell in fixed if cell.side != "known"} == {("yes", "2")}
