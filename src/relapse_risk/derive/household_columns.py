"""Derived columns: small pure functions from tables of the register to one value per household.

Formulas are those of the data dictionary's derived section.  A value that needs a column nobody collected is null:
"not collected" never turns into zero or no.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

__all__ = [
    "age_on",
    "aid_columns",
    "asset_check",
    "composition",
    "count_true",
    "guarantee_columns",
    "income_columns",
    "is_labour",
    "shock_columns",
    "visit_columns",
    "yes_if",
]

WORKING_AGE, ADULT_AGE, OLD_AGE, SCHOOL_AGE = 16, 18, 60, (6, 16)
LABOUR = ("ordinary", "skilled", "weak")
EMPLOYED = ("away", "local", "public_post", "farming", "self_employed")
SEVERE = ("level_1", "level_2")
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


def yes_if(values: pd.Series, words: tuple[str, ...]) -> pd.Series:
    """Whether a code is one of ``words``; null where the code is null."""
    return values.isin(words).astype("boolean").mask(values.isna())


def is_labour(persons: pd.DataFrame, age: pd.Series) -> pd.Series:
    """labour_capacity ordinary, skilled or weak, 16 <= age < 60, not in school."""
    of_age = (age >= WORKING_AGE) & (age < OLD_AGE)
    out_of_school = yes_if(persons["student_stage"], ("none",))
    return (yes_if(persons["labour_capacity"], LABOUR) & of_age & out_of_school).astype("boolean")


def count_true(flags: pd.DataFrame, household: pd.Series) -> pd.DataFrame:
    """Members for whom each flag is true, by household; null where no member has an answer.

    Examples
    --------
    >>> flags = pd.DataFrame({"sick": pd.array([True, None, None], dtype="boolean")})
    >>> count_true(flags, pd.Series(["a", "a", "b"]))["sick"].tolist()
    [1, <NA>]
    """
    grouped = flags.astype("Float64").groupby(household.array, sort=True)
    return grouped.sum(min_count=1).astype("Int64")


def composition(persons: pd.DataFrame, day: date, size: pd.Series | None = None) -> pd.DataFrame:
    """Who lives in each household on ``day``; persons deceased by then are left out.

    Parameters
    ----------
    persons : DataFrame
        Rows of the person table.
    day : date
    size : Series of int, optional
        Declared household size by household_id.  Where fewer persons than that are listed (a panel that only holds
        the head, say), whatever counts members is null: the others are not known, not absent.

    Returns
    -------
    DataFrame
        Indexed by household_id: n_members and counts ``n_*``, labour_count, employed_count, work_months, flags
        all_no_labour, zero_employment, single_parent; head_age, head_sex, head_education, head_employment.
    """
    listed = ~(persons["deceased_on"] <= pd.Timestamp(day)).fillna(False).to_numpy(dtype=bool)
    age = age_on(persons["birth_date"], day)[listed]
    alive = persons[listed]
    flags = _member_flags(alive, age)
    counts = count_true(flags, alive["household_id"])
    unknown = _not_answered(flags, alive["household_id"])
    counts["n_members"] = alive.groupby("household_id").size().astype("Int64")
    # Months of those who can work; a household where nobody can has none.
    months = alive["work_months"].where(flags["labour_count"].fillna(False).to_numpy(dtype=bool))
    summed = months.astype("Float64").groupby(alive["household_id"].array).sum(min_count=1)
    counts["work_months"] = summed.mask(summed.isna() & (counts["labour_count"] == 0).fillna(False), 0.0)
    counts["all_no_labour"] = _none_true(counts, unknown, "labour_count")
    idle = _none_true(counts, unknown, "employed_count")
    counts["zero_employment"] = ((counts["labour_count"] > 0) & idle).astype("boolean")
    counts["nobody_dropped_out"] = _none_true(counts, unknown, "n_dropped_out")
    counts["all_insured"] = _none_true(counts, unknown, "n_uninsured")
    alone = (counts["n_adult"] == 1) & (counts["n_married_adult"] == 0)
    counts["single_parent"] = ((counts["n_children"] > 0) & alone).astype("boolean")
    counts = counts.drop(columns=["n_adult", "n_married_adult"])
    if size is not None:
        partial = (counts["n_members"] < size.reindex(counts.index)).fillna(False).to_numpy(dtype=bool)
        counts = counts.mask(np.broadcast_to(partial[:, None], counts.shape))
    return counts.join(_head(alive, age))


def _head(alive: pd.DataFrame, age: pd.Series) -> pd.DataFrame:
    head = alive.assign(age=age)[alive["relation_to_head"] == "head"].drop_duplicates("household_id")
    head = head.set_index("household_id")[["age", "sex", "education_level", "employment_status"]]
    head.columns = ["head_age", "head_sex", "head_education", "head_employment"]
    return head


def _not_answered(flags: pd.DataFrame, household: pd.Series) -> pd.DataFrame:
    """Whether any member's answer is missing, by household."""
    return flags.isna().groupby(household.array, sort=True).any()


def _none_true(counts: pd.DataFrame, unknown: pd.DataFrame, name: str) -> pd.Series:
    """Whether no member is counted; null where none is but somebody's answer is missing (Kleene's logic)."""
    none = (counts[name] == 0).astype("boolean")
    return none.mask((none.fillna(False) & unknown[name]).to_numpy(dtype=bool))


def _member_flags(alive: pd.DataFrame, age: pd.Series) -> pd.DataFrame:
    labour = is_labour(alive, age)
    severe = yes_if(alive["disability_level"], SEVERE)
    school_age = (age >= SCHOOL_AGE[0]) & (age < SCHOOL_AGE[1])
    alone = (yes_if(alive["self_care"], ("none",)) & ~alive["has_carer"]).astype("boolean")
    return pd.DataFrame(
        {
            "n_elderly_60": age >= OLD_AGE,
            "n_children": age < WORKING_AGE,
            "n_adult": age >= ADULT_AGE,
            "n_married_adult": (age >= ADULT_AGE) & yes_if(alive["marital_status"], ("married",)),
            "labour_count": labour,
            "employed_count": labour & yes_if(alive["employment_status"], EMPLOYED),
            "n_serious": yes_if(alive["health_status"], ("serious",)),
            "n_chronic": yes_if(alive["health_status"], ("chronic",)),
            "n_disabled": ~yes_if(alive["disability_level"], ("none",)),
            "n_disabled_severe": severe,
            "n_pupils": ~yes_if(alive["student_stage"], ("none",)),
            "n_dropped_out": school_age & alive["dropped_out"],
            "n_uninsured": ~alive["medical_insurance"],
            "n_needs_barrier_free": severe & alive["needs_barrier_free"],
            "n_without_care": alone,
            "n_weekly": severe | alone,
        },
        index=alive.index,
    ).astype("boolean")


def income_columns(income: pd.DataFrame) -> pd.DataFrame:
    """Yearly income and spending per household and period, in the currency of the register.

    net_income = wage + business gross - business cost + property + transfer, or total_income where no part was
    asked; rigid_spend = medical + education + disability care + disaster loss - claims, not below zero; all times
    12 / months.  A part nobody recorded is null and so is what needs it, except that a household with any recorded
    part counts its missing ones as zero.  secure_income is what does not hang on health, jobs or harvests: dibao,
    tekun, pensions and dividends.

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
    business = filled["business_gross"] - filled["business_cost"]
    spending = money[["medical_self_paid", "education_spend", "disability_care_spend", "disaster_loss"]]
    rigid = (spending.sum(axis=1, min_count=1) - filled["claims_income"]).clip(lower=0)
    result = money.drop(columns=["business_gross", "business_cost", "total_income"]).assign(
        household_id=income["household_id"],
        income_period=income["period_end"],
        business_net=business.where(money["business_gross"].notna() | money["business_cost"].notna()),
        net_income=_net_income(money, business),
        secure_income=money[list(SECURE)].sum(axis=1, min_count=1),
        rigid_spend=rigid,
    )
    result["rigid_burden"] = rigid / result["net_income"].clip(lower=1.0)
    return result.assign(**_shares(money, business))


def _net_income(money: pd.DataFrame, business: pd.Series) -> pd.Series:
    filled = money.fillna(0.0)
    net = filled["wage_income"] + business + filled["property_income"] + filled["transfer_income"]
    return net.where(_parts_known(money), money["total_income"])


def _parts_known(money: pd.DataFrame) -> pd.Series:
    return money[["wage_income", "business_gross", "property_income", "transfer_income"]].notna().any(axis=1)


def _shares(money: pd.DataFrame, business: pd.Series) -> dict[str, pd.Series]:
    """Share of each source in the sum of the sources; a loss in business counts as none."""
    parts = money[["wage_income", "property_income", "transfer_income"]].fillna(0.0)
    parts["business_income"] = business.clip(lower=0)
    total = parts.sum(axis=1)
    known = _parts_known(money)
    shares = parts.div(total.where(total > 0), axis=0).where(known)
    return {name.replace("_income", "_share"): shares[name] for name in shares}


def guarantee_columns(
    household: pd.DataFrame, members: pd.DataFrame, litres: float, minutes: float, outage: float
) -> pd.DataFrame:
    """The two no-worries, three guarantees and safe water, as nullable booleans on ``household``'s index.

    A missing answer leaves a criterion null unless another of its parts already fails (Kleene's logic).
    """
    water = (
        household["water_quality_ok"]
        & (household["water_litres_per_person_day"].astype("Float64") >= litres)
        & (household["water_fetch_minutes"].astype("Float64") <= minutes)
        & (household["water_outage_days"] <= outage)
    ).astype("boolean")
    result = pd.DataFrame(
        {
            "house_safe": yes_if(household["dwelling_grade"], ("A", "B")),
            "water_safe": water,
            "education_ok": members["nobody_dropped_out"].astype("boolean"),
            "medical_ok": members["all_insured"].astype("boolean"),
            "food_clothes_ok": household["staple_food_enough"]
            & household["protein_food_regular"]
            & household["seasonal_clothes"],
        },
        index=household.index,
    )
    whole = result["house_safe"]
    for name in ("water_safe", "education_ok", "medical_ok", "food_clothes_ok"):
        whole = whole & result[name]
    return result.assign(guarantees_ok=whole)


def asset_check(household: pd.DataFrame, cap: float) -> pd.Series:
    """No second dwelling, vehicle or registered business, and financial assets up to ``cap`` a person (Kleene)."""
    modest = household["financial_assets"].astype("Float64") <= cap * household["household_size"].astype("Float64")
    nothing = ~household["second_dwelling"] & ~household["business_registration"] & (household["vehicle_count"] == 0)
    return (nothing & modest).astype("boolean")


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
