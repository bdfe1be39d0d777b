"""An edition: which reports one run renders, validated whole before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from relapse_risk.assessment import Facts, read_facts
from relapse_risk.errors import EditionError, ParameterError, RelapseRiskError
from relapse_risk.months import check_month
from relapse_risk.parameters import check_model, params_dir, read_yaml

__all__ = ["Edition", "ReportPlan", "plan", "read_edition"]


class Edition(BaseModel):
    """One edition file.

    Attributes
    ----------
    place : str
        Name of the place; must be the facts' own.
    month : str
    facts, register, out : Path
        Folders; relative ones start at the working folder.
    notebook : Path
    counties : list of codes, or "all"
    languages, formats : lists
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    place: str
    month: str
    facts: Path
    register_folder: Path = Field(alias="register")
    notebook: Path = Path("notebooks/reports/county_assessment.ipynb")
    counties: Literal["all"] | tuple[str, ...] = "all"
    languages: tuple[Literal["zh", "en"], ...] = ("zh", "en")
    formats: tuple[Literal["html", "pdf"], ...] = ("html", "pdf")
    out: Path


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """One report to render: county, language and where it goes."""

    county: str
    name: str
    language: str
    stem: str


def read_edition(path: str | Path) -> Edition:
    """Read and check an edition file.

    Raises
    ------
    EditionError
        Naming file, key, value and the nearest allowed.
    """
    file = Path(path)
    try:
        content: Any = read_yaml(file)
        known = {field.alias or name for name, field in Edition.model_fields.items()}
        if isinstance(content, dict):
            for key in content:
                if key not in known:
                    near = get_close_matches(str(key), known, 1)
                    raise EditionError(
                        "unknown key", where=str(file), got=key,
                        expected=" | ".join(sorted(known)), fix=f"did you mean {near[0]!r}" if near else "drop it",
                    )  # fmt: skip
        edition = check_model(Edition, content, str(file))
    except ParameterError as error:
        raise EditionError(
            error.what, where=error.where, got=error.got, expected=error.expected, fix=error.fix
        ) from error
    check_month(edition.month, f"{file}: month")
    return edition


def notebook_path(edition: Edition) -> Path:
    """The notebook, in the working folder or beside the parameters."""
    for candidate in (edition.notebook, params_dir().parent / edition.notebook):
        if candidate.is_file():
            return candidate
    raise EditionError("notebook not found", where="notebook", got=str(edition.notebook), fix="check the path")


def plan(edition: Edition) -> tuple[tuple[ReportPlan, ...], Facts]:
    """Every report of the edition, counties and place checked against the facts.

    Raises
    ------
    EditionError
        For facts of another place, missing facts, or an unknown county (naming the nearest).
    """
    try:
        facts = read_facts(edition.facts, edition.month)
    except RelapseRiskError as error:
        raise EditionError(error.what, where=error.where, got=error.got, fix=error.fix) from error
    if facts.manifest["place"] != edition.place:
        raise EditionError(
            "the facts are of another place", where=edition.name, got=facts.manifest["place"], expected=edition.place
        )
    names = {code: (zh, en) for code, zh, en in facts.manifest["counties"]}
    codes = tuple(names) if edition.counties == "all" else edition.counties
    for code in codes:
        if code not in names:
            near = get_close_matches(code, names, 1)
            raise EditionError(
                "unknown county", where=f"{edition.name}: counties", got=code,
                fix=f"did you mean {near[0]}" if near else f"one of {' '.join(names)}",
            )  # fmt: skip
    plans = tuple(
        ReportPlan(code, names[code][0 if language == "zh" else 1], language, f"{code}-{language}")
        for code in codes
        for language in edition.languages
    )
    return plans, facts
