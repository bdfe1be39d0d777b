"""The county of every row, followed through households, persons, projects and alerts."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from relapse_risk.schema import Table, table

__all__ = ["UNKNOWN_COUNTY", "counties_of"]

UNKNOWN_COUNTY = "unknown"
CITY = "city"
COUNTY_DIGITS = 6
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
        by_key.setdefault(name, {}).update(keyed[keyed != UNKNOWN_COUNTY].to_dict())
    return found


def _counties(frame: pd.DataFrame, spec: Table, by_key: Mapping[str, Mapping[str, str]]) -> pd.Series:
    if spec.county_from is None:
        return pd.Series(CITY, index=frame.index, dtype="str")
    values = frame[spec.county_from]
    if spec.county_from in ("county_code", "village_code"):
        whole = CITY if spec.name == "place_fact" else UNKNOWN_COUNTY
        codes = values.str[:COUNTY_DIGITS]
        return codes.where(codes.str.len() == COUNTY_DIGITS).fillna(whole).astype("str")
    if spec.county_from == "target_id":
        # A household, or a village or town whose code begins with the county's.
        home = values.map(by_key.get("household", {}))
        coded = values.str[:COUNTY_DIGITS].where(values.str.fullmatch(r"[0-9]{9}|[0-9]{12}").fillna(False).astype(bool))
        return home.astype("str").fillna(coded).fillna(UNKNOWN_COUNTY)
    target = spec.column(spec.county_from).refers_to
    return values.map(by_key.get(target, {})).astype("str").fillna(UNKNOWN_COUNTY)
