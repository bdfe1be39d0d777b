"""Every result draws itself: the numbers of the artists are those of the result, and axes say what they are in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import relapse_risk as rr
from relapse_risk.errors import ModelError

DESIGN = rr.index_design(
    {"indicators": [{"code": "income", "worst": 0, "best": 100}, {"code": "rooms", "worst": 0, "best": 4}]}
)
HOMES = pd.DataFrame(
    {"home": list("abcd"), "income": [20.0, 60, 100, 0], "rooms": [1.0, 4, 2, 3]}
)  # need 77.5 20 25 62.5
PANEL = pd.DataFrame(
    {"household_id": np.repeat(list("abcd"), 2), "month": [1, 2] * 4, "poor": [True, False, True, True, False, False, False, True]}
)  # fmt: skip


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


def index() -> Any:
    return rr.hardship_index(HOMES, DESIGN, unit="home")


def ends(ax: Axes) -> list[list[float]]:
    """Where each interval begins and ends."""
    return [segment[:, 0].tolist() for lines in ax.collections for segment in lines.get_segments()]


def test_new_axes_are_made_where_none_are_given() -> None:
    drawn = rr.lorenz_curve([3, 1]).plot()
    assert isinstance(drawn, Axes)
    assert drawn.lines[1].get_ydata().tolist() == [0, 0.25, 1]


def test_lorenz_and_concentration_curves(ax: Axes) -> None:
    assert rr.lorenz_curve([3, 1]).plot(ax) is ax
    assert list(ax.lines[0].get_ydata()) == [0, 1], "the line of equality"
    assert ax.lines[1].get_ydata().tolist() == [0, 0.25, 1]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("share of population, poorest first", "share of income")
    other = Figure().subplots()
    rr.concentration_curve([1, 3], [2, 1]).plot(other)
    assert other.lines[1].get_ydata().tolist() == [0, 0.75, 1]
    assert other.get_ylabel() == "share of the total"
    assert rr.lorenz_curve([3, 1]).summary() == "Lorenz curve: the first half holds 25.0%"


def test_growth_incidence(ax: Axes) -> None:
    """Everybody a tenth richer: a flat curve at ten percent; per year over two years the square root of 1.1."""
    income = np.array([10.0, 20.0, 40.0])
    rr.growth_incidence(income, 1.1 * income).plot(ax)
    assert ax.lines[1].get_xdata()[[0, -1]].tolist() == pytest.approx([1, 99])
    assert ax.lines[1].get_ydata() == pytest.approx(np.full(99, 10.0))
    assert ax.get_ylabel() == "growth of income (% per year)"
    assert rr.growth_incidence(income, 1.1 * income, years=2)["growth"].tolist() == pytest.approx(
        [100 * (1.1**0.5 - 1)] * 99
    )
    twice = rr.growth_incidence([10.0, 20.0], [10.0, 30.0], weights_second=[3, 1], orders=[0.4, 0.6])
    assert twice["growth"].tolist() == pytest.approx([0, -50]), "three quarters of the later round have 10"
    for wrong, said in (({"years": 0}, "not a time"), ({"orders": [1.0]}, "not shares")):
        with pytest.raises(ModelError, match=said):
            rr.growth_incidence(income, income, **wrong)  # type: ignore[arg-type]


def test_tip(ax: Axes) -> None:
    """Slope and height are the three I's: flat from the headcount on, at the poverty gap (Jenkins and Lambert 1997)."""
    income, w = [50.0, 80, 200, 300], np.array([1.0, 2, 3, 4])
    curve = rr.tip_curves({"a": income, "b": [90.0, 95, 200, 300]}, 100, {"a": w, "b": w})
    curve.plot(ax)
    first = ax.lines[0]
    assert first.get_ydata()[-1] == pytest.approx(rr.fgt(income, 100, 1, w))
    reached = first.get_xdata()[np.argmax(np.isclose(first.get_ydata(), first.get_ydata()[-1]))]
    assert reached == pytest.approx(rr.headcount(income, 100, w))
    assert ax.get_ylabel() == "cumulated gap (share of the line per head)"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_dominance_with_bands(ax: Axes) -> None:
    """Two of four below 2: a share of one half with the standard error of a simple sample, sqrt(p (1 - p) / (n - 1))."""
    curve = rr.dominance_curves({"all": [1.0, 1, 3, 3]}, [2.0, 4.0])
    row = curve.frame.iloc[0]
    assert (row["value"], row["se"]) == (0.5, pytest.approx(np.sqrt(0.25 / 3)))
    curve.plot(ax, line=2.0)
    band = ax.collections[0].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(max(curve["high"]))
    assert ax.lines[0].get_ydata().tolist() == [0.5, 1.0]
    assert list(ax.lines[1].get_xdata()) == [2.0, 2.0]
    assert "unit of the incomes" in ax.get_xlabel()
    design = rr.survey_design(np.ones(4), psu=[1, 1, 2, 2])
    clustered = rr.dominance_curves({"all": [1.0, 1, 3, 3]}, [2.0], designs={"all": design}).frame["se"][0]
    assert clustered == pytest.approx(0.5), "clusters of 1 and 0: sd 0.71 over root 2"


def test_estimates(ax: Axes) -> None:
    found = rr.estimate_by_group(rr.Fgt(2.0), [1.0, 1, 3, 3, 1, 3], rr.survey_design(np.ones(6)), list("aaabbb"))
    found.plot(ax)
    assert ax.lines[0].get_xdata().tolist() == found.frame["value"].tolist()
    np.testing.assert_allclose(ends(ax), found.frame[["low", "high"]])
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    assert ax.get_xlabel() == "estimate with 95% interval (unit of the measure)"


def test_contributions_of_indicators(ax: Axes) -> None:
    g0 = pd.DataFrame({"water": [1, 0, 1, 0], "school": [1, 0, 0, 0]})
    found = rr.alkire_foster(g0, [1, 1], ["1/2"], rr.survey_design(np.ones(4)))
    found.plot(ax)
    assert sorted(bar.get_width() for bar in ax.patches) == [0.125, 0.25]
    assert ax.get_xlabel() == "contribution to M0 (0 to 1)"


def test_transitions(ax: Axes) -> None:
    """Two poor of whom one left, two not poor of whom one fell: half and half."""
    rr.transitions(PANEL).plot(ax)
    drawn = dict(zip((t.get_text() for t in ax.get_yticklabels()), ax.lines[0].get_xdata(), strict=True))
    assert drawn["exit"] == drawn["fall"] == drawn["poor stays poor"] == 50
    assert ax.get_xlabel() == "households of those at risk of the move (%)"
    with pytest.raises(ModelError, match="no rates of this group"):
        rr.transitions(PANEL).plot(ax, group="north")


def test_rank_intervals(ax: Axes) -> None:
    ranking = rr.rank_households(index(), np.random.default_rng(1), draws=30)
    ranking.plot(ax, first=3)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "d", "c"]
    assert ax.lines[0].get_xdata().tolist() == [1, 2, 3]
    rows = ranking.frame.set_index("home").loc[["a", "d", "c"], ["rank_low", "rank_high"]]
    assert ends(ax) == rows.to_numpy(dtype=float).tolist()
    assert ax.get_xlabel() == "rank (1 = worst off)"
    with pytest.raises(ModelError, match="rank with a generator"):
        rr.rank_households(index()).plot(ax)


def test_shortlist_probabilities(ax: Axes) -> None:
    found = rr.shortlist(index(), np.random.default_rng(1), quota=2, draws=50)
    found.plot(ax)
    heights = sorted((s[1, 1] for lines in ax.collections for s in lines.get_segments()), reverse=True)
    assert heights == sorted(found.frame["probability"], reverse=True)
    assert list(ax.lines[1].get_xdata()) == [2.5, 2.5], "the length of the list"
    assert ax.get_ylabel() == "probability of being listed"


def test_contributions_of_a_card_and_of_the_neediest(ax: Axes) -> None:
    rr.household_card(index(), "a", quota=1).plot(ax)
    assert [bar.get_width() for bar in ax.patches] == [37.5, 40.0]
    assert ax.get_xlabel() == "points of 100 (sum 77.5)"
    other = Figure().subplots()
    index().plot(other, first=2)
    assert [t.get_text() for t in other.get_yticklabels()] == ["a", "d"]
    assert [bar.get_width() for bar in other.patches] == [40.0, 50.0, 37.5, 12.5]


def test_sobol(ax: Axes) -> None:
    found = rr.sobol_of_design(index(), rr.Uncertainty(), np.random.default_rng(1), samples=8, resamples=5)
    found.plot(ax)
    totals = [bar.get_width() for bar in ax.patches[: len(found.frame)]]
    assert sorted(totals) == pytest.approx(sorted(found.frame["total"]))
    assert ax.get_xlabel() == "share of the variance of the output (0 to 1)"


def scored() -> tuple[np.ndarray, np.ndarray]:
    g = np.random.default_rng(1)
    p = g.uniform(0.05, 0.6, 500)
    return (g.random(500) < p).astype(float), p


def test_calibration_and_decision_curve(ax: Axes) -> None:
    y, p = scored()
    found = rr.evaluate(y, p, draws=30)
    found.plot(ax)
    assert ax.lines[1].get_ydata().tolist() == found.calibration["observed"].tolist()
    lows = [segment[0, 1] for segment in ax.collections[0].get_segments()]
    assert lows == pytest.approx(found.calibration["low"].tolist())
    assert ax.get_ylabel() == "observed share (0 to 1)"
    other = Figure().subplots()
    found.plot(other, "decision")
    mine = found.decision[found.decision["score"] == "probability"]
    assert other.lines[0].get_ydata().tolist() == mine["value"].tolist()
    # Everybody is visited at a threshold below the least probability: net benefit p - (1 - p) t / (1 - t).
    first = mine.iloc[0]
    share = y.mean()
    assert first["value"] == pytest.approx(share - (1 - share) * first["threshold"] / (1 - first["threshold"]))
    assert other.get_ylabel() == "net benefit (events reached per household)"
    with pytest.raises(ModelError, match="no such picture"):
        found.plot(ax, "pie")  # type: ignore[arg-type]


def test_an_evaluation_is_that_of_scikit_learn() -> None:
    from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

    y, p = scored()
    w = np.random.default_rng(2).uniform(0.5, 2, 500)
    found = rr.evaluate(y, p, weights=w, groups=np.arange(500) // 10, draws=40)
    assert found["auc"] == pytest.approx(roc_auc_score(y, p, sample_weight=w))
    assert found["pr_auc"] == pytest.approx(average_precision_score(y, p, sample_weight=w))
    assert found["brier"] == pytest.approx(brier_score_loss(y, p, sample_weight=w))
    assert found["log_loss"] == pytest.approx(log_loss(y, p, sample_weight=w))
    auc = found.frame.set_index("measure").loc["auc"]
    assert auc["low"] < auc["value"] < auc["high"]
    assert (found.n, found.events) == (500, int(y.sum()))
    with pytest.raises(ModelError, match="not probabilities"):
        rr.evaluate(y, 3 * p)
    again = rr.evaluate(y, p, weights=w, groups=np.arange(500) // 10, draws=40)
    pd.testing.assert_frame_equal(again.frame, found.frame)


def test_coefficients_of_a_risk_model(ax: Axes) -> None:
    g = np.random.default_rng(1)
    X = pd.DataFrame({"strong": g.normal(size=500), "weak": g.normal(size=500)})
    y = g.random(500) < 1 / (1 + np.exp(-1.5 * X["strong"]))
    model = rr.RelapseLogit().fit(X, y)
    model.fitted_.plot(ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["strong", "weak"]
    strong = model.fitted_.terms[0]
    assert ax.lines[1].get_xdata()[0] == pytest.approx(strong.coefficient * X["strong"].std(ddof=0))
    assert "log-odds" in ax.get_xlabel()
