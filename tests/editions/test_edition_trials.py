"""Long trials: three hundred counties in one edition, and no county shows another's charts."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pypdf import PdfReader
from tests.report_fixtures import MONTH, edition_file

from relapse_risk.assessment import read_facts
from relapse_risk.editions.edition import read_edition
from relapse_risk.editions.render import render_edition


def many_counties(facts: Path, folder: Path, count: int) -> Path:
    """Facts of ``count`` counties: those of the city again and again, under new codes."""
    source, target = facts / MONTH, folder / MONTH
    target.mkdir(parents=True)
    content = json.loads((source / "facts.json").read_text(encoding="utf-8"))
    old = content["counties"]
    new = [(f"{900000 + i}", f"{old[i % len(old)][1]}{i}", f"{old[i % len(old)][2]} {i}") for i in range(count)]
    of = {code: old[i % len(old)][0] for i, (code, _, _) in enumerate(new)}
    content["counties"] = new
    content["hashes"] = {code: content["hashes"][of[code]] + code for code in of} | {"city": content["hashes"]["city"]}
    (target / "facts.json").write_text(json.dumps(content), encoding="utf-8")
    for file in source.glob("*.parquet"):
        frame = pq.read_table(file).to_pandas()
        by_code = {code: rows for code, rows in frame.groupby("county_code")}
        with pq.ParquetWriter(target / file.name, pq.read_schema(file)) as writer:
            for code in [*of, "city"]:
                rows = by_code.get(of.get(code, code))
                if rows is not None:
                    table = pa.Table.from_pandas(
                        rows.assign(county_code=code), schema=pq.read_schema(file), preserve_index=False
                    )
                    writer.write_table(table)
    return folder


@pytest.mark.long
def test_three_hundred_counties_and_memory_stays_flat(tmp_path: Path, facts_folder: Path) -> None:
    facts = many_counties(facts_folder, tmp_path / "facts", 300)
    file = edition_file(tmp_path / "edition.yaml", facts, counties="all", languages=["zh"])
    result = render_edition(read_edition(file), workers=2)
    assert result.exit_code == 0
    assert len(result.outcomes) == 300
    peaks = [outcome.peak_mb for outcome in result.outcomes]
    assert max(peaks[-50:]) < 1.05 * max(peaks[:50]), peaks


@pytest.mark.long
def test_no_county_shows_another_countys_chart(tmp_path: Path, facts_folder: Path) -> None:
    result = render_edition(
        read_edition(edition_file(tmp_path / "e.yaml", facts_folder, counties="all", languages=["zh"]))
    )
    assert result.exit_code == 0
    charts: dict[str, set[str]] = defaultdict(set)
    for outcome in result.outcomes:
        page = (result.folder / f"{outcome.stem}.html").read_text(encoding="utf-8")
        drawn = re.findall(r'<figure class="chart.*?</figure>', page, re.DOTALL)
        assert len(drawn) > 15
        for chart in drawn:
            charts[re.sub(r"图 [\d-]+", "", chart)].add(outcome.county)
        pages = PdfReader(result.folder / f"{outcome.stem}.pdf").pages
        assert outcome.name in pages[0].extract_text()
        others = {other.name for other in result.outcomes} - {outcome.name}
        assert not any(f"{other}评估报告" in page for other in others)
    facts = read_facts(facts_folder, MONTH)
    for (
        chart,
        counties,
    ) in charts.items():  # the same drawing for two counties: their facts are the same, as of the model
        (name,) = set(re.findall(r'aria-labelledby="f-(\w+?)-(?:[wn]-)?t ', chart))
        first, *others = (facts.table(name, county).reset_index(drop=True) for county in sorted(counties))
        assert all(other.equals(first) for other in others), (name, counties)
