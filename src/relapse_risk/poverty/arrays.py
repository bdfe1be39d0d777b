"""Checks that every measure passes its arrays through, each returning the checked array."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.rows import numbers

__all__ = ["Array", "check_incomes", "check_line", "check_positive", "check_weights", "group_codes"]

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


def check_incomes(income: npt.ArrayLike, where: str = "income") -> Array:
    """``income`` as a finite float vector of at least one entry.

    Raises
    ------
    ModelError
        For another shape, an empty vector, or a missing or infinite value (row named).
    """
    values = numbers(income, where)
    if values.ndim != 1 or values.size == 0:
        raise ModelError("not a vector with entries", where=where, got=values.shape, expected="shape (n,), n >= 1")
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise ModelError(
            f"{bad.size} missing or infinite values, first in row {bad[0]}",
            where=where,
            got=float(values[bad[0]]),
            expected="finite numbers",
            fix="drop or impute these rows first, and say so",
        )
    return values


def check_positive(income: Array, measure: str, strictly: bool = True) -> Array:
    """``income`` if the measure is defined on it: positive (or not negative).

    Raises
    ------
    ModelError
        Naming the measure, the row and the value.
    """
    bad = np.flatnonzero(income <= 0 if strictly else income < 0)
    if bad.size:
        raise ModelError(
            f"{measure} is not defined for {'zero or ' if strictly else ''}negative income ({bad.size} rows, "
            f"first {bad[0]})",
            where="income",
            got=float(income[bad[0]]),
            expected="> 0" if strictly else ">= 0",
            fix="drop or bottom-code these rows first, and say so",
        )
    return income


def check_weights(weights: npt.ArrayLike | None, n: int, where: str = "weights") -> Array:
    """``weights`` as a finite non-negative vector of length ``n`` with a positive sum; ones when ``None``.

    Raises
    ------
    ModelError
        For another length, a negative, missing or infinite weight, or a zero sum.
    """
    if weights is None:
        return np.ones(n)
    values = numbers(weights, where)
    if values.shape != (n,):
        raise ModelError("wrong length", where=where, got=values.shape, expected=f"({n},)")
    bad = np.flatnonzero(~np.isfinite(values) | (values < 0))
    if bad.size:
        raise ModelError(
            f"negative, missing or infinite weight in row {bad[0]}",
            where=where,
            got=float(values[bad[0]]),
            expected="finite, >= 0",
        )
    if values.sum() <= 0:
        raise ModelError("weights sum to zero", where=where, got=float(values.sum()), expected="> 0")
    return values


def check_line(line: npt.ArrayLike, n: int) -> Array:
    """The line as a positive vector of length ``n`` (one line for all, or one each).

    Raises
    ------
    ModelError
        For a line that is not positive and finite, or has another length.
    """
    values = numbers(line, "line")
    if values.shape not in ((), (n,)):
        raise ModelError("wrong length", where="line", got=values.shape, expected=f"one number or ({n},)")
    if not np.all(np.isfinite(values) & (values > 0)):
        raise ModelError("not a positive number", where="line", got=line, expected="> 0")
    return np.broadcast_to(values, (n,))


def group_codes(groups: Any, n: int) -> tuple[IntArray, list[Any]]:
    """Integer codes 0..g-1 and the sorted labels of ``groups``.

    Raises
    ------
    ModelError
        For another length or a missing group.
    """
    labels = pd.Series(groups if isinstance(groups, pd.Series | np.ndarray) else list(groups))
    if labels.shape != (n,):
        raise ModelError("wrong length", where="groups", got=labels.shape, expected=f"({n},)")
    missing = np.flatnonzero(labels.isna())
    if missing.size:
        raise ModelError("missing group", where=f"groups, row {missing[0]}", fix="give every row a group")
    try:
        codes, levels = pd.factorize(labels, sort=True)
    except TypeError as error:  # words and numbers side by side have no order
        raise ModelError("groups of several kinds", where="groups", got=sorted({type(v).__name__ for v in labels}),
                         expected="all text or all numbers") from error  # fmt: skip
    return codes.astype(np.intp), levels.tolist()
