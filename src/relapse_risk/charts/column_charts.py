"""Charts along an axis: columns, stacks, steps, lines, pyramid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from relapse_risk.charts.canvas import (
    ACCENT,
    AXIS,
    HAIR,
    INK,
    LEADING,
    MUTED,
    PALE,
    SHADES,
    SIZE,
    WARN,
    Drawing,
    Scale,
    circle,
    dashed,
    line,
    nice_ticks,
    path,
    rect,
    text_lines,
    text_width,
    tick_words,
    words,
    wrap,
)  # fmt: skip
from relapse_risk.charts.row_charts import Line, bars

__all__ = ["Series", "columns", "lines", "pyramid", "stack", "steps"]

SMALL = 11.0


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its name, its values (None: withheld or missing, not drawn) and each as written."""

    name: str
    values: Sequence[float | None]
    shown: Sequence[str] = ()


def _legend(names: Sequence[str], colours: Sequence[str], width: float) -> tuple[str, float]:
    """Keys left to right, wrapping; the drawing and its height."""
    x, y, parts = 2.0, 13.0, []
    for name, colour in zip(names, colours, strict=False):
        room = 18 + text_width(name)
        if x > 2 and x + room > width:
            x, y = 2.0, y + 18
        parts += [rect(x, y - 10, 12, 12, colour), words(x + 17, y, name)]
        parts += [line(x, y + 2, x + 12, y - 10, "#fff")] if colour == WARN else []  # striped, as its columns are
        x += room + 20
    return "".join(parts), y + 10


def columns(
    labels: Sequence[str], series: Sequence[Series], width: float, marks: Sequence[int] = (), marked: str = ""
) -> Drawing:
    """Vertical columns, one or two series side by side; on a narrow page, bars.

    ``marks`` are the columns in the warning colour (only of the first series), which the legend calls ``marked``.
    """
    slot = (width - 4) / max(len(labels), 1)
    widest = max((text_width(label, SMALL) for label in labels), default=0)
    if widest > slot * 1.9 or (widest > slot and not all(" " in label for label in labels)):
        return _as_bars(labels, series, width, marks)
    names = [*(s.name for s in series), *([marked] if marked and marks else [])]
    legend, head = _legend(names, (ACCENT, PALE, WARN), width) if len(series) > 1 else ("", 4.0)
    top = max([v for s in series for v in s.values if v is not None] or [1e-12]) or 1e-12
    base = head + 172
    scale = Scale(0, top, base, head + 18)
    wide = min(slot * 0.82 / len(series), 58)
    parts = [legend]
    deepest = 1
    for i, label in enumerate(labels):
        start = 2 + i * slot + (slot - wide * len(series)) / 2
        for j, one in enumerate(series):
            parts.append(_column(one, i, start + j * wide, wide, scale, base, j, i in marks, slot))
        found = wrap(label, slot - 2, SMALL)
        deepest = max(deepest, len(found))
        middle = base + 4 + len(found) * SMALL * LEADING / 2
        parts.append(text_lines(2 + (i + 0.5) * slot, middle, found, "middle", INK, SMALL))
    parts.append(line(2, base, width - 2, base))
    return Drawing("".join(parts), width, base + 8 + deepest * SMALL * LEADING)


def _column(
    one: Series, i: int, x: float, wide: float, scale: Scale, base: float, j: int, warn: bool, slot: float
) -> str:
    value = one.values[i]
    shown = one.shown[i] if one.shown else ""
    if value is None:
        return words(x + wide / 2, base - 4, shown, "middle", MUTED, SMALL) if shown else ""
    y = scale(value)
    colour = (WARN if warn else ACCENT) if j == 0 else PALE
    parts = rect(x, y, wide - 2, base - y, colour)
    if warn and j == 0:
        parts += "".join(line(x, at, x + wide - 2, max(at - 8, y), "#fff") for at in _rungs(y, base))
    if shown and text_width(shown, SMALL) <= slot and (j == 0 or text_width(shown, SMALL) <= wide + 2):
        parts += words(x + wide / 2 - 1, y - 4, shown, "middle", INK if j == 0 else MUTED, SMALL)
    return parts


def _rungs(top: float, base: float) -> list[float]:
    return [base - 3 - 8 * k for k in range(int((base - top) / 8)) if base - 3 - 8 * k > top + 2]


def _as_bars(labels: Sequence[str], series: Sequence[Series], width: float, marks: Sequence[int]) -> Drawing:
    rows = [
        Line(label, series[0].values[i], " / ".join(one.shown[i] for one in series if one.shown),
             other=series[1].values[i] if len(series) > 1 else None, warn=i in marks)
        for i, label in enumerate(labels)
    ]  # fmt: skip
    drawn = bars(rows, width)
    if len(series) < 2:
        return drawn
    key = (
        rect(2, 3, 12, 12, ACCENT) + words(19, 13, series[0].name)
        + line(30 + text_width(series[0].name) + 10, 1, 30 + text_width(series[0].name) + 10, 15, INK, 1.8)
        + words(46 + text_width(series[0].name), 13, series[1].name)
    )  # fmt: skip
    return Drawing(f'{key}<g transform="translate(0 22)">{drawn.body}</g>', width, drawn.height + 22)


def stack(labels: Sequence[str], series: Sequence[Series], totals: Sequence[str], width: float) -> Drawing:
    """Stacked columns with the total above; parts below zero are left out (the total keeps them)."""
    legend, head = _legend([s.name for s in series], SHADES, width)
    sums = [sum(max(s.values[i] or 0, 0) for s in series) for i in range(len(labels))]
    base = head + 200
    scale = Scale(0, max([*sums, 1e-12]), 0, 178)
    slot = (width - 4) / max(len(labels), 1)
    wide = min(slot * 0.66, 64)
    parts = [legend]
    for i, label in enumerate(labels):
        x, y = 2 + i * slot + (slot - wide) / 2, base
        for j, one in enumerate(series):
            tall = scale(max(one.values[i] or 0, 0))
            y -= tall
            parts.append(rect(x, y, wide, tall, SHADES[j % len(SHADES)], ' stroke="#fff" stroke-width="0.8"'))
        parts.append(words(x + wide / 2, y - 5, totals[i], "middle", INK, SMALL))
        parts.append(text_lines(x + wide / 2, base + 12, wrap(label, slot, SMALL), "middle", INK, SMALL))
    parts.append(line(2, base, width - 2, base))
    return Drawing("".join(parts), width, base + 24)


def steps(labels: Sequence[str], values: Sequence[float | None], shown: Sequence[str], width: float) -> Drawing:
    """A waterfall: first and last column stand on the axis, those between rise or fall from where the last ended.

    ``values`` holds the level, the changes (signed) and the last level.
    """
    slot = (width - 4) / max(len(labels), 1)
    wide, base = min(slot * 0.7, 84), 190.0
    levels, level = [], 0.0
    for i, value in enumerate(values):
        at = value or 0.0
        start = 0.0 if i in (0, len(values) - 1) else level
        level = at if i in (0, len(values) - 1) else level + at
        levels.append((start, level))
    scale = Scale(0, max([max(pair) for pair in levels] + [1e-12]), base, 22)
    parts, deepest = [], 1
    for i, (start, end) in enumerate(levels):
        x = 2 + i * slot + (slot - wide) / 2
        high, low = scale(max(start, end)), scale(min(start, end))
        ends = i in (0, len(values) - 1)
        colour = ACCENT if ends else WARN if end > start else PALE
        parts.append(rect(x, high, wide, max(low - high, 0.8), colour))
        parts.append(words(x + wide / 2, high - 5, shown[i], "middle", INK, SMALL))
        if i < len(levels) - 1:
            parts.append(line(x + wide, scale(end), x + slot, scale(end), AXIS, 1, dashed("2 2")))
        found = wrap(labels[i], slot - 4, SMALL)
        deepest = max(deepest, len(found))
        parts.append(text_lines(x + wide / 2, base + 5 + len(found) * SMALL * LEADING / 2, found, "middle", INK, SMALL))
    parts.append(line(2, base, width - 2, base))
    return Drawing("".join(parts), width, base + 10 + deepest * SMALL * LEADING)


def lines(labels: Sequence[str], series: Sequence[Series], width: float) -> Drawing:
    """Up to three lines over equal steps from zero; name and last value at the end of each."""
    ends = [f"{one.name} {one.shown[-1]}" if one.shown else one.name for one in series]
    right = max((text_width(end) for end in ends), default=0) + 16
    top = max([v for one in series for v in one.values if v is not None] or [1]) or 1
    base, ticks = 176.0, nice_ticks(0, top, 3)
    marks = tick_words(ticks, str)
    left = max(text_width(mark, SMALL) for mark in marks) + 10
    across = Scale(0, max(len(labels) - 1, 1), left, width - right)
    down = Scale(0, ticks[-1], base, 14)
    parts = [line(left, down(tick), width - right, down(tick), HAIR if tick else AXIS) for tick in ticks]
    parts += [
        words(left - 6, down(tick) + 4, mark, "end", MUTED, SMALL) for tick, mark in zip(ticks, marks, strict=True)
    ]
    parts += _dates(labels, across, base + 19)
    taken: list[float] = []
    for one, end, colour, pattern in zip(series, ends, (ACCENT, WARN, MUTED), ("", "6 3", "2 2"), strict=False):
        points = [(across(i), down(v)) for i, v in enumerate(one.values) if v is not None]
        if not points:
            continue
        parts += [path(points, colour, 2.2, dashed(pattern) if pattern else ""), circle(*points[-1], 3.4, colour)]
        y = points[-1][1] + 4
        while any(abs(y - other) < SIZE * 1.2 for other in taken):
            y += 3 if points[-1][1] < base / 2 else -3  # away from the dates below and the top edge
        taken.append(y)
        parts.append(words(points[-1][0] + 8, y, end, "", colour))
    return Drawing("".join(parts), width, base + 26)


def _dates(labels: Sequence[str], across: Scale, y: float) -> list[str]:
    """As many labels below the axis as fit, the first among them."""
    widest = max((text_width(label, SMALL) for label in labels), default=0) + 18
    gap = (across.end - across.start) / max(len(labels) - 1, 1)
    every = max(1, -(-int(widest) // max(int(gap), 1)))
    return [
        words(max(across(i), text_width(label, SMALL) / 2), y, label, "middle", MUTED, SMALL)
        for i, label in enumerate(labels)
        if i % every == 0
    ]


def pyramid(labels: Sequence[str], left: Series, right: Series, width: float) -> Drawing:
    """Two series back to back, the youngest at the bottom."""
    top = max([v for v in (*left.values, *right.values) if v is not None] or [1]) or 1
    gutter = max(text_width(label, SMALL) for label in labels) / 2 + 8
    room = width / 2 - gutter - max((text_width(s, SMALL) for s in (*left.shown, *right.shown)), default=0) - 8
    middle = width / 2
    parts = [words(middle - gutter, 13, left.name, "end", bold=True), words(middle + gutter, 13, right.name, bold=True)]
    for i, label in enumerate(reversed(list(labels))):
        at, y = len(labels) - 1 - i, 22 + i * 21
        parts.append(words(middle, y + 12.5, label, "middle", MUTED, SMALL))
        for one, side, colour in ((left, -1, ACCENT), (right, 1, PALE)):
            value = one.values[at]
            long = (value or 0) / top * room
            x = middle + side * gutter
            parts.append(rect(x if side > 0 else x - long, y + 1, long, 16, colour))
            anchor = "" if side > 0 else "end"
            parts.append(words(x + side * (long + 4), y + 13, one.shown[at] if one.shown else "", anchor, INK, SMALL))
    return Drawing("".join(parts), width, 22 + 21 * len(labels) + 4)
