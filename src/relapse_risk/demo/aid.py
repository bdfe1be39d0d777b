"""Aid delivered: the item list and the ledger, with the published person-times, sums and handling times."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.aid_health import disability_aid, health_aid, medical_aid, placements, relief_aid
from relapse_risk.demo.aid_living import monitoring_aid, small_aid, student_aid, urgent_aid, work_aid
from relapse_risk.demo.grants import AidInput, Grant
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.typed_columns import Ints, dates, day_number, labels, text, whole, words

__all__ = ["aid_table", "item_table"]

DECISIONS = ("open", "approved", "refused", "withdrawn")
CHANNELS = ("web", "phone_app", "telephone", "oral", "window", "found")
DRAWS = (
    relief_aid,
    health_aid,
    medical_aid,
    student_aid,
    disability_aid,
    placements,
    work_aid,
    urgent_aid,
    small_aid,
    monitoring_aid,
)
# The reform of 9 May 2020 halves the days to a decision and cuts papers by 30% (F23, F24); start values assumed.
REFORM = day_number("2020-05-09")
DAYS_BEFORE, PAPERS_BEFORE = 20.0, 10.0
TIME_CUT, PAPER_CUT = 0.5, 0.3


def item_table(calibration: Calibration) -> pd.DataFrame:
    """The ``assistance_item`` table: 41 items of 17 departments (F21, F22; the list is a reconstruction)."""
    items = calibration.items
    return pd.DataFrame(
        {
            "item_code": [i.code for i in items],
            "department": [i.department for i in items],
            "direction": [i.direction for i in items],
            "eligibility_rule": [i.rule for i in items],
            "valid_from": pd.Series(["2016-01-01"] * len(items)).astype("datetime64[s]"),
            "valid_to": pd.Series([pd.NaT] * len(items)).astype("datetime64[s]"),
        }
    )


def aid_table(a: AidInput, hh_ids: pa.Array, person_ids: pa.Array, rng: np.random.Generator) -> pd.DataFrame:
    """The ``assistance_record`` table, oldest delivery first."""
    grants = [batch for draw in DRAWS for batch in draw(a, rng) if len(batch.hh)]
    day = _joined(grants, "day")
    order = np.argsort(day, kind="stable")
    day = day[order]
    hh, person, start, end, event = (_joined(grants, n)[order] for n in ("hh", "person", "start", "end", "event"))
    cash, value, hours = (_joined(grants, n)[order] for n in ("cash", "value", "hours"))
    items, item = _coded([g.item for g in grants], grants, order)
    goods, thing = _coded([g.goods for g in grants], grants, order)
    channel = np.repeat([g.channel for g in grants], [len(g.hh) for g in grants])[order]
    applied, decided, papers = _handling(day, rng)
    n = len(day)
    return pd.DataFrame(
        {
            "record_id": text(labels("AR", np.arange(1, n + 1), 8)),
            "household_id": text(hh_ids.take(pa.array(hh))),
            "person_id": text(person_ids.take(pa.array(person, mask=person < 0))),
            "item_code": words(item, items),
            "plan_id": text(labels("PL", hh, 7)),
            "applied_on": dates(applied),
            "accepted_on": dates(np.minimum(applied + 1, decided)),
            "decided_on": dates(decided),
            "delivered_on": dates(day),
            "decision": words(np.ones(n, dtype=np.int64), DECISIONS),
            "channel": words(np.where(channel >= 0, channel, rng.integers(0, len(CHANNELS), n)), CHANNELS),
            "material_count": whole(papers),
            "cash_amount": cash,
            "goods_name": words(thing, goods),
            "goods_value": value,
            "service_hours": hours,
            "period_start": dates(start),
            "period_end": dates(end),
            "source_event_id": text(labels("EV", np.where(event > 0, event, -1), 7)),
        }
    )


def _joined(grants: list[Grant], name: str) -> np.ndarray:
    return np.concatenate([getattr(batch, name) for batch in grants])


def _coded(names: list[str] | list[str | None], grants: list[Grant], order: Ints) -> tuple[tuple[str, ...], Ints]:
    """The different names, and the index of each record's (-1 for none)."""
    book = tuple(dict.fromkeys(name for name in names if name))
    code = [book.index(name) if name else -1 for name in names]
    return book, np.repeat(code, [len(batch.hh) for batch in grants])[order]


def _handling(day: Ints, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Days of application and decision, and papers asked for; the reform counts by the day of application."""
    n = len(day)
    late = day - 25 >= REFORM
    mean = np.where(late, (1 - TIME_CUT) * DAYS_BEFORE, DAYS_BEFORE)
    took = np.clip(np.round(rng.gamma(25, mean / 25)), 1, 45).astype(np.int64)
    decided = day - rng.integers(0, 5, n)
    applied = decided - took
    # What was handled the old way was applied for before the reform.
    applied = np.where(~late & (applied >= REFORM), REFORM - 1 - rng.integers(0, 15, n), applied)
    applied = np.where(late, np.maximum(applied, REFORM), applied)
    mean = np.where(late, (1 - PAPER_CUT) * PAPERS_BEFORE, PAPERS_BEFORE)
    return applied, decided, np.clip(np.round(rng.normal(mean, 1.0)), 1, 20).astype(np.int64)
