"""Ways to damage a delivery: its headers and rows, its encoding and marks, the types of its columns, the bytes of its files."""

from __future__ import annotations

import io
import random
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
from tests.corruption.invented_rows import Delivery, Sheet, columns_of

from relapse_risk.schema import table

__all__ = ["BYTES", "DIALECTS", "STRUCTURES", "TYPES", "damage_bytes"]

Change: TypeAlias = Callable[[Sheet, random.Random], None]


def _columns(sheet: Sheet, order: Sequence[int]) -> None:
    sheet.headers[:] = [sheet.headers[at] for at in order]
    sheet.rows[:] = [[row[at] for at in order] for row in sheet.rows]


def _drop_column(sheet: Sheet, rng: random.Random) -> None:
    gone = rng.randrange(len(sheet.headers))
    _columns(sheet, [at for at in range(len(sheet.headers)) if at != gone])


def _shuffle_columns(sheet: Sheet, rng: random.Random) -> None:
    _columns(sheet, rng.sample(range(len(sheet.headers)), len(sheet.headers)))


def _shuffle_rows(sheet: Sheet, rng: random.Random) -> None:
    rng.shuffle(sheet.rows)


def _twice(sheet: Sheet, rng: random.Random) -> None:
    sheet.rows.append(list(rng.choice(sheet.rows)))


def _half_twice(sheet: Sheet, rng: random.Random) -> None:
    row = list(rng.choice(sheet.rows))
    row[-1] = None if not isinstance(row[-1], str) else ""
    sheet.rows.insert(0, row)


def _total(sheet: Sheet, rng: random.Random) -> None:
    if any(isinstance(cell, str) and cell.isdigit() for cell in sheet.rows[0]):
        sheet.rows.append(["合计", *[""] * (len(sheet.headers) - 2), "999"])
        return
    sheet.rows.append(["合计", *[sum(v for v in c if isinstance(v, (int, float)) and not isinstance(v, bool)) or None
                               for c in list(zip(*sheet.rows, strict=True))[1:]]])  # fmt: skip


def _blank_rows(sheet: Sheet, rng: random.Random) -> None:
    sheet.rows.insert(rng.randrange(len(sheet.rows)), [None if not isinstance(c, str) else "" for c in sheet.rows[0]])


def _title(sheet: Sheet, rng: random.Random) -> None:
    sheet.rows.insert(0, list(sheet.headers))
    sheet.headers[:] = ["A list of the place", *[""] * (len(sheet.headers) - 1)]


def _two_headers(sheet: Sheet, rng: random.Random) -> None:
    sheet.rows.insert(0, [f"({header})" for header in sheet.headers])


def _header_again(sheet: Sheet, rng: random.Random) -> None:
    sheet.rows.insert(len(sheet.rows) // 2, list(sheet.headers))


def _header(change: Callable[[str], str]) -> Change:
    def apply(sheet: Sheet, rng: random.Random) -> None:
        at = rng.randrange(len(sheet.headers))
        sheet.headers[at] = change(sheet.headers[at])

    return apply


def _header_twice(sheet: Sheet, rng: random.Random) -> None:
    at, other = rng.sample(range(len(sheet.headers)), 2)
    sheet.headers[other] = sheet.headers[at]


def _second_column(sheet: Sheet, rng: random.Random) -> None:
    """The register's own name of a column beside its label, with other values."""
    at = rng.randrange(1, len(sheet.headers))
    sheet.headers.append(columns_of(sheet.table)[at])
    for row in sheet.rows:
        row.append(row[at])


def _extra(sheet: Sheet, rng: random.Random) -> None:
    sheet.headers.append("remarks")
    for row in sheet.rows:
        row.append("seen")


def _many_columns(sheet: Sheet, rng: random.Random) -> None:
    sheet.headers += [f"x{at}" for at in range(400)]
    for row in sheet.rows:
        row += ["1"] * 400


def _no_rows(sheet: Sheet, rng: random.Random) -> None:
    sheet.rows.clear()


def _short_row(sheet: Sheet, rng: random.Random) -> None:
    del rng.choice(sheet.rows)[-2:]


def _shifted_row(sheet: Sheet, rng: random.Random) -> None:
    row = rng.choice(sheet.rows)
    row.insert(rng.randrange(1, len(row)), "" if any(isinstance(c, str) for c in row) else None)


STRUCTURES: dict[str, Change] = {
    "a column gone": _drop_column, "columns in another order": _shuffle_columns, "rows in another order": _shuffle_rows,
    "a row twice": _twice, "a key twice, one half empty": _half_twice, "a row of totals": _total, "a blank row": _blank_rows,
    "a title above": _title, "two rows of headers": _two_headers, "the headers again": _header_again,
    "a misspelt header": _header(lambda h: h[:-2] + h[-1:] + h[-2:-1]), "half a header": _header(lambda h: h[: len(h) // 2]),
    "a header with a unit": _header(lambda h: f"{h} (1,000 yuan)"), "a header in capitals": _header(str.upper),
    "an invisible sign in a header": _header(lambda h: f"{h[0]}\u200b{h[1:]}"), "no header": _header(lambda h: ""),
    "a header with a break": _header(lambda h: f"{h}\n"), "a huge header": _header(lambda h: h * 3000),
    "a formula as header": _header(lambda h: f"=1+{h}"), "a header twice": _header_twice,
    "a column under both names": _second_column, "another column": _extra, "400 columns": _many_columns, "no rows": _no_rows,
    "a short row": _short_row, "a row shifted": _shifted_row,
}  # fmt: skip


def _encoded(encoding: str) -> Callable[[Delivery, random.Random], None]:
    def apply(given: Delivery, rng: random.Random) -> None:
        given.encoding = encoding

    return apply


def _separated(separator: str, head: str = "", line_end: str = "\n") -> Callable[[Delivery, random.Random], None]:
    def apply(given: Delivery, rng: random.Random) -> None:
        given.separator, given.head, given.line_end = separator, head, line_end

    return apply


DIALECTS: dict[str, Callable[[Delivery, random.Random], None]] = {
    **{f"encoding {name}": _encoded(name) for name in (
        "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "gbk", "cp1252", "iso8859-2", "big5", "shift-jis",
        "cp1251", "euc-kr", "mac-roman", "cp437", "cp037",
    )},
    "semicolons": _separated(";"), "tabs": _separated("\t"), "bars": _separated("|"), "carets": _separated("^"),
    "blanks": _separated(" "), "colons": _separated(":"),
    "sep= line": _separated(";", "sep=;\n"), "wrong sep= line": _separated(",", "sep=;\n"),
    "carriage returns": _separated(",", "", "\r"), "CRLF": _separated(",", "", "\r\n"), "LFCR": _separated(",", "", "\n\r"),
    "blank lines": _separated(",", "\n\n"), "a comment": _separated(",", "# exported 2024-01-31\n"),
}  # fmt: skip

TYPES: dict[str, pa.DataType] = {
    str(kind): kind
    for kind in (
        pa.int8(), pa.uint16(), pa.int64(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.decimal128(38, 4),
        pa.decimal256(60, 2), pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int8(), pa.string()),
        pa.date32(), pa.date64(), pa.timestamp("s"), pa.timestamp("ns"), pa.timestamp("us", "Asia/Shanghai"), pa.timestamp("ms", "UTC"),
        pa.time64("us"), pa.duration("s"), pa.bool_(), pa.list_(pa.string()), pa.null(),
    )
}  # fmt: skip


def _flip(content: bytes, rng: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 20))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _zeros(content: bytes, rng: random.Random) -> bytes:
    at, length = rng.randrange(len(content)), rng.choice((1, 16, 512))
    return content[:at] + bytes(min(length, len(content) - at)) + content[at + length :]


def _noise(content: bytes, rng: random.Random) -> bytes:
    at, length = rng.randrange(len(content)), rng.choice((4, 64))
    return content[:at] + rng.randbytes(length) + content[at + length :]


def _twice_a_piece(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return content[: at + 64] + content[at:]


def _without_a_piece(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    return content[:at] + content[at + rng.choice((1, 7, 100)) :]


def _inside(content: bytes, rng: random.Random) -> bytes:
    """A member of a zipped workbook damaged and zipped again with a right checksum, or left out."""
    if not content.startswith(b"PK"):
        return _flip(content, rng)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        chosen, way = rng.choice(names), rng.choice((_flip, _zeros, _noise, _without_a_piece, _twice_a_piece, None))
        for name in names:
            data = old.read(name)
            if name == chosen and way is None:
                continue
            new.writestr(name, way(data, rng) if name == chosen and data and way else data)
    return out.getvalue()


BYTES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "bits flipped": _flip, "a run of zeros": _zeros, "a run of noise": _noise, "a piece twice": _twice_a_piece,
    "a piece gone": _without_a_piece, "inside the archive": _inside,
    "cut short": lambda content, rng: content[: rng.randrange(len(content))],
    "empty": lambda content, rng: b"",
    "noise before": lambda content, rng: rng.randbytes(3) + content,
    "noise behind": lambda content, rng: content + rng.randbytes(40),
    "nothing but noise": lambda content, rng: rng.randbytes(len(content)),
    "nothing but zeros": lambda content, rng: bytes(len(content)),
    "doubled": lambda content, rng: content + content,
}  # fmt: skip


def damage_bytes(path: Path, others: Sequence[Path], rng: random.Random) -> str:
    """Damage one file in place, or give it the content or the name of another kind; what was done."""
    file = rng.choice(sorted(path.iterdir())) if path.is_dir() else path
    way = rng.choice([*sorted(BYTES), "content of another kind", "another name", "a folder in its place"])
    if way == "content of another kind":
        other = rng.choice([one for one in others if one.suffix != file.suffix])
        shutil.copyfile(other, file)
    elif way == "another name":
        file.rename(file.with_suffix(rng.choice([".xls", ".txt", ".parquet", ".csv", ".bak", ".XLSX", ".dta"])))
    elif way == "a folder in its place":
        file.unlink()
        file.mkdir()
    else:
        file.write_bytes(BYTES[way](file.read_bytes(), rng))
    return way


def label(name: str, column: str) -> str:
    """The English header of a column."""
    return table(name).column(column).label.en
