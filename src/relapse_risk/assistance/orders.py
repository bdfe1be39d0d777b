"""Order lists: who comes first for an item with a quota or budget, stored so that a later draw explains each change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from relapse_risk.errors import ModelError, SourceError
from relapse_risk.files import sha256, write_json

__all__ = ["OrderList", "draw_order", "read_order", "redraw", "write_order"]

CHANGES = {
    "stays": ("仍在名单", "stays"),
    "enters": ("新进入", "enters"),
    "not_eligible": ("不再符合条件", "no longer entitled"),
    "aided": ("已得到救助", "has received the item"),
    "outranked": ("名次在限额之外", "now ranks beyond the limit"),
}

_COLUMNS = ("place", "household_id", "person_id", "priority", "need", "amount")
_TYPES = {"household_id": "str", "person_id": "str", "priority": float, "need": float, "amount": float, "drawn": bool}


@dataclass(frozen=True, slots=True)
class OrderList:
    """A drawn list.

    Attributes
    ----------
    item_code : str
    frame : DataFrame
        place (1 first), household_id, person_id, priority, amount, drawn (bool): all candidates.
    quota : int or None
    budget : float or None
        Currency for one delivery to each.
    digest : str
        SHA-256 of item, limits and the list: two draws with one digest are the same list.
    """

    item_code: str
    frame: pd.DataFrame
    quota: int | None
    budget: float | None
    digest: str

    def drawn(self) -> pd.DataFrame:
        """The rows on the list."""
        return self.frame[self.frame["drawn"]]


def draw_order(
    missing: pd.DataFrame, item_code: str, quota: int | None = None, budget: float | None = None
) -> OrderList:
    """Draw an item's list from the ranked, still entitled and not yet aided.

    Parameters
    ----------
    missing : DataFrame
        Reminders of the kind ``missing`` (:func:`relapse_risk.assistance.remind`), with ``amount`` where a budget is
        given: household_id, person_id, item_code, priority, need.
    item_code : str
    quota : int, optional
        Length of the list; or
    budget : float, optional
        Spent from the top; the first amount that no longer fits ends the list, so that nobody is skipped for a higher amount.

    Raises
    ------
    ModelError
        If not exactly one limit is given, or it is not positive, or an amount is missing under a budget.

    Notes
    -----
    Order: priority, then need (both descending), then household_id and person_id.

    Examples
    --------
    >>> rows = pd.DataFrame({"household_id": ["a", "b", "c"], "person_id": None, "item_code": "CL02", "need": [10.0, 50, 20],
    ...                      "priority": [40.0, 40, 90], "amount": 3500.0})
    >>> draw_order(rows, "CL02", quota=2).drawn()["household_id"].tolist()
    ['c', 'b']
    >>> draw_order(rows, "CL02", budget=8000).drawn()["household_id"].tolist()
    ['c', 'b']
    """
    if (quota is None) == (budget is None):
        raise ModelError(
            "one limit is needed",
            where=f"order of {item_code}",
            got=f"quota {quota}, budget {budget}",
            expected="quota or budget",
        )
    limit = quota if quota is not None else budget
    if limit is None or limit <= 0:
        raise ModelError("the limit is not positive", where=f"order of {item_code}", got=limit, expected="more than 0")
    rows = missing[missing["item_code"] == item_code]
    if rows.empty:
        return OrderList(
            item_code,
            _frame(rows).assign(drawn=pd.Series(dtype=bool)),
            quota,
            budget,
            _digest(item_code, quota, budget, []),
        )
    ranked = _frame(
        rows.sort_values(["priority", "need", "household_id", "person_id"], ascending=[False, False, True, True])
    )
    if quota is not None:
        drawn = ranked["place"] <= quota
    else:
        if ranked["amount"].isna().any():
            raise ModelError("an amount is unknown", where=f"order of {item_code}", fix="draw by quota")
        drawn = ranked["amount"].cumsum() <= budget
    frame = ranked.assign(drawn=drawn)
    return OrderList(item_code, frame, quota, budget, _digest(item_code, quota, budget, _listed(frame)))


def _frame(rows: pd.DataFrame) -> pd.DataFrame:
    frame = rows.reindex(columns=list(_COLUMNS[1:])).reset_index(drop=True)
    frame.insert(0, "place", range(1, len(frame) + 1))
    return frame


def _listed(frame: pd.DataFrame) -> list[list[str]]:
    rows = frame[frame["drawn"]]
    return [
        [str(home), "" if pd.isna(person) else str(person)]
        for home, person in zip(rows["household_id"], rows["person_id"], strict=True)
    ]


def _digest(item_code: str, quota: int | None, budget: float | None, listed: list[list[str]]) -> str:
    text = json.dumps([item_code, quota, budget, listed], ensure_ascii=False, separators=(",", ":"))
    return sha256([text])


def redraw(before: OrderList, missing: pd.DataFrame, entitled: pd.DataFrame) -> tuple[OrderList, pd.DataFrame]:
    """Draw again under the same limit and explain for each candidate why they stay, enter or leave.

    Parameters
    ----------
    before : OrderList
    missing : DataFrame
        Reminders now.
    entitled : DataFrame
        Entitlements now (``Entitlements.granted()``): it still includes those who left because they received the item.

    Returns
    -------
    (OrderList, DataFrame)
        The new list, and household_id, person_id, change (``stays`` | ``enters`` | ``not_eligible`` | ``aided`` |
        ``outranked``), place_before, place, zh, en.
    """
    after = draw_order(missing, before.item_code, before.quota, before.budget)
    keys = ["household_id", "person_id"]
    old, new = before.drawn(), after.frame
    both = _keyed(old)[[*keys, "key", "place"]].rename(columns={"place": "place_before"}).merge(
        _keyed(new)[[*keys, "key", "place", "drawn"]], on="key", how="outer", suffixes=("", "_new")
    )  # fmt: skip
    for name in keys:
        both[name] = both[name].fillna(both[f"{name}_new"])
    drawn = both["drawn"].eq(True)
    was = both["place_before"].notna()
    still = set(_keyed(entitled[entitled["item_code"] == before.item_code])["key"])
    change = pd.Series("outranked", index=both.index)
    change = change.mask(both["place"].isna() & both["key"].isin(still), "aided")
    change = change.mask(both["place"].isna() & ~both["key"].isin(still), "not_eligible")
    change = change.mask(drawn & was, "stays").mask(drawn & ~was, "enters")
    changed = both.assign(change=change)[was | drawn]
    changed = changed.assign(
        zh=changed["change"].map(lambda c: CHANGES[c][0]), en=changed["change"].map(lambda c: CHANGES[c][1])
    )
    columns = [*keys, "change", "place_before", "place", "zh", "en"]
    return after, changed.sort_values(["place", "place_before"])[columns].reset_index(drop=True)


def _keyed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(key=frame["household_id"] + "|" + frame["person_id"].fillna("").astype("str"))


def write_order(order: OrderList, path: str | Path) -> Path:
    """Write a drawn list as JSON: item, limits, digest and all candidates; completely or not at all."""
    rows = json.loads(order.frame.to_json(orient="records", force_ascii=False))
    content = {
        "item": order.item_code, "quota": order.quota, "budget": order.budget, "digest": order.digest, "rows": rows,
    }  # fmt: skip
    return write_json(Path(path), content)


def read_order(path: str | Path) -> OrderList:
    """A list written by :func:`write_order`.

    Raises
    ------
    SourceError
        If the file is not such a list, or its rows were changed.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        frame = pd.DataFrame(content["rows"], columns=[*_COLUMNS, "drawn"]).astype(_TYPES)
        order = OrderList(content["item"], frame, content["quota"], content["budget"], content["digest"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError("not an order list", where=str(path), fix="name the .json that order wrote") from error
    now = _digest(order.item_code, order.quota, order.budget, _listed(order.frame))
    if now != order.digest:
        raise SourceError(
            "the list was changed after it was drawn", where=str(path), got=now[:12], expected=order.digest[:12],
            fix="restore the file, or draw again",
        )  # fmt: skip
    return order
