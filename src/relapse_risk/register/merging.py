"""Merging: accepted rows combined with the rows the register already holds."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from relapse_risk.schema import Table, check_table

__all__ = ["merged"]


def merged(
    existing: pd.DataFrame,
    accepted: pd.DataFrame,
    spec: Table,
    mode: Literal["merge", "replace"],
) -> pd.DataFrame:
    """The new table: rows with the same key replaced, the others kept (``replace``: only the accepted rows).

    Parameters
    ----------
    existing : DataFrame
        Rows the register holds of one table (and month).
    accepted : DataFrame
        Typed rows; for columns they lack the register keeps its values.
    spec : Table
    mode : {"merge", "replace"}

    Examples
    --------
    >>> from relapse_risk.schema import check_table, table
    >>> old = check_table(pd.DataFrame({"village_code": ["1", "2"], "village_name_zh": ["甲", "乙"]}), "village")
    >>> new = pd.DataFrame({"village_code": ["2"], "idle_land_mu": [3.0]})
    >>> both = merged(old, new, table("village"), "merge")
    >>> both[["village_code", "village_name_zh", "idle_land_mu"]].to_numpy().tolist()
    [['1', '甲', nan], ['2', '乙', 3.0]]
    """
    if mode == "replace" or not len(existing):
        return accepted
    key = list(spec.key)
    old, new = existing.set_index(key), check_table(accepted, spec.name).set_index(key)
    for name in new.columns:
        if name not in accepted.columns:
            new[name] = old[name].reindex(new.index).to_numpy(dtype=object)
            new[name] = new[name].astype(old[name].dtype)
    kept = old[~old.index.isin(new.index)]
    both = pd.concat([kept, new]).sort_index().reset_index()
    return both[list(spec.names)]
