"""From the finished page to the blocks of its PDF: one source of content, laid out twice.

The page is our own, regular HTML; its parts that are printed become plain data: headings, runs of words, tables,
drawings.  The Typst template (``templates/report.typ``) lays them out.  Text stays text: nothing here writes markup.
An element that is not known here is an error, never a gap in the PDF.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import html as parser

from relapse_risk.editions.print_order import Block, levelled, linked, paged
from relapse_risk.editions.print_runs import BLANKS, Run, colour, split, text, trimmed
from relapse_risk.editions.table_widths import Column, TableStyle, column_widths, fitting_style, least_room
from relapse_risk.errors import RenderError

__all__ = ["HALF", "ROOM", "PrintPage", "print_blocks"]

ROOM, GAP = 493.2, 17.0  # points: the width of an A4 page between its margins, and between two blocks side by side
HALF = (ROOM - GAP) / 2
WHOLE_TO, KEPT = 10, 5  # rows of a table kept on one page; last rows of a longer one that stay together with one more
BESIDE = 7.0  # points: what words need on their left beside a column of numbers
STRIP = 68.0  # points: the width of a strip drawn in a cell
SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
MAIN = re.compile(r"<main\b[^>]*>(.*)</main>", re.DOTALL)
KIND = re.compile(r'class="([^"]*)"')
SPOKEN = re.compile(r"<(title|desc)\b[^>]*>(.*?)</\1>", re.DOTALL)
LABEL = re.compile(r'aria-label="([^"]*)"')
PNG = "data:image/png;base64,"
NEW_PAGE = frozenset({"s0", "s1", "s2", "s16"})  # sections that begin on a page of their own, as in the style sheet
GROUPS = frozenset({"div", "section", "article", "footer"})
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
INLINE = frozenset({"a", "abbr", "b", "br", "code", "em", "i", "img", "small", "span", "strong", "sub", "sup", "svg"})


@dataclass(slots=True)
class PrintPage:
    """What is printed.

    Attributes
    ----------
    blocks : list of dict
        What the template lays out, in order; each has a ``what``.
    foot : str
        What stands at the foot of every page.
    files : dict
        Pictures by the name that a block gives.
    """

    blocks: list[Block] = field(default_factory=list)
    foot: str = ""
    files: dict[str, bytes] = field(default_factory=dict)


def print_blocks(page: str, foot: str = "") -> PrintPage:
    """The blocks of a finished page, without what is for screens only.

    Raises
    ------
    RenderError
        For an element that has no form on paper yet.

    Examples
    --------
    >>> print_blocks('<main><h2 id="s2">Part</h2><p class="note">See <a href="#s2">Part</a></p></main>').blocks
    [{'what': 'heading', 'tag': 2, 'level': 1, 'runs': [{'t': 'Part'}], 'id': 's2', 'new_page': True}, {'what': 'para', 'kind': 'note', 'runs': [{'t': 'See '}, {'to': 's2', 't': 'Part'}]}]
    """
    found = MAIN.search(page)
    body = found[1] if found else page
    drawings: list[str] = []

    def kept(match: re.Match[str]) -> str:
        drawings.append(match[0])
        return f'<svg data-at="{len(drawings) - 1}"></svg>'

    tree = parser.fragment_fromstring(SVG.sub(kept, body), create_parent="main")
    reader = _Reader(drawings, PrintPage(foot=foot))
    reader.page.blocks = levelled(paged(list(reader.blocks(tree, ROOM))))
    linked(reader.page.blocks)
    return reader.page


def _classes(node: Any) -> list[str]:
    return str(node.get("class") or "").split()


def _words(node: Any) -> str:
    return BLANKS.sub(" ", "".join(node.itertext())).strip()


def _children(node: Any) -> Iterator[Any]:
    """Child elements, without comments."""
    return (child for child in node if isinstance(child.tag, str))


def _first(node: Any, path: str) -> Any:
    found = node.xpath(path)
    return found[0] if found else None


@dataclass(slots=True)
class _Reader:
    drawings: Sequence[str]
    page: PrintPage

    def blocks(self, node: Any, room: float, small: bool = False) -> Iterator[Block]:
        """Blocks of what ``node`` holds; words and inline elements between blocks make a paragraph."""
        loose: list[Run] = text(node.text, {})
        for child in node:
            if not isinstance(child.tag, str):  # a comment
                loose += text(child.tail, {})
                continue
            if child.tag in INLINE:
                loose += [*self._inline(child, {}), *text(child.tail, {})]
                continue
            yield from _paragraph(loose)
            yield from self._block(child, room, small)
            loose = text(child.tail, {})
        yield from _paragraph(loose)

    def _block(self, node: Any, room: float, small: bool) -> Iterator[Block]:
        tag, kinds = node.tag, _classes(node)
        if tag in HEADINGS:
            yield self._heading(node)
        elif tag == "p":
            kind = kinds[0] if kinds else ""
            yield {"what": "para", "kind": kind, "runs": self.runs(node)}
        elif tag == "pre":
            yield {"what": "pre", "t": "".join(node.itertext()).strip("\n")}
        elif tag == "header":
            yield self._header(node, kinds, room)
        elif tag == "nav":
            yield from self._contents(node)
        elif tag in ("ul", "ol"):
            yield self._list(node, kinds)
        elif tag == "dl":
            yield {"what": "terms", "items": [{"runs": self.runs(one), "term": one.tag == "dt"} for one in _children(node)]}  # fmt: skip
        elif tag == "figure":
            yield from self._figure(node, room)
        elif tag == "table":
            yield self._table(node, [], None, room)
        elif tag in GROUPS:
            yield from self._group(node, kinds, room, small)
        elif tag != "style":  # what a style sheet of a cell says is for screens
            raise RenderError(
                "an element of the page has no form in the PDF", got=f"<{tag}>", where=_words(node)[:60] or "page",
                expected="headings, paragraphs, lists, tables, figures", fix="write it with one of these",
            )  # fmt: skip

    def _group(self, node: Any, kinds: list[str], room: float, small: bool) -> Iterator[Block]:
        if "unit" in kinds:
            yield from self._unit(node, kinds, room, small)
        elif "side" in kinds:
            yield from self._side(node, room, small)
        elif "onepage" in kinds:
            yield {"what": "onepage", "blocks": list(self.blocks(node, room, True))}
        elif "sources" in kinds:
            for table in node.xpath(".//div[contains(@class, 'table')]"):
                table.set("class", f"{table.get('class')} sources")
            yield from self.blocks(node, room, small)
        elif kinds and kinds[0] in ("method", "methods"):
            yield {"what": kinds[0], "blocks": list(self.blocks(node, room, small))}
        else:
            yield from self.blocks(node, room, small)

    def _heading(self, node: Any) -> Block:
        if node.get("data-foot"):
            self.page.foot = str(node.get("data-foot"))
        block: Block = {"what": "heading", "tag": int(node.tag[1]), "level": int(node.tag[1]), "runs": self.runs(node)}
        if node.get("id"):
            block |= {"id": str(node.get("id")), "new_page": str(node.get("id")) in NEW_PAGE}
        return block

    def _header(self, node: Any, kinds: list[str], room: float) -> Block:
        """A cover, the head of a one-page brief, or of a sheet: its blocks, the title apart from what is below it."""
        blocks = []
        for child in _children(node):
            if child.tag == "h1":
                main, below = split(self.runs(child), "span")
                block = self._heading(child) | {"runs": main, "below": below}
                if "sheet" in kinds:
                    self.page.foot = _words(child)
                blocks.append(block)
            elif child.tag == "div" and "brief" in _classes(child):
                inner = list(self.blocks(child, room))
                if inner or _words(child):
                    blocks.append({"what": "inset", "blocks": inner})
            else:
                blocks += list(self._block(child, room, False))
        return {"what": "cover", "kind": next(iter(kinds), "cover"), "blocks": blocks}

    def _contents(self, node: Any) -> Iterator[Block]:
        """Lists of links under their headings; the page number of each is put there by the template."""
        parts: list[Block] = []
        for child in _children(node):
            if child.tag == "ol":
                items = [self._entry(one) for one in _children(child)]
                parts.append({"what": "entries", "items": items})
            else:
                parts += list(self._block(child, ROOM, False))
        yield {"what": "contents", "blocks": parts}

    def _entry(self, node: Any) -> Run:
        link = _first(node, "./a")
        mark = _first(node, "./span")
        words = _words(node) if link is None else _words(link)
        entry: Run = {"t": words}
        if link is not None and str(link.get("href")).startswith("#"):
            entry["to"] = str(link.get("href"))[1:]
        if mark is not None:
            entry |= {"mark": _words(mark), "c": colour(_classes(mark))}
        return entry

    def _list(self, node: Any, kinds: list[str]) -> Block:
        items = [self._item(one, kinds) for one in _children(node)]
        kind = next((kind for kind in kinds if kind in ("figures", "tiles", "aspects", "urgent")), "")
        if kind in ("figures", "tiles"):
            return {"what": "tiles", "kind": kind, "items": items}
        if kind == "aspects":
            return {"what": "aspects", "items": items}
        return {"what": "list", "kind": kind, "numbered": node.tag == "ol", "items": items}

    def _item(self, node: Any, kinds: list[str]) -> Block:
        item: Block = {"c": colour(_classes(node))}
        runs = self.runs(node)
        if "figures" in kinds or "tiles" in kinds:
            first = _first(node, "./b")
            item["gap"] = first is not None and "gap" in _classes(first)
            item["n"] = _words(first) if first is not None else ""
            runs = trimmed(runs[1:])
            item["below"] = trimmed([run for run in runs if run.get("s")])
            runs = trimmed([run for run in runs if not run.get("s")])
        return item | {"runs": runs}

    def _side(self, node: Any, room: float, small: bool) -> Iterator[Block]:
        """Blocks beside each other where each fits half the page, else one after another."""
        parts = list(_children(node))
        half = (room - GAP) / 2
        narrow = [list(self.blocks(part, half, small)) for part in parts]
        if len(parts) == 2 and all(block.get("least", 0.0) <= half + 0.1 for part in narrow for block in part):
            yield {"what": "side", "parts": narrow}
        else:
            for part in parts:
                yield from self.blocks(part, room, small)

    def _figure(self, node: Any, room: float) -> Iterator[Block]:
        caption = _first(node, "./figcaption")
        number, said, below = self._caption(caption)
        pictures = []
        for child in _children(node):
            if child.tag == "svg" and (drawn := self._drawing(child)) is not None:
                pictures.append(drawn)
            elif child.tag == "img":
                pictures.append(self._picture(child))
            elif child.tag not in ("svg", "figcaption"):
                raise RenderError("a figure of the page holds what has no form in the PDF", got=f"<{child.tag}>", where=_words(node)[:60])  # fmt: skip
        for drawn in pictures:
            half = "half" in drawn.pop("kind", [])
            yield {
                "what": "figure", "number": number, "runs": said, "below": below, **drawn,
                "w": min(HALF, room) if half else room,
            }  # fmt: skip
            number, said, below = "", [], []

    def _caption(self, node: Any) -> tuple[str, list[Run], list[Run]]:
        """Number, words, and what is below them in smaller type."""
        if node is None:
            return "", [], []
        runs = self.runs(node)
        number = "".join(run["t"] for run in runs if run.get("c") == "number")
        rest = [run for run in runs if run.get("c") != "number"]
        return number, trimmed([run for run in rest if not run.get("s")]), trimmed([run for run in rest if run.get("s")])  # fmt: skip

    def _drawing(self, node: Any) -> Run | None:
        """A drawing as it is, with its description; None for the copy drawn for telephones."""
        svg = self.drawings[int(node.get("data-at"))]
        head = svg[: svg.index(">")]
        kinds = KIND.search(head)
        kind = kinds[1].split() if kinds else []
        if "narrow" in kind:
            return None
        spoken = [parser.fromstring(f"<p>{one[1]}</p>").text_content() for one in SPOKEN.findall(svg)]
        if not spoken and (label := LABEL.search(head)):
            spoken = [parser.fromstring(f"<p>{label[1]}</p>").text_content()]
        return {"svg": svg, "alt": " ".join(filter(None, spoken)), "kind": kind}

    def _picture(self, node: Any) -> Run:
        source = str(node.get("src") or "")
        if not source.startswith(PNG):
            raise RenderError("a picture of the page has no form in the PDF", got=source[:40], expected="SVG or PNG inside the page")  # fmt: skip
        name = f"picture-{len(self.page.files)}.png"
        self.page.files[name] = b64decode(source.removeprefix(PNG))
        return {"file": name, "alt": str(node.get("alt") or ""), "kind": []}

    def _unit(self, node: Any, kinds: list[str], room: float, small: bool) -> Iterator[Block]:
        """A table with its notes; they are not parted."""
        frames = list(_children(node))
        notes = [one for one in frames if one.tag == "p"]
        for one in frames:
            if one.tag == "div":
                table = _first(one, "./table")
                note = self.runs(notes[0]) if notes else None
                yield self._table(table, _classes(one), note, room, small)
                notes = notes[1:]
            elif one.tag != "p":
                yield from self._block(one, room, small)

    def _table(
        self, node: Any, kinds: Sequence[str], note: list[Run] | None, room: float, small: bool = False
    ) -> Block:
        number, said, below = self._caption(_first(node, "./caption"))
        heads = [self._cells(row, True) for row in node.xpath("./thead/tr")]
        rows = [self._cells(row, False) for row in node.xpath("./tbody/tr|./tr|./tfoot/tr")]
        count = max((len(row) for row in (*heads, *rows)), default=0)
        if any(len(row) != count for row in (*heads, *rows)):
            raise RenderError("a table of the page has rows of different lengths", where="".join(r["t"] for r in said))
        right = [bool(rows) and all("n" in row[at] for row in rows) for at in range(count)]
        gaps = [BESIDE if at and right[at - 1] and not right[at] else 0.0 for at in range(count)]
        columns = [
            Column(tuple(row[at] for row in heads), tuple(row[at] for row in rows), gap, 0.0 if right[at] else 4.0 if at else 6.5)
            for at, gap in enumerate(gaps)
        ]  # fmt: skip
        style = fitting_style(columns, TableStyle.of(kinds), room)
        return {
            "what": "table", "number": number, "runs": said, "below": below, "heads": heads, "rows": rows,
            "widths": column_widths(columns, style, room), "least": least_room(columns, style),
            "gaps": gaps, "size": style.size, "head_size": style.head, "small_size": style.small, "pad": style.pad, "row": style.row,
            "note": note, "whole": len(rows) <= WHOLE_TO, "kept": min(KEPT, len(rows) - 1), "close": small,
        }  # fmt: skip

    def _cells(self, row: Any, head: bool) -> list[Block]:
        cells = []
        for one in _children(row):
            if int(one.get("colspan") or 1) != 1 or int(one.get("rowspan") or 1) != 1:
                raise RenderError("a table of the page has a cell over several columns or rows", where=_words(one))
            kinds = _classes(one)
            cell: Block = {"runs": self.runs(one)}
            cell |= {"n": 1} if "n" in kinds else {}
            cell |= {"b": 1} if "strong" in kinds else {}
            cell |= {"whole": 1} if "short" in kinds or ("n" in kinds and not head) else {}
            cell |= {"c": found} if (found := colour(kinds)) in ("withheld", "assumed") else {}
            cells.append(cell)
        return cells

    def runs(self, node: Any, style: Run | None = None) -> list[Run]:
        """The words of an element, cut where their look changes."""
        found = text(node.text, style or {})
        for child in node:
            if isinstance(child.tag, str):
                found += self._inline(child, style or {})
            found += text(child.tail, style or {})
        return trimmed(found) if style is None else found

    def _inline(self, node: Any, style: Run) -> list[Run]:
        tag, kinds = node.tag, _classes(node)
        if tag == "br":
            return [{"br": 1}]
        if tag == "svg":
            drawn = self._drawing(node)
            return [] if drawn is None else [{"svg": drawn["svg"], "alt": drawn["alt"], "w": STRIP}]
        if tag == "img":
            drawn = self._picture(node)
            return [{"file": drawn["file"], "alt": drawn["alt"], "w": STRIP}]
        if tag not in INLINE:
            raise RenderError(
                "an element between words has no form in the PDF", got=f"<{tag}>", where=_words(node)[:60] or "page",
                expected=", ".join(sorted(INLINE)), fix="write it with one of these",
            )  # fmt: skip
        own = dict(style)
        if tag in ("b", "strong"):
            own["b"] = 1
        elif tag in ("i", "em"):
            own["i"] = 1
        elif tag in ("sub", "sup", "code"):
            own[tag] = 1
        elif tag == "small":
            own["s"] = 1
        elif tag == "a" and (target := str(node.get("href") or "")):
            own |= {"to": target[1:]} if target.startswith("#") else {"href": target}
        if "chip" in kinds or "mark" in kinds:
            own |= {"chip": 1, "b": 1}
        if found := colour(kinds):
            own["c"] = found
        if "short" in kinds or "chip" in kinds:
            own["whole"] = 1
        if tag == "span" and not kinds and not node.get("aria-hidden"):
            own["span"] = 1
        return self.runs(node, own)


def _paragraph(runs: list[Run]) -> Iterator[Block]:
    if found := trimmed(runs):
        yield {"what": "para", "kind": "", "runs": found}
