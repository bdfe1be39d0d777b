"""How long aid takes from application to decision, and how many papers it asks for, before and after the reform.

Applications still open are included as censored at their duration so far (Kaplan-Meier).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight

from relapse_risk.errors import ModelError

__all__ = ["CUTS", "ProcessClock", "process_clock"]

CUTS: Mapping[str, float] = {
    "days": 0.5,
    "papers": 0.3,
}  # targets in the articles: time cut by half, papers by three tenths
QUANTILES = (0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True, slots=True)
class ProcessClock:
    """Times and papers by group and period.

    Attributes
    ----------
    frame : DataFrame
        One row per group and period (``before`` | ``after`` the reform, by day of application): cases, decided, open,
        p25, median, p75, p90 (days; null where the share is not reached), median_low, median_high (95 %), papers (mean).
    change : DataFrame
        One row per group with cases in both: days_cut and papers_cut (share saved, of medians and of means), and whether each
        reaches the aim: days_met, papers_met (null where it is unknown).
    """

    frame: pd.DataFrame
    change: pd.DataFrame


def process_clock(records: pd.DataFrame, reform: date, day: date, by: str = "item_code") -> ProcessClock:
    """Kaplan-Meier quantiles of the days from application to decision.

    Parameters
    ----------
    records : DataFrame
        applied_on, decided_on (null: open), material_count and ``by``; applications after ``day`` are left out.
    reform : date
        Applications from this day on count as after.
    day : date
        Applications undecided on this day are censored.
    by : str
        Column that groups, such as item_code or department.

    Raises
    ------
    ModelError
        For a decision before its application.

    Notes
    -----
    S(t) = prod(1 - d_i / n_i); a quantile q is the first t with S(t) <= 1 - q.

    References
    ----------
    Kaplan and Meier (1958), doi:10.1080/01621459.1958.10501452; computed by statsmodels' SurvfuncRight, limits of the
    median by the sign test of Brookmeyer and Crowley (1982).

    Examples
    --------
    >>> rows = pd.DataFrame({"applied_on": pd.to_datetime(["2020-06-01"] * 3), "item_code": "MZ01", "material_count": [5, 7, 6],
    ...                      "decided_on": pd.to_datetime(["2020-06-11", "2020-06-21", None])})
    >>> found = process_clock(rows, date(2020, 5, 9), date(2020, 6, 26)).frame
    >>> found[["cases", "decided", "open", "median"]].values.tolist()
    [[3.0, 2.0, 1.0, 20.0]]
    """
    known = records[(records["applied_on"] <= pd.Timestamp(day)).fillna(False).to_numpy(dtype=bool)]
    decided = known["decided_on"].where(known["decided_on"] <= pd.Timestamp(day))
    days = (decided.fillna(pd.Timestamp(day)) - known["applied_on"]).dt.days
    if (days < 0).any():
        first = known[days < 0].iloc[0]
        raise ModelError(
            "decided before it was applied for", where="process clock", got=f"{first['applied_on']:%Y-%m-%d} … {first['decided_on']:%Y-%m-%d}",
            fix="check the quality findings first",
        )  # fmt: skip
    table = pd.DataFrame(
        {
            by: known[by], "period": np.where(known["applied_on"] < pd.Timestamp(reform), "before", "after"), "days": days,
            "done": decided.notna(), "papers": known["material_count"].astype("float64"),
        }
    )  # fmt: skip
    rows = [
        {by: name, "period": period, **_clock(group)}
        for (name, period), group in table.groupby([by, "period"], sort=True)
    ]
    columns = [
        by,
        "period",
        "cases",
        "decided",
        "open",
        "p25",
        "median",
        "p75",
        "p90",
        "median_low",
        "median_high",
        "papers",
    ]
    frame = pd.DataFrame(rows, columns=columns)
    return ProcessClock(frame, _change(frame, by))


def _clock(group: pd.DataFrame) -> dict[str, float]:
    curve = SurvfuncRight(group["days"].to_numpy(dtype=float), group["done"].to_numpy(dtype=int))
    quantiles = [_quantile(curve, q) for q in QUANTILES]
    low, high = curve.quantile_ci(0.5) if group["done"].any() else (np.nan, np.nan)
    return {
        "cases": len(group), "decided": int(group["done"].sum()), "open": int((~group["done"]).sum()),
        **dict(zip(("p25", "median", "p75", "p90"), quantiles, strict=True)),
        "median_low": float(low), "median_high": float(high), "papers": float(group["papers"].mean()),
    }  # fmt: skip


def _quantile(curve: SurvfuncRight, share: float) -> float:
    """First time by which the share is decided; statsmodels requires strictly more than the share."""
    reached = curve.surv_times[curve.surv_prob <= 1 - share + 1e-12]
    return float(reached[0]) if len(reached) else float("nan")


def _change(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    wide = frame.pivot(index=by, columns="period", values=["median", "papers"])
    if not {"before", "after"} <= set(frame["period"]):
        return pd.DataFrame(columns=[by, "days_cut", "papers_cut", "days_met", "papers_met"])
    cut = pd.DataFrame(
        {
            f"{name}_cut": 1 - wide[(column, "after")] / wide[(column, "before")]
            for name, column in (("days", "median"), ("papers", "papers"))
        }
    ).dropna(how="all")
    for name, aim in CUTS.items():
        met = (cut[f"{name}_cut"] >= aim).astype("boolean")
        cut[f"{name}_met"] = met.mask(cut[f"{name}_cut"].isna())
    return cut.reset_index()
