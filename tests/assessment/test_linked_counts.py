"""All tables and indicators of all counties attacked at once: what one withholds, no other gives back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from tests.assessment.attack import Published, given_back, published

from relapse_risk.assessment.linked_counts import LINKS
from relapse_risk.disclosure.links import INDICATOR
from relapse_risk.disclosure.published_cells import Net
from relapse_risk.register import Register
from relapse_risk.register.importing import import_source


@pytest.fixture(scope="module")
def computed(small_register: Path) -> tuple[Net, Published]:
    """The demo city at 600 households."""
    return published(Register.open(small_register), "dezhou", "2020-12", None)


def test_no_small_count_is_given_back_by_all_tables_together(computed: tuple[Net, Published]) -> None:
    small, given, guessed = given_back(*computed)
    assert len(small) > 1000
    # Where everything round it is small as well, nothing is left to withhold: margins of a city of 600 households.
    assert len(given) <= 0.002 * len(small), sorted(map(str, given))[:20]
    # In a city of 600 households some counts agree in every county by accident, and no reader knows that they do.
    assert len(guessed) <= 0.01 * len(small), sorted(map(str, guessed))[:20]


def test_every_link_names_columns_that_are_there(computed: tuple[Net, Published]) -> None:
    net, _ = computed
    known = {(table, column) for table, column, _ in net.rows}
    scored = {"risk_bands", "risk_by_town", "risk_histogram", "top_tenth_segments"}
    earlier = {"segment_moves"}  # needs a month a year before
    for link in LINKS:
        for at in (link.whole, *link.more, *link.parts):
            if at.table not in scored | earlier and not (at.table == INDICATOR and at.column.startswith("before")):
                assert (at.table, at.column) in known, at


@pytest.mark.shared
@pytest.mark.parametrize("file", ["eph_sample_200_per_agglomeration.csv.gz"])
def test_no_small_count_of_a_sample_is_given_back(file: str, shared_dir: Path, tmp_path: Path) -> None:
    # 32 cities, some 10 to 20 households each in the month: small counts everywhere, and weights.
    pd.read_csv(shared_dir / "data/argentina_eph" / file).to_parquet(tmp_path / "eph.parquet")
    import_source(tmp_path / "eph.parquet", "argentina_eph", tmp_path / "register", as_of=date(2015, 6, 30))
    net, told = published(Register.open(tmp_path / "register"), "argentina_eph", "2015-06", "2014-06")
    assert len(net.samples) == 33
    small, _, given = given_back(net, told)
    assert len(small) > 100
    given = {cell for cell in given if cell[-1] not in ("n", "before_n")}  # how many were asked is no secret
    assert not given, sorted(map(str, given))[:20]
