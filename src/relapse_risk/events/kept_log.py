"""The log of one register as one thing to ask: its machines, its limits, where each thing stands, and adding steps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeGuard

from relapse_risk.events.due_days import DueDays
from relapse_risk.events.event_log import Event, read_events
from relapse_risk.events.machine_file import read_machines
from relapse_risk.events.standing import Added, Key, Standing, append_events, standings
from relapse_risk.events.state_machine import Machine
from relapse_risk.events.working_days import read_calendar
from relapse_risk.parameters import Parameters

__all__ = ["KeptLog", "open_kept_log"]


@dataclass(frozen=True, slots=True)
class KeptLog:
    """The log of events of one register, as it stood when it was opened.

    Attributes
    ----------
    register : Path
    machines : mapping of str to Machine
        By kind of thing.
    due : DueDays
    things : mapping
        By (kind, thing): its episodes in order.
    """

    register: Path
    machines: Mapping[str, Machine]
    due: DueDays
    things: Mapping[Key, tuple[Standing, ...]]

    def now_of(self, kind: str) -> dict[str, Standing]:
        """The newest episode of every thing of a kind."""
        return {thing: every[-1] for (of, thing), every in self.things.items() if of == kind}

    def last(self, kind: str, thing: str) -> Standing | None:
        """The newest episode of one thing; nothing where the log does not know it."""
        every = self.things.get((kind, thing), ())
        return every[-1] if every else None

    def is_open(self, one: Standing | None) -> TypeGuard[Standing]:
        """Whether a thing has begun and its state is not a final one."""
        return one is not None and not self.machines[one.kind].states[one.state].final

    def holder_of(self, one: Standing) -> str:
        """Role that has to act; empty where nobody has."""
        return self.machines[one.kind].states[one.state].holder

    def due_on(self, one: Standing) -> str:
        """The day by which whoever holds it should have acted; empty where nobody has to."""
        machine = self.machines[one.kind]
        return self.due.of_state(machine, one.state, one.since, one.facts) if self.holder_of(one) else ""

    def append(self, events: Iterable[Event], *, leave_out: bool = False) -> Added:
        """Add steps to the log (:func:`relapse_risk.events.append_events`)."""
        return append_events(self.register, events, self.machines, self.due, leave_out=leave_out)


def open_kept_log(
    register: str | Path, parameters: Parameters, place: str, folder: str | Path | None = None, known_on: date | None = None,
    kinds: Collection[str] = (), county: str = "",
) -> KeptLog:  # fmt: skip
    """The log of a register with the machines of its parameters and the calendar of ``place``.

    Parameters
    ----------
    register : path
    parameters : Parameters
    place : str
        Whose working days limits are counted in.
    folder : path, optional
        Of parameters; that of ``parameters`` when left out.
    known_on : datetime.date, optional
        Only what had been written down by the end of that day.
    kinds : collection of str
        Only things of these kinds; all when left out.
    county : str
        Only steps said of things in this county.

    Raises
    ------
    RegisterError
        If the log is damaged.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> from relapse_risk.parameters import read_parameters
    >>> open_kept_log(mkdtemp(), read_parameters(), "dezhou").now_of("identification")
    {}
    """
    root = folder if folder is not None else parameters.folder
    machines = read_machines(root, parameters)
    events = read_events(register, known_on)
    mine = (e for e in events if (not kinds or e.kind in kinds) and (not county or e.county == county))
    return KeptLog(Path(register), machines, DueDays(parameters, read_calendar(place, root)), standings(mine, machines))
