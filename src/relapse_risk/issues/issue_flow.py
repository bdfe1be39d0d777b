"""Movement of the issue ledger: opened and closed in a period, age of the open issues, and who leads them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pandas as pd

from relapse_risk.issues.issue_ledger import OPENING, IssueStep

__all__ = ["AGE_BANDS", "ageing", "by_group", "closings", "events", "movement", "recurring"]

# Days since an issue was opened (again): lower limit of each band; half a month, one, two, three months.
AGE_BANDS = ((0, "0–15"), (16, "16–30"), (31, "31–60"), (61, "61–90"), (91, ">90"))
EVENTS = ("opened", "failed_again", "closed")


def events(steps: Iterable[IssueStep], projects: pd.DataFrame) -> pd.DataFrame:
    """Openings and closings with their day: issue_id, event, on (YYYY-MM-DD).

    Parameters
    ----------
    projects : DataFrame
        Issues of projects as rows of the ledger (:func:`~relapse_risk.issues.issue_ledger.project_states`) of the
        last day that matters.
    """
    rows = [(step.issue_id, step.step, step.on) for step in steps if step.step in EVENTS]
    rows += [(one, "opened", on) for one, on in projects[["issue_id", "since"]].itertuples(index=False)]
    shut = projects[~projects["open"].astype(bool)]
    rows += [(one, "closed", on) for one, on in shut[["issue_id", "last_on"]].itertuples(index=False)]
    return pd.DataFrame(rows, columns=["issue_id", "event", "on"])


def movement(happened: pd.DataFrame, after: date, until: date) -> pd.DataFrame:
    """From the issues open at the end of ``after`` to those open at the end of ``until``.

    Returns
    -------
    DataFrame
        step (before, opened, failed_again, closed, now) and issues.  An issue that had passed and fails again was never
        closed: it counts as neither opened nor closed.

    Examples
    --------
    >>> happened = pd.DataFrame({"issue_id": ["a", "b", "a"], "event": ["opened", "opened", "closed"],
    ...                          "on": ["2020-11-30", "2020-12-05", "2020-12-20"]})
    >>> movement(happened, date(2020, 11, 30), date(2020, 12, 31))["issues"].tolist()
    [1, 1, 0, 1, 1]
    """
    before, counts = set[str](), dict.fromkeys(EVENTS, 0)
    now = set[str]()
    for issue, event, on in happened.sort_values("on", kind="stable").itertuples(index=False):
        if on > until.isoformat():
            break
        fresh = on > after.isoformat()
        if event == "closed":
            counts["closed"] += fresh and issue in now
            now.discard(issue)
        else:
            counts[event] += fresh and issue not in now
            now.add(issue)
        if not fresh:
            before = set(now)
    steps = [("before", len(before)), *counts.items(), ("now", len(now))]
    return pd.DataFrame(steps, columns=["step", "issues"])


def ageing(states: pd.DataFrame) -> pd.DataFrame:
    """Open issues by age and severity: age_days, severe, major, minor, overdue, issues; every band has its row."""
    mine = states[states["open"].astype(bool)]
    starts = [start for start, _ in AGE_BANDS]
    band = pd.cut(mine["days"].astype(float), [*starts, float("inf")], right=False, labels=[name for _, name in AGE_BANDS])  # fmt: skip
    names = [name for _, name in AGE_BANDS]
    table = pd.DataFrame({"age_days": names})
    for word in ("severe", "major", "minor"):
        table[word] = band[mine["severity"] == word].value_counts().reindex(names, fill_value=0).to_numpy()
    table["overdue"] = band[mine["overdue"].astype(bool)].value_counts().reindex(names, fill_value=0).to_numpy()
    return table.assign(issues=table[["severe", "major", "minor"]].sum(axis=1))


def closings(steps: Iterable[IssueStep], states: pd.DataFrame, after: date, until: date) -> pd.DataFrame:
    """Closings after ``after``, up to and with ``until``, also of issues that recurred since; by day.

    Parameters
    ----------
    states : DataFrame
        The ledger on ``until``, issues of projects included: their closings stand in their rows.

    Returns
    -------
    DataFrame
        Columns of ``states``, with ``since`` (the opening that was closed), ``last_on`` (day of the closing),
        ``last_by``, ``evidence`` and ``days`` of the closing, and ``open`` where the issue is open again.
    """
    began: dict[str, str] = {}
    rows = []
    for step in steps:
        if step.step in OPENING:
            began[step.issue_id] = step.on
        elif step.step == "closed" and after.isoformat() < step.on <= until.isoformat():
            days = (date.fromisoformat(step.on) - date.fromisoformat(began[step.issue_id])).days
            rows.append((step.issue_id, began[step.issue_id], step.on, step.by, step.evidence, days))
    columns = ["issue_id", "since", "last_on", "last_by", "evidence", "days"]
    mine = states.drop(columns=columns[1:]).merge(pd.DataFrame(rows, columns=columns), on="issue_id")
    shut = states[states["check"].str.startswith("project:") & ~states["open"].astype(bool)]
    shut = shut[(shut["last_on"] > after.isoformat()) & (shut["last_on"] <= until.isoformat())]
    parts = [part[list(states.columns)] for part in (mine, shut) if len(part)]
    return pd.concat(parts).sort_values("last_on", kind="stable") if parts else states.iloc[:0]


def by_group(states: pd.DataFrame, closed: pd.DataFrame, group: str, until: date, ahead: date) -> pd.DataFrame:
    """Per department or county: open, overdue, soon (due by ``ahead``), passed, closed in the period, oldest (days).

    ``closed`` are the closings of the period.  Sorted by overdue, then open, most first.
    """
    open_, due = states["open"].astype(bool), states["due_on"]
    flags = pd.DataFrame(
        {
            group: states[group],
            "open": open_,
            "overdue": states["overdue"].astype(bool),
            "soon": open_ & (due >= until.isoformat()) & (due <= ahead.isoformat()),
            "passed": open_ & (states["state"] == "passed"),
        }
    )
    table = flags.groupby(group, sort=False).sum().astype(int)
    table["closed"] = closed[group].value_counts().reindex(table.index, fill_value=0)
    oldest = states[open_].groupby(group)["days"].max()
    table["oldest"] = oldest.reindex(table.index).astype("Int64")
    table = table[table[["open", "closed"]].sum(axis=1) > 0]
    return table.sort_values(["overdue", "open"], ascending=False, kind="stable").reset_index()


def recurring(states: pd.DataFrame) -> pd.DataFrame:
    """Recurring issues, open ones first, then by how often."""
    mine = states[states["times"].astype(int) > 1]
    return mine.sort_values(["open", "times"], ascending=False, kind="stable")
