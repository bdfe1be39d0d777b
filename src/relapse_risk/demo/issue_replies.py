"""Invented replies of offices to the lists of issues of the demonstration city."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from relapse_risk.demo.published_targets import Calibration

__all__ = ["invented_replies"]

SLOWEST_DAYS = 25


def invented_replies(states: pd.DataFrame, day: date, calibration: Calibration, seed: int = 2020) -> pd.DataFrame:
    """Replies to the open issues of ``day``, some days later: most answered, those that hold again mostly closed.

    Parameters
    ----------
    states : DataFrame
        issue_id, department, state and open of every issue on ``day``.
    seed : int
        Same seed, same replies.

    Returns
    -------
    DataFrame
        issue_id, step (answered or closed), on, by, evidence, note.
    """
    rng = np.random.default_rng([seed, day.toordinal()])
    number = calibration.number
    answered, closed, early = (number(f"issue_{kind}_share", day.year) for kind in ("answered", "closed", "premature"))
    rows = []
    for issue in states[states["open"].astype(bool)].sort_values("issue_id").itertuples():
        closes = rng.random() < (closed if issue.state == "passed" else early)
        said = rng.random() < answered
        on = day + timedelta(days=int(rng.integers(3, SLOWEST_DAYS)))
        reference = f"{issue.department}-{on:%Y%m%d}-{issue.issue_id[-4:]}"
        paper = f"演示佐证 {reference}|demo evidence {reference}"
        if closes:
            rows.append((issue.issue_id, "closed", on.isoformat(), issue.department, paper, ""))
        elif said and issue.state != "passed":
            rows.append((issue.issue_id, "answered", on.isoformat(), issue.department, "", "演示答复|demo answer"))
    return pd.DataFrame(rows, columns=["issue_id", "step", "on", "by", "evidence", "note"])
