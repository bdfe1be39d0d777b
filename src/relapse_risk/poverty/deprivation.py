"""Deprivation designs: dimensions, indicators, dated cut-offs and what a missing answer means, read from YAML."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from relapse_risk.errors import ModelError, ParameterError, unknown
from relapse_risk.languages import Label
from relapse_risk.parameters import Parameters, Place, params_dir
from relapse_risk.poverty.alkire_foster import check_cutoff
from relapse_risk.poverty.lines import LineRole, line_of
from relapse_risk.predicates import Predicate, Setting, holds, needs, read_predicates, setting_on
from relapse_risk.predicates.comparisons import limit_values
from relapse_risk.predicates.truth import numeric
from relapse_risk.schema import derived_columns, table
from relapse_risk.yaml_reading import check_model, read_yaml

__all__ = [
    "Deprivation",
    "DeprivationDesign",
    "DeprivationMatrix",
    "Guarantees",
    "deprivation_matrix",
    "guarantee_test",
    "read_deprivation",
]

Array = npt.NDArray[np.float64]
When = Literal["below", "at_most", "above", "at_least", "is_false", "is_true", "in", "fails", "holds"]
BY_PREDICATE = ("fails", "holds")
Missing = Literal["drop", "deprived", "not_deprived", "unknown"]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _DimensionSpec(_Spec):
    code: str
    weight: float = Field(default=1, ge=0, allow_inf_nan=False)
    label: Label


class _IndicatorSpec(_DimensionSpec):
    dimension: str
    column: str = ""
    predicate: str = ""
    deprived_when: When
    by: str = ""
    cutoff: float | None = Field(default=None, allow_inf_nan=False)
    parameter: str = ""
    line: LineRole | None = None
    words: tuple[str, ...] = ()
    missing: Missing = "drop"
    evidence: str = ""


class _DesignSpec(_Spec):
    id: str
    label: Label
    source: str = ""
    cutoffs: tuple[str | float, ...] = Field(min_length=1)
    dimensions: tuple[_DimensionSpec, ...] = Field(min_length=1)
    indicators: tuple[_IndicatorSpec, ...] = Field(min_length=1)


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

    code: str
    dimension: str
    weight: float
    column: str
    predicate: str
    deprived_when: When
    by: str
    cutoff: float
    parameter: str
    line: LineRole | None
    words: tuple[str, ...]
    missing: Missing
    evidence: str
    label: Label


@dataclass(frozen=True, slots=True)
class DeprivationDesign:
    """A counting design.

    Attributes
    ----------
    dimensions : tuple of (str, float)
        Code and weight.
    indicators : tuple of Deprivation
    cutoffs : tuple of float
        Poverty cut-offs k as shares.
    """

    id: str
    file: str
    dimensions: tuple[tuple[str, float], ...]
    indicators: tuple[Deprivation, ...]
    cutoffs: tuple[float, ...]
    label: Label
    source: str

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(item.code for item in self.indicators)

    def weights(self) -> Array:
        """Nested weights, summing to one: dimension's share × indicator's share in it; shape (p,)."""
        total = sum(weight for _, weight in self.dimensions)
        inside = {code: sum(i.weight for i in self.indicators if i.dimension == code) for code, _ in self.dimensions}
        share = dict(self.dimensions)
        return np.array([share[i.dimension] / total * i.weight / inside[i.dimension] for i in self.indicators])


@dataclass(frozen=True, slots=True)
class DeprivationMatrix:
    """Deprivations of the units whose answers the design accepts.

    Attributes
    ----------
    g0 : DataFrame of 0.0 and 1.0, shape (kept, p)
        Index as the input's; dropped rows are gone.
    dropped : DataFrame
        indicator, rows: how many rows each indicator's missing answers took away.
    cutoffs : dict of str to float
        Cut-off used for each indicator (null where none applies).
    """

    g0: pd.DataFrame
    dropped: pd.DataFrame
    cutoffs: Mapping[str, float]

    def summary(self) -> str:
        """Rows kept and dropped."""
        return f"{len(self.g0)} units, {self.g0.shape[1]} indicators, {int(self.dropped['rows'].sum())} answers missing"


def _check_spec(spec: _DesignSpec, file: str) -> None:
    """Errors a schema cannot check: unknown dimension, repeated code, no or two cut-offs, weights of zero sum."""
    dimensions = [d.code for d in spec.dimensions]
    codes = [i.code for i in spec.indicators]
    for names in (dimensions, codes):
        for code in sorted({c for c in names if names.count(c) > 1}):
            raise ParameterError("code written twice", where=f"{file}: {code}")
    for item in spec.indicators:
        at = f"{file}: {item.code}"
        if item.dimension not in dimensions:
            raise ParameterError("unknown dimension", where=at, got=item.dimension, expected=" | ".join(dimensions))
        given = [item.cutoff is not None, bool(item.parameter), item.line is not None, bool(item.words)]
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


def _check_predicates(spec: _DesignSpec, file: str, predicates: Mapping[str, Predicate]) -> None:
    households = [name for name, one in predicates.items() if one.unit == "household"]
    columns = [column.name for column in (*table("household").columns, *derived_columns("household"))]
    for item in spec.indicators:
        for key in ("column", "by") if item.predicate else ():
            if getattr(item, key) and getattr(item, key) not in columns:
                raise unknown("column", getattr(item, key), columns, f"{file}: {item.code}: {key}")
        if item.predicate and item.predicate not in households:
            raise unknown("predicate about households", item.predicate, households, f"{file}: {item.code}")


def parse_deprivation(content: Any, file: str, predicates: Mapping[str, Predicate] | None = None) -> DeprivationDesign:
    """A design from the content of its YAML file; predicates it names are among ``predicates`` (or the folder's)."""
    spec = check_model(_DesignSpec, content, file)
    _check_spec(spec, file)
    if any(item.predicate for item in spec.indicators):
        _check_predicates(spec, file, read_predicates() if predicates is None else predicates)
    try:
        cutoffs = tuple(check_cutoff(k) for k in spec.cutoffs)
    except ModelError as error:
        raise ParameterError(error.what, where=f"{file}: cutoffs", got=error.got, expected=error.expected) from error
    return DeprivationDesign(
        spec.id,
        file,
        tuple((d.code, d.weight) for d in spec.dimensions),
        tuple(
            Deprivation(
                i.code,
                i.dimension,
                i.weight,
                i.column,
                i.predicate,
                i.deprived_when,
                i.by,
                math.nan if i.cutoff is None else i.cutoff,
                i.parameter,
                i.line,
                i.words,
                i.missing,
                i.evidence,
                i.label,
            )
            for i in spec.indicators
        ),
        cutoffs,
        spec.label,
        spec.source,
    )


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
    root = params_dir(folder) / "indexes" / "deprivation"
    known = sorted(path.stem for path in root.glob("*.yaml"))
    if name not in known:
        raise ParameterError("unknown deprivation design", where=str(root), got=name, expected=" | ".join(known))
    content = read_yaml(root / f"{name}.yaml")
    return parse_deprivation(content, f"indexes/deprivation/{name}.yaml", predicates or read_predicates(folder))


_COMPARE: Mapping[str, Callable[[Array, float], npt.NDArray[np.bool_]]] = MappingProxyType(
    {
        "below": lambda x, z: x < z,
        "at_most": lambda x, z: x <= z,
        "above": lambda x, z: x > z,
        "at_least": lambda x, z: x >= z,
        "is_false": lambda x, z: x == 0,
        "is_true": lambda x, z: x == 1,
    }
)


def cutoff_of(item: Deprivation, setting: Setting) -> float:
    """The number an indicator is compared with on the setting's day; NaN for those without one."""
    if item.predicate:
        leaf = numeric(setting.predicate(item.predicate))
        limit = leaf.limit if leaf is not None and leaf.limit is not None and not leaf.limit.columns else None
        return float(limit_values(limit, pd.DataFrame(), setting)) if limit is not None else math.nan
    if item.parameter:
        return setting.value(item.parameter)
    if item.line is not None:
        return line_of(item.line, setting.place, setting.parameters, setting.day).value
    return item.cutoff


def columns_read(item: Deprivation, predicates: Mapping[str, Predicate]) -> tuple[str, ...]:
    """Columns of which an indicator is judged; of a predicate the one that carries its answer will do, too."""
    return needs(item.predicate, predicates) if item.predicate else (item.column,)


def deprived(frame: pd.DataFrame, item: Deprivation, cutoff: float, where: str, setting: Setting) -> Array:
    """1 deprived, 0 not, NaN not answered; shape (n,).

    Raises
    ------
    ModelError
        If a column is absent or a numeric indicator's column holds text.
    """
    answered = bool(item.predicate) and item.predicate in frame
    absent = [name for name in columns_read(item, setting.predicates) if name not in frame]
    if absent and not answered:
        raise ModelError("no such column", where=where, got=absent[0], expected=" | ".join(map(str, frame.columns)))
    if item.predicate:
        try:
            answer = holds(item.predicate, frame, setting)
        except (TypeError, ValueError) as error:
            raise ModelError("not numbers", where=where, got=str(error), expected="number or boolean") from error
        return (~answer if item.deprived_when == "fails" else answer).to_numpy(dtype=np.float64, na_value=np.nan)
    column = frame[item.column]
    known = column.notna().to_numpy()
    if item.deprived_when == "in":
        flags = column.isin(item.words).to_numpy()
    else:
        try:
            numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError) as error:
            raise ModelError("not numbers", where=where, got=str(column.dtype), expected="number or boolean") from error
        flags = _COMPARE[item.deprived_when](numbers, cutoff)
    return np.where(known, flags.astype(np.float64), np.nan)


def deprivation_matrix(
    frame: pd.DataFrame, design: DeprivationDesign, parameters: Parameters, place: Place, day: date
) -> DeprivationMatrix:
    """Deprivations of every unit, missing answers treated as each indicator states.

    Parameters
    ----------
    frame : DataFrame
        One row per unit with the columns the design reads.
    design : DeprivationDesign
    parameters, place, day
        Dated cut-offs.

    Returns
    -------
    DeprivationMatrix

    Raises
    ------
    ModelError
        For an absent column, a column nobody answered, or an ``unknown`` answer (only verdicts may stay open).

    References
    ----------
    Alkire and Foster (2011), doi:10.1016/j.jpubeco.2010.11.006: g0 = 1 where an achievement is below its cut-off.

    Examples
    --------
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> design = read_deprivation("guarantees")
    >>> homes = pd.DataFrame({"household_id": ["a", "b"], "staple_food_enough": True, "protein_food_regular": True,
    ...     "seasonal_clothes": True, "education_ok": [True, False], "medical_ok": True, "dwelling_grade": ["B", "D"],
    ...     "water_litres_per_person_day": 60.0, "water_quality_ok": True, "water_fetch_minutes": 5.0,
    ...     "water_outage_days": 0.0})
    >>> deprivation_matrix(homes, design, read_parameters(), read_place("dezhou"), date(2020, 12, 31)).g0.sum(axis=1).tolist()
    [0.0, 2.0]
    """
    setting = setting_on(parameters, place, day)
    columns: dict[str, Array] = {}
    cutoffs: dict[str, float] = {}
    keep = np.ones(len(frame), dtype=np.bool_)
    dropped = []
    for item in design.indicators:
        where = f"{design.file}: {item.code}"
        cutoffs[item.code] = cutoff_of(item, setting)
        g = deprived(frame, item, cutoffs[item.code], where, setting)
        gaps = np.isnan(g)
        if gaps.all():
            raise ModelError(
                "nobody answered", where=where, got=item.column or item.predicate, fix="leave the indicator out"
            )
        if gaps.any() and item.missing == "unknown":
            raise ModelError(
                f"{int(gaps.sum())} missing answers", where=where, fix="state drop, deprived or not_deprived"
            )
        if item.missing == "drop":
            keep &= ~gaps
            dropped.append((item.code, int(gaps.sum())))
        columns[item.code] = np.where(gaps, 1.0 if item.missing == "deprived" else 0.0, g)
    g0 = pd.DataFrame(columns, index=frame.index)[keep]
    return DeprivationMatrix(g0, pd.DataFrame(dropped, columns=["indicator", "rows"]), cutoffs)


@dataclass(frozen=True, slots=True)
class Guarantees:
    """Verdict of a one-fails-all design on each household.

    Attributes
    ----------
    frame : DataFrame
        household_id, verdict (``met``, ``not_met``, ``open``: nothing fails but something is unanswered), n_failing.
    items : DataFrame, long
        household_id, dimension, indicator, met (boolean, null unanswered), value (text), cutoff, reason_zh, reason_en,
        evidence_on (date, null if never checked): failing and unanswered items only.
    """

    frame: pd.DataFrame
    items: pd.DataFrame

    def summary(self) -> str:
        """Households by verdict."""
        counts = self.frame["verdict"].value_counts()
        return ", ".join(f"{word}: {counts.get(word, 0)}" for word in ("met", "not_met", "open"))

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>{self.items.head(10).to_html(index=False)}"


def guarantee_test(
    households: pd.DataFrame, design: DeprivationDesign, parameters: Parameters, place: Place, day: date
) -> Guarantees:
    """The two-no-worries, three-guarantees and safe-water test: one failing item fails the household.

    Parameters
    ----------
    parameters, place, day
        Dated cut-offs.
    households : DataFrame
        household_id and the columns the design reads (register household columns with derived member counts).
    design : DeprivationDesign
        ``read_deprivation("guarantees")``.

    Returns
    -------
    Guarantees

    Raises
    ------
    ModelError
        For a repeated household_id or a column the design reads that is absent.

    Notes
    -----
    Kleene's logic: a failing item decides whatever else is missing; without one, a missing answer keeps it open.

    References
    ----------
    DEF-3G of the policy notes (two no-worries, three guarantees, safe water); Kleene (1952) for open answers.

    Examples
    --------
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> homes = pd.DataFrame({"household_id": ["a", "b"], "staple_food_enough": True, "protein_food_regular": True,
    ...     "seasonal_clothes": True, "education_ok": [True, False], "medical_ok": True, "dwelling_grade": ["B", "D"],
    ...     "water_litres_per_person_day": 60.0, "water_quality_ok": True, "water_fetch_minutes": 5.0,
    ...     "water_outage_days": 0.0})
    >>> given = read_parameters(), read_place("dezhou"), date(2020, 12, 31)
    >>> guarantee_test(homes, read_deprivation("guarantees"), *given).frame["verdict"].tolist()
    ['met', 'not_met']
    """
    ids = households["household_id"].reset_index(drop=True)
    if ids.duplicated().any():
        raise ModelError("household_id repeated", where="guarantee_test", got=ids[ids.duplicated()].iloc[0])
    setting = setting_on(parameters, place, day)
    failing = np.zeros(len(ids), dtype=np.intp)
    unanswered = np.zeros(len(ids), dtype=np.bool_)
    parts = []
    for item in design.indicators:
        cutoff = cutoff_of(item, setting)
        g = deprived(households, item, cutoff, f"{design.file}: {item.code}", setting)
        failing += g == 1
        unanswered |= np.isnan(g)
        parts.append(_item_rows(households, ids, item, cutoff, g))
    verdict = np.select([failing > 0, unanswered], ["not_met", "open"], "met")
    frame = pd.DataFrame({"household_id": ids, "verdict": verdict, "n_failing": failing}).astype({"verdict": "str"})
    return Guarantees(frame, pd.concat(parts, ignore_index=True))


def _item_rows(households: pd.DataFrame, ids: pd.Series, item: Deprivation, cutoff: float, g: Array) -> pd.DataFrame:
    """Rows of one item that fail or were not answered."""
    at = np.flatnonzero(g != 0)
    evidence = households[item.evidence] if item.evidence in households else pd.Series(pd.NaT, index=households.index)
    shown = item.column if item.column in households else item.predicate
    values = households[shown].iloc[at] if shown in households else [None] * len(at)
    return pd.DataFrame(
        {
            "household_id": ids.iloc[at].to_numpy(),
            "dimension": item.dimension,
            "indicator": item.code,
            "met": pd.array([None if np.isnan(answer) else False for answer in g[at]], dtype="boolean"),
            "value": ["" if v is None or pd.isna(v) else str(v) for v in values],
            "cutoff": cutoff,
            "reason_zh": item.label.zh,
            "reason_en": item.label.en,
            "evidence_on": pd.to_datetime(evidence.iloc[at]).to_numpy().astype("datetime64[s]"),
        }
    )
