"""Section 4, quality of the exit from poverty: incomes against the lines, their make-up and their change."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from relapse_risk.assessment.county_data import CountyData, counted
from relapse_risk.assessment.sections.baseline import TOWN_HOMES
from relapse_risk.derive import income_columns
from relapse_risk.errors import ModelError
from relapse_risk.exhibits import Action, Columns, Exhibit, Finding, Number, Rows, Section, Stack, counts_in, share_in
from relapse_risk.measures import Bins, FactColumn, FactTable, Fraction, Indicator, Pooled, Values
from relapse_risk.months import add_months
from relapse_risk.poverty import fgt, gini, weighted_quantile
from relapse_risk.predicates import holds
from relapse_risk.predicates.setting import values_at

__all__ = ["ACTIONS", "EXHIBITS", "INDICATORS", "SECTION", "TABLES", "below_in_years", "below_line", "steadily_above"]

SECTION = Section(4)
C = FactColumn
RATIO = Bins(
    (-np.inf, 0.5, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, np.inf),
    ("<0.5", "0.5–1", "1–1.25", "1.25–1.5", "1.5–2", "2–2.5", "2.5–3", "3–4", "≥4"),
)
CHANGE = Bins(
    (-np.inf, 0.6, 0.8, 0.95, 1.05, 1.2, 1.5, np.inf),
    ("<−40%", "−40%～−20%|−40% to −20%", "−20%～−5%|−20% to −5%", "±5%", "+5%～+20%|+5% to +20%",
     "+20%～+50%|+20% to +50%", ">+50%"),
)  # fmt: skip
NEAR, FALL = 1.5, 0.8  # of the line: near it; of last year's income: a sharp fall
COMPONENTS = ("wage_income", "business_net", "property_income", "transfer_income")
PERIODS = 6


def _person_weight(frame: pd.DataFrame) -> pd.Series:
    """Weight of each household in counts of persons."""
    return frame["size"].astype(float).fillna(1.0) * frame["weight"].astype(float)


def _below(data: CountyData, line: str) -> pd.Series:
    """Whether each household's income is strictly below ``line``; null where it is not known."""
    known = data.now["income_pc_year"].notna() & data.now[line].notna()
    return (data.now["income_pc_year"] < data.now[line]).astype("boolean").mask(~known)


def below_line(data: CountyData, line: str) -> Fraction:
    """Persons in households whose income is strictly below ``line`` over persons with a known income."""
    return data.members(_below(data, line))


def _poor_households(data: CountyData) -> Fraction:
    """Households whose income is strictly below the poverty line, of those with a known income."""
    return data.households(_below(data, "poverty_line"))


def _mean_income(data: CountyData) -> Fraction:
    return data.mean(data.now["income_pc_year"], _person_weight(data.now))


def incomes(data: CountyData) -> tuple[Values, Values]:
    """Income per head of the households that have one, and the persons each stands for."""
    known = data.now[data.now["income_pc_year"].notna()]
    return known["income_pc_year"].to_numpy(dtype=float), _person_weight(known).to_numpy(dtype=float)


def _quantile(values: Values, weight: Values, order: float) -> float | None:
    try:
        return float(weighted_quantile(values, order, weight))
    except ModelError:
        return None


def _gini(values: Values, weight: Values) -> float | None:
    """Gini coefficient, negative incomes as 0; none of one household, or where nobody has an income."""
    x = values.clip(min=0)
    return float(gini(x, weight)) if len(x) > 1 and (x * weight).sum() > 0 else None


def _of_incomes(data: CountyData, statistic: Callable[[Values, Values], float | None]) -> Fraction:
    values, weight = incomes(data)
    found = statistic(values, weight)
    if found is None:
        return Fraction(0.0, 0.0)
    return Fraction(float("nan"), float(weight.sum()), value=found, **data.of_sample(len(values)))


def income_summary(data: CountyData) -> pd.DataFrame:
    """Mean, median and lowest tenth of income per head, now and a year before, weighted by persons."""
    rows = []
    for measure, order in (("mean", None), ("p10", 0.1), ("p25", 0.25), ("median", 0.5), ("p75", 0.75), ("p90", 0.9)):
        values = []
        for when in (data, data.earlier):
            found = (
                None
                if when is None
                else _mean_income(when)
                if order is None
                else _of_incomes(when, partial(_quantile, order=order))
            )
            values.append(None if found is None else found.ratio)
        rows.append({"measure": measure, "now": values[0], "before": values[1]})
    return pd.DataFrame(rows).astype({"now": "float64", "before": "float64"}).assign(change=_relative_change)


def _relative_change(frame: pd.DataFrame) -> pd.Series:
    return frame["now"] / frame["before"] - 1


def poverty_measures(data: CountyData) -> pd.DataFrame:
    """Headcount, gap and squared gap under each line (of the year an income is of), weighted by persons, and the people
    they rest on.

    ``poor`` and ``others`` are those of the indicator of the same line (of a sample, the households in it).
    """
    known = data.now[data.now["income_pc_year"].notna()]
    weight = _person_weight(known).to_numpy()
    x = known["income_pc_year"].clip(lower=0).to_numpy(dtype=float)
    rows = []
    for line in ("poverty_line", "monitor_line", "dibao_line"):
        limits = known[line].to_numpy(dtype=float)
        if len(known) and np.isfinite(limits).all():
            found = [float(fgt(x, limits, alpha, weights=weight)) for alpha in (0, 1, 2)]
            limit = limits[0] if (limits == limits[0]).all() else np.nan  # incomes of several years: several amounts
            poor, n = below_line(data, line).looked_at
            rows.append(
                {"line": line, "limit": limit, "headcount": found[0], "gap": found[1], "severity": found[2],
                 "poor": poor, "others": n - poor}
            )  # fmt: skip
    return pd.DataFrame(rows)


def income_distribution(data: CountyData) -> pd.DataFrame:
    """Households by income per head over the poverty line, now and a year before."""
    frame = pd.DataFrame({"ratio": RATIO.labels})
    for column, source in (("households", data.now), ("before", data.before)):
        ratio = (source["income_pc_year"] / source["poverty_line"]) if len(source) else pd.Series(dtype=float)
        frame[column] = RATIO.counts(ratio) if ratio.notna().any() else np.nan
    return frame


def income_components(data: CountyData) -> pd.DataFrame:
    """Income per head by source and period: sums over the households of today, divided by their persons."""
    income = income_columns(data.table("income"))
    size = data.now.set_index("household_id")["scale"]
    income = income[(income["income_period"] <= data.month) & income["household_id"].isin(size.index)]
    totals = income[list(COMPONENTS)].groupby(income["income_period"]).sum(min_count=1).add_suffix("_sum")
    totals["heads"] = income["household_id"].map(size).astype(float).groupby(income["income_period"]).sum()
    return totals.tail(PERIODS).reset_index(names="period")


def income_change(data: CountyData) -> pd.DataFrame:
    """Households by change of net income on the year before."""
    change = data.now["income_change"].dropna()
    if change.empty:
        return pd.DataFrame()
    return pd.DataFrame({"change": CHANGE.labels, "households": CHANGE.counts(change)})


def income_moves(data: CountyData) -> pd.DataFrame:
    """Households by income over the line a year before (rows) and now: a scatter in bins."""
    both = data.now[["household_id", "income_pc_year", "poverty_line"]].merge(
        data.before[["household_id", "income_pc_year", "poverty_line"]], on="household_id", suffixes=("", "_before")
    )
    bins = {
        name: RATIO.cut(both[f"income_pc_year{tail}"] / both[f"poverty_line{tail}"])
        for name, tail in (("before_ratio", "_before"), ("ratio", ""))
    }
    counts = pd.DataFrame(bins).dropna().astype(str).value_counts().rename("households").reset_index()
    order = {label: place for place, label in enumerate(RATIO.labels)}
    return counts.sort_values(["before_ratio", "ratio"], key=lambda column: column.map(order))


def income_by_town(data: CountyData) -> pd.DataFrame:
    """Mean income per head and households below and near the line, by town."""
    ratio = data.now["income_pc_year"] / data.now["poverty_line"]
    weight = _person_weight(data.now).where(ratio.notna())
    town = data.now["town_code"]
    flags = {
        "known": ratio.notna(), "below_line": ratio < 1, "near_line": (ratio >= 1) & (ratio < data.limit("near_line_ratio"))
    }  # fmt: skip
    frame = counted(flags, town).join(town.value_counts().rename("households"))
    frame["income_sum"] = (data.now["income_pc_year"] * weight).groupby(town).sum()
    frame["heads"] = weight.groupby(town).sum()
    return data.by_town(frame)


def _near_line(data: CountyData) -> Fraction:
    ratio = data.now["income_pc_year"] / data.now["poverty_line"]
    near = (ratio >= 1) & (ratio < data.limit("near_line_ratio"))
    return data.households(near.astype("boolean").mask(ratio.isna()))


def _transfers(data: CountyData) -> Fraction:
    known = data.now[data.now["net_income"].notna()]
    weight = known["weight"].astype(float)
    total = float((known["net_income"].clip(lower=0) * weight).sum())
    return Fraction(float((known["transfer_income"].fillna(0) * weight).sum()), total, **data.of_sample(len(known)))


def _sharp_fall(data: CountyData) -> Fraction:
    change = data.now["income_change"]
    return data.households((change < data.limit("income_fall_ratio")).astype("boolean").mask(change.isna()))


def _growth(data: CountyData) -> Fraction:
    """Income of households seen in both years, now over a year before, less one."""
    both = data.now[data.now["net_income"].notna() & data.now["prev_net_income"].notna()]
    weight = both["weight"].astype(float)
    now, before = (float((both[name] * weight).sum()) for name in ("net_income", "prev_net_income"))
    return Fraction(now - before, before, **data.of_sample(len(both)))


def _lifted_above(data: CountyData) -> Fraction:
    """Lifted households whose income has stayed at or above the line in the last two periods, each year's line."""
    return data.households(steadily_above(data), data.now["exit_year"].notna())


def below_in_years(data: CountyData) -> dict[str, pd.Series]:
    """Income below the poverty line of its year: of the last period, and of the one before; null where not known."""
    now, line = data.now, data.place.lines.get("poverty")
    before = now["prev_net_income"] / now["scale"]
    year = now["income_period"].map(lambda month: add_months(month, -12), na_action="ignore")
    then = pd.Series(values_at(data.parameters, line, year) if line else np.nan, index=now.index)
    return {
        "below_line": holds("income_below_poverty", now, data.setting),
        "below_line_before": (before < then).astype("boolean").mask(before.isna() | then.isna()),
    }


def steadily_above(data: CountyData) -> pd.Series:
    """At or above the line of its year in the last two periods; null where one of them is not known."""
    now, before = below_in_years(data).values()
    return (~now & ~before).mask(now.isna() | before.isna())


MEDIAN = partial(_quantile, order=0.5)
SUMS = tuple(C(f"{name}_sum", "money", hidden=True, adds=True) for name in COMPONENTS)
HEADS = C("heads", "number", hidden=True, adds=True)
INCOME = ("income",)
# Persons in a register, households where they are a sample.
BELOW = {"poverty_line": "below_line", "monitor_line": "below_monitor_line", "*": "below_{line}"}
BY_RATIO = {
    **dict.fromkeys(RATIO.below(1.0), "below_poverty_line.yes by ratio={ratio}"), "*": "below_poverty_line.no by ratio={ratio}",
}  # fmt: skip
TABLES = (
    FactTable("income_summary", 4,
              (C("measure", "label", "measure"), C("now", "money"), C("before", "money"), C("change", "share")),
              INCOME, income_summary, city="none"),
    FactTable("poverty_measures", 4,
              (C("line", "label", "line"), C("limit", "money", rests_on=()), *(C(name, "share", rests_on=("poor", "others")) for name in ("headcount", "gap", "severity")),
               C("poor", "persons", hidden=True, counts={line: f"{name}.yes" for line, name in BELOW.items()}),
               C("others", "persons", hidden=True, counts={line: f"{name}.no" for line, name in BELOW.items()})),
              INCOME, poverty_measures, city="none"),
    FactTable("income_distribution", 4,
              (C("ratio", "bin"), C("households", "households", counts=BY_RATIO),
               C("before", "households", counts={ratio: f"{count} before" for ratio, count in BY_RATIO.items()})),
              INCOME, income_distribution),
    FactTable("income_components", 4,
              (C("period", "period"), *SUMS, HEADS, *(C(name, "money", of=(f"{name}_sum", "heads")) for name in COMPONENTS)),
              ("income.wage_income", "income.transfer_income"), income_components),
    FactTable("income_change", 4, (C("change", "bin"), C("households", "households", counts="income_changes.yes")),
              INCOME, income_change),
    FactTable("income_moves", 4,
              (C("before_ratio", "bin"), C("ratio", "bin"), C("households", "households", counts="income_moves.yes")),
              INCOME, income_moves),
    FactTable("income_by_town", 4,
              (C("town", "town"), TOWN_HOMES, C("known", "households", counts="below_poverty_line.known"), C("income_sum", "money", hidden=True, adds=True),
               HEADS, C("mean_income", "money", of=("income_sum", "heads"), rests_on=("known",)), C("below_line", "households", counts="below_poverty_line.yes"),
               C("near_line", "households", counts="near_line.yes", within="known")),
              (*INCOME, "village.town_code"), income_by_town, city="counties", order="mean_income"),
)  # fmt: skip
INDICATORS = (
    Indicator("mean_income", 4, "money", "higher_better", INCOME, _mean_income, headline=True, source="DZ-2021",
              people=False),
    Indicator("median_income", 4, "money", "higher_better", INCOME, lambda d: _of_incomes(d, MEDIAN), people=False,
              city="pooled", pooled=Pooled(incomes, MEDIAN)),
    Indicator("income_growth", 4, "share", "higher_better", INCOME, _growth, people=False),
    Indicator("below_line", 4, "share", "lower_better", INCOME, lambda d: below_line(d, "poverty_line"),
              source="LAW-2020", headline=True, line="poverty"),
    Indicator("poor_households", 4, "share", "lower_better", INCOME, _poor_households, source="LAW-2020", line="poverty",
              measure="below_poverty_line"),
    Indicator("below_monitor_line", 4, "share", "lower_better", INCOME, lambda d: below_line(d, "monitor_line"),
              source="LAW-2020", line="monitoring"),
    Indicator("near_line", 4, "share", "lower_better", INCOME, _near_line, source="LAW-2020", line="poverty"),
    Indicator("steadily_above", 4, "share", "higher_better", ("household.exit_year", *INCOME), _lifted_above,
              source="DEF-ELIM"),
    Indicator("transfer_share", 4, "share", "none", ("income.transfer_income",), _transfers, people=False),
    Indicator("sharp_fall", 4, "share", "lower_better", INCOME, _sharp_fall, source="LAW-2020"),
    Indicator("income_gini", 4, "coefficient", "lower_better", INCOME, lambda d: _of_incomes(d, _gini), people=False,
              city="pooled", pooled=Pooled(incomes, _gini)),
)  # fmt: skip


def _transfers_found(rows: Rows) -> Finding | None:
    """Transfers as a share of the income of the last period."""
    last = rows.frame[[name for name in COMPONENTS if name in rows.frame]].tail(1).astype(float)
    total = float(last.sum(axis=1, min_count=1).sum())
    if not total > 0 or "transfer_income" not in last:
        return None
    share = Number(float(last["transfer_income"].iloc[0]) / total)
    return Finding(words={"year": str(rows.frame["period"].iloc[-1])[:4], "share": share})


ACTIONS = (Action("poor_households", "households", 1, where=("income_by_town", "below_line")),)
EXHIBITS = (
    Exhibit("income_distribution", Columns("ratio", ("households", "before"), marks=RATIO.below(1.0)),
            counts_in("ratio", "households", below=RATIO.below(1.0), near=RATIO.between(1.0, NEAR)),
            edges={"near_line": f"{NEAR:g}"}),
    Exhibit("income_components", Stack("period", COMPONENTS), _transfers_found, half=True),
    Exhibit("income_change", Columns("change", ("households",), marks=CHANGE.below(FALL)),
            share_in("change", CHANGE.below(FALL), "households"), half=True),
)  # fmt: skip
