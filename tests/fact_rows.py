"""Rows of a register for tests of facts by hand: households and persons all alike but for what the test is about."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment import INDICATORS, CountyData

TWO_TOWNS = """
    village_code   town_code   county_code   town_name_zh   town_name_en
    371425101001   371425101   371425        甲镇            Jia
    371425102001   371425102   371425        乙镇            Yi
"""
INDICATOR = {item.name: item for item in INDICATORS}


def fraction(name: str, data: CountyData) -> tuple[float, float]:
    """Numerator and denominator of an indicator."""
    found = INDICATOR[name].compute(data)
    return found.numerator, found.denominator


def homes(n: int, **columns: object) -> pd.DataFrame:
    """``n`` households H1, H2, … of one person each, all in one village, with the ``columns`` given."""
    names = [f"H{k}" for k in range(1, n + 1)]
    return pd.DataFrame({"household_id": names, "village_code": "371425101001", "household_size": 1} | columns)


def persons(births: str, household: str | list[str] = "H1", **columns: object) -> pd.DataFrame:
    """Persons P1, P2, … born on the days given (words apart), in one household unless told otherwise."""
    days = births.split()
    names = [f"P{k}" for k in range(1, len(days) + 1)]
    return pd.DataFrame({"person_id": names, "household_id": household, "birth_date": days} | columns)
