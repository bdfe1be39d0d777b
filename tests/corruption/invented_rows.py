"""Rows of an invented place that are known cell by cell, and how they are written as each kind of file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import yaml

from relapse_risk.new_project import NewProject
from relapse_risk.schema import code_list, table

MONTH, AS_OF = "2024-01", date(2024, 1, 31)
ASKED = NewProject("North Kivari", {"NK-A1": ("Aster", "Aster"), "NK-A2": ("Briar", "Briar")}, "crowns", 3000.0, 4500.0)
KINDS = ("xlsx", "csv", "parquet", "sqlite", "dta", "sav")
Rows: TypeAlias = dict[str, list[dict[str, Any]]]


@dataclass(slots=True)
class Sheet:
    """One table as it will be written: headers, and cells row by row; what a corruption changes."""

    table: str
    headers: list[str]
    rows: list[list[Any]]

    def at(self, column: str) -> int:
        """Position of ``column``: a sheet is made with the columns of its table in their own order."""
        return list(columns_of(self.table)).index(column)


@dataclass(slots=True)
class Delivery:
    """What is written to disk: a sheet per table, and how a CSV is written."""

    sheets: dict[str, Sheet]
    encoding: str = "utf-8"
    separator: str = ","
    line_end: str = "\n"
    head: str = ""
    types: dict[tuple[str, str], pa.DataType] = field(default_factory=dict)


# Keys that one more digit turns into another's: a note sign read as a digit would give K1's cells to K12.
HOUSEHOLDS = ("K1", "K2", "K12", "K3", "K21", "K11")


def rows_of(shift: int) -> Rows:
    """The rows, all values other with each ``shift`` (0 or 1), all of them good."""
    villages: list[dict[str, Any]] = [
        {
            "village_code": f"NK-A{i}-v", "town_code": f"NK-A{i}-t", "county_code": f"NK-A{i}",
            "village_name_zh": ("Łąka 东村", "Ñandú")[i - 1] + " b" * shift, "is_key_village": bool((i + shift) % 2),
            "households_total": 100 + i + shift, "idle_land_mu": 10.25 + i + shift,
        }
        for i in (1, 2)
    ]  # fmt: skip
    causes, grades = ("illness", "schooling", "no_skill"), ("A", "B", "C")
    found: Rows = {"village": villages, "household": [], "person": [], "income": []}
    for k, name in enumerate(HOUSEHOLDS):
        found["household"].append(
            {
                "household_id": name, "village_code": villages[k % 2]["village_code"], "head_person_id": f"{name}-1",
                "household_size": 2, "monitor_type": "edge",
                "monitor_identified_on": date(2023, 2 + k, 3 + k) + timedelta(days=shift),
                "monitor_risk_types": ("illness", "illness;disaster")[(k + shift) % 2],
                "cause_main": causes[(k + shift) % 3], "dwelling_grade": grades[(k + shift) % 3],
                "dwelling_area": 61.5 + k + shift, "water_quality_ok": bool((k + shift) % 2),
                "water_outage_days": 3 + k + shift, "loan_balance": 1234.5 + 100 * k + shift,
                "vehicle_count": (k + shift) % 2, "distance_to_road_km": 1.25 + k + shift / 8,
            }
        )  # fmt: skip
        for j in (1, 2):
            found["person"].append(
                {
                    "person_id": f"{name}-{j}", "household_id": name, "sex": ("male", "female")[(j + shift) % 2],
                    "birth_date": date(1950 + 3 * k + j, 1 + k, 10 + j) + timedelta(days=shift),
                    "relation_to_head": "head" if j == 1 else "spouse", "work_months": 1 + k + shift,
                }
            )  # fmt: skip
        found["income"].append(
            {
                "household_id": name, "period_end": "2023-10", "months": 12, "wage_income": 12345.0 + 1000 * k + shift,
                "transfer_income": 1000.5 + k + shift, "business_gross": 2345.0 + shift,
            }
        )  # fmt: skip
    return found


def columns_of(name: str) -> tuple[str, ...]:
    return tuple(rows_of(0)[name][0])


def delivery(rows: Rows, kind: str) -> Delivery:
    """The rows with English headers and the cells an office would type in a file of ``kind``."""
    sheets = {}
    for name, found in rows.items():
        headers = [table(name).column(column).label.en for column in columns_of(name)]
        if kind in ("dta", "sav"):
            headers = list(columns_of(name))
        cells = [[typed(name, column, value, kind) for column, value in row.items()] for row in found]
        sheets[name] = Sheet(name, headers, cells)
    return Delivery(sheets)


def typed(name: str, column: str, value: Any, kind: str) -> Any:
    """A value as it is typed into a cell: labels, words, dates, numbers; text where the file knows only text."""
    spec = table(name).column(column)
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif spec.codes and isinstance(value, str):
        value = "; ".join(code_list(spec.codes).label(part, "en") for part in value.split(";"))
    if kind == "csv":
        return (
            "" if value is None else f"{value:.0f}" if isinstance(value, float) and value == int(value) else str(value)
        )
    return value.isoformat() if kind == "sqlite" and isinstance(value, date) else value


def write(given: Delivery, kind: str, folder: Path) -> Path:
    """Write the delivery into ``folder``; the path that is handed to the import."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "xlsx":
        return _workbook(given, folder / "delivery.xlsx")
    if kind == "sqlite":
        return _database(given, folder / "delivery.db")
    for name, sheet in given.sheets.items():
        path = folder / f"{name}.{kind}"
        if kind == "csv":
            path.write_bytes(given.head.encode(given.encoding, "replace") + _csv(sheet, given))
        elif kind == "parquet":
            pq.write_table(_arrow(sheet, given.types), path)
        else:
            frame = pd.DataFrame({h: _survey_column(sheet, at) for at, h in enumerate(sheet.headers)})
            (pyreadstat.write_dta if kind == "dta" else pyreadstat.write_sav)(frame, path)
    return folder


def source_of(path: Path, kind: str) -> str:
    return f"sqlite:///{path.as_posix()}" if kind == "sqlite" else str(path)


def write_mapping(kind: str, folder: Path) -> Path:
    """A mapping of the file's kind: every table under its own name, headers as the dictionary's labels."""
    named = {"csv": "csv", "parquet": "parquet", "dta": "survey", "sav": "survey", "sqlite": "sql"}
    content: dict[str, Any] = {
        "name": f"own_{kind}", "label": {"zh": kind, "en": kind}, "kind": named[kind], "missing": ["-", "/", "不详"],
        "tables": [
            {"table": name, "source": f"SELECT * FROM {name}" if kind == "sqlite" else name} for name in rows_of(0)
        ],
    }  # fmt: skip
    path = folder / f"own_{kind}.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def _workbook(given: Delivery, path: Path) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, sheet in given.sheets.items():
        page = book.create_sheet(table(name).label.en)
        page.append(sheet.headers)
        for row in sheet.rows:
            page.append(row)
        for cells in page.iter_rows(min_row=2):
            for cell in cells:
                if isinstance(cell.value, str) and cell.value.startswith('="'):
                    cell.data_type = "s"
    book.save(path)
    return path


def _csv(sheet: Sheet, given: Delivery) -> bytes:
    lines = [
        given.separator.join(_quoted(str(cell), given.separator) for cell in row)
        for row in (sheet.headers, *sheet.rows)
    ]
    text = given.line_end.join(lines) + given.line_end
    return text.encode(given.encoding, "xmlcharrefreplace")


def _quoted(text: str, separator: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in (separator, '"', "\n", "\r")) else text


def _arrow(sheet: Sheet, types: Mapping[tuple[str, str], pa.DataType]) -> pa.Table:
    columns = []
    for at, name in enumerate(columns_of(sheet.table)):
        cells = [row[at] if at < len(row) else None for row in sheet.rows]
        wanted = types.get((sheet.table, name))
        kinds = {type(cell) for cell in cells if cell is not None}
        if wanted is None and len(kinds) > 1 and kinds != {int, float}:
            cells = [_one_text(cell) for cell in cells]  # Arrow would take a number for a day
        try:
            columns.append(pa.array(cells, wanted))
        except (pa.ArrowException, TypeError, ValueError):
            columns.append(pa.array([_one_text(cell) for cell in cells], pa.string()))
    for at in range(len(columns), len(sheet.headers)):
        columns.append(pa.array([_one_text(row[at]) if at < len(row) else None for row in sheet.rows], pa.string()))
    return pa.table(columns[: len(sheet.headers)], names=sheet.headers)


def _one_text(cell: Any) -> str | None:
    return None if cell is None else cell.isoformat() if isinstance(cell, date) else str(cell)


def _database(given: Delivery, path: Path) -> Path:
    with sqlite3.connect(path) as connection:
        for name, sheet in given.sheets.items():
            names = ", ".join('"' + header.replace('"', '""') + '"' for header in sheet.headers)
            connection.execute(f"CREATE TABLE {name} ({names})")
            marks = ", ".join("?" * len(sheet.headers))
            connection.executemany(
                f"INSERT INTO {name} VALUES ({marks})", [_padded(r, len(sheet.headers)) for r in sheet.rows]
            )
    connection.close()
    return path


def _padded(row: list[Any], width: int) -> list[Any]:
    cells = [*row[:width], *[None] * (width - len(row))]
    return [c.isoformat() if isinstance(c, (date, datetime)) else c for c in cells]


def _survey_column(sheet: Sheet, at: int) -> pd.Series:
    cells = [row[at] if at < len(row) else None for row in sheet.rows]
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds <= {int, float}:
        return pd.Series(cells, dtype="float64" if None in cells or float in kinds else "int64")
    if kinds == {date}:
        return pd.Series(cells, dtype=object)
    return pd.Series(["" if cell is None else _one_text(cell) for cell in cells], dtype=object)
