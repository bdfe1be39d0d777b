"""What is due, of whom, since when: every household that somebody has to act on, and how many days it is over its limit."""

from __future__ import annotations

from datetime import date

import pandas as pd

from relapse_risk.identification.identification_log import LEAVING, IdentificationLog, Whereabouts
from relapse_risk.identification.review_sheets import unit_of
from relapse_risk.languages import Language
from relapse_risk.text import text

__all__ = ["COLUMNS", "due_by_holder", "due_list", "labelled_due", "leavers_due"]

COLUMNS = (
    "name", "household_id", "county", "town", "village", "state", "holder", "unit", "since", "due_on", "decide_by", "overdue",
)  # fmt: skip


def due_list(log: IdentificationLog, homes: Whereabouts, day: date) -> pd.DataFrame:
    """Every household whose state somebody holds, the longest over its limit first.

    Returns
    -------
    DataFrame
        :data:`COLUMNS`: overdue is in days over the state's limit, 0 within it; decide_by is the last day of the limit for
        the whole way, where no decision has been made.
    """
    rows = []
    for one in log.now.values():
        holder = log.machine.states[one.state].holder
        if not holder:
            continue
        here = homes.of(one.thing)
        place, due = here if here[0] else one.place, log.due_on(one)
        over = max((day - date.fromisoformat(due)).days, 0) if due else 0
        rows.append((one.name, one.thing, *place, one.state, holder, unit_of(place, holder), one.since, due, log.decide_by(one), over))  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.sort_values(["overdue", "due_on", "name"], ascending=[False, True, True], ignore_index=True)


def due_by_holder(due: pd.DataFrame, day: date) -> pd.DataFrame:
    """Households that wait, by county and level: county, holder, households, overdue, undecided (over the whole limit)."""
    late = (due["decide_by"] != "") & (due["decide_by"] < day.isoformat())
    marked = due.assign(late=late.astype(int), over=(due["overdue"] > 0).astype(int))
    found = marked.groupby(["county", "holder"], sort=True).agg(
        households=("name", "size"), overdue=("over", "sum"), undecided=("late", "sum"), first_due=("due_on", "min")
    )
    return found.reset_index()


def leavers_due(log: IdentificationLog, day: date) -> list[dict[str, object]]:
    """Households that left the register without a reason: county, households, overdue."""
    found: dict[str, list[bool]] = {}
    for one in log.now_of(LEAVING).values():
        if log.machines[LEAVING].states[one.state].holder:
            found.setdefault(one.place[0], []).append(log.due_on(one) < day.isoformat())
    return [{"county": county, "households": len(late), "overdue": sum(late)} for county, late in sorted(found.items())]


def labelled_due(due: pd.DataFrame, log: IdentificationLog, homes: Whereabouts, language: Language) -> pd.DataFrame:
    """:func:`due_list` with headings and words of a language."""
    named = {level: [homes.name(code, language) for code in due[level]] for level in ("county", "town", "village")}
    shown = due.assign(
        **named, state=[log.machine.state_label(state)[language] for state in due["state"]],
        holder=[log.machine.roles[role][language] for role in due["holder"]],
    ).drop(columns="unit")  # fmt: skip
    return shown.rename(columns={name: text(f"review.{name}", language) for name in shown})
