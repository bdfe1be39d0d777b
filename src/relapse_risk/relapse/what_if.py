"""The score rerun on changed inputs: what it would say, if the relation were causal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.languages import Language
from relapse_risk.relapse.features import PROTECTED
from relapse_risk.relapse.fitted_logit import FittedRelapseLogit
from relapse_risk.relapse.glm import Array, inverse_link
from relapse_risk.text import text

__all__ = ["WhatIf", "what_if"]

DRAWS = 500


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What the score says of changed inputs; no estimate of an effect.

    Attributes
    ----------
    name : str
    changed : int
        Households whose inputs changed.
    expected_before, expected_after : float
        Sum of probabilities.
    difference, difference_low, difference_high : float
        After minus before, with the interval of the coefficients' uncertainty (95 %).
    below : int
        Households that leave the side at or above ``limit``.
    above : int
        Households that come to it.
    below_low, below_high : float
        Interval of ``below``.
    limit : float
    """

    name: str
    changed: int
    expected_before: float
    expected_after: float
    difference: float
    difference_low: float
    difference_high: float
    below: int
    above: int
    below_low: float
    below_high: float
    limit: float

    def summary(self, language: Language = "en") -> str:
        """One sentence that begins with its condition; another one where no term reads what was changed."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        return text("what_if.changed" if self.changed else "what_if.nothing", language, **said)


def what_if(
    fitted: FittedRelapseLogit, rows: pd.DataFrame, change: Callable[[pd.DataFrame], pd.DataFrame], *, name: str,
    limit: float, rng: np.random.Generator,
) -> WhatIf:  # fmt: skip
    """Score ``rows`` as they are and as ``change`` makes them.

    Parameters
    ----------
    fitted : FittedRelapseLogit
    rows : DataFrame
        Household frame with history, without outcomes.
    change : function of a frame
        Returns the frame with changed inputs (paid shares, lines, posts): same households, same order.
    name : str
    limit : float
        Probability whose crossing is counted.
    rng : Generator
        Draws coefficients from their clustered covariance.

    Raises
    ------
    ModelError
        If ``change`` changes who is there, or a protected trait.
    """
    turned = change(rows.copy())
    if len(turned) != len(rows) or (turned["household_id"].to_numpy() != rows["household_id"].to_numpy()).any():
        raise ModelError("a change of inputs keeps the households and their order", where=f"what_if {name}",
                         got=(len(rows), len(turned)))  # fmt: skip
    touched = [c for c in PROTECTED if c in rows and not rows[c].equals(turned[c])]
    if touched:
        raise ModelError("a protected trait is no input", where=f"what_if {name}", got=touched[0])
    before, after = (_design(fitted, frame) for frame in (rows, turned))
    point = np.array([fitted.base, *(term.coefficient for term in fitted.terms)])
    drawn = rng.multivariate_normal(point, fitted.covariance, size=DRAWS, method="eigh")
    p, q = (inverse_link(x @ point, fitted.link) for x in (before, after))
    sums, crossed = [], []
    for beta in drawn:
        a, b = (inverse_link(x @ beta, fitted.link) for x in (before, after))
        sums.append(b.sum() - a.sum())
        crossed.append(((a >= limit) & (b < limit)).sum())
    low, high = np.percentile(sums, (2.5, 97.5))
    below_low, below_high = np.percentile(crossed, (2.5, 97.5))
    return WhatIf(
        name, int((before != after).any(axis=1).sum()), float(p.sum()), float(q.sum()), float(q.sum() - p.sum()),
        float(low), float(high), int(((p >= limit) & (q < limit)).sum()), int(((p < limit) & (q >= limit)).sum()),
        float(below_low), float(below_high), limit,
    )  # fmt: skip


def _design(fitted: FittedRelapseLogit, rows: pd.DataFrame) -> Array:
    reference = pd.Series({term.name: term.reference for term in fitted.terms}, dtype=float)
    values = fitted.matrix(rows).reindex(columns=reference.index)
    return np.column_stack([np.ones(len(rows)), (values.fillna(reference) - reference).to_numpy(dtype=float)])
