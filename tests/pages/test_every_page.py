"""Every page of every kind of report, both languages, on a telephone and on a screen: axe-core and the look find nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.editions.browsing import axe_script, tab
from tests.editions.chromium import find_chromium
from tests.pages.test_page_layout import looked_at
from tests.report_fixtures import COUNTY, ROOT, edition_file

from relapse_risk.editions.edition import read_edition
from relapse_risk.editions.render import render_edition

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not find_chromium(), reason="Chromium is not installed"),
    pytest.mark.skipif(axe_script() is None, reason="axe-core is not here (.ci/run fetches it): not run"),
]
KINDS: dict[str, str | list[str]] = {
    "county_assessment": [COUNTY],
    "city_overview": ["city"],
    "bulletin": ["city"],
    "model_card": ["city"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_has_a_violation_or_anything_cut(
    kind: str, facts_folder: Path, ledger_register: Path, tmp_path: Path
) -> None:
    assert_every_page(kind, KINDS[kind], facts_folder, ledger_register, tmp_path)


@pytest.mark.long
def test_no_page_of_any_county_has_a_violation_or_anything_cut(
    facts_folder: Path, ledger_register: Path, tmp_path: Path
) -> None:
    assert_every_page("county_assessment", "all", facts_folder, ledger_register, tmp_path)


def assert_every_page(
    kind: str, counties: str | list[str], facts_folder: Path, ledger_register: Path, tmp_path: Path
) -> None:
    given = {"notebooks": str(ROOT / "notebooks" / "reports" / f"{kind}.ipynb"), "counties": counties}
    if kind == "bulletin":
        given |= {"register": str(ledger_register), "every": "month", "day": "data_date"}
    file = edition_file(tmp_path / "e.yaml", facts_folder, languages=["zh", "en"], formats=["html"], **given)
    result = render_edition(read_edition(file))
    assert result.exit_code == 0
    pages = [*sorted(result.folder.glob("*.html")), *sorted(result.folder.parent.glob("*.html"))]
    assert len(pages) >= 4
    found = {}
    for width in (390, 1440):
        with tab(tmp_path, width) as page:
            for path in pages:
                page.open(path)
                found[path.name, width] = page.violations() + looked_at(path, width, tmp_path)
    assert {place: wrong for place, wrong in found.items() if wrong} == {}
