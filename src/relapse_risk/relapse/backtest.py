"""Out of time and out of place: what the score would have known, beside what a county would use instead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from relapse_risk.evaluation import (
    area_under_curve,
    brier,
    calibration,
    calibration_table,
    select_top,
    targeting,
)
from relapse_risk.months import add_months
from relapse_risk.relapse.features import feature_matrix
from relapse_risk.relapse.models import RelapseLogit

__all__ = ["Backtest", "CalibrationBin", "Judged", "backtest", "recent", "without_outcomes"]

OUTCOMES = ["event", "observed", "month_next"]
PREDICTED, RIVALS = ("official", "challenger"), ("official", "challenger", "income_gap", "trigger_rules")
BUDGET, FOLDS, WINDOW_MONTHS = 0.2, 5, 24


@dataclass(frozen=True, slots=True)
class Judged:
    """How one score did: AUC with interval, Brier score (null for scores that are no probabilities), recall."""

    name: str
    auc: float
    auc_low: float
    auc_high: float
    brier: float | None
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
    scores : tuple of Judged
        The official score first, then the challenger and the simple rules.
    bins : tuple of CalibrationBin
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
    scores: tuple[Judged, ...]
    bins: tuple[CalibrationBin, ...]


def without_outcomes(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows as they stood at t."""
    return rows.drop(columns=[name for name in OUTCOMES if name in rows.columns])


def backtest(rows: pd.DataFrame, seed: int = 2020) -> tuple[Backtest, ...]:
    """Judge the score on the last transition (out of time) and on whole counties held out (out of place).

    Parameters
    ----------
    rows : DataFrame
        :func:`relapse_risk.relapse.outcome.at_risk_rows`; unobserved outcomes are left out.
    seed : int
        Of the challenger.

    Returns
    -------
    tuple of Backtest
        What the data allows; empty when there is a single transition and a single county.
    """
    seen = rows[rows["observed"]].reset_index(drop=True)
    last = seen["month"].max()
    # Train only on outcomes already known when the test rows were scored.
    train, test = recent(seen[seen["month_next"] <= last]), seen[seen["month"] == last]
    found = []
    if _enough(train) and _enough(test):
        found.append(_judge("out_of_time", [(train, test)], seed))
    window = recent(seen)
    folds = [
        (window[~window["county_code"].isin(codes)], test[test["county_code"].isin(codes)])
        for codes in np.array_split(sorted(test["county_code"].unique()), FOLDS)
    ]
    folds = [(left, right) for left, right in folds if _enough(left) and len(right)]
    if len(folds) > 1 and _enough(test):
        found.append(_judge("leave_counties_out", folds, seed))
    return tuple(found)


def recent(seen: pd.DataFrame, months: int = WINDOW_MONTHS) -> pd.DataFrame:
    """The rows of the last ``months`` before the newest: rates drift, so old years only mislead the level.

    Examples
    --------
    >>> recent(pd.DataFrame({"month": ["2017-12", "2018-12", "2019-12"]}))["month"].tolist()
    ['2018-12', '2019-12']
    """
    return seen[seen["month"] > add_months(seen["month"].max(), -months)] if len(seen) else seen


def _enough(rows: pd.DataFrame) -> bool:
    return bool(len(rows)) and min(rows["event"].sum(), (1 - rows["event"]).sum()) >= RelapseLogit().min_events


def _judge(design: str, folds: list[tuple[pd.DataFrame, pd.DataFrame]], seed: int) -> Backtest:
    parts = []
    for train, test in folds:
        fitted = RelapseLogit().fit(without_outcomes(train), train["event"], train["weight"], train["village_code"])
        score = fitted.predict(without_outcomes(test))["probability"]
        parts.append(test.assign(official=score))
        if design == "out_of_time":
            parts[-1]["challenger"] = _challenger(train, test, seed)
    tested = pd.concat(parts, ignore_index=True)
    y, p = tested["event"], tested["official"]
    measured = calibration(y, p)
    bins = calibration_table(y, p).itertuples()
    return Backtest(
        design=design,
        train_n=int(np.mean([len(train) for train, _ in folds])),
        train_events=int(np.mean([train["event"].sum() for train, _ in folds])),
        test_n=len(tested),
        test_events=int(y.sum()),
        test_from=str(tested["month"].min()),
        test_to=str(tested["month_next"].max()),
        calibration_intercept=measured.intercept,
        calibration_slope=measured.slope,
        scores=tuple(_judged(tested, name) for name in RIVALS if name not in PREDICTED or name in tested),
        bins=tuple(
            CalibrationBin(int(b.n), int(b.events), float(b.expected), float(b.observed), float(b.low), float(b.high))
            for b in bins
        ),
    )


def _challenger(train: pd.DataFrame, test: pd.DataFrame, seed: int) -> np.ndarray:
    """Gradient boosting on the same features: what the additive score gives up."""
    x = feature_matrix(without_outcomes(train))
    model = HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.08, max_leaf_nodes=15, min_samples_leaf=60, l2_regularization=1.0,
        early_stopping=False, random_state=seed,
    )  # fmt: skip
    other = feature_matrix(without_outcomes(test)).reindex(columns=x.columns)
    # One thread: on a busy machine OpenMP threads wait for each other far longer than they work.
    with threadpool_limits(limits=1):
        model.fit(x.to_numpy(), train["event"].to_numpy(dtype=int), sample_weight=train["weight"].to_numpy(dtype=float))
        return np.asarray(model.predict_proba(other.to_numpy())[:, 1])


def _judged(tested: pd.DataFrame, name: str) -> Judged:
    score = {"income_gap": _income_gap, "trigger_rules": _trigger_rules}.get(name, lambda rows: rows[name])(tested)
    y = tested["event"]
    area = area_under_curve(y, score)
    top = select_top(score, int(len(score) * BUDGET))
    is_probability = name in PREDICTED
    return Judged(
        name, area.value, area.low, area.high, brier(y, score) if is_probability else None,
        targeting(y, top).coverage,
    )  # fmt: skip


def _income_gap(rows: pd.DataFrame) -> pd.Series:
    """What a clerk would do: the lower the income over the line, the higher the risk."""
    return -(rows["income_pc_year"] / rows["poverty_line"]).astype(float)


def _trigger_rules(rows: pd.DataFrame) -> pd.Series:
    """How many official triggers fire: income near the line, sharp fall, rigid spending, urgent loss, unsafe home."""
    fired = [
        rows["income_pc_year"] < 1.5 * rows["poverty_line"],
        rows["income_change"] < 0.6,
        rows["rigid_burden"] > 1,
        rows["uncompensated_loss_12m"] >= 10000,
        rows["house_safe"].eq(False),
        rows["zero_employment"].eq(True),
    ]
    return sum((flag.fillna(False).astype(float) for flag in fired), start=pd.Series(0.0, index=rows.index))
