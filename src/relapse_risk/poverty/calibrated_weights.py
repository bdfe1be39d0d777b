"""Calibration of survey weights to known totals: post-stratification, raking, linear, raking-ratio and logit distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_weights
from relapse_risk.poverty.survey import SurveyDesign
from relapse_risk.poverty.survey_stages import Calibration
from relapse_risk.rows import by_column, by_row, in_order, numbers

__all__ = ["calibrate", "calibrated_weights", "post_stratify", "rake", "trim_weights"]

Distance = Literal["linear", "raking", "logit"]
STEPS, TOLERANCE = 100, 1e-11


def _factors(u: Array, method: Distance, bounds: tuple[float, float] | None) -> tuple[Array, Array]:
    """g and its derivative at the linear predictor u = x'λ (Deville and Särndal 1992, table 1)."""
    if method == "linear":
        g = 1 + u
        if bounds is None:
            return g, np.ones(u.size)
        inside = (g > bounds[0]) & (g < bounds[1])
        return np.clip(g, *bounds), inside.astype(np.float64)
    if method == "raking":
        g = np.exp(np.clip(u, -700, 700))
        return g, g
    low, high = bounds if bounds is not None else (0.0, np.inf)
    rate = (high - low) / ((1 - low) * (high - 1))
    raised = np.exp(np.clip(rate * u, -700, 700))
    bottom = (high - 1) + (1 - low) * raised
    g = (low * (high - 1) + high * (1 - low) * raised) / bottom
    return g, (g - low) * (high - g) / ((1 - low) * (high - 1))


@by_row("weights", "auxiliary")
def calibrated_weights(
    weights: npt.ArrayLike,
    auxiliary: npt.ArrayLike,
    totals: npt.ArrayLike,
    method: Distance = "linear",
    bounds: tuple[float, float] | None = None,
) -> Array:
    """Weights as near as possible to the given ones that reproduce known totals.

    Parameters
    ----------
    weights : array_like, shape (n,)
    auxiliary : array_like, shape (n, k)
        Variables whose population totals are known; a column of ones for the size of the population.
    totals : array_like, shape (k,)
    method : {"linear", "raking", "logit"}
        Distance between old and new weights: linear may turn weights negative, raking keeps them positive, logit keeps
        their factors between ``bounds``.
    bounds : (float, float), optional
        Smallest and largest factor, around 1; needed by logit, possible with linear.

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    ModelError
        For missing values, totals that do not fit or cannot be met, or bounds that do not hold 1.

    References
    ----------
    Deville and Särndal (1992), doi:10.1080/01621459.1992.10475217; R ``survey::calibrate``.

    Examples
    --------
    >>> calibrated_weights([1, 1, 2], [[1, 0], [0, 1], [0, 1]], [2, 6]).tolist()
    [2.0, 2.0, 4.0]
    """
    matrix = numbers(auxiliary, "calibrated_weights: auxiliary")
    w = check_weights(weights, matrix.shape[0])
    wanted = numbers(by_column(totals, auxiliary, "calibrated_weights: totals"), "calibrated_weights: totals")
    if (
        matrix.ndim != 2
        or wanted.shape != (matrix.shape[1],)
        or not (np.isfinite(matrix).all() and np.isfinite(wanted).all())
    ):
        raise ModelError("auxiliary variables and totals do not fit, or are missing", where="calibrated_weights",
                         got=(matrix.shape, wanted.shape), expected="(n, k) and (k,), finite")  # fmt: skip
    if method not in ("linear", "raking", "logit"):
        raise ModelError("unknown distance", where="calibrated_weights", got=method, expected="linear | raking | logit")
    if (method == "logit" and bounds is None) or (bounds is not None and not (bounds[0] < 1 < bounds[1])):
        raise ModelError(
            "bounds of the factors must hold 1", where="calibrated_weights: bounds", got=bounds, expected="(0.5, 2)"
        )
    scale = np.maximum(np.abs(matrix).max(axis=0), 1e-300)
    x, goal = matrix / scale, wanted / scale
    found = np.zeros(x.shape[1])
    for _ in range(STEPS):
        g, slope = _factors(x @ found, method, bounds)
        gap = goal - x.T @ (w * g)
        if np.abs(gap).max() <= TOLERANCE * np.abs(goal).max():
            return w * g
        found = found + np.linalg.lstsq((x * (w * slope)[:, None]).T @ x, gap, rcond=1e-13)[0]
    raise ModelError("totals cannot be met", where="calibrated_weights", got=(x.T @ (w * g) * scale).tolist(),
                     expected=wanted.tolist(), fix="widen the bounds, or leave a total out")  # fmt: skip


@by_row("design", "auxiliary")
def calibrate(
    design: SurveyDesign,
    auxiliary: npt.ArrayLike,
    totals: npt.ArrayLike,
    method: Distance = "linear",
    bounds: tuple[float, float] | None = None,
    equal_in_cluster: bool = False,
) -> SurveyDesign:
    """The design with calibrated weights; its standard errors are those of residuals on the auxiliary variables.

    Parameters
    ----------
    design : SurveyDesign
    auxiliary, totals, method, bounds
        As in :func:`calibrated_weights`.
    equal_in_cluster : bool
        One factor for all rows of a cluster, from cluster totals.

    Returns
    -------
    SurveyDesign

    Raises
    ------
    ModelError
        As :func:`calibrated_weights`; for weights calibrated before, or (``equal_in_cluster``) that differ in a cluster.

    Notes
    -----
    Residuals are computed with the weights before calibration, as R survey does; with those after it the standard error
    may differ by a percent or two.

    References
    ----------
    Deville and Särndal (1992), doi:10.1080/01621459.1992.10475217.

    Examples
    --------
    >>> from relapse_risk.poverty.survey import survey_design
    >>> calibrate(survey_design([1, 1]), [[1], [1]], [10]).weights.tolist()
    [5.0, 5.0]
    """
    totals = by_column(totals, auxiliary, "calibrate: totals")
    _check_fresh(design)
    matrix = numbers(auxiliary, "calibrate: auxiliary")
    if matrix.ndim != 2 or matrix.shape[0] != design.weights.size:
        raise ModelError("not one row per row of the design", where="calibrate: auxiliary", got=matrix.shape)
    if not equal_in_cluster:
        weights = calibrated_weights(design.weights, matrix, totals, method, bounds)
        return replace(design, weights=weights, calibration=Calibration(matrix, design.weights, weights))
    size = np.bincount(design.psu)
    first = design.weights[np.unique(design.psu, return_index=True)[1]]
    if not np.allclose(first[design.psu], design.weights, rtol=1e-9):
        raise ModelError("weights differ within a cluster", where="calibrate", fix="leave equal_in_cluster out")
    mean = np.column_stack([np.bincount(design.psu, column) / size for column in matrix.T])[design.psu]
    weights = calibrated_weights(design.weights, mean, totals, method, bounds)
    return replace(design, weights=weights, calibration=Calibration(mean, design.weights, weights))


def _check_fresh(design: SurveyDesign) -> None:
    if design.calibration is not None:
        raise ModelError("weights were calibrated before", where="calibrate", fix="give all totals in one call")


def _indicators(groups: Any, sizes: Mapping[Any, float], where: str) -> tuple[Array, Array]:
    """Columns of 0 and 1 of the groups, and the totals; every group of the sample must have a size, and the reverse."""
    labels = pd.Series(groups if isinstance(groups, pd.Series | np.ndarray) else list(groups))
    unknown = set(labels.dropna()) ^ set(sizes)
    if labels.isna().any() or unknown:
        raise ModelError("groups of the sample and known sizes differ", where=where, got=sorted(unknown, key=str)[:5] or "missing group",
                         expected="the same groups in both")  # fmt: skip
    names = list(sizes)
    return np.column_stack([labels.eq(name).to_numpy(dtype=np.float64) for name in names]), np.array(
        [sizes[n] for n in names], float
    )


@by_row("design", "groups")
def post_stratify(design: SurveyDesign, groups: Any, sizes: Mapping[Any, float]) -> SurveyDesign:
    """Weights that reproduce the known size of each group.

    Parameters
    ----------
    design : SurveyDesign
    groups : sequence, shape (n,)
    sizes : mapping
        People (or households) of the population by group.

    Returns
    -------
    SurveyDesign

    Raises
    ------
    ModelError
        For a missing group, or groups of the sample without a size or the reverse.

    References
    ----------
    Holt and Smith (1979), doi:10.2307/2344652.

    Examples
    --------
    >>> from relapse_risk.poverty.survey import survey_design
    >>> post_stratify(survey_design([1, 1, 1]), ["a", "a", "b"], {"a": 10, "b": 4}).weights.tolist()
    [5.0, 5.0, 4.0]
    """
    matrix, totals = _indicators(groups, sizes, "post_stratify")
    return calibrate(design, matrix, totals)


def rake(design: SurveyDesign, margins: Sequence[tuple[Any, Mapping[Any, float]]]) -> SurveyDesign:
    """Weights that reproduce the known sizes of several groupings at once (iterative proportional fitting).

    Parameters
    ----------
    design : SurveyDesign
    margins : sequence of (groups, sizes)
        Each as in :func:`post_stratify`; sizes of all margins sum to the same population.

    Returns
    -------
    SurveyDesign

    Raises
    ------
    ModelError
        As :func:`post_stratify`; for margins whose populations differ, or that cannot be met together.

    References
    ----------
    Deming and Stephan (1940), doi:10.1214/aoms/1177731829; the solution is that of calibration by ``raking``.

    Examples
    --------
    >>> from relapse_risk.poverty.survey import survey_design
    >>> raked = rake(survey_design([1, 1, 1]), [(list("aab"), {"a": 3, "b": 1}), (list("xyx"), {"x": 2, "y": 2})])
    >>> raked.weights.round(6).tolist()
    [1.0, 2.0, 1.0]
    """
    blocks = []
    for number, (groups, sizes) in enumerate(margins):
        ordered = groups if design.index is None else in_order(groups, design.index, f"rake: margin {number}")
        blocks.append(_indicators(ordered, sizes, f"rake: margin {number}"))
    people = [float(totals.sum()) for _, totals in blocks]
    if not people or not np.allclose(people, people[0], rtol=1e-6):
        raise ModelError("margins of different populations", where="rake", got=people, expected="the same sum in each")
    matrix, totals = np.hstack([m for m, _ in blocks]), np.concatenate([t for _, t in blocks])
    return calibrate(design, matrix, totals, "raking")


def trim_weights(design: SurveyDesign, low: float, high: float) -> SurveyDesign:
    """Weights held between two limits; what was cut off is spread evenly over the weights that were not.

    Parameters
    ----------
    design : SurveyDesign
    low, high : float
        Limits of a weight. Those that were not held may pass them by what they are given.

    Returns
    -------
    SurveyDesign
        The sum of its weights is unchanged.

    Raises
    ------
    ModelError
        For limits in the wrong order, or if no weight lies between them.

    References
    ----------
    Potter (1990); R ``survey::trimWeights``.

    Examples
    --------
    >>> from relapse_risk.poverty.survey import survey_design
    >>> trim_weights(survey_design([1.0, 2.0, 9.0]), 0, 5).weights.tolist()
    [3.0, 4.0, 5.0]
    """
    w = design.weights
    held = (w < low) | (w > high)
    if not low <= high or held.all():
        raise ModelError("no weight lies between the limits", where="trim_weights", got=(low, high))
    trimmed = np.clip(w, low, high)
    trimmed[~held] += (w.sum() - trimmed.sum()) / (~held).sum()
    return replace(design, weights=trimmed)
