"""An edition: plan → execute → export → publish.  A report is published whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from time import perf_counter, process_time

from filelock import FileLock, Timeout

from relapse_risk import __version__
from relapse_risk.assessment import Facts
from relapse_risk.errors import EditionError, RelapseRiskError
from relapse_risk.parameters import params_dir
from relapse_risk.progress import Progress, no_progress
from relapse_risk.reporting.edition import Edition, ReportPlan, notebook_path, plan
from relapse_risk.reporting.execute import check_parameters, run_notebook
from relapse_risk.reporting.export import PDF_MISSING, pdf_advice, to_html, to_pdf, warm_up
from relapse_risk.reporting.pool import run_all
from relapse_risk.reporting.publish import (
    Outcome,
    is_whole,
    publish_file,
    publish_files,
    read_manifest,
    sweep,
    write_manifest,
)
from relapse_risk.reporting.site import INDEX, failure_page, write_index
from relapse_risk.reporting.text import Language, text

__all__ = ["EditionResult", "render_edition", "render_report"]

ALL, SOME_FAILED, NONE_PUBLISHED = 0, 1, 4
SOURCES = ("reporting", "assessment")
SOURCE_KINDS = (".py", ".yaml", ".j2", ".css", ".json", ".xz")


@dataclass(frozen=True, slots=True)
class EditionResult:
    """What a run published.

    Attributes
    ----------
    exit_code : int
        0 every report stands, 1 some failed, 4 none published.
    """

    folder: Path
    outcomes: tuple[Outcome, ...]
    pdf: str

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")

    @property
    def exit_code(self) -> int:
        if not self.failed:
            return ALL
        return NONE_PUBLISHED if len(self.failed) == len(self.outcomes) else SOME_FAILED

    def summary(self) -> str:
        """Counts, failures and paths for a terminal."""
        count = {
            status: sum(o.status == status for o in self.outcomes) for status in ("published", "unchanged", "failed")
        }
        lines = [f"{count['published']} published, {count['unchanged']} unchanged, {count['failed']} failed"]
        lines += [f"failed: {o.county} {o.language}: {o.error.splitlines()[0]}" for o in self.failed]
        lines += [str(self.folder / name) for o in self.outcomes for name in o.files]
        lines += [str(self.folder / name) for name in INDEX.values()]
        if PDF_MISSING and self.pdf == "none":
            lines.append(f"HTML only. {PDF_MISSING}; {pdf_advice()}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Job:
    """Everything one report is rendered from; crosses a process border."""

    report: ReportPlan
    notebook: Path
    parameters: dict[str, object]
    formats: tuple[str, ...]
    folder: Path
    key: str
    data_date: str
    last: Outcome | None


def render_edition(edition: Edition, progress: Progress | None = None, workers: int = 2) -> EditionResult:
    """Render every report of ``edition`` that is missing or out of date, and publish it.

    Each report is published and vouched for as soon as it is ready, so that a run that is killed loses only the reports
    in progress.

    Parameters
    ----------
    edition : Edition
    progress : callable, optional
    workers : int
        Reports at once.

    Raises
    ------
    EditionError
        Before anything runs: unknown county, missing facts, wrong parameters, or another run in the same folder.
    """
    tell = progress or no_progress
    notebook = notebook_path(edition)
    plans, facts = plan(edition)
    check_parameters(notebook, _parameters(edition, plans[0]))
    folder = edition.out
    folder.mkdir(parents=True, exist_ok=True)
    formats = tuple(kind for kind in edition.formats if kind == "html" or not PDF_MISSING) or ("html",)
    lock = FileLock(str(folder / ".lock"))
    try:
        lock.acquire(timeout=1)
    except Timeout as error:
        raise EditionError(
            "another run is rendering into this folder", where=str(folder), fix="wait for it, or choose another out"
        ) from error
    with lock:
        sweep(folder)
        outcomes = _render_all(edition, notebook, plans, facts, formats, workers, tell)
        write_index(folder, facts, outcomes)
    return EditionResult(folder, tuple(outcomes), _engine(formats))


def _engine(formats: Sequence[str]) -> str:
    return "weasyprint" if "pdf" in formats else "none"


def _parameters(edition: Edition, report: ReportPlan) -> dict[str, object]:
    return {
        "county": report.county, "month": edition.month, "language": report.language,
        "register": str(edition.register_folder.absolute()), "facts": str(edition.facts.absolute()),
    }  # fmt: skip


def _key(facts: Facts, report: ReportPlan, notebook: Path, formats: Sequence[str], source: bytes) -> str:
    """Digest of everything a report depends on: its facts, notebook, language, formats, and our own source."""
    digest = blake2b(digest_size=16)
    parts = (
        facts.manifest["hashes"][report.county].encode(), notebook.read_bytes(), report.language.encode(),
        ",".join(formats).encode(), source,
    )  # fmt: skip
    for part in parts:
        digest.update(part + b"\0")
    return digest.hexdigest()


def _source_digest(place: str) -> bytes:
    """Digest of the code and words that shape a report, and of the place's own words; a change renders anew."""
    digest = blake2b(__version__.encode(), digest_size=16)
    root = Path(str(files("relapse_risk")))
    found = [p for name in SOURCES for p in sorted((root / name).rglob("*")) if p.suffix in SOURCE_KINDS]
    for path in (*found, params_dir() / "places" / f"{place}.yaml"):
        digest.update(path.read_bytes())
    return digest.digest()


def _render_all(
    edition: Edition, notebook: Path, plans: Sequence[ReportPlan], facts: Facts, formats: tuple[str, ...], workers: int,
    tell: Progress,
) -> list[Outcome]:  # fmt: skip
    """Outcome of every planned report, those that stand as they are first; the manifest grows with each."""
    source, last, folder = _source_digest(edition.place), read_manifest(edition.out), edition.out
    found: dict[str, Outcome] = {}
    jobs: list[Job] = []
    for report in plans:
        key, before = _key(facts, report, notebook, formats, source), last.get(report.stem)
        if before and before.key == key and before.status != "failed" and is_whole(folder, before):
            found[report.stem] = replace(before, status="unchanged", name=report.name)
        else:
            parameters = _parameters(edition, report)
            jobs.append(Job(report, notebook, parameters, formats, folder, key, facts.manifest["data_date"], before))
    tell(len(found), len(plans), "")
    for at, result in run_all(render_report, jobs, workers, warm_up):
        job = jobs[at]
        found[job.report.stem] = result if isinstance(result, Outcome) else _failed(job, str(result), 0.0, 0.0)
        standing = [found.get(p.stem) or last.get(p.stem) for p in plans]
        write_manifest(folder, edition.name, edition.month, [o for o in standing if o], _engine(formats))
        tell(len(found), len(plans), f"{job.report.name} {job.report.language}")
    outcomes = [found[report.stem] for report in plans]
    write_manifest(folder, edition.name, edition.month, outcomes, _engine(formats))
    return outcomes


def render_report(job: Job) -> Outcome:
    """Execute, export and publish one report; whatever goes wrong becomes a failed outcome with its page."""
    wall, cpu = perf_counter(), process_time()
    report = job.report
    language: Language = "zh" if report.language == "zh" else "en"
    try:
        executed = run_notebook(job.notebook, job.parameters, Path.cwd())
        title = text("report.document", language, county=report.name)
        page = to_html(executed, title, language, text("report.skip", language))
        content = {f"{report.stem}.pdf": to_pdf(page, report.stem)} if "pdf" in job.formats else {}
        if "html" in job.formats:
            content[f"{report.stem}.html"] = page.encode("utf-8")
        digests = publish_files(job.folder, content)
        (job.folder / f"{report.stem}.failed.html").unlink(missing_ok=True)
    except (RelapseRiskError, OSError, MemoryError) as error:
        return _failed(job, str(error) or type(error).__name__, perf_counter() - wall, process_time() - cpu)
    return Outcome(
        report.county, report.name, report.language, "published", job.key, digests, job.data_date,
        seconds=round(perf_counter() - wall, 2), cpu_seconds=round(process_time() - cpu, 2),
    )  # fmt: skip


def _failed(job: Job, error: str, seconds: float, cpu: float) -> Outcome:
    """Write the page of a failure; the last good report, if it still stands, is kept and named."""
    report, last = job.report, job.last
    page = failure_page(report.name, error, "zh" if report.language == "zh" else "en")
    publish_file(job.folder / f"{report.stem}.failed.html", page)
    kept = last if last is not None and is_whole(job.folder, last) else None
    return Outcome(
        report.county, report.name, report.language, "failed", job.key, dict(kept.files) if kept else {},
        kept.data_date if kept else "", error, round(seconds, 2), round(cpu, 2),
    )  # fmt: skip
