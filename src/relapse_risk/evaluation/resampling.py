"""Measures of several scores on the same rows, each with a cluster-bootstrap interval and its paired difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.evaluation.discrimination import Array, check_outcomes, check_weights
from relapse_risk.rows import by_row

__all__ = ["BUDGETS", "Measured", "bootstrap_measures", "cluster_draws", "cluster_interval", "measures", "missed"]

BUDGETS = (0.05, 0.1, 0.2)
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Measured:
    """One score evaluated on rows: point values and draws, shapes (k,) and (draws, k), in the order of ``names``."""

    names: tuple[str, ...]
    value: Array
    drawn: Array


def cluster_draws(cluster: npt.ArrayLike, draws: int, rng: np.random.Generator) -> Array:
    """How often each row counts in each bootstrap sample of whole clusters, shape (draws, n).

    Parameters
    ----------
    cluster : array_like, shape (n,)
    draws : int
    rng : Generator

    Notes
    -----
    G clusters are drawn with replacement out of G; every row of a cluster counts as often as its cluster was drawn.

    References
    ----------
    Field and Welsh (2007), J. R. Statist. Soc. B 69, 369-390.

    Examples
    --------
    >>> cluster_draws(["a", "a", "b"], 1, np.random.default_rng(1)).shape
    (1, 3)
    """
    codes, names = pd.factorize(np.asarray(cluster, dtype=object))
    if (codes < 0).any():
        raise ModelError(
            "a row without a cluster", where=f"cluster_draws: row {int(np.argmax(codes < 0))}",
            expected="a cluster for every row", fix="leave the row out, or give it its own cluster",
        )  # fmt: skip
    if len(names) < 2:
        raise ModelError("a bootstrap of clusters needs two of them", where="cluster_draws", got=len(names))
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    return np.asarray(counts[:, codes], dtype=np.float64)


def cluster_interval(
    statistic: Callable[[Array], float], counted: Array, level: float = 0.95
) -> tuple[float, float, float]:
    """Any measure with the percentile interval of draws of whole clusters.

    Parameters
    ----------
    statistic : function of weights, shape (n,)
        For example ``lambda w: targeting(poor, chosen, w).cgh``.
    counted : ndarray, shape (draws + 1, n)
        Weights of the rows themselves, then how often each counts in each draw (:func:`cluster_draws`).
    level : float

    Returns
    -------
    value, low, high : float

    Examples
    --------
    >>> y = np.array([0.0, 1.0, 1.0, 0.0])
    >>> counted = np.vstack([np.ones(4), cluster_draws([1, 1, 2, 2], 20, np.random.default_rng(1))])
    >>> cluster_interval(lambda w: float(np.average(y, weights=w)), counted)
    (0.5, 0.5, 0.5)
    """
    drawn = np.array([statistic(w) for w in counted])
    low, high = _sides(drawn[1:], (50 - 50 * level, 50 + 50 * level))
    return float(drawn[0]), low, high


@by_row("outcome", "score", "weights")
def missed(outcome: npt.ArrayLike, score: npt.ArrayLike, budget: float, weights: npt.ArrayLike | None = None) -> float:
    """Share of events outside the ``budget`` share of rows with the highest score; ties share the last places.

    Examples
    --------
    >>> missed([1, 1, 0, 0], [0.9, 0.1, 0.8, 0.2], 0.25)
    0.5
    >>> missed([1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5], 0.25)  # four ties, one place
    0.75
    """
    y, s = check_outcomes(outcome, score, "missed")
    return float(_by_rank(_Ranked.of(y, s), check_weights(weights, len(y), "missed"), (budget,))[2])


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Rows from the highest score down; ``ends``: last row of each group of ties."""

    order: npt.NDArray[np.intp]
    ends: npt.NDArray[np.intp]
    event: Array

    @classmethod
    def of(cls, y: Array, s: Array) -> _Ranked:
        order = np.argsort(-s, kind="stable")
        return cls(order, np.flatnonzero(np.append(np.diff(s[order]) != 0, True)), y[order])


def _by_rank(ranked: _Ranked, weights: Array, budgets: Sequence[float]) -> Array:
    """Area under the curve, average precision, and missed events at each budget."""
    w = weights[ranked.order]
    all_, hit = np.cumsum(w)[ranked.ends], np.cumsum(w * ranked.event)[ranked.ends]
    total, events = all_[-1], hit[-1]
    gained = np.diff(hit, prepend=0.0)
    others = np.diff(all_ - hit, prepend=0.0)
    below = (total - events) - (all_ - hit)
    area = float((gained * (below + others / 2)).sum() / (events * (total - events)))
    with np.errstate(invalid="ignore"):
        precision = np.where(all_ > 0, hit / all_, 0.0)
    reached = np.interp(np.asarray(budgets) * total, np.append(0.0, all_), np.append(0.0, hit)) / events
    return np.array([area, float((gained * precision).sum() / events), *(1 - reached)])


def _calibrated(y: Array, logit: Array, w: Array) -> tuple[float, float]:
    """Calibration in the large and slope by Newton's method."""
    large = 0.0
    for _ in range(30):
        p = 1 / (1 + np.exp(-(logit + large)))
        step = float((w * (y - p)).sum() / (w * p * (1 - p)).sum())
        large += step
        if abs(step) < TINY:
            break
    share = float(np.average(y, weights=w))
    a, b = float(np.log(share / (1 - share))), 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(a + b * logit, -500, 500)))
        v, r = w * p * (1 - p), w * (y - p)
        n, s, q = v.sum(), (v * logit).sum(), (v * logit**2).sum()
        det = n * q - s * s
        if det <= TINY * n * q:
            return large, float("nan")
        g, h = r.sum(), (r * logit).sum()
        da, db = (q * g - s * h) / det, (n * h - s * g) / det
        a, b = a + da, b + db
        if abs(da) + abs(db) < TINY:
            break
    return large, float(b)


@by_row("outcome", "score")
def measures(
    outcome: npt.ArrayLike, score: npt.ArrayLike, weights: Array, *, probability: bool = True,
    budgets: Sequence[float] = BUDGETS,
) -> Measured:  # fmt: skip
    """AUC, PR-AUC, missed events at each budget and, of probabilities, Brier score, log loss, calibration intercept and
    slope.

    Parameters
    ----------
    outcome, score : array_like, shape (n,)
    weights : ndarray, shape (draws + 1, n)
        The first row gives the point values, the others the draws (:func:`cluster_draws`).
    probability : bool
    budgets : sequence of float

    Examples
    --------
    >>> found = measures([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], np.ones((1, 4)))
    >>> round(float(found.value[0]), 2)
    0.75
    """
    y, s = check_outcomes(outcome, score, "measures")
    ranked = _Ranked.of(y, s)
    p = np.clip(s, 1e-12, 1 - 1e-12) if probability else s
    logit = np.log(p) - np.log1p(-p) if probability else p
    squared = (s - y) ** 2
    surprise = np.logaddexp(0.0, logit) - y * logit

    def one(w: Array) -> Array:
        if not (w * y).any() or not (w * (1 - y)).any():
            return np.full(6 + len(budgets), np.nan)
        rest = [np.nan] * 4
        if probability:
            rest = [*(float(np.average(loss, weights=w)) for loss in (squared, surprise)), *_calibrated(y, logit, w)]
        return np.concatenate([_by_rank(ranked, w, budgets), rest])

    drawn = np.array([one(w) for w in weights])
    names = ("auc", "pr_auc", *(f"missed_{round(b * 100)}" for b in budgets), "brier", "log_loss", "intercept", "slope")
    return Measured(names, drawn[0], drawn[1:])


def bootstrap_measures(
    frame: pd.DataFrame, scores: Sequence[str], *, reference: str, cluster: str, draws: int,
    rng: np.random.Generator, weight: str | None = None, ranks_only: Sequence[str] = (), level: float = 0.95,
) -> pd.DataFrame:  # fmt: skip
    """Every measure of every score with its interval, and the reference minus it, paired in every draw.

    Parameters
    ----------
    frame : DataFrame
        ``event`` (0/1), the scores, the cluster and, if given, the weight.
    scores : sequence of str
        Columns of probabilities (or, in ``ranks_only``, of anything that orders rows).
    reference : str
        The score that the others are compared with.
    cluster, weight : str
    draws : int
    rng : Generator
    level : float

    Returns
    -------
    DataFrame
        score, measure, value, low, high, difference (reference minus score), difference_low, difference_high:
        percentile intervals of draws of whole clusters.

    Examples
    --------
    >>> rows = pd.DataFrame({"event": [0, 0, 1, 1], "p": [0.1, 0.4, 0.35, 0.8], "village": list("abcd")})
    >>> found = bootstrap_measures(rows, ["p"], reference="p", cluster="village", draws=20, rng=np.random.default_rng(1))
    >>> float(found.set_index("measure").loc["auc", "value"])
    0.75
    """
    base = check_weights(None if weight is None else frame[weight], len(frame), "bootstrap_measures")
    counted = np.vstack([base, cluster_draws(frame[cluster], draws, rng) * base])
    found = {
        name: measures(frame["event"], frame[name], counted, probability=name not in ranks_only) for name in scores
    }
    sides = (50 - 50 * level, 50 + 50 * level)
    rows = []
    for name, own in found.items():
        apart = Measured(own.names, found[reference].value - own.value, found[reference].drawn - own.drawn)
        for i, measure in enumerate(own.names):
            low, high = _sides(own.drawn[:, i], sides)
            below, above = _sides(apart.drawn[:, i], sides)
            rows.append((name, measure, own.value[i], low, high, apart.value[i], below, above))
    columns = ["score", "measure", "value", "low", "high", "difference", "difference_low", "difference_high"]
    return pd.DataFrame(rows, columns=columns)


def _sides(drawn: Array, sides: tuple[float, float]) -> tuple[float, float]:
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.percentile(known, sides)
    return float(low), float(high)
