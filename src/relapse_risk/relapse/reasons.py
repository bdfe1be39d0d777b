"""Why a household scores as it does: contributions by term that sum to the score, as log-odds and as points."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relapse_risk.relapse.fitted_logit import POINTS_PER_LOGIT, FittedRelapseLogit, contributions_of

__all__ = ["POINTS_PER_LOGIT", "base_points", "reasons"]

TINY = 1e-12


def base_points(fitted: FittedRelapseLogit) -> float:
    """Points of a household at the reference of every term; twenty points double the odds, 0 points are even odds.

    Examples
    --------
    >>> import numpy as np
    >>> from relapse_risk.relapse.relapse_logit import RelapseLogit
    >>> X = pd.DataFrame({"income": np.linspace(0, 1, 400)})
    >>> score = RelapseLogit().fit(X, [*[1, 1, 1, 0] * 50, *[1, 0, 0, 0] * 50]).fitted_  # half of all fell
    >>> round(abs(base_points(score)), 1)  # even odds
    0.0
    """
    return float(fitted.base * POINTS_PER_LOGIT)


def reasons(fitted: FittedRelapseLogit, rows: pd.DataFrame, matrix: pd.DataFrame | None = None) -> pd.DataFrame:
    """Every term that moves a household away from the reference, the largest rise first.

    Parameters
    ----------
    fitted : FittedRelapseLogit
    rows : DataFrame
        Household frame with history: household_id, county_code and what the features need.
    matrix : DataFrame, optional
        ``fitted.matrix(rows)`` when already computed.

    Returns
    -------
    DataFrame
        Sorted by county_code and household_id: household_id, county_code, reason (term name), family, value (of the
        term; null where unknown, which adds nothing), contribution (log-odds), points.  The contributions of a
        household and ``fitted.base`` sum to its log-odds; its points and :func:`base_points` to twenty times the
        binary logarithm of its odds.
    """
    values = fitted.matrix(rows) if matrix is None else matrix
    names = np.array([term.name for term in fitted.terms], dtype=object)
    family = np.array([term.family for term in fitted.terms], dtype=object)
    added = contributions_of(fitted, values).to_numpy()
    known = values[list(names)].to_numpy()
    # Rows by county and household, then the largest rise first within each row.
    order = rows[["county_code", "household_id"]].reset_index(drop=True).sort_values(["county_code", "household_id"])
    place = order.index.to_numpy()
    rank = np.argsort(-added[place], axis=1, kind="stable")
    row, column = np.repeat(place, len(names)), rank.ravel()
    moved = np.abs(added[row, column]) > TINY
    row, column = row[moved], column[moved]
    return pd.DataFrame(
        {
            "household_id": rows["household_id"].to_numpy()[row],
            "county_code": rows["county_code"].to_numpy()[row],
            "reason": pd.array(names[column], dtype="str"),
            "family": pd.array(family[column], dtype="str"),
            "value": known[row, column],
            "contribution": added[row, column],
            "points": added[row, column] * POINTS_PER_LOGIT,
        }
    )
