"""Sections 0 and 2: what the data is, and who the people are."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.county_data import CountyData, hits, in_code_order, share
from relapse_risk.exhibits import Bars, Exhibit, Pyramid, Section, largest, share_in
from relapse_risk.measures import Bins, FactColumn, FactTable, Fraction, Indicator
from relapse_risk.predicates import holds
from relapse_risk.schema import code_list, tables

__all__ = ["EXHIBITS", "INDICATORS", "SECTION", "TABLES", "segment_flags"]

SECTION = Section(2)
PERSONAL = frozenset({"household_id", "person_id", "holder_id", "alert_id"})
COUNTED_IN_FULL = ("household", "person")  # the people themselves: every report says how many they are
TENS = 10
AGES = Bins((*range(0, 90, 10), 200), (*(f"{age}–{age + 9}" for age in range(0, 80, 10)), "80+"))
OLD = 60  # from this age on
C = FactColumn


def data_sources(data: CountyData) -> pd.DataFrame:
    """Rows, cells and missing cells of every table in this county."""
    rows = []
    for name, spec in tables().items():
        if spec.restricted or spec.county_from is None:
            continue
        frame = data.table(name)
        if not data.place.limits_apply and (frame.empty or name == "county"):
            continue  # where no limits apply, a table without rows says nothing
        counts = len(frame), frame.size, float(frame.isna().to_numpy().sum())
        rows.append({"table": name, **dict(zip(("rows", "cells", "empty"), counts, strict=True))})
    return pd.DataFrame(rows)


def people_held(frame: pd.DataFrame) -> pd.DataFrame:
    """:func:`data_sources` with the counts of tables about people as :func:`held` gives them."""
    exact = [name in COUNTED_IN_FULL or PERSONAL.isdisjoint(tables()[name].names) for name in frame["table"]]
    counts = frame[["rows", "cells", "empty"]].astype(float)
    rounded = [tuple(row) if full else held(*row) for full, row in zip(exact, counts.to_numpy(), strict=True)]
    return frame.assign(**pd.DataFrame(rounded, columns=counts.columns, index=frame.index))


def held(rows: float, cells: float, empty: float) -> tuple[float, float, float]:
    """Rows, cells and missing cells of a table about people, so rounded that they give no small count back.

    A row is an event in the life of one household (an alert, an elimination): how many there are is a count of people
    that other tables may withhold.  Rows are rounded up to tens, so that ten numbers of rows look the same; the missing
    share to whole percents, and to neither 0 nor 1 unless it is.

    Examples
    --------
    >>> held(3, 24, 1), held(121, 968, 968), held(0, 0, 0)
    ((10, 80, 3.2), (130, 1040, 1040.0), (0, 0, 0.0))
    """
    up = -(-rows // TENS) * TENS
    wide = up * (cells // rows) if rows else 0
    share = empty / cells if cells else 0.0
    percent = 100 * share if share in (0, 1) else min(max(round(100 * share), 1), 99)
    return up, wide, wide * percent / 100


def population_by_class(data: CountyData) -> pd.DataFrame:
    """Households and persons by household class."""
    size = data.now["size"].astype(float)
    grouped = size.groupby(data.now["household_class"])
    frame = pd.DataFrame({"households": grouped.size(), "persons": grouped.sum()})
    return in_code_order(frame, code_list("household_class").words, "household_class")


def relief(data: CountyData) -> pd.DataFrame:
    """Households and persons by relief status (dibao, tekun, edge ...)."""
    size = data.now["size"].astype(float)
    grouped = size.groupby(data.now["relief_status"])
    frame = pd.DataFrame({"households": grouped.size(), "persons": grouped.sum()})
    return in_code_order(frame, code_list("relief_status").words, "relief_status")


def causes(data: CountyData) -> pd.DataFrame:
    """Households by main cause, and by any cause named."""
    words = list(code_list("poverty_cause").words)
    named = data.now.melt("household_id", ["cause_main", "cause_other_1", "cause_other_2"], value_name="cause")
    every = named.drop_duplicates(["household_id", "cause"])["cause"]
    frame = pd.DataFrame({"cause": words})
    frame["main"] = data.now["cause_main"].value_counts().reindex(words, fill_value=0).to_numpy()
    frame["any"] = every.value_counts().reindex(words, fill_value=0).to_numpy()
    frame["known"] = frame["main"].sum()
    return frame[(frame["main"] > 0) | (frame["any"] > 0)]


def age_sex(data: CountyData) -> pd.DataFrame:
    """Persons by ten-year age band and sex."""
    people = data.persons.dropna(subset=["age", "sex"])
    counts = {sex: AGES.counts(people.loc[people["sex"] == sex, "age"].astype(float)) for sex in ("male", "female")}
    return pd.DataFrame({"age_band": AGES.labels, **counts})


def town_profile(data: CountyData) -> pd.DataFrame:
    """Villages, households and persons by town."""
    village = data.table("village")
    homes = data.now.groupby("town_code").agg(households=("household_id", "size"), persons=("size", "sum"))
    villages = village.groupby("town_code").agg(
        villages=("village_code", "size"), key_villages=("is_key_village", hits)
    )
    return data.by_town(villages.join(homes, how="outer").fillna(0))


# Groups by the name reports call them: the predicate that says who belongs.
SEGMENTS = {
    "elderly_only": "elderly_only", "serious_illness": "has_seriously_ill", "severe_disability": "has_severely_disabled",
    "children": "has_children", "pupils": "has_pupils", "single_parent": "single_parent", "no_labour": "all_no_labour",
    "zero_employment": "zero_employment", "without_care": "has_helpless", "sole_person": "sole_person",
}  # fmt: skip


def segment_flags(data: CountyData) -> dict[str, pd.Series]:
    """Which households belong to each group the county must look after; a household may be in several."""
    return {name: holds(predicate, data.now, data.setting) for name, predicate in SEGMENTS.items()}


def segments(data: CountyData) -> pd.DataFrame:
    """Groups that overlap: size, income, share below the monitoring line and with a guarantee unmet."""
    now = data.now
    size = now["size"].astype(float)
    low = holds("income_below_monitoring", now, data.setting).fillna(False)
    unmet = now["guarantees_ok"].eq(False).fillna(False).astype(bool)
    rows = []
    for name, flags in segment_flags(data).items():
        inside = flags.fillna(False).to_numpy(dtype=bool)
        if flags.notna().any() and inside.any():
            earning = inside & now["net_income"].notna().to_numpy()
            rows.append(
                {
                    "segment": name, "households": int(inside.sum()), "persons": float(size[inside].sum()),
                    "net_income": float(now.loc[earning, "net_income"].sum()),
                    "heads": float(now.loc[earning, "scale"].sum()),
                    "below_monitor": int((low & inside).sum()), "unmet": int((unmet & inside).sum()),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def employment(data: CountyData) -> pd.DataFrame:
    """Persons able to work by employment status."""
    able = data.persons[data.persons["is_labour"].fillna(False).to_numpy(dtype=bool)]
    counts = able.groupby("employment_status").size().to_frame("persons")
    return in_code_order(counts, code_list("employment_status").words, "employment_status")


def work_places(data: CountyData) -> pd.DataFrame:
    """Persons at work away or locally by place of work; "none" is no answer for them and comes last."""
    away = data.persons[data.persons["employment_status"].isin(["away", "local"]).to_numpy(dtype=bool)]
    counts = away.groupby("work_place").size().to_frame("persons")
    none, *places = code_list("work_place").words
    return in_code_order(counts, (*places, none), "work_place")


def health(data: CountyData) -> pd.DataFrame:
    """Persons by health status, and of them insured."""
    people = data.persons
    frame = people.groupby("health_status").agg(
        persons=("person_id", "size"), insured=("medical_insurance", hits), insured_known=("medical_insurance", "count")
    )
    return in_code_order(frame, code_list("health_status").words, "health_status")


def disability(data: CountyData) -> pd.DataFrame:
    """Persons with a disability by type, and of them severe."""
    people = data.persons[~data.persons["disability_type"].isin(["none"]).to_numpy(dtype=bool)]
    severe = holds("severely_disabled", people, data.setting).fillna(False)
    frame = pd.DataFrame({"persons": people.groupby("disability_type").size()})
    frame["severe"] = severe.groupby(people["disability_type"]).sum()
    return in_code_order(frame, code_list("disability_type").words, "disability_type")


def _persons(data: CountyData) -> Fraction:
    """Persons looked at: of a sample those in it, for the weights of a part of one quarter's sample add up to nobody."""
    total = float(data.now["size"].astype(float).sum())
    return Fraction(total, float(len(data.now)), value=total, cases=total, n=total)


def _elderly(data: CountyData) -> Fraction:
    return share(holds("aged_60", data.persons, data.setting))


def _no_labour(data: CountyData) -> Fraction:
    return data.households(data.now["all_no_labour"])


def _mean_size(data: CountyData) -> Fraction:
    return data.mean(data.now["size"].astype(float), data.now["weight"].astype(float))


CLASS = ("household.household_class",)
LABOUR = ("person.employment_status", "person.labour_capacity")
TOWN_HOMES = C("households", "households", counts="households.yes")
HOMES, MEMBERS = TOWN_HOMES, C("persons", "persons", counts="members.yes")
TABLES = (
    FactTable("data_sources", 0,
              (C("table", "label", "table"), C("rows", "count"), C("cells", "count", hidden=True),
               C("empty", "count", hidden=True), C("missing", "share", of=("empty", "cells"), rests_on=())), (), data_sources,
              publish=people_held),
    FactTable("population_by_class", 2,
              (C("household_class", "code", "household_class"), HOMES, MEMBERS),
              CLASS, population_by_class),
    FactTable("relief", 2,
              (C("relief_status", "code", "relief_status"), HOMES, MEMBERS),
              ("household.relief_status",), relief),
    FactTable("causes", 2,
              (C("cause", "code", "poverty_cause"), C("main", "households", counts="main_cause.yes", within="any"),
               C("any", "households", counts="any_cause.{cause}.yes"),
               C("known", "count", hidden=True, whole=True), C("main_share", "share", of=("main", "known"))),
              ("household.cause_main",), causes, order="-main"),
    FactTable("age_sex", 2, (C("age_band", "bin"), C("male", "persons", counts="persons.yes by sex=male"), C("female", "persons", counts="persons.yes by sex=female")),
              ("person.birth_date", "person.sex"), age_sex),
    FactTable("town_profile", 2,
              (C("town", "town"), C("villages", "count"), C("key_villages", "count"), HOMES, MEMBERS),
              ("village.town_code",), town_profile, city="counties", order="-households"),
    FactTable("segments", 2,
              (C("segment", "label", "segment"), C("households", "households", counts="segment.{segment}.yes"),
               C("persons", "persons", counts="segment_members.{segment}.yes"),
               C("net_income", "money", hidden=True, adds=True), C("heads", "number", hidden=True, adds=True),
               C("mean_income", "money", of=("net_income", "heads"), rests_on=("households", "persons")),
               C("below_monitor", "households", counts="segment.{segment}.below_monitor_line.yes", within="households"),
               C("unmet", "households", counts="segment.{segment}.guarantees_unmet.yes", within="households")),
              ("person.birth_date",), segments),
    FactTable("employment", 2, (C("employment_status", "code", "employment_status"),
               C("persons", "persons", counts={"none": "employed_of_labour.no", "*": "employed_of_labour.yes by employment_status={employment_status}"})), LABOUR,
              employment),
    FactTable("work_places", 2, (C("work_place", "code", "work_place"),
               C("persons", "persons", counts={"province": "work_in_province.yes", "none": "work_place_unknown.yes", "*": "work_in_province.no by work_place={work_place}"})),
              ("person.work_place", "person.employment_status"), work_places),
    FactTable("health", 2,
              (C("health_status", "code", "health_status"), C("persons", "persons", counts="persons.yes"),
               C("insured", "persons", counts="medical_insurance.yes"),
               C("insured_known", "persons", hidden=True, counts="medical_insurance.known"),
               C("insured_share", "share", of=("insured", "insured_known"))), ("person.health_status",), health),
    FactTable("disability", 2,
              (C("disability_type", "code", "disability_type"), C("persons", "persons", counts="disabled.yes"),
               C("severe", "persons", counts="severely_disabled.yes", within="persons")),
              ("person.disability_type",), disability),
)  # fmt: skip
INDICATORS = (
    Indicator("persons", 2, "count", "none", ("household.household_size",), _persons, city="total",
              people=False),
    Indicator("elderly_share", 2, "share", "none", ("person.birth_date",), _elderly, measure="elderly"),
    Indicator("no_labour_households", 2, "share", "none", ("person.labour_capacity",), _no_labour,
              measure="segment.no_labour"),
    Indicator("mean_household_size", 2, "number", "none", ("household.household_size",), _mean_size, people=False),
)  # fmt: skip
EXHIBITS = (
    Exhibit("population_by_class", Bars("household_class", "households", in_order=True),
            largest("households", "household_class"), half=True),
    Exhibit("causes", Bars("cause", "main_share", whole=True), largest("main", "cause")),
    Exhibit("age_sex", Pyramid("age_band", "male", "female"), share_in("age_band", AGES.at_least(OLD), "male", "female"),
            half=True, edges={"old": str(OLD)}),
    Exhibit("employment", Bars("employment_status", "persons"), largest("persons", "employment_status"), half=True),
    Exhibit("work_places", Bars("work_place", "persons", in_order=True), largest("persons", "work_place"), half=True),
    Exhibit("disability", Bars("disability_type", "persons"), largest("persons", "disability_type"), half=True),
)  # fmt: skip
