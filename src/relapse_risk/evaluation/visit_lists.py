"""Visit lists by county with a guaranteed coverage of relapses, whatever the quality of the score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from relapse_risk.errors import ModelError
from relapse_risk.rows import by_row

__all__ = ["VisitLists", "visit_lists"]
ALL = "all"


@dataclass(frozen=True, slots=True)
class VisitLists:
    """A score limit for each county, learned from earlier relapses.

    Attributes
    ----------
    frame : DataFrame
        county_code, events (relapses the limit was learned from), limit (households scored at least so are visited),
        pooled (the county had too few relapses: the limit of all counties).
    coverage : float
        Share of relapses each list is built to cover.
    """

    frame: pd.DataFrame
    coverage: float

    @by_row("score", "county")
    def listed(self, score: pd.Series, county: pd.Series) -> pd.Series:
        """Whether each household is visited; an unknown county has the pooled limit."""
        known = self.frame[self.frame["county_code"] != ALL].set_index("county_code")["limit"]
        pooled = float(self.frame.loc[self.frame["county_code"] == ALL, "limit"].iloc[-1])
        return score >= county.astype(object).map(str, na_action="ignore").map(known).fillna(pooled)

    @by_row("event", "score", "county")
    def evaluated(self, event: pd.Series, score: pd.Series, county: pd.Series) -> pd.DataFrame:
        """Coverage of the lists in another year.

        Returns
        -------
        DataFrame
            county_code (``all`` last), n, listed (share visited), events, held (share of relapses on the list), low,
            high (Wilson 95 %).
        """
        event, score, county = (one.reset_index(drop=True) for one in (event, score, county))
        words = county.astype(object).map(str, na_action="ignore")
        frame = pd.DataFrame({"y": event, "on": self.listed(score, county).astype(float), "county_code": words})
        parts = [*frame.groupby("county_code"), (ALL, frame)]
        rows = [
            (name, len(own), own["on"].mean(), int(own["y"].sum()), own.loc[own["y"] == 1, "on"].mean())
            for name, own in parts
        ]
        table = pd.DataFrame(rows, columns=["county_code", "n", "listed", "events", "held"])
        events = table["events"].clip(lower=1).to_numpy(dtype=float)
        low, high = proportion_confint(table["held"].fillna(0).to_numpy() * events, events, method="wilson")
        return table.assign(low=low, high=high)

    judged = evaluated  # its former name, in scripts written before


@by_row("event", "score", "county")
def visit_lists(event: pd.Series, score: pd.Series, county: pd.Series, coverage: float = 0.9) -> VisitLists:
    """Limits such that a household that will relapse is on its county's list with probability ``coverage`` or more.

    Parameters
    ----------
    event, score, county : Series, shape (n,)
        Of an earlier year not used to fit the score.
    coverage : float

    Notes
    -----
    Class-conditional split conformal prediction, each county being a class (Mondrian): with m relapses the limit is the
    floor((1 - coverage)(m + 1))-th smallest of their scores.  If next year's relapses are exchangeable with these, the
    guarantee is exact and needs no calibrated score.  Where that number is under one, the county has too few
    relapses and takes the limit of all.

    References
    ----------
    Vovk (2012), Conditional validity of inductive conformal predictors, ACML, PMLR 25, 475-490.

    Examples
    --------
    >>> y, s = pd.Series([1.0] * 9 + [0.0]), pd.Series(np.arange(10) / 10)
    >>> visit_lists(y, s, pd.Series(["c"] * 10), 0.8).frame["limit"].tolist()  # second smallest of nine
    [0.1, 0.1]
    """
    if not 0 < coverage < 1:
        raise ModelError("coverage is a share", where="visit_lists", got=coverage, expected="between 0 and 1")
    if event.isna().any() or score.isna().any() or county.isna().any():
        raise ModelError("an event, score or county is missing", where="visit_lists", fix="leave these rows out")
    event, score, county = (one.reset_index(drop=True) for one in (event, score, county))
    fell = (event == 1).to_numpy(dtype=bool)
    every = _limit(score.to_numpy(dtype=float)[fell], coverage)
    if every is None:
        raise ModelError("too few relapses for any limit", where="visit_lists", got=int(fell.sum()),
                         expected=f"at least {int(np.ceil(1 / (1 - coverage))) - 1}")  # fmt: skip
    rows: list[tuple[str, int, float, bool]] = []
    for name, own in score.groupby(county.to_numpy()):
        mine = own[event.loc[own.index] == 1].to_numpy(dtype=float)
        limit = _limit(mine, coverage)
        rows.append((str(name), len(mine), every if limit is None else limit, limit is None))
    rows.append((ALL, int(fell.sum()), every, False))
    return VisitLists(pd.DataFrame(rows, columns=["county_code", "events", "limit", "pooled"]), coverage)


def _limit(scores: npt.NDArray[np.float64], coverage: float) -> float | None:
    place = int(np.floor((1 - coverage) * (len(scores) + 1) + 1e-9))
    return None if place < 1 else float(np.sort(scores)[place - 1])
