"""What has been received of whom, and that what has not is never "not done"."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.office_fixtures import december, take

from relapse_risk.errors import ParameterError
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.register.completeness import completeness, read_expected, waiting_for

MONTHLY = {"visit_record": "monthly"}
VISITS = "编号,户编号,走访日期\nV{n},{home},{day}\n"


def visits(folder: Path, home: str, day: str, month: str, **given: object) -> None:
    text = VISITS.format(n=day + home, home=home, day=day)
    take(folder, text, month, name=f"走访{day}{home}.csv", table="visit_record", **given)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """Two counties; both sent visits of December, only 999901 those of January."""
    december(tmp_path)
    visits(tmp_path, "H1", "2020-12-05", "2020-12")
    visits(tmp_path, "H4", "2020-12-06", "2020-12")
    take(tmp_path, "户编号,家庭人口数\nH1,2\n", "2021-01", name="一月.csv")
    visits(tmp_path, "H1", "2021-01-05", "2021-01")
    return tmp_path


def test_a_county_that_has_not_sent_a_month_is_waited_for(office: Path) -> None:
    register = Register.open(office / "register")
    assert waiting_for(register, "2020-12", MONTHLY) == {}
    assert waiting_for(register, "2021-01", MONTHLY) == {("visit_record", "999902"): "2020-12"}


def test_nothing_to_report_is_said_by_a_complete_delivery(office: Path) -> None:
    """999901 sends its visits again and says that they are all of both counties: 999902 had none."""
    visits(office, "H1", "2021-01-05", "2021-01", complete=True)
    assert waiting_for(Register.open(office / "register"), "2021-01", MONTHLY) == {}


def test_a_quarter_is_due_when_it_has_ended(office: Path) -> None:
    register = Register.open(office / "register")
    assert waiting_for(register, "2021-02", {"visit_record": "quarterly"}) == {}
    late = waiting_for(register, "2021-03", {"visit_record": "quarterly"})
    assert late == {("visit_record", "999901"): "2021-01", ("visit_record", "999902"): "2020-12"}


def test_what_was_written_without_a_delivery_counts_as_received_up_to_its_month(tmp_path: Path) -> None:
    homes = pd.DataFrame({"household_id": ["H1"], "village_code": ["999901001001"]})
    seen = pd.DataFrame({"visit_id": ["V1"], "household_id": ["H1"], "visited_on": pd.to_datetime(["2020-03-01"])})
    with RegisterWriter(tmp_path / "register", place="dezhou") as writer:
        writer.put("household", homes, month="2020-12")
        writer.put("visit_record", seen)
        writer.commit(created="2020-12-31T00:00:00")
    assert waiting_for(Register.open(tmp_path / "register"), "2020-12", MONTHLY) == {}
    take(tmp_path, "户编号,家庭人口数\nH1,2\n", "2021-01")
    assert waiting_for(Register.open(tmp_path / "register"), "2021-01", MONTHLY) == {
        ("visit_record", "999901"): "2020-12"
    }


def test_the_matrix_says_who_has_delivered_what(office: Path) -> None:
    found = completeness(Register.open(office / "register"), "2021-01", {**MONTHLY, "alert": "monthly"})
    assert found.loc["visit_record"].to_dict() == {"999901": "received", "999902": "not yet received"}
    assert set(found.loc["alert"]) == {"not collected"}


def test_a_misspelt_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "expected.yaml").write_text("expected: {visit_recrod: monthly}", encoding="utf-8")
    with pytest.raises(ParameterError, match="did you mean 'visit_record'"):
        read_expected(tmp_path)
