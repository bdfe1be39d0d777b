"""The command line: parse, call, print a path; nothing else.

Imports stand inside the commands (the one exception of the house) so that ``--help`` answers at once.

Exit codes: 0 done; 1 something was found or failed (rejected rows, faults, a report that failed);
2 wrong usage; 3 bad input (an error named in one line); 4 nothing was published.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from relapse_risk import __version__
from relapse_risk.errors import RelapseRiskError
from relapse_risk.progress import Progress

EXIT_FOUND, EXIT_INPUT = 1, 3

app = typer.Typer(
    name="relapse-risk",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Relapse risk, hardship ranking and county assessment reports for poverty registers. "
    "返贫风险监测、困难指数排序与县级评估报告。",
    epilog="A usual month:  [bold]import → check → score → rank → facts → render[/bold].  "
    "To see it all on invented data:  [bold]demo[/bold] first.  "
    "Exit codes: 0 done · 1 faults found or a report failed · 2 wrong usage · 3 bad input · 4 nothing published.",
)

REGISTER = typer.Option(help="Folder of the register.", metavar="FOLDER")
MONTH = typer.Option(help="Month YYYY-MM; the register's latest when left out.", metavar="YYYY-MM")
JSON = typer.Option("--json", help="Print the result as JSON on standard output; progress stays on standard error.")
PARAMS = typer.Option(help="Parameter folder; params/ when left out.", metavar="FOLDER")


class Language(StrEnum):
    """Report languages."""

    zh = "zh"
    en = "en"


def _plain(value: Any) -> Any:
    """``value`` as something JSON can hold."""
    if is_dataclass(value) and not isinstance(value, type):
        return {key: _plain(item) for key, item in asdict(value).items()}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def _tell(result: Any, text: str, as_json: bool) -> None:
    typer.echo(json.dumps(_plain(result), ensure_ascii=False, indent=2) if as_json else text)


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    """A progress bar on a terminal; one plain line per step elsewhere (cron, CI)."""
    if not sys.stderr.isatty():
        last = ""

        def line(done: int, total: int, what: str) -> None:
            nonlocal last
            text = f"{title}: {done}/{total} {what}"
            if text != last and (done == total or done * 10 // max(total, 1) != (done - 1) * 10 // max(total, 1)):
                typer.echo(text, err=True)
                last = text

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[what]}"),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None, what="")

        def step(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, what=what)

        yield step


def _version(value: bool) -> None:
    if value:
        typer.echo(f"relapse-risk {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Nothing happens before a command."""


def _opened(register: Path, month: str | None, params: Path | None) -> tuple[Any, str, Any, Any]:
    """Register, month, parameters and place of one command."""
    from relapse_risk.months import check_month
    from relapse_risk.parameters import read_parameters, read_place
    from relapse_risk.register import Register

    opened = Register.open(register)
    if not opened.months:
        raise RelapseRiskError("the register holds no month", where=str(register), fix="import households first")
    chosen = check_month(month, "--month") if month else opened.months[-1]
    if chosen not in opened.months:
        raise RelapseRiskError(
            "the register has no such month", where="--month", got=chosen, expected=" | ".join(opened.months)
        )
    return opened, chosen, read_parameters(params), read_place(opened.place, params)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the register.")] = Path("data/dezhou/register"),
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 2020,
    households: Annotated[int | None, typer.Option(min=200, help="A smaller city; true size when left out.")] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Build the demonstration register: Dezhou at true size, synthetic households, published totals.

    Planted faults and true relapse probabilities go beside it into demo_key/, never into the register.
    """
    from relapse_risk.demo import build_demo

    with _bar("demo") as progress:
        key = build_demo(out, seed=seed, households=households, progress=progress)
    _tell(key, str(out), as_json)


@app.command()
def template(
    out: Annotated[Path, typer.Argument(help="Excel file to write.")] = Path("采集表.xlsx"),
    language: Annotated[Language, typer.Option(help="Language of headers and notes.")] = Language.zh,
    table: Annotated[list[str] | None, typer.Option(help="Only these tables (repeatable).")] = None,
) -> None:
    """Write the Excel template an office fills in: headers, drop-down codes, notes. Import it back with import."""
    from relapse_risk.register.template import write_template

    typer.echo(write_template(out, language=language.value, tables=tuple(table) if table else None))


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="File, folder or database URL (SQLAlchemy).")],
    mapping: Annotated[str, typer.Option(help="Mapping file, or its name in params/sources/.")] = "template",
    register: Annotated[Path, REGISTER] = Path("data/register"),
    month: Annotated[str | None, typer.Option(help="Month of the snapshot, where the source does not say.")] = None,
    key: Annotated[Path | None, typer.Option(help="Key file for pseudonyms; never inside the register.")] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Data date; today when left out.")
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Import a workbook, CSV, database or Parquet panel into a register: all of it or nothing.

    Rows with errors are rejected and written beside the register with the reason; warnings are listed.
    Exit code 1 when rows were rejected.
    """
    from relapse_risk.register.importing import import_source

    with _bar("import") as progress:
        report = import_source(
            source,
            mapping,
            register,
            month=month,
            key=key,
            as_of=as_of.date() if as_of else date.today(),
            progress=progress,
        )
    _tell(report, report.summary(), as_json)
    if report.rejected:
        raise typer.Exit(EXIT_FOUND)


@app.command()
def check(
    register: Annotated[Path, REGISTER] = Path("data/dezhou/register"),
    month: Annotated[str | None, MONTH] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the findings; beside the register when left out.")
    ] = None,
    planted: Annotated[Path | None, typer.Option(help="Key of planted faults (CSV): compare findings with it.")] = None,
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Check a register against every data-quality rule; findings go to CSV and Excel. Exit code 1 on errors found,
    or on a planted fault that was missed when a key is given.
    """
    import pandas as pd

    from relapse_risk.register.quality import check_register, compare_with_key, read_rules, write_findings

    opened, chosen, parameters, place = _opened(register, month, params)
    opened.verify()
    with _bar("check") as progress:
        rules = read_rules(params, parameters) if params else None
        findings = check_register(opened, chosen, parameters, place, progress=progress, rules=rules)
    files = write_findings(findings, out or register.parent / "findings" / chosen)
    if planted is not None:
        report = compare_with_key(findings, pd.read_csv(planted, dtype=str, keep_default_na=False))
        _tell(report, report.summary(), as_json)
        if len(report.missed):
            raise typer.Exit(EXIT_FOUND)
        return
    result = {"month": chosen, "findings": len(findings.frame), "errors": findings.errors, "files": files}
    text = f"{findings.summary()}\n" + "\n".join(str(file) for file in files)
    _tell(result, text, as_json)
    if findings.errors:
        raise typer.Exit(EXIT_FOUND)


@app.command()
def score(
    register: Annotated[Path, REGISTER] = Path("data/dezhou/register"),
    month: Annotated[str | None, MONTH] = None,
    out: Annotated[Path, typer.Option(help="Folder for scores.")] = Path("data/dezhou/scores"),
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Fit the relapse score on the register's history and score every household, with reasons and a model card."""
    from relapse_risk.scores import compute_scores

    opened, chosen, parameters, place = _opened(register, month, params)
    with _bar("score") as progress:
        card = compute_scores(opened, chosen, parameters=parameters, place=place, out=out, progress=progress)
    _tell(card, f"{card.summary()}\n{out / chosen}", as_json)


@app.command()
def rank(
    register: Annotated[Path, REGISTER] = Path("data/dezhou/register"),
    month: Annotated[str | None, MONTH] = None,
    out: Annotated[Path, typer.Option(help="Folder for ranks.")] = Path("data/dezhou/scores"),
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Compute the hardship index, need before aid and priority after it, and rank within county and city."""
    from relapse_risk.scores import compute_ranks

    opened, chosen, parameters, place = _opened(register, month, params)
    with _bar("rank") as progress:
        ranks = compute_ranks(opened, chosen, parameters=parameters, place=place, out=out, progress=progress)
    _tell({"month": chosen, "households": len(ranks), "folder": out / chosen}, str(out / chosen), as_json)


@app.command()
def facts(
    register: Annotated[Path, REGISTER] = Path("data/dezhou/register"),
    month: Annotated[str | None, MONTH] = None,
    scores: Annotated[Path | None, typer.Option(help="Folder of scores and ranks; sections say so without it.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for facts.")] = Path("data/dezhou/facts"),
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Compute the facts of every county's report, once, before rendering."""
    from relapse_risk.assessment import compute_facts

    opened, chosen, parameters, place = _opened(register, month, params)
    with _bar("facts") as progress:
        manifest = compute_facts(opened, chosen, parameters, place, scores, out, progress=progress)
    _tell(manifest, str(out / chosen), as_json)


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

    with _bar("render") as progress:
        result = render_edition(read_edition(edition), progress=progress, workers=workers)
    _tell(result, result.summary(), as_json)
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
    _tell(result, "\n".join(lines), as_json)


def main() -> None:
    """Entry point: an error of ours is one line on standard error and exit code 3."""
    try:
        app()
    except RelapseRiskError as error:
        typer.echo(f"relapse-risk: {error}", err=True)
        sys.exit(EXIT_INPUT)


__all__ = ["app", "main"]


if __name__ == "__main__":
    main()
