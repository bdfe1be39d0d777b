"""The register against the hidden books: every household-month, person-month, income and aid record."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date

from tests.trial_office.letters import HOUSEHOLD, PERSON, SENDERS, Post
from tests.trial_office.office import Office
from tests.trial_office.truth import QUARTER_ENDS, Books, Row

EVENTS = {"income": ("household_id", "period_end"), "assistance_record": ("record_id",), "shock_event": ("event_id",)}


@dataclass
class Difference:
    """What the register says otherwise than the books."""

    rows: int = 0
    cells: int = 0
    missing: list[str] = field(default_factory=list)
    too_many: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    wrong_months: set[tuple[str, str]] = field(default_factory=set)

    def summary(self) -> str:
        """In words, with the first of each kind."""
        by_column = Counter(line.split(" ")[1].partition("=")[0] for line in self.wrong)
        return (
            f"{self.rows:,} rows, {self.cells:,} cells compared: {len(self.missing)} missing, {len(self.too_many)} too many, "
            f"{len(self.wrong)} wrong cells in {len(self.wrong_months)} household-months\n"
            f"  wrong by column: {dict(by_column)}\n  missing: {self.missing[:6]}\n  too many: {self.too_many[:6]}\n  wrong: {self.wrong[:12]}"
        )  # fmt: skip


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return f"{float(value):g}" if float(value) != int(value) else str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)


def _said(value: str, true: object) -> str:
    if isinstance(true, bool):
        return {"true": "True", "false": "False", "1": "True", "0": "False", "yes": "True", "no": "False"}.get(
            value.lower(), value
        )
    if isinstance(true, int) and value:
        return _text(float(value))
    return value[:10] if isinstance(true, date) else value


def _hold(
    found: Difference,
    table: str,
    month: str,
    held: dict[tuple[str, ...], dict[str, str]],
    true: dict[tuple[str, ...], Row],
) -> None:
    found.missing += [f"{month} {table} {'|'.join(key)}" for key in sorted(true.keys() - held.keys())]
    found.too_many += [f"{month} {table} {'|'.join(key)}" for key in sorted(held.keys() - true.keys())]
    for key in sorted(true.keys() & held.keys()):
        found.rows += 1
        for name, value in true[key].items():
            found.cells += 1
            if _said(held[key][name], value) != _text(value):
                found.wrong.append(f"{month} {name}={held[key][name]!r} of {'|'.join(key)}, true {_text(value)!r}")
                found.wrong_months.add((month, str(true[key].get("household_id", key[0]))))


def sayable(books: Books) -> dict[str, dict[str, dict[str, Row]]]:
    """The months of the books as anybody could know them: what is asked once a quarter is unknown of the new until then."""
    asked = {
        (sheet.table, name)
        for sender in SENDERS if sender.quarterly for sheet in sender.sheets for name in sheet.heads if name not in sheet.key
    }  # fmt: skip
    named: set[tuple[str, str]] = set()
    known = deepcopy(books.months)
    for n, (month, tables) in enumerate(books.months.items()):
        if n == 0 or month[5:] in QUARTER_ENDS:
            named |= {(table, one) for table, rows in tables.items() for one in rows}
        for table, name in asked:
            for one, row in known[month][table].items():
                if (table, one) not in named:
                    row[name] = None
    return known


def against_books(office: Office, books: Books) -> Difference:
    """Every month and every event, as exported by the program."""
    found = Difference()
    for month, tables in sayable(books).items():
        for table, key in ((HOUSEHOLD, "household_id"), (PERSON, "person_id")):
            held = {(row[key],): row for row in office.table(table, month)}
            _hold(found, table, month, held, {(name,): row for name, row in tables[table].items()})
    for table, keys in EVENTS.items():
        rows = office.table(table)
        held = {tuple(row[k] for k in keys): row for row in rows}
        found.too_many += [f"- {table} doubled {len(rows) - len(held)}"] if len(rows) != len(held) else []
        _hold(found, table, "-", held, books.events[table])
    return found


def conflicts_against(office: Office, post: Post) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """Contradictions between departments planted and not listed, and listed and not planted."""
    listed = set()
    for row in office.diary.conflicts:
        if row["said_by"] in row["held_by"].split():  # a department corrects itself
            continue
        told = row["held"] if row["held"] != row["kept"] else row["said"]
        listed.add((row["month"], row["row_key"].partition("|")[0], row["column"], told, row["kept"]))
    return {one for one in post.contradictions if one not in listed}, listed - post.contradictions
