"""Simple rules that stand beside an allocation: in order of rank, first come first served, by headcount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
import pandas as pd

from relapse_risk.decisions.allocation import Allocation, check_options, entitlements_first, result_of
from relapse_risk.decisions.programme import Limits
from relapse_risk.errors import ModelError

__all__ = ["allocate_by_rule"]

Rule = Literal["rank", "first_come", "headcount"]


def allocate_by_rule(
    options: pd.DataFrame, limits: Limits, rule: Rule, order: pd.Series, groups: Mapping[str, pd.Index] | None = None
) -> Allocation:
    """The same money by a simple rule, to stand beside: households in order, each its best option that still fits.

    Parameters
    ----------
    options, limits
        As in :func:`allocate_items`; shares, coverage and floors of change are not looked at.
    rule : {"rank", "first_come", "headcount"}
        By a score, the highest first; by a date or number, the lowest first; the budget split among ``groups`` by their
        households, then by the score within each.
    order : Series, shape (households,)
        Score (rank, headcount) or date of application (first come) by household; households without one come last.
    groups : mapping of str to Index, optional
        For headcount; every household in one of them.

    Returns
    -------
    Allocation

    Raises
    ------
    ModelError
        For wrong options, an unknown rule, or headcount without groups.

    References
    ----------
    Coady, Grosh and Hoddinott (2004) for the rules.

    Examples
    --------
    >>> options = pd.DataFrame({"household_id": ["a", "b", "c"], "item_code": ["post"] * 3, "cost": [6.0, 5.0, 5.0],
    ...                         "change": [7.0, 5.0, 5.0], "entitled": False, "confidence": "assumed"})
    >>> allocate_by_rule(options, Limits(budget=10.0), "rank", pd.Series({"a": 0.9, "b": 0.5, "c": 0.4})).value
    7.0
    """
    if rule not in ("rank", "first_come", "headcount") or (rule == "headcount" and not groups):
        raise ModelError(
            "rule of allocation",
            where="allocate_by_rule",
            got=rule,
            expected="rank, first_come, or headcount with groups",
        )
    frame = check_options(options, limits)
    state, left, short_by = entitlements_first(frame, limits)
    by_score = order.sort_values(ascending=rule == "first_come", kind="stable")
    later = pd.Index(frame["household_id"].unique()).difference(by_score.index, sort=False)
    queue = [*by_score.index, *later]
    queues, budgets = [queue], [left.budget]
    if rule == "headcount" and groups:
        sizes = np.array([len(group) for group in groups.values()], dtype=float)
        queues = [[one for one in queue if one in group] for group in groups.values()]
        budgets = list(left.budget * sizes / sizes.sum())
    rows_of = {home: list(rows) for home, rows in frame[state == "open"].groupby("household_id").groups.items()}
    stock = {**{f"places: {item}": float(n) for item, n in left.places.items()}, **left.resources}
    given = {
        home: [str(i) for i in items] for home, items in frame[state == "entitled"].groupby("household_id")["item_code"]
    }
    chosen: list[int] = []
    for line, budget in zip(queues, budgets, strict=True):
        money = budget
        for home in line:
            own = given.setdefault(home, [])
            for row in sorted(rows_of.get(home, []), key=lambda r: (-frame.at[r, "change"], r)):
                item = str(frame.at[row, "item_code"])
                takes = {name: float(frame.at[row, name]) for name in left.resources} | {f"places: {item}": 1.0}
                short = any(amount > stock.get(name, np.inf) for name, amount in takes.items())
                room = limits.most_items is None or len(own) < limits.most_items
                clash = any({item, other} == set(pair) for other in own for pair in limits.exclusive)
                if frame.at[row, "cost"] <= money and frame.at[row, "change"] > 0 and room and not short and not clash:
                    money -= float(frame.at[row, "cost"])
                    stock.update({name: stock[name] - amount for name, amount in takes.items() if name in stock})
                    own.append(item)
                    chosen.append(row)
    open_rows = np.flatnonzero(state == "open")
    none = pd.DataFrame({"limit": pd.Series(dtype="str"), "price": pd.Series(dtype="float64")})
    return result_of(frame, state, open_rows, np.isin(open_rows, chosen), float("nan"), short_by, none)
