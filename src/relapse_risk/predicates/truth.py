"""Whether a predicate holds: one evaluation for all readers, in Kleene's three values, and the columns and limits it uses."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import reduce
from operator import and_, or_

import numpy as np
import pandas as pd

from relapse_risk.predicates.clauses import Clause
from relapse_risk.predicates.comparisons import compare, limit_values, nothing_known, values_of
from relapse_risk.predicates.functions import FUNCTIONS, QUANTITIES
from relapse_risk.predicates.setting import Predicate, Setting

__all__ = [
    "SOMEBODY",
    "alternatives",
    "columns_of",
    "comparisons_in",
    "holds",
    "is_decidable",
    "limits_of",
    "named_in",
    "needs",
    "numeric",
    "shortfall",
]

SOMEBODY = "somebody_"  # columns of a household frame: whether the person predicate holds for a member
SIGN = {"below": 1.0, "at_most": 1.0, "above": -1.0, "at_least": -1.0}


def holds(
    what: str | Clause, frame: pd.DataFrame, setting: Setting, known: dict[str, pd.Series] | None = None
) -> pd.Series:
    """Where a predicate (or a clause) holds: nullable boolean on ``frame``'s index, ``<NA>`` where it is unknown.

    If the frame already has a column of the predicate's name, computed earlier from the same entry, it is used.  A
    missing column counts as not collected: unknown.

    Parameters
    ----------
    what : str or Clause
        Name of a predicate, or a clause.
    frame : DataFrame
        One row per person, household, or row of another table.
    setting : Setting
    known : dict of str to Series, optional
        Answers for this frame by predicate; filled during evaluation, so that each is computed once.

    Raises
    ------
    ParameterError
        For an unknown predicate, or a dated parameter without a value on the day.

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> from relapse_risk.predicates import setting_on
    >>> setting = setting_on(read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> holds("income_below_dibao", pd.DataFrame({"income_pc_year": [5299.0, 5300.0, None]}), setting).tolist()
    [True, False, <NA>]
    """
    known = {} if known is None else known
    if isinstance(what, str):
        if what not in known:
            known[what] = _answer(what, frame, setting, known)
        return known[what]
    if what.predicate is not None:
        return holds(what.predicate, frame, setting, known)
    if what.somebody is not None:
        name = SOMEBODY + what.somebody
        return frame[name].astype("boolean") if name in frame else nothing_known(frame)
    if what.not_ is not None:
        return ~holds(what.not_, frame, setting, known)
    if what.is_leaf:
        return compare(what, frame, setting)
    return reduce(and_ if what.all else or_, (holds(part, frame, setting, known) for part in what.parts))


def _answer(name: str, frame: pd.DataFrame, setting: Setting, known: dict[str, pd.Series]) -> pd.Series:
    if name in frame:
        return frame[name].astype("boolean")
    predicate = setting.predicate(name)
    if predicate.when is None:
        return FUNCTIONS[predicate.function].answer(frame, setting)
    return holds(predicate.when, frame, setting, known)


def numeric(predicate: Predicate) -> Clause | None:
    """The one comparison with a number that a predicate consists of; None for other predicates."""
    clause = predicate.when
    while clause is not None and len(clause.parts) == 1 and clause.not_ is None:
        clause = clause.parts[0]
    return clause if clause is not None and clause.is_leaf and clause.op in SIGN else None


def shortfall(name: str, frame: pd.DataFrame, setting: Setting) -> pd.Series:
    """By how much each row misses a numeric predicate (positive: misses it), ``<NA>`` where there is no number.

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> from relapse_risk.predicates import setting_on
    >>> setting = setting_on(read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> shortfall("income_below_dibao", pd.DataFrame({"income_pc_year": [5312.0]}), setting).tolist()
    [12.0]
    """
    clause = numeric(setting.predicate(name))
    values = values_of(clause, frame) if clause is not None else None
    if clause is None or clause.limit is None or values is None:
        return pd.Series(pd.NA, index=frame.index, dtype="Float64")
    missed = (pd.to_numeric(values).astype("Float64") - limit_values(clause.limit, frame, setting)) * SIGN[clause.op]
    return missed.replace([np.inf, -np.inf], pd.NA)


def alternatives(name: str, predicates: Mapping[str, Predicate]) -> tuple[Clause, ...]:
    """The alternative clauses, any of which makes a predicate hold, including those of nested predicates.

    Examples
    --------
    >>> from relapse_risk.predicates import read_predicates
    >>> [clause.names()[0] for clause in alternatives("struck_by_a_blow", read_predicates())]
    ['rigid_spending_above_income', 'loss_is_urgent', 'income_fell_sharply']
    """
    when = predicates[name].when
    only = when.parts[0] if when is not None and len(when.parts) == 1 else when
    if only is None or only.any is None:
        return (Clause(predicate=name),)
    named = [alternatives(part.predicate, predicates) if part.predicate else (part,) for part in only.any]
    return tuple(clause for group in named for clause in group)


def comparisons_in(what: Clause, predicates: Mapping[str, Predicate]) -> Iterator[Clause]:
    """Every comparison and ``somebody`` of a clause, including those of the predicates it names."""
    for clause in what.walk():
        if clause.predicate is not None:
            inner = predicates[clause.predicate].when
            yield from comparisons_in(inner, predicates) if inner is not None else ()
        elif clause.is_leaf or clause.somebody is not None:
            yield clause


def needs(what: str | Clause, predicates: Mapping[str, Predicate]) -> tuple[str, ...]:
    """Columns a predicate (or clause) reads, including those of the predicates it names; ``somebody_X`` for members.

    Examples
    --------
    >>> from relapse_risk.predicates import read_predicates
    >>> needs("dwelling_dangerous", read_predicates())
    ('dwelling_grade',)
    """
    clause = Clause(predicate=what) if isinstance(what, str) else what
    found: list[str] = []
    for name in named_in((clause,), predicates):
        found += FUNCTIONS[predicates[name].function].needs if predicates[name].function else ()
    for leaf in comparisons_in(clause, predicates):
        found += columns_of(leaf)
    return tuple(dict.fromkeys(found))


def columns_of(leaf: Clause) -> tuple[str, ...]:
    """Columns that a comparison needs."""
    if leaf.somebody is not None:
        return (SOMEBODY + leaf.somebody,)
    own = QUANTITIES[leaf.quantity].needs if leaf.quantity is not None else (str(leaf.column),)
    return own + (leaf.limit.columns if leaf.limit else ())


def named_in(clauses: Iterable[Clause], predicates: Mapping[str, Predicate]) -> Iterator[str]:
    """Predicates named by clauses, directly or through other predicates."""
    for name in (name for clause in clauses for name in clause.names()):
        yield name
        inner = predicates[name].when
        yield from named_in((inner,), predicates) if inner is not None else ()


def limits_of(what: str | Clause, predicates: Mapping[str, Predicate]) -> tuple[tuple[str, str], ...]:
    """Dated limits a predicate (or clause) compares with: (``parameter`` or ``line``, name), in order.

    Examples
    --------
    >>> from relapse_risk.predicates import read_predicates
    >>> limits_of("income_below_dibao_edge", read_predicates())
    (('line', 'dibao'), ('parameter', 'dibao_edge_ratio'))
    """
    clause = Clause(predicate=what) if isinstance(what, str) else what
    found: list[tuple[str, str]] = []
    for name in named_in((clause,), predicates):
        used = FUNCTIONS[predicates[name].function].limits if predicates[name].function else ()
        found += [("parameter", limit) for limit in used]
    for leaf in comparisons_in(clause, predicates):
        limit = leaf.limit if leaf.is_leaf else None
        found += [("line", limit.line)] if limit is not None and limit.line else []
        found += [("parameter", name) for name in (limit.parameters if limit is not None else ())]
    return tuple(dict.fromkeys(found))


def is_decidable(what: Clause, there: Collection[str], predicates: Mapping[str, Predicate]) -> bool:
    """Whether the collected columns (``there``) can decide a clause; for a combination, at least one of its clauses."""
    if what.predicate is not None:
        inner = predicates[what.predicate]
        if inner.when is None:
            return set(FUNCTIONS[inner.function].needs) <= set(there)
        return is_decidable(inner.when, there, predicates)
    if what.parts:
        return any(is_decidable(part, there, predicates) for part in what.parts)
    return set(columns_of(what)) <= set(there)
