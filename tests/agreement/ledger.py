"""A case of a peer: every number of its file is compared, given as an input, or named with the reason it is not.

A case is a function that receives a :class:`Case` and calls ``same`` with the place of a number (or of a whole branch) in
the peer's file and our value.  What no call reached is a failure, so that a case cannot be matched in part unnoticed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Place = tuple[Any, ...]
CASES: dict[str, Declared] = {}
# Below this share of one a difference is that of rounding in another order, and differs between processors.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Declared:
    """A case as declared: its file, the family it belongs to, the peer, and the function that compares."""

    name: str
    family: str
    peer: str
    compare: Callable[[Case], None]


@dataclass
class Case:
    """One case while it is compared: the reference folder, the peer's numbers, and what was found so far."""

    folder: Path
    expected: Any
    compared: dict[Place, float] = field(default_factory=dict)
    inputs: set[Place] = field(default_factory=set)
    left: dict[Place, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def csv(self, name: str) -> pd.DataFrame:
        """A table of the reference folder, by its path from ``reference/``."""
        return pd.read_csv(self.folder / name)

    def at(self, *place: Any) -> Any:
        """What the peer says at ``place``."""
        found = self.expected
        for step in place:
            found = found[step]
        return found

    def same(self, place: Place, ours: Any, rel: float = 0.0, absolute: float = 0.0, zero: float = 1e-12) -> None:
        """Compare every number below ``place``, within ``rel`` of the peer's number or ``absolute``.

        A peer's zero is met by ours up to ``zero``; a peer's null by NaN.
        """
        for where, theirs in leaves(self.at(*place), place):
            if isinstance(theirs, str):
                continue
            value = _inside(ours, where[len(place) :])
            self.compared[where] = self._difference(
                where, value, theirs, rel, max(absolute, zero if theirs == 0 else 0)
            )

    def _difference(self, where: Place, ours: Any, theirs: Any, rel: float, absolute: float) -> float:
        if theirs is None or theirs != theirs:
            if not pd.isna(ours):
                self.wrong.append(f"{where}: ours {ours}, the peer has none")
            return 0.0
        gap = abs(float(ours) - float(theirs))
        if not gap <= max(rel * abs(float(theirs)), absolute):
            self.wrong.append(
                f"{where}: ours {ours!r}, peer {theirs!r}, allowed {rel:g} relative, {absolute:g} absolute"
            )
        return gap / abs(float(theirs)) if gap > 1e-14 and theirs else 0.0  # a peer's 1e-17 is its zero

    def given(self, *place: Any) -> Any:
        """An input that the case's file holds."""
        self.inputs |= {where for where, _ in leaves(self.at(*place), place)}
        return self.at(*place)

    def leave(self, place: Place, why: str) -> None:
        """Numbers below ``place`` are not compared, for the reason given."""
        self.left[place] = why

    def untouched(self) -> list[Place]:
        """Numbers of the peer that were neither compared, nor an input, nor left out with a reason."""
        return [
            where
            for where, value in leaves(self.expected, ())
            if not isinstance(value, str) and where not in self.compared and where not in self.inputs
            and not any(where[: len(place)] == place for place in self.left)
        ]  # fmt: skip

    def left_count(self, place: Place) -> int:
        return sum(
            not isinstance(value, str) and where not in self.compared for where, value in leaves(self.at(*place), place)
        )


def leaves(branch: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Every single value of a tree of dictionaries and lists, with its place."""
    if isinstance(branch, dict):
        for key, value in branch.items():
            yield from leaves(value, (*place, key))
    elif isinstance(branch, list):
        for number, value in enumerate(branch):
            yield from leaves(value, (*place, number))
    else:
        yield place, branch


def _inside(ours: Any, rest: Place) -> Any:
    for step in rest:
        if isinstance(ours, pd.Series):
            ours = ours.loc[step] if not isinstance(step, int) else ours.iloc[step]
        elif isinstance(ours, Mapping) or not isinstance(step, str):
            ours = ours[step]
        else:
            raise KeyError(f"ours has no name {step!r}")
    if np.ndim(ours) != 0:
        raise TypeError(f"the peer has one number where ours has {np.shape(ours)}")
    return ours


def case(name: str, family: str, peer: str) -> Callable[[Callable[[Case], None]], Callable[[Case], None]]:
    """Declare the function below as the comparison of the case ``name`` (path from ``reference/``, without suffix)."""

    def declare(compare: Callable[[Case], None]) -> Callable[[Case], None]:
        if name in CASES:
            raise ValueError(f"two comparisons of {name}")
        CASES[name] = Declared(name, family, peer, compare)
        return compare

    return declare


def run(name: str, folder: Path) -> Case:
    """Compare one case."""
    room, stem = name.split("/")
    content = json.loads((folder / room / "expected" / f"{stem}.json").read_text(encoding="utf-8"))
    found = Case(folder, content.get("expected", content))
    CASES[name].compare(found)
    return found
