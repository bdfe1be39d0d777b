"""Tables and charts of the bulletin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape

import pandas as pd

from relapse_risk.assessment import CITY, FactColumn
from relapse_risk.charts import Area, Series, columns, figure, steps
from relapse_risk.pages.block import Source
from relapse_risk.pages.city_tables import several
from relapse_risk.pages.format import NOT_COMPUTED, WITHHELD, capitalised, format_apart, is_null
from relapse_risk.pages.html_tables import Cell, Head, render_rows
from relapse_risk.pages.indicator_verdicts import value_text
from relapse_risk.pages.issue_words import check_words, day_words, till
from relapse_risk.pages.place_map import PlaceMap
from relapse_risk.schema import code_list
from relapse_risk.text import bilingual

__all__ = [
    "age_chart", "age_table", "closed_table", "county_map", "department_table", "issue_table", "moves_chart",
    "opened_table",
    "recurring_table",
]  # fmt: skip

OLD_DAYS = 30
MANY = "many"  # a class of the style sheet: scrolled on a narrow page rather than squeezed
SIGNS = {"before": 1, "opened": 1, "failed_again": 1, "closed": -1, "now": 1}
COUNTS = ("open", "overdue", "soon", "passed", "closed")


def _head(source: Source, key: str, right: bool = False) -> Head:
    return Head(source.say(f"bulletin.{key}"), right)


def _where(source: Source, names: Mapping[str, str], row: pd.Series) -> list[Cell]:
    """The county, in a bulletin of all together."""
    return [Cell(names[str(row["county_code"])])] if source.county == CITY else []


def _county_head(source: Source) -> list[Head]:
    return [Head(capitalised(source.label("division")))] if source.county == CITY else []


def _issue(source: Source, row: pd.Series) -> Cell:
    return Cell(check_words(str(row["check"]), str(row["label"]), source.language), "", str(row["issue_id"]))


def issue_table(
    source: Source, names: Mapping[str, str], states: pd.DataFrame, caption: str, day: date, notes: Sequence[str] = ()
) -> str:  # fmt: skip
    """Issues one by one: what, value against limit, severity, who leads, by when, state."""
    departments, severities = code_list("department"), code_list("severity")
    heads = [
        _head(source, "issue"), *_county_head(source), _head(source, "value", True), _head(source, "severity"),
        _head(source, "owner"), _head(source, "due"), _head(source, "state"),
    ]  # fmt: skip
    rows = []
    for _, row in states.iterrows():
        rows.append(
            [
                _issue(source, row), *_where(source, names, row), Cell(_value(source, row), "", _now(source, row)),
                Cell(severities.label(row["severity"], source.language)),
                Cell(departments.label(row["department"], source.language)),
                Cell(day_words(row["due_on"], source.language), "short strong" if row["overdue"] else "short", till(row["due_on"], day, source.language)),
                Cell(source.say(f"bulletin.state.{row['state']}")),
            ]
        )  # fmt: skip
    return render_rows(caption, heads, rows, notes, kind=MANY)


def _value(source: Source, row: pd.Series) -> str:
    """Value and limit when the issue was opened; an indicator without a value was withheld."""
    if not row["unit"]:
        return NOT_COMPUTED
    unit = FactColumn("value", str(row["unit"]))  # type: ignore[arg-type]
    value, limit = format_apart(row["value"], row["limit"], unit, source.language)
    if is_null(row["value"]) and str(row["check"]).startswith("indicator:"):
        value = WITHHELD
    return value if is_null(row["limit"]) else f"{value} / {limit}"


def _now(source: Source, row: pd.Series) -> str:
    """The indicator's value in the facts beside the ledger, where the issue is older than they are."""
    family, _, name = str(row["check"]).partition(":")
    if family != "indicator" or row["since"] >= source.facts.manifest["data_date"]:
        return ""
    rows = source.rows("indicator", str(row["county_code"]))
    mine = rows[rows["indicator"] == name]
    return source.say("bulletin.now_value", value=value_text(source, mine.iloc[0])) if len(mine) else ""


def opened_table(source: Source, names: Mapping[str, str], states: pd.DataFrame) -> str:
    """What was opened in all counties together, one row per check with the counties it fails in."""
    departments = code_list("department")
    heads = [
        _head(source, "issue"), Head(capitalised(source.label("division"))), _head(source, "count", True), _head(source, "owner"),
        _head(source, "due"),
    ]  # fmt: skip
    rows = []
    for _, mine in states.groupby(["check", "label"], sort=False):
        first, found = mine.iloc[0], [names[code] for code in mine["county_code"]]
        rows.append(
            [
                Cell(check_words(str(first["check"]), str(first["label"]), source.language)),
                Cell(several(source, found, len(names) - 1)), Cell(str(len(found)), "strong"),
                Cell(departments.label(first["department"], source.language)), Cell(day_words(mine["due_on"].min(), source.language), "short"),
            ]
        )  # fmt: skip
    return render_rows(source.say("bulletin.new_table"), heads, rows, kind=MANY)


def moves_chart(source: Source, moves: Mapping[str, int]) -> str:
    """From the open issues before to those now, step by step."""
    labels = [source.say(f"bulletin.step.{step}") for step in SIGNS]
    levels: list[float] = [sign * moves[step] for step, sign in SIGNS.items()]
    inner = {"opened": "+", "failed_again": "+", "closed": "−"}
    shown = [f"{inner.get(step, '') if moves[step] else ''}{moves[step]:,}" for step in SIGNS]
    same = moves["before"] == moves["now"]
    title = source.say("bulletin.moves_same" if same else "bulletin.moves_finding", before=moves["before"], now=moves["now"])  # fmt: skip
    if not any(moves.values()):
        return ""
    described = "; ".join(f"{label}: {word}" for label, word in zip(labels, shown, strict=True))
    drawing = figure(lambda width: steps(labels, levels, shown, width), title, source.say("chart.desc", rows=described), "f-moves")  # fmt: skip
    return _figure(title, source.say("bulletin.moves_below"), drawing)


def _figure(title: str, below: str, drawing: str) -> str:
    return f'<figure class="chart"><figcaption>{escape(title)}<small>{escape(below)}</small></figcaption>{drawing}</figure>'


def age_chart(source: Source, states: pd.DataFrame, table: pd.DataFrame) -> str:
    """Open issues by age; those past a month marked."""
    days = states.loc[states["open"].astype(bool), "days"].astype(int)
    title = source.say("bulletin.age_finding", days=int(days.max()), old=int((days > OLD_DAYS).sum()))
    shown = [str(int(n)) for n in table["issues"]]
    series = [Series(source.say("bulletin.open"), [float(n) for n in table["issues"]], shown)]
    described = "; ".join(f"{band}: {n}" for band, n in zip(table["age_days"], shown, strict=True))
    drawing = figure(
        lambda width: columns(list(table["age_days"]), series, width, (2, 3, 4)), title,
        source.say("chart.desc", rows=described), "f-ages",
    )  # fmt: skip
    return _figure(title, source.say("bulletin.age_below"), drawing)


def age_table(source: Source, table: pd.DataFrame) -> str:
    """Open issues by age band and severity."""
    severities = code_list("severity")
    words = ("severe", "major", "minor")
    heads = [
        _head(source, "age_days"), *(Head(severities.label(word, source.language), True) for word in words),
        _head(source, "all", True), _head(source, "overdue", True),
    ]  # fmt: skip
    whole = {name: int(table[name].sum()) for name in (*words, "issues", "overdue")}
    rows = [
        [Cell(label), *(Cell(str(int(row[word]))) for word in words), Cell(str(int(row["issues"])), "strong"),
         Cell(str(int(row["overdue"])))]
        for label, row in [
            *((row["age_days"], row) for _, row in table.iterrows()), (source.say("bulletin.all"), whole),
        ]
    ]  # fmt: skip
    return render_rows(source.say("bulletin.age_table"), heads, rows)


def _counts(source: Source, table: pd.DataFrame, first: Head, labels: Mapping[str, str], caption: str) -> str:
    heads = [first, *(_head(source, name, True) for name in COUNTS), _head(source, "oldest", True)]
    rows = [
        [Cell(labels[str(row.iloc[0])]), *(Cell(str(int(row[name])), "strong" if name == "overdue" and row[name] else "") for name in COUNTS),
         Cell(NOT_COMPUTED if is_null(row["oldest"]) else str(int(row["oldest"])))]
        for _, row in table.iterrows()
    ]  # fmt: skip
    return render_rows(caption, heads, rows)


def department_table(source: Source, table: pd.DataFrame) -> str:
    """Open, overdue, due soon, to close, closed and oldest by department."""
    if table.empty:
        return ""
    departments = code_list("department")
    labels = {word: departments.label(word, source.language) for word in table["department"]}
    return _counts(source, table, _head(source, "owner"), labels, source.say("bulletin.owner_table"))


def county_map(source: Source, chart: PlaceMap, names: Mapping[str, str], table: pd.DataFrame) -> str:
    """Overdue issues on the map, and the same counts by county as by department, in the order of codes."""
    if table.empty:
        return ""
    by_code = table.set_index("county_code")
    overdue = {code: int(by_code["overdue"].get(code, 0)) for code in chart.names}
    areas = {code: Area(name, str(overdue[code]), float(overdue[code])) for code, name in chart.names.items()}
    most = max(overdue, key=lambda code: overdue[code])
    division = source.label("division")
    finding = (
        source.say("bulletin.county_map", name=names[most], count=overdue[most])
        if overdue[most]
        else source.say("bulletin.county_map_none", division=division)
    )
    below = f"{source.say('bulletin.county_map_below')} {chart.note}"
    ordered = by_code.reindex([code for code in names if code in by_code.index]).reset_index()
    rows = _counts(
        source, ordered, Head(capitalised(division)), names, source.say("bulletin.county_table", division=division)
    )
    return chart.html(areas, finding, below, "f-overdue") + rows


def recurring_table(
    source: Source, names: Mapping[str, str], states: pd.DataFrame, notes: Sequence[str] = ()
) -> str:  # fmt: skip
    """Recurring issues."""
    departments = code_list("department")
    heads = [
        _head(source, "issue"), *_county_head(source), _head(source, "times", True), _head(source, "first_on"),
        _head(source, "owner"), _head(source, "state"),
    ]  # fmt: skip
    rows = [
        [_issue(source, row), *_where(source, names, row), Cell(str(int(row["times"])), "strong"),
         Cell(day_words(row["opened_on"], source.language), "short"),
         Cell(departments.label(row["department"], source.language)), Cell(source.say(f"bulletin.state.{row['state']}"))]
        for _, row in states.iterrows()
    ]  # fmt: skip
    return render_rows(source.say("bulletin.recurring_table"), heads, rows, notes, kind=MANY)


def closed_table(
    source: Source, names: Mapping[str, str], states: pd.DataFrame, notes: Sequence[str] = ()
) -> str:  # fmt: skip
    """Closed issues: when, after how long, on what evidence."""
    departments = code_list("department")
    heads = [
        _head(source, "issue"), *_county_head(source), _head(source, "closed_on"), _head(source, "took", True),
        _head(source, "owner"), _head(source, "evidence"),
    ]  # fmt: skip
    rows = [
        [_issue(source, row), *_where(source, names, row), Cell(day_words(row["last_on"], source.language), "short", source.say("bulletin.again") if row["open"] else ""),
         Cell(str(int(row["days"]))), Cell(departments.label(row["department"], source.language)),
         Cell(bilingual(row["evidence"], source.language) or source.say("bulletin.no_evidence"), "" if row["evidence"] else "assumed",
              departments.label(row["last_by"], source.language) if row["last_by"] in departments.words else str(row["last_by"]))]
        for _, row in states.iterrows()
    ]  # fmt: skip
    return render_rows(source.say("bulletin.closed_table"), heads, rows, notes, kind=f"{MANY} closed")
