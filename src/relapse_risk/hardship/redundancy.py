"""Redundancy of indicators: statistics, correlation flags and reliability of a design on data."""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.hardship.design import TOP, IndexDesign

__all__ = ["Redundancy", "column_statistics", "correlation_flags", "cronbach_alpha", "redundancy"]


def column_statistics(
    frame: pd.DataFrame,
    least_available: float = 0.65,
    least_nonzero: float = 0.5,
    least_unique: float = 0.5,
    most_skew: float = 2.0,
    most_kurtosis: float = 3.5,
) -> pd.DataFrame:
    """One row per column: range, moments, how much is there, and flags (COINr ``get_stats``).

    Parameters
    ----------
    frame : DataFrame, shape (n, p)
        One column per indicator.
    least_available, least_nonzero, least_unique : float
        Shares below which a column is flagged.
    most_skew, most_kurtosis : float
        Both exceeded: flagged for outliers.

    Returns
    -------
    DataFrame
        code, min, max, mean, median, std, skew, kurtosis (both bias-corrected), n_available, n_nonzero, n_unique,
        n_same (size of the largest tie), share_available, share_nonzero, share_unique, share_same, and flags
        flag_available, flag_nonzero, flag_unique, flag_outlier (``|skew|`` and kurtosis both above their limits).

    Raises
    ------
    ModelError
        For a frame without rows or columns.

    References
    ----------
    Becker, Caperna, Del Sorbo, Norlén, Papadimitriou and Saisana (2022), COINr, doi:10.21105/joss.04567.

    Examples
    --------
    >>> column_statistics(pd.DataFrame({"a": [1.0, 2.0, 4.0, None]}))[["mean", "n_available"]].round(3).values.tolist()
    [[2.333, 3.0]]
    """
    if frame.empty or not len(frame.columns):
        raise ModelError("no data", where="column_statistics", got=frame.shape)
    known = frame.notna().sum()
    same = pd.Series(
        {name: column.value_counts().max() if column.notna().any() else 0 for name, column in frame.items()}
    )
    nonzero = (frame.notna() & (frame != 0)).sum()
    out = pd.DataFrame(
        {
            "min": frame.min(),
            "max": frame.max(),
            "mean": frame.mean(),
            "median": frame.median(),
            "std": frame.std(),
            "skew": frame.skew(),
            "kurtosis": frame.kurt(),
            "n_available": known,
            "n_nonzero": nonzero,
            "n_unique": frame.nunique(),
            "n_same": same,
            "share_available": known / len(frame),
            "share_nonzero": nonzero / known,
            "share_unique": frame.nunique() / known,
            "share_same": same / known,
        }
    )
    out["flag_available"] = out["share_available"] < least_available
    out["flag_nonzero"] = out["share_nonzero"] < least_nonzero
    out["flag_unique"] = out["share_unique"] < least_unique
    out["flag_outlier"] = (out["skew"].abs() > most_skew) & (out["kurtosis"] > most_kurtosis)
    return out.rename_axis("code").reset_index()


def correlation_flags(scores: pd.DataFrame, design: IndexDesign, limit: float = 0.75) -> pd.DataFrame:
    """Pairs of indicators in one sub-index whose absolute correlation exceeds ``limit``: they may count twice.

    Returns
    -------
    DataFrame
        parent, first, second, correlation (pairwise complete).
    """
    if not 0 <= limit <= 1:
        raise ModelError("not a correlation", where="correlation_flags: limit", got=limit, expected="0 to 1")
    rows = []
    for parent in (TOP, *(sub.code for sub in design.subindexes)):
        codes = [child.code for child in design.children(parent) if child.code in design.codes and child.code in scores]
        matrix = scores[codes].corr().to_numpy()
        for i, j in zip(*np.triu_indices(len(codes), 1), strict=True):
            if abs(matrix[i, j]) > limit:
                rows.append((parent, codes[i], codes[j], float(matrix[i, j])))
    return pd.DataFrame(rows, columns=["parent", "first", "second", "correlation"])


def cronbach_alpha(scores: pd.DataFrame) -> float:
    """Cronbach's alpha k / (k - 1) (1 - sum of variances / sum of covariances), pairwise complete, as COINr.

    Parameters
    ----------
    scores : DataFrame, shape (n, p)
        One column per indicator, NaN unanswered.

    Returns
    -------
    float
        At most 1.

    Raises
    ------
    ModelError
        For fewer than two columns or no variation.

    References
    ----------
    Cronbach (1951), doi:10.1007/BF02310555.

    Examples
    --------
    >>> round(cronbach_alpha(pd.DataFrame({"a": [1.0, 2, 3], "b": [1.0, 2, 4]})), 6)
    0.947368
    """
    k = scores.shape[1]
    matrix = scores.cov().to_numpy()
    if k < 2 or not np.isfinite(matrix).all() or matrix.sum() == 0:
        raise ModelError("needs two columns that vary", where="cronbach_alpha", got=scores.shape)
    return float(k / (k - 1) * (1 - np.trace(matrix) / matrix.sum()))


@dataclass(frozen=True, slots=True)
class Redundancy:
    """Multivariate check of a design on data.

    Attributes
    ----------
    flags : DataFrame
        See :func:`correlation_flags`.
    reliability : DataFrame
        parent, indicators, alpha (null with one indicator), first_component (share of variance of the first principal
        component).
    with_index : DataFrame
        code, correlation with need, and share (its weight in the whole): weight without correlation is not importance.
    """

    flags: pd.DataFrame
    reliability: pd.DataFrame
    with_index: pd.DataFrame

    def summary(self) -> str:
        """Number of flagged pairs and the indicator that says least about need."""
        least = self.with_index.sort_values("correlation").iloc[0]
        return f"{len(self.flags)} pairs flagged; weakest with need: {least['code']} ({least['correlation']:.2f})"

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.summary())}</p>{self.with_index.to_html(index=False)}"


def redundancy(scores: pd.DataFrame, design: IndexDesign, limit: float = 0.75) -> Redundancy:
    """Correlations, reliability and principal components of a design's scores (``Composite.scores``).

    Parameters
    ----------
    scores : DataFrame, shape (n, p)
        One column per indicator.
    design : IndexDesign
    limit : float
        Correlation from which a pair is flagged.

    Returns
    -------
    Redundancy

    References
    ----------
    Cronbach (1951), doi:10.1007/BF02310555; OECD and JRC (2008), Handbook on Constructing Composite Indicators,
    doi:10.1787/9789264043466-en.

    Examples
    --------
    >>> from relapse_risk.hardship import design_from_table
    >>> meta = pd.DataFrame({"code": ["all", "a", "b"], "parent": [None, "all", "all"], "weight": [1.0, 1, 1],
    ...                      "direction": [None, 1, 1]})
    >>> scores = pd.DataFrame({"a": [1.0, 2, 3], "b": [2.0, 4, 7], "need": [1.5, 3, 5]})
    >>> type(redundancy(scores, design_from_table(meta))).__name__
    'Redundancy'
    """
    rows = []
    for parent in (TOP, *(sub.code for sub in design.subindexes)):
        codes = [child.code for child in design.children(parent)]
        varying = [code for code in codes if scores[code].nunique() > 1]
        alpha, first = np.nan, np.nan
        if len(varying) > 1:
            alpha = cronbach_alpha(scores[varying])
            values = np.linalg.eigvalsh(scores[varying].corr().fillna(0.0).to_numpy())
            first = float(values[-1] / values.sum())
        rows.append((parent, len(codes), alpha, first))
    shares = design.effective_weights()
    correlation = scores[list(design.codes)].corrwith(scores[TOP])
    return Redundancy(
        correlation_flags(scores, design, limit),
        pd.DataFrame(rows, columns=["parent", "indicators", "alpha", "first_component"]),
        pd.DataFrame(
            {
                "code": list(design.codes),
                "correlation": correlation.to_numpy(),
                "share": [shares[code] for code in design.codes],
            }
        ),
    )
