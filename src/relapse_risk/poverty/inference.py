"""Estimates with standard errors and intervals of any measure under any survey design, whole and by group."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.pictures import picture
from relapse_risk.poverty.arrays import Array, check_incomes, group_codes
from relapse_risk.poverty.linearised import Measure
from relapse_risk.poverty.survey import (
    Interval,
    Replication,
    SurveyDesign,
    covariance,
    interval,
    replicate_weights,
)
from relapse_risk.rows import by_row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Estimate", "combine", "estimate", "estimate_by_group", "estimate_replicated", "fgt_decomposition"]

Method = Literal["taylor", "bootstrap", "jackknife"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimates with their sampling error.

    Attributes
    ----------
    frame : DataFrame
        Columns label, value, se, low, high.
    covariance : array, shape (q, q)
        Of the values, in the order of the frame.
    level : float
        Coverage of low to high.
    method : str
        ``taylor``, ``bootstrap``, ``jackknife`` or ``replicates``.
    """

    frame: pd.DataFrame
    covariance: Array
    level: float
    method: str

    def summary(self) -> str:
        """One line per estimate."""
        rows = self.frame.itertuples(index=False)
        return "\n".join(f"{r.label}: {r.value:.6g} (se {r.se:.3g}, {r.low:.6g} to {r.high:.6g})" for r in rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Each estimate with its interval on ``ax``, or on new axes."""
        return picture("relapse_risk.poverty.poverty_plots.plot_estimates", ax, self.frame, level=self.level)

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.method)}, {self.level:.0%}</p>{self.frame.to_html(index=False)}"


def estimates_of(
    labels: Sequence[Any],
    values: Array,
    matrix: Array,
    freedom: int | list[int],
    level: float,
    kind: Interval,
    method: str,
) -> Estimate:
    """Student's t with ``freedom`` degrees: clusters minus strata of the domain."""
    se = np.sqrt(np.maximum(np.diag(matrix), 0.0))
    low, high = interval(values, se, level, kind, freedom)
    frame = pd.DataFrame({"label": list(labels), "value": values, "se": se, "low": low, "high": high})
    return Estimate(frame, matrix, level, method)


def check_domain(domain: npt.ArrayLike | None, n: int) -> npt.NDArray[np.bool_]:
    if domain is None:
        return np.ones(n, dtype=np.bool_)
    values = pd.Series(np.asarray(domain, dtype=object).ravel() if np.ndim(domain) == 1 else [], dtype=object)
    unclear = [row for row, value in enumerate(values) if not _is_yes_or_no(value)]
    if unclear:
        raise ModelError(
            "neither in the domain nor out of it", where=f"estimate: domain, row {unclear[0]}", got=values[unclear[0]],
            expected="true or false", fix="say of every row whether it belongs; leave out rows nobody knows of",
        )  # fmt: skip
    mask = values.to_numpy(dtype=np.bool_)
    if mask.shape != (n,) or not mask.any():
        raise ModelError("a domain needs rows", where="estimate: domain", got=mask.shape, expected=f"({n},), some true")
    return mask


def _is_yes_or_no(value: object) -> bool:
    return isinstance(value, bool | int | float | np.generic) and not pd.isna(value) and value in (0, 1)


def check_rows(x: Array, design: SurveyDesign) -> Array:
    if x.size != design.psu.size:
        raise ModelError(
            "incomes and design differ in rows", where="estimate", got=x.size, expected=f"{design.psu.size} incomes"
        )
    return x


@by_row("income", "design", "domain")
def estimate(
    measure: Measure,
    income: npt.ArrayLike,
    design: SurveyDesign,
    domain: npt.ArrayLike | None = None,
    level: float = 0.95,
    kind: Interval = "normal",
) -> Estimate:
    """A measure with its Taylor-linearised standard error.

    Parameters
    ----------
    measure : Measure
        For example ``Fgt(line=4000, alpha=1)`` or ``Gini()``.
    income : array_like, shape (n,)
        Everybody's, also outside the domain.
    design : SurveyDesign
    domain : boolean array_like, shape (n,), optional
        Rows to estimate on; the rest still counts as sample, so the variance is that of a domain.
    level : float
        Coverage of the interval.
    kind : {"normal", "logit"}
        ``logit`` for shares.

    Returns
    -------
    Estimate
        One row.

    References
    ----------
    Deville (1999), Survey Methodology 25(2); conventions of R convey.

    Examples
    --------
    >>> from relapse_risk.poverty.linearised import Fgt
    >>> from relapse_risk.poverty.survey import survey_design
    >>> result = estimate(Fgt(125.0), [100, 110, 150, 160], survey_design([1, 1, 1, 1]))
    >>> result.frame[["value", "se"]].round(4).values.tolist()
    [[0.5, 0.2887]]
    """
    x = check_rows(check_incomes(income), design)
    mask = check_domain(domain, x.size)
    value = measure.value(x, design.weights, mask)
    matrix = covariance(design, measure.influence(x, design.weights, mask))
    return estimates_of(
        [type(measure).__name__], np.array([value]), matrix, design.degrees_of_freedom_in(mask), level, kind, "taylor"
    )


@by_row("income", "design", "groups")
def estimate_by_group(
    measure: Measure,
    income: npt.ArrayLike,
    design: SurveyDesign,
    groups: Any,
    level: float = 0.95,
    kind: Interval = "normal",
) -> Estimate:
    """A measure for each group as a domain, with the covariance between groups.

    Parameters
    ----------
    measure, income, design, level, kind
        As in :func:`estimate`.
    groups : sequence, shape (n,)
        Domain of each row.

    Returns
    -------
    Estimate
        One row per group and the covariance between them.

    References
    ----------
    Deville (1999), Survey Methodology 25(2).

    Examples
    --------
    >>> from relapse_risk.poverty.linearised import Fgt
    >>> from relapse_risk.poverty.survey import survey_design
    >>> estimate_by_group(Fgt(125.0), [100, 110, 150, 160], survey_design([1] * 4), ["a", "b", "a", "b"]).frame["value"].tolist()
    [0.5, 0.5]
    """
    x = check_rows(check_incomes(income), design)
    codes, labels = group_codes(groups, x.size)
    weighed = np.bincount(codes, design.weights, len(labels)) > 0
    values, z = np.full(len(labels), np.nan), np.zeros((x.size, len(labels)))
    for g in np.flatnonzero(weighed):
        values[g] = measure.value(x, design.weights, codes == g)
        z[:, g] = measure.influence(x, design.weights, codes == g)
    matrix = covariance(design, z)
    matrix[~weighed] = matrix[:, ~weighed] = np.nan  # a group nobody stands for has no value
    freedom = [design.degrees_of_freedom_in(codes == g) for g in range(len(labels))]
    return estimates_of(labels, values, matrix, freedom, level, kind, "taylor")


@by_row("income", "design", "domain")
def estimate_replicated(
    measure: Measure,
    income: npt.ArrayLike,
    design: SurveyDesign,
    method: Replication,
    generator: np.random.Generator | None = None,
    replicates: int = 200,
    domain: npt.ArrayLike | None = None,
    level: float = 0.95,
    kind: Interval = "normal",
) -> Estimate:
    """A measure with a bootstrap or jackknife standard error; see ``survey.replicate_weights`` for the methods.

    Parameters
    ----------
    measure, income, design, domain, level, kind
        As in :func:`estimate`.
    method : {"bootstrap", "jackknife"}
    generator : numpy.random.Generator, optional
        Needed by the bootstrap.
    replicates : int
        Of the bootstrap.

    Returns
    -------
    Estimate
        variance = sum over replicates of scale × (value - whole)².

    References
    ----------
    Rao and Wu (1988), doi:10.1080/01621459.1988.10478591; Wolter (2007), ch. 4.

    Examples
    --------
    >>> from relapse_risk.poverty.linearised import Mean
    >>> from relapse_risk.poverty.survey import survey_design
    >>> found = estimate_replicated(Mean(), [1, 2, 3, 4], survey_design([1] * 4), "jackknife").frame
    >>> found[["value", "se"]].round(6).values.tolist()  # the jackknife of a mean is s / sqrt(n)
    [[2.5, 0.645497]]
    """
    x = check_rows(check_incomes(income), design)
    mask = check_domain(domain, x.size)
    value = measure.value(x, design.weights, mask)
    variance = 0.0
    for weights, scale in replicate_weights(design, method, generator, replicates):
        variance += scale * (measure.value(x, weights, mask) - value) ** 2
    return estimates_of(
        [type(measure).__name__],
        np.array([value]),
        np.array([[variance]]),
        design.degrees_of_freedom_in(mask),
        level,
        kind,
        method,
    )


def combine(
    values: Array, gradient: Array, matrix: Array, labels: Sequence[str], design: SurveyDesign, level: float = 0.95
) -> Estimate:
    """Functions of estimates by the delta method: ``gradient`` of shape (functions, estimates)."""
    return estimates_of(
        labels, values, gradient @ matrix @ gradient.T, design.degrees_of_freedom, level, "normal", "taylor"
    )


@by_row("income", "design", "domain")
def fgt_decomposition(
    income: npt.ArrayLike,
    design: SurveyDesign,
    line: float,
    measures: Sequence[Measure],
    order: int = 2,
    domain: npt.ArrayLike | None = None,
) -> Estimate:
    """FGT(g) = FGT(0) × I**g × (1 + (g² - g) GE_g of the gaps of the poor), each part with its standard error.

    Parameters
    ----------
    income : array_like, shape (n,)
    design : SurveyDesign
    line : float
    measures : sequence of three measures
        FGT of orders g, 0 and 1 against the same line.
    order : int
        g, at least 2.
    domain : boolean array_like, shape (n,), optional
        Rows to estimate on.

    Returns
    -------
    Estimate
        FGT(g), FGT(0), FGT(1), income gap ratio, entropy of the gaps, in this order.

    Raises
    ------
    ModelError
        For an order below 2, other than three measures, or nobody poor.

    Notes
    -----
    Aristondo, Lasso de la Vega and Urrutia (2010), doi:10.1111/j.1467-8586.2009.00320.x.

    Examples
    --------
    >>> from relapse_risk.poverty.linearised import Fgt
    >>> from relapse_risk.poverty.survey import survey_design
    >>> three = [Fgt(125.0, alpha) for alpha in (2, 0, 1)]
    >>> found = fgt_decomposition([100, 110, 150, 160], survey_design([1] * 4), 125.0, three).frame
    >>> float(found["value"].iloc[0].round(4))
    0.0136
    """
    if order < 2 or len(measures) != 3:
        raise ModelError("needs order >= 2 and FGT(g), FGT(0), FGT(1)", where="fgt_decomposition", got=order)
    x = check_rows(check_incomes(income), design)
    rows = check_domain(domain, x.size)
    g, h, p = (m.value(x, design.weights, rows) for m in measures)
    if h == 0:
        raise ModelError("nobody is poor", where="fgt_decomposition", got=line)
    matrix = covariance(design, np.column_stack([m.influence(x, design.weights, rows) for m in measures]))
    gap = p / h
    factor = order**2 - order
    entropy = (g / (h * gap**order) - 1) / factor
    # entropy = (g h**(k-1) p**-k - 1) / (k² - k), k the order.
    core = g * h ** (order - 1) * p**-order / factor
    gradient = np.array(
        [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
            [0, -p / h**2, 1 / h],
            [core / g, (order - 1) * core / h, -order * core / p],
        ]
    )
    labels = [f"fgt{order}", "fgt0", "fgt1", "income_gap_ratio", f"entropy_of_gaps_{order}"]
    return combine(np.array([g, h, p, gap, entropy]), gradient, matrix, labels, design)
