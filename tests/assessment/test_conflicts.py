"""What other offices' data says of registered households, by hand: each kind, at its limit and not collected."""

from __future__ import annotations

import pytest
from tests.built_county_fixtures import CountyOf, check, computed
from tests.fact_rows import homes

from relapse_risk.assessment import CountyData
from relapse_risk.assessment.sections.conflicts import in_conflict

# Financial assets up to 10,600 a person are allowed: H1 and H3 (two persons) have just that, H2 one yuan more.
HOUSEHOLDS = """
    household_id   village_code   household_size   household_class   relief_status   vehicle_count   second_dwelling   business_registration   public_payroll_member   financial_assets
    H1             371425101001   1                lifted_policy     dibao           0               no                no                      no                      10600
    H2             371425102001   1                lifted_policy     tekun           1               -                 no                      -                       10601
    H3             371425101001   2                edge              none            2               yes               -                       no                      21200
    H4             371425101001   1                -                 dibao_edge      -               no                yes                     no                      -
    H5             371425101001   1                edge              -               0               no                no                      yes                     -
"""


@pytest.fixture
def five(county_of: CountyOf) -> CountyData:
    return county_of(household=HOUSEHOLDS)


def test_cross_check(county: CountyData, five: CountyData) -> None:
    # H1 has a vehicle; nothing else was cross-checked.
    check("cross_check", county, """
        conflict   checked   households   on_relief   several
        vehicle    5         1            0           0
    """)  # fmt: skip
    # Two conflicts: H2 (vehicle, assets) and H3 (vehicles, dwelling).  Relief is dibao or tekun: H2.
    check("cross_check", five, """
        conflict           checked   households   on_relief   several
        vehicle            4         2            1           2
        second_dwelling    4         1            0           1
        business           4         1            0           0
        public_payroll     4         1            0           0
        financial_assets   3         1            1           1
    """)  # fmt: skip
    assert in_conflict(five).tolist() == ["H2", "H3", "H4", "H5"]


def test_conflict_list(county: CountyData, five: CountyData) -> None:
    check("conflict_list", county, """
        household_id   village_code   household_class   relief_status   conflict   evidence
        H1             371425101001   lifted_policy     none            vehicle    1
    """)  # fmt: skip
    # Most conflicts first, then by village and household, each in the order of the kinds.
    check("conflict_list", five, """
        household_id   village_code   household_class   relief_status   conflict           evidence
        H3             371425101001   edge              none            vehicle            2
        H3             371425101001   edge              none            second_dwelling    1
        H2             371425102001   lifted_policy     tekun           vehicle            1
        H2             371425102001   lifted_policy     tekun           financial_assets   10601
        H4             371425101001   -                 dibao_edge      business           1
        H5             371425101001   edge              -               public_payroll     1
    """)  # fmt: skip


def test_assets_of_a_household_of_unknown_size_is_unknown(county_of: CountyOf) -> None:
    household = homes(2).assign(household_size=[1, None], financial_assets=[1.0, 1e6])
    found = computed("cross_check", county_of(household=household))
    assert found[["conflict", "checked", "households"]].to_numpy().tolist() == [["financial_assets", 1, 0]]


def test_nothing_collected_nothing_checked_no_conflict(county_of: CountyOf) -> None:
    bare = county_of(household=homes(2))
    assert computed("cross_check", bare).empty
    assert computed("conflict_list", bare).empty
    assert in_conflict(bare).empty
    clean = county_of(household=homes(2, vehicle_count=[0, None]))
    assert computed("cross_check", clean)[["checked", "households"]].to_numpy().tolist() == [[1, 0]]
    assert computed("conflict_list", clean).empty
