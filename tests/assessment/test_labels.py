"""Every name and word of the facts is in the message catalogue, in both languages, and nothing else is."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import pytest

from relapse_risk.assessment import EXHIBITS, INDICATORS, TABLES, CountyData
from relapse_risk.assessment.facts import _computed
from relapse_risk.assessment.indicators import VERDICTS, indicator_rows
from relapse_risk.exhibits import Exhibit, columns_of
from relapse_risk.languages import Label
from relapse_risk.measures import FactTable
from relapse_risk.schema import code_list, code_lists, tables
from relapse_risk.text import messages

# Columns of the central tables and of the parameter list, which the reports name too.
CENTRAL = {
    "column.denominator", "column.interval", "column.name", "column.numerator", "column.previous", "column.section",
    "column.shrunk", "column.source", "column.start", "column.verdict", "column.value", "column.limit", "column.indicator",
    "column.confidence", "column.document", "column.document_title", "column.counts", "column.peers", "column.basis",
    "column.whole",
}  # fmt: skip
OUTSIDE = {"table", "indicator"}  # groups whose words are labelled elsewhere
SAID_BY_PAGES = {"section.stand", "section.missed", "section.more", "section.open", "section.item", "intro.13.alone"}
OTHERWISE = ("adult_equivalent", "described", "survey", "before_aid")  # what a message may be said otherwise for
FREE = {"product_class"}  # free text of the register: the usual words are named, the rest stands as it came


@pytest.fixture(scope="module")
def labels() -> Mapping[str, Label]:
    groups = ("exhibit.", "indicator.", "column.", "code.", "value.", "section.", "intro.")
    return {key: words for key, words in messages().items() if key.startswith(groups)}


def test_both_languages_and_no_blank(labels: Mapping[str, Label]) -> None:
    assert [key for key, words in labels.items() if not (words.zh.strip() and words.en.strip())] == []


def test_every_table_column_and_indicator_is_named(labels: Mapping[str, Label]) -> None:
    needed = {f"exhibit.{table.name}.title" for table in TABLES} | {f"indicator.{item.name}" for item in INDICATORS}
    needed |= {f"column.{column.name}" for table in TABLES for column in table.columns if not column.hidden}
    assert needed - set(labels) == set()


def test_no_label_is_unused(labels: Mapping[str, Label]) -> None:
    used = {f"indicator.{item.name}" for item in INDICATORS} | CENTRAL | SAID_BY_PAGES
    used |= {
        f"{part}.{number}" for number in range(max(t.section for t in TABLES) + 1) for part in ("section", "intro")
    }
    used |= {f"column.{column.name}" for table in TABLES for column in table.columns if not column.hidden}
    used |= {f"exhibit.{table.name}.{part}" for table in TABLES for part in _parts(table, EXHIBITS[table.name])}
    codes = {column.codes for table in TABLES for column in table.columns if column.kind == "code"}
    used |= {f"code.{name}.{word}" for name in codes for word in code_list(name).words}
    groups = {column.codes for table in TABLES for column in table.columns if column.kind == "label"}
    groups |= {"verdict", "confidence"}
    used |= {f"{key}.{said}" for key in used for said in OTHERWISE}
    left = {k for k in labels if k not in used and not (k.startswith("value.") and k.split(".")[1] in groups - OUTSIDE)}
    assert left == set()


def _parts(table: FactTable, exhibit: Exhibit) -> set[str]:
    """What the messages of an exhibit may be: chart, finding and the series drawn only where it has one."""
    shown = {column.name for column in table.columns if not column.hidden}
    parts = {"title", "note", "note.sample", "empty", "suppressed"} | {f"column.{name}" for name in shown}
    if exhibit.chart:
        parts |= {"caption", "marked"} | {f"series.{name}" for name in columns_of(exhibit.chart)}
    if exhibit.finding:
        parts |= {"finding", *(f"finding.{key}" for key in ("all_same", "limit", "limit_all", "rose", "fell"))}
    return parts


def test_every_verdict_and_confidence_has_a_word(labels: Mapping[str, Label]) -> None:
    words = {f"value.verdict.{word}" for word in VERDICTS}
    words |= {f"value.confidence.{word}" for word in code_list("confidence").words}
    assert words - set(labels) == set()


def test_code_columns_name_a_code_list() -> None:
    named = {(table.name, column.codes) for table in TABLES for column in table.columns if column.kind == "code"}
    assert [pair for pair in named if pair[1] not in code_lists()] == []


@pytest.mark.usefixtures("one_item")
def test_every_word_that_is_computed_is_named(county: CountyData, labels: Mapping[str, Label]) -> None:
    county.once("indicator", lambda: indicator_rows(county, INDICATORS, {}))
    unnamed = set()
    for spec in TABLES:
        frame = _computed(spec, county)
        for column in spec.columns:
            if column.kind == "label" and column.codes not in FREE and len(frame):
                unnamed |= _unnamed(frame[column.name], column.codes, labels)
    assert unnamed == set()


def _unnamed(values: pd.Series, group: str, labels: Mapping[str, Label]) -> set[str]:
    known = {"table": set(tables()), "indicator": {item.name for item in INDICATORS}}.get(group)
    if known is not None:
        return {f"{group}: {word}" for word in values.dropna() if word not in known}
    return {f"value.{group}.{word}" for word in values.dropna()} - set(labels)


def test_every_indicator_with_a_limit_says_what_to_do(labels: Mapping[str, Label]) -> None:
    assert {f"value.remedy.{item.name}" for item in INDICATORS if item.limit} - set(labels) == set()
