"""Every file this package leaves behind: written aside, flushed to the disk, renamed; and digests of content.

A reader sees the old file or the new one, whole.  The mode is the umask's, or the owner's only where a file names
people; it is given as the file is made, so that nobody else can open it at any moment.  What the disk or the system
refuses is a :class:`~relapse_risk.errors.WriteError` that names the path, and nothing is left lying about.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from hashlib import blake2b, file_digest
from hashlib import sha256 as _sha256
from pathlib import Path
from secrets import token_hex
from typing import IO, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import Timeout

from relapse_risk.errors import WriteError

__all__ = [
    "DRAFT",
    "create_file",
    "digest",
    "file_sha256",
    "json_bytes",
    "link_file",
    "make_folder",
    "move_folder",
    "refusals",
    "remove_drafts",
    "replacing",
    "sha256",
    "write_bytes",
    "write_files",
    "write_json",
    "write_parquet",
    "write_row_groups",
    "write_text",
]

DRAFT = ".part"  # how a file's name ends while it is written; it begins with a dot
_FIXES = {
    errno.ENOSPC: "make room on the disk, then run again",
    errno.EDQUOT: "make room within the quota, then run again",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), then run again",
    errno.EROFS: "choose a folder that can be written",
    errno.EISDIR: "a folder stands there: move it away, or choose another path",
    errno.ENOTDIR: "a file stands where a folder is needed: choose another path",
    errno.EEXIST: "a file stands where a folder is needed: choose another path",
}
_ANY_FIX = "close the file where it is open, or choose a path that you may write"
# A reader on Windows may hold a file open for a moment; a replacement waits for it at most two seconds.
_TRIES, _PAUSE_SECONDS = (40, 0.05) if os.name == "nt" else (1, 0.0)
_PUBLIC_FILE, _OWN_FILE, _PUBLIC_FOLDER, _OWN_FOLDER = 0o666, 0o600, 0o777, 0o700  # before the umask


@contextmanager
def refusals(path: str | Path) -> Iterator[None]:
    """Turn what the system refuses inside the block into one error that names ``path``.

    Raises
    ------
    WriteError
        With the system's own words and what to do.

    Examples
    --------
    >>> with refusals("out/list.csv"):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
        ...
    relapse_risk.errors.WriteError: out/list.csv: cannot be written: No space left on device. Fix: make room on the disk, then run again.
    """
    try:
        yield
    except Timeout:  # no fault: somebody else holds the lock, and who asked for it says who
        raise
    except OSError as error:
        fix = _FIXES.get(error.errno or 0, _ANY_FIX)
        raise WriteError(f"cannot be written: {error.strerror or error}", where=str(path), fix=fix) from error


def make_folder(path: Path, *, restricted: bool = False) -> Path:
    """Make ``path`` and the folders above it where they are not there; with ``restricted`` only its owner may enter."""
    with refusals(path):
        _make(path, _OWN_FOLDER if restricted else _PUBLIC_FOLDER)
        if restricted and path.stat().st_mode & 0o077:  # it was there, and open to others
            path.chmod(_OWN_FOLDER)
    return path


@contextmanager
def replacing(path: Path, *, restricted: bool = False) -> Iterator[BinaryIO]:
    """A file to write into that takes the place of ``path`` when the block ends without an error.

    Parameters
    ----------
    path : Path
        Folders above it are made.
    restricted : bool
        Whether only the owner may read it; the umask decides otherwise.

    Raises
    ------
    WriteError
        If the system refuses; ``path`` is as it was, and nothing lies beside it.
    """
    with refusals(path):
        _make(path.parent)
        draft, stream = _draft(path.parent, restricted)
        try:
            with stream:
                yield stream
                _flush(stream)
            _rename(draft, path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def write_files(folder: Path, content: Mapping[str, bytes], *, restricted: bool = False) -> None:
    """Write every file of ``folder`` by name aside, then swap all of them in.

    Raises
    ------
    WriteError
        If the system refuses; where that was before the first swap, every file is as it was.
    """
    drafts: list[Path] = []
    with refusals(folder):
        _make(folder)
    try:
        for name, data in content.items():
            with refusals(folder / name):
                draft, stream = _draft(folder, restricted)
                drafts.append(draft)
                with stream:
                    stream.write(data)
                    _flush(stream)
        for draft, name in zip(drafts, content, strict=True):
            with refusals(folder / name):
                _rename(draft, folder / name)
    except BaseException:
        for draft in drafts:
            draft.unlink(missing_ok=True)
        raise
    _sync_folder(folder)


def write_bytes(path: Path, content: bytes, *, restricted: bool = False) -> Path:
    """Write ``content`` to ``path``, whole or not at all; see :func:`replacing`.

    Examples
    --------
    >>> import tempfile
    >>> write_bytes(Path(tempfile.mkdtemp()) / "new" / "list.txt", b"one").read_bytes()
    b'one'
    """
    write_files(path.parent, {path.name: content}, restricted=restricted)
    return path


def write_text(path: Path, text: str, *, restricted: bool = False) -> Path:
    """Write ``text`` as UTF-8, line ends as they are; see :func:`replacing`."""
    return write_bytes(path, text.encode("utf-8"), restricted=restricted)


def json_bytes(content: object, *, indent: int = 1, sort_keys: bool = False) -> bytes:
    """``content`` as a JSON file: UTF-8, indented, with a line end; days as 2020-12-31.

    Examples
    --------
    >>> json_bytes({"name": "齐河县"}).decode()
    '{\\n "name": "齐河县"\\n}\\n'
    """
    text = json.dumps(content, ensure_ascii=False, indent=indent, sort_keys=sort_keys, default=_day)
    return (text + "\n").encode("utf-8")


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} is nothing that JSON knows")


def write_json(path: Path, content: object, *, sort_keys: bool = False, restricted: bool = False) -> Path:
    """Write ``content`` as JSON (:func:`json_bytes`); see :func:`replacing`."""
    return write_bytes(path, json_bytes(content, sort_keys=sort_keys), restricted=restricted)


def write_parquet(path: Path, data: pa.Table, rows: Sequence[int], *, restricted: bool = False) -> Path:
    """Write ``data`` with row groups of so many ``rows``; see :func:`replacing`."""
    with replacing(path, restricted=restricted) as stream:
        write_row_groups(stream, data, rows)
    return path


def write_row_groups(sink: IO[bytes] | pa.NativeFile, data: pa.Table, rows: Sequence[int], level: int | None = None) -> None:  # fmt: skip
    """Write ``data`` as Parquet with row groups of so many ``rows``, in order.

    Parameters
    ----------
    sink : binary file
    data : Table
    rows : sequence of int
        They add up to the rows of ``data``; a table without rows takes ``[0]``.
    level : int, optional
        Of compression; the library's own when left out.
    """
    # Every page carries a checksum, so that a flipped bit is an error and not another number.
    with pq.ParquetWriter(
        sink, data.schema, compression="zstd", compression_level=level, write_page_checksum=True
    ) as writer:
        start = 0
        for count in rows:
            writer.write_table(data.slice(start, count), row_group_size=max(count, 1))
            start += count


def create_file(path: Path, content: bytes, *, restricted: bool = False) -> Path:
    """Write a file that is not there yet.

    Raises
    ------
    FileExistsError
        If it is there already; it stays as it is.
    WriteError
        If the system refuses; then there is none.
    """
    if path.exists():
        raise FileExistsError(errno.EEXIST, "it is there already", str(path))
    with refusals(path):
        _make(path.parent)
        stream = _created(path, restricted)
        try:
            with stream:
                stream.write(content)
                _flush(stream)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    return path


def link_file(source: Path, target: Path, *, restricted: bool = False) -> None:
    """Give a finished file a second name, which costs no space; a copy where that cannot be, or it is open to others.

    Raises
    ------
    WriteError
        If the system refuses.
    """
    target.unlink(missing_ok=True)
    if not (restricted and source.stat().st_mode & 0o077):
        with contextlib.suppress(OSError):
            os.link(source, target)
            return
    write_bytes(target, source.read_bytes(), restricted=restricted)


def move_folder(source: Path, target: Path) -> Path:
    """Give a finished folder its name, in one step; ``target`` is not there."""
    with refusals(target):
        _sync_folder(source)
        source.rename(target)
        _sync_folder(target.parent)
    return target


def remove_drafts(folder: Path) -> None:
    """Remove what killed writers left in ``folder`` and below; only for whoever alone may write there."""
    for draft in folder.rglob(f".*{DRAFT}"):
        with contextlib.suppress(OSError):
            draft.unlink()


def _make(folder: Path, mode: int = _PUBLIC_FOLDER) -> None:
    """Make a folder and those above it, and have their names on the disk."""
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    for one in new:
        _sync_folder(one.parent)


def _draft(folder: Path, restricted: bool) -> tuple[Path, BinaryIO]:
    """A new file with a name of its own, open for writing, with the mode it keeps."""
    path = folder / f".{os.getpid()}-{token_hex(6)}{DRAFT}"
    return path, _created(path, restricted)


def _created(path: Path, restricted: bool) -> BinaryIO:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, _OWN_FILE if restricted else _PUBLIC_FILE), "w+b")


def _flush(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _rename(source: Path, target: Path) -> None:
    for left in reversed(range(_TRIES)):
        try:
            os.replace(source, target)  # noqa: PTH105
        except PermissionError:
            if not left:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` outlive a power cut, where the system can open a folder (Windows cannot)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def digest(parts: Iterable[bytes | str], size: int = 16) -> str:
    """Digest (BLAKE2b, ``size`` bytes in hexadecimal) of ``parts`` one after the other: for keys of our own.

    Examples
    --------
    >>> digest(["a", b"bc"]) == digest(["abc"]), len(digest([], size=5))
    (True, 10)
    """
    total = blake2b(digest_size=size)
    for part in parts:
        total.update(part.encode() if isinstance(part, str) else part)
    return total.hexdigest()


def sha256(parts: Iterable[bytes | str]) -> str:
    """SHA-256 of ``parts`` one after the other: for what others may want to check.

    Examples
    --------
    >>> sha256(["abc"])[:16]
    'ba7816bf8f01cfea'
    """
    total = _sha256()
    for part in parts:
        total.update(part.encode() if isinstance(part, str) else part)
    return total.hexdigest()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, read in blocks: what ``sha256sum`` prints.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
