"""Chromium's PDF made small: same pages, same words, numbers in their places, nothing of the clock."""

from __future__ import annotations

import io
import re
import zlib
from pathlib import Path

import pytest
from pypdf import PdfReader

from relapse_risk.editions.chromium import Browser, find_chromium
from relapse_risk.editions.export import ALWAYS, Sheet, to_pdf
from relapse_risk.editions.fonts import FAMILY, font_css
from relapse_risk.editions.pdf_engine import PdfEngine
from relapse_risk.editions.pdf_postprocess import compact, objects_of, page_numbers, with_page_numbers
from relapse_risk.errors import RenderError


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


DIGITS = b"/F5 12.75 Tf\n1 0 0 -1 640 1200 Tm" + b"".join(
    b"\n7.07 0 Td <%04X> Tj" % (17 + digit) for digit in range(10)
)
NUMBER = b"/F5 12.25 Tf\n1 0 0 -1 640 1059 Tm\n<0011> Tj\n6.79 0 Td <0011> Tj"
FILE = {
    1: b"<</Title (t)\n/Creator (Mozilla \\(X11\\))\n/Producer (Skia)\n/CreationDate (D:20261123173722+00'00')\n/ModDate (D:20261123173722+00'00')>>",
    2: b"<</Type /Catalog\n/Pages 3 0 R\n/Dests 7 0 R>>",
    3: b"<</Type /Pages\n/Count 2\n/Kids [4 0 R 5 0 R]>>",
    4: b"<</Type /Page\n/MediaBox [0 0 595 842]\n/Resources <<>>\n/Contents 6 0 R\n/Parent 3 0 R>>",
    5: b"<</Type /Page\n/MediaBox [0 0 595 842]\n/Resources <<>>\n/Parent 3 0 R>>",
    6: text(NUMBER, b"/F5 14 Tf\n<0011> Tj", NUMBER, DIGITS),
    7: b"<</s1 [5 0 R /XYZ 0 842 0]\n/s2 [4 0 R /XYZ 0 842 0]>>",
    8: b"<</Type /StructElem\n/S /TH\n/ID (node00000109)>>",
}  # fmt: skip


def test_objects_and_pages_are_found() -> None:
    objects, trailer = objects_of(as_printed(FILE))
    assert objects == FILE
    assert b"/Root 2 0 R" in trailer
    assert page_numbers(objects, 2) == {"s1": 2, "s2": 1}


def test_placeholders_become_page_numbers_and_nothing_else_changes() -> None:
    changed = with_page_numbers(FILE, [7, 12])
    plain = zlib.decompress(changed[6].partition(b" stream\n")[2].removesuffix(b"\nendstream"))
    first, other, second = plain.split(b"Tm\n")[1][:40], b"/F5 14 Tf\n<0011> Tj", plain.split(b"Tm\n")[2][:40]
    assert b"<> Tj" in first
    assert b"<0018> Tj" in first
    assert b"<0012> Tj" in second
    assert b"<0013> Tj" in second
    assert other in plain
    assert {number for number in FILE if FILE[number] != changed[number]} == {6}
    with pytest.raises(RenderError, match="no place for their page numbers"):
        with_page_numbers(FILE, [1, 2, 3])


def test_the_specimen_of_digits_is_drawn_no_more() -> None:
    """Of 7 the one in the specimen is gone, the one of the page number stays."""
    changed = with_page_numbers({**FILE, 6: text(NUMBER, DIGITS)}, [7])
    plain = zlib.decompress(changed[6].partition(b" stream\n")[2].removesuffix(b"\nendstream"))
    assert plain.count(b"<0018> Tj") == 1
    assert plain.endswith(b"7.07 0 Td <> Tj\nET")
    with pytest.raises(RenderError, match="no specimen of their digits"):
        with_page_numbers({**FILE, 6: text(NUMBER)}, [7])


@pytest.mark.browser
@pytest.mark.skipif(not find_chromium(), reason="Chromium is not installed")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_page_numbers_show_even_where_no_other_text_holds_their_digits(tmp_path: Path, language: str) -> None:
    """Eighteen sections on pages of their own: every digit is in the contents and nowhere else."""
    entries = "".join(f'<li><a href="#s{i}">Part</a></li>' for i in range(18))
    parts = "".join(f'<h2 id="s{i}" style="break-before: page">Part</h2>' for i in range(18))
    style = f'<style>{font_css(ALWAYS)} body {{ font-family: "{FAMILY}" }} li {{ display: flex }}</style>'
    page = (
        f'<html lang="{language}"><head><title>t</title>{style}</head><body>'
        f'<nav class="contents"><ol>{entries}</ol></nav>{parts}</body></html>'
    )
    browser = Browser(tmp_path / "browser")
    try:
        pdf = to_pdf(page, Sheet("t", language, "", "", "", "2020-12-31"), PdfEngine("chromium", ""), browser)
    finally:
        browser.close()
    words = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert re.findall(r"\d+", words) == [str(number) for number in range(2, 20)]


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
