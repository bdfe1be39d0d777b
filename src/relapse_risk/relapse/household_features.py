"""Building blocks of features: small functions of a household frame, null where unknown."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

__all__ = [
    "BREAK", "Compute", "beyond_break", "capped", "code_is", "flag", "income_change",
    "income_over_line", "log_capped", "loss_over_line", "number", "per_member", "poor_last_time", "secure_over_line",
    "single_wage", "transfers_where", "up_to_break", "wage_gone", "work_months_per_head",
]  # fmt: skip

Compute = Callable[[pd.DataFrame], pd.Series]
BREAK = float(np.log(1.5))
HOLD = 2.0


def number(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column as float64."""
    return pd.to_numeric(frame[name]).astype("float64")


def _log_ratio(amount: pd.Series, line: pd.Series) -> pd.Series:
    """ln(amount / line), held to within e^-2 … e^2 so that one odd income cannot decide."""
    return np.log((amount / line).clip(lower=np.exp(-HOLD), upper=np.exp(HOLD)))


def income_over_line(frame: pd.DataFrame) -> pd.Series:
    """ln(income per head / line)."""
    return _log_ratio(number(frame, "income_pc_year"), number(frame, "poverty_line"))


def up_to_break(frame: pd.DataFrame) -> pd.Series:
    """:func:`income_over_line` up to one and a half times the line; with :func:`beyond_break` the slope changes there."""
    return income_over_line(frame).clip(upper=BREAK)


def beyond_break(frame: pd.DataFrame) -> pd.Series:
    """The part of :func:`income_over_line` beyond one and a half times the line."""
    return (income_over_line(frame) - BREAK).clip(lower=0)


def wage_gone(frame: pd.DataFrame) -> pd.Series:
    """Fall of ln(income / line) without this year's wages, where nobody is in work any more; else 0."""
    wage = number(frame, "wage_income").fillna(0).where(number(frame, "employed_count") == 0, 0.0)
    still = (number(frame, "net_income") - wage) / number(frame, "scale")
    line = number(frame, "poverty_line")
    fall = _log_ratio(number(frame, "net_income") / number(frame, "scale"), line) - _log_ratio(still, line)
    return fall.where(frame["employed_count"].notna())


def secure_over_line(frame: pd.DataFrame) -> pd.Series:
    """Dibao, tekun, pensions and dividends per head over the line, at most 1.5."""
    return (number(frame, "secure_income") / number(frame, "scale") / number(frame, "poverty_line")).clip(0, 1.5)


def income_change(frame: pd.DataFrame) -> pd.Series:
    """ln(income / income a year before), held to a factor of four."""
    return np.log(number(frame, "income_change").clip(0.25, 4.0))


def per_member(column: str) -> Compute:
    """``column`` over the household's size."""
    return lambda frame: number(frame, column) / number(frame, "size").where(number(frame, "size") > 0)


def capped(column: str, top: float, bottom: float = 0.0) -> Compute:
    """``column`` held between ``bottom`` and ``top``."""
    return lambda frame: number(frame, column).clip(bottom, top)


def log_capped(column: str, top: float) -> Compute:
    """ln of ``column`` held between 1 and ``top``."""
    return lambda frame: np.log(number(frame, column).clip(1, top))


def flag(column: str, negated: bool = False) -> Compute:
    """A yes or no as 1 or 0."""

    def compute(frame: pd.DataFrame) -> pd.Series:
        values = frame[column].astype("boolean").astype("Float64").astype("float64")
        return 1 - values if negated else values

    return compute


def code_is(column: str, *words: str) -> Compute:
    """1 where a code is one of ``words``, 0 where it is another."""
    return lambda frame: frame[column].isin(words).astype("float64").where(frame[column].notna())


def work_months_per_head(frame: pd.DataFrame) -> pd.Series:
    """Months worked in the year by all members together over the household's size."""
    return per_member("work_months")(frame).clip(0, 12)


def single_wage(frame: pd.DataFrame) -> pd.Series:
    """Share of wages in income where exactly one member is in work, else 0."""
    return number(frame, "wage_share").where(number(frame, "employed_count") == 1, 0.0).where(
        frame["employed_count"].notna() & frame["wage_share"].notna()
    )  # fmt: skip


def transfers_where(able: bool) -> Compute:
    """Share of transfers in income where somebody (``able``), or nobody, could work; 0 for the other households."""

    def compute(frame: pd.DataFrame) -> pd.Series:
        share = number(frame, "transfer_share")
        counted = (number(frame, "labour_count") > 0) == able
        return share.where(counted, 0.0).where(frame["labour_count"].notna() & share.notna())

    return compute


def loss_over_line(frame: pd.DataFrame) -> pd.Series:
    """Uncompensated loss of twelve months per head over the line, at most 2."""
    loss = number(frame, "uncompensated_loss_12m") / number(frame, "size").where(number(frame, "size") > 0)
    return (loss / number(frame, "poverty_line")).clip(0, 2)


def poor_last_time(frame: pd.DataFrame) -> pd.Series:
    """1 where the household was poor at the observation before."""
    return (frame["since_exit"] == 1).fillna(False).astype("float64")
