"""Any long panel as rows a score can learn from: which column is what, and the features it declares, from one file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from relapse_risk.errors import ModelError, ParameterError, unknown
from relapse_risk.languages import Label
from relapse_risk.parameters import params_dir
from relapse_risk.register.plain_tables import PlainTable, read_plain_table
from relapse_risk.relapse.features import FAMILIES, PROTECTED, Feature
from relapse_risk.relapse.household_features import Compute
from relapse_risk.relapse.panel_cells import keys, months_of, numbers, texts
from relapse_risk.yaml_reading import check_model, label_of_keys, named_file, read_yaml

__all__ = ["Panel", "PanelDesign", "PanelFeature", "plain_design", "read_panel", "read_panel_design"]

Code = int | str
Role = Literal["household_id", "county_code", "village_code", "income", "line", "weight", "size"]
PLAIN_NAMES: dict[Role, tuple[str, ...]] = {
    "household_id": ("household_id",), "county_code": ("county_code",), "village_code": ("village_code",),
    "income": ("income", "income_pc_year"), "line": ("line", "poverty_line"), "weight": ("weight",), "size": ("size",),
}  # fmt: skip


class PanelFeature(BaseModel):
    """One feature of a research panel.

    ``column`` divided by ``per``, multiplied by ``times`` and held to ``bottom`` … ``top``; or 1 where it is one of
    ``codes`` (numbers or text), at least ``from`` or under ``under``, else 0.  Codes of "no answer" are unknown.  A label
    in one language stands for both.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    by_language = label_of_keys("label", one_for_all=True)
    name: str
    label: Label
    unit: str
    family: str
    column: str
    per: str | None = None
    times: float = 1.0
    top: float | None = None
    bottom: float | None = None
    codes: tuple[Code, ...] = ()
    at_least: float | None = Field(default=None, alias="from")
    under: float | None = None
    direction: Literal[-1, 0, 1] = 0

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.column,) if self.per is None else (self.column, self.per)


class PanelMonth(BaseModel):
    """How a row says when it was: ``year`` (its December) with ``quarter`` or ``month``; ``month`` alone (YYYY-MM, a date,
    or a year); or ``wave``, whose ``months`` say when each wave was."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    year: str | None = None
    quarter: str | None = None
    month: str | None = None
    wave: str | None = None
    months: dict[Code, str] = {}

    @model_validator(mode="after")
    def _one_way(self) -> PanelMonth:
        given = tuple(name for name in ("year", "quarter", "month", "wave") if getattr(self, name) is not None)
        if given not in (("year",), ("year", "quarter"), ("year", "month"), ("month",), ("wave",)):
            raise ValueError("expected year, year and quarter, year and month, month, or wave")
        if bool(self.months) != (given == ("wave",)):
            raise ValueError("months: the month of each wave, such as {1: 1993-12, 2: 1997-12}, go with wave")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name in (self.year, self.quarter, self.month, self.wave) if name is not None)


class PanelDesign(BaseModel):
    """Which column of a research panel is what, and its features.

    Attributes
    ----------
    columns : dict
        Role to column; ``line`` may be a number instead.  Household, income and line are needed.
    unknown : tuple
        Codes of "no answer" in columns of features.
    missing : tuple of str
        What else an empty cell is written as (``-``, ``not known``).
    horizon_months : int or None
        ``None``: the next visit, however far.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    label: Label
    columns: dict[Role, str | float]
    line_times: float = 1.0
    periods_a_year: float = 1.0
    month: PanelMonth
    horizon_months: int | None = None
    imputed: str | None = None
    unknown: tuple[Code, ...] = ()
    missing: tuple[str, ...] = ()
    features: tuple[PanelFeature, ...] = ()

    @model_validator(mode="after")
    def _columns(self) -> PanelDesign:
        lacking = [role for role in ("household_id", "income", "line") if role not in self.columns]
        if lacking:
            raise ValueError(f"columns: no column is named for {lacking[0]}")
        numeric = [role for role, column in self.columns.items() if not isinstance(column, str) and role != "line"]
        if numeric:
            raise ValueError(f"columns.{numeric[0]}: expected the name of a column; only line may be a number")
        return self


@dataclass(frozen=True, slots=True)
class Panel:
    """A long panel and the features it offers beyond those of a register.

    Attributes
    ----------
    frame : DataFrame
        household_id, month, income_period, income_pc_year, poverty_line, weight; county_code, village_code, size and
        income_imputed where the panel has them; and the raw columns of the features.
    features : tuple of Feature
    horizon_months : int or None
    raw : tuple of str
        Raw columns of numbers the features are made of.
    """

    frame: pd.DataFrame
    features: tuple[Feature, ...]
    horizon_months: int | None
    raw: tuple[str, ...]


def read_panel_design(name: str, folder: str | Path | None = None) -> PanelDesign:
    """Read ``panels/<name>.yaml``.

    Examples
    --------
    >>> read_panel_design("argentina_eph").line_times
    0.6
    """
    path = named_file(params_dir(folder) / "panels", name, "panel")
    file = f"panels/{name}.yaml"
    design = check_model(PanelDesign, read_yaml(path), file)
    for feature in design.features:
        if feature.family not in FAMILIES:
            raise unknown("family", feature.family, FAMILIES, f"{file}: features, {feature.name}")
        for column in feature.needs:
            if column in PROTECTED:
                where = f"{file}: features, {feature.name}"
                raise ParameterError("a feature reads what no score may read", where=where, got=column)
    return design


def plain_design(columns: Iterable[str]) -> PanelDesign:
    """The design of a panel whose columns have the documented names: household_id, month, income, line.

    ``income_pc_year`` and ``poverty_line`` do as well; county_code, village_code, weight and size are used where there.

    Raises
    ------
    ModelError
        Naming the first column that is not there.

    Examples
    --------
    >>> plain_design(["household_id", "month", "income", "line", "weight"]).columns["weight"]
    'weight'
    """
    there = list(columns)
    chosen: dict[Role, str | float] = {}
    for role, names in PLAIN_NAMES.items():
        held = [name for name in names if name in there]
        if held:
            chosen[role] = held[0]
        elif role in ("household_id", "income", "line"):
            raise _lacking(role, there)
    if "month" not in there:
        raise _lacking("month", there)
    return PanelDesign(
        name="plain", label=Label(zh="面板", en="Panel"), columns=chosen, month=PanelMonth(month="month")
    )


def _lacking(name: str, there: Sequence[str]) -> ModelError:
    return ModelError(
        f"the panel has no column {name}", where="panel", got=there[:30], expected="household_id, month, income and line",
        fix=f"rename the column to {name}, or describe the columns in params/panels/NAME.yaml and pass --design NAME",
    )  # fmt: skip


def read_panel(source: pd.DataFrame | Path, design: PanelDesign | None = None) -> Panel:
    """The panel of ``source`` (a frame, or a CSV, Parquet, Stata or SPSS file) by ``design``.

    Without a design its columns have the names of :func:`plain_design`.

    Raises
    ------
    SourceError
        For a file that is missing, damaged or of another kind.
    ModelError
        For a column the panel does not have (naming the nearest), a cell that cannot be read (naming its line), or a
        feature that reads a protected trait.
    """
    if isinstance(source, pd.DataFrame):
        raw = PlainTable("panel", source.reset_index(drop=True), np.arange(1, len(source) + 1))
    else:
        raw = read_plain_table(Path(source))
    if raw.frame.empty:
        raise ModelError("headers but no rows", where=raw.name, expected="at least one row")
    chosen = design or plain_design(map(str, raw.frame.columns))
    used = sorted({name for spec in chosen.features for name in spec.needs})
    named = [column for column in chosen.columns.values() if isinstance(column, str)]
    named += [*chosen.month.columns, *([chosen.imputed] if chosen.imputed else [])]
    for name in (*named, *used):
        if name not in raw.frame.columns:
            raise unknown("column of the panel", name, raw.frame.columns, f"panels/{chosen.name}.yaml", ModelError)
    protected = [name for name in used if name in PROTECTED]
    if protected:
        raise ModelError("a feature reads what no score may read", where=f"panels/{chosen.name}", got=protected[0])
    given = {name: _feature_column(raw, name, chosen) for name in used}
    frame = _frame(raw, chosen)
    frame = pd.concat(
        [frame, pd.DataFrame({k: v for k, v in given.items() if k not in frame}, index=frame.index)], axis=1
    )
    features = tuple(_feature(spec, chosen.unknown) for spec in chosen.features)
    numeric = tuple(name for name in used if pd.api.types.is_numeric_dtype(frame[name]))
    return Panel(frame, features, chosen.horizon_months, numeric)


def _frame(raw: PlainTable, design: PanelDesign) -> pd.DataFrame:
    columns = design.columns
    month = months_of(raw, design.month.columns, design.month.months, design.missing, quarter=design.month.quarter)
    found = {
        "household_id": keys(raw, str(columns["household_id"]), design.missing),
        "month": month,
        "income_period": month,
    }
    for role in ("county_code", "village_code"):
        if role in columns:
            found[role] = keys(raw, str(columns[role]), design.missing)

    def amount(role: Role) -> pd.Series:
        column = columns[role]
        if isinstance(column, str):
            return numbers(raw, column, design.missing)
        return pd.Series(float(column), index=raw.frame.index)

    found["income_pc_year"] = amount("income") * design.periods_a_year
    found["poverty_line"] = amount("line") * design.line_times * design.periods_a_year
    found["weight"] = amount("weight") if "weight" in columns else pd.Series(1.0, index=raw.frame.index)
    if "size" in columns:
        found["size"] = amount("size")
    if design.imputed is not None:
        found["income_imputed"] = numbers(raw, design.imputed, design.missing)
    return pd.DataFrame(found)


def _feature_column(raw: PlainTable, name: str, design: PanelDesign) -> pd.Series:
    """A column of features: text where its codes are text, else numbers."""
    own = [spec for spec in design.features if name in spec.needs]
    codes = [code for spec in own if spec.column == name for code in spec.codes]
    if any(isinstance(code, str) for code in codes):
        counted = [spec.name for spec in own if not (spec.codes and spec.column == name)]
        if counted:
            raise ModelError(
                "a column of text codes is used as a number", where=f"panels/{design.name}.yaml: features, {counted[0]}",
                got=name, fix="give the feature codes",
            )  # fmt: skip
        return texts(raw, name, design.missing)
    return numbers(raw, name, design.missing)


def _feature(spec: PanelFeature, unknown_codes: tuple[Code, ...]) -> Feature:
    return Feature(
        spec.name, spec.label, spec.unit, spec.family, spec.needs, _computed(spec, unknown_codes), spec.direction
    )


def _computed(spec: PanelFeature, unknown_codes: tuple[Code, ...]) -> Compute:
    """How ``spec`` is computed from its columns."""

    def compute(frame: pd.DataFrame) -> pd.Series:
        if spec.codes:
            return _is_code(frame[spec.column], spec.codes, unknown_codes)
        values = frame[spec.column].astype("float64")
        known = values.notna()
        if spec.at_least is not None or spec.under is not None:
            low = -np.inf if spec.at_least is None else spec.at_least
            high = np.inf if spec.under is None else spec.under
            return ((values >= low) & (values < high)).astype("float64").where(known)
        if spec.per is not None:
            by = frame[spec.per].astype("float64")
            values = values / by.where(by > 0)
        return (values * spec.times).clip(spec.bottom, spec.top)

    return compute


def _is_code(values: pd.Series, codes: tuple[Code, ...], unknown_codes: tuple[Code, ...]) -> pd.Series:
    wanted: list[Code] = list(codes)
    nothing: list[Code] = [code for code in unknown_codes if isinstance(code, int)]
    if not pd.api.types.is_numeric_dtype(values):
        wanted, nothing = [str(code) for code in codes], [str(code) for code in unknown_codes]
    return values.isin(wanted).astype("float64").where(values.notna() & ~values.isin(nothing))
