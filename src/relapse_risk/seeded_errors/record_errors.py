"""Seeded errors in incomes, shocks, aid, visits, alerts, projects, vacancies, surveys, checks and villages."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from relapse_risk.seeded_errors.array_types import Bools
from relapse_risk.seeded_errors.masks import (
    INCOMES,
    active,
    day,
    earlier,
    fixed,
    living,
    newest,
    of_household,
    per_head,
    true,
    unmonitored,
)
from relapse_risk.seeded_errors.seeding import Finding, SeededError, Tables

__all__ = ["RECORD_ERRORS"]


def _poor_by_cost(rows: pd.DataFrame, t: Tables) -> object:
    """Costs that leave 3,500 a head."""
    size = rows["household_id"].map(t["household"].set_index("household_id")["household_size"]).astype(float)
    return (rows[list(INCOMES)].sum(axis=1) - 3500.0 * size).to_numpy()


def _unable_member(t: Tables) -> pd.Series:
    """A living member who cannot work, by household."""
    unable = t["person"][living(t) & true(t["person"]["labour_capacity"].isin(["lost", "none"]))]
    return unable.drop_duplicates("household_id").set_index("household_id")["person_id"]


def _incomes() -> tuple[SeededError, ...]:
    def column(name: str, test: Callable[[pd.Series], pd.Series]) -> Callable[[Tables], Bools]:
        return lambda t: newest(t) & true(test(t["income"][name]))

    def comfortable(t: Tables) -> Bools:
        rich = t["household"].loc[active(t) & true(per_head(t) > 5200), "household_id"]
        return newest(t) & true(t["income"]["household_id"].isin(rich)) & true(t["income"]["business_gross"] > 0)

    def unforested(t: Tables) -> Bools:
        return of_household(t, "income", true(t["household"]["returned_farmland_mu"] == 0)) & newest(t)

    return (
        SeededError(
            Finding("s18", "household", "net_income_per_head"), "income", "business_cost", comfortable,
            _poor_by_cost,
        ),
        SeededError(
            Finding("s19"), "income", "wage_income",
            lambda t: of_household(t, "income", unmonitored(t) & true(per_head(t) > 6000))
            & newest(t) & true(t["income"]["wage_income"] == 0), fixed(150.0),
        ),
        SeededError(Finding("s22"), "income", "business_cost", column("business_cost", lambda v: v > 0), fixed(0.0)),
        SeededError(Finding("s23"), "income", "eco_compensation", unforested, fixed(200.0)),
        SeededError(Finding("s24"), "income", "dibao_received", column("dibao_received", lambda v: v > 200), fixed(120.0)),
        SeededError(Finding("s26"), "income", "pension_received", column("pension_received", lambda v: v > 88), fixed(60.0)),
        SeededError(Finding("s27"), "income", "tekun_received", column("tekun_received", lambda v: v > 200), fixed(150.0)),
        SeededError(Finding("amount_negative"), "income", "medical_self_paid", newest, fixed(-300.0)),
        SeededError(
            Finding("dividend_above_property"), "income", "asset_dividend", column("asset_dividend", lambda v: v > 0),
            lambda r, t: (r["property_income"] + 500.0).to_numpy(),
        ),
        SeededError(
            Finding("compensated_above_loss"), "shock_event", "compensated",
            lambda t: true(t["shock_event"]["gross_loss"] > 0),
            lambda r, t: (r["gross_loss"] + 1000.0).to_numpy(),
        ),
    )  # fmt: skip


def _ledgers() -> tuple[SeededError, ...]:
    """Errors in aid records and visits."""

    def senior(t: Tables) -> Bools:
        aid = t["assistance_record"]
        recent = true(aid["delivered_on"] > pd.Timestamp("2020-01-31"))
        stage = aid["person_id"].map(t["person"].set_index("person_id")["student_stage"])
        return true(aid["item_code"] == "JT03") & recent & true(stage == "senior")

    def posted(t: Tables) -> Bools:
        aid = t["assistance_record"]
        return true((aid["item_code"] == "RS01") & aid["household_id"].isin(_unable_member(t).index))

    def item(code: str) -> Callable[[Tables], Bools]:
        return lambda t: true(t["assistance_record"]["item_code"] == code)

    def any_visit(t: Tables) -> Bools:
        return np.ones(len(t["visit_record"]), dtype=bool)

    return (
        SeededError(
            Finding("5_15_007", "", "item_code"), "assistance_record", "person_id", posted,
            lambda r, t: r["household_id"].map(_unable_member(t)).to_numpy(),
        ),
        SeededError(Finding("5_15_011"), "assistance_record", "item_code", senior, fixed("JT04")),
        SeededError(
            Finding("aid_dates_disordered", "", "delivered_on"), "assistance_record", "accepted_on", item("WJ02"),
            earlier("applied_on", 3),
        ),
        SeededError(
            Finding("aid_refused_delivered", "", "delivered_on"), "assistance_record", "decision", item("MZ09"),
            fixed("refused"),
        ),
        SeededError(Finding("aid_period_reversed"), "assistance_record", "period_end", item("YB05"), day("2019-06-30")),
        SeededError(Finding("grade_1_to_5"), "visit_record", "look_body", any_visit, fixed(7)),
        SeededError(
            Finding("date_future"), "visit_record", "visited_on", any_visit,
            day("2021-05-01"),
        ),
    )  # fmt: skip


def _places() -> tuple[SeededError, ...]:
    """Errors in alerts, referrals, projects, vacancies, the survey, dwelling checks and villages."""

    def key_village(t: Tables) -> Bools:
        return true(t["village"]["is_key_village"])

    return (
        SeededError(
            Finding("alert_dates_disordered"), "alert", "closed_on",
            lambda t: t["alert"]["closed_on"].notna().to_numpy(),
            earlier("raised_on", 5),
        ),
        SeededError(
            Finding("alert_closed_without_date"), "alert", "closed_on",
            lambda t: true(t["alert"]["state"] == "closed"),
            day("NaT"),
        ),
        SeededError(
            Finding("referral_dates_disordered"), "referral", "due_on", lambda t: t["referral"]["due_on"].notna().to_numpy(),
            earlier("pushed_on", 4),
        ),
        SeededError(
            Finding("project_dates_disordered", "", "county_approve_on"), "project", "city_file_on",
            lambda t: true(t["project"]["fund_year"] < 2020), earlier("town_review_on", 90),
        ),
        SeededError(
            Finding("vacancy_without_openings"), "vacancy", "openings",
            lambda t: true(t["vacancy"]["openings"] > 0),
            fixed(0)
        ),
        SeededError(
            Finding("vacancy_ages_reversed"), "vacancy", "age_min", lambda t: true(t["vacancy"]["age_max"] < 60),
            fixed(65)
        ),
        SeededError(
            Finding("answer_without_contact"), "survey_response", "satisfied",
            lambda t: ~true(t["survey_response"]["contacted"]), fixed(True),
        ),
        SeededError(
            Finding("dangerous_passed"), "dwelling_check", "grade_found",
            lambda t: true(t["dwelling_check"]["passed"]),
            fixed("D"),
        ),
        SeededError(Finding("1_03_004"), "village", "primary_school_count", key_village, fixed(None)),
        SeededError(Finding("1_03_007"), "village", "passenger_bus", key_village, fixed(None)),
        SeededError(Finding("exit_flags_shape"), "village", "exit_flags", key_village, fixed("11111111111111")),
    )  # fmt: skip


RECORD_ERRORS: tuple[SeededError, ...] = (*_incomes(), *_ledgers(), *_places())
