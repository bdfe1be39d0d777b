"""How long reviews took: days and limits by hand, from the story of one household."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from tests.events.test_event_log import DUE, MACHINES, WAY

from relapse_risk.events import Event, append_events
from relapse_risk.identification import open_log
from relapse_risk.identification.review_timing import review_timing
from relapse_risk.parameters import read_parameters


def timing(
    folder: Path, events: Sequence[Event], until: date, after: date = date(2020, 12, 31)
) -> dict[str, list[float]]:
    folder.mkdir(exist_ok=True)
    append_events(folder, events, MACHINES, DUE)
    found = review_timing(open_log(folder, read_parameters(), "north_kivari"), "NK-A1", after, until)
    return {row[0]: list(row[1:]) for row in found.itertuples(index=False)}


def test_days_by_who_had_to_act(tmp_path: Path) -> None:
    """Proposed 22 February 2021; visited 24, voted 26, on notice from 1 March, disputed 3 to 4, over 6; town 8; county 10.

    Village: 2 + 2 + 3 + 2 + 2 = 11 days, all by their limits; town: 1 (objection) + 2; county: 2; in all 16, a day over 15.
    """
    found = timing(tmp_path / "r", WAY[:9], date(2021, 12, 31))
    assert found == {"village": [1, 11, 11, 1], "town": [1, 3, 3, 1], "county": [1, 2, 2, 1], "whole": [1, 16, 16, 0]}
    assert review_timing(
        open_log(tmp_path / "r", read_parameters(), "north_kivari"), "elsewhere", date(2020, 1, 1), date(2022, 1, 1)
    ).empty


def test_what_still_waits_is_late_only_beyond_its_limit(tmp_path: Path) -> None:
    """The clue of 22 February is due on 24; the whole way on 9 March."""
    assert timing(tmp_path / "r", WAY[:1], date(2021, 2, 24)) == {}
    late = timing(tmp_path / "r", [], date(2021, 2, 25))
    assert late["village"][0] == 1
    assert late["village"][3] == 0
    assert set(late) == {"village"}
    assert timing(tmp_path / "r", [], date(2021, 3, 10))["whole"][::3] == [1, 0]


def test_only_what_ended_in_the_period(tmp_path: Path) -> None:
    found = timing(tmp_path / "r", WAY[:9], date(2022, 2, 28), after=date(2021, 3, 8))
    assert set(found) == {"county", "whole"}


def test_a_stage_left_late_is_not_within(tmp_path: Path) -> None:
    """Visited on Friday 26 February, two days after the limit of Wednesday 24."""
    visited = WAY[1].__class__(**{**{name: getattr(WAY[1], name) for name in WAY[1].__slots__}, "on": "2021-02-26", "recorded_on": "2021-02-26"})  # fmt: skip
    found = timing(tmp_path / "r", [WAY[0], visited], date(2021, 2, 28))
    assert found["village"] == pytest.approx([1, 4, 4, 0])
