"""Named checks: conditions a clause cannot express, as small vectorised functions registered where they are defined."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from relapse_risk.schema import code_list

__all__ = ["Check", "checks", "id_check_character"]

# GB 11643: weight of each of the first 17 digits, and the character for each remainder of the sum by 11.
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHARACTERS = np.array(list("10X98765432"))
CHARACTER_BYTES = np.frombuffer(b"10X98765432", dtype=np.uint8)
LAST_DISABILITY_TYPE = 7
LIST_BREAK = re.compile(r"[;,|、，；\s]+")


@dataclass(frozen=True, slots=True)
class Check:
    """A named check: the columns it reads beside the rule's column, and its function of view and column."""

    name: str
    columns: tuple[str, ...]
    wrong: Callable[[pd.DataFrame, str], np.ndarray]


_CHECKS: dict[str, Check] = {}


def checks() -> Mapping[str, Check]:
    """Every named check by name."""
    return MappingProxyType(_CHECKS)


def _check(*columns: str) -> Callable[[Callable[[pd.DataFrame, str], np.ndarray]], Callable[..., np.ndarray]]:
    def keep(wrong: Callable[[pd.DataFrame, str], np.ndarray]) -> Callable[[pd.DataFrame, str], np.ndarray]:
        _CHECKS[wrong.__name__] = Check(wrong.__name__, columns, wrong)
        return wrong

    return keep


def id_check_character(digits: str) -> str:
    """The eighteenth character of an identity number that begins with these seventeen digits (GB 11643).

    Examples
    --------
    >>> id_check_character("11010519491231002")
    'X'
    """
    return str(CHARACTERS[int(np.array(list(digits), dtype=int) @ WEIGHTS) % 11])


def _flags(values: object) -> np.ndarray:
    """Any one-dimensional bool values as a plain array; unknown is false."""
    return np.asarray(values.fillna(False) if isinstance(values, pd.Series) else values, dtype=bool)


def _digits_ok(values: pd.Series) -> np.ndarray:
    """Whether the first eighteen characters of each text are an identity number with the right check character."""
    texts = values.fillna("").astype("str")
    shaped = texts.str.match(r"[0-9]{17}[0-9Xx]").to_numpy(dtype=bool)
    result = np.zeros(len(texts), dtype=bool)
    if shaped.any():
        # One byte per character: the digits of a whole column at once.
        letters = texts[shaped].str[:18].str.upper().to_numpy(dtype="S18").view(np.uint8).reshape(-1, 18)
        sums = (letters[:, :17].astype(np.int64) - ord("0")) @ WEIGHTS
        result[shaped] = CHARACTER_BYTES[sums % 11] == letters[:, 17]
    return result


@_check()
def check_character_wrong(view: pd.DataFrame, column: str) -> np.ndarray:
    """An 18-character identity number fails its check character (numbers of other lengths are left to other rules)."""
    values = view[column]
    return _flags(_flags(values.str.len().eq(18)) & ~_digits_ok(values))


@_check()
def certificate_wrong(view: pd.DataFrame, column: str) -> np.ndarray:
    """A disability certificate: its first 18 characters fail, or the 19th (type) is not 1 to 7 (QA-RULES dis_cert)."""
    values = view[column]
    kind = values.fillna("").astype("str").str[18:19]
    typed = _flags(kind.isin([str(n) for n in range(1, LAST_DISABILITY_TYPE + 1)]))
    return _flags(_flags(values.notna()) & ~(_digits_ok(values) & typed))


@_check("household_id", "monitor_type")
def given_in_two_monitored_households(view: pd.DataFrame, column: str) -> np.ndarray:
    """The same identity number in two different monitored households."""
    monitored = view["monitor_type"].notna() & (view["monitor_type"] != "none") & view[column].notna()
    return _flags(_in_two_households(view[monitored], column).reindex(view.index, fill_value=False))


@_check("household_id")
def given_in_two_households(view: pd.DataFrame, column: str) -> np.ndarray:
    """The same identity number in two different households, whether monitored or not."""
    known = view[column].notna() & view["household_id"].notna()
    return _flags(_in_two_households(view[known], column).reindex(view.index, fill_value=False))


def _in_two_households(view: pd.DataFrame, column: str) -> pd.Series:
    return view.groupby(view[column].str.upper())["household_id"].transform("nunique").gt(1)


@_check()
def given_twice(view: pd.DataFrame, column: str) -> np.ndarray:
    """The same value in two rows."""
    values = view[column]
    return _flags(values.notna() & values.duplicated(keep=False))


@_check("birth_date")
def birth_date_differs(view: pd.DataFrame, column: str) -> np.ndarray:
    """Digits 7 to 14 of a valid 18-character identity number differ from the person's birth date."""
    values = view[column]
    born = view["birth_date"].dt.strftime("%Y%m%d")
    compared = _flags(born.notna()) & _digits_ok(values) & _flags(values.str.len().eq(18))
    return _flags(compared & _flags(values.str[6:14] != born))


@_check("sex")
def sex_differs(view: pd.DataFrame, column: str) -> np.ndarray:
    """The 17th digit of a valid identity number (odd: male) contradicts the sex in the person's record."""
    values = view[column]
    odd = values.str[16:17].isin(list("13579"))
    compared = _flags(view["sex"].notna()) & _digits_ok(values)
    return _flags(compared & _flags(odd != (view["sex"] == "male")))


@_check()
def risk_word_unknown(view: pd.DataFrame, column: str) -> np.ndarray:
    """A list of risk types that holds a word outside the code list."""
    words = set(code_list("risk_type").words)
    return _flags([isinstance(text, str) and bool(set(LIST_BREAK.split(text)) - words) for text in view[column]])


@_check()
def not_a_month(view: pd.DataFrame, column: str) -> np.ndarray:
    """A text that is not a month, ``YYYY-MM``."""
    values = view[column]
    shaped = _flags(values.str.fullmatch(r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])"))
    return _flags(_flags(values.notna()) & ~shaped)


@_check()
def not_a_quarter(view: pd.DataFrame, column: str) -> np.ndarray:
    """A text that is not a quarter, ``YYYYQn``."""
    values = view[column]
    return _flags(_flags(values.notna()) & ~_flags(values.str.fullmatch(r"(19|20)[0-9]{2}Q[1-4]")))


@_check("household_id", "item_code")
def same_aid_twice(view: pd.DataFrame, column: str) -> np.ndarray:
    """The same item delivered to the same household and person on the same day more than once."""
    key = ["household_id", "person_id", "item_code", "delivered_on", "period_start", "cash_amount", "goods_value"]
    return _flags(view.duplicated(key, keep=False))
