"""Facts on disk by hand: order, row groups, digests of what a reader sees, and what is held in memory."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from relapse_risk.assessment import facts_store
from relapse_risk.assessment.facts_store import Facts, FactsManifest, county_digests, read_facts, write_facts
from relapse_risk.errors import RelapseRiskError
from relapse_risk.parameters import DatedValue

MONTH = "2020-12"
ROWS = pd.DataFrame(
    {
        "county_code": ["city", "371481", "371425", "371481"],
        "cause": ["all", "病", "b", "a"],
        "households": [9, 4, 3, 2],
    }
)


def manifest(*tables: str) -> FactsManifest:
    value = DatedValue("small_cell", 5.0, "households", date(2016, 1, 1), "ours", "assumed")
    return FactsManifest(
        place="dezhou", month=MONTH, data_date="2020-12-31", previous=None, counties=(("371425", "齐河县", "Qihe"),), hashes={"city": "ab"},
        parameters=(value,), suppressed=3, tables=tables, schema={}, cards={}, register_digest="r", parameter_digest="p",
    )  # fmt: skip


def written(folder: Path, frame: pd.DataFrame = ROWS) -> Facts:
    write_facts(folder / MONTH, {"causes": frame}, manifest("causes"))
    return read_facts(folder, MONTH)


def test_a_table_has_one_row_group_per_county_in_order_and_keeps_the_order_of_rows(tmp_path: Path) -> None:
    facts = written(tmp_path)
    file = pq.ParquetFile(tmp_path / MONTH / "causes.parquet")
    groups = [file.read_row_group(i).to_pydict() for i in range(file.num_row_groups)]
    assert groups == [
        {"county_code": ["371425"], "cause": ["b"], "households": [3]},
        {"county_code": ["371481", "371481"], "cause": ["病", "a"], "households": [4, 2]},
        {"county_code": ["city"], "cause": ["all"], "households": [9]},
    ]  # fmt: skip
    assert set(file.schema_arrow.metadata) == {b"relapse_risk.columns"}, "nothing that depends on versions of libraries"
    assert {file.metadata.row_group(0).column(i).compression for i in range(3)} == {"ZSTD"}
    assert sorted(path.name for path in (tmp_path / MONTH).iterdir()) == ["causes.parquet", "facts.json"]
    assert facts.folder == tmp_path / MONTH


def test_rows_of_one_county_and_of_all(tmp_path: Path) -> None:
    facts = written(tmp_path)
    assert facts.table("causes", "371481").to_dict("list") == {"cause": ["病", "a"], "households": [4, 2]}
    assert facts.all_counties("causes", "371425").to_dict("list") == {
        "county_code": ["371425"],
        "cause": ["b"],
        "households": [3],
    }
    assert facts.all_counties("causes")["county_code"].tolist() == ["371425", "371481", "371481", "city"]
    assert len(facts.table("causes", "999999")) == 0
    assert list(facts.table("causes", "999999").columns) == ["cause", "households"]
    mine = facts.all_counties("causes")
    mine["households"] = 0
    assert facts.all_counties("causes")["households"].tolist() == [3, 4, 2, 9], (
        "what is held is not changed by a reader"
    )
    facts.hold()


def test_a_table_written_again_is_read_again(tmp_path: Path) -> None:
    assert written(tmp_path).table("causes", "city")["households"].tolist() == [9]
    assert written(tmp_path, ROWS.assign(households=[90, 4, 3, 2])).table("causes", "city")["households"].tolist() == [
        90
    ]


def test_a_large_table_is_mapped_and_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_store, "LARGE", 0)
    facts = written(tmp_path)
    assert facts.table("causes", "371481").to_dict("list") == {"cause": ["病", "a"], "households": [4, 2]}
    assert len(facts.all_counties("causes")) == 4


def test_the_manifest_is_plain_json(tmp_path: Path) -> None:
    facts = written(tmp_path)
    text = (tmp_path / MONTH / "facts.json").read_text(encoding="utf-8")
    assert "齐河县" in text
    assert text.endswith("}\n")
    assert text.splitlines()[1] == ' "place": "dezhou",'
    assert facts.manifest == json.loads(text)
    assert facts.manifest["parameters"] == [
        {
            "name": "small_cell",
            "value": 5.0,
            "unit": "households",
            "start": "2016-01-01",
            "source": "ours",
            "confidence": "assumed",
        }
    ]
    assert facts.manifest["counties"] == [["371425", "齐河县", "Qihe"]]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    facts = written(tmp_path)
    with pytest.raises(RelapseRiskError, match=r"none\.parquet: no such fact table; expected causes"):
        facts.all_counties("none")
    with pytest.raises(
        RelapseRiskError, match=r"2019-12/facts\.json: no facts of this month.*Fix: run relapse-risk facts"
    ):
        read_facts(tmp_path, "2019-12")
    (tmp_path / MONTH / "facts.json").write_text("{", encoding="utf-8")
    with pytest.raises(RelapseRiskError, match=r"damaged: .*Fix: run relapse-risk facts again"):
        read_facts(tmp_path, MONTH)


def test_the_digest_of_a_county_moves_with_what_its_report_shows() -> None:
    """Its own rows and the city's; every county's indicators; the city's report shows all."""
    codes = ("371425", "371481", "city")
    indicator = pd.DataFrame({"county_code": ["371425", "371481", "city"], "value": [0.1, 0.2, 0.15]})
    first = county_digests({"causes": ROWS, "indicator": indicator}, codes)
    assert set(first) == set(codes)
    assert len(set(first.values())) == 3
    assert {len(digest) for digest in first.values()} == {32}

    def moved(causes: pd.DataFrame = ROWS, indicator: pd.DataFrame = indicator) -> set[str]:
        now = county_digests({"indicator": indicator, "causes": causes}, codes)
        return {code for code in codes if now[code] != first[code]}

    assert moved() == set(), "the order of the tables says nothing"
    assert moved(ROWS.assign(households=[9, 4, 3, 1])) == {"371481", "city"}
    assert moved(ROWS.assign(households=[8, 4, 3, 2])) == set(codes)
    assert moved(indicator=indicator.assign(value=[0.1, 0.3, 0.15])) == set(codes)
    assert moved(indicator=indicator.assign(value=[0.1, 0.2 + 1e-13, 0.15])) == set(), "twelve decimals tell"
    assert moved(indicator=indicator.assign(value=[0.1, 0.2 + 1e-11, 0.15])) == set(codes)
    assert moved(ROWS[ROWS["county_code"] != "371425"]) == {"371425", "city"}
    more = pd.concat([ROWS.iloc[:1], ROWS[ROWS["county_code"] == "371425"], ROWS.iloc[1:]], ignore_index=True)
    assert "371481" not in moved(more), "rows of another county only move those of this one"
    assert moved(ROWS.rename(columns={"households": "persons"})) == set(codes)
    assert county_digests({"causes": ROWS}, ("999999",))["999999"] != first["371425"]


def test_dates_are_told_apart_in_a_digest() -> None:
    rows = pd.DataFrame({"county_code": ["a"], "on": [pd.Timestamp("2020-12-01")]})
    other = rows.assign(on=pd.Timestamp("2020-12-02"))
    assert county_digests({"t": rows}, ("a",)) != county_digests({"t": other}, ("a",))
    assert county_digests({"t": rows}, ("a",)) != county_digests({"u": rows}, ("a",))
