"""What a county has not sent yet is not yet known: no rows, no indicator, no total of the place; and the page says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.office_fixtures import DECEMBER, december, take

from relapse_risk.assessment import CITY, Facts, compute_facts, read_facts
from relapse_risk.disclosure.few_people import FEW_PEOPLE
from relapse_risk.pages.county_report import open_report
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.register import Register

REASON = "not_received:visit_record"


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """Facts of January: both counties sent visits of December, 999901 alone those of January."""
    office = december(tmp_path_factory.mktemp("office"))
    visits = "编号,户编号,走访日期\nV1,H1,2020-12-05\nV2,H4,2020-12-06\n"
    take(office, visits, "2020-12", name="走访.csv", table="visit_record")
    take(office, "户编号,家庭人口数\nH1,2\n", "2021-01", name="一月.csv")
    take(office, "编号,户编号,走访日期\nV3,H1,2021-01-05\n", "2021-01", name="走访1.csv", table="visit_record")
    compute_facts(
        Register.open(office / "register"), "2021-01", read_parameters(), read_place("dezhou"), None, office / "facts"
    )
    return read_facts(office / "facts", "2021-01")


@pytest.mark.parametrize(
    ("county", "status", "reason"),
    [("999901", "empty", FEW_PEOPLE), ("999902", "not_collected", REASON), (CITY, "not_collected", REASON)],
)
def test_a_table_of_what_has_not_come_says_so(facts: Facts, county: str, status: str, reason: str) -> None:
    """What county 999901 sent is known, and not shown: it has three households."""
    row = facts.availability(county).set_index("table").loc["visits_by_risk"]
    assert row[["status", "reason"]].tolist() == [status, reason]
    assert facts.table("visits_by_risk", county).empty


@pytest.mark.parametrize("county", ["999902", CITY])
def test_an_indicator_of_what_has_not_come_is_not_nought(facts: Facts, county: str) -> None:
    row = facts.table("indicator", county).set_index("indicator").loc["visited_by_risk"]
    assert row["verdict"] == "not_collected"
    assert row["value"] != row["value"], "not a number"
    assert row["reason"] == REASON


def test_the_county_that_has_sent_is_judged(facts: Facts) -> None:
    """Three households, of which one was visited within its days (H1, on 5 January)."""
    row = facts.table("indicator", "999901").set_index("indicator").loc["visited_by_risk"]
    assert row["verdict"] != "not_collected"
    assert REASON not in str(row["reason"])


def test_nobody_is_overdue_where_no_visits_have_come(facts: Facts) -> None:
    assert len(facts.table("visits_overdue", "999902")) == 0


def test_a_county_that_was_merged_into_another_has_no_facts(tmp_path: Path) -> None:
    """999902 has no household in January: somebody answers for it, and the facts are those of 999901 alone."""
    office = december(tmp_path)
    take(office, DECEMBER[: DECEMBER.index("H4,")], "2021-01", name="一月.csv", complete=True, accept="Wang: merged")
    register = Register.open(office / "register")
    assert (register.counties, register.counties_in("2021-01")) == (("999901", "999902"), ("999901",))
    compute_facts(register, "2021-01", read_parameters(), read_place("dezhou"), None, office / "facts")
    assert [code for code, _, _ in read_facts(office / "facts", "2021-01").manifest["counties"]] == ["999901"]


def test_how_much_of_the_month_is_carried_stands_in_the_data_statement(facts: Facts) -> None:
    """January's file named H1 of three households of 999901, and nobody of 999902: two thirds, all, four of five."""
    assert facts.manifest["carried"] == {
        "999901": {"2020-12": pytest.approx(2 / 3)}, "999902": {"2020-12": 1.0}, CITY: {"2020-12": pytest.approx(0.8)},
    }  # fmt: skip
    page = open_report(facts.folder.parent, "2021-01", "999901", "en").data_statement().html
    assert "67% of households were last reported in December 2020" in page
    page = open_report(facts.folder.parent, "2021-01", "999902", "zh").data_statement().html
    assert "100%的户最近一次报送于2020年12月" in page
