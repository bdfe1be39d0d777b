"""One survey design for every measure: strata, clusters, weights, and the variance of anything linearised.

A measure hands over its influence values ``z`` of shape (n,): numbers whose weighted total has the sampling variance of
the measure. Taylor linearisation then is the between-cluster variance of their totals, stratum by stratum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, t

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, IntArray, check_weights, group_codes
from relapse_risk.poverty.survey_stages import Calibration, LaterStage, SamplingStage, later_covariance, read_stages
from relapse_risk.rows import by_row, numbers, with_labels

__all__ = [
    "Interval",
    "SamplingStage",
    "SinglePsu",
    "SurveyDesign",
    "covariance",
    "interval",
    "replicate_weights",
    "survey_design",
]

SinglePsu = Literal["fail", "certainty", "centre", "average"]
Interval = Literal["normal", "logit"]
Replication = Literal["bootstrap", "jackknife"]


@dataclass(frozen=True, slots=True)
class SurveyDesign:
    """How the sample was drawn.

    Attributes
    ----------
    weights : array, shape (n,)
        Sampling weights; their sum estimates the population.
    psu : integer array, shape (n,)
        Code of the primary sampling unit (cluster) of each row, 0..m-1, unique across strata.
    stratum_of_psu : integer array, shape (m,)
        Stratum code of each cluster.
    single_psu : {"fail", "certainty", "centre", "average"}
        A stratum with one cluster: refuse, let it add nothing, centre it at the mean of all clusters, or let it add
        the average of the other strata.
    fraction : array, shape (strata,)
        Share of the clusters of each stratum that was drawn (0 without finite population correction).
    index : Index or None
        Row labels of the columns the design was made of, which incomes and groups are aligned to.
    later : tuple of LaterStage
        Stages after the first, which add to the variance where the first has a finite population correction.
    calibration : Calibration or None
        What the weights were calibrated on; the variance is then that of the residuals.
    """

    weights: Array
    psu: IntArray
    stratum_of_psu: IntArray
    single_psu: SinglePsu
    fraction: Array
    index: pd.Index | None = None
    later: tuple[LaterStage, ...] = ()
    calibration: Calibration | None = None

    @property
    def n_psu(self) -> int:
        return self.stratum_of_psu.size

    @property
    def degrees_of_freedom(self) -> int:
        """Clusters minus strata."""
        return self.n_psu - int(self.stratum_of_psu.max() + 1)

    def degrees_of_freedom_in(self, domain: npt.NDArray[np.bool_]) -> int:
        """Clusters minus strata, of those that hold a row of ``domain`` with a weight (Korn and Graubard 1999, ch. 5)."""
        held = np.unique(self.psu[domain & (self.weights > 0)])
        return held.size - np.unique(self.stratum_of_psu[held]).size

    def totals(self, z: Array) -> Array:
        """Weighted cluster totals of the columns of ``z``; shape (m, columns)."""
        columns = z.reshape(z.shape[0], -1)
        return np.column_stack(
            [np.bincount(self.psu, self.weights * columns[:, j], self.n_psu) for j in range(columns.shape[1])]
        )


@by_row("weights", "strata", "psu", "population_psu")
def survey_design(
    weights: npt.ArrayLike,
    strata: Any = None,
    psu: Any = None,
    single_psu: SinglePsu = "fail",
    population_psu: npt.ArrayLike | None = None,
    later_stages: Sequence[SamplingStage] = (),
) -> SurveyDesign:
    """Describe a sample of one stage, the first stage of several (as usual for variance), or of all its stages.

    Parameters
    ----------
    weights : array_like, shape (n,)
    strata : sequence of shape (n,), optional
        One stratum when left out.
    psu : sequence of shape (n,), optional
        Cluster of each row, nested in strata; every row its own cluster when left out.
    single_psu : {"fail", "certainty", "centre", "average"}
        What a stratum with a single cluster means.
    population_psu : array_like, shape (n,), optional
        Number of clusters in the population of the row's stratum, for the finite population correction.
    later_stages : sequence of SamplingStage, optional
        The stages within clusters, outermost first; only with ``population_psu``, since they count for nothing else.

    Returns
    -------
    SurveyDesign

    Raises
    ------
    ModelError
        For wrong lengths, bad weights, a missing stratum or cluster, or a single-cluster stratum under ``"fail"``; for
        later stages without ``population_psu``.

    References
    ----------
    Cochran (1977); single-cluster strata as ``survey.lonely.psu`` of R survey.

    Examples
    --------
    >>> design = survey_design([1, 1, 1, 1], strata=["a", "a", "b", "b"])
    >>> design.n_psu, design.degrees_of_freedom
    (4, 2)
    """
    n = np.asarray(weights).size
    index = next((found for given in (weights, strata, psu) if (found := with_labels(given)) is not None), None)
    w = check_weights(weights, n)
    stratum, _ = group_codes(np.zeros(n) if strata is None else strata, n)
    cluster, _ = (np.arange(n), []) if psu is None else group_codes(psu, n)
    # The same cluster label in two strata means two clusters.
    pair = stratum * (int(cluster.max()) + 1) + cluster
    _, first, codes = np.unique(pair, return_index=True, return_inverse=True)
    of_psu = stratum[first]
    counts = np.bincount(of_psu)
    if single_psu not in ("fail", "certainty", "centre", "average"):
        raise ModelError("unknown choice", where="survey_design: single_psu", got=single_psu)
    if single_psu == "fail" and (counts == 1).any():
        raise ModelError(
            f"{int((counts == 1).sum())} strata with a single cluster",
            where="survey_design",
            expected="at least two clusters per stratum",
            fix='merge strata, or choose single_psu="certainty", "centre" or "average" and say so',
        )
    fraction = np.zeros(counts.size)
    if population_psu is not None:
        fraction[of_psu] = counts[of_psu] / _population(population_psu, n)[first]
        if (fraction > 1).any():
            raise ModelError("more clusters drawn than exist", where="survey_design: population_psu")
    psu_of_row = codes.astype(np.intp)
    if later_stages and population_psu is None:
        raise ModelError("later stages without the number of clusters", where="survey_design: later_stages",
                         fix="give population_psu, or leave the later stages out")  # fmt: skip
    later = read_stages(later_stages, psu_of_row, fraction[of_psu], single_psu == "fail", index)
    return SurveyDesign(w, psu_of_row, of_psu, single_psu, fraction, index, later)


def _population(population_psu: npt.ArrayLike, n: int) -> Array:
    values = numbers(population_psu, "survey_design: population_psu")
    bad = np.flatnonzero(~np.isfinite(values) | (values <= 0)) if values.shape == (n,) else np.array([], dtype=np.intp)
    if values.shape != (n,) or bad.size:
        raise ModelError(
            "not a number of clusters for every row", where="survey_design: population_psu",
            got=float(values[bad[0]]) if bad.size else values.shape, expected=f"({n},), finite and above 0",
        )  # fmt: skip
    return values


@by_row("design", "influence")
def covariance(design: SurveyDesign, influence: npt.ArrayLike) -> Array:
    """Covariance matrix of measures from their influence values (Taylor linearisation).

    Parameters
    ----------
    design : SurveyDesign
    influence : array_like, shape (n,) or (n, q)

    Returns
    -------
    array, shape (q, q)

    Notes
    -----
    sum_h (1 - f_h) m_h / (m_h - 1) sum_i (t_hi - mean_h)(t_hi - mean_h)', t_hi the weighted cluster totals
    (Särndal, Swensson and Wretman 1992, section 4.3; R ``survey::svyrecvar``), plus the same within the units of each
    later stage times the share of them that was drawn. Calibrated weights: of the residuals on what they were
    calibrated on.

    Examples
    --------
    The variance of a mean under simple random sampling is s² / n:

    >>> x = np.array([1.0, 2.0, 3.0, 4.0])
    >>> design = survey_design(np.ones(4))
    >>> bool(np.isclose(covariance(design, (x - x.mean()) / 4)[0, 0], x.var(ddof=1) / 4))
    True
    """
    z = np.asarray(influence, dtype=np.float64)
    if z.shape[0] != design.psu.size or not np.isfinite(z).all():
        raise ModelError("influence values must be finite, one row per unit", where="covariance", got=z.shape)
    z = z.reshape(z.shape[0], -1)
    if design.calibration is not None:
        z = design.calibration.residuals(z, design.weights)
    matrix = _first_stage(design, design.totals(z))
    for stage in design.later:
        matrix = matrix + later_covariance(stage, design.weights[:, None] * z)
    return matrix


def total_covariance(design: SurveyDesign, totals: Array) -> Array:
    """As :func:`covariance`, from cluster totals of shape (m, q), which know nothing of later stages or calibration.

    Raises
    ------
    ModelError
        For a design with later stages or calibrated weights.
    """
    if design.later or design.calibration is not None:
        raise ModelError("not computed for calibrated weights or later stages", where="survey design",
                         fix="describe the first stage alone, or use a measure of estimate()")  # fmt: skip
    return _first_stage(design, totals)


def _first_stage(design: SurveyDesign, totals: Array) -> Array:
    of_psu = design.stratum_of_psu
    counts = np.bincount(of_psu)
    means = np.column_stack([np.bincount(of_psu, totals[:, j]) for j in range(totals.shape[1])]) / counts[:, None]
    centred = totals - means[of_psu]
    single = counts == 1
    if design.single_psu == "centre" and single.any():
        lone = single[of_psu]
        centred[lone] = totals[lone] - totals.mean(axis=0)
    scale = (1 - design.fraction) * np.where(single, 1.0, counts / np.maximum(counts - 1, 1))
    weighted = centred * scale[of_psu, None]
    variance: Array = weighted.T @ centred
    if design.single_psu == "average" and single.any():
        if single.all():  # no stratum whose average the others could take
            return np.full_like(variance, np.nan)
        variance = variance * counts.size / int((~single).sum())
    return variance


def total_variances(design: SurveyDesign, totals: Array) -> Array:
    """Diagonal of :func:`total_covariance`; shape (q,), without forming the matrix."""
    if design.single_psu in ("centre", "average") or design.later or design.calibration is not None:
        return np.array([total_covariance(design, totals[:, [j]])[0, 0] for j in range(totals.shape[1])])
    of_psu = design.stratum_of_psu
    counts = np.bincount(of_psu)
    order = np.argsort(of_psu, kind="stable")
    starts = np.cumsum(counts) - counts
    ordered = totals[order]
    sums = np.add.reduceat(ordered, starts, axis=0)
    squares = np.add.reduceat((ordered - np.repeat(sums / counts[:, None], counts, axis=0)) ** 2, starts, axis=0)
    scale = (1 - design.fraction) * counts / np.maximum(counts - 1, 1)
    variances: Array = scale @ squares
    return variances


def interval(
    value: npt.ArrayLike,
    se: npt.ArrayLike,
    level: float = 0.95,
    kind: Interval = "normal",
    degrees_of_freedom: npt.ArrayLike | None = None,
) -> tuple[Array, Array]:
    """Confidence limits of an estimate.

    Parameters
    ----------
    value, se : array_like
        Same shape.
    level : float
        Coverage.
    kind : {"normal", "logit"}
        ``logit`` keeps a share inside 0-1: logit(value) ± q se / (value (1 - value)), transformed back. Where the
        share is 0 or 1 the limits are null.
    degrees_of_freedom : array_like, optional
        Student's t with so many (one number, or one per estimate); normal without.  With none left there is no interval.

    Returns
    -------
    low, high : arrays, shape (n,)
        NaN where the standard error is not defined, and for logit at shares of exactly 0 and 1.

    Raises
    ------
    ModelError
        For a coverage outside (0, 1) or an unknown kind.

    References
    ----------
    Korn and Graubard (1998), Survey Methodology 24(2), for the logit interval; Stata and R survey use the same.

    Examples
    --------
    >>> low, high = interval(0.5, 0.1)
    >>> round(float(low), 3), round(float(high), 3)
    (0.304, 0.696)
    """
    if not 0 < level < 1:
        raise ModelError("not a coverage", where="interval: level", got=level, expected="between 0 and 1")
    b, s = np.asarray(value, dtype=np.float64), np.asarray(se, dtype=np.float64)
    tail = (1 + level) / 2
    if degrees_of_freedom is None:
        q = norm.ppf(tail)
    else:
        left = np.asarray(degrees_of_freedom, dtype=np.float64)
        q = t.ppf(tail, np.where(left > 0, left, np.nan))
    if kind == "normal":
        return b - q * s, b + q * s
    if kind != "logit":
        raise ModelError("unknown interval", where="interval", got=kind, expected="normal | logit")
    inside = (b > 0) & (b < 1)
    share = np.where(inside, b, 0.5)
    centre, step = np.log(share / (1 - share)), q * s / (share * (1 - share))
    low, high = 1 / (1 + np.exp(-(centre - step))), 1 / (1 + np.exp(-(centre + step)))
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


def replicate_weights(
    design: SurveyDesign, method: Replication, generator: np.random.Generator | None = None, replicates: int = 200
) -> Iterator[tuple[Array, float]]:
    """Replicate weightings, each with the scale of its squared deviation in the variance.

    Parameters
    ----------
    design : SurveyDesign
    method : {"bootstrap", "jackknife"}
        Rao-Wu rescaled bootstrap (m_h - 1 clusters drawn with replacement in each stratum), or the stratified
        delete-one-cluster jackknife (JKn), with the finite population correction of the first stage.
    generator : numpy.random.Generator
        Needed by the bootstrap.
    replicates : int
        Of the bootstrap; the jackknife has one per cluster.

    Yields
    ------
    weights : array, shape (n,)
    scale : float

    Notes
    -----
    Variance = sum(scale × (replicate - estimate)²). Rao and Wu (1988), doi:10.1080/01621459.1988.10478591.
    """
    of_psu = design.stratum_of_psu
    counts = np.bincount(of_psu)
    if method == "jackknife":
        for cluster in range(design.n_psu):
            m = counts[of_psu[cluster]]
            if m == 1:
                continue
            factor = np.where(of_psu == of_psu[cluster], m / (m - 1), 1.0)
            factor[cluster] = 0.0
            yield design.weights * factor[design.psu], (1 - design.fraction[of_psu[cluster]]) * (m - 1) / m
        return
    if method != "bootstrap" or generator is None or replicates < 2:
        raise ModelError(
            "bootstrap needs a generator and at least 2 replicates", where="replicate_weights", got=(method, replicates)
        )
    order = np.argsort(of_psu, kind="stable")
    starts = np.cumsum(counts) - counts
    drawn = np.where(counts > 1, counts - 1, 1)
    for _ in range(replicates):
        picks = np.concatenate(
            [order[start + generator.integers(0, m, k)] for start, m, k in zip(starts, counts, drawn, strict=True)]
        )
        hits = np.bincount(picks, minlength=design.n_psu)
        factor = hits * counts[of_psu] / drawn[of_psu]
        yield design.weights * factor[design.psu], 1 / replicates
