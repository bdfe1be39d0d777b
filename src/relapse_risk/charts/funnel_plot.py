"""The funnel plot: shares against the number they rest on, between the limits that chance draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from relapse_risk.charts.canvas import (
    ACCENT,
    AXIS,
    GREY,
    HAIR,
    INK,
    MUTED,
    WARN,
    Drawing,
    Scale,
    circle,
    dashed,
    fit,
    line,
    nice_ticks,
    path,
    text_width,
    tick_words,
    words,
)  # fmt: skip

__all__ = ["Bound", "Spot", "funnel_plot"]

SMALL = 11.0
HEIGHT = 190.0
APART = 13.0  # pixels between two names


@dataclass(frozen=True, slots=True)
class Spot:
    """A county in the funnel: how many units, its share, and whether it lies outside and on the wrong side."""

    label: str
    n: float
    value: float
    outside: bool = False
    warn: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """Limits at ``n`` units: the inner pair and the outer pair."""

    n: float
    inner: tuple[float, float]
    outer: tuple[float, float]


def funnel_plot(
    spots: Sequence[Spot], bounds: Sequence[Bound], rate: tuple[float, str], width: float, x_label: str,
    write: Callable[[float], str],
) -> Drawing:  # fmt: skip
    """Shares of all counties: rings inside the funnel, filled and named outside, diamonds on the wrong side.

    Parameters
    ----------
    bounds : sequence
        Ascending in ``n``; the outer limits are drawn, the inner ones dashed.
    rate : (float, str)
        The city's share and how it is called.
    """
    every = [spot.value for spot in spots] + [side for bound in bounds for side in bound.outer]
    marks = nice_ticks(min(every), max(every), 4)
    written = tick_words(marks, write)
    left = max(text_width(mark, SMALL) for mark in written) + 8
    head = 22.0
    across = Scale(0, max(spot.n for spot in spots) * 1.04, left, width - 6)
    down = Scale(marks[0], marks[-1], head + HEIGHT, head)
    parts = [line(left, down(mark), width - 6, down(mark), HAIR) for mark in marks]
    parts += [
        words(left - 5, down(mark) + 4, shown, "end", MUTED, SMALL) for mark, shown in zip(marks, written, strict=True)
    ]
    for side in (0, 1):
        parts.append(path([(across(b.n), down(b.outer[side])) for b in bounds], MUTED, 1.2))
        parts.append(path([(across(b.n), down(b.inner[side])) for b in bounds], GREY, 1.1, dashed()))
    parts += [line(left, down(rate[0]), width - 6, down(rate[0]), INK, 1.3), words(left, 12, rate[1], "", INK, SMALL)]
    for spot in sorted(spots, key=lambda one: one.outside):
        parts.append(_mark(spot, across(spot.n), down(spot.value)))
    parts += _names([spot for spot in spots if spot.outside], across, down, width)
    parts += _axis(across, head + HEIGHT, width, x_label)
    return Drawing("".join(parts), width, head + HEIGHT + 36)


def _mark(spot: Spot, x: float, y: float) -> str:
    if not spot.outside:
        return circle(x, y, 3.8, "#fff", ACCENT)
    if not spot.warn:
        return circle(x, y, 5, ACCENT, "#fff")
    return f'<polygon points="{x:.4g},{y - 6.5:.4g} {x + 6.5:.4g},{y:.4g} {x:.4g},{y + 6.5:.4g} {x - 6.5:.4g},{y:.4g}" fill="{WARN}"/>'


def _names(spots: Sequence[Spot], across: Scale, down: Scale, width: float) -> list[str]:
    """Names beside the marks outside, moved apart where they would touch."""
    parts, free = [], -1e9
    for spot in sorted(spots, key=lambda one: down(one.value)):
        x, long = across(spot.n), fit([spot.label], width, SMALL, 0)
        y = min(max(down(spot.value) + 4, free + APART), down.start + 4)
        right = x + 9 + long < width - 2
        parts.append(words(x + 9 if right else x - 9, y, spot.label, "" if right else "end", "", SMALL, bold=spot.warn))
        free = y
    return parts


def _axis(across: Scale, y: float, width: float, label: str) -> list[str]:
    parts = [line(across.start, y, width - 6, y, AXIS)]
    for mark in nice_ticks(0, across.most, 3):
        if mark <= across.most:
            shown = f"{mark:,.0f}"
            half = text_width(shown, SMALL) / 2
            parts.append(words(min(across(mark), width - half - 2), y + 14, shown, "middle", MUTED, SMALL))
    parts.append(words((across.start + width) / 2, y + 30, label, "middle", MUTED, SMALL))
    return parts
