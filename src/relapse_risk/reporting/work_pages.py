"""Pages somebody works from: one household's plan, and the cover of a department's worklist in a county.

A plan is about one household and is never part of a public edition; a worklist holds pseudonyms only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from html import escape
from pathlib import Path

import pandas as pd

from relapse_risk.assessment import FactColumn
from relapse_risk.assistance import (
    Catalogue,
    Judged,
    Reminders,
    assign_jobs,
    judge,
    openings_on,
    process_clock,
    read_catalogue,
    remind,
    seekers_of,
    zero_employment,
)
from relapse_risk.assistance.plan import HouseholdPlan, household_plan, read_measures
from relapse_risk.assistance.reminders import with_receipts
from relapse_risk.errors import EditionError
from relapse_risk.months import check_month
from relapse_risk.parameters import Place, read_parameters, read_place
from relapse_risk.register import Register
from relapse_risk.reporting.block import Block
from relapse_risk.reporting.format import format_date, format_value
from relapse_risk.reporting.tables import Cell, Head, render_rows
from relapse_risk.reporting.text import LANGUAGES, Language, text
from relapse_risk.schema import code_list

__all__ = ["PlanPage", "WorklistPage", "open_plan", "open_worklist"]

REFORM = date(2020, 5, 9)  # F23, F24 of the published figures
MOST = 20


@dataclass(frozen=True, slots=True)
class _County:
    """One county of a register on a day, judged."""

    register: Register
    place: Place
    catalogue: Catalogue
    judged: Judged


@cache
def _county(folder: str, month: str, county: str) -> _County:
    register = Register.open(Path(folder))
    place, catalogue = read_place(register.place), read_catalogue(register.place)
    return _County(register, place, catalogue, judge(register, month, catalogue, read_parameters(), place, county))


def _language(language: str) -> Language:
    if language not in LANGUAGES:
        raise EditionError("unknown language", where="language", got=language, expected=" | ".join(LANGUAGES))
    return "zh" if language == "zh" else "en"


def _money(value: object, language: Language) -> str:
    return format_value(value, FactColumn("v", "money"), language)


def _day(value: object, language: Language) -> str:
    return "–" if pd.isna(value) else format_date(value, language)


def _confidence(word: str, language: Language) -> Cell:
    return Cell(text(f"value.confidence.{word}", language), "short" if word == "documented" else "short assumed")


@dataclass(frozen=True, slots=True)
class PlanPage:
    """One household's plan as blocks of a page."""

    plan: HouseholdPlan
    place: Place
    day: date
    language: Language

    def say(self, key: str, /, **values: object) -> str:
        return text(key, self.language, **{"currency": self.place.currency.in_language(self.language), **values})

    def cover(self) -> Block:
        """Title, whose plan, who answers for it and until when, and whether it is enough."""
        day = format_date(self.plan.visit_due_on.isoformat(), self.language)
        officer = (
            self.say("work.officer", officer=self.plan.officer, day=day)
            if self.plan.officer
            else self.say("work.no_officer", day=day)
        )
        lead = self.say(
            "work.plan_lead", household=self.plan.household_id, day=format_date(self.day.isoformat(), self.language)
        )
        return Block(
            f'<header class="sheet"><h1>{escape(self.say("work.plan_title"))}</h1><p class="notice">{escape(lead)}</p>'
            f'<p>{escape(officer)}</p></header><h2 id="s1">{escape(self._enough())}</h2>'
        )

    def _enough(self) -> str:
        expected = float(self.plan.income.set_index("line")["per_head"]["expected"])
        if pd.isna(expected):
            return self.say("work.unknown")
        gap = expected - self.plan.line
        return self.say("work.above" if gap >= 0 else "work.below", gap=_money(abs(gap), self.language))

    def income(self) -> Block:
        """Now, claims, work, expected, and the line."""
        rows = [
            [Cell(self.say(f"work.income.{line}")), Cell(_money(value, self.language))]
            for line, value in self.plan.income.itertuples(index=False)
        ]
        rows.append([Cell(self.say("work.income.line")), Cell(_money(self.plan.line, self.language))])
        heads = [Head(self.say("work.line")), Head(text("column.value", self.language), True)]
        return Block(render_rows(self.say("work.income"), heads, rows, [self.say("work.income_note")]))

    def measures(self) -> Block:
        """What is done about each cause."""
        if self.plan.measures.empty:
            return Block(
                f'<p class="missing"><b>{escape(self.say("work.measures"))}</b> {escape(self.say("work.no_measures"))}</p>'
            )
        heads = [Head(self.say(f"work.{name}")) for name in ("cause", "measure", "lead", "due", "basis")]
        causes, departments = code_list("poverty_cause"), code_list("department")
        rows = [
            [
                Cell(causes.label(row["cause"], self.language)), Cell(row[self.language]), Cell(departments.label(row["department"], self.language)),
                Cell(_day(row["due_on"], self.language)), _confidence(row["confidence"], self.language),
            ]
            for row in self.plan.measures.to_dict("records")
        ]  # fmt: skip
        return Block(
            render_rows(
                self.say("work.measures"),
                heads,
                rows,
                [self.say("work.days_note"), text("report.marks", self.language)],
            )
        )

    def claims(self) -> Block:
        """Every claim and how it stands, what is missing first."""
        heads = [Head(self.say("work.item")), Head(self.say("work.state")), Head(self.say("work.amount"), True), Head(self.say("work.member")),
                 Head(self.say("work.lead")), Head(self.say("work.due")), Head(self.say("work.why")), Head(self.say("work.basis"))]  # fmt: skip
        departments = code_list("department")
        rows = [
            [
                Cell(row[self.language]), Cell(self.say(f"work.state.{row['state']}"), "strong" if row["state"] == "missing" else ""),
                Cell(_money(row["amount_year"], self.language) if row["amount_year"] else "–"),
                Cell(self.say("work.household") if pd.isna(row["person_id"]) else str(row["person_id"])),
                Cell(departments.label(row["department"], self.language)), Cell(_day(row["due_on"], self.language)),
                Cell(row[f"reason_{self.language}"]), _confidence(row["confidence"], self.language),
            ]
            for row in self.plan.claims.to_dict("records")
        ]  # fmt: skip
        return Block(render_rows(self.say("work.claims"), heads, rows, [text("report.marks", self.language)]))

    def jobs(self) -> Block:
        """Members who seek work and what they were matched with."""
        if self.plan.jobs.empty:
            return Block(
                f'<p class="missing"><b>{escape(self.say("work.jobs"))}</b> {escape(self.say("work.no_jobs"))}</p>'
            )
        heads = [
            Head(self.say("work.member")),
            Head(self.say("work.result")),
            Head(self.say("work.opening")),
            Head(self.say("work.pay"), True),
        ]
        rows = [
            [
                Cell(row["person_id"]),
                Cell(row[self.language]),
                Cell(row["opening_id"] or "–"),
                Cell(_money(row["monthly_pay"], self.language)),
            ]
            for row in self.plan.jobs.to_dict("records")
        ]
        return Block(render_rows(self.say("work.jobs"), heads, rows))


def open_plan(register: str, month: str, household: str, language: str) -> PlanPage:
    """The plan of one household, by its pseudonymous id.

    Raises
    ------
    EditionError
        For an unknown household or language.
    """
    opened = Register.open(Path(register))
    homes = opened.read("household", check_month(month), columns=["household_id", "village_code"]).set_index(
        "household_id"
    )
    if household not in homes.index:
        raise EditionError(
            "unknown household", where="household", got=household, expected="a household of the register in that month"
        )
    at = _county(register, month, str(homes.loc[household, "village_code"])[:6])
    now = at.judged
    idle = zero_employment(now.homes, now.day)
    # Matched among the whole county: a plan promises nobody a job that is another's.
    placed = assign_jobs(
        seekers_of(idle, now.persons),
        openings_on(
            at.register.read("vacancy", county=now.homes["county_code"].iloc[0]),
            at.register.read("special_post"),
            now.day,
        ),
    ).frame
    claims = with_receipts(now.claims, now.records, at.catalogue)
    home = now.homes[now.homes["household_id"] == household].iloc[0]
    plan = household_plan(
        home, claims[claims["household_id"] == household], placed[placed["household_id"] == household], at.catalogue, read_measures(), now.day,
    )  # fmt: skip
    return PlanPage(plan, at.place, now.day, _language(language))


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """The cover of a department's worklist in one county."""

    reminders: Reminders
    records: pd.DataFrame
    catalogue: Catalogue
    place: Place
    department: str
    county: str
    language: Language

    def say(self, key: str, /, **values: object) -> str:
        return text(key, self.language, **{"currency": self.place.currency.in_language(self.language), **values})

    @property
    def mine(self) -> pd.DataFrame:
        return self.reminders.frame[self.reminders.frame["department"] == self.department]

    def cover(self) -> Block:
        """Title and the month in one sentence."""
        rows, missing = self.mine, self.mine[self.mine["kind"] == "missing"]
        name = code_list("department").label(self.department, self.language)
        lead = self.say("work.list_none") if rows.empty else self.say(
            "work.list_lead", county=self.county, day=format_date(self.reminders.day.isoformat(), self.language), missing=f"{len(missing):,}",
            households=f"{missing['household_id'].nunique():,}", amount=_money(missing["amount_year"].sum(), self.language),
            over=f"{len(rows) - len(missing):,}",
        )  # fmt: skip
        return Block(
            f'<header class="sheet"><h1>{escape(self.say("work.list_title", department=name))}</h1>'
            f'<p class="notice">{escape(self.say("work.list_note"))}</p></header><h2 id="s1">{escape(lead)}</h2>'
        )

    def by_item(self) -> Block:
        """Reminders of each item of the department."""
        heads = [Head(self.say("work.item")), Head(self.say("work.missing"), True), Head(self.say("work.over"), True), Head(self.say("work.amount"), True),
                 Head(self.say("work.first_due")), Head(self.say("work.basis"))]  # fmt: skip
        rows = []
        for item in self.catalogue.items:
            mine = self.mine[self.mine["item_code"] == item.code]
            if len(mine):
                missing = mine[mine["kind"] == "missing"]
                rows.append([
                    Cell(item.label.in_language(self.language)), Cell(f"{len(missing):,}"), Cell(f"{len(mine) - len(missing):,}"),
                    Cell(_money(missing["amount_year"].sum(), self.language)), Cell(_day(mine["due_on"].min(), self.language)),
                    _confidence(item.confidence, self.language),
                ])  # fmt: skip
        return Block(
            render_rows(self.say("work.by_item"), heads, rows, [text("report.marks", self.language)]) if rows else ""
        )

    def most_pressing(self) -> Block:
        """The head of the list."""
        labels = {item.code: item.label.in_language(self.language) for item in self.catalogue.items}
        heads = [Head(self.say("work.pseudonym")), Head(self.say("work.item")), Head(self.say("work.state")), Head(self.say("work.amount"), True),
                 Head(self.say("work.due")), Head(self.say("work.priority"), True)]  # fmt: skip
        rows = [
            [
                Cell(row["household_id"]), Cell(labels[row["item_code"]]), Cell(self.say(f"work.{row['kind']}")), Cell(_money(row["amount_year"], self.language)),
                Cell(_day(row["due_on"], self.language)), Cell(f"{row['priority']:.1f}"),
            ]
            for row in self.mine.head(MOST).to_dict("records")
        ]  # fmt: skip
        return Block(render_rows(self.say("work.most"), heads, rows) if rows else "")

    def clock(self) -> Block:
        """Days and papers of the department's items before and after the reform."""
        codes = [item.code for item in self.catalogue.items if item.department == self.department]
        records = self.records[self.records["item_code"].isin(codes) & self.records["applied_on"].notna()]
        if records.empty:
            return Block("")
        frame = process_clock(
            records.assign(department=self.department), REFORM, self.reminders.day, "department"
        ).frame
        heads = [Head(self.say("work.period"))] + [
            Head(self.say(f"work.{name}"), True) for name in ("cases", "open", "median", "p90", "papers")
        ]
        number = FactColumn("v", "number")
        rows = [
            [Cell(self.say(f"work.period.{row['period']}")), Cell(f"{row['cases']:,}"), Cell(f"{row['open']:,}"),
             *(Cell(format_value(row[name], number, self.language)) for name in ("median", "p90", "papers"))]
            for row in frame.sort_values("period", ascending=False).to_dict("records")
        ]  # fmt: skip
        return Block(render_rows(self.say("work.clock"), heads, rows, [self.say("work.clock_note")]))


def open_worklist(register: str, month: str, county: str, department: str, language: str) -> WorklistPage:
    """The worklist of a department in one county.

    Raises
    ------
    EditionError
        For an unknown county, department or language.
    """
    known = code_list("department").words
    if department not in known:
        raise EditionError("unknown department", where="department", got=department, expected=" | ".join(known))
    at, spoken = _county(register, month, county), _language(language)
    rows = at.register.read("county", county=county)
    name = str(rows["county_name_zh" if spoken == "zh" else "county_name_en"].iloc[0])
    now = at.judged
    found = remind(now.claims, now.records, at.catalogue, None, now.homes)
    return WorklistPage(found, now.records, at.catalogue, at.place, department, name, spoken)
