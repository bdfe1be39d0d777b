"""How far observers who graded the same things agree beyond chance: Cohen's and Fleiss' kappa."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["cohen_kappa", "fleiss_kappa"]


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
