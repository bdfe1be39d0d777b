"""Poverty of areas from a model of log income: empirical best and ELL predictors of FGT, exact under normality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from relapse_risk.errors import ModelError
from relapse_risk.poverty.arrays import Array, IntArray, check_incomes, group_codes
from relapse_risk.poverty.fgt_measures import poverty_gaps
from relapse_risk.poverty.rif import design_columns
from relapse_risk.poverty.small_area.nested_error import NestedError, nested_error
from relapse_risk.rows import by_row, numbers

__all__ = ["PovertyModel", "empirical_best", "empirical_best_mse", "fit_poverty_model"]


NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(41)


@dataclass(frozen=True, slots=True)
class PovertyModel:
    """A nested-error regression of log(income + shift), with the sample it was fitted to.

    Attributes
    ----------
    fitted : NestedError
    shift : float
        Added to incomes before the logarithm, so that they are positive and the residuals even.
    income : array, shape (n,)
    table : DataFrame
        Covariates of the sample.
    areas : list
        Area of each row of the sample.
    """

    fitted: NestedError
    shift: float
    income: Array
    table: pd.DataFrame
    areas: list[Any]


@by_row("income", "covariates", "areas")
def fit_poverty_model(income: npt.ArrayLike, covariates: pd.DataFrame, areas: Any, shift: float = 0.0) -> PovertyModel:
    """Fit log(income + shift) = x'beta + u of the area + e by restricted maximum likelihood.

    Parameters
    ----------
    income : array_like, shape (n,)
    covariates : DataFrame, shape (n, k)
        What sample and census both know.
    areas : sequence, shape (n,)
    shift : float
        Such that every income + shift is positive.

    Returns
    -------
    PovertyModel

    Raises
    ------
    ModelError
        For an income + shift that is not positive, and as :func:`nested_error`.

    References
    ----------
    Molina and Rao (2010), doi:10.1002/cjs.10051.

    Examples
    --------
    >>> model = fit_poverty_model([10.0, 20, 30, 15, 40, 60], pd.DataFrame({"x": [0, 1, 2, 0, 1, 2]}), list("aaabbb"))
    >>> model.fitted.terms
    ['(intercept)', 'x']
    """
    y = check_incomes(income)
    if (y + shift <= 0).any():
        raise ModelError("income + shift is not positive", where="fit_poverty_model", got=float((y + shift).min()), expected="> 0",
                         fix="choose a larger shift, and say so")  # fmt: skip
    fitted = nested_error(np.log(y + shift), covariates, areas)
    return PovertyModel(fitted, shift, y, design_columns(covariates).drop(columns="(intercept)"), list(areas))


def _expected_gaps(mean: Array, spread: Array | float, line: float, shift: float) -> tuple[Array, Array, Array]:
    """Expected FGT terms 0, 1, 2 of incomes exp(N(mean, spread²)) - shift."""
    z, full = line, line + shift
    at = (np.log(full) - mean) / spread
    level, square = np.exp(mean + spread**2 / 2), np.exp(2 * mean + 2 * spread**2)
    p0, p1, p2 = norm.cdf(at), norm.cdf(at - spread), norm.cdf(at - 2 * spread)
    return p0, (full * p0 - level * p1) / z, (full**2 * p0 - 2 * full * level * p1 + square * p2) / z**2


@by_row("covariates", "areas", "counts")
def empirical_best(
    model: PovertyModel,
    covariates: pd.DataFrame,
    areas: Any,
    line: float,
    counts: npt.ArrayLike | None = None,
    ell: bool = False,
) -> pd.DataFrame:
    """Empirical best predictor of FGT 0, 1 and 2 and of mean income by area.

    The sample's own incomes are observed; everybody else's are expected given the sample: normal around x'beta + u on the
    log scale with variance A (1 - gamma) + unit variance, integrated exactly instead of by simulation.

    Parameters
    ----------
    model : PovertyModel
    covariates : DataFrame, shape (m, k)
        Persons outside the sample, or patterns of them; the terms of the model, as coded there.
    areas : sequence, shape (m,)
    line : float
        Currency, as the incomes; poor is income < line.
    counts : array_like, shape (m,), optional
        Persons of each pattern; one each when left out.
    ell : bool
        Elbers-Lanjouw-Lanjouw with the parameters held: no effect of the area is predicted and the sample's own incomes
        are not used, as for a census without area labels in the survey.

    Returns
    -------
    DataFrame
        One row per area: area, n (of the sample), population, fgt0, fgt1, fgt2, mean_income, and posterior_sd of fgt0
        (its uncertainty given the parameters; null for ``ell``).

    Raises
    ------
    ModelError
        For a missing term, bad counts, or a line that is not positive.

    References
    ----------
    Molina and Rao (2010), doi:10.1002/cjs.10051; Elbers, Lanjouw and Lanjouw (2003), doi:10.1111/1468-0262.00399.

    Examples
    --------
    >>> table, where = pd.DataFrame({"x": [0.0, 1, 2, 0, 1, 2]}), list("aaabbb")
    >>> model = fit_poverty_model([10.0, 20, 30, 15, 40, 60], table, where)
    >>> found = empirical_best(model, pd.DataFrame({"x": [0.0, 2.0]}), ["a", "a"], 18.0)
    >>> found["population"].tolist(), bool(0 < found["fgt0"][0] < 1)
    ([5.0], True)
    """
    x, codes, labels, weight = _population(model, covariates, areas, counts)
    if not np.isfinite(line) or line <= 0:
        raise ModelError("not a positive number", where="empirical_best: line", got=line, expected="> 0")
    fitted = model.fitted
    known = fitted.effects.set_index("area").reindex(labels)
    gamma = np.zeros(len(labels)) if ell else known["shrinkage"].fillna(0).to_numpy()
    effect = np.zeros(len(labels)) if ell else known["effect"].fillna(0).to_numpy()
    rest = fitted.area_variance * (1 - gamma)
    mean = x @ fitted.beta + effect[codes]
    spread = np.sqrt(rest + fitted.unit_variance)[codes]
    terms = [*_expected_gaps(mean, spread, line, model.shift), np.exp(mean + spread**2 / 2) - model.shift]
    sums: Array = np.column_stack([np.bincount(codes, weight * term, len(labels)) for term in terms]).astype(np.float64)
    people: Array = np.bincount(codes, weight, len(labels)).astype(np.float64)
    unseen = people.copy()
    if not ell:
        observed, own = _observed(model, labels, line)
        sums, people = sums + observed, np.asarray(people + own, dtype=np.float64)
    names = ["fgt0", "fgt1", "fgt2", "mean_income"]
    frame = pd.DataFrame(sums / people[:, None], columns=names)
    sd = (
        np.full(len(labels), np.nan)
        if ell
        else _posterior_sd(model, x, codes, weight, effect, rest, line) / people * (unseen > 0)
    )
    head = pd.DataFrame({"area": labels, "n": known["n"].fillna(0).astype(int).to_numpy(), "population": people})
    return pd.concat([head, frame], axis=1).assign(posterior_sd=sd)


def _population(
    model: PovertyModel, covariates: pd.DataFrame, areas: Any, counts: npt.ArrayLike | None
) -> tuple[Array, IntArray, list[Any], Array]:
    missing = [term for term in model.fitted.terms[1:] if term not in covariates.columns]
    if missing:
        raise ModelError("a term of the model is missing", where="empirical_best: covariates", got=missing)
    x = np.column_stack(
        [np.ones(len(covariates)), numbers(covariates[model.fitted.terms[1:]], "empirical_best: covariates")]
    )
    codes, labels = group_codes(areas, len(x))
    weight = np.ones(len(x)) if counts is None else numbers(counts, "empirical_best: counts")
    if weight.shape != (len(x),) or not (np.isfinite(weight) & (weight >= 0)).all() or not np.isfinite(x).all():
        raise ModelError(
            "missing covariates, or counts that are not one per row", where="empirical_best", got=weight.shape
        )
    return x, codes, labels, weight


def _observed(model: PovertyModel, labels: list[Any], line: float) -> tuple[Array, Array]:
    """Sums of FGT terms and incomes of the sample by area, and its rows."""
    at = pd.Index(labels).get_indexer(pd.Index(model.areas))
    here = at >= 0
    y = model.income[here]
    terms = [*(poverty_gaps(y, line, a) for a in (0, 1, 2)), y] if here.any() else [np.zeros(0)] * 4
    sums = np.column_stack([np.bincount(at[here], term, len(labels)) for term in terms])
    return sums.astype(np.float64), np.bincount(at[here], minlength=len(labels)).astype(np.float64)


def _posterior_sd(
    model: PovertyModel, x: Array, codes: IntArray, weight: Array, effect: Array, rest: Array, line: float
) -> Array:
    """Standard deviation of the number of poor outside the sample, over the area effect and the units."""
    sigma, count = np.sqrt(model.fitted.unit_variance), effect.size
    first, second, inside = np.zeros(count), np.zeros(count), np.zeros(count)
    for node, share in zip(NODES, NODE_WEIGHTS / NODE_WEIGHTS.sum(), strict=True):
        u = effect + node * np.sqrt(rest)
        p = norm.cdf((np.log(line + model.shift) - x @ model.fitted.beta - u[codes]) / sigma)
        poor = np.bincount(codes, weight * p, count)
        first += share * poor
        second += share * poor**2
        inside += share * np.bincount(codes, weight * p * (1 - p), count)
    return np.sqrt(np.maximum(second - first**2, 0) + inside)


@by_row("covariates", "areas", "counts")
def empirical_best_mse(
    model: PovertyModel,
    covariates: pd.DataFrame,
    areas: Any,
    line: float,
    generator: np.random.Generator,
    counts: npt.ArrayLike | None = None,
    draws: int = 100,
) -> pd.DataFrame:
    """Mean squared error of :func:`empirical_best` by parametric bootstrap: the parameters are estimated anew in each draw.

    Parameters
    ----------
    model, covariates, areas, line, counts
        As in :func:`empirical_best`; incomes of the census are drawn person by person, so counts must be whole numbers.
    generator : numpy.random.Generator
    draws : int
        Bootstrap populations.

    Returns
    -------
    DataFrame
        Columns area, fgt0, fgt1, fgt2: mean squared errors.

    Raises
    ------
    ModelError
        For fewer than two draws, counts that are not whole, and as :func:`empirical_best`.

    References
    ----------
    Molina and Rao (2010), doi:10.1002/cjs.10051, section 4; González-Manteiga et al. (2008).

    Examples
    --------
    >>> table, where = pd.DataFrame({"x": [0.0, 1, 2, 0, 1, 2]}), list("aaabbb")
    >>> model = fit_poverty_model([10.0, 20, 30, 15, 40, 60], table, where)
    >>> census, of = pd.DataFrame({"x": [0.0, 2.0]}), ["a", "a"]
    >>> found = empirical_best_mse(model, census, of, 18.0, np.random.default_rng(1), [20, 20], draws=10)
    >>> bool((found["fgt0"] > 0).all())
    True
    """
    x, codes, labels, weight = _population(model, covariates, areas, counts)
    whole = weight.astype(np.intp)
    if draws < 2 or (whole != weight).any():
        raise ModelError("needs two draws and whole numbers of persons", where="empirical_best_mse", got=draws)
    fitted = model.fitted
    sample_codes, sample_labels = group_codes(model.areas, model.income.size)
    at = pd.Index(sample_labels).get_indexer(pd.Index(labels))
    seen = np.column_stack([np.ones(len(model.table)), model.table.to_numpy(dtype=np.float64)]) @ fitted.beta
    centre, person = (x @ fitted.beta)[np.repeat(np.arange(len(x)), whole)], np.repeat(codes, whole)
    squares = np.zeros((len(labels), 3))
    for _ in range(draws):
        u = generator.normal(0, np.sqrt(fitted.area_variance), len(sample_labels))
        other = np.where(at >= 0, u[at], generator.normal(0, np.sqrt(fitted.area_variance), len(labels)))
        income = (
            np.exp(seen + u[sample_codes] + generator.normal(0, np.sqrt(fitted.unit_variance), seen.size)) - model.shift
        )
        again = fit_poverty_model(income, model.table, model.areas, model.shift)
        census = (
            np.exp(centre + other[person] + generator.normal(0, np.sqrt(fitted.unit_variance), centre.size))
            - model.shift
        )
        truth = _truth(again, census, person, labels, line)
        found = empirical_best(again, covariates, areas, line, counts)[["fgt0", "fgt1", "fgt2"]].to_numpy()
        squares += (found - truth) ** 2
    return pd.DataFrame(squares / draws, columns=["fgt0", "fgt1", "fgt2"]).assign(area=labels)[
        ["area", "fgt0", "fgt1", "fgt2"]
    ]


def _truth(model: PovertyModel, census: Array, person: IntArray, labels: list[Any], line: float) -> Array:
    """FGT 0, 1, 2 of a drawn population, sample included."""
    observed, own = _observed(model, labels, line)
    sums = np.column_stack([np.bincount(person, poverty_gaps(census, line, a), len(labels)) for a in (0, 1, 2)])
    total: Array = (sums + observed[:, :3]) / (own + np.bincount(person, minlength=len(labels)))[:, None]
    return total
