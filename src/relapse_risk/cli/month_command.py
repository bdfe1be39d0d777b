"""The command month: everything a month needs, from the files in the inbox to the reports, as one line for a scheduler."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relapse_risk.cli.app import PROGRAM, JsonOption, Language, app, print_result
from relapse_risk.cli.assistance_commands import remind
from relapse_risk.cli.identify_commands import due_lines, left_lines, propose_, reply
from relapse_risk.cli.issue_commands import issues
from relapse_risk.cli.refer_command import refer
from relapse_risk.cli.register_commands import check, import_
from relapse_risk.cli.report_commands import facts, render
from relapse_risk.cli.score_commands import rank, score
from relapse_risk.cli.work_commands import jobs
from relapse_risk.errors import GateError, RegisterError, SourceError

if TYPE_CHECKING:
    from relapse_risk.month_steps import Outcome, Step

TEMPLATE, REVIEWS, REPLIES = "template", "identification", "replies"  # how files at the top are read; what comes back


@app.command()
def month(
    month: Annotated[
        str | None, typer.Argument(help="Month YYYY-MM; the newest folder of the inbox when left out.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Data date of the files; today when left out.")
    ] = None,
    language: Annotated[Language, typer.Option(help="Language of lists and worklists.")] = Language.zh,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Do a month's work in a project: import, check, score, rank, propose, facts, issues, refer, remind, jobs, render.

    Files are taken from inbox/YYYY-MM/, in order of their names; those in a folder below it by the mapping of that
    name, returned sheets of reviews in identification/ and lists in replies/ as replies, the others as filled-in templates. What was done before is not done again unless what it reads has changed; a
    run that was stopped goes on where it was. Exit code 0 done, 1 something was found or failed, 3 stopped (the line
    on standard error says why and what to do; then give the same command again), 4 no report was published.
    """
    from relapse_risk.layers import project_folder
    from relapse_risk.month_steps import run_steps
    from relapse_risk.months import check_month

    project = project_folder()
    if project is None:
        raise RegisterError(
            "no project here", where=str(Path.cwd()), expected="a folder with project.yaml, or below it",
            fix="make one with relapse-risk init FOLDER, or say --project FOLDER",
        )  # fmt: skip
    chosen = check_month(month, "MONTH") if month else _newest(project / "inbox")
    day = as_of.date() if as_of else date.today()
    steps = _steps(project, chosen, day, language)

    def tell(outcome: Outcome) -> None:
        found = f", exit code {outcome.code}" if outcome.code else ""
        why = f" ({outcome.why})" if outcome.why else ""
        typer.echo(f"{outcome.name}: {outcome.state.replace('_', ' ')}{found}{why}", err=as_json)

    journal = project / "data" / "months" / f"{chosen}.json"
    outcomes = run_steps(steps, journal, dry_run=dry_run, tell=tell)
    due = [] if dry_run else _due(project / "data" / "register", chosen, day)
    print_result({"month": chosen, "steps": outcomes, "due": due}, "\n".join(["", *due]).strip("\n"), as_json)
    if code := max(outcome.code for outcome in outcomes):
        raise typer.Exit(code)


def _newest(inbox: Path) -> str:
    from relapse_risk.months import is_month

    found = sorted(path.name for path in inbox.glob("*") if path.is_dir() and is_month(path.name))
    if not found:
        raise SourceError(
            "no month in the inbox", where=str(inbox), expected="a folder such as inbox/2024-01",
            fix="put the files of a month into a folder of that name",
        )  # fmt: skip
    return found[-1]


def _steps(project: Path, month: str, day: date, language: Language) -> list[Step]:
    from relapse_risk.layers import project_place
    from relapse_risk.month_steps import Step
    from relapse_risk.parameters import params_dir

    data = project / "data"
    register, place, rules = data / "register", project_place(project), parameter_digest(params_dir())

    def state() -> str:
        from relapse_risk.register import Register

        return f"{rules} {Register.open(register).month_digest(month)}"

    common: dict[str, Any] = {"register": register, "month": month, "params": None, "as_json": False}
    files = _files(project / "inbox" / month)
    imports = [_import(file, project, common, day) for file in files if file.parent.name not in (REVIEWS, REPLIES)]
    if not imports and not (register / "manifest.json").is_file():
        raise SourceError(
            "nothing to import and no register", where=str(project), expected=f"files in inbox/{month}",
            fix="put the files there",
        )  # fmt: skip
    taken = tuple(step.name for step in imports)
    has_items = (params_dir() / "assistance" / f"{place}.yaml").is_file()
    no_items = "" if has_items else f"this place has no catalogue of aid; write params/assistance/{place}.yaml"
    scored = partial(_run, out=data / "scores", **common)
    when = datetime(day.year, day.month, day.day)
    replies = [_reply(file, project, register, when) for file in files if file.parent.name in (REVIEWS, REPLIES)]
    answered = [step.name for step in replies]
    return [
        *imports,
        *replies,
        Step("check", partial(_run, check, out=None, seeded_errors=None, backend="serial", **common), state, after=taken,
             makes=data / "findings" / month),
        Step("score", partial(scored, score, fail_on_drift=False), state, after=taken, makes=data / "scores" / month),
        Step("rank", partial(scored, rank), state, after=taken, makes=data / "scores" / month / "hardship.parquet"),
        Step("propose", partial(_run, propose_, scores=data / "scores", out=None, today=when, **common), state, ("score",),
             (*taken, *answered), left_out=_no_rules(place, month)),
        Step("facts", partial(_run, facts, backend="processes:2", scores=None, out=None, **common), state,
             ("score", "rank", "propose", *answered), taken, data / "facts" / month / "facts.json"),
        Step("issues", partial(_run, issues, replies=None, facts=None, findings=None, out=None, by=PROGRAM, today=None,
             language=language, invent=False, **common), state, ("check", "facts"), taken),
        Step("refer", partial(_run, refer, replies=None, by=PROGRAM, county=None, today=when, department=None, item=None, reminder=None,
             first=None, due=None, assignee="", escalate=True, scores=data / "scores", **common), state, ("score", "rank", *answered), taken, left_out=no_items),
        Step("remind", partial(_run, remind, out=None, scores=data / "scores", county=None, worklists=True, language=language,
             today=when, **common), state, ("score", "rank", "refer"), taken, data / "assistance" / month, no_items),
        Step("jobs", partial(_run, jobs, out=None, scores=data / "scores", by=PROGRAM, today=when, **common), state,
             ("score", "rank", *answered), taken, left_out=no_items),
        Step("render", partial(_render, project, month, day), str, ("facts",), taken, always=True),
    ]  # fmt: skip


def _reply(file: Path, project: Path, register: Path, when: datetime) -> Step:
    """Take a returned sheet of reviews, or a list that came back: a worklist, an order, a push list."""
    from relapse_risk.files import file_sha256
    from relapse_risk.month_steps import Step

    given: dict[str, Any] = {"register": register, "today": when, "params": None, "as_json": False}
    if file.parent.name == REVIEWS:
        act = partial(_run, reply, files=[file], **given)
    else:
        act = partial(_run, refer, replies=[file], **given)
    return Step(f"reply {file.relative_to(project)}", act, lambda: file_sha256(file))


def _no_rules(place: str, month: str) -> str:
    """Why nobody can be proposed in a month; empty where the place has a monitoring line and the rules have begun."""
    from relapse_risk.months import month_end
    from relapse_risk.parameters import read_parameters, read_place

    if "monitoring" not in read_place(place).lines:
        return f"this place has no monitoring line; name one under lines in params/places/{place}.yaml"
    first = read_parameters().parameter("monitored_types").values[0][0]
    return "" if first <= month_end(month) else f"the rules of identification begin on {first.isoformat()}"


def _files(folder: Path) -> list[Path]:
    """Files of a month and of its folders of mappings; hidden ones and those a spreadsheet holds open are none."""
    found = (path for path in (*folder.glob("*"), *folder.glob("*/*")) if path.is_file())
    return sorted(path for path in found if not path.name.startswith((".", "~$")))


def _import(file: Path, project: Path, common: dict[str, Any], day: date) -> Step:
    from relapse_risk.files import file_sha256
    from relapse_risk.month_steps import Step

    mapping = TEMPLATE if file.parent.name == common["month"] else file.parent.name

    def act() -> int:
        try:
            return _run(
                import_, source=str(file), mapping=mapping, key=None, as_of=datetime(day.year, day.month, day.day),
                complete=None, county=None, sender="", accept="", place=None, **common,
            )  # fmt: skip
        except GateError as error:
            command = f"relapse-risk import {file} --mapping {mapping} --month {common['month']}"
            raise GateError(
                error.what, where=f"{file}: {error.where}", got=error.got, expected=error.expected,
                fix=f"{error.fix}: {command} …; then give relapse-risk month {common['month']} again",
            ) from error  # fmt: skip

    return Step(f"import {file.relative_to(project)}", act, lambda: f"{mapping} {file_sha256(file)}")


def parameter_digest(folder: Path) -> str:
    """Digest of every parameter file but the editions, and of the program's version."""
    from relapse_risk import __version__
    from relapse_risk.files import sha256

    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and "editions" not in path.relative_to(folder).parts
    )
    return sha256([__version__, *(part for path in files for part in (path.name, path.read_bytes()))])


def _run(command: Callable[..., None], **options: Any) -> int:
    """Exit code of a command; what it prints goes to standard error."""
    with redirect_stdout(sys.stderr):
        try:
            command(**options)
        except typer.Exit as ended:
            return int(ended.exit_code)
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


def _render(project: Path, month: str, day: date) -> int:
    """Render the project's editions that are of the month and due; the worst exit code."""
    from relapse_risk.editions.due import due_editions
    from relapse_risk.editions.edition import edition_month, read_edition

    codes = [0]
    files = sorted((project / "params" / "editions").glob("*.yaml"))
    for file, due in zip(files, due_editions(files, day), strict=True):
        edition = read_edition(file)  # one that is wrong stops the run with its error
        if due.is_due and edition_month(edition) == month:
            codes.append(_run(render, edition=file, workers=0, backend="processes", explain=False, resume=True, wait=1.0,
                              log_json=False, as_json=False))  # fmt: skip
    return max(codes)


def _due(register: Path, month: str, day: date) -> list[str]:
    """Who has to do what after this month: tables to send, reviews, issues, and what of aid waits with whom."""
    from relapse_risk.assistance import open_aid_log
    from relapse_risk.events.due_things import due_things
    from relapse_risk.issues.issue_ledger import issue_states, read_issue_steps
    from relapse_risk.parameters import read_parameters
    from relapse_risk.register import Register
    from relapse_risk.register.completeness import read_expected, waiting_for

    opened = Register.open(register)
    late = waiting_for(opened, month, read_expected(None))
    lines = [
        f"{county}: table {table} not yet received (last: {last or 'never'})" for (table, county), last in late.items()
    ]
    lines += _reviews(register, month, day)
    issued = issue_states(read_issue_steps(register), day)
    counts = issued[issued["open"].astype(bool)].groupby("county_code")["overdue"].agg(["size", "sum"])
    lines += [f"{who}: {int(n):,} issues open, {int(over):,} overdue" for who, n, over in counts.itertuples()]
    log = open_aid_log(register, read_parameters(), opened.place)
    found = due_things(log, day)
    counts = found.assign(over=found["overdue"] > 0).groupby(["unit", "kind"])["over"].agg(["size", "sum"])
    lines += [
        f"{who}: {int(n):,} {log.machines[kind].label.en} open, {int(over):,} overdue"
        for (who, kind), n, over in counts.itertuples()
    ]
    return lines


def _reviews(register: Path, month: str, day: date) -> list[str]:
    """Who has to review how many households; notices that are over are taken down."""
    from relapse_risk.identification import due_list, open_log, take_down
    from relapse_risk.identification.due_list import due_by_holder, leavers_due
    from relapse_risk.identification.identification_log import whereabouts
    from relapse_risk.parameters import read_parameters
    from relapse_risk.register import Register

    down = take_down(register.parent / "identification" / "notices", day)
    opened = Register.open(register)
    log = open_log(register, read_parameters(), opened.place)
    if not (log.episodes or log.left):
        return []
    counts = due_by_holder(due_list(log, whereabouts(opened, month), day), day)
    return [
        *due_lines(counts),
        *left_lines(leavers_due(log, day)),
        *(f"notice over, taken down: {file.name}" for file in down),
    ]
