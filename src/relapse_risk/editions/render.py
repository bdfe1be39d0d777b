"""An edition: plan → execute → export → publish.  A report is published whole or not at all, an edition by one rename."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import gettempdir
from time import perf_counter
from typing import Any

from relapse_risk import __version__
from relapse_risk.editions.edition import Edition
from relapse_risk.editions.edition_keys import Key, Keys, changed_parts
from relapse_risk.editions.edition_lock import alone, unwritable
from relapse_risk.editions.edition_plan import Plan, ReportPlan, plan
from relapse_risk.editions.edition_result import INDEX, NONE_PUBLISHED, SOME_FAILED, EditionResult
from relapse_risk.editions.fork_server import ForkServer, Setup, named, reports_at_once
from relapse_risk.editions.pdf_engine import NO_PDF
from relapse_risk.editions.publish import (
    FAILURES,
    JUNIT,
    NEXT,
    Outcome,
    Published,
    commit,
    is_whole,
    link_files,
    manifest_content,
    prune,
    publish_files,
    published,
    read_manifest,
    run_files,
    staged,
    surviving,
)
from relapse_risk.editions.remote_rendering import Cluster, render_server
from relapse_risk.editions.render_tasks import Finish, Job, Preload
from relapse_risk.errors import WriteError
from relapse_risk.files import digest, make_folder, write_bytes
from relapse_risk.json_reading import has_shape
from relapse_risk.parts import Backend, Processes, opened
from relapse_risk.progress import Progress, no_progress

__all__ = ["NONE_PUBLISHED", "SOME_FAILED", "EditionResult", "Options", "Reason", "explain_edition", "render_edition"]

JOB = "relapse_risk.editions.render_job"
RESERVE = 3_000_000  # bytes kept free for manifest and index while reports fill a disk
Log = Callable[[Mapping[str, object]], None]


def _no_log(_: Mapping[str, object]) -> None:
    """Log nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run behaves; what it makes does not depend on it.

    Attributes
    ----------
    workers : int
        Reports at once; 0 for as many as cores and memory allow.
    backend : str or Backend
        Where reports are rendered: ``processes`` (of this machine, ``workers`` of them) or ``dask[:address]``.
    resume : bool
        Take over what a killed run had finished.
    wait : float
        Seconds to wait for another run in the same folder.
    log : callable
        Called with every event as a mapping.
    """

    workers: int = 0
    resume: bool = True
    wait: float = 1.0
    log: Log = _no_log
    backend: str | Backend = "processes"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a report would run, or not."""

    stem: str
    runs: bool
    why: str


@dataclass(frozen=True, slots=True)
class _Run:
    """One run in progress: its plan, keys, folders and what is already published."""

    plan: Plan
    keys: Keys
    options: Options
    stage: Path
    work: Path
    current: Published | None
    last: Mapping[str, Outcome]


def _current(out: Path, month: str) -> Published | None:
    return next((one for one in reversed(published(out)) if one.month == month), None)


def explain_edition(edition: Edition) -> list[Reason]:
    """Why each report of ``edition`` would run; nothing is written.

    Raises
    ------
    EditionError
        As :func:`render_edition`.
    """
    planned = plan(edition)
    keys, current = Keys(planned), _current(edition.out, planned.month)
    last = read_manifest(current.folder) if current else {}
    finished = staged(edition.out / NEXT)
    return [
        _reason(report, keys.of(report), last.get(report.stem), current, finished.get(report.stem))
        for report in planned.reports
    ]


def _reason(
    report: ReportPlan, key: Key, before: Outcome | None, current: Published | None, ready: Outcome | None
) -> Reason:
    if ready and ready.key == key.digest:
        return Reason(report.stem, False, "finished by a run that did not publish")
    if before is None or current is None:
        return Reason(report.stem, True, "never published")
    if before.status == "failed":
        return Reason(report.stem, True, "failed last time")
    if before.key != key.digest:
        return Reason(report.stem, True, "changed: " + ", ".join(changed_parts(before.parts, key.parts)))
    if not is_whole(current.folder, before):
        return Reason(report.stem, True, "a published file is missing or damaged")
    return Reason(report.stem, False, "unchanged")


def render_edition(
    edition: Edition, progress: Progress | None = None, workers: int = 0, options: Options | None = None
) -> EditionResult:
    """Render every report of ``edition`` that is missing or out of date, and publish it.

    Each finished report is kept aside at once, so that a run that is killed loses only the reports in progress; the
    edition appears whole, by one rename.  A run without changes publishes nothing.

    Parameters
    ----------
    edition : Edition
    progress : callable, optional
    workers : int
        Reports at once, where no ``options`` are given; 0 for as many as cores and memory allow.
    options : Options, optional

    Raises
    ------
    EditionError
        Before anything runs: unknown county, missing facts, wrong parameters.
    RenderError
        If nothing could be published: another run in the same folder, or a folder that cannot be written.
    """
    chosen = options or Options(workers=workers)
    planned = plan(edition)
    with alone(edition.out, chosen.wait, restricted=edition.restricted):
        current = _current(edition.out, planned.month)
        stage = edition.out / NEXT
        if not chosen.resume:
            shutil.rmtree(stage, ignore_errors=True)
        work = Path(gettempdir()) / f"relapse-risk-{digest([str(edition.out.absolute())], size=8)}"
        shutil.rmtree(work, ignore_errors=True)  # of a killed run; not in use while we hold the lock
        last = read_manifest(current.folder) if current else {}
        run = _Run(planned, Keys(planned), chosen, stage, work, current, last)
        try:
            return _rendered(run, progress or no_progress)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _sized(options: Options) -> str | Backend:
    """``processes`` without a number leaves the number to ``workers``."""
    return Processes(0) if options.backend == "processes" else options.backend


def _rendered(run: _Run, tell: Progress) -> EditionResult:
    edition, found = run.plan.edition, _standing(run)
    todo = [report for report in run.plan.reports if report.stem not in found]
    run.options.log({"event": "planned", "edition": edition.name, "month": run.plan.month, "reports": len(run.plan.reports), "to_render": len(todo)})  # fmt: skip
    tell(len(found), len(run.plan.reports), "")
    if not todo and all(outcome.status == "unchanged" for outcome in found.values()) and _led_to(run):
        return _result(run, [found[r.stem] for r in run.plan.reports], run.current, new=False)
    workers = run.options.workers or reports_at_once()
    setup = setup_of(run.plan, min(workers, max(len(todo), 1)))
    try:
        make_folder(run.stage, restricted=edition.restricted)
        with opened(_sized(run.options)) as backend, render_server(setup, backend) as server:
            _check(run, server)
            write_bytes(run.stage / ".reserve", b"\0" * RESERVE)
            _render_all(run, server, todo, found, tell)
            return _finished(run, server, [found[report.stem] for report in run.plan.reports])
    except (OSError, WriteError) as error:
        raise unwritable(edition.out, error) from error


def setup_of(planned: Plan, workers: int) -> Setup:
    """How a plan's reports are rendered: what is preloaded, workers and timeout."""
    edition, first = planned.edition, planned.reports[0]
    facts = edition.facts.absolute()  # as the reports name it: preloaded facts are found by their path
    preload = Preload(facts, planned.month, first.county, edition.languages)
    return Setup(f"{JOB}:preload", preload, workers, edition.timeout_seconds)


def _standing(run: _Run) -> dict[str, Outcome]:
    """Reports that need no work: finished by a killed run, or published and unchanged."""
    finished, found = staged(run.stage), {}
    for report in run.plan.reports:
        key, before, ready = run.keys.of(report), run.last.get(report.stem), finished.get(report.stem)
        if ready and ready.key == key.digest:
            found[report.stem] = ready
        elif before and run.current and not _reason(report, key, before, run.current, None).runs:
            found[report.stem] = replace(before, status="unchanged", name=report.name)
    return found


def _led_to(run: _Run) -> bool:
    """Whether the pages at the top lead to the current edition, and it holds the reports of the plan and no others."""
    if run.current is None or set(run.last) != {report.stem for report in run.plan.reports}:
        return False
    mark = f'<meta name="edition" content="{published(run.plan.edition.out)[-1].folder.name}">'
    with suppress(OSError):
        return all(mark in (run.plan.edition.out / name).read_text(encoding="utf-8") for name in INDEX)
    return False


def _parameters(planned: Plan, report: ReportPlan) -> dict[str, object]:
    edition, subject = planned.edition, report.subject
    given: dict[str, object] = {
        "county": report.county, "month": planned.month, "language": report.language,
        "register": str(edition.register_folder.absolute()), "facts": str(edition.facts.absolute()),
        "audience": edition.audience, "scores": str(edition.scores.absolute()) if edition.scores else "",
    }  # fmt: skip
    if planned.day:
        given |= {"day": planned.day, "every": edition.every}
    return given | {subject.parameter: subject.code} if subject else given


def _check(run: _Run, server: ForkServer | Cluster) -> None:
    """Parameters of every notebook, before anything runs."""
    notebooks = list({report.notebook: report for report in run.plan.reports}.values())
    given = [(report.notebook, _parameters(run.plan, report)) for report in notebooks]
    for _, error in server.run(f"{JOB}:check", given):
        if error is not None:
            run.stage.rmdir() if not any(run.stage.iterdir()) else None
            raise error


def job_of(planned: Plan, keys: Keys, report: ReportPlan, stage: Path, work: Path) -> Job:
    """The job of one report."""
    key = keys.of(report)
    return Job(
        report, _parameters(planned, report), keys.formats, keys.engine, stage, key.digest, dict(key.parts),
        f"{planned.edition.name}/{planned.month}/{report.stem}/{key.digest}", planned.manifest["data_date"], work,
        planned.edition.place, planned.edition.annex, planned.edition.paper,
    )  # fmt: skip


def _render_all(
    run: _Run, server: ForkServer | Cluster, todo: Sequence[ReportPlan], found: dict[str, Outcome], tell: Progress
) -> None:
    """Render what is to do; a report whose process died or took too long is tried again."""
    left, begun = list(todo), perf_counter()
    for attempt in range(run.plan.edition.retries + 1):
        jobs = [job_of(run.plan, run.keys, report, run.stage, run.work) for report in left]
        again = []
        for at, result in server.run(f"{JOB}:render_report", jobs):
            report = left[at]
            if not isinstance(result, Outcome):
                if attempt < run.plan.edition.retries:
                    again.append(report)
                    run.options.log({"event": "again", "report": report.stem, "error": str(result)})
                    continue
                result = named(f"{JOB}:failed")(jobs[at], str(result))
            found[report.stem] = result
            run.options.log(
                {"event": result.status, "report": report.stem, "seconds": result.seconds, "cpu_seconds": result.cpu_seconds,
                 "peak_mb": result.peak_mb, "error": result.error, "elapsed": round(perf_counter() - begun, 2)}
            )  # fmt: skip
            tell(len(found), len(run.plan.reports), f"{report.name} {report.language}")
        left = again
        if not left:
            return


def _finished(run: _Run, server: ForkServer | Cluster, outcomes: Sequence[Outcome]) -> EditionResult:
    """Put the edition together and swap it in, unless nothing changed or it must not be published."""
    edition, out = run.plan.edition, run.plan.edition.out
    (run.stage / ".reserve").unlink(missing_ok=True)
    together = [_with_last_good(run, outcome) for outcome in outcomes]
    broken = [outcome for outcome in together if outcome.status == "failed"]
    about = _about(run, together)
    files = run_files(about, together)
    publish_files(out, {name: files[name] for name in (FAILURES, JUNIT)}, restricted=edition.restricted)
    held_back = bool(broken) and edition.on_failure == "publish_none"
    if held_back or _no_news(run, together):
        return _result(run, together, run.current, new=not held_back)
    for outcome in together:
        if outcome.status == "unchanged" and run.current:
            link_files(run.current.folder, run.stage, list(outcome.files), restricted=edition.restricted)
    number = run.current.number + 1 if run.current else 1
    before = _before(run)
    coming = Published(run.plan.month, number, out / f"{run.plan.month}.{number}")
    found = sorted([*published(out), coming], key=lambda one: (one.month, one.number))
    stay = surviving(found, edition.keep)
    finish = Finish(
        run.stage, about, tuple(together), edition.facts, run.plan.month, f"{run.plan.month}.{number}",
        tuple((one.month, one.folder.name) for one in stay), _verdicts(before),
    )  # fmt: skip
    _, pages = next(iter(server.run(f"{JOB}:finish", [finish])))
    if isinstance(pages, Exception):
        raise pages
    new = commit(run.stage, out, run.plan.month)
    publish_files(out, pages, restricted=edition.restricted)
    prune(out, edition.keep)
    run.options.log({"event": "edition", "folder": str(new.folder), "failed": len(broken)})
    return _result(run, together, new, new=True)


def _about(run: _Run, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    edition = run.plan.edition
    return {
        "edition": edition.name, "month": run.plan.month, "data_date": run.plan.manifest["data_date"],
        "version": __version__, "pdf": run.keys.engine, "audience": edition.audience,
        "settings": edition.model_dump(mode="json", by_alias=True),
    }  # fmt: skip


def _with_last_good(run: _Run, outcome: Outcome) -> Outcome:
    """A failed report keeps its last good files, linked into this edition with their date."""
    if outcome.status != "failed":
        return outcome
    edition = run.plan.edition
    for one in reversed(published(edition.out)):
        last = read_manifest(one.folder).get(outcome.stem)
        if last and last.parts.get("audience", edition.audience) == edition.audience and is_whole(one.folder, last):
            link_files(one.folder, run.stage, list(last.files), restricted=edition.restricted)
            return replace(outcome, files=dict(last.files), data_date=last.data_date)
    return outcome


def _no_news(run: _Run, outcomes: Sequence[Outcome]) -> bool:
    """Whether an edition equals the published one in all but the time it took."""
    if run.current is None or set(run.last) != {outcome.stem for outcome in outcomes} or not _led_to(run):
        return False
    return all(
        outcome.status != "published" and (run.last[outcome.stem].status == "failed") == (outcome.status == "failed")
        and outcome.error == run.last[outcome.stem].error
        for outcome in outcomes
    )  # fmt: skip


def _before(run: _Run) -> Published | None:
    """The edition to compare with: the newest one of an earlier month, else of this one."""
    found = published(run.plan.edition.out)
    return next((one for one in reversed(found) if one.month < run.plan.month), run.current)


def _verdicts(one: Published | None) -> dict[str, dict[str, str]]:
    if one is None:
        return {}
    found = manifest_content(one.folder).get("verdicts", {})
    return found if has_shape(found, {str: {str: str}}) else {}


def _result(run: _Run, outcomes: Sequence[Outcome], one: Published | None, new: bool) -> EditionResult:
    out = run.plan.edition.out
    pdf = run.keys.engine if run.keys.engine != NO_PDF or "pdf" in run.plan.edition.formats else "not asked for"
    return EditionResult(out, one.folder if one else out, tuple(outcomes), pdf, new)
