"""Commands that turn a register into reports: facts, render, status."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from relapse_risk.cli.common import JSON, MONTH, PARAMS, REGISTER, app, bar, opened_register, tell


@app.command()
def facts(
    register: Annotated[Path, REGISTER] = Path("data/dezhou/register"),
    month: Annotated[str | None, MONTH] = None,
    workers: Annotated[int, typer.Option(min=1, help="Counties at once.")] = 2,
    scores: Annotated[Path | None, typer.Option(help="Folder of scores and ranks; sections say so without it.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for facts.")] = Path("data/dezhou/facts"),
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Compute the facts of every county's report, once, before rendering."""
    from relapse_risk.assessment import compute_facts

    opened, chosen, parameters, place = opened_register(register, month, params)
    with bar("facts") as progress:
        manifest = compute_facts(opened, chosen, parameters, place, scores, out, progress=progress, workers=workers)
    tell(manifest, str(out / chosen), as_json)


@app.command()
def render(
    edition: Annotated[Path, typer.Argument(help="Edition file, such as params/editions/dezhou.yaml.")],
    workers: Annotated[int, typer.Option(min=1, help="Reports at once.")] = 2,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Render an edition: every county's report, HTML and PDF; unchanged reports are skipped.

    A county that fails keeps its last good report and gets a page that says what failed.
    Exit code 0 all published, 1 some failed, 4 none published, 3 the edition file is wrong.
    """
    from relapse_risk.reporting.edition import read_edition
    from relapse_risk.reporting.render import render_edition

    with bar("render") as progress:
        result = render_edition(read_edition(edition), progress=progress, workers=workers)
    tell(result, result.summary(), as_json)
    raise typer.Exit(result.exit_code)


@app.command()
def status(
    place: Annotated[Path, typer.Argument(help="Folder that holds register, scores and facts.")] = Path("data/dezhou"),
    reports: Annotated[Path, typer.Option(help="Folder of published editions.")] = Path("reports"),
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Say what is there: months in the register, scores, facts and published editions."""
    from relapse_risk.register import Register
    from relapse_risk.reporting.publish import published_editions

    register = Register.open(place / "register") if (place / "register" / "manifest.json").is_file() else None
    months = {kind: sorted(folder.name for folder in (place / kind).glob("????-??")) for kind in ("scores", "facts")}
    result = {
        "register": {"place": register.place, "months": register.months} if register else None,
        **months,
        "editions": published_editions(reports),
    }
    lines = [
        f"register  {register.place}: {register.months[0]} … {register.months[-1]}" if register else "register  none",
        *(f"{kind:<9} {', '.join(found) or 'none'}" for kind, found in months.items()),
        *(f"edition   {edition}" for edition in result["editions"] or ["none"]),
    ]
    tell(result, "\n".join(lines), as_json)
