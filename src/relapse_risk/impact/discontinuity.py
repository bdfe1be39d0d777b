"""Regression discontinuity: the jump of an outcome where a score decides who is treated."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.impact.density import density_test
from relapse_risk.impact.effect import Array, Check, Effect, complete_columns, effect_of, failing_below
from relapse_risk.impact.local_polynomial import (
    Bandwidths,
    Kernel,
    Residuals,
    Side,
    Variance,
    bandwidths,
    gram_inverse,
    kernel_weights,
    meat,
    powers,
    residuals_of,
    side_of,
    within,
)
from relapse_risk.rows import by_row

__all__ = ["discontinuity_effect", "discontinuity_table"]

Treated = Literal["above", "below"]
COVARIATE_LEVEL = 0.05  # of all covariates together (Bonferroni)
SHARP = 0.1  # a smaller jump in who is treated is no cut-off


class Jump(NamedTuple):
    """Above minus below: conventional estimate and error, bias-corrected estimate, robust error."""

    estimate: float
    standard_error: float
    corrected: float
    robust_error: float
    households: tuple[int, int]


@by_row("outcome", "score", "cluster", "covariates", "treated")
def discontinuity_effect(
    outcome: npt.ArrayLike,
    score: npt.ArrayLike,
    cutoff: float = 0.0,
    treated_side: Treated = "above",
    *,
    order: int = 1,
    kernel: Kernel = "triangular",
    rule: Literal["mse", "coverage"] = "mse",
    residuals: Residuals = "neighbours",
    cluster: Any = None,
    bandwidth: tuple[float, float] | None = None,
    mass_points: bool = True,
    covariates: Any = None,
    treated: npt.ArrayLike | None = None,
    density_level: float = 0.05,
    donut: float = 0.0,
    level: float = 0.95,
) -> Effect:
    """Effect at the cut-off, with a bias-corrected interval that allows for the correction's own uncertainty.

    A polynomial is fitted on each side within a bandwidth; the estimate is the jump.  The interval is centred on the
    jump less its estimated bias (from one order more) and is wider for having estimated it: report it, not the
    conventional one.

    Parameters
    ----------
    outcome, score : array_like, shape (n,)
        The score as it was frozen before anybody knew the cut-off; households at the cut-off count as above.
    cutoff : float
    treated_side : {"above", "below"}
        The estimate is treated minus untreated.
    order : int
        Of the polynomial, 0 or 1.
    kernel : {"triangular", "uniform", "epanechnikov"}
    rule : {"mse", "coverage"}
        What the bandwidth is best for.
    residuals : {"neighbours", "hc1"}
        Basis of the variance; with ``cluster`` it is CR1.
    cluster : sequence of shape (n,), optional
    bandwidth : (float, float), optional
        Of the estimate and of its bias; selected from the data when left out.
    mass_points : bool
        Allow for repeated scores in bandwidths and density test.
    covariates : DataFrame, shape (n, k), optional
        Known before: each is an outcome that must not jump; unknown values of one leave its rows out.
    treated : array_like of 0 or 1, shape (n,), optional
        Who was treated in fact: it must jump, too.
    density_level : float
        Density test and count next to the cut-off with a smaller joint p-value say that the score was sorted.
    donut : float
        Leave out scores closer to the cut-off than this.
    level : float

    Returns
    -------
    Effect
        ``estimate`` and ``standard_error`` conventional; ``low``, ``high``, ``p_value`` robust.  ``details``:
        ``corrected``, ``robust_error``, ``bandwidth``, ``bias_bandwidth``, ``near_below``, ``near_above``, ``jump_in_treated``.
        ``table``: the density test over bandwidths, and the covariates' jumps.

    Raises
    ------
    ModelError
        For missing values, an order other than 0 or 1, or too few households next to the cut-off.

    References
    ----------
    Calonico, Cattaneo and Titiunik (2014), doi:10.3982/ECTA11757; Cattaneo, Idrobo and Titiunik (2020).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> score = rng.uniform(-1, 1, 2000)
    >>> income = 3.0 * (score < 0) + score + rng.normal(size=2000)
    >>> effect = discontinuity_effect(income, score, treated_side="below")
    >>> effect.says, effect.low < 3.0 < effect.high, effect.holds
    ('raises', True, True)
    """
    if order not in (0, 1):
        raise ModelError("order of the local polynomial", where="discontinuity_effect", got=order, expected="0 or 1")
    if treated_side not in ("above", "below"):
        raise ModelError("treated side", where="discontinuity_effect", got=treated_side, expected="above or below")
    columns = complete_columns("discontinuity_effect", outcome=outcome, score=score)
    x, how = columns["score"] - cutoff, Variance(residuals, kernel)
    codes = _clusters(cluster, len(x))
    kept = np.abs(x) >= donut if donut > 0 else np.ones(len(x), bool)
    sign = 1.0 if treated_side == "above" else -1.0
    jump, h = _jump(
        x[kept],
        columns["outcome"][kept],
        codes if codes is None else codes[kept],
        order,
        how,
        rule,
        bandwidth,
        mass_points,
    )
    centre = sign * jump.corrected
    jump_in_treated = float("nan") if treated is None else sign * _first_stage(x, treated, order, h, how)
    checks, table = _checks(x, covariates, order, how, mass_points, density_level, donut)
    if treated is not None:
        checks = (*checks, failing_below("first_stage", jump_in_treated, SHARP))
    return effect_of(
        "discontinuity", "jump", sign * jump.estimate, jump.robust_error, centre=centre, level=level,
        households=sum(jump.households), treated=jump.households[treated_side == "above"], checks=checks, table=table,
        details={
            "corrected": centre, "robust_error": jump.robust_error, "conventional_error": jump.standard_error,
            "bandwidth": h.main, "bias_bandwidth": h.bias, "near_below": jump.households[0],
            "near_above": jump.households[1], "jump_in_treated": jump_in_treated,
        },
    )  # fmt: skip


def discontinuity_table(
    outcome: npt.ArrayLike, score: npt.ArrayLike, cutoff: float = 0.0, treated_side: Treated = "above",
    times: tuple[float, ...] = (0.5, 0.75, 1.0, 1.5, 2.0),
) -> pd.DataFrame:  # fmt: skip
    """The same effect at other bandwidths, and without the households closest to the cut-off.

    Parameters
    ----------
    outcome, score, cutoff, treated_side
        As in :func:`discontinuity_effect`.
    times : tuple of float
        Multiples of the selected bandwidths.

    Returns
    -------
    DataFrame
        times, bandwidth, estimate, low, high, households; NaN where a bandwidth holds too few.

    Raises
    ------
    ModelError
        As :func:`discontinuity_effect` at the selected bandwidth.

    References
    ----------
    Cattaneo, Idrobo and Titiunik (2020), section 5 (sensitivity to the bandwidth).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> score = rng.uniform(-1, 1, 2000)
    >>> discontinuity_table((score >= 0) + rng.normal(size=2000), score)["households"].is_monotonic_increasing
    True
    """
    main = discontinuity_effect(outcome, score, cutoff, treated_side)
    rows = []
    for factor in times:
        own = (main.details["bandwidth"] * factor, main.details["bias_bandwidth"] * factor)
        try:
            one = discontinuity_effect(outcome, score, cutoff, treated_side, bandwidth=own)
            rows.append((factor, own[0], one.estimate, one.low, one.high, one.households))
        except ModelError:
            rows.append((factor, own[0], np.nan, np.nan, np.nan, 0))
    return pd.DataFrame(rows, columns=["times", "bandwidth", "estimate", "low", "high", "households"])


def _clusters(cluster: Any, n: int) -> npt.NDArray[np.int64] | None:
    if cluster is None:
        return None
    codes = pd.factorize(np.asarray(cluster, dtype=object))[0]
    if len(codes) != n or (codes < 0).any():
        raise ModelError("every household needs a cluster", where="discontinuity_effect", got=len(codes), expected=n)
    return codes


def _jump(
    x: Array, y: Array, cluster: npt.NDArray[np.int64] | None, order: int, how: Variance, rule: Literal["mse", "coverage"],
    bandwidth: tuple[float, float] | None, mass_points: bool,
) -> tuple[Jump, Bandwidths]:  # fmt: skip
    rows = (x < 0, x >= 0)
    if min(one.sum() for one in rows) < order + 3:
        raise ModelError(
            "too few households on a side of the cut-off",
            where="discontinuity_effect",
            got=[int(r.sum()) for r in rows],
        )
    below, above = (side_of(x, y, cluster, one) for one in rows)
    h = bandwidths(below, above, order, how, rule, mass_points) if bandwidth is None else Bandwidths(*bandwidth)
    fits = [_intercept(side, order, h, how) for side in (below, above)]
    gap = [fits[1][i] - fits[0][i] for i in (0, 2)]
    errors = [float(np.sqrt(fits[0][i] + fits[1][i])) for i in (1, 3)]
    return Jump(gap[0], errors[0], gap[1], errors[1], (int(fits[0][4]), int(fits[1][4]))), h


def _intercept(side: Side, order: int, h: Bandwidths, how: Variance) -> tuple[float, float, float, float, int]:
    """Intercept and its variance, bias-corrected intercept and the variance of that, households within the bandwidth."""
    near, _ = within(side, max(h), how.kernel, order + 2)
    within(side, h.main, how.kernel, order + 1)
    w, v = (kernel_weights(near.x, one, how.kernel) for one in h)
    design, wider = powers(near.x, order), powers(near.x, order + 1)
    inverse, inverse_b = gram_inverse(design, w), gram_inverse(wider, v)
    # Bias of the fit is its moment of order p+1 times that coefficient, which the wider fit gives as a sum over rows
    moment = design.T @ (w * near.x ** (order + 1))
    last = v * (wider @ inverse_b[:, order + 1])
    scores = design * w[:, None] - np.outer(last, moment)
    fitted = design @ (inverse @ (design.T @ (w * near.y)))
    fitted_b = wider @ (inverse_b @ (wider.T @ (v * near.y)))
    e = residuals_of(near, fitted, order + 1, how.residuals)
    e_b = (
        e
        if how.residuals == "neighbours" and near.cluster is None
        else residuals_of(near, fitted_b, order + 2, how.residuals)
    )
    plain = inverse @ meat(design * w[:, None], e, near.cluster, order + 1) @ inverse
    robust = inverse @ meat(scores, e_b, near.cluster, order + 2) @ inverse
    first, corrected = (inverse[0] @ (one.T @ near.y) for one in (design * w[:, None], scores))
    return float(first), float(plain[0, 0]), float(corrected), float(robust[0, 0]), int((w > 0).sum())


def _first_stage(x: Array, treated: npt.ArrayLike, order: int, h: Bandwidths, how: Variance) -> float:
    took = complete_columns("discontinuity_effect", score=x, treated=treated)["treated"]
    sides = [side_of(x, took, None, rows) for rows in (x < 0, x >= 0)]
    low, high = (_intercept(side, order, h, how)[0] for side in sides)
    return high - low


def _checks(
    x: Array, covariates: Any, order: int, how: Variance, mass_points: bool, density_level: float, donut: float
) -> tuple[tuple[Check, ...], pd.DataFrame]:
    try:
        density = density_test(x, mass_points=mass_points)
        sorting, over = failing_below("density", density.p_either, density_level), density.table
    except ModelError:
        sorting, over = failing_below("density", float("nan"), density_level), pd.DataFrame()
    table = over.assign(of="density") if len(over) else over
    if covariates is None:
        return (sorting,), table
    frame = pd.DataFrame(covariates)
    rows = []
    for name in frame.columns:
        values = frame[name].astype("float64").to_numpy()
        known = np.isfinite(values)
        try:
            jump, h = _jump(x[known], values[known], None, order, how, "mse", None, mass_points)
            one = effect_of(
                "discontinuity",
                "jump",
                jump.estimate,
                jump.robust_error,
                centre=jump.corrected,
                households=0,
                treated=0,
            )
            rows.append((str(name), h.main, jump.corrected / jump.robust_error, one.p_value))
        except ModelError:
            rows.append((str(name), np.nan, np.nan, np.nan))
    found = pd.DataFrame(rows, columns=["of", "bandwidth_below", "statistic", "p_value"])
    least = float(found["p_value"].min()) if found["p_value"].notna().all() else float("nan")
    smooth = failing_below("covariates", least, COVARIATE_LEVEL / len(found))
    return (sorting, smooth), pd.concat([table, found], ignore_index=True)
