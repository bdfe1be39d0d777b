"""The relapse hazard: how the probability of relapse changes with the time since exit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError, unknown
from relapse_risk.languages import Label
from relapse_risk.relapse import household_features as m
from relapse_risk.relapse.features import FEATURES, Feature, feature_matrix
from relapse_risk.relapse.fitted_logit import FittedRelapseLogit
from relapse_risk.relapse.glm import Array
from relapse_risk.relapse.relapse_logit import RelapseLogit
from relapse_risk.relapse.risk_estimator import Learning, RiskEstimator, own_features
from relapse_risk.research.unobserved_heterogeneity import GammaFrailty, fit_gamma_frailty
from relapse_risk.rows import by_row

__all__ = ["DURATIONS", "RelapseHazard", "spell_frailty"]


def _visits(least: int, most: int | None = None) -> m.Compute:
    def compute(frame: pd.DataFrame) -> pd.Series:
        since = m.number(frame, "since_exit")
        inside = (since >= least) if most is None else since.between(least, most)
        return inside.astype("float64").where(since.notna())

    return compute


DURATIONS: tuple[Feature, ...] = (
    Feature("second_visit", Label(zh="脱贫后第二期", en="Second visit since exit"), "0/1", "history", ("since_exit",), _visits(2, 2)),
    Feature("later_visit", Label(zh="脱贫后第三期及以后", en="Third visit since exit or later"), "0/1", "history", ("since_exit",),
            _visits(3)),
)  # fmt: skip
# The clock replaces them.
CLOCKED = ("poor_last_time", "poor_before")
UNCLOCKED = RelapseLogit(features=tuple(f for f in FEATURES if f.name not in CLOCKED))


@dataclass(repr=False, eq=False)
class RelapseHazard(RiskEstimator):
    """Discrete-time proportional hazard (complementary log-log) of relapse after an observed exit.

    The first visit since exit is the base; exp(coefficient) multiplies the hazard, whatever the length of a period.
    Spells that began before the first visit, or of which only the register's exit year is known, have no clock and
    are left out.

    Parameters
    ----------
    model : RelapseLogit, optional
        Features, least events and the rest; its link is replaced. When left out: the register's features without those
        that the clock replaces in ``fit_rows``, every other column of ``X`` in ``fit``.

    Notes
    -----
    An estimator of scikit-learn whose ``X`` must be a frame with ``since_exit``, visits since the exit from poverty; rows
    without it are left out of the fit and scored as at their first visit.

    References
    ----------
    Prentice and Gloeckler (1978), Biometrics 34, 57-67; Jenkins (1995), Oxford Bulletin 57, 129-138.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> X = pd.DataFrame({"since_exit": rng.integers(1, 4, 600), "income": rng.normal(size=600)})
    >>> fell = rng.random(600) < 1 - np.exp(-np.exp(-1 - 0.7 * X["income"]))  # the hazard falls with income
    >>> model = RelapseHazard().fit(X, fell)
    >>> poorer, richer = model.predict_proba(X.head(2).assign(income=[-1, 1]))[:, 1]
    >>> bool(poorer > richer)
    True
    """

    model: RelapseLogit | None = None

    @property
    def features(self) -> Sequence[Feature] | None:
        """Features of the model; ``None`` where every column is one."""
        return None if self.model is None else self.model.features

    def _frame(self, X: Any, reset: bool) -> pd.DataFrame:
        rows = super()._frame(X, reset)
        if "since_exit" not in rows:
            raise unknown(
                "column", "since_exit", map(str, rows.columns), "RelapseHazard", ModelError,
                otherwise="add since_exit: visits since the exit from poverty, empty where no exit was seen",
            )  # fmt: skip
        return rows

    def _learn(self, given: Learning) -> FittedRelapseLogit:
        return self._timed(given.rows, given.event, given.weight, given.cluster, own=self.features is None)

    def _chance(self, rows: pd.DataFrame) -> Array:
        return self.fitted_.predict(rows)["probability"].to_numpy()

    @by_row("rows", "event", "weight", "cluster")
    def fit_rows(
        self, rows: pd.DataFrame, event: pd.Series, weight: pd.Series, cluster: pd.Series
    ) -> FittedRelapseLogit:
        """Fit on at-risk rows of a register; those with no observed exit are left out.

        Raises
        ------
        ModelError
            If nobody was seen to exit, or as :meth:`RelapseLogit.fit_rows`.
        """
        return self._timed(rows, event, weight, cluster, own=False)

    def _timed(
        self, rows: pd.DataFrame, event: pd.Series, weight: pd.Series, cluster: pd.Series, own: bool
    ) -> FittedRelapseLogit:
        """The cloglog fit of rows with a clock, on the columns themselves or the features of a register."""
        clocked = rows["since_exit"].notna().to_numpy(dtype=bool)
        if not clocked.any():
            raise ModelError(
                "nobody was seen to leave poverty", where="RelapseHazard", fix="use a panel of three waves"
            )
        base = UNCLOCKED if self.model is None else self.model
        given = (event[clocked], weight[clocked], cluster[clocked])
        if not own:
            model = replace(base, features=(*DURATIONS, *base.offered), link="cloglog")
            return model.fit_rows(rows[clocked], *given)
        others = own_features(rows.drop(columns="since_exit"), base.directions)
        model = replace(base, features=(*DURATIONS, *others), link="cloglog")
        return model.fit_matrix(feature_matrix(rows[clocked], model.offered), None, *given)


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
