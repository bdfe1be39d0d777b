"""The county among its peers on one small line, for a table cell."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from relapse_risk.charts.canvas import ACCENT, AXIS, GREY, INK, WARN, Scale, circle, line

__all__ = ["strip"]

STRIP_WIDTH, STRIP_HEIGHT = 116.0, 22.0


def strip(
    value: float, peers: Sequence[float], city: float | None, limit: float | None, title: str, warn: bool = False
) -> str:
    """Peers as rings, the city as a tick, the limit as a triangle below, the county as a large mark.

    Parameters
    ----------
    value, city, limit : float
        The county, all counties together, and the limit; None is not drawn.
    peers : sequence of float
        The other counties.
    title : str
        What the strip says, in words.
    warn : bool
        The county misses its limit: a diamond in the warning colour.
    """
    known = [value, *peers, *(v for v in (city, limit) if v is not None)]
    least, most = min(known), max(known)
    pad = (most - least) * 0.04 or abs(most) * 0.02 or 1.0
    scale = Scale(least - pad, most + pad, 7, STRIP_WIDTH - 7)
    y = 9.0
    parts = [line(4, y, STRIP_WIDTH - 4, y, AXIS)]
    parts += [circle(scale(peer), y, 2.6, "#fff", GREY) for peer in peers]
    if city is not None:
        parts.append(line(scale(city), y - 7, scale(city), y + 7, INK, 1.6))
    if limit is not None:
        x = scale(limit)
        parts.append(
            f'<polygon points="{x:.4g},{y + 5:.4g} {x - 4:.4g},{y + 12:.4g} {x + 4:.4g},{y + 12:.4g}" fill="{INK}"/>'
        )
    x = scale(value)
    if warn:
        parts.append(
            f'<polygon points="{x:.4g},{y - 6:.4g} {x + 6:.4g},{y:.4g} {x:.4g},{y + 6:.4g} {x - 6:.4g},{y:.4g}" fill="{WARN}"/>'
        )
    else:
        parts.append(circle(x, y, 4.8, ACCENT, "#fff"))
    return (
        f'<svg class="strip" viewBox="0 0 {STRIP_WIDTH:.0f} {STRIP_HEIGHT:.0f}" width="{STRIP_WIDTH:.0f}" '
        f'height="{STRIP_HEIGHT:.0f}" role="img" aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
