"""Reminders: by hand, and planted non-receipts in the demo city."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.assistance.test_ledger import records

from relapse_risk.assistance import Entitlements, Reminders, entitlements, read_catalogue, remind
from relapse_risk.assistance.reminders import reason_of
from relapse_risk.derive import household_frame, person_ages
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.predicates import setting_on
from relapse_risk.register import Register

CATALOGUE = read_catalogue("dezhou")
DAY = date(2020, 12, 31)


def entitled(*pairs: tuple[str, str | None, str]) -> Entitlements:
    frame = pd.DataFrame(pairs, columns=["household_id", "person_id", "item_code"]).astype({"person_id": "str"})
    return Entitlements(
        frame.assign(county_code="371425", town_code="t", state="yes", amount=100.0, amount_year=1200.0), DAY
    )


def found(claims: Entitlements, *rows: dict[str, object]) -> list[tuple[str, str, str]]:
    homes = pd.DataFrame({"household_id": ["H1", "H2"], "county_code": "371425", "town_code": "t"})
    frame = remind(claims, records(*rows), CATALOGUE, None, homes).frame
    return sorted(frame[["kind", "household_id", "item_code"]].itertuples(index=False, name=None))


def test_entitled_and_not_receiving() -> None:
    assert found(entitled(("H1", "P2", "MZ07")), {"household_id": "H2", "person_id": "P9", "item_code": "CL03"}) == [
        ("missing", "H1", "MZ07")
    ]


def test_receiving_pending_or_refused_is_not_reminded() -> None:
    claim = entitled(("H1", "P2", "MZ07"))
    for row in (
        {},
        {"delivered_on": None, "decision": "open", "period_start": None, "period_end": None},
        {"decision": "refused"},
    ):
        assert found(claim, {"person_id": "P2"} | row) == []


def test_another_person_of_the_household_does_not_stand_for_the_first() -> None:
    claim = entitled(("H1", "P2", "MZ07"))
    assert ("missing", "H1", "MZ07") in found(claim, {"person_id": "P3"})
    assert found(claim, {"person_id": None}) == [], "a record that names no person counts for every member"


def test_a_household_item_may_be_kept_under_the_member_who_applied() -> None:
    assert found(entitled(("H1", None, "MZ01")), {"person_id": "P2", "item_code": "MZ01"}) == []


def test_receiving_a_continuing_item_without_a_claim() -> None:
    assert found(entitled(("H1", "P2", "MZ08")), {"person_id": "P2"}, {"person_id": "P2", "item_code": "MZ08"}) == [
        ("over", "H1", "MZ07")
    ]
    # A single delivery of the past is no reason to stop anything.
    assert (
        found(
            entitled(("H1", "P2", "MZ08")),
            {"person_id": "P2", "item_code": "MZ08"},
            {"item_code": "MZ04", "person_id": "P2"},
        )
        == []
    )


def test_priority_rises_with_each_of_need_amount_and_risk() -> None:
    claims = entitled(*((f"h{i}", None, "MZ01") for i in range(3)))
    none = records({"household_id": "H2", "item_code": "CL03"})
    for raised in ("need", "risk"):
        scores = pd.DataFrame({"household_id": ["h0", "h1", "h2"], "need": [50.0] * 3, "risk": [0.1] * 3})
        scores[raised] = [0.1, 0.2, 0.3]
        frame = remind(claims, none, CATALOGUE, scores).frame
        assert frame["household_id"].tolist() == ["h2", "h1", "h0"]
        assert frame["priority"].between(0, 100).all()


def test_ids_do_not_change_from_month_to_month() -> None:
    claims = entitled(("H1", "P2", "MZ07"))
    none = records({"household_id": "H2", "item_code": "CL03"})
    later = Entitlements(claims.frame, date(2021, 1, 31))
    assert (
        remind(claims, none, CATALOGUE).frame["reminder_id"].tolist()
        == remind(later, none, CATALOGUE).frame["reminder_id"].tolist()
    )


@pytest.fixture(scope="module")
def city(demo_register: Path) -> tuple[Entitlements, pd.DataFrame, pd.DataFrame]:
    register = Register.open(demo_register)
    parameters, place = read_parameters(), read_place("dezhou")
    homes = household_frame(register, "2020-12", parameters=parameters, place=place)
    persons = person_ages(register.read("person", "2020-12"), setting_on(parameters, place, DAY))
    claims = entitlements(homes, persons, CATALOGUE, setting_on(parameters, place, DAY))
    return claims, register.read("assistance_record"), homes


def missing(reminders: Reminders) -> set[str]:
    return set(reminders.frame.loc[reminders.frame["kind"] == "missing", "reminder_id"])


def test_planted_non_receipts_are_found_and_nothing_else(
    city: tuple[Entitlements, pd.DataFrame, pd.DataFrame], capsys: pytest.CaptureFixture[str]
) -> None:
    """Two in a hundred claims that are met lose every record: exactly they become new reminders."""
    claims, ledger, homes = city
    before = remind(claims, ledger, CATALOGUE, None, homes)
    key = ["household_id", "item_code"]
    unmet = claims.frame.merge(
        before.frame.loc[before.frame["kind"] == "missing", key].drop_duplicates(), on=key, how="left", indicator=True
    )
    met = claims.granted().merge(unmet.loc[unmet["_merge"] == "left_only", key].drop_duplicates(), on=key)
    met = met[met["item_code"].isin(ledger["item_code"])][key].drop_duplicates()
    planted = met.sample(frac=0.02, random_state=np.random.default_rng(7))
    left = ledger.merge(planted.assign(gone=True), on=key, how="left")
    after = remind(claims, left[left["gone"].isna()].drop(columns="gone"), CATALOGUE, None, homes)
    new = after.frame[after.frame["reminder_id"].isin(missing(after) - missing(before))]
    told = set(new[key].itertuples(index=False, name=None))
    wanted = set(planted.itertuples(index=False, name=None))
    recall, precision = len(told & wanted) / len(wanted), len(told & wanted) / len(told)
    with capsys.disabled():
        print(f"\nplanted non-receipts {len(wanted):,}: recall {recall:.4f}, precision {precision:.4f}")
    assert recall == 1
    assert precision == 1
    assert missing(before) <= missing(after)


def test_every_claim_is_in_one_state(city: tuple[Entitlements, pd.DataFrame, pd.DataFrame]) -> None:
    claims, ledger, homes = city
    counts = remind(claims, ledger, CATALOGUE, None, homes).counts
    assert (counts["entitled"] == counts[["receiving", "pending", "refused", "missing"]].sum(axis=1)).all()
    assert counts["entitled"].sum() == len(claims.granted())


@pytest.mark.parametrize(
    ("code", "zh", "en"),
    [
        ("MZ01", "人均纯收入低于低保标准（不计低保、特困供养金）；财产核对通过", "net income per head is below the dibao line, relief not counted; the property test is passed"),
        ("YB03", "自付医疗支出达到预警额；（脱贫享受政策，或低保或特困）", "reaches the alert amount; (lifted and still enjoying policies, or on dibao or tekun)"),
    ],
)  # fmt: skip
def test_a_reason_says_what_must_all_be_met_and_what_one_of(code: str, zh: str, en: str) -> None:
    item = CATALOGUE.item(code)
    assert reason_of(item, DAY, "missing", "zh").endswith(zh)
    assert reason_of(item, DAY, "missing", "en").endswith(en)
    assert reason_of(item, DAY, "over", "en").startswith("receives it, and no longer meets all of: ")
