"""What a report depends on, digested part by part: equal keys are equal bytes, and a change can be named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from relapse_risk import __version__
from relapse_risk.editions.edition import CITY
from relapse_risk.editions.edition_plan import Plan, ReportPlan
from relapse_risk.editions.fork_server import named
from relapse_risk.editions.pdf_engine import NO_PDF, pdf_engine
from relapse_risk.files import digest
from relapse_risk.measures.facts_folder import month_before
from relapse_risk.pages.county_outlines import OUTLINES_FILE
from relapse_risk.parameters import params_dir

__all__ = ["Key", "Keys", "changed_parts"]

LEDGER_FILES = ("manifest.json", "issues.jsonl")  # in the register's folder: issues of projects, and all others
SOURCES = ("text", "charts", "pages", "editions", "disclosure", "assessment")
WORK_SOURCES = (
    "assistance",
    "derive",
    "predicates",
)  # what worklists and plans are assessed by, from the register itself
WORK_PARAMS = ("lines.yaml", "thresholds.yaml", "measures.yaml")
SOURCE_KINDS = (".py", ".j2", ".css", ".typ", ".json", ".xz")


def _digest(*parts: bytes) -> str:
    return digest(part + b"\0" for part in parts)


@dataclass(frozen=True, slots=True)
class Key:
    """Digest of a report, and of each thing it depends on by name."""

    digest: str
    parts: Mapping[str, str]


class Keys:
    """Keys of one plan; what its reports have in common is digested once."""

    def __init__(self, plan: Plan) -> None:
        root, edition = Path(str(files("relapse_risk"))), plan.edition
        self.engine = pdf_engine() if "pdf" in edition.formats else NO_PDF
        self.formats = tuple(kind for kind in edition.formats if kind != "pdf" or self.engine != NO_PDF) or ("html",)
        code = [p for name in SOURCES for p in sorted((root / name).rglob("*")) if p.suffix in SOURCE_KINDS]
        words = sorted((root / "text" / "messages").glob("*.yaml"))
        place = params_dir() / "places" / f"{plan.manifest['place']}.yaml"
        self._hashes: Mapping[str, str] = plan.manifest["hashes"]
        self._common = {
            "program": _digest(__version__.encode(), *(path.read_bytes() for path in code)),
            "words": _digest(*(path.read_bytes() for path in words)),
            "place": _digest(place.read_bytes()),
            "pdf": self.engine if self.engine == NO_PDF else f"{self.engine} {edition.paper}",
            "formats": ",".join(self.formats) + (" with annex" if edition.annex else ""),
            "audience": edition.audience,
        }
        self._earlier, self._outlines = _earlier(plan), _file_digest(edition.register_folder / OUTLINES_FILE)
        self._day = f"{plan.day} {edition.every}" if plan.day else ""
        self._ledger = "".join(_file_digest(edition.register_folder / name) for name in LEDGER_FILES)
        self._plan, self._registers = plan, dict[str, str]()
        self._works = (
            {
                "rules": _rules(edition.place),
                "scores": _scores(edition.scores, plan.month),
                "referrals": _file_digest(edition.register_folder / "events" / "tip.json"),
            }
            if any(report.subject for report in plan.reports)
            else {}
        )
        self._notebooks = {report.notebook: _digest(report.notebook.read_bytes()) for report in plan.reports}

    def of(self, report: ReportPlan) -> Key:
        """Key of one report."""
        parts = self._common | {
            **(self._assessed_by(report) if report.subject else {"facts": self._hashes.get(report.county, "")}),
            "notebook": self._notebooks[report.notebook],
            "language": report.language,
        }
        if report.county == CITY or self._day:  # it says what changed since the facts before
            parts |= {"earlier": self._earlier, "outlines": self._outlines}
        if self._day:  # it follows the issue ledger
            parts |= {"day": self._day, "ledger": self._ledger}
        return Key(_digest(*(f"{name}={value}".encode() for name, value in sorted(parts.items()))), parts)

    def _assessed_by(self, report: ReportPlan) -> dict[str, str]:
        """What a worklist or a plan depends on instead of facts."""
        if report.county not in self._registers:
            folder, month = self._plan.edition.register_folder, self._plan.month
            self._registers[report.county] = named("relapse_risk.editions.report_subjects:county_hash")(
                folder, report.county, month
            )
        subject = report.subject.code if report.subject else ""
        return self._works | {"register": self._registers[report.county], "subject": subject}


def _rules(place: str) -> str:
    """Digest of what worklists and plans are assessed by: program, catalogue, predicates and dated values."""
    root, folder = Path(str(files("relapse_risk"))), params_dir()
    code = [path for name in WORK_SOURCES for path in sorted((root / name).rglob("*.py"))]
    values = [folder / "assistance" / f"{place}.yaml", *(folder / name for name in WORK_PARAMS)]
    values += sorted((folder / "predicates").glob("*.yaml"))
    return _digest(*(path.read_bytes() for path in (*code, *values) if path.is_file()))


def _scores(folder: Path | None, month: str) -> str:
    """Digest of the scores of a month; empty where none are given."""
    return "" if folder is None else _digest(*(path.read_bytes() for path in sorted((folder / month).glob("*.*"))))


def _earlier(plan: Plan) -> str:
    """Month and digest of the facts before the plan's; empty where there are none."""
    before = month_before(plan.edition.facts, plan.month)
    if not before:
        return ""
    return _digest(before.encode(), (plan.edition.facts / before / "facts.json").read_bytes())


def _file_digest(path: Path) -> str:
    """Digest of a file beside the register's tables; empty where there is none."""
    return _digest(path.read_bytes()) if path.is_file() else ""


def changed_parts(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names of the parts that differ.

    Examples
    --------
    >>> changed_parts({"facts": "a", "words": "b"}, {"facts": "c", "words": "b"})
    ['facts']
    """
    return [name for name in sorted(now) if before.get(name) != now[name]]
