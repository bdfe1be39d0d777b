"""Missed households and miscalibration by group, with small groups shrunk towards the overall value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from relapse_risk.errors import ModelError
from relapse_risk.evaluation.discrimination import check_outcomes
from relapse_risk.rows import by_row, numbers

__all__ = ["Fairness", "fairness"]


@dataclass(frozen=True, slots=True)
class Fairness:
    """One line per group.

    Attributes
    ----------
    frame : DataFrame
        group, n, events, selected (share), reached (share of events selected), reached_low, reached_high (Wilson
        95 %), false_alarms (share of non-events selected), observed, expected (mean probability), ratio (observed
        over expected), ratio_shrunk (towards the overall ratio, more strongly for groups with fewer events).
    selection_gap, error_gap : float
        Largest minus smallest share selected; the larger of the gaps in reached and in false alarms (demographic
        parity and equalised odds differences).
    """

    frame: pd.DataFrame
    selection_gap: float
    error_gap: float

    def summary(self) -> str:
        """The two gaps, and the group reached least."""
        worst = self.frame.sort_values("reached").iloc[0]
        return (
            f"selection gap {self.selection_gap:.3f}, error gap {self.error_gap:.3f}; least reached: {worst['group']} "
            f"{worst['reached']:.1%} ({worst['reached_low']:.1%}–{worst['reached_high']:.1%})"
        )


def _yes_no(selected: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Whether each row was selected, as 0 and 1."""
    values = numbers(selected, "fairness: selected")
    if not np.isin(values, (0.0, 1.0)).all():
        raise ModelError("neither selected nor not", where="fairness", got=int((~np.isin(values, (0.0, 1.0))).sum()),
                         expected="0 or 1 in every row", fix="leave out rows nobody decided on")  # fmt: skip
    return values


@by_row("event", "probability", "selected", "group")
def fairness(
    event: npt.ArrayLike, probability: npt.ArrayLike, selected: npt.ArrayLike, group: npt.ArrayLike
) -> Fairness:
    """Selection, errors and calibration by group; rows of unknown group are left out.

    Parameters
    ----------
    event, probability, selected, group : array_like, shape (n,)

    Notes
    -----
    ln(observed / expected) of a group has variance about 1 / events; the variance between groups is DerSimonian and
    Laird's, and each group is shrunk to the mean by its share of sampling variance (empirical Bayes).

    References
    ----------
    Hardt, Price and Srebro (2016); DerSimonian and Laird (1986).

    Examples
    --------
    >>> found = fairness([1, 1, 0, 0], [0.9, 0.1, 0.8, 0.2], [1, 0, 1, 0], ["a", "b", "a", "b"])
    >>> found.selection_gap
    1.0
    """
    y, p = check_outcomes(event, probability, "fairness")
    frame = pd.DataFrame({"y": y, "p": p, "s": _yes_no(selected), "group": np.asarray(group, object)})
    frame = frame[frame["group"].notna()]
    if frame["group"].nunique() < 2:
        raise ModelError("fairness compares two groups or more", where="fairness", got=frame["group"].nunique())
    rows = [_line(name, own) for name, own in frame.groupby("group", sort=True)]
    table = pd.DataFrame(rows)
    events = table["events"].clip(lower=1).to_numpy(dtype=float)
    low, high = proportion_confint((table["reached"] * table["events"]).to_numpy(), events, method="wilson")
    table.insert(5, "reached_low", low)
    table.insert(6, "reached_high", high)
    table["ratio_shrunk"] = _shrunk(table)
    gaps = [table[name].max() - table[name].min() for name in ("selected", "reached", "false_alarms")]
    return Fairness(table, float(gaps[0]), float(max(gaps[1:])))


def _line(name: object, own: pd.DataFrame) -> dict[str, object]:
    fell = own["y"] == 1
    return {
        "group": name,
        "n": len(own),
        "events": int(fell.sum()),
        "selected": own["s"].mean(),
        "reached": own.loc[fell, "s"].mean(),
        "false_alarms": own.loc[~fell, "s"].mean(),
        "observed": own["y"].mean(),
        "expected": own["p"].mean(),
        "ratio": own["y"].sum() / own["p"].sum(),
    }


def _shrunk(table: pd.DataFrame) -> npt.NDArray[np.float64]:
    """exp of the empirical Bayes mean of ln(observed / expected); half an event is added to both to avoid zeros."""
    expected = table["expected"] * table["n"]
    ratio = np.log((table["events"] + 0.5) / (expected + 0.5)).to_numpy()
    variance = 1 / (table["events"].to_numpy() + 0.5)
    w = 1 / variance
    mean = float((w * ratio).sum() / w.sum())
    spare = float((w * (ratio - mean) ** 2).sum()) - (len(ratio) - 1)
    between = max(0.0, spare / (w.sum() - (w**2).sum() / w.sum()))
    centre = float((ratio / (between + variance)).sum() / (1 / (between + variance)).sum())
    return np.asarray(np.exp(centre + between / (between + variance) * (ratio - centre)))
