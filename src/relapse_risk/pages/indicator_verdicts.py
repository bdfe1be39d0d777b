"""Indicators against their limits: the tables, the sentence of a section, and the verdict on an aspect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, TypeAlias

import pandas as pd
from markupsafe import Markup

from relapse_risk.assessment import LEAST, FactColumn
from relapse_risk.charts import strip
from relapse_risk.pages.block import Block, Source
from relapse_risk.pages.format import (
    DASH,
    NOT_COMPUTED,
    WITHHELD,
    common_decimals,
    format_interval,
    format_value,
    is_null,
)
from relapse_risk.pages.html_tables import Cell, Head, render_rows
from relapse_risk.text.by_language import enumerated, month_in_words

__all__ = [
    "ASSESSED",
    "DECIDING",
    "MARKS",
    "SYMBOLS",
    "aspect_verdict",
    "exceptions",
    "formula_table",
    "indicator_table",
    "limit_text",
    "section_table",
    "sentence",
    "unit_words",
    "value_text",
    "verdict_chip",
    "worst_first",
    "written",
]  # fmt: skip

SYMBOLS = {
    "met": "✓", "watch": "▲", "not_met": "×", "cannot_tell": "?", "no_limit": NOT_COMPUTED, "not_collected": "○",
}  # fmt: skip
MARKS = {"assumed": "*", "from_memory": "°", "carried": "^", "documented": ""}
Row: TypeAlias = Mapping[Any, Any]  # one indicator's columns
UNDOCUMENTED = ("ASSUME", "MEM")
ASSESSED = ("met", "watch", "not_met")
DECIDING = ("wrong_exit_rate", "missed_rate", "combined_poverty_rate", "approval_rate")
MANY_NAMED, LONGEST_HEAD = 4, 14


def written(source: Source, value: object, unit: str, decimals: int | None = None) -> str:
    """A value as the report writes it."""
    return format_value(value, FactColumn("value", unit), source.language, decimals)  # type: ignore[arg-type]


def value_text(source: Source, row: Row | pd.Series, *beside: object) -> str:
    """The value of an indicator, as finely as it and the numbers ``beside`` it are distinguished from the limit.

    One that was withheld is not one that was not collected.
    """
    if is_null(row["value"]) and (row.get("withheld") or row["verdict"] in ASSESSED):
        return WITHHELD
    found = written(source, row["value"], str(row["unit"]), _decimals(row, *beside))
    return f"≥{found}" if row.get("sampled") == LEAST else found


def limit_text(source: Source, row: Row | pd.Series, *beside: object) -> str:
    """The limit of an indicator, as finely as its value is distinguished from it."""
    return written(source, row["limit"], str(row["unit"]), _decimals(row, *beside))


def _decimals(row: Row | pd.Series, *beside: object) -> int | None:
    """Decimals of a row: no value in it is written like the limit from which it differs."""
    column = FactColumn("value", str(row["unit"]))  # type: ignore[arg-type]
    return common_decimals([row["value"], row["limit"], *beside], column, row["limit"])


def verdict_chip(source: Source, verdict: str, small: str = "") -> Markup:
    """A verdict as symbol and word, so that no colour is needed."""
    words = source.say(f"value.verdict.{verdict}")
    return Markup('<span class="chip {}"><span aria-hidden="true">{}</span> {}{}</span>').format(
        verdict, SYMBOLS[verdict], words, small
    )


def aspect_verdict(rows: pd.DataFrame) -> str:
    """The worst verdict among an aspect's indicators: one failing item fails all, one open item leaves all open.

    Examples
    --------
    >>> aspect_verdict(pd.DataFrame({"verdict": ["met", "not_met", "no_limit"]}))
    'not_met'
    """
    found = set(rows["verdict"])
    return next(
        (v for v in ("not_met", "cannot_tell", "watch", "met", "no_limit", "not_collected") if v in found),
        "not_collected",
    )


def worst_first(source: Source, rows: pd.DataFrame) -> pd.DataFrame:
    """Indicators not met, in the order of the list of issues; those whose value is withheld last."""
    missed = rows[rows["verdict"] == "not_met"]
    listed = {name: place for place, name in enumerate(source.rows("issue_list", source.county)["indicator"])}
    order = pd.DataFrame({"withheld": missed["value"].isna(), "place": missed["indicator"].map(listed)})
    return missed.loc[order.sort_values(["withheld", "place"], kind="stable").index]


def sentence(source: Source, number: int) -> str:
    """How a section's indicators stand, as HTML: verdict, counts, and those that miss their limit by name."""
    rows = source.indicator_rows()
    mine = rows[rows["section"] == number]
    assessed = mine[mine["verdict"].isin(ASSESSED)]
    open_ = int((mine["verdict"] == "cannot_tell").sum())
    if assessed.empty and not open_:
        return ""
    missed = worst_first(source, mine)
    words = source.say("section.stand", judged=len(assessed), met=int((assessed["verdict"] != "not_met").sum()))
    if len(missed):
        named = [_named(source, row) for row in missed.head(MANY_NAMED).to_dict("records")]
        if len(missed) > MANY_NAMED:
            named.append(source.say("section.more", count=len(missed) - MANY_NAMED))
        joined = source.say("punctuation.between").join(named)
        words += source.say("section.missed", items=joined)
    words += source.say("section.open", count=open_) if open_ else ""
    return f"{verdict_chip(source, aspect_verdict(mine))} {escape(words)}"


def _named(source: Source, row: Row) -> str:
    return source.say(
        "section.item", name=source.say(f"indicator.{row['indicator']}"),
        value=value_text(source, row), limit=limit_text(source, row),
    )  # fmt: skip


def section_table(source: Source, number: int) -> Block:
    """The indicators of one section."""
    rows = source.indicator_rows()
    mine = rows[rows["section"] == number]
    if mine.empty or source.missing(number):
        return Block("")
    number_words = source.number("table", number, "indicator")
    return Block(indicator_table(source, source.say("table.indicator"), mine, number_words))


def exceptions(source: Source, number: int) -> Block:
    """The indicators of one section that miss their limit or hardly meet it, or the sentence that all meet theirs.

    Headlines, and the rates that decide, stand before it in a report and are not said twice.
    """
    rows = source.indicator_rows()
    mine = rows[(rows["section"] == number) & ~rows["headline"] & ~rows["indicator"].isin(DECIDING)]
    wrong = mine[mine["verdict"].isin(ASSESSED) & mine["verdict"].ne("met")]
    if not mine["verdict"].isin(ASSESSED).any():
        return Block("")
    if wrong.empty:
        return Block(
            f'<p class="stand">{escape(source.say("core.all_met", count=int(mine["verdict"].isin(ASSESSED).sum())))}</p>'
        )
    numbered = source.number("table", number, "exceptions")
    return Block(indicator_table(source, source.say("core.exceptions"), worst_first(source, wrong), numbered))


def indicator_table(source: Source, caption: str, rows: pd.DataFrame, number: str = "") -> str:
    """Value with interval, counts, last period, city, limit, verdict, and a strip of all counties.

    Limit and verdict are left out where no limits apply.
    """
    collected = rows[rows["verdict"] != "not_collected"]
    notes = _notes(source, collected) + _uncollected(source, rows)
    if collected.empty:
        return f'<p class="missing">{escape(" ".join(_uncollected(source, rows)))}</p>'
    division = source.label("division")
    heads = [
        Head(source.say("column.indicator")),
        Head(source.say("column.value"), True, source.say("column.interval") if collected["low"].notna().any() else ""),
        *([Head(source.say("column.limit"), True), Head(source.say("column.verdict"))] if _has_limits(source) else []),
        Head(_whole(source), True),
        Head(source.say("column.previous"), True),
        Head(source.say("column.counts"), True),
        Head(source.say("column.peers", division=division)),
    ]
    cells = [_row_cells(source, row) for row in collected.to_dict("records")]
    return render_rows(caption, heads, cells, notes, number, "indicators")


def _row_cells(source: Source, row: Row) -> list[Cell]:
    unit, verdict = str(row["unit"]), str(row["verdict"])
    city_value, peers = source.peers(str(row["indicator"]))
    beside = row["low"], row["high"], city_value, row["previous"]
    decimals = _decimals(row, *beside)
    interval = format_interval(row["low"], row["high"], unit, source.language, decimals)
    limit = limit_text(source, row, *beside)
    if not is_null(row["limit"]):
        limit += MARKS.get(str(row["limit_confidence"]), "")
    return [
        Cell(source.say(f"indicator.{row['indicator']}"), "", unit_words(source, unit)),
        Cell(value_text(source, row, *beside), "strong", interval),
        *([Cell(limit), Cell(verdict_chip(source, verdict))] if _has_limits(source) else []),
        Cell(written(source, city_value, unit, decimals)),
        Cell(_before(source, row, decimals), "", _by_line_of_now(source, row, decimals)),
        Cell(_counts(source, row)),
        Cell(_strip(source, row, peers, city_value)),
    ]


def _has_limits(source: Source) -> bool:
    """Whether values are compared with limits at all."""
    return source.place.limits_apply


def _before(source: Source, row: Row, decimals: int | None) -> str:
    """The value a year ago; where there was one and it is not shown, it was withheld."""
    withheld = is_null(row["previous"]) and not is_null(row["previous_period"])
    return WITHHELD if withheld else written(source, row["previous"], str(row["unit"]), decimals)


def _by_line_of_now(source: Source, row: Row, decimals: int | None) -> str:
    """The value a year ago by the line of now, where the line changed in between."""
    if is_null(row.get("line_now")):
        return ""
    held = (
        WITHHELD if is_null(row["previous_held"]) else written(source, row["previous_held"], str(row["unit"]), decimals)
    )
    return source.say("report.by_line_of_now", value=held)


def unit_words(source: Source, unit: str) -> str:
    """What a value is counted in, where the number does not say it."""
    return source.label("currency") if unit == "money" else source.say("unit.days") if unit == "days" else ""


def _counts(source: Source, row: Row) -> str:
    """Numerator over denominator, both in full; nothing for a plain count."""
    if row["verdict"] == "not_collected":
        return DASH
    if row["unit"] == "count":
        return NOT_COMPUTED
    if is_null(row["denominator"]):  # a small base, which is withheld
        return WITHHELD
    numerator = written(source, row["numerator"], "count")
    if is_null(row["numerator"]) or row["unit"] != "share":  # a sum of money or days says nothing
        return f"n = {written(source, row['denominator'], 'count')}"
    return f"{numerator} / {written(source, row['denominator'], 'count')}"


def _strip(source: Source, row: Row, peers: Sequence[float], city: float | None) -> str | Markup:
    if is_null(row["value"]) or not peers or row["unit"] == "count":
        return NOT_COMPUTED
    unit = str(row["unit"])
    title = source.say(
        "report.strip", name=source.name, value=written(source, row["value"], unit), low=written(source, min(peers), unit),
        high=written(source, max(peers), unit),
    )  # fmt: skip
    limit = None if is_null(row["limit"]) else float(row["limit"])
    return Markup(strip(float(row["value"]), peers, city, limit, title, row["verdict"] == "not_met"))  # noqa: S704 - escaped inside


def _notes(source: Source, rows: pd.DataFrame) -> list[str]:
    sampled = rows["low"].notna()
    notes = [source.say("report.period_note", month=source.month, previous=_previous(source))]
    if source.is_sample:
        notes.append(source.say("report.weighted"))
    if not sampled.all():
        notes.append(source.say("report.full_count"))
    if sampled.any():
        notes.append(source.say("report.sampled"))
    if (rows["sampled"] == LEAST).any():
        notes.append(source.say("report.least"))
    changed = rows if "line_now" in rows else rows.assign(line_before=None, line_now=None)  # facts of an older version
    changes = changed.loc[changed["line_now"].notna(), ["line_before", "line_now"]].drop_duplicates()
    notes += [
        source.say(
            "report.line_change",
            before=written(source, old, "money"),
            now=written(source, new, "money"),
            currency=source.label("currency"),
        )
        for old, new in changes.itertuples(index=False, name=None)
    ]
    if (rows["verdict"] == "watch").any():
        notes.append(source.say("report.watch_note"))
    if (rows["verdict"] == "cannot_tell").any():
        notes.append(source.say("report.cannot_tell_note"))
    if rows["withheld"].any() or (rows["value"].isna() & rows["verdict"].isin(ASSESSED)).any():
        notes.append(source.say("report.suppressed", threshold=int(source.limits.get("small_cell", 5))))
    known = set(rows.loc[rows["limit"].notna(), "limit_confidence"].dropna()) - {"documented"}
    notes += [
        source.say("report.mark", mark=MARKS[mark], word=source.say(f"value.confidence.{mark}"))
        for mark in sorted(known)
    ]
    if rows["value"].notna().any():
        notes.append(source.say("report.strip_note"))
    return notes


def _whole(source: Source) -> str:
    """What all counties together are called at the head of a column."""
    label = source.label("label")
    named = source.place.records == "register" and len(label) <= LONGEST_HEAD  # a survey's label is no place's name
    return label if named else source.say("column.whole")


def _uncollected(source: Source, rows: pd.DataFrame) -> list[str]:
    """One sentence that names the indicators whose data was never collected; how many, where the annex lists them."""
    names = rows.loc[rows["verdict"] == "not_collected", "indicator"]
    joined = enumerated((source.say(f"indicator.{name}") for name in names), source.language)
    if len(names) and not _has_limits(source):
        return [source.say("report.uncollected", count=len(names))]
    return [source.say("report.uncollected", items=joined)] if len(names) else []


def _previous(source: Source) -> str:
    previous = source.facts.manifest["previous"]
    return month_in_words(previous, source.language) if previous else NOT_COMPUTED


def _cited(source: Source, cited: str | None) -> str:
    """The id of a document, or in words that there is none."""
    if not cited:
        return NOT_COMPUTED
    return source.say(f"source.{cited}") if cited in UNDOCUMENTED else str(cited)


def _side(source: Source, row: Row, name: str) -> str:
    """Numerator or denominator; one that was withheld is marked so, as is the count of a share that was assessed."""
    gone = is_null(row[name]) and (row["withheld"] or (row["unit"] == "share" and row["verdict"] in ASSESSED))
    return WITHHELD if gone else written(source, row[name], "count")


def _formula_cells(source: Source, row: Row, shrinks: bool) -> list[Cell]:
    unit, beside = str(row["unit"]), (row["low"], row["high"], row["shrunk"])
    decimals = _decimals(row, *beside)
    interval = format_interval(row["low"], row["high"], unit, source.language, decimals)
    cells = [
        Cell(source.say(f"indicator.{row['indicator']}"), "", unit_words(source, unit)),
        Cell(_side(source, row, "numerator")), Cell(_side(source, row, "denominator")),
        Cell(value_text(source, row, *beside), "strong", interval),
    ]  # fmt: skip
    if shrinks:
        cells.append(Cell(written(source, row["shrunk"], unit, decimals)))
    if not _has_limits(source):
        return cells
    basis = NOT_COMPUTED if is_null(row["limit"]) else source.say(f"value.confidence.{row['limit_confidence']}")
    mark = "" if row["limit_confidence"] in ("documented", None) or is_null(row["limit"]) else "assumed"
    verdict = [Cell(limit_text(source, row, *beside)), Cell(basis, mark), Cell(_cited(source, row["source"]))]
    return [*cells, *verdict, Cell(verdict_chip(source, str(row["verdict"])))]


def formula_table(source: Source) -> Block:
    """Every indicator with its counts, limit, basis of the limit and source."""
    every = source.indicator_rows().sort_values("section", kind="stable")
    rows = every[every["verdict"] != "not_collected"]
    shrinks, has_limits = bool(rows["shrunk"].notna().any()), _has_limits(source)
    heads = [
        Head(source.say("column.indicator")), Head(source.say("column.numerator"), True),
        Head(source.say("column.denominator"), True), Head(source.say("column.value"), True, source.say("column.interval")),
        *([Head(source.say("column.shrunk"), True)] if shrinks else []),
        *([Head(source.say(f"column.{name}"), name == "limit") for name in ("limit", "basis", "source", "verdict")] if has_limits else []),
    ]  # fmt: skip
    cells = [_formula_cells(source, row, shrinks) for row in rows.to_dict("records")]
    notes = [
        source.say("report.period_note", month=source.month, previous=_previous(source)),
        source.say("report.shrunk_note") if shrinks else "",
        source.say("report.sources_note") if has_limits else "",
        *_uncollected(source, every),
    ]
    return Block(render_rows(source.say("table.formulas"), heads, cells, notes, source.number("table", 16, "formulas")))
