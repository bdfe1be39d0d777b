"""Front matter: cover, contents, the verdicts at a glance, and what the data is."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd

from relapse_risk import __version__
from relapse_risk.assessment import ASPECTS
from relapse_risk.pages.block import ANNEX, ANNEX_END, Block, Source
from relapse_risk.pages.format import at_dash, format_date
from relapse_risk.pages.indicator_verdicts import (
    ASSESSED,
    SYMBOLS,
    aspect_verdict,
    indicator_table,
    verdict_chip,
    written,
)
from relapse_risk.pages.section_heading import section_title
from relapse_risk.text.by_language import enumerated, month_in_words

__all__ = ["contents", "cover", "data_statement", "headlines", "linked", "people_covered", "summary"]

MOST_HEADLINES = 10


def cover(source: Source, title: str, subtitle: str, compared: str, brief: str) -> Block:
    """Title, period, what it is ``compared`` with, what the data is, and the stamp that identifies the facts.

    ``brief`` is shown on the printed cover only (our own HTML).
    """
    manifest, label = source.facts.manifest, source.label("label")
    day = source.say("report.period", day=format_date(manifest["data_date"], source.language))
    stamp = source.say("report.stamp", digest=manifest["hashes"][source.county], version=__version__)
    lines = [
        f'<p class="place">{escape(label)}</p>' if label != source.name else "",
        f'<h1 data-foot="{escape(source.name)} · {escape(title)}">{escape(at_dash(source.name))} <span>{escape(title)}</span></h1>',
        f'<p class="subtitle">{escape(subtitle)}</p>',
        f'<p class="period"><b>{escape(day)}</b><br>{escape(compared)}</p>',
        f'<div class="brief">{brief}</div>',
        f'<p class="notice">{escape(source.data_note)}</p>',
        f'<p class="stamp">{escape(stamp)}</p>',
    ]
    return Block(f'<header class="cover">{"".join(lines)}</header>')


def contents(source: Source, parts: Sequence[tuple[str, str]], sections: Sequence[int]) -> Block:
    """Links to the ``parts`` of the core (anchor and title), then to every section of the annex with its verdict."""
    rows = source.indicator_rows()
    items = []
    for number in sections:
        chip = ""
        mine = rows[(rows["section"] == number) & rows["verdict"].isin(ASSESSED)]
        if source.missing(number) and source.place.limits_apply:
            chip = f'<span class="mark not_collected">{SYMBOLS["not_collected"]}</span>'
        elif len(mine):
            verdict = aspect_verdict(mine)
            chip = f'<span class="mark {verdict}">{SYMBOLS[verdict]}</span>'
        items.append((f"s{number}", section_title(source, number), chip))
    note = source.say("report.symbols" if source.place.limits_apply else "report.left_out")
    return linked(source, [(anchor, words, "") for anchor, words in parts], annex=items, note=note)


def linked(
    source: Source, items: Sequence[tuple[str, str, str]], note: str = "", annex: Sequence[tuple[str, str, str]] = ()
) -> Block:
    """Contents from anchors, titles and marks (our own HTML, or empty), with a note such as what the marks mean.

    What is in the ``annex`` stands below a heading of its own, and goes with it where a PDF has none.
    """
    heading, below = escape(source.say("report.contents")), f'<p class="note">{escape(note)}</p>' if note else ""
    first, last = f"<ol>{_entries(items)}</ol>" if items else "", ""
    if annex:
        title = escape(source.say("report.annex"))
        last = f'{ANNEX}<p class="heading">{title}</p><ol>{_entries(annex)}</ol>{below}{ANNEX_END}'
        below = ""
    return Block(
        f'<nav class="contents" aria-label="{heading}"><p class="heading">{heading}</p>{first}{last}{below}</nav>'
    )


def _entries(items: Sequence[tuple[str, str, str]]) -> str:
    return "".join(f'<li><a href="#{anchor}">{escape(words)}</a>{mark}</li>' for anchor, words, mark in items)


def headlines(source: Source) -> Block:
    """The headline indicators: value, interval, counts, last period, all together, limit, verdict, and the peers."""
    rows = _headlines(source.indicator_rows())
    return Block(indicator_table(source, source.say("summary.table"), rows, source.number("table", 1, "headlines")))


def summary(source: Source) -> Block:
    """How many limits are met, and the nine aspects; only who is covered where no limits apply."""
    rows, has_limits = source.indicator_rows(), source.place.limits_apply
    tiles = (_tiles(source, rows) + _aspects(source, rows)) if has_limits else ""
    return Block(_lead(source, rows) + tiles)


def _headlines(rows: pd.DataFrame) -> pd.DataFrame:
    """Headline indicators that have a verdict; a plain count of people is in the lead sentence."""
    return rows[rows["headline"] & (rows["unit"] != "count")].head(MOST_HEADLINES)


def _lead(source: Source, rows: pd.DataFrame) -> str:
    """Who is covered, and how many limits are met."""
    assessed, covered = rows[rows["verdict"].isin(ASSESSED)], people_covered(source, rows)
    about = {"county": source.name, "covered": covered, "month": source.month}
    if assessed.empty:
        words = source.say("summary.unjudged", **about)
    else:
        met = int((assessed["verdict"] != "not_met").sum())
        words = source.say("summary.headline", judged=len(assessed), met=met, not_met=len(assessed) - met, **about)
    if open_ := int((rows["verdict"] == "cannot_tell").sum()):
        words += source.say("summary.open", count=open_)
    return f'<p class="lead">{escape(words)}</p>'


def people_covered(source: Source, rows: pd.DataFrame) -> str:
    """How many people the report covers: those of the register, or households and persons of the sample."""
    found = rows.loc[rows["indicator"] == "persons", ["value", "denominator"]]
    persons, households = (
        written(source, number, "count") for number in (found.iloc[0].tolist() if len(found) else (None, None))
    )
    key = "summary.sampled" if source.is_sample else "summary.covered"
    return source.say(key, persons=persons, households=households)


def _tiles(source: Source, rows: pd.DataFrame) -> str:
    count = rows["verdict"].value_counts()
    found = {v: int(count.get(v, 0)) for v in ("met", "watch", "not_met", "cannot_tell", "no_limit", "not_collected")}
    tiles = "".join(
        f'<li class="{v}"><b>{n}</b> <span aria-hidden="true">{SYMBOLS[v]}</span> {escape(source.say(f"value.verdict.{v}"))}</li>'
        for v, n in found.items()
    )
    return f'<ul class="tiles" aria-label="{escape(source.say("summary.tiles"))}">{tiles}</ul>'


def _aspects(source: Source, rows: pd.DataFrame) -> str:
    items = []
    for number in ASPECTS:
        mine = rows[rows["section"] == number]
        assessed = mine[mine["verdict"].isin(ASSESSED)]
        verdict = "not_collected" if source.missing(number) else aspect_verdict(mine)
        small = (
            source.say("summary.of", met=int((assessed["verdict"] != "not_met").sum()), judged=len(assessed))
            if len(assessed)
            else ""
        )
        items.append(
            f'<li class="{verdict}"><a href="#s{number}">{escape(source.say(f"section.{number}"))}</a>'
            f"{verdict_chip(source, verdict)}<small>{escape(small)}</small></li>"
        )
    title = escape(source.say("summary.aspects"))
    return f'<h3>{title}</h3><ol class="aspects">{"".join(items)}</ol>'


def _rough(share: float) -> str:
    """A share without the count behind it: whole per cent, and never "all" or "none" of what is not."""
    return "100%" if share == 1 else "<1%" if share < 0.01 else ">99%" if share > 0.99 else f"{share:.0%}"


def data_statement(source: Source) -> Block:
    """Who is covered, where the data is from, how to read marks and gaps, and what every table holds."""
    rows = [
        ("report.population", source.label("population_note")),
        ("report.data_note", source.data_note),
        ("report.reading", source.say("report.reading_note", threshold=int(source.limits.get("small_cell", 5)))),
    ]
    if carried := source.facts.manifest.get("carried", {}).get(source.county, {}):
        parts = [
            source.say("report.carried_part", month=month_in_words(month, source.language), share=_rough(share))
            for month, share in carried.items()
        ]
        rows.insert(2, ("report.carried", source.say("report.carried_note", parts=enumerated(parts, source.language))))
    if source.place.limits_apply:
        rows.append(("report.marks_title", source.say("report.marks_note")))
    if source.is_sample:
        rows.insert(1, ("report.weights", source.say("report.weights_note")))
    if source.place.names_note:
        rows.append(("report.names", source.label("names_note")))
    terms = "".join(f"<dt>{escape(source.say(key))}</dt><dd>{escape(words)}</dd>" for key, words in rows)
    return Block(f'<dl class="statement">{terms}</dl><div class="sources">{source.table("data_sources").html}</div>')
