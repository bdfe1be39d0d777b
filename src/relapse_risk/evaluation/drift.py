"""Population drift since a score was fitted, as a table that can make a scheduled run fail."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.evaluation.discrimination import Array

__all__ = ["DriftTable", "divergence", "drift_table"]

BINS, WATCH, FAIL, LEAST = 10, 0.1, 0.25, 1e-4
INTERCEPT_WATCH, INTERCEPT_FAIL = 0.1, 0.3
ORDER = ("ok", "watch", "fail")


@dataclass(frozen=True, slots=True)
class DriftTable:
    """One line per feature and one for calibration.

    Attributes
    ----------
    frame : DataFrame
        name, measure (``psi`` or ``intercept``), value, missing_then, missing_now, status (ok, watch, fail).
    """

    frame: pd.DataFrame

    @property
    def status(self) -> str:
        """The worst status of any line."""
        return max(self.frame["status"], key=ORDER.index, default="ok")

    def summary(self) -> str:
        """The lines that are not ok as text, worst first."""
        found = self.frame[self.frame["status"] != "ok"].sort_values("value", key=abs, ascending=False)
        lines = [f"{row.status:<6}{row.measure:<10}{row.value:+.3f}  {row.name_}" for row in
                 found.rename(columns={"name": "name_"}).itertuples()]  # fmt: skip
        return "\n".join([f"drift: {self.status} ({len(self.frame)} lines)", *lines])


def divergence(one: Array, other: Array) -> float:
    """Σ (p - q) ln(p / q) of two distributions over the same bins: the population stability index.

    Counts are divided by their sum; a share of 0 counts as 0.0001.  For events and non-events it is the information
    value of a feature.

    References
    ----------
    Kullback and Leibler (1951); Siddiqi (2006), Credit Risk Scorecards.

    Examples
    --------
    >>> round(divergence(np.array([50.0, 50.0]), np.array([60.0, 40.0])), 4)  # 0.1 ln 1.2 + 0.1 ln 1.25
    0.0405
    """
    p, q = (np.maximum(np.asarray(v, dtype=np.float64) / np.sum(v), LEAST) for v in (one, other))
    return float(((p - q) * np.log(p / q)).sum())


def _counts(then: pd.Series, now: pd.Series, *, unknown: bool) -> tuple[Array, Array]:
    """Counts by tenths of ``then``, or by value where there are few values; unknown separately, or not at all."""
    known = then.dropna().to_numpy(dtype=float)
    distinct = np.unique(known)
    if len(distinct) <= BINS:
        edges = distinct[1:] if len(distinct) else np.empty(0)
    else:
        edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS))

    def count(values: pd.Series) -> Array:
        own = values.dropna().to_numpy(dtype=float)
        place = np.searchsorted(edges, own, side="right")
        counted = np.bincount(place, minlength=len(edges) + 1)
        return np.append(counted, values.isna().sum() if unknown else 0).astype(float)

    one, other = count(then), count(now)
    held = (one + other) > 0
    return one[held], other[held]


def drift_table(
    then: pd.DataFrame, now: pd.DataFrame, *, level: tuple[float, float] | None = None, known_only: Collection[str] = ()
) -> DriftTable:
    """Population stability of every feature, and drift of the level where outcomes are known.

    Parameters
    ----------
    then, now : DataFrame
        Feature values of the training rows and of the scored rows; the same columns.
    level : (float, float), optional
        Calibration intercept of the newest known outcomes under the score made before them, and its standard error
        (:func:`relapse_risk.evaluation.calibration`): it fails beyond ±0.3 when its 95 % interval leaves out 0, and is
        watched beyond ±0.1.
    known_only : collection of str
        Features whose unknown values are no answer of anybody: what was seen before, unknown in every first wave.

    Raises
    ------
    ModelError
        For other columns, or no rows.

    Examples
    --------
    >>> drift_table(pd.DataFrame({"a": [0.0, 1.0] * 50}), pd.DataFrame({"a": [0.0, 0.0, 0.0, 1.0] * 25})).status
    'fail'
    """
    if list(then.columns) != list(now.columns) or not len(then) or not len(now):
        raise ModelError("two tables with the same columns and rows in both are compared", where="drift_table",
                         got=(then.shape, now.shape))  # fmt: skip
    rows = []
    for name in then:
        if name in known_only and not (then[name].notna().any() and now[name].notna().any()):
            continue
        value = divergence(*_counts(then[name], now[name], unknown=name not in known_only))
        status = "fail" if value >= FAIL else "watch" if value >= WATCH else "ok"
        rows.append((str(name), "psi", value, then[name].isna().mean(), now[name].isna().mean(), status))
    if level is not None:
        intercept, se = level
        far, sure = abs(intercept), abs(intercept) > 1.96 * se
        status = "fail" if far > INTERCEPT_FAIL and sure else "watch" if far > INTERCEPT_WATCH and sure else "ok"
        rows.append(("calibration", "intercept", intercept, np.nan, np.nan, status))
    return DriftTable(pd.DataFrame(rows, columns=["name", "measure", "value", "missing_then", "missing_now", "status"]))
