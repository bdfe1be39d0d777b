"""Sufficient sums of a fit, block by block: a nation is fitted without all its rows in memory together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from relapse_risk.relapse.glm import Array, Link, glm_log_likelihood, glm_score, inverse_link, linked

__all__ = [
    "Block",
    "Likelihood",
    "Shape",
    "Values",
    "centred_shape",
    "level_likelihood",
    "level_meat",
    "likelihood",
    "meat",
    "value_sums",
]

CELLS = 200  # of the guard against features that leak the outcome
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of whole clusters.

    Attributes
    ----------
    x : ndarray, shape (n, k)
        Values of the features, NaN where unknown.
    y, weight : ndarray, shape (n,)
    cluster : ndarray of int, shape (n,)
        From 0, within the block.
    newest : ndarray of bool, shape (n,)
        Rows the level is taken from.
    """

    x: Array
    y: Array
    weight: Array
    cluster: Ints
    newest: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Values:
    """Rows, events, weight and weighted events, and of each feature how many are known, their sum, least and largest."""

    n: int
    events: int
    newest: int
    newest_events: int
    weight: float
    weighted_events: float
    worst_weight: tuple[float, float]
    known: Array
    total: Array
    low: Array
    high: Array

    def __add__(self, other: Values) -> Values:
        low, high = zip(self.worst_weight, other.worst_weight, strict=True)
        return Values(
            self.n + other.n, self.events + other.events, self.newest + other.newest,
            self.newest_events + other.newest_events, self.weight + other.weight,
            self.weighted_events + other.weighted_events, (min(low), max(high)),
            self.known + other.known, self.total + other.total, np.fmin(self.low, other.low),
            np.fmax(self.high, other.high),
        )  # fmt: skip


def value_sums(block: Block) -> Values:
    """First pass."""
    known, y = ~np.isnan(block.x), block.y
    weights = (block.weight.min(initial=np.inf), block.weight.max(initial=-np.inf))
    if not np.isfinite(block.weight).all():
        weights = (-np.inf, np.inf)
    return Values(
        len(y), int(y.sum()), int(block.newest.sum()), int(y[block.newest].sum()), float(block.weight.sum()),
        float(block.weight @ y),
        (float(weights[0]), float(weights[1])), known.sum(axis=0).astype(float), np.nansum(block.x, axis=0),
        np.where(known, block.x, np.inf).min(axis=0, initial=np.inf),
        np.where(known, block.x, -np.inf).max(axis=0, initial=-np.inf),
    )  # fmt: skip


def centred(x: Array, reference: Array) -> Array:
    """Values around their mean; unknown counts as the mean."""
    return np.where(np.isnan(x), 0.0, x - reference)


@dataclass(frozen=True, slots=True)
class Shape:
    """Of centred features: products, rows at the least and largest value with their events, cells of values.

    Attributes
    ----------
    gram : ndarray, shape (k, k)
    at_low, at_high, events_at_low : ndarray, shape (k,)
    cells : ndarray, shape (2, k, cells)
        Rows without and with the event by value.
    smallest, largest : ndarray, shape (k, tail)
        Smallest and largest known values, ascending; infinite where there are fewer.
    """

    gram: Array
    at_low: Array
    at_high: Array
    events_at_low: Array
    cells: Array
    smallest: Array
    largest: Array

    def __add__(self, other: Shape) -> Shape:
        tail = self.smallest.shape[1]
        small = np.sort(np.hstack([self.smallest, other.smallest]), axis=1)[:, :tail]
        large = np.sort(np.hstack([self.largest, other.largest]), axis=1)[:, -tail:]
        return Shape(
            self.gram + other.gram, self.at_low + other.at_low, self.at_high + other.at_high,
            self.events_at_low + other.events_at_low, self.cells + other.cells, small, large,
        )  # fmt: skip


def centred_shape(reference: Array, low: Array, high: Array, tail: int, block: Block) -> Shape:
    """Second pass: ``low`` and ``high`` are the bounds of the centred values, ``tail`` how many extremes are kept."""
    x, y = centred(block.x, reference), block.y
    at_low = x == low
    width = np.where(high > low, high - low, 1.0)
    place = np.clip((x - low) / width * CELLS, 0, CELLS - 1).astype(np.intp) + np.arange(x.shape[1]) * CELLS
    cells = [
        np.bincount(place[y == event].ravel(), minlength=x.shape[1] * CELLS).reshape(x.shape[1], CELLS)
        for event in (0, 1)
    ]
    return Shape(
        x.T @ x, at_low.sum(axis=0).astype(float), (x == high).sum(axis=0).astype(float), y @ at_low,
        np.array(cells, dtype=float), _extremes(block.x, tail), -_extremes(-block.x, tail)[:, ::-1],
    )  # fmt: skip


def _extremes(x: Array, tail: int) -> Array:
    """The ``tail`` smallest known values of each column, ascending."""
    values = np.where(np.isnan(x), np.inf, x)
    if len(values) > tail:
        values = np.partition(values, tail - 1, axis=0)[:tail]
    short = np.full((max(tail - len(values), 0), x.shape[1]), np.inf)
    return np.sort(np.vstack([values, short]), axis=0).T


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Log-likelihood at some coefficients, its derivative and expected information, and the furthest predictor."""

    value: float
    score: Array
    information: Array
    furthest: float

    def __add__(self, other: Likelihood) -> Likelihood:
        return Likelihood(
            self.value + other.value, self.score + other.score, self.information + other.information,
            max(self.furthest, other.furthest),
        )  # fmt: skip


def _design(block: Block, columns: Ints, reference: Array) -> Array:
    x = centred(block.x[:, columns], reference[columns])
    return np.column_stack([np.ones(len(x)), x])


def likelihood(
    columns: Ints, reference: Array, scale: float, link: Link, params: Array | None, block: Block
) -> Likelihood:
    """Of the block at ``params``; the start of R's ``glm`` (one weighted least-squares step) where they are ``None``."""
    x, y, w = _design(block, columns, reference), block.y, block.weight / scale
    if params is None:
        mean = (y + 0.5) / 2
        eta = linked(mean, link)
        slope = mean * (1 - mean) if link == "logit" else np.exp(eta - np.exp(eta))
        information = w * slope**2 / (mean * (1 - mean))
        return Likelihood(0.0, x.T @ (information * (eta + (y - mean) / slope)), (x * information[:, None]).T @ x, 0.0)
    eta = x @ params
    score, information = glm_score(eta, y, w, link)
    return Likelihood(
        glm_log_likelihood(eta, y, w, link), x.T @ score, (x * information[:, None]).T @ x,
        float(np.abs(eta).max(initial=0.0)),
    )  # fmt: skip


def meat(columns: Ints, reference: Array, scale: float, link: Link, params: Array, block: Block) -> tuple[Array, int]:
    """Σ over clusters of the outer product of their scores, and how many clusters."""
    x = _design(block, columns, reference)
    score, _ = glm_score(x @ params, block.y, block.weight / scale, link)
    return _outer(x * score[:, None], block.cluster)


def _outer(scores: Array, cluster: Ints) -> tuple[Array, int]:
    groups = int(cluster.max(initial=-1)) + 1
    totals = np.column_stack([np.bincount(cluster, scores[:, j], groups) for j in range(scores.shape[1])])
    return np.asarray(totals.T @ totals, dtype=np.float64), groups


def level_likelihood(
    columns: Ints,
    reference: Array,
    scale: float,
    link: Link,
    slopes: Array,
    newest: bool,
    base: float | None,
    block: Block,
) -> tuple[Likelihood, Array]:
    """Of the base alone with the slopes held, over the newest rows or all; and Σw, Σwy, Σw·mean at ``base``."""
    at = block.newest if newest else np.ones(len(block.y), dtype=np.bool_)
    x, y, w = _design(block, columns, reference)[at], block.y[at], block.weight[at] / scale
    eta = x[:, 1:] @ slopes + (0.0 if base is None else base)
    score, information = glm_score(eta, y, w, link)
    sums = np.array([w.sum(), w @ y, w @ inverse_link(eta, link)])
    found = Likelihood(
        glm_log_likelihood(eta, y, w, link), np.array([score.sum()]), np.array([[information.sum()]]), 0.0
    )
    return found, sums


def level_meat(
    columns: Ints, reference: Array, scale: float, link: Link, params: Array, block: Block
) -> tuple[Array, int]:
    """:func:`meat` of the base alone, over the newest rows."""
    at = block.newest
    x = _design(block, columns, reference)[at]
    score, _ = glm_score(x @ params, block.y[at], block.weight[at] / scale, link)
    return _outer(score[:, None], np.unique(block.cluster[at], return_inverse=True)[1].astype(np.int64))


def added(parts: Iterable[tuple[Array, int]]) -> tuple[Array, int]:
    """Pairs added up, in their order."""
    return reduce(lambda left, right: (left[0] + right[0], left[1] + right[1]), parts)
