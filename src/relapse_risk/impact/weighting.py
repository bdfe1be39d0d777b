"""Doubly robust weighting: two groups made comparable by what was known before, where no lottery was drawn."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.impact.doubly_robust import fit_propensity, fitted_by, with_constant
from relapse_risk.impact.effect import Array, Check, Effect, check_arms, complete_columns, effect_of
from relapse_risk.impact.least_squares import fit_least_squares
from relapse_risk.rows import by_row

__all__ = ["WeightedMeans", "partialling_out_effect", "weighted_means", "weighting_effect"]

Estimand = Literal["ate", "att"]
OVERLAP = (0.02, 0.98)  # chances outside have no comparable household
OUTSIDE = 0.10  # at most this share of households may be outside
EFFECTIVE = 30  # households that a weighted group must be worth
IMBALANCE = 0.25  # standard deviations between groups after weighting (Rubin 2001; 0.1 is good)
LEAST = 20


class WeightedMeans(NamedTuple):
    """Effects by weights alone.

    ``horvitz_thompson``, ``hajek``: on everybody, with raw and with normalised weights; ``treated``: on the treated;
    ``effective_controls``: (Σw)²/Σw² of the untreated, weighted to look like the treated; ``before``, ``after``: gaps of the
    covariates in standard deviations of the treated.
    """

    horvitz_thompson: float
    hajek: float
    treated: float
    effective_treated: float
    effective_controls: float
    before: Array
    after: Array


@by_row("outcome", "treated", "chance", "covariates")
def weighted_means(
    outcome: npt.ArrayLike, treated: npt.ArrayLike, chance: npt.ArrayLike, covariates: npt.ArrayLike | None = None
) -> WeightedMeans:
    """Inverse probability weighting with known or fitted chances; nothing is clipped.

    Parameters
    ----------
    outcome : array_like, shape (n,)
    treated : array_like of 0 or 1, shape (n,)
    chance : array_like, shape (n,)
        Of being treated, between 0 and 1.
    covariates : array_like, shape (n, k), optional
        For the gaps before and after.

    Returns
    -------
    WeightedMeans

    Raises
    ------
    ModelError
        For missing values, an empty group, or chances of 0 or 1.

    References
    ----------
    Horvitz and Thompson (1952); Hájek (1971); Hirano, Imbens and Ridder (2003), doi:10.1111/1468-0262.00442.

    Examples
    --------
    >>> round(weighted_means([10, 14, 8, 6, 7, 11], [1, 1, 0, 0, 0, 0], [1 / 3] * 6).hajek, 9)
    4.0
    """
    c = complete_columns("weighted_means", outcome=outcome, treated=treated, chance=chance)
    y, d, p = c["outcome"], check_arms(c["treated"], "weighted_means", least=1), c["chance"]
    if p.min() <= 0 or p.max() >= 1:
        raise ModelError(
            "chances of being treated", where="weighted_means", got=(p.min(), p.max()), expected="between 0 and 1"
        )
    x = np.empty((len(y), 0)) if covariates is None else _matrix(covariates, len(y))
    w1, w0, odds = d / p, (1 - d) / (1 - p), (1 - d) * p / (1 - p)
    spread = x[d == 1].std(axis=0, ddof=1) if (d == 1).sum() > 1 else np.full(x.shape[1], np.nan)
    mean = x[d == 1].mean(axis=0)
    return WeightedMeans(
        float((w1 * y).mean() - (w0 * y).mean()), float(w1 @ y / w1.sum() - w0 @ y / w0.sum()),
        float(y[d == 1].mean() - odds @ y / odds.sum()), float(w1.sum() ** 2 / (w1**2).sum()),
        float(odds.sum() ** 2 / (odds**2).sum()), (mean - x[d == 0].mean(axis=0)) / spread, (mean - odds @ x / odds.sum()) / spread,
    )  # fmt: skip


@by_row("outcome", "treated", "covariates", "folds")
def weighting_effect(
    outcome: npt.ArrayLike,
    treated: npt.ArrayLike,
    covariates: npt.ArrayLike,
    estimand: Estimand = "ate",
    folds: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> Effect:
    """Augmented inverse probability weighting: right if either the propensity or the regressions are.

    Everybody: mean of m1(x) - m0(x) + d (y - m1)/p - (1-d)(y - m0)/(1-p).  The treated: mean over them of y - m0, less the
    controls' residuals weighted by p/(1-p).  p is a logit, m1 and m0 least squares, fitted on other folds where ``folds``
    says so.  Nothing is clipped: households without comparable ones fail the check of overlap.

    Parameters
    ----------
    outcome : array_like, shape (n,)
    treated : array_like of 0 or 1, shape (n,)
    covariates : array_like, shape (n, k)
        Known before the start, and all that decided who was treated: no test can show that.
    estimand : {"ate", "att"}
        Effect on everybody, or on the treated.
    folds : array_like of int, shape (n,), optional
        Cross-fitting: each fold is predicted from the others.  An input, so that it is on the record.
    level : float

    Returns
    -------
    Effect
        ``details``: smallest and largest chance, share outside 0.02 … 0.98, effective sizes; ``table``: gaps of covariates
        before and after weighting.

    Raises
    ------
    ModelError
        For missing values, fewer than 20 households in a group (of a fold), covariates that tell the groups apart.

    References
    ----------
    Robins, Rotnitzky and Zhao (1994), doi:10.1080/01621459.1994.10476818; Chernozhukov et al. (2018), doi:10.1111/ectj.12097.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> need = rng.normal(size=(2000, 1))
    >>> treated = rng.random(2000) < 1 / (1 + np.exp(-need[:, 0]))
    >>> income = 2.0 * treated - need[:, 0] + rng.normal(size=2000)
    >>> effect = weighting_effect(income, treated, need)
    >>> effect.says, effect.low < 2 < effect.high
    ('raises', True)
    """
    if estimand not in ("ate", "att"):
        raise ModelError("estimand", where="weighting_effect", got=estimand, expected="ate or att")
    y, d, x = _columns(outcome, treated, covariates)
    p, m1, m0 = _nuisances(y, d, with_constant(x, len(y)), _fold_codes(folds, len(y)))
    if estimand == "ate":
        score = m1 - m0 + d * (y - m1) / p - (1 - d) * (y - m0) / (1 - p)
        estimate = float(score.mean())
        influence = score - estimate
    else:
        score = (d - p * (1 - d) / (1 - p)) * (y - m0) / d.mean()
        estimate = float(score.mean())
        influence = score - d * estimate / d.mean()
    # Fitted on the same rows, the sum of squares is divided by n-1; cross-fitted scores have mean 0 by construction
    error = float(np.sqrt((influence**2).sum() / (len(y) - (folds is None)) / len(y)))
    checks, details, table = _comparable(y, d, p, covariates, x, estimand)
    return effect_of(
        "weighting", estimand, estimate, error, households=len(y), treated=int(d.sum()), level=level,
        speaks_for=f"weighting.{estimand}", checks=checks, details=details, table=table,
    )  # fmt: skip


@by_row("outcome", "treated", "covariates", "folds")
def partialling_out_effect(
    outcome: npt.ArrayLike, treated: npt.ArrayLike, covariates: npt.ArrayLike, folds: npt.ArrayLike, level: float = 0.95
) -> Effect:
    """Cross-fitted partially linear regression: one effect for all, residual on residual.

    With an effect that varies it is an average weighted by the variance of the treatment, not the mean effect.

    Parameters
    ----------
    outcome, treated, covariates, level
        As in :func:`weighting_effect`.
    folds : array_like of int, shape (n,)

    Returns
    -------
    Effect

    Raises
    ------
    ModelError
        As :func:`weighting_effect`.

    References
    ----------
    Robinson (1988); Chernozhukov et al. (2018), doi:10.1111/ectj.12097.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> need = rng.normal(size=(2000, 1))
    >>> treated = rng.random(2000) < 1 / (1 + np.exp(-need[:, 0]))
    >>> effect = partialling_out_effect(2.0 * treated - need[:, 0] + rng.normal(size=2000), treated, need, np.arange(2000) % 5)
    >>> effect.low < 2 < effect.high
    True
    """
    y, d, x = _columns(outcome, treated, covariates)
    codes = _fold_codes(folds, len(y))
    design = with_constant(x, len(y))
    rest_y, rest_d = y.copy(), d.copy()
    for fold in range(codes.max() + 1):
        other, own = codes != fold, codes == fold
        rest_y[own] -= fitted_by(y, design, other)[own]
        rest_d[own] -= fitted_by(d, design, other)[own]
    estimate = float(rest_d @ rest_y / (rest_d @ rest_d))
    psi = rest_d * (rest_y - estimate * rest_d)
    error = float(np.sqrt((psi**2).mean() / len(y)) / (rest_d @ rest_d / len(y)))
    p = fit_propensity(d, design).chance
    checks, details, table = _comparable(y, d, p, covariates, x, "ate")
    return effect_of(
        "weighting", "partially_linear", estimate, error, households=len(y), treated=int(d.sum()), level=level,
        speaks_for="weighting.ate", checks=checks, details=details, table=table,
    )  # fmt: skip


def _columns(outcome: npt.ArrayLike, treated: npt.ArrayLike, covariates: npt.ArrayLike) -> tuple[Array, Array, Array]:
    c = complete_columns("weighting_effect", outcome=outcome, treated=treated)
    return c["outcome"], check_arms(c["treated"], "weighting_effect", LEAST), _matrix(covariates, len(c["outcome"]))


def _matrix(covariates: npt.ArrayLike, n: int) -> Array:
    x = complete_columns("weighting_effect", covariates=covariates)["covariates"].reshape(-1 if n == 0 else n, -1)
    return x


def _fold_codes(folds: npt.ArrayLike | None, n: int) -> npt.NDArray[np.int64]:
    if folds is None:
        return np.zeros(n, dtype=np.int64)
    codes, names = pd.factorize(np.asarray(folds), sort=True)
    if len(codes) != n or (codes < 0).any() or len(names) < 2:
        raise ModelError(
            "every household needs a fold",
            where="weighting_effect",
            got=(len(codes), len(names)),
            expected="2 or more folds",
        )
    return codes


def _nuisances(y: Array, d: Array, design: Array, codes: npt.NDArray[np.int64]) -> tuple[Array, Array, Array]:
    p, m1, m0 = (np.empty(len(y)) for _ in range(3))
    alone = codes.max() == 0
    for fold in range(codes.max() + 1):
        own = codes == fold
        rows = own if alone else ~own
        check_arms(d[rows], "weighting_effect", LEAST)
        p[own] = 1 / (1 + np.exp(-(design[own] @ fit_propensity(d[rows], design[rows]).coefficients)))
        m1[own] = fitted_by(y, design, rows & (d == 1))[own]
        m0[own] = fitted_by(y, design, rows & (d == 0))[own]
    return p, m1, m0


def _comparable(
    y: Array, d: Array, p: Array, covariates: Any, x: Array, estimand: Estimand
) -> tuple[tuple[Check, ...], dict[str, float], pd.DataFrame]:
    """Checks of overlap, effective size and balance."""
    means = weighted_means(y, d, p, x)
    whom = d == 1 if estimand == "att" else np.ones(len(y), bool)
    # The treated need comparable controls (chance not near 1); everybody needs both
    low = 0.0 if estimand == "att" else OVERLAP[0]
    outside = float(((p[whom] < low) | (p[whom] > OVERLAP[1])).mean())
    w0 = (1 - d) / (1 - p)
    controls = means.effective_controls if estimand == "att" else float(w0.sum() ** 2 / (w0**2).sum())
    effective = controls if estimand == "att" else min(controls, means.effective_treated)
    if estimand == "att":
        after = means.after
    else:
        spread = np.sqrt((x[d == 1].var(axis=0, ddof=1) + x[d == 0].var(axis=0, ddof=1)) / 2)
        w1 = d / p
        after = (w1 @ x / w1.sum() - w0 @ x / w0.sum()) / np.where(spread > 0, spread, np.nan)
    worst = float(np.nanmax(np.abs(after)))
    names = covariates.columns if isinstance(covariates, pd.DataFrame) else range(x.shape[1])
    table = pd.DataFrame({"covariate": [str(name) for name in names], "before": means.before, "after": after})
    checks = (
        Check("overlap", outside, OUTSIDE, "fails" if outside > OUTSIDE else "holds"),
        Check("effective_size", effective, EFFECTIVE, "fails" if effective < EFFECTIVE else "holds"),
        Check("weighted_balance", worst, IMBALANCE, "fails" if worst > IMBALANCE else "holds"),
    )
    details = {
        "least_chance": float(p.min()), "greatest_chance": float(p.max()), "outside": outside,
        "effective_treated": means.effective_treated, "effective_controls": controls,
        "naive": float(y[d == 1].mean() - y[d == 0].mean()),
        "regression": float(fit_least_squares(y, np.column_stack([np.ones(len(y)), d, x])).coefficients[1]),
    }  # fmt: skip
    return checks, details, table
