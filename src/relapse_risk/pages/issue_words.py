"""The words of an issue: what its check is called, and the order of issues."""

from __future__ import annotations

from datetime import date

import pandas as pd

from relapse_risk.assessment.sections.issue_tables import need
from relapse_risk.pages.format import format_date
from relapse_risk.schema import code_list
from relapse_risk.text import Language, bilingual, has_text, text

__all__ = ["check_words", "day_words", "sorted_by_need", "till"]


def check_words(check: str, label: str, language: Language) -> str:
    """What a check is called: an indicator's name, a rule's message, a task of the city, a kind of project issue.

    Examples
    --------
    >>> check_words("indicator:take_up", "", "en"), check_words("rule:r1", "缺身份证|no identity number", "en")
    ('Take-up of entitlements', 'Data: no identity number')
    """
    family, _, rest = check.partition(":")
    if family == "rule":
        return text("bulletin.check.rule", language, label=bilingual(label or rest, language))
    if family == "project":
        return text("bulletin.check.project", language, label=code_list("issue_type").label(rest, language))
    if family == "city":
        task, _, indicator = rest.partition(":")
        why = text(f"bulletin.why.{task}", language)
        return text("bulletin.check.city", language, label=_indicator(indicator, language), why=why)
    return _indicator(rest, language)


def _indicator(name: str, language: Language) -> str:
    key = f"indicator.{name}"
    return text(key, language) if has_text(key) else name.replace("_", " ")  # of an older or newer version


def sorted_by_need(states: pd.DataFrame) -> pd.DataFrame:
    """Overdue issues first, then by the severity ranking of the reports, then by due date, those without one last."""
    places = {
        place: (not row.overdue, *need(row.check.partition(":")[2], row.severity, row.value, row.limit, row.unit), row.due_on or "9999")
        for place, row in zip(states.index, states.itertuples(), strict=True)
    }  # fmt: skip
    return states.loc[sorted(states.index, key=places.__getitem__)]


def till(due: object, day: date, language: Language) -> str:
    """Days over or left, in words; nothing where no date is set.

    Examples
    --------
    >>> till("2020-12-15", date(2020, 12, 31), "en"), till("2020-12-30", date(2020, 12, 31), "en")
    ('16 days overdue', '1 day overdue')
    """
    if not due:
        return "–"
    left = (date.fromisoformat(str(due)[:10]) - day).days
    if left == 0:
        return text("bulletin.due_today", language)
    side, days = "over" if left < 0 else "left", abs(left)
    return text(f"bulletin.day_{side}" if days == 1 else f"bulletin.days_{side}", language, days=days)


def day_words(day: object, language: Language) -> str:
    """A date in words, or that none is set.

    Examples
    --------
    >>> day_words("2020-12-15", "en"), day_words("", "en")
    ('15 December 2020', 'no date set')
    """
    return format_date(day, language) if day else text("bulletin.no_due", language)
