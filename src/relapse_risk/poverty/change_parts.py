"""What stands behind a change, or a level, of inequality: Mookherjee-Shorrocks and Fields decompositions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, check_incomes, check_positive, check_weights, group_codes
from relapse_risk.poverty.inequality import generalised_entropy
from relapse_risk.poverty.rif import design_columns, weighted_least_squares
from relapse_risk.rows import by_row

__all__ = ["fields_decomposition", "mld_change"]


def _profile(x: npt.ArrayLike, groups: Any, weights: npt.ArrayLike | None, where: str) -> pd.DataFrame:
    """Population share, mean log deviation and mean of each group."""
    values = check_positive(check_incomes(x), where)
    w = check_weights(weights, values.size)
    codes, labels = group_codes(groups, values.size)
    mass = np.bincount(codes, w, len(labels))
    inside = [generalised_entropy(values[codes == g], 0, w[codes == g]) for g in range(len(labels))]
    frame = {"share": mass / mass.sum(), "mld": inside, "mean": np.bincount(codes, w * values, len(labels)) / mass}
    return pd.DataFrame(frame, index=labels)


def mld_change(
    income_before: npt.ArrayLike,
    groups_before: Any,
    income_after: npt.ArrayLike,
    groups_after: Any,
    weights_before: npt.ArrayLike | None = None,
    weights_after: npt.ArrayLike | None = None,
) -> pd.DataFrame:
    """Change of the mean log deviation by cause: inequality inside groups, sizes of groups, distance of group means.

    Parameters
    ----------
    income_before, income_after : array_like, shape (n,) and (m,)
        Positive.
    groups_before, groups_after : sequence, shape (n,) and (m,)
        The same groups at both times.
    weights_before, weights_after : array_like, shape (n,) and (m,), optional

    Returns
    -------
    DataFrame
        Columns part, value, share (of the sum of the parts): within_inequality, within_sizes, between_sizes,
        between_means. The parts sum to the change but for a small error of approximation (averages of the two times).

    Raises
    ------
    ModelError
        For incomes that are not positive, bad weights, or groups that are not the same at both times.

    References
    ----------
    Mookherjee and Shorrocks (1982), doi:10.2307/2232673; R ``dineq::mld_change``.

    Examples
    --------
    >>> same = mld_change([1, 2, 3, 4], list("aabb"), [1, 2, 3, 4], list("aabb"))
    >>> same["value"].abs().max()
    np.float64(0.0)
    """
    return _mld_change(
        _before(income_before, groups_before, weights_before), _after(income_after, groups_after, weights_after)
    )


@by_row("income", "groups", "weights")
def _before(income: npt.ArrayLike, groups: Any, weights: npt.ArrayLike | None) -> pd.DataFrame:
    return _profile(income, groups, weights, "mld_change, before")


@by_row("income", "groups", "weights")
def _after(income: npt.ArrayLike, groups: Any, weights: npt.ArrayLike | None) -> pd.DataFrame:
    return _profile(income, groups, weights, "mld_change, after")


def _mld_change(one: pd.DataFrame, two: pd.DataFrame) -> pd.DataFrame:
    if not one.index.equals(two.index):
        raise ModelError("the two times have different groups", where="mld_change",
                         got=sorted(set(one.index) ^ set(two.index), key=str)[:3], fix="name them alike, or leave them out")  # fmt: skip

    def relative(frame: pd.DataFrame) -> Array:
        return (frame["mean"] / (frame["share"] @ frame["mean"])).to_numpy()

    first, second = relative(one), relative(two)
    size = (two["share"] - one["share"]).to_numpy()
    middle = {name: ((one[name] + two[name]) / 2).to_numpy() for name in ("share", "mld")}
    income_share = (one["share"] * first + two["share"] * second).to_numpy() / 2
    parts = {
        "within_inequality": middle["share"] @ (two["mld"] - one["mld"]).to_numpy(),
        "within_sizes": middle["mld"] @ size,
        "between_sizes": ((first + second) / 2 - (np.log(first) + np.log(second)) / 2) @ size,
        "between_means": (income_share - middle["share"]) @ np.log(two["mean"] / one["mean"]).to_numpy(),
    }
    value = np.array(list(parts.values()))
    share = value / value.sum() if value.sum() else np.full(4, np.nan)
    return pd.DataFrame({"part": list(parts), "value": value, "share": share})


@by_row("income", "covariates", "weights")
def fields_decomposition(
    income: npt.ArrayLike, covariates: pd.DataFrame, weights: npt.ArrayLike | None = None
) -> pd.DataFrame:
    """Share of the variance of log income that each covariate accounts for, by a regression of log income.

    Parameters
    ----------
    income : array_like, shape (n,)
        Positive.
    covariates : DataFrame, shape (n, k)
        Numbers, or text and categories, whose levels count together.
    weights : array_like, shape (n,), optional

    Returns
    -------
    DataFrame
        Columns covariate, share (cov(b x, ln y) / var(ln y)); the last row is ``residual``. Shares sum to one, and all
        but the last to R².

    Raises
    ------
    ModelError
        For incomes that are not positive, missing covariates or bad weights.

    References
    ----------
    Fields (2003), *Accounting for income inequality and its change*, Research in Labor Economics 22; R ``dineq::dineq_rb``.

    Examples
    --------
    >>> found = fields_decomposition([1.0, 2.0, 4.0, 8.0], pd.DataFrame({"doublings": [0, 1, 2, 3]}))
    >>> found["share"].round(6).tolist()
    [1.0, 0.0]
    """
    y = np.log(check_positive(check_incomes(income), "fields_decomposition"))
    w = check_weights(weights, y.size)
    table = design_columns(covariates)
    if len(table) != y.size or y.size <= table.shape[1]:
        raise ModelError(
            "rows and terms do not fit", where="fields_decomposition", got=table.shape, expected=f"{y.size} rows"
        )
    coefficients, _, fit = weighted_least_squares(table.to_numpy(), y, w)
    centred = w * (y - w @ y / w.sum())
    part = (centred @ table.to_numpy()) * coefficients / (centred @ y)
    names = [str(name) for name in covariates.columns]
    share = [sum(p for p, t in zip(part, table.columns, strict=True) if t == n or t.startswith(f"{n}=")) for n in names]
    return pd.DataFrame({"covariate": [*names, "residual"], "share": [*share, 1 - fit]})
