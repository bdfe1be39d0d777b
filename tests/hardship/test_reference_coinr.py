"""COINr 1.1.14 on its ASEM example: 51 countries, 49 indicators (reference/index/expected/coinr_ASEM.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from relapse_risk.hardship import IndexDesign, design_from_table, hardship_index, rank_scores, score_units
from relapse_risk.hardship.redundancy import column_statistics, correlation_flags, cronbach_alpha
from relapse_risk.hardship.sensitivity import remove_each
from relapse_risk.hardship.weights import principal_component

pytestmark = pytest.mark.shared
DIGITS = 1e-6
VARIANTS = {
    "default_example_coin": ("treated", "minmax", "arithmetic", {}),
    "minmax0_100_amean_denominated": ("denominated", "minmax", "arithmetic", {}),
    "minmax1_100_gmean": ("denominated", "minmax", "geometric", {"low": 1, "high": 100}),
    "zscore_10_2_amean": ("denominated", "zscore", "arithmetic", {"mean": 10, "sd": 2}),
}
STATISTICS = {
    "Min": "min", "Max": "max", "Mean": "mean", "Median": "median", "Std": "std", "Skew": "skew", "Kurt": "kurtosis",
    "N.Avail": "n_available", "N.NonZero": "n_nonzero", "N.Unique": "n_unique", "N.Same": "n_same",
    "Frc.Avail": "share_available", "Frc.NonZero": "share_nonzero", "Frc.Unique": "share_unique",
    "Frc.Same": "share_same",
}  # fmt: skip
FLAGS = {
    "Flag.Avail": "flag_available", "Flag.NonZero": "flag_nonzero", "Flag.Unique": "flag_unique",
    "Flag.SkewKurt": "flag_outlier",
}  # fmt: skip
# Two numbers cannot be computed from the file: the CSV holds 15 digits, so values of TolMin that differ in R coincide.
UNMATCHABLE = {("TolMin", "N.Unique"), ("TolMin", "Frc.Unique")}


@pytest.fixture(scope="module")
def expected(shared_dir: Path) -> dict[str, Any]:
    return json.loads((shared_dir / "reference/index/expected/coinr_ASEM.json").read_text())


@pytest.fixture(scope="module")
def data(shared_dir: Path) -> dict[str, pd.DataFrame]:
    folder = shared_dir / "reference/index/data"
    return {
        name: pd.read_csv(folder / f"coinr_ASEM_{name}.csv").set_index("uCode") for name in ("denominated", "treated")
    }


@pytest.fixture(scope="module")
def meta(shared_dir: Path) -> pd.DataFrame:
    frame = pd.read_csv(shared_dir / "reference/index/data/coinr_ASEM_iMeta.csv")
    names = {"iCode": "code", "Parent": "parent", "Weight": "weight", "Direction": "direction"}
    return frame[frame["Level"].notna()].rename(columns=names)


@pytest.fixture(scope="module")
def design(meta: pd.DataFrame) -> IndexDesign:
    return design_from_table(meta, "asem")


@pytest.mark.parametrize("variant", VARIANTS)
def test_scores_and_ranks(
    variant: str, expected: dict[str, Any], data: dict[str, pd.DataFrame], meta: pd.DataFrame
) -> None:
    source, normalise, aggregate, options = VARIANTS[variant]
    units = data[source]
    scores = score_units(units, design_from_table(meta, "asem", normalise, aggregate, options)).scores
    scores = scores.set_axis(units.index).rename(columns={"need": "Index"})
    target = pd.DataFrame(expected[variant]).set_index("uCode")
    scores = scores.loc[target.index]
    columns = [c for c in target if c != "Rank"]
    np.testing.assert_allclose(scores[columns], target[columns], rtol=DIGITS)
    assert rank_scores(scores["Index"], "min").tolist() == target["Rank"].tolist()
    print(f"COINr {variant}: {target.size} of {target.size} numbers matched")
    assert target.size == 51 * 12


def test_effective_weights(expected: dict[str, Any], design: IndexDesign) -> None:
    weights = {**design.effective_weights(), "Index": 1.0}
    for row in expected["eff_weights"]:
        assert weights[row["iCode"]] == pytest.approx(row["EffWeight"], rel=DIGITS), row["iCode"]
    print(f"COINr effective weights: {len(weights)} of {len(expected['eff_weights'])} matched")


def test_statistics(expected: dict[str, Any], data: dict[str, pd.DataFrame]) -> None:
    """COINr prints three significant digits."""
    target = pd.DataFrame(expected["stats"]).set_index("iCode")
    ours = column_statistics(data["denominated"][list(target.index)]).set_index("code")
    matched = 0
    for theirs, mine in STATISTICS.items():
        for code in target.index:
            if (code, theirs) in UNMATCHABLE:
                continue
            assert float(f"{ours.loc[code, mine]:.3g}") == pytest.approx(target.loc[code, theirs], rel=1e-9), (
                code,
                theirs,
            )
            matched += 1
    for theirs, mine in FLAGS.items():
        assert (ours[mine] == (target[theirs] != "ok")).all(), theirs
        matched += len(target)
    print(f"COINr statistics: {matched} of {matched + len(UNMATCHABLE)} matched; not computable: {sorted(UNMATCHABLE)}")
    assert matched == 49 * 19 - 2


def test_multivariate(expected: dict[str, Any], data: dict[str, pd.DataFrame], design: IndexDesign) -> None:
    scores = score_units(data["denominated"], design).scores
    components = {row["iCode"]: row["Weight"] for row in expected["pca_weights_level2"]}
    for group in ("Conn", "Sust"):
        codes = [child.code for child in design.children(group)]
        np.testing.assert_allclose(
            principal_component(scores[codes], signed=True), [components[c] for c in codes], rtol=DIGITS
        )
    p2p = [child.code for child in design.children("P2P")]
    assert cronbach_alpha(scores[p2p]) == pytest.approx(expected["cronbach_P2P"], rel=DIGITS)
    flags = correlation_flags(scores, design, 0.75)
    ours = {(row.parent, frozenset((row.first, row.second)), round(row.correlation, 3)) for row in flags.itertuples()}
    assert ours == {(r["Group"], frozenset((r["Ind1"], r["Ind2"])), r["Corr"]) for r in expected["corr_flags_0.75"]}
    print("COINr multivariate: 8 loadings, 1 alpha, 2 flags matched")


def test_removal_and_comparison(expected: dict[str, Any], data: dict[str, pd.DataFrame], design: IndexDesign) -> None:
    units = data["denominated"]
    removed = expected["remove_level2_meanabs_rank_diff"]
    codes = [code for code in removed if code != "Nominal"]
    ours = remove_each(hardship_index(units, design), codes).set_index("code")["mean_shift"]
    np.testing.assert_allclose(ours[codes], [removed[c] for c in codes], rtol=DIGITS)
    target = pd.DataFrame(expected["compare_conn03_sust07"]).set_index("uCode")
    first = rank_scores(score_units(units, design).scores["need"])
    second = rank_scores(score_units(units, design.with_weights({"Conn": 0.3, "Sust": 0.7})).scores["need"])
    frame = pd.DataFrame({"coin.1": first, "coin.2": second}, index=units.index).loc[target.index]
    assert (frame == target[["coin.1", "coin.2"]]).all(axis=None)
    assert ((frame["coin.1"] - frame["coin.2"]) == target["Diff"]).all()
    print(f"COINr removal {len(codes)} and comparison {target.size} numbers matched")
