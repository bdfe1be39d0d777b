"""Deprivations of units by a design, and the test that one failing item fails."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError, unknown
from relapse_risk.parameters import Parameters, Place
from relapse_risk.poverty.lines import line_of
from relapse_risk.predicates import Predicate, Setting, holds, needs, setting_on
from relapse_risk.predicates.comparisons import limit_values
from relapse_risk.predicates.truth import numeric

__all__ = [
    "DeprivationMatrix",
    "Guarantees",
    "deprivation_matrix",
    "guarantee_test",
]

from relapse_risk.poverty.deprivation_design import Deprivation, DeprivationDesign

Array = npt.NDArray[np.float64]


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


_COMPARE: Mapping[str, Callable[[Array, float | Array], npt.NDArray[np.bool_]]] = MappingProxyType(
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
    """The number an indicator is compared with on the setting's day; NaN for those without one.

    An income is compared with the line of its own year instead (:func:`deprived`)."""
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
        raise unknown("column", absent[0], frame.columns, where, ModelError)
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
        limit = setting.line_of_income(item.line, frame) if item.line is not None else cutoff
        known = known & ~(np.isnan(limit) & (item.line is not None))
        flags = _COMPARE[item.deprived_when](numbers, limit)
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
    >>> from relapse_risk.poverty import read_deprivation
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
    >>> from relapse_risk.poverty import read_deprivation
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
