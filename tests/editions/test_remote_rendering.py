"""An edition on a cluster: the same files as on this machine, resumable, and a report that kills its process fails alone."""

from __future__ import annotations

from pathlib import Path

from tests.report_fixtures import COUNTY, OTHER, edition_file, notebook, released

from relapse_risk.editions.edition import Edition, read_edition
from relapse_risk.editions.render import Options, render_edition

PARAMETERS = 'county = ""\nmonth = ""\nlanguage = ""\nregister = ""\nfacts = ""'
SHORT = "from relapse_risk.pages.county_report import open_report\nreport = open_report(facts, month, county, language)"


def edition(folder: Path, facts: Path, code: str = "1 + 1") -> Edition:
    """Two counties in two languages, one section each."""
    folder.mkdir(exist_ok=True)
    notebook(folder / "n.ipynb", SHORT, code, "report.section(2)", parameters=PARAMETERS)
    given = {"notebooks": str(folder / "n.ipynb"), "counties": [COUNTY, OTHER], "formats": ["html"], "retries": 0}
    return read_edition(edition_file(folder / "edition.yaml", facts, **given))


def test_a_cluster_renders_the_same_edition(tmp_path: Path, facts_folder: Path, cluster: str) -> None:
    here, there = (edition(tmp_path / name, facts_folder) for name in ("here", "there"))
    assert render_edition(here, workers=2).exit_code == 0
    options = Options(backend=f"dask:{cluster}")
    assert render_edition(there, options=options).exit_code == 0

    def pages(folder: Path) -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in folder.glob("*.html") if COUNTY in p.name or OTHER in p.name}

    assert len(pages(released(here))) == 4
    assert pages(released(there)) == pages(released(here))
    assert {outcome.status for outcome in render_edition(there, options=options).outcomes} == {"unchanged"}


def test_a_report_that_kills_its_process_on_a_cluster_fails_alone(
    tmp_path: Path, facts_folder: Path, cluster: str
) -> None:
    code = f'import os\nif county == "{OTHER}": os._exit(3)'
    made = edition(tmp_path / "a", facts_folder, code)
    result = render_edition(made, options=Options(backend=f"dask:{cluster}"))
    assert result.exit_code == 1
    assert {o.county for o in result.outcomes if o.status == "failed"} == {OTHER}
    mended = edition(tmp_path / "a", facts_folder)
    again = render_edition(mended, options=Options(backend=f"dask:{cluster}"))
    assert again.exit_code == 0
