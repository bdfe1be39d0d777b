"""Pages around the reports: the index of an edition in both languages, and the page of a report that failed.

They work from a file path: no server, nothing from outside, and without scripts everything but the search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pandas as pd
from jinja2 import Environment, Template

from relapse_risk.assessment import CITY, FactColumn, Facts, read_facts
from relapse_risk.editions.export import TURNED
from relapse_risk.editions.fonts import font_css, missing_characters
from relapse_risk.editions.publish import Outcome
from relapse_risk.editions.render_tasks import Finish
from relapse_risk.errors import RelapseRiskError
from relapse_risk.languages import Label, as_language, labels_by_code
from relapse_risk.pages.county_outlines import Shape, read_outlines
from relapse_risk.pages.format import WITHHELD, capitalised, format_date, format_value, is_null
from relapse_risk.pages.indicator_verdicts import ASSESSED, SYMBOLS
from relapse_risk.pages.notebook_style import page_css
from relapse_risk.pages.place_map import PlaceMap, missed_map
from relapse_risk.parameters import Place, read_place
from relapse_risk.schema import code_list
from relapse_risk.text import LANGUAGES, Language, said, text

__all__ = ["INDEX", "failure_page", "index_pages", "verdicts"]

INDEX: dict[Language, str] = {"zh": "index.html", "en": "index.en.html"}
FONTS_MARK = "/*FONTS*/"
MOST_CHANGES = 40
SMALL_CELL = 5


@dataclass(frozen=True, slots=True)
class _Link:
    file: str
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class _Card:
    """One county on the index."""

    name: str
    search: str
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
    source = files("relapse_risk").joinpath("editions", "templates", name).read_text(encoding="utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)


def failure_page(name: str, error: str, language: Language) -> bytes:
    """A page that says what failed, where, and what to do."""
    drawable = "".join("?" if c in missing_characters(error) else c for c in error)
    page = _template("failed.html.j2").render(
        name=name, error=drawable, language=language, index=INDEX[language], style=page_css(),
        say=lambda key, **values: text(key, language, **values),
    )  # fmt: skip
    return page.replace(FONTS_MARK, font_css(page), 1).encode("utf-8")


def verdicts(facts: Facts) -> dict[str, dict[str, str]]:
    """Verdict of every assessed indicator by county: what the next edition is compared with."""
    rows = facts.all_counties("indicator")
    rows = rows[rows["verdict"].isin(ASSESSED) & (rows["county_code"] != CITY)]
    found: dict[str, dict[str, str]] = {}
    for code, indicator, verdict in zip(rows["county_code"], rows["indicator"], rows["verdict"], strict=True):
        found.setdefault(str(code), {})[str(indicator)] = str(verdict)
    return found


def index_pages(job: Finish, now: Mapping[str, Mapping[str, str]], base: str) -> dict[str, bytes]:
    """index.html (Chinese) and index.en.html: reports, what changed, the city table, and what failed.

    Parameters
    ----------
    now : dict
        Verdicts by county and indicator.
    base : str
        What stands before the name of a report's file: empty beside the reports, their folder's name above them.
    """
    return {INDEX[language]: _index_page(job, now, base, language).encode("utf-8") for language in LANGUAGES}


def _index_page(job: Finish, now: Mapping[str, Mapping[str, str]], base: str, language: Language) -> str:
    facts = read_facts(job.facts, job.month)
    place = read_place(facts.manifest["place"])
    labels = labels_by_code(facts.manifest["counties"])
    names = {code: label[language] for code, label in labels.items()}
    titles = labels | {CITY: place.label}
    by_county: dict[str, list[Outcome]] = {}
    for outcome in job.outcomes:
        by_county.setdefault(outcome.county, []).append(outcome)
    try:
        indicator = facts.all_counties("indicator")
        heads, city = _city_table(indicator, names, place, language)
        chart = missed_map(PlaceMap(place, names, _outlines(job, names), language), indicator, "f-map")
    except (RelapseRiskError, OSError, ValueError):  # damaged facts: the reports say so themselves
        heads, city, chart = [], [], ""
    page = _template("index.html.j2").render(
        language=language, other=INDEX["en" if language == "zh" else "zh"], folder=job.folder, base=base,
        cards=[_card(code, titles[code], found, now.get(code, {}), base, language) for code, found in by_county.items()],
        editions=_editions(job, base, language), changes=_changes(job.before, now, names, language),
        compared=bool(job.before), restricted=job.about["audience"] == "restricted",
        place=place.label.in_language(language), division=place.division.in_language(language),
        day=format_date(facts.manifest["data_date"], language), counties=len(by_county.keys() - {CITY}), notice=place.note_on_data(bool(facts.manifest.get("synthetic"))).in_language(language),
        judges=place.limits_apply, legend=_legend(city, place, language), heads=heads, city=city, chart=chart, style=page_css(), say=lambda key, **values: said(key, language, place, **values),
    )  # fmt: skip
    page = page.translate(TURNED)
    return page.replace(FONTS_MARK, font_css(page), 1)


def _outlines(job: Finish, names: Mapping[str, str]) -> dict[str, Shape]:
    """Outlines beside the edition's register; a file that cannot be read is an error of the city's report, not ours."""
    with suppress(RelapseRiskError):
        return read_outlines(job.about["settings"]["register"], names)
    return {}


def _card(
    code: str, label: Label, outcomes: Sequence[Outcome], mine: Mapping[str, str], base: str,
    language: Language,
) -> _Card:  # fmt: skip
    links = tuple(
        _Link(f"{base}{file}", _label(outcome, file, language), outcome.name)
        for outcome in outcomes
        for file in sorted(outcome.files)
    )
    broken = [outcome for outcome in outcomes if outcome.status == "failed"]
    failed = tuple(
        _Link(
            f"{base}{one.stem}.failed.html",
            f"{text('index.failed', language)} ({text('language.name', as_language(one.language))})",
            one.name,
        )
        for one in broken
    )
    kept = next((one.data_date for one in broken if one.files), "")
    english = label.en.lower()
    return _Card(
        label[language], f"{label.zh} {english} {english.replace(' ', '')} {code}", links, failed,
        format_date(kept, language) if kept else "", sum(word != "not_met" for word in mine.values()), len(mine),
    )  # fmt: skip


def _label(outcome: Outcome, file: str, language: Language) -> str:
    """Language and format; before them the department or household, and the notebook where an edition has several."""
    notebook = outcome.stem.removeprefix(f"{outcome.county}-").removesuffix(outcome.language).strip("-")
    departments = code_list("department")
    about = departments.label(notebook, language) if notebook in departments.words else notebook.replace("_", " ")
    words = (about, text("language.name", as_language(outcome.language)), file.rsplit(".", 1)[1].upper())
    return " ".join(word for word in words if word)


def _editions(job: Finish, base: str, language: Language) -> list[tuple[str, str, bool]]:
    """Label, link and whether it is this one, newest first; only at the top, where the list is always the latest."""
    if not base:
        return []
    found = sorted({*job.editions, (job.month, job.folder)}, key=lambda one: (one[0], int(one[1].rpartition(".")[2])))
    return [
        (
            text("site.edition", language, month=month, number=folder.rpartition(".")[2]),
            f"{folder}/{INDEX[language]}",
            folder == job.folder,
        )
        for month, folder in reversed(found)
    ]


def _changes(
    before: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]], names: Mapping[str, str],
    language: Language,
) -> list[str]:  # fmt: skip
    """One sentence per indicator whose verdict is another one, those that got worse first."""
    found = []
    for code, mine in now.items():
        for indicator, verdict in mine.items():
            was = before.get(code, {}).get(indicator, verdict)
            if was != verdict and code in names:
                found.append((verdict != "not_met", code, indicator, was, verdict))
    sentences = [
        text("site.change", language, county=names[code], indicator=text(f"indicator.{indicator}", language),
             before=text(f"value.verdict.{was}", language), now=text(f"value.verdict.{verdict}", language))
        for _, code, indicator, was, verdict in sorted(found)
    ]  # fmt: skip
    rest = len(sentences) - MOST_CHANGES
    return sentences if rest <= 0 else [*sentences[:MOST_CHANGES], text("site.more", language, count=rest)]


def _value(mine: pd.DataFrame, one: str, unit: str, language: Language) -> str:
    value = mine["value"].get(one)
    if is_null(value) and (mine["verdict"].get(one) in ASSESSED or mine["withheld"].get(one)):
        return WITHHELD
    return format_value(value, FactColumn("v", unit), language)  # type: ignore[arg-type]


def _legend(table: Sequence[tuple[str, bool, Sequence[_CityCell]]], place: Place, language: Language) -> str:
    """What the marks in the table mean: those of verdicts where there are any, and that of withheld numbers."""
    cells = [cell for _, _, row in table for cell in row]
    said_of = [said("report.symbols", language, place)] if place.limits_apply else []
    if place.limits_apply or any(WITHHELD in cell.text for cell in cells):
        said_of.append(said("report.suppressed", language, place, threshold=SMALL_CELL))
    return "　".join(said_of)


def _city_table(
    indicator: pd.DataFrame, names: dict[str, str], place: Place, language: Language
) -> tuple[list[tuple[str, str]], list[tuple[str, bool, list[_CityCell]]]]:
    """Headline indicators with their unit: all together first, then every county.

    Where no limits apply, those without any value are left out.
    """
    rows = indicator[indicator["headline"]]
    whole = place.label.in_language(language)
    if not place.limits_apply:
        rows = rows[rows["indicator"].isin(rows.loc[rows["value"].notna(), "indicator"])]
        whole = capitalised(place.whole.in_language(language))
    order = list(dict.fromkeys(rows["indicator"]))
    units = rows.drop_duplicates("indicator").set_index("indicator")["unit"]
    table = []
    for code, name in ({CITY: whole} | names).items():
        mine = rows[rows["county_code"] == code].set_index("indicator")
        cells = [
            _CityCell(
                _value(mine, one, str(units[one]), language),
                str(mine["verdict"].get(one, "no_limit")),
                SYMBOLS.get(str(mine["verdict"].get(one)), "") if mine["verdict"].get(one) in ASSESSED else "",
            )
            for one in order
        ]
        table.append((name, code == CITY, cells))
    currency = place.currency.in_language(language)
    return [
        (said(f"indicator.{one}", language, place), currency if units[one] == "money" else "") for one in order
    ], table
