"""An edition: plan → execute → export → publish.  A report is published whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from filelock import FileLock, Timeout

from relapse_risk import __version__
from relapse_risk.assessment import Facts
from relapse_risk.errors import EditionError, RelapseRiskError
from relapse_risk.progress import Progress, no_progress
from relapse_risk.reporting.edition import Edition, ReportPlan, notebook_path, plan
from relapse_risk.reporting.execute import check_parameters, run_notebook
from relapse_risk.reporting.export import PDF_MISSING, pdf_advice, to_html, to_pdf
from relapse_risk.reporting.publish import (
    Outcome,
    failure_page,
    is_whole,
    publish_file,
    read_manifest,
    write_index,
    write_manifest,
)
from relapse_risk.reporting.text import text

__all__ = ["EditionResult", "render_edition", "render_report"]

ALL, SOME_FAILED, NONE_PUBLISHED = 0, 1, 4
WHOLE_SOURCE = ("reporting", "assessment")


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
        lines += [str(self.folder / "index.html"), str(self.folder / "index.en.html")]
        if PDF_MISSING and self.pdf == "none":
            lines.append(f"HTML only. {PDF_MISSING}; {pdf_advice()}")
        return "\n".join(lines)


def render_edition(edition: Edition, progress: Progress | None = None, workers: int = 2) -> EditionResult:
    """Render every report of ``edition`` that is missing or out of date, and publish it.

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
    formats = tuple(kind for kind in edition.formats if kind == "html" or not PDF_MISSING)
    engine = "weasyprint" if "pdf" in formats else "none"
    lock = FileLock(str(folder / ".lock"))
    try:
        lock.acquire(timeout=1)
    except Timeout as error:
        raise EditionError(
            "another run is rendering into this folder", where=str(folder), fix="wait for it, or choose another out"
        ) from error
    with lock:
        _sweep(folder)
        outcomes = _render_all(edition, notebook, plans, facts, formats, workers, tell)
        write_index(folder, facts, outcomes, formats)
        write_manifest(folder, edition.name, edition.month, outcomes, engine)
    return EditionResult(folder, tuple(outcomes), engine)


def _sweep(folder: Path) -> None:
    """Remove what a killed run left half written."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


def _parameters(edition: Edition, report: ReportPlan) -> dict[str, object]:
    return {
        "county": report.county, "month": edition.month, "language": report.language,
        "register": str(edition.register_folder.absolute()), "facts": str(edition.facts.absolute()),
    }  # fmt: skip


def _key(facts: Facts, report: ReportPlan, notebook: Path, formats: Sequence[str], source: bytes) -> str:
    """Digest of everything a report depends on: its facts, notebook, language, formats, and our own source."""
    digest = blake2b(digest_size=16)
    for part in (
        facts.manifest["hashes"][report.county].encode(), notebook.read_bytes(), report.language.encode(),
        ",".join(formats).encode(), source,
    ):  # fmt: skip
        digest.update(part + b"\0")
    return digest.hexdigest()


def _source_digest() -> bytes:
    """Digest of the code and words that shape a report; a new version renders anew."""
    digest = blake2b(__version__.encode(), digest_size=16)
    root = Path(str(files("relapse_risk")))
    for name in WHOLE_SOURCE:
        for path in sorted((root / name).rglob("*")):
            if path.suffix in (".py", ".yaml", ".j2", ".css", ".json", ".xz"):
                digest.update(path.read_bytes())
    return digest.digest()


def _render_all(
    edition: Edition, notebook: Path, plans: Sequence[ReportPlan], facts: Facts, formats: Sequence[str], workers: int,
    tell: Progress,
) -> list[Outcome]:  # fmt: skip
    source, last, folder = _source_digest(), read_manifest(edition.out), edition.out
    found: dict[str, Outcome] = {}
    todo: list[tuple[ReportPlan, str]] = []
    for report in plans:
        key, before = _key(facts, report, notebook, formats, source), last.get(report.stem)
        if before and before.key == key and before.status != "failed" and is_whole(folder, before):
            found[report.stem] = Outcome(
                report.county, report.name, report.language, "unchanged", key, before.files, seconds=before.seconds
            )
        else:
            todo.append((report, key))
    done = len(found)
    tell(done, len(plans), "")
    for report, outcome in _run(edition, notebook, todo, formats, workers):
        found[report.stem] = outcome
        done += 1
        tell(done, len(plans), f"{report.name} {report.language}")
    return [found[report.stem] for report in plans]


def _run(
    edition: Edition, notebook: Path, todo: Sequence[tuple[ReportPlan, str]], formats: Sequence[str], workers: int
) -> Iterator[tuple[ReportPlan, Outcome]]:
    """Render in fresh processes, each report in its own kernel; yields outcomes as they come."""
    jobs = [(report, key, (notebook, _parameters(edition, report), report, tuple(formats), edition.out, key)) for report, key in todo]  # fmt: skip
    if not jobs:
        return
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=get_context("spawn")) as pool:
        running: dict[Future[Outcome], tuple[ReportPlan, str]] = {
            pool.submit(render_report, *arguments): (report, key) for report, key, arguments in jobs
        }
        for future in as_completed(running):
            report, key = running[future]
            try:
                yield report, future.result()
            except BrokenProcessPool:
                yield report, _failed(edition.out, report, key, "the rendering process was killed", 0.0)


def render_report(
    notebook: Path, parameters: dict[str, object], report: ReportPlan, formats: tuple[str, ...], folder: Path, key: str
) -> Outcome:
    """Execute, export and publish one report; whatever goes wrong becomes a failed outcome with its page."""
    start = perf_counter()
    try:
        language = "zh" if report.language == "zh" else "en"
        executed = run_notebook(notebook, parameters, Path.cwd())
        title = text("report.title", language, county=report.name)  # type: ignore[arg-type]
        page = to_html(executed, title, language, text("report.skip", language))  # type: ignore[arg-type]
        content = {f"{report.stem}.pdf": to_pdf(page, report.stem)} if "pdf" in formats else {}
        if "html" in formats:
            content[f"{report.stem}.html"] = page.encode("utf-8")
        digests = {name: publish_file(folder / name, data) for name, data in content.items()}
        (folder / f"{report.stem}.failed.html").unlink(missing_ok=True)
    except (RelapseRiskError, OSError, MemoryError) as error:
        return _failed(folder, report, key, str(error), perf_counter() - start)
    return Outcome(
        report.county, report.name, report.language, "published", key, dict(sorted(digests.items())),
        seconds=round(perf_counter() - start, 2),
    )  # fmt: skip


def _failed(folder: Path, report: ReportPlan, key: str, error: str, seconds: float) -> Outcome:
    language = "zh" if report.language == "zh" else "en"
    page = failure_page(report.name, error, language)  # type: ignore[arg-type]
    publish_file(folder / f"{report.stem}.failed.html", page)
    return Outcome(report.county, report.name, report.language, "failed", key, {}, error, round(seconds, 2))
