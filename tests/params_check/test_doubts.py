"""Values that can be read and are hardly meant: planted one by one, a seeded sample; and nothing doubtful in the package."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.params_check.planting import Plant, copy_of_params, drawn, is_reported

from relapse_risk.parameters import params_dir
from relapse_risk.params_check import check_params


@pytest.fixture(scope="module")
def folder() -> Path:
    return copy_of_params()


def test_the_packages_own_parameters_are_free_of_doubts() -> None:
    assert check_params(None, date(2020, 12, 31)).faults == ()


@pytest.mark.parametrize("plant", drawn(params_dir(), 15), ids=lambda one: f"{one.kind} {one.name}")
def test_a_planted_fault_is_reported_by_name(plant: Plant, folder: Path) -> None:
    assert is_reported(plant, folder)


@pytest.mark.long
def test_of_a_hundred_planted_at_least_ninety_five_are_reported(folder: Path) -> None:
    chosen = drawn(folder, 100)
    assert len(chosen) == 100
    assert sum(is_reported(one, folder) for one in chosen) >= 95


@pytest.mark.parametrize(
    ("file", "right", "wrong", "said"),
    [
        ("lines.yaml", "2020-01-01: {value: 5000, confidence: from_memory", "2020-01-01: {value: 50000, confidence: from_memory",
         "monitoring_line_dezhou: 2020-01-01: far from the value before it; got '50000 after 5621'"),
        ("thresholds.yaml", "value: 0.9, confidence: documented, source: 'DEF-RATES'", "value: 9, confidence: documented, source: 'DEF-RATES'",
         "approval_limit: 2000-01-01: a share outside 0 to 1; got '9'"),
        ("thresholds.yaml", "value: 0.9, confidence: documented, source: 'DEF-RATES'", "value: 0.9, confidence: documented, source: 'DEF-3G'",
         "documented by a source that does not speak of approval_rate"),
        ("thresholds.yaml", "value: 0.95, confidence: assumed, source: '本项目设定|set by this project'", "value: 0.95, confidence: documented, source: '本项目设定|set by this project'",
         "called documented, by a source that says otherwise"),
        ("lines.yaml", "    2019-01-01: {value: 3218,", "    2021-06-01: {value: 3218,", "dated before the value above it"),
    ],
)  # fmt: skip
def test_what_is_said_of_each_kind(tmp_path: Path, folder: Path, file: str, right: str, wrong: str, said: str) -> None:
    kept = (folder / file).read_text(encoding="utf-8")
    assert right in kept
    try:
        (folder / file).write_text(kept.replace(right, wrong, 1), encoding="utf-8")
        assert said in "\n".join(map(str, check_params(None, date(2020, 12, 31), folder).faults))
    finally:
        (folder / file).write_text(kept, encoding="utf-8")
