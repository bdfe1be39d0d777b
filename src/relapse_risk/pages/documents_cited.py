"""The documents that sources cite by id, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterable

from relapse_risk.text import has_text

__all__ = ["cited", "titled"]

DOCUMENT = re.compile(r"[A-Z]+(?:-[A-Z0-9]+)+")


def cited(sources: Iterable[object]) -> list[str]:
    """Ids of the documents that ``sources`` name, sorted.

    Examples
    --------
    >>> cited(["DEF-WATER (20 in arid areas)", "SD-JN-EDU2020; DEF-WATER", None, "2 x dibao"])
    ['DEF-WATER', 'SD-JN-EDU2020']
    """
    return sorted({name for words in sources if isinstance(words, str) for name in DOCUMENT.findall(words)})


def titled(sources: Iterable[object]) -> list[str]:
    """Those of :func:`cited` that have a title (message ``source.ID``).

    Examples
    --------
    >>> titled(["DEF-WATER", "OTHER-1"])
    ['DEF-WATER']
    """
    return [name for name in cited(sources) if has_text(f"source.{name}")]
