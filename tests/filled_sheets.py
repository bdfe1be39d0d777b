"""Sheets filled in as a page of the documents shows them."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import openpyxl


def fill(file: Path, table: str) -> None:
    """Write the rows of a table of the page into the first sheet, each in the row of its first cell; empty ones stay."""
    heads, _, *rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()]
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[0]
    columns = {str(cell.value): at for at, cell in enumerate(sheet[1], start=1)}
    lines = {str(sheet.cell(row, columns[heads[0]]).value): row for row in range(2, sheet.max_row + 1)}
    for name, *cells in rows:
        for head, cell in zip(heads[1:], cells, strict=True):
            if cell:
                value = date.fromisoformat(cell) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell) else cell
                sheet.cell(lines[name], columns[head], value)
    book.save(file)
