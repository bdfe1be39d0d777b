"""A block of a report, and the protocol of a report that its parts are written against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from relapse_risk.assessment import FactTable
from relapse_risk.pages.notebook_style import in_notebook, styled
from relapse_risk.parameters import Place
from relapse_risk.text import Language

__all__ = ["ANNEX", "ANNEX_END", "Block", "Source", "Speaks", "anchor"]

ANNEX, ANNEX_END = (
    "<!--annex-->",
    "<!--/annex-->",
)  # around what a PDF without annex leaves out; the last runs to the foot


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of HTML; a notebook shows it."""

    html: str

    def __repr__(self) -> str:  # stored beside the HTML in an executed notebook, which need not hold it twice
        return f"Block({len(self.html)} characters)"

    def _repr_html_(self) -> str:
        return styled(self.html) if in_notebook() else self.html


def anchor(number: int) -> str:
    """Where a section of a short report is found: ``s1``, where the skip link leads, then ``part2`` and so on.

    The style sheet of the county's report begins some ``s`` numbers on a new page.
    """
    return "s1" if number == 1 else f"part{number}"


class Speaks(Protocol):
    """Says messages in one language."""

    @property
    def language(self) -> Language: ...
    def say(self, key: str, /, **values: object) -> str: ...


class Source(Speaks, Protocol):
    """What front matter, verdicts and back matter need of a report."""

    @property
    def facts(self) -> Any: ...
    @property
    def county(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def place(self) -> Place: ...
    @property
    def data_note(self) -> str: ...
    @property
    def month(self) -> str: ...
    @property
    def limits(self) -> dict[str, float]: ...
    def label(self, part: str) -> str: ...
    def missing(self, number: int) -> str: ...
    def numbered(self, section: int) -> int: ...
    def number(self, kind: str, section: int, name: str) -> str: ...
    def spec(self, name: str) -> FactTable: ...
    def status(self, name: str) -> tuple[str, str]: ...
    def table(self, name: str) -> Block: ...
    def rows(self, name: str, county: str | None = None) -> pd.DataFrame: ...
    def indicator_rows(self) -> pd.DataFrame: ...
    def peers(self, indicator: str) -> tuple[float | None, list[float]]: ...
    @property
    def is_sample(self) -> bool: ...
    def availability(self) -> dict[str, tuple[int, str, str]]: ...
