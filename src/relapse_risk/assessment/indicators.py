"""The central table of indicators: value, interval, last period, limit and verdict, by county and for the city."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from relapse_risk.assessment.county_data import CountyData
from relapse_risk.assessment.intervals import beta_binomial, combined, fay_herriot
from relapse_risk.measures import CITY, LEAST, Fraction, Indicator, Values
from relapse_risk.parameters import DatedValue

__all__ = ["VERDICTS", "Samples", "county_samples", "indicator_rows", "verdict", "with_city"]

WATCH_BAND = 0.1  # within a tenth of the way to the limit is "watch", so that a near miss is seen before it is one
EVALUATION = 16
LEAST_VARIANCE = 1e-12
NOT_RECEIVED = "not_received"  # begins the reason of what rests on a table that is expected and has not come yet
VERDICTS = ("met", "watch", "not_met", "cannot_tell", "no_limit", "not_collected")
NUMERIC = (
    "numerator", "denominator", "value", "low", "high", "previous", "previous_numerator", "previous_denominator",
    "previous_cases", "previous_n", "limit", "cases", "n", "se", "population", "previous_held", "held_cases", "held_n",
    "line_before", "line_now",
)  # fmt: skip
NOW, BEFORE = "now", "before"
Samples: TypeAlias = dict[tuple[str, str], tuple[Values, Values]]  # values and weights by indicator, now or before
TEXTUAL = ("limit_confidence", "limit_source", "previous_period", "reason")


def verdict(
    value: float | None, limit: float | None, direction: str, low: float | None = None, high: float | None = None
) -> str:
    """met, watch (met, but within a tenth of failing), not_met, cannot_tell, no_limit, or not_collected.

    ``low`` and ``high`` are the interval of a sampled or modelled value (or what unknown answers leave open): with values
    in it on both sides of the limit, nobody can tell.

    Examples
    --------
    >>> verdict(0.95, 0.9, "higher_better"), verdict(0.85, 0.9, "higher_better"), verdict(None, 0.9, "higher_better")
    ('met', 'not_met', 'not_collected')
    >>> verdict(0.019, 0.02, "lower_better")
    'watch'
    >>> verdict(0.95, 0.9, "higher_better", 0.88, 0.99), verdict(0.95, 0.9, "higher_better", 0.9, 0.99)
    ('cannot_tell', 'met')
    """
    if value is None or np.isnan(value):
        return "not_collected"
    if limit is None or np.isnan(limit) or direction == "none":
        return "no_limit"
    if low is not None and high is not None and _reaches_over(low, limit, high, direction):
        return "cannot_tell"
    room = (value - limit) if direction == "higher_better" else (limit - value)
    if room < -1e-12:
        return "not_met"
    near = WATCH_BAND * (limit if direction == "lower_better" else abs(1 - limit) if limit < 1 else 0)
    return "watch" if near > 0 and room < near and value != limit else "met"


def _reaches_over(low: float, limit: float, high: float, direction: str) -> bool:
    """Whether some values from ``low`` to ``high`` meet the limit and others do not; no if the interval is not known."""
    meets_low, meets_high = (
        (low >= limit, high >= limit) if direction == "higher_better" else (low <= limit, high <= limit)
    )
    return not (np.isnan(low) or np.isnan(high)) and meets_low != meets_high


def indicator_rows(
    data: CountyData, items: Sequence[Indicator], reasons: Mapping[str, str], least: Collection[str] = ()
) -> pd.DataFrame:
    """One row per indicator of one county; ``reasons`` says why those that cannot be computed cannot, ``least`` names
    those that are lower bounds."""
    rows = [_row(item, data, reasons.get(item.name, ""), item.name in least) for item in items]
    return _typed(pd.DataFrame(rows))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    types = dict.fromkeys(NUMERIC, "float64") | dict.fromkeys(TEXTUAL, "str")
    return frame.astype({name: kind for name, kind in types.items() if name in frame})


def _row(item: Indicator, data: CountyData, reason: str, is_least: bool) -> dict[str, object]:
    found = Fraction(np.nan, np.nan) if reason else item.compute(data)
    earlier = data.earlier if item.history and not reason else None
    before = item.compute(earlier) if earlier is not None else Fraction(np.nan, np.nan)
    assessed = item.limit and not reason and data.place.limits_apply
    limit = data.parameters.on(item.limit, data.day) if assessed else None
    empty = found.ratio is None and not reason
    (cases, n), (previous_cases, previous_n) = found.looked_at, before.looked_at
    return {
        "county_code": data.county, "section": item.section, "indicator": item.name, "headline": item.headline,
        "numerator": found.numerator, "denominator": found.denominator, "value": found.ratio,
        "low": found.low, "high": found.high, "sampled": LEAST if is_least else item.sampled or ("survey" if found.se is not None else ""),
        "previous": before.ratio, "previous_numerator": before.numerator, "previous_denominator": before.denominator,
        "previous_cases": previous_cases, "previous_n": previous_n,
        "previous_period": data.previous if before.ratio is not None and not np.isnan(before.ratio) else None,
        "unit": item.unit, "direction": item.direction, **_limit(limit), "source": item.source,
        **_unchanged_basis(item, data, before), "cases": cases, "n": n, "se": found.se, "population": found.population, "weighted": found.weighted,
        "reason": "no_cases" if empty else reason,
        "verdict": verdict(found.ratio, limit.value if limit else None, item.direction, *_reach(is_least, found.ratio, found.low, found.high)),
    }  # fmt: skip


def _reach(
    is_least: bool, value: float | None, low: float | None, high: float | None
) -> tuple[float | None, float | None]:
    """What the value may be: its interval, or from a lower bound on."""
    return (value, np.inf) if is_least else (low, high)


def _unchanged_basis(item: Indicator, data: CountyData, before: Fraction) -> dict[str, object]:
    """The previous value by the line of this period, where the line changed in between."""
    change = (
        data.line_change(item.line) if item.line and before.ratio is not None and not np.isnan(before.ratio) else None
    )
    held = data.earlier_by_lines_of_now(item.line) if change is not None else None
    if change is None or held is None:
        return dict.fromkeys(("previous_held", "held_cases", "held_n", "line_before", "line_now"), None)
    found = item.compute(held)
    cases, n = found.looked_at
    return {
        "previous_held": found.ratio, "held_cases": cases, "held_n": n, "line_before": change[0], "line_now": change[1],
    }  # fmt: skip


def _limit(limit: DatedValue | None) -> dict[str, object]:
    if limit is None:
        return {"limit": None, "limit_confidence": None, "limit_source": None}
    return {"limit": limit.value, "limit_confidence": limit.confidence, "limit_source": limit.source}


def county_samples(data: CountyData, items: Sequence[Indicator], reasons: Mapping[str, str]) -> Samples:
    """Values and weights from which the city's value of each ``pooled`` indicator is formed: now, and a year before."""
    found: Samples = {}
    for item in items:
        if item.pooled is not None and not reasons.get(item.name):
            found[item.name, NOW] = item.pooled.sample(data)
            if item.history and data.earlier is not None:
                found[item.name, BEFORE] = item.pooled.sample(data.earlier)
    return found


def with_city(rows: pd.DataFrame, items: Sequence[Indicator], samples: Sequence[Samples] = ()) -> pd.DataFrame:
    """``rows`` of every county and the city's after them; ``samples`` are those of each county."""
    by_name = {name: mine for name, mine in rows.groupby("indicator", sort=False)}
    cities = [_city_row(item, by_name[item.name], samples) for item in items if item.name in by_name]
    whole = pd.concat([rows, _typed(pd.DataFrame(cities))], ignore_index=True)
    return whole.assign(shrunk=_shrunk(whole, items))


def _shrunk(rows: pd.DataFrame, items: Sequence[Indicator]) -> pd.Series:
    """Shares of the evaluation section pulled towards the city's, by as much as a small county's share is noise."""
    result = pd.Series(np.nan, index=rows.index)
    for item in items:
        if item.section == EVALUATION and item.unit == "share":
            mine = (rows["indicator"] == item.name) & (rows["county_code"] != CITY) & (rows["n"] > 0)
            if mine.sum() > 1:
                result[mine] = _pulled(rows[mine], item.sampled == "survey")
    return result


def _pulled(mine: pd.DataFrame, is_sampled: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Fay-Herriot for sampled shares, beta-binomial for counts of the register.

    A sampling variance of zero (all or none) is no certainty: it is at least that of the common share.
    """
    if not is_sampled:
        return beta_binomial(mine["cases"].tolist(), mine["n"].tolist())
    common = float(np.average(mine["value"], weights=mine["n"]))
    least = common * (1 - common) / mine["n"]
    variance = np.maximum(mine["se"].fillna(0.0) ** 2, least).clip(lower=LEAST_VARIANCE)
    return fay_herriot(mine["value"].tolist(), variance.tolist())[0]


def _of_all(item: Indicator, when: str, samples: Sequence[Samples]) -> float | None:
    """A pooled statistic of the households of all counties."""
    found = [one[item.name, when] for one in samples if (item.name, when) in one]
    if item.pooled is None or not found:
        return None
    values, weights = (np.concatenate(side) for side in zip(*found, strict=True))
    return item.pooled.statistic(values, weights)


def _city_row(item: Indicator, mine: pd.DataFrame, samples: Sequence[Samples]) -> dict[str, Any]:
    first: dict[str, Any] = mine.iloc[0].to_dict()
    sums = {
        name: mine[name].sum(min_count=1) if name in mine else float("nan")
        for name in (
            "numerator",
            "denominator",
            "cases",
            "n",
            "population",
            "previous_numerator",
            "previous_denominator",
            "previous_cases",
            "previous_n",
            "held_cases",
            "held_n",
        )
    }
    reasons = [reason for reason in mine["reason"].dropna() if reason]
    late = [reason for reason in reasons if NOT_RECEIVED in reason]
    value, low, high, se = (None, None, None, None) if late else _city_value(item, mine, sums, samples)
    before = sums["previous_denominator"]
    previous = sums["previous_numerator"] / before if item.city == "ratio" and before > 0 else None
    if item.city == "pooled" and not late:
        previous = _of_all(item, BEFORE, samples)
    return first | sums | {
        "county_code": CITY, "value": value, "low": low, "high": high, "se": se,
        "previous": mine["previous"].sum(min_count=1) if item.city == "total" else previous,
        "previous_held": sums["held_cases"] / sums["held_n"] if item.city == "ratio" and sums["held_n"] > 0 else None,
        "reason": [*late, *reasons][0] if value is None and reasons else "",
        "verdict": verdict(value, first["limit"], item.direction, *_reach(first["sampled"] == LEAST, value, low, high)), "weighted": bool(mine["weighted"].any()),
    }  # fmt: skip


def _city_value(
    item: Indicator, mine: pd.DataFrame, sums: Mapping[str, float], samples: Sequence[Samples]
) -> tuple[float | None, float | None, float | None, float | None]:
    known = mine.dropna(subset=["value"])
    if known.empty:
        return None, None, None, None
    if item.city == "total":
        return float(known["value"].sum()), None, None, None
    if known["se"].notna().all() and item.unit == "share":
        weight = known["population"].fillna(known["denominator"])
        value, found = combined(known["value"].tolist(), known["se"].tolist(), weight.tolist(), sums["n"])
        return value, found.low, found.high, found.se
    if item.city == "pooled":
        return _of_all(item, NOW, samples), None, None, None
    weight = known["denominator"]
    limits = [float(np.average(known[s], weights=weight)) if known[s].notna().all() else None for s in ("low", "high")]
    return sums["numerator"] / sums["denominator"] if sums["denominator"] > 0 else None, limits[0], limits[1], None
