"""`import relapse_risk as rr`: every name of the list, nothing imported before it is asked for."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import types
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest

import relapse_risk as rr

STUB = Path(rr.__file__).with_suffix(".pyi")
HEAVY = ("pandas", "numpy", "sklearn", "statsmodels", "scipy", "matplotlib", "pyarrow", "duckdb", "pydantic")


def in_a_new_process(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120, env=dict(os.environ)
    )
    return done.stdout.strip()


def test_the_import_loads_no_library() -> None:
    code = f"import relapse_risk as rr, sys; dir(rr); print([m for m in {HEAVY} if m in sys.modules])"
    assert in_a_new_process(code) == "[]"


def test_a_measure_loads_neither_models_nor_plots() -> None:
    code = "import relapse_risk as rr, sys; rr.fgt([1, 3], 2); print([m for m in ('sklearn', 'statsmodels', 'matplotlib', 'duckdb') if m in sys.modules])"
    assert in_a_new_process(code) == "[]"


@pytest.mark.parametrize("name", rr.__all__)
def test_every_name_is_found_under_its_own_name(name: str) -> None:
    found = getattr(rr, name)
    if isinstance(found, types.ModuleType):
        assert found.__name__ == f"relapse_risk.{name}"
    else:
        assert callable(found)
        assert found.__name__ == name, "one thing, one name"
        assert found.__doc__


def test_completion_offers_the_names_and_nothing_else() -> None:
    assert set(dir(rr)) == {*rr.__all__, "__version__"}
    assert {"fgt", "gini", "alkire_foster", "survey_design", "hardship_index", "shortlist", "RelapseLogit"} <= set(
        dir(rr)
    )


def test_no_name_hides_a_room() -> None:
    """A room imported anywhere becomes an attribute of the package: a function of that name would be lost."""
    rooms = {path.stem for path in Path(rr.__file__).parent.iterdir()}
    functions = {name for name in rr.__all__ if not isinstance(getattr(rr, name), types.ModuleType)}
    assert functions & rooms == set()


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'gni'"):
        _ = rr.gni  # type: ignore[attr-defined]


def test_the_list_is_sorted_and_names_each_thing_once() -> None:
    imports = [node for node in ast.parse(STUB.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom)]
    names = [alias.name for node in imports for alias in node.names]
    assert len(names) == len(set(names))
    assert all(alias.asname == alias.name for node in imports for alias in node.names), (
        "`as` tells checkers it is public"
    )


def test_types_travel_with_the_package() -> None:
    assert files("relapse_risk").joinpath("py.typed").is_file()
    assert files("relapse_risk").joinpath("__init__.pyi").is_file()


def test_the_wheel_holds_the_list_and_the_marker_of_types(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=180)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"relapse_risk/py.typed", "relapse_risk/__init__.pyi"} <= set(names)
