"""One plan per household: causes and measures, claims, work, the income that follows, the responsible officer and the next visit.

The plan adds up: expected income is today's plus each line that raises it, and every line is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from relapse_risk.assistance.catalogue import Catalogue
from relapse_risk.assistance.reminders import reason_of
from relapse_risk.errors import ModelError, ParameterError, unknown
from relapse_risk.languages import LANGUAGES, Label
from relapse_risk.parameters import Confidence, params_dir
from relapse_risk.schema import code_list
from relapse_risk.yaml_reading import check_model, label_of_keys, read_yaml

__all__ = ["HouseholdPlan", "Measure", "household_plan", "read_measures"]

CAUSES = ("cause_main", "cause_other_1", "cause_other_2")
VISIT_DAYS = {True: 7, False: 31}  # weekly class, others (params: weekly_visit_days, monthly_visit_days)
MONTHS = 12


class Measure(BaseModel):
    """A measure for a cause: text, lead department, days, and confidence."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    by_language = label_of_keys("label")
    label: Label
    department: str
    days: Annotated[int, Field(gt=0)]
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class HouseholdPlan:
    """Everything one household needs, in one place.

    Attributes
    ----------
    household_id, county_code, officer : str
        ``officer`` is a pseudonymous id, empty where no officer is named.
    measures : DataFrame
        cause, zh, en, department, due_on, confidence.
    claims : DataFrame
        item_code, zh, en, department, person_id, state (``receiving`` | ``pending`` | ``refused`` | ``missing`` |
        ``cannot_tell``), amount_year, reason_zh, reason_en, due_on, confidence.
    jobs : DataFrame
        person_id, opening_id, kind, monthly_pay, outcome, zh, en.
    income : DataFrame
        line (``now`` | ``claims`` | ``work`` | ``expected``), per_head (currency a year): the first three add up to the
        last.
    line : float
        The line the plan is measured against, of the year the income is of.
    line_role : {"poverty", "monitoring"}
        The monitoring line for a household under monitoring, whose risk is eliminated only above it.
    visit_due_on : date
    """

    household_id: str
    county_code: str
    officer: str
    measures: pd.DataFrame
    claims: pd.DataFrame
    jobs: pd.DataFrame
    income: pd.DataFrame
    line: float
    visit_due_on: date
    line_role: Literal["poverty", "monitoring"] = "poverty"


def read_measures(folder: str | Path | None = None) -> dict[str, tuple[Measure, ...]]:
    """Measures by cause, from ``measures.yaml``.

    Raises
    ------
    ParameterError
        For an unknown cause or department, or a cause without a measure.

    Examples
    --------
    >>> [measure.department for measure in read_measures()["illness"]]
    ['YB', 'WJ']
    """
    file = params_dir(folder) / "measures.yaml"
    content = read_yaml(file)
    causes, departments = code_list("poverty_cause").words, code_list("department").words
    if not isinstance(content, dict):
        raise ParameterError("not a mapping of causes", where="measures.yaml", got=type(content).__name__)
    for cause in content:
        if cause not in causes:
            raise unknown("cause", cause, causes, "measures.yaml")
    if missing := [cause for cause in causes if cause not in content]:
        raise ParameterError("a cause without a measure", where="measures.yaml", got=missing[0], fix="add it")
    found = {
        cause: tuple(check_model(Measure, one, f"measures.yaml: {cause}") for one in measures)
        for cause, measures in content.items()
    }
    for cause, measures in found.items():
        for measure in measures:
            if measure.department not in departments:
                raise unknown("department", measure.department, departments, f"measures.yaml: {cause}")
    return found


def household_plan(
    home: pd.Series, claims: pd.DataFrame, jobs: pd.DataFrame, catalogue: Catalogue,
    measures: dict[str, tuple[Measure, ...]], day: date,
) -> HouseholdPlan:  # fmt: skip
    """The plan of one household.

    Parameters
    ----------
    home : Series
        Its row of :func:`relapse_risk.derive.household_frame`.
    claims : DataFrame
        Its claims with their receipt (``receipt`` from the ledger, null if nothing is delivered or pending):
        item_code, person_id, state, amount_year, receipt.
    jobs : DataFrame
        Its rows of :attr:`relapse_risk.assistance.Placement.frame`.
    measures : dict
        From :func:`read_measures`.
    day : date

    Raises
    ------
    ModelError
        For a claim or a job of another household.

    Notes
    -----
    expected = now + (cash claims missing, a year) / persons + (12 × pay of matched jobs) / persons.
    """
    name = str(home["household_id"])
    for what, frame in (("claims", claims), ("jobs", jobs)):
        if "household_id" in frame and (frame["household_id"] != name).any():
            raise ModelError(
                "rows of another household",
                where=f"plan of {name}: {what}",
                got=frame.loc[frame["household_id"] != name, "household_id"].iloc[0],
            )
    stated = _claims(claims, catalogue, day)
    matched = jobs[jobs["outcome"] == "placed"] if len(jobs) else jobs
    watched = bool(home.get("under_monitoring") == 1)
    return HouseholdPlan(
        name, str(home["county_code"]), "" if pd.isna(home.get("responsible_cadre_id")) else str(home["responsible_cadre_id"]),
        _measures(home, measures, day), stated, jobs.reset_index(drop=True), _income(home, stated, matched, catalogue),
        float(home["monitor_line" if watched else "poverty_line"]),
        day + timedelta(days=VISIT_DAYS[bool(home.get("weekly_class") == 1)]), "monitoring" if watched else "poverty",
    )  # fmt: skip


def _measures(home: pd.Series, measures: dict[str, tuple[Measure, ...]], day: date) -> pd.DataFrame:
    causes = dict.fromkeys(
        str(home[c]) for c in CAUSES if c in home and not pd.isna(home[c]) and str(home[c]) in measures
    )
    rows = [
        (
            cause,
            *one.label.by_language.values(),
            one.department,
            pd.Timestamp(day + timedelta(days=one.days)),
            one.confidence,
        )
        for cause in causes
        for one in measures[cause]
    ]
    return pd.DataFrame(rows, columns=["cause", *LANGUAGES, "department", "due_on", "confidence"])


def _claims(claims: pd.DataFrame, catalogue: Catalogue, day: date) -> pd.DataFrame:
    rows = []
    for claim in claims.to_dict("records"):
        item = catalogue.item(claim["item_code"])
        version = item.on(day)
        state = (
            claim["state"]
            if claim["state"] == "cannot_tell"
            else "missing"
            if pd.isna(claim["receipt"])
            else claim["receipt"]
        )
        due = day + timedelta(days=(version.statutory_days if version is not None else None) or 30)
        rows.append(
            (
                item.code, *item.label.by_language.values(), item.department, claim["person_id"], state, claim["amount_year"],
                *(reason_of(item, day, "missing", language) for language in LANGUAGES),
                pd.Timestamp(due) if state == "missing" else pd.NaT, item.confidence,
            )
        )  # fmt: skip
    columns = [
        "item_code",
        *LANGUAGES,
        "department",
        "person_id",
        "state",
        "amount_year",
        *(f"reason_{language}" for language in LANGUAGES),
        "due_on",
        "confidence",
    ]
    order = {"missing": 0, "cannot_tell": 1, "pending": 2, "refused": 3, "receiving": 4}
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(
        ["state", "item_code"], key=lambda c: c.map(order) if c.name == "state" else c, ignore_index=True
    )


def _income(home: pd.Series, claims: pd.DataFrame, matched: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    persons = float(home["size"])
    cash = claims["item_code"].map(lambda code: catalogue.item(code).kind == "cash") & (claims["state"] == "missing")
    now = float(home["income_pc_year"]) if not pd.isna(home["income_pc_year"]) else float("nan")
    more = float(claims.loc[cash.astype(bool), "amount_year"].fillna(0).sum()) / persons
    work = MONTHS * float(matched["monthly_pay"].astype(float).sum()) / persons if len(matched) else 0.0
    return pd.DataFrame(
        {"line": ["now", "claims", "work", "expected"], "per_head": [now, more, work, now + more + work]}
    )
