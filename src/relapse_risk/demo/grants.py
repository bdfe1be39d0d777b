"""Batches of aid records of one item, and what they are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from relapse_risk.demo.monitoring_process import Watch
from relapse_risk.demo.month_snapshots import PersonView
from relapse_risk.demo.monthly import Moment
from relapse_risk.demo.people import World
from relapse_risk.demo.published_targets import Calibration
from relapse_risk.demo.spending import LossEvents, Spending
from relapse_risk.demo.traits import Traits
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Floats, Ints, day_number
from relapse_risk.demo.year_state import Year

__all__ = ["FOUND", "AidInput", "Grant", "enjoying_persons", "grant", "of_persons", "spread"]

# Index of the channel "found proactively".
FOUND = 5


@dataclass(frozen=True, slots=True)
class AidInput:
    """What the ledger is drawn from; ``losses`` names the loss event of 2020 that urgent aid answers."""

    world: World
    years: tuple[Year, ...]
    spendings: tuple[Spending, ...]
    june: Moment
    december: Moment
    view: PersonView
    watch: Watch
    traits: Traits
    losses: LossEvents
    calibration: Calibration
    scale: float

    @property
    def enjoying(self) -> Bools:
        """Households that enjoy policies in December 2020."""
        return self.december.inside & self.world.registered

    def view_column(self, values: np.ndarray) -> np.ndarray:
        """A column of the December view spread to all persons."""
        out = np.zeros(len(self.world.hh), dtype=values.dtype)
        out[self.view.index] = values
        return out


@dataclass(frozen=True, slots=True)
class Grant:
    """A batch of records of one item, arrays of one length.

    Attributes
    ----------
    person : int
        Position of the person, -1 for household items.
    day : int
        Day of delivery.
    start, end : int
        Period it pays for (``NO_DAY``: none).
    event : int
        Number of the event it answers, 0 for none.
    """

    item: str
    hh: Ints
    person: Ints
    day: Ints
    cash: Floats
    value: Floats
    hours: Floats
    start: Ints
    end: Ints
    event: Ints
    goods: str | None
    channel: int


def grant(
    item: str,
    hh: Ints,
    day: Ints,
    *,
    person: Ints | None = None,
    cash: Floats | float = 0.0,
    value: float = 0.0,
    hours: float = 0.0,
    year: int | None = None,
    goods: str | None = None,
    channel: int = -1,
    event: Ints | None = None,
) -> Grant:
    """A batch with scalars spread; ``year`` makes the aid run from January to December of it."""
    n = len(hh)
    return Grant(
        item=item,
        hh=hh,
        person=np.full(n, -1) if person is None else person,
        day=day,
        cash=np.broadcast_to(np.asarray(cash, dtype=float), (n,)),
        value=np.full(n, value),
        hours=np.full(n, hours),
        start=np.full(n, NO_DAY if year is None else day_number(f"{year}-01-01")),
        end=np.full(n, NO_DAY if year is None else day_number(f"{year}-12-31")),
        event=np.zeros(n, dtype=np.int64) if event is None else event,
        goods=goods,
        channel=channel,
    )


def of_persons(
    a: AidInput,
    item: str,
    persons: Bools | Ints,
    window: tuple[str, int],
    rng: np.random.Generator,
    *,
    cash: Floats | float = 0.0,
    value: float = 0.0,
    hours: float = 0.0,
    year: int | None = None,
    goods: str | None = None,
    channel: int = -1,
) -> Grant:
    """A batch for persons (mask or positions), delivered within ``window`` (first day, number of days)."""
    who: Ints = np.flatnonzero(persons) if persons.dtype == np.bool_ else persons.astype(np.int64)
    return grant(
        item, a.world.hh[who], spread(len(who), *window, rng), person=who, cash=cash, value=value, hours=hours,
        year=year, goods=goods, channel=channel,
    )  # fmt: skip


def spread(count: int, first: str, days: int, rng: np.random.Generator) -> Ints:
    """``count`` days drawn from the ``days`` days that begin on ``first``."""
    return np.asarray(day_number(first) + rng.integers(0, max(days, 1), count), dtype=np.int64)


def enjoying_persons(a: AidInput) -> Bools:
    """Persons living in December 2020 in households that enjoy policies."""
    return a.december.listed & a.december.lives.alive & a.enjoying[a.world.hh]
