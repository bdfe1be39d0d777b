"""Poverty over time: transitions and spells, from a panel of households and periods.

*Exit*: poor then not. *Relapse*: poor again after an exit. *Entry*: first fall of a household never seen poor before.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError, unknown
from relapse_risk.pictures import picture
from relapse_risk.poverty.arrays import group_codes
from relapse_risk.poverty.survey import SurveyDesign, covariance, interval, survey_design
from relapse_risk.rows import as_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "Transitions",
    "spell_survival",
    "spells",
    "transition_events",
    "transitions",
]

EVENTS = ("stays_poor", "exit", "entry", "relapse", "stays_out")


def _check_panel(panel: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Panel sorted by household and period with an ordinal ``_t``; keys unique, poor answered.

    Raises
    ------
    ModelError
        For an absent column or a household met twice in one period.
    """
    for name in columns:
        if name not in panel:
            raise unknown("column", name, panel.columns, "panel", ModelError)
    repeated = panel.duplicated(["household_id", "month"])
    if repeated.any():
        row = panel.loc[repeated].iloc[0]
        raise ModelError(
            "household twice in one period", where="panel", got=(row["household_id"], row["month"]), expected="one row"
        )
    known = panel[panel["poor"].notna()]
    unclear = known[~known["poor"].isin([True, False])]
    if len(unclear):
        row = unclear.iloc[0]
        raise ModelError(
            "neither poor nor not", where=f"panel: poor, household {row['household_id']}, {row['month']}", got=row["poor"],
            expected="true or false (null where it is not known)", fix="turn words into truth values first",
        )  # fmt: skip
    out = known.assign(_t=pd.factorize(known["month"], sort=True)[0], poor=known["poor"].astype(bool))
    return out.sort_values(["household_id", "_t"], kind="stable").reset_index(drop=True)


def _standard(panel: pd.DataFrame, unit: str, period: str, poor: str) -> pd.DataFrame:
    """Any panel with the names used here: household_id, month, poor."""
    frame = as_frame(panel, "panel")
    for name in (unit, period, poor):
        if name not in frame:
            raise unknown("column", name, frame.columns, "panel", ModelError)
    given = {unit: "household_id", period: "month", poor: "poor"}
    others = frame.drop(columns=[name for name in given.values() if name in frame and name not in given])
    return others.rename(columns=given)


def transition_events(
    panel: pd.DataFrame, *, unit: str = "household_id", period: str = "month", poor: str = "poor"
) -> pd.DataFrame:
    """What happened to each household between consecutive periods of the panel.

    Parameters
    ----------
    panel : DataFrame
        Household, period (sortable), poor (boolean; null rows are skipped); optional weight, and
        exited_before (boolean: known to have left poverty before the first period, as lifted households are).
    unit, period, poor : str
        What these columns are called.

    Returns
    -------
    DataFrame
        household_id, month_from, month_to, was_poor, is_poor, once_poor (poor at or before month_from), event, weight;
        pairs of adjacent periods only.

    References
    ----------
    Jenkins (2011), Changing Fortunes, ch. 8.

    Examples
    --------
    >>> panel = pd.DataFrame({"household_id": "h", "month": range(2016, 2020), "poor": [True, False, True, True]})
    >>> transition_events(panel)["event"].tolist()
    ['exit', 'relapse', 'stays_poor']
    """
    frame = _check_panel(_standard(panel, unit, period, poor), ("household_id", "month", "poor"))
    ids, t, below = (frame[c].to_numpy() for c in ("household_id", "_t", "poor"))
    same = (ids[1:] == ids[:-1]) & (t[1:] == t[:-1] + 1)
    before = frame.groupby("household_id", sort=False)["poor"].cumsum().to_numpy() > 0
    # Poor at any period up to t: a later fall is a relapse if it was poor before, an entry if not.
    ever = before[:-1]
    if "exited_before" in frame:
        ever = ever | frame["exited_before"].fillna(False).to_numpy(dtype=bool)[:-1]
    was, now = below[:-1], below[1:]
    event = np.select(
        [was & now, was & ~now, ~was & now & ~ever, ~was & now], ["stays_poor", "exit", "entry", "relapse"], "stays_out"
    )
    weight = frame["weight"].to_numpy(dtype=float) if "weight" in frame else np.ones(len(frame))
    month = frame["month"].to_numpy()
    out = pd.DataFrame(
        {
            "household_id": ids[1:],
            "month_from": month[:-1],
            "month_to": month[1:],
            "was_poor": was,
            "is_poor": now,
            "once_poor": ever,
            "event": event,
            "weight": weight[1:],
        }
    )
    return out[same].reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class Transitions:
    """Rates of change between two states with standard errors.

    Attributes
    ----------
    events : DataFrame
        See :func:`transition_events`.
    rates : DataFrame
        group, rate (exit, entry, relapse, fall: entry or relapse, poor_stays_poor, persistence: poor in both of all),
        value, se, low, high, at_risk (pairs in the denominator), cases.
    matrix : DataFrame
        Row-normalised 2 × 2 transition matrix of everybody: was_poor, is_poor, share, se.
    """

    events: pd.DataFrame
    rates: pd.DataFrame
    matrix: pd.DataFrame

    def summary(self) -> str:
        """Rates of everybody."""
        rows = self.rates[self.rates["group"] == "all"].itertuples()
        return ", ".join(f"{row.rate} {row.value:.4f} (se {row.se:.4f}, {row.cases} of {row.at_risk})" for row in rows)

    def plot(self, ax: Axes | None = None, group: object = "all") -> Axes:
        """Rates of a group with their intervals on ``ax``, or on new axes."""
        return picture("relapse_risk.poverty.poverty_plots.plot_transitions", ax, self.rates, group=group)

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>{self.matrix.to_html(index=False)}"


def _rates(events: pd.DataFrame, design: SurveyDesign, inside: npt.NDArray[np.bool_], level: float) -> pd.DataFrame:
    event, was = events["event"].to_numpy(), events["was_poor"].to_numpy(dtype=bool)
    once = events["once_poor"].to_numpy(dtype=bool)
    fell = np.isin(event, ["entry", "relapse"])
    spec = {
        "exit": (event == "exit", was),
        "poor_stays_poor": (event == "stays_poor", was),
        "entry": (event == "entry", ~was & ~once),
        "relapse": (event == "relapse", ~was & once),
        "fall": (fell, ~was),
        "persistence": (event == "stays_poor", np.ones_like(was)),
    }
    rows = []
    for name, (top, bottom) in spec.items():
        at_risk = inside & bottom
        mass = design.weights[at_risk].sum()
        if mass <= 0:
            rows.append((name, np.nan, np.nan, 0, 0, 0))
            continue
        value = design.weights[at_risk & top].sum() / mass
        z = np.where(at_risk, (top - value) / mass, 0.0)
        rows.append((name, value, np.sqrt(covariance(design, z)[0, 0]), int(at_risk.sum()), int((at_risk & top).sum()),
                     design.degrees_of_freedom_in(at_risk)))  # fmt: skip
    frame = pd.DataFrame(rows, columns=["rate", "value", "se", "at_risk", "cases", "df"])
    frame["low"], frame["high"] = interval(frame["value"].fillna(0), frame["se"].fillna(0), level, "logit", frame["df"])
    return frame[["rate", "value", "se", "low", "high", "at_risk", "cases"]]


def transitions(
    panel: pd.DataFrame, group: str | None = None, cluster: str | None = None, level: float = 0.95,
    *, unit: str = "household_id", period: str = "month", poor: str = "poor",
) -> Transitions:  # fmt: skip
    """Exit, entry, relapse and persistence rates between adjacent periods, whole and by group.

    Parameters
    ----------
    panel : DataFrame
        As :func:`transition_events`; also ``group`` and ``cluster`` columns where named.
    group : str, optional
        Column constant within a household.
    cluster : str, optional
        Column: rows of one cluster are dependent (households when left out, villages if drawn so).
    level : float
        Coverage of the logit intervals: Student's t, clusters at risk minus one; null with none left.
    unit, period, poor : str
        What the columns of household, period and poverty are called.

    Returns
    -------
    Transitions

    Raises
    ------
    ModelError
        For a household twice in one period, or none seen in two adjacent periods.

    Notes
    -----
    Rates pool all pairs of periods; standard errors are Taylor-linearised ratios over clusters.

    References
    ----------
    Cochran (1977), ch. 6 (ratio of totals): rate = moves / those at risk of the move.

    Examples
    --------
    >>> panel = pd.DataFrame({"household_id": ["a", "a", "b", "b"], "month": [1, 2, 1, 2], "poor": [True, False, False, False]})
    >>> found = transitions(panel)
    >>> float(found.rates.loc[found.rates["rate"] == "exit", "value"].iloc[0])
    1.0
    """
    frame = _standard(panel, unit, period, poor)
    for name in (group, cluster):
        if name is not None and name not in frame and name != unit:
            raise unknown("column", name, frame.columns, "transitions", ModelError)
    events = transition_events(frame)
    if events.empty:
        raise ModelError("no household is seen in two adjacent periods", where="transitions", got=len(frame))
    keys = frame.drop_duplicates("household_id").set_index("household_id")
    own = cluster is None or cluster in (unit, "household_id")
    psu = events["household_id"] if own else events["household_id"].map(keys[cluster])
    design = survey_design(events["weight"], psu=psu.to_numpy(), single_psu="certainty")
    parts = [_rates(events, design, np.ones(len(events), dtype=np.bool_), level).assign(group="all")]
    if group is not None:
        codes, labels = group_codes(events["household_id"].map(keys[group]).to_numpy(), len(events))
        parts += [_rates(events, design, codes == g, level).assign(group=label) for g, label in enumerate(labels)]
    rates = pd.concat(parts, ignore_index=True)
    everyone = parts[0].set_index("rate")
    rows = []
    for was, rate in ((True, "exit"), (False, "fall")):
        value, se = everyone.loc[rate, "value"], everyone.loc[rate, "se"]
        rows += [(was, was, 1 - value, se), (was, not was, value, se)]
    matrix = pd.DataFrame(rows, columns=["was_poor", "is_poor", "share", "se"])
    return Transitions(events, rates[["group", *[c for c in rates if c != "group"]]], matrix)


def spells(
    panel: pd.DataFrame, *, unit: str = "household_id", period: str = "month", poor: str = "poor"
) -> pd.DataFrame:
    """Unbroken runs of one state per household.

    Parameters
    ----------
    panel : DataFrame
        Household, period (integer or YYYY-MM) and poor (bool), one row per household and period.
    unit, period, poor : str
        What these columns are called.

    Returns
    -------
    DataFrame
        household_id, poor, start, end (periods), length (number of periods), left_censored, right_censored (the run
        touches the household's first or last observed period, or a gap).

    References
    ----------
    Bane and Ellwood (1986), doi:10.2307/145955.

    Examples
    --------
    >>> panel = pd.DataFrame({"household_id": "h", "month": [1, 2, 3, 4], "poor": [True, True, False, True]})
    >>> spells(panel)[["poor", "length", "right_censored"]].values.tolist()
    [[True, 2, False], [False, 1, False], [True, 1, True]]
    """
    frame = _check_panel(_standard(panel, unit, period, poor), ("household_id", "month", "poor"))
    ids, t, below = (frame[c].to_numpy() for c in ("household_id", "_t", "poor"))
    broken = np.ones(len(frame), dtype=np.bool_)
    broken[1:] = (ids[1:] != ids[:-1]) | (t[1:] != t[:-1] + 1)
    starts = np.flatnonzero(broken | np.concatenate(([True], below[1:] != below[:-1])))
    ends = np.append(starts[1:], len(frame)) - 1
    month = frame["month"].to_numpy()
    return pd.DataFrame(
        {
            "household_id": ids[starts],
            "poor": below[starts],
            "start": month[starts],
            "end": month[ends],
            "length": ends - starts + 1,
            "left_censored": broken[starts],
            "right_censored": np.append(broken, True)[ends + 1],
        }
    )


def spell_survival(runs: pd.DataFrame, poor: bool = True, group: str | None = None) -> pd.DataFrame:
    """Life table of spells: share still going after each length, censored ones counted while seen.

    Parameters
    ----------
    runs : DataFrame
        From :func:`spells`; spells already under way when first seen are left out.
    poor : bool
        Spells of poverty (persistence) or out of it (survival of an exit until relapse).
    group : str, optional
        Column of ``runs``.

    Returns
    -------
    DataFrame
        group, length, at_risk, ended, hazard, survival, se (Greenwood).

    References
    ----------
    Kaplan and Meier (1958), doi:10.1080/01621459.1958.10501452; standard error after Greenwood (1926).

    Examples
    --------
    >>> runs = pd.DataFrame({"poor": True, "length": [1, 2, 2], "left_censored": False})
    >>> runs["right_censored"] = [False, False, True]
    >>> spell_survival(runs)["survival"].round(4).tolist()
    [0.6667, 0.3333]
    """
    chosen = runs[(runs["poor"] == poor) & ~runs["left_censored"]]
    parts = [("all", chosen)] if group is None else list(chosen.groupby(group))
    rows: list[pd.DataFrame] = []
    for label, part in parts:
        length, ended = part["length"].to_numpy(), ~part["right_censored"].to_numpy(dtype=bool)
        steps = np.arange(1, length.max() + 1) if length.size else np.arange(0)
        at_risk = np.array([(length >= s).sum() for s in steps])
        stops = np.array([((length == s) & ended).sum() for s in steps])
        hazard = stops / np.maximum(at_risk, 1)
        survival = np.cumprod(1 - hazard)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(at_risk > stops, stops / (at_risk * (at_risk - stops)), 0.0)
        rows.append(
            pd.DataFrame(
                {
                    "group": label,
                    "length": steps,
                    "at_risk": at_risk,
                    "ended": stops,
                    "hazard": hazard,
                    "survival": survival,
                    "se": survival * np.sqrt(np.cumsum(terms)),
                }
            )
        )
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()
