"""The county and the town of an area: as the village table says; of Chinese codes also from their digits.

A place's codes are any text of its own scheme.  Codes of 6, 9 and 12 digits (GB/T 2260, GB/T 10114) begin with those of
the county and the town, so rows about a village that the table does not name can still be placed.  Where a county of the
place has another code than six digits, only the tables say where a code lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Areas", "areas_of", "county_in_code", "county_in_codes", "county_itself", "town_in_code"]

COUNTY_DIGITS, TOWN_DIGITS = 6, 9
TOWN_OR_VILLAGE, VILLAGE = r"^([0-9]{9}|[0-9]{12})$", r"^[0-9]{12}$"
FILLED = r"[0-9]{6}(000|000000)?"


def _six_digits_each(counties: Iterable[str]) -> bool:
    """Whether every county known has a code of six digits, so that longer codes may be read by their digits."""
    return all(len(code) == COUNTY_DIGITS and code.isdecimal() for code in counties)


def county_in_code(codes: pd.Series, counties: Iterable[str] = ()) -> pd.Series:
    """The county that a code of 9 or 12 digits begins with; null for any other code, and where ``counties`` differ.

    Parameters
    ----------
    codes : Series of str
    counties : iterable of str
        Codes of the counties known; the first digits are read only if each has six digits.

    Examples
    --------
    >>> codes = pd.Series(["371425101001", "371425101", "NK-A1-03", None])
    >>> county_in_code(codes).tolist()
    ['371425', '371425', nan, nan]
    >>> county_in_code(codes, ["371425101", "371425102"]).tolist()
    [nan, nan, nan, nan]
    """
    text = codes.astype("str")
    if not _six_digits_each(counties):
        return pd.Series(None, index=codes.index, dtype="str")
    return text.str[:COUNTY_DIGITS].where(text.str.fullmatch(TOWN_OR_VILLAGE).fillna(False).astype(bool))


def town_in_code(codes: pd.Series, counties: Iterable[str] = ()) -> pd.Series:
    """The town that a code of 12 digits begins with; null for any other code, and where ``counties`` differ."""
    text = codes.astype("str")
    if not _six_digits_each(counties):
        return pd.Series(None, index=codes.index, dtype="str")
    return text.str[:TOWN_DIGITS].where(text.str.fullmatch(VILLAGE).fillna(False).astype(bool))


def county_in_codes(codes: pa.Array, counties: Iterable[str] = ()) -> pa.Array:
    """:func:`county_in_code` of an Arrow array."""
    if not _six_digits_each(counties):
        return pa.nulls(len(codes), pa.string())
    head = pc.utf8_slice_codeunits(codes, 0, COUNTY_DIGITS)
    return pc.if_else(pc.match_substring_regex(codes, TOWN_OR_VILLAGE), head, None)


def county_itself(codes: pd.Series) -> pd.Series:
    """County codes as they are; six digits filled up with zeros to 9 or 12 lose the zeros, if all are written so.

    Examples
    --------
    >>> county_itself(pd.Series(["371425000000", "371426"])).tolist()
    ['371425', '371426']
    >>> county_itself(pd.Series(["110000000", "110000001"])).tolist()
    ['110000000', '110000001']
    """
    text = codes.astype("str")
    filled = text.str.fullmatch(FILLED).fillna(True).astype(bool)
    return text.str[:COUNTY_DIGITS] if filled.all() else text


@dataclass(frozen=True, slots=True)
class Areas:
    """County and town by village code, as the village table says."""

    counties: Mapping[str, str]
    towns: Mapping[str, str]

    def county_of(self, codes: pd.Series) -> pd.Series:
        """County of each village, or of a county's own code; null where nobody says.

        Examples
        --------
        >>> areas = Areas({"NK-A1-03": "NK-A1"}, {})
        >>> areas.county_of(pd.Series(["NK-A1-03", "NK-A1", "371425101001", "?"])).tolist()
        ['NK-A1', 'NK-A1', nan, nan]
        >>> Areas({}, {}).county_of(pd.Series(["371425101001"])).tolist()
        ['371425']
        """
        found = codes.map(self.counties).astype("str")
        own = codes.astype("str").where(codes.isin(set(self.counties.values())))
        return found.fillna(own).fillna(county_in_code(codes, set(self.counties.values())))

    def town_of(self, codes: pd.Series) -> pd.Series:
        """Town of each village; null where nobody says."""
        return codes.map(self.towns).astype("str").fillna(town_in_code(codes, set(self.counties.values())))


class ReadsTables(Protocol):
    """What :func:`areas_of` needs of a register."""

    def has(self, table: str) -> bool: ...
    def read(self, name: str, month: str | None = None, county: str | None = None) -> pd.DataFrame: ...


def areas_of(register: ReadsTables, county: str | None = None) -> Areas:
    """County and town of every village of the register (of one county)."""
    counties: dict[str, str] = {}
    towns: dict[str, str] = {}
    if register.has("county"):
        counties |= {str(code): str(code) for code in register.read("county", county=county)["county_code"]}
    if register.has("village"):
        villages = register.read("village", county=county)
        counties |= dict(zip(villages["village_code"], villages["county_code"], strict=True))
        known = villages[villages["town_code"].notna()]
        towns |= dict(zip(known["village_code"], known["town_code"], strict=True))
    return Areas(counties, towns)
