"""All tables and indicators of all counties attacked at once: what one withholds, no other gives back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from tests.assessment.attack import Reader, given_back, published

from relapse_risk.assessment import TABLES
from relapse_risk.assessment.linked_counts import LINKS
from relapse_risk.measures import read_count
from relapse_risk.register import Register
from relapse_risk.register.importing import import_source
from relapse_risk.schema import code_list, code_lists
from relapse_risk.text import has_text


@pytest.fixture(scope="module")
def computed(small_register: Path) -> Reader:
    """The demo city at 600 households."""
    return published(Register.open(small_register), "dezhou", "2020-12", None)


def test_no_small_count_is_given_back_by_all_tables_together(computed: Reader) -> None:
    small, given, guessed = given_back(computed)
    assert len(small) > 1000
    # Where everything round it is small as well, nothing is left to withhold: margins of a city of 600 households.
    assert len(given) <= 0.002 * len(small), sorted(map(str, given))[:20]
    # In a city of 600 households some counts agree in every county by accident, and no reader knows that they do.
    assert len(guessed) <= 0.01 * len(small), sorted(map(str, guessed))[:20]
    assert not computed.sums.conflicts, computed.sums.conflicts[:5]


def test_every_link_names_measures_and_classes_that_are_there(computed: Reader) -> None:
    """A name misspelt in a link would link nothing, and nobody would see it."""
    scored = ("scored.", "high_risk", "ranked.", "top_tenth")  # need scores, which this register has none of
    cells = set(computed.sums.values)
    measures = {(cell.measure, cell.side) for cell in cells}
    words = {pair for cell in cells for pair in cell.by}
    coded = [column for spec in TABLES for column in spec.columns if column.codes in code_lists()]
    words |= {(column.name, word) for column in coded for word in code_list(column.codes).words}
    for link in LINKS:
        for text in (*link.wholes, *link.parts):
            count = read_count(text)
            kind, _, reason = count.measure.partition(".")
            if kind in ("reason", "wrong_exit"):  # a reason nobody has in this city has no row
                assert has_text(f"value.reason.{reason}"), text
            elif not text.startswith(scored) and not count.before and not _moves(count.measure):
                assert (count.measure, count.side) in measures, text
                assert {(name, word) for name, some in count.by for word in some.split("|")} <= words, text


def _moves(measure: str) -> bool:
    """Of a month a year before, which this register does not have; of a rule without scores."""
    return measure.endswith((".stayed", ".left_group", ".left_register", ".joined")) or measure in (
        "high_risk_unmonitored",
        "monitored_entered",
        "monitored_eliminated",
        "monitored_left_register",
    )


@pytest.mark.long
@pytest.mark.shared
@pytest.mark.parametrize("file", ["eph_sample_200_per_agglomeration.csv.gz"])
def test_no_small_count_of_a_sample_is_given_back(file: str, shared_dir: Path, tmp_path: Path) -> None:
    # 32 cities, some 10 to 20 households each in the month: small counts everywhere, and weights.
    pd.read_csv(shared_dir / "data/argentina_eph" / file).to_parquet(tmp_path / "eph.parquet")
    import_source(tmp_path / "eph.parquet", "argentina_eph", tmp_path / "register", as_of=date(2015, 6, 30))
    found = published(Register.open(tmp_path / "register"), "argentina_eph", "2015-06", "2014-06")
    assert len(found.printed.samples) == 33
    small, _, given = given_back(found)
    assert len(small) > 100
    # How many were asked is no secret, nor that the answer was no of all of them.
    values = found.sums.values
    given = {cell for cell in given if values[cell] != values.get(cell._replace(side="known"))}
    assert not given, sorted(map(str, given))[:20]
    assert not found.sums.conflicts, found.sums.conflicts[:5]
