"""The difference between two months: rows that came, rows that went, every cell that differs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import RegisterError
from relapse_risk.register import diff_months
from relapse_risk.register.month_changes import diff_frames
from relapse_risk.schema import check_table, table


def test_added_removed_and_changed_cells_are_listed_once_each(build, frames) -> None:
    """By hand: H1 grows to 3, H2 goes, H4 comes; P2 dies on a day, P1's sex becomes known."""
    homes, people = frames["household"], frames["person"]
    later_homes = pd.concat([homes.iloc[[0, 2]], homes.iloc[[1]].assign(household_id="H4")])
    later_homes["household_size"] = [3, 1, 1]
    later_people = people.assign(
        household_id=["H1", "H1", "H4", "H3"],
        sex=["female", None, None, None],
        deceased_on=[None, "2020-12-05", None, None],
    )
    register = build({"2020-11": frames, "2020-12": {"household": later_homes, "person": later_people}})
    nan = np.nan
    expected = [
        ["household", "H1", "changed", "household_size", "2", "3"],
        ["household", "H2", "removed", nan, nan, nan],
        ["household", "H4", "added", nan, nan, nan],
        ["person", "P1", "changed", "sex", nan, "female"],
        ["person", "P2", "changed", "deceased_on", nan, "2020-12-05"],
        ["person", "P3", "changed", "household_id", "H2", "H4"],
    ]
    columns = ["table", "key", "change", "column", "before", "after"]
    found = diff_months(register, "2020-11", "2020-12")
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected, columns=columns).astype("str"))


def test_of_one_county_who_moved_out_is_removed(build, frames) -> None:
    moved = frames["household"].assign(village_code=["371481001001", "371425101002", "371481001001"])
    register = build({"2020-11": frames, "2020-12": {"household": moved, "person": frames["person"]}})
    found = diff_months(register, "2020-11", "2020-12", county="371425", names=["household"])
    assert found[["key", "change"]].values.tolist() == [["H1", "removed"]]
    whole = diff_months(register, "2020-11", "2020-12", names=["household"])
    assert whole[["key", "column", "before", "after"]].values.tolist() == [
        ["H1", "village_code", "371425101001", "371481001001"]
    ]


def test_a_month_does_not_differ_from_itself_and_the_reverse_mirrors(build, frames) -> None:
    later = frames["household"].assign(household_size=[5, 1, 1]).iloc[:2]
    register = build({"2020-11": frames, "2020-12": {"household": later, "person": frames["person"]}})
    assert len(diff_months(register, "2020-11", "2020-11")) == 0
    there = diff_months(register, "2020-11", "2020-12")
    back = diff_months(register, "2020-12", "2020-11")
    mirrored = back.rename(columns={"before": "after", "after": "before"})
    mirrored["change"] = mirrored["change"].replace({"added": "removed", "removed": "added"})
    pd.testing.assert_frame_equal(mirrored[there.columns], there)


@pytest.mark.parametrize(
    ("column", "old", "new", "texts"),
    [
        ("arable_mu", [1.5, None, None, 2.0], [1.5, None, 0.1, None], [(np.nan, "0.1"), ("2.0", np.nan)]),
        ("has_tv", [True, None, None, False], [True, None, False, None], [(np.nan, "False"), ("False", np.nan)]),
        ("exit_year", [2017, None, None, 2018], [2017, None, 2019, None], [(np.nan, "2019"), ("2018", np.nan)]),
        ("cause_main", ["illness", None, None, "other"], ["illness", None, "schooling", None],
         [(np.nan, "schooling"), ("other", np.nan)]),
        ("monitor_identified_on", ["2020-01-02", None, None, "2020-03-04"], ["2020-01-02", None, "1969-12-31", None],
         [(np.nan, "1969-12-31"), ("2020-03-04", np.nan)]),
    ],
)  # fmt: skip
def test_null_equals_null_and_differs_from_every_value(column, old, new, texts) -> None:
    def frame(values: list[object]) -> pd.DataFrame:
        ids = [f"H{i}" for i in range(4)]
        return check_table(pd.DataFrame({"household_id": ids, "snapshot_month": "x", column: values}), "household")

    found = diff_frames(frame(old), frame(new), table("household"))
    assert found["key"].tolist() == ["H2", "H3"]
    pd.testing.assert_frame_equal(
        found[["before", "after"]], pd.DataFrame(texts, columns=["before", "after"]).astype("str")
    )


def test_rows_in_another_order_are_the_same_rows() -> None:
    frame = check_table(
        pd.DataFrame({"household_id": ["H1", "H2", "H3"], "snapshot_month": "x", "household_size": [1, 2, 3]}),
        "household",
    )
    assert len(diff_frames(frame, frame.iloc[[2, 0, 1]], table("household"))) == 0


def test_only_months_of_the_register_and_tables_kept_by_month_can_be_compared(build, frames) -> None:
    register = build({"2020-12": frames})
    with pytest.raises(RegisterError, match=r"no such month.*'2020-10'"):
        diff_months(register, "2020-10", "2020-12")
    with pytest.raises(RegisterError, match="not kept by month; got 'income'"):
        diff_months(register, "2020-12", "2020-12", names=["income"])
