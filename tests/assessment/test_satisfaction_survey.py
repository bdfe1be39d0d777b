"""The telephone survey by hand: weights, strata, who counts as reached, and when towns differ."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student
from tests.built_county_fixtures import CountyOf, check, computed, records, told

from relapse_risk.assessment import INDICATORS, CountyData
from relapse_risk.exhibits import Finding

BY_NAME = {item.name: item for item in INDICATORS}
Q = 1.959963985
CALLS = """
    response_id  quarter  household_id  stratum             sampling_weight  contacted  answered  satisfied  recognises_policy  recognises_cadre  dissatisfied_with
    S1           2020Q1   H1            lifted_with_labour  10               yes        yes       yes        yes                no                -
    S2           2020Q4   H5            lifted_with_labour  10               yes        yes       no         yes                -                 income
    S3           2020Q4   H3            monitored           5                yes        yes       yes        yes                no                -
    S4           2020Q4   H2            monitored           5                yes        no        -          -                  -                 -
    S5           2020Q4   H4            monitored           5                no         no        -          -                  -                 -
    S6           2020Q3   H4            monitored           20               -          -         -          -                  -                 -
    S7           2019Q4   H1            monitored           99               yes        yes       no         no                 no                cadre
    S8           2021Q1   H1            monitored           99               yes        yes       no         no                 no                cadre
    """
# Of the year: S1 to S6.  Called 6, reached S1 S2 S3 S4, answered S1 S2 S3.


def limits(p: float, se: float, weights: list[float], strata: int = 1) -> tuple[float, float]:
    """Wilson's limits (the roots of his quadratic) with what the answers are worth: p (1 - p) / se^2, and at most what
    their weights allow, times (t(n - 1) / t(n - strata))^2."""
    n = len(weights)
    worth = min(p * (1 - p) / se**2, sum(weights) ** 2 / sum(w * w for w in weights))
    worth *= (student.ppf(0.975, n - 1) / student.ppf(0.975, max(n - strata, 1))) ** 2
    z2 = Q**2
    low, high = sorted(np.roots([1 + z2 / worth, -2 * p - z2 / worth, p * p]).real)
    return float(low), float(high)


@pytest.fixture
def data(county_of: CountyOf) -> CountyData:
    return county_of(survey_response=records(CALLS))


def test_who_was_called_reached_and_answered(data: CountyData) -> None:
    reached, answered = (BY_NAME[f"survey_{name}"].compute(data) for name in ("contact", "response"))
    assert (reached.numerator, reached.denominator) == (4, 6)
    assert (answered.numerator, answered.denominator) == (3, 6)


def test_the_three_questions(data: CountyData) -> None:
    # Satisfied: 10 + 5 of 25 in weights.  Influence of each, w (y - 0.6) / 25: 0.16, -0.24 and 0.08.  Two of the first
    # stratum, round their mean -0.04: 2 / 1 x (0.2^2 + 0.2^2) = 0.16; the one of the second, round the mean of all (0):
    # 0.08^2 = 0.0064.
    low, high = limits(0.6, sqrt(0.1664), [10, 10, 5], strata=2)
    # Recognise the policy: all three; their weights 10 10 5 are worth 25^2 / 225 = 2.78 answers, and 0.025 ^ (1 / 2.78)
    # is the lower limit of Clopper and Pearson.  The officer: neither of two, worth 15^2 / 125 = 1.8.
    policy, officer = 0.025 ** (225 / 625), 1 - 0.025 ** (125 / 225)
    check("survey_answers", data, f"""
        question           answers  share  low        high
        satisfied          3        0.6    {low}      {high}
        recognises_policy  3        1      {policy}   1
        recognises_cadre   2        0      0          {officer}
        """)  # fmt: skip
    found = BY_NAME["approval_rate"].compute(data)
    assert (found.numerator, found.denominator, found.population) == (2, 3, 25)
    assert (found.value, found.low, found.high, found.se) == pytest.approx((0.6, low, high, sqrt(0.1664)))


def test_answers_by_stratum(data: CountyData) -> None:
    # Half of the first stratum: influences ±10 x 0.5 / 20 = ±0.25, 2 / 1 x (0.25^2 + 0.25^2) = 0.25.
    # The one answer of the monitored is yes: from 0.025 up.
    low, high = limits(0.5, sqrt(0.25), [10, 10])
    check("survey_by_stratum", data, f"""
        stratum             called  reached  responded  response  satisfied  low    high
        lifted_with_labour  2       2        2          1         0.5        {low}  {high}
        monitored           4       2        1          1/4       1          0.025  1
        """)  # fmt: skip


def test_answers_by_quarter_of_the_year(data: CountyData) -> None:
    # The fourth quarter: H5 no (10), H3 yes (5): a third.  Influences 10 x -1/3 / 15 = -2/9 and 5 x 2/3 / 15 = 2/9; H1,
    # who answered in spring, counts nothing but is of the first stratum: 2 / 1 x 2 x (1/9)^2 = 4/81; the second: 4/81.
    low, high = limits(1 / 3, sqrt(8 / 81), [10, 5], strata=2)
    check("survey_by_quarter", data, f"""
        quarter  called  reached  responded  response  satisfied  low    high
        2020Q1   1       1        1          1         1          0.025  1
        2020Q3   1       0        0          0         -          -      -
        2020Q4   4       3        2          1/2       1/3        {low}  {high}
        """)  # fmt: skip


def test_how_the_sample_was_drawn(data: CountyData) -> None:
    # Three quarters were called: the weights of a stratum over three are what it stands for in one.
    check("sampling", data, """
        stratum             stands_for  called  reached  responded  weight_sum  mean_weight
        lifted_with_labour  20/3        2       2        2          20          10
        monitored           35/3        4       2        1          35          35/4
        """)  # fmt: skip


def test_the_year_ends_with_the_quarter_of_the_data_date(data: CountyData) -> None:
    autumn = replace(data, month="2020-09", _kept={})
    # By September the first and the third quarter: H1 answered, H4 was not reached; each quarter stands for its weights.
    check("sampling", autumn, """
        stratum             stands_for  called  reached  responded  weight_sum  mean_weight
        lifted_with_labour  5           1       1        1          10          10
        monitored           10          1       0        0          20          20
        """)  # fmt: skip


def test_what_is_put_down_for_somebody_who_gave_no_interview_is_no_answer(county_of: CountyOf) -> None:
    calls = records(CALLS)
    calls.loc[calls["response_id"].isin(["S4", "S5"]), ["satisfied", "recognises_policy"]] = True
    found = BY_NAME["approval_rate"].compute(county_of(survey_response=calls))
    assert (found.numerator, found.denominator) == (2, 3)  # S1 and S3 of S1 S2 S3
    assert found.value == pytest.approx(15 / 25)


def test_where_answers_were_not_put_down_those_reached_answered(county_of: CountyOf) -> None:
    calls = records(CALLS).assign(answered=None).astype({"answered": "boolean"})
    data = county_of(survey_response=calls)
    assert computed("sampling", data)["responded"].tolist() == [2, 2]
    assert BY_NAME["survey_response"].compute(data).numerator == 4


def test_what_the_dissatisfied_name_weighted_most_named_first(county_of: CountyOf) -> None:
    said = records("""
        response_id  quarter  household_id  stratum    sampling_weight  contacted  dissatisfied_with
        S1           2020Q4   H1            monitored  10               yes        income
        S2           2020Q4   H2            monitored  10               yes        cadre
        S3           2020Q4   H3            monitored  20               yes        cadre
        S4           2020Q4   H4            monitored  90               yes        -
        S5           2019Q4   H5            monitored  90               yes        income
        """)
    # 30 of 40 in weights name the officer.  Influences of the three: 10 (0 - 0.75) / 40, 10 x 0.25 / 40, 20 x 0.25 / 40,
    # in sixteenths -3, 1, 2, and 3/2 of their squares: 3/2 x 14 / 256.
    parts = [-3 / 16, 1 / 16, 2 / 16]
    se = sqrt(3 / 2 * sum(part**2 for part in parts))
    low, high = limits(0.75, se, [10, 10, 20])
    check("survey_reasons", county_of(survey_response=said), f"""
        dissatisfied_with  answers  share  low         high
        cadre              2        0.75   {low}       {high}
        income             1        0.25   {1 - high}  {1 - low}
        """)  # fmt: skip


def test_nobody_was_called_this_year(county_of: CountyOf) -> None:
    data = county_of(survey_response=records(CALLS).iloc[[6]])
    for name in (
        "survey_by_stratum",
        "survey_by_quarter",
        "survey_by_town",
        "survey_spread",
        "survey_reasons",
        "sampling",
    ):
        assert computed(name, data).empty, name
    assert computed("survey_answers", data)["answers"].tolist() == [0, 0, 0]
    for name in ("survey_contact", "survey_response", "approval_rate"):
        assert BY_NAME[name].compute(data).ratio is None


def in_towns(county_of: CountyOf, answers: dict[str, tuple[int, int]]) -> CountyData:
    """One stratum of equal weights; by town how many of how many households are satisfied."""
    names = list(answers)
    village = pd.DataFrame(
        {"village_code": [f"37142510{k}001" for k in range(len(names))], "county_code": "371425",
         "town_code": [f"37142510{k}" for k in range(len(names))], "town_name_zh": names, "town_name_en": names}
    )  # fmt: skip
    rows = [(k, i, i < yes) for k, (yes, n) in enumerate(answers.values()) for i in range(n)]
    homes = [f"T{k}{i:03d}" for k, i, _ in rows]
    home = pd.DataFrame({"household_id": homes, "village_code": [f"37142510{k}001" for k, _, _ in rows]})
    calls = pd.DataFrame(
        {"response_id": homes, "quarter": "2020Q4", "household_id": homes, "stratum": "monitored", "sampling_weight": 1.0,
         "contacted": True, "answered": True, "satisfied": [yes for *_, yes in rows]}
    )  # fmt: skip
    return county_of(village=village, household=home, survey_response=calls)


def test_two_towns_that_differ_beyond_chance(county_of: CountyOf) -> None:
    data = in_towns(county_of, {"A": (36, 40), "B": (20, 40)})
    # A town's share p among all 80: variance 80/79 x p (1 - p) / 40.
    low_a, high_a = limits(0.9, sqrt(80 / 79 * 0.09 / 40), [1.0] * 40)
    low_b, high_b = limits(0.5, sqrt(80 / 79 * 0.25 / 40), [1.0] * 40)
    # For both together to err once in twenty each limit is 2.2414 / 1.96 times as far on the logit scale: that of A (low
    # 0.769: 1.203) reaches down to 2.197 - 1.137 = 1.060, that of B (high 0.649: 0.614) up to 0.702; the county's (0.7) is
    # 0.847, between them, and so are their ranks.
    check("survey_by_town", data, f"""
        town  called  reached  responded  response  satisfied  low      high      differs  ranks
        B|B   40      40       40         1         0.5        {low_b}  {high_b}  below    2–2
        A|A   40      40       40         1         0.9        {low_a}  {high_a}  above    1–1
        """)  # fmt: skip
    # Cochran: (0.2^2 + 0.2^2) / (0.7 x 0.3 / 40) = 15.238; on one degree of freedom 2 (1 - Phi(3.9036)) = 0.0000948.
    found = computed("survey_spread", data).iloc[0]
    assert found[["towns", "spread"]].tolist() == [2, "differ"]
    assert found["q"] == pytest.approx(0.08 / (0.21 / 40))
    assert found["chance"] == pytest.approx(9.48e-5, rel=1e-3)


def test_towns_that_differ_by_chance_share_all_ranks(county_of: CountyOf) -> None:
    data = in_towns(county_of, {"A": (30, 40), "B": (26, 40)})
    found = computed("survey_by_town", data)
    assert found["satisfied"].tolist() == [0.65, 0.75], "the least satisfied first"
    assert set(found["differs"]) == {"not_told_apart"}
    assert found["ranks"].tolist() == ["1–2", "1–2"]
    # (0.05^2 + 0.05^2) / (0.7 x 0.3 / 40) = 0.952
    spread = computed("survey_spread", data).iloc[0]
    assert (spread["q"], spread["spread"]) == (pytest.approx(0.005 / (0.21 / 40)), "noise")


def test_a_middle_town_may_have_either_rank(county_of: CountyOf) -> None:
    data = in_towns(county_of, {"A": (38, 40), "B": (30, 40), "C": (16, 40)})
    # With three towns 2.394 standard errors: logits of A 2.94 ± 1.74 (from 1.20), of B 1.10 ± 0.88 (0.22 to 1.98), of C
    # -0.41 ± 0.77 (to 0.37); the county's, 84 / 120 = 0.7, 0.847.  A and C are apart; B reaches into both.
    found = computed("survey_by_town", data).set_index("town")
    assert found["differs"].to_dict() == {"A|A": "above", "B|B": "not_told_apart", "C|C": "below"}
    assert found["ranks"].to_dict() == {"A|A": "1–2", "B|B": "1–3", "C|C": "2–3"}


def test_a_town_where_all_are_satisfied_has_an_open_end(county_of: CountyOf) -> None:
    data = in_towns(county_of, {"A": (40, 40), "B": (20, 40)})
    found = computed("survey_by_town", data).set_index("town")
    # Clopper and Pearson from 0.025 ^ (1 / 40) = 0.912 up; with two towns from 0.0125 ^ (1 / 40) = 0.896: above 0.75.
    assert found.loc["A|A", ["low", "high"]].tolist() == pytest.approx([0.025 ** (1 / 40), 1.0])
    assert found["differs"].to_dict() == {"A|A": "above", "B|B": "below"}


def test_a_town_where_nobody_is_satisfied_has_an_open_end(county_of: CountyOf) -> None:
    data = in_towns(county_of, {"A": (0, 40), "B": (20, 40)})
    found = computed("survey_by_town", data).set_index("town")
    # The mirror image: up to 1 - 0.896 = 0.104, below 0.25; half of B is above it.
    assert found.loc["A|A", ["low", "high"]].tolist() == pytest.approx([0.0, 1 - 0.025 ** (1 / 40)])
    assert found["differs"].to_dict() == {"A|A": "below", "B|B": "above"}


def test_one_town_of_ten_is_not_named_where_ten_differ_so_much_by_chance(county_of: CountyOf) -> None:
    towns = {name: (24, 40) for name in "BCDEFGHIJ"}
    data = in_towns(county_of, {"A": (36, 40)} | towns)
    # The logit of A alone, 2.197 ± 2.807 x 0.528 for ten towns, lies above the county's 0.532.  But Cochran's
    # (9 x 0.03^2 + 0.27^2) / (0.63 x 0.37 / 40) = 13.9 on nine degrees of freedom comes by chance one time in eight.
    found = computed("survey_by_town", data)
    assert set(found["differs"]) == {"not_told_apart"}
    assert set(found["ranks"]) == {"1–10"}
    spread = computed("survey_spread", data).iloc[0]
    assert spread["q"] == pytest.approx(0.081 / (0.63 * 0.37 / 40))
    assert spread["chance"] == pytest.approx(0.126, abs=5e-4)


def test_a_single_answer_adds_nothing_to_the_spread(county_of: CountyOf) -> None:
    found = computed("survey_spread", in_towns(county_of, {"A": (36, 40), "B": (20, 40), "C": (0, 1)})).iloc[0]
    assert (found["towns"], found["q"]) == (2, pytest.approx(0.08 / (0.21 / 40)))


def test_a_town_with_one_answer_is_no_pattern(county_of: CountyOf) -> None:
    data = in_towns(county_of, {"A": (36, 40), "B": (0, 1)})
    assert computed("survey_spread", data).empty
    assert set(computed("survey_by_town", data)["differs"]) == {"not_told_apart"}


def test_towns_that_surely_reach_the_limit_and_those_that_surely_miss_it() -> None:
    """From 0.9 on; up to 0.9 is not surely below; of the last town nothing is known."""
    rows = """
        town  low   high
        a     0.90  0.97
        b     0.80  0.90
        c     0.70  0.89
        d     -     -
        """
    found = told("survey_by_town", rows, approval_limit=0.9)
    assert found == Finding(words={"sure": "1", "below": "1", "n": "4"}, key="limit")
    clear = "\n".join(line for line in rows.splitlines() if line.split()[:1] not in (["b"], ["d"]))
    assert told("survey_by_town", clear, approval_limit=0.9) == Finding(
        words={"sure": "1", "below": "1", "n": "2"}, key="limit_all"
    )
    assert told("survey_by_town", rows) == Finding(), "there is no limit here"
    assert told("survey_by_town", rows.splitlines()[1] + "\nd  -  -", approval_limit=0.9) == Finding()
