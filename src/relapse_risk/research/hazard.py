"""The relapse hazard: how the probability of relapse changes with the time since exit."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.relapse import household_features as m
from relapse_risk.relapse.features import FEATURES, Feature
from relapse_risk.relapse.relapse_logit import FittedRelapseLogit, RelapseLogit
from relapse_risk.research.unobserved_heterogeneity import GammaFrailty, fit_gamma_frailty

__all__ = ["DURATIONS", "RelapseHazard", "spell_frailty"]


def _visits(least: int, most: int | None = None) -> m.Compute:
    def compute(frame: pd.DataFrame) -> pd.Series:
        since = m.number(frame, "since_exit")
        inside = (since >= least) if most is None else since.between(least, most)
        return inside.astype("float64").where(since.notna())

    return compute


DURATIONS: tuple[Feature, ...] = (
    Feature("second_visit", "脱贫后第二期", "Second visit since exit", "0/1", "history", ("since_exit",), _visits(2, 2)),
    Feature("later_visit", "脱贫后第三期及以后", "Third visit since exit or later", "0/1", "history", ("since_exit",),
            _visits(3)),
)  # fmt: skip
# The clock replaces them.
CLOCKED = ("poor_last_time", "poor_before")
UNCLOCKED = RelapseLogit(features=tuple(f for f in FEATURES if f.name not in CLOCKED))


@dataclass(frozen=True, slots=True)
class RelapseHazard:
    """Discrete-time proportional hazard (complementary log-log) of relapse after an observed exit.

    The first visit since exit is the base; exp(coefficient) multiplies the hazard, whatever the length of a period.
    Spells that began before the first visit, or of which only the register's exit year is known, have no clock and
    are left out.

    Parameters
    ----------
    model : RelapseLogit
        Features, least events and the rest; its link is replaced.

    References
    ----------
    Prentice and Gloeckler (1978), Biometrics 34, 57-67; Jenkins (1995), Oxford Bulletin 57, 129-138.
    """

    model: RelapseLogit = UNCLOCKED

    def fit(self, rows: pd.DataFrame, event: pd.Series, weight: pd.Series, cluster: pd.Series) -> FittedRelapseLogit:
        """Fit on at-risk rows; those with no observed exit are left out.

        Raises
        ------
        ModelError
            If nobody was seen to exit, or as :meth:`RelapseLogit.fit`.
        """
        clocked = rows["since_exit"].notna().to_numpy(dtype=bool)
        if not clocked.any():
            raise ModelError(
                "nobody was seen to leave poverty", where="RelapseHazard", fix="use a panel of three waves"
            )
        model = replace(self.model, features=(*DURATIONS, *self.model.features), link="cloglog")
        return model.fit(rows[clocked], event[clocked], weight[clocked], cluster[clocked])


def spell_frailty(fitted: FittedRelapseLogit, rows: pd.DataFrame, event: pd.Series) -> GammaFrailty:
    """The hazard's terms refitted with gamma frailty: unobserved heterogeneity between spells.

    A spell is one household between two exits from poverty; rows without a clock are left out, as in the fit.

    Parameters
    ----------
    fitted : FittedRelapseLogit
        Of :class:`RelapseHazard`.
    rows : DataFrame, shape (n, columns)
        At-risk rows without outcomes.
    event : Series, shape (n,)
    """
    order = rows[rows["since_exit"].notna().to_numpy(dtype=bool)].sort_values(["household_id", "month"], kind="stable")
    matrix = fitted.matrix(order)
    reference = pd.Series({term.name: term.reference for term in fitted.terms}, dtype=float)
    x = np.column_stack([np.ones(len(order)), (matrix.fillna(reference) - reference).to_numpy(dtype=float)])
    spell = order["household_id"].astype(str) + "|" + order["spells"].astype(str)
    return fit_gamma_frailty(x, event[order.index].to_numpy(dtype=float), spell)
