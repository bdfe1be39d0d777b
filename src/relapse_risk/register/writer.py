"""Writing a register: files aside, one swap of the manifest, one writer at a time.

Whatever kills the process, the register is the old one or the new one, whole; what a dead writer left is swept by
the next commit.
"""

from __future__ import annotations

import json
import os
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from relapse_risk.errors import RegisterError
from relapse_risk.months import check_month
from relapse_risk.register.counties import UNKNOWN_COUNTY, counties_of
from relapse_risk.register.manifest import (
    MANIFEST,
    FileEntry,
    Group,
    Manifest,
    file_digest,
    manifest_text,
    read_manifest,
    sync_folder,
    write_atomically,
)
from relapse_risk.schema import SCHEMA_VERSION, Table, arrow_schema, check_table, table, tables, to_arrow

__all__ = ["RegisterWriter"]

LOCK, HOLDER = ".lock", ".lock.holder"
# Tables whose keys place the rows of others in a county.
TARGETS = ("household", "person", "project", "alert", "asset")


class RegisterWriter:
    """Collects tables and commits them together.

    Parameters
    ----------
    path : Path
        Folder of a new or existing register.
    place : str
        Name of the place; must be the register's own when it exists.
    wait_seconds : float
        How long to wait for another writer before giving up.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "register"
    >>> with RegisterWriter(folder, place="dezhou") as writer:
    ...     writer.put("county", pd.DataFrame({"county_code": ["371425"], "county_name_zh": ["齐河县"]}))
    ...     writer.commit(created="2020-12-31T00:00:00").files[0].rows
    1
    """

    def __init__(self, path: str | Path, *, place: str, wait_seconds: float = 10.0) -> None:
        self.path = Path(path)
        self.place = place
        self._staged: dict[tuple[str, str | None], FileEntry] = {}
        self._waiting: dict[tuple[str, str | None], pd.DataFrame] = {}
        self._keys: dict[str, dict[str, str]] = {}
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(str(self.path / LOCK))
        self._acquire(wait_seconds)
        try:
            self.before = read_manifest(self.path) if (self.path / MANIFEST).exists() else None
            if self.before is not None and self.before.place != place:
                raise RegisterError(
                    "the register is of another place", where=str(self.path), got=place, expected=self.before.place
                )
        except BaseException:
            self.close()
            raise

    def _acquire(self, wait_seconds: float) -> None:
        try:
            self._lock.acquire(timeout=wait_seconds)
        except Timeout as error:
            raise RegisterError(
                f"another writer holds the register ({self._holder()})",
                where=str(self.path),
                fix="wait until it is done, then run again",
            ) from error
        holder = json.dumps({"process": os.getpid()})
        (self.path / HOLDER).write_text(holder, encoding="utf-8")

    def _holder(self) -> str:
        try:
            return f"process {json.loads((self.path / HOLDER).read_text(encoding='utf-8'))['process']}"
        except (OSError, ValueError, KeyError):
            return "process unknown"

    def __enter__(self) -> RegisterWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the next writer in; what was not committed is swept later."""
        if self._lock.is_locked:
            (self.path / HOLDER).unlink(missing_ok=True)
            self._lock.release()

    def put(self, name: str, frame: pd.DataFrame, month: str | None = None) -> None:
        """Stage ``frame`` as table ``name`` (of ``month``, for snapshot tables); it replaces what was there.

        Raises
        ------
        SchemaError
            If the frame does not fit its table.
        RegisterError
            If a snapshot table comes without month, with rows of another month, or another table with one.
        """
        spec = table(name)
        checked = check_table(frame, name)
        self._check_month(spec, checked, month)
        counties = self._counties(spec, checked)
        if self._can_place(spec) and not (counties == UNKNOWN_COUNTY).any():
            self._staged[(name, month)] = self._written(spec, checked, counties, month)
        else:  # a table that places these rows may still come
            self._waiting[(name, month)] = checked

    def _check_month(self, spec: Table, frame: pd.DataFrame, month: str | None) -> None:
        where = f"table {spec.name}"
        if spec.is_snapshot != (month is not None):
            expected = "a month" if spec.is_snapshot else "no month"
            raise RegisterError("month does not fit the table", where=where, got=month, expected=expected)
        if month is None:
            return
        check_month(month, where)
        other = frame.loc[frame["snapshot_month"] != month, "snapshot_month"]
        if len(other):
            raise RegisterError("rows of another month", where=where, got=other.iloc[0], expected=month)

    def _can_place(self, spec: Table) -> bool:
        """Whether the table that places these rows has been put (or, at commit, must come from the register)."""
        target = _target(spec)
        return all(any(staged == name for staged, _ in self._staged) for name in target)

    def _known(self, name: str) -> dict[str, str]:
        """County of every key of ``name`` in the register before this commit, read once."""
        if name not in self._keys:
            self._keys[name] = {}
            if self.before is not None:
                column = table(name).key[0]
                for entry in self.before.of(name):
                    self._keys[name].update(_keys_on_disk(self.path / entry.path, entry, column))
        return self._keys[name]

    def _counties(self, spec: Table, frame: pd.DataFrame) -> pd.Series:
        return counties_of({spec.name: frame}, {name: self._known(name) for name in _target(spec)})[spec.name]

    def _written(self, spec: Table, frame: pd.DataFrame, counties: pd.Series, month: str | None) -> FileEntry:
        unplaced = (counties == UNKNOWN_COUNTY).to_numpy()
        if unplaced.any():
            row = frame.iloc[int(unplaced.argmax())]
            raise RegisterError(
                f"{int(unplaced.sum())} rows belong to no county",
                where=f"table {spec.name}, column {spec.county_from}",
                got=row[spec.county_from] if spec.county_from else None,
                expected="a key that another table of the register holds",
                fix="put that table too, or reject the rows",
            )
        if spec.name in TARGETS:
            self._known(spec.name).update(zip(frame[spec.key[0]], counties, strict=True))
        return _write_file(self.path, spec, frame, counties, month)

    def commit(self, created: str) -> Manifest:
        """Make everything put so far the register's content, all of it or nothing.

        Parameters
        ----------
        created : str
            Time stamp kept in the manifest; content that is already there leaves the manifest as it is.

        Returns
        -------
        Manifest
            What the register now holds.
        """
        for (name, month), frame in sorted(self._waiting.items(), key=lambda item: _depth(item[0][0])):
            self._staged[(name, month)] = self._written(table(name), frame, self._counties(table(name), frame), month)
        self._waiting.clear()
        kept = {(f.table, f.month): f for f in self.before.files} if self.before else {}
        files = tuple(sorted((kept | self._staged).values(), key=lambda f: (f.table, f.month or "")))
        if self.before is not None and files == self.before.files:
            manifest = self.before
        else:
            manifest = Manifest(SCHEMA_VERSION, self.place, created, files)
            write_atomically(self.path / MANIFEST, manifest_text(manifest).encode("utf-8"))
        self._sweep({f.path for f in manifest.files} | {f.path for f in kept.values()})
        self.before, self._staged = manifest, {}
        self.close()
        return manifest

    def _sweep(self, wanted: set[str]) -> None:
        """Remove files of neither this commit nor the one before it (a reader may still be reading that one)."""
        for path in (self.path / "tables").rglob("*"):
            if path.is_file() and path.relative_to(self.path).as_posix() not in wanted:
                _remove(path)
        for path in self.path.glob(f".{MANIFEST}.*.part"):
            _remove(path)


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError:  # a reader on Windows still holds it: the next commit tries again
        return


def _target(spec: Table) -> tuple[str, ...]:
    """Tables whose keys place this table's rows."""
    if spec.county_from is None or spec.county_from in ("county_code", "village_code"):
        return ()
    if spec.county_from == "target_id":
        return ("household",)
    return (spec.column(spec.county_from).refers_to,)


def _depth(name: str) -> int:
    """How many tables stand between this one and the county, so that targets are written first."""
    return 1 + max((_depth(target) for target in _target(tables()[name])), default=0)


def _keys_on_disk(path: Path, entry: FileEntry, column: str) -> dict[str, str]:
    with pq.ParquetFile(path) as file:
        parts = [file.read_row_group(i, columns=[column])[column].to_pylist() for i in range(len(entry.groups))]
    return {key: group.county for keys, group in zip(parts, entry.groups, strict=True) for key in keys}


def _write_file(root: Path, spec: Table, frame: pd.DataFrame, counties: pd.Series, month: str | None) -> FileEntry:
    """One Parquet file, one row group per county in ascending order, rows in the order of their key."""
    folder = root / "tables" / spec.name
    folder.mkdir(parents=True, exist_ok=True)
    ordered = frame.assign(_county=counties.to_numpy()).sort_values(["_county", *spec.key], kind="stable")
    groups = []
    with NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part:
        with pq.ParquetWriter(part, arrow_schema(spec.name), compression="zstd") as writer:
            for county, rows in ordered.groupby("_county", sort=True):
                data = to_arrow(rows.drop(columns="_county"), spec.name)
                writer.write_table(data, row_group_size=max(len(rows), 1))
                groups.append(Group(str(county), len(rows), _content_digest(data)))
        part.flush()
        os.fsync(part.fileno())
    digest = file_digest(Path(part.name))
    path = folder / f"{month or 'all'}-{digest[:12]}.parquet"
    Path(part.name).replace(path)
    sync_folder(folder)
    relative = path.relative_to(root).as_posix()
    return FileEntry(spec.name, month, relative, path.stat().st_size, digest, tuple(groups))


def _content_digest(data: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, data.schema) as stream:
        stream.write_table(data.combine_chunks())
    return blake2b(sink.getvalue(), digest_size=12).hexdigest()
