"""How long work tells whoever waits: a callback of (done, total, what)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int, str], None]


def no_progress(done: int, total: int, what: str) -> None:
    """Tell nobody."""
