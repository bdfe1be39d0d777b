"""A month's chain of steps: done once for what it reads, stopped at what cannot be done, taken up again there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relapse_risk.errors import RegisterError
from relapse_risk.month_steps import Step, run_steps


class Office:
    """Steps import -> score -> facts and a report that looks for itself; what each read can be changed."""

    def __init__(self, folder: Path) -> None:
        self.journal, self.made = folder / "journal.json", folder / "facts"
        self.did: list[str] = []
        self.read = {"import": "file 1", "score": "register 1", "facts": "register 1", "render": ""}
        self.codes: dict[str, int] = {}

    def steps(self, left_out: str = "") -> list[Step]:
        after = {"score": ("import",), "facts": ("import",), "render": ("import",)}
        reads = {"facts": ("score",), "render": ("facts",)}
        return [
            Step(
                name,
                lambda name=name: self.act(name),
                lambda name=name: self.read[name],
                reads.get(name, ()),
                after.get(name, ()),
                self.made if name == "facts" else None,
                left_out if name == "score" else "",
                always=name == "render",
            )
            for name in self.read
        ]

    def act(self, name: str) -> int:
        self.did.append(name)
        if name == "facts":
            self.made.touch()
        return self.codes.get(name, 0)

    def run(self, **options: bool) -> str:
        self.did.clear()
        return " ".join(outcome.state for outcome in run_steps(self.steps(), self.journal, **options))


def test_what_was_done_is_done_again_only_for_something_new(tmp_path: Path) -> None:
    office = Office(tmp_path)
    assert office.run() == "done done done done"
    assert office.run() == "unchanged unchanged unchanged done"
    office.read["score"] = "register 2"  # and the facts read the scores
    assert office.run() == "unchanged done done done"
    office.made.unlink()
    assert office.run() == "unchanged unchanged done done"
    office.journal.unlink()
    assert office.run() == "done done done done"


def test_a_step_that_could_not_be_done_stops_the_run_and_is_the_next_to_be_done(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.codes["score"] = 3
    assert office.run() == "done stopped"
    office.codes["score"] = 1  # found something: the run goes on, and a later run still says so
    assert office.run() == "unchanged done done done"
    outcomes = run_steps(office.steps(), office.journal)
    assert [(outcome.state, outcome.code) for outcome in outcomes[:3]] == [
        ("unchanged", 0),
        ("unchanged", 1),
        ("unchanged", 0),
    ]


def test_a_death_between_two_steps_loses_none_of_them(tmp_path: Path) -> None:
    office = Office(tmp_path)
    assert office.run() == "done done done done"
    office.read["score"] = "register 2"
    steps = office.steps()
    with pytest.raises(KeyboardInterrupt):
        run_steps([*steps[:2], Step("facts", _killed, steps[2].inputs, ("score",))], office.journal)
    assert office.run() == "unchanged unchanged done done", "the facts are still of the old scores"


def _killed() -> int:
    raise KeyboardInterrupt


def test_a_dry_run_does_nothing_and_says_what_follows(tmp_path: Path) -> None:
    office = Office(tmp_path)
    assert office.run(dry_run=True) == "would_run would_run would_run would_run"
    assert not office.did
    assert not office.journal.exists()
    office.run()
    office.read["import"] = "file 2"
    found = run_steps(office.steps(), office.journal, dry_run=True)
    assert [outcome.why for outcome in found] == [
        "what it reads has changed",
        "after import",
        "after import, score",
        "after import, facts",
    ]


def test_a_step_that_a_place_does_not_have_is_left_out_with_the_reason(tmp_path: Path) -> None:
    office = Office(tmp_path)
    found = run_steps(office.steps("no catalogue"), office.journal)
    assert [(one.state, one.why) for one in found[:2]] == [("done", "not done yet"), ("left_out", "no catalogue")]
    assert "score" not in office.did


@pytest.mark.parametrize(
    "content", ["", "[1]", '{"import": 1}', '{"import": {"token": "x"}}', '{"a": {"token": "x", "code": "y"}}']
)
def test_a_damaged_journal_is_one_line(tmp_path: Path, content: str) -> None:
    office = Office(tmp_path)
    office.journal.write_text(content, encoding="utf-8")
    with pytest.raises(RegisterError, match=r"journal\.json: the journal of the month is damaged.*Fix: remove it"):
        office.run()


def test_the_journal_is_plain(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.run()
    content = json.loads(office.journal.read_text(encoding="utf-8"))
    assert set(content) == {"import", "score", "facts", "render"}
