"""The issue ledger: record failed checks, write lists, read returned lists."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relapse_risk.cli.app import (
    DAY,
    PROGRAM,
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
    report_replies,
    written,
)
from relapse_risk.errors import RegisterError

if TYPE_CHECKING:
    from relapse_risk.register import Register

DAY = typer.Option("--today", formats=DAY, help="Day of the lists (else the data date) or replies (else today).")


@app.command()
def issues(
    replies: Annotated[
        list[Path] | None, typer.Argument(help="Returned lists (CSV); without files: record and write lists.")
    ] = None,
    register: RegisterOption = None,
    month: MonthOption = None,
    facts: Annotated[Path | None, beside("of facts", "facts")] = None,
    findings: Annotated[
        Path | None, typer.Option(help="Folder of findings of check; beside the register when left out.")
    ] = None,
    out: Annotated[Path | None, beside("for the lists", "issues")] = None,
    by: Annotated[str, typer.Option(help="Author of the checks.")] = PROGRAM,
    today: Annotated[datetime | None, DAY] = None,
    language: Annotated[Language, typer.Option(help="Language of the lists.")] = Language.zh,
    invent: Annotated[bool, typer.Option(help="Demonstration only: invent the offices' replies to the lists.")] = False,
    params: ParamsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record every failed check of a month as an issue and write the lists, or read returned lists.

    Checks are the indicators of the month's facts, the tasks of the city, and the rules of `check` if its
    findings are beside the register. Every step is added to the register's issues, none is changed. Exit code 1
    if a reply was rejected.
    """
    from relapse_risk.editions.issue_dispatch import take_issue_replies
    from relapse_risk.months import month_end

    opened, chosen, _, _ = at = opened_register(register, month, params)
    day = today.date() if today else date.today() if replies else month_end(chosen)
    if replies:
        report_replies(replies, [take_issue_replies(file, opened.path, day) for file in replies], as_json)
        return
    facts, findings = at.beside(facts, "facts"), findings or at.beside(None, "findings") / chosen
    added = _record(opened, chosen, facts, findings, by, params)
    files = _send(opened, facts, chosen, day, at.beside(out, "issues"), language)
    result: dict[str, object] = {"month": chosen, "steps": added, "files": files}
    shown = f"{sum(added.values())} steps recorded ({added})\n" + lines_of(files[:1])
    if invent:
        result["invented"] = invented = _invent(opened.path, day)
        shown += f"\n{invented} replies invented"
    print_result(result, shown, as_json)


def _record(register: Register, month: str, facts: Path, findings: Path, by: str, params: Path | None) -> dict[str, int]:  # fmt: skip
    """Steps added, by word."""
    from relapse_risk.assessment.facts_store import read_current_facts
    from relapse_risk.assessment.issue_checks import record_facts
    from relapse_risk.register.findings_files import read_counts
    from relapse_risk.register.rules import read_rules

    path = findings / "findings_counts.csv"
    counted = read_counts(path) if path.is_file() else None
    steps = record_facts(register.path, read_current_facts(facts, month, register), by, counted, read_rules(params))
    words = [step.step for step in steps]
    return {word: words.count(word) for word in dict.fromkeys(words)}


def _send(register: Register, facts: Path, month: str, day: date, out: Path, language: Language) -> list[Path]:
    """One list per county, and one of the city's tasks."""
    from relapse_risk.assessment import CITY, read_facts
    from relapse_risk.editions.issue_dispatch import dispatch_list
    from relapse_risk.issues.issue_ledger import issue_states, read_issue_steps
    from relapse_risk.languages import labels_by_code
    from relapse_risk.parameters import read_place

    manifest, states = read_facts(facts, month).manifest, issue_states(read_issue_steps(register.path), day)
    labels = labels_by_code(manifest["counties"]) | {CITY: read_place(manifest["place"]).label}
    names = {code: label[language.value] for code, label in labels.items()}
    folder = out / day.isoformat()
    return [
        written(dispatch_list(states[states["county_code"] == code], names, language.value), folder / f"{code}.csv")
        for code in (*register.counties, CITY)
        if (states["county_code"] == code).any()
    ]


def _invent(register: Path, day: date) -> int:
    from relapse_risk.demo import read_calibration
    from relapse_risk.demo.issue_replies import invented_replies
    from relapse_risk.issues.issue_ledger import IssueStep, append_issue_steps, issue_states, read_issue_steps

    if not (register.parent / "demo_key").is_dir():  # a ledger cannot be erased: no invented replies in a real one
        raise RegisterError("not the demonstration register", where=str(register), fix="leave out --invent")
    replies = invented_replies(issue_states(read_issue_steps(register), day), day, read_calibration())
    return len(append_issue_steps(register, [IssueStep(**reply) for reply in replies.to_dict("records")]))
