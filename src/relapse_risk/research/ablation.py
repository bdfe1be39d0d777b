"""Features of the ablations: the whole visit history, the place and quarter, and error in the measured income."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.languages import Label
from relapse_risk.relapse import household_features as m
from relapse_risk.relapse.features import Feature

__all__ = ["extended_columns", "extended_features"]

HOLD = 2.0
PREFIX = "extended_"
LAGS = 3


def _log_ratio(frame: pd.DataFrame) -> pd.Series:
    ratio = frame["income_pc_year"] / frame["poverty_line"]
    return np.log(ratio.clip(lower=np.exp(-HOLD), upper=np.exp(HOLD)))


def extended_columns(history: pd.DataFrame) -> pd.DataFrame:
    """Columns that the extended features read, each known at the row's month.

    Parameters
    ----------
    history : DataFrame
        Every visit of every household, poor or not (:func:`relapse_risk.relapse.outcome.with_history`).

    Returns
    -------
    DataFrame
        extended_* columns on ``history``'s index: the log ratio one, two and three visits before and whether poor then;
        change of members and their work since the visit before; mean, spread and yearly change of the log ratio among
        the others of the county and month; whether income was imputed, and income averaged over all visits so far
        with imputed ones counted half.

    Examples
    --------
    >>> frame = pd.DataFrame({"household_id": ["a", "a"], "month": ["2019-12", "2020-12"], "county_code": "c",
    ...     "income_pc_year": [4000.0, 8000.0], "poverty_line": 4000.0})
    >>> extended_columns(frame)["extended_lag_1"].tolist()
    [nan, 0.0]
    """
    order = history.sort_values(["household_id", "month"], kind="stable")
    ratio = _log_ratio(order)
    by_household = order["household_id"].to_numpy()
    found: dict[str, pd.Series] = {}
    for lag in range(1, LAGS + 1):
        before = ratio.groupby(by_household).shift(lag)
        found[f"extended_lag_{lag}"] = before
        found[f"extended_poor_{lag}"] = (before < 0).astype(float).where(before.notna())
    for name in ("size", "n_employed", "n_wage_no_pension", "employed_count", "n_65plus"):
        if name in order:
            values = pd.to_numeric(order[name]).astype("float64")
            found[f"extended_change_{name}"] = (values - values.groupby(by_household).shift(1)).clip(-2, 2)
    imputed = order["income_imputed"] if "income_imputed" in order else pd.Series(0.0, index=order.index)
    trust = 1 - imputed / 2
    found["extended_imputed"] = imputed
    found["extended_imputed_ratio"] = imputed * ratio
    found["extended_average"] = (ratio * trust).groupby(by_household).cumsum() / trust.groupby(by_household).cumsum()
    found["extended_imputed_before"] = imputed.groupby(by_household).shift(1).fillna(0.0)
    if "county_code" in order:
        found |= _places(order, ratio)
    return pd.DataFrame(found).reindex(history.index)


def _places(order: pd.DataFrame, ratio: pd.Series) -> dict[str, pd.Series]:
    """Mean, spread and yearly change of the log ratio among the others of the county and month."""
    keys = [order["county_code"], order["month"]]
    groups = ratio.groupby(keys)
    n, total, square = groups.transform("count") - 1, groups.transform("sum") - ratio, (ratio**2).groupby(keys)
    mean = total / n.where(n > 0)
    spread = np.sqrt(((square.transform("sum") - ratio**2) / n.where(n > 0) - mean**2).clip(lower=0))
    level = groups.mean()
    year_before = (order["month"].str[:4].astype(int) - 1).astype("str") + order["month"].str[4:]
    earlier = level.reindex(pd.MultiIndex.from_arrays([order["county_code"], year_before])).to_numpy()
    return {
        "extended_place_mean": mean,
        "extended_place_spread": spread,
        "extended_place_change": mean - pd.Series(earlier, index=order.index),
    }


def _name(column: str) -> str:
    return column.removeprefix(PREFIX)


def _column(name: str) -> m.Compute:
    return lambda frame: m.number(frame, name)


def _over(name: str, at: float) -> m.Compute:
    return lambda frame: (m.number(frame, name) - at).clip(lower=0)


def _made(name: str, zh: str, en: str, family: str, column: str, compute: m.Compute) -> Feature:
    unit = "ln ratio" if "lag" in column or "place" in column else "number"
    return Feature(name, Label(zh=zh, en=en), unit, family, (column,), compute)


def extended_features(columns: pd.DataFrame) -> dict[str, tuple[Feature, ...]]:
    """The extended features by group, from the columns of :func:`extended_columns`."""
    lags = [
        _made(_name(c), f"历次走访：{_name(c)}", f"Earlier visits: {_name(c)}", "history", c, _column(c))
        for c in columns
        if c.startswith(("extended_lag_", "extended_poor_", "extended_change_"))
    ]
    bends = [
        _made(f"{_name(c)}_beyond", f"历次走访：{_name(c)}（1.5倍以上）", f"Earlier visits: {_name(c)} beyond 1.5 lines",
              "history", c, _over(c, m.BREAK))
        for c in columns if c.startswith("extended_lag_")
    ]  # fmt: skip
    places = [
        _made(_name(c), f"所在城市当季：{_name(c)}", f"City and quarter: {_name(c)}", "place", c, _column(c))
        for c in columns
        if c.startswith("extended_place_")
    ]
    error = [
        _made(_name(c), f"收入计量误差：{_name(c)}", f"Error in income: {_name(c)}", "income", c, _column(c))
        for c in ("extended_imputed", "extended_imputed_ratio", "extended_average", "extended_imputed_before")
    ]
    error.append(
        _made("average_beyond", "历次收入平均（1.5倍以上）", "Average income beyond 1.5 lines", "income", "extended_average",
              _over("extended_average", m.BREAK))
    )  # fmt: skip
    return {
        "whole_history": (*lags, *bends),
        "place_and_quarter": tuple(places),
        "measurement_error": tuple(error),
    }
