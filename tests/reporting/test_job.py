"""What is made ready before the first report is there for every report."""

from __future__ import annotations

import os
from pathlib import Path

from relapse_risk.assessment import files
from relapse_risk.reporting.edition import Edition, plan
from relapse_risk.reporting.job import warm
from relapse_risk.reporting.keys import Keys
from relapse_risk.reporting.render import job_of, setup_of
from relapse_risk.reporting.report import open_report


def test_facts_that_the_warm_process_holds_are_not_read_again(rendered: Edition, tmp_path: Path) -> None:
    planned = plan(rendered.model_copy(update={"facts": Path(os.path.relpath(rendered.facts))}))
    keys = Keys(planned)
    files._held.cache_clear()
    files._rows.cache_clear()
    warm(setup_of(planned, keys, tmp_path, 1).argument)
    read = files._held.cache_info().misses
    assert read == len(planned.manifest["tables"])
    given = job_of(planned, keys, planned.reports[0], tmp_path, tmp_path).parameters
    report = open_report(str(given["facts"]), str(given["month"]), str(given["county"]), "zh")
    assert sum(len(report.rows(name, report.county)) for name in planned.manifest["tables"]) > 0
    assert files._held.cache_info().misses == read
