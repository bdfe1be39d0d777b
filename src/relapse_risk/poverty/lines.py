"""Lines of a place on a day. Whether income at exactly the line is poor is stated by ``closed`` of each measure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from relapse_risk.errors import ParameterError
from relapse_risk.parameters import DatedValue, Parameters, Place

__all__ = ["LineRole", "first_line", "line_of", "poverty_line"]

LineRole = Literal["poverty", "monitoring", "dibao"]


def line_of(role: LineRole, place: Place, parameters: Parameters, day: date) -> DatedValue:
    """The line that plays ``role`` in ``place`` on ``day``, in currency per person (or adult equivalent) and year.

    Parameters
    ----------
    role : {"poverty", "monitoring", "dibao"}
    place : Place
        Says which parameter plays which role (``places/<name>.yaml: lines``).
    parameters : Parameters
    day : datetime.date

    Returns
    -------
    DatedValue
        ``.value`` with unit, first day, source and confidence.

    Raises
    ------
    ParameterError
        If the place has no such line, or the line has no value on that day.

    Examples
    --------
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> line_of("monitoring", read_place("dezhou"), read_parameters(), date(2020, 12, 31)).value
    5000.0
    """
    if role not in place.lines:
        raise ParameterError(
            f"no {role} line",
            where=f"places/{place.name}.yaml: lines",
            expected=" | ".join(place.lines),
            fix=f"add {role}: <parameter of lines.yaml>",
        )
    return parameters.on(place.lines[role], day)


def poverty_line(place: Place, parameters: Parameters, day: date) -> DatedValue:
    """The poverty line of ``place`` in force on ``day``; see :func:`line_of`.

    Parameters
    ----------
    place : Place
    parameters : Parameters
    day : date

    Returns
    -------
    DatedValue

    Raises
    ------
    ParameterError
        If the place has no poverty line, or it has no value on that day.

    References
    ----------
    Values and their sources stand in ``params/lines.yaml``.

    Examples
    --------
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> poverty_line(read_place("dezhou"), read_parameters(), date(2019, 12, 31)).value
    3747.0
    """
    return line_of("poverty", place, parameters, day)


def first_line(roles: Iterable[LineRole], place: Place, parameters: Parameters, day: date) -> DatedValue | None:
    """The first of ``roles`` that exists in ``place``; ``None`` when the place has none of them.

    Parameters
    ----------
    roles : iterable of {"poverty", "monitoring", "dibao"}
        In order of preference.
    place : Place
    parameters : Parameters
    day : date

    Returns
    -------
    DatedValue or None
        ``None`` where the place has none of the roles.

    References
    ----------
    Values and their sources stand in ``params/lines.yaml``.

    Examples
    --------
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> first_line(("dibao", "poverty"), read_place("dezhou"), read_parameters(), date(2020, 6, 1)).name
    'dibao_rural_dezhou'
    """
    for role in roles:
        if role in place.lines:
            return line_of(role, place, parameters, day)
    return None
