"""Writing a register: new files first, then one atomic swap of the manifest; one writer at a time.

If the process is killed, the register is completely the old one or the new one; files of an interrupted writer are
removed by the next commit.  What a commit replaces is kept (:mod:`relapse_risk.register.states`).
"""

from __future__ import annotations

import os
import platform
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from relapse_risk.errors import RegisterError
from relapse_risk.files import file_sha256, make_folder, refusals, remove_drafts, write_json
from relapse_risk.json_reading import parsed
from relapse_risk.months import check_month
from relapse_risk.register.counties import UNKNOWN_COUNTY
from relapse_risk.register.manifest import (
    DEMO,
    MANIFEST,
    FileEntry,
    Manifest,
    find_damage,
    read_manifest,
    write_manifest,
)
from relapse_risk.register.row_county import Places, check_placed, depth, group_counties, placed_by
from relapse_risk.register.row_groups import Grouped, grouped, read_groups, write_groups
from relapse_risk.register.states import files_of_states, keep_state
from relapse_risk.schema import SCHEMA_VERSION, Table, check_table, table, to_pandas

__all__ = ["RegisterWriter"]

LOCK, HOLDER = ".lock", ".lock.holder"
# Files allowed in a register's folder before its first commit: our own, and those of file browsers.
_HARMLESS = {"tables", DEMO, "Thumbs.db", "desktop.ini"}
_Slot = tuple[str, str | None]


class RegisterWriter:
    """Collects tables and commits them together.

    Parameters
    ----------
    path : str or Path
        Folder of a new or existing register.
    place : str
        Name of the place (``params/places/<place>.yaml``); must be the register's own when it exists.
    wait_seconds : float
        How long to wait for another writer before giving up.

    Raises
    ------
    RegisterError
        If another process is writing, the folder holds other files, or the register is of another place.

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
        self.before: Manifest | None = None
        self._staged: dict[_Slot, FileEntry | None] = {}
        self._waiting: dict[_Slot, pd.DataFrame] = {}
        self._places = Places(self.path)
        _check_folder(self.path)
        make_folder(self.path)
        self._lock = FileLock(str(self.path / LOCK), thread_local=False)
        self._acquire(wait_seconds)
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _acquire(self, wait_seconds: float) -> None:
        try:
            with refusals(self.path / LOCK):
                self._lock.acquire(timeout=max(wait_seconds, 0.0))
        except Timeout as error:
            raise RegisterError(
                f"another writer holds the register ({_holder(self.path)})",
                where=str(self.path),
                fix="wait until it is done, then run again",
            ) from error
        try:
            write_json(self.path / HOLDER, {"process": os.getpid(), "computer": platform.node()})
        except BaseException:
            self._lock.release()
            raise

    def _begin(self) -> None:
        if (self.path / MANIFEST).exists():
            self.before = read_manifest(self.path)
        if self.before is not None and self.before.place != self.place:
            raise RegisterError(
                "the register is of another place",
                where=str(self.path),
                got=self.place,
                expected=self.before.place,
                fix="use a separate folder for each place",
            )

    def __enter__(self) -> RegisterWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the lock; tables put but not committed are discarded, their files removed by the next commit."""
        if self._lock.is_locked:
            (self.path / HOLDER).unlink(missing_ok=True)
            self._lock.release()

    def put(self, name: str, frame: pd.DataFrame, month: str | None = None) -> None:
        """Stage ``frame`` as table ``name`` (of ``month``, for snapshot tables); it replaces the existing table.

        A frame without rows removes the table (of that month) from the register.  Tables may be put in any order;
        putting ``household`` of a month before ``person`` saves memory.

        Parameters
        ----------
        name : str
        frame : DataFrame
            Rows that fit :func:`relapse_risk.schema.check_table`; ``snapshot_month`` may be left out.
        month : str, optional
            ``YYYY-MM``; for snapshot tables, and only for them.

        Raises
        ------
        SchemaError
            If the frame does not fit its table.
        RegisterError
            If the month does not fit, a row belongs to no county, or the writer is closed.
        """
        spec = table(name)
        self._check_open()
        _check_month(spec, month)
        checked = check_table(_with_month(frame, month), name)
        _check_rows_of(spec, checked, month)
        slot = (name, month)
        self._waiting.pop(slot, None)
        self._staged.pop(slot, None)
        if not len(checked):
            self._staged[slot] = None
        elif placed_by(spec) in (None, "village") or (spec.is_snapshot and ("household", month) in self._staged):
            self._place(slot, checked)
        else:  # the households of these rows may still be put
            self._waiting[slot] = checked

    def _check_open(self) -> None:
        if not self._lock.is_locked:
            raise RegisterError("the writer is closed", where=str(self.path), fix="make a new RegisterWriter")

    def _place(self, slot: _Slot, frame: pd.DataFrame, *, last: bool = False) -> None:
        """Write the rows if the county of each is known; otherwise keep them for later, or raise if ``last``."""
        spec = table(slot[0])
        counties = self._places.counties(spec, frame, slot[1], self._current())
        waits = not last and placed_by(spec) is not None and bool((counties == UNKNOWN_COUNTY).any())
        if waits:
            self._waiting[slot] = frame
            return
        check_placed(spec, frame, counties)
        self._staged[slot] = self._written(grouped(spec, frame, counties, slot[1]))

    def _written(self, rows: Grouped) -> FileEntry:
        """The file of these rows: the register's if it is intact and holds the same rows; otherwise a new one."""
        slot = (rows.spec.name, rows.month)
        old = self._kept().get(slot)
        if old is not None and (old.groups, old.collected) == (rows.groups, rows.collected):
            path = self.path / old.path
            if path.is_file() and file_sha256(path) == old.sha256:
                return old
        return write_groups(self.path, rows)

    def _kept(self) -> dict[_Slot, FileEntry]:
        return {(e.table, e.month): e for e in self.before.files} if self.before else {}

    def _current(self) -> dict[_Slot, FileEntry]:
        """The files of a commit made now."""
        return {slot: entry for slot, entry in (self._kept() | self._staged).items() if entry is not None}

    def commit(self, created: str) -> Manifest:
        """Commit everything put so far, completely or not at all, and release the lock.

        Parameters
        ----------
        created : str
            ISO time kept in the manifest; an unchanged content leaves the manifest unchanged.

        Returns
        -------
        Manifest
            The new content of the register.

        Raises
        ------
        RegisterError
            If a row belongs to no county, or a file that was not put again is damaged.
        """
        self._check_open()
        _check_time(created)
        for slot in sorted(self._waiting, key=lambda s: (depth(s[0]), s[0], s[1] or "")):
            self._place(slot, self._waiting.pop(slot), last=True)
        self._follow_moves()
        files = tuple(sorted(self._current().values(), key=lambda entry: (entry.table, entry.month or "")))
        manifest = Manifest(SCHEMA_VERSION, self.place, created, files)
        if self.before is not None and files == self.before.files:
            manifest = self.before
        self._check_whole(manifest)
        if manifest is not self.before:
            if self.before is not None:
                keep_state(self.path, self.before, manifest)
            write_manifest(self.path, manifest)
        self.before, self._staged = manifest, {}
        self.sweep()
        self.close()
        return manifest

    def restore(self, state: Manifest, created: str) -> Manifest:
        """Commit the files of an earlier ``state`` (:func:`relapse_risk.register.states.states`)."""
        wanted = {(entry.table, entry.month): entry for entry in state.files}
        self._staged = {slot: wanted.get(slot) for slot in self._kept() | wanted}
        return self.commit(created)

    def sweep(self) -> int:
        """Remove the files that no state of the register holds, and drafts: how many files."""
        self._check_open()
        try:
            wanted = {entry.path for entry in self._kept().values()} | files_of_states(self.path)
        except RegisterError:  # what a damaged history needs is not known: everything stays
            return 0
        files = (self.path / "tables").rglob("*.parquet")
        removed = [_remove(file) for file in files if file.relative_to(self.path).as_posix() not in wanted]
        remove_drafts(self.path)
        return sum(removed)

    def _follow_moves(self) -> None:
        """Move rows whose household, person, project or alert is now in another county."""
        changed = {name for name, _ in self._staged}
        for slot, entry in sorted(self._current().items(), key=lambda item: (depth(item[0][0]), item[0][1] or "")):
            spec = table(slot[0])
            target = placed_by(spec)
            if target in changed and not self._is_settled(slot, target) and self._moved(spec, entry):
                changed.add(spec.name)

    def _is_settled(self, slot: _Slot, target: str) -> bool:
        """Whether all tables that determine the county of ``slot`` were known when its rows were placed."""
        order = list(self._staged)
        deciding = [i for i, (name, month) in enumerate(order) if name == target and slot[1] in (None, month)]
        return not deciding or (slot in self._staged and order.index(slot) > deciding[-1])

    def _moved(self, spec: Table, entry: FileEntry) -> bool:
        every = range(len(entry.groups))
        frame = to_pandas(read_groups(self.path, entry, every, [str(spec.county_from)]), spec.name)
        old = pd.Series(group_counties(entry), index=frame.index, dtype="str")
        new = self._places.counties(spec, frame, entry.month, self._current())
        # Rows of a household that is in no snapshot any more stay where they are.
        new = new.mask(new == UNKNOWN_COUNTY, old)
        if new.equals(old):
            return False
        whole = to_pandas(read_groups(self.path, entry, every, spec.names), spec.name)
        self._staged[(spec.name, entry.month)] = self._written(grouped(spec, whole, new, entry.month))
        return True

    def _check_whole(self, manifest: Manifest) -> None:
        damages = find_damage(self.path, manifest, deep=False)
        if damages:
            raise RegisterError(damages[0].what, where=str(self.path / damages[0].file), fix=damages[0].fix)


def _check_folder(path: Path) -> None:
    """Refuse to write into a folder with other files."""
    if path.is_file():
        raise RegisterError("a file, not a folder", where=str(path), fix="give the folder of the register")
    if not path.is_dir() or (path / MANIFEST).exists():
        return
    strange = sorted(item.name for item in path.iterdir() if item.name not in _HARMLESS and item.name[0] != ".")
    if strange:
        raise RegisterError(
            "the folder holds something other than a register",
            where=str(path),
            got=strange[0],
            expected="an empty folder, a new one, or a register",
            fix="choose another folder",
        )


def _holder(path: Path) -> str:
    try:
        holder: dict[str, Any] = parsed((path / HOLDER).read_text(encoding="utf-8"))
        return f"process {holder['process']} on {holder['computer']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "process unknown"


def _check_month(spec: Table, month: str | None) -> None:
    where = f"table {spec.name}"
    if spec.is_snapshot != (month is not None):
        expected = "a month" if spec.is_snapshot else "no month"
        raise RegisterError(
            "month does not fit the table", where=where, got=month, expected=expected,
            fix='put("household", frame, month="2020-12")' if spec.is_snapshot else "leave month out",
        )  # fmt: skip
    if month is not None:
        check_month(month, where)


def _with_month(frame: pd.DataFrame, month: str | None) -> pd.DataFrame:
    if month is None or "snapshot_month" in frame.columns:
        return frame
    return frame.assign(snapshot_month=pd.Series(month, index=frame.index, dtype="str"))


def _check_rows_of(spec: Table, frame: pd.DataFrame, month: str | None) -> None:
    if month is None:
        return
    other = frame.index[(frame["snapshot_month"] != month).to_numpy(dtype=bool)]
    if len(other):
        raise RegisterError(
            "rows of another month",
            where=f"table {spec.name}, row {other[0]}",
            got=str(frame["snapshot_month"].loc[other[0]]),
            expected=month,
            fix="put each month separately",
        )


def _check_time(created: str) -> None:
    try:
        datetime.fromisoformat(created)
    except (TypeError, ValueError) as error:
        raise RegisterError(
            "not an ISO time", where="commit(created=…)", got=created, expected="such as 2026-11-23T00:00:00"
        ) from error


def _remove(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # still open in a reader on Windows: the next commit tries again
        return False
    return True
