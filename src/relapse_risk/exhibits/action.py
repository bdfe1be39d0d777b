"""An action: what must be done for the people an indicator finds in trouble, who leads it, and where most of them live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from relapse_risk.errors import SchemaError, unknown
from relapse_risk.measures import FactTable, Indicator

__all__ = ["Action", "check_action"]


@dataclass(frozen=True, slots=True)
class Action:
    """What must be done about an indicator, as a brief lists it; its words are the message ``action.INDICATOR``.

    Attributes
    ----------
    indicator : str
        Counts the people in trouble: its cases where lower is better, else those left over.
    unit : {"households", "persons", "children"}
        What is counted (message ``action.unit.UNIT``).
    gravity : int
        1: a guarantee or an income is missing now (as a severe issue); 2: somebody may fall back and nobody watches, or
        does not get what is due (major); 3: help or a visit is late (minor).  The graver comes first, then the more people.
    issue : str
        The indicator whose issue gives office and date; its own where empty.
    where : (table, column), optional
        A fact table by town, or by what is lacking, and the column that says where most of it is; of a share the lowest.
    """

    indicator: str
    unit: Literal["households", "persons", "children"]
    gravity: int
    issue: str = ""
    where: tuple[str, str] | None = None

    @property
    def led_by(self) -> str:
        """The indicator whose issue says who leads it, and by when."""
        return self.issue or self.indicator


def check_action(action: Action, indicators: Mapping[str, Indicator], tables: Sequence[FactTable]) -> Action:
    """The action, once indicator, issue, table and column are ones there are.

    Raises
    ------
    SchemaError
        Naming what is unknown, and the nearest.
    """
    where = f"action {action.indicator}"
    for name in (action.indicator, action.led_by):
        if name not in indicators:
            raise unknown("indicator", name, indicators, where, SchemaError)
    if action.where is not None:
        by_name, (table, column) = {one.name: one for one in tables}, action.where
        if table not in by_name:
            raise unknown("fact table", table, by_name, where, SchemaError)
        if column not in (known := [one.name for one in by_name[table].columns]):
            raise unknown(f"column of {table}", column, known, where, SchemaError)
    return action
