"""Funnels: limits by hand from binomial tables, over-dispersion by hand, and how often chance alone falls outside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.assessment.funnel import (
    INNER,
    OUTER,
    Funnel,
    beyond_chance,
    binomial_limits,
    compute_funnel,
    effective_n,
    means_spread,
    spread,
)


def counties(values: list[float | None], n: float, low: list[float] | None = None) -> pd.DataFrame:
    codes = [f"{i:02d}" for i in range(len(values))]
    limits = {"low": low, "high": [1 - x for x in low]} if low else {"low": np.nan, "high": np.nan}
    return pd.DataFrame({"county_code": codes, "value": values, "n": n} | limits)


def test_the_limits_of_ten_coins_by_hand() -> None:
    # P(R<=1) = 11/1024 < 0.025 <= P(R<=2) = 56/1024, P(R=2) = 45/1024: r = 2, alpha = (56 - 25.6)/45
    low = (2 - (56 - 0.025 * 1024) / 45) / 10
    assert binomial_limits(0.5, 10, INNER) == pytest.approx((low, 1 - low), abs=1e-12)


def test_wider_levels_and_fewer_units_give_wider_limits() -> None:
    few, many, outer = (binomial_limits(0.1, n, level) for n, level in ((100, INNER), (1000, INNER), (100, OUTER)))
    assert outer[0] < few[0] < many[0] < 0.1 < many[1] < few[1] < outer[1]


def test_a_simple_sample_is_worth_its_own_size() -> None:
    v, n = 0.2, 400  # standard error of the logit: 1 / sqrt(n v (1 - v)) = 1/8
    low, high = (1 / (1 + np.exp(-(np.log(v / (1 - v)) + side * 1.959963985 / 8))) for side in (-1, 1))
    assert effective_n(v, low, high) == pytest.approx(n, rel=1e-6)


def test_spread_is_the_mean_of_squares_and_one_outlier_does_not_make_it() -> None:
    assert spread(np.array([2.0, -2.0, 2.0, -2.0, 2.0, -2.0])) == 4.0
    assert spread(np.array([0.0] * 10 + [50.0])) == 1.0, "winsorised at the tenth: the outlier counts as the next"
    # twelve counties at |z| = 1.3: 1.69 < 1 + 2 sqrt(2/12) = 1.816
    assert spread(np.array([1.3, -1.3] * 6)) == 1.0


def test_one_county_that_differs_is_named_and_the_rest_are_not() -> None:
    # 100 of 1,000 where 50 are expected: 7 standard errors
    found = compute_funnel(counties([0.05] * 10 + [0.1], 1000), 0.05)
    assert found is not None
    assert found.spread == 1.0
    assert found.frame["outside"].tolist() == [""] * 10 + ["above"]
    assert found.frame["z"].iloc[-1] == pytest.approx(0.05 / (0.05 * 0.95 / 1000) ** 0.5)


def test_where_all_differ_the_limits_widen_and_none_is_blamed() -> None:
    found = compute_funnel(counties([0.02, 0.08] * 5, 1000), 0.05)
    assert found is not None
    z = 0.03 / (0.05 * 0.95 / 1000) ** 0.5
    assert found.spread == pytest.approx(z**2)
    assert set(found.frame["outside"]) == {""}
    low, high = found.limits(1000, INNER, widened=True)
    assert high - 0.05 == pytest.approx(1.959963985 * 0.03)
    assert low == 0.0, "never below nothing"


def test_all_villages_passing_is_no_outlier_where_nearly_all_pass() -> None:
    # 0.995 ** 70 = 0.70: most counties of 70 villages have no failure
    found = compute_funnel(counties([1.0, 1.0, 1.0, 0.98], 70), 0.995)
    assert found is not None
    assert set(found.frame["outside"]) == {""}


def test_a_sampled_county_counts_for_what_its_interval_is_worth() -> None:
    wide = counties([0.5, 0.5, 0.6], 10_000, low=[0.4023, 0.4023, 0.4])
    found = compute_funnel(wide.assign(high=[0.5977, 0.5977, 0.78]), 0.5)
    assert found is not None
    assert found.frame["n"].iloc[0] == pytest.approx(98, abs=0.1)
    assert found.frame["outside"].iloc[2] == ""


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.78), (0.4, 1.0), (0.6, 0.78), (0.4, 0.6), (np.nan, 0.78)])
def test_an_interval_that_ends_at_the_edge_or_at_the_share_tells_no_worth(low: float, high: float) -> None:
    wide = counties([0.5, 0.5, 0.6], 100, low=[0.4, 0.4, low]).assign(high=[0.6, 0.6, high])
    found = compute_funnel(wide, 0.5)
    assert found is not None
    assert found.frame["n"].iloc[2] == 100
    assert found.frame["n"].iloc[0] < 100


@pytest.mark.parametrize("values", [[0.1, 0.1, 0.1], [0.1, None, 0.2], []])
def test_nothing_is_drawn_of_too_few_or_of_the_same(values: list[float | None]) -> None:
    assert compute_funnel(counties(values, 100), 0.1) is None


def test_a_county_of_nobody_is_not_drawn() -> None:
    some = counties([0.1, 0.2, 0.3], 100)
    assert compute_funnel(some, 0.2) is not None
    assert compute_funnel(some.assign(n=[100, 100, 0]), 0.2) is None


def test_chance_alone_leaves_the_funnel_no_more_often_than_it_says() -> None:
    """Invariant: of counties drawn from one rate, at most 0.2 % lie outside the outer limits (discrete: fewer)."""
    rng = np.random.default_rng(7)
    outside = 0
    for _ in range(1000):
        values = rng.binomial(300, 0.2, 11) / 300
        found = compute_funnel(counties(list(values), 300), 0.2)
        assert found is not None
        outside += int((found.frame["outside"] != "").sum())
    assert 3 <= outside <= 40, f"{outside} of 11,000, expected at most about 22"


def test_a_mean_is_beyond_chance_by_the_same_limits_as_a_share() -> None:
    # Standard errors of 1 and one county 3.2 of them away: beyond 3.09.  Were all as far apart, that would be their spread.
    def sampled(values: list[float]) -> pd.DataFrame:
        value = pd.Series(values)
        codes = [str(place) for place in range(len(values))]
        return pd.DataFrame({"county_code": codes, "value": value, "low": value - 1.96, "high": value + 1.96})

    assert beyond_chance(sampled([10.0] * 9 + [13.2]), 10.0) == ["9"]
    assert beyond_chance(sampled([10.0] * 9 + [13.0]), 10.0) == []
    assert beyond_chance(sampled([6.8, 13.2] * 5), 10.0) == []
    assert beyond_chance(sampled([10.0, 13.2]), 10.0) is None
    # 3.2 squared: the factor of means that all lie 3.2 standard errors away.
    assert means_spread(sampled([6.8, 13.2] * 5), 10.0) == pytest.approx(10.24, rel=1e-4)  # 1.96 is rounded
    assert means_spread(sampled([10.0] * 9 + [13.0]), 10.0) == 1.0


def test_limits_of_unequal_tails_by_hand() -> None:
    """Four units at 0.2: P(0) = 0.4096, P(1) = 0.4096, P(2) = 0.1536, P(3) = 0.0256, P(4) = 0.0016; 80%: tails of 0.1.

    Lower: r = 0, (0 - (0.4096 - 0.1) / 0.4096) / 4 is below nothing.  Upper, by the complement at 0.8: P(R <= 2) = 0.1808
    is the first at 0.1 or more, r = 2, (2 - (0.1808 - 0.1) / 0.1536) / 4 = 0.3685, so 0.6315.
    """
    assert binomial_limits(0.2, 4, 0.8) == pytest.approx((0.0, 1 - (2 - 0.0808 / 0.1536) / 4))
    assert binomial_limits(0.2, 4.4, 0.8) == binomial_limits(0.2, 4, 0.8), "units are rounded"
    assert binomial_limits(0.2, 0.3, 0.8) == binomial_limits(0.2, 1, 0.8), "one at least"


def test_limits_of_a_funnel_are_exact_unless_widened() -> None:
    found = Funnel(0.9, 4.0, pd.DataFrame())
    assert found.limits(100, OUTER) == binomial_limits(0.9, 100, OUTER)
    # sqrt(4 x 0.9 x 0.1 / 100) = 0.06, times 1.959964 = 0.1176; never above all.
    assert found.limits(100, INNER, widened=True) == pytest.approx((0.9 - 0.117598, 1.0), abs=1e-6)
    assert Funnel(0.1, 4.0, pd.DataFrame()).limits(100, INNER, widened=True)[0] == 0.0
    assert Funnel(0.5, 1.0, pd.DataFrame()).limits(100, INNER, widened=True) == pytest.approx(
        (0.402002, 0.597998), abs=1e-6
    )


def test_the_spread_is_clear_only_beyond_two_errors_of_it() -> None:
    """Eight counties: 1 + 2 sqrt(2/8) = 2; exactly 2 is not beyond; ten of z = 3 and two of 30: quantiles at a tenth."""
    assert spread(np.array([2**0.5, -(2**0.5)] * 4) * (1 - 1e-9)) == 1.0
    assert spread(np.array([1.42, -1.42] * 4)) == pytest.approx(1.42**2)
    # Eleven values, quantiles at 0.1 and 0.9 are the second and the tenth: -3 and 3; the rest 0.
    assert spread(np.array([-50.0, -3, 0, 0, 0, 0, 0, 0, 0, 3, 50])) == pytest.approx(4 * 9 / 11)


def test_which_counties_make_a_funnel_and_what_it_keeps() -> None:
    """Without a value, a size or a unit a county is left out; n 100 at 0.5: one error is 0.05."""
    rows = pd.DataFrame({
        "county_code": list("abcdefg"), "value": [0.5, 0.55, 0.3, None, 0.5, 0.5, 0.45], "n": [100.0, 100, 100, 100, None, 0, 100], "low": np.nan,
        "high": np.nan,
    })  # fmt: skip
    found = compute_funnel(rows, 0.5)
    assert found is not None
    assert (found.rate, found.spread) == (0.5, pytest.approx(found.spread))
    assert list(found.frame.columns) == ["county_code", "n", "value", "z", "outside"]
    assert found.frame["county_code"].tolist() == ["a", "b", "c", "g"]
    assert found.frame["z"].tolist() == pytest.approx([0.0, 1.0, -4.0, -1.0])
    assert found.frame["n"].tolist() == [100.0] * 4
    for rate in (0.0, 1.0):
        assert compute_funnel(rows, rate) is None
    three = rows.iloc[:3]
    assert compute_funnel(three, 0.5) is not None
    assert compute_funnel(three.iloc[:2], 0.5) is None
    assert compute_funnel(three.assign(value=0.3), 0.5) is None


def test_a_county_too_low_is_below_and_exact_tails_decide() -> None:
    """Ten at 0.5 of 1,000 and one at 0.4: -6.3 errors.  70 units at 0.05, 11 cases: P(R >= 11) = 0.0007 < 0.001, 10: 0.0023."""
    found = compute_funnel(counties([0.5] * 10 + [0.4], 1000), 0.5)
    assert found is not None
    assert found.frame["outside"].tolist() == [""] * 10 + ["below"]
    for cases, word in ((10, ""), (11, "above")):
        found = compute_funnel(counties([0.05] * 10 + [cases / 70], 70), 0.05)
        assert found is not None
        assert found.frame["outside"].iloc[-1] == word
    # 0.05 ** 2 x 0.95 ** 98 and below: nobody of 200 at 0.05 is 0.000035; nobody of 130 is 0.00127.
    for n, word in ((130, ""), (200, "below")):
        found = compute_funnel(counties([0.05] * 10 + [0.0], n), 0.05)
        assert found is not None
        assert found.frame["outside"].iloc[-1] == word


def test_an_interval_counts_only_where_it_holds_its_value_strictly_inside() -> None:
    rows = pd.DataFrame({
        "county_code": list("abcdef"), "value": [0.5, 0.5, 0.0, 1.0, 0.5, 0.4023], "n": 7.0, "low": [0.4023, np.nan, 0.0, 0.9, 0.0, 0.4023],
        "high": [0.5977, 0.6, 0.1, 1.0, 0.6, 0.5977],
    })  # fmt: skip
    found = compute_funnel(rows, 0.5)
    assert found is not None
    assert found.frame["n"].round().tolist() == [98, 7, 7, 7, 7, 7]


def test_means_without_an_interval_are_left_out_of_the_comparison() -> None:
    """Three with an interval are enough; one of no width, or without a limit, is none: it moves no spread either."""
    value = pd.Series([10.0] * 9 + [13.2])
    rows = pd.DataFrame({"county_code": list("abcdefghij"), "value": value, "low": value - 1.96, "high": value + 1.96})
    blank = pd.DataFrame(
        {"county_code": list("xyz"), "value": [99.0, 99.0, None], "low": [99.0, None, 9.0], "high": [99.0, 99.5, 11.0]}
    )
    assert beyond_chance(pd.concat([rows, blank]), 10.0) == ["j"]
    assert means_spread(pd.concat([rows, blank]), 10.0) == 1.0
    assert beyond_chance(pd.concat([rows.iloc[:3], blank]), 10.0) == []
    assert beyond_chance(pd.concat([rows.iloc[:2], blank]), 10.0) is None
