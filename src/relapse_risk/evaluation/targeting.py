"""Targeting of a list: coverage, exclusion and inclusion errors at a given budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.evaluation.discrimination import Array, check_weights
from relapse_risk.rows import by_row, numbers

__all__ = ["Targeting", "select_top", "targeting"]


@dataclass(frozen=True, slots=True)
class Targeting:
    """Targeting measures of a selection.

    Attributes
    ----------
    coverage : float
        Share of the poor who are selected; exclusion_error is 1 - coverage.
    leakage : float
        Share of the selected who are not poor (inclusion error, first definition).
    inclusion_of_nonpoor : float
        Share of the non-poor who are selected (inclusion error, second definition).
    differential : float
        coverage - inclusion_of_nonpoor.
    cgh : float
        Coady-Grosh-Hoddinott: share of benefits that goes to the poor over their share of the population.
    bpac : float
        100 × (TP - ``|FN - FP|``) / P.
    """

    headcount: float
    budget_share: float
    coverage: float
    exclusion_error: float
    leakage: float
    inclusion_of_nonpoor: float
    differential: float
    cgh: float
    bpac: float


def select_top(score: npt.ArrayLike, k: int) -> npt.NDArray[np.bool_]:
    """The ``k`` highest scores; among ties the earlier row wins (sort rows by income then id first).

    Examples
    --------
    >>> select_top([0.1, 0.9, 0.9], 1).tolist()
    [False, True, False]
    """
    values = numbers(score, "select_top")
    if values.ndim != 1 or np.isnan(values).any():
        raise ModelError("missing score", where="select_top", got=values.shape, expected="(n,), a score in every row")
    if not 0 <= k <= len(values):
        raise ModelError("budget outside the list", where="select_top", got=k, expected=f"0 … {len(values)}")
    chosen = np.zeros(len(values), dtype=bool)
    chosen[np.argsort(-values, kind="stable")[:k]] = True
    return chosen


@by_row("poor", "selected", "weights")
def targeting(poor: npt.ArrayLike, selected: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Targeting:
    """Targeting measures; weights are persons or households represented.

    References
    ----------
    Coady, Grosh and Hoddinott (2004); BPAC: IRIS Center (2005).

    Examples
    --------
    >>> targeting([1, 1, 0, 0], [1, 0, 1, 0]).coverage
    0.5
    """
    y, s = (_yes_or_no(values, name) for values, name in ((poor, "poor"), (selected, "selected")))
    if y.shape != s.shape:
        raise ModelError("poor and selected differ in shape", where="targeting", got=(y.shape, s.shape))
    w = check_weights(weights, len(y), "targeting")
    poor_n, other_n, chosen = float((w * y).sum()), float((w * (1 - y)).sum()), float((w * s).sum())
    if poor_n == 0 or other_n == 0 or chosen == 0:
        raise ModelError(
            "nobody poor, nobody else or nobody selected", where="targeting", got=(poor_n, other_n, chosen)
        )
    hit, leak = float((w * y * s).sum()), float((w * (1 - y) * s).sum())
    total = poor_n + other_n
    coverage, reached = hit / poor_n, leak / other_n
    return Targeting(
        headcount=poor_n / total,
        budget_share=chosen / total,
        coverage=coverage,
        exclusion_error=1 - coverage,
        leakage=leak / chosen,
        inclusion_of_nonpoor=reached,
        differential=coverage - reached,
        cgh=(hit / chosen) / (poor_n / total),
        bpac=100 * (hit - abs((poor_n - hit) - leak)) / poor_n,
    )


def _yes_or_no(values: npt.ArrayLike, name: str) -> Array:
    """0 and 1 of shape (n,); an unknown one is refused."""
    flags = numbers(values, f"targeting: {name}")
    bad = np.flatnonzero(~np.isin(flags, (0.0, 1.0)))
    if flags.ndim != 1 or bad.size:
        raise ModelError(
            "neither 0 nor 1", where=f"targeting: {name}" + (f", row {bad[0]}" if bad.size else ""),
            got=flags.ravel()[bad[0]].item() if bad.size else flags.shape, expected="0 or 1 for every row",
            fix="leave out rows with unknown answers, and state how many",
        )  # fmt: skip
    return flags
