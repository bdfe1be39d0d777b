"""The city as a whole: counties side by side, what changed, and what no single county can put right.

Pure functions of the facts of all counties; nothing is read from the register.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from relapse_risk.assessment.indicators import verdict
from relapse_risk.assessment.sections.issue_tables import OWNERS, need, severity
from relapse_risk.issues.issue_ledger import LEAD_OFFICE
from relapse_risk.measures import CITY

__all__ = ["aspect_grid", "city_tasks", "moved", "stand", "with_earlier"]

ASSESSED = ("met", "watch", "not_met")
COMMON_SHARE, COMMON_LEAST = 2 / 3, 3  # misses in so large a part of the counties, and in so many: a common cause; ours
UNEVEN_RATIO = 1.5  # highest to lowest county, of a sum per person; ours
OURS = ("not_scored", "not_fitted")  # reasons that are no gap in the data: what we did not compute
EVEN_OUT = "fund_per_person"
NEED = "mean_need"


def stand(indicator: pd.DataFrame) -> pd.DataFrame:
    """Verdict counts: one row per county with judged, met, watch, not_met and not_collected.

    Examples
    --------
    >>> rows = pd.DataFrame({"county_code": ["a", "a", "city"], "verdict": ["met", "not_met", "met"]})
    >>> stand(rows)[["judged", "met", "not_met"]].values.tolist()
    [[2, 1, 1]]
    """
    rows = indicator[indicator["county_code"] != CITY]
    counts = rows.groupby("county_code")["verdict"].value_counts().unstack(fill_value=0)
    counts = counts.reindex(columns=[*ASSESSED, "not_collected"], fill_value=0)
    return counts.assign(judged=counts[list(ASSESSED)].sum(axis=1)).reset_index()


def aspect_grid(indicator: pd.DataFrame, sections: Sequence[int]) -> pd.DataFrame:
    """Assessed and missed limits per county and section: county_code, section, judged, not_met."""
    rows = indicator[(indicator["county_code"] != CITY) & indicator["section"].isin(sections)]
    grid = rows.groupby(["county_code", "section"])["verdict"].agg(
        judged=lambda found: int(found.isin(ASSESSED).sum()), not_met=lambda found: int((found == "not_met").sum())
    )
    codes = sorted(set(indicator["county_code"]) - {CITY})
    every = pd.MultiIndex.from_product([codes, sections], names=["county_code", "section"])
    return grid.reindex(every, fill_value=0).reset_index()


def with_earlier(now: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    """``now`` with ``was`` (verdict) and ``was_value`` of the last period.

    Parameters
    ----------
    now, before : DataFrame
        The indicator table of a month and of an earlier one.  Without an earlier one the value of twelve months
        before is compared with today's limit, for the indicators whose history the register holds.
    """
    if before is None:
        verdicts = [
            verdict(value, limit, direction)
            for value, limit, direction in zip(now["previous"], now["limit"], now["direction"], strict=True)
        ]
        return now.assign(was=verdicts, was_value=now["previous"])
    keys = ["county_code", "indicator"]
    earlier = before[[*keys, "verdict", "value"]].rename(columns={"verdict": "was", "value": "was_value"})
    return now.merge(earlier, on=keys, how="left")


def moved(rows: pd.DataFrame) -> pd.DataFrame:
    """Verdicts of counties that changed: county_code, indicator, was, verdict and worse (now missing its limit).

    Watch and met are both met: a change between them does not count.

    Examples
    --------
    >>> rows = pd.DataFrame({"county_code": ["a", "b"], "indicator": ["x", "x"], "was": ["met", "not_met"],
    ...                      "verdict": ["not_met", "not_met"]})
    >>> moved(rows)[["county_code", "worse"]].values.tolist()
    [['a', True]]
    """
    both = rows[rows["verdict"].isin(ASSESSED) & rows["was"].isin(ASSESSED) & (rows["county_code"] != CITY)]
    worse, was_missed = both["verdict"] == "not_met", both["was"] == "not_met"
    changed = both[worse != was_missed]
    return changed[["county_code", "indicator", "was", "verdict"]].assign(worse=worse[changed.index])


def city_tasks(indicator: pd.DataFrame) -> pd.DataFrame:
    """What no single county can put right.

    ``common``: an indicator that two thirds of the assessed counties miss, three at least: what nearly all miss has a
    cause that lies above them (a rule, a system, a budget).  ``uneven``: a sum per person that is half as high again in
    one county as in another, with Spearman's rank correlation to the need of the counties: money moves between
    counties only by the city's hand.  ``no_document``: a limit that is applied and rests on no document.
    ``nowhere_collected``: what no county holds, in a place that is held to limits.

    Returns
    -------
    DataFrame
        task, indicator, department, counties (that miss), of (assessed), low, high, correlation; the four kinds in this
        order, most counties first, then as a report ranks what is missed.
    """
    rows = indicator[indicator["county_code"] != CITY]
    found = [*_common(rows), *_uneven(rows), *_undocumented(rows), *_uncollected(rows)]
    columns = ["task", "indicator", "counties", "of", "low", "high", "correlation"]
    frame = pd.DataFrame(found, columns=columns)
    frame["department"] = frame["indicator"].map(OWNERS).fillna(LEAD_OFFICE)
    return frame


def _common(rows: pd.DataFrame) -> list[dict[str, object]]:
    found: list[tuple[int, tuple[int, int, float], dict[str, object]]] = []
    for name, mine in rows[rows["verdict"].isin(ASSESSED)].groupby("indicator", sort=False):
        missing = int((mine["verdict"] == "not_met").sum())
        if missing >= COMMON_LEAST and missing >= COMMON_SHARE * len(mine):
            missed = mine.loc[mine["verdict"] == "not_met", ["value", "limit"]].astype("float64").median()
            value, limit, unit = float(missed["value"]), float(missed["limit"]), str(mine["unit"].iloc[0])
            rank = need(str(name), severity(str(name), value, limit, unit), value, limit, unit)
            found.append((-missing, rank, {"task": "common", "indicator": name, "counties": missing, "of": len(mine)}))
    return [task for _, _, task in sorted(found, key=lambda one: one[:2])]


def _uneven(rows: pd.DataFrame) -> list[dict[str, object]]:
    value = rows[rows["indicator"] == EVEN_OUT].set_index("county_code")["value"].dropna()
    if len(value) < COMMON_LEAST or value.max() < UNEVEN_RATIO * value.min():
        return []
    need = rows[rows["indicator"] == NEED].set_index("county_code")["value"]
    both = pd.concat([value, need], axis=1, join="inner").dropna()
    correlation = both.iloc[:, 0].corr(both.iloc[:, 1], method="spearman") if len(both) >= COMMON_LEAST else None
    return [
        {"task": "uneven", "indicator": EVEN_OUT, "of": len(value), "low": value.idxmin(), "high": value.idxmax(),
         "correlation": correlation}
    ]  # fmt: skip


def _undocumented(rows: pd.DataFrame) -> list[dict[str, object]]:
    mine = rows[rows["verdict"].isin(ASSESSED) & rows["limit_confidence"].isin(["assumed", "from_memory", "carried"])]
    return [{"task": "no_document", "indicator": name} for name in dict.fromkeys(mine["indicator"])]


def _uncollected(rows: pd.DataFrame) -> list[dict[str, object]]:
    """What nobody holds, where the place is held to limits: elsewhere nobody asked for it."""
    if rows["limit"].isna().all():
        return []
    mine = rows[~rows["reason"].fillna("").str.startswith(OURS)]
    nowhere = mine.groupby("indicator", sort=False)["verdict"].agg(lambda found: bool((found == "not_collected").all()))
    return [{"task": "nowhere_collected", "indicator": name} for name in nowhere[nowhere].index]
