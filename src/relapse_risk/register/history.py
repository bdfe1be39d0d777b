"""What changed for a household from state to state of a register, taking a delivery back, and forgetting old states."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd

from relapse_risk.errors import RegisterError, unknown
from relapse_risk.files import link_file, make_folder, write_bytes
from relapse_risk.register.manifest import DEMO, FileEntry, Manifest, read_manifest, write_manifest
from relapse_risk.register.month_changes import diff_frames
from relapse_risk.register.register import Register
from relapse_risk.register.row_groups import read_groups
from relapse_risk.register.states import forget, known_on, known_since, states
from relapse_risk.register.writer import RegisterWriter
from relapse_risk.schema import empty_table, own_tables, table, to_pandas

__all__ = ["copy_state", "household_history", "sweep", "undo"]

_COLUMNS = ("committed", "table", "month", "key", "change", "column", "before", "after", "deliveries")
_WHO = "household_id"


def household_history(folder: Path, household: str) -> pd.DataFrame:
    """Every cell of one household that changed, with the deliveries that came with the change.

    A month is compared with what the state before held of it; a month that is new, with the month before it.  Names
    and identity numbers are not shown.

    Returns
    -------
    DataFrame
        committed (day), table, month (null where a table has none), key, change (``added`` | ``removed`` |
        ``changed``), column, before, after (as text), deliveries (identifier, file and sender of each that spoke of
        the table).  A row that came or went whole has no column.

    Raises
    ------
    RegisterError
        If no state of the register has the household.
    """
    found, earlier = [], None
    every = states(folder)
    for state, day in zip(every, known_since(every), strict=True):
        found += [frame.assign(committed=day)[list(_COLUMNS)] for frame in _changes(folder, earlier, state, household)]
        earlier = state
    if not found:
        raise RegisterError("no such household, now or before", where=str(folder), got=household)
    return pd.concat(found, ignore_index=True)


def undo(folder: Path, delivery: str, created: str) -> Manifest:
    """Make what a register held before a delivery its present state; the state between stays in the history.

    Only the latest delivery can be taken back, since later ones were laid over it.

    Parameters
    ----------
    folder : Path
    delivery : str
        Identifier, as ``deliveries`` and :func:`household_history` name it.
    created : str
        ISO time of the new state.

    Raises
    ------
    RegisterError
        If the register does not hold the delivery, or something was written after it.
    """
    with RegisterWriter(folder, place=read_manifest(folder).place) as writer:
        every = states(folder)
        at = next(i for i, state in enumerate(every) if state.files == every[-1].files)
        held = _deliveries(folder, every[-1])
        if delivery not in held:
            raise unknown("delivery", delivery, held, str(folder), RegisterError)
        earlier = _deliveries(folder, every[at - 1]) if at else held
        if delivery in earlier:
            later = [f"{name} ({source})" for name, source in held.items() if name not in earlier]
            raise RegisterError(
                "it is not the last that was written", where=str(folder), got=delivery,
                expected="; ".join(later) or "a delivery that the state before did not have",
                fix="undo the later ones first, or import a correction",
            )  # fmt: skip
        return writer.restore(every[at - 1], created)


def copy_state(folder: Path, out: Path, day: date) -> Manifest:
    """Make the register of ``folder``, as it was known at the end of ``day``, a register of its own in ``out``.

    Files are linked, not copied, where the disk allows.  Whatever is computed from it is what would have been computed
    then; the steps of issues, referrals and the log of events come whole, since they bear their own days.

    Raises
    ------
    RegisterError
        If nothing was known by then, or ``out`` holds something.
    """
    state = known_on(folder, day)
    if out.exists() and any(out.iterdir()):
        raise RegisterError("the folder holds something", where=str(out), expected="a new or an empty folder")
    for entry in state.files:
        make_folder((out / entry.path).parent)
        link_file(folder / entry.path, out / entry.path, restricted=table(entry.table).restricted)
    for file in (*folder.glob("*.jsonl"), *sorted(folder.glob("events/*.json*")), *folder.glob(DEMO)):
        write_bytes(out / file.relative_to(folder), file.read_bytes())
    write_manifest(out, state)
    return state


def sweep(folder: Path, before: date) -> tuple[int, int]:
    """Forget the states that had been replaced before ``before`` and remove the files only they needed.

    What was known on ``before`` and on every day after it can still be asked.

    Returns
    -------
    tuple of int
        States forgotten, files removed.
    """
    with RegisterWriter(folder, place=read_manifest(folder).place) as writer:
        return forget(folder, before), writer.sweep()


def _changes(folder: Path, old: Manifest | None, new: Manifest, household: str) -> Iterator[pd.DataFrame]:
    before = {(entry.table, entry.month): entry for entry in old.files} if old else {}
    after = {(entry.table, entry.month): entry for entry in new.files}
    known = _deliveries(folder, old) if old else {}
    came = {name: text for name, text in _deliveries(folder, new).items() if name not in known}
    for slot in sorted(before | after, key=lambda one: (one[0], one[1] or "")):
        left, right = before.get(slot), after.get(slot)
        if left == right or slot[0] in own_tables():
            continue
        if left is None and slot[1] is not None:  # a month that is new: what the month before said
            left = max((e for e in new.of(slot[0]) if str(e.month) < slot[1]), key=lambda e: str(e.month), default=None)
        rows, then = (_rows(folder, slot[0], entry, household) for entry in (right, left))
        found = diff_frames(then, rows, table(slot[0]))
        if len(found):
            yield found.assign(month=slot[1], deliveries="; ".join(came.values()))


def _rows(folder: Path, name: str, entry: FileEntry | None, household: str) -> pd.DataFrame:
    """The household's rows of one file; none of a table that names no household, or that is restricted."""
    spec = table(name)
    none = empty_table(name)
    if entry is None or spec.restricted or _WHO not in spec.names:
        return none
    parts = []
    for i in range(len(entry.groups)):
        if household in set(read_groups(folder, entry, [i], [_WHO])[_WHO].to_pylist()):
            rows = to_pandas(read_groups(folder, entry, [i], spec.names), name)
            parts.append(rows[(rows[_WHO] == household).to_numpy(dtype=bool)])
    return pd.concat(parts, ignore_index=True) if parts else none


def _deliveries(folder: Path, state: Manifest) -> dict[str, str]:
    """Each delivery a state holds by identifier, in words: identifier, file, sender."""
    columns = ["delivery_id", "source", "sender"]
    rows = Register(folder, state).read_all("delivery", columns).drop_duplicates("delivery_id")
    return {
        one: f"{one} {source}" if pd.isna(sender) else f"{one} {source} {sender}"
        for one, source, sender in rows[columns].itertuples(index=False)
    }
