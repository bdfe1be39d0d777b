"""Commands that look outside the offices: jobs, push lists for platforms, and which lists that were sent have come back."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from relapse_risk.cli.app import (
    PROGRAM,
    TODAY,
    JsonOption,
    Language,
    MonthOption,
    ParamsOption,
    RegisterOption,
    app,
    beside,
    lines_of,
    opened_register,
    print_result,
    written,
)
from relapse_risk.cli.assistance_commands import RECORDS, SCORES, assessed, need_of, scores_of


class What(StrEnum):
    """Kinds of push lists."""

    jobs = "jobs"
    social = "social"


@app.command()
def jobs(
    register: RegisterOption = None,
    month: MonthOption = None,
    scores: Annotated[Path | None, SCORES] = None,
    out: Annotated[Path | None, beside("for the results", "assistance")] = None,
    by: Annotated[str, typer.Option(help="Office that matches.")] = PROGRAM,
    today: Annotated[datetime | None, TODAY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find households where nobody works, and match their members with vacancies and village special posts.

    Matches go to the log of events. Whoever holds an opening, or has been offered one, is not matched again until it was
    declined, lapsed or lost; whoever the register of a later month finds out of work again has lost it.
    """
    from relapse_risk.assistance import (
        assign_jobs,
        audit_posts,
        declined_of,
        enter_matches,
        follow_register,
        free_of,
        open_aid_log,
        openings_on,
        placement_lines,
        seekers_of,
        zero_employment,
    )
    from relapse_risk.register.area_codes import areas_of

    asked, _, at = assessed(register, month, params)
    opened, day = asked.register, today.date() if today else date.today()
    kept = (opened.path, asked.parameters, asked.place.name, params)
    idle = zero_employment(at.homes, at.day)
    granted, posts = at.claims.granted(), opened.read("special_post")
    entitled = granted.loc[granted["item_code"].isin(at.roles.get("public_works_post", ())), "person_id"]
    follow_register(open_aid_log(*kept, kinds=("placement",)), at.persons, asked.month, day)
    log = open_aid_log(*kept, kinds=("placement",))
    everything = openings_on(opened.read("vacancy"), posts, at.day, areas_of(opened))
    seekers, free = free_of(log, seekers_of(idle, at.persons, need_of(scores, asked.month), entitled), everything)
    placement = assign_jobs(seekers, free, declined_of(log))
    added = enter_matches(log, placement.frame, everything, asked.month, day, by)
    folder = asked.beside(out, "assistance") / asked.month
    lines = placement_lines(open_aid_log(*kept, kinds=("placement",)))
    files = [
        written(idle, folder / "zero_employment.csv"), written(placement.frame, folder / "jobs.csv"),
        written(lines, folder / "placements.csv"), written(audit_posts(posts, at.persons, at.day), folder / "post_audit.csv"),
    ]  # fmt: skip
    states = {state: int(count) for state, count in lines["state"].value_counts().sort_index().items()}
    told = f"{len(idle):,} households without work; {placement.summary()}\n{_counted(states)}\n{lines_of(files)}"
    result = {"households": len(idle), "placement": placement.summary(), "steps": len(added.written), "states": states, "files": files}  # fmt: skip
    print_result(result, told, as_json)


def _counted(states: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in states.items())


@app.command("push")
def push_(
    what: Annotated[What, typer.Argument(help="jobs: seekers, for a job platform; social: needs, for a social organisation.")],
    to: Annotated[str, typer.Option(help="Receiver.")],
    register: RegisterOption = None,
    month: MonthOption = None,
    scores: Annotated[Path | None, SCORES] = None,
    first: Annotated[int, typer.Option(help="social: so many households, the most pressing first.", min=1)] = 100,
    numbers: Annotated[
        bool, typer.Option("--household-numbers", help="Numbers of the register instead of pseudonyms under the key.")
    ] = False,
    health: Annotated[
        bool, typer.Option("--health", help="The receiver may see who is disabled, and items of medical and disability aid.")
    ] = False,
    key: Annotated[Path | None, typer.Option(help="Key of the pseudonyms.")] = None,
    by: Annotated[str, typer.Option(help="Office that pushes.")] = PROGRAM,
    out: Annotated[Path | None, beside("for the lists", "push")] = None,
    language: Annotated[Language, typer.Option(help="Language of the list.")] = Language.zh,
    today: Annotated[datetime | None, TODAY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Write a push list: JSON Lines and a workbook to answer in, with a hash over all they say; no name, no identity number.

    What it holds is noted in the log; acknowledgements come back with refer FILE (.xlsx or .jsonl).
    """
    from relapse_risk.assistance import job_rows, open_aid_log, push, social_rows
    from relapse_risk.assistance import remind as compare
    from relapse_risk.register.pseudonyms import read_key

    asked, catalogue, at = assessed(register, month, params)
    opened, day = asked.register, today.date() if today else date.today()
    secret = None if numbers else read_key(key, opened.path)
    villages = opened.read("village").drop_duplicates("town_code").set_index("town_code")
    towns = villages[f"town_name_{language.value}"].dropna().to_dict()
    log = open_aid_log(opened.path, asked.parameters, asked.place.name, params)
    households: dict[str, str] = {}
    rows: list[dict[str, Any]]
    if what == What.jobs:
        homes = at.homes.drop_duplicates("household_id").set_index("household_id")["town_code"]
        rows = job_rows(
            log,
            at.persons.assign(town_code=at.persons["household_id"].map(homes)),
            towns,
            secret,
            language.value,
            health,
        )
    else:
        found = compare(at.claims, at.records, catalogue, scores_of(scores, asked.month), at.homes, at.counties_awaited(RECORDS)).frame  # fmt: skip
        sizes = {str(home): int(size) for home, size in at.homes[["household_id", "size"]].dropna().itertuples(index=False)}  # fmt: skip
        rows, households = social_rows(log, found, sizes, catalogue, to, towns, secret, language.value, first, health)
    if not rows:
        print_result({"rows": 0}, "nobody to push who was not pushed before", as_json)
        return
    folder = asked.beside(out, "push") / asked.month
    made, files, _ = push(log, what.value, rows, to, asked.month, day, by, folder, language.value, households)
    print_result({"head": made.head, "files": files}, f"{len(rows):,} pushed to {to}; list {made.head['digest'][:12]}\n{lines_of(files)}", as_json)  # fmt: skip


@app.command()
def sent(
    register: RegisterOption = None,
    out: Annotated[Path | None, beside("for the list", "due")] = None,
    today: Annotated[datetime | None, TODAY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which worklists, order lists and push lists were sent, to whom, and which have come back."""
    from relapse_risk.assistance import open_aid_log, sendings

    opened = opened_register(register, None, params)
    day = today.date() if today else date.today()
    log = open_aid_log(opened.register.path, opened.parameters, opened.place.name, params, kinds=("sending",))
    found = sendings(log, day)
    path = written(found, opened.beside(out, "due") / f"sent-{day.isoformat()}.csv")
    counts = found.groupby(["what", "month", "state"])["rows"].agg(["size", "sum"]).reset_index()
    lines = [f"{what} {month}: {int(lists):,} {state.replace('_', ' ')} ({int(rows):,} rows)" for what, month, state, lists, rows in counts.itertuples(index=False)]  # fmt: skip
    print_result({"lists": found.to_dict("records"), "file": path}, "\n".join([*lines, str(path)]), as_json)
