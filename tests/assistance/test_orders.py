"""Order lists by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.assistance import draw_order, read_order, redraw, write_order
from relapse_risk.errors import ModelError, SourceError


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
    assert first.digest == draw_order(waiting(b=1, a=2), "CL02", quota=1).digest, "the same people"
    assert first.digest != draw_order(waiting(a=7, b=8), "CL02", quota=1).digest
    assert first.digest != draw_order(waiting(a=9, b=8), "CL02", quota=2).digest


def test_a_redraw_explains_every_change() -> None:
    before = draw_order(waiting(a=9, b=8, c=7, d=6), "CL02", quota=4)
    now = waiting(a=9, e=8.5, f=8.4, g=8.3, c=1)  # b was aided, d is no longer entitled, c is outranked
    entitled = pd.DataFrame(
        {"household_id": ["a", "b", "c", "e", "f", "g"], "person_id": None, "item_code": "CL02"}
    ).astype({"person_id": "str"})
    after, told = redraw(before, now, entitled)
    assert after.drawn()["household_id"].tolist() == ["a", "e", "f", "g"]
    assert told.set_index("household_id")["change"].to_dict() == {
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
