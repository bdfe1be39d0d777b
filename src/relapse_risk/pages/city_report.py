"""The city's report: comparison of counties, differences beyond chance, and tasks of the city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

from relapse_risk.assessment import ASPECTS, CITY, Facts, read_facts
from relapse_risk.assessment.city_overview import aspect_grid, city_tasks, moved, stand, with_earlier
from relapse_risk.layers import found_above
from relapse_risk.measures.facts_folder import month_before
from relapse_risk.pages import back_matter, front_matter
from relapse_risk.pages.block import Block
from relapse_risk.pages.brief import brief as first_page
from relapse_risk.pages.city_figures import funnel_block, headline_moves, level_dots, outliers
from relapse_risk.pages.city_tables import (
    aspect_table,
    change_table,
    department_table,
    headline_table,
    severity_table,
    task_table,
)
from relapse_risk.pages.county_outlines import Shape, read_outlines
from relapse_risk.pages.county_report import Report, open_report
from relapse_risk.pages.indicator_verdicts import ASSESSED
from relapse_risk.pages.place_map import PlaceMap, indicator_map, missed_map
from relapse_risk.text.by_language import enumerated, month_in_words

__all__ = ["CityReport", "open_city"]

SECTIONS = range(1, 8)
OF_LIMITS = (5, 6)  # sections that are empty where no limits apply: tasks of the city, and issues
MOST_URGENT = 3
MANY_COUNTIES = 20  # more lines than half a page is wide enough for


@dataclass(frozen=True, slots=True)
class CityReport:
    """The facts of all counties, ready to be shown in one language.

    Attributes
    ----------
    report : Report
        All counties together, as a county's report sees one.
    earlier : Facts or None
        The newest facts of an earlier month.
    shapes : dict
        Outlines of the counties where the register has them.
    """

    report: Report
    earlier: Facts | None
    shapes: dict[str, Shape]

    # -- scope -------------------------------------------------------------------------------------------

    def say(self, key: str, /, **values: object) -> str:
        return self.report.say(key, **values)

    @property
    def names(self) -> dict[str, str]:
        """Name of every county by code."""
        return self.report.county_names

    @property
    def indicator(self) -> pd.DataFrame:
        """Every indicator of every county and the city, with the last period's verdict and value."""
        before = self.earlier.all_counties("indicator") if self.earlier else None
        return with_earlier(self.report.rows("indicator"), before)

    @property
    def chart(self) -> PlaceMap:
        return PlaceMap(self.report.place, self.names, self.shapes, self.report.language)

    def joined(self, names: Sequence[str]) -> str:
        return enumerated(names, self.report.language)

    # -- front matter -------------------------------------------------------------------------------------------------------

    def brief(self, *pictures: str) -> Block:
        """The first page: who is in trouble in all counties, what changed, what must be done, and where most of them are."""
        return first_page(
            self.report,
            self.say("city.title"),
            self.report.picture(*pictures, half=self.report.place.limits_apply, numbered=False),
        )

    def contents(self) -> Block:
        """Contents with links."""
        shown = [n for n in SECTIONS if not self._left_out(n)]
        note = self.say("report.symbols") if self.report.place.limits_apply else ""
        return front_matter.linked(self.report, [(f"s{n}", self.say(f"city.section.{n}"), "") for n in shown], note)

    def section(self, number: int) -> Block:
        """Heading of a section; empty where it is left out."""
        if self._left_out(number):
            return Block("")
        return Block(f'<h2 id="s{number}">{escape(self.say(f"city.section.{number}"))}</h2>')

    def _left_out(self, number: int) -> bool:
        return number in OF_LIMITS and not self.report.place.limits_apply

    def _since(self) -> str:
        if self.earlier is not None:
            month = month_in_words(self.earlier.manifest["month"], self.report.language)
            return self.say("city.since_month", month=month)
        if previous := self.report.facts.manifest["previous"]:
            return self.say("city.since_year", month=month_in_words(previous, self.report.language))
        return self.say("city.since_never")

    def summary(self) -> Block:
        """Verdicts of the counties, limits nearly all miss, and counties that differ from the city by more than chance."""
        return Block(f'<p class="lead">{escape(self._lead())}</p>{self._urgent()}{self._outliers()}')

    def _lead(self) -> str:
        rows = stand(self.report.rows("indicator"))
        about = {"place": self.report.name, "month": self.report.month, "count": len(self.names)}
        if not rows["judged"].sum():
            covered = front_matter.people_covered(self.report, self.report.indicator_rows())
            return self.say("city.lead_unjudged", covered=covered, **about)
        assessed, missed = int(rows["judged"].sum()), rows["not_met"]
        return self.say(
            "city.lead", judged=assessed, met=assessed - int(missed.sum()), least=int(missed.min()), most=int(missed.max()),
            **about,
        )  # fmt: skip

    def _urgent(self) -> str:
        tasks = city_tasks(self.report.rows("indicator"))
        common = tasks[tasks["task"] == "common"].head(MOST_URGENT)
        if common.empty:
            return ""
        items = "".join(
            f"<li><b>{escape(self.say(f'indicator.{task.indicator}'))}</b> "
            f"{escape(self.say('city.urgent_item', counties=int(task.counties), of=int(task.of)))}</li>"
            for task in common.itertuples()
        )
        return f'<p class="urgent">{escape(self.say("city.urgent"))}</p><ul class="urgent">{items}</ul>'

    def _outliers(self) -> str:
        tested = outliers(self.report.rows("indicator"))
        found = {name: codes for name, codes in tested.items() if codes}
        if not tested:
            return ""
        if not found:
            return f"<p>{escape(self.say('city.no_outliers', count=len(tested)))}</p>"
        items = "".join(
            f"<li>{escape(self.say('city.outlier', name=self.say(f'indicator.{name}'), counties=self.joined([self.names[c] for c in codes])))}</li>"
            for name, codes in found.items()
        )
        count = sum(len(codes) for codes in found.values())
        names = self.joined([self.say(f"indicator.{name}") for name in tested])
        return f"<p>{escape(self.say('city.outliers', count=count, tested=names))}</p><ul>{items}</ul>"

    # -- sections ----------------------------------------------------------------------------------------------------

    def missed_map(self) -> Block:
        """How many limits each county misses, on the map."""
        return Block(missed_map(self.chart, self.report.rows("indicator"), "f-missed"))

    def maps(self, *names: str) -> Block:
        """Indicators on small maps beside each other; one alone takes the width."""
        rows = self.report.rows("indicator")
        known = set(rows.loc[(rows["county_code"] != CITY) & rows["value"].notna(), "indicator"])
        drawn = [name for name in names if name in known]
        half = len(drawn) > 1
        blocks = [Block(indicator_map(self.chart, rows, name, f"f-map-{name}", half=half)) for name in drawn]
        return self.side(*blocks) if half else Block("".join(block.html for block in blocks))

    def side(self, *blocks: Block) -> Block:
        """Small figures beside each other where the page is wide enough."""
        return self.report.side(*blocks)

    def headlines(self) -> Block:
        """Headline indicators of every county, in the order of codes."""
        return Block(
            f'<p class="intro">{escape(self.say("city.side_intro"))}</p>' + headline_table(self.report, self.names)
        )

    def aspects(self) -> Block:
        """Limits missed and assessed in each of the nine aspects, county by county."""
        if not self.report.place.limits_apply:
            return Block("")
        grid = aspect_grid(self.report.rows("indicator"), list(ASPECTS))
        if not grid["judged"].sum():
            return Block(f'<p class="missing">{escape(self.say("city.unjudged"))}</p>')
        return Block(aspect_table(self.report, self.names, grid))

    def reading(self) -> Block:
        """How to read a funnel."""
        return Block(f'<p class="intro">{escape(self.say("city.funnel_intro"))}</p>')

    def funnel(self, name: str) -> Block:
        """A share of every county against its denominator."""
        return funnel_block(self.report, self.names, name)

    def levels(self, *names: str) -> Block:
        """Means or sums per person of every county, with intervals; beside each other unless the counties are many."""
        half = len(self.names) <= MANY_COUNTIES
        blocks = [level_dots(self.report, self.names, name, half=half) for name in names]
        return self.side(*blocks) if half else Block("".join(block.html for block in blocks))

    def changes(self) -> Block:
        """Verdicts that changed since the last period, and the headline that moved most."""
        rows = self.indicator
        changed = moved(rows)
        worse, better = int(changed["worse"].sum()), int((~changed["worse"]).sum())
        words = [self.say(f"city.change_{kind}", count=n) for kind, n in (("worse", worse), ("better", better)) if n]
        said = self.joined(words) if words else self.say("city.change_none") if rows["was"].isin(ASSESSED).any() else ""
        lead = f'<p class="intro">{escape(self._since())}</p>' + (
            f'<p class="stand">{escape(said)}</p>' if said else ""
        )
        table = change_table(self.report, self.names, rows, changed) if len(changed) else ""
        return Block(lead + headline_moves(self.report, rows) + table)

    def tasks(self) -> Block:
        """Tasks of the city, with evidence and measures."""
        if self._left_out(5):
            return Block("")
        return Block(task_table(self.report, self.names, city_tasks(self.report.rows("indicator"))))

    def issues(self) -> Block:
        """Issues of all counties: by severity, and by the department that leads."""
        rows = self.report.rows("issue_list")
        if self._left_out(6):
            return Block("")
        if rows.empty:
            return Block(f"<p>{escape(self.say('issues.none'))}</p>")
        return Block(severity_table(self.report, self.names, rows) + department_table(self.report, rows))

    def methods(self) -> Block:
        """How funnels are drawn, what is ours, and what is withheld."""
        common = [self.say("city.method_common")] if self.report.place.limits_apply else []
        lines = [self.say("city.method_funnel"), *common, self.chart.note]
        notes = "".join(f"<p>{escape(line)}</p>" for line in lines)
        return Block(f'<div class="methods">{notes}{back_matter.method_notes(self.report).html}</div>')


def open_city(register: str | Path, facts: str | Path, month: str, language: str) -> CityReport:
    """Open the facts of all counties as the city's report.

    Parameters
    ----------
    register : path
        Folder of the register, for outlines of the counties (``counties.geojson``).
    facts : path
        Facts folder of the place; facts of an earlier month there say what changed.
    month : str
        ``YYYY-MM``.
    language : {"zh", "en"}

    Raises
    ------
    EditionError
        For an unknown language.
    RegisterError
        For outlines that cannot be read.
    """
    register, kept = found_above(register), found_above(facts)
    report = open_report(kept, month, CITY, language)
    before = month_before(kept, month)
    codes = [code for code, _, _ in report.facts.manifest["counties"]]
    return CityReport(report, read_facts(kept, before) if before else None, read_outlines(register, codes))
