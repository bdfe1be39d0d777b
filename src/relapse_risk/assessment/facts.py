"""Facts of every county's report: computed once for all counties, written as Parquet, read county by county."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from relapse_risk.assessment import (
    annex,
    baseline,
    community,
    evaluation,
    exit_quality,
    guarantees,
    monitoring,
    policies,
    projects,
    ranking,
    responsibility,
    survey,
)
from relapse_risk.assessment.base import CITY, CountyData, FactTable, Fraction, Indicator
from relapse_risk.assessment.suppression import suppress
from relapse_risk.derive import household_frame, person_ages
from relapse_risk.errors import RelapseRiskError
from relapse_risk.months import add_months, check_month, month_end
from relapse_risk.parameters import DatedValue, Parameters, Place
from relapse_risk.progress import Progress, no_progress
from relapse_risk.register import Register
from relapse_risk.scores import Scores, read_scores

__all__ = ["ASPECTS", "INDICATORS", "TABLES", "Facts", "FactsManifest", "compute_facts", "read_facts"]

_MODULES = (
    baseline, responsibility, exit_quality, guarantees, projects, policies, community, monitoring, ranking, survey,
    evaluation, annex,
)  # fmt: skip
TABLES: tuple[FactTable, ...] = tuple(t for module in _MODULES for t in getattr(module, "TABLES", ()))
INDICATORS: tuple[Indicator, ...] = tuple(i for module in _MODULES for i in getattr(module, "INDICATORS", ()))
ASPECTS = tuple(range(3, 12))
WATCH_BAND = 0.1  # within a tenth of the way to the limit is "watch", so that a near miss is seen before it is one
VERDICTS = ("met", "watch", "not_met", "no_limit", "not_collected")


@dataclass(frozen=True, slots=True)
class FactsManifest:
    """What a facts folder holds and what it was computed from.

    Attributes
    ----------
    counties : tuple of (code, zh, en)
    hashes : dict
        Digest of each county's facts; equal digests render equal reports.
    parameters : tuple of DatedValue
        Every dated value that was used, with its mark.
    """

    place: str
    month: str
    data_date: str
    previous: str | None
    counties: tuple[tuple[str, str, str], ...]
    hashes: dict[str, str]
    parameters: tuple[DatedValue, ...]
    suppressed: int
    tables: tuple[str, ...]


class _Recorder:
    """Parameters that remembers which values were asked for, so that a report can list and mark them."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self.used: dict[tuple[str, str], DatedValue] = {}

    def on(self, name: str, day: Any) -> DatedValue:
        value = self._parameters.on(name, day)
        self.used[(name, str(value.start))] = value
        return value

    def parameter(self, name: str) -> Any:
        return self._parameters.parameter(name)

    @property
    def by_name(self) -> Any:
        return self._parameters.by_name


def compute_facts(
    register: Register,
    month: str,
    parameters: Parameters,
    place: Place,
    scores: Path | None,
    out: Path,
    progress: Progress | None = None,
) -> FactsManifest:
    """Compute every county's facts of ``month`` and write them below ``out / month``.

    Parameters
    ----------
    register : Register
    month : str
        ``YYYY-MM`` with a household snapshot.
    parameters, place
        Dated values and what is particular to the place.
    scores : Path or None
        Folder of scores and ranks; without it their sections say that they were not computed.
    out : Path
        Facts folder of the place.
    progress : callable, optional

    Returns
    -------
    FactsManifest
        Also written as ``facts.json``.
    """
    tell = progress or no_progress
    recorder = _Recorder(parameters)
    previous = add_months(month, -12) if add_months(month, -12) in register.months else None
    missing = _missing(register, scores, month)
    frames: dict[str, list[pd.DataFrame]] = {table.name: [] for table in TABLES}
    rows: list[pd.DataFrame] = []
    availability: list[dict[str, object]] = []
    withheld = 0
    counties = register.counties
    for done, county in enumerate(counties):
        tell(done, len(counties), county)
        data = county_data(register, county, month, previous, recorder, place, scores)  # type: ignore[arg-type]
        threshold = data.limit("small_cell")
        for table in TABLES:
            frame, status, reason, hidden = _computed(table, data, missing, threshold)
            frames[table.name].append(frame)
            withheld += hidden
            availability.append(
                {"county_code": county, "section": table.section, "table": table.name, "status": status, "reason": reason}
            )  # fmt: skip
        rows.append(_indicator_rows(data, missing))
    tell(len(counties), len(counties), "city")
    indicator = _with_city(pd.concat(rows, ignore_index=True), recorder, month)
    named = _county_names(register)
    tables = {name: pd.concat(parts, ignore_index=True) for name, parts in frames.items()}
    tables |= {"indicator": indicator, "availability": pd.DataFrame(availability)}
    used = tuple(recorder.used[key] for key in sorted(recorder.used))
    hashes = {county: _county_digest(tables, county) for county in counties}
    manifest = FactsManifest(
        place.name, month, str(month_end(month)), previous, tuple(named[code] for code in counties), hashes, used,
        withheld, tuple(tables),
    )  # fmt: skip
    _write_facts(out / check_month(month), tables, manifest)
    return manifest


def county_data(
    register: Register, county: str, month: str, previous: str | None, parameters: Parameters, place: Place,
    scores: Path | None,
) -> CountyData:  # fmt: skip
    """Everything one county's facts are computed from."""
    keyed = {"parameters": parameters, "place": place}
    now = household_frame(register, month, county, **keyed)  # type: ignore[arg-type]
    before = household_frame(register, previous, county, **keyed) if previous else now.iloc[:0]  # type: ignore[arg-type]
    persons = person_ages(register.read("person", month, county), month)
    found = read_scores(scores, month, county) if scores else Scores(None, None, None, None, None, None)
    return CountyData(
        register, county, month, previous, month_end(month), parameters, place, now, before, persons, found
    )


def _missing(register: Register, scores: Path | None, month: str) -> dict[str, str]:
    """Everything some table or indicator needs that was never collected, with the reason."""
    needs = {need for table in TABLES for need in table.needs} | {need for item in INDICATORS for need in item.needs}
    found = read_scores(scores, month) if scores else Scores(None, None, None, None, None, None)
    reasons = {}
    for need in sorted(needs):
        name, _, column = need.partition(".")
        if name == "scores":
            card = found.model_card
            if getattr(found, column) is None:
                reasons[need] = "not_scored"
            elif column == "risk" and card and not card["fitted"]:
                reasons[need] = f"not_fitted: {card['why_not']}"
        elif name == "place_fact" and column == "paired_help":
            metrics = register.read("place_fact", columns=["metric"])["metric"]
            if not metrics.str.startswith("paired help").fillna(False).any():
                reasons[need] = need
        elif not (register.collected(name, column) if column else register.has(name)):
            reasons[need] = need
    return reasons


def _reason(needs: tuple[str, ...], missing: dict[str, str]) -> str:
    return ", ".join(dict.fromkeys(missing[need] for need in needs if need in missing))


def _computed(
    table: FactTable, data: CountyData, missing: dict[str, str], threshold: float
) -> tuple[pd.DataFrame, str, str, int]:
    columns = [column.name for column in table.columns]
    empty = pd.DataFrame(columns=["county_code", *columns])
    if reason := _reason(table.needs, missing):
        return empty, "not_collected", reason, 0
    frame = table.compute(data)
    if frame.empty:
        return empty, "empty", "", 0
    frame, hidden = suppress(frame[columns], {c.name: c.kind for c in table.columns}, threshold)
    frame.insert(0, "county_code", data.county)
    return frame, "collected", "", hidden


def _indicator_rows(data: CountyData, missing: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame([_indicator_row(item, data, missing) for item in INDICATORS])


def _indicator_row(item: Indicator, data: CountyData, missing: dict[str, str]) -> dict[str, object]:
    reason = _reason(item.needs, missing)
    found = Fraction(np.nan, np.nan) if reason else item.compute(data)
    previous = None
    if not reason and item.history and data.previous is not None:
        earlier = CountyData(
            data.register, data.county, data.previous, None, month_end(data.previous), data.parameters, data.place,
            data.before, data.before.iloc[:0], _persons_before(data), data.scores,
        )  # fmt: skip
        previous = item.compute(earlier).ratio
    limit = data.parameters.on(item.limit, data.day) if item.limit else None
    return {
        "county_code": data.county, "section": item.section, "indicator": item.name,
        "numerator": found.numerator, "denominator": found.denominator, "value": found.ratio, "low": found.low,
        "high": found.high, "previous": previous, "unit": item.unit, "direction": item.direction,
        "limit": limit.value if limit else None, "limit_confidence": limit.confidence if limit else None,
        "source": item.source, "sampled": item.sampled, "headline": item.headline, "reason": reason,
        "verdict": verdict(found.ratio if not reason else None, limit.value if limit else None, item.direction),
    }  # fmt: skip


def _persons_before(data: CountyData) -> pd.DataFrame:
    assert data.previous is not None
    return person_ages(data.register.read("person", data.previous, data.county), data.previous)


def verdict(value: float | None, limit: float | None, direction: str) -> str:
    """met, watch (met, but within a tenth of failing), not_met, no_limit, or not_collected.

    Examples
    --------
    >>> verdict(0.95, 0.9, "higher_better"), verdict(0.85, 0.9, "higher_better"), verdict(None, 0.9, "higher_better")
    ('met', 'not_met', 'not_collected')
    >>> verdict(0.019, 0.02, "lower_better")
    'watch'
    """
    if value is None or np.isnan(value):
        return "not_collected"
    if limit is None or direction == "none":
        return "no_limit"
    room = (value - limit) if direction == "higher_better" else (limit - value)
    if room < -1e-12:
        return "not_met"
    near = WATCH_BAND * (limit if direction == "lower_better" else abs(1 - limit) if limit < 1 else 0)
    return "watch" if near > 0 and room < near and value != limit else "met"


def _with_city(rows: pd.DataFrame, parameters: Any, month: str) -> pd.DataFrame:
    """Add a city row per indicator: sums of numerators over sums of denominators where they add up."""
    cities = []
    for item in INDICATORS:
        mine = rows[rows["indicator"] == item.name]
        first = mine.iloc[0].to_dict()
        total, base = mine["numerator"].sum(min_count=1), mine["denominator"].sum(min_count=1)
        value = _city_value(item, mine, total, base)
        limit = first["limit"]
        cities.append(
            first | {
                "county_code": CITY, "numerator": total, "denominator": base, "value": value, "low": None, "high": None,
                "previous": None, "verdict": verdict(value, limit, item.direction),
            }
        )  # fmt: skip
    numeric = ["numerator", "denominator", "value", "low", "high", "previous", "limit"]
    return pd.concat([rows, pd.DataFrame(cities)], ignore_index=True).astype(dict.fromkeys(numeric, "float64"))


def _city_value(item: Indicator, mine: pd.DataFrame, total: float, base: float) -> float | None:
    if mine["value"].isna().all():
        return None
    if item.name == "persons":
        return float(mine["value"].sum())
    if item.adds_up:
        return total / base if base > 0 else None
    known = mine.dropna(subset=["value"])
    return float(np.average(known["value"], weights=known["denominator"]))


def _county_names(register: Register) -> dict[str, tuple[str, str, str]]:
    county = register.read("county").set_index("county_code")
    return {
        code: (
            code,
            str(county["county_name_zh"].get(code, code) or code),
            str(county["county_name_en"].get(code, code) or code),
        )
        for code in register.counties
    }


def _county_digest(tables: dict[str, pd.DataFrame], county: str) -> str:
    digest = blake2b(digest_size=16)
    for name in sorted(tables):
        frame = tables[name]
        mine = frame[frame["county_code"].isin([county, CITY])] if name != "indicator" else frame
        digest.update(name.encode())
        digest.update(mine.to_json(orient="split", date_format="iso", double_precision=12).encode())
    return digest.hexdigest()


def _write_facts(folder: Path, tables: dict[str, pd.DataFrame], manifest: FactsManifest) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        _write_table(folder / f"{name}.parquet", frame)
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1, default=str) + "\n"
    _swap(folder / "facts.json", text.encode("utf-8"))


def _write_table(path: Path, frame: pd.DataFrame) -> None:
    """One row group per county, ascending, rows in the order computed."""
    ordered = frame.sort_values("county_code", kind="stable").reset_index(drop=True)
    data = pa.Table.from_pandas(ordered, preserve_index=False).replace_schema_metadata(None)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, data.schema, compression="zstd") as writer:
        for start, length in _runs(ordered["county_code"]):
            writer.write_table(data.slice(start, length), row_group_size=length)
    _swap(path, sink.getvalue().to_pybytes())


def _runs(codes: pd.Series) -> Iterator[tuple[int, int]]:
    start = 0
    for _, rows in codes.groupby(codes, sort=False):
        yield start, len(rows)
        start += len(rows)


def _swap(path: Path, content: bytes) -> None:
    with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        part.write(content)
    Path(part.name).replace(path)


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one month, opened for reading."""

    folder: Path
    manifest: dict[str, Any]

    def table(self, name: str, county: str) -> pd.DataFrame:
        """Rows of fact table ``name`` of one county, without county_code."""
        return self.all_counties(name, county).drop(columns="county_code")

    def all_counties(self, name: str, county: str | None = None) -> pd.DataFrame:
        """Rows of fact table ``name`` of every county (and ``city``)."""
        path = self.folder / f"{name}.parquet"
        if not path.is_file():
            raise RelapseRiskError("no such fact table", where=str(path), expected=" | ".join(self.manifest["tables"]))
        filters = [("county_code", "=", county)] if county else None
        return pq.read_table(path, filters=filters).to_pandas()


def read_facts(folder: Path, month: str) -> Facts:
    """Open the facts of ``month`` in ``folder``.

    Raises
    ------
    RelapseRiskError
        If they were not computed, or are damaged.
    """
    path = folder / check_month(month) / "facts.json"
    try:
        return Facts(path.parent, json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise RelapseRiskError("no facts of this month", where=str(path), fix="run relapse-risk facts") from error
    except ValueError as error:
        raise RelapseRiskError(f"damaged: {error}", where=str(path), fix="run relapse-risk facts again") from error
