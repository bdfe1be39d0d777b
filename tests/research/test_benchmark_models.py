"""Expected poverty and the hazard against reference cases R13, R04 and algebra."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import area_under_curve
from relapse_risk.relapse import RelapseLogit, at_risk_rows, followed, with_history, without_outcomes
from relapse_risk.relapse.glm import fit_glm
from relapse_risk.research import ExpectedPoverty, RelapseHazard, spell_frailty
from relapse_risk.research.vulnerability import three_step


def case(shared: Path, name: str) -> dict:
    cases = json.loads((shared / "reference/risk/expected/cases.json").read_text(encoding="utf-8"))["cases"]
    return next(c["expected"] for c in cases if c["id"] == name)


@pytest.mark.shared
def test_expected_poverty_of_vietnam_matches_both_implementations(shared_dir: Path) -> None:
    data = pd.read_csv(shared_dir / "reference/risk/data/vep_vietnam_input_output.csv")
    expected = case(shared_dir, "R13")
    columns = ["age", "age2", "male", "educyr", "farmd", "urb", "hhsize"]
    x = np.column_stack([np.ones(len(data)), data[columns]])
    found = three_step(x, data["lny"].to_numpy())
    assert found.mean == pytest.approx(list(expected["beta"].values()), abs=1e-8)
    assert found.variance == pytest.approx(list(expected["theta"].values()), abs=1e-8)
    assert found.not_positive == 0
    chance = found.chance(x, expected["z"])
    assert chance == pytest.approx(data["V"].to_numpy(), abs=1e-8)
    assert chance.mean() == pytest.approx(expected["mean_V"], abs=1e-8)
    poor = data["lny"] < expected["z"]
    assert area_under_curve(poor, chance).value == pytest.approx(expected["python"]["auc_in_sample"], abs=1e-8)


@pytest.mark.shared
@pytest.mark.parametrize("link", ["logit", "cloglog"])
@pytest.mark.parametrize(("model", "extra"), [("A", []), ("B", ["pt"]), ("C", ["pas"]), ("D", ["pt", "pas"])])
def test_textbook_hazards_match_the_published_ones(shared_dir: Path, link: str, model: str, extra: list[str]) -> None:
    """Singer and Willett, tables 11.3 and 12.3, as recomputed by R and statsmodels."""
    data = pd.read_csv(shared_dir / "reference/risk/data/alda_first_sex_person_period.csv")
    data.columns = data.columns.str.lower()
    expected = case(shared_dir, "R04")[link][model]
    grades = [(data["grade"] == g).to_numpy(dtype=float) for g in range(7, 13)]
    x = np.column_stack([*grades, *(data[name] for name in extra)])
    fit = fit_glm(x, data["event"].to_numpy(dtype=float), link=link)
    assert fit.params == pytest.approx(list(expected["coef"].values()), abs=1e-6)
    # R's standard errors are those of its last but one step; the case states 5e-4.
    assert np.sqrt(np.diag(fit.bread)) == pytest.approx(list(expected["se"].values()), abs=5e-4)
    assert -2 * fit.log_likelihood == pytest.approx(expected["deviance"], abs=1e-6)


def test_a_group_with_twice_the_spread_at_the_same_mean_is_more_vulnerable() -> None:
    """Two groups of equal mean 1, standard deviations 1/2 and 1, line at 0: chances are those of -2 and -1 sigma."""
    z = np.array([-1.0, 1.0])
    x = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    found = three_step(x, 1 + np.r_[0.5 * z, z])
    assert found.chance(x, 0.0)[[0, 2]] == pytest.approx([0.0227501319, 0.1586552539], abs=1e-9)


def test_expected_poverty_from_one_wave_orders_the_ill_below_the_healthy(panel: pd.DataFrame) -> None:
    wave = with_history(panel[panel["month"] == "2016-12"].reset_index(drop=True))
    fitted = ExpectedPoverty().fit(wave)
    chance = fitted.predict(wave)
    assert f"n {(wave['income_pc_year'] > 0).sum()}" in fitted.summary()
    assert chance[wave["n_serious"] == 1].min() > chance[wave["n_serious"] == 0].max()
    assert not {"income_over_line", "poor_before"} & set(fitted.columns)
    # In each group the mean chance is the share of poor, up to the normal law of ln income (which holds here).
    poor = (wave["income_pc_year"] < wave["poverty_line"]).groupby(wave["n_serious"]).mean()
    assert chance.groupby(wave["n_serious"]).mean().to_numpy() == pytest.approx(poor.to_numpy(), abs=0.02)


def test_weights_of_expected_poverty_are_rows_twice_and_its_errors_are_those_of_statsmodels(
    panel: pd.DataFrame,
) -> None:
    """The third step is a weighted least squares: statsmodels' clustered errors of the same weights are ours."""
    wave = with_history(panel[panel["month"] == "2016-12"].reset_index(drop=True))
    twice = pd.concat([wave, wave[wave["n_serious"] == 1]], ignore_index=True)
    weighted = ExpectedPoverty().fit(wave, 1.0 + wave["n_serious"].astype(float), wave["village_code"])
    written = ExpectedPoverty().fit(twice)
    assert weighted.predict(wave).to_numpy() == pytest.approx(written.predict(wave).to_numpy(), abs=1e-9)
    x, income = weighted._design(wave), np.log(wave["income_pc_year"] / wave["poverty_line"]).to_numpy()
    w = (1.0 + wave["n_serious"]).to_numpy() / (x @ weighted.steps.variance)
    theirs = sm.WLS(income, x, weights=w).fit(
        cov_type="cluster", cov_kwds={"groups": pd.factorize(wave["village_code"])[0], "use_correction": False}
    )
    groups = wave["village_code"].nunique()
    assert weighted.steps.mean == pytest.approx(theirs.params, abs=1e-9)
    assert weighted.se == pytest.approx(theirs.bse * np.sqrt(groups / (groups - 1)), rel=1e-8)


def test_the_hazard_falls_with_time_since_exit(panel: pd.DataFrame) -> None:
    """Who has been out of poverty longer is, in an autoregressive process, further above the line."""
    rows = followed(at_risk_rows(panel, 12))
    exited = rows[rows["since_exit"].notna()]
    bare = RelapseHazard(model=RelapseLogit(features=(), newest_level=False))
    fitted = bare.fit_rows(without_outcomes(rows), rows["event"], rows["weight"], rows["village_code"])
    assert fitted.n == len(exited)
    effects = {term.name: term.coefficient for term in fitted.terms}
    assert effects["later_visit"] < effects["second_visit"] < 0
    # Saturated in the clock: predicted chances are the shares observed.
    clock = exited["since_exit"].astype(int).clip(upper=3)
    chance = fitted.predict(without_outcomes(exited))["probability"].groupby(clock).mean()
    assert chance.to_numpy() == pytest.approx(exited["event"].groupby(clock).mean().to_numpy(), abs=1e-9)
    frailty = spell_frailty(fitted, without_outcomes(rows), rows["event"])
    # Without frailty its likelihood is that of the shares observed; with it, it is no lower.
    p = fitted.predict(without_outcomes(exited))["probability"]
    by_hand = float((exited["event"] * np.log(p) + (1 - exited["event"]) * np.log1p(-p)).sum())
    assert frailty.without == pytest.approx(by_hand, abs=1e-6)
    assert frailty.log_likelihood >= frailty.without - 1e-3
    assert len(frailty.params) == 3


def test_a_panel_without_exits_has_no_hazard(panel: pd.DataFrame) -> None:
    rows = followed(at_risk_rows(panel[panel["month"] <= "2016-12"], 12))
    with pytest.raises(ModelError, match="nobody was seen to leave poverty"):
        RelapseHazard().fit_rows(without_outcomes(rows), rows["event"], rows["weight"], rows["village_code"])
