"""Alkire-Foster counting measures with standard errors, any number of cut-offs and groups in one pass.

The pass adds up weighted cluster totals of a few base variables; every measure and its variance follow from them, so a
million persons cost seconds. Alkire and Foster (2011), doi:10.1016/j.jpubeco.2010.11.006.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.pictures import picture
from relapse_risk.poverty.arrays import Array, IntArray, group_codes
from relapse_risk.poverty.survey import SurveyDesign, interval, total_variances
from relapse_risk.rows import by_row, numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CUTOFF_TOLERANCE", "AlkireFoster", "alkire_foster", "check_cutoff", "deprivation_scores", "identify_poor"]

# A weighted count of 1/3 sums to 0.333...3 or 0.333...4; both are one third.
CUTOFF_TOLERANCE = 1e-9
Cutoff = float | str | Fraction


@dataclass(frozen=True, slots=True)
class AlkireFoster:
    """Measures of one sample.

    Attributes
    ----------
    frame : DataFrame
        Columns measure (H, A, M0, M1, M2, hd, hdk, actb, pctb), k (null for hd), group (``all``, or null where a group is
        called so, for everybody; or a label), indicator
        (null for totals), value, se, low, high. hd and hdk are uncensored and censored headcounts, actb and pctb the
        absolute and relative contributions; pctb sums to one over indicators and has no standard error.
    indicators : tuple of str
    weights : array, shape (p,)
        Indicator weights, summing to one.
    level : float
        Coverage of the intervals.
    """

    frame: pd.DataFrame
    indicators: tuple[str, ...]
    weights: Array
    level: float

    def summary(self) -> str:
        """H, A and M0 of everybody, one line per cut-off."""
        total = self.frame["group"].isna() if self.frame["group"].isna().any() else self.frame["group"] == "all"
        everyone = self.frame[total & self.frame["measure"].isin(["H", "A", "M0"])]
        wide = everyone.pivot_table(index="k", columns="measure", values="value")
        return "\n".join(f"k = {k:.4g}: H {r.H:.4f}, A {r.A:.4f}, M0 {r.M0:.4f}" for k, r in wide.iterrows())

    def value(self, measure: str, k: float | None = None, group: Any = "all", indicator: str | None = None) -> float:
        """One number of the frame.

        Raises
        ------
        ModelError
            If there is no such row.
        """
        f = self.frame
        mine = f["group"].isna() if group is None else f["group"] == group
        rows = f[(f["measure"] == measure) & mine]
        rows = rows[rows["k"].isna() if k is None else np.isclose(rows["k"], k, atol=CUTOFF_TOLERANCE)]
        rows = rows[rows["indicator"].isna() if indicator is None else rows["indicator"] == indicator]
        if len(rows) != 1:
            raise ModelError("no such measure", where="AlkireFoster.value", got=(measure, k, group, indicator))
        return float(rows["value"].iloc[0])

    def plot(self, ax: Axes | None = None, k: float | None = None) -> Axes:
        """Contribution of each indicator to M0, a bar per group, on ``ax`` or new axes; ``k`` where there are several."""
        return picture("relapse_risk.poverty.poverty_plots.plot_decomposition", ax, self.frame, k=k)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"


def check_cutoff(k: Cutoff) -> float:
    """A poverty cut-off as a share in (0, 1]; ``"1/3"`` and ``Fraction(1, 3)`` are exact.

    Raises
    ------
    ModelError
        For anything else; a percentage such as 33 is refused with the share it would be.

    Examples
    --------
    >>> check_cutoff("1/3") == 1 / 3
    True
    """
    try:
        share = float(Fraction(k)) if isinstance(k, str | Fraction) else float(k)
    except (ValueError, ZeroDivisionError) as error:
        raise ModelError("not a number", where="cut-off k", got=k, expected='0.33, "1/3" or Fraction(1, 3)') from error
    if not 0 < share <= 1 + CUTOFF_TOLERANCE:
        raise ModelError(
            "cut-off outside the range", where="cut-off k", got=k, expected="above 0, at most 1", fix="write 33 as 0.33"
        )
    return share


def check_deprivations(g0: npt.ArrayLike, weights: npt.ArrayLike) -> tuple[Array, Array]:
    """Deprivation matrix of zeros and ones, shape (n, p), and indicator weights summing to one."""
    matrix = numbers(g0, "alkire_foster: g0")
    w = numbers(weights, "alkire_foster: weights")
    if matrix.ndim != 2 or matrix.shape[0] == 0 or w.shape != (matrix.shape[1],):
        raise ModelError(
            "shapes do not fit", where="alkire_foster", got=(matrix.shape, w.shape), expected="(n, p), (p,)"
        )
    if not np.all(np.isfinite(w) & (w >= 0)) or w.sum() <= 0:
        raise ModelError("indicator weights must be finite, >= 0, not all zero", where="alkire_foster", got=w.tolist())
    if not np.all((matrix == 0) | (matrix == 1)):
        bad = np.argwhere(~((matrix == 0) | (matrix == 1)))[0]
        raise ModelError(
            "a deprivation is neither 0 nor 1",
            where=f"row {bad[0]}, indicator {bad[1]}",
            got=float(matrix[bad[0], bad[1]]),
            expected="0 or 1",
            fix="state what a missing answer means in the design (drop, deprived, not_deprived)",
        )
    return matrix, w / w.sum()


def deprivation_scores(g0: npt.ArrayLike, weights: npt.ArrayLike) -> Array:
    """Weighted share of deprivations of each unit; shape (n,), from 0 to 1.

    Parameters
    ----------
    g0 : array_like of 0 and 1, shape (n, p)
    weights : array_like, shape (p,)
        Rescaled to sum to one.

    Returns
    -------
    array, shape (n,)
        Between 0 and 1.

    References
    ----------
    Alkire and Foster (2011), doi:10.1016/j.jpubeco.2010.11.006: c_i = sum_j w_j g0_ij.

    Examples
    --------
    >>> deprivation_scores([[1, 0], [1, 1]], [1, 1]).tolist()
    [0.5, 1.0]
    """
    matrix, w = check_deprivations(g0, _in_column_order(weights, g0))
    out: Array = matrix @ w
    return out


def identify_poor(scores: npt.ArrayLike, k: Cutoff) -> npt.NDArray[np.bool_]:
    """Who is multidimensionally poor: score >= k, where equal up to rounding counts as equal.

    Parameters
    ----------
    scores : array_like, shape (n,)
        From :func:`deprivation_scores`.
    k : float, str or Fraction
        Cut-off in (0, 1]; ``"1/3"`` is exact.

    Returns
    -------
    array of bool, shape (n,)

    References
    ----------
    Alkire and Foster (2011), doi:10.1016/j.jpubeco.2010.11.006.

    Examples
    --------
    A known error of peers is to lose the person deprived in exactly a third:

    >>> identify_poor(deprivation_scores([[1, 0, 0]], [1 / 3, 1 / 3, 1 / 3]), 1 / 3).tolist()
    [True]
    """
    poor: npt.NDArray[np.bool_] = np.asarray(scores, dtype=np.float64) >= check_cutoff(k) - CUTOFF_TOLERANCE
    return poor


class _Totals:
    """Weighted totals of variables per cluster and group: shape (clusters, groups, variables)."""

    def __init__(self, design: SurveyDesign, codes: IntArray | None, groups: int) -> None:
        self.design, self.groups = design, groups
        # With every row its own cluster and no group, sums per cluster are the rows themselves.
        self.cell = design.psu if codes is None else design.psu * groups + codes
        self.size = design.n_psu * max(groups, 1)

    def of(self, columns: Sequence[Array]) -> Array:
        w = self.design.weights
        stacked = np.column_stack([np.bincount(self.cell, w * column, self.size) for column in columns])
        shaped: Array = stacked.reshape(self.design.n_psu, max(self.groups, 1), len(columns)).astype(
            np.float64, copy=False
        )
        return shaped


def _ratio(design: SurveyDesign, top: Array, bottom: Array) -> tuple[Array, Array]:
    """Ratios of totals and their standard errors; ``top`` (m, g, v), ``bottom`` (m, g, 1) or (m, g, v)."""
    numerator, denominator = top.sum(axis=0), bottom.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        value = numerator / denominator
        z = (top - value * bottom) / denominator
    defined = np.isfinite(value)
    flat = np.where(defined, z, 0.0).reshape(top.shape[0], -1)
    se = np.sqrt(total_variances(design, flat)).reshape(value.shape)
    return value, np.where(defined, se, np.nan)


def _rows(
    measure: str, k: float | None, labels: Sequence[Any], indicators: Sequence[str | None], value: Array, se: Array
) -> pd.DataFrame:
    g, p = value.shape
    return pd.DataFrame(
        {
            "measure": measure,
            "k": np.nan if k is None else k,
            "group": np.repeat(np.array(labels, dtype=object), p),
            "indicator": np.tile(np.array(indicators, dtype=object), g),
            "value": value.ravel(),
            "se": se.ravel(),
        }
    )


def _at_cutoff(
    k: float,
    totals: _Totals,
    ones: Array,
    labels: list[Any],
    data: tuple[Array, Array, Array, tuple[str, ...]],
    gaps: Array | None,
) -> list[pd.DataFrame]:
    """Frames of every measure at one cut-off."""
    matrix, weights, scores, names = data
    poor = identify_poor(scores, k).astype(np.float64)
    columns = [poor, poor * scores] + [poor * matrix[:, j] for j in range(matrix.shape[1])]
    if gaps is not None:
        columns += [poor * ((matrix * gaps**power) @ weights) for power in (1, 2)]
    sums = totals.of(columns)
    value, se = _ratio(totals.design, sums, ones)
    p = matrix.shape[1]
    intensity, intensity_se = _ratio(totals.design, sums[:, :, 1:2], sums[:, :, 0:1])
    censored, censored_se = value[:, 2 : 2 + p], se[:, 2 : 2 + p]
    actb = censored * weights
    with np.errstate(invalid="ignore", divide="ignore"):
        pctb = actb / value[:, 1:2]
    none: list[str | None] = [None]
    frames = [
        _rows("H", k, labels, none, value[:, 0:1], se[:, 0:1]),
        _rows("A", k, labels, none, intensity, intensity_se),
        _rows("M0", k, labels, none, value[:, 1:2], se[:, 1:2]),
        _rows("hdk", k, labels, names, censored, censored_se),
        _rows("actb", k, labels, names, actb, censored_se * weights),
        _rows("pctb", k, labels, names, pctb, np.full(pctb.shape, np.nan)),
    ]
    if gaps is not None:
        frames += [_rows(f"M{a}", k, labels, none, value[:, [1 + p + a]], se[:, [1 + p + a]]) for a in (1, 2)]
    return frames


@by_row("g0", "design", "groups", "gaps")
def alkire_foster(
    g0: npt.ArrayLike,
    weights: npt.ArrayLike,
    cutoffs: Sequence[Cutoff],
    design: SurveyDesign,
    indicators: Sequence[str] | None = None,
    groups: Any = None,
    gaps: npt.ArrayLike | None = None,
    level: float = 0.95,
    degrees_of_freedom: float | None = None,
) -> AlkireFoster:
    """Every Alkire-Foster measure at several cut-offs, for everybody and by group, with design standard errors.

    Parameters
    ----------
    g0 : array_like of 0 and 1, shape (n, p)
        Deprivation matrix; no missing entries (the design states what they mean).
    weights : array_like, shape (p,)
        Indicator weights, rescaled to sum to one; a Series by the names of the columns.
    cutoffs : sequence of float, str or Fraction
        Poverty cut-offs k as shares.
    design : SurveyDesign
    indicators : sequence of str, optional
        Names; the columns of ``g0`` where it is a DataFrame.
    groups : sequence of shape (n,), optional
        Subgroups, each estimated as a domain.
    gaps : array_like, shape (n, p), optional
        Normalised gaps (z - x) / z in 0-1 for M1 and M2; counted where deprived.
    level : float
        Coverage of the logit intervals.
    degrees_of_freedom : float, optional
        Of Student's t; clusters minus strata when left out.

    Returns
    -------
    AlkireFoster

    Raises
    ------
    ModelError
        For entries other than 0 and 1, bad weights, a cut-off outside (0, 1] or a missing group.

    Notes
    -----
    H = share poor, A = mean score of the poor, M0 = H A = sum of weight × censored headcount. A is a ratio of totals.

    References
    ----------
    Alkire and Foster (2011), doi:10.1016/j.jpubeco.2010.11.006; conventions of Stata mpitb (Suppa 2023).

    Examples
    --------
    >>> from relapse_risk.poverty.survey import survey_design
    >>> g0 = [[0, 0, 0, 0], [1, 0, 0, 1], [1, 1, 1, 1], [0, 1, 0, 0]]
    >>> print(alkire_foster(g0, [1, 1, 1, 1], [0.5], survey_design([1, 1, 1, 1])).summary())
    k = 0.5: H 0.5000, A 0.7500, M0 0.3750
    """
    named = tuple(map(str, g0.columns)) if isinstance(g0, pd.DataFrame) else None
    matrix, w = check_deprivations(g0, _in_column_order(weights, g0))
    n, p = matrix.shape
    if design.psu.size != n:
        raise ModelError("design and matrix differ in rows", where="alkire_foster", got=(design.psu.size, n))
    names = tuple(indicators) if indicators is not None else named or tuple(f"x{j + 1}" for j in range(p))
    if len(names) != p or len(set(names)) != p:
        raise ModelError("needs one distinct name per indicator", where="alkire_foster", got=names)
    gap = None if gaps is None else _check_gaps(gaps, matrix)
    data = (matrix, w, matrix @ w, names)
    ks = [check_cutoff(k) for k in cutoffs]
    parts: list[pd.DataFrame] = []
    passes: list[tuple[IntArray | None, list[Any]]] = []
    if groups is not None:
        passes.append(group_codes(groups, n))
    taken = bool(passes) and "all" in passes[0][1]  # a group of that name: the total is then under null
    passes.insert(0, (None, [None if taken else "all"]))
    for codes, labels in passes:
        totals = _Totals(design, codes, len(labels))
        ones = totals.of([np.ones(n)])
        value, se = _ratio(design, totals.of([matrix[:, j] for j in range(p)]), ones)
        parts.append(_rows("hd", None, labels, names, value, se))
        for k in ks:
            parts += _at_cutoff(k, totals, ones, labels, data, gap)
    frame = pd.concat(parts, ignore_index=True)
    df = design.degrees_of_freedom if degrees_of_freedom is None else degrees_of_freedom
    frame["low"], frame["high"] = interval(frame["value"], frame["se"], level, "logit", df)
    return AlkireFoster(frame, names, w, level)


def _in_column_order(weights: npt.ArrayLike, g0: npt.ArrayLike) -> npt.ArrayLike:
    """Weights given by name in the order of the columns; refused where the names differ."""
    if not isinstance(weights, pd.Series) or not isinstance(g0, pd.DataFrame) or weights.index.equals(g0.columns):
        return weights
    if isinstance(weights.index, pd.RangeIndex):
        return weights  # no names: by position
    if set(weights.index) != set(g0.columns) or not weights.index.is_unique:
        raise ModelError(
            "weights and indicators are named differently", where="alkire_foster: weights", got=weights.index.tolist(),
            expected=list(g0.columns), fix="name them alike, or pass .to_numpy() to go by position",
        )  # fmt: skip
    return weights.loc[g0.columns]


def _check_gaps(gaps: npt.ArrayLike, matrix: Array) -> Array:
    """Normalised gaps between 0 and 1 of the shape of the deprivation matrix."""
    values = numbers(gaps, "alkire_foster: gaps")
    if values.shape != matrix.shape or not np.all((values >= 0) & (values <= 1)):
        raise ModelError("gaps must be between 0 and 1, one per entry", where="alkire_foster: gaps", got=values.shape)
    return values
