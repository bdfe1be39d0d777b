"""Decompositions with standard errors: Watts into share, depth and inequality; entropy into within and between groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes, check_positive, group_codes
from relapse_risk.poverty.fgt_measures import Closed, is_poor
from relapse_risk.poverty.inference import Estimate, check_domain, check_rows, combine
from relapse_risk.poverty.linearised import Fgt, GeneralisedEntropy, Mask, Mean, Measure, Watts, spread
from relapse_risk.poverty.survey import SurveyDesign, covariance
from relapse_risk.rows import by_row

__all__ = ["entropy_decomposition", "watts_decomposition"]


@by_row("income", "design", "domain")
def watts_decomposition(
    income: npt.ArrayLike,
    design: SurveyDesign,
    line: float,
    closed: Closed = "left",
    domain: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> Estimate:
    """Watts = headcount × (ln(line / mean of the poor) + mean log deviation of the poor), each with its standard error.

    Parameters
    ----------
    income : array_like, shape (n,)
        Positive where poor.
    design : SurveyDesign
    line : float
        Currency, as ``income``.
    closed : {"left", "right"}
        Poor below the line, or at the line too.
    domain : boolean array_like, shape (n,), optional
        Rows to estimate on.
    level : float
        Coverage of the intervals.

    Returns
    -------
    Estimate
        Watts, headcount, depth (Watts gap ratio), inequality (mean log deviation of the poor), in this order.

    Raises
    ------
    ModelError
        If nobody is poor, or a poor unit has an income that is not positive.

    References
    ----------
    Blackburn (1989), doi:10.2307/2526759; influence as R convey ``svywattsdec``.

    Examples
    --------
    >>> from relapse_risk.poverty.survey import survey_design
    >>> parts = watts_decomposition([100, 110, 150, 160], survey_design([1] * 4), 125.0).frame["value"]
    >>> bool(np.isclose(parts[0], parts[1] * (parts[2] + parts[3])))
    True
    """
    x = check_rows(check_incomes(income), design)
    mask, w = check_domain(domain, x.size), design.weights
    poor = mask & is_poor(x, line, closed)
    if not (w[poor] > 0).any():
        raise ModelError("nobody is poor", where="watts_decomposition", got=line)
    check_positive(x[poor], "watts")
    measures: list[tuple[Measure, Mask]] = [
        (Watts(line, closed), mask),
        (Fgt(line, 0, closed), mask),
        (Mean(), poor),
        (GeneralisedEntropy(0), poor),
    ]
    total, share, mean, spread_of_poor = (m.value(x, w, rows) for m, rows in measures)
    matrix = covariance(design, np.column_stack([m.influence(x, w, rows) for m, rows in measures]))
    gradient = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1 / mean, 0], [0, 0, 0, 1]])
    values = np.array([total, share, np.log(line / mean), spread_of_poor])
    labels = ["watts", "headcount", "depth", "inequality"]
    return combine(values, gradient, matrix, labels, design, level)


@by_row("income", "groups", "design", "domain")
def entropy_decomposition(
    income: npt.ArrayLike,
    groups: Any,
    design: SurveyDesign,
    order: float = 1,
    domain: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> Estimate:
    """Generalised entropy, its part within groups and between groups, each with its standard error.

    Parameters
    ----------
    income : array_like, shape (n,)
        Positive in the domain.
    groups : sequence, shape (n,)
    design : SurveyDesign
    order : float
        As in :func:`relapse_risk.poverty.generalised_entropy`.
    domain : boolean array_like, shape (n,), optional
        Rows to estimate on.
    level : float
        Coverage of the intervals.

    Returns
    -------
    Estimate
        total, within, between; within + between = total.

    Raises
    ------
    ModelError
        For an income of the domain that is not positive, or a missing group.

    References
    ----------
    Shorrocks (1984), doi:10.2307/1913511; the values by group are :func:`relapse_risk.poverty.entropy_by_group`.

    Examples
    --------
    >>> from relapse_risk.poverty.survey import survey_design
    >>> parts = entropy_decomposition([1, 2, 3, 4], list("aabb"), survey_design([1] * 4)).frame["value"]
    >>> bool(np.isclose(parts[0], parts[1] + parts[2]))
    True
    """
    x = check_rows(check_incomes(income), design)
    mask, w = check_domain(domain, x.size), design.weights
    check_positive(x[mask], "entropy_decomposition")
    codes, labels = group_codes(groups, x.size)
    mass = np.bincount(codes[mask], w[mask], len(labels))
    income_of = np.bincount(codes[mask], (w * x)[mask], len(labels))
    means = np.divide(income_of, mass, out=np.ones(len(labels)), where=mass > 0)[codes]
    measure = GeneralisedEntropy(order)
    total, between = measure.value(x, w, mask), measure.value(means, w, mask)
    of_total = measure.influence(x, w, mask)
    moved = spread(_slope(means[mask], w[mask], order) * (x - means)[mask], mask)
    of_between = measure.influence(means, w, mask) + moved
    matrix = covariance(design, np.column_stack([of_total, of_total - of_between, of_between]))
    values = np.array([total, total - between, between])
    return combine(values, np.eye(3), matrix, ["total", "within", "between"], design, level)


def _slope(x: Array, w: Array, order: float) -> Array:
    """Derivative of generalised entropy by the income of a unit, per unit of its weight."""
    mass, total = w.sum(), w @ x
    if order == 0:
        return 1 / total - 1 / (mass * x)
    if order == 1:
        slope: Array = np.log(x) / total - (w @ (x * np.log(x))) / total**2
        return slope
    by_mean = x ** (order - 1) / total**order - (w @ x**order) / total ** (order + 1)
    return mass ** (order - 1) * by_mean / (order - 1)
