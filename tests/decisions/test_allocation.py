"""Allocations against enumeration, printed optima and arithmetic by hand: cases C01, C02."""

from __future__ import annotations

import json
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relapse_risk.decisions import Limits, allocate_by_rule, allocate_items, bounded_loss
from relapse_risk.errors import ModelError


def options(change: np.ndarray, cost: list[float], eligible: np.ndarray | None = None) -> pd.DataFrame:
    """One row per household and item it may have; nobody entitled, every effect assumed."""
    rows = [
        (f"h{h}", f"i{i}", float(cost[i]), float(change[h][i]), False, "assumed")
        for h in range(len(change)) for i in range(len(cost)) if eligible is None or eligible[h][i]
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["household_id", "item_code", "cost", "change", "entitled", "confidence"])


@pytest.fixture(scope="module")
def fixture(shared_dir: Path) -> dict:
    file = shared_dir / "reference/impact/expected/C01_allocation_fixture.json"
    return json.loads(file.read_text(encoding="utf-8"))["expected"]


def c01(want: dict, constraints: dict) -> tuple[pd.DataFrame, Limits, dict[str, pd.Index]]:
    table = options(np.array(want["benefit"]), want["cost"], np.array(want["eligible"]))
    groups = {str(c): pd.Index([f"h{h}" for h, of in enumerate(want["county"]) if of == c]) for c in (0, 1, 2)}
    groups["disabled"] = pd.Index([f"h{h}" for h, yes in enumerate(want["disabled"]) if yes])
    limits = Limits(
        want["budget"], most_items=want["max_items"], exclusive=(("i0", "i1"),),
        places={f"i{i}": n for i, n in enumerate(constraints.get("stock", []))},
        share={name: tuple(ends) for name, ends in constraints.get("share", {}).items()},
        covered={"disabled": constraints["min_dis"]} if "min_dis" in constraints else {},
    )  # fmt: skip
    return table, limits, groups


@pytest.mark.shared
@pytest.mark.parametrize("variant", ["free", "stock", "county_share", "county_share_and_disabled", "all"])
def test_the_fixture_by_brute_force(fixture: dict, variant: str) -> None:
    want = fixture["variants"][variant]
    found = allocate_items(*c01(fixture, want["constraints"]))
    brute = want["brute"]
    assert (found.value, found.spent, found.gap) == (pytest.approx(brute["value"], abs=1e-6), brute["cost"], 0)
    chosen = found.frame[found.frame["given"]].groupby("household_id")["item_code"].agg(list)
    assert [sorted(int(i[1:]) for i in chosen.get(f"h{h}", [])) for h in range(7)] == brute["solution"]
    prices = found.prices.set_index("limit")["price"]
    assert prices["relaxed value"] == pytest.approx(want["lp_bound"], abs=1e-6)
    assert prices["budget"] == pytest.approx(want["lp_budget_price"], abs=1e-6)


@pytest.mark.shared
def test_shares_that_cannot_hold_are_named(fixture: dict) -> None:
    with pytest.raises(ModelError, match=r"0 50%, 1 40%, 2 20%: 110%"):
        allocate_items(*c01(fixture, fixture["variants"]["infeasible"]["constraints"]))


def test_every_small_case_is_the_best_of_all() -> None:
    """30 random cases of 4 households and 2 items: all 256 choices looked at."""
    rng = np.random.default_rng(19)
    for _ in range(30):
        change, cost = rng.integers(1, 30, (4, 2)).astype(float), rng.integers(3, 9, 2).astype(float).tolist()
        budget, places = float(rng.integers(5, 30)), int(rng.integers(0, 4))
        best = 0.0
        for bits in product((0, 1), repeat=8):
            x = np.array(bits).reshape(4, 2)
            if x.sum(axis=0) @ cost <= budget and x[:, 0].sum() <= places and (x.sum(axis=1) <= 1).all():
                best = max(best, float((x * change).sum()))
        table, limits = options(change, cost), Limits(budget, places={"i0": places}, exclusive=(("i0", "i1"),))
        found = allocate_items(table, limits, prices=False)
        assert found.value == best
        assert found.spent <= budget
        order = pd.Series({f"h{h}": float(change[h].max()) for h in range(4)})
        for rule in ("rank", "first_come"):
            beside = allocate_by_rule(table, limits, rule, order)
            assert beside.value <= best
            assert beside.spent <= budget


@pytest.mark.shared
@pytest.mark.parametrize("problem", range(5))
def test_printed_optima_of_knapsacks(shared_dir: Path, problem: int) -> None:
    """Beasley's problems 1 to 5: ten things are scarce, each option takes of each."""
    folder = shared_dir / "reference/impact"
    want = json.loads((folder / "expected/C02_multidimensional_knapsack.json").read_text(encoding="utf-8"))["expected"][
        problem
    ]
    data = json.loads((folder / "data/mknap1_1_5.json").read_text(encoding="utf-8"))
    one = data[problem]
    value, weights, capacity = (np.array(one[name], dtype=float) for name in ("value", "weight", "capacity"))
    table = options(value[:, None], [0.0]).assign(**{f"r{k}": row for k, row in enumerate(weights)})
    found = allocate_items(table, Limits(1.0, resources={f"r{k}": much for k, much in enumerate(capacity)}))
    assert found.value == pytest.approx(want["optimum"], abs=1e-6)
    assert found.prices.set_index("limit").at["relaxed value", "price"] == pytest.approx(want["lp_bound"], abs=1e-6)


OWED = pd.DataFrame({
    "household_id": ["a", "a", "b", "c", "d"], "item_code": ["dibao", "grant", "grant", "grant", "grant"],
    "cost": [6.0, 4.0, 4.0, 4.0, 4.0], "change": [np.nan, 9.0, 5.0, np.nan, 3.0],
    "entitled": [True, False, False, False, False], "confidence": [None, "assumed", "estimated", None, "assumed"],
})  # fmt: skip


def test_entitlements_come_first_and_are_never_traded_away() -> None:
    """Budget 10: dibao (6) is owed, 4 are left for one grant; a's is the largest but excluded by dibao, so b's."""
    found = allocate_items(OWED, Limits(10.0, exclusive=(("dibao", "grant"),)))
    assert found.frame["why"].tolist() == ["entitled", "excluded", "chosen", "unknown", "not_chosen"]
    assert (found.value, found.spent, found.short_by) == (5.0, 10.0, 0.0)
    poor = allocate_items(OWED, Limits(4.0))
    assert poor.frame["given"].tolist() == [True, False, False, False, False]
    assert (poor.short_by, poor.value) == (2.0, 0.0)


def test_every_option_has_its_reason_in_words() -> None:
    found = allocate_items(OWED, Limits(10.0, exclusive=(("dibao", "grant"),)))
    assert (
        found.reasons("en", "yuan").tolist()[2]
        == "Chosen for its expected change of 5.00 at 4 yuan (effect estimated)."
    )
    assert found.reasons("zh", "元").tolist()[0] == "依法应享，先行安排（6元）。"
    assert found.reasons("en", "yuan").nunique() == 5


def test_an_unknown_effect_is_not_zero_and_not_chosen() -> None:
    found = allocate_items(OWED, Limits(100.0))
    assert found.frame.loc[found.frame["household_id"] == "c", "why"].tolist() == ["unknown"]
    assert found.value == 9 + 5 + 3


def test_the_price_of_a_bound_on_loss() -> None:
    """By hand: places for two; free: a and b (9 + 8); today c is helped; c's group may lose nothing: 9 + 2, price 6."""
    table = options(np.array([[9.0], [8.0], [2.0]]), [5.0])
    limits = Limits(10.0)
    groups = {"west": pd.Index(["h2"]), "east": pd.Index(["h0", "h1"])}
    today = allocate_by_rule(table, limits, "first_come", pd.Series({"h2": 1, "h1": 2, "h0": 3}))
    assert today.value == 10
    fair = allocate_items(table, bounded_loss(limits, today, groups, 0.0), groups)
    assert allocate_items(table, limits).value - fair.value == 6
    assert allocate_items(table, bounded_loss(limits, today, groups, 1.0), groups).value == 17


def test_headcount_splits_the_budget_by_households() -> None:
    """Two households west, four east, budget 12: 4 for west, 8 for east; 4 each: one west, two east, the neediest."""
    table = options(np.array([[1.0]] * 6), [4.0])
    need = pd.Series({f"h{h}": float(h) for h in range(6)})
    groups = {"west": pd.Index(["h0", "h1"]), "east": pd.Index(["h2", "h3", "h4", "h5"])}
    found = allocate_by_rule(table, Limits(12.0), "headcount", need, groups)
    assert found.frame.loc[found.frame["given"], "household_id"].tolist() == ["h1", "h4", "h5"]


def test_of_equals_the_earlier_row_is_taken() -> None:
    for pair in combinations(range(4), 2):
        change = np.ones((4, 1))
        change[list(pair)] = 2
        found = allocate_items(options(change, [1.0]), Limits(3.0))
        left = [h for h in range(4) if h not in pair]
        assert set(found.frame.loc[found.frame["given"], "household_id"]) == {f"h{h}" for h in (*pair, left[0])}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cost": -1.0}, "cost of an option"), ({"confidence": None}, "without a confidence"), ({"confidence": "sure"}, "confidence of a change"),
        ({"household_id": "h"}, "given twice"), ({"entitled": None}, "entitled is not known"),
    ],
)  # fmt: skip
def test_wrong_options_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        allocate_items(options(np.ones((2, 1)), [1.0]).assign(**change), Limits(1.0))


def test_limits_of_nobody_are_refused() -> None:
    with pytest.raises(ModelError, match=r"groups nobody described; got \['west'\]"):
        allocate_items(options(np.ones((2, 1)), [1.0]), Limits(1.0, covered={"west": 1}))
    with pytest.raises(ModelError, match="cannot hold together"):
        allocate_items(
            options(np.ones((2, 1)), [1.0]), Limits(1.0, covered={"west": 2}), {"west": pd.Index(["h0", "h1"])}
        )
