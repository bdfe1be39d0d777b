"""The dispatch list: open issues as a CSV that goes out to offices, and the replies that come back on it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path

import pandas as pd

from relapse_risk.assessment import FactColumn
from relapse_risk.errors import RegisterError, SourceError
from relapse_risk.issues.issue_ledger import IssueStep, append_issue_steps, issue_states, read_issue_steps
from relapse_risk.pages.format import format_apart
from relapse_risk.pages.issue_words import check_words, sorted_by_need
from relapse_risk.schema import code_list
from relapse_risk.text import LANGUAGES, Language, text

__all__ = ["IssueReplies", "dispatch_list", "take_issue_replies"]

ASKED = ("step", "on", "by", "evidence", "note")
STEPS = ("answered", "closed")
FAULT_COLUMNS = ("row", "column", "value", *LANGUAGES)


@dataclass(frozen=True, slots=True)
class IssueReplies:
    """What a returned list held.

    Attributes
    ----------
    steps : tuple of IssueStep
        Replies taken into the ledger.
    faults : DataFrame
        row (as a spreadsheet counts), column, value, zh, en: rejected replies.
    """

    steps: tuple[IssueStep, ...]
    faults: pd.DataFrame


def dispatch_list(states: pd.DataFrame, names: Mapping[str, str], language: Language) -> pd.DataFrame:
    """Open issues of the ledger, by date, with empty columns for the reply; headings in the language.

    Parameters
    ----------
    states : DataFrame
        :func:`~relapse_risk.issues.issue_ledger.issue_states`.
    names : mapping
        Name of every county (and ``city``) by code.
    """
    open_ = sorted_by_need(states[states["open"].astype(bool)])
    severities, departments = code_list("severity"), code_list("department")
    against = [
        _against(*numbers, language) for numbers in zip(open_["value"], open_["limit"], open_["unit"], strict=True)
    ]
    frame = pd.DataFrame(
        {
            "issue_id": open_["issue_id"],
            "county": open_["county_code"].map(names),
            "issue": [check_words(c, w, language) for c, w in zip(open_["check"], open_["label"], strict=True)],
            "severity": [severities.label(word, language) for word in open_["severity"]],
            "department": [departments.label(word, language) for word in open_["department"]],
            "due_on": open_["due_on"],
            "state": [text(f"bulletin.state.{word}", language) for word in open_["state"]],
            "value": [value for value, _ in against],
            "limit": [limit for _, limit in against],
        }
    )
    frame = frame.assign(**dict.fromkeys(ASKED, ""))
    return frame.rename(columns={name: text(f"reply.{name}", language) for name in frame.columns})


def _against(value: float | None, limit: float | None, unit: str, language: Language) -> tuple[str, str]:
    """Value and limit as the reports write them; empty for an issue that is not an indicator."""
    return format_apart(value, limit, FactColumn("value", unit), language) if unit else ("", "")  # type: ignore[arg-type]


def take_issue_replies(path: str | Path, register: str | Path, today: date) -> IssueReplies:
    """Read a returned dispatch list and append its good replies to the ledger; the same file twice changes nothing.

    Raises
    ------
    SourceError
        For a file that is no dispatch list, naming the column that is gone.
    """
    standing = issue_states(read_issue_steps(register), today).set_index("issue_id")
    steps: list[IssueStep] = []
    faults: list[tuple[object, ...]] = []
    for number, row in enumerate(_rows(Path(path)), 2):
        if not any(row[name] for name in ASKED):
            continue
        step, fault = _reply(row, standing, today)
        if step is not None:
            try:
                steps += append_issue_steps(register, [step])
            except RegisterError as error:
                fault = ("step", row["step"], *(str(error) for _ in LANGUAGES))
        if fault is not None:
            faults.append((number, *fault))
    return IssueReplies(tuple(steps), pd.DataFrame(faults, columns=list(FAULT_COLUMNS)))


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        lines = list(csv.reader(StringIO(path.read_text(encoding="utf-8-sig"))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"not a CSV in UTF-8: {error}", where=str(path), fix="save it as CSV UTF-8") from error
    heads = [head.strip() for head in lines[0]] if lines else []
    at = {name: heads.index(word) for name in ("issue_id", *ASKED) for word in _heads(name) if word in heads}
    for name in ("issue_id", *ASKED):
        if name not in at:
            raise SourceError(
                "a column is gone", where=str(path), expected=" or ".join(_heads(name)), fix="do not rename or delete columns",
            )  # fmt: skip
    return [
        {name: line[place].strip().removeprefix("'") if place < len(line) else "" for name, place in at.items()}
        for line in lines[1:]
    ]


def _heads(name: str) -> list[str]:
    return [text(f"reply.{name}", language) for language in LANGUAGES]


Fault = tuple[str, ...]


def _fault(column: str, value: str, words: str = "", **said: object) -> Fault:
    return column, value, *(text(f"reply.fault.{words or column}", language, **said) for language in LANGUAGES)


def _reply(row: Mapping[str, str], standing: pd.DataFrame, today: date) -> tuple[IssueStep | None, Fault | None]:
    """The step that a row means, or the first thing wrong with it: column, value, in each language."""
    if row["issue_id"] not in standing.index:
        return None, _fault("issue_id", row["issue_id"])
    word = next((one for one in STEPS if row["step"].lower() in [text(f"reply.{one}", language) for language in LANGUAGES]), "")  # fmt: skip
    if not word:
        return None, _fault("step", row["step"])
    try:
        day = date.fromisoformat(row["on"].replace("/", "-"))
    except ValueError:
        return None, _fault("on", row["on"])
    if day > today:
        return None, _fault("on", row["on"], "future", today=today)
    if not row["by"]:
        return None, _fault("by", "")
    if word == "closed" and not row["evidence"]:
        return None, _fault("evidence", "")
    if word == "answered" and not (row["note"] or row["evidence"]):
        return None, _fault("note", "")
    return IssueStep(
        row["issue_id"], word, day.isoformat(), row["by"], evidence=row["evidence"], note=row["note"]
    ), None
