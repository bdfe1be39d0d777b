"""Commands that score and rank households: score, rank."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relapse_risk.cli.app import (
    EXIT_FOUND,
    JSON,
    MONTH,
    PARAMS,
    REGISTER,
    app,
    bar,
    opened_register,
    print_result,
    register_folder,
)


@app.command()
def score(
    register: Annotated[Path | None, REGISTER] = None,
    month: Annotated[str | None, MONTH] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for scores; scores/ beside the register when left out.")
    ] = None,
    fail_on_drift: Annotated[
        bool, typer.Option("--fail-on-drift", help="Exit with 1 if the population or the level has drifted too far.")
    ] = False,
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Fit the relapse score on the register's history and score every household, with reasons and a model card."""
    from relapse_risk.scores import compute_scores

    register = register_folder(register)
    out = out or register.parent / "scores"
    opened, chosen, parameters, place = opened_register(register, month, params)
    with bar("score") as progress:
        card = compute_scores(opened, chosen, parameters=parameters, place=place, out=out, progress=progress)
    print_result(card, f"{card.summary()}\n{out / chosen}", as_json)
    if fail_on_drift and card.drift_status == "fail":
        raise typer.Exit(EXIT_FOUND)


@app.command()
def rank(
    register: Annotated[Path | None, REGISTER] = None,
    month: Annotated[str | None, MONTH] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for ranks; scores/ beside the register when left out.")
    ] = None,
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Compute the hardship index, need before aid and priority after it, and rank within county and city."""
    from relapse_risk.scores import compute_ranks

    register = register_folder(register)
    out = out or register.parent / "scores"
    opened, chosen, parameters, place = opened_register(register, month, params)
    with bar("rank") as progress:
        ranks = compute_ranks(opened, chosen, parameters=parameters, place=place, out=out, progress=progress)
    print_result({"month": chosen, "households": len(ranks), "folder": out / chosen}, str(out / chosen), as_json)
