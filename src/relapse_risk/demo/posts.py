"""Special posts: who holds or held one, and whom it serves (F25, F26)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from relapse_risk.demo.geography import Geography
from relapse_risk.demo.monthly import Moment, WorkCalendar
from relapse_risk.demo.people import World
from relapse_risk.demo.typed_columns import NO_DAY, Bools, Floats, Ints, dates, day_number, labels, text, words
from relapse_risk.demo.work_year import POST

__all__ = ["post_kinds", "post_table"]

KINDS = ("help_old", "help_sick", "help_disabled", "cleaning", "other")
PAY = 300.0


def post_kinds(holders: Bools, luck: Floats) -> Ints:
    """Kind of post of each holder, 1-5: the old, the sick, the disabled, cleaning, other (0 = none).

    Examples
    --------
    >>> post_kinds(np.array([True, True, False]), np.array([0.1, 0.5, 0.9])).tolist()
    [1, 2, 0]
    """
    return np.where(holders, 1 + np.searchsorted([0.40, 0.58, 0.74, 0.95], luck), 0)


def post_table(
    world: World,
    geography: Geography,
    december: Moment,
    former: Bools,
    posts: Ints,
    calendar: WorkCalendar,
    needy: Floats,
    served: int,
    person_ids: pa.Array,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The ``special_post`` table: posts held in December 2020, then those of ``former`` holders that ended in 2020."""
    held = (december.job == POST) & december.lives.alive & (posts > 0) & december.inside[world.hh]
    now, over = np.flatnonzero(held), np.flatnonzero(former & ~held & (calendar.ends != NO_DAY))
    holder = np.concatenate([now, over])
    n = len(holder)
    begun = calendar.begins[holder]
    start = np.where(begun != NO_DAY, begun, day_number("2018-06-01") + rng.integers(0, 550, n))
    ended = np.arange(n) >= len(now)
    names = np.concatenate([_client_lists(world, now, needy, december, served, person_ids), np.full(len(over), None)])
    return pd.DataFrame(
        {
            "post_id": text(labels("SP", np.arange(1, n + 1), 6)),
            "village_code": text(pa.array(geography.village_code[world.village[world.hh[holder]]])),
            "post_kind": words(posts[holder] - 1, KINDS),
            "holder_id": text(person_ids.take(pa.array(holder))),
            "start_on": dates(start),
            "end_on": dates(np.where(ended, np.maximum(calendar.ends[holder], start + 30), NO_DAY)),
            "monthly_pay": np.full(n, PAY),
            "served_person_ids": text(pa.array(names, type=pa.string())),
            "hours_month": np.round(rng.normal(44, 6, n)),
        }
    )


def _client_lists(
    world: World, holder: Ints, needy: Floats, december: Moment, served: int, person_ids: pa.Array
) -> np.ndarray:
    """Ids of up to two clients per post joined by ``;``, null for none."""
    clients = _clients(world, holder, needy, december, served)
    names = text(person_ids).to_numpy()
    out = np.full(len(holder), None, dtype=object)
    one, two = clients[:, 0] >= 0, clients[:, 1] >= 0
    out[one] = names[clients[one, 0]]
    out[two] = out[two] + ";" + names[clients[two, 1]]
    return out


def _clients(world: World, holder: Ints, needy: Floats, december: Moment, served: int) -> Ints:
    """Clients of each post (-1: none): the neediest, dealt county by county in the order of villages."""
    out = np.full((len(holder), 2), -1, dtype=np.int64)
    pool = december.lives.alive & december.inside[world.hh] & (needy > 0)
    pool[holder] = False
    clients = np.flatnonzero(pool)
    clients = clients[np.argsort(-needy[clients], kind="stable")][:served]
    clients = clients[np.argsort(world.village[world.hh[clients]], kind="stable")]
    slots = np.argsort(world.village[world.hh[holder]], kind="stable")
    for county in np.unique(world.county[world.hh[holder]]):
        mine = clients[world.county[world.hh[clients]] == county]
        here = slots[world.county[world.hh[holder[slots]]] == county]
        # One client for every post first, then a second one for as many as are left.
        extra = min(max(len(mine) - len(here), 0), len(here))
        turns = np.repeat(np.arange(len(here)), np.where(np.arange(len(here)) < extra, 2, 1))
        second = np.r_[False, turns[1:] == turns[:-1]].astype(np.int64) if len(turns) else turns
        count = min(len(mine), len(turns))
        out[here[turns[:count]], second[:count]] = mine[:count]
    return out
