"""The ledger of aid delivered: receipts on a day, faults in the records, and totals.

Records are never changed: a finding names a record, and the office that keeps the ledger corrects it at its source.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.assistance.catalogue import Catalogue
from relapse_risk.errors import RegisterError
from relapse_risk.languages import LANGUAGES
from relapse_risk.text import messages

__all__ = [
    "STANDING", "LedgerFindings", "aid_totals", "check_records", "decision_on", "ledger_findings", "receipts", "standing",
]  # fmt: skip

PAIR = ["household_id", "person_id", "item_code"]
YEAR = 365
INTERRUPTED_DAYS = 62  # days: two months without a monthly payment, or after the end of the paid period
WRONG_BY = 0.01
STANDING = ("receiving", "pending", "refused")  # in order of precedence
KINDS = ("duplicate", "after_death", "exclusive", "wrong_amount", "interrupted")


@dataclass(frozen=True, slots=True)
class LedgerFindings:
    """Faults in the aid records.

    Attributes
    ----------
    frame : DataFrame
        One row per finding: finding (``duplicate`` | ``after_death`` | ``exclusive`` | ``wrong_amount`` |
        ``interrupted``), record_id, household_id, person_id, item_code, delivered_on, got, expected, zh, en.
    """

    frame: pd.DataFrame

    def but_for(self, finding: str, households: pd.Series) -> LedgerFindings:
        """The findings without those of one kind in ``households``: payments not yet reported are not interrupted."""
        out = (self.frame["finding"] == finding) & self.frame["household_id"].isin(households)
        return LedgerFindings(self.frame[~out].reset_index(drop=True))

    def summary(self) -> str:
        """One line: how many of each kind."""
        counts = self.frame["finding"].value_counts()
        return ", ".join(f"{counts.get(kind, 0):,} {kind}" for kind in KINDS)


def check_records(records: pd.DataFrame, households: pd.Series, catalogue: Catalogue, day: date) -> pd.DataFrame:
    """Return ``records`` if every one names a known household and item and none lies after ``day``.

    Parameters
    ----------
    records : DataFrame
        Rows of ``assistance_record``.
    households : Series of str
        Known household ids.

    Raises
    ------
    RegisterError
        Naming the first record, the column and its value.

    Examples
    --------
    >>> from relapse_risk.assistance.catalogue import read_catalogue
    >>> row = {"record_id": "A1", "household_id": "H1", "person_id": None, "item_code": "MZ99", "delivered_on": None,
    ...        "cash_amount": 5.0}
    >>> check_records(pd.DataFrame([row]), pd.Series(["H1"]), read_catalogue("dezhou"), date(2020, 12, 31))
    Traceback (most recent call last):
        ...
    relapse_risk.errors.RegisterError: assistance_record A1: unknown item; got 'MZ99', ...
    """
    items = {item.code for item in catalogue.items}
    tests = (
        ("unknown household", "household_id", ~records["household_id"].isin(households.unique()), "a household of the register"),
        ("unknown item", "item_code", ~records["item_code"].isin(items), f"an item of assistance/{catalogue.place}.yaml"),
        ("a day in the future", "delivered_on", records["delivered_on"] > pd.Timestamp(day), f"at most {day}"),
        ("a negative amount", "cash_amount", records["cash_amount"] < 0, "0 or more"),
    )  # fmt: skip
    for what, column, wrong, expected in tests:
        rows = records[wrong.fillna(False).to_numpy(dtype=bool)]
        if len(rows):
            first = rows.iloc[0]
            raise RegisterError(
                what, where=f"assistance_record {first['record_id']}", got=str(first[column]), expected=expected,
                fix=f"correct the record ({len(rows):,} such)",
            )  # fmt: skip
    return records


def receipts(records: pd.DataFrame, day: date, once: Collection[str] = ()) -> pd.DataFrame:
    """Status of each recipient for each item on ``day``.

    Parameters
    ----------
    records : DataFrame
        Rows of ``assistance_record`` (all time).
    day : date
    once : collection of str
        Items delivered only once: a delivery counts no matter how long ago.

    Returns
    -------
    DataFrame
        household_id, person_id (null: the household), item_code, state and ``since``.  States, the first that holds:
        ``receiving``, ``pending`` (applied within the year, no decision yet), ``refused`` (refused or withdrawn within
        the year).

    Notes
    -----
    Receiving: the period paid for covers the day or ended at most 62 days before it; where a record states no period,
    delivered within the year.

    Examples
    --------
    >>> row = {"household_id": "H1", "person_id": None, "item_code": "MZ01", "applied_on": "2020-01-02",
    ...        "decided_on": None, "delivered_on": "2020-02-01", "decision": "approved", "period_start": None,
    ...        "period_end": None}
    >>> frame = pd.DataFrame([row]).astype({c: "datetime64[s]" for c in row if c.endswith(("_on", "start", "end"))})
    >>> receipts(frame, date(2020, 12, 31))["state"].tolist(), receipts(frame, date(2022, 1, 1))["state"].tolist()
    (['receiving'], [])
    """
    order = standing(records, day, once)
    kept = order < len(STANDING)
    since = records["applied_on"].fillna(records["delivered_on"])
    known = records.loc[kept, PAIR].assign(order=order[kept], since=since[kept])
    known = known.sort_values("order", kind="stable").drop_duplicates(PAIR)
    words = np.array(STANDING)
    return known.assign(state=words[known["order"]]).drop(columns="order").reset_index(drop=True)


def standing(records: pd.DataFrame, day: date, once: Collection[str] = ()) -> npt.NDArray[np.int64]:
    """Status of each record on ``day``: its position in ``STANDING``, or ``len(STANDING)`` if it has none; shape (n,).

    Parameters as of :func:`receipts`.
    """
    today, year_ago = pd.Timestamp(day), pd.Timestamp(day - timedelta(days=YEAR))
    delivered, start, end = (records[c] for c in ("delivered_on", "period_start", "period_end"))
    stated = start.notna() & ~(end < start)  # a period that ends before it starts is ignored
    recent = ((delivered > year_ago) & ~stated) | records["item_code"].isin(list(once))
    covered = stated & (start <= today) & (end.isna() | (end >= today - pd.Timedelta(days=INTERRUPTED_DAYS)))
    applied = (records["applied_on"] > year_ago) & (records["applied_on"] <= today)
    decision = decision_on(records, day)
    turned_down = decision.isin(["refused", "withdrawn"])
    return np.select(
        [
            _true((recent | covered) & (delivered <= today) & ~turned_down),
            _true(applied & ((decision == "open") | (delivered > today))),
            _true(applied & turned_down),
        ],
        [0, 1, 2],
        len(STANDING),
    )


def decision_on(records: pd.DataFrame, day: date) -> pd.Series:
    """The ``decision`` of each record as of ``day``: open if it was taken later; shape (n,).

    Examples
    --------
    >>> frame = pd.DataFrame({"decision": ["refused"], "decided_on": pd.to_datetime(["2020-12-09"])})
    >>> decision_on(frame, date(2020, 11, 30)).tolist(), decision_on(frame, date(2020, 12, 31)).tolist()
    (['open'], ['refused'])
    """
    return records["decision"].mask(_true(records["decided_on"] > pd.Timestamp(day)), "open")


def _true(flags: pd.Series) -> npt.NDArray[np.bool_]:
    """Unknown counts as false."""
    return flags.fillna(False).to_numpy(dtype=bool)


def ledger_findings(records: pd.DataFrame, persons: pd.DataFrame, catalogue: Catalogue, day: date) -> LedgerFindings:
    """Duplicates, payments after death, exclusive items together, wrong amounts and interrupted payments.

    Parameters
    ----------
    records : DataFrame
        Rows of ``assistance_record``.
    persons : DataFrame
        person_id and deceased_on.
    catalogue : Catalogue
        Fixed amounts are compared per delivery, times the months a monthly record covers.
    day : date
        Interruptions are searched up to this day.
    """
    parts = [
        _duplicates(records),
        _after_death(records, persons),
        _exclusive(records, catalogue),
        _wrong_amounts(records, catalogue),
        _interrupted(records, catalogue, day),
    ]
    columns = ["finding", "record_id", *PAIR, "delivered_on", "got", "expected", *LANGUAGES]
    return LedgerFindings(pd.concat(parts, ignore_index=True)[columns])


def _found(rows: pd.DataFrame, kind: str, got: pd.Series, expected: pd.Series | str) -> pd.DataFrame:
    frame = rows[["record_id", *PAIR, "delivered_on"]].assign(finding=kind, **messages()[f"record.{kind}"].by_language)
    return frame.assign(
        got=got.astype("str"), expected=expected if isinstance(expected, str) else expected.astype("str")
    )


def _duplicates(records: pd.DataFrame) -> pd.DataFrame:
    same = [*PAIR, "delivered_on", "cash_amount", "goods_name", "goods_value", "service_hours", "source_event_id"]
    again = records[records.duplicated([c for c in same if c in records]) & records["delivered_on"].notna()]
    return _found(again, "duplicate", again["cash_amount"], "one record")


def _after_death(records: pd.DataFrame, persons: pd.DataFrame) -> pd.DataFrame:
    died = records["person_id"].map(persons.set_index("person_id")["deceased_on"])
    rows = records[(records["delivered_on"] > died).fillna(False).to_numpy(dtype=bool)]
    return _found(rows, "after_death", rows["delivered_on"].dt.strftime("%Y-%m-%d"), "on or before " + died[rows.index].dt.strftime("%Y-%m-%d"))  # fmt: skip


def _exclusive(records: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Records of an item excluded by another that the same person (or household) received in the same year."""
    year = records["delivered_on"].dt.year
    held = records.assign(year=year)[["household_id", "person_id", "item_code", "year"]].drop_duplicates()
    parts = []
    for item, other, who in catalogue.exclusions():
        holders = held[(held["item_code"] == item.code) & held[who].notna()][[who, "year"]].drop_duplicates()
        mine = records.assign(year=year)[records["item_code"] == other.code]
        rows = mine.merge(holders, on=[who, "year"])
        parts.append(_found(rows, "exclusive", rows["item_code"] + f" + {item.code}", f"not with {item.code}"))
    return pd.concat(parts) if parts else _found(records.iloc[:0], "exclusive", records["item_code"].iloc[:0], "")


def _wrong_amounts(records: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Cash that is not a whole number of payments: for the months of its period if given, else at most a year's payments."""
    expected = pd.Series(np.nan, index=records.index)
    for item in catalogue.items:
        mine = (records["item_code"] == item.code) & (item.kind == "cash")
        for version in item.versions:
            inside = mine & (records["delivered_on"] >= pd.Timestamp(version.start))
            if version.end is not None:
                inside &= records["delivered_on"] <= pd.Timestamp(version.end)
            if version.amount.fixed and inside.any():
                payments = (records["cash_amount"] / version.amount.fixed).round().clip(1, item.payments_a_year)
                if item.cadence == "monthly":
                    payments = _months(records).fillna(payments)
                expected = expected.mask(inside.fillna(False), version.amount.fixed * payments)
    wrong = (records["cash_amount"] - expected).abs() > WRONG_BY * expected
    rows = records[wrong.fillna(False).to_numpy(dtype=bool)]
    return _found(rows, "wrong_amount", rows["cash_amount"], expected[rows.index].round(2))


def _months(records: pd.DataFrame) -> pd.Series:
    """Months a record covers; missing if it has no period."""
    start, end = records["period_start"], records["period_end"]
    months = (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month + 1
    return months.where(months >= 1).astype("float64")


def _interrupted(records: pd.DataFrame, catalogue: Catalogue, day: date) -> pd.DataFrame:
    """Gaps between consecutive periods of the same monthly item and recipient."""
    monthly = [item.code for item in catalogue.items if item.cadence == "monthly"]
    rows = records[records["item_code"].isin(monthly) & records["period_end"].notna() & records["period_start"].notna()]
    rows = rows[rows["period_start"] <= pd.Timestamp(day)].sort_values("period_start", kind="stable")
    before = rows.groupby(PAIR, dropna=False, sort=False)["period_end"].cummax()
    before = before.groupby([rows[c] for c in PAIR], dropna=False, sort=False).shift()
    days = (rows["period_start"] - before).dt.days
    gap = rows[(days > INTERRUPTED_DAYS).fillna(False).to_numpy(dtype=bool)]
    return _found(
        gap, "interrupted", days[gap.index].astype("Int64").astype("str") + " days", f"at most {INTERRUPTED_DAYS} days"
    )


def aid_totals(
    records: pd.DataFrame, catalogue: Catalogue, since: date, until: date, by: str = "household_id"
) -> pd.DataFrame:
    """Deliveries between two days (both included) by recipient, in cash, in kind and in hours of service.

    Parameters
    ----------
    by : {"household_id", "person_id", "item_code"}

    Returns
    -------
    DataFrame
        ``by``, deliveries, items (how many different), cash and in_kind (currency), hours; largest cash first.
    """
    inside = records[records["delivered_on"].between(pd.Timestamp(since), pd.Timestamp(until))]
    inside = inside[~inside["decision"].isin(["refused", "withdrawn"]) & inside[by].notna()]
    sums = inside.groupby(by).agg(
        deliveries=("record_id", "size"), items=("item_code", "nunique"), cash=("cash_amount", "sum"),
        in_kind=("goods_value", "sum"), hours=("service_hours", "sum"),
    )  # fmt: skip
    return sums.sort_values("cash", ascending=False, kind="stable").reset_index()
