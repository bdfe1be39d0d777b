"""Changes of Alkire-Foster measures between two rounds: absolute and relative, whole and per year, with errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.poverty.alkire_foster import Cutoff, check_cutoff, check_deprivations, identify_poor
from relapse_risk.poverty.arrays import Array, group_codes
from relapse_risk.poverty.survey import SurveyDesign, interval, total_covariance
from relapse_risk.rows import by_row

__all__ = ["alkire_foster_change"]


@by_row("g0", "design", "rounds", "groups")
def alkire_foster_change(
    g0: npt.ArrayLike,
    weights: npt.ArrayLike,
    cutoffs: Sequence[Cutoff],
    design: SurveyDesign,
    rounds: Any,
    years: tuple[float, float],
    indicators: Sequence[str],
    groups: Any = None,
    level: float = 0.95,
    degrees_of_freedom: float | None = None,
) -> pd.DataFrame:
    """Changes of H, A, M0 and censored headcounts from the first to the second round.

    Parameters
    ----------
    g0, weights, cutoffs, design, indicators, groups
        As in :func:`relapse_risk.poverty.alkire_foster`, both rounds stacked under one design, so that clusters sampled
        twice give the covariance between rounds.
    rounds : sequence of shape (n,)
        Two distinct values, the earlier sorting first.
    years : (float, float)
        When each round was taken, for the change per year.
    level : float
        Coverage of the intervals.
    degrees_of_freedom : float, optional
        Of Student's t; clusters minus strata of the design when left out (null limits with none left).

    Returns
    -------
    DataFrame
        measure, k, group, indicator, change (``absolute``, ``relative``), per_year (bool), value, se, low, high;
        relative changes in percent: 100 (b2 / b1 - 1), per year 100 ((b2 / b1) ** (1 / years) - 1).

    Raises
    ------
    ModelError
        For more or fewer than two rounds or years not ascending.

    Notes
    -----
    Delta method on the joint covariance of the two rounds.

    References
    ----------
    Alkire, Roche and Vaz (2017), doi:10.1016/j.worlddev.2017.01.011; conventions of mpitb (Suppa 2023).

    Examples
    --------
    >>> from relapse_risk.poverty import survey_design
    >>> g0 = [[1, 1], [0, 0], [0, 0], [1, 1], [1, 1], [0, 0]]
    >>> frame = alkire_foster_change(g0, [1, 1], ["1/2"], survey_design([1] * 6), [1, 1, 1, 2, 2, 2], (2018, 2020), ["a", "b"])
    >>> row = frame[(frame["measure"] == "H") & (frame["change"] == "absolute") & ~frame["per_year"]]
    >>> row["value"].round(4).tolist()
    [0.3333]
    """
    matrix, w = check_deprivations(g0, weights)
    codes, seen = group_codes(rounds, matrix.shape[0])
    span = float(years[1]) - float(years[0])
    if len(seen) != 2 or not span > 0:
        raise ModelError(
            "needs two rounds at ascending times",
            where="alkire_foster_change",
            got=(seen, years),
            expected="two rounds",
        )
    passes: list[tuple[Any, npt.NDArray[np.bool_]]] = [("all", np.ones(matrix.shape[0], dtype=np.bool_))]
    if groups is not None:
        group, labels = group_codes(groups, matrix.shape[0])
        passes += [(label, group == g) for g, label in enumerate(labels)]
    df = design.degrees_of_freedom if degrees_of_freedom is None else degrees_of_freedom
    parts = []
    for k in [check_cutoff(k) for k in cutoffs]:
        numerators, denominators, names = _variables(matrix, w, k, indicators)
        for label, inside in passes:
            value, z = _two_rounds(numerators, denominators, codes, inside, design)
            change = _changes(value, _totals_cov(design, z), span, level, df)
            parts.append(change.join(pd.DataFrame(names)).assign(k=k, group=label))
    columns = ["measure", "k", "group", "indicator", "change", "per_year", "value", "se", "low", "high"]
    frame = pd.concat(parts, ignore_index=True)[columns]
    if frame["value"].isna().any():
        raise ModelError(
            "a measure is zero in the first round, so it has no relative change", where="alkire_foster_change"
        )
    return frame


def _variables(
    matrix: Array, w: Array, k: float, indicators: Sequence[str]
) -> tuple[Array, Array, dict[str, list[Any]]]:
    """Numerators and denominators (n, v) of H, A, M0, hdk and their names."""
    scores = matrix @ w
    poor = identify_poor(scores, k).astype(np.float64)
    ones = np.ones_like(poor)
    top = np.column_stack([poor, poor * scores, poor * scores, poor[:, None] * matrix])
    bottom = np.column_stack([ones, poor, ones, np.ones_like(matrix)])
    return (
        top,
        bottom,
        {"measure": ["H", "A", "M0"] + ["hdk"] * len(indicators), "indicator": [None] * 3 + [*indicators]},
    )


def _two_rounds(
    top: Array, bottom: Array, codes: npt.NDArray[np.intp], inside: npt.NDArray[np.bool_], design: SurveyDesign
) -> tuple[Array, Array]:
    """Values (2, v) and cluster totals of their influence (m, 2, v)."""
    values, totals = [], []
    for r in (0, 1):
        mask = (inside & (codes == r)).astype(np.float64)[:, None]
        w = design.weights[:, None] * mask
        denominator = (w * bottom).sum(axis=0)
        value = (w * top).sum(axis=0) / denominator
        values.append(value)
        totals.append(design.totals(mask * (top - value * bottom) / denominator))
    return np.stack(values), np.stack(totals, axis=1)


def _totals_cov(design: SurveyDesign, totals: Array) -> Array:
    """Covariance (v, 2, 2) of the two rounds of each measure."""
    return np.stack([total_covariance(design, totals[:, :, j]) for j in range(totals.shape[2])])


def _changes(values: Array, cov: Array, span: float, level: float, degrees_of_freedom: float) -> pd.DataFrame:
    """The four changes of each measure, stacked; the index repeats measures 0..v-1 for each kind."""
    first, second = values
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = second / first
        yearly = ratio ** (1 / span)
        kinds = [
            ("absolute", False, second - first, -np.ones_like(first), np.ones_like(first)),
            ("absolute", True, (second - first) / span, -np.ones_like(first) / span, np.ones_like(first) / span),
            ("relative", False, 100 * (ratio - 1), -100 * ratio / first, 100 / first),
            ("relative", True, 100 * (yearly - 1), -100 * yearly / (span * first), 100 * yearly / (span * second)),
        ]
    parts = []
    for change, per_year, value, d1, d2 in kinds:
        variance = d1**2 * cov[:, 0, 0] + 2 * d1 * d2 * cov[:, 0, 1] + d2**2 * cov[:, 1, 1]
        se = np.sqrt(np.maximum(variance, 0.0))
        low, high = interval(value, se, level, "normal", degrees_of_freedom)
        parts.append(
            pd.DataFrame({"change": change, "per_year": per_year, "value": value, "se": se, "low": low, "high": high})
        )
    return pd.concat(parts)
