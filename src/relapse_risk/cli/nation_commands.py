"""Commands for registers larger than one machine's memory: nation collect, index, count, fit, score, gaps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from relapse_risk.cli.app import (
    BackendOption,
    JsonOption,
    MonthOption,
    ParamsOption,
    app,
    bar,
    opened_register,
    print_result,
)

nation_app = typer.Typer(
    no_args_is_help=True,
    help="Index, counts, scores and gaps of a province or the nation, part by part; run again to complete a run.",
)
app.add_typer(nation_app, name="nation")

FOLDER = typer.Option(help="Folder of the nation (nation collect, or demo --households).", metavar="FOLDER")
DEFAULT, MODEL = Path("data/nation"), "relapse_score.json"


def _opened(folder: Path, params: Path | None) -> tuple[Any, Any, Any]:
    """Nation, parameters and place of one command."""
    from relapse_risk.nation import open_nation
    from relapse_risk.parameters import read_parameters, read_place

    nation = open_nation(folder)
    return nation, read_parameters(params), read_place(nation.place, params)


def _result(name: str, parts: list[Any], as_json: bool) -> None:
    rows, folder = sum(part.rows for part in parts), parts[0].file.parent
    print_result(
        {"product": name, "parts": len(parts), "rows": rows, "folder": folder}, f"{rows:,} rows\n{folder}", as_json
    )


@nation_app.command()
def collect(
    register: Annotated[Path, typer.Option(help="Folder of the register.")],
    folder: Annotated[Path, FOLDER] = DEFAULT,
    month: MonthOption = None,
    backend: BackendOption = "processes",
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a register once and store the input of the other commands, county by county."""
    from relapse_risk.nation import collect_nation

    opened, chosen, parameters, place = opened_register(register, month, params)
    with bar("collect") as progress:
        nation = collect_nation(
            opened, chosen, folder, parameters, place, backend=backend, progress=progress, params=params
        )
    _result("household", list(nation.parts), as_json)


@nation_app.command()
def index(
    folder: Annotated[Path, FOLDER] = DEFAULT,
    backend: BackendOption = "processes",
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hardship index of every household, ranked in county, province and nation."""
    from relapse_risk.hardship import read_index
    from relapse_risk.nation import nation_index

    nation, parameters, place = _opened(folder, params)
    with bar("index") as progress:
        found = nation_index(nation, read_index(place.index, params), parameters, place, backend, progress)
    _result("index", found.index, as_json)


@nation_app.command()
def count(
    folder: Annotated[Path, FOLDER] = DEFAULT,
    design: Annotated[str, typer.Option(help="Deprivation design in params/indexes/deprivation/.")] = "national",
    backend: BackendOption = "processes",
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Alkire-Foster H, A and M0 of every county, to counting.csv."""
    from relapse_risk.files import write_text
    from relapse_risk.nation import nation_counting
    from relapse_risk.poverty import read_deprivation

    nation, parameters, place = _opened(folder, params)
    with bar("count") as progress:
        table = nation_counting(nation, read_deprivation(design, params), parameters, place, backend, progress)
    path = write_text(folder / "counting.csv", table.to_csv(index=False, lineterminator="\n"))
    print_result(table.to_dict("records"), str(path), as_json)


@nation_app.command()
def fit(
    folder: Annotated[Path, FOLDER] = DEFAULT,
    backend: BackendOption = "processes",
    as_json: JsonOption = False,
) -> None:
    """Fit the official relapse score on the whole history, to relapse_score.json."""
    from relapse_risk.nation import fit_nation, open_nation
    from relapse_risk.parameters import read_place
    from relapse_risk.relapse import save_model

    nation = open_nation(folder)
    found, path = fit_nation(nation, backend=backend), folder / MODEL
    trained, horizon = (found.trained_from, found.trained_to), read_place(nation.place).horizon_months
    save_model(found.model, path, digest=found.digest, trained=trained, horizon_months=horizon)
    result = {"n": found.model.n, "events": found.model.events, "file": path}
    print_result(result, f"{found.model.summary()}\n{path}", as_json)


@nation_app.command()
def score(
    folder: Annotated[Path, FOLDER] = DEFAULT,
    model: Annotated[Path | None, typer.Option(help="Fitted score; that of `nation fit` when left out.")] = None,
    backend: BackendOption = "processes",
    as_json: JsonOption = False,
) -> None:
    """Relapse risk of every household with its three strongest reasons."""
    from relapse_risk.nation import nation_scores, open_nation
    from relapse_risk.relapse import load_model

    fitted = load_model(model or folder / MODEL).model
    with bar("score") as progress:
        parts = nation_scores(open_nation(folder), fitted, backend, progress)
    _result("risk", parts, as_json)


@nation_app.command()
def gaps(
    folder: Annotated[Path, FOLDER] = DEFAULT,
    backend: BackendOption = "processes",
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Assess every assistance item for everybody and compare with the aid records: missing and over, by item."""
    from relapse_risk.assistance import read_catalogue
    from relapse_risk.nation import gap_counts, nation_claims, nation_gaps
    from relapse_risk.parts import opened

    nation, parameters, place = _opened(folder, params)
    catalogue = read_catalogue(place.name, str(params) if params else None)
    with opened(backend) as chosen:
        with bar("claims") as progress:
            claims = nation_claims(nation, catalogue, parameters, place, chosen, progress)
        with bar("gaps") as progress:
            found = nation_gaps(nation, claims, catalogue, chosen, progress)
        counts = gap_counts(found, catalogue, chosen)
    print_result(counts.to_dict("records"), counts.to_string(index=False), as_json)
