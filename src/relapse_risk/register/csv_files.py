"""CSV as spreadsheets and databases write it: encodings, separators, title lines, line breaks inside cells."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from io import StringIO

from relapse_risk.errors import SourceError

__all__ = ["CsvFile", "decoded", "read_csv_file"]

_SEPARATORS = (",", ";", "\t", "|")
# Longer marks first: that of UTF-32 begins like that of UTF-16.
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\x84\x31\x95\x33", "gb18030"),
)  # fmt: skip
_FIELD_LIMIT = 1 << 20
_SEP_LINE = re.compile(r'"?sep=(.)"?[ ]*(\r\n|\r|\n)', re.IGNORECASE)
_LOOKED_AT = 15
_WIDE = 4  # columns from which a cell with as many separators as a row is taken for rows
_SEEN = 20_000  # letters beyond ASCII looked at to tell Chinese from other encodings


@dataclass(frozen=True, slots=True)
class CsvFile:
    """The records of one file that are not blank.

    Attributes
    ----------
    records : list of list of str
    lines : list of int
        1-based line of the file on which each record begins.
    separator : str
    """

    records: list[list[str]]
    lines: list[int]
    separator: str = ","

    def header_at(self, row: int, where: str) -> int:
        """Position of the record on line ``row``, or of the first record after it if that line is blank.

        Raises
        ------
        SourceError
            If the file ends before that line.
        """
        for at, line in enumerate(self.lines):
            if line >= row:
                return at
        raise SourceError(
            "the file ends before the headers" if self.records else "the file is empty", where=where,
            got=f"{self.lines[-1] if self.lines else 0} lines", expected=f"headers in line {row} and rows below it",
        )  # fmt: skip

    def below(self, head: int, where: str) -> tuple[list[list[str]], list[int]]:
        """The records below the headers, each as wide as they are (empty cells behind the last header aside).

        Raises
        ------
        SourceError
            Naming the line of a record of another width.
        """
        width = len(self.records[head])
        rows = []
        for record, line in zip(self.records[head + 1 :], self.lines[head + 1 :], strict=True):
            if len(record) > width and not any(cell.strip() for cell in record[width:]):
                record = record[:width]
            if len(record) != width:
                raise SourceError(
                    "number of fields differs from number of headers", where=f"{where}, line {line}", got=len(record),
                    expected=width, fix=self._width_fix(head, width),
                )  # fmt: skip
            rows.append(record)
        return rows, self.lines[head + 1 :]

    def _width_fix(self, head: int, width: int) -> str:
        """If most records are wider than the headers, the headers are further down, below a title."""
        widths = Counter(len(record) for record in self.records)
        usual = widths.most_common(1)[0][0]
        below = [at for at in range(head, min(len(self.records), _LOOKED_AT)) if len(self.records[at]) == usual]
        if usual > width and below:
            line = self.lines[below[0]]
            return f"if the headers are in line {line}, set header_row: {line} in the mapping"
        return "put fields that hold the separator in quotation marks"


def read_csv_file(content: bytes, where: str, *, encoding: str | None = None, separator: str | None = None) -> CsvFile:
    """The records of a CSV file.

    Parameters
    ----------
    content : bytes
    where : str
        Name of the file in messages.
    encoding : str, optional
        Taken from a byte-order mark if there is one; else UTF-8 and GB18030 are tried.
    separator : str, optional
        Taken from a first line ``sep=;`` if there is one; else the character that separates the headers.

    Raises
    ------
    SourceError
        Naming the line that cannot be decoded or read.

    Examples
    --------
    >>> file = read_csv_file(b'sep=;\\r\\na;b\\r\\n1;"x\\n;y"\\r\\n', "a.csv")
    >>> file.records, file.lines
    ([['a', 'b'], ['1', 'x\\n;y']], [2, 3])
    """
    text = decoded(content, where, encoding)
    skipped = 0
    if said := _SEP_LINE.match(text):
        text, skipped = text[said.end() :], 1
        separator = separator or said[1]
    return _records(text, separator or _separator(text), where, skipped)


def decoded(content: bytes, where: str, encoding: str | None = None) -> str:
    """The text of a file: by its byte-order mark, else UTF-8, else GB18030 (which holds GBK and GB2312).

    Raises
    ------
    SourceError
        Naming the byte and line that fit neither.

    Examples
    --------
    >>> decoded("户编号".encode("gbk"), "a.csv"), decoded("户编号".encode("utf-8-sig"), "a.csv")
    ('户编号', '户编号')
    >>> decoded("户,村\\n".encode("utf-16-le"), "a.csv")
    '户,村\\n'
    """
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    stated = marked or encoding or _sixteen_bits(content)
    tried = [stated] if stated else ["utf-8", "gb18030"]
    faults: list[UnicodeDecodeError] = []
    for name in tried:
        try:
            text = content.decode(str(name))
        except LookupError as error:
            raise SourceError("unknown encoding", where=where, got=name, expected="utf-8 or gb18030") from error
        except UnicodeDecodeError as error:
            faults.append(error)
            if _is_nearly_utf8(content):
                break
            continue
        if name == "gb18030" and not stated and not _is_chinese(text):
            raise SourceError(
                "cannot be told which encoding this is", where=where, got=_beyond_ascii(text)[:12],
                expected="UTF-8, or Chinese in GB18030", fix="save it as CSV UTF-8, or set encoding in the mapping",
            )  # fmt: skip
        if "\0" in text:
            raise SourceError(
                "not text: the file contains zero bytes",
                where=where,
                fix="save it as CSV UTF-8, or use a mapping for this kind of file",
            )
        return text.removeprefix("\ufeff")
    furthest = max(faults, key=lambda fault: fault.start)
    line = content[: furthest.start].count(b"\n") + 1
    raise SourceError(
        f"cannot be decoded as {' or '.join(map(str, tried))}", where=f"{where}, line {line}",
        got=content[furthest.start : furthest.start + 4], expected="UTF-8 or GB18030",
        fix="save it as CSV UTF-8, or set encoding in the mapping",
    ) from furthest  # fmt: skip


def _sixteen_bits(content: bytes) -> str | None:
    """UTF-16 without a mark: separators, digits and line ends leave every other byte zero."""
    head = content[:4096]
    if len(head) < 2 or len(head) % 2 or b"\0" not in head:
        return None
    for name, zero, plain in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if b"\0" in zero and b"\0" not in plain:
            return name
    return None


def _is_nearly_utf8(content: bytes) -> bool:
    """Whether this is UTF-8 text with some damaged bytes; read as GB18030 it would be nonsense."""
    text = content.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    return damaged * 5 < sum(letter > "\x7f" for letter in text)


def _beyond_ascii(text: str) -> str:
    return "".join(letter for letter in text if letter > "\x7f")


def _is_chinese(text: str) -> bool:
    """Whether text decoded as GB18030 is that, and not some other encoding's bytes taken in pairs.

    More than three in five letters are among the 3,755 of common use (first bytes B0 to D7, second from A1) or have four bytes,
    which no other encoding's text looks like; in Latin, Cyrillic or Big5 text read so, few are.
    """
    coded = [letter.encode("gb18030") for letter in _beyond_ascii(text)[:_SEEN]]
    letters = [one for one in coded if len(one) == 4 or not (0xA1 <= one[0] <= 0xA9 and one[1] >= 0xA1)]
    common = sum(len(one) == 4 or (0xB0 <= one[0] <= 0xD7 and one[1] >= 0xA1) for one in letters)
    return common * 5 > len(letters) * 3


def _separator(text: str) -> str:
    """The separator: the character that occurs most, and most evenly, in the first lines."""
    first = [line for line in StringIO(text, newline=None) if line.strip()][:_LOOKED_AT] if text else []
    counts = {sign: Counter(line.count(sign) for line in first if sign in line) for sign in _SEPARATORS}

    def weight(sign: str) -> tuple[int, int]:
        times, lines = max(counts[sign].items(), key=lambda pair: (pair[1] * pair[0], pair[0]), default=(0, 0))
        return times * lines, times

    return max(_SEPARATORS, key=weight)


def _records(text: str, separator: str, where: str, skipped: int) -> CsvFile:
    """Records that are not blank; only carriage return and line feed end a line, other breaks are text."""
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    records: list[list[str]] = []
    lines: list[int] = []
    begins = 1 + skipped
    try:
        for record in reader:
            if any(field.strip() for field in record):
                records.append(record)
                lines.append(begins)
            begins = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise SourceError(
            f"not readable as CSV: {error}", where=f"{where}, line {reader.line_num + skipped}",
            fix="close or double the quotation mark on this line or before it",
        ) from error  # fmt: skip
    file = CsvFile(records, lines, separator)
    _check_swallowed(file, where)
    return file


def _check_swallowed(file: CsvFile, where: str) -> None:
    """Refuse a cell that holds whole rows: between a stray quotation mark and the next one they would vanish.

    It has as many separators as so many rows have, and the record it stands in is as wide as the others.
    """
    for record, line in zip(file.records, file.lines, strict=True):
        width = len(record)
        for cell in record if width >= _WIDE else ():
            separators, breaks = cell.count(file.separator), len(cell.splitlines()) - 1
            if (
                breaks
                and separators >= width - 1
                and separators % (width - 1) == 0
                and separators // (width - 1) <= breaks
            ):
                raise SourceError(
                    "a cell in quotation marks holds whole rows", where=f"{where}, line {line}", got=cell[:60],
                    expected="a quotation mark at both ends of a cell",
                    fix="close or double the quotation mark on this line, or take the line breaks out of the cell",
                )  # fmt: skip
