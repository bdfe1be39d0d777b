"""Three months of an invented place, as its clerks would send them: one household falls below the line, is helped, recovers.

Codes are of the place's own scheme.  ``LOW`` has 3,000 crowns a head (the monitoring line is 4,500) in January 2024 and
9,000 from April on; ``SAFE`` never falls; ``ROOF`` lives under a dangerous roof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import openpyxl

from relapse_risk.new_project import NewProject, make_project
from relapse_risk.register.template import write_template
from relapse_risk.schema import code_list, table
from relapse_risk.text import messages

COUNTY, TOWN, VILLAGES = "NK-A1", "NK-A1-t1", ("NK-A1-v1", "NK-A1-v2")
LOW, SAFE, ROOF = "NK-A1.001", "NK-A1.002", "NK-A1.003"
TABLES = ("village", "household", "person", "income", "assistance_record", "shock_event", "identity")
MONTHS = ("2024-01", "2024-04", "2024-10")
ASKED = NewProject("North Kivari", {COUNTY: ("Aster", "Aster"), "NK-A2": ("Briar", "Briar")}, "crowns", 3000.0, 4500.0)
RECOVERED = "2024-04"


def project(folder: Path) -> Path:
    """An empty project of the place."""
    return make_project(folder, ASKED, date(2024, 1, 2))


def workbook(path: Path, month: str, without: str = "") -> Path:
    """The county's workbook of a month, ``without`` one household."""
    write_template(path, language="en", tables=TABLES)
    book = openpyxl.load_workbook(path)
    for name, rows in _rows(month).items():
        _fill(book[table(name).label.en], name, [row for row in rows if not without or not _is_of(row, without)])
    book.save(path)
    return path


def _is_of(row: Mapping[str, object], household: str) -> bool:
    return household in (row.get("household_id"), str(row.get("person_id", "")).rpartition("-")[0])


def _fill(sheet: openpyxl.worksheet.worksheet.Worksheet, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    heads = {str(cell.value): at for at, cell in enumerate(sheet[1], start=1)}
    for number, row in enumerate(rows, start=2):
        for column, value in row.items():
            sheet.cell(number, heads[table(name).column(column).label.en], _shown(name, column, value))


def _shown(name: str, column: str, value: object) -> object:
    codes = table(name).column(column).codes
    if isinstance(value, bool):
        return "yes" if value else "no"
    return code_list(codes).label(str(value), "en") if codes and isinstance(value, str) else value


def _income(household: str, month: str) -> float:
    return (9000.0 if month >= RECOVERED or month < "2024-01" else 3000.0) if household == LOW else 8000.0


def _rows(month: str) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}
    found["village"] = [
        {"village_code": code, "town_code": TOWN, "county_code": COUNTY, "town_name_en": "Lower Aster"}
        for code in VILLAGES
    ]
    earlier = [f"2023-{number:02d}" for number in range(1, 13)] if month == MONTHS[0] else []
    for number, household in enumerate((LOW, SAFE, ROOF)):
        found["household"].append(
            {
                "household_id": household, "village_code": VILLAGES[number % 2], "head_person_id": f"{household}-1", "household_size": 2,
                "dwelling_grade": "C" if household == ROOF else "A", "water_quality_ok": True, "water_litres_per_person_day": 60,
                "water_fetch_minutes": 5, "water_outage_days": 0, "staple_food_enough": True, "protein_food_regular": True,
                "seasonal_clothes": True,
            }
        )  # fmt: skip
        for k in (1, 2):
            found["person"].append(
                {
                    "person_id": f"{household}-{k}", "household_id": household, "sex": "female", "birth_date": date(1975 + k, 5, 1),
                    "relation_to_head": "head" if k == 1 else "spouse", "labour_capacity": "ordinary", "medical_insurance": True, "dropped_out": False,
                }
            )  # fmt: skip
            found["identity"].append({"person_id": f"{household}-{k}", "person_name": f"Ada Moss {number}{k}"})
        for period in (*earlier, month):
            income = _income(household, period)
            found["income"].append(
                {"household_id": household, "period_end": period, "months": 12, "wage_income": 2 * income, "medical_self_paid": 100}
            )  # fmt: skip
    found["shock_event"].append(
        {
            "event_id": f"S{month}",
            "household_id": SAFE,
            "event_date": date(2024, 1, 9),
            "shock_type": "disaster",
            "gross_loss": 100,
            "compensated": 100,
            "verified": True,
        }
    )
    if month >= "2024-04":
        found["assistance_record"].append(
            {
                "record_id": f"A{month}",
                "household_id": LOW,
                "item_code": "W1",
                "delivered_on": date(2024, 3, 20),
                "decision": "approved",
                "cash_amount": 500,
            }
        )
    return found


def answer(path: Path, **said: object) -> Path:
    """Fill in every row of a returned sheet of reviews (its first sheet) as an official would."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    heads = {str(cell.value): at for at, cell in enumerate(sheet[1], start=1)}
    for row in range(2, sheet.max_row + 1):
        for column, value in said.items():
            sheet.cell(row, heads[_head(column, heads)], value)
    book.save(path)
    return path


def clue(path: Path, *rows: Mapping[str, object]) -> Path:
    """Fill in the sheet of clues, the last of a workbook."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[-1]
    heads = {str(cell.value): at for at, cell in enumerate(sheet[1], start=1)}
    for row, said in enumerate(rows, start=2):
        for column, value in said.items():
            sheet.cell(row, heads[_head(column, heads)], value)
    book.save(path)
    return path


def _head(column: str, heads: Mapping[str, int]) -> str:
    return next(word for word in messages()[f"review.{column}"].by_language.values() if word in heads)
