"""Pseudonyms and their key; and who may read names."""

from __future__ import annotations

import ast
import base64
import hashlib
import hmac
import logging
import os
import stat
import sys
from pathlib import Path

import pandas as pd
import pytest

import relapse_risk
from relapse_risk.errors import RegisterError
from relapse_risk.register.pseudonyms import create_key, default_key_path, pseudonym, pseudonyms, read_key

KEY = bytes(range(32))


def test_the_hash_is_hmac_sha256_in_base32() -> None:
    """RFC 4231, test case 2 (key "Jefe"), fixes the primitive; the rest is format."""
    rfc = hmac.new(b"Jefe", b"what do ya want for nothing?", hashlib.sha256).hexdigest()
    assert rfc == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    raw = hmac.new(KEY, b"P\x00371425194001010000", hashlib.sha256).digest()
    assert pseudonym(KEY, "371425194001010000", "P") == "P" + base64.b32encode(raw).decode()[:16]


def test_the_same_number_gives_the_same_pseudonym_however_it_is_typed() -> None:
    typed = ["37142519400101001X", " 37142519400101001x\n", "３７１４２５１９４００１０１００１Ｘ"]
    assert len({pseudonym(KEY, value, "P") for value in typed}) == 1


def test_another_key_another_kind_or_another_number_gives_another_pseudonym() -> None:
    one = pseudonym(KEY, "1", "P")
    assert one[1:] not in (
        pseudonym(bytes(32), "1", "P")[1:], pseudonym(KEY, "1", "H")[1:], pseudonym(KEY, "2", "P")[1:],
    )  # fmt: skip


def test_a_column_of_numbers_keeps_its_order_and_its_nulls() -> None:
    found = pseudonyms(KEY, pd.Series(["1", None, "2", "1"], dtype="str", index=[5, 6, 7, 8]), "H")
    assert found.isna().tolist() == [False, True, False, False]
    assert found.index.tolist() == [5, 6, 7, 8]
    assert found[5] == found[8] == pseudonym(KEY, "1", "H") != found[7]


def test_ten_thousand_neighbouring_numbers_do_not_meet() -> None:
    assert pseudonyms(KEY, pd.Series([str(i) for i in range(10_000)]), "P").nunique() == 10_000


def test_an_empty_value_has_no_pseudonym() -> None:
    with pytest.raises(RegisterError, match="empty value has no pseudonym"):
        pseudonym(KEY, "  ", "P")


class TestKey:
    def test_a_new_key_is_32_random_bytes_and_readable_by_its_owner_only(self, tmp_path: Path) -> None:
        one, two = (create_key(tmp_path / "keys" / name) for name in ("one", "two"))
        assert len(read_key(one)) == 32
        assert read_key(one) != read_key(two)
        if os.name == "posix":
            assert stat.S_IMODE(one.stat().st_mode) == 0o600

    def test_a_key_is_never_replaced(self, tmp_path: Path) -> None:
        before = read_key(create_key(tmp_path / "key"))
        with pytest.raises(RegisterError, match="there is a key already"):
            create_key(tmp_path / "key")
        assert read_key(tmp_path / "key") == before

    def test_a_key_inside_a_register_is_refused(self, build, frames, tmp_path: Path) -> None:
        folder = build({"2020-12": frames}).path
        for path in (folder / "key", folder / "tables" / "deep" / "key", folder / ".." / folder.name / "key"):
            with pytest.raises(RegisterError, match="must not lie inside a register"):
                create_key(path)
        with pytest.raises(RegisterError, match="must not lie inside a register"):
            create_key(tmp_path / "planned" / "key", register=tmp_path / "planned")
        (folder / "key").write_text("relapse-risk key 1: " + "00" * 32)
        with pytest.raises(RegisterError, match="must not lie inside a register"):
            read_key(folder / "key")
        assert create_key(folder.parent / "key").is_file()

    @pytest.mark.parametrize(
        "text", ["", "secret", "00" * 32, "relapse-risk key 1: 00", "relapse-risk key 1: " + "zz" * 32]
    )
    def test_a_file_that_is_no_key_is_refused_without_telling_what_it_holds(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "key").write_text(text)
        with pytest.raises(RegisterError, match="not a key file") as caught:
            read_key(tmp_path / "key")
        assert "zz" not in str(caught.value)
        assert "secret" not in str(caught.value)

    def test_a_missing_key_tells_how_to_make_one(self, tmp_path: Path) -> None:
        with pytest.raises(
            RegisterError, match=r"no key. Fix: create one with create_key\(\), or set RELAPSE_RISK_KEY"
        ):
            read_key(tmp_path / "key")

    @pytest.mark.parametrize(
        ("variables", "expected"),
        [
            ({"RELAPSE_RISK_KEY": "/safe/key"}, "/safe/key"),
            ({"XDG_CONFIG_HOME": "/conf"}, "/conf/relapse-risk/pseudonym.key"),
            ({}, "/home/li/.config/relapse-risk/pseudonym.key"),
        ],
    )
    @pytest.mark.skipif(sys.platform != "linux", reason="where Linux keeps settings (XDG base directories)")
    def test_the_key_is_looked_for_where_the_system_keeps_settings(
        self, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
    ) -> None:
        for name in ("RELAPSE_RISK_KEY", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in ({"HOME": "/home/li"} | variables).items():
            monkeypatch.setenv(name, value)
        assert default_key_path() == Path(expected)

    def test_the_default_path_is_used_when_none_is_given(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("RELAPSE_RISK_KEY", str(tmp_path / "key"))
        assert read_key(create_key()) == read_key(tmp_path / "key")


class TestWhoReadsNames:
    def test_each_reading_is_logged_without_a_name(self, build, frames, caplog: pytest.LogCaptureFixture) -> None:
        register = build({"2020-12": frames})
        with caplog.at_level(logging.INFO, logger="relapse_risk.identity"):
            assert register.read_identity("371481")["person_name"].tolist() == ["丁"]
        (record,) = caplog.records
        assert "identity read: 1 rows, county 371481" in record.message
        assert "丁" not in record.message

    def test_no_module_above_the_register_reads_names(self) -> None:
        """A module that must (the restricted household annex) is added to this list by name, and so reviewed."""
        allowed = {"identification/head_names.py"}  # sheets and notices, with --identity and a reason
        source = Path(relapse_risk.__file__).parent
        found = {
            file.relative_to(source).as_posix()
            for file in source.rglob("*.py")
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute) and node.attr == "read_identity"
        }
        assert {name for name in found if not name.startswith("register/")} == allowed
