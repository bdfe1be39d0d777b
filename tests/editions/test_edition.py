"""An edition file is right as a whole before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report_fixtures import ROOT, edition_file

from relapse_risk.editions.edition import read_edition
from relapse_risk.editions.edition_plan import plan
from relapse_risk.errors import EditionError, RelapseRiskError


@pytest.mark.parametrize("file", sorted((ROOT / "params/editions").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_edition_of_the_project_is_right(file: Path) -> None:
    assert read_edition(file).languages


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"langauges": ["zh"]}, r"unknown key; got 'langauges'.*did you mean 'languages'"),
        ({"languages": ["fr"]}, r"edition\.yaml: languages\.0: unknown word; got 'fr', expected one of zh \| en"),
        ({"formats": ["docx"]}, r"formats.*got 'docx'"),
        ({"pdf": "chromium"}, r"edition\.yaml.*Typst makes every PDF, there is nothing to choose: drop the line"),
        ({"paper": "a5"}, r"paper.*got 'a5'"),
        ({"month": "2020-13"}, r"month: not a month; got '2020-13'"),
        ({"counties": "some"}, r"counties"),
        ({"place": None}, r"place: Field required"),
        ({"place": "dezhuo"}, r"place: unknown place; got 'dezhuo'.*did you mean 'dezhou'"),
        ({"name": "a b"}, r"name: String should match pattern"),
    ],
)
def test_a_wrong_file_is_an_error_with_file_key_and_value(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    with pytest.raises(RelapseRiskError, match=words):
        read_edition(edition_file(tmp_path / "edition.yaml", tmp_path, **change))


def test_a_missing_file_is_an_edition_error(tmp_path: Path) -> None:
    with pytest.raises(EditionError, match="file not found"):
        read_edition(tmp_path / "none.yaml")


def test_an_unknown_county_names_the_nearest(tmp_path: Path, facts_folder: Path) -> None:
    edition = read_edition(edition_file(tmp_path / "edition.yaml", facts_folder, counties=["3714259"]))
    with pytest.raises(EditionError, match=r"unknown county; got '3714259'.*did you mean 371425"):
        plan(edition)


def test_facts_of_another_place_are_refused(tmp_path: Path, facts_folder: Path) -> None:
    edition = read_edition(edition_file(tmp_path / "edition.yaml", facts_folder, place="argentina_eph"))
    with pytest.raises(EditionError, match=r"of another place; got 'dezhou', expected argentina_eph"):
        plan(edition)


def test_facts_that_were_not_computed_name_the_command(tmp_path: Path) -> None:
    edition = read_edition(edition_file(tmp_path / "edition.yaml", tmp_path))
    with pytest.raises(EditionError, match="run relapse-risk facts"):
        plan(edition)
