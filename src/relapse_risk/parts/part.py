"""A part: whole counties of one Parquet file, small enough for memory, large enough to be worth sending to a worker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from relapse_risk.errors import PartError

__all__ = ["ROWS", "Part", "collected", "county_parts", "cut", "read_part"]

ROWS = 150_000
COUNTY = "county_code"


@dataclass(frozen=True, slots=True)
class Part:
    """Some whole counties of one file.

    Attributes
    ----------
    name : str
        Names the part in file names and messages.
    file : Path
        Parquet file with one row group per county, in folder ``<root>/<table>/``; other tables of the same counties
        lie in ``<root>/<other table>/<same file name>``.  A register is a part's file as well: its reader finds the
        row groups of a county by itself.
    groups : tuple of int
        Row groups of ``file``.
    counties : tuple of str
    rows : int
    """

    name: str
    file: Path
    groups: tuple[int, ...]
    counties: tuple[str, ...]
    rows: int

    def of(self, table: str) -> Path:
        """The file of another table that holds the same counties."""
        return self.file.parent.parent / table / self.file.name


def county_parts(source: Path, counties: Iterable[str]) -> list[Part]:
    """One part per county of a register in folder ``source``."""
    return [Part(county, source, (), (county,), 0) for county in counties]


def cut(files: Sequence[Path], rows: int = ROWS) -> list[Part]:
    """Parts of about ``rows`` rows, never less than one county, in the order of the files and their row groups.

    Parameters
    ----------
    files : sequence of Path
        Parquet files with one row group per county and a column ``county_code``.
    rows : int

    Raises
    ------
    PartError
        If a file cannot be read, or a row group holds two counties.

    Examples
    --------
    >>> cut([])
    []
    """
    return [part for file in files for part in _cut(file, rows)]


def _cut(file: Path, rows: int) -> list[Part]:
    footer = _footer(file, file.stem)
    counties = [_county(footer, group, file) for group in range(footer.num_row_groups)]
    sizes = [footer.row_group(group).num_rows for group in range(footer.num_row_groups)]
    bounds = [0]
    for group in range(1, len(sizes)):
        if sum(sizes[bounds[-1] : group + 1]) > rows:
            bounds.append(group)
    bounds.append(len(sizes))
    whole = len(bounds) == 2
    return [
        Part(
            file.stem if whole else f"{file.stem}-{counties[first]}", file, tuple(range(first, last)),
            tuple(counties[first:last]), sum(sizes[first:last]),
        )
        for first, last in pairwise(bounds)
    ]  # fmt: skip


def _footer(file: Path, name: str) -> pq.FileMetaData:
    try:
        return pq.read_metadata(file)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(file, name, error) from error


def _unreadable(file: Path, name: str, error: Exception) -> PartError:
    message = str(error).splitlines()[0].rstrip(". ") if str(error) else type(error).__name__
    return PartError(
        f"cannot be read: {message}", where=f"part {name}, {file}",
        fix="restore this file or make it again, then run again: parts already done are kept",
    )  # fmt: skip


def _county(footer: pq.FileMetaData, group: int, file: Path) -> str:
    place = footer.schema.names.index(COUNTY) if COUNTY in footer.schema.names else -1
    statistics = footer.row_group(group).column(place).statistics if place >= 0 else None
    if statistics is None or not statistics.has_min_max or statistics.min != statistics.max:
        raise PartError(
            "a row group is not one county", where=f"{file}: row group {group}",
            got=None if statistics is None else f"{statistics.min} … {statistics.max}",
            expected=f"one {COUNTY}", fix="write the file with one row group per county",
        )  # fmt: skip
    return str(statistics.min)


def read_part(part: Part, table: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Rows of the part's counties in ``table``; codes as text, a column the file does not have as null.

    Parameters
    ----------
    part : Part
    table : str
        Name of the folder beside the part's own.
    columns : sequence of str, optional
        All of them when left out.

    Raises
    ------
    PartError
        Naming the part and the file, if it cannot be read.
    """
    file = part.of(table)
    try:
        with pq.ParquetFile(file, page_checksum_verification=True) as opened:
            there = opened.schema_arrow.names
            wanted = there if columns is None else [name for name in columns if name in there]
            groups = _groups(part, table, opened.metadata)
            data = opened.read_row_groups(groups, columns=wanted, use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(file, part.name, error) from error
    for place, field in enumerate(data.schema):
        if pa.types.is_dictionary(field.type):
            data = data.set_column(place, field.name, data.column(place).cast(field.type.value_type))
    for name in columns or ():
        if name not in data.column_names:
            data = data.append_column(name, pa.nulls(len(data)))
    return data if columns is None else data.select(list(columns))


def _groups(part: Part, table: str, footer: pq.FileMetaData) -> list[int]:
    """Row groups of the part's counties; in another table a county may have no rows, so no group."""
    if table == part.file.parent.name:
        return list(part.groups)
    mine = set(part.counties)
    return [group for group in range(footer.num_row_groups) if _county(footer, group, part.of(table)) in mine]


def collected(parts: Iterable[Part], table: str) -> frozenset[str]:
    """Columns of ``table`` with a value in any part, read from the footers alone.

    Raises
    ------
    PartError
        Naming the part whose file cannot be read.
    """
    found: set[str] = set()
    for part in parts:
        footer = _footer(part.of(table), part.name)
        for group in _groups(part, table, footer):
            rows = footer.row_group(group)
            for place in range(rows.num_columns):
                column = rows.column(place)
                nulls = column.statistics.null_count if column.statistics else None
                if nulls is None or nulls < rows.num_rows:
                    found.add(column.path_in_schema)
    return frozenset(found)
