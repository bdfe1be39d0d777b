"""One county's report, block by block: what the notebook calls.

Every method gives a :class:`Block`, a piece of HTML the notebook shows and the page is put together from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from pathlib import Path

import pandas as pd

from relapse_risk import __version__
from relapse_risk.assessment import ASPECTS, CITY, TABLES, FactColumn, Facts, FactTable, read_facts
from relapse_risk.errors import EditionError
from relapse_risk.months import month_end
from relapse_risk.parameters import Place, read_parameters, read_place
from relapse_risk.reporting import svg
from relapse_risk.reporting.figures import FIGURES, Canvas, draw
from relapse_risk.reporting.format import format_date, format_interval, format_value, is_null
from relapse_risk.reporting.tables import render_rows, render_table
from relapse_risk.reporting.text import LANGUAGES, Language, has_text, text
from relapse_risk.schema import code_list, table

__all__ = ["Block", "Report", "open_report"]

SECTIONS = tuple(range(19))
ISSUE_DAYS = 30
LEAD = {3: "FP", 4: "FP", 5: "ZJ", 6: "NY", 7: "MZ", 8: "FP", 9: "NY", 11: "FP", 12: "FP", 14: "FP", 15: "FP", 16: "FP"}
ORDER = {"not_met": 0, "watch": 1, "met": 2, "no_limit": 3, "not_collected": 4}
MOST_ISSUES_NAMED = 3


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a report."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


@dataclass(frozen=True, slots=True)
class Report:
    """The facts of one county, ready to be shown in one language."""

    facts: Facts
    county: str
    language: Language

    # -- words ---------------------------------------------------------------------------------------------------------

    def say(self, key: str, **values: object) -> str:
        """A message of the catalogue in the report's language."""
        return text(key, self.language, **values)

    @property
    def name(self) -> str:
        """Name of the county in the report's language."""
        names = {code: (zh, en) for code, zh, en in self.facts.manifest["counties"]}
        return names[self.county][0 if self.language == "zh" else 1]

    @property
    def _place(self) -> Place:
        return read_place(self.facts.manifest["place"])

    def _label(self, part: str) -> str:
        label: str = getattr(self._place, part).in_language(self.language)
        return label

    # -- front matter ----------------------------------------------------------------------------------------------------

    def cover(self) -> Block:
        """Title, period, who is covered, and what the data is."""
        manifest = self.facts.manifest
        previous = manifest["previous"]
        compared = (
            self.say("report.previous", day=format_date(month_end(previous), self.language))
            if previous
            else self.say("report.no_previous")
        )
        lines = [
            f'<p class="place">{escape(self._label("label"))}</p>',
            f"<h1>{escape(self.say('report.title', county=self.name))}</h1>",
            f'<p class="subtitle">{escape(self.say("report.subtitle"))}</p>',
            f'<p class="period">{escape(self.say("report.period", day=format_date(manifest["data_date"], self.language)))}'
            f"<br>{escape(compared)}</p>",
            f'<p class="notice">{escape(self._label("data_note"))}</p>',
            f'<p class="small">{escape(self._label("population_note"))}</p>',
            f'<p class="stamp">{escape(self._stamp())}</p>',
        ]
        return Block(f'<header class="cover">{"".join(lines)}</header>')

    def _stamp(self) -> str:
        return self.say("report.stamp", digest=self.facts.manifest["hashes"][self.county], version=__version__)

    def contents(self) -> Block:
        """Contents with links; page numbers are put in by the PDF."""
        items = "".join(
            f'<li><a href="#s{number}">{escape(self.say(f"section.{number}"))}</a></li>' for number in self._order()
        )
        return Block(f'<nav class="contents"><h2>{escape(self.say("report.contents"))}</h2><ol>{items}</ol></nav>')

    def _order(self) -> tuple[int, ...]:
        return (1, 0, *SECTIONS[2:])

    def heading(self, number: int) -> Block:
        """Heading of a section with one sentence on what it asks, and its indicators."""
        parts = [f'<h2 id="s{number}">{escape(self.say(f"section.{number}"))}</h2>']
        if why := self._not_collected(number):
            return Block(parts[0] + f'<p class="missing">{escape(why)}</p>')
        if has_text(f"intro.{number}"):
            horizon = self._place.horizon_months
            parts.append(f"<p>{escape(self.say(f'intro.{number}', horizon=horizon))}</p>")
        return Block("".join(parts))

    def _not_collected(self, number: int) -> str:
        """The sentence for a section none of whose tables could be computed; empty when something could."""
        rows = self._availability()
        mine = rows[rows["section"] == number]
        if mine.empty or (mine["status"] != "not_collected").any():
            return ""
        return self.say("report.section_not_collected", what=self._named_needs(mine["reason"]))

    def _availability(self) -> pd.DataFrame:
        return self.facts.table("availability", self.county)

    def _named_needs(self, reasons: pd.Series) -> str:
        needs = dict.fromkeys(need for reason in reasons for need in str(reason).split(", ") if need)
        return ("、" if self.language == "zh" else ", ").join(self._named_need(need) for need in needs)

    def _named_need(self, need: str) -> str:
        """``household.dwelling_grade`` in the words of the dictionary."""
        if need.startswith(("not_scored", "not_fitted")):
            return self.say(f"report.{need.split(':')[0]}")
        name, _, column = need.partition(".")
        if name == "place_fact":
            return self.say("section.10") if column == "paired_help" else table(name).label(self.language)
        spec = table(name)
        if not column:
            return spec.label(self.language)
        return f"{spec.label(self.language)}“{spec.column(column).label(self.language)}”"

    # -- tables and figures --------------------------------------------------------------------------------------------

    def _spec(self, name: str) -> FactTable:
        for spec in TABLES:
            if spec.name == name:
                return spec
        raise EditionError(
            "no such fact table", where="notebook", got=name, expected=" | ".join(t.name for t in TABLES)
        )

    def _state(self, name: str) -> tuple[str, str]:
        rows = self._availability()
        row = rows[rows["table"] == name].iloc[0]
        return str(row["status"]), str(row["reason"])

    def _absent(self, name: str) -> Block | None:
        """What stands in a table's or figure's place when there is nothing to show."""
        spec = self._spec(name)
        status, reason = self._state(name)
        if status == "collected":
            return None
        if status == "not_collected" and self._not_collected(spec.section):
            return Block("")  # the section's heading has said so already
        title = escape(self.say(f"table.{name}"))
        why = (
            self.say("report.empty")
            if status == "empty"
            else self.say("report.not_collected", what=self._named_needs(pd.Series([reason])))
        )
        return Block(f'<p class="missing"><b>{title}</b> {escape(why)}</p>')

    def table(self, name: str, notes: Sequence[str] = ()) -> Block:
        """A fact table, or the reason why there is none."""
        if (absent := self._absent(name)) is not None:
            return absent
        spec = self._spec(name)
        frame = self.facts.table(name, self.county)
        withheld = any(c.kind in ("households", "persons") and frame[c.name].isna().any() for c in spec.columns)
        extra = [self.say("report.suppressed", threshold=self._threshold())] if withheld else []
        html = render_table(self.say(f"table.{name}"), frame, spec.columns, self.language, [*notes, *extra])
        return Block(html)

    def figure(self, name: str) -> Block:
        """The drawing of a fact table; the reason is given by its table when there is none."""
        if self._absent(name) is not None or name not in FIGURES:
            return Block("")
        frame = self.facts.table(name, self.county)
        return Block(draw(Canvas(self._spec(name), frame, self.language), f"f-{name}"))

    def _threshold(self) -> int:
        used = {p["name"]: p["value"] for p in self.facts.manifest["parameters"]}
        return int(used.get("small_cell", 5))

    # -- indicators ----------------------------------------------------------------------------------------------------

    def _indicators(self) -> pd.DataFrame:
        return self.facts.table("indicator", self.county)

    def indicators(self, number: int) -> Block:
        """The indicators of a section: numerator, denominator, value, interval, last period, limit, verdict."""
        rows = self._indicators()
        mine = rows[rows["section"] == number]
        if mine.empty or self._not_collected(number):
            return Block("")
        return Block(self._indicator_table(self.say("table.indicator"), mine))

    def _indicator_table(self, caption: str, rows: pd.DataFrame) -> str:
        names = ("indicator", "numerator", "denominator", "value", "interval", "previous", "limit", "verdict")
        heads = [(self.say(f"column.{name}"), name not in ("indicator", "verdict")) for name in names]
        cells = [self._indicator_cells(row) for _, row in rows.iterrows()]
        notes = [self.say("report.full_count")] if not rows["sampled"].all() else []
        if (rows["verdict"] == "watch").any():
            notes.append(self.say("report.watch_note"))
        marks = sorted(set(rows.loc[rows["limit"].notna(), "limit_confidence"].dropna()) - {"documented"})
        if marks:
            basis = "、".join(self.say(f"value.confidence.{mark}") for mark in marks)
            notes.append(self.say("report.limit_basis", basis=f"* {basis}"))
        return render_rows(caption, heads, cells, notes)

    def _indicator_cells(self, row: pd.Series) -> list[tuple[str, str]]:
        unit = FactColumn("value", row["unit"])
        count = FactColumn("n", "count")
        limit = self._written(row["limit"], unit)
        if not is_null(row["limit"]) and row["limit_confidence"] != "documented":
            limit += "*"
        return [
            (self.say(f"indicator.{row['indicator']}"), ""),
            (self._written(row["numerator"], count), ""),
            (self._written(row["denominator"], count), ""),
            (self._written(row["value"], unit), "strong"),
            (format_interval(row["low"], row["high"], row["unit"], self.language), ""),
            (self._written(row["previous"], unit), ""),
            (limit, ""),
            (self.say(f"value.verdict.{row['verdict']}"), f"verdict {row['verdict']}"),
        ]

    def _written(self, value: object, column: FactColumn) -> str:
        return format_value(value, column, self.language)

    def summary(self) -> Block:
        """The first page: what holds, what does not, and where to look, readable in a minute."""
        rows = self._indicators()
        count = rows["verdict"].value_counts()
        headline = self.say(
            "summary.headline", met=count.get("met", 0), watch=count.get("watch", 0), not_met=count.get("not_met", 0),
            unjudged=count.get("no_limit", 0) + count.get("not_collected", 0),
        )  # fmt: skip
        worst = self._worst(rows).head(MOST_ISSUES_NAMED)
        named = [
            f"{self.say('indicator.' + row['indicator'])} {self._written(row['value'], FactColumn('v', row['unit']))}"
            for _, row in worst.iterrows()
        ]
        joined = ("；" if self.language == "zh" else "; ").join(named)
        first = self.say("summary.first", items=joined) if named else self.say("summary.none")
        table_html = self._indicator_table(self.say("summary.table"), rows[rows["headline"]])
        return Block(f'<p class="lead">{escape(headline)} {escape(first)}</p>{table_html}')

    def _worst(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Indicators not met, furthest from their limit first."""
        missed = rows[rows["verdict"] == "not_met"]
        gap = (missed["value"] - missed["limit"]).abs() / missed["limit"].abs().clip(lower=0.05)
        return missed.loc[gap.sort_values(ascending=False).index]

    def aspects(self) -> Block:
        """The nine aspects: how many indicators of each are met, watched, missed, unjudged."""
        rows = self._indicators()
        verdicts = ("met", "watch", "not_met", "no_limit", "not_collected")
        heads = [(self.say("summary.aspect"), False), *((self.say(f"value.verdict.{v}"), True) for v in verdicts)]
        cells = []
        for number in ASPECTS:
            found = rows.loc[rows["section"] == number, "verdict"].value_counts()
            line = [(self.say(f"section.{number}"), "")]
            if self._not_collected(number):
                line += [("", "")] * 4 + [("●", "verdict not_collected")]
            else:
                line += [(str(found.get(v, 0) or ""), f"verdict {v}" if found.get(v) else "") for v in verdicts]
            cells.append(line)
        return Block(render_rows(self.say("summary.aspects"), heads, cells))

    def peers(self) -> Block:
        """The county among all: main rates as dots."""
        everyone = self.facts.all_counties("indicator")
        everyone = everyone[(everyone["unit"] == "share") & (everyone["county_code"] != CITY)]
        mine = everyone[(everyone["county_code"] == self.county) & everyone["headline"] & everyone["value"].notna()]
        if mine.empty:
            return Block("")
        rows = []
        for _, row in mine.iterrows():
            others = everyone[(everyone["indicator"] == row["indicator"]) & (everyone["county_code"] != self.county)]
            rows.append((row, [float(v) for v in others["value"].dropna()]))
        inner, height = svg.dots(
            [self.say(f"indicator.{row['indicator']}") for row, _ in rows],
            [float(row["value"]) for row, _ in rows],
            [peers for _, peers in rows],
            [self._written(row["value"], FactColumn("v", "share")) for row, _ in rows],
            [None if is_null(row["limit"]) else float(row["limit"]) for row, _ in rows],
        )
        division = self._label("division")
        title = self.say("summary.dots", division=division)
        note = self.say("report.peer_note", division=division)
        described = "; ".join(
            f"{self.say('indicator.' + row['indicator'])} {self._written(row['value'], FactColumn('v', 'share'))}"
            for row, _ in rows
        )
        drawing = svg.figure(inner, height, title, self.say("chart.desc", rows=described), "f-peers")
        return Block(drawing + f'<p class="note">{escape(note)}</p>')

    # -- closing sections ----------------------------------------------------------------------------------------------

    def issues(self) -> Block:
        """Every indicator not met as an issue with lead department, deadline and suggestion."""
        missed = self._worst(self._indicators())
        if missed.empty:
            return Block(f"<p>{escape(self.say('issues.none'))}</p>")
        due = month_end(self.facts.manifest["month"]) + timedelta(days=ISSUE_DAYS)
        names = ("issue", "lead", "due", "todo")
        heads = [(self.say(f"issues.{names[0]}"), False), (self.say("column.value"), True), (self.say("column.limit"), True),
                 *((self.say(f"issues.{name}"), False) for name in names[1:])]  # fmt: skip
        rows = []
        for _, row in missed.iterrows():
            unit, key = FactColumn("v", row["unit"]), f"issue.{row['section']}"
            lead = code_list("department").label(LEAD.get(int(row["section"]), "FP"), self.language)
            todo = self.say(key) if has_text(key) else self.say("issue.other")
            rows.append(
                [
                    (self.say(f"indicator.{row['indicator']}"), ""), (self._written(row["value"], unit), "strong"),
                    (self._written(row["limit"], unit), ""), (lead, ""), (format_date(due, self.language), ""), (todo, ""),
                ]
            )  # fmt: skip
        return Block(render_rows(self.say("issues.table"), heads, rows))

    def parameters(self) -> Block:
        """Every dated value used, with source and mark."""
        heads = [
            (self.say(f"column.{name}"), name == "value") for name in ("name", "value", "start", "confidence", "source")
        ]
        rows = []
        for used in self.facts.manifest["parameters"]:
            label = self._parameter_label(used["name"])
            value = format_value(used["value"], FactColumn("v", "number"), self.language)
            mark = self.say(f"value.confidence.{used['confidence']}")
            rows.append(
                [
                    (label, ""), (f"{value} {used['unit']}", ""), (str(used["start"]), ""),
                    (mark, "" if used["confidence"] == "documented" else "warn"), (used["source"], ""),
                ]
            )  # fmt: skip
        return Block(render_rows(self.say("annex.parameters"), heads, rows, [self.say("report.marks")]))

    def _parameter_label(self, name: str) -> str:
        return read_parameters().parameter(name).label.in_language(self.language)

    def model_note(self) -> Block:
        """How to recompute a probability, what it was fitted on, and how bands are cut."""
        card = self._card("model_card")
        if not card:
            return Block("")
        if not card["fitted"]:
            return Block(f'<p class="missing">{escape(self.say("annex.not_fitted", why=card["why_not"]))}</p>')
        share = FactColumn("v", "share")
        lines = [
            self.say("annex.model"),
            self.say(
                "annex.model_fit", n=f"{card['n']:,}", events=f"{card['events']:,}", clusters=f"{card['clusters']:,}",
                rate=self._written(card["base_rate"], share), attrition=self._written(card["attrition"], share),
            ),
            self.say(
                "annex.bands", high=self._written(card["high_share"], share),
                medium=self._written(card["medium_share"], share),
            ),
        ]  # fmt: skip
        return Block("".join(f"<p>{escape(line)}</p>" for line in lines))

    def index_note(self) -> Block:
        """What the hardship index is and how far its weights may be trusted."""
        card = self._card("index_card")
        if not card:
            return Block("")
        shift = format_value(card["mean_shift"], FactColumn("v", "number"), self.language)
        line = self.say(
            "annex.index",
            index=card["index"],
            confidence=self.say(f"value.confidence.{card['confidence']}"),
            shift=shift,
        )
        return Block(f"<p>{escape(line)}</p>")

    def _card(self, name: str) -> dict[str, object]:
        card: dict[str, object] = self.facts.manifest.get("cards", {}).get(name) or {}
        return card

    def method_notes(self) -> Block:
        """Sampling and suppression."""
        lines = [self.say("annex.suppression", threshold=self._threshold())]
        if self._state("survey_answers")[0] == "collected":
            lines.insert(0, self.say("annex.survey"))
        return Block("".join(f"<p>{escape(line)}</p>" for line in lines))


def open_report(facts: str | Path, month: str, county: str, language: str) -> Report:
    """Open one county's facts as a report.

    Parameters
    ----------
    facts : path
        Facts folder of the place.
    month : str
        ``YYYY-MM``.
    county : str
        County code.
    language : {"zh", "en"}

    Raises
    ------
    EditionError
        For an unknown county or language.
    """
    if language not in LANGUAGES:
        raise EditionError("unknown language", where="language", got=language, expected=" | ".join(LANGUAGES))
    opened = read_facts(Path(facts), month)
    codes = [code for code, _, _ in opened.manifest["counties"]]
    if county not in codes:
        raise EditionError("unknown county", where="county", got=county, expected=" | ".join(codes))
    return Report(opened, county, "zh" if language == "zh" else "en")
