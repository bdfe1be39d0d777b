"""Charts on a field: heat grid and square curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from relapse_risk.charts.canvas import (
    ACCENT,
    AXIS,
    FRAME,
    HAIR,
    INK,
    LEADING,
    MUTED,
    Drawing,
    Scale,
    breakable,
    circle,
    dashed,
    fit,
    line,
    path,
    rect,
    text_lines,
    text_width,
    tick_words,
    upright,
    words,
    wrap,
)  # fmt: skip

__all__ = ["curve", "heat"]

SMALL = 11.0


def heat(
    rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float | None]],
    shown: Sequence[Sequence[str]], width: float, best: float, worst: float, marked: int | None = None,
) -> Drawing:  # fmt: skip
    """A grid of cells, the darker the further from ``best`` towards ``worst``; a cell at ``best`` is left pale.

    The number stands in each cell that differs from ``best``, so that the eye goes there.
    """
    left = fit(rows, width * 0.3, SMALL)
    slot = (width - left - 2) / max(len(columns), 1)
    head, parts = _heads(columns, left, slot)
    y = head
    for i, row in enumerate(rows):
        found = wrap(row, left - 7.5, SMALL)
        tall = max(22.0, len(found) * SMALL * LEADING + 6)
        parts.append(text_lines(left - 7, y + tall / 2, found, "end", INK, SMALL, bold=i == marked))
        for j, value in enumerate(values[i]):
            depth = 0.0 if value is None else min(max((best - value) / ((best - worst) or 1), 0), 1)
            parts.append(
                rect(left + j * slot, y, slot - 1.5, tall - 1.5, _shade(depth) if value is not None else FRAME)
            )
            if (value is None or depth > 0) and text_width(shown[i][j], SMALL) < slot:
                ink = "#fff" if depth > 0.55 else INK
                parts.append(
                    words(left + (j + 0.5) * slot - 0.8, y + tall / 2 + 3.3, shown[i][j], "middle", ink, SMALL)
                )
        y += tall
    return Drawing("".join(parts), width, y + 2)


def _heads(columns: Sequence[str], left: float, slot: float) -> tuple[float, list[str]]:
    """Names over their columns and the height they take: level, or on end where a word is wider than its column."""
    if any(text_width(word.rstrip(), SMALL) > slot - 2 for name in columns for word in breakable(name)):
        tall = fit(columns, 120, SMALL)
        return tall, [
            upright(left + (j + 0.5) * slot + 3.3, tall - 6, name, INK, SMALL) for j, name in enumerate(columns)
        ]
    heads = [wrap(name, slot - 2, SMALL) for name in columns]
    tall = max((len(found) for found in heads), default=1) * SMALL * LEADING + 8
    return tall, [
        text_lines(left + (j + 0.5) * slot, tall - 5 - len(found) * SMALL * LEADING / 2, found, "middle", INK, SMALL)
        for j, found in enumerate(heads)
    ]


def _shade(depth: float) -> str:
    """From a pale blue at the best to the warning colour: lightness falls all the way, so grey print keeps the order."""
    if depth <= 0:
        return "#e3eef3"
    start, end = (0xF7, 0xD9, 0xC2), (0xA3, 0x3C, 0x08)
    return "#" + "".join(f"{round(a + (b - a) * depth):02x}" for a, b in zip(start, end, strict=True))


def curve(
    points: Sequence[tuple[float, float]], width: float, x_label: str, y_label: str, even: str,
    write: Callable[[float], str], top: float = 1.0, intervals: Sequence[tuple[float, float]] = (), join: bool = True,
) -> Drawing:  # fmt: skip
    """A curve, or points with intervals, in a square against the diagonal ``even``; both axes from 0 to ``top``."""
    ticks = [top * k / 4 for k in range(5)]
    written = tick_words(ticks, write)
    left = max(text_width(one, SMALL) for one in written) + 10
    side = min(width - left - 12, 270.0)
    head = 24.0
    across, down = Scale(0, top, left, left + side), Scale(0, top, head + side, head)
    parts = [rect(left, head, side, side, "#fff", f' stroke="{AXIS}"'), words(2, 12, y_label, "", MUTED, SMALL)]
    for tick, one in zip(ticks, written, strict=True):
        parts += [
            line(across(tick), head, across(tick), head + side, HAIR),
            line(left, down(tick), left + side, down(tick), HAIR),
        ]
        parts.append(words(across(tick), head + side + 14, one, "middle", MUTED, SMALL))
        if tick:  # both axes begin at the same zero: it is written once
            parts.append(words(left - 5, down(tick) + 4, one, "end", MUTED, SMALL))
    parts.append(line(across(0), down(0), across(top), down(top), INK, 1, dashed()))
    at = top * 0.72
    parts.append(words(across(at) + 4, down(at) + 16, even, "", MUTED, SMALL))
    for (x, _), (low, high) in zip(points, intervals, strict=False):
        parts.append(line(across(x), down(low), across(x), down(high), ACCENT, 2.4, ' stroke-opacity="0.45"'))
    placed = [(across(x), down(y)) for x, y in points]
    parts += [path(placed, ACCENT, 2.4)] if join else [circle(x, y, 4.4, ACCENT, "#fff") for x, y in placed]
    parts.append(words(left + side / 2, head + side + 32, x_label, "middle", MUTED, SMALL))
    return Drawing("".join(parts), width, head + side + 38)
