"""The manifest and what it finds wrong with a register folder: each kind of damage is named, with the repair."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pytest

from relapse_risk.errors import RegisterError
from relapse_risk.register import Register
from relapse_risk.register.manifest import find_damage, read_manifest
from relapse_risk.register.row_groups import content_digest


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | changes), encoding="utf-8")


def first_file(folder: Path, **changes: object) -> None:
    """Edit the first file's entry."""
    files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    rewrite(folder, files=[{k: v for k, v in (files[0] | changes).items() if v != "drop"}, *files[1:]])


def test_what_is_written_is_read_and_lists_counts_and_checksums(build, frames) -> None:
    register = build({"2020-12": frames})
    assert read_manifest(register.path) == register.manifest
    (entry,) = register.manifest.of("household")
    assert [(group.county, group.rows) for group in entry.groups] == [("371425", 2), ("371481", 1)]
    assert (entry.rows, entry.month, entry.size) == (3, "2020-12", (register.path / entry.path).stat().st_size)
    digest = hashlib.sha256((register.path / entry.path).read_bytes()).hexdigest()
    assert (entry.sha256, entry.path) == (digest, f"tables/household/2020-12-{digest[:12]}.parquet")
    assert entry.collected == ("household_id", "snapshot_month", "village_code", "household_size")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda p: p.unlink(), r"alert/all-\w+\.parquet: file is missing. Fix: import alert again, or restore"),
        (lambda p: p.write_bytes(p.read_bytes()[:-9]), r"cut short: \d+ of \d+ bytes. Fix: import alert again"),
        (lambda p: p.write_bytes(b""), "cut short: 0 of"),
        (lambda p: p.write_bytes(p.read_bytes() + b"PAR1"), "changed after it was written"),
    ],
)
def test_missing_truncated_and_grown_files_stop_the_opening(build, frames, harm, words) -> None:
    register = build({"2020-12": frames})
    harm(register.path / register.manifest.of("alert")[0].path)
    with pytest.raises(RegisterError, match=words):
        Register.open(register.path)


def test_an_edited_file_of_the_same_size_is_found_by_its_checksum(build, frames) -> None:
    register = build({"2020-12": frames})
    path = register.path / register.manifest.of("household")[0].path
    data = bytearray(path.read_bytes())
    data[40] ^= 1
    path.write_bytes(data)
    with pytest.raises(RegisterError, match=r"household.*checksum differs.*import household 2020-12 again"):
        Register.open(register.path).verify()


def test_all_damage_is_named_at_once(build, frames) -> None:
    register = build({"2020-12": frames})
    for name in ("alert", "income"):
        (register.path / register.manifest.of(name)[0].path).unlink()
    with pytest.raises(RegisterError, match=r"alert.*missing \(and 1 more: tables/income/"):
        Register.open(register.path)
    assert len(find_damage(register.path, register.manifest, deep=True)) == 2


def test_a_file_damaged_after_opening_is_an_error_of_the_register(build, frames) -> None:
    register = build({"2020-12": frames})
    path = register.path / register.manifest.of("household")[0].path
    path.write_bytes(b"PAR1 is not enough PAR1")
    with pytest.raises(RegisterError, match="file is cut short: 23 of"):
        register.read("household")
    with pytest.raises(RegisterError, match="file is cut short: 23 of"):
        register.query("SELECT * FROM household")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda f: (f / "manifest.json").unlink(), "not a register: no manifest.json. Fix: build one"),
        (lambda f: (f / "manifest.json").write_text("{ cut"), "manifest cannot be read.*Fix: restore"),
        (lambda f: (f / "manifest.json").write_bytes(b"\xff\xfe\x00"), "manifest cannot be read"),
        (lambda f: (f / "manifest.json").write_text("[]"), "not the manifest of a register"),
        (lambda f: rewrite(f, schema_version=999), "another schema version; got 999, expected 1. Fix: update"),
        (lambda f: rewrite(f, schema_version=0), "another schema version; got 0.*Fix: import the sources again"),
        (lambda f: rewrite(f, place="jining"), "manifest was changed after it was written"),
        (lambda f: first_file(f, size=1), "manifest was changed after it was written"),
        (lambda f: first_file(f, sha256="drop"), "manifest is incomplete.*sha256"),
        (lambda f: first_file(f, path="../../letters.parquet"), "manifest is incomplete.*not the path of a table"),
        (lambda f: rewrite(f, files=None), "manifest is incomplete"),
    ],
)
def test_each_way_to_spoil_the_manifest_is_told(build, frames, harm, words) -> None:
    folder = build({"2020-12": frames}).path
    harm(folder)
    with pytest.raises(RegisterError, match=words):
        Register.open(folder)


def test_a_file_in_place_of_the_folder_is_not_a_register(tmp_path) -> None:
    (tmp_path / "register").write_text("no")
    with pytest.raises(RegisterError, match="not a register"):
        Register.open(tmp_path / "register")


class TestContentDigest:
    """Equal values have equal digests whatever their encoding; every difference of value makes another."""

    def test_encoding_chunks_and_slices_do_not_count(self) -> None:
        plain = pa.table({"a": ["x", None, "y", ""], "n": [1, None, 3, 4], "b": [True, None, False, True]})
        chunked = pa.concat_tables([plain.slice(0, 1), plain.slice(1)])
        inside = pa.concat_tables([plain, plain, plain]).combine_chunks().slice(4, 4)
        coded = plain.set_column(0, "a", plain["a"].dictionary_encode())
        assert {content_digest(t) for t in (plain, chunked, inside, coded)} == {content_digest(plain)}

    def test_a_column_without_values_does_not_count(self) -> None:
        plain = pa.table({"a": [1.5]})
        assert content_digest(plain.append_column("b", pa.nulls(1, pa.string()))) == content_digest(plain)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({"a": ["ab", "c"]}, {"a": ["a", "bc"]}),
            ({"a": ["", "x"]}, {"a": [None, "x"]}),
            ({"a": [1, None]}, {"a": [None, 1]}),
            ({"a": [0, 5]}, {"a": [None, 5]}),
            ({"a": [1.0]}, {"a": [1.0000000000000002]}),
            ({"a": [1, 2]}, {"a": [2, 1]}),
            ({"a": [1]}, {"b": [1]}),
            ({"a": [True, True]}, {"a": [True, False]}),
            ({"a": ["x"], "b": ["y"]}, {"a": ["y"], "b": ["x"]}),
            ({"a": [1, None]}, {"a": [1]}),
        ],
    )
    def test_every_difference_counts(self, one, other) -> None:
        assert content_digest(pa.table(one)) != content_digest(pa.table(other))
