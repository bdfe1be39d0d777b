"""Charts as small vector graphics: text stays text, the embedded font draws it, nothing needs a script.

Every function takes plain sequences and returns the inner drawing; :func:`figure` puts it on a page with its title
(the finding) and a description for those who listen.  Two colours carry meaning, the accent and the warning; shapes
and direct labels repeat it, so that grey print loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = [
    "Series",
    "curve",
    "dots",
    "figure",
    "grouped_bars",
    "hbars",
    "heat",
    "intervals",
    "lines",
    "pyramid",
    "stacked",
    "text_width",
]  # fmt: skip

ACCENT, WARN, PALE, GREY, INK = "#1b6380", "#b3470f", "#a9c8d6", "#8a949b", "#26323a"
SHADES = ("#1b6380", "#6fa8bf", "#c9a227", "#8a949b", "#b3470f")
WIDTH, SIZE = 720, 13


@dataclass(frozen=True, slots=True)
class Series:
    """One series: its name, its values (None: not drawn) and the text beside each."""

    name: str
    values: Sequence[float | None]
    labels: Sequence[str] = ()


def text_width(words: str, size: float = SIZE) -> float:
    """Rough width in pixels: a Chinese character is as wide as it is high, a Latin one a little over half.

    Examples
    --------
    >>> text_width("齐河县", 10), text_width("abc", 10)
    (30.0, 16.8)
    """
    return sum(size if ord(c) > 0x2E7F else size * 0.56 for c in words)


def _fit(words: str, width: float, size: float = SIZE) -> str:
    """``words``, shortened with an ellipsis to fit ``width``."""
    if text_width(words, size) <= width:
        return words
    while words and text_width(words + "…", size) > width:
        words = words[:-1]
    return words + "…"


def _text(x: float, y: float, words: str, anchor: str = "start", colour: str = INK, size: float = SIZE) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size:g}">{escape(words)}</text>'


def _rect(x: float, y: float, width: float, height: float, colour: str, extra: str = "") -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" fill="{colour}"{extra}/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = GREY, width: float = 1, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width:g}"{dashed}/>'
    )


def figure(inner: str, height: float, title: str, description: str, identity: str) -> str:
    """A chart on the page: caption with the finding, drawing with title and description."""
    return (
        f'<figure class="chart"><figcaption>{escape(title)}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}" role="img" '
        f'aria-labelledby="{identity}-t {identity}-d" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{identity}-t">{escape(title)}</title><desc id="{identity}-d">{escape(description)}</desc>'
        f"{inner}</svg></figure>"
    )


def _label_room(labels: Sequence[str], most: float = 250) -> float:
    return min(max((text_width(label) for label in labels), default=0) + 12, most)


def _legend(names: Sequence[str], colours: Sequence[str], y: float = 14) -> str:
    x, parts = 4.0, []
    for name, colour in zip(names, colours, strict=False):
        parts += [_rect(x, y - 10, 12, 12, colour), _text(x + 18, y, name)]
        x += 18 + text_width(name) + 24
    return "".join(parts)


def hbars(
    labels: Sequence[str], series: Series, limit: float | None = None, limit_label: str = "",
    marked: Sequence[bool] = (),
) -> tuple[str, float]:  # fmt: skip
    """Horizontal bars, one per label, value written at the end; ``marked`` ones in the warning colour."""
    left = _label_room(labels)
    right = max((text_width(label) for label in series.labels), default=0) + 14
    top = max([v for v in series.values if v is not None] + ([limit] if limit else []) + [1e-12])
    scale = (WIDTH - left - right) / top
    head = 22 if limit is not None else 6
    parts = []
    for i, (label, value) in enumerate(zip(labels, series.values, strict=True)):
        y = head + i * 26
        warn = bool(marked) and marked[i]
        parts.append(_text(left - 8, y + 14, _fit(label, left - 10), "end"))
        if value is not None:
            parts.append(_rect(left, y + 2, max(value, 0) * scale, 17, WARN if warn else ACCENT))
        shown = series.labels[i] if series.labels else ""
        parts.append(_text(left + max(value or 0, 0) * scale + 6, y + 15, shown))
    height = head + 26 * len(labels) + 6
    if limit is not None:
        x = left + limit * scale
        anchor = "end" if x > WIDTH - text_width(limit_label) else "middle"
        parts += [_line(x, head - 4, x, height - 6, INK, 1.2, "4 3"), _text(x, 12, limit_label, anchor, INK, 12)]
    return "".join(parts), height


def grouped_bars(labels: Sequence[str], series: Sequence[Series], marks: Sequence[int] = ()) -> tuple[str, float]:
    """Vertical bars, up to two series side by side, value above each; columns in ``marks`` in the warning colour."""
    top = max([v for s in series for v in s.values if v is not None] or [1e-12]) or 1e-12
    slot, head, height = (WIDTH - 8) / max(len(labels), 1), 46 if len(series) > 1 else 24, 230
    width = min(slot * 0.8 / len(series), 60)
    parts = [_legend([s.name for s in series], (ACCENT, PALE))] if len(series) > 1 else []
    for i, label in enumerate(labels):
        start = 4 + i * slot + (slot - width * len(series)) / 2
        for j, one in enumerate(series):
            value = one.values[i]
            if value is None:
                continue
            tall = max(value, 0) / top * (height - head - 26)
            colour = (WARN if i in marks else ACCENT) if j == 0 else PALE
            x, y = start + j * width, height - 24 - tall
            parts.append(_rect(x, y, width - 2, tall, colour))
            if j == 0 and one.labels:
                parts.append(_text(x + width / 2, y - 4, one.labels[i], "middle", INK, 11))
        parts.append(_text(4 + (i + 0.5) * slot, height - 8, _fit(label, slot - 4, 12), "middle", INK, 12))
    parts.append(_line(4, height - 24, WIDTH - 4, height - 24))
    return "".join(parts), height


def stacked(labels: Sequence[str], series: Sequence[Series], totals: Sequence[str]) -> tuple[str, float]:
    """Stacked vertical bars with the total above each and a legend; negative parts are left out."""
    sums = [sum(max(s.values[i] or 0, 0) for s in series) for i in range(len(labels))]
    top, slot, height, head = max([*sums, 1e-12]), (WIDTH - 8) / max(len(labels), 1), 260, 50
    width = min(slot * 0.6, 70)
    parts = [_legend([s.name for s in series], SHADES)]
    for i, label in enumerate(labels):
        y = height - 24.0
        x = 4 + i * slot + (slot - width) / 2
        for j, one in enumerate(series):
            tall = max(one.values[i] or 0, 0) / top * (height - head - 26)
            y -= tall
            parts.append(_rect(x, y, width, tall, SHADES[j % len(SHADES)]))
        parts.append(_text(x + width / 2, y - 5, totals[i], "middle", INK, 12))
        parts.append(_text(x + width / 2, height - 8, label, "middle", INK, 12))
    parts.append(_line(4, height - 24, WIDTH - 4, height - 24))
    return "".join(parts), height


def pyramid(labels: Sequence[str], left: Series, right: Series) -> tuple[str, float]:
    """Two series back to back, youngest at the bottom."""
    top = max([v for v in (*left.values, *right.values) if v is not None] or [1]) or 1
    middle, room = WIDTH / 2, WIDTH / 2 - 90
    parts = [_text(middle - 40, 14, left.name, "end"), _text(middle + 40, 14, right.name)]
    for i, label in enumerate(reversed(list(labels))):
        at = len(labels) - 1 - i
        y = 24 + i * 23
        parts.append(_text(middle, y + 13, label, "middle", INK, 12))
        for series, side, colour in ((left, -1, ACCENT), (right, 1, PALE)):
            value = series.values[at]
            shown = series.labels[at] if series.labels else ""
            size = (value or 0) / top * (room - 50)
            x = middle + side * 32
            parts.append(_rect(x if side > 0 else x - size, y + 1, size, 16, colour))
            parts.append(_text(x + side * (size + 5), y + 14, shown, "start" if side > 0 else "end", INK, 11))
    return "".join(parts), 24 + 23 * len(labels) + 8


def intervals(
    labels: Sequence[str], values: Sequence[float | None], low: Sequence[float | None], high: Sequence[float | None],
    shown: Sequence[str], reference: float | None = None, reference_label: str = "",
) -> tuple[str, float]:  # fmt: skip
    """Points with intervals, one per label, on a common scale; a dashed line marks the reference."""
    left, right = _label_room(labels), max((text_width(s, 12) for s in shown), default=0) + 12
    known = [v for v in (*values, *low, *high, reference) if v is not None]
    least, most = (min(known), max(known)) if known else (0.0, 1.0)
    pad = (most - least) * 0.06 or 0.02
    least, most = least - pad, most + pad

    def place(value: float) -> float:
        return left + 4 + (value - least) / (most - least) * (WIDTH - left - right - 10)

    head, parts = 24, []
    for i, label in enumerate(labels):
        y = head + i * 25 + 10
        parts.append(_text(left - 8, y + 5, _fit(label, left - 10), "end"))
        parts.append(_text(WIDTH - 2, y + 5, shown[i], "end", INK, 12))
        lower, upper, value = low[i], high[i], values[i]
        if lower is not None and upper is not None:
            parts.append(_line(place(lower), y, place(upper), y, ACCENT, 2))
        if value is not None:
            parts.append(f'<circle cx="{place(value):.1f}" cy="{y:.1f}" r="4.5" fill="{ACCENT}"/>')
    height = head + 25 * len(labels) + 6
    if reference is not None:
        x = place(reference)
        anchor = "end" if x > WIDTH - 120 else "start" if x < left + 60 else "middle"
        parts += [_line(x, head - 6, x, height - 4, WARN, 1.2, "4 3"), _text(x, 13, reference_label, anchor, WARN, 12)]
    return "".join(parts), height


def dots(
    labels: Sequence[str], values: Sequence[float | None], peers: Sequence[Sequence[float]], shown: Sequence[str],
    limits: Sequence[float | None],
) -> tuple[str, float]:  # fmt: skip
    """One strip per label from 0 to 1: the county as a large dot among its peers (small rings), its limit as a bar."""
    left, right = _label_room(labels), max((text_width(s, 12) for s in shown), default=0) + 12

    def place(value: float) -> float:
        return left + 6 + min(max(value, 0), 1) * (WIDTH - left - right - 14)

    parts = []
    for i, label in enumerate(labels):
        y = 14 + i * 27
        parts += [_text(left - 8, y + 5, _fit(label, left - 10), "end"), _line(place(0), y, place(1), y, "#d5dbdf")]
        parts += [f'<circle cx="{place(p):.1f}" cy="{y}" r="3.2" fill="none" stroke="{GREY}"/>' for p in peers[i]]
        limit, value = limits[i], values[i]
        if limit is not None:
            parts.append(_line(place(limit), y - 9, place(limit), y + 9, WARN, 2))
        if value is not None:
            parts.append(f'<circle cx="{place(value):.1f}" cy="{y}" r="5.5" fill="{ACCENT}"/>')
        parts.append(_text(WIDTH - 2, y + 5, shown[i], "end", INK, 12))
    return "".join(parts), 14 + 27 * len(labels)


def lines(labels: Sequence[str], series: Sequence[Series]) -> tuple[str, float]:
    """Lines over equally spaced labels, the name and last value at the end of each."""
    ends = [f"{s.name} {s.labels[-1]}" if s.labels else s.name for s in series]
    right = max((text_width(end, 12) for end in ends), default=0) + 14
    top = max([v for s in series for v in s.values if v is not None] or [1]) or 1
    height, step = 220, (WIDTH - 16 - right) / max(len(labels) - 1, 1)
    parts = [_line(8, height - 24, WIDTH - right, height - 24)]
    every = -(-len(labels) // 6)
    parts += [
        _text(8 + i * step, height - 8, label, "start" if i == 0 else "middle", INK, 12)
        for i, label in enumerate(labels)
        if i % every == 0
    ]
    placed: list[float] = []
    for one, end, colour, dash in zip(series, ends, (ACCENT, WARN), ("", "5 3"), strict=False):
        points = [
            (8 + i * step, height - 24 - v / top * (height - 50)) for i, v in enumerate(one.values) if v is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.2"{dashed}/>')
        y = points[-1][1] + 4
        y = y + 16 if any(abs(y - other) < 14 for other in placed) else y
        placed.append(y)
        parts.append(_text(points[-1][0] + 8, y, end, "start", colour, 12))
    return "".join(parts), height


def curve(
    x: Sequence[float], y: Sequence[float], x_label: str, y_label: str, low: Sequence[float] = (),
    high: Sequence[float] = (), even_label: str = "", top: float = 1.0, ticks: Sequence[str] = (), join: bool = True,
) -> tuple[str, float]:  # fmt: skip
    """A curve (or points with intervals) in a square against the diagonal, axes from 0 to ``top``."""
    side, left, head = 300, 150, 10

    def at(a: float, b: float) -> tuple[float, float]:
        return left + min(a / top, 1) * side, head + side - min(b / top, 1) * side

    parts = [f'<rect x="{left}" y="{head}" width="{side}" height="{side}" fill="none" stroke="{GREY}"/>']
    (x0, y0), (x1, y1) = at(0, 0), at(top, top)
    parts += [_line(x0, y0, x1, y1, GREY, 1, "4 3"), _text(left + side + 8, head + 14, even_label, "start", GREY, 12)]
    for i, tick in enumerate(ticks):
        share = i / (len(ticks) - 1) * top
        parts.append(_text(at(share, 0)[0], head + side + 16, tick, "middle", INK, 11))
        parts.append(_text(left - 6, at(0, share)[1] + 4, tick, "end", INK, 11))
    for i in range(len(low)):
        (xa, ya), (_, yb) = at(x[i], low[i]), at(x[i], high[i])
        parts.append(_line(xa, ya, xa, yb, PALE, 3))
    points = [at(a, b) for a, b in zip(x, y, strict=True)]
    if join:
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{ACCENT}" stroke-width="2.4"/>')
    else:
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4.5" fill="{ACCENT}"/>' for a, b in points]
    parts.append(_text(left + side / 2, head + side + 36, x_label, "middle", INK, 12))
    parts.append(_text(4, head + 14, y_label, "start", INK, 12))
    return "".join(parts), side + 60


def heat(rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float | None]],
         shown: Sequence[Sequence[str]], worst: float, best: float = 1.0) -> tuple[str, float]:  # fmt: skip
    """A grid of cells, darker the further from ``best`` towards ``worst``, each with its number."""
    left, head = _label_room(rows, 190), 26
    wide = (WIDTH - left - 4) / max(len(columns), 1)
    parts = [
        _text(left + (j + 0.5) * wide, 16, _fit(name, wide - 4, 12), "middle", INK, 12)
        for j, name in enumerate(columns)
    ]
    for i, row in enumerate(rows):
        y = head + i * 25
        parts.append(_text(left - 8, y + 16, _fit(row, left - 10), "end"))
        for j, value in enumerate(values[i]):
            depth = 0.0 if value is None else min(max((best - value) / max(best - worst, 1e-9), 0), 1)
            colour = _mixed(depth) if value is not None else "#f1f3f4"
            ink = "#ffffff" if depth > 0.6 else INK
            parts.append(_rect(left + j * wide, y, wide - 2, 23, colour))
            parts.append(_text(left + (j + 0.5) * wide, y + 16, shown[i][j], "middle", ink, 12))
    return "".join(parts), head + 25 * len(rows) + 4


def _mixed(depth: float) -> str:
    """From a pale blue to the warning colour."""
    start, end = (0xE6, 0xEF, 0xF3), (0xB3, 0x47, 0x0F)
    return "#" + "".join(f"{round(a + (b - a) * depth):02x}" for a, b in zip(start, end, strict=True))
