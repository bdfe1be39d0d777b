"""What a brief says must be done: the declared actions that apply here, the gravest first, each with number, place, office, date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from relapse_risk.assessment import ACTIONS, CITY
from relapse_risk.assessment.sections.issue_tables import OWNERS
from relapse_risk.exhibits import Action
from relapse_risk.issues.issue_ledger import DAYS, LEAD_OFFICE
from relapse_risk.pages.block import Source
from relapse_risk.pages.format import in_column, is_null
from relapse_risk.pages.html_tables import column_label
from relapse_risk.text import bilingual, has_text

__all__ = ["Due", "Most", "actions_due", "people_in_trouble", "people_left"]

MOST_ACTIONS, MOST_OF_A_KIND = 5, 3  # in all, and of one gravity
SETTLED = ("met", "not_collected")


@dataclass(frozen=True, slots=True)
class Most:
    """Where most of it is: name, number as it stands in its table, rows that tie, and whether some rows are withheld."""

    name: str
    number: str
    tied: int
    of_shown: bool


@dataclass(frozen=True, slots=True)
class Due:
    """One action of a county.

    Attributes
    ----------
    people : float or None
        Households, persons or children in trouble; None: withheld, and at least one, or the limit would be met.
    most : Most or None
    department : str
        Code word of the office that leads.
    due_on : str
        YYYY-MM-DD: of the open issue, else as many days after the data date as an issue of its gravity is given.
    """

    action: Action
    people: float | None
    most: Most | None
    department: str
    due_on: str


def people_left(row: pd.Series) -> float | None:
    """Those looked at who are not cases; None where either number is withheld or unknown.

    Examples
    --------
    >>> people_left(pd.Series({"numerator": 2769.0, "denominator": 2802.0}))
    33.0
    """
    missing = is_null(row["numerator"]) or is_null(row["denominator"])
    return None if missing else float(row["denominator"]) - float(row["numerator"])


def people_in_trouble(row: pd.Series) -> float | None:
    """Cases of an indicator that should be low; those left over of one that should be high."""
    if row["direction"] == "higher_better":
        return people_left(row)
    return None if is_null(row["numerator"]) else float(row["numerator"])


def actions_due(source: Source) -> list[Due]:
    """Up to five actions that apply, three of a gravity at most: the graver first, then the more people, those withheld last.

    An action applies where somebody is in trouble: its number is not zero, or withheld while the limit is missed.
    """
    rows, issues = source.indicator_rows().set_index("indicator"), _issues(source)
    found = [
        _due(source, action, rows.loc[action.indicator], issues) for action in ACTIONS if action.indicator in rows.index
    ]
    due = [one for one in found if one is not None]
    due.sort(key=lambda one: (one.action.gravity, one.people is None, -(one.people or 0)))
    kinds = [one.action.gravity for one in due]
    return [one for at, one in enumerate(due) if kinds[:at].count(kinds[at]) < MOST_OF_A_KIND][:MOST_ACTIONS]


def _due(source: Source, action: Action, row: pd.Series, issues: pd.DataFrame) -> Due | None:
    people, verdict = people_in_trouble(row), row["verdict"]
    if verdict in SETTLED or people == 0 or (people is None and verdict != "not_met"):
        return None
    issue = issues.loc[action.led_by] if action.led_by in issues.index else None
    office = OWNERS.get(action.led_by, LEAD_OFFICE) if issue is None else str(issue["department"])
    days = list(DAYS.values())[action.gravity - 1]
    day = date.fromisoformat(source.facts.manifest["data_date"]) + timedelta(days=days)
    return Due(action, people, _most(source, action), office, str(day if issue is None else issue["due_on"]))


def _issues(source: Source) -> pd.DataFrame:
    """Office and date by indicator; of all counties together the first date among theirs."""
    rows = source.rows("issue_list") if source.county == CITY else source.rows("issue_list", source.county)
    return rows.sort_values("due_on", kind="stable").drop_duplicates("indicator").set_index("indicator")


def _most(source: Source, action: Action) -> Most | None:
    """The row of the action's table where most of it is; None where nothing of it is shown, or nothing is wrong."""
    if action.where is None or source.status(action.where[0])[0] != "collected":
        return None
    spec, name = source.spec(action.where[0]), action.where[1]
    column = next(one for one in spec.columns if one.name == name)
    frame = source.rows(spec.name, source.county)
    values = pd.to_numeric(frame[name]).astype(float)
    at = values.min() if column.kind == "share" else values.max()
    if pd.isna(at) or at == (1 if column.kind == "share" else 0):
        return None
    first, own = frame.loc[values == at].iloc[0], f"brief.where.{action.indicator}"
    label = source.say(own) if has_text(own) else column_label(column, source.language, "", spec.name, source.place)
    number = source.say("brief.number", label=label, value=in_column(at, column, source.language))
    return Most(
        bilingual(first[spec.keys[0]], source.language),
        number,
        int((values == at).sum()) - 1,
        bool(values.isna().any()),
    )
