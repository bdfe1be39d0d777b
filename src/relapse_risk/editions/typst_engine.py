"""The PDF of a report: its blocks laid out by Typst, in the process of that report alone.

A fork after any compilation hangs the child for ever, so that the fork server may import this and never compile.
Typst draws nothing for a font it does not find and still calls the file accessible; here a font that is missing, and
every warning of the compiler, is an error.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pikepdf
import typst
from pikepdf import Array, Dictionary, Name

from relapse_risk.editions.fonts import covers, write_fonts
from relapse_risk.editions.print_blocks import PrintPage
from relapse_risk.errors import RenderError

__all__ = ["FONT", "STANDARDS", "drawable", "laid_out", "row_heads"]

FONT = "Noto Sans SC"
STANDARDS = ("ua-1", "a-2a")
LOST = "〓"
# Characters that take no glyph, or turn what follows them round: none may stand in the text of a PDF/UA.
BARRED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]")  # fmt: skip
LINE_ENDS = re.compile("[\u2028\u2029]")
SVG_FAMILY = re.compile(r"font-family=(\"[^\"]*\"|'[^']*')")


@cache
def _template() -> bytes:
    return files("relapse_risk").joinpath("editions", "templates", "report.typ").read_bytes()


def drawable(node: Any) -> Any:
    """The data without characters that may not stand in a PDF, and with 〓 where the font has no glyph.

    Asked for a standard, Typst would refuse the whole document for one such character in one name.

    Examples
    --------
    >>> drawable(["甲\\ufeff", {"t": "a🙂\\x00"}])
    ['甲', {'t': 'a〓'}]
    """
    if isinstance(node, dict):
        return {key: drawable(value) for key, value in node.items()}
    if isinstance(node, list):
        return [drawable(value) for value in node]
    if not isinstance(node, str):
        return node
    node = LINE_ENDS.sub(" ", BARRED.sub("", node))
    lost = {c for c in set(node) if ord(c) not in covers("Regular") and c != "\n"}
    return node.translate({ord(c): LOST for c in lost}) if lost else node


def _in_our_font(node: Any) -> Any:
    """Drawings name the page's own families; here the font has its own name."""
    if isinstance(node, dict):
        return {key: SVG_FAMILY.sub(f'font-family="{FONT}"', value) if key == "svg" else _in_our_font(value) for key, value in node.items()}  # fmt: skip
    return [_in_our_font(value) for value in node] if isinstance(node, list) else node


def laid_out(
    page: PrintPage, title: str, language: str, data_date: str, work: Path, *, paper: str = "a4",
    fonts: Sequence[str] = (FONT,),
) -> bytes:  # fmt: skip
    """A tagged PDF (PDF/UA-1 and PDF/A-2a) of the blocks: with title, language, bookmarks and the date of the data.

    Parameters
    ----------
    data_date : str
        ``YYYY-MM-DD`` or ``YYYY-MM``; the same data give the same bytes.
    work : Path
        A folder for the font files; the only other folder that Typst may read is an empty one in it.
    paper : str
        ``a4`` or ``us-letter``.
    fonts : sequence of str
        Names of families.

    Raises
    ------
    RenderError
        For a font that is not there, and for whatever the compiler refuses or warns of.
    """
    folder, root = write_fonts(work / "fonts"), work / "empty"
    root.mkdir(parents=True, exist_ok=True)
    known = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
    if absent := sorted(set(fonts) - set(known.families())):
        raise RenderError("a font of the PDF is not there", where=title, got=", ".join(absent), expected=", ".join(known.families()))  # fmt: skip
    filled = {
        "title": title, "lang": language, "foot": page.foot, "paper": paper, "fonts": list(fonts),
        "day": [*map(int, data_date.split("-")), 1][:3], "blocks": _in_our_font(page.blocks),
    }  # fmt: skip
    data = json.dumps(drawable(filled), ensure_ascii=False).encode("utf-8")
    given: Any = {"main.typ": _template(), "data.json": data, **page.files}
    standards: Any = list(STANDARDS)
    try:
        pdf, warnings = typst.compile_with_warnings(
            given, root=root, font_paths=known, ignore_system_fonts=True, format="pdf", pdf_standards=standards
        )
    except typst.TypstError as error:
        raise RenderError("the PDF cannot be laid out", where=title, got=_said(error)) from error
    if warnings:
        raise RenderError("the PDF was laid out with a warning", where=title, got="; ".join(map(_said, warnings)))
    return row_heads(pdf)


def _said(error: Any) -> str:
    return "; ".join([str(error.message), *map(str, error.hints)]).replace("\n", " ")[:300]


def row_heads(pdf: bytes) -> bytes:
    """The file with what Typst cannot say: the first cell of every body row heads its row.  The tags are packed.

    The last rows of a long table stand in its foot, so that they stay together; here they are of the body again.
    """
    with pikepdf.open(io.BytesIO(pdf)) as book:
        scope = book.make_indirect(Dictionary(O=Name.Table, Scope=Name.Row))
        elements = [one for one in book.objects if isinstance(one, Dictionary) and one.get("/S") is not None]
        for foot in [one for one in elements if Name.TFoot == one.S]:
            _into_body(foot)
        for row in [one for one in elements if one.S == Name.TR]:
            _row_head(row, scope)
        out = io.BytesIO()
        book.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
        return out.getvalue()


def _into_body(foot: Any) -> None:
    """Rows of a foot, but for a note over all columns, to the end of the table's body."""
    table, rows = foot.P, _list(foot.K)
    body = next(part for part in _list(table.K) if Name.TBody == part.S)
    notes = [row for row in rows if len(_list(row.K)) == 1]
    moved = [row for row in rows if len(_list(row.K)) > 1]
    for row in moved:
        row.P = body
    body.K = Array([*_list(body.K), *moved])
    if notes:
        foot.K = Array(notes)
    else:
        table.K = Array([part for part in _list(table.K) if part.objgen != foot.objgen])


def _row_head(row: Any, scope: Any) -> None:
    cells = _list(row.K)
    for cell in cells:
        if cell.S == Name.TD and "/A" in cell:  # its list of heads would name the column's alone
            if kept := [one for one in _list(cell.A) if "/Headers" not in one]:
                cell.A = Array(kept)
            else:
                del cell["/A"]
    if cells[0].S == Name.TD and Name.TBody == row.P.S:
        cells[0].S = Name.TH
        cells[0].A = Array([scope, *_list(cells[0].get("/A"))])


def _list(given: Any) -> list[Any]:
    return [] if given is None else list(given) if isinstance(given, Array) else [given]
