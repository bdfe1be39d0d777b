"""Plugin of pytest for tools/mutants.py: which tests reach a function, and in what order they are asked.

mutmut counts a call for the test during which it happens.  What a fixture computes once for many tests would so count for
the first of them only: here it counts for every test that uses the fixture.  What a module computes as it is imported
counts for every test that calls one of its functions.  Tests are asked in the order of what they cost, fixtures included,
so that a mutant mostly meets a cheap one first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path

import pytest
from mutmut.state import state

KEPT = Path("cost_of_tests.json")  # in the folder `mutants`, where mutmut runs pytest
IS_MAPPING = os.environ.get("MUTANT_UNDER_TEST") == "stats"
costs: dict[str, dict[str, float]] = {"setup": {}, "call": {}}
reached: dict[object, set[str]] = {}
at_import: set[str] = set()


def pytest_collection_finish() -> None:
    at_import.update(state()._stats)
    state()._stats.clear()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    before = set(state()._stats)
    state()._stats.clear()
    try:
        return (yield)
    finally:
        if fixturedef.scope != "function":
            reached[fixturedef] = set(state()._stats)
        state()._stats.update(before)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    if not IS_MAPPING:
        return
    for definitions in item._fixtureinfo.name2fixturedefs.values():  # type: ignore[attr-defined]
        for one in definitions:
            state()._stats.update(reached.get(one, ()))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "setup":  # what one test of a file sets up, each of the others would have to
        file = report.nodeid.partition("::")[0]
        costs["setup"][file] = max(report.duration, costs["setup"].get(file, 0.0))
    elif report.when == "call":
        costs["call"][report.nodeid] = report.duration


def pytest_sessionfinish() -> None:
    if IS_MAPPING:
        tests_of = state().tests_by_mangled_function_name
        for function in at_import:
            module = function.rpartition(".")[0]
            tests_of[function] = set().union(
                *(tests for name, tests in tests_of.items() if name.rpartition(".")[0] == module)
            )
        KEPT.write_text(json.dumps(costs), encoding="utf-8")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if IS_MAPPING or not KEPT.exists():
        return
    kept = json.loads(KEPT.read_text(encoding="utf-8"))

    def cost(item: pytest.Item) -> tuple[float, str, float]:
        file = item.nodeid.partition("::")[0]
        return kept["setup"].get(file, 0.0), file, kept["call"].get(item.nodeid, 0.0)

    items.sort(key=cost)
