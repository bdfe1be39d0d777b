"""The solver against statsmodels, R (through the reference cases) and algebra."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from relapse_risk.errors import ModelError
from relapse_risk.relapse.glm import clustered_covariance, fit_glm


def test_a_two_by_two_table_gives_its_log_odds() -> None:
    """10 of 40 fall without, 30 of 40 with: base ln(10/30), effect ln((30/10) / (10/30)) = ln 9."""
    y = np.r_[np.ones(10), np.zeros(30), np.ones(30), np.zeros(10)]
    x = np.column_stack([np.ones(80), np.r_[np.zeros(40), np.ones(40)]])
    fit = fit_glm(x, y)
    assert fit.params == pytest.approx([np.log(1 / 3), np.log(9)], abs=1e-10)
    # Woolf: variance of a log odds ratio is the sum of the reciprocal cells.
    assert fit.bread[1, 1] == pytest.approx(1 / 10 + 1 / 30 + 1 / 30 + 1 / 10, abs=1e-10)


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_same_numbers_as_statsmodels(link: str) -> None:
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(900), rng.normal(size=(900, 3))])
    y = (rng.random(900) < 0.3).astype(float)
    w = rng.uniform(0.2, 3.0, 900)
    chosen = sm.families.links.Logit() if link == "logit" else sm.families.links.CLogLog()
    peer = sm.GLM(y, x, family=sm.families.Binomial(chosen), var_weights=w).fit(tol=1e-14)
    fit = fit_glm(x, y, w, link=link)
    assert fit.params == pytest.approx(peer.params, abs=1e-8)
    assert np.sqrt(np.diag(fit.bread)) == pytest.approx(peer.bse, rel=1e-6)


@pytest.mark.shared
@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_relapse_hazard_of_teen_poverty_matches_r(shared_dir: Path, link: str) -> None:
    """Case R03: coefficients, standard errors and, for cloglog, R sandwich's clustered ones."""
    data = pd.read_csv(shared_dir / "reference/risk/data/teen_relapse_person_period.csv")
    cases = json.loads((shared_dir / "reference/risk/expected/cases.json").read_text(encoding="utf-8"))["cases"]
    expected = next(c["expected"] for c in cases if c["id"] == "R03")
    columns = ["factor(dur)2", "factor(dur)3", "Lmother", "Lspouse", "Linschool", "Lhours", "black", "age"]
    x = np.column_stack([np.ones(len(data)), data[columns]])
    fit = fit_glm(x, data["event"].to_numpy(dtype=float), link=link)
    # R stops when the deviance moves by less than 1e-8, which leaves 1e-5, the tolerance the case states.
    assert fit.params == pytest.approx(list(expected[link]["coef"].values()), abs=1e-5)
    assert np.sqrt(np.diag(fit.bread)) == pytest.approx(list(expected[link]["se"].values()), abs=1e-5)
    assert fit.log_likelihood == pytest.approx(expected[link]["loglik"], abs=1e-6)
    if link == "cloglog":
        clustered = clustered_covariance(x, fit, pd.factorize(data["id"])[0])
        se = list(expected["cloglog"]["se_cluster_g_over_gm1"].values())
        assert np.sqrt(np.diag(clustered)) == pytest.approx(se, abs=1e-5)


def test_clusters_of_one_are_the_robust_covariance() -> None:
    rng = np.random.default_rng(5)
    x = np.column_stack([np.ones(200), rng.normal(size=200)])
    y = (rng.random(200) < 0.4).astype(float)
    fit = fit_glm(x, y)
    scores = x * (y - fit.mean)[:, None]
    by_hand = 200 / 199 * fit.bread @ scores.T @ scores @ fit.bread
    assert clustered_covariance(x, fit, np.arange(200)) == pytest.approx(by_hand, abs=1e-14)


def test_a_separated_outcome_and_duplicate_columns_are_named() -> None:
    x = np.column_stack([np.ones(60), np.r_[np.zeros(30), np.ones(30)]])
    with pytest.raises(ModelError, match=r"does not settle.*told"):
        fit_glm(x, x[:, 1], names=("base", "told"))
    y = np.r_[np.ones(20), np.zeros(40)]
    with pytest.raises(ModelError, match="determine each other"):
        fit_glm(np.column_stack([np.ones(60), np.ones(60)]), y)
