"""The full city and a small one as open registers."""

from __future__ import annotations

from pathlib import Path

import pytest

from relapse_risk.register import Register


@pytest.fixture(scope="session")
def city(demo_register: Path) -> Register:
    return Register.open(demo_register)


@pytest.fixture(scope="session")
def small(small_register: Path) -> Register:
    return Register.open(small_register)
