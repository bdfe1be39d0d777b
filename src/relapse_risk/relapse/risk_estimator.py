"""scikit-learn's contract for every risk model that learns a yes or no from rows: one base class, no wrappers.

A model of this package is an estimator itself: its parameters are those of scikit-learn, ``fit(X, y, sample_weight,
groups)`` keeps what was learned in ``fitted_`` and gives the estimator back, ``predict_proba`` and ``predict`` follow.
``fitted_`` is the immutable object that ``fit_rows`` gives to the register's own code: it cannot be refitted by accident,
and its ``predict`` gives probabilities with an interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from relapse_risk.errors import ModelError, unknown
from relapse_risk.languages import Label
from relapse_risk.poverty.survey import SurveyDesign
from relapse_risk.relapse import household_features as m
from relapse_risk.relapse.features import Direction, Feature, check_features
from relapse_risk.rows import as_frame, by_row

__all__ = ["RiskEstimator", "own_features"]

Array = npt.NDArray[np.float64]


class Fitted(Protocol):
    """What a fitted risk model can do."""

    def summary(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Learning:
    """Rows to learn from: the frame, who fell (0 or 1), weights, the cluster of each row, and the survey's design if any."""

    rows: pd.DataFrame
    event: pd.Series
    weight: pd.Series
    cluster: pd.Series
    design: SurveyDesign | None = None


def own_features(rows: pd.DataFrame, directions: Mapping[str, Direction] | None = None) -> tuple[Feature, ...]:
    """Every column of a frame of one's own as a feature of its own name.

    Parameters
    ----------
    rows : DataFrame
        Numbers (or yes and no), one column per feature.
    directions : mapping of column to -1, 0 or 1, optional
        Direction in which more of it must move the risk.

    Returns
    -------
    tuple of Feature

    Raises
    ------
    ModelError
        For a direction of a column that is not there, or other than -1, 0, 1, or a column that no score may read.

    Examples
    --------
    >>> [feature.direction for feature in own_features(pd.DataFrame({"income": [1.0], "size": [3]}), {"income": -1})]
    [-1, 0]
    """
    given = dict(directions or {})
    for name, sign in given.items():
        if name not in rows:
            raise unknown("column", name, rows.columns, "directions", ModelError)
        if sign not in (-1, 0, 1):
            raise ModelError("not a direction", where=f"directions: {name}", got=sign, expected="-1, 0 or 1")
    columns = [str(name) for name in rows.columns]
    return check_features(
        [
            Feature(name, Label.same(name), name, "income", (name,), partial(m.number, name=name), given.get(name, 0))
            for name in columns
        ]
    )


def _check_classes(classes: npt.NDArray[Any], where: str) -> None:
    """Exactly two classes; the words are those that scikit-learn looks for."""
    if len(classes) > 2:
        raise ValueError(f"{where}: Only binary classification is supported. The number of classes is {len(classes)}.")
    if len(classes) < 2:
        raise ValueError(f"{where}: needs two classes among rows with a weight, got {len(classes)} class.")


class RiskEstimator(ClassifierMixin, BaseEstimator):
    """Base of the risk models: subclasses say how they learn (``_learn``) and what they predict (``_chance``)."""

    features: Any

    def _learn(self, given: Learning) -> Any:
        raise NotImplementedError

    def _chance(self, rows: pd.DataFrame) -> Array:
        raise NotImplementedError

    @by_row("X", "y", "sample_weight", "groups")
    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Fit on rows of a frame or array, as scikit-learn does.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n, columns)
            The register's columns where the model names ``features``; else every column is a feature.
        y : array_like, shape (n,)
            Two classes; the second in sorted order (1, True) is the event.
        sample_weight : array_like, shape (n,), optional
            Sampling weights; equal when left out.
        groups : array_like, shape (n,), optional
            Clusters (villages) of the standard errors; every row its own when left out.

        Returns
        -------
        self
            With ``fitted_``, ``classes_``, ``n_features_in_`` and, of a frame, ``feature_names_in_``.
        """
        return self._fit(X, y, sample_weight, groups)

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any, design: SurveyDesign | None = None) -> Self:
        rows = self._frame(X, reset=True)
        outcome = column_or_1d(y, warn=True)
        check_consistent_length(rows, outcome)
        check_classification_targets(outcome)
        weight = _check_sample_weight(sample_weight, rows, dtype=np.float64)
        cluster = np.arange(len(rows)) if groups is None else column_or_1d(groups)
        check_consistent_length(rows, cluster)
        # Rows without weight say nothing; only a survey's design counts them as sample.
        held = (weight != 0) | (design is not None)
        self.classes_ = np.unique(outcome[held & (weight != 0)])
        _check_classes(self.classes_, type(self).__name__)
        index = rows.index[held]
        self.fitted_ = self._learn(
            Learning(
                rows[held], pd.Series((outcome[held] == self.classes_[1]).astype(np.float64), index),
                pd.Series(weight[held], index), pd.Series(cluster[held], index), design,
            ),
        )  # fmt: skip
        return self

    def _frame(self, X: Any, reset: bool) -> pd.DataFrame:
        """``X`` as a frame: of numbers where the columns themselves are the features."""
        named = hasattr(X, "columns") and hasattr(X, "__arrow_c_stream__")
        table = as_frame(X, type(self).__name__) if named else X
        if named and self.features is not None:  # the register's columns, found by name
            if reset:
                validate_data(self, table, skip_check_array=True)
            return table
        values = validate_data(self, table, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        if np.isinf(values).any():
            raise ValueError(
                f"Input X contains infinity: {type(self).__name__} takes finite numbers, NaN where unknown."
            )
        names = map(str, table.columns) if named else (f"x{j}" for j in range(values.shape[1]))
        return pd.DataFrame(values, columns=list(names), index=table.index if named else None)

    def predict_proba(self, X: Any) -> Array:
        """Probability of each class, shape (n, 2), in the order of ``classes_``.

        Parameters
        ----------
        X : DataFrame or array_like, shape (n, columns)

        Raises
        ------
        ValueError
            Naming a column that was there at ``fit`` and is missing.
        """
        check_is_fitted(self)
        event = self._chance(self._frame(X, reset=False))
        return np.column_stack([1 - event, event])

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """The likelier class of each row, shape (n,); the probabilities say more."""
        event = self.predict_proba(X)[:, 1] > 0.5
        return np.asarray(self.classes_[event.astype(int)])

    def summary(self) -> str:
        """The fitted model as text."""
        check_is_fitted(self)
        return str(self.fitted_.summary())

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags
