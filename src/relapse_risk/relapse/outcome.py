"""What is predicted: a household not poor at t that is poor at t + horizon, and the clock of its spells."""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.months import add_months

__all__ = [
    "OUTCOMES",
    "at_risk_rows",
    "clusters",
    "followed",
    "poor_at",
    "spell_clock",
    "with_history",
    "without_outcomes",
]

OUTCOMES = ("event", "observed", "month_next")
RATIO_HOLD, FEW_CLUSTERS = 2.0, 20


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
        poor, or lifted before it), ratio_lowest (lowest ln(income / line) at earlier visits), ratio_mean (mean of
        earlier visits), ratio_sd (spread of all visits so far).

    Raises
    ------
    ModelError
        If a household is in one month twice.

    Examples
    --------
    >>> panel = pd.DataFrame({"household_id": list("aaa"), "month": ["2018-12", "2019-12", "2020-12"],
    ...     "income_pc_year": [1.0, 9.0, 9.0], "poverty_line": 5.0, "exit_year": pd.array([None] * 3, "Int64")})
    >>> spell_clock(panel)[["poor_before", "since_exit"]].to_numpy().tolist()
    [[False, <NA>], [True, 1], [True, 2]]
    """
    for name in ("household_id", "month", "income_pc_year", "poverty_line"):
        if name not in panel:
            near = get_close_matches(name, map(str, panel.columns), 1)
            raise ModelError(
                "no such column", where="panel", got=None, expected=name,
                fix=f"rename {near[0]!r}" if near else f"add {name}",
            )  # fmt: skip
    _check_months(panel)
    _check_once(panel)
    order = panel.sort_values(["household_id", "month"], kind="stable")
    income, line = order["income_pc_year"], order["poverty_line"]
    poor = _is_poor(order)
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
    return result.join(_income_history(income, line, groups)).reindex(panel.index)


def _is_poor(panel: pd.DataFrame) -> pd.Series:
    income, line = panel["income_pc_year"], panel["poverty_line"]
    return (income < line).astype("boolean").mask(income.isna() | line.isna())


def poor_at(panel: pd.DataFrame, household: pd.Series, month: pd.Series) -> pd.Series:
    """Whether each household is poor in a month: 1, 0, or null where it was not seen.

    Parameters
    ----------
    panel : DataFrame
        household_id, month, income_pc_year, poverty_line.
    household, month : Series, shape (n,)

    Examples
    --------
    >>> panel = pd.DataFrame({"household_id": ["a"], "month": ["2020-12"], "income_pc_year": [1.0], "poverty_line": 5.0})
    >>> poor_at(panel, pd.Series(["a", "a"]), pd.Series(["2020-12", "2021-12"])).tolist()
    [1.0, nan]
    """
    poor = _is_poor(panel).set_axis(pd.MultiIndex.from_frame(panel[["household_id", "month"]]))
    found = poor.reindex(pd.MultiIndex.from_arrays([household, month])).astype("Float64")
    return pd.Series(found.to_numpy(dtype=float, na_value=np.nan), index=household.index)


def _check_months(panel: pd.DataFrame) -> None:
    months = pd.Series(panel["month"].unique())
    wrong = months[~months.astype("str").str.fullmatch(r"\d{4}-(?:0[1-9]|1[0-2])").fillna(False).to_numpy(dtype=bool)]
    if len(wrong):
        raise ModelError(
            "not a month", where="panel, column month", got=wrong.iloc[0], expected="text YYYY-MM",
            fix="write a year as its last month (2019-12), and each wave as the month in which it ended",
        )  # fmt: skip


def _check_once(panel: pd.DataFrame) -> None:
    twice = panel.duplicated(["household_id", "month"])
    if twice.any():
        row = panel[twice.to_numpy()].iloc[0]
        raise ModelError(
            "a household is in one wave twice", where=f"household {row['household_id']}, {row['month']}",
            got=f"{int(twice.sum())} rows too many", fix="keep one row per household and month",
        )  # fmt: skip


def _income_history(income: pd.Series, line: pd.Series, groups: np.ndarray) -> pd.DataFrame:
    """Lowest and mean ln(income / line) before each row, and the spread up to it; rows in order of time."""
    floor = np.exp(-RATIO_HOLD)
    ratio = np.log((income / line).clip(lower=floor, upper=1 / floor))
    seen = ratio.notna().groupby(groups).cumsum()
    total = ratio.fillna(0).groupby(groups).cumsum()
    square = (ratio.fillna(0) ** 2).groupby(groups).cumsum()
    mean = total / seen.where(seen > 0)
    variance = (square - seen * mean**2).clip(lower=0) / (seen - 1).where(seen > 1)
    return pd.DataFrame(
        {
            "ratio_lowest": ratio.groupby(groups).cummin().groupby(groups).shift(1),
            "ratio_mean": mean.groupby(groups).shift(1),
            "ratio_sd": np.sqrt(variance),
        }
    )


def others_poor(panel: pd.DataFrame, place: str) -> pd.Series:
    """Share of poor among the others of the same place and month: a household never sees itself.

    Examples
    --------
    >>> frame = pd.DataFrame({"month": "2020-12", "village_code": "v", "poor": [True, False, False]})
    >>> others_poor(frame, "village_code").tolist()
    [0.0, 0.5, 0.5]
    """
    poor = panel["poor"].astype("Float64").astype("float64")
    groups = poor.groupby([panel["month"], panel[place]])
    others = groups.transform("count") - poor.notna()
    return (groups.transform("sum") - poor.fillna(0)) / others.where(others > 0)


def with_history(panel: pd.DataFrame) -> pd.DataFrame:
    """``panel`` with :func:`spell_clock` and the poor among a household's neighbours, village_others and county_others.

    Parameters
    ----------
    panel : DataFrame
        One row per household and month: :func:`relapse_risk.derive.household_panel`, or any with household_id, month,
        income_pc_year and poverty_line.  Without ``exit_year`` nobody is known to have been lifted before the panel
        began.
    """
    if "exit_year" not in panel:  # nobody says who was poor before the panel began
        panel = panel.assign(exit_year=pd.array([pd.NA] * len(panel), dtype="Int64"))
    full = pd.concat([panel, spell_clock(panel)], axis=1)
    places = {"village_others": "village_code", "county_others": "county_code"}
    return full.assign(**{name: others_poor(full, place) for name, place in places.items() if place in full})


def at_risk_rows(panel: pd.DataFrame, horizon_months: int | None) -> pd.DataFrame:
    """Rows of ``panel`` not poor at t, with what happened ``horizon_months`` later.

    Parameters
    ----------
    panel : DataFrame
        One row per household and month; without ``weight`` every row counts once.
    horizon_months : int or None
        ``None``: at the next visit, however far; ``gap_months`` then says how far.

    Returns
    -------
    DataFrame
        The columns of :func:`with_history` and: month_next, observed (seen at month_next), event (1 poor, 0 not;
        null when not observed: attrition stays visible), kind (``relapse`` after earlier poverty, else ``entry``),
        gap_months.

    Raises
    ------
    ModelError
        If no household is seen twice at that distance.
    """
    full = with_history(panel if "weight" in panel else panel.assign(weight=1.0))
    months = sorted(full["month"].unique())
    if horizon_months is None:
        order = full.sort_values(["household_id", "month"], kind="stable")
        full["month_next"] = order.groupby("household_id")["month"].shift(-1)
    else:
        full["month_next"] = full["month"].map({month: add_months(month, horizon_months) for month in months})
    full["gap_months"] = _months_between(full["month"], full["month_next"])
    full["event"] = poor_at(full, full["household_id"], full["month_next"])
    full["observed"] = full["event"].notna()
    full["kind"] = np.where(full["poor_before"], "relapse", "entry")
    rows = full[full["poor"].eq(False).fillna(False).to_numpy(dtype=bool)].reset_index(drop=True)
    if not rows["observed"].any():
        apart = "twice" if horizon_months is None else f"{horizon_months} months apart"
        raise ModelError(
            f"no household is seen {apart}",
            where="outcome",
            got=f"months {' '.join(months[:6])}",
            fix="choose horizon_months in params/places to fit the visits of the panel",
        )
    return rows


def clusters(rows: pd.DataFrame) -> pd.Series:
    """What standard errors are clustered by: the village, or the county where there are twenty, or the household.

    References
    ----------
    Cameron and Miller (2015), J. Human Resources 50, 317-372: with few clusters the standard errors are too small.

    Examples
    --------
    >>> clusters(pd.DataFrame({"household_id": ["a", "b"], "county_code": ["North", "South"]})).tolist()
    ['a', 'b']
    """
    if "village_code" in rows:
        return rows["village_code"]
    if "county_code" in rows and rows["county_code"].nunique() >= FEW_CLUSTERS:
        return rows["county_code"]
    return rows["household_id"]


def _months_between(first: pd.Series, second: pd.Series) -> pd.Series:
    def number(month: pd.Series) -> pd.Series:
        return month.str[:4].astype("float64") * 12 + month.str[5:7].astype("float64")

    return number(second) - number(first)


def followed(rows: pd.DataFrame) -> pd.DataFrame:
    """At-risk rows whose outcome was observed.

    Examples
    --------
    >>> followed(pd.DataFrame({"income": [1.0, 2.0], "observed": [False, True]}))["income"].tolist()
    [2.0]
    """
    return rows[rows["observed"].to_numpy(dtype=bool)].reset_index(drop=True)


def without_outcomes(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as they stood at t.

    Examples
    --------
    >>> without_outcomes(pd.DataFrame({"income": [1.0], "event": [0.0]})).columns.tolist()
    ['income']
    """
    return rows.drop(columns=[name for name in OUTCOMES if name in rows.columns])
