"""Bands of risk: by budget (the county can visit so many households) or by stated probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.rows import by_row

__all__ = ["Bands", "band_limits", "bands_at", "risk_bands", "worth_a_visit"]


@dataclass(frozen=True, slots=True)
class Bands:
    """Lowest probability of the bands ``high`` and ``medium``; null for a band that holds nobody."""

    high_from: float | None
    medium_from: float | None


@by_row("probability", "household_id")
def risk_bands(probability: pd.Series, household_id: pd.Series, high: float, medium: float) -> pd.Series:
    """``high`` for the share ``high`` of households with the highest risk, ``medium`` for the next, else ``low``.

    Parameters
    ----------
    probability : Series, shape (n,)
        Null (poor already, or not scored) stays without band.
    household_id : Series, shape (n,)
        Breaks ties, ascending.
    high, medium : float
        Shares of the scored households; counts are rounded down.

    Examples
    --------
    >>> risk_bands(pd.Series([0.3, 0.1, 0.2, 0.05]), pd.Series(list("abcd")), 0.25, 0.25).tolist()
    ['high', 'low', 'medium', 'low']
    """
    if not 0 <= high <= high + medium <= 1:
        raise ModelError("shares of bands must add to at most one", where="risk_bands", got=(high, medium))
    scored = probability.notna()
    order = pd.DataFrame({"p": -probability[scored], "id": household_id[scored]}).sort_values(["p", "id"]).index
    # Slightly more than the product: 0.05 + 0.1 is 0.15000000000000002, 0.07 x 100 is 7.000000000000001.
    cut = [int(len(order) * share + 1e-9) for share in (high, high + medium)]
    place = pd.Series(np.arange(len(order)), index=order)
    names = np.select([place < cut[0], place < cut[1]], ["high", "medium"], "low")
    return pd.Series(names, index=order, dtype="str").reindex(probability.index)


def bands_at(probability: pd.Series, high_from: float, medium_from: float) -> pd.Series:
    """``high`` from probability ``high_from`` on, ``medium`` from ``medium_from`` on, else ``low``.

    Examples
    --------
    >>> bands_at(pd.Series([0.2, 0.1, 0.05]), 0.2, 0.1).tolist()
    ['high', 'medium', 'low']
    """
    if not 0 <= medium_from <= high_from <= 1:
        raise ModelError("bands out of order", where="bands_at", got=(high_from, medium_from))
    names = np.select([probability >= high_from, probability >= medium_from], ["high", "medium"], "low")
    return pd.Series(names, index=probability.index, dtype="str").mask(probability.isna())


def worth_a_visit(visit: float, missed: float) -> float:
    """The probability from which a visit is worth it: cost of a needless visit / (that + cost of a missed fall).

    Parameters
    ----------
    visit, missed : float
        Cost of visiting a household that would not have fallen, and of not visiting one that falls; any one unit.

    References
    ----------
    Vickers and Elkin (2006), Medical Decision Making 26, 565-574.

    Examples
    --------
    >>> worth_a_visit(1.0, 19.0)
    0.05
    """
    if visit <= 0 or missed <= 0:
        raise ModelError("costs must be positive", where="worth_a_visit", got=(visit, missed))
    return visit / (visit + missed)


@by_row("probability", "band")
def band_limits(probability: pd.Series, band: pd.Series) -> Bands:
    """The probability at which each band begins, as drawn.

    Examples
    --------
    >>> band_limits(pd.Series([0.3, 0.1]), pd.Series(["high", "low"]))
    Bands(high_from=0.3, medium_from=None)
    """
    least = [probability[band == name].min() for name in ("high", "medium")]
    return Bands(*(None if pd.isna(value) else float(value) for value in least))
