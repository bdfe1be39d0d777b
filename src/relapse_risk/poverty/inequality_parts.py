"""Where inequality comes from: entropy by group, Gini by group (with overlap or stratification) and by source of income."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, IntArray, check_incomes, check_positive, check_weights, group_codes
from relapse_risk.poverty.inequality import generalised_entropy, gini
from relapse_risk.rows import by_row, numbers

__all__ = ["entropy_by_group", "gini_by_group", "gini_by_source", "gini_stratification"]


def middle_ranks(x: Array, w: Array) -> Array:
    """Share of the weight below each unit plus half of its own and its ties', shape (n,)."""
    levels = rankdata(x, "dense").astype(np.intp) - 1
    mass = np.bincount(levels, w)
    upto = np.cumsum(mass)
    ranks: Array = ((upto - mass / 2) / upto[-1])[levels]
    return ranks


def covariance_with(x: Array, ranks: Array, w: Array) -> float:
    """Weighted covariance, divided by the sum of the weights."""
    return float(w @ ((x - w @ x / w.sum()) * ranks) / w.sum())


def _groups(
    x: npt.ArrayLike, groups: Any, weights: npt.ArrayLike | None, where: str
) -> tuple[Array, Array, IntArray, list[Any]]:
    values = check_positive(check_incomes(x), where, strictly=False)
    w = check_weights(weights, values.size)
    codes, labels = group_codes(groups, values.size)
    empty = np.flatnonzero(np.bincount(codes, w * values, len(labels)) <= 0)
    if empty.size:
        raise ModelError("a group without weight or income has no Gini", where=where, got=labels[empty[0]],
                         fix="leave the group out, and say so")  # fmt: skip
    return values, w, codes, labels


def _shares(values: Array, w: Array, codes: IntArray, count: int) -> tuple[Array, Array, Array]:
    """Population share, income share and Gini of each group."""
    mass, income = np.bincount(codes, w, count), np.bincount(codes, w * values, count)
    own = np.array([gini(values[codes == g], w[codes == g]) for g in range(count)])
    return mass / mass.sum(), income / income.sum(), own


@by_row("x", "groups", "weights")
def gini_by_group(x: npt.ArrayLike, groups: Any, weights: npt.ArrayLike | None = None) -> pd.DataFrame:
    """Gini by group: within (p_g s_g G_g of each), between (of the group means), and the rest, because groups overlap.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, not negative.
    groups : sequence, shape (n,)
    weights : array_like, shape (n,), optional

    Returns
    -------
    DataFrame
        Columns group, population_share, income_share, value, contribution; the last two rows are ``between`` and
        ``overlap``. Contributions sum to the Gini of all.

    Raises
    ------
    ModelError
        For missing or negative incomes, a missing group, bad weights, or a group without income.

    References
    ----------
    Bhattacharya and Mahalanobis (1967), doi:10.1080/01621459.1967.10482896; Lambert and Aronson (1993),
    doi:10.2307/2234247, on the overlap.

    Examples
    --------
    Groups that do not overlap leave no rest:

    >>> parts = gini_by_group([1, 2, 3, 4], list("aabb")).set_index("group")["contribution"]
    >>> bool(np.isclose(parts.sum(), gini([1, 2, 3, 4]))), bool(np.isclose(parts["overlap"], 0))
    (True, True)
    """
    values, w, codes, labels = _groups(x, groups, weights, "gini_by_group")
    population, income, own = _shares(values, w, codes, len(labels))
    within = population * income * own
    between = gini(income / population, population)
    rest = gini(values, w) - within.sum() - between
    none = [np.nan, np.nan]
    return pd.DataFrame(
        {
            "group": [*labels, "between", "overlap"],
            "population_share": [*population, *none],
            "income_share": [*income, *none],
            "value": [*own, *none],
            "contribution": [*within, between, rest],
        }
    )


@by_row("x", "groups", "weights")
def gini_stratification(x: npt.ArrayLike, groups: Any, weights: npt.ArrayLike | None = None) -> pd.DataFrame:
    """Gini by group after Yitzhaki and Lerman: within (s_g G_g), between (means and mean ranks) and stratification.

    Stratification Q_g = cov_g(F_g - F_others, x) / cov_g(F_g, x): 1 where a group occupies a range of its own, 0 where
    it is spread like the others, below 0 where the others lie inside it.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, not negative.
    groups : sequence, shape (n,)
        At least two groups.
    weights : array_like, shape (n,), optional

    Returns
    -------
    DataFrame
        Columns group, income_share, value (G_g), stratification (Q_g), contribution (s_g G_g); last rows ``between`` and
        ``stratification`` (sum of s_g G_g Q_g (p_g - 1)). Contributions sum to the Gini of all.

    Raises
    ------
    ModelError
        As :func:`gini_by_group`; for a single group, or one whose incomes are all equal.

    References
    ----------
    Yitzhaki and Lerman (1991), doi:10.1111/j.1475-4991.1991.tb00374.x.

    Examples
    --------
    >>> gini_stratification([1, 2, 3, 4], list("aabb"))["stratification"].tolist()[:2]
    [1.0, 1.0]
    """
    values, w, codes, labels = _groups(x, groups, weights, "gini_stratification")
    if len(labels) < 2:
        raise ModelError(
            "stratification compares groups", where="gini_stratification", got=labels, expected="two or more"
        )
    population, income, own = _shares(values, w, codes, len(labels))
    overall = middle_ranks(values, w)
    strata = np.empty(len(labels))
    for g in range(len(labels)):
        rows = codes == g
        inside = middle_ranks(values[rows], w[rows])
        others = (overall[rows] - population[g] * inside) / (1 - population[g])
        apart = covariance_with(values[rows], inside, w[rows])
        if apart <= 0:
            raise ModelError(
                "a group without inequality has no stratification", where="gini_stratification", got=labels[g]
            )
        strata[g] = 1 - covariance_with(values[rows], others, w[rows]) / apart
    means = income / population
    ranks = np.bincount(codes, w * overall, len(labels)) / np.bincount(codes, w, len(labels))
    between = 2 * covariance_with(means, ranks, population)
    none = [np.nan, np.nan]
    return pd.DataFrame(
        {
            "group": [*labels, "between", "stratification"],
            "income_share": [*income, *none],
            "value": [*own, *none],
            "stratification": [*strata, *none],
            "contribution": [*(income * own), between, float(income * own @ (strata * (population - 1)))],
        }
    )


@by_row("sources", "weights")
def gini_by_source(sources: pd.DataFrame, weights: npt.ArrayLike | None = None) -> pd.DataFrame:
    """Gini of total income by source: share, Gini, correlation with the rank by total, contribution, marginal effect.

    Parameters
    ----------
    sources : DataFrame, shape (n, k)
        One column per source; their sum is the income.
    weights : array_like, shape (n,), optional

    Returns
    -------
    DataFrame
        One row per source: source, share of income, gini (of the source), gini_correlation, concentration (coefficient,
        = gini × correlation), contribution (share of the Gini, summing to one) and marginal_effect (relative change of
        the Gini per relative rise of the source, = contribution - share). Null where a source is nobody's.

    Raises
    ------
    ModelError
        For missing values, bad weights, or a total income that is not positive for all together.

    References
    ----------
    Lerman and Yitzhaki (1985), doi:10.2307/1928447; Shorrocks (1982), doi:10.2307/1912633. Ties share their middle rank.

    Examples
    --------
    >>> found = gini_by_source(pd.DataFrame({"wages": [0, 1, 3], "pension": [1, 1, 1]}))
    >>> found[["source", "contribution"]].round(6).values.tolist()
    [['wages', 1.0], ['pension', 0.0]]
    """
    matrix = numbers(sources, "gini_by_source: sources")
    if matrix.ndim != 2 or not matrix.size or not np.isfinite(matrix).all():
        raise ModelError("missing or infinite incomes, or no table of sources", where="gini_by_source", got=matrix.shape,
                         expected="(n, k), finite; 0 where a household has none of a source")  # fmt: skip
    names = list(sources.columns) if isinstance(sources, pd.DataFrame) else list(range(matrix.shape[1]))
    w = check_weights(weights, matrix.shape[0])
    total = matrix.sum(axis=1)
    mean = float(w @ total / w.sum())
    if mean <= 0:
        raise ModelError("total income is not positive", where="gini_by_source", got=mean, expected="> 0")
    ranks = middle_ranks(total, w)
    whole = covariance_with(total, ranks, w)
    rows = []
    for name, x in zip(names, matrix.T, strict=True):
        own, with_total, average = (
            covariance_with(x, middle_ranks(x, w), w), covariance_with(x, ranks, w), float(w @ x / w.sum())
        )  # fmt: skip
        share, part = average / mean, with_total / whole if whole else np.nan
        rows.append(
            {
                "source": name,
                "share": share,
                "gini": 2 * own / average if average else np.nan,
                "gini_correlation": with_total / own if own else np.nan,
                "concentration": 2 * with_total / average if average else np.nan,
                "contribution": part,
                "marginal_effect": part - share,
            }
        )
    return pd.DataFrame(rows)


@by_row("x", "groups", "weights")
def entropy_by_group(
    x: npt.ArrayLike, groups: Any, order: float = 1, weights: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Exact decomposition of generalised entropy: within each group and between groups.

    Parameters
    ----------
    x : array_like, shape (n,)
        Incomes, positive for orders <= 0 and 1.
    groups : sequence, shape (n,)
    order : float
        As in :func:`generalised_entropy`.
    weights : array_like, shape (n,), optional

    Returns
    -------
    DataFrame
        Columns group, population_share, income_share, value, contribution; the last row is ``between``. Contributions
        sum to the whole: within weight = income_share**a × population_share**(1 - a).

    References
    ----------
    Shorrocks (1984), doi:10.2307/1913511.

    Examples
    --------
    >>> frame = entropy_by_group([1, 2, 3, 4], ["a", "a", "b", "b"])
    >>> bool(np.isclose(frame["contribution"].sum(), generalised_entropy([1, 2, 3, 4])))
    True
    """
    values = check_incomes(x)
    w = check_weights(weights, values.size)
    codes, labels = group_codes(groups, values.size)
    mass = np.bincount(codes, w, len(labels)) / w.sum()
    income = np.bincount(codes, w * values, len(labels)) / (w @ values)
    inside = np.array([generalised_entropy(values[codes == g], order, w[codes == g]) for g in range(len(labels))])
    means = np.bincount(codes, w * values, len(labels)) / np.bincount(codes, w, len(labels))
    between = generalised_entropy(means, order, mass)
    return pd.DataFrame(
        {
            "group": [*labels, "between"],
            "population_share": [*mass, np.nan],
            "income_share": [*income, np.nan],
            "value": [*inside, between],
            "contribution": [*(income**order * mass ** (1 - order) * inside), between],
        }
    )
