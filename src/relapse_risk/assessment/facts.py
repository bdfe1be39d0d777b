"""Facts of every county's report: computed once for all counties, county by county, then added up to the city."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.assessment.facts_store import FactsManifest, county_digests, write_facts
from relapse_risk.assessment.indicators import NOT_RECEIVED, Samples, county_samples, indicator_rows, with_city
from relapse_risk.assessment.linked_counts import LINKS, PUBLIC
from relapse_risk.assessment.rollup import city_rows, with_order, with_ratios
from relapse_risk.assessment.sections import INDICATORS, TABLES
from relapse_risk.disclosure.control import withhold
from relapse_risk.disclosure.few_people import FEW_PEOPLE, companion, without_few
from relapse_risk.disclosure.masking import withheld_columns
from relapse_risk.disclosure.published_cells import Tables
from relapse_risk.events import read_events
from relapse_risk.files import digest
from relapse_risk.languages import LANGUAGES, labels_by_code
from relapse_risk.measures import CITY, FactTable
from relapse_risk.months import add_months, check_month, month_end
from relapse_risk.parameters import DatedValue, Parameters, Place
from relapse_risk.parts import SERIAL, Backend, Part, county_parts, map_parts
from relapse_risk.progress import Progress, no_progress
from relapse_risk.register import Register
from relapse_risk.register.area_codes import areas_of
from relapse_risk.register.completeness import read_expected, waiting_for
from relapse_risk.register.made_from import check_made_from
from relapse_risk.relapse.features import check_terms
from relapse_risk.schema import table as register_table
from relapse_risk.scores import Scores, read_scores

__all__ = ["compute_facts", "county_data", "missing_needs"]

LEAST_GROUP = 100  # rows of a group in the whole register before a rate of it is given; ours
NO_SCORES = Scores(None, None, None, None, None, None)
INDICATOR_COLUMNS = (
    "county_code", "section", "indicator", "headline", "numerator", "denominator", "value", "low", "high", "sampled",
    "previous", "previous_period", "previous_held", "line_before", "line_now", "unit", "direction", "limit", "limit_confidence", "limit_source", "source",
    "verdict", "reason", "withheld", "at_least", "at_most", "n", "shrunk", "weighted",
)  # fmt: skip


class _Recorder(Parameters):
    """Parameters that remembers which values were asked for, so that a report can list and mark them."""

    __slots__ = ("used",)
    used: dict[tuple[str, str], DatedValue]

    def __init__(self, parameters: Parameters) -> None:
        super().__init__(parameters.by_name, parameters.folder)
        object.__setattr__(self, "used", {})

    def on(self, name: str, day: date) -> DatedValue:
        value = self.parameter(name).on(day)
        self.used[(name, str(value.start))] = value
        return value


@dataclass(frozen=True, slots=True)
class _County:
    """What one county contributes before it is added up."""

    tables: dict[str, pd.DataFrame]
    status: list[dict[str, object]]
    indicator: pd.DataFrame
    samples: Samples
    used: dict[tuple[str, str], DatedValue]
    households: int


@dataclass(frozen=True, slots=True)
class _Job:
    """Everything but the county; small, so that it can be sent to another process."""

    register: Register
    month: str
    previous: str | None
    parameters: Parameters
    place: Place
    scores: Path | None
    missing: dict[str, str]
    awaited: dict[tuple[str, str], str]


def _part(job: _Job, part: Part) -> _County:
    (county,) = part.counties
    recorder = _Recorder(job.parameters)
    data = county_data(job.register, county, job.month, job.previous, recorder, job.place, job.scores)
    late = {table: last for (table, of), last in job.awaited.items() if of == county}
    return _county(data, job.missing | _not_received(late), recorder)


def compute_facts(
    register: Register,
    month: str,
    parameters: Parameters,
    place: Place,
    scores: Path | None,
    out: Path,
    progress: Progress | None = None,
    backend: str | Backend = SERIAL,
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
    backend : str or Backend
        Where counties are worked on: ``serial``, ``processes[:workers]`` or ``dask[:address]``; the facts are the same.

    Returns
    -------
    FactsManifest
        Also written as ``facts.json``.

    Raises
    ------
    RegisterError
        If the scores were made from another state of the register's month.
    """
    tell = progress or no_progress
    if scores is not None:
        for made in ("score", "rank"):
            check_made_from(scores / check_month(month), made, register, month)
    previous = add_months(month, -12) if add_months(month, -12) in register.months else None
    awaited = waiting_for(register, month, read_expected(parameters.folder))
    missing = missing_needs(register, scores, month)
    job = _Job(register, month, previous, parameters, place, scores, missing, awaited)
    counties = register.counties_in(month)
    parts = county_parts(register.path, counties)
    found = dict(zip(counties, map_parts(partial(_part, job), parts, backend, tell), strict=True))
    recorder = _Recorder(parameters)
    for part in found.values():
        recorder.used.update(part.used)
    tell(len(found), len(found), CITY)
    tables = _withheld(found, county_names(register), recorder.on("small_cell", month_end(month)).value)
    known = in_words_of(place, read_scores(scores, month)) if scores else NO_SCORES
    manifest = _manifest(register, month, previous, place, recorder, tables, known)
    write_facts(out / check_month(month), tables, manifest)
    return manifest


def county_data(
    register: Register, county: str, month: str, previous: str | None, parameters: Parameters, place: Place,
    scores: Path | None,
) -> CountyData:  # fmt: skip
    """Everything one county's facts are computed from."""
    found = in_words_of(place, read_scores(scores, month, county)) if scores else NO_SCORES
    return CountyData(register, county, month, previous, parameters, place, found)


def in_words_of(place: Place, scores: Scores) -> Scores:
    """The scores with the terms of the model card called as ``place`` calls them."""
    card = scores.model_card
    if not card or not card["fitted"] or not place.terms:
        return scores
    check_terms(place)
    card = card | {name: [_called(place, term) for term in card[name]] for name in ("terms", "left_out")}
    if paper := card.get("paper"):
        card["paper"] = paper | {"lines": [_called(place, line) for line in paper["lines"]]}
    return replace(scores, model_card=card)


def _called(place: Place, term: Mapping[str, Any]) -> dict[str, Any]:
    label = place.terms.get(term["name"])
    return {**term, **label.by_language} if label else dict(term)


def _every_need() -> set[str]:
    return {need for table in TABLES for need in table.needs} | {
        need for item in INDICATORS for need in (*item.needs, *item.adds)
    }


def missing_needs(register: Register, scores: Path | None, month: str) -> dict[str, str]:
    """Everything some table or indicator needs that was never collected, with the reason.

    A need is ``table``, ``table.column``, ``scores.risk`` or ``scores.hardship``, ``events.identification`` (a log that is
    kept), ``place_fact:<words>`` for a fact
    about the place whose metric starts with these words, or ``table.column=word`` for a group of rows that is large
    enough to speak of.
    """
    needs = _every_need()
    found = read_scores(scores, month) if scores else NO_SCORES
    return {need: reason for need in sorted(needs) if (reason := _why_missing(need, register, month, found))}


def _why_missing(need: str, register: Register, month: str, scores: Scores) -> str:
    name, _, column = need.partition(".")
    if name == "scores":
        card = scores.model_card
        if getattr(scores, column) is None:
            return "not_scored"
        return "not_fitted" if column == "risk" and card and not card["fitted"] else ""
    if name == "referral" and any(event.step == "handed_over" for event in read_events(register.path)):
        return ""  # the log holds what the table would
    if name == "events":
        return "" if any(event.kind == column for event in read_events(register.path)) else need
    if need.startswith("place_fact:"):
        metrics = register.read("place_fact", columns=["metric"])["metric"]
        words = need.partition(":")[2]
        return "" if metrics.str.startswith(words).fillna(False).any() else need
    column, equals, word = column.partition("=")
    if equals:
        values = register.read(name, month if register_table(name).is_snapshot else None, columns=[column])[column]
        return "" if int((values == word).sum()) >= LEAST_GROUP else need
    return "" if (register.collected(name, column) if column else register.has(name)) else need


def _not_received(late: Mapping[str, str]) -> dict[str, str]:
    """Every need that rests on a table not yet received, with the reason: it is not yet known, and not "not done"."""
    needs = _every_need()
    named = {need: need.partition(".")[0] for need in needs}
    return {need: f"{NOT_RECEIVED}:{name}" for need, name in sorted(named.items()) if name in late}


def _reason(needs: tuple[str, ...], missing: Mapping[str, str]) -> str:
    return ", ".join(dict.fromkeys(missing[need] for need in needs if need in missing))


def _county(data: CountyData, missing: Mapping[str, str], recorder: _Recorder) -> _County:
    reasons = {item.name: _reason(item.needs, missing) for item in INDICATORS}
    least = {item.name for item in INDICATORS if not reasons[item.name] and _reason(item.adds, missing)}
    rows = indicator_rows(data, INDICATORS, reasons, least)
    data.once("indicator", lambda: rows)
    tables, status = {}, []
    for spec in TABLES:
        reason = _reason(spec.needs, missing)
        frame = pd.DataFrame() if reason else _computed(spec, data)
        word = "not_collected" if reason else "empty" if frame.empty else "collected"
        status.append(
            {"county_code": data.county, "section": spec.section, "table": spec.name, "status": word,
             "reason": reason or ("no_cases" if frame.empty else "")}
        )  # fmt: skip
        if not frame.empty:
            tables[spec.name] = frame
    return _County(tables, status, rows, county_samples(data, INDICATORS, reasons), recorder.used, len(data.now))


def _computed(table: FactTable, data: CountyData) -> pd.DataFrame:
    """Rows of ``table`` with its ratios, sorted; hidden columns are still there."""
    frame = table.compute(data)
    if frame.empty:
        return pd.DataFrame()
    return with_order(with_ratios(frame, table)[[column.name for column in table.columns]], table)


def _withheld(found: Mapping[str, _County], names: Mapping[str, tuple[str, ...]], threshold: float) -> Tables:
    """Tables of all counties and the city, small counts withheld, with ``indicator`` and ``availability``."""
    bilingual = {code: label.cell for code, label in labels_by_code(names.values()).items()}
    tables = {table.name: _stacked(table, found, bilingual) for table in TABLES}
    every = [part.samples for part in found.values()]
    rows = with_city(pd.concat([part.indicator for part in found.values()]), INDICATORS, every)
    safe, indicator, counts = withhold(tables, TABLES, rows, INDICATORS, threshold, bilingual, LINKS, PUBLIC)
    few = {code for code, part in found.items() if part.households < threshold}
    beside = companion({code: part.households for code, part in found.items()}, threshold)
    before = safe
    safe, indicator, gone = without_few(safe, TABLES, indicator, INDICATORS, few, beside, bilingual)
    counts = _with_columns(counts, before, safe, beside) if beside else counts
    status = [_of_few(row, gone) for part in found.values() for row in part.status]
    availability = pd.DataFrame([*status, *(_city_status(table, status, safe[table.name]) for table in TABLES)])
    availability = availability.merge(counts, on=["county_code", "table"], how="left")
    availability["withheld"] = availability["withheld"].astype("float64").fillna(0).astype("int64")
    availability["gone"] = availability["gone"].astype("str").fillna("")
    return safe | {"indicator": indicator[list(INDICATOR_COLUMNS)], "availability": availability}


def _with_columns(counts: pd.DataFrame, before: Tables, after: Tables, county: str) -> pd.DataFrame:
    """``counts`` with the columns of which ``county`` lost every value between two sets of tables."""
    lost = [
        row
        for spec in TABLES
        if len(before[spec.name]) and len(after[spec.name])
        for row in withheld_columns(spec, *(_of_county(tables[spec.name], county) for tables in (before, after)))
    ]
    keys = ["county_code", "table"]
    joined = counts.merge(pd.DataFrame(lost, columns=[*keys, "more"]), on=keys, how="outer")
    parts = joined[["gone", "more"]].astype("str").fillna("")
    gone = parts["gone"].str.cat(parts["more"], sep=",").str.strip(",")
    return joined.assign(gone=gone.where(gone != ""), withheld=joined["withheld"].fillna(0)).drop(columns="more")


def _of_county(frame: pd.DataFrame, county: str) -> pd.DataFrame:
    return frame[frame["county_code"] == county]


def _of_few(row: dict[str, object], gone: set[tuple[str, str]]) -> dict[str, object]:
    lost = (row["county_code"], row["table"]) in gone
    return row | {"status": "empty", "reason": FEW_PEOPLE} if lost else row


def _city_status(table: FactTable, status: list[dict[str, object]], frame: pd.DataFrame) -> dict[str, object]:
    """Whether the city has rows of ``table``; the reason of its counties where it has none."""
    of_table = [row for row in status if row["table"] == table.name]
    mine = next((row for row in of_table if NOT_RECEIVED in str(row["reason"])), of_table[0])
    shown = frame["county_code"].eq(CITY).any()
    word = "collected" if shown else mine["status"] if table.city != "none" else "not_collected"
    reason = "" if shown else "by_county_only" if table.city == "none" and not mine["reason"] else mine["reason"]
    return {"county_code": CITY, "section": table.section, "table": table.name, "status": word, "reason": reason}


def _published(table: FactTable, frame: pd.DataFrame) -> pd.DataFrame:
    """What of the rows is published, its ratios formed again."""
    return frame if table.publish is None or frame.empty else with_ratios(table.publish(frame), table)


def _stacked(table: FactTable, found: Mapping[str, _County], names: Mapping[str, str]) -> pd.DataFrame:
    counties = {code: part.tables[table.name] for code, part in found.items() if table.name in part.tables}
    parts = [frame.assign(county_code=code) for code, frame in counties.items()]
    # Without one county's records the city's are not the city's.
    late = any(
        row["table"] == table.name and NOT_RECEIVED in str(row["reason"])
        for part in found.values()
        for row in part.status
    )
    city = pd.DataFrame() if late else city_rows(table, counties, names)
    parts, city = [_published(table, frame) for frame in parts], _published(table, city)
    columns = ["county_code", *(column.name for column in table.columns)]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat([*parts, city.assign(county_code=CITY)] if len(city) else parts, ignore_index=True)[columns]


def _manifest(
    register: Register, month: str, previous: str | None, place: Place, recorder: _Recorder, tables: Tables,
    scores: Scores,
) -> FactsManifest:  # fmt: skip
    used = tuple(recorder.used[key] for key in sorted(recorder.used))
    names, carried = county_names(register), _carried(register, month)
    hashes = county_digests(tables, (*register.counties_in(month), CITY))
    return FactsManifest(
        place=place.name, month=month, data_date=str(month_end(month)), previous=previous,
        counties=tuple(names[code] for code in register.counties_in(month)),
        hashes={code: _digest([one, carried[code]]) if code in carried else one for code, one in hashes.items()},
        parameters=used,
        suppressed=int(tables["availability"]["withheld"].sum() + tables["indicator"]["withheld"].sum()),
        tables=tuple(tables), schema={table.name: _schema(table) for table in TABLES},
        cards={"model_card": scores.model_card, "index_card": scores.index_card},
        register_digest=register.month_digest(month),
        parameter_digest=_digest([asdict(value) for value in used]),
        register_state=register.manifest.digest, carried=carried, synthetic=register.synthetic,
    )  # fmt: skip


def _carried(register: Register, month: str) -> dict[str, dict[str, float]]:
    """Share of each county's (and all) households that were last reported in an earlier month, by that month."""
    if not register.has("carried"):
        return {}
    homes = register.read("household", month, columns=["household_id", "village_code"])
    lines = register.read("carried", month) if month in register.months else register.read_all("carried").iloc[:0]
    whole = lines[(lines["table_name"] == "household") & (lines["columns"] == "all")]
    since = homes["household_id"].map(whole.set_index("row_key")["said_in"].to_dict()).astype("str")
    counties = {
        **{str(code): rows.index for code, rows in homes.groupby(areas_of(register).county_of(homes["village_code"]))},
        CITY: homes.index,
    }
    shares = {code: since[rows].value_counts() / len(rows) for code, rows in counties.items()}
    return {code: {str(m): float(s) for m, s in sorted(one.items())} for code, one in shares.items() if len(one)}


def _schema(table: FactTable) -> dict[str, Any]:
    return {
        "section": table.section, "city": table.city, "restricted": table.restricted,
        "columns": [{"name": c.name, "kind": c.kind, "codes": c.codes} for c in table.columns if not c.hidden],
    }  # fmt: skip


def _digest(content: object) -> str:
    return digest([repr(content)])


def county_names(register: Register) -> dict[str, tuple[str, ...]]:
    """Code and name in each language by county code; the code itself where it has no name."""
    county = register.read("county").set_index("county_code")

    def named(code: str, column: str) -> str:
        name = county[column].get(code)
        return code if name is None or pd.isna(name) else str(name)

    columns = [f"county_name_{language}" for language in LANGUAGES]
    return {code: (code, *(named(code, column) for column in columns)) for code in register.counties}
