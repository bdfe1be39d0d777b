"""The challenger: gradient boosting on the same features, to measure what the additive score gives up."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from relapse_risk.relapse.features import (
    FEATURES,
    Direction,
    Feature,
    check_features,
    feature_matrix,
    learned_features,
    refuse_leakage,
)
from relapse_risk.relapse.glm import Array
from relapse_risk.relapse.risk_estimator import Learning, RiskEstimator, own_features
from relapse_risk.rows import by_row

__all__ = ["FittedRelapseBoost", "RelapseBoost"]


@dataclass(repr=False, eq=False)
class RelapseBoost(RiskEstimator):
    """Histogram gradient boosting, monotone where a feature declares a direction; an estimator of scikit-learn.

    Parameters
    ----------
    features : sequence of Feature, optional
        When left out: every column of ``X`` in ``fit``, the register's :data:`FEATURES` in ``fit_rows``.
    seed : int
    rounds, leaves, smallest_leaf : int
        Trees, leaves a tree, rows a leaf at least.
    rate, shrinkage : float
        Learning rate and L2 penalty of a leaf.
    directions : mapping of column to -1, 0 or 1, optional
        Of the columns of ``X``, where ``features`` are left out.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> X = pd.DataFrame({"income": rng.normal(size=400)})
    >>> fell = (rng.random(400) < 1 / (1 + np.exp(1 + X["income"]))).astype(int)
    >>> bool(RelapseBoost(directions={"income": -1}).fit(X, fell).predict_proba(X)[X["income"].argmin(), 1] > 0.5)
    True
    """

    features: Sequence[Feature] | None = None
    seed: int = 2020
    rounds: int = 80
    leaves: int = 15
    smallest_leaf: int = 60
    rate: float = 0.08
    shrinkage: float = 1.0
    directions: Mapping[str, Direction] | None = None

    @property
    def offered(self) -> tuple[Feature, ...]:
        """The features it fits rows of a register on."""
        return FEATURES if self.features is None else tuple(self.features)

    def _learn(self, given: Learning) -> FittedRelapseBoost:
        if self.features is not None:
            return self.fit_rows(given.rows, given.event, given.weight)
        own = replace(self, features=own_features(given.rows, self.directions))
        return own.fit_matrix(feature_matrix(given.rows, own.offered), given.event, given.weight)

    def _chance(self, rows: pd.DataFrame) -> Array:
        return self.fitted_.predict(rows).to_numpy()

    @by_row("rows", "event", "weight")
    def fit_rows(self, rows: pd.DataFrame, event: pd.Series, weight: pd.Series) -> FittedRelapseBoost:
        """Fit on at-risk rows without outcomes; as :meth:`RelapseLogit.fit_rows`, but trees have no standard errors."""
        matrix = feature_matrix(rows, check_features(self.offered))
        refuse_leakage(matrix, event.to_numpy(dtype=float))
        return self.fit_matrix(matrix, event, weight)

    def fit_matrix(self, matrix: pd.DataFrame, event: pd.Series, weight: pd.Series) -> FittedRelapseBoost:
        """Fit on features already computed; missing values are a branch of their own, a feature never known is left out."""
        matrix = matrix.loc[:, matrix.notna().any()]
        direction = {feature.name: feature.direction for feature in self.offered}
        model = HistGradientBoostingClassifier(
            max_iter=self.rounds, learning_rate=self.rate, max_leaf_nodes=self.leaves,
            min_samples_leaf=self.smallest_leaf, l2_regularization=self.shrinkage, early_stopping=False,
            monotonic_cst=[direction[name] for name in matrix], random_state=self.seed,
        )  # fmt: skip
        # One thread: on a busy machine OpenMP threads wait for each other far longer than they work.
        with threadpool_limits(limits=1):
            model.fit(matrix.to_numpy(), event.to_numpy(dtype=int), sample_weight=weight.to_numpy(dtype=float))
        return FittedRelapseBoost(model, tuple(matrix.columns), self.offered)


@dataclass(frozen=True, slots=True)
class FittedRelapseBoost:
    """A fitted challenger; ``columns`` are the features it reads, in order."""

    model: HistGradientBoostingClassifier = field(repr=False)
    columns: tuple[str, ...]
    features: tuple[Feature, ...] = field(repr=False)

    def predict(self, rows: pd.DataFrame) -> pd.Series:
        """Probability of falling, on ``rows``'s index; a column that a feature needs and that is not there is an error."""
        chance = self.predict_matrix(learned_features(rows, self.features, self.columns))
        return pd.Series(chance, index=rows.index, name="probability")

    def summary(self) -> str:
        """What it was grown from, in one line."""
        return f"boosting of {self.model.n_iter_} trees on {len(self.columns)} features"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"

    def predict_matrix(self, matrix: pd.DataFrame) -> Array:
        """Probability of falling, shape (n,)."""
        with threadpool_limits(limits=1):
            return np.asarray(self.model.predict_proba(matrix.reindex(columns=self.columns).to_numpy())[:, 1])
