"""The sentence above each drawing, and what is drawn: the exhibit's finding put into the words of its messages."""

from __future__ import annotations

from relapse_risk.exhibits import Cell, Finding, Number, Rows, Word
from relapse_risk.pages.format import WITHHELD, capitalised, is_null
from relapse_risk.pages.table_figures import Canvas
from relapse_risk.text import has_text

__all__ = ["caption", "finding", "titled"]


def finding(canvas: Canvas) -> str:
    """The finding of a fact table's drawing; the table's title where nothing, or not all of it, can be said."""
    find = canvas.exhibit.finding
    found = find(Rows(canvas.table, canvas.frame, canvas.limits)) if find else None
    said = _sentence(canvas, found) if found else ""
    return capitalised(said) if said and WITHHELD not in said else titled(canvas)


def caption(canvas: Canvas) -> str:
    """What is drawn, under the finding; the table's title where there is no more to say."""
    key = _as_collected(canvas, "caption")
    return canvas.say(key, **canvas.exhibit.edges) if has_text(key) else titled(canvas)


def titled(canvas: Canvas) -> str:
    """The table's title."""
    return canvas.say(_as_collected(canvas, "title"))


def _as_collected(canvas: Canvas, part: str) -> str:
    """The message of the exhibit, or its other wording where aid was not collected."""
    column, key = canvas.exhibit.before_aid, f"exhibit.{canvas.table.name}.{part}"
    return f"{key}.before_aid" if column and not canvas.known(column) else key


def _sentence(canvas: Canvas, found: Finding) -> str:
    words = dict(canvas.exhibit.edges)
    if found.row is not None:
        mine = [column.name for column in canvas.table.columns if column.name in canvas.frame]
        words |= {name: _word(canvas, Cell(name, found.row)) for name in mine}
    words |= {name: _word(canvas, word) for name, word in found.words.items()}
    own = f"exhibit.{canvas.table.name}.finding" + (f".{found.key}" if found.key else "")
    said = canvas.say(own if has_text(own) else f"finding.{found.key}", **words)
    said = canvas.say("finding.alike", said=said, count=found.alike) if found.alike else said
    return canvas.say("finding.of_shown", said=said) if found.of_shown else said


def _word(canvas: Canvas, word: Word) -> str:
    """A value as the sentence writes it; the mark of what is withheld for a null, so that nothing is said of it."""
    if word is None or isinstance(word, str):
        return WITHHELD if word is None else word
    if isinstance(word, Number):
        number = canvas.write(word.kind)(word.value)
        return canvas.say("finding.at_least", n=number) if word.at_least else number
    if is_null(canvas.frame[word.column].iloc[word.row]):
        return WITHHELD
    return canvas.words(word.column)[word.row] if word.aligned else canvas.word(word.column, word.row)
