"""Commands that begin a project: init."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from relapse_risk.cli.app import JsonOption, Language, app, print_result


class Scale(StrEnum):
    """What household income is divided by."""

    head = "head"
    adult_equivalent = "adult_equivalent"


class Records(StrEnum):
    """Whether the data is everybody on a register, or a sample."""

    register = "register"
    survey = "survey"


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Folder of the new project.")],
    name: Annotated[str, typer.Option(help="Name of the place.", prompt="Name of the place")],
    counties: Annotated[
        Path,
        typer.Option(
            help="Spreadsheet of its counties (CSV or Excel): columns code and name.",
            prompt="Spreadsheet of its counties",
        ),
    ],
    currency: Annotated[str, typer.Option(help="Currency, as pages print it.", prompt="Currency")],
    line: Annotated[
        float, typer.Option(help="Poverty line, per person and year.", prompt="Poverty line a year", min=0)
    ],
    monitoring_line: Annotated[
        float | None, typer.Option(help="Line under which a household is watched; none when left out.", min=0)
    ] = None,
    language: Annotated[list[Language] | None, typer.Option(help="Of the reports (repeatable); English.")] = None,
    income_scale: Annotated[Scale, typer.Option(help="What household income is divided by.")] = Scale.head,
    records: Annotated[Records, typer.Option(help="Everybody on a register, or a sample.")] = Records.register,
    horizon: Annotated[int, typer.Option(help="Months ahead that risk is predicted for.", min=1)] = 12,
    as_json: JsonOption = False,
) -> None:
    """Begin a project of your own place: its parameters over the package's, notebooks to change, an inbox.

    What is not given is asked. Commands given in the folder, or with --project FOLDER, are about this place.
    """
    from relapse_risk.new_project import NewProject, make_project, read_counties

    asked = NewProject(
        name, read_counties(counties), currency, line, monitoring_line,
        tuple(one.value for one in language or [Language.en]), income_scale.value, records.value, horizon,
    )  # fmt: skip
    made = make_project(folder, asked, date.today())
    lines = [
        f"{made / 'project.yaml'}: {asked.place}, {len(asked.counties)} counties",
        f"next, in {made}: relapse-risk template --language {asked.languages[0]}; "
        f"what comes back into inbox/YYYY-MM/; relapse-risk month --language {asked.languages[0]}",
    ]
    result: dict[str, Any] = {"project": made, "place": asked.place, "counties": list(asked.counties)}
    print_result(result, "\n".join(lines), as_json)
