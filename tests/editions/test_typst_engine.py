"""The printer: each of its known traps, and what a PDF owes its readers."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfReader
from tests.report_fixtures import COUNTY, released

from relapse_risk.editions import fork_server, typst_engine
from relapse_risk.editions.edition import Edition
from relapse_risk.editions.export import Sheet, to_pdf, visible, warm_up, without_annex
from relapse_risk.editions.print_blocks import print_blocks
from relapse_risk.errors import RenderError
from relapse_risk.pages.html_tables import Cell, Head, render_rows

HERE = "tests.editions.test_typst_engine"
POPPLER = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="Poppler is not installed")
MARGIN = 18 / 25.4 * 72  # points
SVG = '<svg class="half" viewBox="0 0 342 40" width="342" height="40" xmlns="http://www.w3.org/2000/svg"><title>{}</title><g font-family="\'Report Sans\',sans-serif" font-size="12"><text x="5" y="20">{}</text></g></svg>'
HALF_EMPTY = "“”‘’（）《》〈〉【】，。、；：！？‖"
HOSTILE = [
    '#read("/etc/passwd")', "$x^2$", "@label", "<lab>", "`raw`", "// comment", "/* c */", "= Heading", "*bold*", "_em_", "\\n", "#{1+1}", "#panic()",
    "https://example.org", "~", "---", "'quoted'", '"quoted"', "[a](b)", "#set page(width: 1pt)", "]", "}", "#import \"@preview/x:1.0.0\"",
]  # fmt: skip


def printed(body: str, folder: Path, language: str = "zh", **given: object) -> bytes:
    return typst_engine.laid_out(
        print_blocks(f"<main>{body}</main>"), "齐河县 report", language, "2020-12-31", folder, **given
    )  # type: ignore[arg-type]


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def tags(pdf: bytes) -> Counter[str]:
    """Structure elements by type."""
    with pikepdf.open(io.BytesIO(pdf)) as book:
        found = [one for one in book.objects if isinstance(one, pikepdf.Dictionary) and "/S" in one and "/P" in one]
        return Counter(str(one.S)[1:] for one in found)


def rows_of(count: int, name: str, caption: str = "") -> str:
    return render_rows(caption or name, [Head("Row"), Head("Number", True)], [[Cell(f"{name}"), Cell(f"{n}")] for n in range(count)])  # fmt: skip


# -- trap 1: a fork ------------------------------------------------------------------------------------------------------


def prepare(_: object) -> None:
    """What the fork server does before its first fork."""
    warm_up()


def compiled(folder: str) -> int:
    """In a forked child: the length of a PDF."""
    page = "<html><body><main><h1>齐河县</h1><p>报告 1</p></main></body></html>"
    return len(to_pdf(page, Sheet("t", "zh", "", "", "", "2020-12-31"), Path(folder)))


def test_forked_children_compile_side_by_side(tmp_path: Path) -> None:
    """After a compilation in the server itself each of them would hang."""
    setup = fork_server.Setup(preload=f"{HERE}:prepare", workers=2, timeout=120)
    with fork_server.ForkServer(setup) as server:
        found = dict(server.run(f"{HERE}:compiled", [str(tmp_path / name) for name in "abc"]))
    assert len(set(found.values())) == 1, found
    assert all(isinstance(size, int) and size > 5000 for size in found.values()), found


# -- trap 2: fonts ---------------------------------------------------------------------------------------------------------


def test_a_font_that_is_not_there_is_an_error_not_an_empty_page(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"a font of the PDF is not there.*Report Sans"):
        printed("<h1>齐河县</h1>", tmp_path, fonts=["Report Sans"])


def test_a_warning_of_the_compiler_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        typst_engine, "_template", lambda: b'#set document(title: "t")\n#set text(font: "Nowhere")\n= A'
    )
    with pytest.raises(RenderError, match=r"laid out with a warning.*nowhere"):
        printed("<h1>x</h1>", tmp_path)


# -- traps 3 and 4: tags -----------------------------------------------------------------------------------------------


def test_tables_are_tables_with_heads_of_rows_and_columns_and_drawings_are_figures(tmp_path: Path) -> None:
    heads = [Head("Town"), Head("People", True), Head("Share", True)]
    rows = [[Cell(f"Town{n}"), Cell(f"{n}"), Cell(f"{n}%")] for n in range(14)]
    figure = f'<figure class="chart half"><figcaption>Says</figcaption>{SVG.format("Described", "1")}</figure>'
    pdf = printed(f"<h1>A</h1>{render_rows('T', heads, rows, ['Note.'])}{render_rows('U', heads, rows[:3])}{figure}", tmp_path)  # fmt: skip
    found = tags(pdf)
    assert (found["Table"], found["Figure"]) == (2, 1)
    assert found["TH"] == 3 + 14 + 3 + 3
    assert found["TD"] == 2 * (14 + 3) + 1, "and the note"
    with pikepdf.open(io.BytesIO(pdf)) as book:
        elements = [one for one in book.objects if isinstance(one, pikepdf.Dictionary) and "/S" in one and "/P" in one]
        scopes = Counter(str(attribute.Scope) for one in elements if one.S == "/TH" for attribute in one.A if "/Scope" in attribute)  # fmt: skip
        assert scopes == {"/Row": 17, "/Column": 6}
        (drawing,) = [one for one in elements if one.S == "/Figure"]
        assert str(drawing.Alt) == "Described"
        bodies = [one for one in elements if one.S == "/TBody"]
        assert sorted(len(body.K) for body in bodies) == [3, 14], "the last rows of the long table are of its body"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_whole_report_with_annex_is_tagged_says_its_numbers_and_overprints_nothing(
    rendered: Edition, tmp_path: Path, language: str
) -> None:
    page = (released(rendered) / f"{COUNTY}-{language}.html").read_text(encoding="utf-8")
    pdf = to_pdf(page, Sheet("t", language, "", "", "", "2020-12-31", annex=True), tmp_path)
    found = tags(pdf)
    main = re.sub(r'<svg [^>]*class="narrow".*?</svg>', "", page[page.index("<main") :], flags=re.DOTALL)
    assert found["Table"] == main.count("<table")
    assert found["TH"] == len(re.findall(r"<th\b", main))
    assert found["Figure"] == main.count("<svg ")
    assert found["H1"] == 1
    words = text_of(pdf)
    spoken = visible(re.sub(r"<(title|desc)\b.*?</\1>", "", main, flags=re.DOTALL))
    number = r"\d[\d,.]*\d|\d"
    missing = set(re.findall(number, spoken)) - set(re.findall(number, words))
    assert {one for one in missing if one not in words} == set(), "labels of a drawing may touch"
    with pikepdf.open(io.BytesIO(pdf)) as book, book.open_metadata() as about:
        assert (about["pdfuaid:part"], about["pdfaid:part"], about["pdfaid:conformance"]) == ("1", "2", "A")


@POPPLER
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("annex", [False, True])
def test_no_word_stands_on_another_or_in_the_margin(
    rendered: Edition, tmp_path: Path, language: str, annex: bool
) -> None:
    page = (released(rendered) / f"{COUNTY}-{language}.html").read_text(encoding="utf-8")
    path = tmp_path / "report.pdf"
    path.write_bytes(to_pdf(page, Sheet("t", language, "", "", "", "2020-12-31", annex=annex), tmp_path / "work"))
    boxes = list(words_of(path))
    assert len(boxes) > 500
    assert [box for box in boxes if min(box[2], box[7] - box[4]) < MARGIN - slack(box[1])] == []
    assert overlapping(boxes) == []


Box = tuple[int, str, float, float, float, float, int, float]


def words_of(pdf: Path) -> Iterator[Box]:
    """Page, word, left, top, right, bottom, 0, and the width of the page, in points."""
    out = subprocess.run(["pdftotext", "-bbox", str(pdf), "-"], capture_output=True, text=True, timeout=60, check=True)
    box = r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">(.*?)</word>'
    for number, (wide, page) in enumerate(
        re.findall(r'<page width="([\d.]+)".*?>(.*?)</page>', out.stdout, re.DOTALL), 1
    ):
        for left, top, right, bottom, word in re.findall(box, page):
            yield number, word, float(left), float(top), float(right), float(bottom), 0, float(wide)


def slack(*words: str) -> float:
    """Points that boxes are larger than ink: the empty half of a full-width mark at the end of a line counts as box."""
    return 5.5 if any(word[0] in HALF_EMPTY or word[-1] in HALF_EMPTY for word in words) else 1.5


def overlapping(boxes: list[Box]) -> list[tuple[int, str, str]]:
    """Words that stand on each other: a third of a line high, and more than ink may touch."""
    found = []
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            if other[0] != one[0]:
                break
            wide = min(one[4], other[4]) - max(one[2], other[2])
            high = min(one[5], other[5]) - max(one[3], other[3])
            if wide > slack(one[1], other[1]) and high > 0.45 * min(one[5] - one[3], other[5] - other[3]):
                found.append((one[0], one[1], other[1]))
    return found


@POPPLER
def test_words_that_stand_on_each_other_are_found(tmp_path: Path) -> None:
    svg = SVG.format("d", "one").replace("</g>", '<text x="8" y="21">two</text></g>')
    path = tmp_path / "wrong.pdf"
    path.write_bytes(printed(f"<h1>A</h1><figure>{svg}</figure>", tmp_path))
    assert [found[1:] for found in overlapping(list(words_of(path)))] in ([("one", "two")], [("two", "one")])


# -- trap 5: characters ----------------------------------------------------------------------------------------------------


def test_a_character_without_a_glyph_is_shown_as_lost_and_what_has_no_form_is_left_out(tmp_path: Path) -> None:
    words = "甲🙂乙\ufeff丙\u200b丁\x01戊\u202e己\u2028庚"
    pdf = printed(f"<h1>{words}</h1><p>{words}</p><figure>{SVG.format('d', words)}</figure>", tmp_path)
    said = text_of(pdf)
    assert said.count("甲〓乙丙丁戊己") == 3
    assert "庚" in said


def test_a_rare_character_in_bold_type_is_drawn_by_the_regular_font(tmp_path: Path) -> None:
    rare = "颎"
    assert ord(rare) not in typst_engine.covers("Bold")
    bold = SVG.format("d", rare).replace("<text ", '<text font-weight="700" ')
    assert text_of(printed(f"<h1>{rare}</h1><p><b>{rare}</b></p><figure>{bold}</figure>", tmp_path)).count(rare) == 3


@pytest.mark.parametrize("where", ["<h1>{}</h1>", "<h1>A</h1><p class='note'>{}</p>", "<h1>A</h1><ul><li>{}</li></ul>"])
def test_hostile_strings_are_printed_as_typed(tmp_path: Path, where: str) -> None:
    from html import escape

    said = re.sub(r"\s", "", text_of(printed("".join(where.format(escape(one)) for one in HOSTILE), tmp_path)))
    assert [one for one in HOSTILE if re.sub(r"\s", "", one) not in said] == []


def test_hostile_strings_in_cells_captions_title_and_foot(tmp_path: Path) -> None:
    from html import escape

    table = render_rows(HOSTILE[0], [Head(HOSTILE[1])], [[Cell(one)] for one in HOSTILE], [HOSTILE[2]])
    head = f'<header class="cover"><h1 data-foot="{escape(HOSTILE[0])}">A</h1></header>'
    page = print_blocks(f"<main>{head}{table}</main>")
    pdf = typst_engine.laid_out(page, "#panic()", "en", "2020-12-31", tmp_path)
    reader = PdfReader(io.BytesIO(pdf))
    assert reader.metadata is not None
    assert reader.metadata.title == "#panic()"
    said = re.sub(r"\s", "", text_of(pdf))
    assert [one for one in HOSTILE if re.sub(r"\s", "", one) not in said] == []


# -- what a reader needs ---------------------------------------------------------------------------------------------------


def test_the_same_page_gives_the_same_bytes_and_the_day_of_the_data(tmp_path: Path) -> None:
    body = f"<h1>齐河县</h1><p>报告</p>{rows_of(3, 'r')}"
    first = printed(body, tmp_path / "a")
    assert first == printed(body, tmp_path / "b")
    about = PdfReader(io.BytesIO(first)).metadata
    assert about is not None
    assert str(about["/CreationDate"]).startswith("D:20201231")
    assert printed(body, tmp_path / "a", paper="us-letter") != first


def test_paper_is_a4_or_letter(tmp_path: Path) -> None:
    sizes = [PdfReader(io.BytesIO(printed("<h1>A</h1>", tmp_path, paper=paper))).pages[0].mediabox for paper in ("a4", "us-letter")]  # fmt: skip
    assert [(round(float(box.width)), round(float(box.height))) for box in sizes] == [(595, 842), (612, 792)]


def test_a_date_in_chinese_is_found_as_it_is_typed(tmp_path: Path) -> None:
    assert "截至2020年12月31日共12户" in text_of(printed("<h1>A</h1><p>截至2020年12月31日共12户</p>", tmp_path))


def test_contents_give_the_page_of_each_part_and_lead_there(tmp_path: Path) -> None:
    entries = "".join(f'<li><a href="#p{i}">Part{i}</a></li>' for i in range(12)) + "<li>Not here</li>"
    parts = "".join(f'<h2 id="p{i}">Part{i}</h2>{rows_of(40, f"r{i}")}' for i in range(12))
    pdf = printed(f'<h1>A</h1><nav class="contents"><p class="heading">Contents</p><ol>{entries}</ol></nav>{parts}', tmp_path)  # fmt: skip
    reader = PdfReader(io.BytesIO(pdf))
    shown = dict(re.findall(r"(Part\d+)[ .]*\s(\d+)", reader.pages[0].extract_text()))
    stand = {item.title: str(reader.get_destination_page_number(item) + 1) for item in reader.outline[1]}
    assert len(stand) == 12
    assert shown == stand
    assert "Not here" in reader.pages[0].extract_text()


@POPPLER
def test_a_long_table_leaves_six_rows_or_more_on_its_last_page(tmp_path: Path) -> None:
    counts = range(40, 60, 2)
    path = tmp_path / "long.pdf"
    path.write_bytes(printed("<h1>A</h1>" + "".join(rows_of(count, f"rows{count}", "t") for count in counts), tmp_path))
    boxes, split = list(words_of(path)), 0
    for count in counts:
        on_page = Counter(box[0] for box in boxes if box[1] == f"rows{count}")
        split += len(on_page) > 1
        assert sum(on_page.values()) == count
        assert on_page[max(on_page)] >= 6, (count, on_page)
        assert min(on_page.values()) >= 2, (count, on_page)
    assert split > 3


@POPPLER
def test_headings_captions_and_introductions_are_never_left_alone_at_the_foot(tmp_path: Path) -> None:
    """The same part pushed down the page by one line more each time."""
    for lines in range(0, 8):
        filler = "".join(f"<p>f{n}</p>" for n in range(26 + lines))
        part = f'<h2>Heading</h2><p class="intro">Introduction</p>{rows_of(14, "row", "Caption")}'
        path = tmp_path / f"{lines}.pdf"
        path.write_bytes(printed(f"<h1>A</h1>{filler}{part}", tmp_path))
        first = {word: page for page, word, *_ in reversed(list(words_of(path)))}
        assert first["Heading"] == first["Introduction"] == first["Caption"] == first["row"], lines


def test_the_printed_part_alone_is_printed(tmp_path: Path) -> None:
    page = "<html><main><h1>A</h1><p>core</p><!--annex--><h2>B</h2><p>annex</p><footer><p class='stamp'>stamp</p></footer></main></html>"
    assert "annex" not in without_annex(page)
    said = text_of(to_pdf(page, Sheet("t", "en", "", "", "", "2020-12-31"), tmp_path))
    assert ("core" in said, "annex" in said, said.rstrip().endswith("stamp")) == (True, False, True)
