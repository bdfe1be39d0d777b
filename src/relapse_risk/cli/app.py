"""Shared by all commands: the application, common options, progress and printing of results."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias

import typer

from relapse_risk import __version__
from relapse_risk.errors import RelapseRiskError
from relapse_risk.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

EXIT_FOUND, EXIT_INPUT = 1, 3

app = typer.Typer(
    name="relapse-risk",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Relapse risk, hardship ranking and county assessment reports for poverty registers. "
    "返贫风险监测、困难指数排序与县级评估报告。",
    epilog="A usual month:  [bold]import → check → score → rank → facts → render[/bold].  "
    "To try it on synthetic data, run [bold]demo[/bold] first.  "
    "Exit codes: 0 done · 1 faults found or a report failed · 2 wrong usage · 3 bad input · 4 nothing published.",
)

RegisterOption: TypeAlias = Annotated[Path | None, typer.Option(help="Folder of the register; the project's, or the only one below this folder, when left out.", metavar="FOLDER")]  # fmt: skip
MonthOption: TypeAlias = Annotated[
    str | None, typer.Option(help="Month YYYY-MM; the register's latest when left out.", metavar="YYYY-MM")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output; progress stays on standard error.")]  # fmt: skip
BackendOption: TypeAlias = Annotated[str, typer.Option(help="Backend: serial, processes[:workers] or dask[:address]; results are the same.", metavar="WHERE")]  # fmt: skip
ParamsOption: TypeAlias = Annotated[
    Path | None, typer.Option(help="Another whole parameter folder than the project's.", metavar="FOLDER")
]
DAY = ["%Y-%m-%d"]
TODAY = typer.Option("--today", formats=DAY, metavar="YYYY-MM-DD", help="Day of the step; today when left out.")
PROGRAM = "relapse-risk"  # who a step is by, where nobody is named


def beside(what: str, folder: str) -> Any:
    """The option of a folder that is ``folder`` beside the register when left out (:meth:`Opened.beside`)."""
    return typer.Option(help=f"Folder {what}; {folder}/ beside the register when left out.")


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


def print_result(result: Any, text: str, as_json: bool) -> None:
    """Print ``result`` as JSON, or ``text``, on standard output."""
    typer.echo(json.dumps(_plain(result), ensure_ascii=False, indent=2) if as_json else text)


@contextmanager
def bar(title: str) -> Iterator[Progress]:
    """A progress bar on a terminal; one plain line per step where there is none (cron, CI)."""
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
    with Bar(*columns, console=Console(stderr=True)) as drawn:
        task = drawn.add_task(title, total=None, what="")

        def step(done: int, total: int, what: str) -> None:
            drawn.update(task, completed=done, total=total, what=what)

        yield step


def _version(value: bool) -> None:
    if value:
        typer.echo(f"relapse-risk {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    project: Annotated[
        Path | None,
        typer.Option(help="Folder of the project; the one this folder is in when left out.", metavar="FOLDER"),
    ] = None,
) -> None:
    """Options before a command."""
    if project is not None:
        from relapse_risk.layers import PROJECT_VARIABLE, project_folder

        os.environ[PROJECT_VARIABLE] = str(project.absolute())
        project_folder()  # refuses a folder that is none


def register_folder(register: Path | None) -> Path:
    """The register of a command: as given, the project's, or the only one below the folder it stands in.

    Raises
    ------
    RelapseRiskError
        If there is none, or there are several: nothing is taken for the register of another place.
    """
    from relapse_risk.layers import project_folder

    if register is not None:
        return register
    project = project_folder()
    if project is not None:
        return project / "data" / "register"
    found = sorted(
        {
            path.parent
            for depth in ("", "*/", "*/*/", "*/*/*/")
            for path in Path().glob(f"{depth}register/manifest.json")
        }
    )
    if len(found) == 1:
        return found[0]
    raise RelapseRiskError(
        "which register?", where="--register", got=" | ".join(map(str, found)) or "none below this folder",
        expected="a project (relapse-risk init FOLDER), or --register FOLDER",
    )  # fmt: skip


class Opened(NamedTuple):
    """Register, month, parameters and place of one command."""

    register: Any
    month: str
    parameters: Any
    place: Any

    def beside(self, given: Path | None, folder: str) -> Path:
        """The folder given, or else ``folder`` beside the register."""
        return given or self.register.path.parent / folder


def opened_register(register: Path | None, month: str | None, params: Path | None) -> Opened:
    """The register of a command, as given or found, with its month, the latest when left out."""
    from relapse_risk.months import check_month
    from relapse_risk.parameters import read_parameters, read_place
    from relapse_risk.register import Register

    folder = register_folder(register)
    opened = Register.open(folder)
    if not opened.months:
        raise RelapseRiskError("the register holds no month", where=str(folder), fix="import households first")
    chosen = check_month(month, "--month") if month else opened.months[-1]
    if chosen not in opened.months:
        raise RelapseRiskError(
            "the register has no such month", where="--month", got=chosen, expected=" | ".join(opened.months)
        )
    return Opened(opened, chosen, read_parameters(params), read_place(opened.place, params))


def written(frame: pd.DataFrame, path: Path) -> Path:
    """A CSV that Excel opens in Chinese, with formulas neutralised, completely or not at all."""
    from relapse_risk.register.spreadsheets import write_csv

    return write_csv(frame, path)


def lines_of(files: Iterable[Path]) -> str:
    """Files one below the other."""
    return "\n".join(map(str, files))


def report_replies(files: Sequence[Path], taken: Sequence[Any], as_json: bool) -> None:
    """Say of returned lists how many replies were taken, and each that was rejected; exit code 1 if one was."""
    from relapse_risk.languages import LANGUAGES

    for file, one in zip(files, taken, strict=True):
        for fault in one.faults.to_dict("records"):
            sheet = f"{fault['sheet']}: " if "sheet" in fault else ""
            said = " / ".join(fault[language] for language in LANGUAGES)
            wanted = f", expected {fault['expected']}" if fault.get("expected") else ""
            typer.echo(f"{file.name}: {sheet}row {fault['row']}, {fault['column']}: {said}; got {fault['value']!r}{wanted}", err=True)  # fmt: skip
    counts = {"taken": sum(len(one.steps) for one in taken), "faults": sum(len(one.faults) for one in taken)}
    print_result(counts, f"{counts['taken']} replies taken, {counts['faults']} rejected", as_json)
    if counts["faults"]:
        raise typer.Exit(EXIT_FOUND)
