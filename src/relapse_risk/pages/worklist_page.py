"""The cover of a department's worklist in a county, and the workbook that belongs to it; pseudonyms only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from html import escape

import numpy as np
import pandas as pd

from relapse_risk.assessment import FactColumn
from relapse_risk.assistance import (
    Reminders,
    WorkList,
    department_lists,
    ledger_findings,
    open_aid_log,
    process_clock,
    referral_states,
    remind,
    with_standing,
    worklist_content,
)
from relapse_risk.assistance.referral_log import STATES
from relapse_risk.errors import EditionError
from relapse_risk.pages.block import Block
from relapse_risk.pages.format import column_decimals, format_date, format_value
from relapse_risk.pages.html_tables import Cell, Head, render_rows
from relapse_risk.pages.worklist_data import AssessedCounty, assessed_county, confidence, day_text, language_of, money
from relapse_risk.schema import code_list
from relapse_risk.text import Language, text

__all__ = ["WorklistPage", "open_worklist", "worklist_files"]

REFORM = date(2020, 5, 9)  # F23, F24 of the published figures
MOST = 20


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """The cover of a department's worklist in one county."""

    at: AssessedCounty
    reminders: Reminders
    department: str
    county: str
    language: Language

    def say(self, key: str, /, **values: object) -> str:
        return text(key, self.language, **{"currency": self.at.place.currency.in_language(self.language), **values})

    @property
    def mine(self) -> pd.DataFrame:
        return self.reminders.frame[self.reminders.frame["department"] == self.department]

    def _codes(self) -> list[str]:
        return [item.code for item in self.at.catalogue.items if item.department == self.department]

    def cover(self) -> Block:
        """Title and the month in one sentence."""
        rows, missing = self.mine, self.mine[self.mine["kind"] == "missing"]
        name = code_list("department").label(self.department, self.language)
        lead = self.say("work.list_none") if rows.empty else self.say(
            "work.list_lead", county=self.county, day=format_date(self.reminders.day.isoformat(), self.language), missing=f"{len(missing):,}",
            households=f"{missing['household_id'].nunique():,}", amount=money(missing["amount_year"].sum(), self.language),
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
        for item in self.at.catalogue.items:
            mine = self.mine[self.mine["item_code"] == item.code]
            if len(mine):
                missing = mine[mine["kind"] == "missing"]
                rows.append([
                    Cell(item.label.in_language(self.language)), Cell(f"{len(missing):,}"), Cell(f"{len(mine) - len(missing):,}"),
                    Cell(money(missing["amount_year"].sum(), self.language)), Cell(day_text(mine["due_on"].min(), self.language)),
                    confidence(item.confidence, self.language),
                ])  # fmt: skip
        return Block(
            render_rows(self.say("work.by_item"), heads, rows, [text("report.marks", self.language)]) if rows else ""
        )

    def most_pressing(self) -> Block:
        """The first rows of the list."""
        bases = {item.code: item.confidence for item in self.at.catalogue.items}
        labels = {item.code: item.label.in_language(self.language) for item in self.at.catalogue.items}
        heads = [Head(self.say("work.pseudonym")), Head(self.say("work.item")), Head(self.say("work.state")), Head(self.say("work.amount"), True),
                 Head(self.say("work.due")), Head(self.say("work.priority"), True), Head(self.say("work.basis"))]  # fmt: skip
        rows = [
            [
                Cell(row["household_id"]), Cell(labels[row["item_code"]]), Cell(self.say(f"work.{row['kind']}")), Cell(money(row["amount_year"], self.language)),
                Cell(day_text(row["due_on"], self.language)), Cell(f"{row['priority']:.1f}"),
                confidence(bases[row["item_code"]], self.language),
            ]
            for row in self.mine.head(MOST).to_dict("records")
        ]  # fmt: skip
        return Block(render_rows(self.say("work.most"), heads, rows) if rows else "")

    def lists(self) -> Block:
        """The department's lists beside its reminders, and how many rows each has."""
        found = worklists_of(self.at, self.department)
        heads = [Head(self.say("work.list")), Head(self.say("work.rows"), True)]
        rows = [[Cell(one.title(self.language)), Cell(f"{len(one.frame):,}")] for one in found]
        return Block(render_rows(self.say("work.lists"), heads, rows, [self.say("work.lists_note")]) if rows else "")

    def followed(self) -> Block:
        """Job seekers of six months ago and whether they work now; only on the page of the employment department."""
        found = next((one.frame for one in worklists_of(self.at, self.department) if one.name == "followed"), None)
        if found is None:
            return Block("")
        if found.empty:
            return Block(
                f'<p class="missing"><b>{escape(self.say("work.followed"))}</b> {escape(self.say("work.followed_none"))}</p>'
            )
        heads = [
            Head(self.say("work.now")),
            Head(self.say("work.people"), True),
            Head(self.say("work.share"), True),
            Head(self.say("work.wage_change"), True),
        ]
        rows = []
        for status in ("in_work", "not_in_work", "unknown"):
            mine = found[found["status"] == status]
            middle = mine["wage_change"].median()
            rows.append(
                [
                    Cell(self.say(f"work.followed.{status}")),
                    Cell(f"{len(mine):,}"),
                    Cell(format_value(len(mine) / len(found), FactColumn("v", "share"), self.language)),
                    Cell(money(middle, self.language)),
                ]
            )
        return Block(render_rows(self.say("work.followed"), heads, rows, [self.say("work.followed_note")]))

    def referrals(self) -> Block:
        """Where the department's referrals of this county stand."""
        states = referral_states(
            open_aid_log(self.at.register.path, self.at.parameters, self.at.place.name, county=self.at.code),
            self.reminders.day,
        )
        mine = states[
            (states["department"] == self.department)
            & states["household_id"].isin(self.at.assessed.homes["household_id"].unique())
        ]
        title = self.say("work.referrals")
        if mine.empty:
            return Block(f'<p class="missing"><b>{escape(title)}</b> {escape(self.say("work.referrals_none"))}</p>')
        heads = [
            Head(self.say("work.state")),
            Head(self.say("work.referral_count"), True),
            Head(self.say("work.overdue"), True),
            Head(self.say("work.days_median"), True),
        ]
        number = FactColumn("v", "number")
        rows = [
            [
                Cell(self.say(f"work.referral.{state}")),
                Cell(f"{len(group):,}"),
                Cell(f"{int(group['overdue'].sum()):,}"),
                Cell(format_value(float(group["days"].median()), number, self.language)),
            ]
            for state in STATES
            for group in [mine[mine["state"] == state]]
            if len(group)
        ]
        return Block(render_rows(title, heads, rows))

    def findings(self) -> Block:
        """What is wrong in the aid records of the department's items."""
        now = self.at.assessed
        records = now.records[now.records["item_code"].isin(self._codes())]
        # The dead are no longer among the living persons of the day: deaths are read from the register.
        persons = self.at.register.read(
            "person", self.reminders.day.strftime("%Y-%m"), self.at.code, ["person_id", "deceased_on"]
        )
        found = ledger_findings(records, persons, self.at.catalogue, now.day).frame
        heads = [Head(self.say("work.finding")), Head(self.say("work.records"), True), Head(self.say("work.example"))]
        rows = [
            [Cell(str(group[self.language].iloc[0])), Cell(f"{len(group):,}"), Cell(str(group["record_id"].iloc[0]))]
            for _, group in found.groupby("finding", sort=True)
        ]
        return Block(
            render_rows(self.say("work.findings"), heads, rows, [self.say("work.findings_note")]) if rows else ""
        )

    def clock(self) -> Block:
        """Days and papers of the department's items before and after the reform."""
        codes, records = self._codes(), self.at.assessed.records
        records = records[records["item_code"].isin(codes) & records["applied_on"].notna()]
        if records.empty:
            return Block("")
        given = records.assign(department=self.department)
        with np.errstate(divide="ignore", invalid="ignore"):  # limits of a curve at 0 and 1, which are not shown
            frame = process_clock(given, REFORM, self.reminders.day, "department").frame
        heads = [Head(self.say("work.period"))] + [
            Head(self.say(f"work.{name}"), True) for name in ("cases", "open", "median", "p90", "papers")
        ]
        numbers = [FactColumn("median", "days"), FactColumn("p90", "days"), FactColumn("papers", "number")]
        decimals = column_decimals(frame, numbers)
        rows = [
            [Cell(self.say(f"work.period.{row['period']}")), Cell(f"{row['cases']:,}"), Cell(f"{row['open']:,}"),
             *(Cell(format_value(row[one.name], one, self.language, decimals[one.name])) for one in numbers)]
            for row in frame.sort_values("period", ascending=False).to_dict("records")
        ]  # fmt: skip
        return Block(render_rows(self.say("work.clock"), heads, rows, [self.say("work.clock_note")]))


def worklists_of(at: AssessedCounty, department: str) -> tuple[WorkList, ...]:
    """The department's lists in the county."""
    return department_lists(at.register, at.assessed, at.code, at.parameters, at.place, department, at.need)


def worklist_files(parameters: Mapping[str, object]) -> dict[str, bytes]:
    """The workbook that a page is the cover of, and its JSON copy, by suffix; ``parameters`` as the notebook takes them."""
    page = open_worklist(
        **{name: str(parameters[name]) for name in ("register", "month", "county", "department", "language", "scores")}
    )
    villages = page.at.register.read("village", county=page.at.code).drop_duplicates("town_code").set_index("town_code")
    towns = villages[f"town_name_{page.language}"].dropna().to_dict()
    lists = worklists_of(page.at, page.department)
    whose = (page.county, page.department)
    return worklist_content(page.mine, page.at.catalogue, page.reminders.day, whose, page.language, towns, lists)


def open_worklist(
    register: str, month: str, county: str, department: str, language: str, scores: str = ""
) -> WorklistPage:
    """The worklist of a department in one county.

    Parameters
    ----------
    scores : str
        Folder of scores and ranks: rows are then ordered by need and risk too, else by amounts alone.

    Raises
    ------
    EditionError
        For an unknown department or language.
    RegisterError
        For an unknown county.
    """
    known = code_list("department").words
    if department not in known:
        raise EditionError("unknown department", where="department", got=department, expected=" | ".join(known))
    at, spoken = assessed_county(register, month, county, scores), language_of(language)
    rows = at.register.read("county", county=county)
    name = str(rows["county_name_zh" if spoken == "zh" else "county_name_en"].iloc[0])
    now = at.assessed
    found = remind(
        now.claims, now.records, at.catalogue, at.scores, now.homes, now.counties_awaited("assistance_record")
    )
    log = open_aid_log(register, at.parameters, at.place.name, county=county)
    found = replace(found, frame=with_standing(found.frame, log, spoken))
    return WorklistPage(at, found, department, name, spoken)
