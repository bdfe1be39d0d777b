"""Attrition: how many households are not seen again, who they are, and weights that let those observed represent them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.relapse.features import FEATURES, Feature, check_features, feature_matrix
from relapse_risk.relapse.glm import fit_glm
from relapse_risk.relapse.logit_steps import independent_columns
from relapse_risk.relapse.outcome import without_outcomes

__all__ = ["Attrition", "attrition_weights"]

LEAST, TOP = 30, 10.0


@dataclass(frozen=True, slots=True)
class Attrition:
    """Who was lost, and the weights of those who stayed.

    Attributes
    ----------
    weight : Series, shape (n,)
        Share observed over the probability of being observed given what was known at t; 0 for rows not observed; at most
        ten.  Times the sampling weight it goes into any fit.
    lost : float
        Share not observed.
    shifts : DataFrame
        name, stayed, lost: mean of each feature among the two.
    effective : float
        (Σw)² / Σw² over the number observed: how much of the sample the weights leave.
    """

    weight: pd.Series = field(repr=False)
    lost: float
    shifts: pd.DataFrame
    effective: float


def attrition_weights(rows: pd.DataFrame, features: Sequence[Feature] = FEATURES, last: str = "") -> Attrition:
    """Inverse-probability weights of being seen at the horizon.

    They correct attrition that depends on the features (missing at random given them); attrition that depends on the
    outcome beyond the features remains.

    Parameters
    ----------
    rows : DataFrame
        :func:`relapse_risk.relapse.outcome.at_risk_rows`.
    features : sequence of Feature
    last : str
        Last month of the panel: rows whose outcome lies beyond it are not lost but not due, and weigh 0 (left out when
        empty: every row is due).

    Raises
    ------
    ModelError
        If nobody is due.

    References
    ----------
    Robins, Rotnitzky and Zhao (1995), JASA 90, 106-121; weights are stabilised and capped (Cole and Hernán 2008).
    """
    due = (rows["month_next"] <= last).to_numpy(dtype=bool) if last else np.ones(len(rows), dtype=bool)
    if not due.any():
        raise ModelError("no outcome is due", where="attrition_weights", got=last, fix="give a later month")
    seen = rows["observed"].to_numpy(dtype=bool) & due
    matrix = feature_matrix(without_outcomes(rows), check_features(features))
    weight = pd.Series(seen.astype(float), index=rows.index)
    if min(seen.sum(), (due & ~seen).sum()) >= LEAST:
        weight[seen] = _inverse(matrix, seen, due)[seen[due]]
    means = {"stayed": matrix[seen].mean(), "lost": matrix[due & ~seen].mean()}
    shifts = pd.DataFrame(means).rename_axis("name").reset_index()
    w = weight.to_numpy()
    return Attrition(weight, float(1 - seen[due].mean()), shifts, float(w.sum() ** 2 / (w**2).sum() / seen.sum()))


def _inverse(matrix: pd.DataFrame, seen: np.ndarray, due: np.ndarray) -> np.ndarray:
    """Share observed over its fitted probability, for the rows that are due."""
    mine = matrix[due]
    centred = mine.fillna(mine.mean()) - mine.mean()
    kept = independent_columns(centred.loc[:, centred.std(ddof=0).fillna(0) > 1e-3])
    x = np.column_stack([np.ones(len(centred)), centred[kept].to_numpy(dtype=float)])
    y = seen[due].astype(float)
    chance = fit_glm(x, y, names=("base", *kept)).mean
    return np.asarray(np.minimum(y.mean() / chance, TOP))
