"""The true state at a year's end and one simulated year: what the income process passes from step to step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relapse_risk.demo.life import Lives
from relapse_risk.demo.relief import Means, Relief
from relapse_risk.demo.typed_columns import Bools, Floats, Ints
from relapse_risk.demo.work_year import Jobs, Market, Shocks

__all__ = ["State", "Year"]


@dataclass(frozen=True, slots=True)
class State:
    """The true state at a year's end: everything next year depends on."""

    lives: Lives
    jobs: Jobs
    capacity: Ints
    support_z: Floats
    means: Means
    inside: Bools


@dataclass(frozen=True, slots=True)
class Year:
    """One simulated year.

    Attributes
    ----------
    fixed : float array (n_household,)
        Income that does not move with the common factor: relief, pensions, dividends, rent, posts.
    level : float
        Factor that brings mean income per head to the year's target.
    shock : float array (n_household,)
        Transitory log factor on market income.
    inside, was_inside : bool array (n_household,)
        In the register at the end and at the start of the year.
    """

    year: int
    lives: Lives
    jobs: Jobs
    capacity: Ints
    stage: Ints
    age: Ints
    market: Market
    relief: Relief
    shocks: Shocks
    size: Floats
    labour: Floats
    fixed: Floats
    level: float
    shock: Floats
    inside: Bools
    was_inside: Bools

    @property
    def factor(self) -> Floats:
        return np.asarray(self.level * np.exp(self.shock))

    @property
    def net_income(self) -> Floats:
        """Net income of the household in the year, CNY."""
        return np.asarray(self.fixed + self.factor * self.market.variable)

    @property
    def per_head(self) -> Floats:
        return np.asarray(self.net_income / np.maximum(self.size, 1.0))
