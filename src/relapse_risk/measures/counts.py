"""Measures: which count a printed number is, so that the same count is the same cell wherever it is printed.

A measure is a yes or no about households, persons or records about one of them.  It has three sides that count people,
``yes``, ``no`` and ``known``; yes and no add up to known.  (``unknown``, how many answers are missing, is public and is
no cell.)  A count is one side of a measure, in some class of a classification or in none, now or a year before.  It is
written ``measure.side``, and then what is fixed of it::

    house_safe.no                     households that fail
    persons.yes by sex=male           of a classification one class
    monitored_share.yes before        a year ago
    segment.{segment}.yes             filled in from the row of a table
    ranked.yes by segment=*           everybody, though printed in a row of one segment
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from relapse_risk.errors import MeasureError

__all__ = ["SIDES", "Cell", "Count", "read_count"]

ALL = "*"
SIDES = ("yes", "no", "known")
WRITTEN = re.compile(
    r"(?P<measure>[^ ]+)\.(?P<side>yes|no|known)(?: by (?P<by>[a-z_]+=.+?(?:, [a-z_]+=.+?)*))?(?P<before> before)?"
)
FIELD = re.compile(r"\{([a-z_]+)\}")


class Cell(NamedTuple):
    """One count of one county (or the city): the unit that is published or withheld.

    Attributes
    ----------
    by : tuple of (classification, class)
        Sorted by classification; empty: everybody.
    before : bool
        Whether it counts a year before.
    """

    measure: str
    side: str
    county: str
    by: tuple[tuple[str, str], ...] = ()
    before: bool = False

    @property
    def classifications(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.by)

    def __str__(self) -> str:
        by = ", ".join(f"{name}={word}" for name, word in self.by)
        return (
            f"{self.measure}.{self.side}{f' by {by}' if by else ''}{' before' if self.before else ''} of {self.county}"
        )


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted, without the county; its parts may hold ``{key}`` of the row it is printed in."""

    measure: str
    side: str
    by: tuple[tuple[str, str], ...] = ()
    before: bool = False

    @property
    def fields(self) -> frozenset[str]:
        """Columns of the row it is filled in from, or that are said not to classify it."""
        named = {name for text in (self.measure, *(word for _, word in self.by)) for name in FIELD.findall(text)}
        return frozenset(named | {name for name, word in self.by if word == ALL})

    def filled(self, row: Mapping[str, str]) -> Count:
        """With the fields of ``row``.

        Examples
        --------
        >>> read_count("segment.{segment}.yes").filled({"segment": "children"}).measure
        'segment.children'
        """
        by = tuple((name, word.format_map(row)) for name, word in self.by)
        return replace(self, measure=self.measure.format_map(row), by=by)

    def cell(self, county: str, by: tuple[tuple[str, str], ...] = ()) -> Cell:
        """The cell of ``county``, classified besides as in ``by``."""
        classes = tuple(sorted(pair for pair in (*self.by, *by) if pair[1] != ALL))
        return Cell(self.measure, self.side, county, classes, self.before)


@cache
def read_count(text: str) -> Count:
    """The count that ``text`` writes.

    Raises
    ------
    MeasureError
        If it is written otherwise than ``measure.side by classification=class before``.

    Examples
    --------
    >>> read_count("persons.yes by sex=male before")
    Count(measure='persons', side='yes', by=(('sex', 'male'),), before=True)
    """
    found = WRITTEN.fullmatch(text)
    if found is None:
        raise MeasureError(
            "not a count of a measure", got=text, expected="measure.side, with side one of " + " | ".join(SIDES),
            fix="write for example house_safe.no, persons.yes by sex=male or monitored.yes before",
        )  # fmt: skip
    pairs = [part.partition("=") for part in found["by"].split(", ")] if found["by"] else []
    by = tuple(sorted((name, word) for name, _, word in pairs))
    return Count(found["measure"], found["side"], by, bool(found["before"]))
