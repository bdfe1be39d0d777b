"""Key villages against the fifteen exit standards, by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.built_county_fixtures import CountyOf, check, computed, records

from relapse_risk.assessment import INDICATORS
from relapse_risk.schema import code_list

BY_NAME = {item.name: item for item in INDICATORS}
STANDARDS = code_list("wu_tong_shi_you").words
ALL = "1" * 15


@pytest.fixture
def villages() -> pd.DataFrame:
    """Two towns: four key villages whose standards are known, one whose are not, and two that are no key villages."""
    return pd.DataFrame(
        {
            "village_code": ["371425101001", "371425101002", "371425101003", "371425102001", "371425102002",
                             "371425102003", "371425102004", "371481001001"],
            "county_code": ["371425"] * 7 + ["371481"], "town_code": ["371425101"] * 3 + ["371425102"] * 4 + ["371481001"],
            "town_name_zh": ["甲镇"] * 3 + ["丙镇"] * 4 + ["乙镇"], "town_name_en": ["Jia"] * 3 + ["Bing"] * 4 + ["Yi"],
            "village_name_zh": ["东村", None, None, "西村", None, None, None, None],
            "is_key_village": [True, True, True, True, True, False, None, True],
            "exit_flags": [ALL, "0" + "1" * 14, ALL[:-1], ALL[:13], None, "0" * 15, ALL, "0" * 15],
        }
    )  # fmt: skip


# Jia has three: 001 meets all, 002 lacks a road (t1), 003's text is one short, so that employment support (y10) is not
# met.  Bing has one, two short: environment (y9) and employment support.  Of 102002 nothing is known.


def test_villages_by_standard(county_of: CountyOf, villages: pd.DataFrame) -> None:
    found = computed("village_flags", county_of(village=villages)).set_index("standard")
    assert found.index.tolist() == list(STANDARDS)
    assert set(found["villages"]) == {4}
    met = dict.fromkeys(STANDARDS, 4) | {"t1": 3, "y9": 3, "y10": 2}
    assert found["met"].to_dict() == met
    assert found["share"].to_dict() == {name: count / 4 for name, count in met.items()}


def test_villages_that_meet_all_by_town_the_least_first(county_of: CountyOf, villages: pd.DataFrame) -> None:
    data = county_of(village=villages)
    check("village_pass_by_town", data, """
        town       villages  met  share
        丙镇|Bing  1         0    0
        甲镇|Jia   3         1    1/3
        """)  # fmt: skip
    found = BY_NAME["villages_pass"].compute(data)
    assert (found.numerator, found.denominator) == (1, 4)


def test_standards_by_town(county_of: CountyOf, villages: pd.DataFrame) -> None:
    found = computed("village_heat", county_of(village=villages)).set_index("town")
    assert found["villages"].to_dict() == {"甲镇|Jia": 3, "丙镇|Bing": 1}
    whole = dict.fromkeys(STANDARDS, 1.0)
    assert found.loc["甲镇|Jia", list(STANDARDS)].to_dict() == whole | {"t1": 2 / 3, "y10": 2 / 3}
    assert found.loc["丙镇|Bing", list(STANDARDS)].to_dict() == whole | {"y9": 0.0, "y10": 0.0}
    assert found.loc["甲镇|Jia", ["t1_n", "t2_n", "y10_n"]].tolist() == [2, 3, 2]


def test_what_each_village_fails(county_of: CountyOf, villages: pd.DataFrame) -> None:
    check("villages_failing", county_of(village=villages), """
        town       village                    failed_standards
        甲镇|Jia   371425101002|371425101002  通路|Road
        甲镇|Jia   371425101003|371425101003  有就业保障措施|Employment support
        丙镇|Bing  西村|371425102001          有良好生态环境、有就业保障措施|Good environment, Employment support
        """)  # fmt: skip


def test_a_county_without_key_villages(county_of: CountyOf, villages: pd.DataFrame) -> None:
    data = county_of(village=villages[villages["is_key_village"].eq(False)])
    for name in ("village_flags", "village_pass_by_town", "village_heat", "villages_failing"):
        assert computed(name, data).empty, name
    assert BY_NAME["villages_pass"].compute(data).ratio is None


def test_services_of_those_that_answered(county_of: CountyOf) -> None:
    villages = records("""
        village_code  county_code  town_code  has_standard_clinic  has_qualified_doctor  passenger_bus  collective_income
        371425101001  371425       371425101  yes                  yes                   -              10000.5
        371425101002  371425       371425101  no                   -                     -              0
        371425101003  371425       371425101  yes                  no                    -              -
        371481001001  371481       371481001  no                   no                    yes            99999
        """)
    data = county_of(village=villages)
    # Nobody here was asked for the bus: it is left out, not "no".
    check("village_services", data, """
        service               villages  met  share
        has_standard_clinic   3         2    2/3
        has_qualified_doctor  2         1    1/2
        """)  # fmt: skip
    found = BY_NAME["collective_income"].compute(data)
    assert (found.numerator, found.denominator) == (10000.5, 2)


def test_no_service_was_asked_for(county_of: CountyOf) -> None:
    assert computed("village_services", county_of()).empty
