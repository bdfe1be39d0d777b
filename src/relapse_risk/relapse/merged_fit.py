"""The official score fitted on blocks of rows: the same coefficients and covariance as with all rows together.

Normal equations add up, so every Fisher step is one pass over the blocks; means, spreads, tails and cluster totals add
up as well.  The steps, and what they leave out, are those of :class:`relapse_risk.relapse.RelapseLogit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from typing import Protocol, TypeAlias, TypeVar

import numpy as np

from relapse_risk.errors import ModelError
from relapse_risk.relapse.features import KNOWING_AUC, Feature, check_features
from relapse_risk.relapse.fit_sums import (
    Block,
    Ints,
    Likelihood,
    Shape,
    Values,
    added,
    centred_shape,
    level_likelihood,
    level_meat,
    likelihood,
    meat,
    value_sums,
)
from relapse_risk.relapse.fitted_logit import POINTS_PER_LOGIT, TAILS, FittedRelapseLogit, LeftOutTerm, Term
from relapse_risk.relapse.glm import (
    HALVINGS,
    SEPARATED,
    STEPS,
    TOLERANCE,
    Array,
    Link,
    Separation,
    linked,
    logit,
    solve_information,
)
from relapse_risk.relapse.logit_steps import FEWEST, against_direction, check_counts, shrinkage
from relapse_risk.relapse.relapse_logit import RelapseLogit

__all__ = ["Over", "fit_blocks"]

DEPENDENT = 1e-12  # squared, as the 1e-6 of independent_columns is not
T = TypeVar("T")
_Given: TypeAlias = tuple[Ints, Array, float, Link]


class Over(Protocol):
    """Gives ``task(block)`` of every block, in order."""

    def __call__(self, task: Callable[[Block], T]) -> Iterable[T]: ...


@dataclass(frozen=True, slots=True)
class _Fit:
    """Where a Fisher iteration ended."""

    params: Array
    bread: Array
    log_likelihood: float


@dataclass(frozen=True, slots=True)
class _Rows:
    """The blocks and what the first passes found of them."""

    over: Over
    model: RelapseLogit
    names: tuple[str, ...]
    values: Values
    shape: Shape
    reference: Array
    low: Array
    high: Array

    def columns(self, kept: Sequence[str]) -> Ints:
        """Positions of the features kept."""
        return np.array([self.names.index(name) for name in kept], dtype=np.int64)

    @property
    def scale(self) -> float:
        """Mean weight."""
        return self.values.weight / self.values.n


def fit_blocks(over: Over, names: Sequence[str], model: RelapseLogit | None = None) -> FittedRelapseLogit:
    """Fit the official score on rows that are never in memory together.

    Parameters
    ----------
    over : callable
        ``over(task)`` gives ``task(block)`` for every block, in order, however often it is called; clusters are whole
        within a block.  ``task`` can be sent to another process.
    names : sequence of str
        Names of the columns of the blocks' ``x``.
    model : RelapseLogit, optional
        What is fitted; the default score when left out.

    Returns
    -------
    FittedRelapseLogit
        As ``RelapseLogit().fit_matrix`` on all rows together.

    Raises
    ------
    ModelError
        As :meth:`relapse_risk.relapse.RelapseLogit.fit`.

    References
    ----------
    McCullagh and Nelder (1989), section 2.5, for Fisher scoring; Liang and Zeger (1986) for the covariance.

    Examples
    --------
    >>> from relapse_risk.relapse.relapse_logit import RelapseLogit
    >>> fit_blocks(lambda task: [], ["income_over_line"])
    Traceback (most recent call last):
        ...
    relapse_risk.errors.ModelError: RelapseLogit: too few events to fit a score; got 0, ...
    """
    chosen = model or RelapseLogit()
    by_name = {feature.name: feature for feature in check_features(chosen.offered)}
    rows = _rows(over, tuple(names), chosen)
    _refuse_leakage(rows)
    kept, dropped = _offered(rows)
    fit, separating = _settled(rows, kept, None)
    dropped |= dict.fromkeys(separating, "separates")
    while wrong := against_direction(kept, fit.params, fit.bread, by_name):
        dropped[wrong] = "direction"
        start = np.delete(fit.params, kept.index(wrong) + 1)
        kept.remove(wrong)
        fit, separating = _settled(rows, kept, start)
        dropped |= dict.fromkeys(separating, "separates")
    return _fitted(rows, kept, dropped, fit, by_name)


def _rows(over: Over, names: tuple[str, ...], model: RelapseLogit) -> _Rows:
    sums = list(over(value_sums))
    values = reduce(add, sums) if sums else None
    check_counts(*((values.events, values.n - values.events) if values else (0, 0)), model.min_events)
    assert values is not None
    least, most = values.worst_weight
    if not np.isfinite([least, most]).all() or least < 0 or values.weight <= 0:
        raise ModelError(
            "weights must be finite, none negative, not all zero", where="RelapseLogit", got=values.worst_weight
        )
    seen = values.known > 0  # a feature nobody answered is not offered
    reference = np.divide(values.total, values.known, out=np.zeros(len(names)), where=seen)
    gaps = values.known < values.n
    low = np.where(seen, np.where(gaps, np.minimum(values.low - reference, 0), values.low - reference), 0.0)
    high = np.where(seen, np.where(gaps, np.maximum(values.high - reference, 0), values.high - reference), 0.0)
    tail = int(np.ceil(TAILS[0] * values.n)) + 2
    shape = reduce(add, over(partial(centred_shape, reference, low, high, tail)))
    return _Rows(over, model, names, values, shape, reference, low, high)


def _refuse_leakage(rows: _Rows) -> None:
    """Raise if one feature alone nearly determines the outcome, as far as two hundred cells of its values show."""
    without, with_ = rows.shape.cells
    pairs = with_.sum(axis=1) * without.sum(axis=1)
    area = (with_ * (np.cumsum(without, axis=1) - without / 2)).sum(axis=1) / pairs
    for name, one in zip(rows.names, area, strict=True):
        if max(one, 1 - one) > KNOWING_AUC:
            raise ModelError(
                "a feature alone nearly determines the outcome", where=f"feature {name}",
                got=f"AUC {max(one, 1 - one):.3f}", expected=f"at most {KNOWING_AUC}",
                fix="it was known only after the outcome: leave it out",
            )  # fmt: skip


def _offered(rows: _Rows) -> tuple[list[str], dict[str, str]]:
    """Features that vary, do not separate by themselves and are not determined by others; and why the rest is not."""
    n, events, shape = rows.values.n, rows.values.events, rows.shape
    dropped: dict[str, str] = {}
    left: list[int] = []
    for at, name in enumerate(rows.names):
        if not rows.values.known[at]:
            continue
        spread = np.sqrt(shape.gram[at, at] / n)
        if not spread > rows.model.min_spread:
            dropped[name] = "constant"
        elif shape.at_low[at] + shape.at_high[at] == n and any(
            rows_ < FEWEST or fallen in (0, rows_)
            for rows_, fallen in (
                (shape.at_low[at], shape.events_at_low[at]), (n - shape.at_low[at], events - shape.events_at_low[at]),
            )
        ):  # fmt: skip
            dropped[name] = "separates"
        else:
            left.append(at)
    kept = _independent(shape.gram, left)
    dropped |= {rows.names[at]: "determined" for at in left if at not in kept}
    return [rows.names[at] for at in kept], dropped


def _independent(gram: Array, columns: list[int]) -> list[int]:
    """Columns in order, leaving out each that the ones before it already determine."""
    kept: list[int] = []
    for at in columns:
        rest = gram[at, at]
        if kept:
            rest = rest - gram[at, kept] @ np.linalg.solve(gram[np.ix_(kept, kept)], gram[kept, at])
        if rest > DEPENDENT * gram[at, at]:
            kept.append(at)
    return kept


def _settled(rows: _Rows, kept: list[str], start: Array | None) -> tuple[_Fit, list[str]]:
    """The fit without the columns that separate the outcome; they leave ``kept`` and are named."""
    separating: list[str] = []
    while True:
        columns = rows.columns(kept)
        spread = np.sqrt(np.diag(rows.shape.gram)[columns] / rows.values.n)

        def evaluate(params: Array | None, columns: Ints = columns) -> Likelihood:
            task = partial(likelihood, columns, rows.reference, rows.scale, rows.model.link, params)
            return reduce(add, rows.over(task))

        try:
            return _fisher(evaluate, start, np.append(0.0, spread), ("base", *kept)), separating
        except Separation as error:
            if not error.column:
                raise
            separating.append(kept.pop(error.column - 1))
            start = None


def _fisher(
    evaluate: Callable[[Array | None], Likelihood], start: Array | None, spread: Array, names: tuple[str, ...]
) -> _Fit:
    """Fisher scoring, one pass a step; halved where the likelihood would fall, as ``fit_glm`` does."""
    if start is None:
        first = evaluate(None)
        start = solve_information(first.information, first.score, names)
    params, now = start, evaluate(start)
    for _ in range(STEPS):
        step = solve_information(now.information, now.score, names)
        moved = 0.0
        for halving in range(HALVINGS):
            tried = params + step / 2**halving
            reached = evaluate(tried)
            if reached.value >= now.value - 1e-12 * abs(now.value):
                moved = float(np.abs(tried - params).max())
                params, now = tried, reached
                break
        if moved < TOLERANCE * (1 + float(np.abs(params).max())):
            return _Fit(params, np.asarray(np.linalg.inv(now.information), dtype=np.float64), now.value)
        if now.furthest > SEPARATED:
            break
    raise _separation(params, spread, names)


def _separation(params: Array, spread: Array, names: tuple[str, ...]) -> Separation:
    worst = int((np.abs(params) * spread).argmax())
    error = Separation(
        "the fit does not settle: something separates the outcome", where="fit_blocks",
        got=f"{names[worst]}: {params[worst]:.1f}", fix="leave that column out, or use more waves",
    )  # fmt: skip
    error.column = worst
    return error


def _sandwich(rows: _Rows, task: Callable[[Block], tuple[Array, int]], bread: Array) -> tuple[Array, int]:
    middle, groups = added(rows.over(task))
    return groups / max(groups - 1, 1) * bread @ middle @ bread, groups


def _fitted(
    rows: _Rows, kept: list[str], dropped: dict[str, str], fit: _Fit, by_name: dict[str, Feature]
) -> FittedRelapseLogit:
    columns, link, values = rows.columns(kept), rows.model.link, rows.values
    given: _Given = (columns, rows.reference, rows.scale, link)
    covariance, clusters = _sandwich(rows, partial(meat, *given, fit.params), fit.bread)
    params, factor = fit.params.copy(), 1.0
    if rows.model.shrink:
        factor = shrinkage(2 * (fit.log_likelihood - _null_log_likelihood(rows)), len(kept))
    if factor < 1:
        params[1:] *= factor
        params[0] = _level(rows, given, params, newest=False).params[0]
    if rows.model.newest_level and values.newest < values.n and values.newest_events >= rows.model.min_events:
        level = _level(rows, given, params, newest=True)
        params[0], covariance[0, :], covariance[:, 0] = level.params[0], 0.0, 0.0
        covariance[0, 0] = _sandwich(rows, partial(level_meat, *given, params), level.bread)[0][0, 0]
    terms = tuple(_term(rows, by_name[n], params[i], covariance[i, i]) for i, n in enumerate(kept, start=1))
    out = tuple(LeftOutTerm(n, by_name[n].label, reason) for n, reason in sorted(dropped.items()))
    return FittedRelapseLogit(
        float(params[0]), float(np.sqrt(covariance[0, 0])), terms, out, rows.model.offered, covariance,
        values.n, values.events, clusters, link, factor,
    )  # fmt: skip


def _null_log_likelihood(rows: _Rows) -> float:
    """Log-likelihood of the base alone: everybody at the weighted rate."""
    rate = linked(np.array([rows.values.weighted_events / rows.values.weight]), rows.model.link)
    task = partial(likelihood, rows.columns([]), rows.reference, rows.scale, rows.model.link, rate)
    return sum(one.value for one in rows.over(task))


def _level(rows: _Rows, given: _Given, params: Array, newest: bool) -> _Fit:
    """The base alone on the newest rows, or on all, the slopes held."""

    def at(base: float) -> tuple[Likelihood, Array]:
        return reduce(
            lambda left, right: (left[0] + right[0], left[1] + right[1]),
            rows.over(partial(level_likelihood, *given, params[1:], newest, base)),
        )

    _, (weight, events, expected) = at(params[0])
    start = np.array([params[0] + float(logit(events / weight) - logit(expected / weight))])
    return _fisher(lambda base: at(float(base[0]))[0], start, np.zeros(1), ("base",))  # type: ignore[index]


def _term(rows: _Rows, feature: Feature, coefficient: float, variance: float) -> Term:
    at = rows.names.index(feature.name)
    known = rows.values.known[at]
    low, high = (_quantile(rows.shape, at, int(known), share) for share in TAILS)
    # Unknown values count as the mean, so they add nothing to the sum of squares.
    return Term(
        feature.name, feature.label, feature.unit, feature.family, float(coefficient),
        float(np.sqrt(variance)), float(rows.reference[at]), float(np.sqrt(rows.shape.gram[at, at] / known)), low, high,
        float(coefficient * POINTS_PER_LOGIT),
    )  # fmt: skip


def _quantile(shape: Shape, at: int, known: int, share: float) -> float:
    """Quantile of the known values from their stored extremes, linear between neighbours as pandas does."""
    place = share * (known - 1)
    under = int(np.floor(place))
    if share < 0.5:
        pair = shape.smallest[at, under : under + 2]
    else:
        largest = shape.largest[at]
        pair = largest[len(largest) - (known - under) :][:2]
    return float(pair[0] if len(pair) == 1 or place == under else pair[0] + (pair[1] - pair[0]) * (place - under))
