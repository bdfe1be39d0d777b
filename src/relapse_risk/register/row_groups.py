"""One Parquet file of the register: rows in the order of their key, one row group per county, nulls never NaN."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from relapse_risk.errors import RegisterError
from relapse_risk.files import digest, sha256, write_bytes, write_row_groups
from relapse_risk.register.manifest import FileEntry, Group
from relapse_risk.schema import Table, arrow_schema, to_arrow

__all__ = ["Grouped", "content_digest", "grouped", "read_groups", "write_groups"]

_COUNTY = "_county"
_DIGEST_BYTES = 12
_MANY_ROWS = 20_000  # below this, threads cost more than they save


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows of one table (and month) sorted by county and key, with their row groups in order."""

    spec: Table
    month: str | None
    data: pa.Table
    groups: tuple[Group, ...]

    @property
    def collected(self) -> tuple[str, ...]:
        """Columns that hold any value."""
        rows = self.data.num_rows
        return tuple(name for name in self.data.column_names if self.data[name].null_count < rows)


def grouped(spec: Table, frame: pd.DataFrame, counties: pd.Series, month: str | None) -> Grouped:
    """Checked rows of one table, sorted by county and key and cut into one group per county.

    Parameters
    ----------
    spec : Table
    frame : DataFrame
        Rows that passed :func:`relapse_risk.schema.check_table`.
    counties : Series of str
        County of each row, in the order of ``frame``; every row has one.
    month : str or None
        Month of a snapshot table.

    Raises
    ------
    RegisterError
        If NaN would reach the disk.
    """
    data = to_arrow(frame, spec.name)
    _check_no_nan(data, spec)
    county = pa.array(counties, type=pa.string())
    order = data.select(list(spec.key))
    order = order.cast(_plain_schema(order.schema)).append_column(_COUNTY, county)
    indices = pc.sort_indices(order, sort_keys=[(name, "ascending") for name in (_COUNTY, *spec.key)])
    data = data.take(indices).combine_chunks()
    codes, sizes = np.unique(county.take(indices).to_numpy(zero_copy_only=False).astype(str), return_counts=True)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    groups = tuple(
        Group(str(code), int(size), content_digest(data.slice(int(start), int(size))))
        for code, size, start in zip(codes, sizes, starts[:-1], strict=True)
    )
    return Grouped(spec, month, data, groups)


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    """The schema with dictionary codes as plain text."""
    return pa.schema([f.with_type(f.type.value_type) if pa.types.is_dictionary(f.type) else f for f in schema])


def _check_no_nan(data: pa.Table, spec: Table) -> None:
    for name, column in zip(data.column_names, data.columns, strict=True):
        if pa.types.is_floating(column.type) and pc.any(pc.is_nan(column)).as_py():
            raise RegisterError("NaN instead of null", where=f"table {spec.name}, column {name}", fix="write null")


def content_digest(data: pa.Table) -> str:
    """Digest of the values of ``data``, whatever their encoding; a column without any value does not count.

    So the digest does not change with the version of the Parquet library or with a column added to the dictionary.

    Examples
    --------
    >>> words = pa.table({"a": pa.array(["x", None, "y"])})
    >>> coded = pa.table({"a": words["a"].dictionary_encode(), "b": pa.nulls(3, pa.int64())})
    >>> content_digest(words) == content_digest(coded)
    True
    """
    return digest(_content(data), _DIGEST_BYTES)


def _content(data: pa.Table) -> Iterator[bytes | str]:
    yield str(data.num_rows)
    for name, column in zip(data.column_names, data.columns, strict=True):
        if column.null_count == len(column):
            continue
        values = pa.concat_arrays(column.chunks)
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        yield f"|{name}:{values.type}|"
        if values.null_count:
            yield np.packbits(values.is_valid().to_numpy(zero_copy_only=False)).tobytes()
            values = values.drop_null()
        yield from _blocks(values)


def _blocks(values: pa.Array) -> Sequence[bytes]:
    """The bytes of an array without nulls: lengths and text for strings, plain numbers for the rest."""
    if pa.types.is_string(values.type):
        lengths = pc.binary_length(values).to_numpy()
        ends = np.frombuffer(values.buffers()[1], dtype=np.int32)[values.offset : values.offset + len(values) + 1]
        text = values.buffers()[2]
        return lengths.astype("<i4").tobytes(), b"" if text is None else text.slice(ends[0], ends[-1] - ends[0])
    if pa.types.is_boolean(values.type):
        return (np.packbits(values.to_numpy(zero_copy_only=False)).tobytes(),)
    if pa.types.is_date(values.type):
        values = values.cast(pa.int32())
    numbers = values.to_numpy()
    # Minus zero and zero are one value.
    return (np.ascontiguousarray(numbers + 0, dtype=numbers.dtype.newbyteorder("<")).tobytes(),)


def write_groups(root: Path, rows: Grouped) -> FileEntry:
    """Write ``rows`` beside the files of the register ``root``; no reader sees them before a manifest lists them.

    A table that names people is readable by its owner only.
    """
    sink = pa.BufferOutputStream()
    write_row_groups(sink, rows.data, [group.rows for group in rows.groups])
    content = sink.getvalue().to_pybytes()
    checksum = sha256([content])
    path = root / "tables" / rows.spec.name / f"{rows.month or 'all'}-{checksum[:12]}.parquet"
    write_bytes(path, content, restricted=rows.spec.restricted)
    relative = path.relative_to(root).as_posix()
    return FileEntry(rows.spec.name, rows.month, relative, len(content), checksum, rows.collected, rows.groups)


def read_groups(
    root: Path,
    entry: FileEntry,
    groups: Sequence[int],
    columns: Sequence[str],
    footer: pq.FileMetaData | None = None,
) -> pa.Table:
    """Row groups (positions) of one file of the register ``root``: ``columns`` in this order, codes as text.

    A column that the file does not have (a newer dictionary added it) is returned as null.

    Raises
    ------
    RegisterError
        If the file is damaged.
    """
    path, rows = root / entry.path, sum(entry.groups[i].rows for i in groups)
    try:
        with pq.ParquetFile(path, metadata=footer, page_checksum_verification=True) as file:
            there = set(file.schema_arrow.names)
            wanted = [name for name in columns if name in there]
            data = file.read_row_groups(list(groups), columns=wanted, use_threads=rows > _MANY_ROWS)
    except (OSError, pa.ArrowException) as error:
        raise RegisterError(
            f"cannot be read: {error}", where=str(path), fix="open the register again; if it persists, run verify()"
        ) from error
    schema = _plain_schema(arrow_schema(entry.table))
    fields = [schema.field(name) for name in columns]
    return pa.table([_plain(data, field, rows) for field in fields], schema=pa.schema(fields))


def _plain(data: pa.Table, field: pa.Field, rows: int) -> pa.ChunkedArray | pa.Array:
    """A column with dictionary codes as text, so that parts with different dictionaries join."""
    return data[field.name].cast(field.type) if field.name in data.column_names else pa.nulls(rows, field.type)
