"""Fairness and drift for the model card: who is missed in which group, and whether the population has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from relapse_risk.evaluation import DriftTable, drift_table, fairness, select_top

__all__ = ["DriftLine", "GroupCheck", "as_table", "drift_lines", "group_checks"]

TENTH, OLD_FROM, FEW_PLACES = 0.1, 60, 20
NO_FAMILIES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class GroupCheck:
    """Errors and calibration of one group when the tenth of households with the highest score was visited.

    Attributes
    ----------
    trait, group : str
        ``head_sex``, ``head_age``, ``disability`` or ``county``, and its value.
    n, events : int
    selected, reached, reached_low, reached_high, false_alarms : float
        Shares of all, of those who fell (with Wilson's 95 % interval) and of the others who were visited.
    observed, expected, ratio, ratio_shrunk : float
        Share that fell, mean score, their ratio, and that ratio shrunk towards the overall one, more so the fewer fell.
    """

    trait: str
    group: str
    n: int
    events: int
    selected: float
    reached: float | None
    reached_low: float
    reached_high: float
    false_alarms: float
    observed: float
    expected: float
    ratio: float
    ratio_shrunk: float


@dataclass(frozen=True, slots=True)
class DriftLine:
    """One line of :class:`relapse_risk.evaluation.DriftTable`: population stability of a feature, or the level."""

    name: str
    measure: str
    value: float
    missing_then: float | None
    missing_now: float | None
    status: str


def _traits(rows: pd.DataFrame) -> dict[str, pd.Series]:
    """Groups a score is checked on; protected traits are read here and nowhere in a score."""
    found: dict[str, pd.Series] = {"county": rows["county_code"]} if "county_code" in rows else {}
    if "head_sex" in rows:
        found["head_sex"] = rows["head_sex"]
    if "head_age" in rows:
        found["head_age"] = _either(rows["head_age"].astype("Float64") >= OLD_FROM, "60_plus", "under_60")
    if "n_disabled_severe" in rows:
        found["disability"] = _either(rows["n_disabled_severe"].astype("Float64") > 0, "severe", "none")
    return found


def _either(flags: pd.Series, yes: str, no: str) -> pd.Series:
    """The word of a flag; null where it is not known."""
    return pd.Series(np.where(flags.fillna(False), yes, no), flags.index).where(flags.notna())


def group_checks(rows: pd.DataFrame, probability: pd.Series, share: float = TENTH) -> tuple[GroupCheck, ...]:
    """Errors and calibration by sex and age of the head, disability and county.

    Parameters
    ----------
    rows : DataFrame, shape (n, columns)
        Unseen rows with event and, where known, county_code, head_sex, head_age, n_disabled_severe.
    probability : Series, shape (n,)
    share : float
        Budget of visits.
    """
    chosen = select_top(probability, int(len(rows) * share))
    lines: list[GroupCheck] = []
    for trait, group in _traits(rows).items():
        known = group.notna().to_numpy(dtype=bool)
        if group[known].nunique() < 2:
            continue
        table = fairness(rows["event"][known], probability[known], chosen[known], group[known].astype(str)).frame
        lines += [
            GroupCheck(trait, **{name: _plain(value) for name, value in row._asdict().items()})  # type: ignore[arg-type]
            for row in table.itertuples(index=False)
        ]
    return tuple(lines)


def _plain(value: object) -> object:
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


def drift_lines(
    then: pd.DataFrame, now: pd.DataFrame, level: tuple[float, float] | None, families: Mapping[str, str] = NO_FAMILIES
) -> tuple[DriftLine, ...]:
    """:func:`relapse_risk.evaluation.drift_table` as plain lines, with the level of the newest known year.

    Parameters
    ----------
    then, now : DataFrame
        Values of the terms among the rows learned from and scored.
    level : (float, float), optional
        Calibration intercept out of time, and its standard error.
    families : mapping of str to str
        Family of each term.  What was seen before (``history``) is compared among those it is known of, since nobody has
        been seen before in a first wave; a share of a place (``place``) where there are twenty places or more, since a
        few of them move by themselves.
    """
    few = [
        name for name in then
        if families.get(str(name)) == "place" and min(then[name].nunique(), now[name].nunique()) < FEW_PLACES
    ]  # fmt: skip
    before = [name for name in then if families.get(str(name)) == "history"]
    kept = [name for name in then if name not in few]
    if not kept and level is None:
        return ()
    table = drift_table(then[kept], now[kept], level=level, known_only=before).frame
    return tuple(
        DriftLine(**{name: _plain(value) for name, value in row._asdict().items()})  # type: ignore[arg-type]
        for row in table.itertuples(index=False)
    )


def as_table(lines: tuple[DriftLine, ...]) -> DriftTable:
    """The lines as a table again, with its status and summary."""
    columns = ["name", "measure", "value", "missing_then", "missing_now", "status"]
    return DriftTable(pd.DataFrame([[getattr(line, name) for name in columns] for line in lines], columns=columns))
