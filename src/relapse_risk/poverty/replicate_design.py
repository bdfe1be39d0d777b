"""Replicate weights that come with a survey, or that are made: BRR, Fay, jackknife 1, 2 and n, successive difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import hadamard

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes, check_weights
from relapse_risk.poverty.inference import Estimate, check_domain, estimates_of
from relapse_risk.poverty.linearised import Measure
from relapse_risk.poverty.survey import Interval, SurveyDesign, replicate_weights
from relapse_risk.rows import by_row, numbers, with_labels

__all__ = [
    "ReplicateDesign",
    "jackknife_replicates",
    "replicate_design",
    "replicate_estimate",
    "successive_difference_replicates",
]

ReplicateMethod = Literal["BRR", "Fay", "JK1", "JK2", "JKn", "SDR", "bootstrap"]
Centre = Literal["estimate", "mean"]


@dataclass(frozen=True, slots=True)
class ReplicateDesign:
    """A sample described by replicate weights.

    Attributes
    ----------
    weights : array, shape (n,)
    replicates : array, shape (n, r)
        Weights of each replicate, the base weights included.
    scales : array, shape (r,)
        Of each squared deviation in the variance.
    centre : {"estimate", "mean"}
        Deviations from the full-sample estimate (most offices, WesVar), or from the mean of the replicates (R survey's
        default).
    index : Index or None
        Row labels, which incomes and domains are aligned to.
    """

    weights: Array
    replicates: Array
    scales: Array
    centre: Centre = "estimate"
    index: pd.Index | None = None

    @property
    def degrees_of_freedom(self) -> int:
        """Rank of the replicate weights less one."""
        return int(np.linalg.matrix_rank(self.replicates)) - 1


@by_row("weights", "replicates")
def replicate_design(
    weights: npt.ArrayLike,
    replicates: npt.ArrayLike,
    method: ReplicateMethod,
    fay: float = 0.0,
    scales: npt.ArrayLike | None = None,
    factors: bool = False,
    centre: Centre = "estimate",
) -> ReplicateDesign:
    """Describe a sample by the replicate weights its documentation gives.

    Parameters
    ----------
    weights : array_like, shape (n,)
    replicates : array_like, shape (n, r)
        One column per replicate.
    method : {"BRR", "Fay", "JK1", "JK2", "JKn", "SDR", "bootstrap"}
        Scale of the squared deviations: 1 / r; 1 / (r (1 - fay)²); (r - 1) / r; 1; ``scales``; 4 / r; 1 / r.
    fay : float
        Fay's coefficient, 0 to below 1.
    scales : array_like, shape (r,), optional
        Of each replicate, for JKn, (m_h - 1) / m_h of the stratum that lost a cluster.
    factors : bool
        Whether ``replicates`` are factors of ``weights`` instead of weights.
    centre : {"estimate", "mean"}
        As in :class:`ReplicateDesign`.

    Returns
    -------
    ReplicateDesign

    Raises
    ------
    ModelError
        For weights or replicates that are missing or do not fit, an unknown method, JKn without scales, or a Fay
        coefficient outside 0 to 1.

    References
    ----------
    Wolter (2007), *Introduction to Variance Estimation*; Judkins (1990) for Fay; Fay and Train (1995) for SDR.

    Examples
    --------
    >>> design = replicate_design([1, 1], [[2, 0], [0, 2]], "BRR")
    >>> design.scales.tolist()
    [0.5, 0.5]
    """
    base = np.asarray(weights)
    w = check_weights(weights, base.size)
    matrix = numbers(replicates, "replicate_design: replicates")
    if matrix.ndim != 2 or matrix.shape[0] != w.size or matrix.shape[1] < 2 or not np.isfinite(matrix).all():
        raise ModelError("not columns of replicate weights", where="replicate_design: replicates", got=matrix.shape,
                         expected=f"({w.size}, r), two or more, nothing missing")  # fmt: skip
    if not 0 <= fay < 1 or (fay > 0) != (method == "Fay"):
        raise ModelError("Fay's method and coefficient belong together", where="replicate_design", got=(method, fay),
                         expected='method="Fay" with 0 < fay < 1')  # fmt: skip
    if centre not in ("estimate", "mean"):
        raise ModelError("unknown centre", where="replicate_design", got=centre, expected="estimate | mean")
    full = matrix * w[:, None] if factors else matrix
    return ReplicateDesign(w, full, _scales(method, matrix.shape[1], fay, scales), centre, with_labels(weights))


def _scales(method: ReplicateMethod, count: int, fay: float, scales: npt.ArrayLike | None) -> Array:
    one = {"BRR": 1 / count, "Fay": 1 / (count * (1 - fay) ** 2), "JK1": (count - 1) / count, "JK2": 1.0,
           "SDR": 4 / count, "bootstrap": 1 / count}  # fmt: skip
    if method == "JKn" or scales is not None:
        given = np.zeros(0) if scales is None else numbers(scales, "replicate_design: scales")
        if given.shape != (count,) or not np.isfinite(given).all() or (given < 0).any():
            raise ModelError(
                "needs a scale per replicate", where="replicate_design: scales", got=given.shape, expected=f"({count},)"
            )
        return given
    if method not in one:
        raise ModelError("unknown method", where="replicate_design", got=method, expected=" | ".join([*one, "JKn"]))
    return np.full(count, one[method])


def jackknife_replicates(design: SurveyDesign, centre: Centre = "estimate") -> ReplicateDesign:
    """The delete-one-cluster jackknife (JKn, or JK1 without strata) of a design, as replicate weights.

    Parameters
    ----------
    design : SurveyDesign
    centre : {"estimate", "mean"}
        As in :class:`ReplicateDesign`.

    Returns
    -------
    ReplicateDesign
        One replicate per cluster (none for the only cluster of a stratum).

    Raises
    ------
    ModelError
        For fewer than two replicates.

    References
    ----------
    Wolter (2007), ch. 4; R ``survey::as.svrepdesign``.

    Examples
    --------
    >>> from relapse_risk.poverty.survey import survey_design
    >>> jackknife_replicates(survey_design([1, 1, 1])).replicates.tolist()[0]
    [0.0, 1.5, 1.5]
    """
    pairs = list(replicate_weights(design, "jackknife"))
    if len(pairs) < 2:
        raise ModelError("a jackknife needs two clusters", where="jackknife_replicates", got=len(pairs))
    replicates = np.column_stack([weights for weights, _ in pairs])
    return ReplicateDesign(design.weights, replicates, np.array([scale for _, scale in pairs]), centre, design.index)


def successive_difference_replicates(weights: npt.ArrayLike, replicates: int = 8) -> ReplicateDesign:
    """Successive difference replication of a systematic sample in the order of its rows.

    Factor of row i in replicate k: 1 + 2^(-3/2) (H[k, i] - H[k, i + 1]), rows of the Hadamard matrix H in turn.

    Parameters
    ----------
    weights : array_like, shape (n,)
        Rows in the order in which they were drawn.
    replicates : int
        A power of two, at least 4.

    Returns
    -------
    ReplicateDesign

    Raises
    ------
    ModelError
        For bad weights, or another number of replicates.

    References
    ----------
    Fay and Train (1995), *Aspects of survey and model-based postcensal estimation*; Census Bureau (American Community
    Survey). Order of rows of H as in Ash (2014).

    Examples
    --------
    >>> successive_difference_replicates([1, 1, 1], 4).replicates.shape
    (3, 4)
    """
    w = check_weights(weights, np.asarray(weights).size)
    if replicates < 4 or replicates & (replicates - 1):
        raise ModelError(
            "not a power of two", where="successive_difference_replicates", got=replicates, expected="4, 8, 16 …"
        )
    square = hadamard(replicates).astype(np.float64)
    row = np.arange(w.size)
    factor = 1 + 2**-1.5 * (square[:, row % replicates] - square[:, (row + 1) % replicates])
    return ReplicateDesign(
        w, w[:, None] * factor.T, np.full(replicates, 4 / replicates), "estimate", with_labels(weights)
    )


@by_row("income", "design", "domain")
def replicate_estimate(
    measure: Measure,
    income: npt.ArrayLike,
    design: ReplicateDesign,
    domain: npt.ArrayLike | None = None,
    level: float = 0.95,
    kind: Interval = "normal",
) -> Estimate:
    """Any measure with the standard error of the replicate weights.

    Parameters
    ----------
    measure : Measure
        Its value is computed under each replicate.
    income : array_like, shape (n,)
    design : ReplicateDesign
    domain : boolean array_like, shape (n,), optional
        Rows to estimate on.
    level : float
        Coverage.
    kind : {"normal", "logit"}
        ``logit`` for shares.

    Returns
    -------
    Estimate
        One row; variance = sum of scale × (replicate - centre)².

    Raises
    ------
    ModelError
        For incomes that do not fit the design.

    References
    ----------
    Wolter (2007), *Introduction to Variance Estimation*. A jackknife is not consistent for quantiles.

    Examples
    --------
    >>> from relapse_risk.poverty.linearised import Mean
    >>> from relapse_risk.poverty.survey import survey_design
    >>> found = replicate_estimate(Mean(), [1, 2, 3, 4], jackknife_replicates(survey_design([1] * 4))).frame
    >>> found[["value", "se"]].round(6).values.tolist()  # the jackknife of a mean is s / sqrt(n)
    [[2.5, 0.645497]]
    """
    x = check_incomes(income)
    if x.size != design.weights.size:
        raise ModelError(
            "incomes and design differ in rows", where="replicate_estimate", got=x.size, expected=design.weights.size
        )
    mask = check_domain(domain, x.size)
    value = measure.value(x, design.weights, mask)
    found = np.array([measure.value(x, weights, mask) for weights in design.replicates.T])
    centre = value if design.centre == "estimate" else found[design.scales > 0].mean()
    variance = np.array([[design.scales @ (found - centre) ** 2]])
    return estimates_of(
        [type(measure).__name__], np.array([value]), variance, design.degrees_of_freedom, level, kind, "replicates"
    )
