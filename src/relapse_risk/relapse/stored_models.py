"""Fitted scores on disk: plain JSON with what they learned from; loading checks that it fits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from relapse_risk.errors import ModelError
from relapse_risk.files import sha256, write_json
from relapse_risk.json_reading import parsed
from relapse_risk.languages import flat, with_label
from relapse_risk.relapse.features import FEATURES, Feature
from relapse_risk.relapse.fitted_logit import FittedRelapseLogit, LeftOutTerm, Term

__all__ = ["SavedModel", "data_digest", "load_model", "save_model"]

FORMAT = 2
LIBRARIES = ("relapse-risk", "numpy", "pandas", "scipy")
# A term computed otherwise than when it was fitted scores other households than it learned from.
SAME = ("relapse-risk",)


@dataclass(frozen=True, slots=True)
class SavedModel:
    """A score read from disk, and what was written beside it.

    Attributes
    ----------
    model : FittedRelapseLogit
    data_digest : str
        Of what it learned from (:func:`data_digest`).
    trained_from, trained_to : str
        First and last month whose outcomes it learned from.
    horizon_months : int or None
    metrics : tuple of (str, float)
    versions : tuple of (str, str)
        Libraries it was fitted with.
    """

    model: FittedRelapseLogit
    data_digest: str
    trained_from: str
    trained_to: str
    horizon_months: int | None
    metrics: tuple[tuple[str, float], ...]
    versions: tuple[tuple[str, str], ...]


def data_digest(matrix: pd.DataFrame, event: pd.Series, weight: pd.Series) -> str:
    """SHA-256 of column names and values: the same rows in the same order, and only those, give the same digest.

    Examples
    --------
    >>> one = pd.DataFrame({"a": [1.0, 2.0]}), pd.Series([0.0, 1.0]), pd.Series([1.0, 1.0])
    >>> data_digest(*one) == data_digest(*one), len(data_digest(*one))
    (True, 64)
    """
    columns = chain((matrix[name] for name in matrix), (event, weight))
    values = (np.ascontiguousarray(column.to_numpy(dtype="<f8", na_value=np.nan)).tobytes() for column in columns)
    return sha256(chain(["\x1f".join(map(str, matrix.columns))], values))


def save_model(
    fitted: FittedRelapseLogit, path: Path, *, digest: str, trained: tuple[str, str], horizon_months: int | None,
    metrics: Sequence[tuple[str, float]] = (),
) -> None:  # fmt: skip
    """Write a score as JSON; the same score gives the same bytes.

    Parameters
    ----------
    fitted : FittedRelapseLogit
    path : Path
    digest : str
        :func:`data_digest` of what it learned from.
    trained : (str, str)
        First and last month whose outcomes it learned from.
    horizon_months : int or None
    metrics : sequence of (str, float)
    """
    declared = [_declared(feature) for feature in fitted.features]
    content: dict[str, Any] = {
        "format": FORMAT,
        "model": "RelapseLogit",
        "versions": {name: version(name) for name in LIBRARIES},
        "data_digest": digest,
        "trained_from": trained[0],
        "trained_to": trained[1],
        "horizon_months": horizon_months,
        "metrics": dict(metrics),
        "features": declared,
        "features_digest": _digest(declared),
        "link": fitted.link,
        "base": fitted.base,
        "base_se": fitted.base_se,
        "terms": [asdict(term, dict_factory=flat) for term in fitted.terms],
        "left_out": [asdict(term, dict_factory=flat) for term in fitted.left_out],
        "covariance": fitted.covariance.tolist(),
        "n": fitted.n,
        "events": fitted.events,
        "clusters": fitted.clusters,
        "shrinkage": fitted.shrinkage,
    }
    content["content_digest"] = _digest(content)
    write_json(path, content, sort_keys=True)


def load_model(
    path: Path, *, features: Sequence[Feature] = FEATURES, digest: str | None = None, horizon_months: int | None = None
) -> SavedModel:
    """Read a score back, with the features that compute its terms.

    Parameters
    ----------
    path : Path
    features : sequence of Feature
        What it was fitted on; their declarations must be those of when it was saved.
    digest : str, optional
        Refuse a score that learned from other data.
    horizon_months : int, optional
        Refuse a score of another horizon.

    Raises
    ------
    ModelError
        For a file that is not such a score, was changed, was saved by another version of this library, or does not fit
        ``features``, ``digest`` or ``horizon_months``.
    """
    content = _content(path)
    where = str(path)
    for name in SAME:
        _same(content["versions"].get(name), version(name), f"saved with another version of {name}", where)
    declared = {feature.name: _declared(feature) for feature in features}
    for saved in content["features"]:
        _same(declared.get(saved["name"]), saved, f"feature {saved['name']} is declared differently now", where)
    if digest is not None:
        _same(content["data_digest"], digest, "the score learned from other data", where)
    if horizon_months is not None:
        _same(content["horizon_months"], horizon_months, "the score has another horizon", where)
    by_name = {feature.name: feature for feature in features}
    model = FittedRelapseLogit(
        content["base"], content["base_se"], tuple(Term(**with_label(term)) for term in content["terms"]),
        tuple(LeftOutTerm(**with_label(term)) for term in content["left_out"]),
        tuple(by_name[saved["name"]] for saved in content["features"]),
        np.array(content["covariance"], dtype=np.float64), content["n"], content["events"], content["clusters"],
        content["link"], content["shrinkage"],
    )  # fmt: skip
    return SavedModel(
        model, content["data_digest"], content["trained_from"], content["trained_to"], content["horizon_months"],
        tuple(content["metrics"].items()), tuple(content["versions"].items()),
    )  # fmt: skip


def _content(path: Path) -> dict[str, Any]:
    where, fix = str(path), "fit and save the score again"
    try:
        content = parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError("no saved score", where=where, fix="fit and save one") from error
    except (OSError, ValueError) as error:
        raise ModelError(f"not a saved score: {error}", where=where, fix=fix) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        got = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise ModelError("not a saved score of this format", where=where, got=got, expected=FORMAT, fix=fix)
    digest = content.pop("content_digest", None)
    _same(digest, _digest(content), "the file was changed after it was saved", where)
    _same(content["features_digest"], _digest(content["features"]), "the features were changed", where)
    return content


def _same(got: object, expected: object, message: str, where: str) -> None:
    if got != expected:
        raise ModelError(message, where=where, got=str(got)[:200], expected=str(expected)[:200], fix="fit it again")


def _declared(feature: Feature) -> dict[str, Any]:
    """A feature's declaration; how it is computed is fixed by the version of the library."""
    return {
        "name": feature.name, "unit": feature.unit, "family": feature.family, "needs": list(feature.needs),
        "direction": feature.direction,
    }  # fmt: skip


def _digest(content: object) -> str:
    return sha256([json.dumps(content, ensure_ascii=False, sort_keys=True)])
