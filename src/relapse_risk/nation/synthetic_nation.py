"""A synthetic nation: thousands of counties drawn from the counties of one simulated city, part by part.

The city (``build_demo``) is simulated once; each county of the nation takes one of its counties as donor, draws
households from it with replacement, gives them fresh keys and multiplies their income by a factor of the county and
one of the household.  Members, aid records and history come with the household.  So totals, joins and rare cases are
those of the city, and nothing here says anything about the real country.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from relapse_risk.demo import build_demo
from relapse_risk.errors import ParameterError
from relapse_risk.nation.collect import collect_nation
from relapse_risk.nation.nation_store import Array, Nation, floats, open_nation, write_nation
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.parts import SERIAL, Backend, Part, cut, map_parts, read_part, write_part
from relapse_risk.parts.part import ROWS
from relapse_risk.parts.stored import KEY
from relapse_risk.progress import Progress
from relapse_risk.register import Register

__all__ = ["COUNTIES", "MONTH", "build_nation", "county_codes"]

MONTH, PLACE = "2020-12", "dezhou"
COUNTIES, HOUSEHOLDS = 2800, 30_000_000
# The two digits that begin every county code of a province-level division (GB/T 2260), without Hong Kong, Macao, Taiwan.
PROVINCES = (
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63,
    64, 65,
)  # fmt: skip
HISTORY_SHARE = 0.1  # of the households bring their last outcome, for fitting
AID_RECORDS = 4.0  # a household, as 120 million of the nation's 30 million
COUNTY_SPREAD, HOUSEHOLD_SPREAD, SIZE_SPREAD = 0.15, 0.1, 0.5
# Money that moves with income; shares and burdens follow from it.
INCOME = ("net_income", "income_pc_year", "wage_income", "secure_income")
TABLES = ("household", "person", "aid", "history")
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Job:
    """What every county is drawn from."""

    donors: tuple[Part, ...]
    out: Path
    seed: int
    first: dict[str, int]
    sizes: dict[str, int]
    keep_aid: float


def build_nation(
    out: Path, households: int, seed: int = 2020, backend: str | Backend = SERIAL, progress: Progress | None = None,
    counties: int | None = None, city: int | None = None, part_rows: int = ROWS,
) -> Nation:  # fmt: skip
    """Write a synthetic nation to ``out``; parts that an earlier run of the same call finished are kept.

    Parameters
    ----------
    out : Path
    households : int
    seed : int
        The same seed, households and counties give the same bytes on every backend.
    backend, progress
        As :func:`relapse_risk.parts.map_parts`.
    counties : int, optional
        2,800 for 30 million households, in proportion for fewer, when left out.
    city : int, optional
        Households of the simulated city; its true size when left out.
    part_rows : int
        Households of a part, and so the memory of a worker.

    Raises
    ------
    ParameterError
        For more counties than households.
    PartError
        Naming the part that cannot be written.
    """
    number = counties or max(1, round(COUNTIES * households / HOUSEHOLDS))
    if not 0 < number <= households or number > COUNTIES:
        raise ParameterError("counties do not fit", where="build_nation", got=number, expected=f"1 to {COUNTIES}")
    donors = _donors(out / "donors" / f"{seed}-{city or 'all'}", seed, city)
    codes = county_codes(number)
    sizes = _sizes(number, households, seed)
    records = sum(pq.read_metadata(part.of("aid")).num_rows for part in donors.parts)
    job = _Job(
        tuple(cut([part.file for part in donors.parts], rows=1)), out, seed, dict(zip(codes, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True)),
        dict(zip(codes, sizes, strict=True)), min(1.0, AID_RECORDS * donors.households / records),
    )  # fmt: skip
    parts = _cut(codes, sizes, out, part_rows)
    list(map_parts(partial(_part, job), parts, backend, progress))
    made = f"synthetic: {number} counties drawn from a simulated city, seed {seed}; not a description of any real place"
    write_nation(Nation(out, PLACE, MONTH, made, tuple(parts)))
    return open_nation(out)


def _donors(folder: Path, seed: int, city: int | None) -> Nation:
    """The frames of the simulated city, made once."""
    if (folder / "nation.json").is_file():
        return open_nation(folder)
    with tempfile.TemporaryDirectory() as work:
        register = Path(work) / "register"
        build_demo(register, seed=seed, households=city)
        return collect_nation(Register.open(register), MONTH, folder, read_parameters(), read_place(PLACE))


def county_codes(number: int) -> list[str]:
    """Codes of the first ``number`` of 2,800 counties, ascending: one province is filled after the other.

    Only the first two digits are those of a real place.

    Examples
    --------
    >>> county_codes(92)[-2:], len(set(county_codes(2800)))
    (['110091', '120001'], 2800)
    """
    most = [COUNTIES // len(PROVINCES) + (i < COUNTIES % len(PROVINCES)) for i in range(len(PROVINCES))]
    codes = [f"{province}{n + 1:04d}" for province, count in zip(PROVINCES, most, strict=True) for n in range(count)]
    return codes[:number]


def _sizes(number: int, households: int, seed: int) -> list[int]:
    """Households of each county: log-normal, at least one, adding up exactly."""
    weight = np.random.default_rng([seed, 0]).lognormal(0, SIZE_SPREAD, number)
    spare = households - number
    bounds = np.floor(np.cumsum(weight) / weight.sum() * spare + 0.5).astype(int)
    bounds[-1] = spare
    return (np.diff(bounds, prepend=0) + 1).tolist()


def _cut(codes: list[str], sizes: list[int], out: Path, rows: int) -> list[Part]:
    """Consecutive counties of one province, up to the rows of a part."""
    groups: list[list[tuple[str, int]]] = []
    for code, size in zip(codes, sizes, strict=True):
        last = groups[-1] if groups else None
        if last is None or last[0][0][:2] != code[:2] or sum(n for _, n in last) + size > rows:
            groups.append([])
        groups[-1].append((code, size))
    return [
        Part(
            group[0][0], out / "household" / f"{group[0][0]}.parquet", tuple(range(len(group))),
            tuple(code for code, _ in group), sum(n for _, n in group),
        )
        for group in groups
    ]  # fmt: skip


def _part(job: _Job, part: Part) -> int:
    """Write the tables of one part; the household table last, so that a part that has it is whole."""
    key = f"{job.seed}|{len(job.sizes)}|{sum(job.sizes.values())}|{[d.file.parent.parent.name for d in job.donors[:1]]}"
    if _is_done(part, key):
        return part.rows
    made = [_county(job, code) for code in part.counties]
    for table in reversed(TABLES):
        data = pa.concat_tables([tables[table] for tables in made], promote_options="permissive").unify_dictionaries()
        write_part(data, part.of(table), part.name, key)
    return part.rows


def _is_done(part: Part, key: str) -> bool:
    try:
        metadata = pq.read_schema(part.file).metadata or {}
    except (OSError, pa.ArrowException):
        return False
    return metadata.get(KEY) == key.encode()


def _county(job: _Job, code: str) -> dict[str, pa.Table]:
    """Every table of one county."""
    rng = np.random.default_rng([job.seed, int(code)])
    donor = job.donors[int(rng.integers(len(job.donors)))]
    given = {table: _coded(read_part(donor, table)) for table in TABLES}
    given["aid"] = _thinned(given["aid"], job.keep_aid, rng)
    last = pc.max(given["history"]["month"].cast(pa.string()))
    given["history"] = given["history"].filter(pc.equal(given["history"]["month"].cast(pa.string()), last))
    size, donor_ids = job.sizes[code], given["household"]["household_id"].combine_chunks()
    drawn = np.sort(rng.integers(len(donor_ids), size=size))  # neighbours stay neighbours
    number = np.arange(job.first[code], job.first[code] + size)
    ids = _keys("H", number)
    written = {"household": _with_income(_moved(given["household"].take(pa.array(drawn)), ids, code), rng)}
    member = _members(given["person"])
    for table in TABLES[1:]:
        taken = np.flatnonzero(rng.random(size) < HISTORY_SHARE) if table == "history" else np.arange(size)
        rows, owner = _belongings(given[table], donor_ids, drawn[taken])
        data = _moved(given[table].take(pa.array(rows)), ids.take(pa.array(taken[owner])), code)
        written[table] = _with_members(data, member, number[taken[owner]]) if "person_id" in data.column_names else data
    return written


def _coded(data: pa.Table) -> pa.Table:
    """Text as dictionaries, so that drawing a row copies a number; identifiers stay text."""
    for place, field in enumerate(data.schema):
        if pa.types.is_string(field.type) and not field.name.endswith("_id"):
            data = data.set_column(place, field.name, data.column(place).combine_chunks().dictionary_encode())
    return data


def _thinned(data: pa.Table, share: float, rng: np.random.Generator) -> pa.Table:
    return data.filter(pa.array(rng.random(len(data)) < share))


def _keys(letter: str, numbers: Ints) -> pa.Array:
    """A letter and eleven digits: twelve bytes, which an engine compares without following a pointer."""
    return pc.binary_join_element_wise(letter, pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 11, "0"), "")


def _belongings(table: pa.Table, donor_ids: pa.Array, drawn: Ints) -> tuple[Ints, Ints]:
    """Rows of ``table`` that come with the drawn households, and the place in ``drawn`` of each row's household."""
    place = pc.index_in(table["household_id"].combine_chunks(), donor_ids).fill_null(len(donor_ids)).to_numpy()
    order = np.argsort(place, kind="stable")
    counts = np.bincount(place, minlength=len(donor_ids) + 1)
    starts, each = np.cumsum(counts) - counts, counts[drawn]
    owner = np.repeat(np.arange(len(drawn)), each)
    inside = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
    return order[np.repeat(starts[drawn], each) + inside], owner


def _moved(data: pa.Table, ids: pa.Array, code: str) -> pa.Table:
    """Rows with their new household and county."""
    data = data.set_column(data.column_names.index("household_id"), "household_id", ids)
    for name in ("county_code", "town_code", "village_code"):
        if name in data.column_names:
            old = data[name].combine_chunks()
            words = [code + word[len(code) :] for word in old.dictionary.to_pylist()]
            fresh = pa.DictionaryArray.from_arrays(old.indices, pa.array(words, pa.string()))
            data = data.set_column(data.column_names.index(name), name, fresh)
    return data


def _members(persons: pa.Table) -> dict[str, int]:
    """Place of each donor person in its household, from 1."""
    place: dict[str, int] = {}
    last, count = "", 0
    for person, household in zip(persons["person_id"].to_pylist(), persons["household_id"].to_pylist(), strict=True):
        count = count + 1 if household == last else 1
        place[person], last = count, household
    return place


def _with_members(data: pa.Table, member: dict[str, int], household: Ints) -> pa.Table:
    """Persons numbered within their household; who is no living member (an old record) is its number 99."""
    at = data.column_names.index("person_id")
    old = data["person_id"].combine_chunks().dictionary_encode()
    places = np.array([member.get(person, 99) for person in old.dictionary.to_pylist()], dtype=np.int64)
    known = old.indices.is_valid()
    place = places[old.indices.fill_null(0).to_numpy()] if len(places) else np.zeros(len(data), dtype=np.int64)
    fresh = pc.if_else(known, _keys("P", household * 100 + place), pa.scalar(None, pa.string()))
    return data.set_column(at, "person_id", fresh)


def _with_income(data: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Income times a factor of the county and one of the household; what follows from it, anew."""
    factor = rng.lognormal(rng.normal(0, COUNTY_SPREAD), HOUSEHOLD_SPREAD, len(data))
    changed: dict[str, Array] = {name: floats(data, name) * factor for name in (*INCOME, "income_change")}
    changed["rigid_burden"] = floats(data, "rigid_burden") / factor
    poor = changed["income_pc_year"] < floats(data, "poverty_line")
    for name, values in changed.items():
        fresh = pa.array(np.round(values, 4), from_pandas=True)
        data = data.set_column(data.column_names.index(name), name, fresh)
    unknown = np.isnan(changed["income_pc_year"])
    return data.set_column(data.column_names.index("poor"), "poor", pa.array(poor, mask=unknown))
