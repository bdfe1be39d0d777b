"""The published folder: whole editions only, each with a manifest of checksums of its files.

An edition is written aside in ``.next`` and becomes visible by one rename, as ``<month>.<number>``; the pages at the top
then lead to it.  Whoever reads an earlier edition meanwhile goes on reading that.  Reports that did not change are hard
links: they cost no space.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from relapse_risk.errors import RenderError
from relapse_risk.files import (
    file_sha256,
    json_bytes,
    link_file,
    move_folder,
    refusals,
    remove_drafts,
    sha256,
    write_files,
)
from relapse_risk.json_reading import has_shape, parsed, read_json

__all__ = [
    "Outcome",
    "Published",
    "commit",
    "is_whole",
    "link_files",
    "manifest_content",
    "prune",
    "publish_files",
    "published",
    "read_manifest",
    "run_files",
    "staged",
    "surviving",
    "vouch",
]

MANIFEST, FAILURES, JUNIT, NEXT = "manifest.json", "failures.json", "junit.xml", ".next"
FOLDER = re.compile(r"^(\d{4}-\d{2})\.(\d+)$")
VOUCHER = ".outcome"


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
    seconds, cpu_seconds, peak_mb : float
        Wall time, processor time and memory of the report's process (a browser's own is not in it).
    stamp : str
        Name that ``relapse-risk reproduce`` takes.
    parts : dict
        Digest of each thing the report depends on.
    undrawn : list of str
        Code points of characters that the report's font lacks: boxes, unless the reader's machine has a font for them.
    """

    county: str
    name: str
    language: str
    stem: str
    status: str
    key: str
    files: dict[str, str] = field(default_factory=dict)
    data_date: str = ""
    error: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    stamp: str = ""
    parts: dict[str, str] = field(default_factory=dict)
    undrawn: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Published:
    """One published edition: its month, its number within the month, and its folder."""

    month: str
    number: int
    folder: Path


def publish_files(folder: Path, content: Mapping[str, bytes], *, restricted: bool = False) -> dict[str, str]:
    """Write all files aside, then swap them in (:func:`relapse_risk.files.write_files`); returns their SHA-256."""
    write_files(folder, content, restricted=restricted)
    return {name: sha256([data]) for name, data in sorted(content.items())}


def published(out: Path) -> list[Published]:
    """Published editions of a folder, oldest first."""
    found = []
    for path in out.iterdir() if out.is_dir() else ():
        if (matched := FOLDER.match(path.name)) and (path / MANIFEST).is_file():
            found.append(Published(matched[1], int(matched[2]), path))
    return sorted(found, key=lambda one: (one.month, one.number))


def manifest_content(folder: Path) -> dict[str, Any]:
    """What ``manifest.json`` of an edition says; empty where there is none or it is damaged."""
    try:
        return read_json(folder / MANIFEST, RenderError, "render again", {"reports": [dict]})
    except (FileNotFoundError, RenderError):
        return {}


def read_manifest(folder: Path) -> Mapping[str, Outcome]:
    """Outcomes of an edition by report; empty where there is none or it is damaged: the reports are rendered again."""
    found = [_outcome(row) for row in manifest_content(folder).get("reports", ())]
    return {one.stem: one for one in found if one is not None} if None not in found else {}


def _outcome(row: object) -> Outcome | None:
    """An outcome as it was written, None where it is not one; its files have plain names, so that none elsewhere is touched."""
    try:
        outcome = Outcome(**row)  # type: ignore[arg-type]
    except TypeError:
        return None
    texts = (
        outcome.county,
        outcome.name,
        outcome.language,
        outcome.stem,
        outcome.status,
        outcome.key,
        outcome.data_date,
    )
    whole = all(isinstance(text, str) for text in (*texts, outcome.error, outcome.stamp))
    whole = whole and has_shape(outcome.files, {str: str}) and has_shape(outcome.parts, {str: str})
    whole = whole and has_shape(outcome.undrawn, [str])
    plain = whole and all(Path(name).name == name for name in outcome.files)
    return outcome if plain else None


def is_whole(folder: Path, outcome: Outcome) -> bool:
    """Whether every file is there with the content that was recorded."""
    for name, digest in outcome.files.items():
        path = folder / name
        if not path.is_file() or file_sha256(path) != digest:
            return False
    return bool(outcome.files)


def vouch(folder: Path, outcome: Outcome, *, restricted: bool = False) -> None:
    """Mark a staged report as finished: the last step of rendering it."""
    write_files(folder, {f".{outcome.stem}{VOUCHER}": json_bytes(asdict(outcome))}, restricted=restricted)


def staged(stage: Path) -> Mapping[str, Outcome]:
    """Reports that an earlier run finished but was killed before publishing; half-written files are removed."""
    remove_drafts(stage)
    found = {}
    for path in sorted(stage.glob(f".*{VOUCHER}")):
        with suppress(OSError, ValueError):
            outcome = _outcome(parsed(path.read_text(encoding="utf-8")))
            if outcome is not None and is_whole(stage, outcome):
                found[outcome.stem] = outcome
    return found


def link_files(source: Path, stage: Path, names: Sequence[str], *, restricted: bool = False) -> None:
    """Put files of a published edition into the next one: as hard links, or copies where those cannot be."""
    for name in names:
        link_file(source / name, stage / name, restricted=restricted)


def commit(stage: Path, out: Path, month: str) -> Published:
    """Make what was written aside the newest edition of ``month``, by one rename."""
    named = {name for outcome in read_manifest(stage).values() for name in outcome.files}
    for path in stage.iterdir():
        known = path.name in named or path.suffix in {".json", ".xml"} or path.name.startswith("index")
        if path.name.startswith(".") or not (known or path.name.endswith(".failed.html")):
            with refusals(path):
                path.unlink()
    number = max((one.number for one in published(out) if one.month == month), default=0) + 1
    folder = out / f"{month}.{number}"
    return Published(month, number, move_folder(stage, folder))


def surviving(found: Sequence[Published], keep: int) -> list[Published]:
    """Editions that stay: the newest ``keep``, and of one month only the newest two (someone may be reading)."""
    newest = {one.month: one.number for one in found}
    return [one for one in found if one.number >= newest[one.month] - 1][-keep:]


def prune(out: Path, keep: int) -> None:
    """Remove editions that do not survive."""
    found = published(out)
    for one in set(found) - set(surviving(found, keep)):
        gone = out / f".gone-{one.folder.name}"
        shutil.rmtree(gone, ignore_errors=True)
        move_folder(one.folder, gone)
    for gone in out.glob(".gone-*"):
        shutil.rmtree(gone, ignore_errors=True)


def run_files(about: Mapping[str, Any], outcomes: Sequence[Outcome]) -> dict[str, bytes]:
    """manifest.json, failures.json and junit.xml of a run."""
    rows = [asdict(outcome) for outcome in outcomes]
    failed = [
        {name: row[name] for name in ("county", "name", "language", "stem", "data_date", "error")}
        for row in rows
        if row["status"] == "failed"
    ]
    return {
        MANIFEST: json_bytes(dict(about) | {"reports": rows}),
        FAILURES: json_bytes(failed),
        JUNIT: _junit(str(about.get("edition", "")), outcomes),
    }


def _junit(edition: str, outcomes: Sequence[Outcome]) -> bytes:
    """One test case per report, for schedulers that show those."""
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    suite = ElementTree.Element(
        "testsuite", name=edition, tests=str(len(outcomes)), failures=str(len(failed)),
        time=f"{sum(outcome.seconds for outcome in outcomes):.2f}",
    )  # fmt: skip
    for outcome in outcomes:
        case = ElementTree.SubElement(suite, "testcase", classname=edition, name=outcome.stem, time=f"{outcome.seconds:.2f}")  # fmt: skip
        if outcome.status == "failed":
            message = outcome.error.splitlines()[0] if outcome.error else "failed"
            ElementTree.SubElement(case, "failure", message=message).text = outcome.error
    return ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True) + b"\n"
