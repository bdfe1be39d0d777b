"""The sentence of a finding, in both languages, with the value named and identity hidden."""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter
from typing import Any

import numpy as np
import pandas as pd

from relapse_risk.languages import Label
from relapse_risk.predicates import Setting
from relapse_risk.predicates.clauses import NUMERIC, Clause
from relapse_risk.predicates.comparisons import limit_values
from relapse_risk.register.findings import mask_identity
from relapse_risk.register.joins import view_of
from relapse_risk.schema import code_list, table, tables

__all__ = ["sentences", "shown"]

EMPTY = Label(zh="空", en="empty")
YES_NO = {True: Label(zh="是", en="yes"), False: Label(zh="否", en="no")}


def shown(values: pd.Series, kind: str, codes: str = "", language: str = "") -> list[str | None]:
    """``values`` as text: ISO dates, numbers without a useless ``.0``, labels of code words when a language is given.

    Examples
    --------
    >>> shown(pd.Series([7300.0, 0.25, None]), "float")
    ['7300', '0.25', None]
    >>> shown(pd.Series(["C"]), "code", "dwelling_grade", "en")
    ['C partly dangerous']
    """
    labels = {c.word: c.label[language] for c in code_list(codes).codes} if codes and language else {}

    def text(value: Any) -> str | None:
        if pd.isna(value):
            return None
        if kind == "date":
            return f"{pd.Timestamp(value):%Y-%m-%d}"
        if kind == "bool":
            return YES_NO[bool(value)][language] if language else str(bool(value)).lower()
        if kind in ("int", "float"):
            return f"{float(value):.10g}"
        return labels.get(value, str(value))

    return [text(value) for value in values]


def sentences(
    template: str,
    language: str,
    name: str,
    column: str,
    rows: pd.DataFrame,
    compared: Sequence[Clause],
    setting: Setting,
) -> list[str]:
    """``template`` filled in for each of ``rows`` of view ``name``; ``{limit}`` is the limit of the first numeric comparison."""
    fields = [field for _, field, _, _ in Formatter().parse(template) if field is not None]
    filled = {field: _field(field, language, name, column, rows, compared, setting) for field in fields}
    return [template.format_map({field: texts[i] for field, texts in filled.items()}) for i in range(len(rows))]


def _field(
    field: str, language: str, name: str, column: str, rows: pd.DataFrame, compared: Sequence[Clause], setting: Setting
) -> list[str]:
    if field == "table":
        return [tables()[name].label[language]] * len(rows)
    if field == "label":
        return [column_label(name, column, language)] * len(rows)
    if field == "limit":
        return _limits(rows, compared, setting)
    source = column if field == "value" else field
    spec = view_of(name).column(source)
    assert spec is not None
    texts = shown(rows[source], spec.type, spec.codes if spec.type == "code" else "", language)
    return [EMPTY[language] if t is None else str(mask_identity(name, source, t)) for t in texts]


def column_label(name: str, column: str, language: str) -> str:
    """The label of a column of view ``name``; its own name where it has none."""
    spec = view_of(name).column(column)
    return spec.label[language] or column if spec is not None else column


def _limits(rows: pd.DataFrame, compared: Sequence[Clause], setting: Setting) -> list[str]:
    """The number that the first numeric clause compared each row with."""
    for clause in compared:
        if clause.is_leaf and clause.limit is not None and clause.op in NUMERIC:
            values = np.asarray(limit_values(clause.limit, rows, setting), dtype=float)
            return [f"{v:.10g}" for v in np.broadcast_to(values, len(rows))]
    return [""] * len(rows)


def code_words(name: str, column: str) -> str:
    """The words a code column may hold, for a message; empty for other columns."""
    spec = next((c for c in table(name).columns if c.name == column), None)
    return " | ".join(code_list(spec.codes).words) if spec is not None and spec.type == "code" else ""
