"""At-risk set, event, horizon and spell clock, read off panels small enough to check by eye."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.relapse import FEATURES, at_risk_rows, spell_clock, with_history
from relapse_risk.relapse.outcome import others_poor
from relapse_risk.schema import derived_frames


def panel(incomes: dict[str, list[float | None]], months: list[str], exit_year: int | None = None) -> pd.DataFrame:
    """One household per letter, one income per month; the line is 5."""
    rows = [
        {"household_id": h, "month": m, "income_pc_year": v, "poverty_line": 5.0, "exit_year": exit_year,
         "village_code": "371425001001", "county_code": "371425"}
        for h, values in incomes.items() for m, v in zip(months, values, strict=True) if v != "absent"
    ]  # fmt: skip
    return pd.DataFrame(rows).astype({"income_pc_year": "float64", "exit_year": "Int64"})


YEARS = ["2017-12", "2018-12", "2019-12", "2020-12"]


def test_poor_exit_relapse_is_one_row_of_relapse() -> None:
    rows = at_risk_rows(panel({"a": [1, 9, 2, 9]}, YEARS), 12)
    # Not poor in 2018 (falls in 2019) and in 2020 (nobody has seen 2021).
    assert rows["month"].tolist() == ["2018-12", "2020-12"]
    assert rows["kind"].tolist() == ["relapse", "relapse"]
    assert rows["event"].iloc[0] == 1
    assert pd.isna(rows["event"].iloc[1])
    assert rows["observed"].tolist() == [True, False]


def test_a_first_fall_is_an_entry_unless_the_register_says_it_was_lifted_before() -> None:
    assert at_risk_rows(panel({"a": [9, 2]}, YEARS[:2]), 12)["kind"].tolist() == ["entry"]
    assert at_risk_rows(panel({"a": [9, 2]}, YEARS[:2], 2016), 12)["kind"].tolist() == ["relapse"]
    # Lifted only later: not known yet.
    assert at_risk_rows(panel({"a": [9, 2]}, YEARS[:2], 2019), 12)["kind"].tolist() == ["entry"]


def test_income_at_the_line_is_not_poor() -> None:
    assert spell_clock(panel({"a": [5.0, 4.999]}, YEARS[:2]))["poor"].tolist() == [False, True]


def test_the_clock_counts_spells_and_visits_since_the_last() -> None:
    clock = spell_clock(panel({"a": [1, 9, 2, 9]}, YEARS))
    assert clock["spells"].tolist() == [1, 1, 2, 2]
    assert clock["since_exit"].fillna(-1).tolist() == [-1, 1, -1, 1]
    assert clock["left_censored"].all()
    assert not spell_clock(panel({"a": [9, 1, 9]}, YEARS[:3]))["left_censored"].any()


def test_history_never_looks_ahead() -> None:
    """Changing the last income changes nothing known before it."""
    first, second = (with_history(panel({"a": [1, 9, 6, last]}, YEARS)) for last in (2.0, 90.0))
    columns = ["poor_before", "spells", "since_exit", "ratio_lowest", "ratio_mean", "ratio_sd", "village_others"]
    pd.testing.assert_frame_equal(first.loc[:2, columns], second.loc[:2, columns])


def test_a_household_that_leaves_stays_visible_as_not_observed() -> None:
    rows = at_risk_rows(panel({"a": [9, 9], "b": [9, "absent"]}, YEARS[:2]), 12)
    assert rows.set_index(["household_id", "month"])["observed"].to_dict() == {
        ("a", "2017-12"): True, ("b", "2017-12"): False, ("a", "2018-12"): False,
    }  # fmt: skip


def test_an_income_nobody_knows_is_neither_at_risk_nor_an_event() -> None:
    rows = at_risk_rows(panel({"a": [9, None, 9], "b": [9, 9, 1]}, YEARS[:3]), 12)
    known = rows[rows["observed"]]
    assert set(zip(known["household_id"], known["month"], strict=True)) == {("b", "2017-12"), ("b", "2018-12")}


def test_a_period_gap_is_not_bridged_at_a_fixed_horizon_but_is_at_the_next_visit() -> None:
    gap = panel({"a": [9, 2], "b": [9, 9]}, ["2018-03", "2018-12"])
    with pytest.raises(ModelError, match="12 months apart"):
        at_risk_rows(gap, 12)
    rows = at_risk_rows(gap, None)
    assert rows.loc[rows["observed"], "gap_months"].tolist() == [9, 9]
    assert rows.loc[rows["observed"], "event"].tolist() == [1, 0]


def test_one_wave_is_an_error_that_says_what_to_choose() -> None:
    with pytest.raises(ModelError, match="horizon_months"):
        at_risk_rows(panel({"a": [9]}, YEARS[:1]), 12)


def test_a_household_twice_in_a_wave_is_refused() -> None:
    twice = pd.concat([panel({"a": [9]}, YEARS[:1])] * 2, ignore_index=True)
    with pytest.raises(ModelError, match="in one wave twice"):
        spell_clock(twice)


def test_neighbours_leave_the_household_itself_out() -> None:
    frame = pd.DataFrame({"month": "2020-12", "village_code": ["v", "v", "v", "w"], "poor": [True, True, False, True]})
    shares = others_poor(frame, "village_code")
    assert shares.iloc[:3].tolist() == [0.5, 0.5, 1.0]
    assert pd.isna(shares.iloc[3])  # alone in its village


def test_the_history_of_a_household_has_exactly_the_columns_the_dictionary_declares() -> None:
    """What a feature may read beyond the household frame: dictionary/derived.yaml."""
    panel = pd.DataFrame(
        {
            "household_id": ["a", "a"], "month": ["2019-12", "2020-12"], "county_code": "371425", "village_code": "v",
            "income_pc_year": [9.0, 9.0], "poverty_line": 5.0, "exit_year": pd.array([None] * 2, "Int64"),
            "weight": 1.0,
        }
    )  # fmt: skip
    added = set(at_risk_rows(panel, 12).columns) - set(panel.columns)
    assert added - {"month_next", "observed", "event", "kind"} == set(derived_frames()["household_history"].names)


def test_every_feature_reads_declared_columns() -> None:
    frames = derived_frames()
    known = {*frames["household_frame"].names, *frames["household_history"].names}
    assert {name for feature in FEATURES for name in feature.needs} <= known
