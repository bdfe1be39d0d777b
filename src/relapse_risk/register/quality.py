"""Quality check: every fault of candidate rows before they enter a register, or of an existing register."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from relapse_risk.parameters import Parameters, Place, read_place
from relapse_risk.register.answer_key_check import FaultReport, compare_with_key
from relapse_risk.register.check_register import check_register
from relapse_risk.register.counties import UNKNOWN_COUNTY, counties_of
from relapse_risk.register.findings import Findings, merge_findings
from relapse_risk.register.findings_files import FindingsFiles, write_findings
from relapse_risk.register.intake import Fault, key_faults, month_faults, reference_faults, typed_frame
from relapse_risk.register.rule_findings import apply_rules, fault_findings
from relapse_risk.register.rules import RuleBook, read_rules
from relapse_risk.register.spared_rows import spared
from relapse_risk.register.views import Source
from relapse_risk.schema import tables

__all__ = [
    "FaultReport",
    "Findings",
    "FindingsFiles",
    "RuleBook",
    "check_frames",
    "check_register",
    "compare_with_key",
    "read_rules",
    "write_findings",
]


def check_frames(
    frames: Mapping[str, pd.DataFrame],
    month: str,
    parameters: Parameters,
    place: Place | str,
    *,
    known: Mapping[str, pd.Series] | None = None,
    data_date: date | None = None,
    rules: RuleBook | None = None,
    spare_rows: bool = False,
) -> Findings:
    """Check candidate rows before they enter a register: every fault of every row, not the first.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Rows by table name, typed or still text, code columns as words.  Snapshot tables hold one month.  A column
        that is absent counts as not collected; one that is present but empty, as left empty.
    month : str
        The month the rows describe, ``YYYY-MM``.
    parameters, place
        Dated parameters and the place (or its name), for lines and thresholds.
    known : mapping of str to Series, optional
        Rows of the register that these may refer to: per table, county codes indexed by key.
    data_date : date, optional
        Nothing may have happened after this day; the last day of ``month`` when left out.
    rules : RuleBook, optional
        The rules; read from the parameter folder when left out.
    spare_rows : bool
        Whether an error in a cell costs the cell only (:func:`relapse_risk.register.spared_rows.spared`).

    Returns
    -------
    Findings
        ``rejected_rows(table)`` gives the positions that errors reject, including rows that refer to a rejected row.

    Examples
    --------
    >>> from relapse_risk.parameters import read_parameters
    >>> rows = pd.DataFrame({"household_id": ["H1"], "snapshot_month": ["2020-12"], "household_size": ["two"],
    ...                      "village_code": ["371425101001"]})
    >>> found = check_frames({"household": rows}, "2020-12", read_parameters(), "dezhou")
    >>> found.frame[["rule", "value", "severity"]].values.tolist(), found.rejected_rows("household").tolist()
    ([['not_a_number', 'two', 'error']], [0])
    """
    book = (rules or read_rules(parameters=parameters)).for_place(_place(place))
    beyond = known or {}
    typed: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    for name, frame in frames.items():
        typed[name], met = typed_frame(frame, name)
        faults += met + key_faults(typed[name], name) + month_faults(typed[name], name, month)
    collected = {name: frozenset(frame.columns) & frozenset(tables()[name].names) for name, frame in frames.items()}
    source = Source(typed, collected, month, book.setting(parameters, _place(place), month, data_date))
    counties = counties_of(typed, {name: keys.to_dict() for name, keys in beyond.items()})
    by_rules = apply_rules(source, counties, book.rules)
    by_reading = fault_findings(faults, source, counties, book)
    found = merge_findings([Findings(by_reading, by_rules.skipped.iloc[:0]), by_rules])
    found = spared(found, collected) if spare_rows else found
    references = _reference_faults(source, found, {n: frozenset(k.index) for n, k in beyond.items()}, counties)
    part = fault_findings(references, source, counties, book)
    return _sorted(merge_findings([found, Findings(part, found.skipped.iloc[:0])]))


def _place(place: Place | str) -> Place:
    return read_place(place) if isinstance(place, str) else place


def _reference_faults(
    source: Source, found: Findings, known: Mapping[str, frozenset[str]], counties: Mapping[str, pd.Series]
) -> list[Fault]:
    """Broken references, and rows without a county although their references exist."""
    rejected = {name: found.rejected_rows(name) for name in source.frames}
    faults = reference_faults(source.frames, known, rejected)
    for name, codes in counties.items():
        if tables()[name].county_from is None or name == "place_fact":
            continue
        lost = np.flatnonzero(codes.isna().to_numpy() | (codes == UNKNOWN_COUNTY).to_numpy())
        broken = {int(i) for fault in faults if fault.table == name for i in fault.rows}
        rows = np.array([i for i in lost if int(i) not in broken], dtype=int)
        origin = str(tables()[name].county_from)
        followed = _is_followed(name, origin, source.frames, known)
        if len(rows) and followed:
            values = tuple(source.frames[name][origin].iloc[rows].astype("str").fillna(""))
            faults.append(Fault("county_unknown", name, origin, rows, values))
    return faults


def _is_followed(
    name: str, origin: str, frames: Mapping[str, pd.DataFrame], known: Mapping[str, frozenset[str]]
) -> bool:
    """Whether the county of a row can be determined from these tables."""
    target = tables()[name].column(origin).refers_to
    return not target or target in frames or target in known or target in ("village", "county")


def _sorted(found: Findings) -> Findings:
    order = found.frame.sort_values(["table", "row", "column", "rule"], kind="stable", na_position="first")
    return Findings(order.reset_index(drop=True), found.skipped)
