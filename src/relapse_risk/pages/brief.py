"""The brief: one page on what is so, what changed and what must be done by whom, from facts that the annex shows too."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal

import pandas as pd

from relapse_risk.measures import LEAST
from relapse_risk.months import month_end
from relapse_risk.pages.block import Block, Source
from relapse_risk.pages.brief_actions import Due, actions_due, people_left
from relapse_risk.pages.format import (
    DASH,
    NOT_COMPUTED,
    WITHHELD,
    at_dash,
    capitalised,
    format_date,
    format_interval,
    is_null,
)
from relapse_risk.pages.html_tables import STACKED, Cell, Head, render_rows, run_on
from relapse_risk.pages.indicator_verdicts import DECIDING, MARKS, limit_text, value_text, verdict_chip, written
from relapse_risk.pages.issue_words import till
from relapse_risk.schema import code_list
from relapse_risk.text import has_text
from relapse_risk.text.by_language import enumerated, month_in_words

__all__ = ["FIGURES", "Figure", "brief"]

CHANGES = ("below_line", "guarantees_ok", "dropped_out", "missed_monitoring", "relapse_rate", "mean_income")
SAMPLING = 2**0.5  # of half an interval: two samples of one size differ by chance by so much
SENTENCES = 2
CLEAR = ("poor", "guarantee")  # figures that must both be 0 before the page says that nobody is in trouble


@dataclass(frozen=True, slots=True)
class Figure:
    """One large number of the brief; its words are the messages ``brief.figure.NAME`` and ``brief.more.NAME``.

    Attributes
    ----------
    shows : {"cases", "left", "known", "value"}
        Of the indicator: its cases, those looked at that are none, all looked at, or its value.
    beside : str
        Another indicator, whose cases ``{beside}`` of ``brief.more.NAME`` are.
    """

    name: str
    indicator: str
    shows: Literal["cases", "left", "known", "value"]
    beside: str = ""


FIGURES = (
    Figure("poor", "below_line", "cases", "poor_households"),
    Figure("high_risk", "high_risk_unmonitored", "known"),
    Figure("guarantee", "guarantees_ok", "left"),
    Figure("school", "dropped_out", "cases"),
    Figure("unclaimed", "unclaimed_households", "cases", "forgone_per_household"),
)
OF_A_SAMPLE = (
    Figure("poor_share", "below_line", "value"),
    Figure("near_share", "near_line", "value"),
    Figure("income", "mean_income", "value"),
    Figure("risk", "expected_relapse", "value"),
)


def brief(source: Source, title: str, picture: Block) -> Block:
    """The first page of a report: who is in trouble, what changed, what is to be done, and the rates that decide.

    Parameters
    ----------
    title : str
        Of the document, under the name of the county.
    picture : Block
        The one drawing.
    """
    beside = (
        f'<div class="side">{"".join(f"<div>{html}</div>" for html in (_deciding(source), picture.html) if html)}</div>'
    )
    parts = [
        _masthead(source, title), f'<p class="lead">{escape(_lead(source))}</p>', _figures(source), _changes(source),
        _actions(source), beside, f'<p class="note">{escape(run_on(_notes(source)))}</p>',
    ]  # fmt: skip
    return Block(f'<div class="onepage">{"".join(parts)}</div>')


def _masthead(source: Source, title: str) -> str:
    label, manifest = source.label("label"), source.facts.manifest
    day = source.say("report.period", day=format_date(manifest["data_date"], source.language))
    previous = manifest["previous"]
    since = source.say("report.no_previous")
    if previous:
        since = source.say("report.previous", day=format_date(month_end(previous), source.language))
    place = f'<p class="place">{escape(label)}</p>' if label != source.name else ""
    foot = escape(f"{source.name} · {title}")
    return (
        f'<header class="masthead">{place}<h1 data-foot="{foot}">{escape(at_dash(source.name))} <span>{escape(title)}</span></h1>'
        f'<p class="period">{escape(day)} · {escape(since)}</p>{_nature(source)}</header><h2 id="brief">{escape(source.say("brief.heading"))}</h2>'
    )


def _nature(source: Source) -> str:
    """That no household is real, before anything else is read."""
    return f'<p class="period">{escape(source.data_note)}</p>' if source.facts.manifest.get("synthetic") else ""


# -- what is so ----------------------------------------------------------------------------------------------------------


def _row(source: Source, indicator: str) -> pd.Series | None:
    rows = source.indicator_rows()
    mine = rows[rows["indicator"] == indicator]
    return None if mine.empty else mine.iloc[0]


def _counted(source: Source, figure: Figure) -> str:
    """The large number: a count, a value, ``※`` where it is withheld, ``–`` where nothing was collected.

    Of what is withheld while its limit is missed, everybody knows that it is one at least.
    """
    row = _row(source, figure.indicator)
    if row is None or row["verdict"] == "not_collected":
        return DASH
    if figure.shows == "value":
        return value_text(source, row)
    number = {"cases": row["numerator"], "known": row["denominator"], "left": people_left(row)}[figure.shows]
    if is_null(number):
        return source.say("brief.some") if row["verdict"] == "not_met" else WITHHELD
    return written(source, number, "count")


def _words(source: Source, figure: Figure, row: pd.Series) -> dict[str, str]:
    """What the sentences of a figure may name, with ``※`` for what is withheld."""
    other = _row(source, figure.beside) if figure.beside else None
    return {
        "number": _counted(source, figure), "value": value_text(source, row), "cases": _number(source, row["numerator"]),
        "interval": format_interval(row["low"], row["high"], str(row["unit"]), source.language) or WITHHELD,
        "known": _number(source, row["denominator"]), "money": _money(source, other),
        "beside": _number(source, None if other is None else other["numerator"]),
        "horizon": str(source.place.horizon_months),
    }  # fmt: skip


def _more(source: Source, figure: Figure) -> str:
    """The sentence below the large number; empty where it would name what is withheld or unknown."""
    row = _row(source, figure.indicator)
    if row is None or row["verdict"] == "not_collected":
        return source.say("brief.not_collected")
    said = source.say(f"brief.more.{figure.name}", **_words(source, figure, row))
    return "" if WITHHELD in said else said


def _number(source: Source, value: object) -> str:
    return WITHHELD if is_null(value) else written(source, value, "count")


def _money(source: Source, row: pd.Series | None) -> str:
    """A sum of money with its currency."""
    amount = None if row is None else row["numerator"]
    if is_null(amount):
        return WITHHELD
    return source.say("brief.money", amount=written(source, amount, "money_wan"), currency=source.label("currency"))


def _comparable(row: pd.Series) -> object:
    """The value a year before that may be compared: by the line of now where the line changed; null where withheld."""
    return row["previous"] if is_null(row.get("line_now")) else row["previous_held"]


def _earlier(source: Source, figure: Figure) -> str:
    """The last comparable period of the figure's share; empty where there is none."""
    row = _row(source, figure.indicator)
    if row is None or row["verdict"] == "not_collected" or is_null(row["previous_period"]):
        return ""
    if is_null(_comparable(row)):
        return source.say("brief.earlier_withheld")
    month, found = month_in_words(str(row["previous_period"]), source.language), float(_comparable(row))  # type: ignore[arg-type]
    own = f"earlier.{figure.name}"
    key = (
        own
        if has_text(f"brief.{own}")
        else "earlier_money"
        if row["unit"] == "money"
        else "earlier"
        if is_null(row.get("line_now"))
        else "earlier_held"
    )
    before = 1 - found if figure.shows == "left" else found
    return source.say(f"brief.{key}", month=month, value=written(source, before, str(row["unit"])))


def _of(source: Source) -> tuple[Figure, ...]:
    return OF_A_SAMPLE if source.is_sample else FIGURES


def _figures(source: Source) -> str:
    items = []
    for figure in _of(source):
        number = _counted(source, figure)
        withheld = number in (WITHHELD, source.say("brief.some"))
        small = [source.say("brief.withheld")] if withheld else []
        small += [one for one in (_more(source, figure), _earlier(source, figure)) if one]
        mark = " gap" if number in (WITHHELD, DASH) else ""
        below = f"<small>{escape(run_on(small))}</small>" if small else ""
        items.append(
            f'<li><b class="figure{mark}" data-of="{figure.indicator}" data-shows="{figure.shows}">{escape(number)}</b> '
            f"{escape(source.say(f'brief.figure.{figure.name}'))}{below}</li>"
        )
    return f'<ul class="figures" aria-label="{escape(source.say("brief.figures"))}">{"".join(items)}</ul>'


def _lead(source: Source) -> str:
    """The two sentences that a reader keeps: how many are in trouble, by the first figures that say so."""
    said = [sentence for figure in _of(source) if (sentence := _lead_of(source, figure))]
    words = run_on(said[:SENTENCES]) if said else _nobody(source)
    return source.say("brief.lead", name=source.name, month=source.month, said=words)


def _nobody(source: Source) -> str:
    """That nobody is in trouble, only of what is known to be nobody."""
    known = [figure.name for figure in FIGURES if figure.name in CLEAR and _counted(source, figure) == "0"]
    return source.say(f"brief.lead.none.{'both' if len(known) == len(CLEAR) else known[0] if known else 'unknown'}")


def _lead_of(source: Source, figure: Figure) -> str:
    """The figure's sentence, without what beside its number is withheld; else that there is somebody, or nothing.

    There is somebody where the number is withheld and its limit missed.
    """
    row, key = _row(source, figure.indicator), f"brief.lead.{figure.name}"
    if row is None or row["verdict"] == "not_collected" or not has_text(key):
        return ""
    words = _words(source, figure, row)
    if words["number"] == "0":
        return ""
    if words["number"] == source.say("brief.some"):
        return source.say(f"{key}.few") if has_text(f"{key}.few") else ""
    forms = [source.say(one, **words) for one in (key, f"{key}.alone") if has_text(one)]
    return next((said for said in forms if WITHHELD not in said), "")


# -- what changed ----------------------------------------------------------------------------------------------------------


def _moved(row: pd.Series) -> str:
    """``better``, ``worse`` or ``same`` as a year before; of a sample only what is more than chance.

    Examples
    --------
    >>> row = {"value": 0.025, "previous": 0.022, "low": None, "high": None, "direction": "lower_better"}
    >>> _moved(pd.Series(row)), _moved(pd.Series(row | {"low": 0.020, "high": 0.030}))
    ('worse', 'same')
    >>> _moved(pd.Series(row | {"previous_held": 0.029, "line_now": 4000.0}))  # by the line of now it was more
    'better'
    """
    change = float(row["value"]) - float(_comparable(row))  # type: ignore[arg-type]
    chance = 0.0 if is_null(row["low"]) else SAMPLING * (float(row["high"]) - float(row["low"])) / 2
    if abs(change) <= max(chance, 1e-12):
        return "same"
    return "better" if (change > 0) == (row["direction"] == "higher_better") else "worse"


def _named(source: Source, name: str) -> str:
    """What an indicator is called where it stands without its definition."""
    own = f"brief.named.{name}"
    return source.say(own, currency=source.label("currency")) if has_text(own) else source.say(f"indicator.{name}")


def _changes(source: Source) -> str:
    found: dict[str, list[str]] = {"worse": [], "better": [], "same": []}
    for name in CHANGES:
        row = _row(source, name)
        if row is None or is_null(row["value"]) or is_null(_comparable(row)) or row["direction"] == "none":
            continue
        if row["unit"] == "money" and source.is_sample:  # prices of the day: no telling whether anybody is better off
            continue
        unit = str(row["unit"])
        found[_moved(row)].append(
            source.say("brief.change", name=_named(source, name), before=written(source, _comparable(row), unit), now=value_text(source, row))
        )  # fmt: skip
    said = [
        source.say(f"brief.changed.{how}", items=enumerated(items, source.language))
        for how, items in found.items()
        if items
    ]
    if said and not found["worse"]:
        said.append(source.say("brief.changed.none_worse"))
    words = run_on(said) if said else source.say("brief.changed.none")
    return f'<h3>{escape(source.say("brief.changes"))}</h3><p class="changed">{escape(words)}</p>'


# -- what must be done -----------------------------------------------------------------------------------------------------


def _actions(source: Source) -> str:
    """The list of actions; nothing where no limits apply, and so nobody is told what to do."""
    if not source.place.limits_apply:
        return ""
    due = actions_due(source)
    if not due:
        return f"<h3>{escape(source.say('brief.actions'))}</h3><p>{escape(source.say('brief.no_actions'))}</p>"
    heads = [
        Head(source.say("brief.action")), Head(source.say("brief.people"), True), Head(capitalised(source.say("brief.most"))),
        Head(source.say("column.department")), Head(source.say("column.due_on")),
    ]  # fmt: skip
    shown = [source.say("brief.of_shown")] if any(one.most and one.most.of_shown for one in due) else []
    notes = [*shown, source.say("brief.as_of", day=format_date(source.facts.manifest["data_date"], source.language))]
    return render_rows(
        source.say("brief.actions"),
        heads,
        [_action_cells(source, one) for one in due],
        notes,
        kind=f"{STACKED} actions",
    )


def _action_cells(source: Source, due: Due) -> list[Cell]:
    people = source.say("brief.some") if due.people is None else written(source, due.people, "count")
    most, day = due.most, pd.Timestamp(source.facts.manifest["data_date"]).date()
    tied = f" {source.say('brief.tied', count=most.tied)}" if most and most.tied else ""
    return [
        Cell(source.say(f"action.{due.action.indicator}")),
        Cell(people, "withheld" if due.people is None else "strong", source.say(f"action.unit.{due.action.unit}")),
        Cell(most.name, "", most.number + tied) if most else Cell(NOT_COMPUTED),
        Cell(code_list("department").label(due.department, source.language)),
        Cell(format_date(due.due_on, source.language), "short", till(due.due_on, day, source.language)),
    ]  # fmt: skip


# -- the rates that decide ------------------------------------------------------------------------------------------------


def _deciding(source: Source) -> str:
    if not source.place.limits_apply:
        return ""
    heads = [
        Head(source.say("brief.rate")), Head(source.say("column.value"), True, source.say("column.interval")),
        Head(source.say("column.limit"), True), Head(source.say("column.verdict")),
    ]  # fmt: skip
    rows = [_rate_cells(source, name, row) for name in DECIDING if (row := _row(source, name)) is not None]
    return render_rows(source.say("brief.deciding"), heads, rows) if rows else ""


def _rate_cells(source: Source, name: str, row: pd.Series) -> list[Cell]:
    """Name, value with its interval, limit with the mark of what it is based on, verdict."""
    words, verdict = source.say(f"indicator.{name}"), verdict_chip(source, str(row["verdict"]))
    if row["verdict"] == "not_collected":
        return [Cell(words), Cell(DASH), Cell(limit_text(source, row)), Cell(verdict)]
    interval = format_interval(row["low"], row["high"], str(row["unit"]), source.language)
    basis = source.say("brief.least" if row["sampled"] == LEAST else "brief.full_count")
    mark = "" if is_null(row["limit"]) else MARKS.get(str(row["limit_confidence"]), "")
    return [
        Cell(words), Cell(value_text(source, row), "strong", interval or basis),
        Cell(limit_text(source, row) + mark), Cell(verdict),
    ]  # fmt: skip


def _notes(source: Source) -> list[str]:
    threshold = int(source.limits.get("small_cell", 5))
    nature = [] if source.facts.manifest.get("synthetic") else [source.data_note]  # else it stands at the top
    rates = [source.say("brief.rates_are")] if source.place.limits_apply else []
    return [*nature, *rates, source.say("brief.comparable"), source.say("brief.marks", threshold=threshold)]
