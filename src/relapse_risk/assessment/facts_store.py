"""Facts on disk: one Parquet file per table with a row group per county, and ``facts.json`` that says what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from html import escape
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from relapse_risk.errors import RelapseRiskError
from relapse_risk.files import digest, write_json, write_parquet
from relapse_risk.measures import CITY
from relapse_risk.measures.facts_folder import AGAIN, read_facts_manifest
from relapse_risk.months import check_month
from relapse_risk.parameters import DatedValue
from relapse_risk.register import Register
from relapse_risk.sealed_tables import sealed, unsealed

TABLES_HELD = 256  # kept in memory as they are read: about two months of facts
LARGE = 1 << 20  # bytes of a table that is mapped instead: of some hundred counties
__all__ = ["Facts", "FactsManifest", "county_digests", "read_current_facts", "read_facts", "write_facts"]


@dataclass(frozen=True, slots=True)
class FactsManifest:
    """What a facts folder holds and what it was computed from.

    Attributes
    ----------
    previous : str or None
        Month that *last period* stands for.
    counties : tuple of (code, name in each language)
    hashes : dict
        Digest of each county's facts (and the city's rows shown beside them); equal digests render equal reports.
    parameters : tuple of DatedValue
        Every dated value that was used, with its mark.
    suppressed : int
        Cells withheld in all tables.
    tables : tuple of str
    schema : dict
        Per fact table: section, city, restricted, and its columns with kind and codes.
    cards : dict
        ``model_card`` and ``index_card`` as the scores left them, empty where nothing was scored.
    register_digest, parameter_digest : str
        Of what the facts were computed from (:meth:`relapse_risk.register.Register.month_digest`).
    carried : dict
        By county (and ``city``), where there are any: month in which households were last reported, and their share.
    register_state : str
        Digest of the whole register then: while it is the same, so is the month.
    synthetic : bool
        Whether the demonstration made the register.
    """

    place: str
    month: str
    data_date: str
    previous: str | None
    counties: tuple[tuple[str, ...], ...]
    hashes: dict[str, str]
    parameters: tuple[DatedValue, ...]
    suppressed: int
    tables: tuple[str, ...]
    schema: dict[str, Any]
    cards: dict[str, Any]
    register_digest: str
    parameter_digest: str
    register_state: str = ""
    synthetic: bool = False
    carried: dict[str, dict[str, float]] = field(default_factory=dict)


def county_digests(tables: Mapping[str, pd.DataFrame], counties: Sequence[str]) -> dict[str, str]:
    """Digest of everything a report of each county shows: its rows, the city's, and every county's indicators.

    A report of the city shows every county's rows.
    """
    content: dict[str, list[bytes]] = {code: [] for code in counties}
    for name in sorted(tables):
        mine = {code: _digest(rows) for code, rows in tables[name].groupby("county_code")}
        every = _digest(tables[name])
        for code, parts in content.items():
            shown = (every,) if code == CITY or name == "indicator" else (mine.get(CITY, b""), mine.get(code, b""))
            parts.append(b"|".join((name.encode(), *shown)))
    return {code: digest(parts) for code, parts in content.items()}


def _digest(rows: pd.DataFrame) -> bytes:
    content = rows.to_json(orient="split", index=False, date_format="iso", double_precision=12)
    return bytes.fromhex(digest([content]))


def write_facts(folder: Path, tables: Mapping[str, pd.DataFrame], manifest: FactsManifest) -> None:
    """Write every table, then ``facts.json``, each swapped in whole."""
    for name, frame in tables.items():
        _write_table(folder / f"{name}.parquet", frame)
    write_json(folder / "facts.json", asdict(manifest))


def _write_table(path: Path, frame: pd.DataFrame) -> None:
    """One row group per county, ascending, rows in the order computed."""
    ordered = frame.sort_values("county_code", kind="stable").reset_index(drop=True)
    data = sealed(pa.Table.from_pandas(ordered, preserve_index=False))
    write_parquet(path, data, ordered.groupby("county_code", sort=False).size().tolist())


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one month, opened for reading."""

    folder: Path
    manifest: dict[str, Any]

    def summary(self) -> str:
        """Place, month, counties, tables and what was withheld, in one line."""
        held = self.manifest
        return (
            f"facts of {held['place']}, {held['month']}: {len(held['counties'])} counties, {len(held['tables'])} tables,"
            f" {held['suppressed']} cells withheld; read one with table(name, county)"
        )

    def __repr__(self) -> str:
        return f"<{self.summary()}>"

    def _repr_html_(self) -> str:
        """One row per section: the names of its tables."""
        schema = self.manifest["schema"]
        sections = sorted({held["section"] for held in schema.values()})
        names = [", ".join(n for n, held in schema.items() if held["section"] == one) for one in sections]
        frame = pd.DataFrame({"section": sections, "tables": names})
        return f"<p>{escape(self.summary())}</p>{frame.to_html(index=False)}"

    def table(self, name: str, county: str) -> pd.DataFrame:
        """Rows of fact table ``name`` of one county (or ``city``), without county_code."""
        return self.all_counties(name, county).drop(columns="county_code")

    def all_counties(self, name: str, county: str | None = None) -> pd.DataFrame:
        """Rows of fact table ``name`` of every county (and ``city``), or of one."""
        path = self.folder / f"{name}.parquet"
        if not path.is_file():
            raise RelapseRiskError("no such fact table", where=str(path), expected=" | ".join(self.manifest["tables"]))
        found = path.stat()
        try:
            return _rows(path, found.st_size, found.st_mtime_ns, county).copy(deep=False)
        except (OSError, pa.ArrowException, KeyError) as error:
            raise RelapseRiskError(f"damaged: {error}", where=str(path), fix=AGAIN) from error

    def hold(self) -> None:
        """Read every table now: a process forked from this one reads none again."""
        for name in self.manifest["tables"]:
            self.all_counties(name, CITY)

    def availability(self, county: str) -> pd.DataFrame:
        """Per fact table of ``county``: section, table, status, reason and how many cells were withheld.

        status is ``collected``, ``not_collected`` (the reason names what is missing), ``empty`` or ``suppressed``.
        """
        return self.table("availability", county)


@lru_cache(maxsize=TABLES_HELD)
def _held(path: Path, _size: int, _changed: int) -> tuple[pa.Table, dict[str, tuple[int, int]]]:
    """A whole table, and where each county's rows begin and how many they are."""
    # One piece a column: thousands of pieces weigh more than their rows.
    table = unsealed(pq.read_table(path, use_threads=False, page_checksum_verification=True)).combine_chunks()
    if table.nbytes > LARGE:
        table = _mapped(table)
    runs = pc.run_end_encode(table["county_code"].combine_chunks())
    ends = runs.run_ends.to_pylist()
    return table, {code: (start, end - start) for code, (start, end) in zip(runs.values.to_pylist(), pairwise([0, *ends]), strict=True)}  # fmt: skip


def _mapped(table: pa.Table) -> pa.Table:
    """The same table on disk, in a file without a name, mapped: its pages come when asked for and go when others need
    the memory, in this process and in those forked from it.
    """
    with TemporaryFile() as file:
        with pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        file.flush()
        return pa.ipc.open_file(pa.py_buffer(mmap(file.fileno(), 0, access=ACCESS_READ))).read_all()


@lru_cache(maxsize=4 * TABLES_HELD)
def _rows(path: Path, size: int, changed: int, county: str | None) -> pd.DataFrame:
    """Rows of a table; where some county's rows are damaged, those of the others can still be read."""
    try:
        table, where = _held(path, size, changed)
    except (OSError, pa.ArrowException):
        rows = [("county_code", "=", county)] if county else None
        return unsealed(pq.read_table(path, filters=rows, page_checksum_verification=True)).to_pandas()
    return (table.slice(*where.get(county, (0, 0))) if county else table).to_pandas(use_threads=False)


def read_facts(folder: Path, month: str) -> Facts:
    """Open the facts of ``month`` in ``folder``.

    Raises
    ------
    RelapseRiskError
        If they were not computed, or are damaged.
    """
    path = folder / check_month(month)
    return Facts(path, read_facts_manifest(path))


def read_current_facts(folder: Path, month: str, register: Register) -> Facts:
    """Open the facts of ``month``, which must be those of the register as it stands.

    Raises
    ------
    RelapseRiskError
        If they were not computed, are damaged, or the register's month has changed since.
    """
    facts = read_facts(folder, month)
    state = facts.manifest["register_digest"]
    if (now := register.month_digest(month)) != state:
        raise RelapseRiskError(
            f"the register's {month} has changed since these facts were computed", where=str(facts.folder),
            got=state[:12], expected=now[:12],
            fix=f"run relapse-risk facts --register {register.path} --month {month} --out {folder}",
        )  # fmt: skip
    return facts
