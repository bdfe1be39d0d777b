"""What an edition renders: every report of it, its counties, facts, notebooks and day checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from relapse_risk.editions.edition import CITY, DATA_DATE, CountyQuery, Edition, edition_month, found_file
from relapse_risk.editions.fork_server import named
from relapse_risk.errors import EditionError, nearest
from relapse_risk.json_reading import parsed
from relapse_risk.languages import Label, labels_by_code
from relapse_risk.measures.facts_folder import read_facts_manifest
from relapse_risk.parameters import read_place

__all__ = ["Plan", "ReportPlan", "Subject", "plan"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a report is about beside its county: the notebook's parameter, its value, and its name."""

    parameter: str
    code: str
    label: Label


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """One report to render: county, language, notebook, what its file names begin with, and what else it is about."""

    county: str
    name: str
    language: str
    notebook: Path
    stem: str
    subject: Subject | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an edition will render.

    Attributes
    ----------
    month : str
        The month itself, where the file says ``latest``.
    facts : Path
        Folder of the month's facts.
    manifest : dict
        Their ``facts.json``.
    """

    edition: Edition
    month: str
    facts: Path
    manifest: Mapping[str, Any]
    reports: tuple[ReportPlan, ...]

    @property
    def day(self) -> str:
        """The reporting day of notebooks that follow the issue ledger; empty where the edition gives none."""
        found = self.manifest["data_date"] if self.edition.day == DATA_DATE else self.edition.day or ""
        return str(found)


def plan(edition: Edition) -> Plan:
    """Every report of the edition; counties, place and notebooks checked.

    Raises
    ------
    EditionError
        For facts of another place, missing facts, an unknown county (naming the nearest), or a missing notebook.
    """
    month = edition_month(edition)
    facts = edition.facts / month
    manifest = read_facts_manifest(facts, EditionError)  # alone: opening the facts imports what computes them
    if manifest["place"] != edition.place:
        raise EditionError(
            "the facts are of another place", where=edition.name, got=manifest["place"], expected=edition.place
        )
    names = labels_by_code(manifest["counties"])
    titles = names | {CITY: read_place(edition.place).label}
    notebooks = [found_file(path, "notebook") for path in edition.notebooks]
    reports = tuple(
        _report(code, titles[code][language], language, notebook, len(notebooks), subject)
        for code in _counties(edition, facts, names)
        for subject in _subjects(edition, month, code)
        for notebook in notebooks
        for language in edition.languages
    )
    planned = Plan(edition, month, facts, manifest, reports)
    _check_day(planned)
    _check_fresh(planned)
    return planned


def _check_fresh(planned: Plan) -> None:
    """Old numbers are never published as new: facts are of the register's month as it stands.

    While the whole register is the one they were computed from, one file is read; else the month is compared.
    """
    folder, month = planned.edition.register_folder, planned.month
    noted = planned.manifest.get("register_state")
    path = folder / "manifest.json"
    if not noted or not path.is_file() or all(report.subject for report in planned.reports):
        return
    if _content_of(path).get("digest") == noted:
        return
    now = named("relapse_risk.editions.report_subjects:month_digest")(folder, month)
    if now != planned.manifest["register_digest"]:
        scores = f" --scores {planned.edition.scores}" if planned.edition.scores else ""
        raise EditionError(
            f"the register's {month} has changed since these facts were computed", where=str(planned.facts),
            got=planned.manifest["register_digest"][:12], expected=now[:12],
            fix=f"run relapse-risk facts --register {folder} --month {month}{scores} --out {planned.edition.facts}",
        )  # fmt: skip


def _content_of(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = parsed(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _check_day(planned: Plan) -> None:
    """A day is a real one and not before the data: the ledger would know less than the facts beside it."""
    day, where = planned.day, f"{planned.edition.name}: day"
    if not day:
        return
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise EditionError(f"not a day: {error}", where=where, got=day, expected="YYYY-MM-DD") from error
    if day < planned.manifest["data_date"]:
        raise EditionError(
            "before the data date of the facts", where=where, got=day, expected=f"{planned.manifest['data_date']} or later",
            fix=f"use an earlier month, or day: {DATA_DATE}",
        )  # fmt: skip


def _report(
    county: str, name: str, language: str, notebook: Path, notebooks: int, subject: Subject | None
) -> ReportPlan:
    title = f"{name} {subject.label[language]}" if subject else name
    parts = (county, subject.code if subject else "", notebook.stem if notebooks > 1 else "", language)
    return ReportPlan(county, title, language, notebook, "-".join(filter(None, parts)), subject)


def _subjects(edition: Edition, month: str, county: str) -> tuple[Subject | None, ...]:
    """What the edition reports on in a county; opened late, since most editions know counties only."""
    if edition.departments is None and edition.households is None:
        return (None,)
    found: tuple[Subject, ...] = named("relapse_risk.editions.report_subjects:subjects_of")(edition, month, county)
    return found


def _counties(edition: Edition, facts: Path, names: Mapping[str, Label]) -> tuple[str, ...]:
    if edition.counties == "all":
        return tuple(names)
    where = f"{edition.name}: counties"
    if isinstance(edition.counties, CountyQuery):
        chosen: tuple[str, ...] = named("relapse_risk.editions.county_query:counties_of")(
            facts, edition.counties, where
        )
        return chosen
    given = [one for code in edition.counties for one in (names if code == "all" else [code])]
    for code in given:
        if code not in names and code != CITY:
            near = nearest(code, names)
            fix = f"did you mean {near} ({names[near].zh})" if near else f"one of {' '.join(names)}"
            raise EditionError("unknown county", where=where, got=code, fix=fix)
    return tuple(dict.fromkeys(given))
