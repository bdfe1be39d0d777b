"""Overwrites: where a delivery says another value than the register holds, both are listed, and a rule decides."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from relapse_risk.errors import SourceError, unknown
from relapse_risk.parameters import params_dir
from relapse_risk.register.deliveries import Sent, delivery_identifier
from relapse_risk.register.findings import mask_identity, row_keys
from relapse_risk.schema import Table, code_list, table, tables
from relapse_risk.yaml_reading import check_model, read_yaml

__all__ = ["CONFLICT_COLUMNS", "Answers", "check_sender", "decided", "left_alone", "read_answers"]

CONFLICT_COLUMNS = (
    "table", "month", "row_key", "county_code", "column", "held", "held_by", "said", "said_by", "kept", "rule",
)  # fmt: skip
ANSWERING, LATER = "answering department", "later delivery"
FILE = "departments.yaml"


class Answers(BaseModel):
    """Which department answers for which columns: its word stands over that of others.

    Attributes
    ----------
    answers_for : mapping
        Department to table to columns.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    answers_for: dict[str, dict[str, tuple[str, ...]]] = {}

    def department(self, name: str, column: str) -> str:
        """Who answers for a column; empty where nobody does alone."""
        for department, by_table in self.answers_for.items():
            if column in by_table.get(name, ()):
                return department
        return ""


def read_answers(folder: str | Path | None = None) -> Answers:
    """Read ``departments.yaml``; a parameter folder without it gives nobody the last word.

    Raises
    ------
    ParameterError
        For an unknown department, table or column, and for a column two departments answer for.

    Examples
    --------
    >>> read_answers().department("household", "relief_status")
    'MZ'
    """
    path = params_dir(folder) / FILE
    if not path.is_file():
        return Answers()
    answers = check_model(Answers, read_yaml(path), FILE)
    seen: dict[tuple[str, str], str] = {}
    for department, by_table in answers.answers_for.items():
        where = f"{FILE}: answers_for.{department}"
        if department not in code_list("department").words:
            raise unknown("department", department, code_list("department").words, where)
        for name, columns in by_table.items():
            if name not in tables():
                raise unknown("table", name, tables(), where)
            for column in columns:
                if column not in table(name).names:
                    raise unknown("column", column, table(name).names, f"{where}.{name}")
                if (name, column) in seen:
                    raise unknown(f"only department for {name}.{column}", department, [seen[name, column]], where)
                seen[name, column] = department
    return answers


def check_sender(sender: str) -> str:
    """``sender`` if it is a department's word or nothing; raise otherwise.

    Examples
    --------
    >>> check_sender("MZ")
    'MZ'
    """
    if sender and sender not in code_list("department").words:
        raise unknown("department", sender, code_list("department").words, "--from", SourceError)
    return sender


def left_alone(
    accepted: pd.DataFrame,
    counties: pd.Series | None,
    spec: Table,
    month: str,
    sent: Sent,
    deliveries: pd.DataFrame,
    answers: Answers,
) -> pd.DataFrame:
    """Cells of a delivery that leave what the register holds as it is.

    A blank says nothing where another department fills the column for the county, unless the sender answers for it.  A
    delivery that was taken in before, and comes again, does not undo what later ones said of the same column and county.

    Parameters
    ----------
    accepted : DataFrame
        Rows taken in.
    counties : Series, optional
        County of each.
    spec : Table
    month : str
        Month of the delivery.
    sent : Sent
    deliveries : DataFrame
        Rows of table ``delivery`` held, of every month.
    answers : Answers

    Returns
    -------
    DataFrame
        key (the first key column), column.
    """
    own = deliveries[deliveries["table_name"] == spec.name]
    none = pd.DataFrame({"key": pd.Series(dtype="str"), "column": pd.Series(dtype="str")})
    if counties is None or not len(accepted) or not len(own):
        return none
    identifier = delivery_identifier(sent)
    first = own.loc[own["delivery_id"].eq(identifier) & own["snapshot_month"].eq(month), "received_on"].min()
    again = own[own["snapshot_month"].eq(month) & own["delivery_id"].ne(identifier) & own["received_on"].ge(first)]
    others = own[own["sender"].notna() & own["sender"].ne(sent.sender)]
    homes = counties.to_numpy(dtype=object)
    parts = []
    for name in (one for one in accepted.columns if one not in spec.key and one != spec.county_from):
        alone = np.zeros(len(accepted), dtype=bool)
        if answers.department(spec.name, name) != sent.sender or not sent.sender:
            alone |= accepted[name].isna().to_numpy(dtype=bool) & np.isin(homes, _counties_that_fill(others, name))
        if pd.notna(first) and not sent.accepted_by:
            alone |= np.isin(homes, _counties_that_fill(again, name))
        if alone.any():
            parts.append(pd.DataFrame({"key": accepted[spec.key[0]].astype("str")[alone].to_numpy(), "column": name}))
    return pd.concat(parts, ignore_index=True) if parts else none


def _counties_that_fill(deliveries: pd.DataFrame, column: str) -> list[str]:
    filled = [column in str(names).split(";") for names in deliveries["columns"]]
    return sorted(set(deliveries.loc[np.array(filled, dtype=bool), "county_code"]))


def decided(
    held: pd.DataFrame,
    accepted: pd.DataFrame,
    counties: pd.Series,
    spec: Table,
    month: str,
    *,
    sender: str,
    deliveries: pd.DataFrame,
    answers: Answers,
    carried: Mapping[str, frozenset[str]],
    spared: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The accepted rows as they stand after the rule, and the cells on which they differ from what was held.

    The department that answers for a column keeps its word once it has delivered the column for the county; elsewhere
    the later delivery stands.  A blank contradicts nothing, nor does a value that was only carried.

    Parameters
    ----------
    held, accepted : DataFrame
        Rows of one table (and month).
    counties : Series
        County of each accepted row.
    spec : Table
    month : str
        Empty for tables without months.
    sender : str
        Department of this delivery.
    deliveries : DataFrame
        Rows of table ``delivery`` held.
    answers : Answers
    carried : mapping of str to frozenset of str
        Columns whose held value is only carried, by key.
    spared : DataFrame, optional
        Cells that are not taken: key, column.

    Returns
    -------
    DataFrame
        ``accepted``, with the values that stand.
    DataFrame
        Conflicts: ``CONFLICT_COLUMNS``; identity masked.
    """
    none = pd.DataFrame(columns=pd.Index(CONFLICT_COLUMNS), dtype="str")
    key = list(spec.key)
    if not len(held) or not len(accepted):
        return accepted, none
    old = held.set_index(key)
    at = pd.MultiIndex.from_frame(accepted[key]) if len(key) > 1 else pd.Index(accepted[key[0]])
    keys = accepted[key[0]].astype("str").to_numpy(dtype=object)
    stands, lines = accepted.copy(), []
    untaken = set() if spared is None else set(zip(spared["key"], spared["column"], strict=True))
    own = deliveries[deliveries["table_name"] == spec.name]
    for name in (one for one in accepted.columns if one not in key):
        before = old[name].reindex(at).reset_index(drop=True)
        now = accepted[name].reset_index(drop=True).astype(before.dtype)
        differ = (before.notna() & now.notna() & (before != now).fillna(False)).to_numpy(dtype=bool)
        rows = [
            i for i in np.flatnonzero(differ)
            if not {name, "all"} & carried.get(keys[i], frozenset()) and (keys[i], name) not in untaken
        ]  # fmt: skip
        if not rows:
            continue
        answering = answers.department(spec.name, name)
        filled = np.array([name in str(columns).split(";") for columns in own["columns"]], dtype=bool)
        said_before = own[filled]
        for i in rows:
            county = str(counties.iloc[i])
            by = sorted(set(said_before.loc[said_before["county_code"] == county, "sender"].dropna()) - {""})
            keeps = bool(answering) and sender != answering and answering in by
            if keeps:
                stands[name] = stands[name].where(np.arange(len(stands)) != i, before.iloc[i])
            lines.append((spec.name, month, int(i), county, name, _shown(spec, name, before.iloc[i]), " ".join(by),
                          _shown(spec, name, now.iloc[i]), sender, keeps, ANSWERING if answering in (sender, *by) and answering else LATER))  # fmt: skip
    if not lines:
        return accepted, none
    frame = pd.DataFrame(lines, columns=pd.Index(CONFLICT_COLUMNS))
    frame["row_key"] = row_keys(accepted, spec.name, frame["row_key"].to_numpy())
    frame["kept"] = np.where(frame["kept"], frame["held"], frame["said"])
    return stands, frame.astype("str")


def _shown(spec: Table, column: str, value: object) -> str:
    text = value.date().isoformat() if isinstance(value, pd.Timestamp) else str(value)
    return mask_identity(spec.name, column, text) or ""
