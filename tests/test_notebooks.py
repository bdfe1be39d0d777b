"""Notebooks are documents: clean in git, no functions, and the exploration runs top to bottom."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))


def source(notebook: nbformat.NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_clean_and_defines_nothing(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs"), "outputs in git"
        assert cell.get("execution_count") is None
    for code in source(notebook):
        kinds = {type(node) for node in ast.walk(ast.parse(code))}
        assert not kinds & {ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_has_one_parameters_cell(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in cells) == 1


def test_a_report_notebook_calls_one_thing_per_cell() -> None:
    notebook = nbformat.read(ROOT / "notebooks/reports/county_assessment.ipynb", as_version=4)
    for code in source(notebook)[2:]:
        assert len(ast.parse(code).body) == 1, code


def test_the_first_exploration_runs_top_to_bottom(small_register: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.read(ROOT / "notebooks/explore/01_register.ipynb", as_version=4)
    cell = next(c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
    cell.source = f"register = {str(small_register)!r}\nmonth = '2020-12'"
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    assert os.environ["MPLBACKEND"]
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    outputs = [output for c in notebook.cells if c.cell_type == "code" for output in c.outputs]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == 2
    assert not any("Glyph" in o.get("text", "") for o in outputs if o.output_type == "stream"), "a missing glyph"
