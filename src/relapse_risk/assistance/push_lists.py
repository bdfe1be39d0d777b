"""Push lists: seekers for job platforms, households' needs for social organisations; no name and no identity number.

A list is JSON Lines and a workbook to answer in.  Its first line is the head: number of the list, kind, receiver, month, day,
how many rows, and the SHA-256 of everything else it says; then one row a line.  A list in which anything was changed is
refused.  Acknowledgements come back through the reader of every list (:func:`relapse_risk.assistance.take_replies`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from relapse_risk.assistance.aid_log import PLACEMENT, PLEDGE
from relapse_risk.assistance.catalogue import Catalogue
from relapse_risk.assistance.placement_log import placement_lines
from relapse_risk.assistance.reply_sheets import reply_workbook
from relapse_risk.assistance.sendings import sending_event
from relapse_risk.errors import SourceError
from relapse_risk.events import Added, Event, KeptLog
from relapse_risk.files import sha256, write_bytes
from relapse_risk.json_reading import parsed
from relapse_risk.languages import Language
from relapse_risk.register.pseudonyms import pseudonym
from relapse_risk.schema import code_list

__all__ = ["PushList", "job_rows", "push", "read_push_list", "social_rows"]

FORMAT = "push list 1"
OF_HEALTH = ("medical", "disability")  # directions of items that tell of somebody's health
KINDS = {"jobs": (PLACEMENT, "worklist.placement"), "social": (PLEDGE, "worklist.pledge")}


@dataclass(frozen=True, slots=True)
class PushList:
    """One list that leaves.

    Attributes
    ----------
    head : mapping
        format, list (its number), what (``jobs`` | ``social``), to, month, day, rows, digest.
    rows : tuple of mapping
    """

    head: Mapping[str, Any]
    rows: tuple[Mapping[str, Any], ...]


def shown_as(household: str, key: bytes | None) -> str:
    """A household or person as a list names it: its number in the register, or without one a pseudonym under ``key``.

    Examples
    --------
    >>> shown_as("H1", None), shown_as("H1", bytes(32)) == shown_as("H2", bytes(32))
    ('H1', False)
    """
    return household if key is None else pseudonym(key, household, "L")


def job_rows(
    log: KeptLog, persons: pd.DataFrame, towns: Mapping[str, str], key: bytes | None, language: Language,
    health: bool = False,
) -> list[dict[str, Any]]:  # fmt: skip
    """Seekers that are to be offered work: those matched with an opening, and those for whom none was found.

    Parameters
    ----------
    log : KeptLog
    persons : DataFrame
        person_id, age, education_level, labour_capacity, disability_level and town_code.
    towns : mapping of str to str
        Name of a town by code.
    key : bytes or None
        For pseudonyms; without one the number in the register.
    language : {"zh", "en"}
    health : bool
        Whether the receiver may know who has a disability.

    Returns
    -------
    list of dict
        match_id, seeker, age, education, labour, disability (with ``health``), county, town, opening_id, monthly_pay, stands.
    """
    lines = placement_lines(log)
    lines = lines[lines["state"].isin(["sought", "matched"])].sort_values("match_id")
    known = persons.drop_duplicates("person_id").set_index("person_id")
    machine, rows = log.machines[PLACEMENT], []
    for line in lines.to_dict("records"):
        if line["seeker"] not in known.index:
            continue
        one = known.loc[line["seeker"]]
        rows.append({
            "match_id": line["match_id"], "seeker": shown_as(line["seeker"], key), "age": None if pd.isna(one["age"]) else int(one["age"]),
            "education": _word("education_level", one["education_level"], language),
            "labour": _word("labour_capacity", one["labour_capacity"], language),
            **_disability(one["disability_level"], health), "county": line["county_code"], "town": towns.get(str(one["town_code"]), ""), "opening_id": line["opening_id"] or None,
            "monthly_pay": float(line["pay"]) if line["pay"] else None, "stands": machine.state_label(line["state"])[language],
        })  # fmt: skip
    return rows


def _disability(level: Any, health: bool) -> dict[str, bool | None]:
    return {"disability": None if pd.isna(level) else level != "none"} if health else {}


def _word(codes: str, word: Any, language: Language) -> str | None:
    return None if pd.isna(word) else code_list(codes).label(str(word), language)


def social_rows(
    log: KeptLog, reminders: pd.DataFrame, sizes: Mapping[str, int], catalogue: Catalogue, to: str, towns: Mapping[str, str],
    key: bytes | None, language: Language, most: int = 100, health: bool = False,
) -> tuple[list[dict[str, Any]], dict[str, str]]:  # fmt: skip
    """Households and what they are entitled to and lack, the most pressing first, for a social organisation.

    Those shown to it before, and not declined or given, are left out.

    Parameters
    ----------
    log : KeptLog
    reminders : DataFrame
        :attr:`relapse_risk.assistance.Reminders.frame`, most pressing first.
    sizes : mapping of str to int
        Persons by household.
    catalogue : Catalogue
    to : str
    towns, key, language
        As of :func:`job_rows`.
    most : int
    health : bool
        Whether the receiver may see items of medical and disability aid; without, they are left out, and with them the
        households that lack nothing else.

    Returns
    -------
    (list of dict, dict)
        pledge_id, household, county, town, persons, needs; and the household of each pledge.
    """
    shown = [item for item in catalogue.items if health or item.direction not in OF_HEALTH]
    labels = {item.code: item.label.in_language(language) for item in shown}
    missing = reminders[(reminders["kind"] == "missing") & reminders["item_code"].isin(list(labels))]
    rows: list[dict[str, Any]] = []
    households: dict[str, str] = {}
    for household, mine in missing.groupby("household_id", sort=False):
        name = pledge_identity(str(household), to)
        if len(rows) == most:
            break
        if log.is_open(log.last(PLEDGE, name)):
            continue
        between = "、" if language == "zh" else ", "
        needs = between.join(dict.fromkeys(labels[code] for code in mine["item_code"]))
        first = mine.iloc[0]
        households[name] = str(household)
        rows.append({
            "pledge_id": name, "household": shown_as(str(household), key), "county": str(first["county_code"]),
            "town": towns.get(str(first["town_code"]), ""), "persons": sizes.get(str(household)), "needs": needs,
        })  # fmt: skip
    return rows, households


def pledge_identity(household: str, to: str) -> str:
    """Number of what a household asks of a receiver."""
    return "B" + sha256([f"{household}|{to}"])[:12]


def push(
    log: KeptLog, what: str, rows: Sequence[Mapping[str, Any]], to: str, month: str, day: date, by: str, folder: Path,
    language: Language, households: Mapping[str, str] | None = None,
) -> tuple[PushList, tuple[Path, ...], Added]:  # fmt: skip
    """Write a list in both forms, and note in the log that it was sent and what it holds.

    Parameters
    ----------
    log : KeptLog
    what : {"jobs", "social"}
    rows : sequence of mapping
        Of :func:`job_rows` or :func:`social_rows`.
    to : str
        Receiver.
    month : str
    day : datetime.date
    by : str
        Office that sends.
    folder : Path
        ``<what>-<number>.jsonl`` and ``.xlsx`` are written there.
    language : {"zh", "en"}
    households : mapping, optional
        Household of each pledge.
    """
    kind, sheet = KINDS[what]
    number = f"{what}|{to}|{day.isoformat()}"
    head = {"format": FORMAT, "list": number, "what": what, "to": to, "month": month, "day": day.isoformat(), "rows": len(rows)}  # fmt: skip
    made = PushList(head | {"digest": _digest(head, rows)}, tuple(rows))
    text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in (made.head, *made.rows))
    stem = folder / f"{what}-{made.head['digest'][:12]}"
    book = reply_workbook(sheet, rows, f"{to} {number}", day, language, made.head["digest"])
    files = (write_bytes(stem.with_suffix(".jsonl"), text.encode()), write_bytes(stem.with_suffix(".xlsx"), book))
    on = day.isoformat()
    events = [sending_event(number, day, by, what, to, len(rows), made.head["digest"], month)]
    for row in rows:
        if kind == PLACEMENT:
            now = log.last(kind, row["match_id"])
            place = now.place if now else ("", "", "")
            events.append(Event(kind, row["match_id"], 0, "offered", on, on, by, "office", *place, source=number))
        else:
            facts = {"household": (households or {})[row["pledge_id"]], "to": to, "needs": row["needs"], "month": month}
            events.append(Event(kind, row["pledge_id"], 0, "shown", on, on, by, "office", row["county"], source=number, facts=facts))  # fmt: skip
    return made, files, log.append(events)


def _digest(head: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    return sha256([json.dumps([head, *rows], ensure_ascii=False, sort_keys=True, separators=(",", ":"))])


def read_push_list(path: str | Path) -> PushList:
    """A list written by :func:`push`.

    Raises
    ------
    SourceError
        If it is none, or anything in it was changed.
    """
    try:
        head, *rows = (parsed(line) for line in Path(path).read_text(encoding="utf-8").rstrip("\n").split("\n"))
        said = head.pop("digest")
        is_one = head["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError("not a push list", where=str(path), fix="name the .jsonl that push wrote") from error
    now = _digest(head, rows)
    if not is_one or now != said:
        raise SourceError("the list was changed after it was made", where=str(path), got=now[:12], expected=str(said)[:12], fix="restore the file")  # fmt: skip
    return PushList(head | {"digest": said}, tuple(rows))
