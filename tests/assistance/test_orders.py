"""Order lists by hand."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from tests.assistance.test_ledger import records
from tests.assistance.test_reminders import entitled

from relapse_risk.assistance import (
    Assessed,
    Replies,
    cancel_order,
    confirm_orders,
    draw_order,
    drawn_lines,
    enter_order,
    not_drawn_yet,
    open_aid_log,
    order_lines,
    read_catalogue,
    read_order,
    redraw,
    send_order,
    take_replies,
    write_order,
)
from relapse_risk.assistance.entitlements import Entitlements
from relapse_risk.assistance.order_log import Who
from relapse_risk.errors import ModelError, RegisterError, SourceError
from relapse_risk.events import KeptLog, read_events
from relapse_risk.languages import Label
from relapse_risk.parameters import read_parameters

DAY = date(2021, 1, 31)
PARAMETERS, CATALOGUE = read_parameters(), read_catalogue("dezhou")


def waiting(**priority: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"household_id": list(priority), "person_id": None, "item_code": "CL02", "priority": list(priority.values()),
         "need": 50.0, "amount": 3500.0}
    ).astype({"person_id": "str"})  # fmt: skip


def test_ties_go_to_the_lower_id_and_the_list_is_as_long_as_the_quota() -> None:
    drawn = draw_order(waiting(b=5, a=5, c=9), "CL02", quota=2).drawn()
    assert drawn["household_id"].tolist() == ["c", "a"]


def test_the_budget_is_never_passed_and_nobody_is_passed_over() -> None:
    rows = waiting(a=9, b=8, c=7).assign(amount=[3000.0, 5000.0, 100.0])
    drawn = draw_order(rows, "CL02", budget=4000.0).drawn()
    assert drawn["household_id"].tolist() == ["a"], "b no longer fits, so the list ends, though c would"


def test_the_digest_freezes_the_list() -> None:
    first = draw_order(waiting(a=9, b=8), "CL02", quota=1)
    assert first.digest == draw_order(waiting(b=8, a=9), "CL02", quota=1).digest, "the same rows in another order"
    assert first.digest != draw_order(waiting(b=1, a=2), "CL02", quota=1).digest, "other priorities"
    assert first.digest != draw_order(waiting(a=9, b=8).assign(amount=3501.0), "CL02", quota=1).digest
    assert first.digest != draw_order(waiting(a=9, b=8), "CL02", quota=1, cycle="2021").digest
    assert first.digest != draw_order(waiting(a=7, b=8), "CL02", quota=1).digest
    assert first.digest != draw_order(waiting(a=9, b=8), "CL02", quota=2).digest


def test_a_redraw_explains_every_change() -> None:
    before = draw_order(waiting(a=9, b=8, c=7, d=6), "CL02", quota=4)
    now = waiting(a=9, e=8.5, f=8.4, g=8.3, c=1)  # b was aided, d is no longer entitled, c is outranked
    entitled = pd.DataFrame(
        {"household_id": ["a", "b", "c", "e", "f", "g"], "person_id": None, "item_code": "CL02"}
    ).astype({"person_id": "str"})
    after, changed = redraw(before, now, entitled)
    assert after.drawn()["household_id"].tolist() == ["a", "e", "f", "g"]
    assert changed.set_index("household_id")["change"].to_dict() == {
        "a": "stays", "b": "aided", "c": "outranked", "d": "not_eligible", "e": "enters", "f": "enters", "g": "enters",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({}, "one limit is needed"),
        ({"quota": 1, "budget": 5.0}, "one limit is needed"),
        ({"quota": 0}, "not positive"),
        ({"budget": -1.0}, "not positive"),
    ],
)
def test_limits_are_checked(limits: dict[str, float], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        draw_order(waiting(a=1), "CL02", **limits)  # type: ignore[arg-type]


def test_a_frozen_list_comes_back_as_it_was_and_a_changed_one_is_refused(tmp_path: Path) -> None:
    rows = waiting(a=9, b=8, c=7)
    drawn = draw_order(rows, "CL02", quota=2)
    path = write_order(drawn, tmp_path / "list.json")
    again = read_order(path)
    assert again.digest == drawn.digest
    assert again.drawn()["household_id"].tolist() == drawn.drawn()["household_id"].tolist()
    _, changes = redraw(again, rows, rows)
    assert set(changes["change"]) == {"stays"}
    first = drawn.drawn()["household_id"].iloc[0]
    path.write_text(path.read_text("utf-8").replace(f'"{first}"', '"intruder"'), encoding="utf-8")
    with pytest.raises(SourceError, match="the list was changed after it was drawn"):
        read_order(path)
    path.write_text("[]", encoding="utf-8")
    with pytest.raises(SourceError, match="not an order list"):
        read_order(path)


def test_priority_decides_then_need_then_the_ids() -> None:
    rows = pd.DataFrame(
        {"household_id": ["d", "c", "b", "b", "a", "z"], "person_id": ["p", "p", "q", "p", "p", "p"], "item_code": ["CL02"] * 5 + ["CL03"],
         "priority": [1.0, 5.0, 5.0, 5.0, 5.0, 99.0], "need": [90.0, 20.0, 10.0, 10.0, 10.0, 99.0], "amount": [7.0] * 6}
    )  # fmt: skip
    found = draw_order(rows, "CL02", quota=4)
    assert list(found.frame.columns) == ["place", "household_id", "person_id", "priority", "need", "amount", "drawn"]
    assert found.frame.to_numpy().tolist() == [
        [1, "c", "p", 5.0, 20.0, 7.0, True], [2, "a", "p", 5.0, 10.0, 7.0, True], [3, "b", "p", 5.0, 10.0, 7.0, True],
        [4, "b", "q", 5.0, 10.0, 7.0, True], [5, "d", "p", 1.0, 90.0, 7.0, False],
    ]  # fmt: skip
    assert (found.item_code, found.quota, found.budget) == ("CL02", 4, None)


def test_a_budget_may_be_spent_to_the_last_yuan() -> None:
    found = draw_order(waiting(a=9, b=8, c=7), "CL02", budget=7000.0)
    assert found.frame["drawn"].tolist() == [True, True, False]  # 3,500 + 3,500
    assert (found.quota, found.budget) == (None, 7000.0)
    with pytest.raises(ModelError, match=r"order of CL02: an amount is unknown"):
        draw_order(waiting(a=9, b=8).assign(amount=[1.0, None]), "CL02", budget=7000.0)
    assert draw_order(waiting(a=9, b=8).assign(amount=[1.0, None]), "CL02", quota=1).drawn()[
        "household_id"
    ].tolist() == ["a"]


def test_nobody_waiting_is_an_empty_list_of_its_own_digest() -> None:
    """Nobody to draw: under a quota of one, under a budget of one, and for another item, are three lists."""
    quota, budget, other = (
        draw_order(waiting(), "CL02", quota=1),
        draw_order(waiting(), "CL02", budget=1.0),
        draw_order(waiting(), "CL03", quota=1),
    )
    assert list(quota.frame.columns) == ["place", "household_id", "person_id", "priority", "need", "amount", "drawn"]
    assert len(quota.frame) == len(quota.drawn()) == 0
    assert (quota.item_code, quota.quota, quota.budget, budget.quota, budget.budget) == ("CL02", 1, None, None, 1.0)
    assert len({quota.digest, budget.digest, other.digest}) == 3


def test_the_digest_is_that_of_the_text_it_is_documented_as() -> None:
    """SHA-256 of item, quota, budget, cycle and rows as JSON without blanks, as the command sha256sum gives it:
    ["CL02",1,null,"",[{"place":1,"household_id":"a","person_id":null,"priority":9.0,"need":50.0,"amount":3500.0,
    "drawn":true},{"place":2,"household_id":"b",…,"drawn":false}]].
    """
    found = draw_order(waiting(a=9, b=8), "CL02", quota=1)
    assert found.digest == "cddce61f2a3642c89ef56a2bfacb2ed1cb9f0201298c56e38a11e3d6ed884c46"


def test_a_redraw_tells_the_places_before_and_now_in_both_languages() -> None:
    """d left first place and is aided; e is new; a stays; c, once second, now ranks third of a quota of two."""
    before = draw_order(waiting(d=10, c=9).assign(person_id="p"), "CL02", quota=2)
    now = pd.concat([waiting(a=9, c=1).assign(person_id="p"), waiting(e=8)])
    entitled = pd.DataFrame({"household_id": ["d", "c"], "person_id": ["p", "p"], "item_code": ["CL02", "CL02"]})
    after, changed = redraw(before, now, entitled)
    assert after.drawn()["household_id"].tolist() == ["a", "e"]
    assert list(changed.columns) == ["household_id", "person_id", "change", "place_before", "place", "zh", "en"]
    assert changed.astype(object).where(changed.notna(), None).to_numpy().tolist() == [
        ["a", "p", "enters", None, 1, "新进入", "enters"], ["e", None, "enters", None, 2, "新进入", "enters"],
        ["c", "p", "outranked", 2, 3, "名次在限额之外", "now ranks beyond the limit"],
        ["d", "p", "aided", 1, None, "已得到救助", "has received the item"],
    ]  # fmt: skip
    other = entitled.assign(item_code=["CL03", "CL02"])
    assert redraw(before, now, other)[1].set_index("household_id").loc["d", "change"] == "not_eligible", (
        "by this item only"
    )
    person = entitled.assign(person_id=["q", "p"])
    assert redraw(before, now, person)[1].set_index("household_id").loc["d", "change"] == "not_eligible", (
        "another member"
    )


def test_a_kept_list_is_plain_json_with_its_item_and_limit(tmp_path: Path) -> None:
    drawn = draw_order(waiting(甲=9.5, b=8.5), "CL02", budget=4000.0)
    path = write_order(drawn, tmp_path / "new" / "list.json")
    text = path.read_text(encoding="utf-8")
    content = json.loads(text)
    assert (content["item"], content["quota"], content["budget"], content["digest"]) == (
        "CL02",
        None,
        4000.0,
        drawn.digest,
    )
    assert content["rows"][0] == {
        "place": 1, "household_id": "甲", "person_id": None, "priority": 9.5, "need": 50.0, "amount": 3500.0, "drawn": True,
    }  # fmt: skip
    assert "甲" in text, "letters as they are"
    assert text.endswith("}\n")
    assert [file.name for file in path.parent.iterdir()] == ["list.json"], "nothing is left beside it"
    again = read_order(path)
    assert (again.item_code, again.quota, again.budget) == ("CL02", None, 4000.0)
    assert again.frame.dtypes.astype(str).to_dict() == {
        "place": "int64", "household_id": "str", "person_id": "str", "priority": "float64", "need": "float64", "amount": "float64", "drawn": "bool",
    }  # fmt: skip
    assert write_order(again, path).read_text(encoding="utf-8") == text, "written over, and the same"


@pytest.mark.parametrize(
    ("row", "name", "value"),
    [(0, "amount", 999999), (0, "priority", 1), (1, "priority", 99999), (1, "drawn", True), (0, "place", 2), (1, "need", 7.0),
     (0, "person_id", "P1"), (1, "household_id", "z")],
)  # fmt: skip
def test_an_edited_list_is_refused_whatever_was_edited(tmp_path: Path, row: int, name: str, value: object) -> None:
    path = write_order(draw_order(waiting(a=9.123456789012345, b=8), "CL02", quota=1), tmp_path / "order.json")
    assert read_order(path).drawn()["household_id"].tolist() == ["a"], "what was written is read back"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["rows"][row][name] = value
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SourceError, match="changed after it was drawn"):
        read_order(path)


def test_of_nobody_nobody_is_left_and_the_list_is_empty() -> None:
    nobody = pd.DataFrame({"household_id": ["a"], "person_id": ["p"], "item_code": ["CL02"]}).iloc[:0]
    assert not_drawn_yet(nobody, {}).columns.tolist() == ["household_id", "person_id", "item_code"]
    assert draw_order(not_drawn_yet(nobody, {}), "CL02", quota=5).frame.empty


def log_of(folder: Path) -> KeptLog:
    return open_aid_log(folder, PARAMETERS, "dezhou")


def lines(folder: Path) -> dict[Who, str]:
    return drawn_lines(log_of(folder), "CL02", "2021")


def states(folder: Path) -> dict[str, str]:
    found = order_lines(log_of(folder))
    return dict(zip(found["household_id"], found["state"], strict=True))


def answer(folder: Path, *rows: tuple[str, str, str, str, str]) -> Replies:
    """The sheet of a list filled in: household, reply, day, amount, note."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Order list"
    sheet.append(["Line", "Reply", "Replied on", "By", "Note", "Amount delivered"])
    for household, reply, on, paid, note in rows:
        sheet.append([f"CL02|2021|{household}|", reply, on, "Li", note, paid])
    book.save(folder / "back.xlsx")
    return take_replies(folder / "back.xlsx", log_of(folder), date(2021, 3, 1))


def test_nobody_is_drawn_twice_in_a_cycle(tmp_path: Path) -> None:
    rows = waiting(a=9, b=8, c=7)
    first = draw_order(rows, "CL02", quota=2, cycle="2021")
    assert enter_order(log_of(tmp_path), first, DAY) == 2
    second = draw_order(not_drawn_yet(rows, lines(tmp_path)), "CL02", quota=2, cycle="2021")
    assert second.drawn()["household_id"].tolist() == ["c"]
    assert drawn_lines(log_of(tmp_path), "CL02", "2022") == {}, "another cycle"
    assert drawn_lines(log_of(tmp_path), "CL03", "2021") == {}, "another item"
    before = read_events(tmp_path)
    with pytest.raises(RegisterError, match="this step cannot follow in state drawn"):
        enter_order(log_of(tmp_path), draw_order(rows, "CL02", quota=3, cycle="2021"), DAY)
    assert read_events(tmp_path) == before, "nothing of it was written"


def test_a_redraw_takes_the_place_of_its_list_and_a_cancelled_one_frees_everybody(tmp_path: Path) -> None:
    first = draw_order(waiting(a=9, b=8, c=7), "CL02", quota=2, cycle="2021")
    enter_order(log_of(tmp_path), first, DAY)
    now = waiting(a=9, c=7)  # b has been aided
    after, _ = redraw(first, not_drawn_yet(now, lines(tmp_path), first.digest), now.assign(item_code="CL02"))
    enter_order(log_of(tmp_path), after, DAY, "office", first)
    assert lines(tmp_path) == {("a", ""): after.digest, ("c", ""): after.digest}
    assert not_drawn_yet(now, lines(tmp_path), after.digest)["household_id"].tolist() == ["a", "c"]
    (gone,) = (event for event in read_events(tmp_path) if event.step == "cancelled")
    assert (gone.thing, Label.from_cell(gone.reason).en) == ("CL02|2021|b|", f"not on list {after.digest[:12]}, which took the place of {first.digest[:12]}")  # fmt: skip
    with pytest.raises(RegisterError, match="cancelled must say it"):
        cancel_order(log_of(tmp_path), after, DAY, "office", "")
    assert cancel_order(log_of(tmp_path), after, DAY, "office", "no money") == 2
    assert lines(tmp_path) == {}
    assert cancel_order(log_of(tmp_path), after, DAY, "office", "no money") == 0


def test_a_list_is_delivered_in_part_and_what_was_not_can_be_drawn_again(tmp_path: Path) -> None:
    """a whole, b in part and then the rest, c not: only c can be drawn again in the cycle; d was never sent a reply."""
    rows = waiting(a=9, b=8, c=7, d=6)
    order = draw_order(rows, "CL02", quota=4, cycle="2021")
    enter_order(log_of(tmp_path), order, DAY)
    assert send_order(log_of(tmp_path), order, DAY, "office", "CL", date(2021, 2, 28)) == 4
    assert send_order(log_of(tmp_path), order, DAY, "office", "CL") == 0
    taken = answer(
        tmp_path, ("a", "delivered", "2021-02-01", "3500", ""), ("b", "delivered in part", "2021-02-01", "2,000", "rest in March"),
        ("c", "not delivered", "2021-02-01", "", "moved away"), ("d", "delivered in part", "2021-02-01", "", ""), ("x", "delivered", "2021-02-01", "", ""),
    )  # fmt: skip
    assert len(taken.steps) == 3
    assert taken.faults[["row", "column", "en"]].to_numpy().tolist() == [
        [5, "实发金额（元）", "write an amount such as 1200"], [6, "名单行编号", "no such number was sent out"],
    ]  # fmt: skip
    assert states(tmp_path) == {"a": "delivered", "b": "partly", "c": "undelivered", "d": "sent"}
    assert not_drawn_yet(rows, lines(tmp_path))["household_id"].tolist() == ["c"]
    again = answer(
        tmp_path, ("b", "delivered", "2021-02-20", "1500", ""), ("a", "not delivered", "2021-02-21", "", "?")
    )
    assert [step.facts["paid"] for step in again.steps] == ["1500"]
    (told,) = again.faults["expected"]
    assert told == "退款或收回 (部门报告已发放，待台账印证 / delivered, record awaited, 发放部门 / department)"
    found = order_lines(log_of(tmp_path)).set_index("household_id")
    assert found.loc["d", "due_on"] == "2021-02-28"
    assert found.loc["a", "due_on"] == "2021-04-02", "the aid record is due 60 days after 1 February"


def test_the_ledger_shows_what_was_delivered_after_the_draw(tmp_path: Path) -> None:
    """a was paid after the draw, b half a year before it (by a record that says nothing of this list), c not at all."""
    rows = waiting(a=9, b=8, c=7)
    enter_order(log_of(tmp_path), draw_order(rows, "CL02", quota=3, cycle="2021"), date(2021, 1, 5))
    ledger = records(
        {"household_id": "a", "item_code": "CL02", "delivered_on": "2021-02-10", "period_start": None, "period_end": None},
        {"household_id": "b", "item_code": "CL02", "delivered_on": "2020-07-10", "period_start": None, "period_end": None},
    )  # fmt: skip
    nobody = Entitlements(entitled().frame, date(2021, 2, 28))
    at = Assessed(date(2021, 2, 28), pd.DataFrame(), pd.DataFrame(), ledger, nobody)
    confirm_orders(log_of(tmp_path), at, CATALOGUE, date(2021, 3, 2))
    assert states(tmp_path) == {"a": "confirmed", "b": "drawn", "c": "drawn"}
    assert ("a", "") in lines(tmp_path), "not again in this cycle"


def test_a_journal_of_an_older_version_is_moved_into_the_log_once(tmp_path: Path) -> None:
    kept = [
        {"line": "CL02|2021|a|", "step": step, "on": "2021-01-05", "list": digest, "household_id": "a", "person_id": ""}
        for step, digest in (("drawn", "77ab"), ("cancelled", "77ab"), ("drawn", "88cd"))
    ]
    (tmp_path / "orders.jsonl").write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
    assert lines(tmp_path) == {("a", ""): "88cd"}
    assert [event.name for event in read_events(tmp_path)] == ["CL02|2021|a|#1", "CL02|2021|a|#1", "CL02|2021|a|#2"]
    assert (tmp_path / "orders.jsonl.moved").is_file()
