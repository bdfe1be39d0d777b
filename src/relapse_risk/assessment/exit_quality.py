"""Section 4, quality of the exit from poverty: incomes against the lines, their make-up and their change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.assessment.base import CountyData, FactColumn, FactTable, Fraction, Indicator
from relapse_risk.assessment.baseline import by_town
from relapse_risk.derive import income_columns
from relapse_risk.errors import ModelError
from relapse_risk.poverty import weighted_quantile

__all__ = ["INDICATORS", "TABLES", "weighted_share_below"]

C = FactColumn
RATIO_EDGES = (-np.inf, 0.5, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, np.inf)
RATIO_LABELS = ("<0.5", "0.5–1", "1–1.25", "1.25–1.5", "1.5–2", "2–2.5", "2.5–3", "3–4", "≥4")
CHANGE_EDGES = (-np.inf, 0.6, 0.8, 0.95, 1.05, 1.2, 1.5, np.inf)
CHANGE_LABELS = ("<−40%", "−40…−20%", "−20…−5%", "±5%", "+5…+20%", "+20…+50%", ">+50%")
COMPONENTS = ("wage_income", "business_net", "property_income", "transfer_income")


def _persons(frame: pd.DataFrame) -> pd.Series:
    """Weight of each household in counts of persons."""
    return frame["size"].astype(float).fillna(1.0) * frame["weight"].astype(float)


def weighted_share_below(frame: pd.DataFrame, line: str) -> Fraction:
    """Persons in households whose income is strictly below ``line`` over persons with a known income."""
    known = frame[frame["income_pc_year"].notna() & frame[line].notna()]
    weight = _persons(known)
    return Fraction(float(weight[known["income_pc_year"] < known[line]].sum()), float(weight.sum()))


def _mean_income(frame: pd.DataFrame) -> Fraction:
    known = frame[frame["income_pc_year"].notna()]
    weight = _persons(known)
    return Fraction(float((known["income_pc_year"] * weight).sum()), float(weight.sum()))


def _quantile(frame: pd.DataFrame, order: float) -> Fraction:
    known = frame[frame["income_pc_year"].notna()]
    weight = _persons(known)
    try:
        value = float(weighted_quantile(known["income_pc_year"].to_numpy(dtype=float), order, weight.to_numpy()))
    except ModelError:
        return Fraction(0.0, 0.0)
    return Fraction(float("nan"), float(weight.sum()), value=value)


def income_summary(data: CountyData) -> pd.DataFrame:
    """Mean, median and lowest tenth of income per head, now and a year before, weighted by persons."""
    rows = []
    for measure, compute in (
        ("mean", _mean_income), ("median", lambda f: _quantile(f, 0.5)), ("p10", lambda f: _quantile(f, 0.1)),
    ):  # fmt: skip
        now, before = compute(data.now).ratio, compute(data.before).ratio if len(data.before) else None
        rows.append({"measure": measure, "now": now, "before": before})
    frame = pd.DataFrame(rows).astype({"now": "float64", "before": "float64"})
    return frame.assign(change=frame["now"] / frame["before"] - 1)


def income_distribution(data: CountyData) -> pd.DataFrame:
    """Households by income per head over the poverty line, now and a year before."""
    frame = pd.DataFrame({"ratio": RATIO_LABELS})
    for column, source in (("households", data.now), ("before", data.before)):
        ratio = (source["income_pc_year"] / source["poverty_line"]) if len(source) else pd.Series(dtype=float)
        counts = pd.cut(ratio, RATIO_EDGES, right=False, labels=RATIO_LABELS).value_counts().reindex(RATIO_LABELS)
        frame[column] = counts.to_numpy() if len(source) else np.nan
    return frame


def income_components(data: CountyData) -> pd.DataFrame:
    """Income per head by source and period: sums over households with a known size, divided by their persons."""
    income = income_columns(data.table("income"))
    size = data.now.set_index("household_id")["scale"]
    income = income[(income["income_period"] <= data.month) & income["household_id"].isin(size.index)]
    scale = income["household_id"].map(size).astype(float)
    totals = income[list(COMPONENTS)].groupby(income["income_period"]).sum(min_count=1)
    frame = totals.div(scale.groupby(income["income_period"]).sum(), axis=0).tail(6)
    return frame.reset_index(names="period")


def income_change(data: CountyData) -> pd.DataFrame:
    """Households by change of net income on the year before."""
    change = data.now["income_change"].dropna()
    counts = pd.cut(change, CHANGE_EDGES, right=False, labels=CHANGE_LABELS).value_counts().reindex(CHANGE_LABELS)
    return pd.DataFrame({"change": CHANGE_LABELS, "households": counts.to_numpy()})


def income_by_town(data: CountyData) -> pd.DataFrame:
    """Mean income per head and households below and near the line, by town."""
    ratio = data.now["income_pc_year"] / data.now["poverty_line"]
    weight = _persons(data.now).where(ratio.notna())
    grouped = data.now["town_code"]
    frame = pd.DataFrame(
        {
            "households": ratio.notna().groupby(grouped).sum(),
            "mean_income": (data.now["income_pc_year"] * weight).groupby(grouped).sum() / weight.groupby(grouped).sum(),
            "below_line": (ratio < 1).groupby(grouped).sum(),
            "near_line": ((ratio >= 1) & (ratio < data.limit("near_line_ratio"))).groupby(grouped).sum(),
        }
    )
    return by_town(data, frame.sort_values("mean_income"))


def _near_line(data: CountyData) -> Fraction:
    ratio = (data.now["income_pc_year"] / data.now["poverty_line"]).dropna()
    return Fraction(float(((ratio >= 1) & (ratio < data.limit("near_line_ratio"))).sum()), float(len(ratio)))


def _transfers(data: CountyData) -> Fraction:
    known = data.now[data.now["net_income"].notna()]
    total = float(known["net_income"].clip(lower=0).sum())
    return Fraction(float(known["transfer_income"].fillna(0).sum()), total)


def _sharp_fall(data: CountyData) -> Fraction:
    change = data.now["income_change"].dropna()
    return Fraction(float((change < data.limit("income_fall_ratio")).sum()), float(len(change)))


TABLES = (
    FactTable("income_summary", 4,
              (C("measure", "label", "measure"), C("now", "money"), C("before", "money"), C("change", "share")),
              ("income",), income_summary),
    FactTable("income_distribution", 4,
              (C("ratio", "bin"), C("households", "households"), C("before", "households")),
              ("income",), income_distribution),
    FactTable("income_components", 4, (C("period", "text"), *(C(name, "money") for name in COMPONENTS)), ("income",),
              income_components),
    FactTable("income_change", 4, (C("change", "bin"), C("households", "households")), ("income",), income_change),
    FactTable("income_by_town", 4,
              (C("town", "town"), C("households", "households"), C("mean_income", "money"),
               C("below_line", "households"), C("near_line", "households")),
              ("income", "village.town_code"), income_by_town),
)  # fmt: skip
INDICATORS = (
    Indicator("mean_income", 4, "money", "higher_better", ("income",), lambda d: _mean_income(d.now), headline=True,
              source="DZ-2021"),
    Indicator("below_line", 4, "share", "lower_better", ("income",), lambda d: weighted_share_below(d.now, "poverty_line"),
              limit="combined_poverty_limit", source="DEF-RATES", headline=True),
    Indicator("near_line", 4, "share", "lower_better", ("income",), _near_line, source="LAW-2020"),
    Indicator("transfer_share", 4, "share", "none", ("income.transfer_income",), _transfers),
    Indicator("sharp_fall", 4, "share", "lower_better", ("income",), _sharp_fall, source="LAW-2020"),
)  # fmt: skip
