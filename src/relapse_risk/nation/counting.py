"""Alkire-Foster measures of every county and of the nation, from counts that add up over parts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.months import month_end
from relapse_risk.nation.nation_store import Nation, frame_of
from relapse_risk.parameters import Parameters, Place
from relapse_risk.parts import SERIAL, Backend, Part, collected, map_parts, read_part
from relapse_risk.poverty import DeprivationDesign
from relapse_risk.poverty.alkire_foster import identify_poor
from relapse_risk.poverty.deprivation import columns_read, cutoff_of, deprived
from relapse_risk.poverty.deprivation_design import Deprivation
from relapse_risk.predicates import Setting, setting_on
from relapse_risk.progress import Progress

__all__ = ["NATION", "nation_counting"]

NATION = "nation"
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Job:
    design: DeprivationDesign
    setting: Setting
    columns: tuple[str, ...]
    weights: Array
    k: float


def nation_counting(
    nation: Nation, design: DeprivationDesign, parameters: Parameters, place: Place,
    backend: str | Backend = SERIAL, progress: Progress | None = None,
) -> pd.DataFrame:  # fmt: skip
    """H, A, M0 and headcounts of every county and of the nation, at the first cut-off of a design.

    Parameters
    ----------
    nation : Nation
    design : DeprivationDesign
        Such as ``read_deprivation("national")``.
    parameters, place
        Dated cut-offs.
    backend : str or Backend
    progress : callable, optional

    Returns
    -------
    DataFrame
        One row per county, ascending, and ``nation`` last: county_code, households (those the design counts), H, A,
        M0, and ``hd_<indicator>`` and ``hdk_<indicator>``, uncensored and censored headcounts.

    Raises
    ------
    ModelError
        If an indicator was never collected, or the design keeps answers open (``unknown``).
    PartError
        Naming the part that cannot be read.

    Notes
    -----
    Every household is counted, so there is no sampling error; equal to :func:`relapse_risk.poverty.alkire_foster` with
    weight one and counties as groups.

    References
    ----------
    Alkire and Foster (2011), doi:10.1016/j.jpubeco.2010.11.006.
    """
    job = _job(nation, design, parameters, place)
    parts = list(map_parts(partial(_sums, job), nation.parts, backend, progress))
    return _measures(np.concatenate(parts), nation.counties, job)


def _job(nation: Nation, design: DeprivationDesign, parameters: Parameters, place: Place) -> _Job:
    there = collected(nation.parts, "household")
    setting = setting_on(parameters, place, month_end(nation.month))
    for item in design.indicators:
        where = f"{design.file}: {item.code}"
        if not set(_columns(item, there, setting)) <= set(there):
            raise ModelError(
                "nobody answered", where=where, got=item.column or item.predicate, fix="leave the indicator out"
            )
        if item.missing == "unknown":
            raise ModelError("missing answers are kept open", where=where, fix="state drop, deprived or not_deprived")
    read = dict.fromkeys(name for item in design.indicators for name in _columns(item, there, setting))
    return _Job(design, setting, tuple(read), design.weights(), design.cutoffs[0])


def _columns(item: Deprivation, there: Collection[str], setting: Setting) -> tuple[str, ...]:
    """Columns read for an indicator: of a predicate its answer where the frames carry it."""
    return (item.predicate,) if item.predicate in there else columns_read(item, setting.predicates)


def _sums(job: _Job, part: Part) -> Array:
    """Of each county: households, poor, their summed scores, deprived by indicator, poor and deprived by indicator."""
    items = job.design.indicators
    frame = frame_of(read_part(part, "household", ["county_code", *job.columns]))
    g0, keep = np.empty((len(frame), len(items))), np.ones(len(frame), dtype=np.bool_)
    for place, item in enumerate(items):
        g = deprived(frame, item, cutoff_of(item, job.setting), f"{job.design.file}: {item.code}", job.setting)
        gaps = np.isnan(g)
        keep &= ~gaps | (item.missing != "drop")
        g0[:, place] = np.where(gaps, float(item.missing == "deprived"), g)
    scores = g0 @ job.weights
    poor = identify_poor(scores, job.k).astype(np.float64)
    county = pd.Categorical(frame["county_code"], categories=list(part.counties)).codes[keep]
    columns_ = [np.ones(len(frame)), poor, poor * scores, *g0.T, *(poor * g0.T)]
    return np.column_stack([np.bincount(county, column[keep], len(part.counties)) for column in columns_])


def _measures(sums: Array, counties: tuple[str, ...], job: _Job) -> pd.DataFrame:
    sums = np.vstack([sums, sums.sum(axis=0)])
    codes, p = job.design.codes, len(job.design.codes)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = sums[:, 1:] / sums[:, [0]]
        intensity = sums[:, 2] / sums[:, 1]
    found = {"county_code": [*counties, NATION], "households": sums[:, 0].astype(np.int64)}
    found |= {"H": share[:, 0], "A": intensity, "M0": share[:, 1]}
    found |= {f"hd_{code}": share[:, 2 + i] for i, code in enumerate(codes)}
    return pd.DataFrame(found | {f"hdk_{code}": share[:, 2 + p + i] for i, code in enumerate(codes)})
