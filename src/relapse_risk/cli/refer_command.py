"""The command refer: reminders handed over to departments, what the records say of them, and replies that come back."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relapse_risk.cli.app import (
    DAY,
    PROGRAM,
    TODAY,
    JsonOption,
    MonthOption,
    ParamsOption,
    RegisterOption,
    app,
    print_result,
    report_replies,
)
from relapse_risk.cli.assistance_commands import COUNTY, RECORDS, SCORES, assessed, scores_of

if TYPE_CHECKING:
    import pandas as pd


@app.command()
def refer(
    replies: Annotated[
        list[Path] | None,
        typer.Argument(help="Lists that came back (Excel; acknowledgements as .jsonl); without files: hand over."),
    ] = None,
    register: RegisterOption = None,
    month: MonthOption = None,
    by: Annotated[str, typer.Option(help="Office that hands over.")] = PROGRAM,
    today: Annotated[datetime | None, TODAY] = None,
    county: Annotated[str | None, COUNTY] = None,
    department: Annotated[list[str] | None, typer.Option(help="Only theirs (repeatable).")] = None,
    item: Annotated[list[str] | None, typer.Option(help="Only these items (repeatable).")] = None,
    reminder: Annotated[list[str] | None, typer.Option(help="Only these reminders (repeatable).")] = None,
    first: Annotated[int | None, typer.Option(help="Only so many, the most pressing first.", min=1)] = None,
    due: Annotated[datetime | None, typer.Option(formats=DAY, help="Deadline; that of the item when left out.")] = None,
    assignee: Annotated[str, typer.Option(help="To whom in the department.")] = "",
    escalate: Annotated[
        bool, typer.Option("--escalate", help="Also tell the county of every referral that is over its deadline.")
    ] = False,
    scores: Annotated[Path | None, SCORES] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hand the month's reminders over to departments, or read lists that came back (worklists, orders, push lists).

    What the month's records say is written down first: confirmed by the ledger, finished but not shown, or gone and why.
    Every step is added to the log of events, none is changed. Exit code 1 if a reply was rejected.
    """
    from relapse_risk.assistance import (
        close_reminders,
        confirm_orders,
        hand_over,
        open_aid_log,
        referral_states,
        take_replies,
    )
    from relapse_risk.assistance import escalate as tell_county
    from relapse_risk.assistance import remind as compare
    from relapse_risk.cli.app import opened_register

    day = today.date() if today else date.today()
    if replies:
        from relapse_risk.assistance import note_back

        opened = opened_register(register, None, params)
        taken = []
        for file in replies:
            log = open_aid_log(opened.register.path, opened.parameters, opened.place.name, params)
            taken.append(take_replies(file, log, day))
        note_back(open_aid_log(opened.register.path, opened.parameters, opened.place.name, params), day)
        report_replies(replies, taken, as_json)
        return
    opened, catalogue, at = assessed(register, month, params, county)
    log = open_aid_log(opened.register.path, opened.parameters, opened.place.name, params)
    known = scores_of(scores, opened.month)
    found = compare(at.claims, at.records, catalogue, known, at.homes, at.counties_awaited(RECORDS)).frame
    closed = close_reminders(log, at, found, catalogue, day, whole=county is None)
    confirm_orders(log, at, catalogue, day)
    log = open_aid_log(opened.register.path, opened.parameters, opened.place.name, params)
    chosen = _chosen(found, department, item, reminder, first)
    added = hand_over(log, found, by, day, chosen, due.date() if due else None, assignee)
    log = open_aid_log(opened.register.path, opened.parameters, opened.place.name, params)
    told = len(tell_county(log, by, day, department or ()).written) if escalate else 0
    states = referral_states(log, day)
    steps = [event.step for event in (*closed.written, *added.written)]
    counts = {name: steps.count(name) for name in ("handed_over", "found", "confirmed", "contested", "ceased")}
    counts |= {"escalated": told, "open": int(states["open"].sum()), "overdue": int(states["overdue"].sum())}
    shown = f"{counts['handed_over']:,} handed over; {counts['open']:,} open, {counts['overdue']:,} overdue"
    more = [f"{counts[name]:,} {words}" for name, words in _WORDS.items() if counts[name]]
    print_result(counts, "\n".join([shown, *more]), as_json)


_WORDS = {
    "found": "found and not handed over yet", "confirmed": "confirmed by the aid ledger",
    "contested": "said to be finished, not in the aid ledger: handed over again", "ceased": "gone: no longer entitled, refused, or no longer in the register",
    "escalated": "overdue, told to the county",
}  # fmt: skip


def _chosen(
    found: pd.DataFrame, departments: list[str] | None, items: list[str] | None, reminders: list[str] | None, first: int | None
) -> pd.Series | None:  # fmt: skip
    """Which reminders are handed over; nothing where all are."""
    from relapse_risk.errors import unknown

    given = {"department": departments, "item_code": items, "reminder_id": reminders}
    if first is None and not any(given.values()):
        return None
    mine = found["reminder_id"].notna()
    for name, words in given.items():
        if not words:
            continue
        known = set(found[name])
        for word in words:
            if word not in known:
                raise unknown(name, word, sorted(known), f"--{name.partition('_')[0]}")
        mine &= found[name].isin(words)
    return mine & (mine.cumsum() <= first) if first is not None else mine
