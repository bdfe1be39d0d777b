"""Households and designs shared by the tests of the hardship index."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from relapse_risk.hardship import IndexDesign, read_index
from relapse_risk.parameters import Parameters, Place, read_parameters, read_place


def some_households(n: int, seed: int = 1) -> pd.DataFrame:
    """``n`` households with plausible, seeded answers."""
    g = np.random.default_rng(seed)
    size = g.integers(1, 6, n)
    labour = np.minimum(size, g.integers(0, 4, n))
    return pd.DataFrame(
        {
            "household_id": [f"h{i:06d}" for i in range(n)],
            "county_code": g.choice(["371402", "371403", "371422"], n),
            "town_code": g.choice(["371402100", "371403100", "371422100"], n),
            "income_pc_year": g.lognormal(8.9, 0.4, n),
            "rigid_burden": g.gamma(2, 0.1, n),
            "n_serious": g.binomial(size, 0.1),
            "n_chronic": g.binomial(size, 0.3),
            "size": size,
            "n_disabled_severe": g.binomial(size, 0.08),
            "labour_count": labour,
            "all_no_labour": pd.array(labour == 0, dtype="boolean"),
            "zero_employment": pd.array((labour > 0) & (g.random(n) < 0.1), dtype="boolean"),
            "work_months": g.integers(0, 12, n) * labour,
            "house_safe": pd.array(g.random(n) < 0.99, dtype="boolean"),
            "water_safe": pd.array(g.random(n) < 0.99, dtype="boolean"),
            "n_pupils": g.binomial(size, 0.15),
            "n_dropped_out": g.binomial(size, 0.001),
            "uncompensated_loss_12m": g.exponential(300, n),
            "aid_received_12m": g.exponential(1500, n),
        }
    )


@pytest.fixture(scope="session")
def city() -> pd.DataFrame:
    """Six hundred households of three counties."""
    return some_households(600)


@pytest.fixture(scope="session")
def design() -> IndexDesign:
    return read_index("dz_hardship")


@pytest.fixture(scope="session")
def parameters() -> Parameters:
    return read_parameters()


@pytest.fixture(scope="session")
def place() -> Place:
    return read_place("dezhou")
