"""Commands that turn rules and records into work: entitlements, remind, refer, order, jobs, plan, worklist."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relapse_risk.cli.app import (
    EXIT_FOUND,
    JSON,
    MONTH,
    PARAMS,
    REGISTER,
    Language,
    app,
    bar,
    opened_register,
    print_result,
    register_folder,
    written,
)
from relapse_risk.errors import RegisterError

if TYPE_CHECKING:
    import pandas as pd

SCORES = typer.Option(help="Folder of scores and ranks, for priority; without it only amounts count.")
COUNTY = typer.Option(help="Only this county.", metavar="CODE")
RECORDS = "assistance_record"


def _assessed(register: Path, month: str | None, params: Path | None, county: str | None) -> tuple[Any, ...]:
    """Register, catalogue and the month assessed, for one command."""
    from relapse_risk.assistance import assess, read_catalogue

    opened, chosen, parameters, place = opened_register(register, month, params)
    catalogue = read_catalogue(opened.place, str(params) if params else None)
    return opened, chosen, catalogue, assess(opened, chosen, catalogue, parameters, place, county)


def _entitled_in(at: Any, item: str, counties: frozenset[str]) -> int:
    """How many are entitled to ``item`` in ``counties``."""
    claims = at.claims.granted()
    return int(((claims["item_code"] == item) & claims["county_code"].isin(counties)).sum())


def _scores(folder: Path | None, month: str) -> pd.DataFrame | None:
    """Need and risk of every household, if computed."""
    from relapse_risk.scores import need_and_risk

    return None if folder is None else need_and_risk(folder, month)


def _lists(
    opened: Any, at: Any, catalogue: Any, month: str, params: Path | None, scores: Path | None
) -> dict[tuple[str, str], Any]:
    """The other lists of each department of each county."""
    from relapse_risk.assistance import department_lists

    _, _, parameters, place = opened_register(opened.path, month, params)
    known = _scores(scores, month)
    need = None if known is None else known.drop_duplicates("household_id").set_index("household_id")["need"]
    departments = dict.fromkeys(item.department for item in catalogue.items)
    return {
        (county, department): department_lists(opened, at, county, parameters, place, department, need)
        for county in at.homes["county_code"].unique()
        for department in departments
    }


@app.command()
def entitlements(
    register: Annotated[Path | None, REGISTER] = None,
    month: Annotated[str | None, MONTH] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; assistance/ beside the register when left out.")
    ] = None,
    county: Annotated[str | None, COUNTY] = None,
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List who is entitled to what on the last day of a month: yes or cannot tell, never a guess."""
    register = register_folder(register)
    out = out or register.parent / "assistance"
    _, chosen, _, at = _assessed(register, month, params, county)
    path = written(at.claims.frame, out / chosen / "entitlements.csv")
    states = {word: int(count) for word, count in at.claims.frame["state"].value_counts().items()}
    print_result({"month": chosen, "states": states, "file": path}, f"{states}\n{path}", as_json)


@app.command()
def cliffs(
    register: Annotated[Path | None, REGISTER] = None,
    month: Annotated[str | None, MONTH] = None,
    reach: Annotated[int, typer.Option(help="Yuan a year looked ahead, a multiple of 250.", min=250)] = 3000,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; assistance/ beside the register when left out.")
    ] = None,
    county: Annotated[str | None, COUNTY] = None,
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Find where one yuan more of income costs a household its aid, by the rules of the month."""
    from relapse_risk.assistance import cliffs as find
    from relapse_risk.predicates import setting_on

    register = register_folder(register)
    out = out or register.parent / "assistance"
    _, chosen, catalogue, at = _assessed(register, month, params, county)
    _, _, parameters, place = opened_register(register, chosen, params)
    found = find(at.homes, at.persons, catalogue, setting_on(parameters, place, at.day), reach)
    folder = out / chosen
    tables = {"cliffs": found.households, "cliff_items": found.items, "cliffs_by_item": found.by_item(), "cliffs_worst": found.worst()}  # fmt: skip
    files = [written(table, folder / f"{name}.csv") for name, table in tables.items()]
    households = found.households
    counts = {
        "households": len(households), "known": int(households["known"].sum()), "with_a_cliff": int(households["loss"].notna().sum()),
        "poorer_after_reach": int((households["marginal_rate"] > 1).sum()),
    }  # fmt: skip
    print_result(
        {"month": chosen, "reach": reach, **counts, "files": files}, "\n".join([str(counts), *map(str, files)]), as_json
    )


@app.command()
def remind(
    register: Annotated[Path | None, REGISTER] = None,
    month: Annotated[str | None, MONTH] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; assistance/ beside the register when left out.")
    ] = None,
    scores: Annotated[Path | None, SCORES] = None,
    county: Annotated[str | None, COUNTY] = None,
    worklists: Annotated[bool, typer.Option(help="Also one workbook per department and county.")] = False,
    language: Annotated[Language, typer.Option(help="Language of the workbooks.")] = Language.zh,
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Find who is entitled and not receiving, and who receives without entitlement; by priority."""
    from relapse_risk.assistance import awaiting_records, ledger_findings, read_steps, write_worklists
    from relapse_risk.assistance import remind as compare
    from relapse_risk.register.made_from import check_made_from, note_made_from

    register = register_folder(register)
    out = out or register.parent / "assistance"
    with bar("remind") as progress:
        progress(0, 3, "entitlements")
        opened, chosen, catalogue, at = _assessed(register, month, params, county)
        progress(1, 3, "reminders")
        late = at.counties_awaited(RECORDS)
        if scores is not None:
            for made in ("score", "rank"):
                check_made_from(scores / chosen, made, opened, chosen)
        reminders = compare(at.claims, at.records, catalogue, _scores(scores, chosen), at.homes, late)
        wrong = ledger_findings(at.records, opened.read("person", chosen, county), catalogue, at.day)
        wrong = wrong.but_for("interrupted", at.homes.loc[at.homes["county_code"].isin(late), "household_id"])
        progress(2, 3, "files")
        folder = out / chosen
        waits = awaiting_records(read_steps(register), reminders.frame)
        listed = reminders.frame[~waits]
        files = [
            written(reminders.frame.assign(referral=waits.map({True: "finished, record awaited", False: ""})), folder / "reminders.csv"), written(reminders.counts, folder / "reminder_counts.csv"),
            written(wrong.frame, folder / "ledger_findings.csv"),
        ]  # fmt: skip
        if worklists:
            villages = opened.read("village").drop_duplicates("town_code").set_index("town_code")
            towns = villages[f"town_name_{language.value}"].dropna().to_dict()
            found = _lists(opened, at, catalogue, chosen, params, scores)
            target = folder / "worklists"
            files += write_worklists(listed, catalogue, at.day, target, language.value, towns, found)
        note_made_from(folder, "remind", opened, chosen)
        progress(3, 3, "done")
    result = {"month": chosen, "reminders": len(reminders.frame), "ledger": wrong.summary(), "files": files}
    shown = "\n".join(str(file) for file in files[:3]) + (f"\n{folder / 'worklists'}" if worklists else "")
    result["awaiting_records"] = int(waits.sum())
    later = f"\n{int(waits.sum())} finished, their aid records awaited: not on the worklists" if waits.any() else ""
    print_result(result, f"{reminders.summary()}{later}\nledger: {wrong.summary()}\n{shown}", as_json)


@app.command()
def refer(
    replies: Annotated[
        list[Path] | None, typer.Argument(help="Returned worklists (Excel); without files: hand over.")
    ] = None,
    register: Annotated[Path | None, REGISTER] = None,
    month: Annotated[str | None, MONTH] = None,
    by: Annotated[str, typer.Option(help="Office that hands over.")] = "扶贫开发领导小组办公室",
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the hand-over or reply; today when left out.")
    ] = None,
    county: Annotated[str | None, COUNTY] = None,
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Hand the month's reminders over to departments, or read returned worklists.

    Every step is added to the register's referrals, none is changed. Exit code 1 if a reply was rejected.
    """
    from relapse_risk.assistance import hand_over, read_steps, referral_states, take_replies
    from relapse_risk.assistance import remind as compare

    register = register_folder(register)
    day = today.date() if today else date.today()
    if replies:
        taken = [take_replies(file, register, day) for file in replies]
        for file, one in zip(replies, taken, strict=True):
            for fault in one.faults.to_dict("records"):
                where = f"{file.name}: {fault['sheet']}: row {fault['row']}, {fault['column']}"
                typer.echo(f"{where}: {fault['zh']} / {fault['en']}; got {fault['value']!r}", err=True)
        counts = {"taken": sum(len(one.steps) for one in taken), "faults": sum(len(one.faults) for one in taken)}
        print_result(counts, f"{counts['taken']} replies taken, {counts['faults']} rejected", as_json)
        if counts["faults"]:
            raise typer.Exit(EXIT_FOUND)
        return
    _, _, catalogue, at = _assessed(register, month, params, county)
    steps = hand_over(
        register, compare(at.claims, at.records, catalogue, None, at.homes, at.counties_awaited(RECORDS)).frame, by, day
    )
    states = referral_states(read_steps(register), day)
    counts = {
        "handed_over": len(steps),
        "open": int(states["state"].isin(["handed_over", "accepted"]).sum()),
        "overdue": int(states["overdue"].sum()),
    }
    print_result(
        counts,
        f"{counts['handed_over']:,} handed over; {counts['open']:,} open, {counts['overdue']:,} overdue",
        as_json,
    )


@app.command()
def order(
    item: Annotated[str, typer.Argument(help="Item code, such as CL02.")],
    register: Annotated[Path | None, REGISTER] = None,
    month: Annotated[str | None, MONTH] = None,
    quota: Annotated[int | None, typer.Option(help="Length of the list; or give a budget.")] = None,
    budget: Annotated[float | None, typer.Option(help="Currency to spend, one delivery each.")] = None,
    before: Annotated[
        Path | None, typer.Option("--redraw", help="Earlier list (.json): draw again and explain each change.")
    ] = None,
    cancel: Annotated[
        Path | None, typer.Option(help="A list (.json) that is not carried out: who stands on it can be drawn again.")
    ] = None,
    scores: Annotated[Path | None, SCORES] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; assistance/ beside the register when left out.")
    ] = None,
    county: Annotated[str | None, COUNTY] = None,
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Draw a list for one item from those entitled and not receiving, by priority, stored with a hash.

    Nobody is drawn twice in a cycle of the item (once for all, a year, a half-year, a quarter, a month): a second draw
    goes on behind the first. Ties: the greater need, then the lower household and person id. An earlier list keeps its
    limit and cycle when drawn again.
    """
    from relapse_risk.assistance import (
        cancel_order,
        cycle_of,
        draw_order,
        drawn_lines,
        enter_order,
        not_drawn_yet,
        read_order,
        redraw,
        write_order,
    )
    from relapse_risk.assistance import remind as compare

    register = register_folder(register)
    out = out or register.parent / "assistance"
    if cancel is not None:
        count = cancel_order(register, read_order(cancel), date.today())
        print_result({"cancelled": count}, f"{count} taken off the list", as_json)
        return
    _, chosen, catalogue, at = _assessed(register, month, params, county)
    cycle = cycle_of(catalogue.item(item).cadence, at.day)
    late = at.counties_awaited(RECORDS)
    reminders = compare(at.claims, at.records, catalogue, _scores(scores, chosen), at.homes, late).frame
    amounts = at.claims.frame[["household_id", "person_id", "item_code", "amount"]]
    missing = reminders[reminders["kind"] == "missing"].merge(
        amounts, on=["household_id", "person_id", "item_code"], how="left"
    )
    folder, changes, frozen = out / chosen, None, None
    if before is not None:
        frozen = read_order(before)
        cycle = frozen.cycle
        if frozen.item_code != item or quota is not None or budget is not None:
            raise RegisterError(
                "a redraw keeps item and limit", where=str(before), got=item, expected=frozen.item_code, fix="drop --quota and --budget"
            )  # fmt: skip
    earlier = drawn_lines(register, item, cycle)
    missing = missing[missing["item_code"] == item]
    free = not_drawn_yet(missing, earlier, frozen.digest if frozen else "")
    if frozen is not None:
        drawn, changes = redraw(frozen, free, at.claims.granted())
    else:
        drawn = draw_order(free, item, quota, budget, cycle)
    path = written(drawn.frame, folder / f"order-{item}.csv")
    files = [path, write_order(drawn, folder / f"order-{item}-{drawn.digest[:12]}.json")]
    files += [] if changes is None else [written(changes, folder / f"order-{item}-changes.csv")]
    enter_order(register, drawn, at.day, frozen)
    others = len(missing) - len(free)
    waits = _entitled_in(at, item, late)
    count = int(drawn.frame["drawn"].sum())
    moved = {} if changes is None else {word: int(n) for word, n in changes["change"].value_counts().items()}
    shown = "\n".join(
        [
            f"{count} of {len(drawn.frame)} waiting; list {drawn.digest[:12]}",
            *([f"{moved}"] if moved else []),
            *([f"{others} stand on another list of cycle {cycle} and were left out"] if others else []),
            *(
                [f"{waits} entitled in {', '.join(sorted(late))} wait: their aid records are not received"]
                if waits
                else []
            ),
            *map(str, files),
        ]
    )
    result = {
        "item": item,
        "drawn": count,
        "waiting": len(drawn.frame),
        "digest": drawn.digest,
        "file": path,
        "files": files,
        "changes": moved,
        "cycle": cycle,
        "on_other_lists": others,
        "waiting_for_records": waits,
    }
    print_result(result, shown, as_json)


@app.command()
def jobs(
    register: Annotated[Path | None, REGISTER] = None,
    month: Annotated[str | None, MONTH] = None,
    scores: Annotated[Path | None, SCORES] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results; assistance/ beside the register when left out.")
    ] = None,
    params: Annotated[Path | None, PARAMS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Find households where nobody works, and match their members with vacancies and village special posts."""
    from relapse_risk.assistance import (
        assess,
        assign_jobs,
        audit_posts,
        openings_on,
        read_catalogue,
        seekers_of,
        zero_employment,
    )
    from relapse_risk.register.area_codes import areas_of

    register = register_folder(register)
    out = out or register.parent / "assistance"
    opened, chosen, parameters, place = opened_register(register, month, params)
    catalogue = read_catalogue(opened.place, str(params) if params else None)
    at = assess(opened, chosen, catalogue, parameters, place)
    idle = zero_employment(at.homes, at.day)
    found = _scores(scores, chosen)
    need = None if found is None else found.drop_duplicates("household_id").set_index("household_id")["need"]
    granted, posts = at.claims.granted(), opened.read("special_post")
    seekers = seekers_of(
        idle,
        at.persons,
        need,
        granted.loc[granted["item_code"].isin(at.roles.get("public_works_post", ())), "person_id"],
    )
    placement = assign_jobs(seekers, openings_on(opened.read("vacancy"), posts, at.day, areas_of(opened)))
    folder = out / chosen
    files = [
        written(idle, folder / "zero_employment.csv"),
        written(placement.frame, folder / "jobs.csv"),
        written(audit_posts(posts, at.persons, at.day), folder / "post_audit.csv"),
    ]
    text = f"{len(idle):,} households without work; {placement.summary()}\n" + "\n".join(str(file) for file in files)
    result = {"households": len(idle), "placement": placement.summary(), "files": files}
    print_result(result, text, as_json)


LANGUAGES = typer.Option(help="Language (repeatable).")


def _page(notebook: str, parameters: dict[str, object], title: str, stem: str, out: Path, day: str) -> list[Path]:
    """Run a notebook and write its page, and a PDF if an engine is available."""
    from tempfile import TemporaryDirectory

    from relapse_risk.editions.chromium import Browser
    from relapse_risk.editions.edition import packaged_notebook
    from relapse_risk.editions.execute import run_notebook
    from relapse_risk.editions.export import Sheet, to_html, to_pdf
    from relapse_risk.editions.pdf_engine import pdf_engine
    from relapse_risk.files import write_files
    from relapse_risk.languages import as_language
    from relapse_risk.text import text

    language = str(parameters["language"])
    sheet = Sheet(title, language, text("report.skip", as_language(language)), title, stem, day)
    page = to_html(run_notebook(packaged_notebook(notebook), parameters, Path.cwd()), sheet)
    content = {f"{stem}.html": page.encode("utf-8")}
    engine = pdf_engine()
    if engine.name == "chromium":
        with TemporaryDirectory() as folder:
            browser = Browser(Path(folder))
            try:
                content[f"{stem}.pdf"] = to_pdf(page, sheet, engine, browser)
            finally:
                browser.close()
    elif engine.name != "none":
        content[f"{stem}.pdf"] = to_pdf(page, sheet, engine)
    write_files(out, content, restricted=parameters.get("audience") == "restricted")
    return [out / name for name in content]


@app.command()
def plan(
    household: Annotated[str, typer.Argument(help="Pseudonymous id of the household.")],
    register: Annotated[Path | None, REGISTER] = None,
    month: Annotated[str | None, MONTH] = None,
    scores: Annotated[Path | None, SCORES] = None,
    language: Annotated[list[Language] | None, LANGUAGES] = None,
    out: Annotated[Path, typer.Option(help="Folder for the page; do not publish it.")] = Path("reports/restricted"),
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Write one household's plan as a page: causes and measures, claims, work, expected income. Restricted."""
    from relapse_risk.text import text

    register = register_folder(register)
    _, chosen, _, _ = opened_register(register, month, None)
    files: list[Path] = []
    for one in language or [Language.zh, Language.en]:
        parameters: dict[str, object] = {
            "household": household,
            "month": chosen,
            "language": one.value,
            "register": str(register),
            "audience": "restricted",
            "scores": str(scores or ""),
        }
        title = text("work.plan_title", one.value)
        files += _page("household_plan.ipynb", parameters, title, f"plan-{household}-{one.value}", out, chosen)
    print_result({"files": files}, "\n".join(str(file) for file in files), as_json)


@app.command()
def worklist(
    county: Annotated[str, typer.Argument(help="County code.")],
    department: Annotated[str, typer.Argument(help="Department, such as MZ.")],
    register: Annotated[Path | None, REGISTER] = None,
    month: Annotated[str | None, MONTH] = None,
    scores: Annotated[Path | None, SCORES] = None,
    language: Annotated[list[Language] | None, LANGUAGES] = None,
    out: Annotated[Path, typer.Option(help="Folder for the page.")] = Path("reports/worklists"),
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Write the cover page of a department's worklist in a county; the workbook comes from remind --worklists."""
    from relapse_risk.schema import code_list
    from relapse_risk.text import text

    register = register_folder(register)
    _, chosen, _, _ = opened_register(register, month, None)
    if department not in code_list("department").words:
        raise RegisterError("unknown department", got=department, expected=" | ".join(code_list("department").words))
    files: list[Path] = []
    for one in language or [Language.zh, Language.en]:
        parameters: dict[str, object] = {
            "county": county,
            "department": department,
            "month": chosen,
            "language": one.value,
            "register": str(register),
            "scores": str(scores or ""),
        }
        title = text("work.list_title", one.value, department=code_list("department").label(department, one.value))
        files += _page(
            "department_worklist.ipynb", parameters, title, f"{county}-{department}-{one.value}", out, chosen
        )
    print_result({"files": files}, "\n".join(str(file) for file in files), as_json)
