"""Import: a source is read, mapped, checked and written, completely or not at all; repeating it changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import numpy as np
import pandas as pd

from relapse_risk.errors import SourceError, unknown
from relapse_risk.months import check_month
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.progress import Progress, no_progress
from relapse_risk.register.admission import CheckContext, admit
from relapse_risk.register.candidates import Candidate, candidates
from relapse_risk.register.counties import counties_of
from relapse_risk.register.databases import is_url
from relapse_risk.register.findings import SKIPPED_COLUMNS, Findings, merge_findings
from relapse_risk.register.import_report import ImportReport, TableCount, located, rejected_rows, write_report
from relapse_risk.register.manifest import MANIFEST
from relapse_risk.register.mapping import SourceMapping, read_mapping
from relapse_risk.register.merging import merged
from relapse_risk.register.pseudonyms import create_key, read_key
from relapse_risk.register.readers import RawSource, read_source
from relapse_risk.register.register import Register
from relapse_risk.register.row_county import placed_by
from relapse_risk.register.rules import RuleBook, read_rules
from relapse_risk.register.writer import RegisterWriter
from relapse_risk.schema import table, tables

__all__ = ["ImportReport", "import_source", "read_mapping"]

_MONTH = re.compile(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])")
# Tables that households refer to are written with the first month; tables that refer to households, with the last.
_FIRST = ("county", "village", "assistance_item")


def import_source(
    source: str | Path,
    mapping: SourceMapping | str | Path,
    register: str | Path,
    month: str | None = None,
    key: str | Path | None = None,
    progress: Progress | None = None,
    *,
    as_of: date,
    params: str | Path | None = None,
) -> ImportReport:
    """Import a workbook, CSV, database or Parquet file into a register.

    Rows with errors are rejected; they and all warnings are written beside the register.  If the process is
    interrupted, the register is either the old or the new one.  Importing the same source again changes nothing, or
    completes an interrupted import.

    Parameters
    ----------
    source : str or Path
        File, folder of files, or SQLAlchemy URL.
    mapping : SourceMapping, str or Path
        Mapping, its name in ``params/sources/``, or its file.
    register : str or Path
        Folder of a new or existing register.
    month : str, optional
        Month of the snapshot, where the rows do not state it.
    key : str or Path, optional
        Key file for pseudonyms; made if the register is new and there is none.
    progress : callable, optional
        Called with (done, total, what).
    as_of : datetime.date
        The data date: nothing may have happened after it.
    params : str or Path, optional
        Parameter folder.

    Returns
    -------
    ImportReport

    Raises
    ------
    SourceError
        If the source cannot be read or mapped as a whole; nothing is written then.
    RegisterError
        If the register is damaged, of another place, or another process is writing.

    Examples
    --------
    >>> import tempfile
    >>> from datetime import date
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "村.csv").write_text("村代码,县代码,村名\\n371425101001,371425,示例村\\n", encoding="utf-8")
    >>> rules = {"name": "villages", "label": {"zh": "村", "en": "villages"}, "kind": "csv", "place": "dezhou",
    ...          "tables": [{"table": "village", "source": "村*"}]}
    >>> report = import_source(folder / "村.csv", SourceMapping(**rules), folder / "register", as_of=date(2020, 12, 31))
    >>> [(count.table, count.accepted) for count in report.tables], report.rejected
    ([('village', 1)], 0)
    """
    chosen = mapping if isinstance(mapping, SourceMapping) else read_mapping(mapping, params)
    if month is not None:
        check_month(month, "month")
    root = Path(register)
    tell = progress or no_progress
    place = _place(chosen, root, params)
    raw = read_source(source, chosen, tell)
    offered = candidates(raw.tables, chosen, _key(chosen, key, root), month)
    parameters = read_parameters(params)
    rules = read_rules(params, parameters)
    context = CheckContext(parameters, read_place(place, params), _without(rules, chosen), as_of)
    parts = _parts(offered, month, as_of)
    with RegisterWriter(root, place=place) as writer:
        work = _Work(chosen, writer, Register.open(root) if (root / MANIFEST).exists() else None, context)
        for done, (of_month, part) in enumerate(parts):
            tell(done, len(parts), f"check {of_month}")
            work.take(of_month, part)
        tell(len(parts), len(parts), "write")
        return work.finish(raw, offered, tuple(m for m, _ in parts), root, as_of)


def _without(book: RuleBook, mapping: SourceMapping) -> RuleBook:
    """The rules, without those that the mapping switches off."""
    known = {rule.id for rule in book.rules}
    for name in mapping.rules_off:
        if name not in known:
            raise unknown("rule", name, sorted(known), f"{mapping.name}: rules_off", SourceError, "see params/rules/")
    return replace(book, rules=tuple(rule for rule in book.rules if rule.id not in mapping.rules_off))


def _place(mapping: SourceMapping, root: Path, params: str | Path | None) -> str:
    place = mapping.place
    if (root / MANIFEST).exists():
        held = Register.open(root).place
        if place not in (None, held):
            raise SourceError(
                "the mapping is for another place than the register", where=mapping.name, got=place, expected=held,
                fix="correct place in the mapping, or choose another register",
            )  # fmt: skip
        return held
    if place is None:
        raise SourceError(
            "the mapping does not name the place of a new register", where=mapping.name, expected="place: <name>"
        )
    return read_place(place, params).name


def _key(mapping: SourceMapping, key: str | Path | None, root: Path) -> bytes | None:
    if not mapping.needs_key:
        return None
    # With a new key, no person of an existing register would be recognised.
    if key is not None and not Path(key).exists() and not (root / MANIFEST).exists():
        create_key(key, root)
    return read_key(key, root)


def _parts(offered: Mapping[str, Candidate], month: str | None, as_of: date) -> list[tuple[str, dict[str, Candidate]]]:
    """The rows of each month, ascending, so that memory and work depend on a month and not on the whole panel."""
    months = sorted({m for name, c in offered.items() if table(name).is_snapshot for m in _months(c)})
    late = [m for m in months if m > f"{as_of:%Y-%m}"]
    if late:
        raise SourceError(
            "a month after the data date", where="snapshot_month", got=late[-1], expected=f"up to {as_of:%Y-%m}",
            fix="correct the month, or give the data date with --as-of",
        )  # fmt: skip
    months = months or [month or f"{as_of:%Y-%m}"]
    parts: dict[str, dict[str, Candidate]] = {m: {} for m in months}
    for name, candidate in offered.items():
        for m, positions in _by_month(name, candidate, months).items():
            if len(positions):
                parts[m][name] = candidate if len(positions) == len(candidate.rows) else candidate.take(positions)
    return list(parts.items())


def _months(candidate: Candidate) -> set[str]:
    return {m for m in candidate.frame["snapshot_month"].dropna().unique() if _MONTH.fullmatch(str(m))}


def _by_month(name: str, candidate: Candidate, months: list[str]) -> dict[str, np.ndarray]:
    """Positions of the rows to be checked with each month; rows of unknown month are checked with the last."""
    said = {"income": "period_end"}.get(name, "snapshot_month" if table(name).is_snapshot else "")
    if said and said in candidate.frame and len(months) > 1:
        at = pd.Index(months).get_indexer(candidate.frame[said])
        at = np.where(at < 0, len(months) - 1, at)
    else:
        at = np.full(len(candidate.rows), 0 if name in _FIRST else len(months) - 1)
    return {m: np.flatnonzero(at == i) for i, m in enumerate(months)}


class _Work:
    """An import in progress: findings and accepted rows so far."""

    def __init__(
        self, mapping: SourceMapping, writer: RegisterWriter, held: Register | None, context: CheckContext
    ) -> None:
        self.mapping, self.writer, self.held, self.context = mapping, writer, held, context
        self.known = _known(held)
        self.findings: list[Findings] = []
        self.rejected: dict[str, list[pd.DataFrame]] = {}
        self.accepted: dict[str, list[pd.DataFrame]] = {}
        self.counts: dict[str, int] = {}

    def take(self, month: str, part: Mapping[str, Candidate]) -> None:
        """Check the rows of one month and write its snapshots."""
        admission = admit(part, month, self.context, self.known)
        self.findings.append(located(admission.findings, part))
        for name, candidate in part.items():
            rows = admission.accepted[name]
            self.counts[name] = self.counts.get(name, 0) + len(rows)
            if len(rows) < len(candidate.rows):
                self.rejected.setdefault(name, []).append(rejected_rows(candidate, admission.findings))
            if not table(name).is_snapshot:
                self.accepted.setdefault(name, []).append(rows)
            elif len(rows) or self.mapping.mode == "replace":
                self._put(name, rows, month)
        self._learn(admission.accepted)

    def _put(self, name: str, rows: pd.DataFrame, month: str | None) -> None:
        both = merged(_held_rows(self.held, name, month), rows, table(name), self.mapping.mode)
        self.writer.put(name, both, month=month)

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
        for name, frames in self.accepted.items():
            rows = pd.concat(frames, ignore_index=True)
            if len(rows) or self.mapping.mode == "replace":
                self._put(name, rows, None)
        findings = merge_findings([*self.findings, _off(self.mapping)])
        report = ImportReport(
            source=raw.name, digest=raw.digest, mapping=self.mapping.name, place=self.writer.place,
            as_of=as_of.isoformat(), months=months, changed=True, tables=self._counted(offered, findings),
            notes=raw.notes if offered else (*raw.notes, "the source has no rows for any table of the mapping"), files=(),
        )  # fmt: skip
        rejected = (_stacked(frames) for frames in self.rejected.values())
        before = self.writer.before
        folder = root.parent / "findings" / f"import-{_slug(raw.name)}"
        written = write_report(report, findings, rejected, folder)
        manifest = self.writer.commit(datetime.combine(as_of, time(0)).isoformat())
        same = before is not None and manifest.files == before.files
        return replace(written, changed=not same)

    def _counted(self, offered: Mapping[str, Candidate], findings: Findings) -> tuple[TableCount, ...]:
        warnings = findings.frame.loc[findings.frame["severity"] == "warning", "table"].value_counts()
        return tuple(
            TableCount(name, len(c.rows), self.counts.get(name, 0), len(c.rows) - self.counts.get(name, 0),
                       int(warnings.get(name, 0)))
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


# Tables that other tables refer to, and those that determine the county of others.
_TARGETS = tuple(sorted({c.refers_to for spec in tables().values() for c in spec.columns if c.refers_to}))


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
        if placed_by(table(name)) in (None, *frames)
    }


def _held_rows(held: Register | None, name: str, month: str | None) -> pd.DataFrame:
    if held is None or (month is not None and month not in {f.month for f in held.manifest.of(name)}):
        return pd.DataFrame()
    if table(name).restricted:
        return held.read_identity()
    return held.read(name, month=month)


def _slug(source: str) -> str:
    """A folder name for a source: the file's stem, or the database's name."""
    last = source.rstrip("/\\").replace("\\", "/").rpartition("/")[2].partition("?")[0]
    stem = last if is_url(source) else Path(last).stem
    return re.sub(r"[^\w.-]+", "-", stem).strip("-.") or "source"
