"""Rows a CPU second: the official score with its three strongest reasons against scikit-learn's default boosting.

    python benchmarks/score.py [rows] [features]

Both run on one thread, on the same random values; the boosting only gives probabilities.  Peak memory is that of a
process of its own that only scores.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from relapse_risk.relapse.block_scoring import score_blocks
from relapse_risk.relapse.fitted_logit import FittedRelapseLogit, Term

ROUNDS = 3


def values(rows: int, features: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    found = rng.standard_normal((rows, features), dtype=np.float32).astype(np.float64)
    found[rng.random(rows) < 0.05, 0] = np.nan
    return found


def score(features: int) -> FittedRelapseLogit:
    slope = np.random.default_rng(2).normal(0, 0.3, features)
    terms = tuple(
        Term(f"x{i}", "", "", "", "income", float(b), 0.1, 0.0, 1.0, -3.0, 3.0, 0.0) for i, b in enumerate(slope)
    )
    return FittedRelapseLogit(-2.0, 0.1, terms, (), (), np.eye(features + 1), 1, 1, 1)


def official(x: np.ndarray) -> tuple[float, float]:
    """Least CPU seconds of some rounds; mean probability, so that nothing is left out."""
    fitted, best, total = score(x.shape[1]), np.inf, 0.0
    for _ in range(ROUNDS):
        start = time.process_time()
        total = sum(float(block.probability.sum()) for block in score_blocks(fitted, x))
        best = min(best, time.process_time() - start)
    return best, total / len(x)


def boosting(x: np.ndarray) -> float:
    y = (np.random.default_rng(3).random(20_000) < 1 / (1 + np.exp(-np.nan_to_num(x[:20_000]).sum(axis=1) / 3))).astype(
        int
    )
    model = HistGradientBoostingClassifier(random_state=0).fit(x[:20_000], y)
    best = np.inf
    for _ in range(ROUNDS):
        start = time.process_time()
        model.predict_proba(x)
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    rows, features = (int(a) for a in (*sys.argv[1:3], *("1000000", "30")[len(sys.argv[1:3]) :]))
    x = values(rows, features)
    with threadpool_limits(limits=1):
        ours, mean = official(x)
        if "--only" in sys.argv:
            print(json.dumps({"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
            return
        theirs = boosting(x)
    alone = subprocess.run(
        [sys.executable, __file__, str(rows), str(features), "--only"], capture_output=True, check=True
    )
    peak = json.loads(alone.stdout)["peak"]
    print(f"official score with three reasons: {rows / ours:,.0f} rows/CPU s (mean {mean:.4f})")
    print(f"default gradient boosting, no reasons: {rows / theirs:,.0f} rows/CPU s")
    print(f"ratio {theirs / ours:.1f}; peak {peak:,.0f} MiB, the values themselves {x.nbytes / 2**20:,.0f} MiB")


if __name__ == "__main__":
    main()
