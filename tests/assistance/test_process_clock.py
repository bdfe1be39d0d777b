"""The process clock by hand, with applications still open."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from relapse_risk.assistance.process_clock import process_clock
from relapse_risk.errors import ModelError

REFORM, DAY = date(2020, 5, 9), date(2020, 12, 31)


def cases(applied: str, *days: int | None, papers: float = 10.0) -> pd.DataFrame:
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
