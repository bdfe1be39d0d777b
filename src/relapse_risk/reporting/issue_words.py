"""The words of an issue: what its check is called, and which comes first."""

from __future__ import annotations

import pandas as pd

from relapse_risk.reporting.text import Language, bilingual, has_text, text
from relapse_risk.schema import code_list

__all__ = ["check_words", "sorted_by_need"]


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
    """Overdue issues first; the more severe before the less, then by due date, those without one last."""
    severity = states["severity"].map({"severe": 0, "major": 1, "minor": 2})
    late = ~states["overdue"].astype(bool)
    order = states.assign(_late=late, _due=states["due_on"].where(states["due_on"] != "", "9999"), _severity=severity)
    keys = ["_late", "_severity", "_due"]
    return order.sort_values(keys, kind="stable").drop(columns=keys)
