"""Products on disk, one file per part: written aside and renamed, so that a run can be killed and resumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from relapse_risk.errors import PartError, WriteError
from relapse_risk.files import digest, file_sha256, replacing, write_row_groups
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
    try:
        with replacing(path) as stream:
            write_row_groups(stream, data.replace_schema_metadata(schema.metadata), _counties(data), level=1)
    except WriteError as error:
        raise PartError(
            error.what, where=f"part {name}, {path}",
            fix="make room or choose another folder, then run again: parts already done are kept",
        ) from error  # fmt: skip


def _counties(data: pa.Table) -> list[int]:
    """Rows of each county's run."""
    if COUNTY not in data.column_names or not len(data):
        return [len(data)]
    codes = data[COUNTY].combine_chunks()
    codes = codes.cast(pa.string()).dictionary_encode()  # a dictionary may name a county twice
    runs = pc.run_end_encode(codes.indices)
    ends = runs.run_ends.to_pylist()
    return [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]


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
    reads : tuple of str
        Tables of the part that the kernel reads; a change of their content makes the part's file again.
    """

    kernel: Callable[[Part], pa.Table]
    folder: Path
    key: str
    reads: tuple[str, ...]

    def path(self, part: Part) -> Path:
        """The part's file."""
        return self.folder / f"{part.name}.parquet"

    def __call__(self, part: Part) -> Part:
        """The same counties in the product, with the row groups of its own file."""
        path, key = self.path(part), self._key(part)
        kept = _kept(path, key)
        if kept is None:
            write_part(self.kernel(part), path, part.name, key)
            kept = pq.read_metadata(path)
        return Part(part.name, path, tuple(range(kept.num_row_groups)), part.counties, kept.num_rows)

    def _key(self, part: Part) -> str:
        """Of this part: the product's key, the versions of the libraries, and the content of every file it reads."""
        content = f"{self.key}|{part.name}|{part.groups}|{part.counties}|{package_versions()}"
        return digest([content, *(_content(part.of(table)) for table in self.reads)])


def _content(path: Path) -> str:
    """Checksum of a file; empty where it cannot be read: the kernel then raises the clearer error."""
    try:
        return file_sha256(path)
    except OSError:
        return ""


def _kept(path: Path, key: str) -> pq.FileMetaData | None:
    """Footer of a finished file with this key; a file that is damaged or of another key does not count."""
    try:
        with pq.ParquetFile(path) as file:
            metadata = file.schema_arrow.metadata or {}
            return file.metadata if metadata.get(KEY) == key.encode() else None
    except (OSError, pa.ArrowException):
        return None


def stored_parts(
    kernel: Callable[[Part], pa.Table],
    parts: Sequence[Part],
    folder: Path,
    key: str,
    backend: str | Backend = SERIAL,
    progress: Progress | None = None,
    *,
    reads: Sequence[str] = (),
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
    reads : sequence of str
        Tables of the part that the kernel reads, when they are files.

    Raises
    ------
    PartError
        Naming the first part that failed; run again to complete the rest.
    """
    return list(map_parts(Stored(kernel, folder, key, tuple(reads)), parts, backend, progress))
