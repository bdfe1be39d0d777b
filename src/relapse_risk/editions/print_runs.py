"""Runs: words of a page cut where their look changes, with blanks as a browser shows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["BLANKS", "Run", "colour", "split", "text", "trimmed"]

Run = dict[str, Any]
BLANKS = re.compile(r"[ \t\r\n\f]+")
COLOURS = frozenset(
    {"met", "not_met", "watch", "cannot_tell", "no_limit", "not_collected", "withheld", "assumed", "number", "gap"}
)


def colour(kinds: Sequence[str]) -> str:
    """The class of an element that colours it; empty for none.

    Examples
    --------
    >>> colour(["chip", "met"]), colour(["short"])
    ('met', '')
    """
    return next((kind for kind in kinds if kind in COLOURS), "")


def text(said: str | None, style: Run) -> list[Run]:
    """One run of the words between two tags, or none.

    Examples
    --------
    >>> text("a\\n  b", {"b": 1}), text(None, {})
    ([{'b': 1, 't': 'a b'}], [])
    """
    return [{**style, "t": BLANKS.sub(" ", said)}] if said else []


def trimmed(runs: list[Run]) -> list[Run]:
    """Runs without blanks at either end or doubled between them; neighbours of one look are one run.

    Examples
    --------
    >>> trimmed([{"t": " a "}, {"t": " b "}, {"t": "c ", "b": 1}])
    [{'t': 'a b '}, {'t': 'c', 'b': 1}]
    """
    out: list[Run] = []
    for run in runs:
        if "t" not in run:
            out.append(run)
            continue
        said = run["t"]
        if said.startswith(" ") and (not out or "br" in out[-1] or out[-1].get("t", "").endswith(" ")):
            said = said.lstrip(" ")
        if not said:
            continue
        same = out and "t" in out[-1] and {**out[-1], "t": ""} == {**run, "t": ""}
        if same:
            out[-1]["t"] += said
        else:
            out.append({**run, "t": said})
    while out and ("br" in out[-1] or ("t" in out[-1] and not out[-1]["t"].strip(" "))):
        out.pop()
    if out and "t" in out[-1]:
        out[-1]["t"] = out[-1]["t"].rstrip(" ")
    return out


def split(runs: list[Run], mark: str) -> tuple[list[Run], list[Run]]:
    """Runs without and with a mark; the mark is gone.

    Examples
    --------
    >>> split([{"t": "Qihe "}, {"t": "report", "span": 1}], "span")
    ([{'t': 'Qihe'}], [{'t': 'report'}])
    """
    with_it = [{name: value for name, value in run.items() if name != mark} for run in runs if run.get(mark)]
    return trimmed([run for run in runs if not run.get(mark)]), trimmed(with_it)
