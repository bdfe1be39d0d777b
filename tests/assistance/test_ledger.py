"""The ledger by hand: a few records, each wrong in one way."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from relapse_risk.assistance import aid_totals, check_records, ledger_findings, read_catalogue, receipts
from relapse_risk.assistance.ledger import standing
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
        (1500.0, "2019-10-01", False),  # 100 × October 2019 to December 2020, 15 months
        (300.0, "2019-10-01", True),  # of the 3 months by which December exceeds October
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
        (
            {"household_id": "H9"},
            "assistance_record A0: unknown household; got 'H9', expected a household of the register",
        ),
        ({"delivered_on": "2021-01-01"}, "a day in the future; got '2021-01-01 00:00:00', expected at most 2020-12-31"),
        ({"cash_amount": -1.0}, "a negative amount; got '-1.0', expected 0 or more"),
        ({"item_code": "XX99"}, "unknown item; got 'XX99', expected an item of assistance/dezhou.yaml"),
    ],
)
def test_bad_records_are_named(row: dict[str, object], words: str) -> None:
    with pytest.raises(RegisterError) as error:
        check_records(records(row), pd.Series(["H1"]), CATALOGUE, DAY)
    assert words in str(error.value)


def test_each_finding_says_what_was_found_and_what_was_expected() -> None:
    """One record for each way to be wrong; the findings stand in this order, and the summary counts them."""
    half = {
        "period_start": "2020-10-01",
        "period_end": "2020-12-31",
        "delivered_on": "2020-10-02",
        "cash_amount": 300.0,
    }
    rows = records(
        {"household_id": "H1"}, {"household_id": "H1"},  # A0, A1: twice
        {"household_id": "H2", "person_id": "P1", "delivered_on": "2020-07-01"},  # A2: P1 died on 30 June
        {"household_id": "H3", "item_code": "MZ01"},  # A3 and A4: dibao and its edge in one year
        {"household_id": "H3", "item_code": "MZ03", "cash_amount": 0.0},
        {"household_id": "H4", "cash_amount": 1100.0},  # A5: 12 x 100 is 1,200
        {"household_id": "H5", "period_end": "2020-03-31", "cash_amount": 300.0}, {"household_id": "H5"} | half,  # A6, A7
    )  # fmt: skip
    found = ledger_findings(rows, PERSONS, CATALOGUE, DAY)
    assert list(found.frame.columns) == [
        "finding", "record_id", "household_id", "person_id", "item_code", "delivered_on", "got", "expected", "zh", "en",
    ]  # fmt: skip
    told = found.frame.set_index("finding")
    assert told["record_id"].to_dict() == {
        "duplicate": "A1", "after_death": "A2", "exclusive": "A4", "wrong_amount": "A5", "interrupted": "A7",
    }  # fmt: skip
    assert told["household_id"].tolist() == ["H1", "H2", "H3", "H4", "H5"]
    assert told["delivered_on"].dt.strftime("%m-%d").tolist() == ["02-01", "07-01", "02-01", "02-01", "10-02"]
    assert told[["got", "expected"]].to_numpy().tolist() == [
        ["1200.0", "one record"], ["2020-07-01", "on or before 2020-06-30"], ["MZ03 + MZ01", "not with MZ01"],
        ["1100.0", "1200.0"], ["184 days", "at most 62 days"],  # 31 March to 1 October
    ]  # fmt: skip
    assert told["zh"].iloc[0] == "同一对象同一事项同日同额重复"
    assert told["en"].tolist()[-2:] == ["the amount is not that of the rule", "a monthly item was interrupted"]
    assert all(words.strip() for words in [*told["zh"], *told["en"]])
    assert told["zh"].nunique() == told["en"].nunique() == len(told), "each fault in its own words"
    assert found.summary() == "1 duplicate, 1 after_death, 1 exclusive, 1 wrong_amount, 1 interrupted"
    assert ledger_findings(rows.iloc[:1], PERSONS, CATALOGUE, DAY).summary() == (
        "0 duplicate, 0 after_death, 0 exclusive, 0 wrong_amount, 0 interrupted"
    )


@pytest.mark.parametrize(
    "other",
    [{"cash_amount": 100.0}, {"goods_name": "coal"}, {"goods_value": 5.0}, {"service_hours": 1.0}, {"source_event_id": "E1"}, {"item_code": "MZ08"},
     {"household_id": "H2"}, {"person_id": "P2"}, {"delivered_on": None}],
)  # fmt: skip
def test_a_delivery_that_differs_in_anything_is_no_duplicate(other: dict[str, object]) -> None:
    base = {"cash_amount": 1200.0, "delivered_on": "2020-02-01"}
    assert "duplicate" not in dict(kinds(base, base | other))
    assert "duplicate" not in dict(kinds({"delivered_on": None}, {"delivered_on": None})), "an open case is no delivery"


@pytest.mark.parametrize(
    ("cash", "item", "wrong"),
    [
        (1212.0, "MZ07", False),  # one per cent above 1,200
        (1212.1, "MZ07", True),
        (1188.0, "MZ07", False),
        (1187.9, "MZ07", True),
        (0.0, "MZ07", True),
    ],
)
def test_one_per_cent_is_no_wrong_amount(cash: float, item: str, wrong: bool) -> None:
    assert (kinds({"cash_amount": cash, "item_code": item}) == [("wrong_amount", "A0")]) == wrong


def test_without_a_period_a_payment_is_at_least_one_month_and_at_most_a_year() -> None:
    """MZ07: 100 a month; 1,300 would be thirteen, 40 not even one."""
    free = {"period_start": None, "period_end": None}
    wrong = [kinds(free | {"cash_amount": cash}) != [] for cash in (40.0, 100.0, 1200.0, 1300.0)]
    assert wrong == [True, False, False, True]


def test_a_gap_of_62_days_is_none_and_of_63_is_one() -> None:
    """31 March to 1 June are 62 days.  An earlier, longer period covers the gap; another recipient's does not."""
    first = {"period_end": "2020-03-31", "cash_amount": 300.0}
    june = {"period_start": "2020-06-01", "delivered_on": "2020-06-01", "cash_amount": 700.0}
    later = {"period_start": "2020-06-02", "delivered_on": "2020-06-02", "cash_amount": 700.0}
    assert kinds(first, june) == []
    assert kinds(first, later) == [("interrupted", "A1")]
    assert kinds(later, first) == [("interrupted", "A0")], "in whatever order they are kept"
    covered = {
        "period_start": "2019-12-01",
        "period_end": "2020-05-31",
        "cash_amount": 600.0,
        "delivered_on": "2019-12-31",
    }
    assert ("interrupted", "A2") not in kinds(covered, first, later)
    assert kinds(first, later | {"household_id": "H2"}) == []
    assert kinds(first, later | {"person_id": "P2"}) == []
    assert kinds(first, later | {"item_code": "MZ08"}) == []
    once = {"item_code": "CL02", "cash_amount": 0.0}
    assert kinds(first | once, later | once) == [], "an item that is not paid by the month has no gaps"


def test_a_period_that_begins_after_the_day_is_no_interruption_yet() -> None:
    first = {"period_end": "2020-03-31", "cash_amount": 300.0}
    assert kinds(first, {"period_start": "2021-01-01", "period_end": None, "cash_amount": None}) == []
    assert kinds(first, {"period_start": "2020-12-31", "period_end": "2020-12-31", "cash_amount": 100.0}) == [
        ("interrupted", "A1")
    ]


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ({}, 0),
        ({"decision": "refused"}, 2),  # delivered by mistake: the refusal stands
        ({"decision": "withdrawn", "applied_on": None}, 3),
        ({"delivered_on": "2021-01-01", "decision": "approved"}, 1),  # approved, to be delivered tomorrow
        ({"delivered_on": "2020-12-31"}, 0),
        ({"delivered_on": None, "decision": "open", "applied_on": "2020-01-01"}, 3),  # a year and a day ago (leap year)
        ({"delivered_on": None, "decision": "open", "applied_on": "2020-01-02"}, 1),
        ({"delivered_on": None, "decision": "open", "applied_on": "2020-12-31"}, 1),
        ({"delivered_on": None, "decision": "open", "applied_on": "2021-01-01"}, 3),
        ({"delivered_on": None, "decision": "approved"}, 3),
    ],
)
def test_what_one_record_says_on_the_day(row: dict[str, object], state: int) -> None:
    """Receiving 0, pending 1, refused 2, nothing 3; without a stated period the delivery alone counts."""
    rows = records(
        {"period_start": None, "period_end": None, "delivered_on": "2020-02-01", "applied_on": "2020-01-05"} | row
    )
    assert standing(rows, DAY).tolist() == [state]


@pytest.mark.parametrize(
    ("start", "end", "state"),
    [
        ("2020-12-31", "2021-06-30", 0),  # begins on the day
        ("2021-01-01", "2021-06-30", 3),
        ("2020-06-30", "2020-06-30", 3),  # one day, long ago: stated, so the delivery does not count
        (None, "2019-06-30", 0),  # no start: nothing is stated
    ],
)
def test_the_period_that_counts(start: str | None, end: str, state: int) -> None:
    assert standing(records({"period_start": start, "period_end": end}), DAY).tolist() == [state]


def test_a_receipt_tells_since_when_and_the_first_state_that_holds() -> None:
    """One pair, two records: what is received outweighs a newer application, which tells its own day."""
    free = {"period_start": None, "period_end": None}
    rows = records(
        {"delivered_on": None, "decision": "open", "applied_on": "2020-12-01"} | free,
        {"delivered_on": "2020-06-01", "applied_on": None} | free,
        {"household_id": "H2", "person_id": "P2", "delivered_on": None, "decision": "refused", "applied_on": "2020-03-01"} | free,
        {"household_id": "H3", "delivered_on": "2018-06-01", "applied_on": "2018-05-01"} | free,
    )  # fmt: skip
    found = receipts(rows, DAY)
    assert list(found.columns) == ["household_id", "person_id", "item_code", "since", "state"]
    assert found[["household_id", "item_code", "state"]].to_numpy().tolist() == [
        ["H1", "MZ07", "receiving"], ["H2", "MZ07", "refused"],
    ]  # fmt: skip
    assert found["since"].dt.strftime("%Y-%m-%d").tolist() == ["2020-06-01", "2020-03-01"]
    assert found["person_id"].isna().tolist() == [True, False]


def test_totals_leave_out_what_was_refused_and_stand_by_cash() -> None:
    """Both days count; a refused or withdrawn delivery and one that names no person do not."""
    rows = records(
        {"person_id": "P1", "delivered_on": "2020-01-01", "cash_amount": 10.0, "goods_value": 4.0, "service_hours": 1.0},
        {"person_id": "P2", "delivered_on": "2020-12-31", "cash_amount": 30.0}, {"person_id": "P2", "item_code": "MZ08", "cash_amount": 5.0},
        {"person_id": "P1", "decision": "refused"}, {"person_id": "P1", "decision": "withdrawn"}, {"person_id": None, "cash_amount": 900.0},
        {"person_id": "P1", "delivered_on": "2021-01-01"}, {"person_id": "P1", "delivered_on": "2019-12-31"},
    )  # fmt: skip
    found = aid_totals(rows, CATALOGUE, date(2020, 1, 1), DAY, by="person_id")
    assert list(found.columns) == ["person_id", "deliveries", "items", "cash", "in_kind", "hours"]
    assert found.to_numpy().tolist() == [["P2", 2, 2, 35.0, 0.0, 0.0], ["P1", 1, 1, 10.0, 4.0, 1.0]]


def test_a_bad_record_among_good_ones_is_named_with_how_many_such() -> None:
    rows = records({}, {"cash_amount": -1.0}, {"cash_amount": -2.0}, {"cash_amount": 0.0, "delivered_on": "2020-12-31"})
    with pytest.raises(RegisterError, match=r"assistance_record A1: a negative amount.*correct the record \(2 such\)"):
        check_records(rows, pd.Series(["H1"]), CATALOGUE, DAY)
    good = rows.iloc[[0, 3]]
    assert check_records(good, pd.Series(["H1", "H2"]), CATALOGUE, DAY) is good
