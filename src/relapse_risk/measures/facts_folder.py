"""Which months a facts folder holds, and what ``facts.json`` says of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relapse_risk.errors import RelapseRiskError
from relapse_risk.json_reading import read_json

__all__ = ["AGAIN", "month_before", "months_of", "read_facts_manifest"]

AGAIN = "run relapse-risk facts again"
_SHAPE = {
    "place": str, "month": str, "data_date": str, "counties": [[str]], "hashes": {str: str}, "tables": [str],
    "schema": {str: dict}, "cards": dict, "parameters": [dict], "register_digest": str,
}  # fmt: skip


def months_of(facts: Path) -> list[str]:
    """Months that have facts, ascending."""
    return sorted(file.parent.name for file in facts.glob("????-??/facts.json"))


def month_before(facts: Path, month: str) -> str:
    """The newest month before ``month`` that has facts; empty where there is none."""
    return max((one for one in months_of(facts) if one < month), default="")


def read_facts_manifest(folder: Path, error: type[RelapseRiskError] = RelapseRiskError) -> dict[str, Any]:
    """``facts.json`` in the folder of a month.

    Raises
    ------
    RelapseRiskError
        The ``error`` given: there is none, or it is damaged.
    """
    path = folder / "facts.json"
    try:
        return read_json(path, error, AGAIN, _SHAPE)
    except FileNotFoundError as cause:
        raise error("no facts of this month", where=str(path), fix="run relapse-risk facts") from cause
