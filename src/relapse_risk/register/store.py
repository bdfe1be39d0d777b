"""The register: a folder of Parquet with one row group per county, read only through its manifest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from html import escape
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from relapse_risk.errors import RegisterError
from relapse_risk.register.counties import CITY
from relapse_risk.register.manifest import FileEntry, Manifest, file_digest, read_manifest
from relapse_risk.schema import arrow_schema, empty_table, table, tables, to_pandas

__all__ = ["Register"]

RESTRICTED = tuple(name for name, spec in tables().items() if spec.restricted)
MEMORY_LIMIT = "2GB"


class Register:
    """One register, opened for reading.

    Examples
    --------
    >>> Register.open("nowhere")
    Traceback (most recent call last):
        ...
    relapse_risk.errors.RegisterError: nowhere: not a register: no manifest.json. Fix: build one with demo or import.
    """

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest

    @classmethod
    def open(cls, path: str | Path) -> Register:
        """Open the register in folder ``path``; every file must be there with its recorded size.

        Raises
        ------
        RegisterError
            Naming the missing or damaged file.
        """
        folder = Path(path)
        register = cls(folder, read_manifest(folder))
        for entry in register.manifest.files:
            _check_present(folder, entry)
        return register

    def verify(self) -> None:
        """Check the checksum of every file.

        Raises
        ------
        RegisterError
            Naming the first file whose content is not what was written.
        """
        for entry in self.manifest.files:
            _check_present(self.path, entry)
            found = file_digest(self.path / entry.path)
            if found != entry.sha256:
                raise RegisterError(
                    "checksum differs: the file was changed after it was written",
                    where=str(self.path / entry.path),
                    got=found[:12],
                    expected=entry.sha256[:12],
                    fix="import the sources again",
                )

    @property
    def place(self) -> str:
        """Name of the place (``params/places/<place>.yaml``)."""
        return self.manifest.place

    @property
    def months(self) -> tuple[str, ...]:
        """Months with a household snapshot, ascending."""
        return self.manifest.months

    @property
    def counties(self) -> tuple[str, ...]:
        """Codes of the counties that hold households in any month, ascending."""
        found = {group.county for entry in self.manifest.of("household") for group in entry.groups}
        return tuple(sorted(found - {CITY}))

    def has(self, name: str) -> bool:
        """Whether table ``name`` holds any row."""
        table(name)
        return any(entry.rows for entry in self.manifest.of(name))

    def collected(self, name: str, column: str) -> bool:
        """Whether ``column`` of table ``name`` holds any value that is not null."""
        table(name).column(column)
        return any(_has_value(self.path / entry.path, column) for entry in self.manifest.of(name))

    def read(
        self,
        name: str,
        month: str | None = None,
        county: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Rows of table ``name``.

        Parameters
        ----------
        name : str
            Table; ``identity`` must be asked for by :meth:`read_identity`.
        month : str, optional
            For snapshot tables the month; the latest when left out.
        county : str, optional
            Only this county's rows (one row group per file is read).
        columns : sequence of str, optional
            Only these columns.

        Returns
        -------
        DataFrame
            With the pandas types of :mod:`relapse_risk.schema`; empty when the table holds nothing.

        Raises
        ------
        RegisterError
            If the register has no such month.
        """
        _refuse_restricted(name)
        entries = self.manifest.of(name)
        if table(name).is_snapshot and entries:
            chosen = month or entries[-1].month
            entries = tuple(entry for entry in entries if entry.month == chosen)
            if not entries:
                known = " | ".join(entry.month or "" for entry in self.manifest.of(name))
                raise RegisterError(f"{name} has no such month", where=str(self.path), got=month, expected=known)
        return self._frames(name, entries, county, columns)

    def read_all(self, name: str, columns: Sequence[str] | None = None, county: str | None = None) -> pd.DataFrame:
        """Rows of every month of table ``name``."""
        _refuse_restricted(name)
        return self._frames(name, self.manifest.of(name), county, columns)

    def read_identity(self, county: str | None = None) -> pd.DataFrame:
        """Names and identity numbers: the one restricted table, read only through this method."""
        return self._frames("identity", self.manifest.of("identity"), county, None)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
        """Answer an SQL query (DuckDB) over one view per table, all months; ``identity`` is not among them.

        Raises
        ------
        RegisterError
            With DuckDB's message.
        """
        with duckdb.connect() as connection:
            paths = [
                (self.path / entry.path).as_posix() for entry in self.manifest.files if entry.table not in RESTRICTED
            ]
            connection.execute(f"SET memory_limit='{MEMORY_LIMIT}'")
            connection.execute(f"SET allowed_paths=[{', '.join(map(_quoted, paths))}]")
            connection.execute("SET enable_external_access=false")
            for name in tables():
                if name not in RESTRICTED:
                    self._create_view(connection, name)
            try:
                return connection.execute(sql, list(parameters)).df()
            except duckdb.Error as error:
                raise RegisterError(f"query failed: {error}", where=str(self.path), fix="correct the SQL") from error

    def _create_view(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        paths = [(self.path / entry.path).as_posix() for entry in self.manifest.of(name)]
        if paths:
            connection.execute(f'CREATE VIEW "{name}" AS FROM read_parquet([{", ".join(map(_quoted, paths))}])')
        else:
            connection.register(name, pa.Table.from_pylist([], schema=arrow_schema(name)))

    def county_hash(self, county: str, month: str) -> str:
        """Digest of every row a report of ``county`` as of ``month`` can depend on."""
        digest = blake2b(digest_size=16)
        for entry in sorted(self.manifest.files, key=lambda f: (f.table, f.month or "")):
            if entry.table in RESTRICTED or (entry.month or "") > month:
                continue
            for group in entry.groups:
                if group.county in (county, CITY):
                    digest.update(f"{entry.table}|{entry.month}|{group.county}|{group.digest}\n".encode())
        return digest.hexdigest()

    def _frames(
        self, name: str, entries: Iterable[FileEntry], county: str | None, columns: Sequence[str] | None
    ) -> pd.DataFrame:
        wanted = [table(name).column(c).name for c in columns] if columns is not None else list(table(name).names)
        parts = [part for entry in entries for part in self._groups(entry, county, wanted)]
        if not parts:
            return empty_table(name)[wanted]
        return to_pandas(pa.concat_tables(parts), name)

    def _groups(self, entry: FileEntry, county: str | None, columns: list[str]) -> list[pa.Table]:
        indexes = [i for i, group in enumerate(entry.groups) if county is None or group.county == county]
        if not indexes:
            return []
        path = self.path / entry.path
        try:
            with pq.ParquetFile(path) as file:
                return [_plain(file.read_row_groups(indexes, columns=columns).select(columns))]
        except (OSError, pa.ArrowException) as error:
            raise RegisterError(
                f"cannot be read: {error}", where=str(path), fix="the file is damaged; import again"
            ) from error

    def summary(self) -> pd.DataFrame:
        """One row per table: label in both languages, rows, months, files and bytes."""
        rows = [
            {
                "table": name,
                "zh": spec.zh,
                "en": spec.en,
                "rows": sum(e.rows for e in self.manifest.of(name)),
                "months": len({e.month for e in self.manifest.of(name) if e.month}),
                "bytes": sum(e.size for e in self.manifest.of(name)),
            }
            for name, spec in tables().items()
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        return f"Register({self.place}, {len(self.months)} months, {len(self.counties)} counties, {self.path})"

    def _repr_html_(self) -> str:
        months = f"{self.months[0]} … {self.months[-1]}" if self.months else "—"
        head = f"<p><b>{escape(self.place)}</b> · {len(self.counties)} counties · {escape(months)}</p>"
        return head + self.summary().to_html(index=False)


def _check_present(folder: Path, entry: FileEntry) -> None:
    path = folder / entry.path
    if not path.is_file():
        raise RegisterError("file is missing", where=str(path), fix="restore the register folder or import again")
    size = path.stat().st_size
    if size != entry.size:
        raise RegisterError(
            "file is not whole", where=str(path), got=f"{size} bytes", expected=f"{entry.size} bytes",
            fix="restore the register folder or import again",
        )  # fmt: skip


def _refuse_restricted(name: str) -> None:
    if table(name).restricted:
        raise RegisterError(f"{name} is restricted", where="read", fix="call read_identity() where names are needed")


def _has_value(path: Path, column: str) -> bool:
    """From the statistics of the row groups alone; nothing is decoded."""
    with pq.ParquetFile(path) as file:
        index = file.schema_arrow.get_field_index(column)
        chunks = [file.metadata.row_group(i).column(index) for i in range(file.metadata.num_row_groups)]
    return any(chunk.num_values > (chunk.statistics.null_count if chunk.statistics else 0) for chunk in chunks)


def _plain(data: pa.Table) -> pa.Table:
    """Dictionary columns as text, so that parts with different dictionaries join."""
    fields = [pa.field(f.name, pa.string()) if pa.types.is_dictionary(f.type) else f for f in data.schema]
    return data.cast(pa.schema(fields))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
