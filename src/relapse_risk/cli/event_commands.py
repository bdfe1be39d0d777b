"""Commands over the one log of events: what is due of whom, the story of a thing, one step, one taken back."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relapse_risk.cli.app import (
    DAY,
    TODAY,
    JsonOption,
    Language,
    Opened,
    ParamsOption,
    RegisterOption,
    app,
    beside,
    opened_register,
    print_result,
    written,
)

if TYPE_CHECKING:
    from relapse_risk.events import KeptLog, Standing

events_app = typer.Typer(
    no_args_is_help=True,
    help="The log of everything that has a life: reminders, orders, placements, lists sent, identification.",
)
app.add_typer(events_app, name="events")
THING = typer.Argument(help="Number of the thing, as worklists, lists and the list of what is due name it.")


@events_app.callback()
def _events() -> None:
    """Options before a command."""


def _opened(register: Path | None, params: Path | None) -> tuple[Opened, KeptLog]:
    from relapse_risk.assistance import open_aid_log
    from relapse_risk.events import open_kept_log

    opened = opened_register(register, None, params)
    open_aid_log(opened.register.path, opened.parameters, opened.place.name, params)  # moves what older versions kept
    return opened, open_kept_log(opened.register.path, opened.parameters, opened.place.name, params)


def _one(log: KeptLog, thing: str) -> Standing:
    """The thing of any kind that is called so."""
    from relapse_risk.errors import RegisterError

    found = [every[-1] for (_, name), every in log.things.items() if name == thing.partition("#")[0]]
    if len(found) != 1:
        kinds = " | ".join(one.kind for one in found) or "nothing"
        raise RegisterError("the log must know one thing of this name", where=str(log.register), got=kinds, expected=thing, fix="check the number; of households give relapse-risk identify")  # fmt: skip
    return found[0]


@events_app.command("due")
def due(
    register: RegisterOption = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only these kinds (repeatable).")] = None,
    out: Annotated[Path | None, beside("for the list", "due")] = None,
    language: Annotated[Language, typer.Option(help="Language of the list.")] = Language.zh,
    today: Annotated[datetime | None, TODAY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what waits with which department, town, county or receiver, by when, and how much is overdue."""
    from relapse_risk.errors import unknown
    from relapse_risk.events.due_things import due_by_unit, due_things, labelled_due_things

    opened, log = _opened(register, params)
    for one in kind or ():
        if one not in log.machines:
            raise unknown("kind", one, log.machines, "--kind")
    day = today.date() if today else date.today()
    found = due_things(log, day)
    found = found[found["kind"].isin(kind)] if kind else found
    path = written(
        labelled_due_things(found, log, language.value), opened.beside(out, "due") / f"{day.isoformat()}.csv"
    )
    counts = due_by_unit(found)
    lines = [
        f"{one['unit']} {one['county']}: {one['waiting']:,} {one['kind']} {one['state']}, {one['overdue']:,} overdue"
        + (f" (first due {one['first_due']})" if one["first_due"] else "")
        for one in counts.to_dict("records")
    ]
    print_result({"by_unit": counts.to_dict("records"), "file": path}, "\n".join([*lines, str(path)]), as_json)


@events_app.command("story")
def story(
    thing: Annotated[str, typer.Argument(help="A thing's number, or a household's: then everything about it.")],
    register: RegisterOption = None,
    language: Annotated[list[Language] | None, typer.Option(help="Language (repeatable); all when left out.")] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell every step of a thing, or of everything about a household, by whom and why."""
    from relapse_risk.events.thing_story import thing_story

    _, log = _opened(register, params)
    told = {one.value: thing_story(log, thing.partition("#")[0], one.value) for one in language or list(Language)}
    shown = "\n\n".join(
        "\n".join(" | ".join(str(cell) for cell in row if cell) for row in frame.itertuples(index=False)) for frame in told.values()
    )  # fmt: skip
    print_result({one: frame.to_dict("records") for one, frame in told.items()}, shown, as_json)


@events_app.command("step")
def step(
    thing: Annotated[str, THING],
    name: Annotated[str, typer.Argument(help="Step, as the file of its kind in params/events/ names it.")],
    by: Annotated[str, typer.Option(help="Who.")],
    role: Annotated[str, typer.Option("--as", help="As what: a role of the kind.")] = "office",
    on: Annotated[datetime | None, typer.Option(formats=DAY, help="Day it happened; the day of writing when left out.")] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    evidence: Annotated[str, typer.Option(help="What shows it.")] = "",
    say: Annotated[list[str] | None, typer.Option(help="What else it says, NAME=VALUE (repeatable).")] = None,
    register: RegisterOption = None,
    today: Annotated[datetime | None, TODAY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Add one step to a thing: a deadline changed, a referral withdrawn, a placement lost.

    What may not follow is refused with where the thing stands, since when, who holds it, and what may follow.
    """
    from relapse_risk.events import Event

    _, log = _opened(register, params)
    one, day = _one(log, thing), today.date() if today else date.today()
    facts = {key: value for key, _, value in (pair.partition("=") for pair in say or ())}
    when = (on.date() if on else day).isoformat()
    event = Event(one.kind, one.thing, 0, name, when, day.isoformat(), by, role, *one.place, reason, evidence, "events step", facts)  # fmt: skip
    added = log.append([event])
    done = (*added.written, *added.known)[0]
    print_result(done, f"{done.name}: {done.step}" + (" (known before)" if added.known else ""), as_json)


@events_app.command("take-back")
def take_back(
    thing: Annotated[str, THING],
    reason: Annotated[str, typer.Option(help="Why the last step was entered in error.")],
    by: Annotated[str, typer.Option(help="Who takes it back.")],
    role: Annotated[str, typer.Option("--as", help="As what: a role that may take back.")] = "office",
    register: RegisterOption = None,
    today: Annotated[datetime | None, TODAY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take back the last step of a thing as entered in error; it stays in the log, and so does this."""
    from relapse_risk.events import Event
    from relapse_risk.events.standing import TAKEN_BACK

    _, log = _opened(register, params)
    one, day = _one(log, thing), (today.date() if today else date.today()).isoformat()
    event = Event(one.kind, one.thing, 0, TAKEN_BACK, day, day, by, role, *one.place, reason=reason, evidence=one.events[-1].step, source="events take-back")  # fmt: skip
    (done,) = log.append([event]).written or (event,)
    print_result(done, f"{done.name}: {done.evidence} taken back", as_json)
