"""How linked tables are declared: which counts are the same, or add up to one another, across tables and indicators."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["INDICATOR", "At", "Link"]

INDICATOR = "indicator"


@dataclass(frozen=True, slots=True)
class At:
    """The sum of one column of a table over its rows, or over those rows whose key is in ``where``.

    In the table ``indicator`` the column is ``cases`` (people behind the numerator), ``rest`` (the others looked at),
    ``n`` or ``before`` (cases a year ago), and ``where`` names one indicator.
    """

    table: str
    column: str
    key: str = ""
    where: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """``parts`` add up to ``whole`` and ``more``; ``rest``: they are some of it, and the others are a count too.

    Without ``rest``, a link holds where the two sides agree or nearly do (a few answers may be missing in one).
    ``sample``: it holds only where an indicator rests on a sample, whose cases are households even where it weighs
    persons.
    """

    whole: At
    parts: tuple[At, ...]
    more: tuple[At, ...] = ()
    rest: bool = False
    sample: bool = False

    @property
    def sides(self) -> tuple[At, ...]:
        """Every count the link names."""
        return (self.whole, *self.more, *self.parts)
