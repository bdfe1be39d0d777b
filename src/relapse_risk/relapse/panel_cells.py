"""Cells of a panel file as keys, numbers, texts and months; what cannot be read is told with its line and column."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.register.cell_readers import Refused, key_reader, month_reader, number_reader, read_identity_text
from relapse_risk.register.cell_texts import plain_text
from relapse_risk.register.plain_tables import PlainTable

__all__ = ["keys", "months_of", "numbers", "texts"]

WHY = {
    "digits_lost": "the digits beyond the 15th are lost: save the column as text",
    "not_a_number": "write a number, list the word under missing, or give the feature text codes",
    "month_doubtful": "January, or October whose last zero a number cell dropped: write 2020-01 or 2020-10",
    "not_text": "export the column as text",
    "date_where_text": "format the column as text and fill it in again",
}


def _cells(raw: PlainTable, column: str, missing: Collection[str]) -> pd.Series:
    """The cells, missing ones None, whatever they are written as."""
    values = raw.frame[column]
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values
    cells = values.astype(object).where(values.notna(), None)
    return cells.where(~cells.map(lambda v: isinstance(v, str) and (not v.strip() or v.strip() in missing)), None)


def _read(raw: PlainTable, column: str, cells: pd.Series, read: Callable[[Any], Any]) -> pd.Series:
    """Each distinct cell read once."""
    codes, distinct = pd.factorize(cells)
    found = np.array([*(read(value) for value in distinct), None], dtype=object)
    for at, value in enumerate(found[:-1]):
        if isinstance(value, Refused):
            raise _bad(raw, column, int(np.argmax(codes == at)), distinct[at], WHY.get(value.rule, value.rule))
    return pd.Series(found[codes], index=cells.index)


def _bad(
    raw: PlainTable, column: str, at: int, got: object, fix: str, what: str = "a cell that cannot be read"
) -> ModelError:
    return ModelError(what, where=f"{raw.name}, line {raw.lines[at]}, column {column}", got=got, fix=fix)


_NUMBER = number_reader()


def _number(value: Any) -> Any:
    found = _NUMBER(value)
    return found if isinstance(found, (int, float, np.number)) else Refused("not_a_number")


def texts(raw: PlainTable, column: str, missing: Collection[str] = ()) -> pd.Series:
    """Codes as text; null where empty.

    Examples
    --------
    >>> given = PlainTable("p.csv", pd.DataFrame({"county": ["NA", " 01", 7.0, None]}), np.arange(4))
    >>> texts(given, "county").tolist()
    ['NA', '01', '7', nan]
    """
    return _read(raw, column, _cells(raw, column, missing), key_reader(read_identity_text)).astype("str")


def keys(raw: PlainTable, column: str, missing: Collection[str] = ()) -> pd.Series:
    """Codes that every row must have.

    Raises
    ------
    ModelError
        Naming the line of an empty cell, or of a number whose digits are lost.
    """
    return _filled(raw, column, texts(raw, column, missing))


def _filled(raw: PlainTable, column: str, found: pd.Series) -> pd.Series:
    empty = np.flatnonzero(found.isna().to_numpy())
    if empty.size:
        what = f"an empty cell ({empty.size:,} of {len(found):,} rows)" if empty.size > 1 else "an empty cell"
        raise _bad(raw, column, int(empty[0]), None, "fill it in, or leave the row out", what)
    return found


def numbers(raw: PlainTable, column: str, missing: Collection[str] = ()) -> pd.Series:
    """Numbers as float64; null where empty.

    Raises
    ------
    ModelError
        Naming the line of the first cell that is not a number.

    Examples
    --------
    >>> given = PlainTable("p.csv", pd.DataFrame({"income": ["1,200.5", "不详", None]}), np.arange(2, 5))
    >>> numbers(given, "income", ["不详"]).tolist()
    [1200.5, nan, nan]
    """
    cells = _cells(raw, column, missing)
    if pd.api.types.is_numeric_dtype(cells):
        return cells.astype("float64")
    found = _read(raw, column, cells, _number)
    return found.astype("float64")


def months_of(
    raw: PlainTable, columns: Sequence[str], waves: Mapping[int | str, str], missing: Collection[str] = (), *,
    quarter: str | None = None,
) -> pd.Series:  # fmt: skip
    """The month (YYYY-MM) of every row.

    Parameters
    ----------
    columns : sequence of str
        A year and, after it, a month or ``quarter``; or one column of months, dates, years (their December) or ``waves``.
    waves : mapping of wave to month

    Raises
    ------
    ModelError
        Naming the line of a row without a month, or with one that cannot be read.

    Examples
    --------
    >>> given = PlainTable("p.csv", pd.DataFrame({"year": ["1993", "1997"], "wave": [1, 2]}), np.arange(2, 4))
    >>> months_of(given, ["year"], {}).tolist(), months_of(given, ["wave"], {1: "1993-12", 2: "1997-10"}).tolist()
    (['1993-12', '1997-12'], ['1993-12', '1997-10'])
    """
    if len(columns) == 1 and not waves:
        cells = _filled(raw, columns[0], _cells(raw, columns[0], missing))
        return _checked(raw, columns[0], cells, _read(raw, columns[0], cells, _month), "YYYY-MM, a date, or a year")
    first = keys(raw, columns[0], missing)
    if waves:
        known = {str(wave): month for wave, month in waves.items()}
        return _checked(raw, columns[0], first, first.map(known), f"one of the waves {' | '.join(known)}")
    if len(columns) == 1:
        return _checked(raw, columns[0], first, _read(raw, columns[0], first, _month), "a year")
    second = numbers(raw, columns[1], missing)
    number = second * 3 if columns[1] == quarter else second
    whole = number.where(number.isin(range(1, 13))).astype("Int64")
    found = first.where(first.str.fullmatch(r"[12]\d{3}")) + "-" + whole.astype("str").str.zfill(2)
    return _checked(
        raw, columns[1], first + " / " + raw.frame[columns[1]].astype("str"), found, "a year and its month or quarter"
    )


def _month(value: Any) -> str | Refused | None:
    found = month_reader(value)
    if isinstance(found, Refused):
        return found
    if len(found) == 7 and found[4] == "-":
        return str(found)
    return f"{found}-12" if found.isdigit() and len(found) == 4 else None


def _checked(raw: PlainTable, column: str, given: pd.Series, found: pd.Series, expected: str) -> pd.Series:
    shape = found.astype("str").str.fullmatch(r"\d{4}-(?:0[1-9]|1[0-2])")
    wrong = np.flatnonzero(~shape.fillna(False).to_numpy(dtype=bool))
    if wrong.size:
        at = int(wrong[0])
        raise ModelError(
            "not a month", where=f"{raw.name}, line {raw.lines[at]}, column {column}", got=plain_text(given.iloc[at]),
            expected=expected,
        )  # fmt: skip
    return found.astype("str")
