"""Intervals of a share of five kinds, quantiles with Woodruff intervals, and design effects, under any survey design."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import beta, t

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes
from relapse_risk.poverty.inequality import weighted_quantile
from relapse_risk.poverty.inference import check_domain, check_rows
from relapse_risk.poverty.linearised import Mean
from relapse_risk.poverty.linearised_totals import Variance
from relapse_risk.poverty.survey import SurveyDesign, covariance, interval
from relapse_risk.rows import by_row

__all__ = ["design_effect", "share_interval", "survey_quantile"]

ShareInterval = Literal["normal", "logit", "beta", "arcsine"]
SampleQuantile = Literal["step", "school", "interpolated"]


def share_interval(
    share: float, se: float, rows: int, degrees_of_freedom: float, level: float = 0.95, kind: ShareInterval = "beta"
) -> tuple[float, float]:
    """Confidence limits of a share estimated by a survey.

    Parameters
    ----------
    share, se : float
        Estimate, 0 to 1, and its design-based standard error.
    rows : int
        Rows of the sample.
    degrees_of_freedom : float
        Clusters minus strata.
    level : float
        Coverage.
    kind : {"normal", "logit", "beta", "arcsine"}
        ``beta`` is Clopper and Pearson's with the rows the sample is worth (Korn and Graubard), the widest for small
        shares; the others are Student's t on the share, its logit or its arcsine root.

    Returns
    -------
    low, high : float
        Null where the standard error is not defined; for ``logit`` also at shares of 0 and 1.

    Raises
    ------
    ModelError
        For a share outside 0 to 1, a coverage outside (0, 1) or an unknown kind.

    References
    ----------
    Korn and Graubard (1998), Survey Methodology 24(2); R ``survey::svyciprop``.

    Examples
    --------
    >>> [round(limit, 3) for limit in share_interval(0.1, 0.03, 100, 99)]
    [0.049, 0.176]
    """
    if not 0 <= share <= 1:
        raise ModelError("not a share", where="share_interval", got=share, expected="0 to 1")
    if kind in ("normal", "logit"):
        low, high = interval(share, se, level, kind, degrees_of_freedom)
        return float(low), float(high)
    if not 0 < level < 1:
        raise ModelError("not a coverage", where="share_interval: level", got=level, expected="between 0 and 1")
    if degrees_of_freedom <= 0 or not np.isfinite(se) or se < 0:
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    if kind == "arcsine":
        step = t.isf(tail, degrees_of_freedom) * se / (2 * np.sqrt(share * (1 - share))) if se else 0.0
        centre = np.arcsin(np.sqrt(share))
        return tuple(float(np.sin(np.clip(at, 0, np.pi / 2)) ** 2) for at in (centre - step, centre + step))  # type: ignore[return-value]
    if kind != "beta":
        raise ModelError("unknown kind", where="share_interval", got=kind, expected="normal | logit | beta | arcsine")
    worth = share * (1 - share) / se**2 if se else float(rows)
    worth *= (t.isf(tail, rows - 1) / t.isf(tail, degrees_of_freedom)) ** 2
    yes, no = worth * share, worth * (1 - share)
    lowest, highest = beta.ppf(tail, yes, no + 1) if yes > 0 else 0.0, beta.isf(tail, yes + 1, no) if no > 0 else 1.0
    return float(lowest), float(highest)


@by_row("x", "design", "domain")
def design_effect(x: npt.ArrayLike, design: SurveyDesign, domain: npt.ArrayLike | None = None) -> float:
    """Variance of the mean under the design over that under simple random sampling without replacement of as many rows.

    Parameters
    ----------
    x : array_like, shape (n,)
    design : SurveyDesign
        Its weights sum to the population.
    domain : boolean array_like, shape (n,), optional

    Returns
    -------
    float

    Raises
    ------
    ModelError
        For missing values, a domain of one row, a variable that does not vary, or weights that sum to no more than the
        rows (they are no sampling weights then).

    References
    ----------
    Kish (1965), *Survey Sampling*; R ``survey::svymean(deff = TRUE)``.

    Examples
    --------
    >>> from relapse_risk.poverty.survey import survey_design
    >>> round(design_effect([1.0, 2.0, 4.0], survey_design([10.0] * 3, population_psu=[30] * 3)), 6)
    1.0
    """
    values = check_rows(check_incomes(x), design)
    mask, w = check_domain(domain, values.size), design.weights
    rows, people = int((mask & (w > 0)).sum()), float(w[mask].sum())
    simple = Variance().value(values, w, mask) / rows * (1 - rows / people)
    if simple <= 0:
        raise ModelError("no variance under simple random sampling", where="design_effect", got=simple,
                         expected="a variable that varies, weights that sum to the population")  # fmt: skip
    return float(covariance(design, Mean().influence(values, w, mask))[0, 0] / simple)


def _quantile(x: Array, w: Array, order: float, rule: SampleQuantile) -> float:
    if rule == "interpolated":
        ranked = np.argsort(x, kind="stable")
        upto = np.cumsum(w[ranked])
        return (
            float(np.interp(order, np.concatenate(([0.0], upto[:-1])) / upto[-2], x[ranked]))
            if x.size > 1
            else float(x[0])
        )
    return weighted_quantile(x, min(max(order, 0.0), 1.0), w, "laeken" if rule == "school" else "step")


@by_row("x", "design", "domain")
def survey_quantile(
    x: npt.ArrayLike,
    design: SurveyDesign,
    orders: Sequence[float] = (0.25, 0.5, 0.75),
    rule: SampleQuantile = "step",
    kind: ShareInterval = "normal",
    domain: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Quantiles with Woodruff's interval: limits of the share below the quantile, read back as quantiles.

    Parameters
    ----------
    x : array_like, shape (n,)
    design : SurveyDesign
    orders : sequence of float
        Between 0 and 1.
    rule : {"step", "school", "interpolated"}
        Smallest value that reaches the order; the mean of it and the next where it is hit exactly; linear between
        (Hyndman and Fan's type 7 with weights). They differ by whole observations in small samples.
    kind : {"normal", "logit", "beta", "arcsine"}
        Interval of the share, as in :func:`share_interval`.
    domain : boolean array_like, shape (n,), optional
        Rows to estimate on.
    level : float
        Coverage.

    Returns
    -------
    DataFrame
        Columns order, value, se (length of the interval over twice t), low, high.

    Raises
    ------
    ModelError
        For missing values, an order outside (0, 1) or an unknown rule.

    References
    ----------
    Woodruff (1952), doi:10.1080/01621459.1952.10483443; R ``survey::svyquantile``.

    Examples
    --------
    >>> from relapse_risk.poverty.survey import survey_design
    >>> survey_quantile([1.0, 2.0, 3.0, 4.0, 5.0], survey_design([1] * 5), [0.5])[["value", "low", "high"]].values.tolist()
    [[3.0, 1.0, 5.0]]
    """
    values = check_rows(check_incomes(x), design)
    mask, w = check_domain(domain, values.size), design.weights
    if rule not in ("step", "school", "interpolated"):
        raise ModelError("unknown rule", where="survey_quantile", got=rule, expected="step | school | interpolated")
    if not all(0 < order < 1 for order in orders):
        raise ModelError("not quantile orders", where="survey_quantile", got=list(orders), expected="between 0 and 1")
    held = mask & (w > 0)
    y, d, freedom = values[held], w[held], design.degrees_of_freedom_in(held)
    factor = t.isf((1 - level) / 2, freedom) if freedom > 0 else np.nan
    rows = []
    for order in orders:
        at = _quantile(y, d, order, rule)
        below = (values <= at).astype(np.float64)
        share = Mean().value(below, w, mask)
        se = float(np.sqrt(covariance(design, Mean().influence(below, w, mask))[0, 0]))
        low, high = (
            _quantile(y, d, float(np.clip(limit, 0, 1)), rule) if np.isfinite(limit) else np.nan
            for limit in share_interval(share, se, y.size, freedom, level, kind)
        )
        rows.append({"order": order, "value": at, "se": (high - low) / (2 * factor), "low": low, "high": high})
    return pd.DataFrame(rows)
