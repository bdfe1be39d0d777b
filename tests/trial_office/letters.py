"""What the departments send: Excel, CSV and SQLite files written from the books, with all that goes wrong on the way.

Nothing here knows the program.  Every mishap draws from one seed, and what was planted is kept for the comparison.
"""

from __future__ import annotations

import csv
import random
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import openpyxl
from tests.trial_office.truth import DWELLING, HEALTH, LEDGERS, QUARTER_ENDS, RELIEF, WORK, Books, Row, month_after

WRONG: dict[str, tuple[object, ...]] = {
    "dwelling_grade": DWELLING, "health_status": HEALTH, "employment_status": WORK, "medical_insurance": (True, False),
    "disability_level": ("level_2", "level_3"), "cause_main": ("illness", "disability", "no_labour", "no_funds"),
    "wage_income": (1, 2, 3), "cash_amount": (10, 20, 30), "gross_loss": (11, 12),
}  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """Rows of one table in one file: column to the department's own header."""

    table: str
    key: tuple[str, ...]
    heads: dict[str, str]


@dataclass(frozen=True)
class Sender:
    """One extract of one department."""

    name: str
    department: str
    kind: str
    sheets: tuple[Sheet, ...]
    complete: bool = False
    quarterly: bool = False


HOUSEHOLD, PERSON = "household", "person"
SENDERS = (
    Sender("poverty_office", "FP", "excel", (
        Sheet("village", ("village_code",), {"village_code": "Village", "town_code": "Town", "county_code": "County"}),
        Sheet(HOUSEHOLD, ("household_id",), {"household_id": "Household", "village_code": "Village", "head_person_id": "Head",
                                             "household_size": "Persons", "cause_main": "Cause", "relief_status": "Relief (as told)"}),
        Sheet(PERSON, ("person_id",), {"person_id": "Person", "household_id": "Household", "sex": "Sex", "birth_date": "Born",
                                       "relation_to_head": "Relation", "deceased_on": "Died on"}),
    ), complete=True),
    Sender("relief", "MZ", "excel", (Sheet(HOUSEHOLD, ("household_id",), {"household_id": "HH no", "relief_status": "Relief"}),)),
    Sender("housing", "ZJ", "excel", (Sheet(HOUSEHOLD, ("household_id",), {"household_id": "Dwelling of", "dwelling_grade": "Grade"}),), quarterly=True),
    Sender("insurance", "YB", "csv", (Sheet(PERSON, ("person_id",), {"person_id": "insured person", "medical_insurance": "insured"}),)),
    Sender("health", "WJ", "sql", (Sheet(PERSON, ("person_id",), {"person_id": "pid", "health_status": "state"}),)),
    Sender("schools", "JT", "csv", (Sheet(PERSON, ("person_id",), {"person_id": "pupil", "student_stage": "stage", "dropped_out": "left school"}),)),
    Sender("labour", "RS", "csv", (Sheet(PERSON, ("person_id",), {"person_id": "person", "employment_status": "work"}),)),
    Sender("disability", "CL", "csv", (Sheet(PERSON, ("person_id",), {"person_id": "holder", "disability_type": "kind", "disability_level": "grade"}),), quarterly=True),
    Sender("veterans", "TY", "csv", (Sheet(PERSON, ("person_id",), {"person_id": "veteran", "veteran_care": "care"}),)),
    Sender("incomes", "NY", "excel", (Sheet("income", ("household_id", "period_end"), {
        "household_id": "Household", "period_end": "To month", "months": "Months", "wage_income": "Wages", "transfer_income": "Transfers"}),)),
    Sender("emergency", "YJ", "csv", (Sheet("shock_event", ("event_id",), {
        "event_id": "no", "household_id": "household", "event_date": "day", "shock_type": "what", "gross_loss": "loss",
        "compensated": "paid", "verified": "verified"}),)),
    *(Sender(f"aid_{who.lower()}", who, "csv", (Sheet("assistance_record", ("record_id",), {
        "record_id": "record", "household_id": "household", "item_code": "item", "delivered_on": "given on", "decision": "decision",
        "cash_amount": "amount"}),)) for who in LEDGERS),
)  # fmt: skip
RENAMED = {"insurance": ("insured", "insured (basic scheme)"), "incomes": ("Wages", "Wages and salaries")}
EVENTS = ("assistance_record", "shock_event")  # a month without any is an empty file


@dataclass(frozen=True)
class Letter:
    """One file on its way: when it comes, from whom, of which month, and what an attentive clerk expects of it."""

    day: date
    sender: Sender
    month: str
    file: Path
    complete: bool
    what: str  # whole, part, rest, first, corrected, twice, stale, nonsense, renamed, merger
    counties: tuple[str, ...] = ()


@dataclass
class Post:
    """Every letter in the order in which it comes, and what was planted."""

    letters: list[Letter] = field(default_factory=list)
    contradictions: set[tuple[str, str, str, str, str]] = field(
        default_factory=set
    )  # month, household, column, told, true


def mapping(sender: Sender, heads: dict[str, list[str]] | None = None) -> dict[str, object]:
    """The mapping file of a sender; ``heads``: further headers by column."""
    tables = []
    for sheet in sender.sheets:
        columns: dict[str, object] = {}
        for name, head in sheet.heads.items():
            said: object = [head, *heads[name]] if heads and name in heads else head
            columns[name] = {"header": said, "optional": True} if name == "relief_status" and sender.complete else said
        source = (
            f"SELECT * FROM {sheet.table}"
            if sender.kind == "sql"
            else f"{sheet.table}*"
            if sender.kind == "csv"
            else sheet.table
        )
        tables.append({"table": sheet.table, "source": source, "columns": columns, "optional": sheet.table in EVENTS})
    return {"name": sender.name, "label": {"zh": sender.name, "en": sender.name}, "kind": sender.kind,
            "sender": sender.department, "complete": sender.complete, "tables": tables}  # fmt: skip


def _shown(value: object) -> object:
    return "yes" if value is True else "no" if value is False else value


class Clerks:
    """Write the letters of the months into ``folder``."""

    def __init__(self, books: Books, folder: Path, seed: int, mishaps: float = 1.0) -> None:
        self.books, self.folder, self.draw, self.mishaps = books, folder, random.Random(seed), mishaps
        self.post = Post()
        self.every = list(books.months)

    def write(self) -> Post:
        """Every file of every month."""
        for n, month in enumerate(self.every):
            for sender in SENDERS:
                if not sender.quarterly or month[5:] in QUARTER_ENDS or n == 0:
                    self._of(sender, month, n)
        self.post.letters.sort(key=lambda one: one.day)
        return self.post

    def _chance(self, share: float) -> bool:
        return self.draw.random() < share * self.mishaps

    def _of(self, sender: Sender, month: str, n: int) -> None:
        end = month_after(month)
        day = date(int(end[:4]), int(end[5:]), 3 + self.draw.randint(0, 5))
        first = n == 0
        if sender.name in RENAMED and n == len(self.every) // 2:
            return self._send(day, sender, month, "renamed")
        if first or sender.complete:
            return self._core(day, sender, month, first)
        if self._chance(0.12):
            day += timedelta(days=self.draw.choice((31, 62)))
        if self._chance(0.15):
            some = tuple(
                sorted(self.draw.sample(sorted(self._counties(month)), max(1, len(self._counties(month)) // 2)))
            )
            self._send(day, sender, month, "part", counties=some)
            rest = tuple(sorted(self._counties(month) - set(some)))
            return self._send(day + timedelta(days=20), sender, month, "rest", counties=rest)
        if self._chance(0.35):
            return self._wrong_first(day, sender, month)
        self._send(day, sender, month, "whole")
        if self._chance(0.2):
            self._again(day + timedelta(days=2), "twice")

    def _core(self, day: date, sender: Sender, month: str, first: bool) -> None:
        """The poverty office: never in part, sometimes with contradictions, sometimes late, sometimes wrong at first."""
        changed: dict[tuple[str, str, str], object] = {}
        if sender.complete and not first:
            for name in self.draw.sample(sorted(self.books.months[month][HOUSEHOLD]), 2):
                true = str(self.books.months[month][HOUSEHOLD][name]["relief_status"])
                told = self.draw.choice([word for word in RELIEF if word != true])
                changed[HOUSEHOLD, name, "relief_status"] = told
                self.post.contradictions.add((month, name, "relief_status", told, true))
            if self._chance(0.2):
                day += timedelta(days=31)
            if self._chance(0.2):
                for name in self.draw.sample(sorted(self.books.months[month][HOUSEHOLD]), 3):
                    wrong = dict(changed)
                    wrong[HOUSEHOLD, name, "cause_main"] = self._wrong(
                        "cause_main", self.books.months[month][HOUSEHOLD][name]["cause_main"]
                    )
                self._send(day, sender, month, "first", changed=wrong)
                return self._send(
                    day + timedelta(days=self.draw.choice((9, 90))), sender, month, "corrected", changed=changed
                )
        self._send(day, sender, month, "whole", changed=changed)
        if self._chance(0.2) and not first:
            self._again(day + timedelta(days=2), "twice")

    def _wrong_first(self, day: date, sender: Sender, month: str) -> None:
        """Wrong or nonsense cells at first; the right ones ten days or three months later, whole or only what was wrong."""
        sheet = sender.sheets[-1]
        rows = self._rows(sheet, month, sender)
        columns = [name for name in sheet.heads if name in WRONG]
        if not rows or not columns:
            return self._send(day, sender, month, "whole")
        nonsense = self._chance(0.3)
        changed: dict[tuple[str, str, str], object] = {}
        for row in self.draw.sample(rows, min(3, len(rows))):
            name = self.draw.choice(columns)
            changed[sheet.table, str(row[sheet.key[0]]), name] = "??" if nonsense else self._wrong(name, row[name])
        self._send(day, sender, month, "nonsense" if nonsense else "first", changed=changed)
        first = self.post.letters[-1]
        later = day + timedelta(days=self.draw.choice((10, 92)))
        only = {key for _, key, _ in changed} if self._chance(0.5) else None
        self._send(later, sender, month, "corrected", only=only)
        if self._chance(0.3):
            self._again(later + timedelta(days=3), "stale", first)

    def _wrong(self, name: str, true: object) -> object:
        return self.draw.choice([value for value in WRONG[name] if value != true])

    def _again(self, day: date, what: str, letter: Letter | None = None) -> None:
        """The same bytes come once more."""
        old = letter or self.post.letters[-1]
        self.post.letters.append(Letter(day, old.sender, old.month, old.file, old.complete, what, old.counties))

    def _counties(self, month: str) -> set[str]:
        return set(self.books.counties[month].values())

    def _rows(self, sheet: Sheet, month: str, sender: Sender) -> list[Row]:
        """The true rows of a month; of tables without months those of the month and the department."""
        if sheet.table == "village":
            return self.books.villages[month]
        if sheet.table in (HOUSEHOLD, PERSON):
            return list(self.books.months[month][sheet.table].values())
        found = [row for key, row in self.books.events[sheet.table].items() if month in key[-1]]
        if sheet.table == "assistance_record":
            found = [row for row in found if str(row["record_id"]).startswith(sender.department)]
        return found

    def _county(self, sheet: Sheet, row: Row, month: str) -> str:
        if sheet.table == "village":
            return str(row["county_code"])
        return self.books.counties[month][str(row["household_id"])]

    def _send(
        self, day: date, sender: Sender, month: str, what: str, *, counties: Sequence[str] = (),
        changed: dict[tuple[str, str, str], object] | None = None, only: set[str] | None = None,
    ) -> None:  # fmt: skip
        stamp = f"{day:%Y%m%d}-{what}"
        path = self.folder / month / sender.name / stamp
        path.mkdir(parents=True, exist_ok=True)
        filled: list[tuple[Sheet, list[str], list[list[object]]]] = []
        for sheet in sender.sheets:
            heads = dict(sheet.heads)
            if what == "renamed" and sender.name in RENAMED:
                old, new = RENAMED[sender.name]
                heads = {name: new if head == old else head for name, head in heads.items()}
            rows = [
                [_shown(self._cell(sender, sheet, row, name, changed or {})) for name in heads]
                for row in self._rows(sheet, month, sender)
                if (not counties or self._county(sheet, row, month) in counties)
                and (only is None or str(row[sheet.key[0]]) in only)
            ]
            filled.append((sheet, list(heads.values()), rows))
        file = _WRITERS[sender.kind](path, sender.name, filled)
        self.post.letters.append(
            Letter(day, sender, month, file, sender.complete and only is None, what, tuple(counties))
        )

    def _cell(
        self, sender: Sender, sheet: Sheet, row: Row, name: str, changed: dict[tuple[str, str, str], object]
    ) -> object:
        at = (sheet.table, str(row[sheet.key[0]]), name)
        if at in changed:
            return changed[at]
        if sender.complete and name == "relief_status":
            return None  # the poverty office says it only of whom it was told about
        return row[name]


def _workbook(path: Path, name: str, filled: Iterable[tuple[Sheet, list[str], list[list[object]]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for sheet, heads, rows in filled:
        page = book.create_sheet(sheet.table)
        page.append(heads)
        for row in rows:
            page.append(row)
    book.save(path / f"{name}.xlsx")
    return path / f"{name}.xlsx"


def _text(path: Path, name: str, filled: Iterable[tuple[Sheet, list[str], list[list[object]]]]) -> Path:
    for sheet, heads, rows in filled:
        file = path / f"{sheet.table}.csv"
        with file.open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerows([heads, *rows])
    return file


def _database(path: Path, name: str, filled: Iterable[tuple[Sheet, list[str], list[list[object]]]]) -> Path:
    file = path / f"{name}.db"
    with sqlite3.connect(file) as base:
        for sheet, heads, rows in filled:
            named = ", ".join(f'"{head}"' for head in heads)
            base.execute(f"CREATE TABLE {sheet.table} ({named})")
            base.executemany(f"INSERT INTO {sheet.table} VALUES ({', '.join('?' * len(heads))})", rows)
    base.close()
    return file


_WRITERS: dict[str, Callable[[Path, str, Iterable[tuple[Sheet, list[str], list[list[object]]]]], Path]] = {
    "excel": _workbook, "csv": _text, "sql": _database,
}  # fmt: skip
