"""The log of events: one folder of numbered files that only grows, each whole or not there, each naming the one before.

A file holds the steps that one command wrote: a first line that says how many there are, the digest of the file before
and the digest of everything it says itself, then one JSON object a line.  A step that was changed, a file that is
missing or was put in from elsewhere, is an error that names the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from filelock import FileLock

from relapse_risk.errors import RegisterError
from relapse_risk.files import json_bytes, make_folder, refusals, sha256, write_files
from relapse_risk.json_reading import parsed

__all__ = ["FOLDER", "Event", "Tip", "append_lines", "read_events", "read_log", "tip_of", "writing"]

FOLDER = "events"
KEPT = 4096  # files of logs kept in memory once they were read and checked: a month's commands read them many times
TIP = "tip.json"
_FIX = "restore the folder events/ of the register from a copy"


@dataclass(frozen=True, slots=True)
class Event:
    """One step in the life of a thing.

    Attributes
    ----------
    kind : str
        Of thing; its machine says what may follow.
    thing : str
        What it is about: of an identification, the household.
    episode : int
        1 for the first time the thing comes up, 2 for the second …
    step : str
    on, recorded_on : str
        Day it happened, and day it was written down, YYYY-MM-DD.
    by : str
        Who: a name, an office, a delivery, a rule.
    role : str
        As what (``village``, ``town``, ``county``, ``rule`` …).
    county, town, village : str
        Where the thing was then; empty where unknown.
    reason, evidence : str
    source : str
        File or command it came by.
    facts : mapping of str to str
        What else it says, by the names that the machine declares.
    """

    kind: str
    thing: str
    episode: int
    step: str
    on: str
    recorded_on: str
    by: str
    role: str
    county: str = ""
    town: str = ""
    village: str = ""
    reason: str = ""
    evidence: str = ""
    source: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def said(self) -> tuple[object, ...]:
        """What makes two events the same statement: everything but when and by which file it was written down."""
        return (
            self.kind, self.thing, self.step, self.on, self.by, self.role, self.reason, self.evidence,
            tuple(sorted(self.facts.items())),
        )  # fmt: skip

    @property
    def name(self) -> str:
        """The thing and its episode, as sheets name it.

        Examples
        --------
        >>> Event("identification", "H1", 2, "proposed", "2021-02-01", "2021-02-01", "rules", "rule").name
        'H1#2'
        """
        return f"{self.thing}#{self.episode}"


_FIELDS = tuple(one.name for one in fields(Event))


@dataclass(frozen=True, slots=True)
class Tip:
    """The last file of a log: its number (0 where there is none) and digest."""

    number: int = 0
    digest: str = ""


def read_events(register: str | Path, known_on: date | None = None) -> tuple[Event, ...]:
    """Every event in the order of writing; none where no log is kept.

    Parameters
    ----------
    register : path
        Folder of a register.
    known_on : datetime.date, optional
        Only what had been written down by the end of that day.

    Raises
    ------
    RegisterError
        Naming the first file that is damaged, and how.
    """
    found, _ = read_log(register)
    if known_on is None:
        return found
    since = accumulate((event.recorded_on for event in found), max)  # a day given may lie back
    return tuple(event for event, day in zip(found, since, strict=True) if day <= known_on.isoformat())


def tip_of(register: str | Path) -> Tip:
    """The last file of the log: what any result made from it may name."""
    return read_log(register)[1]


def read_log(register: str | Path) -> tuple[tuple[Event, ...], Tip]:
    """Every event, and the last file (:func:`read_events`, :func:`tip_of`)."""
    batches = list(_batches(Path(register) / FOLDER))
    return tuple(event for _, events in batches for event in events), batches[-1][0] if batches else Tip()


@contextmanager
def writing(register: str | Path) -> Iterator[Path]:
    """Hold the log for one writer; another waits.

    Raises
    ------
    RegisterError
        If there is no such register.
    """
    if not Path(register).is_dir():
        raise RegisterError("no such register", where=str(register))
    folder = make_folder(Path(register) / FOLDER)
    with refusals(folder):
        held = FileLock(f"{folder}.lock").acquire()
    with held:
        yield folder


def append_lines(register: str | Path, events: Iterable[Event], tip: Tip) -> Tip:
    """Write ``events`` as the next file behind ``tip``; only inside :func:`writing`, after they have been checked."""
    lines = [json.dumps(asdict(event), ensure_ascii=False, sort_keys=True) for event in events]
    body = "".join(f"{line}\n" for line in lines)
    new = Tip(tip.number + 1, _digest(tip, len(lines), body))
    head = {"file": new.number, "previous": tip.digest, "events": len(lines), "digest": new.digest}
    text = json.dumps(head, ensure_ascii=False) + "\n" + body
    # The file comes first: a writer killed in between leaves a tip that is one behind, which reading allows.
    write_files(Path(register) / FOLDER, {_name(new.number): text.encode(), TIP: json_bytes(asdict(new))})
    return new


def _name(number: int) -> str:
    return f"{number:06d}.jsonl"


def _digest(before: Tip, count: int, body: str) -> str:
    return sha256([f"{before.number + 1}|{before.digest}|{count}\n", body])


def _batches(folder: Path) -> Iterator[tuple[Tip, tuple[Event, ...]]]:
    if not folder.is_dir():
        return
    last = _read_tip(folder / TIP)  # before the files: a writer may add some meanwhile, which are then read or not
    tip = Tip()
    for path in sorted(folder.glob("[0-9]*.jsonl")):
        if path.name != _name(tip.number + 1):
            raise RegisterError("a file of the log is missing", where=str(folder), got=path.name, expected=_name(tip.number + 1), fix=_FIX)  # fmt: skip
        is_now = path.stat()
        tip, events = _read(str(path), tip, (is_now.st_mtime_ns, is_now.st_size, is_now.st_ino))
        yield tip, events
    if last.number > tip.number or (last.number == tip.number and last.digest != tip.digest):
        raise RegisterError("the end of the log is missing or was replaced", where=str(folder), got=_name(tip.number), expected=_name(last.number), fix=_FIX)  # fmt: skip


@lru_cache(maxsize=KEPT)
def _read(name: str, before: Tip, is_now: tuple[int, int, int]) -> tuple[Tip, tuple[Event, ...]]:
    """One file, checked; ``is_now`` (time of change, size, number of the file) tells it from the same file changed."""
    path = Path(name)
    text = path.read_text(encoding="utf-8", errors="replace")
    first, _, body = text.partition("\n")
    head = _parsed(first, path, 1)
    count = body.count("\n")  # not splitlines: a text may hold U+2028
    wanted = _digest(before, count, body)
    if head.get("digest") != wanted or head.get("previous") != before.digest:
        what = "the log was changed after it was written" if head.get("previous") == before.digest else (
            "a file of the log does not follow the one before it"
        )  # fmt: skip
        raise RegisterError(what, where=str(path), got=str(head.get("digest"))[:12], expected=wanted[:12], fix=_FIX)
    events = []
    for number, line in enumerate(body.split("\n")[:-1], 2):
        content = _parsed(line, path, number)
        if set(content) != set(_FIELDS):
            raise RegisterError("not an event", where=f"{path}: line {number}", got=sorted(content), expected=" | ".join(_FIELDS), fix=_FIX)  # fmt: skip
        events.append(Event(**content))
    return Tip(before.number + 1, wanted), tuple(events)


def _parsed(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        content = parsed(line)
    except ValueError as error:
        raise RegisterError("not a line of the log", where=f"{path}: line {number}", got=line[:80], fix=_FIX) from error
    if not isinstance(content, dict):
        raise RegisterError("not a line of the log", where=f"{path}: line {number}", got=line[:80], fix=_FIX)
    return content


def _read_tip(path: Path) -> Tip:
    if not path.is_file():
        return Tip()
    content = _parsed(path.read_text(encoding="utf-8", errors="replace").replace("\n", " "), path, 1)
    try:
        return Tip(int(content["number"]), str(content["digest"]))
    except (KeyError, TypeError, ValueError) as error:
        raise RegisterError("not the end of a log", where=str(path), fix=_FIX) from error
