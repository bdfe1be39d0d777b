"""Findings held against a key of planted faults: which were found, which were missed, and what else was reported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relapse_risk.errors import SchemaError
from relapse_risk.register.findings import Findings

__all__ = ["KEY_COLUMNS", "FaultReport", "compare_with_key"]

KEY_COLUMNS = ("rule", "table", "row_key")
IMPLIED = "implied"
COUNTED = ("planted", "found", "missed", "implied", "other")


@dataclass(frozen=True, slots=True)
class FaultReport:
    """Planted faults and findings side by side.

    Attributes
    ----------
    frame : DataFrame
        One row per rule: ``rule``, ``planted``, ``found``, ``missed`` (faults of the key), ``implied`` (findings
        the key says follow from a planted fault) and ``other`` (findings that are neither: false alarms, or what is
        really wrong in the rows before faults were planted).
    missed : DataFrame
        Rows of the key that no finding names.
    other : DataFrame
        Findings that the key does not explain.
    """

    frame: pd.DataFrame
    missed: pd.DataFrame
    other: pd.DataFrame

    def summary(self) -> str:
        """One line with the totals."""
        total = self.frame[list(COUNTED)].sum()
        return (
            f"{total['found']} of {total['planted']} planted faults found, {total['missed']} missed; "
            f"{total['implied']} findings implied by them, {total['other']} false alarms"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>" + str(self.frame.to_html(index=False))


def compare_with_key(findings: Findings, key_frame: pd.DataFrame) -> FaultReport:
    """Hold ``findings`` against a key of planted faults.

    A fault is found when the same rule reports the same row, or another column of it.

    Parameters
    ----------
    findings : Findings
    key_frame : DataFrame
        Planted faults: ``rule``, ``table``, ``row_key`` (key values joined by ``|``) and, where a row does not plant
        a fault but names a finding that follows from one, ``origin`` = ``implied``.

    Returns
    -------
    FaultReport

    Raises
    ------
    SchemaError
        If the key lacks a column.

    Examples
    --------
    >>> from relapse_risk.register.findings import merge_findings
    >>> key = pd.DataFrame({"rule": ["s17"], "table": ["household"], "row_key": ["H1|2020-12"]})
    >>> compare_with_key(merge_findings([]), key).summary()
    '0 of 1 planted faults found, 1 missed; 0 findings implied by them, 0 false alarms'
    """
    lacking = [column for column in KEY_COLUMNS if column not in key_frame]
    if lacking:
        raise SchemaError("the fault key lacks a column", where="planted faults", got=lacking, expected=KEY_COLUMNS)
    follows = np.zeros(len(key_frame), dtype=bool)
    if "origin" in key_frame:
        follows = key_frame["origin"].eq(IMPLIED).to_numpy(dtype=bool)
    planted, implied = key_frame[~follows], key_frame[follows]
    found = _marks(planted).isin(_marks(findings.frame)).to_numpy()
    of_planted = _marks(findings.frame).isin(_marks(planted)).to_numpy()
    of_implied = _marks(findings.frame).isin(_marks(implied)).to_numpy() & ~of_planted
    other = findings.frame[~of_planted & ~of_implied]
    counts = {
        "planted": planted["rule"].value_counts(),
        "found": planted.loc[found, "rule"].value_counts(),
        "missed": planted.loc[~found, "rule"].value_counts(),
        "implied": findings.frame.loc[of_implied, "rule"].value_counts(),
        "other": other["rule"].value_counts(),
    }
    frame = pd.DataFrame(counts).fillna(0).astype("int64").rename_axis("rule").reset_index()
    return FaultReport(frame, planted[~found].reset_index(drop=True), other.reset_index(drop=True))


def _marks(frame: pd.DataFrame) -> pd.Series:
    """Rule, table and row key of each row as one text."""
    parts = [frame[column].astype("str").fillna("") for column in KEY_COLUMNS]
    return parts[0] + "\x1f" + parts[1] + "\x1f" + parts[2]
