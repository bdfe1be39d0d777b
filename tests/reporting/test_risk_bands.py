"""The bands of risk: shown wherever none of their counts is small, and what raises the score tells of no few households."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from tests.reporting.conftest import MONTH

from relapse_risk.assessment import CITY, read_facts
from relapse_risk.assessment.cells import _where_told, cells_and_relations, withhold
from relapse_risk.assessment.facts import INDICATOR_COLUMNS
from relapse_risk.assessment.indicators import NUMERIC
from relapse_risk.assessment.monitoring import RISK_LABELS
from relapse_risk.assessment.sections import INDICATORS, TABLES
from relapse_risk.scores import read_scores

FEW = 5
BANDS = ("high", "medium", "low")


@pytest.fixture(scope="module")
def risk(facts_folder: Path) -> pd.DataFrame:
    found = read_scores(facts_folder.parent / "scores", MONTH).risk
    assert found is not None
    return found.assign(county_code=found["household_id"].map(county_of(facts_folder)))


def county_of(facts_folder: Path) -> dict[str, str]:
    scores = facts_folder.parent / "scores"
    return {
        name: code
        for code, _, _ in read_facts(facts_folder, MONTH).manifest["counties"]
        for name in read_scores(scores, MONTH, code).risk["household_id"]
    }


def test_bands_go_only_for_a_small_count_of_their_own() -> None:
    """No band of a is small: they are never withheld beside other counts; in b one is, and the others may go with it."""
    tables = {t.name: pd.DataFrame(columns=["county_code", *(c.name for c in t.columns)]) for t in TABLES}
    counts = {"a": [25, 52, 468], "b": [3, 12, 70]}
    tables["risk_bands"] = pd.DataFrame(
        [(county, band, n, 1.0, 0.01) for county, row in counts.items() for band, n in zip(BANDS, row, strict=True)],
        columns=["county_code", "band", "households", "expected", "probability"],
    )
    none = pd.DataFrame(columns=[*INDICATOR_COLUMNS, *NUMERIC])
    none = none.loc[:, ~none.columns.duplicated()]
    net = cells_and_relations(tables, TABLES, none, INDICATORS, FEW, {})
    told = {cell[1:] for cell in net.told if cell[0] == "risk_bands.households"}
    assert told == {("a", band) for band in BANDS}
    written, _, _ = withhold(tables, TABLES, none, INDICATORS, FEW, {})
    shown = written["risk_bands"].set_index(["county_code", "band"])["households"]
    assert shown["a"].tolist() == [25, 52, 468]
    assert shown["b"].isna().tolist() == [True, True, False]


def test_yes_or_no_raises_the_score_only_where_neither_is_a_few(facts_folder: Path, risk: pd.DataFrame) -> None:
    facts, scores = read_facts(facts_folder, MONTH), facts_folder.parent / "scores"
    terms = {term["name"]: term for term in read_scores(scores, MONTH).model_card["terms"] if term["unit"] == "0/1"}
    checked = 0
    for county in facts.all_counties("risk_reasons")["county_code"].drop_duplicates():
        if county == CITY:
            continue
        high = set(risk.loc[(risk["county_code"] == county) & risk["band"].eq("high"), "household_id"])
        told = set(facts.all_counties("risk_reasons", county)["reason"])
        reasons = read_scores(scores, MONTH, county).risk_reasons
        mine = reasons[reasons["household_id"].isin(high) & reasons["reason"].isin(terms)]
        for name, rows in mine.groupby("reason"):
            yes = int((rows["points"] > 0).sum())
            if 0 < min(yes, len(high) - yes) < FEW:
                checked += 1
                assert not any(terms[name]["zh"] in words for words in told), (county, name, yes, len(high))
    assert checked > 0


def test_a_table_goes_with_the_count_it_describes() -> None:
    bands = pd.DataFrame(
        {"county_code": ["a", "a", "b", "b"], "band": ["high", "low"] * 2, "households": [None, 40, 9, 40]}
    )
    reasons = pd.DataFrame({"county_code": ["a", "b", "b"], "reason": ["x", "x", "y"]})
    left = _where_told(reasons, bands, "households", "band", "high")
    assert left["county_code"].tolist() == ["b", "b"]


def test_in_a_sample_those_scored_do_not_tell_the_poor() -> None:
    """4 of 40 households are below the line, the 36 others are scored: bands and bars must not add up to 36."""
    tables = {t.name: pd.DataFrame(columns=["county_code", *(c.name for c in t.columns)]) for t in TABLES}
    bands = pd.DataFrame({"band": BANDS, "households": [6, 8, 22], "expected": 1.0, "probability": 0.1})
    bars = pd.DataFrame({"probability": RISK_LABELS, "households": [0, 0, 0, 0, 0, 36, 0, 0]})
    tables["risk_bands"], tables["risk_histogram"] = bands.assign(county_code="a"), bars.assign(county_code="a")
    rows = pd.DataFrame([dict.fromkeys([*INDICATOR_COLUMNS, *NUMERIC])])
    rows = rows.assign(
        county_code="a", indicator="below_line", unit="share", weighted=True, cases=4.0, n=40.0, value=0.1,
        numerator=4.0, denominator=40.0, verdict="no_limit",
    )  # fmt: skip
    written, indicator, _ = withhold(tables, TABLES, rows, INDICATORS, FEW, {})
    assert indicator["withheld"].tolist() == [True]
    for name in ("risk_bands", "risk_histogram"):
        assert written[name]["households"].isna().any(), name
