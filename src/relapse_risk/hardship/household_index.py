"""The index of households: inputs to indicators, indicators to sub-indexes, sub-indexes to need, need to priority."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError, unknown
from relapse_risk.hardship.composite_scores import Composite, column_of, composite, indicator_scores, indicator_values
from relapse_risk.hardship.design import TOP, IndexDesign, Indicator
from relapse_risk.months import month_end
from relapse_risk.parameters import DatedValue, Parameters, Place
from relapse_risk.pictures import picture
from relapse_risk.poverty import first_line
from relapse_risk.predicates.setting import INCOME_PERIOD, values_at
from relapse_risk.rows import as_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["HardshipIndex", "LeftOut", "aid_share", "answered_share", "hardship_index", "index_lines", "line_values"]

Array = npt.NDArray[np.float64]
PLACES = ("village_code", "town_code", "county_code")
INCOMES = frozenset(
    {"net_income", "income_pc_year", "income_after_rigid"}
)  # measured against the line of their own year


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An indicator that could not be computed for anybody, and why."""

    indicator: str
    dimension: str
    reason: str


@dataclass(frozen=True, slots=True)
class HardshipIndex:
    """Need and priority of households (or other units) with reasons.

    Attributes
    ----------
    frame : DataFrame, one row per household
        The unit, its groups, ``sub_<dimension>`` (0-100), need (0-100), aid_share (0-1), priority (0-100), answered (share
        of the design's weight that was answered, 0-1), and what breaks ties; with the row labels of the frame given.
    reasons : DataFrame, long
        The unit, subindex, points: the points of a household sum to its need.
    left_out : tuple of LeftOut
        Indicators never collected here; their weight went to their siblings.
    design : IndexDesign
        The design as used.
    lines : tuple of DatedValue
        Dated lines used as anchors.
    values : DataFrame, shape (n, indicators)
        Raw value of each indicator (before goalposts), by code; null unanswered.
    unit : str
        Column that names each row.
    groups : tuple of str
        Columns of groups to rank within, smallest first.
    """

    frame: pd.DataFrame
    reasons: pd.DataFrame
    left_out: tuple[LeftOut, ...]
    design: IndexDesign
    lines: tuple[DatedValue, ...]
    values: pd.DataFrame
    unit: str = "household_id"
    groups: tuple[str, ...] = ()

    @property
    def ties(self) -> tuple[str, ...]:
        """Columns of the frame that break equal scores, in order; the last is the unit, so that no order is by chance."""
        named = [self.unit if name == "household_id" else name for name in self.design.ties]
        return tuple(dict.fromkeys([*(name for name in named if name in self.frame), self.unit]))

    @property
    def units(self) -> str:
        """What the rows are called."""
        return "households" if self.unit == "household_id" else "units"

    def summary(self) -> str:
        """A few plain lines: households, mean and range of need, what was left out."""
        need = self.frame["need"]
        out = ", ".join(item.indicator for item in self.left_out) or "nothing"
        return (
            f"{self.design.id}: {len(self.frame)} {self.units}, need mean {need.mean():.2f}, "
            f"range {need.min():.2f} to {need.max():.2f}; left out: {out}"
        )

    def plot(self, ax: Axes | None = None, first: int = 20) -> Axes:
        """What the need of the ``first`` neediest is made of, on ``ax`` or new axes."""
        return picture("relapse_risk.hardship.index_plots.plot_need", ax, self.reasons, unit=self.unit, first=first)

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>{self.frame.head(10).to_html(index=False)}"


def index_lines(design: IndexDesign, parameters: Parameters, place: Place, day: date) -> dict[str, DatedValue]:
    """The dated line of each indicator (and ``aid``) that is measured against one; those without a line are absent."""
    found: dict[str, DatedValue] = {}
    aid = [("aid", design.aid.over)] if design.aid else []
    for code, roles in [(item.code, item.over) for item in design.indicators] + aid:
        line = first_line(roles, place, parameters, day) if roles else None
        if line is not None:
            found[code] = line
    return found


def given_lines(design: IndexDesign, lines: Mapping[str, float] | None) -> dict[str, DatedValue]:
    """The line of each indicator among amounts given by role, such as ``{"poverty": 4000}``."""
    amounts = dict(lines or {})
    roles = {code: over for code, over in [(i.code, i.over) for i in design.indicators] if over}
    roles |= {"aid": design.aid.over} if design.aid else {}
    known = sorted({role for over in roles.values() for role in over})
    for role, amount in amounts.items():
        if role not in known:
            raise unknown("role of a line", role, known, f"{design.file}: lines", ModelError)
        if not np.isfinite(amount) or amount <= 0:
            raise ModelError("not an amount", where=f"{design.file}: lines: {role}", got=amount, expected="finite, > 0")
    found: dict[str, DatedValue] = {}
    for code, over in roles.items():
        first = next((one for one in over if one in amounts), None)
        if first is None:
            raise ModelError(
                "needs a line", where=f"{design.file}: {code}", got=sorted(amounts), expected=" | ".join(over),
                fix=f"pass lines={{{over[0]!r}: amount}}, or parameters, place and day",
            )  # fmt: skip
        found[code] = DatedValue(first, float(amounts[first]), "", date.min, "given", "assumed")
    return found


def line_values(
    households: pd.DataFrame, item: Indicator, line: DatedValue, parameters: Parameters | None
) -> float | Array:
    """What an indicator is divided by: an income by the line of the year it is of, anything else by the day's."""
    if parameters is None or INCOME_PERIOD not in households or not INCOMES & set(item.inputs):
        return line.value
    values = values_at(parameters, line.name, households[INCOME_PERIOD])
    return np.where(households[INCOME_PERIOD].isna().to_numpy(dtype=bool), line.value, values)


def _lines_used(
    households: pd.DataFrame, design: IndexDesign, lines: Mapping[str, DatedValue], parameters: Parameters | None
) -> tuple[DatedValue, ...]:
    """Every dated line that some household was measured against."""
    used = {(line.name, line.start): line for line in lines.values()}
    if parameters is None:
        return tuple(used.values())
    periods = households[INCOME_PERIOD].dropna().unique() if INCOME_PERIOD in households else ()
    for item in design.indicators:
        if item.code in lines and INCOMES & set(item.inputs):
            for period in periods:
                if np.isfinite(values_at(parameters, lines[item.code].name, pd.Series([period]))[0]):
                    own = parameters.on(lines[item.code].name, month_end(period))
                    used[own.name, own.start] = own
    return tuple(used.values())


def _usable(
    households: pd.DataFrame, design: IndexDesign, lines: Mapping[str, DatedValue], parameters: Parameters | None
) -> tuple[IndexDesign, dict[str, Array], tuple[LeftOut, ...]]:
    """The design without what was never collected, the raw values of the rest, and what was left out and why."""
    values: dict[str, Array] = {}
    out: list[LeftOut] = []
    for item in design.indicators:
        line = lines.get(item.code)
        raw = indicator_values(households, item, line_values(households, item, line, parameters) if line else None)
        if item.over and line is None:
            out.append(LeftOut(item.code, item.parent, f"no line among {', '.join(item.over)} in this place"))
        elif np.isnan(raw).all():
            empty = [name for name in item.inputs if np.isnan(column_of(households, name)).all()] or list(item.inputs)
            out.append(LeftOut(item.code, item.parent, f"not collected: {', '.join(empty)}"))
        else:
            values[item.code] = raw
    if not values:
        raise ModelError("no indicator of the design was collected", where=design.file, got=sorted(households.columns))
    return (design.without([item.indicator for item in out]) if out else design), values, tuple(out)


def aid_share(households: pd.DataFrame, design: IndexDesign, lines: Mapping[str, DatedValue]) -> Array:
    """min(most, aid / (per × line)), never negative; NaN where aid or size was not collected."""
    if design.aid is None or "aid" not in lines:
        return np.full(len(households), np.nan)
    per = column_of(households, design.aid.per)
    aid = column_of(households, design.aid.column)
    share: Array = np.clip(aid / (np.where(per > 0, per, np.nan) * lines["aid"].value), 0.0, design.aid.most)
    return share


def answered_share(raw: Mapping[str, Array], design: IndexDesign) -> Array:
    """Share of the whole design's weight that was answered in each row."""
    weights = design.effective_weights()
    return np.sum([weights[code] * ~np.isnan(values) for code, values in raw.items()], axis=0)


def _reasons(ids: pd.Series, result: Composite, design: IndexDesign) -> pd.DataFrame:
    """Points of each dimension, long: weight × score, which sum to need (arithmetic top only)."""
    codes = list(result.weights.columns)
    points = result.weights.to_numpy() * result.scores[codes].to_numpy()
    if design.aggregate != "arithmetic":
        # Any other mean is attributed in proportion, so that points still sum to the score.
        need = result.scores[TOP].to_numpy()
        total = np.nansum(points, axis=1)
        points = points * np.divide(need, total, out=np.zeros_like(need), where=total > 0)[:, None]
    return pd.DataFrame(
        {
            str(ids.name): ids.repeat(len(codes)).reset_index(drop=True),
            "subindex": pd.Series(np.tile(np.array(codes, dtype=object), len(ids)), dtype="str"),
            "points": np.nan_to_num(points).ravel(),
        }
    )


def _units(frame: pd.DataFrame, unit: str | None) -> pd.Series:
    """What each row is called: the column ``unit``, household_id, or the row labels (then called unit)."""
    if unit is None and "household_id" not in frame:
        ids = pd.Series(frame.index, index=frame.index, name="unit")
    else:
        name = unit or "household_id"
        if name not in frame:
            raise unknown("column", name, frame.columns, "hardship_index: unit", ModelError)
        ids = frame[name]
    if ids.isna().any() or ids.duplicated().any():
        raise ModelError(
            f"{ids.name} is missing or repeated",
            where="hardship_index",
            got=ids[ids.isna() | ids.duplicated()].iloc[0],
            expected="one row per household",
            fix="name the column that tells rows apart: unit=…",
        )
    return ids


def _groups(frame: pd.DataFrame, groups: str | Sequence[str] | None) -> tuple[str, ...]:
    """Columns of groups, the register's where none is named; a named one must be there."""
    if groups is None:
        return tuple(name for name in PLACES if name in frame)
    named = (groups,) if isinstance(groups, str) else tuple(groups)
    for name in named:
        if name not in frame:
            raise unknown("column", name, frame.columns, "hardship_index: groups", ModelError)
    return named


def _lines(
    design: IndexDesign, dated: tuple[Parameters | None, Place | None, date | None], lines: Mapping[str, float] | None
) -> dict[str, DatedValue]:
    """The lines of a place on a day, or the amounts given."""
    parameters, place, day = dated
    if parameters is None and place is None and day is None:
        return given_lines(design, lines)
    if parameters is None or place is None or day is None or lines is not None:
        raise ModelError(
            "parameters, place and day go together, and without lines", where="hardship_index",
            expected="all three, or amounts in lines, or none where the design asks for no line",
        )  # fmt: skip
    return index_lines(design, parameters, place, day)


def hardship_index(
    households: pd.DataFrame,
    design: IndexDesign,
    parameters: Parameters | None = None,
    place: Place | None = None,
    day: date | None = None,
    *,
    unit: str | None = None,
    groups: str | Sequence[str] | None = None,
    lines: Mapping[str, float] | None = None,
) -> HardshipIndex:
    """Need and priority of every household, or of any other units of a data frame.

    Parameters
    ----------
    households : DataFrame
        One row per household, as :func:`relapse_risk.derive.household_frame` gives it, or any frame (pandas, Polars, Arrow)
        with the columns the design reads. A column of the household frame that is absent or all null was
        never collected; a design of columns of one's own (``reads: own``) must find them all.
    design : IndexDesign
    parameters, place, day : optional
        Dated lines of a place; anchors are ratios to the line of the year an income is of (``income_period``, where the
        frame has it), and else to that in force on ``day``. Needed only where the design measures against a line, and not
        then if ``lines`` gives the amounts.
    unit : str, optional
        Column that names each row; ``household_id`` when left out, or the row labels where there is none.
    groups : str or sequence of str, optional
        Columns to rank within, smallest first; village, town and county codes of a register when left out.
    lines : mapping of str to float, optional
        Amounts by role, such as ``{"poverty": 4000}``, in the unit of the incomes.

    Returns
    -------
    HardshipIndex

    Raises
    ------
    ModelError
        For no household, a unit named twice or not at all, a design none of whose inputs was collected, an own column or
        a group that is absent (naming the nearest), or a line that the design needs and nobody gave.

    Notes
    -----
    score = 100 (x - best) / (worst - best) held to [0, 100]; sub-indexes and need are weighted means of what was
    answered; priority = need × (1 - aid_share). Nothing depends on the other households, so a county scores the same
    alone or with the city (unless the design takes its scale from the data).

    References
    ----------
    OECD and JRC (2008), doi:10.1787/9789264043466-en, on goalposts and weighted means; the design file names its
    own sources.

    Examples
    --------
    >>> from relapse_risk.hardship import index_design
    >>> design = index_design({"indicators": [{"code": "income", "worst": 0, "best": 100}, {"code": "rooms", "worst": 0, "best": 4}]})
    >>> villages = pd.DataFrame({"income": [20.0, 60.0, None], "rooms": [1.0, 4.0, 2.0]}, index=["a", "b", "c"])
    >>> hardship_index(villages, design).frame["need"].tolist()  # the mean of 80 and 75, of 40 and 0; 50 alone
    [77.5, 20.0, 50.0]
    """
    table = as_frame(households, "hardship_index")
    if table.empty:
        raise ModelError("no households", where="hardship_index", got=list(table.columns))
    ids, named = _units(table, unit), _groups(table, groups)
    if design.reads == "own":
        for name in design.inputs:
            if name not in table:
                raise unknown("column", name, table.columns, design.file, ModelError)
    lines_of = _lines(design, (parameters, place, day), lines)
    used, raw, left_out = _usable(table, design, lines_of, parameters)
    scores = {i.code: indicator_scores(raw[i.code], i, f"{design.file}: {i.code}") for i in used.indicators}
    result = composite(scores, used)
    aided = aid_share(table, used, lines_of)
    keys = dict.fromkeys([str(ids.name), *reversed(named)])
    frame = pd.DataFrame({name: ids if name == ids.name else table[name] for name in keys})
    for code in design.dimensions:
        frame[f"sub_{code}"] = result.scores[code].to_numpy() if code in result.scores else np.nan
    frame["need"] = result.scores[TOP].to_numpy()
    frame["aid_share"] = aided
    frame["priority"] = frame["need"] * (1 - aided)
    frame["answered"] = answered_share(raw, design)
    if design.reads == "household_frame":
        frame["income_pc_year"] = column_of(table, "income_pc_year")
    for name in design.ties:
        if name in table and name not in frame:
            frame[name] = table[name]
    raw_frame = pd.DataFrame({code: raw[code] for code in used.codes}, index=table.index)
    dated = _lines_used(table, used, lines_of, parameters)
    return HardshipIndex(frame, _reasons(ids, result, used), left_out, used, dated, raw_frame, str(ids.name), named)
