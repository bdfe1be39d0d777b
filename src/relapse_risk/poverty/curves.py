"""Curves that compare distributions: growth incidence, the three I's of poverty, poverty at every line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes, check_positive, check_weights
from relapse_risk.poverty.curve_result import Curve
from relapse_risk.poverty.fgt_measures import poverty_gaps
from relapse_risk.poverty.inference import estimate
from relapse_risk.poverty.linearised import Mean
from relapse_risk.poverty.survey import SurveyDesign, survey_design
from relapse_risk.rows import by_row, in_order, with_labels

__all__ = ["dominance_curves", "growth_incidence", "tip_curves"]

PERCENTILES = tuple(p / 100 for p in range(1, 100))


def _quantiles(income: Array, weights: Array, orders: Array) -> Array:
    """Smallest incomes whose cumulated share of weight reaches each order (rule ``step`` of ``weighted_quantile``)."""
    ranked = np.argsort(income, kind="stable")
    ranked = ranked[weights[ranked] > 0]
    cumulated = np.cumsum(weights[ranked])
    at = np.searchsorted(cumulated, orders * cumulated[-1] * (1 - 1e-14), side="left")
    out: Array = income[ranked[np.minimum(at, ranked.size - 1)]]
    return out


@by_row("second", "weights_second")
@by_row("first", "weights_first")
def growth_incidence(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    weights_first: npt.ArrayLike | None = None,
    weights_second: npt.ArrayLike | None = None,
    years: float = 1,
    orders: Sequence[float] = PERCENTILES,
) -> Curve:
    """Growth incidence curve: growth of the income at each share of people, between two cross-sections.

    Parameters
    ----------
    first, second : array_like, shape (n,) and (m,)
        Positive incomes of the earlier and the later round, in the same prices.
    weights_first, weights_second : array_like, optional
    years : float
        Between the rounds; growth is per year.
    orders : sequence of float
        Shares of people, above 0 and below 1.

    Returns
    -------
    Curve
        frame: population (order), growth (percent per year).

    Raises
    ------
    ModelError
        For incomes that are missing or not positive, bad weights, years that are not positive, or orders outside 0 to 1.

    References
    ----------
    Ravallion and Chen (2003), doi:10.1016/S0165-1765(02)00205-7: g(p) = (y2(p) / y1(p)) ** (1 / years) - 1.

    Examples
    --------
    >>> growth_incidence([100.0, 200.0], [121.0, 200.0], years=2, orders=[0.5, 0.9])["growth"].round(9).tolist()
    [10.0, 0.0]
    """
    rounds = []
    for name, income, weights in (("first", first, weights_first), ("second", second, weights_second)):
        x = check_positive(check_incomes(income, f"growth_incidence: {name}"), "growth_incidence")
        rounds.append((x, check_weights(weights, x.size, f"growth_incidence: weights_{name}")))
    p = np.asarray(orders, dtype=np.float64)
    if p.ndim != 1 or p.size == 0 or not ((p > 0) & (p < 1)).all():
        raise ModelError(
            "not shares of people", where="growth_incidence", got=list(orders), expected="above 0, below 1"
        )
    if not np.isfinite(years) or years <= 0:
        raise ModelError("not a time", where="growth_incidence: years", got=years, expected="> 0")
    early, late = (_quantiles(x, w, p) for x, w in rounds)
    growth = 100 * ((late / early) ** (1 / years) - 1)
    means = [float(w @ x / w.sum()) for x, w in rounds]
    of_mean = 100 * ((means[1] / means[0]) ** (1 / years) - 1)
    note = f"growth per year: of the mean {of_mean:.2f} %, mean over {p.size} shares of people {growth.mean():.2f} %"
    return Curve("growth", pd.DataFrame({"population": p, "growth": growth}), note)


def _weights_of(name: str, income: Any, weights: Mapping[str, npt.ArrayLike] | None, where: str) -> Any:
    """The weights of one of several distributions, in the order of the rows of its incomes."""
    labels = with_labels(income)
    if weights is None or labels is None:
        return None if weights is None else weights[name]
    return in_order(weights[name], labels, f"{where}: weights of {name}")


def tip_curves(
    incomes: Mapping[str, npt.ArrayLike], line: float, weights: Mapping[str, npt.ArrayLike] | None = None
) -> Curve:
    """TIP curves ("three I's of poverty"): poverty gaps per head of all, cumulated from the poorest, of each distribution.

    Parameters
    ----------
    incomes : mapping of name to array_like
    line : float
        The same currency and period.
    weights : mapping of name to array_like, optional

    Returns
    -------
    Curve
        frame: group, population, gap (share of the line); flat from the headcount on, at the poverty gap.

    Raises
    ------
    ModelError
        For missing incomes, a line that is not positive, or bad weights.

    References
    ----------
    Jenkins and Lambert (1997), doi:10.1093/oxfordjournals.oep.a028611.

    Examples
    --------
    >>> tip_curves({"all": [50, 80, 200, 300]}, 100)["gap"].tolist()
    [0.0, 0.125, 0.175, 0.175, 0.175]
    """
    parts, said = [], []
    for name, income in incomes.items():
        gaps = poverty_gaps(income, line, 1)
        w = check_weights(_weights_of(name, income, weights, "tip_curves"), gaps.size)
        order = np.argsort(-gaps, kind="stable")
        share = np.concatenate(([0.0], np.cumsum(w[order]) / w.sum()))
        gap = np.concatenate(([0.0], np.cumsum((w * gaps)[order]) / w.sum()))
        parts.append(pd.DataFrame({"group": name, "population": share, "gap": gap}))
        said.append(f"{name} {gap[-1]:.4f}")
    return Curve("tip", pd.concat(parts, ignore_index=True), f"poverty gap at the line {line:g}: {', '.join(said)}")


def dominance_curves(
    incomes: Mapping[str, npt.ArrayLike],
    lines: Sequence[float],
    order: int = 1,
    weights: Mapping[str, npt.ArrayLike] | None = None,
    designs: Mapping[str, SurveyDesign] | None = None,
    level: float = 0.95,
) -> Curve:
    """Poverty incidence (order 1), deficit (2) or severity (3) of each distribution at many lines, with its interval.

    A distribution whose curve is nowhere above another's has no more poverty at any of these lines. The intervals are of
    each line by itself, not of the whole curve.

    Parameters
    ----------
    incomes : mapping of name to array_like
    lines : sequence of float
    order : {1, 2, 3}
    weights : mapping of name to array_like, optional
    designs : mapping of name to SurveyDesign, optional
        Instead of weights; without it every row is its own cluster.
    level : float
        Coverage of the interval.

    Returns
    -------
    Curve
        frame: line, group, value (mean of max(z - x, 0) ** (order - 1), counted where x < z), se, low, high.

    Raises
    ------
    ModelError
        For another order, missing incomes or bad weights.

    References
    ----------
    Atkinson (1987), doi:10.2307/1911028; Davidson and Duclos (2000), doi:10.1111/1468-0262.00167.

    Examples
    --------
    >>> dominance_curves({"a": [1.0, 3.0]}, [2.0, 4.0])["value"].tolist()
    [0.5, 1.0]
    """
    if order not in (1, 2, 3):
        raise ModelError("unknown order", where="dominance_curves", got=order, expected="1, 2 or 3")
    rows = []
    for name, values in incomes.items():
        x = check_incomes(values, name)
        design = None if designs is None else designs[name]
        if design is None:
            design = survey_design(check_weights(_weights_of(name, values, weights, "dominance_curves"), x.size))
        for z in lines:
            gap = np.where(x < z, np.maximum(z - x, 0.0) ** (order - 1), 0.0)
            found = estimate(Mean(), gap, design, level=level).frame.iloc[0]
            rows.append((float(z), name, found["value"], found["se"], max(found["low"], 0.0), found["high"]))
    frame = pd.DataFrame(rows, columns=["line", "group", "value", "se", "low", "high"])
    what = {1: "headcount ratio", 2: "mean gap", 3: "mean squared gap"}[order]
    return Curve(
        "dominance", frame, f"{what} of {len(incomes)} distributions at {len(lines)} lines, {level:.0%} interval"
    )
