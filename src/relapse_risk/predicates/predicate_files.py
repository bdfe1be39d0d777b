"""Reading predicates from ``params/predicates/*.yaml``, every name in them checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from relapse_risk.errors import ParameterError, unknown
from relapse_risk.parameters import Parameters, Place, params_dir, read_parameters
from relapse_risk.predicates.clauses import OPS_BY_TYPE, Clause, Group, Limit
from relapse_risk.predicates.functions import FUNCTIONS, QUANTITIES
from relapse_risk.predicates.setting import Predicate, Setting
from relapse_risk.schema import code_list, derived_columns, table, tables
from relapse_risk.yaml_reading import check_model, read_yaml

__all__ = ["ColumnSpec", "check_clause", "predicates_of", "read_predicates", "setting_on"]

FOLDER = "predicates"


class ColumnSpec(Protocol):
    """What a check needs to know about a column."""

    @property
    def type(self) -> str: ...
    @property
    def codes(self) -> str: ...


def read_predicates(folder: str | Path | None = None, parameters: Parameters | None = None) -> Mapping[str, Predicate]:
    """Every predicate below ``<params>/predicates``; of the package's own folder where ``folder`` has none.

    Raises
    ------
    ParameterError
        Naming file, predicate and the nearest right name, for an unknown unit, column, operation, code word, parameter,
        predicate, function or quantity, for a name given twice, and for predicates that refer to each other in a circle.

    Examples
    --------
    >>> read_predicates()["house_safe"].label.en
    'the dwelling is graded A or B'
    """
    root = params_dir(folder)
    home = root if (root / FOLDER).is_dir() else params_dir()
    found: dict[str, Predicate] = {}
    for path in sorted((home / FOLDER).glob("*.yaml")):
        file = f"{FOLDER}/{path.name}"
        for name, content in (read_yaml(path) or {}).items():
            if name in found:
                raise ParameterError("predicate given twice", where=f"{found[name].file} and {file}", got=name)
            given = {**content, "name": name, "file": file} if isinstance(content, dict) else content
            found[name] = check_model(Predicate, given, f"{file}: {name}")
    known = parameters or read_parameters(home)
    for predicate in found.values():
        _check_predicate(predicate, known, found)
    _check_circles(found)
    return MappingProxyType(found)


@lru_cache(maxsize=8)
def _kept(folder: Path, stamps: tuple[tuple[str, int], ...]) -> Mapping[str, Predicate]:
    return read_predicates(folder)


def predicates_of(parameters: Parameters) -> Mapping[str, Predicate]:
    """The predicates of the folder that ``parameters`` are from, read again only when its files change."""
    folder = params_dir(parameters.folder)
    home = folder if (folder / FOLDER).is_dir() else params_dir()
    files = [*sorted((home / FOLDER).glob("*.yaml")), *sorted(folder.glob("*.yaml"))]
    return _kept(folder.absolute(), tuple((str(path), path.stat().st_mtime_ns) for path in files))


def setting_on(parameters: Parameters, place: Place, day: date) -> Setting:
    """The setting of a day: the predicates that belong to ``parameters``."""
    return Setting(parameters, place, day, predicates_of(parameters))


def _columns(unit: str) -> Mapping[str, ColumnSpec]:
    """Columns a frame of ``unit`` may have: its table's, those derived, and for persons their household's."""
    own: dict[str, ColumnSpec] = {column.name: column for column in table(unit).columns}
    own = {**{column.name: column for column in derived_columns(unit)}, **own}
    return {**_columns("household"), **own} if unit == "person" else own


def _check_predicate(predicate: Predicate, parameters: Parameters, predicates: Mapping[str, Predicate]) -> None:
    where = predicate.where
    if predicate.unit not in tables():
        raise unknown("unit", predicate.unit, ("person", "household", *tables()), f"{where}: unit")
    if (predicate.when is None) == (not predicate.function):
        raise ParameterError("a predicate has either when or function", where=where, fix="keep one of them")
    if predicate.function and predicate.function not in FUNCTIONS:
        raise unknown("function", predicate.function, FUNCTIONS, f"{where}: function", otherwise="add it to predicates/functions.py")  # fmt: skip
    columns = _columns(predicate.unit)
    if predicate.name in columns and columns[predicate.name].type != "bool":
        raise ParameterError("same name as a column that is not yes-or-no", where=where, fix="choose another name")
    if predicate.when is not None:
        check_clause(predicate.when, predicate.unit, columns.get, columns, where, parameters, predicates, {})


def _check_circles(predicates: Mapping[str, Predicate]) -> None:
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " → ".join((*path[path.index(name) :], name))
            raise ParameterError("predicates refer to each other in a circle", where=predicates[name].where, got=circle)
        when = predicates[name].when
        if name not in done and when is not None:
            for other in when.names():
                visit(other, (*path, name))
        done.add(name)

    for name in predicates:
        visit(name, ())


def check_clause(
    clause: Clause, unit: str, column: Callable[[str], ColumnSpec | None], names: Collection[str], where: str,
    parameters: Parameters, predicates: Mapping[str, Predicate], groups: Mapping[str, Any],
) -> None:  # fmt: skip
    """Raise :class:`ParameterError` for the first unknown name in ``clause``.

    Parameters
    ----------
    unit : str
        Unit of the rows; persons may use a predicate about households, other units only their own.
    column, names
        Look-up and names of the available columns.
    where : str
        File and key, for the error.
    """
    for part in clause.walk():
        for kind, name in (("predicate", part.predicate), ("predicate", part.somebody)):
            if name is not None and name not in predicates:
                raise unknown(kind, name, predicates, where)
        _check_units(part, unit, where, predicates)
        if part.is_leaf:
            _check_leaf(part, unit, column, names, where, parameters, groups)


def _check_units(part: Clause, unit: str, where: str, predicates: Mapping[str, Predicate]) -> None:
    asked = predicates[part.predicate].unit if part.predicate is not None else unit
    if asked != unit and (unit, asked) != ("person", "household"):
        raise ParameterError(
            f"a predicate about another unit ({asked})", where=where, got=part.predicate, expected=unit
        )
    if part.somebody is not None and (unit, predicates[part.somebody].unit) != ("household", "person"):
        raise ParameterError("somebody is asked of persons of a household", where=where, got=part.somebody)


def _check_leaf(
    leaf: Clause, unit: str, column: Callable[[str], ColumnSpec | None], names: Collection[str], where: str,
    parameters: Parameters, groups: Mapping[str, Any],
) -> None:  # fmt: skip
    if leaf.quantity is not None and leaf.quantity not in QUANTITIES:
        raise unknown("quantity", leaf.quantity, QUANTITIES, where)
    limit = leaf.limit
    named = (leaf.column, limit.column, limit.per, limit.at) if limit else (leaf.column,)
    for name in named:
        if name is not None and name not in names:
            raise unknown(f"column of view {unit}", name, names, where)
    spec = column(leaf.column) if leaf.column is not None else None
    kind = spec.type if spec is not None else "float"
    if leaf.op not in OPS_BY_TYPE[kind]:
        expected = " | ".join(OPS_BY_TYPE[kind])
        raise ParameterError(f"{leaf.column} is of type {kind}", where=where, got=leaf.op, expected=expected)
    _check_operand(leaf, spec.codes if spec is not None and kind == "code" else "", where, parameters, groups)


def _check_operand(leaf: Clause, codes: str, where: str, parameters: Parameters, groups: Mapping[str, Any]) -> None:
    operand = leaf.operand
    if isinstance(operand, Group):
        if operand.group not in groups:
            raise unknown("item group", operand.group, groups, where)
    elif isinstance(operand, Limit):
        for name in operand.parameters:
            if name not in parameters.by_name:
                raise unknown("parameter", name, parameters.by_name, where)
    elif codes and leaf.op in ("is", "is_not", "in", "not_in"):
        for word in operand if isinstance(operand, tuple) else (operand,):
            if word not in code_list(codes).words:
                raise unknown(f"word of code list {codes}", word, code_list(codes).words, where)
