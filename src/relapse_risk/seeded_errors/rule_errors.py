"""The seeded errors: all rules of ``qa_rules.csv`` that one change can break, and others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.seeded_errors.array_types import Bools
from relapse_risk.seeded_errors.masks import (
    active,
    age,
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
from relapse_risk.seeded_errors.record_errors import RECORD_ERRORS
from relapse_risk.seeded_errors.seeding import Finding, SeededError, Tables

__all__ = ["SEEDED_ERRORS"]


def _plain(t: Tables) -> Bools:
    """Living adults without a post, school, sponsor or aid that looks at their work."""
    person = t["person"]
    work = t["assistance_record"]["item_code"].isin(["RS01", "RS02", "RS03", "FP02", "JT04"])
    helped = set(t["assistance_record"].loc[work, "person_id"].dropna())
    idle = true(person["post_type"] == "none") & true(person["student_stage"] == "none")
    return living(t) & idle & (age(t) >= 16) & ~true(person["person_id"].isin(helped))


def _wrong_last(rows: pd.DataFrame, t: Tables) -> object:
    """Another eighteenth character."""
    last = rows["id_number"].str[17]
    return (rows["id_number"].str[:17] + np.where(last == "1", "2", "1")).to_numpy()


def _other_head(rows: pd.DataFrame, t: Tables) -> object:
    heads = t["household"]["head_person_id"]
    return heads.iloc[(rows.index.to_numpy() + 7) % len(heads)].to_numpy()


def _gone_up_and_down(rows: pd.DataFrame, t: Tables) -> object:
    """One more and one fewer in turn, so that the city's total stays (an odd one out takes two away)."""
    step = np.where(np.arange(len(rows)) % 2 == 0, 1, -1)
    if len(rows) % 2 and len(rows) > 2:
        step[-3:] = (1, 1, -2)
    return (rows["household_size"].astype("int64") + step).to_numpy()


def _identity() -> tuple[SeededError, ...]:
    def known(t: Tables) -> Bools:
        return true(t["identity"]["person_id"].isin(t["person"]["person_id"]))

    def certified(t: Tables) -> Bools:
        return known(t) & t["identity"]["disability_certificate"].notna().to_numpy()

    return (
        SeededError(Finding("1_01_002"), "identity", "id_number", known, lambda r, t: r["id_number"].str[:17].to_numpy()),
        SeededError(Finding("1_01_003"), "identity", "id_number", known, _wrong_last),
        SeededError(
            Finding("dis_cert"), "identity", "disability_certificate", certified,
            lambda r, t: (r["disability_certificate"].str[:18] + "9" + r["disability_certificate"].str[19:]).to_numpy(),
        ),
    )  # fmt: skip


def _missed() -> tuple[SeededError, ...]:
    """Unsafe homes, water, schooling and insurance of households that are not monitored."""

    def pupil(t: Tables) -> Bools:
        years = age(t)
        return of_household(t, "person", unmonitored(t)) & living(t) & (years >= 7) & (years <= 14)

    def sick(t: Tables) -> Bools:
        ill = true(t["person"]["health_status"] == "serious")
        return of_household(t, "person", unmonitored(t)) & living(t) & ill

    return (
        SeededError(Finding("1_02_001"), "household", "dwelling_grade", unmonitored, fixed("D")),
        SeededError(Finding("1_02_002"), "household", "water_quality_ok", unmonitored, fixed(False)),
        SeededError(Finding("1_02_edu", "household", "out_of_school"), "person", "dropped_out", pupil, fixed(True)),
        SeededError(
            Finding("1_02_med", "household", "sick_uninsured"), "person", "serious_illness_insurance", sick,
            fixed(False),
        ),
        SeededError(
            Finding("1_02_006", "household", "net_income_per_head"), "household", "monitor_type",
            lambda t: active(t) & true(t["household"]["policy_enjoying"]) & true(per_head(t).between(4050, 4950)),
            fixed("none"),
            (Finding("identified_not_monitored", "household", "monitor_identified_on"),),
        ),
    )  # fmt: skip


def _monitoring() -> tuple[SeededError, ...]:
    def listed(t: Tables) -> Bools:
        return of_household(t, "person", active(t)) & living(t) & (age(t) >= 30)

    def with_farm_help(t: Tables) -> Bools:
        aid = t["assistance_record"]
        helped = aid.loc[aid["item_code"] == "NY01", "household_id"]
        return true(t["elimination"]["household_id"].isin(helped)) & true(t["elimination"]["business_gross"] > 0)

    def by_help(t: Tables) -> Bools:
        keys = t["household"].loc[true(t["household"]["risk_elimination_way"] == "help"), "household_id"]
        return true(t["elimination"]["household_id"].isin(keys))

    def on_dibao(t: Tables) -> Bools:
        household = t["household"]
        aid = t["assistance_record"]
        helped = household["household_id"].isin(aid.loc[aid["item_code"] == "MZ01", "household_id"])
        keys = household.loc[active(t) & true(household["relief_status"] == "dibao") & true(helped), "household_id"]
        return newest(t) & true(t["income"]["household_id"].isin(keys))

    return (
        SeededError(Finding("1_11_002"), "household", "monitor_risk_types", active, fixed(None)),
        SeededError(Finding("1_11_004"), "elimination", "medical_self_paid", by_help, fixed(None)),
        SeededError(Finding("4_11_010"), "elimination", "net_income_per_head", by_help, fixed(4300.0)),
        SeededError(Finding("5_11_013"), "elimination", "business_gross", with_farm_help, fixed(0.0)),
        SeededError(
            Finding("5_16_005", "household", "dibao_received"), "income", "dibao_received", on_dibao, fixed(0.0),
            (Finding("dibao_without_amount", "household", "dibao_received"),),
        ),
        SeededError(
            Finding("eliminated_before_identified"), "household", "risk_eliminated_on",
            lambda t: true(t["household"]["risk_eliminated"]), earlier("monitor_identified_on", 30),
        ),
        SeededError(
            # Incomes above the line of 2019 too, which was higher than that of 2020: otherwise 4_11_010 also reports it.
            Finding("elimination_before_identification"), "elimination", "eliminated_on",
            lambda t: by_help(t) & true(t["elimination"]["net_income_per_head"] >= 6000), day("2019-07-15"),
        ),
        SeededError(
            Finding("risk_type_unknown"), "household", "monitor_risk_types", active, fixed("illness;luck")
        ),
        SeededError(
            Finding("disability_half_given", "", "disability_level"), "person", "disability_type",
            lambda t: listed(t) & true(t["person"]["disability_level"] != "none"), fixed("none"),
        ),
    )  # fmt: skip


def _persons() -> tuple[SeededError, ...]:
    def away(t: Tables) -> Bools:
        return true(t["person"]["employment_status"] == "away") & living(t)

    def on_tekun(t: Tables) -> Bools:
        return of_household(t, "person", true(t["household"]["relief_status"] == "tekun")) & _plain(t)

    def child(t: Tables) -> Bools:
        return living(t) & (age(t) >= 8) & (age(t) <= 12)

    def grown(t: Tables) -> Bools:
        return _plain(t) & (age(t) >= 40) & (age(t) < 69) & true(t["person"]["relation_to_head"] != "head")

    return (
        SeededError(Finding("5_01_203"), "person", "work_county_code", away, fixed(None)),
        SeededError(
            Finding("5_12_003"), "person", "employment_status", on_tekun, fixed("away"),
            (Finding("5_01_203", "person", "work_county_code"),),
        ),
        SeededError(Finding("5_12_004"), "person", "post_type", child, fixed("cleaning")),
        SeededError(
            Finding("5_12_005"), "person", "post_type", lambda t: _plain(t) & (age(t) >= 72), fixed("help_old")
        ),
        SeededError(
            Finding("5_12_013"), "person", "student_stage",
            lambda t: child(t) & true(t["person"]["health_status"] == "healthy") & ~_sponsored(t), fixed("preschool"),
        ),
        SeededError(
            Finding("5_15_009"), "person", "work_service_need",
            lambda t: living(t) & true(t["person"]["plans_to_work_away"]), fixed(None),
        ),
        SeededError(
            Finding("date_future"), "person", "birth_date", lambda t: grown(t) & _alone_unnamed(t), day("2021-03-01"),
            (Finding("id_birth_differs", "identity", "id_number"),),
        ),
        SeededError(Finding("months_of_year"), "person", "work_months", grown, fixed(15)),
        SeededError(Finding("orphan_too_old"), "person", "orphan_status", grown, fixed("orphan")),
        SeededError(Finding("child_at_work"), "person", "employment_status", child, fixed("self_employed")),
    )  # fmt: skip


def _sponsored(t: Tables) -> Bools:
    return true(t["person"]["person_id"].isin(t["pupil_sponsor"]["person_id"]))


def _alone_unnamed(t: Tables) -> Bools:
    """Persons whose work is neither wage nor farming, so that an impossible birth date breaks nothing else."""
    return true(t["person"]["employment_status"].isin(["unable", "none"]))


def _households() -> tuple[SeededError, ...]:
    return (
        SeededError(Finding("s17"), "household", "distance_to_road_km", unmonitored, fixed(12.5)),
        SeededError(Finding("s10"), "household", "arable_mu", unmonitored, fixed(None)),
        SeededError(Finding("quantity_negative"), "household", "arable_mu", unmonitored, fixed(-2.0)),
        SeededError(
            Finding("days_of_year"), "household", "water_outage_days", active, fixed(400)
        ),
        SeededError(Finding("amount_huge"), "household", "loan_balance", unmonitored, fixed(9_000_000.0)),
        SeededError(
            Finding("cause_twice"), "household", "cause_other_1",
            lambda t: unmonitored(t) & t["household"]["cause_other_2"].isna().to_numpy(),
            lambda r, t: r["cause_main"].to_numpy(),
        ),
        SeededError(Finding("exit_before_register"), "household", "exit_year", unmonitored, fixed(2013)),
        SeededError(Finding("head_not_member"), "household", "head_person_id", unmonitored, _other_head),
        SeededError(
            Finding("size_differs"), "household", "household_size",
            lambda t: unmonitored(t) & true(t["household"]["household_size"] >= 3) & true(per_head(t) > 7000),
            _gone_up_and_down,
        ),
    )  # fmt: skip


SEEDED_ERRORS: tuple[SeededError, ...] = (
    *_identity(),
    *_missed(),
    *_monitoring(),
    *_persons(),
    *_households(),
    *RECORD_ERRORS,
)
