"""Binary panel models with a normal household effect, by adaptive Gauss-Hermite quadrature with an accuracy check."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_ndtr, logsumexp, ndtr

from relapse_risk.errors import ModelError
from relapse_risk.relapse.glm import Array, expit

__all__ = ["RandomEffects", "fit_random_effects", "log_likelihood", "posterior_probability"]

PanelLink = Literal["logit", "probit", "cloglog"]
NODES, ROUNDS, SAME, PROVEN = 25, 30, 1e-9, 1e-3


@dataclass(frozen=True, slots=True)
class _Grid:
    """Nodes of each household, shapes (g, k): places of the standard normal effect, and log weights."""

    place: Array
    log_weight: Array


@dataclass(frozen=True, slots=True)
class RandomEffects:
    """A fitted panel model: P(y = 1 | x, a) = F(x'b + sigma · a), a standard normal, one per household.

    Attributes
    ----------
    params : ndarray, shape (k,)
    sigma : float
        Standard deviation of the household's effect.
    covariance : ndarray, shape (k + 1, k + 1)
        Inverse of the information of (params, sigma).
    log_likelihood : float
    link : {"logit", "probit", "cloglog"}
    nodes : int
    moved : float
        Log-likelihood with twice the nodes minus this one: the quadrature error.
    """

    params: Array
    sigma: float
    covariance: Array = field(repr=False)
    log_likelihood: float
    link: PanelLink
    nodes: int
    moved: float

    @property
    def se(self) -> Array:
        """Standard errors of the coefficients and of sigma, shape (k + 1,)."""
        return np.sqrt(np.diag(self.covariance))


def _log_chance(eta: Array, y: Array, link: PanelLink) -> tuple[Array, Array]:
    """Log-likelihood of each observation, and its derivative by ``eta``."""
    if link == "logit":
        return y * eta - np.logaddexp(0.0, eta), y - expit(eta)
    if link == "probit":
        sign = 2 * y - 1
        log_p = log_ndtr(sign * eta)
        return log_p, sign * np.exp(-0.5 * eta**2 - 0.5 * np.log(2 * np.pi) - log_p)
    rate = np.exp(np.clip(eta, -700, 30))
    fell = np.maximum(-np.expm1(-rate), 1e-300)
    return y * np.log(fell) - (1 - y) * rate, y * rate * np.exp(-rate) / fell - (1 - y) * rate


def _standard(nodes: int) -> tuple[Array, Array]:
    z, w = np.polynomial.hermite_e.hermegauss(nodes)
    return z, np.log(w) - 0.5 * np.log(2 * np.pi)


def _plain(groups: int, nodes: int) -> _Grid:
    z, log_w = _standard(nodes)
    return _Grid(np.tile(z, (groups, 1)), np.tile(log_w, (groups, 1)))


@dataclass(frozen=True, slots=True)
class _Data:
    """Rows sorted by household; ``starts`` and ``group`` say which row is whose, ``weight`` and ``cluster`` are of
    households."""

    x: Array
    y: Array
    starts: npt.NDArray[np.intp]
    group: npt.NDArray[np.intp]
    weight: Array
    cluster: npt.NDArray[np.intp] | None = None

    @property
    def groups(self) -> int:
        return len(self.starts)


def _posterior(theta: Array, data: _Data, grid: _Grid, link: PanelLink) -> tuple[Array, Array, Array]:
    """Log-likelihood of each household, weight of each node (g, k) and derivative of each row at each node (n, k)."""
    eta = (data.x @ theta[:-1])[:, None] + theta[-1] * grid.place[data.group]
    log_p, slope = _log_chance(eta, data.y[:, None], link)
    each = np.add.reduceat(log_p, data.starts, axis=0) + grid.log_weight
    total = logsumexp(each, axis=1)
    return total, np.exp(each - total[:, None]), slope


def _objective(theta: Array, data: _Data, grid: _Grid, link: PanelLink) -> tuple[float, Array]:
    total, weight, slope = _posterior(theta, data, grid, link)
    carried = (weight * data.weight[:, None])[data.group] * slope
    by_sigma = float((carried * grid.place[data.group]).sum())
    return -float(data.weight @ total), -np.append(data.x.T @ carried.sum(axis=1), by_sigma)


def _clustered(theta: Array, data: _Data, grid: _Grid, link: PanelLink, bread: Array) -> Array:
    """G / (G - 1) · bread · Σ_c s_c s_c' · bread, s_c the scores of a cluster's households."""
    _, weight, slope = _posterior(theta, data, grid, link)
    carried = (weight * data.weight[:, None])[data.group] * slope
    rows = np.column_stack([data.x * carried.sum(axis=1)[:, None], (carried * grid.place[data.group]).sum(axis=1)])
    codes = np.asarray(data.cluster)[data.group]
    groups = int(codes.max()) + 1
    totals = np.column_stack([np.bincount(codes, rows[:, j], groups) for j in range(rows.shape[1])])
    return np.asarray(groups / max(groups - 1, 1) * bread @ (totals.T @ totals) @ bread)


def _adapted(theta: Array, data: _Data, grid: _Grid, link: PanelLink, nodes: int) -> _Grid:
    """Nodes moved to the posterior mean of each household's effect and stretched to its spread."""
    _, weight, _ = _posterior(theta, data, grid, link)
    mean = (weight * grid.place).sum(axis=1)
    spread = np.sqrt(np.maximum((weight * grid.place**2).sum(axis=1) - mean**2, 1e-4))
    z, log_w = _standard(nodes)
    place = mean[:, None] + spread[:, None] * z
    # The integral of f(a) φ(a) da with a = m + s z: s Σ w f φ(a) / φ(z).
    return _Grid(place, log_w + np.log(spread)[:, None] + 0.5 * z**2 - 0.5 * place**2)


def _sorted(
    x: Array, y: Array, household: npt.ArrayLike, weight: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
) -> _Data:  # fmt: skip
    codes = np.unique(np.asarray(household), return_inverse=True)[1]
    order = np.argsort(codes, kind="stable")
    group = codes[order]
    starts = np.flatnonzero(np.append(True, np.diff(group) > 0))
    size = np.bincount(group)
    w = np.ones(len(starts)) if weight is None else np.bincount(group, np.asarray(weight, dtype=float)[order]) / size
    of_household = None if cluster is None else pd.factorize(np.asarray(cluster)[order][starts])[0]
    return _Data(
        np.asarray(x, dtype=np.float64)[order], np.asarray(y, dtype=np.float64)[order], starts, group, w, of_household
    )


def log_likelihood(fitted: RandomEffects, x: Array, y: Array, household: npt.ArrayLike, nodes: int) -> float:
    """Log-likelihood at the fitted values by adaptive quadrature of ``nodes`` nodes."""
    data = _sorted(x, y, household)
    theta = np.append(fitted.params, fitted.sigma)
    return -_objective(theta, data, _settled_grid(theta, data, fitted.link, nodes), fitted.link)[0]


def _settled_grid(theta: Array, data: _Data, link: PanelLink, nodes: int) -> _Grid:
    grid = _plain(data.groups, nodes)
    for _ in range(6):
        grid = _adapted(theta, data, grid, link, nodes)
    return grid


def fit_random_effects(
    x: Array, y: Array, household: npt.ArrayLike, *, link: PanelLink = "probit", nodes: int = NODES,
    weight: npt.ArrayLike | None = None, cluster: npt.ArrayLike | None = None,
) -> RandomEffects:  # fmt: skip
    """Maximum likelihood with a normal household effect.

    Nodes are moved to each household's posterior, the likelihood is maximised with the nodes held, and so on until
    neither moves; then it is computed again with twice the nodes.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        With its column of ones.
    y : ndarray, shape (n,)
    household : array_like, shape (n,)
    link : {"logit", "probit", "cloglog"}
        ``cloglog`` is the hazard with normal frailty.
    nodes : int
    weight : array_like, shape (n,), optional
        Sampling or attrition weights; a household counts by the mean of its rows', so that its effect stays one.
    cluster : array_like, shape (n,), optional
        What the covariance is clustered by (whole households); that of the likelihood when left out.

    Raises
    ------
    ModelError
        If nobody is seen twice, the outcome does not vary, the fit does not settle, or twice the nodes move the
        log-likelihood by more than 0.001.

    References
    ----------
    Naylor and Smith (1982), Applied Statistics 31, 214-225; Liu and Pierce (1994), Biometrika 81, 624-629.
    """
    data = _sorted(x, y, household, weight, cluster)
    if data.groups == len(data.y) or data.y.min() == data.y.max():
        raise ModelError(
            "a household's effect needs households seen twice and an outcome that varies", where="fit_random_effects",
            got=(len(data.y), data.groups, float(data.y.mean())), fix="use a panel",
        )  # fmt: skip
    theta = np.append(np.zeros(data.x.shape[1]), 0.5)
    grid, last = _plain(data.groups, nodes), np.inf
    # Columns of very different spread would make the search slow: it runs on standardised ones.
    scale = np.append(np.maximum(np.sqrt((data.x**2).mean(axis=0)), 1e-12), 1.0)
    for _ in range(ROUNDS):
        held = grid

        def target(scaled: Array, held: _Grid = held) -> tuple[float, Array]:
            value, slope = _objective(scaled / scale, data, held, link)
            return value, slope / scale

        found = minimize(target, theta * scale, jac=True, method="BFGS", options={"gtol": 1e-5, "maxiter": 500})
        moved = float(np.abs(found.x / scale - theta).max())
        theta = found.x / scale
        grid = _adapted(theta, data, grid, link, nodes)
        if abs(last - found.fun) < SAME * abs(found.fun) and moved < 1e-7:
            break
        last = found.fun
    return _checked(theta, data, grid, link, nodes)


def _checked(theta: Array, data: _Data, grid: _Grid, link: PanelLink, nodes: int) -> RandomEffects:
    """The fit with its covariance, once it has settled and twice the nodes agree."""
    theta = np.append(theta[:-1], abs(theta[-1])) if theta[-1] < 0 else theta
    grid = _settled_grid(theta, data, link, nodes)
    value, slope = _objective(theta, data, grid, link)
    if not np.isfinite(value) or np.abs(slope).max() > 1e-2 * len(data.y):
        raise ModelError("the fit does not settle", where="fit_random_effects", got=float(np.abs(slope).max()))
    finer = _objective(theta, data, _settled_grid(theta, data, link, 2 * nodes), link)[0]
    if abs(finer - value) > PROVEN:
        raise ModelError(
            "the quadrature is too coarse", where="fit_random_effects", got=f"{value - finer:+.4f} with twice the nodes",
            expected=f"at most {PROVEN}", fix=f"use more than {nodes} nodes",
        )  # fmt: skip
    covariance = np.asarray(np.linalg.inv(_information(theta, data, grid, link)), dtype=np.float64)
    if data.cluster is not None:
        covariance = _clustered(theta, data, grid, link, covariance)
    return RandomEffects(theta[:-1], float(theta[-1]), covariance, -value, link, nodes, value - finer)


def _information(theta: Array, data: _Data, grid: _Grid, link: PanelLink) -> Array:
    """Hessian by central differences of the analytic gradient, nodes held (they are fine enough not to matter)."""
    k = len(theta)
    hessian = np.empty((k, k))
    spread = np.append(np.maximum(np.sqrt((data.x**2).mean(axis=0)), 1e-12), 1.0)
    for j in range(k):
        step = np.zeros(k)
        step[j] = 1e-5 / spread[j]
        up, down = (_objective(theta + side * step, data, grid, link)[1] for side in (1, -1))
        hessian[j] = (up - down) / (2 * step[j])
    return (hessian + hessian.T) / 2


def posterior_probability(
    fitted: RandomEffects, x: Array, y: Array, household: npt.ArrayLike, ahead: Array, ahead_household: npt.ArrayLike,
) -> Array:  # fmt: skip
    """Probability at rows ``ahead``, each household's effect by its posterior (the population's where nothing was observed).

    Parameters
    ----------
    fitted : RandomEffects
    x, y, household
        What was seen before.
    ahead : ndarray, shape (m, k)
    ahead_household : array_like, shape (m,)

    Returns
    -------
    ndarray, shape (m,)
    """
    names, codes = np.unique(np.concatenate([np.asarray(household), np.asarray(ahead_household)]), return_inverse=True)
    z, log_w = _standard(2 * fitted.nodes)
    each = np.tile(log_w, (len(names), 1))
    past = codes[: len(y)]
    eta = (x @ fitted.params)[:, None] + fitted.sigma * z
    np.add.at(each, past, _log_chance(eta, np.asarray(y, dtype=np.float64)[:, None], fitted.link)[0])
    weight = np.exp(each - logsumexp(each, axis=1)[:, None])
    index = (ahead @ fitted.params)[:, None] + fitted.sigma * z
    chance = {"logit": expit, "probit": ndtr}.get(fitted.link, lambda e: -np.expm1(-np.exp(np.minimum(e, 30.0))))(index)
    return np.asarray((chance * weight[codes[len(y) :]]).sum(axis=1))
