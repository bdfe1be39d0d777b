"""A register small enough to reckon by hand: two counties, three households, four persons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.register import Register, RegisterWriter

CREATED = "2020-12-31T00:00:00"


@pytest.fixture
def frames() -> dict[str, pd.DataFrame]:
    """Frames by table, in no useful order: H1 and H2 live in Qihe (371425), H3 in Leling (371481)."""
    homes = ["371425101001", "371425101002", "371481001001"]
    return {
        "referral": pd.DataFrame({"referral_id": ["R1"], "alert_id": ["A1"]}),
        "alert": pd.DataFrame({"alert_id": ["A1", "A2"], "household_id": ["H3", "H1"]}),
        "dividend": pd.DataFrame({"asset_id": ["S1"], "year": [2020], "person_id": ["P4"], "amount": [250.0]}),
        "asset": pd.DataFrame({"asset_id": ["S1"], "project_id": ["J1"]}),
        "project_issue": pd.DataFrame({"issue_id": ["I1"], "project_id": ["J1"]}),
        "identity": pd.DataFrame({"person_id": ["P1", "P4"], "person_name": ["甲", "丁"]}),
        "person": pd.DataFrame({"person_id": ["P1", "P2", "P3", "P4"], "household_id": ["H1", "H1", "H2", "H3"]}),
        "income": pd.DataFrame(
            {
                "household_id": ["H3", "H1"],
                "period_end": ["2020-12"] * 2,
                "months": [12] * 2,
                "wage_income": [9.5, None],
            }
        ),
        "household": pd.DataFrame(
            {"household_id": ["H1", "H2", "H3"], "village_code": homes, "household_size": [2, 1, 1]}
        ),
        "project": pd.DataFrame({"project_id": ["J1"], "county_code": ["371425"]}),
        "assignment": pd.DataFrame(
            {"assignment_id": ["B1", "B2", "B3"], "target_id": ["371481001", "371425101001", "H3"]}
        ),
        "assistance_item": pd.DataFrame({"item_code": ["MZ01"]}),
        "place_fact": pd.DataFrame(
            {"fact_id": ["F1", "F2"], "county_code": ["371425", None], "metric": ["a", "b"], "value": [1.0, 2.0]}
        ),
    }


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Register]:
    """``build({month: frames})`` commits each month's frames in turn and opens the register."""

    def commit(months: dict[str, dict[str, pd.DataFrame]], folder: Path = tmp_path / "register") -> Register:
        for month, tables in months.items():
            with RegisterWriter(folder, place="dezhou") as writer:
                for name, frame in tables.items():
                    writer.put(name, frame, month=month if name in ("household", "person") else None)
                writer.commit(created=CREATED)
        return Register.open(folder)

    return commit
