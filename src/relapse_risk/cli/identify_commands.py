"""Commands of identification: propose, sheets, reply, notice, due, story, take-back."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relapse_risk.cli.app import (
    DAY,
    EXIT_FOUND,
    TODAY,
    JsonOption,
    Language,
    MonthOption,
    Opened,
    ParamsOption,
    RegisterOption,
    app,
    beside,
    lines_of,
    opened_register,
    print_result,
    written,
)

if TYPE_CHECKING:
    from relapse_risk.identification import IdentificationLog

identify_app = typer.Typer(
    no_args_is_help=True,
    help="Identification of households at risk: proposals, reviews by village, town and county, notices, who must act.",
)
app.add_typer(identify_app, name="identify")
FOLDER = beside("for sheets, notices and lists", "identification")
IDENTITY = typer.Option(help="Names of heads too: say why; the reason is logged, and files are their owner's only.")


@identify_app.callback()
def _identify() -> None:
    """Options before a command."""


def _opened(register: Path | None, month: str | None, params: Path | None) -> tuple[Opened, IdentificationLog]:
    from relapse_risk.identification import open_log

    opened = opened_register(register, month, params)
    return opened, open_log(opened.register.path, opened.parameters, opened.place.name, params)


def _day(today: datetime | None) -> date:
    return today.date() if today else date.today()


@identify_app.command("propose")
def propose_(
    register: RegisterOption = None,
    month: MonthOption = None,
    scores: Annotated[
        Path | None, typer.Option(help="Folder of scores: households of the high band are proposed, too.")
    ] = None,
    out: Annotated[Path | None, FOLDER] = None,
    today: Annotated[datetime | None, TODAY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose by the rules of the month, and by score, whom to take into monitoring and whose risk is eliminated.

    Households of the month before that the month has not are noted, too: their county is asked why they left.

    Steps are added to the log of events, none is changed; a household that is open already is not proposed again.
    Lists written: where register and log differ, and what keeps whom under monitoring.
    """
    from relapse_risk.identification import open_log, propose, take_down
    from relapse_risk.identification.leavers import find_leavers
    from relapse_risk.scores import read_scores

    opened, log = _opened(register, month, params)
    day = _day(today)
    risk = read_scores(scores, opened.month).risk if scores is not None else None
    found = propose(opened.register, opened.month, log, opened.parameters, opened.place, day, risk)
    left = find_leavers(opened.register, opened.month, log, day) if opened.place.records == "register" else ()
    log.append([*found.events, *left])
    counts = found.counts()
    if "taken_over" in counts:  # whom the register monitored already may be judged now
        log = open_log(opened.register.path, opened.parameters, opened.place.name, params)
        found = propose(opened.register, opened.month, log, opened.parameters, opened.place, day, risk)
        log.append(found.events)
        counts |= found.counts()
    folder = opened.beside(out, "identification")
    files = [
        written(found.differs, folder / opened.month / "differs.csv"),
        written(found.held_back, folder / opened.month / "held_back.csv"),
    ]
    down = take_down(folder / "notices", day)
    for event in left:
        counts[event.step] = counts.get(event.step, 0) + 1
    shown = ", ".join(f"{name.replace('_', ' ')}: {count:,}" for name, count in counts.items()) or "nothing new"
    shown += f"\nregister and log differ: {len(found.differs):,}; kept under monitoring: {len(found.held_back):,}"
    shown += "".join(f"\nnotice over, taken down: {file}" for file in down)
    result = {"month": opened.month, "steps": counts, "differs": len(found.differs), "held_back": len(found.held_back), "files": files, "taken_down": down}  # fmt: skip
    print_result(result, f"{shown}\n{lines_of(files)}", as_json)


@identify_app.command("sheets")
def sheets(
    register: RegisterOption = None,
    level: Annotated[
        list[str] | None, typer.Option(help="village, town or county (repeatable); all when left out.")
    ] = None,
    out: Annotated[Path | None, FOLDER] = None,
    language: Annotated[Language, typer.Option(help="Language of the sheets.")] = Language.zh,
    identity: Annotated[str, IDENTITY] = "",
    today: Annotated[datetime | None, TODAY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a workbook for each village, town and county that has something to answer, and a blank one for clues."""
    from relapse_risk.errors import unknown
    from relapse_risk.identification import write_review_sheets
    from relapse_risk.identification.head_names import head_names
    from relapse_risk.identification.identification_log import whereabouts
    from relapse_risk.identification.review_sheets import LEVELS

    for one in level or ():
        if one not in LEVELS:
            raise unknown("level", one, LEVELS, "--level")
    opened, log = _opened(register, None, params)
    day = _day(today)
    names = head_names(opened.register, opened.month, identity)
    folder = opened.beside(out, "identification") / "sheets" / day.isoformat()
    homes = whereabouts(opened.register, opened.month)
    files = write_review_sheets(log, homes, day, folder, language.value, level or LEVELS, names)
    print_result({"files": files}, f"{len(files) - 1} to answer, {files[-1].name} for new clues\n{folder}", as_json)


@identify_app.command("reply")
def reply(
    files: Annotated[list[Path], typer.Argument(help="Returned workbooks.")],
    register: RegisterOption = None,
    today: Annotated[datetime | None, TODAY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read returned workbooks: reviews, objections, appeals, and new clues. Exit code 1 if a row was refused.

    A good row becomes a step of the log; a bad one is named by file, sheet, row and column, and does not hold up others.
    """
    from relapse_risk.identification import open_log, take_review_replies
    from relapse_risk.identification.identification_log import whereabouts

    opened, log = _opened(register, None, params)
    homes = whereabouts(opened.register, opened.month)
    taken: dict[str, Any] = {"taken": 0, "known": 0, "refused": 0, "faults": []}
    for file in files:
        found = take_review_replies(file, log, homes, _day(today))
        for line in found.lines():
            typer.echo(line, err=True)
        taken["taken"] += len(found.steps)
        taken["known"] += found.known
        taken["refused"] += len(found.faults)
        taken["faults"] += found.faults.to_dict("records")
        log = open_log(opened.register.path, opened.parameters, opened.place.name, params)
    print_result(taken, f"{taken['taken']} steps taken, {taken['known']} known before, {taken['refused']} refused", as_json)  # fmt: skip
    if taken["refused"]:
        raise typer.Exit(EXIT_FOUND)


@identify_app.command("notice")
def notice(
    first_day: Annotated[
        datetime | None, typer.Option(formats=DAY, metavar="YYYY-MM-DD", help="Day the notices go up; the day of the step when left out.")
    ] = None,
    register: RegisterOption = None,
    by: Annotated[str, typer.Option(help="Who puts them up.")] = "",
    contact: Annotated[str, typer.Option(help="To whom objections go, as the notice says it.")] = "",
    out: Annotated[Path | None, FOLDER] = None,
    language: Annotated[Language, typer.Option(help="Language of the notices.")] = Language.zh,
    identity: Annotated[str, IDENTITY] = "",
    today: Annotated[datetime | None, TODAY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Write a public notice for each village with households voted for, note it in the log, take down those that are over.

    A notice never shows an identity number, telephone, account or anything of health, and says when it comes down.
    """
    from relapse_risk.identification import begin_notices, take_down
    from relapse_risk.identification.head_names import head_names
    from relapse_risk.identification.identification_log import whereabouts

    opened, log = _opened(register, None, params)
    day = _day(today)
    first = first_day.date() if first_day else day
    folder = opened.beside(out, "identification") / "notices"
    down = take_down(folder, day)
    names = head_names(opened.register, opened.month, identity)
    homes = whereabouts(opened.register, opened.month)
    found = begin_notices(log, homes, first, day, by or opened.place.label.in_language(language.value), folder, language.value, contact, names)  # fmt: skip
    lines = [f"{one.unit}: {len(one.households)} on notice to {one.last_day}: {one.file}" for one in found]
    lines += [f"over, taken down: {file}" for file in down]
    if found and not log.due.calendar.knows(first):
        lines.append(
            f"holidays of {first.year} are not entered in calendars/{opened.place.name}.yaml: only weekends were left out"
        )
    print_result({"notices": found, "taken_down": down}, "\n".join(lines) or "nobody to put on notice", as_json)


@identify_app.command("due")
def due(
    register: RegisterOption = None,
    out: Annotated[Path | None, FOLDER] = None,
    language: Annotated[Language, typer.Option(help="Language of the list.")] = Language.zh,
    today: Annotated[datetime | None, TODAY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say who has to act on which household, since when, by when, and how many days it is over."""
    from relapse_risk.identification.due_list import due_by_holder, due_list, labelled_due, leavers_due
    from relapse_risk.identification.identification_log import whereabouts

    opened, log = _opened(register, None, params)
    day, homes = _day(today), whereabouts(opened.register, opened.month)
    found = due_list(log, homes, day)
    folder = opened.beside(out, "identification")
    path = written(labelled_due(found, log, homes, language.value), folder / "due" / f"{day.isoformat()}.csv")
    counts = due_by_holder(found, day)
    left = leavers_due(log, day)
    result = {"due": found.to_dict("records"), "by_holder": counts.to_dict("records"), "left": left, "file": path}
    print_result(result, "\n".join([*due_lines(counts), *left_lines(left), str(path)]), as_json)


def due_lines(counts: Any) -> list[str]:
    """Who has to act on how many households, one line a county and level."""
    return [
        f"{one['county']} {one['holder']}: {one['households']:,} households to review, {one['overdue']:,} overdue, "
        f"{one['undecided']:,} undecided beyond the whole limit (first due {one['first_due']})"
        for one in counts.to_dict("records")
    ]


def left_lines(left: Any) -> list[str]:
    """Counties that have to say why households left the register."""
    return [
        f"{one['county']} county: {one['households']:,} households left the register without a reason, {one['overdue']:,} overdue"
        for one in left
    ]


@identify_app.command("story")
def story(
    household: Annotated[str, typer.Argument(help="Household identifier.")],
    register: RegisterOption = None,
    language: Annotated[list[Language] | None, typer.Option(help="Language (repeatable); all when left out.")] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell one household's story: every step of identification, review and elimination, by whom and why."""
    from relapse_risk.events.thing_story import thing_story
    from relapse_risk.identification import KIND

    _, log = _opened(register, None, params)
    told = {one.value: thing_story(log, household, one.value, KIND) for one in language or list(Language)}
    shown = "\n\n".join(
        "\n".join(" | ".join(str(cell) for cell in row if cell) for row in frame.itertuples(index=False)) for frame in told.values()
    )  # fmt: skip
    print_result({one: frame.to_dict("records") for one, frame in told.items()}, shown, as_json)


@identify_app.command("take-back")
def take_back(
    household: Annotated[str, typer.Argument(help="Household identifier.")],
    reason: Annotated[str, typer.Option(help="Why the last step was entered in error.")],
    by: Annotated[str, typer.Option(help="Who takes it back.")],
    role: Annotated[str, typer.Option(help="As what: a level above the step's.")] = "county",
    register: RegisterOption = None,
    today: Annotated[datetime | None, TODAY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back the last step of a household as entered in error; it stays in the log, and so does this."""
    from relapse_risk.events import Event
    from relapse_risk.events.standing import TAKEN_BACK
    from relapse_risk.identification import KIND

    _, log = _opened(register, None, params)
    day = _day(today).isoformat()
    now = log.now.get(household)
    event = Event(KIND, household, 0, TAKEN_BACK, day, day, by, role, *(now.place if now else ("", "", "")), reason=reason, evidence=now.events[-1].step if now else "", source="take-back")  # fmt: skip
    (done,) = log.append([event]).written or (event,)
    print_result(done, f"{done.name}: {done.evidence} taken back", as_json)
