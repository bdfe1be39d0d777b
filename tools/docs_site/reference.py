"""Pages of the reference: one per room of the library, every public name with its first sentence and a page of its own."""

from __future__ import annotations

import inspect
from importlib import import_module
from types import ModuleType

import relapse_risk as rr

__all__ = ["ROOMS", "reference_pages"]

ROOMS = {
    "study": "A month of a place",
    "poverty": "Poverty and inequality",
    "poverty.small_area": "Small areas",
    "hardship": "Hardship index",
    "ranking": "Ranks and shortlists",
    "relapse": "Risk of relapse",
    "evaluation": "Judging a score",
    "impact": "What worked",
    "decisions": "Decisions within a budget",
    "research": "Models for comparison",
    "datasets": "Data to learn on",
}
KINDS = {"Classes": inspect.isclass, "Functions": callable}


def short_names() -> dict[int, str]:
    """The name under ``rr`` of each object that has one."""
    return {id(getattr(rr, name)): name for name in rr.__all__ if not isinstance(getattr(rr, name), ModuleType)}


def names_of(room: str) -> list[str]:
    """Full names of what a room offers, under the shortest way to write them, classes apart and in alphabetical order."""
    module = import_module(f"relapse_risk.{room}")
    short = short_names()
    found = []
    for name in sorted(module.__all__):
        value = getattr(module, name)
        if not isinstance(value, ModuleType) and callable(value):
            found.append(f"relapse_risk.{short[id(value)]}" if id(value) in short else f"relapse_risk.{room}.{name}")
    return found


def _table(names: list[str]) -> list[str]:
    return [
        "```{eval-rst}",
        ".. autosummary::",
        "   :toctree: api",
        "   :nosignatures:",
        "",
        *(f"   ~{name}" for name in names),
        "```",
        "",
    ]


def room_page(room: str, title: str, names: list[str]) -> str:
    module = import_module(f"relapse_risk.{room}")
    first = (inspect.getdoc(module) or "").split("\n\n")[0].replace("\n", " ").replace("``", "`")
    lines = [f"# {title}", "", f"`rr.{room}`: {first}", ""]
    offered = [name for name in names if name.count(".") == 1]
    rest = [name for name in names if name.count(".") > 1]
    if offered:
        lines += ["## Under `rr`", "", *_table(offered)]
    if rest:
        lines += [f"## In the room `rr.{room}`", "", *_table(rest)]
    return "\n".join(lines)


def reference_pages() -> dict[str, str]:
    """Source of each page of the reference by file name; an object of two rooms stands in the first."""
    seen: set[str] = set()
    pages, listed = {}, []
    for room, title in ROOMS.items():
        names = [name for name in names_of(room) if name not in seen]
        seen |= set(names)
        file = f"room_{room.replace('.', '_')}"
        pages[f"reference/{file}.md"] = room_page(room, title, names)
        listed.append(f"{title} <{file}>")
    words = [
        "# Reference", "",
        "Every public name, with its types, formula, source and an example that the tests run. `import relapse_risk as rr`"
        " gives the names *under* `rr`; the rest is in its rooms, `rr.poverty`, `rr.hardship` and so on. Commands of the"
        " shell are explained by `relapse-risk COMMAND --help`; indicators of the county report are in"
        " [their own table](../indicators.md).", "",
        "```{toctree}", ":maxdepth: 1", "", *listed, "```", "",
        "## All names under `rr`", "",
        *_names_by_letter(sorted((n for n in seen if n.count(".") == 1), key=str.lower)),
    ]  # fmt: skip
    pages["reference/index.md"] = "\n".join(words)
    return pages


def _names_by_letter(names: list[str]) -> list[str]:
    links = [f"[`{name.split('.')[-1]}`](api/{name}.rst)" for name in names]
    return [" · ".join(links), ""]
