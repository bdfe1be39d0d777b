"""The manifest: which files make up a register, and the one atomic write that changes it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from relapse_risk.errors import RegisterError
from relapse_risk.schema import SCHEMA_VERSION

__all__ = ["MANIFEST", "FileEntry", "Group", "Manifest", "file_digest", "read_manifest", "write_atomically"]

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Group:
    """One row group: the rows of one county (``city`` for city-wide rows) and a digest of their content."""

    county: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One Parquet file: table, month (``None`` for tables without snapshots), checksum and row groups in order."""

    table: str
    month: str | None
    path: str
    size: int
    sha256: str
    groups: tuple[Group, ...]

    @property
    def rows(self) -> int:
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
        return tuple(sorted({f.month for f in self.files if f.table == "household" and f.month}))

    def of(self, table: str) -> tuple[FileEntry, ...]:
        """Files of ``table``, by month."""
        return tuple(sorted((f for f in self.files if f.table == table), key=lambda f: f.month or ""))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the register in ``folder``.

    Raises
    ------
    RegisterError
        If there is none, it is damaged, or it was written by another schema version.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RegisterError(
            "not a register: no manifest.json", where=str(folder), fix="build one with demo or import"
        ) from error
    except (OSError, ValueError) as error:
        raise RegisterError(
            f"manifest cannot be read: {error}", where=str(path), fix="restore it from a backup, or import again"
        ) from error
    if content.get("schema_version") != SCHEMA_VERSION:
        raise RegisterError(
            "written by another schema version",
            where=str(path),
            got=content.get("schema_version"),
            expected=SCHEMA_VERSION,
            fix="import the sources again with this version",
        )
    try:
        files = tuple(
            FileEntry(**{**entry, "groups": tuple(Group(**group) for group in entry["groups"])})
            for entry in content["files"]
        )
        return Manifest(content["schema_version"], content["place"], content["created"], files)
    except (KeyError, TypeError) as error:
        raise RegisterError(f"manifest is damaged: {error}", where=str(path), fix="import again") from error


def manifest_text(manifest: Manifest) -> str:
    """The manifest as text on disk."""
    return json.dumps(asdict(manifest), ensure_ascii=False, indent=1) + "\n"


def write_atomically(path: Path, content: bytes) -> None:
    """Write ``content`` aside, flush it to disk and swap it in: readers see the old file or the new one, whole."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".part", delete=False) as part:
        part.write(content)
        part.flush()
        os.fsync(part.fileno())
    Path(part.name).replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk where the system can (Windows cannot open folders)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_digest(path: Path) -> str:
    """SHA-256 of a file, read in blocks."""
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
