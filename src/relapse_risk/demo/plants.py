"""The kinds of fault that are planted: all rules of ``qa_rules.csv`` that one change can break, and others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from relapse_risk.demo.faults import Finding, Plant, Tables
from relapse_risk.demo.frames import Bools

__all__ = ["PLANTS"]

NEWEST = "2020-12"
INCOMES = ("wage_income", "business_gross", "property_income", "transfer_income")
POSTS = ("public_post",)


def _true(values: pd.Series) -> Bools:
    return values.fillna(False).to_numpy(dtype=bool)


def _household(name: str) -> Callable[[Tables], pd.Series]:
    return lambda t: t["household"][name]


def _per_head(t: Tables) -> pd.Series:
    """Net income per head of 2020 of each household row."""
    income = t["income"][t["income"]["period_end"] == NEWEST].set_index("household_id")
    net = income[list(INCOMES)].sum(axis=1) - income["business_cost"]
    return t["household"]["household_id"].map(net) / t["household"]["household_size"].astype("float64")


def _monitored(t: Tables) -> Bools:
    return _true(t["household"]["monitor_type"] != "none")


def _active(t: Tables) -> Bools:
    return _monitored(t) & ~_true(t["household"]["risk_eliminated"])


def _unmonitored(t: Tables) -> Bools:
    return ~_monitored(t) & _true(t["household"]["policy_enjoying"])


def _of_household(t: Tables, name: str, mask: Bools) -> Bools:
    """A household mask carried to the rows of another table."""
    keys = t["household"].loc[mask, "household_id"]
    return _true(t[name]["household_id"].isin(keys))


def _age(t: Tables) -> np.ndarray:
    return (2021 - t["person"]["birth_date"].dt.year - 1).to_numpy(dtype=float)


def _living(t: Tables) -> Bools:
    return t["person"]["deceased_on"].isna().to_numpy()


def _plain(t: Tables) -> Bools:
    """Living adults without a post, school, sponsor or aid that looks at their work."""
    person = t["person"]
    work = t["assistance_record"]["item_code"].isin(["RS01", "RS02", "RS03", "FP02", "JT04"])
    helped = set(t["assistance_record"].loc[work, "person_id"].dropna())
    idle = _true(person["post_type"] == "none") & _true(person["student_stage"] == "none")
    return _living(t) & idle & (_age(t) >= 16) & ~_true(person["person_id"].isin(helped))


def _newest(t: Tables) -> Bools:
    shown = t["income"]["household_id"].isin(t["household"]["household_id"])
    return _true((t["income"]["period_end"] == NEWEST) & shown)


def _fixed(value: object) -> Callable[[pd.DataFrame, Tables], object]:
    return lambda rows, t: [value] * len(rows)


def _day(value: str) -> Callable[[pd.DataFrame, Tables], object]:
    return lambda rows, t: pd.Series([value] * len(rows)).astype("datetime64[s]").to_numpy()


def _earlier(column: str, days: int) -> Callable[[pd.DataFrame, Tables], object]:
    return lambda rows, t: (rows[column] - pd.Timedelta(days=days)).to_numpy()


def _wrong_last(rows: pd.DataFrame, t: Tables) -> object:
    """Another eighteenth character."""
    last = rows["id_number"].str[17]
    return (rows["id_number"].str[:17] + np.where(last == "1", "2", "1")).to_numpy()


def _poor_by_cost(rows: pd.DataFrame, t: Tables) -> object:
    """Costs that leave 3,500 a head."""
    size = rows["household_id"].map(t["household"].set_index("household_id")["household_size"]).astype(float)
    return (rows[list(INCOMES)].sum(axis=1) - 3500.0 * size).to_numpy()


def _other_head(rows: pd.DataFrame, t: Tables) -> object:
    heads = t["household"]["head_person_id"]
    return heads.iloc[(rows.index.to_numpy() + 7) % len(heads)].to_numpy()


def _gone_up_and_down(rows: pd.DataFrame, t: Tables) -> object:
    """One more and one fewer in turn, so that the city's total stays (an odd one out takes two away)."""
    step = np.where(np.arange(len(rows)) % 2 == 0, 1, -1)
    if len(rows) % 2 and len(rows) > 2:
        step[-3:] = (1, 1, -2)
    return (rows["household_size"].astype("int64") + step).to_numpy()


def _identity() -> tuple[Plant, ...]:
    def known(t: Tables) -> Bools:
        return _true(t["identity"]["person_id"].isin(t["person"]["person_id"]))

    def certified(t: Tables) -> Bools:
        return known(t) & t["identity"]["disability_certificate"].notna().to_numpy()

    return (
        Plant(Finding("1_01_002"), "identity", "id_number", known, lambda r, t: r["id_number"].str[:17].to_numpy()),
        Plant(Finding("1_01_003"), "identity", "id_number", known, _wrong_last),
        Plant(
            Finding("dis_cert"), "identity", "disability_certificate", certified,
            lambda r, t: (r["disability_certificate"].str[:18] + "9" + r["disability_certificate"].str[19:]).to_numpy(),
        ),
    )  # fmt: skip


def _missed() -> tuple[Plant, ...]:
    """Unsafe homes, water, schooling and insurance of households that are not monitored."""

    def pupil(t: Tables) -> Bools:
        age = _age(t)
        return _of_household(t, "person", _unmonitored(t)) & _living(t) & (age >= 7) & (age <= 14)

    def sick(t: Tables) -> Bools:
        ill = _true(t["person"]["health_status"] == "serious")
        return _of_household(t, "person", _unmonitored(t)) & _living(t) & ill

    return (
        Plant(Finding("1_02_001"), "household", "dwelling_grade", _unmonitored, _fixed("D")),
        Plant(Finding("1_02_002"), "household", "water_quality_ok", _unmonitored, _fixed(False)),
        Plant(Finding("1_02_edu", "household", "out_of_school"), "person", "dropped_out", pupil, _fixed(True)),
        Plant(
            Finding("1_02_med", "household", "sick_uninsured"), "person", "serious_illness_insurance", sick,
            _fixed(False),
        ),
        Plant(
            Finding("1_02_006", "household", "net_income_per_head"), "household", "monitor_type",
            lambda t: _active(t) & _true(t["household"]["policy_enjoying"]) & _true(_per_head(t).between(4050, 4950)),
            _fixed("none"),
            (Finding("identified_not_monitored", "household", "monitor_identified_on"),),
        ),
    )  # fmt: skip


def _monitoring() -> tuple[Plant, ...]:
    def listed(t: Tables) -> Bools:
        return _of_household(t, "person", _active(t)) & _living(t) & (_age(t) >= 30)

    def with_farm_help(t: Tables) -> Bools:
        aid = t["assistance_record"]
        helped = aid.loc[aid["item_code"] == "NY01", "household_id"]
        return _true(t["elimination"]["household_id"].isin(helped)) & _true(t["elimination"]["business_gross"] > 0)

    def by_help(t: Tables) -> Bools:
        keys = t["household"].loc[_true(t["household"]["risk_elimination_way"] == "help"), "household_id"]
        return _true(t["elimination"]["household_id"].isin(keys))

    def on_dibao(t: Tables) -> Bools:
        household = t["household"]
        aid = t["assistance_record"]
        helped = household["household_id"].isin(aid.loc[aid["item_code"] == "MZ01", "household_id"])
        keys = household.loc[_active(t) & _true(household["relief_status"] == "dibao") & _true(helped), "household_id"]
        return _newest(t) & _true(t["income"]["household_id"].isin(keys))

    return (
        Plant(Finding("1_11_002"), "household", "monitor_risk_types", _active, _fixed(None)),
        Plant(Finding("1_11_004"), "elimination", "medical_self_paid", by_help, _fixed(None)),
        Plant(Finding("4_11_010"), "elimination", "net_income_per_head", by_help, _fixed(4300.0)),
        Plant(Finding("5_11_013"), "elimination", "business_gross", with_farm_help, _fixed(0.0)),
        Plant(
            Finding("5_16_005", "household", "dibao_received"), "income", "dibao_received", on_dibao, _fixed(0.0),
            (Finding("dibao_without_amount", "household", "dibao_received"),),
        ),
        Plant(
            Finding("eliminated_before_identified"), "household", "risk_eliminated_on",
            lambda t: _true(t["household"]["risk_eliminated"]), _earlier("monitor_identified_on", 30),
        ),
        Plant(
            Finding("elimination_before_identification"), "elimination", "eliminated_on", by_help,
            _day("2019-07-15"),
        ),
        Plant(
            Finding("risk_type_unknown"), "household", "monitor_risk_types", _active, _fixed("illness;luck")
        ),
        Plant(
            Finding("disability_half_given", "", "disability_level"), "person", "disability_type",
            lambda t: listed(t) & _true(t["person"]["disability_level"] != "none"), _fixed("none"),
        ),
    )  # fmt: skip


def _persons() -> tuple[Plant, ...]:
    def away(t: Tables) -> Bools:
        return _true(t["person"]["employment_status"] == "away") & _living(t)

    def on_tekun(t: Tables) -> Bools:
        return _of_household(t, "person", _true(t["household"]["relief_status"] == "tekun")) & _plain(t)

    def child(t: Tables) -> Bools:
        return _living(t) & (_age(t) >= 8) & (_age(t) <= 12)

    def grown(t: Tables) -> Bools:
        return _plain(t) & (_age(t) >= 40) & (_age(t) < 69) & _true(t["person"]["relation_to_head"] != "head")

    return (
        Plant(Finding("5_01_203"), "person", "work_county_code", away, _fixed(None)),
        Plant(
            Finding("5_12_003"), "person", "employment_status", on_tekun, _fixed("away"),
            (Finding("5_01_203", "person", "work_county_code"),),
        ),
        Plant(Finding("5_12_004"), "person", "post_type", child, _fixed("cleaning")),
        Plant(
            Finding("5_12_005"), "person", "post_type", lambda t: _plain(t) & (_age(t) >= 72), _fixed("help_old")
        ),
        Plant(
            Finding("5_12_013"), "person", "student_stage",
            lambda t: child(t) & _true(t["person"]["health_status"] == "healthy") & ~_sponsored(t), _fixed("preschool"),
        ),
        Plant(
            Finding("5_15_009"), "person", "work_service_need",
            lambda t: _living(t) & _true(t["person"]["plans_to_work_away"]), _fixed(None),
        ),
        Plant(
            Finding("date_future"), "person", "birth_date", lambda t: grown(t) & _alone_unnamed(t), _day("2021-03-01"),
            (Finding("id_birth_differs", "identity", "id_number"),),
        ),
        Plant(Finding("months_of_year"), "person", "work_months", grown, _fixed(15)),
        Plant(Finding("orphan_too_old"), "person", "orphan_status", grown, _fixed("orphan")),
        Plant(Finding("child_at_work"), "person", "employment_status", child, _fixed("self_employed")),
    )  # fmt: skip


def _unable_member(t: Tables) -> pd.Series:
    """A living member who cannot work, by household."""
    unable = t["person"][_living(t) & _true(t["person"]["labour_capacity"].isin(["lost", "none"]))]
    return unable.drop_duplicates("household_id").set_index("household_id")["person_id"]


def _sponsored(t: Tables) -> Bools:
    return _true(t["person"]["person_id"].isin(t["pupil_sponsor"]["person_id"]))


def _alone_unnamed(t: Tables) -> Bools:
    """Persons whose work is neither wage nor farming, so that an impossible birth date breaks nothing else."""
    return _true(t["person"]["employment_status"].isin(["unable", "none"]))


def _households() -> tuple[Plant, ...]:
    return (
        Plant(Finding("s17"), "household", "distance_to_road_km", _unmonitored, _fixed(12.5)),
        Plant(Finding("s10"), "household", "arable_mu", _unmonitored, _fixed(None)),
        Plant(Finding("quantity_negative"), "household", "arable_mu", _unmonitored, _fixed(-2.0)),
        Plant(
            Finding("days_of_year"), "household", "water_outage_days", _active, _fixed(400)
        ),
        Plant(Finding("amount_huge"), "household", "loan_balance", _unmonitored, _fixed(9_000_000.0)),
        Plant(
            Finding("cause_twice"), "household", "cause_other_1",
            lambda t: _unmonitored(t) & t["household"]["cause_other_2"].isna().to_numpy(),
            lambda r, t: r["cause_main"].to_numpy(),
        ),
        Plant(Finding("exit_before_register"), "household", "exit_year", _unmonitored, _fixed(2013)),
        Plant(Finding("head_not_member"), "household", "head_person_id", _unmonitored, _other_head),
        Plant(
            Finding("size_differs"), "household", "household_size",
            lambda t: _unmonitored(t) & _true(t["household"]["household_size"] >= 3) & _true(_per_head(t) > 7000),
            _gone_up_and_down,
        ),
    )  # fmt: skip


def _incomes() -> tuple[Plant, ...]:
    def column(name: str, test: Callable[[pd.Series], pd.Series]) -> Callable[[Tables], Bools]:
        return lambda t: _newest(t) & _true(test(t["income"][name]))

    def comfortable(t: Tables) -> Bools:
        rich = t["household"].loc[_active(t) & _true(_per_head(t) > 5200), "household_id"]
        return _newest(t) & _true(t["income"]["household_id"].isin(rich)) & _true(t["income"]["business_gross"] > 0)

    def unforested(t: Tables) -> Bools:
        return _of_household(t, "income", _true(t["household"]["returned_farmland_mu"] == 0)) & _newest(t)

    return (
        Plant(Finding("s18", "household", "net_income_per_head"), "income", "business_cost", comfortable, _poor_by_cost),
        Plant(
            Finding("s19"), "income", "wage_income",
            lambda t: _of_household(t, "income", _unmonitored(t) & _true(_per_head(t) > 6000))
            & _newest(t) & _true(t["income"]["wage_income"] == 0), _fixed(150.0),
        ),
        Plant(Finding("s22"), "income", "business_cost", column("business_cost", lambda v: v > 0), _fixed(0.0)),
        Plant(Finding("s23"), "income", "eco_compensation", unforested, _fixed(200.0)),
        Plant(Finding("s24"), "income", "dibao_received", column("dibao_received", lambda v: v > 200), _fixed(120.0)),
        Plant(Finding("s26"), "income", "pension_received", column("pension_received", lambda v: v > 88), _fixed(60.0)),
        Plant(Finding("s27"), "income", "tekun_received", column("tekun_received", lambda v: v > 200), _fixed(150.0)),
        Plant(Finding("amount_negative"), "income", "medical_self_paid", _newest, _fixed(-300.0)),
        Plant(
            Finding("dividend_above_property"), "income", "asset_dividend", column("asset_dividend", lambda v: v > 0),
            lambda r, t: (r["property_income"] + 500.0).to_numpy(),
        ),
        Plant(
            Finding("compensated_above_loss"), "shock_event", "compensated", lambda t: _true(t["shock_event"]["gross_loss"] > 0),
            lambda r, t: (r["gross_loss"] + 1000.0).to_numpy(),
        ),
    )  # fmt: skip


def _ledgers() -> tuple[Plant, ...]:
    """Faults in aid, visits, alerts, projects, villages and checks."""

    def senior(t: Tables) -> Bools:
        aid = t["assistance_record"]
        recent = _true(aid["delivered_on"] > pd.Timestamp("2020-01-31"))
        stage = aid["person_id"].map(t["person"].set_index("person_id")["student_stage"])
        return _true(aid["item_code"] == "JT03") & recent & _true(stage == "senior")

    def posted(t: Tables) -> Bools:
        aid = t["assistance_record"]
        return _true((aid["item_code"] == "RS01") & aid["household_id"].isin(_unable_member(t).index))

    def item(code: str) -> Callable[[Tables], Bools]:
        return lambda t: _true(t["assistance_record"]["item_code"] == code)

    def key_village(t: Tables) -> Bools:
        return _true(t["village"]["is_key_village"])

    return (
        Plant(
            Finding("5_15_007", "", "item_code"), "assistance_record", "person_id", posted,
            lambda r, t: r["household_id"].map(_unable_member(t)).to_numpy(),
        ),
        Plant(Finding("5_15_011"), "assistance_record", "item_code", senior, _fixed("JT04")),
        Plant(
            Finding("aid_dates_disordered", "", "delivered_on"), "assistance_record", "accepted_on", item("WJ02"),
            _earlier("applied_on", 3),
        ),
        Plant(
            Finding("aid_refused_delivered", "", "delivered_on"), "assistance_record", "decision", item("MZ09"),
            _fixed("refused"),
        ),
        Plant(Finding("aid_period_reversed"), "assistance_record", "period_end", item("YB05"), _day("2019-06-30")),
        Plant(Finding("grade_1_to_5"), "visit_record", "look_body", lambda t: np.ones(len(t["visit_record"]), bool), _fixed(7)),
        Plant(
            Finding("date_future"), "visit_record", "visited_on", lambda t: np.ones(len(t["visit_record"]), bool),
            _day("2021-05-01"),
        ),
        Plant(
            Finding("alert_dates_disordered"), "alert", "closed_on", lambda t: t["alert"]["closed_on"].notna().to_numpy(),
            _earlier("raised_on", 5),
        ),
        Plant(
            Finding("alert_closed_without_date"), "alert", "closed_on", lambda t: _true(t["alert"]["state"] == "closed"),
            _day("NaT"),
        ),
        Plant(
            Finding("referral_dates_disordered"), "referral", "due_on", lambda t: np.ones(len(t["referral"]), bool),
            _earlier("pushed_on", 4),
        ),
        Plant(
            Finding("project_dates_disordered", "", "county_approve_on"), "project", "city_file_on",
            lambda t: _true(t["project"]["fund_year"] < 2020), _earlier("town_review_on", 90),
        ),
        Plant(
            Finding("vacancy_without_openings"), "vacancy", "openings", lambda t: np.ones(len(t["vacancy"]), bool), _fixed(0)
        ),
        Plant(
            Finding("vacancy_ages_reversed"), "vacancy", "age_min", lambda t: _true(t["vacancy"]["age_max"] < 60), _fixed(65)
        ),
        Plant(
            Finding("answer_without_contact"), "survey_response", "satisfied",
            lambda t: ~_true(t["survey_response"]["contacted"]), _fixed(True),
        ),
        Plant(
            Finding("dangerous_passed"), "dwelling_check", "grade_found", lambda t: _true(t["dwelling_check"]["passed"]),
            _fixed("D"),
        ),
        Plant(Finding("1_03_004"), "village", "primary_school_count", key_village, _fixed(None)),
        Plant(Finding("1_03_007"), "village", "passenger_bus", key_village, _fixed(None)),
        Plant(Finding("exit_flags_shape"), "village", "exit_flags", key_village, _fixed("11111111111111")),
    )  # fmt: skip


PLANTS: tuple[Plant, ...] = (
    *_identity(),
    *_missed(),
    *_monitoring(),
    *_persons(),
    *_households(),
    *_incomes(),
    *_ledgers(),
)
