"""The result of an import by table, and the files that list it row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from relapse_risk.files import refusals, write_json
from relapse_risk.json_reading import parsed
from relapse_risk.register.candidates import Candidate
from relapse_risk.register.findings import Findings, mask_identity
from relapse_risk.register.findings_files import write_findings
from relapse_risk.register.spreadsheets import CRLF, write_csv
from relapse_risk.schema import table

__all__ = ["ImportReport", "TableCount", "located", "own_folder", "rejected_rows", "write_report"]


@dataclass(frozen=True, slots=True)
class TableCount:
    """Rows of one table: read, accepted, rejected; warnings (which reject nothing); cells not taken of rows that were."""

    table: str
    read: int
    accepted: int
    rejected: int
    warnings: int
    cells: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of one import.

    Attributes
    ----------
    source, digest : str
        What was read (no password) and the SHA-256 of its bytes (empty for a database).
    mapping, place, as_of : str
    months : tuple of str
        Months of the snapshots imported.
    changed : bool
        Whether the register changed; importing the same source twice changes nothing.
    tables : tuple of TableCount
    notes : tuple of str
        Sheets and columns that were not read, and other remarks.
    conflicts : int
        Values that differ from what the register held already; ``conflicts.csv`` lists both.
    files : tuple of Path
        Findings, counts, rules not applied, workbook, rejected rows, and this report.
    """

    source: str
    digest: str
    mapping: str
    place: str
    as_of: str
    months: tuple[str, ...]
    changed: bool
    tables: tuple[TableCount, ...]
    notes: tuple[str, ...]
    files: tuple[Path, ...]
    conflicts: int = 0

    @property
    def rejected(self) -> int:
        """Rows rejected by errors."""
        return sum(count.rejected for count in self.tables)

    @property
    def cells(self) -> int:
        """Cells not taken, of rows that were: they keep their last value."""
        return sum(count.cells for count in self.tables)

    @property
    def warnings(self) -> int:
        return sum(count.warnings for count in self.tables)

    @property
    def frame(self) -> pd.DataFrame:
        """One row per table: read, accepted, rejected, warnings."""
        return pd.DataFrame([asdict(count) for count in self.tables])

    def summary(self) -> str:
        """One line per table, then the notes and the files with details."""
        lines = [
            f"{count.table:<18} {count.read:>9} read {count.accepted:>9} accepted "
            f"{count.rejected:>7} rejected {count.warnings:>7} warnings"
            + (f" {count.cells:>7} cells not taken, last value kept" if count.cells else "")
            for count in self.tables
        ]
        lines += [f"note: {note}" for note in self.notes]
        if self.conflicts:
            lines.append(
                f"{self.conflicts} values differ from what the register held: conflicts.csv has both, and which stands"
            )
        lines.append("register changed" if self.changed else "register unchanged: it already holds these rows")
        return "\n".join([*lines, *(str(file) for file in self.files)])

    def _repr_html_(self) -> str:
        return str(self.frame.to_html(index=False))


def located(findings: Findings, offered: Mapping[str, Candidate]) -> Findings:
    """Findings whose ``row`` is the row number in the source, named in the message."""
    frame = findings.frame
    origin, row = np.full(len(frame), "", dtype=object), frame["row"].to_numpy(dtype=object, na_value=None)
    for name, candidate in offered.items():
        own = np.flatnonzero((frame["table"] == name).to_numpy() & frame["row"].notna().to_numpy())
        positions = frame["row"].iloc[own].to_numpy(dtype="int64")
        origin[own], row[own] = candidate.origins[positions], candidate.rows[positions]
    in_chinese = [f"（{where}，第 {n} 行）" if where else "" for where, n in zip(origin, row, strict=True)]
    in_english = [f" ({where}, row {n})" if where else "" for where, n in zip(origin, row, strict=True)]
    return Findings(
        frame.assign(
            row=pd.array(row, dtype="Int64"), zh=_joined(frame["zh"], in_chinese), en=_joined(frame["en"], in_english)
        ),
        findings.skipped,
    )


def _joined(texts: pd.Series, tails: Sequence[str]) -> pd.Series:
    return pd.Series([f"{text}{tail}" for text, tail in zip(texts, tails, strict=True)], index=texts.index, dtype="str")


def write_report(
    report: ImportReport,
    findings: Findings,
    rejected: Iterable[pd.DataFrame],
    folder: Path,
    conflicts: Sequence[pd.DataFrame] = (),
) -> ImportReport:
    """Write findings, rejected rows and the report into ``folder``, each file whole or not at all.

    Returns
    -------
    ImportReport
        The report with the paths of its files.
    """
    files = list(write_findings(findings, folder))
    with refusals(folder):
        for old in (*folder.glob("rejected_*.csv"), *folder.glob("conflicts.csv")):
            old.unlink()
    files += [write_csv(frame, folder / f"rejected_{frame.attrs['table']}.csv", line_end=CRLF) for frame in rejected]
    if conflicts:
        files.append(write_csv(pd.concat(conflicts, ignore_index=True), folder / "conflicts.csv", line_end=CRLF))
    files.append(folder / "import.json")
    write_json(files[-1], {**asdict(report), "files": [file.name for file in files]})
    return replace(report, files=tuple(files))


def own_folder(parent: Path, name: str, report: ImportReport) -> Path:
    """The folder of this source's findings: that of the same file before, or one that no other file has.

    A second file of the same name is ``name-2``, so that the first one's list of rejected rows stays.
    """
    number = 1
    while True:
        folder = parent / (name if number == 1 else f"{name}-{number}")
        try:
            earlier = parsed((folder / "import.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return folder
        if not isinstance(earlier, dict):
            return folder
        if (earlier.get("digest"), earlier.get("mapping")) == (report.digest, report.mapping):
            return folder
        number += 1


def rejected_rows(candidate: Candidate, findings: Findings) -> pd.DataFrame:
    """The rows of one table that errors reject, as offered, with source, row and rules; identity is masked."""
    positions = findings.rejected_rows(candidate.table)
    errors = findings.error_frame
    own = errors[(errors["table"] == candidate.table) & errors["row"].notna()]
    rules = own.groupby(own["row"].astype("int64"))["rule"].agg(lambda found: " ".join(dict.fromkeys(found)))
    frame = candidate.frame.iloc[positions].astype("str").fillna("")
    for name in frame:
        frame[name] = [mask_identity(candidate.table, str(name), value) for value in frame[name]]
    frame.insert(0, "rules", rules.reindex(positions).to_numpy())
    frame.insert(0, "row", candidate.rows[positions])
    frame.insert(0, "source", candidate.origins[positions])
    frame.attrs["table"] = table(candidate.table).name
    return frame
