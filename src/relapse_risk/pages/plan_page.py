"""One household's plan as a page: about one household, and never part of a public edition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from html import escape

import pandas as pd

from relapse_risk.assistance import job_matches
from relapse_risk.assistance.plan import HouseholdPlan, household_plan, read_measures
from relapse_risk.assistance.reminders import with_receipts
from relapse_risk.errors import EditionError
from relapse_risk.layers import found_above
from relapse_risk.months import check_month
from relapse_risk.pages.block import Block
from relapse_risk.pages.format import common_decimals, format_apart, format_date, format_value
from relapse_risk.pages.html_tables import Cell, Head, render_rows
from relapse_risk.pages.worklist_data import MONEY, assessed_county, confidence, day_text, language_of, money
from relapse_risk.parameters import Place
from relapse_risk.register import Register
from relapse_risk.register.area_codes import areas_of
from relapse_risk.schema import code_list
from relapse_risk.text import Language, text

__all__ = ["PlanPage", "open_plan"]

RESTRICTED = "restricted"


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
        """Title, whose plan, the responsible officer, until when, and whether it is enough."""
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
        shown, _ = format_apart(abs(gap), 0.0, MONEY, self.language)
        return self.say(
            "work.above" if gap >= 0 else "work.below", gap=shown, line=self.say(f"work.line.{self.plan.line_role}")
        )

    def income(self) -> Block:
        """Now, claims, work, expected, and the line."""
        lines = [*self.plan.income.itertuples(index=False, name=None), ("line", self.plan.line)]
        decimals = common_decimals([value for _, value in lines], MONEY, self.plan.line)
        rows = [
            [Cell(self._named(line)), Cell(format_value(value, MONEY, self.language, decimals))]
            for line, value in lines
        ]
        heads = [Head(self.say("work.line")), Head(text("column.value", self.language), True)]
        return Block(render_rows(self.say("work.income"), heads, rows, [self.say("work.income_note")]))

    def _named(self, line: str) -> str:
        name = self.say(f"work.line.{self.plan.line_role}") if line == "line" else self.say(f"work.income.{line}")
        return name[:1].upper() + name[1:]

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
                Cell(day_text(row["due_on"], self.language)), confidence(row["confidence"], self.language),
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
                Cell(money(row["amount_year"], self.language) if row["amount_year"] else "–"),
                Cell(self.say("work.household") if pd.isna(row["person_id"]) else str(row["person_id"])),
                Cell(departments.label(row["department"], self.language)), Cell(day_text(row["due_on"], self.language)),
                Cell(row[f"reason_{self.language}"]), confidence(row["confidence"], self.language),
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
                Cell(money(row["monthly_pay"], self.language)),
            ]
            for row in self.plan.jobs.to_dict("records")
        ]
        return Block(render_rows(self.say("work.jobs"), heads, rows))


def open_plan(
    register: str, month: str, household: str, language: str, audience: str = RESTRICTED, scores: str = ""
) -> PlanPage:
    """The plan of one household, by its pseudonymous id.

    Parameters
    ----------
    audience : str
        A plan is for ``restricted`` only.
    scores : str
        Folder of scores; whose turn it is for an opening then depends on need.

    Raises
    ------
    EditionError
        For an unknown household or language, or another audience.
    """
    if audience != RESTRICTED:
        raise EditionError(
            "a plan is about one household", where="audience", got=audience, expected=RESTRICTED, fix="write audience: restricted"
        )  # fmt: skip
    opened = Register.open(found_above(register))
    homes = opened.read("household", check_month(month), columns=["household_id", "village_code"])
    county = areas_of(opened).county_of(homes.set_index("household_id")["village_code"]).get(household)
    if county is None:
        raise EditionError(
            "unknown household",
            where="household",
            got=household,
            expected=f"a household of the register in {month}, such as {homes['household_id'].min()}",
        )
    at = assessed_county(register, month, county, scores)
    now = at.assessed
    placed = job_matches(at.register, now, county, at.need).frame
    claims = with_receipts(now.claims, now.records, at.catalogue, now.counties_awaited("assistance_record"))
    home = now.homes[now.homes["household_id"] == household].iloc[0]
    plan = household_plan(
        home, claims[claims["household_id"] == household], placed[placed["household_id"] == household], at.catalogue, read_measures(), now.day,
    )  # fmt: skip
    return PlanPage(plan, at.place, now.day, language_of(language))
