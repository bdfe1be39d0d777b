"""Deliveries: for every file taken in, what it spoke of, from whom, and whether it was complete."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from relapse_risk.files import sha256
from relapse_risk.register.counties import CITY, UNKNOWN_COUNTY
from relapse_risk.schema import check_table

__all__ = ["Sent", "delivery_identifier", "delivery_rows", "first_said"]


@dataclass(frozen=True, slots=True)
class Sent:
    """What is the same for every line of one delivery.

    Attributes
    ----------
    source, digest, mapping : str
        File, SHA-256 of its content, and how it was read.
    received_on : datetime.date
    sender : str
        Department; empty where it was not said.
    complete : bool
        Whether what it does not name is no more.
    counties : tuple of str
        Counties it is complete for; empty: all.
    accepted_by : str
        Who let it through a gate, and why.
    """

    source: str
    digest: str
    mapping: str
    received_on: date
    sender: str = ""
    complete: bool = False
    counties: tuple[str, ...] = ()
    accepted_by: str = ""


def delivery_identifier(sent: Sent) -> str:
    """Twelve characters that are the same for the same file, sender, mapping and scope, whenever it came.

    Examples
    --------
    >>> one = Sent("a.xlsx", "77ab", "template", date(2021, 2, 1))
    >>> delivery_identifier(one) == delivery_identifier(Sent("a.xlsx", "77ab", "template", date(2021, 2, 9)))
    True
    """
    parts = (sent.source, sent.digest, sent.mapping, sent.sender, str(sent.complete), *sent.counties)
    return sha256(["|".join(parts)])[:12]


def delivery_rows(
    sent: Sent,
    month: str,
    counties: Mapping[str, pd.Series],
    columns: Mapping[str, Iterable[str]],
    scope: Iterable[str],
) -> pd.DataFrame:
    """Rows of table ``delivery`` for one month.

    Parameters
    ----------
    sent : Sent
    month : str
    counties : mapping of str to Series
        County of each row taken in, by table.
    columns : mapping of str to iterable of str
        Columns filled, by table.
    scope : iterable of str
        Counties a complete delivery speaks of, rows or none.

    Examples
    --------
    >>> sent = Sent("a.xlsx", "77ab", "template", date(2021, 2, 1), complete=True)
    >>> rows = delivery_rows(sent, "2021-01", {"household": pd.Series(["371425", "371425"])},
    ...                      {"household": ["household_id", "relief_status"]}, ["371425", "371481"])
    >>> rows[["county_code", "rows", "columns"]].values.tolist()
    [['371425', 2, 'household_id;relief_status'], ['371481', 0, 'household_id;relief_status']]
    """
    lines = []
    for name, codes in counties.items():
        counts = codes.value_counts().to_dict()
        named = {*counts, *(scope if sent.complete else ())} - {CITY, UNKNOWN_COUNTY}
        lines += [(name, str(county), int(counts.get(county, 0)), ";".join(columns[name])) for county in sorted(named)]
    frame = pd.DataFrame(lines, columns=pd.Index(["table_name", "county_code", "rows", "columns"]))
    frame = frame.assign(
        delivery_id=delivery_identifier(sent), snapshot_month=month, sender=sent.sender or None, source=sent.source,
        digest=sent.digest, mapping=sent.mapping, received_on=pd.Timestamp(sent.received_on), complete=sent.complete,
        accepted_by=sent.accepted_by or None,
    )  # fmt: skip
    return check_table(frame, "delivery")


def first_said(held: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """``held`` and those of ``new`` it does not have: the same file sent again is the same delivery, of its first day."""
    if not len(held):
        return new
    key = ["delivery_id", "table_name", "county_code", "snapshot_month"]
    known = pd.MultiIndex.from_frame(held[key])
    return pd.concat([held, new[~pd.MultiIndex.from_frame(new[key]).isin(known)]], ignore_index=True)
