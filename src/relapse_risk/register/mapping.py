"""Mapping files: how the columns of a source become the register's; read from ``params/sources/`` and fully checked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from relapse_risk.errors import SourceError, unknown
from relapse_risk.languages import Label
from relapse_risk.months import check_month
from relapse_risk.parameters import params_dir
from relapse_risk.register.cell_texts import header_text
from relapse_risk.register.conversions import CONVERSIONS
from relapse_risk.schema import Column, Table, code_list, table, tables
from relapse_risk.yaml_reading import check_model, read_yaml, stems

__all__ = ["ColumnMapping", "SourceMapping", "TableMapping", "column_headers", "read_mapping", "sheet_name"]

Cell = str | int | float | bool | None
# Characters not allowed in a sheet name, and its maximum length.
_NO_SHEET_SIGN = str.maketrans({sign: "、" for sign in "[]:*?/\\"})
_SHEET_LENGTH = 31


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _text_keys(value: Any) -> Any:
    """YAML reads 1 and yes as number and boolean; here they are cell contents, so they become text."""
    if not isinstance(value, dict):
        return value
    return {("true" if key is True else "false" if key is False else str(key)): item for key, item in value.items()}


def _marks(value: Any) -> Any:
    """Marks are cell contents, so YAML's numbers become text."""
    given = value if isinstance(value, list) else [value]
    return tuple(f"{one:.0f}" if isinstance(one, float) and one.is_integer() else str(one) for one in given)


Marks = Annotated[tuple[str, ...], BeforeValidator(_marks)]
Names = Annotated[tuple[str, ...], BeforeValidator(_several)]
Prefix = Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,3}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnMapping(_Strict):
    """Where one column of the register comes from.

    Attributes
    ----------
    header : tuple of str
        Headers it may have in the source (the first that is there counts), or, with ``convert``, the headers the
        conversion takes together.
    constant : text, number or boolean
        The same for every row, in place of a header.
    values : mapping
        Given value to register value (code word, number, true, false or null); anything else is refused; in a column
        of numbers or dates it is read as one.
    unit_factor : float
        Factor for numbers (10000 for 万元).
    decimal : {".", ","}
    date_format : tuple of str
        ``strptime`` forms, or ``serial`` for Excel day numbers.
    convert : str
        A named conversion of :mod:`relapse_risk.register.conversions`.
    suffix : str
        Text added to every value, to make keys distinct.
    pseudonym : str
        Prefix of the keyed pseudonym that replaces the value.
    optional : bool
        Whether the header may be missing.
    missing : tuple of str
        Contents of a cell that was not answered (``-``, ``99999``), in addition to ``missing`` of the mapping.
    note : str
        Why definitions that differ are comparable.
    """

    header: Names = ()
    constant: Cell = None
    values: Annotated[dict[str, Cell], BeforeValidator(_text_keys)] = {}
    unit_factor: float = 1.0
    decimal: Literal[".", ","] = "."
    date_format: Names = ()
    convert: str = ""
    suffix: str = ""
    pseudonym: Prefix | None = None
    optional: bool = False
    missing: Marks = ()
    note: str = ""


def _column(value: Any) -> Any:
    return {"header": value} if isinstance(value, (str, list)) else value


Columns = dict[str, Annotated[ColumnMapping, BeforeValidator(_column)]]


class TableMapping(_Strict):
    """One sheet, file or query that fills one table of the register.

    Attributes
    ----------
    table : str
        Table of the register.
    source : tuple of str
        Sheet names (excel), file names or patterns in a folder (csv, parquet, survey), or one query (sql).
    rows : tuple of mapping
        Rows written in the mapping itself, instead of a source.
    columns : mapping of str to ColumnMapping
        Left out: every column of the table under its own name or either label.
    header_row : int
        1-based row or line of the headers (excel, csv).
    fill_merged : bool
        Whether the value of merged data cells applies to every row they cover (excel).
    distinct : bool
        Whether repeated rows are one (a village named by each of its households).
    optional : bool
        Whether the sheet or file may be missing or hold no rows.
    ignore : tuple of str
        Headers known and not needed; others that are not mapped are listed in the report.
    """

    table: str
    source: Names = ()
    rows: tuple[dict[str, Cell], ...] = ()
    columns: Columns | None = None
    header_row: int = Field(default=1, ge=1)
    fill_merged: bool = False
    distinct: bool = False
    optional: bool = False
    ignore: Names = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header this entry may take from its source."""
        return tuple(header for column in (self.columns or {}).values() for header in column.header)


class SourceMapping(_Strict):
    """A mapping file.

    Attributes
    ----------
    kind : {"excel", "csv", "sql", "parquet", "survey"}
        ``survey``: Stata and SPSS files.
    place : str, optional
        Place of a new register; an existing register knows its own.
    month : str, optional
        Month of the snapshot if neither the rows nor the command give it.
    mode : {"merge", "replace"}
        Whether rows are added to their tables (same key: replaced) or replace the whole table.
    code_numbers : {"refuse", "ours"}
        Whether a number in a code column is read with our numbering.
    rules_off : mapping of str to str
        Quality rules that do not fit this source, each with the reason; they are listed as not applied.
    encoding, separator : str, optional
        Of CSV files, where they cannot be detected.
    sender : str
        Department the source is from, where the command does not say it.
    complete : bool
        Whether the source names everybody, where the command does not say it.
    missing : tuple of str
        Contents of a cell that was not answered, in any column.
    ignore : tuple of str
        Sheets known and not needed.
    """

    name: str
    label: Label
    kind: Literal["excel", "csv", "sql", "parquet", "survey"]
    place: str | None = None
    month: str | None = None
    mode: Literal["merge", "replace"] = "merge"
    code_numbers: Literal["refuse", "ours"] = "refuse"
    rules_off: dict[str, str] = {}
    encoding: str | None = None
    separator: str | None = None
    sender: str = ""
    complete: bool = False
    missing: Marks = ()
    ignore: Names = ()
    note: str = ""
    tables: tuple[TableMapping, ...] | Literal["dictionary"]

    @property
    def entries(self) -> tuple[TableMapping, ...]:
        """The table entries; for ``tables: dictionary`` one per table of the register, all optional."""
        if self.tables != "dictionary":
            return self.tables
        return tuple(
            TableMapping(table=name, source=(name, *(sheet_name(spec, lang) for lang in ("zh", "en"))), optional=True)
            for name, spec in tables().items()
        )

    @property
    def identity_headers(self) -> frozenset[str]:
        """Headers of columns with names and identity numbers: no message shows their cells."""
        return frozenset(
            header_text(header)
            for entry in self.entries
            for name, column in (entry.columns or {}).items()
            for header in column.header
            if column.pseudonym
            or (table(entry.table).restricted and name != "person_id")
            or (column.convert and CONVERSIONS[column.convert].of_identity)
        )

    @property
    def needs_key(self) -> bool:
        """Whether any column becomes a pseudonym."""
        return any(c.pseudonym for entry in self.entries for c in (entry.columns or {}).values())


def sheet_name(spec: Table, language: str) -> str:
    """The sheet of table ``spec`` in a template: its label without characters not allowed in a sheet name.

    Examples
    --------
    >>> sheet_name(table("alert"), "zh")
    '主动提醒、预警'
    """
    return spec.label[language].translate(_NO_SHEET_SIGN)[:_SHEET_LENGTH]


def column_headers(column: Column) -> tuple[str, ...]:
    """The headers accepted for a column of the register: its name, both labels, its name with blanks."""
    spaced = column.name.replace("_", " ")  # the English label of workbooks handed out before it was reworded
    names = (column.name, column.label.zh, column.label.en)
    return names if spaced == column.label.en.lower() else (*names, spaced)


def read_mapping(name_or_path: str | Path, folder: str | Path | None = None) -> SourceMapping:
    """Read a mapping file, by path or by its name in ``params/sources/``.

    Parameters
    ----------
    name_or_path : str or Path
    folder : str or Path, optional
        Parameter folder; see :func:`relapse_risk.parameters.params_dir`.

    Raises
    ------
    SourceError
        If there is no such mapping, or it names a table, column, code word or conversion that does not exist; the
        nearest name is suggested.
    ParameterError
        If the file is not valid YAML or lacks a key.

    Examples
    --------
    >>> mapping = read_mapping("template")
    >>> mapping.kind, len(mapping.entries) == len(tables())
    ('excel', True)
    """
    path = Path(name_or_path)
    if path.suffix not in (".yaml", ".yml"):
        sources = params_dir(folder) / "sources"
        known = sorted(file.stem for file in sources.glob("*.yaml"))
        if str(name_or_path) not in known:
            otherwise = "give the path of a mapping file ending in .yaml"
            raise unknown("mapping", name_or_path, known, str(sources), SourceError, otherwise)
        path = sources / f"{name_or_path}.yaml"
    mapping = check_model(SourceMapping, read_yaml(path), path.name)
    _check(mapping, path.name, folder)
    return mapping


def _check(mapping: SourceMapping, file: str, folder: str | Path | None) -> None:
    if mapping.month is not None:
        check_month(mapping.month, f"{file}: month")
    if mapping.sender and mapping.sender not in (departments := code_list("department").words):
        raise unknown("department", mapping.sender, departments, f"{file}: sender", SourceError)
    if mapping.place is not None and mapping.place not in (places := stems(params_dir(folder) / "places")):
        raise unknown("place", mapping.place, places, f"{file}: place", SourceError)
    for position, entry in enumerate(mapping.entries, start=1):
        where = f"{file}: tables, entry {position} ({entry.table})"
        if entry.table not in tables():
            raise unknown("table", entry.table, tuple(tables()), where, SourceError)
        if bool(entry.rows) == bool(entry.source):
            raise SourceError("give either source or rows", where=where, got=list(entry.source) or None)
        _check_columns(mapping, entry, table(entry.table), where)


def _check_columns(mapping: SourceMapping, entry: TableMapping, spec: Table, where: str) -> None:
    named = {name for row in entry.rows for name in row} | set(entry.columns or {})
    for name in sorted(named):
        if name not in spec.names:
            raise unknown("column", name, spec.names, where, SourceError)
    for name, column in (entry.columns or {}).items():
        _check_column(spec.column(name), column, f"{where}, column {name}")
    if entry.columns is None:
        return
    said_elsewhere = {"snapshot_month"} if spec.is_snapshot else set()
    missing = [key for key in spec.key if key not in entry.columns and key not in said_elsewhere]
    if missing:
        raise SourceError(
            "a key column is not mapped", where=where, got=None, expected=" and ".join(missing),
            fix=f"add {missing[0]}: <header> under columns",
        )  # fmt: skip


def _check_column(column: Column, given: ColumnMapping, where: str) -> None:
    if bool(given.header) == (given.constant is not None):
        raise SourceError("give either header or constant", where=where, got=list(given.header) or None)
    if given.convert and given.convert not in CONVERSIONS:
        raise unknown("conversion", given.convert, tuple(CONVERSIONS), where, SourceError)
    if given.convert and len(given.header) != CONVERSIONS[given.convert].takes:
        raise SourceError(
            f"conversion {given.convert} takes {CONVERSIONS[given.convert].takes} headers",
            where=where, got=list(given.header), fix=CONVERSIONS[given.convert].what,
        )  # fmt: skip
    if given.unit_factor != 1 and column.type not in ("int", "float"):
        raise SourceError("unit_factor is for numbers", where=where, got=column.type, fix="remove unit_factor")
    if given.date_format and column.type != "date":
        raise SourceError(
            "date_format is for dates", where=where, got=column.type, fix="remove date_format, or use convert"
        )
    if column.type == "code":
        words = code_list(column.codes).words
        for word in [given.constant, *given.values.values()]:
            if word is not None and str(word) not in words:
                raise unknown("code word", str(word), words, where, SourceError)
