"""Writing a register: rows find their county, a commit is all or nothing, one writer works at a time."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from relapse_risk.errors import RegisterError, RelapseRiskError, SchemaError
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.register.counties import counties_of
from relapse_risk.register.row_county import Places
from relapse_risk.schema import check_table, table, tables

CREATED = "2020-12-31T00:00:00"
QIHE, LELING = "371425", "371481"
FSYNC = os.fsync


def counties(register: Register, name: str) -> dict[str, list[str]]:
    """Keys of each county's rows."""
    spec = table(name)
    groups = {group.county for entry in register.manifest.of(name) for group in entry.groups}
    read = register.read_identity if spec.restricted else lambda county: register.read(name, county=county)
    return {county: read(county=county)[spec.key[0]].tolist() for county in sorted(groups)}


class TestCounties:
    def test_every_chain_leads_to_the_county_of_the_household(self, build, frames) -> None:
        """R1 → A1 → H3, S1 → J1, P4 → H3 …, put before the tables they lead to."""
        register = build({"2020-12": frames})
        assert counties(register, "household") == {QIHE: ["H1", "H2"], LELING: ["H3"]}
        assert counties(register, "person") == {QIHE: ["P1", "P2", "P3"], LELING: ["P4"]}
        assert counties(register, "income") == {QIHE: ["H1"], LELING: ["H3"]}
        assert counties(register, "alert") == {QIHE: ["A2"], LELING: ["A1"]}
        assert counties(register, "referral") == {LELING: ["R1"]}
        assert counties(register, "identity") == {QIHE: ["P1"], LELING: ["P4"]}
        assert counties(register, "dividend") == {LELING: ["S1"]}
        assert counties(register, "asset") == {QIHE: ["S1"]}
        assert counties(register, "project_issue") == {QIHE: ["I1"]}
        assert counties(register, "assignment") == {QIHE: ["B2"], LELING: ["B1", "B3"]}

    def test_towns_have_nine_digits_villages_twelve_and_the_city_its_own_group(self, build, frames) -> None:
        targets = ["371425101", "371481001001", "H1"]
        frame = pd.DataFrame({"assignment_id": ["B1", "B2", "B3"], "target_id": targets})
        register = build({"2020-12": frames | {"assignment": frame}})
        assert counties(register, "assignment") == {QIHE: ["B1", "B3"], LELING: ["B2"]}
        assert counties(register, "place_fact") == {QIHE: ["F1"], "city": ["F2"]}
        assert counties(register, "assistance_item") == {"city": ["MZ01"]}

    def test_tables_of_an_earlier_commit_place_those_of_a_later_one(self, build, frames) -> None:
        later = {name: frames.pop(name) for name in ("referral", "dividend", "income")}
        build({"2020-11": frames})
        register = build({"2020-12": later})
        assert counties(register, "referral") == {LELING: ["R1"]}
        assert counties(register, "dividend") == {LELING: ["S1"]}
        assert register.months == ("2020-11",)

    def test_a_household_that_moves_takes_its_history_along_but_not_its_old_snapshots(self, build, frames) -> None:
        build({"2020-11": frames})
        moved = frames["household"].assign(village_code=["371481001001", "371425101002", "371481001001"])
        register = build({"2020-12": {"household": moved, "person": frames["person"]}})
        assert counties(register, "income") == {LELING: ["H1", "H3"]}
        assert counties(register, "alert") == {LELING: ["A1", "A2"]}
        assert counties(register, "identity") == {LELING: ["P1", "P4"]}
        assert register.read("person", "2020-11", QIHE)["person_id"].tolist() == ["P1", "P2", "P3"]
        assert register.read("person", "2020-12", QIHE)["person_id"].tolist() == ["P3"]

    def test_correcting_a_month_moves_the_persons_of_that_month(self, build, frames) -> None:
        build({"2020-12": frames})
        moved = frames["household"].assign(village_code=["371481001001", "371425101002", "371481001001"])
        register = build({"2020-12": {"household": moved}})
        assert counties(register, "person") == {QIHE: ["P3"], LELING: ["P1", "P2", "P4"]}
        assert counties(register, "referral") == {LELING: ["R1"]}

    def test_putting_households_after_their_persons_again_places_the_persons_anew(self, frames, tmp_path) -> None:
        moved = frames["household"].assign(village_code=["371481001001"] * 3)
        with RegisterWriter(tmp_path / "register", place="dezhou") as writer:
            for name in ("household", "person"):
                writer.put(name, frames[name], month="2020-12")
            writer.put("household", moved, month="2020-12")
            writer.commit(created=CREATED)
        assert counties(Register.open(tmp_path / "register"), "person") == {LELING: ["P1", "P2", "P3", "P4"]}

    def test_who_left_every_snapshot_keeps_the_county_last_known(self, build, frames) -> None:
        build({"2020-12": frames})
        register = build({"2020-12": {"household": frames["household"].iloc[1:]}})
        assert counties(register, "income") == {QIHE: ["H1"], LELING: ["H3"]}

    @pytest.mark.parametrize(
        ("name", "change", "words"),
        [
            ("person", {"household_id": ["H1", "H1", "H9", "H3"]},
             "table person, row 2, column household_id: 1 rows belong to no county, the first with key "
             r"\('P3', '2020-12'\); got 'H9', expected a key of table household"),
            ("household", {"village_code": ["371425101001", None, "371"]},
             r"table household, row 1, column village_code: 2 rows .*\('H2', '2020-12'\)"),
            ("dividend", {"person_id": ["P9"]}, r"table dividend, row 0, .*\('S1', '2020', 'P9'\); got 'P9'"),
            ("assignment", {"target_id": ["3714", "371425101001", "H3"]}, "table assignment, row 0, .*got '3714'"),
        ],
    )  # fmt: skip
    def test_a_row_of_no_county_is_named_and_nothing_is_written(self, build, frames, name, change, words) -> None:
        before = build({"2020-12": frames}).manifest
        with pytest.raises(RegisterError, match=words):
            build({"2020-12": {name: frames[name].assign(**change)}})
        assert Register.open(build({}).path).manifest == before

    def test_the_quality_check_places_rows_in_the_same_county(self, build, frames) -> None:
        """Two resolvers (whole frames in memory, files on disk) must never tell a row apart."""
        register = build({"2020-12": frames})
        month = {name: "2020-12" if tables()[name].is_snapshot else None for name in frames}
        with_month = {n: f.assign(snapshot_month=month[n]) if month[n] else f for n, f in frames.items()}
        checked = {name: check_table(frame, name) for name, frame in with_month.items()}
        stray = checked["income"].assign(household_id=["H3", "H9"])
        checked["income"] = stray
        told = counties_of(checked)
        entries = {(entry.table, entry.month): entry for entry in register.manifest.files}
        places = Places(register.path)
        for name, frame in checked.items():
            mine = places.counties(tables()[name], frame, month[name], entries)
            assert mine.tolist() == told[name].tolist(), name
        assert told["income"].tolist() == [LELING, "unknown"]


def on_disk(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Time and content of every file but the lock."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


class TestCommit:
    def test_the_same_content_again_changes_nothing_on_disk(self, build, frames) -> None:
        register = build({"2020-12": frames})
        before = on_disk(register.path)
        with RegisterWriter(register.path, place="dezhou") as writer:
            for name, frame in frames.items():
                rows = frame.iloc[::-1]
                writer.put(name, rows, month="2020-12" if name in ("household", "person") else None)
            manifest = writer.commit(created="2031-01-01T00:00:00")
        assert manifest == register.manifest
        assert on_disk(register.path) == before

    def test_what_is_not_committed_is_not_there_and_is_swept_later(self, build, frames) -> None:
        register = build({"2020-12": frames})
        with RegisterWriter(register.path, place="dezhou") as writer:
            writer.put("county", pd.DataFrame({"county_code": [QIHE]}))
            (dropped,) = (register.path / "tables" / "county").iterdir()
        assert not Register.open(register.path).has("county")
        assert dropped.exists()
        build({"2020-12": {"household": frames["household"].assign(household_size=5)}})
        assert not dropped.exists()

    def test_files_of_every_state_stay(self, build, frames) -> None:
        for size in (0, 1, 2, 1):
            register = build({"2020-12": frames | {"household": frames["household"].assign(household_size=size)}})
        assert len(list((register.path / "tables" / "household").iterdir())) == 3, "the fourth state is the second"

    def test_a_frame_without_rows_takes_the_table_out(self, build, frames) -> None:
        build({"2020-11": frames, "2020-12": frames})
        register = build({"2020-12": {"household": frames["household"].iloc[:0], "alert": frames["alert"].iloc[:0]}})
        assert register.months == ("2020-11",)
        assert not register.has("alert")

    def test_putting_a_damaged_table_again_repairs_it(self, build, frames) -> None:
        register = build({"2020-12": frames})
        path = register.path / register.manifest.of("income")[0].path
        whole = path.read_bytes()
        path.write_bytes(whole[:-20] + b"x" * 20)  # same size: only the checksum tells
        with pytest.raises(RegisterError, match="checksum differs"):
            register.verify()
        build({"2020-12": {"income": frames["income"]}}).verify()
        assert path.read_bytes() == whole

    def test_a_commit_does_not_hide_a_file_that_was_lost(self, build, frames) -> None:
        register = build({"2020-12": frames})
        (register.path / register.manifest.of("alert")[0].path).unlink()
        with pytest.raises(RegisterError, match=r"alert.*missing.*import alert again"):
            build({"2020-12": {"county": pd.DataFrame({"county_code": [QIHE]})}})

    def test_the_frame_put_is_not_changed(self, frames, tmp_path) -> None:
        before = frames["household"].copy()
        with RegisterWriter(tmp_path / "register", place="dezhou") as writer:
            writer.put("household", frames["household"], month="2020-12")
        pd.testing.assert_frame_equal(frames["household"], before)


class Died(BaseException):
    """The process is gone: no handler of the library runs any more."""


def commit_until(folder: Path, frames: dict[str, pd.DataFrame], monkeypatch: pytest.MonkeyPatch, stop: int) -> bool:
    """Commit, but die at the ``stop``-th step that touches the disk; whether the commit came to its end.

    Death while a file is being synced loses half of it.
    """
    steps = count()

    def mortal(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            if next(steps) >= stop:
                if real is FSYNC:
                    lose(args[0])
                raise Died
            return real(*args, **kwargs)

        return step

    locks: list[FileLock] = []
    acquire = FileLock.acquire
    with monkeypatch.context() as patch:
        patch.setattr(FileLock, "acquire", lambda lock, **how: (locks.append(lock), acquire(lock, **how))[1])
        for owner, name in ((os, "open"), (os, "fsync"), (os, "replace"), (Path, "unlink"), (Path, "mkdir")):
            patch.setattr(owner, name, mortal(getattr(owner, name)))
        try:
            put_all(RegisterWriter(folder, place="dezhou"), frames)
        except Died:
            for lock in locks:  # the system takes a dead process's lock away
                lock.release(force=True)
            return False
    return True


def lose(handle: int) -> None:
    """What was not synced when the power went is not all on the disk."""
    if not stat.S_ISDIR(os.fstat(handle).st_mode):
        os.ftruncate(handle, os.fstat(handle).st_size // 2)


def put_all(writer: RegisterWriter, frames: dict[str, pd.DataFrame]) -> None:
    for name, frame in frames.items():
        writer.put(name, frame, month="2020-12" if name in ("household", "person") else None)
    writer.commit(created=CREATED)


def versions(folder: Path) -> set[int]:
    """The version numbers that the tables of a register bear, after every checksum was found right."""
    register = Register.open(folder)
    register.verify()
    household, person, income = (register.read(name) for name in ("household", "person", "income"))
    return {int(n) for values in (household["household_size"], person["work_months"], income["months"]) for n in values}


def test_death_at_any_step_leaves_the_old_register_or_the_new_one(build, frames, monkeypatch) -> None:
    folder = build({"2020-12": frames}).path
    numbered = {"household": "household_size", "person": "work_months", "income": "months"}
    old, new = ({name: frames[name].assign(**{column: n}) for name, column in numbered.items()} for n in (1, 2))
    seen = []
    for stop in range(200):
        # Also: the next writer is not put off by what the dead one left.
        build({"2020-12": old})
        assert versions(folder) == {1}
        done = commit_until(folder, new, monkeypatch, stop)
        (found,) = versions(folder)
        seen.append(found)
        if done:
            break
    assert seen[-1] == 2
    assert seen == sorted(seen), "once the manifest is swapped, every later death leaves the new register"
    assert 10 < seen.index(2) < len(seen) - 1


class TestOneWriter:
    def test_a_second_writer_is_told_who_is_at_work(self, tmp_path) -> None:
        folder = tmp_path / "register"
        words = rf"another writer holds the register \(process {os.getpid()} on "
        with RegisterWriter(folder, place="dezhou"), pytest.raises(RegisterError, match=words):
            RegisterWriter(folder, place="dezhou", wait_seconds=0)
        RegisterWriter(folder, place="dezhou", wait_seconds=0).close()

    def test_the_lock_of_a_dead_writer_is_free_at_once(self, tmp_path) -> None:
        folder = tmp_path / "register"
        script = (
            "import sys, time; from relapse_risk.register import RegisterWriter\n"
            f"w = RegisterWriter({str(folder)!r}, place='dezhou'); print('held', flush=True); time.sleep(600)"
        )
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline().strip() == "held"
            with pytest.raises(RegisterError, match=rf"process {child.pid} on"):
                RegisterWriter(folder, place="dezhou", wait_seconds=0)
            child.kill()
            child.wait()
        RegisterWriter(folder, place="dezhou", wait_seconds=0).close()

    def test_two_processes_writing_at_once_lose_nothing(self, tmp_path) -> None:
        """Each adds its own ten months; a lost update would lose a month."""
        folder = tmp_path / "register"
        script = (
            "import sys, pandas as pd; from relapse_risk.register import RegisterWriter\n"
            "for month in range(1, 11):\n"
            "    with RegisterWriter(sys.argv[1], place='dezhou', wait_seconds=60) as writer:\n"
            "        frame = pd.DataFrame({'household_id': ['H1'], 'village_code': ['371425101001']})\n"
            "        writer.put('household', frame, month=f'{sys.argv[2]}-{month:02d}')\n"
            "        writer.commit(created='2020-12-31T00:00:00')\n"
        )
        both = [subprocess.Popen([sys.executable, "-c", script, str(folder), year]) for year in ("2019", "2020")]
        assert [process.wait(120) for process in both] == [0, 0]
        register = Register.open(folder)
        register.verify()
        assert register.months == tuple(f"{y}-{m:02d}" for y in (2019, 2020) for m in range(1, 11))

    def test_a_closed_writer_writes_no_more(self, frames, tmp_path) -> None:
        with RegisterWriter(tmp_path / "register", place="dezhou") as writer:
            writer.commit(created=CREATED)
            with pytest.raises(RegisterError, match=r"the writer is closed.*new RegisterWriter"):
                writer.put("household", frames["household"], month="2020-12")


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda w, f: w.put("household", f["household"]), "month does not fit the table; expected a month"),
        (lambda w, f: w.put("income", f["income"], month="2020-12"), "month does not fit.*expected no month"),
        (lambda w, f: w.put("household", f["household"], month="2020-13"), "not a month.*'2020-13'"),
        (lambda w, f: w.put("household", f["household"].assign(snapshot_month="2020-11"), month="2020-12"),
         "row 0: rows of another month; got '2020-11', expected 2020-12"),
        (lambda w, f: w.put("houshold", f["household"]), "unknown table.*did you mean 'household'"),
        (lambda w, f: w.put("income", pd.concat([f["income"]] * 2)), "same key twice"),
        (lambda w, f: w.put("income", f["income"].assign(wage_income=np.inf)), "infinite value"),
        (lambda w, f: w.commit(created="yesterday"), "not an ISO time.*'yesterday'"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_an_error_that_names_it(frames, tmp_path, ask, words) -> None:
    with (
        RegisterWriter(tmp_path / "register", place="dezhou") as writer,
        pytest.raises((RelapseRiskError, SchemaError), match=words),
    ):
        ask(writer, frames)


def test_a_register_is_not_written_among_somebodys_files_nor_into_another_place(build, frames, tmp_path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear")
    with pytest.raises(RegisterError, match=r"something other than a register; got 'a\.txt'"):
        RegisterWriter(tmp_path / "letters", place="dezhou")
    with pytest.raises(RegisterError, match="a file, not a folder"):
        RegisterWriter(tmp_path / "letters" / "a.txt", place="dezhou")
    path = build({"2020-12": frames}).path
    with pytest.raises(RegisterError, match="another place; got 'eph', expected dezhou"):
        RegisterWriter(path, place="eph")
    RegisterWriter(path, place="dezhou", wait_seconds=0).close()  # the refused writer let go of the lock
