"""A saved score comes back the same, gives the same bytes, and refuses whatever does not fit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from relapse_risk.errors import ModelError
from relapse_risk.relapse import (
    FEATURES,
    RelapseLogit,
    at_risk_rows,
    data_digest,
    followed,
    load_model,
    save_model,
    without_outcomes,
)
from relapse_risk.relapse.fitted_logit import FittedRelapseLogit


@pytest.fixture(scope="module")
def learned(panel: pd.DataFrame) -> tuple[FittedRelapseLogit, pd.DataFrame, str]:
    rows = followed(at_risk_rows(panel, 12))
    known = without_outcomes(rows)
    fitted = RelapseLogit().fit_rows(known, rows["event"], rows["weight"], rows["village_code"])
    return fitted, known, data_digest(fitted.matrix(known), rows["event"], rows["weight"])


def kept(learned: tuple, folder: Path) -> Path:
    path = folder / "score.json"
    save_model(learned[0], path, digest=learned[2], trained=("2015-12", "2018-12"), horizon_months=12, metrics=[("auc", 0.8)])  # fmt: skip
    return path


def test_it_predicts_the_same_and_has_the_same_bytes(learned: tuple, tmp_path: Path) -> None:
    path = kept(learned, tmp_path)
    back = load_model(path, digest=learned[2], horizon_months=12)
    pd.testing.assert_frame_equal(back.model.predict(learned[1]), learned[0].predict(learned[1]), check_exact=True)
    assert (back.trained_from, back.trained_to, back.metrics) == ("2015-12", "2018-12", (("auc", 0.8),))
    first = path.read_bytes()
    assert kept(learned, tmp_path / "again").read_bytes() == first
    assert not list(tmp_path.glob("*.part"))


def test_other_data_another_horizon_and_other_features_are_refused(learned: tuple, tmp_path: Path) -> None:
    path = kept(learned, tmp_path)
    with pytest.raises(ModelError, match="learned from other data"):
        load_model(path, digest="0" * 64)
    with pytest.raises(ModelError, match="another horizon"):
        load_model(path, horizon_months=24)
    turned = tuple(replace(f, direction=-f.direction) if f.name == "rigid_burden" else f for f in FEATURES)
    with pytest.raises(ModelError, match="rigid_burden is declared differently"):
        load_model(path, features=turned)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.update(base=0.0), "changed after it was saved"),
        (lambda c: c.update(format=0), "not a saved score of this format"),
        (lambda c: c["terms"][0].update(coefficient=9.0), "changed after it was saved"),
    ],
)
def test_a_changed_file_is_refused(learned: tuple, tmp_path: Path, change, words: str) -> None:
    path = kept(learned, tmp_path)
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ModelError, match=words):
        load_model(path)


def test_another_version_of_the_library_is_refused(learned: tuple, tmp_path: Path, monkeypatch) -> None:
    path = kept(learned, tmp_path)
    monkeypatch.setattr("relapse_risk.relapse.stored_models.version", lambda name: "9.9")
    with pytest.raises(ModelError, match="another version of relapse-risk"):
        load_model(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x80"])
def test_what_is_no_score_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "score.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ModelError, match="not a saved score"):
        load_model(path)
    with pytest.raises(ModelError, match="no saved score"):
        load_model(tmp_path / "none.json")


def test_one_value_more_or_less_is_another_digest() -> None:
    matrix, y, w = pd.DataFrame({"a": [1.0, np.nan]}), pd.Series([0.0, 1.0]), pd.Series([1.0, 1.0])
    assert data_digest(matrix, y, w) != data_digest(matrix.rename(columns={"a": "b"}), y, w)
    assert data_digest(matrix, y, w) != data_digest(matrix, 1 - y, w)
    assert data_digest(matrix, y, w) != data_digest(matrix.iloc[::-1], y, w)
