"""Commands that turn a register into reports: facts, render, reproduce, status."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relapse_risk.cli.app import (
    BackendOption,
    JsonOption,
    MonthOption,
    ParamsOption,
    RegisterOption,
    app,
    bar,
    beside,
    opened_register,
    print_result,
    register_folder,
)
from relapse_risk.errors import RenderError

if TYPE_CHECKING:
    from relapse_risk.register import Register

EXIT_NONE_PUBLISHED = 4


@app.command()
def facts(
    register: RegisterOption = None,
    month: MonthOption = None,
    backend: BackendOption = "processes:2",
    scores: Annotated[
        Path | None,
        typer.Option(
            help="Folder of scores and ranks; scores/ beside the register, if it has the month, when left out."
        ),
    ] = None,
    out: Annotated[Path | None, beside("for facts", "facts")] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute the facts of every county's report, once, before rendering."""
    from relapse_risk.assessment import compute_facts

    opened, chosen, parameters, place = at = opened_register(register, month, params)
    out = at.beside(out, "facts")
    if scores is None and (at.beside(None, "scores") / chosen).is_dir():
        scores = at.beside(None, "scores")
    with bar("facts") as progress:
        manifest = compute_facts(opened, chosen, parameters, place, scores, out, progress=progress, backend=backend)
    print_result(manifest, str(out / chosen), as_json)


def _log_json(event: Mapping[str, object]) -> None:
    """One event per line on standard error, with the time in UTC."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    typer.echo(json.dumps({"time": now} | dict(event), ensure_ascii=False), err=True)


@app.command()
def render(
    edition: Annotated[Path, typer.Argument(help="Edition file, such as params/editions/counties.yaml.")],
    workers: Annotated[int, typer.Option(min=0, help="Reports at once; 0: as many as cores and memory allow.")] = 0,
    backend: BackendOption = "processes",
    explain: Annotated[bool, typer.Option(help="Only show why each report would be rendered.")] = False,
    resume: Annotated[bool, typer.Option(help="Reuse the finished reports of a killed run.")] = True,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for another run in the same folder.")] = 1.0,
    log_json: Annotated[bool, typer.Option("--log-json", help="Events as JSON lines on standard error.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Render an edition: every county's report, HTML and PDF; unchanged reports are skipped.

    A county that fails keeps its last good report and gets a page with the error.
    Exit code 0 all published, 1 some failed, 4 none published, 3 the edition file is wrong.
    """
    from relapse_risk.editions.edition import on_day, read_edition
    from relapse_risk.editions.render import Options, explain_edition, render_edition
    from relapse_risk.progress import no_progress

    asked = on_day(read_edition(edition), date.today())
    if explain:
        reasons = explain_edition(asked)
        lines = [f"{'render' if one.runs else 'keep':<7}{one.stem}: {one.why}" for one in reasons]
        print_result(reasons, "\n".join(lines), as_json)
        return
    try:
        if log_json:
            result = render_edition(asked, no_progress, options=Options(workers, resume, wait, _log_json, backend))
        else:
            with bar("render") as progress:
                result = render_edition(asked, progress, options=Options(workers, resume, wait, backend=backend))
    except RenderError as error:
        if log_json:
            _log_json({"event": "nothing published", "error": str(error)})
        typer.echo(f"relapse-risk: {error}", err=True)
        sys.exit(EXIT_NONE_PUBLISHED)
    print_result(result, result.summary(), as_json)
    raise typer.Exit(result.exit_code)


@app.command()
def reproduce(
    stamp: Annotated[str, typer.Argument(help="The stamp at the end of a report: edition/month/report/key.")],
    reports: Annotated[Path, typer.Option(help="Folder of published editions.")] = Path("reports"),
    out: Annotated[Path, typer.Option(help="Folder for the reproduced files.")] = Path("reproduced"),
    as_json: JsonOption = False,
) -> None:
    """Reproduce a published report from its stamp and compare the bytes.

    Exit code 0 the same bytes, 1 other bytes, 3 an input has changed (the error names it).
    """
    from relapse_risk.editions.reproduce import reproduce_report

    result = reproduce_report(stamp, reports, out)
    print_result(result, result.summary(), as_json)
    raise typer.Exit(result.exit_code)


def _stale(place: Path, register: Register | None) -> list[str]:
    """Scores, ranks, reminders and facts that are of another state of the register, with the command that makes them anew."""
    if register is None:
        return []
    from relapse_risk.errors import RelapseRiskError
    from relapse_risk.measures.facts_folder import read_facts_manifest
    from relapse_risk.register.made_from import is_stale

    found = []
    made = (("score", "scores"), ("rank", "scores"), ("remind", "assistance"))
    for month in register.months:
        outputs = [
            (f"{kind}/{month} ({what})", what, kind)
            for what, kind in made
            if is_stale(place / kind / month, what, register, month)
        ]
        folder = place / "facts" / month
        if (folder / "facts.json").is_file():
            try:
                made_of = read_facts_manifest(folder)["register_digest"]
            except RelapseRiskError as error:  # the rest of the status is still worth showing
                found.append(str(error))
            else:
                if made_of != register.month_digest(month):
                    outputs.append((f"facts/{month}", "facts", "facts"))
        found += [
            f"{where}: the register's {month} has changed since; run relapse-risk {what} --register {register.path} "
            f"--month {month} --out {place / kind}"
            for where, what, kind in outputs
        ]
    return found


@app.command()
def status(
    place: Annotated[
        Path | None, typer.Argument(help="Folder that holds register, scores and facts; found when left out.")
    ] = None,
    reports: Annotated[Path | None, typer.Option(help="Folder of published editions.")] = None,
    editions: Annotated[Path | None, typer.Option(help="Folder of edition files.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the state of a place: months in the register, scores, facts, published editions, what is stale or due."""
    from relapse_risk.editions.due import due_editions, published_editions
    from relapse_risk.layers import project_folder
    from relapse_risk.register import Register

    project = project_folder()
    place = place or register_folder(None).parent
    reports = reports or (project or Path()) / "reports"
    editions = editions or (project or Path()) / "params" / "editions"
    register = Register.open(place / "register") if (place / "register" / "manifest.json").is_file() else None
    months = {kind: sorted(folder.name for folder in (place / kind).glob("????-??")) for kind in ("scores", "facts")}
    stale = _stale(place, register)
    found, due = published_editions(reports), due_editions(sorted(editions.glob("*.yaml")), date.today())
    result = {
        "register": {"place": register.place, "months": register.months} if register else None,
        **months,
        "stale": stale,
        "editions": found,
        "due": due,
    }
    lines = [
        f"register  {register.place}: {register.months[0]} … {register.months[-1]}" if register else "register  none",
        *(f"{kind:<9} {', '.join(names) or 'none'}" for kind, names in months.items()),
        *(f"stale     {one}" for one in stale),
        *(f"edition   {edition}" for edition in found or ["none"]),
        *(f"{'due' if one.is_due else 'not due':<9} {one.name}: {one.why}" for one in due),
    ]
    print_result(result, "\n".join(lines), as_json)
