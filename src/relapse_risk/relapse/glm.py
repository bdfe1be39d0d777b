"""Binary regression by Fisher scoring, logit or complementary log-log, with clustered covariance.

Every score is refitted a dozen times for its back-test, so the solver is written out: normal equations and a
Cholesky factor, five times faster than a general GLM, with the same numbers to 1e-8 (tested against statsmodels
and R).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from relapse_risk.errors import ModelError
from relapse_risk.poverty.survey import SurveyDesign, total_covariance

__all__ = [
    "Array",
    "GlmFit",
    "Link",
    "Separation",
    "clustered_covariance",
    "design_covariance",
    "expit",
    "fit_glm",
    "inverse_link",
    "linked",
    "logit",
]

Array = npt.NDArray[np.float64]
Link = Literal["logit", "cloglog"]
STEPS, TOLERANCE, HALVINGS = 60, 1e-10, 12
# A linear predictor beyond this means a probability under 1e-13: the data separate the outcome.
SEPARATED = 30.0


class Separation(ModelError):
    """A column separates the outcome: its coefficient has no finite estimate.  ``column`` is its position."""

    column: int = 0


@dataclass(frozen=True, slots=True)
class GlmFit:
    """A fitted binary regression.

    Attributes
    ----------
    params : ndarray, shape (k,)
    bread : ndarray, shape (k, k)
        Inverse of the expected information.
    mean : ndarray, shape (n,)
        Fitted probabilities.
    score : ndarray, shape (n,)
        Derivative of the weighted log-likelihood by each row's linear predictor.
    log_likelihood : float
    """

    params: Array
    bread: Array
    mean: Array
    score: Array
    log_likelihood: float


def expit(eta: npt.ArrayLike) -> Array:
    """1 / (1 + e^-eta).

    Examples
    --------
    >>> float(expit(0.0))
    0.5
    """
    # Beyond 700 the exponential leaves the range of a double.
    return np.asarray(1 / (1 + np.exp(-np.clip(np.asarray(eta, dtype=np.float64), -700, 700))))


def logit(probability: npt.ArrayLike) -> Array:
    """ln(p / (1 - p)).

    Examples
    --------
    >>> float(logit(0.5))
    0.0
    """
    p = np.asarray(probability, dtype=np.float64)
    return np.asarray(np.log(p) - np.log1p(-p))


def linked(mean: Array, link: Link) -> Array:
    """Linear predictor of probability ``mean``: the inverse of :func:`inverse_link`.

    Examples
    --------
    >>> linked(np.array([0.25]), "logit").round(6).tolist(), linked(np.array([0.25]), "cloglog").round(6).tolist()
    ([-1.098612], [-1.245899])
    """
    return np.asarray(np.log(mean) - np.log1p(-mean) if link == "logit" else np.log(-np.log1p(-mean)))


def inverse_link(eta: Array, link: Link) -> Array:
    """Probability at linear predictor ``eta``."""
    return expit(eta) if link == "logit" else np.asarray(-np.expm1(-np.exp(np.minimum(eta, 700))))


def _check_numbers(given: Mapping[str, Array]) -> None:
    """Refuse what is not a number: one missing value would stop the search where it stands, at a number of no meaning."""
    for name, values in given.items():
        if not np.isfinite(values).all():
            raise ModelError("missing or infinite values", where=f"fit_glm: {name}", got=int((~np.isfinite(values)).sum()),
                             expected="finite numbers", fix="leave these rows out first, and say so")  # fmt: skip
    if (given["y"] < 0).any() or (given["y"] > 1).any() or (given["weight"] < 0).any():
        raise ModelError("outcomes from 0 to 1 and weights of 0 or more", where="fit_glm")


def fit_glm(
    x: Array,
    y: Array,
    weight: Array | None = None,
    *,
    link: Link = "logit",
    offset: Array | None = None,
    start: Array | None = None,
    names: tuple[str, ...] = (),
) -> GlmFit:
    """Maximum likelihood of a binary outcome.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        Design, with its column of ones.
    y : ndarray, shape (n,)
        0 or 1.
    weight, offset : ndarray, shape (n,)
    start : ndarray, shape (k,)
        Where to begin; one weighted least-squares step from (y + 1/2) / 2 when left out, as R does.
    names : tuple of str
        Of the columns, for messages.

    Raises
    ------
    ModelError
        If a value is missing or infinite, an outcome outside 0 to 1, a weight negative, columns determine each other, or
        the outcome is separated.

    Examples
    --------
    >>> round(float(fit_glm(np.ones((4, 1)), np.array([0.0, 0.0, 0.0, 1.0])).params[0]), 6)  # ln(1/3)
    -1.098612
    """
    w = np.ones(len(y)) if weight is None else weight
    shift = np.zeros(len(y)) if offset is None else offset
    _check_numbers({"x": x, "y": y, "weight": w, "offset": shift})
    beta = _first(x, y, w, link, shift, names) if start is None else start
    best = glm_log_likelihood(x @ beta + shift, y, w, link)
    for _ in range(STEPS):
        score, information = glm_score(x @ beta + shift, y, w, link)
        step = solve_information((x * information[:, None]).T @ x, x.T @ score, names)
        beta, best, moved = _improved(x, y, w, link, shift, beta, step, best)
        eta = x @ beta + shift
        if moved < TOLERANCE * (1 + float(np.abs(beta).max())):
            break
        if float(np.abs(eta - shift).max()) > SEPARATED:
            moved = np.inf
            break
    if moved > 1e-6:
        raise _separation(x, beta, names)
    score, information = glm_score(eta, y, w, link)
    bread = np.asarray(np.linalg.inv((x * information[:, None]).T @ x), dtype=np.float64)
    return GlmFit(beta, bread, inverse_link(eta, link), score, best)


def _first(x: Array, y: Array, w: Array, link: Link, shift: Array, names: tuple[str, ...]) -> Array:
    mean = (y + 0.5) / 2
    eta = linked(mean, link)
    slope = mean * (1 - mean) if link == "logit" else np.exp(eta - np.exp(eta))
    information = w * slope**2 / (mean * (1 - mean))
    working = eta + (y - mean) / slope - shift
    return solve_information((x * information[:, None]).T @ x, x.T @ (information * working), names)


def _separation(x: Array, beta: Array, names: tuple[str, ...]) -> Separation:
    """The error naming the column that has run furthest, in its own spread."""
    run = np.abs(beta) * x.std(axis=0)
    worst = int(run.argmax())
    error = Separation(
        "the fit does not settle: something separates the outcome", where="fit_glm",
        got=f"{names[worst] if names else worst}: {beta[worst]:.1f}", fix="leave that column out, or use more waves",
    )  # fmt: skip
    error.column = worst
    return error


def _improved(
    x: Array, y: Array, w: Array, link: Link, shift: Array, beta: Array, step: Array, best: float
) -> tuple[Array, float, float]:
    """The step, halved until the likelihood does not fall; how far it went."""
    for halving in range(HALVINGS):
        tried = beta + step / 2**halving
        reached = glm_log_likelihood(x @ tried + shift, y, w, link)
        if reached >= best - 1e-12 * abs(best):
            return tried, reached, float(np.abs(tried - beta).max())
    return beta, best, 0.0


def solve_information(information: Array, score: Array, names: tuple[str, ...]) -> Array:
    try:
        return np.asarray(np.linalg.solve(information, score))
    except np.linalg.LinAlgError as error:
        raise ModelError(
            "columns of the design determine each other", where="fit_glm", got=" ".join(names)[:200], fix="drop one"
        ) from error


def glm_score(eta: Array, y: Array, w: Array, link: Link) -> tuple[Array, Array]:
    """Derivative of the log-likelihood by eta, and its expected information."""
    mean = inverse_link(eta, link)
    if link == "logit":
        return w * (y - mean), w * mean * (1 - mean)
    slope = np.exp(eta - np.exp(eta))
    spread = np.maximum(mean * (1 - mean), 1e-300)
    return w * (y - mean) * slope / spread, w * slope**2 / spread


def glm_log_likelihood(eta: Array, y: Array, w: Array, link: Link) -> float:
    if link == "logit":
        return float(np.sum(w * (y * eta - np.logaddexp(0.0, eta))))
    rate = np.exp(np.minimum(eta, 700.0))
    return float(np.sum(w * (y * np.log(np.maximum(-np.expm1(-rate), 1e-300)) - (1 - y) * rate)))


def clustered_covariance(x: Array, fit: GlmFit, cluster: npt.NDArray[np.intp]) -> Array:
    """Sandwich covariance, G / (G - 1) · bread · Σ_g (Σ_i∈g score_i x_i)(…)' · bread.

    Parameters
    ----------
    x : ndarray, shape (n, k)
    fit : GlmFit
    cluster : ndarray of int, shape (n,)
        From 0 to G - 1.

    References
    ----------
    Liang and Zeger (1986), Biometrika 73, 13-22; the small-sample factor is Stata's for maximum likelihood.
    """
    groups = int(cluster.max()) + 1
    scores = x * fit.score[:, None]
    totals = np.column_stack([np.bincount(cluster, scores[:, j], groups) for j in range(x.shape[1])])
    covariance: Array = groups / max(groups - 1, 1) * fit.bread @ (totals.T @ totals) @ fit.bread
    return covariance


def design_covariance(x: Array, fit: GlmFit, design: SurveyDesign) -> Array:
    """Design-based (linearised) covariance of a weighted fit, as R's ``survey::svyglm`` gives.

    The influence of a row is bread · score · x; between-cluster variance of its totals, stratum by stratum, is
    :func:`relapse_risk.poverty.survey.covariance`, finite population correction and lone clusters included.

    Parameters
    ----------
    x : ndarray, shape (n, k)
    fit : GlmFit
        Fitted with the design's weights, up to one factor.
    design : SurveyDesign
        Of the same rows.

    References
    ----------
    Binder (1983), International Statistical Review 51, 279-292; Lumley (2010), Complex Surveys.
    """
    influence = (x * fit.score[:, None]) @ fit.bread
    totals = [np.bincount(design.psu, influence[:, j], design.n_psu) for j in range(x.shape[1])]
    return total_covariance(design, np.column_stack(totals))
