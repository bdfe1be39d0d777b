"""YAML files as checked objects: what is wrong is said with file, key, value and the nearest right name."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from relapse_risk.errors import ParameterError, unknown
from relapse_risk.languages import LANGUAGES, Label

__all__ = ["STRICT", "check_model", "keys_at", "label_of_keys", "named_file", "pairs", "read_yaml", "stems"]

M = TypeVar("M")
STRICT = ConfigDict(extra="forbid")  # a dataclass read from YAML refuses keys it does not have
EXTRA = ("extra_forbidden", "unexpected_keyword_argument")  # how pydantic calls a key nobody knows


def pairs(given: Any) -> Any:
    """A mapping of a YAML file as pairs, for a field that is a tuple of them."""
    return tuple(given.items()) if isinstance(given, dict) else given


def label_of_keys(name: str, one_for_all: bool = False) -> Any:
    """Validator ``by_language`` of a model or dataclass whose label ``name`` is one key per language among its other keys.

    ``one_for_all``: where languages are missing, the text of another one, or else the record's ``name``, stands for them.

    Examples
    --------
    >>> class Rule(BaseModel):
    ...     by_language = label_of_keys("message")
    ...     message: Label
    >>> check_model(Rule, {"zh": "空", "en": "empty"}, "my.yaml").message["en"]
    'empty'
    """

    def gathered(_: type, given: Any) -> Any:
        if not isinstance(given, dict) or name in given:
            return given
        texts = {language: given[language] for language in LANGUAGES if language in given}
        if one_for_all:
            texts = dict.fromkeys(LANGUAGES, next(iter(texts.values()), given.get("name"))) | texts
        return {key: value for key, value in given.items() if key not in LANGUAGES} | {name: texts}

    return model_validator(mode="before")(classmethod(gathered))  # type: ignore[arg-type]


def read_yaml(path: Path) -> Any:
    """The content of a YAML file; a missing, unreadable or malformed file is a :class:`ParameterError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ParameterError("file not found", where=str(path), fix="check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"cannot be read: {error}", where=str(path), fix="save it as UTF-8") from error
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
    ) as error:  # also no such day, a number of 6,000 digits
        raise ParameterError(f"not valid YAML: {error}", where=str(path), fix="correct the line named") from error


class _UniqueKeyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A safe loader that refuses a key written twice instead of silently keeping the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _read_path(content: Any, path: tuple[int | str, ...]) -> tuple[tuple[int | str, ...], str]:
    """A path of pydantic's without its names of types, and as the file's reader knows it.

    It is named with the code of the innermost list entry, since nobody counts entries.
    """
    kept: list[int | str] = []
    keys: list[str] = []
    code, pair = "", False
    for part in path:
        if pair:  # the position within a pair that stands for an entry of a mapping
            pair = False
            kept.append(part)
            continue
        pair = isinstance(content, dict) and isinstance(part, int) and part not in content
        key = list(content)[int(part)] if pair else part
        inside = isinstance(content, dict) and key in content
        inside = inside or (isinstance(content, list) and isinstance(key, int) and key < len(content))
        if not inside and (part != path[-1] or not str(part).isidentifier()):
            continue
        kept.append(part)
        keys.append(str(key))
        content = content[key] if inside else None
        if isinstance(part, int) and isinstance(content, dict):
            named = content.get("code", content.get("name"))
            code = f" ({named})" if isinstance(named, str) else code
    return tuple(kept), ".".join(keys) + code


def check_model(model: type[M], content: Any, where: str) -> M:
    """``content`` as ``model``, a pydantic model or a dataclass; faults become one :class:`ParameterError`.

    A misspelt key is named before what it leaves missing, and with the nearest right one; so is a misspelt word.

    Parameters
    ----------
    model : type
        What the content should be: a dataclass, a pydantic model, or a type made of them.
    content
        What a YAML file holds.
    where : str
        File, and key where it is a part of one.

    Examples
    --------
    >>> class Label(BaseModel):
    ...     model_config = ConfigDict(extra="forbid")
    ...     zh: str
    ...     en: str
    >>> check_model(Label, {"zh": "市", "en_": "city"}, "my.yaml")
    Traceback (most recent call last):
        ...
    relapse_risk.errors.ParameterError: my.yaml: unknown key; got 'en_', expected one of zh | en. Fix: did you mean 'en'.
    """
    try:
        return _checker(model).validate_python(content)  # type: ignore[arg-type]
    except ValidationError as error:
        raise _fault(error, model, content, where) from error


@cache
def _checker(model: type[M]) -> TypeAdapter[M]:
    return TypeAdapter(model)


def _fault(error: ValidationError, model: type, content: Any, where: str) -> ParameterError:
    faults = error.errors()
    for first in faults:
        if first["type"] in EXTRA:
            above, at = _read_path(content, first["loc"][:-1])
            if known := keys_at(model, above):
                return unknown("key", first["loc"][-1], known, f"{where}: {at}" if at else where)
    first = faults[0]
    at, got = _read_path(content, first["loc"])[1] or "(top level)", first.get("input")
    words = re.findall(r"'([^']+)'", str(first.get("ctx", {}).get("expected", "")))
    if first["type"] == "literal_error" and words:
        return unknown("word", got, words, f"{where}: {at}")
    more = f" ({error.error_count()} faults in all)" if error.error_count() > 1 else ""
    return ParameterError(
        f"{at}: {first['msg']}",
        where=where,
        got=sorted(got, key=str) if isinstance(got, dict) else got,
        fix=f"correct {at}{more}",
    )


def keys_at(model: Any, path: tuple[int | str, ...]) -> tuple[str, ...]:
    """The keys that content of type ``model`` may have at ``path``; none where it is no mapping with set keys."""
    for origin in _plain_types(model):
        fields = _fields(origin)
        if not path and fields:
            return tuple(fields)
        if path and fields and isinstance(path[0], int):  # a list that stands for a mapping of its entries
            return keys_at(origin, path[1:])
        inner = fields.get(str(path[0])) if path and fields else None
        args = [inner] if inner is not None else [] if fields else list(get_args(origin))
        rest = path[1:] if fields or get_origin(origin) is not None else path
        for arg in args:
            if path and arg is not Ellipsis and (found := keys_at(arg, rest)):
                return found
    return ()


def _plain_types(model: Any) -> list[Any]:
    """A type without what is annotated to it; the members of a union."""
    if get_origin(model) is Annotated:
        return _plain_types(get_args(model)[0])
    if get_origin(model) in (Union, UnionType):
        return [plain for arg in get_args(model) for plain in _plain_types(arg)]
    return [model]


def _fields(model: Any) -> dict[str, Any]:
    """Names (aliases where they have one) and types of the fields of a model or dataclass; empty for other types."""
    found: dict[str, Any] = {}
    if isinstance(model, type) and issubclass(model, BaseModel):
        found = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    elif isinstance(model, type) and is_dataclass(model):
        hints = get_type_hints(model, include_extras=True)
        found = {field.name: hints[field.name] for field in fields(model)}
    if not hasattr(model, "by_language"):  # of label_of_keys
        return found
    by_key = dict.fromkeys(LANGUAGES, str)
    return {key: kind for name, at in found.items() for key, kind in (by_key if at is Label else {name: at}).items()}


def stems(folder: Path) -> tuple[str, ...]:
    """The names of the YAML files of a folder, without ending."""
    return tuple(sorted(path.stem for path in folder.glob("*.yaml")))


def named_file(folder: Path, name: str, kind: str) -> Path:
    """The file ``<name>.yaml`` of ``folder``; :class:`ParameterError` names the nearest where there is none."""
    if name not in stems(folder):
        raise unknown(kind, name, stems(folder), str(folder))
    return folder / f"{name}.yaml"
