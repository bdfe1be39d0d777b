"""Disclosure control of one set of facts: published cells, their relations, suppression, masking.

All tables and indicators are taken together, county by county and for the city: what one withholds, no other gives back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from relapse_risk.disclosure.masking import masked_indicator, masked_table, where_described, withheld_columns
from relapse_risk.disclosure.published_cells import Published, Tables, published_cells
from relapse_risk.disclosure.relations import Link, Linked, linked
from relapse_risk.disclosure.suppression import withheld
from relapse_risk.measures import Cell, FactTable, Indicator

__all__ = ["withheld_cells", "withhold"]


def withhold(
    tables: Tables, specs: Sequence[FactTable], indicator: pd.DataFrame, items: Sequence[Indicator],
    threshold: float, names: Mapping[str, str], links: Sequence[Link] = (), public: Sequence[str] = (),
) -> tuple[Tables, pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Withhold small counts of people in all tables and indicators at once.

    Parameters
    ----------
    tables : dict
        Rows of every county and the city by table, with county_code, ratios formed, hidden columns still there.
    indicator : DataFrame
        The long indicator table with ``cases`` (people behind the numerator) and ``n``, and both a year before.
    names : mapping
        Bilingual name by county code, which tables by town use in the city's rows.
    links : sequence of Link
        Arithmetic between different measures.
    public : sequence of str
        Counts whose total in a county every reader knows.

    Returns
    -------
    (tables, indicator, counts)
        Withheld cells null; ``counts`` has county_code, table, the number withheld and ``gone``, the columns (comma
        between) of which a county is left no value.
    """
    published = published_cells(tables, specs, indicator, items, threshold, names)
    sums = linked(published, links, threshold, public)
    hidden = withheld_cells(published, sums, items, threshold)
    result, counts = {}, []
    for spec in specs:
        result[spec.name], mine = masked_table(spec, tables[spec.name], published, hidden)
        counts += mine
        if spec.describes:
            result[spec.name] = where_described(result[spec.name], spec.describes, published.values, hidden)
    masked, mine = masked_indicator(indicator, published, hidden, threshold)
    keys = ["county_code", "table"]
    total = pd.DataFrame([*counts, *mine], columns=[*keys, "withheld"]).groupby(keys, as_index=False).sum()
    gone = [row for spec in specs for row in withheld_columns(spec, tables[spec.name], result[spec.name])]
    return result, masked, total.merge(pd.DataFrame(gone, columns=[*keys, "gone"]), on=keys, how="left")


def withheld_cells(published: Published, sums: Linked, items: Sequence[Indicator], threshold: float) -> set[Cell]:
    """The cells to withhold; of two that are nearly the same both or neither."""
    headlines = {item.measured for item in items if item.headline and item.people}
    headline = {cell for cell in published.values if cell.measure in headlines and not cell.by}
    hidden = withheld(
        sums.values, sums.relations, threshold, sums.fixed, sums.unprinted, headline, published.siblings
    )  # fmt: skip
    for pair in sums.near:  # whoever sees one knows the other within a few
        if not hidden.isdisjoint(pair):
            hidden.update(pair)
    return {cell for cell in published.values if cell in hidden}
