"""A nation on disk: frames that products are computed from, cut into parts of whole counties.

Layout: ``<folder>/<table>/<part>.parquet`` with one row group per county, and ``nation.json`` that lists the parts.
Tables: ``household`` (one row per household as of the month, everything scores read), ``person`` (living members),
``aid`` (aid records), ``history`` (rows the relapse score is fitted on).  Products lie beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from relapse_risk.errors import RegisterError
from relapse_risk.files import write_json
from relapse_risk.json_reading import parsed
from relapse_risk.parts import Part

__all__ = ["Nation", "arrow_of", "floats", "frame_of", "open_nation", "write_nation"]

MANIFEST, VERSION = "nation.json", 1
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Nation:
    """Frames of a month, part by part.

    Attributes
    ----------
    folder : Path
    place : str
        Whose parameters apply (``params/places/<place>.yaml``).
    month : str
    made : str
        What the data are, in one sentence.
    parts : tuple of Part
        Of the table ``household``, in the order of the counties.
    """

    folder: Path
    place: str
    month: str
    made: str
    parts: tuple[Part, ...]

    @property
    def households(self) -> int:
        """Rows of all parts."""
        return sum(part.rows for part in self.parts)

    @property
    def counties(self) -> tuple[str, ...]:
        """Codes of all counties, in order."""
        return tuple(code for part in self.parts for code in part.counties)


def open_nation(folder: str | Path) -> Nation:
    """The nation in ``folder``.

    Raises
    ------
    RegisterError
        If there is none there, or it was written by another version.

    Examples
    --------
    >>> open_nation("nowhere")
    Traceback (most recent call last):
        ...
    relapse_risk.errors.RegisterError: nowhere: no nation.json. Fix: make one with `demo --households` or `nation collect`.
    """
    root = Path(folder)
    try:
        content = parsed((root / MANIFEST).read_text(encoding="utf-8"))
        version = content["version"]
        found = Nation(
            root, content["place"], content["month"], content["made"],
            tuple(_part(root, **part) for part in content["parts"]),
        )  # fmt: skip
    except FileNotFoundError as error:
        raise RegisterError(
            f"no {MANIFEST}", where=str(root), fix="make one with `demo --households` or `nation collect`"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RegisterError(f"{MANIFEST} cannot be read: {error}", where=str(root), fix="make it again") from error
    if version != VERSION:
        raise RegisterError("written by another version", where=str(root), got=version, expected=VERSION)
    return found


def _part(root: Path, name: str, rows: int, counties: Sequence[str]) -> Part:
    return Part(name, root / "household" / f"{name}.parquet", tuple(range(len(counties))), tuple(counties), rows)


def write_nation(nation: Nation) -> None:
    """Write the list of parts in one step, when their files are there."""
    parts = [{"name": part.name, "rows": part.rows, "counties": list(part.counties)} for part in nation.parts]
    content = {
        "version": VERSION, "place": nation.place, "month": nation.month, "made": nation.made, "parts": parts,
    }  # fmt: skip
    write_json(nation.folder / MANIFEST, content)


def frame_of(data: pa.Table) -> pd.DataFrame:
    """A part's rows with the pandas types of the register: nullable whole numbers and yes/no, text, days.

    Examples
    --------
    >>> frame_of(pa.table({"n": [1, None], "yes": [True, None]})).dtypes.astype(str).tolist()
    ['Int64', 'boolean']
    """
    fields = [pa.field(f.name, pa.timestamp("s")) if pa.types.is_date(f.type) else f for f in data.schema]
    fields = [pa.field(f.name, pa.float64()) if pa.types.is_null(f.type) else f for f in fields]
    mapped = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    frame: pd.DataFrame = data.cast(pa.schema(fields)).to_pandas(types_mapper=mapped.get)
    return frame


def arrow_of(frame: pd.DataFrame) -> pa.Table:
    """Rows as they are kept in a part: codes as dictionaries, identifiers as text, days as dates, null never NaN."""
    arrays = {}
    for name in frame.columns:
        array = pa.Array.from_pandas(frame[name])
        array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
        if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
            array = array.cast(pa.string())
            array = array if name.endswith("_id") else array.dictionary_encode()
        elif pa.types.is_timestamp(array.type):
            array = array.cast(pa.timestamp("s")).cast(pa.date32())
        arrays[name] = array
    return pa.table(arrays)


def floats(data: pa.Table, name: str) -> Array:
    """A column as floats, NaN for null; yes is 1, no is 0."""
    column = data[name].combine_chunks()
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    values: Array = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return values
