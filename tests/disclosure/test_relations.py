"""Cells of two tables and an indicator, and the sums of them, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.disclosure.control import withhold
from relapse_risk.disclosure.published_cells import Published, published_cells
from relapse_risk.disclosure.relations import Link, linked
from relapse_risk.disclosure.suppression import Relation
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


def test_two_places_that_print_one_cell_with_two_numbers_are_two_cells() -> None:
    """A register that contradicts itself stops nothing: 8 of 60 fail by one table, 7 by the other; both are protected."""
    published = _published(_tables(failed_in_b=8))
    one, other = _cell("yes", "b"), Cell("house_safe (guarantee_by_town.safe)", "yes", "b")
    assert (one, other) in published.doubles
    assert (published.values[one], published.values[other]) == (52, 53)
    sums = linked(published, (), 5)
    assert (one, other) in sums.near, "whoever sees one knows the other within a few"
    assert "house_safe.yes of b is printed with two numbers" in sums.conflicts
    assert linked(_published(_tables()), (), 5).conflicts == []


def test_of_two_numbers_under_one_name_both_or_neither_are_withheld() -> None:
    """57 of 60 are safe by one table, 56 by the other: three fail, so that neither is shown."""
    tables = _tables(failed_in_b=4)
    tables["guarantee_by_town"].loc[[2, 4], "safe"] = 57
    rows = _rows().assign(cases=[97.0, 57.0, 154.0])
    masked, _, _ = withhold(tables, (PASS, TOWNS), rows, (ITEM,), 5, NAMES)
    assert pd.isna(masked["guarantee_pass"].set_index("county_code").loc["b", "passed"])
    assert pd.isna(masked["guarantee_by_town"].set_index("town").loc["z", "safe"])


@pytest.mark.parametrize(("in_towns", "is_linked"), [(54.0, True), (55.0, False)])
def test_classes_that_are_more_than_their_whole_are_named(in_towns: float, is_linked: bool) -> None:
    """Four too many: whoever sees one side knows the other within four.  Five too many say nothing.  Neither is an end."""
    town = _cell("yes", "a", town="x")
    sums = linked(Published({_cell("yes", "a"): 50.0, town: in_towns}), (), 5)
    assert sums.conflicts == ["house_safe.yes of a is less than its classes by town"]
    assert (Relation((town,), (_cell("yes", "a"),)) in sums.relations) == is_linked


@pytest.mark.parametrize(("no", "is_linked"), [(14.0, True), (15.0, False)])
def test_yes_and_no_that_are_more_than_known_are_named(no: float, is_linked: bool) -> None:
    yes, other, known = (_cell(side, "a") for side in ("yes", "no", "known"))
    sums = linked(Published({yes: 50.0, other: no, known: 60.0}), (), 5)
    assert len(sums.conflicts) == 1
    assert (Relation((yes, other), (known,)) in sums.relations) == is_linked


def test_more_cases_than_were_looked_at_leave_no_rest() -> None:
    sums = linked(Published({_cell("yes", "a"): 50.0, _cell("known", "a"): 40.0}), (), 5)
    assert _cell("no", "a") not in sums.values
    assert sums.relations == []


def test_a_public_total_is_known_unless_it_is_small() -> None:
    """How many households a county's register holds is printed as the rows of its table; four are withheld, five not."""
    cells = {Cell("households", "yes", county): n for county, n in {"a": 54.0, "b": 4.0, "c": 5.0, "d": 0.0}.items()}
    town, other = Cell("households", "yes", "a", (("town", "x"),)), Cell("members", "yes", "a")
    sums = linked(Published({**cells, town: 44.0, other: 99.0}), (), 5, ("households.yes",))
    assert sums.fixed == {Cell("households", "yes", county) for county in "acd"}


def test_a_link_holds_where_a_part_has_no_row() -> None:
    """Seven fail by a grade C; nobody by a grade D, which has no row: those seven are the seven of grade C."""
    whole, part = _cell("no", "a"), Cell("reason.dwelling_c", "yes", "a")
    link = Link(("house_safe.no",), ("reason.dwelling_c.yes", "reason.dwelling_d.yes"))
    assert Relation((part,), (whole,)) in linked(Published({whole: 7.0, part: 7.0}), (link,), 5).relations


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


def _by(n: float, side: str = "yes", county: str = "a", **by: str) -> dict[Cell, float]:
    return {_cell(side, county, **by): n}


def test_a_rest_belongs_to_its_county() -> None:
    """12 - 9 = 3 in a and 20 - 10 = 10 in b are two cells."""
    counts = {"a": (12.0, 9.0), "b": (20.0, 10.0)}
    cells = {Cell(name, side, county): counts[county][place]
             for place, (name, side) in enumerate([("water_safe", "no"), ("reason.water_distance", "yes")]) for county in "ab"}  # fmt: skip
    sums = linked(Published(cells), (Link(("water_safe.no",), ("reason.water_distance.yes",), is_subset=True),), 5)
    assert {cell.county: sums.values[cell] for cell in sums.unprinted} == {"a": 3, "b": 10}
    assert [whole.county for whole, _ in sums.near] == ["a"], "ten are not a few"


def test_what_is_left_of_several_parts_tells_none_of_them() -> None:
    """12 fail, by one reason 6 and by another 5: whoever sees the 12 does not know either within a few."""
    cells = {_cell("no", "a"): 12.0, Cell("reason.one", "yes", "a"): 6.0, Cell("reason.two", "yes", "a"): 5.0}
    link = Link(("house_safe.no",), ("reason.one.yes", "reason.two.yes"), is_subset=True)
    sums = linked(Published(cells), (link,), 5)
    assert [sums.values[cell] for cell in sums.unprinted] == [1]
    assert sums.near == []
    too_many = linked(Published(cells | {_cell("no", "a"): 10.0}), (link,), 5)
    assert too_many.unprinted == set(), "11 of 10 leave nothing"


@pytest.mark.parametrize(("other", "is_linked"), [(16.0, True), (24.0, True), (15.0, False), (25.0, False)])
def test_two_counts_that_nearly_agree_are_linked(other: float, is_linked: bool) -> None:
    """20 and 16 differ by four: whoever sees one knows the other within these.  Not so by five."""
    one, two = _cell("no", "a"), Cell("failing", "yes", "a")
    sums = linked(Published({one: 20.0, two: other}), (Link(("house_safe.no",), ("failing.yes",)),), 5)
    assert (Relation((two,), (one,)) in sums.relations) == is_linked
    assert sums.unprinted == set()


def test_a_link_of_samples_holds_in_samples() -> None:
    cells = {Cell(name, "yes", county): 9.0 for name in ("one", "two") for county in "ab"}
    sums = linked(Published(cells, samples={"b"}), (Link(("one.yes",), ("two.yes",), only_samples=True),), 5)
    linked_counts = [one for one in sums.relations if one.wholes]
    assert linked_counts == [Relation((Cell("two", "yes", "b"),), (Cell("one", "yes", "b"),))]


def test_a_link_takes_the_coarsest_classification_that_tells_its_classes() -> None:
    """Elderly: the two ages of the table by age, not the four cells of that by age and sex."""
    ages = {age: Cell("persons", "yes", "a", (("age", age),)) for age in ("60–69", "80+")}
    both = {(age, sex): Cell("persons", "yes", "a", (("age", age), ("sex", sex))) for age in ages for sex in ("f", "m")}
    elderly = Cell("elderly", "yes", "a")
    cells = {elderly: 40.0, **dict.fromkeys(ages.values(), 20.0), **dict.fromkeys(both.values(), 10.0)}
    sums = linked(Published(cells), (Link(("elderly.yes",), ("persons.yes by age=60–69|80+",)),), 5)
    assert [one for one in sums.relations if elderly in one.cells] == [Relation(tuple(ages.values()), (elderly,))]


def test_both_sides_without_what_was_looked_at_add_up_to_what_a_reader_knows() -> None:
    yes, no = _cell("yes", "a"), _cell("no", "a")
    assert Relation((yes, no)) in linked(Published({yes: 3.0, no: 97.0}), (), 5).relations
    assert linked(Published({yes: 3.0}), (), 5).relations == []
    assert linked(Published({no: 97.0}), (), 5).relations == []


def test_classes_add_up_to_the_next_coarser_classification_only() -> None:
    cells = (
        _by(60.0)
        | _by(40.0, town="x")
        | _by(20.0, town="y")
        | _by(30.0, town="x", sex="f")
        | _by(10.0, town="x", sex="m")
    )
    relations = linked(Published(cells), (), 5).relations
    town = {name: _cell("yes", "a", town=name) for name in "xy"}
    sexes = tuple(_cell("yes", "a", town="x", sex=sex) for sex in "fm")
    assert set(relations) == {Relation(tuple(town.values()), (_cell("yes", "a"),)), Relation(sexes, (town["x"],))}


def test_the_sum_of_classes_whose_whole_is_printed_nowhere_is_known() -> None:
    """One class alone is no sum."""
    two = _by(30.0, town="x") | _by(3.0, town="y")
    assert linked(Published(two), (), 5).relations == [Relation(tuple(two))]
    assert linked(Published(_by(30.0, town="x")), (), 5).relations == []


@pytest.mark.parametrize(
    ("sample", "males", "more", "known"),
    [
        (False, 30.0, {}, True),
        (True, 30.0, {}, False),  # of a sample nobody knows who is in it
        (False, 2.0, {}, False),  # 2 + 2 are few: the total is no less a small count
        (False, 30.0, _by(9.0, "known", town="x"), False),  # with both sides a reader may subtract
    ],
)
def test_a_total_printed_nowhere_links_two_classifications(
    sample: bool, males: float, more: dict[Cell, float], known: bool
) -> None:
    """Men and women add up to the same as young and old (of some the age is not known: the larger sum is the total)."""
    cells = _by(males, sex="m") | _by(2.0, sex="f") | _by(males, age="old") | _by(1.0, age="young") | more
    sums = linked(Published(cells, samples={"a"} if sample else set()), (), 5)
    total = _cell("yes", "a")
    assert sums.values[total] == males + 2
    assert (total in sums.fixed, total in sums.unprinted) == (known, not known)
    assert Relation((_cell("yes", "a", sex="m"), _cell("yes", "a", sex="f")), (total,)) in sums.relations
    assert Relation((_cell("yes", "a", age="old"), _cell("yes", "a", age="young")), (total,)) in sums.relations


def test_counties_add_up_to_the_city_and_to_what_is_known_where_it_is_printed_nowhere() -> None:
    a, b = _cell("yes", "a"), _cell("yes", "b")
    counties = {a: 30.0, b: 3.0}
    assert linked(Published(counties), (), 5).relations == [Relation((a, b))]
    assert linked(Published({a: 30.0}), (), 5).relations == []
    city = linked(Published(counties | {_cell("yes", CITY): 33.0}), (), 5).relations
    assert city == [Relation((a, b), (_cell("yes", CITY),))]
    towns = _by(30.0, town="x") | _by(9.0, county="b", town="x")
    assert linked(Published(towns), (), 5).relations == [], "towns of one name are no classes of a city"


def test_parts_of_a_known_nothing_are_nothing() -> None:
    """Nobody fails, which is told: so nobody fails in either town.  Of a known whole that is not zero nothing follows."""
    towns = [_cell("no", "a", town=name) for name in "xy"]
    whole = _cell("no", "a")
    zero = Published({whole: 0.0, towns[0]: 0.0, towns[1]: 0.0}, fixed={whole})
    assert linked(zero, (), 5).fixed == {whole, *towns}
    some = Published({whole: 9.0, towns[0]: 9.0, towns[1]: 0.0}, fixed={whole})
    assert linked(some, (), 5).fixed == {whole}
    assert linked(Published({whole: 0.0, towns[0]: 0.0, towns[1]: 0.0}), (), 5).fixed == set()
    alone = Published({whole: 0.0, towns[0]: 0.0}, fixed={towns[0]})
    assert linked(alone, (), 5).fixed == {whole, towns[0]}, "one class alone is its whole"


def test_how_many_were_looked_at_is_known_unless_it_counts_something_itself() -> None:
    known = _cell("known", "a")
    given = Published({known: 60.0}, fixed={known})
    assert linked(given, (), 5).fixed == {known}
    assert linked(given, (Link(("lifted.yes",), ("house_safe.known",)),), 5).fixed == set()
    assert linked(given, (Link(("lifted.yes",), ("house_safe.yes",)),), 5).fixed == {known}
