"""Alerts raised in 2020 by the official triggers, and the referrals that carried them to a department."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.monitoring_process import Watch
from relapse_risk.demo.monthly import Moment
from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.spending import Spending
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Ints, dates, day_number, labels, text, words
from relapse_risk.demo.year_state import Year

__all__ = ["alert_table", "referral_table"]

# Rule, level (0 watch, 1 warning, 2 urgent), days allowed, department that takes it over.
RULES = {
    "E01": (1, 10, "FP"),
    "E02": (1, 10, "YB"),
    "E03": (2, 5, "MZ"),
    "E04": (1, 10, "FP"),
    "E05": (2, 5, "YJ"),
    "E10": (1, 20, "RS"),
    "E11": (0, 30, "MZ"),
    "E12": (0, 3, "FP"),
    "E14": (1, 10, "FP"),
}
STATES = ("to_check", "checking", "helping", "closed", "returned")
OUTCOMES = ("no_risk", "monitored", "helped", "stopped", "data_error")
END = day_number("2020-12-31")


def alert_table(
    world: World,
    before: Year,
    last: Year,
    spending: Spending,
    december: Moment,
    zero_employment: Bools,
    watch: Watch,
    cadre: np.ndarray,
    calibration: Calibration,
    hh_ids: pa.Array,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The ``alert`` table; what came of an alert follows from whether the household was monitored."""
    inside = december.inside
    rigid = spending.medical + spending.education + spending.care + spending.disaster - spending.claims
    fall = last.net_income < calibration.threshold("income_fall_ratio", 2020) * before.net_income
    loss = spending.disaster - spending.claims >= calibration.threshold("urgent_loss", 2020)
    line = calibration.line("monitoring", 2020)
    masks = {
        "E01": last.per_head < line,
        "E02": spending.medical >= calibration.threshold("medical_alert", 2020),
        "E03": rigid > last.net_income,
        "E04": fall & before.inside,
        "E05": loss,
        "E10": zero_employment,
        "E11": rng.random(world.n_hh) < 0.03,
        "E12": rng.random(world.n_hh) < 0.015,
        "E14": (before.per_head < 1.06 * line) & (rng.random(world.n_hh) < 0.5),
    }
    parts = []
    for place, (rule, (level, days, _)) in enumerate(RULES.items()):
        rows = np.flatnonzero(masks[rule] & inside & (rng.random(world.n_hh) < 0.93))
        raised = day_number("2020-02-01") + rng.integers(0, 330, len(rows))
        known = watch.identified_on[rows] != NO_DAY
        lead = np.where(known, watch.identified_on[rows] - rng.integers(1, 10, len(rows)), raised)
        raised = np.clip(
            np.where(np.isin(rule, ["E01", "E03", "E04", "E05"]), lead, raised), day_number("2020-01-06"), END
        )
        parts.append(pd.DataFrame({"rule": place, "hh": rows, "raised": raised, "level": level, "days": days}))
    frame = pd.concat(parts, ignore_index=True).sort_values(["raised", "hh"], kind="stable", ignore_index=True)
    return _closed(frame, watch, cadre, hh_ids, rng)


def _closed(
    frame: pd.DataFrame, watch: Watch, cadre: np.ndarray, hh_ids: pa.Array, rng: np.random.Generator
) -> pd.DataFrame:
    n = len(frame)
    hh, raised = frame["hh"].to_numpy(), frame["raised"].to_numpy()
    due = raised + frame["days"].to_numpy()
    took = np.maximum(np.round(frame["days"].to_numpy() * rng.gamma(4, 0.19, n)), 1).astype(np.int64)
    closed = raised + took
    open_ = (closed > END) | (rng.random(n) < 0.02)
    monitored = watch.identified_on[hh] != NO_DAY
    outcome = np.where(monitored, np.where(rng.random(n) < 0.9, 1, 2), rng.choice([0, 2, 4], n, p=[0.42, 0.53, 0.05]))
    state = np.where(open_, rng.choice([0, 1, 2], n, p=[0.3, 0.4, 0.3]), np.where(rng.random(n) < 0.02, 4, 3))
    done = state >= 3
    return pd.DataFrame(
        {
            "alert_id": text(labels("AL", np.arange(1, n + 1), 7)),
            "alert_rule": words(frame["rule"].to_numpy(), tuple(RULES)),
            "household_id": text(hh_ids.take(pa.array(hh))),
            "raised_on": dates(raised),
            "level": words(frame["level"].to_numpy(), ("watch", "warning", "urgent")),
            "assigned_to": text(pa.array(cadre[hh], type=pa.string())),
            "due_on": dates(due),
            "state": words(state, STATES),
            "closed_on": dates(np.where(done, np.minimum(closed, END), NO_DAY)),
            "outcome": words(np.where(done, outcome, -1), OUTCOMES),
        }
    )


def referral_table(alerts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Alerts handed to a department: two in five, with the department's answer."""
    rows = np.flatnonzero(rng.random(len(alerts)) < 0.42)
    n = len(rows)
    names = sorted({to for _, _, to in RULES.values()})
    target = alerts["alert_rule"].iloc[rows].map({rule: names.index(to) for rule, (_, _, to) in RULES.items()})
    raised: Ints = alerts["raised_on"].to_numpy().astype("datetime64[D]").astype(np.int64)[rows]
    pushed = np.minimum(raised + rng.integers(0, 3, n), END)
    due = pushed + 10
    replied = pushed + rng.integers(1, 16, n)
    late = replied > due
    open_ = replied > END
    result = np.where(open_, np.where(due < END, 3, 0), np.where(rng.random(n) < 0.06, 2, 1))
    result = np.where(late & ~open_ & (rng.random(n) < 0.2), 3, result)
    answered = ~open_ & (result != 3)
    return pd.DataFrame(
        {
            "referral_id": text(labels("RF", np.arange(1, n + 1), 7)),
            "alert_id": alerts["alert_id"].iloc[rows].to_numpy(),
            "from_department": "FP",
            "to_department": words(target.to_numpy(), names),
            "pushed_by": alerts["assigned_to"].iloc[rows].to_numpy(),
            "pushed_on": dates(pushed),
            "due_on": dates(due),
            "result": words(result, ("open", "done", "returned", "overdue")),
            "replied_on": dates(np.where(answered, replied, NO_DAY)),
        }
    )
