"""Fay-Herriot on another scale: shares by arcsine of the root, positive means by logarithm, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.poverty.small_area.fay_herriot import AreaMethod, FayHerriot, fay_herriot
from relapse_risk.rows import by_row, numbers

__all__ = ["fay_herriot_log", "fay_herriot_share"]

LogBack = Literal["slud_maiti", "crude"]


@by_row("direct", "rows", "covariates", "areas")
def fay_herriot_share(
    direct: npt.ArrayLike,
    rows: npt.ArrayLike,
    covariates: pd.DataFrame | None = None,
    areas: Sequence[object] | None = None,
    method: AreaMethod = "ml",
    bias_corrected: bool = True,
) -> FayHerriot:
    """Fay-Herriot of shares on the scale asin(sqrt(p)), where the sampling variance is 1 / (4 n), and back.

    Parameters
    ----------
    direct : array_like, shape (m,)
        Shares, 0 to 1; NaN for areas without a sample.
    rows : array_like, shape (m,)
        Effective sample size of each area.
    covariates, areas, method
        As in :func:`fay_herriot`.
    bias_corrected : bool
        Expected sin² of the area's normal distribution, 1/2 - exp(-2 s²) cos(2 EBLUP) / 2, instead of sin² of its
        centre; s² = A v / (A + v).

    Returns
    -------
    FayHerriot
        ``frame`` holds shares in value; mse, shrinkage, coefficients and variance stay on the arcsine scale.

    Raises
    ------
    ModelError
        For shares outside 0 to 1, sample sizes that are missing or not above 0, and as :func:`fay_herriot`.

    References
    ----------
    Efron and Morris (1975), doi:10.1080/01621459.1975.10479864; Hadam, Würz, Kreutzmann and Schmid (2023). The integral
    is over the whole line: emdi's stops at 0 and pi/2 without renormalising and is not followed.

    Examples
    --------
    >>> found = fay_herriot_share([0.1, 0.2, 0.3], [50, 50, 50])
    >>> bool(found.frame["value"].between(0.1, 0.3).all())
    True
    """
    p, n = numbers(direct, "fay_herriot_share: direct"), numbers(rows, "fay_herriot_share: rows")
    known = np.isfinite(p)
    if not ((p[known] >= 0) & (p[known] <= 1)).all():
        raise ModelError("not a share", where="fay_herriot_share: direct", got=p[known].tolist()[:3], expected="0 to 1")
    if n.shape != p.shape or not (n[known] > 0).all():
        raise ModelError(
            "not a sample size", where="fay_herriot_share: rows", expected="above 0 wherever there is an estimate"
        )
    v = np.where(known, 1 / (4 * np.where(known, n, 1.0)), np.nan)
    found = fay_herriot(np.arcsin(np.sqrt(p)), v, covariates, areas, method)
    centre = found.frame["value"].to_numpy()
    if bias_corrected:
        a = found.area_variance
        spread = np.where(known, a * v / (a + v), a)
        back = 0.5 - np.exp(-2 * spread) * np.cos(2 * centre) / 2
    else:
        back = np.sin(np.clip(centre, 0, np.pi / 2)) ** 2
    return _on_scale(found, p, back, found.frame["mse"].to_numpy())


@by_row("direct", "variances", "covariates", "areas")
def fay_herriot_log(
    direct: npt.ArrayLike,
    variances: npt.ArrayLike,
    covariates: pd.DataFrame | None = None,
    areas: Sequence[object] | None = None,
    method: AreaMethod = "ml",
    back: LogBack = "slud_maiti",
) -> FayHerriot:
    """Fay-Herriot of positive means on the log scale (sampling variance v / mean²), and back.

    Parameters
    ----------
    direct, variances : array_like, shape (m,)
        Above 0; NaN for areas without a sample.
    covariates, areas, method
        As in :func:`fay_herriot`.
    back : {"slud_maiti", "crude"}
        exp(EBLUP + A (1 - gamma) / 2), or exp(EBLUP + MSE / 2) with mse = exp(2 EBLUP + MSE) × MSE.

    Returns
    -------
    FayHerriot
        ``frame`` holds means in value; mse is on the scale of means for ``crude`` and null for ``slud_maiti`` (no
        formula of it is built).

    Raises
    ------
    ModelError
        For estimates that are not above 0, an unknown way back, and as :func:`fay_herriot`.

    References
    ----------
    Slud and Maiti (2006), doi:10.1111/j.1467-9868.2006.00542.x; Rao and Molina (2015), section 6.1.

    Examples
    --------
    >>> found = fay_herriot_log([100.0, 200.0, 300.0], [100.0, 400.0, 900.0])
    >>> bool(found.frame["value"].between(99, 301).all())
    True
    """
    y, v = numbers(direct, "fay_herriot_log: direct"), numbers(variances, "fay_herriot_log: variances")
    known = np.isfinite(y)
    if not (y[known] > 0).all():
        raise ModelError(
            "not a positive mean", where="fay_herriot_log: direct", got=float(y[known].min()), expected="> 0"
        )
    if back not in ("slud_maiti", "crude"):
        raise ModelError("unknown way back", where="fay_herriot_log", got=back, expected="slud_maiti | crude")
    found = fay_herriot(np.log(y), v / y**2, covariates, areas, method)
    centre, mse, weight = (found.frame[c].to_numpy() for c in ("value", "mse", "shrinkage"))
    if back == "crude":
        return _on_scale(found, y, np.exp(centre + mse / 2), np.exp(2 * centre + mse) * mse)
    value = np.exp(centre + found.area_variance * (1 - weight) / 2)
    return _on_scale(found, y, value, np.full(y.size, np.nan))


def _on_scale(
    found: FayHerriot, direct: npt.NDArray[np.float64], value: npt.NDArray[np.float64], mse: npt.NDArray[np.float64]
) -> FayHerriot:
    return replace(found, frame=found.frame.assign(direct=direct, value=value, mse=mse))
