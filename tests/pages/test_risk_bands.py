"""The bands of risk: shown wherever none of their counts is small, and what raises the score tells of no few households."""

from __future__ import annotations

import pandas as pd

from relapse_risk.assessment.facts import INDICATOR_COLUMNS
from relapse_risk.assessment.indicators import NUMERIC
from relapse_risk.assessment.linked_counts import LINKS
from relapse_risk.assessment.sections import INDICATORS, TABLES
from relapse_risk.assessment.sections.risk_of_relapse import PROBABILITIES
from relapse_risk.disclosure.control import withhold
from relapse_risk.disclosure.masking import where_described
from relapse_risk.disclosure.published_cells import published_cells
from relapse_risk.measures import Cell

FEW = 5
BANDS = ("high", "medium", "low")


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
    printed = published_cells(tables, TABLES, none, INDICATORS, FEW, {})
    assert printed.fixed == {Cell("scored", "yes", "a", (("band", band),)) for band in BANDS}
    written, _, _ = withhold(tables, TABLES, none, INDICATORS, FEW, {})
    shown = written["risk_bands"].set_index(["county_code", "band"])["households"]
    assert shown["a"].tolist() == [25, 52, 468]
    assert shown["b"].isna().tolist() == [True, True, False]


def test_a_table_is_shown_where_the_count_it_describes_is() -> None:
    """Withheld in a, shown in b, not counted in c."""
    high = {county: Cell("scored", "yes", county, (("band", "high"),)) for county in "ab"}
    reasons = pd.DataFrame({"county_code": ["a", "b", "b", "c"], "reason": ["x", "x", "y", "x"]})
    left = where_described(reasons, "scored.yes by band=high", {high["a"]: 3.0, high["b"]: 9.0}, {high["a"]})
    assert left["county_code"].tolist() == ["b", "b"]


def test_in_a_sample_those_scored_do_not_tell_the_poor() -> None:
    """4 of 40 households are below the line, the 36 others are scored: bands and bars must not add up to 36."""
    tables = {t.name: pd.DataFrame(columns=["county_code", *(c.name for c in t.columns)]) for t in TABLES}
    bands = pd.DataFrame({"band": BANDS, "households": [6, 8, 22], "expected": 1.0, "probability": 0.1})
    bars = pd.DataFrame({"probability": PROBABILITIES.labels, "households": [0, 0, 0, 0, 0, 36, 0, 0]})
    tables["risk_bands"], tables["risk_histogram"] = bands.assign(county_code="a"), bars.assign(county_code="a")
    rows = pd.DataFrame([dict.fromkeys([*INDICATOR_COLUMNS, *NUMERIC])])
    rows = rows.assign(
        county_code="a", indicator="below_line", unit="share", weighted=True, cases=4.0, n=40.0, value=0.1,
        numerator=4.0, denominator=40.0, verdict="no_limit",
    )  # fmt: skip
    written, indicator, _ = withhold(tables, TABLES, rows, INDICATORS, FEW, {}, LINKS)
    assert indicator["withheld"].tolist() == [True]
    for name in ("risk_bands", "risk_histogram"):
        assert written[name]["households"].isna().any(), name
