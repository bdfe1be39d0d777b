"""What worklists and household plans share: one county of the register, assessed, and how its cells are written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pandas as pd

from relapse_risk.assessment import FactColumn
from relapse_risk.assistance import Assessed, Catalogue, assess, read_catalogue
from relapse_risk.errors import EditionError
from relapse_risk.languages import as_language
from relapse_risk.layers import found_above
from relapse_risk.pages.format import format_date, format_value
from relapse_risk.pages.html_tables import Cell
from relapse_risk.parameters import Parameters, Place, read_parameters, read_place
from relapse_risk.register import Register
from relapse_risk.scores import need_and_risk
from relapse_risk.text import LANGUAGES, Language, text

__all__ = ["MONEY", "AssessedCounty", "assessed_county", "confidence", "day_text", "language_of", "money"]

MONEY = FactColumn("amount", "money")


@dataclass(frozen=True, slots=True)
class AssessedCounty:
    """One county of a register on a day, assessed; ``scores`` (household_id, need, risk) where they were computed."""

    register: Register
    parameters: Parameters
    place: Place
    catalogue: Catalogue
    code: str
    assessed: Assessed
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
def assessed_county(folder: str, month: str, county: str, scores: str = "") -> AssessedCounty:
    """Open and assess one county; ``scores`` is a folder, empty for none."""
    register, parameters = Register.open(found_above(folder)), read_parameters()
    place, catalogue = read_place(register.place), read_catalogue(register.place)
    assessed = assess(register, month, catalogue, parameters, place, county)
    known = need_and_risk(found_above(scores), month, county) if scores else None
    return AssessedCounty(register, parameters, place, catalogue, county, assessed, known)


def language_of(language: str) -> Language:
    """``language`` if reports exist in it; :class:`EditionError` names those that do."""
    if language not in LANGUAGES:
        raise EditionError("unknown language", where="language", got=language, expected=" | ".join(LANGUAGES))
    return as_language(language)


def money(value: object, language: Language) -> str:
    """An amount as it is printed."""
    return format_value(value, MONEY, language)


def day_text(value: object, language: Language) -> str:
    """A day as it is printed, a dash where there is none."""
    return "–" if pd.isna(value) else format_date(value, language)


def confidence(word: str, language: Language) -> Cell:
    """Confidence in a rule, marked where no document supports it."""
    return Cell(text(f"value.confidence.{word}", language), "short" if word == "documented" else "short assumed")
