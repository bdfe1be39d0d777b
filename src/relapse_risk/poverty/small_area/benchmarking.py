"""Area estimates made to add up to the survey's own total."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes
from relapse_risk.rows import by_row, numbers

__all__ = ["benchmark"]

BenchmarkMethod = Literal["difference", "ratio", "uncertainty"]


@by_row("values", "shares", "mse")
def benchmark(
    values: npt.ArrayLike,
    shares: npt.ArrayLike,
    total: float,
    method: BenchmarkMethod = "ratio",
    mse: npt.ArrayLike | None = None,
) -> Array:
    """Estimates of areas, moved so that their mean by population share is the known one.

    Parameters
    ----------
    values : array_like, shape (m,)
    shares : array_like, shape (m,)
        Share of each area in the population; they sum to one.
    total : float
        What the mean must be, such as the survey's direct estimate for the whole.
    method : {"difference", "ratio", "uncertainty"}
        The same difference everywhere (emdi calls it raking), the same factor, or most where the ``mse`` is largest.
    mse : array_like, shape (m,), optional
        Needed by ``uncertainty``.

    Returns
    -------
    array, shape (m,)

    Raises
    ------
    ModelError
        For missing values, shares that do not sum to one, a mean of zero (ratio) or a missing mse (uncertainty).

    References
    ----------
    Datta, Ghosh, Steorts and Maples (2011), doi:10.1007/s11749-010-0218-y; R ``emdi::benchmark``.

    Examples
    --------
    >>> benchmark([1.0, 3.0], [0.5, 0.5], 4.0).tolist(), benchmark([1.0, 3.0], [0.5, 0.5], 4.0, "difference").tolist()
    ([2.0, 6.0], [3.0, 5.0])
    """
    x = check_incomes(values, "benchmark: values")
    p = numbers(shares, "benchmark: shares")
    if p.shape != x.shape or not np.isfinite(p).all() or (p < 0).any() or abs(p.sum() - 1) > 1e-6:
        raise ModelError(
            "not shares of a population", where="benchmark: shares", got=float(p.sum()), expected="summing to 1"
        )
    gap = total - float(p @ x)
    if method == "difference":
        return x + gap
    if method == "ratio":
        if p @ x == 0:
            raise ModelError("mean of zero has no ratio", where="benchmark", fix='choose "difference"')
        return x * total / float(p @ x)
    if method != "uncertainty":
        raise ModelError("unknown method", where="benchmark", got=method, expected="difference | ratio | uncertainty")
    error = np.zeros(0) if mse is None else numbers(mse, "benchmark: mse")
    if error.shape != x.shape or not (np.isfinite(error) & (error >= 0)).all() or not p @ error > 0:
        raise ModelError("needs the mean squared error of every area", where="benchmark: mse", got=error.shape)
    return x + gap * error / float(p @ error)
