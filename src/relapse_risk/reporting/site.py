"""Pages around the reports: the index of an edition in both languages, and the page of a report that failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import pandas as pd
from jinja2 import Environment, Template

from relapse_risk.assessment import CITY, FactColumn, Facts
from relapse_risk.parameters import Place, read_place
from relapse_risk.reporting.fonts import font_css, missing_characters
from relapse_risk.reporting.format import WITHHELD, format_date, format_value, is_null
from relapse_risk.reporting.judgement import JUDGED, SYMBOLS
from relapse_risk.reporting.publish import Outcome, publish_files
from relapse_risk.reporting.text import LANGUAGES, Language, text

__all__ = ["INDEX", "failure_page", "write_index"]

INDEX: dict[Language, str] = {"zh": "index.html", "en": "index.en.html"}
FONTS_MARK = "/*FONTS*/"


@dataclass(frozen=True, slots=True)
class _Link:
    file: str
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class _Row:
    """One county on the index."""

    name: str
    links: tuple[_Link, ...]
    failed: tuple[_Link, ...]
    kept: str
    met: int
    judged: int


@dataclass(frozen=True, slots=True)
class _CityCell:
    text: str
    verdict: str
    symbol: str


@cache
def _template(name: str) -> Template:
    source = files("relapse_risk").joinpath("reporting", "templates", name).read_text(encoding="utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)


@cache
def _style() -> str:
    return files("relapse_risk").joinpath("reporting", "templates", "county", "page.css").read_text(encoding="utf-8")


def failure_page(name: str, error: str, language: Language) -> bytes:
    """A page that says what failed, where, and what to do."""
    drawable = "".join("?" if c in missing_characters(error) else c for c in error)
    page = _template("failed.html.j2").render(
        name=name, error=drawable, language=language, index=INDEX[language], style=_style(),
        say=lambda key, **values: text(key, language, **values),
    )  # fmt: skip
    return page.replace(FONTS_MARK, font_css(page), 1).encode("utf-8")


def write_index(folder: Path, facts: Facts, outcomes: Sequence[Outcome]) -> None:
    """index.html (Chinese) and index.en.html: reports, the city table, and what failed."""
    publish_files(folder, {INDEX[l]: _index_page(folder, facts, outcomes, l).encode("utf-8") for l in LANGUAGES})  # noqa: E741


def _index_page(folder: Path, facts: Facts, outcomes: Sequence[Outcome], language: Language) -> str:
    place = read_place(facts.manifest["place"])
    by_county: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_county.setdefault(outcome.county, []).append(outcome)
    indicator = facts.all_counties("indicator")
    names = _names(facts, language)
    heads, city = _city_table(indicator, names, place, language)
    page = _template("index.html.j2").render(
        language=language, other=INDEX["en" if language == "zh" else "zh"],
        rows=[_row(folder, names[code], found, indicator[indicator["county_code"] == code], language)
              for code, found in by_county.items()],
        place=place.label.in_language(language), division=place.division.in_language(language),
        day=format_date(facts.manifest["data_date"], language), notice=place.data_note.in_language(language),
        heads=heads, city=city, symbols=SYMBOLS, style=_style(), say=lambda key, **values: text(key, language, **values),
    )  # fmt: skip
    return page.replace(FONTS_MARK, font_css(page), 1)


def _names(facts: Facts, language: Language) -> dict[str, str]:
    return {code: zh if language == "zh" else en for code, zh, en in facts.manifest["counties"]}


def _row(folder: Path, name: str, outcomes: Sequence[Outcome], indicator: pd.DataFrame, language: Language) -> _Row:
    judged = indicator[indicator["verdict"].isin(JUDGED)]
    links = tuple(
        _Link(file, f"{text('language.name', _language(o))} {file.rsplit('.', 1)[1].upper()}", o.name)
        for o in outcomes
        for file in sorted(o.files)
        if (folder / file).is_file()
    )
    broken = [o for o in outcomes if o.status == "failed"]
    failed = tuple(
        _Link(
            f"{o.stem}.failed.html", f"{text('index.failed', language)} ({text('language.name', _language(o))})", o.name
        )
        for o in broken
    )
    kept = next((o.data_date for o in broken if o.files), "")
    return _Row(
        name,
        links,
        failed,
        format_date(kept, language) if kept else "",
        int((judged["verdict"] != "not_met").sum()),
        len(judged),
    )


def _value(mine: pd.DataFrame, one: str, unit: str, language: Language) -> str:
    value = mine["value"].get(one)
    if is_null(value) and mine["verdict"].get(one) in JUDGED:
        return WITHHELD
    return format_value(value, FactColumn("v", unit), language)  # type: ignore[arg-type]


def _language(outcome: Outcome) -> Language:
    return "zh" if outcome.language == "zh" else "en"


def _city_table(
    indicator: pd.DataFrame, names: dict[str, str], place: Place, language: Language
) -> tuple[list[str], list[tuple[str, bool, list[_CityCell]]]]:
    """Headline indicators: the city first, then every county."""
    rows = indicator[indicator["headline"]]
    order = list(dict.fromkeys(rows["indicator"]))
    units = rows.drop_duplicates("indicator").set_index("indicator")["unit"]
    table = []
    for code, name in ({CITY: place.label.in_language(language)} | names).items():
        mine = rows[rows["county_code"] == code].set_index("indicator")
        cells = [
            _CityCell(
                _value(mine, one, str(units[one]), language),
                str(mine["verdict"].get(one, "no_limit")),
                SYMBOLS.get(str(mine["verdict"].get(one)), "") if mine["verdict"].get(one) in JUDGED else "",
            )
            for one in order
        ]
        table.append((name, code == CITY, cells))
    return [text(f"indicator.{one}", language) for one in order], table
