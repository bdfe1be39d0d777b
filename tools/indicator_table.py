"""Write docs/indicators.md: every indicator with its definition, limit, the source that speaks of it, and confidence.

    python tools/indicator_table.py [--check]

A test holds the file to what this prints.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from relapse_risk.assessment import INDICATORS
from relapse_risk.measures import Indicator
from relapse_risk.parameters import read_parameters
from relapse_risk.text import bilingual, text

FILE = Path(__file__).resolve().parents[1] / "docs" / "indicators.md"
DAY = date(2020, 12, 31)
HEAD = """# Indicators

Every indicator of the county report: what it is, the limit it is judged by and the document that speaks of *that* indicator. Written by `tools/indicator_table.py` from the declarations, the messages and `params/thresholds.yaml`; limits are those of {day}. *set by this project*: no document was found; the target is ours and marked with `*` wherever it is printed. No limit: it is not judged. Sources are explained in [sources.md](sources.md); `relapse-risk why PLACE COUNTY NAME` says the same of a printed number, with its counts and deliveries.

The four rates that decide an evaluation are `wrong_exit_rate`, `missed_rate`, `combined_poverty_rate` and `approval_rate`; the verification sample's own are `verified_wrong_exit` (beside the first) and `verified_missed_monitoring`, `verified_failed_help`. Where a line changed between two periods, the facts hold `previous_held` (the last period by this period's line), `line_before` and `line_now`.

| § | indicator | 中文 | definition | limit | basis of the limit | source of the indicator |
|---|---|---|---|---|---|---|
"""


def basis(item: Indicator) -> tuple[str, str]:
    """The limit as printed, and its confidence with the source that speaks of it."""
    if not item.limit:
        return "–", "–"
    dated = read_parameters().on(item.limit, DAY)
    confidence = text(f"value.confidence.{dated.confidence}", "en")
    return (
        f"{dated.value:g}" if item.unit != "share" else f"{dated.value:.0%}",
        f"{confidence}: {bilingual(dated.source, 'en')}",
    )


def table() -> str:
    """The whole file."""
    rows = []
    for item in sorted(INDICATORS, key=lambda one: one.section):
        limit, why = basis(item)
        source = {"ASSUME": "set by this project", "MEM": "from memory", "": "–"}.get(item.source, item.source)
        cells = (
            item.section, f"`{item.name}` {text(f'indicator.{item.name}', 'en')}", text(f"indicator.{item.name}", "zh"),
            text(f"definition.{item.name}", "en"), limit, why, source,
        )  # fmt: skip
        rows.append("| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |")
    return HEAD.format(day=DAY.isoformat()) + "\n".join(rows) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(
            0
            if FILE.read_text(encoding="utf-8") == table()
            else "docs/indicators.md is out of date: run tools/indicator_table.py"
        )
    FILE.write_text(table(), encoding="utf-8")
