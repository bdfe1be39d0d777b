"""What is known at t: features with label, unit and cause family, and a guard that refuses anything later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.months import month_end

__all__ = ["FEATURES", "PROTECTED", "Feature", "feature_matrix", "refuse_later"]

PROTECTED = ("sex", "head_sex", "ethnicity")
OUTCOME_COLUMNS = ("event", "observed", "month_next", "poor_next", "income_next")
BREAK = float(np.log(1.5))
Compute = Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True, slots=True)
class Feature:
    """One additive input of the score.

    Attributes
    ----------
    name, zh, en, unit : str
    family : str
        Cause family (a code word of ``poverty_cause``, or income, work, housing, history, place).
    needs : tuple of str
        Columns of the household frame it is computed from.
    """

    name: str
    zh: str
    en: str
    unit: str
    family: str
    needs: tuple[str, ...]
    compute: Compute


def _number(frame: pd.DataFrame, name: str) -> pd.Series:
    return pd.to_numeric(frame[name]).astype("float64")


def _ratio(frame: pd.DataFrame) -> pd.Series:
    """ln(income per head / line), held to within e^-2 … e^2 so that one odd income cannot decide."""
    ratio = _number(frame, "income_pc_year") / _number(frame, "poverty_line")
    return np.log(ratio.clip(lower=np.exp(-2.0), upper=np.exp(2.0)))


def _per_member(column: str) -> Compute:
    return lambda frame: _number(frame, column) / _number(frame, "size").where(_number(frame, "size") > 0)


def _capped(column: str, top: float, bottom: float = 0.0) -> Compute:
    return lambda frame: _number(frame, column).clip(bottom, top)


def _flag(column: str, negated: bool = False) -> Compute:
    def compute(frame: pd.DataFrame) -> pd.Series:
        values = frame[column].astype("boolean").astype("Float64").astype("float64")
        return 1 - values if negated else values

    return compute


def _loss_over_line(frame: pd.DataFrame) -> pd.Series:
    loss = _number(frame, "uncompensated_loss_12m") / _number(frame, "size").where(_number(frame, "size") > 0)
    return (loss / _number(frame, "poverty_line")).clip(0, 2)


def _income_change(frame: pd.DataFrame) -> pd.Series:
    return np.log(_number(frame, "income_change").clip(0.25, 4.0))


def _poor_last_time(frame: pd.DataFrame) -> pd.Series:
    return (frame["since_exit"] == 1).fillna(False).astype("float64")


def _others_mean(frame: pd.DataFrame, place: str) -> pd.Series:
    """Share of poor among the others of the same place and month: a household never sees itself."""
    poor = frame["poor"].astype("Float64").astype("float64")
    groups = [frame["month"], frame[place]]
    total, count = (getattr(poor.groupby(groups), how)() for how in ("sum", "count"))
    index = pd.MultiIndex.from_frame(frame[["month", place]])
    others = count.reindex(index).to_numpy() - poor.notna().to_numpy()
    others_poor = total.reindex(index).to_numpy() - poor.fillna(0).to_numpy()
    return pd.Series(others_poor / np.where(others > 0, others, np.nan), index=frame.index)


FEATURES: tuple[Feature, ...] = (
    Feature("income_over_line", "人均纯收入与贫困线之比（对数）", "Income per head over the line (log)", "ln ratio",
            "income", ("income_pc_year", "poverty_line"), _ratio),
    Feature("income_well_over_line", "人均纯收入超过贫困线1.5倍部分（对数）", "Income beyond 1.5 times the line (log)",
            "ln ratio", "income", ("income_pc_year", "poverty_line"), lambda f: (_ratio(f) - BREAK).clip(lower=0)),
    Feature("income_change", "收入较上年变化（对数）", "Income change on last year (log)", "ln ratio", "income",
            ("income_change",), _income_change),
    Feature("transfer_share", "转移性收入占比", "Share of transfers in income", "share", "income", ("transfer_share",),
            _capped("transfer_share", 1.0)),
    Feature("business_share", "经营性收入占比", "Share of business in income", "share", "income", ("business_share",),
            _capped("business_share", 1.0)),
    Feature("rigid_burden", "刚性支出占收入比", "Rigid spending over income", "ratio", "illness", ("rigid_burden",),
            _capped("rigid_burden", 1.5)),
    Feature("serious_share", "大病成员占比", "Share of seriously ill members", "share", "illness",
            ("n_serious", "size"), _per_member("n_serious")),
    Feature("chronic_share", "慢性病成员占比", "Share of chronically ill members", "share", "illness",
            ("n_chronic", "size"), _per_member("n_chronic")),
    Feature("severe_disability_share", "重度残疾成员占比", "Share of severely disabled members", "share", "disability",
            ("n_disabled_severe", "size"), _per_member("n_disabled_severe")),
    Feature("pupil_share", "在校生占比", "Share of members in school", "share", "schooling", ("n_pupils", "size"),
            _per_member("n_pupils")),
    Feature("child_share", "未满16周岁成员占比", "Share of members under 16", "share", "schooling",
            ("n_children", "size"), _per_member("n_children")),
    Feature("elderly_share", "60周岁以上成员占比", "Share of members aged 60 or over", "share", "no_labour",
            ("n_elderly_60", "size"), _per_member("n_elderly_60")),
    Feature("labour_share", "劳动力占比", "Share of members able to work", "share", "no_labour",
            ("labour_count", "size"), _per_member("labour_count")),
    Feature("employed_share", "就业成员占比", "Share of members in work", "share", "work", ("employed_count", "size"),
            _per_member("employed_count")),
    Feature("zero_employment", "有劳动力无人就业", "Able to work, nobody in work", "0/1", "work", ("zero_employment",),
            _flag("zero_employment")),
    Feature("household_size", "家庭人口（对数）", "Household size (log)", "ln persons", "no_labour", ("size",),
            lambda f: np.log(_number(f, "size").clip(1, 12))),
    Feature("loss_over_line", "近一年人均未赔付损失与贫困线之比", "Uncompensated loss per head over the line", "ratio",
            "disaster", ("uncompensated_loss_12m", "size", "poverty_line"), _loss_over_line),
    Feature("house_unsafe", "住房不安全", "House not safe", "0/1", "housing", ("house_safe",),
            _flag("house_safe", negated=True)),
    Feature("water_unsafe", "饮水不安全", "Water not safe", "0/1", "housing", ("water_safe",),
            _flag("water_safe", negated=True)),
    Feature("poor_last_time", "上一期仍贫困", "Poor at the observation before", "0/1", "history", ("since_exit",),
            _poor_last_time),
    Feature("poor_before", "曾经贫困", "Poor at some time before", "0/1", "history", ("poor_before",),
            _flag("poor_before")),
    Feature("village_poor_share", "同村其他户贫困比例", "Share of poor among others in the village", "share", "place",
            ("poor", "village_code"), lambda f: _others_mean(f, "village_code")),
    Feature("county_poor_share", "同县其他户贫困比例", "Share of poor among others in the county", "share", "place",
            ("poor", "county_code"), lambda f: _others_mean(f, "county_code")),
)  # fmt: skip


def refuse_later(rows: pd.DataFrame) -> None:
    """Raise if any row holds something dated after its own month.

    Checked are income periods, every date column, and the names of columns that hold outcomes.

    Raises
    ------
    ModelError
        Naming column, household, month and the later date.
    """
    outcomes = [c for c in rows.columns if c in OUTCOME_COLUMNS or c.endswith("_next")]
    if outcomes:
        raise ModelError("an outcome among the features", where="features", got=outcomes[0], fix="drop it")
    ends = rows["month"].map({month: pd.Timestamp(month_end(month)) for month in rows["month"].unique()})
    for name in rows.columns:
        if name == "income_period":
            late = (rows[name] > rows["month"]).fillna(False)
        elif pd.api.types.is_datetime64_any_dtype(rows[name]):
            late = rows[name] > ends
        else:
            continue
        if late.any():
            row = rows[late.to_numpy(dtype=bool)].iloc[0]
            raise ModelError(
                f"column {name} is dated after the month it should be known in",
                where=f"features, household {row['household_id']}, {row['month']}",
                got=str(row[name]),
                fix="take the value as it was known that month",
            )


def feature_matrix(rows: pd.DataFrame) -> pd.DataFrame:
    """Every feature whose columns hold any value, for each row; null where unknown.

    Parameters
    ----------
    rows : DataFrame
        Household frame with the columns of :func:`relapse_risk.relapse.outcome.spell_clock`, no outcomes.

    Returns
    -------
    DataFrame
        One float column per feature, on ``rows``'s index.
    """
    refuse_later(rows)
    return pd.DataFrame(
        {
            feature.name: feature.compute(rows)
            for feature in FEATURES
            if all(name in rows.columns and rows[name].notna().any() for name in feature.needs)
        },
        index=rows.index,
    )
