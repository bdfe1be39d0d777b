"""How far observers agree beyond chance (Cohen's and Fleiss' kappa), and how far the answer depends on who asked."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["cohen_kappa", "fleiss_kappa", "intraclass", "outlying_observers"]


def cohen_kappa(one: pd.Series, other: pd.Series) -> float:
    """Cohen's kappa of two observers (Cohen 1960, doi:10.1177/001316446002000104); NaN where chance agrees always.

    Examples
    --------
    >>> round(cohen_kappa(pd.Series(list("aabb")), pd.Series(list("aaba"))), 3)
    0.5
    """
    if one.empty:
        return float("nan")
    observed = float((one == other).mean())
    words = sorted(set(one) | set(other))
    first, second = (side.value_counts(normalize=True).reindex(words, fill_value=0.0) for side in (one, other))
    chance = float((first * second).sum())
    return (observed - chance) / (1 - chance) if chance < 1 else float("nan")


def fleiss_kappa(grades: pd.DataFrame) -> float:
    """Fleiss' kappa of the columns of ``grades`` (Fleiss 1971, doi:10.1037/h0031619); NaN where chance agrees always.

    Examples
    --------
    >>> round(fleiss_kappa(pd.DataFrame({"x": list("aab"), "y": list("aab"), "z": list("abb")})), 3)
    0.55
    """
    if grades.empty or grades.shape[1] < 2:
        return float("nan")
    raters = grades.shape[1]
    words = sorted({word for name in grades for word in grades[name]})
    counts = np.column_stack([(grades == word).sum(axis=1).to_numpy() for word in words]).astype(float)
    each = ((counts**2).sum(axis=1) - raters) / (raters * (raters - 1))
    chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return (float(each.mean()) - chance) / (1 - chance) if chance < 1 else float("nan")


def intraclass(x: npt.NDArray[np.float64], observer: npt.NDArray[Any]) -> tuple[float, float]:
    """Share of the spread of ``x`` that lies between observers, and the mean number of answers of one observer.

    Returns
    -------
    (icc, size)
        One-way analysis of variance, observers of unequal size: (B - W) / (B + (m - 1) W), B and W the mean squares
        between and within, m the adjusted size (Donner 1986, doi:10.2307/1403259).  NaN without spread or with one
        observer; it may fall below zero by chance.

    Examples
    --------
    >>> intraclass(np.array([1.0, 1, 5, 5]), np.array(["a", "a", "b", "b"]))
    (1.0, 2.0)
    """
    code, names = pd.factorize(observer)
    k, n = len(names), len(x)
    size = np.bincount(code, minlength=k).astype(np.float64)
    if k < 2 or n <= k:
        return float("nan"), float(n / max(k, 1))
    mean = np.bincount(code, weights=x, minlength=k) / size
    between = float((size * (mean - x.mean()) ** 2).sum()) / (k - 1)
    within = float(((x - mean[code]) ** 2).sum()) / (n - k)
    adjusted = (n - float((size**2).sum()) / n) / (k - 1)
    whole = between + (adjusted - 1) * within
    return ((between - within) / whole if whole > 0 else float("nan")), float(n / k)


def outlying_observers(x: pd.Series, observer: pd.Series, least: int, level: float = 0.05) -> list[str]:
    """Observers with ``least`` answers or more whose mean differs from all others' beyond noise.

    Two-sided, ``level`` shared among those compared (Bonferroni), the spread that of all answers.

    Examples
    --------
    >>> who = pd.Series(list("abcdef")).repeat(50).reset_index(drop=True)
    >>> outlying_observers(pd.Series([0.0, 1.0] * 125 + [1.0] * 50), who, 10)
    ['f']
    """
    groups = x.groupby(observer)
    size, mean = groups.size().astype("float64"), groups.mean()
    rest = len(x) - size
    other = (x.sum() - mean * size) / rest.where(rest > 0)
    sd = float(x.std())
    compared = (size >= least) & (rest > 0)
    if not compared.any() or not sd > 0:
        return []
    z = (mean - other) / (sd * np.sqrt(1 / size + 1 / rest))
    limit = NormalDist().inv_cdf(1 - level / (2 * int(compared.sum())))
    return [str(name) for name in mean.index[compared & (z.abs() > limit)]]
