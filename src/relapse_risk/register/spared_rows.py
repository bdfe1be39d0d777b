"""Spared rows: an error in a cell costs the cell, so that no family leaves a month for a slip of the pen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from relapse_risk.register.findings import Findings
from relapse_risk.schema import table, tables

__all__ = ["TARGETS", "spared", "without_spared_cells"]

# Tables that rows of others refer to: a row of theirs takes others along when it goes.
TARGETS = frozenset(column.refers_to for spec in tables().values() for column in spec.columns if column.refers_to)
_OF_THE_ROW = ("key", "reference")


def spared(found: Findings, offered: Mapping[str, frozenset[str]]) -> Findings:
    """``found`` with the errors that cost one cell as severity ``cell``.

    A row of a table that others refer to is kept without the cell, unless the cell is part of its key or places it in
    a county, or the fault is one of keys or references.

    Parameters
    ----------
    found : Findings
    offered : mapping of str to frozenset of str
        Columns of the rows offered, by table: a finding about anything else still rejects its row.
    """
    frame = found.frame
    if not len(frame):
        return found
    of_cell = np.zeros(len(frame), dtype=bool)
    for name in TARGETS & offered.keys():
        spec = table(name)
        plain = offered[name] - {*spec.key, spec.county_from}
        of_cell |= (frame["table"] == name).to_numpy(bool) & frame["column"].isin(plain).to_numpy(bool)
    of_cell &= (frame["severity"] == "error").to_numpy(bool) & frame["row"].notna().to_numpy(bool)
    of_cell &= ~frame["kind"].isin(_OF_THE_ROW).to_numpy(bool)
    return replace(found, frame=frame.assign(severity=frame["severity"].mask(of_cell, "cell")))


def without_spared_cells(frame: pd.DataFrame, found: Findings, name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``frame`` (rows under their positions) with the cells of severity ``cell`` empty, and those cells: row, column.

    Examples
    --------
    >>> from relapse_risk.register.findings import FINDING_COLUMNS
    >>> faults = pd.DataFrame([["household", 0, "", "", "loan_balance", "-2", "r", "range", "cell", "", ""]],
    ...                     columns=pd.Index(FINDING_COLUMNS))
    >>> rows, cells = without_spared_cells(pd.DataFrame({"loan_balance": [-2.0, 3.0]}), Findings(faults, faults[:0]), "household")
    >>> rows["loan_balance"].tolist(), cells.to_numpy().tolist()
    ([nan, 3.0], [[0, 'loan_balance']])
    """
    lines = found.frame
    own = lines[(lines["table"] == name) & (lines["severity"] == "cell")]
    cells = own[["row", "column"]].drop_duplicates()
    cells = cells[cells["row"].isin(frame.index)].reset_index(drop=True)
    if not len(cells):
        return frame, cells
    emptied = frame.copy()
    for column, rows in cells.groupby("column")["row"]:
        at = emptied.index.isin(rows.astype("int64"))
        emptied[str(column)] = emptied[str(column)].mask(at)
    return emptied, cells
