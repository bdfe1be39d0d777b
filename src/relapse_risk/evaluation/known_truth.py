"""A score compared with true risks where they are known: loss against an oracle, and coverage of its intervals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.errors import ModelError
from relapse_risk.evaluation.resampling import bootstrap_measures
from relapse_risk.rows import by_row

__all__ = ["BesideTruth", "beside_truth", "read_truth"]

TENTHS = 10
RANKED = ("auc", "pr_auc", "missed_5", "missed_10", "missed_20")


@dataclass(frozen=True, slots=True)
class BesideTruth:
    """How far a score is from the true risk of every household.

    Attributes
    ----------
    n : int
    coverage, coverage_low, coverage_high : float
        Share of households whose true risk is at most ``own_high``, with the interval of draws of whole clusters.
    mean_score, mean_truth : float
    loss : DataFrame
        measure, oracle, score, loss (oracle minus score), low, high: expected values given the true risks, so that
        the chance of a single year is averaged out.
    tenths : DataFrame
        tenth of the score (from 0), n, score, truth (means), held (share with true risk at most ``own_high``), mean_held
        (whether the mean of the truth is inside the mean of the intervals of the mean risk).
    """

    n: int
    coverage: float
    coverage_low: float
    coverage_high: float
    mean_score: float
    mean_truth: float
    loss: pd.DataFrame
    tenths: pd.DataFrame

    def summary(self) -> str:
        """The numbers as text."""
        lines = [
            f"{self.n} households; mean score {self.mean_score:.4f}, mean true risk {self.mean_truth:.4f}",
            f"household-level risk within its 95 % interval: {self.coverage:.2%} [{self.coverage_low:.2%}, {self.coverage_high:.2%}]",
        ]
        lines += [
            f"{r.measure:<10} oracle {r.oracle:.4f}, score {r.score:.4f}, lost {r.loss:+.4f} [{r.low:+.4f}, {r.high:+.4f}]"
            for r in self.loss.itertuples()
        ]
        lines += [
            f"tenth {r.tenth + 1:>2}: score {r.score:.4f}, truth {r.truth:.4f}, household-level risk covered {r.held:.2%}, "
            f"mean {'inside' if r.mean_held else 'outside'}"
            for r in self.tenths.itertuples()
        ]
        return "\n".join(lines)


def read_truth(path: Path) -> pd.DataFrame:
    """household_id, month and true_risk of a demonstration register (``demo_key/true_risk.parquet``).

    Raises
    ------
    ModelError
        If there is no such file.
    """
    if not path.is_file():
        raise ModelError(
            "no file of true risks", where=str(path), fix="only the register of relapse-risk demo has true risks"
        )
    columns = ["household_id", "month", "probability"]
    try:
        truth = pd.read_parquet(path, columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise ModelError(f"damaged: {error}", where=str(path), fix="run relapse-risk demo again") from error
    return truth.rename(columns={"probability": "true_risk"})


@by_row("risk", "truth", "cluster")
def beside_truth(
    risk: pd.DataFrame, truth: pd.Series, cluster: pd.Series, rng: np.random.Generator, draws: int = 400
) -> BesideTruth:
    """Compare scored households with their true risk.

    Parameters
    ----------
    risk : DataFrame, shape (n, columns)
        probability, low, high, own_high of each household scored.
    truth : Series, shape (n,)
        True risk of each.
    cluster : Series, shape (n,)
        Cluster of the bootstrap.
    rng : Generator
    draws : int

    Notes
    -----
    A household of true risk t counts as t of an event and 1 - t of a non-event: areas and missed shares are then
    expected ones, and the oracle's is the ceiling of any score.

    Raises
    ------
    ModelError
        For true risks outside 0 to 1, or nobody scored.
    """
    t = truth.to_numpy(dtype=float)
    if not len(t) or not np.isfinite(t).all() or t.min() < 0 or t.max() > 1:
        raise ModelError("true risks are shares, one per household", where="beside_truth", got=len(t), expected="0 … 1")
    held = (t <= risk["own_high"].to_numpy(dtype=float)).astype(float)
    place = pd.factorize(cluster)[0]
    low, high = _interval_of_mean(held, place, rng, draws)
    both = pd.DataFrame({
        "event": np.repeat([1.0, 0.0], len(t)), "weight": np.append(t, 1 - t), "cluster": np.tile(place, 2),
        "oracle": np.tile(t, 2), "score": np.tile(risk["probability"].to_numpy(dtype=float), 2),
    })  # fmt: skip
    table = bootstrap_measures(
        both, ("oracle", "score"), reference="oracle", cluster="cluster", draws=draws, rng=rng, weight="weight",
        ranks_only=("oracle", "score"),
    ).set_index(["score", "measure"])  # fmt: skip
    loss = [
        (
            m,
            table.loc[("oracle", m), "value"],
            *table.loc[("score", m), ["value", "difference", "difference_low", "difference_high"]],
        )
        for m in RANKED
    ]
    return BesideTruth(
        len(t), float(held.mean()), low, high, float(risk["probability"].mean()), float(t.mean()),
        pd.DataFrame(loss, columns=["measure", "oracle", "score", "loss", "low", "high"]), _tenths(risk, t, held),
    )  # fmt: skip


def _interval_of_mean(held: np.ndarray, place: np.ndarray, rng: np.random.Generator, draws: int) -> tuple[float, float]:
    groups = int(place.max()) + 1
    n, total = np.bincount(place, minlength=groups), np.bincount(place, held, groups)
    counts = rng.multinomial(groups, np.full(groups, 1 / groups), size=draws)
    low, high = np.percentile(counts @ total / (counts @ n), (2.5, 97.5))
    return float(low), float(high)


def _tenths(risk: pd.DataFrame, truth: np.ndarray, held: np.ndarray) -> pd.DataFrame:
    frame = risk[["probability", "low", "high"]].astype(float).assign(truth=truth, held=held).reset_index(drop=True)
    tenth = (frame["probability"].rank(method="first").sub(1) * TENTHS // len(frame)).astype(int).rename("tenth")
    table = frame.groupby(tenth).mean().assign(n=frame.groupby(tenth).size())
    inside = (table["low"] <= table["truth"]) & (table["truth"] <= table["high"])
    return table.assign(mean_held=inside).rename(columns={"probability": "score"}).reset_index()[
        ["tenth", "n", "score", "truth", "held", "mean_held"]
    ]  # fmt: skip
