"""Changed policies by hand: who gets what, and everything that hangs on it moves with it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from relapse_risk.cli import app
from relapse_risk.errors import ModelError, ParameterError
from relapse_risk.relapse.policies import dibao_line, post, read_policies, reimbursement

HOUSEHOLD = {
    "household_id": "a", "net_income": 10000.0, "income_pc_year": 5000.0, "scale": 2.0, "wage_income": 0.0,
    "transfer_income": 6000.0, "wage_share": 0.0, "transfer_share": 0.6, "business_share": 0.4, "secure_income": 4000.0,
    "income_change": 1.0, "medical_self_paid": 4000.0, "rigid_spend": 5000.0, "rigid_burden": 0.5,
    "relief_status": "dibao", "dibao_line": 5000.0, "zero_employment": True, "employed_count": 0, "work_months": 0.0,
}  # fmt: skip


def household(**changes: object) -> pd.DataFrame:
    return pd.DataFrame([HOUSEHOLD | changes])


def test_outpatient_care_at_a_fifth_of_its_price() -> None:
    """Of 4,000 self-paid, 40 % is outpatient: 1,600 at half the bill, 320 at a tenth; 1,280 less to pay."""
    found = reimbursement(0.5, 0.9, 0.4)(household()).iloc[0]
    assert found["medical_self_paid"] == pytest.approx(2720)
    assert found["rigid_spend"] == pytest.approx(3720)
    assert found["rigid_burden"] == pytest.approx(0.372)
    assert found["net_income"] == 10000
    same = reimbursement(0.5, 0.5, 0.4)(household())
    pd.testing.assert_frame_equal(same, household())
    with pytest.raises(ModelError, match="between 0 and 1"):
        reimbursement(1.0, 0.9, 0.4)


def test_a_higher_dibao_line_pays_the_difference_for_every_member_who_receives_it() -> None:
    found = dibao_line(1.1)(pd.concat([household(), household(relief_status="none")], ignore_index=True))
    gets, other = found.iloc[0], found.iloc[1]
    assert gets["net_income"] == pytest.approx(11000)  # 500 more for each of two
    assert gets["income_pc_year"] == pytest.approx(5500)
    assert gets["secure_income"] == pytest.approx(5000)
    assert gets["transfer_share"] == pytest.approx(7000 / 11000)
    assert gets["business_share"] == pytest.approx(4000 / 11000)
    assert gets["income_change"] == pytest.approx(1.1)
    assert gets["rigid_burden"] == pytest.approx(5000 / 11000)
    for name in ("net_income", "transfer_share", "secure_income", "income_change"):
        assert other[name] == HOUSEHOLD[name]


def test_a_post_is_a_wage_months_of_work_and_somebody_employed() -> None:
    frame = pd.concat([household(), household(zero_employment=None)], ignore_index=True)
    gets, unknown = post(6000, 12)(frame.astype({"zero_employment": "boolean"})).itertuples()
    assert (gets.net_income, gets.wage_income, gets.employed_count, gets.work_months) == (16000, 6000, 1, 12)
    assert gets.wage_share == pytest.approx(6000 / 16000)
    assert not gets.zero_employment
    assert unknown.net_income == 10000, "where nobody knows, nobody is given a post"
    with pytest.raises(ModelError, match="nobody collected"):
        post(6000, 12)(household().drop(columns="zero_employment"))


def test_the_policies_of_the_package_are_read_and_wrong_values_are_named(tmp_path: Path) -> None:
    found = read_policies()
    assert set(found) == {"outpatient_reimbursement", "dibao_line_up", "post_for_each"}
    assert all(policy.confidence == "assumed" and policy.label.zh and policy.label.en for policy in found.values())
    (tmp_path / "what_if.yaml").write_text(
        "x: {label: {zh: 甲, en: X}, change: post, confidence: assumed, source: ours, values: {wage: 1}}",
        encoding="utf-8",
    )
    with pytest.raises(ParameterError, match="wage"):
        read_policies(tmp_path)


def test_the_command_prints_its_condition_first_and_what_is_assumed(small_register: Path) -> None:
    given = ["what-if", "--register", str(small_register), "--language", "en"]
    result = CliRunner().invoke(app, given)
    assert result.exit_code == 0, result.output
    sentences = [line for line in result.stdout.splitlines() if line.startswith("If the relation is causal")]
    assert len(sentences) == 3
    assert result.stdout.count("Assumed: ") == 3
    assert "no estimate of a policy's effect" in result.stdout
    asked = CliRunner().invoke(app, [*given, "--policy", "free_money"])
    assert asked.exit_code != 0
