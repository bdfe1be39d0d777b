"""Outlines of the counties, read from a file beside the register, ``counties.geojson``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from relapse_risk.errors import RegisterError, nearest
from relapse_risk.json_reading import parsed

__all__ = ["OUTLINES_FILE", "Ring", "Shape", "read_outlines"]

OUTLINES_FILE = "counties.geojson"
CODE_NAMES = ("county_code", "adcode")  # ours, and the name in Chinese map services
LEAST_RING = 4  # RFC 7946: a ring is closed and has four positions or more
Ring: TypeAlias = tuple[tuple[float, float], ...]
Shape: TypeAlias = tuple[Ring, ...]


def read_outlines(register: str | Path, counties: Iterable[str]) -> dict[str, Shape]:
    """Rings of every county by code, in degrees east and north; empty where there is no file.

    Outer rings and holes stand side by side: drawn with the even-odd rule, a hole is a hole.

    Parameters
    ----------
    register : path
        Folder of the register.
    counties : iterable of str
        Codes that must all have an outline; outlines of other areas are left out.

    Raises
    ------
    RegisterError
        Naming the file, the feature and the value, for anything that is not GeoJSON (RFC 7946) of areas with codes,
        and for a county without an outline.

    Examples
    --------
    >>> read_outlines("nowhere", ["371425"])
    {}
    """
    path, wanted = Path(register) / OUTLINES_FILE, list(counties)
    if not path.is_file():
        return {}
    found: dict[str, Shape] = {}
    for number, feature in enumerate(_features(path), 1):
        where = f"{path}: feature {number}"
        code = _code(feature, where)
        if code in found:
            raise RegisterError("county given twice", where=where, got=code, fix="join its parts into a MultiPolygon")
        found[code] = _shape(feature.get("geometry"), where)
    for code in wanted:
        if code not in found:
            near = nearest(code, found)
            fix = f"nearest code in the file is {near}" if near else f"add it, or remove {OUTLINES_FILE}"
            raise RegisterError("a county has no outline", where=str(path), got=code, fix=fix)
    return {code: found[code] for code in wanted}


def _features(path: Path) -> list[Mapping[str, Any]]:
    try:
        content = parsed(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RegisterError(f"not readable JSON: {error}", where=str(path), fix="export it as GeoJSON") from error
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise RegisterError(
            "not a FeatureCollection", where=str(path), got=type(content).__name__, fix="export it as GeoJSON"
        )
    return features


def _code(feature: Mapping[str, Any], where: str) -> str:
    properties = feature.get("properties") or {}
    code = next((properties[name] for name in CODE_NAMES if properties.get(name) is not None), None)
    if code is None:
        raise RegisterError("no county code", where=where, got=sorted(properties), expected=" or ".join(CODE_NAMES))
    return str(code)


def _shape(geometry: Any, where: str) -> Shape:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise RegisterError("not an area", where=where, got=kind, expected="Polygon | MultiPolygon")
    parts = geometry["coordinates"] if kind == "MultiPolygon" else [geometry["coordinates"]]
    rings = tuple(_ring(ring, where) for part in parts for ring in part)
    if not rings:
        raise RegisterError("an area without rings", where=where, fix="draw it, or remove the feature")
    return rings


def _ring(positions: Any, where: str) -> Ring:
    try:
        ring = tuple((float(position[0]), float(position[1])) for position in positions)
    except (TypeError, ValueError, IndexError) as error:
        raise RegisterError(f"not a position: {error}", where=where, expected="[east, north] in degrees") from error
    if len(ring) < LEAST_RING:
        raise RegisterError("a ring is too short", where=where, got=len(ring), expected=f"{LEAST_RING} positions")
    for east, north in ring:
        if not (math.isfinite(east) and math.isfinite(north) and abs(east) <= 180 and abs(north) <= 90):
            raise RegisterError(
                "not in degrees", where=where, got=[east, north], expected="WGS 84, as RFC 7946 says",
                fix="export it in longitude and latitude",
            )  # fmt: skip
    return ring
