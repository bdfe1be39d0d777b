"""Arguments that hold one value per row: aligned by their labels, or refused where the labels differ."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Set
from datetime import date, timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError

__all__ = ["as_frame", "by_column", "by_row", "in_order", "numbers", "with_labels"]

P = ParamSpec("P")
R = TypeVar("R")
DATES = (date, timedelta, np.datetime64, np.timedelta64, complex)


def by_row(*names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator: the arguments called ``names`` hold one value (or row) per unit, and are aligned before the call.

    Series, DataFrames and survey designs carry row labels.  Where two of them are labelled differently they are put in
    the order of the first (of the design, where there is one) if their labels are the same and unique, and refused
    otherwise.  Plain arrays go by position.  Masked entries of NumPy arrays become missing, for the function to refuse.

    Raises
    ------
    ModelError
        Naming both arguments, where labels differ.

    Examples
    --------
    >>> @by_row("income", "weights")
    ... def total(income, weights):
    ...     return float((np.asarray(income) * np.asarray(weights)).sum())
    >>> total(pd.Series([1.0, 2.0], index=["a", "b"]), pd.Series([10.0, 100.0], index=["b", "a"]))
    120.0
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        unknown = set(names) - set(signature.parameters)
        if unknown:
            raise TypeError(f"{function.__name__} has no argument {sorted(unknown)}")

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            given = signature.bind(*args, **kwargs)
            rows = {name: given.arguments[name] for name in names if given.arguments.get(name) is not None}
            given.arguments.update(_aligned(rows, function.__name__))
            return function(*given.args, **given.kwargs)

        call.by_row = (*names, *getattr(function, "by_row", ()))  # type: ignore[attr-defined]
        return call

    return decorate


def with_labels(values: Any) -> pd.Index | None:
    """The row labels of ``values``; None where it has none."""
    labels = getattr(values, "index", None)
    return labels if isinstance(labels, pd.Index) else None


def numbers(values: Any, where: str) -> npt.NDArray[np.float64]:
    """``values`` as floats: null (``None``, ``NA``, masked) is NaN; what holds no numbers in an order is refused.

    Raises
    ------
    ModelError
        For dates, durations, complex numbers, words, and mappings, sets or other things without an order.

    Examples
    --------
    >>> numbers([1, None, pd.NA], "income").tolist()
    [1.0, nan, nan]
    """
    plain = _unmasked(values)
    if isinstance(plain, Mapping | Set | Iterator | str | bytes):
        raise ModelError("not a column", where=where, got=type(plain).__name__, expected="a list, an array or a Series")
    array = np.asarray(plain)
    if array.dtype == object:
        cells = [np.nan if cell is None or cell is pd.NA else cell for cell in array.ravel()]
        array = np.array([*cells, None], dtype=object)[:-1].reshape(array.shape)
    strange = array.dtype.kind in "cmM" or (array.dtype == object and any(isinstance(c, DATES) for c in array.ravel()))
    try:
        if strange:
            raise TypeError(str(array.dtype))
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError("not numbers", where=where, got=str(error), expected="numbers, NaN where unknown") from error


def as_frame(data: Any, where: str) -> pd.DataFrame:
    """``data`` as a pandas data frame: a pandas frame itself, any frame of the Arrow interface (Polars, Arrow, DuckDB),
    or a mapping of columns.

    Parameters
    ----------
    data : data frame
    where : str
        What an error names.

    Raises
    ------
    ModelError
        For anything else, or a column named twice.

    References
    ----------
    The Arrow PyCapsule interface, https://arrow.apache.org/docs/format/CDataInterface/PyCapsuleInterface.html.

    Examples
    --------
    >>> import pyarrow as pa
    >>> as_frame(pa.table({"income": [1, None]}), "households")["income"].tolist()
    [1.0, nan]
    """
    if isinstance(data, Mapping):
        frame = pd.DataFrame(dict(data))
    elif not isinstance(data, pd.DataFrame) and hasattr(data, "__arrow_c_stream__") and hasattr(data, "columns"):
        frame = pd.DataFrame.from_arrow(data)
    else:
        frame = data
    if not isinstance(frame, pd.DataFrame):
        raise ModelError(
            "not a data frame", where=where, got=type(data).__name__, expected="a pandas, Polars or Arrow frame",
            fix="wrap it: pandas.DataFrame(…)",
        )  # fmt: skip
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ModelError("a column named twice", where=where, got=twice, expected="one column of each name")
    return frame


def _aligned(rows: dict[str, Any], where: str) -> dict[str, Any]:
    plain = {name: _unmasked(values) for name, values in rows.items()}
    labelled = {name: index for name, values in plain.items() if (index := with_labels(values)) is not None}
    if len(labelled) < 2:
        return plain
    fixed = [name for name in labelled if not isinstance(plain[name], pd.Series | pd.DataFrame)]
    first = fixed[0] if fixed else next(iter(labelled))
    wanted = labelled[first]
    for name, index in labelled.items():
        if name != first and not index.equals(wanted):
            plain[name] = _reordered(plain[name], index, wanted, f"{where}: {name} and {first}")
    return plain


def in_order(values: Any, wanted: pd.Index, where: str) -> Any:
    """``values`` in the order of the row labels ``wanted``; what has no labels goes by position.

    Raises
    ------
    ModelError
        If the labels differ.

    Examples
    --------
    >>> in_order(pd.Series([9.0, 1.0], index=["b", "a"]), pd.Index(["a", "b"]), "cost").tolist()
    [1.0, 9.0]
    """
    plain = _unmasked(values)
    index = with_labels(plain)
    return plain if index is None or index.equals(wanted) else _reordered(plain, index, wanted, where)


def by_column(values: Any, matrix: Any, where: str) -> Any:
    """``values``, one for each column of ``matrix``, in the order of its columns; what has no labels goes by position.

    Raises
    ------
    ModelError
        If ``values`` is labelled and its labels are not the names of the columns.

    Examples
    --------
    >>> by_column(pd.Series({"y": 2.0, "x": 1.0}), pd.DataFrame({"x": [0], "y": [0]}), "weights").tolist()
    [1.0, 2.0]
    """
    columns, labels = getattr(matrix, "columns", None), with_labels(values)
    if columns is None or labels is None or isinstance(labels, pd.RangeIndex):
        return values
    return in_order(values, pd.Index(columns), where)


def _reordered(values: Any, index: pd.Index, wanted: pd.Index, where: str) -> Any:
    if len(index) == len(wanted) and _is_default(index, wanted):
        return values
    same = len(index) == len(wanted) and index.is_unique and wanted.is_unique and wanted.isin(index).all()
    if same and isinstance(values, pd.Series | pd.DataFrame):
        return values.loc[wanted]
    raise ModelError(
        "rows are labelled differently", where=where, got=index[:3].tolist(), expected=f"labels such as {wanted[:3].tolist()}",
        fix="give both the same index, or pass .to_numpy() to go by position",
    )  # fmt: skip


def _is_default(index: pd.Index, wanted: pd.Index) -> bool:
    """Whether one of the two was never labelled and the other's labels repeat, so that only positions can be meant."""
    pairs = ((index, wanted), (wanted, index))
    return any(isinstance(one, pd.RangeIndex) and one.start == 0 and not other.is_unique for one, other in pairs)


def _unmasked(values: Any) -> Any:
    """A masked array with NaN (None for text) where it is masked; a column or frame of Polars or Arrow as of pandas."""
    if not isinstance(values, pd.Series | pd.DataFrame | pd.Index | np.ndarray):
        if hasattr(values, "columns") and hasattr(values, "__arrow_c_stream__"):
            return pd.DataFrame.from_arrow(values)
        if hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
            return pd.Series.from_arrow(values).to_numpy()  # no labels: it goes by position
    if not isinstance(values, np.ma.MaskedArray) or not np.ma.is_masked(values):
        return values
    numeric = np.issubdtype(values.dtype, np.number) or values.dtype == np.bool_
    plain = np.ma.getdata(values).astype(np.float64 if numeric else object)
    plain[np.ma.getmaskarray(values)] = np.nan if numeric else None
    return plain
