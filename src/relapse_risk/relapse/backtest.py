"""Back-test: validation of the score out of time and out of place, beside simple rules a county would use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.evaluation import (
    Difference,
    area_under_curve,
    auc_difference,
    average_precision,
    brier,
    calibration,
    calibration_table,
    select_top,
    targeting,
)
from relapse_risk.months import add_months
from relapse_risk.relapse.boost import RelapseBoost
from relapse_risk.relapse.drift_and_fairness import GroupCheck, group_checks
from relapse_risk.relapse.features import feature_matrix
from relapse_risk.relapse.outcome import followed, without_outcomes
from relapse_risk.relapse.relapse_logit import RelapseLogit, predict_matrix
from relapse_risk.relapse.simple_rules import income_gap, trigger_rules

__all__ = ["Backtest", "CalibrationBin", "ScoreEvaluation", "backtest", "recent"]

PREDICTED, BENCHMARKS = ("official", "challenger"), ("official", "challenger", "income_gap", "trigger_rules")
BUDGETS, FOLDS, WINDOW_MONTHS, TEST_MONTHS, ENOUGH_EVENTS = (0.05, 0.1, 0.2), 5, 24, 12, 1000
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ScoreEvaluation:
    """How one score performed on rows it had not seen.

    Attributes
    ----------
    auc, auc_low, auc_high : float
        Area under the ROC curve with DeLong's 95 % interval.
    average_precision : float
    brier : float or None
        Null for scores that are not probabilities.
    recall_at_twentieth, recall_at_tenth, recall_at_fifth : float
        Share of those who fell among the 5, 10 and 20 % with the highest score.
    """

    name: str
    auc: float
    auc_low: float
    auc_high: float
    average_precision: float
    brier: float | None
    recall_at_twentieth: float
    recall_at_tenth: float
    recall_at_fifth: float


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Expected against observed in one tenth of the households."""

    n: int
    events: int
    expected: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Backtest:
    """One validation: trained on transitions that ended before the test began (or outside the held-out counties).

    Attributes
    ----------
    design : str
        ``out_of_time`` or ``leave_counties_out`` (five groups of whole counties).
    train_n, train_events, test_n, test_events : int
    test_from, test_to : str
        Months between which the test outcomes arose.
    calibration_intercept, calibration_slope : float
        0 and 1 are perfect.
    calibration_intercept_se, calibration_slope_se : float
    brier_of_base_rate : float
        What predicting the test's own base rate for everybody would score.
    gives_up : Difference or None
        AUC of the challenger minus AUC of the official score, on the same rows; evaluated out of time only.
    scores : tuple of ScoreEvaluation
        The official score first, then the challenger and the simple rules.
    bins : tuple of CalibrationBin
    groups : tuple of GroupCheck
        Errors and calibration by sex and age of the head, disability and county; evaluated out of time only.
    """

    design: str
    train_n: int
    train_events: int
    test_n: int
    test_events: int
    test_from: str
    test_to: str
    calibration_intercept: float
    calibration_slope: float
    calibration_intercept_se: float
    calibration_slope_se: float
    brier_of_base_rate: float
    gives_up: Difference | None
    scores: tuple[ScoreEvaluation, ...]
    bins: tuple[CalibrationBin, ...]
    groups: tuple[GroupCheck, ...] = ()


def backtest(rows: pd.DataFrame, model: RelapseLogit | None = None, seed: int = 2020) -> tuple[Backtest, ...]:
    """Evaluate the score on the newest twelve months (out of time) and on whole counties held out (out of place).

    Parameters
    ----------
    rows : DataFrame
        :func:`relapse_risk.relapse.outcome.at_risk_rows`; unobserved outcomes are left out.
    model : RelapseLogit
    seed : int
        Of the challenger.

    Returns
    -------
    tuple of Backtest
        What the data allows; empty when there is a single transition and a single county.
    """
    chosen = model or RelapseLogit()
    seen = followed(rows)
    # Only what the windows below can reach: a train window before the test year, and the test year.
    seen = seen[seen["month"] > add_months(seen["month"].max(), -WINDOW_MONTHS - 2 * TEST_MONTHS)].reset_index(
        drop=True
    )
    newest = (seen["month"] > add_months(seen["month"].max(), -TEST_MONTHS)).to_numpy(dtype=bool)
    # Train only on outcomes already known when the first test row was scored.
    known = (seen["month_next"] <= seen.loc[newest, "month"].min()).to_numpy(dtype=bool)
    train = _recent_flags(seen, known)
    window = _recent_flags(seen, np.ones(len(seen), dtype=bool))
    used = train | window | newest
    seen, train, window, newest = seen[used].reset_index(drop=True), train[used], window[used], newest[used]
    matrix = feature_matrix(without_outcomes(seen), chosen.features)
    found = []
    if _enough(seen, train, chosen) and _enough(seen, newest, chosen):
        found.append(_evaluate("out_of_time", seen, matrix, [(train, newest)], chosen, seed))
    folds = [
        (window & ~inside, newest & inside)
        for codes in np.array_split(sorted(seen.loc[newest, "county_code"].unique()), FOLDS)
        if (inside := seen["county_code"].isin(list(codes)).to_numpy(dtype=bool)).any()
    ]
    folds = [(left, right) for left, right in folds if _enough(seen, left, chosen) and right.any()]
    if len(folds) > 1 and _enough(seen, newest, chosen):
        found.append(_evaluate("leave_counties_out", seen, matrix, folds, chosen, None))
    return tuple(found)


def recent(seen: pd.DataFrame) -> pd.DataFrame:
    """The rows of the newest two years, or of as many more as hold a thousand events: rates drift, so old rows cost.

    Examples
    --------
    >>> months = pd.Series(["2017-12"] * 9 + ["2018-12"] * 800 + ["2019-12"] * 800)
    >>> recent(pd.DataFrame({"month": months, "event": 1.0}))["month"].unique().tolist()
    ['2018-12', '2019-12']
    """
    return seen[_recent_flags(seen, np.ones(len(seen), dtype=bool))]


def _recent_flags(seen: pd.DataFrame, allowed: Flags) -> Flags:
    if not allowed.any():
        return allowed
    events = seen[allowed].groupby("month")["event"].sum()
    return allowed & (seen["month"] > first_month(events.to_dict())).to_numpy(dtype=bool)


def first_month(events: Mapping[str, float]) -> str:
    """The month after which rows are recent, from the events of each month.

    Examples
    --------
    >>> first_month({"2017-12": 9, "2018-12": 800, "2019-12": 800})
    '2017-12'
    """
    first, last, months = min(events), max(events), WINDOW_MONTHS
    while True:
        start = add_months(last, -months)
        if start < first or sum(n for month, n in events.items() if month > start) >= ENOUGH_EVENTS:
            return start
        months += TEST_MONTHS


def _enough(seen: pd.DataFrame, flags: Flags, model: RelapseLogit) -> bool:
    event = seen["event"].to_numpy(dtype=float)[flags]
    return bool(len(event)) and min(event.sum(), (1 - event).sum()) >= model.min_events


def _evaluate(
    design: str, seen: pd.DataFrame, matrix: pd.DataFrame, folds: list[tuple[Flags, Flags]], model: RelapseLogit,
    seed: int | None,
) -> Backtest:  # fmt: skip
    tested = pd.concat([_scored(seen, matrix, fold, model, seed) for fold in folds], ignore_index=True)
    y, p, w = tested["event"], tested["official"], tested["weight"]
    measured = calibration(y, p, w)
    base = float(np.average(y, weights=w))
    return Backtest(
        design=design,
        train_n=int(np.mean([train.sum() for train, _ in folds])),
        train_events=int(np.mean([seen.loc[train, "event"].sum() for train, _ in folds])),
        test_n=len(tested),
        test_events=int(y.sum()),
        test_from=str(tested["month"].min()),
        test_to=str(tested["month_next"].max()),
        calibration_intercept=measured.intercept,
        calibration_slope=measured.slope,
        calibration_intercept_se=measured.intercept_se,
        calibration_slope_se=measured.slope_se,
        brier_of_base_rate=base * (1 - base),
        gives_up=auc_difference(y, tested["challenger"], p, w) if "challenger" in tested else None,
        scores=tuple(_evaluated(tested, name) for name in BENCHMARKS if name in tested),
        bins=tuple(
            CalibrationBin(int(b.n), int(b.events), float(b.expected), float(b.observed), float(b.low), float(b.high))
            for b in calibration_table(y, p).itertuples()
        ),
        groups=group_checks(tested, p) if design == "out_of_time" else (),
    )


def _scored(
    seen: pd.DataFrame, matrix: pd.DataFrame, fold: tuple[Flags, Flags], model: RelapseLogit, seed: int | None
) -> pd.DataFrame:
    """Test rows of one fold with the official score and, given a seed, the challenger, fitted on its training rows."""
    train, test = fold
    left, right = seen[train], seen[test]
    official = model.fit_matrix(matrix[train], left["month"], left["event"], left["weight"], left["village_code"])
    scored = right.assign(
        official=predict_matrix(official, matrix[test])["probability"],
        income_gap=income_gap(right),
        trigger_rules=trigger_rules(right),
    )
    if seed is None:
        return scored
    challenger = RelapseBoost(model.features, seed).fit_matrix(matrix[train], left["event"], left["weight"])
    return scored.assign(challenger=challenger.predict_matrix(matrix[test]))


def _evaluated(tested: pd.DataFrame, name: str) -> ScoreEvaluation:
    score, y, w = tested[name], tested["event"], tested["weight"]
    area = area_under_curve(y, score, w)
    reached = [targeting(y, select_top(score, int(len(score) * share)), w).coverage for share in BUDGETS]
    return ScoreEvaluation(
        name, area.value, area.low, area.high, average_precision(y, score, w),
        brier(y, score, w) if name in PREDICTED else None, *reached,
    )  # fmt: skip
