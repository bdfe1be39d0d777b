"""Bins of a histogram: edges and labels written once, and bins asked for by an edge, never by their place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import SchemaError

__all__ = ["Bins"]


@dataclass(frozen=True, slots=True)
class Bins:
    """Intervals between neighbouring edges, each with one label.

    Attributes
    ----------
    edges : tuple of float
        Ascending, one more than labels.
    labels : tuple of str
        What the bin is called: ``zh|en``, or one text for both languages.
    right : bool
        Whether a bin holds its upper edge instead of its lower one.

    Raises
    ------
    SchemaError
        For edges that do not ascend, a label too few or too many, or one given twice.

    Examples
    --------
    >>> ratio = Bins((0.0, 0.5, 1.0, 2.0), ("<0.5", "0.5–1", "≥1"))
    >>> ratio.counts(pd.Series([0.4, 0.5, 0.9, 1.0])).tolist()
    [1, 2, 1]
    >>> ratio.below(1.0), ratio.at_least(1.0), ratio.between(0.5, 1.0)
    (('<0.5', '0.5–1'), ('≥1',), ('0.5–1',))
    """

    edges: tuple[float, ...]
    labels: tuple[str, ...]
    right: bool = False

    def __post_init__(self) -> None:
        if len(self.edges) != len(self.labels) + 1 or len(set(self.labels)) != len(self.labels):
            raise SchemaError(
                "bins need one label between two edges", got=self.labels, expected=f"{len(self.edges) - 1} labels"
            )
        if list(self.edges) != sorted(set(self.edges)):
            raise SchemaError("edges of bins do not ascend", got=self.edges)

    def cut(self, values: pd.Series) -> pd.Series:
        """The label of each value; null outside all bins."""
        return pd.cut(values, list(self.edges), right=self.right, labels=list(self.labels))

    def counts(self, values: pd.Series) -> npt.NDArray[np.int64]:
        """How many values lie in each bin, in the order of the bins."""
        return np.asarray(self.cut(values).value_counts().reindex(list(self.labels)).to_numpy(), dtype=np.int64)

    def below(self, edge: float) -> tuple[str, ...]:
        """Labels of the bins up to ``edge``."""
        return self.labels[: self._at(edge)]

    def at_least(self, edge: float) -> tuple[str, ...]:
        """Labels of the bins from ``edge`` on."""
        return self.labels[self._at(edge) :]

    def between(self, low: float, high: float) -> tuple[str, ...]:
        """Labels of the bins from ``low`` to ``high``."""
        return self.labels[self._at(low) : self._at(high)]

    def _at(self, edge: float) -> int:
        if edge not in self.edges:
            near = min(self.edges, key=lambda one: abs(one - edge))
            raise SchemaError(
                "no bin begins or ends there", got=edge, expected=f"one of {self.edges}", fix=f"nearest is {near}"
            )
        return self.edges.index(edge)
