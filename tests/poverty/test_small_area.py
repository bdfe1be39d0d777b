"""Small areas: limits that must hold, simulation as the outside number, refusals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.poverty.small_area import (
    area_means,
    benchmark,
    composite_estimates,
    direct_estimates,
    empirical_best,
    empirical_best_mse,
    fay_herriot,
    fay_herriot_log,
    fay_herriot_share,
    fit_poverty_model,
    nested_error,
    synthetic_estimates,
)

RNG = np.random.default_rng(11)


def test_fay_herriot_lies_between_direct_and_synthetic() -> None:
    y, d = np.array([1.0, 4.0, 2.0, 6.0, 3.0]), np.array([0.1, 0.5, 1.0, 2.0, 0.2])
    for method in ("reml", "ml", "moment"):
        found = fay_herriot(y, d, method=method)
        beta = found.coefficients["value"][0]
        between = (found.frame["value"] - y) * (found.frame["value"] - beta)
        assert (between <= 1e-12).all()
        assert found.frame["shrinkage"].is_monotonic_decreasing is False
        assert found.frame["shrinkage"].rank().tolist() == pytest.approx(
            (-d).argsort().argsort() + 1
        )  # surer, nearer to direct


def test_equal_variances_have_a_known_solution() -> None:
    """With one sampling variance D and a mean only, REML gives A = s² - D, and beta the plain mean."""
    y = np.array([1.0, 2.0, 4.0, 7.0])
    found = fay_herriot(y, np.full(4, 0.5))
    assert found.area_variance == pytest.approx(y.var(ddof=1) - 0.5)
    assert fay_herriot(y, np.full(4, 0.5), method="ml").area_variance == pytest.approx(y.var() - 0.5)
    assert fay_herriot(y, np.full(4, 50.0)).area_variance == 0  # no sign of area effects


def test_an_area_without_a_sample_is_synthetic() -> None:
    x = pd.DataFrame({"x": [1.0, 2, 3, 4, 5]}, index=list("abcde"))
    found = fay_herriot([1.0, 3.5, 1.5, 4.5, np.nan], [0.1, 0.1, 0.1, 0.1, np.nan], x)
    row = found.frame.set_index("area").loc["e"]
    a, b = found.coefficients["value"]
    assert row["value"] == pytest.approx(a + 5 * b)
    assert np.isnan(row["direct"])
    assert row["mse"] > found.frame["mse"][:4].max()


def test_transformed_fits_stay_on_their_scale() -> None:
    found = fay_herriot_share([0.01, 0.5, 0.99, np.nan], [20, 30, 40, np.nan]).frame
    assert found["value"].between(0, 1).all()
    assert (fay_herriot_log([1.0, 100.0, 10_000.0], [0.1, 500.0, 1e6]).frame["value"] > 0).all()


def test_benchmarking_meets_the_total() -> None:
    values, shares, mse = np.array([1.0, 5.0, 3.0]), np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.4, 0.0])
    for method in ("difference", "ratio", "uncertainty"):
        assert shares @ benchmark(values, shares, 4.0, method, mse) == pytest.approx(4)
    assert benchmark(values, shares, 4.0, "uncertainty", mse)[2] == 3  # what is known exactly stays


def simulated(areas: int, rows: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    where = np.repeat(np.arange(areas), rows)
    x = RNG.integers(0, 2, where.size).astype(float)
    y = 9 - 0.5 * x + RNG.normal(0, 0.3, areas)[where] + RNG.normal(0, 0.5, where.size)
    return pd.DataFrame({"x": x}), np.exp(y), where


def test_nested_error_finds_what_was_simulated() -> None:
    table, income, where = simulated(150, 20)
    fitted = nested_error(np.log(income), table, where)
    assert fitted.beta == pytest.approx([9, -0.5], abs=0.1)
    assert fitted.area_variance == pytest.approx(0.09, rel=0.35)
    assert fitted.unit_variance == pytest.approx(0.25, rel=0.1)
    whole = area_means(fitted, table.groupby(where).mean(), np.full(150, 20), range(150))
    assert whole["value"].to_numpy() == pytest.approx(
        pd.Series(np.log(income)).groupby(where).mean().to_numpy()
    )  # a census


def test_empirical_best_is_the_mean_of_simulated_futures() -> None:
    """Brute force: draw the area effect given the sample and every unseen income; mean and spread of the headcount."""
    table, income, where = simulated(12, 15)
    model = fit_poverty_model(income, table, where, 100.0)
    census = pd.DataFrame({"x": np.tile([0.0, 1.0], 40)})
    found = empirical_best(model, census, np.zeros(80, dtype=int), 6000.0).iloc[0]
    known = model.fitted.effects.set_index("area").loc[0]
    rest = model.fitted.area_variance * (1 - known["shrinkage"])
    own = income[where == 0]
    a, b = model.fitted.beta
    futures = []
    for _ in range(4000):
        u = known["effect"] + RNG.normal(0, np.sqrt(rest))
        drawn = np.exp(a + b * census["x"] + u + RNG.normal(0, np.sqrt(model.fitted.unit_variance), 80)) - 100
        everybody = np.concatenate([own, drawn])
        gap = np.where(everybody < 6000, (6000 - everybody) / 6000, 0)
        futures.append([(everybody < 6000).mean(), gap.mean(), (gap**2).mean(), everybody.mean()])
    mean, sd = np.mean(futures, axis=0), np.std(futures, axis=0)
    ours = found[["fgt0", "fgt1", "fgt2", "mean_income"]].to_numpy(dtype=float)
    assert (np.abs(ours - mean) < 4 * sd / np.sqrt(4000)).all()
    assert found["posterior_sd"] == pytest.approx(sd[0], rel=0.06)
    ell = empirical_best(model, census, np.zeros(80, dtype=int), 6000.0, ell=True).iloc[0]
    assert ell["population"] == 80


def test_the_bootstrap_error_is_at_least_the_posterior_one() -> None:
    table, income, where = simulated(10, 12)
    model = fit_poverty_model(income, table, where)
    census = pd.DataFrame({"x": [0.0, 1.0]})
    found = empirical_best(model, census, [3, 3], 6000.0, [150, 150]).iloc[0]
    drawn = empirical_best_mse(model, census, [3, 3], 6000.0, np.random.default_rng(5), [150, 150], 120).iloc[0]
    assert drawn["fgt0"] > 0.6 * found["posterior_sd"] ** 2  # 120 draws: within a quarter, and parameters are estimated
    assert drawn["fgt0"] < 4 * found["posterior_sd"] ** 2


def test_direct_and_synthetic_by_hand() -> None:
    found = direct_estimates([1.0, 0.0, 1.0], list("aab"), {"a": 10, "b": 5}, [4, 6, 5])
    assert found["value"].tolist() == [0.4, 1.0]
    assert found["se"].tolist() == pytest.approx([np.sqrt(12) / 10, np.sqrt(20) / 5])
    assert np.isnan(direct_estimates([1.0, 0.0, 1.0], list("aab"), {"a": 10, "b": 5})["se"][1])
    sizes = pd.DataFrame({"u": [1.0, 3.0], "r": [3.0, 1.0]}, index=["n", "s"])
    assert synthetic_estimates([1.0, 0.0, 0.0], list("urr"), sizes).tolist() == [0.25, 0.75]
    assert composite_estimates([1.0, 1.0], [0.0, 0.0], [50, 200], [100, 100])["value"].tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fay_herriot([1.0, 2.0, 3.0], [0.1, 0.0, 0.1]), "sampling variance"),
        (lambda: fay_herriot([1.0, 2.0], [0.1, 0.1], pd.DataFrame({"x": [1, 2]})), "do not fit"),
        (lambda: fay_herriot([1.0, 2, 3, 4], [0.1] * 4, pd.DataFrame({"x": [2, 2, 2, 2]})), "depend on each other"),
        (lambda: fay_herriot_share([1.2, 0.1, 0.2], [9, 9, 9]), "not a share"),
        (lambda: fay_herriot_log([0.0, 1.0, 2.0], [1, 1, 1]), "not a positive mean"),
        (lambda: benchmark([1, 2], [0.5, 0.6], 1.0), "not shares"),
        (lambda: benchmark([1, 2], [0.5, 0.5], 1.0, "uncertainty"), "mean squared error"),
        (lambda: nested_error([1, 2, 3.0], pd.DataFrame({"x": [1, 2, 3]}), ["a", "b", "c"]), "do not fit"),
        (lambda: fit_poverty_model([0.0, 1, 2, 3], pd.DataFrame({"x": [1, 2, 1, 2]}), list("aabb")), "not positive"),
        (lambda: direct_estimates([1.0], ["a"], {}), "without a size"),
        (lambda: synthetic_estimates([1.0], ["u"], pd.DataFrame({"u": [1.0], "r": [1.0]})), "nobody of the sample"),
    ],
)
def test_refusals_say_what_was_wrong(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        call()
