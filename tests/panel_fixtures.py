"""A small panel with a known income process, so that the true risk of every row is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

LINE, SIGMA, RHO = 4000.0, 0.45, 0.8


def simulated(n: int = 4000, waves: int = 5, seed: int = 7) -> pd.DataFrame:
    """ln income = mean of the household + AR(1) deviation; half the households have somebody ill, which lowers it."""
    rng = np.random.default_rng(seed)
    ill = rng.integers(0, 2, n)
    mean = np.log(LINE) + 0.75 - 0.35 * ill
    gap = rng.normal(0, SIGMA / np.sqrt(1 - RHO**2), n)
    frames = []
    for wave in range(waves):
        gap = RHO * gap + rng.normal(0, SIGMA, n) if wave else gap
        next_mean = mean + RHO * gap
        frames.append(
            pd.DataFrame(
                {
                    "household_id": [f"h{i:05d}" for i in range(n)],
                    "month": f"{2015 + wave}-12",
                    "income_period": f"{2015 + wave}-12",
                    "county_code": [f"37140{i % 7}" for i in range(n)],
                    "village_code": [f"37140{i % 7}{i % 91:06d}" for i in range(n)],
                    "income_pc_year": np.exp(mean + gap),
                    "poverty_line": LINE,
                    "exit_year": pd.array([None] * n, dtype="Int64"),
                    "size": 2,
                    "n_serious": ill,
                    "weight": 1.0,
                    "income_change": np.nan,
                    "rigid_burden": np.nan,
                    "uncompensated_loss_12m": np.nan,
                    "house_safe": pd.array([None] * n, dtype="boolean"),
                    "zero_employment": pd.array([None] * n, dtype="boolean"),
                    "true_risk": norm.cdf((np.log(LINE) - next_mean) / SIGMA),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="session")
def panel() -> pd.DataFrame:
    return simulated()
