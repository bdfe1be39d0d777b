"""One file as one table, for panels: the formats, encodings and separators of import, every cell as it was written."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from relapse_risk.errors import SourceError
from relapse_risk.register.cell_texts import plain_text
from relapse_risk.register.csv_files import read_csv_file
from relapse_risk.register.readers import CSV_SUFFIXES, other_kind, whole_parquet
from relapse_risk.register.survey_files import SURVEY_SUFFIXES, read_survey_file

__all__ = ["TABLE_SUFFIXES", "PlainTable", "read_plain_table"]

TABLE_SUFFIXES = (*CSV_SUFFIXES, ".csv.gz", ".parquet", *SURVEY_SUFFIXES)
LARGEST = 1 << 31  # bytes of a compressed file once it is open


@dataclass(frozen=True, slots=True)
class PlainTable:
    """The rows of one file; ``lines``: the line (CSV) or 1-based record of each, shape (n,)."""

    name: str
    frame: pd.DataFrame
    lines: np.ndarray


def read_plain_table(path: Path) -> PlainTable:
    """Read a CSV (also compressed, ``.csv.gz``), Parquet, Stata or SPSS file: text stays text (``007``, ``NA``), empty cells are missing.

    Raises
    ------
    SourceError
        If the file is not there, of another kind, damaged, or has a column twice.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "panel.csv"
    >>> _ = file.write_text("id;county\\n007;NA\\n008;\\n")
    >>> read_plain_table(file).frame.to_numpy().tolist()
    [['007', 'NA'], ['008', None]]
    """
    if not path.is_file():
        raise SourceError("file not found", where=str(path), fix="check the path")
    suffix = path.suffix.lower()
    if suffix in CSV_SUFFIXES:
        return _csv(path.read_bytes(), path)
    if path.name.lower().endswith(".csv.gz"):
        return _csv(_unpacked(path), path)
    if suffix == ".parquet":
        frame = _parquet(path)
    elif suffix in SURVEY_SUFFIXES:
        frame = read_survey_file(path)
    else:
        raise SourceError(
            "not a file of a panel",
            where=str(path),
            got=suffix,
            expected=" ".join(TABLE_SUFFIXES),
            fix=other_kind(suffix),
        )
    return PlainTable(path.name, frame, np.arange(1, len(frame) + 1))


def _unpacked(path: Path) -> bytes:
    try:
        with gzip.open(path) as stream:
            content = stream.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(
            f"not a whole gzip file: {error}", where=str(path), fix="copy or download it again"
        ) from error
    if len(content) > LARGEST:
        raise SourceError(
            "larger than a table may be once it is open", where=str(path), expected=f"at most {LARGEST:,} bytes",
            fix="save it as Parquet",
        )  # fmt: skip
    return content


def _csv(content: bytes, path: Path) -> PlainTable:
    file = read_csv_file(content, path.name)
    head = file.header_at(1, path.name)
    headers = [plain_text(header) for header in file.records[head]]
    twice = next((header for header in headers if header and headers.count(header) > 1), None)
    if twice is not None:
        raise SourceError(
            "the same header twice", where=path.name, got=twice, fix="rename or remove one of the columns"
        )
    rows, lines = file.below(head, path.name)
    columns = {h: [row[at].strip() or None for row in rows] for at, h in enumerate(headers) if h}
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in columns.items()})
    return PlainTable(path.name, frame, np.array(lines))


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return whole_parquet(pq.read_table(path))
    except (OSError, pa.ArrowException) as error:
        raise SourceError(
            f"not a whole Parquet file: {error}", where=str(path), fix="copy or download it again"
        ) from error
