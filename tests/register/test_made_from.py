"""Results know the state of the register they came from, and old ones are never taken for new."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.office_fixtures import december, take
from tests.report_fixtures import ROOT, edition_file

from relapse_risk.editions.edition import read_edition
from relapse_risk.editions.edition_plan import plan
from relapse_risk.errors import EditionError, RegisterError
from relapse_risk.register import Register
from relapse_risk.register.made_from import check_made_from, is_stale, note_made_from


@pytest.fixture
def office(tmp_path: Path) -> Path:
    return december(tmp_path)


def test_a_correction_makes_what_was_made_before_stale(office: Path) -> None:
    folder = office / "scores" / "2020-12"
    register = Register.open(office / "register")
    note_made_from(folder, "score", register, "2020-12")
    assert not is_stale(folder, "score", register, "2020-12")
    assert not is_stale(folder, "rank", register, "2020-12"), "nothing was written down about it"
    take(office, "户编号,家庭人口数\nH1,3\n", "2020-12", name="更正.csv")
    now = Register.open(office / "register")
    assert is_stale(folder, "score", now, "2020-12")
    with pytest.raises(
        RegisterError, match=r"another state.*run relapse-risk score --register .* --month 2020-12 --out"
    ):
        check_made_from(folder, "score", now, "2020-12")
    note_made_from(folder, "score", now, "2020-12")
    check_made_from(folder, "score", now, "2020-12")


def test_a_new_month_leaves_the_old_one_as_it_was(office: Path) -> None:
    folder = office / "scores" / "2020-12"
    note_made_from(folder, "score", Register.open(office / "register"), "2020-12")
    take(office, "户编号,家庭人口数\nH1,3\n", "2021-01", name="一月.csv")
    assert not is_stale(folder, "score", Register.open(office / "register"), "2020-12")


def written_facts(office: Path) -> Path:
    """What `facts` leaves of the register's state, and nothing else that a plan asks for."""
    register = Register.open(office / "register")
    folder = office / "facts" / "2020-12"
    folder.mkdir(parents=True)
    told = {
        "place": "dezhou", "month": "2020-12", "data_date": "2020-12-31", "hashes": {}, "tables": [], "schema": {}, "cards": {}, "parameters": [],
        "counties": [["999901", "甲县", "A"], ["999902", "乙县", "B"]],
        "register_digest": register.month_digest("2020-12"), "register_state": register.manifest.digest,
    }  # fmt: skip
    (folder / "facts.json").write_text(json.dumps(told), encoding="utf-8")
    return folder.parent


def test_an_edition_of_facts_before_a_correction_is_refused_with_the_command(office: Path) -> None:
    facts = written_facts(office)
    notebook = str(ROOT / "notebooks/reports/county_assessment.ipynb")
    given = {"counties": ["999901"], "register": str(office / "register"), "notebooks": notebook, "month": "2020-12"}
    edition = read_edition(edition_file(office / "edition.yaml", facts, **given))
    assert len(plan(edition).reports) >= 1
    take(office, "户编号,家庭人口数\nH1,3\n", "2021-01", name="一月.csv")
    assert len(plan(edition).reports) >= 1, "a later month does not touch December"
    take(office, "户编号,家庭人口数\nH1,3\n", "2020-12", name="更正.csv")
    with pytest.raises(
        EditionError, match=r"2020-12 has changed since these facts were computed.*relapse-risk facts --register"
    ):
        plan(edition)
