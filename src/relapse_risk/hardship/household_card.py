"""One household's card: what its score is made of, how near each limit it is, and what would change its place."""

from __future__ import annotations

import html
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.hardship.design import TOP, IndexDesign
from relapse_risk.hardship.household_index import HardshipIndex
from relapse_risk.pictures import picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Card", "Flip", "disagreement", "household_card"]


@dataclass(frozen=True, slots=True)
class Flip:
    """A single change that moves a household across the shortlist's threshold.

    Attributes
    ----------
    indicator : str
    value, needed : float
        Raw value now and the nearest raw value that crosses; null where the indicator alone cannot do it.
    points : float
        Change of need it brings.
    """

    indicator: str
    value: float
    needed: float
    points: float


@dataclass(frozen=True, slots=True)
class Card:
    """Everything about one household's place.

    Attributes
    ----------
    household_id : str or other label
        As in the unit's column of the index.
    need, threshold : float
        Its score and the score of the last household on the list.
    listed : bool
    contributions : DataFrame
        indicator, dimension, value (raw), score (0-100), weight (share in this household), points; the points sum to
        need exactly. Unanswered indicators have weight zero.
    distances : DataFrame
        indicator, to_worst, to_best: raw distance to each goalpost (0 when beyond).
    flips : tuple of Flip
        Smallest single changes that take it out of (or into) the list, nearest first.
    unanswered : DataFrame
        indicator, need_if_worst, need_if_best, could_flip: missing or unverified answers and what they could do.
    """

    household_id: Hashable
    need: float
    threshold: float
    listed: bool
    contributions: pd.DataFrame
    distances: pd.DataFrame
    flips: tuple[Flip, ...]
    unanswered: pd.DataFrame

    def summary(self) -> str:
        """Place, largest reason and nearest change."""
        largest = self.contributions.sort_values("points", ascending=False).iloc[0]
        where = "on the list" if self.listed else "not on the list"
        flip = f"; nearest change: {self.flips[0].indicator}" if self.flips else "; no single change moves it"
        return (
            f"{self.household_id}: need {self.need:.2f}, {where} (threshold {self.threshold:.2f}); "
            f"most from {largest['indicator']} ({largest['points']:.2f}){flip}"
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Points of each indicator on ``ax``, or on new axes."""
        return picture("relapse_risk.hardship.index_plots.plot_contributions", ax, self.contributions)

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>{self.contributions.to_html(index=False)}"


def _linear(
    values: pd.Series, design: IndexDesign, known: dict[str, bool]
) -> tuple[dict[str, float], dict[str, float]]:
    """Score (0-100) and share of the whole of each indicator of one household, unanswered weights shared."""
    scores, shares = {}, {}
    live = {s.code for s in design.subindexes if any(known[i.code] for i in design.indicators if i.parent == s.code)}
    live |= {i.code for i in design.indicators if i.parent == TOP and known[i.code]}
    total = sum(design.node(code).weight for code in live)
    for item in design.indicators:
        if not known[item.code]:
            scores[item.code], shares[item.code] = np.nan, 0.0
            continue
        scores[item.code] = 100 * float(np.clip((values[item.code] - item.best) / (item.worst - item.best), 0, 1))
        if item.parent == TOP:
            shares[item.code] = item.weight / total
            continue
        siblings = sum(i.weight for i in design.indicators if i.parent == item.parent and known[i.code])
        shares[item.code] = design.node(item.parent).weight / total * item.weight / siblings
    return scores, shares


def _check_additive(design: IndexDesign) -> None:
    """Cards need a design whose points add up: arithmetic, goalposts, one level of sub-indexes."""
    wrong = [s.code for s in design.subindexes if s.aggregate != "arithmetic" or s.parent != TOP]
    wrong += [i.code for i in design.indicators if i.normalise != "goalposts"]
    if design.aggregate != "arithmetic" or wrong:
        raise ModelError(
            "a card needs an additive design",
            where=design.file,
            got=wrong or design.aggregate,
            expected="arithmetic aggregates, goalposts, one level of sub-indexes",
        )


def _flips(
    values: pd.Series, scores: dict[str, float], shares: dict[str, float], design: IndexDesign, gap: float
) -> tuple[Flip, ...]:
    """Single changes of need by ``gap``, the smallest relative move first."""
    found: list[tuple[float, Flip]] = []
    for item in design.indicators:
        share, score = shares[item.code], scores[item.code]
        if share == 0:
            continue
        target = score + gap / share
        if not 0 <= target <= 100:
            continue
        needed = item.best + target / 100 * (item.worst - item.best)
        effort = abs(target - score)
        found.append((effort, Flip(item.code, float(values[item.code]), float(needed), gap)))
    return tuple(flip for _, flip in sorted(found, key=lambda pair: pair[0]))


def _unanswered(
    values: pd.Series, design: IndexDesign, known: dict[str, bool], doubtful: set[str], bounds: tuple[float, bool]
) -> pd.DataFrame:
    """What each missing or unverified answer could do."""
    threshold, listed = bounds
    rows = []
    for item in design.indicators:
        if known[item.code] and item.code not in doubtful:
            continue
        ends = []
        for raw in (item.worst, item.best):
            scores, shares = _linear(
                pd.Series({**values.to_dict(), item.code: raw}), design, {**known, item.code: True}
            )
            ends.append(float(np.nansum([scores[c] * shares[c] for c in design.codes])))
        could = ends[1] < threshold if listed else ends[0] >= threshold
        rows.append((item.code, ends[0], ends[1], bool(could)))
    return pd.DataFrame(rows, columns=["indicator", "need_if_worst", "need_if_best", "could_flip"])


def _tables(
    values: pd.Series, design: IndexDesign, known: dict[str, bool], scores: dict[str, float], shares: dict[str, float]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Contributions and distances of one household, one row per indicator."""
    items = design.indicators
    contributions = pd.DataFrame(
        {
            "indicator": [i.code for i in items],
            "dimension": [i.code if i.parent == TOP else i.parent for i in items],
            "value": [float(values[i.code]) for i in items],
            "score": [scores[i.code] for i in items],
            "weight": [shares[i.code] for i in items],
            "points": [0.0 if not known[i.code] else scores[i.code] * shares[i.code] for i in items],
        }
    )
    distances = pd.DataFrame(
        {
            "indicator": [i.code for i in items],
            "to_worst": [_distance(float(values[i.code]), i.worst, i.best) for i in items],
            "to_best": [_distance(float(values[i.code]), i.best, i.worst) for i in items],
        }
    )
    return contributions, distances


def household_card(index: HardshipIndex, household_id: Hashable, quota: int, unverified: tuple[str, ...] = ()) -> Card:
    """The card of one household against a shortlist of ``quota`` households by need.

    Parameters
    ----------
    index : HardshipIndex
        Of an additive design (arithmetic, goalposts).
    household_id : str or other label
        In the unit's column of the index.
    quota : int
    unverified : tuple of str
        Indicators whose answers nobody has checked for this household.

    Returns
    -------
    Card

    Raises
    ------
    ModelError
        For an unknown household, a quota outside 1..n, an unknown indicator or a design that is not additive.

    References
    ----------
    points_i = 100 w_i s_i / sum of answered w: an additive index explains itself (Becker and others 2022,
    doi:10.21105/joss.04567).

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.hardship import hardship_index, read_index
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> homes = pd.DataFrame({"household_id": ["a", "b", "c"], "county_code": "371425", "town_code": "371425100",
    ...                       "income_pc_year": [3000.0, 4500.0, 9000.0]})
    >>> index = hardship_index(homes, read_index(), read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> card = household_card(index, "b", quota=1)
    >>> card.listed, bool(np.isclose(card.contributions["points"].sum(), card.need))
    (False, True)
    """
    _check_additive(index.design)
    for code in unverified:
        index.design.node(code)
    at = np.flatnonzero((index.frame[index.unit] == household_id).to_numpy())
    if at.size != 1:
        raise ModelError("no such household", where="household_card", got=household_id)
    n = len(index.frame)
    if not 1 <= quota <= n or quota != int(quota):
        raise ModelError("quota outside the range", where="household_card", got=quota, expected=f"whole, 1 to {n}")
    design, values = index.design, index.values.iloc[int(at[0])]
    known = {code: bool(pd.notna(values[code])) for code in design.codes}
    scores, shares = _linear(values, design, known)
    need = float(index.frame["need"].iloc[int(at[0])])
    ordered = np.sort(index.frame["need"].to_numpy())[::-1]
    threshold = float(ordered[quota - 1])
    listed = need >= threshold
    # Out means just below the first household not listed; in means level with the last one listed.
    goal = float(ordered[quota]) - 1e-9 if listed and quota < n else threshold
    contributions, distances = _tables(values, design, known, scores, shares)
    return Card(
        household_id,
        need,
        threshold,
        listed,
        contributions,
        distances,
        _flips(values, scores, shares, design, goal - need),
        _unanswered(values, design, known, set(unverified), (threshold, listed)),
    )


def _distance(value: float, post: float, other: float) -> float:
    """Raw distance from ``value`` to a goalpost, 0 when at or beyond it."""
    towards = np.sign(post - other)
    return float(max(0.0, towards * (post - value))) if np.isfinite(value) else float("nan")


def disagreement(
    index: HardshipIndex, quota: int, deprivation_score: pd.Series, relapse_probability: pd.Series
) -> pd.DataFrame:
    """Where composite, deprivation count and relapse score would list different households.

    Parameters
    ----------
    index : HardshipIndex
    quota : int
        Length of each list.
    deprivation_score, relapse_probability : Series
        Indexed by household_id; null where not computed.

    Returns
    -------
    DataFrame
        household_id, by_need, by_deprivation, by_relapse (bool), votes (0-3), disagree (bool).

    References
    ----------
    Alkire and others (2015), Multidimensional Poverty Measurement and Analysis, ch. 7, on mismatch of targeting
    rules.

    Examples
    --------
    >>> from datetime import date
    >>> from relapse_risk.hardship import hardship_index, read_index
    >>> from relapse_risk.parameters import read_parameters, read_place
    >>> homes = pd.DataFrame({"household_id": ["a", "b", "c"], "county_code": "371425", "town_code": "371425100",
    ...                       "income_pc_year": [3000.0, 4500.0, 9000.0]})
    >>> index = hardship_index(homes, read_index(), read_parameters(), read_place("dezhou"), date(2020, 12, 31))
    >>> ids = index.frame["household_id"]
    >>> found = disagreement(index, 1, pd.Series([0.0, 1.0, 0.0], ids), pd.Series([0.1, 0.9, 0.1], ids))
    >>> found["votes"].tolist()
    [1, 2, 0]
    """
    ids = index.frame[index.unit]
    columns = {
        "by_need": index.frame["need"].to_numpy(dtype=np.float64),
        "by_deprivation": deprivation_score.reindex(ids).to_numpy(dtype=np.float64, na_value=np.nan),
        "by_relapse": relapse_probability.reindex(ids).to_numpy(dtype=np.float64, na_value=np.nan),
    }
    out = pd.DataFrame({index.unit: ids.to_numpy()})
    for name, score in columns.items():
        order = np.argsort(-score, kind="stable")[:quota]
        listed = np.zeros(len(ids), dtype=np.bool_)
        listed[order] = ~np.isnan(score[order])
        out[name] = listed
    out["votes"] = out[list(columns)].sum(axis=1)
    out["disagree"] = ~out["votes"].isin([0, len(columns)])
    return out
