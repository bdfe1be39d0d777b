"""What is known at t: features with label, unit, cause family and direction, and a guard that refuses anything later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from relapse_risk.errors import ModelError, unknown
from relapse_risk.languages import NO_LABEL, Label
from relapse_risk.months import month_end
from relapse_risk.parameters import Place
from relapse_risk.relapse import household_features as m
from relapse_risk.relapse.outcome import OUTCOMES
from relapse_risk.schema import PROTECTED_TRAITS, code_list

__all__ = [
    "FAMILIES",
    "FEATURES",
    "PROTECTED",
    "Feature",
    "check_features",
    "check_terms",
    "feature_matrix",
    "learned_features",
    "refuse_later",
    "refuse_leakage",
]

PROTECTED = PROTECTED_TRAITS
# No single feature without leakage comes near this: last income reaches about 0.66, all of them 0.7 to 0.85.
KNOWING_AUC = 0.95
# What a feature describes: a cause of poverty, or one of these.
FAMILIES = (*code_list("poverty_cause").words, "income", "work", "housing", "history", "place")
Direction = Literal[-1, 0, 1]


@dataclass(frozen=True, slots=True)
class Feature:
    """One additive input of the score.

    Attributes
    ----------
    name, unit : str
    label : Label
    family : str
        Cause family (a code word of ``poverty_cause``, or income, work, housing, history, place).
    needs : tuple of str
        Columns of the household frame it is computed from; it is given no others.
    direction : {-1, 0, 1}
        Direction in which more of it must move the risk for the score to be explainable; 0 where both are possible.
    absent : Label
        What a 0 of a yes or no (``0/1``) that may lower the risk says, without a "not".
    """

    name: str
    label: Label
    unit: str
    family: str
    needs: tuple[str, ...]
    compute: m.Compute
    direction: Direction = 0
    absent: Label = NO_LABEL


FEATURES: tuple[Feature, ...] = (
    Feature("income_over_line", Label(zh="人均纯收入与贫困线之比（对数，计至1.5倍）", en="Income per head over the line (log, up to 1.5 times)"),
            "ln ratio", "income", ("income_pc_year", "poverty_line"), m.up_to_break, -1),
    Feature("income_well_over_line", Label(zh="人均纯收入超过贫困线1.5倍部分（对数）", en="Income beyond 1.5 times the line (log)"),
            "ln ratio", "income", ("income_pc_year", "poverty_line"), m.beyond_break, -1),
    Feature("wage_gone", Label(zh="已无人就业户失去工资后的收入降幅（对数）", en="Fall of income without the wages of a household where nobody works now (log)"), "ln ratio", "work",
            ("net_income", "wage_income", "employed_count", "scale", "poverty_line"), m.wage_gone, 1),
    Feature("income_change", Label(zh="收入较上年变化（对数）", en="Income change on last year (log)"), "ln ratio", "income",
            ("income_change",), m.income_change),
    Feature("transfers_of_unable", Label(zh="无劳动力户转移性收入占比", en="Share of transfers where nobody can work"), "share",
            "income", ("transfer_share", "labour_count"), m.transfers_where(able=False)),
    Feature("transfers_of_able", Label(zh="有劳动力户转移性收入占比", en="Share of transfers where somebody can work"), "share",
            "income", ("transfer_share", "labour_count"), m.transfers_where(able=True)),
    Feature("business_share", Label(zh="经营性收入占比", en="Share of business in income"), "share", "income", ("business_share",),
            m.capped("business_share", 1.0)),
    Feature("secure_over_line", Label(zh="稳定性收入（低保、特困、养老金、分红）与贫困线之比", en="Secure income (dibao, tekun, pensions, dividends) over the line"), "ratio", "income",
            ("secure_income", "scale", "poverty_line"), m.secure_over_line, -1),
    Feature("rigid_burden", Label(zh="刚性支出占收入比", en="Rigid spending over income"), "ratio", "illness", ("rigid_burden",),
            m.capped("rigid_burden", 1.5), 1),
    Feature("serious_share", Label(zh="大病成员占比", en="Share of seriously ill members"), "share", "illness",
            ("n_serious", "size"), m.per_member("n_serious")),
    Feature("chronic_share", Label(zh="慢性病成员占比", en="Share of chronically ill members"), "share", "illness",
            ("n_chronic", "size"), m.per_member("n_chronic")),
    Feature("severe_disability_share", Label(zh="重度残疾成员占比", en="Share of severely disabled members"), "share", "disability",
            ("n_disabled_severe", "size"), m.per_member("n_disabled_severe")),
    Feature("pupil_share", Label(zh="在校生占比", en="Share of members in school"), "share", "schooling", ("n_pupils", "size"),
            m.per_member("n_pupils")),
    Feature("child_share", Label(zh="未满16周岁成员占比", en="Share of members under 16"), "share", "schooling",
            ("n_children", "size"), m.per_member("n_children")),
    Feature("elderly_share", Label(zh="60周岁以上成员占比", en="Share of members aged 60 or over"), "share", "no_labour",
            ("n_elderly_60", "size"), m.per_member("n_elderly_60")),
    Feature("labour_share", Label(zh="劳动力占比", en="Share of members able to work"), "share", "no_labour",
            ("labour_count", "size"), m.per_member("labour_count")),
    Feature("no_labour", Label(zh="整户无劳动力", en="Nobody able to work"), "0/1", "no_labour", ("all_no_labour",),
            m.flag("all_no_labour"), absent=Label(zh="户内有劳动力", en="Somebody able to work")),
    Feature("work_months", Label(zh="户均每人务工月数", en="Months of work per member"), "months/person/year", "work",
            ("work_months", "size"), m.work_months_per_head, -1),
    Feature("single_wage", Label(zh="仅一人就业时工资占比", en="Share of wages where one member works"), "share", "work",
            ("wage_share", "employed_count"), m.single_wage, 1),
    Feature("zero_employment", Label(zh="有劳动力无人就业", en="Able to work, nobody in work"), "0/1", "work", ("zero_employment",),
            m.flag("zero_employment"), 1),
    Feature("household_size", Label(zh="家庭人口（对数）", en="Household size (log)"), "ln persons", "no_labour", ("size",),
            m.log_capped("size", 12)),
    Feature("head_unschooled", Label(zh="户主小学及以下文化", en="Head with primary schooling or less"), "0/1", "no_skill",
            ("head_education",), m.code_is("head_education", "illiterate", "primary"), 1),
    Feature("head_highly_schooled", Label(zh="户主大专及以上文化", en="Head with college or more"), "0/1", "no_skill",
            ("head_education",), m.code_is("head_education", "college", "bachelor"), -1,
            Label(zh="户主大专以下文化", en="Head with less than college")),
    Feature("loss_over_line", Label(zh="近一年人均未赔付损失与贫困线之比", en="Uncompensated loss per head over the line"), "ratio",
            "disaster", ("uncompensated_loss_12m", "size", "poverty_line"), m.loss_over_line, 1),
    Feature("house_unsafe", Label(zh="住房不安全", en="House not safe"), "0/1", "housing", ("house_safe",),
            m.flag("house_safe", negated=True), 1),
    Feature("water_unsafe", Label(zh="饮水不安全", en="Water not safe"), "0/1", "housing", ("water_safe",),
            m.flag("water_safe", negated=True), 1),
    Feature("no_sanitary_toilet", Label(zh="无卫生厕所", en="No sanitary toilet"), "0/1", "housing", ("sanitary_toilet",),
            m.flag("sanitary_toilet", negated=True), 1),
    Feature("not_owner", Label(zh="住房非自有", en="Dwelling not owned"), "0/1", "housing", ("dwelling_tenure",),
            m.code_is("dwelling_tenure", "rented", "rented_private", "rented_public", "lodging", "other"),
            absent=Label(zh="住房自有", en="Dwelling owned")),
    Feature("poor_last_time", Label(zh="上一期仍贫困", en="Poor at the observation before"), "0/1", "history", ("since_exit",),
            m.poor_last_time, 1),
    Feature("poor_before", Label(zh="曾经贫困", en="Poor at some time before"), "0/1", "history", ("poor_before",),
            m.flag("poor_before"), 1),
    Feature("spells_before", Label(zh="曾返贫次数", en="Spells of poverty so far"), "spells", "history", ("spells",),
            m.capped("spells", 3), 1),
    Feature("lowest_before", Label(zh="此前最低收入与贫困线之比（对数）", en="Lowest income over the line seen before (log)"),
            "ln ratio", "history", ("ratio_lowest",), m.capped("ratio_lowest", 2.0, -2.0), -1),
    Feature("mean_before", Label(zh="此前平均收入与贫困线之比（对数）", en="Mean income over the line seen before (log)"),
            "ln ratio", "history", ("ratio_mean",), m.capped("ratio_mean", 2.0, -2.0), -1),
    Feature("income_swings", Label(zh="收入波动（对数标准差）", en="Spread of income so far (log)"), "ln ratio", "history",
            ("ratio_sd",), m.capped("ratio_sd", 1.5), 1),
    Feature("county_poor_share", Label(zh="同县其他户贫困比例", en="Share of poor among others in the county"), "share", "place",
            ("county_others",), m.capped("county_others", 1.0), 1),
    Feature("village_poor_share", Label(zh="同村其他户贫困比例", en="Share of poor among others in the village"), "share", "place",
            ("village_others",), m.capped("village_others", 1.0), 1),
    Feature("gap_months", Label(zh="至下次走访月数", en="Months to the next visit"), "months", "history", ("gap_months",),
            m.capped("gap_months", 24.0)),
)  # fmt: skip


def check_features(features: Sequence[Feature]) -> tuple[Feature, ...]:
    """The features, if names are unique and none reads a protected trait or an outcome.

    Examples
    --------
    >>> check_features(FEATURES) == FEATURES
    True
    """
    names = [feature.name for feature in features]
    for feature in features:
        wrong = [c for c in feature.needs if c in PROTECTED or c in OUTCOMES]
        if wrong or names.count(feature.name) > 1:
            raise ModelError(
                "a feature reads what no score may read, or has the name of another", where=f"feature {feature.name}",
                got=wrong[0] if wrong else feature.name, expected="columns known at t, no protected trait",
            )  # fmt: skip
    return tuple(features)


def check_terms(place: Place) -> Place:
    """``place``, if every term it relabels is one of the score.

    Raises
    ------
    ParameterError
        Naming the file, the key and the nearest term.

    Examples
    --------
    >>> from relapse_risk.parameters import read_place
    >>> check_terms(read_place("dezhou")).name
    'dezhou'
    """
    names = [feature.name for feature in FEATURES]
    for name in place.terms:
        if name not in names:
            raise unknown("term of the score", name, names, f"places/{place.name}.yaml: terms")
    return place


def refuse_later(rows: pd.DataFrame) -> None:
    """Raise if any row holds something dated after its own month.

    Checked are the names of columns that hold outcomes and, of rows that have a month, income periods and every date
    column.

    Raises
    ------
    ModelError
        Naming column, household, month and the later date.

    Examples
    --------
    >>> refuse_later(pd.DataFrame({"income": [1.0], "poor_next": [True]}))
    Traceback (most recent call last):
        ...
    relapse_risk.errors.ModelError: features: an outcome among the features; got 'poor_next'. Fix: drop it.
    """
    outcomes = [c for c in rows.columns if c in OUTCOMES or c.endswith("_next")]
    if outcomes:
        raise ModelError("an outcome among the features", where="features", got=outcomes[0], fix="drop it")
    if "month" not in rows:  # of one's own, without a time
        return
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


def refuse_leakage(matrix: pd.DataFrame, event: np.ndarray) -> None:
    """Raise if one feature alone nearly determines the outcome: it was recorded after it.

    Raises
    ------
    ModelError
        Naming the feature and its AUC.
    """
    events = int(event.sum())
    others = len(event) - events
    for name in matrix:
        values = matrix[name].fillna(matrix[name].median()).to_numpy()
        area = (rankdata(values)[event == 1].sum() - events * (events + 1) / 2) / (events * others)
        if max(area, 1 - area) > KNOWING_AUC:
            raise ModelError(
                "a feature alone nearly determines the outcome", where=f"feature {name}", got=f"AUC {max(area, 1 - area):.3f}",
                expected=f"at most {KNOWING_AUC}", fix="it was known only after the outcome: leave it out",
            )  # fmt: skip


def feature_matrix(rows: pd.DataFrame, features: Sequence[Feature] = FEATURES) -> pd.DataFrame:
    """Every feature whose columns hold any value, for each row; null where unknown.

    Parameters
    ----------
    rows : DataFrame
        Household frame with the columns of :func:`relapse_risk.relapse.outcome.with_history`, no outcomes.
    features : sequence of Feature

    Returns
    -------
    DataFrame
        One float column per feature, on ``rows``'s index.

    Examples
    --------
    >>> feature_matrix(pd.DataFrame({"n_serious": [1.0], "size": [4.0]})).iloc[0].to_dict()["serious_share"]
    0.25
    """
    refuse_later(rows)
    held = {name for feature in features for name in feature.needs if name in rows.columns and rows[name].notna().any()}
    return pd.DataFrame(
        {
            feature.name: feature.compute(rows[list(feature.needs)])
            for feature in features
            if held.issuperset(feature.needs)
        },
        index=rows.index,
    )


def learned_features(rows: pd.DataFrame, features: Sequence[Feature], names: Sequence[str]) -> pd.DataFrame:
    """The features a model has learned from, for rows it is to score: one float column per name, in that order.

    Parameters
    ----------
    rows : DataFrame
        As in :func:`feature_matrix`.  An empty column says that nothing is known; a column that is not there is an error.
    features : sequence of Feature
    names : sequence of str
        Of those the model reads.

    Raises
    ------
    ModelError
        Naming the feature and the column it needs.

    Examples
    --------
    >>> sick = Feature("sick", Label(zh="病", en="Sick"), "0/1", "illness", ("sick",), lambda rows: rows["sick"].astype(float))
    >>> learned_features(pd.DataFrame({"month": ["2020-12"], "sick": [1]}), [sick], ["sick"]).to_numpy().tolist()
    [[1.0]]
    """
    chosen = [feature for feature in features if feature.name in set(names)]
    for feature in chosen:
        for column in feature.needs:
            if column not in rows.columns:
                raise unknown(
                    "column of the rows to score", column, map(str, rows.columns), f"feature {feature.name}", ModelError,
                    otherwise=f"add {column}, empty where it is not known",
                )  # fmt: skip
    return feature_matrix(rows, chosen).reindex(columns=list(names))
