"""Findings compared with the answer key of seeded errors: found, missed, and what else was reported."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from relapse_risk.errors import SchemaError
from relapse_risk.register.findings import Findings

__all__ = ["KEY_COLUMNS", "FaultReport", "compare_with_key"]

KEY_COLUMNS = ("rule", "table", "row_key")
SEEDED = "seeded"
COUNTED = ("seeded", "found", "missed", "implied", "genuine", "other")


@dataclass(frozen=True, slots=True)
class FaultReport:
    """Seeded errors and findings side by side.

    Attributes
    ----------
    frame : DataFrame
        One row per rule: ``rule``, ``seeded``, ``found``, ``missed`` (errors of the key), and the findings that name
        no seeded error: ``implied`` (the key says they follow from one), ``genuine`` (the key says the value is
        real, such as an income below the line) and ``other`` (not in the key: false alarms).
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
            f"{total['found']} of {total['seeded']} seeded errors found, {total['missed']} missed; "
            f"{total['implied']} findings implied by them, {total['genuine']} genuine, {total['other']} false alarms"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>" + str(self.frame.to_html(index=False))


def compare_with_key(findings: Findings, key_frame: pd.DataFrame) -> FaultReport:
    """Compare ``findings`` with the answer key of seeded errors.

    An error is found when the same rule reports the same row, or another column of it.

    Parameters
    ----------
    findings : Findings
    key_frame : DataFrame
        ``rule``, ``table``, ``row_key`` (key values joined by ``|``) and, when not every row is a seeded error,
        ``origin``: ``seeded``, ``implied`` or ``genuine``.

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
    '0 of 1 seeded errors found, 1 missed; 0 findings implied by them, 0 genuine, 0 false alarms'
    """
    lacking = [column for column in KEY_COLUMNS if column not in key_frame]
    if lacking:
        raise SchemaError("the answer key lacks a column", where="seeded errors", got=lacking, expected=KEY_COLUMNS)
    origin = key_frame["origin"] if "origin" in key_frame else pd.Series(SEEDED, index=key_frame.index)
    marks, keys = _marks(findings.frame), _marks(key_frame)
    seeded = key_frame[origin == SEEDED]
    found = _marks(seeded).isin(marks).to_numpy()
    explained = pd.Series("other", index=findings.frame.index)
    for name in ("genuine", "implied", SEEDED):
        explained = explained.where(~marks.isin(keys[origin == name]), name)
    counts = {
        "seeded": seeded["rule"].value_counts(),
        "found": seeded.loc[found, "rule"].value_counts(),
        "missed": seeded.loc[~found, "rule"].value_counts(),
        **{name: findings.frame.loc[explained == name, "rule"].value_counts() for name in COUNTED[3:]},
    }
    frame = pd.DataFrame(counts).fillna(0).astype("int64").rename_axis("rule").reset_index()
    other = findings.frame[explained == "other"]
    return FaultReport(frame, seeded[~found].reset_index(drop=True), other.reset_index(drop=True))


def _marks(frame: pd.DataFrame) -> pd.Series:
    """Rule, table and row key of each row as one text."""
    parts = [frame[column].astype("str").fillna("") for column in KEY_COLUMNS]
    return parts[0] + "\x1f" + parts[1] + "\x1f" + parts[2]
