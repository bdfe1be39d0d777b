"""The full city and a small one, each built once per session."""

from __future__ import annotations

from pathlib import Path

import pytest
from relapse_risk.demo import DemoKey, build_demo
from relapse_risk.register import Register


@pytest.fixture(scope="session")
def city_key(tmp_path_factory: pytest.TempPathFactory) -> DemoKey:
    return build_demo(Path(tmp_path_factory.mktemp("city")) / "register")


@pytest.fixture(scope="session")
def city(city_key: DemoKey) -> Register:
    return Register.open(city_key.register)


@pytest.fixture(scope="session")
def small_key(tmp_path_factory: pytest.TempPathFactory) -> DemoKey:
    return build_demo(Path(tmp_path_factory.mktemp("small")) / "register", households=600)


@pytest.fixture(scope="session")
def small(small_key: DemoKey) -> Register:
    return Register.open(small_key.register)
