"""Every import points down: the house of DESIGN.md, held for top-level, lazy and facade imports alike."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import relapse_risk

SOURCE = Path(relapse_risk.__file__).parent
FLOORS = {
    "errors": 0, "progress": 0, "languages": 0,
    "files": 1, "yaml_reading": 1, "json_reading": 1, "rows": 1, "pictures": 1,
    "layers": 2, "sealed_tables": 2, "month_steps": 2,
    "months": 3, "schema": 3, "parameters": 3, "parts": 3,
    "text": 4, "predicates": 4,
    "register": 5, "measures": 5, "seeded_errors": 5,
    "derive": 6, "demo": 6, "exhibits": 6, "events": 6,
    "poverty": 7, "evaluation": 7, "impact": 7, "decisions": 7,
    "hardship": 8, "relapse": 8,
    "research": 9, "ranking": 9,
    "new_project": 6, "datasets": 10, "scores": 10, "assistance": 10, "issues": 10, "disclosure": 10, "identification": 10,
    "assessment": 11, "nation": 11, "charts": 11,
    "pages": 12, "study": 12,
    "editions": 13,
    "params_check": 14,
    "cli": 15,
}  # fmt: skip


def unit_of(file: Path) -> str:
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported_units(tree: ast.AST, known: set[str]) -> list[tuple[int, str]]:
    """Line and unit of every import of this package in ``tree``, wherever it stands."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "relapse_risk":
            parts = node.module.split(".")
            units = [parts[1]] if len(parts) > 1 else [alias.name for alias in node.names]
            found += [(node.lineno, unit) for unit in units if unit in known]
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found += [(node.lineno, parts[1]) for parts in names if parts[0] == "relapse_risk" and len(parts) > 1]
    return found


def upward_imports(files: list[Path]) -> list[str]:
    """Imports that do not point strictly down (a unit may always import itself)."""
    wrong = []
    for file in files:
        unit = unit_of(file)
        if unit == "__init__":
            continue
        for line, target in imported_units(ast.parse(file.read_text(encoding="utf-8")), set(FLOORS)):
            if target != unit and FLOORS[target] >= FLOORS[unit]:
                wrong.append(f"{file.relative_to(SOURCE)}:{line} ({unit}) imports {target}")
    return wrong


def source_files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def test_every_unit_has_a_floor() -> None:
    units = {unit_of(file) for file in source_files()} - {"__init__"}
    assert units <= set(FLOORS), f"give these a floor: {sorted(units - set(FLOORS))}"


def test_every_import_points_down() -> None:
    assert upward_imports(source_files()) == []


def through_the_list(tree: ast.AST) -> list[int]:
    """Lines that import a public name from the top: `from relapse_risk import fgt`, which is above every floor."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "relapse_risk"
        for alias in node.names
        if alias.name not in FLOORS and alias.name != "__version__"
    ]


def test_nothing_inside_imports_through_the_public_list() -> None:
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in source_files()}
    assert [
        f"{file.relative_to(SOURCE)}:{line}" for file, tree in trees.items() for line in through_the_list(tree)
    ] == []
    assert through_the_list(ast.parse("from relapse_risk import __version__, poverty, fgt")) == [1]


def test_an_upward_import_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "poverty" / "bad.py"
    file.parent.mkdir()
    file.write_text("def f():\n    from relapse_risk.editions import render\n    import relapse_risk.cli\n")
    monkeypatch.setitem(globals(), "SOURCE", tmp_path)
    assert len(upward_imports([file])) == 2


def test_only_cli_imports_lazily() -> None:
    lazy = [
        f"{file.relative_to(SOURCE)}:{inner.lineno}"
        for file in source_files()
        if unit_of(file) != "cli"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert lazy == []


def test_only_editions_pages_and_cli_know_notebooks() -> None:
    notebook_libraries = {"papermill", "nbconvert", "nbformat", "ipykernel", "jupyter_client"}
    wrong = [
        f"{file.relative_to(SOURCE)}: {name}"
        for file in source_files()
        if unit_of(file) not in {"editions", "pages", "cli"}
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in (
            [alias.name.split(".")[0] for alias in node.names]
            if isinstance(node, ast.Import)
            else [(node.module or "").split(".")[0]]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if name in notebook_libraries
    ]
    assert wrong == []


def test_hardship_and_relapse_stay_apart() -> None:
    for unit, other in (("hardship", "relapse"), ("relapse", "hardship")):
        for file in sorted((SOURCE / unit).rglob("*.py")):
            targets = {t for _, t in imported_units(ast.parse(file.read_text(encoding="utf-8")), set(FLOORS))}
            assert other not in targets, file


def test_no_two_modules_share_a_name() -> None:
    names = [file.stem for file in source_files() if not file.stem.startswith("__")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_no_import_circle() -> None:
    """Modules of one unit may import each other, but never in a circle."""
    modules = {
        ".".join(("relapse_risk", *file.relative_to(SOURCE).with_suffix("").parts)): file for file in source_files()
    }
    edges = {
        name: {
            node.module
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.ImportFrom) and node.module in modules
        }
        for name, file in modules.items()
    }
    left = dict(edges)
    while free := [name for name, targets in left.items() if not targets & set(left)]:
        for name in free:
            del left[name]
    assert sorted(left) == []
