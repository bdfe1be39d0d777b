"""Ways to write one cell wrongly or unusually, and what each may be read as: what the writer meant, or nothing at all.

A spelling takes the value meant and gives the cell as it is written and the values the register may hold for it.  What is
not among them must be refused with a finding: anything else is a change of meaning in silence.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, TypeAlias

from relapse_risk.schema import code_list, table

__all__ = ["Spelling", "spellings"]


class Spelling(NamedTuple):
    """A corrupted cell: what it is called in the count, the cell, and every value it may be read as."""

    name: str
    cell: Any
    may_be: tuple[Any, ...]


Make: TypeAlias = Callable[[Any], tuple[Any, tuple[Any, ...]]]
NOTE_SIGNS = {"superscript": "²", "circled": "①", "subscript": "₂", "bracketed": "⑴", "stopped": "⒈"}


def _shown(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() else repr(value)


def _european(value: float) -> str:
    return f"{value:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")


NUMBERS: dict[str, Make] = {
    "full width": lambda v: (_shown(v).translate({**{ord(c): ord(c) + 0xFEE0 for c in "0123456789."}}), (v,)),
    "thousands": lambda v: (f"{v:,}", (v,)),
    "thousands by blanks": lambda v: (f"{v:,}".replace(",", " "), (v,)),
    "thousands by no-break blanks": lambda v: (f"{v:,}".replace(",", "\u00a0"), (v,)),
    "thousands by narrow blanks": lambda v: (f"{v:,}".replace(",", "\u202f"), (v,)),
    "thousands by apostrophes": lambda v: (f"{v:,}".replace(",", "'"), (v,)),
    "thousands, Arabic sign": lambda v: (f"{v:,}".replace(",", "٬"), (v,)),
    "European marks": lambda v: (_european(v), (v,)),
    "decimal comma": lambda v: (f"{v:.1f}".replace(".", ","), (v,) if round(v, 1) == v else ()),
    "decimal comma, three places": lambda v: (f"{v:.3f}".replace(".", ","), (v, v * 1000)),  # thousands, as documented
    "thousands in a wrong place": lambda v: (f"{_shown(v)[0]},{_shown(v)[1:]}", (v,) if v >= 1000 and _shown(v)[1:].find(".") in (3, -1) and len(_shown(v).split(".")[0]) == 4 else ()),
    "exponent": lambda v: (f"{v:.10e}", (v,)),
    "plus": lambda v: (f"+{_shown(v)}", (v,)),
    "true minus": lambda v: (f"\u2212{_shown(v)}", (-v,)),
    "minus behind": lambda v: (f"{_shown(v)}-", (-v,)),
    "in brackets": lambda v: (f"({_shown(v)})", (-v,)),
    "percent": lambda v: (f"{_shown(v)}%", (v / 100,)),
    "with unit": lambda v: (f"{_shown(v)}元", (v,)),
    "in ten thousands": lambda v: (f"{v / 10000!r}万", (v,)),
    "about": lambda v: (f"约{_shown(v)}", ()),
    "asked": lambda v: (f"{_shown(v)}?", ()),
    "span": lambda v: (f"{_shown(v)}-{_shown(v + 1)}", ()),
    "two": lambda v: (f"{_shown(v)} {_shown(v + 1)}", ()),
    "two by semicolon": lambda v: (f"{_shown(v)};{_shown(v + 1)}", ()),
    "over two lines": lambda v: (f"{_shown(v)}\n{_shown(v)}", ()),
    "hexadecimal": lambda v: (hex(int(v)), (int(v),)),
    "underscore": lambda v: (f"{int(v)}_000", (int(v) * 1000,)),
    "infinite": lambda v: ("1e400", ()),
    "word nan": lambda v: ("nan", (None,)),
    "word inf": lambda v: ("Infinity", ()),
    "true": lambda v: (True, ()),
    "date": lambda v: (date(2020, 3, 1), ()),
    "time": lambda v: (time(3, 1), ()),
    "words": lambda v: ("一万二千", ()),
    "fraction": lambda v: (f"{int(v)}½", (int(v) + 0.5,)),
    "power": lambda v: ("10⁴", (10_000,)),
    "Roman": lambda v: ("Ⅻ", (12,)),
    "other digits": lambda v: ("".join(chr(ord(c) + 0x0660 - 48) if c.isdigit() else c for c in _shown(v)), (v,)),
    "doubtful letter": lambda v: (_shown(v).replace("0", "O").replace("1", "l") + "O", ()),
    "invisible": lambda v: (f"{_shown(v)}\u200b", (v,)),
    "apostrophe": lambda v: (f"'{_shown(v)}", (v,)),
    "text formula": lambda v: (f'="{_shown(v)}"', (v,)),
    "mark -": lambda v: ("-", (None,)),
    "mark /": lambda v: ("/", (None,)),
    "not known": lambda v: ("不详", (None,)),
    "blank": lambda v: ("  ", (None,)),
    "leading zeros": lambda v: (f"00{_shown(v)}", (v,)),
    "trailing zeros": lambda v: (f"{v:.6f}", (v,)),
    "point only": lambda v: (".", ()),
    "two points": lambda v: (f"{int(v)}.5.0", ()),
    "split digits": lambda v: (f"{_shown(v)[0]} {_shown(v)[1:]}" if len(_shown(v)) > 1 else f"{v} 0", (v,)),
    "soft break": lambda v: (f"{_shown(v)[0]}\u2028{_shown(v)[1:]}", (v,)),
    "vertical tab": lambda v: (f"{_shown(v)[0]}\t{_shown(v)[1:]}", (v,)),
    "huge": lambda v: ("9" * 30_000, ()),
    "huge text": lambda v: ("x" * 32_000, ()),
    "too large": lambda v: (10**19, ()),
    "Boolean word": lambda v: ("yes", ()),
    "ditto": lambda v: ("同上", ()),
    "not a number sign": lambda v: ("#N/A", ()),
    **{f"note sign, {name}": (lambda v, s=sign: (f"{_shown(v)}{s}", (v,))) for name, sign in NOTE_SIGNS.items()},
}  # fmt: skip


def _dated(value: date, form: str) -> str:
    return form.format(y=value.year, m=value.month, d=value.day, yy=value.year % 100)


def _late(value: date) -> datetime:
    return datetime(value.year, value.month, value.day, 16, 30)


DATES: dict[str, Make] = {
    "slashes": lambda v: (_dated(v, "{y}/{m}/{d}"), (v,)),
    "points": lambda v: (_dated(v, "{y}.{m}.{d}"), (v,)),
    "signs": lambda v: (_dated(v, "{y}年{m}月{d}日"), (v,)),
    "blanks between": lambda v: (_dated(v, "{y} - {m:02d} - {d:02d}"), (v,)),
    "compact": lambda v: (int(_dated(v, "{y}{m:02d}{d:02d}")), (v,)),
    "compact text": lambda v: (_dated(v, "{y}{m:02d}{d:02d}"), (v,)),
    "with time": lambda v: (_dated(v, "{y}-{m:02d}-{d:02d} 00:00:00"), (v,)),
    "with late time": lambda v: (_dated(v, "{y}-{m:02d}-{d:02d} 23:59:59"), (v,)),
    "a moment of another zone": lambda v: (_dated(v, "{y}-{m:02d}-{d:02d}T16:30:00Z"), ()),
    "a moment with an offset": lambda v: (_dated(v, "{y}-{m:02d}-{d:02d}T20:30:00-05:00"), ()),
    "datetime": lambda v: (_late(v), (v,)),
    "a span": lambda v: (_dated(v, "{y}-{m:02d}-{d:02d} to {y}-12-31"), ()),
    "a span by tilde": lambda v: (_dated(v, "{y}-{m:02d}-{d:02d}~12-31"), ()),
    "asked": lambda v: (_dated(v, "{y}-{m:02d}-{d:02d} ?"), ()),
    "with a remark": lambda v: (_dated(v, "{y}-{m:02d}-{d:02d} 或次日"), ()),
    "with a T and words": lambda v: (_dated(v, "{y}-{m:02d}-{d:02d}Tomorrow"), ()),
    "day first": lambda v: (_dated(v, "{d:02d}/{m:02d}/{y}"), (v,)),
    "month first": lambda v: (_dated(v, "{m:02d}/{d:02d}/{y}"), (v,)),
    "day first by points": lambda v: (_dated(v, "{d:02d}.{m:02d}.{y}"), (v,)),
    "two digits": lambda v: (_dated(v, "{yy:02d}-{m:02d}-{d:02d}"), (v,)),
    "year and month": lambda v: (_dated(v, "{y}-{m:02d}"), ()),
    "year": lambda v: (v.year, ()),
    "number": lambda v: ((v - date(1899, 12, 30)).days, (v,)),
    "number as text": lambda v: (str((v - date(1899, 12, 30)).days), (v,)),
    "number of the other epoch": lambda v: ((v - date(1904, 1, 1)).days, (v,)),
    "seconds since 1970": lambda v: ((v - date(1970, 1, 1)).days * 86400, (v,)),
    "no such day": lambda v: (_dated(v, "{y}-02-30"), ()),
    "no such month": lambda v: (_dated(v, "{y}-13-{d:02d}"), ()),
    "era": lambda v: (f"民国{v.year - 1911}年{v.month}月{v.day}日", (v,)),
    "era in digits": lambda v: (_dated(v, f"{v.year - 1911:03d}-{{m:02d}}-{{d:02d}}"), (v,)),
    "characters": lambda v: ("二〇二〇年一月一日", ()),
    "month in words": lambda v: (f"{v:%d %B %Y}", (v,)),
    "zero": lambda v: ("0000-00-00", (None,)),
    "yes": lambda v: (True, ()),
    "time": lambda v: (time(12, 30), ()),
    "full width": lambda v: (_dated(v, "{y}-{m:02d}-{d:02d}").translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789-"}), (v,)),
    "invisible": lambda v: (_dated(v, "{y}-{m:02d}-\u200e{d:02d}"), (v,)),
    "true minus": lambda v: (_dated(v, "{y}\u2212{m:02d}\u2212{d:02d}"), (v,)),
    "hours only of a zone": lambda v: (_dated(v, "{y}-{m:02d}-{d:02d}+08:00"), (v,)),
    "five digits": lambda v: (_dated(v, "1{y}-{m:02d}-{d:02d}"), ()),
    "digits too many": lambda v: (_dated(v, "{y}{m:02d}{d:02d}1"), ()),
    **{f"note sign, {name}": (lambda v, s=sign: (_dated(v, "{y}-{m:02d}-{d}") + s, (v,))) for name, sign in NOTE_SIGNS.items()},
}  # fmt: skip

MONTHS: dict[str, Make] = {
    "compact": lambda v: (v.replace("-", ""), (v,)),
    "compact number": lambda v: (int(v.replace("-", "")), (v,)),
    "signs": lambda v: (v.replace("-", "年") + "月", (v,)),
    "slash": lambda v: (v.replace("-", "/"), (v,)),
    "a number with a point": lambda v: (float(v.replace("-", ".")), (v,)),
    "a point": lambda v: (v.replace("-", "."), (v,)),
    "a point, the zero gone": lambda v: (v.replace("-", ".").rstrip("0"), (v,)),
    "cut": lambda v: (v.replace("-", "")[:5], ()),
    "date": lambda v: (date(int(v[:4]), int(v[5:]), 1), (v,)),
    "moment": lambda v: (datetime(int(v[:4]), int(v[5:]), 1, 0, 0), (v,)),
    "month first": lambda v: (f"{v[5:]}-{v[:4]}", (v,)),
    "month first, compact": lambda v: (f"{v[5:]}{v[:4]}", (v,)),
    "two digits": lambda v: (v[2:], (v,)),
    "no such": lambda v: (f"{v[:4]}-13", ()),
    "year": lambda v: (int(v[:4]), ()),
    "quarter": lambda v: (f"{v[:4]}Q4", ()),
    "span": lambda v: (f"{v} to 12", ()),
    "word": lambda v: ("Oct-23", (v,)),
    "number": lambda v: ((date(int(v[:4]), int(v[5:]), 1) - date(1899, 12, 30)).days, (v,)),
    "a day of a month": lambda v: (f"{v}-15", (v,)),
    "no such day": lambda v: (f"{v}-99", ()),
    **{f"note sign, {name}": (lambda v, s=sign: (f"{v}{s}", (v,))) for name, sign in NOTE_SIGNS.items()},
    "note sign behind one digit": lambda v: (f"{v[:4]}-1²", ()),
}  # fmt: skip

TRUTHS: dict[str, Make] = {
    "sign": lambda v: ("是" if v else "否", (v,)),
    "tick": lambda v: ("√" if v else "×", (v,)),
    "number": lambda v: (1 if v else 0, (v,)),
    "number as text": lambda v: ("1.0" if v else "0.0", (v,)),
    "native": lambda v: (v, (v,)),
    "letters": lambda v: ("Y" if v else "N", (v,)),
    "two": lambda v: (2, ()),
    "minus one": lambda v: (-1, ()),
    "half": lambda v: (0.5, ()),
    "both": lambda v: ("是/否", ()),
    "tick and cross": lambda v: ("√×", ()),
    "not known": lambda v: ("不详", (None,)),
    "not quite": lambda v: ("基本是", ()),
    "no and yes": lambda v: ("不是的", (False,)),
    "ticked box": lambda v: ("☑" if v else "☐", (v,)),
    "circled": lambda v: ("①", ()),
    "note sign": lambda v: (("是" if v else "否") + "¹", (v,)),
    "one raised": lambda v: ("¹", ()),
    "date": lambda v: (date(2020, 1, 1), ()),
}  # fmt: skip

CODES: dict[str, Make] = {
    "in capitals": lambda v: (v.upper(), None),
    "full width": lambda v: (v.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)}), None),
    "number": lambda v: (1, ()),
    "number as text": lambda v: ("01", ()),
    "number, raised": lambda v: ("¹", ()),
    "two": lambda v: (f"{v}、{v}", ()),
    "asked": lambda v: (f"{v}?", ()),
    "cut": lambda v: (v[:-1], ()),
    "no such": lambda v: ("no such code", ()),
    "number and label": lambda v: (f"9-{v}", ()),
    "note sign": lambda v: (f"{v}²", None),
    "invisible": lambda v: (f"{v}\u200b", None),
    "true": lambda v: (True, ()),
    "date": lambda v: (date(2020, 3, 1), ()),
    "mark": lambda v: ("不详", (None,)),
}  # fmt: skip

TEXTS: dict[str, Make] = {
    "bar": lambda v: ("a|b", ("a|b",)),
    "word NA": lambda v: ("NA", ("NA",)),
    "word null": lambda v: ("null", ("null",)),
    "word nan": lambda v: ("nan", ("nan",)),
    "word None": lambda v: ("None", ("None",)),
    "word true": lambda v: ("TRUE", ("TRUE",)),
    "formula": lambda v: ("=1+1", ()),
    "plus": lambda v: ("+86", ("+86",)),
    "zeros": lambda v: ("007", ("007",)),
    "exponent": lambda v: ("1E5", ("1E5",)),
    "long exponent": lambda v: ("3.71425E+17", ()),
    "identity": lambda v: ("11010519491231002X", ()),
    "identity, full width": lambda v: ("１１０１０５１９４９１２３１００２Ｘ", ()),
    "quotes": lambda v: ('a "b" c', ('a "b" c',)),
    "open quote": lambda v: ('"ab', ('"ab',)),
    "break": lambda v: ("a\nb", ("a b", "a\nb")),
    "soft break": lambda v: ("a\u2028b", ("a b",)),
    "direction": lambda v: ("a\u202eb", ("ab",)),
    "beyond": lambda v: ("𠮷𫚭", ("𠮷𫚭",)),
    "picture": lambda v: ("村🏠", ("村🏠",)),
    "combined": lambda v: ("n\u0303", ("ñ", "n\u0303")),
    "huge": lambda v: ("村" * 30_000, ("村" * 30_000,)),
    "date": lambda v: (date(2020, 3, 1), ()),
    "time": lambda v: (time(3, 1), ()),
    "duration": lambda v: (timedelta(hours=30, minutes=5), ()),
    "escape": lambda v: ("a_x0041_b", ("a_x0041_b", "aAb")),
    "entity": lambda v: ("a&lt;b&#65;", ("a&lt;b&#65;",)),
    "markup": lambda v: ("</t><t>x", ("</t><t>x",)),
    "damaged": lambda v: ("村\ufffd", ("村\ufffd",)),
    "number": lambda v: (12.5, ("12.5",)),
    "large number": lambda v: (371425194001011234, ()),
    "raised": lambda v: ("K²", ("K²",)),
}  # fmt: skip

# A key that names nobody, or a sign after it, must not become another row's key.
KEYS: dict[str, Make] = {
    "full width": lambda v: (v.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)}), (v,)),
    "invisible": lambda v: (f"{v}\u200b", (v,)),
    "blank behind": lambda v: (f"{v}\u3000", (v,)),
    "other case": lambda v: (v.lower(), (v, v.lower())),
    "path": lambda v: (f"../{v}", ()),
    "empty": lambda v: ("", (None,)),
    "date": lambda v: (date(2020, 3, 1), ()),
    "number": lambda v: (371425194001011234, ()),
    "letter O": lambda v: ("KO1", ("KO1",)),
    "formula": lambda v: (f'="{v}"', (v,)),
    "lookalike": lambda v: (v.replace("K", "К"), (v.replace("K", "К"),)),
    "huge": lambda v: ("K" * 20_000, ()),
    "break": lambda v: (f"{v}\n", (v,)),
    "damaged": lambda v: (f"{v}\ufffd", ()),
    **{f"note sign, {name}": (lambda v, s=sign: (f"{v}{s}", (v, f"{v}{s}"))) for name, sign in NOTE_SIGNS.items()},
}  # fmt: skip


def spellings(name: str, column: str, value: Any, written: Any, rng: random.Random) -> Spelling:
    """One spelling of the cell ``value`` of a column, drawn by ``rng``; ``written`` is the cell as it stood."""
    spec = table(name).column(column)
    if column in table(name).key and column != "period_end":
        kind, choices = "key", KEYS
    elif spec.refers_to:
        kind, choices = "reference", KEYS
    elif spec.codes:
        kind, choices = "code", CODES
    elif spec.type in ("int", "float"):
        kind, choices = "number", NUMBERS
    elif spec.type == "date":
        kind, choices = "date", DATES
    elif spec.type == "bool":
        kind, choices = "yes or no", TRUTHS
    else:
        kind, choices = ("month", MONTHS) if spec.unit == "YYYY-MM" else ("text", TEXTS)
    chosen = rng.choice(sorted(choices))
    meant = written if kind == "code" else value
    cell, may_be = choices[chosen](meant)
    may_be = (value,) if may_be is None else may_be
    if kind == "code" and ";" in str(value) and isinstance(cell, str):
        may_be = (*may_be, value, *(word for word in code_list(spec.codes).words))
    if spec.type == "int":
        may_be = tuple(one for one in may_be if one is None or float(one).is_integer())
    return Spelling(f"{kind}: {chosen}", cell, may_be)
