"""Readers: a workbook, CSV files, a database or Parquet, given as raw tables with what was left unread."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from relapse_risk.errors import SourceError
from relapse_risk.progress import Progress, no_progress
from relapse_risk.register.databases import describe_url, is_url, read_database
from relapse_risk.register.mapping import SourceMapping, TableMapping
from relapse_risk.register.raw_tables import Match, RawTable, match_headers
from relapse_risk.register.workbooks import SUFFIXES, read_workbook

__all__ = ["RawSource", "decoded", "read_source"]

_KINDS = {"excel": SUFFIXES, "csv": (".csv", ".tsv", ".txt"), "parquet": (".parquet",)}
_SEPARATORS = (",", ";", "\t", "|")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_FIELD_LIMIT = 1 << 20


@dataclass(frozen=True, slots=True)
class RawSource:
    """Everything read from one source.

    Attributes
    ----------
    name : str
        Path or URL as it may be shown (no password).
    digest : str
        SHA-256 over the files' bytes; empty for a database.
    tables : tuple of RawTable
    notes : tuple of str
    """

    name: str
    digest: str
    tables: tuple[RawTable, ...]
    notes: tuple[str, ...]


def read_source(source: str | Path, mapping: SourceMapping, progress: Progress | None = None) -> RawSource:
    """Read what ``mapping`` asks for from ``source``: a file, a folder of files, or a database URL.

    Raises
    ------
    SourceError
        If the source is missing, of another kind than the mapping's, or cannot be read whole; what, where and the
        likely fix are said, passwords are not.
    """
    if mapping.kind == "sql":
        tables, notes = read_database(str(source), mapping)
        return RawSource(describe_url(str(source)), "", tuple(tables), tuple(notes))
    if is_url(source):
        raise SourceError(
            f"mapping {mapping.name} reads {mapping.kind} files, not a database", where=describe_url(str(source)),
            fix="use a mapping of kind: sql",
        )  # fmt: skip
    files = _files(Path(source), mapping.kind)
    tell = progress or no_progress
    tables, notes = [], []
    digest = sha256()
    for done, file in enumerate(files):
        tell(done, len(files), f"read {file.name}")
        digest.update(_bytes_digest(file))
        if mapping.kind == "excel":
            found, said = read_workbook(file, mapping)
        else:
            found, said = _read_file(file, mapping)
        tables += found
        notes += said
    if mapping.kind != "excel":
        _check_all_found(mapping, tables, files, Path(source))
    notes += [note for table in tables for note in table.notes]
    return RawSource(str(source), digest.hexdigest(), tuple(tables), tuple(notes))


def _files(path: Path, kind: str) -> list[Path]:
    suffixes = _KINDS[kind]
    if path.is_dir():
        # "~$" files are the locks of workbooks that somebody has open.
        found = sorted(f for f in path.iterdir() if f.suffix.lower() in suffixes and not f.name.startswith(("~$", ".")))
        if not found:
            raise SourceError(
                f"no {kind} file in the folder", where=str(path), got=sorted(f.name for f in path.iterdir())[:10],
                expected="files ending in " + " ".join(suffixes),
            )  # fmt: skip
        return found
    if not path.exists():
        raise SourceError("file not found", where=str(path), fix="check the path")
    if path.suffix.lower() not in suffixes:
        raise SourceError(
            f"not a file of kind {kind}", where=str(path), got=path.suffix, expected=" ".join(suffixes),
            fix="use a mapping of the file's kind, or save the file in another format",
        )  # fmt: skip
    return [path]


def _bytes_digest(path: Path) -> bytes:
    digest = sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise SourceError(
            f"cannot be read: {error}", where=str(path), fix="close it elsewhere, check its rights"
        ) from error
    return digest.digest()


def _is_of(file: Path, entry: TableMapping) -> bool:
    return any(fnmatch(name, pattern) for name in (file.name, file.stem) for pattern in entry.source)


def _read_file(path: Path, mapping: SourceMapping) -> tuple[list[RawTable], list[str]]:
    entries = [entry for entry in mapping.entries if entry.source and _is_of(path, entry)]
    if not entries:
        return [], [f"{path.name}: no table of the mapping is read from this file"]
    read = _read_csv if mapping.kind == "csv" else _read_parquet
    return [table for table in read(path, mapping, entries) if table is not None], []


def _check_all_found(mapping: SourceMapping, tables: Sequence[RawTable], files: Sequence[Path], source: Path) -> None:
    for entry in mapping.entries:
        if entry.source and not entry.optional and not any(_is_of(file, entry) for file in files):
            raise SourceError(
                f"no file for table {entry.table}", where=str(source), got=[file.name for file in files][:10],
                expected=" or ".join(entry.source), fix="rename the file, or correct source in the mapping",
            )  # fmt: skip


def _check_rows(count: int, entry: TableMapping, where: str) -> bool:
    """Whether there are rows; none are an error unless the entry is optional."""
    if count or entry.optional:
        return bool(count)
    raise SourceError(
        "headers but no rows", where=where, expected="at least one row",
        fix="fill it in, or mark the table optional: true in the mapping",
    )  # fmt: skip


# --- CSV ------------------------------------------------------------------------------------------------------------


def _read_csv(path: Path, mapping: SourceMapping, entries: Sequence[TableMapping]) -> Iterator[RawTable | None]:
    text = decoded(path.read_bytes(), path.name, mapping.encoding)
    separator = mapping.separator or _separator(text)
    lines, numbers = _records(text, separator, path.name)
    if not lines:
        raise SourceError("the file is empty", where=path.name, expected="a line of headers and rows below it")
    headers = [header.strip() for header in lines[0]]
    for entry in entries:
        match = match_headers(headers, entry, f"{path.name}, line 1")
        if not _check_rows(len(lines) - 1, entry, path.name):
            yield None
            continue
        places = {header: headers.index(header) for header in match.headers}
        frame = pd.DataFrame(
            {h: pd.Series([line[at].strip() or None for line in lines[1:]], dtype=object) for h, at in places.items()}
        )
        yield RawTable(entry, path.name, frame, np.array(numbers[1:]), match, (), _unread(path.name, match))


def _unread(where: str, match: Match) -> tuple[str, ...]:
    return tuple(f"{where}: column {header} was not read" for header in match.unread)


def decoded(content: bytes, where: str, encoding: str | None = None) -> str:
    """The text of a CSV file: by its byte-order mark, else UTF-8, else GB18030 (which holds GBK and GB2312).

    Raises
    ------
    SourceError
        Naming the byte and line that fit neither.

    Examples
    --------
    >>> decoded("户编号".encode("gbk"), "a.csv"), decoded("户编号".encode("utf-8-sig"), "a.csv")
    ('户编号', '户编号')
    """
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    tried = [marked or encoding] if marked or encoding else ["utf-8", "gb18030"]
    faults: list[UnicodeDecodeError] = []
    for name in tried:
        try:
            text = content.decode(str(name))
        except LookupError as error:
            raise SourceError("unknown encoding", where=where, got=name, expected="utf-8 or gb18030") from error
        except UnicodeDecodeError as error:
            faults.append(error)
            if _is_nearly_utf8(content):
                break
            continue
        if "\0" in text:
            raise SourceError(
                "not text: it holds zero bytes", where=where, fix="save it as CSV UTF-8, or give the file's own kind"
            )
        return text
    furthest = max(faults, key=lambda fault: fault.start)
    line = content[: furthest.start].count(b"\n") + 1
    raise SourceError(
        f"cannot be decoded as {' or '.join(map(str, tried))}", where=f"{where}, line {line}",
        got=content[furthest.start : furthest.start + 4], expected="UTF-8 or GB18030",
        fix="save it as CSV UTF-8, or state encoding in the mapping",
    ) from furthest  # fmt: skip


def _is_nearly_utf8(content: bytes) -> bool:
    """Whether a few damaged bytes stand in UTF-8 text: as GB18030 it could be read, as nonsense."""
    text = content.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    return damaged * 5 < sum(letter > "\x7f" for letter in text)


def _separator(text: str) -> str:
    """The sign that parts the headers: the one that occurs most in the first line."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    return max(_SEPARATORS, key=first.count)


def _records(text: str, separator: str, where: str) -> tuple[list[list[str]], list[int]]:
    """Records that are not blank, and the line each ends on; one of another width stops the import."""
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator, strict=True)
    records, numbers = [], []
    try:
        for record in reader:
            if any(field.strip() for field in record):
                records.append(record)
                numbers.append(reader.line_num)
    except csv.Error as error:
        raise SourceError(
            f"not readable as CSV: {error}", where=f"{where}, line {reader.line_num}",
            fix="close or double the quotation mark on this line or before it",
        ) from error  # fmt: skip
    for record, number in zip(records, numbers, strict=True):
        if len(record) != len(records[0]):
            raise SourceError(
                "another number of fields than there are headers", where=f"{where}, line {number}", got=len(record),
                expected=len(records[0]), fix="put fields that hold the separator in quotation marks",
            )  # fmt: skip
    return records, numbers


# --- Parquet ----------------------------------------------------------------------------------------------------------


def _read_parquet(path: Path, mapping: SourceMapping, entries: Sequence[TableMapping]) -> Iterator[RawTable | None]:
    try:
        with pq.ParquetFile(path) as file:
            headers = file.schema_arrow.names
            for entry in entries:
                match = match_headers(headers, entry, path.name)
                if not _check_rows(file.metadata.num_rows, entry, path.name):
                    yield None
                    continue
                frame = _nullable(file.read(columns=list(match.headers)))
                rows = np.arange(1, len(frame) + 1)
                yield RawTable(entry, path.name, frame, rows, match, (), _unread(path.name, match))
    except (OSError, pa.ArrowException) as error:
        raise SourceError(
            f"not a whole Parquet file: {error}", where=str(path), fix="copy or download it again"
        ) from error


def _nullable(data: pa.Table) -> pd.DataFrame:
    """Integers that may be missing stay integers; dates and decimals are objects."""
    return data.to_pandas(types_mapper=_pandas_type, date_as_object=True)


def _pandas_type(kind: pa.DataType) -> Any:
    if pa.types.is_integer(kind):
        return pd.Int64Dtype()
    return pd.BooleanDtype() if pa.types.is_boolean(kind) else None
