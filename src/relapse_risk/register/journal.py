"""Append-only state beside the register's tables: a file of steps, one JSON object a line.

A step is never changed or removed; the state of a thing follows from its steps, so two people who write about
different things at the same time lose nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from filelock import FileLock

from relapse_risk.errors import RegisterError
from relapse_risk.files import refusals, write_bytes

__all__ = ["Journal"]


class Dated(Protocol):
    """The fields of every step: a frozen dataclass with the name of the step and its day, YYYY-MM-DD."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def step(self) -> str: ...
    @property
    def on(self) -> str: ...


S = TypeVar("S", bound=Dated)


@dataclass(frozen=True, slots=True)
class Journal(Generic[S]):
    """One kind of journal.

    Attributes
    ----------
    file : str
        Its name in the register's folder.
    kind : type
        Dataclass of a step.
    thing : str
        What the steps are about, for messages: ``referral``.
    identity : str
        Name of the field that identifies a thing.
    may_follow : mapping
        Steps that may follow each step; the empty word is the state before the first.
    in_order : bool
        Whether a step may not be earlier than the one before it.
    """

    file: str
    kind: type[S]
    thing: str
    identity: str
    may_follow: Mapping[str, tuple[str, ...]]
    in_order: bool = False

    def read(self, register: str | Path) -> tuple[S, ...]:
        """Every step in the order of writing; empty if nothing was written yet.

        Raises
        ------
        RegisterError
            For a line that is not a step, naming the file and the line.  A last line cut short by a crash is ignored.
        """
        path = Path(register) / self.file
        if not path.is_file():
            return ()
        found = []
        for number, line in enumerate(
            path.read_bytes().split(b"\n")[:-1], 1
        ):  # the last line was not completely written
            try:
                found.append(self.kind(**json.loads(line)))
            except (ValueError, TypeError) as error:
                raise RegisterError(
                    f"not a step of a {self.thing}", where=f"{path}: line {number}",
                    got=line[:80].decode("utf-8", "replace"), fix="restore the file from a copy",
                ) from error  # fmt: skip
        return tuple(found)

    def append(self, register: str | Path, steps: Iterable[S]) -> tuple[S, ...]:
        """Add the steps that are new and allowed in the state of their thing; return those added.

        One writer at a time; all of the steps are on disk when this returns, and a repeated step changes nothing.

        Raises
        ------
        RegisterError
            For a step that cannot follow: nothing is written then.
        """
        path = Path(register) / self.file
        if not Path(register).is_dir():
            raise RegisterError("no such register", where=str(register))
        with refusals(path):
            held = FileLock(f"{path}.lock").acquire()
        with held:
            known = self.read(register)
            standing = {getattr(step, self.identity): step for step in known}
            there, added = set(known), []
            for step in steps:
                if step in there:
                    continue
                name = getattr(step, self.identity)
                self._check(step, standing.get(name), name)
                standing[name] = step
                there.add(step)
                added.append(step)
            if added:
                _write(path, added)
        return tuple(added)

    def _check(self, step: S, before: S | None, name: str) -> None:
        word = before.step if before else ""
        if step.step not in self.may_follow[word]:
            raise RegisterError(
                "this step cannot follow", where=f"{self.thing} {name}", got=f"{step.step} after {word or 'nothing'}",
                expected=" | ".join(self.may_follow[word]) or "none: it is finished",
            )  # fmt: skip
        if self.in_order and before and step.on < before.on:
            raise RegisterError(
                "earlier than the step before it", where=f"{self.thing} {name}", got=f"{step.step} on {step.on}",
                expected=f"{before.on} or later",
            )  # fmt: skip


def _write(path: Path, steps: Sequence[Dated]) -> None:
    text = "".join(json.dumps(asdict(step), ensure_ascii=False, sort_keys=True) + "\n" for step in steps).encode()
    whole = path.read_bytes() if path.is_file() else b""
    whole = whole[: whole.rfind(b"\n") + 1]  # remove a line cut short by a crash
    write_bytes(path, whole + text)
