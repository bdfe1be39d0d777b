"""Reading a register: what was put comes back, in the right types, county by county."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pandas.testing import assert_frame_equal

from relapse_risk.errors import RegisterError, SchemaError
from relapse_risk.languages import Label
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.schema import Column, Table, check_table, code_list, tables

COUNTIES = ("371402", "371425", "371481")
MONTH = "2020-12"
# The values most likely to be lost on the way: extremes, signs, blanks, quotes, a number no double can hold.
EXTREMES = {
    "str": ["", " 空格 ", "一'二\"三,\n四", "é̄𠮷", "NaN", "null"],
    "int": [0, -1, 2**53 + 1, -(2**63), 2**63 - 1, 7],
    "float": [0.0, -0.0, 0.1 + 0.2, 1e308, 5e-324, -123456789.25],
    "bool": [True, False, True, True, False, False],
    "date": ["1900-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "2099-12-31", "2020-06-30"],
}
ROWS = 6


def values_of(column: Column, spec: Table, with_nulls: bool) -> list[object]:
    """Six values of one column; the references lead to the rows of the other tables' same number."""
    if column.name == "snapshot_month":
        return [MONTH] * ROWS
    if column.name == "period_end" and column.type == "str":
        return [f"20{10 + i}-12" for i in range(ROWS)]
    if column.name in ("village_code", "county_code", "town_code"):
        length = {"village_code": 12, "county_code": 6, "town_code": 9}[column.name]
        unique = column.name in spec.key
        tails = [f"{i if unique else 0:0{length}d}"[6:] for i in range(ROWS)]
        return [COUNTIES[i % 3] + tail for i, tail in enumerate(tails)]
    if column.name in spec.key or column.refers_to or column.name == "target_id":
        numbered = {
            "int": [2015 + i for i in range(ROWS)],
            "date": EXTREMES["date"],
            "str": [f"K{i}" for i in range(ROWS)],
        }
        words = code_list(column.codes).words if column.type == "code" else ()
        return list(numbered.get(column.type) or [words[i % len(words)] for i in range(ROWS)])
    if column.type == "code":
        words = code_list(column.codes).words
        found: list[object] = [words[i % len(words)] for i in range(ROWS)]
    else:
        found = list(EXTREMES[column.type])
    return [None if with_nulls and i % 3 == 1 else value for i, value in enumerate(found)]


def sample(spec: Table, with_nulls: bool = True) -> pd.DataFrame:
    rows = ROWS // 2 if spec.name == "county" else ROWS
    data = {column.name: values_of(column, spec, with_nulls)[:rows] for column in spec.columns}
    return check_table(pd.DataFrame({k: pd.Series(v, dtype="object") for k, v in data.items()}), spec.name)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every table of the dictionary with six rows over three counties, nulls among them."""
    folder = tmp_path_factory.mktemp("everything") / "register"
    with RegisterWriter(folder, place="dezhou") as writer:
        for name, spec in tables().items():
            writer.put(name, sample(spec), month=MONTH if spec.is_snapshot else None)
        writer.commit(created="2020-12-31T00:00:00")
    return folder


def read(register: Register, name: str, county: str | None = None) -> pd.DataFrame:
    return register.read_identity(county) if tables()[name].restricted else register.read(name, county=county)


@pytest.mark.parametrize("name", tables())
def test_a_table_comes_back_as_it_was_put(everything: Path, name: str) -> None:
    spec = tables()[name]
    put = sample(spec)
    back = read(Register.open(everything), name)
    key = list(spec.key)
    assert_frame_equal(back.sort_values(key, ignore_index=True), put.sort_values(key, ignore_index=True))
    assert back.dtypes.equals(put.dtypes)


@pytest.mark.parametrize("name", tables())
def test_each_row_group_is_one_county_ascending_and_holds_no_nan(everything: Path, name: str) -> None:
    register = Register.open(everything)
    (entry,) = register.manifest.of(name)
    counties = [group.county for group in entry.groups]
    assert counties == sorted(set(counties))
    assert counties == (["city"] if tables()[name].county_from is None else list(COUNTIES))
    with pq.ParquetFile(everything / entry.path) as file:
        assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [
            group.rows for group in entry.groups
        ]
        for i in range(file.num_row_groups):
            for column in file.read_row_group(i).columns:
                assert not (pa.types.is_floating(column.type) and pc.any(pc.is_nan(column)).as_py())


@pytest.mark.parametrize("name", [n for n, spec in tables().items() if spec.county_from is not None])
def test_the_counties_of_a_table_add_up_to_the_whole(everything: Path, name: str) -> None:
    register = Register.open(everything)
    parts = [read(register, name, county) for county in COUNTIES]
    assert all(len(part) for part in parts)
    assert_frame_equal(pd.concat(parts, ignore_index=True), read(register, name))


def test_code_columns_are_dictionary_coded_on_disk_and_compressed_with_zstd(everything: Path) -> None:
    register = Register.open(everything)
    (entry,) = register.manifest.of("household")
    with pq.ParquetFile(everything / entry.path) as file:
        assert pa.types.is_dictionary(file.schema_arrow.field("cause_main").type)
        assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_months_places_and_counties_are_told_from_the_manifest(build, frames) -> None:
    register = build({"2020-11": frames, "2020-12": {"household": frames["household"].iloc[:2]}})
    assert (register.place, register.months) == ("dezhou", ("2020-11", "2020-12"))
    assert register.counties == ("371425", "371481")
    assert register.read("household")["household_id"].tolist() == ["H1", "H2"]
    assert register.read("household", "2020-11")["household_id"].tolist() == ["H1", "H2", "H3"]
    assert register.read_all("household", ["household_id", "snapshot_month"]).values.tolist() == [
        ["H1", "2020-11"], ["H2", "2020-11"], ["H3", "2020-11"], ["H1", "2020-12"], ["H2", "2020-12"],
    ]  # fmt: skip


def test_a_snapshot_that_a_month_lacks_is_empty_not_another_months(build, frames) -> None:
    register = build({"2020-11": frames, "2020-12": {"household": frames["household"]}})
    assert len(register.read("person", "2020-12")) == 0
    assert len(register.read("person")) == 4


def test_columns_come_in_the_order_asked_for(build, frames) -> None:
    register = build({"2020-12": frames})
    assert list(register.read("household", columns=["household_size", "household_id"])) == [
        "household_size", "household_id",
    ]  # fmt: skip


def test_a_table_without_rows_is_an_empty_frame_of_its_types(build, frames) -> None:
    register = build({"2020-12": frames})
    assert not register.has("vacancy")
    assert register.has("income")
    empty = register.read("vacancy", county="371425")
    assert (len(empty), empty["openings"].dtype, empty["valid_until"].dtype) == (0, "Int64", "datetime64[s]")


def test_collected_means_any_value_in_any_month(build, frames) -> None:
    later = {"household": frames["household"].assign(arable_mu=[None, 1.5, None])}
    register = build({"2020-11": frames, "2020-12": later})
    assert register.collected("household", "arable_mu")
    assert not register.collected("household", "loan_balance")
    assert not register.collected("vacancy", "openings")
    with pytest.raises(SchemaError, match=r"unknown column.*'arable'.*did you mean 'arable_mu'"):
        register.collected("household", "arable")


def test_a_city_wide_table_is_whole_for_every_county_and_city_rows_are_asked_for_by_name(build, frames) -> None:
    register = build({"2020-12": frames})
    assert register.read("assistance_item", county="371481")["item_code"].tolist() == ["MZ01"]
    assert register.read("place_fact", county="371425")["fact_id"].tolist() == ["F1"]
    assert register.read("place_fact", county="city")["fact_id"].tolist() == ["F2"]


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda r: r.read("identity"), "identity is restricted.*read_identity"),
        (lambda r: r.read("household", "2019-01"), "household has no such month.*'2019-01'.*2020-12"),
        (lambda r: r.read("income", "2020-12"), "income: the table is not kept by month"),
        (lambda r: r.read("household", county="371499"), "no data of this county.*'371499'.*371425 | 371481"),
        (lambda r: r.county_hash("371499", "2020-12"), "no data of this county"),
    ],
)
def test_what_the_register_does_not_hold_is_an_error_that_says_what_it_does(build, frames, ask, words) -> None:
    with pytest.raises(RegisterError, match=words):
        ask(build({"2020-12": frames}))


def test_a_register_can_be_sent_to_another_process(build, frames) -> None:
    register = build({"2020-12": frames})
    register.read("household")
    again = pickle.loads(pickle.dumps(register))
    assert_frame_equal(again.read("household"), register.read("household"))


def test_a_register_shows_its_tables_in_a_notebook(build, frames) -> None:
    register = build({"2020-12": frames})
    html = register._repr_html_()
    assert all(word in html for word in ("dezhou", "2020-12", "Households", "住房核验"))
    summary = register.summary().set_index("table")
    assert summary.loc["person", ["rows", "months", "counties"]].tolist() == [4, 1, 2]
    assert summary.loc["vacancy", "rows"] == 0
    assert repr(register).startswith("Register(dezhou: 1 months, 2020-12 … 2020-12; 2 counties;")


def test_a_reader_outlives_every_commit(build, frames) -> None:
    register = build({"2020-12": frames})
    path = register.path
    for size in (3, 4):
        with RegisterWriter(path, place="dezhou") as writer:
            writer.put("household", frames["household"].assign(household_size=size), month="2020-12")
            writer.commit(created="2021-01-01T00:00:00")
    assert register.read("household", county="371425")["household_size"].tolist() == [2, 1]
    assert Register.open(path).read("household")["household_size"].tolist() == [4, 4, 4]


class TestCountyHash:
    def test_content_alone_counts_not_the_order_of_rows_nor_the_time(self, build, frames, tmp_path) -> None:
        one = build({"2020-12": frames})
        shuffled = {name: frame.sample(frac=1, random_state=1) for name, frame in frames.items()}
        two = build({"2020-12": dict(reversed(shuffled.items()))}, tmp_path / "other")
        assert one.county_hash("371425", "2020-12") == two.county_hash("371425", "2020-12")
        assert one.manifest.digest == two.manifest.digest

    def test_it_changes_with_its_own_rows_and_the_citys_only(self, build, frames, tmp_path) -> None:
        def hashes(number: int, **changed: pd.DataFrame) -> tuple[str, str]:
            register = build({"2020-12": frames | changed}, tmp_path / str(number))
            return register.county_hash("371425", "2020-12"), register.county_hash("371481", "2020-12")

        qihe, leling = hashes(0)
        income = frames["income"].assign(wage_income=[9.0, None])  # H3, of Leling
        assert hashes(1, income=income)[0] == qihe
        assert hashes(2, income=income)[1] != leling
        items = hashes(3, assistance_item=frames["assistance_item"].assign(department=None, valid_to="2030-01-01"))
        assert items[0] != qihe
        assert items[1] != leling

    def test_a_later_month_does_not_touch_an_earlier_one(self, build, frames) -> None:
        first = build({"2020-11": frames})
        before = first.county_hash("371425", "2020-11")
        later = build({"2020-12": {"household": frames["household"].assign(household_size=9)}})
        assert later.county_hash("371425", "2020-11") == before
        assert later.county_hash("371425", "2020-12") != before


class TestQuery:
    def test_it_sees_every_month_and_answers_in_the_public_types(self, build, frames) -> None:
        register = build({"2020-11": frames, "2020-12": frames})
        answer = register.query(
            "SELECT snapshot_month, sum(household_size) AS persons, min(DATE '2020-01-31') AS day, "
            "avg(household_size) AS mean, bool_or(has_tv) AS tv FROM household GROUP BY 1 ORDER BY 1"
        )
        assert answer["snapshot_month"].tolist() == ["2020-11", "2020-12"]
        assert answer["persons"].tolist() == [4, 4]
        assert answer["mean"].tolist() == [4 / 3] * 2
        assert answer.dtypes.astype(str).tolist() == ["str", "Int64", "datetime64[s]", "float64", "boolean"]
        assert answer["tv"].isna().all()

    def test_parameters_take_the_place_of_question_marks(self, build, frames) -> None:
        register = build({"2020-12": frames})
        sql = "SELECT household_id FROM household WHERE village_code = ?"
        assert register.query(sql, ["371481001001"])["household_id"].tolist() == ["H3"]
        assert register.query(sql, ["' OR 1=1 --"])["household_id"].tolist() == []

    def test_an_empty_table_has_its_columns(self, build, frames) -> None:
        assert build({"2020-12": frames}).query("SELECT count(*) AS n FROM vacancy WHERE openings > 1")["n"].item() == 0

    @pytest.mark.parametrize(
        "sql",
        [
            "SELECT * FROM identity",
            "SELECT * FROM read_parquet('{path}/tables/identity/*.parquet')",
            "SELECT * FROM '{path}/{identity}'",
            "SELECT * FROM read_text('{path}/manifest.json')",
            "SELECT * FROM leaked",
            "ATTACH '{path}/other.db'",
            "COPY (SELECT 1) TO '{path}/{household}'",
            "SELECT 1; SELECT 2",
            "SET enable_external_access = true",
            "EXPLAIN ANALYZE COPY (SELECT 1) TO '{path}/{household}'",
            "DROP VIEW household",
        ],
    )
    def test_names_and_files_are_out_of_reach(self, build, frames, sql: str) -> None:
        register = build({"2020-12": frames})
        leaked = frames["identity"]  # a variable that DuckDB would find by itself
        assert len(leaked) == 2
        paths = {name: register.manifest.of(name)[0].path for name in ("identity", "household")}
        with pytest.raises(RegisterError):
            register.query(sql.format(path=register.path.as_posix(), **paths))
        register.verify()

    @pytest.mark.parametrize(("sql", "words"), [("SELEC 1", "syntax error"), ("SELECT nope FROM household", "nope")])
    def test_wrong_sql_is_a_register_error_in_duckdbs_words(self, build, frames, sql, words) -> None:
        with pytest.raises(RegisterError, match=f"query failed.*{words}"):
            build({"2020-12": frames}).query(sql)

    def test_a_flipped_bit_is_found_before_anything_is_computed(self, build, frames) -> None:
        path = build({"2020-12": frames}).path
        (entry,) = Register.open(path).manifest.of("household")
        content = bytearray((path / entry.path).read_bytes())
        content[len(content) // 3] ^= 1
        (path / entry.path).write_bytes(bytes(content))
        damaged = Register.open(path)  # its size is right
        with pytest.raises(
            RegisterError, match=r"changed after it was written \(checksum differs\).*import household 2020-12 again"
        ):
            damaged.read("household", "2020-12", columns=["household_id"])
        with pytest.raises(RegisterError, match="checksum differs"):
            damaged.query("SELECT count(*) FROM household")

    def test_show_tables_lists_all_but_the_restricted_one(self, build, frames) -> None:
        names = set(build({"2020-12": frames}).query("SHOW TABLES")["name"])
        assert names == set(tables()) - {"identity"}


def test_a_column_added_to_the_dictionary_later_reads_as_null(build, frames, monkeypatch) -> None:
    """A register written before a column existed is still whole: the column was not collected."""
    register = build({"2020-12": frames})
    spec = tables()["household"]
    wider = dict(tables())
    column = Column("storeys", "int", Label(zh="层数", en="Storeys"))
    wider["household"] = Table(
        spec.name, spec.label, spec.key, spec.county_from, spec.restricted, (*spec.columns, column)
    )
    before = register.county_hash("371425", "2020-12")
    monkeypatch.setattr("relapse_risk.schema.tables", lambda: wider)
    monkeypatch.setattr("relapse_risk.register.sql_query.tables", lambda: wider)
    again = Register.open(register.path)
    assert again.read("household")["storeys"].isna().all()
    assert again.read("household", columns=["storeys"])["storeys"].dtype == "Int64"
    assert again.query("SELECT count(storeys) AS n, count(*) AS rows FROM household").values.tolist() == [[0, 3]]
    assert not again.collected("household", "storeys")
    with RegisterWriter(register.path, place="dezhou") as writer:
        writer.put("household", again.read("household"), month="2020-12")
        writer.commit(created="2021-01-01T00:00:00")
    assert Register.open(register.path).county_hash("371425", "2020-12") == before


def test_nulls_of_numbers_are_nan_in_memory_only(build, frames) -> None:
    register = build({"2020-12": frames})
    wage = register.read("income")["wage_income"]
    assert np.isnan(wage.iloc[0])
    assert register.query("SELECT count(*) AS n FROM income WHERE wage_income IS NULL")["n"].item() == 1
