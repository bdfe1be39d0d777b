"""An index as a frozen specification, checked once (read from YAML by ``reading``).

Everything that changes a score is in the design, so that sensitivity is ``dataclasses.replace`` and a rerun.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from relapse_risk.errors import ParameterError, unknown
from relapse_risk.hardship.aggregate import AGGREGATES
from relapse_risk.hardship.normalise import NORMALISERS
from relapse_risk.languages import NO_LABEL, Label
from relapse_risk.parameters import Confidence
from relapse_risk.schema import PROTECTED_TRAITS, derived_frames, tables
from relapse_risk.yaml_reading import STRICT, pairs

__all__ = ["TOP", "AidRule", "IndexDesign", "Indicator", "MissingPolicy", "SubIndex", "check_design"]

TOP = "need"
Role = Literal["poverty", "monitoring", "dibao"]
MissingPolicy = Literal["share", "worst", "best", "median", "refuse"]
Direction = Literal["up", "down"]
Reads = Literal["household_frame", "own"]
Numbers = Annotated[tuple[tuple[str, float], ...], BeforeValidator(pairs)]
OWN_ARGUMENTS = ("x", "where", "worst", "best")  # of a normaliser: what the design itself gives it


@dataclass(frozen=True, slots=True)
class Indicator:
    """One leaf: where its number comes from, how it becomes 0-100, what a missing answer means.

    Attributes
    ----------
    code, parent : str
    weight : float
        Relative to its siblings.
    columns : tuple of (str, float)
        Columns and coefficients whose sum is the numerator.
    per : str
        Column to divide by; empty for none. Zero or missing there makes the indicator unanswered.
    over : tuple of str
        Roles of lines to divide by; the first that exists in the place counts.
    normalise : str
        A name in :data:`relapse_risk.hardship.normalise.NORMALISERS`.
    worst, best : float
        Values that score 100 and 0 (goalposts); NaN for data-driven methods.
    direction : {"up", "down"}
        Whether a higher value raises the score (data-driven methods; goalposts say it themselves).
    options : tuple of (str, float)
        Further arguments of the normaliser, such as ``low`` and ``high`` of the scale.
    missing : str
        ``share`` the weight, take the ``worst``, ``best`` or ``median`` score, or ``refuse``.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, doi:10.1787/9789264043466-en.

    Examples
    --------
    An income of 9,000 scores (15,000 - 9,000) / (15,000 - 3,000) = 50.

    >>> Indicator("income", "need", 5, (("income", 1.0),), worst=3000, best=15000).inputs
    ('income',)
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    code: str
    parent: str
    weight: float
    columns: Numbers
    per: str = ""
    over: tuple[Role, ...] = ()
    normalise: str = "goalposts"
    worst: float = math.nan
    best: float = math.nan
    direction: Direction = "up"
    options: Numbers = ()
    missing: MissingPolicy = "share"
    label: Label = NO_LABEL

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every column read."""
        return tuple(name for name, _ in self.columns) + ((self.per,) if self.per else ())


@dataclass(frozen=True, slots=True)
class SubIndex:
    """One inner node: an aggregate of its children, itself weighted in its parent.

    Attributes
    ----------
    code, parent : str
    weight : float
        Relative to its siblings.
    aggregate : str
        A name in :data:`relapse_risk.hardship.aggregate.AGGREGATES`.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, doi:10.1787/9789264043466-en.

    Examples
    --------
    >>> SubIndex("access", "need", 3).aggregate
    'arithmetic'
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    code: str
    parent: str
    weight: float
    aggregate: str = "arithmetic"
    label: Label = NO_LABEL


@dataclass(frozen=True, slots=True)
class AidRule:
    """How aid already received turns need into priority: need × (1 - min(most, aid / (per × line)))."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    column: str
    per: str
    over: tuple[Role, ...]
    most: Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class IndexDesign:
    """A whole index.

    Attributes
    ----------
    id, file : str
    reads : {"household_frame", "own"}
        What its columns are of: the household frame, where every name is checked as the file is read, or a frame of
        one's own, where they are checked as the design is applied.
    indicators : tuple of Indicator
    subindexes : tuple of SubIndex
        Inner nodes; the top node is ``need`` and has no entry.
    aggregate : str
        How the top node is made of its children.
    aid : AidRule or None
    protected : tuple of str
        Columns that may never be an input.
    ties : tuple of str
        Columns that break equal scores, in order, ascending.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, doi:10.1787/9789264043466-en.

    Examples
    --------
    Income has three quarters of the whole; a clinic three quarters of the rest.

    >>> leaves = (
    ...     Indicator("income", TOP, 3, (("income", 1.0),), worst=3000, best=15000),
    ...     Indicator("road", "access", 1, (("road", 1.0),), worst=10, best=0),
    ...     Indicator("clinic", "access", 3, (("clinic", 1.0),), worst=20, best=1),
    ... )
    >>> design = IndexDesign("mine", "mine.yaml", indicators=leaves, subindexes=(SubIndex("access", TOP, 1),))
    >>> design.effective_weights()
    {'access': 0.25, 'road': 0.0625, 'clinic': 0.1875, 'income': 0.75}
    >>> design.without(["clinic"]).effective_weights()["road"]
    0.25
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    id: str
    file: str
    indicators: Annotated[tuple[Indicator, ...], Field(min_length=1)]
    subindexes: tuple[SubIndex, ...] = ()
    aggregate: str = "arithmetic"
    aid: AidRule | None = None
    protected: tuple[str, ...] = ()
    ties: tuple[str, ...] = ("household_id",)
    label: Label = NO_LABEL
    note: Label = NO_LABEL
    confidence: Confidence = "assumed"
    reads: Reads = "own"

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(item.code for item in self.indicators)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Children of the top node, in order: what reasons are given for."""
        return tuple(node.code for node in self.children(TOP))

    @property
    def inputs(self) -> tuple[str, ...]:
        """Every column the index reads, aid included, without repeats."""
        aid = (self.aid.column, self.aid.per) if self.aid else ()
        return tuple(dict.fromkeys([name for item in self.indicators for name in item.inputs] + list(aid)))

    def children(self, node: str) -> tuple[Indicator | SubIndex, ...]:
        """What ``node`` is made of, sub-indexes first."""
        nodes: tuple[Indicator | SubIndex, ...] = (*self.subindexes, *self.indicators)
        return tuple(item for item in nodes if item.parent == node)

    def node(self, code: str) -> Indicator | SubIndex:
        """The indicator or sub-index called ``code``.

        Raises
        ------
        ParameterError
            Naming the design file and the nearest code.
        """
        nodes: tuple[Indicator | SubIndex, ...] = (*self.subindexes, *self.indicators)
        known = {item.code: item for item in nodes}
        if code not in known:
            raise unknown("indicator or sub-index", code, known, self.file)
        return known[code]

    def effective_weights(self) -> dict[str, float]:
        """Share of each indicator and sub-index in the whole (nested weights multiplied down; leaves sum to one)."""
        shares: dict[str, float] = {}

        def spread(parent: str, share: float) -> None:
            items = self.children(parent)
            total = sum(item.weight for item in items)
            for item in items:
                shares[item.code] = share * item.weight / total
                spread(item.code, shares[item.code])

        spread(TOP, 1.0)
        return shares

    def with_weights(self, weights: dict[str, float]) -> IndexDesign:
        """The same design with some weights replaced."""
        for code in weights:
            self.node(code)
        return check_design(
            replace(
                self,
                indicators=tuple(replace(i, weight=weights.get(i.code, i.weight)) for i in self.indicators),
                subindexes=tuple(replace(s, weight=weights.get(s.code, s.weight)) for s in self.subindexes),
            )
        )

    def without(self, codes: Sequence[str]) -> IndexDesign:
        """The same design with indicators or whole sub-indexes removed; emptied sub-indexes go too."""
        gone = set(codes)
        for code in codes:
            self.node(code)
        while True:
            keep_s = tuple(s for s in self.subindexes if s.code not in gone and s.parent not in gone)
            keep_i = tuple(i for i in self.indicators if i.code not in gone and i.parent not in gone)
            parents = {s.parent for s in keep_s} | {i.parent for i in keep_i}
            more = {s.code for s in self.subindexes if s not in keep_s or s.code not in parents}
            if more <= gone:
                break
            gone |= more
        if not keep_i:
            raise ParameterError("nothing is left of the design", where=self.file, got=sorted(gone))
        return replace(self, indicators=keep_i, subindexes=keep_s)


def _faults(design: IndexDesign) -> Iterator[ParameterError]:
    """Everything wrong with a design, each as the error to raise."""
    nodes: list[Indicator | SubIndex] = [*design.subindexes, *design.indicators]
    codes = [node.code for node in nodes]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield ParameterError("code written twice", where=f"{design.file}: {code}", expected="one entry per code")
    parents = {sub.code: sub.parent for sub in design.subindexes}
    for node in nodes:
        at = f"{design.file}: {node.code}"
        if node.code == TOP:
            yield ParameterError(f"{TOP!r} is the name of the whole index", where=at, fix="choose another code")
        if node.parent != TOP and node.parent not in parents:
            yield unknown("parent", node.parent, [TOP, *parents], at)
        if not math.isfinite(node.weight) or node.weight < 0:
            yield ParameterError("not a weight", where=f"{at}.weight", got=node.weight, expected="finite, >= 0")
        seen, above = {node.code}, node.parent
        while above in parents:
            if above in seen:
                yield ParameterError("a cycle in the hierarchy", where=at, got=above, expected=f"a path to {TOP!r}")
                break
            seen.add(above)
            above = parents[above]
    for parent in [TOP, *parents]:
        children = design.children(parent)
        if not children:
            yield ParameterError("has no indicator", where=f"{design.file}: {parent}", fix="add one or remove it")
        elif sum(child.weight for child in children) <= 0:
            yield ParameterError("weights sum to zero", where=f"{design.file}: {parent}", expected="a positive sum")
    yield from _method_faults(design)
    yield from _name_faults(design)


def _method_faults(design: IndexDesign) -> Iterator[ParameterError]:
    for code, method in [(TOP, design.aggregate), *((sub.code, sub.aggregate) for sub in design.subindexes)]:
        if method not in AGGREGATES:
            yield unknown("aggregate", method, AGGREGATES, f"{design.file}: {code}")
    for item in design.indicators:
        at = f"{design.file}: {item.code}"
        if item.normalise not in NORMALISERS:
            yield unknown("normalise", item.normalise, NORMALISERS, at)
        if item.normalise == "goalposts" and not (
            math.isfinite(item.worst) and math.isfinite(item.best) and item.worst != item.best
        ):
            yield ParameterError(
                "goalposts need a worst and a best value that differ",
                where=at,
                got=(item.worst, item.best),
                expected="two finite numbers",
            )
        if not item.columns:
            yield ParameterError("reads no column", where=at, expected="columns: {name: coefficient}")
        for name, coefficient in item.columns:
            if not math.isfinite(coefficient):
                yield ParameterError("not a number", where=f"{at}.columns.{name}", got=coefficient)
        for name in sorted(set(item.inputs) & set(design.protected)):
            yield ParameterError(
                f"{name} is a protected trait and may not be an input",
                where=at,
                got=name,
                fix="use it to check the index (evaluation/), never to make it",
            )


def _name_faults(design: IndexDesign) -> Iterator[ParameterError]:
    """Names that are of nothing: columns of the household frame, traits, and arguments of normalisers."""
    for item in design.indicators:
        takes = [name for name in signature(NORMALISERS[item.normalise]).parameters if name not in OWN_ARGUMENTS]
        for name, _ in item.options:
            if name not in takes:
                yield unknown(f"option of {item.normalise}", name, takes, f"{design.file}: {item.code}.options")
    if design.reads == "own":
        return
    frame = derived_frames()["household_frame"]
    for at, name in _columns_read(design):
        if name not in frame.names:
            yield unknown("column", name, frame.names, f"{design.file}: {at}")
    traits = (*PROTECTED_TRAITS, *frame.names, *tables()["person"].names, *tables()["household"].names)
    for name in design.protected:
        if name not in traits:
            yield unknown("trait", name, traits, f"{design.file}: protected")


def _columns_read(design: IndexDesign) -> Iterator[tuple[str, str]]:
    """Key and name of every column a design reads."""
    for item in design.indicators:
        yield from ((f"{item.code}.columns", name) for name, _ in item.columns)
        if item.per:
            yield f"{item.code}.per", item.per
    if design.aid is not None:
        yield "aid.column", design.aid.column
        yield "aid.per", design.aid.per
    yield from (("ties", name) for name in design.ties)


def check_design(design: IndexDesign) -> IndexDesign:
    """Return ``design`` if it is whole; raise its first fault otherwise.

    Parameters
    ----------
    design : IndexDesign

    Returns
    -------
    IndexDesign
        The same object.

    Raises
    ------
    ParameterError
        Naming the design file, the indicator and what was expected: a code written twice, an unknown parent, a
        cycle, a negative, infinite or zero-sum weight, an unknown method, equal goalposts, a protected input.

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, doi:10.1787/9789264043466-en.

    Examples
    --------
    >>> import dataclasses
    >>> from relapse_risk.hardship import read_index
    >>> design = read_index()
    >>> check_design(design) is design
    True
    >>> check_design(dataclasses.replace(design, indicators=design.indicators[:1] * 2))
    Traceback (most recent call last):
        ...
    relapse_risk.errors.ParameterError: ...
    """
    for fault in _faults(design):
        raise fault
    return design
