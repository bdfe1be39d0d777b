"""Commands that turn rules and records into work: entitlements, remind, plan, worklist."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relapse_risk.cli.app import (
    DAY,
    JsonOption,
    Language,
    MonthOption,
    Opened,
    ParamsOption,
    RegisterOption,
    app,
    bar,
    beside,
    lines_of,
    opened_register,
    print_result,
    written,
)
from relapse_risk.errors import RegisterError

if TYPE_CHECKING:
    import pandas as pd

    from relapse_risk.languages import Language as Spoken

SCORES = typer.Option(help="Folder of scores and ranks, for priority; without it only amounts count.")
COUNTY = typer.Option(help="Only this county.", metavar="CODE")
RECORDS = "assistance_record"


def assessed(
    register: Path | None, month: str | None, params: Path | None, county: str | None = None
) -> tuple[Opened, Any, Any]:
    """Register and month, catalogue, and the month assessed, for one command."""
    from relapse_risk.assistance import assess, read_catalogue

    opened = opened_register(register, month, params)
    catalogue = read_catalogue(opened.place.name, str(params) if params else None)
    return opened, catalogue, assess(opened.register, opened.month, catalogue, opened.parameters, opened.place, county)


def scores_of(folder: Path | None, month: str) -> pd.DataFrame | None:
    """Need and risk of every household, if computed."""
    from relapse_risk.scores import need_and_risk

    return None if folder is None else need_and_risk(folder, month)


def need_of(folder: Path | None, month: str) -> pd.Series | None:
    """Need by household, if computed."""
    known = scores_of(folder, month)
    return None if known is None else known.drop_duplicates("household_id").set_index("household_id")["need"]


def _lists(opened: Opened, at: Any, catalogue: Any, scores: Path | None) -> dict[tuple[str, str], Any]:
    """The other lists of each department of each county."""
    from relapse_risk.assistance import department_lists

    register, month, parameters, place = opened
    need = need_of(scores, month)
    departments = dict.fromkeys(item.department for item in catalogue.items)
    return {
        (county, department): department_lists(register, at, county, parameters, place, department, need)
        for county in at.homes["county_code"].unique()
        for department in departments
    }


def _states(log: Any, reminders: pd.DataFrame) -> list[str]:
    """Where each reminder stands in the log; empty where it is new: not found before, or done with and come up again."""
    last = (log.last("reminder", name) for name in reminders["reminder_id"])
    return [one.state if one is not None and log.is_open(one) else "" for one in last]


@app.command()
def entitlements(
    register: RegisterOption = None,
    month: MonthOption = None,
    out: Annotated[Path | None, beside("for the results", "assistance")] = None,
    county: Annotated[str | None, COUNTY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who is entitled to what on the last day of a month: yes or cannot tell, never a guess."""
    opened, _, at = assessed(register, month, params, county)
    path = written(at.claims.frame, opened.beside(out, "assistance") / opened.month / "entitlements.csv")
    states = {word: int(count) for word, count in at.claims.frame["state"].value_counts().items()}
    print_result({"month": opened.month, "states": states, "file": path}, f"{states}\n{path}", as_json)


@app.command()
def cliffs(
    register: RegisterOption = None,
    month: MonthOption = None,
    reach: Annotated[int, typer.Option(help="Income a year looked ahead, a multiple of 250.", min=250)] = 3000,
    out: Annotated[Path | None, beside("for the results", "assistance")] = None,
    county: Annotated[str | None, COUNTY] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find where a little more income costs a household its aid, by the rules of the month."""
    from relapse_risk.assistance import cliffs as find
    from relapse_risk.predicates import setting_on

    opened, catalogue, at = assessed(register, month, params, county)
    found = find(at.homes, at.persons, catalogue, setting_on(opened.parameters, opened.place, at.day), reach)
    folder = opened.beside(out, "assistance") / opened.month
    tables = {"cliffs": found.households, "cliff_items": found.items, "cliffs_by_item": found.by_item(), "cliffs_worst": found.worst()}  # fmt: skip
    files = [written(table, folder / f"{name}.csv") for name, table in tables.items()]
    households = found.households
    counts = {
        "households": len(households), "known": int(households["known"].sum()), "with_a_cliff": int(households["loss"].notna().sum()),
        "poorer_after_reach": int((households["marginal_rate"] > 1).sum()),
    }  # fmt: skip
    result = {"month": opened.month, "reach": reach, **counts, "files": files}
    print_result(result, f"{counts}\n{lines_of(files)}", as_json)


@app.command()
def remind(
    register: RegisterOption = None,
    month: MonthOption = None,
    out: Annotated[Path | None, beside("for the results", "assistance")] = None,
    scores: Annotated[Path | None, SCORES] = None,
    county: Annotated[str | None, COUNTY] = None,
    worklists: Annotated[bool, typer.Option(help="Also one workbook per department and county.")] = False,
    language: Annotated[Language, typer.Option(help="Language of the workbooks.")] = Language.zh,
    today: Annotated[datetime | None, typer.Option(formats=DAY, help="Day the workbooks are sent; today when left out.")] = None,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Find who is entitled and not receiving, and who receives without entitlement; by priority."""
    from relapse_risk.assistance import ledger_findings, open_aid_log, with_standing, worklists_sent, write_worklists
    from relapse_risk.assistance import remind as compare
    from relapse_risk.register.made_from import check_made_from, note_made_from

    with bar("remind") as progress:
        progress(0, 3, "entitlements")
        asked, catalogue, at = assessed(register, month, params, county)
        opened, chosen, *_ = asked
        progress(1, 3, "reminders")
        late = at.counties_awaited(RECORDS)
        if scores is not None:
            for made in ("score", "rank"):
                check_made_from(scores / chosen, made, opened, chosen)
        reminders = compare(at.claims, at.records, catalogue, scores_of(scores, chosen), at.homes, late)
        wrong = ledger_findings(at.records, opened.read("person", chosen, county), catalogue, at.day)
        wrong = wrong.but_for("interrupted", at.homes.loc[at.homes["county_code"].isin(late), "household_id"])
        progress(2, 3, "files")
        folder = asked.beside(out, "assistance") / chosen
        log = open_aid_log(opened.path, asked.parameters, asked.place.name, params)
        listed = with_standing(reminders.frame, log, language.value)
        shown = reminders.frame.assign(referral=_states(log, reminders.frame))
        files = [
            written(shown, folder / "reminders.csv"), written(reminders.counts, folder / "reminder_counts.csv"),
            written(wrong.frame, folder / "ledger_findings.csv"),
        ]  # fmt: skip
        if worklists:
            villages = opened.read("village").drop_duplicates("town_code").set_index("town_code")
            towns = villages[f"town_name_{language.value}"].dropna().to_dict()
            found = _lists(asked, at, catalogue, scores)
            target = folder / "worklists"
            books = write_worklists(listed, catalogue, at.day, target, language.value, towns, found)
            worklists_sent(log, _sent(books), chosen, today.date() if today else date.today(), asked.place.name)
            files += books
        note_made_from(folder, "remind", opened, chosen)
        progress(3, 3, "done")
    result = {"month": chosen, "reminders": len(reminders.frame), "ledger": wrong.summary(), "files": files}
    told = lines_of(files[:3]) + (f"\n{folder / 'worklists'}" if worklists else "")
    result["new"], result["left_out"] = int((shown["referral"] == "").sum()), len(shown) - len(listed)
    known = f"\n{result['new']:,} new since the last hand-over; {result['left_out']:,} finished or withdrawn: on no worklist"
    print_result(result, f"{reminders.summary()}{known}\nledger: {wrong.summary()}\n{told}", as_json)


def _sent(books: Iterable[Path]) -> list[tuple[str, str, int, str]]:
    """County, department, rows to answer and digest of each worklist, as its JSON copy says them."""
    copies = [book for book in books if book.suffix == ".json" and book.stem != "summary"]
    said = [(book.stem.rsplit("-", 1), json.loads(book.read_text(encoding="utf-8"))) for book in copies]
    return [(county, department, len(one["reminders"]), one["digest"]) for (county, department), one in said]


LANGUAGES = typer.Option(help="Language (repeatable).")


def _pages(
    notebook: str, about: dict[str, object], opened: Opened, scores: Path | None, languages: list[Language] | None,
    named: Callable[[Spoken], str], stem: str, out: Path, as_json: bool,
) -> None:  # fmt: skip
    """Write the page of a notebook in each language, its title in words by ``named``, and print the files."""
    files: list[Path] = []
    for one in languages or list(Language):
        given = about | {
            "month": opened.month, "language": one.value, "register": str(opened.register.path), "scores": str(scores or ""),
        }  # fmt: skip
        files += _page(notebook, given, named(one.value), f"{stem}-{one.value}", out, opened.month)
    print_result({"files": files}, lines_of(files), as_json)


def _page(notebook: str, parameters: dict[str, object], title: str, stem: str, out: Path, day: str) -> list[Path]:
    """Run a notebook and write its page, and a PDF where one can be made."""
    from tempfile import TemporaryDirectory

    from relapse_risk.editions.edition import packaged_notebook
    from relapse_risk.editions.execute import run_notebook
    from relapse_risk.editions.export import Sheet, to_html, to_pdf
    from relapse_risk.editions.pdf_engine import NO_PDF, pdf_engine
    from relapse_risk.files import write_files
    from relapse_risk.languages import as_language
    from relapse_risk.text import text

    language = str(parameters["language"])
    sheet = Sheet(title, language, text("report.skip", as_language(language)), title, stem, day)
    page = to_html(run_notebook(packaged_notebook(notebook), parameters, Path.cwd()), sheet)
    content = {f"{stem}.html": page.encode("utf-8")}
    if pdf_engine() != NO_PDF:
        with TemporaryDirectory() as folder:
            content[f"{stem}.pdf"] = to_pdf(page, sheet, Path(folder))
    write_files(out, content, restricted=parameters.get("audience") == "restricted")
    return [out / name for name in content]


@app.command()
def plan(
    household: Annotated[str, typer.Argument(help="Pseudonymous id of the household.")],
    register: RegisterOption = None,
    month: MonthOption = None,
    scores: Annotated[Path | None, SCORES] = None,
    language: Annotated[list[Language] | None, LANGUAGES] = None,
    out: Annotated[Path, typer.Option(help="Folder for the page; do not publish it.")] = Path("reports/restricted"),
    as_json: JsonOption = False,
) -> None:
    """Write one household's plan as a page: causes and measures, claims, work, expected income. Restricted."""
    from relapse_risk.text import text

    opened = opened_register(register, month, None)
    about: dict[str, object] = {"household": household, "audience": "restricted"}
    named = partial(text, "work.plan_title")
    _pages("household_plan.ipynb", about, opened, scores, language, named, f"plan-{household}", out, as_json)


@app.command()
def worklist(
    county: Annotated[str, typer.Argument(help="County code.")],
    department: Annotated[str, typer.Argument(help="Department, such as MZ.")],
    register: RegisterOption = None,
    month: MonthOption = None,
    scores: Annotated[Path | None, SCORES] = None,
    language: Annotated[list[Language] | None, LANGUAGES] = None,
    out: Annotated[Path, typer.Option(help="Folder for the page.")] = Path("reports/worklists"),
    as_json: JsonOption = False,
) -> None:
    """Write the cover page of a department's worklist in a county; the workbook comes from remind --worklists."""
    from relapse_risk.schema import code_list
    from relapse_risk.text import text

    opened, departments = opened_register(register, month, None), code_list("department")
    if department not in departments.words:
        raise RegisterError("unknown department", got=department, expected=" | ".join(departments.words))
    about: dict[str, object] = {"county": county, "department": department}
    stem = f"{county}-{department}"

    def named(one: Spoken) -> str:
        return text("work.list_title", one, department=departments.label(department, one))

    _pages("department_worklist.ipynb", about, opened, scores, language, named, stem, out, as_json)
