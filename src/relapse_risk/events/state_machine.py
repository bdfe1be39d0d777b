"""What a thing of one kind can go through: states, who must act in each and by when, and the steps between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import BeforeValidator, ConfigDict

from relapse_risk.errors import RegisterError
from relapse_risk.languages import Label
from relapse_risk.schema import code_list
from relapse_risk.yaml_reading import STRICT

__all__ = ["CHECKS", "FREE_FACTS", "START", "Fact", "Limit", "Machine", "State", "Step", "Whole", "check_step", "replies_of"]  # fmt: skip

START = "start"  # the state before the first step
FREE_FACTS = ("reason", "evidence")  # fields of every step that a machine may ask for
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _without_nulls(moves: Any) -> Any:
    return {k: v for k, v in moves.items() if v is not None} if isinstance(moves, dict) else moves


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a state may last: a dated parameter in days, and whether days off count.

    Attributes
    ----------
    parameter : str
        Name of a dated parameter, in days.
    days : {"calendar", "working"}
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    parameter: str
    days: Literal["calendar", "working"] = "calendar"


@dataclass(frozen=True, slots=True)
class State:
    """One state of a thing.

    Attributes
    ----------
    label : Label
    holder : str
        Role that has to act; empty: nobody has to.
    limit : Limit, optional
        From the day the state began.
    until : str
        Fact that holds the last day before which there is nothing to do.
    due : str
        Fact that holds the day by which it ends, where the thing bears its own deadline; it goes before ``limit``.
    final : bool
        Whether a new episode may begin after it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    label: Label
    holder: str = ""
    limit: Limit | None = None
    until: str = ""
    due: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step: from which states to which, who may do it, what it must say, and what is checked of it.

    Attributes
    ----------
    label : Label
        As a list shows it, and as a reply may say it.
    moves : mapping
        State before to state after; ``start`` opens an episode.  A place takes a move away by writing null.
    by : tuple of str
        Roles.
    needs, may : tuple of str
        Facts (or ``reason``, ``evidence``) that it must, or may, say.
    checks : tuple of str
        Names of :data:`CHECKS`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    label: Label
    moves: Annotated[Mapping[str, str], BeforeValidator(_without_nulls)]
    by: tuple[str, ...]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()

    def opens(self) -> bool:
        """Whether it begins an episode."""
        return START in self.moves


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a step says: text, a day, or a word of a code list."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    label: Label
    kind: Literal["text", "day", "word"] = "text"
    codes: str = ""


@dataclass(frozen=True, slots=True)
class Whole:
    """How long the way from the first step to one of some states may take."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    until: tuple[str, ...]
    limit: Limit


@dataclass(frozen=True, slots=True)
class Machine:
    """The one declared state machine of a kind of thing.

    Attributes
    ----------
    kind : str
    label : Label
    source, confidence : str
        Where its order of steps is from, and how sure that is.
    roles : mapping of str to Label
        Who acts.
    takes_back : tuple of str
        Roles that may take back the last step of a thing as entered in error; the step stays in the log.
    facts, states, steps : mapping
        By name.
    whole : Whole, optional
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    kind: str
    label: Label
    roles: Mapping[str, Label]
    states: Mapping[str, State]
    steps: Mapping[str, Step]
    facts: Mapping[str, Fact] = field(default_factory=dict)
    takes_back: tuple[str, ...] = ()
    whole: Whole | None = None
    source: str = ""
    confidence: Literal["documented", "from_memory", "assumed", "carried"] = "assumed"

    def allowed(self, state: str, role: str = "") -> tuple[str, ...]:
        """Steps that may follow in ``state``, of ``role`` where one is given, in the order declared."""
        return tuple(name for name, step in self.steps.items() if state in step.moves and (not role or role in step.by))

    def open_to(self, state: str) -> tuple[str, ...]:
        """Steps that may follow in ``state``, those that open a new episode after a final state among them."""
        final = state in self.states and self.states[state].final
        return (*self.allowed(state), *(self.allowed(START) if final else ()))

    def state_label(self, state: str) -> Label:
        """What a state is called; the state before the first step has no name."""
        return self.states[state].label if state in self.states else Label(zh="尚未提出", en="not begun")

    def step_label(self, step: str) -> Label:
        """What a step is called; taking back is the same for all kinds."""
        return (
            self.steps[step].label
            if step in self.steps
            else Label(zh="撤回（录入有误）", en="taken back as entered in error")
        )

    def said(self, name: str, value: str) -> Label:
        """A fact's value in words."""
        fact = self.facts.get(name)
        if fact is None or fact.kind != "word" or value not in code_list(fact.codes).words:
            return Label.same(value)
        codes = code_list(fact.codes)
        return Label(zh=codes.label(value, "zh"), en=codes.label(value, "en"))


class Said(Protocol):
    """What a check needs of a step that was said (:class:`relapse_risk.events.event_log.Event`)."""

    @property
    def thing(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def on(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def evidence(self) -> str: ...
    @property
    def facts(self) -> Mapping[str, str]: ...


def _within_notice(on: str, facts: Mapping[str, str], due: str) -> str:
    first, last = facts.get("first_day", ""), facts.get("last_day", "")
    return "" if first <= on <= last else f"a day of the notice, {first} to {last}"


def _after_notice(on: str, facts: Mapping[str, str], due: str) -> str:
    last = facts.get("last_day", "")
    return "" if on > last else f"a day after {last}, the last of the notice"


def _in_time(on: str, facts: Mapping[str, str], due: str) -> str:
    return "" if not due or on <= due else f"{due} or earlier"


def _overdue(on: str, facts: Mapping[str, str], due: str) -> str:
    return "" if due and on > due else f"a day after {due or 'its limit'}"


def _notice_in_order(on: str, facts: Mapping[str, str], due: str) -> str:
    first, last = facts.get("first_day", ""), facts.get("last_day", "")
    return "" if on <= first <= last else "first_day this day or later, and last_day not before it"


def _type_is_one(on: str, facts: Mapping[str, str], due: str) -> str:
    return "a type, not none" if facts.get("type") == "none" else ""


def _into_where_needed(on: str, facts: Mapping[str, str], due: str) -> str:
    lacks = facts.get("leaving") in ("merged", "split") and not facts.get("into", "").strip()
    return "the household it was merged with, or split into" if lacks else ""


# Column that is at fault, and a function of the day of a step, what the thing and the step say, and the day by which its
# state ends (or nothing): it gives what was expected where that does not hold.
CHECKS: Mapping[str, tuple[str, Callable[[str, Mapping[str, str], str], str]]] = MappingProxyType(
    {
        "within_notice": ("on", _within_notice), "after_notice": ("on", _after_notice), "in_time": ("on", _in_time),
        "overdue": ("on", _overdue),
        "notice_in_order": ("on", _notice_in_order), "type_is_one": ("type", _type_is_one),
        "into_where_needed": ("into", _into_where_needed),
    }
)  # fmt: skip


def check_step(
    machine: Machine, event: Said, state: str, since: str, facts: Mapping[str, str], due: str = "", last_on: str = ""
) -> str:  # fmt: skip
    """The state after ``event``; a step that is not declared for the state, its role or its facts is refused.

    Parameters
    ----------
    machine : Machine
    event : Event
    state, since : str
        Of the thing before it, and the day of the step that led there (empty at the start).
    facts : mapping
        What earlier steps said last.
    due : str
        Day by which the state ends; empty where it has none.
    last_on : str
        Day of the step before; empty at the start.

    Raises
    ------
    RegisterError
        Naming the thing, the column at fault, its state, who holds it, and what is allowed.
    """
    where = f"{machine.kind} {event.thing}"
    step = machine.steps.get(event.step)
    if step is None or state not in step.moves:
        held = machine.states[state].holder if state in machine.states else ""
        standing = f"in state {state}" + (f" since {since}" if since else "") + (f", held by {held}" if held else "")
        raise RegisterError(
            f"this step cannot follow {standing}", where=f"{where}: step", got=event.step,
            expected=" | ".join(machine.open_to(state)) or "no step",
            fix="send the step that is due, or wait for whoever holds it",
        )  # fmt: skip
    if event.role not in step.by:
        raise RegisterError(
            f"{event.step} is not for this level to say", where=f"{where}: role", got=event.role, expected=" | ".join(step.by)
        )  # fmt: skip
    _check_said(machine, step, event, where)
    if event.on < last_on:
        raise RegisterError("earlier than the step before it", where=f"{where}: on", got=event.on, expected=f"{last_on} or later")  # fmt: skip
    _check_conditions(step, event, {**facts, **event.facts}, due, where)
    return step.moves[state]


def _check_said(machine: Machine, step: Step, event: Said, where: str) -> None:
    said = {**event.facts, **{name: getattr(event, name) for name in FREE_FACTS}}
    for name in step.needs:
        if not said.get(name, "").strip():
            raise RegisterError(f"{event.step} must say it", where=f"{where}: {name}", got="nothing", expected=_expected(machine, name))  # fmt: skip
    known = (*step.needs, *step.may, *FREE_FACTS)
    for name, value in event.facts.items():
        if name not in known:
            raise RegisterError(f"{event.step} says nothing of this", where=f"{where}: {name}", got=value, expected=" | ".join(known))  # fmt: skip
        if not _is_said_right(machine.facts[name], value):
            raise RegisterError("not a value of it", where=f"{where}: {name}", got=value, expected=_expected(machine, name))  # fmt: skip


def _check_conditions(step: Step, event: Said, facts: Mapping[str, str], due: str, where: str) -> None:
    for name in step.checks:
        column, wrong = CHECKS[name]
        if wanted := wrong(event.on, facts, due):
            got = event.on if column == "on" else facts.get(column) or "nothing"
            raise RegisterError(f"{event.step} cannot be so", where=f"{where}: {column}", got=got, expected=wanted)


def _is_said_right(fact: Fact, value: str) -> bool:
    if fact.kind == "day":
        return bool(_DAY.fullmatch(value)) and _is_day(value)
    return fact.kind == "text" or value in code_list(fact.codes).words


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _expected(machine: Machine, name: str) -> str:
    fact = machine.facts.get(name)
    if fact is None or fact.kind == "text":
        return "a text"
    return "a day such as 2020-12-31" if fact.kind == "day" else " | ".join(code_list(fact.codes).words)


def replies_of(machine: Machine, state: str, role: str, but: Collection[str] = ()) -> tuple[str, ...]:
    """Steps that whoever holds ``state`` as ``role`` may reply with, without those of ``but``."""
    return tuple(name for name in machine.allowed(state, role) if name not in but)
