"""Random effects, frailty, transition model, household-level risk: against closed forms, limits and processes whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from relapse_risk.errors import ModelError
from relapse_risk.languages import Label
from relapse_risk.poverty.survey import covariance, survey_design
from relapse_risk.relapse import Feature, RelapseLogit, at_risk_rows, fit_spread, household_upper, without_outcomes
from relapse_risk.relapse.glm import clustered_covariance, design_covariance, fit_glm
from relapse_risk.relapse.household_uncertainty import both_expected
from relapse_risk.relapse.outcome import with_history
from relapse_risk.research.random_effects import fit_random_effects, log_likelihood, posterior_probability
from relapse_risk.research.transition import TransitionModel
from relapse_risk.research.unobserved_heterogeneity import fit_gamma_frailty


def test_the_random_probit_of_pairs_has_its_closed_form() -> None:
    """Two visits, no traits: P(both) is the bivariate normal, so likelihood and sigma follow from three counts."""
    both, one, none = 60, 80, 260
    y = np.r_[np.ones(2 * both), np.tile([1.0, 0.0], one), np.zeros(2 * none)]
    who = np.repeat(np.arange(both + one + none), 2)
    fit = fit_random_effects(np.ones((len(y), 1)), y, who, link="probit", nodes=40)
    n = both + one + none
    rho = fit.sigma**2 / (1 + fit.sigma**2)
    # Saturated: margins (60 + 40) / 400 and the share of both are reproduced exactly.
    assert norm.cdf(fit.params[0] / np.sqrt(1 + fit.sigma**2)) == pytest.approx(0.25, abs=1e-6)
    assert both_expected(np.array([0.25]), np.array([0.25]), rho) == pytest.approx(both / n, abs=1e-6)
    exact = both * np.log(both / n) + one * np.log(one / 2 / n) + none * np.log(none / n)
    assert fit.log_likelihood == pytest.approx(exact, abs=1e-6)
    assert log_likelihood(fit, np.ones((len(y), 1)), y, who, 80) == pytest.approx(exact, abs=1e-6)


def test_five_nodes_are_refused_as_too_few() -> None:
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(200), 4)
    y = (rng.normal(0, 3, 200)[who] + rng.normal(0, 1, 800) > 0).astype(float)
    with pytest.raises(ModelError, match="quadrature is too coarse"):
        fit_random_effects(np.ones((800, 1)), y, who, nodes=5)
    with pytest.raises(ModelError, match="seen twice"):
        fit_random_effects(np.ones((800, 1)), y, np.arange(800))


def test_what_was_seen_of_a_household_moves_its_chance_and_nothing_seen_leaves_the_populations() -> None:
    y, who = np.r_[np.ones(30), np.zeros(70), np.ones(20), np.zeros(80)], np.tile(np.arange(50), 4)
    fit = fit_random_effects(np.ones((200, 1)), y, who)
    x = np.ones((1, 1))
    known = [posterior_probability(fit, np.ones((3, 1)), np.full(3, v), [7, 7, 7], x, [7])[0] for v in (0.0, 1.0)]
    new = posterior_probability(fit, np.ones((3, 1)), np.ones(3), [7, 7, 7], x, [8])[0]
    assert known[0] <= new <= known[1]
    assert new == pytest.approx(norm.cdf(fit.params[0] / np.sqrt(1 + fit.sigma**2)), abs=1e-6)


def test_gamma_frailty_is_found_and_is_none_where_there_is_none() -> None:
    rng = np.random.default_rng(2)
    for variance in (0.0, 1.0):
        v = rng.gamma(1 / variance, variance, 6000) if variance else np.ones(6000)
        trait = rng.integers(0, 2, 6000)
        rows = []
        for i in range(6000):
            for period in range(5):
                fell = rng.random() < 1 - np.exp(-v[i] * np.exp(-1.5 + 0.8 * trait[i]))
                rows.append((i, period, trait[i], float(fell)))
                if fell:
                    break
        data = np.array(rows)
        fit = fit_gamma_frailty(np.column_stack([np.ones(len(data)), data[:, 2]]), data[:, 3], data[:, 0])
        assert fit.variance == pytest.approx(variance, abs=0.3)
        assert fit.params == pytest.approx([-1.5, 0.8], abs=0.12)
        gain = fit.log_likelihood - fit.without
        assert gain > 10 if variance else gain < 3


def test_one_stratum_is_the_clustered_covariance_and_strata_take_off_their_means() -> None:
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(300), rng.normal(size=300)])
    y = (rng.random(300) < 0.3).astype(float)
    unit = np.repeat(np.arange(30), 10)
    fit = fit_glm(x, y, rng.uniform(1, 3, 300))
    one = design_covariance(x, fit, survey_design(np.ones(300), psu=unit))
    assert one == pytest.approx(clustered_covariance(x, fit, unit), abs=1e-12)
    # Strata of like units leave less variance; a stratum whose units have equal totals leaves none.
    duplicates = fit_glm(np.repeat(x[:150], 2, axis=0), np.repeat(y[:150], 2))
    pairs = survey_design(np.ones(300), strata=np.repeat(np.arange(150), 2))
    assert np.abs(design_covariance(np.repeat(x[:150], 2, axis=0), duplicates, pairs)).max() < 1e-20
    # Half of all clusters drawn: half the variance is left (finite population correction).
    half = survey_design(np.ones(300), psu=unit, population_psu=np.full(300, 60))
    assert design_covariance(x, fit, half) == pytest.approx(one / 2)
    with pytest.raises(ModelError, match="single"):
        survey_design(np.ones(300), strata=unit, psu=unit)


def test_the_base_of_an_empty_score_has_the_design_error_of_a_weighted_share() -> None:
    """logit(p) has, by the delta method, the error of the weighted share over p (1 - p): what svyciprop computes."""
    rng = np.random.default_rng(8)
    y, w, unit = (rng.random(400) < 0.3).astype(float), rng.uniform(1, 3, 400), np.repeat(np.arange(40), 10)
    design = survey_design(w, strata=unit // 10, psu=unit)
    fit = fit_glm(np.ones((400, 1)), y, w)
    share = np.average(y, weights=w)
    error = np.sqrt(covariance(design, (y - share) / w.sum())[0, 0])
    ours = np.sqrt(design_covariance(np.ones((400, 1)), fit, design)[0, 0])
    assert ours == pytest.approx(error / (share * (1 - share)), rel=1e-9)


def test_the_official_score_takes_a_survey_design(panel: pd.DataFrame) -> None:
    rows = at_risk_rows(panel, 12)
    seen = rows[rows["observed"]].reset_index(drop=True)
    design = survey_design(seen["weight"], strata=seen["county_code"], psu=seen["village_code"])
    given = (without_outcomes(seen), seen["event"], seen["weight"], seen["village_code"])
    plain = RelapseLogit(newest_level=False).fit_rows(*given)
    designed = RelapseLogit(newest_level=False).fit_rows(*given, design=design)
    assert [t.coefficient for t in designed.terms] == [t.coefficient for t in plain.terms]
    ratio = np.array([d.se / p.se for d, p in zip(designed.terms, plain.terms, strict=True)])
    assert (ratio != 1).all()
    assert ratio == pytest.approx(1, abs=0.25)  # counties say nothing here: stratifying changes little
    with pytest.raises(ModelError, match="not those of the design"):
        RelapseLogit().fit_rows(given[0], given[1], 2 * given[2], given[3], design=design)


@pytest.fixture(scope="module")
def chain() -> pd.DataFrame:
    """poor_t = 1(-0.8 + 0.6 poor_(t-1) - 0.5 x + 0.8 a + e > 0), a normal and shared with nothing."""
    rng = np.random.default_rng(4)
    n, waves = 3000, 5
    a, x = rng.normal(0, 0.8, n), rng.integers(0, 2, n)
    poor = (rng.normal(0, 1, n) + a > 0.8).astype(float)
    frames = []
    for wave in range(waves):
        if wave:
            poor = (-0.8 + 0.6 * poor - 0.5 * x + a + rng.normal(0, 1, n) > 0).astype(float)
        frames.append(pd.DataFrame({"household_id": [f"h{i:05d}" for i in range(n)], "month": f"{2015 + wave}-12",
                                    "income_pc_year": 5000 - 2000 * poor, "poverty_line": 4000.0, "x": x,
                                    "exit_year": pd.array([None] * n, dtype="Int64")}))  # fmt: skip
    return with_history(pd.concat(frames, ignore_index=True))


def test_state_dependence_is_separated_from_unobserved_heterogeneity(chain: pd.DataFrame) -> None:
    trait = Feature("x", Label(zh="x", en="x"), "0/1", "work", ("x",), lambda frame: frame["x"].astype(float), 0)
    fitted = TransitionModel((trait,)).fit(chain)
    effect, se = fitted.state_dependence
    assert effect == pytest.approx(0.6, abs=3 * se)
    assert f"poor now: {effect:+.3f}" in fitted.summary()
    assert fitted.heterogeneity_share == pytest.approx(0.64 / 1.64, abs=0.1)
    # Without the household's part the same lag looks far larger: the notes found 1.95 against 0.90 on wages.
    order = chain.sort_values(["household_id", "month"])
    then = order["poor"].astype(float).groupby(order["household_id"]).shift(1)
    seen = then.notna()
    pooled = fit_random_effects(np.column_stack([np.ones(seen.sum()), then[seen]]), order.loc[seen, "poor"].to_numpy(float),
                                np.arange(seen.sum()) // 1000).params[1]  # fmt: skip
    assert pooled > effect + 0.3
    chance = fitted.predict(chain)
    last = chain[chain["month"] == "2019-12"].set_index("household_id")["poor"].astype(float)
    often = chain.groupby("household_id")["poor"].mean().astype(float)
    assert chance[last == 1].mean() > chance[last == 0].mean()
    assert chance[often == 0.8].mean() > chance[often == 0.2].mean()
    with pytest.raises(ModelError, match="seen twice"):
        TransitionModel((trait,)).fit(chain[chain["month"] == "2015-12"])


def test_a_weight_of_two_is_a_household_twice_and_clusters_of_households_are_near_the_likelihood() -> None:
    rng = np.random.default_rng(6)
    who = np.repeat(np.arange(400), 3)
    x = np.column_stack([np.ones(1200), rng.normal(size=1200)])
    y = (x @ [-0.5, 0.6] + rng.normal(0, 0.8, 400)[who] + rng.normal(size=1200) > 0).astype(float)
    twice = who < 200
    weighted = fit_random_effects(x, y, who, weight=np.where(twice, 2.0, 1.0))
    rows = np.r_[np.arange(1200), np.flatnonzero(twice)]
    written = fit_random_effects(x[rows], y[rows], np.r_[who, who[twice] + 1000])
    assert weighted.params == pytest.approx(written.params, abs=1e-5)
    assert weighted.log_likelihood == pytest.approx(written.log_likelihood, abs=1e-5)
    assert weighted.se == pytest.approx(written.se, rel=1e-3)
    plain, clustered = fit_random_effects(x, y, who), fit_random_effects(x, y, who, cluster=who)
    assert clustered.params == pytest.approx(plain.params)
    assert clustered.se / plain.se == pytest.approx(1, abs=0.15)  # the model is true here: both estimate one thing
    assert (clustered.se != plain.se).all()


def test_household_level_risk_is_bounded_as_stated_where_the_distribution_holds() -> None:
    rng = np.random.default_rng(5)
    n, rho = 200_000, 0.35
    p = norm.cdf(rng.normal(-1.8, 0.5, n))
    own = norm.cdf((norm.ppf(p) + np.sqrt(rho) * rng.normal(size=n)) / np.sqrt(1 - rho))
    first, later = (pd.Series((rng.random(n) < own).astype(float)) for _ in range(2))
    found = fit_spread(pd.Series(p), first, later)
    assert found.rho == pytest.approx(rho, abs=0.02)
    assert (own <= household_upper(p, found.rho)).mean() == pytest.approx(0.95, abs=0.003)
    alone = pd.Series((rng.random(n) < p).astype(float))
    assert fit_spread(pd.Series(p), alone, pd.Series((rng.random(n) < p).astype(float))).rho < 0.02
    with pytest.raises(ModelError, match="too few households poor"):
        fit_spread(pd.Series([0.1, 0.2]), pd.Series([0.0, 1.0]), pd.Series([0.0, np.nan]))
