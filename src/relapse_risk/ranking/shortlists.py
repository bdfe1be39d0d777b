"""Shortlists of a fixed length or budget, with the probability that each household belongs to them."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.hardship import (
    HardshipIndex,
    Uncertainty,
    order_of,
    random_draws,
    score_draws,
)
from relapse_risk.pictures import picture
from relapse_risk.rows import in_order, numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Shortlist", "shortlist"]

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
BANDS = ("surely_in", "review", "surely_out")


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Who belongs to a list of fixed length or budget, over many ways to make the index.

    Attributes
    ----------
    frame : DataFrame
        The unit, need, listed (under the design as it is), probability (share of draws in which it is listed),
        band (``surely_in``, ``review``, ``surely_out``).
    quota : int
        Length of the list under the design as it is.
    draws : int
    sure : float
        Probability from which a household is surely in; one minus it and below, surely out.
    """

    frame: pd.DataFrame
    quota: int
    draws: int
    sure: float

    def summary(self) -> str:
        """One line: length of the list and size of each band."""
        counts = self.frame["band"].value_counts()
        bands = ", ".join(f"{band.replace('_', ' ')} {counts.get(band, 0)}" for band in BANDS)
        return f"shortlist of {self.quota} over {self.draws} draws: {bands}"

    def plot(self, ax: Axes | None = None, first: int | None = None) -> Axes:
        """Probability of being listed, of the ``first`` likeliest, on ``ax`` or new axes."""
        return picture(
            "relapse_risk.hardship.index_plots.plot_shortlist",
            ax,
            self.frame,
            sure=self.sure,
            quota=self.quota,
            first=first,
        )

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>{self.frame.head(10).to_html(index=False)}"


def listed_by_quota(scores: Array, quota: int) -> npt.NDArray[np.bool_]:
    """The ``quota`` highest scores of each draw (row), ties to the earlier household; shape as ``scores``."""
    n = scores.shape[1]
    listed = np.zeros(scores.shape, dtype=np.bool_)
    for row, draw in enumerate(scores):
        values = np.where(np.isnan(draw), -np.inf, draw)
        threshold = np.partition(values, n - quota)[n - quota]
        above = values > threshold
        room = quota - int(above.sum())
        above[np.flatnonzero(values == threshold)[:room]] = True
        # Nobody is listed without a score, even where the quota has room.
        listed[row] = above & ~np.isnan(draw)
    return listed


def listed_by_budget(scores: Array, cost: Array, budget: float) -> npt.NDArray[np.bool_]:
    """Each draw's households from the highest score down while their cost fits; stops at the first that does not."""
    listed = np.zeros(scores.shape, dtype=np.bool_)
    for row, draw in enumerate(scores):
        order = np.argsort(-draw, kind="stable")
        fits = np.cumsum(cost[order]) <= budget
        listed[row, order[: order.size if fits.all() else int(np.argmin(fits))]] = True
    listed &= ~np.isnan(scores)
    return listed


def shortlist(
    index: HardshipIndex,
    generator: np.random.Generator,
    quota: int | None = None,
    budget: float | None = None,
    cost: npt.ArrayLike | None = None,
    uncertainty: Uncertainty | None = None,
    draws: int = 1000,
    sure: float = 0.95,
) -> Shortlist:
    """Shortlist for a quota or a budget with the probability that each household belongs to it.

    Parameters
    ----------
    index : HardshipIndex
    generator : numpy.random.Generator
    quota : int, optional
        Number of households; or
    budget : float, optional
        Currency, with ``cost`` of shape (n,) per household; a Series is put in the order of the index by its labels.
    uncertainty : Uncertainty, optional
        What varies: weights, cut-offs, normalisation, aggregation, missing answers; weights within 25 % when left out.
    draws : int
    sure : float
        Band limit, above one half.

    Returns
    -------
    Shortlist

    Raises
    ------
    ModelError
        If not exactly one of quota and budget is given, or the quota is not between 1 and the number of households.

    References
    ----------
    Saisana, Saltelli and Tarantola (2005), doi:10.1111/j.1467-985X.2005.00350.x; share of draws in which a
    household is listed.

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.hardship import hardship_index, read_index
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> homes = pd.DataFrame({"household_id": ["a", "b", "c"], "county_code": "371425", "town_code": "371425100",
    ...                       "income_pc_year": [3000.0, 4500.0, 9000.0]})
    >>> index = hardship_index(homes, read_index(), read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> found = shortlist(index, np.random.default_rng(1), quota=1, draws=50).frame
    >>> found[["listed", "band"]].values.tolist()
    [[True, 'surely_in'], [False, 'surely_out'], [False, 'surely_out']]
    """
    n = len(index.frame)
    costs = _check_limits(n, quota, budget, in_order(cost, index.frame.index, "shortlist: cost"), sure)
    moving = Uncertainty() if uncertainty is None else uncertainty
    position = order_of(index.frame, None, index.ties)
    values = index.values.iloc[position]
    hits = np.zeros(n)
    for scores in score_draws(values, index.design, moving, random_draws(moving, index.design, draws, generator)):
        hits += _listed(scores, quota, budget, costs, position).sum(axis=0)
    now = _listed(index.frame["need"].to_numpy()[position][None, :], quota, budget, costs, position)[0]
    probability, listed = np.empty(n), np.empty(n, dtype=np.bool_)
    probability[position], listed[position] = hits / draws, now
    frame = index.frame[[index.unit, "need"]].assign(
        listed=listed,
        probability=probability,
        band=np.select([probability >= sure, probability <= 1 - sure], ["surely_in", "surely_out"], "review"),
    )
    return Shortlist(frame.astype({"band": "str"}), int(listed.sum()), draws, sure)


def _listed(
    scores: Array, quota: int | None, budget: float | None, costs: Array | None, position: IntArray
) -> npt.NDArray[np.bool_]:
    if quota is not None:
        return listed_by_quota(scores, quota)
    assert costs is not None
    assert budget is not None
    return listed_by_budget(scores, costs[position], budget)


def _check_limits(
    n: int, quota: int | None, budget: float | None, cost: npt.ArrayLike | None, sure: float
) -> Array | None:
    """Exactly one of quota and budget; costs as an array when there is a budget."""
    if (quota is None) == (budget is None):
        raise ModelError("give a quota or a budget", where="shortlist", got=(quota, budget), expected="exactly one")
    if not 0.5 < sure <= 1:
        raise ModelError("not a band limit", where="shortlist: sure", got=sure, expected="above 0.5, at most 1")
    if quota is not None:
        if not 1 <= quota <= n or quota != int(quota):
            raise ModelError("quota outside the range", where="shortlist", got=quota, expected=f"whole, 1 to {n}")
        return None
    if budget is None or not np.isfinite(budget) or budget <= 0:
        raise ModelError("not a budget", where="shortlist: budget", got=budget, expected="finite, > 0")
    costs = numbers(cost, "shortlist: cost")
    if costs.shape != (n,) or not np.all(np.isfinite(costs) & (costs > 0)):
        raise ModelError("a budget needs a positive cost per household", where="shortlist: cost", got=costs.shape)
    return costs
