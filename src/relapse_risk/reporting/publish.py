"""The published folder: whole reports only, an index in both languages, a manifest, and what failed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from tempfile import NamedTemporaryFile

from jinja2 import Environment

from relapse_risk.assessment import CITY, FactColumn, Facts
from relapse_risk.months import month_end
from relapse_risk.parameters import read_place
from relapse_risk.reporting.fonts import font_css
from relapse_risk.reporting.format import format_date, format_value
from relapse_risk.reporting.text import LANGUAGES, Language, text

__all__ = ["Outcome", "publish_file", "published_editions", "read_manifest", "write_index", "write_manifest"]

MANIFEST, FAILURES = "manifest.json", "failures.json"
INDEX = {"zh": "index.html", "en": "index.en.html"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one report.

    Attributes
    ----------
    status : {"published", "unchanged", "failed"}
    key : str
        Digest of everything the report depends on.
    files : dict
        SHA-256 of each published file by name.
    """

    county: str
    name: str
    language: str
    status: str
    key: str
    files: dict[str, str]
    error: str = ""
    seconds: float = 0.0


def publish_file(path: Path, content: bytes) -> str:
    """Swap ``content`` in at ``path``, flushed to disk first; returns its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as part:
        part.write(content)
        part.flush()
        os.fsync(part.fileno())
    Path(part.name).chmod(0o644)
    Path(part.name).replace(path)
    return sha256(content).hexdigest()


def read_manifest(folder: Path) -> Mapping[str, Outcome]:
    """Outcomes of the last run by report; empty where there is none or it is damaged."""
    try:
        rows = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["reports"]
        return {f"{row['county']}-{row['language']}": Outcome(**row) for row in rows}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def is_whole(folder: Path, outcome: Outcome) -> bool:
    """Whether every published file is there with the content that was recorded."""
    for name, digest in outcome.files.items():
        path = folder / name
        if not path.is_file() or sha256(path.read_bytes()).hexdigest() != digest:
            return False
    return bool(outcome.files)


def write_manifest(folder: Path, edition: str, month: str, outcomes: Sequence[Outcome], engine: str) -> None:
    """manifest.json and failures.json of a run."""
    rows = [asdict(outcome) for outcome in outcomes]
    failed = [row for row in rows if row["status"] == "failed"]
    content = {"edition": edition, "month": month, "pdf": engine, "reports": rows}
    for name, data in ((MANIFEST, content), (FAILURES, failed)):
        publish_file(folder / name, (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode("utf-8"))


def failure_page(name: str, error: str, language: Language) -> bytes:
    """A page that says what failed, where, and what to do."""
    template = _environment().from_string(_template("failed.html.j2"))
    body = template.render(name=name, error=error, language=language, say=lambda key, **v: text(key, language, **v))
    return body.encode("utf-8")


def write_index(folder: Path, facts: Facts, outcomes: Sequence[Outcome], formats: Sequence[str]) -> None:
    """index.html (Chinese) and index.en.html: reports, the city table, and what failed."""
    for language in LANGUAGES:
        page = _index_page(folder, facts, outcomes, formats, language)
        publish_file(folder / INDEX[language], page.encode("utf-8"))


def _index_page(
    folder: Path, facts: Facts, outcomes: Sequence[Outcome], formats: Sequence[str], language: Language
) -> str:
    place = read_place(facts.manifest["place"])
    by_county: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_county.setdefault(outcome.county, []).append(outcome)
    names = {code: (zh, en) for code, zh, en in facts.manifest["counties"]}
    counties = [
        {
            "name": names[code][0 if language == "zh" else 1],
            "links": [
                {"file": f"{o.county}-{o.language}.{kind}", "label": f"{text('language.name', o.language)} {kind.upper()}"}  # type: ignore[arg-type]
                for o in rows for kind in formats if (folder / f"{o.county}-{o.language}.{kind}").is_file()
            ],
            "failed": [f"{o.county}-{o.language}.failed.html" for o in rows if o.status == "failed"],
        }
        for code, rows in by_county.items()
    ]  # fmt: skip
    template = _environment().from_string(_template("index.html.j2"))
    page = template.render(
        language=language, counties=counties, other=INDEX["en" if language == "zh" else "zh"],
        place=place.label.in_language(language), division=place.division.in_language(language),
        day=format_date(month_end(facts.manifest["month"]), language), notice=place.data_note.in_language(language),
        city=_city_rows(facts, language), say=lambda key, **values: text(key, language, **values),
        css=_template("county/page.css"),
    )  # fmt: skip
    return page.replace("/*FONTS*/", font_css(page), 1)


def _city_rows(facts: Facts, language: Language) -> dict[str, object]:
    """Headline indicators: the city, then every county."""
    rows = facts.all_counties("indicator")
    rows = rows[rows["headline"]]
    indicators = list(dict.fromkeys(rows["indicator"]))
    units = rows.drop_duplicates("indicator").set_index("indicator")["unit"]
    names = {code: (zh, en) for code, zh, en in facts.manifest["counties"]}
    place = read_place(facts.manifest["place"]).label.in_language(language)
    table = []
    for code in (CITY, *names):
        mine = rows[rows["county_code"] == code].set_index("indicator")
        cells = [
            {
                "text": format_value(mine["value"].get(i), FactColumn("v", units[i]), language),
                "mark": str(mine["verdict"].get(i, "")),
            }
            for i in indicators
        ]
        label = place if code == CITY else names[code][0 if language == "zh" else 1]
        table.append({"name": label, "cells": cells, "city": code == CITY})
    return {"heads": [text(f"indicator.{i}", language) for i in indicators], "rows": table}


def _environment() -> Environment:
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _template(name: str) -> str:
    return files("relapse_risk").joinpath("reporting", "templates", name).read_text(encoding="utf-8")


def published_editions(reports: Path) -> list[str]:
    """Published editions below ``reports``: folder, month, how many reports stand and how many failed."""
    found = []
    for path in sorted(reports.glob(f"*/{MANIFEST}")):
        outcomes = read_manifest(path.parent).values()
        failed = sum(o.status == "failed" for o in outcomes)
        month = json.loads(path.read_text(encoding="utf-8")).get("month", "?")
        found.append(f"{path.parent.name} {month}: {len(outcomes) - failed} reports, {failed} failed")
    return found
