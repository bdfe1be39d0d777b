"""Back matter: the list of issues, and the appendix of methods, parameters and sources."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from html import escape

import pandas as pd
from markupsafe import Markup

from relapse_risk.assessment import CITY, INDICATORS, FactColumn
from relapse_risk.errors import ParameterError
from relapse_risk.issues.issue_ledger import DAYS
from relapse_risk.pages.block import Block, Source
from relapse_risk.pages.brief_actions import people_in_trouble
from relapse_risk.pages.documents_cited import titled
from relapse_risk.pages.format import NOT_COMPUTED, WITHHELD, format_date, format_value
from relapse_risk.pages.html_tables import STACKED, Cell, Head, render_rows
from relapse_risk.pages.indicator_verdicts import limit_text, value_text, written
from relapse_risk.pages.issue_words import till
from relapse_risk.pages.not_collected import needs_by_table
from relapse_risk.pages.section_heading import only_part
from relapse_risk.parameters import Parameters, read_parameters
from relapse_risk.text import bilingual, has_text
from relapse_risk.text.by_language import enumerated

FIRST_SECTION, ISSUES = 2, 17  # sections of facts; the issues follow from them
HYPHENED = re.compile(r"\w+(?:-\w+)+")
UNDOCUMENTED = ("from_memory", "assumed", "carried")  # marks of a value that a reader should check
ALWAYS = "2000-01-01"  # start of a value that no document dates: it holds for every month
__all__ = ["index_note", "issues", "method_notes", "model_note", "not_collected", "parameters"]


def issues(source: Source) -> Block:
    """Every indicator not met: value and limit, how severe, who leads, by when, and what to do; empty without limits."""
    if not source.place.limits_apply:
        return Block("")
    if source.status("issue_list")[0] != "collected":
        return Block(f"<p>{escape(source.say('issues.none'))}</p>")
    values = source.indicator_rows().set_index("indicator")
    found = _by_people(source.rows("issue_list", source.county), values)
    shown = ("severity", "department", "due_on", "times", "remedy")
    names = [name for name in shown if name in found]  # facts of an older version have no times
    columns = {column.name: column for column in source.spec("issue_list").columns}
    heads = [
        Head(source.say("issues.issue")),
        Head(source.say("column.value"), True),
        Head(source.say("column.limit"), True),
        Head(source.say("issues.people"), True),
    ]
    heads += [Head(source.say(f"column.{name}")) for name in names]
    rows, day = [], date.fromisoformat(source.facts.manifest["data_date"])
    for _, issue in found.iterrows():
        row = values.loc[issue["indicator"]]
        cells = [
            Cell(source.say(f"indicator.{issue['indicator']}")), Cell(value_text(source, row), "strong"),
            Cell(limit_text(source, row)), _people_cell(source, row),
        ]  # fmt: skip
        cells += [
            Cell(format_value(issue[name], columns[name], source.language), "", till(issue[name], day, source.language) if name == "due_on" else "")
            for name in names
        ]  # fmt: skip
        rows.append(cells)
    number, notes = (
        source.number("table", 17, "issues"),
        [source.say("issues.severity_note"), source.say("issues.note")],
    )
    return Block(render_rows(source.say("issues.table"), heads, rows, notes, number))


PEOPLE = frozenset(item.name for item in INDICATORS if item.people and item.unit == "share")


def _by_people(found: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Issues by severity, then by the people in trouble, those that count none last; else in the order they came."""
    people = [people_in_trouble(values.loc[name]) if name in PEOPLE else -1.0 for name in found["indicator"]]
    order = pd.DataFrame(
        {"severity": [list(DAYS).index(word) for word in found["severity"]], "withheld": [one is not None for one in people],
         "people": [-(one or 0.0) for one in people]}, index=found.index,
    )  # fmt: skip
    return found.loc[order.sort_values(list(order.columns), kind="stable").index]


def _people_cell(source: Source, row: pd.Series) -> Cell:
    """How many people or households are in trouble; a dash where an issue counts none."""
    if row.name not in PEOPLE:
        return Cell("")
    people = people_in_trouble(row)
    return Cell(WITHHELD, "withheld") if people is None else Cell(written(source, people, "count"))


def parameters(source: Source) -> Block:
    """Every dated value used, with its source and whether a document stands behind it."""
    heads = [
        Head(source.say(f"column.{name}"), name == "value")
        for name in ("name", "value", "start", "confidence", "source")
    ]
    rows, known = [], _known_parameters()
    for used in source.facts.manifest["parameters"]:
        amount, unit, start = float(used["value"]), str(used["unit"]), str(used["start"])
        kind = "share" if unit.startswith("share") else "count" if amount.is_integer() else "number"
        since = source.say("report.always") if start == ALWAYS else format_date(start, source.language)
        mark = str(used["confidence"])
        rows.append(
            [
                Cell(_parameter_label(source, known, used["name"])), Cell(written(source, amount, kind), "", _unit(source, unit)), Cell(since, "short"),
                Cell(source.say(f"value.confidence.{mark}"), "short" if mark == "documented" else "short assumed"),
                Cell(bilingual(used["source"], source.language)),
            ]
        )  # fmt: skip
    number = source.number("table", 18, "parameters")
    marks = {str(used["confidence"]) for used in source.facts.manifest["parameters"]}
    notes = [source.say(f"report.basis.{mark}") for mark in UNDOCUMENTED if mark in marks]
    table = render_rows(source.say("annex.parameters"), heads, rows, notes, number)
    return Block(table + _documents(source))


def _documents(source: Source) -> str:
    """Titles of the documents that the tables of indicators and parameters cite by id."""
    rows = source.indicator_rows()
    defined = rows.loc[rows["verdict"] != "not_collected", "source"].dropna() if source.place.limits_apply else ()
    cited = [*defined, *(p["source"] for p in source.facts.manifest["parameters"])]
    found = titled(cited)
    if not found:
        return ""
    heads = [Head(source.say("column.document")), Head(source.say("column.document_title"))]
    rows = [[Cell(name, "short"), Cell(source.say(f"source.{name}"))] for name in found]
    number = source.number("table", 18, "documents")
    notes = [source.say("annex.documents_note")] if source.place.limits_apply else []
    return render_rows(source.say("annex.documents"), heads, rows, notes, number)


@cache
def _known_parameters() -> Parameters:
    """Read once per process: reading is most of this section's time."""
    return read_parameters()


def _unit(source: Source, unit: str) -> str:
    """A unit such as ``CNY/person/year`` in words; a per cent sign says enough."""
    key = f"unit.{unit}"
    return "" if unit == "share" else source.say(key) if has_text(key) else unit


def _parameter_label(source: Source, known: Parameters, name: str) -> str:
    try:
        return known.parameter(name).label.in_language(source.language)
    except ParameterError:  # facts of an older parameter folder
        return name


def _card(source: Source, name: str) -> dict[str, object]:
    card: dict[str, object] = source.facts.manifest.get("cards", {}).get(name) or {}
    return card


def model_note(source: Source) -> Block:
    """The formula of the score, its sample, and how bands are cut."""
    card = _card(source, "model_card")
    if card and not card["fitted"]:
        return Block(f'<p class="missing">{escape(source.say("annex.not_fitted", why=card["why_not"]))}</p>')
    if source.status("model_terms")[0] != "collected":
        return Block("")
    lines = [source.say("annex.model")]
    if card:
        n, events, clusters = (f"{card[key]:,}" for key in ("n", "events", "clusters"))
        rate, attrition = (written(source, card[key], "share") for key in ("base_rate", "attrition"))
        lines.append(
            source.say("annex.model_fit", n=n, events=events, clusters=clusters, rate=rate, attrition=attrition)
        )
    limits = source.limits
    high, medium = (
        written(source, card.get(f"{band}_share", limits.get(f"risk_share_{band}")), "share")
        for band in ("high", "medium")
    )
    if high != NOT_COMPUTED:
        lines.append(source.say("annex.bands", high=high, medium=medium))
    if bands := card.get("bands"):
        cuts = {name: written(source, value, "share") for name, value in bands.items()}  # type: ignore[attr-defined]
        lines.append(source.say("annex.band_cuts", **cuts))
    if left_out := card.get("left_out"):
        lines.append(source.say("annex.left_out", items=_left_out(source, left_out)))
    return Block('<div class="method">' + "".join(f"<p>{escape(line)}</p>" for line in lines) + "</div>")


def _left_out(source: Source, terms: object) -> str:
    """Candidate terms that the score does not use, each with the reason."""
    named = [
        source.say("annex.left_out_item", name=term[source.language], why=source.say(f"annex.why.{term['reason']}"))
        for term in terms  # type: ignore[attr-defined]
    ]
    return enumerated(named, source.language)


def index_note(source: Source) -> Block:
    """What the hardship index is and how far its weights may be trusted."""
    if part := only_part(source):
        left_out = len(source.rows("index_left_out", source.county))
        return Block(f"<p>{escape(source.say('annex.index_alone', part=part, count=left_out))}</p>")
    if source.status("index_weights")[0] != "collected":
        return Block("")
    card = _card(source, "index_card")
    if not card:
        return Block(f"<p>{escape(source.say('annex.index_short', index=source.place.index))}</p>")
    shift = format_value(card["mean_shift"], FactColumn("v", "number"), source.language)
    words = source.say(
        "annex.index", index=card["index"], confidence=source.say(f"value.confidence.{card['confidence']}"), shift=shift,
        place=source.label("label"), scored=_scored(source),
    )  # fmt: skip
    return Block(f"<p>{escape(words)}</p>")


def _scored(source: Source) -> str:
    """Households of the whole place that have a rank."""
    rows = source.rows("indicator", CITY).set_index("indicator")
    return written(source, rows["denominator"].get("mean_need"), "count")


def not_collected(source: Source) -> Block:
    """Indicators and tables that have no data and what they need, section by section; empty where sections say so."""
    if source.place.limits_apply:
        return Block("")
    indicators = source.indicator_rows()
    indicators = indicators[indicators["verdict"] == "not_collected"]
    rows = []
    for number in range(FIRST_SECTION, ISSUES):
        mine = indicators[indicators["section"] == number]
        lacking = [
            reason
            for name, (section, status, reason) in source.availability().items()
            if section == number and status == "not_collected" and not source.spec(name).restricted
        ]
        if len(mine) or lacking:
            names = [source.say(f"indicator.{name}") for name in mine["indicator"]]
            rows.append(
                [
                    Cell(source.say(f"section.{number}")), Cell(_counted(source, names)), Cell(str(len(lacking) or NOT_COMPUTED)),
                    Cell(needs_by_table(source, [*lacking, *mine["reason"]])),
                ]
            )  # fmt: skip
    if not rows:
        return Block("")
    heads = [
        Head(source.say(f"annex.{name}"), name == "tables") for name in ("section", "indicators", "tables", "needs")
    ]
    numbered = source.number("table", 18, "uncollected")
    table = render_rows(source.say("annex.uncollected"), heads, rows, [], numbered, STACKED)
    return Block(f'<p class="intro">{escape(source.say("annex.uncollected_note"))}</p>{table}')


def _counted(source: Source, names: Sequence[str]) -> str | Markup:
    """How many and which, words with a hyphen kept whole; a dash for none."""
    if not names:
        return NOT_COMPUTED
    joined = enumerated(names, source.language)
    words = source.say("annex.counted" if len(names) > 1 else "annex.counted_one", count=len(names), names=joined)
    return Markup(HYPHENED.sub(r'<span class="short">\g<0></span>', escape(words)))  # noqa: S704 - escaped here


def method_notes(source: Source) -> Block:
    """Intervals, sampling and withheld cells."""
    lines = [source.say("annex.suppression", threshold=int(source.limits.get("small_cell", 5)))]
    if source.status("survey_answers")[0] == "collected":
        lines.insert(0, source.say("annex.survey"))
    return Block("".join(f"<p>{escape(line)}</p>" for line in lines))
