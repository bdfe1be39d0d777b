"""Estimates of areas without a model: direct, post-stratified synthetic, and a mixture by the size of the sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import check_incomes, check_weights, group_codes
from relapse_risk.rows import by_row, numbers

__all__ = ["composite_estimates", "direct_estimates", "synthetic_estimates"]


@by_row("x", "areas", "weights")
def direct_estimates(
    x: npt.ArrayLike, areas: Any, sizes: Mapping[Any, float], weights: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Horvitz-Thompson mean of each area over its known size, with its standard error.

    Parameters
    ----------
    x : array_like, shape (n,)
        What is averaged, such as 1 for poor and 0 for not.
    areas : sequence, shape (n,)
    sizes : mapping
        Population of each area.
    weights : array_like, shape (n,), optional
        Inverse chances of selection; without them simple random sampling with replacement inside areas.

    Returns
    -------
    DataFrame
        Columns area, n, value, se: with weights sqrt(sum w (w - 1) x²) / N (Poisson sampling), else s / sqrt(n).

    Raises
    ------
    ModelError
        For missing values, bad weights, or an area without a size.

    References
    ----------
    Särndal, Swensson and Wretman (1992), section 5.8; R ``sae::direct``, which divides by the known size.

    Examples
    --------
    >>> direct_estimates([1.0, 0.0], ["a", "a"], {"a": 10}, [5, 5])["value"].tolist()
    [0.5]
    """
    values = check_incomes(x, "direct_estimates: x")
    codes, labels = group_codes(areas, values.size)
    unknown = [label for label in labels if not sizes.get(label, 0) > 0]
    if unknown:
        raise ModelError("an area without a size", where="direct_estimates: sizes", got=unknown[:3], expected="above 0")
    size = np.array([sizes[label] for label in labels], dtype=np.float64)
    n = np.bincount(codes)
    if weights is None:
        mean = np.bincount(codes, values) / n
        spread = np.bincount(codes, (values - mean[codes]) ** 2) / np.maximum(n - 1, 1)
        se = np.where(n > 1, np.sqrt(spread / n), np.nan)
        return pd.DataFrame({"area": labels, "n": n, "value": mean, "se": se})
    w = check_weights(weights, values.size)
    value = np.bincount(codes, w * values) / size
    se = np.sqrt(np.maximum(np.bincount(codes, w * (w - 1) * values**2), 0)) / size
    return pd.DataFrame({"area": labels, "n": n, "value": value, "se": se})


@by_row("x", "strata", "weights")
def synthetic_estimates(
    x: npt.ArrayLike, strata: Any, sizes: pd.DataFrame, weights: npt.ArrayLike | None = None, ratio: bool = True
) -> pd.Series:
    """Post-stratified synthetic mean of each area: everybody's mean by stratum, weighed by the area's own strata.

    Parameters
    ----------
    x : array_like, shape (n,)
    strata : sequence, shape (n,)
    sizes : DataFrame, shape (areas, strata)
        Population by area (rows) and stratum (columns).
    weights : array_like, shape (n,), optional
    ratio : bool
        Means of strata over the sum of their weights; otherwise over their known size (sae), which needs weights that
        sum to the population.

    Returns
    -------
    Series
        One value per row of ``sizes``.

    Raises
    ------
    ModelError
        For missing values, bad weights, or a stratum of the population that the sample has not.

    References
    ----------
    Rao and Molina (2015), section 3.2.2; R ``sae::pssynt``.

    Examples
    --------
    >>> sizes = pd.DataFrame({"old": [1, 3], "young": [1, 1]}, index=["north", "south"])
    >>> synthetic_estimates([1.0, 0.0], ["old", "young"], sizes).tolist()
    [0.5, 0.75]
    """
    values = check_incomes(x, "synthetic_estimates: x")
    w = check_weights(weights, values.size)
    codes, labels = group_codes(strata, values.size)
    unknown = [column for column in sizes.columns if column not in labels]
    if unknown:
        raise ModelError("a stratum nobody of the sample is in", where="synthetic_estimates: sizes", got=unknown[:3])
    counts = numbers(sizes, "synthetic_estimates: sizes")
    if not (np.isfinite(counts) & (counts >= 0)).all() or (counts.sum(axis=1) == 0).any():
        raise ModelError("sizes must be >= 0 and not all zero in an area", where="synthetic_estimates: sizes")
    at = [labels.index(column) for column in sizes.columns]
    base = np.bincount(codes, w)[at] if ratio else counts.sum(axis=0)
    by_stratum = np.bincount(codes, w * values)[at] / base
    return pd.Series(counts @ by_stratum / counts.sum(axis=1), index=sizes.index)


@by_row("direct", "synthetic", "represented", "sizes")
def composite_estimates(
    direct: npt.ArrayLike,
    synthetic: npt.ArrayLike,
    represented: npt.ArrayLike,
    sizes: npt.ArrayLike,
    delta: float = 1.0,
) -> pd.DataFrame:
    """Sample-size-dependent composite: the direct estimate where the sample stands for enough people, else partly synthetic.

    Parameters
    ----------
    direct, synthetic : array_like, shape (m,)
    represented : array_like, shape (m,)
        Sum of the weights of the area's sample.
    sizes : array_like, shape (m,)
        Its population.
    delta : float
        Share of the population that is enough.

    Returns
    -------
    DataFrame
        Columns value, weight: 1 where represented >= delta × size, else represented / (delta × size).

    Raises
    ------
    ModelError
        For a delta or sizes that are not above 0, or missing values.

    References
    ----------
    Drew, Singh and Choudhry (1982); R ``sae::ssd``.

    Examples
    --------
    >>> composite_estimates([1.0], [0.0], [50], [100])["value"].tolist()
    [0.5]
    """
    columns = [numbers(v, "composite_estimates") for v in (direct, synthetic, represented, sizes)]
    one, other, mass, size = columns
    if not all(np.isfinite(c).all() and c.shape == one.shape for c in columns) or not ((size > 0).all() and delta > 0):
        raise ModelError("missing values, or sizes or a delta not above 0", where="composite_estimates", got=delta)
    weight = np.minimum(mass / (delta * size), 1.0)
    return pd.DataFrame({"value": weight * one + (1 - weight) * other, "weight": weight})
