"""What Chromium prints, made small, the same every time, and with page numbers in its contents.

Chromium writes each of some ten thousand structure elements as an object of its own, uncompressed, and the time of day.
Here the objects go into compressed streams (PDF 1.5) and the time is left out.  Only the layout that Chromium's PDF
writer (Skia) uses is understood: one cross-reference table, every length given as a number.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from string import digits

from relapse_risk.errors import RenderError

__all__ = ["PLACEHOLDER_PX", "SPECIMEN_PX", "compact", "objects_of", "page_numbers", "with_page_numbers"]

PLACEHOLDER_PX = "12.25"  # no other text of a report has this size: it marks the numbers of the contents
SPECIMEN_PX = (
    "12.75"  # marks the ten digits printed only so that the PDF's font holds them, in the form of their context
)
STREAM = b" stream\n"
PER_STREAM = 400
OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\s*endobj\s*$", re.DOTALL)
DATES = re.compile(rb"\n?/(?:CreationDate|ModDate) \(D:[^)]*\)")
CREATOR = re.compile(rb"\n?/Creator \((?:\\.|[^\\)])*\)")
NODE = re.compile(rb"node\d{8}")  # numbers go on from page to page of one browser
PLACEHOLDER = re.compile(
    rb"(/F\d+ " + PLACEHOLDER_PX.encode().replace(b".", rb"\.") + rb" Tf\n[^\n]* Tm\n)"
    rb"<[0-9A-F]{4}> Tj\n([^\n]*? Td )<[0-9A-F]{4}> Tj"
)
SPECIMEN = re.compile(rb"/F\d+ " + SPECIMEN_PX.encode().replace(b".", rb"\.") + rb" Tf\n.*?ET", re.DOTALL)
SHOWN, NOTHING = re.compile(rb"<[0-9A-F]{4}> Tj"), b"<> Tj"


def objects_of(pdf: bytes) -> tuple[dict[int, bytes], bytes]:
    """Objects by number, and the trailer, of a PDF with one plain cross-reference table.

    Raises
    ------
    RenderError
        For a file of another kind.
    """
    start = pdf.rfind(b"startxref")
    try:
        table = int(pdf[start + 9 :].split()[0])
        _, count = map(int, pdf[table + 5 : pdf.index(b"\n", table + 5)].split())
        first = pdf.index(b"\n", table + 5) + 1
        offsets = sorted(int(pdf[first + 20 * i : first + 20 * i + 10]) for i in range(1, count))
    except ValueError as error:
        raise RenderError("the printed PDF is not as expected", fix="print with pdf: weasyprint") from error
    found = {}
    for begin, end in pairwise([*offsets, table]):
        if matched := OBJECT.match(pdf[begin:end]):
            found[int(matched[1])] = matched[2]
    return found, pdf[pdf.index(b"trailer", table) + 7 : start]


def _pages(objects: Mapping[int, bytes], root: bytes) -> list[int]:
    """Object numbers of the pages in order."""
    kids = re.search(rb"/Kids \[([^]]*)\]", root)
    if not kids:
        return []
    found = []
    for number in map(int, re.findall(rb"(\d+) 0 R", kids[1])):
        inner = _pages(objects, objects[number])
        found += inner or [number]
    return found


def page_numbers(objects: Mapping[int, bytes], root: int) -> dict[str, int]:
    """Page (from 1) of every named place of the document."""
    catalogue = objects[root]
    tree = re.search(rb"/Pages (\d+) 0 R", catalogue)
    named = re.search(rb"/Dests (\d+) 0 R", catalogue)
    if not tree or not named:
        return {}
    order = {number: at for at, number in enumerate(_pages(objects, objects[int(tree[1])]), 1)}
    places = re.findall(rb"/([^\s/\[]+) \[(\d+) 0 R", objects[int(named[1])])
    return {name.decode("latin-1"): order[int(page)] for name, page in places if int(page) in order}


def with_page_numbers(objects: Mapping[int, bytes], numbers: Sequence[int]) -> dict[int, bytes]:
    """Objects with the placeholders of the contents, in their order, replaced by ``numbers``, and no specimen.

    The specimen shows how the digits are drawn there (beside Latin letters the font has others).  They are equally
    wide, so that only the two glyph numbers of each placeholder change.

    Raises
    ------
    RenderError
        If there are not as many placeholders as numbers, or no specimen.
    """
    left = [f"{number:>2}" for number in numbers]
    changed = dict(objects)

    pages = {number: plain for number, plain in _drawn(objects) if PLACEHOLDER.search(plain) or SPECIMEN.search(plain)}
    shown = next((SHOWN.findall(found[0]) for plain in pages.values() if (found := SPECIMEN.search(plain))), [])
    if len(shown) != len(digits):
        raise RenderError("the contents have no specimen of their digits", got=f"{len(shown)} digits")
    glyphs = dict(zip(digits, shown, strict=True)) | {" ": NOTHING}

    def written(match: re.Match[bytes]) -> bytes:
        if not left:
            return match[0]
        tens, units = (glyphs[character] for character in left.pop(0))
        return b"%s%s\n%s%s" % (match[1], tens, match[2], units)

    for number, plain in pages.items():
        plain = SPECIMEN.sub(lambda drawn: SHOWN.sub(NOTHING, drawn[0]), PLACEHOLDER.sub(written, plain))
        packed = zlib.compress(plain, 6)
        changed[number] = b"<</Filter /FlateDecode\n/Length %d>>%s%s\nendstream" % (len(packed), STREAM, packed)
    if left or any(number > 99 for number in numbers):
        raise RenderError("the contents have no place for their page numbers", got=f"{len(left)} left")
    return changed


def _drawn(objects: Mapping[int, bytes]) -> Iterator[tuple[int, bytes]]:
    """Number and content of every stream that draws something."""
    for number, content in objects.items():
        head, stream, data = content.partition(STREAM)
        if stream and b"/FlateDecode" in head and b"/Length1" not in head:
            yield number, zlib.decompressobj().decompress(data)


def compact(objects: Mapping[int, bytes], trailer: bytes, data_date: str) -> bytes:
    """The objects as a PDF 1.5 file: small ones in compressed streams, no time of day but the date of the data."""
    root, info = (int(re.search(rb"/%s (\d+) 0 R" % key, trailer)[1]) for key in (b"Root", b"Info"))  # type: ignore[index]
    day = data_date.replace("-", "").encode()
    clean = dict(objects)
    clean[info] = CREATOR.sub(b"", DATES.sub(b"", objects[info])).removesuffix(b">>") + b"\n/CreationDate (D:%s)>>" % day  # fmt: skip
    nodes: dict[bytes, bytes] = {}
    for number, content in clean.items():
        if b"(node" in content[:2000] and STREAM not in content[:2000]:
            clean[number] = NODE.sub(lambda found: nodes.setdefault(found[0], b"node%08d" % len(nodes)), content)
    out = bytearray(b"%PDF-1.5\n%\xd3\xeb\xe9\xe1\n")
    where: dict[int, tuple[int, int, int]] = {0: (0, 0, 65535)}
    small = []
    for number, content in clean.items():
        if STREAM in content[:2000]:
            where[number] = (1, len(out), 0)
            out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
        else:
            small.append(number)
    following = max(clean) + 1
    for begin in range(0, len(small), PER_STREAM):
        members = small[begin : begin + PER_STREAM]
        where[following] = (1, len(out), 0)
        where.update({number: (2, following, at) for at, number in enumerate(members)})
        out += _object_stream(following, members, clean)
        following += 1
    where[following] = (1, len(out), 0)
    start = len(out)
    out += _cross_references(following, where, root, info)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def _object_stream(number: int, members: Sequence[int], objects: Mapping[int, bytes]) -> bytes:
    offsets, body = [], bytearray()
    for member in members:
        offsets.append(b"%d %d" % (member, len(body)))
        body += objects[member] + b"\n"
    head = b" ".join(offsets) + b"\n"
    packed = zlib.compress(head + bytes(body), 6)
    return b"%d 0 obj\n<</Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream\nendobj\n" % (
        number, len(members), len(head), len(packed), packed,
    )  # fmt: skip


def _cross_references(number: int, where: Mapping[int, tuple[int, int, int]], root: int, info: int) -> bytes:
    rows = b"".join(struct.pack(">BIH", *where.get(i, (0, 0, 65535))) for i in range(number + 1))
    packed = zlib.compress(rows, 6)
    return (
        b"%d 0 obj\n<</Type /XRef /Size %d /W [1 4 2] /Root %d 0 R /Info %d 0 R /Filter /FlateDecode /Length %d>>\n"
        b"stream\n%s\nendstream\nendobj\n"
    ) % (number, number + 1, root, info, len(packed), packed)
