"""Machines are data: every name is checked, a place changes a few lines, and limits are counted by its calendar."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from relapse_risk.errors import ParameterError
from relapse_risk.events import DueDays, read_calendar, read_machine
from relapse_risk.layers import joined
from relapse_risk.parameters import params_dir, read_parameters
from relapse_risk.yaml_reading import read_yaml

KIND = "identification"
# A place whose notice follows the county's review, as some do: what its params/events/identification.yaml says.
NOTICE_LAST = """
steps:
  voted_for: {moves: {verified: town_review}}
  county_passed:
    label: {zh: 县级审核通过, en: county agrees}
    moves: {county_review: to_post}
    by: [county]
  notice_ended: {moves: {on_notice: agreed}}
  county_approved: {moves: {agreed: monitored, county_review: null}}
states:
  agreed: {label: {zh: 待县级公告, en: to be announced}, holder: county}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(params_dir(), tmp_path / "params")
    return tmp_path / "params"


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("holder: village", "holder: vilage", "states.clue.holder: unknown role; got 'vilage'"),
        ("until: last_day", "until: lastday", "states.on_notice.until: unknown fact; got 'lastday'"),
        ("parameter: clue_days", "parameter: cleu_days", "states.clue.limit.parameter: unknown parameter; got 'cleu_days'"),
        ("moves: {start: clue}", "moves: {start: cleu}", "steps.proposed.moves.start: unknown state; got 'cleu'"),
        ("moves: {clue: verified}", "moves: {cleu: verified}", "steps.visited.moves: unknown state; got 'cleu'"),
        ("codes: identification_channel", "codes: identification_chanel", "facts.channel.codes: unknown code list"),
        ("checks: [in_time]", "checks: [intime]", "steps.appealed: unknown check; got 'intime'"),
        ("needs: [first_day, last_day, digest]", "needs: [firstday, last_day, digest]", "steps.notice_begun: unknown fact"),
        ("takes_back: [town, county]", "takes_back: [twon, county]", "takes_back: unknown role; got 'twon'"),
        ("days: working}", "days: workign}", "states.clue.limit.days: unknown word; got 'workign'"),
        ("    final: true\n", "    fianl: true\n", "unknown key; got 'fianl'"),
        ("moves: {declined: appealed}", "moves: {disputed: declined}", "states.appealed: no step leads to it"),
    ],
)  # fmt: skip
def test_a_wrong_name_is_told_with_its_place(folder: Path, right: str, wrong: str, words: str) -> None:
    path = folder / "events" / f"{KIND}.yaml"
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ParameterError) as error:
        read_machine(KIND, folder)
    assert words in str(error.value)
    assert f"events/{KIND}.yaml" in str(error.value)


def test_a_place_that_posts_the_notice_last_says_so_in_a_few_lines(folder: Path) -> None:
    path = folder / "events" / f"{KIND}.yaml"
    own = yaml.safe_load(NOTICE_LAST)
    own["steps"]["voted_for"]["moves"]["verified"] = "town_review"
    path.write_text(yaml.safe_dump(joined(read_yaml(path), own), allow_unicode=True), encoding="utf-8")
    machine = read_machine(KIND, folder)
    state, way = "verified", []
    for step in ("voted_for", "town_passed", "county_passed", "notice_begun", "notice_ended", "county_approved"):
        state = machine.steps[step].moves[state]
        way.append(state)
    assert way == ["town_review", "county_review", "to_post", "on_notice", "agreed", "monitored"]
    assert "county_approved" not in machine.allowed("county_review")


def test_limits_are_counted_by_the_calendar() -> None:
    """New Year 2021 was off from Friday to Sunday; 11 to 17 February the Spring Festival, with 20 February worked."""
    due, machine = DueDays(read_parameters(), read_calendar("dezhou")), read_machine(KIND)
    assert due.of_state(machine, "clue", "2020-12-31", {}) == "2021-01-05"  # Monday and Tuesday
    assert due.of_state(machine, "clue", "2021-02-10", {}) == "2021-02-19"  # Thursday 18, Friday 19
    assert due.of_state(machine, "verified", "2021-02-10", {}) == "2021-02-20"  # a Saturday that is worked
    assert due.of_state(machine, "on_notice", "2021-03-01", {"last_day": "2021-03-05"}) == "2021-03-09"
    assert due.of_state(machine, "declined", "2021-03-01", {}) == "2021-03-31"
    assert due.of_state(machine, "monitored", "2021-03-01", {}) == ""
    assert due.of_whole(machine, "2021-02-22") == "2021-03-09"
    calendar = read_calendar("dezhou")
    assert calendar.last_of(date(2021, 9, 29), 5) == date(2021, 10, 11)  # 29, 30, then 8, 9 (worked) and 11 October
    assert (calendar.knows(date(2021, 5, 1)), calendar.knows(date(2023, 5, 1))) == (True, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("weekend: [saturday, sonday]", "unknown word; got 'sonday'"),
        ("years: [2021]\nholidays: [{first: 2022-01-01, last: 2022-01-03}]", "a year that is not listed; got 2022"),
        ("years: [2021]\nholidays: [{first: 2021-01-03, last: 2021-01-01}]", "last 2021-01-01 is before first 2021-01-03"),
        ("worked: [2021-02-07]", "worked 2021-02-07: a year that is not listed"),
    ],
)  # fmt: skip
def test_a_faulty_calendar_is_told(folder: Path, text: str, words: str) -> None:
    (folder / "calendars" / "dezhou.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError) as error:
        read_calendar("dezhou", folder)
    assert words in str(error.value)
    assert "calendars/dezhou.yaml" in str(error.value)


def test_a_place_without_a_calendar_has_its_weekends(folder: Path) -> None:
    calendar = read_calendar("north_kivari", folder)
    assert [calendar.works(date(2021, 2, day)) for day in (12, 13, 15)] == [True, False, True]
