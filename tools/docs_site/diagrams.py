"""Mermaid flow charts of the documents as SVG, so that a page needs no script and no network to show them.

Read is what the documents use: ``flowchart TB``, boxes ``a["text<br>more"]``, stores ``a[("text")]``, arrows ``-->`` and
``-.->``, and one ``subgraph`` around boxes.  Boxes are laid in layers: each below all that point to it (Sugiyama, Tagawa
and Toda 1981), ordered within a layer by the mean place of their neighbours.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from html import escape

__all__ = ["Chart", "draw", "read_flowchart"]

BOX = re.compile(r"(\w+)(?:\[\(?\"(?P<text>.*?)\"\)?\])?")
ARROW = re.compile(r"\s*(-->|-\.->)\s*")
LETTER, LINE, PAD, GAP, BETWEEN = 7.1, 17, 12, 22, 62  # pixels
SWEEPS, PULLS = 12, 400
STYLE = (
    ".flow text{font:12.5px sans-serif;fill:currentColor}.flow .first{font-weight:600}"
    ".flow rect{fill:none;stroke:currentColor}.flow .group{stroke-dasharray:4 4;opacity:.6}"
    ".flow path{fill:none;stroke:currentColor;opacity:.55}.flow .dotted{stroke-dasharray:3 4}"
    ".flow marker path{fill:currentColor;opacity:.8}"
)


@dataclass(frozen=True, slots=True)
class Chart:
    """Boxes by name, with the lines of their text; arrows as (from, to, dotted); boxes inside the frame and its name."""

    boxes: dict[str, list[str]]
    arrows: list[tuple[str, str, bool]]
    framed: list[str] = field(default_factory=list)
    frame: str = ""


def read_flowchart(source: str) -> Chart:
    """The chart that Mermaid source describes; a line that is none of what is read is an error.

    Examples
    --------
    >>> chart = read_flowchart('flowchart TB\\n a["one<br>two"] --> b\\n b -.-> c["three"]')
    >>> chart.boxes["a"], chart.arrows
    (['one', 'two'], [('a', 'b', False), ('b', 'c', True)])
    """
    boxes: dict[str, list[str]] = {}
    arrows: list[tuple[str, str, bool]] = []
    framed: list[str] = []
    frame, inside = "", False
    for number, raw in enumerate(source.strip().splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("flowchart"):
            continue
        if line.startswith("subgraph"):
            frame, inside = line.split("[")[-1].rstrip("]").strip('"'), True
            continue
        if line == "end":
            inside = False
            continue
        parts = ARROW.split(line)
        names = []
        for part in parts[::2]:
            found = BOX.fullmatch(part.strip())
            if not found:
                raise ValueError(f'flow chart, line {number}: {part.strip()!r} is no box; expected a or a["text"]')
            name, text = found.group(1), found.group("text")
            if text is not None or name not in boxes:
                boxes[name] = (text or name).split("<br>")
            if inside:
                framed.append(name)
            names.append(name)
        arrows += [(a, b, kind == "-.->") for a, b, kind in zip(names, names[1:], parts[1::2], strict=False)]
    return Chart(boxes, arrows, framed, frame)


def layers(chart: Chart) -> dict[str, int]:
    """The layer of each box: one below the lowest that points to it."""
    level = dict.fromkeys(chart.boxes, 0)
    for _ in chart.boxes:
        for a, b, _dotted in chart.arrows:
            level[b] = max(level[b], level[a] + 1)
    if any(level[b] <= level[a] for a, b, _dotted in chart.arrows):
        raise ValueError("flow chart: its arrows run in a circle")
    for name in chart.boxes:  # a source stands just above the first that needs it
        below = [level[b] for a, b, _dotted in chart.arrows if a == name]
        if below and not any(b == name for _, b, _dotted in chart.arrows) and name not in chart.framed:
            level[name] = min(below) - 1
    return level


def _with_bends(chart: Chart, level: dict[str, int]) -> tuple[dict[str, int], list[list[str]]]:
    """Layers with a bend in every layer that an arrow crosses, and each arrow as the chain it runs along."""
    everywhere, chains = dict(level), []
    for a, b, _dotted in chart.arrows:
        bends = [f"{a}>{b}@{at}" for at in range(level[a] + 1, level[b])]
        everywhere |= {bend: level[a] + 1 + n for n, bend in enumerate(bends)}
        chains.append([a, *bends, b])
    return everywhere, chains


def _ordered(level: dict[str, int], chains: list[list[str]]) -> list[list[str]]:
    rows = [[n for n in level if level[n] == at] for at in range(max(level.values()) + 1)]
    near: dict[str, list[str]] = {name: [] for name in level}
    for chain in chains:
        for a, b in itertools.pairwise(chain):
            near[a].append(b)
            near[b].append(a)
    for sweep in range(SWEEPS):
        place = {name: i / max(len(row) - 1, 1) for row in rows for i, name in enumerate(row)}
        step = -1 if sweep % 2 == 0 else 1  # look up on the way down, then down on the way up
        for at in range(len(rows))[::-step]:
            beside = {n: [place[m] for m in near[n] if level[m] == at + step] for n in rows[at]}
            rows[at].sort(key=lambda n, b=beside, p=place: sum(b[n]) / len(b[n]) if b[n] else p[n])  # type: ignore[misc]
            place |= {name: i / max(len(rows[at]) - 1, 1) for i, name in enumerate(rows[at])}
    return rows


def _width(chart: Chart, name: str) -> float:
    return 2 * PAD + LETTER * max(map(len, chart.boxes[name])) if name in chart.boxes else 4.0


def _placed(chart: Chart, rows: list[list[str]], chains: list[list[str]]) -> dict[str, float]:
    """The middle of each box and bend: near its neighbours, apart from the box beside it."""
    near: dict[str, list[str]] = {name: [] for row in rows for name in row}
    for chain in chains:
        for a, b in itertools.pairwise(chain):
            near[a].append(b)
            near[b].append(a)
    x: dict[str, float] = {}
    for row in rows:
        at = 0.0
        for name in row:
            x[name] = at + _width(chart, name) / 2
            at += _width(chart, name) + GAP
    for _ in range(PULLS):
        for row in rows:
            wish = [sum(x[m] for m in near[n]) / len(near[n]) if near[n] else x[n] for n in row]
            widths = [_width(chart, n) for n in row]
            right = list(wish)
            for i in range(1, len(row)):
                right[i] = max(wish[i], right[i - 1] + (widths[i - 1] + widths[i]) / 2 + GAP)
            left = list(wish)
            for i in range(len(row) - 2, -1, -1):
                left[i] = min(wish[i], left[i + 1] - (widths[i + 1] + widths[i]) / 2 - GAP)
            x |= {name: (a + b) / 2 for name, a, b in zip(row, left, right, strict=True)}
    return x


def _box(lines: list[str], x: float, top: float, width: float) -> str:
    height = 2 * PAD + LINE * len(lines)
    words = "".join(
        f'<text x="{x:.1f}" y="{top + PAD + LINE * (n + 0.75):.1f}" text-anchor="middle"'
        f"{' class=' + chr(34) + 'first' + chr(34) if n == 0 else ''}>{escape(line)}</text>"
        for n, line in enumerate(lines)
    )
    return f'<rect x="{x - width / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height}" rx="5"/>{words}'


def _frame(
    chart: Chart, x: dict[str, float], tops: list[float], level: dict[str, int], tall: dict[str, int], shift: float
) -> str:
    left = min(x[n] - _width(chart, n) / 2 for n in chart.framed) + shift - PAD
    right = max(x[n] + _width(chart, n) / 2 for n in chart.framed) + shift + PAD
    top = min(tops[level[n]] for n in chart.framed) - PAD - LINE
    bottom = max(tops[level[n]] + tall[n] for n in chart.framed) + PAD
    return (
        f'<rect class="group" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" rx="5"/>'
        f'<text x="{left + PAD:.1f}" y="{top + LINE:.1f}">{escape(chart.frame)}</text>'
    )


def draw(source: str, title: str) -> str:
    """An SVG element of a flow chart, in the colour of the text around it.

    Parameters
    ----------
    source : str
        Mermaid's words.
    title : str
        What a screen reader says.

    Examples
    --------
    >>> draw('flowchart TB\\n a["one"] --> b["two"]', "two boxes").count("<rect")
    2
    """
    chart = read_flowchart(source)
    level, chains = _with_bends(chart, layers(chart))
    rows = _ordered(level, chains)
    x = _placed(chart, rows, chains)
    heights = [max(2 * PAD + LINE * len(chart.boxes[n]) if n in chart.boxes else 0 for n in row) for row in rows]
    tops = [sum(heights[:at]) + BETWEEN * at + (2 * GAP + LINE if chart.framed else GAP) for at in range(len(rows))]
    tall = {n: 2 * PAD + LINE * len(chart.boxes[n]) if n in chart.boxes else heights[level[n]] for n in level}
    shift = GAP - min(x[n] - _width(chart, n) / 2 for n in x)
    parts = []
    for chain, (_a, _b, dotted) in zip(chains, chart.arrows, strict=True):
        at = f"M{x[chain[0]] + shift:.1f} {tops[level[chain[0]]] + tall[chain[0]]:.1f}"
        for before, name in itertools.pairwise(chain):
            start, end = tops[level[before]] + tall[before], tops[level[name]]
            middle = (start + end) / 2
            at += f"C{x[before] + shift:.1f} {middle:.1f} {x[name] + shift:.1f} {middle:.1f} {x[name] + shift:.1f} {end:.1f}"
            at += f"V{end + tall[name]:.1f}" if name not in chart.boxes else ""
        parts.append(
            f'<path d="{at}" marker-end="url(#tip)"{" class=" + chr(34) + "dotted" + chr(34) if dotted else ""}/>'
        )
    parts += [_box(lines, x[n] + shift, tops[level[n]], _width(chart, n)) for n, lines in chart.boxes.items()]
    if chart.framed:
        parts.append(_frame(chart, x, tops, level, tall, shift))
    wide = max(x[n] + _width(chart, n) / 2 for n in x) + shift + GAP
    high = tops[-1] + heights[-1] + GAP
    return (
        f'<svg class="flow" xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {wide:.0f} {high:.0f}" width="100%">'
        f'<title>{escape(title)}</title><style>{STYLE}</style><defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4"'
        f' markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>{"".join(parts)}</svg>'
    )
