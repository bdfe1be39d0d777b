"""The command order: a list drawn for an item, sent, drawn again, cancelled, and what came back of it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relapse_risk.cli.app import (
    DAY,
    PROGRAM,
    TODAY,
    JsonOption,
    Language,
    MonthOption,
    ParamsOption,
    RegisterOption,
    app,
    beside,
    opened_register,
    print_result,
    written,
)
from relapse_risk.cli.assistance_commands import COUNTY, RECORDS, SCORES, assessed, scores_of
from relapse_risk.errors import RegisterError

if TYPE_CHECKING:
    from relapse_risk.assistance import OrderList
    from relapse_risk.events import KeptLog


@app.command()
def order(
    item: Annotated[str, typer.Argument(help="Item code, such as CL02.")],
    register: RegisterOption = None,
    month: MonthOption = None,
    quota: Annotated[int | None, typer.Option(help="Length of the list; or give a budget.")] = None,
    budget: Annotated[float | None, typer.Option(help="Currency to spend, one delivery each.")] = None,
    before: Annotated[
        Path | None, typer.Option("--redraw", help="Earlier list (.json): draw again and explain each change.")
    ] = None,
    send: Annotated[
        Path | None, typer.Option(help="A list (.json) that goes to whom delivers: note it, and write the sheet to answer in.")
    ] = None,
    cancel: Annotated[
        Path | None, typer.Option(help="A list (.json): what of it was not delivered is not carried out; say why.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why a list is cancelled.")] = "",
    due: Annotated[datetime | None, typer.Option(formats=DAY, help="By when a list that is sent is delivered.")] = None,
    by: Annotated[str, typer.Option(help="Office that draws, sends or cancels.")] = PROGRAM,
    today: Annotated[datetime | None, TODAY] = None,
    scores: Annotated[Path | None, SCORES] = None,
    out: Annotated[Path | None, beside("for the results", "assistance")] = None,
    county: Annotated[str | None, COUNTY] = None,
    language: Annotated[Language, typer.Option(help="Language of the sheet.")] = Language.zh,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Draw a list for one item from those entitled and not receiving, by priority, stored with a hash of all it says.

    Nobody is drawn twice in a cycle of the item (once for all, a year, a half-year, a quarter, a month): a second draw
    goes on behind the first. Ties: the greater need, then the lower household and person id. An earlier list keeps its
    limit and cycle when drawn again. What became of every line is in the log of events; sheets come back with refer.
    """
    from relapse_risk.assistance import cancel_order, open_aid_log, read_order

    day = today.date() if today else date.today()
    if cancel is not None or send is not None:
        opened = opened_register(register, month, params)
        log = open_aid_log(opened.register.path, opened.parameters, opened.place.name, params, kinds=("order",))
        if cancel is not None:
            count = cancel_order(log, read_order(cancel), day, by, reason)
            print_result({"cancelled": count}, f"{count} taken off the list", as_json)
            return
        assert send is not None
        _send(log, opened, read_order(send), send, day, by, due.date() if due else None, language, params, as_json)
        return
    _draw(item, register, month, quota, budget, before, scores, out, county, params, by, day, as_json)


def _send(
    log: KeptLog, opened: Any, order: OrderList, path: Path, day: date, by: str, due: date | None, language: Language, params: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    from relapse_risk.assistance import open_aid_log, order_lines, read_catalogue, send_order
    from relapse_risk.assistance.aid_log import ORDER
    from relapse_risk.assistance.reply_sheets import reply_workbook
    from relapse_risk.assistance.sendings import sending_event
    from relapse_risk.files import write_bytes

    item = read_catalogue(opened.place.name, str(params) if params else None).item(order.item_code)
    count = send_order(log, order, day, by, item.department, due)
    log = open_aid_log(opened.register.path, opened.parameters, opened.place.name, params)
    lines = order_lines(log, order.digest)
    lines = lines[lines["state"].isin(["sent", "partly"])]
    stands = [log.machines[ORDER].state_label(state)[language.value] for state in lines["state"]]
    title = f"{item.label.in_language(language.value)} {order.cycle} {day.isoformat()}"
    content = reply_workbook("worklist.order", lines.assign(stands=stands).to_dict("records"), title, day, language.value, order.digest)  # fmt: skip
    file = write_bytes(path.with_suffix(".xlsx"), content)
    if count:
        log.append(
            [
                sending_event(
                    f"order|{order.digest[:12]}", day, by, "order", item.department, count, order.digest, opened.month
                )
            ]
        )
    print_result({"sent": count, "file": file}, f"{count} sent to {item.department}\n{file}", as_json)


def _draw(
    item: str, register: Path | None, month: str | None, quota: int | None, budget: float | None, before: Path | None,
    scores: Path | None, out: Path | None, county: str | None, params: Path | None, by: str, day: date, as_json: bool,
) -> None:  # fmt: skip
    from relapse_risk.assistance import (
        confirm_orders,
        cycle_of,
        draw_order,
        drawn_lines,
        enter_order,
        not_drawn_yet,
        open_aid_log,
        read_order,
        redraw,
        write_order,
    )
    from relapse_risk.assistance import remind as compare

    opened, catalogue, at = assessed(register, month, params, county)
    chosen = opened.month
    cycle = cycle_of(catalogue.item(item).cadence, at.day)
    late = at.counties_awaited(RECORDS)
    reminders = compare(at.claims, at.records, catalogue, scores_of(scores, chosen), at.homes, late).frame
    amounts = at.claims.frame[["household_id", "person_id", "item_code", "amount"]]
    missing = reminders[reminders["kind"] == "missing"].merge(
        amounts, on=["household_id", "person_id", "item_code"], how="left"
    )
    folder, changes, frozen = opened.beside(out, "assistance") / chosen, None, None
    if before is not None:
        frozen = read_order(before)
        cycle = frozen.cycle
        if frozen.item_code != item or quota is not None or budget is not None:
            raise RegisterError(
                "a redraw keeps item and limit", where=str(before), got=item, expected=frozen.item_code, fix="drop --quota and --budget"
            )  # fmt: skip
    kept = (opened.register.path, opened.parameters, opened.place.name, params)
    confirm_orders(open_aid_log(*kept, kinds=("order",)), at, catalogue, day)
    log = open_aid_log(*kept, kinds=("order",))
    missing = missing[missing["item_code"] == item]
    free = not_drawn_yet(missing, drawn_lines(log, item, cycle), frozen.digest if frozen else "")
    if frozen is not None:
        drawn, changes = redraw(frozen, free, at.claims.granted())
    else:
        drawn = draw_order(free, item, quota, budget, cycle)
    path = written(drawn.frame, folder / f"order-{item}.csv")
    files = [path, write_order(drawn, folder / f"order-{item}-{drawn.digest[:12]}.json")]
    files += [] if changes is None else [written(changes, folder / f"order-{item}-changes.csv")]
    homes = at.homes.drop_duplicates("household_id")[["household_id", "county_code", "town_code"]]
    places = {str(home): (str(county), str(town)) for home, county, town in homes.itertuples(index=False)}
    enter_order(log, drawn, day, by, frozen, places)
    others = len(missing) - len(free)
    claims = at.claims.granted()
    waits = int(((claims["item_code"] == item) & claims["county_code"].isin(late)).sum())
    count = int(drawn.frame["drawn"].sum())
    moved = {} if changes is None else {word: int(n) for word, n in changes["change"].value_counts().items()}
    shown = [
        f"{count} of {len(drawn.frame)} waiting; list {drawn.digest[:12]}",
        *([f"{moved}"] if moved else []),
        *([f"{others} stand on another list of cycle {cycle} and were left out"] if others else []),
        *([f"{waits} entitled in {', '.join(sorted(late))} wait: their aid records are not received"] if waits else []),
        *map(str, files),
    ]
    result = {
        "item": item, "drawn": count, "waiting": len(drawn.frame), "digest": drawn.digest, "file": path, "files": files,
        "changes": moved, "cycle": cycle, "on_other_lists": others, "waiting_for_records": waits,
    }  # fmt: skip
    print_result(result, "\n".join(shown), as_json)
