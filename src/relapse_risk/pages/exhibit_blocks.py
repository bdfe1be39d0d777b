"""A fact table and its drawing as blocks of a page: the numbers with their notes, or the reason why there are none."""

from __future__ import annotations

from html import escape

import pandas as pd

from relapse_risk.assessment import CITY, EXHIBITS, FactTable
from relapse_risk.charts import figure as drawn_figure
from relapse_risk.measures import PEOPLE
from relapse_risk.pages.block import Block, Source
from relapse_risk.pages.finding_sentences import caption, finding, titled
from relapse_risk.pages.html_tables import column_label, left_out, render_table, withheld, withheld_last
from relapse_risk.pages.not_collected import named_needs
from relapse_risk.pages.section_heading import only_part
from relapse_risk.pages.table_figures import Canvas, drawing
from relapse_risk.schema import table as data_table
from relapse_risk.schema import tables
from relapse_risk.text import has_text
from relapse_risk.text.by_language import enumerated

__all__ = ["absent", "figure", "instead", "table"]

MOST_DESCRIBED = 24  # rows described in words for screen readers


def _threshold(source: Source) -> int:
    """Counts of people below this are withheld."""
    return int(source.limits.get("small_cell", 5))


def absent(source: Source, name: str) -> Block | None:
    """The notice in a table's place when there is nothing to show; None when there is."""
    status, reason = source.status(name)
    if EXHIBITS[name].needs_parts and only_part(source):
        return Block("")
    if status == "collected":
        return None
    if status == "not_collected" and (not source.place.limits_apply or source.missing(source.spec(name).section)):
        return Block("")  # the annex, or the section's heading, has said so
    if status == "not_collected":
        why = source.say("report.not_collected", what=named_needs(source, [reason]))
    else:
        key = f"exhibit.{name}.{status}"
        why = source.say(key) if has_text(key) else source.say(f"report.{status}", division=source.label("division"))
    return instead(source.say(f"exhibit.{name}.title"), why)


def table(source: Source, name: str) -> Block:
    """A fact table with its notes, or the reason why there is none."""
    if (gap := absent(source, name)) is not None:
        return gap
    spec = source.spec(name)
    frame = withheld_last(source.rows(name, source.county), spec)
    whole = withheld(frame, spec.columns) and not spec.restricted and frame.iloc[:, 1:].isna().all(axis=None)
    subject = EXHIBITS[name].subject
    if whole or (subject and not frame[subject].fillna(0).gt(0).any()):
        return instead(
            source.say(f"exhibit.{name}.title"), source.say("report.all_withheld", threshold=_threshold(source))
        )
    notes = [source.say(own)] if has_text(own := f"exhibit.{name}.note") else []
    notes += _sample_note(source, spec) + _gone(source, spec, frame)
    if withheld(frame, spec.columns):
        notes.append(source.say("report.suppressed", threshold=_threshold(source)))
    if "confidence" in frame and frame["confidence"].isin(["assumed", "from_memory", "carried"]).any():
        notes.append(source.say("report.marks"))
    number = source.number("table", spec.section, name)
    title = source.say(f"exhibit.{name}.title")
    html = render_table(
        title, frame, spec.columns, source.language, [*notes, _origin(source, spec)], number, source.label("currency"),
        name=name, limits=source.limits, place=source.place,
    )  # fmt: skip
    return Block(html)


def _origin(source: Source, spec: FactTable) -> str:
    """Where the numbers come from, and their date."""
    names = dict.fromkeys(need.replace(":", ".").partition(".")[0] for need in spec.needs)
    named = [
        source.say("report.scores") if n == "scores" else data_table(n).label[source.language]
        for n in names
        if n in tables() or n == "scores"
    ]
    joined = enumerated(named, source.language)
    return source.say("report.source", table=joined, month=source.month) if joined else ""


def _sample_note(source: Source, spec: FactTable) -> list[str]:
    """Under a table or drawing of a sample: that counts are of the sample, or that values are weighted."""
    if not source.is_sample:
        return []
    counts = any(column.kind in PEOPLE and not column.hidden for column in spec.columns)
    keys = ["report.sample_counts"] if counts else []
    keys += [own] if has_text(own := f"exhibit.{spec.name}.note.sample") else []
    return [source.say(key) for key in keys]


def _gone(source: Source, spec: FactTable, frame: pd.DataFrame) -> list[str]:
    """Columns that are left out because every number of theirs is withheld here: they were collected."""
    unwritten = left_out(frame, spec.columns)
    rows = source.rows("availability", source.county)
    if not unwritten or "gone" not in rows:  # facts of an older version do not say
        return []
    names = {name for words in rows.loc[rows["table"] == spec.name, "gone"] for name in words.split(",")}
    gone = [c for c in unwritten if c.name in names]
    joined = enumerated(
        (column_label(column, source.language, source.label("currency"), spec.name, source.place) for column in gone),
        source.language,
    )
    return [source.say("report.columns_withheld", columns=joined)] if gone else []


def figure(source: Source, name: str, *, half: bool = False, numbered: bool = True) -> Block:
    """The drawing of a fact table under a title that says its finding.

    Only the finding where all is the same; only the reason where too little of it may be shown.
    """
    if EXHIBITS[source.spec(name).name].chart is None or absent(source, name) is not None:
        return Block("")
    canvas = _canvas(source, name)
    found, draw, half = finding(canvas), drawing(canvas), half or EXHIBITS[name].half
    if draw is None and withheld(canvas.frame, canvas.table.columns) and not _alike(canvas):
        return instead(titled(canvas), source.say("report.figure_withheld", threshold=_threshold(source)))
    if draw is None:
        return Block(f'<p class="finding">{escape(found)}</p>' if found != titled(canvas) else "")
    number = source.number("figure", source.spec(name).section, name) if numbered else ""
    notes = _sample_note(source, source.spec(name)) + _gone(source, source.spec(name), canvas.frame)
    aside = "（{}）" if source.language == "zh" else " ({})"
    below = caption(canvas) + "".join(aside.format(note) for note in notes)
    before = f'<span class="number">{escape(number)}</span> ' if number else ""
    drawn = drawn_figure(draw, found, _described(source, canvas), f"f-{name}", half=half)
    return Block(
        f'<figure class="chart{" half" if half else ""}"><figcaption>{before}'
        f"{escape(found)}<small>{escape(below)}</small></figcaption>{drawn}</figure>"
    )


def _canvas(source: Source, name: str) -> Canvas:
    frame = source.rows(name, source.county).reset_index(drop=True)
    city = source.rows(name, CITY)
    return Canvas(
        source.spec(name), frame, city, source.limits, source.language, source.label("currency"), source.place
    )


def _described(source: Source, canvas: Canvas) -> str:
    shown = [c.name for c in canvas.table.columns if c.name in canvas.frame and canvas.known(c.name)]
    columns = (canvas.words(name)[:MOST_DESCRIBED] for name in shown)
    rows = "; ".join(f"{first}: " + ", ".join(others) for first, *others in zip(*columns, strict=True))
    return source.say("chart.desc", rows=rows)


def instead(title: str, why: str) -> Block:
    """The notice in the place of a table or figure: its title, and why it is not there."""
    return Block(f'<p class="missing"><b>{escape(title)}</b> {escape(why)}</p>')


def _alike(canvas: Canvas) -> bool:
    """Whether a share is the same in every row shown, so that the finding says everything."""
    shares = (canvas.frame[c.name].dropna() for c in canvas.table.columns if c.kind == "share" and c.name in canvas.frame)  # fmt: skip
    return any(len(known) > 1 and known.nunique() == 1 for known in shares)
