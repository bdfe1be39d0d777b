"""Commands that evaluate and query models: evaluate, oracle, what-if."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from relapse_risk.cli.app import (
    JsonOption,
    Language,
    MonthOption,
    ParamsOption,
    RegisterOption,
    app,
    bar,
    opened_register,
    print_result,
)


class Kind(StrEnum):
    """Who is at risk: those poor before, those never poor, or both."""

    relapse = "relapse"
    entry = "entry"
    all = "all"


@app.command()
def evaluate(
    panel: Annotated[
        Path | None, typer.Argument(help="Panel file: CSV, Parquet, Stata or SPSS.", metavar="[FILE]")
    ] = None,
    design: Annotated[
        str | None,
        typer.Option(
            help="Description of the columns, params/panels/NAME.yaml; without it they are household_id, month, income and line.",
            metavar="NAME",
        ),
    ] = None,
    register: Annotated[Path | None, typer.Option(help="Evaluate on this register instead.", metavar="FOLDER")] = None,
    kind: Annotated[Kind, typer.Option(help="Who is at risk.")] = Kind.relapse,
    years: Annotated[int, typer.Option(help="Newest years, validated out of time.", min=1)] = 6,
    draws: Annotated[int, typer.Option(help="Bootstrap draws.", min=20)] = 400,
    benchmark: Annotated[
        list[str] | None, typer.Option(help="Only this benchmark model beside the official score; may be repeated.")
    ] = None,
    min_events: Annotated[int, typer.Option(help="Events, and other rows, that a score is learned from.", min=10)] = 30,
    weighted: Annotated[bool, typer.Option(help="Use the sampling weight.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of every draw.")] = 2020,
    out: Annotated[Path | None, typer.Option(help="Also write the table to this CSV.", metavar="FILE")] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare every benchmark model and county rule on unseen rows: out of time, and with counties left out."""
    import numpy as np

    from relapse_risk.derive import household_panel
    from relapse_risk.errors import RelapseRiskError, unknown
    from relapse_risk.files import write_text
    from relapse_risk.relapse import read_panel, read_panel_design
    from relapse_risk.research import BENCHMARKS, compare, prepared

    if (panel is None) == (register is None):
        raise RelapseRiskError("one of a panel FILE and --register", where="evaluate", fix="give one of them")
    if panel is not None:
        chosen = read_panel(panel, read_panel_design(design, params) if design else None)
        data = prepared(
            chosen.frame, chosen.horizon_months, extra=chosen.features, raw=chosen.raw, kind=kind.value
        )  # fmt: skip
    else:
        assert register is not None
        opened, _, parameters, place = opened_register(register, None, params)
        frame = household_panel(opened, parameters=parameters, place=place)
        data = prepared(frame, place.horizon_months, kind=kind.value)
    for name in benchmark or []:
        if name not in BENCHMARKS:
            raise unknown("benchmark model", name, BENCHMARKS, "--benchmark", RelapseRiskError)
    models = {name: BENCHMARKS[name] for name in ("official", *benchmark)} if benchmark else BENCHMARKS
    with bar("evaluate") as progress:
        found = compare(
            data, np.random.default_rng(seed), benchmarks=models, draws=draws, weighted=weighted, seed=seed, years=years,
            min_events=min_events, progress=progress,
        )  # fmt: skip
    if out is not None:
        write_text(out, found.table.to_csv(index=False, lineterminator="\n"))
    print_result(found.table.to_dict("records"), found.summary(), as_json)


@app.command()
def oracle(
    register: RegisterOption = None,
    truth: Annotated[
        Path | None, typer.Option(help="True risks; demo_key/true_risk.parquet beside the register.", metavar="FILE")
    ] = None,
    draws: Annotated[int, typer.Option(help="Bootstrap draws of towns.", min=20)] = 400,
    seed: Annotated[int, typer.Option(help="Seed of every draw.")] = 2020,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the scores of a demonstration register with the true risk: coverage of intervals, loss against an oracle."""
    import numpy as np

    from relapse_risk.evaluation import beside_truth, read_truth
    from relapse_risk.scores import score_month

    opened, _, parameters, place = at = opened_register(register, None, params)
    true = read_truth(truth or at.beside(None, "demo_key") / "true_risk.parquet")
    found = {}
    for month in true["month"].unique():
        with bar(f"oracle {month}") as progress:
            _, risk, _ = score_month(opened, month, parameters=parameters, place=place, progress=progress)
        both = risk.dropna(subset=["probability"]).merge(true[true["month"] == month], on="household_id")
        found[month] = beside_truth(both, both["true_risk"], both["town_code"], np.random.default_rng(seed), draws)
    print_result(found, "\n\n".join(f"{month}: {one.summary()}" for month, one in found.items()), as_json)


@app.command(name="what-if")
def what_if_command(
    register: RegisterOption = None,
    month: MonthOption = None,
    policy: Annotated[list[str] | None, typer.Option(help="Of params/what_if.yaml; all of them when left out.")] = None,
    limit: Annotated[
        float | None,
        typer.Option(help="Probability threshold for counting households; by default the limit of the high band."),
    ] = None,
    language: Annotated[Language, typer.Option(help="Language of the sentences.")] = Language.zh,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 2020,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rerun the score under changed policies: valid only if its relation were causal, not an estimate of an effect."""
    import numpy as np

    from relapse_risk.errors import RelapseRiskError
    from relapse_risk.languages import Label
    from relapse_risk.months import month_end
    from relapse_risk.relapse import read_policies, what_if
    from relapse_risk.scores import fit_score
    from relapse_risk.text import bilingual

    known = read_policies(params)
    if wrong := [name for name in policy or [] if name not in known]:
        raise RelapseRiskError("no such policy", where="what-if", got=wrong[0], expected=" | ".join(known))
    opened, chosen, parameters, place = opened_register(register, month, params)
    with bar("what-if") as progress:
        progress(0, 1, "fit")
        fitted, rows = fit_score(opened, chosen, parameters=parameters, place=place)
        progress(1, 1, "done")
    high = parameters.on("risk_share_high", month_end(chosen)).value
    at = limit if limit is not None else float(fitted.predict(rows)["probability"].quantile(1 - high))
    found = {
        name: what_if(
            fitted, rows, known[name].effect, name=known[name].label.in_language(language.value), limit=at,
            rng=np.random.default_rng(seed),
        )
        for name in policy or known
    }  # fmt: skip
    assumed = Label(zh="假定：", en="Assumed: ")[language.value]
    lines = [
        f"{one.summary(language.value)}\n  {assumed}{bilingual(known[name].source, language.value)}"
        for name, one in found.items()
    ]
    print_result(found, "\n".join(lines), as_json)
