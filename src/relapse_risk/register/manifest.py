"""The manifest: which Parquet files make up a register, what each holds, and which row group is which county."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from relapse_risk.errors import RegisterError
from relapse_risk.files import file_sha256, sha256, write_json
from relapse_risk.json_reading import parsed
from relapse_risk.register.counties import CITY
from relapse_risk.schema import SCHEMA_VERSION

__all__ = [
    "DEMO",
    "MANIFEST",
    "Damage",
    "FileEntry",
    "Group",
    "Manifest",
    "check_content",
    "find_damage",
    "parsed_entry",
    "read_manifest",
    "write_manifest",
]

MANIFEST = "manifest.json"
DEMO = "demo.json"  # in the folder of a register that the demonstration made
_CHECKED = 4096  # files whose checksum is remembered while they do not change
_FILE = re.compile(r"tables/[a-z_]+/(all|\d{4}-\d{2})-[0-9a-f]{12}\.parquet")


@dataclass(frozen=True, slots=True)
class Group:
    """One row group: the rows of one county (``city`` for rows of no county) and a digest of their content."""

    county: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One Parquet file: table, month (``None`` for tables without snapshots), checksum and row groups in order.

    ``size`` is in bytes; ``collected`` names the columns that hold any value.
    """

    table: str
    month: str | None
    path: str
    size: int
    sha256: str
    collected: tuple[str, ...]
    groups: tuple[Group, ...]

    @property
    def rows(self) -> int:
        """Rows of all counties."""
        return sum(group.rows for group in self.groups)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of a register at one commit."""

    schema_version: int
    place: str
    created: str
    files: tuple[FileEntry, ...]

    @property
    def months(self) -> tuple[str, ...]:
        """Months with a household snapshot, ascending."""
        return tuple(entry.month for entry in self.of("household") if entry.month)

    @property
    def counties(self) -> tuple[str, ...]:
        """Codes of the counties that hold households in any month, ascending."""
        return _counties(self.of("household"))

    @property
    def all_counties(self) -> tuple[str, ...]:
        """Codes of the counties that hold rows of any table, ascending."""
        return _counties(self.files)

    @property
    def digest(self) -> str:
        """SHA-256 of everything listed except the time of writing: equal registers have equal digests."""
        content = [self.schema_version, self.place, [asdict(entry) for entry in self.files]]
        return sha256([json.dumps(content, ensure_ascii=False, sort_keys=True)])

    def of(self, table: str) -> tuple[FileEntry, ...]:
        """Files of ``table``, by month."""
        return tuple(sorted((e for e in self.files if e.table == table), key=lambda entry: entry.month or ""))


def _counties(entries: tuple[FileEntry, ...]) -> tuple[str, ...]:
    return tuple(sorted({group.county for entry in entries for group in entry.groups} - {CITY}))


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing wrong with a register: the file, what is wrong with it, and how to repair it."""

    file: str
    what: str
    fix: str


_RESTORE = "restore the register folder from a copy, or build it again in a new folder"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the register in ``folder``.

    Raises
    ------
    RegisterError
        If there is none, it is damaged or edited, or it was written by another schema version.

    Examples
    --------
    >>> read_manifest(Path("nowhere"))
    Traceback (most recent call last):
        ...
    relapse_risk.errors.RegisterError: nowhere: not a register: no manifest.json. Fix: build one with demo or import.
    """
    path = folder / MANIFEST
    try:
        content = parsed(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RegisterError(
            f"not a register: no {MANIFEST}", where=str(folder), fix="build one with demo or import"
        ) from error
    except (OSError, ValueError) as error:
        raise RegisterError(f"manifest cannot be read: {error}", where=str(path), fix=_RESTORE) from error
    _check_version(content, path)
    return _parsed(content, path)


def _check_version(content: object, path: Path) -> None:
    version = content.get("schema_version") if isinstance(content, dict) else None
    if not isinstance(version, int):
        raise RegisterError("not the manifest of a register", where=str(path), fix="check the path")
    if version != SCHEMA_VERSION:
        raise RegisterError(
            "written by another schema version",
            where=str(path),
            got=version,
            expected=SCHEMA_VERSION,
            fix="update relapse-risk" if version > SCHEMA_VERSION else "import the sources again with this version",
        )


def _parsed(content: Mapping[str, Any], path: Path) -> Manifest:
    try:
        files = tuple(parsed_entry(entry) for entry in content["files"])
        manifest = Manifest(content["schema_version"], content["place"], content["created"], files)
        digest = content["digest"]
    except (KeyError, TypeError, ValueError) as error:
        raise RegisterError(f"manifest is incomplete: {error}", where=str(path), fix=_RESTORE) from error
    if digest != manifest.digest:
        raise RegisterError("manifest was changed after it was written", where=str(path), fix=_RESTORE)
    return manifest


def parsed_entry(content: Mapping[str, Any]) -> FileEntry:
    """An entry as a manifest writes it; ValueError where its path is not that of a table."""
    groups = tuple(Group(**group) for group in content["groups"])
    entry = FileEntry(**{**content, "groups": groups, "collected": tuple(content["collected"])})
    if not _FILE.fullmatch(entry.path):
        # A path outside the register would make it read or delete a foreign file.
        raise ValueError(f"{entry.path!r} is not the path of a table")
    return entry


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest in one step; the files it lists must already be on disk and synced."""
    content = {
        "schema_version": manifest.schema_version,
        "place": manifest.place,
        "created": manifest.created,
        "digest": manifest.digest,
        "files": [asdict(entry) for entry in manifest.files],
    }
    write_json(folder / MANIFEST, content)


def check_content(folder: Path, entry: FileEntry) -> None:
    """Compare a file with its checksum before anything is computed from it; again only once it has changed.

    Raises
    ------
    RegisterError
        If the file is gone, or holds other bytes than were written.
    """
    path = folder / entry.path
    try:
        found = path.stat()
        same = _sha256_of(path, found.st_size, found.st_mtime_ns, found.st_ino) == entry.sha256
    except FileNotFoundError as error:
        raise RegisterError(
            "file no longer exists: the register was written twice since it was opened", where=str(path),
            fix="open the register again",
        ) from error  # fmt: skip
    except OSError as error:
        raise RegisterError(
            f"cannot be read: {error}", where=str(path), fix="check the disk and its permissions"
        ) from error
    if not same:
        damage = _damage_of(folder, entry, deep=True)
        raise RegisterError(
            damage.what if damage else "file was changed while it was read", where=str(path),
            fix=damage.fix if damage else "open the register again",
        )  # fmt: skip


@lru_cache(maxsize=_CHECKED)
def _sha256_of(path: Path, _size: int, _changed: int, _node: int) -> str:
    return file_sha256(path)


def find_damage(folder: Path, manifest: Manifest, *, deep: bool) -> tuple[Damage, ...]:
    """Every listed file that is missing or has another size; with ``deep`` also those with other content."""
    found = (_damage_of(folder, entry, deep) for entry in manifest.files)
    return tuple(damage for damage in found if damage)


def _damage_of(folder: Path, entry: FileEntry, deep: bool) -> Damage | None:
    again = f"import {' '.join(filter(None, (entry.table, entry.month)))} again, or restore the file from a copy"
    path = folder / entry.path
    try:
        size = path.stat().st_size
        if size < entry.size:
            return Damage(entry.path, f"file is cut short: {size} of {entry.size} bytes", again)
        if size > entry.size or (deep and file_sha256(path) != entry.sha256):
            return Damage(entry.path, "file was changed after it was written (checksum differs)", again)
    except FileNotFoundError:
        return Damage(entry.path, "file is missing", again)
    except OSError as error:
        return Damage(entry.path, f"file cannot be read: {error}", "check the disk and the permissions of the file")
    return None
