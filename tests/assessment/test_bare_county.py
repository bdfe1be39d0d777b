"""A county of which next to nothing is known beside one of which all is: no table fails, and none counts what is not there."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.county_fixtures import MONTH, OTHER, household, person, tables

from relapse_risk.assessment import INDICATORS, TABLES, CountyData
from relapse_risk.assessment.facts import county_data
from relapse_risk.assessment.indicators import indicator_rows
from relapse_risk.parameters import Parameters, Place
from relapse_risk.register import Register, RegisterWriter

SCORED = {"scores.risk", "scores.hardship"}


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """The hand-made county and, as its neighbour, one household without a member, an answer or a record."""
    folder = tmp_path_factory.mktemp("bare") / "register"
    bare = pd.DataFrame({"household_id": ["K1"], "village_code": ["371481001001"]})
    home = household()
    members = person()
    with RegisterWriter(folder, place="dezhou") as writer:
        for month in ("2019-12", MONTH):
            kept = pd.concat([home[home["household_id"] != "K1"], bare], ignore_index=True)
            writer.put("household", kept.astype({"household_size": "Int64"}), month=month)
            writer.put("person", members[members["household_id"] != "K1"], month=month)
        for name, frame in tables().items():
            writer.put(name, frame[frame["household_id"] != "K1"] if name == "income" else frame)
        writer.commit(created="2020-12-31T00:00:00")
    return Register.open(folder)


@pytest.fixture(scope="module")
def bare(register: Register, parameters: Parameters, dezhou: Place) -> CountyData:
    data = county_data(register, OTHER, MONTH, "2019-12", parameters, dezhou, None)
    unscored = [item for item in INDICATORS if not SCORED & set(item.needs)]
    data.once("indicator", lambda: indicator_rows(data, unscored, {}))  # what the tables of issues are made of
    return data


@pytest.mark.parametrize("name", [spec.name for spec in TABLES if not SCORED & set(spec.needs)])
def test_no_table_fails_where_nothing_is_known(bare: CountyData, name: str) -> None:
    next(spec for spec in TABLES if spec.name == name).compute(bare)


@pytest.mark.parametrize("name", [item.name for item in INDICATORS if not SCORED & set(item.needs)])
def test_no_indicator_fails_where_nothing_is_known(bare: CountyData, name: str) -> None:
    found = next(item for item in INDICATORS if item.name == name).compute(bare)
    assert found.ratio is None or found.numerator >= 0
