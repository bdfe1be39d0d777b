"""Section headings, and which sections a report leaves out: no data, or no limits that apply."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from relapse_risk.pages.block import Block, Source
from relapse_risk.pages.indicator_verdicts import sentence
from relapse_risk.pages.not_collected import named_needs
from relapse_risk.text import bilingual, has_text

__all__ = ["heading", "is_left_out", "missing", "only_part", "section_title"]

ISSUES, INCOMES, HARDSHIP, CENTRAL = 17, 4, 13, (0, 1, 16, 18)  # sections; those about all the others


def section_title(source: Source, number: int) -> str:
    """What a section is called, with its number: its own, or its place among those there are."""
    words = source.say(f"section.{number}")
    return words.replace(str(number), str(source.numbered(number)), 1) if number else words


def heading(source: Source, number: int) -> Block:
    """Heading of a section, how its indicators stand, and one sentence on its question; empty where left out."""
    if is_left_out(source, number):
        return Block("")
    title = f'<h2 id="s{number}">{escape(section_title(source, number))}</h2>'
    if number not in CENTRAL and (why := missing(source, number)):
        return Block(f'{title}<p class="missing">{escape(why)}</p>')
    stand, intro = sentence(source, number), _intro(source, number)
    parts = [
        f'<p class="stand">{stand}</p>' if stand else "",
        f'<p class="intro">{escape(intro)}</p>' if intro else "",
    ]
    return Block(title + "".join(parts))


def is_left_out(source: Source, number: int) -> bool:
    """Whether a section has no place in a report without limits: it has no data, or holds only issues."""
    if source.place.limits_apply or number in CENTRAL:
        return False
    return number == ISSUES or bool(missing(source, number))


def missing(source: Source, number: int) -> str:
    """The sentence for a section of which nothing could be computed; empty when something could."""
    mine = [(status, reason) for section, status, reason in source.availability().values() if section == number]
    rows = source.indicator_rows()
    known = rows["section"].eq(number) & rows["verdict"].ne("not_collected")
    if not mine or any(status != "not_collected" for status, _ in mine) or known.any():
        return ""
    return source.say("report.section_not_collected", what=named_needs(source, (reason for _, reason in mine)))


def only_part(source: Source) -> str:
    """The sub-index that the hardship index is all of, where nothing else of it was collected; else empty."""
    if source.status("index_weights")[0] != "collected":
        return ""
    parts = source.rows("index_weights", source.county)["subindex"]
    return bilingual(parts.iloc[0], source.language) if len(parts) == 1 else ""


def _intro(source: Source, number: int) -> str:
    if number == HARDSHIP:
        alone = [source.say("intro.13.alone", part=part)] if (part := only_part(source)) else []
        aid = source.status("need_priority")[0] != "not_collected"
        return _joined(source, [*alone, source.say("intro.13" if aid else "intro.13.before_aid")])
    key, note = f"intro.{number}", source.place.income_note
    intro = [source.say(key, horizon=source.place.horizon_months)] if has_text(key) else []
    return _joined(source, [*intro, note.in_language(source.language)] if note and number == INCOMES else intro)


def _joined(source: Source, sentences: Sequence[str]) -> str:
    return ("" if source.language == "zh" else " ").join(sentences)
