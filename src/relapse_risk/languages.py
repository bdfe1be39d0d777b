"""One text in every language: the type that labels, messages and the cells of facts are made of."""

from __future__ import annotations

from typing import Literal, TypeAlias

import pandas as pd
from pydantic import BaseModel, ConfigDict

__all__ = ["LANGUAGES", "NO_LABEL", "Label", "Language", "cells"]

Language: TypeAlias = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
BETWEEN = "|"  # of the languages of a cell
BAR = "\ue07c"  # stands for a bar that belongs to a name: a character of nobody, which no font draws


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


def cells(zh: pd.Series, en: pd.Series) -> pd.Series:
    """:attr:`Label.cell` of each row.

    Examples
    --------
    >>> cells(pd.Series(["甲|乙村"]), pd.Series(["A"])).tolist() == [Label(zh="甲|乙村", en="A").cell]
    True
    """
    first, second = (side.str.replace(BETWEEN, BAR, regex=False) for side in (zh, en))
    return first + BETWEEN + second
