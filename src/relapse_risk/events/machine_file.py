"""Reading the machines of ``params/events/*.yaml``, every name in them checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from relapse_risk.errors import ParameterError, unknown
from relapse_risk.events.state_machine import CHECKS, FREE_FACTS, START, Limit, Machine
from relapse_risk.parameters import Parameters, params_dir, read_parameters
from relapse_risk.schema import code_lists
from relapse_risk.yaml_reading import check_model, named_file, read_yaml, stems

__all__ = ["read_machine", "read_machines"]

FOLDER = "events"


def read_machine(kind: str, folder: str | Path | None = None, parameters: Parameters | None = None) -> Machine:
    """The machine of one kind of thing, ``events/<kind>.yaml``.

    Raises
    ------
    ParameterError
        Naming file, key and the nearest right name, for an unknown state, role, fact, check, code list or parameter;
        for a state that no step leads to; and for one that is neither final nor left by any step.

    Examples
    --------
    >>> read_machine("identification").allowed("county_review", "county")
    ('clue_added', 'sent_back', 'county_approved', 'county_refused', 'ended')
    """
    root = params_dir(folder)
    where = f"{FOLDER}/{kind}.yaml"
    machine = check_model(Machine, read_yaml(named_file(root / FOLDER, kind, "kind of thing")), where)
    if machine.kind != kind:
        raise unknown("kind", machine.kind, [kind], f"{where}: kind")
    _check_names(machine, parameters or read_parameters(root), where)
    _check_ways(machine, where)
    return machine


def read_machines(folder: str | Path | None = None, parameters: Parameters | None = None) -> Mapping[str, Machine]:
    """Every machine of the parameter folder, by kind."""
    root = params_dir(folder)
    known = parameters or read_parameters(root)
    return MappingProxyType({kind: read_machine(kind, root, known) for kind in stems(root / FOLDER)})


def _check_names(machine: Machine, parameters: Parameters, where: str) -> None:
    facts, roles = (*machine.facts, *FREE_FACTS), machine.roles
    for name, fact in machine.facts.items():
        at = f"{where}: facts.{name}"
        if (fact.kind == "word") != bool(fact.codes):
            raise ParameterError("a word has a code list, and only a word", where=at, got=fact.codes, fix="give both or neither")  # fmt: skip
        if fact.codes and fact.codes not in code_lists():
            raise unknown("code list", fact.codes, code_lists(), f"{at}.codes")
    for role in machine.takes_back:
        _known("role", role, roles, f"{where}: takes_back")
    for name, state in machine.states.items():
        at = f"{where}: states.{name}"
        if state.holder:
            _known("role", state.holder, roles, f"{at}.holder")
        for name_of, fact_name in (("until", state.until), ("due", state.due)):
            if fact_name:
                _known("fact", fact_name, machine.facts, f"{at}.{name_of}")
        _check_limit(state.limit, parameters, f"{at}.limit")
    for name, step in machine.steps.items():
        at = f"{where}: steps.{name}"
        for before, after in step.moves.items():
            _known("state", before, (START, *machine.states), f"{at}.moves")
            _known("state", after, machine.states, f"{at}.moves.{before}")
        for kind, names, known in (
            ("role", step.by, roles), ("fact", step.needs, facts), ("fact", step.may, facts), ("check", step.checks, CHECKS),
        ):  # fmt: skip
            for one in names:
                _known(kind, one, known, at)
    if machine.whole:
        _check_limit(machine.whole.limit, parameters, f"{where}: whole.limit")
        for state_name in machine.whole.until:
            _known("state", state_name, machine.states, f"{where}: whole.until")


def _known(kind: str, name: str, known: Mapping[str, object] | tuple[str, ...], where: str) -> None:
    if name not in known:
        raise unknown(kind, name, known, where)


def _check_limit(limit: Limit | None, parameters: Parameters, where: str) -> None:
    if limit is not None and limit.parameter not in parameters.by_name:
        raise unknown("parameter", limit.parameter, parameters.by_name, f"{where}.parameter")


def _check_ways(machine: Machine, where: str) -> None:
    reached, left = {START}, set[str]()
    while (
        more := {after for step in machine.steps.values() for before, after in step.moves.items() if before in reached}
        - reached
    ):
        reached |= more
    for step in machine.steps.values():
        left |= set(step.moves)
    for name, state in machine.states.items():
        if name not in reached:
            raise ParameterError("no step leads to it", where=f"{where}: states.{name}", fix="add a step, or remove the state")  # fmt: skip
        if not state.final and name not in left:
            raise ParameterError("no step leads out of it", where=f"{where}: states.{name}", fix="add a step, or write final: true")  # fmt: skip
