"""Which choices move the ranks: Sobol indices, removal of each indicator, two designs side by side."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import qmc

from relapse_risk.errors import ModelError
from relapse_risk.hardship.composite_scores import composite, indicator_scores
from relapse_risk.hardship.design import TOP
from relapse_risk.hardship.draw_scores import score_draws
from relapse_risk.hardship.household_index import HardshipIndex
from relapse_risk.hardship.tie_order import rank_scores
from relapse_risk.hardship.uncertainty import Uncertainty, draws_at, factors_of
from relapse_risk.pictures import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Comparison", "Sobol", "compare_indexes", "remove_each", "sobol_indices", "sobol_of_design"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sobol:
    """Sensitivity of one output to each uncertain choice.

    Attributes
    ----------
    frame : DataFrame
        factor, first, first_low, first_high, total, total_low, total_high: share of the output's variance a choice
        explains alone and with all its interactions, with bootstrap intervals.
    output : str
    mean, variance : float
        Of the output over the choices.
    """

    frame: pd.DataFrame
    output: str
    mean: float
    variance: float

    def summary(self) -> str:
        """The three choices that matter most."""
        top = self.frame.sort_values("total", ascending=False).head(3)
        named = ", ".join(f"{row.factor} {row.total:.2f}" for row in top.itertuples())
        return f"{self.output}: mean {self.mean:.4g}; total indices {named}"

    def plot(self, ax: Axes | None = None, first: int = 15) -> Axes:
        """Total and first-order index of each choice on ``ax``, or on new axes."""
        return picture("relapse_risk.hardship.index_plots.plot_tornado", ax, self.frame, first=first)

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>{self.frame.to_html(index=False)}"


def _estimators(a: Array, b: Array, ab: Array) -> tuple[Array, Array]:
    """First-order (Saltelli 2010) and total (Jansen 1999) indices; a, b (N,), ab (N, k)."""
    both = np.concatenate([a, b])
    centred_a, centred_b, centred = a - both.mean(), b - both.mean(), ab - both.mean()
    variance = both.var()
    if variance < 1e-15 * max(1.0, both.mean() ** 2):
        zeros = np.zeros(ab.shape[1])
        return zeros, zeros
    first = (centred_b[:, None] * (centred - centred_a[:, None])).mean(axis=0) / variance
    total = ((centred_a[:, None] - centred) ** 2).mean(axis=0) / (2 * variance)
    return first, total


def sobol_indices(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    ab: npt.ArrayLike,
    factors: Sequence[str],
    generator: np.random.Generator,
    output: str = "output",
    resamples: int = 200,
    level: float = 0.95,
) -> Sobol:
    """Sobol indices from model outputs on a Saltelli design.

    Parameters
    ----------
    a, b : array_like, shape (N,)
        Output at the rows of two independent samples A and B.
    ab : array_like, shape (N, k)
        Output at A with column i taken from B.
    factors : sequence of str, length k
    generator : numpy.random.Generator
        Of the bootstrap.

    Notes
    -----
    Saltelli et al. (2010), doi:10.1016/j.cpc.2009.09.018: first order with the estimator of their table 2 (b), total
    with Jansen's.
    """
    ya, yb, yab = (np.asarray(y, dtype=np.float64) for y in (a, b, ab))
    n, k = yab.shape
    if ya.shape != (n,) or yb.shape != (n,) or len(factors) != k or n < 2:
        raise ModelError("shapes do not fit", where="sobol_indices", got=(ya.shape, yb.shape, yab.shape, len(factors)))
    first, total = _estimators(ya, yb, yab)
    picks = generator.integers(0, n, size=(resamples, n))
    spread = [_estimators(ya[i], yb[i], yab[i]) for i in picks]
    tail = (1 - level) / 2
    f_low, f_high = np.quantile([s[0] for s in spread], [tail, 1 - tail], axis=0)
    t_low, t_high = np.quantile([s[1] for s in spread], [tail, 1 - tail], axis=0)
    frame = pd.DataFrame(
        {
            "factor": list(factors),
            "first": first,
            "first_low": f_low,
            "first_high": f_high,
            "total": total,
            "total_low": t_low,
            "total_high": t_high,
        }
    )
    both = np.concatenate([ya, yb])
    return Sobol(frame, output, float(both.mean()), float(both.var()))


def sobol_of_design(
    index: HardshipIndex,
    uncertainty: Uncertainty,
    generator: np.random.Generator,
    samples: int = 64,
    quota: int | None = None,
    resamples: int = 200,
) -> Sobol:
    """Sobol indices of the choices in ``uncertainty`` on the ranks: mean absolute shift, or turnover of a shortlist.

    Parameters
    ----------
    index : HardshipIndex
    uncertainty : Uncertainty
    generator : numpy.random.Generator
    resamples : int
        Bootstrap resamples of the intervals.
    samples : int
        N of the Saltelli design, a power of two; the model runs N (factors + 2) times.
    quota : int, optional
        Output = share of the shortlist of this length that changes; mean absolute rank shift when left out.

    Returns
    -------
    Sobol

    Raises
    ------
    ModelError
        If nothing varies or ``samples`` is not a power of two.

    Notes
    -----
    Scrambled Sobol points. A choice that cannot matter (an indicator of weight zero) gets exactly zero.

    References
    ----------
    Saltelli and others (2010), doi:10.1016/j.cpc.2009.09.018; Jansen (1999) for the total index; Saisana, Saltelli
    and Tarantola (2005).

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.hardship import Uncertainty, hardship_index, read_index
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> homes = pd.DataFrame({"household_id": ["a", "b", "c"], "county_code": "371425", "town_code": "371425100",
    ...                       "income_pc_year": [3000.0, 4500.0, 9000.0]})
    >>> index = hardship_index(homes, read_index(), read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> found = sobol_of_design(index, Uncertainty(), np.random.default_rng(1), samples=4, resamples=10)
    >>> type(found).__name__
    'Sobol'
    """
    factors = factors_of(uncertainty, index.design)
    if not factors:
        raise ModelError("nothing varies", where="sobol_of_design", got=uncertainty, expected="a range or two choices")
    if samples < 2 or samples & (samples - 1):
        raise ModelError("not a power of two", where="sobol_of_design: samples", got=samples, expected="64, 128, …")
    k = len(factors)
    points = qmc.Sobol(2 * k, scramble=True, rng=generator).random(samples)
    a, b = points[:, :k], points[:, k:]
    designed = [a, b]
    for j in range(k):
        mixed = a.copy()
        mixed[:, j] = b[:, j]
        designed.append(mixed)
    outputs = _shifts(index, uncertainty, np.concatenate(designed), quota).reshape(k + 2, samples)
    name = "mean absolute rank shift" if quota is None else f"turnover of the first {quota}"
    return sobol_indices(outputs[0], outputs[1], outputs[2:].T, factors, generator, name, resamples)


def _shifts(index: HardshipIndex, uncertainty: Uncertainty, points: Array, quota: int | None) -> Array:
    """Output at each point; shape (D,)."""
    base = rank_scores(index.frame["need"], "average")
    draws = draws_at(points, uncertainty, index.design)
    out: list[float] = []
    for scores in score_draws(index.values, index.design, uncertainty, draws):
        for need in scores:
            rank = rank_scores(need, "average")
            if quota is None:
                out.append(float(np.nanmean(np.abs(rank - base))))
            else:
                out.append(float(((rank <= quota) != (base <= quota)).sum() / (2 * quota)))
    return np.array(out)


def remove_each(index: HardshipIndex, codes: Sequence[str] | None = None) -> pd.DataFrame:
    """Mean absolute rank change when each indicator or sub-index is taken out (COINr ``remove_elements``).

    Parameters
    ----------
    index : HardshipIndex
        Scored again from its raw values by the design without the element.
    codes : sequence of str, optional
        The dimensions when left out.

    Returns
    -------
    DataFrame
        code, mean_shift, largest_shift (places).

    Raises
    ------
    ParameterError
        For a code that the design does not have, or one without which nothing is left.

    References
    ----------
    Becker and others (2022), COINr ``remove_elements``, doi:10.21105/joss.04567.

    Examples
    --------
    >>> from relapse_risk.hardship import design_from_table, hardship_index
    >>> meta = pd.DataFrame({"code": ["all", "a", "b"], "parent": [None, "all", "all"], "weight": [1.0, 1, 1], "direction": [None, 1, 1]})
    >>> index = hardship_index(pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, 2, 3]}), design_from_table(meta))
    >>> remove_each(index, codes=["a"])["mean_shift"].tolist()  # the duplicate indicator carries the same information
    [0.0]
    """
    design = index.design
    raw = {code: index.values[code].to_numpy(dtype=np.float64) for code in design.codes}
    scores = {
        item.code: indicator_scores(raw[item.code], item, f"{design.file}: {item.code}") for item in design.indicators
    }
    base = rank_scores(index.frame["need"])
    rows = []
    for code in design.dimensions if codes is None else codes:
        left = design.without([code])
        rank = rank_scores(composite({one: scores[one] for one in left.codes}, left).scores[TOP])
        shift = np.abs(rank - base)
        rows.append((code, float(np.nanmean(shift)), float(np.nanmax(shift))))
    return pd.DataFrame(rows, columns=["code", "mean_shift", "largest_shift"])


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two indexes of the same households side by side.

    Attributes
    ----------
    frame : DataFrame
        The unit, rank_first, rank_second, moved (positive: worse off under the second), need_first, need_second,
        and why: the dimension whose points changed most with its change.
    correlation : float
        Spearman's, between the two ranks.
    """

    frame: pd.DataFrame
    correlation: float

    def summary(self) -> str:
        """Agreement and the typical move."""
        return f"rank correlation {self.correlation:.4f}; mean move {self.frame['moved'].abs().mean():.1f} places"

    def _repr_html_(self) -> str:
        largest = self.frame.reindex(self.frame["moved"].abs().sort_values(ascending=False).index)
        return f"<p>{html.escape(self.summary())}</p>{largest.head(10).to_html(index=False)}"


def compare_indexes(first: HardshipIndex, second: HardshipIndex) -> Comparison:
    """Who moves, and which dimension moves them most.

    Parameters
    ----------
    first, second : HardshipIndex
        Two designs on the same households.

    Returns
    -------
    Comparison
        Rank correlation (Spearman) and per household rank, need and the dimension that moved it most.

    Raises
    ------
    ModelError
        If the two do not hold the same households.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, doi:10.1787/9789264043466-en.

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.hardship import hardship_index, read_index
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> homes = pd.DataFrame({"household_id": ["a", "b", "c"], "county_code": "371425", "town_code": "371425100",
    ...                       "income_pc_year": [3000.0, 4500.0, 9000.0]})
    >>> index = hardship_index(homes, read_index(), read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> compare_indexes(index, index).correlation
    1.0
    """
    unit = first.unit
    if unit != second.unit:
        raise ModelError("not the same units", where="compare_indexes", got=(unit, second.unit))
    left, right = first.frame.set_index(unit), second.frame.set_index(unit)
    if not left.index.sort_values().equals(right.index.sort_values()):
        raise ModelError("not the same households", where="compare_indexes", got=(len(left), len(right)))
    right = right.loc[left.index]
    points = [x.reasons.pivot(index=unit, columns="subindex", values="points") for x in (first, second)]
    change = points[1].sub(points[0], fill_value=0.0).loc[left.index]
    why = change.abs().idxmax(axis=1)
    ranks = rank_scores(left["need"]), rank_scores(right["need"])
    frame = pd.DataFrame(
        {
            unit: left.index,
            "rank_first": ranks[0],
            "rank_second": ranks[1],
            "moved": ranks[0] - ranks[1],
            "need_first": left["need"].to_numpy(),
            "need_second": right["need"].to_numpy(),
            "dimension": why.to_numpy(),
            "change": change.to_numpy()[np.arange(len(change)), change.columns.get_indexer(why)],
        }
    )
    return Comparison(frame, float(frame["rank_first"].corr(frame["rank_second"], method="spearman")))
