"""Weighting against R glm, statsmodels, DoubleML and EconML, and exact fractions: cases E02, E07, E10."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from tests.impact.conftest import Case, Data

from relapse_risk.impact.doubly_robust import fit_propensity, with_constant
from relapse_risk.impact.least_squares import fit_least_squares
from relapse_risk.impact.weighting import partialling_out_effect, weighted_means, weighting_effect

pytestmark = pytest.mark.shared
LALONDE = ["age", "educ", "black", "hispan", "married", "nodegree", "re74", "re75"]


def test_lalonde(case: Case, data: Data) -> None:
    raw, found = data("lalonde_psid.csv"), case("E02")
    frame = raw.assign(black=(raw["race"] == "black") * 1.0, hispan=(raw["race"] == "hispan") * 1.0)
    want, near = found["expected"], {"rel": found["tolerance"]["rtol"]}
    x, y, d = frame[LALONDE], frame["re78"], frame["treat"]
    fit = fit_propensity(d.to_numpy(dtype=float), with_constant(x.to_numpy(dtype=float), len(x)))
    assert fit.coefficients.tolist() == pytest.approx(list(want["ps_coef"].values()), **near)
    means = weighted_means(y, d, fit.chance, x)
    assert (means.horvitz_thompson, means.hajek) == pytest.approx((want["ate_ht"], want["ate_hajek"]), **near)
    assert (means.treated, means.effective_controls) == pytest.approx((want["att_ipw"], want["ess_control"]), **near)
    assert means.before.tolist() == pytest.approx(want["smd_before"], **near)
    # R's glm stops at its fifth step (-.00214281877); the maximum, and its steps from the sixth on, give -.00214281640
    stopped = LALONDE.index("re74")
    assert means.after[stopped] == pytest.approx(want["smd_after"][stopped], abs=3e-9)
    others = [i for i in range(len(LALONDE)) if i != stopped]
    assert means.after[others].tolist() == pytest.approx([want["smd_after"][i] for i in others], **near)
    everybody, reached = weighting_effect(y, d, x), weighting_effect(y, d, x, "att")
    assert (everybody.estimate, everybody.standard_error) == pytest.approx(
        (want["ate_aipw"], want["ate_aipw_se"]), **near
    )
    assert (reached.estimate, reached.standard_error) == pytest.approx((want["att_aipw"], want["att_aipw_se"]), **near)
    assert reached.details["naive"] == pytest.approx(want["naive"], **near)
    assert reached.details["regression"] == pytest.approx(want["ols"], **near)
    regression = fit_least_squares(y.to_numpy(), np.column_stack([np.ones(len(x)), d, x]).astype(float))
    errors = [regression.standard_error(1, kind) for kind in ("homoskedastic", "hc3")]
    assert errors == pytest.approx([want["ols_se"], want["ols_hc3"]], **near)
    assert everybody.says == "does_not_hold"  # the PSID controls are other people: 25 % have a chance under 2 %


def test_401k(case: Case, data: Data) -> None:
    frame, found = data("k401ksubs.csv.gz"), case("E07")
    want, near = found["expected"], found["tolerance"]
    inc, age = frame["inc"], frame["age"]
    x = pd.DataFrame({
        "inc": inc, "inc2": inc**2 / 100, "age": age, "age2": age**2 / 100, "both": inc * age / 100,
        "marr": frame["marr"], "male": frame["male"], "fsize": frame["fsize"],
    })  # fmt: skip
    y, d, folds = frame["nettfa"], frame["e401k"], np.arange(len(frame)) % 5
    plr = partialling_out_effect(y, d, x, folds)
    assert (plr.estimate, plr.standard_error) == pytest.approx((want["plr"], want["plr_se"]), rel=near["diff,ols,plr"])
    assert plr.estimate == pytest.approx(want["econml_lineardml"], rel=near["diff,ols,plr"])
    assert plr.details["naive"] == pytest.approx(want["diff"], rel=near["diff,ols,plr"])
    assert plr.details["regression"] == pytest.approx(want["ols"], rel=near["diff,ols,plr"])
    regression = fit_least_squares(y.to_numpy(), np.column_stack([np.ones(len(x)), d, x]))
    assert regression.standard_error(1, "hc1") == pytest.approx(want["ols_hc1"], rel=near["diff,ols,plr"])
    ate, att = (weighting_effect(y, d, x, of, folds) for of in ("ate", "att"))
    assert (ate.estimate, ate.standard_error) == pytest.approx((want["ate"], want["ate_se"]), rel=near["ate,att"])
    assert (att.estimate, att.standard_error) == pytest.approx((want["att"], want["att_se"]), rel=near["ate,att"])
    ends = (ate.details["least_chance"], ate.details["greatest_chance"])
    assert ends == pytest.approx((want["ps_min"], want["ps_max"]), rel=near["ate,att"])
    assert (ate.households, ate.says) == (want["n"], "raises")


def test_stratified_lottery_by_its_chances(case: Case) -> None:
    want = case("E10")["expected"]
    rows = pd.DataFrame(want["rows"])
    chance = rows["stratum"].map({name: float(Fraction(value)) for name, value in want["chance"].items()})
    means = weighted_means(rows["y"], rows["drawn"], chance)
    expected = (float(Fraction(want["horvitz_thompson"])), float(Fraction(want["hajek"])))
    assert (means.horvitz_thompson, means.hajek) == pytest.approx(expected, rel=1e-12)
