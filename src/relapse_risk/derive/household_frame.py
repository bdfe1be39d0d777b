"""One row per household as of a month, and one row per household and income period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from relapse_risk.derive.household_columns import (
    COUNTS,
    aid_columns,
    answers,
    composition,
    income_columns,
    is_labour,
    living_on,
    share_of_previous,
    shock_columns,
    visit_columns,
)
from relapse_risk.errors import NoHistoryError
from relapse_risk.months import add_months, month_end
from relapse_risk.parameters import Parameters, Place
from relapse_risk.predicates import Setting, asked_of_members, needs, setting_on
from relapse_risk.register import Register
from relapse_risk.register.area_codes import Areas, areas_of
from relapse_risk.register.net_income import PARTS
from relapse_risk.schema import derived_frames, table

__all__ = ["household_frame", "household_frames", "household_panel", "person_ages"]

KEYS = ("household_id", "village_code")  # made by _keys
# Columns of the household table kept in the frame in addition to those that predicates need.
CARRIED = tuple(
    name for name in derived_frames()["household_frame"].names if name in table("household").names and name not in KEYS
)
# Person columns for composition in addition to those that predicates need; the table has three times as many.
PERSON = (
    "household_id", "birth_date", "deceased_on", "relation_to_head", "sex", "education_level", "employment_status",
    "work_months",
)  # fmt: skip
LINE_COLUMNS = {"poverty": "poverty_line", "monitoring": "monitor_line", "dibao": "dibao_line"}
ZERO_WHEN_COLLECTED = ("uncompensated_loss_12m", "shocks_12m", "aid_received_12m", "aid_times_before")


@dataclass(frozen=True, slots=True)
class _History:
    """The tables that are not snapshots, read once for a county or for all."""

    income: pd.DataFrame
    shocks: pd.DataFrame
    aid: pd.DataFrame
    visits: pd.DataFrame
    areas: Areas


def _history(register: Register, county: str | None) -> _History:
    return _History(
        income=income_columns(
            register.read("income", county=county), [part for part in PARTS if register.collected("income", part)]
        ),
        shocks=register.read(
            "shock_event",
            county=county,
            columns=["household_id", "event_date", "gross_loss", "compensated", "verified"],
        ),
        aid=register.read(
            "assistance_record",
            county=county,
            columns=["household_id", "delivered_on", "decision", "cash_amount", "goods_value"],
        ),
        visits=register.read("visit_record", county=county, columns=["household_id", "visited_on"]),
        areas=areas_of(register, county),
    )


def household_frame(
    register: Register, month: str, county: str | None = None, *, parameters: Parameters, place: Place
) -> pd.DataFrame:
    """One row per household as of ``month``, with everything known by its last day.

    Parameters
    ----------
    register : Register
    month : str
        ``YYYY-MM`` with a household snapshot.
    county : str, optional
        Only this county (one row group per file is read).
    parameters, place
        Dated lines and the definitions of the place.

    Returns
    -------
    DataFrame
        Keys household_id, county_code, town_code, village_code, month, income_period; size, scale, weight; yearly
        money columns and shares; income_pc_year (net income / scale), income_after_rigid, income_change (ratio to
        twelve months earlier); composition; guarantees; losses, aid, visits; lines of the year the
        income is of.  Null: not collected.
    """
    (frame,) = household_frames(register, (month,), county, parameters=parameters, place=place)
    return frame


def household_frames(
    register: Register, months: Sequence[str], county: str | None = None, *, parameters: Parameters, place: Place
) -> Iterator[pd.DataFrame]:
    """:func:`household_frame` of one month after the other; what is not kept by month is read once."""
    history = _history(register, county)
    for month in months:
        setting = setting_on(parameters, place, month_end(month))
        persons = register.read("person", month, county, _person_columns(setting))
        yield _frame(register.read("household", month, county), persons, history, register, month, setting)


def household_panel(
    register: Register, county: str | None = None, *, parameters: Parameters, place: Place
) -> pd.DataFrame:
    """:func:`household_frame` for every month that has both a snapshot and income of exactly that period, stacked.

    Returns
    -------
    DataFrame
        Sorted by household_id and month.
    """
    history = _history(register, county)
    months = sorted(set(register.months) & set(history.income["income_period"].dropna()))
    periods = dict(tuple(history.income.groupby("income_period", sort=False)))
    frames = []
    for month in months:
        # Only income of the month itself and of the year before matters: a panel has many months.
        known = pd.concat([periods[p] for p in (add_months(month, -12), month) if p in periods])
        setting = setting_on(parameters, place, month_end(month))
        persons = register.read("person", month, county, _person_columns(setting))
        read = replace(history, income=known)
        frame = _frame(register.read("household", month, county), persons, read, register, month, setting)
        frames.append(frame[frame["income_period"] == month])
    if not frames:
        raise NoHistoryError(
            "no month has both households and income", where=str(register.path), fix="import income of the same months"
        )
    return pd.concat(frames).sort_values(["household_id", "month"], ignore_index=True)


def person_ages(persons: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    """Persons living on the setting's day with ``age`` in whole years and ``is_labour``.

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> from relapse_risk.schema import empty_table
    >>> setting = setting_on(read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> "is_labour" in person_ages(empty_table("person"), setting)
    True
    """
    living = living_on(persons, setting.day)
    return living.assign(is_labour=is_labour(living, setting))


def _person_columns(setting: Setting) -> list[str]:
    """Columns of the person table that composition reads."""
    names = dict.fromkeys([*COUNTS.values(), *asked_of_members(setting.predicates)])
    read = [column for name in names for column in needs(name, setting.predicates)]
    return [column for column in dict.fromkeys([*PERSON, *read]) if column in table("person").names]


def _carried(setting: Setting) -> list[str]:
    """Columns of the household table in the household frame, including those that predicates read."""
    asked = [name for name, one in setting.predicates.items() if one.unit in ("household", "person")]
    read = [column for name in asked for column in needs(name, setting.predicates)]
    return [column for column in dict.fromkeys([*CARRIED, *read]) if column in table("household").names and column not in KEYS]  # fmt: skip


def _frame(
    household: pd.DataFrame, persons: pd.DataFrame, history: _History, register: Register, month: str, setting: Setting
) -> pd.DataFrame:
    day = setting.day
    frame = household.set_index("household_id", drop=False)
    members = composition(persons, setting, frame["household_size"]).reindex(frame.index)
    income = _latest_income(history.income, month).reindex(frame.index)
    result = pd.concat(
        [
            _keys(frame, month, history.areas),
            frame[_carried(setting)],
            members,
            income.drop(columns="household_id"),
            shock_columns(history.shocks, day).reindex(frame.index),
            aid_columns(history.aid, day).reindex(frame.index),
            visit_columns(history.visits, day).reindex(frame.index),
        ],
        axis=1,
    )
    for name, columns in (("shock_event", ZERO_WHEN_COLLECTED[:2]), ("assistance_record", ZERO_WHEN_COLLECTED[2:])):
        if register.has(name):
            result[list(columns)] = result[list(columns)].fillna(0)
    result = _with_scale(result, frame, setting.place)
    result = pd.concat([result, answers(result, setting)], axis=1)
    return _with_lines(result, setting).reset_index(drop=True)


def _with_lines(result: pd.DataFrame, setting: Setting) -> pd.DataFrame:
    """Lines of the year each income is of; null for a role the place does not have."""
    lines = {
        column: setting.line_of_income(role, result) if role in setting.place.lines else float("nan")
        for role, column in LINE_COLUMNS.items()
    }
    return result.assign(**lines)


def _keys(frame: pd.DataFrame, month: str, areas: Areas) -> pd.DataFrame:
    village = frame["village_code"]
    return pd.DataFrame(
        {
            "household_id": frame["household_id"],
            "county_code": areas.county_of(village),
            "town_code": areas.town_of(village),
            "village_code": village,
            "month": month,
            "size": frame["household_size"],
            "weight": frame["sampling_weight"].fillna(1.0),
        },
        index=frame.index,
    )


def _with_scale(result: pd.DataFrame, frame: pd.DataFrame, place: Place) -> pd.DataFrame:
    """Income per head (or adult equivalent), now and compared with twelve months earlier."""
    source = frame["household_size"] if place.income_scale == "head" else frame["adult_equivalents"]
    scale = source.astype("float64").where(source.astype("float64") > 0)
    per = result["net_income"] / scale
    return result.assign(
        scale=scale,
        income_pc_year=per,
        income_after_rigid=(result["net_income"] - result["rigid_spend"].fillna(0)) / scale,
        income_change=share_of_previous(result["net_income"], result["prev_net_income"]),
    )


def _latest_income(income: pd.DataFrame, month: str) -> pd.DataFrame:
    """The newest period up to ``month`` of each household, with the net income twelve months earlier."""
    known = income[income["income_period"] <= month].sort_values("income_period", kind="stable")
    latest = known.drop_duplicates("household_id", keep="last").set_index("household_id", drop=False)
    before = known.set_index(["household_id", "income_period"])["net_income"]
    periods = {period: add_months(period, -12) for period in latest["income_period"].unique()}
    wanted = pd.MultiIndex.from_arrays([latest["household_id"], latest["income_period"].map(periods)])
    return latest.assign(prev_net_income=before.reindex(wanted).to_numpy())
