"""The relapse hazard under unobserved heterogeneity: gamma frailty in closed form."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from relapse_risk.errors import ModelError
from relapse_risk.relapse.glm import Array, fit_glm

__all__ = ["GammaFrailty", "fit_gamma_frailty"]

LEAST = 1e-4


@dataclass(frozen=True, slots=True)
class GammaFrailty:
    """Hazard 1 - exp(-v · exp(x'b)) with v gamma of mean 1 and ``variance``, one per spell.

    Attributes
    ----------
    params : ndarray, shape (k,)
    variance : float
        0.0001 stands for none.
    log_likelihood, without : float
        With frailty, and of the same hazard without it.
    covariance : ndarray, shape (k + 1, k + 1)
        Of (params, ln variance).
    """

    params: Array
    variance: float
    log_likelihood: float
    without: float
    covariance: Array = field(repr=False)


def fit_gamma_frailty(x: Array, y: Array, spell: npt.ArrayLike) -> GammaFrailty:
    """Maximum likelihood of a grouped proportional hazard with gamma frailty.

    A spell that ends with an event in its last period contributes (1 + v H_before)^(-1/v) - (1 + v H_all)^(-1/v), one
    that does not (1 + v H_all)^(-1/v), H the sum of exp(x'b) over its periods.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        One row a period, rows of a spell in order of time.
    y : ndarray, shape (n,)
        1 where the spell ended in that period: its last row only.
    spell : array_like, shape (n,)

    Raises
    ------
    ModelError
        If a spell goes on after its event, or the fit does not settle.

    References
    ----------
    Meyer (1990), Econometrica 58, 757-782; Jenkins (1995), Oxford Bulletin 57, 129-138.

    Examples
    --------
    >>> found = fit_gamma_frailty(np.ones((3, 1)), np.array([1.0, 0.0, 1.0]), [1, 2, 2])
    >>> found.log_likelihood >= found.without - 1e-3
    True
    """
    codes = np.unique(np.asarray(spell), return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    x, y, codes = x[order], y[order], codes[order]
    last = np.append(np.diff(codes) > 0, True)
    if y[~last].any():
        raise ModelError("a spell goes on after its event", where="fit_gamma_frailty", fix="end it there, begin anew")
    starts = np.flatnonzero(np.append(True, np.diff(codes) > 0))
    ended = y[last] == 1
    first = fit_glm(x, y, link="cloglog")

    def target(theta: Array) -> float:
        v = np.exp(theta[-1])
        rate = np.exp(np.clip(x @ theta[:-1], -50, 50))
        whole = np.add.reduceat(rate, starts)
        after, before = (-np.log1p(v * h) / v for h in (whole, whole - rate[last]))
        seen = before + np.log(-np.expm1(np.minimum(after - before, -1e-300)))
        return -float(np.where(ended, seen, after).sum())

    bounds = [(None, None)] * x.shape[1] + [(np.log(LEAST), np.log(50.0))]
    found = min(
        (minimize(target, np.append(first.params, start), method="L-BFGS-B", bounds=bounds,
                  options={"maxiter": 2000, "ftol": 1e-14, "gtol": 1e-8}) for start in (np.log(0.01), 0.0)),
        key=lambda result: result.fun,
    )  # fmt: skip
    if not np.isfinite(found.fun):
        raise ModelError("the fit does not settle", where="fit_gamma_frailty", got=found.message)
    covariance = np.asarray(np.linalg.pinv(_hessian(target, found.x)), dtype=np.float64)
    return GammaFrailty(
        np.asarray(found.x[:-1]), float(np.exp(found.x[-1])), -float(found.fun), first.log_likelihood, covariance
    )


def _hessian(function, at: Array) -> Array:  # type: ignore[no-untyped-def]
    k, step = len(at), 1e-4
    unit = np.eye(k) * step
    hessian = np.empty((k, k))
    for i in range(k):
        for j in range(i, k):
            signs = ((1, 1), (1, -1), (-1, 1), (-1, -1))
            values = [a * b * function(at + a * unit[i] + b * unit[j]) for a, b in signs]
            hessian[i, j] = hessian[j, i] = sum(values) / (4 * step**2)
    return hessian
