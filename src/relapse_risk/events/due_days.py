"""By when a thing should have left its state: dated limits in calendar or working days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from relapse_risk.events.state_machine import Limit, Machine
from relapse_risk.events.working_days import WorkingDays
from relapse_risk.parameters import Parameters

__all__ = ["DueDays"]


@dataclass(frozen=True, slots=True)
class DueDays:
    """Dated limits and the calendar they are counted by."""

    parameters: Parameters
    calendar: WorkingDays

    def after(self, limit: Limit, start: date) -> date:
        """The last day of a limit that runs from ``start``, by the value in force on that day."""
        return self.calendar.after(start, round(self.parameters.on(limit.parameter, start).value), limit.days)

    def of_state(self, machine: Machine, state: str, since: str, facts: Mapping[str, str]) -> str:
        """The day by which a state that began on ``since`` ends; empty where it has no limit.

        A state with ``until`` runs from the day that fact names; one with ``due`` ends on the day that fact names.
        """
        found = machine.states.get(state)
        if found is None:
            return ""
        if said := facts.get(found.due, ""):
            return said
        if found.limit is None:
            return ""
        start = facts.get(found.until, "") or since
        return self.after(found.limit, date.fromisoformat(start)).isoformat()

    def of_whole(self, machine: Machine, begun: str) -> str:
        """The day by which the whole way should have been gone; empty where the machine sets none."""
        whole = machine.whole
        return "" if whole is None else self.after(whole.limit, date.fromisoformat(begun)).isoformat()
