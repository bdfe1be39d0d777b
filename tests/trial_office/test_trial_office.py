"""An office month after month: files late, partial, twice, wrong and contradictory; in the end the register is the books."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.trial_office.compare import against_books, conflicts_against
from tests.trial_office.letters import SENDERS, Clerks
from tests.trial_office.office import Office, play
from tests.trial_office.truth import ITEMS, live_through

HERE = Path(__file__).parent


@pytest.mark.parametrize("name", ["truth.py", "letters.py"])
def test_the_truth_and_the_clerks_know_nothing_of_the_program(name: str) -> None:
    tree = ast.parse((HERE / name).read_text(encoding="utf-8"))
    named = [one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names]
    named += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    own = [one for one in named if one.startswith("tests.")]
    assert not [one for one in named if one.startswith("relapse_risk")]
    assert set(own) <= {"tests.trial_office.truth"}, own


def test_the_prefecture_is_as_large_as_asked() -> None:
    assert (len(ITEMS), len({sender.department for sender in SENDERS})) == (30, 12)
    books = live_through(8, 40, 24, 14)
    assert (len(books.months), min(books.months), max(books.months)) == (24, "2020-07", "2022-06")
    last = set(books.counties["2022-06"].values())
    assert (len(set(books.counties["2020-07"].values())), len(last)) == (8, 7), "one county was merged into another"
    split = [name for name in books.months["2022-06"]["household"] if "s20" in name]
    assert split, "households split"
    gone = set(books.months["2020-07"]["person"]) - set(books.months["2022-06"]["person"])
    assert gone, "people died"


def played(folder: Path, counties: int, households: int, months: int) -> None:
    books = live_through(counties, households, months, 14)
    post = Clerks(books, folder / "letters", 14).write()
    office = Office(folder / "tavel", counties)
    play(office, post)
    found = against_books(office, books)
    missed, extra = conflicts_against(office, post)
    assert (office.diary.strange, found.missing, found.too_many, found.wrong) == ([], [], [], []), found.summary()
    assert (sorted(missed), sorted(extra)) == ([], [])


@pytest.mark.long
def test_four_months_of_two_counties(tmp_path: Path) -> None:
    played(tmp_path, 2, 12, 4)


@pytest.mark.long
def test_two_years_of_eight_counties(tmp_path: Path) -> None:
    played(tmp_path, 8, 40, 24)
