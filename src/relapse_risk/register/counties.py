"""The county of every row, followed through households, persons, projects and alerts."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from relapse_risk.register.area_codes import county_in_code, county_itself
from relapse_risk.schema import Table, table

__all__ = ["UNKNOWN_COUNTY", "counties_of"]

UNKNOWN_COUNTY = "unknown"
CITY = "city"
# Targets before the tables that point at them.
ORDER = ("county", "village", "household", "person", "project", "alert", "asset")


def counties_of(
    frames: Mapping[str, pd.DataFrame], known: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, pd.Series]:
    """County code of each row of each frame: ``city`` for city-wide tables, ``unknown`` where it cannot be determined.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Typed frames by table.
    known : mapping of str to mapping of str to str, optional
        County codes of rows outside these frames, by table and key.

    Examples
    --------
    >>> homes = pd.DataFrame({"household_id": ["H1"], "village_code": ["371425101001"]})
    >>> people = pd.DataFrame({"person_id": ["P1", "P2"], "household_id": ["H1", "H9"]})
    >>> counties_of({"person": people, "household": homes})["person"].tolist()
    ['371425', 'unknown']
    """
    by_key: dict[str, dict[str, str]] = {name: dict(keys) for name, keys in (known or {}).items()}
    found: dict[str, pd.Series] = {}
    for name in sorted(frames, key=lambda n: (ORDER.index(n) if n in ORDER else len(ORDER), n)):
        spec = table(name)
        found[name] = _counties(frames[name], spec, by_key)
        keyed = pd.Series(found[name].to_numpy(), index=frames[name][spec.key[0]].to_numpy())
        keyed = keyed[keyed.index.notna()]
        if name == "village" and "town_code" in frames[name]:
            towns = pd.Series(found[name].to_numpy(), index=frames[name]["town_code"].to_numpy())
            by_key.setdefault("town", {}).update(towns[towns.index.notna() & (towns != UNKNOWN_COUNTY)].to_dict())
        by_key.setdefault(name, {}).update(keyed[keyed != UNKNOWN_COUNTY].to_dict())
    return found


def _is_gb_county(values: pd.Series) -> pd.Series:
    return values.astype("str").str.fullmatch(r"[0-9]{6}").fillna(False).astype(bool)


def _counties(frame: pd.DataFrame, spec: Table, by_key: Mapping[str, Mapping[str, str]]) -> pd.Series:
    if spec.county_from is None:
        return pd.Series(CITY, index=frame.index, dtype="str")
    values = frame[spec.county_from]
    known = {**by_key.get("county", {}), **by_key.get("village", {})}
    counties = set(known.values()) - {UNKNOWN_COUNTY}
    if spec.name == "place_fact":  # of a county, or of the whole place
        own = values.astype("str").where(values.isin(set(by_key.get("county", {}))) | _is_gb_county(values))
        return own.fillna(county_in_code(values, counties)).fillna(CITY)
    if spec.county_from == "county_code":
        return county_itself(values).fillna(UNKNOWN_COUNTY)
    if spec.county_from == "village_code":
        return values.map(known).astype("str").fillna(county_in_code(values, counties)).fillna(UNKNOWN_COUNTY)
    if spec.county_from == "target_id":  # a household, a village or a town
        home = values.map({**by_key.get("town", {}), **known, **by_key.get("household", {})}).astype("str")
        return home.fillna(county_in_code(values, counties)).fillna(UNKNOWN_COUNTY)
    target = spec.column(spec.county_from).refers_to
    return values.map(by_key.get(target, {})).astype("str").fillna(UNKNOWN_COUNTY)
