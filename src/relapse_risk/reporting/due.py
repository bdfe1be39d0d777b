"""Which editions are published, and which are due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relapse_risk.errors import RelapseRiskError
from relapse_risk.reporting.edition import edition_month, read_edition
from relapse_risk.reporting.publish import published, read_manifest
from relapse_risk.reporting.render import explain_edition

__all__ = ["Due", "due_editions", "published_editions"]


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


def due_editions(files: Sequence[Path]) -> list[Due]:
    """Whether each edition file is due; a file that is wrong says so instead of stopping the others.

    An edition is due when rendering it now would do something: no report of the newest facts that fit it, or of other
    facts, words or versions than those there are now, or one that failed.  The clock has no say.
    """
    return [_due(file) for file in files]


def _due(file: Path) -> Due:
    try:
        edition = read_edition(file)
        if edition.on_request:
            return Due(edition.name, False, "on request only")
        month, reasons = edition_month(edition), explain_edition(edition)
    except RelapseRiskError as error:
        return Due(file.stem, False, str(error))
    runs = Counter(reason.why for reason in reasons if reason.runs)
    if not runs:
        return Due(edition.name, False, f"{month} is published")
    return Due(edition.name, True, f"{month}: " + "; ".join(f"{count} {why}" for why, count in sorted(runs.items())))
