"""What the demonstration is built to: marked numbers, figures, counties, items and names from ``params/demo``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from relapse_risk.errors import ParameterError, unknown
from relapse_risk.parameters import Parameters, params_dir, read_parameters, read_place
from relapse_risk.yaml_reading import check_model, read_yaml

__all__ = ["Calibration", "CountySpec", "Figure", "ItemSpec", "MarkedNumber", "Names", "Population", "read_calibration"]

Mark = Literal["published", "derived", "documented", "from_memory", "assumed"]
T = TypeVar("T")


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
    return Calibration(
        numbers=_read(root / "process.yaml", dict[str, MarkedNumber]),
        figures=_read(root / "figures.yaml", dict[str, Figure], "figures"),
        counties=tuple(_read(root / "counties.yaml", list[CountySpec], "counties")),
        items=tuple(_read(root / "items.yaml", list[ItemSpec], "items")),
        names=check_model(Names, read_yaml(root / "names.yaml"), "demo/names.yaml"),
        population=check_model(Population, read_yaml(root / "population.yaml"), "demo/population.yaml"),
        parameters=read_parameters(folder),
        lines={str(role): name for role, name in read_place("dezhou", folder).lines.items()},
    )


def _read(path: Path, kind: type[T], key: str = "") -> T:
    content = read_yaml(path)
    if key:
        content = content.get(key) if isinstance(content, dict) else None
    try:
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ParameterError(f"{place}: {first['msg']}", where=f"demo/{path.name}", got=first.get("input")) from error
