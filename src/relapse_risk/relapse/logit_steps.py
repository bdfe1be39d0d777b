"""Steps of fitting the score: what is checked before, which columns stay, and the level of the newest rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from threadpoolctl import threadpool_limits

from relapse_risk.errors import ModelError
from relapse_risk.months import add_months
from relapse_risk.poverty.survey import SurveyDesign
from relapse_risk.relapse.features import Feature
from relapse_risk.relapse.glm import (
    Array,
    GlmFit,
    Link,
    Separation,
    design_covariance,
    fit_glm,
    glm_log_likelihood,
    inverse_link,
    linked,
    logit,
)

__all__ = [
    "against_direction", "check_counts", "check_rows", "covariance_of_design", "independent_columns", "level_fit",
    "newest_rows", "normalised", "null_log_likelihood", "settled", "shrinkage", "with_base", "without_separators",
]  # fmt: skip

LEVEL_MONTHS = 12
FEWEST = 30
ENOUGH_SHRINKAGE = 0.9  # at least this: slopes stay as fitted (Riley and others 2019)
LEAST_SHRINKAGE = 0.4  # below, more than half of the fit is chance: refused (trial in docs/relapse.md)


def newest_rows(month: pd.Series | None, n: int) -> npt.NDArray[np.bool_]:
    """Rows of the newest twelve months; all where they have no month."""
    if month is None:
        return np.ones(n, dtype=np.bool_)
    return (month > add_months(month.max(), -LEVEL_MONTHS)).to_numpy(dtype=bool)


def check_counts(events: int, others: int, least: int) -> None:
    """Raise if there are too few rows with, or without, the event to fit a score."""
    if min(events, others) < least:
        raise ModelError(
            "too few events to fit a score", where="RelapseLogit", got=events,
            expected=f"at least {least} events and {least} non-events", fix="use more waves or a longer horizon",
        )  # fmt: skip


def check_rows(event: pd.Series, cluster: pd.Series) -> None:
    """Raise if an event is neither 0 nor 1, or a row has no cluster."""
    wrong = np.flatnonzero(~event.isin([0, 1]).to_numpy(dtype=bool))
    if wrong.size:
        raise ModelError(
            "neither 0 nor 1", where=f"event, row {event.index[wrong[0]]}", got=event.iloc[wrong[0]], expected="0 or 1",
            fix="leave out rows whose outcome was not observed",
        )  # fmt: skip
    missing = np.flatnonzero(cluster.isna().to_numpy())
    if missing.size:
        raise ModelError(
            "a row without a cluster",
            where=f"cluster, row {cluster.index[missing[0]]}",
            expected="a cluster for every row",
        )


def normalised(weight: pd.Series) -> Array:
    """Weights of mean one; raise if any is negative or not finite, or all are zero."""
    w = weight.to_numpy(dtype=float)
    if not np.isfinite(w).all() or (w < 0).any() or w.sum() <= 0:
        raise ModelError(
            "weights must be finite, none negative, not all zero", where="RelapseLogit", got=(w.min(), w.max())
        )
    return np.asarray(w / w.mean())


def covariance_of_design(x: Array, fit: GlmFit, weight: pd.Series, design: SurveyDesign) -> Array:
    """Covariance of the coefficients under a survey design, whose weights must be those of the fit."""
    if not np.array_equal(weight.to_numpy(dtype=float), design.weights):
        raise ModelError("the weights are not those of the design", where="RelapseLogit", fix="pass design.weights")
    return design_covariance(x, fit, design)


def with_base(centred: pd.DataFrame) -> Array:
    """The columns after a column of ones, shape (n, k + 1)."""
    return np.column_stack([np.ones(len(centred)), centred.to_numpy(dtype=float)])


def without_separators(centred: pd.DataFrame, y: Array) -> tuple[pd.DataFrame, list[str]]:
    """Columns, and the names of two-valued ones with a value under which everybody, or nobody, fell (or too few are)."""
    separating = []
    for name in centred:
        values = centred[name].to_numpy()
        lower = values == values.min()
        if not (lower | (values == values.max())).all():
            continue
        sides = [(y[side].sum(), side.sum()) for side in (lower, ~lower)]
        if any(n < FEWEST or events in (0, n) for events, n in sides):
            separating.append(str(name))
    return centred.drop(columns=separating), separating


def _fit(centred: pd.DataFrame, y: Array, w: Array, link: Link, start: Array | None) -> GlmFit:
    # One thread: on a busy machine BLAS threads wait for each other longer than they work.
    with threadpool_limits(limits=1):
        return fit_glm(with_base(centred), y, w, link=link, start=start, names=("base", *centred.columns))


def null_log_likelihood(y: Array, w: Array, link: Link) -> float:
    """Log-likelihood of the base alone: everybody at the weighted rate."""
    eta = linked(np.array([np.average(y, weights=w)]), link)
    return glm_log_likelihood(np.repeat(eta, len(y)), y, w, link)


def shrinkage(chi_square: float, terms: int) -> float:
    """What the slopes of a fit on few events are multiplied by, so that they hold for new rows: (χ² - k) / χ².

    Parameters
    ----------
    chi_square : float
        Twice the log-likelihood gained over the base alone.
    terms : int
        Slopes fitted, k.

    Returns
    -------
    float
        1 where the factor is at least 0.9.

    Raises
    ------
    ModelError
        Where it is below 0.4: most of what the fit explains is chance.

    References
    ----------
    van Houwelingen and le Cessie (1990), doi:10.1002/sim.4780091109; 0.9 as in Riley and others (2019),
    doi:10.1002/sim.7992.  How slopes are calibrated on new rows with and without: docs/relapse.md.

    Examples
    --------
    >>> shrinkage(50, 10), shrinkage(200, 10)
    (0.8, 1.0)
    """
    factor = (chi_square - terms) / chi_square if terms and chi_square > 0 else 1.0 - bool(terms)
    if factor < LEAST_SHRINKAGE:
        raise ModelError(
            "too few events to fit a score: most of what it explains is chance", where="RelapseLogit",
            got=f"chi-square {chi_square:.1f} with {terms} terms", expected=f"(chi-square - terms) / chi-square of at least {LEAST_SHRINKAGE}",
            fix="use more waves, a longer horizon or fewer features",
        )  # fmt: skip
    return factor if factor < ENOUGH_SHRINKAGE else 1.0


def level_fit(x: Array, y: Array, w: Array, params: Array, link: Link) -> GlmFit:
    """The base alone, refitted with the slopes held."""
    held = x[:, 1:] @ params[1:]
    expected = np.average(inverse_link(params[0] + held, link), weights=w)
    start = np.array([params[0] + float(logit(np.average(y, weights=w)) - logit(expected))])
    return fit_glm(x[:, :1], y, w, link=link, offset=held, start=start, names=("base",))


def settled(
    centred: pd.DataFrame, kept: list[str], y: Array, w: Array, link: Link, start: Array | None = None
) -> tuple[GlmFit, list[str]]:
    """The fit without the columns that separate the outcome; they leave ``kept`` and are named."""
    separating: list[str] = []
    while True:
        try:
            return _fit(centred[kept], y, w, link, start), separating
        except Separation as error:
            if not error.column:
                raise
            separating.append(kept.pop(error.column - 1))
            start = None


def against_direction(kept: list[str], params: Array, bread: Array, by_name: dict[str, Feature]) -> str | None:
    """The feature that contradicts its direction the most, in standard errors."""
    se = np.sqrt(np.diag(bread))
    against = {
        name: -by_name[name].direction * params[i] / se[i]
        for i, name in enumerate(kept, start=1)
        if by_name[name].direction * params[i] < 0
    }
    return max(against, key=lambda name: against[name]) if against else None


def independent_columns(matrix: pd.DataFrame, tolerance: float = 1e-6) -> list[str]:
    """Columns in order, leaving out each that the ones before it already determine.

    Examples
    --------
    >>> independent_columns(pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [2.0, 4.0, 8.0], "c": [1.0, 0.0, 0.0]}))
    ['a', 'c']
    """
    basis = np.empty((len(matrix), 0))
    kept = []
    for name in matrix.columns:
        column = matrix[name].to_numpy(dtype=float)
        rest = column - basis @ (basis.T @ column)
        size = np.linalg.norm(rest)
        if size > tolerance * float(np.linalg.norm(column)):
            basis = np.column_stack([basis, rest / size])
            kept.append(name)
    return kept
