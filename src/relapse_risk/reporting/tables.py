"""Tables set as tables: caption, scoped headers, right-aligned numbers, notes below; text from data is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from jinja2 import Environment
from markupsafe import Markup

from relapse_risk.assessment import FactColumn
from relapse_risk.reporting.format import COUNTS_OF_PEOPLE, WITHHELD, format_interval, format_value, is_null
from relapse_risk.reporting.text import Language, has_text, text

__all__ = ["Cell", "Head", "render_rows", "render_table", "withheld"]

LEFT = {"text", "bin", "code", "label", "town", "confidence", "verdict", "date"}
WIDE_FROM, FEW_TO = 7, 4  # columns: set smaller in print, or no wider than its numbers need
WHOLE_TO = 18  # rows: kept on one page
_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """<div class="table{{ ' many' if heads | length >= wide_from }}{{ ' few' if heads | length <= few_to }}{{ ' whole' if rows | length <= whole_to }}{{ ' ' ~ kind if kind }}" role="region" tabindex="0" aria-label="{{ number ~ ' ' if number }}{{ caption }}"><table>
<caption>{% if number %}<span class="number">{{ number }}</span> {% endif %}{{ caption }}</caption>
<thead><tr>{% for head in heads %}<th scope="col"{% if head.right %} class="n"{% endif %}>{{ head.label }}{% if head.small %}<small>{{ head.small }}</small>{% endif %}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr>{% for cell in row %}{% if loop.first %}<th scope="row">{{ cell.label }}{% if cell.small %}<small>{{ cell.small }}</small>{% endif %}</th>{% else %}<td class="{{ 'n' if heads[loop.index0].right else 't' }}{{ ' ' ~ cell.mark if cell.mark }}">{{ cell.label }}{% if cell.small %}<small>{{ cell.small }}</small>{% endif %}</td>{% endif %}{% endfor %}</tr>
{% endfor %}
</tbody></table></div>{% if notes %}<p class="note">{{ notes | join(' ') }}</p>{% endif %}"""
)


@dataclass(frozen=True, slots=True)
class Head:
    """A column's heading; ``right`` for numbers."""

    label: str
    right: bool = False
    small: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A written cell: text (or our own drawing), a mark class, and a smaller second line."""

    label: str | Markup
    mark: str = ""
    small: str = ""


def render_rows(
    caption: str,
    heads: Sequence[Head],
    rows: Sequence[Sequence[Cell]],
    notes: Sequence[str] = (),
    number: str = "",
    kind: str = "",
) -> str:
    """A table from written cells; every text is escaped, only ``Markup`` drawings of ours pass."""
    return _PAGE.render(
        caption=caption, heads=heads, rows=rows, notes=[note for note in notes if note], number=number,
        wide_from=WIDE_FROM, few_to=FEW_TO, whole_to=WHOLE_TO, kind=kind,
    )  # fmt: skip


def withheld(frame: pd.DataFrame, columns: Sequence[FactColumn]) -> bool:
    """Whether a small count of people was withheld somewhere (a column without any value was never collected)."""
    return any(_is_withheld(frame, column) for column in columns if column.name in frame)


def _is_withheld(frame: pd.DataFrame, column: FactColumn) -> bool:
    values = frame[column.name]
    return column.kind in COUNTS_OF_PEOPLE and bool(values.isna().any()) and not _is_uncollected(frame, column.name)


def _is_uncollected(frame: pd.DataFrame, name: str) -> bool:
    """A column without any value was never collected, unless nothing else in the table has one either."""
    others = [other for other in frame.columns[1:] if other != name]
    return bool(frame[name].isna().all()) and bool(frame[others].notna().any(axis=None))


def _shown(frame: pd.DataFrame, columns: Sequence[FactColumn]) -> list[FactColumn]:
    """Columns that are written: not hidden, holding something, and not the limits that stand under their estimate."""
    names = [column.name for column in columns]
    merged = {"low", "high"} if {"low", "high"} <= set(names) else set()
    return [
        column
        for i, column in enumerate(columns)
        if not column.hidden
        and column.name in frame
        and not (column.name in merged and i > 0)
        and (i == 0 or not _is_uncollected(frame, column.name))
    ]


def render_table(
    caption: str, frame: pd.DataFrame, columns: Sequence[FactColumn], language: Language, notes: Sequence[str] = (),
    number: str = "", currency: str = "",
) -> str:  # fmt: skip
    """A fact table as HTML; limits of an interval stand under their estimate, empty columns are left out.

    Examples
    --------
    >>> frame = pd.DataFrame({"cause": ["illness"], "main": [12]})
    >>> columns = (FactColumn("cause", "code", "poverty_cause"), FactColumn("main", "households"))
    >>> '<th scope="row">Illness</th>' in render_table("Causes", frame, columns, "en")
    True
    """
    shown = _shown(frame, columns)
    names = [column.name for column in columns]
    estimate = names[names.index("low") - 1] if "low" in names and names.index("low") > 0 else ""
    heads = [
        Head(column_label(column.name, language, currency), column.kind not in LEFT,
             text("column.interval", language) if column.name == estimate else "")
        for column in shown
    ]  # fmt: skip
    rows = []
    for i in range(len(frame)):
        cells = [_cell(frame, i, column, language) for column in shown]
        if estimate:
            at = [column.name for column in shown].index(estimate)
            interval = format_interval(frame["low"].iloc[i], frame["high"].iloc[i], shown[at].kind, language)
            cells[at] = Cell(cells[at].label, cells[at].mark, interval)
        rows.append(cells)
    return render_rows(caption, heads, rows, notes, number)


def column_label(name: str, language: Language, currency: str = "") -> str:
    """Heading of a column in words; a label may name ``{currency}``."""
    key = f"column.{name}"
    return text(key, language, currency=currency) if has_text(key) else text("column.value", language)


def _cell(frame: pd.DataFrame, row: int, column: FactColumn, language: Language) -> Cell:
    value = frame[column.name].iloc[row]
    if is_null(value) and _is_withheld(frame, column):
        return Cell(WITHHELD, "withheld")
    mark = f"verdict {value}" if column.kind == "verdict" else ""
    if column.kind == "confidence":
        mark = "short" if value == "documented" else "short assumed"
    return Cell(format_value(value, column, language), mark)
