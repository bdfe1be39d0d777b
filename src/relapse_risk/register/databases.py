"""Databases: the answer to each query of a mapping, from any database SQLAlchemy supports; passwords are never shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from relapse_risk.errors import SourceError
from relapse_risk.register.mapping import SourceMapping, TableMapping
from relapse_risk.register.raw_tables import RawTable, match_headers

__all__ = ["describe_url", "is_url", "read_database"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9_+]*://")
_READS = re.compile(r"\s*(select|with|table|values)\b", re.IGNORECASE)


def is_url(source: object) -> bool:
    """Whether ``source`` is a database URL rather than a path.

    Examples
    --------
    >>> is_url("postgresql://office@db/register"), is_url("data/采集表.xlsx")
    (True, False)
    """
    return isinstance(source, str) and bool(_URL.match(source))


def describe_url(url: str) -> str:
    """``url`` with its password hidden.

    Examples
    --------
    >>> describe_url("postgresql://office:secret@db/register")
    'postgresql://office:***@db/register'
    """
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "database URL (not shown: it cannot be read, and may hold a password)"


def read_database(url: str, mapping: SourceMapping) -> tuple[list[RawTable], list[str]]:
    """Run the queries of ``mapping`` and give their answers as raw tables.

    Raises
    ------
    SourceError
        If the URL cannot be read, its driver is not installed, the database cannot be reached, or a query fails or
        is not read-only.
    """
    shown = describe_url(url)
    engine = _engine(url, shown)
    tables: list[RawTable] = []
    notes: list[str] = []
    try:
        with engine.connect() as connection:
            for entry in mapping.entries:
                if entry.rows:
                    continue
                raw = _answer(connection, entry, url)
                if raw is not None:
                    tables.append(raw)
                    notes += raw.notes
    except SQLAlchemyError as error:
        raise SourceError(
            f"the database does not answer: {_without_password(error, url)}", where=shown,
            fix="check host, name, user and password of the URL",
        ) from None  # fmt: skip
    finally:
        engine.dispose()
    return tables, notes


def _engine(url: str, shown: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            _check_file(Path(str(parsed.database)), shown)
        return sa.create_engine(parsed)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise SourceError(
            f"no driver for this database: {error}", where=shown, fix="install its driver with pip, then run again"
        ) from None
    except (ArgumentError, ValueError):
        raise SourceError(
            "not a database URL", where=shown, expected="dialect+driver://user:password@host/database",
            fix="use the form of SQLAlchemy, such as postgresql+psycopg://user@host/register",
        ) from None  # fmt: skip


def _check_file(file: Path, shown: str) -> None:
    """SQLite would create an empty database at a path that does not exist."""
    if not file.is_file():
        raise SourceError("database file not found", where=shown, got=str(file), fix="check the path in the URL")


def _answer(connection: sa.Connection, entry: TableMapping, url: str) -> RawTable | None:
    query = entry.source[0]
    where = f"{describe_url(url)}, query for table {entry.table}"
    if not _READS.match(query):
        raise SourceError("the query is not read-only", where=where, got=query[:60], expected="SELECT …")
    try:
        answer = connection.execute(sa.text(query))
        headers, rows = list(answer.keys()), answer.fetchall()
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise SourceError(
            f"the query fails: {_without_password(cause, url)}", where=where,
            got=" ".join(query.split())[:200], fix="correct the query in the mapping",
        ) from None  # fmt: skip
    match = match_headers(headers, entry, where)
    if not rows:
        if entry.optional:
            return None
        raise SourceError("the query gives no rows", where=where, fix="correct it, or mark the table optional: true")
    notes = tuple(f"query for table {entry.table}: {words}" for words in match.unread_words)
    frame = _frame(headers, rows, match.headers)
    return RawTable(entry, f"query for {entry.table}", frame, np.arange(1, len(rows) + 1), match, (), notes)


def _frame(headers: Sequence[str], rows: Sequence[sa.Row[tuple[object, ...]]], wanted: Sequence[str]) -> pd.DataFrame:
    places = {header: list(headers).index(header) for header in wanted}
    return pd.DataFrame({h: pd.Series([_cell(row[at]) for row in rows], dtype=object) for h, at in places.items()})


def _cell(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _without_password(error: BaseException, url: str) -> str:
    """The database's own words on one line, with the password removed."""
    text = " ".join(str(error).split())
    password = sa.make_url(url).password
    return text.replace(str(password), "***") if password else text
