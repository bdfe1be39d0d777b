"""Any long panel as rows a score can learn from: which column is what, and the features it declares, from one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from relapse_risk.errors import ModelError, ParameterError, unknown
from relapse_risk.languages import Label
from relapse_risk.parameters import params_dir
from relapse_risk.relapse.features import FAMILIES, PROTECTED, Feature
from relapse_risk.relapse.household_features import Compute
from relapse_risk.yaml_reading import check_model, named_file, read_yaml

__all__ = ["Panel", "PanelDesign", "PanelFeature", "read_panel", "read_panel_design"]


class PanelFeature(BaseModel):
    """One feature of a research panel.

    ``column`` divided by ``per``, multiplied by ``times`` and held to ``bottom`` … ``top``; or 1 where it is one of
    ``codes``, at least ``from`` or under ``under``, else 0.  Codes of "no answer" are unknown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    zh: str
    en: str
    unit: str
    family: str
    column: str
    per: str | None = None
    times: float = 1.0
    top: float | None = None
    bottom: float | None = None
    codes: tuple[int, ...] = ()
    at_least: float | None = Field(default=None, alias="from")
    under: float | None = None
    direction: Literal[-1, 0, 1] = 0


class _Month(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    year: str
    quarter: str | None = None


class PanelDesign(BaseModel):
    """Which column of a research panel is what, and its features."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    label: Label
    columns: dict[Literal["household_id", "county_code", "village_code", "income", "line", "weight", "size"], str]
    line_times: float = 1.0
    periods_a_year: float = 1.0
    month: _Month
    horizon_months: int | None = None
    imputed: str | None = None
    unknown: tuple[int, ...] = ()
    features: tuple[PanelFeature, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """A long panel and the features it offers beyond those of a register.

    Attributes
    ----------
    frame : DataFrame
        household_id, county_code, village_code, month, income_period, income_pc_year, poverty_line, weight, size,
        exit_year, income_imputed (where known) and the raw columns of the features.
    features : tuple of Feature
    horizon_months : int or None
    raw : tuple of str
        Raw columns the features are made of.
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
        for column in (feature.column, feature.per):
            if column in PROTECTED:
                where = f"{file}: features, {feature.name}"
                raise ParameterError("a feature reads what no score may read", where=where, got=column)
    return design


def read_panel(source: pd.DataFrame | Path, design: PanelDesign) -> Panel:
    """The panel of ``source`` (a frame, Parquet or CSV file) by ``design``.

    Raises
    ------
    ModelError
        For a missing file, a column the panel does not have (naming the nearest), or a feature that reads a protected
        trait.
    """
    raw = source if isinstance(source, pd.DataFrame) else _read_file(Path(source))
    features = tuple(_feature(spec, design.unknown) for spec in design.features)
    used = sorted({name for feature in features for name in feature.needs})
    named = [*design.columns.values(), design.month.year, *([design.month.quarter] if design.month.quarter else [])]
    for name in (*named, *used):
        if name not in raw.columns:
            raise unknown("column of the panel", name, raw.columns, f"panels/{design.name}.yaml", ModelError)
    protected = [name for name in used if name in PROTECTED]
    if protected:
        raise ModelError("a feature reads what no score may read", where=f"panels/{design.name}", got=protected[0])
    return Panel(_frame(raw, design, used), features, design.horizon_months, tuple(used))


def _read_file(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise ModelError("no such panel file", where=str(path), fix="name a Parquet or CSV file")
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


def _frame(raw: pd.DataFrame, design: PanelDesign, used: Sequence[str]) -> pd.DataFrame:
    columns = design.columns
    county = raw[columns["county_code"]].astype("str")
    last = 12 if design.month.quarter is None else raw[design.month.quarter].astype(int) * 3
    number = pd.Series(last, index=raw.index).astype(int)
    month = raw[design.month.year].astype(int).astype("str") + "-" + number.astype("str").str.zfill(2)
    frame = pd.DataFrame(
        {
            "household_id": raw[columns["household_id"]].astype("str"),
            "county_code": county,
            "village_code": raw[columns["village_code"]].astype("str") if "village_code" in columns else county,
            "month": month,
            "income_period": month,
            "income_pc_year": raw[columns["income"]].astype("float64") * design.periods_a_year,
            "poverty_line": raw[columns["line"]].astype("float64") * design.line_times * design.periods_a_year,
            "weight": raw[columns["weight"]].astype("float64") if "weight" in columns else 1.0,
            "exit_year": pd.array([None] * len(raw), dtype="Int64"),
        }
    )
    if "size" in columns:
        frame["size"] = raw[columns["size"]].astype("float64")
    if design.imputed is not None:
        frame["income_imputed"] = raw[design.imputed].astype("float64")
    return pd.concat([frame, raw[[name for name in used if name not in frame]]], axis=1).reset_index(drop=True)


def _feature(spec: PanelFeature, unknown: tuple[int, ...]) -> Feature:
    needs = (spec.column,) if spec.per is None else (spec.column, spec.per)
    return Feature(spec.name, spec.zh, spec.en, spec.unit, spec.family, needs, _computed(spec, unknown), spec.direction)


def _computed(spec: PanelFeature, unknown: tuple[int, ...]) -> Compute:
    """How ``spec`` is computed from its columns."""

    def compute(frame: pd.DataFrame) -> pd.Series:
        values = pd.to_numeric(frame[spec.column]).astype("float64")
        known = values.notna()
        if spec.codes:
            return values.isin(spec.codes).astype("float64").where(known & ~values.isin(unknown))
        if spec.at_least is not None or spec.under is not None:
            low = -np.inf if spec.at_least is None else spec.at_least
            high = np.inf if spec.under is None else spec.under
            return ((values >= low) & (values < high)).astype("float64").where(known)
        if spec.per is not None:
            by = pd.to_numeric(frame[spec.per]).astype("float64")
            values = values / by.where(by > 0)
        return (values * spec.times).clip(spec.bottom, spec.top)

    return compute
