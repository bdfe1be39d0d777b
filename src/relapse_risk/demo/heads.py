"""Who heads a household and how the others are related to that person, now that some have died."""

from __future__ import annotations

import numpy as np

from relapse_risk.demo.people import ROLES, World
from relapse_risk.demo.typed_columns import Bools, Ints

__all__ = ["RELATIONS", "heads", "relations"]

RELATIONS = ("head", "spouse", "son", "daughter", "grandchild", "parent", "grandparent", "sibling", "other")
# Order of succession as head: the founding head, the spouse, grown children, parents, then the young.
_RANK = np.array(
    [{"E": 0, "H": 0, "e": 1, "S": 1, "A": 2, "D": 3, "P": 4, "Y": 5, "C": 6, "G": 7, "B": 8}[r] for r in ROLES]
)


def heads(world: World, alive: Bools, age: Ints) -> Ints:
    """Position of the head of each household (-1 where nobody lives): a grown-up before a child, then succession."""
    place = np.flatnonzero(alive)
    score = _RANK[world.role[place]] + 20 * (age[place] < 16)
    order = np.lexsort((place, score, world.hh[place]))
    sorted_hh = world.hh[place][order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = sorted_hh[1:] != sorted_hh[:-1]
    out = np.full(world.n_hh, -1, dtype=np.int64)
    out[sorted_hh[first]] = place[order[first]]
    return out


def _generation(role: Ints) -> Ints:
    """0 for the founding couple's generation, +1 their children, +2 grandchildren, -1 their parents."""
    table = {"E": 0, "e": 0, "H": 0, "S": 0, "A": 1, "D": 1, "C": 1, "Y": 1, "G": 2, "P": -1, "B": 1}
    return np.array([table[r] for r in ROLES])[role]


def relations(world: World, head: Ints) -> Ints:
    """Index into ``RELATIONS`` of every person towards the present head."""
    mine = np.where(head[world.hh] >= 0, head[world.hh], 0)
    gap = _generation(world.role) - _generation(world.role[mine])
    couple = np.isin(ROLES, ["E", "e", "H", "S"])
    spouse = couple[world.role] & couple[world.role[mine]]
    out = np.full(len(world.hh), RELATIONS.index("other"))
    out = np.where(gap == 1, np.where(world.female, RELATIONS.index("daughter"), RELATIONS.index("son")), out)
    out = np.where(gap == 2, RELATIONS.index("grandchild"), out)
    out = np.where(gap == -1, RELATIONS.index("parent"), out)
    out = np.where(gap == -2, RELATIONS.index("grandparent"), out)
    out = np.where(gap == 0, np.where(spouse, RELATIONS.index("spouse"), RELATIONS.index("sibling")), out)
    return np.asarray(np.where(np.arange(len(out)) == mine, RELATIONS.index("head"), out))
