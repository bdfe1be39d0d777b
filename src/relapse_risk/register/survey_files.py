"""Files of statistics programs: Stata (.dta) and SPSS (.sav), with their value labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from relapse_risk.errors import SourceError

__all__ = ["SURVEY_SUFFIXES", "read_survey_file"]

SURVEY_SUFFIXES = (".dta", ".sav", ".zsav")
# What the library raises on damaged files: its own error, and whatever its tables of labels and dates run into.
_DAMAGED = (
    pyreadstat.ReadstatError, pyreadstat.PyreadstatError, OSError, TypeError, ValueError, OverflowError, KeyError, MemoryError,
)  # fmt: skip


def read_survey_file(path: Path) -> pd.DataFrame:
    """One row per record, one column per variable: the label of a labelled value, else the value.

    User-defined and system missing values are None.

    Raises
    ------
    SourceError
        If the file is damaged or not of the kind of its file name extension.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "a.dta"
    >>> given = pd.DataFrame({"hhid": ["H1", "H2"], "water": [1.0, None]})
    >>> pyreadstat.write_dta(given, file, variable_value_labels={"water": {1: "yes", 2: "no"}})
    >>> read_survey_file(file).values.tolist()
    [['H1', 'yes'], ['H2', None]]
    """
    read = pyreadstat.read_dta if path.suffix.lower() == ".dta" else pyreadstat.read_sav
    try:
        frame, _ = read(str(path), apply_value_formats=True, formats_as_category=False)
    except _DAMAGED as error:
        raise SourceError(
            f"not a whole {'Stata' if path.suffix.lower() == '.dta' else 'SPSS'} file: {error}", where=str(path),
            fix="copy or export it again",
        ) from error  # fmt: skip
    return pd.DataFrame(
        {name: pd.Series([_cell(v) for v in frame[name]], dtype=object) for name in frame}, dtype=object
    )


def _cell(value: Any) -> Any:
    if value is None or value != value or (isinstance(value, str) and not value.strip()):
        return None
    return value
