"""Checks of a score by group: counted by hand, and whatever a panel does not know."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.relapse.drift_and_fairness import group_checks


def test_households_of_unknown_age_are_in_neither_group() -> None:
    """Twelve heads of 70, eight of 40, four never asked: groups of 12 and 8; null of either kind is unknown."""
    age = [70] * 12 + [40] * 8 + [None] * 4
    rows = pd.DataFrame({"event": [1, 0] * 12, "county_code": ["1", "2"] * 12})
    chance = pd.Series(np.linspace(0.1, 0.9, 24))
    for column in (pd.array(age, dtype="Int64"), pd.array(age, dtype="Float64"), np.array(age, dtype=float)):
        lines = group_checks(rows.assign(head_age=column), chance)
        assert {line.group: line.n for line in lines if line.trait == "head_age"} == {"60_plus": 12, "under_60": 8}


def test_a_trait_nobody_was_asked_about_is_no_group() -> None:
    rows = pd.DataFrame({"event": [1, 0] * 12, "county_code": ["1", "2"] * 12})
    nothing = pd.array([None] * 24, dtype="Int64")
    lines = group_checks(rows.assign(head_age=nothing, n_disabled_severe=nothing), pd.Series(np.linspace(0.1, 0.9, 24)))
    assert {line.trait for line in lines} == {"county"}
