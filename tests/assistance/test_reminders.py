"""Reminders: by hand, and seeded non-receipts in the demo city."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.assistance.test_ledger import records

from relapse_risk.assistance import Entitlements, Reminders, entitlements, read_catalogue, remind
from relapse_risk.assistance.catalogue import Amount, Version
from relapse_risk.assistance.reminders import reason_of, with_receipts
from relapse_risk.derive import household_frame, person_ages
from relapse_risk.parameters import read_parameters, read_place
from relapse_risk.predicates import read_predicates, setting_on
from relapse_risk.predicates.clauses import Clause
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


def test_seeded_non_receipts_are_found_and_nothing_else(
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
    seeded = met.sample(frac=0.02, random_state=np.random.default_rng(7))
    left = ledger.merge(seeded.assign(gone=True), on=key, how="left")
    after = remind(claims, left[left["gone"].isna()].drop(columns="gone"), CATALOGUE, None, homes)
    new = after.frame[after.frame["reminder_id"].isin(missing(after) - missing(before))]
    reminded = set(new[key].itertuples(index=False, name=None))
    wanted = set(seeded.itertuples(index=False, name=None))
    recall, precision = len(reminded & wanted) / len(wanted), len(reminded & wanted) / len(reminded)
    with capsys.disabled():
        print(f"\nseeded non-receipts {len(wanted):,}: recall {recall:.4f}, precision {precision:.4f}")
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


HOMES = pd.DataFrame({"household_id": ["H1", "H2"], "county_code": ["371425", "371481"], "town_code": ["t1", "t2"]})
FAR = {"household_id": "H9", "item_code": "CL03", "person_id": "P99"}


def test_a_reminder_in_full() -> None:
    """MZ07 has no statutory days, so 30; MZ01 has 30; MZ04 three.  R and twelve digits of the claim's SHA-256."""
    claims = entitled(("H1", "P2", "MZ07"), ("H1", None, "MZ04"))
    scores = pd.DataFrame({"household_id": ["H1", "H1"], "need": [40.0, 99.0], "risk": [0.2, 0.9]})
    found = remind(claims, records(FAR, {"household_id": "H2", "item_code": "MZ08"}), CATALOGUE, scores, HOMES)
    frame = found.frame.set_index(["kind", "item_code"])
    assert list(found.frame.columns) == [
        "reminder_id", "kind", "household_id", "county_code", "town_code", "person_id", "item_code", "department", "evidence_on",
        "amount_year", "due_on", "need", "risk", "priority",
    ]  # fmt: skip
    subsidy = frame.loc[("missing", "MZ07")]
    assert subsidy[["household_id", "county_code", "town_code", "person_id", "department", "amount_year", "need", "risk"]].tolist() == [
        "H1", "371425", "t", "P2", "MZ", 1200.0, 40.0, 0.2,
    ]  # fmt: skip
    assert subsidy[["evidence_on", "due_on"]].tolist() == [pd.Timestamp("2020-12-31"), pd.Timestamp("2021-01-30")]
    assert frame.loc[("missing", "MZ04"), "due_on"] == pd.Timestamp("2021-01-03")
    over = frame.loc[("over", "MZ08")]
    assert over[["household_id", "county_code", "town_code", "due_on"]].tolist() == [
        "H2",
        "371481",
        "t2",
        pd.Timestamp("2021-01-30"),
    ]
    assert over[["person_id", "amount_year", "need", "risk"]].isna().all()
    digest = hashlib.sha256(b"missing|H1|P2|MZ07").hexdigest()
    assert subsidy["reminder_id"] == f"R{digest[:12]}"
    assert over["reminder_id"] == "R" + hashlib.sha256(b"over|H2||MZ08").hexdigest()[:12]
    assert found.summary() == "2 missing, 1 over; 2,400 forgone a year"
    assert found.day == DAY


def test_the_priority_is_the_geometric_mean_of_three_ranks() -> None:
    """Two reminders: ranks 1/2 and 2/2 of need and amount, risk unknown 0.5 each.

    100 x (1 x 1 x 0.5) ** (1/3) = 79.37; 100 x (0.5 x 0.5 x 0.5) ** (1/3) = 50; the same priority goes by the id.
    """
    claims = entitled(("H1", None, "MZ01"), ("H2", None, "MZ01"))
    claims = Entitlements(claims.frame.assign(amount_year=[100.0, 900.0]), DAY)
    scores = pd.DataFrame({"household_id": ["H1", "H2"], "need": [10.0, 20.0], "risk": None})
    frame = remind(claims, records(FAR), CATALOGUE, scores).frame
    assert frame[["household_id", "priority"]].to_numpy().tolist() == [["H2", 79.37], ["H1", 50.0]]
    plain = remind(Entitlements(claims.frame.assign(amount_year=1.0), DAY), records(FAR), CATALOGUE).frame
    # No score: need and risk 0.5, amounts tie at rank 1.5 of 2, 0.75: 100 x (0.25 x 0.75) ** (1/3) = 57.24.
    assert plain["priority"].tolist() == [57.24, 57.24]
    assert plain["reminder_id"].is_monotonic_increasing


def test_each_pair_is_counted_in_its_state() -> None:
    """Six claims to MZ07: one each receiving, pending and refused, two missing, one that cannot be told; one over."""
    claims = entitled(*((f"h{i}", f"p{i}", "MZ07") for i in range(6)))
    claims = Entitlements(claims.frame.assign(state=["yes"] * 5 + ["cannot_tell"]), DAY)
    free = {"delivered_on": None, "period_start": None, "period_end": None}
    ledger = records(
        {"household_id": "h0", "person_id": "p0"}, {"household_id": "h1", "person_id": "p1", "decision": "open"} | free,
        {"household_id": "h2", "person_id": "p2", "decision": "refused"} | free, {"household_id": "h5", "person_id": "p5"},
        {"household_id": "H2", "person_id": "p9"}, {"household_id": "H2", "person_id": "p9"},
    )  # fmt: skip
    found = remind(claims, ledger, CATALOGUE, None, HOMES)
    counts = found.counts.set_index("item_code")
    assert counts.index.tolist() == [item.code for item in CATALOGUE.items]
    assert counts.loc["MZ07"].to_dict() == {
        "entitled": 5, "receiving": 1, "pending": 1, "refused": 1, "missing": 2, "not_yet_known": 0, "over": 1, "cannot_tell": 1,
    }  # fmt: skip
    assert int(counts.drop(index="MZ07").to_numpy().sum()) == 0
    assert sorted(found.frame["household_id"]) == ["H2", "h3", "h4"], "whose claim is open is asked, not stopped"


def test_a_record_of_the_household_or_of_whoever_may_keep_it_is_settled() -> None:
    """A household's claim settles its members' records; a member's claim those that name nobody; to keep is a claim too."""
    none = entitled()
    assert found(entitled(("H1", None, "MZ01")), {"person_id": "P2", "item_code": "MZ01"}) == []
    assert found(entitled(("H1", "P2", "MZ07")), {"person_id": None}) == []
    assert found(entitled(("H1", "P3", "MZ07")), {"person_id": "P2"}) == [
        ("missing", "H1", "MZ07"),
        ("over", "H1", "MZ07"),
    ]
    assert found(entitled(("H2", "P3", "MZ07")), {"person_id": None}) == [
        ("missing", "H2", "MZ07"),
        ("over", "H1", "MZ07"),
    ]
    kept = pd.DataFrame({"household_id": ["H1"], "person_id": ["P2"], "item_code": ["MZ07"]})
    assert found(Entitlements(none.frame, DAY, kept), {"person_id": "P2"}) == []
    assert found(Entitlements(none.frame, DAY, kept.assign(item_code="MZ08")), {"person_id": "P2"}) == [
        ("over", "H1", "MZ07")
    ]


def test_a_persons_own_record_outweighs_the_households() -> None:
    """The person was refused, the household receives: the claim is refused, and the other way round pending wins over nothing."""
    free = {"delivered_on": None, "period_start": None, "period_end": None}
    claim = entitled(("H1", "P2", "MZ07"), ("H2", None, "MZ01"))
    ledger = records(
        {"person_id": None}, {"person_id": "P2", "decision": "refused"} | free,
        {"household_id": "H2", "item_code": "MZ01", "person_id": "P5", "decision": "refused"} | free,
        {"household_id": "H2", "item_code": "MZ01", "person_id": "P6", "decision": "open"} | free,
    )  # fmt: skip
    assert with_receipts(claim, ledger, CATALOGUE)["receipt"].tolist() == ["refused", "pending"]
    turned = Entitlements(claim.frame.set_axis([7, 3]), DAY)
    assert with_receipts(turned, ledger, CATALOGUE)["receipt"].to_dict() == {7: "refused", 3: "pending"}
    nothing = with_receipts(claim, records(FAR), CATALOGUE)
    assert nothing["receipt"].isna().all()
    assert list(nothing.columns) == [*claim.frame.columns, "receipt"]


def test_an_item_given_once_is_received_for_ever_and_a_stopped_one_is_not_over() -> None:
    """CL02 is given once for all.  A yearly item is none that goes on: receipt of it without a claim is no reason to stop anything."""
    old = {
        "item_code": "CL02",
        "delivered_on": "2017-01-01",
        "applied_on": "2016-12-01",
        "period_start": None,
        "period_end": None,
    }
    assert found(entitled(("H1", None, "CL02")), old) == []
    yearly = next(item.code for item in CATALOGUE.items if item.cadence == "yearly")
    assert found(entitled(), {"item_code": yearly}) == []
    assert found(entitled(), {"item_code": "XX99"}) == [], "what is not of the catalogue is the ledger's matter"


def test_over_needs_a_household_that_is_known() -> None:
    assert found(entitled(), {"household_id": "H9"}) == [], "it left the register"
    frame = remind(entitled(), records({}), CATALOGUE).frame
    assert frame[["kind", "household_id", "item_code", "department"]].to_numpy().tolist() == [
        ["over", "H1", "MZ07", "MZ"]
    ]
    assert frame[["county_code", "town_code"]].isna().all(axis=None)


def test_a_reason_in_either_language_and_of_an_item_not_in_force() -> None:
    """MZ04: an urgent loss, or spending above income together with an income below the average."""
    urgent = CATALOGUE.item("MZ04")
    assert reason_of(urgent, DAY, "over", "zh").startswith("正在享受，但不再同时符合：")
    assert reason_of(urgent, DAY, "missing", "zh") == (
        "（近一年未获赔付损失达到紧急额度，或刚性支出超过家庭纯收入、人均纯收入低于当地农村居民人均可支配收入）"
    )
    assert reason_of(urgent, DAY, "missing", "en") == (
        "(uncompensated loss in 12 months reaches the urgent amount, or rigid spending exceeds net income and "
        "net income per head is below the local average)"
    )
    assert reason_of(urgent, date(2015, 12, 31), "missing", "zh") == ""
    assert reason_of(urgent, date(2015, 12, 31), "over", "en") == "receives it, and no longer meets all of: "


def test_who_waits_for_records_is_neither_missing_nor_over() -> None:
    """Two claims without a record; those of one county have not been received: one missing, one not yet known."""
    claims = entitled(("H1", "P1", "MZ07"), ("H2", "P2", "MZ07"))
    claims = Entitlements(claims.frame.assign(county_code=["999901", "999902"]), DAY)
    homes = pd.DataFrame(
        {"household_id": ["H1", "H2", "H9"], "county_code": ["999901", "999902", "999902"], "town_code": "T"}
    )
    held = records({"household_id": "H9", "person_id": "P9"})
    found = remind(claims, held, CATALOGUE, None, homes, awaited={"999902"})
    assert found.frame[["kind", "household_id"]].to_numpy().tolist() == [["missing", "H1"]]
    counts = found.counts.set_index("item_code").loc["MZ07"]
    assert counts[["entitled", "missing", "not_yet_known"]].tolist() == [2, 1, 1]
    assert "1 not yet known" in found.summary()
    told = with_receipts(claims, held, CATALOGUE, awaited={"999902"})
    assert told["state"].tolist() == ["yes", "cannot_tell"]


@pytest.mark.parametrize(
    ("requires", "zh", "en"),
    [
        ({"not": {"predicate": "on_dibao"}}, "非享受低保", "not on dibao"),
        (
            {"not": {"all": [{"predicate": "enjoys_policies"}, {"predicate": "on_dibao"}]}},
            "非（脱贫享受政策、享受低保）",
            "not (lifted and still enjoying policies and on dibao)",
        ),
        (
            {"not": {"any": [{"predicate": "enjoys_policies"}, {"predicate": "on_dibao"}]}},
            "非（脱贫享受政策，或享受低保）",
            "not (lifted and still enjoying policies, or on dibao)",
        ),
    ],
)
def test_conditions_that_must_not_hold_are_denied_together(requires: dict[str, object], zh: str, en: str) -> None:
    """Of several the brackets say that all of them are meant."""
    known = read_predicates()
    version = Version(date(2016, 1, 1), Clause.model_validate(requires), Amount(fixed=1.0))
    item = replace(CATALOGUE.item("MZ04"), versions=(version,), predicates=known)
    assert (reason_of(item, DAY, "missing", "zh"), reason_of(item, DAY, "missing", "en")) == (zh, en)
