"""Which editions are published, and which are due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from relapse_risk.editions.edition import Edition, edition_month, on_day, read_edition
from relapse_risk.editions.publish import Published, manifest_content, published, read_manifest
from relapse_risk.editions.render import explain_edition
from relapse_risk.errors import RelapseRiskError

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


def due_editions(files: Sequence[Path], today: date) -> list[Due]:
    """Whether each edition file is due on ``today``; a file that is wrong says so instead of stopping the others.

    An edition is due when rendering it would do something: no report yet of the newest facts that fit it, other facts,
    words or versions than those there are now, or a report that failed.  One that carries the day it is made on is due
    again when the next week, month or quarter has begun.
    """
    return [_due(file, today) for file in files]


def _due(file: Path, today: date) -> Due:
    try:
        edition = read_edition(file)
        if edition.on_request:
            return Due(edition.name, False, "on request only")
        month, reasons = edition_month(edition), explain_edition(_as_made(edition, today))
    except RelapseRiskError as error:
        return Due(file.stem, False, str(error))
    runs = Counter(reason.why for reason in reasons if reason.runs)
    if not runs:
        return Due(edition.name, False, f"{month} is published")
    return Due(edition.name, True, f"{month}: " + "; ".join(f"{count} {why}" for why, count in sorted(runs.items())))


def _as_made(edition: Edition, today: date) -> Edition:
    """What a run would make: an edition of this day, or once there is one of this period, that one."""
    last = next((_day_of(one) for one in reversed(published(edition.out))), None)
    made = last is not None and _period(last, edition.every) == _period(today, edition.every)
    return on_day(edition, last if made and last is not None else today)


def _day_of(one: Published) -> date | None:
    """The day that a published edition carries."""
    settings = manifest_content(one.folder).get("settings")
    try:
        return date.fromisoformat(str(settings["day"])) if isinstance(settings, dict) and settings.get("day") else None
    except ValueError:  # a word such as data_date, or a damaged manifest
        return None


def _period(day: date, every: str | None) -> tuple[int, int]:
    """The week, quarter or month that a day is in."""
    if every == "week":
        return day.isocalendar()[:2]
    return day.year, (day.month - 1) // 3 if every == "quarter" else day.month
