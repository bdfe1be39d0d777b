"""What households must pay and lose, and the income table that puts it beside what they earn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.people import World
from relapse_risk.demo.typed_columns import (
    NO_DAY,
    Bools,
    Floats,
    Ints,
    dates,
    day_number,
    flags,
    labels,
    text,
    whole,
    words,
)
from relapse_risk.demo.year_state import Year

__all__ = ["LossEvents", "Spending", "income_table", "loss_events", "shock_table", "spend"]

SCHOOL_COST = np.array([0.0, 1500.0, 350.0, 700.0, 2600.0, 1900.0, 6500.0, 7500.0, 300.0])
SHOCKS = (
    "serious_illness",
    "traffic",
    "fire",
    "work_accident",
    "disaster",
    "death",
    "job_loss",
    "project_failure",
    "epidemic",
    "other",
)


@dataclass(frozen=True, slots=True)
class Spending:
    """Spending, losses and claims of a year, CNY per household; and the year's events.

    Attributes
    ----------
    events : DataFrame
        hh, person (position or -1), day, kind (index into ``SHOCKS``), loss, paid.
    """

    medical: Floats
    education: Floats
    care: Floats
    disaster: Floats
    claims: Floats
    events: pd.DataFrame


@dataclass(frozen=True, slots=True)
class LossEvents:
    """The first property loss of 2020 of each household: its number in ``shock_event`` (0: none) and its day."""

    number: Ints
    day: Ints


def loss_events(events: pd.DataFrame, households: int) -> LossEvents:
    """Look up the events, sorted as in the table, for accidents, fires and disasters of 2020."""
    mine = events["kind"].isin([1, 2, 3, 4]) & (events["day"] >= day_number("2020-01-01"))
    first = events.assign(number=np.arange(1, len(events) + 1))[mine].drop_duplicates("hh")
    number, day = np.zeros(households, dtype=np.int64), np.zeros(households, dtype=np.int64)
    number[first["hh"].to_numpy()] = first["number"].to_numpy()
    day[first["hh"].to_numpy()] = first["day"].to_numpy()
    return LossEvents(number, day)


def spend(world: World, year: Year, rng: np.random.Generator) -> Spending:
    """Draw the spending of ``year`` from the health, schooling and shocks of its households."""
    alive = year.lives.alive
    insured = 1.0 if year.year < 2017 else 0.55
    base = np.array([110.0, 520.0, 3900.0])[year.lives.health] * insured
    bill = base * np.exp(rng.normal(0, 0.75, len(base))) * alive
    onset = (year.lives.health == 2) & (year.lives.changed_on != NO_DAY) & alive
    bill = np.where(onset, bill * 2.2, bill)
    school = SCHOOL_COST[year.stage] * np.exp(rng.normal(0, 0.2, len(base))) * alive
    severe = (year.lives.level > 0) & (year.lives.level <= 2) & alive
    care = np.where(severe, 380.0 * np.exp(rng.normal(0, 0.6, len(base))), 0.0)
    events = _events(world, year, onset, bill, rng)
    household = events["hh"].to_numpy()
    kind = events["kind"].to_numpy()
    loss = events["loss"].to_numpy()
    property_loss = np.isin(kind, [1, 2, 3, 4, 9])
    return Spending(
        medical=np.round(world.count(bill)),
        education=np.round(world.count(school)),
        care=np.round(world.count(care)),
        disaster=np.round(np.bincount(household, loss * property_loss, minlength=world.n_hh)),
        claims=np.round(np.bincount(household, events["paid"].to_numpy() * property_loss, minlength=world.n_hh)),
        events=events,
    )


def _events(world: World, year: Year, onset: Bools, bill: Floats, rng: np.random.Generator) -> pd.DataFrame:
    """All shocks of the year as rows."""
    first = day_number(f"{year.year}-01-01")
    s = year.shocks
    died = (year.lives.died_on != NO_DAY) & (year.lives.died_on >= first) & year.was_inside[world.hh]
    lost = year.jobs.lost & year.lives.alive
    hit = year.jobs.hit & year.lives.alive
    parts = [
        _personal(world, np.flatnonzero(onset), 0, year.lives.changed_on, bill),
        _personal(world, np.flatnonzero(died), 5, year.lives.died_on, np.full(len(died), 3500.0)),
        _personal(
            world, np.flatnonzero(lost), 6, _days(first, len(lost), rng, year.jobs.months), np.full(len(lost), 4200.0)
        ),
        _personal(
            world,
            np.flatnonzero(hit),
            8,
            _days(first, len(hit), rng, np.zeros(len(hit)), 40, 30),
            np.full(len(hit), 3000.0),
        ),
    ]
    mean = {1: (s.traffic, 15000.0), 2: (s.fire, 12000.0), 3: (s.work_accident, 14000.0), 4: (s.disaster, 3500.0)}
    mean |= {7: (s.project_failure, 4000.0), 9: (s.petty, 2500.0)}
    for kind, (mask, loss) in mean.items():
        hh = np.flatnonzero(mask & year.was_inside)
        parts.append(
            pd.DataFrame(
                {"hh": hh, "person": -1, "day": first + rng.integers(0, 360, len(hh)), "kind": kind, "loss": loss}
            )
        )
    events = pd.concat(parts, ignore_index=True)
    events = events[year.was_inside[events["hh"].to_numpy()]].reset_index(drop=True)
    loss = events["loss"].to_numpy() * np.exp(rng.normal(0, 0.5, len(events)))
    share = np.where(
        np.isin(events["kind"], [1, 3]), rng.uniform(0.2, 0.9, len(events)), rng.uniform(0, 0.5, len(events))
    )
    share = np.where(np.isin(events["kind"], [0, 5, 6, 8]), 0.0, share)
    return events.assign(loss=np.round(loss), paid=np.round(loss * share))


def _days(first: int, n: int, rng: np.random.Generator, months: Floats | Ints, start: int = 0, width: int = 25) -> Ints:
    return first + start + np.minimum(np.asarray(months) * 30, 330).astype(np.int64) + rng.integers(0, width, n)


def _personal(world: World, who: Ints, kind: int, day: Ints, loss: Floats) -> pd.DataFrame:
    return pd.DataFrame({"hh": world.hh[who], "person": who, "day": day[who], "kind": kind, "loss": loss[who]})


def income_table(world: World, year: Year, spending: Spending, eco: Floats, rows: Bools, ids: pa.Array) -> pd.DataFrame:
    """The ``income`` rows of ``year`` for the households in ``rows``; amounts in whole CNY.

    Net income = wage + business gross - business cost + property + transfers (INC-FORM).
    """
    factor, market, relief = year.factor, year.market, year.relief
    index = np.flatnonzero(rows)

    def money(values: Floats) -> Floats:
        return np.asarray(np.round(np.maximum(values[index], 0.0)))

    wage = money(factor * market.wage + market.post_wage)
    # Day labour worth less than a month's post is not recorded as a wage.
    wage = np.where(wage <= 300, 0.0, wage)
    dividend = money(relief.dividend)
    support = money(factor * market.support)
    dibao, tekun, pension = money(relief.dibao_received), money(relief.tekun_received), money(relief.pension)
    formal = money(relief.subsidies + relief.land_subsidy + relief.grants + relief.urgent)
    return pd.DataFrame(
        {
            "household_id": text(ids.take(pa.array(index))),
            "period_end": text(pa.array([f"{year.year}-12"] * len(index))),
            "months": whole(np.full(len(index), 12)),
            "wage_income": wage,
            "business_gross": money(factor * market.farm_gross),
            "business_cost": money(factor * market.farm_cost),
            "property_income": dividend + money(market.rent + relief.idle_gain),
            "asset_dividend": dividend,
            "transfer_income": support + dibao + tekun + pension + formal + money(eco),
            "dibao_received": dibao,
            "tekun_received": tekun,
            "pension_received": pension,
            "claims_income": money(spending.claims),
            "medical_self_paid": money(spending.medical),
            "education_spend": money(spending.education),
            "disability_care_spend": money(spending.care),
            "disaster_loss": money(spending.disaster),
            "eco_compensation": money(eco),
        }
    )


def shock_table(events: pd.DataFrame, hh_ids: pa.Array, person_ids: pa.Array, rng: np.random.Generator) -> pd.DataFrame:
    """The ``shock_event`` table from all years' events, oldest first."""
    person = events["person"].to_numpy()
    n = len(events)
    source = rng.choice(4, n, p=[0.3, 0.45, 0.22, 0.03])
    return pd.DataFrame(
        {
            "event_id": text(labels("EV", np.arange(1, n + 1), 7)),
            "household_id": text(hh_ids.take(pa.array(events["hh"].to_numpy()))),
            "person_id": text(person_ids.take(pa.array(person, mask=person < 0))),
            "event_date": dates(events["day"].to_numpy()),
            "shock_type": words(events["kind"].to_numpy(), SHOCKS),
            "gross_loss": events["loss"].to_numpy(),
            "compensated": events["paid"].to_numpy(),
            "reported_by": words(source, ("household", "cadre", "department", "petition")),
            "verified": flags(rng.random(n) < 0.94),
        }
    )
