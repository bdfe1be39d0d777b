"""Entitlements of a nation as words of 64 bits, and the gaps between them and the aid records.

The order of the catalogue gives each item its bit.  A row is a household (``person_id`` null, items for households)
or a person; ``yes``, ``open`` (undetermined) and ``kept`` (may keep what is received) are words of items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial, reduce
from itertools import pairwise
from operator import add

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relapse_risk.assistance.catalogue import Catalogue
from relapse_risk.assistance.entitlements import entitlements
from relapse_risk.assistance.ledger import INTERRUPTED_DAYS, YEAR
from relapse_risk.assistance.reminders import CONTINUING
from relapse_risk.months import month_end
from relapse_risk.nation.kept_columns import AID, AMOUNTS, KEYS, condition_columns, person_columns
from relapse_risk.nation.nation_store import Nation, frame_of
from relapse_risk.parameters import Parameters, Place
from relapse_risk.parts import SERIAL, Backend, Part, collected, map_parts, read_part, stored_parts
from relapse_risk.predicates import Setting, setting_on
from relapse_risk.progress import Progress

__all__ = ["gap_counts", "nation_claims", "nation_gaps", "unpacked"]

WORDS = ("yes", "open", "kept")
PAIR = ["household_id", "person_id"]
AT_ONCE = 30_000  # households


@dataclass(frozen=True, slots=True)
class _Job:
    catalogue: Catalogue
    setting: Setting
    household: tuple[str, ...]
    person: tuple[str, ...]


def nation_claims(
    nation: Nation, catalogue: Catalogue, parameters: Parameters, place: Place, backend: str | Backend = SERIAL,
    progress: Progress | None = None,
) -> list[Part]:  # fmt: skip
    """Assess every item of a catalogue for every household and person.

    Parameters
    ----------
    nation : Nation
    catalogue : Catalogue
    parameters, place
        Dated limits.
    backend, progress
        As :func:`relapse_risk.parts.map_parts`.

    Returns
    -------
    list of Part
        Table ``claims``: household_id, person_id, county_code, yes, open, kept; rows with any bit set, by household
        and person, the household's own row first.

    Raises
    ------
    PartError
        Naming the part that cannot be read or written.
    """
    day, wanted = month_end(nation.month), condition_columns(catalogue)
    there = collected(nation.parts, "household")
    household = [n for n in dict.fromkeys([*KEYS, "size", "income_pc_year", *AMOUNTS, *wanted]) if n in there]
    people = collected(nation.parts, "person")
    person = tuple(name for name in person_columns(catalogue) if name in people)
    job = _Job(catalogue, setting_on(parameters, place, day), tuple(household), person)
    key = f"claims|{job}"
    return stored_parts(
        partial(_claims, job),
        nation.parts,
        nation.folder / "claims",
        key,
        backend,
        progress,
        reads=["household", "person"],
    )


def _claims(job: _Job, part: Part) -> pa.Table:
    """Some counties at a time: the assessment holds every answer of every condition."""
    households = read_part(part, "household", job.household)
    persons = read_part(part, "person", job.person)
    codes = households["county_code"].to_numpy(zero_copy_only=False)
    starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
    bounds = [0]
    for start in [*starts[1:], len(codes)]:
        if start - bounds[-1] >= AT_ONCE or start == len(codes):
            bounds.append(int(start))
    return pa.concat_tables([
        _claims_of(job, households.slice(first, last - first), persons) for first, last in pairwise(bounds)
    ])  # fmt: skip


def _claims_of(job: _Job, rows: pa.Table, everybody: pa.Table) -> pa.Table:
    households = frame_of(rows)
    mine = pc.is_in(everybody["household_id"], rows["household_id"].combine_chunks())
    found = entitlements(households, frame_of(everybody.filter(mine)), job.catalogue, job.setting)
    yes = found.frame["state"].eq("yes").to_numpy(dtype=bool)
    frames = {"yes": found.frame[yes], "open": found.frame[~yes], "kept": found.kept}
    pairs = pa.concat_tables([_coded(frame, job.catalogue, what) for what, frame in frames.items()])
    return _asked(CLAIMS, {"pairs": pairs, "county": rows.select(["household_id", "county_code"])})


CLAIMS = """
    SELECT household_id, person_id, county_code, COALESCE(BIT_OR(word) FILTER (what = 'yes'), 0::UBIGINT) AS yes,
           COALESCE(BIT_OR(word) FILTER (what = 'open'), 0::UBIGINT) AS open,
           COALESCE(BIT_OR(word) FILTER (what = 'kept'), 0::UBIGINT) AS kept
    FROM pairs JOIN county USING (household_id) GROUP BY ALL ORDER BY county_code, household_id, person_id NULLS FIRST
"""


def _words(catalogue: Catalogue) -> npt.NDArray[np.uint64]:
    """The word of each item of a catalogue: its bit alone."""
    return np.uint64(1) << np.arange(len(catalogue), dtype=np.uint64)


def _coded(frame: pd.DataFrame, catalogue: Catalogue, what: str) -> pa.Table:
    """Pairs with the word of their item, and what they stand for."""
    columns = {name: pa.array(frame[name], pa.string(), from_pandas=True) for name in PAIR}
    place = pd.Index([item.code for item in catalogue.items]).get_indexer(frame["item_code"])
    return pa.table(columns | {"word": _words(catalogue)[place], "what": pa.array([what] * len(frame), pa.string())})


def _asked(sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
    """The answer of DuckDB over Arrow tables, on one thread: the same bytes wherever it runs."""
    with duckdb.connect(config={"threads": 1}) as connection:
        for name, data in tables.items():
            connection.register(name, data)
        return connection.sql(sql).to_arrow_table()


RECORDS = """
    SELECT household_id, person_id, word, goes_on,
           CASE WHEN (((delivered_on > $year_ago AND NOT stated) OR once OR (stated AND period_start <= $today
                        AND (period_end IS NULL OR period_end >= $covered))) AND delivered_on <= $today
                      AND COALESCE(decision NOT IN ('refused', 'withdrawn'), TRUE)) THEN 0
                WHEN applied AND (decision = 'open' OR delivered_on > $today) THEN 1
                WHEN applied AND decision IN ('refused', 'withdrawn') THEN 2 END AS state
    FROM (SELECT *, period_start IS NOT NULL AND NOT COALESCE(period_end < period_start, FALSE) AS stated,
                 COALESCE(applied_on > $year_ago AND applied_on <= $today, FALSE) AS applied
          FROM aid JOIN items USING (item_code))
"""
GAPS = f"""
    WITH got AS (
        SELECT household_id, person_id, BIT_OR(word) AS known,
               COALESCE(BIT_OR(word) FILTER (state = 0 AND goes_on), 0::UBIGINT) AS receiving
        FROM ({RECORDS}) WHERE state IS NOT NULL GROUP BY ALL),
    got_household AS (
        SELECT household_id, BIT_OR(known) AS known, COALESCE(BIT_OR(known) FILTER (person_id IS NULL), 0::UBIGINT) AS unnamed
        FROM got GROUP BY household_id),
    claimed AS (
        SELECT household_id, BIT_OR(yes | open | kept) AS anybody,
               COALESCE(BIT_OR(yes | open | kept) FILTER (person_id IS NULL), 0::UBIGINT) AS own
        FROM claims GROUP BY household_id),
    rows AS (
        SELECT COALESCE(c.household_id, g.household_id) AS household_id, COALESCE(c.person_id, g.person_id) AS person_id,
               COALESCE(c.yes, 0::UBIGINT) AS yes, COALESCE(c.yes | c.open | c.kept, 0::UBIGINT) AS claim,
               COALESCE(g.known, 0::UBIGINT) AS known, COALESCE(g.receiving, 0::UBIGINT) AS receiving
        FROM claims c FULL JOIN got g
          ON c.household_id = g.household_id AND c.person_id IS NOT DISTINCT FROM g.person_id),
    combined AS (
        SELECT household_id, person_id,
               yes & ~(CASE WHEN person_id IS NULL THEN COALESCE(h.known, 0::UBIGINT) ELSE r.known | COALESCE(h.unnamed, 0::UBIGINT) END) AS missing,
               receiving & ~(CASE WHEN person_id IS NULL THEN COALESCE(d.anybody, 0::UBIGINT)
                                  ELSE claim | COALESCE(d.own, 0::UBIGINT) END) AS over
        FROM rows r LEFT JOIN got_household h USING (household_id) LEFT JOIN claimed d USING (household_id))
    SELECT household_id, person_id, county_code, missing, over FROM combined JOIN county USING (household_id)
    WHERE missing <> 0 OR over <> 0 ORDER BY county_code, household_id, person_id NULLS FIRST
"""


def nation_gaps(
    nation: Nation, claims: list[Part], catalogue: Catalogue, backend: str | Backend = SERIAL,
    progress: Progress | None = None,
) -> list[Part]:  # fmt: skip
    """Compare the claims with every aid record: who should receive an item and does not, and the reverse.

    Parameters
    ----------
    nation : Nation
    claims : list of Part
        Of :func:`nation_claims`.
    catalogue : Catalogue
        Whose order gave the bits.
    backend, progress
        As :func:`relapse_risk.parts.map_parts`.

    Returns
    -------
    list of Part
        Table ``gaps``: household_id, person_id, county_code, ``missing`` and ``over`` as words of 64 bits; only rows
        with a gap.  :func:`unpacked` makes a row of every bit, for the lists that are sent out.

    Notes
    -----
    The rules are those of :func:`relapse_risk.assistance.remind`: missing = yes - receiving - pending - refused; over =
    receiving a continuing item - (yes, undetermined or may keep it).
    """
    day = month_end(nation.month)
    key = f"gaps|{day}|{catalogue}"
    return stored_parts(
        partial(_gaps, catalogue, day), claims, nation.folder / "gaps", key, backend, progress, reads=["claims", "aid"]
    )


def _gaps(catalogue: Catalogue, day: date, part: Part) -> pa.Table:
    items = catalogue.items
    tables = {
        "items": pa.table({
            "item_code": [item.code for item in items], "word": _words(catalogue),
            "once": [item.cadence == "once" for item in items],
            "goes_on": [item.cadence in CONTINUING and item.on(day) is not None for item in items],
        }),
        "aid": read_part(part, "aid", AID),
        "claims": read_part(part, "claims", [*PAIR, *WORDS]),
        "county": read_part(part, "household", ["household_id", "county_code"]),
    }  # fmt: skip
    days = {"$today": day, "$year_ago": day - timedelta(days=YEAR), "$covered": day - timedelta(days=INTERRUPTED_DAYS)}
    sql = GAPS
    for name, value in days.items():
        sql = sql.replace(name, f"DATE '{value}'")
    return _asked(sql, tables)


def unpacked(gaps: pa.Table, catalogue: Catalogue, word: str) -> pa.Table:
    """One row per bit of ``word``: household_id, person_id, county_code, item_code.

    Parameters
    ----------
    gaps : Table
        A part of ``gaps`` or ``claims``.
    catalogue : Catalogue
    word : str
        ``missing``, ``over``, ``yes``, ``open`` or ``kept``.

    Examples
    --------
    >>> from relapse_risk.assistance import read_catalogue
    >>> row = pa.table({"household_id": ["H1"], "person_id": [None], "county_code": ["110001"],
    ...                 "missing": pa.array([5], pa.uint64())})
    >>> unpacked(row, read_catalogue("dezhou"), "missing")["item_code"].to_pylist()
    ['MZ01', 'MZ03']
    """
    keys = gaps.select([*PAIR, "county_code"])
    words = gaps[word].combine_chunks()
    found = []
    for place, item in enumerate(catalogue.items):
        rows = keys.filter(pc.not_equal(pc.bit_wise_and(words, pa.scalar(1 << place, pa.uint64())), 0))
        found.append(rows.append_column("item_code", pa.array([item.code] * len(rows), pa.string())))
    return pa.concat_tables(found)


def gap_counts(gaps: list[Part], catalogue: Catalogue, backend: str | Backend = SERIAL) -> pd.DataFrame:
    """Missing and over pairs of the nation: item_code, missing, over.

    Parameters
    ----------
    gaps : list of Part
        Of :func:`nation_gaps`.
    catalogue : Catalogue
    backend : str or Backend
    """
    total = reduce(
        add, map_parts(partial(_counts, len(catalogue)), gaps, backend), np.zeros((2, len(catalogue)), dtype=np.int64)
    )
    return pd.DataFrame(
        {"item_code": [item.code for item in catalogue.items]} | dict(zip(("missing", "over"), total, strict=True))
    )


def _counts(items: int, part: Part) -> np.ndarray:
    data = read_part(part, "gaps", ["missing", "over"])
    words = [data[name].to_numpy() for name in ("missing", "over")]
    return np.array([[int((word >> np.uint64(bit) & np.uint64(1)).sum()) for bit in range(items)] for word in words])
