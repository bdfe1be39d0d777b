"""The process clock by hand, with applications still open."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from relapse_risk.assistance.process_clock import process_clock
from relapse_risk.errors import ModelError

REFORM, DAY = date(2020, 5, 9), date(2020, 12, 31)


def cases(applied: str, *days: int | None, papers: float | list[float] = 10.0) -> pd.DataFrame:
    start = pd.Timestamp(applied)
    decided = [pd.NaT if d is None else start + pd.Timedelta(days=d) for d in days]
    return pd.DataFrame(
        {
            "item_code": "MZ01",
            "applied_on": start,
            "decided_on": pd.to_datetime(pd.Series(decided)),
            "material_count": papers,
        }
    )


def test_quantiles_of_five_decided_cases() -> None:
    row = process_clock(cases("2020-06-01", 2, 4, 6, 8, 10), REFORM, DAY).frame.iloc[0]
    assert row[["p25", "median", "p75", "p90"]].tolist() == [4, 6, 8, 10]  # first t with S(t) <= 1 - q


def test_open_cases_count_while_they_last_and_lengthen_the_median() -> None:
    """Decided after 5, 10 and 20 days, one open since 15: S = 3/4, 1/2, 1/2 · 0; the mean of the decided would be 11.7."""
    rows = pd.concat([cases("2020-06-01", 5, 10, 20), cases("2020-12-16", None)])
    row = process_clock(rows, REFORM, DAY).frame.iloc[0]
    assert (row["decided"], row["open"]) == (3, 1)
    assert row["median"] == 10
    assert row["p75"] == 20
    many = pd.concat([cases("2020-06-01", 5), cases("2020-12-21", *[None] * 3)])
    assert np.isnan(process_clock(many, REFORM, DAY).frame.iloc[0]["median"]), "half are not decided yet"


def test_the_cuts_against_the_aims() -> None:
    rows = pd.concat([cases("2020-03-01", 18, 20, 22), cases("2020-06-01", 9, 10, 11, papers=7.0)])
    change = process_clock(rows, REFORM, DAY).change.iloc[0]
    assert change["days_cut"] == pytest.approx(0.5)
    assert change["papers_cut"] == pytest.approx(0.3)
    assert change["days_met"]
    assert change["papers_met"]
    slower = pd.concat([cases("2020-03-01", 18, 20, 22), cases("2020-06-01", 10, 11, 12, papers=8.0)])
    change = process_clock(slower, REFORM, DAY).change.iloc[0]
    assert not change["days_met"]
    assert not change["papers_met"]


def test_the_day_of_the_reform_counts_as_after_and_later_applications_are_unseen() -> None:
    rows = pd.concat([cases("2020-05-08", 5), cases("2020-05-09", 5), cases("2021-01-01", 5)])
    assert process_clock(rows, REFORM, DAY).frame["period"].tolist() == ["after", "before"]


def test_a_decision_before_its_application_is_named() -> None:
    with pytest.raises(ModelError, match=r"decided before it was applied for; got '2020-06-01 … 2020-05-30'"):
        process_clock(cases("2020-06-01", -2), REFORM, DAY)


def test_a_row_of_the_clock_in_full() -> None:
    """Five cases of 2 to 10 days, of 8 to 12 papers, decided before the day; grouped by what is asked for."""
    rows = cases("2020-06-01", 2, 4, 6, 8, 10, papers=[8.0, 9.0, 10.0, 11.0, 12.0]).assign(office="MZ")
    found = process_clock(rows, REFORM, DAY, by="office").frame
    assert list(found.columns) == [
        "office", "period", "cases", "decided", "open", "p25", "median", "p75", "p90", "median_low", "median_high", "papers",
    ]  # fmt: skip
    row = found.iloc[0]
    assert row[["office", "period", "cases", "decided", "open", "papers"]].tolist() == ["MZ", "after", 5, 5, 0, 10.0]
    assert row["median_low"] <= row["median"] <= row["median_high"]


def test_limits_of_the_median_on_the_log_log_scale() -> None:
    """Ten decided cases, one a day: the days whose S(t) a test at 95% cannot tell from one half, and the first after.

    With g = log(-log S), g(1/2) = -0.3665 and the error of S = sqrt(S (1 - S) / 10) times |g'| = 1 / |S log S|:
    day 1, S = 0.9: g = -2.2504, error 1.0005, 1.88 errors away: kept; day 7, S = 0.3: 0.1856, 0.4012, 1.38: kept;
    day 8, S = 0.2: 0.4759, 0.3930, 2.14: the first that is not.
    """
    row = process_clock(cases("2020-06-01", *range(1, 11)), REFORM, DAY).frame.iloc[0]
    assert row[["median", "median_low", "median_high"]].tolist() == [5, 1, 8]


def test_a_case_decided_after_the_day_is_still_open_on_it() -> None:
    row = process_clock(cases("2020-12-21", 5, 10, 11), REFORM, DAY).frame.iloc[0]
    assert row[["cases", "decided", "open"]].tolist() == [3, 2, 1]
    assert row["median"] == 10
    nobody = process_clock(cases("2020-12-30", None, None), REFORM, DAY).frame.iloc[0]
    assert nobody[["cases", "decided", "open"]].tolist() == [2, 0, 2]
    assert nobody[["p25", "median", "p75", "p90", "median_low", "median_high"]].isna().all()


def test_items_are_timed_apart_and_one_seen_only_before_has_no_change() -> None:
    """MZ01: 20 days to 12, ten papers to eight: cuts of 0.4 and 0.2; CL02 was never asked for after the reform."""
    rows = pd.concat([
        cases("2020-03-01", 20), cases("2020-06-01", 12, papers=8.0), cases("2020-03-01", 4).assign(item_code="CL02"),
    ])  # fmt: skip
    found = process_clock(rows, REFORM, DAY)
    assert found.frame[["item_code", "period", "cases"]].to_numpy().tolist() == [
        ["CL02", "before", 1], ["MZ01", "after", 1], ["MZ01", "before", 1],
    ]  # fmt: skip
    assert list(found.change.columns) == ["item_code", "days_cut", "papers_cut", "days_met", "papers_met"]
    assert found.change["item_code"].tolist() == ["MZ01"]
    assert found.change[["days_cut", "papers_cut"]].iloc[0].tolist() == pytest.approx([0.4, 0.2])
    assert found.change[["days_met", "papers_met"]].iloc[0].tolist() == [False, False]
    only = process_clock(cases("2020-06-01", 12), REFORM, DAY).change
    assert list(only.columns) == ["item_code", "days_cut", "papers_cut", "days_met", "papers_met"]
    assert len(only) == 0


def test_papers_nobody_counted_leave_that_aim_open() -> None:
    rows = pd.concat([cases("2020-03-01", 20, papers=float("nan")), cases("2020-06-01", 10, papers=8.0)])
    change = process_clock(rows, REFORM, DAY).change.iloc[0]
    assert change["days_met"]
    assert pd.isna(change["papers_met"])


def test_a_decision_on_the_day_of_the_application_took_no_day() -> None:
    assert process_clock(cases("2020-06-01", 0), REFORM, DAY).frame.iloc[0]["median"] == 0
