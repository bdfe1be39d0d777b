"""From a register to the frames of a nation: one pass over its counties, every later product reads only what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa

from relapse_risk.assistance import decision_on, read_catalogue
from relapse_risk.derive import household_frame, household_panel, person_ages
from relapse_risk.errors import ModelError
from relapse_risk.hardship import read_index
from relapse_risk.months import month_end
from relapse_risk.nation.kept_columns import AID, household_columns, person_columns
from relapse_risk.nation.nation_store import Nation, arrow_of, open_nation, write_nation
from relapse_risk.parameters import Parameters, Place
from relapse_risk.parts import SERIAL, Backend, Part, opened, stored_parts
from relapse_risk.poverty import read_deprivation
from relapse_risk.predicates import predicates_of, setting_on
from relapse_risk.progress import Progress
from relapse_risk.register import Register
from relapse_risk.relapse import FEATURES, at_risk_rows, followed, with_history
from relapse_risk.relapse.features import feature_matrix

__all__ = ["COUNTED", "collect_nation"]

COUNTED = "national"
TRAINING = ("household_id", "county_code", "village_code", "month", "event", "weight")


@dataclass(frozen=True, slots=True)
class _Job:
    register: Register
    month: str
    parameters: Parameters
    place: Place
    household: tuple[str, ...]
    person: tuple[str, ...]


def collect_nation(
    register: Register, month: str, out: Path, parameters: Parameters, place: Place, *,
    backend: str | Backend = SERIAL, progress: Progress | None = None, params: Path | None = None,
    parts: list[Part] | None = None,
) -> Nation:  # fmt: skip
    """Write the frames of ``month``, county by county, as the parts of a nation.

    Parameters
    ----------
    register : Register
    month : str
    out : Path
        Folder of the nation.
    parameters, place
        Dated lines and what is particular to the place.
    backend, progress
        As :func:`relapse_risk.parts.map_parts`.
    params : Path, optional
        Parameter folder of the designs and the catalogue.
    parts : list of Part, optional
        Which counties go together; every county by itself when left out.

    Returns
    -------
    Nation

    Raises
    ------
    PartError
        Naming the part that cannot be written.

    Notes
    -----
    A county is worked on alone: the history of a household that moved here from another county begins with its
    first month here.
    """
    catalogue = read_catalogue(place.name, str(params) if params else None)
    counted, predicates = read_deprivation(COUNTED, params), predicates_of(parameters)
    household = household_columns(read_index(place.index, params), counted, catalogue, predicates)
    job = _Job(register, month, parameters, place, tuple(household), tuple(person_columns(catalogue)))
    cut = parts or [Part(county, register.path, (), (county,), 0) for county in register.counties]
    key = f"{register.manifest.digest}|{month}|{household}|{job.person}|{parameters}|{place}|{predicates}"
    kernels = {"household": _household, "person": _person, "aid": _aid, "history": _history}
    with opened(backend) as chosen:
        made = {
            name: stored_parts(partial(kernel, job), cut, out / name, key, chosen, progress)
            for name, kernel in kernels.items()
        }
    nation = Nation(out, place.name, month, f"collected from {register.path.name}", tuple(made["household"]))
    write_nation(nation)
    return open_nation(out)


def _stacked(frames: list[pd.DataFrame]) -> pa.Table:
    return arrow_of(pd.concat(frames, ignore_index=True))


def _household(job: _Job, part: Part) -> pa.Table:
    return _stacked([_county_frame(job, county) for county in part.counties])


def _county_frame(job: _Job, county: str) -> pd.DataFrame:
    """Households of the month with the history before their newest income."""
    now = household_frame(job.register, job.month, county, parameters=job.parameters, place=job.place)
    panel = household_panel(job.register, county, parameters=job.parameters, place=job.place)
    newest = panel["household_id"].map(now.set_index("household_id")["income_period"])
    before = panel[(panel["month"] < job.month) & (newest.isna() | (panel["month"] < newest))]
    full = with_history(pd.concat([before, now], ignore_index=True))
    full = full[full["month"] == job.month].sort_values("household_id")
    return full.assign(county_code=county).reindex(columns=[name for name in job.household if name in full])


def _person(job: _Job, part: Part) -> pa.Table:
    frames = []
    for county in part.counties:
        setting = setting_on(job.parameters, job.place, month_end(job.month))
        living = person_ages(job.register.read("person", job.month, county), setting)
        kept = living.reindex(columns=[name for name in job.person if name in living])
        frames.append(kept.assign(county_code=county).sort_values(["household_id", "person_id"]))
    return _stacked(frames)


def _aid(job: _Job, part: Part) -> pa.Table:
    """Records as of the month: what was decided after it is still open."""
    columns, day = (*AID, "decided_on"), month_end(job.month)
    read = [job.register.read("assistance_record", county=county, columns=columns) for county in part.counties]
    known = [f.assign(decision=decision_on(f, day)).drop(columns="decided_on") for f in read]
    ordered = [frame.sort_values(["household_id", "item_code"], kind="stable") for frame in known]
    return _stacked([f.assign(county_code=county) for f, county in zip(ordered, part.counties, strict=True)])


def _history(job: _Job, part: Part) -> pa.Table:
    """Rows at risk whose outcome was seen, with every feature."""
    return _stacked([_county_history(job, county) for county in part.counties])


def _county_history(job: _Job, county: str) -> pd.DataFrame:
    panel = household_panel(job.register, county, parameters=job.parameters, place=job.place)
    names = [feature.name for feature in FEATURES]
    try:
        rows = followed(at_risk_rows(panel[panel["month"] <= job.month], job.place.horizon_months))
    except ModelError:  # a county whose households were seen once has no transitions to fit on
        return pd.DataFrame(columns=[*TRAINING, *names])
    found = rows[list(TRAINING)].assign(county_code=county)
    matrix = feature_matrix(rows.drop(columns=["event", "observed", "month_next"])).reindex(columns=names)
    return pd.concat([found, matrix.astype("float64")], axis=1).sort_values(["month", "household_id"])
