"""What the fork server's children do: render one report, and write the pages around them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import nbformat

from relapse_risk import __version__
from relapse_risk.assessment import read_facts
from relapse_risk.editions.execute import check_parameters, declared_parameters, run_notebook
from relapse_risk.editions.export import Sheet, to_html, to_pdf, visible, warm_up
from relapse_risk.editions.fonts import code_points, missing_characters
from relapse_risk.editions.publish import Outcome, publish_files, run_files, vouch
from relapse_risk.editions.render_tasks import Finish, Job, Preload
from relapse_risk.editions.site import failure_page, index_pages, verdicts
from relapse_risk.errors import EditionError, RelapseRiskError, WriteError
from relapse_risk.files import write_text
from relapse_risk.languages import as_language
from relapse_risk.pages.annex_workbook import workbook_of
from relapse_risk.pages.county_report import open_report
from relapse_risk.pages.worklist_page import worklist_files
from relapse_risk.parameters import read_place
from relapse_risk.text import has_text, said, text

try:  # Windows has no resource module: no peak there
    import resource
except ImportError:  # pragma: no cover
    resource = None  # type: ignore[assignment]

__all__ = ["check", "failed", "finish", "preload", "remake", "render_report"]

REHEARSED = ("visits_by_town", "take_up_by_department", "survey_by_town", "hardship_by_town")
OFFERED = {"audience", "county", "facts", "scores"}
KIB_PER_MB = 1024 if sys.platform == "linux" else 1024 * 1024


def preload(given: Preload) -> None:
    """Prepare the fork server: imports, and once each step that is slow the first time.

    Only our own code runs here, never the edition's notebook: what that leaves behind would be in every report.
    """
    warm_up()
    with suppress(RelapseRiskError, OSError, ValueError, KeyError):  # damaged facts: the reports say so themselves
        read_facts(given.facts, given.month).hold()
        for language in given.languages:
            report = open_report(given.facts, given.month, given.county, language)
            shown = [report.brief(), report.indicators(2), report.indicators(3), report.parameters(), report.formulas()]
            shown += [report.table(name) for name in REHEARSED] + [report.figure(name) for name in REHEARSED]
            shown += [report.side(report.figure("risk_by_town"), report.table("model_terms"))]
            any(block._repr_html_() for block in shown)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.ipynb"
        cell = nbformat.v4.new_code_cell("county = ''", metadata={"tags": ["parameters"]})
        kernel = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
        write_text(path, nbformat.writes(nbformat.v4.new_notebook(cells=[cell], metadata=kernel)))
        run_notebook(path, {"county": "1"}, Path(folder))


def fitting(notebook: Path, parameters: Mapping[str, object]) -> dict[str, object]:
    """``parameters`` without those that not every notebook takes; what one declares and is not given is an error."""
    drop = OFFERED - declared_parameters(notebook)
    return {name: value for name, value in parameters.items() if name not in drop}


def check(given: tuple[Path, Mapping[str, object]]) -> RelapseRiskError | None:
    """The error of a notebook's parameters, as a value that crosses a process border."""
    notebook, parameters = given
    try:
        check_parameters(notebook, fitting(notebook, parameters))
        if parameters.get("audience") == "restricted" and "audience" not in declared_parameters(notebook):
            raise EditionError(
                "the notebook has no restricted part", where=str(notebook), got="audience: restricted",
                expected="a parameter named audience", fix="use audience: public, or a notebook that takes it",
            )  # fmt: skip
    except RelapseRiskError as error:
        return error
    return None


def render_report(job: Job) -> Outcome:
    """Execute, export and write one report aside; whatever goes wrong becomes a failed outcome with its page."""
    wall, cpu = perf_counter(), process_time()
    try:
        content, undrawn = _content(job)
        digests = publish_files(job.folder, content, restricted=job.restricted)
        (job.folder / f"{job.report.stem}.failed.html").unlink(missing_ok=True)
        outcome = Outcome(
            job.report.county, job.report.name, job.report.language, job.report.stem, "published", job.key, digests,
            job.data_date, stamp=job.stamp, parts=job.parts, undrawn=undrawn,
        )  # fmt: skip
    except (RelapseRiskError, OSError, MemoryError) as error:
        outcome = failed(job, str(error) or type(error).__name__)
    spent = {
        "seconds": round(perf_counter() - wall, 2),
        "cpu_seconds": round(process_time() - cpu, 2),
        "peak_mb": _peak_mb(),
    }
    outcome = replace(outcome, **spent)  # type: ignore[arg-type]
    if outcome.status == "published":
        try:
            vouch(job.folder, outcome, restricted=job.restricted)
        except WriteError as error:
            return failed(job, str(error))
    return outcome


def remake(job: Job) -> dict[str, str] | RelapseRiskError:
    """Write a report's files once more; their SHA-256, or the error as a value."""
    try:
        return publish_files(job.folder, _content(job)[0], restricted=job.restricted)
    except RelapseRiskError as error:
        return error


def _content(job: Job) -> tuple[dict[str, bytes], list[str]]:
    """Files of a report by name, and the code points that its font cannot draw."""
    report = job.report
    language = as_language(report.language)
    executed = run_notebook(report.notebook, fitting(report.notebook, job.parameters), Path.cwd())
    stamp = f"{job.stamp} · {job.data_date} · relapse-risk {__version__} · {job.engine}"
    own = f"report.document.{report.notebook.stem}"
    title = said(own if has_text(own) else "report.document", language, read_place(job.place), county=report.name)
    sheet = Sheet(
        title, language, text("report.skip", language), report.name,
        stamp, job.data_date, job.annex, job.paper,
    )  # fmt: skip
    page = to_html(executed, sheet)
    content = {f"{report.stem}.html": page.encode("utf-8")} if "html" in job.formats else {}
    if "xlsx" in job.formats:
        content |= {f"{report.stem}{suffix}": data for suffix, data in _workbooks(job).items()}
    if "pdf" in job.formats:
        content[f"{report.stem}.pdf"] = to_pdf(page, sheet, job.work / report.stem)
    return content, code_points(missing_characters(visible(page)))


def _workbooks(job: Job) -> dict[str, bytes]:
    """The workbook of a worklist and its JSON copy, or the annex of a report, by suffix."""
    if job.report.subject:
        return worklist_files(job.parameters)
    given = {name: str(job.parameters[name]) for name in ("facts", "month", "county", "language", "audience")}
    return {".xlsx": workbook_of(**given)}


def _peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MB, 1) if resource else 0.0


def failed(job: Job, error: str) -> Outcome:
    """The outcome of a failure; its page is written with the index that leads to it."""
    report = job.report
    return Outcome(
        report.county, report.name, report.language, report.stem, "failed", job.key, error=error, stamp=job.stamp,
        parts=job.parts,
    )  # fmt: skip


def finish(job: Finish) -> dict[str, bytes] | RelapseRiskError:
    """Write manifest, failures and index of the edition aside; returns the pages that lead to it, or the error."""
    try:
        return _finished(job)
    except RelapseRiskError as error:
        return error


def _finished(job: Finish) -> dict[str, bytes]:
    now: dict[str, dict[str, str]] = {}
    with suppress(RelapseRiskError, OSError, ValueError):  # damaged facts spoil no index
        now = verdicts(read_facts(job.facts, job.month))
    content = run_files(job.about | {"verdicts": now}, job.outcomes)
    content |= index_pages(job, now, "")
    for one in job.outcomes:
        if one.status == "failed":  # only now: a disk that was full while it failed has room kept for this
            content[f"{one.stem}.failed.html"] = failure_page(one.name, one.error, as_language(one.language))
    publish_files(job.stage, content, restricted=job.about["audience"] == "restricted")
    return index_pages(job, now, f"{job.folder}/")
