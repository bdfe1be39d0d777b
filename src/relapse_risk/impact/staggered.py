"""Difference in differences with staggered start: group-time effects, their averages, and trends before the start."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2

from relapse_risk.errors import ModelError
from relapse_risk.impact.doubly_robust import fit_propensity, with_constant
from relapse_risk.impact.effect import Array, Check, Effect, complete_columns, effect_of, failing_below
from relapse_risk.impact.least_squares import fit_least_squares

__all__ = [
    "Average",
    "Controls",
    "GroupTime",
    "Method",
    "average_effect",
    "group_time_effects",
    "two_way_fixed_effects",
]

Controls = Literal["never", "not_yet"]
Method = Literal["doubly_robust", "regression", "weighting"]
Average = Literal["simple", "group", "dynamic", "calendar"]
LEAST = 5  # households of a group, and of those it is compared with


@dataclass(frozen=True, slots=True)
class GroupTime:
    """Effects on the households that started in one period, in each period.

    Attributes
    ----------
    frame : DataFrame
        group (period of start), time, effect, standard_error, after (whether the group had started), households, controls.
    influence : array, shape (households, rows of ``frame``)
        Influence of each household on each effect; its mean square over households is the variance.
    group_of : array, shape (households,)
        Start of each household, NaN for never.
    skipped : tuple of str
        Groups left out, with the reason.
    """

    frame: pd.DataFrame
    influence: Array
    group_of: Array
    skipped: tuple[str, ...]

    @property
    def households(self) -> int:
        return len(self.group_of)

    def covariance(self) -> Array:
        """Covariance of the effects."""
        return self.influence.T @ self.influence / self.households**2

    def pre_trend_p_value(self) -> float:
        """Wald test that every effect before the start is 0; NaN where there is none."""
        before = ~self.frame["after"].to_numpy()
        gaps, spread = self.frame["effect"].to_numpy()[before], self.covariance()[np.ix_(before, before)]
        if not before.any() or np.linalg.matrix_rank(spread) < before.sum():
            return float("nan")
        return float(chi2.sf(gaps @ np.linalg.solve(spread, gaps), int(before.sum())))


def group_time_effects(
    panel: pd.DataFrame,
    outcome: str,
    household: str = "household_id",
    time: str = "time",
    start: str = "start",
    covariates: tuple[str, ...] = (),
    controls: Controls = "not_yet",
    method: Method = "doubly_robust",
    anticipation: int = 0,
) -> GroupTime:
    """Effect of each group in each period, against households that had not started.

    From its last period before the start (before the start: from the period before), the outcome's change in group g is
    compared with that of the never treated, or of those not yet treated by the later of the two periods.

    Parameters
    ----------
    panel : DataFrame, shape (households × periods, columns)
        Balanced: every household in every period, with a number.
    outcome, household, time, start : str
        Columns; ``start`` is the first treated period, null for never.
    covariates : tuple of str
        Columns as they were in the first of the two periods: trends may differ by them.
    controls : {"never", "not_yet"}
    method : {"doubly_robust", "regression", "weighting"}
        How covariates enter; without covariates all are the difference of differences.
    anticipation : int
        Periods before the start in which the outcome may already react: the base is that much earlier.

    Returns
    -------
    GroupTime

    Raises
    ------
    ModelError
        For unknown columns, an unbalanced panel, a start that changes, missing values, or no group with controls.

    References
    ----------
    Callaway and Sant'Anna (2021), doi:10.1016/j.jeconom.2020.12.001; Sant'Anna and Zhao (2020),
    doi:10.1016/j.jeconom.2020.06.003.

    Examples
    --------
    >>> panel = pd.DataFrame({"household_id": np.repeat(np.arange(12), 2), "time": [1, 2] * 12,
    ...                       "start": np.repeat([2.0] * 6 + [np.nan] * 6, 2)})
    >>> panel["income"] = panel["time"] * 10.0 + panel["household_id"] % 3 * panel["time"] + 5.0 * (panel["start"] <= panel["time"])
    >>> group_time_effects(panel, "income").frame["effect"].tolist()
    [5.0]
    """
    wide, groups, x = _panel(panel, outcome, household, time, start, covariates)
    periods = wide.columns.to_numpy()
    starts = np.unique(groups[np.isfinite(groups)])
    rows, influences, skipped = [], [], []
    for g in starts:
        earlier = periods[periods < g - anticipation]
        if g > periods[-1]:
            continue
        if not len(earlier):
            skipped.append(f"{g:g}: treated from the first period on")
            continue
        for t_before, t_now in pairwise(periods):
            base = earlier[-1] if t_now >= g - anticipation else t_before
            member = groups == g
            compared = np.isnan(groups)
            if controls == "not_yet":
                compared = (compared | (groups > max(t_now, base) + anticipation)) & ~member
            if min(member.sum(), compared.sum()) < LEAST:
                skipped.append(
                    f"{g:g} in {t_now:g}: {int(member.sum())} households, {int(compared.sum())} to compare with"
                )
                continue
            change = wide[t_now].to_numpy() - wide[base].to_numpy()
            used = member | compared
            design = with_constant(None if x is None else x[min(base, t_now)][used], int(used.sum()))
            effect, influence = _two_by_two(change[used], member[used].astype(float), design, method)
            full = np.zeros(len(groups))
            full[used] = influence * len(groups) / used.sum()
            rows.append(
                (g, t_now, effect, np.sqrt((full**2).mean() / len(full)), t_now >= g, member.sum(), compared.sum())
            )
            influences.append(full)
    if not any(row[4] for row in rows):
        raise ModelError(
            "no group that started can be compared", where="group_time_effects", got=skipped[:3],
            expected=f"{LEAST} households that start after the first period, and {LEAST} that start later or never",
        )  # fmt: skip
    names = ["group", "time", "effect", "standard_error", "after", "households", "controls"]
    return GroupTime(pd.DataFrame(rows, columns=names), np.column_stack(influences), groups, tuple(skipped))


def average_effect(
    effects: GroupTime, of: Average = "simple", level: float = 0.95, check_trends: bool = True
) -> Effect:
    """One number of the group-time effects, with the test of trends before the start.

    Parameters
    ----------
    effects : GroupTime
    of : {"simple", "group", "dynamic", "calendar"}
        Mean over all started group-periods by size of group; of each group's mean; of the effects by time since start
        (each equal); of the effects by period.  They answer different questions: name the one shown.
    level : float
    check_trends : bool
        Test that nothing happened before the start.

    Returns
    -------
    Effect
        ``estimand`` is ``att_`` and ``of``; ``table``: ``at`` (group, time since start or period), effect, standard_error
        and, for ``dynamic``, the periods before.

    Raises
    ------
    ModelError
        For an unknown average.

    References
    ----------
    Callaway and Sant'Anna (2021), section 3.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> panel = pd.DataFrame({"household_id": np.repeat(np.arange(300), 4), "time": [1, 2, 3, 4] * 300})
    >>> panel["start"] = panel["household_id"].map(lambda h: (3.0, 4.0, np.nan)[h % 3])
    >>> panel["income"] = panel["time"] + rng.normal(size=1200) + 2.0 * (panel["time"] >= panel["start"])
    >>> effect = average_effect(group_time_effects(panel, "income"))
    >>> effect.says, effect.low < 2 < effect.high
    ('raises', True)
    """
    if of not in ("simple", "group", "dynamic", "calendar"):
        raise ModelError(
            "average of group-time effects", where="average_effect", got=of, expected="simple, group, dynamic, calendar"
        )
    frame = effects.frame
    share = frame["group"].map(lambda g: float((effects.group_of == g).mean())).to_numpy()
    after = frame["after"].to_numpy()
    if of == "simple":
        overall, influence = _weighted(effects, after, share)
        table = pd.DataFrame()
    else:
        key = frame[{"group": "group", "calendar": "time"}.get(of, "time")] - (frame["group"] if of == "dynamic" else 0)
        keys = key.to_numpy()
        shown = np.ones(len(frame), bool) if of == "dynamic" else after
        parts = {at: _weighted(effects, (keys == at) & shown, share) for at in np.unique(keys[shown])}
        errors = [float(np.sqrt((psi**2).mean() / len(psi))) for _, psi in parts.values()]
        table = pd.DataFrame({"at": list(parts), "effect": [e for e, _ in parts.values()], "standard_error": errors})
        counted = [at for at in parts if of != "dynamic" or at >= 0]
        overall, influence = _over_parts(effects, [parts[at] for at in counted], counted if of == "group" else None)
    reached = np.isin(effects.group_of, frame.loc[after, "group"].to_numpy())
    checks: tuple[Check, ...] = (failing_below("pre_trends", effects.pre_trend_p_value()),) if check_trends else ()
    return effect_of(
        "staggered", f"att_{of}", overall, float(np.sqrt((influence**2).mean() / len(influence))), level=level,
        households=effects.households, treated=int(reached.sum()), checks=checks, table=table,
    )  # fmt: skip


def two_way_fixed_effects(
    panel: pd.DataFrame, outcome: str, household: str = "household_id", time: str = "time", start: str = "start"
) -> tuple[float, float]:
    """The coefficient that used to be reported, with its clustered error (no small-sample factor): to be shown beside.

    With staggered start it weights some group-time effects negatively and is no average of them.

    Parameters
    ----------
    panel, outcome, household, time, start
        As in :func:`group_time_effects`.

    Returns
    -------
    (float, float)
        Coefficient and standard error.

    Raises
    ------
    ModelError
        As :func:`group_time_effects`.

    References
    ----------
    Goodman-Bacon (2021), doi:10.1016/j.jeconom.2021.03.014.

    Examples
    --------
    >>> panel = pd.DataFrame({"household_id": np.repeat(np.arange(4), 2), "time": [1, 2] * 4,
    ...                       "start": np.repeat([2.0, 2.0, np.nan, np.nan], 2), "income": [1.0, 5, 2, 7, 1, 2, 3, 5]})
    >>> round(two_way_fixed_effects(panel, "income")[0], 10)
    3.0
    """
    wide, groups, _ = _panel(panel, outcome, household, time, start, ())
    y = wide.to_numpy()
    d = (groups[:, None] <= wide.columns.to_numpy(dtype=float)[None, :]).astype(float)
    y, d = (v - v.mean(axis=1, keepdims=True) - v.mean(axis=0) + v.mean() for v in (y, d))
    slope = float((d * y).sum() / (d**2).sum())
    scores = (d * (y - slope * d)).sum(axis=1)
    return slope, float(np.sqrt((scores**2).sum()) / (d**2).sum())


def _panel(
    panel: pd.DataFrame, outcome: str, household: str, time: str, start: str, covariates: tuple[str, ...]
) -> tuple[pd.DataFrame, Array, dict[Any, Array] | None]:
    """Outcome by household and period, start of each household, covariates by period."""
    wanted = [household, time, start, outcome, *covariates]
    if missing := [name for name in wanted if name not in panel]:
        raise ModelError(
            "panel has no such column", where="group_time_effects", got=missing, expected=list(panel.columns)
        )
    if panel.duplicated([household, time]).any():
        raise ModelError("a household has two rows of a period", where="group_time_effects", fix="keep one")
    held = complete_columns("group_time_effects", **{name: panel[name] for name in (outcome, *covariates)})
    frame = panel.assign(**held)
    wide = frame.pivot(index=household, columns=time, values=outcome)
    if wide.isna().any(axis=None) or len(wide.columns) < 2:
        raise ModelError(
            "panel is not balanced", where="group_time_effects",
            got=f"{int(wide.isna().any(axis=1).sum())} of {len(wide)} households lack a period",
            fix="keep households seen in every period, and compare who is lost",
        )  # fmt: skip
    if (frame.groupby(household)[start].nunique(dropna=False) > 1).any():
        raise ModelError("start of a household changes", where="group_time_effects", fix="start is one period, or null")
    groups = frame.groupby(household)[start].first().astype("float64").reindex(wide.index).to_numpy()
    if not covariates:
        return wide, groups, None
    by_period = {
        t: part.set_index(household).reindex(wide.index)[list(covariates)].to_numpy() for t, part in frame.groupby(time)
    }
    return wide, groups, by_period


def _two_by_two(change: Array, member: Array, design: Array, method: Method) -> tuple[float, Array]:
    """Effect on the members from two periods, and the influence of each household (its mean square over n is n·variance)."""
    n = len(change)
    controls = member == 0
    regression = np.zeros(n)
    influence_of_beta = np.zeros_like(design)
    if method != "weighting":
        fit = fit_least_squares(change[controls], design[controls])
        regression = design @ fit.coefficients
        influence_of_beta = ((1 - member) * (change - regression))[:, None] * design @ (n * fit.bread)
    treated_part = member * (change - regression)
    first = treated_part.mean() / member.mean()
    if method == "regression":
        mean_x = (member[:, None] * design).mean(axis=0) / member.mean()
        direct = (treated_part - member * first) / member.mean()
        return float(first), direct - influence_of_beta @ mean_x
    propensity = fit_propensity(member, design)
    p = propensity.chance
    odds = p * (1 - member) / (1 - p)
    second = (odds * (change - regression)).mean() / odds.mean()
    gap = odds[:, None] * (change - regression - second)[:, None] * design
    influence_of_logit = (member - p)[:, None] * design @ (n * propensity.information_inverse)
    control_influence = (odds * (change - regression - second) + influence_of_logit @ gap.mean(axis=0)) / odds.mean()
    treated_influence = (treated_part - member * first) / member.mean()
    if method == "doubly_robust":
        treated_influence = treated_influence - influence_of_beta @ (
            (member[:, None] * design).mean(axis=0) / member.mean()
        )
        control_influence = control_influence - influence_of_beta @ (
            (odds[:, None] * design).mean(axis=0) / odds.mean()
        )
    return float(first - second), treated_influence - control_influence


def _weighted(effects: GroupTime, chosen: npt.NDArray[np.bool_], share: Array) -> tuple[float, Array]:
    """Mean of the chosen effects by size of group, and its influence, sizes being estimated."""
    values, s = effects.frame["effect"].to_numpy()[chosen], share[chosen]
    weights = s / s.sum()
    mean = float(weights @ values)
    groups = effects.frame["group"].to_numpy()[chosen]
    of_share = (effects.group_of[:, None] == groups) - s
    return mean, effects.influence[:, chosen] @ weights + of_share @ (values - mean) / s.sum()


def _over_parts(effects: GroupTime, parts: list[tuple[float, Array]], groups: list[Any] | None) -> tuple[float, Array]:
    """Mean of parts: equal, or by size of group where the parts are groups."""
    values, psi = np.array([e for e, _ in parts]), np.column_stack([one for _, one in parts])
    if groups is None:
        return float(values.mean()), psi.mean(axis=1)
    s = np.array([(effects.group_of == g).mean() for g in groups])
    mean = float(s @ values / s.sum())
    of_share = (effects.group_of[:, None] == np.array(groups)) - s
    return mean, psi @ (s / s.sum()) + of_share @ (values - mean) / s.sum()
