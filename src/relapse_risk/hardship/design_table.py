"""Designs from and to a plain table, as index builders write them: one row per code with parent and weight."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from relapse_risk.errors import ParameterError
from relapse_risk.hardship.design import TOP, IndexDesign, Indicator, SubIndex, check_design

__all__ = ["design_from_table", "design_to_table"]


def design_from_table(
    meta: pd.DataFrame,
    name: str = "table",
    normalise: str = "minmax",
    aggregate: str = "arithmetic",
    options: Mapping[str, float] | None = None,
) -> IndexDesign:
    """An index from a table with columns code, parent, weight, direction (1 or -1; null for sub-indexes).

    Parameters
    ----------
    meta : DataFrame
        A row whose code is nobody's parent is an indicator and reads the column of that name; exactly one row has no
        parent: the whole index.
    name : str
        What errors call the table.
    normalise, aggregate : str
        Methods for all indicators and all nodes.
    options : mapping, optional
        Arguments of the normaliser.

    Returns
    -------
    IndexDesign

    Raises
    ------
    ParameterError
        For a missing column, a code given twice, no or several tops, an unknown parent or a cycle.

    References
    ----------
    The table of COINr's ``iMeta`` (Becker and others 2022, doi:10.21105/joss.04567).

    Examples
    --------
    >>> meta = pd.DataFrame({"code": ["a", "b", "all"], "parent": ["all", "all", None], "weight": [1, 1, 1],
    ...                      "direction": [1, -1, None]})
    >>> design_from_table(meta).codes
    ('a', 'b')
    """
    absent = sorted({"code", "parent", "weight", "direction"} - set(meta.columns))
    if absent:
        raise ParameterError("columns missing", where=name, got=list(meta.columns), expected=", ".join(absent))
    tops = meta.loc[meta["parent"].isna(), "code"].tolist()
    if len(tops) != 1:
        raise ParameterError("needs exactly one code without a parent", where=name, got=tops, expected="one top")
    parents = set(meta["parent"].dropna())
    rows = meta[meta["code"] != tops[0]]
    above = {row.code: TOP if row.parent == tops[0] else row.parent for row in rows.itertuples()}
    indicators = tuple(
        Indicator(
            code=row.code,
            parent=above[row.code],
            weight=float(row.weight),
            columns=((row.code, 1.0),),
            normalise=normalise,
            direction="up" if row.direction == 1 else "down",
            options=tuple((options or {}).items()),
        )
        for row in rows.itertuples()
        if row.code not in parents
    )
    subindexes = tuple(
        SubIndex(row.code, above[row.code], float(row.weight), aggregate)
        for row in rows.itertuples()
        if row.code in parents
    )
    return check_design(IndexDesign(name, name, indicators, subindexes, aggregate))


def design_to_table(design: IndexDesign) -> pd.DataFrame:
    """One row per code: parent, weight among siblings, share of the whole, and how an indicator is scored.

    Parameters
    ----------
    design : IndexDesign

    Returns
    -------
    DataFrame
        code, parent, weight, share, normalise, worst, best, missing.

    References
    ----------
    The table of COINr's ``iMeta`` (Becker and others 2022, doi:10.21105/joss.04567).

    Examples
    --------
    >>> from relapse_risk.hardship import read_index
    >>> table = design_to_table(read_index())
    >>> round(float(table.loc[table["parent"] == "need", "share"].sum()), 9)
    1.0
    """
    shares = design.effective_weights()
    rows = [
        {"code": s.code, "parent": s.parent, "weight": s.weight, "share": shares[s.code], "normalise": s.aggregate}
        for s in design.subindexes
    ]
    rows += [
        {
            "code": i.code,
            "parent": i.parent,
            "weight": i.weight,
            "share": shares[i.code],
            "normalise": i.normalise,
            "worst": i.worst,
            "best": i.best,
            "missing": i.missing,
        }
        for i in design.indicators
    ]
    return pd.DataFrame(rows)
