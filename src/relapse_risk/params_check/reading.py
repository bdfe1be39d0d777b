"""Every file of a parameter folder read for a place; each fault is kept and the reading goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from relapse_risk.assessment import INDICATORS
from relapse_risk.assistance import Catalogue, read_catalogue
from relapse_risk.assistance.plan import read_measures
from relapse_risk.demo import Calibration, read_calibration
from relapse_risk.editions.edition import CITY, CountyQuery, Edition, found_file, read_edition
from relapse_risk.errors import EditionError, ParameterError, RelapseRiskError, SourceError, unknown
from relapse_risk.events import read_calendar, read_machine
from relapse_risk.hardship import read_index
from relapse_risk.parameters import Parameters, Place, read_parameters, read_place
from relapse_risk.poverty import read_deprivation
from relapse_risk.predicates import read_predicates
from relapse_risk.register.completeness import read_expected
from relapse_risk.register.mapping import read_mapping
from relapse_risk.register.overwrites import read_answers
from relapse_risk.register.rules import RuleBook, read_rules
from relapse_risk.relapse import check_terms, read_panel_design
from relapse_risk.relapse.policies import read_policies
from relapse_risk.yaml_reading import read_yaml, stems

__all__ = ["Fault", "FilesRead", "read_all"]

DEMO_PLACE = "dezhou"  # whose counties and items params/demo describes


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: file and key, what, what stands there, and what was probably meant."""

    where: str
    what: str
    got: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; got {self.got!r}. {self.fix}."


@dataclass(slots=True)
class FilesRead:
    """What could be read of a parameter folder, and every fault met on the way."""

    folder: Path
    parameters: Parameters = field(default_factory=Parameters)
    places: list[Place] = field(default_factory=list)
    elsewhere: set[str] = field(default_factory=set)  # lines that only other places have
    catalogues: list[Catalogue] = field(default_factory=list)
    rules: RuleBook | None = None
    calibration: Calibration | None = None
    faults: list[Fault] = field(default_factory=list)

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """A fault raised inside is kept; one met before, of the same file and key, is kept once."""
        try:
            yield
        except RelapseRiskError as error:
            fault = Fault(error.where, error.what, str(error.got), error.fix or str(error.expected or ""))
            if fault not in self.faults:
                self.faults.append(fault)

    def each(self, names: Iterable[Any], read: Callable[[Any], Any]) -> list[Any]:
        """What ``read`` gives for each name it can read."""
        found = []
        for name in names:
            with self.keeping():
                found.append(read(name))
        return found


def read_all(folder: Path, place: str | None = None) -> FilesRead:
    """Read every file below ``folder``; with a place, only what is that place's or every place's.

    Parameters
    ----------
    folder : Path
        Parameter folder.
    place : str, optional
        Every place when left out.

    Raises
    ------
    ParameterError
        For an unknown place.
    """
    known = stems(folder / "places")
    if place is not None and place not in known:
        raise unknown("place", place, known, str(folder / "places"))
    read, asked = FilesRead(folder), (place,) if place else known
    with read.keeping():
        read.parameters = read_parameters(folder)
    read.places = read.each(asked, lambda name: check_terms(read_place(name, folder)))
    lines = {line for one in read.places for line in one.lines.values()}
    others = [one for one in known if one not in asked]
    read.elsewhere = {v for one in others for v in (_lines_of(folder, one)) if v not in lines}
    with read.keeping():
        read_predicates(folder, read.parameters)
    _read_designs(read)
    with read.keeping():
        read.rules = read_rules(folder, read.parameters)
    items = [name for name in stems(folder / "assistance") if name in asked]
    read.catalogues = read.each(items, lambda name: read_catalogue(name, str(folder)))
    read.each([read_measures, read_policies, read_answers, read_expected], lambda reader: reader(folder))
    read.each([one for one in stems(folder / "calendars") if one in asked], lambda name: read_calendar(name, folder))
    read.each(stems(folder / "events"), lambda kind: read_machine(kind, folder, read.parameters))
    read.each(stems(folder / "sources"), lambda name: _source(name, read))
    read.each(sorted((folder / "editions").glob("*.yaml")), lambda file: _edition(file, asked, read))
    if DEMO_PLACE in asked and (folder / "demo").is_dir():
        with read.keeping():
            read.calibration = read_calibration(folder)
    _check_across(read)
    return read


def _lines_of(folder: Path, place: str) -> list[str]:
    content = read_yaml(folder / "places" / f"{place}.yaml")
    lines = content.get("lines") if isinstance(content, dict) else None
    return [str(line) for line in lines.values()] if isinstance(lines, dict) else []


def _read_designs(read: FilesRead) -> None:
    folder = read.folder
    read.each(stems(folder / "indexes"), lambda name: read_index(name, folder))
    read.each(stems(folder / "indexes" / "deprivation"), lambda name: read_deprivation(name, folder))
    read.each(stems(folder / "panels"), lambda name: read_panel_design(name, folder))


def _source(name: str, read: FilesRead) -> None:
    mapping = read_mapping(name, read.folder)
    rules = sorted({rule.id for rule in read.rules.rules}) if read.rules else mapping.rules_off
    for off in mapping.rules_off:
        if off not in rules:
            raise unknown("rule", off, rules, f"{name}.yaml: rules_off", SourceError, "see params/rules/")


def _edition(file: Path, places: Iterable[str], read: FilesRead) -> None:
    edition = read_edition(file, read.folder)
    if edition.place not in places:
        return
    for notebook in edition.notebooks:
        _check_notebook(notebook, file)
    if isinstance(edition.counties, CountyQuery):
        names = [item.name for item in INDICATORS]
        if edition.counties.indicator not in names:
            where = f"{file}: counties.indicator"
            raise unknown("indicator", edition.counties.indicator, names, where, EditionError)
    _check_subjects(edition, file, read)


def _check_notebook(notebook: Path, file: Path) -> None:
    try:
        found_file(notebook, "notebook")
    except EditionError as error:
        where = f"{file}: notebooks"
        raise EditionError(error.what, where=where, got=str(notebook), fix=error.fix) from error


def _check_subjects(edition: Edition, file: Path, read: FilesRead) -> None:
    """Departments are those of the place's catalogue, counties codes, ``all`` or ``city``."""
    departments = {item.department for one in read.catalogues if one.place == edition.place for item in one.items}
    if isinstance(edition.departments, tuple) and departments:
        for code in edition.departments:
            if code not in departments:
                raise unknown("department", code, sorted(departments), f"{file}: departments", EditionError)
    if isinstance(edition.counties, tuple):
        for code in edition.counties:
            if code not in (CITY, "all") and not code.isdigit():
                raise unknown("county", code, (CITY, "all"), f"{file}: counties", EditionError)


def _check_across(read: FilesRead) -> None:
    """Names that one file gives and another uses: items of rules and of the demo, counties of the map."""
    items = {item.code for catalogue in read.catalogues for item in catalogue.items}
    groups = read.rules.item_groups if read.rules else {}
    named = [(f"rules: item_groups.{group}", code) for group, codes in groups.items() for code in codes]
    if read.calibration:
        named += [("demo/items.yaml: items", item.code) for item in read.calibration.items]
    for where, code in named if items else ():
        with read.keeping():
            if code not in items:
                raise unknown("item", code, sorted(items), where)
    counties = [county.code for county in read.calibration.counties] if read.calibration else []
    for place in read.places:
        for code in place.tiles if counties and place.name == DEMO_PLACE else ():
            with read.keeping():
                if code not in counties:
                    raise unknown("county", code, counties, f"places/{place.name}.yaml: tiles", ParameterError)
