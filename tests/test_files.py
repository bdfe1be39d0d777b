"""Files written aside: modes, deaths and faults of the system, with the real writers and real faults."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
import pytest
from tests.assistance.test_ledger import records
from tests.assistance.test_orders import waiting
from tests.assistance.test_reminders import entitled
from tests.register.test_findings import findings_of, one
from tests.system_faults import LINUX, ROOT, file_limit, other_account, small_disk, umask

from relapse_risk import files
from relapse_risk.assessment.facts_store import FactsManifest, read_facts, write_facts
from relapse_risk.assistance import (
    draw_order,
    hand_over,
    open_aid_log,
    read_catalogue,
    remind,
    write_order,
    write_worklists,
)
from relapse_risk.editions import publish
from relapse_risk.errors import WriteError
from relapse_risk.files import DRAFT, replacing, write_bytes, write_files, write_json
from relapse_risk.parameters import read_parameters
from relapse_risk.register import RegisterWriter
from relapse_risk.register.findings_files import write_findings
from relapse_risk.register.pseudonyms import create_key
from relapse_risk.register.register import Register
from relapse_risk.register.template import export_workbook
from relapse_risk.scores import _write as write_scores
from relapse_risk.seeded_errors.answer_key import write_answers

DAY = date(2020, 12, 31)
MONTH = "2020-12"
ROWS = pd.DataFrame({"county_code": ["371425", "371481"], "value": [1.0, 2.0]})


def facts(folder: Path) -> Path:
    digests = {"371425": "a"}
    manifest = FactsManifest(
        "dezhou", MONTH, "2020-12-31", None, (("371425", "齐河县", "Qihe"),), digests, (), 0, ("town",), {}, {}, "", ""
    )
    write_facts(folder / MONTH, {"town": ROWS}, manifest)
    return folder


def register(folder: Path) -> Path:
    frames = {
        "household": pd.DataFrame({"household_id": ["H1"], "village_code": ["371425101001"], "household_size": [1]}),
        "person": pd.DataFrame({"person_id": ["P1"], "household_id": ["H1"]}),
        "identity": pd.DataFrame({"person_id": ["P1"], "person_name": ["甲"]}),
    }
    with RegisterWriter(folder, place="dezhou") as writer:
        for name, frame in frames.items():
            writer.put(name, frame, month=None if name == "identity" else MONTH)
        writer.commit(created="2020-12-31T00:00:00")
    return folder


def workbook_with_names(folder: Path) -> Path:
    export_workbook(Register.open(register(folder / "register")), folder / "names.xlsx", identity=True)
    return folder / "names.xlsx"


def assistance(folder: Path) -> Path:
    """Worklists, an order list, and the log of referrals."""
    reminders = remind(entitled(("H1", "P1", "MZ07")), records({"household_id": "H9", "item_code": "CL03"}), CATALOGUE)
    write_worklists(reminders.frame, CATALOGUE, DAY, folder / "worklists")
    write_order(draw_order(waiting(a=9), "CL02", quota=1), folder / "order.json")
    hand_over(open_aid_log(folder, read_parameters(), "dezhou"), reminders.frame, "扶贫办", DAY)
    return folder


CATALOGUE = read_catalogue("dezhou")


def edition(folder: Path, restricted: bool) -> Path:
    stage = files.make_folder(folder / publish.NEXT, restricted=restricted)
    content = publish.run_files({"edition": "e"}, ()) | {"index.html": b"<p>"}
    publish.publish_files(stage, content, restricted=restricted)
    return publish.commit(stage, folder, MONTH).folder


def answers(folder: Path) -> Path:
    write_answers(folder, pd.DataFrame({"rule": ["s1"]}), pd.DataFrame({"household_id": ["H1"], "risk": [0.5]}))
    return folder


def scores(folder: Path) -> Path:
    write_scores(ROWS, folder / "risk.parquet")
    write_json(folder / "model_card.json", {"month": MONTH})
    return folder


def findings(folder: Path) -> Path:
    write_findings(findings_of(one()), folder)
    return folder


OPEN: dict[str, Callable[[Path], Path]] = {
    "facts": facts,
    "scores": scores,
    "findings": findings,
    "assistance": assistance,
    "register": register,
    "edition": lambda folder: edition(folder, restricted=False),
}
OWN: dict[str, Callable[[Path], Path]] = {
    "identity": lambda folder: register(folder) / "tables" / "identity",
    "names in a workbook": workbook_with_names,
    "answer key": answers,
    "pseudonym key": lambda folder: create_key(folder / "key"),
    "restricted edition": lambda folder: edition(folder, restricted=True),
}


def modes(path: Path) -> dict[str, int]:
    """Mode of each file in a folder (locks aside, which hold nothing), or of a file."""
    found = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file() and ".lock" not in one.name]
    assert found
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in found}


@LINUX
@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
@pytest.mark.parametrize("kind", OPEN)
def test_what_names_nobody_has_the_mode_of_the_umask(kind: str, mask: int, tmp_path: Path) -> None:
    """As any program's files: 0644, 0664 or 0600."""
    with umask(mask):
        found = modes(OPEN[kind](tmp_path / "out"))
    people = {name: mode for name, mode in found.items() if kind == "register" and mode == 0o600}
    assert mask == 0o077 or len(people) == (kind == "register"), "of a register, the one file of identities"
    assert set(found.values()) - set(people.values()) <= {0o666 & ~mask}


@LINUX
@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
@pytest.mark.parametrize("kind", OWN)
def test_what_names_people_is_its_owners_only(kind: str, mask: int, tmp_path: Path) -> None:
    with umask(mask):
        path = OWN[kind](tmp_path / "out")
    assert set(modes(path).values()) == {0o600}
    assert kind != "restricted edition" or stat.S_IMODE(path.stat().st_mode) == 0o700


@LINUX
def test_it_is_so_before_the_first_byte(tmp_path: Path) -> None:
    with umask(0), replacing(tmp_path / "names.csv", restricted=True) as stream:
        assert [stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()] == [0o600]
        stream.write(b"x")


@ROOT
def test_another_account_reads_facts_and_no_names() -> None:
    with TemporaryDirectory() as name, umask(0o022):
        folder = Path(name)
        folder.chmod(0o755)
        facts(folder / "facts")
        register(folder / "register")
        with other_account():
            assert read_facts(folder / "facts", MONTH).table("town", "371425")["value"].tolist() == [1.0]
            opened = Register.open(folder / "register")
            assert opened.read("household")["household_id"].tolist() == ["H1"]
            with pytest.raises(Exception, match=r"identity.*Permission denied"):
                opened.read_identity()


DIES = """
import os, signal, sys
from pathlib import Path
from relapse_risk.files import replacing
with replacing(Path(sys.argv[1])) as stream:
    stream.write(b"new" * 100_000)
    stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@LINUX
def test_a_writer_killed_before_the_rename_leaves_the_old_file(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "list.csv", b"old")
    done = subprocess.run([sys.executable, "-c", DIES, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old"
    assert len([one for one in tmp_path.iterdir() if one.suffix == DRAFT]) == 1, "what it wrote aside"
    files.remove_drafts(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """A disk of 64 KiB with 60 of them taken."""
    with small_disk(folder, "size=64k"):
        (folder / "old.csv").write_bytes(bytes(60_000))
        yield


@contextmanager
def not_ours(folder: Path) -> Iterator[None]:
    folder.mkdir()
    (folder / "old.csv").write_bytes(b"old")
    with other_account():
        yield


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    with small_disk(folder, "ro"):
        yield


def in_place(folder: Path, name: str, *, is_folder: bool) -> AbstractContextManager[None]:
    folder.mkdir()
    (folder / name).mkdir() if is_folder else (folder / name).write_bytes(b"old")
    return nullcontext()


def limited(folder: Path) -> AbstractContextManager[None]:
    folder.mkdir()
    (folder / "old.csv").write_bytes(b"old")
    return file_limit(1000)


FAULTS = {
    "full": (full, "old.csv", "No space left on device. Fix: make room on the disk"),
    "limit": (limited, "old.csv", "File too large. Fix: raise the limit"),
    "rights": (not_ours, "old.csv", "Permission denied. Fix: close the file where it is open, or choose a path"),
    "read-only": (read_only, "new.csv", "Read-only file system. Fix: choose a folder"),
    "folder": (lambda f: in_place(f, "new.csv", is_folder=True), "new.csv", "Is a directory. Fix: a folder stands"),
    "file": (lambda f: in_place(f, "sub", is_folder=False), "sub/new.csv", "(Not a directory|File exists). Fix: a file"),
}  # fmt: skip
WRITERS: dict[str, Callable[[Path, bytes], object]] = {
    "bytes": write_bytes,
    "several": lambda path, content: write_files(path.parent, {"first.csv": b"1", path.name: content}),
    "parquet": lambda path, content: files.write_parquet(path, pa.table({"x": [content]}), [1]),
    "stream": lambda path, content: write_in_pieces(path, content),
}


def write_in_pieces(path: Path, content: bytes) -> None:
    with replacing(path) as stream:
        for start in range(0, len(content), 4096):
            stream.write(content[start : start + 4096])


@ROOT
@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_and_leaves_nothing(fault: str, writer: str) -> None:
    spoil, name, words = FAULTS[fault]
    with TemporaryDirectory() as base:
        Path(base).chmod(0o755)
        folder = Path(base) / "out"
        with spoil(folder):
            before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            with pytest.raises(WriteError, match=f"out.*: cannot be written: {words}") as caught:
                WRITERS[writer](folder / name, os.urandom(100_000))
            assert "\n" not in str(caught.value)
            after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            assert after.keys() - before.keys() <= {folder / "first.csv"}
            assert {path: content for path, content in after.items() if path in before} == before


@ROOT
def test_nothing_is_swapped_in_where_one_of_several_files_finds_no_room() -> None:
    with TemporaryDirectory() as base, full(Path(base) / "out"):
        with pytest.raises(WriteError, match="No space left"):
            write_files(Path(base) / "out", {"first.csv": b"1", "second.csv": bytes(10_000)})
        assert [path.name for path in (Path(base) / "out").iterdir()] == ["old.csv"]


@ROOT
@pytest.mark.parametrize(
    "kind", ["facts", "scores", "findings", "assistance", "register", "answer key", "pseudonym key"]
)
def test_every_writer_says_so_in_our_own_words(kind: str, tmp_path: Path) -> None:
    with small_disk(tmp_path / "out", "ro"), pytest.raises(WriteError, match="Read-only file system"):
        (OPEN | OWN)[kind](tmp_path / "out" / "new")


@LINUX
@pytest.mark.parametrize("arguments", [["template"], ["demo", "--households", "600", "--out"]])
def test_a_command_says_it_in_one_line(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "file.xlsx").mkdir()
    (tmp_path / "file.xlsx" / "notes.txt").write_text("somebody's")
    command = [sys.executable, "-m", "relapse_risk.cli", *arguments, str(tmp_path / "file.xlsx")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"relapse-risk: {tmp_path / 'file.xlsx'}: ")


def test_an_error_in_the_block_leaves_the_old_file(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "list.csv", b"old")
    with pytest.raises(ZeroDivisionError), replacing(path) as stream:
        stream.write(bytes(1 // (stream.write(b"half") - 4)))
    assert {one: one.read_bytes() for one in tmp_path.iterdir()} == {path: b"old"}


def test_a_file_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    path = files.create_file(tmp_path / "key", b"one")
    with pytest.raises(FileExistsError):
        files.create_file(path, b"two")
    assert path.read_bytes() == b"one"


def test_a_file_in_two_editions_takes_room_once(tmp_path: Path) -> None:
    path = write_bytes(tmp_path / "a.html", b"page")
    files.link_file(path, tmp_path / "b.html")
    assert path.stat().st_ino == (tmp_path / "b.html").stat().st_ino


@LINUX
def test_a_file_open_to_others_is_copied_into_a_restricted_edition(tmp_path: Path) -> None:
    with umask(0o022):
        path = write_bytes(tmp_path / "a.html", b"page")
        files.link_file(path, tmp_path / "b.html", restricted=True)
    assert modes(tmp_path) == {"a.html": 0o644, "b.html": 0o600}


def test_digests_are_those_of_everybody(tmp_path: Path) -> None:
    """FIPS 180-2, appendix B.1: SHA-256 of "abc"; RFC 7693, appendix A: BLAKE2b-512 of "abc"."""
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files.sha256(["a", b"bc"]) == known
    assert files.file_sha256(write_bytes(tmp_path / "abc", b"abc")) == known
    assert files.digest(["ab", "c"], size=64).startswith("ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b7")
    assert files.digest([b"abc"]) == hashlib.blake2b(b"abc", digest_size=16).hexdigest()


def test_the_words_of_the_system_are_kept_when_it_says_no_more() -> None:
    with pytest.raises(WriteError, match=r"cannot be written: odd\. Fix: close"), files.refusals("x"):
        raise OSError("odd")
    assert errno.ENOSPC in files._FIXES
