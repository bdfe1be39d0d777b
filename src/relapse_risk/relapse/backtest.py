"""Back-test: validation of the score out of time and out of place, beside simple rules a county would use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
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
from relapse_risk.relapse.fitted_logit import predict_matrix
from relapse_risk.relapse.outcome import clusters, followed, without_outcomes
from relapse_risk.relapse.relapse_logit import RelapseLogit
from relapse_risk.relapse.simple_rules import income_gap, trigger_rules

__all__ = [
    "Backtest",
    "CalibrationBin",
    "NotValidated",
    "ScoreEvaluation",
    "Validation",
    "backtest",
    "recent",
    "validate",
]

PREDICTED, BENCHMARKS = ("official", "challenger"), ("official", "challenger", "income_gap", "trigger_rules")
OUT_OF_TIME, OUT_OF_PLACE = "out_of_time", "leave_counties_out"
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


@dataclass(frozen=True, slots=True)
class NotValidated:
    """A validation that the rows do not allow, or one of its folds, and why."""

    design: str
    fold: str
    why: str


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
        What the rows allow; :func:`validate` also says why the others are not there.
    """
    return validate(rows, model, seed).tests


@dataclass(frozen=True, slots=True)
class Validation:
    """The validations of a score, and those that the rows do not allow."""

    tests: tuple[Backtest, ...]
    not_done: tuple[NotValidated, ...]


class Fold(NamedTuple):
    """Rows to learn from and rows to score; ``name``: the counties held out."""

    name: str
    train: Flags
    test: Flags


@dataclass(frozen=True, slots=True)
class _Plan:
    """The folds of a design; folds, or the whole, that cannot be done, with the reason."""

    design: str
    folds: tuple[Fold, ...]
    not_done: tuple[NotValidated, ...]


def validate(rows: pd.DataFrame, model: RelapseLogit | None = None, seed: int = 2020) -> Validation:
    """:func:`backtest`, and why a design or a fold is not in it: no earlier outcomes, one county, too few events.

    Examples
    --------
    >>> rows = pd.DataFrame({"household_id": ["a", "b"], "month": "2019-12", "month_next": "2020-12",
    ...                      "event": [1.0, 0.0], "observed": True})
    >>> validate(rows).not_done[1].why
    'the rows name no county (county_code)'
    """
    chosen = model or RelapseLogit()
    seen = followed(rows)
    plans = _plans(seen, chosen)
    used = np.zeros(len(seen), dtype=bool)
    for flags in (part for plan in plans for _, *fold in plan.folds for part in fold):
        used |= flags
    kept = seen[used].reset_index(drop=True)
    tests, not_done = [], [one for plan in plans for one in plan.not_done]
    if len(kept):
        matrix = feature_matrix(without_outcomes(kept), chosen.offered)
        for plan in plans:
            folds = [Fold(name, train[used], test[used]) for name, train, test in plan.folds]
            test, failed = _evaluate(
                plan.design, kept, matrix, folds, chosen, seed if plan.design == OUT_OF_TIME else None
            )
            tests += [test] if test is not None else []
            not_done += failed
    return Validation(tuple(tests), tuple(not_done))


def _plans(seen: pd.DataFrame, model: RelapseLogit) -> tuple[_Plan, _Plan]:
    """Both designs on followed rows: the newest twelve months, learned from outcomes known before; counties held out."""
    if seen.empty:
        none = "no household is followed"
        return _Plan(OUT_OF_TIME, (), _why(OUT_OF_TIME, none)), _Plan(OUT_OF_PLACE, (), _why(OUT_OF_PLACE, none))
    newest = (seen["month"] > add_months(seen["month"].max(), -TEST_MONTHS)).to_numpy(dtype=bool)
    first = seen.loc[newest, "month"].min()
    # Train only on outcomes already known when the first test row was scored.
    known = (seen["month_next"] <= first).to_numpy(dtype=bool)
    train = _recent_flags(seen, known)
    why = _too_few(seen, newest, model, "of the newest twelve months")
    if not known.any():
        why = why or f"no outcome was known by {first}, when the newest rows are scored"
    why = why or _too_few(seen, train, model, f"known by {first}")
    in_time = _Plan(OUT_OF_TIME, () if why else (Fold("", train, newest),), _why(OUT_OF_TIME, why))
    return in_time, _county_plan(seen, newest, model)


def _county_plan(seen: pd.DataFrame, newest: Flags, model: RelapseLogit) -> _Plan:
    design = OUT_OF_PLACE
    if "county_code" not in seen:
        return _Plan(design, (), _why(design, "the rows name no county (county_code)"))
    counties = sorted(seen.loc[newest, "county_code"].dropna().unique())
    why = _too_few(seen, newest, model, "of the newest twelve months")
    if why or len(counties) < 2:
        return _Plan(design, (), _why(design, why or "there is one county"))
    window = _recent_flags(seen, np.ones(len(seen), dtype=bool))
    folds, left_out = [], []
    for codes in np.array_split(counties, min(FOLDS, len(counties))):
        inside = seen["county_code"].isin(list(codes)).to_numpy(dtype=bool)
        name = " ".join(map(str, codes))
        if few := _too_few(seen, window & ~inside, model, "outside them"):
            left_out.append(NotValidated(design, name, few))
        else:
            folds.append(Fold(name, window & ~inside, newest & inside))
    if len(folds) < 2:
        return _Plan(design, (), _why(design, left_out[0].why))
    return _Plan(design, tuple(folds), tuple(left_out))


def _why(design: str, why: str) -> tuple[NotValidated, ...]:
    return (NotValidated(design, "", why),) if why else ()


def _too_few(seen: pd.DataFrame, flags: Flags, model: RelapseLogit, which: str) -> str:
    """Why a score cannot be learned from, or evaluated on, these rows; empty where it can."""
    event = seen["event"].to_numpy(dtype=float)[flags]
    events, others = int(event.sum()), int((1 - event).sum())
    if min(events, others) >= model.min_events:
        return ""
    return f"{events} events and {others} other rows {which}; at least {model.min_events} of each are needed"


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


def _evaluate(
    design: str, seen: pd.DataFrame, matrix: pd.DataFrame, folds: Sequence[Fold], model: RelapseLogit, seed: int | None
) -> tuple[Backtest | None, list[NotValidated]]:
    """The validation over the folds that can be fitted, and those that cannot."""
    parts, done, failed = [], [], []
    for fold in folds:
        try:
            parts.append(_scored(seen, matrix, fold, model, seed))
            done.append(fold)
        except ModelError as error:
            failed.append(NotValidated(design, fold.name, str(error)))
    if not parts:
        return None, failed
    return _measured(design, seen, pd.concat(parts, ignore_index=True), done), failed


def _measured(design: str, seen: pd.DataFrame, tested: pd.DataFrame, folds: Sequence[Fold]) -> Backtest:
    y, p, w = tested["event"], tested["official"], tested["weight"]
    measured = calibration(y, p, w)
    base = float(np.average(y, weights=w))
    return Backtest(
        design=design,
        train_n=int(np.mean([fold.train.sum() for fold in folds])),
        train_events=int(np.mean([seen.loc[fold.train, "event"].sum() for fold in folds])),
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
        groups=group_checks(tested, p) if design == OUT_OF_TIME else (),
    )


def _scored(
    seen: pd.DataFrame, matrix: pd.DataFrame, fold: Fold, model: RelapseLogit, seed: int | None
) -> pd.DataFrame:
    """Test rows of one fold with the official score and, given a seed, the challenger, fitted on its training rows."""
    _, train, test = fold
    left, right = seen[train], seen[test]
    official = model.fit_matrix(matrix[train], left["month"], left["event"], left["weight"], clusters(left))
    scored = right.assign(
        official=predict_matrix(official, matrix[test])["probability"],
        income_gap=income_gap(right),
        trigger_rules=trigger_rules(right),
    )
    if seed is None:
        return scored
    challenger = RelapseBoost(model.offered, seed).fit_matrix(matrix[train], left["event"], left["weight"])
    return scored.assign(challenger=challenger.predict_matrix(matrix[test]))


def _evaluated(tested: pd.DataFrame, name: str) -> ScoreEvaluation:
    score, y, w = tested[name], tested["event"], tested["weight"]
    area = area_under_curve(y, score, w)
    reached = [targeting(y, select_top(score, int(len(score) * share)), w).coverage for share in BUDGETS]
    return ScoreEvaluation(
        name, area.value, area.low, area.high, average_precision(y, score, w),
        brier(y, score, w) if name in PREDICTED else None, *reached,
    )  # fmt: skip
