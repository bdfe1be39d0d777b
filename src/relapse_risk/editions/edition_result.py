"""What a run of an edition published, and what it tells a terminal and a scheduler."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from relapse_risk.editions.pdf_engine import pdf_advice
from relapse_risk.editions.publish import Outcome

__all__ = ["ALL", "INDEX", "NONE_PUBLISHED", "SOME_FAILED", "EditionResult"]

ALL, SOME_FAILED, NONE_PUBLISHED = 0, 1, 4
INDEX = ("index.html", "index.en.html")


@dataclass(frozen=True, slots=True)
class EditionResult:
    """What a run published.

    Attributes
    ----------
    folder : Path
        Of the newest edition of the month, whether this run made it or found it.
    exit_code : int
        0 every report stands, 1 some failed, 4 none published.
    """

    out: Path
    folder: Path
    outcomes: tuple[Outcome, ...]
    pdf: str
    new: bool

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")

    @property
    def exit_code(self) -> int:
        if not self.failed:
            return ALL
        return NONE_PUBLISHED if len(self.failed) == len(self.outcomes) or not self.new else SOME_FAILED

    def summary(self) -> str:
        """Counts, failures and paths for a terminal."""
        words = ("published", "unchanged", "failed")
        lines = [", ".join(f"{sum(o.status == word for o in self.outcomes)} {word}" for word in words)]
        lines += [f"failed: {o.stem}: {(o.error.splitlines() or [''])[0]}" for o in self.failed]
        lines += [f"{o.stem}: the font lacks {' '.join(o.undrawn)}" for o in self.outcomes if o.undrawn]
        lines += [str(self.folder / name) for o in self.outcomes for name in o.files if o.status == "published"]
        lines += [str(self.out / name) for name in INDEX]
        if self.pdf == "none":
            lines.append(f"HTML only. For PDF {pdf_advice()}")
        return "\n".join(lines)
