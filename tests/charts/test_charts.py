"""Charts: text stays inside the drawing at both widths, finding and description for those who listen, no script."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relapse_risk import charts as fig
from relapse_risk.charts.canvas import SIZE, nice_ticks, text_width, wrap
from relapse_risk.charts.peer_strip import strip

SVG = "{http://www.w3.org/2000/svg}"
LONG = [
    "Human Resources and Social Security Administration",
    "扶贫开发领导小组办公室（综合协调组）",
    "a",
    "Supercalifragilistic",
]
VALUES = [0.2, None, 0.9, 1.0]
ROWS = [fig.Line(label, v, "12,345.6%", other=0.5, peers=(0.1, 0.7)) for label, v in zip(LONG, VALUES, strict=True)]
SPREAD = [fig.Line(one.label, 0.5, "50.0%", 0.2, 0.9, warn=True) for one in ROWS]


AREAS = [fig.Area("Supercalifragilistic District", "× 12.3%", 0.1, True), fig.Area("陵城区", "※", None), fig.Area("c", "1", 0.3), fig.Area("Qihe County", "2", 0.2)]  # fmt: skip
SQUARES = [[[(x, 36.0), (x + 1, 36.0), (x + 1, 37.0), (x, 37.0), (x, 36.0)]] for x in (115.0, 116.0, 117.0, 118.0)]


def percent(value: float) -> str:
    return f"{100 * value:.1f}%"


DRAWN: dict[str, Callable[[float], fig.Drawing]] = {
    "bars": lambda w: fig.bars(ROWS, w, fig.Rule(0.95, "limit 95.0%")),
    "dots": lambda w: fig.dots(SPREAD, w, percent, fig.Rule(0.9, "标准 90.0%")),
    "pairs": lambda w: fig.pairs(ROWS, w, ("realised", "expected"), percent),
    "funnel": lambda w: fig.funnel(ROWS, w, ["96.0%"] * 4),
    "columns": lambda w: fig.columns(["<0.5", "0.5–1", "1–1.25", "≥4"], [fig.Series("now", [1, 2, None, 4], ["1", "2", "※", "4"])], w, (0,)),
    "grouped": lambda w: fig.columns(LONG, [fig.Series("now", [1, 2, 3, 4]), fig.Series("before", [2, 1, 3, 4])], w),
    "stack": lambda w: fig.stack(["2019", "2020"], [fig.Series(n, [10, 20]) for n in ("Wages", "Business, net", "Property", "Transfers")], ["40", "80"], w),
    "steps": lambda w: fig.steps(["年初监测", "Entered", "Risk eliminated", "Left", "end"], [14, 189, -5, 0, 198], ["14", "+189", "−5", "0", "198"], w),
    "lines": lambda w: fig.lines([f"2020-{m:02d}" for m in range(1, 13)], [fig.Series("found", list(range(12)), ["34"] * 12), fig.Series("closed", list(range(12)), ["34"] * 12)], w),
    "pyramid": lambda w: fig.pyramid(["0–9", "80+"], fig.Series("男", [10, 2000], ["10", "2,000"]), fig.Series("女", [11, 9], ["11", "9"]), w),
    "heat": lambda w: fig.heat(LONG, ["Food, clothes", "Education", "饮水安全"], [[1.0, 0.5, None]] * 4, [["100%", "50.0%", "–"]] * 4, w, 1.0, 0.4),
    "tile_map": lambda w: fig.tile_map(AREAS, [(0, 0), (4, 0), (1, 1), (2, 1)], w, ("least", "最高")),
    "tile_rows": lambda w: fig.tile_map(AREAS, fig.in_rows(4, w), w, ("least", "最高")),
    "shape_map": lambda w: fig.shape_map(AREAS, SQUARES, w, ("least", "most")),
    "funnel_plot": lambda w: fig.funnel_plot(
        [fig.Spot("Qingyun County", 100, 0.4, True, True), fig.Spot("庆云县", 98, 0.41, True, False), fig.Spot("in", 50, 0.2)],
        [fig.Bound(10, (0.1, 0.4), (0.0, 0.6)), fig.Bound(104, (0.15, 0.3), (0.1, 0.35))], (0.2, "all together 20.0%"), w, "units looked at", percent),
    "curve": lambda w: fig.curve([(0, 0), (0.5, 0.3), (1, 1)], w, "households", "aid", "even", percent),
}  # fmt: skip


@pytest.mark.parametrize("width", [fig.WIDE, fig.NARROW])
@pytest.mark.parametrize("kind", DRAWN)
def test_no_text_leaves_the_drawing(kind: str, width: float) -> None:
    drawing = DRAWN[kind](width)
    root = ElementTree.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{drawing.body}</svg>')
    found = 0
    for group, shift in ((root, 0.0), *((g, 22.0) for g in root.iter(f"{SVG}g"))):
        for node in group.findall(f"{SVG}text"):
            size = float(node.get("font-size", SIZE))
            long, x, y = text_width(node.text or "", size), float(node.get("x", 0)), float(node.get("y", 0)) + shift
            start = {"middle": x - long / 2, "end": x - long}.get(node.get("text-anchor", ""), x)
            assert start >= -1, (node.text, start)
            assert start + long <= width + 1, (node.text, start + long)
            assert 0 < y <= drawing.height + 1, (node.text, y)
            found += 1
    assert found > 1


def test_the_heads_of_a_heat_grid_keep_their_words_whole() -> None:
    heads = ["Food, clothes", "Education", "Medical", "Dwelling", "Water", "All"]
    drawn = fig.heat(["Dongkou Town"], heads, [[1.0] * 6], [["100%"] * 6], fig.NARROW, 1.0, 0.9)
    root = ElementTree.fromstring(f'<svg xmlns="http://www.w3.org/2000/svg">{drawn.body}</svg>')
    foot = {g.find(f"{SVG}text").text: float(re.split("[ )]", g.get("transform", ""))[1]) for g in root.iter(f"{SVG}g")}
    assert list(foot) == heads
    assert all(text_width(head, 11) < y < drawn.height for head, y in foot.items())
    level = fig.heat(["Dongkou Town"], heads, [[1.0] * 6], [["100%"] * 6], fig.WIDE, 1.0, 0.9)
    assert "rotate" not in level.body


def test_a_figure_says_its_finding_and_escapes_it() -> None:
    svg = fig.figure(DRAWN["bars"], "A < B & <script>", "a: 1; b: 2", "f-x")
    assert svg.count("<title") == svg.count("<desc") == 2
    assert "<script" not in svg
    ids = re.findall(r'id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))


def test_a_half_figure_is_drawn_once() -> None:
    assert fig.figure(DRAWN["curve"], "t", "d", "f-y", half=True).count("<svg") == 1


@given(st.text(alphabet="ab cd-齐河县（），0123", min_size=1, max_size=60), st.floats(14, 200))
def test_wrapped_text_fits_and_loses_nothing(label: str, room: float) -> None:
    lines = wrap(label, room)
    assert all(text_width(line) <= room or len(line) == 1 for line in lines)
    assert "".join(lines).replace(" ", "") == label.replace(" ", "")


def test_no_line_of_a_label_is_left_with_one_character() -> None:
    for label in ("户主小学及以下文化程", "乡镇便民服务中心的窗口", "In the county, other town"):
        room = text_width(label) - 10  # all but the last characters fit
        lines = wrap(label, room)
        assert len(lines) == 2
        assert max(map(text_width, lines)) < 0.7 * text_width(label)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_ticks_cover_the_values(least: float, span: float) -> None:
    ticks = nice_ticks(least, least + span)
    assert ticks[0] <= least + 1e-6 * span
    assert ticks[-1] >= least + span * (1 - 1e-6)
    assert len(ticks) <= 12


def test_a_strip_shows_county_peers_city_and_limit() -> None:
    svg = strip(0.5, [0.1, 0.2, 0.9], 0.4, 0.95, "齐河县 50%", warn=True)
    assert (svg.count("<circle"), svg.count("<polygon")) == (3, 2)
    assert "<title>齐河县 50%</title>" in svg
