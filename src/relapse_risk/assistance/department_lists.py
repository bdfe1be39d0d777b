"""Lists of a department beside its reminders: visits, patients, pupils, people without work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import pandas as pd

from relapse_risk.assistance.assessed_register import Assessed
from relapse_risk.assistance.care import central_care_proposals, missed_visits
from relapse_risk.assistance.health import LISTS as PATIENT_LISTS
from relapse_risk.assistance.health import disability_queue, drop_outs, listed_patients, unsponsored_pupils
from relapse_risk.assistance.jobs import (
    Placement,
    assign_jobs,
    audit_posts,
    follow_up,
    openings_on,
    seekers_of,
    zero_employment,
)
from relapse_risk.derive import household_frame, person_ages
from relapse_risk.languages import Language
from relapse_risk.months import add_months, month_end
from relapse_risk.parameters import Parameters, Place
from relapse_risk.predicates import setting_on
from relapse_risk.register import Register
from relapse_risk.register.area_codes import areas_of
from relapse_risk.schema import code_list, table
from relapse_risk.text import has_text, text

__all__ = ["LISTS", "WorkList", "department_lists", "job_matches", "labelled_list"]

# What a list of things not done rests on: while it has not been received, nobody is overdue.
RESTS_ON: Mapping[str, str] = MappingProxyType({
    "missed_visits": "visit_record", "thirty_diseases": "assistance_record", "two_diseases": "assistance_record",
})  # fmt: skip
FOLLOWED = 6  # months after which job seekers are followed up


@dataclass(frozen=True, slots=True)
class WorkList:
    """Rows of one list of one department, in the order in which to take them.

    Attributes
    ----------
    name : str
        Key of :data:`LISTS`.
    frame : DataFrame
        Pseudonyms only; its columns are those the list shows.
    """

    name: str
    frame: pd.DataFrame

    @property
    def department(self) -> str:
        return LISTS[self.name].department

    def title(self, language: Language) -> str:
        """Its name in words."""
        return text(f"list.{self.name}", language)


@dataclass(frozen=True, slots=True)
class _Source:
    """What the lists of one county are computed from."""

    register: Register
    at: Assessed
    county: str
    parameters: Parameters
    place: Place
    need: pd.Series | None


@dataclass(frozen=True, slots=True)
class ListSpec:
    """Department and columns of a list, and the function that finds its rows."""

    department: str
    columns: tuple[str, ...]
    rows: Callable[[_Source], pd.DataFrame]


def department_lists(
    register: Register, at: Assessed, county: str, parameters: Parameters, place: Place, department: str,
    need: pd.Series | None = None,
) -> tuple[WorkList, ...]:  # fmt: skip
    """Every list of ``department`` in one county, also those without a row.

    One whose table is awaited is left out, and one about items the place does not have.

    Parameters
    ----------
    register : Register
    at : Assessed
        The county, or the city it is part of.
    county : str
        Six digits.
    need : Series, optional
        Need (0-100) by household_id: the greatest first where openings are short.
    """
    homes = at.homes[at.homes["county_code"] == county]
    persons = at.persons[at.persons["household_id"].isin(homes["household_id"].unique())]
    mine = replace(at, homes=homes.reset_index(drop=True), persons=persons.reset_index(drop=True))
    source = _Source(register, mine, county, parameters, place, need)
    specs = {
        name: spec
        for name, spec in LISTS.items()
        if spec.department == department
        and county not in at.counties_awaited(RESTS_ON.get(name, ""))
        and (name not in PATIENT_LISTS or PATIENT_LISTS[name][0] in at.roles)
    }
    return tuple(WorkList(name, spec.rows(source).reindex(columns=list(spec.columns))) for name, spec in specs.items())


def labelled_list(found: WorkList, language: Language) -> pd.DataFrame:
    """A list for reading: column heads and codes as labels, days as text."""
    shown = {
        text(f"list.column.{name}", language): _in_words(found.frame[name], name, language) for name in found.frame
    }
    return pd.DataFrame(shown)


def _in_words(values: pd.Series, name: str, language: Language) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.dt.strftime("%Y-%m-%d")
    if pd.api.types.is_bool_dtype(values):
        return values.map({True: text("list.value.true", language), False: text("list.value.false", language)})
    codes = next((c.codes for c in table("person").columns if c.name == name and c.codes), "")
    if codes:
        return values.map(lambda word: code_list(codes).label(word, language), na_action="ignore")
    if name in ("kind", "status", "unknown"):
        return values.map(
            lambda word: text(f"list.value.{word}", language) if has_text(f"list.value.{word}") else word,
            na_action="ignore",
        )
    if pd.api.types.is_float_dtype(values):
        return values.astype("float64").round(1)
    if name == "reason":
        return values.map(
            lambda words: text("punctuation.between", language).join(
                text(f"list.reason.{word}", language) for word in words.split(", ")
            )
        )
    if name == "lacking":
        roles, between = code_list("sponsor_role"), text("list.between", language)
        return values.map(lambda words: between.join(roles.label(w, language) for w in words.split(", ")))
    return values


def _missed(source: _Source) -> pd.DataFrame:
    return missed_visits(source.at.homes)


def _central(source: _Source) -> pd.DataFrame:
    return central_care_proposals(source.at.persons, source.at.homes, source.at.day)


def _patients(source: _Source, which: str) -> pd.DataFrame:
    found = listed_patients(source.at.persons, source.at.records, source.at.day, source.at.roles)
    late = found[(found["list"] == which) & found["overdue"]]
    return late.sort_values(["cared_on", "person_id"], na_position="first", ignore_index=True)


def _zero(source: _Source) -> pd.DataFrame:
    found = zero_employment(source.at.homes, source.at.day)
    need = found["household_id"].map(source.need) if source.need is not None else float("nan")
    return found.assign(need=need).sort_values(["need", "household_id"], ascending=[False, True], ignore_index=True)


def job_matches(register: Register, at: Assessed, county: str, need: pd.Series | None = None) -> Placement:
    """Seekers of one county matched with its own openings: no opening is offered in two counties.

    Parameters as of :func:`department_lists`, ``at`` of the county.
    """
    granted = at.claims.granted()
    holders = granted.loc[granted["item_code"].isin(at.roles.get("public_works_post", ())), "person_id"]
    posts = register.read("special_post", county=county)
    free = openings_on(register.read("vacancy", county=county), posts, at.day, areas_of(register, county))
    return assign_jobs(seekers_of(zero_employment(at.homes, at.day), at.persons, need, holders), free)


def _matches(source: _Source) -> pd.DataFrame:
    return job_matches(source.register, source.at, source.county, source.need).frame


def _audit(source: _Source) -> pd.DataFrame:
    posts = source.register.read("special_post", county=source.county)
    found = audit_posts(posts, source.at.persons, source.at.day)
    return found.rename(columns={"fault": "reason"})


def _followed(source: _Source) -> pd.DataFrame:
    """Job seekers of six months ago, and whether they work now."""
    month = source.at.day.strftime("%Y-%m")
    before = add_months(month, -FOLLOWED)
    if before not in source.register.months:
        return pd.DataFrame(columns=["person_id", "household_id", "status", "employment_status", "wage_change"])
    register, county = source.register, source.county
    homes = household_frame(register, before, county, parameters=source.parameters, place=source.place)
    setting = setting_on(source.parameters, source.place, month_end(before))
    persons = person_ages(register.read("person", before, county), setting)
    sought = seekers_of(zero_employment(homes, source.at.day), persons)
    wages = homes[["household_id", "wage_income"]].merge(
        source.at.homes[["household_id", "wage_income"]], on="household_id", suffixes=("_before", "_after")
    )
    wages = wages.rename(columns={"wage_income_before": "wage_before", "wage_income_after": "wage_after"})
    return follow_up(sought, source.at.persons, wages)


_WHO = ("household_id", "person_id")
LISTS: Mapping[str, ListSpec] = MappingProxyType({
    "missed_visits": ListSpec("FP", ("household_id", "town_code", "weekly_class", "days_since_visit", "allowed", "responsible_cadre_id"), _missed),
    "central_care": ListSpec("MZ", (*_WHO, "town_code", "age", "tekun", "reason", "unknown", "proposed_on"), _central),
    "thirty_diseases": ListSpec("WJ", (*_WHO, "insured", "cared_on"), lambda s: _patients(s, "thirty_diseases")),
    "two_diseases": ListSpec("YB", (*_WHO, "insured", "cared_on"), lambda s: _patients(s, "two_diseases")),
    "disability_queue": ListSpec("CL", (*_WHO, "age", "disability_level"), lambda s: disability_queue(s.at.persons)),
    "drop_outs": ListSpec("JT", (*_WHO, "age", "health_status"), lambda s: drop_outs(s.at.persons)),
    "unsponsored": ListSpec("JT", (*_WHO, "student_stage", "lacking"), lambda s: unsponsored_pupils(s.at.persons, s.register.read("pupil_sponsor", county=s.county))),
    "zero_employment": ListSpec("RS", ("household_id", "town_code", "labour_count", "need", "due_on"), _zero),
    "matches": ListSpec("RS", (*_WHO, "need", "opening_id", "kind", "monthly_pay"), _matches),
    "followed": ListSpec("RS", (*_WHO, "status", "employment_status", "wage_change"), _followed),
    "post_audit": ListSpec("RS", ("post_id", "holder_id", "village_code", "reason"), _audit),
})  # fmt: skip
