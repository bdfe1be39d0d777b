"""Counties that a test builds from its own few rows, and expected tables written so that they read as tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction as Exact
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.county_fixtures import COUNTY, MONTH, household, tables

from relapse_risk.assessment import EXHIBITS, TABLES, CountyData
from relapse_risk.assessment.facts import _computed, _published, county_data
from relapse_risk.exhibits import Finding, Rows
from relapse_risk.parameters import Parameters, Place
from relapse_risk.register import Register, RegisterWriter
from relapse_risk.schema import table
from relapse_risk.scores import Scores

BY_NAME = {spec.name: spec for spec in TABLES}
CountyOf = Callable[..., CountyData]


@pytest.fixture
def county_of(tmp_path: Path, parameters: Parameters, dezhou: Place) -> CountyOf:
    """Writes the frames given into a register of its own and reads them back as the county's data of December 2020.

    A frame may be given as text (:func:`records`).  The households and villages of the hand-made county stand where a
    test gives none.  ``before`` holds the snapshots of December 2019, ``place`` is Dezhou unless told otherwise.
    """

    def build(
        *,
        before: Mapping[str, pd.DataFrame] | None = None,
        scores: Scores | None = None,
        place: Place = dezhou,
        **frames: pd.DataFrame | str,
    ) -> CountyData:
        folder = tmp_path / f"register_{len(list(tmp_path.iterdir()))}"
        given = {"household": household(), **{name: tables()[name] for name in ("village", "county")}}
        given |= {name: records(frame) if isinstance(frame, str) else frame for name, frame in frames.items()}
        with RegisterWriter(folder, place="dezhou") as writer:
            for name, frame in given.items():
                writer.put(name, frame, month=MONTH if table(name).is_snapshot else None)
            for name, frame in (before or {}).items():
                writer.put(name, frame, month="2019-12")
            writer.commit(created="2020-12-31T00:00:00")
        data = county_data(Register.open(folder), COUNTY, MONTH, "2019-12" if before else None, parameters, place, None)
        return replace(data, scores=scores, _kept={}) if scores else data

    return build


def records(text: str) -> pd.DataFrame:
    """A frame written as text: names, then rows, in columns two spaces apart; ``-`` is null, dates are ISO dates.

    Examples
    --------
    >>> records("who  on          n\\na    2020-01-01  3\\nb    -           -")["n"].tolist()
    [3.0, nan]
    """
    head, *lines = [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]
    return pd.DataFrame({name: _values(name, [line[place] for line in lines]) for place, name in enumerate(head)})


def _values(name: str, words: list[str]) -> Any:
    known = [word for word in words if word != "-"]
    cells = [None if word == "-" else word for word in words]
    if name.endswith(("_id", "_ids", "_code")):
        return pd.array(cells, dtype="str")
    if not known:
        return [float("nan")] * len(words)
    if all(re.fullmatch(r"\d{4}-\d\d-\d\d", word) for word in known):
        return pd.to_datetime(pd.Series(cells))
    if all(re.fullmatch(r"-?\d+(\.\d+)?", word) for word in known):
        return pd.to_numeric(pd.Series(cells))
    if set(known) <= {"yes", "no"}:
        return pd.array([None if cell is None else cell == "yes" for cell in cells], dtype="boolean")
    return pd.array(cells, dtype="str")


def computed(name: str, county: CountyData) -> pd.DataFrame:
    """Rows of a fact table with their ratios, in order, as published but for small counts, which are not yet withheld."""
    return _published(BY_NAME[name], _computed(BY_NAME[name], county))


def told(name: str, text: str, **limits: float) -> Finding | None:
    """What the exhibit ``name`` tells of rows written as text (:func:`records`)."""
    rule = EXHIBITS[name].finding
    assert rule is not None
    return rule(Rows(BY_NAME[name], records(text), limits))


def check(name: str, county: CountyData, text: str) -> None:
    """Compare a fact table, row by row and every shown column, with ``text``: ``-`` is null, ``1/3`` a third.

    Columns stand two spaces apart.  Hidden columns, from which the city's values are formed, may be named as well.
    """
    head, *lines = [re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines()]
    frame = computed(name, county)
    assert set(BY_NAME[name].shown) <= set(head), "a column of the table is not looked at"
    found = [[_said(value) for value in row] for row in frame[head].itertuples(index=False, name=None)]
    wanted = [[_meant(word, isinstance(cell, str)) for word, cell in zip(line, row, strict=True)]
              for line, row in zip(lines, found + [[None] * len(head)] * len(lines), strict=False)]  # fmt: skip
    assert found == [[_near(word) for word in line] for line in wanted]


def _said(value: object) -> object:
    return None if pd.isna(value) else value if isinstance(value, str) else float(value)  # type: ignore[arg-type, call-overload]


def _meant(word: str, is_text: bool) -> object:
    if word == "-":
        return None
    if is_text:
        return word
    try:
        return float(Exact(word))
    except ValueError:
        return word


def _near(value: object) -> object:
    return pytest.approx(value) if isinstance(value, float) else value
