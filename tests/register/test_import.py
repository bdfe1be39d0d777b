"""Import end to end: what comes in, what stays out, and that doing it again or dying half-way changes nothing."""

from __future__ import annotations

import hashlib
import multiprocessing
import shutil
import sqlite3
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from relapse_risk.errors import GateError, RegisterError, SourceError
from relapse_risk.register import Register
from relapse_risk.register.import_report import ImportReport
from relapse_risk.register.importing import import_source
from relapse_risk.register.mapping import SourceMapping
from relapse_risk.register.pseudonyms import create_key, pseudonym, read_key
from relapse_risk.register.template import export_workbook

AS_OF = date(2020, 12, 31)
# Check characters of GB 11643 worked out by hand for three numbers: 1949-12-31 F, 1950-01-01 M, 1952-02-02 F.
WIFE_ID, HEAD_ID = "11010519491231002X", "110105195001010012"


def csv_mapping(table: str, **changes: Any) -> SourceMapping:
    top = {key: changes.pop(key) for key in ("mode", "place", "month") if key in changes}
    return SourceMapping.model_validate(
        {
            "name": "m",
            "label": {"zh": "表", "en": "table"},
            "kind": "csv",
            "place": "dezhou",
            **top,
            "tables": [{"table": table, "source": "*", **changes}],
        }
    )


def put(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


def content(register: Path) -> dict[str, str]:
    """Digest of every file a reader of the register may see: the manifest and what it names."""
    held = Register.open(register)
    held.verify()
    names = ["manifest.json", *(entry.path for entry in held.manifest.files)]
    return {name: hashlib.sha256((register / name).read_bytes()).hexdigest() for name in names}


HOMES = "户编号,村代码,家庭人口数\nH1,371425101001,2\nH2,371425101001,1\n"


def import_homes(tmp_path: Path, text: str = HOMES, **changes: Any) -> ImportReport:
    source = put(tmp_path / "in", "户.csv", text)
    accept = changes.pop("accept", "")
    mapping = csv_mapping("household", **changes)
    return import_source(source, mapping, tmp_path / "register", "2020-12", as_of=AS_OF, accept=accept)


def test_the_same_source_twice_changes_nothing(tmp_path: Path) -> None:
    first = import_homes(tmp_path)
    before = content(tmp_path / "register")
    second = import_homes(tmp_path)
    assert (first.changed, second.changed) == (True, False)
    assert content(tmp_path / "register") == before
    assert "unchanged" in second.summary()


def test_rows_are_laid_over_those_of_the_same_key_and_the_others_stay(tmp_path: Path) -> None:
    import_homes(tmp_path)
    import_homes(tmp_path, "户编号,村代码,家庭人口数\nH2,371425101001,3\nH3,371425101001,4\n")
    homes = Register.open(tmp_path / "register").read("household")
    assert dict(zip(homes["household_id"], homes["household_size"], strict=True)) == {"H1": 2, "H2": 3, "H3": 4}


def test_a_source_leaves_alone_the_columns_it_does_not_speak_of(tmp_path: Path) -> None:
    import_homes(tmp_path)
    import_homes(tmp_path, "户编号,村代码,住房安全等级\nH1,371425101001,B\n")
    home = Register.open(tmp_path / "register").read("household").set_index("household_id").loc["H1"]
    assert (home["household_size"], home["dwelling_grade"]) == (2, "B")


def test_a_column_left_empty_in_every_row_wipes_nothing(tmp_path: Path) -> None:
    import_homes(tmp_path)
    import_homes(tmp_path, "户编号,村代码,家庭人口数\nH1,371425101001,\n")
    homes = Register.open(tmp_path / "register").read("household").set_index("household_id")
    assert homes.loc["H1", "household_size"] == 2


def test_replace_leaves_only_what_the_source_holds(tmp_path: Path) -> None:
    import_homes(tmp_path)
    text = "户编号,村代码\nH9,371425101001\n"
    with pytest.raises(GateError, match=r"2 before .* 2 dropped"):
        import_homes(tmp_path, text, mode="replace")
    import_homes(tmp_path, text, mode="replace", accept="Wang: the list was of another village")
    assert Register.open(tmp_path / "register").read("household")["household_id"].tolist() == ["H9"]


def test_another_month_is_a_snapshot_beside_the_first(tmp_path: Path) -> None:
    import_homes(tmp_path)
    source = tmp_path / "in" / "户.csv"
    import_source(source, csv_mapping("household"), tmp_path / "register", "2020-11", as_of=AS_OF)
    assert Register.open(tmp_path / "register").months == ("2020-11", "2020-12")


def test_rows_may_refer_to_what_the_register_holds_already(tmp_path: Path) -> None:
    import_homes(tmp_path)
    source = put(tmp_path / "in2", "人.csv", "人员编号,户编号\nP1,H1\nP2,H9\n")
    report = import_source(source, csv_mapping("person"), tmp_path / "register", "2020-12", as_of=AS_OF)
    assert [(c.accepted, c.rejected) for c in report.tables] == [(1, 1)]
    findings = pd.read_csv(report.files[0], dtype=str)
    assert findings.loc[findings["severity"] == "error", "value"].tolist() == ["H9"]


def test_a_folder_of_one_file_per_county_is_one_import(tmp_path: Path) -> None:
    put(tmp_path / "in", "齐河.csv", "户编号,村代码\nH1,371425101001\n")
    put(tmp_path / "in", "乐陵.csv", "户编号,村代码\nH2,371481101001\n", "gb18030")
    report = import_source(tmp_path / "in", csv_mapping("household"), tmp_path / "register", "2020-12", as_of=AS_OF)
    assert report.rejected == 0
    assert Register.open(tmp_path / "register").counties == ("371425", "371481")


def test_what_is_not_read_is_said(tmp_path: Path) -> None:
    report = import_homes(tmp_path, "户编号,村代码,备注\nH1,371425101001,x\n")
    assert [note for note in report.notes if "备注 was not read" in note]
    assert "备注" in report.summary()


def test_a_register_of_another_place_is_refused(tmp_path: Path) -> None:
    import_homes(tmp_path)
    with pytest.raises(SourceError, match="for another place than the register"):
        import_homes(tmp_path, place="argentina_eph")


def test_nothing_is_written_when_a_later_file_is_broken(tmp_path: Path) -> None:
    import_homes(tmp_path)
    before = content(tmp_path / "register")
    put(tmp_path / "in", "坏.csv", "户编号,村代码\nH3,371425101001,x\n")
    with pytest.raises(SourceError, match="number of fields differs"):
        import_source(tmp_path / "in", csv_mapping("household"), tmp_path / "register", "2020-12", as_of=AS_OF)
    assert content(tmp_path / "register") == before


def test_income_of_several_periods_and_months_goes_where_it_belongs(tmp_path: Path) -> None:
    import_homes(tmp_path)
    text = "户编号,收入期末月,覆盖月数,工资性收入\nH1,2019-12,12,5000\nH1,2020-12,12,6000\nH2,2020-12,12,7000\n"
    source = put(tmp_path / "in2", "收入.csv", text)
    report = import_source(source, csv_mapping("income"), tmp_path / "register", as_of=AS_OF)
    assert report.rejected == 0
    assert Register.open(tmp_path / "register").read("income")["wage_income"].tolist() == [5000.0, 6000.0, 7000.0]


# --- an office's own headings, with pseudonyms ------------------------------------------------------------------------


def national_export(path: Path) -> Path:
    book = openpyxl.Workbook()
    family = book.active
    family.title = "家庭信息"
    family.append(["齐河县家庭信息表（2020年度）"])
    family.merge_cells("A1:N1")
    family.append(
        ["序号", "行政村", "行政村代码", "户编号", "户主证件号码", "家庭人口数", "户类型", "主要致贫原因", "风险是否消除",
         "年度", "工资性收入", "生产经营性收入", "生产经营性支出", "财产性收入", "转移性收入"]
    )  # fmt: skip
    for number, household, head in ((1, "3714250001", HEAD_ID), (2, "3714250002", WIFE_ID)):
        family.append(
            [number, "示例村", "371425101001", household, head, 1, "脱贫享受政策户", "因病", "未消除",
             2020, 12000, 3000, 1000, 0, 1600.5]
        )  # fmt: skip
    member = book.create_sheet("成员信息")
    member.append(["齐河县家庭成员信息表"])
    member.append(["序号", "户编号", "姓名", "证件号码", "与户主关系", "文化程度", "健康状况", "劳动技能"])
    member.append([1, "3714250001", "张三", HEAD_ID, "户主", "小学", 1, "普通劳动力"])
    member.append([2, "3714250002", "李四", WIFE_ID.lower(), "户主", "初中", "长期慢性病", 5])
    book.save(path)
    return path


def test_an_export_with_its_own_headings_and_identity_numbers(tmp_path: Path) -> None:
    key = tmp_path / "key"
    report = import_source(
        national_export(tmp_path / "导出.xlsx"), "national_export", tmp_path / "register", "2020-12", key, as_of=AS_OF
    )
    assert report.rejected == 0, report.summary()
    register = Register.open(tmp_path / "register")
    secret = read_key(key)
    head, home = pseudonym(secret, HEAD_ID, "P"), pseudonym(secret, "3714250001", "H")
    persons = register.read("person").set_index("person_id")
    assert persons.loc[head, ["household_id", "sex", "education_level", "health_status"]].tolist() == [
        home, "male", "primary", "healthy",
    ]  # fmt: skip
    assert persons.loc[head, "birth_date"] == pd.Timestamp(1950, 1, 1)
    # A small x is the same check character.
    assert persons.loc[pseudonym(secret, WIFE_ID, "P"), "sex"] == "female"
    assert persons.loc[pseudonym(secret, WIFE_ID, "P"), "labour_capacity"] == "weak"
    assert register.read("village")["town_code"].tolist() == ["371425101"]
    income = register.read("income").set_index("household_id").loc[home]
    assert income[["period_end", "months", "wage_income", "transfer_income"]].tolist() == [
        "2020-12",
        12,
        12000.0,
        1600.5,
    ]
    identity = register.read_identity().set_index("person_id")
    assert identity.loc[head, ["person_name", "id_number"]].tolist() == ["张三", HEAD_ID]


def test_no_name_or_identity_number_lands_outside_the_identity_table(tmp_path: Path) -> None:
    source = national_export(tmp_path / "导出.xlsx")
    import_source(source, "national_export", tmp_path / "register", "2020-12", tmp_path / "key", as_of=AS_OF)
    register = Register.open(tmp_path / "register")
    for entry in register.manifest.files:
        if entry.table != "identity":
            frame = pd.read_parquet(register.path / entry.path).astype("str")
            text = frame.to_csv()
            assert not any(secret in text for secret in (HEAD_ID, WIFE_ID, "张三", "李四", "3714250001")), entry.table
    for file in (tmp_path / "findings").rglob("*.csv"):
        assert HEAD_ID not in file.read_text(encoding="utf-8-sig")


def test_a_new_key_is_made_only_for_a_new_register(tmp_path: Path) -> None:
    source = national_export(tmp_path / "导出.xlsx")
    import_source(source, "national_export", tmp_path / "register", "2020-12", tmp_path / "key", as_of=AS_OF)
    with pytest.raises(RegisterError, match="no key"):
        import_source(source, "national_export", tmp_path / "register", "2020-12", tmp_path / "other", as_of=AS_OF)
    again = import_source(source, "national_export", tmp_path / "register", "2020-12", tmp_path / "key", as_of=AS_OF)
    assert not again.changed


def test_a_key_inside_the_register_is_refused(tmp_path: Path) -> None:
    source = national_export(tmp_path / "导出.xlsx")
    with pytest.raises(RegisterError, match="must not lie inside a register"):
        import_source(
            source, "national_export", tmp_path / "register", "2020-12", tmp_path / "register" / "key", as_of=AS_OF
        )


def test_another_key_gives_other_pseudonyms(tmp_path: Path) -> None:
    source = national_export(tmp_path / "导出.xlsx")
    for name in ("a", "b"):
        create_key(tmp_path / f"{name}.key")
        import_source(
            source, "national_export", tmp_path / name / "register", "2020-12", tmp_path / f"{name}.key", as_of=AS_OF
        )
    ids = [set(Register.open(tmp_path / name / "register").read("person")["person_id"]) for name in ("a", "b")]
    assert not ids[0] & ids[1]


# --- a database ---------------------------------------------------------------------------------------------------


def test_a_database_with_units_numbers_and_compact_dates_of_its_own(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "office.db") as connection:
        connection.execute("CREATE TABLE hh (hh_no TEXT, ym TEXT, village TEXT, hh_size INT, hh_class TEXT)")
        connection.execute("INSERT INTO hh VALUES ('H1', '202012', '371425101001', 1, '低保户')")
        connection.execute("CREATE TABLE person (person_no TEXT, hh_no TEXT, sex INT, born TEXT)")
        connection.execute("INSERT INTO person VALUES ('P1', 'H1', 2, '19500101')")
        connection.execute("CREATE TABLE hh_income (hh_no TEXT, year INT, wage_wan REAL, transfer_wan REAL)")
        connection.execute("INSERT INTO hh_income VALUES ('H1', 2020, 0.57, NULL)")
    connection.close()
    url = f"sqlite:///{(tmp_path / 'office.db').as_posix()}"
    report = import_source(url, "sql_example", tmp_path / "register", as_of=AS_OF)
    assert report.rejected == 0, report.summary()
    register = Register.open(tmp_path / "register")
    assert register.read("household")[["snapshot_month", "household_class"]].to_numpy().tolist() == [
        ["2020-12", "dibao"]
    ]
    assert register.read("person")["birth_date"].tolist() == [pd.Timestamp(1950, 1, 1)]
    # 0.57 × 10,000 yuan is 5,700 yuan, not 5,699.999…
    assert register.read("income")["wage_income"].tolist() == [5700.0]


# --- death --------------------------------------------------------------------------------------------------------


def _import_in_a_child(source: str, register: str) -> None:
    import_source(source, "template", register, as_of=AS_OF, place="dezhou")


def _killed(source: Path, register: Path, after: float) -> bool:
    """Start an import and kill it ``after`` seconds; whether it was still at work."""
    context = multiprocessing.get_context(
        "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    )
    if context.get_start_method() == "forkserver":
        context.set_forkserver_preload(["relapse_risk.register.importing"])
    child = context.Process(target=_import_in_a_child, args=(str(source), str(register)))
    child.start()
    child.join(timeout=after)
    alive = child.exitcode is None
    child.kill()
    child.join()
    return alive


def _trial(tmp_path: Path, small_register: Path, kills: int) -> None:
    """Kill the import of four tables over a register that holds two of them, older; it is the old one or the new."""
    small = Register.open(small_register)
    tables = ["county", "village", "household", "person"]
    source = export_workbook(small, tmp_path / "表.xlsx", tables=tables)
    older = export_workbook(small, tmp_path / "旧.xlsx", month=small.months[-2], tables=tables[:2])
    import_source(older, "template", tmp_path / "old" / "register", as_of=AS_OF, place="dezhou")
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    started = time.perf_counter()
    import_source(source, "template", tmp_path / "new" / "register", as_of=AS_OF, place="dezhou")
    takes = time.perf_counter() - started
    old, new = content(tmp_path / "old" / "register"), content(tmp_path / "new" / "register")
    assert old != new
    rng = np.random.default_rng(20201231)
    inside = 0
    for trial in range(kills):
        register = tmp_path / f"killed{trial}" / "register"
        shutil.copytree(tmp_path / "old", register.parent)
        hit = _killed(source, register, float(rng.uniform(0.05, 1.1 * takes)))
        inside += hit
        takes = takes if hit else max(0.7 * takes, 0.2)  # the machine is less busy than when the run was timed
        assert content(register) in (old, new)
        if trial % 5 == 0:
            import_source(source, "template", register, as_of=AS_OF, place="dezhou")
            assert content(register) == new
            named = {entry.path for entry in Register.open(register).manifest.files}
            left = {p.relative_to(register).as_posix() for p in (register / "tables").rglob("*") if p.is_file()}
            assert left - named <= set(old), "the next run sweeps what the dead one left"
    assert inside >= kills // 4, "the kills came too late to prove anything"


def test_killed_at_eight_random_moments_the_register_is_whole_and_the_next_run_finishes(
    tmp_path: Path, small_register: Path
) -> None:
    _trial(tmp_path, small_register, 8)


@pytest.mark.long
def test_killed_at_two_hundred_random_moments(tmp_path: Path, small_register: Path) -> None:
    _trial(tmp_path, small_register, 200)
