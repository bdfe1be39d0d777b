"""Lines of order lists in the log of events: drawn, sent, delivered in part or whole, cancelled, shown by the ledger."""

from __future__ import annotations

from datetime import date

import pandas as pd

from relapse_risk.assistance.aid_log import ORDER
from relapse_risk.assistance.assessed_register import Assessed
from relapse_risk.assistance.catalogue import Catalogue
from relapse_risk.assistance.ledger import receipts
from relapse_risk.assistance.orders import OrderList
from relapse_risk.events import Added, Event, KeptLog, Standing
from relapse_risk.languages import Label

__all__ = [
    "cancel_order", "confirm_orders", "drawn_lines", "enter_order", "not_drawn_yet", "order_lines", "send_order",
]  # fmt: skip

Who = tuple[str, str]  # household, person (empty for household items)


def line_of(item: str, cycle: str, who: Who) -> str:
    """What a line is about, whatever list it stands on.

    Examples
    --------
    >>> line_of("CL02", "2021", ("H1", ""))
    'CL02|2021|H1|'
    """
    return f"{item}|{cycle}|{who[0]}|{who[1]}"


def drawn_lines(log: KeptLog, item_code: str, cycle: str) -> dict[Who, str]:
    """(household, person) of everybody drawn for the item in the cycle, and the digest of their list.

    Somebody whose line was cancelled, or who was not delivered to, can be drawn again and is not among them.
    """
    return {
        (one.facts["household"], one.facts.get("person", "")): one.facts["list"]
        for one in log.now_of(ORDER).values()
        if log.is_open(one) and (one.facts["item"], one.facts["cycle"]) == (item_code, cycle)
    }


def not_drawn_yet(missing: pd.DataFrame, drawn: dict[Who, str], but: str = "") -> pd.DataFrame:
    """``missing`` without those who stand on another list than ``but``.

    Examples
    --------
    >>> rows = pd.DataFrame({"household_id": ["a", "b"], "person_id": ["p", None]})
    >>> not_drawn_yet(rows, {("b", ""): "77ab"})["household_id"].tolist()
    ['a']
    """
    keys = zip(missing["household_id"], missing["person_id"].fillna("").astype("str"), strict=True)
    free = [drawn.get((str(home), person), but) == but for home, person in keys]
    return missing[pd.Series(free, index=missing.index, dtype=bool)]


def enter_order(
    log: KeptLog, order: OrderList, day: date, by: str = "order", before: OrderList | None = None,
    places: dict[str, tuple[str, str]] | None = None,
) -> int:  # fmt: skip
    """Write down who was drawn; with ``before``, this list takes the place of that one.

    Parameters
    ----------
    log : KeptLog
        :func:`relapse_risk.assistance.open_aid_log`.
    order : OrderList
    day : datetime.date
    by : str
    before : OrderList, optional
        Whose lines that are not drawn any more are cancelled.
    places : mapping, optional
        County and town by household.

    Returns
    -------
    int
        Who stands on it.

    Raises
    ------
    RegisterError
        If somebody stands on another list of the cycle, naming where the line stands: nothing is written then.
    """
    rows = order.drawn()
    if before is not None and before.digest == order.digest:
        return len(rows)
    standing = drawn_lines(log, order.item_code, order.cycle)
    mine = {who: digest for who, digest in standing.items() if before is not None and digest == before.digest}
    people = {(str(r["household_id"]), "" if pd.isna(r["person_id"]) else str(r["person_id"])): r for r in rows.to_dict("records")}  # fmt: skip
    events = []
    for who in mine:
        if who not in people:
            events.append(_event(order, who, "cancelled", day, by, places, _redrawn(order.digest, mine[who])))  # fmt: skip
    for who, row in people.items():
        facts = {"list": order.digest, "place": str(int(row["place"]))}
        facts |= {} if pd.isna(row["amount"]) else {"amount": f"{row['amount']:g}"}
        if who in mine:
            events.append(_event(order, who, "drawn_again", day, by, places, facts=facts))
            continue
        facts |= {"household": who[0], "item": order.item_code, "cycle": order.cycle} | (
            {"person": who[1]} if who[1] else {}
        )
        events.append(_event(order, who, "drawn", day, by, places, facts=facts))
    log.append(events)
    return len(people)


def _redrawn(now: str, before: str) -> str:
    return Label(
        zh=f"不在名单{now[:12]}上，该名单取代{before[:12]}",
        en=f"not on list {now[:12]}, which took the place of {before[:12]}",
    ).cell


def _event(
    order: OrderList, who: Who, step: str, day: date, by: str, places: dict[str, tuple[str, str]] | None, reason: str = "",
    facts: dict[str, str] | None = None,
) -> Event:  # fmt: skip
    on, (county, town) = day.isoformat(), (places or {}).get(who[0], ("", ""))
    return Event(ORDER, line_of(order.item_code, order.cycle, who), 0, step, on, on, by, "office", county, town, reason=reason, source=f"order {order.item_code}", facts=facts or {})  # fmt: skip


def _live(log: KeptLog, order: OrderList, *states: str) -> list[Standing]:
    """Lines of a list that are in one of ``states``."""
    return [one for one in log.now_of(ORDER).values() if one.state in states and one.facts["list"] == order.digest]


def cancel_order(log: KeptLog, order: OrderList, day: date, by: str, reason: str) -> int:
    """Cancel what of a list has not been delivered, so that they can be drawn again; how many lines.

    Raises
    ------
    RegisterError
        If no reason is given.
    """
    on = day.isoformat()
    return len(
        log.append(
            Event(ORDER, one.thing, 0, "cancelled", on, on, by, "office", *one.place, reason, source="order --cancel")
            for one in _live(log, order, "drawn", "sent")
        ).written
    )


def send_order(log: KeptLog, order: OrderList, day: date, by: str, department: str, due_on: date | None = None) -> int:
    """Note that a list went to whom delivers; how many lines were sent that had not been."""
    on, due = day.isoformat(), {"due_on": due_on.isoformat()} if due_on else {}
    facts = {"list": order.digest, "department": department} | due
    return len(
        log.append(
            Event(ORDER, one.thing, 0, "sent", on, on, by, "office", *one.place, source="order --send", facts=facts)
            for one in _live(log, order, "drawn")
        ).written
    )


def confirm_orders(log: KeptLog, at: Assessed, catalogue: Catalogue, day: date) -> Added:
    """Note which lines the month's aid records show to have been delivered.

    A person's line is shown by a record of the person or one that names no person; a household's by any record of it.
    Only records delivered on or after the day of drawing count.

    Parameters
    ----------
    log : KeptLog
    at : Assessed
        The month.
    catalogue : Catalogue
    day : datetime.date
        On which it is written down.
    """
    open_ = [one for one in log.now_of(ORDER).values() if one.state in ("drawn", "sent", "partly", "delivered")]
    if not open_:
        return log.append(())
    records = at.records[at.records["household_id"].isin({one.facts["household"] for one in open_})]
    now = receipts(records, at.day, [item.code for item in catalogue.items if item.cadence == "once"])
    paid = now.loc[now["state"] == "receiving", ["household_id", "person_id", "item_code"]]
    last = records.groupby(["household_id", "item_code"])["delivered_on"].max()
    whole = {(str(home), str(item)) for home, _, item in paid.itertuples(index=False)}
    own = {(str(home), "" if pd.isna(person) else str(person), str(item)) for home, person, item in paid.itertuples(index=False)}  # fmt: skip
    month, events = f"{at.day:%Y-%m}", []
    for one in open_:
        home, person, item = one.facts["household"], one.facts.get("person", ""), one.facts["item"]
        shown = bool({(home, person, item), (home, "", item)} & own) if person else (home, item) in whole
        if shown and last[home, item] >= pd.Timestamp(one.begun):
            on = max(min(at.day, day).isoformat(), one.last_on)
            events.append(Event(ORDER, one.thing, 0, "confirmed", on, max(on, day.isoformat()), "aid records", "ledger", *one.place, source=f"month {month}", facts={"month": month}))  # fmt: skip
    return log.append(events)


def order_lines(log: KeptLog, digest: str = "") -> pd.DataFrame:
    """Where every line stands, or those of one list.

    Returns
    -------
    DataFrame
        line_id, item_code, cycle, household_id, person_id, list, place, amount, paid, state, since, due_on, county_code.
    """
    rows = [
        (one.thing, f["item"], f["cycle"], f["household"], f.get("person", ""), f["list"], int(f.get("place", 0)),
         float(f.get("amount", "nan")), f.get("paid", ""), one.state, one.since, log.due_on(one), one.place[0])
        for one in log.now_of(ORDER).values()
        if (f := one.facts) and digest in ("", f["list"])
    ]  # fmt: skip
    columns = [
        "line_id", "item_code", "cycle", "household_id", "person_id", "list", "place", "amount", "paid", "state", "since",
        "due_on", "county_code",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).sort_values(["list", "place"], ignore_index=True)
