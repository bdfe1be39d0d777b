"""From the facts of a month to the issue ledger: which checks failed, and which hold."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from relapse_risk.assessment.city_overview import city_tasks
from relapse_risk.assessment.facts_store import Facts
from relapse_risk.issues.issue_ledger import Failure, IssueStep, record_checks, rule_failures
from relapse_risk.measures import CITY
from relapse_risk.months import month_end
from relapse_risk.register.rules import RuleBook

__all__ = ["failures_of_facts", "passes_of_facts", "record_facts"]

TASK_SEVERITY = "major"  # of what only the city can do; ours


def failures_of_facts(facts: Facts) -> list[Failure]:
    """Every indicator that misses its limit, by county, and what only the city can put right.

    Severity and office are those of the report's list of issues; a withheld value stays withheld.
    """
    indicator, month = facts.all_counties("indicator"), facts.manifest["month"]
    found = [_of_indicator(row, facts, month) for row in _listed(facts, indicator).to_dict("records")]
    rows = indicator[indicator["county_code"] == CITY].set_index("indicator")
    for task in city_tasks(indicator).to_dict("records"):
        row = rows.loc[task["indicator"]]
        evidence = f"facts {month} {facts.manifest['hashes'][CITY]}"
        found.append(
            Failure(CITY, f"city:{task['task']}:{task['indicator']}", TASK_SEVERITY, task["department"],
                    _number(row["value"]), _number(row["limit"]), str(row["unit"]), evidence)
        )  # fmt: skip
    return found


def _listed(facts: Facts, indicator: pd.DataFrame) -> pd.DataFrame:
    issues = facts.all_counties("issue_list")[["county_code", "indicator", "severity", "department"]]
    return issues.merge(indicator, on=["county_code", "indicator"])


def _of_indicator(row: dict[str, object], facts: Facts, month: str) -> Failure:
    county = str(row["county_code"])
    evidence = f"facts {month} {facts.manifest['hashes'][county]}"
    return Failure(
        county, f"indicator:{row['indicator']}", str(row["severity"]), str(row["department"]), _number(row["value"]),
        _number(row["limit"]), str(row["unit"]), evidence,
    )  # fmt: skip


def _number(value: object) -> float | None:
    return None if pd.isna(value) else float(value)  # type: ignore[arg-type]


def passes_of_facts(facts: Facts) -> set[tuple[str, str]]:
    """County and check of every indicator that meets its limit; what was not collected neither fails nor passes."""
    rows = facts.all_counties("indicator")
    rows = rows[rows["verdict"].isin(["met", "watch"]) & (rows["county_code"] != CITY)]
    return {(county, f"indicator:{name}") for county, name in zip(rows["county_code"], rows["indicator"], strict=True)}


def record_facts(
    register: str | Path, facts: Facts, by: str, findings: pd.DataFrame | None = None, rules: RuleBook | None = None
) -> tuple[IssueStep, ...]:
    """Write the checks of one month into the ledger: indicators, tasks of the city and, where given, quality rules.

    Parameters
    ----------
    findings : DataFrame, optional
        Findings of ``relapse-risk check`` counted by county, rule and severity.
    rules : RuleBook, optional
        Names the rules of the findings.
    """
    failed, families = failures_of_facts(facts), {"city"}
    if findings is not None:
        messages = {rule.id: rule.message for rule in (rules.rules if rules else ())}
        failed += rule_failures(findings, messages, f"check {facts.manifest['month']}")
        families.add("rule")
    return record_checks(register, failed, passes_of_facts(facts), families, month_end(facts.manifest["month"]), by)
