"""Dated parameters: lines, thresholds and places, each value with date, unit, source and confidence mark.

Nothing here computes; a parameter that has no value on the date asked for is an error, never a guess.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    NonNegativeInt,
    field_validator,
)

from relapse_risk.errors import ParameterError, unknown
from relapse_risk.languages import Label
from relapse_risk.layers import merged_params, packaged_params, project_folder
from relapse_risk.yaml_reading import STRICT, check_model, named_file, pairs, read_yaml, stems

__all__ = ["DatedValue", "Parameter", "Parameters", "Place", "params_dir", "read_parameters", "read_place"]

Confidence = Literal["documented", "from_memory", "assumed", "carried"]
PARAMETER_FILES = ("lines.yaml", "thresholds.yaml")


@dataclass(frozen=True, slots=True)
class DatedValue:
    """What a parameter is worth on a date.

    Attributes
    ----------
    name, unit : str
        Parameter name and unit of ``value``.
    value : float
    start : date
        First day on which ``value`` holds.
    source : str
        Document id, or why it is assumed.
    confidence : {"documented", "from_memory", "assumed", "carried"}
        ``carried``: nothing was published; the value before it is said once more, and printed as carried.
    """

    name: str
    value: float
    unit: str
    start: date
    source: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Entry:
    """One dated value as written; ``None`` ends the parameter."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    value: float | None
    source: str = ""
    confidence: Confidence = "assumed"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One named parameter with its dated values; a ``None`` value ends it from that day on."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    name: str
    label: Label
    unit: str
    file: str
    values: Annotated[
        tuple[tuple[date, Entry], ...],
        BeforeValidator(pairs),
        AfterValidator(lambda v: tuple(sorted(v, key=itemgetter(0)))),
    ]
    note: str = ""

    @field_validator("values")
    @classmethod
    def _carried_is_the_one_before(cls, values: tuple[tuple[date, Entry], ...]) -> tuple[tuple[date, Entry], ...]:
        before: float | None = None
        for start, entry in values:
            if entry.confidence == "carried" and (before is None or entry.value != before):
                earlier = "there is none" if before is None else f"{before:g}"
                raise ValueError(
                    f"{start.isoformat()}: carried means the value before it; got {entry.value}, expected {earlier}"
                )
            before = entry.value
        return values

    def on(self, day: date) -> DatedValue:
        """The value in force on ``day``.

        Raises
        ------
        ParameterError
            If there is none, naming file, parameter, date and the nearest dated value.
        """
        entry = None
        for start, candidate in self.values:
            if start <= day:
                entry = (start, candidate)
        if entry is None or entry[1].value is None:
            known = [(s, e) for s, e in self.values if e.value is not None]
            near = min(known, key=lambda pair: abs((pair[0] - day).days)) if known else None
            raise ParameterError(
                f"{self.name} has no value on {day.isoformat()}",
                where=self.file,
                expected=f"a dated value; nearest starts {near[0].isoformat()} ({near[1].value:g} {self.unit})"
                if near
                else "a dated value",
                fix=f"add a row dated {day.isoformat()} or earlier under {self.name}: values",
            )
        start, found = entry
        assert found.value is not None
        return DatedValue(self.name, found.value, self.unit, start, found.source, found.confidence)


@dataclass(frozen=True, slots=True)
class Parameters:
    """Every dated parameter by name, and the folder they were read from (None: made by hand)."""

    by_name: Mapping[str, Parameter] = field(default_factory=dict)
    folder: Path | None = None

    def parameter(self, name: str) -> Parameter:
        if name not in self.by_name:
            where, fix = " or ".join(PARAMETER_FILES), "add it with label, unit and dated values"
            raise unknown("parameter", name, self.by_name, where, otherwise=fix)
        return self.by_name[name]

    def on(self, name: str, day: date) -> DatedValue:
        """The value of parameter ``name`` in force on ``day``."""
        return self.parameter(name).on(day)

    def held(self, name: str, day: date) -> Parameters:
        """These parameters with ``name`` worth on every day what it is worth on ``day``: for values on an unchanged basis.

        Examples
        --------
        >>> read_parameters().held("national_line_b", date(2020, 1, 1)).on("national_line_b", date(2015, 1, 1)).value
        4000.0
        """
        entry = next(entry for start, entry in reversed(self.parameter(name).values) if start <= day)
        fixed = replace(self.parameter(name), values=((date.min, replace(entry, confidence="assumed")),))
        return Parameters({**self.by_name, name: fixed}, self.folder)


class Place(BaseModel):
    """What is particular to one place: its names, words, currency and which lines apply.

    Attributes
    ----------
    division, divisions, settlements, whole : Label
        What one part of the place that has a report is called; several; the smallest areas its household codes name;
        and all parts together.
    records : {"register", "survey"}
        Whether the data is everybody on a register, or a sample whose households stand for others by their weights.
    lines : dict
        Role (``poverty``, ``monitoring``, ``dibao``) to parameter name; a role left out does not exist here.
    terms : dict
        Terms of the relapse score that are called otherwise here, by name.
    income_scale : {"head", "adult_equivalent"}
        What household income is divided by.
    horizon_months : int
        How far ahead relapse is observed and predicted.
    counties : dict of Label
        Its counties by code: no other is imported, and one that the sources do not name has its name from here.  Empty:
        any.
    area_codes : {"gb", "own"}
        Whether counties, towns and villages have the 6, 9 and 12 digits of GB/T 2260 and GB/T 10114, or codes of the
        place's own, of which only the village table says what belongs where.
    limits_apply : bool
        Whether the limits of Chinese policy in thresholds.yaml are this place's too; elsewhere nothing is judged by them,
        and sections without any data are left out.
    names_note : Label, optional
        Where the names of its parts are from, where no document gives them.
    income_note : Label, optional
        What the incomes and lines are, where that is not the net income of a year per head.
    tiles : dict
        Column and row of every county's tile on a map without borders, by county code; none where nobody placed them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    label: Label
    division: Label
    divisions: Label
    settlements: Label
    whole: Label
    records: Literal["register", "survey"] = "register"
    unit_of_report: Label
    currency: Label
    lines: dict[Literal["poverty", "monitoring", "dibao"], str]
    index: str
    terms: dict[str, Label] = {}
    income_scale: Literal["head", "adult_equivalent"] = "head"
    income_note: Label | None = None
    horizon_months: int = 12
    counties: dict[str, Label] = {}
    area_codes: Literal["gb", "own"] = "gb"
    limits_apply: bool = True
    population_note: Label
    data_note: Label
    demo_note: Label | None = None
    names_note: Label | None = None
    tiles: dict[str, tuple[NonNegativeInt, NonNegativeInt]] = {}

    @property
    def traits(self) -> tuple[str, ...]:
        """What a message may be said otherwise for, the most telling first (:func:`relapse_risk.text.said`)."""
        described = () if self.limits_apply else ("described",)
        return (*described, self.records, self.income_scale)

    def note_on_data(self, synthetic: bool) -> Label:
        """What the data are: those the demonstration invented (``synthetic``), or those the place collected."""
        return self.demo_note if synthetic and self.demo_note is not None else self.data_note

    def words(self, language: str) -> dict[str, str]:
        """The place's own words that messages may name, in ``language``."""
        named = {"division": self.division, "divisions": self.divisions, "settlements": self.settlements, "whole": self.whole}  # fmt: skip
        return {name: label.in_language(language) for name, label in named.items()}

    @field_validator("tiles")
    @classmethod
    def _one_county_a_tile(cls, tiles: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
        by_spot: dict[tuple[int, int], str] = {}
        for code, spot in tiles.items():
            if spot in by_spot:
                raise ValueError(f"{code} and {by_spot[spot]} both stand on tile {list(spot)}")
            by_spot[spot] = code
        return tiles


def params_dir(folder: str | Path | None = None) -> Path:
    """The parameter folder: the argument, the project's over the package's, ``./params``, the package's own.

    ``RELAPSE_RISK_PARAMS`` names another whole folder, for trials.
    """
    if folder is not None:
        return _existing(Path(folder), "the folder given")
    if env := os.environ.get("RELAPSE_RISK_PARAMS"):
        return _existing(Path(env), "RELAPSE_RISK_PARAMS")
    if project := project_folder():
        return merged_params(project)
    return Path("params") if Path("params/lines.yaml").is_file() else packaged_params()


def _existing(path: Path, origin: str) -> Path:
    if not path.is_dir():
        raise ParameterError("not a folder", where=origin, got=str(path), fix="name the folder that holds lines.yaml")
    return path


def read_parameters(folder: str | Path | None = None) -> Parameters:
    """Read every dated parameter below the parameter folder.

    Raises
    ------
    ParameterError
        For an unreadable file, a malformed entry or a name given twice.

    Examples
    --------
    >>> read_parameters().on("national_line_b", date(2019, 6, 30)).value
    3747.0
    """
    root = params_dir(folder)
    by_name: dict[str, Parameter] = {}
    for file in PARAMETER_FILES:
        content = read_yaml(root / file)
        if not isinstance(content, dict):
            raise ParameterError("not a mapping of parameters", where=file, got=type(content).__name__)
        for name, spec in content.items():
            if name in by_name:
                raise ParameterError("name given twice", where=f"{by_name[name].file} and {file}", got=name)
            given = {**spec, "name": name, "file": file} if isinstance(spec, dict) else spec
            by_name[name] = check_model(Parameter, given, f"{file}: {name}")
    return Parameters(by_name, root.absolute())


def read_place(name: str, folder: str | Path | None = None) -> Place:
    """Read ``places/<name>.yaml``.

    Examples
    --------
    >>> read_place("dezhou").label.en
    'Dezhou'
    """
    root = params_dir(folder)
    where = f"places/{name}.yaml"
    place = check_model(Place, read_yaml(named_file(root / "places", name, "place")), where)
    if place.name != name:
        raise unknown("name of the place", place.name, [name], f"{where}: name")
    known = parameter_names(root)
    for role, line in place.lines.items():
        if line not in known:
            raise unknown("parameter", line, known, f"{where}: lines.{role}")
    indexes = stems(root / "indexes")
    if place.index not in indexes:
        raise unknown("index", place.index, indexes, f"{where}: index")
    return place


def parameter_names(root: Path) -> tuple[str, ...]:
    """The names of every dated parameter, without checking what is said of them."""
    files = [root / file for file in PARAMETER_FILES]
    return tuple(str(name) for file in files for name in read_yaml(file))
