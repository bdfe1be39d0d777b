"""Intervals for samples of few clusters, where linearised standard errors of curved measures are too small."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import t

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes
from relapse_risk.poverty.inference import Estimate, check_domain, check_rows
from relapse_risk.poverty.linearised import Measure
from relapse_risk.poverty.survey import SurveyDesign, replicate_weights
from relapse_risk.rows import by_row

__all__ = ["estimate_few_clusters"]

Scale = Literal["logit", "log"]
SCALES = {"logit": (logit, expit), "log": (np.log, np.exp)}


@by_row("income", "design", "domain")
def estimate_few_clusters(
    measure: Measure,
    income: npt.ArrayLike,
    design: SurveyDesign,
    domain: npt.ArrayLike | None = None,
    level: float = 0.95,
    scale: Scale = "logit",
) -> Estimate:
    """A measure with an interval that holds where a sample has few clusters: of the jackknife, on a curved scale.

    With g the scale, θ the estimate and θ_hi the estimate without cluster i of stratum h (n_h clusters), the variance of
    stratum h is v_h = (n_h - 1) / n_h × Σ (g(θ_hi) - g(θ))², and the limits are g⁻¹(g(θ) ± t √Σ v_h), where t has
    (Σ v_h)² / Σ (v_h² / (n_h - 1)) degrees of freedom, at least one: fewer than clusters minus strata where a few
    strata hold most of the variance.

    Parameters
    ----------
    measure : Measure
        For example ``Gini()`` or ``Fgt(line=4000, alpha=1)``.  The jackknife is not consistent for single quantiles.
    income : array_like, shape (n,)
        Everybody's, also outside the domain.
    design : SurveyDesign
        A stratum with a single cluster adds nothing.
    domain : boolean array_like, shape (n,), optional
        Rows to estimate on.
    level : float
        Coverage.
    scale : {"logit", "log"}
        ``logit`` for measures from 0 to 1, ``log`` for ratios such as S80/S20.

    Returns
    -------
    Estimate
        One row; ``se`` is the jackknife's on the measure's own scale.  Limits are null where the measure is at an end
        of its scale with or without a cluster (everybody poor), or where no stratum has two clusters in the domain.

    Raises
    ------
    ModelError
        For incomes that do not fit the design, an unknown scale, a level outside (0, 1).

    Notes
    -----
    How often such intervals hold the truth, beside linearised ones: docs/measurement.md, Intervals.

    References
    ----------
    Wolter (2007), *Introduction to Variance Estimation*, ch. 4 (jackknife) and 7 (transformations); Satterthwaite (1946),
    doi:10.2307/3002019, and Rust and Rao (1996), doi:10.1177/096228029600500305, for the degrees of freedom.

    Examples
    --------
    >>> from relapse_risk.poverty.linearised import Gini
    >>> from relapse_risk.poverty.survey import survey_design
    >>> design = survey_design([1] * 6, psu=[1, 1, 2, 2, 3, 3])
    >>> found = estimate_few_clusters(Gini(), [1, 2, 2, 4, 3, 9], design).frame
    >>> found[["value", "low", "high"]].round(3).values.tolist()
    [[0.373, 0.052, 0.866]]
    """
    if scale not in SCALES:
        raise ModelError("unknown scale", where="estimate_few_clusters", got=scale, expected=" | ".join(SCALES))
    if not 0 < level < 1:
        raise ModelError("not a coverage", where="estimate_few_clusters: level", got=level, expected="between 0 and 1")
    x = check_rows(check_incomes(income), design)
    mask = check_domain(domain, x.size)
    value = measure.value(x, design.weights, mask)
    pairs = list(replicate_weights(design, "jackknife"))
    counts = np.bincount(design.stratum_of_psu)
    stratum = design.stratum_of_psu[counts[design.stratum_of_psu] > 1]
    without = np.array([measure.value(x, weights, mask) for weights, _ in pairs])
    factor = np.array([factor for _, factor in pairs])
    by_stratum = np.bincount(stratum, factor * (without - value) ** 2, counts.size)
    low, high = _limits(value, without, factor, stratum, counts, level, scale)
    se = float(np.sqrt(by_stratum.sum()))
    frame = pd.DataFrame(
        {"label": [type(measure).__name__], "value": [value], "se": [se], "low": [low], "high": [high]}
    )
    return Estimate(frame, np.array([[se**2]]), level, "jackknife")


def _limits(
    value: float, without: Array, factor: Array, stratum: npt.NDArray[np.intp], counts: npt.NDArray[np.intp],
    level: float, scale: Scale,
) -> tuple[float, float]:  # fmt: skip
    there, back = SCALES[scale]
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = there(value)
        variance = np.bincount(stratum, factor * (there(without) - centre) ** 2, counts.size)
    if not np.isfinite(centre) or not np.isfinite(variance).all() or variance.sum() <= 0:
        return float("nan"), float("nan")
    free = variance.sum() ** 2 / (variance**2 / np.maximum(counts - 1, 1)).sum()
    step = t.ppf((1 + level) / 2, max(1.0, free)) * np.sqrt(variance.sum())
    return float(back(centre - step)), float(back(centre + step))
