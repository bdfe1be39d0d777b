"""Which editions are published, and which are due."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from relapse_risk.errors import RelapseRiskError
from relapse_risk.reporting.edition import edition_month, read_edition
from relapse_risk.reporting.publish import published, read_manifest

__all__ = ["Due", "due_editions", "published_editions"]

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Due:
    """Whether an edition is due, and why."""

    name: str
    is_due: bool
    why: str


def published_editions(reports: Path) -> list[str]:
    """Published editions below ``reports``: folder, how many reports stand and how many failed."""
    found = []
    for top in sorted({file.parent.parent for file in reports.rglob("manifest.json")}):
        for one in published(top):
            outcomes = read_manifest(one.folder).values()
            failed = sum(outcome.status == "failed" for outcome in outcomes)
            name = one.folder.relative_to(reports).as_posix()
            found.append(f"{name}: {len(outcomes) - failed} reports, {failed} failed")
    return found


def due_editions(files: Sequence[Path], today: date) -> list[Due]:
    """Whether each edition file is due on ``today``; a file that is wrong says so instead of stopping the others.

    An edition is due when the newest facts that fit it are not published, or some of their reports failed; a weekly
    one also when its last release is a week old.
    """
    return [_due(file, today) for file in files]


def _due(file: Path, today: date) -> Due:
    try:
        edition = read_edition(file)
        month = edition_month(edition)
    except RelapseRiskError as error:
        return Due(file.stem, False, str(error))
    mine = [one for one in published(edition.out) if one.month == month]
    if not mine:
        return Due(edition.name, True, f"{month} is not published")
    manifest = mine[-1].folder / "manifest.json"
    failed = sum(outcome.status == "failed" for outcome in read_manifest(mine[-1].folder).values())
    if failed:
        return Due(edition.name, True, f"{failed} reports of {month} failed")
    released = date.fromtimestamp(manifest.stat().st_mtime)
    if edition.every == "week" and today - released >= WEEK:
        return Due(edition.name, True, f"last released on {released}")
    data_date = json.loads(manifest.read_text(encoding="utf-8")).get("data_date", month)
    return Due(edition.name, False, f"{month} is published, data as of {data_date}")
