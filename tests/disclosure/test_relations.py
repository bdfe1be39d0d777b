"""Cells of two tables and an indicator, and the sums of them, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.disclosure.control import withhold
from relapse_risk.disclosure.published_cells import Published, published_cells
from relapse_risk.disclosure.relations import Link, linked
from relapse_risk.disclosure.suppression import Relation
from relapse_risk.errors import MeasureError
from relapse_risk.measures import CITY, Cell, FactColumn, FactTable, Fraction, Indicator

C = FactColumn
NAMES = {"a": "甲|A", "b": "乙|B"}
PASS = FactTable(
    "guarantee_pass", 5,
    (C("criterion", "label", "indicator"), C("checked", "households", counts="{criterion}.known"),
     C("passed", "households", counts="{criterion}.yes"), C("failed", "households", counts="{criterion}.no")),
    (), lambda data: pd.DataFrame(),
)  # fmt: skip
TOWNS = FactTable(
    "guarantee_by_town", 5,
    (C("town", "town"), C("safe", "households", counts="house_safe.yes"),
     C("known", "households", counts="house_safe.known"), C("share", "share", of=("safe", "known"))),
    (), lambda data: pd.DataFrame(), city="counties",
)  # fmt: skip
ITEM = Indicator("house_safe", 5, "share", "higher_better", (), lambda data: Fraction(0.0, 0.0))


def _tables(failed_in_b: int = 7) -> dict[str, pd.DataFrame]:
    """A: 100 asked, 3 fail, all in town x.  B: 60 asked, 7 fail."""
    rows = pd.DataFrame(
        [("a", "house_safe", 100, 97, 3), ("b", "house_safe", 60, 60 - failed_in_b, failed_in_b),
         (CITY, "house_safe", 160, 157 - failed_in_b, 3 + failed_in_b)],
        columns=["county_code", "criterion", "checked", "passed", "failed"],
    )  # fmt: skip
    towns = pd.DataFrame(
        [("a", "x", 37, 40), ("a", "y", 60, 60), ("b", "z", 53, 60), (CITY, "甲|A", 97, 100), (CITY, "乙|B", 53, 60)],
        columns=["county_code", "town", "safe", "known"],
    )
    return {"guarantee_pass": rows, "guarantee_by_town": towns.assign(share=lambda f: f["safe"] / f["known"])}


def _rows() -> pd.DataFrame:
    found = pd.DataFrame({"county_code": ["a", "b", CITY], "cases": [97.0, 53.0, 150.0], "n": [100.0, 60.0, 160.0]})
    return found.assign(
        indicator="house_safe", unit="share", value=found["cases"] / found["n"], numerator=found["cases"],
        denominator=found["n"], low=None, high=None, shrunk=None, previous=None, previous_cases=None, previous_n=None,
        verdict="no_limit", limit=None, weighted=False,
    )  # fmt: skip


def _published(tables: dict[str, pd.DataFrame]) -> Published:
    return published_cells(tables, (PASS, TOWNS), _rows(), (ITEM,), 5, NAMES)


def _cell(side: str, county: str, **by: str) -> Cell:
    return Cell("house_safe", side, county, tuple(sorted(by.items())))


def test_one_count_is_one_cell_wherever_it_is_printed() -> None:
    """The county's rate, the indicator and the city's row of that county; the towns are cells of their own."""
    places = _published(_tables()).places
    assert places["guarantee_pass", "passed"][0] == _cell("yes", "a")
    assert places["guarantee_by_town", "safe"][3] == _cell("yes", "a"), "the city's row of county A"
    assert places["indicator", ("yes", False)][0] == _cell("yes", "a")
    assert places["guarantee_by_town", "safe"][0] == _cell("yes", "a", town="x")


def test_sums_follow_from_what_the_cells_are() -> None:
    relations = set(linked(_published(_tables()), (), 5).relations)
    assert Relation((_cell("yes", "a"), _cell("no", "a")), (_cell("known", "a"),)) in relations
    assert Relation((_cell("yes", "a", town="x"), _cell("yes", "a", town="y")), (_cell("yes", "a"),)) in relations
    assert Relation((_cell("no", "a"), _cell("no", "b")), (_cell("no", CITY),)) in relations


def test_who_fails_in_a_town_is_a_cell_that_is_printed_nowhere() -> None:
    """40 asked and 37 safe leave three."""
    sums = linked(_published(_tables()), (), 5)
    assert sums.values[_cell("no", "a", town="x")] == 3
    assert _cell("no", "a", town="x") in sums.unprinted


def test_three_that_fail_are_withheld_everywhere() -> None:
    tables, indicator, _ = withhold(_tables(), (PASS, TOWNS), _rows(), (ITEM,), 5, NAMES)
    rates = tables["guarantee_pass"].set_index("county_code")
    assert rates.loc["a", ["passed", "failed"]].isna().all()
    assert rates.loc["a", "checked"] == 100
    assert tables["guarantee_by_town"].set_index("town")["safe"].isna().loc[["x", "甲|A"]].all()
    assert indicator["withheld"].tolist()[0]


def test_two_places_that_print_one_cell_must_agree() -> None:
    """8 of 60 fail by one table, 7 by the other: the error names both, the count and the county."""
    with pytest.raises(
        MeasureError, match=r"guarantee_by_town\.safe and guarantee_pass\.passed both print house_safe\.yes of b"
    ) as got:
        _published(_tables(failed_in_b=8))
    assert "got 53.0, expected 52.0" in str(got.value)


def test_classes_are_not_more_than_their_whole() -> None:
    published = Published(
        {_cell("yes", "a"): 50.0, _cell("yes", "a", town="x"): 30.0, _cell("yes", "a", town="y"): 30.0}
    )
    with pytest.raises(MeasureError, match=r"parts of house_safe\.yes of a add up to more; got '10 too many'"):
        linked(published, (), 5)


def test_yes_and_no_are_not_more_than_known() -> None:
    published = Published({_cell("yes", "a"): 50.0, _cell("no", "a"): 20.0, _cell("known", "a"): 60.0})
    with pytest.raises(MeasureError, match=r"house_safe\.\w+ of a add up to more"):
        linked(published, (), 5)


@pytest.mark.parametrize(("in_towns", "is_linked"), [(97.0, True), (93.0, True), (92.0, False)])
def test_classes_that_fall_short_by_a_few_are_still_the_whole(in_towns: float, is_linked: bool) -> None:
    """Four households whose town is not known: whoever sees one side knows the other within four.  Not so five."""
    town = _cell("yes", "a", town="x")
    relations = linked(Published({_cell("yes", "a"): 97.0, town: in_towns}), (), 5).relations
    assert (Relation((town,), (_cell("yes", "a"),)) in relations) == is_linked


def test_a_subset_leaves_a_rest() -> None:
    """Of 12 whose water fails, 9 fail by the distance: the other three are a count too, and the two are nearly one."""
    whole, part = Cell("water_safe", "no", "a"), Cell("reason.water_distance", "yes", "a")
    sums = linked(
        Published({whole: 12.0, part: 9.0}),
        (Link(("water_safe.no",), ("reason.water_distance.yes",), is_subset=True),),
        5,
    )
    (rest,) = sums.unprinted
    assert sums.values[rest] == 3
    assert sums.near == [(whole, part)]


def test_a_link_takes_the_classes_it_names() -> None:
    """Persons of 60 and more: 20 + 5 of two sexes and two ages, not the 30 younger."""
    ages = {("60–69", "male"): 20.0, ("80+", "female"): 5.0, ("50–59", "male"): 30.0}
    cells = {Cell("persons", "yes", "a", (("age", age), ("sex", sex))): n for (age, sex), n in ages.items()}
    elderly = Cell("elderly", "yes", "a")
    sums = linked(Published({elderly: 25.0, **cells}), (Link(("elderly.yes",), ("persons.yes by age=60–69|80+",)),), 5)
    old = tuple(cell for cell in cells if cell.by[0][1] != "50–59")
    assert Relation(old, (elderly,)) in sums.relations
