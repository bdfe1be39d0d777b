"""Which sums of published cells a reader can form: the relations between linked tables.

Most follow from what a cell is.  Yes and no add up to known; the classes of a classification to the count without it;
the counties to the city.  Only arithmetic between different measures is declared by hand, as a :class:`Link`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from relapse_risk.disclosure.published_cells import EXACT, Published
from relapse_risk.disclosure.suppression import Relation
from relapse_risk.measures import CITY, Cell, read_count

__all__ = ["Link", "Linked", "linked"]

Family = tuple[str, str, bool]  # measure, side, before
Families = Mapping[Family, Mapping[str, Mapping[frozenset[str], Sequence[Cell]]]]  # then by county and classifications


@dataclass(frozen=True, slots=True)
class Link:
    """Counts of different measures that add up: ``parts`` to the sum of ``wholes``.

    Attributes
    ----------
    wholes, parts : tuple of str
        Counts as :func:`relapse_risk.measures.read_count` reads them; ``|`` between classes takes several.
    is_subset : bool
        The part counts some of the whole; those left over are a count as well.
    only_samples : bool
        Holds only where households are a sample.

    Notes
    -----
    A link that is no subset holds in the counties in which both sides agree or nearly do (by less than the threshold):
    whoever sees one then knows the other within a few.
    """

    wholes: tuple[str, ...]
    parts: tuple[str, ...]
    is_subset: bool = False
    only_samples: bool = False


@dataclass(slots=True)
class Linked:
    """Cells with all sums of them.

    Attributes
    ----------
    values : dict
        Published cells, and those that are printed nowhere and follow from a sum.
    unprinted, fixed : set
        The latter, unless a reader knows them in any case; cells that a reader knows.
    relations : list of Relation
    near : list of (whole, part)
        Cells of which one is part of the other and the difference is small.
    conflicts : list of str
        Sums that do not hold; in a consistent register none.
    """

    values: dict[Cell, float]
    fixed: set[Cell]
    unprinted: set[Cell] = field(default_factory=set)
    relations: list[Relation] = field(default_factory=list)
    near: list[tuple[Cell, Cell]] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def linked(published: Published, links: Sequence[Link], threshold: float, public: Sequence[str] = ()) -> Linked:
    """All sums a reader can form of what is published.

    Parameters
    ----------
    public : sequence of str
        Counts whose totals every reader knows, as :func:`relapse_risk.measures.read_count` reads them.

    Notes
    -----
    What must be a sum by its name may not be one in a register that contradicts itself (more persons of a class than
    persons).  While it fails by less than the threshold, whoever knows one side knows the other within these, and the
    sum counts as one; where it fails by more, it says nothing.  Both are named in ``conflicts``.
    """
    named = {(count.measure, count.side) for link in links for count in map(read_count, (*link.wholes, *link.parts))}
    # How many were looked at is public, but where that is itself a count of something.
    fixed = {cell for cell in published.fixed if cell.side != "known" or (cell.measure, cell.side) not in named}
    known = {(count.measure, count.side) for count in map(read_count, public)}
    fixed |= {
        cell
        for cell, value in published.values.items()
        if (cell.measure, cell.side) in known and not cell.by and not 0 < value < threshold
    }
    found = Linked(dict(published.values), fixed)
    found.near += [pair for pair in published.doubles if _differ(found.values, pair) < threshold]
    found.conflicts += [f"{one} is printed with two numbers" for one, _ in published.doubles]
    _add_totals(found, published.samples, threshold)
    _add_sides(found, published.parts_of_rows, threshold)
    families = _families(found.values)
    for link in links:
        _add_link(link, families, found, published.samples, threshold)
    sums = [*_classes(found, published.values, threshold), *_counties(found.values, published.values)]
    # Where no part is printed, the sum follows from those of the cells that the parts follow from.
    found.relations += [one for one in sums if not found.unprinted.issuperset(one.parts)]
    found.fixed = _with_zeros(found)
    return found


def _with_zeros(found: Linked) -> set[Cell]:
    """The fixed cells and every cell that must be zero because of them: parts of nothing are nothing."""
    fixed, before = set(found.fixed), -1
    zero = {cell for cell, value in found.values.items() if value == 0}
    while len(fixed) > before:
        before = len(fixed)
        for relation in found.relations:
            if relation.wholes and zero.issuperset(relation.wholes) and fixed.issuperset(relation.wholes):
                fixed.update(zero.intersection(relation.parts))
            elif len(relation.parts) == 1 and fixed.issuperset(relation.parts) and zero.issuperset(relation.parts):
                fixed.update(zero.intersection(relation.wholes))
    return fixed


def _families(cells: Iterable[Cell]) -> Families:
    """Cells by what they count, county, and what they are classified by."""
    families: dict[Family, dict[str, dict[frozenset[str], list[Cell]]]] = {}
    for cell in cells:
        counties = families.setdefault((cell.measure, cell.side, cell.before), {})
        counties.setdefault(cell.county, {}).setdefault(cell.classifications, []).append(cell)
    return families


def _coarser(groups: Iterable[frozenset[str]], of: frozenset[str]) -> list[frozenset[str]]:
    """The finest of ``groups`` that are coarser than ``of``."""
    below = [group for group in groups if group < of]
    return [group for group in below if not any(group < other for other in below)]


def _add_totals(found: Linked, samples: Set[str], threshold: float) -> None:
    """Totals that are printed nowhere and link what is: of a count classified in several ways, or on both its sides.

    In a register a reader is taken to know the total of a measure that has one side, unless it is small somewhere.
    """
    sides: dict[tuple[str, str, bool], set[str]] = defaultdict(set)
    for cell in found.values:
        sides[cell.measure, cell.county, cell.before].add(cell.side)
    for (measure, side, before), counties in _families(found.values).items():
        totals: dict[Cell, float] = {}
        for county, groups in counties.items():
            finest = [cells for group, cells in groups.items() if not _coarser(groups, group)]
            if frozenset() not in groups and len(finest) + len(sides[measure, county, before]) > 2:
                most = max(sum(found.values[cell] for cell in cells) for cells in finest)
                totals[Cell(measure, side, county, (), before)] = most
        small = any(0 < value < threshold for value in totals.values())
        for cell, value in totals.items():
            found.values[cell] = value
            is_known = not small and cell.county not in samples and sides[measure, cell.county, before] == {side}
            (found.fixed if is_known else found.unprinted).add(cell)


def _add_sides(found: Linked, parts_of_rows: Iterable[tuple[Cell, Cell, Cell]], threshold: float) -> None:
    """Yes and no add up to known, in every class; so does a part of a row with its rest."""
    sides = {cell._replace(side="yes") for cell in found.values}
    triples = [(yes, yes._replace(side="no"), yes._replace(side="known")) for yes in sides]
    for yes, no, known in dict.fromkeys([*sorted(triples), *parts_of_rows]):
        have = [cell in found.values for cell in (yes, no, known)]
        if have == [True, True, False]:
            found.relations.append(Relation((yes, no)))  # how many were looked at is known to the reader
        elif have[2] and (have[0] or have[1]):
            one, other = (yes, no) if have[0] else (no, yes)
            left = found.values[known] - found.values[one]
            if other not in found.values and left >= -EXACT:
                found.values[other] = max(left, 0.0)
                found.unprinted.add(other)
            wrong = abs(found.values.get(other, 0.0) - left)
            if wrong > EXACT:
                found.conflicts.append(f"{known} is not the sum of {one} and {other}")
            if wrong < threshold and other in found.values:
                found.relations.append(Relation((yes, no), (known,)))


def _differ(values: Mapping[Cell, float], pair: tuple[Cell, Cell]) -> float:
    return abs(values[pair[0]] - values[pair[1]])


def _classes(found: Linked, printed: Set[Cell] | Mapping[Cell, float], threshold: float) -> Iterator[Relation]:
    """The classes of a classification to the count without it; where none is printed, a reader knows their sum.

    Where some are in no class (their age is not known) the sum falls short; while it does by a few only, whoever sees
    one side knows the other within these.
    """
    for counties in _families(found.values).values():
        for groups in counties.values():
            for group, cells in groups.items():
                coarser = _coarser(groups, group)
                if group and not coarser and len(cells) > 1 and cells[0] in printed:
                    yield Relation(tuple(cells))
                for one in coarser:
                    yield from _to_coarser(cells, one, found, threshold)


def _to_coarser(
    cells: Sequence[Cell], classifications: frozenset[str], found: Linked, threshold: float
) -> Iterator[Relation]:
    parts: dict[Cell, list[Cell]] = defaultdict(list)
    for cell in cells:
        parts[cell._replace(by=tuple(pair for pair in cell.by if pair[0] in classifications))].append(cell)
    for whole, mine in parts.items():
        if whole in found.values:
            left = found.values[whole] - sum(found.values[cell] for cell in mine)
            if left < -EXACT:
                found.conflicts.append(
                    f"{whole} is less than its classes by {', '.join(sorted(mine[0].classifications))}"
                )
            if abs(left) < threshold:
                yield Relation(tuple(mine), (whole,))


def _counties(values: Mapping[Cell, float], printed: Mapping[Cell, float]) -> Iterator[Relation]:
    """The counties to the city; where the city's total is printed nowhere, a reader knows it."""
    parts: dict[Cell, list[Cell]] = defaultdict(list)
    for cell in values:
        if cell.county != CITY:
            parts[cell._replace(county=CITY)].append(cell)
    for whole, mine in parts.items():
        if whole in values:
            yield Relation(tuple(mine), (whole,))
        elif not whole.by and len(mine) > 1 and all(cell in printed for cell in mine):
            yield Relation(tuple(mine))


def _add_link(link: Link, families: Families, found: Linked, samples: Set[str], threshold: float) -> None:
    """One relation for every county (and the city) in which both sides are there; a count without a row there is zero."""
    sides = [[_cells_of(text, families) for text in texts] for texts in (link.wholes, link.parts)]
    for county in sorted({county for cells in sides[0] for county in cells}):
        wholes, parts = (tuple(cell for one in side for cell in one.get(county, [])) for side in sides)
        if not parts or (link.only_samples and county not in samples):
            continue
        left = sum(found.values[cell] for cell in wholes) - sum(found.values[cell] for cell in parts)
        if link.is_subset and left >= 0:
            rest = Cell(f"{' + '.join(link.wholes)} other than {' + '.join(link.parts)}", "yes", county)
            found.values[rest] = left
            found.unprinted.add(rest)
            found.relations.append(Relation((*parts, rest), wholes))
            if left < threshold and len(wholes) == len(parts) == 1:
                found.near.append((wholes[0], parts[0]))
        elif not link.is_subset and abs(left) < threshold:
            found.relations.append(Relation(parts, wholes))


def _cells_of(text: str, families: Families) -> dict[str, list[Cell]]:
    """By county, the cells of a count: of its coarsest classification that has the classes asked for."""
    count = read_count(text)
    asked = {name: frozenset(words.split("|")) for name, words in count.by}
    found: dict[str, list[Cell]] = {}
    for county, groups in families.get((count.measure, count.side, count.before), {}).items():
        for group in sorted((group for group in groups if group >= asked.keys()), key=len)[:1]:
            cells = [c for c in groups[group] if all(word in asked[name] for name, word in c.by if name in asked)]
            found |= {county: cells} if cells else {}
    return found
