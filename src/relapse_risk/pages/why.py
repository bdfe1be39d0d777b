"""Why a printed number is what it is: its definition, counts, unknowns, parameters with source, tables and deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from relapse_risk.assessment import INDICATORS, LEAST, TABLES, FactColumn, Facts
from relapse_risk.derive import household_frame
from relapse_risk.errors import RelapseRiskError, unknown
from relapse_risk.languages import labels_by_code
from relapse_risk.measures import CITY, FactTable, Indicator
from relapse_risk.months import month_end
from relapse_risk.pages.computed_from import parameters_in, parameters_of, tables_in
from relapse_risk.pages.documents_cited import titled
from relapse_risk.pages.format import NOT_COMPUTED, WITHHELD, format_date, format_interval, format_value, is_null
from relapse_risk.pages.html_tables import column_label, hidden_gaps
from relapse_risk.pages.not_collected import named_needs
from relapse_risk.parameters import Parameters, Place
from relapse_risk.register import Register
from relapse_risk.schema import table, tables
from relapse_risk.text import Language, bilingual, has_text, said
from relapse_risk.text.by_language import enumerated, month_in_words

__all__ = ["Why", "why"]

MOST_ROWS = 30


@dataclass(frozen=True, slots=True)
class Why:
    """What stands behind a printed number, line by line.

    Attributes
    ----------
    name, county, month, language : str
    value : float or None
        As published; None where it was withheld or not collected.
    lines : tuple of str
        Title, definition, interval, counts, unanswered data, limit, parameters, tables, deliveries.
    parameters : tuple of dict
        name, value, unit, start, source, confidence of each dated value it rests on.
    tables : tuple of str
        Tables of the register it was computed from.
    deliveries : tuple of dict
        source, table_name, snapshot_month, received_on, rows.
    """

    name: str
    county: str
    month: str
    language: str
    value: float | None
    lines: tuple[str, ...]
    parameters: tuple[dict[str, Any], ...]
    tables: tuple[str, ...]
    deliveries: tuple[dict[str, Any], ...]

    def summary(self) -> str:
        """The lines, one below the other."""
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class _Asked:
    register: Register
    facts: Facts
    county: str
    parameters: Parameters
    place: Place
    language: Language

    def say(self, key: str, /, **values: object) -> str:
        return said(key, self.language, self.place, **values)

    @property
    def month(self) -> str:
        return str(self.facts.manifest["month"])

    @property
    def county_name(self) -> str:
        if self.county == CITY:
            return self.place.label.in_language(self.language)
        return labels_by_code(self.facts.manifest["counties"])[self.county][self.language]

    @property
    def currency(self) -> str:
        return self.place.currency.in_language(self.language)

    def column(self, table: str, column: FactColumn) -> str:
        return column_label(column, self.language, self.currency, table, self.place)

    def written(self, value: object, unit: str) -> str:
        return format_value(value, FactColumn("value", unit), self.language)  # type: ignore[arg-type]


def why(
    register: Register, facts: Facts, county: str, name: str, parameters: Parameters, place: Place, language: Language
) -> Why:
    """Everything that is known of a number printed for a county.

    Parameters
    ----------
    register, facts
        The register and the facts that were computed from it: values are those published, withheld ones stay withheld.
    county : str
        Code, or ``city`` for all counties together.
    name : str
        An indicator (``below_line``), or a column of a fact table (``income_by_town.mean_income``).
    parameters, place
    language : {"zh", "en"}

    Raises
    ------
    RelapseRiskError
        For an unknown county, indicator, table or column, naming the nearest.
    """
    codes = [*(str(code) for code, _, _ in facts.manifest["counties"]), CITY]
    if county not in codes:
        raise unknown("county", county, codes, "why", RelapseRiskError)
    asked = _Asked(register, facts, county, parameters, place, language)
    items = {item.name: item for item in INDICATORS}
    spec_name, dot, column = name.partition(".")
    if dot or (name not in items and name in {spec.name for spec in TABLES}):
        return _of_table(asked, spec_name, column)
    if name not in items:
        raise unknown("indicator", name, [*items, *(spec.name for spec in TABLES)], "why", RelapseRiskError)
    return _of_indicator(asked, items[name])


def _of_indicator(asked: _Asked, item: Indicator) -> Why:
    rows = asked.facts.table("indicator", asked.county).set_index("indicator")
    row = rows.loc[item.name]
    withheld = bool(row["withheld"])
    shown = WITHHELD if withheld and is_null(row["value"]) else _value(asked, item, row, "value")
    lines = [
        *_nature(asked),
        asked.say("why.title", county=asked.county_name, month=month_in_words(asked.month, asked.language),
                  name=asked.say(f"indicator.{item.name}"), value=shown),
        asked.say("why.definition", words=asked.say(f"definition.{item.name}")),
    ]  # fmt: skip
    if row["verdict"] == "not_collected":
        lines.append(asked.say("why.not_collected", reason=named_needs(asked, [str(row["reason"] or "")]) or "–"))
    elif withheld:
        lines.append(asked.say("why.withheld"))
    else:
        lines += _counted(asked, item, row)
        lines.append(_unanswered(asked, item.needs))
    used = _dated(asked, parameters_of(item, asked.parameters, asked.place))
    lines += _before(asked, item, row)
    lines.append(_limit(asked, item, row))
    return _finished(
        asked,
        item.name,
        None if is_null(row["value"]) else float(row["value"]),
        lines,
        used,
        item.needs,
        item.compute,
        item.limit,
    )


def _value(asked: _Asked, item: Indicator, row: pd.Series, column: str) -> str:
    """A value with its unit; a lower bound as such."""
    if is_null(row[column]):
        return NOT_COMPUTED
    shown = asked.written(row[column], item.unit)
    if row["sampled"] == LEAST:
        shown = f"≥{shown}"
    if item.unit in ("money", "days"):
        shown = asked.say(f"why.value_{item.unit}", value=shown, currency=asked.currency)
    return shown


def _before(asked: _Asked, item: Indicator, row: pd.Series) -> Iterator[str]:
    """The value of the period before, and by the line of this one where the line has changed."""
    if is_null(row["previous"]) or is_null(row["previous_period"]):
        return
    words = {
        "period": month_in_words(row["previous_period"], asked.language),
        "value": _value(asked, item, row, "previous"),
    }
    if is_null(row["previous_held"]):
        yield asked.say("why.previous", **words)
    else:
        yield asked.say("why.previous_held", **words, held=_value(asked, item, row, "previous_held"))


def _nature(asked: _Asked) -> Iterator[str]:
    """That no household is real, where none is."""
    if asked.facts.manifest.get("synthetic"):
        yield asked.place.note_on_data(True).in_language(asked.language)


def _counted(asked: _Asked, item: Indicator, row: pd.Series) -> Iterator[str]:
    if row["sampled"] == LEAST:
        yield asked.say("why.least", what=named_needs(asked, item.adds))
    if interval := format_interval(row["low"], row["high"], item.unit, asked.language):
        kind = str(row["sampled"]) or "unknown"
        yield asked.say("why.interval", interval=interval, kind=asked.say(f"why.kind_{kind}"))
    unit = "money" if item.unit in ("money", "money_wan") else "number"
    if is_null(row["denominator"]):
        return
    numerator, denominator = asked.written(row["numerator"], unit), asked.written(row["denominator"], "number")
    if row["weighted"]:
        yield asked.say("why.rests_on", n=asked.written(row["n"], "number"))
    elif is_null(row["numerator"]) or item.city in ("pooled", "total"):
        yield asked.say("why.rests_on", n=denominator)
    elif row["sampled"] == "survey":
        yield asked.say("why.weighted", cases=numerator, n=denominator)
    else:
        yield asked.say("why.counts", numerator=numerator, denominator=denominator)


def _unanswered(asked: _Asked, needs: tuple[str, ...]) -> str:
    """How many cells of what it reads are blank, a few as so many; a blank may be no answer, or nothing to answer."""
    found, few = [], int(asked.parameters.on("small_cell", month_end(asked.month)).value)
    for need in dict.fromkeys(one.partition("=")[0] for one in needs):
        name, _, column = need.partition(".")
        blank, of = _blanks(asked, name, column)
        if blank:
            label = table(name).column(column).label[asked.language] if column else table(name).label[asked.language]
            number = f"{blank:,}" if blank >= few else asked.say("why.few", few=few)
            found.append(asked.say("why.blank", label=label, number=number, of=f"{of:,}"))
    return asked.say("why.unknown", items=enumerated(found, asked.language)) if found else asked.say("why.no_unknown")


def _blanks(asked: _Asked, name: str, column: str) -> tuple[int, int]:
    county = None if asked.county == CITY else asked.county
    if name == "income" and not column:
        frame = household_frame(asked.register, asked.month, county, parameters=asked.parameters, place=asked.place)
        return int(frame["income_pc_year"].isna().sum()), len(frame)
    if name not in tables() or not column or not asked.register.has(name):
        return 0, 0
    rows = asked.register.read(name, asked.month if table(name).is_snapshot else None, county, columns=[column])
    return int(rows[column].isna().sum()), len(rows)


def _limit(asked: _Asked, item: Indicator, row: pd.Series) -> str:
    if is_null(row["limit"]):
        return asked.say("why.no_limit")
    dated = next(one for one in asked.facts.manifest["parameters"] if one["name"] == item.limit)
    return asked.say(
        f"why.limit_{item.direction}", value=asked.written(row["limit"], item.unit), verdict=asked.say(f"value.verdict.{row['verdict']}"),
        start=format_date(str(dated["start"]), asked.language), confidence=asked.say(f"value.confidence.{row['limit_confidence']}"),
        source=bilingual(str(row["limit_source"]), asked.language),
    )  # fmt: skip


def _dated(asked: _Asked, names: list[str]) -> list[dict[str, Any]]:
    return [dict(one) for one in asked.facts.manifest["parameters"] if one["name"] in names]


def _of_table(asked: _Asked, name: str, column: str) -> Why:
    specs = {spec.name: spec for spec in TABLES if not spec.restricted}
    if name not in specs:
        raise unknown("table", name, specs, "why", RelapseRiskError)
    spec = specs[name]
    shown = [one.name for one in spec.columns if not one.hidden and not one.is_key]
    if column not in shown:
        raise unknown("column", column, shown, f"why: {name}", RelapseRiskError)
    chosen = next(one for one in spec.columns if one.name == column)
    title = asked.say(f"exhibit.{name}.title")
    frame = asked.facts.table(name, asked.county)
    month = month_in_words(asked.month, asked.language)
    head = asked.column(name, chosen)
    lines = [*_nature(asked), asked.say("why.rows", county=asked.county_name, month=month, title=title, column=head)]
    rows = list(_rows(asked, spec, chosen, frame))
    lines += rows or [
        asked.say("why.by_county_only" if asked.county == CITY and spec.city == "none" else "why.no_rows")
    ]
    if chosen.of and set(chosen.of) <= {one.name for one in spec.columns if not one.hidden}:
        by_name = {one.name: one for one in spec.columns}
        words = " ÷ ".join(asked.column(name, by_name[side]) for side in chosen.of)
        lines.append(asked.say("why.definition", words=words))
    lines.append(_unanswered(asked, spec.needs))
    names = parameters_in(spec.compute, asked.parameters, asked.place)
    return _finished(asked, f"{name}.{column}", None, lines, _dated(asked, names), spec.needs, spec.compute)


def _rows(asked: _Asked, spec: FactTable, column: FactColumn, frame: pd.DataFrame) -> Iterator[str]:
    """Every row by its keys; a gap is marked as withheld only where it is."""
    if column.name not in frame:
        return
    keys = [one for one in spec.columns if one.is_key and one.name in frame]
    hidden = hidden_gaps(frame, column)
    for row, gone in list(zip(frame.to_dict("records"), hidden, strict=True))[:MOST_ROWS]:
        words = [format_value(row[one.name], one, asked.language) for one in keys]
        value = format_value(row[column.name], column, asked.language)
        if is_null(row[column.name]):
            value = WITHHELD if gone else NOT_COMPUTED
        yield f"  {' · '.join(words)}: {value}"


def _finished(
    asked: _Asked, name: str, value: float | None, lines: list[str], used: list[dict[str, Any]], needs: tuple[str, ...],
    compute: Callable[..., Any], limit: str = "",
) -> Why:  # fmt: skip
    lines += [
        asked.say(
            "why.parameter", label=asked.parameters.parameter(one["name"]).label.in_language(asked.language),
            value=f"{one['value']:,g}", unit=_unit(asked, one["unit"]), start=format_date(str(one["start"]), asked.language),
            confidence=asked.say(f"value.confidence.{one['confidence']}"), source=bilingual(str(one["source"]), asked.language),
        )
        for one in used
        if one["name"] != limit
    ]  # fmt: skip
    judged = [one["source"] for one in asked.facts.manifest["parameters"] if limit and one["name"] == limit]
    lines += [
        asked.say("why.document", name=one, title=asked.say(f"source.{one}"))
        for one in titled([*judged, *(one["source"] for one in used)])
    ]
    needed = [name for need in needs if (name := need.partition(".")[0].partition(":")[0]) in tables()]
    read = tuple(dict.fromkeys([*needed, *tables_in(compute)]))
    if read:
        lines.append(
            asked.say(
                "why.tables", tables=enumerated([table(one).label[asked.language] for one in read], asked.language)
            )
        )
    if any(need.startswith("scores.") for need in needs):
        lines.append(asked.say("why.from_scores"))
    came = _deliveries(asked, read)
    none = [asked.say("why.no_delivery")] if read else []
    lines += [
        asked.say(
            "why.delivery", source=one["source"], table=table(one["table_name"]).label[asked.language], month=one["snapshot_month"],
            received=format_date(one["received_on"], asked.language), rows=f"{one['rows']:,}",
        )
        for one in came
    ] or none  # fmt: skip
    return Why(name, asked.county, asked.month, asked.language, value, tuple(lines), tuple(used), read, came)


def _unit(asked: _Asked, unit: str) -> str:
    key = f"unit.{unit}"
    return asked.say(key) if has_text(key) else unit


def _deliveries(asked: _Asked, read: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    if not asked.register.has("delivery"):
        return ()
    rows = asked.register.read_all("delivery")
    rows = rows[rows["table_name"].isin(read) & (rows["snapshot_month"] <= asked.month)]
    if asked.county != CITY:
        rows = rows[rows["county_code"] == asked.county]
    found = rows.groupby(["source", "table_name", "snapshot_month", "received_on"], as_index=False)["rows"].sum()
    return tuple(
        {**one, "received_on": pd.Timestamp(one["received_on"]).date().isoformat(), "rows": int(one["rows"])}
        for one in found.to_dict("records")
    )
