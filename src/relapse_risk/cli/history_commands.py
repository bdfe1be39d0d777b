"""Commands that look back and take out: history, undo, copy, export, sweep."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from relapse_risk.cli.app import (
    DAY,
    JsonOption,
    Language,
    MonthOption,
    RegisterOption,
    app,
    print_result,
    register_folder,
)


@app.command()
def history(
    household: Annotated[str, typer.Argument(help="Household identifier.")],
    register: RegisterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which cells of one household changed, when, by which delivery, from what to what."""
    from relapse_risk.register.history import household_history

    found = household_history(register_folder(register), household)
    shown = found.fillna("").to_string(index=False)
    print_result(found.astype(object).where(found.notna(), None).to_dict("records"), shown, as_json)


@app.command()
def undo(
    delivery: Annotated[str, typer.Argument(help="Identifier of the latest delivery (see deliveries).")],
    register: RegisterOption = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=DAY, help="Day it is taken back; today when left out.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take the latest delivery back: what the register held before it is its content again. Nothing is erased."""
    from relapse_risk.register.history import undo as take_back

    day = as_of or datetime.combine(date.today(), datetime.min.time())
    state = take_back(register_folder(register), delivery, day.isoformat())
    text = f"{delivery} taken back; the register holds again what it held before ({', '.join(state.months)})"
    print_result({"delivery": delivery, "months": state.months, "digest": state.digest}, text, as_json)


@app.command()
def copy(
    out: Annotated[Path, typer.Argument(help="New folder.")],
    known_on: Annotated[datetime, typer.Option(formats=DAY, help="As the register was known at the end of that day.")],
    register: RegisterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the register as it was known on a day a register of its own, for facts and reports as known then."""
    from relapse_risk.register.history import copy_state

    state = copy_state(register_folder(register), out, known_on.date())
    text = f"{out}: {', '.join(state.months)}, as known on {known_on:%Y-%m-%d} (committed {state.created[:10]})"
    print_result({"folder": out, "months": state.months, "digest": state.digest}, text, as_json)


@app.command()
def sweep(
    before: Annotated[
        datetime, typer.Option(formats=DAY, help="What was known on this day and later can still be asked.")
    ],
    register: RegisterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forget what the register held before a day, and remove the files only that needed."""
    from relapse_risk.register.history import sweep as forget

    states, files = forget(register_folder(register), before.date())
    text = f"{states} earlier states forgotten, {files} files removed"
    print_result({"states": states, "files": files}, text, as_json)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="Workbook (.xlsx), or .csv or .parquet for one table.")],
    register: RegisterOption = None,
    month: MonthOption = None,
    table: Annotated[list[str] | None, typer.Option(help="Only these tables (repeatable).")] = None,
    language: Annotated[Language, typer.Option(help="Language of the workbook.")] = Language.zh,
    known_on: Annotated[
        datetime | None, typer.Option(formats=DAY, help="As the register was known on that day.")
    ] = None,
    identity: Annotated[str, typer.Option(help="Names and identity numbers too: say why; the reason is logged.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Write tables of a month as the workbook that `import` reads, or one table as CSV or Parquet."""
    from relapse_risk.register.table_export import export_tables

    path = export_tables(
        register_folder(register), out, month=month, names=tuple(table or ()), language=language.value,
        known_on=known_on.date() if known_on else None, identity=identity,
    )  # fmt: skip
    print_result({"file": path}, str(path), as_json)
