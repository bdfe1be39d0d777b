"""Counties chosen by their facts, for editions that report on some only."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from relapse_risk.editions.edition import CountyQuery
from relapse_risk.errors import EditionError, unknown
from relapse_risk.measures.facts_folder import AGAIN

__all__ = ["counties_of"]


def counties_of(facts: Path, query: CountyQuery, where: str) -> tuple[str, ...]:
    """Codes of the counties that ``query`` asks for, ascending.

    Raises
    ------
    EditionError
        For an unknown indicator (naming the nearest), or if no county fits: an empty edition is a mistake.
    """
    path = facts / "indicator.parquet"
    try:
        rows = pq.read_table(path, page_checksum_verification=True).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise EditionError(f"damaged: {error}", where=str(path), fix=AGAIN) from error
    mine = rows[(rows["indicator"] == query.indicator) & (rows["county_code"] != "city")]
    if mine.empty:
        known = sorted(set(rows["indicator"]))
        raise unknown("indicator", query.indicator, known, where, EditionError)
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
