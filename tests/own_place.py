"""Workbooks of an invented prefecture, as clerks would fill them in: own codes (letters), own currency, no identity numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import openpyxl

from relapse_risk.register.template import write_template
from relapse_risk.schema import code_list, table

COUNTIES = {
    "NK-A1": "Aster", "NK-A2": "Briar", "NK-B1": "Cobble", "NK-B2": "Drift", "NK-C1": "Ember", "NK-C2": "Fallow",
    "NK-D1": "Gorse", "NK-D2": "Heath",
}  # fmt: skip
TABLES = ("village", "household", "person", "income")


def counties_file(path: Path) -> Path:
    path.write_text("code,name\n" + "".join(f"{code},{name}\n" for code, name in COUNTIES.items()), encoding="utf-8")
    return path


def county_workbook(path: Path, county: str, month: str, households: int = 30) -> Path:
    """One county's workbook of a month: two villages, and a year's income of every household."""
    write_template(path, language="en", tables=TABLES)
    book = openpyxl.load_workbook(path)
    rows = _rows(county, month, households)
    for name in TABLES:
        _fill(book[table(name).label.en], name, rows[name])
    book.save(path)
    return path


def _fill(sheet: openpyxl.worksheet.worksheet.Worksheet, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    heads = {str(cell.value): at for at, cell in enumerate(sheet[1], start=1)}
    place = {column.name: heads[column.label.en] for column in table(name).columns if column.label.en in heads}
    for number, row in enumerate(rows, start=2):
        for column, value in row.items():
            sheet.cell(number, place[column], _shown(name, column, value))


def _shown(name: str, column: str, value: object) -> object:
    codes = table(name).column(column).codes
    if isinstance(value, bool):
        return "yes" if value else "no"
    return code_list(codes).label(str(value), "en") if codes and isinstance(value, str) else value


def _rows(county: str, month: str, households: int) -> dict[str, list[dict[str, object]]]:
    rng = random.Random(f"{county}{month}")
    year = int(month[:4])
    villages: list[dict[str, object]] = [
        {"village_code": f"{county}-v{i}", "town_code": f"{county}-t1", "county_code": county} for i in (1, 2)
    ]
    found: dict[str, list[dict[str, object]]] = {"village": villages, "household": [], "person": [], "income": []}
    for k in range(households):
        identifier, size = f"{county}.{k + 1:03d}", rng.choice([1, 2, 2, 3, 4])
        found["household"].append(
            {
                "household_id": identifier, "village_code": villages[k % 2]["village_code"], "head_person_id": f"{identifier}-1",
                "household_size": size, "dwelling_grade": rng.choices(["A", "B", "C"], [70, 25, 5])[0],
                "water_quality_ok": rng.random() < 0.9,
            }
        )  # fmt: skip
        for j in range(size):
            age = rng.randint(30, 80) if j < 2 else rng.randint(1, 25)
            found["person"].append(
                {
                    "person_id": f"{identifier}-{j + 1}", "household_id": identifier, "sex": "male" if j else rng.choice(["male", "female"]),
                    "birth_date": date(year - age, 1 + k % 12, 1 + k % 28), "relation_to_head": "head" if j == 0 else "son",
                }
            )  # fmt: skip
        found["income"].append(
            {
                "household_id": identifier, "period_end": f"{year - 1}-12", "months": 12,
                "wage_income": round(size * rng.lognormvariate(8.3, 0.5)), "transfer_income": round(size * rng.uniform(0, 900)),
            }
        )  # fmt: skip
    return found
