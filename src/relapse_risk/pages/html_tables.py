"""Tables set as tables: caption, scoped headers, right-aligned numbers, notes below; text from data is escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from jinja2 import Environment
from markupsafe import Markup

from relapse_risk.assessment import FactColumn, FactTable
from relapse_risk.charts.canvas import text_width
from relapse_risk.pages.format import (
    COUNTS_OF_PEOPLE,
    NO_LIMITS,
    WITHHELD,
    column_decimals,
    format_interval,
    in_column,
    is_null,
)
from relapse_risk.parameters import Place
from relapse_risk.text import Language, has_text, said, text

__all__ = [
    "Cell", "Head", "column_label", "hidden_gaps", "left_out", "render_rows", "render_table", "withheld", "withheld_last",
]  # fmt: skip

CLASSES = {"code", "text", "town"}
LEFT = {"text", "bin", "code", "label", "town", "confidence", "verdict", "date", "period"}
STACKED = "stacked"  # a class of the style sheet: on a narrow page each row is a block
WIDE_FROM, FEW_TO = 7, 4  # columns: set smaller in print, or no wider than its numbers need
LINE_TO = 42  # squares of a caption that takes one line, whatever the width of a table of few columns
WHOLE_TO = 10  # rows: kept on one page, with their notes; a longer table leaves three on either side
UNBROKEN_SQUARES, UNBROKEN_LETTERS = 3, 14
_DATE = re.compile(r"\d{4}年\d{1,2}月(\d{1,2}日)?|\d{1,2} \w+ \d{4}")
_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """<div class="unit{{ ' whole' if rows | length <= whole_to }}"><div class="table{{ ' many' if heads | length >= wide_from }}{{ ' few' if heads | length <= few_to }}{{ ' line' if text_width(number ~ caption, 1) <= line_to }}{{ ' ' ~ kind if kind }}" role="region" tabindex="0" aria-label="{{ number ~ ' ' if number }}{{ caption }}"><table>
<caption><span>{% if number %}<span class="number">{{ number }}</span> {% endif %}{{ caption }}</span></caption>
<thead><tr>{% for head in heads %}{% set short = unbroken(head.label) %}<th scope="col"{% if head.right and not loop.first %} class="n{{ ' short' if short }}"{% elif short %} class="short"{% endif %}>{{ head.label }}{% if head.small %}<small>{{ head.small }}</small>{% endif %}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr>{% for cell in row %}{% if loop.first %}<th scope="row"{% if unbroken(cell.label) or cell.mark %} class="{{ cell.mark or 'short' }}"{% endif %}>{{ cell.label }}{% if cell.small %}<small>{{ cell.small }}</small>{% endif %}</th>{% else %}<td class="{{ 'n' if heads[loop.index0].right else 't' }}{{ ' ' ~ cell.mark if cell.mark }}{{ ' short' if not heads[loop.index0].right and unbroken(cell.label) }}"{% if stacked in kind %} data-head="{{ heads[loop.index0].label }}"{% endif %}>{{ cell.label }}{% if cell.small %}<small>{{ cell.small }}</small>{% endif %}</td>{% endif %}{% endfor %}</tr>
{% endfor %}
</tbody></table></div>{% if notes %}<p class="note">{{ run_on(notes) }}</p>{% endif %}</div>"""
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
        caption=caption, heads=heads, rows=rows, notes=[note for note in notes if note], number=number, run_on=run_on,
        wide_from=WIDE_FROM, few_to=FEW_TO, whole_to=WHOLE_TO, kind=kind,
        unbroken=_unbroken, text_width=text_width, line_to=LINE_TO, stacked=STACKED,
    )  # fmt: skip


def run_on(sentences: Sequence[str]) -> str:
    """Sentences one after another; no blank after a Chinese full stop.

    Examples
    --------
    >>> run_on(["A.", "B."]), run_on(["甲。", "乙。"])
    ('A. B.', '甲。乙。')
    """
    return " ".join(sentences).replace("。 ", "。")


def _unbroken(words: str | Markup) -> bool:
    """Whether words are short enough to stay on one line: three Chinese characters, a word, a date, a code."""
    if isinstance(words, Markup):
        return False
    one = not any(mark in words for mark in " 、，；（") and words.isascii()
    return (
        text_width(words, 1) <= UNBROKEN_SQUARES
        or (one and len(words) <= UNBROKEN_LETTERS)
        or bool(_DATE.fullmatch(words))
    )


def withheld(frame: pd.DataFrame, columns: Sequence[FactColumn]) -> bool:
    """Whether a small count of people was withheld somewhere (a column without any value was never collected)."""
    gaps = _gaps(frame)
    return any(_hidden(frame, gaps, column).any() for column in columns if column.name in gaps)


def withheld_last(frame: pd.DataFrame, spec: FactTable) -> pd.DataFrame:
    """Classes whose first number (in a column that shows any) is withheld after the others.

    A table sorted by a number has them there already.

    Examples
    --------
    >>> columns = FactColumn("cause", "code", "poverty_cause"), FactColumn("main", "households", counts="main_cause.yes")
    >>> spec = FactTable("causes", 2, columns, (), lambda data: pd.DataFrame())
    >>> withheld_last(pd.DataFrame({"cause": ["illness", "no_land"], "main": [None, 7]}), spec)["cause"].tolist()
    ['no_land', 'illness']
    """
    keys = [column for column in spec.columns if column.is_key]
    numbers = [c for c in spec.columns if c.kind not in LEFT and c.name in frame and frame[c.name].notna().any()]
    if spec.order or [column.kind in CLASSES for column in keys] != [True] or not numbers:
        return frame
    gone = pd.Series(hidden_gaps(frame, numbers[0]), index=frame.index)
    return frame.loc[gone.sort_values(kind="stable").index].reset_index(drop=True)


def _gaps(frame: pd.DataFrame) -> dict[str, str]:
    """Per column: ``none``, ``some`` (a value is missing), or ``all`` where it was never collected.

    A column without any value was never collected, unless nothing else in the table has one either.
    """
    missing = frame.isna().to_numpy()
    some, whole = missing.any(axis=0), missing.all(axis=0)
    known = not whole[1:].all()
    return {
        str(name): "none" if not some[i] else "all" if whole[i] and known else "some"
        for i, name in enumerate(frame.columns)
    }


def hidden_gaps(frame: pd.DataFrame, column: FactColumn) -> npt.NDArray[np.bool_]:
    """Which gaps of a column are withheld numbers: small counts, and shares of a base that is not zero."""
    missing: npt.NDArray[np.bool_] = frame[column.name].isna().to_numpy()
    share = column.kind == "share" and column.of is not None
    if column.rests_on and column.kind == "number" and set(column.rests_on) <= set(frame.columns):
        return missing & frame[list(column.rests_on)].isna().any(axis=1).to_numpy()
    if column.rests_on == () or not (share or column.kind in COUNTS_OF_PEOPLE):
        return np.zeros(len(frame), dtype=bool)
    base = frame.get(column.of[1]) if share and column.of else None
    return missing if base is None else missing & ~base.eq(0).fillna(False).to_numpy(dtype=bool)


def _hidden(frame: pd.DataFrame, gaps: Mapping[str, str], column: FactColumn) -> npt.NDArray[np.bool_]:
    """The same; a column without any value was never collected."""
    return hidden_gaps(frame, column) if gaps[column.name] == "some" else np.zeros(len(frame), dtype=bool)


def _shown(gaps: Mapping[str, str], columns: Sequence[FactColumn]) -> list[FactColumn]:
    """Columns that are written: not hidden, holding something, and not the limits that stand under their estimate."""
    names = [column.name for column in columns]
    merged = {"low", "high"} if {"low", "high"} <= set(names) else set()
    return [
        column
        for i, column in enumerate(columns)
        if not column.hidden
        and column.name in gaps
        and not (column.name in merged and i > 0)
        and (i == 0 or gaps[column.name] != "all")
    ]


def left_out(frame: pd.DataFrame, columns: Sequence[FactColumn]) -> list[FactColumn]:
    """Columns that a table does not write for want of any value, limits of an interval apart."""
    gaps = _gaps(frame)
    shown, limits = [column.name for column in _shown(gaps, columns)], ("low", "high")
    return [c for c in columns if gaps.get(c.name) == "all" and c.name not in shown and c.name not in limits]


def render_table(
    caption: str, frame: pd.DataFrame, columns: Sequence[FactColumn], language: Language, notes: Sequence[str] = (),
    number: str = "", currency: str = "", *, name: str = "", limits: Mapping[str, float] = NO_LIMITS,
    place: Place | None = None,
) -> str:  # fmt: skip
    """The fact table ``name`` as HTML; limits of an interval stand under their estimate, empty columns are left out.

    ``limits`` are the dated values that columns are compared with, by name.

    Examples
    --------
    >>> frame = pd.DataFrame({"cause": ["illness"], "main": [12]})
    >>> columns = (FactColumn("cause", "code", "poverty_cause"), FactColumn("main", "households"))
    >>> '<th scope="row" class="short">Illness</th>' in render_table("Causes", frame, columns, "en")
    True
    """
    gaps = _gaps(frame)
    shown = _shown(gaps, columns)
    names = [column.name for column in columns]
    estimate = names[names.index("low") - 1] if "low" in names and names.index("low") > 0 else ""
    heads = [
        Head(column_label(column, language, currency, name, place), column.kind not in LEFT,
             text("column.interval", language) if column.name == estimate else "")
        for column in shown
    ]  # fmt: skip
    decimals = column_decimals(frame, shown, limits)
    columns_of_cells = [
        _cells(
            frame[column.name].tolist(), column, language, _hidden(frame, gaps, column), decimals[column.name], place
        )
        for column in shown
    ]
    if estimate in [column.name for column in shown]:  # not where every estimate is withheld
        at = [column.name for column in shown].index(estimate)
        ends = zip(frame["low"].tolist(), frame["high"].tolist(), strict=True)
        columns_of_cells[at] = [
            replace(cell, small=format_interval(low, high, shown[at].kind, language, decimals[estimate]))
            for cell, (low, high) in zip(columns_of_cells[at], ends, strict=True)
        ]
    rows = list(zip(*columns_of_cells, strict=True))
    return render_rows(caption, heads, rows, notes, number)


def column_label(
    column: FactColumn, language: Language, currency: str = "", table: str = "", place: Place | None = None
) -> str:
    """Heading of a column in words; a label may name ``{currency}``.

    A word that means something else in one table has its own message there: ``exhibit.TABLE.column.NAME``.
    """
    keys = (f"exhibit.{table}.column.{column.name}", f"column.{column.name}", "column.value")
    key = next(key for key in keys if has_text(key))
    if column.kind == "money_wan":
        currency = text("unit.large_sums", language, currency=currency)
    return said(key, language, place, currency=currency)


def _cells(
    values: Sequence[object],
    column: FactColumn,
    language: Language,
    hidden: npt.NDArray[np.bool_],
    decimals: int | None,
    place: Place | None,
) -> list[Cell]:
    gap = Cell(in_column(None, column, language))
    return [
        (Cell(WITHHELD, "withheld") if mark else gap)
        if is_null(value)
        else Cell(in_column(value, column, language, decimals, place), _mark(value, column))
        for value, mark in zip(values, hidden, strict=True)
    ]


def _mark(value: object, column: FactColumn) -> str:
    if column.kind == "verdict":
        return f"verdict {value}"
    if column.kind == "confidence":
        return "short" if value == "documented" else "short assumed"
    return "short" if column.kind == "town" else ""
