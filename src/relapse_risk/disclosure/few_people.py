"""Counties of a few households: nothing that is formed from their people is published, whatever its form.

A count of one household is withheld as any small count; but its income, score or share of transfers would stand there as
the county's mean.  So of a county with fewer households than the threshold every table and indicator about people goes,
means, medians, shares, scores, curves and verdicts alike.  Sums and means of the next smallest county go with them: the
place's less those of every other county would be those of the few.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache

import pandas as pd

from relapse_risk.disclosure.published_cells import INDICATOR, Tables
from relapse_risk.measures import CITY, FactTable, Indicator
from relapse_risk.schema import tables as register_tables

__all__ = ["FEW_PEOPLE", "about_people", "companion", "without_few"]

FEW_PEOPLE = "few_people"  # the reason why a county has no rows of a table
PEOPLE = ("household", "person")
KNOWN = ("persons",)  # how many a county's register holds is taken as known
KEPT = ("section", "limit")  # numbers of an indicator that say nothing of the county
COUNTED = ("denominator", "n")  # how many were looked at, which is counted and protected as such


@cache
def _tables_about_people() -> frozenset[str]:
    """Tables of the register whose rows refer to a household or a person, directly or through another such table."""
    found = set(PEOPLE)
    while True:
        more = {
            spec.name
            for spec in register_tables().values()
            if any(column.refers_to in found for column in spec.columns)
        } - found
        if not more:
            return frozenset(found)
        found |= more


def about_people(needs: Sequence[str]) -> bool:
    """Whether what needs these tables of the register is formed from people; what needs none is formed from indicators.

    Examples
    --------
    >>> about_people(("income",)), about_people(("scores.risk",)), about_people(("village.exit_flags",)), about_people(())
    (True, True, False, True)
    """
    named = [need.partition(".")[0] for need in needs]
    return not named or any(name == "scores" or name in _tables_about_people() for name in named)


def companion(households: Mapping[str, int], threshold: float) -> str | None:
    """The county whose sums and means are withheld with those of counties of few households; None where none must be.

    Parameters
    ----------
    households : mapping of str to int
        Number of households by county.
    threshold : float
        Fewer than this are few.

    Returns
    -------
    str or None
        The smallest county of the others, unless the few are enough together; the city where there is no other.

    Examples
    --------
    >>> companion({"a": 1, "b": 40, "c": 12}, 5), companion({"a": 3, "b": 4, "c": 12}, 5), companion({"a": 1}, 5)
    ('c', None, 'city')
    """
    few = {county: size for county, size in households.items() if size < threshold}
    if not 0 < sum(few.values()) < threshold:
        return None
    others = sorted((size, county) for county, size in households.items() if county not in few)
    return others[0][1] if others else CITY


def _sums_and_means(spec: FactTable) -> list[str]:
    """Shown columns whose value of the city is formed from the counties' sums, but for counts of people and what is public."""
    people = {column.name for column in spec.columns if column.is_people}
    return [
        column.name
        for column in spec.columns
        if not (column.hidden or column.is_key or column.is_people or column.kind == "count")
        and (column.is_additive or (column.of is not None and not people.issuperset(column.of)))
    ]


def without_few(
    tables: Tables, specs: Sequence[FactTable], indicator: pd.DataFrame, items: Sequence[Indicator],
    few: Collection[str], beside: str | None = None, names: Mapping[str, str] | None = None,
) -> tuple[Tables, pd.DataFrame, set[tuple[str, str]]]:  # fmt: skip
    """Tables and indicators without what rests on the people of the counties ``few``.

    Parameters
    ----------
    tables, indicator
        As :func:`relapse_risk.disclosure.control.withhold` gives them.
    items : sequence of Indicator
    few : collection of str
        Counties with fewer households than the threshold.
    beside : str, optional
        The county that loses its sums and means with them (:func:`companion`).
    names : mapping of str to str, optional
        Name by county code in the city's rows of tables by town.

    Returns
    -------
    (tables, indicator, gone)
        ``gone``: county and table of every table that lost its rows.
    """
    if not few:
        return tables, indicator, set()
    result, gone = dict(tables), set()
    for spec in specs:
        if about_people(spec.needs) and not tables[spec.name].empty:
            about = _counties_of_rows(spec, tables[spec.name], names or {}, few)
            mine = about.isin(few)
            gone |= {(county, spec.name) for county in tables[spec.name].loc[mine, "county_code"]} - {(CITY, spec.name)}
            kept = tables[spec.name][~mine].reset_index(drop=True)
            own = about[~mine].eq(beside).to_numpy()
            summed = [name for name in _sums_and_means(spec) if name in kept]
            result[spec.name] = kept.assign(**{name: kept[name].mask(own) for name in summed})
    return result, _indicators_without(indicator, items, few, beside), gone | {(county, INDICATOR) for county in few}


def _counties_of_rows(
    spec: FactTable, frame: pd.DataFrame, names: Mapping[str, str], few: Collection[str]
) -> pd.Series:
    """The county each row is about: in tables by town the city has a row for every county, by its name.

    Of counties of one name it is that of a few households, if one is.
    """
    if spec.city != "counties":
        return frame["county_code"]
    county_of = {names[county]: county for county in sorted(names, key=lambda county: county in few)}
    of_name = frame[spec.keys[0]].map(county_of).astype("str")
    return frame["county_code"].where(frame["county_code"].ne(CITY), of_name.fillna(CITY))


def _indicators_without(
    rows: pd.DataFrame, items: Sequence[Indicator], few: Collection[str], beside: str | None
) -> pd.DataFrame:
    of_people = {item.name for item in items if item.name not in KNOWN and about_people(item.needs)}
    counted = {item.name for item in items if item.people and item.unit in ("share", "count")}
    named = rows["indicator"].isin(of_people)
    own = named & rows["county_code"].isin(few)
    summed = named & rows["county_code"].eq(beside) & (~rows["indicator"].isin(counted) | rows["weighted"].astype(bool))
    numbers = [name for name in rows.select_dtypes("number") if name not in KEPT]
    hidden = rows.assign(
        **{name: rows[name].mask(own if name in COUNTED else own | summed) for name in numbers}
    )  # fmt: skip
    both = own | summed
    told = both & rows["verdict"].isin(["met", "watch", "not_met"])
    collected = both & rows["verdict"].ne("not_collected")
    return hidden.assign(withheld=rows["withheld"] | collected, verdict=rows["verdict"].mask(told, "cannot_tell"))
