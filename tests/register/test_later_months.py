"""What comes late, twice or from several departments: months that carried a value follow it, and nothing said is undone."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

import pytest
from tests.office_fixtures import HEAD, december, take

from relapse_risk.errors import SourceError
from relapse_risk.register import Register
from relapse_risk.register.importing import import_source
from relapse_risk.register.mapping import SourceMapping, read_mapping
from relapse_risk.register.writer import RegisterWriter

LABEL = {"zh": "x", "en": "x"}


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """Five households and six persons in December 2020."""
    return december(tmp_path)


def sizes(office: Path, month: str) -> dict[str, int]:
    rows = Register.open(office / "register").read("household", month=month)
    return dict(zip(rows["household_id"], rows["household_size"], strict=True))


def origins(office: Path, month: str, household: str) -> dict[str, str]:
    rows = Register.open(office / "register").read("carried", month=month)
    rows = rows[rows["table_name"].eq("household") & rows["row_key"].eq(household)]
    return dict(zip(rows["said_in"], rows["columns"], strict=True))


def row(household: str, size: int, village: str = "999901001001") -> str:
    return f"{HEAD}\n{household},{village},{size},1,无,无,安全\n"


def test_a_correction_goes_on_into_the_months_that_carried_the_value(office: Path) -> None:
    take(office, row("H2", 2), "2021-01")
    take(office, row("H3", 3, "999901001002"), "2021-02")
    take(office, row("H2", 7), "2021-03")
    take(office, row("H2", 5), "2021-01", name="corrected.csv")
    assert [sizes(office, m)["H2"] for m in ("2020-12", "2021-01", "2021-02", "2021-03")] == [1, 5, 5, 7]
    assert origins(office, "2021-02", "H2") == {"2021-01": "all"}
    assert origins(office, "2021-03", "H2") == {}


def test_a_month_that_comes_late_is_carried_on(office: Path) -> None:
    take(office, row("H3", 3, "999901001002"), "2021-02")
    assert origins(office, "2021-02", "H2") == {"2020-12": "all"}
    take(office, row("H2", 6), "2021-01", name="late.csv")
    assert sizes(office, "2021-02")["H2"] == 6
    assert origins(office, "2021-02", "H2") == {"2021-01": "all"}


def test_a_household_that_is_entered_late_is_there_from_then_on(office: Path) -> None:
    take(office, row("H3", 3, "999901001002"), "2021-02")
    take(office, row("H6", 4), "2021-01", name="late.csv", accept="Wang Fang: moved here in January")
    assert sizes(office, "2021-02") == {"H1": 2, "H2": 1, "H3": 3, "H4": 1, "H5": 4, "H6": 4}
    assert origins(office, "2021-02", "H6") == {"2021-01": "all"}


def test_who_is_no_more_in_an_earlier_month_is_not_carried_on(office: Path) -> None:
    take(office, row("H3", 3, "999901001002"), "2021-01")
    take(office, row("H3", 3, "999901001002"), "2021-02")
    four = "".join(row(*one).partition("\n")[2] for one in (("H1", 2), ("H2", 1), ("H3", 3, "999901001002"), ("H4", 1)))
    take(office, f"{HEAD}\n{four}", "2021-01", name="whole.csv", complete=True, accept="Wang Fang: H5 moved away")  # fmt: skip
    assert ["H5" in sizes(office, month) for month in ("2020-12", "2021-01", "2021-02")] == [True, False, False]
    people = Register.open(office / "register").read("person", month="2021-02")
    assert "P6" not in set(people["person_id"]), "its member goes with it"


def test_a_file_that_comes_again_does_not_undo_a_correction(office: Path) -> None:
    take(office, row("H2", 2), "2021-01", name="first.csv")
    take(office, row("H2", 5), "2021-01", name="corrected.csv")
    report = take(office, row("H2", 2), "2021-01", name="first.csv")
    assert (sizes(office, "2021-01")["H2"], report.conflicts) == (5, 0)
    take(office, row("H2", 2), "2021-01", name="first.csv", accept="Wang Fang: the correction was wrong")
    assert sizes(office, "2021-01")["H2"] == 2


def test_a_month_written_without_a_delivery_is_whole(office: Path) -> None:
    december_rows = Register.open(office / "register").read("household", month="2020-12")
    with RegisterWriter(office / "register", place="dezhou") as writer:
        writer.put("household", december_rows.drop(columns="snapshot_month"), month="2021-02")
        writer.commit("2021-03-01T00:00:00")
    take(office, row("H6", 4), "2021-01", accept="Wang Fang: moved here in January")
    assert "H6" in sizes(office, "2021-01")
    assert sizes(office, "2021-02") == sizes(office, "2020-12")


def own(columns: dict[str, object], sender: str, **more: object) -> SourceMapping:
    return SourceMapping(name=sender, label=LABEL, kind="csv", sender=sender, tables=[  # type: ignore[call-arg, arg-type]
        {"table": "household", "source": "*", "columns": columns}], **more)  # fmt: skip


def test_a_blank_of_one_department_leaves_what_another_said(office: Path) -> None:
    relief = own({"household_id": "户", "relief_status": "救助"}, "MZ")
    core = own({"household_id": "户", "household_size": "人口", "relief_status": "救助"}, "FP")
    for name, text, by in (
        ("mz.csv", "户,救助\nH1,低保\nH2,无\n", relief), ("fp.csv", "户,人口,救助\nH1,2,\nH2,1,低保\n", core),
    ):  # fmt: skip
        (office / name).write_text(text.replace("低保", "最低生活保障"), encoding="utf-8")
        report = import_source(office / name, by, office / "register", "2021-01", as_of=date(2021, 1, 31))
    rows = Register.open(office / "register").read("household", month="2021-01").set_index("household_id")
    assert rows.loc[["H1", "H2"], "relief_status"].tolist() == ["dibao", "none"]
    assert report.conflicts == 1, "the sender of a mapping is known, so civil affairs keeps its word"


def test_a_department_that_comes_before_everybody_is_known_is_asked_again(tmp_path: Path) -> None:
    (tmp_path / "zj.csv").write_text("户,等级\nH1,C\n", encoding="utf-8")
    grades = own(
        {"household_id": "户", "dwelling_grade": {"header": "等级", "values": {"C": "C"}}}, "ZJ", place="dezhou"
    )
    report = import_source(tmp_path / "zj.csv", grades, tmp_path / "register", "2020-12", as_of=date(2020, 12, 31))
    assert (report.rejected, report.tables[0].accepted) == (1, 0)


def test_a_mapping_names_a_department(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("name: m\nlabel: {zh: x, en: x}\nkind: csv\nsender: XX\ntables: dictionary\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"m\.yaml: sender: .*department.*XX"):
        read_mapping(file)


def test_a_database_may_be_a_file(office: Path) -> None:
    mapping = SourceMapping(name="db", label=LABEL, kind="sql", tables=[  # type: ignore[call-arg, arg-type]
        {"table": "household", "source": "SELECT * FROM hh", "columns": {"household_id": "no", "household_size": "n"}}])  # fmt: skip
    with sqlite3.connect(office / "extract.db") as base:
        base.execute("CREATE TABLE hh (no, n)")
        base.execute("INSERT INTO hh VALUES ('H2', 9)")
    base.close()
    import_source(office / "extract.db", mapping, office / "register", "2021-01", as_of=date(2021, 1, 31))
    assert sizes(office, "2021-01")["H2"] == 9
    with pytest.raises(SourceError, match=r"not a database URL"):
        import_source(office / "none.db", mapping, office / "register", "2021-01", as_of=date(2021, 1, 31))
