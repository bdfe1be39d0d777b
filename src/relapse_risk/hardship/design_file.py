"""Reading an index from ``params/indexes/<name>.yaml``: what the file may hold, and the checked design it becomes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from relapse_risk.errors import ParameterError
from relapse_risk.hardship.design import (
    NO_LABEL,
    TOP,
    AidRule,
    Direction,
    IndexDesign,
    Indicator,
    MissingPolicy,
    Role,
    SubIndex,
    check_design,
)
from relapse_risk.parameters import Confidence, Label, check_model, params_dir, read_yaml

__all__ = ["parse_design", "read_index"]


class _Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _IndicatorSpec(_Spec):
    code: str
    parent: str = TOP
    weight: float = 1
    columns: dict[str, float]
    per: str = ""
    over: tuple[Role, ...] = ()
    normalise: str = ""
    worst: float | None = None
    best: float | None = None
    direction: Direction = "up"
    options: dict[str, float] = {}
    missing: MissingPolicy | None = None
    label: Label


class _SubIndexSpec(_Spec):
    code: str
    parent: str = TOP
    weight: float = 1
    aggregate: str = ""
    label: Label


class _AidSpec(_Spec):
    column: str
    per: str
    over: tuple[Role, ...]
    most: float = Field(ge=0, le=1)


class _DesignSpec(_Spec):
    id: str
    label: Label
    note: Label = NO_LABEL
    confidence: Confidence = "assumed"
    normalise: str = "goalposts"
    aggregate: str = "arithmetic"
    missing: MissingPolicy = "share"
    subindexes: list[_SubIndexSpec] = []
    indicators: list[_IndicatorSpec] = Field(min_length=1)
    aid: _AidSpec | None = None
    protected: tuple[str, ...] = ()
    ties: tuple[str, ...] = ("household_id",)


def _indicator(spec: _IndicatorSpec, design: _DesignSpec) -> Indicator:
    return Indicator(
        code=spec.code,
        parent=spec.parent,
        weight=spec.weight,
        columns=tuple(spec.columns.items()),
        per=spec.per,
        over=spec.over,
        normalise=spec.normalise or design.normalise,
        worst=math.nan if spec.worst is None else spec.worst,
        best=math.nan if spec.best is None else spec.best,
        direction=spec.direction,
        options=tuple(spec.options.items()),
        missing=spec.missing or design.missing,
        label=spec.label,
    )


def parse_design(content: Any, file: str) -> IndexDesign:
    """A design from the content of its YAML file."""
    spec = check_model(_DesignSpec, content, file)
    return check_design(
        IndexDesign(
            id=spec.id,
            file=file,
            indicators=tuple(_indicator(item, spec) for item in spec.indicators),
            subindexes=tuple(
                SubIndex(sub.code, sub.parent, sub.weight, sub.aggregate or spec.aggregate, sub.label)
                for sub in spec.subindexes
            ),
            aggregate=spec.aggregate,
            aid=AidRule(spec.aid.column, spec.aid.per, spec.aid.over, spec.aid.most) if spec.aid else None,
            protected=spec.protected,
            ties=spec.ties,
            label=spec.label,
            note=spec.note,
            confidence=spec.confidence,
        )
    )


def read_index(name: str = "dz_hardship", folder: str | Path | None = None) -> IndexDesign:
    """Read and check ``indexes/<name>.yaml`` of the parameter folder.

    Parameters
    ----------
    name : str
        File name without ``.yaml``; a place names its index in ``places/<place>.yaml: index``.
    folder : path, optional
        Parameter folder; found by :func:`relapse_risk.parameters.params_dir` otherwise.

    Returns
    -------
    IndexDesign

    Raises
    ------
    ParameterError
        For an unknown name or any fault named in :func:`check_design`.

    References
    ----------
    The design file names the source and confidence of each weight and anchor.

    Examples
    --------
    >>> design = read_index("dz_hardship")
    >>> design.id, len(design.dimensions), round(sum(design.effective_weights()[c] for c in design.codes), 12)
    ('DZ_HARDSHIP_V0', 9, 1.0)
    """
    root = params_dir(folder) / "indexes"
    known = sorted(path.stem for path in root.glob("*.yaml"))
    if name not in known:
        raise ParameterError("unknown index", where=str(root), got=name, expected=" | ".join(known))
    return parse_design(read_yaml(root / f"{name}.yaml"), f"indexes/{name}.yaml")
