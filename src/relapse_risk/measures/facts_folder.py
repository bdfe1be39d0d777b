"""Which months a facts folder holds."""

from __future__ import annotations

from pathlib import Path

__all__ = ["month_before", "months_of"]


def months_of(facts: Path) -> list[str]:
    """Months that have facts, ascending."""
    return sorted(file.parent.name for file in facts.glob("????-??/facts.json"))


def month_before(facts: Path, month: str) -> str:
    """The newest month before ``month`` that has facts; empty where there is none."""
    return max((one for one in months_of(facts) if one < month), default="")
