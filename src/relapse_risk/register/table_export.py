"""Tables of a register taken out: the workbook that an import reads, or one table as CSV or Parquet."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa

from relapse_risk.errors import SourceError
from relapse_risk.files import write_parquet
from relapse_risk.languages import Language
from relapse_risk.register.register import Register
from relapse_risk.register.spreadsheets import write_csv
from relapse_risk.register.template import export_workbook
from relapse_risk.schema import arrow_schema, table, tables

__all__ = ["export_tables"]

_AUDIT = logging.getLogger("relapse_risk.identity")


def export_tables(
    folder: Path,
    out: Path,
    *,
    month: str | None = None,
    names: Sequence[str] = (),
    language: Language = "zh",
    known_on: date | None = None,
    identity: str = "",
) -> Path:
    """Write tables of the register in ``folder`` to ``out``: ``.xlsx``, or ``.csv`` or ``.parquet`` for one table.

    Parameters
    ----------
    folder, out : Path
    month : str, optional
        Of snapshot tables; the latest when left out.
    names : sequence of str
        Tables; empty: every table that holds rows.
    language : {"zh", "en"}
        Of the workbook; the other kinds have the names and words of the dictionary.
    known_on : datetime.date, optional
        As the register was known at the end of that day.
    identity : str
        Why names and identity numbers are taken out too; empty: they stay.  The reason is logged to
        ``relapse_risk.identity``, and the file is readable by its owner only.

    Raises
    ------
    SourceError
        If a restricted table is asked for without a reason, or the kind of file cannot hold the tables.
    RegisterError, SchemaError
        If there is no such register, month or table.

    Examples
    --------
    >>> export_tables(Path("register"), Path("people.csv"), names=["identity"])
    Traceback (most recent call last):
        ...
    relapse_risk.errors.SourceError: table identity: names stay in the register. Fix: say why: --identity "reason".
    """
    chosen = [table(name) for name in names]
    restricted = [spec.name for spec in chosen if spec.restricted]
    if restricted and not identity.strip():
        fix = 'say why: --identity "reason"'
        raise SourceError("names stay in the register", where=f"table {restricted[0]}", fix=fix)
    register = Register.open(folder, known_on)
    if not chosen:
        open_ = [spec for spec in tables().values() if identity or not spec.restricted]
        chosen = [spec for spec in open_ if register.has(spec.name)]
    if identity:
        _AUDIT.info("identity exported: %s, register %s, to %s", identity, folder, out)
    kind = out.suffix.lower()
    if kind == ".xlsx":
        wanted = [spec.name for spec in chosen]
        return export_workbook(register, out, month, language, wanted, identity=bool(identity))
    if kind not in (".csv", ".parquet"):
        raise SourceError("not a kind of file to export to", where=str(out), got=kind, expected=".xlsx, .csv, .parquet")
    if len(chosen) != 1:
        raise SourceError(
            f"a {kind} file holds one table", where=str(out), got=len(chosen), fix="name one with --table, or use .xlsx"
        )
    spec = chosen[0]
    rows = (
        register.read_identity() if spec.restricted else register.read(spec.name, month if spec.is_snapshot else None)
    )
    return _one_table(rows, spec.name, out, spec.restricted)


def _one_table(rows: pd.DataFrame, name: str, out: Path, restricted: bool) -> Path:
    if out.suffix.lower() == ".csv":
        return write_csv(rows, out, restricted=restricted)
    data = pa.Table.from_pandas(rows, schema=arrow_schema(name), preserve_index=False)
    return write_parquet(out, data, [len(rows)], restricted=restricted)
