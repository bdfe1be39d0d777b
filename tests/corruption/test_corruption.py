"""Corrupted inputs and corrupted files of our own: each accepted whole or refused in one line, nothing half done, no cell changed in silence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.corruption.input_trials import Bench, Trial
from tests.corruption.own_file_trials import OwnFiles, OwnTrial
from tests.corruption.panel_trials import run_panel_trial
from tests.corruption.reading_trials import Reading

SEED = 16


def _faults(trials: Sequence[Trial | OwnTrial]) -> list[str]:
    return [f"{trial.number} {trial.what}: {fault}" for trial in trials for fault in trial.faults]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # the trials go from folder to folder
    return tmp_path


def test_a_sample_of_corrupted_inputs_is_read_as_meant_or_refused(folder: Path) -> None:
    reading = Reading(folder)
    trials = [reading.run(number, SEED) for number in range(60)]
    assert not _faults(trials)
    assert {trial.outcome for trial in trials} >= {"taken", "refused"}


def test_a_sample_of_corrupted_inputs_is_imported_whole_or_not_at_all(folder: Path) -> None:
    bench = Bench(folder)
    assert not _faults([bench.run(number, SEED) for number in range(6)])


def test_a_sample_of_corrupted_panels_is_read_or_refused_in_one_line(folder: Path) -> None:
    assert not _faults([run_panel_trial(folder, number, SEED) for number in range(30)])


@pytest.mark.long
def test_2000_corrupted_inputs(folder: Path) -> None:
    bench = Bench(folder)
    assert not _faults([bench.run(number, SEED + 1) for number in range(2_000)])


@pytest.mark.long
def test_4000_corrupted_readings(folder: Path) -> None:
    reading = Reading(folder)
    assert not _faults([reading.run(number, SEED + 2) for number in range(4_000)])


@pytest.mark.long
def test_500_corrupted_panels(folder: Path) -> None:
    assert not _faults([run_panel_trial(folder, number, SEED + 3) for number in range(500)])


@pytest.mark.long
def test_500_corrupted_files_of_our_own(folder: Path) -> None:
    own = OwnFiles(folder)
    assert not _faults([own.run(number, SEED + 4) for number in range(500)])
