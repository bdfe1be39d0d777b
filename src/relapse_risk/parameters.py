"""Dated parameters: lines, thresholds and places, each value with date, unit, source and confidence mark.

Nothing here computes; a parameter that has no value on the date asked for is an error, never a guess.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, NonNegativeInt, ValidationError, field_validator

from relapse_risk.errors import ParameterError

__all__ = ["DatedValue", "Parameter", "Parameters", "Place", "params_dir", "read_parameters", "read_place", "read_yaml"]

Confidence = Literal["documented", "from_memory", "assumed"]
M = TypeVar("M", bound=BaseModel)
PARAMETER_FILES = ("lines.yaml", "thresholds.yaml")


class Label(BaseModel):
    """A name in both languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    zh: str
    en: str

    def in_language(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


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
    confidence : {"documented", "from_memory", "assumed"}
    """

    name: str
    value: float
    unit: str
    start: date
    source: str
    confidence: Confidence


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    value: float | None
    source: str = ""
    confidence: Confidence = "assumed"


class _ParameterSpec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    label: Label
    unit: str
    note: str = ""
    values: dict[date, _Entry]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One named parameter with its dated values; a ``None`` value ends it from that day on."""

    name: str
    label: Label
    unit: str
    file: str
    values: tuple[tuple[date, _Entry], ...]

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
    """Every dated parameter by name."""

    by_name: Mapping[str, Parameter] = field(default_factory=dict)

    def parameter(self, name: str) -> Parameter:
        if name not in self.by_name:
            near = get_close_matches(name, self.by_name, 1)
            raise ParameterError(
                "unknown parameter",
                where=" or ".join(PARAMETER_FILES),
                got=name,
                fix=f"did you mean {near[0]!r}" if near else "add it with label, unit and dated values",
            )
        return self.by_name[name]

    def on(self, name: str, day: date) -> DatedValue:
        """The value of parameter ``name`` in force on ``day``."""
        return self.parameter(name).on(day)


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
    thresholds: dict[str, str] = {}
    index: str
    terms: dict[str, Label] = {}
    income_scale: Literal["head", "adult_equivalent"] = "head"
    income_note: Label | None = None
    horizon_months: int = 12
    limits_apply: bool = True
    population_note: Label
    data_note: Label
    names_note: Label | None = None
    tiles: dict[str, tuple[NonNegativeInt, NonNegativeInt]] = {}

    @property
    def traits(self) -> tuple[str, ...]:
        """What a message may be said otherwise for, the most telling first (:func:`relapse_risk.text.said`)."""
        described = () if self.limits_apply else ("described",)
        return (*described, self.records, self.income_scale)

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
    """The parameter folder: the argument, ``RELAPSE_RISK_PARAMS``, ``./params``, the checkout's, the packaged copy."""
    if folder is not None:
        return _existing(Path(folder), "the folder given")
    if env := os.environ.get("RELAPSE_RISK_PARAMS"):
        return _existing(Path(env), "RELAPSE_RISK_PARAMS")
    package = Path(__file__).resolve().parent
    for candidate in (Path("params"), package.parents[1] / "params", package / "params"):
        if (candidate / "lines.yaml").is_file():
            return candidate
    raise ParameterError("no parameter folder found", where=str(Path("params").absolute()), fix="pass --params FOLDER")


def _existing(path: Path, origin: str) -> Path:
    if not path.is_dir():
        raise ParameterError("not a folder", where=origin, got=str(path), fix="name the folder that holds lines.yaml")
    return path


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; a missing, unreadable or malformed file is a :class:`ParameterError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ParameterError("file not found", where=str(path), fix="check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"cannot be read: {error}", where=str(path), fix="save it as UTF-8") from error
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ParameterError(f"not valid YAML: {error}", where=str(path), fix="correct the line named") from error


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses a key written twice instead of silently keeping the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _code_at(content: Any, path: tuple[int | str, ...]) -> str:
    """The code of the innermost list entry on a path, since nobody counts entries; empty where it has none."""
    found = ""
    for part in path:
        if isinstance(content, dict):
            content = content.get(part)
        elif isinstance(content, list) and isinstance(part, int) and part < len(content):
            content = content[part]
            if isinstance(content, dict) and isinstance(content.get("code"), str):
                found = f" ({content['code']})"
        else:
            break
    return found


def check_model(model: type[M], content: Any, where: str) -> M:
    """``content`` as pydantic ``model``; faults become one :class:`ParameterError` naming file and key."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "(top level)"
        raise ParameterError(
            f"{key}{_code_at(content, first['loc'])}: {first['msg']}",
            where=where,
            got=first.get("input") if not isinstance(first.get("input"), dict) else sorted(first["input"], key=str),
            fix=f"correct {key}" + (f" ({error.error_count()} faults in all)" if error.error_count() > 1 else ""),
        ) from error


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
            checked = check_model(_ParameterSpec, spec, f"{file}: {name}")
            by_name[name] = Parameter(name, checked.label, checked.unit, file, tuple(sorted(checked.values.items())))
    return Parameters(by_name)


def read_place(name: str, folder: str | Path | None = None) -> Place:
    """Read ``places/<name>.yaml``.

    Examples
    --------
    >>> read_place("dezhou").label.en
    'Dezhou'
    """
    root = params_dir(folder) / "places"
    known = sorted(path.stem for path in root.glob("*.yaml"))
    if name not in known:
        raise ParameterError("unknown place", where=str(root), got=name, expected=" | ".join(known))
    return check_model(Place, read_yaml(root / f"{name}.yaml"), f"places/{name}.yaml")
