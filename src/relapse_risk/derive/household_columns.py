"""Derived columns: small pure functions from tables of the register to one value per household.

Formulas are those of the data dictionary's derived section.  A value that needs a column that was not collected is null:
"not collected" never becomes zero or no.  Yes-or-no columns are predicates (:mod:`relapse_risk.predicates`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from relapse_risk.predicates import Setting, asked_of_members, count_true, holds, somebody
from relapse_risk.predicates.truth import SOMEBODY
from relapse_risk.register.net_income import answered_income, collected_parts, net_income

__all__ = [
    "COUNTS",
    "age_on",
    "aid_columns",
    "answers",
    "composition",
    "income_columns",
    "is_labour",
    "living_on",
    "shock_columns",
    "visit_columns",
]

# Columns that count the members for whom a person predicate holds.
COUNTS = {
    "n_elderly_60": "aged_60", "n_children": "under_16", "n_adult": "adult", "n_married_adult": "married_adult",
    "labour_count": "is_labour", "employed_count": "in_work", "n_serious": "seriously_ill", "n_chronic": "chronically_ill",
    "n_disabled": "disabled", "n_disabled_severe": "severely_disabled", "n_pupils": "in_school",
    "n_dropped_out": "out_of_compulsory_school", "n_uninsured": "medically_uninsured",
    "n_needs_barrier_free": "needs_access", "n_without_care": "without_care",
}  # fmt: skip
# Household predicates included in the household frame, by column.
ANSWERS = {
    "all_no_labour": "all_no_labour", "zero_employment": "zero_employment", "single_parent": "single_parent",
    "house_safe": "house_safe", "water_safe": "water_safe", "education_ok": "education_ok", "medical_ok": "medical_ok",
    "food_clothes_ok": "food_clothes_ok", "guarantees_ok": "guarantees_ok", "weekly_class": "weekly_class",
    "under_monitoring": "under_monitoring", "asset_check_pass": "assets_within_cap",
}  # fmt: skip
MONEY = (
    "wage_income", "business_gross", "business_cost", "property_income", "asset_dividend", "transfer_income",
    "dibao_received", "tekun_received", "pension_received", "claims_income", "medical_self_paid", "education_spend",
    "disability_care_spend", "disaster_loss", "total_income",
)  # fmt: skip
SECURE = ("dibao_received", "tekun_received", "pension_received", "asset_dividend")


def age_on(birth_date: pd.Series, day: date) -> pd.Series:
    """Whole years between ``birth_date`` and ``day``.

    Examples
    --------
    >>> age_on(pd.Series(pd.to_datetime(["2000-06-01", "2000-06-02"])), date(2020, 6, 1)).tolist()
    [20, 19]
    """
    before_birthday = (birth_date.dt.month > day.month) | (
        (birth_date.dt.month == day.month) & (birth_date.dt.day > day.day)
    )
    return (day.year - birth_date.dt.year - before_birthday).astype("Int64")


def living_on(persons: pd.DataFrame, day: date) -> pd.DataFrame:
    """Persons not deceased by ``day``, with their ``age`` in whole years."""
    listed = ~(persons["deceased_on"] <= pd.Timestamp(day)).fillna(False).to_numpy(dtype=bool)
    alive = persons[listed]
    return alive.assign(age=age_on(alive["birth_date"], day))


def is_labour(living: pd.DataFrame, setting: Setting) -> pd.Series:
    """Whether each living person is able to work."""
    return holds("is_labour", living, setting)


def answers(frame: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    """The predicates included in a household frame (:data:`ANSWERS`), as nullable booleans on ``frame``'s index.

    Parameters
    ----------
    frame : DataFrame
        One row per household: columns of the household table, of :func:`composition` and ``size``.  A missing column
        counts as not collected.
    setting : Setting
    """
    known: dict[str, pd.Series] = {}
    return pd.DataFrame({column: holds(name, frame, setting, known) for column, name in ANSWERS.items()})


def composition(persons: pd.DataFrame, setting: Setting, size: pd.Series | None = None) -> pd.DataFrame:
    """Composition of each household on the setting's day; persons deceased by then are left out.

    Parameters
    ----------
    persons : DataFrame
        Rows of the person table.
    setting : Setting
    size : Series of int, optional
        Declared household size by household_id.  If fewer persons are listed (for example a panel with the head
        only), counts of members are null: the other members are unknown, not absent.  A condition that holds for
        somebody listed holds, whoever is left out.

    Returns
    -------
    DataFrame
        Indexed by household_id: n_members, the counts of :data:`COUNTS`, work_months; ``somebody_<predicate>`` for
        conditions on members in household predicates; head_age, head_sex, head_education, head_employment.
    """
    living = living_on(persons, setting.day)
    known: dict[str, pd.Series] = {}
    asked = dict.fromkeys([*COUNTS.values(), *asked_of_members(setting.predicates)])
    flags = pd.DataFrame({name: holds(name, living, setting, known) for name in asked}, index=living.index)
    home = living["household_id"]
    counts = count_true(flags[list(COUNTS.values())].set_axis(list(COUNTS), axis=1), home)
    counts["n_members"] = living.groupby("household_id").size().astype("Int64")
    # Months of members able to work; none where no member is able to work.
    months = living["work_months"].where(flags["is_labour"].fillna(False).to_numpy(dtype=bool))
    summed = months.astype("Float64").groupby(home.array).sum(min_count=1)
    counts["work_months"] = summed.mask(summed.isna() & (counts["labour_count"] == 0).fillna(False), 0.0)
    counts = counts.join(somebody(flags[list(asked_of_members(setting.predicates))], home))
    if size is not None:
        partial = (counts["n_members"] < size.reindex(counts.index)).fillna(False).to_numpy(dtype=bool)
        told = counts.eq(True).fillna(False).to_numpy(dtype=bool) & counts.columns.str.startswith(SOMEBODY)
        counts = counts.mask(partial[:, None] & ~told)
    return counts.join(_head(living))


def _head(living: pd.DataFrame) -> pd.DataFrame:
    head = living[living["relation_to_head"] == "head"].drop_duplicates("household_id")
    head = head.set_index("household_id")[["age", "sex", "education_level", "employment_status"]]
    head.columns = ["head_age", "head_sex", "head_education", "head_employment"]
    return head


def income_columns(income: pd.DataFrame, parts: Sequence[str] | None = None) -> pd.DataFrame:
    """Yearly income and spending per household and period, in the currency of the register.

    net_income = wage + business gross - business cost + property + transfer, or total_income where no part was
    asked; rigid_spend = medical + education + disability care + disaster loss - claims, not below zero; all times
    12 / months.  A part left blank is unknown, and then net income is unknown too.  secure_income is
    income that does not depend on health, jobs or harvests: dibao, tekun, pensions and dividends.

    Parameters
    ----------
    income : DataFrame
        Rows of the income table.
    parts : sequence of str, optional
        Parts (:data:`relapse_risk.register.net_income.PARTS`) that the place collects; by default those with any
        value in ``income``.

    Examples
    --------
    >>> row = {"household_id": ["h"], "period_end": ["2020-12"], "months": [6], "wage_income": [1000.0]}
    >>> income = pd.DataFrame({**row, **{name: [None] for name in MONEY if name != "wage_income"}})
    >>> float(income_columns(income)["net_income"].iloc[0])
    2000.0
    """
    factor = 12 / income["months"].astype("float64").fillna(12.0)
    money = income[list(MONEY)].astype("float64").mul(factor, axis=0)
    filled = money.fillna(0.0)
    asked = collected_parts(money) if parts is None else parts
    business = filled["business_gross"] - filled["business_cost"]
    spending = money[["medical_self_paid", "education_spend", "disability_care_spend", "disaster_loss"]]
    rigid = (spending.sum(axis=1, min_count=1) - filled["claims_income"]).clip(lower=0)
    result = money.drop(columns=["business_gross", "business_cost", "total_income"]).assign(
        household_id=income["household_id"],
        income_period=income["period_end"],
        business_net=business.where(money["business_gross"].notna() | money["business_cost"].notna()),
        net_income=net_income(money, asked).where(answered_income(money, asked), money["total_income"]),
        secure_income=money[list(SECURE)].sum(axis=1, min_count=1),
        rigid_spend=rigid,
    )
    result["rigid_burden"] = rigid / result["net_income"].clip(lower=1.0)
    return result.assign(**_shares(money, business, asked))


def _shares(money: pd.DataFrame, business: pd.Series, asked: Sequence[str]) -> dict[str, pd.Series]:
    """Share of each source in the sum of the sources; a business loss counts as zero; null where a part is blank."""
    parts = money[["wage_income", "property_income", "transfer_income"]].fillna(0.0)
    parts["business_income"] = business.clip(lower=0)
    total = parts.sum(axis=1)
    known = answered_income(money, asked) & money[list(asked)].notna().all(axis=1)
    shares = parts.div(total.where(total > 0), axis=0).where(known)
    return {name.replace("_income", "_share"): shares[name] for name in shares}


def shock_columns(shocks: pd.DataFrame, day: date) -> pd.DataFrame:
    """Verified losses not compensated in the 12 months up to ``day``, by household: amount and number of events."""
    start = pd.Timestamp(day) - pd.DateOffset(years=1)
    recent = shocks[
        (shocks["event_date"] > start)
        & (shocks["event_date"] <= pd.Timestamp(day))
        & shocks["verified"].fillna(False).to_numpy(dtype=bool)
    ]
    loss = (recent["gross_loss"].fillna(0) - recent["compensated"].fillna(0)).clip(lower=0)
    return pd.DataFrame(
        {
            "uncompensated_loss_12m": loss.groupby(recent["household_id"]).sum(),
            "shocks_12m": recent.groupby("household_id").size(),
        }
    )


def aid_columns(records: pd.DataFrame, day: date) -> pd.DataFrame:
    """Aid delivered by ``day``: cash and goods of the last 12 months, and deliveries before that, by household."""
    start = pd.Timestamp(day) - pd.DateOffset(years=1)
    given = records[(records["delivered_on"] <= pd.Timestamp(day)) & (records["decision"] == "approved")]
    recent = (given["delivered_on"] > start).to_numpy(dtype=bool)
    worth = given["cash_amount"].fillna(0) + given["goods_value"].fillna(0)
    keys = given["household_id"]
    return pd.DataFrame(
        {
            "aid_received_12m": worth.where(recent, 0.0).groupby(keys).sum(),
            "aid_times_before": pd.Series(~recent, index=given.index).groupby(keys).sum(),
        }
    )


def visit_columns(visits: pd.DataFrame, day: date) -> pd.DataFrame:
    """Days between the last visit and ``day``, by household."""
    seen = visits[visits["visited_on"] <= pd.Timestamp(day)]
    last = seen.groupby("household_id")["visited_on"].max()
    return pd.DataFrame({"days_since_visit": (pd.Timestamp(day) - last).dt.days.astype("Int64")})


def share_of_previous(current: pd.Series, previous: pd.Series) -> pd.Series:
    """current / previous, null where the previous value is not positive."""
    return current / previous.where(previous > 0).replace(0, np.nan)
