"""Which map a place has, and what it is shaded by: for the city report and the page above the reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import pandas as pd

from relapse_risk.assessment import CITY, FactColumn
from relapse_risk.assessment.city_overview import stand
from relapse_risk.charts import Area, Drawing, figure, in_rows, shape_map, tile_map
from relapse_risk.pages.county_outlines import Shape
from relapse_risk.pages.format import WITHHELD, format_value, is_null
from relapse_risk.pages.indicator_verdicts import ASSESSED, SYMBOLS
from relapse_risk.parameters import Place
from relapse_risk.text import Language, said
from relapse_risk.text.by_language import enumerated

__all__ = ["PlaceMap", "indicator_map", "missed_map"]


@dataclass(frozen=True, slots=True)
class PlaceMap:
    """Where the counties of a place lie, as far as it is known.

    Attributes
    ----------
    names : mapping
        Name of every county by code, in the language of the page.
    shapes : mapping
        Outlines by code; empty where the register has none.
    """

    place: Place
    names: Mapping[str, str]
    shapes: Mapping[str, Shape]
    language: Language

    def say(self, key: str, /, **values: object) -> str:
        return said(key, self.language, self.place, **values)

    @property
    def note(self) -> str:
        """What the map is and is not."""
        kind = "shapes" if self.shapes else "tiles" if self._placed() else "rows"
        return self.say(f"map.{kind}")

    def _placed(self) -> bool:
        return all(code in self.place.tiles for code in self.names)

    def draw(self, areas: Mapping[str, Area]) -> Callable[[float], Drawing]:
        """The map by width; areas in the order of the names."""
        shown, ends = [areas[code] for code in self.names], (self.say("map.least"), self.say("map.most"))
        if self.shapes:
            outlines = [self.shapes[code] for code in self.names]
            return lambda width: shape_map(shown, outlines, width, ends)
        if self._placed():
            spots = _from_zero([self.place.tiles[code] for code in self.names])
            return lambda width: tile_map(shown, spots, width, ends)
        return lambda width: tile_map(shown, in_rows(len(shown), width), width, ends)

    def html(self, areas: Mapping[str, Area], finding: str, below: str, identity: str, *, half: bool = False) -> str:
        """The map as a figure: finding above, what is shown below it, every value for screen readers."""
        rows = "; ".join(f"{areas[code].label}: {areas[code].shown}" for code in self.names)
        drawing = figure(self.draw(areas), finding, self.say("chart.desc", rows=rows), identity, half=half)
        return (
            f'<figure class="chart{" half" if half else ""}"><figcaption>{escape(finding)}'
            f"<small>{escape(below)}</small></figcaption>{drawing}</figure>"
        )


def _from_zero(spots: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Positions moved to the corner, so that a map of some counties has no empty edge."""
    left, top = (min(spot[i] for spot in spots) for i in (0, 1))
    return [(column - left, row - top) for column, row in spots]


def missed_map(chart: PlaceMap, indicator: pd.DataFrame, identity: str) -> str:
    """Limits missed by every county; without any limit the first headline share; None where there is neither."""
    rows = stand(indicator).set_index("county_code")
    rows = rows[rows.index.isin(list(chart.names)) & (rows["judged"] > 0)]
    if rows.empty:
        headlines = indicator[indicator["headline"] & (indicator["unit"] == "share") & indicator["value"].notna()]
        first = next(iter(dict.fromkeys(headlines["indicator"])), "")
        return indicator_map(chart, indicator, first, identity) if first else ""
    missed = {code: int(rows["not_met"].get(code, 0)) for code in chart.names}
    areas = {
        code: Area(name, str(missed[code]) if code in rows.index else "–", missed[code] if code in rows.index else None)
        for code, name in chart.names.items()
    }
    known = {code: missed[code] for code in chart.names if code in rows.index}
    most, least = max(known, key=lambda code: known[code]), min(known, key=lambda code: known[code])
    key = "map.missed_same" if known[most] == known[least] else "map.missed"
    finding = chart.say(key, most=_named(chart, known, known[most]), least=_named(chart, known, known[least]),
                        high=known[most], low=known[least])  # fmt: skip
    return chart.html(areas, finding, f"{chart.say('map.missed_below')} {chart.note}", identity)


def indicator_map(chart: PlaceMap, indicator: pd.DataFrame, name: str, identity: str, *, half: bool = False) -> str:
    """One indicator on the map; who misses the limit is framed and crossed.  Empty where no county has a value."""
    rows = indicator[(indicator["indicator"] == name) & (indicator["county_code"] != CITY)].set_index("county_code")
    if rows["value"].notna().sum() == 0:
        return ""
    column = FactColumn("value", str(rows["unit"].iloc[0]))  # type: ignore[arg-type]
    areas = {code: _area(label, rows, code, column, chart.language) for code, label in chart.names.items()}
    values = {code: float(value) for code, value in rows["value"].dropna().items() if code in chart.names}
    high, low = (pick(values.values()) for pick in (max, min))
    key = "map.same" if high == low else "map.range"
    said = chart.say(
        key, name=chart.say(f"indicator.{name}"), most=_named(chart, values, high), least=_named(chart, values, low),
        high=format_value(high, column, chart.language), low=format_value(low, column, chart.language),
    )  # fmt: skip
    hidden = any(WITHHELD in area.shown for area in areas.values())  # one that is not shown may lie higher or lower
    finding = chart.say("finding.of_shown", said=said) if hidden else said
    return chart.html(areas, finding, chart.say("map.crossed") if any(a.warn for a in areas.values()) else chart.note, identity, half=half)  # fmt: skip


def _area(label: str, rows: pd.DataFrame, code: str, column: FactColumn, language: Language) -> Area:
    if code not in rows.index:
        return Area(label, "–", None)
    row = rows.loc[code]
    warn = row["verdict"] == "not_met"
    mark = f"{SYMBOLS['not_met']} " if warn else ""
    if is_null(row["value"]):
        return Area(label, mark + (WITHHELD if row["verdict"] in ASSESSED or row["withheld"] else "–"), None, warn)
    return Area(label, mark + format_value(row["value"], column, language), float(row["value"]), warn)


def _named(chart: PlaceMap, values: Mapping[str, float], value: float, most: int = 3) -> str:
    """Names of the counties at ``value``; how many where they are many."""
    found = [chart.names[code] for code in chart.names if values.get(code) == value]
    if len(found) == len(chart.names) > 1:
        return chart.say("map.all")
    if len(found) > most:
        return chart.say("map.counties", count=len(found))
    return enumerated(found, chart.language)
