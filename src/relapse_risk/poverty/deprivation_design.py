"""Deprivation designs: dimensions, indicators, dated cut-offs and what a missing answer means, read from YAML."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, ConfigDict, Field

from relapse_risk.errors import ModelError, ParameterError, unknown
from relapse_risk.languages import Label
from relapse_risk.parameters import parameter_names, params_dir
from relapse_risk.poverty.alkire_foster import check_cutoff
from relapse_risk.poverty.lines import LineRole
from relapse_risk.predicates import Predicate, read_predicates
from relapse_risk.schema import code_list, derived_frames, table
from relapse_risk.yaml_reading import STRICT, check_model, named_file, read_yaml

__all__ = ["BY_PREDICATE", "Deprivation", "DeprivationDesign", "Dimension", "parse_deprivation", "read_deprivation"]

Array = npt.NDArray[np.float64]
When = Literal["below", "at_most", "above", "at_least", "is_false", "is_true", "in", "fails", "holds"]
BY_PREDICATE = ("fails", "holds")
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Missing = Literal["drop", "deprived", "not_deprived", "unknown"]


def _share(given: object) -> float:
    """A poverty cut-off as written (``1/3``, 0.33) as a share."""
    try:
        return check_cutoff(given)  # type: ignore[arg-type]
    except ModelError as error:
        raise ValueError(f"{error.what}, expected {error.expected}") from error


@dataclass(frozen=True, slots=True)
class Dimension:
    """One dimension and its weight relative to the others."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    code: str
    label: Label
    weight: Weight = 1


@dataclass(frozen=True, slots=True)
class Deprivation:
    """One 0/1 indicator: a predicate, or ``column`` compared with a number, a dated parameter or a line of the place.

    Attributes
    ----------
    column : str
        What is compared; of a predicate what is shown as the value.
    predicate : str
        Name of a predicate about households, or empty.
    deprived_when : str
        ``below`` (<), ``at_most`` (<=), ``above`` (>), ``at_least`` (>=), ``is_false``, ``is_true``, ``in`` (words);
        of a predicate ``fails`` or ``holds``.
    by : str
        Code column whose words are told apart in reports (the grade of a dwelling); empty for none.
    missing : str
        ``drop`` the unit, ``deprived``, ``not_deprived``, or ``unknown`` (verdicts only).
    evidence : str
        Column with the date the answer was last checked; empty for none.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    code: str
    dimension: str
    label: Label
    deprived_when: When
    weight: Weight = 1
    column: str = ""
    predicate: str = ""
    by: str = ""
    cutoff: Annotated[float, Field(allow_inf_nan=False)] = math.nan
    parameter: str = ""
    line: LineRole | None = None
    words: tuple[str, ...] = ()
    missing: Missing = "drop"
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class DeprivationDesign:
    """A counting design.

    Attributes
    ----------
    reads : {"household", "own"}
        What its columns are of: the household frame and table, where every name is checked as the file is read, or a
        frame of one's own, where they are checked as the design is applied.
    dimensions : tuple of Dimension
    indicators : tuple of Deprivation
    cutoffs : tuple of float
        Poverty cut-offs k as shares.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    id: str
    file: str
    label: Label
    cutoffs: Annotated[tuple[Annotated[float, BeforeValidator(_share)], ...], Field(min_length=1)]
    dimensions: Annotated[tuple[Dimension, ...], Field(min_length=1)]
    indicators: Annotated[tuple[Deprivation, ...], Field(min_length=1)]
    source: str = ""
    reads: Literal["household", "own"] = "household"

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(item.code for item in self.indicators)

    def weights(self) -> Array:
        """Nested weights, summing to one: dimension's share × indicator's share in it; shape (p,)."""
        share = {dimension.code: dimension.weight for dimension in self.dimensions}
        total = sum(share.values())
        inside = {code: sum(i.weight for i in self.indicators if i.dimension == code) for code in share}
        return np.array([share[i.dimension] / total * i.weight / inside[i.dimension] for i in self.indicators])


def _check_whole(spec: DeprivationDesign) -> None:
    """Faults a schema cannot see: unknown dimension, repeated code, no or two cut-offs, weights of zero sum."""
    file, dimensions = spec.file, [d.code for d in spec.dimensions]
    codes = [i.code for i in spec.indicators]
    for names in (dimensions, codes):
        for code in sorted({c for c in names if names.count(c) > 1}):
            raise ParameterError("code written twice", where=f"{file}: {code}")
    for item in spec.indicators:
        at = f"{file}: {item.code}"
        if item.dimension not in dimensions:
            raise unknown("dimension", item.dimension, dimensions, at)
        given = [not math.isnan(item.cutoff), bool(item.parameter), item.line is not None, bool(item.words)]
        if bool(item.predicate) != (item.deprived_when in BY_PREDICATE) or not (item.predicate or item.column):
            raise ParameterError(
                "an indicator compares a column or asks a predicate", where=at, got=item.deprived_when,
                expected="column with a comparison, or predicate with fails or holds",
            )  # fmt: skip
        needs = 0 if item.deprived_when in ("is_false", "is_true", *BY_PREDICATE) else 1
        if sum(given) != needs or (item.deprived_when == "in") != bool(item.words):
            raise ParameterError(
                f"deprived_when {item.deprived_when} needs {'no' if not needs else 'exactly one'} cut-off",
                where=at,
                expected="cutoff, parameter or line for comparisons; words for in; nothing for is_true and is_false",
            )
    for dimension in spec.dimensions:
        if sum(i.weight for i in spec.indicators if i.dimension == dimension.code) <= 0:
            raise ParameterError("weights sum to zero", where=f"{file}: {dimension.code}", expected="a positive sum")
    if sum(d.weight for d in spec.dimensions) <= 0:
        raise ParameterError("weights of the dimensions sum to zero", where=file, expected="a positive sum")


def _check_names(spec: DeprivationDesign, predicates: Mapping[str, Predicate] | None) -> None:
    """Predicates are about households; columns are of the household frame or table, words of the column's code list."""
    frames = (derived_frames()["household_frame"], table("household"))
    known = {column.name: column for frame in frames for column in frame.columns}
    for item in spec.indicators:
        at = f"{spec.file}: {item.code}"
        if item.predicate:
            asked = read_predicates() if predicates is None else predicates
            households = [name for name, one in asked.items() if one.unit == "household"]
            if item.predicate not in households:
                raise unknown("predicate about households", item.predicate, households, at)
        if spec.reads == "own":
            continue
        for key in ("column", "by", "evidence"):
            name = getattr(item, key)
            if name and name not in known:
                raise unknown("column", name, known, f"{at}: {key}")
        codes = known[item.column].codes if item.column else ""
        words = code_list(codes).words if codes else ()
        for word in item.words:
            if word not in words:
                raise unknown(f"word of {item.column}", word, words, f"{at}: words")


def parse_deprivation(content: Any, file: str, predicates: Mapping[str, Predicate] | None = None) -> DeprivationDesign:
    """A design from the content of its YAML file; predicates it names are among ``predicates`` (or the folder's)."""
    given = {**content, "file": file} if isinstance(content, dict) else content
    design = check_model(DeprivationDesign, given, file)
    _check_whole(design)
    _check_names(design, predicates)
    return design


def read_deprivation(
    name: str = "guarantees", folder: str | Path | None = None, predicates: Mapping[str, Predicate] | None = None
) -> DeprivationDesign:
    """Read ``indexes/deprivation/<name>.yaml`` of the parameter folder.

    Parameters
    ----------
    name : str
        File name without ``.yaml``.
    folder : path, optional
        Parameter folder; found by :func:`relapse_risk.parameters.params_dir` otherwise.
    predicates : mapping, optional
        Predicates its indicators may name; read from the folder otherwise.

    Returns
    -------
    DeprivationDesign

    Raises
    ------
    ParameterError
        For an unknown name or a fault, naming file and indicator.

    References
    ----------
    The file names the source of each indicator.

    Examples
    --------
    >>> round(float(read_deprivation("guarantees").weights().sum()), 12)
    1.0
    """
    root = params_dir(folder)
    path = named_file(root / "indexes" / "deprivation", name, "deprivation design")
    known = read_predicates(folder) if predicates is None else predicates
    design = parse_deprivation(read_yaml(path), f"indexes/deprivation/{name}.yaml", known)
    parameters = parameter_names(root)
    for item in design.indicators:
        if item.parameter and item.parameter not in parameters:
            raise unknown("parameter", item.parameter, parameters, f"{design.file}: {item.code}: parameter")
    return design
