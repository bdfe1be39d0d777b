"""The states a register has had: what each commit replaced, so that every earlier manifest can be put together again.

``history/`` holds one small file for each earlier state: the entries of the manifest that the next one changed.
Parquet files are named after their content, so a state costs what changed and nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import Any

from relapse_risk.errors import RegisterError
from relapse_risk.files import make_folder, write_json
from relapse_risk.json_reading import parsed
from relapse_risk.register.manifest import FileEntry, Manifest, parsed_entry, read_manifest

__all__ = ["HISTORY", "files_of_states", "forget", "keep_state", "known_on", "known_since", "states"]

HISTORY = "history"
_NAME = re.compile(r"\d{6}\.json")
_FIX = "restore the folder from a copy; or forget what cannot be read with relapse-risk sweep --before 2000-01-01"


def keep_state(folder: Path, state: Manifest, following: Manifest) -> None:
    """Note how ``state`` differs from the manifest that is about to replace it.

    A note of a commit that was killed before its manifest stood is written over.
    """
    old, new = _by_slot(state.files), _by_slot(following.files)
    replaced = {slot: old.get(slot) for slot in old | new if old.get(slot) != new.get(slot)}
    notes = _finished(folder, state)
    number = int(notes[-1].stem) if notes else 0
    content = {
        "created": state.created,
        "digest": state.digest,
        "replaced": [[*slot, None if entry is None else asdict(entry)] for slot, entry in replaced.items()],
    }
    make_folder(folder / HISTORY)
    write_json(folder / HISTORY / f"{number + 1:06d}.json", content)


def states(folder: Path) -> tuple[Manifest, ...]:
    """Every state of the register in ``folder`` that is kept, oldest first; the last is the present one.

    Raises
    ------
    RegisterError
        If there is no register, or a note of its history is damaged.
    """
    return tuple(reversed(list(_backwards(folder))))


def known_on(folder: Path, day: date) -> Manifest:
    """The state of the register at the end of ``day``: the last one committed by then.

    Raises
    ------
    RegisterError
        If the register, or what is kept of it, begins later.
    """
    every = states(folder)
    since = known_since(every)
    by_then = [state for state, first in zip(every, since, strict=True) if first <= day.isoformat()]
    if not by_then:
        raise RegisterError(
            "nothing was known yet", where=str(folder), got=day.isoformat(), expected=f"{since[0]} or later"
        )
    return by_then[-1]


def known_since(every: Sequence[Manifest]) -> list[str]:
    """The day from which each state was known, never before the state it replaced: a day given may lie back.

    Examples
    --------
    >>> known_since([Manifest(1, "p", day, ()) for day in ("2021-01-31T00:00:00", "2020-12-31", "2021-02-28")])
    ['2021-01-31', '2021-01-31', '2021-02-28']
    """
    return list(accumulate((state.created[:10] for state in every), max))


def files_of_states(folder: Path) -> set[str]:
    """Paths of the Parquet files that only earlier states hold."""
    entries = (entry for path in _notes(folder) for _, _, entry in _read(path)["replaced"])
    return {entry["path"] for entry in entries if entry is not None}


def forget(folder: Path, before: date) -> int:
    """Forget the states that had been replaced before ``before``: how many.

    States that cannot be put together again, since a note is damaged, are forgotten, too.
    """
    kept: list[Manifest] = []
    with suppress(RegisterError):
        kept.extend(_backwards(folder))
    days = known_since(kept[::-1])
    first = max((i for i, day in enumerate(days) if day <= before.isoformat()), default=0)
    notes = _finished(folder, read_manifest(folder))
    gone = notes[: len(notes) - (len(days) - 1 - first)]
    for path in gone:
        path.unlink()
    return len(gone)


def _backwards(folder: Path) -> Iterator[Manifest]:
    """The present state, and those before it as far as they can be put together; then the error of the damaged note."""
    state = read_manifest(folder)
    yield state
    for path in reversed(_finished(folder, state)):
        state = _earlier(state, _read(path), path)
        yield state


def _finished(folder: Path, present: Manifest) -> list[Path]:
    """The notes without that of a commit which was killed before its manifest stood: it speaks of the present state."""
    notes = _notes(folder)
    with suppress(RegisterError):
        if notes and _read(notes[-1])["digest"] == present.digest:
            return notes[:-1]
    return notes


def _earlier(state: Manifest, content: dict[str, Any], path: Path) -> Manifest:
    try:
        files = _by_slot(state.files)
        for table, month, entry in content["replaced"]:
            if entry is None:
                files.pop((table, month))
            else:
                files[(table, month)] = parsed_entry(entry)
        ordered = tuple(sorted(files.values(), key=lambda entry: (entry.table, entry.month or "")))
        found = Manifest(state.schema_version, state.place, content["created"], ordered)
    except (KeyError, TypeError, ValueError) as error:
        raise RegisterError(f"history cannot be read: {error}", where=str(path), fix=_FIX) from error
    if found.digest != content["digest"]:
        raise RegisterError("history was changed after it was written", where=str(path), fix=_FIX)
    return found


def _by_slot(files: Iterable[FileEntry]) -> dict[tuple[str, str | None], FileEntry]:
    return {(entry.table, entry.month): entry for entry in files}


def _notes(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / HISTORY).glob("*.json") if _NAME.fullmatch(path.name))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = parsed(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or not {"created", "digest", "replaced"} <= set(content):
            raise ValueError("not the note of a state")
        date.fromisoformat(str(content["created"])[:10])
        for table, _, entry in content["replaced"]:
            if entry is not None and parsed_entry(entry).table != table:
                raise ValueError(f"an entry of another table than {table}")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RegisterError(f"history cannot be read: {error}", where=str(path), fix=_FIX) from error
    return content
