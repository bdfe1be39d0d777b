"""The three monitored types: who is to be taken in, as which, and whose risk may be called eliminated, by dated rules."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.months import add_months, month_end
from relapse_risk.parameters import Parameters

__all__ = ["CONDITIONS", "eliminations", "entry_types"]

GUARANTEES = ("house_safe", "water_safe", "education_ok", "medical_ok", "food_clothes_ok")
CONDITIONS = ("income_held", "rigid_resolved", "guarantees_hold", "cause_gone", "somebody_can_work", "help_recorded")
THREE_TYPES = 3


def _flag(values: pd.Series) -> pd.Series:
    return values.astype("boolean")


def _below(frame: pd.DataFrame) -> pd.Series:
    """Income a head under the monitoring line; null where unknown."""
    income = frame["income_pc_year"]
    return _flag(income < frame["monitor_line"]).mask(income.isna() | frame["monitor_line"].isna())


def _struck(frame: pd.DataFrame, parameters: Parameters, day: date) -> pd.DataFrame:
    """Rigid spending above income, an urgent loss not made good, and a sharp fall of income; null where unknown."""
    urgent, fall = (parameters.on(name, day).value for name in ("urgent_loss", "income_fall_ratio"))
    tests = {
        "rigid_spending": (frame["rigid_burden"], frame["rigid_burden"] > 1),
        "urgent_loss": (frame["uncompensated_loss_12m"], frame["uncompensated_loss_12m"] >= urgent),
        "income_fall": (frame["income_change"], frame["income_change"] < fall),
    }
    return pd.DataFrame({name: _flag(met).mask(known.isna()) for name, (known, met) in tests.items()})


def entry_types(frame: pd.DataFrame, parameters: Parameters, day: date) -> pd.DataFrame:
    """Which households the rules of ``day`` take into monitoring, as which type, and what for.

    Below the monitoring line: ``lifted_unstable`` if it was lifted from poverty before, else ``edge``.  At or above it,
    struck by rigid spending above income, an urgent loss or a sharp fall of income: ``sudden_hardship`` once there are
    three types; before, the first two take such households too.

    Parameters
    ----------
    frame : DataFrame
        Household frame of a month: income_pc_year, monitor_line, exit_year, rigid_burden, uncompensated_loss_12m,
        income_change.
    parameters : Parameters
        ``monitored_types``, ``urgent_loss``, ``income_fall_ratio``.
    day : date

    Returns
    -------
    DataFrame
        On ``frame``'s index: type (null: not to be monitored), below_line, rigid_spending, urgent_loss, income_fall
        (nullable; what is unknown takes nobody in).

    Raises
    ------
    ParameterError
        Before the rules began.

    References
    ----------
    LAW-2020 (monitoring guidance of March 2020), LAW-7 and DEF-3TYPES (guidance of May 2021 and its definitions).
    """
    three = parameters.on("monitored_types", day).value >= THREE_TYPES
    found = _struck(frame, parameters, day)
    below = _below(frame).fillna(False).to_numpy(dtype=bool)
    struck = found.fillna(False).any(axis=1).to_numpy(dtype=bool) & ~below
    lifted = (frame["exit_year"].notna() & (frame["exit_year"] <= day.year)).fillna(False).to_numpy(dtype=bool)
    by_status = np.where(lifted, "lifted_unstable", "edge")
    names = np.select([below, struck], [by_status, "sudden_hardship" if three else by_status], "")
    kinds = pd.Series(names, index=frame.index, dtype="str").replace("", pd.NA)
    return pd.concat([kinds.rename("type"), _below(frame).rename("below_line"), found], axis=1)


def eliminations(now: pd.DataFrame, history: pd.DataFrame, parameters: Parameters, month: str) -> pd.DataFrame:
    """Whose risk may be marked as eliminated at the end of ``month``, and what stands in the way of the others.

    All must hold: income at or above the monitoring line in every month seen of the last half year, the first of them
    that long ago, and monitored that long; rigid spending within income; dwelling, water, schooling, health care, food
    and clothes secure; what took the household in gone; somebody able to work (a household where nobody is stays
    watched, whatever it receives); and aid on record.  What is unknown does not hold.

    Parameters
    ----------
    now : DataFrame
        Household frame of ``month``, one row a household under monitoring (identified, not yet eliminated).
    history : DataFrame
        household_id, month, income_pc_year and monitor_line of earlier months.
    parameters : Parameters
        ``elimination_months``, ``urgent_loss``, ``income_fall_ratio``.
    month : str

    Returns
    -------
    DataFrame
        household_id, one column of each of :data:`CONDITIONS`, eliminable, in_the_way (the first that does not hold).

    References
    ----------
    DEF-ELIM (conditions), DEF-ELIM-HN (no labour: do not mark).
    """
    day = month_end(month)
    first = add_months(month, -int(parameters.on("elimination_months", day).value))
    if now["household_id"].duplicated().any():
        raise ModelError("one row a household", where="eliminations", got=int(now["household_id"].duplicated().sum()))
    long_enough = (now["monitor_identified_on"] <= pd.Timestamp(month_end(first))).fillna(False)
    held = now["household_id"].map(_held(pd.concat([history, now]), first, month)).fillna(False)
    struck = _struck(now, parameters, day)
    conditions = pd.DataFrame(
        {
            "household_id": now["household_id"],
            "income_held": held.astype(bool) & long_enough.astype(bool),
            "rigid_resolved": struck["rigid_spending"].eq(False).fillna(False).astype(bool),
            "guarantees_hold": now[list(GUARANTEES)].astype("boolean").fillna(False).all(axis=1),
            "cause_gone": ~struck[["urgent_loss", "income_fall"]].fillna(True).any(axis=1).astype(bool),
            "somebody_can_work": now["all_no_labour"].eq(False).fillna(False).astype(bool),
            "help_recorded": (now["aid_received_12m"] > 0).fillna(False).astype(bool),
        }
    )
    holds = conditions[list(CONDITIONS)].to_numpy(dtype=bool)
    whole = holds.all(axis=1)
    words = np.where(whole, "", np.array(CONDITIONS, dtype=object)[(~holds).argmax(axis=1)])
    return conditions.assign(
        eliminable=whole, in_the_way=pd.Series(words, index=now.index, dtype="str").replace("", pd.NA)
    )


def _held(rows: pd.DataFrame, first: str, month: str) -> pd.Series:
    """By household: seen at ``first`` and ``month``, and never below the line in between."""
    within = rows[rows["month"].between(first, month)]
    above = _below(within).eq(False).fillna(False)
    groups = within.assign(above=above.astype(bool)).groupby("household_id")
    seen = groups["month"].agg(["min", "max"])
    return groups["above"].all() & (seen["min"] == first) & (seen["max"] == month)
