"""The printer where no Chromium is: tagged, Chinese readable, and nothing fetched."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from relapse_risk.editions.export import Sheet, to_pdf
from relapse_risk.editions.fonts import FAMILY, font_css
from relapse_risk.editions.pdf_engine import PdfEngine, pdf_engine
from relapse_risk.errors import RelapseRiskError, RenderError

SHEET = Sheet("齐河县报告", "zh", "", "齐河县", "", "2020-12-31")


@pytest.fixture(scope="module")
def printer() -> PdfEngine:
    try:
        return pdf_engine("weasyprint")
    except RelapseRiskError as error:
        pytest.skip(str(error))


def page(body: str) -> str:
    style = f'<style>{font_css("报告 齐河县 1")} body {{ font-family: "{FAMILY}" }}</style>'
    return f'<!DOCTYPE html><html lang="zh-CN"><head><title>齐河县报告</title>{style}</head><body>{body}</body></html>'


def test_a_tagged_pdf_with_title_language_and_chinese_text(printer: PdfEngine) -> None:
    content = to_pdf(page("<h1>齐河县</h1><p>报告 1</p>"), SHEET, printer)
    reader = PdfReader(io.BytesIO(content))
    catalogue = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"] == "zh-CN"
    assert reader.metadata is not None
    assert reader.metadata.title == "齐河县报告"
    assert "齐河县" in reader.pages[0].extract_text()
    assert [entry.title for entry in reader.outline] == ["齐河县"]  # type: ignore[union-attr]
    assert content == to_pdf(page("<h1>齐河县</h1><p>报告 1</p>"), SHEET, printer), "same page, same bytes"


def test_what_the_page_does_not_carry_is_an_error_not_a_gap(printer: PdfEngine) -> None:
    with pytest.raises(RenderError, match="no/picture"):
        to_pdf(page('<h1>齐河县</h1><img alt="" src="file:///no/picture.png">'), SHEET, printer)
