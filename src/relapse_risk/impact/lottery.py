"""A lottery among equals: draw with a kept seed at the margin of a list, then compare the drawn with the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from math import comb, prod
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import chi2

from relapse_risk.errors import ModelError
from relapse_risk.impact.effect import Array, Check, Effect, check_arms, complete_columns, effect_of, failing_below
from relapse_risk.impact.least_squares import fit_least_squares
from relapse_risk.rows import by_row

__all__ = ["Draw", "RandomisationTest", "draw_lottery", "lottery_effect", "randomisation_test"]

Adjustment = Literal["none", "additive", "interacted"]
Sides = Literal["two", "greater"]
ENUMERATED = 200_000  # so many assignments are listed one by one; more are drawn
TIE = 1e-9  # relative: statistics this close are equal


@dataclass(frozen=True, slots=True)
class Draw:
    """A lottery that was held.

    Attributes
    ----------
    seed : int
        Repeats the draw bit for bit.
    households : DataFrame
        One row per household of the list in its order: its label, ``stratum``, ``chance`` (stored before the draw) and
        ``drawn``.
    """

    seed: int
    households: pd.DataFrame


@by_row("stratum")
def draw_lottery(household: Any, places: int | dict[Any, int], seed: int, stratum: Any = None) -> Draw:
    """Draw ``places`` of the households that are equal at the margin of a list.

    Every household of a stratum has the same chance, places / households.  The draw depends on the seed and on the
    set of labels, not on the order of the list: labels are sorted before numbers are drawn.

    Parameters
    ----------
    household : sequence of shape (n,)
        Labels, each once.
    places : int or mapping of stratum to int
        How many are drawn; in each stratum where there are strata.
    seed : int
        Written down before the draw (best: a public number of a later day).
    stratum : sequence of shape (n,), optional

    Returns
    -------
    Draw

    Raises
    ------
    ModelError
        For labels given twice, strata without places, or places outside 1 … households - 1 (nobody left to compare with).

    References
    ----------
    Abdulkadiroğlu, Angrist, Narita and Pathak (2017), doi:10.3982/ECTA13925 (chance at the margin of a ranked list).

    Examples
    --------
    >>> draw = draw_lottery(["h1", "h2", "h3", "h4"], 2, seed=20261201)
    >>> int(draw.households["drawn"].sum()), draw.households["chance"].tolist()
    (2, [0.5, 0.5, 0.5, 0.5])
    """
    labels = pd.Index(household)
    if labels.has_duplicates or labels.hasnans:
        raise ModelError("a household is on the list twice, or has no label", where="draw_lottery", got=len(labels))
    strata = np.zeros(len(labels), dtype=int) if stratum is None else np.asarray(stratum, dtype=object)
    if len(strata) != len(labels) or pd.isna(strata).any():
        raise ModelError("every household needs a stratum", where="draw_lottery", got=(len(strata), len(labels)))
    frame = pd.DataFrame({"household_id": labels, "stratum": strata}).sort_values("household_id", kind="stable")
    wanted = places if isinstance(places, dict) else {0: places}
    if set(wanted) != set(frame["stratum"]):
        raise ModelError(
            "places and strata differ", where="draw_lottery", got=sorted(map(str, wanted)),
            expected=sorted({str(one) for one in frame["stratum"]}),
        )  # fmt: skip
    rng = np.random.default_rng(seed)
    frame["ticket"] = rng.random(len(frame))
    size = frame.groupby("stratum")["ticket"].transform("size")
    open_places = frame["stratum"].map(wanted)
    if ((open_places < 1) | (open_places >= size)).any():
        raise ModelError(
            "a lottery needs more households than places", where="draw_lottery", got=wanted,
            expected="1 … households - 1 places in each stratum",
        )  # fmt: skip
    frame["chance"] = open_places / size
    frame["drawn"] = frame.groupby("stratum")["ticket"].rank() <= open_places
    return Draw(seed, frame.drop(columns="ticket").sort_index().reset_index(drop=True))


@by_row("outcome", "drawn", "stratum", "covariates")
def lottery_effect(
    outcome: npt.ArrayLike,
    drawn: npt.ArrayLike,
    stratum: Any = None,
    covariates: Any = None,
    adjustment: Adjustment = "none",
    balance_of: Any = None,
    level: float = 0.95,
) -> Effect:
    """Effect of being drawn: difference in means, stratum by stratum, weighted by households.

    Without covariates and strata the standard error is Neyman's, sqrt(s1²/n1 + s0²/n0), which is HC2 of the regression
    on the draw; with strata, their squares add with weights (n_s/n)².  Degrees of freedom: Satterthwaite's.

    Parameters
    ----------
    outcome : array_like, shape (n,)
    drawn : array_like of 0 or 1, shape (n,)
    stratum : sequence of shape (n,), optional
        Within which the chance was equal.
    covariates : array_like, shape (n, k), optional
        Known before the draw; used with ``adjustment``.
    adjustment : {"none", "additive", "interacted"}
        Regression on draw and covariates, or on draw × centred covariates (Lin 2013); HC2, no strata.
    balance_of : array_like, shape (n, k), optional
        Known before the draw: tested jointly for a difference between the groups (a wrong draw, or lost households).
    level : float

    Returns
    -------
    Effect
        Intention to treat: of being drawn, taken up or not.  ``details``: ``hc1``, ``hc3`` where there are no strata;
        ``table``: effect of each stratum.

    Raises
    ------
    ModelError
        For missing values, under two households in a group (of a stratum), or strata together with covariates.

    References
    ----------
    Neyman (1923); Imbens and Rubin (2015), ch. 6 and 9; Lin (2013), doi:10.1214/12-AOAS583.

    Examples
    --------
    >>> effect = lottery_effect([10, 14, 8, 6, 7, 11], [1, 1, 0, 0, 0, 0])
    >>> effect.estimate, round(effect.standard_error, 4)
    (4.0, 2.273)
    """
    columns = complete_columns("lottery_effect", outcome=outcome, drawn=drawn)
    y, d = columns["outcome"], check_arms(columns["drawn"], "lottery_effect")
    if adjustment != "none" or covariates is not None:
        found = _adjusted(y, d, covariates, adjustment, stratum, level)
    else:
        found = _stratified(y, d, stratum, level)
    return found if balance_of is None else found.with_checks(_balance(d, balance_of))


def _stratified(y: Array, d: Array, stratum: Any, level: float) -> Effect:
    codes, names = (
        pd.factorize(np.asarray(stratum, dtype=object)) if stratum is not None else (np.zeros(len(y), int), [0])
    )
    if len(codes) != len(y) or (codes < 0).any():
        raise ModelError("every household needs a stratum", where="lottery_effect", got=len(codes), expected=len(y))
    rows = []
    for code, name in enumerate(names):
        one, zero = y[(codes == code) & (d == 1)], y[(codes == code) & (d == 0)]
        if min(len(one), len(zero)) < 1:
            raise ModelError(
                "a stratum has nobody drawn or everybody", where="lottery_effect", got=name, fix="join it with another"
            )
        rows.append((name, len(one), len(zero), one.mean() - zero.mean(), *_variances(one, zero)))
    table = pd.DataFrame(rows, columns=["stratum", "drawn", "others", "effect", "variance_1", "variance_0"])
    share = (table["drawn"] + table["others"]) / len(y)
    estimate = float((share * table["effect"]).sum())
    pieces = np.concatenate([share**2 * table["variance_1"], share**2 * table["variance_0"]])
    freedom = np.concatenate([table["drawn"] - 1, table["others"] - 1])
    if np.isnan(pieces).any():
        raise ModelError(
            "a stratum has only one household in a group: its variance is not known", where="lottery_effect",
            got=table.loc[table[["variance_1", "variance_0"]].isna().any(axis=1), "stratum"].tolist(),
            fix="join strata of the same chance, or use randomisation_test",
        )  # fmt: skip
    variance = float(pieces.sum())
    satterthwaite = variance**2 / float((pieces**2 / freedom).sum()) if variance > 0 else None
    robust = {}
    if stratum is None:
        fit = fit_least_squares(y, np.column_stack([np.ones(len(y)), d]))
        robust = {kind: fit.standard_error(1, kind) for kind in ("hc1", "hc3", "homoskedastic")}
    return effect_of(
        "lottery", "itt", estimate, np.sqrt(variance), households=len(y), treated=int(d.sum()), level=level,
        degrees_of_freedom=satterthwaite, details=robust, table=table[["stratum", "drawn", "others", "effect"]],
    )  # fmt: skip


def _variances(one: Array, zero: Array) -> tuple[float, float]:
    return tuple(part.var(ddof=1) / len(part) if len(part) > 1 else np.nan for part in (one, zero))  # type: ignore[return-value]


def _adjusted(y: Array, d: Array, covariates: Any, adjustment: Adjustment, stratum: Any, level: float) -> Effect:
    if stratum is not None or covariates is None or adjustment == "none":
        raise ModelError(
            "covariates go with an adjustment and without strata", where="lottery_effect", got=adjustment,
            expected="additive or interacted, with covariates",
        )  # fmt: skip
    x = _matrix(complete_columns("lottery_effect", outcome=y, covariates=covariates)["covariates"])
    centred = x - x.mean(axis=0)
    parts = [np.ones(len(y)), d, centred, *([d[:, None] * centred] if adjustment == "interacted" else [])]
    fit = fit_least_squares(y, np.column_stack(parts))
    return effect_of(
        "lottery", "itt", fit.coefficients[1], fit.standard_error(1, "hc2"), households=len(y), treated=int(d.sum()),
        level=level, degrees_of_freedom=fit.degrees_of_freedom,
        details={"homoskedastic": fit.standard_error(1, "homoskedastic")},
    )  # fmt: skip


def _balance(d: Array, balance_of: Any) -> Check:
    """Joint test that the covariates' means are equal: Wald's, with variances of each group apart."""
    x = _matrix(complete_columns("lottery_effect", drawn=d, balance_of=balance_of)["balance_of"])
    one, zero = x[d == 1], x[d == 0]
    gap = one.mean(axis=0) - zero.mean(axis=0)
    spread = np.atleast_2d(np.cov(one, rowvar=False)) / len(one) + np.atleast_2d(np.cov(zero, rowvar=False)) / len(zero)
    if np.linalg.matrix_rank(spread) < len(gap):
        return failing_below("balance", float("nan"))
    return failing_below("balance", float(chi2.sf(gap @ np.linalg.solve(spread, gap), len(gap))), 0.01)


def _matrix(values: Array) -> Array:
    return values.reshape(len(values), -1)


@dataclass(frozen=True, slots=True)
class RandomisationTest:
    """Fisher's test of no effect on anybody.

    Attributes
    ----------
    statistic : float
        Difference in means, weighted over strata by households.
    p_value : float
    as_extreme, assignments : int
        Of the assignments looked at, those at least as extreme; the observed one counts itself.
    exact : bool
        Every assignment was looked at (else a random set of them).
    """

    statistic: float
    p_value: float
    as_extreme: int
    assignments: int
    exact: bool


@by_row("outcome", "drawn", "stratum")
def randomisation_test(
    outcome: npt.ArrayLike,
    drawn: npt.ArrayLike,
    stratum: Any = None,
    sides: Sides = "two",
    draws: int = 9_999,
    rng: np.random.Generator | None = None,
) -> RandomisationTest:
    """How often a draw alone would give a difference this large, if nobody were affected.

    Parameters
    ----------
    outcome : array_like, shape (n,)
    drawn : array_like of 0 or 1, shape (n,)
    stratum : sequence of shape (n,), optional
        The draw is repeated within strata.
    sides : {"two", "greater"}
    draws : int
        Where there are more than 200,000 assignments, so many are drawn.
    rng : Generator, optional
        Needed then.

    Returns
    -------
    RandomisationTest

    Raises
    ------
    ModelError
        For missing values, an empty group, or too many assignments without ``rng``.

    References
    ----------
    Fisher (1935); Phipson and Smyth (2010), doi:10.2202/1544-6115.1585 (the observed draw counts).

    Examples
    --------
    >>> test = randomisation_test([10, 5, 16, 3, 5, 7, 8, 10], [1, 1, 1, 1, 0, 0, 0, 0])
    >>> test.as_extreme, test.assignments
    (60, 70)
    """
    columns = complete_columns("randomisation_test", outcome=outcome, drawn=drawn)
    y, d = columns["outcome"], check_arms(columns["drawn"], "randomisation_test", least=1)
    codes = np.zeros(len(y), int) if stratum is None else pd.factorize(np.asarray(stratum, dtype=object))[0]
    if len(codes) != len(y) or (codes < 0).any():
        raise ModelError("every household needs a stratum", where="randomisation_test", got=len(codes), expected=len(y))
    groups = [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]
    taken = [int(d[rows].sum()) for rows in groups]
    if any(k in (0, len(rows)) for k, rows in zip(taken, groups, strict=True)):
        raise ModelError("a stratum has nobody drawn or everybody", where="randomisation_test", fix="leave it out")
    observed = _difference(y, d, groups)
    number = prod(comb(len(rows), k) for k, rows in zip(taken, groups, strict=True))
    exact = number <= ENUMERATED
    if not exact and rng is None:
        raise ModelError(
            "too many assignments to list", where="randomisation_test", got=number, expected=f"at most {ENUMERATED}",
            fix="give rng, and a number of draws",
        )  # fmt: skip
    assignments = _every(len(y), groups, taken) if exact else _some(d, groups, draws, rng or np.random.default_rng(0))
    slack = TIE * max(abs(observed), float(np.abs(y).max()), TIE)
    looked = np.array([_difference(y, one, groups) for one in assignments])
    extreme = looked >= observed - slack if sides == "greater" else np.abs(looked) >= abs(observed) - slack
    hits, total = int(extreme.sum()) + (not exact), len(looked) + (not exact)
    return RandomisationTest(observed, hits / total, hits, total, exact)


def _difference(y: Array, d: Array, groups: list[npt.NDArray[np.int64]]) -> float:
    parts = [len(rows) * (y[rows][d[rows] == 1].mean() - y[rows][d[rows] == 0].mean()) for rows in groups]
    return float(sum(parts) / len(y))


def _every(n: int, groups: list[npt.NDArray[np.int64]], taken: list[int]) -> Iterator[Array]:
    for chosen in product(*(combinations(rows.tolist(), k) for rows, k in zip(groups, taken, strict=True))):
        one = np.zeros(n)
        one[[row for part in chosen for row in part]] = 1
        yield one


def _some(d: Array, groups: list[npt.NDArray[np.int64]], draws: int, rng: np.random.Generator) -> Iterator[Array]:
    for _ in range(draws):
        one = d.copy()
        for rows in groups:
            one[rows] = rng.permutation(d[rows])
        yield one
