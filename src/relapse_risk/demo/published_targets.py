"""What the demonstration is built to: marked numbers, figures, counties, items and names from ``params/demo``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from relapse_risk.errors import ParameterError, unknown
from relapse_risk.parameters import Parameters, params_dir, read_parameters, read_place
from relapse_risk.schema import code_list
from relapse_risk.yaml_reading import check_model, read_yaml

__all__ = ["Calibration", "CountySpec", "Figure", "ItemSpec", "MarkedNumber", "Names", "Population", "read_calibration"]

Mark = Literal["published", "derived", "documented", "from_memory", "assumed"]
T = TypeVar("T")
FIRST_ROLES = "EeHSCYPDAG"  # of members at the start of 2016 (population.yaml)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MarkedNumber(_Strict):
    """A number with unit, source and mark; ``values`` holds from each year on when it changes over time."""

    unit: str
    confidence: Mark
    source: str
    value: float | None = None
    values: dict[int, float] | None = None


class CountySpec(_Strict):
    """One county-level division; ``target_share`` is assumed."""

    code: str
    zh: str
    en: str
    type: str
    resident_persons: int
    target_share: float


class Figure(_Strict):
    """One published, documented or assumed figure; ``reading`` says whether the text means "exactly" or "at least"."""

    county: str | None
    metric: str
    value: float
    unit: str
    reading: Literal["exact", "least"]
    confidence: Mark
    source: str


class ItemSpec(_Strict):
    """One assistance item of the reconstructed list."""

    code: str
    department: str
    direction: str
    zh: str
    confidence: Mark
    source: str
    rule: str


class Names(_Strict):
    """Characters and words that invented names are put together from."""

    town_first: dict[str, str]
    town_second: dict[str, str]
    village_first: str
    village_second: list[str]
    village_last: list[str]
    surnames: str
    given_male: str
    given_female: str
    enterprises: list[str]
    occupations: list[str]
    units: list[str]
    product_classes: list[str]


class Population(_Strict):
    """Shares of household types (letters are roles) among registered and among edge households."""

    confidence: Mark
    registered: dict[str, float]
    edge: dict[str, float]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Everything the demonstration is calibrated to.

    Attributes
    ----------
    numbers : mapping of name to MarkedNumber
    figures : mapping of figure id (``F01`` … ``C95``) to Figure
    counties, items : tuples in file order
    parameters : Parameters
        The dated lines and thresholds the whole project uses.
    lines : mapping of role (``poverty``, ``monitoring``, ``dibao``) to parameter name
    """

    numbers: Mapping[str, MarkedNumber]
    figures: Mapping[str, Figure]
    counties: tuple[CountySpec, ...]
    items: tuple[ItemSpec, ...]
    names: Names
    population: Population
    parameters: Parameters
    lines: Mapping[str, str]

    def line(self, role: str, year: int) -> float:
        """The line of Dezhou in force at the end of ``year``, CNY per person and year.

        The process also needs lines before the first and after the last dated value; there the nearest is held.
        """
        dated = [(start, entry.value) for start, entry in self.parameters.parameter(self.lines[role]).values]
        known = [(start, value) for start, value in dated if value is not None]
        held = [value for start, value in known if start <= date(year, 12, 31)]
        return held[-1] if held else known[0][1]

    def threshold(self, name: str, year: int) -> float:
        """A dated threshold at the end of ``year``."""
        return self.parameters.on(name, date(year, 12, 31)).value

    def number(self, name: str, year: int | None = None) -> float:
        """The number ``name``, in force in ``year`` when it is dated."""
        if name not in self.numbers:
            raise unknown("number", name, self.numbers, "demo/process.yaml")
        entry = self.numbers[name]
        if entry.values is None:
            if entry.value is None:
                raise ParameterError("neither value nor values", where=f"demo/process.yaml: {name}")
            return entry.value
        starts = [start for start in entry.values if year is not None and start <= year]
        if not starts:
            raise ParameterError("no value in that year", where=f"demo/process.yaml: {name}", got=year)
        return entry.values[max(starts)]


def read_calibration(folder: str | Path | None = None) -> Calibration:
    """Read ``params/demo``.

    Raises
    ------
    ParameterError
        For a missing file, an unknown key or a number without unit, source or mark.

    Examples
    --------
    >>> calibration = read_calibration()
    >>> calibration.number("end_persons"), len(calibration.items), len(calibration.counties)
    (55500.0, 41, 11)
    >>> calibration.line("poverty", 2020), calibration.line("poverty", 2021), calibration.line("monitoring", 2020)
    (4000.0, 4000.0, 5000.0)
    """
    root = params_dir(folder) / "demo"
    calibration = Calibration(
        numbers=_read(root / "process.yaml", dict[str, MarkedNumber]),
        figures=_read(root / "figures.yaml", dict[str, Figure], "figures"),
        counties=_read(root / "counties.yaml", tuple[CountySpec, ...], "counties"),
        items=_read(root / "items.yaml", tuple[ItemSpec, ...], "items"),
        names=_read(root / "names.yaml", Names),
        population=_read(root / "population.yaml", Population),
        parameters=read_parameters(folder),
        lines={str(role): name for role, name in read_place("dezhou", folder).lines.items()},
    )
    _check_names(calibration)
    return calibration


def _check_names(calibration: Calibration) -> None:
    """Codes of counties, departments and roles are those there are."""
    given = [(f"demo/counties.yaml: {county.code}", "county_type", county.type) for county in calibration.counties]
    given += [(f"demo/items.yaml: {item.code}", "department", item.department) for item in calibration.items]
    given += [(f"demo/items.yaml: {item.code}", "assistance_direction", item.direction) for item in calibration.items]
    for where, codes, word in given:
        if word not in code_list(codes).words:
            raise unknown(f"word of code list {codes}", word, code_list(codes).words, where)
    counties = [county.code for county in calibration.counties]
    for name, figure in calibration.figures.items():
        if figure.county is not None and figure.county not in counties:
            raise unknown("county", figure.county, counties, f"demo/figures.yaml: {name}")
    for part in ("registered", "edge"):
        for letters in getattr(calibration.population, part):
            if strange := set(letters) - set(FIRST_ROLES):
                raise unknown("role", min(strange), FIRST_ROLES, f"demo/population.yaml: {part}.{letters}")


def _read(path: Path, kind: type[T], key: str = "") -> T:
    content, where = read_yaml(path), f"demo/{path.name}"
    if key:
        if not isinstance(content, dict) or set(content) != {key}:
            raise unknown("key", next(iter(content), ""), [key], where)
        content, where = content[key], f"{where}: {key}"
    return check_model(kind, content, where)
