"""The months that failed people who came fresh: each file of ``../shared/cases/months`` with what is right."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import yaml
from tests.report_fixtures import ROOT

from relapse_risk.assistance import hand_over, open_aid_log, read_order, referral_states, take_replies
from relapse_risk.demo import build_demo
from relapse_risk.editions.edition import read_edition
from relapse_risk.editions.edition_plan import plan
from relapse_risk.errors import EditionError, GateError, SourceError
from relapse_risk.events import Event, KeptLog
from relapse_risk.parameters import read_parameters
from relapse_risk.register import Register
from relapse_risk.register.import_report import ImportReport
from relapse_risk.register.importing import import_source

pytestmark = pytest.mark.shared
JANUARY, DECEMBER = date(2021, 1, 31), date(2020, 12, 31)


@pytest.fixture(scope="module")
def demo(session_folder: Path) -> Path:
    """The demo of 1,500 households that the cases were made from: 1,521 in December 2020."""
    folder = session_folder / "cases_months" / "register"
    if not folder.is_dir():
        build_demo(folder, seed=2020, households=1500)
    return folder


@pytest.fixture
def office(demo: Path, tmp_path: Path) -> Path:
    shutil.copytree(demo, tmp_path / "register")
    return tmp_path


@pytest.fixture
def cases(shared_dir: Path) -> Path:
    return shared_dir / "cases" / "months"


def taken(office: Path, file: Path, month: str, as_of: date, *, complete: bool = False) -> ImportReport:
    return import_source(file, "template", office / "register", month, as_of=as_of, complete=complete)


def test_01_a_partial_file_is_not_the_month(office: Path, cases: Path) -> None:
    file = cases / "01_partial_month_2021-01.xlsx"
    with pytest.raises(GateError, match=r"1,521 before \(2020-12\), 1 in the file, 1,521 dropped, 1 new"):
        taken(office, file, "2021-01", JANUARY, complete=True)
    taken(office, file, "2021-01", JANUARY)
    register = Register.open(office / "register")
    assert len(register.read("household", month="2021-01")) == 1522
    lines = register.read("carried", month="2021-01")
    lines = lines[lines["table_name"] == "household"]
    assert (len(lines), set(lines["said_in"]), set(lines["columns"])) == (1521, {"2020-12"}, {"all"})


def test_02_an_overwritten_relief_and_dwelling_are_listed(office: Path, cases: Path) -> None:
    report = taken(office, cases / "02_department_overwrites_2020-12.xlsx", "2020-12", DECEMBER)
    listed = pd.read_csv(next(f for f in report.files if f.name == "conflicts.csv"), dtype=str, keep_default_na=False)
    assert listed[["row_key", "column", "held", "said"]].to_numpy().tolist() == [
        ["H371425000800|2020-12", "relief_status", "dibao", "none"], ["H371425000800|2020-12", "dwelling_grade", "B", "C"],
    ]  # fmt: skip


def test_03_04_a_referral_finished_twice_is_finished(tmp_path: Path, cases: Path) -> None:
    sheet = openpyxl.load_workbook(cases / "03_reply_finished_jan.xlsx")["办理"]
    head, *rows = list(sheet.iter_rows(values_only=True))
    sent = pd.DataFrame(rows, columns=list(head))
    reminders = pd.DataFrame(
        {"reminder_id": sent["提醒编号"], "household_id": sent["户编号"], "person_id": sent["人员编号"], "item_code": "MZ01",
         "department": "MZ", "due_on": pd.to_datetime(sent["办理期限"]), "evidence_on": pd.Timestamp("2021-01-31")}
    ).dropna(subset="reminder_id")  # fmt: skip

    def log() -> KeptLog:
        return open_aid_log(tmp_path, read_parameters(), "dezhou")

    hand_over(log(), reminders, "扶贫办", date(2021, 2, 1))
    first = take_replies(cases / "03_reply_finished_jan.xlsx", log(), date(2021, 2, 28))
    again = take_replies(cases / "04_reply_feb_refused.xlsx", log(), date(2021, 3, 31))
    assert [(len(one.steps), len(one.faults)) for one in (first, again)] == [(2, 0), (1, 0)]
    states = referral_states(log(), date(2021, 3, 31)).set_index("reminder_id")
    assert states.loc[["R4847d6074b9d", "Ra25db36b14b4"], "state"].tolist() == ["finished", "finished"]
    assert hand_over(log(), reminders, "扶贫办", date(2021, 3, 31)).written == (), "the ledger has not contested it"
    log().append(
        [
            Event("reminder", name, 0, "contested", "2021-04-30", "2021-05-04", "aid records", "ledger", facts={"month": "2021-04"})
            for name in ("R4847d6074b9d", "Ra25db36b14b4")
        ]
    )  # fmt: skip
    assert {event.name for event in hand_over(log(), reminders, "扶贫办", date(2021, 5, 4)).written} == {
        "R4847d6074b9d#2", "Ra25db36b14b4#2",
    }  # fmt: skip


def test_05_an_edited_order_is_refused(cases: Path) -> None:
    with pytest.raises(SourceError, match="changed after it was drawn"):
        read_order(cases / "05_tampered_order.json")


def test_06_an_edition_of_facts_before_the_correction_is_refused(office: Path, cases: Path) -> None:
    register = Register.open(office / "register")
    folder = office / "facts" / "2020-12"
    folder.mkdir(parents=True)
    told = {
        "place": "dezhou", "month": "2020-12", "data_date": "2020-12-31", "hashes": {}, "tables": [], "schema": {}, "cards": {}, "parameters": [], "counties": [["371425", "齐河县", "Qihe"]],
        "register_digest": register.month_digest("2020-12"), "register_state": register.manifest.digest,
    }  # fmt: skip
    (folder / "facts.json").write_text(json.dumps(told), encoding="utf-8")
    content = yaml.safe_load((cases / "06_stale_facts_edition.yaml").read_text(encoding="utf-8"))
    content |= {"register": str(office / "register"), "facts": str(office / "facts"), "out": str(office / "reports")}
    content["notebooks"] = str(ROOT / content["notebooks"])
    (office / "edition.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    edition = read_edition(office / "edition.yaml")
    assert len(plan(edition).reports) == 1
    taken(office, cases / "02_department_overwrites_2020-12.xlsx", "2020-12", DECEMBER)
    with pytest.raises(EditionError, match=r"2020-12 has changed .* run relapse-risk facts"):
        plan(edition)


def test_07_no_family_leaves_the_month_for_a_bad_cell(office: Path, cases: Path) -> None:
    before = Register.open(office / "register").read("household", month="2020-12")
    report = taken(office, cases / "07_full_month_2021-01.xlsx", "2021-01", JANUARY)
    assert report.rejected == 0
    found = pd.read_csv(report.files[0], dtype=str)
    cells = found[(found["severity"] == "cell") & (found["table"] == "household")]
    assert sorted(cells["column"]) == ["arable_mu", "monitor_risk_types", "water_outage_days"]
    register = Register.open(office / "register")
    now = register.read("household", month="2021-01").set_index("household_id")
    assert set(before["household_id"]) <= set(now.index)
    keys = [key.partition("|")[0] for key in cells["row_key"]]
    assert (now.loc[keys, "monitor_type"] != "none").sum() == 2, "two of the three are monitored, and stay so"
    people = register.read("person", month="2021-01")
    assert set(keys) <= set(people["household_id"])
    old = before.set_index("household_id")
    for key, column in zip(keys, cells["column"], strict=True):
        assert now.loc[key, column] == old.loc[key, column], "the last value stays"
