"""Entitlements: household or person × item on a day, as yes, no or *cannot tell*, with reasons and near misses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import and_, or_

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.assistance.amounts import AMOUNT_RULES
from relapse_risk.assistance.catalogue import Catalogue, Item, Requirement, Version
from relapse_risk.assistance.conditions import CONDITIONS, condition_named, holds, shortfall
from relapse_risk.assistance.limits import Limits

__all__ = ["Entitlements", "entitlements", "explain", "near_misses", "person_frame"]

KEYS = ("household_id", "county_code", "town_code", "person_id", "item_code")
PAIR = ["household_id", "person_id", "item_code"]
NOT_INHERITED = frozenset({"household_id", "county_code", "town_code", "village_code", "month"})


@dataclass(frozen=True, slots=True)
class Entitlements:
    """What the rules grant on a day.

    Attributes
    ----------
    frame : DataFrame
        One row per entitlement or open question: household_id, county_code, town_code, person_id (null for
        household items), item_code, state (``yes`` | ``cannot_tell``), amount (one delivery, currency), amount_year.
    day : date
    kept : DataFrame
        household_id, person_id, item_code: not entitled anew, but whoever receives it already may keep it.
    """

    frame: pd.DataFrame
    day: date
    kept: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PAIR, dtype="str"))

    def granted(self) -> pd.DataFrame:
        """The rows that are a clear yes."""
        return self.frame[self.frame["state"] == "yes"]


def person_frame(persons: pd.DataFrame, households: pd.DataFrame) -> pd.DataFrame:
    """Persons with the columns of their household joined; a person's own column wins over one of the same name."""
    inherited = ["household_id", "county_code", "town_code"] + [
        c for c in households.columns if c not in persons.columns and c not in NOT_INHERITED
    ]
    return persons.merge(households[[c for c in inherited if c in households.columns]], on="household_id", how="inner")


def entitlements(
    households: pd.DataFrame, persons: pd.DataFrame, catalogue: Catalogue, limits: Limits, day: date
) -> Entitlements:
    """Judge every item of ``catalogue`` in force on ``day`` for every household and person.

    Parameters
    ----------
    households : DataFrame
        One row per household: :func:`relapse_risk.derive.household_frame`.
    persons : DataFrame
        One row per living person with ``age`` in whole years on ``day`` and household_id.
    catalogue : Catalogue
    limits : Limits
    day : date

    Returns
    -------
    Entitlements

    Notes
    -----
    Conditions combine by Kleene's three-valued logic: a missing answer matters only where it could change the result.
    An item gives way to one that excludes it when both are a clear yes for the same household.
    """
    joined = person_frame(persons, households)
    parts, kept = [], []
    for level, people in (("household", households), ("person", joined)):
        cache: dict[str, pd.Series] = {}
        for item in catalogue.of_level(level):  # type: ignore[arg-type]
            version = item.on(day)
            if version is not None:
                parts.append(_judged(item, version, people, limits, cache))
                kept += _keepers(item, version, people, limits, cache)
    frame = pd.concat(parts, ignore_index=True) if parts else _no_rows()
    keeps = pd.concat(kept, ignore_index=True) if kept else _no_rows()[PAIR]
    return Entitlements(_without_excluded(frame, catalogue), day, keeps)


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in (*KEYS, "state")}).assign(
        amount=pd.Series(dtype="float64"), amount_year=pd.Series(dtype="float64")
    )


def _truth(requirement: Requirement, frame: pd.DataFrame, limits: Limits, cache: dict[str, pd.Series]) -> pd.Series:
    """The requirement's three-valued answer per row; each condition is computed once per frame."""
    if requirement.condition is not None:
        name = requirement.condition
        if name not in cache:
            cache[name] = holds(condition_named(name), frame, limits)
        return cache[name]
    parts, combine = (requirement.all, and_) if requirement.all else (requirement.any, or_)
    return reduce(combine, (_truth(part, frame, limits, cache) for part in parts))


def _judged(
    item: Item, version: Version, frame: pd.DataFrame, limits: Limits, cache: dict[str, pd.Series]
) -> pd.DataFrame:
    truth = _truth(version.requires, frame, limits, cache)
    kept = (truth.isna() | truth.fillna(False)).to_numpy(dtype=bool)
    person = ["person_id"] if item.level == "person" else []
    rows = frame[["household_id", "county_code", "town_code", *person]][kept]
    amount = _amount(item, version, frame, kept, limits)
    return pd.DataFrame(
        {
            "household_id": rows["household_id"],
            "county_code": rows["county_code"],
            "town_code": rows["town_code"],
            "person_id": rows["person_id"] if person else pd.Series(pd.NA, rows.index, dtype="str"),
            "item_code": item.code,
            "state": np.where(truth[kept].isna(), "cannot_tell", "yes"),
            "amount": amount,
            "amount_year": amount * item.payments_a_year,
        }
    )


def _keepers(
    item: Item, version: Version, frame: pd.DataFrame, limits: Limits, cache: dict[str, pd.Series]
) -> list[pd.DataFrame]:
    """Whoever may keep the item; a missing answer takes nothing away."""
    if version.keeps is None:
        return []
    rows = frame[_truth(version.keeps, frame, limits, cache).fillna(True).to_numpy(dtype=bool)]
    person = rows["person_id"] if item.level == "person" else pd.Series(pd.NA, rows.index, dtype="str")
    return [pd.DataFrame({"household_id": rows["household_id"], "person_id": person, "item_code": item.code})]


def _amount(
    item: Item, version: Version, frame: pd.DataFrame, kept: npt.NDArray[np.bool_], limits: Limits
) -> pd.Series:
    amount = version.amount
    if amount.rule is not None:  # a rule may read any column: only then is the whole row taken
        return AMOUNT_RULES[amount.rule](frame[kept], limits).astype("float64")
    index = frame.index[kept]
    if amount.share is not None:
        return amount.share * _column_of(frame, amount.column or "", kept)
    if amount.column is not None:
        words = frame.loc[kept, amount.column] if amount.column in frame else pd.Series(index=index, dtype="str")
        return words.map(amount.by_word).astype("float64")
    return pd.Series(float(amount.fixed or 0.0), index=index)


def _column_of(frame: pd.DataFrame, name: str, kept: npt.NDArray[np.bool_]) -> pd.Series:
    """A column of money; missing where it was never collected: the amount is then unknown too."""
    values = frame.loc[kept, name] if name in frame else pd.Series(np.nan, index=frame.index[kept])
    return values.astype("float64")


def _without_excluded(frame: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Drop items ruled out by one that is a clear yes: of the same person, or of the household where one is for all."""
    granted = frame[frame["state"] == "yes"]
    drop = np.zeros(len(frame), dtype=bool)
    for item, other, who in catalogue.exclusions():
        holders = granted.loc[granted["item_code"] == item.code, who]
        drop |= ((frame["item_code"] == other.code) & frame[who].isin(holders)).to_numpy(dtype=bool)
    return frame[~drop].reset_index(drop=True)


def explain(item: Item, row: pd.DataFrame, limits: Limits, day: date, language: str = "zh") -> pd.DataFrame:
    """Why one household or person is, is not, or may be entitled: one line per condition of the item.

    Parameters
    ----------
    row : DataFrame
        A single row of the household frame (household items) or person frame (person items).

    Returns
    -------
    DataFrame
        condition, state (yes | no | cannot_tell), reason, shortfall (by how much it is missed; null where no number),
        question (what to ask, where the answer is missing), source.
    """
    version = item.on(day)
    names = dict.fromkeys(version.requires.names()) if version else {}
    return pd.DataFrame([_explained(name, row, limits, language) for name in names])


def _explained(name: str, row: pd.DataFrame, limits: Limits, language: str) -> Mapping[str, object]:
    condition = condition_named(name)
    answer = holds(condition, row, limits).iloc[0]
    missed = shortfall(condition, row, limits).iloc[0]
    unknown = answer is pd.NA
    return {
        "condition": name,
        "state": "cannot_tell" if unknown else "yes" if answer else "no",
        "reason": condition.reason(language),
        "shortfall": float(missed) if not unknown and not answer and missed is not pd.NA else float("nan"),
        "question": condition.question(language) if unknown else "",
        "source": condition.source,
    }


def near_misses(frame: pd.DataFrame, item: Item, limits: Limits, day: date, within: float) -> pd.DataFrame:
    """Rows that miss ``item`` by exactly one numeric condition, and by at most ``within`` of its unit.

    Returns
    -------
    DataFrame
        household_id, person_id (person items), condition, shortfall; nearest first.
    """
    version = item.on(day)
    columns = ["household_id", *(["person_id"] if item.level == "person" else []), "condition", "shortfall"]
    if version is None:
        return pd.DataFrame(columns=columns)
    cache: dict[str, pd.Series] = {}
    tops = version.requires.all or (version.requires,)
    truths = [_truth(part, frame, limits, cache).fillna(False).to_numpy(dtype=bool) for part in tops]
    failed_once = sum((~truth).astype(int) for truth in truths) == 1
    found = [
        frame.loc[near, columns[:-2]].assign(condition=part.condition, shortfall=missed[near])
        for part, truth in zip(tops, truths, strict=True)
        if part.condition is not None and CONDITIONS[part.condition].shortfall is not None
        for missed in [shortfall(CONDITIONS[part.condition], frame, limits).astype("float64")]
        for near in [failed_once & ~truth & (missed <= within).to_numpy()]
    ]
    return pd.concat(found).sort_values("shortfall", ignore_index=True) if found else pd.DataFrame(columns=columns)
