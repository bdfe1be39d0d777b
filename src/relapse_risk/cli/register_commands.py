"""Commands that fill and check a register: demo, template, import, check."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from relapse_risk.cli.app import (
    DAY,
    EXIT_FOUND,
    BackendOption,
    JsonOption,
    Language,
    MonthOption,
    ParamsOption,
    RegisterOption,
    app,
    bar,
    lines_of,
    opened_register,
    print_result,
    register_folder,
)

CITY_MOST = 100_000  # households; above this the demonstration is a nation


@app.command()
def demo(
    out: Annotated[
        Path | None, typer.Option(help="Folder; data/dezhou/register, or data/nation for a nation, when left out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same bytes.")] = 2020,
    households: Annotated[
        int | None,
        typer.Option(min=200, help="A smaller city, or above 100,000 a nation; the city's true size when left out."),
    ] = None,
    backend: BackendOption = "processes",
    as_json: JsonOption = False,
) -> None:
    """Build the demonstration register: Dezhou at true size, synthetic households, published totals.

    Seeded errors and true relapse probabilities go beside it into demo_key/, never into the register.
    With more than 100,000 households: a synthetic nation, streamed part by part, for the commands of `nation`;
    its counties are drawn from that city, and a run that was stopped is completed by the same command.
    """
    from relapse_risk.demo import build_demo
    from relapse_risk.nation import build_nation

    with bar("demo") as progress:
        if households is not None and households > CITY_MOST:
            nation = build_nation(out or Path("data/nation"), households, seed, backend, progress)
            result = {"households": nation.households, "counties": len(nation.counties), "folder": nation.folder}
            print_result(result, str(nation.folder), as_json)
            return
        register = out or Path("data/dezhou/register")
        key = build_demo(register, seed=seed, households=households, progress=progress)
    print_result(key, str(register), as_json)


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
    register: RegisterOption = None,
    month: Annotated[str | None, typer.Option(help="Month of the snapshot, if the source does not state it.")] = None,
    key: Annotated[Path | None, typer.Option(help="Key file for pseudonyms; never inside the register.")] = None,
    as_of: Annotated[datetime | None, typer.Option(formats=DAY, help="Data date; today when left out.")] = None,
    complete: Annotated[
        bool | None,
        typer.Option(
            "--complete/--partial",
            help="The source names everybody: whom it leaves out is no more in that month. What the mapping says when left out.",
        ),
    ] = None,
    county: Annotated[
        list[str] | None, typer.Option(help="With --complete: only for this county (repeatable).")
    ] = None,
    sender: Annotated[
        str, typer.Option("--from", help="Department the source is from, such as MZ; the mapping's when left out.")
    ] = "",
    accept: Annotated[str, typer.Option(help="Let it through a gate: 'who: why', kept in the register.")] = "",
    place: Annotated[
        str | None, typer.Option(help="Place of a new register (params/places); the project's when left out.")
    ] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import a workbook, CSV, database or Parquet panel into a register, completely or not at all.

    A month that is new starts from the last one: what the source does not say is carried, and marked with its month.
    A cell with an error keeps its last value; rows with a wrong key or reference are rejected; both are written beside
    the register with the reason, and so is every value that differs from what the register held.  Exit code 1 when
    rows or cells were not taken; 3, with nothing written, when too many households would go or come (--accept).
    """
    from relapse_risk.layers import project_folder, project_place
    from relapse_risk.register.importing import import_source

    project = project_folder()
    if register is None and project is None and place is not None:
        register = Path("data") / place / "register"
    register = register_folder(register)
    if place is None and project is not None and not (register / "manifest.json").is_file():
        place = project_place(project)
    with bar("import") as progress:
        report = import_source(
            source,
            mapping,
            register,
            month=month,
            key=key,
            as_of=as_of.date() if as_of else date.today(),
            progress=progress,
            params=params,
            complete=complete,
            counties=tuple(county or ()),
            sender=sender,
            accept=accept,
            place=place,
        )
    counts = {"rejected": report.rejected, "cells": report.cells, "warnings": report.warnings}
    print_result(asdict(report) | counts, report.summary(), as_json)
    if report.rejected or report.cells:
        raise typer.Exit(EXIT_FOUND)


@app.command()
def deliveries(
    register: RegisterOption = None,
    month: MonthOption = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say who has delivered what for a month, what is not yet received, and how much of the month is carried."""
    from relapse_risk.register.completeness import completeness, read_expected, waiting_for

    opened, chosen, _, _ = opened_register(register, month, params)
    expected = read_expected(params)
    matrix, late = completeness(opened, chosen, expected), waiting_for(opened, chosen, expected)
    sent = opened.read("delivery", chosen) if opened.has("delivery") else opened.read_all("delivery")
    carried = opened.read("carried", chosen) if opened.has("carried") else opened.read_all("carried")
    whole = carried[carried["columns"] == "all"]
    rows = whole.groupby(["table_name", "said_in"]).size()
    lines = [f"{table}: {count:,} rows carried, last said in {since}" for (table, since), count in rows.items()]
    lines += [
        f"{table}, {county}: not yet received (last: {last or 'never'})" for (table, county), last in late.items()
    ]
    files = sent.assign(sender=sent["sender"].fillna("")).groupby(["source", "sender"])["rows"].sum()
    lines += [f"{name}{f' from {who}' if who else ''}: {count:,} rows" for (name, who), count in files.items()]
    result = {
        "month": chosen,
        "completeness": {county: matrix[county].to_dict() for county in matrix},
        "not_yet_received": [{"table": table, "county": county, "last": last} for (table, county), last in late.items()],
        "carried": [{"table": table, "said_in": since, "rows": int(count)} for (table, since), count in rows.items()],
    }  # fmt: skip
    print_result(result, "\n".join([matrix.T.to_string(), *lines]), as_json)


@app.command()
def check(
    register: RegisterOption = None,
    month: MonthOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the findings; beside the register when left out.")
    ] = None,
    seeded_errors: Annotated[
        Path | None, typer.Option(help="Key of seeded errors (CSV): compare findings with it.")
    ] = None,
    backend: BackendOption = "serial",
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a register against every data-quality rule; findings go to CSV and Excel. Exit code 1 if errors are found,
    or, with a key, if a seeded error is missed.
    """
    from relapse_risk.register.plain_tables import read_plain_table
    from relapse_risk.register.quality import check_register, compare_with_key, read_rules, write_findings

    opened, chosen, parameters, place = at = opened_register(register, month, params)
    opened.verify()
    with bar("check") as progress:
        rules = read_rules(params, parameters) if params else None
        findings = check_register(opened, chosen, parameters, place, progress=progress, rules=rules, backend=backend)
    files = write_findings(findings, out or at.beside(None, "findings") / chosen)
    if seeded_errors is not None:
        report = compare_with_key(findings, read_plain_table(seeded_errors).frame.fillna(""))
        print_result(report, report.summary(), as_json)
        if len(report.missed):
            raise typer.Exit(EXIT_FOUND)
        return
    result = {"month": chosen, "findings": len(findings.frame), "errors": findings.errors, "files": files}
    text = f"{findings.summary()}\n" + lines_of(files)
    print_result(result, text, as_json)
    if findings.errors:
        raise typer.Exit(EXIT_FOUND)
