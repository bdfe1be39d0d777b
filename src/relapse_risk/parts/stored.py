"""Products on disk, one file per part: written aside and renamed, so that a run can be killed and taken up again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from relapse_risk.errors import PartError
from relapse_risk.parts.backends import SERIAL, Backend, map_parts
from relapse_risk.parts.part import COUNTY, Part
from relapse_risk.parts.versions import package_versions
from relapse_risk.progress import Progress

__all__ = ["Stored", "stored_parts", "write_part"]

KEY = b"relapse_risk.key"


def write_part(data: pa.Table, path: Path, name: str, key: str = "") -> None:
    """Write ``data`` to ``path`` with one row group per county; whole or not at all, however often it is tried.

    Parameters
    ----------
    data : Table
        Rows by county; with ``county_code``, or of one county.
    path : Path
    name : str
        Of the part, for messages.
    key : str
        What the content depends on; a later run with the same key keeps the file.

    Raises
    ------
    PartError
        Naming part and file, if the disk is full or the folder cannot be written.
    """
    schema = data.schema.with_metadata({KEY: key.encode()} if key else None)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(aside, schema, compression="zstd", compression_level=1) as writer:
            for start, rows in _counties(data):
                writer.write_table(
                    data.slice(start, rows).replace_schema_metadata(schema.metadata), row_group_size=rows
                )
        aside.replace(path)
    except OSError as error:
        raise PartError(
            f"cannot be written: {error.strerror or error}", where=f"part {name}, {path}",
            fix="make room or choose another folder, then run again: parts already done are kept",
        ) from error  # fmt: skip
    finally:
        aside.unlink(missing_ok=True)


def _counties(data: pa.Table) -> list[tuple[int, int]]:
    """Start and number of rows of each county's run."""
    if COUNTY not in data.column_names or not len(data):
        return [(0, max(len(data), 1))]
    codes = data[COUNTY].combine_chunks()
    codes = codes if pa.types.is_dictionary(codes.type) else codes.dictionary_encode()
    runs = pc.run_end_encode(codes.indices)
    ends = runs.run_ends.to_pylist()
    return [(start, end - start) for start, end in zip([0, *ends[:-1]], ends, strict=True)]


@dataclass(frozen=True, slots=True)
class Stored:
    """A kernel whose table is kept as the part's file of a product; done already with the same key, it is not done again.

    Attributes
    ----------
    kernel : callable
        Part to table.
    folder : Path
        Of the product.
    key : str
        Everything but the part that the table depends on.
    """

    kernel: Callable[[Part], pa.Table]
    folder: Path
    key: str

    def path(self, part: Part) -> Path:
        """The part's file."""
        return self.folder / f"{part.name}.parquet"

    def __call__(self, part: Part) -> int:
        """Rows of the part's file."""
        path, key = self.path(part), self._key(part)
        kept = _rows_kept(path, key)
        if kept is not None:
            return kept
        data = self.kernel(part)
        write_part(data, path, part.name, key)
        return len(data)

    def _key(self, part: Part) -> str:
        """Of this part: the product's key and what its source file looks like."""
        try:
            told = part.file.stat()
            size, time = told.st_size, told.st_mtime_ns
        except OSError:
            size = time = 0
        return blake2b(f"{self.key}|{part}|{size}|{time}|{package_versions()}".encode(), digest_size=16).hexdigest()


def _rows_kept(path: Path, key: str) -> int | None:
    """Rows of a finished file with this key; a file that is damaged or of another key does not count."""
    try:
        with pq.ParquetFile(path) as file:
            metadata = file.schema_arrow.metadata or {}
            return file.metadata.num_rows if metadata.get(KEY) == key.encode() else None
    except (OSError, pa.ArrowException):
        return None


def stored_parts(
    kernel: Callable[[Part], pa.Table],
    parts: Sequence[Part],
    folder: Path,
    key: str,
    backend: str | Backend = SERIAL,
    progress: Progress | None = None,
) -> list[Part]:
    """Make a product of every part in ``folder`` and give it as parts; what an earlier run finished is kept.

    Parameters
    ----------
    kernel : callable
        Part to table; rows of each county together.
    parts : sequence of Part
    folder : Path
        ``<root>/<product>``.
    key : str
        What the product depends on besides its parts, such as a digest of parameters.
    backend, progress
        As :func:`relapse_risk.parts.map_parts`.

    Raises
    ------
    PartError
        Naming the first part that failed; run again to complete the rest.
    """
    stored = Stored(kernel, folder, key)
    rows = list(map_parts(stored, parts, backend, progress))
    return [
        Part(part.name, stored.path(part), tuple(range(len(part.counties))), part.counties, n)
        for part, n in zip(parts, rows, strict=True)
    ]
