"""The states of a register by hand: what was known when, what changed for a household, taking back, forgetting."""

from __future__ import annotations

import json
import logging
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from tests.office_fixtures import DECEMBER, HEAD, december, take

from relapse_risk.errors import RegisterError, SourceError
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.register.history import copy_state, household_history, sweep, undo
from relapse_risk.register.importing import import_source
from relapse_risk.register.states import states
from relapse_risk.register.table_export import export_tables

JANUARY = f"{HEAD}\nH1,999901001001,2,3,边缘易致贫户,无,基本安全\n"
CORRECTED = f"{HEAD}\nH1,999901001001,3,3,边缘易致贫户,最低生活保障,基本安全\n"


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """December; a line of January, in which H1 has no relief; a correction of December (H1 has three members)."""
    december(tmp_path)
    take(tmp_path, JANUARY, "2021-01", name="一月.csv", sender="MZ")
    take(tmp_path, CORRECTED, "2020-12", name="更正.csv")
    return tmp_path / "register"


def delivery_of(office: Path, source: str) -> str:
    rows = Register.open(office).read_all("delivery")
    return str(rows.loc[rows["source"] == source, "delivery_id"].iloc[0])


def sizes(register: Register, month: str) -> list[int]:
    return register.read("household", month)["household_size"].tolist()


def test_a_register_opens_as_it_was_known_on_a_day(office: Path) -> None:
    first = Register.open(office, date(2020, 12, 31))
    assert first.months == ("2020-12",)
    assert sizes(first, "2020-12") == [2, 1, 3, 1, 4], "the correction is of December, but came after January's file"
    later = Register.open(office, date(2021, 1, 31))
    assert (later.months, sizes(later, "2020-12")) == (("2020-12", "2021-01"), [3, 1, 3, 1, 4])
    assert Register.open(office, date(2030, 1, 1)).manifest == Register.open(office).manifest
    with pytest.raises(RegisterError, match=r"nothing was known yet; got '2020-12-30', expected 2020-12-31 or later"):
        Register.open(office, date(2020, 12, 30))


def test_every_state_can_be_put_together_again(office: Path) -> None:
    found = states(office)
    assert [len(state.files) for state in found] == sorted(len(state.files) for state in found), "files only came"
    assert len(found) == 4, "households, members, January, the correction"
    register = Register(office, found[2])
    assert (register.months, sizes(register, "2020-12")) == (("2020-12", "2021-01"), [2, 1, 3, 1, 4])
    register.verify()


def test_what_changed_for_a_household_and_by_whose_file(office: Path) -> None:
    found = household_history(office, "H1")
    cells = found[found["change"] == "changed"]
    assert cells[["committed", "table", "month", "column", "before", "after"]].values.tolist() == [
        ["2021-01-31", "household", "2021-01", "relief_status", "dibao", "none"],
        ["2021-01-31", "household", "2020-12", "household_size", "2", "3"],
    ]
    assert [text.split(" ", 1)[1] for text in cells["deliveries"]] == ["一月.csv MZ", "更正.csv"]
    came = found[(found["change"] == "added") & (found["table"] == "person")]
    assert came["key"].tolist() == ["P1", "P2"]
    assert came["month"].tolist() == ["2020-12", "2020-12"], "in January nothing of them changed"
    with pytest.raises(RegisterError, match="no such household, now or before; got 'H9'"):
        household_history(office, "H9")


def test_the_latest_delivery_is_taken_back_and_nothing_is_erased(office: Path) -> None:
    held = {source: delivery_of(office, source) for source in ("一月.csv", "更正.csv")}
    with pytest.raises(RegisterError, match=r"not the last that was written.*更正.csv"):
        undo(office, held["一月.csv"], "2021-02-01T00:00:00")
    with pytest.raises(RegisterError, match="delivery"):
        undo(office, "nothing", "2021-02-01T00:00:00")
    undo(office, held["更正.csv"], "2021-02-01T00:00:00")
    assert sizes(Register.open(office), "2020-12") == [2, 1, 3, 1, 4]
    undo(office, held["一月.csv"], "2021-02-02T00:00:00")
    register = Register.open(office)
    assert register.months == ("2020-12",)
    register.verify()
    assert sizes(Register.open(office, date(2021, 1, 31)), "2020-12") == [3, 1, 3, 1, 4], "what was known then"
    again = household_history(office, "H1")
    assert again.iloc[-1][["table", "change", "month"]].tolist() == ["person", "removed", "2021-01"]
    take(office.parent, CORRECTED, "2020-12", name="更正.csv")
    assert sizes(Register.open(office), "2020-12") == [3, 1, 3, 1, 4]


def test_the_first_delivery_cannot_be_taken_back(tmp_path: Path) -> None:
    take(tmp_path, DECEMBER, "2020-12")
    (delivery,) = Register.open(tmp_path / "register").read_all("delivery")["delivery_id"].unique()
    with pytest.raises(RegisterError, match="it is not the last that was written"):
        undo(tmp_path / "register", delivery, "2021-02-01T00:00:00")


def test_a_state_becomes_a_register_of_its_own(office: Path, tmp_path: Path) -> None:
    """What is computed from it is what would have been computed then: the digest of its content is the same."""
    (tmp_path / "then").mkdir()
    december(tmp_path / "then")
    copy_state(office, tmp_path / "copy" / "register", date(2021, 1, 1))
    copied, then = Register.open(tmp_path / "copy" / "register"), Register.open(tmp_path / "then" / "register")
    copied.verify()
    assert not copied.synthetic
    (office / "demo.json").write_text("{}", encoding="utf-8")
    copy_state(office, tmp_path / "demo", date(2021, 1, 1))
    assert Register.open(tmp_path / "demo").synthetic
    files = list((tmp_path / "copy").rglob("*.parquet"))
    assert files, "linked where the disk allows"
    assert {file.stat().st_nlink for file in files} == {3}, (
        "of the office, of the copy, of the copy of the demonstration"
    )
    assert (
        copied.month_digest("2020-12") == then.month_digest("2020-12") != Register.open(office).month_digest("2020-12")
    )
    with pytest.raises(RegisterError, match="the folder holds something"):
        copy_state(office, tmp_path / "copy" / "register", date(2021, 1, 1))
    take(tmp_path / "copy", CORRECTED, "2020-12", name="更正.csv")
    assert sizes(Register.open(tmp_path / "copy" / "register"), "2020-12") == [3, 1, 3, 1, 4]
    assert sizes(Register.open(office, date(2021, 1, 1)), "2020-12") == [2, 1, 3, 1, 4], "the copy is its own"


def test_what_was_known_before_a_day_is_forgotten_and_the_rest_stays(office: Path) -> None:
    undo(office, delivery_of(office, "更正.csv"), "2021-03-01T00:00:00")
    files = set((office / "tables").rglob("*.parquet"))
    assert sweep(office, date(2020, 1, 1)) == (0, 0), "all of it was known later"
    forgotten, removed = sweep(office, date(2021, 2, 1))
    assert forgotten == 3, "of what was replaced by then only the last is still to be asked for"
    left = set((office / "tables").rglob("*.parquet"))
    assert len(files - left) == removed
    assert sizes(Register.open(office, date(2021, 2, 1)), "2020-12") == [3, 1, 3, 1, 4]
    with pytest.raises(RegisterError, match="nothing was known yet"):
        Register.open(office, date(2019, 1, 1))
    Register.open(office).verify()


def test_a_commit_that_was_killed_before_its_manifest_stood_is_no_state(office: Path) -> None:
    before = states(office)
    manifest = (office / "manifest.json").read_bytes()
    take(office.parent, CORRECTED.replace(",3,3,", ",5,3,"), "2020-12", name="二次更正.csv")
    (office / "manifest.json").write_bytes(manifest)  # as if the process had died after the note, before the manifest
    assert states(office) == before
    assert sweep(office, date(2000, 1, 1)) == (0, 2), "only the households and the deliveries that no state holds"
    assert states(office) == before
    take(office.parent, CORRECTED.replace(",3,3,", ",6,3,"), "2020-12", name="三次更正.csv")
    assert [sizes(Register(office, state), "2020-12")[0] for state in states(office)] == [2, 2, 2, 3, 6]


@pytest.mark.parametrize(
    "damage", ["{", "[]", '{"created": "2020"}', '{"created": "2020-12-31", "digest": "x", "replaced": []}']
)
def test_a_damaged_history_is_one_line_and_stops_no_import(office: Path, damage: str) -> None:
    note = sorted((office / "history").glob("*.json"))[1]
    note.write_text(damage, encoding="utf-8")
    with pytest.raises(RegisterError, match=rf"{note.name}: history (cannot be read|was changed)"):
        states(office)
    take(office.parent, CORRECTED.replace(",3,3,", ",7,3,"), "2020-12", name="四.csv")  # the present does not need it
    Register.open(office).verify()
    assert sweep(office, date(2000, 1, 1))[0] == 2, "the damaged note and the one before it"
    assert [sizes(Register(office, state), "2020-12")[0] for state in states(office)] == [2, 3, 7]
    take(office.parent, CORRECTED.replace(",3,3,", ",4,3,"), "2020-12", name="三.csv")
    assert len(states(office)) == 4


def test_a_note_never_leads_out_of_the_register(office: Path) -> None:
    note = sorted((office / "history").glob("*.json"))[-1]
    content = json.loads(note.read_text(encoding="utf-8"))
    entry = next(entry for _, _, entry in content["replaced"] if entry)
    entry["path"] = "../../secret.parquet"
    note.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RegisterError, match="not the path of a table"):
        states(office)


def test_a_workbook_taken_out_comes_back_in_as_it_was(office: Path, tmp_path: Path) -> None:
    file = export_tables(office, tmp_path / "out.xlsx", month="2020-12", names=["household", "person", "village"])
    import_source(file, "template", tmp_path / "other", "2020-12", as_of=date(2020, 12, 31), place="dezhou")
    register, other = Register.open(office), Register.open(tmp_path / "other")
    for name in ("household", "person"):
        pd.testing.assert_frame_equal(register.read(name, "2020-12"), other.read(name, "2020-12"))


def test_one_table_as_csv_or_parquet_now_and_as_known_then(office: Path, tmp_path: Path) -> None:
    csv = export_tables(office, tmp_path / "h.csv", month="2020-12", names=["household"])
    rows = pd.read_csv(csv, dtype=str)
    assert rows[["household_id", "household_size", "relief_status"]].iloc[0].tolist() == ["H1", "3", "dibao"]
    undo(office, delivery_of(office, "更正.csv"), "2021-03-01T00:00:00")
    then = export_tables(
        office, tmp_path / "h.parquet", month="2020-12", names=["household"], known_on=date(2021, 2, 28)
    )
    now = export_tables(office, tmp_path / "n.parquet", month="2020-12", names=["household"])
    assert [pd.read_parquet(file)["household_size"].iloc[0] for file in (then, now)] == [3, 2]


@pytest.mark.parametrize(
    ("out", "names", "words"),
    [
        ("a.csv", ("household", "person"), r"a \.csv file holds one table; got 2"),
        ("a.ods", ("household",), "not a kind of file to export to"),
        ("a.csv", ("identity",), "names stay in the register"),
        ("a.xlsx", ("household", "identity"), "names stay in the register"),
    ],
)
def test_what_cannot_be_taken_out_so(
    office: Path, tmp_path: Path, out: str, names: tuple[str, ...], words: str
) -> None:
    with pytest.raises(SourceError, match=words):
        export_tables(office, tmp_path / out, names=names)
    assert not (tmp_path / out).exists()


def test_names_leave_only_with_a_reason_which_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    december(tmp_path)
    office = tmp_path / "register"
    with RegisterWriter(office, place="dezhou") as writer:
        writer.put("identity", pd.DataFrame({"person_id": ["P1"], "person_name": ["张三"]}))
        writer.commit("2021-01-01T00:00:00")
    without = openpyxl.load_workbook(export_tables(office, tmp_path / "a.xlsx"))
    assert all("张三" not in str(cell.value) for sheet in without for row in sheet for cell in row)
    with caplog.at_level(logging.INFO, logger="relapse_risk.identity"):
        file = export_tables(office, tmp_path / "b.csv", names=["identity"], identity="letters to households")
    assert pd.read_csv(file)["person_name"].tolist() == ["张三"]
    assert "letters to households" in caplog.text
    assert file.stat().st_mode & 0o077 == 0, "its owner's only"
