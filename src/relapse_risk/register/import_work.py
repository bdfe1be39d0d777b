"""An import in progress: the rows taken so far, month by month, until they are committed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path

import pandas as pd

from relapse_risk.register import later_months
from relapse_risk.register.admission import CheckContext, admit
from relapse_risk.register.candidates import Candidate, check_counties
from relapse_risk.register.carrying import NO_CELLS, NO_LINES, Base, carried_rows, filled, laid_over
from relapse_risk.register.counties import CITY, counties_of
from relapse_risk.register.databases import is_url
from relapse_risk.register.deliveries import Sent, delivery_rows, first_said
from relapse_risk.register.findings import SKIPPED_COLUMNS, Findings, merge_findings
from relapse_risk.register.gates import Turnover, check_gates
from relapse_risk.register.held_rows import HeldRows
from relapse_risk.register.import_report import (
    ImportReport,
    TableCount,
    located,
    own_folder,
    rejected_rows,
    write_report,
)
from relapse_risk.register.later_months import Changed
from relapse_risk.register.manifest import FileEntry, Manifest
from relapse_risk.register.mapping import SourceMapping
from relapse_risk.register.overwrites import Answers, decided, left_alone
from relapse_risk.register.readers import RawSource
from relapse_risk.register.register import Register
from relapse_risk.register.row_county import placed_by
from relapse_risk.register.writer import RegisterWriter
from relapse_risk.schema import empty_table, table, tables

__all__ = ["ImportWork"]

# Tables that other tables refer to, and those that determine the county of others.
_TARGETS = tuple(sorted({c.refers_to for spec in tables().values() for c in spec.columns if c.refers_to}))


@dataclass(frozen=True, slots=True)
class _SnapshotRows:
    """What a source says of one snapshot table and month: rows taken in, and all that was offered."""

    rows: pd.DataFrame
    spared: pd.DataFrame
    columns: tuple[str, ...]
    counties: pd.Series
    candidate: Candidate
    findings: Findings


class ImportWork:
    """An import in progress: findings and accepted rows so far."""

    def __init__(
        self, mapping: SourceMapping, writer: RegisterWriter, held: Register | None, context: CheckContext, sent: Sent,
        answers: Answers,
    ) -> None:  # fmt: skip
        self.mapping, self.writer, self.context, self.sent, self.answers = mapping, writer, context, sent, answers
        self.held = HeldRows(held)
        self.known = _known(held)
        if context.place.counties:
            self.known.setdefault("county", {}).update({code: code for code in context.place.counties})
        self.seen: set[str] = set()
        self.findings: list[Findings] = []
        self.rejected: dict[str, list[pd.DataFrame]] = {}
        self.accepted: dict[str, list[pd.DataFrame]] = {}
        self.spared: dict[str, list[pd.DataFrame]] = {}
        self.counts: dict[str, int] = {}
        self.turnovers: list[Turnover] = []
        self.conflicts: list[pd.DataFrame] = []
        self.deliveries: list[tuple[str, pd.DataFrame]] = []
        self.changed: dict[str, Changed] = {}
        self.notes: list[str] = []

    @property
    def _is_sample(self) -> bool:
        """A wave of a survey is whole in itself: nobody is carried from one to the next."""
        return self.context.place.records == "survey"

    def take(self, month: str, part: Mapping[str, Candidate]) -> None:
        """Check the rows of one month and hand over its snapshots."""
        check_counties(part, self.context.place)
        snapshots = [name for name in part if table(name).is_snapshot]
        bases = {name: self.held.base(name, month, carry=not self._is_sample) for name in snapshots}
        part, columns = self._filled(month, part, bases)
        admission = admit(part, month, self.context, self.known)
        self.findings.append(located(admission.findings, part))
        counties = self._counties(admission.accepted)
        self.seen |= {str(code) for codes in counties.values() for code in codes.unique()}
        put: dict[str, pd.DataFrame] = {}
        for name, candidate in part.items():
            rows = admission.accepted[name]
            spared = admission.spared.get(name, NO_CELLS)
            if self.mapping.mode == "merge" and not self._is_sample:
                left = left_alone(
                    rows, counties.get(name), table(name), month, self.sent, self.held.deliveries(None), self.answers
                )
                spared = pd.concat([spared, left], ignore_index=True) if len(left) else spared
            self.counts[name] = self.counts.get(name, 0) + len(rows)
            if len(rows) < len(candidate.rows):
                self.rejected.setdefault(name, []).append(rejected_rows(candidate, admission.findings))
            if name == "household" and len(rows) < len(candidate.rows) and not self._is_sample:
                self._lost_monitored(month, candidate, admission.findings, bases[name], rows)
            if not table(name).is_snapshot:
                self.accepted.setdefault(name, []).append(rows)
                self.spared.setdefault(name, []).append(spared)
            elif len(rows) or self.sent.complete:
                given = _SnapshotRows(rows, spared, columns[name], counties[name], candidate, admission.findings)
                put[name] = self._snapshot(name, month, bases[name], given)
        if put:
            self._rest_of_month(month, put)
        scope = self.sent.counties or tuple(
            sorted({*self.held.counties, *(c for codes in counties.values() for c in codes)})
        )
        self.deliveries.append((month, delivery_rows(self.sent, month, counties, columns, scope)))
        self._learn(admission.accepted)
        if not self._is_sample:
            self._later_months(month)

    def _put_counties(self) -> None:
        """Counties the place names, met in the source and not in the county table: code and name."""
        own = self.context.place.counties
        held = self.held.rows("county", None)
        if self.mapping.mode == "replace" and len(held):
            return
        there = {str(code) for frame in self.accepted.get("county", []) for code in frame["county_code"]}
        there |= {str(code) for code in held["county_code"]} if len(held) else set()
        missing = sorted(code for code in self.seen if code in own and code not in there)
        if missing:
            empty = empty_table("county")
            rows = pd.DataFrame(
                {
                    "county_code": missing, "county_name_zh": [own[code].zh for code in missing],
                    "county_name_en": [own[code].en for code in missing],
                }
            )  # fmt: skip
            rows = rows.reindex(columns=empty.columns).astype(empty.dtypes.to_dict())
            self.accepted.setdefault("county", []).append(rows)
            self.spared.setdefault("county", []).append(NO_CELLS)

    def _filled(
        self, month: str, part: Mapping[str, Candidate], bases: Mapping[str, Base]
    ) -> tuple[dict[str, Candidate], dict[str, tuple[str, ...]]]:
        """The candidates with the county of rows the register knows, and the columns the source itself fills."""
        full, columns = dict(part), {name: tuple(candidate.frame.columns) for name, candidate in part.items()}
        for name, candidate in part.items():
            spec = table(name)
            if spec.county_from is None or spec.county_from in spec.key:
                continue
            said = candidate.frame.get(spec.county_from)
            if said is not None and said.notna().all() and name not in bases:
                continue
            villages = self.known.get("village") if name == "household" and "village" not in part else None
            base = bases[name].rows if name in bases else self.held.rows(name, None)
            frame, strange = filled(candidate.frame, base, spec, villages)
            full[name] = replace(candidate, frame=frame)
            if strange:
                few = ", ".join(strange[:5]) + (" …" if len(strange) > 5 else "")
                self.notes.append(
                    f"{month}: {len(strange)} rows of {name} name an unknown {spec.county_from} and keep the one known ({few})"
                )
        return full, columns

    def _counties(self, accepted: Mapping[str, pd.DataFrame]) -> dict[str, pd.Series]:
        placed = {name: frame for name, frame in accepted.items() if table(name).county_from in (None, *frame.columns)}
        return counties_of(placed, self.known)

    def _snapshot(self, name: str, month: str, base: Base, given: _SnapshotRows) -> pd.DataFrame:
        """Put one snapshot table of the month: the rows given, over those that are carried or stay."""
        spec = table(name)
        rows, left_out = given.rows, base.rows.iloc[:0]
        offered = set(given.candidate.frame[spec.key[0]].dropna().astype("str"))
        if base.started_from is None and len(base.rows):
            rows = self._decided(name, rows, given.counties, month, base, given.spared)
        if self._is_sample and self.sent.complete:
            self.writer.put(name, rows, month=month)
            return rows
        kept = base
        if self.sent.complete:
            homes = counties_of({name: base.rows}, self.known)[name] if len(base.rows) else pd.Series(dtype="str")
            in_scope = homes.isin(self.sent.counties) if self.sent.counties else pd.Series(True, index=homes.index)
            stays = ~in_scope | base.rows[spec.key[0]].isin(list(offered)) if len(base.rows) else in_scope
            left_out = base.rows[~stays.to_numpy(dtype=bool)] if len(base.rows) else base.rows
            kept = replace(
                base, rows=base.rows[stays.to_numpy(dtype=bool)].reset_index(drop=True) if len(base.rows) else base.rows
            )
        whole = laid_over(kept.rows, rows, given.spared, spec)
        self.writer.put(name, whole, month=month)
        delivered = rows[spec.key[0]].astype("str")
        lines = carried_rows(spec, month, kept, whole, delivered, given.columns, given.spared)
        self.held.keep(name, month, whole, lines)
        self.changed[name] = Changed(month, base.rows, whole, lines)
        if len(base.rows) and not self._is_sample:
            self._turnover(name, month, base, left_out, whole, offered, given)
        return whole

    def _turnover(
        self,
        name: str,
        month: str,
        base: Base,
        left_out: pd.DataFrame,
        whole: pd.DataFrame,
        offered: set[str],
        given: _SnapshotRows,
    ) -> None:
        key = table(name).key[0]
        added = ~whole[key].isin(base.keys)
        since = base.started_from or month
        emptied: tuple[str, ...] = ()
        if len(left_out) and name == "household":
            gone, stay = (counties_of({name: rows}, self.known)[name] for rows in (left_out, whole))
            emptied = tuple(sorted(set(gone) - set(stay)))
        self.turnovers.append(
            Turnover(name, month, since, len(base.rows), len(offered), len(left_out), int(added.sum()), emptied)
        )
        if base.started_from:
            carried = len(whole) - len(given.rows)
            self.notes.append(
                f"{name}, {month}: starts from {since}: {carried:,} of {len(whole):,} rows carried, {len(given.rows):,} in the "
                f"file ({int(added.sum()):,} new), {len(left_out):,} dropped"
            )

    def _lost_monitored(
        self, month: str, candidate: Candidate, findings: Findings, base: Base, taken: pd.DataFrame
    ) -> None:
        """A monitored household among the rejected rows that the month would be without."""
        gone = candidate.frame.iloc[findings.rejected_rows("household")]
        if "monitor_type" not in gone or "household_id" not in gone or not len(base.rows):
            return
        known = gone["household_id"].isin(base.keys) | gone["household_id"].isin(taken["household_id"])
        lost = int((gone["monitor_type"].notna() & (gone["monitor_type"] != "none") & ~known).sum())
        since = base.started_from or month
        self.turnovers.append(
            Turnover("household", month, since, len(base.rows), len(candidate.rows), 0, 0, lost_monitored=lost)
        )

    def _rest_of_month(self, month: str, put: Mapping[str, pd.DataFrame]) -> None:
        """Snapshot tables the source does not hold start from the last month, too; then what was carried."""
        homes = put.get("household")
        for name, spec in tables().items():
            if not spec.is_snapshot or name in put:
                continue
            base = self.held.base(name, month, carry=not self._is_sample)
            rows = base.rows
            if homes is not None and len(rows) and "household_id" in spec.names:
                rows = rows[rows["household_id"].isin(homes["household_id"])].reset_index(drop=True)
            if len(rows) and (base.started_from or len(rows) < len(base.rows)):
                self.writer.put(name, rows, month=month)
                lines = carried_rows(spec, month, replace(base, rows=rows), rows, (), (), NO_CELLS)
                self.held.keep(name, month, rows, lines)
                self.changed[name] = Changed(month, base.rows, rows, lines)
                if base.started_from:
                    self.notes.append(f"{name}, {month}: starts from {base.started_from}: {len(rows):,} rows carried")
        lines = self.held.lines(month)
        if len(lines) or self.held.had_lines(month):
            self.writer.put("carried", lines, month=month)

    def _later_months(self, month: str) -> None:
        """Months held that come after this one follow it in what they carry."""
        changed, self.changed = self.changed, {}
        followed, notes = later_months.follow_all(self.held, month, changed, self.known)
        for name, later, rows in followed:
            self.writer.put(name, rows, month=later)
        self.notes += notes

    def _decided(
        self, name: str, rows: pd.DataFrame, counties: pd.Series, month: str | None, base: Base, spared: pd.DataFrame
    ) -> pd.DataFrame:
        """The rows as they stand where the register held something else already."""
        carried: dict[str, frozenset[str]] = {}
        for key, _, names in base.lines[["row_key", "said_in", "columns"]].itertuples(index=False):
            carried[key] = carried.get(key, frozenset()) | frozenset(names.split(";"))
        stands, conflicts = decided(
            base.rows, rows, counties, table(name), month or "", sender=self.sent.sender,
            deliveries=self.held.deliveries(month), answers=self.answers, carried=carried, spared=spared,
        )  # fmt: skip
        if len(conflicts):
            self.conflicts.append(conflicts)
        return stands

    def pass_gates(self) -> None:
        """Stop before anything is written where the delivery changes more than it may and nobody answers for it."""
        self.notes += check_gates(self.turnovers, self.context.parameters, self.sent.accepted_by)

    def _put_events(self) -> None:
        """Tables without months: the rows of every part over those held."""
        for name, frames in self.accepted.items():
            rows = pd.concat(frames, ignore_index=True)
            if self.mapping.mode == "replace":
                self.writer.put(name, rows)
            elif len(rows):
                base = Base(self.held.rows(name, None), None, NO_LINES)
                homes, spared = (
                    self._counties({name: rows}).get(name, pd.Series(CITY, rows.index)),
                    pd.concat(self.spared[name]),
                )
                rows = self._decided(name, rows, homes, None, base, spared)
                self.writer.put(name, laid_over(base.rows, rows, spared, table(name)))

    def _learn(self, accepted: Mapping[str, pd.DataFrame]) -> None:
        """Later rows may refer to what was accepted."""
        placed = {name: frame for name, frame in accepted.items() if table(name).county_from in (None, *frame.columns)}
        for name, codes in counties_of(placed, self.known).items():
            if name in _TARGETS:
                keys = accepted[name][table(name).key[0]]
                self.known.setdefault(name, {}).update(zip(keys, codes, strict=True))

    def finish(
        self, raw: RawSource, offered: Mapping[str, Candidate], months: tuple[str, ...], root: Path, as_of: date
    ) -> ImportReport:
        """Write the findings, then commit."""
        self._put_counties()
        self._put_events()
        for month, rows in self.deliveries:
            if len(rows):
                self.writer.put("delivery", first_said(self.held.deliveries(month), rows), month=month)
        findings = merge_findings([*self.findings, _off(self.mapping)])
        notes = raw.notes if offered else (*raw.notes, "the source holds no rows for any table of the mapping")
        report = ImportReport(
            source=raw.name, digest=raw.digest, mapping=self.mapping.name, place=self.writer.place,
            as_of=as_of.isoformat(), months=months, changed=True, tables=self._counted(offered, findings),
            notes=(*notes, *self.notes), files=(), conflicts=sum(len(part) for part in self.conflicts),
        )  # fmt: skip
        rejected = (_stacked(frames) for frames in self.rejected.values())
        before = self.writer.before
        folder = own_folder(root.parent / "findings", f"import-{_slug(raw.name)}", report)
        written = write_report(report, findings, rejected, folder, self.conflicts)
        manifest = self.writer.commit(datetime.combine(as_of, time(0)).isoformat())
        same = before is not None and _content(manifest) == _content(before)
        return replace(written, changed=not same)

    def _counted(self, offered: Mapping[str, Candidate], findings: Findings) -> tuple[TableCount, ...]:
        lines = findings.frame
        warnings = lines.loc[lines["severity"] == "warning", "table"].value_counts()
        cells = lines.loc[lines["severity"] == "cell", "table"].value_counts()
        return tuple(
            TableCount(name, len(c.rows), self.counts.get(name, 0), len(c.rows) - self.counts.get(name, 0),
                       int(warnings.get(name, 0)), int(cells.get(name, 0)))
            for name, c in offered.items()
        )  # fmt: skip


def _off(mapping: SourceMapping) -> Findings:
    """The rules the mapping switches off, as rules not applied."""
    lines = [(rule, "", "city", f"off in mapping {mapping.name}: {why}") for rule, why in mapping.rules_off.items()]
    return Findings(merge_findings([]).frame, pd.DataFrame(lines, columns=pd.Index(SKIPPED_COLUMNS)).astype("str"))


def _stacked(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    several = list(frames)
    whole = pd.concat(several, ignore_index=True).fillna("")
    whole.attrs["table"] = several[0].attrs["table"]
    return whole


def _known(held: Register | None) -> dict[str, dict[str, str]]:
    """County of every key of the register that a row may refer to, by table."""
    if held is None:
        return {}
    frames = {}
    for name in _TARGETS:
        if held.has(name):
            spec = table(name)
            place = [spec.county_from] if spec.county_from and spec.county_from != spec.key[0] else []
            frames[name] = held.read_all(name, columns=[spec.key[0], *place]).drop_duplicates(spec.key[0], keep="last")
    counties = counties_of(frames)
    return {
        name: dict(zip(frame[table(name).key[0]], counties[name], strict=True))
        for name, frame in frames.items()
        if placed_by(table(name)) in (None, "village", *frames)
    }


def _content(manifest: Manifest) -> tuple[FileEntry, ...]:
    """What the register holds, but for the list of what was sent."""
    return tuple(entry for entry in manifest.files if entry.table != "delivery")


def _slug(source: str) -> str:
    """A folder name for a source: the file's stem, or the database's name."""
    last = source.rstrip("/\\").replace("\\", "/").rpartition("/")[2].partition("?")[0]
    stem = last if is_url(source) else Path(last).stem
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "source"
