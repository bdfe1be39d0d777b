"""The index of households: inputs to indicators, indicators to sub-indexes, sub-indexes to need, need to priority."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError, unknown
from relapse_risk.hardship.aggregate import AGGREGATES
from relapse_risk.hardship.design import TOP, IndexDesign, Indicator
from relapse_risk.hardship.normalise import NORMALISERS, goalposts
from relapse_risk.months import month_end
from relapse_risk.parameters import DatedValue, Parameters, Place
from relapse_risk.poverty import first_line
from relapse_risk.predicates.setting import INCOME_PERIOD, values_at

__all__ = [
    "Composite",
    "HardshipIndex",
    "LeftOut",
    "composite",
    "hardship_index",
    "index_lines",
    "indicator_scores",
    "indicator_values",
    "score_units",
]

Array = npt.NDArray[np.float64]
KEYS = ("household_id", "county_code", "town_code", "village_code")
INCOMES = frozenset(
    {"net_income", "income_pc_year", "income_after_rigid"}
)  # measured against the line of their own year


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An indicator that could not be computed for anybody, and why."""

    indicator: str
    dimension: str
    reason: str


@dataclass(frozen=True, slots=True)
class Composite:
    """Scores of every node of a design on a matrix of indicators.

    Attributes
    ----------
    scores : DataFrame, shape (n, indicators + sub-indexes + 1)
        One column per code, ``need`` last; NaN where nothing below was answered.
    weights : DataFrame, shape (n, dimensions)
        Weight of each child of the top in each row after sharing, summing to one.
    """

    scores: pd.DataFrame
    weights: pd.DataFrame


@dataclass(frozen=True, slots=True)
class HardshipIndex:
    """Need and priority of households with reasons.

    Attributes
    ----------
    frame : DataFrame, one row per household
        household_id, county_code, town_code, ``sub_<dimension>`` (0-100), need (0-100), aid_share (0-1),
        priority (0-100), answered (share of the design's weight that was answered, 0-1), income_pc_year (tie-break).
    reasons : DataFrame, long
        household_id, subindex, points: the points of a household sum to its need.
    left_out : tuple of LeftOut
        Indicators never collected here; their weight went to their siblings.
    design : IndexDesign
        The design as used.
    lines : tuple of DatedValue
        Dated lines used as anchors.
    values : DataFrame, shape (n, indicators)
        Raw value of each indicator (before goalposts), by code; null unanswered.
    """

    frame: pd.DataFrame
    reasons: pd.DataFrame
    left_out: tuple[LeftOut, ...]
    design: IndexDesign
    lines: tuple[DatedValue, ...]
    values: pd.DataFrame

    def summary(self) -> str:
        """A few plain lines: households, mean and range of need, what was left out."""
        need = self.frame["need"]
        out = ", ".join(item.indicator for item in self.left_out) or "nothing"
        return (
            f"{self.design.id}: {len(self.frame)} households, need mean {need.mean():.2f}, "
            f"range {need.min():.2f} to {need.max():.2f}; left out: {out}"
        )

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>{self.frame.head(10).to_html(index=False)}"


def index_lines(design: IndexDesign, parameters: Parameters, place: Place, day: date) -> dict[str, DatedValue]:
    """The dated line of each indicator (and ``aid``) that is measured against one; those without a line are absent."""
    found: dict[str, DatedValue] = {}
    aid = [("aid", design.aid.over)] if design.aid else []
    for code, roles in [(item.code, item.over) for item in design.indicators] + aid:
        line = first_line(roles, place, parameters, day) if roles else None
        if line is not None:
            found[code] = line
    return found


def line_values(households: pd.DataFrame, item: Indicator, line: DatedValue, parameters: Parameters) -> float | Array:
    """What an indicator is divided by: an income by the line of the year it is of, anything else by the day's."""
    if INCOME_PERIOD not in households or not INCOMES & set(item.inputs):
        return line.value
    values = values_at(parameters, line.name, households[INCOME_PERIOD])
    return np.where(households[INCOME_PERIOD].isna().to_numpy(dtype=bool), line.value, values)


def _lines_used(
    households: pd.DataFrame, design: IndexDesign, lines: Mapping[str, DatedValue], parameters: Parameters
) -> tuple[DatedValue, ...]:
    """Every dated line that some household was measured against."""
    used = {(line.name, line.start): line for line in lines.values()}
    periods = households[INCOME_PERIOD].dropna().unique() if INCOME_PERIOD in households else ()
    for item in design.indicators:
        if item.code in lines and INCOMES & set(item.inputs):
            for period in periods:
                if np.isfinite(values_at(parameters, lines[item.code].name, pd.Series([period]))[0]):
                    own = parameters.on(lines[item.code].name, month_end(period))
                    used[own.name, own.start] = own
    return tuple(used.values())


def _column(households: pd.DataFrame, name: str) -> Array:
    """A column as floats with NaN for null; a column that is not there at all is all NaN (never collected)."""
    if name not in households:
        return np.full(len(households), np.nan)
    return households[name].to_numpy(dtype=np.float64, na_value=np.nan)


def indicator_values(households: pd.DataFrame, item: Indicator, line: float | Array | None = None) -> Array:
    """Raw value of one indicator: sum(coefficient × column) / per / line; shape (n,), NaN unanswered.

    Infinite values (a burden over zero income) are kept: goalposts hold them at the worst.
    """
    total = np.zeros(len(households))
    for name, coefficient in item.columns:
        total = total + coefficient * _column(households, name)
    if item.per:
        divisor = _column(households, item.per)
        total = total / np.where(divisor > 0, divisor, np.nan)
    return total / line if line is not None else total


def _filled(scores: Array, item: Indicator, where: str) -> Array:
    """Scores with unanswered rows treated as the indicator's missing policy says."""
    gaps = np.isnan(scores)
    if item.missing == "share" or not gaps.any() or gaps.all():
        return scores
    if item.missing == "refuse":
        raise ModelError(
            f"{int(gaps.sum())} unanswered, first in row {int(np.flatnonzero(gaps)[0])}",
            where=where,
            expected="an answer in every row (missing: refuse)",
            fix="collect them or choose share, median, worst or best",
        )
    known = scores[~gaps]
    value = {"worst": known.max(), "best": known.min(), "median": float(np.median(known))}[item.missing]
    if item.normalise == "goalposts" and item.missing != "median":
        value = {"worst": 100.0, "best": 0.0}[item.missing]
    return np.where(gaps, value, scores)


def indicator_scores(values: Array, item: Indicator, where: str) -> Array:
    """Normalised score of one indicator, missing policy applied; shape (n,)."""
    options = dict(item.options)
    if item.normalise == "goalposts":
        scores = goalposts(values, item.worst, item.best, where=where, **options)
    else:
        oriented = values if item.direction == "up" else -values
        scores = NORMALISERS[item.normalise](oriented, where=where, **options)
    return _filled(scores, item, where)


def score_units(units: pd.DataFrame, design: IndexDesign, lines: Mapping[str, float] | None = None) -> Composite:
    """Any units (households, villages, countries) through a design: normalise, treat missing answers, aggregate.

    Parameters
    ----------
    units : DataFrame
        Columns the design reads.
    design : IndexDesign
    lines : mapping of indicator code to float, optional
        Divisors for indicators with ``over``.

    Returns
    -------
    Composite

    Raises
    ------
    ModelError
        For a column that is absent or has no answer, a constant column where the data set the scale, or an infinite
        value; names the design file and the indicator.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, doi:10.1787/9789264043466-en.

    Examples
    --------
    >>> from relapse_risk.hardship import design_from_table
    >>> meta = pd.DataFrame({"code": ["all", "a", "b"], "parent": [None, "all", "all"], "weight": [1.0, 1, 1], "direction": [None, 1, -1]})
    >>> score_units(pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, 2, 3]}), design_from_table(meta)).scores["need"].tolist()
    [50.0, 50.0, 50.0]
    """
    scores = {}
    for item in design.indicators:
        where = f"{design.file}: {item.code}"
        for name in item.inputs:
            if name not in units:
                raise unknown("column", name, units.columns, where, ModelError)
        values = indicator_values(units, item, (lines or {}).get(item.code))
        if np.isnan(values).all():
            raise ModelError("nothing was answered", where=where, got="all missing", fix="leave the indicator out")
        scores[item.code] = indicator_scores(values, item, where)
    return composite(scores, design)


def _order(design: IndexDesign) -> list[str]:
    """Inner nodes so that children come before parents."""
    depth: dict[str, int] = {}
    parents = {sub.code: sub.parent for sub in design.subindexes}
    for code in parents:
        steps, above = 0, parents[code]
        while above != TOP:
            steps, above = steps + 1, parents[above]
        depth[code] = steps
    return sorted(parents, key=lambda code: -depth[code])


def composite(scores: Mapping[str, Array] | pd.DataFrame, design: IndexDesign) -> Composite:
    """Aggregate indicator scores up the hierarchy of ``design``.

    Parameters
    ----------
    scores : DataFrame or mapping of code to array of shape (n,)
        One entry per indicator of the design, already normalised; NaN unanswered.
    design : IndexDesign

    Returns
    -------
    Composite

    Raises
    ------
    ModelError
        If an indicator of the design has no scores.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, doi:10.1787/9789264043466-en.

    Examples
    --------
    >>> from relapse_risk.hardship import design_from_table
    >>> meta = pd.DataFrame({"code": ["all", "a", "b"], "parent": [None, "all", "all"], "weight": [1.0, 3, 1], "direction": [None, 1, 1]})
    >>> composite({"a": np.array([100.0]), "b": np.array([0.0])}, design_from_table(meta)).scores["need"].tolist()
    [75.0]
    """
    nodes: dict[str, Array] = {}
    for code in design.codes:
        if code not in scores:
            raise ModelError("no scores for an indicator", where=f"{design.file}: {code}", got=sorted(scores))
        nodes[code] = np.asarray(scores[code], dtype=np.float64)
    methods = {sub.code: sub.aggregate for sub in design.subindexes}
    for code in [*_order(design), TOP]:
        items = design.children(code)
        method = AGGREGATES[methods.get(code, design.aggregate)]
        nodes[code] = method(np.column_stack([nodes[item.code] for item in items]), [item.weight for item in items])
    top = design.children(TOP)
    known = ~np.isnan(np.column_stack([nodes[item.code] for item in top]))
    share = known * np.array([item.weight for item in top])
    with np.errstate(invalid="ignore", divide="ignore"):
        share = share / share.sum(axis=1, keepdims=True)
    return Composite(pd.DataFrame(nodes), pd.DataFrame(share, columns=[item.code for item in top]))


def _usable(
    households: pd.DataFrame, design: IndexDesign, lines: Mapping[str, DatedValue], parameters: Parameters
) -> tuple[IndexDesign, dict[str, Array], tuple[LeftOut, ...]]:
    """The design without what was never collected, the raw values of the rest, and what was left out and why."""
    values: dict[str, Array] = {}
    out: list[LeftOut] = []
    for item in design.indicators:
        line = lines.get(item.code)
        raw = indicator_values(households, item, line_values(households, item, line, parameters) if line else None)
        if item.over and line is None:
            out.append(LeftOut(item.code, item.parent, f"no line among {', '.join(item.over)} in this place"))
        elif np.isnan(raw).all():
            empty = [name for name in item.inputs if np.isnan(_column(households, name)).all()] or list(item.inputs)
            out.append(LeftOut(item.code, item.parent, f"not collected: {', '.join(empty)}"))
        else:
            values[item.code] = raw
    if not values:
        raise ModelError("no indicator of the design was collected", where=design.file, got=sorted(households.columns))
    return (design.without([item.indicator for item in out]) if out else design), values, tuple(out)


def aid_share(households: pd.DataFrame, design: IndexDesign, lines: Mapping[str, DatedValue]) -> Array:
    """min(most, aid / (per × line)), never negative; NaN where aid or size was not collected."""
    if design.aid is None or "aid" not in lines:
        return np.full(len(households), np.nan)
    per = _column(households, design.aid.per)
    aid = _column(households, design.aid.column)
    share: Array = np.clip(aid / (np.where(per > 0, per, np.nan) * lines["aid"].value), 0.0, design.aid.most)
    return share


def answered_share(raw: Mapping[str, Array], design: IndexDesign) -> Array:
    """Share of the whole design's weight that was answered in each row."""
    weights = design.effective_weights()
    return np.sum([weights[code] * ~np.isnan(values) for code, values in raw.items()], axis=0)


def _reasons(ids: pd.Series, result: Composite, design: IndexDesign) -> pd.DataFrame:
    """Points of each dimension, long: weight × score, which sum to need (arithmetic top only)."""
    codes = list(result.weights.columns)
    points = result.weights.to_numpy() * result.scores[codes].to_numpy()
    if design.aggregate != "arithmetic":
        # Any other mean is attributed in proportion, so that points still sum to the score.
        need = result.scores[TOP].to_numpy()
        total = np.nansum(points, axis=1)
        points = points * np.divide(need, total, out=np.zeros_like(need), where=total > 0)[:, None]
    return pd.DataFrame(
        {
            "household_id": np.repeat(ids.to_numpy(), len(codes)),
            "subindex": np.tile(np.array(codes, dtype=object), len(ids)),
            "points": np.nan_to_num(points).ravel(),
        }
    ).astype({"household_id": "str", "subindex": "str"})


def hardship_index(
    households: pd.DataFrame, design: IndexDesign, parameters: Parameters, place: Place, day: date
) -> HardshipIndex:
    """Need and priority of every household.

    Parameters
    ----------
    households : DataFrame
        One row per household, as :func:`relapse_risk.derive.household_frame` gives it: household_id, county_code,
        town_code and the columns the design reads. A column of the household frame that is absent or all null was
        never collected; a design of columns of one's own (``reads: own``) must find them all.
    design : IndexDesign
    parameters, place, day
        Dated lines; anchors are ratios to the line of the year an income is of (``income_period``, where the frame
        has it), and else to that in force on ``day``.

    Returns
    -------
    HardshipIndex

    Raises
    ------
    ModelError
        For no household, a duplicated or missing household_id, a design none of whose inputs was collected, or an
        own column that is absent (naming the nearest).

    Notes
    -----
    score = 100 (x - best) / (worst - best) held to [0, 100]; sub-indexes and need are weighted means of what was
    answered; priority = need × (1 - aid_share). Nothing depends on the other households, so a county scores the same
    alone or with the city.

    References
    ----------
    OECD and JRC (2008), doi:10.1787/9789264043466-en, on goalposts and weighted means; the design file names its
    own sources.

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.hardship import read_index
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> homes = pd.DataFrame({"household_id": ["a", "b", "c"], "county_code": "371425", "town_code": "371425100",
    ...                       "income_pc_year": [3000.0, 4500.0, 9000.0]})
    >>> index = hardship_index(homes, read_index(), read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> index.frame["need"].is_monotonic_decreasing  # poorer is needier
    True
    """
    if "household_id" not in households or households.empty:
        raise ModelError("no households", where="hardship_index", got=list(households.columns))
    ids = households["household_id"].reset_index(drop=True)
    if ids.isna().any() or ids.duplicated().any():
        raise ModelError(
            "household_id is missing or repeated",
            where="hardship_index",
            got=ids[ids.isna() | ids.duplicated()].iloc[0],
            expected="one row per household",
        )
    if design.reads == "own":
        for name in design.inputs:
            if name not in households:
                raise unknown("column", name, households.columns, design.file, ModelError)
    lines = index_lines(design, parameters, place, day)
    used, raw, left_out = _usable(households, design, lines, parameters)
    scores = {i.code: indicator_scores(raw[i.code], i, f"{design.file}: {i.code}") for i in used.indicators}
    result = composite(scores, used)
    aided = aid_share(households, used, lines)
    frame = pd.DataFrame({name: households[name].to_numpy() for name in KEYS if name in households})
    for code in design.dimensions:
        frame[f"sub_{code}"] = result.scores.get(code, np.nan)
    frame["need"] = result.scores[TOP]
    frame["aid_share"] = aided
    frame["priority"] = frame["need"] * (1 - aided)
    frame["answered"] = answered_share(raw, design)
    frame["income_pc_year"] = _column(households, "income_pc_year")
    raw_frame = pd.DataFrame({code: raw[code] for code in used.codes})
    dated = _lines_used(households, used, lines, parameters)
    return HardshipIndex(frame, _reasons(ids, result, used), left_out, used, dated, raw_frame)
