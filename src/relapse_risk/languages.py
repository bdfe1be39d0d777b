"""One text in every language: the type that labels, messages and the cells of facts are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import pandas as pd
from pydantic import BaseModel, ConfigDict

__all__ = [
    "LANGUAGES", "NO_LABEL", "Label", "Language", "as_language", "cells", "flat", "labels_by_code", "with_label",
]  # fmt: skip

Language: TypeAlias = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
BETWEEN = "|"  # of the languages of a cell
BAR = "\ue07c"  # stands for a bar that belongs to a name: a character of nobody, which no font draws


def as_language(word: str) -> Language:
    """``word`` if it is a language of ours, else English, which every text has.

    Examples
    --------
    >>> as_language("zh"), as_language("fr")
    ('zh', 'en')
    """
    return next((language for language in LANGUAGES if language == word), "en")


class Label(BaseModel):
    """A text in every language; one that a language does not have is said in English.

    Examples
    --------
    >>> label = Label(zh="南坊镇", en="Nanfang Town")
    >>> label.in_language("zh"), label["fr"]
    ('南坊镇', 'Nanfang Town')
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """The text in ``language``."""
        found: str = getattr(self, language, "") if language in LANGUAGES else ""
        return found or self.en

    __getitem__ = in_language

    @property
    def by_language(self) -> dict[str, str]:
        """The text of each language: how a record of a file, or a row of a table, holds a label.

        Examples
        --------
        >>> Label(zh="村", en="village").by_language
        {'zh': '村', 'en': 'village'}
        """
        return {language: self[language] for language in LANGUAGES}

    @classmethod
    def same(cls, text: str) -> Label:
        """A text that is the same in every language, such as a code."""
        return cls(**dict.fromkeys(LANGUAGES, text))

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Label:
        """The label of a record that has one key per language.

        Examples
        --------
        >>> Label.of({"name": "v", "zh": "村", "en": "village"})
        Label(zh='村', en='village')
        """
        return cls(**{language: record[language] for language in LANGUAGES if language in record})

    @property
    def cell(self) -> str:
        """All languages in one cell of a table; :meth:`from_cell` reads it back, bars of its own included.

        Examples
        --------
        >>> Label(zh="南坊镇", en="Nanfang Town").cell
        '南坊镇|Nanfang Town'
        """
        return BETWEEN.join(getattr(self, language).replace(BETWEEN, BAR) for language in LANGUAGES)

    @classmethod
    def from_cell(cls, cell: str) -> Label:
        """The text of a cell; one without a bar is the same in every language.

        Examples
        --------
        >>> Label.from_cell(Label(zh="a|b村", en="a|b Village").cell).en
        'a|b Village'
        """
        zh, _, en = cell.partition(BETWEEN)
        return cls(zh=zh.replace(BAR, BETWEEN), en=(en or zh).replace(BAR, BETWEEN))


NO_LABEL = Label(zh="", en="")


def flat(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """``dict_factory`` of :func:`dataclasses.asdict`: a label becomes one key per language, for a JSON file.

    Examples
    --------
    >>> flat([("name", "v"), ("label", Label(zh="村", en="village"))])
    {'name': 'v', 'zh': '村', 'en': 'village'}
    """
    return {
        key: text
        for name, value in fields
        for key, text in (value.by_language if isinstance(value, Label) else {name: value}).items()
    }


def labels_by_code(rows: Iterable[Sequence[str]]) -> dict[str, Label]:
    """Labels of rows that hold a code and its text in each language, as the counties of facts do.

    Examples
    --------
    >>> labels_by_code([("371425", "齐河县", "Qihe")])["371425"].en
    'Qihe'
    """
    return {code: Label(**dict(zip(LANGUAGES, texts, strict=True))) for code, *texts in rows}


def with_label(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of such a file as the fields it was written from: the inverse of :func:`flat`.

    Examples
    --------
    >>> with_label({"name": "v", "zh": "村", "en": "village"})
    {'name': 'v', 'label': Label(zh='村', en='village')}
    """
    return {k: v for k, v in record.items() if k not in LANGUAGES} | {"label": Label.of(record)}


def cells(zh: pd.Series, en: pd.Series) -> pd.Series:
    """:attr:`Label.cell` of each row.

    Examples
    --------
    >>> cells(pd.Series(["甲|乙村"]), pd.Series(["A"])).tolist() == [Label(zh="甲|乙村", en="A").cell]
    True
    """
    first, second = (side.str.replace(BETWEEN, BAR, regex=False) for side in (zh, en))
    return first + BETWEEN + second
