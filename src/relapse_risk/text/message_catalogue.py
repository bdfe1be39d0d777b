"""The message catalogue: every word a report says, in Chinese and English, by key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from relapse_risk.errors import RenderError, unknown
from relapse_risk.languages import LANGUAGES, Label, Language
from relapse_risk.parameters import Place
from relapse_risk.schema import YAML

__all__ = ["LANGUAGES", "Language", "bilingual", "full_width", "has_text", "messages", "said", "text"]

HALF_WIDTH = re.compile(r"\(([^<>()]*[\u4e00-\u9fff][^<>()]*)\)")  # round Chinese words; code and style hold none


@cache
def messages() -> Mapping[str, Label]:
    """Every message by key, each with ``zh`` and ``en``.

    Raises
    ------
    RenderError
        For a key given twice or without one of the languages.
    """
    found: dict[str, Label] = {}
    folder = files("relapse_risk").joinpath("text", "messages")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".yaml"):
            continue
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=YAML)  # noqa: S506 - a SafeLoader
        for key, words in _flat(content):
            if key in found:
                raise RenderError("message given twice", where=f"messages/{file.name}", got=key)
            if (
                not isinstance(words, Mapping)
                or set(words) != set(LANGUAGES)
                or not all(str(w).strip() for w in words.values())
            ):
                raise RenderError("message needs zh and en", where=f"messages/{file.name}: {key}", got=words)
            found[key] = Label(**{language: str(word) for language, word in words.items()})
    return MappingProxyType(found)


def _flat(content: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Messages by key; those that stand under a name (``exhibit:``, then the exhibit's) have it before theirs."""
    for name, words in content.items():
        if isinstance(words, Mapping) and words and all(isinstance(word, Mapping) for word in words.values()):
            yield from _flat(words, f"{above}{name}.")
        else:
            yield f"{above}{name}", words


def has_text(key: str) -> bool:
    """Whether the catalogue knows ``key``."""
    return key in messages()


def text(key: str, language: Language, /, **values: object) -> str:
    """Message ``key`` in ``language`` with ``{name}`` fields filled in.

    Raises
    ------
    RenderError
        For an unknown key (naming the nearest) or a missing field.

    Examples
    --------
    >>> text("language.name", "en")
    'English'
    """
    if key not in messages():
        raise unknown("message", key, messages(), "text/messages", RenderError, "add it")
    try:
        return messages()[key][language].format(**values)
    except (KeyError, IndexError) as error:
        raise RenderError(f"message field {error} not given", where=f"text/messages: {key}") from error


def said(key: str, language: Language, place: Place | None = None, /, **values: object) -> str:
    """:func:`text` as it is said in ``place``, whose words it may name: ``{division}``, ``{whole}`` …

    A message with another wording for a trait of the place has a second entry, ``key.survey`` beside ``key``.

    Examples
    --------
    >>> from relapse_risk.parameters import read_place
    >>> [said("report.source", "en", read_place(name), table="Income", month="June 2015") for name in ("dezhou", "argentina_eph")]
    ['Source: register (Income), June 2015.', 'Source: survey (Income), June 2015.']
    """
    if place is None:
        return text(key, language, **values)
    own = (f"{key}.{trait}" for trait in place.traits)
    return text(next((one for one in own if has_text(one)), key), language, **place.words(language) | values)


def full_width(words: str) -> str:
    """Brackets round Chinese words as Chinese sets them.

    Examples
    --------
    >>> full_width("资产收益(入股) f(x)")
    '资产收益（入股） f(x)'
    """
    return HALF_WIDTH.sub(r"（\1）", words)


def bilingual(value: object, language: Language) -> str:
    """A cell of facts (:attr:`relapse_risk.languages.Label.cell`) in ``language``.

    Examples
    --------
    >>> bilingual("南坊镇|Nanfang Town", "en")
    'Nanfang Town'
    """
    return Label.from_cell(str(value)).in_language(language)
