"""Cliffs: the income at which one yuan more costs a household its aid, and what the next yuan are worth, by the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.assistance.catalogue import Catalogue, Item
from relapse_risk.assistance.entitlements import entitlements
from relapse_risk.errors import ModelError
from relapse_risk.predicates import Setting, needs

__all__ = ["Cliffs", "cliffs", "income_items", "marginal_rate", "with_more_income"]

FEN = 2  # decimals of money
INCOME_COLUMNS = ("net_income", "income_pc_year", "income_after_rigid", "rigid_burden", "income_change")
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Money = TypeVar("Money", float, Fraction)


@dataclass(frozen=True, slots=True)
class Cliffs:
    """What more income costs, by the rules of a day.

    Attributes
    ----------
    households : DataFrame
        household_id, county_code; ``cliff_at``: yuan a year that the household may still earn more before the first yuan
        that costs aid worth more than itself (null: none within reach, or not known); ``income_at``: its net income there; ``loss``: net yuan
        a year lost by that yuan; ``items``: what it loses there; ``marginal_rate``: of ``reach`` more yuan, the
        share lost as aid (over 1: poorer than before); ``known``: whether every item that depends on income is a clear yes
        or no with a known amount all the way.  What rests on something unknown is null.
    items : DataFrame
        One row per household and item lost within reach: household_id, county_code, item_code, ``lost_at`` (yuan more that
        still keep it), ``worth`` (yuan a year there, null where the amount is unknown), ``loss`` (of all items together).
    reach : int
        Yuan a year looked ahead.
    """

    households: pd.DataFrame
    items: pd.DataFrame
    reach: int

    def worst(self, number: int = 20) -> pd.DataFrame:
        """The households that lose most by one yuan, the largest loss first; ties by household."""
        found = self.households.dropna(subset=["loss"]).sort_values(["loss", "household_id"], ascending=[False, True])
        return found.head(number).reset_index(drop=True)

    def by_item(self) -> pd.DataFrame:
        """item_code, households that lose it within reach, mean worth, largest loss."""
        return self.items.groupby("item_code", as_index=False).agg(
            households=("household_id", "nunique"), mean_worth=("worth", "mean"), largest_loss=("loss", "max")
        )


@dataclass(frozen=True, slots=True)
class _Aid:
    """Aid by the rules: by household and item, how many hold it, yuan a year, and whether that is not known."""

    holders: Ints
    worth: Floats
    unknown: npt.NDArray[np.bool_]

    @property
    def total(self) -> Floats:
        """Yuan a year of each household, NaN where an item is not known."""
        return np.where(self.unknown.any(axis=1), np.nan, self.worth.sum(axis=1))


def marginal_rate(net_before: Money, net_after: Money, more: Money) -> Money:
    """Effective marginal rate, 1 - Δnet / Δgross: what of ``more`` yuan earned is lost again.

    Parameters
    ----------
    net_before, net_after : float or Fraction
        Income and aid together, before and after.
    more : float or Fraction
        Yuan earned more.

    Returns
    -------
    float or Fraction
        Over 1 across a cliff, and larger the smaller the step: report the loss in money beside it.

    Raises
    ------
    ModelError
        For a step that is not positive.

    References
    ----------
    OECD, *Benefits and Wages* (2007), ch. 3.

    Examples
    --------
    >>> marginal_rate(1000.0, 1200.0, 400.0)
    0.5
    """
    if not more > 0:
        raise ModelError("more income", where="marginal_rate", got=more, expected="a positive number of yuan")
    return 1 - (net_after - net_before) / more


def with_more_income(homes: pd.DataFrame, added: Floats) -> pd.DataFrame:
    """The households with ``added`` yuan a year more: every column of income follows, relief received stays.

    Parameters
    ----------
    homes : DataFrame
        :func:`relapse_risk.derive.household_frame`; income per head and size (or scale) are enough.
    added : array, shape (n,)

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> homes = pd.DataFrame({"income_pc_year": [4000.0], "size": [2], "rigid_burden": [0.5]})
    >>> with_more_income(homes, np.array([2000.0]))[["income_pc_year", "rigid_burden"]].values.tolist()
    [[5000.0, 0.4]]
    """
    scale = homes["scale" if "scale" in homes else "size"].astype("float64")
    before = homes["income_pc_year"].astype("float64") * scale
    if "net_income" in homes:
        before = homes["net_income"].astype("float64").fillna(before)
    after = before + added
    changed: dict[str, pd.Series] = {"income_pc_year": homes["income_pc_year"].astype("float64") + added / scale}
    if "net_income" in homes:
        changed["net_income"] = after
    if "income_after_rigid" in homes:
        changed["income_after_rigid"] = homes["income_after_rigid"].astype("float64") + added / scale
    if "rigid_burden" in homes:
        changed["rigid_burden"] = homes["rigid_burden"].astype("float64") * before.clip(lower=1) / after.clip(lower=1)
    if "income_change" in homes:
        ratio = after / before.where(before != 0)
        changed["income_change"] = homes["income_change"].astype("float64") * ratio
    return homes.assign(**changed)


def income_items(catalogue: Catalogue, setting: Setting) -> tuple[Item, ...]:
    """Items in force whose conditions or amounts follow income, and those that exclude one of them.

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.assistance.catalogue import read_catalogue
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> from relapse_risk.predicates import setting_on
    >>> setting = setting_on(read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> [item.code for item in income_items(read_catalogue("dezhou"), setting)][:3]
    ['MZ01', 'MZ02', 'MZ03']
    """
    found = []
    for item in catalogue.items:
        version = item.on(setting.day)
        if version is not None:
            read = {*needs(version.requires, setting.predicates), version.amount.column}
            found += [item] if read & set(INCOME_COLUMNS) else []
    codes = {item.code for item in found}
    return tuple(item for item in catalogue.items if item.code in codes or codes & set(item.excludes))


def cliffs(
    homes: pd.DataFrame,
    persons: pd.DataFrame,
    catalogue: Catalogue,
    setting: Setting,
    reach: int = 3000,
    step: int = 250,
) -> Cliffs:
    """Where more income costs aid, for every household, by the rules and not by what is received.

    Entitlements are assessed at 0, ``step``, … ``reach`` yuan a year more; where an item is lost between two of them the
    last yuan that keeps it is found by halving.  Relief already received stays as it is in conditions that count it, and
    items that follow from another item (a status, a list) are not taken away with it.

    Parameters
    ----------
    homes, persons : DataFrame
        As for :func:`relapse_risk.assistance.entitlements`.
    catalogue : Catalogue
    setting : Setting
        Day and limits.
    reach, step : int
        Yuan a year of the household; an item lost and regained within a step is not seen.

    Returns
    -------
    Cliffs

    Raises
    ------
    ModelError
        For a reach that is not a positive multiple of the step.

    References
    ----------
    OECD, *Benefits and Wages* (2007); Ravallion and Chen (2015), doi:10.1016/j.jpubeco.2015.07.008: in practice dibao is
    withdrawn far more slowly than its rule says.

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.assistance.catalogue import read_catalogue
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> from relapse_risk.predicates import setting_on
    >>> homes = pd.DataFrame({"household_id": ["h"], "county_code": ["c"], "town_code": ["t"], "size": [1],
    ...                       "income_pc_year": [6000.0], "rigid_burden": [0.6]})
    >>> persons = pd.DataFrame({"household_id": ["h"], "person_id": ["p"], "age": [40]})
    >>> setting = setting_on(read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> found = cliffs(homes, persons, read_catalogue("dezhou"), setting)
    >>> found.items[["item_code", "lost_at"]].values.tolist()[-1]
    ['CS01', 1199]
    """
    if step < 1 or reach < step or reach % step:
        raise ModelError(
            "reach and step", where="cliffs", got=(reach, step), expected="whole yuan, reach a multiple of step"
        )
    items = income_items(catalogue, setting)
    narrow = replace(catalogue, items=tuple(_without_others(item, items) for item in items))
    homes = homes.reset_index(drop=True)
    grid = np.arange(0, reach + step, step)
    aid = [_aid(homes, persons, narrow, setting, np.full(len(homes), float(more))) for more in grid]
    lost = _lost(homes, persons, narrow, setting, aid, grid)
    known = ~np.any([one.unknown.any(axis=1) for one in aid], axis=0)
    rate = np.where(known, (aid[0].total - aid[-1].total) / reach, np.nan)
    return Cliffs(_summary(homes, lost, known, rate), lost, reach)


def _without_others(item: Item, items: Sequence[Item]) -> Item:
    return replace(item, excludes=tuple(code for code in item.excludes if code in {one.code for one in items}))


def _aid(homes: pd.DataFrame, persons: pd.DataFrame, catalogue: Catalogue, setting: Setting, added: Floats) -> _Aid:
    """Aid with ``added`` yuan more, in the order of ``homes`` and of the catalogue."""
    found = entitlements(with_more_income(homes, added), persons, catalogue, setting).frame
    codes = [item.code for item in catalogue.items]
    shape = (len(homes), len(codes))
    holders, worth, unknown = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape, bool)
    row = pd.Index(homes["household_id"]).get_indexer(found["household_id"])
    column = pd.Index(codes).get_indexer(found["item_code"])
    sure = (found["state"] == "yes").to_numpy()
    amount = found["amount_year"].to_numpy(dtype=float)
    np.add.at(holders, (row[sure], column[sure]), 1)
    np.add.at(worth, (row[sure], column[sure]), np.nan_to_num(amount[sure]))
    open_question = ~sure | np.isnan(amount)
    unknown[row[open_question], column[open_question]] = True
    return _Aid(holders, worth, unknown)


def _lost(
    homes: pd.DataFrame, persons: pd.DataFrame, catalogue: Catalogue, setting: Setting, aid: Sequence[_Aid], grid: Ints
) -> pd.DataFrame:
    """The last yuan that keeps each item, of households that lose it for sure within the grid."""
    parts = []
    for j, item in enumerate(catalogue.items):
        held = np.stack([one.holders[:, j] for one in aid])
        sure = ~np.stack([_doubtful(one, j) for one in aid])
        falls = (held[1:] < held[:-1]) & sure[1:] & sure[:-1]
        rows = np.flatnonzero(falls.any(axis=0))
        if not len(rows):
            continue
        first = falls[:, rows].argmax(axis=0)
        few = homes.iloc[rows].reset_index(drop=True)
        own = persons[persons["household_id"].isin(few["household_id"])]
        before = held[first, rows]
        low, high = grid[first].astype(np.int64), grid[first + 1].astype(np.int64)
        while (high - low > 1).any():
            middle = (low + high) // 2
            keeps = _aid(few, own, catalogue, setting, middle.astype(float)).holders[:, j] >= before
            low, high = np.where(keeps, middle, low), np.where(keeps, high, middle)
        last, next_one = (_aid(few, own, catalogue, setting, at.astype(float)) for at in (low, high))
        worth = np.where(last.unknown[:, j], np.nan, last.worth[:, j])
        parts.append(
            few[["household_id", "county_code"]].assign(
                item_code=item.code, lost_at=low, worth=worth.round(FEN), loss=(last.total - next_one.total).round(FEN)
            )
        )
    columns = ["household_id", "county_code", "item_code", "lost_at", "worth", "loss"]
    empty = pd.DataFrame({name: pd.Series(dtype="float64" if name in columns[3:] else "str") for name in columns})
    return (
        pd.concat(parts, ignore_index=True).sort_values(["household_id", "lost_at", "item_code"], ignore_index=True)
        if parts
        else empty
    )


def _doubtful(aid: _Aid, j: int) -> npt.NDArray[np.bool_]:
    """Whether holding the item is an open question (a known holder whose amount is unknown is not)."""
    return aid.unknown[:, j] & (aid.holders[:, j] == 0)


def _summary(homes: pd.DataFrame, lost: pd.DataFrame, known: npt.NDArray[np.bool_], rate: Floats) -> pd.DataFrame:
    """One row per household: its first cliff."""
    falls = lost[lost["loss"] > 1]
    at = falls.groupby("household_id")["lost_at"].transform("min")
    first = falls[falls["lost_at"] == at].groupby("household_id").agg(
        cliff_at=("lost_at", "first"), loss=("loss", "first"), items=("item_code", " ".join)
    )  # fmt: skip
    summary = homes[["household_id", "county_code"]].join(first, on="household_id")
    scale = homes["scale" if "scale" in homes else "size"].astype("float64")
    income = homes["income_pc_year"].astype("float64") * scale
    # The yuan that costs aid also is one: what is lost net is the aid less that yuan
    summary = summary.assign(
        loss=summary["loss"] - 1, income_at=income + summary["cliff_at"], marginal_rate=rate, known=known
    )
    blank = {name: summary[name].where(known) for name in ("cliff_at", "income_at", "loss", "items", "marginal_rate")}
    return summary.assign(**blank)[
        ["household_id", "county_code", "cliff_at", "income_at", "loss", "items", "marginal_rate", "known"]
    ]
