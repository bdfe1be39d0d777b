"""What is made ready before the first report is there for every report."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from tests.report_fixtures import COUNTY, MONTH

from relapse_risk.assessment import facts_store, read_facts
from relapse_risk.editions.edition import Edition
from relapse_risk.editions.edition_keys import Keys
from relapse_risk.editions.edition_plan import plan
from relapse_risk.editions.render import job_of, setup_of
from relapse_risk.editions.render_job import preload
from relapse_risk.pages.county_report import open_report


def test_facts_that_the_fork_server_holds_are_not_read_again(rendered: Edition, tmp_path: Path) -> None:
    planned = plan(rendered.model_copy(update={"facts": Path(os.path.relpath(rendered.facts))}))
    keys = Keys(planned)
    facts_store._held.cache_clear()
    facts_store._rows.cache_clear()
    preload(setup_of(planned, 1).argument)
    read = facts_store._held.cache_info().misses
    assert read == len(planned.manifest["tables"])
    given = job_of(planned, keys, planned.reports[0], tmp_path, tmp_path).parameters
    report = open_report(str(given["facts"]), str(given["month"]), str(given["county"]), "zh")
    assert sum(len(report.rows(name, report.county)) for name in planned.manifest["tables"]) > 0
    assert facts_store._held.cache_info().misses == read


def test_a_large_table_is_mapped_and_reads_the_same(facts_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = read_facts(facts_folder, MONTH)
    names = ("indicator", "take_up", "causes")
    small = [facts.table(name, COUNTY) for name in names]
    facts_store._held.cache_clear()
    facts_store._rows.cache_clear()
    monkeypatch.setattr(facts_store, "LARGE", 0)
    before = pa.total_allocated_bytes()
    mapped = [facts.table(name, COUNTY) for name in names]
    assert pa.total_allocated_bytes() < before + 100_000, "tables lie in memory"
    for one, other in zip(small, mapped, strict=True):
        pd.testing.assert_frame_equal(one, other)
    facts_store._held.cache_clear()
    facts_store._rows.cache_clear()
