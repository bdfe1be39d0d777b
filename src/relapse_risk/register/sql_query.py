"""SQL over a register: DuckDB, one view per table, no write access and no restricted table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from relapse_risk.errors import RegisterError
from relapse_risk.register.manifest import Manifest, check_content
from relapse_risk.schema import Table, arrow_schema, tables

__all__ = ["run_query"]

MEMORY_LIMIT = "2GB"
_SQL_TYPES = {
    "str": "VARCHAR",
    "code": "VARCHAR",
    "int": "BIGINT",
    "float": "DOUBLE",
    "bool": "BOOLEAN",
    "date": "DATE",
}


def run_query(folder: Path, manifest: Manifest, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
    """The answer to one ``SELECT`` over the tables of the register in ``folder``.

    Parameters
    ----------
    folder : Path
    manifest : Manifest
        Lists the files; nothing else can be read.
    sql : str
    parameters : sequence
        Values for ``?``.

    Raises
    ------
    RegisterError
        If the SQL is wrong, is not a single ``SELECT``, or needs more than the memory limit.
    """
    try:
        _check_reads_only(sql, folder)
        with duckdb.connect() as connection:
            _prepare(connection, folder, manifest, sql)
            return _typed(connection.sql(sql, params=list(parameters)).to_arrow_table())
    except duckdb.Error as error:
        raise RegisterError(
            f"query failed: {error}", where=str(folder), fix="correct the SQL; `SHOW TABLES` lists the tables"
        ) from error


def _check_reads_only(sql: str, folder: Path) -> None:
    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise RegisterError(
            "a query may only read",
            where=str(folder),
            got=sql.strip()[:80],
            expected="one SELECT, DESCRIBE, SUMMARIZE or SHOW TABLES",
            fix="write tables with RegisterWriter",
        )


def _prepare(connection: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest, sql: str) -> None:
    open_tables = [spec for spec in tables().values() if not spec.restricted]
    # A view opens its files to learn their columns, so only the tables in the query get one.
    spoken_of = [spec for spec in open_tables if spec.name in sql.lower()] or open_tables
    for entry in (entry for spec in spoken_of for entry in manifest.of(spec.name)):
        check_content(folder, entry)
    paths = {spec.name: [str(folder / entry.path) for entry in manifest.of(spec.name)] for spec in spoken_of}
    allowed = ", ".join(_quoted(path) for several in paths.values() for path in several)
    with suppress(duckdb.InvalidInputException):  # raised in Jupyter without widgets, which has no progress bar
        connection.execute("SET enable_progress_bar=false")
    connection.execute(f"SET memory_limit='{MEMORY_LIMIT}'")
    connection.execute(f"SET allowed_paths=[{allowed}]")
    connection.execute("SET enable_external_access=false")
    connection.execute("SET lock_configuration=true")
    for spec in spoken_of:
        _create_view(connection, spec, paths[spec.name])


def _create_view(connection: duckdb.DuckDBPyConnection, spec: Table, paths: list[str]) -> None:
    if not paths:
        connection.register(spec.name, pa.Table.from_pylist([], schema=arrow_schema(spec.name)))
        return
    source = f"read_parquet([{', '.join(map(_quoted, paths))}], union_by_name=true)"
    there = {row[0] for row in connection.execute(f"DESCRIBE FROM {source}").fetchall()}
    columns = ", ".join(
        f'"{c.name}"' if c.name in there else f'CAST(NULL AS {_SQL_TYPES[c.type]}) AS "{c.name}"' for c in spec.columns
    )
    connection.execute(f'CREATE VIEW "{spec.name}" AS SELECT {columns} FROM {source}')


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _typed(data: pa.Table) -> pd.DataFrame:
    """The answer with one pandas type per kind of value, as everywhere else in the package."""
    frame = data.to_pandas(date_as_object=False, integer_object_nulls=True)
    return frame.astype({str(field.name): kind for field in data.schema if (kind := _kind(field.type))})


def _kind(type_: pa.DataType) -> str | None:
    if pa.types.is_dictionary(type_):
        return _kind(type_.value_type)
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return "str"
    if pa.types.is_integer(type_) or (pa.types.is_decimal(type_) and type_.scale == 0):
        return "Int64"
    if pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return "float64"
    if pa.types.is_boolean(type_):
        return "boolean"
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        return "datetime64[s]"
    return None
