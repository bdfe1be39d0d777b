"""Printed public numbers, computed again by SQL that was written from the documents, and compared with the facts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isclose, isnan
from pathlib import Path

import duckdb
import pandas as pd
import yaml

from relapse_risk.assessment.facts_store import Facts
from relapse_risk.register import Register

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FILES = ("people", "work", "business", "watching")
CITY = "city"
PRINTED = ("numerator", "denominator", "value", "previous")  # columns of the table of indicators


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A number that is printed otherwise than it was recomputed."""

    table: str
    place: str
    row: str
    column: str
    printed: float
    recomputed: float

    def __str__(self) -> str:
        return f"{self.table}, {self.place}, {self.row}, {self.column}: printed {self.printed:.12g}, recomputed {self.recomputed:.12g}"  # fmt: skip


def connect(register: Path, scores: Path) -> duckdb.DuckDBPyConnection:
    """The register's tables, the dated parameters, the limits of the documents and the month's scores as SQL tables."""
    connection = duckdb.connect(config={"threads": 1})
    opened = Register.open(register)
    for name in yaml.load(_text("src/relapse_risk/dictionary/tables.yaml"), yaml.CSafeLoader):
        if name != "identity":
            connection.register("rows_", opened.read_all(name))
            connection.execute(f'CREATE TABLE "{name}" AS FROM rows_')
    connection.execute("CREATE TABLE dated (name VARCHAR, since DATE, value DOUBLE)")
    connection.executemany("INSERT INTO dated VALUES (?, ?, ?)", list(_dated()))
    connection.execute('CREATE TABLE limit_of (section INTEGER, indicator VARCHAR, "limit" DOUBLE)')
    connection.executemany("INSERT INTO limit_of VALUES (?, ?, ?)", list(_limits()))
    for name in ("hardship", "risk"):
        connection.execute(f"CREATE TABLE {name} AS FROM '{scores / f'{name}.parquet'}'")
    return connection


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _dated() -> Iterator[tuple[str, object, float | None]]:
    for file in ("lines", "thresholds"):
        for name, entry in yaml.load(_text(f"params/{file}.yaml"), yaml.CSafeLoader).items():
            for since, given in entry["values"].items():
                yield name, since, given["value"]


def _limits() -> Iterator[tuple[int, str, float]]:
    """Section, indicator and limit of each row of the table in docs/indicators.md that has one."""
    for section, name, limit in re.findall(r"^\| (\d+) \| `(\w+)`[^|]*\|[^|]*\|[^|]*\| ([\d.]+)% \|", _text("docs/indicators.md"), re.M):  # fmt: skip
        yield int(section), name, float(limit) / 100


def recomputed(connection: duckdb.DuckDBPyConnection) -> dict[str, pd.DataFrame]:
    """Answers by printed table; ``indicator`` holds month, place, indicator, numerator, denominator, value."""
    for name in ("base", "indicators"):
        connection.execute((HERE / f"{name}.sql").read_text(encoding="utf-8"))
    answers = {"indicator": connection.execute("FROM recomputed").df()}
    for file in FILES:
        text = (HERE / f"{file}.sql").read_text(encoding="utf-8")
        for name, query in re.findall(r"^-- table: (\w+)\n(.*?);$", text, re.S | re.M):
            answers[name] = connection.execute(query).df()
    return answers


def compare_table(name: str, printed: pd.DataFrame, answer: pd.DataFrame) -> tuple[list[Mismatch], int]:
    """Every shown number of the columns that ``answer`` has; a row that it lacks must show zeros, which do not count.

    ``printed`` and ``answer`` hold the same places; all columns of ``answer`` that are not numbers tell rows apart.
    """
    absent = set(answer.columns) - {"place"} - set(printed.columns)
    assert not absent, f"{name}: no printed column {sorted(absent)}, but {list(printed.columns)}"
    numbers = [c for c in answer if c != "place" and pd.api.types.is_numeric_dtype(answer[c])]
    keys = [c for c in answer if c != "place" and c not in numbers]
    mine = {(row["place"], *(str(row[k]) for k in keys)): row for row in answer.to_dict("records")}
    assert len(mine) == len(answer), f"{name}: {keys} do not tell the rows apart"
    wrong, count = [], 0
    for row in printed.to_dict("records"):
        key = (row["county_code"], *(str(row[k]) for k in keys))
        found = mine.get(key, dict.fromkeys(numbers, 0))
        for column in numbers:
            if pd.notna(row[column]):
                count += key in mine
                one, other = float(row[column]), float("nan") if pd.isna(found[column]) else float(found[column])
                if not same(one, other):
                    wrong.append(Mismatch(name, row["county_code"], " ".join(str(row[k]) for k in keys), column, one, other))  # fmt: skip
    return wrong, count


def same(printed: float, other: float) -> bool:
    """Equal but for the order of sums."""
    return not isnan(other) and isclose(printed, other, rel_tol=1e-9, abs_tol=1e-9)


def compare_indicators(printed: pd.DataFrame, answer: pd.DataFrame, month: str, before: str) -> tuple[list[Mismatch], Counter[int]]:  # fmt: skip
    """Numerator, denominator, value and last year's value of every indicator recomputed; numbers by section.

    An indicator without any case has numerator and denominator 0.
    """
    names = set(answer["indicator"])
    rows = {(r["month"], r["place"], r["indicator"]): r for r in answer.to_dict("records")}
    wrong: list[Mismatch] = []
    count: Counter[int] = Counter()
    nothing: Mapping[str, float] = {"numerator": 0.0, "denominator": 0.0}
    for row in printed.to_dict("records"):
        if row["indicator"] in names:
            now, then = (rows.get((m, row["county_code"], row["indicator"]), nothing) for m in (month, before))
            for column in PRINTED:
                found = then.get("value") if column == "previous" else now.get(column)
                if pd.notna(row[column]) and found is not None:
                    count[row["section"]] += 1
                    if not same(float(row[column]), float(found)):
                        wrong.append(Mismatch("indicator", row["county_code"], row["indicator"], column, float(row[column]), float(found)))  # fmt: skip
    return wrong, count


def compare(facts: Facts, answers: Mapping[str, pd.DataFrame], places: tuple[str, ...]) -> tuple[list[Mismatch], Counter[int]]:  # fmt: skip
    """All differences at ``places``, and the numbers compared by section of the report."""
    month, before = facts.manifest["month"], facts.manifest["previous"]
    wrong, count = compare_indicators(_at(facts.all_counties("indicator"), places), answers["indicator"], month, before)
    for name, answer in answers.items():
        if name != "indicator":
            printed = _at(facts.all_counties(name), places)
            if name in PARTLY:
                printed = printed[printed[PARTLY[name]].isin(set(answer[PARTLY[name]]))]
            more, numbers = compare_table(name, printed, answer[answer["place"].isin(places)])
            wrong += more
            count[facts.manifest["schema"][name]["section"]] += numbers
    return wrong, count


PARTLY = {"data_sources": "table", "aspect_profile": "aspect"}  # tables of which only the rows recomputed are compared


def _at(frame: pd.DataFrame, places: tuple[str, ...]) -> pd.DataFrame:
    return frame[frame["county_code"].isin(places)]


def sections_with_numbers(facts: Facts, places: tuple[str, ...]) -> set[int]:
    """Sections of the public report that show some number at ``places``."""
    found = set()
    for name, spec in facts.manifest["schema"].items():
        if not spec["restricted"] and name in facts.manifest["tables"]:
            shown = _at(facts.all_counties(name), places).drop(columns="county_code").select_dtypes("number")
            if shown.notna().any(axis=None):
                found.add(int(spec["section"]))
    return found
