"""The three monitored types: who is to be taken in, as which, and whose risk may be called eliminated, by dated rules."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.months import add_months, month_end
from relapse_risk.predicates import Setting, holds
from relapse_risk.predicates.truth import alternatives

__all__ = ["CONDITIONS", "eliminations", "entry_types"]

CONDITIONS = ("income_held", "rigid_resolved", "guarantees_hold", "cause_gone", "somebody_can_work", "help_recorded")
THREE_TYPES = 3


def entry_types(frame: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    """Which households the rules of the setting's day take into monitoring, as which type, and what for.

    A lasting shortfall (predicate ``lasting_shortfall``: income below the monitoring line, a guarantee that fails):
    ``lifted_unstable`` if the household was lifted from poverty before, else ``edge``.  Without one, struck by a blow
    (``struck_by_a_blow``): ``sudden_hardship`` once there are three types; before, the first two take such households too.

    Parameters
    ----------
    frame : DataFrame
        Household frame of a month: exit_year and what the two predicates read.
    setting : Setting

    Returns
    -------
    DataFrame
        On ``frame``'s index: type (null: not to be monitored) and one nullable column of each rule, by the name of its
        predicate; what is unknown takes nobody in.

    Raises
    ------
    ParameterError
        Before the rules began.

    References
    ----------
    LAW-2020 (monitoring guidance of March 2020), LAW-7 and DEF-3TYPES (guidance of May 2021 and its definitions).
    """
    three = setting.value("monitored_types") >= THREE_TYPES
    known: dict[str, pd.Series] = {}
    lasting, struck = (_yes(holds(name, frame, setting, known)) for name in ("lasting_shortfall", "struck_by_a_blow"))
    lifted = (frame["exit_year"].notna() & (frame["exit_year"] <= setting.day.year)).fillna(False).to_numpy(dtype=bool)
    by_status = np.where(lifted, "lifted_unstable", "edge")
    names = np.select([lasting, struck], [by_status, "sudden_hardship" if three else by_status], "")
    kinds = pd.Series(names, index=frame.index, dtype="str").replace("", pd.NA)
    rules = alternatives("to_be_monitored", setting.predicates)
    return pd.DataFrame({"type": kinds, **{one.names()[0]: holds(one, frame, setting, known) for one in rules}})


def _yes(answer: pd.Series) -> npt.NDArray[np.bool_]:
    return answer.fillna(False).to_numpy(dtype=bool)


def eliminations(now: pd.DataFrame, history: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    """Whose risk may be marked as eliminated at the end of the setting's month, and which condition the others fail.

    All must hold: income at or above the monitoring line in every month seen of the last half year, the first of them
    that long ago, and monitored that long; rigid spending within income; dwelling, water, schooling, health care, food
    and clothes secure; what took the household in gone; somebody able to work (a household where nobody is stays
    watched, whatever it receives); and aid on record.  What is unknown does not hold.

    Parameters
    ----------
    now : DataFrame
        Household frame of that month, one row a household under monitoring (identified, not yet eliminated).
    history : DataFrame
        household_id, month and income_pc_year of earlier months.
    setting : Setting

    Returns
    -------
    DataFrame
        household_id, one column of each of :data:`CONDITIONS`, eliminable, in_the_way (the first that does not hold).

    References
    ----------
    DEF-ELIM (conditions), DEF-ELIM-HN (no labour: do not mark).
    """
    month = setting.day.strftime("%Y-%m")
    first = add_months(month, -int(setting.value("elimination_months")))
    if now["household_id"].duplicated().any():
        raise ModelError("one row a household", where="eliminations", got=int(now["household_id"].duplicated().sum()))
    long_enough = _yes(now["monitor_identified_on"] <= pd.Timestamp(month_end(first)))
    held = _yes(now["household_id"].map(_held(pd.concat([history, now]), first, month, setting)).astype("boolean"))
    known: dict[str, pd.Series] = {}
    judged = {name: _yes(holds(name, now, setting, known)) for name in CONDITIONS[1:]}
    conditions = pd.DataFrame({"household_id": now["household_id"], "income_held": held & long_enough, **judged})
    met = conditions[list(CONDITIONS)].to_numpy(dtype=bool)
    whole = met.all(axis=1)
    words = np.where(whole, "", np.array(CONDITIONS, dtype=object)[(~met).argmax(axis=1)])
    return conditions.assign(
        eliminable=whole, in_the_way=pd.Series(words, index=now.index, dtype="str").replace("", pd.NA)
    )


def _held(rows: pd.DataFrame, first: str, month: str, setting: Setting) -> pd.Series:
    """By household: seen at ``first`` and ``month``, and never below the line of the day in between."""
    within = rows[rows["month"].between(first, month)].reset_index(drop=True)
    parts = [
        ~holds("income_below_monitoring", part, replace(setting, day=month_end(str(one))))
        for one, part in within.groupby("month")
    ]
    above = pd.concat(parts).reindex(within.index) if parts else pd.Series(dtype="boolean")
    groups = within.assign(above=_yes(above)).groupby("household_id")
    seen = groups["month"].agg(["min", "max"])
    return groups["above"].all() & (seen["min"] == first) & (seen["max"] == month)
