"""The ``place_fact`` table: published and documented figures that no row can show, and the shares that are assumed."""

from __future__ import annotations

import pandas as pd

from relapse_risk.demo.published_targets import Calibration

__all__ = ["FROM_ROWS", "place_fact_table"]

# Figures that a query over the register reproduces; every other figure is held in place_fact.
FROM_ROWS = frozenset(
    [
        "F01",
        "F02",
        "F03",
        "F04",
        "F05",
        "F06",
        "F10",
        "F11",
        "F12",
        "F13",
        "F14",
        "F15",
        "F16",
        "F17",
        "F21",
        "F22",
        "F23",
        "F24",
        "F25",
        "F26",
        "F27",
        "F28",
        "F30",
        "F31",
        "F32",
        "F33",
        "F39",
        "F40",
        "F41",
        "F42",
        "F43",
        "F44",
    ]
)
YEARS = {"F": "2020-06", "C": "2020"}
_MARK = {"published": "documented", "derived": "documented", "documented": "documented"}


def place_fact_table(calibration: Calibration) -> pd.DataFrame:
    """One row per figure with its source and mark; published and derived figures count as documented."""
    rows = [(key, figure) for key, figure in calibration.figures.items() if key not in FROM_ROWS]
    return pd.DataFrame(
        {
            "fact_id": [key for key, _ in rows],
            "county_code": pd.Series([f.county for _, f in rows], dtype="str"),
            "metric": [f.metric for _, f in rows],
            "value": [f.value for _, f in rows],
            "unit": [f.unit for _, f in rows],
            "as_of": [_as_of(key, f.metric) for key, f in rows],
            "source": [f.source for _, f in rows],
            "confidence": [_MARK.get(f.confidence, f.confidence) for _, f in rows],
        }
    )


def _as_of(key: str, metric: str) -> str:
    if "2022" in metric:
        return "2022"
    if "2016" in metric:
        return "2016"
    if "2015" in metric:
        return "2015"
    return YEARS[key[0]]
