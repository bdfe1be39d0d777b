"""Charts with one line per thing: bars, dots among peers, intervals, and pairs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relapse_risk.charts.canvas import (
    ACCENT,
    AXIS,
    GREY,
    HAIR,
    INK,
    LEADING,
    MUTED,
    PALE,
    SIZE,
    WARN,
    Drawing,
    Scale,
    breakable,
    circle,
    dashed,
    fit,
    line,
    nice_ticks,
    rect,
    text_lines,
    text_width,
    tick_words,
    words,
    wrap,
)  # fmt: skip

__all__ = ["Line", "Rule", "bars", "dots", "funnel", "pairs"]

STACK_BELOW = 420.0  # narrower than this, labels of more than two lines stand above theirs instead of left of it
SMALL = 11.0
Write = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart.

    Attributes
    ----------
    label, shown : str
        What it is, and its value as written.
    value, low, high : float or None
        Value with its interval; nothing is drawn for a withheld or missing one.
    other : float or None
        A second value: the city for bars and dots, the partner for pairs.
    peers : sequence of float
        The other counties.
    limit : float or None
        This line's own limit.
    warn : bool
        Drawn in the warning colour, and striped so that grey print shows it.
    """

    label: str
    value: float | None
    shown: str = ""
    low: float | None = None
    high: float | None = None
    other: float | None = None
    peers: Sequence[float] = ()
    limit: float | None = None
    warn: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A vertical reference: where it stands and what it is called."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class _Layout:
    left: float
    right: float
    stacked: bool
    heights: tuple[float, ...]
    labels: tuple[tuple[str, ...], ...]


def _layout(lines: Sequence[Line], width: float, row: float, share: float = 0.38) -> _Layout:
    narrow = width < STACK_BELOW
    room = width * (0.36 if narrow else share) - 10
    beside = tuple(tuple(wrap(one.label, room)) for one in lines)
    words_fit = all(text_width(word.strip()) <= room for one in lines for word in breakable(one.label))
    stacked = narrow and not (words_fit and all(len(found) <= 2 for found in beside))
    labels = tuple(tuple(wrap(one.label, width - 8)) for one in lines) if stacked else beside
    left = 4.0 if stacked else fit([line for found in beside for line in found], room + 10)
    right = fit([one.shown for one in lines], width * 0.45, gap=12)
    extra = SIZE * LEADING
    heights = tuple(row + extra * len(found) if stacked else max(row, extra * len(found) + 6) for found in labels)
    return _Layout(left, right, stacked, heights, labels)


def _label(layout: _Layout, i: int, y: float) -> tuple[str, float]:
    """The label of line ``i`` whose box starts at ``y``, and the middle of where its mark is drawn."""
    found, height = layout.labels[i], layout.heights[i]
    if not layout.stacked:
        return text_lines(layout.left - 8, y + height / 2, found, "end"), y + height / 2
    block = SIZE * LEADING * len(found)
    # Grid and limit run behind a label that stands above its line: paper under it keeps the words readable.
    paper = rect(layout.left - 2, y, max(text_width(one) for one in found) + 4, block, "#fff")
    return paper + text_lines(layout.left, y + block / 2 + 1, found), y + block + (height - block) / 2 - 1


def _rule(scale: Scale, rule: Rule, top: float, bottom: float, width: float) -> str:
    x = scale(rule.at)
    half = text_width(rule.label, SMALL) / 2
    place = min(max(x, half + 2), width - half - 2)
    return line(x, top - 3, x, bottom, INK, 1.1, dashed()) + words(place, top - 7, rule.label, "middle", "", SMALL)


def bars(lines: Sequence[Line], width: float, rule: Rule | None = None, most: float | None = None) -> Drawing:
    """Horizontal bars from zero, value at the end; a short tick on each marks ``other`` (the city)."""
    layout = _layout(lines, width, 24)
    known = [v for one in lines for v in (one.value, one.other) if v is not None] + ([rule.at] if rule else [])
    scale = Scale(0.0, most or max([*known, 1e-12]), layout.left, width - layout.right)
    head = 22.0 if rule else 4.0
    parts, y = [], head
    for i, one in enumerate(lines):
        label, middle = _label(layout, i, y)
        parts.append(label)
        end = scale(one.value or 0)
        if one.value is not None:
            parts.append(rect(layout.left, middle - 7.5, end - layout.left, 15, WARN if one.warn else ACCENT))
            if one.warn:
                parts += [line(x, middle + 7.5, min(x + 15, end), middle - 7.5 + max(x + 15 - end, 0), "#fff", 1)
                          for x in _steps(layout.left + 5, end - 2, 9)]  # fmt: skip
        if one.other is not None:
            x = scale(one.other)
            parts += [line(x, middle - 10, x, middle + 10, "#fff", 4), line(x, middle - 10, x, middle + 10, INK, 1.8)]
            end = max(end, x) if abs(end - x) < text_width(one.shown) + 8 else end
        parts.append(words(end + 6, middle + 4.3, one.shown, "", "" if one.value is not None else MUTED))
        y += layout.heights[i]
    if rule:
        parts.append(_rule(scale, rule, head, y, width))
    return Drawing("".join(parts), width, y + 4)


def _steps(start: float, end: float, step: float) -> list[float]:
    return [start + i * step for i in range(int(max(end - start, 0) / step) + 1)] if end > start else []


def dots(
    lines: Sequence[Line], width: float, write: Write, rule: Rule | None = None,
    span: tuple[float, float] | None = None,
) -> Drawing:  # fmt: skip
    """Dots with intervals on a common scale: peers as small rings, the city as a tick, a line's own limit as a bar."""
    layout = _layout(lines, width, 25)
    known = [
        v for one in lines for v in (one.value, one.low, one.high, one.other, one.limit, *one.peers) if v is not None
    ]
    known += [rule.at] if rule else []
    marks = (
        nice_ticks(min(known), max(known), 3 if width < STACK_BELOW else 5)
        if known and not span
        else list(span or (0, 1))
    )
    scale = Scale(marks[0], marks[-1], layout.left + 6, width - layout.right - 4)
    head = 22.0 if rule else 4.0
    parts, y = [], head
    bottom = head + sum(layout.heights)
    shown = marks if not span else [mark for mark in nice_ticks(*span, 4) if span[0] <= mark <= span[1]]
    parts += [line(scale(mark), head, scale(mark), bottom, HAIR) for mark in shown]
    parts += [_rule(scale, rule, head, bottom, width)] if rule else []
    for i, one in enumerate(lines):
        label, middle = _label(layout, i, y)
        parts += [label, _dot_line(one, scale, middle)]
        parts.append(words(width - 2, middle + 4.3, one.shown, "end", "" if one.value is not None else MUTED))
        y += layout.heights[i]
    parts += _tick_labels(shown, scale, bottom + 13, width, write)
    return Drawing("".join(parts), width, y + 20)


def _tick_labels(marks: Sequence[float], scale: Scale, y: float, width: float, write: Write) -> list[str]:
    """Labels below the axis, leaving out any that would touch the one before."""
    parts, free = [], -1e9
    for mark, shown in zip(marks, tick_words(marks, write), strict=True):
        half = text_width(shown, SMALL) / 2
        x = min(max(scale(mark), half + 1), width - half - 1)
        if x - half > free:
            parts.append(words(x, y, shown, "middle", MUTED, SMALL))
            free = x + half + 6
    return parts


def _dot_line(one: Line, scale: Scale, y: float) -> str:
    parts = [line(scale.start, y, scale.end, y, HAIR)]
    parts += [circle(scale(peer), y, 3.4, "#fff", GREY) for peer in one.peers]
    if one.other is not None:
        parts.append(line(scale(one.other), y - 7, scale(one.other), y + 7, INK, 1.8))
    if one.limit is not None:
        x = scale(one.limit)
        parts.append(
            f'<polygon points="{x:.4g},{y + 3:.4g} {x - 5:.4g},{y + 11:.4g} {x + 5:.4g},{y + 11:.4g}" fill="{WARN}"/>'
        )
    if one.low is not None and one.high is not None:
        parts.append(
            line(scale(one.low), y, scale(one.high), y, WARN if one.warn else ACCENT, 3, ' stroke-opacity="0.55"')
        )
    if one.value is not None:
        x, colour = scale(one.value), WARN if one.warn else ACCENT
        mark = circle(x, y, 5.2, colour, "#fff")
        if one.warn:  # a diamond, so that the shape says it too
            mark = f'<polygon points="{x:.4g},{y - 6.5:.4g} {x + 6.5:.4g},{y:.4g} {x:.4g},{y + 6.5:.4g} {x - 6.5:.4g},{y:.4g}" fill="{colour}"/>'
        parts.append(mark)
    return "".join(parts)


def pairs(lines: Sequence[Line], width: float, names: tuple[str, str], write: Write, zero: bool = True) -> Drawing:
    """Two values per line joined by a bar: ``value`` as a filled dot, ``other`` as a ring."""
    layout = _layout(lines, width, 25)
    known = [v for one in lines for v in (one.value, one.other) if v is not None] + ([0.0] if zero else [])
    marks = nice_ticks(min(known), max(known), 3 if width < STACK_BELOW else 5) if known else [0.0, 1.0]
    scale = Scale(marks[0], marks[-1], layout.left + 6, width - layout.right - 6)
    parts = [circle(10, 10, 5, ACCENT), words(20, 14.3, names[0])]
    x = 36 + text_width(names[0])
    parts += [circle(x, 10, 4.4, "#fff", INK), words(x + 10, 14.3, names[1])]
    head = 26.0
    bottom = head + sum(layout.heights)
    parts += [line(scale(mark), head, scale(mark), bottom, HAIR) for mark in marks]
    y = head
    for i, one in enumerate(lines):
        label, middle = _label(layout, i, y)
        parts.append(label)
        if one.value is not None and one.other is not None:
            parts.append(line(scale(one.value), middle, scale(one.other), middle, PALE, 4))
        if one.other is not None:
            parts.append(circle(scale(one.other), middle, 4.4, "#fff", INK))
        if one.value is not None:
            parts.append(circle(scale(one.value), middle, 5.2, ACCENT))
        parts.append(words(width - 2, middle + 4.3, one.shown, "end"))
        y += layout.heights[i]
    parts += _tick_labels(marks, scale, bottom + 13, width, write)
    return Drawing("".join(parts), width, y + 20)


def funnel(lines: Sequence[Line], width: float, passed: Sequence[str]) -> Drawing:
    """Steps that narrow: a centred bar per step, and between two steps the share that went on."""
    layout = _layout(lines, width, 30, 0.34)
    left = layout.left if not layout.stacked else 4.0
    most = max([one.value or 0 for one in lines] + [1e-12])
    middle_x, room = (left + width) / 2, (width - left - 16) / 2
    parts, y = [], 2.0
    for i, one in enumerate(lines):
        label, middle = _label(layout, i, y)
        half = (one.value or 0) / most * room
        parts += [label, rect(middle_x - half, middle - 11, 2 * half, 22, ACCENT)]
        inside = text_width(one.shown) + 10 < 2 * half
        parts.append(
            words(middle_x if inside else middle_x + half + 6, middle + 4.3, one.shown, "middle" if inside else "",
                  "#fff" if inside else INK, bold=inside)
        )  # fmt: skip
        y += layout.heights[i]
        if i < len(lines) - 1:
            parts += [words(middle_x, y + 9, passed[i], "middle", MUTED, SMALL),
                      line(middle_x - half, middle + 11, middle_x - (lines[i + 1].value or 0) / most * room, y + 19, AXIS),
                      line(middle_x + half, middle + 11, middle_x + (lines[i + 1].value or 0) / most * room, y + 19, AXIS)]  # fmt: skip
            y += 16
    return Drawing("".join(parts), width, y + 4)
