"""The register: a folder of Parquet with one row group per county, read only through its manifest."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from relapse_risk.errors import RegisterError
from relapse_risk.files import digest
from relapse_risk.months import check_month
from relapse_risk.register.counties import CITY
from relapse_risk.register.manifest import DEMO, Damage, FileEntry, Manifest, check_content, find_damage, read_manifest
from relapse_risk.register.row_groups import read_groups
from relapse_risk.register.sql_query import run_query
from relapse_risk.register.states import known_on as known_on_day
from relapse_risk.schema import Table, empty_table, table, tables, to_pandas

__all__ = ["Register"]

_LOOKS = 20
_AUDIT = logging.getLogger("relapse_risk.identity")


class Register:
    """One register, opened for reading.

    It reads the content as of opening, whatever writers commit later.  It keeps no file open and can be sent to
    another process.

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
        self._footers: dict[str, pq.FileMetaData] = {}

    def __reduce__(self) -> tuple[type[Register], tuple[Path, Manifest]]:
        return (Register, (self.path, self.manifest))

    @classmethod
    def open(cls, path: str | Path, known_on: date | None = None) -> Register:
        """Open the register in folder ``path``; every file must exist with its recorded size.

        Parameters
        ----------
        path : str or Path
        known_on : datetime.date, optional
            As it was known at the end of that day; as it is now when left out.

        Raises
        ------
        RegisterError
            Naming the missing or damaged files and how to repair them.
        """
        folder = Path(path)
        if known_on is not None:
            register = cls(folder, known_on_day(folder, known_on))
            register._raise_on(find_damage(folder, register.manifest, deep=False))
            return register
        register = cls(folder, read_manifest(folder))
        damages = find_damage(folder, register.manifest, deep=False)
        for _ in range(_LOOKS):
            if not damages or (again := read_manifest(folder)) == register.manifest:
                break
            # Writers committed twice between reading the manifest and checking its files.
            register = cls(folder, again)
            damages = find_damage(folder, again, deep=False)
        register._raise_on(damages)
        return register

    def verify(self) -> None:
        """Check every file of the register against its checksum.

        Raises
        ------
        RegisterError
            Naming every file whose content has changed.
        """
        self._raise_on(find_damage(self.path, self.manifest, deep=True))

    def _raise_on(self, damages: Sequence[Damage]) -> None:
        if not damages:
            return
        first, *rest = damages
        others = f" (and {len(rest)} more: {', '.join(damage.file for damage in rest)})" if rest else ""
        raise RegisterError(first.what + others, where=str(self.path / first.file), fix=first.fix)

    @property
    def place(self) -> str:
        """Name of the place (``params/places/<place>.yaml``)."""
        return self.manifest.place

    @property
    def synthetic(self) -> bool:
        """Whether the demonstration made the register: its households are invented, whatever was imported later."""
        return (self.path / DEMO).is_file()

    @property
    def months(self) -> tuple[str, ...]:
        """Months with a household snapshot, ascending."""
        return self.manifest.months

    @property
    def counties(self) -> tuple[str, ...]:
        """Codes of the counties that hold households in any month, ascending."""
        return self.manifest.counties

    def counties_in(self, month: str) -> tuple[str, ...]:
        """Codes of the counties that hold households in ``month``, ascending: one may have been merged into another."""
        groups = [group for entry in self.manifest.of("household") if entry.month == month for group in entry.groups]
        return tuple(sorted({group.county for group in groups} - {CITY}))

    def has(self, name: str) -> bool:
        """Whether table ``name`` holds any row."""
        table(name)
        return any(entry.rows for entry in self.manifest.of(name))

    def collected(self, name: str, column: str) -> bool:
        """Whether ``column`` of table ``name`` holds any value that is not null, in any month."""
        table(name).column(column)
        return any(column in entry.collected for entry in self.manifest.of(name))

    def read(
        self,
        name: str,
        month: str | None = None,
        county: str | None = None,
        columns: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Rows of table ``name``, ascending by county and key.

        Parameters
        ----------
        name : str
            Table; ``identity`` must be asked for by :meth:`read_identity`.
        month : str, optional
            For snapshot tables the month; the latest when left out.  Other tables have no month.
        county : str, optional
            Only this county's rows (one row group is read); ``"city"`` for the rows of no county.  Tables that
            belong to no county, such as ``assistance_item``, are returned whole to every county.
        columns : sequence of str, optional
            Only these columns, in this order.

        Returns
        -------
        DataFrame
            With the pandas types of :mod:`relapse_risk.schema`; empty when the table holds nothing.

        Raises
        ------
        RegisterError
            If the register has no such month or county, or a file was damaged after it was opened.
        """
        spec = _open_table(name)
        return self._frame(spec, self._entries(spec, month), county, columns)

    def read_all(self, name: str, columns: Sequence[str] | None = None, county: str | None = None) -> pd.DataFrame:
        """Rows of every month of table ``name``, months ascending; otherwise as :meth:`read`."""
        spec = _open_table(name)
        return self._frame(spec, self.manifest.of(name), county, columns)

    def read_identity(self, county: str | None = None, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Names and identity numbers: the one restricted table, read only through this method.

        Each reading is logged to ``relapse_risk.identity``; a test lists the modules that may call this.
        """
        frame = self._frame(table("identity"), self.manifest.of("identity"), county, columns)
        _AUDIT.info("identity read: %d rows, county %s, register %s", len(frame), county or "all", self.path)
        return frame

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
        """Answer an SQL query (DuckDB) over one view per table, all months; ``identity`` is not among them.

        Parameters
        ----------
        sql : str
            One ``SELECT`` (or ``DESCRIBE``, ``SHOW TABLES``, ``SUMMARIZE``); ``?`` marks a parameter.
        parameters : sequence

        Returns
        -------
        DataFrame
            With the pandas types of :mod:`relapse_risk.schema`.

        Raises
        ------
        RegisterError
            With DuckDB's message.
        """
        return run_query(self.path, self.manifest, sql, parameters)

    def county_hash(self, county: str, month: str) -> str:
        """Digest of every row of the register that a report of ``county`` as of ``month`` can depend on.

        It covers snapshots of that month and earlier and all rows of the other tables, of this county and of no
        county.  A rewrite with the same content has the same digest.  Content about other counties is not covered.

        Raises
        ------
        RegisterError
            If the register has no data of the county.
        """
        check_month(month)
        self._check_county(county)
        lines = [f"{self.manifest.schema_version}|{self.place}|{county}"]
        lines += [
            f"\n{entry.table}|{entry.month}|{group.county}|{group.digest}"
            for entry in sorted(self.manifest.files, key=lambda e: (e.table, e.month or ""))
            for group in entry.groups
            if group.county in (county, CITY) and (entry.month or "") <= month
        ]
        return digest(lines)

    def month_digest(self, month: str) -> str:
        """Digest of everything that results of ``month`` can depend on, of all counties (:meth:`county_hash`)."""
        return digest([repr([self.county_hash(code, month) for code in self.counties])])

    def _entries(self, spec: Table, month: str | None) -> tuple[FileEntry, ...]:
        entries = self.manifest.of(spec.name)
        if not spec.is_snapshot:
            if month is not None:
                raise RegisterError("the table is not kept by month", where=spec.name, got=month, fix="leave month out")
            return entries
        if month is None:
            return entries[-1:]
        known = {entry.month for entry in entries} | set(self.months)
        if month not in known:
            raise RegisterError(
                f"{spec.name} has no such month",
                where=str(self.path),
                got=month,
                expected=" | ".join(sorted(filter(None, known))),
                fix="ask for one of these months",
            )
        return tuple(entry for entry in entries if entry.month == month)

    def _check_county(self, county: str) -> None:
        known = self.manifest.all_counties
        if county not in known and county != CITY:
            raise RegisterError(
                "the register has no data of this county",
                where=str(self.path),
                got=county,
                expected=" | ".join(known),
                fix="ask for one of these codes",
            )

    def _frame(
        self, spec: Table, entries: Iterable[FileEntry], county: str | None, columns: Sequence[str] | None
    ) -> pd.DataFrame:
        wanted = [spec.column(c).name for c in columns] if columns is not None else list(spec.names)
        if county is not None:
            self._check_county(county)
        one = None if spec.county_from is None else county
        parts = [part for entry in entries if (part := self._part(entry, one, wanted)) is not None]
        if not parts:
            return empty_table(spec.name)[wanted]
        return to_pandas(pa.concat_tables(parts), spec.name)

    def _part(self, entry: FileEntry, county: str | None, columns: list[str]) -> pa.Table | None:
        indexes = [i for i, group in enumerate(entry.groups) if county is None or group.county == county]
        if not indexes:
            return None
        if entry.path not in self._footers:
            check_content(self.path, entry)
            self._footers[entry.path] = _footer(self.path / entry.path)
        return read_groups(self.path, entry, indexes, columns, self._footers[entry.path])

    def summary(self) -> pd.DataFrame:
        """One row per table of the dictionary: label in both languages, rows, months, counties and bytes."""
        rows = []
        for name, spec in tables().items():
            entries = self.manifest.of(name)
            rows.append(
                {
                    "table": name,
                    "zh": spec.label.zh,
                    "en": spec.label.en,
                    "rows": sum(entry.rows for entry in entries),
                    "months": len({entry.month for entry in entries if entry.month}),
                    "counties": len({group.county for entry in entries for group in entry.groups} - {CITY}),
                    "columns": len({column for entry in entries for column in entry.collected}),
                    "bytes": sum(entry.size for entry in entries),
                }
            )
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        span = f"{self.months[0]} … {self.months[-1]}" if self.months else "no month"
        return f"Register({self.place}: {len(self.months)} months, {span}; {len(self.counties)} counties; {self.path})"

    def _repr_html_(self) -> str:
        months = ", ".join(self.months) or "—"
        head = (
            f"<p><b>{escape(self.place)}</b> · {len(self.counties)} counties · "
            f"written {escape(self.manifest.created)}<br>months: {escape(months)}</p>"
        )
        return head + self.summary().to_html(index=False, border=0)


def _open_table(name: str) -> Table:
    """The table ``name``, unless it is restricted."""
    spec = table(name)
    if spec.restricted:
        raise RegisterError(f"{name} is restricted", where="read", fix="call read_identity() where names are needed")
    return spec


def _footer(path: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except FileNotFoundError as error:
        raise RegisterError(
            "file no longer exists: the register was written twice since it was opened", where=str(path),
            fix="open the register again",
        ) from error  # fmt: skip
    except (OSError, pa.ArrowException) as error:
        raise RegisterError(f"cannot be read: {error}", where=str(path), fix="run verify(); import again") from error
