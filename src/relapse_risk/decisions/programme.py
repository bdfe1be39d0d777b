"""The programme of an allocation: every limit as a row, its price, and what cannot hold together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_matrix, hstack, identity, vstack

from relapse_risk.errors import ModelError

__all__ = ["Limits", "Rows", "check_feasible", "infeasible", "limit_rows", "prices_of"]

Floats = npt.NDArray[np.float64]
FEASIBLE = 1e-6  # relative: a limit may be passed by rounding


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds the choice.

    Attributes
    ----------
    budget : float
        Money for everything, entitlements included.
    places : mapping of item to int
        Capacity of departments; items left out have none.
    resources : mapping of column to float
        Other things that are scarce, such as hours of a department: a column of the options says what each takes.
    most_items : int or None
        Items that one household may be given.
    exclusive : tuple of (item, item)
        Not both to one household.
    share : mapping of group to (float, float)
        Least and greatest share of the budget spent on a group.
    covered : mapping of group to int
        Least number of households of a group that are given something.
    change : mapping of group to float
        Least expected change in a group (:func:`bounded_loss`).
    """

    budget: float
    places: Mapping[str, int] = field(default_factory=dict)
    resources: Mapping[str, float] = field(default_factory=dict)
    most_items: int | None = None
    exclusive: tuple[tuple[str, str], ...] = ()
    share: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    covered: Mapping[str, int] = field(default_factory=dict)
    change: Mapping[str, float] = field(default_factory=dict)


class Rows(NamedTuple):
    """Limits of the programme: names, coefficients, and least and greatest values."""

    names: list[str]
    matrix: csr_matrix
    low: Floats
    high: Floats


def limit_rows(
    frame: pd.DataFrame, chosen_from: npt.NDArray[np.int64], entitled: npt.NDArray[np.bool_], limits: Limits, left: Limits,
    groups: Mapping[str, pd.Index],
) -> Rows:  # fmt: skip
    """Every limit as a row over the open options and, after them, whether a household of a group to be covered is."""
    few = frame.iloc[chosen_from]
    homes, items, n = few["household_id"].to_numpy(), few["item_code"].to_numpy(), len(few)
    cost, change = few["cost"].to_numpy(), few["change"].to_numpy()
    owed = frame[entitled]
    names, rows, low, high = ["budget"], [csr_matrix(cost)], [-np.inf], [left.budget]

    def add(name: str, row: Floats, least: float, most: float) -> None:
        names.append(name)
        rows.append(csr_matrix(row))
        low.append(least)
        high.append(most)

    for item, number in left.places.items():
        add(f"places: {item}", (items == item) * 1.0, -np.inf, number)
    for name, much in left.resources.items():
        add(f"resource: {name}", few[name].to_numpy(dtype=float), -np.inf, much)
    for name, (least, most) in limits.share.items():
        before = float(owed.loc[owed["household_id"].isin(groups[name]), "cost"].sum())
        add(
            f"share: {name}",
            cost * np.isin(homes, groups[name]),
            least * limits.budget - before,
            most * limits.budget - before,
        )
    for name, least in limits.change.items():
        add(f"change: {name}", change * np.isin(homes, groups[name]), least, np.inf)
    per_home = few.groupby("household_id", sort=False).indices
    sparse: list[tuple[npt.NDArray[np.int64], float]] = []
    if limits.most_items is not None:
        had = owed["household_id"].value_counts()
        sparse += [(own, limits.most_items - float(had.get(home, 0))) for home, own in per_home.items()]
        names += ["items of a household"] * len(per_home)
    for one, other in limits.exclusive:
        pairs = [own[np.isin(items[own], (one, other))] for own in per_home.values()]
        sparse += [(own, 1.0) for own in pairs if len(own) > 1]
        names += [f"exclusive: {one}, {other}"] * (len(sparse) + len(rows) - len(names))
    blocks = list(rows)
    if sparse:
        lengths = [len(own) for own, _ in sparse]
        columns = np.concatenate([own for own, _ in sparse])
        blocks.append(
            csr_matrix(
                (np.ones(len(columns)), (np.repeat(np.arange(len(sparse)), lengths), columns)), shape=(len(sparse), n)
            )
        )
        low, high = [*low, *[-np.inf] * len(sparse)], [*high, *[most for _, most in sparse]]
    matrix = csr_matrix(vstack(blocks))
    return _with_cover(Rows(names, matrix, np.array(low), np.array(high)), per_home, owed, limits, groups, n)


def _with_cover(
    rows: Rows, per_home: Mapping[str, npt.NDArray[np.int64]], owed: pd.DataFrame, limits: Limits,
    groups: Mapping[str, pd.Index], n: int,
) -> Rows:  # fmt: skip
    """A variable z ≤ Σ x for each household of a group to be covered, and Σ z ≥ what is asked."""
    if not limits.covered:
        return rows
    have = set(owed["household_id"])
    homes = [home for home in per_home if home not in have and any(home in groups[name] for name in limits.covered)]
    count = len(homes)
    own = [per_home[home] for home in homes]
    row = np.repeat(np.arange(count), [len(options) for options in own])
    given = csr_matrix((-np.ones(len(row)), (row, np.concatenate([np.empty(0, int), *own]))), shape=(count, n))
    link = hstack([given, identity(count)])
    need, least = np.zeros((len(limits.covered), n + count)), []
    for g, (name, number) in enumerate(limits.covered.items()):
        need[g, n:] = [home in groups[name] for home in homes]
        least.append(number - len(have & set(groups[name])))
    wide = csr_matrix(
        (rows.matrix.data, rows.matrix.indices, rows.matrix.indptr), shape=(rows.matrix.shape[0], n + count)
    )
    return Rows(
        [*rows.names, *["covered"] * count, *[f"covered: {name}" for name in limits.covered]],
        csr_matrix(vstack([wide, link, csr_matrix(need)])),
        np.concatenate([rows.low, np.full(count, -np.inf), least]),
        np.concatenate([rows.high, np.zeros(count), np.full(len(least), np.inf)]),
    )


def prices_of(aim: Floats, rows: Rows) -> pd.DataFrame:
    """Duals of the named limits in the relaxed programme (change per unit of the limit)."""
    least, most = np.isfinite(rows.low), np.isfinite(rows.high)
    matrix = vstack([rows.matrix[most], -rows.matrix[least]])
    found = linprog(aim, A_ub=matrix, b_ub=np.concatenate([rows.high[most], -rows.low[least]]), bounds=(0, 1))
    if found.x is None:
        return pd.DataFrame({"limit": rows.names, "price": np.nan})
    price = np.zeros(len(rows.names))
    price[most] -= found.ineqlin.marginals[: most.sum()]
    price[least] += found.ineqlin.marginals[most.sum() :]
    table = pd.DataFrame({"limit": rows.names, "price": price})
    return pd.concat(
        [table, pd.DataFrame({"limit": ["relaxed value"], "price": [-float(found.fun)]})], ignore_index=True
    )


def _holds(rows: Rows, x: Floats) -> bool:
    value = rows.matrix @ x
    slack = FEASIBLE * (1 + np.abs(value))
    return bool(((value >= rows.low - slack) & (value <= rows.high + slack)).all())


def check_feasible(rows: Rows, x: Floats) -> None:
    """Raise if a choice breaks a limit: a solver may call optimal what holds within its tolerance only."""
    if not _holds(rows, x):
        raise ModelError(
            "the solver's choice breaks a limit when rounded",
            where="allocate_items",
            fix="report this with the options",
        )


def infeasible(rows: Rows, limits: Limits, n: int) -> ModelError:
    """The error that names limits which cannot hold together."""
    least = sum(low for low, _ in limits.share.values())
    if least > 1 + FEASIBLE:
        shares = ", ".join(f"{name} {low:.0%}" for name, (low, _) in limits.share.items())
        return ModelError(
            "least shares add up to more than the budget",
            where="limits.share",
            got=f"{shares}: {least:.0%}",
            expected="at most 100%",
        )
    guilty = []
    for kind in ("places", "resource", "share", "change", "covered: ", "items of", "exclusive"):
        keep = np.array([not name.startswith(kind) for name in rows.names])
        if keep.all():
            continue
        freed = milp(
            np.zeros(n),
            constraints=LinearConstraint(rows.matrix[keep], rows.low[keep], rows.high[keep]),
            integrality=np.ones(n),
            bounds=Bounds(0, 1),
        )
        if freed.x is not None:
            guilty += sorted({name for name in rows.names if name.startswith(kind)})
    return ModelError(
        "limits cannot hold together, or no choice was found in time", where="limits", got=guilty[:8] or "budget",
        expected="limits that some choice meets", fix="loosen one of those named",
    )  # fmt: skip
