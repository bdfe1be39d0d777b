"""Lotteries and power against R (lm with sandwich), statsmodels, enumeration and exact fractions: cases E01, E06, E08–E10."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from tests.impact.conftest import Case, Data

from relapse_risk.errors import ModelError
from relapse_risk.impact.least_squares import fit_least_squares
from relapse_risk.impact.lottery import lottery_effect, randomisation_test
from relapse_risk.impact.power import households_needed, power_of_means, power_of_shares

pytestmark = pytest.mark.shared
NSW = ["age", "educ", "black", "hisp", "marr", "nodegree", "re74", "re75"]
PROGRESA = ["avgpoverty", "pobtot1994", "votos1994", "pri1994", "pan1994", "prd1994"]


def test_nsw_lottery(case: Case, data: Data) -> None:
    frame, found = data("nsw.csv"), case("E01")
    want, near = found["expected"], {"rel": found["tolerance"]["rtol"]}
    plain = lottery_effect(frame["re78"], frame["treat"])
    assert plain.estimate == pytest.approx(want["dim"], **near)
    assert plain.standard_error == pytest.approx(want["hc2"], **near)
    assert plain.details["homoskedastic"] == pytest.approx(want["se_hom"], **near)
    assert [plain.details[kind] for kind in ("hc1", "hc3")] == pytest.approx([want["hc1"], want["hc3"]], **near)
    adjusted = lottery_effect(frame["re78"], frame["treat"], covariates=frame[NSW], adjustment="additive")
    assert adjusted.estimate == pytest.approx(want["adj"], **near)
    assert adjusted.standard_error == pytest.approx(want["adj_hc2"], **near)
    assert adjusted.details["homoskedastic"] == pytest.approx(want["adj_hom"], **near)
    lin = lottery_effect(frame["re78"], frame["treat"], covariates=frame[NSW], adjustment="interacted")
    assert (lin.estimate, lin.standard_error) == pytest.approx((want["lin"], want["lin_hc2"]), **near)


@pytest.mark.parametrize(("outcome", "column"), [("turnout", "t2000"), ("pri", "pri2000s")])
def test_progresa(case: Case, data: Data, outcome: str, column: str) -> None:
    frame, found = data("progresa.csv.gz"), case("E06")
    want, near = found["expected"][outcome], {"rel": found["tolerance"]["rtol"]}
    plain = lottery_effect(frame[column], frame["treatment"])
    assert (plain.households, plain.treated) == (found["expected"]["n"], found["expected"]["n1"])
    assert (plain.estimate, plain.standard_error) == pytest.approx((want["itt"], want["hc2"]), **near)
    assert plain.details["homoskedastic"] == pytest.approx(want["hom"], **near)
    adjusted = lottery_effect(frame[column], frame["treatment"], covariates=frame[PROGRESA], adjustment="additive")
    assert (adjusted.estimate, adjusted.standard_error) == pytest.approx((want["adj"], want["adj_hc2"]), **near)


def test_exact_randomisation(case: Case) -> None:
    want = case("E08")["expected"]
    two = randomisation_test(want["y"], want["treated"])
    one = randomisation_test(want["y"], want["treated"], sides="greater")
    assert two.statistic == want["difference"]
    assert (two.assignments, two.exact) == (want["assignments"], True)
    assert [f"{test.as_extreme}/{test.assignments}" for test in (one, two)] == [
        want["p_one_sided"],
        want["p_two_sided"],
    ]


def test_stratified_lottery(case: Case) -> None:
    want = case("E10")["expected"]
    rows = pd.DataFrame(want["rows"])
    test = randomisation_test(rows["y"], rows["drawn"], rows["stratum"])
    assert test.statistic == pytest.approx(float(Fraction(want["post_stratified"])), rel=1e-12)
    assert f"{test.as_extreme}/{test.assignments}" == want["exact_test_of_post_stratified"]
    naive = lottery_effect(rows["y"], rows["drawn"])
    assert naive.estimate == pytest.approx(float(Fraction(want["naive_difference"])), rel=1e-12)
    dummies = np.column_stack([rows["drawn"], pd.get_dummies(rows["stratum"])]).astype(float)
    fit = fit_least_squares(rows["y"].to_numpy(dtype=float), dummies)
    assert fit.coefficients[0] == pytest.approx(float(Fraction(want["stratum_fixed_effects"])), rel=1e-12)
    with pytest.raises(ModelError, match="only one household in a group"):
        lottery_effect(rows["y"], rows["drawn"], rows["stratum"])


def test_power(case: Case) -> None:
    found = case("E09")
    want, near = found["expected"], {"rel": found["tolerance"]["rtol"]}
    assert power_of_means(20, 20, 1, 1) == pytest.approx(want["power_t_n20"], **near)
    assert power_of_means(20, 20, 1, 1, both_tails=True) == pytest.approx(want["power_t_n20_both_tails"], **near)
    assert power_of_shares(50, 0.5, 0.75) == pytest.approx(want["power_prop_n50"], **near)
    assert households_needed(0.9, lambda n: power_of_means(n, n, 1, 1)) == pytest.approx(want["n_t_power90"], **near)
    needed = households_needed(0.9, lambda n: power_of_shares(n, 0.5, 0.75))
    assert needed == pytest.approx(want["n_prop_power90"], **near)
