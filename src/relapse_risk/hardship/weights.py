"""Weights from the data or from an outcome (from judgement: ``ahp``). Every function returns shape (p,), summing to one.

Data-driven functions take a matrix (n, p) oriented so that higher is worse (or better) in every column alike. Register
a new one that needs nothing but the matrix in :data:`WEIGHTINGS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.stats import rankdata

from relapse_risk.errors import ModelError
from relapse_risk.rows import numbers

__all__ = [
    "WEIGHTINGS",
    "balanced",
    "critic",
    "entropy",
    "equal",
    "fitted",
    "gini_weights",
    "merec",
    "principal_component",
    "standard_deviation",
]

Array = npt.NDArray[np.float64]


def check_matrix(matrix: npt.ArrayLike, where: str, positive: bool = False, constant_ok: bool = True) -> Array:
    """A finite matrix (n, p) with rows and columns.

    Raises
    ------
    ModelError
        For another shape, a missing or infinite entry, a value that must be positive, or a constant column.
    """
    x = numbers(matrix, where)
    if x.ndim != 2 or min(x.shape) == 0:
        raise ModelError("not a matrix", where=where, got=x.shape, expected="(n, p), both at least 1")
    # A finite sum proves every entry finite; only otherwise is it worth looking for the culprit.
    if not np.isfinite(x.sum()) and not np.isfinite(x).all():
        row, column = np.argwhere(~np.isfinite(x))[0]
        raise ModelError("missing or infinite", where=f"{where}: row {row}, column {column}", got=float(x[row, column]))
    if positive and x.min() < 0:
        row, column = np.argwhere(x < 0)[0]
        raise ModelError(
            "negative", where=f"{where}: row {row}, column {column}", got=float(x[row, column]), expected=">= 0"
        )
    if not constant_ok and (flat := x.min(axis=0) == x.max(axis=0)).any():
        raise ModelError(
            "constant column", where=f"{where}: column {int(np.flatnonzero(flat)[0])}", expected="two different values"
        )
    return x


def share_out(raw: Array, where: str) -> Array:
    """Raw importances rescaled to sum to one."""
    if not np.isfinite(raw).all() or (raw < 0).any() or raw.sum() <= 0:
        raise ModelError(
            "no weights follow from these data", where=where, got=raw.tolist(), expected=">= 0, not all zero"
        )
    out: Array = raw / raw.sum()
    return out


def equal(matrix: npt.ArrayLike) -> Array:
    """One over the number of columns.

    Examples
    --------
    >>> equal([[1, 2], [3, 4]]).tolist()
    [0.5, 0.5]
    """
    p = check_matrix(matrix, "equal").shape[1]
    return np.full(p, 1 / p)


def entropy(matrix: npt.ArrayLike) -> Array:
    """Shannon entropy weights: 1 - (-sum(s ln s) / ln n), s the column's shares; log base = number of rows.

    Raises
    ------
    ModelError
        For a negative entry or an all-zero column.

    Notes
    -----
    With S the column sum, -sum(s ln s) = ln S - sum(x ln x) / S. A constant column weighs nothing. Equal to
    scikit-criteria and pymcdm.

    Examples
    --------
    >>> entropy([[1, 1], [1, 3]]).round(6).tolist()
    [0.0, 1.0]
    """
    x = check_matrix(matrix, "entropy", positive=True)
    total = x.sum(axis=0)
    if (total == 0).any():
        raise ModelError("all-zero column", where=f"entropy: column {int(np.flatnonzero(total == 0)[0])}")
    if x.shape[0] == 1:
        raise ModelError("needs two rows", where="entropy", got=1)
    weighted = np.zeros(x.shape[1])
    for first in range(0, x.shape[0], 8192):
        block = x[first : first + 8192]
        logs = np.log(block, out=np.zeros_like(block), where=block > 0) if (block == 0).any() else np.log(block)
        weighted += np.einsum("ij,ij->j", block, logs)
    information = np.maximum(1 - (np.log(total) - weighted / total) / np.log(x.shape[0]), 0.0)
    return share_out(np.where(information < 1e-14, 0.0, information), "entropy")


def standard_deviation(matrix: npt.ArrayLike) -> Array:
    """Proportional to each column's standard deviation (scale the columns first).

    Examples
    --------
    >>> standard_deviation([[0, 0], [1, 3]]).tolist()
    [0.25, 0.75]
    """
    return share_out(check_matrix(matrix, "standard_deviation").std(axis=0), "standard_deviation")


def critic(matrix: npt.ArrayLike, correlation: Literal["pearson", "spearman"] = "pearson", scale: bool = True) -> Array:
    """CRITIC: standard deviation × sum over the others of (1 - correlation), on min-max scaled columns.

    Raises
    ------
    ModelError
        For a constant column (its correlation is not defined).

    Notes
    -----
    Diakoulaki, Mavrotas and Papayannakis (1995), doi:10.1016/0305-0548(94)00059-H.

    Examples
    --------
    >>> critic([[0, 0, 1], [1, 1, 0], [2, 2, 1]]).round(3).tolist()
    [0.232, 0.232, 0.536]
    """
    x = check_matrix(matrix, "critic", constant_ok=False)
    if scale:
        low, high = x.min(axis=0), x.max(axis=0)
        x = (x - low) / (high - low)
    if correlation not in ("pearson", "spearman"):
        raise ModelError("unknown correlation", where="critic", got=correlation, expected="pearson | spearman")
    conflict = 1 - np.corrcoef(rankdata(x, axis=0) if correlation == "spearman" else x, rowvar=False)
    return share_out(x.std(axis=0) * np.atleast_2d(conflict).sum(axis=0), "critic")


def merec(matrix: npt.ArrayLike, directions: Sequence[int] | None = None) -> Array:
    """MEREC: how much the overall score changes when a column is removed.

    Parameters
    ----------
    directions : sequence of 1 and -1, optional
        1: more is better (normalised min / x), -1: less is better (x / max).

    Raises
    ------
    ModelError
        For an entry that is not positive.

    Notes
    -----
    Keshavarz-Ghorabaee et al. (2021), doi:10.3390/sym13040525.

    Examples
    --------
    >>> merec([[450, 8000, 54, 145], [10, 9100, 2, 160], [100, 8200, 31, 153], [220, 9300, 1, 162],
    ...        [5, 8400, 23, 158]], [1, 1, -1, -1]).round(4).tolist()
    [0.5752, 0.0141, 0.4016, 0.0091]
    """
    x = check_matrix(matrix, "merec", positive=True)
    if (x == 0).any():
        raise ModelError("merec needs entries > 0", where="merec", got=0.0)
    signs = np.ones(x.shape[1]) if directions is None else np.asarray(directions)
    logs = np.abs(np.log(np.where(signs == 1, x.min(axis=0) / x, x / x.max(axis=0))))
    whole = logs.sum(axis=1, keepdims=True)
    p = x.shape[1]
    change = np.abs(np.log1p((whole - logs) / p) - np.log1p(whole / p)).sum(axis=0)
    return share_out(change, "merec")


def gini_weights(matrix: npt.ArrayLike) -> Array:
    """Proportional to each column's Gini coefficient.

    Notes
    -----
    Li and Chi (2009); as scikit-criteria's ``GiniWeighter``.

    Examples
    --------
    >>> gini_weights([[1, 1], [1, 3]]).tolist()
    [0.0, 1.0]
    """
    x = np.sort(check_matrix(matrix, "gini_weights", positive=True), axis=0)
    n = x.shape[0]
    total = x.sum(axis=0)
    rank = np.arange(1, n + 1)
    return share_out(2 * (rank @ x) / (n * total) - (n + 1) / n, "gini_weights")


def principal_component(matrix: npt.ArrayLike, signed: bool = False) -> Array:
    """First principal component of the standardised columns.

    Parameters
    ----------
    signed : bool
        Give the unit-length loadings as they are (COINr ``get_PCA``: sign so that most are positive, no rescaling to
        one); by default squared loadings, which sum to one.

    Examples
    --------
    >>> principal_component([[0, 0], [1, 1], [2, 2]]).round(6).tolist()
    [0.5, 0.5]
    """
    x = check_matrix(matrix, "principal_component", constant_ok=False)
    vector = np.linalg.eigh(np.atleast_2d(np.corrcoef(x, rowvar=False)))[1][:, -1]
    vector = vector * (-1 if np.sum(np.sign(vector)) < 0 else 1)
    return vector if signed else share_out(vector**2, "principal_component")


def balanced(matrix: npt.ArrayLike, targets: npt.ArrayLike | None = None) -> Array:
    """Weights under which each column correlates with the weighted sum in proportion to ``targets`` (equally if none).

    "Effective" weights in the sense of COINr ``get_opt_weights`` and Becker et al. (2017,
    doi:10.1016/j.ecolind.2017.03.056): found by minimising the squared distance of the normalised correlations.

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=(200, 3)) @ np.array([[1, 0.5, 0], [0, 1, 0], [0, 0, 1]])
    >>> w = balanced(x)
    >>> r = np.array([np.corrcoef(x[:, j], (x - x.mean(0)) / x.std(0) @ w)[0, 1] for j in range(3)])
    >>> bool(np.ptp(r) < 0.01)
    True
    """
    x = check_matrix(matrix, "balanced", constant_ok=False)
    p = x.shape[1]
    target = share_out(np.ones(p) if targets is None else np.asarray(targets, dtype=np.float64), "balanced: targets")
    r = np.atleast_2d(np.corrcoef(x, rowvar=False))

    def distance(logits: Array) -> float:
        w = np.exp(logits - logits.max())
        w = w / w.sum()
        correlation = r @ w / np.sqrt(w @ r @ w)
        return float(((correlation / correlation.sum() - target) ** 2).sum())

    found = minimize(distance, np.log(target), method="Nelder-Mead", options={"maxiter": 4000 * p, "fatol": 1e-14})
    return share_out(np.exp(found.x - found.x.max()), "balanced")


def fitted(matrix: npt.ArrayLike, outcome: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Array:
    """Weights >= 0 under which the weighted sum best predicts a 0/1 outcome (logistic loss).

    Parameters
    ----------
    matrix : array_like, shape (n, p)
        Scores on a common scale.
    outcome : array_like of 0 and 1, shape (n,)
        For example relapse in the next year: only ever from after the scores.

    Examples
    --------
    >>> g = np.random.default_rng(1)
    >>> x = g.uniform(0, 100, size=(2000, 2))
    >>> fitted(x, g.random(2000) < 1 / (1 + np.exp(4 - 0.06 * x[:, 0])))[0] > 0.9
    np.True_
    """
    x = check_matrix(matrix, "fitted") / 100
    y = np.asarray(outcome, dtype=np.float64)
    if y.shape != (x.shape[0],) or not np.all((y == 0) | (y == 1)) or y.min() == y.max():
        raise ModelError("the outcome must be 0 and 1, both met", where="fitted", got=y.shape)
    w = np.ones(x.shape[0]) if weights is None else np.asarray(weights, dtype=np.float64)

    def loss(beta: Array) -> tuple[float, Array]:
        eta = beta[0] + x @ beta[1:]
        residual = w * (1 / (1 + np.exp(-eta)) - y)
        return float(w @ (np.logaddexp(0, eta) - y * eta)), np.concatenate(([residual.sum()], x.T @ residual))

    bounds = [(None, None)] + [(0, None)] * x.shape[1]
    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", bounds=bounds)
    return share_out(found.x[1:], "fitted")


WEIGHTINGS: Mapping[str, Callable[[npt.ArrayLike], Array]] = MappingProxyType(
    {
        "equal": equal,
        "entropy": entropy,
        "critic": critic,
        "merec": merec,
        "standard_deviation": standard_deviation,
        "gini": gini_weights,
        "principal_component": principal_component,
        "balanced": balanced,
    }
)
