"""What to give: household × item within a budget, places and exclusions, entitlements first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix, vstack

from relapse_risk.decisions.programme import Limits, Rows, check_feasible, infeasible, limit_rows, prices_of
from relapse_risk.errors import ModelError
from relapse_risk.languages import Language
from relapse_risk.text import text
from relapse_risk.text.by_language import decimal

__all__ = ["Allocation", "allocate_items", "bounded_loss", "check_options", "entitlements_first", "result_of"]

Floats = npt.NDArray[np.float64]
COLUMNS = ("household_id", "item_code", "cost", "change", "entitled", "confidence")
CONFIDENCE = ("estimated", "documented", "assumed")
TIE = 1e-9  # relative: choices whose values are this close are equal


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who gets what.

    Attributes
    ----------
    frame : DataFrame
        The options, with ``given`` and ``why``: entitled, chosen, not_chosen, unknown (effect not known) or excluded.
    value : float
        Expected change of what was chosen; entitlements and unknown effects are not in it.
    bound, gap : float
        No choice within the limits has a larger value; (bound - value) / bound, 0 where the optimum is proven; NaN for a rule.
    spent, short_by : float
        Money for all that is given; what entitlements alone cost over the budget (they are given all the same).
    prices : DataFrame
        limit, price: what one more unit of it would change (dual of the relaxed programme).
    """

    frame: pd.DataFrame
    value: float
    bound: float
    gap: float
    spent: float
    short_by: float
    prices: pd.DataFrame

    def reasons(self, language: Language, unit: str) -> pd.Series:
        """Why each option is given or not, in words; ``unit`` is that of money."""
        return pd.Series(
            [_reason(row, language, unit) for row in self.frame.to_dict("records")], index=self.frame.index, dtype="str"
        )


def allocate_items(
    options: pd.DataFrame, limits: Limits, groups: Mapping[str, pd.Index] | None = None, gap: float = 0.0,
    seconds: float = 60.0, prices: bool = True,
) -> Allocation:  # fmt: skip
    """The choice with the largest expected change, after everybody's entitlements.

    Entitled options are given whatever they cost; what is left of budget and places is shared out by a mixed-integer
    programme: maximise Σ change · x, x household × item, 0 or 1.  Options whose change is not known are never chosen.

    Parameters
    ----------
    options : DataFrame
        household_id, item_code (each pair once), cost (yuan), change (expected change if helped, larger is better; null
        where not known), entitled (bool), confidence (estimated | documented | assumed) of the change.
    limits : Limits
    groups : mapping of str to Index, optional
        Households of each group that ``limits`` names.
    gap : float
        Relative gap at which the search may stop.
    seconds : float
        At which it stops with the best choice found.
    prices : bool
        Also the price of every limit (a second, relaxed programme).

    Returns
    -------
    Allocation

    Raises
    ------
    ModelError
        For wrong options, unknown groups, or limits that cannot hold together, which are named.

    References
    ----------
    Kellerer, Pferschy and Pisinger (2004), *Knapsack Problems*; Huangfu and Hall (2018), doi:10.1007/s12532-017-0130-5.

    Examples
    --------
    >>> options = pd.DataFrame({"household_id": ["a", "b", "c"], "item_code": ["post"] * 3, "cost": [6.0, 5.0, 5.0],
    ...                         "change": [7.0, 5.0, 5.0], "entitled": False, "confidence": "assumed"})
    >>> found = allocate_items(options, Limits(budget=10.0))
    >>> found.frame.loc[found.frame["given"], "household_id"].tolist(), found.value
    (['b', 'c'], 10.0)
    """
    frame = check_options(options, limits)
    groups = _groups(limits, groups)
    state, left, short_by = entitlements_first(frame, limits)
    open_rows = np.flatnonzero(state == "open")
    rows = limit_rows(frame, open_rows, state == "entitled", limits, left, groups)
    n, extra = len(open_rows), rows.matrix.shape[1] - len(open_rows)
    change = frame["change"].to_numpy(dtype=float)[open_rows]
    taken, bound = np.zeros(n, bool), 0.0
    price = pd.DataFrame({"limit": pd.Series(dtype="str"), "price": pd.Series(dtype="float64")})
    if n:
        aim = np.concatenate([-change, np.zeros(extra)])
        found = _solved(aim, rows, gap, seconds)
        if found is None:
            raise infeasible(rows, limits, n + extra)
        bound = -float(found.mip_dual_bound)
        if gap == 0:  # of equal choices that of earlier rows
            same = Rows(
                [],
                csr_matrix(vstack([rows.matrix, csr_matrix(aim)])),
                np.append(rows.low, -np.inf),
                np.append(rows.high, found.fun + TIE * (1 + abs(found.fun))),
            )
            earlier = np.concatenate([np.arange(1, n + 1) / n, np.zeros(extra)])
            found = _solved(earlier, same, 0.0, seconds) or found
        taken = found.x[:n] > 0.5
        price = prices_of(aim, rows) if prices else price
        check_feasible(rows, np.concatenate([taken, np.round(found.x[n:])]))
    else:
        check_feasible(rows, np.zeros(extra))
    return result_of(frame, state, open_rows, taken, bound, short_by, price)


def _reason(row: Mapping[Any, Any], language: Language, unit: str) -> str:
    values = {"cost": decimal(row["cost"], 0, language), "unit": unit}
    if row["why"] == "chosen":
        confidence = text(f"decision.confidence.{row['confidence']}", language)
        values |= {"change": decimal(row["change"], 2, language), "confidence": confidence}
    return text(f"decision.{row['why']}", language, **values)


def bounded_loss(limits: Limits, reference: Allocation, groups: Mapping[str, pd.Index], loss: float) -> Limits:
    """Limits under which no group's expected change falls by more than ``loss`` of what ``reference`` gives it.

    Its price is the value of :func:`allocate_items` without the bound less the value with it.

    Parameters
    ----------
    limits : Limits
    reference : Allocation
        Such as today's rule.
    groups : mapping of str to Index
    loss : float
        0 … 1.

    Returns
    -------
    Limits

    Raises
    ------
    ModelError
        For a loss outside 0 … 1.

    References
    ----------
    Bertsimas, Farias and Trichakis (2011), doi:10.1287/opre.1100.0865 (price of fairness).

    Examples
    --------
    >>> options = pd.DataFrame({"household_id": ["a", "b"], "item_code": "post", "cost": 5.0, "change": [7.0, 4.0],
    ...                         "entitled": False, "confidence": "assumed"})
    >>> from relapse_risk.decisions import allocate_by_rule
    >>> groups = {"women": pd.Index(["b"])}
    >>> today = allocate_by_rule(options, Limits(budget=5.0), "first_come", pd.Series({"b": 1, "a": 2}))
    >>> fair = bounded_loss(Limits(budget=5.0), today, groups, 0.5)
    >>> allocate_items(options, Limits(budget=5.0)).value - allocate_items(options, fair, groups).value
    3.0
    """
    if not 0 <= loss <= 1:
        raise ModelError("share of loss", where="bounded_loss", got=loss, expected="0 … 1")
    chosen = reference.frame[reference.frame["why"] == "chosen"]
    floors = {
        name: (1 - loss) * float(chosen.loc[chosen["household_id"].isin(group), "change"].sum())
        for name, group in groups.items()
    }
    return replace(limits, change={**limits.change, **floors})


def check_options(options: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Options with every column that is needed, in numbers.

    Raises
    ------
    ModelError
        Naming the column that is wrong.
    """
    if missing := [name for name in (*COLUMNS, *limits.resources) if name not in options]:
        raise ModelError("options lack columns", where="options", got=missing, expected=" | ".join(COLUMNS))
    frame = options.reset_index(drop=True)
    if frame.duplicated(["household_id", "item_code"]).any():
        raise ModelError("an option is given twice", where="options", fix="one row per household and item")
    cost = frame["cost"].astype("float64")
    if cost.isna().any() or (cost < 0).any():
        raise ModelError(
            "cost of an option",
            where="options",
            got=int((cost.isna() | (cost < 0)).sum()),
            expected="0 or more yuan in every row",
        )
    if any(frame[name].isna().any() or (frame[name] < 0).any() for name in limits.resources):
        raise ModelError(
            "what an option takes", where="options", got=sorted(limits.resources), expected="0 or more in every row"
        )
    if frame["entitled"].isna().any():
        raise ModelError(
            "whether a household is entitled is not known", where="options", fix="ask first; or leave the option out"
        )
    if not set(frame["confidence"].dropna()) <= set(CONFIDENCE):
        raise ModelError(
            "confidence of a change",
            where="options",
            got=sorted(set(map(str, frame["confidence"])))[:5],
            expected=" | ".join(CONFIDENCE),
        )
    if (frame["change"].notna() & frame["confidence"].isna()).any():
        raise ModelError("a change without a confidence", where="options", fix="'assumed' where nobody estimated it")
    return frame.assign(cost=cost, change=frame["change"].astype("float64"), entitled=frame["entitled"].astype(bool))


def _groups(limits: Limits, groups: Mapping[str, pd.Index] | None) -> Mapping[str, pd.Index]:
    named = {*limits.share, *limits.covered, *limits.change}
    if unknown_groups := sorted(named - set(groups or {})):
        raise ModelError("limits name groups nobody described", where="limits", got=unknown_groups, fix="give groups")
    return groups or {}


def entitlements_first(frame: pd.DataFrame, limits: Limits) -> tuple[npt.NDArray[np.object_], Limits, float]:
    """State of each option (entitled, unknown, excluded, open), what is left to choose with, and what is missing."""
    entitled = frame["entitled"].to_numpy()
    state = np.where(entitled, "entitled", np.where(frame["change"].isna(), "unknown", "open")).astype(object)
    owed = frame[entitled].groupby("household_id")["item_code"].agg(set)
    for row in np.flatnonzero((state == "open") & frame["household_id"].isin(owed.index).to_numpy()):
        own = owed.get(frame.at[row, "household_id"], set())
        item = frame.at[row, "item_code"]
        full = limits.most_items is not None and len(own) >= limits.most_items
        if full or any(item in pair and (set(pair) - {item}) & own for pair in limits.exclusive):
            state[row] = "excluded"
    money = limits.budget - float(frame.loc[entitled, "cost"].sum())
    used = frame.loc[entitled, "item_code"].value_counts()
    places = {item: max(int(n - used.get(item, 0)), 0) for item, n in limits.places.items()}
    resources = {
        name: max(much - float(frame.loc[entitled, name].sum()), 0.0) for name, much in limits.resources.items()
    }
    return state, replace(limits, budget=max(money, 0.0), places=places, resources=resources), max(-money, 0.0)


def _solved(aim: Floats, rows: Rows, gap: float, seconds: float) -> Any:
    """The solver's answer, None where it found no choice."""
    found = milp(
        aim, constraints=LinearConstraint(rows.matrix, rows.low, rows.high), integrality=np.ones(len(aim)), bounds=Bounds(0, 1),
        options={"mip_rel_gap": gap, "time_limit": seconds},
    )  # fmt: skip
    return None if found.x is None else found


def result_of(
    frame: pd.DataFrame, state: npt.NDArray[np.object_], open_rows: npt.NDArray[np.int64], taken: npt.NDArray[np.bool_],
    bound: float, short_by: float, prices: pd.DataFrame,
) -> Allocation:  # fmt: skip
    """The allocation from what was taken of the open rows: why each row is in or out, its value, bound and gap."""
    why = state.copy()
    why[open_rows] = np.where(taken, "chosen", "not_chosen")
    given = np.isin(why, ["entitled", "chosen"])
    value = float(frame["change"].to_numpy()[why == "chosen"].sum())
    bound = max(bound, value) if np.isfinite(bound) else bound
    gap = (bound - value) / bound if bound else 0.0
    gap = 0.0 if gap < 10 * TIE else gap
    spent = float(frame["cost"].to_numpy()[given].sum())
    return Allocation(
        frame.assign(given=given, why=pd.array(why, dtype="str")), value, bound, gap, spent, short_by, prices
    )
