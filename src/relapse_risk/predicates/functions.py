"""Conditions a clause cannot express: quantities computed from several columns, and predicates that need code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from relapse_risk.predicates.setting import Setting

__all__ = ["FUNCTIONS", "QUANTITIES", "Function", "Quantity", "income_before_relief"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number per row, and the columns it is computed from; unknown without the first."""

    needs: tuple[str, ...]
    values: Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True, slots=True)
class Function:
    """A nullable boolean per row, the columns it reads and the dated parameters it uses."""

    needs: tuple[str, ...]
    answer: Callable[[pd.DataFrame, Setting], pd.Series]
    limits: tuple[str, ...] = ()


def _number(frame: pd.DataFrame, name: str) -> pd.Series:
    values = frame[name] if name in frame.columns else pd.Series(pd.NA, index=frame.index, dtype="object")
    return pd.to_numeric(values).astype("Float64")


def income_before_relief(frame: pd.DataFrame) -> pd.Series:
    """Yearly income per head without dibao and destitute support, which the law does not count as income.

    (net income - dibao - destitute support) / persons; income_pc_year where the parts were never collected.
    Source: measures for identifying dibao households (Ministry of Civil Affairs), from memory.

    Examples
    --------
    >>> income_before_relief(pd.DataFrame({"income_pc_year": [6000.0], "dibao_received": [2400.0], "size": [2]})).tolist()
    [4800.0]
    """
    income, persons = _number(frame, "income_pc_year"), _number(frame, "size")
    relief = _number(frame, "dibao_received").fillna(0) + _number(frame, "tekun_received").fillna(0)
    return income - (relief / persons).fillna(0)


QUANTITIES: Mapping[str, Quantity] = MappingProxyType(
    {
        "income_before_relief": Quantity(
            ("income_pc_year", "size", "dibao_received", "tekun_received"), income_before_relief
        )
    }
)
FUNCTIONS: Mapping[str, Function] = MappingProxyType({})
