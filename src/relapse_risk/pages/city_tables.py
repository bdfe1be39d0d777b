"""Tables of the city's report: comparison of counties, changes, tasks of the city, all issues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from relapse_risk.assessment import CITY
from relapse_risk.pages.block import Source
from relapse_risk.pages.format import DASH, NOT_COMPUTED, WITHHELD, capitalised, is_null
from relapse_risk.pages.html_tables import Cell, Head, render_rows
from relapse_risk.pages.indicator_verdicts import (
    ASSESSED,
    MARKS,
    SYMBOLS,
    limit_text,
    unit_words,
    value_text,
    written,
)
from relapse_risk.schema import code_list
from relapse_risk.text.by_language import decimal, enumerated

__all__ = [
    "aspect_table",
    "change_table",
    "department_table",
    "headline_table",
    "several",
    "severity_table",
    "task_table",
]

MOST_NAMED = 6
DENSE = "dense"  # a class of the style sheet: many narrow columns


def _first(source: Source) -> Head:
    return Head(capitalised(source.label("division")))


def headline_table(source: Source, names: Mapping[str, str]) -> str:
    """Headline indicators: all together first, then every county in the order of codes."""
    rows = source.rows("indicator")
    rows = rows[rows["headline"] & (rows["verdict"] != "not_collected")]
    order = list(dict.fromkeys(rows["indicator"]))
    units = dict(zip(rows["indicator"], rows["unit"], strict=True))
    heads = [_first(source), *(Head(source.say(f"indicator.{n}"), True, unit_words(source, units[n])) for n in order)]
    if source.is_sample:
        heads.insert(1, Head(source.say("column.counts"), True))
    by_county = {code: mine.set_index("indicator") for code, mine in rows.groupby("county_code")}
    written_rows = []
    whole = source.name if source.place.limits_apply else capitalised(source.label("whole"))
    for code, name in {CITY: whole, **names}.items():
        mine = by_county.get(code)
        cells = [
            _verdict_cell(source, mine.loc[one]) if mine is not None and one in mine.index else Cell(DASH)
            for one in order
        ]
        written_rows.append([Cell(name), *([_households(source, code)] if source.is_sample else []), *cells])
    notes = [source.say("report.symbols")] if source.place.limits_apply else []
    if rows["withheld"].any():
        notes.append(source.say("report.suppressed", threshold=int(source.limits.get("small_cell", 5))))
    return render_rows(source.say("city.side_table"), heads, written_rows, notes, kind=DENSE)


def _verdict_cell(source: Source, row: pd.Series) -> Cell:
    verdict = str(row["verdict"])
    symbol = f"{SYMBOLS[verdict]} " if verdict in ASSESSED else ""
    none = source.is_sample and row["unit"] == "share" and row["numerator"] == 0  # in the sample, not in the city
    small = source.say("city.none_of", n=written(source, row["denominator"], "count")) if none else ""
    return Cell(symbol + value_text(source, row), "strong" if verdict == "not_met" else "", small)


def _households(source: Source, code: str) -> Cell:
    """Households of the sample that a line of the table rests on."""
    rows = source.rows("indicator", code).set_index("indicator")
    asked = rows["denominator"].get("persons")
    return Cell(WITHHELD if is_null(asked) else written(source, asked, "count"))


def aspect_table(source: Source, names: Mapping[str, str], grid: pd.DataFrame) -> str:
    """Limits missed over limits assessed, county by aspect."""
    sections = list(dict.fromkeys(grid["section"]))
    heads = [_first(source), *(Head(source.say(f"value.aspect.{number}"), True) for number in sections)]
    counts = grid.set_index(["county_code", "section"])
    rows = []
    for code, name in names.items():
        cells = []
        for number in sections:
            assessed, missed = (int(counts.loc[(code, number), column]) for column in ("judged", "not_met"))
            mark = SYMBOLS["not_met" if missed else "met"]
            cells.append(
                Cell(f"{mark} {missed} / {assessed}" if assessed else NOT_COMPUTED, "strong" if missed else "")
            )
        rows.append([Cell(name), *cells])
    return render_rows(source.say("city.aspect_table"), heads, rows, [source.say("city.aspect_note")], kind=DENSE)


def change_table(source: Source, names: Mapping[str, str], rows: pd.DataFrame, changed: pd.DataFrame) -> str:
    """One row per indicator: the city before and now, and the counties whose verdict changed."""
    city = rows[rows["county_code"] == CITY].set_index("indicator")
    heads = [
        Head(source.say("column.indicator")), Head(source.say("city.before"), True), Head(source.say("city.now"), True),
        Head(source.say("city.worse")), Head(source.say("city.better")),
    ]  # fmt: skip
    written_rows = []
    for name, mine in changed.groupby("indicator", sort=False):
        unit = str(city.loc[name, "unit"])
        sides = [[names[code] for code in mine.loc[mine["worse"] == worse, "county_code"]] for worse in (True, False)]
        written_rows.append(
            [
                Cell(source.say(f"indicator.{name}")), Cell(written(source, city.loc[name, "was_value"], unit)),
                Cell(value_text(source, city.loc[name]), "strong"),
                Cell(several(source, sides[0], len(names)), "not_met" if sides[0] else ""), Cell(several(source, sides[1], len(names))),
            ]
        )  # fmt: skip
    return render_rows(source.say("city.change_table"), heads, written_rows)


def several(source: Source, found: Sequence[str], total: int) -> str:
    """Names, or how many where they are many; a dash for none."""
    if len(found) == total and total > 1:
        return source.say("map.all", division=source.label("division"))
    if len(found) > MOST_NAMED:
        return source.say("map.counties", count=len(found), division=source.label("division"))
    return enumerated(found, source.language) or NOT_COMPUTED


def task_table(source: Source, names: Mapping[str, str], tasks: pd.DataFrame) -> str:
    """Tasks of the city by kind: reason, measure, and the indicators with evidence and lead."""
    if tasks.empty:
        return f"<p>{escape(source.say('city.task_none'))}</p>"
    shown = {"common": _common, "uneven": _uneven, "no_document": _undocumented, "nowhere_collected": _uncollected}
    division, html = source.label("division"), []
    for kind, mine in tasks.groupby("task", sort=False):
        html.append(f"<h3>{escape(source.say(f'city.task.{kind}', division=division))}</h3>")
        html.append(f'<p class="intro">{escape(source.say(f"city.do.{kind}", division=division))}</p>')
        html.append(shown[str(kind)](source, names, mine))
    return "".join(html)


def _common(source: Source, _: Mapping[str, str], tasks: pd.DataFrame) -> str:
    indicator, departments = source.indicator_rows().set_index("indicator"), code_list("department")
    heads = [
        Head(source.say("column.indicator")), Head(source.say("city.task_missed", division=source.label("division")), True),
        Head(source.say("column.value"), True), Head(source.say("column.limit"), True), Head(source.say("city.task_lead")),
    ]  # fmt: skip
    rows = []
    for task in tasks.to_dict("records"):
        row = indicator.loc[task["indicator"]]
        limit = limit_text(source, row) + MARKS.get(str(row["limit_confidence"]), "")
        rows.append(
            [
                Cell(source.say(f"indicator.{task['indicator']}")),
                Cell(source.say("city.task_of", counties=int(task["counties"]), of=int(task["of"]))),
                Cell(value_text(source, row), "strong"), Cell(limit),
                Cell(departments.label(task["department"], source.language)),
            ]
        )  # fmt: skip
    notes = [source.say("report.marks_note"), source.say("city.method_common")]
    return render_rows(source.say("city.list.common"), heads, rows, notes)


def _uneven(source: Source, names: Mapping[str, str], tasks: pd.DataFrame) -> str:
    every = source.rows("indicator")
    heads = [
        Head(source.say("column.indicator")), Head(source.say("city.task_most"), True),
        Head(source.say("city.task_least"), True), Head(source.say("city.task_correlation"), True),
    ]  # fmt: skip
    rows = []
    for task in tasks.to_dict("records"):
        mine = every[every["indicator"] == task["indicator"]].set_index("county_code")
        ends = [
            source.say("city.task_value", county=names[code], value=written(source, mine["value"][code], str(mine["unit"].iloc[0])))
            for code in (task["high"], task["low"])
        ]  # fmt: skip
        correlation = NOT_COMPUTED if is_null(task["correlation"]) else decimal(task["correlation"], 2, source.language)
        rows.append([Cell(source.say(f"indicator.{task['indicator']}")), *(Cell(one) for one in ends), Cell(correlation)])  # fmt: skip
    return render_rows(source.say("city.list.uneven"), heads, rows)


def _undocumented(source: Source, _: Mapping[str, str], tasks: pd.DataFrame) -> str:
    indicator = source.indicator_rows().set_index("indicator")
    heads = [Head(source.say("column.indicator")), Head(source.say("column.limit"), True), Head(source.say("column.basis"))]  # fmt: skip
    rows = []
    for name in tasks["indicator"]:
        row = indicator.loc[name]
        basis = source.say(f"value.confidence.{row['limit_confidence']}")
        rows.append([Cell(source.say(f"indicator.{name}")), Cell(written(source, row["limit"], str(row["unit"]))), Cell(basis, "assumed")])  # fmt: skip
    return render_rows(source.say("city.list.no_document"), heads, rows)


def _uncollected(source: Source, _: Mapping[str, str], tasks: pd.DataFrame) -> str:
    joined = enumerated((source.say(f"indicator.{one}") for one in tasks["indicator"]), source.language)
    return f"<p>{escape(source.say('city.task_items', items=joined))}</p>"


def severity_table(source: Source, names: Mapping[str, str], rows: pd.DataFrame) -> str:
    """Issues of every county by severity."""
    severities = code_list("severity")
    counts = rows.groupby("county_code")["severity"].value_counts().unstack(fill_value=0)
    words = [word for word in severities.words if word in counts]
    heads = [_first(source), *(Head(severities.label(word, source.language), True) for word in words), Head(source.say("city.issues_all"), True)]  # fmt: skip
    found = []
    for code, name in names.items():
        mine = [int(counts[word].get(code, 0)) for word in words]
        found.append([Cell(name), *(Cell(str(n)) for n in mine), Cell(str(sum(mine)), "strong")])
    return render_rows(
        source.say("city.issue_table", division=source.label("division")),
        heads,
        found,
        [source.say("issues.severity_note")],
    )


def department_table(source: Source, rows: pd.DataFrame) -> str:
    """Issues of all counties by the department that leads, most first."""
    departments, severities = code_list("department"), code_list("severity")
    counts = rows.groupby("department")["severity"].value_counts().unstack(fill_value=0)
    words = [word for word in severities.words if word in counts]
    counties = rows.groupby("department")["county_code"].nunique()
    total = counts.sum(axis=1).sort_values(ascending=False, kind="stable")
    heads = [
        Head(source.say("column.department")), *(Head(severities.label(w, source.language), True) for w in words),
        Head(source.say("city.issues_all"), True), Head(source.say("city.issue_reach", division=source.label("division")), True),
    ]  # fmt: skip
    found = [
        [Cell(departments.label(str(one), source.language)), *(Cell(str(int(counts.loc[one, w]))) for w in words),
         Cell(str(int(total[one])), "strong"), Cell(str(int(counties[one])))]
        for one in total.index
    ]  # fmt: skip
    return render_rows(source.say("city.issue_departments"), heads, found)
