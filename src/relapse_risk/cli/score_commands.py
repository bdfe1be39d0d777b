"""Commands that score and rank households: score, rank."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relapse_risk.cli.app import (
    EXIT_FOUND,
    JsonOption,
    MonthOption,
    ParamsOption,
    RegisterOption,
    app,
    bar,
    beside,
    opened_register,
    print_result,
)


@app.command()
def score(
    register: RegisterOption = None,
    month: MonthOption = None,
    out: Annotated[Path | None, beside("for scores", "scores")] = None,
    fail_on_drift: Annotated[
        bool, typer.Option("--fail-on-drift", help="Exit with 1 if the population or the level has drifted too far.")
    ] = False,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the relapse score on the register's history and score every household, with reasons and a model card."""
    from relapse_risk.scores import compute_scores

    opened, chosen, parameters, place = at = opened_register(register, month, params)
    out = at.beside(out, "scores")
    with bar("score") as progress:
        card = compute_scores(opened, chosen, parameters=parameters, place=place, out=out, progress=progress)
    print_result(card, f"{card.summary()}\n{out / chosen}", as_json)
    if fail_on_drift and card.drift_status == "fail":
        raise typer.Exit(EXIT_FOUND)


@app.command()
def rank(
    register: RegisterOption = None,
    month: MonthOption = None,
    out: Annotated[Path | None, beside("for ranks", "scores")] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute the hardship index, need before aid and priority after it, and rank within county and city."""
    from relapse_risk.scores import compute_ranks

    opened, chosen, parameters, place = at = opened_register(register, month, params)
    out = at.beside(out, "scores")
    with bar("rank") as progress:
        ranks = compute_ranks(opened, chosen, parameters=parameters, place=place, out=out, progress=progress)
    print_result({"month": chosen, "households": len(ranks), "folder": out / chosen}, str(out / chosen), as_json)
