"""Every number of the largest two counties and the city that SQL written from the documents gives is printed as it gives it.

The SQL knows the definitions (docs/indicators.md, docs/assessment.md, params/) and the dictionary, and nothing of the
code: where the two differ, one of them has the definition wrong.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from tests.recomputed.recompute import (
    CITY,
    Mismatch,
    compare,
    compare_table,
    connect,
    recomputed,
    sections_with_numbers,
)
from tests.report_fixtures import MONTH

from relapse_risk.assessment import read_facts
from relapse_risk.assessment.facts_store import Facts

LEAST = 400  # numbers, by the issue; recomputed are some 3,400


@pytest.fixture(scope="module")
def facts(facts_folder: Path) -> Facts:
    return read_facts(facts_folder, MONTH)


@pytest.fixture(scope="module")
def answers(small_register: Path, facts_folder: Path) -> dict[str, pd.DataFrame]:
    return recomputed(connect(small_register, facts_folder.parent / "scores" / MONTH))


@pytest.fixture(scope="module")
def places(answers: dict[str, pd.DataFrame]) -> tuple[str, ...]:
    """The two counties with most households, and the city."""
    rows = answers["population_by_class"]
    sizes = rows[rows["place"] != CITY].groupby("place")["households"].sum()
    return (*sizes.nlargest(2).index, CITY)


@pytest.fixture(scope="module")
def compared(facts: Facts, answers: dict[str, pd.DataFrame], places: tuple[str, ...]) -> tuple[list[Mismatch], Counter[int]]:  # fmt: skip
    return compare(facts, answers, places)


def test_every_number_is_printed_as_it_was_recomputed(compared: tuple[list[Mismatch], Counter[int]]) -> None:
    wrong, count = compared
    assert not wrong, f"{len(wrong)} of {count.total()} differ:\n" + "\n".join(map(str, wrong[:40]))


def test_every_section_that_shows_a_number_is_recomputed(
    compared: tuple[list[Mismatch], Counter[int]], facts: Facts, places: tuple[str, ...]
) -> None:
    count = compared[1]
    assert count.total() >= LEAST
    assert sections_with_numbers(facts, places) == {section for section, numbers in count.items() if numbers}


def test_a_number_that_differs_is_named() -> None:
    printed = pd.DataFrame({"county_code": ["1", "1"], "cause": ["illness", "fire"], "main": [3.0, None]})
    answer = pd.DataFrame({"place": ["1"], "cause": ["illness"], "main": [4]})
    wrong, count = compare_table("causes", printed, answer)
    assert count == 1
    assert [str(one) for one in wrong] == ["causes, 1, illness, main: printed 3, recomputed 4"]
