"""Propensity, outcome regressions and the doubly robust scores that designs without a lottery rest on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.impact.least_squares import fit_least_squares

__all__ = ["Propensity", "fit_propensity", "with_constant"]

Array = npt.NDArray[np.float64]
ITERATIONS, CONVERGED = 100, 1e-12


@dataclass(frozen=True, slots=True)
class Propensity:
    """A logit of who is treated.

    Attributes
    ----------
    coefficients : array, shape (k,)
    chance : array, shape (n,)
        Fitted chance of being treated.
    information_inverse : array, shape (k, k)
    """

    coefficients: Array
    chance: Array
    information_inverse: Array


def with_constant(covariates: Array | None, n: int) -> Array:
    """A column of ones, then the covariates.

    Examples
    --------
    >>> with_constant(None, 2).tolist()
    [[1.0], [1.0]]
    """
    ones = np.ones((n, 1))
    return ones if covariates is None else np.hstack([ones, covariates.reshape(n, -1)])


def fit_propensity(treated: Array, design: Array, weights: Array | None = None) -> Propensity:
    """Maximum likelihood by Newton's steps on scaled columns.

    Raises
    ------
    ModelError
        Where covariates separate the treated from the others, so that nobody is comparable, or say the same.

    Examples
    --------
    >>> fit_propensity(np.array([0.0, 0, 0, 1]), np.ones((4, 1))).chance.round(6).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    scale = np.sqrt((design**2).mean(axis=0))
    x = design / np.where(scale > 0, scale, 1)
    w = np.ones(len(x)) if weights is None else weights
    beta = np.zeros(x.shape[1])
    before = -np.inf
    for _ in range(ITERATIONS):
        eta = x @ beta
        p = 1 / (1 + np.exp(-eta))
        information = (x.T * (w * p * (1 - p))) @ x
        if np.linalg.matrix_rank(information) < len(beta) or np.abs(eta).max() > 30:
            raise ModelError(
                "covariates tell the treated and the others apart: nobody is comparable", where="propensity",
                fix="leave out what decides who is treated and says no more, or use another design",
            )  # fmt: skip
        likelihood = float((w * (treated * eta - np.logaddexp(0, eta))).sum())
        beta = beta + np.linalg.solve(information, x.T @ (w * (treated - p)))
        if abs(likelihood - before) < CONVERGED * (1 + abs(likelihood)):
            break
        before = likelihood
    p = 1 / (1 + np.exp(-(x @ beta)))
    inverse = np.linalg.inv((x.T * (w * p * (1 - p))) @ x)
    return Propensity(beta / scale, p, inverse / np.outer(scale, scale))


def fitted_by(outcome: Array, design: Array, rows: npt.NDArray[np.bool_]) -> Array:
    """Predictions for everybody of a regression on ``rows``."""
    found: Array = design @ fit_least_squares(outcome[rows], design[rows]).coefficients
    return found
