"""The issue ledger: every failed check an issue with severity, owner, due date and evidence, append-only.

A check is an indicator against its limit, a data-quality rule, or a task of the city.  The same check of
the same county is always the same issue: failing again after it had passed or been closed, it recurs.  Passing does not
close an issue; an office closes it, with evidence.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from relapse_risk.errors import RegisterError
from relapse_risk.files import digest
from relapse_risk.languages import Label
from relapse_risk.register.journal import Journal

__all__ = [
    "DAYS", "LEAD_OFFICE", "STATE_COLUMNS", "Failure", "IssueStep", "append_issue_steps", "issue_id", "issue_states",
    "project_states", "read_issue_steps", "record_checks", "rule_failures",
]  # fmt: skip

FILE = "issues.jsonl"
# Days to resolve, by severity; ours, no document found.
DAYS = MappingProxyType({"severe": 15, "major": 30, "minor": 60})
LEAD_OFFICE = "FP"
OPENING = ("opened", "failed_again")
MAY_FOLLOW = MappingProxyType(
    {
        "": ("opened",), "opened": ("answered", "passed", "closed"), "answered": ("answered", "passed", "closed"),
        "passed": ("answered", "closed", "failed_again"), "closed": ("failed_again",),
        "failed_again": ("answered", "passed", "closed"),
    }
)  # fmt: skip
RULE_SEVERITY = MappingProxyType({"error": "major", "warning": "minor"})
STATE_COLUMNS = (
    "issue_id", "county_code", "check", "label", "severity", "department", "opened_on", "since", "due_on", "state",
    "times", "value", "limit", "unit", "last_on", "last_by", "evidence", "days", "open", "overdue",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class IssueStep:
    """One step of an issue.

    Attributes
    ----------
    issue_id : str
    step : {"opened", "answered", "passed", "closed", "failed_again"}
        ``passed``: the check holds again; ``closed``: an office closed it, with evidence.
    on : str
        Day, YYYY-MM-DD: the data date of a check, the day of a reply.
    by : str
        Who, or which check.
    county_code, check, label, severity, department, due_on, value, limit, unit
        Of the failure; with ``opened`` and ``failed_again``.  ``check`` is ``indicator:…``, ``rule:…`` or ``city:…``;
        ``label`` is ``zh|en`` where the catalogue has no name for it; value null where it is withheld.
    evidence : str
        The facts a check failed or passed on; of a closing, the document or record that shows it is resolved.
    note : str
    """

    issue_id: str
    step: str
    on: str
    by: str
    county_code: str = ""
    check: str = ""
    label: str = ""
    severity: str = ""
    department: str = ""
    due_on: str = ""
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    evidence: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that failed: what an issue is opened with (fields as in :class:`IssueStep`)."""

    county_code: str
    check: str
    severity: str
    department: str
    value: float | None
    limit: float | None
    unit: str
    evidence: str
    label: str = ""


JOURNAL = Journal(FILE, IssueStep, "issue", "issue_id", MAY_FOLLOW, in_order=True)


def issue_id(county: str, check: str) -> str:
    """The id of one check of one county, the same every month.

    Examples
    --------
    >>> issue_id("371425", "indicator:take_up") == issue_id("371425", "indicator:take_up")
    True
    """
    return "I" + digest([f"{county}|{check}"], size=5)


def read_issue_steps(register: str | Path) -> tuple[IssueStep, ...]:
    """Every step in the order in which it was written (:meth:`relapse_risk.register.journal.Journal.read`)."""
    return JOURNAL.read(register)


def append_issue_steps(register: str | Path, steps: Iterable[IssueStep]) -> tuple[IssueStep, ...]:
    """Add the steps that are new and may follow; a closing without evidence is refused and nothing is written.

    Raises
    ------
    RegisterError
        For a closing without evidence, a step that cannot follow, or one earlier than the step before it.
    """
    given = list(steps)
    for step in given:
        if step.step == "closed" and not step.evidence.strip():
            raise RegisterError(
                "an issue is not closed without evidence", where=f"issue {step.issue_id}", got="no evidence",
                fix="name the document or record that shows it is resolved",
            )  # fmt: skip
    return JOURNAL.append(register, given)


def record_checks(
    register: str | Path, failed: Iterable[Failure], passed: Collection[tuple[str, str]], families: Collection[str],
    day: date, by: str,
) -> tuple[IssueStep, ...]:  # fmt: skip
    """Record the checks of ``day`` in the ledger; repeating it changes nothing.

    A failure opens an issue, or opens it again after it had passed or been closed.  An open issue whose check holds is
    marked passed.  An issue with a step on ``day`` or later is left unchanged.

    Parameters
    ----------
    failed : iterable of Failure
    passed : collection of (county, check)
        Checks that were made and hold.
    families : collection of str
        Kinds of check (``rule``, ``city``) that were made completely: checks not among the failures hold.
    by : str
        Who made the checks.
    """
    found = {issue_id(one.county_code, one.check): one for one in failed}
    last, opened = {}, {}
    for step in read_issue_steps(register):
        last[step.issue_id] = step
        if step.step in OPENING:
            opened[step.issue_id] = step
    steps = [
        _opening(one, name, "failed_again" if name in last else "opened", day, by)
        for name, one in found.items()
        if name not in last or (last[name].step in ("passed", "closed") and last[name].on < day.isoformat())
    ]
    for name, step in opened.items():
        holds = (step.county_code, step.check) in passed or step.check.partition(":")[0] in families
        if holds and name not in found and last[name].step not in ("passed", "closed") and last[name].on < day.isoformat():  # fmt: skip
            steps.append(IssueStep(name, "passed", day.isoformat(), by, evidence=f"{by} {day.isoformat()}"))
    return append_issue_steps(register, steps)


def _opening(one: Failure, name: str, word: str, day: date, by: str) -> IssueStep:
    due = day + timedelta(days=DAYS[one.severity])
    return IssueStep(
        name, word, day.isoformat(), by, one.county_code, one.check, one.label, one.severity, one.department,
        due.isoformat(), one.value, one.limit, one.unit, one.evidence,
    )  # fmt: skip


def rule_failures(counts: pd.DataFrame, messages: Mapping[str, Label], evidence: str) -> list[Failure]:
    """Failures of data-quality rules, one per county and rule.

    Parameters
    ----------
    counts : DataFrame
        county_code, rule, severity (``error`` or ``warning``), findings, as ``relapse-risk check`` counts them.
    messages : mapping
        Message by rule; fields in braces are left open.

    Examples
    --------
    >>> counts = pd.DataFrame({"county_code": ["371425"], "rule": ["r1"], "severity": ["error"], "findings": [3]})
    >>> [(one.check, one.severity, one.label) for one in rule_failures(counts, {"r1": Label(zh="值 {value}", en="is {value}")}, "")]
    [('rule:r1', 'major', '值 …|is …')]
    """
    found = []
    for county, rule, severity, findings in counts[["county_code", "rule", "severity", "findings"]].itertuples(index=False):  # fmt: skip
        said = messages.get(rule, Label.same(rule))
        label = Label(**{language: re.sub(r"\{[^}]*\}", "…", words) for language, words in said.by_language.items()})
        found.append(
            Failure(county, f"rule:{rule}", RULE_SEVERITY[severity], LEAD_OFFICE, float(findings), 0.0, "count", evidence, label.cell)
        )  # fmt: skip
    return found


def issue_states(steps: Iterable[IssueStep], day: date) -> pd.DataFrame:
    """Status of every issue at the end of ``day``.

    Returns
    -------
    DataFrame
        :data:`STATE_COLUMNS`: the failure that opened it last, opened_on (first), since (last opening), state (the last
        step), times (openings: more than one recurs), last_on and last_by (of the last step), evidence (of the last
        step that gave any), days (from ``since`` to ``day``, or to the closing), open, overdue.

    Examples
    --------
    >>> steps = [IssueStep("I1", "opened", "2020-11-30", "facts", "371425", "indicator:take_up", "", "major", "MZ",
    ...                    "2020-12-30"),
    ...          IssueStep("I1", "answered", "2020-12-10", "MZ", note="ordered")]
    >>> issue_states(steps, date(2020, 12, 31))[["state", "days", "open", "overdue"]].values.tolist()
    [['answered', 31, True, True]]
    """
    by_id: dict[str, list[IssueStep]] = {}
    for step in steps:
        if step.on <= day.isoformat():
            by_id.setdefault(step.issue_id, []).append(step)
    return pd.DataFrame([_state(mine, day) for mine in by_id.values()], columns=list(STATE_COLUMNS))


def _state(mine: list[IssueStep], day: date) -> tuple[object, ...]:
    openings = [step for step in mine if step.step in OPENING]
    now, last = openings[-1], mine[-1]
    open_ = last.step != "closed"
    until = day if open_ else date.fromisoformat(last.on)
    evidence = next((step.evidence for step in reversed(mine) if step.evidence), "")
    return (
        now.issue_id, now.county_code, now.check, now.label, now.severity, now.department, openings[0].on, now.on,
        now.due_on, last.step, len(openings), now.value, now.limit, now.unit, last.on, last.by, evidence,
        (until - date.fromisoformat(now.on)).days, open_, open_ and day.isoformat() > now.due_on,
    )  # fmt: skip


def project_states(issues: pd.DataFrame, county: str, day: date) -> pd.DataFrame:
    """Issues found in projects of one county as rows of the ledger: stored in the register, listed with the rest.

    Parameters
    ----------
    issues : DataFrame
        Rows of the register's table ``project_issue``.

    Returns
    -------
    DataFrame
        :data:`STATE_COLUMNS`; the register keeps neither evidence nor who closed.
    """
    found = issues[(issues["found_on"] <= pd.Timestamp(day)).fillna(False).to_numpy(dtype=bool)]
    rows = []
    for one in found.itertuples(index=False):
        due = "" if pd.isna(one.due_on) else one.due_on.date().isoformat()
        shut = not pd.isna(one.closed_on) and one.closed_on.date() <= day
        until = one.closed_on.date() if shut else day
        began = one.found_on.date()
        severity = "minor" if pd.isna(one.severity) else one.severity
        rows.append(
            (one.issue_id, county, f"project:{'other' if pd.isna(one.issue_type) else one.issue_type}", "", severity,
             "NY", began.isoformat(), began.isoformat(), due, "closed" if shut else "opened", 1, None, None, "",
             until.isoformat() if shut else began.isoformat(), "", "", (until - began).days, not shut,
             not shut and bool(due) and day.isoformat() > due)
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(STATE_COLUMNS))
