"""Append-only state beside the register's tables: a file of steps, one JSON object a line.

A step is never changed or removed; the state of a thing follows from its steps, so two people who write about
different things at the same time lose nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar, get_type_hints

from filelock import FileLock

from relapse_risk.errors import RegisterError
from relapse_risk.files import digest, refusals, write_bytes
from relapse_risk.json_reading import parsed

__all__ = ["Journal"]


class Dated(Protocol):
    """The fields of every step: a frozen dataclass with the name of the step and its day, YYYY-MM-DD."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def step(self) -> str: ...
    @property
    def on(self) -> str: ...


S = TypeVar("S", bound=Dated)
CHECK = "check_sum"  # of its line, in every line


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
            For a line that is not a step, or was changed after it was written, naming the file and the line.  A last
            line cut short by a crash is ignored.
        """
        path = Path(register) / self.file
        if not path.is_file():
            return ()
        *lines, rest = path.read_bytes().split(b"\n")  # the last line was not completely written
        found, before = [], ""
        for number, line in enumerate(lines, 1):
            try:
                step, before = self._step(parsed(line), before)
            except (ValueError, TypeError) as error:
                raise self._damage(path, number, line, str(error)) from error
            found.append(step)
        if rest and not rest.startswith(b'{"'):
            raise self._damage(path, len(lines) + 1, rest, "nor the beginning of one")
        return tuple(found)

    def _damage(self, path: Path, number: int, line: bytes, why: str) -> RegisterError:
        return RegisterError(
            f"not a step of a {self.thing}: {why}", where=f"{path}: line {number}",
            got=line[:80].decode("utf-8", "replace"), fix="restore the file from a copy",
        )  # fmt: skip

    def _step(self, content: dict[str, Any], before: str) -> tuple[S, str]:
        """A step as it was written, and its check: that fits (lines of older versions have none), and so do its fields."""
        if not isinstance(content, dict):
            raise TypeError("not an object")
        check = content.pop(CHECK, "")
        if check and check != _check_of(content, before):
            raise ValueError("it was changed after it was written, or a line before it is gone")
        step = self.kind(**content)
        for name, kind in get_type_hints(self.kind).items():
            value = getattr(step, name)
            if not (isinstance(value, kind) or (type(value) is int and isinstance(0.0, kind))):
                raise TypeError(f"{name} is {value!r}")
        if step.step not in {word for words in self.may_follow.values() for word in words}:
            raise ValueError(f"no step is called {step.step!r}")
        date.fromisoformat(step.on)
        return step, check

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


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def _check_of(content: Mapping[str, Any], before: str) -> str:
    """A short digest of a step and the one before it: a letter that changes, or a line that is lost, is an error."""
    return digest([before, _line(content)], size=4)


def _write(path: Path, steps: Sequence[Dated]) -> None:
    whole = path.read_bytes() if path.is_file() else b""
    whole = whole[: whole.rfind(b"\n") + 1]  # remove a line cut short by a crash
    last = whole.rstrip(b"\n").rpartition(b"\n")[2]
    check, text = (str(parsed(last).get(CHECK, "")) if last else ""), ""
    for step in steps:
        content = asdict(step)
        check = _check_of(content, check)
        text += _line(content | {CHECK: check}) + "\n"
    write_bytes(path, whole + text.encode())
