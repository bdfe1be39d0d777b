"""Public notices: a page for each village that says who, as what, from when to when, and when it comes down.

No identity number, telephone, account or anything of health stands on it: only the household, how many persons it has,
and the type.  A notice that would show such a number is refused, and one whose last day is over is removed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from pathlib import Path

import pandas as pd

from relapse_risk.errors import RegisterError, SourceError
from relapse_risk.events import Event, Standing
from relapse_risk.files import sha256, write_text
from relapse_risk.identification.identification_log import KIND, IdentificationLog, Whereabouts
from relapse_risk.identification.review_sheets import unit_of
from relapse_risk.languages import Language
from relapse_risk.text import text
from relapse_risk.text.by_language import day_in_words

__all__ = ["Notice", "begin_notices", "take_down"]

ENTRY, OUT = "to_post", "out_to_post"
_NAME = re.compile(r"notice-.+-(\d{4}-\d{2}-\d{2})-(\d{4}-\d{2}-\d{2})\.html")
# What never stands on a notice: identity numbers (15 or 18), mobile and fixed telephone numbers, accounts and cards.
_HIDDEN = {
    "an identity number": re.compile(r"(?<!\d)(\d{17}[\dXx]|\d{15})(?!\d)"),
    "a telephone number": re.compile(r"(?<!\d)(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)"),
    "an account": re.compile(r"(?<!\d)(\d[ -]?){16,19}(?!\d)"),
}
STYLE = (
    "body{font:16px/1.6 serif;max-width:46rem;margin:2rem auto;padding:0 1rem}h1{text-align:center}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #555;padding:.3rem .6rem;text-align:left}"
    "@page{size:A4;margin:20mm}"
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice: its village, days, households, file, and the digest of what it says."""

    unit: str
    first_day: str
    last_day: str
    households: tuple[str, ...]
    digest: str
    file: Path


def begin_notices(
    log: IdentificationLog, homes: Whereabouts, first: date, today: date, by: str, folder: str | Path, language: Language = "zh",
    contact: str = "", names: Mapping[str, str] | None = None,
) -> tuple[Notice, ...]:  # fmt: skip
    """Write a notice for every village with households voted for, and note in the log that they are on it.

    Parameters
    ----------
    log : IdentificationLog
    homes : Whereabouts
    first : datetime.date
        Day on which the notices go up: today or later.
    today : datetime.date
    by : str
        Who puts them up.
    folder : path
        ``notice-<village>-<first>-<last>.html`` are written there.
    language : {"zh", "en"}
    contact : str
        To whom objections go; the village committee or the town when left out.
    names : mapping, optional
        Names of heads by household; without them a household is its number in the register.

    Raises
    ------
    SourceError
        If anything on a notice looks like an identity number, a telephone number or an account; nothing is written.
    RegisterError
        If the first day is past.
    """
    if first < today:
        raise RegisterError("a notice cannot begin in the past", where="--first-day", got=first.isoformat(), expected=f"{today.isoformat()} or later")  # fmt: skip
    days = round(log.due.parameters.on("notice_days", first).value)
    last = log.due.calendar.last_of(first, days)
    units: dict[str, list[Standing]] = {}
    for one in log.held(ENTRY, OUT):
        place = homes.of(one.thing)
        units.setdefault(unit_of(place if place[0] else one.place, "village"), []).append(one)
    pages, events = {}, []
    for unit, mine in sorted(units.items()):
        page = notice_page(log, homes, unit, mine, first, last, language, contact, names or {})
        digest = sha256([page])
        file = Path(folder) / f"notice-{unit}-{first.isoformat()}-{last.isoformat()}.html"
        pages[file] = (
            page,
            Notice(unit, first.isoformat(), last.isoformat(), tuple(one.thing for one in mine), digest, file),
        )
        facts = {"first_day": first.isoformat(), "last_day": last.isoformat(), "digest": digest}
        events += [
            Event(KIND, one.thing, one.episode, "notice_begun", today.isoformat(), today.isoformat(), by, "town", *one.place, source=file.name, facts=facts)
            for one in mine
        ]  # fmt: skip
    for file, (page, _) in pages.items():
        write_text(file, page)
    log.append(events)
    return tuple(notice for _, notice in pages.values())


def notice_page(
    log: IdentificationLog, homes: Whereabouts, unit: str, mine: Sequence[Standing], first: date, last: date, language: Language,
    contact: str, names: Mapping[str, str],
) -> str:  # fmt: skip
    """The page of one village's notice; refused where it would show what no notice may show."""
    place = homes.name(unit, language)
    parts = [f"<h1>{escape(place)}<br>{text('notice.title', language)}</h1>"]
    for state, words in ((ENTRY, "notice.entry"), (OUT, "notice.out")):
        rows = [one for one in mine if one.state == state]
        if rows:
            parts += [f"<p>{text(words, language)}</p>", _table(log, homes, rows, language, names)]
    first_words, last_words = day_in_words(first, language), day_in_words(last, language)
    down = day_in_words(last + timedelta(days=1), language)
    parts += [
        f"<p>{text('notice.days', language, first=first_words, last=last_words)}</p>",
        f"<p>{escape(text('notice.objections', language, contact=contact or text('notice.contact', language)))}</p>",
        f"<p><strong>{text('notice.down', language, down=down)}</strong></p>",
    ]
    head = f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="robots" content="noindex,noarchive">'
    title = f"<title>{escape(place)} {text('notice.title', language)}</title><style>{STYLE}</style></head>"
    return f"{head}{title}<body>\n" + "\n".join(parts) + "\n</body></html>\n"


def _table(
    log: IdentificationLog, homes: Whereabouts, rows: Sequence[Standing], language: Language, names: Mapping[str, str]
) -> str:
    heads = "".join(
        f"<th>{text(f'notice.{name}', language)}</th>" for name in ("number", "household", "persons", "type")
    )
    lines = []
    for number, one in enumerate(sorted(rows, key=lambda row: row.thing), 1):
        shown = names.get(one.thing, one.thing)
        _refuse_hidden(shown, one.thing)
        cells = (
            str(number),
            shown,
            _persons(homes, one.thing),
            log.machine.said("type", one.facts.get("type", ""))[language],
        )
        lines.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    return f"<table><tr>{heads}</tr>\n" + "\n".join(lines) + "\n</table>"


def _persons(homes: Whereabouts, household: str) -> str:
    if household not in homes.frame.index:
        return ""
    size = homes.frame.loc[household, "household_size"]
    return "" if pd.isna(size) else str(int(size))


def _refuse_hidden(shown: str, household: str) -> None:
    for what, pattern in _HIDDEN.items():
        if pattern.search(shown):
            raise SourceError(
                f"{what} would stand on a public notice", where=f"notice: household {household[:4]}…",
                expected="a name, or a number of the register that is none of these",
                fix="correct the name in the register, or use pseudonyms as household numbers; nothing was written",
            )  # fmt: skip


def take_down(folder: str | Path, today: date) -> tuple[Path, ...]:
    """Remove the notices whose last day is over: which they were.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder = Path(mkdtemp())
    >>> for last in ("2021-03-05", "2021-03-09"):
    ...     _ = write_text(folder / f"notice-v1-2021-03-01-{last}.html", "")
    >>> [file.name for file in take_down(folder, date(2021, 3, 6))]
    ['notice-v1-2021-03-01-2021-03-05.html']
    """
    gone = []
    for file in sorted(Path(folder).glob("notice-*.html")):
        named = _NAME.fullmatch(file.name)
        if named and named[2] < today.isoformat():
            file.unlink()
            gone.append(file)
    return tuple(gone)
