"""An exhibit: a fact table with its chart and its finding; title, caption, finding and notes are messages by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from relapse_risk.errors import SchemaError, unknown
from relapse_risk.exhibits.chart_specs import Chart, columns_of
from relapse_risk.exhibits.finding_rules import Find
from relapse_risk.measures import FactTable

__all__ = ["Exhibit", "Section", "check_exhibit"]


@dataclass(frozen=True, slots=True)
class Section:
    """Where a module's tables stand: the section's number, and the module's place among those of that section."""

    number: int
    place: int = 1


@dataclass(frozen=True, slots=True)
class Exhibit:
    """How a fact table is shown.

    Its words are the messages ``exhibit.NAME.PART``: ``title``, ``caption`` (what is drawn), ``finding``, ``note``,
    ``empty`` (why there are no rows), ``column.COLUMN`` (a head of its own), ``series.COLUMN``, ``marked``.

    Attributes
    ----------
    name : str
        The fact table.
    chart : Chart, optional
    finding : callable, optional
        A rule of :mod:`relapse_risk.exhibits.finding_rules`, or a function of the rows beside the table; the title is
        said where it finds nothing.
    half : bool
        The chart is small: half a page's width, beside its table.
    edges : mapping
        Limits of bins as caption and finding write them, by field.
    needs_parts : bool
        Says something only of an index made of several parts.
    subject : str
        Column without which the table says nothing.
    before_aid : str
        Column that is null where aid was not collected: then the words ``title.before_aid``, ``caption.before_aid``.
    """

    name: str
    chart: Chart | None = None
    finding: Find | None = None
    half: bool = False
    edges: Mapping[str, str] = field(default_factory=dict)
    needs_parts: bool = False
    subject: str = ""
    before_aid: str = ""


def check_exhibit(exhibit: Exhibit, table: FactTable) -> Exhibit:
    """The exhibit, once every column it names is one of its table.

    Raises
    ------
    SchemaError
        Naming the column and the nearest.
    """
    known = [column.name for column in table.columns]
    named = (*columns_of(exhibit.chart), exhibit.subject, exhibit.before_aid)
    for name in named:
        if name and name not in known:
            raise unknown("column of its fact table", name, known, f"exhibit {exhibit.name}", SchemaError)
    return exhibit
