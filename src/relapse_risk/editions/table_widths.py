"""How wide each column of a printed table is: by what its cells hold, so that no word is cut or stands on another.

Typst shares a page among columns without knowing which words may break; a table too wide for its page would overprint
without a word.  Widths are points, measured with the advances of the embedded font.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any

from relapse_risk.charts.canvas import text_width

__all__ = ["Column", "TableStyle", "column_widths", "fitting_style", "least_room"]

BOLD = 1.11  # widths of bold words by those of regular ones, at most
SPARE = 0.6  # points: rounding
MANY_FROM, FEW_TO = 7, 4
SMALLEST = 5.5  # points: what print may shrink to
STEP = 0.25
ONE_THIRD = 238.0  # points: a table of few columns is at least as wide as half a page, if that is room
# Where a line may end: after a blank, after a hyphen or stroke between letters, and on either side of a Han character.
PIECE = re.compile(
    r"[^\s]*?[-/–](?=[^\W\d_])|[^\s\u2e80-\uffff]+(?:[，。、：；）”％%)]+)?|[（“(]*[\u2e80-\uffff][，。、：；）”％%)！？]*"
)


@dataclass(frozen=True, slots=True)
class TableStyle:
    """Sizes of type of cells, heads and small lines, space at either side of a cell, and above and below it: points."""

    size: float = 8.25
    head: float = 7.75
    small: float = 6.75
    pad: float = 3.5
    row: float = 2.8

    @classmethod
    def of(cls, kinds: Sequence[str]) -> TableStyle:
        """The style of a table with these classes of the style sheet."""
        style = cls()
        if "many" in kinds:
            style = replace(style, size=7.5, head=7.25)
        if "dense" in kinds:
            style = replace(style, head=7.0, pad=2.0)
        if "sources" in kinds:
            style = replace(style, row=1.5)
        return style

    def smaller(self) -> TableStyle:
        """The same, a step smaller."""
        return replace(
            self, size=self.size - STEP, head=max(self.head - STEP, SMALLEST), small=max(self.small - STEP, SMALLEST - 0.5),
            pad=max(self.pad - 0.25, 1.5),
        )  # fmt: skip


@dataclass(frozen=True)
class Column:
    """Cells of one column.

    Attributes
    ----------
    heads, cells : tuple of dict
        Each with its ``runs`` of words.
    gap : float
        Points on its left beside those of the style: words beside numbers need more.
    ems : float
        Squares of type that words should have, where they are as long: 6.5 for the names of rows.
    """

    heads: tuple[dict[str, Any], ...]
    cells: tuple[dict[str, Any], ...]
    gap: float = 0.0
    ems: float = 0.0

    @cached_property
    def _measured(self) -> list[tuple[str, float, float, float]]:
        """(which type, its factor, widest piece, widest line) of every line, in squares."""
        found = []
        for kind, cells in (("head", self.heads), ("size", self.cells)):
            for cell in cells:
                for small, line in _lines(cell):
                    factor = BOLD if kind == "head" or cell.get("b") else 1.0
                    whole = text_width(line, 1.0)
                    least = whole if cell.get("whole") else max((text_width(p, 1.0) for p in PIECE.findall(line)), default=0.0)  # fmt: skip
                    found.append(("small" if small else kind, factor, least, whole))
                found += [
                    (kind, BOLD, text_width(run["t"], 1.0), 0.0)
                    for run in cell["runs"]
                    if run.get("whole") and not run.get("s")
                ]
        return found

    @cached_property
    def drawn(self) -> float:
        """Points of the widest drawing."""
        return max((run["w"] for cell in self.cells for run in cell["runs"] if "w" in run), default=0.0)

    def least(self, style: TableStyle) -> float:
        """Points without which a word would be cut."""
        return self._widest(style, 2)

    def good(self, style: TableStyle) -> float:
        """Points with which words do not stand in a thin pile."""
        return max(self.least(style), min(self.most(style), self.ems * style.size + 2 * style.pad + self.gap))

    def most(self, style: TableStyle) -> float:
        """Points with which no line breaks."""
        return max(self._widest(style, 3), self.least(style))

    def _widest(self, style: TableStyle, which: int) -> float:
        sizes = {"head": style.head, "size": style.size, "small": style.small}
        wide = max((sizes[row[0]] * row[1] * row[which] for row in self._measured), default=0.0)  # type: ignore[operator]
        return max(wide, self.drawn) + 2 * style.pad + self.gap + SPARE

    def height(self, width: float, style: TableStyle) -> list[int]:
        """About how many lines each cell takes in a column so wide, heads first."""
        room = max(width - 2 * style.pad - self.gap - SPARE, 1.0)
        head = [_height(cell, style.head * BOLD, style.small, room) for cell in self.heads]
        return head + [_height(cell, style.size * (BOLD if cell.get("b") else 1.02), style.small, room) for cell in self.cells]  # fmt: skip


def _height(cell: dict[str, Any], size: float, small: float, room: float) -> int:
    lines = _lines(cell)
    if cell.get("whole"):
        return len(lines)
    return sum(max(1, ceil(text_width(line, small if below else size) / room)) for below, line in lines)


def _lines(cell: dict[str, Any]) -> list[tuple[bool, str]]:
    """Lines of a cell as (whether small, words): a break or smaller type begins another."""
    lines: list[tuple[bool, str]] = []
    fresh = True
    for run in cell["runs"]:
        if "t" not in run:
            fresh = True
            continue
        small = bool(run.get("s"))
        if fresh or not lines or lines[-1][0] != small:
            lines.append((small, run["t"]))
        else:
            lines[-1] = (small, lines[-1][1] + run["t"])
        fresh = False
    return lines


def least_room(columns: Sequence[Column], style: TableStyle) -> float:
    """Points below which a table looks squeezed."""
    return round(sum(column.good(style) for column in columns), 2)


def fitting_style(columns: Sequence[Column], style: TableStyle, room: float) -> TableStyle:
    """The style, or as much smaller as the widest words need."""
    while sum(column.least(style) for column in columns) > room and style.size > SMALLEST:
        style = style.smaller()
    return style


def column_widths(columns: Sequence[Column], style: TableStyle, room: float) -> list[float]:
    """Points of each column, together at most ``room``.

    Each has what its words need; the rest goes where it saves lines, and then to all alike.

    Examples
    --------
    >>> cell = lambda words: {"runs": [{"t": words}]}
    >>> columns = [Column((cell("甲"),), (cell("齐河县"),), ems=6.5), Column((cell("乙"),), (cell("12"),))]
    >>> column_widths(columns, TableStyle(), 100)
    [57.8, 42.2]
    """
    least = [column.good(style) for column in columns]
    if sum(least) > room:
        least = [column.least(style) for column in columns]
    most = [column.most(style) for column in columns]
    few = len(columns) <= FEW_TO
    if sum(least) > room:  # nothing smaller can be read: words break inside
        return [round(room * wide / sum(least), 2) for wide in least]
    if sum(most) <= room:
        wanted = min(room, max(sum(most) + 8.0 * len(columns), ONE_THIRD)) if few else room
        spare = (wanted - sum(most)) / max(len(columns), 1)
        return [round(wide + spare, 2) for wide in most]
    return [round(wide, 2) for wide in _shared(columns, style, least, most, room)]


def _shared(
    columns: Sequence[Column], style: TableStyle, least: list[float], most: list[float], room: float
) -> list[float]:
    """Room given in steps to the column whose widening saves most lines; what saves none goes by need."""
    wide = list(least)
    left = room - sum(wide)
    step = max(left / 24, 3.0)
    heights = [column.height(width, style) for column, width in zip(columns, wide, strict=True)]
    while left > 0.5:
        best, gain, grown = -1, 0.0, 0.0
        rows = [max(lines) for lines in zip(*heights, strict=True)] if heights[0] else []
        for at, column in enumerate(columns):
            if wide[at] >= most[at] - 0.1:
                continue
            need = most[at] - wide[at]
            for more in sorted(
                {min(step * many, left, need) for many in (1, 2, 4)} | ({need} if need <= left else set())
            ):
                after = column.height(wide[at] + more, style)
                saved = sum(
                    max(0, row - max(max(after[i], *(h[i] for j, h in enumerate(heights) if j != at)), 0))
                    for i, row in enumerate(rows)
                ) if len(heights) > 1 else 0  # fmt: skip
                slack = sum(h - a for h, a in zip(heights[at], after, strict=True)) * 0.05
                if (saved + slack) / more > gain:
                    best, gain, grown = at, (saved + slack) / more, more
        if best < 0:
            break
        wide[best] += grown
        left -= grown
        heights[best] = columns[best].height(wide[best], style)
    open_ = [max(upper - width, 0.0) for upper, width in zip(most, wide, strict=True)]
    total = sum(open_)
    return [width + left * (need / total if total else 1 / len(wide)) for width, need in zip(wide, open_, strict=True)]
