"""Section 12 reads how long reviews took from the log where one is kept; without one nothing counts as not done."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.reviewed_place import COUNTY, LOW, project, workbook

from relapse_risk.assessment.facts import county_data, missing_needs
from relapse_risk.assessment.sections.review_times import TABLES, review_times
from relapse_risk.errors import SchemaError
from relapse_risk.events import Event
from relapse_risk.identification import KIND, open_log
from relapse_risk.measures.fact_tables import check_needs
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register
from relapse_risk.register.importing import import_source
from relapse_risk.text import messages

NEED = "events.identification"


def test_days_come_from_the_log_and_without_one_they_are_not_collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """Proposed on 5 February and visited on 6, in time; the other village's clue of 1 February lies over its limit of 5."""
    monkeypatch.chdir(project(tmp_path / "kivari"))
    import_source(workbook(Path("inbox/w.xlsx"), "2024-01"), "template", "data/register", "2024-01", as_of=date(2024, 1, 31), place="north_kivari")  # fmt: skip
    import_source(
        workbook(Path("inbox/w2.xlsx"), "2024-02"), "template", "data/register", "2024-02", as_of=date(2024, 2, 29)
    )
    register = Register.open("data/register")
    assert missing_needs(register, None, "2024-02")[NEED] == NEED
    log = open_log("data/register", read_parameters(), "north_kivari")
    steps = [
        ("proposed", LOW, "2024-02-05", "rule", {"channel": "rule"}, "low income", ""),
        ("visited", LOW, "2024-02-06", "village", {}, "", "form 1"),
        ("proposed", "NK-A1.002", "2024-02-01", "village", {"channel": "visit"}, "ill", ""),
    ]  # fmt: skip
    log.append(Event(KIND, who, 0, step, on, "2024-02-28", "x", role, COUNTY, facts=facts, reason=reason, evidence=evidence) for step, who, on, role, facts, reason, evidence in steps)  # fmt: skip
    assert NEED not in missing_needs(register, None, "2024-02")
    data = county_data(register, COUNTY, "2024-02", None, read_parameters(), read_place("north_kivari"), None)
    found = review_times(data).set_index("review_stage")
    # The visited one now waits for the vote of 9 February, over by the end of the month: both are late with the village.
    assert found.loc["village", ["households", "within"]].tolist() == [2, 0]
    assert found.loc["whole", ["households", "within"]].tolist() == [2, 0]
    january = county_data(register, COUNTY, "2024-01", None, read_parameters(), read_place("north_kivari"), None)
    assert review_times(january).empty, "nothing had happened yet"


def test_the_need_has_words_and_a_misspelt_one_is_told() -> None:
    assert TABLES[0].needs == (NEED,)
    assert messages()["need.events_identification"].en == "a log of identification"
    with pytest.raises(SchemaError, match=r"unknown kind of events; got 'events\.identifcation'.*did you mean 'events\.identification'"):  # fmt: skip
        check_needs(("events.identifcation",), "x")
