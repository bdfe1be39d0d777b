"""Findings of a quality check: one row per fault, counted by county, rule and severity."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relapse_risk.schema import table, tables

__all__ = [
    "FINDING_COLUMNS",
    "SKIPPED_COLUMNS",
    "Findings",
    "hidden_identity",
    "mask_identity",
    "merge_findings",
    "row_keys",
]

FINDING_COLUMNS = (
    "table", "row", "row_key", "county_code", "column", "value", "rule", "kind", "severity", "zh", "en",
)  # fmt: skip
SKIPPED_COLUMNS = ("rule", "table", "county_code", "reason")
# 15 and 18 digit identity numbers, also in a column that should not hold one.
_LONG_NUMBER = re.compile(r"\d{11,}([\dXx]{4})(?!\d)")


@dataclass(frozen=True, slots=True)
class Findings:
    """Every fault met and every rule that could not be applied.

    Attributes
    ----------
    frame : DataFrame
        ``table``, ``row`` (position in the frame checked), ``row_key`` (key values joined by ``|``),
        ``county_code`` (``city`` when the row belongs to none), ``column``, ``value`` (identity masked),
        ``rule``, ``kind``, ``severity``, ``zh``, ``en``.  Severity: ``error`` rejects the row, ``cell`` costs the cell
        (on import), ``warning`` nothing.
    skipped : DataFrame
        ``rule``, ``table``, ``county_code``, ``reason``: rules whose data was not collected.
    """

    frame: pd.DataFrame
    skipped: pd.DataFrame

    def counts(self) -> pd.DataFrame:
        """Findings per ``county_code``, ``rule``, ``kind`` and ``severity``: column ``findings``.

        Examples
        --------
        >>> merge_findings([]).counts().columns.tolist()
        ['county_code', 'rule', 'kind', 'severity', 'findings']
        """
        by = ["county_code", "rule", "kind", "severity"]
        return self.frame.groupby(by, sort=True, observed=True).size().rename("findings").reset_index()

    @property
    def errors(self) -> int:
        """How many findings reject their row."""
        return len(self.error_frame)

    @property
    def error_frame(self) -> pd.DataFrame:
        """The findings whose severity rejects the row."""
        return self.frame[self.frame["severity"] == "error"]

    def rejected_keys(self, name: str) -> frozenset[str]:
        """Row keys of table ``name`` that an error rejects (see :meth:`rejected_rows` for rows without a key)."""
        errors = self.error_frame
        return frozenset(errors.loc[errors["table"] == name, "row_key"])

    def rejected_rows(self, name: str) -> np.ndarray:
        """Positions (0-based, ascending) of the rows of table ``name`` that an error rejects."""
        errors = self.error_frame
        rows = errors.loc[(errors["table"] == name) & errors["row"].notna(), "row"]
        return np.unique(rows.to_numpy(dtype="int64"))

    def summary(self) -> str:
        """One line: errors, warnings, rules that fired, rules not applied.

        Examples
        --------
        >>> merge_findings([]).summary()
        '0 errors, 0 warnings, found by 0 rules; 0 rules not applied for lack of data'
        """
        errors, fired, left = self.errors, self.frame["rule"].nunique(), self.skipped["rule"].nunique()
        warnings = int((self.frame["severity"] == "warning").sum())
        return (
            f"{errors} errors, {warnings} warnings, found by {fired} rules; {left} rules not applied for lack of data"
        )

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>" + str(self.counts().to_html(index=False))


def merge_findings(parts: Iterable[Findings]) -> Findings:
    """The findings of several parts as one, in the order given; a rule skipped everywhere is listed once per county."""
    several = list(parts)
    frames = [part.frame for part in several if len(part.frame)]
    skipped = [part.skipped for part in several if len(part.skipped)]
    frame = pd.concat(frames, ignore_index=True) if frames else _empty(FINDING_COLUMNS)
    lines = pd.concat(skipped, ignore_index=True).drop_duplicates() if skipped else _empty(SKIPPED_COLUMNS)
    return Findings(frame, lines.reset_index(drop=True))


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series(dtype="Int64" if c == "row" else "str") for c in columns})


def row_keys(frame: pd.DataFrame, name: str, rows: np.ndarray) -> list[str]:
    """The key of each row of ``frame`` at ``rows``, its parts joined by ``|``; an empty part stays empty.

    Examples
    --------
    >>> people = pd.DataFrame({"person_id": ["P1", None], "snapshot_month": ["2020-12", "2020-12"]})
    >>> row_keys(people, "person", np.array([0, 1]))
    ['P1|2020-12', '|2020-12']
    """
    parts = []
    for column in table(name).key:
        values = frame[column].iloc[rows] if column in frame else pd.Series([None] * len(rows), dtype="str")
        if pd.api.types.is_datetime64_any_dtype(values):
            values = values.dt.strftime("%Y-%m-%d")
        parts.append(values.astype("str").fillna("").to_list())
    return [mask_long_number("|".join(key)) for key in zip(*parts, strict=True)]


def mask_identity(name: str, column: str, value: str | None) -> str | None:
    """``value`` of ``table.column`` with identity masked: names completely, numbers except for the last four characters.

    Examples
    --------
    >>> mask_identity("identity", "id_number", "37142519500101001X"), mask_identity("identity", "person_name", "张三")
    ('…001X', '…')
    >>> mask_identity("household", "household_size", "3")
    '3'
    """
    if value is None or value == "":
        return value
    if name in tables() and tables()[name].restricted and column in tables()[name].names and column != "person_id":
        return "…" if column == "person_name" else hidden_identity(value)
    return mask_long_number(value)


def hidden_identity(text: str) -> str:
    """An identity masked: completely, or except for the last four characters of a number of nine or more.

    Examples
    --------
    >>> hidden_identity("张丙"), hidden_identity("E12345678"), hidden_identity("王"), hidden_identity("Mustermann")
    ('…', '…5678', '…', '…')
    """
    is_number = len(text) >= 9 and sum(letter.isdigit() for letter in text) >= len(text) / 2
    return "…" + text[-4:] if is_number else "…"


def mask_long_number(text: str) -> str:
    """``text`` with every run of 15 or more digits cut to its last four characters."""
    return _LONG_NUMBER.sub(r"…\1", text)
