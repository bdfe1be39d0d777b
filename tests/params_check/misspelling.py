"""One misspelling at a time in any name of a parameter folder, drawn by a seed.

A *name* is a key or a value that must be one of a known vocabulary: a key of the file's form, a word of a list, a
column, table, parameter, item, place, notebook.  Not names: labels and other text, numbers, dates, paths of data, the
headers and values of somebody's file, and what a file itself gives a name to that no other file and no code asks for
(the id of a rule, the code of an indicator, a group of names of the invented people).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from relapse_risk.yaml_reading import read_yaml

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,}(\.[a-z0-9_]+)?")
# Keys whose values are text, numbers, data paths, or names that the file itself gives.
FREE = {
    "zh", "en", "note", "source", "unit", "metric", "rule", "header", "ignore", "suffix", "constant", "rows", "encoding",
    "date_format", "out", "register", "facts", "scores", "month", "day", "starts", "ends", "start", "end", "id",
    "pseudonym", "separator",
}  # fmt: skip
# Keys of mappings that a file gives its own names to, and nobody asks for.
OWN_KEYS = {"rules", "values", "figures", "registered", "edge", "rules_off", "steps"}
# In a panel's design: columns of somebody's data file, which are checked as the design is applied to it.
OF_THE_PANEL = {"columns", "column", "per", "imputed", "month"}
OWN_FILES = {"demo/names.yaml", "what_if.yaml"}  # every key at the top is the file's own


@dataclass(frozen=True)
class DrawnName:
    """Where a name stands in a file: the path to it, and whether it is the key there or the value."""

    file: str
    path: tuple[Any, ...]
    is_key: bool
    name: str


def names_of(folder: Path) -> list[DrawnName]:
    """Every name of every file, in order."""
    found = []
    for file in sorted(folder.rglob("*.yaml")):
        name = file.relative_to(folder).as_posix()
        if name != "demo/names.yaml":
            found += [place for place in _names(name, read_yaml(file), ()) if not _is_own(place)]
    return found


def _names(file: str, content: Any, path: tuple[Any, ...]) -> Iterator[DrawnName]:
    if isinstance(content, dict):
        for key, value in content.items():
            at = (*path, key)
            if isinstance(key, str) and NAME.fullmatch(key):
                yield DrawnName(file, at, True, key)
            if key not in FREE:
                yield from _names(file, value, at)
    elif isinstance(content, list):
        for number, value in enumerate(content):
            yield from _names(file, value, (*path, number))
    elif isinstance(content, str) and (NAME.fullmatch(content) or content.endswith(".ipynb")):
        yield DrawnName(file, path, False, content)


def _is_own(place: DrawnName) -> bool:
    """Whether a file gives this name itself and nobody asks for it."""
    *above, last = place.path
    if place.file.startswith("panels/") and not place.is_key and {*place.path} & OF_THE_PANEL:
        return True
    if place.file.startswith("sources/") and not place.is_key and "columns" in place.path[-2:-1]:
        return True  # a header of somebody's file
    if place.is_key:
        return (bool(above) and above[-1] in OWN_KEYS) or (place.file in OWN_FILES and not above)
    named_here = last == "name" and not place.file.startswith("places/")
    return named_here or last == "code" or "own" in place.path


def misspelt(name: str, draw: random.Random) -> str:
    """``name`` with one letter left out, doubled, or changed with the next."""
    letters = [i for i, letter in enumerate(name.removesuffix(".ipynb")) if letter.isalpha()]
    while True:
        at, how = draw.choice(letters), draw.choice(("drop", "double", "swap"))
        if how == "drop":
            wrong = name[:at] + name[at + 1 :]
        elif how == "double":
            wrong = name[: at + 1] + name[at:]
        else:
            wrong = name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
        if wrong != name and NAME.fullmatch(wrong.removesuffix(".ipynb").replace("/", "_")):
            return wrong


def misspell(folder: Path, place: DrawnName, wrong: str) -> None:
    """Write ``wrong`` in place of the name, everything else as it was."""
    file = folder / place.file
    content = read_yaml(file)
    file.write_text(
        yaml.safe_dump(_with_misspelling(content, place, wrong), allow_unicode=True, sort_keys=False), encoding="utf-8"
    )


def _with_misspelling(content: Any, place: DrawnName, wrong: str, depth: int = 0) -> Any:
    if depth == len(place.path):
        return wrong
    part = place.path[depth]
    if place.is_key and depth == len(place.path) - 1:
        return {(wrong if key == part else key): value for key, value in content.items()}
    if isinstance(content, dict):
        return content | {part: _with_misspelling(content[part], place, wrong, depth + 1)}
    return [_with_misspelling(one, place, wrong, depth + 1) if i == part else one for i, one in enumerate(content)]
