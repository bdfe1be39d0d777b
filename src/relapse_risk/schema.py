"""Tables, columns, units, codes and labels of the register, and the one check a frame passes on its way in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa
import yaml

from relapse_risk.errors import SchemaError, unknown
from relapse_risk.languages import Label

__all__ = [
    "LONGEST_KEY",
    "PROTECTED_TRAITS",
    "SCHEMA_VERSION",
    "Code",
    "CodeList",
    "Column",
    "Table",
    "arrow_schema",
    "check_table",
    "code_list",
    "code_lists",
    "derived_columns",
    "derived_frames",
    "empty_table",
    "own_tables",
    "table",
    "tables",
    "to_arrow",
    "to_pandas",
]

SCHEMA_VERSION = 1
YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # seven times as fast where libyaml is
# Traits that no score may read, whoever collects them and under whichever of these names.
PROTECTED_TRAITS = ("sex", "head_sex", "n_female", "ethnicity", "minority", "religion")
TYPES = ("str", "int", "float", "bool", "date", "code")
_ARROW = {
    "str": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "code": pa.dictionary(pa.int32(), pa.string()),
}
# One pandas type per schema type, so that every public boundary looks the same.
LONGEST_KEY = 64  # characters of a key: it stands in names of files
_UNSAFE = re.compile(r"[/\\\x00-\x1f]|^\.")
_PANDAS = {
    "str": "str",
    "int": "Int64",
    "float": "float64",
    "bool": "boolean",
    "date": "datetime64[s]",
    "code": "str",
}


@dataclass(frozen=True, slots=True)
class Code:
    """One value of a code list: its word (code and disk), number (import and export) and label."""

    word: str
    number: int | str
    label: Label


@dataclass(frozen=True, slots=True)
class CodeList:
    """A code list with the source and confidence of its numbering."""

    name: str
    source: str
    confidence: str
    codes: tuple[Code, ...]

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(code.word for code in self.codes)

    def label(self, word: str, language: str) -> str:
        """The label of ``word`` in ``language``."""
        return self.of(word)[language]

    def of(self, word: str) -> Label:
        """The label of ``word``."""
        for code in self.codes:
            if code.word == word:
                return code.label
        raise unknown("code word", word, self.words, f"code list {self.name}", SchemaError)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: type (``str int float bool date code``), label, unit, code list, table it refers to."""

    name: str
    type: str
    label: Label
    unit: str = ""
    codes: str = ""
    refers_to: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: label, key, columns, and the column that places a row in a county (``None``: city-wide)."""

    name: str
    label: Label
    key: tuple[str, ...]
    county_from: str | None
    restricted: bool
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def is_snapshot(self) -> bool:
        """Whether the table is kept once per month (its key holds ``snapshot_month``)."""
        return "snapshot_month" in self.key

    def column(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise unknown("column", name, self.names, f"table {self.name}", SchemaError, "see dictionary/tables.yaml")


def _read_dictionary(file: str) -> dict[str, Any]:
    text = files("relapse_risk").joinpath("dictionary", file).read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.load(text, Loader=YAML)  # noqa: S506 - a SafeLoader
    return content


_Spec = TypeVar("_Spec", Code, Column)


def _labelled(kind: type[_Spec], entry: Mapping[str, Any]) -> _Spec:
    """A code or column as the dictionary writes it: the languages of its label beside its other fields."""
    languages = set(Label.model_fields)
    label = Label(**{key: value for key, value in entry.items() if key in languages})
    return kind(label=label, **{key: value for key, value in entry.items() if key not in languages})


@cache
def code_lists() -> Mapping[str, CodeList]:
    """Every code list by name.

    Examples
    --------
    >>> code_lists()["dwelling_grade"].words
    ('A', 'B', 'C', 'D')
    """
    return MappingProxyType(
        {
            name: CodeList(name, spec["source"], spec["confidence"], tuple(_labelled(Code, v) for v in spec["values"]))
            for name, spec in _read_dictionary("codes.yaml").items()
        }
    )


def code_list(name: str) -> CodeList:
    """The code list ``name``; :class:`SchemaError` names the nearest one when it does not exist."""
    if name not in code_lists():
        raise unknown("code list", name, code_lists(), "dictionary/codes.yaml", SchemaError)
    return code_lists()[name]


@cache
def tables() -> Mapping[str, Table]:
    """Every table that is sent to a register, by name.

    Examples
    --------
    >>> tables()["income"].key
    ('household_id', 'period_end')
    """
    return _declared("tables.yaml")


@cache
def own_tables() -> Mapping[str, Table]:
    """The tables a register writes about itself, by name: deliveries, and what was carried from an earlier month.

    Examples
    --------
    >>> list(own_tables())
    ['delivery', 'carried']
    """
    return _declared("own_tables.yaml")


def _declared(file: str) -> Mapping[str, Table]:
    return MappingProxyType(
        {
            name: Table(
                name=name,
                label=Label(**spec["label"]),
                key=tuple(spec["key"]),
                county_from=spec["county_from"],
                restricted=spec.get("restricted", False),
                columns=tuple(_labelled(Column, column) for column in spec["columns"]),
            )
            for name, spec in _read_dictionary(file).items()
        }
    )


def table(name: str) -> Table:
    """The table ``name``, sent or the register's own; :class:`SchemaError` names the nearest one when there is none."""
    if name in tables():
        return tables()[name]
    if name not in own_tables():
        raise unknown("table", name, tables(), "dictionary/tables.yaml", SchemaError)
    return own_tables()[name]


@cache
def derived_frames() -> Mapping[str, Table]:
    """Every frame that is computed from the tables, with the columns it has: the household frame and its history.

    Examples
    --------
    >>> derived_frames()["household_frame"].column("rigid_burden").unit
    'ratio'
    """
    return MappingProxyType({name: _derived(name, spec) for name, spec in _read_dictionary("derived.yaml").items()})


def _derived(name: str, spec: Mapping[str, Any]) -> Table:
    repeated = [
        table(of).column(column)
        for of, columns in spec.get("repeats", {}).items()
        for column in (table(of).names if columns == "all" else columns)
    ]
    own = [_labelled(Column, column) for column in spec["columns"]]
    return Table(name, Label(**spec["label"]), tuple(spec["key"]), None, False, (*repeated, *own))


@cache
def derived_columns(unit: str) -> tuple[Column, ...]:
    """Columns that code adds to the rows of ``unit`` on the way up; none for a table nothing is added to.

    Examples
    --------
    >>> [column.name for column in derived_columns("person")]
    ['age', 'is_labour']
    """
    frames = [spec for spec in _read_dictionary("derived.yaml").values() if spec.get("unit") == unit]
    return tuple(_labelled(Column, column) for spec in frames for column in spec["columns"])


def arrow_schema(name: str) -> pa.Schema:
    """The Arrow schema that table ``name`` has on disk."""
    return pa.schema([pa.field(c.name, _ARROW[c.type]) for c in table(name).columns])


def empty_table(name: str) -> pd.DataFrame:
    """A frame of table ``name`` with no rows and the right types."""
    return pd.DataFrame({c.name: pd.Series(dtype=_PANDAS[c.type]) for c in table(name).columns})


def check_table(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Check ``frame`` against table ``name`` and return it with the declared columns, order and types.

    Missing columns are added as null (not collected); unknown columns, wrong types, unknown code words,
    null or repeated keys are errors.  The first fault is raised: for a table of every fault see
    :mod:`relapse_risk.register.quality`.

    Parameters
    ----------
    frame : DataFrame
        Rows of the table; code columns hold words.
    name : str
        Table name.

    Returns
    -------
    DataFrame
        A new frame; the input is not changed.

    Raises
    ------
    SchemaError
        Naming table, column, row and value.

    Examples
    --------
    >>> check_table(pd.DataFrame({"village_code": ["371425001001"]}), "village").shape[1] > 1
    True
    """
    spec = table(name)
    for column in frame.columns:
        if column not in spec.names:
            fix = "remove it or add it to dictionary/tables.yaml"
            raise unknown("column", column, spec.names, f"table {name}", SchemaError, fix)
    checked = pd.DataFrame(
        {c.name: _typed(frame.get(c.name), c, name, frame.index) for c in spec.columns}, index=frame.index
    ).reset_index(drop=True)
    _check_key(checked, spec)
    _check_names_files(checked, spec)
    return checked


def names_a_file(key: str) -> bool:
    """Whether a key can stand in the name of a file, as counties and households do.

    Examples
    --------
    >>> names_a_file("371425"), names_a_file("../x"), names_a_file(".hidden"), names_a_file("H" * 200)
    (True, False, False, False)
    """
    return not _UNSAFE.search(key) and len(key) <= LONGEST_KEY


def _check_names_files(checked: pd.DataFrame, spec: Table) -> None:
    for column in spec.columns:
        if column.type == "str" and (column.name in spec.key or column.refers_to):
            values = checked[column.name]
            wrong = values.str.contains(_UNSAFE.pattern, regex=True).fillna(False) | (
                values.str.len() > LONGEST_KEY
            ).fillna(False)
            if wrong.any():
                row = int(wrong.to_numpy(dtype=bool).argmax())
                raise SchemaError(
                    "a key that cannot name a file", where=f"table {spec.name}, column {column.name}, row {row}",
                    got=str(values.iloc[row])[:LONGEST_KEY], expected=f"no slash, no leading dot, at most {LONGEST_KEY} characters",
                    fix="write the key without these characters",
                )  # fmt: skip


def _typed(values: pd.Series | None, column: Column, table_name: str, index: pd.Index) -> pd.Series:
    wanted = _PANDAS[column.type]
    if values is None:
        return pd.Series(index=index, dtype=wanted)
    where = f"table {table_name}, column {column.name}"
    try:
        typed = pd.to_datetime(values).astype(wanted) if column.type == "date" else values.astype(wanted)
    except (TypeError, ValueError) as error:
        raise SchemaError(f"not a {column.type}: {error}", where=where) from error
    if column.type == "float" and typed.isin([float("inf"), float("-inf")]).any():
        raise SchemaError("infinite value", where=where, fix="write an empty value for unknown")
    if column.type == "code":
        _check_words(typed, column, where)
    return typed


def _check_words(values: pd.Series, column: Column, where: str) -> None:
    words = code_list(column.codes).words
    wrong = values.notna() & ~values.isin(words)
    if wrong.any():
        raise SchemaError(
            f"unknown code word in row {int(wrong.to_numpy().argmax())}",
            where=where,
            got=values[wrong].iloc[0],
            expected=" | ".join(words),
        )


def _check_key(frame: pd.DataFrame, spec: Table) -> None:
    key = list(spec.key)
    null = frame[key].isna().any(axis=1)
    if null.any():
        raise SchemaError("empty key", where=f"table {spec.name}, row {int(null.to_numpy().argmax())}", expected=key)
    twice = frame.duplicated(key)
    if twice.any():
        row = int(twice.to_numpy().argmax())
        raise SchemaError(
            "the same key twice",
            where=f"table {spec.name}, row {row}",
            got=tuple(frame.loc[row, key]),
            fix="keep one of the rows",
        )


def to_arrow(frame: pd.DataFrame, name: str) -> pa.Table:
    """``frame`` (already checked) as an Arrow table with the schema on disk; NaN and NaT become null."""
    return pa.Table.from_pandas(frame, schema=arrow_schema(name), preserve_index=False).replace_schema_metadata(None)


def to_pandas(data: pa.Table, name: str) -> pd.DataFrame:
    """An Arrow table of table ``name`` (any subset of its columns) as a frame with the public pandas types."""
    frame = data.to_pandas(date_as_object=False, strings_to_categorical=False, integer_object_nulls=True)
    spec = {c.name: c for c in table(name).columns}
    return frame.astype({n: _PANDAS[spec[n].type] for n in frame.columns if n in spec})
