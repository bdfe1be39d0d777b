"""Command that draws samples: draw (telephone survey, verification)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from relapse_risk.cli.app import (
    JsonOption,
    MonthOption,
    ParamsOption,
    RegisterOption,
    app,
    beside,
    opened_register,
    print_result,
    written,
)
from relapse_risk.errors import RegisterError


class Sample(StrEnum):
    """Purpose of a sample."""

    survey = "survey"
    verification = "verification"


@app.command()
def draw(
    sample: Annotated[
        Sample, typer.Argument(help="survey: calls and reserves; verification: households to visit again.")
    ],
    register: RegisterOption = None,
    month: MonthOption = None,
    scores: Annotated[
        Path | None, typer.Option(help="Folder of scores; without it the sample is not targeted by risk.")
    ] = None,
    county: Annotated[str | None, typer.Option(help="Only this county.", metavar="CODE")] = None,
    calls: Annotated[int, typer.Option(min=1, help="survey: calls per county.")] = 280,
    least: Annotated[int, typer.Option(min=1, help="survey: minimum calls per stratum.")] = 40,
    reserve: Annotated[float, typer.Option(min=0, help="survey: reserves per call.")] = 0.5,
    core: Annotated[int, typer.Option(min=1, help="verification: random core per county.")] = 130,
    targeted: Annotated[int, typer.Option(min=0, help="verification: targeted households per county.")] = 70,
    seed: Annotated[int, typer.Option(help="Keep it: the same seed draws the same households.")] = 1,
    out: Annotated[Path | None, beside("for the list", "samples")] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a sample with the inclusion probability of every household (ids only, no names)."""
    import numpy as np
    import pandas as pd

    from relapse_risk.assessment import county_frame, telephone_sample, verification_sample

    opened, chosen, parameters, place = at = opened_register(register, month, params)
    out = at.beside(out, "samples")
    if county is not None and county not in opened.counties:
        raise RegisterError("unknown county", where="--county", got=county, expected=" | ".join(opened.counties))
    parts = []
    for place_in_order, code in enumerate(opened.counties):
        if county in (None, code):
            rng = np.random.default_rng([seed, place_in_order])
            frame = county_frame(opened, code, chosen, parameters, place, scores)
            if sample is Sample.survey:
                parts.append(telephone_sample(frame, calls, least, reserve, rng))
            else:
                parts.append(verification_sample(frame, core, targeted, rng))
    drawn = pd.concat(parts, ignore_index=True).assign(month=chosen, seed=seed)
    path = written(drawn, out / f"{sample.value}_{chosen}.csv")
    counts = drawn.groupby("county_code").size()
    text = f"{path}\n{len(drawn)} households: " + ", ".join(f"{code} {n}" for code, n in counts.items())
    print_result({"path": path, "households": len(drawn), "by_county": counts.to_dict()}, text, as_json)
