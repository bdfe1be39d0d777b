"""From persons to households: the number of members for whom a predicate holds, and whether it holds for any."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from relapse_risk.predicates.setting import Predicate
from relapse_risk.predicates.truth import SOMEBODY

__all__ = ["asked_of_members", "count_true", "somebody"]


def asked_of_members(predicates: Mapping[str, Predicate]) -> tuple[str, ...]:
    """Person predicates that a household predicate uses for its members."""
    clauses = (clause for one in predicates.values() if one.when is not None for clause in one.when.walk())
    return tuple(dict.fromkeys(clause.somebody for clause in clauses if clause.somebody is not None))


def count_true(flags: pd.DataFrame, household: pd.Series) -> pd.DataFrame:
    """Members for whom each flag is true, by household; null where no member has an answer.

    Examples
    --------
    >>> flags = pd.DataFrame({"sick": pd.array([True, None, None], dtype="boolean")})
    >>> count_true(flags, pd.Series(["a", "a", "b"]))["sick"].tolist()
    [1, <NA>]
    """
    grouped = flags.astype("Float64").groupby(household.array, sort=True)
    return grouped.sum(min_count=1).astype("Int64")


def somebody(flags: pd.DataFrame, household: pd.Series) -> pd.DataFrame:
    """Whether each flag is true for any member, by household, as ``somebody_<flag>``.

    Null where it is true for nobody and some answer is missing (Kleene's logic).

    Examples
    --------
    >>> flags = pd.DataFrame({"sick": pd.array([True, None, False, None, False], dtype="boolean")})
    >>> somebody(flags, pd.Series(["a", "a", "b", "b", "c"]))["somebody_sick"].tolist()
    [True, <NA>, False]
    """
    yes = flags.fillna(False).astype(bool).groupby(household.array, sort=True).any()
    unknown = flags.isna().groupby(household.array, sort=True).any()
    return yes.astype("boolean").mask(~yes & unknown).add_prefix(SOMEBODY)
