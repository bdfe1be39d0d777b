"""Outlines of counties from GeoJSON: what is read, and every way to go wrong named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from relapse_risk.charts import Area, maps, shape_map
from relapse_risk.errors import RegisterError
from relapse_risk.pages.county_outlines import OUTLINES_FILE, read_outlines
from relapse_risk.pages.place_map import PlaceMap
from relapse_risk.parameters import read_place

SQUARE = [[116.0, 36.0], [117.0, 36.0], [117.0, 37.0], [116.0, 37.0], [116.0, 36.0]]
HOLE = [[116.4, 36.4], [116.6, 36.4], [116.6, 36.6], [116.4, 36.6], [116.4, 36.4]]


def feature(code: object, kind: str = "Polygon", coordinates: Any = None, name: str = "county_code") -> dict[str, Any]:
    return {"type": "Feature", "properties": {name: code}, "geometry": {"type": kind, "coordinates": coordinates or [SQUARE]}}  # fmt: skip


def written(folder: Path, *features: dict[str, Any]) -> Path:
    content = {"type": "FeatureCollection", "features": list(features)}
    (folder / OUTLINES_FILE).write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_polygons_holes_and_parts_become_rings(tmp_path: Path) -> None:
    far = [[x + 2, y] for x, y in SQUARE]
    folder = written(
        tmp_path, feature("1", coordinates=[SQUARE, HOLE]), feature(2, "MultiPolygon", [[SQUARE], [far]], "adcode"),
        feature("9"),
    )  # fmt: skip
    found = read_outlines(folder, ["1", "2"])
    assert [len(rings) for rings in found.values()] == [2, 2]
    assert found["1"][1][0] == (116.4, 36.4)
    assert list(found) == ["1", "2"], "other areas are left out"


@pytest.mark.parametrize(
    ("features", "words"),
    [
        ([feature("1"), feature("1")], "feature 2: county given twice; got '1'"),
        ([feature("1", name="id")], "no county code"),
        ([feature("1", "Point", [116, 36])], "not an area; got 'Point'"),
        ([feature("1", coordinates=[SQUARE[:3]])], "a ring is too short; got 3"),
        ([feature("1", coordinates=[[*SQUARE[:4], [12_900_000, 4_300_000]]])], "not in degrees"),
        ([feature("1", coordinates=[[*SQUARE[:4], ["x", 1]]])], "not a position"),
        ([feature("10")], "a county has no outline; got '1'. Fix: nearest code in the file is 10"),
    ],
)
def test_a_wrong_file_names_feature_and_value(tmp_path: Path, features: list[dict[str, Any]], words: str) -> None:
    with pytest.raises(RegisterError) as error:
        read_outlines(written(tmp_path, *features), ["1"])
    assert words in str(error.value)
    assert OUTLINES_FILE in str(error.value)


@pytest.mark.parametrize("text", ["{", "[]", '{"features": 3}'])
def test_what_is_no_geojson_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / OUTLINES_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(RegisterError, match="export it as GeoJSON"):
        read_outlines(tmp_path, ["1"])


def test_a_shape_keeps_its_proportions() -> None:
    """A square of a degree at 60 degrees north is half as wide as tall: cos 60 = 1/2."""
    ring = [(10.0, 59.5), (11.0, 59.5), (11.0, 60.5), (10.0, 60.5), (10.0, 59.5)]
    drawing = shape_map([Area("x", "1", 1.0)], [[ring]], 340, ("", ""))
    points = [tuple(map(float, one.split())) for one in drawing.body.split('d="M')[1].split("Z")[0].split("L")]
    wide = max(p[0] for p in points) - min(p[0] for p in points)
    tall = max(p[1] for p in points) - min(p[1] for p in points)
    assert wide / tall == pytest.approx(0.5, abs=0.005)


def test_a_name_stands_where_it_fits_and_the_value_always() -> None:
    wide = [(0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0), (0.0, 0.0)]
    small = [(2.0, 0.0), (2.1, 0.0), (2.1, 0.1), (2.0, 0.1), (2.0, 0.0)]
    body = shape_map(
        [Area("Big County", "1", 1.0), Area("Small County", "2", 2.0)], [[wide], [small]], 340, ("", "")
    ).body
    assert [words for words in (">Big County<", ">Small", ">1<", ">2<") if words in body] == [
        ">Big County<",
        ">1<",
        ">2<",
    ]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    full = colour if len(colour) == 7 else "#" + "".join(2 * c for c in colour[1:])
    parts = [int(full[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_words_are_readable_on_every_shade_and_shades_darken() -> None:
    """WCAG 2.1 AA: a contrast of 4.5 for small text."""
    shades = [maps._shade(i / 100) for i in range(101)]
    for i, shade in enumerate(shades):
        light, dark = sorted((luminance(shade), luminance(maps._ink(i / 100))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, shade
    assert [luminance(shade) for shade in shades] == sorted((luminance(shade) for shade in shades), reverse=True)


def test_the_map_is_outlines_else_tiles_else_rows(tmp_path: Path) -> None:
    place = read_place("dezhou")
    names = dict.fromkeys(place.tiles, "县")
    areas = {code: Area("县", "1", 1.0) for code in names}
    tiles = PlaceMap(place, names, {}, "zh")
    assert "大致方位" in tiles.note
    # eleven tiles in five columns and three rows: 2 × (width/5)² gaps are none of our business, columns are
    assert tiles.draw(areas)(500).body.count("<rect") == 11 + 5, "a tile each and five shades in the legend"
    assert 'x="401.5"' in tiles.draw(areas)(500).body, "Qingyun stands in the fifth column"
    rows = PlaceMap(place.model_copy(update={"tiles": {}}), names, {}, "en")
    assert "order of codes" in rows.note
    shapes = read_outlines(written(tmp_path, *(feature(code) for code in names)), names)
    assert PlaceMap(place, names, shapes, "en").draw(areas)(500).body.count("<path") == 11


def test_every_county_of_the_demo_has_its_tile() -> None:
    tiles = read_place("dezhou").tiles
    assert len(tiles) == len(set(tiles.values())) == 11
    assert tiles["371423"] == (4, 0), "Qingyun lies furthest east and north"
