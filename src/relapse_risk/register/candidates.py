"""Candidates: raw tables turned into rows of the register by a mapping, with every cell that was refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from relapse_risk.errors import SourceError
from relapse_risk.parameters import Place
from relapse_risk.register.cell_readers import (
    Read,
    Refused,
    code_reader,
    date_reader,
    has_decimal_commas,
    key_reader,
    month_reader,
    number_reader,
    read_code_list,
    read_identity_text,
    read_text,
    read_yes_no,
    value_reader,
)
from relapse_risk.register.cell_texts import header_text, plain_text
from relapse_risk.register.conversions import CONVERSIONS
from relapse_risk.register.findings import hidden_identity
from relapse_risk.register.intake import LARGEST
from relapse_risk.register.mapping import ColumnMapping, SourceMapping, TableMapping
from relapse_risk.register.pseudonyms import pseudonyms
from relapse_risk.register.raw_tables import Match, RawTable
from relapse_risk.schema import Column, Table, code_list, table, tables

__all__ = ["Candidate", "RefusedCell", "candidates", "check_counties"]

_MONTH = re.compile(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])")
_AS_IS = ColumnMapping(header=("as it is",))


@dataclass(frozen=True, slots=True)
class RefusedCell:
    """A cell that was not read: row position in the candidate frame, column, rule and the text shown."""

    row: int
    column: str
    rule: str
    shown: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Rows offered to one table of the register.

    Attributes
    ----------
    table : str
    frame : DataFrame
        The columns the source supplies, cells typed or as they came; refused cells are empty.
    origins : ndarray of str
        Sheet, file or query of each row.
    rows : ndarray of int
        Row number there.
    refused : tuple of RefusedCell
    """

    table: str
    frame: pd.DataFrame
    origins: np.ndarray
    rows: np.ndarray
    refused: tuple[RefusedCell, ...]

    def take(self, positions: np.ndarray) -> Candidate:
        """Only the rows at ``positions`` (ascending)."""
        place = {int(old): new for new, old in enumerate(positions)}
        kept = tuple(
            RefusedCell(place[cell.row], cell.column, cell.rule, cell.shown)
            for cell in self.refused
            if cell.row in place
        )
        frame = self.frame.iloc[positions].reset_index(drop=True)
        return Candidate(self.table, frame, self.origins[positions], self.rows[positions], kept)


def candidates(
    raw: Iterable[RawTable], mapping: SourceMapping, key: bytes | None = None, month: str | None = None
) -> dict[str, Candidate]:
    """Rows for each table of the register, read from raw tables and from rows written in the mapping.

    Parameters
    ----------
    raw : iterable of RawTable
    mapping : SourceMapping
    key : bytes, optional
        For pseudonyms; needed if the mapping makes any.
    month : str, optional
        Month of snapshot rows that do not state it.

    Raises
    ------
    SourceError
        If the mapping makes pseudonyms and there is no key, or no month is given for snapshot rows.
    """
    if mapping.needs_key and key is None:
        raise SourceError(f"mapping {mapping.name} makes pseudonyms", where="key", fix="pass the key file (--key)")
    pieces: dict[str, list[Candidate]] = {}
    written = [_written(entry, f"{mapping.name}: rows") for entry in mapping.entries if entry.rows]
    for source in [*written, *raw]:
        pieces.setdefault(source.entry.table, []).append(_piece(source, mapping, key))
    joined = {name: _joined(pieces[name]) for name in tables() if name in pieces}
    return {name: _with_month(_without_empty(found), mapping, month) for name, found in joined.items()}


def _written(entry: TableMapping, where: str) -> RawTable:
    """Rows written in the mapping itself, under the register's column names."""
    names = list(dict.fromkeys(name for row in entry.rows for name in row))
    frame = pd.DataFrame({n: pd.Series([row.get(n) for row in entry.rows], dtype=object) for n in names})
    match = Match({name: (name,) for name in names}, ())
    return RawTable(entry, where, frame, np.arange(1, len(frame) + 1), match)


def _piece(raw: RawTable, mapping: SourceMapping, key: bytes | None) -> Candidate:
    spec = table(raw.entry.table)
    columns: dict[str, pd.Series] = {}
    refused: list[RefusedCell] = []
    bad = {(cell.row, cell.header): cell for cell in raw.bad_cells}
    identity = mapping.identity_headers
    for column in spec.columns:
        given = (raw.entry.columns or {}).get(column.name, _AS_IS)
        headers = raw.match.columns.get(column.name, ())
        if not headers and given.constant is None:
            continue
        cells = [raw.frame[header] for header in headers] or [_constant(given.constant, len(raw.rows))]
        read = _unless_missing(
            (*mapping.missing, *given.missing),
            _reader(column, given, spec, mapping, _comma_doubtful(raw, given, cells)),
        )
        values, out = _read(cells, read, takes_all=bool(given.convert))
        reported = {row for row, header in bad if header in headers}
        private = any(header_text(header) in identity for header in headers)
        refused += [
            RefusedCell(row, column.name, rule, _shown(cells[0].iloc[row], private))
            for row, rule in out
            if row not in reported
        ]
        refused += [
            RefusedCell(cell.row, column.name, cell.rule, _shown(cell.shown, private))
            for (_, header), cell in bad.items()
            if header in headers
        ]
        columns[column.name] = _keyed(_tidy(values, column), given, key)
    frame = pd.DataFrame(columns, index=range(len(raw.rows)))
    origins = np.full(len(raw.rows), raw.name, dtype=object)
    piece = Candidate(spec.name, frame, origins, raw.rows, tuple(refused))
    return piece.take(np.flatnonzero(~frame.duplicated().to_numpy())) if raw.entry.distinct else piece


def _shown(value: Any, private: bool) -> str:
    """The text of a cell in a finding; where it identifies a person, at most the end of a long number."""
    return hidden_identity(plain_text(value)) if private else plain_text(value)


def _unless_missing(missing: Sequence[str], read: Callable[..., Any]) -> Callable[..., Any]:
    """``read``, giving None where a cell is a mark for missing."""
    if not missing:
        return read
    marks = frozenset(map(header_text, missing))
    return lambda *cells: None if any(header_text(plain_text(cell)) in marks for cell in cells) else read(*cells)


def _comma_doubtful(raw: RawTable, given: ColumnMapping, cells: Sequence[pd.Series]) -> bool:
    """Whether 61,500 may be 61.5: nothing is declared, and the file or the column writes decimal commas."""
    if "decimal" in given.model_fields_set:
        return False
    return raw.separator == ";" or any(has_decimal_commas(one) for one in cells if one.dtype == object)


def _constant(value: Any, length: int) -> pd.Series:
    return pd.Series([value] * length, dtype=object)


def _reader(
    column: Column, given: ColumnMapping, spec: Table, mapping: SourceMapping, comma_doubtful: bool
) -> Read:  # fmt: skip
    plain = _number_or_date(column, given, comma_doubtful)
    if given.values:
        return value_reader(given.values) if plain is None else value_reader(given.values, plain)
    if given.convert:
        return CONVERSIONS[given.convert].convert
    numbers = mapping.code_numbers == "ours"
    if column.type == "code":
        return code_reader(code_list(column.codes), numbers=numbers)
    if plain is not None:
        return plain
    if column.type == "bool":
        return read_yes_no
    if column.codes and column.unit == "list":
        return read_code_list(code_reader(code_list(column.codes), numbers=numbers))
    if column.unit == "YYYY-MM":
        return month_reader
    if spec.restricted or given.pseudonym is not None:
        return read_identity_text
    return key_reader(read_text) if column.name in spec.key or column.refers_to else read_text


def _number_or_date(column: Column, given: ColumnMapping, comma_doubtful: bool) -> Read | None:
    """The reader of a column of numbers or dates; here a list of values adds to it and does not replace it."""
    if column.type in ("int", "float"):
        return number_reader(given.unit_factor, given.decimal, comma_doubtful=comma_doubtful)
    return date_reader(given.date_format) if column.type == "date" else None


def _read(
    cells: Sequence[pd.Series], read: Callable[..., Any], *, takes_all: bool
) -> tuple[np.ndarray, list[tuple[int, str]]]:
    """Read each distinct cell once; empty cells stay empty, refused cells become empty and are listed."""
    series = list(cells) if takes_all else [cells[0]]
    codes, distinct = _distinct(series)
    answers = np.empty(len(distinct) + 1, dtype=object)
    answers[:-1] = [None if any(part is None for part in parts) else read(*parts) for parts in distinct]
    answers[-1] = None
    reasons = {i: answer.rule for i, answer in enumerate(answers) if isinstance(answer, Refused)}
    refused = [(int(row), reasons[codes[row]]) for row in np.flatnonzero(np.isin(codes, list(reasons)))]
    for i in reasons:
        answers[i] = None
    return answers[codes], refused


def _distinct(series: Sequence[pd.Series]) -> tuple[np.ndarray, list[tuple[Any, ...]]]:
    """A code per row and the distinct tuples of cells; 1, 1.0 and true are kept apart, missing values are None."""
    seen: dict[tuple[Any, ...], int] = {}
    distinct: list[tuple[Any, ...]] = []
    parts = []
    for one in series:
        typed = one.dtype != object
        codes, values = pd.factorize(one if typed else pd.Series([_identified(v) for v in one], dtype=object))
        plain = [value if typed else value[1] for value in values]
        parts.append((codes, [v.item() if isinstance(v, np.generic) else v for v in plain]))
    if len(parts) == 1:
        codes, values = parts[0]
        return codes, [(value,) for value in values]
    out = np.empty(len(series[0]), dtype=np.int64)
    for row, found in enumerate(zip(*(codes for codes, _ in parts), strict=True)):
        at = seen.setdefault(found, len(distinct))
        if at == len(distinct):
            distinct.append(tuple(None if c < 0 else values[c] for c, (_, values) in zip(found, parts, strict=True)))
        out[row] = at
    return out, distinct


def _identified(value: Any) -> tuple[type, Any] | None:
    """A cell with its type; empty ones (None, NaN, NaT) None."""
    return None if value is None or value != value else (type(value), value)


def _tidy(values: np.ndarray, column: Column) -> pd.Series:
    """The values with the pandas type of their column if all of them fit it, else unchanged."""
    kinds = {type(value) for value in values if value is not None}
    if column.type in ("str", "code"):
        return pd.Series(values, dtype="str" if kinds <= {str} else object)
    if column.type == "bool":
        return pd.Series(values, dtype="boolean" if kinds <= {bool} else object)
    if column.type == "date" and kinds == {date}:
        return pd.Series(pd.to_datetime(values).astype("datetime64[s]"))
    if kinds <= {int, float} and all(v is None or _fits(v, column) for v in values):
        return pd.Series(values).astype("float64" if column.type == "float" else "Int64")
    return pd.Series(values, dtype=object)


def _fits(value: float, column: Column) -> bool:
    """Whether a number can be of the column's type; what is larger than doubles tell apart is left for the type check."""
    return abs(value) <= LARGEST and (column.type == "float" or float(value).is_integer())


def _keyed(values: pd.Series, given: ColumnMapping, key: bytes | None) -> pd.Series:
    if given.suffix:
        values = values.map(lambda value: f"{value}{given.suffix}", na_action="ignore").astype("str")
    if given.pseudonym is None:
        return values
    assert key is not None
    return pseudonyms(key, values.astype("str"), given.pseudonym)


def _joined(pieces: Sequence[Candidate]) -> Candidate:
    if len(pieces) == 1:
        return pieces[0]
    starts = np.cumsum([0, *(len(piece.frame) for piece in pieces)])
    refused = tuple(
        RefusedCell(cell.row + int(start), cell.column, cell.rule, cell.shown)
        for piece, start in zip(pieces, starts, strict=False)
        for cell in piece.refused
    )
    frame = pd.concat([piece.frame for piece in pieces], ignore_index=True)
    order = [name for name in table(pieces[0].table).names if name in frame]
    origins = np.concatenate([piece.origins for piece in pieces])
    rows = np.concatenate([piece.rows for piece in pieces])
    return Candidate(pieces[0].table, frame[order], origins, rows, refused)


def _without_empty(found: Candidate) -> Candidate:
    """A column that is empty in every row was not collected: it does not count as left empty and does not erase old values."""
    asked = {*table(found.table).key, *(cell.column for cell in found.refused)}
    empty = [name for name in found.frame if name not in asked and found.frame[name].isna().all()]
    return replace(found, frame=found.frame.drop(columns=empty))


def _check_said_month(found: Candidate, given: str | None) -> None:
    """Rows of December are not taken in as January: where a month is given, rows that say theirs say the same."""
    said = found.frame["snapshot_month"]
    other = said.notna() & (said != given) & said.map(lambda one: isinstance(one, str) and bool(_MONTH.fullmatch(one)))
    if given is None or not other.any():
        return
    first = int(np.flatnonzero(other.to_numpy(dtype=bool))[0])
    raise SourceError(
        f"{int(other.sum()):,} of {len(said):,} rows say another month than the one given",
        where=f"table {found.table}: {found.origins[first]}, row {found.rows[first]}, column snapshot_month",
        got=str(said.iloc[first]), expected=given,
        fix="give the month the rows say, or leave the month out to take every row in its own",
    )  # fmt: skip


def _with_month(found: Candidate, mapping: SourceMapping, month: str | None) -> Candidate:
    """Snapshot rows without a month get the one given."""
    if not table(found.table).is_snapshot:
        return found
    given = month or mapping.month
    frame = found.frame
    if "snapshot_month" in frame:
        _check_said_month(found, given)
        months = frame["snapshot_month"].fillna(given) if given else frame["snapshot_month"]
    else:
        months = pd.Series(given, index=frame.index, dtype="str")
    if len(months) and months.isna().all():
        raise SourceError(
            "the month of the snapshot is not given", where=f"table {found.table}",
            fix="pass --month 2020-12, or map snapshot_month",
        )  # fmt: skip
    return replace(found, frame=frame.assign(snapshot_month=months))


def check_counties(part: Mapping[str, Candidate], place: Place) -> None:
    """Refuse a source that names a county which is not of the place, where the place names its counties.

    Raises
    ------
    SourceError
        Naming the table, the row and the county.
    """
    own = place.counties
    for name, candidate in part.items() if own else ():
        if table(name).county_from != "county_code" or "county_code" not in candidate.frame:
            continue
        said = candidate.frame["county_code"].astype("str")
        strange = np.flatnonzero((said.notna() & ~said.isin(list(own))).to_numpy(dtype=bool))
        if len(strange):
            raise SourceError(
                f"a county that is not of {place.name} ({len(strange):,} rows)",
                where=f"{candidate.origins[strange[0]]}, row {candidate.rows[strange[0]]}", got=said.iloc[strange[0]],
                expected=f"one of {' | '.join(own)}",
                fix=f"import it into the register of its own place, or add it to places/{place.name}.yaml: counties",
            )  # fmt: skip
