"""A published report made again from its stamp."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relapse_risk.editions.edition import Edition
from relapse_risk.editions.edition_keys import Keys, changed_parts
from relapse_risk.editions.edition_plan import plan
from relapse_risk.editions.fork_server import ForkServer
from relapse_risk.editions.publish import Outcome, manifest_content, read_manifest
from relapse_risk.editions.render import JOB, job_of, setup_of
from relapse_risk.errors import EditionError, ParameterError, did_you_mean
from relapse_risk.files import make_folder
from relapse_risk.yaml_reading import check_model

__all__ = ["Reproduced", "reproduce_report"]


@dataclass(frozen=True, slots=True)
class Reproduced:
    """Files made again: SHA-256 as published and now, by name."""

    folder: Path
    published: dict[str, str]
    now: dict[str, str]

    @property
    def exit_code(self) -> int:
        return 0 if self.published == self.now else 1

    def summary(self) -> str:
        """One line per file."""
        return "\n".join(
            f"{'same bytes' if self.now.get(name) == digest else 'other bytes'}  {self.folder / name}"
            for name, digest in self.published.items()
        )


def _published(stamp: str, reports: Path) -> tuple[Outcome, Mapping[str, Any]]:
    """The outcome that carries ``stamp``, and the manifest it stands in."""
    known = []
    for file in sorted(reports.rglob("manifest.json")):
        for outcome in read_manifest(file.parent).values():
            known.append(outcome.stamp)
            if outcome.stamp == stamp:
                return outcome, manifest_content(file.parent)
    raise EditionError(
        "no published report has this stamp", where=str(reports), got=stamp,
        fix=did_you_mean(stamp, known, "name the folder with --reports"),
    )  # fmt: skip


@contextmanager
def _removed(work: Path) -> Iterator[None]:
    try:
        yield
    finally:
        shutil.rmtree(work, ignore_errors=True)


def reproduce_report(stamp: str, reports: Path, out: Path) -> Reproduced:
    """Render the report that carries ``stamp`` once more, into ``out``.

    Raises
    ------
    EditionError
        For an unknown stamp (naming the nearest), or if something the report depends on is not what it was, naming it.
    """
    outcome, manifest = _published(stamp, reports)
    try:
        edition = check_model(Edition, manifest["settings"] | {"month": manifest["month"]}, stamp)
    except ParameterError as error:
        raise EditionError(error.what, where=error.where, got=error.got) from error
    planned = plan(edition)
    keys = Keys(planned)
    report = next((one for one in planned.reports if one.stem == outcome.stem), None)
    if report is None:
        raise EditionError("the facts know this report no more", where=stamp, fix="compute the facts as they were")
    if (key := keys.of(report)).digest != outcome.key:
        raise EditionError(
            "not what it was: " + ", ".join(changed_parts(outcome.parts, key.parts)), where=stamp,
            fix=f"restore it, or use the version that made it (relapse-risk {manifest.get('version')})",
        )  # fmt: skip
    make_folder(out, restricted=edition.restricted)
    work = out / ".work"
    with (
        _removed(work),
        ForkServer(setup_of(planned, 1)) as server,
    ):
        _, made = next(iter(server.run(f"{JOB}:remake", [job_of(planned, keys, report, out, work)])))
    if isinstance(made, Exception):
        raise made
    return Reproduced(out, dict(outcome.files), made)
