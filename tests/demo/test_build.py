"""The same seed gives the same bytes, another seed other households; small cities; progress; the keys beside."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from relapse_risk.demo import build_demo, read_calibration
from relapse_risk.errors import ParameterError
from relapse_risk.register import Register


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, locks left out."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".lock")]
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in paths}


def test_same_seed_same_bytes(tmp_path: Path, small_register: Path) -> None:
    build_demo(tmp_path / "again" / "register", households=600)
    again = digests(tmp_path / "again" / "register") | digests(tmp_path / "again" / "demo_key")
    assert again == digests(small_register) | digests(small_register.parent / "demo_key")


def test_another_seed_gives_other_households(tmp_path: Path, small: Register) -> None:
    build_demo(tmp_path / "register", seed=7, households=600)
    other = Register.open(tmp_path / "register").read("household", month="2019-12")
    mine = small.read("household", month="2019-12")
    assert set(mine["household_id"]) != set(other["household_id"])
    merged = mine.merge(other, on="household_id")
    assert (merged["household_size_x"] != merged["household_size_y"]).any()


@pytest.mark.parametrize("households", [60, 300])
def test_even_a_tiny_city_builds(tmp_path: Path, households: int) -> None:
    key = build_demo(tmp_path / "register", households=households)
    # Every county keeps a few households, so the smallest cities come out larger than asked.
    assert 0.8 * households <= key.households <= 2 * households
    assert len(Register.open(tmp_path / "register").counties) == 11


def test_progress_rises_to_the_end(tmp_path: Path) -> None:
    said: list[tuple[int, int, str]] = []
    build_demo(
        tmp_path / "register", households=60, progress=lambda done, total, what: said.append((done, total, what))
    )
    shares = [done / total for done, total, _ in said]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1


def test_the_answers_lie_beside_the_register_not_in_it(tmp_path: Path) -> None:
    key = build_demo(tmp_path / "register", households=60)
    assert key.seeded_errors.is_file()
    assert key.true_risk.is_file()
    assert tmp_path / "register" not in key.true_risk.parents
    assert key.persons > key.households


def test_an_unknown_number_is_an_error_that_names_the_file() -> None:
    with pytest.raises(ParameterError, match=r"demo/process.yaml: unknown number; got 'end_person'"):
        read_calibration().number("end_person")


def test_every_number_has_unit_source_and_mark() -> None:
    numbers = read_calibration().numbers
    assert len(numbers) > 50
    assert all(entry.unit and entry.source for entry in numbers.values())
    assert all((entry.value is None) != (entry.values is None) for entry in numbers.values())
