"""Counties of a few households: nothing that is formed from their people is published, whatever its form.

A count of one household is withheld as any small count; but its income, score or share of transfers would stand there as
the county's mean.  So of a county with fewer households than the threshold every table and indicator about people goes,
means, medians, shares, scores, curves and verdicts alike.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache

import pandas as pd

from relapse_risk.disclosure.published_cells import INDICATOR, Tables
from relapse_risk.measures import FactTable
from relapse_risk.schema import tables as register_tables

__all__ = ["FEW_PEOPLE", "about_people", "without_few"]

FEW_PEOPLE = "few_people"  # the reason why a county has no rows of a table
PEOPLE = ("household", "person")
KNOWN = ("persons",)  # how many a county's register holds is taken as known
KEPT = ("limit",)  # numbers of an indicator that say nothing of the county


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


def without_few(
    tables: Tables, specs: Sequence[FactTable], indicator: pd.DataFrame, needs: Mapping[str, tuple[str, ...]],
    few: Collection[str],
) -> tuple[Tables, pd.DataFrame, set[tuple[str, str]]]:  # fmt: skip
    """Tables and indicators without what rests on the people of the counties ``few``.

    Parameters
    ----------
    tables, indicator
        As :func:`relapse_risk.disclosure.control.withhold` gives them.
    needs : dict
        What each indicator needs of the register, by name.
    few : collection of str
        Counties with fewer households than the threshold.

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
            mine = tables[spec.name]["county_code"].isin(few)
            gone |= {(county, spec.name) for county in tables[spec.name].loc[mine, "county_code"]}
            result[spec.name] = tables[spec.name][~mine].reset_index(drop=True)
    own = indicator["indicator"].map(lambda name: name not in KNOWN and about_people(needs[name]))
    own &= indicator["county_code"].isin(few)
    numbers = [name for name in indicator.select_dtypes("number") if name not in (*KEPT, "section")]
    hidden = indicator.assign(**{name: indicator[name].mask(own) for name in numbers})
    told = own & indicator["verdict"].isin(["met", "watch", "not_met"])
    collected = own & indicator["verdict"].ne("not_collected")
    return result, hidden.assign(
        withheld=indicator["withheld"] | collected, verdict=indicator["verdict"].mask(told, "cannot_tell")
    ), gone | {(county, INDICATOR) for county in few}  # fmt: skip
