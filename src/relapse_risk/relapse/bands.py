"""Bands by budget: the county can visit so many households, so the highest risks are those it should visit first."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError

__all__ = ["risk_bands"]


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
    cut = [int(len(order) * high), int(len(order) * (high + medium))]
    place = pd.Series(np.arange(len(order)), index=order)
    names = np.select([place < cut[0], place < cut[1]], ["high", "medium"], "low")
    return pd.Series(names, index=order, dtype="str").reindex(probability.index)
