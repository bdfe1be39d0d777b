"""The ledger by hand: a few records, each wrong in one way."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from relapse_risk.assistance import aid_totals, check_records, ledger_findings, read_catalogue, receipts
from relapse_risk.errors import RegisterError

CATALOGUE = read_catalogue("dezhou")
DAY = date(2020, 12, 31)
DATES = ("applied_on", "decided_on", "delivered_on", "period_start", "period_end")


def records(*rows: dict[str, object]) -> pd.DataFrame:
    base: dict[str, object] = {
        "record_id": "", "household_id": "H1", "person_id": None, "item_code": "MZ07", "applied_on": "2020-01-05",
        "decided_on": "2020-01-20", "delivered_on": "2020-02-01", "decision": "approved", "cash_amount": 1200.0,
        "goods_name": None, "goods_value": None, "service_hours": None, "period_start": "2020-01-01",
        "period_end": "2020-12-31", "source_event_id": None,
    }  # fmt: skip
    frame = pd.DataFrame([base | {"record_id": f"A{i}"} | row for i, row in enumerate(rows)])
    return frame.astype(
        {name: "datetime64[s]" for name in DATES} | {"person_id": "str", "goods_value": float, "service_hours": float}
    )


PERSONS = pd.DataFrame({"person_id": ["P1", "P2"], "deceased_on": pd.to_datetime(["2020-06-30", None])})


def kinds(*rows: dict[str, object]) -> list[tuple[str, str]]:
    found = ledger_findings(records(*rows), PERSONS, CATALOGUE, DAY).frame
    return list(found[["finding", "record_id"]].itertuples(index=False, name=None))


def test_a_clean_ledger_has_no_finding() -> None:
    assert kinds({"person_id": "P2"}, {"person_id": "P1", "delivered_on": "2020-06-30"}) == []


def test_the_same_delivery_twice_is_a_duplicate_and_another_day_is_not() -> None:
    assert kinds({}, {}) == [("duplicate", "A1")]
    assert kinds({}, {"delivered_on": "2020-03-01"}) == []


def test_a_delivery_after_death() -> None:
    assert kinds({"person_id": "P1", "delivered_on": "2020-07-01"}) == [("after_death", "A0")]


def test_items_that_rule_each_other_out_in_one_year() -> None:
    # MZ01 (dibao) rules out MZ03 (edge): the edge record is the finding; a year apart it is none.
    edge = {"item_code": "MZ03", "cash_amount": 0.0}
    assert kinds({"item_code": "MZ01"}, edge) == [("exclusive", "A1")]
    assert kinds({"item_code": "MZ01"}, edge | {"delivered_on": "2019-02-01"}) == []


@pytest.mark.parametrize(
    ("cash", "start", "wrong"),
    [
        (1200.0, "2020-01-01", False),  # 100 × 12 months
        (1100.0, "2020-01-01", True),
        (600.0, "2020-07-01", False),  # 100 × July to December
        (1200.0, "2020-07-01", True),
        (300.0, None, False),  # no period: any whole number of months
        (350.0, None, True),
    ],
)
def test_a_fixed_amount_times_the_months_of_its_period(cash: float, start: str | None, wrong: bool) -> None:
    end = None if start is None else "2020-12-31"
    found = kinds({"cash_amount": cash, "period_start": start, "period_end": end})
    assert found == ([("wrong_amount", "A0")] if wrong else [])


def test_a_monthly_item_that_stops_for_half_a_year_and_goes_on() -> None:
    first = {"period_start": "2020-01-01", "period_end": "2020-03-31", "cash_amount": 300.0}
    later = {
        "period_start": "2020-10-01",
        "period_end": "2020-12-31",
        "cash_amount": 300.0,
        "delivered_on": "2020-10-01",
    }
    at_once = {
        "period_start": "2020-04-01",
        "period_end": "2020-12-31",
        "cash_amount": 900.0,
        "delivered_on": "2020-04-01",
    }
    assert kinds(first, later) == [("interrupted", "A1")]
    assert kinds(first, at_once) == []


def test_states_of_receipt() -> None:
    rows = records(
        {"household_id": "paid"},
        {"household_id": "waiting", "delivered_on": None, "decided_on": None, "decision": "open", "applied_on": "2020-12-01", "period_start": None, "period_end": None},
        {"household_id": "refused", "delivered_on": None, "decision": "refused", "period_start": None, "period_end": None},
        {"household_id": "long ago", "applied_on": "2018-01-01", "delivered_on": "2018-02-01", "period_start": None, "period_end": None},
    )  # fmt: skip
    found = receipts(rows, DAY).set_index("household_id")["state"].to_dict()
    assert found == {"paid": "receiving", "waiting": "pending", "refused": "refused"}


@pytest.mark.parametrize("decision", ["refused", "withdrawn", "approved"])
def test_a_decision_taken_later_is_still_open(decision: str) -> None:
    row = {"applied_on": "2020-10-01", "decided_on": "2020-12-10", "delivered_on": None, "decision": decision}
    rows = records(row | {"period_start": None, "period_end": None})
    assert receipts(rows, date(2020, 11, 30))["state"].tolist() == ["pending"]
    assert receipts(rows, DAY)["state"].tolist() == ([] if decision == "approved" else ["refused"])


@pytest.mark.parametrize(
    ("end", "day", "state"),
    [
        ("2020-06-30", date(2020, 6, 30), ["receiving"]),
        ("2020-06-30", date(2020, 8, 31), ["receiving"]),  # 62 days after
        ("2020-06-30", date(2020, 9, 1), []),  # stopped, though delivered within the year
        (None, date(2021, 6, 30), ["receiving"]),  # goes on until further notice
        ("2019-06-30", date(2020, 6, 30), ["receiving"]),  # ends before it starts: only the delivery counts
    ],
)
def test_the_period_paid_for_decides_whether_somebody_still_receives(
    end: str | None, day: date, state: list[str]
) -> None:
    assert receipts(records({"period_end": end}), day)["state"].tolist() == state


def test_what_is_delivered_once_for_all_counts_for_ever() -> None:
    row = {"item_code": "CL02", "delivered_on": "2019-09-01", "applied_on": "2019-08-01"}
    rows = records(row | {"period_start": None, "period_end": None})
    assert receipts(rows, DAY)["state"].tolist() == []
    assert receipts(rows, DAY, once=["CL02"])["state"].tolist() == ["receiving"]


def test_two_children_of_one_household_may_hold_what_one_child_may_not() -> None:
    orphan = {"item_code": "MZ05", "person_id": "P2", "cash_amount": 1400.0 * 12}
    assert kinds(orphan, orphan | {"item_code": "MZ06"}) == [("exclusive", "A1")]
    assert kinds(orphan, orphan | {"item_code": "MZ06", "person_id": "P3"}) == []


def test_totals_add_up() -> None:
    rows = records(
        {}, {"cash_amount": 0.0, "goods_value": 400.0, "item_code": "CL03"},
        {"household_id": "H2", "service_hours": 2.0, "cash_amount": 0.0}, {"delivered_on": "2019-01-01"},
    )  # fmt: skip
    found = aid_totals(rows, CATALOGUE, date(2020, 1, 1), DAY).set_index("household_id")
    assert found.loc["H1", ["deliveries", "items", "cash", "in_kind", "hours"]].tolist() == [2, 2, 1200.0, 400.0, 0.0]
    assert found.loc["H2", "hours"] == 2.0


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"household_id": "H9"}, "assistance_record A0: unknown household; got 'H9'"),
        ({"delivered_on": "2021-01-01"}, "a day in the future; got '2021-01-01"),
        ({"cash_amount": -1.0}, "a negative amount; got '-1.0', expected 0 or more"),
        ({"item_code": "XX99"}, "unknown item; got 'XX99', expected an item of assistance/dezhou.yaml"),
    ],
)
def test_bad_records_are_named(row: dict[str, object], words: str) -> None:
    with pytest.raises(RegisterError) as error:
        check_records(records(row), pd.Series(["H1"]), CATALOGUE, DAY)
    assert words in str(error.value)
