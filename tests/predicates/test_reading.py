"""Predicate files: each name in them checked, one broken entry each."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from relapse_risk.errors import ParameterError
from relapse_risk.parameters import params_dir, read_parameters
from relapse_risk.predicates import predicates_of, read_predicates

GOOD = {
    "unit": "household", "label": {"zh": "甲", "en": "a"}, "when": [{"column": "dwelling_grade", "in": ["C"]}],
    "source": "ours", "confidence": "assumed",
}  # fmt: skip
BROKEN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an unknown unit": ({"unit": "houshold"}, ["unknown unit", "'household'"]),
    "an unknown column": ({"when": [{"column": "dweling_grade", "in": ["C"]}]}, ["column", "'dwelling_grade'"]),
    "an unknown column within": (
        {"when": [{"any": [{"not": {"column": "rigid_burdn", "above": 1}}]}]}, ["column", "'rigid_burden'"]),
    "an unknown code word": ({"when": [{"column": "dwelling_grade", "in": ["E"]}]}, ["A | B | C | D"]),
    "a number operation on a code": ({"when": [{"column": "dwelling_grade", "below": 3}]}, ["is of type code"]),
    "an unknown parameter": (
        {"when": [{"column": "rigid_burden", "above": {"parameter": "urgent_los"}}]}, ["'urgent_loss'"]),
    "an unknown multiplier": (
        {"when": [{"column": "rigid_burden", "above": {"number": 1, "times": "tekun_rato"}}]}, ["'tekun_ratio'"]),
    "an unknown line": ({"when": [{"column": "rigid_burden", "above": {"line": "dibo"}}]}, ["line", "dibo"]),
    "an unknown predicate": ({"when": ["hous_safe"]}, ["unknown predicate", "'house_safe'"]),
    "an unknown member predicate": ({"when": [{"somebody": "is_labor"}]}, ["unknown predicate", "'is_labour'"]),
    "an unknown quantity": ({"when": [{"quantity": "income_before_relif", "below": 1}]}, ["'income_before_relief'"]),
    "an unknown function": ({"when": None, "function": "f"}, ["unknown function"]),
    "neither when nor function": ({"when": None}, ["either when or function"]),
    "a person asked of a household": ({"when": ["is_labour"]}, ["about another unit (person)"]),
    "a household asked as a member": ({"when": [{"somebody": "house_safe"}]}, ["asked of persons"]),
    "itself": ({"when": ["mine"]}, ["refer to each other in a circle", "mine → mine"]),
    "no words": ({"label": None}, ["label"]),
    "no source": ({"source": None}, ["source"]),
    "an unknown confidence": ({"confidence": "sure"}, ["confidence", "sure"]),
    "an empty list": ({"when": []}, ["lists at least one clause"]),
    "a key nobody knows": ({"wen": 1}, ["wen", "did you mean 'when'"]),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(params_dir() / "predicates", tmp_path / "predicates")
    for name in ("lines.yaml", "thresholds.yaml"):
        shutil.copy(params_dir() / name, tmp_path / name)
    return tmp_path


def write(folder: Path, entry: dict[str, Any], name: str = "mine") -> None:
    content = {name: {key: value for key, value in entry.items() if value is not None}}
    (folder / "predicates" / "mine.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize(("change", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_predicate_is_named_with_the_nearest_right_word(
    change: dict[str, Any], words: list[str], folder: Path
) -> None:
    write(folder, {**GOOD, **change})
    with pytest.raises(ParameterError) as caught:
        read_predicates(folder)
    for word in ["predicates/mine.yaml", "mine", *words]:
        assert word in str(caught.value)


def test_a_predicate_in_two_files_is_refused(folder: Path) -> None:
    write(folder, GOOD, "house_safe")
    with pytest.raises(ParameterError, match=r"guarantees\.yaml and predicates/mine\.yaml: .*given twice.*house_safe"):
        read_predicates(folder)


def test_a_predicate_called_as_a_column_that_is_no_yes_or_no_is_refused(folder: Path) -> None:
    write(folder, GOOD, "dwelling_grade")
    with pytest.raises(ParameterError, match="same name as a column that is not yes-or-no"):
        read_predicates(folder)


def test_an_edit_is_seen(folder: Path) -> None:
    parameters = read_parameters(folder)
    assert "mine" not in predicates_of(parameters)
    write(folder, GOOD)
    assert predicates_of(parameters)["mine"].label.en == "a"


def test_every_predicate_has_words_a_source_and_a_reader_can_tell_them_apart() -> None:
    found = read_predicates()
    assert all(one.label.zh and one.label.en and one.source for one in found.values())
    words = [(one.unit, one.label.en) for one in found.values()]
    assert sorted({pair for pair in words if words.count(pair) > 1}) == []
