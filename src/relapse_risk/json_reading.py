"""Strict reading of JSON that the package wrote itself: an object with the keys and kinds of values it was written with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from relapse_risk.errors import RelapseRiskError

__all__ = ["has_shape", "parsed", "read_json"]


def parsed(text: str | bytes) -> Any:
    """What JSON says; whatever is wrong with it is a ``ValueError``, too deep a nesting as well.

    Examples
    --------
    >>> parsed('{"a": 1}')
    {'a': 1}
    >>> parsed("[" * 100_000)
    Traceback (most recent call last):
        ...
    ValueError: nested too deep
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def read_json(
    path: Path, error: type[RelapseRiskError], fix: str, shape: Mapping[str, object] | None = None
) -> dict[str, Any]:  # fmt: skip
    """The object in a JSON file.

    Parameters
    ----------
    path : Path
    error : type
        What is raised where the file is damaged.
    fix : str
        What to do then.
    shape : mapping, optional
        Keys that must be there, each with a type, ``[kind]`` for a list, or ``{str: kind}`` for an object of any keys.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    RelapseRiskError
        The ``error`` given: the file cannot be read, is not JSON, or does not hold what was written into it.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp()) / "facts.json"
    >>> _ = file.write_text('{"month": "2020-12", "counties": [["371425", "Qihe"]]}')
    >>> read_json(file, RelapseRiskError, "make it again", {"month": str, "counties": [[str]]})["month"]
    '2020-12'
    """
    try:
        content = parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as cause:
        raise error(f"damaged: {cause}", where=str(path), fix=fix) from cause
    if not isinstance(content, dict):
        raise error("damaged: not what was written", where=str(path), got=type(content).__name__, expected="an object", fix=fix)  # fmt: skip
    for key, kind in (shape or {}).items():
        if key not in content:
            raise error(f"damaged: {key} is gone", where=str(path), fix=fix)
        if not has_shape(content[key], kind):
            raise error(f"damaged: {key} is not what was written", where=str(path), got=str(content[key])[:80], fix=fix)
    return content


def has_shape(value: object, kind: object) -> bool:
    """Whether ``value`` is of a type, a list ``[kind]`` of it, or an object ``{str: kind}``; true and false are no numbers.

    Examples
    --------
    >>> has_shape([["a"]], [[str]]), has_shape({"a": 1}, {str: str}), has_shape(True, int), has_shape({"a": 1}, {str: int})
    (True, False, False, True)
    """
    if isinstance(kind, list):
        return isinstance(value, list) and all(has_shape(one, kind[0]) for one in value)
    if isinstance(kind, dict):
        return isinstance(value, dict) and all(has_shape(one, kind[str]) for one in value.values())
    assert isinstance(kind, type)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
