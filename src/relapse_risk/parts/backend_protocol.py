"""What a backend is, and what it asks of a part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

__all__ = ["Backend", "Named", "P"]

P = TypeVar("P", bound="Named")


class Named(Protocol):
    """What a backend asks of a part: a name for messages."""

    @property
    def name(self) -> str: ...


class Backend(Protocol):
    """Does the same work on every part and gives the results in the order of the parts."""

    def map(self, task: Callable[[P], Any], parts: Sequence[P]) -> Iterator[Any]: ...

    def close(self) -> None: ...
