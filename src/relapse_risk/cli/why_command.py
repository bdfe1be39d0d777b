"""Command that says why a printed number is what it is: why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relapse_risk.cli.app import JsonOption, MonthOption, ParamsOption, app, opened_register, print_result


@app.command()
def why(
    place: Annotated[Path, typer.Argument(help="Project folder, or the name of a place below data/.")],
    county: Annotated[str, typer.Argument(help="County code, or city for all counties together.")],
    name: Annotated[
        str, typer.Argument(help="Indicator (below_line), or column of a fact table (income_by_town.mean_income).")
    ],
    month: MonthOption = None,
    language: Annotated[str, typer.Option(help="zh or en.")] = "en",
    register: Annotated[Path | None, typer.Option(help="Register; <project>/register by default.")] = None,
    facts: Annotated[Path | None, typer.Option(help="Facts; <project>/facts by default.")] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a printed number is what it is: definition, counts, unknowns, parameters with source, tables, deliveries."""
    from relapse_risk.assessment import read_facts
    from relapse_risk.pages.why import why as explained
    from relapse_risk.pages.worklist_data import language_of

    project = place if place.is_dir() else Path("data") / place
    opened, chosen, parameters, known = opened_register(register or project / "register", month, params)
    found = explained(
        opened, read_facts(facts or project / "facts", chosen), county, name, parameters, known, language_of(language)
    )
    print_result(found, found.summary(), as_json)
