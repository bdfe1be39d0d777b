"""Every fact table, exhibit and indicator of the report, in the order of its sections.

Each module of this folder says which section it is (``SECTION``) and what it has: ``TABLES``, ``EXHIBITS``,
``INDICATORS``, ``ACTIONS``.  A module that is put here needs no other list.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType, ModuleType

from relapse_risk.errors import SchemaError
from relapse_risk.exhibits import Action, Exhibit, check_action, check_exhibit
from relapse_risk.measures import FactTable, Indicator

__all__ = ["ACTIONS", "ASPECTS", "EXHIBITS", "INDICATORS", "SECTIONS", "TABLES"]


def _place(module: ModuleType) -> tuple[int, int, str]:
    return module.SECTION.number, module.SECTION.place, module.__name__


def _exhibits(modules: tuple[ModuleType, ...], tables: tuple[FactTable, ...]) -> Mapping[str, Exhibit]:
    """Every fact table's exhibit by its name, checked; a table alone where none was declared."""
    declared = {one.name: one for module in modules for one in getattr(module, "EXHIBITS", ())}
    if unknown := sorted(set(declared) - {table.name for table in tables}):
        raise SchemaError("exhibits without a fact table", where="assessment/sections", got=unknown)
    found = {t.name: check_exhibit(declared.get(t.name, Exhibit(t.name)), t) for t in tables}
    return MappingProxyType(found)


_MODULES = tuple(sorted((import_module(f"{__name__}.{one.name}") for one in iter_modules(__path__)), key=_place))
TABLES: tuple[FactTable, ...] = tuple(t for module in _MODULES for t in getattr(module, "TABLES", ()))
INDICATORS: tuple[Indicator, ...] = tuple(i for module in _MODULES for i in getattr(module, "INDICATORS", ()))
EXHIBITS = _exhibits(_MODULES, TABLES)
_NAMED = {item.name: item for item in INDICATORS}
ACTIONS: tuple[Action, ...] = tuple(
    check_action(action, _NAMED, TABLES) for module in _MODULES for action in getattr(module, "ACTIONS", ())
)
SECTIONS: tuple[int, ...] = tuple(sorted({*(t.section for t in TABLES), *(i.section for i in INDICATORS)}))
ASPECTS = tuple(range(3, 12))
