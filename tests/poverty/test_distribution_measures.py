"""Richness, ratios, polarisation, decompositions, curves: arithmetic by hand, invariants, refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.poverty import (
    GiniOfPoor,
    MeanGap,
    Richness,
    Sen,
    Sst,
    dominance_test,
    esteban_gradin_ray,
    esteban_ray,
    estimate,
    extended_gini,
    fields_decomposition,
    fit_lorenz,
    gini,
    gini_by_group,
    gini_by_source,
    gini_stratification,
    hoover,
    kolm,
    lorenz_ordinates,
    mld_change,
    palma,
    quantile_share_ratio,
    richness,
    rif,
    rif_regression,
    sen,
    sst,
    survey_design,
    tip_ordinates,
    wolfson,
)

X = np.array([2.0, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0, 23.0, 29.0])
W = np.array([1.0, 2.0, 1.0, 3.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0])
GROUPS = list("aabbaabbab")
WEIGHTED: list[Callable[..., float]] = [
    palma, hoover, kolm, extended_gini, wolfson, lambda x, w=None: richness(x, 12.0, "convex", 2, w),
    lambda x, w=None: quantile_share_ratio(x, 0.3, w, "lorenz"),
]  # fmt: skip


@pytest.mark.parametrize("measure", WEIGHTED)
def test_a_weight_of_two_is_two_people(measure: Callable[..., float]) -> None:
    rows = np.repeat(np.arange(X.size), W.astype(int))
    if measure is kolm:
        assert kolm(X, 1, W) == pytest.approx(kolm(X[rows], 1))
    elif measure is extended_gini:
        assert extended_gini(X, 3, W) == pytest.approx(extended_gini(X[rows], 3))
    else:
        assert measure(X, W) == pytest.approx(measure(X[rows]))


def test_ratios_by_hand() -> None:
    assert hoover([0, 0, 0, 4]) == 0.75  # three quarters of all income must move
    assert palma([1] * 10) == pytest.approx(0.1 / 0.4)
    assert quantile_share_ratio([1, 1, 1, 1, 6], 0.2, rule="lorenz") == pytest.approx(6)
    assert extended_gini(X, 2, W) == pytest.approx(gini(X, W))
    assert kolm(X + 100, 1) == pytest.approx(kolm(X, 1))  # the same for everybody changes nothing


def test_richness_by_hand() -> None:
    """Two of four above 10, at 20 and 40: 1/2; mean of 1/2 and 3/4 over four; of 1 and 9 over four."""
    x = [5, 10, 20, 40]
    assert richness(x, 10) == 0.5
    assert richness(x, 10, "chakravarty", 1) == richness(x, 10, "concave", 1) == pytest.approx(1.25 / 4)
    assert richness(x, 10, "convex", 2) == pytest.approx((1 + 9) / 4)
    assert richness(x, 40) == 0


def test_polarisation_is_not_inequality() -> None:
    """Moving two middle pairs to the poles of their halves lowers the Gini within halves and raises Wolfson's index."""
    apart, poles = [1.0, 3.0, 5.0, 7.0], [2.0, 2.0, 6.0, 6.0]
    assert gini(poles) < gini(apart)
    assert wolfson(poles) > wolfson(apart)
    assert wolfson([4.0] * 5) == pytest.approx(0)
    assert esteban_ray(X, GROUPS, 0, W) == pytest.approx(
        2 * gini_by_group(X, GROUPS, W).set_index("group")["contribution"]["between"]
    )
    assert esteban_gradin_ray(X, GROUPS, 1, 0, W) == esteban_ray(X, GROUPS, 1, W)


def test_parts_add_up() -> None:
    assert gini_by_group(X, GROUPS, W)["contribution"].sum() == pytest.approx(gini(X, W))
    assert gini_stratification(X, GROUPS, W)["contribution"].sum() == pytest.approx(gini(X, W))
    sources = pd.DataFrame({"wages": X, "transfers": X[::-1] / 3, "nothing": 0.0})
    parts = gini_by_source(sources, W).set_index("source")
    assert parts["contribution"].sum() == pytest.approx(1)
    assert parts.loc["nothing", ["gini", "concentration"]].isna().all()
    assert parts.loc["nothing", "contribution"] == 0
    shares = fields_decomposition(X, pd.DataFrame({"group": GROUPS, "size": W}))
    assert shares["share"].sum() == pytest.approx(1)
    assert mld_change(X, GROUPS, X * 2, GROUPS)["value"].abs().max() == pytest.approx(0)  # richer alike


def test_rif_averages_to_the_statistic() -> None:
    assert np.average(rif(X, "variance", W), weights=W) == pytest.approx(
        np.average((X - np.average(X, weights=W)) ** 2, weights=W)
    )
    many = np.exp(np.random.default_rng(1).normal(size=4000))
    assert rif(many, "gini").mean() == pytest.approx(gini(many), abs=1e-3)
    assert rif(many, "quantile", order=0.5).mean() == pytest.approx(np.median(many), rel=0.02)
    fitted = rif_regression(X, pd.DataFrame({"group": GROUPS}), "variance", W)
    table, y = np.column_stack([np.ones(10), np.array(GROUPS) == "b"]), rif(X, "variance", W)
    assert fitted.frame["value"].to_numpy() == pytest.approx(
        np.linalg.solve(table.T @ (table * W[:, None]), table.T @ (W * y))
    )


def test_linearised_indices_have_the_values_of_the_plain_ones() -> None:
    design = survey_design(W)
    assert estimate(Sen(12.0), X, design).frame["value"][0] == pytest.approx(sen(X, 12, W))
    assert estimate(Sst(12.0), X, design).frame["value"][0] == pytest.approx(sst(X, 12, W))
    assert estimate(Richness(12.0, "convex", 2), X, design).frame["value"][0] == pytest.approx(
        richness(X, 12, "convex", 2, W)
    )
    nobody = estimate(Sen(1.0), X, design).frame
    assert nobody["value"][0] == nobody["se"][0] == 0
    with pytest.raises(ModelError, match="nobody is poor"):
        estimate(GiniOfPoor(1.0), X, design)
    with pytest.raises(ModelError, match="no rows"):
        estimate(MeanGap(np.ones(10, dtype=bool)), X, design)


def test_labels_are_aligned_or_refused() -> None:
    x = pd.Series(X, index=list("abcdefghij"))
    w = pd.Series(W, index=x.index)[::-1]
    assert wolfson(x, w) == wolfson(X, W)
    assert gini_by_source(pd.DataFrame({"one": x, "two": 1.0}), w)["contribution"].tolist() == pytest.approx(
        gini_by_source(pd.DataFrame({"one": X, "two": 1.0}), W)["contribution"].tolist()
    )
    with pytest.raises(ModelError, match="labelled differently"):
        palma(x, w.rename(index={"a": "z"}))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: palma([1, None, 3]), "missing or infinite"),
        (lambda: hoover([0, 0]), "every income is zero"),
        (lambda: kolm([1, 2], 0), "not an aversion"),
        (lambda: richness([1, 2], 1, "steep"), "unknown richness measure"),
        (lambda: wolfson([0, 0, 0, 5]), "median is zero"),
        (lambda: esteban_ray([1, 2], ["a", None]), "missing group"),
        (lambda: esteban_ray([1, 2], ["a", "b"], 2), "polarisation"),
        (lambda: gini_by_group([0, 0, 1], list("aab")), "without weight or income"),
        (lambda: gini_by_source(pd.DataFrame({"a": [1.0, None]})), "missing or infinite"),
        (lambda: gini_stratification([1, 2], ["a", "a"]), "compares groups"),
        (lambda: rif([1, 1, 1], "quantile"), "do not differ"),
        (lambda: rif_regression([1, 2, 3], pd.DataFrame({"a": [1, None, 2]})), "missing covariate"),
        (lambda: rif_regression([1, 2, 4.0], pd.DataFrame({"a": [1, 1, 1]})), "depend on each other"),
        (lambda: mld_change([1, 2], ["a", "b"], [1, 2], ["a", "c"]), "different groups"),
        (lambda: fit_lorenz([0.5, 0.4, 0.9], [0.1, 0.2, 0.5]), "not points of a Lorenz curve"),
        (lambda: fit_lorenz([0.2, 0.5, 0.8], [0.1, 0.3, 0.6]).poverty(-1), "not a positive number"),
        (lambda: lorenz_ordinates([1, 2], orders=[0.1]), "fewer incomes"),
        (lambda: dominance_test([1, 2, 3], [1, 2, 3]), "fewer incomes"),
        (lambda: tip_ordinates([1, 2], 3, [0.5, 0.2]), "not rising"),
    ],
)
def test_refusals_say_what_was_wrong(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        call()


def test_a_fitted_curve_gives_back_its_own_points() -> None:
    """Uniform incomes have L = p² = p - p (1 - p), which the beta family holds: Gini 1/3, headcount half the line."""
    p = np.linspace(0.1, 0.9, 9)
    curve = fit_lorenz(p, p**2, "beta", mean=100.0)
    assert curve.gini == pytest.approx(1 / 3)
    poor = curve.poverty(60.0)
    assert (poor.headcount, poor.gap, poor.severity) == pytest.approx((0.3, 0.15, 0.1))
    assert curve.poverty(0.0001).headcount == pytest.approx(0, abs=1e-6)
    assert curve.is_valid
    assert not fit_lorenz(p, p**2).is_valid  # the quadratic family has no such curve, and says so


def test_dominance_sees_a_shift() -> None:
    rng = np.random.default_rng(3)
    poor = np.exp(rng.normal(size=800))
    assert dominance_test(poor + 0.5, poor).verdict == "not rejected"
    assert dominance_test(poor, poor + 0.5).verdict == "rejected"
