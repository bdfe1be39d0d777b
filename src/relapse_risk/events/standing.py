"""Where each thing stands: its events replayed through its machine, those taken back left out; and adding to the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from relapse_risk.errors import RegisterError, unknown
from relapse_risk.events.due_days import DueDays
from relapse_risk.events.event_log import Event, append_lines, read_log, writing
from relapse_risk.events.state_machine import START, Machine, check_step

__all__ = ["TAKEN_BACK", "Added", "Standing", "append_events", "current", "standings"]

TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing in one episode.

    Attributes
    ----------
    kind, thing : str
    episode : int
    states : tuple of str
        After each of ``events``.
    events : tuple of Event
        Those that stand: without the ones taken back.
    """

    kind: str
    thing: str
    episode: int
    states: tuple[str, ...] = ()
    events: tuple[Event, ...] = ()

    @property
    def name(self) -> str:
        """The thing and its episode."""
        return f"{self.thing}#{self.episode}"

    @property
    def state(self) -> str:
        """The state now."""
        return self.states[-1] if self.states else START

    @property
    def since(self) -> str:
        """The day on which the state began (steps that leave a thing where it is do not begin it anew)."""
        at = len(self.states)
        while at > 1 and self.states[at - 2] == self.states[at - 1]:
            at -= 1
        return self.events[at - 1].on if self.events else ""

    @property
    def begun(self) -> str:
        """The day of the first step."""
        return self.events[0].on if self.events else ""

    @property
    def last_on(self) -> str:
        """The day of the last step."""
        return self.events[-1].on if self.events else ""

    @property
    def facts(self) -> dict[str, str]:
        """What was said last of each fact."""
        found: dict[str, str] = {}
        for event in self.events:
            found |= event.facts
        return found

    @property
    def place(self) -> tuple[str, str, str]:
        """County, town and village of the newest event that names them."""
        return next(((e.county, e.town, e.village) for e in reversed(self.events) if e.county), ("", "", ""))

    def followed_by(self, event: Event, state: str) -> Standing:
        """This thing after one more step."""
        return replace(self, states=(*self.states, state), events=(*self.events, event))

    def as_of(self, day: str) -> Standing:
        """This thing as its steps up to a day left it."""
        count = sum(event.on <= day for event in self.events)
        return replace(self, states=self.states[:count], events=self.events[:count])

    def without_last(self) -> Standing:
        """This thing before its last step."""
        return replace(self, states=self.states[:-1], events=self.events[:-1])


Key = tuple[str, str]


def standings(events: Iterable[Event], machines: Mapping[str, Machine]) -> dict[Key, tuple[Standing, ...]]:
    """Every thing by (kind, thing): its episodes, the newest last.

    What stands in the log was allowed when it was written; here it is only replayed, by the states its steps led to.

    Raises
    ------
    ParameterError
        For a kind or a step that no machine declares any more.
    """
    found: dict[Key, list[Standing]] = {}
    for event in events:
        episodes = found.setdefault((event.kind, event.thing), [])
        if event.step == TAKEN_BACK:
            episodes[-1] = episodes[-1].without_last()
            if not episodes[-1].events:
                episodes.pop()
            continue
        machine = _machine(event.kind, machines)
        step = machine.steps.get(event.step)
        if step is None:
            raise unknown("step in the log", event.step, machine.steps, f"{machine.kind} {event.name}")
        if not episodes or episodes[-1].episode != event.episode:
            episodes.append(Standing(event.kind, event.thing, event.episode))
        state = step.moves.get(episodes[-1].state)
        if state is None:
            raise unknown("state in the log", episodes[-1].state, step.moves, f"{machine.kind} {event.name}: {event.step}")  # fmt: skip
        episodes[-1] = episodes[-1].followed_by(event, state)
    return {key: tuple(episodes) for key, episodes in found.items() if episodes}


def current(things: Mapping[Key, tuple[Standing, ...]], kind: str) -> dict[str, Standing]:
    """The newest episode of every thing of a kind."""
    return {thing: episodes[-1] for (of, thing), episodes in things.items() if of == kind}


def _machine(kind: str, machines: Mapping[str, Machine]) -> Machine:
    if kind not in machines:
        raise unknown("kind of thing", kind, machines, "the log of events")
    return machines[kind]


@dataclass(frozen=True, slots=True)
class Added:
    """What became of events that were to be added: those written, those already known, those refused with the reason."""

    written: tuple[Event, ...]
    known: tuple[Event, ...]
    refused: tuple[tuple[Event, RegisterError], ...]


def append_events(
    register: str | Path, events: Iterable[Event], machines: Mapping[str, Machine], due: DueDays, *, leave_out: bool = False
) -> Added:  # fmt: skip
    """Add the events that are new and may follow, in their order, as one file of the log.

    One writer at a time; everything is on disk when this returns, and an event said before changes nothing.  The
    episode of each is set here: of a step that opens, the next; else the newest.

    Parameters
    ----------
    register : path
    events : iterable of Event
    machines : mapping of str to Machine
    due : DueDays
        For steps that may only come in time.
    leave_out : bool
        Whether a refused event is left out and named in the result; otherwise it is raised, and nothing is written.

    Raises
    ------
    RegisterError
        For the first event that may not follow.
    """
    asked = list(events)
    kinds = {event.kind for event in asked}
    with writing(register):
        log, tip = read_log(register)
        mine = [event for event in log if event.kind in kinds]
        things = standings(mine, machines)
        said = {event.said for event in mine}
        written: list[Event] = []
        known: list[Event] = []
        refused: list[tuple[Event, RegisterError]] = []
        for event in asked:
            if event.said in said:
                known.append(event)
                continue
            try:
                placed, episodes = _placed(event, things.get((event.kind, event.thing), ()), machines, due)
            except RegisterError as error:
                if not leave_out:
                    raise
                refused.append((event, error))
                continue
            things[(event.kind, event.thing)] = episodes
            said.add(event.said)
            written.append(placed)
        if written:
            append_lines(register, written, tip)
    return Added(tuple(written), tuple(known), tuple(refused))


def _placed(
    event: Event, episodes: tuple[Standing, ...], machines: Mapping[str, Machine], due: DueDays
) -> tuple[Event, tuple[Standing, ...]]:
    """The event with its episode, and the episodes of its thing after it."""
    machine = _machine(event.kind, machines)
    if event.recorded_on < event.on:
        raise RegisterError("in the future", where=f"{event.kind} {event.name}: on", got=event.on, expected=f"{event.recorded_on} or earlier")  # fmt: skip
    if event.step == TAKEN_BACK:
        return _taken_back(event, episodes, machine)
    now = episodes[-1] if episodes else None
    step = machine.steps.get(event.step)
    fresh = now is None or (step is not None and step.opens() and machine.states[now.state].final)
    if fresh:
        now = Standing(event.kind, event.thing, now.episode + 1 if now else 1)
        episodes = (*episodes, now)
    assert now is not None
    placed = replace(event, episode=now.episode)
    until = due.of_state(machine, now.state, now.since, now.facts) if now.events else ""
    last = now.last_on if now.events else (episodes[-2].last_on if len(episodes) > 1 else "")
    state = check_step(machine, placed, now.state, now.since, now.facts, until, last)
    return placed, (*episodes[:-1], now.followed_by(placed, state))


def _taken_back(event: Event, episodes: tuple[Standing, ...], machine: Machine) -> tuple[Event, tuple[Standing, ...]]:
    where = f"{machine.kind} {event.thing}"
    if not episodes:
        raise RegisterError("there is no step to take back", where=where, fix="check the number")
    if event.role not in machine.takes_back:
        raise RegisterError("a step is taken back one level higher", where=f"{where}: role", got=event.role, expected=" | ".join(machine.takes_back))  # fmt: skip
    if not event.reason.strip():
        raise RegisterError("taking back must say why", where=f"{where}: reason", got="nothing", expected="a text")
    left = episodes[-1].without_last()
    return replace(event, episode=episodes[-1].episode), ((*episodes[:-1], left) if left.events else episodes[:-1])
