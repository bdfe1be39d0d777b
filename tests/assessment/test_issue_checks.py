"""From hand-made facts to failures and passes of the issue ledger."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from relapse_risk.assessment.facts_store import Facts
from relapse_risk.assessment.issue_checks import failures_of_facts, passes_of_facts, record_facts
from relapse_risk.issues.issue_ledger import Failure, issue_id, read_issue_steps

TABLES = {
    "indicator": pd.DataFrame({
        "county_code": ["371425", "371425", "371425", "371402", "371402", "city", "city"],
        "indicator": ["below_line", "near_line", "water_safe", "below_line", "water_safe", "below_line", "water_safe"],
        "verdict": ["not_met", "met", "watch", "met", "not_collected", "not_met", "met"], "value": [0.05, 0.1, None, 0.01, None, 0.03, 0.9],
        "limit": [0.02, 0.2, 1.0, 0.02, 1.0, 0.02, 1.0], "unit": ["share"] * 7, "limit_confidence": ["documented"] * 5 + ["documented", "assumed"],
        "reason": [""] * 7, "previous": [None] * 7, "direction": ["lower_better"] * 7,
    }),
    "issue_list": pd.DataFrame({
        "county_code": ["371425", "371425"], "indicator": ["below_line", "water_safe"], "severity": ["severe", "minor"], "department": ["FP", "NY"],
    }),
}  # fmt: skip


class HandMade(Facts):
    """Facts held in memory instead of in a folder."""

    def all_counties(self, name: str, county: str | None = None) -> pd.DataFrame:
        frame = TABLES[name]
        return frame if county is None else frame[frame["county_code"] == county]


FACTS = HandMade(Path(), {"month": "2020-12", "hashes": {"371425": "aa", "371402": "bb", "city": "cc"}})


def test_a_missed_limit_carries_its_value_limit_and_evidence() -> None:
    """What the list of issues names, by county; 371402 collects no water: nowhere would need both counties."""
    assert failures_of_facts(FACTS) == [
        Failure("371425", "indicator:below_line", "severe", "FP", 0.05, 0.02, "share", "facts 2020-12 aa"),
        Failure("371425", "indicator:water_safe", "minor", "NY", None, 1.0, "share", "facts 2020-12 aa"),
    ]


def test_a_task_of_the_city_is_its_own_issue() -> None:
    """Three of three counties miss the limit: a common cause, of the city, with the city's value."""
    rows = TABLES["indicator"]
    more = pd.concat(
        [rows[rows["county_code"] == "371425"].iloc[[0]].assign(county_code=code) for code in ("371403", "371404")]
    )
    everybody = pd.concat([rows[~((rows["county_code"] == "371402") & (rows["indicator"] == "below_line"))], more])

    class Common(HandMade):
        def all_counties(self, name: str, county: str | None = None) -> pd.DataFrame:
            return everybody if name == "indicator" else TABLES[name].iloc[:0]

    found = failures_of_facts(Common(Path(), FACTS.manifest))
    assert Failure("city", "city:common:below_line", "major", "FP", 0.03, 0.02, "share", "facts 2020-12 cc") in found
    assert {failure.county_code for failure in found} == {"city"}


def test_what_meets_its_limit_passes_and_what_was_not_collected_does_not() -> None:
    assert passes_of_facts(FACTS) == {
        ("371425", "indicator:near_line"), ("371425", "indicator:water_safe"), ("371402", "indicator:below_line"),
    }  # fmt: skip


def test_the_ledger_opens_what_fails_with_the_rules_in_both_languages(tmp_path: Path) -> None:
    findings = pd.DataFrame({"county_code": ["371425"], "rule": ["Q01"], "severity": ["error"], "findings": [7]})
    steps = record_facts(tmp_path, FACTS, "office", findings)
    assert {step.by for step in steps} == {"office"}
    assert {step.on for step in steps} == {"2020-12-31"}
    assert [(step.check, step.step) for step in steps] == [
        ("indicator:below_line", "opened"), ("indicator:water_safe", "opened"), ("rule:Q01", "opened"),
    ]  # fmt: skip
    assert (steps[2].value, steps[2].evidence, steps[2].label) == (7.0, "check 2020-12", "Q01|Q01")
    assert read_issue_steps(tmp_path) == steps
    assert record_facts(tmp_path, FACTS, "office", findings) == ()


def test_a_rule_without_findings_passes_where_rules_were_checked(tmp_path: Path) -> None:
    findings = pd.DataFrame({"county_code": ["371425"], "rule": ["Q01"], "severity": ["error"], "findings": [7]})
    record_facts(tmp_path, FACTS, "office", findings)
    later = HandMade(Path(), {"month": "2021-01", "hashes": FACTS.manifest["hashes"]})

    assert record_facts(tmp_path, later, "office") == (), "nobody looked"
    (step,) = record_facts(tmp_path, later, "office", findings.iloc[:0])
    assert (step.issue_id, step.step, step.on) == (issue_id("371425", "rule:Q01"), "passed", "2021-01-31")
