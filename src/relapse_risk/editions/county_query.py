"""Counties chosen by their facts, for editions that report on some only."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import pyarrow.parquet as pq

from relapse_risk.editions.edition import CountyQuery
from relapse_risk.errors import EditionError

__all__ = ["counties_of"]


def counties_of(facts: Path, query: CountyQuery, where: str) -> tuple[str, ...]:
    """Codes of the counties that ``query`` asks for, ascending.

    Raises
    ------
    EditionError
        For an unknown indicator (naming the nearest), or if no county fits: an empty edition is a mistake.
    """
    rows = pq.read_table(facts / "indicator.parquet").to_pandas()
    mine = rows[(rows["indicator"] == query.indicator) & (rows["county_code"] != "city")]
    if mine.empty:
        known = sorted(set(rows["indicator"]))
        near = get_close_matches(query.indicator, known, 1)
        raise EditionError(
            "unknown indicator", where=where, got=query.indicator,
            fix=f"did you mean {near[0]!r}" if near else f"one of {' '.join(known)}",
        )  # fmt: skip
    if query.verdict:
        mine = mine[mine["verdict"].isin(query.verdict)]
    if query.above is not None:
        mine = mine[mine["value"] > query.above]
    if query.below is not None:
        mine = mine[mine["value"] < query.below]
    if mine.empty:
        raise EditionError(
            "no county fits", where=where, got=query.model_dump(exclude_defaults=True), fix="ask for less"
        )
    return tuple(sorted(mine["county_code"].astype(str)))
