"""One broken mapping per way to go wrong; each error names file, entry and the nearest right name."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relapse_risk.errors import RelapseRiskError
from relapse_risk.parameters import params_dir
from relapse_risk.register.mapping import read_mapping

HEAD = "name: x\nlabel: {zh: 坏, en: broken}\nkind: csv\nplace: dezhou\n"
CASES = {
    "not YAML": (HEAD + "tables: [{table: village", ["not valid YAML", "correct the line named"]),
    "a key written twice": (HEAD + "place: qihe\ntables: []\n", ["'place' is written twice"]),
    "a misspelt key": (HEAD + "encodding: gbk\ntables: []\n", ["encodding", "unknown key", "did you mean 'encoding'"]),
    "a key left out": ("name: x\nkind: csv\ntables: []\n", ["label", "Field required"]),
    "an unknown kind": (
        HEAD.replace("csv", "dbf") + "tables: []\n",
        ["kind", "unknown word", "expected one of excel | csv | sql | parquet"],
    ),
    "an unknown table": (
        HEAD + "tables: [{table: housold, source: a}]\n",
        ["unknown table", "got 'housold'", "did you mean 'household'"],
    ),
    "an unknown column": (
        HEAD + "tables: [{table: village, source: a, columns: {vilage_code: 村代码}}]\n",
        ["unknown column", "did you mean 'village_code'"],
    ),
    "a key column not mapped": (
        HEAD + "tables: [{table: village, source: a, columns: {village_name_zh: 村名}}]\n",
        ["a key column is not mapped", "expected village_code"],
    ),
    "an unknown code word": (
        HEAD
        + "tables: [{table: person, source: a, columns: {person_id: 编号, sex: {header: 性别, values: {男: man}}}}]\n",
        ["unknown code word", "got 'man'", "male | female"],
    ),
    "an unknown conversion": (
        HEAD
        + "tables: [{table: income, source: a, columns: {household_id: 户, period_end: {header: 年, convert: year_end}}}]\n",
        ["unknown conversion", "did you mean 'year_end_month'"],
    ),
    "a conversion with too few headers": (
        HEAD
        + "tables: [{table: income, source: a, columns: "
        + "{household_id: 户, period_end: {header: 年, convert: quarter_end_month}}}]\n",
        ["takes 2 headers", "got ['年']"],
    ),
    "a factor on text": (
        HEAD + "tables: [{table: village, source: a, columns: {village_code: {header: 村, unit_factor: 10}}}]\n",
        ["unit_factor is for numbers"],
    ),
    "a date form on text": (
        HEAD + "tables: [{table: village, source: a, columns: {village_code: {header: 村, date_format: '%Y'}}}]\n",
        ["date_format is for dates"],
    ),
    "neither header nor constant": (
        HEAD + "tables: [{table: village, source: a, columns: {village_code: {optional: true}}}]\n",
        ["give either header or constant"],
    ),
    "both source and rows": (
        HEAD + "tables: [{table: village, source: a, rows: [{village_code: '1'}]}]\n",
        ["give either source or rows"],
    ),
    "a month that is none": (HEAD + "month: 2020-13\ntables: []\n", ["not a month", "got '2020-13'"]),
    "a prefix in small letters": (
        HEAD + "tables: [{table: village, source: a, columns: {village_code: {header: 村, pseudonym: p}}}]\n",
        ["pseudonym", "String should match pattern"],
    ),
    "not UTF-8": ("name: 坏".encode("gb18030"), ["cannot be read", "save it as UTF-8"]),
}


@pytest.mark.parametrize("title", CASES)
def test_a_mapping_with(title: str, tmp_path: Path) -> None:
    content, words = CASES[title]
    path = tmp_path / "x.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    with pytest.raises(RelapseRiskError) as caught:
        read_mapping(path)
    for word in words:
        assert word in str(caught.value), str(caught.value)
    assert "x.yaml" in str(caught.value)


def test_an_unknown_mapping_name_suggests_the_nearest() -> None:
    with pytest.raises(RelapseRiskError, match="did you mean 'template'"):
        read_mapping("tempalte")


def test_a_mapping_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RelapseRiskError, match="file not found"):
        read_mapping(tmp_path / "none.yaml")


def test_every_mapping_shipped_reads() -> None:
    names = sorted(path.stem for path in (params_dir() / "sources").glob("*.yaml"))
    assert {"template", "national_export", "sql_example", "argentina_eph"} <= set(names)
    for name in names:
        assert read_mapping(name).name == name


def test_a_mapping_copied_elsewhere_reads_by_path(tmp_path: Path) -> None:
    shutil.copy(params_dir() / "sources" / "template.yaml", tmp_path / "ours.yaml")
    assert read_mapping(tmp_path / "ours.yaml") == read_mapping("template")
