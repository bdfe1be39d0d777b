"""Fact tables by hand: expected rows written as a table of text, and a county made of rows written in the test."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pandas as pd
import pytest

from relapse_risk.assessment import INDICATORS, TABLES, CountyData
from relapse_risk.assessment.facts import _computed, county_data
from relapse_risk.parameters import Parameters, Place
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.schema import table

COUNTY, MONTH, YEAR_BEFORE = "371425", "2020-12", "2019-12"
VILLAGE = "371425101001"
TWO_TOWNS = """
    village_code   town_code   county_code   town_name_zh   town_name_en
    371425101001   371425101   371425        甲镇            Jia
    371425102001   371425102   371425        乙镇            Yi
"""
SPEC = {spec.name: spec for spec in TABLES}
INDICATOR = {item.name: item for item in INDICATORS}
NULL = "null"
Frames = dict[str, "str | pd.DataFrame"]
MakeCounty = Callable[..., CountyData]


def cells(text: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a table of text, cells two spaces or more apart.

    Examples
    --------
    >>> cells("name  households\\n  a b   3")
    (['name', 'households'], [['a b', '3']])
    """
    lines = [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines() if line.strip()]
    assert all(len(line) == len(lines[0]) for line in lines), "a row has more or fewer cells than the header"
    return lines[0], lines[1:]


def number(cell: str) -> float:
    """A number written as such or as a fraction.

    Examples
    --------
    >>> number("3"), number("-1/4"), number("null")
    (3.0, -0.25, nan)
    """
    top, _, bottom = cell.partition("/")
    return float("nan") if cell == NULL else float(top) / float(bottom or 1)


def frame_of(name: str, text: str) -> pd.DataFrame:
    """Rows of a register table from a table of text; ``null`` is not collected, booleans are yes and no."""
    header, rows = cells(text)
    read: dict[str, Callable[[str], object]] = {"int": int, "float": number, "bool": lambda cell: cell == "yes"}
    columns = {}
    for place, column in enumerate(header):
        turn = read.get(table(name).column(column).type, str)
        columns[column] = [None if row[place] == NULL else turn(row[place]) for row in rows]
    return pd.DataFrame(columns, columns=header)


def rows_of(name: str, data: CountyData) -> pd.DataFrame:
    """The rows of a fact table of one county, ratios formed and in order, hidden columns still there."""
    return _computed(SPEC[name], data)


def assert_rows(found: pd.DataFrame, expected: str) -> None:
    """Every column of ``found``, its values and the order of its rows."""
    header, rows = cells(expected)
    assert list(found.columns) == header
    for place, name in enumerate(header):
        wanted = [row[place] for row in rows]
        if pd.api.types.is_numeric_dtype(found[name].dtype):
            values = found[name].astype("float64").tolist()
            assert (name, values) == (name, pytest.approx([number(cell) for cell in wanted], rel=1e-9, nan_ok=True))
        else:
            values = [NULL if pd.isna(value) else str(value) for value in found[name]]
            assert (name, values) == (name, wanted)


def assert_table(name: str, data: CountyData, expected: str) -> None:
    """The rows of fact table ``name``: every column declared, hidden ones too."""
    assert_rows(rows_of(name, data), expected)


def fraction(name: str, data: CountyData) -> tuple[float, float]:
    """Numerator and denominator of an indicator."""
    found = INDICATOR[name].compute(data)
    return found.numerator, found.denominator


def homes(n: int, village: str = VILLAGE, first: int = 1, **columns: object) -> pd.DataFrame:
    """``n`` households H1, H2, … of one person each, all alike but for the ``columns`` given."""
    names = [f"H{k}" for k in range(first, first + n)]
    return pd.DataFrame({"household_id": names, "village_code": village, "household_size": 1, **columns})


def persons(births: str, household: str = "H1", **columns: object) -> pd.DataFrame:
    """Persons P1, P2, … born on the days given (words apart), in one household unless told otherwise."""
    days = births.split()
    names = [f"P{k}" for k in range(1, len(days) + 1)]
    return pd.DataFrame({"person_id": names, "household_id": household, "birth_date": days, **columns})


def _frames(given: Frames) -> dict[str, pd.DataFrame]:
    made = {name: frame_of(name, rows) if isinstance(rows, str) else rows for name, rows in given.items()}
    made.setdefault("household", homes(1))
    return made


def write_county(folder: Path, given: Frames, before: Frames | None) -> Register:
    """A register of the rows given, known on 2020-12-31, with a snapshot of the year before where that is given."""
    with RegisterWriter(folder, place="dezhou") as writer:
        for month, rows in ((YEAR_BEFORE, before), (MONTH, _frames(given))):
            for name, frame in (_frames(rows) if rows else {}).items():
                if table(name).is_snapshot:
                    writer.put(name, frame, month=month)
                else:
                    writer.put(name, frame)
        writer.commit(created="2020-12-31T00:00:00")
    return Register.open(folder)


@pytest.fixture
def made_county(tmp_path: Path, parameters: Parameters, dezhou: Place) -> MakeCounty:
    """Makes a county of the tables given, each as text or as a frame; ``before`` are the snapshots of 2019-12."""
    numbers = count()

    def make(before: Frames | None = None, place: Place = dezhou, **given: str | pd.DataFrame) -> CountyData:
        register = write_county(tmp_path / f"register-{next(numbers)}", given, before)
        return county_data(register, COUNTY, MONTH, YEAR_BEFORE if before else None, parameters, place, None)

    return make
