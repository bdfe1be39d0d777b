"""Scores of any units through a design: values to indicators, indicators to sub-indexes, sub-indexes to need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError, unknown
from relapse_risk.hardship.aggregate import AGGREGATES
from relapse_risk.hardship.design import TOP, IndexDesign, Indicator
from relapse_risk.hardship.normalise import NORMALISERS, goalposts

__all__ = ["Composite", "column_of", "composite", "indicator_scores", "indicator_values", "score_units"]

Array = npt.NDArray[np.float64]


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


def column_of(households: pd.DataFrame, name: str) -> Array:
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
        total = total + coefficient * column_of(households, name)
    if item.per:
        divisor = column_of(households, item.per)
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
