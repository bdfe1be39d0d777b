"""The hardship index of a nation: need and priority of every household, ranked in county, province and nation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial, reduce
from operator import add
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from relapse_risk.errors import ModelError, PartError
from relapse_risk.files import digest, write_json
from relapse_risk.hardship import IndexDesign
from relapse_risk.hardship.composite_scores import composite, indicator_scores, indicator_values
from relapse_risk.hardship.design import TOP
from relapse_risk.hardship.household_index import aid_share, answered_share, index_lines, line_values
from relapse_risk.hardship.moments import Moments, merged, moments
from relapse_risk.months import month_end
from relapse_risk.nation.histogram import BINS, Histogram, grid, places, read_above, write_above
from relapse_risk.nation.kept_columns import index_columns
from relapse_risk.nation.nation_store import Array, Nation, floats
from relapse_risk.parameters import DatedValue, Parameters, Place
from relapse_risk.parts import SERIAL, Backend, Part, collected, map_parts, opened, read_part, stored_parts
from relapse_risk.predicates.setting import INCOME_PERIOD
from relapse_risk.progress import Progress
from relapse_risk.ranking import rank_within

__all__ = ["NationIndex", "nation_index", "subindex_grids", "subindex_moments"]

BLOCK, COARSE = 16_384, 0.01
TIES = ("income_pc_year", "household_id")
PROVINCE_DIGITS = 2


@dataclass(frozen=True, slots=True)
class NationIndex:
    """Where the index of a nation lies, and what it says of the nation.

    Attributes
    ----------
    index, ranks : list of Part
        ``index``: household_id, county_code, need, aid_share, priority, answered, ``sub_<dimension>``, rank_county;
        ``rank``: household_id, county_code, rank_province, rank_nation.
    grid : ndarray, shape (101,)
        Need at each percentile of the nation, to 1e-4.
    left_out : tuple of str
        Indicators of the design nobody in the nation was asked about.
    """

    index: list[Part]
    ranks: list[Part]
    grid: Array
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Job:
    """The design without what was never collected, its lines on the day of the month, and all their dated values."""

    design: IndexDesign
    whole: IndexDesign
    lines: Mapping[str, DatedValue]
    dated: Parameters
    columns: tuple[str, ...]


def nation_index(
    nation: Nation, design: IndexDesign, parameters: Parameters, place: Place, backend: str | Backend = SERIAL,
    progress: Progress | None = None,
) -> NationIndex:  # fmt: skip
    """Compute and rank need and priority of every household; files of an earlier run are kept.

    Parameters
    ----------
    nation : Nation
    design : IndexDesign
        Such as ``read_index(place.index)``; its scores must not depend on other households (goalposts).
    parameters, place
        Dated lines.
    backend : str or Backend
    progress : callable, optional

    Returns
    -------
    NationIndex

    Raises
    ------
    PartError
        Naming the part that cannot be read or written.
    ModelError
        If no indicator of the design was collected, one is scored against the other households, or ties are not income,
        then household.

    Notes
    -----
    Need, priority and the rank in the county are those of :func:`relapse_risk.hardship.hardship_index` and
    :func:`relapse_risk.ranking.rank_households`.  Ranks in province and nation come from counts of need in steps of
    1e-4 points, added up over parts: 1 + households whose need is higher by a step; equals share a rank.
    """
    job = _job(nation, design, parameters, place)
    key = f"index|{job}|{nation.month}"
    with opened(backend) as chosen:
        index = stored_parts(
            partial(_index, job), nation.parts, nation.folder / "index", key, chosen, progress, reads=["household"]
        )
        counts = _counts(index, chosen)
        above = write_above(counts, nation.folder / "rank_counts")
        counted = digest(count.tobytes() for count in counts.values())
        ranks = stored_parts(
            partial(_ranks, above), index, nation.folder / "rank", f"{key}|{counted}", chosen, progress, reads=["index"]
        )
    found = NationIndex(index, ranks, grid(counts[""]), tuple(sorted(set(job.whole.codes) - set(job.design.codes))))
    _write_grid(found, nation.folder)
    return found


def _job(nation: Nation, design: IndexDesign, parameters: Parameters, place: Place) -> _Job:
    if design.ties != TIES:
        raise ModelError("ties of a national index", where=design.file, got=design.ties, expected=" then ".join(TIES))
    lines = index_lines(design, parameters, place, month_end(nation.month))
    relative = [item.code for item in design.indicators if item.normalise != "goalposts"]
    if relative:
        raise ModelError(
            "scores that depend on other households", where=f"{design.file}: {relative[0]}", expected="goalposts",
            fix="give the indicator a worst and a best value, such as percentiles of the nation",
        )  # fmt: skip
    there = collected(nation.parts, "household")
    out = [i.code for i in design.indicators if not there.issuperset(i.inputs) or (i.over and i.code not in lines)]
    if len(out) == len(design.indicators):
        raise ModelError("no indicator of the design was collected", where=design.file, got=sorted(there))
    used = design.without(out) if out else design
    dated = Parameters({line.name: parameters.parameter(line.name) for line in lines.values()})
    return _Job(used, design, lines, dated, tuple(index_columns(design)))


def _texts(data: pa.Table, name: str) -> npt.NDArray[np.object_]:
    found: npt.NDArray[np.object_] = data[name].combine_chunks().cast(pa.string()).to_numpy(zero_copy_only=False)
    return found


def _index(job: _Job, part: Part) -> pa.Table:
    data = read_part(part, "household", ["household_id", "county_code", *job.columns])
    values = {name: _texts(data, name) if name == INCOME_PERIOD else floats(data, name) for name in job.columns}
    blocks = [
        _scored(job, pd.DataFrame({name: column[start : start + BLOCK] for name, column in values.items()}))
        for start in range(0, len(data), BLOCK)
    ]
    scores = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    county = data["county_code"].combine_chunks().dictionary_encode()
    _check_order(part, data["household_id"].combine_chunks(), county.indices)
    order = np.lexsort((values["income_pc_year"], -scores["need"]))  # equal: in the order of household_id
    rank = rank_within(order, county.indices.to_numpy(), ~np.isnan(scores["need"]))
    columns = {name: pa.array(column, from_pandas=True) for name, column in scores.items()}
    return pa.table(
        {"household_id": data["household_id"], "county_code": county} | columns
        | {"rank_county": pa.array(rank, pa.int32(), from_pandas=True)}
    )  # fmt: skip


def _check_order(part: Part, ids: pa.Array, county: pa.Array) -> None:
    """Ties go to the lower household_id: rows of a county must stand in that order."""
    behind = pc.and_(pc.less(ids[1:], ids[:-1]), pc.equal(county[1:], county[:-1]))
    if pc.any(behind).as_py():
        raise PartError(
            "households of a county are not in order", where=f"part {part.name}, {part.file}",
            got=ids[behind.index(True).as_py() + 1].as_py(), expected="ascending household_id",
            fix="sort the file by county_code and household_id",
        )  # fmt: skip


def _scored(job: _Job, households: pd.DataFrame) -> dict[str, Array]:
    """Scores of one block of households: it stays in the processor's cache from the first step to the last."""
    design = job.design
    raw = {
        item.code: indicator_values(
            households,
            item,
            line_values(households, item, job.lines[item.code], job.dated) if item.code in job.lines else None,
        )
        for item in design.indicators
    }
    scores = {i.code: indicator_scores(raw[i.code], i, f"{design.file}: {i.code}") for i in design.indicators}
    result = composite(scores, design).scores
    need = result[TOP].to_numpy()
    share = aid_share(households, design, job.lines)
    found = {
        "need": need,
        "aid_share": share,
        "priority": need * (1 - share),
        "answered": answered_share(raw, job.whole),
    }
    return found | {f"sub_{code}": result[code].to_numpy() for code in design.dimensions if code in result}


def _counts(index: list[Part], backend: Backend) -> dict[str, Histogram]:
    """Counts of need for the nation (the empty word) and each province, added up in part order."""
    found: dict[str, Histogram] = {"": np.zeros(BINS, dtype=np.int64)}
    for counts in map_parts(_part_counts, index, backend):
        for province, count in counts.items():
            found[""] += count
            found[province] = found[province] + count if province in found else count.astype(np.int64)
    return found


def _part_counts(part: Part) -> dict[str, Histogram]:
    data = read_part(part, "index", ["county_code", "need"])
    place = places(floats(data, "need"))
    codes = data["county_code"].combine_chunks().dictionary_encode()
    provinces = np.array([code[:PROVINCE_DIGITS] for code in codes.dictionary.to_pylist()])
    row = provinces[codes.indices.to_numpy()] if len(set(provinces)) > 1 else np.full(len(place), provinces[0])
    names = sorted(set(provinces))
    return {
        str(name): np.bincount(place[(row == name) & (place >= 0)], minlength=BINS).astype(np.uint32) for name in names
    }


def _ranks(above: Path, part: Part) -> pa.Table:
    data = read_part(part, "index", ["household_id", "county_code", "need"])
    place = places(floats(data, "need"))
    county = data["county_code"].combine_chunks().dictionary_encode()
    rank = {name: np.full(len(place), np.nan) for name in ("rank_province", "rank_nation")}
    scored = place >= 0
    rank["rank_nation"][scored] = read_above(above, "")[place[scored]] + 1.0
    provinces = np.array([code[:PROVINCE_DIGITS] for code in county.dictionary.to_pylist()])[county.indices.to_numpy()]
    for name in np.unique(provinces):
        rows = scored & (provinces == name)
        rank["rank_province"][rows] = read_above(above, str(name))[place[rows]] + 1.0
    columns = {name: pa.array(values, pa.int32(), from_pandas=True) for name, values in rank.items()}
    return pa.table({"household_id": data["household_id"], "county_code": county} | columns)


def _write_grid(found: NationIndex, folder: Path) -> None:
    content = {"percentile_of_need": [round(float(value), 4) for value in found.grid], "left_out": found.left_out}
    write_json(folder / "index.json", content)


def subindex_moments(index: list[Part], codes: tuple[str, ...], backend: str | Backend = SERIAL) -> Moments:
    """Mergeable statistics of the sub-indexes, from which entropy and CRITIC weights of the whole nation follow.

    Parameters
    ----------
    index : list of Part
        Of :func:`nation_index`.
    codes : tuple of str
        Sub-indexes, such as ``("income", "rigid")``.
    backend : str or Backend
    """
    return merged(map_parts(partial(_moments, codes), index, backend))


def subindex_grids(index: list[Part], codes: tuple[str, ...], backend: str | Backend = SERIAL) -> dict[str, Array]:
    """Score of each sub-index at every percentile of the nation, to 0.01 points; shape (101,) each.

    Parameters
    ----------
    index : list of Part
        Of :func:`nation_index`.
    codes : tuple of str
        Sub-indexes, such as ``("income", "rigid")``.
    backend : str or Backend
    """
    counts = reduce(add, map_parts(partial(_coarse_counts, codes), index, backend))
    return {code: grid(row, COARSE) for code, row in zip(codes, counts, strict=True)}


def _coarse_counts(codes: tuple[str, ...], part: Part) -> Histogram:
    names = [f"sub_{code}" for code in codes]
    data = read_part(part, "index", names)
    found = [places(floats(data, name), COARSE) for name in names]
    return np.stack([np.bincount(place[place >= 0], minlength=round(100 / COARSE) + 1) for place in found])


def _moments(codes: tuple[str, ...], part: Part) -> Moments:
    names = [f"sub_{code}" for code in codes]
    data = read_part(part, "index", names)
    return moments(np.column_stack([floats(data, name) for name in names]))
