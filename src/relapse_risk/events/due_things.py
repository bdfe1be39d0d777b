"""What is due, of whom, since when: everything in the log that somebody has to act on."""

from __future__ import annotations

from datetime import date

import pandas as pd

from relapse_risk.events.kept_log import KeptLog
from relapse_risk.languages import Language

__all__ = ["DUE_COLUMNS", "due_by_unit", "due_things", "labelled_due_things"]

DUE_COLUMNS = ("kind", "name", "household", "county", "state", "holder", "unit", "since", "due_on", "overdue")


def due_things(log: KeptLog, day: date) -> pd.DataFrame:
    """Everything whose state somebody holds, the longest over its limit first.

    Returns
    -------
    DataFrame
        :data:`DUE_COLUMNS`: unit is the department or receiver that holds it, the holder's level otherwise; overdue in days
        over the limit, 0 within it.
    """
    rows = []
    for every in log.things.values():
        one = every[-1]
        if not (holder := log.holder_of(one)):
            continue
        facts, due = one.facts, log.due_on(one)
        unit = (
            facts.get("to" if holder == "receiver" else "department", "")
            if holder in ("department", "receiver")
            else ""
        )
        over = max((day - date.fromisoformat(due)).days, 0) if due else 0
        rows.append((one.kind, one.name, facts.get("household", one.thing), one.place[0], one.state, holder, unit or holder, one.since, due, over))  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(DUE_COLUMNS))
    return frame.sort_values(["overdue", "due_on", "kind", "name"], ascending=[False, True, True, True], ignore_index=True)  # fmt: skip


def due_by_unit(due: pd.DataFrame) -> pd.DataFrame:
    """How much waits with whom: kind, unit, county, state, waiting, overdue, first_due."""
    marked = due.assign(over=(due["overdue"] > 0).astype(int))
    found = marked.groupby(["kind", "unit", "county", "state"], sort=True).agg(
        waiting=("name", "size"), overdue=("over", "sum"), first_due=("due_on", "min")
    )
    return found.reset_index()


def labelled_due_things(due: pd.DataFrame, log: KeptLog, language: Language) -> pd.DataFrame:
    """:func:`due_things` with kinds, states and holders in words."""
    machines = [log.machines[kind] for kind in due["kind"]]
    return due.assign(
        kind=[machine.label[language] for machine in machines],
        state=[machine.state_label(state)[language] for machine, state in zip(machines, due["state"], strict=True)],
        holder=[machine.roles[role][language] for machine, role in zip(machines, due["holder"], strict=True)],
    )
