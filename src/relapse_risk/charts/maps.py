"""Maps: tiles on a grid where only positions are known, outlines where they are given.  Darker is more."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from relapse_risk.charts.canvas import (
    ACCENT,
    AXIS,
    FRAME,
    INK,
    LEADING,
    MUTED,
    Drawing,
    rect,
    text_lines,
    text_width,
    words,
    wrap,
)  # fmt: skip

__all__ = ["Area", "in_rows", "shape_map", "tile_map"]

Ring = Sequence[tuple[float, float]]
SMALL, STRONG = 11.0, 13.0
NARROW_BELOW = 420.0
DARK_FROM = 0.6  # white words from here on
# Least and most of the pale part, least and most of the dark part: between them no words would be readable on it.
PALE, DARK = ("#e3eef3", "#8fb5c4"), ("#3f7a92", ACCENT)
STEPS = 5
LEAST_STEP = 0.7  # pixels between two points of an outline: nearer ones cannot be distinguished
TALLEST = 1.1  # of the width
DASH_END = re.compile(r"(?<=–)")  # where a name of two cities breaks
INSIDE = 0.8  # of an outline's box: what words may fill


@dataclass(frozen=True, slots=True)
class Area:
    """One county on a map.

    Attributes
    ----------
    label, shown : str
        Its name, and its value as written.
    value : float or None
        What it is shaded by; nothing for a withheld or missing one.
    warn : bool
        Misses its limit: framed, so that no colour is needed.
    """

    label: str
    shown: str
    value: float | None
    warn: bool = False


def in_rows(count: int, width: float) -> list[tuple[int, int]]:
    """Column and row of ``count`` tiles in reading order, for a place that gives no positions.

    Examples
    --------
    >>> in_rows(5, 342)
    [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1)]
    """
    across = 4 if width < NARROW_BELOW else 8
    return [(i % across, i // across) for i in range(count)]


def tile_map(areas: Sequence[Area], spots: Sequence[tuple[int, int]], width: float, ends: tuple[str, str]) -> Drawing:
    """One tile per area at its column and row, name and value inside; ``ends`` are the words of least and most."""
    across, down = (max(spot[i] for spot in spots) + 1 for i in (0, 1))
    slot = width / across
    names = [_at_dash(area.label, slot - 8) for area in areas]
    tall = max(max(len(name) for name in names) * SMALL * LEADING + STRONG * LEADING + 10, min(slot * 0.7, 62.0))
    parts = []
    for area, (column, row), name in zip(areas, spots, names, strict=True):
        x, y, depth = column * slot, row * tall, _depth(area.value, areas)
        parts.append(rect(x + 1.5, y + 1.5, slot - 3, tall - 3, _shade(depth), _frame(area)))
        parts.append(_named(area, name, x + slot / 2, y + tall / 2, _ink(depth)))
    legend, height = _legend(width, down * tall + 8, ends)
    return Drawing("".join(parts) + legend, width, height)


def _at_dash(label: str, wide: float) -> list[str]:
    """``label`` in lines: a name of two cities breaks behind its dash, and otherwise only where a part is too long.

    Examples
    --------
    >>> _at_dash("Jujuy – Palpalá", 60), _at_dash("La Rioja", 60)
    (['Jujuy –', 'Palpalá'], ['La Rioja'])
    """
    parts = [part.strip() for part in DASH_END.split(label)]
    return [line for part in parts for line in wrap(part, wide, SMALL)] if text_width(label, SMALL) > wide else [label]


def shape_map(areas: Sequence[Area], shapes: Sequence[Sequence[Ring]], width: float, ends: tuple[str, str]) -> Drawing:
    """Outlines of areas, shaded; the name where it fits, the value always.

    Degrees become pixels by the equirectangular projection about the middle latitude, which is right for a place the
    size of a city.
    """
    placed, tall = _projected(shapes, width)
    parts = []
    for area, rings in zip(areas, placed, strict=True):
        trace = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in _thinned(ring)) + "Z" for ring in rings)
        parts.append(
            f'<path d="{trace}" fill="{_shade(_depth(area.value, areas))}" fill-rule="evenodd"{_frame(area, "#fff")}/>'
        )
    for area, rings in zip(areas, placed, strict=True):  # words lie above every outline
        largest = max(rings, key=_surface)
        x, y = _middle(largest)
        name = _fitting(area.label, largest)
        at = min(max(x, text_width(area.shown, STRONG) / 2 + 2), width - text_width(area.shown, STRONG) / 2 - 2)
        parts.append(_named(area, name, at, y, _ink(_depth(area.value, areas))))
    legend, height = _legend(width, tall + 8, ends)
    return Drawing("".join(parts) + legend, width, height)


def _depth(value: float | None, areas: Sequence[Area]) -> float | None:
    known = [area.value for area in areas if area.value is not None]
    if value is None:
        return None
    least, most = min(known), max(known)
    return (value - least) / (most - least) if most > least else 0.0


def _shade(depth: float | None) -> str:
    """From pale to the accent; lightness falls all the way, so that grey print keeps the order."""
    if depth is None:
        return FRAME
    dark = depth > DARK_FROM
    part = (depth - DARK_FROM) / (1 - DARK_FROM) if dark else depth / DARK_FROM
    start, end = ([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (DARK if dark else PALE))
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in zip(start, end, strict=True))


def _ink(depth: float | None) -> str:
    return "#fff" if depth is not None and depth > DARK_FROM else INK


def _frame(area: Area, otherwise: str = "") -> str:
    if area.value is None:
        return f' stroke="{AXIS}" stroke-dasharray="4 3"'
    if area.warn:
        return f' stroke="{INK}" stroke-width="1.6"'
    return f' stroke="{otherwise}" stroke-width="1"' if otherwise else ""


def _named(area: Area, name: Sequence[str], x: float, y: float, ink: str) -> str:
    """Name above value, both centred on a point."""
    deep = len(name) * SMALL * LEADING
    return text_lines(x, y - STRONG * LEADING / 2, name, "middle", ink, SMALL) + words(
        x, y + deep / 2 + STRONG * 0.36, area.shown, "middle", ink, STRONG, bold=True
    )


def _legend(width: float, y: float, ends: tuple[str, str]) -> tuple[str, float]:
    """Five shades between the words of least and most."""
    side = 18.0
    x = text_width(ends[0], SMALL) + 8
    parts = [words(2, y + 10, ends[0], "", MUTED, SMALL)]
    parts += [rect(x + i * side, y, side - 1, 12, _shade(i / (STEPS - 1))) for i in range(STEPS)]
    parts.append(words(x + STEPS * side + 5, y + 10, ends[1], "", MUTED, SMALL))
    return "".join(parts), y + 18


def _fitting(label: str, ring: Ring) -> list[str]:
    """``label`` in lines that stand inside a ring's box together with a value; no lines where they would not."""
    wide, tall = (INSIDE * (max(p[i] for p in ring) - min(p[i] for p in ring)) for i in (0, 1))
    lines = wrap(label, wide, SMALL)
    whole = " ".join(lines) == label or "".join(lines) == label  # no word was cut
    fits = (
        all(text_width(one, SMALL) <= wide for one in lines) and len(lines) * SMALL * LEADING + STRONG * LEADING < tall
    )
    return lines if whole and fits else []


def _projected(shapes: Sequence[Sequence[Ring]], width: float) -> tuple[list[list[Ring]], float]:
    """Shapes in pixels of a drawing as wide as ``width``, and how tall it is."""
    every = [point for rings in shapes for ring in rings for point in ring]
    west, east = min(p[0] for p in every), max(p[0] for p in every)
    south, north = min(p[1] for p in every), max(p[1] for p in every)
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = (width - 4) / max((east - west) * squeeze, (north - south) / TALLEST, 1e-9)
    left = (width - (east - west) * squeeze * scale) / 2
    placed: list[list[Ring]] = [
        [[(left + (x - west) * squeeze * scale, 2 + (north - y) * scale) for x, y in ring] for ring in rings]
        for rings in shapes
    ]
    return placed, (north - south) * scale + 4


def _thinned(ring: Ring) -> list[tuple[float, float]]:
    """``ring`` without points that fall on the one before."""
    kept = [ring[0]]
    for point in ring[1:-1]:
        if math.dist(point, kept[-1]) >= LEAST_STEP:
            kept.append(point)
    return kept


def _surface(ring: Ring) -> float:
    """Area of a closed ring by the shoelace formula.

    Examples
    --------
    >>> _surface([(0, 0), (2, 0), (2, 3), (0, 3), (0, 0)])
    6.0
    """
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring))) / 2


def _middle(ring: Ring) -> tuple[float, float]:
    """Centre of gravity of a closed ring; the mean of its points where it has no surface."""
    cross = [x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring)]
    whole = sum(cross)
    if abs(whole) < 1e-9:
        return sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring)
    pairs = list(pairwise(ring))
    x = sum((p[0] + q[0]) * c for (p, q), c in zip(pairs, cross, strict=True)) / (3 * whole)
    y = sum((p[1] + q[1]) * c for (p, q), c in zip(pairs, cross, strict=True)) / (3 * whole)
    return x, y
