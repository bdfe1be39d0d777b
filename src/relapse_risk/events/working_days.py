"""Working days of a place: its weekend, its holidays, and the days off that are worked instead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import ConfigDict, model_validator

from relapse_risk.errors import ParameterError
from relapse_risk.parameters import params_dir
from relapse_risk.yaml_reading import STRICT, check_model, read_yaml

__all__ = ["WorkingDays", "read_calendar"]

FOLDER = "calendars"
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Period:
    """Days off, both ends included, and where they are from."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    first: date
    last: date
    source: str = ""
    confidence: Literal["documented", "from_memory", "assumed", "carried"] = "assumed"

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.last < self.first:
            raise ValueError(f"last {self.last.isoformat()} is before first {self.first.isoformat()}")
        return self


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """A calendar of working days.

    Attributes
    ----------
    weekend : tuple of str
    holidays : tuple of Period
    worked : tuple of datetime.date
        Days of the weekend that are worked in place of a holiday.
    years : tuple of int
        Years whose holidays are entered; of others only the weekend is known.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    weekend: tuple[Weekday, ...] = ("saturday", "sunday")
    holidays: tuple[Period, ...] = ()
    worked: tuple[date, ...] = ()
    years: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _some_day_is_worked(self) -> WorkingDays:
        if set(self.weekend) >= set(WEEKDAYS):
            raise ValueError("no day of the week is left to work on")
        return self

    def works(self, day: date) -> bool:
        """Whether ``day`` is a working day.

        Examples
        --------
        >>> calendar = WorkingDays(holidays=(Period(date(2021, 10, 1), date(2021, 10, 7)),), worked=(date(2021, 10, 9),))
        >>> [calendar.works(date(2021, 10, day)) for day in (7, 8, 9, 10)]
        [False, True, True, False]
        """
        if day in self.worked:
            return True
        off = any(period.first <= day <= period.last for period in self.holidays)
        return not off and WEEKDAYS[day.weekday()] not in self.weekend

    def after(self, day: date, count: int, days: str = "working") -> date:
        """The day ``count`` days after ``day``, ``calendar`` days or ``working`` days.

        Examples
        --------
        >>> WorkingDays().after(date(2021, 3, 5), 2), WorkingDays().after(date(2021, 3, 5), 2, "calendar")
        (datetime.date(2021, 3, 9), datetime.date(2021, 3, 7))
        """
        if days == "calendar":
            return day + timedelta(days=count)
        while count > 0:
            day += timedelta(days=1)
            count -= self.works(day)
        return day

    def last_of(self, first: date, count: int, days: str = "working") -> date:
        """The last of ``count`` days that begin with ``first``, which counts itself where it is a working day.

        Examples
        --------
        >>> WorkingDays().last_of(date(2021, 3, 1), 5), WorkingDays().last_of(date(2021, 3, 6), 5)
        (datetime.date(2021, 3, 5), datetime.date(2021, 3, 12))
        """
        return self.after(first - timedelta(days=1), count, days)

    def knows(self, day: date) -> bool:
        """Whether the holidays of that year are entered."""
        return day.year in self.years


def read_calendar(place: str, folder: str | Path | None = None) -> WorkingDays:
    """The working days of a place, from ``calendars/<place>.yaml``; Saturdays and Sundays off where there is none.

    Raises
    ------
    ParameterError
        For an unknown key or weekday, a day that is none, or a day of another year than those listed.

    Examples
    --------
    >>> [read_calendar("dezhou").works(date(2020, 10, day)) for day in (8, 10)]  # National Day; a Saturday worked
    [False, True]
    >>> read_calendar("elsewhere").works(date(2020, 10, 8))
    True
    """
    file = f"{FOLDER}/{place}.yaml"
    path = params_dir(folder) / file
    if not path.is_file():
        return WorkingDays()
    calendar = check_model(WorkingDays, read_yaml(path) or {}, file)
    named = [(f"holidays {one.first.isoformat()}", one.first) for one in calendar.holidays]
    for where, day in (*named, *((f"worked {day.isoformat()}", day) for day in calendar.worked)):
        if not calendar.knows(day):
            raise ParameterError(
                "a year that is not listed", where=f"{file}: {where}", got=day.year,
                expected=" | ".join(map(str, calendar.years)) or "years", fix=f"add {day.year} to years once all of it is entered",
            )  # fmt: skip
    return calendar
