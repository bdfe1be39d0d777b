"""The published folder: whole reports only, a manifest that vouches for them, and what failed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

__all__ = [
    "Outcome",
    "is_whole",
    "publish_file",
    "publish_files",
    "published_editions",
    "read_manifest",
    "sweep",
    "write_manifest",
]

MANIFEST, FAILURES = "manifest.json", "failures.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one report.

    Attributes
    ----------
    status : {"published", "unchanged", "failed"}
    key : str
        Digest of everything the report depends on.
    files : dict
        SHA-256 of each published file by name; of a failed report, of the last good one, which stays.
    data_date : str
        Data date of those files.
    error : str
        What failed, where, and what to do.
    seconds, cpu_seconds : float
        Wall and processor time of the rendering.
    """

    county: str
    name: str
    language: str
    status: str
    key: str
    files: dict[str, str] = field(default_factory=dict)
    data_date: str = ""
    error: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def stem(self) -> str:
        """What the file names of the report begin with."""
        return f"{self.county}-{self.language}"


def publish_file(path: Path, content: bytes) -> str:
    """Swap ``content`` in at ``path``, flushed to disk first; returns its SHA-256."""
    return publish_files(path.parent, {path.name: content})[path.name]


def publish_files(folder: Path, content: Mapping[str, bytes]) -> dict[str, str]:
    """Write all files aside and flush them, then swap them in one after the other; returns their SHA-256.

    A process killed between two swaps leaves each file whole; the manifest does not vouch for the pair, so that the
    next run renders it again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    staged = []
    for name, data in content.items():
        with NamedTemporaryFile(dir=folder, prefix=".", suffix=".part", delete=False) as part:
            part.write(data)
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).chmod(0o644)
        staged.append((Path(part.name), folder / name))
    for part_path, path in staged:
        part_path.replace(path)
    return {name: sha256(data).hexdigest() for name, data in sorted(content.items())}


def sweep(folder: Path) -> None:
    """Remove what a killed run left half written; only for whoever holds the folder's lock."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


def read_manifest(folder: Path) -> Mapping[str, Outcome]:
    """Outcomes of the last run by report; empty where there is none or it is damaged."""
    try:
        rows = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["reports"]
        found = [Outcome(**row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {outcome.stem: outcome for outcome in found}


def is_whole(folder: Path, outcome: Outcome) -> bool:
    """Whether every published file is there with the content that was recorded."""
    for name, digest in outcome.files.items():
        path = folder / name
        if not path.is_file() or sha256(path.read_bytes()).hexdigest() != digest:
            return False
    return bool(outcome.files)


def write_manifest(folder: Path, edition: str, month: str, outcomes: Sequence[Outcome], engine: str) -> None:
    """manifest.json and failures.json of a run."""
    rows = [asdict(outcome) for outcome in outcomes]
    failed = [row for row in rows if row["status"] == "failed"]
    content = {"edition": edition, "month": month, "pdf": engine, "reports": rows}
    files = {FAILURES: failed, MANIFEST: content}
    publish_files(
        folder, {n: (json.dumps(d, ensure_ascii=False, indent=1) + "\n").encode("utf-8") for n, d in files.items()}
    )


def published_editions(reports: Path) -> list[str]:
    """Published editions below ``reports``: folder, month, how many reports stand and how many failed."""
    found = []
    for path in sorted(reports.rglob(MANIFEST)):
        outcomes = read_manifest(path.parent).values()
        failed = sum(outcome.status == "failed" for outcome in outcomes)
        try:
            month = json.loads(path.read_text(encoding="utf-8")).get("month", "?")
        except ValueError:
            month = "damaged"
        name = path.parent.relative_to(reports).as_posix()
        found.append(f"{name} {month}: {len(outcomes) - failed} reports, {failed} failed")
    return found
