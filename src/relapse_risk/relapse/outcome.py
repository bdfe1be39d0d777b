"""What is predicted: a household not poor at t that is poor at t + horizon, and the clock of its spells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.months import add_months

__all__ = ["at_risk_rows", "spell_clock"]


def spell_clock(panel: pd.DataFrame) -> pd.DataFrame:
    """Poverty now and its history up to each row, looking only back.

    Parameters
    ----------
    panel : DataFrame
        household_id, month, income_pc_year, poverty_line, and exit_year where the register knows of earlier poverty.

    Returns
    -------
    DataFrame
        On ``panel``'s index: poor (nullable), visit (1 for the first observation), poor_before (any earlier
        observation poor, or the register says it was lifted), spells (poor spells begun so far, seen ones),
        since_exit (observations since last seen poor; null if never), left_censored (first observation already
        poor, or lifted before it).

    Examples
    --------
    >>> panel = pd.DataFrame({"household_id": list("aaa"), "month": ["2018-12", "2019-12", "2020-12"],
    ...     "income_pc_year": [1.0, 9.0, 9.0], "poverty_line": 5.0, "exit_year": pd.array([None] * 3, "Int64")})
    >>> spell_clock(panel)[["poor_before", "since_exit"]].to_numpy().tolist()
    [[False, <NA>], [True, 1], [True, 2]]
    """
    order = panel.sort_values(["household_id", "month"], kind="stable")
    income, line = order["income_pc_year"], order["poverty_line"]
    poor = (income < line).astype("boolean").mask(income.isna() | line.isna())
    flag = poor.fillna(False).astype(int)
    groups = order["household_id"].to_numpy()
    visit = order.groupby(groups).cumcount() + 1
    earlier = flag.groupby(groups).cumsum() - flag
    lifted = (order["exit_year"].notna() & (order["exit_year"] <= order["month"].str[:4].astype(int))).fillna(False)
    previous = flag.groupby(groups).shift(1, fill_value=0)
    starts = ((flag == 1) & (previous == 0)).astype(int)
    last_poor = visit.where(flag == 1).groupby(groups).ffill()
    result = pd.DataFrame(
        {
            "poor": poor,
            "visit": visit,
            "poor_before": ((earlier > 0) | lifted.to_numpy(dtype=bool)),
            "spells": starts.groupby(groups).cumsum(),
            "since_exit": (visit - last_poor).astype("Int64").mask(flag == 1),
            "left_censored": ((flag == 1) | lifted.to_numpy(dtype=bool)).groupby(groups).transform("first"),
        },
        index=order.index,
    )
    return result.reindex(panel.index)


def at_risk_rows(panel: pd.DataFrame, horizon_months: int) -> pd.DataFrame:
    """Rows of ``panel`` not poor at t, with what happened ``horizon_months`` later.

    Returns
    -------
    DataFrame
        The panel's columns with those of :func:`spell_clock` and: month_next, observed (seen at month_next), event
        (1 poor, 0 not; null when not observed: attrition stays visible), kind (``relapse`` after earlier poverty,
        else ``entry``).

    Raises
    ------
    ModelError
        If no household is seen twice at that distance.
    """
    clock = spell_clock(panel)
    full = pd.concat([panel, clock], axis=1)
    months = {month: add_months(month, horizon_months) for month in full["month"].unique()}
    full["month_next"] = full["month"].map(months)
    later = full.set_index(["household_id", "month"])["poor"]
    wanted = pd.MultiIndex.from_arrays([full["household_id"], full["month_next"]])
    full["event"] = later.reindex(wanted).astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    full["observed"] = full["event"].notna()
    full["kind"] = np.where(full["poor_before"], "relapse", "entry")
    rows = full[full["poor"].eq(False).fillna(False).to_numpy(dtype=bool)].reset_index(drop=True)
    if not rows["observed"].any():
        raise ModelError(
            f"no household is seen {horizon_months} months apart",
            where="outcome",
            got=f"months {' '.join(sorted(months)[:6])}",
            fix="choose horizon_months in params/places to fit the visits of the panel",
        )
    return rows
