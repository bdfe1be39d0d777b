"""Published and peer-computed weights and TOPSIS (reference/index/expected/mcda_python.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relapse_risk.hardship import rank_scores, topsis
from relapse_risk.hardship.ahp import ahp
from relapse_risk.hardship.weights import critic, entropy, equal, gini_weights, merec, standard_deviation

pytestmark = pytest.mark.shared
DIGITS = 1e-6
WEIGHTERS = {
    "equal": equal, "entropy": entropy, "std": standard_deviation, "critic": critic, "gini": gini_weights,
}  # fmt: skip


@pytest.fixture(scope="module")
def cases(shared_dir: Path) -> dict[str, Any]:
    return json.loads((shared_dir / "reference/index/expected/mcda_python.json").read_text())["cases"]


def same(ours: Any, theirs: Any) -> int:
    np.testing.assert_allclose(ours, theirs, rtol=DIGITS)
    return int(np.size(theirs))


def test_every_published_case(cases: dict[str, Any]) -> None:
    matched = 0
    case = cases["critic_diakoulaki1995"]
    matched += same(critic(case["matrix"]), case["expected_pearson_scaled"])
    matched += same(critic(case["matrix"], "spearman"), case["expected_spearman_scaled"])
    matched += same(critic(case["matrix"], scale=False), case["expected_pearson_unscaled"])
    case = cases["topsis_tzeng2011"]
    similarity = topsis(case["matrix"], case["weights"], case["objectives"])
    matched += same(similarity, case["similarity"]) + same(similarity, case["pymcdm_vector"])
    matched += same(similarity.round(4), case["published_similarity_4dp"]) + same(rank_scores(similarity), case["rank"])
    matched += same(topsis(case["matrix"], case["weights"], scaling="minmax"), case["pymcdm_minmax_default"])
    case = cases["entropy_elsayed2017"]
    for name in ("expected_pymcdm", "expected_skcriteria"):
        matched += same(entropy(case["matrix"]), case[name])
    matched += same(entropy(case["matrix"]).round(6), case["published_6dp"])
    case = cases["critic_tus2019"]
    for name in ("expected_pymcdm", "expected_skcriteria"):
        matched += same(critic(case["matrix"]), case[name])
    matched += same(critic(case["matrix"]).round(3), case["published_3dp"])
    case = cases["merec_keshavarz2021"]
    weights = merec(case["matrix"], case["types"])
    matched += same(weights, case["expected_pymcdm"]) + same(weights.round(4), case["published_4dp"])
    case = cases["ahp_wang_chin2011"]
    weighted = ahp(case["matrix"])
    matched += same(weighted.weights, case["expected_pymcdm_eigenvector"])
    matched += same(weighted.weights.round(4), case["published_4dp"]) + same(
        weighted.lambda_max, case["lambda_max_numpy"]
    )
    matched += same(weighted.consistency_index, case["CI"]) + same(weighted.consistency_ratio, case["CR_RI1.24"])
    assert not weighted.is_consistent
    print(f"published weights and TOPSIS: {matched} of {matched} numbers matched")
    assert matched == 85


def test_scikit_criteria_pipeline(cases: dict[str, Any], shared_dir: Path) -> None:
    """InvertMinimize, a weighter, vector scaling, TOPSIS, dense ranks; 5 weighters."""
    case = cases["topsis_van2021_w7_skcriteria"]
    frame = pd.read_csv(shared_dir / "reference/index/data/skcriteria_van2021_w7.csv", index_col=0)
    matrix = frame.to_numpy(dtype=float).copy()
    minimised = np.array(case["objectives"]) == -1
    matrix[:, minimised] = 1 / matrix[:, minimised]
    matched = 0
    for name, weighter in WEIGHTERS.items():
        target = case["result"][name]
        weights = weighter(matrix)
        similarity = topsis(matrix, weights)
        matched += same(weights, [target["weights"][c] for c in frame.columns])
        matched += same(similarity, [target["similarity"][r] for r in frame.index])
        matched += same(rank_scores(similarity, "dense"), [target["rank"][r] for r in frame.index])
    print(f"scikit-criteria: {matched} of {matched} numbers matched")
    assert matched == 120
