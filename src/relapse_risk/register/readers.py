"""Readers: a workbook, CSV files, a database or Parquet, read into raw tables, with notes on what was not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from relapse_risk.errors import SourceError
from relapse_risk.files import file_sha256, sha256
from relapse_risk.progress import Progress, no_progress
from relapse_risk.register.cell_texts import plain_text
from relapse_risk.register.csv_files import CsvFile, read_csv_file
from relapse_risk.register.databases import describe_url, is_url, read_database
from relapse_risk.register.mapping import SourceMapping, TableMapping
from relapse_risk.register.raw_tables import Match, RawTable, match_headers
from relapse_risk.register.survey_files import SURVEY_SUFFIXES, read_survey_file
from relapse_risk.register.workbooks import SUFFIXES, read_workbook

__all__ = ["CSV_SUFFIXES", "RawSource", "other_kind", "read_source", "whole_parquet"]

CSV_SUFFIXES = (".csv", ".tsv", ".txt")

_KINDS = {
    "excel": SUFFIXES, "csv": CSV_SUFFIXES, "parquet": (".parquet",), "survey": SURVEY_SUFFIXES,
}  # fmt: skip
_NOT_READ = {
    ".mdb": "Access", ".accdb": "Access", ".sas7bdat": "SAS", ".xpt": "SAS", ".rds": "R", ".rdata": "R", ".dbf": "dBase",
    ".pdf": "PDF", ".doc": "Word", ".docx": "Word", ".wps": "WPS", ".et": "WPS",
}  # fmt: skip
_LOOKED_AT = 15  # number of lines searched for headers, for the message


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
    """Read the tables of ``mapping`` from ``source``: a file, a folder of files, or a database URL.

    Raises
    ------
    SourceError
        If the source is missing, of another kind than the mapping's, or cannot be read completely; the error says
        what, where and the likely fix, and never a password.
    """
    if mapping.kind == "sql":
        file = Path(source) if not is_url(source) and Path(source).is_file() else None
        tables, notes = read_database(str(source) if file is None else f"sqlite:///{file.resolve()}", mapping)
        if file is not None:
            return RawSource(str(source), sha256([_checksum(file)]), tuple(tables), tuple(notes))
        return RawSource(describe_url(str(source)), "", tuple(tables), tuple(notes))
    if is_url(source):
        raise SourceError(
            f"mapping {mapping.name} reads {mapping.kind} files, not a database", where=describe_url(str(source)),
            fix="use a mapping of kind: sql",
        )  # fmt: skip
    files = _files(Path(source), mapping.kind)
    tell = progress or no_progress
    tables, notes = [], []
    checksums = []
    for done, file in enumerate(files):
        tell(done, len(files), f"read {file.name}")
        checksums.append(_checksum(file))
        if mapping.kind == "excel":
            found, said = read_workbook(file, mapping)
        else:
            found, said = _read_file(file, mapping)
        tables += found
        notes += said
    if mapping.kind != "excel":
        _check_all_found(mapping, tables, files, Path(source))
    notes += [note for table in tables for note in table.notes]
    return RawSource(str(source), sha256(checksums), tuple(tables), tuple(notes))


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
            fix=other_kind(path.suffix.lower()),
        )  # fmt: skip
    return [path]


def other_kind(suffix: str) -> str:
    """Advice for a file of another kind than the mapping reads."""
    if suffix in _NOT_READ:
        return f"open it in {_NOT_READ[suffix]} or another program that reads it, and save it as .xlsx or CSV UTF-8"
    kind = next((kind for kind, suffixes in _KINDS.items() if suffix in suffixes), None)
    if kind is None:
        return "save the file as .xlsx, CSV UTF-8 or Parquet"
    return f"use a mapping of kind: {kind} (docs/import.md says how to write one), or save the file in another format"


def _checksum(path: Path) -> bytes:
    try:
        return bytes.fromhex(file_sha256(path))
    except OSError as error:
        raise SourceError(
            f"cannot be read: {error}", where=str(path), fix="close it in other programs, check its permissions"
        ) from error


def _is_of(file: Path, entry: TableMapping) -> bool:
    return any(fnmatch(name, pattern) for name in (file.name, file.stem) for pattern in entry.source)


def _read_file(path: Path, mapping: SourceMapping) -> tuple[list[RawTable], list[str]]:
    entries = [entry for entry in mapping.entries if entry.source and _is_of(path, entry)]
    if not entries:
        return [], [f"{path.name}: no table of the mapping is read from this file"]
    read = {"csv": _read_csv, "parquet": _read_parquet, "survey": _read_survey}[mapping.kind]
    return [table for table in read(path, mapping, entries) if table is not None], []


def _check_all_found(mapping: SourceMapping, tables: Sequence[RawTable], files: Sequence[Path], source: Path) -> None:
    for entry in mapping.entries:
        if entry.source and not entry.optional and not any(_is_of(file, entry) for file in files):
            raise SourceError(
                f"no file for table {entry.table}", where=str(source), got=[file.name for file in files][:10],
                expected=" or ".join(entry.source), fix="rename the file, or correct source in the mapping",
            )  # fmt: skip


def _check_rows(count: int, entry: TableMapping, where: str) -> bool:
    """Whether there are rows; no rows are an error unless the entry is optional."""
    if count or entry.optional:
        return bool(count)
    raise SourceError(
        "headers but no rows", where=where, expected="at least one row",
        fix="fill it in, or mark the table optional: true in the mapping",
    )  # fmt: skip


# --- CSV ------------------------------------------------------------------------------------------------------------


def _read_csv(path: Path, mapping: SourceMapping, entries: Sequence[TableMapping]) -> Iterator[RawTable | None]:
    file = read_csv_file(path.read_bytes(), path.name, encoding=mapping.encoding, separator=mapping.separator)
    for entry in entries:
        head = file.header_at(entry.header_row, path.name)
        headers = [plain_text(header) for header in file.records[head]]
        match = _matched(file, headers, entry, f"{path.name}, line {file.lines[head]}")
        if not _check_rows(len(file.records) - head - 1, entry, path.name):
            yield None
            continue
        rows, lines = file.below(head, path.name)
        places = {header: headers.index(header) for header in match.headers}
        frame = pd.DataFrame(
            {h: pd.Series([line[at].strip() or None for line in rows], dtype=object) for h, at in places.items()}
        )
        yield RawTable(entry, path.name, frame, np.array(lines), match, (), _unread(path.name, match), file.separator)


def _matched(file: CsvFile, headers: Sequence[str], entry: TableMapping, where: str) -> Match:
    """Match the headers; if another line fits better, the error names it."""
    try:
        return match_headers(headers, entry, where)
    except SourceError as error:
        for at, record in enumerate(file.records[:_LOOKED_AT]):
            try:
                match_headers([plain_text(cell) for cell in record], entry, "")
            except SourceError:
                continue
            raise SourceError(
                error.what, where=error.where, got=error.got, expected=error.expected,
                fix=f"the headers are in line {file.lines[at]}: set header_row: {file.lines[at]} in the mapping",
            ) from error  # fmt: skip
        raise


def _unread(where: str, match: Match) -> tuple[str, ...]:
    return tuple(f"{where}: {words}" for words in match.unread_words)


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
                _check_flat(file.schema_arrow, match.headers, path.name)
                frame = whole_parquet(file.read(columns=list(match.headers)))
                rows = np.arange(1, len(frame) + 1)
                yield RawTable(entry, path.name, frame, rows, match, (), _unread(path.name, match))
    except (OSError, pa.ArrowException) as error:
        raise SourceError(
            f"not a whole Parquet file: {error}", where=str(path), fix="copy or download it again"
        ) from error


def _check_flat(schema: pa.Schema, headers: Sequence[str], where: str) -> None:
    for header in headers:
        kind = schema.field(header).type
        if pa.types.is_nested(kind):
            raise SourceError(
                "the column holds lists or records", where=f"{where}, column {header}", got=str(kind),
                expected="one value a cell", fix="write one column for each value, then save the file again",
            )  # fmt: skip


def whole_parquet(data: pa.Table) -> pd.DataFrame:
    """Integers that may be missing stay integers; dates and decimals are objects; a stored index is a column like others."""
    return data.to_pandas(types_mapper=_pandas_type, date_as_object=True, ignore_metadata=True)


def _pandas_type(kind: pa.DataType) -> Any:
    if pa.types.is_integer(kind):
        return pd.Int64Dtype()
    return pd.BooleanDtype() if pa.types.is_boolean(kind) else None


# --- Stata and SPSS ---------------------------------------------------------------------------------------------------


def _read_survey(path: Path, mapping: SourceMapping, entries: Sequence[TableMapping]) -> Iterator[RawTable | None]:
    frame = read_survey_file(path)
    for entry in entries:
        match = match_headers([str(name) for name in frame], entry, path.name)
        if not _check_rows(len(frame), entry, path.name):
            yield None
            continue
        rows = np.arange(1, len(frame) + 1)
        yield RawTable(entry, path.name, frame[list(match.headers)], rows, match, (), _unread(path.name, match))
