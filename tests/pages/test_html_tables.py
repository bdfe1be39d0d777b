"""Tables are tables: caption, scope, notes; hostile text is text; withheld is not missing."""

from __future__ import annotations

import pandas as pd
import pytest

from relapse_risk.assessment import TABLES, FactColumn
from relapse_risk.pages.html_tables import render_table, withheld_last

TOWN, COUNT, SHARE = (
    FactColumn("town", "town"),
    FactColumn("households", "households", counts="households.yes"),
    FactColumn("share", "share"),
)


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=cmd|' /C calc'!A0", "{{ 7*7 }}"]
)
def test_text_from_data_is_never_markup(hostile: str) -> None:
    page = render_table(hostile, pd.DataFrame({"town": [hostile], "households": [7]}), (TOWN, COUNT), "zh", [hostile])
    assert "<script" not in page
    assert "<img" not in page
    assert "49" not in page
    assert "cmd" not in hostile or "=cmd" in page  # shown as it is


def test_a_table_has_caption_and_scoped_heads() -> None:
    page = render_table(
        "Towns", pd.DataFrame({"town": ["甲|A"], "households": [7]}), (TOWN, COUNT), "en", number="Table 2-5"
    )
    assert '<caption><span><span class="number">Table 2-5</span> Towns</span></caption>' in page
    assert page.count('scope="col"') == 2
    assert '<th scope="row" class="short">A</th>' in page
    assert '<td class="n">7</td>' in page


def test_limits_stand_under_their_estimate() -> None:
    columns = (TOWN, SHARE, FactColumn("low", "share"), FactColumn("high", "share"))
    page = render_table(
        "t", pd.DataFrame({"town": ["a"], "share": [0.9], "low": [0.85], "high": [0.94]}), columns, "en"
    )
    assert "90.0%<small>85.0%–94.0%</small>" in page
    assert page.count('scope="col"') == 2


def test_a_withheld_count_is_marked_and_an_uncollected_column_is_left_out() -> None:
    frame = pd.DataFrame({"town": ["a", "b"], "households": [None, 9], "share": [None, None]})
    page = render_table("t", frame, (TOWN, COUNT, SHARE), "en")
    assert '<td class="n withheld">※</td>' in page
    assert "Share" not in page


def test_a_table_of_nothing_but_withheld_counts_shows_them_as_such() -> None:
    page = render_table("t", pd.DataFrame({"town": ["a", "b"], "households": [None, None]}), (TOWN, COUNT), "en")
    assert page.count("※") == 2


def test_classes_whose_first_number_is_withheld_come_last() -> None:
    classes = next(spec for spec in TABLES if spec.name == "population_by_class")
    frame = pd.DataFrame(
        {"household_class": ["lifted_unstable", "edge"], "households": [None, 60], "persons": [None, 68]}
    )
    assert withheld_last(frame, classes)["household_class"].tolist() == ["edge", "lifted_unstable"]
    nothing = frame.assign(households=None, persons=[None, 68])  # the first column that shows a number decides
    assert withheld_last(nothing, classes)["household_class"].tolist() == ["edge", "lifted_unstable"]
    ages = next(spec for spec in TABLES if spec.name == "days_since_visit")
    course = pd.DataFrame({"days": ["0-7", "8-14"], "households": [None, 60]})
    assert withheld_last(course, ages)["days"].tolist() == ["0-7", "8-14"], "what has a course keeps it"


def test_limits_without_an_estimate_do_not_stop_a_table() -> None:
    columns = (FactColumn("stratum", "text"), FactColumn("answers", "count"), FactColumn("satisfied", "share"),
               FactColumn("low", "share"), FactColumn("high", "share"))  # fmt: skip
    frame = pd.DataFrame({"stratum": ["a"], "answers": [7], "satisfied": [None], "low": [None], "high": [None]})
    page = render_table("Strata", frame.astype({"satisfied": "Float64"}), columns, "en")
    assert "<td" in page
