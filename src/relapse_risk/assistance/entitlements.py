"""Entitlements: household or person × item on a day, as yes, no or *cannot tell*, with reasons and near misses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.assistance.amounts import AMOUNT_RULES
from relapse_risk.assistance.catalogue import Catalogue, Item, Level, Version
from relapse_risk.predicates import Setting, holds, limits_of, shortfall
from relapse_risk.predicates.truth import numeric

__all__ = ["Entitlements", "entitlements", "explain", "near_misses", "person_frame"]

KEYS = ("household_id", "county_code", "town_code", "person_id", "item_code")
PAIR = ["household_id", "person_id", "item_code"]
NOT_INHERITED = frozenset({"household_id", "county_code", "town_code", "village_code", "month"})


@dataclass(frozen=True, slots=True)
class Entitlements:
    """Entitlements under the rules on a day.

    Attributes
    ----------
    frame : DataFrame
        One row per entitlement or open question: household_id, county_code, town_code, person_id (null for
        household items), item_code, state (``yes`` | ``cannot_tell``), amount (one delivery, currency), amount_year.
    day : date
    kept : DataFrame
        household_id, person_id, item_code: not newly entitled, but a current recipient may keep it.
    """

    frame: pd.DataFrame
    day: date
    kept: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PAIR, dtype="str"))

    def granted(self) -> pd.DataFrame:
        """The rows that are a clear yes."""
        return self.frame[self.frame["state"] == "yes"]


@dataclass(frozen=True, slots=True)
class _Found:
    """Rows of one item that are a yes or an open question: positions in the frame of its level, and by row whether it is
    certain and the value of one delivery."""

    item: Item
    rows: npt.NDArray[np.int64]
    sure: npt.NDArray[np.bool_]
    amount: npt.NDArray[np.float64]

    def only(self, stays: npt.NDArray[np.bool_]) -> _Found:
        return _Found(self.item, self.rows[stays], self.sure[stays], self.amount[stays])


def person_frame(persons: pd.DataFrame, households: pd.DataFrame) -> pd.DataFrame:
    """Persons with the columns of their household joined; a column of the person takes precedence over one of the household."""
    inherited = ["household_id", "county_code", "town_code"] + [
        c for c in households.columns if c not in persons.columns and c not in NOT_INHERITED
    ]
    return persons.merge(households[[c for c in inherited if c in households.columns]], on="household_id", how="inner")


def entitlements(
    households: pd.DataFrame, persons: pd.DataFrame, catalogue: Catalogue, setting: Setting
) -> Entitlements:
    """Assess every item of ``catalogue`` in force on the setting's day for every household and person.

    Parameters
    ----------
    households : DataFrame
        One row per household: :func:`relapse_risk.derive.household_frame`.
    persons : DataFrame
        One row per living person with ``age`` in whole years on that day and household_id.
    catalogue : Catalogue
    setting : Setting

    Returns
    -------
    Entitlements

    Raises
    ------
    ParameterError
        If the place lacks a line that an item depends on.

    Notes
    -----
    Conditions combine by Kleene's three-valued logic: a missing answer matters only where it could change the result.
    An item gives way to one that excludes it when both are a clear yes for the same household.
    """
    frames: dict[Level, pd.DataFrame] = {"household": households, "person": person_frame(persons, households)}
    found: dict[str, _Found] = {}
    kept = []
    for level, people in frames.items():
        known: dict[str, pd.Series] = {}
        for item in catalogue.of_level(level):
            version = item.on(setting.day)
            if version is not None:
                _check_lines(version, setting)
                found[item.code] = _assessed(item, version, people, setting, known)
                kept += _keepers(item, version, people, setting, known)
    keeps = pd.concat(kept, ignore_index=True) if kept else _no_rows()[PAIR]
    lasting = _without_excluded(found, frames, catalogue)
    return Entitlements(_as_frame(lasting, frames), setting.day, keeps)


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in (*KEYS, "state")}).assign(
        amount=pd.Series(dtype="float64"), amount_year=pd.Series(dtype="float64")
    )


def _check_lines(version: Version, setting: Setting) -> None:
    """Refuse a line that the place does not have: every household would be unknown."""
    for name in version.names():
        for kind, limit in limits_of(name, setting.predicates):
            if kind == "line":
                setting.line_name(limit)


def _assessed(
    item: Item, version: Version, frame: pd.DataFrame, setting: Setting, known: dict[str, pd.Series]
) -> _Found:
    truth = holds(version.requires, frame, setting, known)
    sure = truth.fillna(False).to_numpy(dtype=bool)
    rows = np.flatnonzero(sure | truth.isna().to_numpy(dtype=bool))
    return _Found(item, rows, sure[rows], _amount(version, frame, setting)[rows])


def _keepers(
    item: Item, version: Version, frame: pd.DataFrame, setting: Setting, known: dict[str, pd.Series]
) -> list[pd.DataFrame]:
    """Current recipients who may keep the item; a missing answer never ends it."""
    if version.keeps is None:
        return []
    rows = frame[holds(version.keeps, frame, setting, known).fillna(True).to_numpy(dtype=bool)]
    person = rows["person_id"] if item.level == "person" else pd.Series(pd.NA, rows.index, dtype="str")
    return [pd.DataFrame({"household_id": rows["household_id"], "person_id": person, "item_code": item.code})]


def _amount(version: Version, frame: pd.DataFrame, setting: Setting) -> npt.NDArray[np.float64]:
    """Value of one delivery to each row of ``frame``."""
    amount = version.amount
    if amount.rule is not None:
        worth = AMOUNT_RULES[amount.rule](frame, setting)
    elif amount.share is not None:
        worth = amount.share * _column_of(frame, amount.column or "").astype("float64")
    elif amount.column is not None:
        worth = _column_of(frame, amount.column).map(amount.by_word)
    else:
        return np.full(len(frame), float(amount.fixed or 0.0))
    return worth.astype("float64").to_numpy(dtype=float, na_value=np.nan)


def _column_of(frame: pd.DataFrame, name: str) -> pd.Series:
    """The column, or missing if it was not collected; the amount is then unknown."""
    return frame[name] if name in frame else pd.Series(np.nan, index=frame.index)


def _without_excluded(
    found: Mapping[str, _Found], frames: Mapping[Level, pd.DataFrame], catalogue: Catalogue
) -> list[_Found]:
    """Drop items excluded by one that is a clear yes: for the same person, or the household if either is for households."""
    homes = [frames[level]["household_id"] for level in frames]
    codes, known = pd.factorize(pd.concat(homes))
    home_of = dict(zip(frames, np.split(codes, [len(homes[0])]), strict=True))
    stays = {code: np.ones(len(one.rows), dtype=bool) for code, one in found.items()}
    for item, other, who in catalogue.exclusions():
        if item.code in found and other.code in found:
            units = [one.rows if who == "person_id" else home_of[one.item.level][one.rows]
                     for one in (found[item.code], found[other.code])]  # fmt: skip
            held = np.zeros(len(frames["person"]) if who == "person_id" else len(known), dtype=bool)
            held[units[0][found[item.code].sure]] = True
            stays[other.code] &= ~held[units[1]]
    return [one.only(stays[code]) for code, one in found.items()]


def _as_frame(found: Sequence[_Found], frames: Mapping[Level, pd.DataFrame]) -> pd.DataFrame:
    """One frame of everything found.  Text columns are taken once per level, since they cost more than the assessment."""
    parts = []
    for level, frame in frames.items():
        mine = [one for one in found if one.item.level == level]
        if mine:
            named = [name for name in KEYS[:4] if name in frame]
            rows = frame[named].iloc[np.concatenate([one.rows for one in mine])]
            person = rows["person_id"] if level == "person" else pd.Series(pd.NA, rows.index, dtype="str")
            amount = np.concatenate([one.amount for one in mine])
            lengths = [len(one.rows) for one in mine]
            yearly = np.repeat([float(one.item.payments_a_year) for one in mine], lengths)
            parts.append(
                pd.DataFrame(
                    {
                        **{name: rows[name].array for name in KEYS[:3]},
                        "person_id": person.array,
                        "item_code": _spelled(
                            np.repeat(np.arange(len(mine)), lengths), [one.item.code for one in mine]
                        ),
                        "state": _spelled(
                            np.concatenate([one.sure for one in mine]).astype(int), ["cannot_tell", "yes"]
                        ),
                        "amount": amount,
                        "amount_year": amount * yearly,
                    }
                )
            )
    return pd.concat(parts, ignore_index=True) if parts else _no_rows()


def _spelled(codes: npt.NDArray[np.int64], words: Sequence[str]) -> pd.api.extensions.ExtensionArray:
    return pd.array(list(words), dtype="str").take(codes)


def explain(item: Item, row: pd.DataFrame, setting: Setting, language: str = "zh") -> pd.DataFrame:
    """Why one household or person is, is not, or may be entitled: one line per condition of the item.

    Parameters
    ----------
    row : DataFrame
        A single row of the household frame (household items) or person frame (person items).

    Returns
    -------
    DataFrame
        condition, state (yes | no | cannot_tell), reason, shortfall (distance to the limit; null without a number),
        question (what to ask, where the answer is missing), source.
    """
    version = item.on(setting.day)
    names = dict.fromkeys(version.requires.names()) if version else {}
    return pd.DataFrame([_explained(name, item, row, setting, language) for name in names])


def _explained(name: str, item: Item, row: pd.DataFrame, setting: Setting, language: str) -> Mapping[str, object]:
    predicate = item.predicates[name]
    answer = holds(name, row, setting).iloc[0]
    missed = shortfall(name, row, setting).iloc[0]
    unknown = answer is pd.NA
    return {
        "condition": name,
        "state": "cannot_tell" if unknown else "yes" if answer else "no",
        "reason": predicate.label.in_language(language),
        "shortfall": float(missed) if not unknown and not answer and missed is not pd.NA else float("nan"),
        "question": predicate.ask.in_language(language) if unknown and predicate.ask else "",
        "source": predicate.source,
    }


def near_misses(frame: pd.DataFrame, item: Item, setting: Setting, within: float) -> pd.DataFrame:
    """Rows that miss ``item`` by exactly one numeric condition, and by at most ``within`` of its unit.

    Returns
    -------
    DataFrame
        household_id, person_id (person items), condition, shortfall; nearest first.
    """
    version = item.on(setting.day)
    columns = ["household_id", *(["person_id"] if item.level == "person" else []), "condition", "shortfall"]
    if version is None:
        return pd.DataFrame(columns=columns)
    known: dict[str, pd.Series] = {}
    tops = version.requires.all or (version.requires,)
    truths = [holds(part, frame, setting, known).fillna(False).to_numpy(dtype=bool) for part in tops]
    failed_once = sum((~truth).astype(int) for truth in truths) == 1
    found = [
        frame.loc[near, columns[:-2]].assign(condition=part.predicate, shortfall=missed[near])
        for part, truth in zip(tops, truths, strict=True)
        if part.predicate is not None and numeric(item.predicates[part.predicate]) is not None
        for missed in [shortfall(part.predicate, frame, setting).astype("float64")]
        for near in [failed_once & ~truth & (missed <= within).to_numpy()]
    ]
    return pd.concat(found).sort_values("shortfall", ignore_index=True) if found else pd.DataFrame(columns=columns)
