"""What every chart is drawn with: colours, measured text that never overflows, scales, and the frame around it.

Two colours carry meaning, the accent and the warning; a shape, a pattern or a label always says it again, so that grey
print and colour-blind readers lose nothing.  Text stays text and is drawn by the embedded font.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = [
    "ACCENT", "AXIS", "FRAME", "GREY", "HAIR", "INK", "MUTED", "NARROW", "PALE", "SHADES", "SIZE", "WARN", "WIDE",
    "Drawing", "Scale", "breakable", "circle", "dashed", "figure", "fit", "line", "nice_ticks", "path", "rect",
    "text_lines", "text_width", "tick_words", "upright", "words", "wrap",
]  # fmt: skip

ACCENT, WARN, INK, MUTED = "#0f5b78", "#b8480f", "#1d2a33", "#566470"
PALE, GREY, HAIR, AXIS, FRAME = "#a8ccda", "#9aa6af", "#dfe5e9", "#b9c3ca", "#f3f6f8"
SHADES = ("#0f5b78", "#a8ccda", "#d9a441", "#8b97a0")  # distinguishable by lightness too
WIDE, NARROW, SIZE, LEADING = 660.0, 342.0, 12.0, 1.3

# Advance widths of ASCII 32-126 in thousandths of the size, from the embedded font; all else is a full square or so.
_ADVANCES = (
    224, 323, 474, 555, 555, 921, 680, 278, 338, 338, 467, 555, 278, 347, 278, 392, 555, 555, 555, 555, 555, 555, 555,
    555, 555, 555, 278, 278, 555, 555, 555, 474, 946, 608, 657, 638, 688, 589, 552, 689, 728, 293, 535, 646, 543, 812,
    723, 742, 633, 742, 635, 596, 599, 721, 575, 878, 573, 531, 603, 338, 392, 338, 555, 559, 606, 563, 618, 510, 620,
    554, 325, 564, 607, 275, 275, 552, 284, 926, 610, 606, 620, 620, 388, 468, 377, 607, 521, 802, 498, 521, 475, 338,
    270, 338, 555,
)  # fmt: skip
_NARROW_MARKS = {"–": 536, "−": 555, "°": 370, "²": 411}


@dataclass(frozen=True, slots=True)
class Drawing:
    """The inside of a chart and the box it fills."""

    body: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to pixels."""

    least: float
    most: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.most - self.least or 1.0
        return self.start + (min(max(value, self.least), self.most) - self.least) / span * (self.end - self.start)


def text_width(line: str, size: float = SIZE) -> float:
    """Width in pixels as the embedded font draws it (kerning left out).

    Examples
    --------
    >>> text_width("齐河县", 10), text_width("12", 10)
    (30.0, 11.1)
    """
    total = 0
    for c in line:
        code = ord(c)
        total += _ADVANCES[code - 32] if 32 <= code < 127 else _NARROW_MARKS.get(c, 1000)
    return round(total * size / 1000, 3)


def wrap(label: str, room: float, size: float = SIZE) -> list[str]:
    """``label`` broken into as few lines as fit ``room``, before a bracket, or about as long as each other.

    Lines break at spaces, or between Chinese characters; a word too long is cut.

    Examples
    --------
    >>> wrap("two words", 40), wrap("户内有劳动力", 60), wrap("对照模型（梯度提升）", 100)
    (['two', 'words'], ['户内有', '劳动力'], ['对照模型', '（梯度提升）'])
    """
    lines, bracket = _filled(label, room, size), label.find("（")
    if (
        len(lines) == 2
        and bracket > 0
        and text_width(label[bracket:], size) <= room >= text_width(label[:bracket], size)
    ):
        return [label[:bracket].rstrip(), label[bracket:]]
    least = max(
        text_width(label, size) / len(lines), *(text_width(piece.strip(), size) for piece in breakable(label)), 0
    )
    narrower = (_filled(label, least + step * size / 2, size) for step in range(math.ceil((room - least) / size * 2)))
    return next((found for found in narrower if len(found) == len(lines)), lines) if len(lines) > 1 else lines


def _filled(label: str, room: float, size: float) -> list[str]:
    """``label`` in lines filled one after the other."""
    lines, current = [], ""
    for piece in breakable(label):
        if current and text_width((current + piece).rstrip(), size) > room:
            lines.append(current.rstrip())
            current = piece.lstrip()
        else:
            current += piece
        while text_width(current.rstrip(), size) > room and len(current) > 1:
            keep = max(1, next((i for i in range(len(current), 0, -1) if text_width(current[:i], size) <= room), 1))
            lines.append(current[:keep])
            current = current[keep:]
    return [*lines, current.rstrip()] if current.strip() or not lines else lines


def breakable(label: str) -> list[str]:
    """Pieces between which a line may break: after a space or hyphen, and around Chinese characters (never before
    closing marks).

    Examples
    --------
    >>> breakable("Follow-up 帮扶，")
    ['Follow-', 'up ', '帮', '扶，']
    """
    pieces: list[str] = []
    for c in label:
        wide = ord(c) > 0x2E7F
        closing = c in "，。、：；）”％%)"
        after_break = not pieces or pieces[-1][-1] in " -/" or ord(pieces[-1][-1]) > 0x2E7F
        opening = bool(pieces) and pieces[-1][-1] in "（“("
        if pieces and (closing or opening or not (wide or after_break)):
            pieces[-1] += c
        else:
            pieces.append(c)
    return pieces


def fit(labels: Sequence[str], most: float, size: float = SIZE, gap: float = 10) -> float:
    """Room that the widest label needs, with a gap, at most ``most``."""
    return min(max((text_width(label, size) for label in labels), default=0.0) + gap, most)


def words(
    x: float, y: float, content: str, anchor: str = "", colour: str = "", size: float = SIZE, bold: bool = False
) -> str:
    """One line of text with its baseline at ``y``."""
    extra = f' text-anchor="{anchor}"' if anchor else ""
    extra += f' fill="{colour}"' if colour else ""
    extra += f' font-size="{size:g}"' if size != SIZE else ""
    extra += ' font-weight="700"' if bold else ""
    return f'<text x="{x:.4g}" y="{y:.4g}"{extra}>{escape(content, quote=False)}</text>'


def upright(x: float, y: float, content: str, colour: str = "", size: float = SIZE) -> str:
    """One line of text on end, read from below, beginning at ``y``."""
    return f'<g transform="translate({x:.4g} {y:.4g}) rotate(-90)">{words(0, 0, content, "", colour, size)}</g>'


def text_lines(
    x: float, middle: float, lines: Sequence[str], anchor: str = "", colour: str = "", size: float = SIZE,
    bold: bool = False,
) -> str:  # fmt: skip
    """Lines of text centred on ``middle``."""
    step = size * LEADING
    first = middle - step * (len(lines) - 1) / 2 + size * 0.36
    return "".join(words(x, first + i * step, one, anchor, colour, size, bold) for i, one in enumerate(lines))


def rect(x: float, y: float, width: float, height: float, colour: str, extra: str = "") -> str:
    """A filled rectangle; negative sizes are drawn as none."""
    return f'<rect x="{x:.4g}" y="{y:.4g}" width="{max(width, 0):.4g}" height="{max(height, 0):.4g}" fill="{colour}"{extra}/>'


def line(x1: float, y1: float, x2: float, y2: float, colour: str = AXIS, width: float = 1, extra: str = "") -> str:
    """A straight line."""
    return f'<line x1="{x1:.4g}" y1="{y1:.4g}" x2="{x2:.4g}" y2="{y2:.4g}" stroke="{colour}" stroke-width="{width:g}"{extra}/>'


def dashed(pattern: str = "4 3") -> str:
    """The attribute that dashes a line."""
    return f' stroke-dasharray="{pattern}"'


def circle(x: float, y: float, radius: float, fill: str, stroke: str = "") -> str:
    """A disc, ringed when ``stroke`` is given."""
    ring = f' stroke="{stroke}" stroke-width="1.2"' if stroke else ""
    return f'<circle cx="{x:.4g}" cy="{y:.4g}" r="{radius:g}" fill="{fill}"{ring}/>'


def path(points: Sequence[tuple[float, float]], colour: str, width: float = 2, extra: str = "") -> str:
    """A line through ``points``."""
    joined = " ".join(f"{x:.4g},{y:.4g}" for x, y in points)
    return f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round"{extra}/>'


def nice_ticks(least: float, most: float, about: int = 4) -> list[float]:
    """Round values that cover ``least`` … ``most``.

    Examples
    --------
    >>> nice_ticks(0, 0.93)
    [0.0, 0.25, 0.5, 0.75, 1.0]
    >>> nice_ticks(0.017, 0.017, 2)
    [0.014, 0.016, 0.018, 0.02]
    """
    if not math.isfinite(most - least):
        return [least, least + 1]
    if most <= least:  # one value: room on both sides of it
        room = abs(least) / 10 or 0.5
        least, most = least - room, most + room
    raw = (most - least) / about
    power = 10 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def tick_words(ticks: Sequence[float], write: Callable[[float], str]) -> list[str]:
    """Ticks as written, all with as many decimals as tell every one of them exactly.

    Examples
    --------
    >>> tick_words([0.0075, 0.01, 0.0125], lambda share: f"{100 * share:.1f}%")
    ['0.75%', '1.00%', '1.25%']
    """
    percent = all(write(tick).endswith("%") for tick in ticks)
    values = [round(tick * (100 if percent else 1), 9) for tick in ticks]
    decimals = next(d for d in range(10) if all(round(value, d) == value for value in values))
    return [f"{value:,.{decimals}f}{'%' if percent else ''}".replace("-", "−") for value in values]


def figure(draw: Callable[[float], Drawing], title: str, description: str, identity: str, *, half: bool = False) -> str:
    """A chart as SVG with title and description; a full one comes twice, drawn for wide and for narrow pages.

    Scaling one drawing down would scale its text down with it; the style sheet shows whichever fits.
    """
    if half:
        return _svg(draw(NARROW), title, description, identity, "half")
    return _svg(draw(WIDE), title, description, f"{identity}-w", "wide") + _svg(
        draw(NARROW), title, description, f"{identity}-n", "narrow"
    )


def _svg(drawing: Drawing, title: str, description: str, identity: str, kind: str) -> str:
    return (
        f'<svg class="{kind}" viewBox="0 0 {drawing.width:.0f} {drawing.height:.0f}" width="{drawing.width:.0f}" '
        f'height="{drawing.height:.0f}" role="img" aria-labelledby="{identity}-t {identity}-d" '
        f'xmlns="http://www.w3.org/2000/svg"><title id="{identity}-t">{escape(title)}</title>'
        f'<desc id="{identity}-d">{escape(description)}</desc>'
        f'<g font-family="\'Report Sans\',\'Report Sans Regular\',sans-serif" font-size="{SIZE:g}" fill="{INK}">'
        f"{drawing.body}</g></svg>"
    )
