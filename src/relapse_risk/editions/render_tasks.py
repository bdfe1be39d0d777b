"""What the driver sends to the fork server; nothing here imports anything heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relapse_risk.editions.edition_plan import ReportPlan
from relapse_risk.editions.publish import Outcome

__all__ = ["Finish", "Job", "Preload"]


@dataclass(frozen=True, slots=True)
class Preload:
    """What the fork server preloads.

    Attributes
    ----------
    facts, month, county, languages
        A typical report of the edition.
    """

    facts: Path
    month: str
    county: str
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """Everything one report is rendered from.

    Attributes
    ----------
    folder : Path
        Where its files are written aside.
    work : Path
        For what only lives as long as the run.
    annex : bool
        Whether the PDF holds the annex.
    paper : str
        Of the PDF.
    """

    report: ReportPlan
    parameters: dict[str, object]
    formats: tuple[str, ...]
    engine: str
    folder: Path
    key: str
    parts: dict[str, str]
    stamp: str
    data_date: str
    work: Path
    place: str
    annex: bool = False
    paper: str = "a4"

    @property
    def restricted(self) -> bool:
        """Whether its files are their owner's only."""
        return self.parameters["audience"] == "restricted"


@dataclass(frozen=True, slots=True)
class Finish:
    """What the pages around the reports are made from.

    Attributes
    ----------
    stage : Path
        The edition, written aside.
    folder : str
        The name it will have.
    editions : tuple of (month, folder)
        Those already published.
    before : dict
        Verdicts by county and indicator of the edition to compare with.
    """

    stage: Path
    about: dict[str, Any]
    outcomes: tuple[Outcome, ...]
    facts: Path
    month: str
    folder: str
    editions: tuple[tuple[str, str], ...]
    before: dict[str, dict[str, str]]
