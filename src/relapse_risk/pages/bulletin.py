"""The bulletin: the issue ledger on a day: age, departments, and changes since the last period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from pathlib import Path

import pandas as pd

from relapse_risk.assessment import CITY, Facts, read_facts
from relapse_risk.assessment.city_overview import moved, with_earlier
from relapse_risk.errors import EditionError
from relapse_risk.issues.issue_flow import ageing, by_group, closings, events, movement, recurring
from relapse_risk.issues.issue_ledger import issue_states, project_states, read_issue_steps
from relapse_risk.layers import found_above
from relapse_risk.measures.facts_folder import month_before
from relapse_risk.months import add_months, month_end
from relapse_risk.pages import front_matter
from relapse_risk.pages.block import Block, anchor
from relapse_risk.pages.bulletin_tables import (
    age_chart,
    age_table,
    closed_table,
    county_map,
    department_table,
    issue_table,
    moves_chart,
    opened_table,
    recurring_table,
)
from relapse_risk.pages.county_outlines import Shape, read_outlines
from relapse_risk.pages.county_report import Report, open_report
from relapse_risk.pages.format import format_date
from relapse_risk.pages.issue_words import check_words, day_words, sorted_by_need, till
from relapse_risk.pages.place_map import PlaceMap
from relapse_risk.register import Register
from relapse_risk.schema import code_list
from relapse_risk.text.by_language import month_in_words

__all__ = ["PERIODS", "Bulletin", "open_bulletin", "period_before"]

PERIODS = ("week", "month", "quarter")
SECTIONS = range(1, 9)
MOST_URGENT, MOST_ROWS = 3, 18  # rows: a table that stays on one page
AHEAD_DAYS = {"week": 7, "month": 31, "quarter": 31}


@dataclass(frozen=True, slots=True)
class Bulletin:
    """The ledger of one county, or of all together, on a day.

    Attributes
    ----------
    report : Report
        The facts beside it.
    states, happened, closings : DataFrame
        Where every issue stands on ``until``, every opening and closing, and the closings of the period.
    after, until : date
        The period: after the one, up to and with the other.
    earlier : Facts or None
        Facts of the month before.
    """

    report: Report
    every: str
    states: pd.DataFrame
    happened: pd.DataFrame
    closings: pd.DataFrame
    after: date
    until: date
    earlier: Facts | None
    shapes: dict[str, Shape]

    def say(self, key: str, /, **values: object) -> str:
        return self.report.say(key, division=self.report.label("division"), **values)

    def day(self, day: date) -> str:
        return format_date(day.isoformat(), self.report.language)

    @property
    def ahead(self) -> date:
        """Until when an open issue counts as soon due."""
        return self.until + timedelta(days=AHEAD_DAYS[self.every])

    @property
    def moves(self) -> dict[str, int]:
        """Issues before, opened, failed_again, closed and now."""
        found = movement(self.happened, self.after, self.until)
        return dict(zip(found["step"], found["issues"].astype(int), strict=True))

    @property
    def names(self) -> dict[str, str]:
        """Name of every county by code; all together are the tasks of the city."""
        return self.report.county_names | {CITY: self.say("bulletin.city_row")}

    # -- front matter -------------------------------------------------------------------------------------------------------

    def cover(self) -> Block:
        """Title, period, and what the data is."""
        facts_day = format_date(self.report.facts.manifest["data_date"], self.report.language)
        period = self.say("bulletin.period", after=self.day(self.after), until=self.day(self.until), day=facts_day)
        return front_matter.cover(
            self.report,
            self.say(f"bulletin.title.{self.every}"),
            self.say("bulletin.subtitle"),
            period,
            self.summary().html,
        )

    def contents(self) -> Block:
        """Contents with links."""
        return front_matter.linked(self.report, [(anchor(n), self.say(f"bulletin.section.{n}"), "") for n in SECTIONS])

    def section(self, number: int) -> Block:
        """Heading of a section."""
        return Block(f'<h2 id="{anchor(number)}">{escape(self.say(f"bulletin.section.{number}"))}</h2>')

    def summary(self) -> Block:
        """How many are open, overdue, new, closed and recurring; and the most urgent."""
        moves, open_ = self.moves, self.states[self.states["open"].astype(bool)]
        about = {"name": self.report.name, "until": self.day(self.until)}
        if self.states.empty:
            return Block(f'<p class="lead">{escape(self.say("bulletin.lead_none", name=self.report.name))}</p>')
        if open_.empty:
            return Block(f'<p class="lead">{escape(self.say("bulletin.lead_clear", closed=moves["closed"], **about))}</p>')  # fmt: skip
        lead = self.say(
            "bulletin.lead", now=moves["now"], overdue=int(open_["overdue"].sum()), opened=moves["opened"],
            closed=moves["closed"], again=self._again(), **about,
        )  # fmt: skip
        waiting = int((open_["state"] == "passed").sum())
        rest = f"<p>{escape(self.say('bulletin.waiting', count=waiting))}</p>" if waiting else ""
        return Block(f'<p class="lead">{escape(lead)}</p>{self._first(open_)}{rest}')

    def _again(self) -> int:
        """Issues that recurred in the period, whether they had been closed or only passed."""
        since = self.states["since"]
        fresh = (since > self.after.isoformat()) & (since <= self.until.isoformat())
        return int((fresh & (self.states["times"].astype(int) > 1)).sum())

    def _first(self, open_: pd.DataFrame) -> str:
        """The most urgent: single issues of a county; of all together, the checks severe and overdue in most counties."""
        owner, late = (
            code_list("department"),
            sorted_by_need(open_[open_["overdue"].astype(bool) & (open_["county_code"] != CITY)]),
        )
        if self.report.county == CITY and len(late):
            urgent = [
                (check_words(check, label, self.report.language),
                 self.say("bulletin.first_check", owner=owner.label(department, self.report.language), count=count))
                for (check, label, department), count in _first_checks(late).head(MOST_URGENT).items()
            ]  # fmt: skip
        else:
            urgent = [
                (self._named(row), self.say("bulletin.first_item", owner=owner.label(row["department"], self.report.language),
                                            due=day_words(row["due_on"], self.report.language), days=till(row["due_on"], self.until, self.report.language)))
                for row in sorted_by_need(open_).head(MOST_URGENT).to_dict("records")
            ]  # fmt: skip
        items = "".join(f"<li><b>{escape(what)}</b> {escape(more)}</li>" for what, more in urgent)
        return f'<p class="urgent">{escape(self.say("bulletin.first"))}</p><ul class="urgent">{items}</ul>'

    def _named(self, row: dict[str, object]) -> str:
        words = check_words(str(row["check"]), str(row["label"]), self.report.language)
        return f"{self.names[str(row['county_code'])]} {words}" if self.report.county == CITY else words

    # -- sections ----------------------------------------------------------------------------------------------------

    def to_do(self) -> Block:
        """Overdue and soon due, by date: what to do now."""
        open_ = self.states[self.states["open"].astype(bool)]
        mine = sorted_by_need(open_[open_["overdue"].astype(bool) | (open_["due_on"].between("0", self.ahead.isoformat()))])  # fmt: skip
        intro = f'<p class="intro">{escape(self.say("bulletin.todo_intro", ahead=self.day(self.ahead)))}</p>'
        if mine.empty:
            return Block(f"<p>{escape(self.say('bulletin.todo_none'))}</p>")
        return Block(intro + issue_table(self.report, self.names, mine.head(MOST_ROWS), self.say("bulletin.todo_table"), self.until, self._rest(mine)))  # fmt: skip

    def _rest(self, rows: pd.DataFrame) -> list[str]:
        """How many rows are not shown."""
        rest = len(rows) - MOST_ROWS
        return [self.say("bulletin.more", count=rest)] if rest > 0 else []

    def moved(self) -> Block:
        """From the open issues before to those now; what was opened; and how verdicts changed."""
        since = self.states["since"]
        fresh = self.states[(since > self.after.isoformat()) & (since <= self.until.isoformat())]
        if fresh.empty:
            table = f"<p>{escape(self.say('bulletin.new_none'))}</p>"
        elif self.report.county == CITY:
            table = opened_table(self.report, self.names, sorted_by_need(fresh))
        else:
            table = issue_table(
                self.report, self.names, sorted_by_need(fresh), self.say("bulletin.new_table"), self.until
            )
        return Block(moves_chart(self.report, self.moves) + self._indicators() + table)

    def _indicators(self) -> str:
        if self.earlier is None:
            return ""
        changed = moved(with_earlier(self.report.rows("indicator"), self.earlier.all_counties("indicator")))
        if self.report.county != CITY:
            changed = changed[changed["county_code"] == self.report.county]
        worse = int(changed["worse"].sum())
        month = month_in_words(self.earlier.manifest["month"], self.report.language)
        words = self.say("bulletin.indicators_since", month=month, worse=worse, better=len(changed) - worse)
        return f"<p>{escape(words)}</p>"

    def ages(self) -> Block:
        """Open issues by age and severity."""
        table = ageing(self.states)
        if not table["issues"].sum():
            return Block("")
        return Block(age_chart(self.report, self.states, table) + age_table(self.report, table))

    def owners(self) -> Block:
        """Departments: open, overdue, soon due, to close, closed, oldest."""
        table = by_group(self.states, self.closings, "department", self.until, self.ahead)
        return Block(department_table(self.report, table))

    def counties(self) -> Block:
        """Counties on the map and in a table; nothing in a county's own bulletin."""
        if self.report.county != CITY:
            return Block("")
        divisions = {code: name for code, name in self.names.items() if code != CITY}
        chart = PlaceMap(self.report.place, divisions, self.shapes, self.report.language)
        table = by_group(self.states, self.closings, "county_code", self.until, self.ahead)
        return Block(county_map(self.report, chart, self.names, table))

    def again(self) -> Block:
        """Recurring issues."""
        mine = recurring(self.states)
        intro = f'<p class="intro">{escape(self.say("bulletin.recurring_intro"))}</p>'
        if mine.empty:
            return Block(f"<p>{escape(self.say('bulletin.recurring_none'))}</p>")
        return Block(intro + recurring_table(self.report, self.names, mine.head(MOST_ROWS), self._rest(mine)))

    def closed(self) -> Block:
        """Closed in the period, with the evidence."""
        if self.closings.empty:
            return Block(f"<p>{escape(self.say('bulletin.closed_none'))}</p>")
        return Block(closed_table(self.report, self.names, self.closings.head(MOST_ROWS), self._rest(self.closings)))

    def notes(self) -> Block:
        """What becomes an issue, what closes one, and where the days come from."""
        lines = [self.say(f"bulletin.note_{kind}") for kind in ("check", "close", "days")]
        return Block(f'<div class="methods">{"".join(f"<p>{escape(line)}</p>" for line in lines)}</div>')


def _first_checks(late: pd.DataFrame) -> pd.Series:
    """Counties by check that is overdue there, the checks that are severe in most counties first.

    Parameters
    ----------
    late : DataFrame
        Overdue issues, those most in need first: check, label, department, county_code, severity.
    """
    ranked = late.assign(place=range(len(late)), severe=late["severity"] == "severe")
    checks = ranked.groupby(["check", "label", "department"], sort=False).agg(
        severe=("severe", "sum"), counties=("county_code", "nunique"), place=("place", "median")
    )
    return checks.sort_values(["severe", "counties", "place"], ascending=[False, False, True])["counties"]


def period_before(until: date, every: str) -> date:
    """The last day of the period before the one that ends on ``until``.

    A month's end goes back to the month's end before; any other day to the same day of the month before.

    Examples
    --------
    >>> period_before(date(2020, 12, 31), "month"), period_before(date(2020, 12, 31), "week")
    (datetime.date(2020, 11, 30), datetime.date(2020, 12, 24))
    """
    if every == "week":
        return until - timedelta(days=7)
    month = add_months(f"{until:%Y-%m}", -1 if every == "month" else -3)
    last = month_end(month)
    ends = until == month_end(f"{until:%Y-%m}")
    return last if ends or until.day > last.day else last.replace(day=until.day)


def open_bulletin(
    register: str | Path, facts: str | Path, month: str, county: str, language: str, *, day: str, every: str
) -> Bulletin:
    """Open the issue ledger as of ``day`` beside the facts of ``month``.

    Parameters
    ----------
    register : path
        Folder of the register, with the ledger beside its tables.
    facts : path
        Facts folder of the place.
    month : str
        Month of the facts, ``YYYY-MM``.
    county : str
        County code, or ``city`` for all together.
    language : {"zh", "en"}
    day : str
        ``YYYY-MM-DD``.
    every : {"week", "month", "quarter"}
        The reporting period.

    Raises
    ------
    EditionError
        For an unknown period, county or language.
    """
    if every not in PERIODS:
        raise EditionError("unknown period", where="every", got=every, expected=" | ".join(PERIODS))
    kept = found_above(facts)
    report, opened, until = (
        open_report(kept, month, county, language),
        Register.open(found_above(register)),
        date.fromisoformat(day),
    )
    codes: Sequence[str] = opened.counties if county == CITY else [county]
    steps = read_issue_steps(opened.path)
    whole = issue_states(steps, until)
    projects = pd.concat(
        [project_states(opened.read("project_issue", county=code), code, until) for code in codes], ignore_index=True
    )
    parts = [
        part for part in (whole if county == CITY else whole[whole["county_code"] == county], projects) if len(part)
    ]
    states = pd.concat(parts, ignore_index=True) if parts else whole.iloc[:0]
    known = set(states["issue_id"])
    mine = [step for step in steps if step.issue_id in known]
    after, before = period_before(until, every), month_before(kept, month)
    return Bulletin(
        report, every, states, events(mine, projects), closings(mine, states, after, until), after, until,
        read_facts(kept, before) if before else None,
        read_outlines(register, opened.counties) if county == CITY else {},
    )  # fmt: skip
