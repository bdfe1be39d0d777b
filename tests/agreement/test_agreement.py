"""Every number of every case, the completeness of each case, and the page that reports them (docs/agreement.md)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.agreement.ledger import CASES, ROUNDING, Case
from tests.agreement.page import PAGE, ROOMS, cases_of, compare_all, page, rounded_up
from tests.agreement.unbuilt import UNBUILT

pytestmark = pytest.mark.shared
DIFFERENCE = re.compile(r"\| (rounding|\de[+-]\d\d) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def found(shared_dir: Path) -> dict[str, Case]:
    return compare_all(shared_dir / "reference")


def test_every_number_lies_within_its_tolerance(found: dict[str, Case]) -> None:
    wrong = [f"{name} {line}" for name, case in found.items() for line in case.wrong]
    assert not wrong, "\n".join(wrong[:20])


def test_no_number_of_a_case_is_passed_over(found: dict[str, Case]) -> None:
    missed = {name: case.untouched()[:5] for name, case in found.items() if case.untouched()}
    assert not missed


def test_every_case_of_the_folder_is_compared_or_named_unbuilt(shared_dir: Path, found: dict[str, Case]) -> None:
    beyond = {name for name in found if name.startswith("index/")}  # the others of that folder have tests of their own
    assert sorted({*found, *UNBUILT} - beyond) == cases_of(shared_dir / "reference")
    assert not set(found) & set(UNBUILT)


def test_the_page_says_what_the_comparisons_found(found: dict[str, Case]) -> None:
    """Digits beyond rounding may differ between processors: the page's differences must only hold."""
    written, now = PAGE.read_text(encoding="utf-8"), page(found, UNBUILT)
    stale = "docs/agreement.md is stale: run python -m tests.agreement.page"
    assert DIFFERENCE.sub("| |", written) == DIFFERENCE.sub("| |", now), stale
    said, seen = DIFFERENCE.findall(written), DIFFERENCE.findall(now)
    grown = [(a, b) for a, b in zip(said, seen, strict=True) if as_number(b) > as_number(a)]
    assert not grown, stale
    print(f"{sum(len(case.compared) for case in found.values()):,} numbers in {len(found)} cases")


def as_number(difference: str) -> float:
    return ROUNDING if difference == "rounding" else float(difference)


def test_a_difference_is_caught(shared_dir: Path) -> None:
    """The comparison itself fails where it should."""
    case = Case(shared_dir, {"a": [1.0, 2.0], "b": None, "c": 0.0})
    case.same(("a",), [1.0, 2.0 + 1e-6], 1e-8)
    case.same(("b",), 1.0)
    case.same(("c",), 1e-6)
    assert len(case.wrong) == 3
    assert rounded_up(3.2e-9) == "4e-09"
    assert rounded_up(1e-15) == "rounding"


def test_rooms_hold_all_declared_cases(found: dict[str, Case]) -> None:
    assert {CASES[name].compare.__module__.rsplit(".", 1)[1] for name in found} == set(ROOMS)
