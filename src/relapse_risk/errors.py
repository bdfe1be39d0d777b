"""The exception tree: every error says what, where, what was got, what was expected and the likely fix."""

from __future__ import annotations


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
        text = f"{self.where}: {self.what}" if self.where else self.what
        seen = [] if self.got is None else [f"got {self.got!r}"]
        if self.expected is not None:
            seen.append(f"expected {self.expected}")
        if seen:
            text += "; " + ", ".join(seen)
        return f"{text}. Fix: {self.fix}." if self.fix else f"{text}."

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross process borders (parallel rendering); keyword arguments must survive the trip.
        return (_rebuild, (type(self), self.what, self.where, self.got, self.expected, self.fix))


def _rebuild(
    kind: type[RelapseRiskError], what: str, where: str, got: object, expected: object, fix: str
) -> RelapseRiskError:
    return kind(what, where=where, got=got, expected=expected, fix=fix)


class ParameterError(RelapseRiskError):
    """A dated parameter, rule or design file is wrong or has no value on the date asked for."""


class SchemaError(RelapseRiskError):
    """A frame does not have the columns, types, codes or keys its table declares."""


class RegisterError(RelapseRiskError):
    """A register folder is missing, damaged, or asked for something it does not hold."""


class SourceError(RelapseRiskError):
    """A file or database offered for import cannot be read or mapped."""


class ModelError(RelapseRiskError):
    """A risk model or index cannot be fitted or applied as asked."""


class PartError(RelapseRiskError):
    """A part of a large run cannot be read, written or worked on where it was sent."""


class EditionError(RelapseRiskError):
    """An edition file or a notebook's parameters are wrong."""


class RenderError(RelapseRiskError):
    """A report could not be executed, exported or published."""
