"""PROMETHEE II: alternatives compared two by two, criterion by criterion, with thresholds of what difference matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.hardship.criteria import check_criteria
from relapse_risk.hardship.weights import Array

__all__ = ["PreferenceFunction", "Promethee", "promethee"]

PreferenceFunction = Literal["usual", "u_shape", "v_shape", "level", "linear", "gaussian"]
NEEDS = {"usual": "", "u_shape": "q", "v_shape": "p", "level": "qp", "linear": "qp", "gaussian": "p"}


@dataclass(frozen=True, slots=True)
class Promethee:
    """Outranking flows of n alternatives.

    Attributes
    ----------
    plus, minus : arrays, shape (n,)
        How much each is preferred to the others, and the others to it; 0 to 1.
    net : array, shape (n,)
        plus - minus; larger is better.
    """

    plus: Array
    minus: Array
    net: Array


def _thresholds(values: npt.ArrayLike | None, p: int, needed: bool, name: str) -> Array:
    if values is None:
        if needed:
            raise ModelError(f"this preference function needs a threshold {name}", where="promethee")
        return np.ones(p)
    out = np.broadcast_to(np.asarray(values, dtype=np.float64), (p,)) if np.size(values) in (1, p) else np.array([])
    if out.size != p or not np.isfinite(out).all() or (out < 0).any() or (name == "preference" and (out == 0).any()):
        raise ModelError(
            "not thresholds", where=f"promethee: {name}", got=values, expected=f"one or {p}, finite, positive"
        )
    return out


def promethee(
    matrix: npt.ArrayLike,
    weights: npt.ArrayLike,
    directions: Sequence[int] | None = None,
    function: PreferenceFunction = "usual",
    indifference: npt.ArrayLike | None = None,
    preference: npt.ArrayLike | None = None,
) -> Promethee:
    """PROMETHEE II outranking flows.

    Parameters
    ----------
    matrix : array_like, shape (n, p)
        At least two alternatives.
    weights : array_like, shape (p,)
    directions : sequence of 1 and -1, optional
        1 where more is better (default), -1 where less is.
    function : {"usual", "u_shape", "v_shape", "level", "linear", "gaussian"}
        Preference by a difference d > 0: 1; 1 beyond q; d / p up to 1; 1/2 beyond q and 1 beyond p; linear from q to p;
        1 - exp(-d² / 2p²).
    indifference, preference : float or array_like, shape (p,), optional
        q and p (of the gaussian: its inflection point), in the units of the columns.

    Returns
    -------
    Promethee

    Raises
    ------
    ModelError
        For missing entries, bad weights or directions, an unknown function, or thresholds it needs and lacks.

    Notes
    -----
    Pairs are compared in a table of n × n: for hundreds of units, not for a city.

    References
    ----------
    Brans and Vincke (1985), doi:10.1287/mnsc.31.6.647; Brans, Vincke and Mareschal (1986).

    Examples
    --------
    >>> promethee([[1, 2], [3, 1], [2, 3]], [1, 1]).net.tolist()
    [-0.5, 0.0, 0.5]
    """
    if function not in NEEDS:
        raise ModelError("unknown preference function", where="promethee", got=function, expected=" | ".join(NEEDS))
    x, w, signs = check_criteria(matrix, weights, directions, "promethee")
    n, p = x.shape
    if n < 2:
        raise ModelError("nothing to compare", where="promethee", got=n, expected="two or more alternatives")
    low = _thresholds(indifference, p, "q" in NEEDS[function], "indifference")
    high = _thresholds(preference, p, "p" in NEEDS[function], "preference")
    if function in ("level", "linear") and (low >= high).any():
        raise ModelError(
            "indifference must end before preference", where="promethee", got=(low.tolist(), high.tolist())
        )
    prefers = np.zeros((n, n))
    for j in range(p):
        d = signs[j] * (x[:, j, None] - x[:, j])
        prefers += w[j] * np.where(d > 0, _preference(d, function, low[j], high[j]), 0.0)
    plus, minus = prefers.sum(axis=1) / (n - 1), prefers.sum(axis=0) / (n - 1)
    return Promethee(plus, minus, plus - minus)


def _preference(d: Array, function: PreferenceFunction, q: float, p: float) -> Array:
    if function == "usual":
        return np.ones_like(d)
    if function == "u_shape":
        return (d > q).astype(np.float64)
    if function == "v_shape":
        return np.minimum(d / p, 1.0)
    if function == "level":
        return ((d > q) + (d > p).astype(np.float64)) / 2
    if function == "linear":
        return np.clip((d - q) / (p - q), 0.0, 1.0)
    return np.asarray(1 - np.exp(-(d**2) / (2 * p**2)))
