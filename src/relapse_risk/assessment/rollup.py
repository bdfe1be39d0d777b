"""From counties to the city: counts are added up, ratios are formed again from what they are ratios of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from relapse_risk.measures import FactTable

__all__ = ["city_rows", "with_order", "with_ratios"]

OTHER = "other"  # the rest class of a code list


def with_ratios(frame: pd.DataFrame, table: FactTable) -> pd.DataFrame:
    """``frame`` with every ``of`` column formed; null where the denominator is not positive."""
    ratios = {}
    for column in table.columns:
        if column.of is not None:
            numerator, denominator = (frame[name].astype("float64") for name in column.of)
            ratios[column.name] = numerator / denominator.where(denominator > 0)
    return frame.assign(**ratios)


def with_order(frame: pd.DataFrame, table: FactTable) -> pd.DataFrame:
    """``frame`` sorted as the table declares, "other" last; rows that tie stay as computed."""
    if not table.order:
        return frame.reset_index(drop=True)
    name = table.order.removeprefix("-")
    ordered = frame.sort_values(name, ascending=name == table.order, kind="stable", na_position="last")
    codes = [column.name for column in table.columns if column.kind == "code" and column.is_key]
    other = ordered[codes].eq(OTHER).any(axis=1)
    return pd.concat([ordered[~other], ordered[other]], ignore_index=True)


def city_rows(table: FactTable, counties: Mapping[str, pd.DataFrame], names: Mapping[str, str]) -> pd.DataFrame:
    """The city's rows of ``table`` from its counties' rows (before anything was withheld).

    Parameters
    ----------
    counties : mapping
        Rows by county code, ratios not yet formed; counties without rows left out.
    names : mapping
        Bilingual county name by code, for tables by town.

    Returns
    -------
    DataFrame
        Additive columns summed; columns that do not add up (medians, quantiles) null.

    Examples
    --------
    >>> from relapse_risk.measures import FactColumn
    >>> columns = (FactColumn("cause", "text"), FactColumn("households", "households", counts="main_cause.yes"))
    >>> table = FactTable("causes", 2, columns, (), lambda data: pd.DataFrame())
    >>> one = pd.DataFrame({"cause": ["illness"], "households": [3]})
    >>> city_rows(table, {"a": one, "b": one}, {})["households"].tolist()
    [6.0]
    """
    if not counties or table.city == "none":
        return pd.DataFrame(columns=[column.name for column in table.columns])
    if table.city == "same":
        return next(iter(counties.values())).copy()
    if table.city == "counties":
        rows = pd.concat([frame.assign(**{table.keys[0]: names.get(code, code)}) for code, frame in counties.items()])
    else:
        rows = pd.concat(counties.values())
    additive = [column.name for column in table.columns if column.is_additive]
    keys = table.keys if table.city == "sum" else table.keys[:1]
    grouped = rows.assign(**{name: rows[name].astype("float64") for name in additive}).groupby(
        keys, sort=False, dropna=False
    )
    merged = grouped[additive].sum(min_count=1).reset_index()
    for column in table.columns:
        if column.whole and table.city == "sum":
            merged[column.name] = float(sum(frame[column.name].iloc[0] for frame in counties.values() if len(frame)))
        elif column.descriptive and table.city == "sum":
            merged[column.name] = grouped[column.name].first().to_numpy()
        elif column.name not in merged:
            words = column.is_key or column.descriptive
            merged[column.name] = pd.Series([None] * len(merged), dtype="str") if words else np.nan
    return with_order(with_ratios(merged, table), table)
