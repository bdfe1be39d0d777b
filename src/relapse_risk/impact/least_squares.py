"""Least squares with heteroskedasticity-robust covariances, as the designs of this room need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError

__all__ = ["Covariance", "LeastSquares", "fit_least_squares"]

Array = npt.NDArray[np.float64]
Covariance = Literal["homoskedastic", "hc0", "hc1", "hc2", "hc3"]


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """A fitted regression.

    Attributes
    ----------
    coefficients : array, shape (k,)
    design : array, shape (n, k)
        Square roots of the weights multiplied in.
    bread : array, shape (k, k)
        (X'X)⁻¹.
    residuals : array, shape (n,)
        Multiplied by the square roots of the weights.
    """

    coefficients: Array
    design: Array
    bread: Array
    residuals: Array

    @property
    def degrees_of_freedom(self) -> int:
        """Rows minus columns."""
        return self.design.shape[0] - self.design.shape[1]

    def covariance(self, kind: Covariance) -> Array:
        """Covariance of the coefficients, shape (k, k) (White 1980; MacKinnon and White 1985)."""
        n, k = self.design.shape
        if kind == "homoskedastic":
            return self.bread * float(self.residuals @ self.residuals) / (n - k)
        squares = self.residuals**2
        if kind == "hc1":
            squares = squares * n / (n - k)
        elif kind in ("hc2", "hc3"):
            leverage = ((self.design @ self.bread) * self.design).sum(axis=1)
            squares = squares / (1 - leverage) ** (1 if kind == "hc2" else 2)
        return self.bread @ (self.design.T * squares) @ self.design @ self.bread

    def standard_error(self, column: int, kind: Covariance) -> float:
        """Square root of a diagonal element of :meth:`covariance`."""
        return float(np.sqrt(self.covariance(kind)[column, column]))


def fit_least_squares(outcome: Array, design: Array, weights: Array | None = None) -> LeastSquares:
    """Regress ``outcome``, shape (n,), on ``design``, shape (n, k), with optional weights, shape (n,).

    Raises
    ------
    ModelError
        If there are no more rows than columns, or columns say the same.

    Examples
    --------
    >>> fit = fit_least_squares(np.array([1.0, 3.0, 5.0, 7.1]), np.column_stack([np.ones(4), np.arange(4.0)]))
    >>> fit.coefficients.round(2).tolist()
    [0.98, 2.03]
    """
    root = np.ones(len(outcome)) if weights is None else np.sqrt(weights)
    x, y = design * root[:, None], outcome * root
    if len(x) <= x.shape[1]:
        raise ModelError(
            "too few households for the regression", where="least squares", got=len(x), expected=f"> {x.shape[1]}"
        )
    scale = np.sqrt((x**2).sum(axis=0))
    if (scale == 0).any() or np.linalg.matrix_rank(x / scale) < x.shape[1]:
        raise ModelError("covariates say the same", where="least squares", fix="leave one of them out")
    q, r = np.linalg.qr(x)
    inverse = np.linalg.inv(r)
    coefficients = inverse @ (q.T @ y)
    return LeastSquares(coefficients, x, inverse @ inverse.T, y - x @ coefficients)
