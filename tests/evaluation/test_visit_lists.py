"""Visit lists by hand: the limit that keeps the promise, counties given as numbers, rows in another order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.evaluation import visit_lists


def test_the_limit_is_the_largest_that_keeps_the_promise() -> None:
    """16 falls: with the k-th smallest score as limit a new one is below it with chance k / 17: 1 / 17 keeps 90 %, 2 / 17
    does not."""
    event = pd.Series([1.0, 1, 1, 1, 0] * 4, index=list(range(10)) * 2)  # two years stacked: labels repeat
    score = pd.Series(np.arange(20) / 20, index=list(range(10)) * 2)
    found = visit_lists(event, score, pd.Series(["k"] * 20)).frame
    assert found["limit"].tolist() == [0.0, 0.0]
    assert visit_lists(event, score, pd.Series(["k"] * 20), coverage=0.88).frame["limit"].tolist() == [
        0.05,
        0.05,
    ]  # 2 / 17


@pytest.mark.parametrize("kind", ["int64", "Int64", "float64", "category", "string[pyarrow]"])
def test_counties_of_any_type_hold_their_promise(kind: str) -> None:
    rng = np.random.default_rng(0)
    code = pd.Series(rng.integers(1, 4, 3000))
    score = pd.Series(rng.uniform(0, 1, 3000)) - 0.3 * code
    event = pd.Series((rng.random(3000) < 0.5) * 1.0)
    county = code.astype(str).astype(kind) if kind in ("category", "string[pyarrow]") else code.astype(kind)
    held = visit_lists(event, score, county).evaluated(event, score, county)
    assert (held["held"] >= 0.9).all()
    assert held["county_code"].tolist()[-1] == "all"


def test_rows_in_another_order_are_aligned_or_refused() -> None:
    event, score = pd.Series([1.0] * 12), pd.Series(np.arange(12) / 12)
    county = pd.Series(["a"] * 6 + ["b"] * 6)
    lists = visit_lists(event, score, county, coverage=0.5)
    order = np.random.default_rng(1).permutation(12)
    assert lists.listed(score, county.iloc[order]).tolist() == lists.listed(score, county).tolist()
    assert lists.evaluated(event, score.iloc[order], county).equals(lists.evaluated(event, score, county))
    with pytest.raises(ModelError, match="labelled differently"):
        lists.listed(score, county.set_axis(range(100, 112)))
