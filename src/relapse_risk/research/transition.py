"""Dynamic random-effects probit of poverty: state dependence separated from unobserved heterogeneity."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.relapse.features import Feature, check_features, feature_matrix, learned_features
from relapse_risk.relapse.glm import Array
from relapse_risk.relapse.logit_steps import independent_columns
from relapse_risk.research.random_effects import NODES, RandomEffects, fit_random_effects, posterior_probability

__all__ = ["FittedTransition", "TransitionModel"]


@dataclass(frozen=True, slots=True)
class TransitionModel:
    """Dynamic random-effects probit with Wooldridge's initial condition.

    P(poor next | x, poor now, a) = Φ(x'b + γ · poor now + δ · poor at first + x̄'ζ + σ a): unobserved
    heterogeneity is separated from state dependence by the first state and the means of the traits.  The effect a of a
    household is taken from its posterior when it is scored.  Attrition is handled by inverse-probability weights
    (:func:`relapse_risk.research.attrition.attrition_weights`), not by a third equation.

    Parameters
    ----------
    features : sequence of Feature
        Traits; features made of the history of poverty must stay out.
    nodes : int

    References
    ----------
    Wooldridge (2005), Journal of Applied Econometrics 20, 39-54; Cappellari and Jenkins (2004), same journal 19,
    593-610, whose trivariate probit also models who stays.
    """

    features: Sequence[Feature]
    nodes: int = NODES

    def fit(
        self, visits: pd.DataFrame, weight: pd.Series | None = None, cluster: pd.Series | None = None
    ) -> FittedTransition:
        """Fit on every visit of every household with one before it.

        Parameters
        ----------
        visits : DataFrame
            household_id, month, poor and what the features need; the traits count as of the visit before.
        weight, cluster : Series, optional
            On ``visits``'s index; as :func:`fit_random_effects`.

        Raises
        ------
        ModelError
            For one wave, or as :func:`fit_random_effects`.
        """
        order = visits[visits["poor"].notna().to_numpy(dtype=bool)].sort_values(
            ["household_id", "month"], kind="stable"
        )
        matrix = feature_matrix(order, check_features(self.features))
        reference = matrix.mean()
        centred = matrix.fillna(reference) - reference
        kept = independent_columns(centred.loc[:, centred.std(ddof=0) > 1e-3])
        design = _design(order, centred[kept])
        design["outcome"] = order["poor"].astype(float).groupby(order["household_id"]).shift(-1)
        pairs = design["outcome"].notna().to_numpy(dtype=bool)
        if not pairs.any():
            raise ModelError("nobody is seen twice", where="TransitionModel", fix="use a panel of two waves or more")
        used = design[pairs].drop(columns="outcome")
        columns = independent_columns(used)
        x = np.column_stack([np.ones(len(used)), used[columns].to_numpy()])
        y = design.loc[pairs, "outcome"].to_numpy(dtype=float)
        who = order.loc[used.index, "household_id"].to_numpy()
        given = [None if values is None else values.loc[used.index].to_numpy() for values in (weight, cluster)]
        fitted = fit_random_effects(x, y, who, link="probit", nodes=self.nodes, weight=given[0], cluster=given[1])
        return FittedTransition(tuple(self.features), tuple(kept), tuple(columns), reference[kept], fitted)


def _design(order: pd.DataFrame, centred: pd.DataFrame) -> pd.DataFrame:
    """State now, state at first, traits now and their mean so far; a row looks only back."""
    poor = order["poor"].astype(float)
    who = order["household_id"].to_numpy()
    state = pd.DataFrame({"poor_then": poor, "poor_first": poor.groupby(who).transform("first")})
    count = poor.groupby(who).cumcount() + 1
    means = centred.groupby(who).cumsum().div(count, axis=0).add_prefix("mean_")
    return pd.concat([state, centred, means], axis=1)


@dataclass(frozen=True, slots=True)
class FittedTransition:
    """A fitted transition model; ``effects`` holds its coefficients, base first, then ``columns``."""

    features: tuple[Feature, ...] = field(repr=False)
    traits: tuple[str, ...]
    columns: tuple[str, ...]
    reference: pd.Series = field(repr=False)
    effects: RandomEffects

    @property
    def state_dependence(self) -> tuple[float, float]:
        """γ and its standard error: state dependence, net of unobserved heterogeneity."""
        place = self.columns.index("poor_then") + 1
        return float(self.effects.params[place]), float(self.effects.se[place])

    @property
    def heterogeneity_share(self) -> float:
        """Share of the variance that is the household's own: σ² / (1 + σ²)."""
        return self.effects.sigma**2 / (1 + self.effects.sigma**2)

    def summary(self) -> str:
        """State dependence, unobserved heterogeneity, and every coefficient with its standard error."""
        effect, se = self.state_dependence
        lines = [
            f"poor now: {effect:+.3f} ({se:.3f}) on the probit index; {self.heterogeneity_share:.0%} of the variance is the "
            f"household's own; log-likelihood {self.effects.log_likelihood:.2f}, {self.effects.nodes} nodes, moved by "
            f"{self.effects.moved:+.1e} with twice as many"
        ]
        rows = zip(("base", *self.columns), self.effects.params, self.effects.se, strict=False)
        return "\n".join([*lines, *(f"{name:<32} {value:+.3f} ({error:.3f})" for name, value, error in rows)])

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"

    def predict(self, visits: pd.DataFrame) -> pd.Series:
        """Probability of being poor at the visit after each household's newest, given all of its visits.

        Returns
        -------
        Series
            On household_id.
        """
        order = visits[visits["poor"].notna().to_numpy(dtype=bool)].sort_values(
            ["household_id", "month"], kind="stable"
        )
        matrix = learned_features(order, self.features, self.traits)
        design = _design(order, matrix.fillna(self.reference) - self.reference)[list(self.columns)]
        x = np.column_stack([np.ones(len(design)), design.to_numpy()])
        who = order["household_id"].to_numpy()
        after = order["poor"].astype(float).groupby(who).shift(-1)
        past, last = after.notna().to_numpy(dtype=bool), ~order["household_id"].duplicated(keep="last").to_numpy()
        y: Array = after.to_numpy(dtype=np.float64)[past]
        chance = posterior_probability(self.effects, x[past], y, who[past], x[last], who[last])
        return pd.Series(chance, index=pd.Index(who[last], name="household_id"), name="probability")
