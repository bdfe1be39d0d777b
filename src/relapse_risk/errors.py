"""The exception tree: every error says what, where, what was got, what was expected and the likely fix."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches
from typing import TypeVar


class RelapseRiskError(Exception):
    """Root of every error this package raises on purpose.

    Parameters
    ----------
    what : str
        One sentence: what is wrong.
    where : str
        File, table, row, column or parameter, as far as known.
    got, expected : object
        The value met and what would have been right; left out when ``None``.
    fix : str
        The likely fix, as an instruction.

    Examples
    --------
    >>> print(RelapseRiskError("unknown county", where="edition.yaml: counties", got="371499",
    ...                        expected="one of 371402 … 371482", fix="correct the code"))
    edition.yaml: counties: unknown county; got '371499', expected one of 371402 … 371482. Fix: correct the code.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        got: object = None,
        expected: object = None,
        fix: str = "",
    ) -> None:
        self.what, self.where, self.got, self.expected, self.fix = what, where, got, expected, fix
        super().__init__(str(self))

    def __str__(self) -> str:
        where, what, fix = _one_line(self.where), _one_line(self.what), _one_line(self.fix)
        text = f"{where}: {what}" if where else what
        seen = [] if self.got is None else [f"got {_one_line(_shown(self.got))}"]
        if self.expected is not None:
            seen.append(f"expected {_one_line(str(self.expected))}")
        if seen:
            text += "; " + ", ".join(seen)
        return f"{text}. Fix: {fix}." if fix else f"{text}."

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders (parallel rendering); keyword arguments must survive the trip.
        return (_rebuild, (type(self), self.what, self.where, self.got, self.expected, self.fix))


def _one_line(text: str) -> str:
    """``text`` without line breaks, and where a whole file or a huge cell came into it, its beginning.

    Examples
    --------
    >>> _one_line("not valid YAML: line 1\\n  found"), _one_line("x" * 5_000)[-25:]
    ('not valid YAML: line 1 found', 'xxxxxxx … (5,000 letters)')
    """
    line = " ".join(text.split()) if len(text.splitlines()) > 1 or text.endswith("\n") else text
    return line if len(line) <= MOST_LETTERS else f"{line[:CUT_LETTERS]} … ({len(line):,} letters)"


def _shown(value: object) -> str:
    """``value`` as it would be typed, on one line: scalars of other libraries as the number or word they hold."""
    if isinstance(value, list | tuple):
        inner = ", ".join(_shown(one) for one in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_shown(key)}: {_shown(one)}" for key, one in value.items()) + "}"
    plain = value.item() if hasattr(value, "dtype") and getattr(value, "shape", None) == () else value  # type: ignore[attr-defined]
    return " ".join(repr(plain).split("\n")).strip() if "\n" in repr(plain) else repr(plain)


def _rebuild(
    kind: type[RelapseRiskError], what: str, where: str, got: object, expected: object, fix: str
) -> RelapseRiskError:
    return kind(what, where=where, got=got, expected=expected, fix=fix)


class ParameterError(RelapseRiskError):
    """A dated parameter, rule or design file is wrong or has no value on the date asked for."""


class SchemaError(RelapseRiskError):
    """A frame does not have the columns, types, codes or keys its table declares."""


class WriteError(RelapseRiskError):
    """A file or folder cannot be written: no room, no rights, or something else stands in its place."""


class RegisterError(RelapseRiskError):
    """A register folder is missing, damaged, or asked for something it does not hold."""


class NoHistoryError(RegisterError):
    """A register holds no month with both households and income, so that nothing can be learned from its past."""


class GateError(RegisterError):
    """A delivery would change a month more than it may without somebody answering for it; nothing was written."""


class SourceError(RelapseRiskError):
    """A file or database offered for import cannot be read or mapped."""


class ModelError(RelapseRiskError, ValueError):
    """A risk model or index cannot be fitted or applied as asked; a ``ValueError`` for libraries that expect one."""


class MeasureError(RelapseRiskError):
    """A count names no measure, or two places that print the same measure disagree."""


class PartError(RelapseRiskError):
    """A part of a large run cannot be read, written or worked on where it was sent."""


class EditionError(RelapseRiskError):
    """An edition file or a notebook's parameters are wrong."""


class RenderError(RelapseRiskError):
    """A report could not be executed, exported or published."""


MOST_LETTERS, CUT_LETTERS = 1_000, 400  # of each part of an error; what is longer is cut
E = TypeVar("E", bound=RelapseRiskError)
ALIKE = 0.6  # share of letters two names must have in common to be taken for each other, as in difflib
SHORT_ALIKE = 0.5  # of a name of two letters that changed places, difflib sees one
POOL = 20  # so many names with most letters in common are looked at for slips
LISTED = 12  # so many known names are listed in an error


def unknown(
    kind: str,
    got: object,
    known: Iterable[object],
    where: str,
    error: type[E] = ParameterError,  # type: ignore[assignment]
    otherwise: str = "",
) -> E:
    """The error for a name nobody knows, with the nearest of the known ones as the fix.

    Parameters
    ----------
    kind : str
        What the name is of: ``column``, ``parameter``, ``word of code list sex``.
    got : object
        The name met.
    known : iterable
        Names that would have been right.
    where : str
        File and key.
    error : type
        Class of the error.
    otherwise : str
        The fix where no known name is near.

    Examples
    --------
    >>> print(unknown("column", "rigid_burdn", ["size", "rigid_burden"], "my.yaml: rigid.columns"))
    my.yaml: rigid.columns: unknown column; got 'rigid_burdn', expected one of size | rigid_burden. Fix: did you mean 'rigid_burden'.
    """
    names = [str(name) for name in known]
    few = f"one of {' | '.join(names)}" if len(names) <= LISTED else None
    fix = did_you_mean(
        got, names, otherwise or (f"such as {' | '.join(names[:LISTED])}" if not few else "use one of them")
    )
    return error(f"unknown {kind}", where=where, got=got, expected=few, fix=fix)


def did_you_mean(got: object, known: Iterable[object], otherwise: str = "", alike: float = ALIKE) -> str:
    """``did you mean 'NAME'`` for the nearest known name, else ``otherwise``.

    Examples
    --------
    >>> did_you_mean("dezhuo", ["dezhou", "jinan"]), did_you_mean("x", ["dezhou"], "name one of them")
    ("did you mean 'dezhou'", 'name one of them')
    """
    near = nearest(got, known, alike)
    return otherwise if near is None else f"did you mean {near!r}"


def nearest(got: object, known: Iterable[object], alike: float = ALIKE) -> str | None:
    """The known name that ``got`` most likely stands for: fewest slips of the pen, then most letters in common.

    A slip is a letter left out, put in, changed, or swapped with its neighbour.

    Examples
    --------
    >>> nearest("ZM03", ["MZ03", "MZ01"]), nearest("income", ["size"])
    ('MZ03', None)
    """
    name = str(got)
    ranked = []
    for other in get_close_matches(name, [str(one) for one in known], POOL, min(alike, SHORT_ALIKE)):
        apart, share = slips(name, other), SequenceMatcher(None, other, name).ratio()
        if apart <= max(1, len(name) // 4) or share >= alike:
            ranked.append((apart, sorted(name) != sorted(other), -share, other))
    return min(ranked)[-1] if ranked else None


def slips(a: str, b: str) -> int:
    """Letters left out, put in, changed or swapped with a neighbour between two names; 3 for more than two."""
    if abs(len(a) - len(b)) > 2:
        return 3
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        last, before, row = before, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return min(row[-1], 3)
