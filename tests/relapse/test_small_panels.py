"""The smallest panels: four columns, three waves, years apart, one county, whole numbers (cases of panels/ and place/)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.languages import Label
from relapse_risk.relapse import (
    Feature,
    RelapseBoost,
    RelapseLogit,
    at_risk_rows,
    backtest,
    clusters,
    followed,
    make_card,
    validate,
    without_outcomes,
)
from relapse_risk.relapse.drift_and_fairness import drift_lines
from relapse_risk.research import ExpectedPoverty

LINE = 6000.0


def waves(*months: str, n: int = 1500, counties: int = 0, seed: int = 1) -> pd.DataFrame:
    """household_id, month, income_pc_year and poverty_line; counties where asked for."""
    rng = np.random.default_rng(seed)
    base = rng.normal(9, 0.5, n)
    frames = [
        pd.DataFrame(
            {
                "household_id": [f"h{i}" for i in range(n)], "month": month,
                "income_pc_year": np.exp(base + rng.normal(0, 0.4, n)), "poverty_line": LINE,
            }
        )
        for month in months
    ]  # fmt: skip
    panel = pd.concat(frames, ignore_index=True)
    return panel.assign(county_code="c" + (panel.index % n % counties).astype("str")) if counties else panel


def test_four_columns_are_enough_for_rows_back_test_and_score() -> None:
    rows = at_risk_rows(waves(*(f"{year}-12" for year in range(2009, 2015))), 12)
    assert (rows["weight"] == 1).all()
    found = validate(rows)
    assert [test.design for test in found.tests] == ["out_of_time"]
    assert [(one.design, one.why) for one in found.not_done] == [
        ("leave_counties_out", "the rows name no county (county_code)")
    ]
    names = [score.name for score in found.tests[0].scores]
    assert names == ["official", "challenger", "income_gap", "trigger_rules"]
    seen = followed(rows)
    fitted = RelapseLogit().fit_rows(without_outcomes(seen), seen["event"], seen["weight"], clusters(seen))
    assert fitted.clusters == seen["household_id"].nunique()


def test_standard_errors_are_clustered_by_household_where_regions_are_few() -> None:
    rows = at_risk_rows(waves("2009-12", "2010-12", "2011-12", counties=4), 12)
    assert clusters(rows).equals(rows["household_id"])
    many = rows.assign(county_code=rows["household_id"].str[-2:])
    assert clusters(many).equals(many["county_code"])
    assert clusters(rows.assign(village_code="v")).eq("v").all()


def test_three_waves_are_tested_though_the_first_has_no_history() -> None:
    """What was seen before is unknown to every row learned from: the challenger leaves those features out."""
    rows = at_risk_rows(waves("2009-12", "2010-12", "2011-12", counties=8), 12)
    assert rows.loc[rows["month"] == "2009-12", "ratio_lowest"].isna().all()
    tests = {test.design: test for test in backtest(rows)}
    assert set(tests) == {"out_of_time", "leave_counties_out"}
    newest = followed(rows)["month"] == "2010-12"
    assert tests["out_of_time"].test_n == int(newest.sum())
    assert "challenger" in [score.name for score in tests["out_of_time"].scores]


@pytest.mark.parametrize(
    ("months", "horizon"),
    [
        (("2007-12", "2009-12", "2011-12", "2013-12"), 24),
        (("2007-12", "2009-12", "2011-12", "2013-12"), None),
        (("1993-12", "1997-12", "2000-12", "2007-12", "2014-12"), None),
        (("2005-12", "2008-12", "2011-12", "2014-12"), 36),
        (("2014-06", "2014-12", "2015-03", "2015-06", "2015-09", "2015-12", "2016-03", "2016-06"), 3),
    ],
)
def test_waves_years_apart_are_validated_out_of_time(months: tuple[str, ...], horizon: int | None) -> None:
    """The last wave before the end is tested, by a score that learned only from outcomes known at its start."""
    rows = followed(at_risk_rows(waves(*months, n=2000, counties=8), horizon))
    test = next(one for one in backtest(rows) if one.design == "out_of_time")
    newest = rows[rows["month"] > f"{int(rows['month'].max()[:4]) - 1}{rows['month'].max()[4:]}"]
    assert (test.test_n, test.test_to) == (len(newest), months[-1])
    known = rows[rows["month_next"] <= newest["month"].min()]
    assert 0 < test.train_n <= len(known)


def test_what_cannot_be_validated_says_why() -> None:
    two = validate(at_risk_rows(waves("2018-12", "2019-12", counties=1), 12))
    assert two.tests == ()
    assert {one.design: one.why for one in two.not_done} == {
        "out_of_time": "no outcome was known by 2018-12, when the newest rows are scored",
        "leave_counties_out": "there is one county",
    }
    few = validate(at_risk_rows(waves("2017-12", "2018-12", "2019-12", n=60, counties=2), 12))
    assert few.tests == ()
    assert all("at least 30 of each are needed" in one.why for one in few.not_done)


def test_a_fold_that_cannot_be_fitted_is_one_named_line() -> None:
    """All but a handful of the events are in one county: without it there is too little to learn from."""
    rows = at_risk_rows(waves("2017-12", "2018-12", "2019-12", "2020-12", n=4000, counties=4), 12)
    calm = (rows["county_code"] != "c0") & rows["event"].eq(1) & (rows["household_id"].str[-2:] != "11")
    found = validate(rows.assign(event=rows["event"].mask(calm, 0.0)), RelapseLogit(min_events=100))
    tests = {test.design: test for test in found.tests}
    assert tests["leave_counties_out"].test_n < tests["out_of_time"].test_n
    assert [(one.design, one.fold) for one in found.not_done] == [("leave_counties_out", "c0")]
    assert "outside them; at least 100 of each are needed" in found.not_done[0].why


@pytest.mark.parametrize("wrong", ["2010", "2010-13", "12/2010"])
def test_a_month_that_is_none_is_refused(wrong: str) -> None:
    panel = waves("2009-12", "2010-12")
    panel.loc[panel["month"] == "2010-12", "month"] = wrong
    with pytest.raises(ModelError, match=r"not a month.*expected text YYYY-MM"):
        at_risk_rows(panel, 12)


def test_a_column_that_is_missing_at_prediction_is_an_error() -> None:
    rng = np.random.default_rng(3)
    n = 3000
    x = pd.DataFrame({"sick": rng.integers(0, 2, n).astype(float), "land": rng.exponential(2, n), "month": "2020-12"})
    y = pd.Series((rng.random(n) < 1 / (1 + np.exp(2 - 0.8 * x["sick"] + 0.2 * x["land"]))).astype(float))
    own = [Feature(c, Label(zh=c, en=c), "unit", "other", (c,), lambda f, c=c: f[c]) for c in ("sick", "land")]
    one = pd.Series(1.0, index=x.index)
    for fitted in (
        RelapseLogit(features=own).fit_rows(x, y, one, pd.Series(range(n))),
        RelapseBoost(features=own).fit_rows(x, y, one),
    ):
        with pytest.raises(ModelError, match=r"feature sick: unknown column of the rows to score.*add sick, empty"):
            fitted.predict(x.drop(columns="sick"))
        assert np.isfinite(np.asarray(fitted.predict(x.assign(sick=np.nan)))).all()  # nothing known is no error
    homes = x.assign(income_pc_year=np.exp(8 + rng.normal(0, 1, n)), poverty_line=LINE)
    with pytest.raises(ModelError, match="feature land"):
        ExpectedPoverty(tuple(own)).fit(homes).predict(homes.drop(columns="land"))


def test_a_card_of_whole_numbers_has_no_empty_interval() -> None:
    """The first quartile, 11.25, lies between two values: nobody is in [11.25, 12)."""
    rng = np.random.default_rng(0)
    years = np.repeat([8.0, 11.0, 12.0, 13.0, 14.0, 16.0], [98, 200, 400, 200, 192, 100])
    matrix = pd.DataFrame({"educ": years})
    event = pd.Series((rng.random(len(years)) < 1 / (1 + np.exp(0.2 * (years - 6)))).astype(float))
    one = pd.Series(1.0, index=matrix.index)
    feature = Feature("educ", Label(zh="学", en="Schooling"), "years", "no_skill", ("educ",), lambda d: d["educ"])
    month = pd.Series("2010-12", index=matrix.index)
    fitted = RelapseLogit(features=(feature,)).fit_matrix(matrix, month, event, one, pd.Series(matrix.index))
    lines = make_card(fitted, matrix, event, one).lines
    assert [(line.low, line.high) for line in lines] == [(None, 12.0), (12.0, 13.0), (13.0, None)]
    assert all(((years >= (line.low or 0)) & (years < (line.high or 99))).any() for line in lines)
    assert lines[0].points == 100
    assert lines[-1].points == 0


def test_a_first_wave_and_a_few_regions_are_no_drift() -> None:
    """Nothing changed between the waves but that the second has a past, and four regions have four other shares."""
    rng = np.random.default_rng(4)
    n = 4000
    past = pd.Series(rng.normal(0, 1, 2 * n))
    then = pd.DataFrame({"lowest": past[:n].where(np.arange(n) >= n // 2), "share": np.arange(n) % 4 / 10})
    now = pd.DataFrame({"lowest": past[n:].to_numpy(), "share": np.array([0.12, 0.15, 0.33, 0.05])[np.arange(n) % 4]})
    families = {"lowest": "history", "share": "place"}
    assert {line.name: line.status for line in drift_lines(then, now, None, families)} == {"lowest": "ok"}
    assert {line.status for line in drift_lines(then, now, None)} == {"fail"}
    moved = drift_lines(then, now.assign(lowest=now["lowest"] + 1), None, families)
    assert [line.status for line in moved] == ["fail"]
