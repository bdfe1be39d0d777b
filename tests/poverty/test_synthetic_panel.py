"""Synthetic panels: the truth of a simulated panel lies between the bounds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.poverty import synthetic_panel


def simulated(rho: float, n: int = 4000) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    g = np.random.default_rng(7)
    x = pd.DataFrame({"born": g.normal(size=n), "school": g.normal(size=n)})
    errors = g.multivariate_normal([0, 0], [[1, rho], [rho, 1]], size=n)
    base = 0.6 * x["born"].to_numpy() + 0.8 * x["school"].to_numpy()
    return base + errors[:, 0], 0.1 + base + errors[:, 1], x


@pytest.mark.parametrize("rho", [0.3, 0.6])
def test_truth_lies_between_the_bounds(rho: float) -> None:
    y1, y2, x = simulated(rho)
    half = np.arange(len(y1)) % 2 == 0
    result = synthetic_panel(
        y1[half], x[half], y2[~half], x[~half], (-0.5, -0.5), np.random.default_rng(1), correlations=(rho,)
    )
    cells = result.frame.set_index("cell")
    poor1, poor2 = y1[~half] < -0.5, y2[~half] < -0.5
    for cell, truth in (("poor_out", (poor1 & ~poor2).mean()), ("out_poor", (~poor1 & poor2).mean())):
        low, high = sorted(cells.loc[cell, ["least_mobility", "most_mobility"]])
        assert low - 0.01 <= truth <= high + 0.01
        # Parametric, at the true correlation: sampling error of 2,000 households stays below 0.02.
        assert cells.loc[cell, f"rho_{rho:g}"] == pytest.approx(truth, abs=0.02)
    np.testing.assert_allclose(cells.sum(), 1)


def test_bad_input_is_named() -> None:
    y1, y2, x = simulated(0.5, 50)
    generator = np.random.default_rng(1)
    with pytest.raises(ModelError, match="different variables"):
        synthetic_panel(y1, x, y2, x.rename(columns={"born": "b"}), (0, 0), generator)
    duplicate = x.assign(duplicate=x["born"])
    with pytest.raises(ModelError, match="collinear"):
        synthetic_panel(y1, duplicate, y2, duplicate, (0, 0), generator)
    with pytest.raises(ModelError, match=r"not a correlation; got 1\.2"):
        synthetic_panel(y1, x, y2, x, (0, 0), generator, correlations=(1.2,), repeats=1)
