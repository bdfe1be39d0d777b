"""Chromium's PDF made small: same pages, same words, numbers in their places, nothing of the clock."""

from __future__ import annotations

import io
import zlib

import pytest
from pypdf import PdfReader

from relapse_risk.errors import RenderError
from relapse_risk.reporting.pdfpack import compact, objects_of, page_numbers, with_page_numbers


def as_printed(objects: dict[int, bytes]) -> bytes:
    """A file laid out as Chromium's writer lays it out."""
    out, where = bytearray(b"%PDF-1.4\n"), []
    for number in sorted(objects):
        where.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in where)
    out += b"trailer\n<</Size %d\n/Root 2 0 R\n/Info 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def text(*runs: bytes) -> bytes:
    packed = zlib.compress(b"BT\n" + b"\n".join(runs) + b"\nET")
    return b"<</Filter /FlateDecode\n/Length %d>> stream\n%s\nendstream" % (len(packed), packed)


NUMBER = b"/F5 12.25 Tf\n1 0 0 -1 640 1059 Tm\n<0011> Tj\n6.79 0 Td <0011> Tj"
FILE = {
    1: b"<</Title (t)\n/Creator (Mozilla \\(X11\\))\n/Producer (Skia)\n/CreationDate (D:20261123173722+00'00')\n/ModDate (D:20261123173722+00'00')>>",
    2: b"<</Type /Catalog\n/Pages 3 0 R\n/Dests 7 0 R>>",
    3: b"<</Type /Pages\n/Count 2\n/Kids [4 0 R 5 0 R]>>",
    4: b"<</Type /Page\n/MediaBox [0 0 595 842]\n/Resources <<>>\n/Contents 6 0 R\n/Parent 3 0 R>>",
    5: b"<</Type /Page\n/MediaBox [0 0 595 842]\n/Resources <<>>\n/Parent 3 0 R>>",
    6: text(NUMBER, b"/F5 14 Tf\n<0011> Tj", NUMBER),
    7: b"<</s1 [5 0 R /XYZ 0 842 0]\n/s2 [4 0 R /XYZ 0 842 0]>>",
    8: b"<</Type /StructElem\n/S /TH\n/ID (node00000109)>>",
}  # fmt: skip
GLYPHS = {" ": 1} | {str(digit): 17 + digit for digit in range(10)}


def test_objects_and_pages_are_found() -> None:
    objects, trailer = objects_of(as_printed(FILE))
    assert objects == FILE
    assert b"/Root 2 0 R" in trailer
    assert page_numbers(objects, 2) == {"s1": 2, "s2": 1}


def test_placeholders_become_page_numbers_and_nothing_else_changes() -> None:
    changed = with_page_numbers(FILE, [7, 12], GLYPHS)
    plain = zlib.decompress(changed[6].partition(b" stream\n")[2].removesuffix(b"\nendstream"))
    first, other, second = plain.split(b"Tm\n")[1][:40], b"/F5 14 Tf\n<0011> Tj", plain.split(b"Tm\n")[2][:40]
    assert b"<0001> Tj" in first
    assert b"<0018> Tj" in first
    assert b"<0012> Tj" in second
    assert b"<0013> Tj" in second
    assert other in plain
    assert {number for number in FILE if FILE[number] != changed[number]} == {6}
    with pytest.raises(RenderError, match="no place for their page numbers"):
        with_page_numbers(FILE, [1, 2, 3], GLYPHS)


def test_the_small_file_reads_the_same_and_forgets_the_clock() -> None:
    objects, trailer = objects_of(as_printed(FILE))
    small = compact(objects, trailer, "2020-12-31")
    later = {**FILE, 1: FILE[1].replace(b"20261123173722", b"20270101000000"), 8: FILE[8].replace(b"0109", b"7777")}
    assert compact(*objects_of(as_printed(later)), "2020-12-31") == small
    reader = PdfReader(io.BytesIO(small), strict=True)
    assert len(reader.pages) == 2
    assert reader.metadata == {"/Title": "t", "/Producer": "Skia", "/CreationDate": "D:20201231"}
    assert b"Mozilla" not in small


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(RenderError, match="not as expected"):
        objects_of(b"%PDF-1.7 something else")
