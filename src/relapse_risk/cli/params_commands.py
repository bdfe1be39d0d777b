"""Commands about parameter folders: what is wrong, what ends soon, what nothing uses."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from relapse_risk.cli.app import EXIT_FOUND, JSON, PARAMS, app, print_result

params_app = typer.Typer(no_args_is_help=True, help="Parameter folders: what is wrong, ends soon, or is not used.")
app.add_typer(params_app, name="params")


@params_app.callback()
def _params() -> None:
    """Nothing happens before a command."""


@params_app.command("check")
def check_parameters(
    place: Annotated[str | None, typer.Argument(help="Place of params/places; every place when left out.")] = None,
    params: Annotated[Path | None, PARAMS] = None,
    day: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="From which 13 months are counted; today when left out."
        ),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Read every parameter file and say what is wrong (file, key, nearest name), what is dated out within 13 months,
    and what nothing uses. Exit code 1 if anything is wrong.
    """
    from relapse_risk.params_check import check_params

    report = check_params(place, day.date() if day else date.today(), params)
    print_result(report, report.summary(), as_json)
    if report.faults:
        raise typer.Exit(EXIT_FOUND)
