"""Names that a parameter folder defines and nothing uses: neither another entry nor the program."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from relapse_risk.errors import slips
from relapse_risk.parameters import PARAMETER_FILES
from relapse_risk.params_check.reading import Fault
from relapse_risk.schema import code_lists, derived_frames, tables
from relapse_risk.yaml_reading import read_yaml

__all__ = ["Unused", "misspelt_definitions", "unused_names"]

LEAST_LETTERS = 4  # shorter names are near too many others to be taken for one


@dataclass(frozen=True, slots=True)
class Unused:
    """A name that nothing uses: its file and what kind of name it is."""

    file: str
    kind: str
    name: str


def unused_names(folder: Path) -> tuple[Unused, ...]:
    """Parameters, predicates, numbers and figures of the demo, groups of items, and code lists that no file and no code names."""
    said, words, beginnings = _said_in_files(folder), words_of_program(), beginnings_of_program()
    return tuple(
        Unused(file, kind, name)
        for file, kind, name in _defined(folder)
        if name not in words and said.get(name, 0) == 0 and not name.startswith(beginnings)
    )


def misspelt_definitions(folder: Path, unused: tuple[Unused, ...]) -> tuple[Fault, ...]:
    """Unused names that are one slip away from a name the program or another file asks for and nothing defines."""
    defined = {name for _, _, name in _defined(folder)}
    asked = sorted((words_of_program() | {text for text in _said_in_files(folder) if text.isidentifier()}) - defined)
    found = []
    for one in unused:
        near = next((word for word in asked if slips(one.name, word) <= 1), None)
        if near is not None and len(one.name) >= LEAST_LETTERS:
            what = f"{one.kind} asked for by nobody, while {near!r} is asked for and stands nowhere"
            found.append(Fault(f"{one.file}: {one.name}", what, one.name, f"did you mean {near!r}"))
    return tuple(found)


def _defined(folder: Path) -> Iterator[tuple[str, str, str]]:
    """File, kind and name of everything that a name is given to, so that others may use it."""
    for file in PARAMETER_FILES:
        yield from ((file, "parameter", str(name)) for name in _keys(folder / file))
    yield from (("demo/process.yaml", "number of the demo", str(name)) for name in _keys(folder / "demo/process.yaml"))
    for path in sorted((folder / "predicates").glob("*.yaml")):
        yield from ((f"predicates/{path.name}", "predicate", str(name)) for name in _keys(path))
    for path in sorted((folder / "rules").glob("*.yaml")):
        groups = _keys(path).get("item_groups", {})
        yield from ((f"rules/{path.name}", "group of items", str(name)) for name in groups)
    columns = {c.codes for table in (*tables().values(), *derived_frames().values()) for c in table.columns}
    yield from (("dictionary/codes.yaml", "code list", name) for name in code_lists() if name not in columns)


def _keys(file: Path) -> Mapping[str, Any]:
    content = read_yaml(file) if file.is_file() else {}
    return content if isinstance(content, dict) else {}


def _said_in_files(folder: Path) -> dict[str, int]:
    """How often each text stands as a value anywhere below the folder."""
    counts: dict[str, int] = {}
    for file in sorted(folder.rglob("*.yaml")):
        for text in _values(read_yaml(file)):
            counts[text] = counts.get(text, 0) + 1
    return counts


def _values(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        for value in content.values():
            yield from _values(value)
    elif isinstance(content, list):
        for value in content:
            yield from _values(value)
    elif isinstance(content, str):
        yield content


@cache
def words_of_program() -> frozenset[str]:
    """Every text of the program that could be a name."""
    return frozenset(text for text, part in _texts() if not part and text.isidentifier())


@cache
def beginnings_of_program() -> tuple[str, ...]:
    """How names begin that the program puts together (``risk_share_`` and a band)."""
    return tuple(sorted({text for text, part in _texts() if part and text.endswith("_") and text.isidentifier()}))


@cache
def _texts() -> tuple[tuple[str, bool], ...]:
    """Each text in the program's source, and whether it is only a part of one that is put together."""
    found: list[tuple[str, bool]] = []
    for source in _sources(files("relapse_risk")):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                found += [(str(part.value), True) for part in node.values[:1] if isinstance(part, ast.Constant)]
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append((node.value, False))
    return tuple(found)


def _sources(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _sources(entry)
        elif entry.name.endswith(".py"):
            yield entry
