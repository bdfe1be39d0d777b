"""What the pages somebody works from have in common: a county of the register, judged, and how its cells are written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from relapse_risk.assessment import FactColumn
from relapse_risk.assistance import Catalogue, Judged, judge, read_catalogue
from relapse_risk.errors import EditionError
from relapse_risk.pages.format import format_date, format_value
from relapse_risk.pages.html_tables import Cell
from relapse_risk.parameters import Parameters, Place, read_parameters, read_place
from relapse_risk.register import Register
from relapse_risk.scores import need_and_risk
from relapse_risk.text import LANGUAGES, Language, text

__all__ = ["MONEY", "JudgedCounty", "confidence", "day_text", "judged_county", "language_of", "money"]

MONEY = FactColumn("amount", "money")


@dataclass(frozen=True, slots=True)
class JudgedCounty:
    """One county of a register on a day, judged; ``scores`` (household_id, need, risk) where they were computed."""

    register: Register
    parameters: Parameters
    place: Place
    catalogue: Catalogue
    code: str
    judged: Judged
    scores: pd.DataFrame | None

    @property
    def need(self) -> pd.Series | None:
        """Need by household_id."""
        return (
            None
            if self.scores is None
            else self.scores.drop_duplicates("household_id").set_index("household_id")["need"]
        )


@cache
def judged_county(folder: str, month: str, county: str, scores: str = "") -> JudgedCounty:
    """Open and judge one county; ``scores`` is a folder, empty for none."""
    register, parameters = Register.open(Path(folder)), read_parameters()
    place, catalogue = read_place(register.place), read_catalogue(register.place)
    judged = judge(register, month, catalogue, parameters, place, county)
    known = need_and_risk(scores, month, county) if scores else None
    return JudgedCounty(register, parameters, place, catalogue, county, judged, known)


def language_of(language: str) -> Language:
    """``language`` if reports speak it; :class:`EditionError` names those they do."""
    if language not in LANGUAGES:
        raise EditionError("unknown language", where="language", got=language, expected=" | ".join(LANGUAGES))
    return "zh" if language == "zh" else "en"


def money(value: object, language: Language) -> str:
    """An amount as it is printed."""
    return format_value(value, MONEY, language)


def day_text(value: object, language: Language) -> str:
    """A day as it is printed, a dash where there is none."""
    return "–" if pd.isna(value) else format_date(value, language)


def confidence(word: str, language: Language) -> Cell:
    """How sure we are of a rule, marked where it rests on no document."""
    return Cell(text(f"value.confidence.{word}", language), "short" if word == "documented" else "short assumed")
