"""Commands about parameter folders: errors, entries that end soon, unused entries."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from relapse_risk.cli.app import DAY, EXIT_FOUND, JsonOption, ParamsOption, app, print_result

WIDTH = 120  # letters of a value that are shown
params_app = typer.Typer(no_args_is_help=True, help="Parameter folders: errors, entries that end soon or are not used.")
app.add_typer(params_app, name="params")


@params_app.callback()
def _params() -> None:
    """Options before a command."""


@params_app.command("check")
def check_parameters(
    place: Annotated[str | None, typer.Argument(help="Place of params/places; every place when left out.")] = None,
    params: ParamsOption = None,
    day: Annotated[
        datetime | None,
        typer.Option(formats=DAY, metavar="YYYY-MM-DD", help="Start of the 13 months; today when left out."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read every parameter file and list errors (file, key, nearest name), entries that end within 13 months,
    unused entries, and items of assistance that end in whole at an income. Exit code 1 if there are errors.
    """
    from relapse_risk.params_check import check_params

    report = check_params(place, day.date() if day else date.today(), params)
    print_result(report, report.summary(), as_json)
    if report.faults:
        raise typer.Exit(EXIT_FOUND)


@params_app.command("where")
def where(
    name: Annotated[
        str, typer.Argument(help="A key, keys joined by dots, or the name of a file: lines.poverty, thresholds.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Say which file a value comes from: the project's, or the package's under it. Exit code 1 if nobody gives it."""
    from relapse_risk.layers import project_folder, where_given

    found = where_given(name, project_folder())
    lines = [f"{one.layer:<8} {one.file}: {'.'.join(one.keys) or '(all)'} = {_short(one.value)}" for one in found]
    print_result(found, "\n".join(lines) or f"{name}: given nowhere", as_json)
    if not found:
        raise typer.Exit(EXIT_FOUND)


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
