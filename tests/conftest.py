"""Fixtures shared by all tests: the demo register at full and small size, and the real panels beside the checkout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster
from filelock import FileLock

from relapse_risk.demo import build_demo

pytest_plugins = [
    "tests.report_fixtures", "tests.county_fixtures", "tests.built_county_fixtures", "tests.panel_fixtures",
    "tests.demo_fixtures",
]  # fmt: skip
ROOT = Path(__file__).resolve().parents[1]
SLOW_FIXTURES = {"session_folder", "cluster"}  # every synthetic city stands in the session's folder


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that build a city or a cluster, so that ``-m "not city"`` runs what is fast."""
    for item in items:
        if SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.city)


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder shared by every worker of this test session, so that the city is built once."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


def _built(folder: Path, households: int | None) -> Path:
    register = folder / "register"
    with FileLock(str(folder) + ".lock"):
        if not (folder / "ready").exists():
            build_demo(register, households=households)
            (folder / "ready").touch()
    return register


@pytest.fixture(scope="session")
def demo_register(session_folder: Path) -> Path:
    """The demo register of Dezhou at true size; its key is in ``demo_register.parent / "demo_key"``."""
    return _built(session_folder / "demo", None)


@pytest.fixture(scope="session")
def small_register(session_folder: Path) -> Path:
    """The demo register scaled down to 600 households, every table filled."""
    return _built(session_folder / "small", 600)


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Address of a cluster of two worker processes."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as made:
        yield made.scheduler_address


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of real panels and reference values beside the checkout."""
    for parent in (ROOT, *ROOT.parents):
        if (parent / "shared" / "reference").is_dir():
            return parent / "shared"
    pytest.skip("../shared (real panels, reference values) is not here: test not run")
