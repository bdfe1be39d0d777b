"""Append-only journals: what is there stays, what cannot follow is refused whole, a cut line is no step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from relapse_risk.errors import RegisterError
from relapse_risk.register.journal import Journal


@dataclass(frozen=True, slots=True)
class Move:
    name: str
    step: str
    on: str


JOURNAL = Journal("moves.jsonl", Move, "door", "name", {"": ("open",), "open": ("shut",), "shut": ("open",)}, True)
OPEN, SHUT = Move("a", "open", "2020-01-02"), Move("a", "shut", "2020-01-03")


def test_steps_come_back_in_order_and_a_repeated_one_changes_nothing(tmp_path: Path) -> None:
    assert JOURNAL.append(tmp_path, [OPEN]) == (OPEN,)
    before = (tmp_path / "moves.jsonl").read_bytes()
    assert JOURNAL.append(tmp_path, [OPEN]) == ()
    assert (tmp_path / "moves.jsonl").read_bytes() == before
    JOURNAL.append(tmp_path, [SHUT])
    assert (tmp_path / "moves.jsonl").read_bytes().startswith(before), "append-only"
    assert JOURNAL.read(tmp_path) == (OPEN, SHUT)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Move("a", "open", "2020-01-05"), "got 'open after open'"),
        (Move("b", "shut", "2020-01-05"), "got 'shut after nothing'"),
        (Move("a", "shut", "2020-01-01"), "earlier than the step before it"),
    ],
)
def test_a_step_that_cannot_follow_leaves_everything_as_it_was(tmp_path: Path, step: Move, words: str) -> None:
    JOURNAL.append(tmp_path, [OPEN])
    with pytest.raises(RegisterError, match="door") as error:
        JOURNAL.append(tmp_path, [Move("c", "open", "2020-02-01"), step])
    assert words in str(error.value)
    assert JOURNAL.read(tmp_path) == (OPEN,), "the good step beside it is not written either"


def test_a_line_cut_short_is_dropped_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    JOURNAL.append(tmp_path, [OPEN])
    file = tmp_path / "moves.jsonl"
    file.write_bytes(file.read_bytes() + b'{"name": "a", "st')
    assert JOURNAL.read(tmp_path) == (OPEN,)
    JOURNAL.append(tmp_path, [SHUT])
    assert JOURNAL.read(tmp_path) == (OPEN, SHUT)
    file.write_bytes(file.read_bytes() + b'{"name": "a"}\n')
    with pytest.raises(RegisterError, match="line 3"):
        JOURNAL.read(tmp_path)
