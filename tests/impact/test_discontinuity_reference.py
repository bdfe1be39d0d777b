"""Regression discontinuity and density tests against rdrobust and rddensity: cases E03, E04, E15."""

from __future__ import annotations

import numpy as np
import pytest
from tests.impact.conftest import Case, Data

from relapse_risk.impact.density import density_test
from relapse_risk.impact.discontinuity import discontinuity_effect
from relapse_risk.impact.effect import Effect

pytestmark = pytest.mark.shared
SENATE = {
    "default": {}, "p0": {"order": 0}, "uni": {"kernel": "uniform"}, "cer": {"rule": "coverage"},
    "hc1": {"residuals": "hc1"}, "fixed": {"bandwidth": (16.79369, 27.43745)}, "cl": {"cluster": "state"},
}  # fmt: skip


def same(effect: Effect, want: dict, rel: float, sign: float = 1.0) -> None:
    """Bandwidths, estimates, errors, interval, p-value and counts of a peer (its sign is above minus below)."""
    found = effect.details
    assert (found["bandwidth"], found["bias_bandwidth"]) == pytest.approx((want["h"], want["b"]), rel=rel)
    estimates = (sign * effect.estimate, sign * found["corrected"])
    assert estimates == pytest.approx((want["coef"]["conventional"], want["coef"]["robust"]), rel=rel)
    errors = (found["conventional_error"], found["robust_error"])
    assert errors == pytest.approx((want["se"]["conventional"], want["se"]["robust"]), rel=rel)
    ends = sorted((sign * effect.low, sign * effect.high))
    assert ends == pytest.approx(want["ci_robust"], rel=rel)
    assert effect.p_value == pytest.approx(want["p_robust"], rel=10 * rel)  # a tail: d log p is about z² times d log z
    assert [found["near_below"], found["near_above"]] == want["n_effective"]


@pytest.mark.parametrize("variant", SENATE)
def test_senate(case: Case, data: Data, variant: str) -> None:
    frame, found = data("senate.csv.gz").dropna(subset=["vote", "margin"]), case("E03")
    options = dict(SENATE[variant])
    if "cluster" in options:
        options["cluster"] = frame[options["cluster"]]
    effect = discontinuity_effect(frame["vote"], frame["margin"], **options)
    same(effect, found["expected"][variant], found["tolerance"]["rtol"])


@pytest.mark.parametrize(
    ("variant", "column", "options", "key"),
    [
        ("default", "Support", {}, "default"), ("mp", "Support", {"mass_points": False}, "mp"),
        ("fixed", "Support", {"bandwidth": (0.01, 0.015)}, "fixed"), ("age", "Age", {}, "default"), ("edu", "Education", {}, "default"),
    ],
)  # fmt: skip
def test_uruguay(case: Case, data: Data, variant: str, column: str, options: dict, key: str) -> None:
    found = case("E04")
    frame = data("uruguay_transfers.csv.gz").dropna(subset=[column])
    effect = discontinuity_effect(frame[column], frame["Income_Centered"], treated_side="below", **options)
    same(effect, found["expected"]["rd"][variant], found["tolerance"][key], sign=-1)


def test_uruguay_is_refused_for_its_covariates_and_takes_part_by_score(case: Case, data: Data) -> None:
    """Age and education jump (robust p .021 and .022), two covariates, each held to .025; 37 of the nearest 50 are above."""
    frame, want = data("uruguay_transfers.csv.gz"), case("E04")["expected"]
    known = frame.dropna(subset=["Support"])
    effect = discontinuity_effect(
        known["Support"], known["Income_Centered"], treated_side="below", covariates=known[["Age", "Education"]],
        treated=known["Participation"],
    )  # fmt: skip
    verdicts = {check.name: check.verdict for check in effect.checks}
    assert verdicts == {"density": "fails", "covariates": "fails", "first_stage": "holds"}
    assert effect.says == "does_not_hold"
    assert -effect.details["jump_in_treated"] == pytest.approx(want["first_stage"]["participation_jump"], abs=1e-9)
    assert frame["Participation"].mean() == want["first_stage"]["mean_participation"]


@pytest.mark.parametrize(
    ("variant", "file", "column", "options"),
    [
        ("senate_default", "senate.csv.gz", "margin", {}), ("senate_mp_off", "senate.csv.gz", "margin", {"mass_points": False}),
        ("senate_h_fixed", "senate.csv.gz", "margin", {"bandwidth": 20}),
        ("uruguay_default", "uruguay_transfers.csv.gz", "Income_Centered", {}),
        ("uruguay_mp_off", "uruguay_transfers.csv.gz", "Income_Centered", {"mass_points": False}),
        ("uruguay_h_fixed", "uruguay_transfers.csv.gz", "Income_Centered", {"bandwidth": 0.01}),
    ],
)  # fmt: skip
def test_density(case: Case, data: Data, variant: str, file: str, column: str, options: dict) -> None:
    found = case("E15")
    want, near = found["expected"][variant], {"rel": found["tolerance"]["rtol"]}
    test = density_test(data(file)[column].dropna(), **options)
    assert (test.statistic, test.p_value) == pytest.approx((want["t_jk"], want["p_jk"]), **near)
    assert [test.bandwidth_below, test.bandwidth_above] == pytest.approx(want["h"], **near)
    assert [test.households_below, test.households_above] == want["n_eff"]
    assert [test.below, test.above] == pytest.approx(want["hat"], **near)


def test_global_polynomials_of_uruguay(case: Case, data: Data) -> None:
    """What the local estimate is reported beside: least squares over all rows, HC1."""
    from relapse_risk.impact.least_squares import fit_least_squares

    found = case("E04")
    want, near = found["expected"]["ols_all_rows"], {"rel": found["tolerance"]["ols"]}
    frame = data("uruguay_transfers.csv.gz").dropna(subset=["Support"])
    x, y = frame["Income_Centered"].to_numpy(), frame["Support"].to_numpy(dtype=float)
    t = (x < 0).astype(float)
    linear = fit_least_squares(y, np.column_stack([np.ones(len(x)), t, x, t * x]))
    assert len(x) == want["n"]
    assert (linear.coefficients[1], linear.standard_error(1, "hc1")) == pytest.approx(
        (want["linear_interacted"], want["linear_interacted_hc1"]), **near
    )
    curved = fit_least_squares(y, np.column_stack([np.ones(len(x)), t, x, t * x, x**2, t * x**2]))
    assert curved.coefficients[1] == pytest.approx(want["quadratic_interacted"], **near)
