"""One file as one table: what is compressed is the table it holds, and what is damaged or huge is one line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from relapse_risk.errors import SourceError
from relapse_risk.register import plain_tables
from relapse_risk.register.plain_tables import read_plain_table

TEXT = b"id;county\n007;NA\n008;\n"


def test_a_compressed_csv_is_the_table_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "panel.CSV.gz"
    file.write_bytes(gzip.compress(TEXT))
    found = read_plain_table(file)
    assert found.frame.to_numpy().tolist() == [["007", "NA"], ["008", None]]
    assert found.lines.tolist() == [2, 3]


@pytest.mark.parametrize(
    "content",
    [b"", gzip.compress(TEXT)[:-12], b"\x1f\x8b" + bytes(30), TEXT],
    ids=["empty", "cut short", "only a head", "not compressed"],  # a compressed text holds its second
)
def test_a_damaged_one_is_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "panel.csv.gz"
    file.write_bytes(content)
    with pytest.raises(SourceError, match=r"panel\.csv"):
        read_plain_table(file)


def test_one_that_fills_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_tables, "LARGEST", 1000)
    file = tmp_path / "panel.csv.gz"
    file.write_bytes(gzip.compress(b"0" * 1001))
    with pytest.raises(SourceError, match="larger than a table may be once it is open"):
        read_plain_table(file)
