"""What a month's records say of reminders that were open: shown by the ledger, not shown, or gone and why."""

from __future__ import annotations

from datetime import date

import pandas as pd

from relapse_risk.assistance.aid_log import REMINDER
from relapse_risk.assistance.assessed_register import Assessed
from relapse_risk.assistance.catalogue import Catalogue
from relapse_risk.assistance.ledger import receipts
from relapse_risk.assistance.reminders import reminder_identity, with_receipts
from relapse_risk.events import Added, Event, KeptLog, Standing

__all__ = ["RECORDS", "close_reminders"]

RECORDS = "assistance_record"  # the table that confirms
ENDS = {"refused": "refused", "": "not_entitled"}


def close_reminders(
    log: KeptLog, at: Assessed, reminders: pd.DataFrame, catalogue: Catalogue, day: date, *, whole: bool = True
) -> Added:  # fmt: skip
    """Add what the month says of every reminder that is open: confirmed, contested, or gone and why.

    Confirmed: the ledger shows the aid (or, of what was received without entitlement, no longer shows it).  Contested: the
    department said it had finished, and the records of a later month still do not show it.  Gone: no longer entitled,
    refused, the household is no longer in the register, or what was in doubt may be received now.  An applied-for claim, one
    nobody can tell about, and one whose county has not sent its records stay as they are.

    Parameters
    ----------
    log : KeptLog
        :func:`relapse_risk.assistance.open_aid_log`.
    at : Assessed
        The month; a reminder already judged by a later month is left alone.
    reminders : DataFrame
        Of the same month (:attr:`relapse_risk.assistance.Reminders.frame`).
    catalogue : Catalogue
    day : datetime.date
        On which it is written down.
    whole : bool
        Whether ``at`` holds every county: only then is a household that is not in it no longer in the register.
    """
    open_ = {name: one for name, one in log.now_of(REMINDER).items() if log.is_open(one)}
    if not open_:
        return log.append(())
    month, awaited = f"{at.day:%Y-%m}", at.counties_awaited(RECORDS)
    homes = at.homes.drop_duplicates("household_id").set_index("household_id")["county_code"].astype("str").to_dict()
    listed = set(reminders["reminder_id"])
    found = _found(at, catalogue, {one.facts["household"] for one in open_.values()}, awaited)
    events = []
    for name, one in open_.items():
        county = homes.get(one.facts["household"], "")
        if _noted(one) > month or county in awaited or not (county or whole):
            continue
        step, end = _verdict(one, name in listed, county, found, month)
        if step:
            events.append(_event(one, step, end, month, min(at.day, day), day))
    return log.append(events)


def _noted(one: Standing) -> str:
    """The newest month whose data the log already used of this thing."""
    return max((event.facts.get("month", "") for event in one.events), default="")


def _found(at: Assessed, catalogue: Catalogue, households: set[str], awaited: frozenset[str]) -> dict[str, str]:
    """Of the households' claims, by identity: receiving, pending, refused, cannot_tell; of items in doubt, ``paid`` or cannot_tell."""
    claims = with_receipts(at.claims, at.records, catalogue, awaited)
    claims = claims[claims["household_id"].isin(households)]
    said = claims["receipt"].astype("object").where(claims["receipt"].notna(), claims["state"])
    found = dict(zip(_names("missing", claims), said, strict=True))
    records = at.records[at.records["household_id"].isin(households)]
    now = receipts(records, at.day, [item.code for item in catalogue.items if item.cadence == "once"])
    paid = now[now["state"] == "receiving"]
    doubted = claims.loc[claims["state"] == "cannot_tell", ["household_id", "item_code"]].drop_duplicates()
    unclear = (
        paid[["household_id", "item_code"]].merge(doubted, how="left", indicator=True)["_merge"].eq("both").to_numpy()
    )
    return (
        found
        | dict.fromkeys(_names("over", paid), "paid")
        | dict.fromkeys(_names("over", paid[unclear]), "cannot_tell")
    )


def _names(kind: str, rows: pd.DataFrame) -> list[str]:
    parts = (rows[name].astype("object").where(rows[name].notna(), "") for name in ("household_id", "person_id", "item_code"))  # fmt: skip
    return [reminder_identity(kind, str(home), str(person), str(item)) for home, person, item in zip(*parts, strict=True)]  # fmt: skip


def _verdict(one: Standing, listed: bool, county: str, found: dict[str, str], month: str) -> tuple[str, str]:
    """Step that the month adds, and why it is gone; empty where it adds none."""
    if listed:
        return ("contested", "") if one.state == "finished" and month > one.last_on[:7] else ("", "")
    if not county:
        return "ceased", "not_in_month"
    said = found.get(one.thing, "")
    if one.facts.get("claim") == "over":
        return {"paid": ("ceased", "entitled"), "cannot_tell": ("", "")}.get(said, ("confirmed", ""))
    if said == "receiving":
        return "confirmed", ""
    return ("ceased", ENDS[said]) if said in ENDS else ("", "")


def _event(one: Standing, step: str, end: str, month: str, on: date, day: date) -> Event:
    who, role = ("rules", "rule") if step == "ceased" else ("aid records", "ledger")
    facts = {"month": month} | ({"end": end} if end else {})
    when = max(on.isoformat(), one.last_on)
    return Event(REMINDER, one.thing, 0, step, when, max(when, day.isoformat()), who, role, *one.place, source=f"month {month}", facts=facts)  # fmt: skip
